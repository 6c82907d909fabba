/* Outcomes, one by one as they happen, become durable in the batches the store makes of them. */
#include "base/crash.h"
#include "base/log.h"
#include "flow/dispatch_state.h"
#include "flow/reports.h"
#include "flow/reports_kept.h"
#include "flow/suppress.h"

#include <stdlib.h>

enum {
    SETTLE_MAX = 256,
    SETTLE_ENOUGH = 128,
    GATHER_MS = 5,
    RETRY_MS = 1000,
    REPORT_WAIT_MS = 3 * DAY_MS
};

struct settle_job {
    struct store_job job;
    struct dispatch *dispatch;
    struct list attempts;
    size_t count;
    bool looked; /* whether any report is kept: */
    bool any_kept;
};

struct keep_row {
    struct list node;
    int64_t at_ms;
    char provider[STORE_NAME_MAX + 1];
    char ref[PROVIDER_REF_MAX];
    enum channel channel;
    char to[ATTEMPT_TO_MAX];
    char *content;
    size_t content_len;
};

struct keep_job {
    struct store_job job;
    struct dispatch *dispatch;
    struct list rows;
};

/*
 * A message's age ends retries, not first tries: one that waited for a provider to come back, for a
 * login to be unblocked or for an operator's word has had no chance yet.
 */
static int64_t last_moment(const struct attempt *a, int64_t max_age_ms)
{
    int64_t deadline = a->job.deadline_ms == 0 ? INT64_MAX : a->job.deadline_ms;
    int64_t by_age = a->planned_ms + max_age_ms;

    if (a->attempts == 0 || (a->flags & MESSAGE_RESENT) != 0) {
        return deadline;
    }
    return deadline < by_age ? deadline : by_age;
}

static struct policy_message policy_of(struct dispatch *d, const struct attempt *a)
{
    const struct conf *conf = d->gateway->settings->conf;
    const struct conf_retry *retry = &conf->retry[a->job.channel];

    return (struct policy_message){.attempts = a->number,
                                   .created_ms = a->created_ms,
                                   .deadline_ms = last_moment(a, retry->max_age_ms),
                                   .urgency = a->urgency,
                                   .flags = a->flags,
                                   .on_doubt = (enum on_doubt)a->lane->conf->on_doubt,
                                   .can_ask = a->lane->conf->type->ask != NULL &&
                                              !a->lane->caps.cannot_ask,
                                   .asked = a->asking,
                                   .asks = a->asks,
                                   .other_way = !a->path_failed && lane_route_other(d, a),
                                   .reports = a->lane->caps.reports,
                                   .told_unasked = a->lane->caps.reports && !a->lane->caps.polled,
                                   .waited = a->from == MESSAGE_UNKNOWN,
                                   .unknowns = (a->flags & MESSAGE_POSSIBLE_DUPLICATE) != 0 ? 1 : 0,
                                   .retry = retry->backoff,
                                   .ask_after_ms = ASK_AFTER_MS,
                                   .report_wait_ms = REPORT_WAIT_MS};
}

/* ---- storing ---- */

/* A question that nobody answered leaves the attempt as unknown as it was. */
static enum outcome_class fate_of(const struct attempt *a)
{
    switch (a->outcome.class) {
    case OUTCOME_SENT:
    case OUTCOME_DUPLICATE:
    case OUTCOME_REJECTED:
    case OUTCOME_RETRY:
        return a->outcome.class;
    default:
        return a->asking ? OUTCOME_UNKNOWN : a->outcome.class;
    }
}

