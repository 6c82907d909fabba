/* What a due message is asked once more: the hour, the day's SMS, the state its notice speaks of.
 */
#include "flow/rounds.h"
#include "flow_scene.h"

enum { HOUR = 60 };

/* The clock of the scene stands at a minute of tomorrow in Türkiye. */
static void open_with(struct scene *s, int minute, const char *providers)
{
    int64_t now = clock_wall_ms(clock_system());

    scene_strict = true;
    s->wall_shift_ms = istanbul_ms(istanbul_day(now) + 1, minute) - now;
    scene_open(s, providers);
}

static void open_at(struct scene *s, int minute)
{
    open_with(s, minute, "{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\"}}");
}

static void close_it(struct scene *s)
{
    scene_close(s);
    scene_remove(s);
    scene_strict = false;
}

static void advance_to(struct scene *s, int days, int minute)
{
    int64_t now = gateway_now(&s->gateway);

    s->wall_shift_ms += istanbul_ms(istanbul_day(now) + days, minute) - now;
    dispatch_kick(s->gateway.dispatch, CHANNEL_SMS);
    dispatch_kick(s->gateway.dispatch, CHANNEL_EMAIL);
}

static struct scene_row *notice(struct scene *s, enum channel channel)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->rows[i].campaign, APPLY_NOTICE_CAMPAIGN) == 0 &&
            s->rows[i].channel == channel) {
            return &s->rows[i];
        }
    }
    fail_msg("there is no notice");
    return NULL;
}

static void nothing_goes_at_night_though_no_hours_are_given(void **state)
{
    static const int nights[] = {0, 7 * HOUR + 59, 20 * HOUR, 23 * HOUR + 59};

    (void)state;
    for (size_t i = 0; i < sizeof nights / sizeof nights[0]; i++) {
        struct scene s = {0};
        struct scene_row *row;

        open_at(&s, nights[i]);
        scene_post_one(&s, "certificate.expiring", 1, 88);
        scene_wait(&s, 150);
        scene_refresh(&s);
        assert_int_equal(scene_in_state(&s, MESSAGE_ACCEPTED), 0);
        row = scene_find(&s, 90, CHANNEL_SMS);
        assert_int_equal(istanbul_minute(row->due_ms), 8 * HOUR);
        assert_int_equal(istanbul_day(row->due_ms),
                         istanbul_day(gateway_now(&s.gateway)) + (nights[i] >= 20 * HOUR));
        advance_to(&s, nights[i] >= 20 * HOUR, 8 * HOUR + 1);
        scene_until(&s, MESSAGE_ACCEPTED, 2);
        close_it(&s);
    }
}

static void the_day_is_open(void **state)
{
    struct scene s = {0};

    (void)state;
    open_at(&s, 19 * HOUR + 50);
    scene_post_one(&s, "certificate.expiring", 1, 88);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    close_it(&s);
}

static void a_person_gets_one_sms_a_day(void **state)
{
    struct scene s = {0};
    struct scene_row *row;

    (void)state;
    open_at(&s, 11 * HOUR);
    scene_post_one(&s, "certificate.expiring", 1, 88);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    scene_post_one(&s, "application.submitted", 1, 88);
    scene_until(&s, MESSAGE_ACCEPTED, 3); /* the mail of the notice */
    scene_wait(&s, 100);
    scene_refresh(&s);
    row = notice(&s, CHANNEL_SMS);
    assert_int_equal(row->state, MESSAGE_QUEUED);
    assert_string_equal(row->reason, "one_sms_a_day");
    assert_int_equal(istanbul_day(row->due_ms), istanbul_day(gateway_now(&s.gateway)) + 1);
    assert_int_equal(istanbul_minute(row->due_ms), 8 * HOUR);
    scene_post_one(&s, "certificate.expiring", 2, 88); /* somebody else */
    scene_until(&s, MESSAGE_ACCEPTED, 5);
    advance_to(&s, 1, 8 * HOUR + 1);
    scene_until(&s, MESSAGE_ACCEPTED, 6);
    close_it(&s);
}

/* Somebody cancels what was fetched, just before it is claimed. */
static int cancel_first(struct store *s, const struct message_move *move, struct err *e)
{
    const struct message_move cancel = {
        .id = move->id, .from = move->from, .to = MESSAGE_CANCELLED, .now_ms = move->now_ms};

    if (move->opens != NULL && scene_real_move(s, &cancel, e) != 0) {
        return e->code;
    }
    return scene_real_move(s, move, e);
}

