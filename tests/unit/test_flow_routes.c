/* Several providers of one channel: order, shares, routes of a campaign, and what failing over is.
 */
#include "config/conf.h"
#include "flow/lane.h"
#include "flow_scene.h"

enum { PEOPLE = 60 };

struct providers_seen {
    struct store_job job;
    size_t sent[4]; /* a, b, c, others */
    size_t attempts;
    size_t failed; /* attempts that ended otherwise than sent */
    bool read;
    struct store *store;
    struct err *err;
};

static void count_attempt(void *ctx, const struct attempt_row *row)
{
    struct providers_seen *seen = ctx;
    const int i = row->provider.len == 1 ? row->provider.ptr[0] - 'a' : 3;

    seen->attempts++;
    seen->failed += row->outcome != OUTCOME_SENT;
    if (row->outcome == OUTCOME_SENT) {
        seen->sent[i >= 0 && i < 3 ? i : 3]++;
    }
}

static void skip_report(void *ctx, const struct report_row *row)
{
    (void)ctx;
    (void)row;
}

static void skip_trace(void *ctx, const struct trace_row *row)
{
    (void)ctx;
    (void)row;
}

static int see_message(void *ctx, const struct due_row *row)
{
    struct providers_seen *seen = ctx;
    const struct timeline_sink sink = {seen, count_attempt, skip_report, skip_trace};

    return row->message.channel == CHANNEL_SMS
               ? store_timeline(seen->store, row->message.id, &sink, seen->err)
               : 0;
}

static int see_work(struct store_job *job, struct store *s, struct err *e)
{
    struct providers_seen *seen = (struct providers_seen *)job;
    const struct message_filter all = {.state = -1, .channel = -1, .limit = STORE_LIST_MAX};

    seen->store = s;
    seen->err = e;
    return store_message_list(s, &all, see_message, seen, e);
}

static void see_done(struct store_job *job, int status, const struct err *e)
{
    (void)e;
    assert_int_equal(status, 0);
    ((struct providers_seen *)job)->read = true;
}

static struct providers_seen see(struct scene *s)
{
    struct providers_seen seen = {.job = {.work = see_work, .done = see_done}};

    store_thread_submit(s->gateway.writer, &seen.job);
    while (!seen.read) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
    return seen;
}

/* One SMS for each of so many people, due at once. */
static void post_people(struct scene *s, size_t count)
{
    static char texts[PEOPLE][768];
    const char *list[PEOPLE];

    assert_true(count <= PEOPLE);
    for (size_t i = 0; i < count; i++) {
        scene_fact(s, texts[i], sizeof texts[i], "certificate.expiring", (int)i + 1, 1);
        list[i] = texts[i];
    }
    scene_post(s, list, count);
}

static void open_scene(struct scene *s, const char *routes, const char *campaigns,
                       const char *providers)
{
    scene_routes = routes;
    scene_campaigns = campaigns;
    scene_open(s, providers);
}

static void close_scene(struct scene *s)
{
    scene_close(s);
    scene_remove(s);
    free(s);
}

#define CAMPAIGN "[{\"name\":\"bitis\",\"marks\":[1],\"channels\":[\"sms\"]}]"

static void order_is_kept_while_the_first_works(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct providers_seen seen;

    (void)state;
    open_scene(s, "{\"sms\":[\"a\",\"b\"]}", CAMPAIGN,
               "{\"a\":{\"kind\":\"sink\"},\"b\":{\"kind\":\"sink\"}}");
    post_people(s, PEOPLE);
    scene_until(s, MESSAGE_ACCEPTED, PEOPLE);
    seen = see(s);
    assert_int_equal(seen.sent[0], PEOPLE);
    assert_int_equal(seen.sent[1], 0);
    close_scene(s);
}

/* Without waiting for the backoff of 30 s: what was surely not sent changes over at once. */
static void down_changes_over_at_once(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct providers_seen seen;
    int64_t began = clock_mono_ms(clock_system());

    (void)state;
    open_scene(s, "{\"sms\":[\"a\",\"b\"]}", CAMPAIGN,
               "{\"a\":{\"kind\":\"sink\",\"fail\":[\"down\"]},\"b\":{\"kind\":\"sink\"}}");
    post_people(s, PEOPLE);
    scene_until(s, MESSAGE_ACCEPTED, PEOPLE);
    seen = see(s);
    assert_int_equal(seen.sent[1], PEOPLE);
    assert_true(seen.failed >= 1);
    assert_true(clock_mono_ms(clock_system()) - began < 10000);
    close_scene(s);
}

static void account_trouble_changes_over_at_once(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct providers_seen seen;

    (void)state;
    open_scene(s, "{\"sms\":[\"a\",\"b\"]}", CAMPAIGN,
               "{\"a\":{\"kind\":\"sink\",\"fail\":[\"account\"]},\"b\":{\"kind\":\"sink\"}}");
    post_people(s, PEOPLE);
    scene_until(s, MESSAGE_ACCEPTED, PEOPLE);
    seen = see(s);
    assert_int_equal(seen.sent[1], PEOPLE);
    assert_true(s->gateway.stats.providers[0].held);
    close_scene(s);
}

