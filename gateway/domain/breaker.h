/*
 * Circuit breaker of one path: after some failures in a row nothing is sent for a while, then one
 * probe decides. Times are monotonic ms.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct breaker_rules {
    int failures;         /* in a row before it opens */
    int64_t open_ms;      /* first time it stays open */
    int64_t open_cap_ms;  /* it doubles up to this */
    int slow_start;       /* in flight right after recovery; doubles with each success */
    int64_t probe_max_ms; /* a probe without an outcome for so long counts as lost */
};

/* 5 failures, 10 s to 10 min, slow start at 2, probe 3 min. */
extern const struct breaker_rules breaker_default;

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
    const struct breaker_rules *rules; /* borrowed */
    enum breaker_state state;
    int failures;
    int trips;        /* openings since the last recovery */
    int64_t until_ms; /* OPEN: when a probe may go; HALF_OPEN: when the probe counts as lost */
    int limit;        /* slow start: how many may be in flight; 0 for no bound */
};

void breaker_init(struct breaker *b, const struct breaker_rules *rules);
/*
 * How many more messages may be submitted now while in_flight are under way; at most want. When it
 * is half open one call gets 1 (the probe) and the others 0: call only when really submitting.
 */
int breaker_allow(struct breaker *b, int64_t now_ms, int in_flight, int want);
/* The probe that breaker_allow() gave out was not submitted after all: another may go. */
void breaker_unused(struct breaker *b, int64_t now_ms);
void breaker_success(struct breaker *b);
/* random: any number, spreads the end of the opening by up to a quarter. */
void breaker_failure(struct breaker *b, int64_t now_ms, uint64_t random);
/* When to look again: 0 when something may be submitted now. */
int64_t breaker_wait(const struct breaker *b, int64_t now_ms);
const char *breaker_state_name(enum breaker_state s);
