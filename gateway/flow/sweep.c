/*
 * Leases that ended: attempts that a crash cut off, messages in doubt whose provider can be asked
 * now, accepted messages whose report is awaited.
 */
#include "base/log.h"
#include "flow/dispatch_state.h"

#include <stdlib.h>

enum { SWEEP_EVERY_MS = 2000, REPORT_GIVE_UP_MS = 3 * DAY_MS, LEASE_AGAIN_MS = 15 * 60000 };

struct sweep_job {
    struct store_job job;
    struct dispatch *dispatch;
    enum message_state state;
    int64_t until_ms;
    struct list found;
    size_t count;
    bool first; /* whatever is sending and not ours is from an earlier run */
};

struct lease_job {
    struct store_job job;
    struct dispatch *dispatch;
    struct list attempts;
};

static void sweep(struct dispatch *d, enum message_state state, bool first);

bool sweep_idle(const struct dispatch *d)
{
    return d->sweeping == 0;
}

/* ---- new leases for accepted messages ---- */

static int lease_work(struct store_job *job, struct store *s, struct err *e)
{
    struct lease_job *j = (struct lease_job *)job;

    list_each(node, &j->attempts)
    {
        struct attempt *a = list_entry(node, struct attempt, job.node);
        int rc = store_message_move(s, &a->move, e);

        if (rc != 0 && rc != ERR_WRONG_STATE && rc != ERR_NOT_FOUND) {
            return rc;
        }
    }
    return 0;
}

static void free_attempts(struct list *attempts)
{
    struct list *node;

    while ((node = list_pop_front(attempts)) != NULL) {
        attempt_free(list_entry(node, struct attempt, job.node));
    }
}

static void lease_done(struct store_job *job, int status, const struct err *e)
{
    struct lease_job *j = (struct lease_job *)job;
    struct dispatch *d = j->dispatch;

    if (status != 0) {
        log_error("lease_failed", LOG_S("error", e->text));
    }
    free_attempts(&j->attempts);
    free(j);
    d->sweeping--;
    dispatch_check_drained(d);
}

static void store_leases(struct dispatch *d, struct list *attempts)
{
    struct lease_job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        free_attempts(attempts); /* their old leases bring them back */
        return;
    }
    list_init(&j->attempts);
    list_splice_back(&j->attempts, attempts);
    j->dispatch = d;
    j->job.work = lease_work;
    j->job.done = lease_done;
    d->sweeping++;
    store_thread_submit(d->gateway->writer, &j->job);
}

static void set_lease(struct attempt *a, int64_t lease_ms, int64_t now_ms)
{
    a->move = (struct message_move){.id = a->job.message_id,
                                    .from = a->from,
                                    .to = a->from,
                                    .set = SET_LEASE,
                                    .now_ms = now_ms,
                                    .lease_ms = lease_ms};
}

/* ---- accepted: fetch the reports that are due ---- */

/* Often while a report is likely, rarely later; 0 when it will not come any more. */
static int64_t next_poll_ms(int64_t age_ms)
{
    static const struct {
        int64_t age_ms;
        int64_t wait_ms;
    } steps[] = {{60000, 60000},
                 {5 * 60000, 120000},
                 {30 * 60000, 300000},
                 {2 * 3600000, 900000},
                 {REPORT_GIVE_UP_MS, 3600000}};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (age_ms < steps[i].age_ms) {
            return steps[i].wait_ms;
        }
    }
    return 0;
}

static void poll_lane(struct lane *lane, struct list *found)
{
    struct provider_await awaits[SWEEP_MAX];
    size_t count = 0;

    list_each(node, found)
    {
        struct attempt *a = list_entry(node, struct attempt, job.node);

        if (a->lane == lane && a->move.lease_ms != 0) {
            awaits[count++] = (struct provider_await){.provider_ref = a->outcome.provider_ref,
                                                      .ref = a->job.ref,
                                                      .to = a->to,
                                                      .accepted_ms = a->planned_ms};
        }
    }
    if (count > 0) {
        lane->conf->type->fetch_reports(lane->back_end->provider, awaits, count);
    }
}

static void poll_reports(struct dispatch *d, struct list *found)
{
    int64_t now = gateway_now(d->gateway);

    list_each(node, found)
    {
        struct attempt *a = list_entry(node, struct attempt, job.node);
        bool offered = a->lane != NULL && a->lane->caps.polled;
        int64_t wait = offered ? next_poll_ms(now - a->planned_ms) : 0;
        const char *reason;

        if (wait > 0 && wait < a->lane->caps.poll_every_ms) {
            wait = a->lane->caps.poll_every_ms;
        }
        set_lease(a, wait == 0 ? 0 : now + wait, now);
        (void)compose_recipient(a, &reason);
    }
    for (size_t i = 0; i < d->lane_count; i++) {
        if (d->lanes[i].caps.polled && d->lanes[i].back_end != NULL) {
            poll_lane(&d->lanes[i], found);
        }
    }
    store_leases(d, found);
}

/* ---- in doubt ---- */

/* Nobody can be asked: a person decides. */
static void park(struct attempt *a, struct str reason, int64_t now_ms)
{
    set_lease(a, 0, now_ms);
    a->move.to = a->from == MESSAGE_UNKNOWN ? MESSAGE_HELD : MESSAGE_UNKNOWN;
    a->move.lease_ms = a->from == MESSAGE_UNKNOWN ? 0 : now_ms;
    a->move.set |= SET_REASON | SET_TRACE;
    a->move.reason = reason;
    a->move.actor = STR("policy");
}

