/* Digests become messages, each once, together with the record that says so. */
#include "base/codec.h"
#include "base/log.h"
#include "domain/calendar.h"
#include "flow/digest.h"
#include "store/store_record.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEY_SIZE = 48, HASH_BYTES = 16, RECORD_MAX = 256, KEEP_DAYS = 3 };

/* What a record of a digest says: the run of a kind, or the last one for an institution. */
struct made {
    int64_t period;
    int64_t at_ms;
    int64_t message;
};

/* ---- records ---- */

static int read_made(void *ctx, const struct record_row *row)
{
    struct made *made = ctx;
    struct json_doc *doc;
    int rc = json_parse(row->body, 0, &json_default_limits, &doc, NULL, NULL);

    if (rc == 0) {
        (void)json_i64(json_get(json_root(doc), "period"), &made->period);
        (void)json_i64(json_get(json_root(doc), "at"), &made->at_ms);
        (void)json_i64(json_get(json_root(doc), "message"), &made->message);
        json_free(doc);
    }
    return rc == 0 ? 0 : ERR_CORRUPT;
}

/* Zeros when there is none. */
static int get_made(struct store *s, const char *key, struct made *ret, struct err *e)
{
    int rc;

    *ret = (struct made){0};
    rc = store_record_get(s, RECORD_DIGEST, str_of(key), read_made, ret, e);
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int put_made(struct store *s, const char *key, const struct made *made, struct err *e)
{
    char body[RECORD_MAX];
    int n = snprintf(body, sizeof body, "{\"period\":%lld,\"at\":%lld,\"message\":%lld}",
                     (long long)made->period, (long long)made->at_ms, (long long)made->message);
    const struct record_row row = {RECORD_DIGEST, str_of(key), {body, (size_t)n}};

    return store_record_put(s, &row, e);
}

static void run_key(enum digest_kind kind, char out[KEY_SIZE])
{
    (void)snprintf(out, KEY_SIZE, "run/%s", digest_kind_name(kind));
}

/* A reference may be longer than a key, so its keyed hash stands for it. */
static int group_key(const struct digest_env *env, enum digest_kind kind, const char *group,
                     char out[KEY_SIZE])
{
    unsigned char mac[SHA256_SIZE];
    struct buf hex;
    int rc;

    crypto_hmac_sha256((struct str){(const char *)env->key, HASH_KEY_SIZE}, str_of(group), mac);
    buf_init(&hex, 2 * HASH_BYTES);
    (void)codec_hex(&hex, mac, HASH_BYTES);
    (void)snprintf(out, KEY_SIZE, "%s/%s", digest_kind_name(kind), buf_cstr(&hex));
    rc = buf_failed(&hex);
    buf_finish(&hex);
    return rc;
}

int digest_last_run(struct store *s, enum digest_kind kind, int64_t *ret_ms, int64_t *ret_period,
                    struct err *e)
{
    char key[KEY_SIZE];
    struct made made;
    int rc;

    run_key(kind, key);
    rc = get_made(s, key, &made, e);
    *ret_ms = made.at_ms;
    *ret_period = made.period;
    return rc;
}

/* ---- drafts ---- */

/* Digest by digest: fn gets the rows of one institution, or all of BI. */
struct splitter {
    const struct digest_env *env;
    enum digest_kind kind;
    struct str only; /* institution, "" for all */
    int (*fn)(void *ctx, const struct digest_draft *draft);
    void *ctx;
};

static const char *newest_mailbox(const struct digest_row *rows, size_t count)
{
    const struct digest_row *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].mailbox[0] != '\0' && (best == NULL || rows[i].told_ms > best->told_ms)) {
            best = &rows[i];
        }
    }
    return best == NULL ? "" : best->mailbox;
}

static void summarize(const struct digest_env *env, struct digest_draft *d)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct digest_row *row = &d->rows[i];

        if (row->unreached >= 0) {
            d->summary[4]++;
        } else if (row->state == CASE_LETTER) {
            d->summary[0]++;
        } else if (row->state == CASE_APPLIED) {
            d->summary[1]++;
        } else if (row->state == CASE_WATCHING && row->end_ms >= env->now_ms) {
            d->summary[2]++;
        } else if (row->state == CASE_BLOCKED) {
            d->summary[3]++;
        }
    }
}

