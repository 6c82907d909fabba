/* Policy: outcome × attempt × deadline; and the limits around a provider. */
#include "base/err.h"
#include "domain/breaker.h"
#include "domain/budget.h"
#include "domain/ids.h"
#include "domain/pace.h"
#include "domain/policy.h"
#include "domain/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { BASE = 30000, CAP = 1800000, REPORT_WAIT = 86400000 };

static const int64_t now_ms = 1795327200000;

static struct policy_message message(void)
{
    return (struct policy_message){.attempts = 1,
                                   .created_ms = now_ms - 1000,
                                   .deadline_ms = now_ms + 86400000,
                                   .urgency = URGENCY_CAMPAIGN,
                                   .on_doubt = DOUBT_RESEND,
                                   .reports = true,
                                   .retry = {BASE, CAP},
                                   .ask_after_ms = 60000,
                                   .report_wait_ms = REPORT_WAIT};
}

static struct decision settle(const struct policy_message *m, enum outcome_class class,
                              int64_t wait_ms)
{
    const struct outcome o = {.class = class, .wait_ms = wait_ms};
    struct rng rng = {1};
    struct decision d;

    policy_settle(m, &o, now_ms, &rng, &d);
    return d;
}

static void each_outcome_names_its_culprit(void **state)
{
    static const struct {
        enum outcome_class class;
        enum message_state to;
        bool counts;
        unsigned flags;
        unsigned effects;
        const char *reason;
    } table[] = {
        {OUTCOME_SENT, MESSAGE_ACCEPTED, true, 0, EFFECT_SUCCESS, ""},
        {OUTCOME_DUPLICATE, MESSAGE_ACCEPTED, true, 0, EFFECT_SUCCESS, "provider_has_it"},
        {OUTCOME_REJECTED, MESSAGE_FAILED, true, 0, EFFECT_SUCCESS, "rejected"},
        {OUTCOME_RETRY, MESSAGE_QUEUED, true, 0, EFFECT_SUCCESS | EFFECT_RETRY_COST, "retry"},
        {OUTCOME_THROTTLED, MESSAGE_QUEUED, false, 0, EFFECT_SUCCESS | EFFECT_THROTTLE,
         "throttled"},
        {OUTCOME_DOWN, MESSAGE_QUEUED, false, 0, EFFECT_FAILURE, "provider_down"},
        {OUTCOME_ACCOUNT, MESSAGE_QUEUED, false, 0, EFFECT_HOLD, "provider_account"},
        {OUTCOME_UNKNOWN, MESSAGE_QUEUED, true, MESSAGE_POSSIBLE_DUPLICATE,
         EFFECT_FAILURE | EFFECT_RETRY_COST, "in_doubt"},
        {OUTCOME_UNTOUCHED, MESSAGE_QUEUED, false, 0, EFFECT_NONE, ""},
    };
    const struct policy_message m = message();

    (void)state;
    assert_int_equal(sizeof table / sizeof table[0], OUTCOME_COUNT);
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        struct decision d = settle(&m, table[i].class, 0);

        assert_int_equal(d.state, table[i].to);
        assert_int_equal(d.counts, table[i].counts);
        assert_int_equal(d.flags, table[i].flags);
        assert_int_equal(d.effects, table[i].effects);
        assert_string_equal(d.reason, table[i].reason);
        assert_true(message_may_move(MESSAGE_SENDING, d.state));
        if (d.state == MESSAGE_QUEUED) {
            assert_true(d.due_ms >= now_ms && d.due_ms < m.deadline_ms);
        }
    }
}

/* outcome × attempt × deadline: the wait stays in its bounds and never reaches the deadline. */
static void no_wait_reaches_the_deadline(void **state)
{
    static const int attempts[] = {1, 2, 3, 7, 8, 40, 1000};
    static const int64_t left[] = {-5, 0, 1, 500, 29999, 600000, 86400000, 30LL * 86400000};

    (void)state;
    for (enum outcome_class class = OUTCOME_SENT; class < OUTCOME_COUNT; class ++) {
        for (size_t a = 0; a < sizeof attempts / sizeof attempts[0]; a++) {
            for (size_t l = 0; l < sizeof left / sizeof left[0]; l++) {
                struct policy_message m = message();
                struct decision d;

                m.attempts = attempts[a];
                m.deadline_ms = now_ms + left[l];
                d = settle(&m, class, 0);
                if (d.state == MESSAGE_QUEUED) {
                    assert_true(d.due_ms >= now_ms && d.due_ms < m.deadline_ms);
                    assert_true(d.due_ms - now_ms <= CAP);
                }
                if (left[l] <= 0) {
                    assert_int_not_equal(d.state, MESSAGE_QUEUED);
                }
                if (left[l] > CAP * 2) {
                    assert_int_not_equal(d.state, MESSAGE_EXPIRED);
                }
                if (d.state == MESSAGE_EXPIRED) {
                    assert_string_equal(d.reason, class == OUTCOME_UNKNOWN ? "deadline_in_doubt"
                                                                           : "deadline");
                    assert_int_equal(d.flags, 0);
                }
            }
        }
    }
}

