#include "flow/lane.h"

#include "base/civil.h"
#include "base/log.h"
#include "base/utf8.h"
#include "flow/dispatch_state.h"

#include <stdio.h>

enum {
    DEFAULT_IN_FLIGHT = 100,
    BURST_MS = 1000,
    BUSY_WAIT_MS = 1000,
    BUDGET_WAIT_MS = 5000,
    TURN_MAX_MS = 600000
};

static struct stats_provider *lane_stats(const struct lane *lane)
{
    return &lane->dispatch->gateway->stats.providers[lane->index];
}

/* A second's worth may go out at once; slower rates go one by one. */
static void init_pace(struct pace *p, const struct option_rate *rate)
{
    int64_t burst = rate->period_ms > 0 ? rate->count * BURST_MS / rate->period_ms : 1;

    pace_init(p, rate->count, rate->period_ms, burst < 1 ? 1 : burst);
}

static size_t at_once(const struct lane *lane)
{
    return lane->caps.in_flight > 0 ? lane->caps.in_flight : DEFAULT_IN_FLIGHT;
}

/* What the provider can and will soon have room for. */
static size_t capacity(const struct lane *lane, int64_t mono_ms)
{
    size_t soon = (size_t)headway_room(&lane->headway, mono_ms);

    return at_once(lane) + (soon < lane->caps.ahead ? soon : lane->caps.ahead);
}

/* That, what the office wants, and what a path that has just come back bears. */
static size_t in_flight_limit(const struct lane *lane, int64_t mono_ms)
{
    size_t limit = capacity(lane, mono_ms);
    size_t wanted = (size_t)lane->conf->in_flight;
    size_t bearable = (size_t)lane->breaker.limit;

    limit = wanted > 0 && wanted < limit ? wanted : limit;
    return lane->breaker.state == BREAKER_CLOSED && bearable > 0 && bearable < limit ? bearable
                                                                                     : limit;
}

void lane_configure(struct lane *lane, const struct conf_provider *conf, int64_t mono_ms)
{
    lane->conf = conf;
    init_pace(&lane->pace, &conf->pace);
    breaker_init(&lane->breaker, &conf->breaker);
    budget_init(&lane->budget, (int)conf->retry_share, mono_ms);
    memset(lane->domains, 0, sizeof lane->domains);
    lane->held = false;
    lane->probing = false;
    lane_stats(lane)->held = false;
    lane_stats(lane)->held_reason[0] = '\0';
}

enum route_state lane_state(struct lane *lane, int64_t mono_ms, int64_t *ret_wait_ms)
{
    *ret_wait_ms = 0;
    if (lane->order != LANE_RUNS) {
        *ret_wait_ms = INT64_MAX; /* the change of the order asks again */
        return ROUTE_HELD;
    }
    if (lane->held) {
        *ret_wait_ms = lane->hold_probe_ms > mono_ms ? lane->hold_probe_ms - mono_ms : BUSY_WAIT_MS;
        return lane->probing || lane->hold_probe_ms > mono_ms ? ROUTE_HELD : ROUTE_READY;
    }
    *ret_wait_ms = breaker_wait(&lane->breaker, mono_ms);
    if (*ret_wait_ms > 0) {
        return ROUTE_BROKEN;
    }
    if (lane->in_flight >= in_flight_limit(lane, mono_ms)) {
        *ret_wait_ms = BUSY_WAIT_MS; /* an answer will ask again before that */
        return ROUTE_BUSY;
    }
    *ret_wait_ms = pace_wait(&lane->pace, mono_ms);
    return *ret_wait_ms > 0 ? ROUTE_BUSY : ROUTE_READY;
}

enum route_state lane_fetch_state(struct lane *lane, int64_t mono_ms, int64_t *ret_wait_ms)
{
    enum route_state state = lane_state(lane, mono_ms, ret_wait_ms);

    if (state != ROUTE_READY ||
        !headway_stocked(lane->in_flight, at_once(lane), in_flight_limit(lane, mono_ms))) {
        return state;
    }
    *ret_wait_ms = BUSY_WAIT_MS;
    return ROUTE_BUSY;
}

size_t lane_room(struct lane *lane, int64_t mono_ms, size_t want)
{
    int64_t wait;
    int64_t paced;
    size_t room;

    if (lane_state(lane, mono_ms, &wait) != ROUTE_READY) {
        return 0;
    }
    if (lane->held || lane->breaker.state != BREAKER_CLOSED) {
        return 1;
    }
    room = in_flight_limit(lane, mono_ms) - lane->in_flight;
    paced = pace_room(&lane->pace, mono_ms);
    if (paced < (int64_t)room) {
        room = paced < 1 ? 1 : (size_t)paced;
    }
    return room < want ? room : want;
}