static int split_bi(const struct splitter *sp, const struct digest_rows *rows)
{
    const struct conf *conf = sp->env->settings->conf;
    struct digest_draft draft = {.kind = DIGEST_BI, .rows = rows->list, .count = rows->count};

    draft.mailbox = conf->digests.to != NULL ? conf->digests.to : conf->mail.reply_to;
    draft.mailbox = draft.mailbox == NULL ? "" : draft.mailbox;
    summarize(sp->env, &draft);
    return sp->fn(sp->ctx, &draft);
}

static int split(const struct splitter *sp, const struct digest_rows *rows)
{
    size_t next;
    int rc = 0;

    if (sp->kind == DIGEST_BI) {
        return split_bi(sp, rows);
    }
    for (size_t i = 0; rc == 0 && i < rows->count; i = next) {
        struct digest_draft draft = {.kind = sp->kind, .rows = &rows->list[i]};

        for (next = i; next < rows->count && strcmp(rows->list[next].group, draft.rows->group) == 0;
             next++) {
            draft.count++;
        }
        draft.mailbox = newest_mailbox(draft.rows, draft.count);
        if (draft.rows->group[0] != '\0' &&
            (sp->only.len == 0 || str_eqs(sp->only, draft.rows->group))) {
            rc = sp->fn(sp->ctx, &draft);
        }
    }
    return rc;
}

/* What failed since the last daily digest; a day when there was none. */
static int unreached_since(struct store *s, const struct digest_env *env, int64_t *ret_ms,
                           struct err *e)
{
    int64_t period;
    int rc = digest_last_run(s, DIGEST_BI, ret_ms, &period, e);

    if (rc == 0 && (*ret_ms == 0 || *ret_ms < env->now_ms - 7LL * DAY_MS)) {
        *ret_ms = env->now_ms - DAY_MS;
    }
    return rc;
}

static int collect_and_split(struct store *s, const struct splitter *sp, struct err *e)
{
    const struct digest_env *env = sp->env;
    const struct digest_clock clock = digest_clock_of(env->settings);
    struct digest_rows rows;
    int64_t since = 0;
    int rc = unreached_since(s, env, &since, e);

    if (rc == 0) {
        rc = digest_collect(s, sp->kind, &clock, env->settings->conf->digests.days, since,
                            env->now_ms, &rows, e);
    }
    if (rc == 0) {
        rc = split(sp, &rows);
        digest_rows_finish(&rows);
    }
    return rc;
}

int digest_preview(struct store *s, const struct digest_env *env, enum digest_kind kind,
                   struct str institution, int (*fn)(void *ctx, const struct digest_draft *draft),
                   void *ctx, struct err *e)
{
    const struct splitter sp = {env, kind, institution, fn, ctx};

    return collect_and_split(s, &sp, e);
}

/* ---- messages ---- */

struct maker {
    struct store *store;
    const struct digest_env *env;
    struct digest_result *result;
    int64_t period;
    struct err *err;
};

/* The day on which K2 asks for this person's letter first. */
static int64_t first_asked(const struct maker *m, const struct digest_row *row)
{
    return digest_working_days_after(m->env->settings->calendar, istanbul_day(row->since_ms),
                                     DIGEST_LETTER_DAYS);
}

/* An institution is asked again after a week, and earlier when somebody is new on its list. */
static bool turn_of(const struct maker *m, const struct digest_draft *d, const struct made *last)
{
    if (d->kind != DIGEST_K2) {
        return last->period < m->period;
    }
    if (last->period == 0 || m->period - last->period >= DIGEST_AGAIN_DAYS) {
        return true;
    }
    for (size_t i = 0; i < d->count; i++) {
        if (first_asked(m, &d->rows[i]) > last->period) {
            return true;
        }
    }
    return false;
}

