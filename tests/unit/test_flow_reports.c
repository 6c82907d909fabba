/* Reports that come before the answer they are about, and reports about nothing. */
#include "flow/reports_kept.h"
#include "flow_scene.h"

#define SINKS                                                                                      \
    "{\"s\":{\"kind\":\"sink\",\"delay\":\"400ms\",\"report\":\"delivered\","                      \
    "\"report_delay\":\"1h\"},\"m\":{\"kind\":\"sink\"}}"

struct kept_count {
    struct store_job job;
    size_t count;
    bool read;
};

static int count_record(void *ctx, const struct record_row *row)
{
    (void)row;
    ((struct kept_count *)ctx)->count++;
    return 0;
}

static int count_work(struct store_job *job, struct store *s, struct err *e)
{
    const struct record_range all = {
        .kind = RECORD_REPORT, .prefix = STR(""), .after = STR(""), .limit = STORE_LIST_MAX};

    return store_record_list(s, &all, count_record, job, e);
}

static void count_done(struct store_job *job, int status, const struct err *e)
{
    (void)e;
    assert_int_equal(status, 0);
    ((struct kept_count *)job)->read = true;
}

static size_t kept(struct scene *s)
{
    struct kept_count c = {.job = {.work = count_work, .done = count_done}};

    store_thread_submit(s->gateway.writer, &c.job);
    while (!c.read) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
    return c.count;
}

static void report(struct scene *s, const char *provider_ref, const char *to,
                   enum report_state state)
{
    const struct provider_report r = {.provider_ref = provider_ref,
                                      .to = to,
                                      .state = state,
                                      .code = "11",
                                      .detail = "early",
                                      .at_ms = gateway_now(&s->gateway)};

    reports_take(&s->gateway, 0, &r, 1);
    scene_wait(s, 50);
}

static struct scene *open_one(void)
{
    struct scene *s = calloc(1, sizeof *s);

    scene_open(s, SINKS);
    return s;
}

static void close_one(struct scene *s)
{
    scene_close(s);
    scene_remove(s);
    free(s);
}

/* The name that the sink gives to the first attempt of the SMS. */
static void sink_name(struct scene *s, char out[64])
{
    char ref[IDS_TEXT_SIZE];

    scene_until(s, MESSAGE_SENDING, 1);
    for (size_t i = 0; i < s->count; i++) {
        if (s->rows[i].channel == CHANNEL_SMS && s->rows[i].state == MESSAGE_SENDING) {
            ids_attempt_format(s->gateway.ids, s->rows[i].id, 1, ref);
        }
    }
    (void)snprintf(out, 64, "sink-%s", ref);
}

static void a_report_before_its_answer_is_applied_after_it(void **state)
{
    struct scene *s = open_one();
    char name[64];

    (void)state;
    scene_post_one(s, "certificate.expiring", 1, 1);
    sink_name(s, name);
    report(s, name, "", REPORT_DELIVERED);
    assert_int_equal(kept(s), 1);
    scene_until(s, MESSAGE_DELIVERED, 1);
    assert_int_equal(kept(s), 0);
    close_one(s);
}

#define DOUBTFUL                                                                                   \
    "{\"s\":{\"kind\":\"sink\",\"fail\":[\"unknown\"],\"on_doubt\":\"resend\"},"                   \
    "\"m\":{\"kind\":\"sink\"}}"

/* Nobody knows whether its first attempt was sent, so it is sent again through `providers`. */
static struct scene *open_repeated_by(const char *providers)
{
    struct scene *s = calloc(1, sizeof *s);

    scene_open(s, DOUBTFUL);
    scene_post_one(s, "certificate.expiring", 1, 1);
    scene_until(s, MESSAGE_QUEUED, 1);
    scene_reload(s, providers);
    s->wall_shift_ms += 10 * 60000;
    dispatch_kick(s->gateway.dispatch, CHANNEL_SMS);
    return s;
}

static struct scene *open_repeated(void)
{
    struct scene *s = open_repeated_by(SINKS);

    scene_until(s, MESSAGE_SENDING, 1);
    return s;
}

static struct scene_row *sms_of(struct scene *s)
{
    scene_refresh(s);
    return scene_find(s, 1, CHANNEL_SMS);
}

