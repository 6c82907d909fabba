/* The whole path without HTTP: a fact becomes reminders, a provider takes them, outcomes settle. */
#include "flow_scene.h"

#define SINK       "{\"kind\":\"sink\"}"
#define SINKS(sms) "{\"s\":" sms ",\"m\":" SINK "}"

static void test_a_fact_sends_the_due_mark_and_plans_the_rest(void **state)
{
    static struct scene s;

    (void)state;
    scene_open(&s, SINKS("{\"kind\":\"sink\",\"report\":\"delivered\"}"));
    scene_post_one(&s, "certificate.expiring", 1, 28);
    assert_int_equal(s.batch->items[0].result, INTAKE_ACCEPTED);
    assert_true(s.batch->items[0].applied);
    assert_int_equal(s.batch->items[0].planned_count, 10); /* 30 now, 15 7 3 1 later; 2 channels */
    scene_until(&s, MESSAGE_DELIVERED, 1);
    scene_until(&s, MESSAGE_ACCEPTED, 1); /* the mail: its sink sends no reports */
    assert_int_equal(scene_find(&s, 30, CHANNEL_SMS)->state, MESSAGE_DELIVERED);
    assert_int_equal(scene_find(&s, 30, CHANNEL_EMAIL)->state, MESSAGE_ACCEPTED);
    assert_int_equal(scene_find(&s, 30, CHANNEL_SMS)->attempts, 1);
    assert_int_equal(scene_in_state(&s, MESSAGE_PLANNED), 8);
    assert_null(scene_find(&s, 90, CHANNEL_SMS)); /* missed marks are not sent late */
    scene_close(&s);
    scene_remove(&s);
}

static void test_repetitions_and_contradictions_change_nothing(void **state)
{
    static struct scene s;
    int64_t seq;

    (void)state;
    scene_open(&s, SINKS(SINK));
    scene_post_one(&s, "certificate.expiring", 1, 80);
    seq = s.batch->items[0].seq;
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    scene_post_one(&s, "certificate.expiring", 1, 80);
    assert_int_equal(s.batch->items[0].result, INTAKE_CONFLICT); /* the end moved by milliseconds */
    assert_int_equal(s.batch->items[0].seq, seq);
    scene_refresh(&s);
    assert_int_equal(scene_in_state(&s, MESSAGE_ACCEPTED), 2);
    scene_close(&s);
    scene_remove(&s);
}

static void test_the_same_fact_again_is_a_duplicate_with_the_first_answer(void **state)
{
    static struct scene s;
    char text[768];
    const char *list[] = {text};
    size_t planned;

    (void)state;
    scene_open(&s, SINKS(SINK));
    scene_fact(&s, text, sizeof text, "certificate.expiring", 1, 80);
    scene_post(&s, list, 1);
    planned = s.batch->items[0].planned_count;
    assert_int_equal(s.batch->items[0].result, INTAKE_ACCEPTED);
    scene_post(&s, list, 1);
    assert_int_equal(s.batch->items[0].result, INTAKE_DUPLICATE);
    assert_int_equal(s.batch->items[0].planned_count, planned);
    scene_refresh(&s);
    assert_int_equal(s.count, planned);
    scene_close(&s);
    scene_remove(&s);
}

static void test_renewal_stops_what_waits(void **state)
{
    static struct scene s;

    (void)state;
    scene_open(&s, SINKS(SINK));
    scene_post_one(&s, "certificate.expiring", 1, 28);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    scene_post_one(&s, "certificate.renewed", 1, 28);
    scene_until(&s, MESSAGE_CANCELLED, 8);
    assert_string_equal(scene_find(&s, 15, CHANNEL_SMS)->reason, "renewed");
    scene_post_one(&s, "certificate.expiring", 1, 27); /* late news of the ended case */
    scene_wait(&s, 100);
    scene_refresh(&s);
    assert_int_equal(scene_in_state(&s, MESSAGE_CANCELLED), 8);
    assert_int_equal(s.count, 10);
    scene_close(&s);
    scene_remove(&s);
}