static void waits_grow_with_attempts_and_spread(void **state)
{
    static const struct {
        int attempt;
        int64_t bound;
    } table[] = {{1, BASE}, {2, 2 * BASE}, {4, 8 * BASE}, {7, CAP}, {500, CAP}};
    const struct backoff b = {BASE, CAP};
    struct rng rng = {3};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t low = INT64_MAX;
        int64_t high = 0;

        for (int k = 0; k < 500; k++) {
            int64_t wait = backoff_full(&b, table[i].attempt, &rng);

            low = wait < low ? wait : low;
            high = wait > high ? wait : high;
        }
        assert_true(low >= 1 && low < table[i].bound / 20);
        assert_true(high <= table[i].bound && high > table[i].bound / 20 * 19);
    }
}

static void urgent_messages_wait_a_minute_at_most(void **state)
{
    struct policy_message m = message();

    (void)state;
    m.urgency = URGENCY_URGENT;
    m.attempts = 20;
    assert_true(settle(&m, OUTCOME_RETRY, 0).due_ms <= now_ms + 60000);
}

static void what_the_provider_asks_for_is_a_floor(void **state)
{
    static const struct {
        int64_t asked;
        int64_t least;
        int64_t most;
    } table[] = {
        {1, 1000, 1500},
        {120000, 120000, 180000},
        {48LL * 3600000, 6LL * 3600000, 9LL * 3600000},
    };
    const struct policy_message m = message();

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct decision d = settle(&m, OUTCOME_THROTTLED, table[i].asked);

        assert_true(d.due_ms >= now_ms + table[i].least && d.due_ms <= now_ms + table[i].most);
        assert_int_equal(d.throttle_until_ms, now_ms + table[i].least);
        d = settle(&m, OUTCOME_RETRY, table[i].asked);
        assert_true(d.due_ms >= now_ms + table[i].least);
    }
    assert_true(settle(&m, OUTCOME_DOWN, 120000).due_ms >= now_ms + 120000);
}

