/* Pauses, releases, cancellation and the guard on a running dispatcher. */
#include "flow_scene.h"

#include "flow/audit.h"
#include "flow/control.h"
#include "flow/guard.h"

#define SINKS                                                                                      \
    "{\"s\":{\"kind\":\"sink\",\"price_kurus\":20},\"m\":{\"kind\":\"sink\"},\"t\":{\"kind\":"     \
    "\"sink\"}}"

enum { FAR_MS = 3600000 };

/* ---- writing on the store's thread ---- */

struct write_job {
    struct store_job job;
    int (*write)(struct store *s, const void *what, struct err *e);
    const void *what;
    bool done;
};

static int write_work(struct store_job *job, struct store *s, struct err *e)
{
    const struct write_job *j = (struct write_job *)job;

    return j->write(s, j->what, e);
}

static void write_done(struct store_job *job, int status, const struct err *e)
{
    if (status != 0) {
        fail_msg("%s", e->text);
    }
    ((struct write_job *)job)->done = true;
}

static void scene_write(struct scene *s, int (*write)(struct store *, const void *, struct err *),
                        const void *what)
{
    struct write_job job = {
        .job = {.work = write_work, .done = write_done}, .write = write, .what = what};

    store_thread_submit(s->gateway.writer, &job.job);
    while (!job.done) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
}

static int write_control(struct store *s, const void *what, struct err *e)
{
    return control_put(s, what, e);
}

static int write_removal(struct store *s, const void *what, struct err *e)
{
    return control_remove(s, what, e);
}

static int write_release(struct store *s, const void *what, struct err *e)
{
    struct release r = *(const struct release *)what;

    return release_put(s, &r, e);
}

static int write_day(struct store *s, const void *what, struct err *e)
{
    return guard_day_add(s, "bitis", what, e);
}

static void control(struct scene *s, const char *subject, enum control_verb verb, int64_t until)
{
    struct control c = {.verb = verb, .at_ms = gateway_now(&s->gateway), .until_ms = until};

    (void)str_copy(c.subject, sizeof c.subject, str_of(subject));
    (void)str_copy(c.by, sizeof c.by, STR("key:panel"));
    scene_write(s, write_control, &c);
    dispatch_controls_changed(s->gateway.dispatch);
}

static void end_control(struct scene *s, const char *subject)
{
    scene_write(s, write_removal, subject);
    dispatch_controls_changed(s->gateway.dispatch);
}

static void give_release(struct scene *s, enum conf_release mode)
{
    int64_t now = gateway_now(&s->gateway);
    struct release r = {.mode = mode, .at_ms = now, .from_ms = now, .until_ms = now + FAR_MS};

    (void)str_copy(r.campaign, sizeof r.campaign, STR("bitis"));
    (void)str_copy(r.by, sizeof r.by, STR("İrem Çağlar"));
    scene_write(s, write_release, &r);
    dispatch_controls_changed(s->gateway.dispatch);
}

static size_t with_reason(const struct scene *s, enum message_state state, const char *reason)
{
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++) {
        count += s->rows[i].state == state && strcmp(s->rows[i].reason, reason) == 0;
    }
    return count;
}

static void open_with(struct scene *s, const char *campaign)
{
    static char text[512];

    *s = (struct scene){0};
    (void)snprintf(text, sizeof text,
                   "[{\"name\":\"bitis\",\"marks\":[90,60,30,15,7,3,1],\"channels\":[\"sms\","
                   "\"email\"]%s}]",
                   campaign);
    scene_campaigns = text;
    scene_open(s, SINKS);
}

static void end_scene(struct scene *s)
{
    scene_close(s);
    scene_remove(s);
}

/* ---- cases ---- */

static void a_paused_campaign_waits_and_goes_on(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, "");
    control(&s, "campaign:bitis", CONTROL_PAUSE, 0);
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_HELD, 2);
    assert_int_equal(with_reason(&s, MESSAGE_HELD, "paused"), 2);
    scene_wait(&s, 30);
    scene_refresh(&s);
    assert_int_equal(scene_in_state(&s, MESSAGE_ACCEPTED), 0);
    end_control(&s, "campaign:bitis");
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    end_scene(&s);
}