static void test_a_renewal_before_its_expiry_notice_keeps_silent(void **state)
{
    static struct scene s;

    (void)state;
    scene_open(&s, SINKS(SINK));
    scene_post_one(&s, "certificate.renewed", 1, 28);
    scene_post_one(&s, "certificate.expiring", 1, 28);
    scene_wait(&s, 200);
    scene_refresh(&s);
    assert_int_equal(scene_in_state(&s, MESSAGE_ACCEPTED), 0);
    assert_int_equal(scene_in_state(&s, MESSAGE_PLANNED), 0);
    scene_close(&s);
    scene_remove(&s);
}

static void test_duty_that_ended_before_the_certificate_was_known_keeps_silent(void **state)
{
    static struct scene s;
    const char *list[] = {"{\"type\":\"duty.ended\",\"id\":\"d1\",\"holder\":{\"ref\":\"h-1\"}}"};

    (void)state;
    scene_open(&s, SINKS(SINK));
    scene_post(&s, list, 1);
    scene_post_one(&s, "certificate.expiring", 1, 28);
    scene_post_one(&s, "certificate.expiring", 2, 28); /* somebody else */
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    assert_int_equal(s.count, 10);
    scene_close(&s);
    scene_remove(&s);
}

static void test_many_facts_are_applied_behind_the_answer(void **state)
{
    static struct scene s;
    static char texts[300][768];
    static const char *list[300];

    (void)state;
    scene_open(&s, SINKS("{\"kind\":\"sink\",\"delay\":\"1ms\"}"));
    for (int i = 0; i < 300; i++) {
        scene_fact(&s, texts[i], sizeof texts[i], "certificate.expiring", i, 1);
        list[i] = texts[i];
    }
    scene_post(&s, list, 300);
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(s.batch->items[i].result, INTAKE_ACCEPTED);
        assert_int_equal(s.batch->items[i].seq, (int64_t)i + 1);
    }
    scene_until(&s, MESSAGE_ACCEPTED, 500); /* the newest page of 600 */
    assert_int_equal(s.gateway.stats.backlog, 0);
    assert_int_equal(s.gateway.stats.events[STATS_EVENT_ACCEPTED], 300);
    scene_close(&s);
    scene_remove(&s);
}

static void test_a_retry_counts_and_waits(void **state)
{
    static struct scene s;
    const struct scene_row *sms;

    (void)state;
    scene_open(&s, SINKS("{\"kind\":\"sink\",\"fail\":[\"retry\"]}"));
    scene_post_one(&s, "certificate.expiring", 1, 1);
    scene_until(&s, MESSAGE_ACCEPTED, 1); /* the mail */
    scene_wait(&s, 1500);
    scene_refresh(&s);
    sms = scene_find(&s, 1, CHANNEL_SMS);
    assert_true(sms->attempts >= 1);
    assert_true(sms->state == MESSAGE_QUEUED || sms->state == MESSAGE_SENDING);
    assert_true(s.gateway.stats.providers[0].attempts[OUTCOME_RETRY] >= 1);
    scene_close(&s);
    scene_remove(&s);
}

static void test_an_account_problem_holds_the_provider_and_burns_nothing(void **state)
{
    static struct scene s;

    (void)state;
    scene_open(&s, SINKS("{\"kind\":\"sink\",\"fail\":[\"account\"]}"));
    for (int i = 0; i < 5; i++) {
        scene_post_one(&s, "certificate.expiring", i, 1);
    }
    scene_until(&s, MESSAGE_ACCEPTED, 5); /* the mails */
    scene_wait(&s, 300);
    scene_refresh(&s);
    assert_true(s.gateway.stats.providers[0].held);
    assert_int_equal(scene_in_state(&s, MESSAGE_QUEUED), 5);
    for (size_t i = 0; i < s.count; i++) {
        if (s.rows[i].channel == CHANNEL_SMS) {
            assert_int_equal(s.rows[i].attempts, 0);
        }
    }
    scene_close(&s);
    scene_remove(&s);
}

