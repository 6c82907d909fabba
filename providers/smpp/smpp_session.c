#include "base/log.h"
#include "providers/smpp/smpp_state.h"

#include <stdio.h>

enum {
    RECONNECT_BASE_MS = 1000,
    ACCOUNT_WAIT_MS = 60000, /* a wrong password does not get right by itself */
    STEADY_MS = 10000,       /* a session that lasted so long was none that failed */
    HURRY_MIN_MS = 50,
    FLAPS_MAX = 3, /* sessions that end at once are as good as none */
    INPUT_MAX = 4 * SMPP_PDU_MAX
};

void smpp_session_health(struct provider *p, enum provider_health health, const char *sentence)
{
    if (p->health_told && p->health == health && !p->probing) {
        return;
    }
    p->health = health;
    p->health_told = true;
    p->probing = false;
    p->host->health(p->host->ctx, health, sentence);
}

/* ---- saying things ---- */

uint32_t smpp_session_next(struct provider *p)
{
    p->sequence = p->sequence >= SMPP_SEQUENCE_MAX ? 1 : p->sequence + 1;
    return p->sequence;
}

bool smpp_session_put(struct provider *p, const struct smpp_pdu *pdu)
{
    struct err e = {0};

    if (smpp_pdu_encode(pdu, &p->out, &e) != 0) {
        smpp_session_drop(p, e.text);
        return false;
    }
    if (p->out.len > SMPP_PDU_MAX) {
        smpp_session_flush(p);
    }
    return true;
}

void smpp_session_flush(struct provider *p)
{
    struct err e = {0};

    if (p->out.len == 0 || p->link == NULL) {
        return;
    }
    if (smpp_link_send(p->link, p->out.data, p->out.len, &e) != 0) {
        smpp_session_drop(p, e.text);
    }
    buf_reset(&p->out);
}

void smpp_session_answer(struct provider *p, uint32_t command, uint32_t sequence, uint32_t status)
{
    struct smpp_pdu pdu = {
        .command = command | SMPP_RESPONSE, .status = status, .sequence = sequence};

    (void)smpp_session_put(p, &pdu);
}

static uint32_t ask(struct provider *p, enum smpp_command command)
{
    struct smpp_pdu pdu = {.command = command, .sequence = smpp_session_next(p)};

    (void)smpp_session_put(p, &pdu);
    return pdu.sequence;
}

void smpp_session_enquire(struct provider *p)
{
    if (p->phase == SMPP_BOUND && p->enquire_sequence == 0) {
        p->enquire_end_ms = smpp_now(p) + p->settings->timeouts.enquire;
        p->enquire_sequence = ask(p, SMPP_ENQUIRE_LINK);
    }
}

void smpp_session_unbind(struct provider *p)
{
    p->phase = SMPP_UNBINDING;
    p->phase_end_ms = smpp_now(p) + p->settings->timeouts.enquire;
    p->unbind_sequence = ask(p, SMPP_UNBIND);
}

/* ---- ending a link ---- */

static void close_link(struct provider *p)
{
    smpp_link_close(p->link);
    p->link = NULL;
    p->enquire_sequence = 0;
    buf_reset(&p->input);
    buf_reset(&p->out);
}

static void wait_to_reconnect(struct provider *p, int64_t at_least_ms)
{
    const struct backoff rule = {RECONNECT_BASE_MS, p->settings->reconnect_ms};
    int64_t wait = backoff_full(&rule, ++p->failures, &p->rng);

    p->phase = p->draining ? SMPP_STOPPED : SMPP_WAITING;
    p->reconnect_ms = smpp_now(p) + (wait > at_least_ms ? wait : at_least_ms);
    smpp_wake(p);
}

/* No session came about: who waits for one is told why. */
static void fail(struct provider *p, enum outcome_class class, const char *code, const char *why)
{
    bool human = class == OUTCOME_ACCOUNT || strcmp(code, "tls") == 0;

    close_link(p);
    outcome_set(&p->verdict, class, code, "%s", why);
    p->failing = true;
    wait_to_reconnect(p, human ? ACCOUNT_WAIT_MS : 0);
    smpp_session_health(p, human ? PROVIDER_BROKEN : PROVIDER_DEGRADED, p->verdict.detail);
    smpp_window_fail(p);
}

void smpp_session_drop(struct provider *p, const char *why)
{
    char sentence[160];

    (void)snprintf(sentence, sizeof(sentence), "%s", why); /* it may belong to the link */
    if (p->phase == SMPP_CONNECTING || p->phase == SMPP_BINDING) {
        fail(p, OUTCOME_DOWN, "connect", sentence);
        return;
    }
    close_link(p);
    if (p->phase == SMPP_BOUND && smpp_now(p) - p->bound_ms >= STEADY_MS) {
        p->failures = 0;
    }
    if (p->phase == SMPP_BOUND) {
        smpp_session_health(p, PROVIDER_DEGRADED, sentence);
    }
    wait_to_reconnect(p, 0);
    smpp_window_lost(p, sentence);
    if (p->failures >= FLAPS_MAX) {
        outcome_set(&p->verdict, OUTCOME_DOWN, "lost", "%s", sentence);
        p->failing = true;
        smpp_window_fail(p);
    }
}