static void ask(struct dispatch *d, struct attempt *a)
{
    a->recipient = hash_of(d->gateway->hash, str_of(a->to));
    a->asking = true;
    a->lane->in_flight++;
    a->submitted_mono_ms = clock_mono_ms(d->gateway->clock);
    attempt_occupy(d, a);
    a->lane->conf->type->ask(a->lane->back_end->provider, &a->job);
}

static bool still_under_way(const struct dispatch *d, int64_t message_id)
{
    for (size_t i = 0; i < BUSY_BUCKETS; i++) {
        for (const struct attempt *a = d->busy[i]; a != NULL; a = a->busy_next) {
            if (a->job.message_id == message_id) {
                return true;
            }
        }
    }
    return false;
}

static void resolve(struct dispatch *d, struct sweep_job *j)
{
    int64_t now = gateway_now(d->gateway);
    struct list parked;
    struct list *node;

    list_init(&parked);
    while ((node = list_pop_front(&j->found)) != NULL) {
        struct attempt *a = list_entry(node, struct attempt, job.node);
        const char *reason;

        if (still_under_way(d, a->job.message_id)) {
            set_lease(a, now + LEASE_AGAIN_MS, now);
            list_push_back(&parked, node);
        } else if (a->lane == NULL) {
            park(a, STR("provider_gone"), now);
            list_push_back(&parked, node);
        } else if (a->from != MESSAGE_UNKNOWN || a->lane->conf->type->ask == NULL ||
                   a->lane->caps.cannot_ask || a->lane->back_end == NULL) {
            settle_lost(d, a);
        } else if (compose_recipient(a, &reason) != 0) {
            park(a, str_of(reason), now);
            list_push_back(&parked, node);
        } else {
            ask(d, a);
        }
    }
    if (!list_empty(&parked)) {
        store_leases(d, &parked);
    }
}

/* ---- the rounds ---- */

/* Each question doubles the pause before the next (policy.h): the pause that ended tells which. */
static int asks_before(const struct message_row *row)
{
    int64_t pause = row->lease_ms - row->updated_ms;
    int asks = 0;

    while (row->state == MESSAGE_UNKNOWN && asks < 16 &&
           pause >= (int64_t)ASK_AFTER_MS << (asks + 1)) {
        asks++;
    }
    return asks;
}

static int collect(void *ctx, const struct due_row *row)
{
    struct sweep_job *j = ctx;
    struct attempt *a = attempt_create(j->dispatch->pool, row);

    if (a == NULL) {
        return ERR_NOMEM;
    }
    /* The attempt that is looked at has begun: it is the last counted one. */
    a->number = a->attempts > 0 ? a->attempts : 1;
    a->attempts = a->number - 1;
    a->planned_ms = row->message.due_ms;
    a->asks = asks_before(&row->message);
    (void)str_copy(a->outcome.provider_ref, sizeof a->outcome.provider_ref,
                   row->message.provider_ref);
    (void)str_copy(a->provider, sizeof a->provider, row->message.provider);
    list_push_back(&j->found, &a->job.node);
    j->count++;
    return 0;
}

static int sweep_work(struct store_job *job, struct store *s, struct err *e)
{
    struct sweep_job *j = (struct sweep_job *)job;

    return store_leased(s, j->state, j->until_ms, SWEEP_MAX, collect, j, e);
}

static void find_lanes(struct dispatch *d, struct list *found)
{
    list_each(node, found)
    {
        struct attempt *a = list_entry(node, struct attempt, job.node);

        a->lane = back_end_lane(d, str_of(a->provider));
        a->job.attempt = a->number;
        ids_attempt_format(d->gateway->ids, a->job.message_id, a->number, a->job.ref);
    }
}

static void sweep_done(struct store_job *job, int status, const struct err *e)
{
    struct sweep_job *j = (struct sweep_job *)job;
    struct dispatch *d = j->dispatch;
    bool more = j->count == SWEEP_MAX;

    if (status != 0) {
        log_error("sweep_failed", LOG_S("error", e->text));
        free_attempts(&j->found); /* what it saw may have been undone */
    }
    find_lanes(d, &j->found);
    if (j->state == MESSAGE_ACCEPTED) {
        if (!list_empty(&j->found)) {
            poll_reports(d, &j->found);
        }
    } else {
        resolve(d, j);
    }
    d->sweeping--;
    if (j->first) {
        d->lost_left = more || status != 0;
    }
    free(j);
    dispatch_check_drained(d);
}

static void sweep(struct dispatch *d, enum message_state state, bool first)
{
    struct sweep_job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        return;
    }
    list_init(&j->found);
    j->dispatch = d;
    j->state = state;
    j->first = first;
    j->until_ms = first ? INT64_MAX : gateway_now(d->gateway);
    j->job.work = sweep_work;
    j->job.done = sweep_done;
    d->sweeping++;
    store_thread_submit(d->gateway->writer, &j->job);
}

static void on_sweep(uv_timer_t *timer)
{
    struct dispatch *d = timer->data;

    if (d->sweeping == 0 && !d->draining) {
        sweep(d, MESSAGE_SENDING, d->lost_left);
        sweep(d, MESSAGE_UNKNOWN, false);
        sweep(d, MESSAGE_ACCEPTED, false);
    }
}

void sweep_start(struct dispatch *d)
{
    sweep(d, MESSAGE_SENDING, true);
    (void)uv_timer_start(&d->sweep_timer, on_sweep, SWEEP_EVERY_MS, SWEEP_EVERY_MS);
}
