#include "base/civil.h"
#include "text/turkish.h"
#include <inttypes.h>

static const char *const months_tr[] = {"Ocak",   "Şubat",   "Mart",  "Nisan", "Mayıs", "Haziran",
                                        "Temmuz", "Ağustos", "Eylül", "Ekim",  "Kasım", "Aralık"};
static const char *const months_en[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
static const char *const weekdays_tr[] = {"Pazar",    "Pazartesi", "Salı",     "Çarşamba",
                                          "Perşembe", "Cuma",      "Cumartesi"};
static const char *const weekdays_en[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};

int64_t istanbul_days(int64_t utc_ms)
{
    int64_t local = utc_ms + ISTANBUL_OFFSET_MS;

    return local / DAY_MS - (local % DAY_MS < 0 ? 1 : 0);
}

int64_t istanbul_day_start(int64_t days)
{
    return days * DAY_MS - ISTANBUL_OFFSET_MS;
}

const char *date_weekday(int64_t days, bool turkish)
{
    return (turkish ? weekdays_tr : weekdays_en)[civil_weekday(days)];
}

int date_long(int64_t days, bool turkish, struct buf *out)
{
    struct civil c;

    civil_from_days(days, &c);
    if (turkish) {
        return buf_addf(out, "%d %s %d %s", c.day, months_tr[c.month - 1], c.year,
                        date_weekday(days, true));
    }
    return buf_addf(out, "%s %d %s %d", date_weekday(days, false), c.day, months_en[c.month - 1],
                    c.year);
}

int date_short(int64_t days, bool turkish, struct buf *out)
{
    struct civil c;

    civil_from_days(days, &c);
    if (turkish) {
        return buf_addf(out, "%02d.%02d.%04d", c.day, c.month, c.year);
    }
    return buf_addf(out, "%d %.3s %d", c.day, months_en[c.month - 1], c.year);
}

int date_relative(int64_t days_left, bool turkish, struct buf *out)
{
    static const char *const near[][2] = {
        {"expired yesterday", "dün doldu"}, {"today", "bugün"}, {"tomorrow", "yarın"}};

    if (days_left >= -1 && days_left <= 1) {
        return buf_adds(out, near[days_left + 1][turkish]);
    }
    if (days_left > 0) {
        return buf_addf(out, turkish ? "%" PRId64 " gün sonra" : "in %" PRId64 " days", days_left);
    }
    return buf_addf(out, turkish ? "%" PRId64 " gün önce doldu" : "expired %" PRId64 " days ago",
                    -days_left);
}