/* Nothing is awaited any more: what still comes by the vendor's own name finds no message. */
static void expect_left_with_provider(struct scene *s)
{
    char ref[IDS_TEXT_SIZE];
    char name[64];

    assert_int_equal(sms_of(s)->state, MESSAGE_ACCEPTED);
    assert_string_equal(sms_of(s)->reason, "provider_has_it");
    ids_attempt_format(s->gateway.ids, sms_of(s)->id, 2, ref);
    (void)snprintf(name, sizeof name, "sink-%s", ref);
    report(s, name, "", REPORT_UNDELIVERED);
    assert_int_equal(kept(s), 1);
    assert_int_equal(sms_of(s)->state, MESSAGE_ACCEPTED);
}

static void report_dropped(struct scene *s, int attempt)
{
    char ref[IDS_TEXT_SIZE];
    const struct provider_report r = {
        .ref = ref, .state = REPORT_UNDELIVERED, .cause = OUTCOME_DUPLICATE, .code = "13"};

    ids_attempt_format(s->gateway.ids, sms_of(s)->id, attempt, ref);
    reports_take(&s->gateway, 0, &r, 1);
    scene_wait(s, 50);
}

static void a_dropped_repeat_does_not_speak_for_the_first_copy(void **state)
{
    struct scene *s = open_repeated();

    (void)state;
    scene_until(s, MESSAGE_ACCEPTED, 2);
    report_dropped(s, 2);
    expect_left_with_provider(s);
    close_one(s);
}

/* Also when it names our reference and is faster than the answer. */
static void a_repeat_dropped_while_it_is_sent_neither(void **state)
{
    struct scene *s = open_repeated();

    (void)state;
    report_dropped(s, 2);
    scene_wait(s, 600);
    expect_left_with_provider(s);
    close_one(s);
}

/* Nor when the answer about the repeat was lost as well, and a person was to decide. */
static void a_repeat_dropped_while_in_doubt_neither(void **state)
{
    struct scene *s = open_repeated_by(DOUBTFUL);

    (void)state;
    scene_until(s, MESSAGE_HELD, 1);
    report_dropped(s, 1);
    assert_int_equal(sms_of(s)->state, MESSAGE_HELD);
    report_dropped(s, 2);
    expect_left_with_provider(s);
    close_one(s);
}

/* The first copy was late, and was dropped as the repeat of the second. */
static void a_first_copy_dropped_late_says_nothing(void **state)
{
    struct scene *s = open_repeated();
    char ref[IDS_TEXT_SIZE];
    char name[64];

    (void)state;
    scene_until(s, MESSAGE_ACCEPTED, 2);
    report_dropped(s, 1);
    assert_int_equal(sms_of(s)->state, MESSAGE_ACCEPTED);
    ids_attempt_format(s->gateway.ids, sms_of(s)->id, 2, ref);
    (void)snprintf(name, sizeof name, "sink-%s", ref);
    report(s, name, "", REPORT_DELIVERED);
    assert_int_equal(sms_of(s)->state, MESSAGE_DELIVERED);
    close_one(s);
}

static void a_repeat_dropped_before_its_answer_neither(void **state)
{
    struct scene *s = open_repeated();
    struct provider_report r = {
        .state = REPORT_UNDELIVERED, .cause = OUTCOME_DUPLICATE, .code = "13"};
    char ref[IDS_TEXT_SIZE];
    char name[64];

    (void)state;
    ids_attempt_format(s->gateway.ids, sms_of(s)->id, 2, ref);
    (void)snprintf(name, sizeof name, "sink-%s", ref);
    r.provider_ref = name;
    reports_take(&s->gateway, 0, &r, 1);
    scene_wait(s, 50);
    assert_int_equal(kept(s), 1);
    scene_until(s, MESSAGE_ACCEPTED, 2);
    scene_wait(s, 100);
    assert_int_equal(kept(s), 0);
    expect_left_with_provider(s);
    close_one(s);
}

/* It was sent once: what was dropped is all there was of it. */
static void a_first_copy_that_was_dropped_did_not_arrive(void **state)
{
    struct scene *s = open_one();

    (void)state;
    scene_post_one(s, "certificate.expiring", 1, 1);
    scene_until(s, MESSAGE_ACCEPTED, 2);
    report_dropped(s, 1);
    assert_int_equal(sms_of(s)->state, MESSAGE_UNDELIVERED);
    assert_string_equal(sms_of(s)->reason, "13");
    close_one(s);
}

