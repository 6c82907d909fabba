/* The case: what facts mean, in whatever order they come. */
#include "base/civil.h"
#include "base/err.h"
#include "base/rng.h"
#include "domain/calendar.h"
#include "domain/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { FIRST_END = 100, SECOND_END = 1196 }; /* days after NOW */

static const int64_t now_ms = 1795327200000; /* 2026-11-22T06:00:00Z */

/* A fact told on a day after now, about an end on a day after now (0 for none). */
struct told {
    enum event_type type;
    int day;
    int end_day;
};

static struct fact fact_of(const struct told *t)
{
    struct fact f;

    fact_reset(&f);
    f.type = t->type;
    f.time_ms = now_ms + (int64_t)t->day * DAY_MS;
    f.not_after_ms = t->end_day == 0 ? 0 : now_ms + (int64_t)t->end_day * DAY_MS;
    (void)str_copy(f.certificate.ref, sizeof f.certificate.ref, STR("c1"));
    (void)str_copy(f.holder.ref, sizeof f.holder.ref, STR("h1"));
    (void)str_copy(f.holder.phone, sizeof f.holder.phone, STR("+905320000001"));
    return f;
}

static struct case_change tell(struct case_file *c, enum event_type type, int day, int end_day)
{
    const struct told t = {type, day, end_day};
    struct fact f = fact_of(&t);
    struct case_change change;

    case_apply(c, CASE_SELF, &f, now_ms, &change);
    assert_int_equal(change.to, c->state);
    return change;
}

static struct case_file watched(void)
{
    struct case_file c;
    struct case_change change;

    case_init(&c);
    change = tell(&c, EVENT_CERTIFICATE_EXPIRING, 0, FIRST_END);
    assert_int_equal(change.to, CASE_WATCHING);
    assert_int_equal(change.actions, CASE_PLAN);
    assert_true(change.stored);
    return c;
}

static void each_fact_has_its_consequence(void **state)
{
    static const struct {
        enum event_type type;
        enum case_state to;
        unsigned actions;
        enum case_notice notice;
        const char *reason;
    } table[] = {
        {EVENT_CERTIFICATE_RENEWED, CASE_RENEWED, CASE_STOP, NOTICE_NONE, "renewed"},
        {EVENT_CERTIFICATE_REVOKED, CASE_REVOKED, CASE_STOP, NOTICE_NONE, "revoked"},
        {EVENT_CERTIFICATE_SUSPENDED, CASE_SUSPENDED, CASE_STOP, NOTICE_NONE, "suspended"},
        {EVENT_EONAY_ACTIVATED, CASE_WATCHING, CASE_SERIES, NOTICE_NONE, ""},
        {EVENT_LOGIN_BLOCKED, CASE_BLOCKED, CASE_PAUSE, NOTICE_BLOCKED, "blocked"},
        {EVENT_LOGIN_UNBLOCKED, CASE_WATCHING, 0, NOTICE_NONE, ""},
        {EVENT_APPLICATION_SUBMITTED, CASE_APPLIED, CASE_STOP, NOTICE_SUBMITTED, "applied"},
        {EVENT_LETTER_RECEIVED, CASE_LETTER, CASE_STOP, NOTICE_NONE, "letter_received"},
        {EVENT_APPROVAL_GIVEN, CASE_APPROVED, CASE_STOP, NOTICE_NONE, "approved"},
        {EVENT_CARD_DELIVERED, CASE_DELIVERED, CASE_STOP, NOTICE_DELIVERED, "delivered"},
        {EVENT_DUTY_ENDED, CASE_DUTY_ENDED, CASE_STOP, NOTICE_NONE, "duty_ended"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct case_file c = watched();
        struct case_change change = tell(&c, table[i].type, 1, 0);

        assert_int_equal(change.from, CASE_WATCHING);
        assert_int_equal(change.to, table[i].to);
        assert_int_equal(change.actions, table[i].actions);
        assert_int_equal(change.notice, table[i].notice);
        assert_string_equal(change.reason, table[i].reason);
        assert_true(change.stored);
        /* told again: nothing follows */
        change = tell(&c, table[i].type, 1, 0);
        assert_int_equal(change.actions, 0);
        assert_int_equal(change.notice, NOTICE_NONE);
        assert_false(change.stored);
    }
}

static void the_whole_way_says_each_thing_once(void **state)
{
    static const enum event_type way[] = {EVENT_APPLICATION_SUBMITTED, EVENT_LETTER_RECEIVED,
                                          EVENT_APPROVAL_GIVEN, EVENT_CARD_DELIVERED,
                                          EVENT_CERTIFICATE_RENEWED};
    static const enum case_state states[] = {CASE_APPLIED, CASE_LETTER, CASE_APPROVED,
                                             CASE_DELIVERED, CASE_RENEWED};
    struct case_file c = watched();

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(tell(&c, way[i], i + 1, 0).to, states[i]);
        /* the roster goes on telling the old end: nothing may follow */
        assert_int_equal(tell(&c, EVENT_CERTIFICATE_EXPIRING, i + 1, FIRST_END).actions, 0);
        assert_int_equal(c.state, states[i]);
    }
    assert_true(case_state_is_ended(c.state));
}

