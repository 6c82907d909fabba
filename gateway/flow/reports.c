#include "flow/reports.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/utf8.h"
#include "domain/calendar.h"
#include "flow/dispatch_state.h"
#include "flow/reports_kept.h"
#include "flow/reports_match.h"
#include "flow/reports_push.h"
#include "flow/suppress.h"

#include <stdlib.h>

/* A report on its way to the store, with copies of its words. */
struct report_item {
    int64_t message_id; /* from our own reference, 0 when that did not come back */
    int attempt;        /* from there too */
    char provider_ref[64];
    char to[ATTEMPT_TO_MAX];
    enum report_state state;
    bool repeat; /* not delivered, because the provider has had it already */
    char code[32];
    char detail[200];
    int64_t at_ms;
    enum stats_report result;
    bool kept;                         /* anew, for a day */
    char campaign[STORE_NAME_MAX + 1]; /* of a message whose fate this settled, else "" */
    double after_seconds;              /* accepted until delivered; negative when unknown */
    enum channel channel;
};

struct report_job {
    struct store_job job;
    struct gateway *gateway;
    struct report_push *push;  /* null when the provider was asked */
    struct settings *settings; /* held */
    size_t provider_index;
    char provider[STORE_NAME_MAX + 1];
    bool takes_mail;
    int64_t now_ms;
    bool shared_ids; /* one id of this provider may stand for several messages */
    bool may_keep;   /* what matches nothing, for a day */
    char replay[64]; /* the answer whose kept reports are looked at again; "" for new ones */
    size_t count;
    struct report_item items[];
};

/* ---- which message ---- */

static int find_message(const struct report_job *j, struct store *s, struct report_item *item,
                        struct err *e)
{
    const struct reports_named named = {.provider = str_of(j->provider),
                                        .provider_ref = str_of(item->provider_ref),
                                        .to = str_of(item->to),
                                        .shared_ids = j->shared_ids};

    return item->message_id != 0 || item->provider_ref[0] == '\0'
               ? 0
               : reports_find(s, &named, &item->message_id, e);
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
static bool is_outrun(const struct report_item *item, const struct reports_message *m)
{
    bool earlier = item->attempt != 0 && item->attempt < m->attempts;

    return m->not_begun || (earlier && (m->resent || item->state != REPORT_DELIVERED));
}

/* The copy that was sent in doubt was dropped; not that an earlier one was dropped as its repeat.
 */
static bool is_second_copy(const struct report_item *item, const struct reports_message *m)
{
    return item->repeat && m->repeated && !m->resent && !is_outrun(item, m) &&
           (m->state == MESSAGE_SENDING || m->state == MESSAGE_UNKNOWN ||
            m->state == MESSAGE_ACCEPTED || m->parked);
}

/* The provider has had the first copy, and says nothing about that one. Nothing more is awaited. */
static int leave_with_provider(const struct report_job *j, struct store *s,
                               struct report_item *item, const struct reports_message *m,
                               struct err *e)
{
    const struct message_move move = {.id = item->message_id,
                                      .from = m->state,
                                      .to = MESSAGE_ACCEPTED,
                                      .set = SET_LEASE | SET_REASON,
                                      .now_ms = j->now_ms,
                                      .reason = STR(MESSAGE_REASON_PROVIDER_HAS_IT)};

    item->result = STATS_REPORT_MATCHED;
    return store_message_move(s, &move, e);
}

static int move_message(const struct report_job *j, struct store *s, struct report_item *item,
                        const struct reports_message *m, struct err *e)
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
    if (is_second_copy(item, m)) {
        return leave_with_provider(j, s, item, m, e);
    }
    if (is_outrun(item, m) || !message_may_move(m->state, move.to) ||
        (move.to == MESSAGE_UNDELIVERED && message_is_final(m->state))) {
        item->result = STATS_REPORT_LATE;
        return 0;
    }
    if (move.to == MESSAGE_UNDELIVERED) {
        move.lease_ms = j->now_ms; /* so that "delivered", which beats it, finds the message */
    }
    item->result = STATS_REPORT_MATCHED;
    item->channel = m->channel;
    (void)str_copy(item->campaign, sizeof item->campaign, str_of(m->campaign));
    if (m->state == MESSAGE_ACCEPTED && move.to == MESSAGE_DELIVERED) {
        item->after_seconds = (double)(j->now_ms - m->updated_ms) / 1000;
    }
    return store_message_move(s, &move, e);
}

/*
 * The address may have been corrected since the message went there: then the new one is not to
 * blame unless the report names it.
 */
static bool went_to_present_address(const struct report_item *item, const struct reports_message *m,
                                    int64_t sent_ms)
{
    return m->told_ms <= sent_ms || str_ieq(str_of(item->to), str_of(m->to));
}

/* It did not arrive because nobody has this address. */
static int suppress_by_rule(const struct report_job *j, struct store *s,
                            const struct report_item *item, struct reports_message *m,
                            struct err *e)
{
    struct suppress_found found = {
        .channel = m->channel, .provider = j->provider, .code = item->code, .now_ms = j->now_ms};
    const int64_t sent_ms = m->updated_ms; /* it was accepted then, and nothing moved it since */
    int rc = 0;

    if (item->state != REPORT_UNDELIVERED || item->result != STATS_REPORT_MATCHED) {
        return 0;
    }
    if (m->case_id != 0) {
        rc = reports_read_address(s, m, e);
    }
    if (rc != 0 || !went_to_present_address(item, m, sent_ms)) {
        return rc;
    }
    found.address = str_of(m->to);
    return suppress_on_code(s, j->gateway->key, &j->settings->conf->suppression, &found, e);
}