static void of_two_early_reports_delivered_stays(void **state)
{
    struct scene *s = open_one();
    char name[64];

    (void)state;
    scene_post_one(s, "certificate.expiring", 1, 1);
    sink_name(s, name);
    report(s, name, "", REPORT_DELIVERED);
    report(s, name, "", REPORT_UNDELIVERED);
    assert_int_equal(kept(s), 1);
    scene_until(s, MESSAGE_DELIVERED, 1);
    close_one(s);
}

static void a_report_about_nothing_is_kept_and_changes_nothing(void **state)
{
    struct scene *s = open_one();

    (void)state;
    scene_post_one(s, "certificate.expiring", 1, 1);
    report(s, "forged-1", "+905320000067", REPORT_DELIVERED);
    report(s, "forged-1", "+905320000067", REPORT_DELIVERED);
    report(s, "forged-1", "+905320000068", REPORT_DELIVERED);
    report(s, "", "", REPORT_DELIVERED);
    report(s, "forged-2", "", REPORT_PENDING);
    assert_int_equal(kept(s), 2);
    scene_until(s, MESSAGE_ACCEPTED, 2);
    assert_int_equal(scene_in_state(s, MESSAGE_DELIVERED), 0);
    assert_int_equal(s->gateway.stats.providers[0].reports[STATS_REPORT_UNKNOWN], 5);
    close_one(s);
}

static void a_flood_about_nothing_is_bounded(void **state)
{
    struct scene *s = open_one();

    (void)state;
    s->gateway.kept_day = istanbul_day(gateway_now(&s->gateway));
    s->gateway.kept_reports = REPORTS_KEPT_A_DAY - 2;
    report(s, "forged-1", "", REPORT_DELIVERED);
    report(s, "forged-1", "", REPORT_DELIVERED); /* again: takes no room */
    report(s, "forged-2", "", REPORT_DELIVERED);
    report(s, "forged-3", "", REPORT_DELIVERED);
    assert_int_equal(kept(s), 2);
    s->wall_shift_ms += DAY_MS;
    report(s, "forged-4", "", REPORT_DELIVERED);
    assert_int_equal(kept(s), 3);
    close_one(s);
}

/* The answer was lost; the report that comes by itself says what became of the message. */
static void a_report_ends_the_doubt_before_anything_is_sent_again(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct provider_report told = {.state = REPORT_DELIVERED, .code = "0", .detail = ""};
    char ref[IDS_TEXT_SIZE];

    (void)state;
    scene_open(s, "{\"s\":{\"kind\":\"sink\",\"fail\":[\"unknown\"],\"report\":\"delivered\","
                  "\"report_delay\":\"1h\",\"on_doubt\":\"ask\"},\"m\":{\"kind\":\"sink\"}}");
    scene_post_one(s, "certificate.expiring", 1, 1);
    scene_until(s, MESSAGE_UNKNOWN, 1);
    scene_wait(s, 100);
    scene_refresh(s);
    assert_int_equal(scene_in_state(s, MESSAGE_UNKNOWN), 1);
    ids_attempt_format(s->gateway.ids, scene_find(s, 1, CHANNEL_SMS)->id, 1, ref);
    told.ref = ref;
    told.at_ms = gateway_now(&s->gateway);
    reports_take(&s->gateway, 0, &told, 1);
    scene_until(s, MESSAGE_DELIVERED, 1);
    assert_int_equal(s->gateway.stats.providers[0].attempts[OUTCOME_UNKNOWN], 1);
    close_one(s);
}

/* A vendor that gives a batch one id repeats the rows of those that are there already. */
static void a_report_about_another_number_of_the_batch_is_not_ours(void **state)
{
    struct scene *s = open_one();
    char name[64];

    (void)state;
    scene_post_one(s, "certificate.expiring", 1, 1);
    sink_name(s, name);
    scene_until(s, MESSAGE_ACCEPTED, 2);
    report(s, name, "+905320009999", REPORT_DELIVERED);
    report(s, name, "+905320009999", REPORT_UNDELIVERED);
    scene_refresh(s);
    assert_int_equal(scene_in_state(s, MESSAGE_ACCEPTED), 2);
    report(s, name, "+905320000001", REPORT_DELIVERED);
    scene_until(s, MESSAGE_DELIVERED, 1);
    close_one(s);
}