/* The pace of a recipient domain; when all places are taken the fullest wins by being shared. */
static struct lane_domain *domain_of(struct lane *lane, const char *to)
{
    const char *at = strrchr(to, '@');
    struct lane_domain *d;
    uint64_t hash;

    if (at == NULL || lane->conf->domain_pace.count == 0) {
        return NULL;
    }
    hash = hash_of(lane->dispatch->gateway->hash, str_of(at + 1)) | 1;
    d = &lane->domains[hash % LANE_DOMAINS];
    for (size_t i = 0; i < LANE_DOMAINS && d->hash != hash && d->hash != 0; i++) {
        d = &lane->domains[(hash + i) % LANE_DOMAINS];
    }
    if (d->hash == 0) {
        d->hash = hash;
        init_pace(&d->pace, &lane->conf->domain_pace);
    }
    return d;
}

/* One behind the other, but never so late that better times go unnoticed. */
static bool send_back(int64_t *turn_ms, int64_t wait_ms, int64_t step_ms, int64_t mono_ms,
                      struct lane_refusal *ret)
{
    int64_t turn = *turn_ms + step_ms;

    turn = turn < mono_ms + wait_ms ? mono_ms + wait_ms : turn;
    *turn_ms = turn < mono_ms + TURN_MAX_MS ? turn : mono_ms + TURN_MAX_MS;
    *ret = (struct lane_refusal){.wait_ms = *turn_ms - mono_ms, .message = true};
    return false;
}

static bool refuse_retry(struct lane *lane, struct lane_refusal *ret)
{
    uint64_t spread = rng_below(&lane->dispatch->gateway->rng, 2 * BUDGET_WAIT_MS);

    *ret = (struct lane_refusal){.wait_ms = BUDGET_WAIT_MS + (int64_t)spread, .message = true};
    return false;
}

/* The lane itself is ready; what is left to ask is the message's own. */
static bool take_limits(struct lane *lane, const char *to, bool is_retry, int64_t mono_ms,
                        struct lane_refusal *ret)
{
    struct lane_domain *domain = domain_of(lane, to);
    int64_t wait = domain == NULL ? 0 : pace_wait(&domain->pace, mono_ms);

    if (wait > 0) {
        return send_back(&domain->turn_ms, wait, domain->pace.step_us / 1000, mono_ms, ret);
    }
    if (is_retry && !budget_take(&lane->budget, false, mono_ms)) {
        return refuse_retry(lane, ret);
    }
    if (domain != NULL) {
        (void)pace_take(&domain->pace, mono_ms);
    }
    (void)pace_take(&lane->pace, mono_ms);
    (void)breaker_allow(&lane->breaker, mono_ms, (int)lane->in_flight, 1);
    return true;
}

bool lane_take(struct lane *lane, const char *to, bool is_retry, int64_t mono_ms,
               struct lane_refusal *ret)
{
    *ret = (struct lane_refusal){0};
    if (lane_state(lane, mono_ms, &ret->wait_ms) != ROUTE_READY) {
        return false;
    }
    if (lane->held) {
        lane->probing = true;
    } else if (!take_limits(lane, to, is_retry, mono_ms, ret)) {
        return false;
    }
    if (!is_retry) {
        budget_sent(&lane->budget, mono_ms);
    }
    lane->in_flight++;
    lane_stats(lane)->in_flight = (int64_t)lane->in_flight;
    return true;
}

void lane_take_test(struct lane *lane)
{
    lane->probing = lane->probing || lane->held;
    lane->in_flight++;
    lane_stats(lane)->in_flight = (int64_t)lane->in_flight;
}

static void note_drained(struct lane *lane)
{
    lane_stats(lane)->draining = lane->order == LANE_DRAINING && lane->in_flight > 0;
    if (lane->order == LANE_DRAINING && lane->in_flight == 0 && !lane->drained) {
        lane->drained = true;
        log_info("provider_drained", LOG_S("provider", lane->conf->name));
    }
}

static void leave(struct lane *lane)
{
    lane->in_flight--;
    lane->probing = false;
    lane_stats(lane)->in_flight = (int64_t)lane->in_flight;
    note_drained(lane);
}

