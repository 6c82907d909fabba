/* When a digest is made, and to whom it may go. Pure. */
#include "flow/digest.h"

#include "domain/calendar.h"

enum { WEEK = 7, THURSDAY = 3 }; /* 1970-01-01 was one */

static const char *const names[DIGEST_KIND_COUNT] = {"k1", "k2", "bi"};

const char *digest_kind_name(enum digest_kind kind)
{
    return kind < DIGEST_KIND_COUNT ? names[kind] : "?";
}

enum digest_kind digest_kind_parse(struct str s)
{
    enum digest_kind kind = DIGEST_K1;

    while (kind < DIGEST_KIND_COUNT && !str_eqs(s, names[kind])) {
        kind++;
    }
    return kind;
}

bool digest_enabled(const struct conf *conf, enum digest_kind kind)
{
    for (size_t i = 0; i < conf->digests.kinds.count; i++) {
        if (strcmp(conf->digests.kinds.items[i], digest_kind_name(kind)) == 0) {
            return true;
        }
    }
    return false;
}

struct digest_clock digest_clock_of(const struct settings *s)
{
    return (struct digest_clock){s->calendar,
                                 s->conf->has_window ? &s->conf->window : &send_window_default,
                                 s->conf->digests.weekday, s->conf->trial};
}

static int64_t week_of(int64_t day, int weekday)
{
    int64_t behind = (day + THURSDAY - weekday) % WEEK;

    return day - (behind < 0 ? behind + WEEK : behind);
}

/* With no run before, the first week begins on its own day and not in its middle. */
static bool week_is_due(const struct digest_clock *clock, int64_t last, int64_t today,
                        int64_t *ret_period)
{
    *ret_period = week_of(today, clock->weekday);
    if (last != 0 || clock->trial) {
        return *ret_period > last;
    }
    return calendar_working_day(clock->calendar, *ret_period, 1) == today;
}

bool digest_is_due(enum digest_kind kind, const struct digest_clock *clock, int64_t last,
                   int64_t now_ms, int64_t *ret_period)
{
    const int64_t today = istanbul_day(now_ms);

    if (!clock->trial && !calendar_open(clock->calendar, clock->window, now_ms)) {
        return false;
    }
    if (kind == DIGEST_K1) {
        return week_is_due(clock, last, today, ret_period);
    }
    *ret_period = today;
    return today > last;
}

int64_t digest_working_days_after(const struct calendar *calendar, int64_t day, int count)
{
    for (int i = 0; i < count; i++) {
        day = calendar_working_day(calendar, day + 1, 1);
    }
    return day;
}

static bool ends_below(struct str domain, struct str parent)
{
    return domain.len > parent.len + 1 && domain.ptr[domain.len - parent.len - 1] == '.' &&
           str_ieq((struct str){domain.ptr + domain.len - parent.len, parent.len}, parent);
}

bool digest_mailbox_allowed(const struct option_strings *domains, struct str mailbox)
{
    const char *at = mailbox.len == 0 ? NULL : memrchr(mailbox.ptr, '@', mailbox.len);
    struct str domain;

    if (at == NULL) {
        return false;
    }
    domain = (struct str){at + 1, (size_t)(mailbox.ptr + mailbox.len - at - 1)};
    for (size_t i = 0; i < domains->count; i++) {
        struct str wanted = str_of(domains->items[i]);
        bool below = str_starts(wanted, "*.");

        if (below ? ends_below(domain, (struct str){wanted.ptr + 2, wanted.len - 2})
                  : str_ieq(domain, wanted)) {
            return true;
        }
    }
    return false;
}