static void late_steps_do_not_go_back(void **state)
{
    struct case_file c = watched();

    (void)state;
    (void)tell(&c, EVENT_APPROVAL_GIVEN, 5, 0);
    assert_int_equal(tell(&c, EVENT_APPLICATION_SUBMITTED, 2, 0).notice, NOTICE_NONE);
    assert_int_equal(c.state, CASE_APPROVED);
    assert_int_equal(tell(&c, EVENT_LOGIN_BLOCKED, 6, 0).notice, NOTICE_NONE);
    assert_int_equal(c.state, CASE_APPROVED);
}

static void an_early_end_keeps_the_case_silent(void **state)
{
    struct case_file c;
    struct case_change change;

    (void)state;
    case_init(&c);
    (void)tell(&c, EVENT_APPLICATION_SUBMITTED, 1, 0);
    change = tell(&c, EVENT_CERTIFICATE_EXPIRING, 0, FIRST_END);
    assert_int_equal(change.to, CASE_APPLIED);
    assert_int_equal(change.actions, 0);
    assert_int_equal(c.known.not_after_ms, now_ms + (int64_t)FIRST_END * DAY_MS);
}

static void a_later_end_opens_a_new_cycle(void **state)
{
    static const enum event_type ends[] = {EVENT_CERTIFICATE_RENEWED, EVENT_CERTIFICATE_REVOKED,
                                           EVENT_DUTY_ENDED, EVENT_APPLICATION_SUBMITTED};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct case_file c = watched();
        struct case_change change;

        (void)tell(&c, ends[i], 2, 0);
        change = tell(&c, EVENT_CERTIFICATE_EXPIRING, 3, SECOND_END);
        assert_int_equal(change.to, CASE_WATCHING);
        assert_int_equal(change.actions, CASE_STOP | CASE_PLAN);
        assert_int_equal(c.cycle, 1);
        /* what came late about the old one changes nothing */
        assert_int_equal(tell(&c, ends[i], 1, 0).actions, 0);
        /* what comes new does; nobody renews so early */
        change = tell(&c, ends[i], ends[i] == EVENT_CERTIFICATE_RENEWED ? SECOND_END - 90 : 4, 0);
        assert_int_equal(change.actions & CASE_STOP, CASE_STOP);
    }
}

static void the_same_day_is_the_same_end(void **state)
{
    struct case_file c = watched();
    struct told t = {EVENT_CERTIFICATE_EXPIRING, 1, FIRST_END};
    struct fact f = fact_of(&t);
    struct case_change change;

    (void)state;
    f.not_after_ms += 3600000;
    case_apply(&c, CASE_SELF, &f, now_ms, &change);
    assert_int_equal(change.actions, 0);
    assert_int_equal(c.known.not_after_ms, f.not_after_ms);
    assert_int_equal(c.cycle, 0);
}

/* A day more or less after the application was made must not begin to nag again. */
static void a_corrected_end_opens_nothing(void **state)
{
    struct case_file c = watched();

    (void)state;
    (void)tell(&c, EVENT_APPLICATION_SUBMITTED, 2, 0);
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_EXPIRING, 3, FIRST_END + 1).actions, 0);
    assert_int_equal(c.state, CASE_APPLIED);
    /* and after a real renewal a correction does not bring the old renewal back */
    (void)tell(&c, EVENT_CERTIFICATE_RENEWED, 4, 0);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 5, SECOND_END);
    assert_int_equal(c.state, CASE_WATCHING);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 6, SECOND_END - 1);
    assert_int_equal(c.state, CASE_WATCHING);
}

/* A list from before the renewal comes once more: the holder is not reminded of what is done. */
static void a_stale_end_brings_nothing_back(void **state)
{
    static const struct told list[] = {{EVENT_CERTIFICATE_EXPIRING, 1, FIRST_END},
                                       {EVENT_CERTIFICATE_EXPIRING, 2, SECOND_END},
                                       {EVENT_CERTIFICATE_EXPIRING, 3, FIRST_END}};
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct case_file c;

        case_init(&c);
        for (int k = 0; k < 3; k++) {
            const struct told *t = &list[orders[i][k]];

            (void)tell(&c, t->type, t->day, t->end_day);
        }
        assert_int_equal(c.known.not_after_ms, now_ms + (int64_t)SECOND_END * DAY_MS);
    }
}

static void of_two_ends_told_at_once_the_later_counts(void **state)
{
    static const int orders[2][2] = {{FIRST_END, FIRST_END + 5}, {FIRST_END + 5, FIRST_END}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct case_file c;

        case_init(&c);
        (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 1, orders[i][0]);
        (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 1, orders[i][1]);
        assert_int_equal(c.known.not_after_ms, now_ms + (int64_t)(FIRST_END + 5) * DAY_MS);
    }
}

static void a_corrected_end_is_planned_anew(void **state)
{
    struct case_file c = watched();
    struct case_change change = tell(&c, EVENT_CERTIFICATE_EXPIRING, 1, FIRST_END - 10);

    (void)state;
    assert_int_equal(change.actions, CASE_PLAN);
    assert_int_equal(c.cycle, 0); /* the same certificate: what was sent is not sent again */
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_EXPIRING, 0, FIRST_END).actions, 0);
    assert_int_equal(c.known.not_after_ms, now_ms + (int64_t)(FIRST_END - 10) * DAY_MS);
}

