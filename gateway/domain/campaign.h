/*
 * The plan of one certificate: which marks (days before the end) are sent, on which day, and why
 * the others are not. Pure.
 *
 * The first mark is the later of end - mark days and end - 3 calendar months, because the renewal
 * window opens then. Marks above 7 days move forward to a working day, marks of 7 and below move
 * back; when two fall on one day the smaller one stays. A fact that comes inside the window sends
 * the one mark it is due for, not the ones it missed.
 */
#pragma once

#include "domain/calendar.h"

enum {
    CAMPAIGN_MARKS_MAX = 16,
    CAMPAIGN_MARK_DAYS_MAX = 1095,
    CAMPAIGN_BACKWARD_MARK = 7,
    CAMPAIGN_WINDOW_MONTHS = 3
};

/* What becomes of a mark whose day had passed when the fact came. */
enum campaign_past_due {
    PAST_DUE_SEND, /* it goes out now, or when the window opens */
    PAST_DUE_SKIP, /* the next mark is the first */
    PAST_DUE_ASK   /* held until a person decides */
};

struct campaign_rules {
    int marks[CAMPAIGN_MARKS_MAX]; /* days before the end, descending, each 0..1095 */
    size_t mark_count;
    bool has_window;
    struct send_window window;
    enum campaign_past_due past_due;
    int spread; /* minutes over which the messages of a day are spread, 0 for none */
    int offset; /* of this person, in minutes after the opening: campaign_offset() */
};

/* 90, 60, 30, 15, 7, 3, 1 without a window. */
extern const struct campaign_rules campaign_default;

enum plan_verdict {
    PLAN_SEND,
    PLAN_CLASH,  /* a smaller mark falls on the same day */
    PLAN_MISSED, /* its time had passed when the fact came; a smaller mark speaks for it */
    PLAN_LATE,   /* no time is left before the end */
    PLAN_SKIPPED /* its day had passed and the campaign does not make up for that */
};

enum plan_shift { SHIFT_NONE, SHIFT_WEEKEND, SHIFT_HOLIDAY };

struct plan_step {
    int mark;
    enum plan_verdict verdict;
    enum plan_shift shift; /* why day is not target */
    int64_t target;        /* the day the mark asks for */
    int64_t day;           /* the day it is sent on */
    int64_t at_ms;
    int64_t deadline_ms; /* the next mark's time, or the end of validity */
    int days_left;       /* on the day of sending */
    bool immediate;      /* due already: it goes out now or at the next opening */
    bool ask;            /* its day had passed: held until a person decides */
};

/* All marks in descending order, those not sent included. */
struct plan {
    struct plan_step steps[CAMPAIGN_MARKS_MAX];
    size_t count;
    size_t send_count;
    int64_t opens; /* the day the renewal window opens */
};

/* "send", "clash", "missed", "late", "skipped". */
const char *plan_verdict_name(enum plan_verdict v);
/* Why, as a sentence. */
const char *plan_verdict_sentence(enum plan_verdict v, bool turkish);
/* "", "weekend", "holiday". */
const char *plan_shift_name(enum plan_shift s);

/*
 * Marks must be descending (campaign_check_marks). A null calendar means that no day is off.
 * Without a window the due mark goes out at once and later ones at 09:00 in Türkiye.
 */
void campaign_plan(const struct campaign_rules *rules, int64_t not_after_ms, int64_t now_ms,
                   const struct calendar *calendar, struct plan *ret);
/*
 * A reminder's step says which certificate under the reference (cycle), which mark, and whether it
 * goes to the holder or, as an escalation, to the holder's institution.
 */
int campaign_step(int mark, int cycle, bool escalation);
int campaign_step_mark(int step);
int campaign_step_cycle(int step);
bool campaign_step_escalates(int step);
/* A person's place within the spread, the same for ever; person is a stable hash of who it is. */
int campaign_offset(const struct campaign_rules *rules, uint64_t person);
/* The day on which renewal becomes possible: 3 calendar months before, clipped to the month. */
int64_t campaign_opens(int64_t not_after_ms);
/* 1..CAMPAIGN_MARKS_MAX marks, strictly descending, each 0..1095. */
bool campaign_check_marks(const int *marks, size_t count);
