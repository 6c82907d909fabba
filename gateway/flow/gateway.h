/*
 * What every use case needs, wired once by app.c: the loop, the clock, the store threads and the
 * immutable settings of the moment. Everything here is touched on the loop thread only, except
 * what a struct settings points to, which is read-only and may be read by any thread that holds it.
 */
#pragma once

#include "base/clock.h"
#include "base/rng.h"
#include "flow/stats.h"
#include "store/store_thread.h"

#include <uv.h>

struct calendar;
struct conf;
struct dispatch;
struct ids;
struct intake;
struct message_set;

/* One consistent set of what an office may change; SIGHUP replaces the whole. */
struct settings {
    const struct conf *conf;
    const struct calendar *calendar;
    const struct message_set *words;
    int holders; /* how many keep it alive; loop thread only */
    void (*release)(struct settings *s);
};

struct gateway {
    uv_loop_t *loop;
    const struct clock *clock;
    struct store_thread *writer;
    struct store_thread *reader;
    struct settings *settings;
    struct ids *ids;
    struct rng rng;
    struct stats stats;
    bool draining; /* shutting down: nothing is claimed anew, nothing accepted */
    struct intake *intake;
    struct dispatch *dispatch;
};

static inline int64_t gateway_now(const struct gateway *g)
{
    return clock_wall_ms(g->clock);
}

static inline struct settings *settings_hold(struct settings *s)
{
    s->holders++;
    return s;
}

static inline void settings_drop(struct settings *s)
{
    if (--s->holders == 0) {
        s->release(s);
    }
}
