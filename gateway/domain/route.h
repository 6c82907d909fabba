/* Which of a channel's providers takes the next message: the first usable one, in their order. */
#pragma once

#include "domain/channel.h"

#include <stdint.h>

enum { ROUTE_MAX = 8 };

enum route_state {
    ROUTE_READY,
    ROUTE_BUSY,   /* usable, but no room or pace right now: wait for it rather than change over */
    ROUTE_BROKEN, /* breaker open */
    ROUTE_HELD    /* account trouble or paused by a person */
};

struct route_candidate {
    enum channel channel;
    enum route_state state;
    int64_t wait_ms; /* BUSY and BROKEN: when to ask again */
};

struct route_choice {
    int index;       /* of the candidate, -1 for none now */
    int64_t wait_ms; /* when to ask again; INT64_MAX when only a person can help */
    bool held;       /* every provider of the channel is held */
};

/*
 * tried: bit per candidate that already failed this message for a reason of its own (it is passed
 * over while another one can take it).
 */
void route_pick(const struct route_candidate *list, size_t count, enum channel channel,
                unsigned tried, struct route_choice *ret);
