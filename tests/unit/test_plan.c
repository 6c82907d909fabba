/* The office calendar and the plan of a certificate, against tests/vectors/tr-holidays.json. */
#include "base/json.h"
#include "domain/campaign.h"
#include "domain/campaign_filter.h"
#include "domain/certificate.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define HOLIDAYS HATIRLAT_SOURCE_DIR "/config/holidays-tr.json"

struct scene {
    struct calendar *calendar;
    struct json_doc *vectors;
};

static void read_holidays(struct buf *text)
{
    FILE *f = fopen(HOLIDAYS, "rb");
    char *room = buf_reserve(text, 1u << 16);

    assert_non_null(f);
    assert_non_null(room);
    buf_commit(text, fread(room, 1, 1u << 16, f));
    (void)fclose(f);
}

static int begin(void **state)
{
    static struct scene scene;
    struct faults faults;
    struct buf text;

    faults_init(&faults);
    buf_init(&text, 1u << 20);
    scene.vectors = vectors_load("tr-holidays.json");
    read_holidays(&text);
    assert_int_equal(calendar_load((struct str){text.data, text.len}, "holidays-tr.json",
                                   &scene.calendar, &faults),
                     0);
    assert_int_equal(faults.total, 0);
    buf_finish(&text);
    faults_finish(&faults);
    *state = &scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    calendar_destroy(scene->calendar);
    json_free(scene->vectors);
    return 0;
}

static int64_t instant(struct str s)
{
    int64_t ms;

    assert_int_equal(rfc3339_parse(s, &ms), 0);
    return ms;
}

static int64_t at(const char *text)
{
    return instant(str_of(text));
}

static int64_t day_of(struct str s)
{
    int64_t day;

    assert_int_equal(civil_parse_date(s, &day), 0);
    return day;
}

static const struct json *list(const struct scene *scene, const char *name)
{
    const struct json *v = json_get(json_root(scene->vectors), name);

    assert_true(json_count(v) > 0);
    return v;
}

static void every_holiday_of_the_vectors_is_in_the_file(void **state)
{
    const struct scene *scene = *state;
    int first;
    int last;

    calendar_years(scene->calendar, &first, &last);
    assert_int_equal(first, 2026);
    assert_int_equal(last, 2028);
    for (const struct json *v = json_first(list(scene, "days")); v != NULL; v = json_next(v)) {
        int64_t day = day_of(json_str(json_get(v, "date")));
        enum day_kind kind = calendar_day(scene->calendar, day);

        if (str_eqs(json_str(json_get(v, "portion")), "full")) {
            assert_int_equal(kind, DAY_HOLIDAY);
        } else {
            assert_true(kind == DAY_HALF || kind == DAY_WEEKEND);
        }
        assert_true(calendar_day_name(scene->calendar, day)[0] != '\0');
    }
}

static void next_send_follows_the_vectors(void **state)
{
    const struct scene *scene = *state;

    for (const struct json *v = json_first(list(scene, "slot_vectors")); v != NULL;
         v = json_next(v)) {
        int64_t now = instant(json_str(json_get(v, "now")));
        int64_t expected = instant(json_str(json_get(v, "next_send")));

        assert_int_equal(calendar_next_send(scene->calendar, &send_window_default, now), expected);
        assert_int_equal(calendar_open(scene->calendar, &send_window_default, now),
                         expected == now);
    }
}

static void check_step(const struct plan_step *step, const struct json *v)
{
    int64_t mark;
    int64_t left;

    assert_int_equal(json_i64(json_get(v, "mark"), &mark), 0);
    assert_int_equal(json_i64(json_get(v, "days_left_on_send"), &left), 0);
    assert_int_equal(step->mark, mark);
    assert_int_equal(step->target, day_of(json_str(json_get(v, "target"))));
    assert_int_equal(step->day, day_of(json_str(json_get(v, "send"))));
    assert_int_equal(step->days_left, left);
    assert_int_equal(step->at_ms, istanbul_ms(step->day, 9 * 60));
    assert_int_equal(step->verdict,
                     json_bool(json_get(v, "suppressed"), false) ? PLAN_CLASH : PLAN_SEND);
    assert_int_equal(step->shift != SHIFT_NONE, step->day != step->target);
}