static struct message_row new_message(const struct maker *m, const struct digest_draft *d)
{
    const int64_t now = m->env->now_ms;
    const int64_t day = istanbul_day(now);

    return (struct message_row){
        .campaign = STR(DIGEST_CAMPAIGN),
        .channel = CHANNEL_EMAIL,
        .state = MESSAGE_QUEUED,
        .urgency = URGENCY_CAMPAIGN,
        .template = str_of(digest_kind_name(d->kind)),
        .created_ms = now,
        .planned_ms = now,
        .due_ms = now,
        .deadline_ms = istanbul_ms(day + (d->kind == DIGEST_BI ? 1 : KEEP_DAYS), 0) - 1,
        .updated_ms = now};
}

static int add_message(const struct maker *m, const struct digest_draft *d, int64_t *ret_id)
{
    struct message_row row = new_message(m, d);
    struct buf facts;
    int rc;

    buf_init(&facts, STORE_BODY_MAX);
    rc = digest_write(d, m->env, &facts, m->err);
    row.facts = (struct str){facts.data, facts.len};
    rc = rc == 0 ? store_message_add(m->store, &row, ret_id, m->err) : rc;
    buf_finish(&facts);
    return rc;
}

/* Lists of persons go to mailboxes of institutions alone; the office's own is its own affair. */
static bool may_go(const struct maker *m, const struct digest_draft *d)
{
    if (d->mailbox[0] == '\0') {
        m->result->missing++;
        return false;
    }
    if (d->kind != DIGEST_BI &&
        !digest_mailbox_allowed(&m->env->settings->conf->digests.domains, str_of(d->mailbox))) {
        m->result->refused++;
        return false;
    }
    return true;
}

static int make_one(void *ctx, const struct digest_draft *d)
{
    const struct maker *m = ctx;
    struct made made;
    char key[KEY_SIZE];
    int rc = group_key(m->env, d->kind, d->kind == DIGEST_BI ? "" : d->rows->group, key);

    rc = rc == 0 ? get_made(m->store, key, &made, m->err) : rc;
    if (rc != 0 || !turn_of(m, d, &made) || !may_go(m, d)) {
        return rc;
    }
    made = (struct made){m->period, m->env->now_ms, 0};
    rc = add_message(m, d, &made.message);
    if (rc == 0) {
        rc = put_made(m->store, key, &made, m->err);
    }
    if (rc == 0) {
        m->result->messages++;
        m->result->persons += (int64_t)d->count;
    }
    return rc;
}

static void tell(enum digest_kind kind, const struct digest_result *r)
{
    char day[16];

    istanbul_date(r->period, day);
    log_info("digest_made", LOG_S("kind", digest_kind_name(kind)), LOG_S("period", day),
             LOG_I("messages", r->messages), LOG_I("persons", r->persons),
             LOG_I("without_mailbox", r->missing), LOG_I("private_mailbox", r->refused));
}

int digest_run(struct store *s, const struct digest_env *env, enum digest_kind kind,
               struct digest_result *ret, struct err *e)
{
    struct maker maker = {.store = s, .env = env, .result = ret, .err = e};
    const struct splitter sp = {env, kind, STR(""), make_one, &maker};
    const struct digest_clock clock = digest_clock_of(env->settings);
    struct made run;
    char key[KEY_SIZE];
    int rc;

    *ret = (struct digest_result){0};
    run_key(kind, key);
    rc = digest_enabled(env->settings->conf, kind) ? get_made(s, key, &run, e) : ERR_NOT_FOUND;
    if (rc != 0 || !digest_is_due(kind, &clock, run.period, env->now_ms, &maker.period)) {
        return rc == ERR_NOT_FOUND ? 0 : rc;
    }
    rc = collect_and_split(s, &sp, e);
    if (rc == 0) {
        run = (struct made){maker.period, env->now_ms, 0};
        rc = put_made(s, key, &run, e);
    }
    if (rc == 0) {
        ret->ran = true;
        ret->period = maker.period;
        tell(kind, ret);
    }
    return rc;
}
