/*
 * Proleptic Gregorian dates and RFC 3339 instants, in pure arithmetic. Days count from 1970-01-01.
 */
#pragma once

#include "base/str.h"

enum { DAY_MS = 86400000 };

struct civil {
    int year;
    int month; /* 1..12 */
    int day;   /* 1..31 */
    int hour;
    int minute;
    int second;
    int ms;
};

int64_t civil_days(int year, int month, int day);
/* Fills year, month and day; the time of day becomes 0. */
void civil_from_days(int64_t days, struct civil *ret);
/* Splits UTC milliseconds into date and time of day. */
void civil_from_ms(int64_t ms, struct civil *ret);
int64_t civil_to_ms(const struct civil *c);
/* 0 = Sunday .. 6 = Saturday. */
int civil_weekday(int64_t days);
int civil_month_length(int year, int month);

/*
 * "2027-02-20T20:59:59[.123](Z|+03:00)" to UTC milliseconds; years 1970..9999, a leap second is
 * read as :59. ERR_INVALID otherwise. RFC 3339 §5.6.
 */
int rfc3339_parse(struct str s, int64_t *ret_ms);
/* "2027-02-20" to days; ERR_INVALID otherwise. */
int civil_parse_date(struct str s, int64_t *ret_days);
/* Writes "2027-02-20T20:59:59.123Z"; the milliseconds are left out when 0. */
void rfc3339_format(int64_t ms, char out[32]);
