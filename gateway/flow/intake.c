#include "flow/intake.h"

#include "base/crash.h"
#include "base/log.h"
#include "config/conf.h"
#include "flow/dispatch.h"
#include "flow/settings.h"

#include <stdlib.h>

/*
 * A chunk is what one store job appends. Small ones are applied on the spot when nothing waits in
 * front of them; under pressure appending goes first and the applier follows in large slices with
 * pauses, which write the pages of cases and messages once for hundreds of events.
 */
enum {
    CHUNK_ITEMS = 256,
    INLINE_ITEMS = 4,
    INLINE_PENDING = 2,
    SLICE_BUSY = 256,
    SLICE_IDLE = 512,
    PAUSE_MS = 10,
    RETRY_MS = 1000
};

struct chunk {
    struct store_job job;
    struct intake *intake;
    struct intake_batch *batch;
    size_t first;
    size_t count;
    struct settings *settings;
    struct apply_env env;
    bool apply_now;
    bool applied_any;
    int64_t last; /* of the log, after this chunk */
    int64_t applied;
};

/* The one job that works off the backlog; resubmitted until there is none. */
struct applier {
    struct store_job job;
    struct intake *intake;
    struct settings *settings;
    struct apply_env env;
    size_t limit;
    int64_t last;
    int64_t applied;
    bool running;
};

struct intake {
    struct gateway *gateway;
    struct applier applier;
    uv_timer_t later; /* until the next slice: after a pause, or a failure */
    int64_t last;     /* as far as the loop thread knows */
    int64_t applied;
    size_t chunks;  /* submitted, not yet done */
    size_t waiting; /* the events in them */
    bool ended;     /* destroyed: jobs that are still out finish first */
    bool closed;    /* its timer is gone */
};

/* ---- the store's side ---- */

static int append_item(struct chunk *c, struct store *s, struct intake_item *item, struct err *e)
{
    const struct intake_batch *batch = c->batch;
    struct event_row row = {.received_ms = batch->received_ms,
                            .type = (int)item->type,
                            .source = intake_item_source(batch, item),
                            .id = intake_item_id(batch, item),
                            .body = intake_item_body(batch, item)};
    unsigned char first[SHA256_SIZE];
    int rc;

    memcpy(row.digest, item->digest, sizeof row.digest);
    rc = store_event_append(s, &row, &item->seq, first, e);
    if (rc == ERR_EXISTS) {
        bool same = memcmp(first, item->digest, sizeof first) == 0;

        item->result = same ? INTAKE_DUPLICATE : INTAKE_CONFLICT;
        return 0;
    }
    if (rc != 0) {
        return rc;
    }
    item->result = INTAKE_ACCEPTED;
    if (c->apply_now && store_applied(s) == item->seq - 1) {
        row.seq = item->seq;
        rc = apply_event(s, &row, &c->env, e);
        rc = rc == 0 ? store_set_applied(s, item->seq, e) : rc;
        c->applied_any = true;
    }
    return rc;
}

/* What the only item of a batch planned: read back from its messages, also for a repetition. */
static int note_planned(void *ctx, const struct message_row *row)
{
    struct intake_batch *batch = ctx;
    struct intake_item *item = &batch->items[0];

    if (row->event_seq == item->seq && item->planned_count < INTAKE_PLANNED_MAX) {
        batch->planned[item->planned_count++] =
            (struct intake_planned){.mark = apply_mark_shown(row),
                                    .channel = row->channel,
                                    .at_ms = row->planned_ms,
                                    .state = row->state};
    }
    return 0;
}

static int note_case(void *ctx, const struct case_row *row)
{
    *(int64_t *)ctx = row->id;
    return 0;
}

static int read_planned(struct chunk *c, struct store *s, struct err *e)
{
    struct intake_item *item = &c->batch->items[0];
    int64_t case_id = 0;
    int rc;

    item->applied = store_applied(s) >= item->seq;
    if (!item->applied || item->result == INTAKE_CONFLICT || item->subject_len == 0) {
        return 0;
    }
    item->planned = c->batch->planned;
    rc = store_case_by_certificate(s, intake_item_subject(c->batch, item), note_case, &case_id, e);
    if (rc != 0) {
        return rc == ERR_NOT_FOUND ? 0 : rc;
    }
    return store_message_by_case(s, case_id, note_planned, c->batch, e);
}