static void blocked_pauses_and_unblocked_resumes(void **state)
{
    struct case_file c = watched();
    struct case_change change;

    (void)state;
    (void)tell(&c, EVENT_LOGIN_BLOCKED, 1, 0);
    assert_false(case_state_reminds(c.state));
    change = tell(&c, EVENT_LOGIN_UNBLOCKED, 2, 0);
    assert_int_equal(change.actions, CASE_RESUME | CASE_PLAN);
    assert_string_equal(change.reason, "unblocked");
    assert_int_equal(tell(&c, EVENT_LOGIN_BLOCKED, 1, 0).actions, 0); /* late */
    assert_int_equal(tell(&c, EVENT_LOGIN_BLOCKED, 3, 0).actions, CASE_PAUSE);
}

static struct case_change tell_at(struct case_file *c, enum event_type type, int day)
{
    const struct told t = {type, day, 0};
    struct fact f = fact_of(&t);
    struct case_change change;

    case_apply(c, CASE_SELF, &f, now_ms + (int64_t)day * DAY_MS, &change);
    return change;
}

static void blocked_is_said_again_only_after_a_while(void **state)
{
    struct case_file c = watched();

    (void)state;
    assert_int_equal(tell_at(&c, EVENT_LOGIN_BLOCKED, 1).notice, NOTICE_BLOCKED);
    assert_int_equal(tell_at(&c, EVENT_LOGIN_BLOCKED, 2).notice, NOTICE_NONE);
    (void)tell_at(&c, EVENT_LOGIN_UNBLOCKED, 3);
    assert_int_equal(tell_at(&c, EVENT_LOGIN_BLOCKED, 14).notice, NOTICE_NONE);
    assert_int_equal(tell_at(&c, EVENT_LOGIN_BLOCKED, 15).notice, NOTICE_BLOCKED);
    assert_int_equal(tell_at(&c, EVENT_LOGIN_BLOCKED, 28).notice, NOTICE_NONE);
    (void)tell_at(&c, EVENT_LOGIN_UNBLOCKED, 29);
    assert_int_equal(tell_at(&c, EVENT_LOGIN_BLOCKED, 30).notice, NOTICE_BLOCKED);
}

/* Blocked before anybody knew where to write: said as soon as somebody can be told. */
static void blocked_waits_for_an_address(void **state)
{
    struct told t = {EVENT_LOGIN_BLOCKED, 1, 0};
    struct fact f = fact_of(&t);
    struct case_file c;
    struct case_change change;

    (void)state;
    case_init(&c);
    f.holder.phone[0] = '\0';
    case_apply(&c, CASE_SELF, &f, now_ms, &change);
    assert_int_equal(change.to, CASE_BLOCKED);
    assert_int_equal(change.notice, NOTICE_NONE);
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_EXPIRING, 2, FIRST_END).notice, NOTICE_BLOCKED);
    assert_int_equal(tell(&c, EVENT_EONAY_ACTIVATED, 3, 0).notice, NOTICE_NONE);
}

/* The last day belongs to the certificate, whatever its hour. */
static void a_case_expires_with_the_day(void **state)
{
    struct case_file c = watched();
    int64_t midnight = istanbul_ms(istanbul_day(c.known.not_after_ms) + 1, 0);
    struct case_change change;

    (void)state;
    case_tick(&c, midnight - 1, &change);
    assert_false(change.stored);
    case_tick(&c, midnight, &change);
    assert_int_equal(change.to, CASE_EXPIRED);
    assert_int_equal(change.notice, NOTICE_EXPIRED);
}

/* A roster may list certificates that ended years ago. */
static void long_expired_is_no_news(void **state)
{
    static const struct {
        int days;
        enum case_notice notice;
    } table[] = {{-1, NOTICE_EXPIRED}, {-28, NOTICE_EXPIRED}, {-29, NOTICE_NONE}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct case_file c;
        struct case_change change;

        case_init(&c);
        change = tell(&c, EVENT_CERTIFICATE_EXPIRING, -40, table[i].days);
        assert_int_equal(change.to, CASE_EXPIRED);
        assert_int_equal(change.notice, table[i].notice);
    }
}

/* Two references for one end: exactly one of them speaks, whichever came first. */
static void of_equal_ends_one_speaks(void **state)
{
    struct told t = {EVENT_CERTIFICATE_EXPIRING, 0, FIRST_END};
    struct fact f[2] = {fact_of(&t), fact_of(&t)};

    (void)state;
    (void)str_copy(f[1].certificate.ref, sizeof f[1].certificate.ref, STR("c2"));
    for (int first = 0; first < 2; first++) {
        struct case_file c[2];
        struct case_change change;

        case_init(&c[first]);
        case_apply(&c[first], CASE_SELF, &f[first], now_ms, &change);
        case_init(&c[!first]);
        (void)str_copy(c[!first].known.certificate.ref, FACT_REF_SIZE,
                       str_of(f[!first].certificate.ref));
        case_inherit(&c[!first], &c[first]);
        case_apply(&c[!first], CASE_SELF, &f[!first], now_ms, &change);
        case_apply(&c[first], CASE_RELATED, &f[!first], now_ms, &change);
        assert_int_equal(c[0].state, CASE_RENEWED);
        assert_int_equal(c[1].state, CASE_WATCHING);
    }
}

