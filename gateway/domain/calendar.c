#include "domain/calendar.h"

#include "base/err.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>

/* Türkiye keeps UTC+3 the whole year since 2016; this is the only place that knows. */
enum { OFFSET_MS = 3 * 3600 * 1000, MINUTE_MS = 60000, DAYS_MAX = 4000, SEARCH_DAYS_MAX = 400 };

const struct send_window send_window_default = {9 * 60, 17 * 60, 12 * 60 + 30};

int64_t istanbul_day(int64_t ms)
{
    int64_t local = ms + OFFSET_MS;

    return local / DAY_MS - (local % DAY_MS < 0 ? 1 : 0);
}

int64_t istanbul_ms(int64_t day, int minute)
{
    return day * DAY_MS + (int64_t)minute * MINUTE_MS - OFFSET_MS;
}

int istanbul_minute(int64_t ms)
{
    return (int)((ms - istanbul_ms(istanbul_day(ms), 0)) / MINUTE_MS);
}

int istanbul_days_left(int64_t now_ms, int64_t end_ms)
{
    return (int)(istanbul_day(end_ms) - istanbul_day(now_ms));
}

void istanbul_date(int64_t day, char out[16])
{
    struct civil c;

    civil_from_days(day, &c);
    (void)snprintf(out, 16, "%04u-%02u-%02u", (unsigned)c.year % 10000, (unsigned)c.month % 100,
                   (unsigned)c.day % 100);
}

int istanbul_parse_end(struct str s, int64_t *ret_ms)
{
    char text[48];
    int64_t day;

    if (civil_parse_date(s, &day) == 0) {
        *ret_ms = istanbul_ms(day, 24 * 60) - 1000;
        return 0;
    }
    if (rfc3339_parse(s, ret_ms) == 0) {
        return 0;
    }
    if (s.len + sizeof "+03:00" > sizeof text) {
        return ERR_INVALID;
    }
    (void)snprintf(text, sizeof text, "%.*s+03:00", (int)s.len, s.len == 0 ? "" : s.ptr);
    return rfc3339_parse(str_of(text), ret_ms);
}

struct holiday {
    int64_t day;
    bool half;
    char name[96];
};

struct calendar {
    struct holiday *list; /* by day; a whole holiday stands before a half one of the same day */
    size_t count;
};

static int compare(const void *a, const void *b)
{
    const struct holiday *x = a;
    const struct holiday *y = b;

    if (x->day != y->day) {
        return x->day < y->day ? -1 : 1;
    }
    return (int)x->half - (int)y->half;
}

struct loading {
    const struct json_doc *doc;
    const char *file;
    struct faults *faults;
};

/* Puts the file and the place of v into a fresh fault. */
static void place(const struct loading *l, const struct json *v, struct fault *fault)
{
    struct json_place at = json_place_of(l->doc, v);

    if (fault != NULL) {
        (void)snprintf(fault->file, sizeof fault->file, "%s", l->file);
        fault->line = at.line;
        fault->column = at.column;
    }
}

static void fault_at(const struct loading *l, size_t index, const char *key, const struct json *v,
                     const char *tr, const char *en)
{
    char pointer[48];

    (void)snprintf(pointer, sizeof pointer, "/days/%zu%s", index, key);
    place(l, v, faults_add(l->faults, pointer, "holiday_invalid", "%s%.0s", "%.0s%s", tr, en));
}

static bool read_holiday(const struct loading *l, size_t index, const struct json *v,
                         struct holiday *ret)
{
    struct str portion = json_str(json_get(v, "portion"));
    struct str name = json_str(json_get(v, "name"));

    *ret = (struct holiday){.half = str_eqs(portion, "half_pm")};
    if (civil_parse_date(json_str(json_get(v, "date")), &ret->day) != 0) {
        fault_at(l, index, "/date", v, "\"date\" 2026-10-29 gibi geçerli bir tarih olmalı.",
                 "\"date\" must be a real date like 2026-10-29.");
        return false;
    }
    if (!ret->half && !str_eqs(portion, "full")) {
        fault_at(l, index, "/portion", v, "\"portion\" \"full\" ya da \"half_pm\" olmalı.",
                 "\"portion\" must be \"full\" or \"half_pm\".");
        return false;
    }
    if (name.len == 0 || str_copy(ret->name, sizeof ret->name, name) != 0) {
        fault_at(l, index, "/name", v, "\"name\" gerekli, en çok 95 bayt.",
                 "\"name\" is required, at most 95 bytes.");
        return false;
    }
    return true;
}

static void read_days(const struct loading *l, const struct json *days, struct calendar *c)
{
    size_t index = 0;

    for (const struct json *v = json_first(days); v != NULL; v = json_next(v), index++) {
        if (read_holiday(l, index, v, &c->list[c->count])) {
            c->count++;
        }
    }
    if (c->count > 0) {
        qsort(c->list, c->count, sizeof *c->list, compare);
    }
}

