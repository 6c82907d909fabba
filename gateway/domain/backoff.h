/* How long to wait before trying again. Pure: randomness comes in as an argument. */
#pragma once

#include "base/rng.h"

struct backoff {
    int64_t base_ms;
    int64_t cap_ms;
};

enum { WAIT_FLOOR_MS = 1000, WAIT_CEILING_MS = 6 * 3600 * 1000 };

/*
 * Full jitter: uniform in 1..min(cap, base * 2^(attempt-1)); attempt counts from 1. Spreads the
 * retries of many messages that failed together.
 */
int64_t backoff_full(const struct backoff *b, int attempt, struct rng *rng);
/* A wait somebody asked for, clamped to [1 s, 6 h], plus up to half of it. */
int64_t backoff_floor(int64_t wait_ms, struct rng *rng);