/* The paused campaign's messages do not stand in the way of anybody. */
static void others_pass_by(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, "},{\"name\":\"ikinci\",\"marks\":[30],\"channels\":[\"sms\"]");
    control(&s, "campaign:bitis", CONTROL_PAUSE, 0);
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_ACCEPTED, 1);
    for (size_t i = 0; i < s.count; i++) {
        if (s.rows[i].state == MESSAGE_ACCEPTED) {
            assert_string_equal(s.rows[i].campaign, "ikinci");
        }
    }
    end_scene(&s);
}

static void a_pause_ends_by_itself(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, "");
    control(&s, "campaign:bitis", CONTROL_PAUSE, gateway_now(&s.gateway) + 300);
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_HELD, 2);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    end_scene(&s);
}

static void a_paused_channel_sends_nothing(void **state)
{
    static const char *const subjects[] = {"channel:sms", "all"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s;

        open_with(&s, "");
        control(&s, subjects[i], CONTROL_PAUSE, 0);
        scene_post_one(&s, "certificate.expiring", 1, 29);
        scene_until(&s, MESSAGE_ACCEPTED, i == 0 ? 1 : 0);
        scene_wait(&s, 30);
        scene_refresh(&s);
        assert_int_equal(scene_in_state(&s, MESSAGE_ACCEPTED), i == 0 ? 1 : 0);
        assert_int_equal(scene_in_state(&s, MESSAGE_QUEUED), i == 0 ? 1 : 2);
        end_control(&s, subjects[i]);
        scene_until(&s, MESSAGE_ACCEPTED, 2);
        end_scene(&s);
    }
}

/* A pause is there again after a restart. */
static void a_pause_survives_a_restart(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, "");
    control(&s, "campaign:bitis", CONTROL_PAUSE, 0);
    scene_close(&s);
    scene_open(&s, SINKS);
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_HELD, 2);
    end_scene(&s);
}

/* Nobody has told the dispatcher yet: the claim sees it in its own transaction. */
static void a_pause_counts_from_its_commit(void **state)
{
    struct scene s;
    struct control c = {.verb = CONTROL_PAUSE, .subject = "campaign:bitis", .by = "key:panel"};

    (void)state;
    open_with(&s, "");
    scene_write(&s, write_control, &c);
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_HELD, 2);
    scene_write(&s, write_removal, "campaign:bitis");
    dispatch_kick(s.gateway.dispatch, CHANNEL_SMS);
    scene_post_one(&s, "certificate.expiring", 2, 29);
    scene_until(&s, MESSAGE_ACCEPTED, 4);
    end_scene(&s);
}

static void a_campaign_waits_for_its_release(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, ",\"release\":\"each\"");
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_HELD, 2);
    assert_int_equal(with_reason(&s, MESSAGE_HELD, "awaiting_release"), 2);
    give_release(&s, CONF_RELEASE_EACH);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    scene_wait(&s, 2); /* what is planned from now on is later than the release */
    scene_post_one(&s, "certificate.expiring", 2, 29);
    scene_until(&s, MESSAGE_HELD, 2);
    end_scene(&s);
}

static void a_standing_release_covers_what_comes(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, ",\"release\":\"standing\"");
    give_release(&s, CONF_RELEASE_STANDING);
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    s.wall_shift_ms += FAR_MS + 1000;
    scene_post_one(&s, "certificate.expiring", 2, 29);
    scene_until(&s, MESSAGE_HELD, 2);
    assert_int_equal(with_reason(&s, MESSAGE_HELD, "awaiting_release"), 2);
    end_scene(&s);
}

/* Released and still paused: the reason says what is left. */
static void the_reason_follows(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, ",\"release\":\"each\"");
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_HELD, 2);
    control(&s, "campaign:bitis", CONTROL_PAUSE, 0);
    give_release(&s, CONF_RELEASE_EACH);
    for (int i = 0; i < 200 && with_reason(&s, MESSAGE_HELD, "paused") < 2; i++) {
        scene_wait(&s, 10);
        scene_refresh(&s);
    }
    assert_int_equal(with_reason(&s, MESSAGE_HELD, "paused"), 2);
    end_control(&s, "campaign:bitis");
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    end_scene(&s);
}