/* The attempt ends and the message moves on, unless a report or an operator was faster. */
static int end_attempt(struct store *s, struct attempt *a, struct err *e)
{
    const struct attempt_row row = {.message_id = a->job.message_id,
                                    .number = a->number,
                                    .settled_ms = a->settled_ms,
                                    .outcome = (int)fate_of(a),
                                    .code = str_of(a->outcome.code),
                                    .detail = str_of(a->outcome.detail),
                                    .provider_ref = str_of(a->outcome.provider_ref)};
    struct message_move move = a->move;
    int rc;

    move.closes = &row;
    rc = store_message_move(s, &move, e);
    if (rc == ERR_WRONG_STATE || rc == ERR_NOT_FOUND) {
        a->has_move = false;
        rc = store_attempt_close(s, &row, e);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* The provider's final word was that nobody has this address. */
static int suppress_by_rule(const struct attempt *a, struct store *s, struct err *e)
{
    const struct suppress_found found = {.channel = a->job.channel,
                                         .address = str_of(a->to),
                                         .provider = a->provider,
                                         .code = a->outcome.code,
                                         .now_ms = a->settled_ms};

    return a->outcome.class != OUTCOME_REJECTED || a->settings == NULL
               ? 0
               : suppress_on_code(s, a->lane->dispatch->gateway->key,
                                  &a->settings->conf->suppression, &found, e);
}

/* A vendor can report before it has answered. */
static bool may_be_reported(const struct attempt *a)
{
    return a->has_move && a->move.to == MESSAGE_ACCEPTED && a->lane->caps.reports &&
           a->move.provider_ref.len > 0;
}

static int look_for_reports(struct settle_job *j, struct attempt *a, struct store *s, struct err *e)
{
    int rc = 0;

    if (!may_be_reported(a)) {
        return 0;
    }
    if (!j->looked) {
        rc = reports_any_kept(s, &j->any_kept, e);
        j->looked = rc == 0;
    }
    if (rc != 0 || !j->any_kept) {
        return rc;
    }
    return reports_are_kept(s, str_of(a->provider), a->move.provider_ref, &a->early_report, e);
}

static int settle_work(struct store_job *job, struct store *s, struct err *e)
{
    struct settle_job *j = (struct settle_job *)job;
    int rc = 0;

    list_each(node, &j->attempts)
    {
        struct attempt *a = list_entry(node, struct attempt, job.node);

        rc = suppress_by_rule(a, s, e);
        if (rc == 0) {
            rc = end_attempt(s, a, e);
        }
        if (rc == 0) {
            rc = look_for_reports(j, a, s, e);
        }
        if (rc != 0) {
            break;
        }
    }
    rc = rc == 0 ? guard_store_settled(s, &j->attempts, e) : rc;
    crash_point("before_settle_commit");
    return rc;
}

static void flush(struct dispatch *d);

static void on_flush(uv_timer_t *timer)
{
    flush(timer->data);
}

/*
 * While others are still under way their answers are worth a moment's wait: what is stored together
 * is also fetched, claimed and handed over together afterwards.
 */
static void flush_soon(struct dispatch *d)
{
    bool enough = d->settle_count >= SETTLE_ENOUGH || d->settle_count >= d->attempts;
    uint64_t wait = enough ? 0 : GATHER_MS;

    if (d->settling || list_empty(&d->settle_list)) {
        return;
    }
    /* A pause after a failure is left alone. */
    if (!uv_is_active((uv_handle_t *)&d->settle_timer) ||
        (wait == 0 && uv_timer_get_due_in(&d->settle_timer) <= GATHER_MS)) {
        (void)uv_timer_start(&d->settle_timer, on_flush, wait, 0);
    }
}

static void kick_all(struct dispatch *d)
{
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        dispatch_kick(d, ch);
    }
}

static void count_settled(struct dispatch *d, const struct attempt *a)
{
    struct stats *stats = &d->gateway->stats;

    if (a->has_move) {
        stats->settled[a->job.channel][a->move.to]++;
    }
}

static void settle_done(struct store_job *job, int status, const struct err *e)
{
    struct settle_job *j = (struct settle_job *)job;
    struct dispatch *d = j->dispatch;
    struct list *node;

    d->settling = false;
    if (status != 0) {
        /* What happened outside cannot be undone: keep it and store it as soon as possible. */
        log_error("settle_failed", LOG_S("error", e->text));
        list_splice_back(&j->attempts, &d->settle_list);
        list_splice_back(&d->settle_list, &j->attempts);
        d->settle_count += j->count;
        (void)uv_timer_start(&d->settle_timer, on_flush, RETRY_MS, 0);
        free(j);
        return;
    }
    crash_point("after_settle_commit");
    while ((node = list_pop_front(&j->attempts)) != NULL) {
        struct attempt *a = list_entry(node, struct attempt, job.node);

        count_settled(d, a);
        if (a->early_report) {
            reports_replay(d->gateway, a->lane->index, a->outcome.provider_ref);
        }
        attempt_release(d, a);
        attempt_free(a);
    }
    free(j);
    flush_soon(d);
    kick_all(d);
    dispatch_check_drained(d);
}

static void flush(struct dispatch *d)
{
    struct settle_job *j;
    struct list *node;

    if (d->settling || list_empty(&d->settle_list)) {
        return;
    }
    j = calloc(1, sizeof *j);
    if (j == NULL) {
        (void)uv_timer_start(&d->settle_timer, on_flush, RETRY_MS, 0);
        return;
    }
    list_init(&j->attempts);
    while (j->count < SETTLE_MAX && (node = list_pop_front(&d->settle_list)) != NULL) {
        list_push_back(&j->attempts, node);
        j->count++;
    }
    d->settle_count -= j->count;
    j->job.work = settle_work;
    j->job.done = settle_done;
    j->dispatch = d;
    d->settling = true;
    store_thread_submit(d->gateway->writer, &j->job);
    kick_all(d); /* the places are free already, and the path works on meanwhile */
}

/* ---- deciding ---- */

/* An accepted message has a lease only while a report is awaited: until then, or until it is due
 * to be asked for. Its due time becomes the moment of acceptance, from which its age is counted. */
static void await_report(struct attempt *a, const struct decision *decision)
{
    a->move.set |= SET_DUE;
    a->move.due_ms = a->settled_ms;
    if (decision->lease_ms == INT64_MAX) {
        a->move.lease_ms = 0;
    } else if (a->lane->caps.polled) {
        a->move.lease_ms =
            a->settled_ms +
            (a->lane->caps.poll_after_ms > 0 ? a->lane->caps.poll_after_ms : POLL_AFTER_MS);
    }
}

static void fill_move(struct attempt *a, const struct decision *decision)
{
    a->has_move = true;
    a->move = (struct message_move){.id = a->job.message_id,
                                    .from = a->asking ? MESSAGE_UNKNOWN : a->from,
                                    .to = decision->state,
                                    .set = SET_LEASE | SET_REASON | SET_ATTEMPTS,
                                    .now_ms = a->settled_ms,
                                    .lease_ms = decision->lease_ms,
                                    .attempts = decision->counts ? a->number : a->attempts,
                                    .reason = str_of(decision->reason)};
    if (decision->state == MESSAGE_QUEUED) {
        a->move.set |= SET_DUE;
        a->move.due_ms = decision->due_ms;
    }
    if (decision->state == MESSAGE_ACCEPTED) {
        await_report(a, decision);
    }
    if (decision->flags != 0) {
        a->move.set |= SET_FLAGS;
        a->move.flags = decision->flags;
    }
    if (a->outcome.provider_ref[0] != '\0') {
        a->move.set |= SET_PROVIDER_REF;
        a->move.provider_ref = str_of(a->outcome.provider_ref);
    }
}

static void count_attempt(struct dispatch *d, const struct attempt *a, int64_t mono_ms)
{
    struct stats_provider *p = &d->gateway->stats.providers[a->lane->index];
    bool sent = a->outcome.class == OUTCOME_SENT;

    p->attempts[a->outcome.class]++;
    stats_observe(&p->request_seconds, (double)(mono_ms - a->submitted_mono_ms) / 1000);
    if (sent && a->job.channel == CHANNEL_SMS) {
        p->segments += a->segments;
        p->cost_kurus += a->segments * (uint64_t)a->lane->conf->price_kurus;
    }
}

static void log_outcome(const struct attempt *a)
{
    char id[IDS_TEXT_SIZE];

    if (!log_enabled(LOG_LEVEL_DEBUG)) {
        return;
    }
    ids_message_format(a->lane->dispatch->gateway->ids, a->job.message_id, id);
    log_debug("attempt", LOG_S("message", id), LOG_I("number", a->number),
              LOG_S("provider", a->lane->conf->name),
              LOG_S("outcome", outcome_name(a->outcome.class)), LOG_S("code", a->outcome.code),
              LOG_S("next", message_state_name(a->move.to)));
}

static void enqueue(struct dispatch *d, struct attempt *a)
{
    list_push_back(&d->settle_list, &a->job.node);
    d->settle_count++;
    flush_soon(d);
}

void settle_outcome(void *ctx, struct provider_job *job, const struct outcome *outcome)
{
    struct lane *lane = ((struct back_end *)ctx)->lane;
    struct dispatch *d = lane->dispatch;
    struct gateway *g = d->gateway;
    struct attempt *a = (struct attempt *)job;
    struct policy_message message = policy_of(d, a);
    int64_t mono = clock_mono_ms(g->clock);
    struct decision decision;

    crash_point("after_outcome");
    a->outcome = *outcome;
    a->settled_ms = gateway_now(g);
    policy_settle(&message, outcome, a->settled_ms, &g->rng, &decision);
    fill_move(a, &decision);
    count_attempt(d, a, mono);
    guard_settled(d, a);
    log_outcome(a);
    lane_answered(lane, decision.effects, a->attempts > 0 && !a->asking, outcome,
                  mono + decision.throttle_until_ms - a->settled_ms, mono);
    enqueue(d, a);
}

void settle_lost(struct dispatch *d, struct attempt *a)
{
    struct policy_message message = policy_of(d, a);
    struct decision decision;
    char id[IDS_TEXT_SIZE];

    a->settled_ms = gateway_now(d->gateway);
    outcome_set(&a->outcome, OUTCOME_UNKNOWN, "lost", "the attempt ended without an answer");
    policy_lost(&message, a->settled_ms, &d->gateway->rng, &decision);
    fill_move(a, &decision);
    ids_message_format(d->gateway->ids, a->job.message_id, id);
    log_warning("attempt_in_doubt", LOG_S("message", id), LOG_I("number", a->number),
                LOG_S("provider", a->lane->conf->name),
                LOG_S("next", message_state_name(a->move.to)));
    attempt_occupy(d, a);
    crash_point("in_doubt");
    enqueue(d, a);
}

bool settle_idle(const struct dispatch *d)
{
    return !d->settling && list_empty(&d->settle_list) && !d->keeping && list_empty(&d->keep_list);
}

/* ---- the sink's inbox ---- */

static int keep_work(struct store_job *job, struct store *s, struct err *e)
{
    struct keep_job *j = (struct keep_job *)job;
    int rc = 0;

    list_each(node, &j->rows)
    {
        struct keep_row *k = list_entry(node, struct keep_row, node);
        struct inbox_row row = {.at_ms = k->at_ms,
                                .provider = str_of(k->provider),
                                .ref = str_of(k->ref),
                                .channel = k->channel,
                                .to = str_of(k->to),
                                .content = {k->content, k->content_len}};

        rc = rc == 0 ? store_inbox_add(s, &row, e) : rc;
    }
    return rc;
}

static void keep_flush(struct dispatch *d);

static void keep_done(struct store_job *job, int status, const struct err *e)
{
    struct keep_job *j = (struct keep_job *)job;
    struct dispatch *d = j->dispatch;
    struct list *node;

    if (status != 0) {
        log_error("inbox_failed", LOG_S("error", e->text));
    }
    while ((node = list_pop_front(&j->rows)) != NULL) {
        struct keep_row *k = list_entry(node, struct keep_row, node);

        free(k->content);
        free(k);
    }
    free(j);
    d->keeping = false;
    keep_flush(d);
    dispatch_check_drained(d);
}

static void keep_flush(struct dispatch *d)
{
    struct keep_job *j;

    if (d->keeping || list_empty(&d->keep_list) || (j = calloc(1, sizeof *j)) == NULL) {
        return;
    }
    list_init(&j->rows);
    list_splice_back(&j->rows, &d->keep_list);
    j->job.work = keep_work;
    j->job.done = keep_done;
    j->dispatch = d;
    d->keeping = true;
    store_thread_submit(d->gateway->writer, &j->job);
}

void settle_keep(void *ctx, const struct provider_job *job)
{
    struct lane *lane = ((struct back_end *)ctx)->lane;
    struct dispatch *d = lane->dispatch;
    struct keep_row *k = calloc(1, sizeof *k);
    struct str content =
        job->channel == CHANNEL_SMS ? str_of(job->text) : (struct str){job->mail, job->mail_len};

    if (k == NULL || (k->content = str_dup(content)) == NULL) {
        free(k);
        return;
    }
    k->content_len = content.len;
    k->at_ms = gateway_now(d->gateway);
    k->channel = job->channel;
    (void)str_copy(k->provider, sizeof k->provider, str_of(lane->conf->name));
    (void)str_copy(k->ref, sizeof k->ref, str_of(job->ref));
    (void)str_copy(k->to, sizeof k->to, str_of(job->to));
    list_push_back(&d->keep_list, &k->node);
    keep_flush(d);
}
