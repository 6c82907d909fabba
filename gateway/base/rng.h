/*
 * A small seeded generator (SplitMix64) for jitter and fault plans: reproducible from its seed,
 * useless for secrets; those come from crypto_random().
 */
#pragma once

#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
    uint64_t z = (r->state += 0x9E3779B97F4A7C15u);

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Uniform in 0..bound-1; 0 when bound is 0. The bias is below 2^-32 for bounds below 2^32. */
static inline uint64_t rng_below(struct rng *r, uint64_t bound)
{
    return bound == 0 ? 0 : rng_next(r) % bound;
}