static void doubt_follows_the_policy(void **state)
{
    static const struct {
        enum on_doubt policy;
        bool can_ask;
        int unknowns;
        enum message_state to;
        unsigned flags;
    } table[] = {
        {DOUBT_ASK, true, 0, MESSAGE_UNKNOWN, 0},
        {DOUBT_ASK, true, 1, MESSAGE_UNKNOWN, 0},
        {DOUBT_ASK, false, 0, MESSAGE_QUEUED, MESSAGE_POSSIBLE_DUPLICATE},
        {DOUBT_ASK, false, 1, MESSAGE_HELD, 0},
        {DOUBT_RESEND, true, 0, MESSAGE_QUEUED, MESSAGE_POSSIBLE_DUPLICATE},
        {DOUBT_RESEND, true, 1, MESSAGE_HELD, 0},
        {DOUBT_PARK, true, 0, MESSAGE_HELD, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct policy_message m = message();
        struct rng rng = {1};
        struct decision lost;
        struct decision d;

        m.on_doubt = table[i].policy;
        m.can_ask = table[i].can_ask;
        m.unknowns = table[i].unknowns;
        d = settle(&m, OUTCOME_UNKNOWN, 0);
        policy_lost(&m, now_ms, &rng, &lost);
        assert_int_equal(d.state, table[i].to);
        assert_int_equal(d.flags, table[i].flags);
        assert_true((d.effects & EFFECT_FAILURE) != 0);
        assert_int_equal(lost.state, table[i].to);
        assert_int_equal(lost.flags, table[i].flags);
        assert_int_equal(lost.effects & EFFECT_FAILURE, 0);
        if (d.state == MESSAGE_UNKNOWN) {
            assert_int_equal(d.lease_ms, now_ms + 60000);
        }
    }
}

/* Nobody can be asked, but a report would come by itself and name our reference. */
static void doubt_waits_for_a_report_that_comes_by_itself(void **state)
{
    struct policy_message m = message();
    struct decision d;

    (void)state;
    m.on_doubt = DOUBT_ASK;
    m.told_unasked = true;
    d = settle(&m, OUTCOME_UNKNOWN, 0);
    assert_int_equal(d.state, MESSAGE_UNKNOWN);
    assert_int_equal(d.lease_ms, now_ms + POLICY_REPORT_WINDOW_MS);
    assert_int_equal(d.flags, 0);
    m.waited = true;
    d = settle(&m, OUTCOME_UNKNOWN, 0);
    assert_int_equal(d.state, MESSAGE_QUEUED);
    assert_int_equal(d.flags, MESSAGE_POSSIBLE_DUPLICATE);
    m.on_doubt = DOUBT_RESEND;
    m.waited = false;
    assert_int_equal(settle(&m, OUTCOME_UNKNOWN, 0).state, MESSAGE_QUEUED);
}

static void only_a_clear_answer_ends_a_question(void **state)
{
    static const struct {
        enum outcome_class class;
        enum message_state to;
        const char *reason;
    } table[] = {
        {OUTCOME_SENT, MESSAGE_ACCEPTED, "found"},
        {OUTCOME_DUPLICATE, MESSAGE_ACCEPTED, "found"},
        {OUTCOME_REJECTED, MESSAGE_FAILED, "rejected"},
        {OUTCOME_RETRY, MESSAGE_QUEUED, "retry"},
        {OUTCOME_UNKNOWN, MESSAGE_UNKNOWN, "in_doubt"},
        {OUTCOME_DOWN, MESSAGE_UNKNOWN, "in_doubt"},
        {OUTCOME_THROTTLED, MESSAGE_UNKNOWN, "in_doubt"},
        {OUTCOME_ACCOUNT, MESSAGE_UNKNOWN, "in_doubt"},
        {OUTCOME_UNTOUCHED, MESSAGE_UNKNOWN, "in_doubt"},
    };
    struct policy_message m = message();

    (void)state;
    m.on_doubt = DOUBT_ASK;
    m.can_ask = true;
    m.asked = true;
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        struct decision d = settle(&m, table[i].class, 0);

        assert_int_equal(d.state, table[i].to);
        assert_string_equal(d.reason, table[i].reason);
        assert_int_equal(d.flags, 0);
        assert_true(d.state == MESSAGE_UNKNOWN || message_may_move(MESSAGE_UNKNOWN, d.state));
    }
    m.asks = 4; /* the fifth question was the last */
    assert_int_equal(settle(&m, OUTCOME_UNKNOWN, 0).state, MESSAGE_QUEUED);
    assert_int_equal(settle(&m, OUTCOME_UNKNOWN, 0).flags, MESSAGE_POSSIBLE_DUPLICATE);
    m.unknowns = 1;
    assert_int_equal(settle(&m, OUTCOME_UNKNOWN, 0).state, MESSAGE_HELD);
}

static void reports_are_awaited_where_they_come(void **state)
{
    struct policy_message m = message();

    (void)state;
    assert_int_equal(settle(&m, OUTCOME_SENT, 0).lease_ms, now_ms + REPORT_WAIT);
    m.reports = false;
    assert_int_equal(settle(&m, OUTCOME_SENT, 0).lease_ms, INT64_MAX);
}

/* A test message is tried once, whatever comes of it. */
static void a_test_is_never_sent_again(void **state)
{
    struct policy_message m = message();
    struct rng rng = {1};
    struct decision d;

    (void)state;
    m.flags = MESSAGE_TEST;
    for (enum outcome_class class = OUTCOME_SENT; class < OUTCOME_COUNT; class ++) {
        d = settle(&m, class, 3600000);
        assert_true(d.state == MESSAGE_ACCEPTED || d.state == MESSAGE_FAILED ||
                    class == OUTCOME_UNKNOWN);
        assert_true(d.counts);
        assert_int_equal(d.flags, 0);
        if (d.state == MESSAGE_FAILED) {
            assert_string_equal(d.reason, outcome_name(class));
        }
    }
    d = settle(&m, OUTCOME_UNKNOWN, 0);
    assert_int_equal(d.state, MESSAGE_HELD);
    assert_string_equal(d.reason, MESSAGE_REASON_IN_DOUBT);
    policy_lost(&m, now_ms, &rng, &d);
    assert_int_equal(d.state, MESSAGE_HELD);
    assert_int_equal(d.flags, 0);
    m.on_doubt = DOUBT_ASK;
    m.can_ask = true;
    assert_int_equal(settle(&m, OUTCOME_UNKNOWN, 0).state, MESSAGE_UNKNOWN);
    m.asked = true;
    assert_int_equal(settle(&m, OUTCOME_RETRY, 0).state, MESSAGE_FAILED); /* it never arrived */
}