/* Two of three wait for their domain's pace: the one behind them goes to another domain. */
static void test_who_waits_for_reasons_of_its_own_stops_nobody(void **state)
{
    static struct scene s;
    char fact[4][1024];
    const char *facts[4];

    (void)state;
    scene_open(&s, "{\"s\":" SINK ",\"m\":{\"kind\":\"sink\",\"domain_pace\":\"1/h\","
                   "\"in_flight\":1}}");
    for (int i = 0; i < 4; i++) {
        scene_fact(&s, fact[i], sizeof fact[i], "certificate.expiring", i + 1, 1);
        facts[i] = fact[i];
    }
    assert_non_null(strstr(fact[3], "@ornek."));
    memcpy(strstr(fact[3], "@ornek."), "@baska.", 7);
    scene_post(&s, facts, 4);
    scene_until(&s, MESSAGE_ACCEPTED, 4 + 2);
    scene_close(&s);
    scene_remove(&s);
}

static void test_a_rejected_message_is_final(void **state)
{
    static struct scene s;

    (void)state;
    scene_open(&s, SINKS("{\"kind\":\"sink\",\"fail\":[\"rejected\"]}"));
    scene_post_one(&s, "certificate.expiring", 1, 1);
    scene_until(&s, MESSAGE_FAILED, 1);
    assert_int_equal(scene_find(&s, 1, CHANNEL_SMS)->state, MESSAGE_FAILED);
    scene_close(&s);
    scene_remove(&s);
}

static void test_a_lost_answer_is_resent_once_and_flagged(void **state)
{
    static struct scene s;
    const struct scene_row *sms;

    (void)state;
    scene_open(&s, SINKS("{\"kind\":\"sink\",\"on_doubt\":\"resend\",\"fail\":[\"unknown\"]}"));
    scene_post_one(&s, "certificate.expiring", 1, 1);
    scene_until(&s, MESSAGE_ACCEPTED, 1); /* the mail */
    scene_until(&s, MESSAGE_HELD, 1);     /* twice in doubt: a person decides */
    sms = scene_find(&s, 1, CHANNEL_SMS);
    assert_true((sms->flags & MESSAGE_POSSIBLE_DUPLICATE) != 0);
    assert_int_equal(s.gateway.stats.providers[0].attempts[OUTCOME_UNKNOWN], 2);
    scene_close(&s);
    scene_remove(&s);
}

struct operated {
    bool done;
    int status;
    enum message_state state;
    bool in_doubt;
};

static void on_operated(void *ctx, int status, enum message_state to, bool in_doubt,
                        const struct err *e)
{
    struct operated *o = ctx;

    (void)e;
    *o = (struct operated){true, status, to, in_doubt};
}

static struct operated operate(struct scene *s, int64_t id, bool resend)
{
    struct operated o = {0};
    struct err e = {0};

    assert_int_equal(resend ? operate_resend(&s->gateway, id, "test", on_operated, &o, &e)
                            : operate_cancel(&s->gateway, id, "test", on_operated, &o, &e),
                     0);
    while (!o.done) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
    return o;
}

static void test_parked_doubt_waits_for_a_person(void **state)
{
    static struct scene s;

    (void)state;
    scene_open(&s, SINKS("{\"kind\":\"sink\",\"on_doubt\":\"park\",\"fail\":[\"unknown\"]}"));
    scene_post_one(&s, "certificate.expiring", 1, 1);
    scene_until(&s, MESSAGE_HELD, 1);
    assert_int_equal(s.gateway.stats.providers[0].attempts[OUTCOME_UNKNOWN], 1);
    assert_true(operate(&s, scene_find(&s, 1, CHANNEL_SMS)->id, true).in_doubt);
    scene_refresh(&s);
    assert_int_equal(scene_find(&s, 1, CHANNEL_SMS)->flags,
                     MESSAGE_RESENT | MESSAGE_POSSIBLE_DUPLICATE);
    scene_close(&s);
    scene_remove(&s);
}

