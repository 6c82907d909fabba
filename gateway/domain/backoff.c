#include "domain/backoff.h"

int64_t backoff_full(const struct backoff *b, int attempt, struct rng *rng)
{
    int64_t bound = b->base_ms;

    for (int i = 1; i < attempt && bound < b->cap_ms; i++) {
        bound *= 2;
    }
    if (bound > b->cap_ms) {
        bound = b->cap_ms;
    }
    return 1 + (int64_t)rng_below(rng, bound < 1 ? 1 : (uint64_t)bound);
}

int64_t backoff_floor(int64_t wait_ms, struct rng *rng)
{
    if (wait_ms < WAIT_FLOOR_MS) {
        wait_ms = WAIT_FLOOR_MS;
    } else if (wait_ms > WAIT_CEILING_MS) {
        wait_ms = WAIT_CEILING_MS;
    }
    return wait_ms + (int64_t)rng_below(rng, (uint64_t)wait_ms / 2);
}
