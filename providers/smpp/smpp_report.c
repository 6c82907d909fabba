#include "base/log.h"
#include "domain/phone.h"
#include "providers/smpp/smpp_receipt.h"
#include "providers/smpp/smpp_state.h"

#include <stdlib.h>

/* A receipt on its way to the store; the centre hears of it afterwards. */
struct ack {
    struct provider *provider;
    unsigned session;
    uint32_t sequence;
};

/* Kept: confirmed. Not kept: a temporary error, so that the centre brings it again (§5.1.3). */
static void on_stored(void *arg, int status)
{
    struct ack *a = arg;
    struct provider *p = a->provider;

    p->acks--;
    if (p->link != NULL && p->session == a->session) {
        smpp_session_answer(p, SMPP_DELIVER_SM, a->sequence,
                            status == 0 ? SMPP_ESME_ROK : SMPP_ESME_RX_T_APPN);
    }
    smpp_wake(p);
    free(a);
}

static void hand_over(struct provider *p, const struct provider_report *report, uint32_t sequence)
{
    struct ack *a;

    if (p->host->report_then == NULL) {
        p->host->report(p->host->ctx, report, 1);
        smpp_session_answer(p, SMPP_DELIVER_SM, sequence, SMPP_ESME_ROK);
        return;
    }
    a = malloc(sizeof(*a));
    if (a == NULL) {
        smpp_session_answer(p, SMPP_DELIVER_SM, sequence, SMPP_ESME_RX_T_APPN);
        return;
    }
    *a = (struct ack){p, p->session, sequence};
    p->acks++;
    p->host->report_then(p->host->ctx, report, 1, on_stored, a);
}

/* The number the message went to stands as the sender of its receipt. */
static const char *number_of(const struct smpp_pdu *pdu, struct phone *space)
{
    return phone_parse(str_of(pdu->source), space) == PHONE_OK ? space->e164 : NULL;
}

/* What one part's receipt says about the whole message. */
static enum report_state state_of(struct provider *p, const struct smpp_receipt *r)
{
    if (r->state == REPORT_DELIVERED && !smpp_ids_delivered(p->ids, r->id)) {
        return REPORT_PENDING;
    }
    return r->state;
}

static struct provider_report report_of(struct provider *p, const struct smpp_receipt *r,
                                        const char *to)
{
    const struct smpp_sent *sent = smpp_ids_find(p->ids, r->id);

    return (struct provider_report){.ref = sent == NULL ? NULL : sent->ref,
                                    .provider_ref = r->id,
                                    .to = to,
                                    .state = state_of(p, r),
                                    .code = r->code,
                                    .detail = r->detail};
}

static void keep_early(struct provider *p, const struct smpp_receipt *r, const char *to)
{
    struct smpp_early *early = &p->early[p->early_at];

    early->receipt = *r;
    (void)str_copy(early->to, sizeof(early->to), str_of(to));
    p->early_at = (p->early_at + 1) % SMPP_EARLY;
}

void smpp_report_early(struct provider *p, const char *id)
{
    for (size_t i = 0; i < SMPP_EARLY; i++) {
        struct smpp_early *early = &p->early[i];
        struct provider_report report;

        if (strcmp(early->receipt.id, id) != 0) {
            continue;
        }
        report = report_of(p, &early->receipt, early->to[0] == '\0' ? NULL : early->to);
        p->host->report(p->host->ctx, &report, 1);
        early->receipt.id[0] = '\0';
    }
}

void smpp_report_take(struct provider *p, const struct smpp_pdu *pdu)
{
    struct provider_report report;
    struct smpp_receipt r;
    struct phone phone;

    if (!smpp_receipt_read(pdu, &r)) {
        log_info("smpp_message_ignored", LOG_S("provider", p->host->name));
        smpp_session_answer(p, SMPP_DELIVER_SM, pdu->sequence, SMPP_ESME_ROK);
        return;
    }
    smpp_id_normalise((enum smpp_id_form)p->settings->id_form, SMPP_ID_IN_RECEIPT, r.id);
    report = report_of(p, &r, number_of(pdu, &phone));
    if (report.ref == NULL) {
        keep_early(p, &r, report.to);
    }
    hand_over(p, &report, pdu->sequence);
}
