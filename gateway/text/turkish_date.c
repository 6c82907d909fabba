#include "base/civil.h"
#include "text/turkish.h"

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

static void add_month(const struct civil *c, const char *month, size_t len, struct buf *out)
{
    (void)buf_add_int(out, c->day, 1);
    (void)buf_addc(out, ' ');
    (void)buf_add(out, month, len);
    (void)buf_addc(out, ' ');
    (void)buf_add_int(out, c->year, 1);
}

int date_long(int64_t days, bool turkish, struct buf *out)
{
    struct civil c;
    const char *month;

    civil_from_days(days, &c);
    month = (turkish ? months_tr : months_en)[c.month - 1];
    if (!turkish) {
        (void)buf_adds(out, date_weekday(days, false));
        (void)buf_addc(out, ' ');
    }
    add_month(&c, month, strlen(month), out);
    if (turkish) {
        (void)buf_addc(out, ' ');
        (void)buf_adds(out, date_weekday(days, true));
    }
    return buf_failed(out);
}

int date_short(int64_t days, bool turkish, struct buf *out)
{
    struct civil c;

    civil_from_days(days, &c);
    if (!turkish) {
        const char *month = months_en[c.month - 1];

        add_month(&c, month, strnlen(month, 3), out);
        return buf_failed(out);
    }
    (void)buf_add_int(out, c.day, 2);
    (void)buf_addc(out, '.');
    (void)buf_add_int(out, c.month, 2);
    (void)buf_addc(out, '.');
    return buf_add_int(out, c.year, 4);
}

int date_relative(int64_t days_left, bool turkish, struct buf *out)
{
    static const char *const near[][2] = {
        {"expired yesterday", "dün doldu"}, {"today", "bugün"}, {"tomorrow", "yarın"}};
    bool past = days_left < 0;

    if (days_left >= -1 && days_left <= 1) {
        return buf_adds(out, near[days_left + 1][turkish]);
    }
    if (!turkish) {
        (void)buf_adds(out, past ? "expired " : "in ");
    }
    (void)buf_add_int(out, past ? -days_left : days_left, 1);
    if (turkish) {
        return buf_adds(out, past ? " gün önce doldu" : " gün sonra");
    }
    return buf_adds(out, past ? " days ago" : " days");
}

int date_time(int64_t utc_ms, bool turkish, struct buf *out)
{
    const int64_t day = istanbul_days(utc_ms);
    const int64_t minute = (utc_ms - istanbul_day_start(day)) / 60000;

    (void)date_short(day, turkish, out);
    (void)buf_addc(out, ' ');
    (void)buf_add_int(out, minute / 60, 2);
    (void)buf_addc(out, ':');
    (void)buf_add_int(out, minute % 60, 2);
    return buf_failed(out);
}
