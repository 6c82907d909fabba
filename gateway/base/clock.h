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
};

/* The machine's clocks. Static storage, any thread. */
const struct clock *clock_system(void);

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->ctx);
}

static inline int64_t clock_mono_ms(const struct clock *c)
{
    return c->mono_ms(c->ctx);
}