/* It may be about an answer that is not stored yet: see replay_work(). */
static int keep_for_later(const struct report_job *j, struct store *s, struct report_item *item,
                          struct err *e)
{
    const struct kept_report kept = {.provider = str_of(j->provider),
                                     .provider_ref = str_of(item->provider_ref),
                                     .to = str_of(item->to),
                                     .state = item->state,
                                     .repeat = item->repeat,
                                     .code = str_of(item->code),
                                     .detail = str_of(item->detail),
                                     .at_ms = item->at_ms,
                                     .received_ms = j->now_ms};

    if (item->provider_ref[0] == '\0' || item->state == REPORT_PENDING || !j->may_keep) {
        return 0;
    }
    return reports_keep(s, &kept, &item->kept, e);
}

static int take_report(const struct report_job *j, struct store *s, struct report_item *item,
                       struct err *e)
{
    struct reports_message m = {0};
    struct report_row row = {.at_ms = item->at_ms,
                             .received_ms = j->now_ms,
                             .state = (int)item->state,
                             .code = str_of(item->code),
                             .detail = str_of(item->detail)};
    bool heard = false;
    int rc = find_message(j, s, item, e);

    item->result = STATS_REPORT_UNKNOWN;
    item->after_seconds = -1;
    if (rc == 0 && item->message_id == 0) {
        return keep_for_later(j, s, item, e);
    }
    if (rc != 0) {
        return rc;
    }
    rc = reports_read(s, item->message_id, &m, e);
    rc = rc == 0 ? reports_may_speak(s, &m, item->attempt, j->provider, j->takes_mail, &heard, e)
                 : rc;
    if (rc != 0 || !heard) {
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

struct replay {
    struct report_job *job;
    struct store *store;
    struct err *err;
};

static int replay_one(void *ctx, const struct kept_report *kept)
{
    const struct replay *r = ctx;
    struct report_item *item = &r->job->items[0];

    *item =
        (struct report_item){.state = kept->state, .repeat = kept->repeat, .at_ms = kept->at_ms};
    (void)str_copy(item->provider_ref, sizeof item->provider_ref, kept->provider_ref);
    (void)str_copy(item->to, sizeof item->to, kept->to);
    (void)str_copy(item->code, sizeof item->code, kept->code);
    (void)str_copy(item->detail, sizeof item->detail, kept->detail);
    return take_report(r->job, r->store, item, r->err);
}

/* The answer has been stored: what came before it finds its message now. */
static int replay_work(struct store_job *job, struct store *s, struct err *e)
{
    struct report_job *j = (struct report_job *)job;
    struct replay r = {j, s, e};

    return reports_take_kept(s, str_of(j->provider), str_of(j->replay), replay_one, &r, e);
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
        j->gateway->kept_reports += item->kept;
        if (item->campaign[0] != '\0' && j->gateway->dispatch != NULL) {
            guard_reported(j->gateway->dispatch, item->campaign, item->state != REPORT_DELIVERED,
                           j->now_ms);
        }
        if (item->after_seconds >= 0) {
            stats_observe(&stats->delivery_seconds, item->after_seconds);
        }
    }
    if (j->push != NULL) {
        reports_push_part(j->push, status);
    }
    settings_drop(j->settings);
    free(j);
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
    utf8_copy(item->provider_ref, sizeof item->provider_ref, str_of(report->provider_ref));
    utf8_copy(item->to, sizeof item->to, str_of(report->to));
    utf8_copy(item->code, sizeof item->code, str_of(report->code));
    utf8_copy(item->detail, sizeof item->detail, str_of(report->detail));
    item->state = report->state;
    item->repeat = report->state == REPORT_UNDELIVERED && report->cause == OUTCOME_DUPLICATE;
    item->at_ms = report->at_ms;
}

static struct report_job *new_job(struct gateway *g, size_t provider_index, size_t count)
{
    struct report_job *j = calloc(1, sizeof *j + count * sizeof j->items[0]);

    if (j != NULL) {
        j->gateway = g;
        j->settings = settings_hold(g->settings);
        j->provider_index = provider_index;
        utf8_copy(j->provider, sizeof j->provider, str_of(g->stats.providers[provider_index].name));
        j->now_ms = gateway_now(g);
        if (g->dispatch != NULL) {
            const struct lane *lane = &g->dispatch->lanes[provider_index];

            j->shared_ids = lane->caps.batch_max > 1;
            j->takes_mail = (lane->conf->type->channels & 1u << CHANNEL_EMAIL) != 0;
        }
        j->count = count;
        j->job.done = report_done;
    }
    return j;
}

void reports_replay(struct gateway *g, size_t provider_index, const char *provider_ref)
{
    struct report_job *j = new_job(g, provider_index, 1);

    if (j == NULL) {
        log_error("reports_not_stored", LOG_S("error", "no memory"), LOG_I("reports", 1));
        return;
    }
    utf8_copy(j->replay, sizeof j->replay, str_of(provider_ref));
    j->job.work = replay_work;
    store_thread_submit(g->writer, &j->job);
}

/* A flood of reports about nothing must not fill the disk. */
static bool may_keep(struct gateway *g)
{
    const int64_t day = istanbul_day(gateway_now(g));

    if (g->kept_day != day) {
        g->kept_day = day;
        g->kept_reports = 0;
    }
    return g->kept_reports < REPORTS_KEPT_A_DAY;
}

void reports_take(struct gateway *g, size_t provider_index, const struct provider_report *list,
                  size_t count)
{
    struct report_job *j = new_job(g, provider_index, count);

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
    j->may_keep = may_keep(g);
    for (size_t i = 0; i < count; i++) {
        copy_report(g, &j->items[i], &list[i]);
    }
    j->job.work = report_work;
    store_thread_submit(g->writer, &j->job);
}
