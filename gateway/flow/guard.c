#include "flow/guard.h"

#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_SIZE = STORE_NAME_MAX + 16, BODY_MAX = 256 };

static const char *const names[GUARD_VERDICT_COUNT] = {"", "blast", "failures", "daily_limit",
                                                       "daily_budget"};

const char *guard_verdict_name(enum guard_verdict v)
{
    return v < GUARD_VERDICT_COUNT ? names[v] : "?";
}

int64_t guard_blast_at(const struct guard_rules *rules, const struct guard_facts *facts)
{
    int64_t at = facts->usual * rules->blast_factor;

    if (rules->blast_factor == 0 || facts->days < GUARD_USUAL_MIN) {
        return INT64_MAX;
    }
    return at < GUARD_FLOOR ? GUARD_FLOOR : at;
}

static bool failing(const struct guard_rules *rules, const struct guard_facts *facts)
{
    return rules->failure_percent > 0 && facts->settled >= GUARD_SAMPLE &&
           facts->failed * 100 >= facts->settled * rules->failure_percent;
}

enum guard_verdict guard_judge(const struct guard_rules *rules, const struct guard_facts *facts)
{
    if (rules->daily_limit > 0 && facts->sent >= rules->daily_limit) {
        return GUARD_LIMIT;
    }
    if (rules->daily_budget > 0 && facts->kurus >= rules->daily_budget) {
        return GUARD_BUDGET;
    }
    if (failing(rules, facts)) {
        return GUARD_FAILURES;
    }
    return facts->sent >= guard_blast_at(rules, facts) ? GUARD_BLAST : GUARD_GO;
}

bool guard_ends_with_day(enum guard_verdict v)
{
    return v == GUARD_LIMIT || v == GUARD_BUDGET;
}

static void say_share(const struct guard_facts *f, bool turkish, char *out)
{
    (void)snprintf(out, GUARD_TEXT_MAX,
                   turkish ? "Son %d dakikada %" PRId64 " iletiden %" PRId64 " tanesi gitmedi."
                           : "In the last %d minutes, of %" PRId64 " messages %" PRId64
                             " were not sent.",
                   GUARD_WINDOW_MIN, f->settled, f->failed);
}

void guard_sentence(enum guard_verdict v, const struct guard_rules *rules,
                    const struct guard_facts *facts, bool turkish, char out[GUARD_TEXT_MAX])
{
    out[0] = '\0';
    switch (v) {
    case GUARD_BLAST:
        (void)snprintf(out, GUARD_TEXT_MAX,
                       turkish ? "Bugün %" PRId64 " ileti gitti; alışılmış gün %" PRId64
                                 " ileti, sınır %" PRId64 "."
                               : "%" PRId64 " messages went today; a usual day has %" PRId64
                                 ", the limit is %" PRId64 ".",
                       facts->sent, facts->usual, guard_blast_at(rules, facts));
        break;
    case GUARD_FAILURES:
        say_share(facts, turkish, out);
        break;
    case GUARD_LIMIT:
        (void)snprintf(out, GUARD_TEXT_MAX,
                       turkish ? "Bugünkü %" PRId64 " iletilik sınır doldu."
                               : "Today's limit of %" PRId64 " messages is used up.",
                       rules->daily_limit);
        break;
    case GUARD_BUDGET:
        (void)snprintf(out, GUARD_TEXT_MAX,
                       turkish ? "Bugünkü SMS bütçesi (%" PRId64 " kuruş) doldu: %" PRId64 " kuruş."
                               : "Today's SMS budget (%" PRId64 " kuruş) is used up: %" PRId64
                                 " kuruş.",
                       rules->daily_budget, facts->kurus);
        break;
    case GUARD_GO:
    case GUARD_VERDICT_COUNT:
        break;
    }
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

int64_t guard_median(int64_t *values, size_t count)
{
    if (count == 0) {
        return 0;
    }
    qsort(values, count, sizeof values[0], by_value);
    return values[(count - 1) / 2];
}

/* ---- days ---- */

static struct str key_of(const char *campaign, int64_t day, char key[KEY_SIZE])
{
    (void)snprintf(key, KEY_SIZE, "%s/%06" PRId64, campaign, day);
    return str_of(key);
}

static int take_day(void *ctx, const struct record_row *row)
{
    struct guard_day *day = ctx;
    struct json_doc *doc;

    if (json_parse(row->body, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return ERR_CORRUPT;
    }
    day->sent = json_get_i64(json_root(doc), "sent", 0);
    day->kurus = json_get_i64(json_root(doc), "kurus", 0);
    day->failed = json_get_i64(json_root(doc), "failed", 0);
    json_free(doc);
    return 0;
}

int guard_day_get(struct store *s, const char *campaign, int64_t day, struct guard_day *ret,
                  struct err *e)
{
    char key[KEY_SIZE];
    int rc;

    *ret = (struct guard_day){.day = day};
    rc = store_record_get(s, RECORD_DAY, key_of(campaign, day, key), take_day, ret, e);
    if (rc == ERR_CORRUPT) {
        return err_set(e, rc, "the day %s cannot be read", key);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int64_t not_negative(int64_t n)
{
    return n < 0 ? 0 : n;
}

int guard_day_add(struct store *s, const char *campaign, const struct guard_day *delta,
                  struct err *e)
{
    struct guard_day now;
    struct json_writer w;
    struct buf body;
    char key[KEY_SIZE];
    int rc = guard_day_get(s, campaign, delta->day, &now, e);

    if (rc != 0) {
        return rc;
    }
    buf_init(&body, BODY_MAX);
    jsonw_init(&w, &body);
    jsonw_object(&w);
    jsonw_put_i64(&w, "sent", not_negative(now.sent + delta->sent));
    jsonw_put_i64(&w, "kurus", not_negative(now.kurus + delta->kurus));
    jsonw_put_i64(&w, "failed", not_negative(now.failed + delta->failed));
    jsonw_end_object(&w);
    rc = store_record_put_buf(s, RECORD_DAY, key_of(campaign, delta->day, key), &body, campaign, e);
    buf_finish(&body);
    return rc;
}

struct usual_walk {
    int64_t values[GUARD_USUAL_DAYS];
    size_t count;
};

static int collect_usual(void *ctx, const struct record_row *row)
{
    struct usual_walk *w = ctx;
    struct guard_day day = {0};
    int rc = take_day(&day, row);

    if (rc == 0 && day.sent > 0 && w->count < GUARD_USUAL_DAYS) {
        w->values[w->count++] = day.sent;
    }
    return rc;
}

int guard_usual(struct store *s, const char *campaign, int64_t day, int64_t *ret_median,
                size_t *ret_days, struct err *e)
{
    struct usual_walk walk = {.count = 0};
    char prefix[KEY_SIZE];
    char before[KEY_SIZE];
    struct record_range range = {.kind = RECORD_DAY, .backwards = true, .limit = 92};
    int rc;

    (void)snprintf(prefix, sizeof prefix, "%s/", campaign);
    range.prefix = str_of(prefix);
    range.after = key_of(campaign, day, before);
    rc = store_record_list(s, &range, collect_usual, &walk, e);
    *ret_days = walk.count;
    *ret_median = guard_median(walk.values, walk.count);
    return rc == ERR_CORRUPT ? err_set(e, rc, "the days of %s cannot be read", campaign) : rc;
}