static void plans_follow_the_vectors(void **state)
{
    const struct scene *scene = *state;

    for (const struct json *v = json_first(list(scene, "plan_vectors")); v != NULL;
         v = json_next(v)) {
        struct plan plan;
        size_t i = 0;
        int64_t expiry;

        assert_int_equal(istanbul_parse_end(json_str(json_get(v, "expiry")), &expiry), 0);
        campaign_plan(&campaign_default, expiry, expiry - 200LL * DAY_MS, scene->calendar, &plan);
        assert_int_equal(plan.opens, day_of(json_str(json_get(v, "window_opens"))));
        assert_int_equal(plan.count, json_count(json_get(v, "plan")));
        for (const struct json *s = json_first(json_get(v, "plan")); s != NULL; s = json_next(s)) {
            check_step(&plan.steps[i++], s);
        }
    }
}

static void utc_and_local_follow_the_vectors(void **state)
{
    const struct scene *scene = *state;

    for (const struct json *v = json_first(list(scene, "utc_vectors")); v != NULL;
         v = json_next(v)) {
        struct str local = json_str(json_get(v, "local"));
        int64_t ms = instant(json_str(json_get(v, "utc")));
        char date[16];

        assert_int_equal(instant(local), ms);
        istanbul_date(istanbul_day(ms), date);
        assert_memory_equal(date, local.ptr, 10);
        assert_int_equal(istanbul_minute(ms), (local.ptr[11] - '0') * 600 +
                                                  (local.ptr[12] - '0') * 60 +
                                                  (local.ptr[14] - '0') * 10 + local.ptr[15] - '0');
    }
}

static void ends_are_read_as_turkish_time(void **state)
{
    static const struct {
        const char *text;
        const char *instant; /* null: refused */
    } table[] = {
        {"2027-02-20", "2027-02-20T20:59:59Z"},
        {"2027-02-20T20:59:59Z", "2027-02-20T20:59:59Z"},
        {"2027-02-20T23:59:59", "2027-02-20T20:59:59Z"},
        {"2027-02-20T10:00:00-05:00", "2027-02-20T15:00:00Z"},
        {"2028-02-29", "2028-02-29T20:59:59Z"},
        {"2027-02-29", NULL},
        {"20.02.2027", NULL},
        {"2027-02-20T25:00:00Z", NULL},
        {"2027-02-20T20:59:59+03:00+03:00", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t ms = 0;
        int rc = istanbul_parse_end(str_of(table[i].text), &ms);

        assert_int_equal(rc == 0, table[i].instant != NULL);
        if (rc == 0) {
            assert_int_equal(ms, at(table[i].instant));
        }
    }
}

static void the_night_is_never_open(void **state)
{
    const struct send_window greedy = {0, 24 * 60, 24 * 60};
    const struct scene *scene = *state;
    int64_t day = day_of(STR("2026-11-23"));

    for (int minute = 0; minute < 24 * 60; minute += 10) {
        int64_t now = istanbul_ms(day, minute);

        assert_int_equal(calendar_open(scene->calendar, &greedy, now),
                         minute >= SEND_EARLIEST && minute < SEND_LATEST);
        assert_true(calendar_open(NULL, &greedy, calendar_next_send(NULL, &greedy, now)));
    }
}

static void three_months_are_clipped_to_the_month(void **state)
{
    static const char *const table[][2] = {
        {"2027-05-31", "2027-02-28"}, {"2028-05-31", "2028-02-29"}, {"2027-01-31", "2026-10-31"},
        {"2027-03-12", "2026-12-12"}, {"2027-02-28", "2026-11-28"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t end;

        assert_int_equal(istanbul_parse_end(str_of(table[i][0]), &end), 0);
        assert_int_equal(campaign_opens(end), day_of(str_of(table[i][1])));
    }
}

/* What goes out of a plan: "90@2026-12-14T06:00:00Z …", an immediate mark with "!". */
static void spell(const struct plan *plan, char out[400])
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_step *s = &plan->steps[i];
        char when[32];

        if (s->verdict == PLAN_SEND) {
            rfc3339_format(s->at_ms, when);
            n += (size_t)snprintf(out + n, 400 - n, "%s%d%s@%s", n > 0 ? " " : "", s->mark,
                                  s->immediate ? "!" : "", when);
        }
    }
}

