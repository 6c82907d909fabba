#include "flow/dispatch.h"

#include "base/crash.h"
#include "base/log.h"
#include "flow/dispatch_state.h"
#include "flow/sms_days.h"

#include <stdlib.h>

enum { LOOK_AGAIN_MS = 3600000, FETCH_RETRY_MS = 1000, SUBMIT_MAX = 100 };

struct fetch_job {
    struct store_job job;
    struct channel_state *channel;
    struct settings *settings;            /* held */
    const struct conf_provider *provider; /* who will probably take them, null when open */
    int64_t now_ms;
    size_t limit;
    size_t count;
    struct list candidates;
    int64_t next_due_ms;
};

/* ---- fetching what is due ---- */

static int collect(void *ctx, const struct due_row *row)
{
    struct fetch_job *j = ctx;
    struct attempt *a = attempt_create(j->channel->dispatch->pool, row);

    if (a == NULL) {
        return ERR_NOMEM;
    }
    compose_ahead(j->channel->dispatch->ahead, j->settings, j->provider, j->now_ms, a);
    list_push_back(&j->candidates, &a->job.node);
    j->count++;
    return 0;
}

static int fetch_work(struct store_job *job, struct store *s, struct err *e)
{
    struct fetch_job *j = (struct fetch_job *)job;
    enum channel channel = j->channel->channel;
    int rc = store_due(s, channel, j->now_ms, j->limit, collect, j, e);

    j->next_due_ms = INT64_MAX;
    if (rc == 0 && j->count < j->limit) {
        rc = store_next_due(s, channel, &j->next_due_ms, e);
    }
    return rc;
}

static void on_timer(uv_timer_t *timer)
{
    struct channel_state *c = timer->data;

    dispatch_kick(c->dispatch, c->channel);
}

/* The soonest wish wins. */
void dispatch_wait(struct channel_state *c, int64_t wait_ms)
{
    uint64_t wait = wait_ms < 1 ? 1 : wait_ms > LOOK_AGAIN_MS ? LOOK_AGAIN_MS : (uint64_t)wait_ms;

    if (!uv_is_active((uv_handle_t *)&c->timer) || uv_timer_get_due_in(&c->timer) > wait) {
        (void)uv_timer_start(&c->timer, on_timer, wait, 0);
    }
}

static void drop_candidates(struct list *candidates)
{
    struct list *node;

    while ((node = list_pop_front(candidates)) != NULL) {
        attempt_free(list_entry(node, struct attempt, job.node));
    }
}

/* Other words now, and another configuration of the provider at whose address the old one was. */
static void forget_words(struct list *candidates)
{
    list_each(node, candidates)
    {
        list_entry(node, struct attempt, job.node)->composed_for = NULL;
    }
}

static void fetch_done(struct store_job *job, int status, const struct err *e)
{
    struct fetch_job *j = (struct fetch_job *)job;
    struct channel_state *c = j->channel;
    struct dispatch *d = c->dispatch;

    if (status != 0 || d->draining || !control_open(d, c->channel)) {
        if (status != 0) {
            log_error("fetch_failed", LOG_S("error", e->text));
            dispatch_wait(c, FETCH_RETRY_MS);
        }
        drop_candidates(&j->candidates);
    }
    /* What is due already was fetched; how it fares decides when to look again. */
    if (status == 0 && j->next_due_ms > j->now_ms && j->next_due_ms != INT64_MAX) {
        dispatch_wait(c, clock_wait_ms(d->gateway->clock, j->next_due_ms - j->now_ms));
    }
    if (j->settings != d->gateway->settings) {
        forget_words(&j->candidates);
    }
    if (list_empty(&j->candidates)) {
        c->fetching = false;
        if (c->again) {
            dispatch_kick(d, c->channel);
        }
        dispatch_check_drained(d);
    } else {
        claim_candidates(c, &j->candidates);
    }
    settings_drop(j->settings);
    free(j);
}

