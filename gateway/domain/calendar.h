/*
 * The office calendar: days in Türkiye, weekends, holidays and half days from an editable file, and
 * the hours in which messages may go out. Pure.
 */
#pragma once

#include "base/buf.h"
#include "base/civil.h"
#include "base/fault.h"

/* Days count from 1970-01-01 as in base/civil.h, but begin at midnight in Türkiye. */
int64_t istanbul_day(int64_t ms);
/* The UTC instant of a minute (0..1440) of a day in Türkiye. */
int64_t istanbul_ms(int64_t day, int minute);
/* Minute of the day, 0..1439. */
int istanbul_minute(int64_t ms);
/* Whole days from now to the day of the end, 0 on the last day, negative afterwards. */
int istanbul_days_left(int64_t now_ms, int64_t end_ms);
/* Writes "2027-02-20". */
void istanbul_date(int64_t day, char out[16]);
/*
 * An RFC 3339 instant, a local time without offset (taken as Türkiye), or a plain date, which
 * means the end of that day in Türkiye, 23:59:59. ERR_INVALID otherwise.
 */
int istanbul_parse_end(struct str s, int64_t *ret_ms);

enum day_kind { DAY_WORKING, DAY_HALF, DAY_WEEKEND, DAY_HOLIDAY };

struct calendar; /* read-only after loading: may be shared between threads */

/*
 * Reads the holiday file (JSONC: {"days":[{"date","name","portion":"full"|"half_pm"}]}; other
 * members inform people). Faults carry pointer, `name` as file, line and column. ERR_INVALID when
 * there are errors.
 */
int calendar_load(struct str text, const char *name, struct calendar **ret, struct faults *faults);
void calendar_destroy(struct calendar *c); /* accepts null */
/* Appends every day off in order: equal texts plan alike. Accepts a null calendar. */
void calendar_spell(const struct calendar *c, struct buf *out);
/* First and last year the file speaks of; 0 when it is empty. Planning beyond them is a guess. */
void calendar_years(const struct calendar *c, int *ret_first, int *ret_last);

/* A null calendar knows no days off: every day is a working day. */
enum day_kind calendar_day(const struct calendar *c, int64_t day);
/* The holiday's name, "" for none. */
const char *calendar_day_name(const struct calendar *c, int64_t day);
/* day itself when something may be sent on it, else the next (step 1) or previous (-1) such day. */
int64_t calendar_working_day(const struct calendar *c, int64_t day, int step);

/* Minutes after midnight in Türkiye. Sending begins at open and stops before close. */
struct send_window {
    int open;
    int close;
    int half_close; /* on half days */
};

/* 09:00, 17:00, 12:30. */
extern const struct send_window send_window_default;

/* Night: outside of these minutes nothing is sent, whatever the window says. */
enum { SEND_EARLIEST = 8 * 60, SEND_LATEST = 20 * 60 };

/* Minutes after midnight between which something may be sent on a day; the night is left out. */
int calendar_opens(const struct send_window *w);
int calendar_closes(const struct calendar *c, const struct send_window *w, int64_t day);
bool calendar_open(const struct calendar *c, const struct send_window *w, int64_t now_ms);
/* now_ms itself when the window is open, else its next opening. */
int64_t calendar_next_send(const struct calendar *c, const struct send_window *w, int64_t now_ms);
