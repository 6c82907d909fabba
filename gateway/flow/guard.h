/*
 * The blast guard: rules that stop a campaign by itself when today is far above the usual, when too
 * many messages fail, or when the day's limit or budget is used up. The rules are pure; what a
 * campaign did on each day is kept with the data (RECORD_DAY, key: campaign "/" day in 6 digits),
 * so that a restart forgets nothing.
 */
#pragma once

#include "store/store_record.h"

enum {
    GUARD_USUAL_DAYS = 14, /* sending days that make the usual day */
    GUARD_USUAL_MIN = 5,   /* with fewer nobody can say what is usual */
    GUARD_FLOOR = 100,     /* messages a day that are never a blast */
    GUARD_WINDOW_MIN = 15, /* minutes over which failures are counted */
    GUARD_SAMPLE = 20,     /* messages that make a share of failures worth a stop */
    GUARD_TEXT_MAX = 240
};

struct guard_rules {
    int64_t blast_factor;    /* times the usual day, 0 for never */
    int64_t daily_limit;     /* messages, 0 for no limit */
    int64_t daily_budget;    /* kuruş for SMS, 0 for no limit */
    int64_t failure_percent; /* share of failures that stops, 0 for never */
};

struct guard_facts {
    int64_t sent;    /* messages tried today */
    int64_t kurus;   /* what they cost */
    int64_t usual;   /* median of the last sending days */
    size_t days;     /* how many of those there are, at most GUARD_USUAL_DAYS */
    int64_t settled; /* within the window */
    int64_t failed;
};

enum guard_verdict {
    GUARD_GO,
    GUARD_BLAST,
    GUARD_FAILURES,
    GUARD_LIMIT,
    GUARD_BUDGET,
    GUARD_VERDICT_COUNT
};

/* Whether one more message may go. Pure. */
enum guard_verdict guard_judge(const struct guard_rules *rules, const struct guard_facts *facts);
/* "", "blast", "failures", "daily_limit", "daily_budget". */
const char *guard_verdict_name(enum guard_verdict v);
/* Why it stopped, with the numbers, for people. */
void guard_sentence(enum guard_verdict v, const struct guard_rules *rules,
                    const struct guard_facts *facts, bool turkish, char out[GUARD_TEXT_MAX]);
/* How many messages today would be a blast; INT64_MAX when there is nothing usual yet. */
int64_t guard_blast_at(const struct guard_rules *rules, const struct guard_facts *facts);
/* Limits and budgets are a day's: they open again by themselves. */
bool guard_ends_with_day(enum guard_verdict v);
/* The middle value (the lower of two); values get sorted. 0 for none. */
int64_t guard_median(int64_t *values, size_t count);

/* ---- what was done on which day; synchronous ---- */

struct guard_day {
    int64_t day; /* in Türkiye, since 1970 */
    int64_t sent;
    int64_t kurus;
    int64_t failed;
};

/* Adds to the day of a campaign (negative amounts take back); in a transaction. */
int guard_day_add(struct store *s, const char *campaign, const struct guard_day *delta,
                  struct err *e);
/* The day; all zero when nothing was done. */
int guard_day_get(struct store *s, const char *campaign, int64_t day, struct guard_day *ret,
                  struct err *e);
/* Median of the last sending days before `day`, and how many there were. */
int guard_usual(struct store *s, const char *campaign, int64_t day, int64_t *ret_median,
                size_t *ret_days, struct err *e);
