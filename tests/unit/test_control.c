/* Controls, releases and the guard's rules over the memory store. */
#include "flow/campaign_view.h"
#include "flow/control.h"
#include "flow/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HOUR_MS = 3600000, LONG_DAY_MS = 86400000 };

static const int64_t t0 = 1800000000000;

static int setup(void **state)
{
    struct store *s = NULL;
    struct err e = {0};

    assert_int_equal(store_memory_open(&s, &e), 0);
    assert_int_equal(store_begin(s, &e), 0);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    store_close(*state);
    return 0;
}

static void put(struct store *s, const char *subject, enum control_verb verb, int64_t at,
                int64_t until)
{
    struct control c = {.verb = verb, .at_ms = at, .until_ms = until};
    struct err e = {0};

    (void)str_copy(c.subject, sizeof c.subject, str_of(subject));
    (void)str_copy(c.by, sizeof c.by, STR("key:panel"));
    (void)str_copy(c.note, sizeof c.note, STR("bakım \"öğlene\" kadar"));
    assert_int_equal(control_put(s, &c, &e), 0);
}

static struct controls *picture(struct store *s, int64_t now)
{
    struct controls *c = NULL;
    struct err e = {0};

    if (controls_read(s, now, &c, &e) != 0) {
        fail_msg("%s", e.text);
    }
    return c;
}

static void a_control_comes_back_as_it_was(void **state)
{
    struct store *s = *state;
    struct control c;

    put(s, "campaign:bitis", CONTROL_PAUSE, t0, t0 + HOUR_MS);
    assert_int_equal(control_get(s, "campaign:bitis", t0, &c, NULL), 0);
    assert_int_equal(c.verb, CONTROL_PAUSE);
    assert_string_equal(c.by, "key:panel");
    assert_string_equal(c.note, "bakım \"öğlene\" kadar");
    assert_int_equal(c.at_ms, t0);
    assert_int_equal(c.until_ms, t0 + HOUR_MS);
    assert_int_equal(control_get(s, "campaign:bitis", t0 + HOUR_MS - 1, &c, NULL), 0);
    assert_int_equal(control_get(s, "campaign:bitis", t0 + HOUR_MS, &c, NULL), ERR_NOT_FOUND);
    assert_int_equal(control_get(s, "campaign:other", t0, &c, NULL), ERR_NOT_FOUND);
    assert_int_equal(control_remove(s, "campaign:bitis", NULL), 0);
    assert_int_equal(control_remove(s, "campaign:bitis", NULL), 0);
    assert_int_equal(control_get(s, "campaign:bitis", t0, &c, NULL), ERR_NOT_FOUND);
}

static void subjects_have_a_bound(void **state)
{
    char out[CONTROL_SUBJECT_MAX + 1];
    char name[CONTROL_SUBJECT_MAX + 2];

    (void)state;
    memset(name, 'a', sizeof name);
    name[CONTROL_SUBJECT_MAX - 2] = '\0';
    assert_int_equal(control_subject(out, "c", str_of(name)), 0);
    name[CONTROL_SUBJECT_MAX - 2] = 'a';
    name[CONTROL_SUBJECT_MAX - 1] = '\0';
    assert_int_equal(control_subject(out, "c", str_of(name)), ERR_LIMIT);
}

static void the_picture_shows_what_is_in_force(void **state)
{
    struct store *s = *state;
    struct controls *c;

    put(s, "channel:sms", CONTROL_PAUSE, t0, t0 + HOUR_MS);
    put(s, "campaign:old", CONTROL_PAUSE, t0 - 5, t0);
    put(s, "provider:netgsm", CONTROL_DRAIN, t0, 0);
    c = picture(s, t0);
    assert_int_equal(c->count, 2);
    assert_non_null(controls_channel(c, CHANNEL_SMS, t0));
    assert_null(controls_channel(c, CHANNEL_EMAIL, t0));
    assert_null(controls_channel(c, CHANNEL_SMS, t0 + HOUR_MS));
    assert_null(controls_find(c, "campaign:old", t0));
    assert_int_equal(controls_find(c, "provider:netgsm", t0)->verb, CONTROL_DRAIN);
    assert_int_equal(controls_next_ms(c, t0), t0 + HOUR_MS);
    assert_int_equal(controls_next_ms(c, t0 + HOUR_MS), INT64_MAX);
    controls_drop(c);
    put(s, "all", CONTROL_PAUSE, t0, 0);
    c = picture(s, t0);
    assert_non_null(controls_channel(c, CHANNEL_EMAIL, t0));
    controls_drop(c);
    assert_null(controls_find(NULL, "all", t0));
}