/* It may have been sent: another provider would make a second copy. */
static void doubt_never_changes_over(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct providers_seen seen;

    (void)state;
    open_scene(s, "{\"sms\":[\"a\",\"b\"]}", CAMPAIGN,
               "{\"a\":{\"kind\":\"sink\",\"fail\":[\"unknown\"],\"on_doubt\":\"park\","
               "\"breaker\":{\"failures\":100}},\"b\":{\"kind\":\"sink\"}}");
    post_people(s, 3);
    scene_until(s, MESSAGE_HELD, 3);
    seen = see(s);
    assert_int_equal(seen.attempts, 3);
    assert_int_equal(seen.sent[1], 0);
    close_scene(s);
}

static void shares_are_kept(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct providers_seen seen;

    (void)state;
    open_scene(s, "{\"sms\":[\"a:75\",\"b:25\"]}", CAMPAIGN,
               "{\"a\":{\"kind\":\"sink\"},\"b\":{\"kind\":\"sink\"}}");
    post_people(s, PEOPLE);
    scene_until(s, MESSAGE_ACCEPTED, PEOPLE);
    seen = see(s);
    assert_int_equal(seen.sent[0] + seen.sent[1], PEOPLE);
    /* 45 on average; the draw follows from the ids, so this is the same in every run. */
    assert_in_range(seen.sent[0], 36, 54);
    close_scene(s);
}

static void a_share_whose_provider_fails_goes_to_the_others(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct providers_seen seen;

    (void)state;
    open_scene(s, "{\"sms\":[\"a:50\",\"b:50\"]}", CAMPAIGN,
               "{\"a\":{\"kind\":\"sink\",\"fail\":[\"down\"]},\"b\":{\"kind\":\"sink\"}}");
    post_people(s, PEOPLE);
    scene_until(s, MESSAGE_ACCEPTED, PEOPLE);
    seen = see(s);
    assert_int_equal(seen.sent[1], PEOPLE);
    close_scene(s);
}

/* The first five people belong to a campaign of their own, whose provider is c. */
#define FIVE "[\"h-1\",\"h-2\",\"h-3\",\"h-4\",\"h-5\"]"
#define TWO_CAMPAIGNS                                                                              \
    "[{\"name\":\"bir\",\"marks\":[1],\"channels\":[\"sms\"],\"who\":{\"include\":" FIVE "},"      \
    "\"routes\":{\"sms\":[\"c\"]}},"                                                               \
    "{\"name\":\"iki\",\"marks\":[1],\"channels\":[\"sms\"],\"who\":{\"exclude\":" FIVE "}}]"

static void a_campaign_has_its_own_route(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct providers_seen seen;

    (void)state;
    open_scene(s, "{\"sms\":[\"a\"]}", TWO_CAMPAIGNS,
               "{\"a\":{\"kind\":\"sink\"},\"c\":{\"kind\":\"sink\"}}");
    post_people(s, 20);
    scene_until(s, MESSAGE_ACCEPTED, 20);
    seen = see(s);
    assert_int_equal(seen.sent[0], 15);
    assert_int_equal(seen.sent[2], 5);
    close_scene(s);
}

/* The slow one takes one message at a time and is long about it; nobody else waits behind it. */
static void a_slow_provider_delays_nobody(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    (void)state;
    open_scene(s, "{\"sms\":[\"a\"]}", TWO_CAMPAIGNS,
               "{\"a\":{\"kind\":\"sink\"},"
               "\"c\":{\"kind\":\"sink\",\"delay\":\"3s\",\"in_flight\":1}}");
    post_people(s, 40);
    scene_until(s, MESSAGE_ACCEPTED, 35);
    assert_int_equal(see(s).sent[0], 35);
    assert_int_equal(see(s).sent[2], 0);
    close_scene(s);
}

/* A fast path with most of its stock takes what is placed, but nothing is fetched for it. */
static void a_stocked_lane_is_not_fetched_for(void **state)
{
    static const struct conf_provider conf = {.name = (char *)(uintptr_t) "a"};
    struct lane *lane = calloc(1, sizeof *lane);
    int64_t wait;

    (void)state;
    lane->conf = &conf;
    lane->caps = (struct provider_capabilities){.batch_max = 1, .in_flight = 4, .ahead = 256};
    breaker_init(&lane->breaker, &breaker_default);
    for (int64_t ms = 1000; ms <= 1100; ms++) {
        for (int i = 0; i < 20; i++) {
            headway_answered(&lane->headway, ms);
        }
    }
    lane->in_flight = 196;
    assert_int_equal(lane_fetch_state(lane, 1100, &wait), ROUTE_READY);
    assert_int_equal(lane_room(lane, 1100, 512), 64);
    lane->in_flight = 197;
    assert_int_equal(lane_state(lane, 1100, &wait), ROUTE_READY);
    assert_int_equal(lane_fetch_state(lane, 1100, &wait), ROUTE_BUSY);
    assert_int_equal(wait, 1000);
    assert_int_equal(lane_room(lane, 1100, 512), 63);
    lane->in_flight = 3; /* silent since: its own places are filled as they come */
    assert_int_equal(lane_fetch_state(lane, 1200, &wait), ROUTE_READY);
    assert_int_equal(lane_room(lane, 1200, 512), 1);
    free(lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept_while_the_first_works),
        cmocka_unit_test(down_changes_over_at_once),
        cmocka_unit_test(account_trouble_changes_over_at_once),
        cmocka_unit_test(doubt_never_changes_over),
        cmocka_unit_test(shares_are_kept),
        cmocka_unit_test(a_share_whose_provider_fails_goes_to_the_others),
        cmocka_unit_test(a_campaign_has_its_own_route),
        cmocka_unit_test(a_slow_provider_delays_nobody),
        cmocka_unit_test(a_stocked_lane_is_not_fetched_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