static int build(const struct loading *l, const struct json *root, struct calendar **ret)
{
    const struct json *days = json_get(root, "days");
    size_t count = json_count(days);
    struct calendar *c;

    if (json_type(days) != JSON_ARRAY || count > DAYS_MAX) {
        place(l, root,
              faults_add(l->faults, "/days", "holidays_invalid",
                         "\"days\" en çok %d günlük bir liste olmalı.",
                         "\"days\" must be a list of at most %d days.", (int)DAYS_MAX));
        return ERR_INVALID;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL || (c->list = calloc(count + 1, sizeof *c->list)) == NULL) {
        free(c);
        return ERR_NOMEM;
    }
    read_days(l, days, c);
    *ret = c;
    return 0;
}

int calendar_load(struct str text, const char *name, struct calendar **ret, struct faults *faults)
{
    struct loading l = {NULL, name, faults};
    struct json_limits limits = {1u << 20, 8, 64};
    struct json_doc *doc;
    struct json_place at;
    size_t errors = faults->errors;
    int rc = json_parse(text, JSON_COMMENTS | JSON_POSITIONS, &limits, &doc, &at, NULL);

    *ret = NULL;
    if (rc != 0) {
        struct fault *fault =
            faults_add(faults, "", "not_json", "JSON okunamadı: %1$s%2$.0s",
                       "The JSON cannot be read: %1$.0s%2$s", json_problem_text(at.problem, true),
                       json_problem_text(at.problem, false));

        if (fault != NULL) {
            (void)snprintf(fault->file, sizeof fault->file, "%s", name);
            fault->line = at.line;
            fault->column = at.column;
        }
        return ERR_INVALID;
    }
    l.doc = doc;
    rc = build(&l, json_root(doc), ret);
    json_free(doc);
    if (rc == 0 && faults->errors != errors) {
        calendar_destroy(*ret);
        *ret = NULL;
        rc = ERR_INVALID;
    }
    return rc;
}

void calendar_destroy(struct calendar *c)
{
    if (c != NULL) {
        free(c->list);
        free(c);
    }
}

void calendar_spell(const struct calendar *c, struct buf *out)
{
    (void)buf_adds(out, c == NULL ? "none" : "days");
    for (size_t i = 0; c != NULL && i < c->count; i++) {
        (void)buf_addf(out, " %lld%s", (long long)c->list[i].day, c->list[i].half ? "h" : "");
    }
}

void calendar_years(const struct calendar *c, int *ret_first, int *ret_last)
{
    struct civil first = {0};
    struct civil last = {0};

    if (c != NULL && c->count > 0) {
        civil_from_days(c->list[0].day, &first);
        civil_from_days(c->list[c->count - 1].day, &last);
    }
    *ret_first = first.year;
    *ret_last = last.year;
}

/* The first entry of a day, whole holidays before half ones. */
static const struct holiday *find(const struct calendar *c, int64_t day)
{
    size_t low = 0;
    size_t high = c == NULL ? 0 : c->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (c->list[middle].day < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return c != NULL && low < c->count && c->list[low].day == day ? &c->list[low] : NULL;
}

enum day_kind calendar_day(const struct calendar *c, int64_t day)
{
    const struct holiday *h = find(c, day);
    int weekday = civil_weekday(day);

    if (h != NULL && !h->half) {
        return DAY_HOLIDAY;
    }
    if (c != NULL && (weekday == 0 || weekday == 6)) {
        return DAY_WEEKEND;
    }
    return h == NULL ? DAY_WORKING : DAY_HALF;
}

const char *calendar_day_name(const struct calendar *c, int64_t day)
{
    const struct holiday *h = find(c, day);

    return h == NULL ? "" : h->name;
}

static bool works(const struct calendar *c, int64_t day)
{
    enum day_kind kind = calendar_day(c, day);

    return kind == DAY_WORKING || kind == DAY_HALF;
}

int64_t calendar_working_day(const struct calendar *c, int64_t day, int step)
{
    for (int i = 0; i < SEARCH_DAYS_MAX && !works(c, day); i++) {
        day += step;
    }
    return day;
}

int calendar_opens(const struct send_window *w)
{
    return w->open < SEND_EARLIEST ? SEND_EARLIEST : w->open;
}

int calendar_closes(const struct calendar *c, const struct send_window *w, int64_t day)
{
    int close =
        calendar_day(c, day) == DAY_HALF && w->half_close < w->close ? w->half_close : w->close;

    return close > SEND_LATEST ? SEND_LATEST : close;
}

bool calendar_open(const struct calendar *c, const struct send_window *w, int64_t now_ms)
{
    int64_t day = istanbul_day(now_ms);
    int minute = istanbul_minute(now_ms);

    return works(c, day) && minute >= calendar_opens(w) && minute < calendar_closes(c, w, day);
}

int64_t calendar_next_send(const struct calendar *c, const struct send_window *w, int64_t now_ms)
{
    int64_t day = istanbul_day(now_ms);

    if (calendar_open(c, w, now_ms)) {
        return now_ms;
    }
    for (int i = 0; i < SEARCH_DAYS_MAX; i++) {
        int64_t opening;

        day = calendar_working_day(c, day, 1);
        opening = istanbul_ms(day, calendar_opens(w));
        if (opening > now_ms && calendar_opens(w) < calendar_closes(c, w, day)) {
            return opening;
        }
        day++;
    }
    return istanbul_ms(day, calendar_opens(w));
}
