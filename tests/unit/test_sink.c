/* The sink's plan of failures, and what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../peers/provider_world.h"
#include "providers/sink.h"
#include "providers/sink_plan.h"

static int read_one(const char *rule, struct sink_plan *plan)
{
    char *items[] = {(char *)(uintptr_t)rule};
    const struct option_strings rules = {items, 1};
    struct err e;

    return sink_plan_read(&rules, 1, plan, &e);
}

static void test_rules(void **state)
{
    static const struct {
        const char *rule;
        enum outcome_class class;
        int64_t share;
        int64_t wait_ms;
    } rows[] = {
        {"down", OUTCOME_DOWN, 10000, 0},
        {"retry:5%", OUTCOME_RETRY, 500, 0},
        {"rejected:0.25%", OUTCOME_REJECTED, 25, 0},
        {"unknown:100%", OUTCOME_UNKNOWN, 10000, 0},
        {"throttled:30s", OUTCOME_THROTTLED, 10000, 30000},
        {"throttled:1%:250ms", OUTCOME_THROTTLED, 100, 250},
        {"throttled:250ms:1%", OUTCOME_THROTTLED, 100, 250},
        {"account:0%", OUTCOME_ACCOUNT, 0, 0},
    };
    static const char *const bad[] = {"",          "sent",       "kaput",     "retry:5",
                                      "retry:%",   "retry:101%", "retry:-5%", "retry:1.234%",
                                      "retry:..%", "retry:5%%",  "retry:abc", "retry:9999999%"};
    struct sink_plan plan;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(read_one(rows[i].rule, &plan), 0);
        assert_int_equal(plan.rules[0].class, rows[i].class);
        assert_int_equal(plan.rules[0].share, rows[i].share);
        assert_int_equal(plan.rules[0].wait_ms, rows[i].wait_ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (read_one(bad[i], &plan) != ERR_INVALID) {
            fail_msg("\"%s\" was accepted", bad[i]);
        }
    }
}

/* Shares are kept, and a fate depends on seed, message and attempt alone. */
static void test_fates(void **state)
{
    char retry[] = "retry:20%";
    char unknown[] = "unknown:5%";
    char *items[] = {retry, unknown};
    const struct option_strings rules = {items, 2};
    struct sink_plan plan;
    struct sink_plan other;
    size_t count[OUTCOME_COUNT] = {0};
    size_t differ = 0;
    struct err e;

    (void)state;
    assert_int_equal(sink_plan_read(&rules, 7, &plan, &e), 0);
    assert_int_equal(sink_plan_read(&rules, 8, &other, &e), 0);
    for (int64_t id = 20000; id > 0; id--) {
        const struct sink_rule *rule = sink_plan_fate(&plan, id, 1);

        assert_ptr_equal(rule, sink_plan_fate(&plan, id, 1));
        count[rule == NULL ? OUTCOME_SENT : rule->class]++;
        differ += (rule == NULL) != (sink_plan_fate(&plan, id, 2) == NULL);
        differ += (rule == NULL) != (sink_plan_fate(&other, id, 1) == NULL);
    }
    assert_in_range(count[OUTCOME_RETRY], 3800, 4200);
    assert_in_range(count[OUTCOME_UNKNOWN], 900, 1100);
    assert_true(differ > 10000);
}

/* An answer is lost, not the message: unknown leaves it in the inbox. */
static void test_unknown_is_kept(void **state)
{
    static struct provider_world w;
    char unknown[] = "unknown";
    char *items[] = {unknown};
    struct sink_settings settings = {.fail = {items, 1}, .inbox = true};
    struct err e;

    (void)state;
    provider_world_init(&w, &sink_provider_type);
    assert_int_equal(sink_provider_type.create(&w.host, &settings, &w.provider, &e), 0);
    world_submit(&w, 3);
    assert_true(WORLD_UNTIL(&w, w.done == 3, 5));
    assert_int_equal(w.jobs[0].outcome.class, OUTCOME_UNKNOWN);
    assert_int_equal(w.kept, 3);
    provider_world_finish(&w);
}

static void test_delay(void **state)
{
    static struct provider_world w;
    struct sink_settings settings = {.delay_ms = 50, .inbox = true};
    struct err e;
    uint64_t from;

    (void)state;
    provider_world_init(&w, &sink_provider_type);
    assert_int_equal(sink_provider_type.create(&w.host, &settings, &w.provider, &e), 0);
    uv_update_time(&w.loop); /* the sink counts from the loop's own clock */
    from = uv_hrtime();
    world_submit(&w, 3);
    assert_true(WORLD_UNTIL(&w, w.done == 3, 5));
    assert_true(uv_hrtime() - from >= 45000000u);
    provider_world_finish(&w);
}

/* An idle sink sleeps: without work the loop has nothing to run. */
static void test_idle_sleeps(void **state)
{
    static struct provider_world w;
    struct sink_settings settings = {.inbox = true};
    struct err e;

    (void)state;
    provider_world_init(&w, &sink_provider_type);
    assert_int_equal(sink_provider_type.create(&w.host, &settings, &w.provider, &e), 0);
    world_submit(&w, 3);
    assert_true(WORLD_UNTIL(&w, w.done == 3, 5));
    uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_false(uv_loop_alive(&w.loop));
    provider_world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),           cmocka_unit_test(test_fates),
        cmocka_unit_test(test_unknown_is_kept), cmocka_unit_test(test_delay),
        cmocka_unit_test(test_idle_sleeps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
