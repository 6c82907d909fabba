#include "flow/reports.h"

#include "base/codec.h"
#include "base/crash.h"
#include "base/json.h"
#include "base/log.h"
#include "domain/certificate.h"
#include "flow/dispatch_state.h"
#include "flow/suppress.h"

#include <stdlib.h>

enum { REPORT_MATCHES_MAX = 128 };

/* A report on its way to the store, with copies of its words. */
struct report_item {
    int64_t message_id; /* from our own reference, 0 when that did not come back */
    int attempt;        /* from there too */
    char provider_ref[64];
    char to[ATTEMPT_TO_MAX];
    enum report_state state;
    char code[32];
    char detail[200];
    int64_t at_ms;
    enum stats_report result;
    char campaign[STORE_NAME_MAX + 1]; /* of a message whose fate this settled, else "" */
    double after_seconds;              /* accepted until delivered; negative when unknown */
    enum channel channel;
};

/* One request that tells reports: answered when the last of them is stored. */
struct report_push {
    size_t waiting; /* jobs with the store, and the reading itself */
    int status;
    void (*done)(void *ctx, int status);
    void *ctx;
};

struct report_job {
    struct store_job job;
    struct gateway *gateway;
    struct report_push *push;  /* null when the provider was asked */
    struct settings *settings; /* held */
    size_t provider_index;
    char provider[STORE_NAME_MAX + 1];
    int64_t now_ms;
    size_t count;
    struct report_item items[];
};

/* ---- which message ---- */

struct found_message {
    enum message_state state;
    int64_t case_id;
    int64_t updated_ms;
    int attempts;
    bool resent;    /* an operator asked for it again */
    bool not_begun; /* and that is what it waits for */
    enum channel channel;
    char campaign[STORE_NAME_MAX + 1];
    char to[ATTEMPT_TO_MAX];
    struct store *store;
    struct err *err;
};

static int note_phone(void *ctx, const struct case_row *row)
{
    struct found_message *m = ctx;
    struct case_file *file = calloc(1, sizeof *file);
    int rc = file == NULL ? ERR_NOMEM : case_read(row->facts, file);

    if (rc == 0) {
        (void)str_copy(m->to, sizeof m->to,
                       str_of(m->channel == CHANNEL_SMS ? file->known.holder.phone
                                                        : file->known.holder.email));
    }
    free(file);
    return rc;
}

/* A message of its own carries whom it goes to. */
static int note_own_address(struct found_message *m, struct str facts)
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
    struct found_message *m = ctx;

    m->state = row->state;
    m->case_id = row->case_id;
    m->updated_ms = row->updated_ms;
    m->attempts = row->attempts;
    m->resent = (row->flags & MESSAGE_RESENT) != 0;
    m->not_begun = row->state == MESSAGE_QUEUED && m->resent && str_eqs(row->reason, "operator");
    m->channel = row->channel;
    m->to[0] = '\0';
    (void)str_copy(m->campaign, sizeof m->campaign, row->campaign);
    return row->case_id == 0 ? note_own_address(m, row->facts) : 0;
}

static int read_message(struct store *s, int64_t id, struct found_message *ret, struct err *e)
{
    return store_message_get(s, id, note_message, ret, e);
}

/* One job id may stand for many numbers: the number decides. */
static int64_t match_number(struct store *s, const struct report_item *item, const int64_t *ids,
                            size_t count, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        struct found_message m = {.store = s};

        if (count == 1 || item->to[0] == '\0') {
            return ids[i];
        }
        if (read_message(s, ids[i], &m, e) == 0 &&
            (m.case_id == 0 || store_case_by_id(s, m.case_id, note_phone, &m, e) == 0) &&
            strcmp(m.to, item->to) == 0) {
            return ids[i];
        }
    }
    return 0;
}

static int find_message(const struct report_job *j, struct store *s, struct report_item *item,
                        struct err *e)
{
    int64_t ids[REPORT_MATCHES_MAX];
    size_t count = 0;
    int rc;

