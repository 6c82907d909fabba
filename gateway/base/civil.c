#include "base/civil.h"

#include "base/err.h"

#include <stdio.h>

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Days from civil: eras of 400 years that begin on 1 March (H. Hinnant's published algorithm). */
int64_t civil_days(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2 ? 1 : 0);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

void civil_from_days(int64_t days, struct civil *ret)
{
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *ret = (struct civil){.day = (int)(doy - (153 * mp + 2) / 5 + 1),
                          .month = (int)(mp < 10 ? mp + 3 : mp - 9)};
    ret->year = (int)(yoe + era * 400 + (ret->month <= 2 ? 1 : 0));
}

void civil_from_ms(int64_t ms, struct civil *ret)
{
    int64_t days = floor_div(ms, DAY_MS);
    int64_t rest = ms - days * DAY_MS;

    civil_from_days(days, ret);
    ret->hour = (int)(rest / 3600000);
    ret->minute = (int)(rest / 60000 % 60);
    ret->second = (int)(rest / 1000 % 60);
    ret->ms = (int)(rest % 1000);
}

int64_t civil_to_ms(const struct civil *c)
{
    return civil_days(c->year, c->month, c->day) * DAY_MS +
           ((c->hour * 60LL + c->minute) * 60 + c->second) * 1000 + c->ms;
}

int civil_weekday(int64_t days)
{
    int64_t w = (days + 4) % 7;

    return (int)(w < 0 ? w + 7 : w);
}

int civil_month_length(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return lengths[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Reads exactly n digits at *pos. */
static bool take_digits(struct str s, size_t *pos, size_t n, int *ret_value)
{
    int value = 0;

    if (*pos + n > s.len) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char c = s.ptr[*pos + i];

        if (!ascii_digit(c)) {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *pos += n;
    *ret_value = value;
    return true;
}

static bool take_char(struct str s, size_t *pos, char c)
{
    if (*pos >= s.len || ascii_upper(s.ptr[*pos]) != c) {
        return false;
    }
    (*pos)++;
    return true;
}

static bool take_date(struct str s, size_t *pos, struct civil *c)
{
    return take_digits(s, pos, 4, &c->year) && take_char(s, pos, '-') &&
           take_digits(s, pos, 2, &c->month) && take_char(s, pos, '-') &&
           take_digits(s, pos, 2, &c->day) && c->year >= 1970 && c->month >= 1 && c->month <= 12 &&
           c->day >= 1 && c->day <= civil_month_length(c->year, c->month);
}

static bool take_time(struct str s, size_t *pos, struct civil *c)
{
    bool ok = take_digits(s, pos, 2, &c->hour) && take_char(s, pos, ':') &&
              take_digits(s, pos, 2, &c->minute) && take_char(s, pos, ':') &&
              take_digits(s, pos, 2, &c->second) && c->hour <= 23 && c->minute <= 59 &&
              c->second <= 60;

    if (ok && c->second == 60) {
        c->second = 59;
    }
    return ok;
}

/* Optional fraction of a second; digits beyond milliseconds are read and dropped. */
static bool take_fraction(struct str s, size_t *pos, struct civil *c)
{
    int scale = 100;
    int digit;

    if (!take_char(s, pos, '.')) {
        return true;
    }
    if (!take_digits(s, pos, 1, &digit)) {
        return false;
    }
    do {
        c->ms += digit * scale;
        scale /= 10;
    } while (take_digits(s, pos, 1, &digit));
    return true;
}

static bool take_offset(struct str s, size_t *pos, int *ret_minutes)
{
    int hours;
    int minutes;
    bool west;

    *ret_minutes = 0;
    if (take_char(s, pos, 'Z')) {
        return true;
    }
    west = take_char(s, pos, '-');
    if (!west && !take_char(s, pos, '+')) {
        return false;
    }
    if (!take_digits(s, pos, 2, &hours) || !take_char(s, pos, ':') ||
        !take_digits(s, pos, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

int rfc3339_parse(struct str s, int64_t *ret_ms)
{
    struct civil c = {0};
    size_t pos = 0;
    int offset;

    if (!take_date(s, &pos, &c) || !take_char(s, &pos, 'T') || !take_time(s, &pos, &c) ||
        !take_fraction(s, &pos, &c) || !take_offset(s, &pos, &offset) || pos != s.len) {
        return ERR_INVALID;
    }
    *ret_ms = civil_to_ms(&c) - offset * 60000LL;
    return 0;
}

int civil_parse_date(struct str s, int64_t *ret_days)
{
    struct civil c = {0};
    size_t pos = 0;

    if (!take_date(s, &pos, &c) || pos != s.len) {
        return ERR_INVALID;
    }
    *ret_days = civil_days(c.year, c.month, c.day);
    return 0;
}

void rfc3339_format(int64_t ms, char out[32])
{
    struct civil c;
    int n;

    civil_from_ms(ms, &c);
    n = snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute,
                 c.second);
    if (c.ms != 0) {
        n += snprintf(out + n, 32 - (size_t)n, ".%03d", c.ms);
    }
    (void)snprintf(out + n, 32 - (size_t)n, "Z");
}