/* What the first usable lane of the channel could take now (see route_pick). */
static size_t ordered_room(const struct channel_state *c, const struct lane **ret_lane,
                           int64_t *ret_wait_ms)
{
    struct dispatch *d = c->dispatch;
    int64_t mono = clock_mono_ms(d->gateway->clock);
    size_t route[ROUTE_MAX];
    size_t count = control_route(d, c->channel, route);
    size_t room = 0;

    *ret_lane = NULL;
    *ret_wait_ms = INT64_MAX;
    for (size_t i = 0; i < count && room == 0; i++) {
        struct lane *lane = &d->lanes[route[i]];
        int64_t wait;
        enum route_state state = lane_fetch_state(lane, mono, &wait);

        room = state == ROUTE_READY ? lane_room(lane, mono, FETCH_MAX) : 0;
        *ret_lane = room > 0 ? lane : NULL;
        *ret_wait_ms = wait < *ret_wait_ms ? wait : *ret_wait_ms;
        if (state == ROUTE_BUSY) {
            break;
        }
    }
    return room;
}

/* How many messages are worth fetching, and for which lane when that is clear; when none, when to
 * ask again. */
static size_t channel_room(struct channel_state *c, const struct lane **ret_lane)
{
    struct dispatch *d = c->dispatch;
    const bool shared = d->control.pin[c->channel] == NULL && lane_routes_differ(d, c->channel);
    int64_t soonest;
    size_t room;

    *ret_lane = NULL;
    room = shared ? lane_routes_room(d, c->channel, FETCH_MAX, &soonest)
                  : ordered_room(c, ret_lane, &soonest);

    if (room == 0 && soonest != INT64_MAX) {
        dispatch_wait(c, soonest);
    }
    return room < FETCH_MAX ? room : FETCH_MAX;
}

/* A back end that a reload could not replace runs on with settings that are not held here. */
static const struct conf_provider *likely_provider(const struct lane *lane,
                                                   const struct settings *held)
{
    return lane != NULL && lane->back_end != NULL && lane->back_end->settings == held ? lane->conf
                                                                                      : NULL;
}

void dispatch_kick(struct dispatch *d, enum channel channel)
{
    struct channel_state *c = &d->channels[channel];
    const struct lane *lane = NULL;
    struct fetch_job *j;
    size_t room;

    if (d->draining) {
        return;
    }
    if (c->fetching) {
        c->again = true;
        return;
    }
    c->again = false;
    if (!list_empty(&c->offered)) {
        struct list offered;

        list_init(&offered);
        list_splice_back(&offered, &c->offered);
        c->fetching = true;
        c->again = true;
        claim_candidates(c, &offered);
        return;
    }
    control_watch_failover(d, channel);
    room = control_open(d, channel) ? channel_room(c, &lane) : 0;
    if (room == 0) {
        return;
    }
    j = calloc(1, sizeof *j);
    if (j == NULL) {
        dispatch_wait(c, FETCH_RETRY_MS);
        return;
    }
    c->fetching = true;
    list_init(&j->candidates);
    j->channel = c;
    j->limit = room;
    j->settings = settings_hold(d->gateway->settings);
    j->provider = likely_provider(lane, j->settings);
    j->now_ms = gateway_now(d->gateway);
    j->job.work = fetch_work;
    j->job.done = fetch_done;
    store_thread_submit(d->gateway->writer, &j->job);
}

void dispatch_offer(struct dispatch *d, struct attempt *a)
{
    struct channel_state *c = &d->channels[a->job.channel];

    list_push_back(&c->offered, &a->job.node);
    dispatch_kick(d, c->channel);
}

/* ---- handing over ---- */

static void submit_lane(struct lane *lane, struct list *attempts)
{
    struct dispatch *d = lane->dispatch;
    struct provider_job *batch[SUBMIT_MAX];
    size_t most = lane->caps.batch_max < SUBMIT_MAX ? lane->caps.batch_max : SUBMIT_MAX;
    int64_t mono = clock_mono_ms(d->gateway->clock);
    size_t count = 0;

    list_each_safe(node, attempts)
    {
        struct attempt *a = list_entry(node, struct attempt, job.node);

        if (a->lane != lane) {
            continue;
        }
        list_remove(node);
        a->submitted_mono_ms = mono;
        batch[count++] = &a->job;
        if (count == most) {
            lane->conf->type->submit(lane->back_end->provider, batch, count);
            count = 0;
        }
    }
    if (count > 0) {
        lane->conf->type->submit(lane->back_end->provider, batch, count);
    }
    crash_point("after_submit");
}