    if (item->message_id != 0 || item->provider_ref[0] == '\0') {
        return 0;
    }
    rc = store_message_by_provider_ref(s, str_of(j->provider), str_of(item->provider_ref), ids,
                                       REPORT_MATCHES_MAX, &count, e);
    if (rc == 0) {
        item->message_id = match_number(s, item, ids, count, e);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* ---- what it changes ---- */

static enum message_state target_of(enum report_state state)
{
    return state == REPORT_DELIVERED ? MESSAGE_DELIVERED : MESSAGE_UNDELIVERED;
}

/*
 * A report about an earlier attempt: that one was not delivered says nothing about the later one,
 * and neither word ends what an operator asked for after it.
 */
static bool is_outrun(const struct report_item *item, const struct found_message *m)
{
    bool earlier = item->attempt != 0 && item->attempt < m->attempts;

    return m->not_begun || (earlier && (m->resent || item->state != REPORT_DELIVERED));
}

static int move_message(const struct report_job *j, struct store *s, struct report_item *item,
                        const struct found_message *m, struct err *e)
{
    struct message_move move = {.id = item->message_id,
                                .from = m->state,
                                .to = target_of(item->state),
                                .set = SET_LEASE | SET_REASON,
                                .now_ms = j->now_ms,
                                .reason = str_of(item->code)};

    if (m->state == move.to) {
        item->result = STATS_REPORT_DUPLICATE;
        return 0;
    }
    if (is_outrun(item, m) || !message_may_move(m->state, move.to) ||
        (move.to == MESSAGE_UNDELIVERED && message_is_final(m->state))) {
        item->result = STATS_REPORT_LATE;
        return 0;
    }
    item->result = STATS_REPORT_MATCHED;
    item->channel = m->channel;
    (void)str_copy(item->campaign, sizeof item->campaign, str_of(m->campaign));
    if (m->state == MESSAGE_ACCEPTED && move.to == MESSAGE_DELIVERED) {
        item->after_seconds = (double)(j->now_ms - m->updated_ms) / 1000;
    }
    return store_message_move(s, &move, e);
}

/* It did not arrive because nobody has this address. */
static int suppress_by_rule(const struct report_job *j, struct store *s,
                            const struct report_item *item, struct found_message *m, struct err *e)
{
    struct suppress_found found = {
        .channel = m->channel, .provider = j->provider, .code = item->code, .now_ms = j->now_ms};
    int rc = 0;

    if (item->state != REPORT_UNDELIVERED || item->result != STATS_REPORT_MATCHED) {
        return 0;
    }
    if (m->case_id != 0) {
        rc = store_case_by_id(s, m->case_id, note_phone, m, e);
    }
    found.address = str_of(m->to);
    return rc == 0
               ? suppress_on_code(s, j->gateway->key, &j->settings->conf->suppression, &found, e)
               : rc;
}

static int take_report(const struct report_job *j, struct store *s, struct report_item *item,
                       struct err *e)
{
    struct found_message m = {0};
    struct report_row row = {.at_ms = item->at_ms,
                             .received_ms = j->now_ms,
                             .state = (int)item->state,
                             .code = str_of(item->code),
                             .detail = str_of(item->detail)};
    int rc = find_message(j, s, item, e);

    item->result = STATS_REPORT_UNKNOWN;
    item->after_seconds = -1;
    if (rc != 0 || item->message_id == 0) {
        return rc;
    }
    rc = read_message(s, item->message_id, &m, e);
    if (rc != 0) {
        return rc == ERR_NOT_FOUND ? 0 : rc;
    }
    if (item->state == REPORT_PENDING) {
        item->result = STATS_REPORT_MATCHED;
        return 0;
    }
    rc = move_message(j, s, item, &m, e);
    if (rc == 0 && item->result != STATS_REPORT_DUPLICATE) {
        row.message_id = item->message_id;
        rc = store_report_add(s, &row, e);
    }
    if (rc == 0) {
        rc = suppress_by_rule(j, s, item, &m, e);
    }
    return rc;
}

static int report_work(struct store_job *job, struct store *s, struct err *e)
{
    struct report_job *j = (struct report_job *)job;
    int rc = 0;

    for (size_t i = 0; i < j->count && rc == 0; i++) {
        rc = take_report(j, s, &j->items[i], e);
    }
    crash_point("before_report_commit");
    return rc;
}

static void push_part_done(struct report_push *push, int status)
{
    push->status = push->status == 0 ? status : push->status;
    if (--push->waiting > 0) {
        return;
    }
    if (push->done != NULL) {
        push->done(push->ctx, push->status);
    }
    free(push);
}

static void report_done(struct store_job *job, int status, const struct err *e)
{
    struct report_job *j = (struct report_job *)job;
    struct stats *stats = &j->gateway->stats;

    if (status != 0) {
        log_error("reports_not_stored", LOG_S("provider", j->provider), LOG_S("error", e->text),
                  LOG_I("reports", j->count));
    }
    crash_point("after_report_commit");
    for (size_t i = 0; i < j->count && status == 0; i++) {
        const struct report_item *item = &j->items[i];

        stats->providers[j->provider_index].reports[item->result]++;
        if (item->campaign[0] != '\0' && j->gateway->dispatch != NULL) {
            guard_reported(j->gateway->dispatch, item->campaign, item->state != REPORT_DELIVERED,
                           j->now_ms);
        }
        if (item->after_seconds >= 0) {
            stats_observe(&stats->delivery_seconds, item->after_seconds);
        }
    }
    if (j->push != NULL) {
        push_part_done(j->push, status);
    }
    settings_drop(j->settings);
    free(j);
}

static void copy_text(char *dst, size_t cap, const char *text)
{
    struct str s = str_of(text);

    if (s.len >= cap) {
        s.len = cap - 1;
    }
    (void)str_copy(dst, cap, s);
}

static void copy_report(const struct gateway *g, struct report_item *item,
                        const struct provider_report *report)
{
    struct str ref = str_of(report->ref);

    if (report->ref != NULL &&
        ids_attempt_parse(g->ids, ref, &item->message_id, &item->attempt) != 0) {
        item->attempt = 0;
        item->message_id = 0;
        (void)ids_message_parse(g->ids, ref, &item->message_id);
    }
    copy_text(item->provider_ref, sizeof item->provider_ref, report->provider_ref);
    copy_text(item->to, sizeof item->to, report->to);
    copy_text(item->code, sizeof item->code, report->code);
    copy_text(item->detail, sizeof item->detail, report->detail);
    item->state = report->state;
    item->at_ms = report->at_ms;
}

void reports_take(struct gateway *g, size_t provider_index, const struct provider_report *list,
                  size_t count)
{
    struct report_job *j = calloc(1, sizeof *j + count * sizeof j->items[0]);

    if (j == NULL) {
        log_error("reports_not_stored", LOG_S("error", "no memory"), LOG_I("reports", count));
        if (g->push != NULL) {
            g->push->status = ERR_NOMEM;
        }
        return;
    }
    if (g->push != NULL) {
        j->push = g->push;
        j->push->waiting++;
    }
    j->gateway = g;
    j->settings = settings_hold(g->settings);
    j->provider_index = provider_index;
    copy_text(j->provider, sizeof j->provider, g->stats.providers[provider_index].name);
    j->now_ms = gateway_now(g);
    j->count = count;
    for (size_t i = 0; i < count; i++) {
        copy_report(g, &j->items[i], &list[i]);
    }
    j->job.work = report_work;
    j->job.done = report_done;
    store_thread_submit(g->writer, &j->job);
}

void reports_take_then(struct gateway *g, size_t provider_index, const struct provider_report *list,
                       size_t count, void (*done)(void *ctx, int status), void *ctx)
{
    struct report_push *push = calloc(1, sizeof *push);

    if (push == NULL) {
        done(ctx, ERR_NOMEM);
        return;
    }
    push->waiting = 1;
    push->done = done;
    push->ctx = ctx;
    g->push = push;
    reports_take(g, provider_index, list, count);
    g->push = NULL;
    push_part_done(push, 0);
}

/* ---- pushed reports ---- */

int reports_hook(struct gateway *g, struct str provider, struct str secret,
                 const struct provider_hook *hook, void (*done)(void *ctx, int status), void *ctx,
                 struct err *e)
{
    struct lane *lane = g->dispatch == NULL ? NULL : back_end_lane(g->dispatch, provider);
    char expected[REPORT_SECRET_SIZE];
    struct report_push *push;
    int rc;

    if (lane == NULL || lane->back_end == NULL || lane->conf->type->parse_hook == NULL) {
        return err_set(e, ERR_NOT_FOUND, "no provider takes reports here");
    }
    reports_secret(g, lane->conf->name, expected);
    if (secret.len != strlen(expected) || !crypto_equal(secret.ptr, expected, secret.len)) {
        return err_set(e, ERR_NOT_FOUND, "no provider takes reports here");
    }
    push = calloc(1, sizeof *push);
    if (push == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a report");
    }
    push->waiting = 1;
    g->push = push;
    rc = lane->conf->type->parse_hook(lane->back_end->provider, hook, e);
    g->push = NULL;
    if (rc == 0) {
        push->done = done;
        push->ctx = ctx;
    }
    push_part_done(push, 0);
    return rc;
}

/* The path is the password: made from the installation's key, so nobody has to invent one. */
void reports_secret(const struct gateway *g, const char *provider, char out[REPORT_SECRET_SIZE])
{
    struct buf text;

    buf_init(&text, 128);
    (void)buf_addf(&text, "report:%s", provider);
    codec_base32(hash_of(g->hash, (struct str){text.data, text.len}), REPORT_SECRET_SIZE - 1, out);
    buf_finish(&text);
}