/* End: 2027-02-20 (a Saturday) 23:59:59 in Türkiye. */
static void a_fact_inside_the_window_sends_the_one_due_mark(void **state)
{
    static const struct {
        const char *now;
        bool window;
        const char *expected;
    } table[] = {
        /* long before: everything at its day */
        {"2026-11-01T10:00:00Z", true,
         "90@2026-11-23T06:00:00Z 60@2026-12-22T06:00:00Z 30@2027-01-21T06:00:00Z "
         "15@2027-02-05T06:00:00Z 7@2027-02-12T06:00:00Z 3@2027-02-17T06:00:00Z "
         "1@2027-02-19T06:00:00Z"},
        /* between two marks, window open: the due one now */
        {"2027-01-25T07:00:00Z", true,
         "30!@2027-01-25T07:00:00Z 15@2027-02-05T06:00:00Z 7@2027-02-12T06:00:00Z "
         "3@2027-02-17T06:00:00Z 1@2027-02-19T06:00:00Z"},
        /* at night: at the next opening */
        {"2027-01-25T20:00:00Z", true,
         "30!@2027-01-26T06:00:00Z 15@2027-02-05T06:00:00Z 7@2027-02-12T06:00:00Z "
         "3@2027-02-17T06:00:00Z 1@2027-02-19T06:00:00Z"},
        /* at night without a window: at once */
        {"2027-01-25T20:00:00Z", false,
         "30!@2027-01-25T20:00:00Z 15@2027-02-05T06:00:00Z 7@2027-02-12T06:00:00Z "
         "3@2027-02-17T06:00:00Z 1@2027-02-19T06:00:00Z"},
        /* on a mark's day before nine: only that mark, not the one before */
        {"2027-02-05T04:00:00Z", false,
         "15@2027-02-05T06:00:00Z 7@2027-02-12T06:00:00Z 3@2027-02-17T06:00:00Z "
         "1@2027-02-19T06:00:00Z"},
        /* the evening before a mark: the due one would fall on the mark's own morning */
        {"2027-02-11T18:00:00Z", true,
         "7@2027-02-12T06:00:00Z 3@2027-02-17T06:00:00Z 1@2027-02-19T06:00:00Z"},
        /* the last day, a Saturday: no window opens before the end */
        {"2027-02-20T09:00:00Z", true, ""},
        {"2027-02-20T09:00:00Z", false, "1!@2027-02-20T09:00:00Z"},
        /* after the end */
        {"2027-02-20T21:00:00Z", false, ""},
        {"2027-03-20T21:00:00Z", true, ""},
    };
    const struct scene *scene = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct campaign_rules rules = campaign_default;
        struct plan plan;
        char text[400];

        rules.has_window = table[i].window;
        rules.window = send_window_default;
        campaign_plan(&rules, at("2027-02-20T20:59:59Z"), at(table[i].now), scene->calendar, &plan);
        spell(&plan, text);
        assert_string_equal(text, table[i].expected);
    }
}

static void deadlines_end_where_the_next_mark_begins(void **state)
{
    const struct scene *scene = *state;
    int64_t end_ms = at("2027-03-12T20:59:59Z");
    struct plan plan;

    campaign_plan(&campaign_default, end_ms, at("2026-10-01T00:00:00Z"), scene->calendar, &plan);
    assert_int_equal(plan.send_count, 6);
    assert_int_equal(plan.steps[4].mark, 7);
    assert_int_equal(plan.steps[4].deadline_ms, plan.steps[6].at_ms); /* mark 3 gave way */
    assert_int_equal(plan.steps[6].deadline_ms, end_ms);
}

/* Whatever the end and the moment: nothing after the end, nothing twice a day, all in order. */
static void every_plan_keeps_its_promises(void **state)
{
    const struct scene *scene = *state;
    int64_t first_end = at("2026-06-01T20:59:59Z");

    for (int i = 0; i < 20000; i++) {
        struct campaign_rules rules = campaign_default;
        int64_t end_ms = first_end + (int64_t)(i % 800) * DAY_MS;
        int64_t now = end_ms - (int64_t)(i * 37 % 130 - 5) * DAY_MS - (int64_t)i * 977 % DAY_MS;
        int64_t last_day = INT64_MIN;
        struct plan plan;

        rules.has_window = i % 3 != 0;
        rules.window = send_window_default;
        campaign_plan(&rules, end_ms, now, i % 5 == 0 ? NULL : scene->calendar, &plan);
        for (size_t k = 0; k < plan.count; k++) {
            const struct plan_step *s = &plan.steps[k];

            if (s->verdict != PLAN_SEND) {
                continue;
            }
            assert_true(s->at_ms >= now && s->at_ms < s->deadline_ms && s->deadline_ms <= end_ms);
            assert_true(s->day > last_day && s->day == istanbul_day(s->at_ms));
            assert_true(s->day >= plan.opens);
            last_day = s->day;
        }
    }
}

