/* The picture of the controls: read at start and after every change, and what follows from it. */
#include "base/log.h"
#include "domain/calendar.h"
#include "flow/dispatch_state.h"

#include <stdlib.h>

enum {
    READ_RETRY_MS = 1000,
    COUNT_EVERY_MS = 15000,
    COUNT_SOON_MS = 500,
    TIMER_MAX_MS = 24 * 3600000
};

struct guard_load {
    char name[STORE_NAME_MAX + 1];
    struct guard_day today;
    int64_t usual;
    size_t days;
};

struct read_job {
    struct store_job job;
    struct dispatch *dispatch;
    int64_t now_ms;
    int64_t day;
    struct controls *picture;
    struct guard_load loads[SETTINGS_CAMPAIGNS_MAX];
    size_t count;
};

static void read_controls(struct dispatch *d);

/* ---- timers ---- */

static void on_timer(uv_timer_t *timer)
{
    dispatch_controls_changed(timer->data);
}

static void arm(struct dispatch *d, int64_t wait_ms)
{
    const int64_t wait = wait_ms < 1 ? 1 : wait_ms > TIMER_MAX_MS ? TIMER_MAX_MS : wait_ms;

    (void)uv_timer_start(&d->control.timer, on_timer, (uint64_t)wait, 0);
}

static void on_count(uv_timer_t *timer)
{
    control_count_held(timer->data);
}

/* ---- what follows from a new picture ---- */

static void steer_lane(struct lane *lane, const struct controls *picture, int64_t now_ms)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    const struct control *c;
    enum lane_order order = LANE_RUNS;

    (void)control_subject(subject, "provider", str_of(lane->conf->name));
    c = controls_find(picture, subject, now_ms);
    if (c != NULL) {
        order = c->verb == CONTROL_PAUSE   ? LANE_PAUSED
                : c->verb == CONTROL_DRAIN ? LANE_DRAINING
                                           : LANE_RUNS;
        if (c->verb == CONTROL_LIFT) {
            lane_lift(lane, c->at_ms);
        }
    }
    lane_steer(lane, order, c);
}

static void note_channel(struct dispatch *d, enum channel channel, const struct control *c)
{
    bool *shown = &d->gateway->stats.channel_paused[channel];

    if (*shown != (c != NULL)) {
        log_warning(c != NULL ? "channel_paused" : "channel_resumed",
                    LOG_S("channel", channel_name(channel)), LOG_S("by", c == NULL ? "" : c->by),
                    LOG_S("note", c == NULL ? "" : c->note));
    }
    *shown = c != NULL;
}

static void steer_route(struct dispatch *d, enum channel channel, int64_t now_ms)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    const struct control *c;

    (void)control_subject(subject, "route", str_of(channel_name(channel)));
    c = controls_find(d->control.picture, subject, now_ms);
    d->control.pin[channel] = c == NULL ? NULL : back_end_lane(d, str_of(c->value));
    (void)str_copy(d->gateway->stats.pinned[channel], sizeof d->gateway->stats.pinned[channel],
                   d->control.pin[channel] == NULL ? STR("") : str_of(c->value));
    note_channel(d, channel, controls_channel(d->control.picture, channel, now_ms));
    if (c != NULL && d->control.pin[channel] == NULL) {
        log_error("pin_ignored", LOG_S("channel", channel_name(channel)),
                  LOG_S("provider", c->value), LOG_S("reason", "there is no such provider"));
    }
}

/* A new place, or that of a campaign which the settings do not know any more. */
static struct guard_campaign *guard_room(struct dispatch *d)
{
    const struct conf *conf = d->gateway->settings->conf;
    size_t i = 0;

    if (d->control.campaign_count < SETTINGS_CAMPAIGNS_MAX) {
        return &d->control.campaigns[d->control.campaign_count++];
    }
    while (i < SETTINGS_CAMPAIGNS_MAX &&
           control_campaign(conf, str_of(d->control.campaigns[i].name)) != NULL) {
        i++;
    }
    return i < SETTINGS_CAMPAIGNS_MAX ? &d->control.campaigns[i] : NULL;
}

static struct guard_campaign *guard_place(struct dispatch *d, const char *name)
{
    struct guard_campaign *g = guard_find(d, name);