static void another_certificate_of_the_holder_speaks(void **state)
{
    struct case_file c = watched();
    struct told t = {EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END};
    struct fact f = fact_of(&t);
    struct case_change change;

    (void)state;
    case_apply(&c, CASE_RELATED, &f, now_ms, &change);
    assert_int_equal(change.to, CASE_RENEWED);
    assert_int_equal(change.actions, CASE_STOP);
    assert_string_equal(change.reason, "newer_certificate");
    /* an older one of the holder's does not */
    c = watched();
    t.end_day = FIRST_END - 50;
    f = fact_of(&t);
    case_apply(&c, CASE_RELATED, &f, now_ms, &change);
    assert_int_equal(change.to, CASE_WATCHING);
    /* personal facts hold for every certificate, others do not */
    t = (struct told){EVENT_APPLICATION_SUBMITTED, 2, 0};
    f = fact_of(&t);
    case_apply(&c, CASE_RELATED, &f, now_ms, &change);
    assert_false(change.stored);
    f.type = EVENT_DUTY_ENDED;
    case_apply(&c, CASE_RELATED, &f, now_ms, &change);
    assert_int_equal(change.to, CASE_DUTY_ENDED);
}

static void a_successor_ends_the_old_and_begins_the_new(void **state)
{
    struct case_file old = watched();
    struct case_file fresh;
    struct told t = {EVENT_CERTIFICATE_RENEWED, 1, SECOND_END};
    struct fact f = fact_of(&t);
    struct case_change change;

    (void)state;
    (void)str_copy(f.certificate.replaces, sizeof f.certificate.replaces, STR("c0"));
    case_apply(&old, CASE_REPLACED, &f, now_ms, &change);
    assert_int_equal(change.to, CASE_RENEWED);
    assert_string_equal(change.reason, "renewed");
    case_init(&fresh);
    case_apply(&fresh, CASE_SELF, &f, now_ms, &change);
    assert_int_equal(change.to, CASE_WATCHING);
    assert_int_equal(change.actions, CASE_PLAN);
    /* without "replaces" the same reference lives on with the new end */
    f.certificate.replaces[0] = '\0';
    fresh = watched();
    case_apply(&fresh, CASE_SELF, &f, now_ms, &change);
    assert_int_equal(change.to, CASE_WATCHING);
    assert_int_equal(change.actions, CASE_STOP | CASE_PLAN);
}

static void time_alone_expires_and_tells_once(void **state)
{
    struct case_file c = watched();
    struct case_change change;
    int64_t after = now_ms + (int64_t)(FIRST_END + 1) * DAY_MS;

    (void)state;
    case_tick(&c, now_ms + DAY_MS, &change);
    assert_false(change.stored);
    case_tick(&c, after, &change);
    assert_int_equal(change.to, CASE_EXPIRED);
    assert_int_equal(change.notice, NOTICE_EXPIRED);
    assert_int_equal(change.actions, CASE_STOP);
    assert_true(change.stored);
    case_tick(&c, after + DAY_MS, &change);
    assert_int_equal(change.notice, NOTICE_NONE);
    assert_int_equal(tell(&c, EVENT_APPLICATION_SUBMITTED, FIRST_END + 2, 0).notice,
                     NOTICE_SUBMITTED);
}

/* A list told the new end before the card of the new certificate had arrived. */
static void an_application_of_long_ago_is_over_in_time(void **state)
{
    struct case_file c;
    struct case_change change;
    int64_t near = now_ms + (int64_t)(SECOND_END - CASE_FRESH_DAYS) * DAY_MS;

    (void)state;
    case_init(&c);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 0, FIRST_END);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END);
    change = tell(&c, EVENT_CARD_DELIVERED, 4, 0);
    assert_int_equal(change.to, CASE_DELIVERED);
    assert_int_equal(change.notice, NOTICE_NONE); /* it would say: use the old one until then */
    assert_int_equal(case_state_at(&c, near), CASE_DELIVERED);
    assert_int_equal(case_state_at(&c, near + 1), CASE_WATCHING);
    case_tick(&c, near, &change);
    assert_false(change.stored);
    case_tick(&c, near + 1, &change);
    assert_true(change.stored);
    assert_int_equal(change.to, CASE_WATCHING);
    assert_int_equal(change.actions, CASE_PLAN);
    assert_int_equal(change.notice, NOTICE_NONE);
    assert_string_equal(change.reason, "application_over");
    case_tick(&c, near + DAY_MS, &change);
    assert_false(change.stored);
}

/* A list repeats its word until somebody changes it. */
static void an_earlier_step_begins_anew(void **state)
{
    struct case_file c;
    int64_t far = now_ms + (int64_t)(SECOND_END - CASE_FRESH_DAYS) * DAY_MS;

    (void)state;
    case_init(&c);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 0, SECOND_END);
    (void)tell(&c, EVENT_APPLICATION_SUBMITTED, 1, 0);
    (void)tell(&c, EVENT_APPROVAL_GIVEN, 2, 0);
    assert_false(case_step_begins_anew(&c, EVENT_APPLICATION_SUBMITTED, far));
    assert_true(case_step_begins_anew(&c, EVENT_APPLICATION_SUBMITTED, far + 1));
    assert_false(case_step_begins_anew(&c, EVENT_LETTER_RECEIVED, far + 1)); /* never told */
    assert_false(case_step_begins_anew(&c, EVENT_APPROVAL_GIVEN, far + 1));
    assert_false(case_step_begins_anew(&c, EVENT_CERTIFICATE_REVOKED, far + 1));
    (void)tell(&c, EVENT_APPLICATION_SUBMITTED, SECOND_END - 80, 0);
    assert_false(case_step_begins_anew(&c, EVENT_APPLICATION_SUBMITTED, far + 1));
}

