/* Which lanes may take a message, and in which order. */
#include "flow/dispatch_state.h"
#include "flow/wording.h"

/* How long others go past a message whose own lanes are full. */
enum { PASS_MAX_MS = 5000 };

static const struct conf_route *route_of(const struct dispatch *d, const struct attempt *a)
{
    const struct settings *s = d->gateway->settings;
    const struct conf_campaign *c = wording_campaign(s, str_of(a->campaign));

    return c != NULL && c->routes[a->job.channel].count > 0 ? &c->routes[a->job.channel]
                                                            : &s->conf->routes[a->job.channel];
}

/*
 * With shares the message itself draws which provider is its first, so that a retry does not wander
 * about; the others stand by in the order of the configuration. SplitMix64's last step mixes ids
 * that follow each other.
 */
static size_t draw(const struct conf_route *route, int64_t message_id)
{
    uint64_t x = (uint64_t)message_id * 0x9e3779b97f4a7c15u;
    uint64_t total = 0;
    size_t i = 0;

    for (size_t k = 0; k < route->count; k++) {
        total += (uint64_t)route->weights[k];
    }
    if (total == 0) {
        return 0;
    }
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 31) % total;
    while (x >= (uint64_t)route->weights[i]) {
        x -= (uint64_t)route->weights[i++];
    }
    return i;
}

static void add_lane(struct dispatch *d, const struct conf_provider *p, struct lane_route *ret)
{
    struct lane *lane = back_end_lane(d, str_of(p->name));

    if (lane != NULL) {
        ret->lanes[ret->count++] = lane;
    }
}

void lane_route_of(struct dispatch *d, const struct attempt *a, struct lane_route *ret)
{
    const struct conf_route *route = route_of(d, a);
    const size_t first = draw(route, a->job.message_id);

    *ret = (struct lane_route){.count = 0};
    if (d->control.pin[a->job.channel] != NULL) {
        ret->lanes[ret->count++] = d->control.pin[a->job.channel];
        return;
    }
    ret->own = route != &d->gateway->settings->conf->routes[a->job.channel] ||
               (route->count > 0 && route->weights[0] > 0);
    if (route->count > 0) {
        add_lane(d, route->list[first], ret);
    }
    for (size_t i = 0; i < route->count; i++) {
        if (i != first) {
            add_lane(d, route->list[i], ret);
        }
    }
}

bool lane_route_other(struct dispatch *d, const struct attempt *a)
{
    const int64_t mono = clock_mono_ms(d->gateway->clock);
    struct lane_route route;
    int64_t wait;

    lane_route_of(d, a, &route);
    for (size_t i = 0; i < route.count; i++) {
        if (route.lanes[i] != a->lane && lane_state(route.lanes[i], mono, &wait) == ROUTE_READY) {
            return true;
        }
    }
    return false;
}

struct lane *lane_route_pick(struct dispatch *d, const struct attempt *a, struct lane_refusal *ret)
{
    const int64_t mono = clock_mono_ms(d->gateway->clock);
    struct route_candidate candidates[ROUTE_MAX];
    struct route_choice choice;
    struct lane_route route;
    unsigned tried = 0;

    lane_route_of(d, a, &route);
    for (size_t i = 0; i < route.count; i++) {
        candidates[i].channel = a->job.channel;
        candidates[i].state = lane_state(route.lanes[i], mono, &candidates[i].wait_ms);
        if (a->path_failed && strcmp(route.lanes[i]->conf->name, a->provider) == 0) {
            tried |= 1u << i;
        }
    }
    route_pick(candidates, route.count, a->job.channel, tried, &choice);
    *ret = (struct lane_refusal){.wait_ms = choice.wait_ms};
    if (choice.index >= 0) {
        struct lane *lane = route.lanes[choice.index];

        return lane_take(lane, a->to, a->attempts > 0, mono, ret) ? lane : NULL;
    }
    if (route.own) { /* its lanes are full, held or broken; those of others may not be */
        ret->message = true;
        ret->wait_ms = choice.wait_ms < PASS_MAX_MS ? choice.wait_ms : PASS_MAX_MS;
    }
    return NULL;
}

/* Whether any route of the channel uses the lane. */
static bool routed(const struct dispatch *d, enum channel channel, const struct lane *lane)
{
    const struct conf *conf = d->gateway->settings->conf;

    for (size_t c = 0; c <= conf->campaign_count; c++) {
        const struct conf_route *route =
            c == 0 ? &conf->routes[channel] : &conf->campaigns[c - 1].routes[channel];

        for (size_t i = 0; i < route->count; i++) {
            if (strcmp(route->list[i]->name, lane->conf->name) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool lane_routes_differ(const struct dispatch *d, enum channel channel)
{
    const struct conf *conf = d->gateway->settings->conf;

    for (size_t c = 0; c < conf->campaign_count; c++) {
        if (conf->campaigns[c].routes[channel].count > 0) {
            return true;
        }
    }
    return conf->routes[channel].count > 0 && conf->routes[channel].weights[0] > 0;
}

/*
 * A lane with its stock is not fetched for; but when another one is, what comes may be the first
 * lane's all the same, and is taken in one go.
 */
size_t lane_routes_room(struct dispatch *d, enum channel channel, size_t want, int64_t *ret_wait_ms)
{
    const int64_t mono = clock_mono_ms(d->gateway->clock);
    bool wanted = false;
    size_t room = 0;

    *ret_wait_ms = INT64_MAX;
    for (size_t i = 0; i < d->lane_count; i++) {
        struct lane *lane = &d->lanes[i];
        int64_t wait;

        if (!routed(d, channel, lane)) {
            continue;
        }
        wanted = lane_fetch_state(lane, mono, &wait) == ROUTE_READY || wanted;
        *ret_wait_ms = wait < *ret_wait_ms ? wait : *ret_wait_ms;
        room += lane_room(lane, mono, want - room);
    }
    return wanted ? room : 0;
}