/* The provider never answers in time; the gateway stops with the attempt in the air. */
static void test_what_was_in_flight_at_the_end_is_in_doubt_at_the_start(void **state)
{
    static struct scene s;
    pid_t child;
    int status;

    (void)state;
    (void)snprintf(s.dir, sizeof s.dir, "/tmp/hatirlat-flow-XXXXXX");
    assert_non_null(mkdtemp(s.dir));
    (void)snprintf(s.path, sizeof s.path, "%s/t.db", s.dir);
    child = fork();
    if (child == 0) {
        scene_open(&s, SINKS("{\"kind\":\"sink\",\"delay\":\"1h\"}"));
        scene_post_one(&s, "certificate.expiring", 1, 1);
        scene_until(&s, MESSAGE_SENDING, 1);
        _exit(0); /* as a crash would */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    scene_open(&s, SINKS("{\"kind\":\"sink\",\"on_doubt\":\"resend\"}"));
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    assert_true((scene_find(&s, 1, CHANNEL_SMS)->flags & MESSAGE_POSSIBLE_DUPLICATE) != 0);
    assert_int_equal(scene_find(&s, 1, CHANNEL_SMS)->attempts, 2);
    assert_int_equal(scene_find(&s, 1, CHANNEL_EMAIL)->flags & MESSAGE_POSSIBLE_DUPLICATE, 0);
    scene_close(&s);
    scene_remove(&s);
}

struct pushed {
    int calls;
    int status;
};

static void on_pushed(void *ctx, int status)
{
    struct pushed *p = ctx;

    p->calls++;
    p->status = status;
}

/* A vendor forgets a report once it is confirmed, so a crash may not come between. */
static void test_a_pushed_report_is_confirmed_when_it_is_stored(void **state)
{
    static struct scene s;
    struct provider_hook hook = {.method = STR("GET")};
    struct pushed pushed = {0};
    struct err e = {0};
    char ref[IDS_TEXT_SIZE];
    char secret[REPORT_SECRET_SIZE];
    char query[128];

    (void)state;
    (void)setenv("SCENE_PASSWORD", "kanarya", 1);
    scene_open(&s,
               "{\"s\":{\"kind\":\"http-sms\",\"recipe\":\"kannel\",\"user\":\"u\","
               "\"base_url\":\"http://127.0.0.1:9\",\"sender\":\"ORNEK\","
               "\"password\":{\"env\":\"SCENE_PASSWORD\"},\"allow_private\":true},\"m\":" SINK "}");
    scene_post_one(&s, "certificate.expiring", 1, 1);
    scene_until(&s, MESSAGE_ACCEPTED, 1); /* the mail */
    ids_attempt_format(s.gateway.ids, scene_find(&s, 1, CHANNEL_SMS)->id, 1, ref);
    reports_secret(&s.gateway, "s", secret);
    (void)snprintf(query, sizeof query, "ref=%s&state=1", ref);
    hook.query = str_of(query);
    assert_int_equal(
        reports_hook(&s.gateway, STR("s"), STR("wrong"), &hook, on_pushed, &pushed, &e),
        ERR_NOT_FOUND);
    assert_int_equal(
        reports_hook(&s.gateway, STR("s"), str_of(secret), &hook, on_pushed, &pushed, &e), 0);
    assert_int_equal(pushed.calls, 0);
    while (pushed.calls == 0) {
        (void)uv_run(&s.loop, UV_RUN_ONCE);
    }
    assert_int_equal(pushed.status, 0);
    hook.query = STR("ref=nobody");
    assert_int_equal(
        reports_hook(&s.gateway, STR("s"), str_of(secret), &hook, on_pushed, &pushed, &e),
        ERR_INVALID);
    scene_refresh(&s);
    assert_int_equal(scene_find(&s, 1, CHANNEL_SMS)->state, MESSAGE_DELIVERED);
    assert_int_equal(pushed.calls, 1);
    scene_close(&s);
    scene_remove(&s);
}

static void test_an_operator_cancels_and_resends(void **state)
{
    static struct scene s;
    int64_t planned;
    int64_t sent;

    (void)state;
    scene_open(&s, SINKS(SINK));
    scene_post_one(&s, "certificate.expiring", 1, 28);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    planned = scene_find(&s, 15, CHANNEL_SMS)->id;
    sent = scene_find(&s, 30, CHANNEL_SMS)->id;
    assert_int_equal(operate(&s, planned, false).status, 0);
    assert_int_equal(operate(&s, planned, false).status, ERR_WRONG_STATE); /* already so */
    assert_int_equal(operate(&s, 999999, false).status, ERR_NOT_FOUND);
    assert_int_equal(operate(&s, sent, true).status, 0);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    scene_wait(&s, 50);
    scene_refresh(&s);
    assert_int_equal(scene_find(&s, 30, CHANNEL_SMS)->attempts, 2);
    assert_true((scene_find(&s, 30, CHANNEL_SMS)->flags & MESSAGE_RESENT) != 0);
    assert_int_equal(scene_find(&s, 15, CHANNEL_SMS)->state, MESSAGE_CANCELLED);
    scene_close(&s);
    scene_remove(&s);
}

/* What was never tried keeps the time it has, and the rules that hold for all. */
static void test_what_was_held_is_let_go_with_the_time_it_has(void **state)
{
    static struct scene s;
    const char *usual = scene_campaigns;
    const struct scene_row *row;

    (void)state;
    scene_campaigns = "[{\"name\":\"bitis\",\"marks\":[60,30],\"channels\":[\"email\"],"
                      "\"past_due\":\"ask\"}]";
    scene_open(&s, SINKS(SINK));
    scene_campaigns = usual;
    scene_post_one(&s, "certificate.expiring", 1, 50);
    scene_until(&s, MESSAGE_HELD, 1);
    row = scene_find(&s, 60, CHANNEL_EMAIL);
    assert_int_equal(operate(&s, row->id, true).status, 0);
    scene_until(&s, MESSAGE_ACCEPTED, 1);
    row = scene_find(&s, 60, CHANNEL_EMAIL);
    assert_int_equal(row->flags & MESSAGE_RESENT, 0);
    assert_true(row->deadline_ms - gateway_now(&s.gateway) > 15LL * DAY_MS);
    scene_close(&s);
    scene_remove(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fact_sends_the_due_mark_and_plans_the_rest),
        cmocka_unit_test(test_repetitions_and_contradictions_change_nothing),
        cmocka_unit_test(test_the_same_fact_again_is_a_duplicate_with_the_first_answer),
        cmocka_unit_test(test_renewal_stops_what_waits),
        cmocka_unit_test(test_a_renewal_before_its_expiry_notice_keeps_silent),
        cmocka_unit_test(test_duty_that_ended_before_the_certificate_was_known_keeps_silent),
        cmocka_unit_test(test_many_facts_are_applied_behind_the_answer),
        cmocka_unit_test(test_a_retry_counts_and_waits),
        cmocka_unit_test(test_an_account_problem_holds_the_provider_and_burns_nothing),
        cmocka_unit_test(test_who_waits_for_reasons_of_its_own_stops_nobody),
        cmocka_unit_test(test_a_rejected_message_is_final),
        cmocka_unit_test(test_a_lost_answer_is_resent_once_and_flagged),
        cmocka_unit_test(test_parked_doubt_waits_for_a_person),
        cmocka_unit_test(test_what_was_in_flight_at_the_end_is_in_doubt_at_the_start),
        cmocka_unit_test(test_a_pushed_report_is_confirmed_when_it_is_stored),
        cmocka_unit_test(test_an_operator_cancels_and_resends),
        cmocka_unit_test(test_what_was_held_is_let_go_with_the_time_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