/* Years later nobody hears of a block that an application has shown to be gone. */
static void who_has_applied_was_let_in(void **state)
{
    struct case_file c;
    struct case_change change;

    (void)state;
    case_init(&c);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 0, SECOND_END);
    assert_int_equal(tell(&c, EVENT_LOGIN_BLOCKED, 1, 0).to, CASE_BLOCKED);
    assert_int_equal(tell(&c, EVENT_APPLICATION_SUBMITTED, 2, 0).to, CASE_APPLIED);
    case_tick(&c, now_ms + (int64_t)(SECOND_END - 100) * DAY_MS, &change);
    assert_int_equal(change.to, CASE_WATCHING);
    assert_int_equal(change.notice, NOTICE_NONE);
    assert_int_equal(tell(&c, EVENT_LOGIN_BLOCKED, SECOND_END - 90, 0).to, CASE_APPLIED);
    case_tick(&c, now_ms + (int64_t)(SECOND_END - 80) * DAY_MS, &change);
    assert_int_equal(change.to, CASE_BLOCKED);
}

static void an_application_for_the_next_one_is_not_over(void **state)
{
    static const struct {
        int day;
        enum case_state to;
    } rows[] = {{SECOND_END - CASE_FRESH_DAYS, CASE_WATCHING},
                {SECOND_END - CASE_FRESH_DAYS + 1, CASE_APPLIED},
                {SECOND_END - 80, CASE_APPLIED}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct case_change change;
        struct case_file c;

        case_init(&c);
        (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 0, SECOND_END);
        (void)tell(&c, EVENT_APPLICATION_SUBMITTED, rows[i].day, 0);
        case_tick(&c, now_ms + (int64_t)(SECOND_END - 70) * DAY_MS, &change);
        assert_int_equal(change.to, rows[i].to);
    }
}

static void a_new_case_knows_its_holder(void **state)
{
    struct case_file old = watched();
    struct case_file c;

    (void)state;
    (void)tell(&old, EVENT_EONAY_ACTIVATED, 1, 0);
    (void)tell(&old, EVENT_LOGIN_BLOCKED, 1, 0);
    case_init(&c);
    case_inherit(&c, &old);
    assert_int_equal(c.known.eonay, EONAY_ACTIVE);
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_EXPIRING, 2, SECOND_END).notice, NOTICE_NONE);
    assert_int_equal(c.state, CASE_BLOCKED);
    assert_int_equal(tell(&c, EVENT_LOGIN_UNBLOCKED, 3, 0).actions, CASE_RESUME | CASE_PLAN);
}

/* The same as when it had been known already: the duty that ended is not forgotten. */
static void a_new_case_knows_that_the_duty_ended(void **state)
{
    static const struct {
        int told_day; /* the duty ends on day 2 */
        int end_day;
        enum case_state to;
    } table[] = {
        {3, 900, CASE_DUTY_ENDED},  /* issued before that */
        {3, 1200, CASE_WATCHING},   /* issued after that */
        {1, 1200, CASE_DUTY_ENDED}, /* told before that */
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct case_file known;
        struct case_file c;

        case_init(&known);
        (void)tell(&known, EVENT_DUTY_ENDED, 2, 0);
        case_init(&c);
        case_inherit(&c, &known);
        (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, table[i].told_day, table[i].end_day);
        assert_int_equal(c.state, table[i].to);
        /* an end corrected to before the duty's end was no new certificate's */
        (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 5, FIRST_END);
        assert_int_equal(c.state, CASE_DUTY_ENDED);
    }
}

static void eonay_chooses_the_series(void **state)
{
    struct case_file c = watched();
    struct told t = {EVENT_CERTIFICATE_EXPIRING, 1, FIRST_END};
    struct fact f = fact_of(&t);
    struct case_change change;

    (void)state;
    assert_string_equal(case_series_name(case_series_of(c.known.eonay)), "N");
    f.eonay = EONAY_ABSENT;
    case_apply(&c, CASE_SELF, &f, now_ms, &change);
    assert_int_equal(change.actions, CASE_SERIES);
    assert_string_equal(case_series_name(case_series_of(c.known.eonay)), "E");
    assert_int_equal(tell(&c, EVENT_EONAY_ACTIVATED, 2, 0).actions, CASE_SERIES);
    assert_string_equal(case_series_name(case_series_of(c.known.eonay)), "A");
    case_apply(&c, CASE_SELF, &f, now_ms, &change); /* older news */
    assert_int_equal(c.known.eonay, EONAY_ACTIVE);
}