/* Also of a vendor that knows its own id alone, and sends its reports in disorder. */
static void delivered_beats_an_end_that_was_told_before(void **state)
{
    struct scene *s = open_one();
    char name[64];

    (void)state;
    scene_post_one(s, "certificate.expiring", 1, 1);
    sink_name(s, name);
    scene_until(s, MESSAGE_ACCEPTED, 2);
    report(s, name, "+905320000001", REPORT_UNDELIVERED);
    scene_until(s, MESSAGE_UNDELIVERED, 1);
    report(s, name, "+905320000001", REPORT_DELIVERED);
    scene_until(s, MESSAGE_DELIVERED, 1);
    assert_int_equal(kept(s), 0);
    close_one(s);
}

/* A vendor's word is kept as far as it fits, and is a word where it ends. */
static void a_long_code_is_cut_between_characters(void **state)
{
    static const char code[] = "ĞÜŞİÖÇĞÜŞİÖÇĞÜŞİÖÇ";
    struct scene *s = open_one();
    struct provider_report told = {.state = REPORT_UNDELIVERED, .code = code};
    char name[64];
    size_t at = 0;

    (void)state;
    scene_post_one(s, "certificate.expiring", 1, 1);
    sink_name(s, name);
    told.provider_ref = name;
    scene_until(s, MESSAGE_ACCEPTED, 2);
    told.at_ms = gateway_now(&s->gateway);
    reports_take(&s->gateway, 0, &told, 1);
    scene_until(s, MESSAGE_UNDELIVERED, 1);
    while (at < s->count && s->rows[at].state != MESSAGE_UNDELIVERED) {
        at++;
    }
    assert_string_equal(s->rows[at].reason, "ĞÜŞİÖÇĞÜŞİÖÇĞÜŞ"); /* one byte less than fits */
    close_one(s);
}

/* ---- whose word counts ---- */

#define DOUBTING "{\"kind\":\"sink\",\"fail\":[\"unknown\"],\"on_doubt\":\"resend\"}"
#define TAKING   "{\"kind\":\"sink\",\"report\":\"delivered\",\"report_delay\":\"1h\"}"
#define RIVALS(s)                                                                                  \
    "{\"s\":" s ",\"m\":{\"kind\":\"sink\"},\"t\":" TAKING ",\"n\":{\"kind\":\"sink\"}}"
#define RIVAL_S 0
#define RIVAL_T 2
#define RIVAL_N 3

static void tell(struct scene *s, size_t provider, int64_t message, int attempt,
                 enum report_state state)
{
    char ref[IDS_TEXT_SIZE];
    const struct provider_report told = {
        .ref = ref, .state = state, .code = "9", .at_ms = gateway_now(&s->gateway)};

    ids_attempt_format(s->gateway.ids, message, attempt, ref);
    reports_take(&s->gateway, provider, &told, 1);
    scene_wait(s, 50);
}

static struct scene *open_rivals(const char *providers)
{
    struct scene *s = calloc(1, sizeof *s);

    scene_routes = "{\"sms\":[\"s\",\"t\"],\"email\":[\"m\",\"n\"]}";
    scene_open(s, providers);
    scene_post_one(s, "certificate.expiring", 1, 1);
    return s;
}

static void close_rivals(struct scene *s)
{
    scene_routes = "{\"sms\":[\"s\"],\"email\":[\"m\"]}";
    close_one(s);
}

static void a_provider_does_not_speak_for_what_another_took(void **state)
{
    struct scene *s = open_rivals(RIVALS(TAKING));

    (void)state;
    scene_until(s, MESSAGE_ACCEPTED, 2);
    tell(s, RIVAL_T, sms_of(s)->id, 1, REPORT_UNDELIVERED);
    tell(s, RIVAL_T, sms_of(s)->id, 1, REPORT_DELIVERED);
    tell(s, RIVAL_N, sms_of(s)->id, 1, REPORT_DELIVERED); /* a mail relay neither */
    assert_int_equal(sms_of(s)->state, MESSAGE_ACCEPTED);
    assert_int_equal(s->gateway.stats.providers[RIVAL_T].reports[STATS_REPORT_UNKNOWN], 2);
    tell(s, RIVAL_S, sms_of(s)->id, 1, REPORT_UNDELIVERED);
    assert_int_equal(sms_of(s)->state, MESSAGE_UNDELIVERED);
    close_rivals(s);
}