    if (g == NULL && (g = guard_room(d)) != NULL) {
        *g = (struct guard_campaign){.facts = {.sent = -1}};
        (void)str_copy(g->name, sizeof g->name, str_of(name));
    }
    return g;
}

/* Today's numbers are ours once they are known: what was claimed since the reading is not in it. */
static void take_loads(struct dispatch *d, const struct read_job *j)
{
    for (size_t i = 0; i < j->count; i++) {
        const struct guard_load *load = &j->loads[i];
        struct guard_campaign *g = guard_place(d, load->name);

        if (g == NULL) {
            continue;
        }
        if (g->facts.sent < 0) {
            g->facts.sent = load->today.sent;
            g->facts.kurus = load->today.kurus;
        }
        g->facts.usual = load->usual;
        g->facts.days = load->days;
        g->tripped = g->tripped && d->control.jobs > 0;
    }
}

static void follow(struct dispatch *d)
{
    const int64_t now = gateway_now(d->gateway);
    const int64_t next = controls_next_ms(d->control.picture, now);

    for (size_t i = 0; i < d->lane_count; i++) {
        steer_lane(&d->lanes[i], d->control.picture, now);
    }
    d->control.told = 0;
    if (next != INT64_MAX) {
        arm(d, clock_wait_ms(d->gateway->clock, next - now));
    }
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        steer_route(d, ch, now);
        control_watch_failover(d, ch);
        dispatch_kick(d, ch);
    }
    control_bite(d);
}

/* ---- reading ---- */

static int load_guard(struct store *s, const struct read_job *j, struct guard_load *load,
                      struct err *e)
{
    int rc = guard_day_get(s, load->name, j->day, &load->today, e);

    return rc == 0 ? guard_usual(s, load->name, j->day, &load->usual, &load->days, e) : rc;
}

static int read_work(struct store_job *job, struct store *s, struct err *e)
{
    struct read_job *j = (struct read_job *)job;
    int rc = controls_read(s, j->now_ms, &j->picture, e);

    for (size_t i = 0; i < j->count && rc == 0; i++) {
        rc = load_guard(s, j, &j->loads[i], e);
    }
    return rc;
}

static void read_done(struct store_job *job, int status, const struct err *e)
{
    struct read_job *j = (struct read_job *)job;
    struct dispatch *d = j->dispatch;

    d->control.reading = false;
    if (status != 0) {
        log_error("controls_unreadable", LOG_S("error", e->text),
                  LOG_S("remedy", "nothing new is sent until they can be read"));
        controls_drop(j->picture);
        arm(d, READ_RETRY_MS);
    } else if (d->control.stale) {
        controls_drop(j->picture); /* overtaken by a newer change */
        read_controls(d);
    } else {
        controls_drop(d->control.picture);
        d->control.picture = j->picture;
        take_loads(d, j);
        follow(d);
    }
    free(j);
    dispatch_check_drained(d);
}

static void read_controls(struct dispatch *d)
{
    const struct conf *conf = d->gateway->settings->conf;
    struct read_job *j = d->draining ? NULL : calloc(1, sizeof *j);

    if (j == NULL) {
        if (!d->draining) {
            arm(d, READ_RETRY_MS);
        }
        return;
    }
    j->dispatch = d;
    j->now_ms = gateway_now(d->gateway);
    j->day = istanbul_day(j->now_ms);
    if (d->control.day == 0) {
        d->control.day = j->day;
    }
    for (size_t i = 0; i < conf->campaign_count && i < SETTINGS_CAMPAIGNS_MAX; i++) {
        (void)str_copy(j->loads[i].name, sizeof j->loads[i].name, str_of(conf->campaigns[i].name));
        j->count++;
    }
    j->job.work = read_work;
    j->job.done = read_done;
    d->control.reading = true;
    d->control.stale = false;
    store_thread_submit(d->gateway->writer, &j->job);
}

void dispatch_controls_changed(struct dispatch *d)
{
    if (d->draining) {
        return;
    }
    if (d->control.reading) {
        d->control.stale = true;
    } else {
        read_controls(d);
    }
}

/* ---- what the others ask ---- */

bool control_open(struct dispatch *d, enum channel channel)
{
    return d->control.picture != NULL && !d->control.reading &&
           controls_channel(d->control.picture, channel, gateway_now(d->gateway)) == NULL;
}