/* ---- hearing things ---- */

static void on_bound(struct provider *p)
{
    char sentence[200];

    p->phase = SMPP_BOUND;
    p->bound_ms = smpp_now(p);
    p->failing = false;
    p->pause_end_ms = 0;
    (void)snprintf(sentence, sizeof(sentence), "bound to %s:%d as %s", p->settings->host,
                   (int)p->settings->port, p->settings->system_id);
    smpp_session_health(p, PROVIDER_HEALTHY, sentence);
}

static void on_bind_answer(struct provider *p, const struct smpp_pdu *pdu)
{
    char code[32];
    char why[120];

    if (p->phase != SMPP_BINDING || pdu->sequence != p->bind_sequence) {
        return;
    }
    if (pdu->status == SMPP_ESME_ROK && pdu->command != SMPP_GENERIC_NACK) {
        on_bound(p);
        return;
    }
    (void)snprintf(code, sizeof(code), "bind 0x%08X", (unsigned)pdu->status);
    (void)snprintf(why, sizeof(why), "the centre refuses the bind: %s (0x%08X)",
                   smpp_status_name(pdu->status), (unsigned)pdu->status);
    fail(p, smpp_bind_class(pdu->status), code, why);
}

static void on_nack(struct provider *p, const struct smpp_pdu *pdu)
{
    if (pdu->sequence == 0) {
        smpp_session_drop(p, "the centre lost the boundaries of our units");
    } else if (p->phase == SMPP_BINDING) {
        on_bind_answer(p, pdu);
    } else {
        smpp_window_answer(p, pdu);
    }
}

static void on_unbind(struct provider *p, const struct smpp_pdu *pdu)
{
    smpp_session_answer(p, SMPP_UNBIND, pdu->sequence, SMPP_ESME_ROK);
    smpp_session_flush(p);
    if (p->link != NULL) {
        smpp_session_drop(p, "the centre ended the session");
    }
}

static void on_unbound(struct provider *p, const struct smpp_pdu *pdu)
{
    if (p->phase == SMPP_UNBINDING && pdu->sequence == p->unbind_sequence) {
        smpp_session_drop(p, "unbound");
    }
}

static void on_enquire(struct provider *p, const struct smpp_pdu *pdu)
{
    smpp_session_answer(p, SMPP_ENQUIRE_LINK, pdu->sequence, SMPP_ESME_ROK);
}

static void on_enquire_answer(struct provider *p, const struct smpp_pdu *pdu)
{
    if (pdu->sequence != p->enquire_sequence) {
        return;
    }
    p->enquire_sequence = 0;
    if (p->probing) {
        smpp_session_health(p, PROVIDER_HEALTHY, "the centre answers");
    }
}

/* Messages by this way were not asked for; a centre may bring receipts by deliver_sm. */
static void on_data(struct provider *p, const struct smpp_pdu *pdu)
{
    smpp_session_answer(p, SMPP_DATA_SM, pdu->sequence, SMPP_ESME_RX_R_APPN);
}

static void on_alert(struct provider *p, const struct smpp_pdu *pdu)
{
    (void)p; /* has no answer (§4.12) */
    (void)pdu;
}

static const struct {
    uint32_t command;
    void (*take)(struct provider *p, const struct smpp_pdu *pdu);
} handlers[] = {
    {SMPP_SUBMIT_SM | SMPP_RESPONSE, smpp_window_answer},
    {SMPP_DELIVER_SM, smpp_report_take},
    {SMPP_ENQUIRE_LINK, on_enquire},
    {SMPP_ENQUIRE_LINK | SMPP_RESPONSE, on_enquire_answer},
    {SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE, on_bind_answer},
    {SMPP_GENERIC_NACK, on_nack},
    {SMPP_UNBIND, on_unbind},
    {SMPP_UNBIND | SMPP_RESPONSE, on_unbound},
    {SMPP_DATA_SM, on_data},
    {SMPP_ALERT_NOTIFICATION, on_alert},
};

/* A request whose body makes no sense is refused; an answer is taken for what its header says. */
static void take_unit(struct provider *p, const char *bytes, size_t n)
{
    struct smpp_pdu pdu;
    struct err e = {0};
    int code = smpp_pdu_decode(bytes, n, &pdu, &e);

    if (code == ERR_INVALID) {
        log_warning("smpp_unit_malformed", LOG_S("provider", p->host->name),
                    LOG_S("error", e.text));
        if ((pdu.command & SMPP_RESPONSE) == 0) {
            smpp_session_answer(p, pdu.command, pdu.sequence, SMPP_ESME_RINVCMDLEN);
            return;
        }
    }
    for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
        if (handlers[i].command == pdu.command) {
            handlers[i].take(p, &pdu);
            return;
        }
    }
    if ((pdu.command & SMPP_RESPONSE) == 0) {
        smpp_session_answer(p, SMPP_GENERIC_NACK, pdu.sequence, SMPP_ESME_RINVCMDID);
    }
}

