/* Whom nothing goes to: the suppression list on the way of a message. */
#include "flow_scene.h"

#include "config/conf.h"
#include "flow/suppress.h"

/* One piece of work on the store's thread. */
struct errand {
    struct store_job job;
    int (*fn)(struct scene *s, struct store *store, struct err *e);
    struct scene *scene;
    bool done;
};

static int errand_work(struct store_job *job, struct store *store, struct err *e)
{
    struct errand *errand = (struct errand *)job;

    return errand->fn(errand->scene, store, e);
}

static void errand_done(struct store_job *job, int status, const struct err *e)
{
    if (status != 0) {
        fail_msg("%s", e->text);
    }
    ((struct errand *)job)->done = true;
}

static void run(struct scene *s, int (*fn)(struct scene *s, struct store *store, struct err *e))
{
    struct errand errand = {
        .job = {.work = errand_work, .done = errand_done}, .fn = fn, .scene = s};

    store_thread_submit(s->gateway.writer, &errand.job);
    while (!errand.done) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
}

static int add_phone(struct scene *s, struct store *store, struct err *e)
{
    const struct suppress_new entry = {.channel = CHANNEL_SMS,
                                       .address = STR("+905320000001"),
                                       .reason = SUPPRESS_REQUEST,
                                       .now_ms = gateway_now(&s->gateway),
                                       .actor = "uid:0"};

    return suppress_add(store, s->gateway.key, &entry, NULL, e);
}

static int phone_has_stopped_one(struct scene *s, struct store *store, struct err *e)
{
    struct suppress_entry entry;
    bool found;
    int rc = suppress_check(store, s->gateway.key, CHANNEL_SMS, STR("+905320000001"),
                            gateway_now(&s->gateway), &entry, &found, e);

    assert_true(found);
    assert_int_equal(entry.stopped, 1);
    return rc;
}

static void test_a_suppressed_address_gets_nothing(void **state)
{
    static struct scene s;
    struct scene_row *row;

    (void)state;
    memset(&s, 0, sizeof s);
    scene_open(&s, "{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\"}}");
    run(&s, add_phone);
    scene_post_one(&s, "certificate.expiring", 1, 30);
    scene_until(&s, MESSAGE_ACCEPTED, 1);
    scene_until(&s, MESSAGE_SUPPRESSED, 1);
    row = scene_find(&s, 30, CHANNEL_SMS);
    assert_int_equal(row->state, MESSAGE_SUPPRESSED);
    assert_string_equal(row->reason, "suppressed_request");
    assert_int_equal(row->attempts, 0);
    assert_int_equal(scene_find(&s, 30, CHANNEL_EMAIL)->state, MESSAGE_ACCEPTED);
    run(&s, phone_has_stopped_one);
    scene_close(&s);
    scene_remove(&s);
}

static int mailbox_is_gone(struct scene *s, struct store *store, struct err *e)
{
    struct suppress_entry entry;
    bool found;
    int rc = suppress_check(store, s->gateway.key, CHANNEL_EMAIL, STR("kisi1@ornek.test"),
                            gateway_now(&s->gateway), &entry, &found, e);

    assert_true(found);
    assert_int_equal(entry.reason, SUPPRESS_BOUNCE);
    assert_string_equal(entry.actor, "m");
    assert_int_equal(entry.expires_ms - entry.since_ms, 365LL * DAY_MS);
    return rc;
}

static void add_rejected(struct scene *s)
{
    /* What the sink says to a rejected message is made one of the rule's codes. */
    struct conf *conf = s->gateway.settings->conf;
    char **code = &conf->suppression.codes.items[0];

    free(*code);
    *code = strdup("m:sink");
}

static void test_a_refusal_for_good_stops_the_address(void **state)
{
    static struct scene s;

    (void)state;
    memset(&s, 0, sizeof s);
    scene_open(&s, "{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\",\"fail\":[\"rejected\"]}}");
    add_rejected(&s);
    scene_post_one(&s, "certificate.expiring", 1, 30);
    scene_until(&s, MESSAGE_FAILED, 1);
    run(&s, mailbox_is_gone);
    scene_close(&s);
    scene_remove(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_suppressed_address_gets_nothing),
        cmocka_unit_test(test_a_refusal_for_good_stops_the_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