static void doubt_has_names(void **state)
{
    (void)state;
    for (enum on_doubt d = DOUBT_ASK; d < DOUBT_COUNT; d++) {
        assert_int_equal(on_doubt_parse(str_of(on_doubt_name(d))), d);
    }
    assert_int_equal(on_doubt_parse(STR("guess")), DOUBT_COUNT);
}

/* ---- pace ---- */

static void pace_keeps_rate_and_burst(void **state)
{
    struct pace p;
    int taken = 0;

    (void)state;
    pace_init(&p, 240, 60000, 5); /* four a second, five at once */
    assert_int_equal(pace_room(&p, 1000), 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(pace_take(&p, 1000), 0);
    }
    assert_int_equal(pace_room(&p, 1000), 0);
    assert_int_equal(pace_take(&p, 1000), 250);
    assert_int_equal(pace_take(&p, 1249), 1);
    assert_int_equal(pace_take(&p, 1250), 0);
    for (int64_t ms = 100000; ms < 160000; ms++) {
        taken += pace_take(&p, ms) == 0 ? 1 : 0;
    }
    assert_int_equal(taken, 240 + 4); /* a minute's worth and the burst */
}

static void fast_rates_are_exact(void **state)
{
    struct pace p;
    int taken = 0;

    (void)state;
    pace_init(&p, 4000, 1000, 100);
    for (int64_t ms = 0; ms < 1000; ms++) {
        while (pace_take(&p, ms) == 0) {
            taken++;
        }
    }
    assert_in_range(taken, 4000, 4100);
}

static void a_fast_path_is_fed_ahead_and_a_slow_one_is_not(void **state)
{
    struct headway fast = {0};
    struct headway slow = {0};

    (void)state;
    for (int64_t ms = 1000; ms <= 1100; ms++) {
        for (int i = 0; i < 5; i++) {
            headway_answered(&fast, ms);
        }
    }
    assert_int_equal(headway_room(&fast, 1100), 100); /* 5 a millisecond, for 20 ms */
    assert_int_equal(headway_room(&fast, 1120), 100);
    assert_int_equal(headway_room(&fast, 1121), 0); /* it has fallen silent */
    headway_answered(&fast, 4000);
    assert_int_equal(headway_room(&fast, 4000), 0);
    for (int64_t ms = 1000; ms <= 9000; ms += 200) {
        headway_answered(&slow, ms);
        assert_int_equal(headway_room(&slow, ms), 0);
    }
}