static void a_cancelled_campaign_stops_all(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, "");
    control(&s, "campaign:bitis", CONTROL_PAUSE, 0);
    scene_post_one(&s, "certificate.expiring", 1, 80);
    scene_until(&s, MESSAGE_HELD, 2);
    assert_int_equal(scene_in_state(&s, MESSAGE_PLANNED), 12);
    control(&s, "campaign:bitis", CONTROL_CANCEL, 0);
    scene_until(&s, MESSAGE_CANCELLED, s.count);
    assert_int_equal(with_reason(&s, MESSAGE_CANCELLED, "campaign_cancelled"), 14);
    scene_post_one(&s, "certificate.expiring", 2, 29); /* and what is planned later */
    scene_until(&s, MESSAGE_CANCELLED, 16);
    end_scene(&s);
}

/* A late release: what would be outrun by the next mark is not sent any more. */
static void a_deadline_passes_while_waiting(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, "");
    control(&s, "campaign:bitis", CONTROL_PAUSE, 0);
    scene_post_one(&s, "certificate.expiring", 1, 31);
    scene_until(&s, MESSAGE_HELD, 2);
    s.wall_shift_ms += 30LL * DAY_MS; /* past the marks 30 to 3 */
    end_control(&s, "campaign:bitis");
    scene_until(&s, MESSAGE_HELD, 0);
    scene_refresh(&s);
    assert_int_equal(with_reason(&s, MESSAGE_EXPIRED, "deadline") > 0, true);
    end_scene(&s);
}

/* ---- the guard ---- */

static void the_guard_keeps_the_limit(void **state)
{
    struct scene s;
    char facts[10][768];
    const char *list[10];

    (void)state;
    open_with(&s, ",\"daily_limit\":7");
    for (int i = 0; i < 10; i++) {
        scene_fact(&s, facts[i], sizeof facts[i], "certificate.expiring", i + 1, 29);
        list[i] = facts[i];
    }
    scene_post(&s, list, 10);
    scene_until(&s, MESSAGE_HELD, 13);
    scene_until(&s, MESSAGE_ACCEPTED, 7);
    assert_int_equal(with_reason(&s, MESSAGE_HELD, "paused"), 13);
    assert_int_equal(s.gateway.stats.guard_stops[GUARD_LIMIT], 1);
    scene_close(&s); /* a restart does not forget */
    scene_open(&s, SINKS);
    scene_post_one(&s, "certificate.expiring", 11, 29);
    scene_until(&s, MESSAGE_HELD, 15);
    control(&s, "guard:bitis", CONTROL_ALLOW, 0);
    end_control(&s, "campaign:bitis");
    scene_until(&s, MESSAGE_ACCEPTED, 22);
    end_scene(&s);
}

static void rename_campaign(struct scene *s, int number)
{
    static char text[256];
    struct settings *former = s->gateway.settings;

    (void)snprintf(text, sizeof text,
                   "[{\"name\":\"dizi-%d\",\"marks\":[30],\"channels\":[\"sms\",\"email\"],"
                   "\"daily_limit\":1}]",
                   number);
    scene_campaigns = text;
    s->gateway.settings = scene_settings(SINKS);
    settings_drop(former);
    dispatch_reloaded(s->gateway.dispatch);
    while (store_thread_pending(s->gateway.writer) > 0) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
}

/* A campaign of its own every month, and never a restart. */
static void the_guard_has_room_for_new_names(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, "");
    for (int i = 0; i <= SETTINGS_CAMPAIGNS_MAX; i++) {
        rename_campaign(&s, i);
    }
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_HELD, 1);
    scene_until(&s, MESSAGE_ACCEPTED, 1);
    end_scene(&s);
}

static void the_guard_opens_with_the_day(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, ",\"daily_limit\":1");
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_HELD, 1);
    s.wall_shift_ms += DAY_MS;
    dispatch_controls_changed(s.gateway.dispatch);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    end_scene(&s);
}