static void newest_details_win(void **state)
{
    struct case_file c = watched();
    struct told t = {EVENT_CERTIFICATE_EXPIRING, 5, FIRST_END};
    struct fact f = fact_of(&t);
    struct case_change change;

    (void)state;
    (void)str_copy(f.holder.phone, sizeof f.holder.phone, STR("+905320000067"));
    case_apply(&c, CASE_SELF, &f, now_ms, &change);
    f.time_ms -= 2LL * DAY_MS;
    (void)str_copy(f.holder.phone, sizeof f.holder.phone, STR("+905320000068"));
    (void)str_copy(f.holder.email, sizeof f.holder.email, STR("a@ornek.test"));
    case_apply(&c, CASE_SELF, &f, now_ms, &change);
    assert_string_equal(c.known.holder.phone, "+905320000067");
    assert_string_equal(c.known.holder.email, "a@ornek.test");
}

/* ---- any order ---- */

static void shuffle(struct told *list, size_t count, struct rng *rng)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)rng_below(rng, i);
        struct told t = list[i - 1];

        list[i - 1] = list[j];
        list[j] = t;
    }
}

static enum case_state run(const struct told *list, size_t count)
{
    struct case_file c;

    case_init(&c);
    for (size_t i = 0; i < count; i++) {
        (void)tell(&c, list[i].type, list[i].day, list[i].end_day);
    }
    return c.state;
}

/* Facts at distinct times with ends that only grow: the order they come in must not matter. */
static void the_order_of_facts_does_not_matter(void **state)
{
    struct rng rng = {7};

    (void)state;
    for (int round = 0; round < 4000; round++) {
        struct told list[10];
        size_t count = 2 + (size_t)rng_below(&rng, 7);
        int end_day = FIRST_END;
        enum case_state in_order;

        for (size_t i = 0; i < count; i++) {
            bool expiring = rng_below(&rng, 3) == 0;

            end_day = expiring && rng_below(&rng, 3) == 0 ? end_day + 1096 : end_day;
            list[i] = (struct told){expiring ? EVENT_CERTIFICATE_EXPIRING
                                             : (enum event_type)rng_below(&rng, EVENT_TYPE_COUNT),
                                    (int)i + 1, 0};
            if (list[i].type == EVENT_CERTIFICATE_EXPIRING) {
                list[i].end_day = end_day;
            }
        }
        in_order = run(list, count);
        for (int k = 0; k < 6; k++) {
            shuffle(list, count, &rng);
            assert_int_equal(run(list, count), in_order);
        }
    }
}

static void in_all_orders(const struct told list[3])
{
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    enum case_state in_order = run(list, 3);

    for (size_t i = 1; i < 6; i++) {
        const struct told told[] = {list[orders[i][0]], list[orders[i][1]], list[orders[i][2]]};

        if (run(told, 3) != in_order) {
            fail_msg("%s to %d, %s to %d, %s to %d: order %zu gives %s instead of %s",
                     event_name(list[0].type), list[0].end_day, event_name(list[1].type),
                     list[1].end_day, event_name(list[2].type), list[2].end_day, i,
                     case_state_name(run(told, 3)), case_state_name(in_order));
        }
    }
}

/* Lists of the old end and of the new one, renewals with and without an end: all there are. */
static void of_three_facts_the_order_does_not_matter(void **state)
{
    static const struct told kinds[] = {
        {EVENT_CERTIFICATE_EXPIRING, 0, FIRST_END}, {EVENT_CERTIFICATE_EXPIRING, 0, SECOND_END},
        {EVENT_CERTIFICATE_RENEWED, 0, FIRST_END},  {EVENT_CERTIFICATE_RENEWED, 0, SECOND_END},
        {EVENT_CERTIFICATE_RENEWED, 0, 0},          {EVENT_CARD_DELIVERED, 0, 0},
    };
    enum { KINDS = sizeof kinds / sizeof kinds[0] };

    (void)state;
    for (size_t n = 0; n < (size_t)KINDS * KINDS * KINDS; n++) {
        struct told list[] = {kinds[n % KINDS], kinds[n / KINDS % KINDS], kinds[n / KINDS / KINDS]};

        for (int i = 0; i < 3; i++) {
            list[i].day = i + 1;
        }
        in_all_orders(list);
    }
}

static void a_renewal_told_late_still_counts(void **state)
{
    struct case_file c;

    (void)state;
    /* the list came first, but the renewal is the older of the two */
    case_init(&c);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 2, SECOND_END);
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_RENEWED, 1, SECOND_END).to, CASE_WATCHING);
    assert_int_equal(c.cycle, 0); /* what was sent is not sent again */
    /* the old end was told between two facts about the new one */
    case_init(&c);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END);
    (void)tell(&c, EVENT_CERTIFICATE_RENEWED, 3, SECOND_END);
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_EXPIRING, 2, FIRST_END).to, CASE_WATCHING);
    assert_int_equal(c.known.not_after_ms, now_ms + (int64_t)SECOND_END * DAY_MS);
    assert_int_equal(tell(&c, EVENT_CARD_DELIVERED, 4, 0).to, CASE_DELIVERED);
}

