#include "domain/route.h"

static void consider(const struct route_candidate *c, int index, struct route_choice *ret)
{
    if (c->state == ROUTE_HELD) {
        return;
    }
    ret->held = false;
    if (c->state == ROUTE_READY) {
        ret->index = index;
        ret->wait_ms = 0;
    } else if (c->wait_ms < ret->wait_ms) {
        ret->wait_ms = c->wait_ms;
    }
}

/* A busy provider is worth waiting for: what stands behind it is only looked at for broken ones. */
static void walk(const struct route_candidate *list, size_t count, enum channel channel,
                 unsigned skip, struct route_choice *ret)
{
    *ret = (struct route_choice){.index = -1, .wait_ms = INT64_MAX, .held = true};
    for (size_t i = 0; i < count && i < ROUTE_MAX; i++) {
        if (list[i].channel != channel || (skip & 1u << i) != 0) {
            continue;
        }
        consider(&list[i], (int)i, ret);
        if (ret->index >= 0 || list[i].state == ROUTE_BUSY) {
            return;
        }
    }
}

void route_pick(const struct route_candidate *list, size_t count, enum channel channel,
                unsigned tried, struct route_choice *ret)
{
    walk(list, count, channel, tried, ret);
    if (ret->index < 0 && tried != 0) {
        walk(list, count, channel, 0, ret);
    }
}