static int chunk_work(struct store_job *job, struct store *s, struct err *e)
{
    struct chunk *c = (struct chunk *)job;
    int rc = 0;

    for (size_t i = c->first; i < c->first + c->count && rc == 0; i++) {
        rc = append_item(c, s, &c->batch->items[i], e);
    }
    if (rc == 0 && c->batch->count == 1) {
        rc = read_planned(c, s, e);
    }
    c->last = store_event_last(s);
    c->applied = store_applied(s);
    crash_point("before_accept_commit");
    return rc;
}

static int applier_work(struct store_job *job, struct store *s, struct err *e)
{
    struct applier *a = (struct applier *)job;
    int rc = apply_backlog(s, &a->env, a->limit, e);

    a->last = store_event_last(s);
    a->applied = store_applied(s);
    crash_point("before_apply_commit");
    return rc;
}

/* ---- the loop's side ---- */

static void kick_channels(struct intake *in)
{
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && in->gateway->dispatch != NULL; ch++) {
        dispatch_kick(in->gateway->dispatch, ch);
    }
}

static void note_progress(struct intake *in, int64_t last, int64_t applied)
{
    in->last = last > in->last ? last : in->last;
    in->applied = applied > in->applied ? applied : in->applied;
    in->gateway->stats.backlog = in->last - in->applied;
}

static void free_when_unused(struct intake *in)
{
    if (in->closed && !in->applier.running && in->chunks == 0) {
        free(in);
    }
}

static void run_applier(struct intake *in)
{
    struct applier *a = &in->applier;

    if (in->ended || a->running || in->applied >= in->last ||
        uv_is_active((uv_handle_t *)&in->later)) {
        return;
    }
    a->running = true;
    a->settings = settings_hold(in->gateway->settings);
    a->env = settings_apply_env(a->settings, gateway_now(in->gateway));
    a->env.key = in->gateway->key;
    a->limit = in->chunks > INLINE_PENDING ? SLICE_BUSY : SLICE_IDLE;
    store_thread_submit(in->gateway->writer, &a->job);
}

static void on_later(uv_timer_t *timer)
{
    run_applier(timer->data);
}

static void run_later(struct intake *in, uint64_t wait_ms)
{
    if (!in->ended && in->applied < in->last && !uv_is_active((uv_handle_t *)&in->later)) {
        (void)uv_timer_start(&in->later, on_later, wait_ms, 0);
    }
}

/* At once when nobody is waiting, so that the next answer can tell its plan; else after a pause. */
static void apply_rest(struct intake *in)
{
    if (in->chunks > 0) {
        run_later(in, PAUSE_MS);
        return;
    }
    if (!in->ended && uv_timer_get_due_in(&in->later) <= PAUSE_MS) {
        (void)uv_timer_stop(&in->later);
    }
    run_applier(in);
}

static void applier_done(struct store_job *job, int status, const struct err *e)
{
    struct applier *a = (struct applier *)job;
    struct intake *in = a->intake;

    a->running = false;
    settings_drop(a->settings);
    if (in->ended) {
        free_when_unused(in);
        return;
    }
    if (status != 0) {
        log_error("apply_failed", LOG_S("error", e->text), LOG_I("after_event", in->applied));
        run_later(in, RETRY_MS);
        return;
    }
    crash_point("after_apply_commit");
    note_progress(in, a->last, a->applied);
    kick_channels(in);
    apply_rest(in);
}

static void count_results(struct intake *in, const struct intake_batch *batch)
{
    static const enum stats_event event_of[] = {[INTAKE_PENDING] = STATS_EVENT_FAILED,
                                                [INTAKE_ACCEPTED] = STATS_EVENT_ACCEPTED,
                                                [INTAKE_DUPLICATE] = STATS_EVENT_DUPLICATE,
                                                [INTAKE_CONFLICT] = STATS_EVENT_CONFLICT,
                                                [INTAKE_FAILED] = STATS_EVENT_FAILED};

    for (size_t i = 0; i < batch->count; i++) {
        in->gateway->stats.events[event_of[batch->items[i].result]]++;
    }
}

static void finish_batch(struct intake *in, struct intake_batch *batch)
{
    count_results(in, batch);
    batch->done(batch, batch->ctx);
}

