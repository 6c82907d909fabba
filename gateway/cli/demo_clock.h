/*
 * The demo's clock: begins at a moment of its own and runs faster than the world, until it is told
 * to go on at the world's pace. Loop thread; other threads may read while nobody changes it.
 */
#pragma once

#include "base/clock.h"

struct demo_clock {
    struct clock clock; /* first: what the gateway sees */
    int64_t wall_ms;    /* of the demo … */
    int64_t mono_ms;    /* … at this monotonic moment */
};

/* speed: wall milliseconds in one of the world's. */
void demo_clock_start(struct demo_clock *c, int64_t wall_ms, int64_t speed);
/* From now on, which becomes wall_ms, the time passes as in the world. */
void demo_clock_slow_down(struct demo_clock *c, int64_t wall_ms);