void dispatch_claimed(struct channel_state *c, struct list *attempts, bool look)
{
    struct dispatch *d = c->dispatch;

    for (size_t i = 0; i < d->lane_count && !list_empty(attempts); i++) {
        submit_lane(&d->lanes[i], attempts);
    }
    c->fetching = false;
    if (look || c->again) {
        dispatch_kick(d, c->channel);
    }
    dispatch_check_drained(d);
}

/* ---- life ---- */

static void init_timer(struct dispatch *d, uv_timer_t *timer, void *data)
{
    (void)uv_timer_init(d->gateway->loop, timer);
    timer->data = data;
    d->handles++;
}

static void free_parts(struct dispatch *d)
{
    composer_free(d->composer);
    composer_free(d->ahead);
    sms_days_free(d->sms_days);
    attempt_pool_free(d->pool);
}

int dispatch_create(struct gateway *g, struct curlmux *curl, struct dispatch **ret, struct err *e)
{
    struct dispatch *d = calloc(1, sizeof *d);
    int rc;

    if (d == NULL || (d->composer = composer_create()) == NULL ||
        (d->ahead = composer_create()) == NULL || (d->sms_days = sms_days_create()) == NULL ||
        (d->pool = attempt_pool_create()) == NULL) {
        if (d != NULL) {
            free_parts(d);
        }
        free(d);
        return err_set(e, ERR_NOMEM, "no memory for the dispatcher");
    }
    d->gateway = g;
    list_init(&d->settle_list);
    list_init(&d->keep_list);
    init_timer(d, &d->settle_timer, d);
    init_timer(d, &d->sweep_timer, d);
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        struct channel_state *c = &d->channels[ch];

        c->dispatch = d;
        c->channel = ch;
        list_init(&c->offered);
        init_timer(d, &c->timer, c);
    }
    control_init(d);
    *ret = d;
    rc = back_ends_create(d, curl, e);
    return rc;
}

void dispatch_start(struct dispatch *d)
{
    sweep_start(d);
    control_start(d);
}

void dispatch_reloaded(struct dispatch *d)
{
    back_ends_reload(d);
    dispatch_controls_changed(d); /* campaigns, routes and lanes are others now */
}

size_t dispatch_in_flight(const struct dispatch *d)
{
    return d->attempts;
}

static bool channels_idle(const struct dispatch *d)
{
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        if (d->channels[ch].fetching) {
            return false;
        }
    }
    return true;
}

/*
 * First what is being claimed goes to its providers, then the providers finish; drained means that
 * they are gone and everything they told us is stored.
 */
void dispatch_check_drained(struct dispatch *d)
{
    void (*drained)(void *ctx) = d->drained;

    if (!d->draining || !channels_idle(d) || !sweep_idle(d) || !control_idle(d)) {
        return;
    }
    if (!d->back_ends_draining) {
        d->back_ends_draining = true;
        back_ends_drain(d);
    }
    if (drained != NULL && d->back_ends == 0 && d->attempts == 0 && settle_idle(d)) {
        d->drained = NULL;
        drained(d->drained_ctx);
    }
}

void dispatch_drain(struct dispatch *d, void (*drained)(void *ctx), void *ctx)
{
    d->draining = true;
    d->drained = drained;
    d->drained_ctx = ctx;
    (void)uv_timer_stop(&d->sweep_timer);
    control_stop(d);
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        drop_candidates(&d->channels[ch].offered);
    }
    dispatch_check_drained(d);
}

static void on_closed(uv_handle_t *handle)
{
    struct dispatch *d = handle->data;

    if (--d->handles == 0) {
        free_parts(d);
        control_finish(d);
        free(d);
    }
}

static void close_timer(struct dispatch *d, uv_timer_t *timer)
{
    timer->data = d;
    uv_close((uv_handle_t *)timer, on_closed);
}

void dispatch_destroy(struct dispatch *d)
{
    if (d == NULL) {
        return;
    }
    close_timer(d, &d->settle_timer);
    close_timer(d, &d->sweep_timer);
    close_timer(d, &d->control.timer);
    close_timer(d, &d->control.count_timer);
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        close_timer(d, &d->channels[ch].timer);
    }
}