static void the_picture_has_a_bound(void **state)
{
    struct store *s = *state;
    struct controls *c = NULL;
    struct err e = {0};
    char subject[40];

    for (int i = 0; i <= CONTROLS_MAX; i++) {
        if (i == CONTROLS_MAX) {
            controls_drop(picture(s, t0));
        }
        (void)snprintf(subject, sizeof subject, "campaign:c%03d", i);
        put(s, subject, CONTROL_PAUSE, t0, 0);
    }
    assert_int_equal(controls_read(s, t0, &c, &e), ERR_LIMIT);
}

/* ---- releases and the gate ---- */

static void release(struct store *s, const char *campaign, enum conf_release mode, int64_t at,
                    int64_t from, int64_t until)
{
    struct release r = {.mode = mode, .at_ms = at, .from_ms = from, .until_ms = until};
    struct err e = {0};

    (void)str_copy(r.campaign, sizeof r.campaign, str_of(campaign));
    (void)str_copy(r.by, sizeof r.by, STR("İrem Çağlar"));
    (void)str_copy(r.reference, sizeof r.reference, STR("2026/17"));
    assert_int_equal(release_put(s, &r, &e), 0);
}

static void what_a_release_covers(void **state)
{
    static const struct {
        enum conf_release mode;
        int64_t created;
        int64_t now;
        bool covered;
    } cases[] = {
        {CONF_RELEASE_EACH, -1, 0, true},       {CONF_RELEASE_EACH, 0, 0, true},
        {CONF_RELEASE_EACH, 1, 5, false},       {CONF_RELEASE_EACH, -1, 100, true},
        {CONF_RELEASE_EACH, -1, 101, false},    {CONF_RELEASE_STANDING, 50, 60, true},
        {CONF_RELEASE_STANDING, 50, -1, false}, {CONF_RELEASE_STANDING, -500, 0, true},
        {CONF_RELEASE_STANDING, 50, 100, true}, {CONF_RELEASE_STANDING, 50, 101, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct release r = {
            .mode = cases[i].mode, .at_ms = t0, .from_ms = t0, .until_ms = t0 + 100};

        assert_int_equal(release_covers(&r, t0 + cases[i].created, t0 + cases[i].now),
                         cases[i].covered);
    }
}

static char free_name[] = "serbest";
static char each_name[] = "tek";
static char standing_name[] = "sureli";

static struct conf_campaign campaigns[] = {
    {.name = free_name, .release = CONF_RELEASE_NONE},
    {.name = each_name, .release = CONF_RELEASE_EACH},
    {.name = standing_name, .release = CONF_RELEASE_STANDING}};
static const struct conf conf = {.campaigns = campaigns, .campaign_count = 3};

static void expect_gate(struct store *s, const char *campaign, int64_t created, int64_t now,
                        enum control_gate gate)
{
    struct controls *c = picture(s, now);

    assert_int_equal(controls_gate(c, &conf, str_of(campaign), created, now), gate);
    controls_drop(c);
}

static void the_gate(void **state)
{
    struct store *s = *state;

    expect_gate(s, "", t0, t0, GATE_OPEN);
    expect_gate(s, "notice", t0, t0, GATE_OPEN);
    expect_gate(s, "serbest", t0, t0, GATE_OPEN);
    expect_gate(s, "tek", t0, t0, GATE_AWAITING);
    expect_gate(s, "sureli", t0, t0, GATE_AWAITING);
    release(s, "tek", CONF_RELEASE_EACH, t0, t0, t0 + LONG_DAY_MS);
    release(s, "sureli", CONF_RELEASE_STANDING, t0, t0 + HOUR_MS, t0 + LONG_DAY_MS);
    expect_gate(s, "tek", t0, t0 + 5, GATE_OPEN);
    expect_gate(s, "tek", t0 + 1, t0 + 5, GATE_AWAITING);
    expect_gate(s, "sureli", t0 + 1, t0 + 5, GATE_AWAITING);
    expect_gate(s, "sureli", t0 + 1, t0 + HOUR_MS, GATE_OPEN);
    put(s, "campaign:tek", CONTROL_PAUSE, t0, t0 + 50);
    expect_gate(s, "tek", t0, t0 + 5, GATE_PAUSED);
    expect_gate(s, "tek", t0, t0 + 50, GATE_OPEN);
    put(s, "campaign:serbest", CONTROL_CANCEL, t0, 0);
    expect_gate(s, "serbest", t0, t0 + 5, GATE_CANCELLED);
    put(s, "campaign:notice", CONTROL_PAUSE, t0, 0);
    expect_gate(s, "notice", t0, t0 + 5, GATE_PAUSED);
}

static int count_release(void *ctx, const struct release *r)
{
    size_t *count = ctx;

    assert_string_equal(r->by, "İrem Çağlar");
    assert_string_equal(r->reference, "2026/17");
    ++*count;
    return 0;
}

/* Years of releases cost nothing: only those that still cover something are kept in memory. */
static void many_releases(void **state)
{
    struct store *s = *state;
    struct controls *c;
    size_t count = 0;

    for (int i = 0; i < 700; i++) {
        int64_t at = t0 + i * (int64_t)LONG_DAY_MS;

        release(s, "tek", CONF_RELEASE_EACH, at, at, at + 92LL * LONG_DAY_MS);
    }
    release(s, "aaa", CONF_RELEASE_STANDING, t0, t0, t0 + 800LL * LONG_DAY_MS);
    c = picture(s, t0 + 700LL * LONG_DAY_MS);
    assert_int_equal(c->release_count, 2);
    controls_drop(c);
    assert_int_equal(release_list(s, STR("tek"), 0, count_release, &count, NULL), 0);
    assert_int_equal(count, 700);
    count = 0;
    assert_int_equal(release_list(s, STR("tek"), 3, count_release, &count, NULL), 0);
    assert_int_equal(count, 3);
}

/* Renewed every day for a year ahead: the newest is enough. */
static void a_standing_release_renewed_every_day(void **state)
{
    struct store *s = *state;
    struct controls *c;

    for (int i = 0; i < 300; i++) {
        int64_t at = t0 + i * (int64_t)LONG_DAY_MS;

        release(s, "tek", CONF_RELEASE_STANDING, at, at, at + 366LL * LONG_DAY_MS);
    }
    c = picture(s, t0 + 300LL * LONG_DAY_MS);
    assert_int_equal(c->release_count, 1);
    assert_true(c->releases[0].at_ms == t0 + 299LL * LONG_DAY_MS);
    controls_drop(c);
}

/* Two at the same moment are both told. */
static void releases_of_one_moment(void **state)
{
    size_t count = 0;

    release(*state, "tek", CONF_RELEASE_EACH, t0, t0, t0 + 5);
    release(*state, "tek", CONF_RELEASE_EACH, t0, t0, t0 + 5);
    assert_int_equal(release_list(*state, STR(""), 0, count_release, &count, NULL), 0);
    assert_int_equal(count, 2);
}

static void what_the_numbers_of_a_campaign_mean(void **state)
{
    static const struct {
        int campaign; /* 0 free, 1 each */
        bool covered;
        int64_t planned, queued, awaiting, paused, sending, accepted, failed;
        bool cancelled;
        enum campaign_state expected;
    } cases[] = {
        {.campaign = 0, .expected = CAMPAIGN_DRAFT},
        {.campaign = 1, .expected = CAMPAIGN_DRAFT},
        {.campaign = 0, .planned = 5, .expected = CAMPAIGN_RELEASED},
        {.campaign = 0, .planned = 5, .paused = 1, .expected = CAMPAIGN_RELEASED},
        {.campaign = 0, .planned = 5, .queued = 1, .expected = CAMPAIGN_SENDING},
        {.campaign = 0, .planned = 5, .accepted = 1, .expected = CAMPAIGN_SENDING},
        {.campaign = 0, .sending = 1, .expected = CAMPAIGN_SENDING},
        {.campaign = 0, .accepted = 5, .failed = 2, .expected = CAMPAIGN_DONE},
        {.campaign = 1, .planned = 5, .expected = CAMPAIGN_AWAITING},
        {.campaign = 1, .planned = 5, .covered = true, .expected = CAMPAIGN_RELEASED},
        {.campaign = 1, .awaiting = 1, .covered = true, .expected = CAMPAIGN_AWAITING},
        {.campaign = 1, .awaiting = 1, .accepted = 9, .expected = CAMPAIGN_AWAITING},
        {.campaign = 1, .accepted = 9, .expected = CAMPAIGN_DONE},
        {.campaign = 0, .planned = 5, .cancelled = true, .expected = CAMPAIGN_CANCELLED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct campaign_view v = {.conf = &campaigns[cases[i].campaign],
                                  .covered = cases[i].covered,
                                  .has_control = cases[i].cancelled,
                                  .control = {.verb = CONTROL_CANCEL}};

        v.counts[MESSAGE_PLANNED] = cases[i].planned;
        v.counts[MESSAGE_QUEUED] = cases[i].queued;
        v.counts[MESSAGE_HELD] = cases[i].awaiting + cases[i].paused;
        v.counts[MESSAGE_SENDING] = cases[i].sending;
        v.counts[MESSAGE_ACCEPTED] = cases[i].accepted;
        v.counts[MESSAGE_FAILED] = cases[i].failed;
        v.held[0] = (struct campaign_reason){"awaiting_release", cases[i].awaiting};
        v.reasons = 1;
        assert_string_equal(campaign_state_name(campaign_state_of(&v)),
                            campaign_state_name(cases[i].expected));
    }
}

/* ---- the guard ---- */

static void when_the_guard_stops(void **state)
{
    static const struct {
        struct guard_rules rules;
        struct guard_facts facts;
        enum guard_verdict verdict;
    } cases[] = {
        {{0}, {.sent = 1000000, .kurus = 1000000, .settled = 100, .failed = 100}, GUARD_GO},
        {{.daily_limit = 10}, {.sent = 9}, GUARD_GO},
        {{.daily_limit = 10}, {.sent = 10}, GUARD_LIMIT},
        {{.daily_budget = 500}, {.kurus = 499}, GUARD_GO},
        {{.daily_budget = 500}, {.kurus = 500}, GUARD_BUDGET},
        {{.failure_percent = 50}, {.settled = 19, .failed = 19}, GUARD_GO},
        {{.failure_percent = 50}, {.settled = 20, .failed = 9}, GUARD_GO},
        {{.failure_percent = 50}, {.settled = 20, .failed = 10}, GUARD_FAILURES},
        {{.blast_factor = 10}, {.sent = 5000, .usual = 20, .days = 4}, GUARD_GO},
        {{.blast_factor = 10}, {.sent = 199, .usual = 20, .days = 5}, GUARD_GO},
        {{.blast_factor = 10}, {.sent = 200, .usual = 20, .days = 5}, GUARD_BLAST},
        {{.blast_factor = 10}, {.sent = 99, .usual = 2, .days = 14}, GUARD_GO},
        {{.blast_factor = 10}, {.sent = 100, .usual = 2, .days = 14}, GUARD_BLAST},
    };
    char text[GUARD_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum guard_verdict v = guard_judge(&cases[i].rules, &cases[i].facts);

        assert_string_equal(guard_verdict_name(v), guard_verdict_name(cases[i].verdict));
        for (int turkish = 0; turkish < 2; turkish++) {
            guard_sentence(v, &cases[i].rules, &cases[i].facts, turkish != 0, text);
            assert_int_equal(text[0] == '\0', v == GUARD_GO);
        }
    }
}

static void the_median(void **state)
{
    int64_t values[] = {9, 1, 5, 100, 7};

    (void)state;
    assert_int_equal(guard_median(values, 5), 7);
    assert_int_equal(guard_median(values, 4), 5);
    assert_int_equal(guard_median(values, 1), 1);
    assert_int_equal(guard_median(values, 0), 0);
}

static void days_are_kept(void **state)
{
    struct store *s = *state;
    struct guard_day day;
    struct err e = {0};
    int64_t usual;
    size_t days;

    for (int i = 0; i < 20; i++) {
        const struct guard_day delta = {.day = 20000 + 2 * i, .sent = 10 + i, .kurus = 21};

        assert_int_equal(guard_day_add(s, "bitis", &delta, &e), 0);
    }
    assert_int_equal(
        guard_day_add(s, "bitis", &(struct guard_day){.day = 20000, .sent = -3, .failed = 2}, &e),
        0);
    assert_int_equal(guard_day_get(s, "bitis", 20000, &day, &e), 0);
    assert_int_equal(day.sent, 7);
    assert_int_equal(day.kurus, 21);
    assert_int_equal(day.failed, 2);
    assert_int_equal(guard_day_get(s, "bitis", 20001, &day, &e), 0);
    assert_int_equal(day.sent, 0);
    assert_int_equal(guard_usual(s, "bitis", 20038, &usual, &days, &e), 0); /* 15 … 28, today 29 */
    assert_int_equal(days, 14);
    assert_int_equal(usual, 21);
    assert_int_equal(guard_usual(s, "biti", 20038, &usual, &days, &e), 0);
    assert_int_equal(days, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_control_comes_back_as_it_was, setup, teardown),
        cmocka_unit_test(subjects_have_a_bound),
        cmocka_unit_test_setup_teardown(the_picture_shows_what_is_in_force, setup, teardown),
        cmocka_unit_test_setup_teardown(the_picture_has_a_bound, setup, teardown),
        cmocka_unit_test(what_a_release_covers),
        cmocka_unit_test_setup_teardown(the_gate, setup, teardown),
        cmocka_unit_test_setup_teardown(many_releases, setup, teardown),
        cmocka_unit_test_setup_teardown(a_standing_release_renewed_every_day, setup, teardown),
        cmocka_unit_test_setup_teardown(releases_of_one_moment, setup, teardown),
        cmocka_unit_test(what_the_numbers_of_a_campaign_mean),
        cmocka_unit_test(when_the_guard_stops),
        cmocka_unit_test(the_median),
        cmocka_unit_test_setup_teardown(days_are_kept, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
