/*
 * What every use case needs, wired once by app.c: the loop, the clock, the store threads and the
 * immutable settings of the moment. Everything here is touched on the loop thread only, except
 * what a struct settings points to, which is read-only and may be read by any thread that holds it.
 */
#pragma once

#include "base/clock.h"
#include "base/crypto.h"
#include "base/rng.h"
#include "flow/stats.h"
#include "store/store_thread.h"

#include <uv.h>

struct bounces;
struct dispatch;
struct ids;
struct intake;
struct report_push;
struct rounds;
struct settings;
struct upkeep;

struct gateway {
    uv_loop_t *loop;
    const struct clock *clock;
    struct store_thread *writer;
    struct store_thread *reader;
    struct settings *settings;
    unsigned char key[HASH_KEY_SIZE]; /* of this installation, kept with the data */
    struct ids *ids;                  /* names of messages for the outside */
    struct hash *hash;                /* keyed hashes of recipients, domains, report addresses */
    struct rng rng;
    struct stats stats;
    bool disk_low; /* less than the configured reserve is free: new events are refused */
    bool draining; /* shutting down: nothing is claimed anew, nothing accepted */
    struct intake *intake;
    struct dispatch *dispatch;
    struct bounces *bounces; /* null: nobody reads what comes back */
    struct rounds *rounds;   /* null where nobody starts them */
    struct upkeep *upkeep;   /* the same */
    int64_t kept_day;        /* reports without a message that were kept on this day */
    size_t kept_reports;
    struct report_push *push; /* being read: reports told now belong to it */
};

static inline int64_t gateway_now(const struct gateway *g)
{
    return clock_wall_ms(g->clock);
}