/* A day's messages are spread over a time from the opening on; half days stay within their half. */
static void the_spread_keeps_to_the_day(void **state)
{
    const struct scene *scene = *state;
    struct campaign_rules rules = campaign_default;
    bool differ = false;
    int first = -1;

    rules.has_window = true;
    rules.window = send_window_default;
    rules.spread = 8 * 60;
    assert_int_equal(campaign_offset(&campaign_default, 12345), 0);
    for (uint64_t person = 0; person < 500; person++) {
        struct plan plan;

        rules.offset = campaign_offset(&rules, person * 7919);
        assert_in_range(rules.offset, 0, rules.spread - 1);
        campaign_plan(&rules, at("2027-03-12T20:59:59Z"), at("2026-11-02T06:00:00Z"),
                      scene->calendar, &plan);
        for (size_t i = 0; i < plan.count; i++) {
            const struct plan_step *s = &plan.steps[i];

            assert_true(s->verdict != PLAN_SEND ||
                        calendar_open(scene->calendar, &rules.window, s->at_ms));
            assert_int_equal(istanbul_day(s->at_ms), s->day);
        }
        differ |= first >= 0 && first != istanbul_minute(plan.steps[0].at_ms);
        first = istanbul_minute(plan.steps[0].at_ms);
    }
    assert_true(differ);
}

static void what_is_past_due_is_as_the_campaign_says(void **state)
{
    static const struct {
        enum campaign_past_due policy;
        const char *now;
        enum plan_verdict verdict; /* of the mark of 30 days */
        bool ask;
    } list[] = {
        {PAST_DUE_SEND, "2027-05-20T08:00:00Z", PLAN_SEND, false},
        {PAST_DUE_SKIP, "2027-05-20T08:00:00Z", PLAN_SKIPPED, false},
        {PAST_DUE_ASK, "2027-05-20T08:00:00Z", PLAN_SEND, true},
        /* on its very day it is not past */
        {PAST_DUE_SKIP, "2027-05-13T08:00:00Z", PLAN_SEND, false},
        {PAST_DUE_ASK, "2027-05-13T08:00:00Z", PLAN_SEND, false},
        {PAST_DUE_SKIP, "2027-05-12T08:00:00Z", PLAN_SEND, false},
    };
    const struct scene *scene = *state;

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct campaign_rules rules = {.marks = {30, 7}, .mark_count = 2, .has_window = true};
        struct plan plan;

        rules.window = send_window_default;
        rules.past_due = list[i].policy;
        campaign_plan(&rules, at("2027-06-12T20:59:59Z"), at(list[i].now), scene->calendar, &plan);
        assert_int_equal(plan.steps[0].verdict, list[i].verdict);
        assert_int_equal(plan.steps[0].ask, list[i].ask);
        assert_int_equal(plan.steps[1].verdict, PLAN_SEND);
    }
}

/* 29 February ends, and what three months before it is. */
static void leap_days_count(void **state)
{
    struct civil c;

    (void)state;
    civil_from_days(campaign_opens(at("2028-02-29T20:59:59Z")), &c);
    assert_int_equal(c.year * 10000 + c.month * 100 + c.day, 20271129);
    civil_from_days(campaign_opens(at("2028-05-29T20:59:59Z")), &c);
    assert_int_equal(c.year * 10000 + c.month * 100 + c.day, 20280229);
    civil_from_days(campaign_opens(at("2027-05-31T20:59:59Z")), &c);
    assert_int_equal(c.year * 10000 + c.month * 100 + c.day, 20270228);
    assert_int_equal(istanbul_days_left(at("2028-02-28T09:00:00Z"), at("2028-03-01T09:00:00Z")), 2);
    assert_int_equal(istanbul_days_left(at("2027-02-28T09:00:00Z"), at("2027-03-01T09:00:00Z")), 1);
}

/* The zone file of the machine, where there is one, says the same as our constant. */
static void turkey_keeps_its_hour(void **state)
{
    (void)state;
    if (access("/usr/share/zoneinfo/Europe/Istanbul", R_OK) != 0) {
        skip();
    }
    (void)setenv("TZ", "Europe/Istanbul", 1);
    tzset();
    for (int64_t ms = at("2017-01-01T00:00:00Z"); ms < at("2036-01-01T00:00:00Z");
         ms += 7 * 3600000LL) {
        time_t seconds = (time_t)(ms / 1000);
        struct tm tm;

        assert_non_null(localtime_r(&seconds, &tm));
        assert_int_equal(istanbul_minute(ms), tm.tm_hour * 60 + tm.tm_min);
    }
    (void)unsetenv("TZ");
    tzset();
}