static void on_bytes(void *ctx, const void *bytes, size_t n)
{
    struct provider *p = ctx;
    unsigned session = p->session;
    size_t at = 0;
    struct err e = {0};

    p->heard_ms = smpp_now(p);
    if (buf_add(&p->input, bytes, n) != 0) {
        smpp_session_drop(p, "too much to read");
        return;
    }
    while (p->link != NULL && p->session == session) {
        size_t length = 0;

        if (smpp_pdu_frame(p->input.data + at, p->input.len - at, &length, &e) != 0) {
            smpp_session_drop(p, e.text);
            return;
        }
        if (length == 0 || length > p->input.len - at) {
            memmove(p->input.data, p->input.data + at, p->input.len - at);
            buf_truncate(&p->input, p->input.len - at);
            break;
        }
        at += length;
        take_unit(p, p->input.data + at - length, length);
    }
    smpp_wake(p);
}

/* ---- coming up ---- */

static void on_up(void *ctx)
{
    struct provider *p = ctx;
    const struct smpp_settings *s = p->settings;
    struct smpp_pdu pdu = {.command = SMPP_BIND_TRANSCEIVER, .interface_version = SMPP_VERSION};

    pdu.sequence = smpp_session_next(p);
    p->bind_sequence = pdu.sequence;
    p->phase = SMPP_BINDING;
    (void)str_copy(pdu.system_id, sizeof(pdu.system_id), str_of(s->system_id));
    (void)str_copy(pdu.password, sizeof(pdu.password), str_of(s->password.value));
    (void)str_copy(pdu.system_type, sizeof(pdu.system_type), str_of(s->system_type));
    (void)smpp_session_put(p, &pdu);
    smpp_wake(p);
}

static void on_down(void *ctx, bool untrusted, const char *sentence)
{
    struct provider *p = ctx;

    if (untrusted) {
        fail(p, OUTCOME_DOWN, "tls", sentence);
    } else {
        smpp_session_drop(p, sentence);
    }
}

/* Every address but the last has half of the time that is left. */
static void allow_address(struct provider *p, int64_t now)
{
    int64_t half = (p->phase_end_ms - now) / 2;

    p->hurry_ms = now + (half > HURRY_MIN_MS ? half : HURRY_MIN_MS);
}

static const struct smpp_link_events link_events = {on_up, on_bytes, on_down};

void smpp_session_connect(struct provider *p)
{
    struct err e = {0};

    p->phase = SMPP_CONNECTING;
    p->session++;
    p->attempted_ms = smpp_now(p);
    p->heard_ms = p->attempted_ms;
    p->phase_end_ms = p->attempted_ms + p->settings->timeouts.connect;
    allow_address(p, p->attempted_ms);
    p->input.max = INPUT_MAX;
    p->out.max = INPUT_MAX;
    if (smpp_link_open(p->host->loop, p->settings, &link_events, p, &p->link, &e) != 0) {
        fail(p, OUTCOME_DOWN, "connect", e.text);
    }
}

/* ---- the clocks ---- */

static void turn_phase(struct provider *p, int64_t now)
{
    if (now >= p->phase_end_ms) {
        smpp_session_drop(p, p->phase == SMPP_UNBINDING ? "unbind was not answered"
                             : p->phase == SMPP_BINDING ? "the bind was not answered in time"
                                                        : "no connection in time");
    } else if (p->phase == SMPP_CONNECTING && now >= p->hurry_ms) {
        allow_address(p, now);
        smpp_link_hurry(p->link);
    }
}

static void turn_bound(struct provider *p, int64_t now)
{
    if (p->enquire_sequence != 0 && now >= p->enquire_end_ms) {
        smpp_session_drop(p, "the centre does not answer enquire_link");
    } else if (now >= p->heard_ms + p->settings->timeouts.idle) {
        smpp_session_enquire(p);
    }
}

void smpp_session_turn(struct provider *p, int64_t now)
{
    if (p->phase == SMPP_WAITING && now >= p->reconnect_ms) {
        smpp_session_connect(p);
    } else if (p->phase == SMPP_BOUND) {
        turn_bound(p, now);
    } else if (p->phase == SMPP_CONNECTING || p->phase == SMPP_BINDING ||
               p->phase == SMPP_UNBINDING) {
        turn_phase(p, now);
    }
    if (p->link != NULL) {
        smpp_link_hold(p->link, p->acks >= SMPP_ACKS_MAX);
    }
}

int64_t smpp_session_due(const struct provider *p)
{
    switch (p->phase) {
    case SMPP_WAITING:
        return p->reconnect_ms;
    case SMPP_CONNECTING:
        return p->hurry_ms < p->phase_end_ms ? p->hurry_ms : p->phase_end_ms;
    case SMPP_BINDING:
    case SMPP_UNBINDING:
        return p->phase_end_ms;
    case SMPP_BOUND:
        return p->enquire_sequence != 0 ? p->enquire_end_ms
                                        : p->heard_ms + p->settings->timeouts.idle;
    default:
        return INT64_MAX;
    }
}