static void the_guard_knows_the_usual(void **state)
{
    struct scene s;

    (void)state;
    open_with(&s, ",\"blast_factor\":2");
    for (int i = 1; i <= GUARD_USUAL_MIN; i++) {
        const struct guard_day day = {.day = istanbul_day(gateway_now(&s.gateway)) - i, .sent = 60};

        scene_write(&s, write_day, &day);
    }
    scene_write(
        &s, write_day,
        &(const struct guard_day){.day = istanbul_day(gateway_now(&s.gateway)), .sent = 119});
    scene_close(&s);
    scene_open(&s, SINKS);
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_ACCEPTED, 1);
    scene_until(&s, MESSAGE_HELD, 1);
    assert_int_equal(s.gateway.stats.guard_stops[GUARD_BLAST], 1);
    end_scene(&s);
}

/* Mail costs nothing and goes on until the SMS have used the budget up. */
static void the_guard_counts_kurus(void **state)
{
    struct scene s;
    size_t sms = 0;

    (void)state;
    open_with(&s, ",\"daily_budget\":1");
    scene_post_one(&s, "certificate.expiring", 1, 29);
    scene_until(&s, MESSAGE_SENDING, 0);
    scene_post_one(&s, "certificate.expiring", 2, 29);
    scene_until(&s, MESSAGE_QUEUED, 0);
    scene_until(&s, MESSAGE_SENDING, 0);
    for (size_t i = 0; i < s.count; i++) {
        sms += s.rows[i].state == MESSAGE_ACCEPTED && s.rows[i].channel == CHANNEL_SMS;
    }
    assert_int_equal(sms, 1);
    assert_int_equal(s.gateway.stats.guard_stops[GUARD_BUDGET], 1);
    end_scene(&s);
}

/* Whether the provider says no at once or reports it later. */
static void the_guard_sees_failures(void **state)
{
    static const char *const providers[] = {
        "{\"s\":{\"kind\":\"sink\",\"fail\":[\"rejected\"]},\"m\":{\"kind\":\"sink\"}}",
        "{\"s\":{\"kind\":\"sink\",\"report\":\"undelivered\"},\"m\":{\"kind\":\"sink\"}}"};
    static const enum message_state ends[] = {MESSAGE_FAILED, MESSAGE_UNDELIVERED};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct scene s = {0};

        scene_campaigns = "[{\"name\":\"bitis\",\"marks\":[30],\"channels\":[\"sms\"]}]";
        scene_open(&s, providers[k]);
        for (int i = 1; i <= GUARD_SAMPLE; i++) {
            scene_post_one(&s, "certificate.expiring", i, 29);
        }
        scene_until(&s, ends[k], GUARD_SAMPLE);
        scene_wait(&s, 50);
        scene_post_one(&s, "certificate.expiring", 100, 29);
        scene_until(&s, MESSAGE_HELD, 1);
        assert_int_equal(s.gateway.stats.guard_stops[GUARD_FAILURES], 1);
        end_scene(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_paused_campaign_waits_and_goes_on),
        cmocka_unit_test(others_pass_by),
        cmocka_unit_test(a_pause_ends_by_itself),
        cmocka_unit_test(a_paused_channel_sends_nothing),
        cmocka_unit_test(a_pause_survives_a_restart),
        cmocka_unit_test(a_pause_counts_from_its_commit),
        cmocka_unit_test(a_campaign_waits_for_its_release),
        cmocka_unit_test(a_standing_release_covers_what_comes),
        cmocka_unit_test(the_reason_follows),
        cmocka_unit_test(a_cancelled_campaign_stops_all),
        cmocka_unit_test(a_deadline_passes_while_waiting),
        cmocka_unit_test(the_guard_keeps_the_limit),
        cmocka_unit_test(the_guard_has_room_for_new_names),
        cmocka_unit_test(the_guard_opens_with_the_day),
        cmocka_unit_test(the_guard_knows_the_usual),
        cmocka_unit_test(the_guard_counts_kurus),
        cmocka_unit_test(the_guard_sees_failures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