static void what_was_cancelled_takes_nobodys_day(void **state)
{
    struct scene s = {0};

    (void)state;
    open_at(&s, 11 * HOUR);
    scene_move_by(&s, cancel_first);
    scene_post_one(&s, "certificate.expiring", 1, 88);
    scene_until(&s, MESSAGE_CANCELLED, 2);
    scene_move_by(&s, NULL);
    scene_post_one(&s, "application.submitted", 1, 88);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    scene_refresh(&s);
    assert_int_equal(notice(&s, CHANNEL_SMS)->state, MESSAGE_ACCEPTED);
    close_it(&s);
}

static void the_day_survives_a_restart(void **state)
{
    struct scene s = {0};

    (void)state;
    open_at(&s, 11 * HOUR);
    scene_post_one(&s, "certificate.expiring", 1, 88);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    scene_close(&s);
    scene_open(&s, "{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\"}}");
    scene_post_one(&s, "application.submitted", 1, 88);
    scene_until(&s, MESSAGE_ACCEPTED, 3);
    scene_wait(&s, 100);
    scene_refresh(&s);
    assert_string_equal(notice(&s, CHANNEL_SMS)->reason, "one_sms_a_day");
    close_it(&s);
}

/* The notice of a blocked login waits for the morning; by then the login is open again. */
static void a_notice_speaks_of_its_state_or_not_at_all(void **state)
{
    struct scene s = {0};

    (void)state;
    open_at(&s, 22 * HOUR);
    scene_post_one(&s, "certificate.expiring", 1, 300);
    scene_post_one(&s, "login.blocked", 1, 300);
    scene_post_one(&s, "login.unblocked", 1, 300);
    scene_refresh(&s);
    assert_int_equal(notice(&s, CHANNEL_SMS)->state, MESSAGE_CANCELLED);
    assert_string_equal(notice(&s, CHANNEL_SMS)->reason, "unblocked");
    assert_int_equal(scene_in_state(&s, MESSAGE_HELD), 0);
    close_it(&s);
}

static int sleep_a_moment(struct store_job *job, struct store *s, struct err *e)
{
    (void)job;
    (void)s;
    (void)e;
    (void)usleep(100000);
    return 0;
}

static void slept(struct store_job *job, int status, const struct err *e)
{
    (void)job;
    (void)status;
    (void)e;
}

/* The walk over all cases begins; before it reaches the store a fact comes and is planned. */
static void a_fact_that_comes_during_a_walk_keeps_its_plan(void **state)
{
    struct scene s = {0};
    struct store_job nap = {.work = sleep_a_moment, .done = slept};
    struct rounds *r;

    (void)state;
    open_with(&s, 11 * HOUR,
              "{\"s\":{\"kind\":\"sink\",\"pace\":\"1/h\"},\"m\":{\"kind\":\"sink\"}}");
    scene_post_one(&s, "certificate.expiring", 1, 88);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    store_thread_submit(s.gateway.writer, &nap);
    r = rounds_create(&s.gateway);
    assert_non_null(r);
    rounds_start(r);
    (void)uv_run(&s.loop, UV_RUN_NOWAIT);
    s.wall_shift_ms += 1000;
    scene_post_one(&s, "certificate.expiring", 2, 88);
    scene_until(&s, MESSAGE_ACCEPTED, 3);
    scene_wait(&s, 200);
    scene_refresh(&s);
    assert_int_equal(scene_in_state(&s, MESSAGE_QUEUED), 1);
    for (size_t i = 0; i < s.count; i++) {
        assert_string_not_equal(s.rows[i].reason, APPLY_PLAN_CHANGED);
    }
    rounds_destroy(r);
    close_it(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_goes_at_night_though_no_hours_are_given),
        cmocka_unit_test(the_day_is_open),
        cmocka_unit_test(a_fact_that_comes_during_a_walk_keeps_its_plan),
        cmocka_unit_test(a_person_gets_one_sms_a_day),
        cmocka_unit_test(what_was_cancelled_takes_nobodys_day),
        cmocka_unit_test(the_day_survives_a_restart),
        cmocka_unit_test(a_notice_speaks_of_its_state_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
