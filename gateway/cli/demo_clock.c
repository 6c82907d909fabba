#include "cli/demo_clock.h"

static int64_t wall(void *ctx)
{
    const struct demo_clock *c = ctx;

    return c->wall_ms + (clock_mono_ms(clock_system()) - c->mono_ms) * c->clock.speed;
}

static int64_t mono(void *ctx)
{
    (void)ctx;
    return clock_mono_ms(clock_system());
}

void demo_clock_start(struct demo_clock *c, int64_t wall_ms, int64_t speed)
{
    *c = (struct demo_clock){.clock = {.wall_ms = wall, .mono_ms = mono, .ctx = c, .speed = speed},
                             .wall_ms = wall_ms,
                             .mono_ms = clock_mono_ms(clock_system())};
}

void demo_clock_slow_down(struct demo_clock *c, int64_t wall_ms)
{
    c->mono_ms = clock_mono_ms(clock_system());
    c->wall_ms = wall_ms;
    c->clock.speed = 1;
}