static void what_is_missing_ahead_is_brought_together(void **state)
{
    static const struct {
        size_t in_flight;
        size_t own;
        size_t limit;
        bool stocked;
    } rows[] = {
        {0, 4, 4, false},    {3, 4, 4, false},    {4, 4, 4, false},     {1, 4, 2, false},
        {5, 4, 6, false},    {6, 4, 7, false},    {196, 4, 260, false}, {197, 4, 260, true},
        {260, 4, 260, true}, {300, 4, 260, true}, {0, 4, 260, false},   {7, 4, 8, false},
        {8, 4, 8, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(headway_stocked(rows[i].in_flight, rows[i].own, rows[i].limit),
                         rows[i].stocked);
    }
}

static void no_rate_means_no_limit_but_pauses_hold(void **state)
{
    struct pace p;

    (void)state;
    pace_init(&p, 0, 1000, 1);
    assert_int_equal(pace_take(&p, 5), 0);
    assert_true(pace_room(&p, 5) == INT64_MAX);
    pace_pause(&p, 100);
    assert_int_equal(pace_take(&p, 5), 95);
    assert_int_equal(pace_room(&p, 5), 0);
    assert_int_equal(pace_take(&p, 100), 0);
    pace_init(&p, 10, 1000, 3);
    pace_pause(&p, 5000);
    assert_int_equal(pace_wait(&p, 1000), 4000);
    assert_int_equal(pace_take(&p, 5000), 0);
}

/* ---- breaker ---- */

static void the_breaker_opens_probes_and_recovers_slowly(void **state)
{
    struct breaker b;
    int64_t ms = 1000;

    (void)state;
    breaker_init(&b, &breaker_default);
    for (int i = 0; i < 4; i++) {
        breaker_failure(&b, ms, 0);
        assert_int_equal(breaker_allow(&b, ms, 0, 100), 100);
    }
    breaker_failure(&b, ms, 0);
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_int_equal(breaker_allow(&b, ms, 0, 100), 0);
    assert_int_equal(breaker_wait(&b, ms), 10000);
    ms += 10000;
    assert_int_equal(breaker_wait(&b, ms), 0);
    assert_int_equal(breaker_allow(&b, ms, 0, 100), 1); /* the probe */
    assert_int_equal(b.state, BREAKER_HALF_OPEN);
    assert_int_equal(breaker_allow(&b, ms, 1, 100), 0); /* only one */
    breaker_success(&b);
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_int_equal(breaker_allow(&b, ms, 0, 100), 2);
    assert_int_equal(breaker_allow(&b, ms, 1, 100), 1);
    assert_int_equal(breaker_allow(&b, ms, 5, 100), 0);
    for (int i = 0; i < 5; i++) {
        breaker_success(&b);
    }
    assert_int_equal(breaker_allow(&b, ms, 50, 100), 100);
}

static void openings_grow_up_to_the_cap(void **state)
{
    struct breaker b;
    int64_t ms = 0;
    int64_t expected = breaker_default.open_ms;

    (void)state;
    breaker_init(&b, &breaker_default);
    for (int i = 0; i < 5; i++) {
        breaker_failure(&b, ms, 0);
    }
    for (int i = 0; i < 12; i++) {
        assert_int_equal(breaker_wait(&b, ms), expected);
        ms += expected;
        assert_int_equal(breaker_allow(&b, ms, 0, 1), 1);
        breaker_failure(&b, ms, 0);
        expected =
            expected * 2 > breaker_default.open_cap_ms ? breaker_default.open_cap_ms : expected * 2;
    }
    /* random spreads an opening by a quarter at most */
    ms += expected;
    assert_int_equal(breaker_allow(&b, ms, 0, 1), 1);
    breaker_failure(&b, ms, (uint64_t)expected / 4);
    assert_int_equal(breaker_wait(&b, ms), expected + expected / 4);
}

static void successes_forgive_and_lost_probes_are_repeated(void **state)
{
    struct breaker b;

    (void)state;
    breaker_init(&b, &breaker_default);
    for (int i = 0; i < 40; i++) {
        breaker_failure(&b, 0, 0);
        if (i % 4 == 3) {
            breaker_success(&b);
        }
    }
    assert_int_equal(b.state, BREAKER_CLOSED);
    for (int i = 0; i < 5; i++) {
        breaker_failure(&b, 0, 0);
    }
    assert_int_equal(breaker_allow(&b, 10000, 0, 9), 1);
    assert_int_equal(breaker_allow(&b, 10000 + breaker_default.probe_max_ms - 1, 1, 9), 0);
    assert_int_equal(breaker_allow(&b, 10000 + breaker_default.probe_max_ms, 1, 9), 1);
    /* one failure right after recovery opens it again */
    breaker_success(&b);
    breaker_failure(&b, 200000, 0);
    assert_int_equal(b.state, BREAKER_OPEN);
}

/* ---- budget ---- */

static void retries_are_paid_for(void **state)
{
    struct budget b;
    int paid = 0;

    (void)state;
    budget_init(&b, 10, 0);
    for (int i = 0; i < 10000; i++) {
        budget_sent(&b, 0);
    }
    while (budget_take(&b, false, 0)) {
        paid++;
    }
    assert_int_equal(paid, BUDGET_TOKENS / BUDGET_RETRY);
    for (int i = 0; i < 9; i++) {
        budget_success(&b);
    }
    assert_false(budget_take(&b, true, 0));
    assert_true(budget_take(&b, false, 0));
    budget_init(&b, 10, 0);
    for (int i = 0; i < 3; i++) {
        budget_success(&b);
    }
    assert_int_equal(b.tokens, BUDGET_TOKENS);
}

static void retries_keep_to_their_share(void **state)
{
    struct budget b;
    int taken = 0;

    (void)state;
    budget_init(&b, 10, 0);
    for (int i = 0; i < 180; i++) {
        budget_sent(&b, 0);
    }
    while (budget_take(&b, false, 1000)) {
        taken++;
    }
    assert_int_equal(taken, 20); /* of two hundred */
    assert_false(budget_take(&b, false, 59999));
    assert_true(budget_take(&b, false, 24 * 3600 * 1000)); /* forgotten by tomorrow */
}

/* A healthy provider takes a backlog of nothing but retries; a failing one is asked now and then.
 */
static void retries_alone_never_stand_still(void **state)
{
    struct budget b;
    int taken = 0;

    (void)state;
    budget_init(&b, 10, 0);
    for (int i = 0; i < 5000; i++) {
        assert_true(budget_take(&b, false, 1000));
        budget_retry_success(&b);
    }
    budget_init(&b, 10, 0);
    for (int64_t minute = 0; minute < 60; minute++) {
        while (budget_take(&b, false, minute * 60000)) {
            taken++;
        }
    }
    assert_in_range(taken, 200, 700);
    budget_init(&b, 50, 0);
    for (taken = 0; taken < 100; taken++) {
        budget_sent(&b, 0);
    }
    for (taken = 0; budget_take(&b, false, 0); taken++) {
    }
    assert_int_equal(taken, 100); /* the share is the provider's own */
}

/* ---- route ---- */

static void the_first_usable_provider_takes_it(void **state)
{
    static const struct {
        struct route_candidate list[3];
        unsigned tried;
        int index;
        int64_t wait_ms;
        bool held;
    } table[] = {
        {{{CHANNEL_SMS, ROUTE_READY, 0}, {CHANNEL_SMS, ROUTE_READY, 0}}, 0, 0, 0, false},
        {{{CHANNEL_EMAIL, ROUTE_READY, 0}, {CHANNEL_SMS, ROUTE_READY, 0}}, 0, 1, 0, false},
        {{{CHANNEL_SMS, ROUTE_BROKEN, 9}, {CHANNEL_SMS, ROUTE_READY, 0}}, 0, 1, 0, false},
        {{{CHANNEL_SMS, ROUTE_BUSY, 7}, {CHANNEL_SMS, ROUTE_READY, 0}}, 0, -1, 7, false},
        {{{CHANNEL_SMS, ROUTE_HELD, 0}, {CHANNEL_SMS, ROUTE_BROKEN, 9}}, 0, -1, 9, false},
        {{{CHANNEL_SMS, ROUTE_HELD, 0}, {CHANNEL_SMS, ROUTE_HELD, 0}}, 0, -1, INT64_MAX, true},
        {{{CHANNEL_SMS, ROUTE_READY, 0}, {CHANNEL_SMS, ROUTE_READY, 0}}, 1, 1, 0, false},
        {{{CHANNEL_SMS, ROUTE_READY, 0}, {CHANNEL_SMS, ROUTE_HELD, 0}}, 1, 0, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct route_choice choice;

        route_pick(table[i].list, 2, CHANNEL_SMS, table[i].tried, &choice);
        assert_int_equal(choice.index, table[i].index);
        assert_int_equal(choice.wait_ms, table[i].wait_ms);
        assert_int_equal(choice.held, table[i].held);
    }
}

/* ---- ids ---- */

/* Links and reports of years ago name messages so: these bytes never change. */
static void names_stay_as_they_are(void **state)
{
    static const unsigned char key[HASH_KEY_SIZE] = {1, 2, 3};
    static const struct {
        int64_t row;
        int attempt; /* 0 for the message */
        const char *name;
    } names[] = {
        {1, 0, "m_1-xcdh92be"},
        {1, 1, "m_1-ky6a3agf-1"},
        {1000000, 0, "m_ygj0-ydz8cj45"},
        {1000000, 27, "m_ygj0-v1qs93rr-27"},
        {INT64_MAX, 999999, "m_7zzzzzzzzzzzz-cgqyv1wb-999999"},
    };
    struct ids *ids = ids_create(key);

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[IDS_TEXT_SIZE];

        if (names[i].attempt == 0) {
            ids_message_format(ids, names[i].row, text);
        } else {
            ids_attempt_format(ids, names[i].row, names[i].attempt, text);
        }
        assert_string_equal(text, names[i].name);
    }
    ids_destroy(ids);
}

static void names_lead_back_to_their_rows(void **state)
{
    static const int64_t rows[] = {1, 31, 32, 1000000, 1LL << 40, INT64_MAX};
    static const unsigned char key[HASH_KEY_SIZE] = {1, 2, 3};
    static const unsigned char other_key[HASH_KEY_SIZE] = {1, 2, 4};
    struct ids *ids = ids_create(key);
    struct ids *other = ids_create(other_key);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[IDS_TEXT_SIZE];
        char attempt_text[IDS_TEXT_SIZE];
        char padded[IDS_TEXT_SIZE + 2];
        int64_t row;
        int attempt;

        ids_message_format(ids, rows[i], text);
        assert_int_equal(ids_message_parse(ids, str_of(text), &row), 0);
        assert_int_equal(row, rows[i]);
        assert_int_equal(ids_message_parse(other, str_of(text), &row), ERR_INVALID);
        ids_attempt_format(ids, rows[i], 999999, attempt_text);
        assert_true(strlen(attempt_text) < IDS_TEXT_SIZE - 1);
        assert_int_equal(ids_attempt_parse(ids, str_of(attempt_text), &row, &attempt), 0);
        assert_int_equal(row, rows[i]);
        assert_int_equal(attempt, 999999);
        assert_int_equal(ids_message_parse(ids, str_of(attempt_text), &row), ERR_INVALID);
        assert_int_equal(ids_attempt_parse(ids, str_of(text), &row, &attempt), ERR_INVALID);
        (void)snprintf(padded, sizeof padded, "m_0%s", text + 2); /* one spelling only */
        assert_int_equal(ids_message_parse(ids, str_of(padded), &row), ERR_INVALID);
        for (size_t k = 0; k < strlen(text); k++) {
            char changed[IDS_TEXT_SIZE];

            memcpy(changed, text, sizeof changed);
            changed[k] = changed[k] == '7' ? '8' : '7';
            assert_int_equal(ids_message_parse(ids, str_of(changed), &row), ERR_INVALID);
            assert_int_equal(ids_message_parse(ids, (struct str){text, k}, &row), ERR_INVALID);
        }
        for (const char *c = attempt_text; *c != '\0'; c++) {
            assert_true(ascii_digit(*c) || (*c >= 'a' && *c <= 'z') || *c == '_' || *c == '-');
        }
    }
    ids_destroy(ids);
    ids_destroy(other);
    ids_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_outcome_names_its_culprit),
        cmocka_unit_test(no_wait_reaches_the_deadline),
        cmocka_unit_test(waits_grow_with_attempts_and_spread),
        cmocka_unit_test(urgent_messages_wait_a_minute_at_most),
        cmocka_unit_test(what_the_provider_asks_for_is_a_floor),
        cmocka_unit_test(doubt_follows_the_policy),
        cmocka_unit_test(doubt_waits_for_a_report_that_comes_by_itself),
        cmocka_unit_test(only_a_clear_answer_ends_a_question),
        cmocka_unit_test(reports_are_awaited_where_they_come),
        cmocka_unit_test(a_test_is_never_sent_again),
        cmocka_unit_test(doubt_has_names),
        cmocka_unit_test(pace_keeps_rate_and_burst),
        cmocka_unit_test(fast_rates_are_exact),
        cmocka_unit_test(a_fast_path_is_fed_ahead_and_a_slow_one_is_not),
        cmocka_unit_test(what_is_missing_ahead_is_brought_together),
        cmocka_unit_test(no_rate_means_no_limit_but_pauses_hold),
        cmocka_unit_test(the_breaker_opens_probes_and_recovers_slowly),
        cmocka_unit_test(openings_grow_up_to_the_cap),
        cmocka_unit_test(successes_forgive_and_lost_probes_are_repeated),
        cmocka_unit_test(retries_are_paid_for),
        cmocka_unit_test(retries_keep_to_their_share),
        cmocka_unit_test(retries_alone_never_stand_still),
        cmocka_unit_test(the_first_usable_provider_takes_it),
        cmocka_unit_test(names_stay_as_they_are),
        cmocka_unit_test(names_lead_back_to_their_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