/* The list knew the new certificate first: its holder is to be reminded in three years. */
static void a_renewal_long_before_the_end_is_of_the_certificate_before(void **state)
{
    static const struct {
        struct told list[4];
        enum case_state to;
    } table[] = {
        {{{EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END}, {EVENT_CERTIFICATE_RENEWED, 2, SECOND_END}},
         CASE_WATCHING},
        {{{EVENT_CERTIFICATE_EXPIRING, 1, FIRST_END},
          {EVENT_CERTIFICATE_EXPIRING, 2, SECOND_END},
          {EVENT_CERTIFICATE_RENEWED, 3, 0}},
         CASE_WATCHING},
        {{{EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END},
          {EVENT_CERTIFICATE_RENEWED, 2, SECOND_END},
          {EVENT_CERTIFICATE_RENEWED, 3, 0},
          {EVENT_CERTIFICATE_RENEWED, 4, FIRST_END}},
         CASE_WATCHING},
        {{{EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END},
          {EVENT_CERTIFICATE_RENEWED, 2, SECOND_END},
          {EVENT_CERTIFICATE_RENEWED, SECOND_END - 179, 0}},
         CASE_RENEWED},
        {{{EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END},
          {EVENT_CERTIFICATE_RENEWED, 2, SECOND_END},
          {EVENT_CERTIFICATE_RENEWED, SECOND_END - 180, 0}},
         CASE_WATCHING},
        /* no certificate before is known: rather silent than loud */
        {{{EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END}, {EVENT_CERTIFICATE_RENEWED, 2, 0}},
         CASE_RENEWED},
        /* the steps are the former's before the new end is told, and its own from then on */
        {{{EVENT_APPLICATION_SUBMITTED, 1, 0},
          {EVENT_CERTIFICATE_EXPIRING, 2, SECOND_END},
          {EVENT_CERTIFICATE_RENEWED, 3, SECOND_END}},
         CASE_WATCHING},
        {{{EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END},
          {EVENT_CERTIFICATE_REVOKED, 2, 0},
          {EVENT_CERTIFICATE_RENEWED, 3, SECOND_END}},
         CASE_REVOKED},
        /* the old end told once more does not take away when the new one was told first */
        {{{EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END},
          {EVENT_CERTIFICATE_SUSPENDED, 2, 0},
          {EVENT_CERTIFICATE_RENEWED, 3, SECOND_END},
          {EVENT_CERTIFICATE_EXPIRING, 4, FIRST_END}},
         CASE_SUSPENDED},
        /* told again before the renewal it says that the first was a mistake */
        {{{EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END},
          {EVENT_CERTIFICATE_SUSPENDED, 2, 0},
          {EVENT_CERTIFICATE_EXPIRING, 3, FIRST_END},
          {EVENT_CERTIFICATE_RENEWED, 4, SECOND_END}},
         CASE_WATCHING},
    };
    struct rng rng = {13};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct told list[4];
        size_t count = 0;

        memcpy(list, table[i].list, sizeof list);
        while (count < 4 && list[count].day != 0) {
            count++;
        }
        for (int k = 0; k < 50; k++) {
            if (run(list, count) != table[i].to) {
                fail_msg("row %zu, order %d: %s", i, k, case_state_name(run(list, count)));
            }
            shuffle(list, count, &rng);
        }
    }
}

/* What is planned for the new certificate keeps its name and its day. */
static void a_renewal_of_a_known_end_moves_nothing(void **state)
{
    struct case_file c;
    struct case_change change;

    (void)state;
    case_init(&c);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 0, SECOND_END);
    change = tell(&c, EVENT_CERTIFICATE_RENEWED, 5, SECOND_END);
    assert_int_equal(change.to, CASE_WATCHING);
    assert_int_equal(change.actions, 0);
    assert_int_equal(c.cycle, 0);
    assert_true(c.extended);
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_RENEWED, 6, 0).actions, 0);
    /* silent after a renewal without an end, until one with it says what it meant */
    case_init(&c);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 0, SECOND_END);
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_RENEWED, 5, 0).actions, CASE_STOP);
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_RENEWED, 6, SECOND_END).actions, CASE_PLAN);
    assert_int_equal(c.cycle, 0);
    /* a file that ended by the rule of before opens with the next list */
    c.state = CASE_RENEWED;
    assert_int_equal(tell(&c, EVENT_CERTIFICATE_EXPIRING, 7, SECOND_END).actions, CASE_PLAN);
}

/* Lost or stolen: what is named as replaced has ended, however far its end is. */
static void a_replaced_certificate_has_ended_at_any_time(void **state)
{
    static const int ends[] = {0, FIRST_END, SECOND_END + 200};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const struct told t = {EVENT_CERTIFICATE_RENEWED, 200, ends[i]};
        struct fact f = fact_of(&t);
        struct case_file c = watched();
        struct case_change change;

        (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 2, SECOND_END);
        (void)str_copy(f.certificate.ref, sizeof f.certificate.ref, STR("c2"));
        (void)str_copy(f.certificate.replaces, sizeof f.certificate.replaces, STR("c1"));
        case_apply(&c, CASE_REPLACED, &f, now_ms, &change);
        assert_int_equal(change.to, CASE_RENEWED);
        assert_int_equal(change.actions, CASE_STOP);
    }
}

/* Whatever is told before, between and after: once ended, only a later end opens it again. */
static void nothing_else_opens_an_ended_case(void **state)
{
    struct rng rng = {11};

    (void)state;
    for (int round = 0; round < 4000; round++) {
        struct case_file c = watched();
        bool ended = false;

        for (int i = 0; i < 12; i++) {
            enum event_type type = (enum event_type)rng_below(&rng, EVENT_TYPE_COUNT);
            int end_day = FIRST_END + (int)rng_below(&rng, 50) - 25;

            (void)tell(&c, type, (int)rng_below(&rng, 30),
                       type == EVENT_CERTIFICATE_EXPIRING ? end_day : 0);
            assert_true(!ended || case_state_is_ended(c.state));
            ended = case_state_is_ended(c.state);
        }
    }
}

