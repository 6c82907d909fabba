/*
 * Time comes in through this pair of functions, so that tests and the accelerated demo can bring
 * their own. Wall time is UTC milliseconds since 1970; monotonic time has no epoch and never jumps.
 */
#pragma once

#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *ctx);
    int64_t (*mono_ms)(void *ctx);
    void *ctx;
    int64_t speed; /* wall milliseconds in one monotonic one; 0 and 1: as the world has it */
};

/* The machine's clocks. Static storage, any thread. */
const struct clock *clock_system(void);

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->ctx);
}

/* How long the world has to wait until so much wall time has passed; at least 1 ms. */
static inline int64_t clock_wait_ms(const struct clock *c, int64_t wall_ms)
{
    const int64_t ms = c->speed > 1 ? wall_ms / c->speed : wall_ms;

    return ms < 1 ? 1 : ms;
}

/* How much wall time passes meanwhile. */
static inline int64_t clock_span_ms(const struct clock *c, int64_t mono_ms)
{
    return c->speed > 1 ? mono_ms * c->speed : mono_ms;
}

static inline int64_t clock_mono_ms(const struct clock *c)
{
    return c->mono_ms(c->ctx);
}
