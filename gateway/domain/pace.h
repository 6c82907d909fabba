/*
 * Rate limit as a generic cell rate algorithm: a rate with a burst in two integers, exact below a
 * millisecond. Times are monotonic ms.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pace {
    int64_t step_us;  /* between two sends at the steady rate; 0 means no limit */
    int64_t slack_us; /* how far ahead a burst may run */
    int64_t next_us;  /* theoretical arrival time of the next send */
};

/* count sends per period_ms, at most burst (1 or more) of them at once; count 0 means no limit. */
void pace_init(struct pace *p, int64_t count, int64_t period_ms, int64_t burst);
/* 0 and the send is taken; else the ms to wait before asking again, and nothing is taken. */
int64_t pace_take(struct pace *p, int64_t now_ms);
/* How many sends could be taken at once now; INT64_MAX without a limit. */
int64_t pace_room(const struct pace *p, int64_t now_ms);
/* Ms until a send could be taken. */
int64_t pace_wait(const struct pace *p, int64_t now_ms);
/* Nothing before until_ms: the provider asked for it. */
void pace_pause(struct pace *p, int64_t until_ms);

/*
 * How fast a path answers, and so how many messages it will have done with before the store can
 * bring the next ones. Only that many are worth handing over early: whatever is in hand when the
 * program dies is in doubt, and no pause reaches it.
 */
struct headway {
    int64_t since_ms; /* start of the measuring window */
    int64_t last_ms;  /* the last answer */
    int64_t count;    /* answers in the window */
    int64_t room;     /* what the last full window came to */
};

void headway_answered(struct headway *h, int64_t now_ms);
/* 0 as soon as the path falls silent. */
int64_t headway_room(const struct headway *h, int64_t now_ms);
/*
 * Most of what may wait behind the provider's own places is there: what is missing is brought
 * later, together, instead of a few messages and a transaction at a time.
 */
bool headway_stocked(size_t in_flight, size_t own, size_t limit);