static void the_file_survives_the_store(void **state)
{
    struct case_file c = watched();
    struct case_file again;
    struct buf text;
    struct buf twice;

    (void)state;
    buf_init(&text, 65536);
    buf_init(&twice, 65536);
    (void)tell(&c, EVENT_LOGIN_BLOCKED, 1, 0);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 2, SECOND_END);
    assert_int_equal(case_write(&c, &text), 0);
    assert_int_equal(case_read((struct str){text.data, text.len}, &again), 0);
    assert_int_equal(case_write(&again, &twice), 0);
    assert_string_equal(text.data, twice.data);
    assert_int_equal(again.cycle, 1);
    assert_true(again.extended);
    assert_int_equal(again.former_told_ms, now_ms);
    assert_int_equal(again.state, c.state);
    for (size_t cut = 0; cut < text.len; cut++) {
        assert_int_equal(case_read((struct str){text.data, cut}, &again), ERR_CORRUPT);
    }
    /* a former that only a renewal shows */
    case_init(&c);
    (void)tell(&c, EVENT_CERTIFICATE_EXPIRING, 1, SECOND_END);
    (void)tell(&c, EVENT_CERTIFICATE_RENEWED, 4, SECOND_END);
    buf_reset(&text);
    assert_int_equal(case_write(&c, &text), 0);
    assert_int_equal(case_read((struct str){text.data, text.len}, &again), 0);
    assert_true(again.extended);
    assert_int_equal(again.renewal_told_ms, now_ms + 4LL * DAY_MS);
    assert_int_equal(again.former_told_ms, 0);
    /* files from before a kind of fact was added have fewer numbers */
    assert_int_equal(
        case_read(STR("{\"case\":[6,0,1,1,1,0,0,0,0,0,5],\"fact\":{\"type\":\"certificate."
                      "renewed\"}}"),
                  &again),
        0);
    assert_int_equal(again.seen_ms[0], 5);
    assert_int_equal(again.state, CASE_RENEWED);
    assert_true(again.extended);
    assert_int_equal(again.renewal_told_ms, 0);
    buf_finish(&text);
    buf_finish(&twice);
}

static void names_go_both_ways(void **state)
{
    (void)state;
    for (enum case_state s = CASE_WATCHING; s < CASE_STATE_COUNT; s++) {
        assert_int_equal(case_state_parse(str_of(case_state_name(s))), s);
        assert_true(case_state_sentence(s, true)[0] != '\0');
        assert_true(case_state_sentence(s, false)[0] != '\0');
    }
    assert_int_equal(case_state_parse(STR("open")), CASE_STATE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fact_has_its_consequence),
        cmocka_unit_test(the_whole_way_says_each_thing_once),
        cmocka_unit_test(late_steps_do_not_go_back),
        cmocka_unit_test(an_early_end_keeps_the_case_silent),
        cmocka_unit_test(a_later_end_opens_a_new_cycle),
        cmocka_unit_test(the_same_day_is_the_same_end),
        cmocka_unit_test(a_corrected_end_opens_nothing),
        cmocka_unit_test(a_stale_end_brings_nothing_back),
        cmocka_unit_test(of_two_ends_told_at_once_the_later_counts),
        cmocka_unit_test(a_corrected_end_is_planned_anew),
        cmocka_unit_test(blocked_pauses_and_unblocked_resumes),
        cmocka_unit_test(blocked_is_said_again_only_after_a_while),
        cmocka_unit_test(blocked_waits_for_an_address),
        cmocka_unit_test(a_case_expires_with_the_day),
        cmocka_unit_test(long_expired_is_no_news),
        cmocka_unit_test(of_equal_ends_one_speaks),
        cmocka_unit_test(another_certificate_of_the_holder_speaks),
        cmocka_unit_test(a_successor_ends_the_old_and_begins_the_new),
        cmocka_unit_test(time_alone_expires_and_tells_once),
        cmocka_unit_test(an_application_of_long_ago_is_over_in_time),
        cmocka_unit_test(an_earlier_step_begins_anew),
        cmocka_unit_test(who_has_applied_was_let_in),
        cmocka_unit_test(an_application_for_the_next_one_is_not_over),
        cmocka_unit_test(a_new_case_knows_its_holder),
        cmocka_unit_test(a_new_case_knows_that_the_duty_ended),
        cmocka_unit_test(eonay_chooses_the_series),
        cmocka_unit_test(newest_details_win),
        cmocka_unit_test(the_order_of_facts_does_not_matter),
        cmocka_unit_test(of_three_facts_the_order_does_not_matter),
        cmocka_unit_test(a_renewal_told_late_still_counts),
        cmocka_unit_test(a_renewal_long_before_the_end_is_of_the_certificate_before),
        cmocka_unit_test(a_renewal_of_a_known_end_moves_nothing),
        cmocka_unit_test(a_replaced_certificate_has_ended_at_any_time),
        cmocka_unit_test(nothing_else_opens_an_ended_case),
        cmocka_unit_test(the_file_survives_the_store),
        cmocka_unit_test(names_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
