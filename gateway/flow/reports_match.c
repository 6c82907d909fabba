#include "flow/reports_match.h"

#include "base/json.h"
#include "domain/certificate.h"

#include <stdlib.h>

enum { MATCHES_MAX = 128 };

/* ---- the message ---- */

static int note_address(void *ctx, const struct case_row *row)
{
    struct reports_message *m = ctx;
    struct case_file *file = calloc(1, sizeof *file);
    int rc = file == NULL ? ERR_NOMEM : case_read(row->facts, file);

    m->told_ms = row->updated_ms;
    if (rc == 0) {
        (void)str_copy(m->to, sizeof m->to,
                       str_of(m->channel == CHANNEL_SMS ? file->known.holder.phone
                                                        : file->known.holder.email));
    }
    free(file);
    return rc;
}

/* A message of its own carries whom it goes to. */
static int note_own_address(struct reports_message *m, struct str facts)
{
    const char *key = m->channel == CHANNEL_SMS ? "phone" : "email";
    struct json_doc *doc = NULL;
    int rc = json_parse(facts, 0, &json_default_limits, &doc, NULL, NULL);

    if (rc == 0) {
        const struct json *fact = json_get(json_root(doc), "fact");

        (void)str_copy(m->to, sizeof m->to, json_str(json_get(json_get(fact, "holder"), key)));
    }
    json_free(doc);
    return rc == ERR_NOMEM ? rc : 0;
}

static int note_message(void *ctx, const struct message_row *row)
{
    struct reports_message *m = ctx;

    m->id = row->id;
    m->state = row->state;
    m->case_id = row->case_id;
    m->updated_ms = row->updated_ms;
    m->attempts = row->attempts;
    m->resent = (row->flags & MESSAGE_RESENT) != 0;
    m->repeated = (row->flags & MESSAGE_POSSIBLE_DUPLICATE) != 0;
    m->not_begun = row->state == MESSAGE_QUEUED && m->resent && str_eqs(row->reason, "operator");
    m->parked = row->state == MESSAGE_HELD && str_eqs(row->reason, MESSAGE_REASON_IN_DOUBT);
    m->channel = row->channel;
    m->to[0] = '\0';
    (void)str_copy(m->campaign, sizeof m->campaign, row->campaign);
    (void)str_copy(m->provider, sizeof m->provider, row->provider);
    return row->case_id == 0 ? note_own_address(m, row->facts) : 0;
}

int reports_read(struct store *s, int64_t id, struct reports_message *ret, struct err *e)
{
    return store_message_get(s, id, note_message, ret, e);
}

int reports_read_address(struct store *s, struct reports_message *m, struct err *e)
{
    return store_case_by_id(s, m->case_id, note_address, m, e);
}

/* ---- by the name that the provider gave ---- */

/*
 * One id may stand for many numbers: the number decides, also when only one of them is still
 * awaited, because a repeated report is about one that is not. Without a number nobody is blamed
 * for another.
 */
static int64_t match_number(struct store *s, const struct reports_named *named, const int64_t *ids,
                            size_t count, struct err *e)
{
    if (count == 1 && (!named->shared_ids || named->to.len == 0)) {
        return ids[0];
    }
    for (size_t i = 0; i < count; i++) {
        struct reports_message m = {0};

        if (reports_read(s, ids[i], &m, e) == 0 &&
            (m.case_id == 0 || reports_read_address(s, &m, e) == 0) && str_eqs(named->to, m.to)) {
            return ids[i];
        }
    }
    return 0;
}

int reports_find(struct store *s, const struct reports_named *named, int64_t *ret_id, struct err *e)
{
    int64_t ids[MATCHES_MAX];
    size_t count = 0;
    int rc = store_message_by_provider_ref(s, named->provider, named->provider_ref, ids,
                                           MATCHES_MAX, &count, e);

    *ret_id = rc == 0 ? match_number(s, named, ids, count, e) : 0;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* ---- who may speak about it ---- */

struct way {
    int number; /* 0: any */
    struct str provider;
    bool taken;
};

/* A number is used again when the try before it did not count: then the last one is meant. */
static void note_attempt(void *ctx, const struct attempt_row *row)
{
    struct way *w = ctx;
    const bool same = str_eq(row->provider, w->provider);

    if (w->number == 0) {
        w->taken = w->taken || same;
    } else if (row->number == w->number) {
        w->taken = same;
    }
}

int reports_may_speak(struct store *s, const struct reports_message *m, int attempt,
                      const char *provider, bool takes_mail, bool *ret, struct err *e)
{
    struct way w = {.number = attempt, .provider = str_of(provider)};
    const struct timeline_sink sink = {.ctx = &w, .attempt = note_attempt};
    const bool mail = m->channel == CHANNEL_EMAIL && takes_mail;
    const bool last = m->state == MESSAGE_ACCEPTED && attempt == m->attempts;
    const bool same = strcmp(m->provider, provider) == 0;
    int rc;

    *ret = mail || same;
    if (mail || last || (same && attempt == 0)) {
        return 0;
    }
    rc = store_timeline(s, m->id, &sink, e);
    *ret = w.taken;
    return rc;
}