void lane_give_back(struct lane *lane, int64_t mono_ms)
{
    leave(lane);
    breaker_unused(&lane->breaker, mono_ms);
}

/* Nothing burns while the account is refused: one message tries again every ten minutes. */
static void hold(struct lane *lane, const struct outcome *outcome, int64_t mono_ms)
{
    struct stats_provider *stats = lane_stats(lane);

    lane->hold_probe_ms = mono_ms + LANE_HOLD_PROBE_MS;
    if (lane->held) {
        return;
    }
    lane->held = true;
    lane->held_ms = gateway_now(lane->dispatch->gateway);
    stats->held = true;
    (void)snprintf(stats->held_reason, sizeof stats->held_reason, "%s %s", outcome->code,
                   outcome->detail);
    log_error("provider_held", LOG_S("provider", lane->conf->name), LOG_S("code", outcome->code),
              LOG_S("detail", outcome->detail),
              LOG_S("remedy", "fix the account, then: hatirlat provider resume NAME; one message "
                              "probes it every ten minutes"));
}

static void lift_hold(struct lane *lane)
{
    if (lane->held) {
        lane->held = false;
        lane_stats(lane)->held = false;
        log_info("provider_released", LOG_S("provider", lane->conf->name));
    }
}

static void say_who(const struct control *c, char *out, size_t size)
{
    char line[sizeof c->by + sizeof c->note + 64];
    char until[32] = "";

    if (c->until_ms != 0) {
        rfc3339_format(c->until_ms, until);
    }
    (void)snprintf(
        line, sizeof line, "%s by %s%s%s%s%s", c->verb == CONTROL_DRAIN ? "drained" : "paused",
        c->by, until[0] != '\0' ? " until " : "", until, c->note[0] != '\0' ? ": " : "", c->note);
    utf8_copy(out, size, str_of(line)); /* a long note may be cut */
}

void lane_steer(struct lane *lane, enum lane_order order, const struct control *control)
{
    struct stats_provider *stats = lane_stats(lane);

    if (order != lane->order) {
        lane->drained = false;
        log_warning(order == LANE_RUNS ? "provider_resumed" : "provider_paused",
                    LOG_S("provider", lane->conf->name),
                    LOG_S("by", control == NULL ? "" : control->by));
    }
    lane->order = order;
    stats->paused = order != LANE_RUNS;
    stats->paused_by[0] = '\0';
    if (order != LANE_RUNS && control != NULL) {
        say_who(control, stats->paused_by, sizeof stats->paused_by);
    }
    note_drained(lane);
}

void lane_lift(struct lane *lane, int64_t at_ms)
{
    if (lane->held && lane->held_ms <= at_ms) {
        lift_hold(lane);
        breaker_init(&lane->breaker, &lane->conf->breaker);
        lane_stats(lane)->circuit_open = false;
    }
}

static void note_breaker(struct lane *lane, enum breaker_state before)
{
    struct stats_provider *stats = lane_stats(lane);

    stats->circuit_open = lane->breaker.state != BREAKER_CLOSED;
    if (before != lane->breaker.state) {
        log_warning("provider_circuit", LOG_S("provider", lane->conf->name),
                    LOG_S("state", breaker_state_name(lane->breaker.state)));
    }
}

void lane_answered(struct lane *lane, unsigned effects, bool was_retry,
                   const struct outcome *outcome, int64_t throttle_mono_ms, int64_t mono_ms)
{
    enum breaker_state before = lane->breaker.state;

    if (lane->held && lane->probing) {
        lane->hold_probe_ms = mono_ms + LANE_HOLD_PROBE_MS; /* unless a success lifts the hold */
    }
    leave(lane);
    headway_answered(&lane->headway, mono_ms);
    if ((effects & EFFECT_SUCCESS) != 0) {
        breaker_success(&lane->breaker);
        budget_success(&lane->budget);
        lift_hold(lane);
    }
    if (was_retry && outcome->class == OUTCOME_SENT) {
        budget_retry_success(&lane->budget);
    }
    if ((effects & EFFECT_FAILURE) != 0) {
        breaker_failure(&lane->breaker, mono_ms, rng_next(&lane->dispatch->gateway->rng));
    }
    if ((effects & EFFECT_HOLD) != 0) {
        hold(lane, outcome, mono_ms);
    }
    if ((effects & EFFECT_THROTTLE) != 0) {
        pace_pause(&lane->pace, throttle_mono_ms);
    }
    note_breaker(lane, before);
}