static void filters_choose_people(void **state)
{
    static char *const ab[] = {(char *)(uintptr_t) "a", (char *)(uintptr_t) "b"};
    static const struct {
        struct campaign_filter filter;
        bool wanted; /* holder "a", institution "b", unit "", e-Onay active */
    } list[] = {
        {{.series = 0}, true},
        {{.series = 1u << SERIES_A}, true},
        {{.series = 1u << SERIES_E | 1u << SERIES_N}, false},
        {{.institutions = {ab, 2}}, true},
        {{.institutions = {ab, 1}}, false},
        {{.units = {ab, 2}}, false}, /* what is not known passes no list */
        {{.exclude = {ab, 1}}, false},
        {{.include = {ab, 1}}, true},
        {{.include = {ab + 1, 1}}, false}, /* alone: only these */
        {{.include = {ab + 1, 1}, .institutions = {ab + 1, 1}}, true},
        {{.include = {ab, 1}, .institutions = {ab, 1}}, true}, /* whatever the rest says */
        {{.include = {ab, 1}, .exclude = {ab, 1}}, false},
    };
    struct fact known;

    (void)state;
    fact_reset(&known);
    (void)str_copy(known.holder.ref, sizeof known.holder.ref, STR("a"));
    (void)str_copy(known.institution.ref, sizeof known.institution.ref, STR("b"));
    known.eonay = EONAY_ACTIVE;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        assert_int_equal(campaign_wants(&list[i].filter, &known), list[i].wanted);
    }
}

static void marks_are_checked(void **state)
{
    static const int good[] = {90, 30, 7, 0};
    static const int equal[] = {30, 30};
    static const int rising[] = {7, 30};
    static const int negative[] = {7, -1};
    static const int far[] = {1096};

    (void)state;
    assert_true(campaign_check_marks(good, 4));
    assert_false(campaign_check_marks(good, 0));
    assert_false(campaign_check_marks(equal, 2));
    assert_false(campaign_check_marks(rising, 2));
    assert_false(campaign_check_marks(negative, 2));
    assert_false(campaign_check_marks(far, 1));
}

static void broken_holiday_files_name_the_place(void **state)
{
    static const struct {
        const char *text;
        const char *pointer;
        int line;
        size_t errors;
    } table[] = {
        {"{\"days\":[]}", NULL, 0, 0},
        {"{\"days\":{}}", "/days", 1, 1},
        {"[]", "/days", 1, 1},
        {"{\n\"days\":[\n{\"date\":\"2026-02-30\",\"name\":\"x\",\"portion\":\"full\"}]}",
         "/days/0/date", 3, 1},
        {"{\"days\":[{\"date\":\"2026-01-01\",\"name\":\"x\",\"portion\":\"full\"},\n"
         "{\"date\":\"2026-01-02\",\"name\":\"x\",\"portion\":\"hal\"},\n"
         "{\"date\":\"2026-01-03\",\"portion\":\"full\"}]}",
         "/days/1/portion", 2, 2},
        {"{\"days\":[", "", 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct calendar *calendar = NULL;
        struct faults faults;
        int rc;

        faults_init(&faults);
        rc = calendar_load(str_of(table[i].text), "tatil.json", &calendar, &faults);
        assert_int_equal(rc == 0, table[i].errors == 0);
        assert_int_equal(faults.errors, table[i].errors);
        if (rc != 0) {
            assert_null(calendar);
            assert_string_equal(faults.list[0].pointer, table[i].pointer);
            assert_string_equal(faults.list[0].file, "tatil.json");
            assert_int_equal(faults.list[0].line, table[i].line);
        }
        faults_finish(&faults);
        calendar_destroy(calendar);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_holiday_of_the_vectors_is_in_the_file),
        cmocka_unit_test(next_send_follows_the_vectors),
        cmocka_unit_test(plans_follow_the_vectors),
        cmocka_unit_test(utc_and_local_follow_the_vectors),
        cmocka_unit_test(ends_are_read_as_turkish_time),
        cmocka_unit_test(the_night_is_never_open),
        cmocka_unit_test(three_months_are_clipped_to_the_month),
        cmocka_unit_test(a_fact_inside_the_window_sends_the_one_due_mark),
        cmocka_unit_test(deadlines_end_where_the_next_mark_begins),
        cmocka_unit_test(every_plan_keeps_its_promises),
        cmocka_unit_test(the_spread_keeps_to_the_day),
        cmocka_unit_test(what_is_past_due_is_as_the_campaign_says),
        cmocka_unit_test(leap_days_count),
        cmocka_unit_test(turkey_keeps_its_hour),
        cmocka_unit_test(filters_choose_people),
        cmocka_unit_test(marks_are_checked),
        cmocka_unit_test(broken_holiday_files_name_the_place),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