/* Two attempts, two providers: each tells about its own. */
static void a_provider_speaks_for_its_earlier_attempt(void **state)
{
    struct scene *s = open_rivals(RIVALS(DOUBTING));

    (void)state;
    scene_until(s, MESSAGE_QUEUED, 1);
    scene_routes = "{\"sms\":[\"t\"],\"email\":[\"m\"]}";
    scene_reload(s, RIVALS(TAKING));
    s->wall_shift_ms += 10 * 60000;
    dispatch_kick(s->gateway.dispatch, CHANNEL_SMS);
    scene_until(s, MESSAGE_ACCEPTED, 2);
    tell(s, RIVAL_S, sms_of(s)->id, 2, REPORT_UNDELIVERED);
    tell(s, RIVAL_T, sms_of(s)->id, 1, REPORT_DELIVERED);
    assert_int_equal(sms_of(s)->state, MESSAGE_ACCEPTED);
    tell(s, RIVAL_S, sms_of(s)->id, 1, REPORT_DELIVERED);
    assert_int_equal(sms_of(s)->state, MESSAGE_DELIVERED);
    close_rivals(s);
}

/* The address on the envelope belongs to the office, not to the relay that took the mail. */
static void returned_mail_speaks_for_every_relay(void **state)
{
    struct scene *s = open_rivals(RIVALS(TAKING));

    (void)state;
    scene_until(s, MESSAGE_ACCEPTED, 2);
    tell(s, RIVAL_N, scene_find(s, 1, CHANNEL_EMAIL)->id, 1, REPORT_UNDELIVERED);
    scene_refresh(s);
    assert_int_equal(scene_find(s, 1, CHANNEL_EMAIL)->state, MESSAGE_UNDELIVERED);
    close_rivals(s);
}

static void hook_done(void *ctx, int status)
{
    (void)ctx;
    (void)status;
    fail_msg("a refused push is not confirmed");
}

static void a_vendor_that_pushes_nothing_is_not_heard(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    const struct provider_hook hook = {.method = STR("POST"), .query = STR(""), .body = STR("{}")};
    char secret[REPORT_SECRET_SIZE];
    struct err e = {0};

    (void)state;
    scene_open(s, "{\"s\":{\"kind\":\"http-sms\",\"recipe\":\"netgsm\",\"user\":\"u\","
                  "\"password\":{\"env\":\"HOME\"},\"sender\":\"BASLIK\"},"
                  "\"m\":{\"kind\":\"sink\"}}");
    reports_secret(&s->gateway, "s", secret);
    assert_int_equal(reports_hook(&s->gateway, STR("s"), str_of(secret), &hook, hook_done, s, &e),
                     ERR_UNSUPPORTED);
    assert_int_equal(s->gateway.stats.providers[0].reports[STATS_REPORT_REFUSED], 1);
    assert_int_equal(reports_hook(&s->gateway, STR("s"), STR("x"), &hook, hook_done, s, &e),
                     ERR_NOT_FOUND);
    assert_int_equal(s->gateway.stats.providers[0].reports[STATS_REPORT_REFUSED], 1);
    close_one(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_before_its_answer_is_applied_after_it),
        cmocka_unit_test(a_dropped_repeat_does_not_speak_for_the_first_copy),
        cmocka_unit_test(a_repeat_dropped_before_its_answer_neither),
        cmocka_unit_test(a_repeat_dropped_while_it_is_sent_neither),
        cmocka_unit_test(a_repeat_dropped_while_in_doubt_neither),
        cmocka_unit_test(a_first_copy_dropped_late_says_nothing),
        cmocka_unit_test(a_first_copy_that_was_dropped_did_not_arrive),
        cmocka_unit_test(of_two_early_reports_delivered_stays),
        cmocka_unit_test(a_report_about_nothing_is_kept_and_changes_nothing),
        cmocka_unit_test(a_flood_about_nothing_is_bounded),
        cmocka_unit_test(a_report_ends_the_doubt_before_anything_is_sent_again),
        cmocka_unit_test(a_report_about_another_number_of_the_batch_is_not_ours),
        cmocka_unit_test(delivered_beats_an_end_that_was_told_before),
        cmocka_unit_test(a_long_code_is_cut_between_characters),
        cmocka_unit_test(a_provider_does_not_speak_for_what_another_took),
        cmocka_unit_test(a_provider_speaks_for_its_earlier_attempt),
        cmocka_unit_test(returned_mail_speaks_for_every_relay),
        cmocka_unit_test(a_vendor_that_pushes_nothing_is_not_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