size_t control_route(const struct dispatch *d, enum channel channel, size_t ret[])
{
    if (d->control.pin[channel] != NULL) {
        ret[0] = d->control.pin[channel]->index;
        return 1;
    }
    memcpy(ret, d->route[channel], d->route_count[channel] * sizeof ret[0]);
    return d->route_count[channel];
}

/* Once per campaign and picture; the messages themselves say it each. */
static void tell_awaiting(struct dispatch *d, const char *campaign)
{
    const struct conf *conf = d->gateway->settings->conf;

    for (size_t i = 0; i < conf->campaign_count && i < 32; i++) {
        if (strcmp(conf->campaigns[i].name, campaign) == 0 && (d->control.told & 1u << i) == 0) {
            d->control.told |= 1u << i;
            log_warning("campaign_awaits_release", LOG_S("campaign", campaign),
                        LOG_S("remedy", "hatirlat campaign release NAME --by WHO"));
        }
    }
}

enum control_gate control_gate_of(struct dispatch *d, const struct attempt *a, int64_t now_ms)
{
    enum control_gate gate = controls_gate(d->control.picture, d->gateway->settings->conf,
                                           str_of(a->campaign), a->created_ms, now_ms);

    if (gate == GATE_AWAITING) {
        tell_awaiting(d, a->campaign);
    }
    return gate;
}

/* The lane that would take a message now, whatever its pace; null for none. */
static const struct lane *in_use(struct dispatch *d, enum channel channel)
{
    const int64_t mono = clock_mono_ms(d->gateway->clock);
    size_t route[ROUTE_MAX];
    size_t count = control_route(d, channel, route);
    int64_t wait;

    for (size_t i = 0; i < count; i++) {
        enum route_state state = lane_state(&d->lanes[route[i]], mono, &wait);

        if (state == ROUTE_READY || state == ROUTE_BUSY) {
            return &d->lanes[route[i]];
        }
    }
    return NULL;
}

void control_watch_failover(struct dispatch *d, enum channel channel)
{
    const struct lane *first = d->route_count[channel] > 0 ? &d->lanes[d->route[channel][0]] : NULL;
    const struct lane *lane = first == NULL ? NULL : in_use(d, channel);
    bool *shown = &d->gateway->stats.failover[channel];
    const bool other = first != NULL && lane != first;

    (void)snprintf(d->gateway->stats.failover_to[channel],
                   sizeof d->gateway->stats.failover_to[channel], "%s",
                   other && lane != NULL ? lane->conf->name : "");
    if (other == *shown) {
        return;
    }
    *shown = other;
    if (other) {
        log_error("failover", LOG_S("channel", channel_name(channel)),
                  LOG_S("from", first->conf->name),
                  LOG_S("to", lane == NULL ? "nobody" : lane->conf->name));
    } else {
        log_info("failover_ended", LOG_S("channel", channel_name(channel)),
                 LOG_S("provider", first == NULL ? "" : first->conf->name));
    }
}

/* ---- life ---- */

static void init_timer(struct dispatch *d, uv_timer_t *timer)
{
    (void)uv_timer_init(d->gateway->loop, timer);
    timer->data = d;
    d->handles++;
}

void control_init(struct dispatch *d)
{
    init_timer(d, &d->control.timer);
    init_timer(d, &d->control.count_timer);
}

void control_note_held(struct dispatch *d)
{
    if (uv_timer_get_due_in(&d->control.count_timer) > COUNT_SOON_MS && !d->draining) {
        (void)uv_timer_start(&d->control.count_timer, on_count, COUNT_SOON_MS, COUNT_EVERY_MS);
    }
}

void control_start(struct dispatch *d)
{
    read_controls(d);
    (void)uv_timer_start(&d->control.count_timer, on_count, COUNT_EVERY_MS, COUNT_EVERY_MS);
}

bool control_idle(const struct dispatch *d)
{
    return !d->control.reading && !d->control.biting && !d->control.counting &&
           d->control.jobs == 0;
}

void control_stop(struct dispatch *d)
{
    (void)uv_timer_stop(&d->control.timer);
    (void)uv_timer_stop(&d->control.count_timer);
}

void control_finish(struct dispatch *d)
{
    controls_drop(d->control.picture);
    d->control.picture = NULL;
}