static void chunk_done(struct store_job *job, int status, const struct err *e)
{
    struct chunk *c = (struct chunk *)job;
    struct intake *in = c->intake;
    struct intake_batch *batch = c->batch;

    if (status != 0) {
        for (size_t i = c->first; i < c->first + c->count; i++) {
            batch->items[i].result = INTAKE_FAILED;
        }
        batch->status = status;
        batch->err = *e;
        log_error("intake_failed", LOG_S("error", e->text), LOG_I("events", c->count));
    } else {
        crash_point("after_accept_commit");
        note_progress(in, c->last, c->applied);
        if (c->applied_any) {
            kick_channels(in);
        }
    }
    in->chunks--;
    in->waiting -= c->count;
    settings_drop(c->settings);
    free(c);
    if (--batch->waiting == 0) {
        finish_batch(in, batch);
    }
    apply_rest(in);
    free_when_unused(in);
}

static void submit_chunk(struct intake *in, struct intake_batch *batch, struct chunk *c,
                         size_t first)
{
    size_t rest = batch->count - first;

    c->job.work = chunk_work;
    c->job.done = chunk_done;
    c->intake = in;
    c->batch = batch;
    c->first = first;
    c->count = rest < CHUNK_ITEMS ? rest : CHUNK_ITEMS;
    c->settings = settings_hold(in->gateway->settings);
    c->env = settings_apply_env(c->settings, batch->received_ms);
    c->env.key = in->gateway->key;
    c->apply_now =
        batch->count <= INLINE_ITEMS && in->chunks < INLINE_PENDING && in->applied == in->last;
    in->chunks++;
    in->waiting += c->count;
    batch->waiting++;
    store_thread_submit(in->gateway->writer, &c->job);
}

/* A batch may be larger than the queue: only what waits before it is weighed. */
static int may_accept(const struct intake *in, struct err *e)
{
    if (in->gateway->draining) {
        return err_set(e, ERR_BUSY, "the gateway is shutting down");
    }
    if (in->gateway->disk_low) {
        return err_set(e, ERR_FULL, "free disk space is below the configured reserve");
    }
    if (in->waiting >= (size_t)in->gateway->settings->conf->limits.queue_messages) {
        return err_set(e, ERR_BUSY, "too many events are waiting to be stored");
    }
    return 0;
}

int intake_submit(struct intake *in, struct intake_batch *batch,
                  void (*done)(struct intake_batch *batch, void *ctx), void *ctx, struct err *e)
{
    size_t chunks = (batch->count + CHUNK_ITEMS - 1) / CHUNK_ITEMS;
    struct list ready;
    int rc = may_accept(in, e);

    if (rc != 0) {
        return rc;
    }
    list_init(&ready);
    for (size_t i = 0; i < chunks; i++) {
        struct chunk *c = calloc(1, sizeof *c);

        if (c == NULL) {
            rc = err_set(e, ERR_NOMEM, "no memory for the events");
            break;
        }
        list_push_back(&ready, &c->job.node);
    }
    batch->done = done;
    batch->ctx = ctx;
    batch->received_ms = gateway_now(in->gateway);
    batch->status = 0;
    for (size_t first = 0; !list_empty(&ready); first += CHUNK_ITEMS) {
        struct chunk *c = list_entry(list_pop_front(&ready), struct chunk, job.node);

        if (rc == 0) {
            submit_chunk(in, batch, c, first);
        } else {
            free(c);
        }
    }
    return rc;
}

/* ---- life ---- */

int intake_create(struct gateway *g, struct intake **ret, struct err *e)
{
    struct intake *in = calloc(1, sizeof *in);

    if (in == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the intake");
    }
    in->gateway = g;
    in->applier.intake = in;
    in->applier.job.work = applier_work;
    in->applier.job.done = applier_done;
    (void)uv_timer_init(g->loop, &in->later);
    in->later.data = in;
    *ret = in;
    return 0;
}

void intake_start(struct intake *in)
{
    in->last = 0;
    in->applied = -1; /* unknown yet: the applier's first round tells both */
    run_applier(in);
}

void intake_appended(struct intake *in, int64_t last)
{
    note_progress(in, last, 0);
    apply_rest(in);
}

static void on_closed(uv_handle_t *handle)
{
    struct intake *in = handle->data;

    in->closed = true;
    free_when_unused(in);
}

void intake_destroy(struct intake *in)
{
    if (in != NULL) {
        in->ended = true;
        uv_close((uv_handle_t *)&in->later, on_closed);
    }
}
