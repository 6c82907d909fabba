/*
 * What every back end promises (providers/provider.h), held against every kind with a fake of what
 * it talks to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../peers/http_peer.h"
#include "../peers/provider_world.h"
#include "../peers/smsc_peer.h"

#include <stdatomic.h>

enum mode { MODE_GOOD, MODE_LOSE_ANSWER, MODE_SLOW, MODE_NOBODY };

/* A kind, its settings (with %d for the peer's port) and how its peer speaks. */
struct bench {
    const char *kind;
    const char *settings;
    const char *lossy; /* settings in MODE_LOSE_ANSWER when the peer cannot do it; or null */
    const char *nobody;
    bool (*serve)(void *ctx, const struct peer_request *r, int fd);
    void (*talk)(void *ctx, int fd);
};

struct test {
    const struct bench *bench;
    struct provider_world w;
    struct http_peer peer;
    void *settings;
    struct json_doc *doc;
    atomic_int mode;
};

static bool serve_netgsm(void *ctx, const struct peer_request *r, int fd)
{
    struct test *t = ctx;

    if (strstr(r->head, "/balance ") != NULL) {
        return peer_reply(fd, 200, "", "{\"code\":\"00\",\"balance\":\"2,7\"}");
    }
    usleep(t->mode == MODE_SLOW ? 100000 : 0);
    return t->mode != MODE_LOSE_ANSWER &&
           peer_reply(fd, 200, "", "{\"code\":\"00\",\"jobid\":\"17377215342605050417149344\"}");
}

static bool serve_kannel(void *ctx, const struct peer_request *r, int fd)
{
    struct test *t = ctx;

    (void)r;
    usleep(t->mode == MODE_SLOW ? 100000 : 0);
    return t->mode != MODE_LOSE_ANSWER && peer_reply(fd, 202, "", "0: Accepted for delivery");
}

static bool read_line(int fd, char *line, size_t cap)
{
    size_t n = 0;

    while (n + 1 < cap && recv(fd, line + n, 1, 0) == 1) {
        if (line[n++] == '\n') {
            line[n] = '\0';
            return true;
        }
    }
    return false;
}

/* A relay that knows as much SMTP as a session without login needs. */
static void talk_smtp(void *ctx, int fd)
{
    struct test *t = ctx;
    bool data = false;
    char line[2000];

    peer_write(fd, "220 posta.ornek.test ESMTP\r\n", 28);
    while (read_line(fd, line, sizeof(line))) {
        if (data && strcmp(line, ".\r\n") != 0) {
            continue;
        }
        if (data) {
            usleep(t->mode == MODE_SLOW ? 20000 : 0);
            if (t->mode == MODE_LOSE_ANSWER) {
                return;
            }
            data = false;
            peer_write(fd, "250 2.0.0 kabul\r\n", 17);
        } else if (strncasecmp(line, "DATA", 4) == 0) {
            data = true;
            peer_write(fd, "354 devam\r\n", 11);
        } else if (strncasecmp(line, "QUIT", 4) == 0) {
            peer_write(fd, "221 tamam\r\n", 11);
            return;
        } else {
            peer_write(fd, "250 tamam\r\n", 11);
        }
    }
}

/* A message centre that binds anybody, takes every message. */
static void talk_smpp(void *ctx, int fd)
{
    struct test *t = ctx;
    struct smsc_unit *u = malloc(sizeof(*u));
    char text[64];

    while (smsc_read(fd, u)) {
        if (u->command != 0x04) {
            smsc_answer(fd, u, 0, u->command == 0x09 ? "MERKEZ" : NULL);
            continue;
        }
        usleep(t->mode == MODE_SLOW ? 20000 : 0);
        if (t->mode == MODE_LOSE_ANSWER) {
            break;
        }
        snprintf(text, sizeof(text), "%u", u->sequence);
        smsc_answer(fd, u, 0, text);
    }
    free(u);
}

#define SMPP(port)                                                                                 \
    "{\"host\":\"127.0.0.1\",\"port\":" port ",\"tls\":\"off\",\"system_id\":\"u\","               \
    "\"password\":{\"env\":\"HATIRLAT_TEST_SECRET\"},\"sender\":\"BATMANMEM\"}"
#define HTTP_SMS(recipe, port)                                                                     \
    "{\"recipe\":\"" recipe "\",\"user\":\"u\",\"password\":{\"env\":\"HATIRLAT_TEST_SECRET\"},"   \
    "\"sender\":\"BATMANMEM\",\"base_url\":\"http://127.0.0.1:" port "\"}"
#define SMTP(port)                                                                                 \
    "{\"host\":\"localhost\",\"port\":" port ",\"tls\":\"none\","                                  \
    "\"envelope_from\":\"hatirlat@ornek.test\"}"

static const struct bench benches[] = {
    {"sink", "{}", "{\"fail\":[\"unknown\"]}", "{\"fail\":[\"down\"]}", NULL, NULL},
    {"sink", "{\"delay\":\"20ms\",\"report\":\"delivered\",\"report_twice\":true}",
     "{\"delay\":\"5ms\",\"fail\":[\"unknown\"]}", "{\"delay\":\"5ms\",\"fail\":[\"down\"]}", NULL,
     NULL},
    {"http-sms", HTTP_SMS("netgsm", "%d"), NULL, HTTP_SMS("netgsm", "1"), serve_netgsm, NULL},
    {"http-sms", HTTP_SMS("kannel", "%d"), NULL, HTTP_SMS("kannel", "1"), serve_kannel, NULL},
    {"smtp", SMTP("%d"), NULL, SMTP("1"), NULL, talk_smtp},
    {"smpp", SMPP("%d"), NULL, SMPP("1"), NULL, talk_smpp},
    {"smtp-curl", SMTP("%d"), NULL, SMTP("1"), NULL, talk_smtp},
};

static const char *settings_of(const struct bench *b, enum mode mode)
{
    if (mode == MODE_NOBODY) {
        return b->nobody;
    }
    return mode == MODE_LOSE_ANSWER && b->lossy != NULL ? b->lossy : b->settings;
}

static void read_settings(struct test *t, const char *form)
{
    const struct provider_type *type = t->w.type;
    struct faults faults;
    char text[600];
    const char *port = strstr(form, "%d");

    snprintf(text, sizeof(text), "%s", form);
    if (port != NULL) {
        snprintf(text, sizeof(text), "%.*s%d%s", (int)(port - form), form, t->peer.port, port + 2);
    }
    faults_init(&faults);
    t->settings = calloc(1, type->settings_size);
    assert_int_equal(
        json_parse(str_of(text), JSON_POSITIONS, &json_default_limits, &t->doc, NULL, NULL), 0);
    option_read(type->options, json_root(t->doc), "", t->settings, &faults);
    if (type->check != NULL) {
        type->check(t->settings, "", &faults);
    }
    if (faults.errors > 0) {
        fail_msg("%s %s: %s", t->bench->kind, faults.list[0].pointer, faults.list[0].en);
    }
    faults_finish(&faults);
}

static void create(struct test *t, const struct bench *b, enum mode mode)
{
    const struct provider_type *type = provider_type_find(str_of(b->kind));
    struct err e = {0};

    assert_non_null(type);
    t->bench = b;
    t->mode = mode;
    peer_start(&t->peer, b->serve, t);
    t->peer.talk = b->talk;
    provider_world_init(&t->w, type);
    read_settings(t, settings_of(b, mode));
    if (type->create(&t->w.host, t->settings, &t->w.provider, &e) != 0) {
        fail_msg("%s: %s", b->kind, e.text);
    }
}

static void start(struct test *t, const struct bench *b, enum mode mode)
{
    struct err e = {0};

    create(t, b, mode);
    if (t->w.type->start(t->w.provider, &e) != 0) {
        fail_msg("%s: %s", b->kind, e.text);
    }
}

static void clean_up(struct test *t)
{
    peer_stop(&t->peer);
    option_release(t->w.type->options, t->settings);
    free(t->settings);
    json_free(t->doc);
}

/* Drains and holds the promises of the whole life. */
static void finish(struct test *t)
{
    provider_world_finish(&t->w);
    assert_false(t->w.called_inside);
    assert_false(t->w.done_after_drained);
    assert_int_equal(t->w.drained, 1);
    for (size_t i = 0; i < t->w.submitted; i++) {
        assert_int_equal(t->w.jobs[i].done, 1);
    }
    clean_up(t);
}

static struct provider_capabilities capabilities_of(struct test *t)
{
    struct provider_capabilities c;

    t->w.type->capabilities(t->w.provider, &c);
    assert_in_range(c.batch_max, 1, 100);
    assert_in_range(c.in_flight, 1, WORLD_JOBS - 200);
    return c;
}

static void expect_all(struct test *t, enum outcome_class class)
{
    assert_true(WORLD_UNTIL(&t->w, t->w.done == t->w.submitted, 30));
    for (size_t i = 0; i < t->w.submitted; i++) {
        if (t->w.jobs[i].outcome.class != class) {
            fail_msg("%s, job %zu: %s (%s %s)", t->bench->kind, i,
                     outcome_name(t->w.jobs[i].outcome.class), t->w.jobs[i].outcome.code,
                     t->w.jobs[i].outcome.detail);
        }
    }
}

#define FOR_EACH_BENCH(b)                                                                          \
    for (const struct bench *b = benches; b < benches + sizeof(benches) / sizeof(*benches); b++)

/* More than may be in flight, in batches of every size: each job is completed once. */
static void test_every_job_once(void **state)
{
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        struct provider_capabilities c;

        start(t, b, MODE_GOOD);
        c = capabilities_of(t);
        for (size_t n = 0; n < c.in_flight + c.batch_max; n += n % c.batch_max + 1) {
            world_submit(&t->w, n % c.batch_max + 1);
        }
        expect_all(t, OUTCOME_SENT);
        finish(t);
    }
}

static void test_submit_from_done(void **state)
{
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        start(t, b, MODE_GOOD);
        t->w.again = 3;
        world_submit(&t->w, 1);
        assert_true(WORLD_UNTIL(&t->w, t->w.done == 4, 20));
        expect_all(t, OUTCOME_SENT);
        finish(t);
    }
}

static void test_lost_answer_is_unknown(void **state)
{
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        start(t, b, MODE_LOSE_ANSWER);
        world_submit(&t->w, 1);
        expect_all(t, OUTCOME_UNKNOWN);
        finish(t);
    }
}

static void test_nobody_there_is_down(void **state)
{
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        start(t, b, MODE_NOBODY);
        world_submit(&t->w, 1);
        expect_all(t, OUTCOME_DOWN);
        finish(t);
    }
}

/* finish() drains at once: what was begun ends by itself, the rest comes back. */
static void test_drain_in_flight(void **state)
{
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        struct provider_capabilities c;
        size_t turns = 20;

        start(t, b, MODE_SLOW);
        c = capabilities_of(t);
        for (size_t n = 0; n < 200; n += c.batch_max) {
            world_submit(&t->w, c.batch_max);
        }
        while (turns-- > 0) {
            uv_run(&t->w.loop, UV_RUN_NOWAIT);
        }
        finish(t);
        for (size_t i = 0; i < t->w.submitted; i++) {
            enum outcome_class class = t->w.jobs[i].outcome.class;

            assert_true(class == OUTCOME_SENT || class == OUTCOME_UNTOUCHED ||
                        class == OUTCOME_UNKNOWN || class == OUTCOME_DOWN);
        }
    }
}

static void test_drain_idle(void **state)
{
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        start(t, b, MODE_GOOD);
        finish(t);
    }
}

static void test_destroy_without_start(void **state)
{
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        create(t, b, MODE_GOOD);
        t->w.type->destroy(t->w.provider);
        t->w.type->destroy(NULL);
        t->w.provider = NULL;
        provider_world_finish(&t->w);
        clean_up(t);
    }
}

static void test_probe_tells_health(void **state)
{
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        int before;

        start(t, b, MODE_GOOD);
        before = t->w.health_calls;
        if (t->w.type->probe != NULL) {
            t->w.type->probe(t->w.provider);
            assert_true(WORLD_UNTIL(&t->w, t->w.health_calls > before, 10));
            assert_int_equal(t->w.health, PROVIDER_HEALTHY);
        }
        finish(t);
    }
}

static void test_hook_refuses_nonsense(void **state)
{
    const struct provider_hook hook = {
        .method = STR("GET"), .query = STR("%%%&=&a"), .body = STR("\xff{")};
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        struct err e = {0};

        start(t, b, MODE_GOOD);
        if (t->w.type->parse_hook != NULL) {
            assert_int_not_equal(t->w.type->parse_hook(t->w.provider, &hook, &e), 0);
            assert_true(e.text[0] != '\0');
            assert_int_equal(t->w.reports, 0);
        }
        finish(t);
    }
}

/* Awaited reports that cannot be fetched are no disaster. */
static void test_fetching_reports_of_strangers(void **state)
{
    const struct provider_await list[] = {{.provider_ref = "yok", .ref = "yok", .to = "yok"}, {0}};
    struct test *t = *state;

    FOR_EACH_BENCH(b)
    {
        start(t, b, MODE_GOOD);
        if (t->w.type->fetch_reports != NULL) {
            t->w.type->fetch_reports(t->w.provider, list, 2);
            WORLD_UNTIL(&t->w, false, 1);
            assert_int_equal(t->w.reports, 0);
        }
        finish(t);
    }
}

static void check_options(const struct option *o)
{
    for (; o->key != NULL; o++) {
        assert_non_null(o->tr);
        assert_non_null(o->en);
        if (o->type == OPTION_OBJECT) {
            check_options(o->table);
        }
    }
}

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; provider_types[i] != NULL; i++) {
        const struct provider_type *type = provider_types[i];

        assert_ptr_equal(provider_type_find(str_of(type->kind)), type);
        assert_int_not_equal(type->channels, 0);
        assert_int_not_equal(type->settings_size, 0);
        check_options(type->options);
    }
    assert_null(provider_type_find(STR("")));
    assert_null(provider_type_find(STR("sinks")));
}

/* What check() finds in a file, create() refuses too. */
static void test_check_and_create_agree(void **state)
{
    static const struct {
        const char *kind;
        const char *settings;
        const char *pointer;
    } rows[] = {
        {"sink", "{\"fail\":[\"kaput\"]}", "/x/fail"},
        {"http-sms",
         "{\"recipe\":\"netgsm\",\"user\":\"u\",\"password\":{\"env\":\"HATIRLAT_TEST_SECRET\"},"
         "\"sender\":\"BATMAN MEM!\"}",
         "/x/sender"},
        {"smpp",
         "{\"host\":\"127.0.0.1\",\"system_id\":\"u\",\"sender\":\"BATMAN\","
         "\"password\":{\"env\":\"HATIRLAT_TEST_SECRET\"},\"statuses\":[\"0x401\"]}",
         "/x/statuses"},
    };
    struct test *t = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct provider_type *type = provider_type_find(str_of(rows[i].kind));
        void *settings = calloc(1, type->settings_size);
        struct json_doc *doc = NULL;
        struct faults faults;
        struct err e = {0};

        faults_init(&faults);
        provider_world_init(&t->w, type);
        assert_int_equal(
            json_parse(str_of(rows[i].settings), 0, &json_default_limits, &doc, NULL, &e), 0);
        option_read(type->options, json_root(doc), "/x", settings, &faults);
        assert_int_equal(faults.errors, 0);
        type->check(settings, "/x", &faults);
        assert_int_equal(faults.errors, 1);
        assert_string_equal(faults.list[0].pointer, rows[i].pointer);
        assert_int_equal(type->create(&t->w.host, settings, &t->w.provider, &e), ERR_INVALID);
        provider_world_finish(&t->w);
        faults_finish(&faults);
        option_release(type->options, settings);
        free(settings);
        json_free(doc);
    }
}

/* The sink's own promises: what it keeps, and its reports. */
static void test_sink_keeps_and_reports(void **state)
{
    struct test *t = *state;

    start(t, &benches[1], MODE_GOOD);
    world_submit(&t->w, 10);
    expect_all(t, OUTCOME_SENT);
    assert_int_equal(t->w.kept, 10);
    assert_true(WORLD_UNTIL(&t->w, t->w.reports == 20, 5));
    assert_int_equal(t->w.last_report.state, REPORT_DELIVERED);
    assert_string_equal(t->w.last_report_ref, "m9-a1");
    assert_string_equal(t->w.last_report_id, "sink-m9-a1");
    finish(t);
    assert_int_equal(t->w.reports, 20);
}

static struct test the_test;

int main(void)
{
#define TEST(name) cmocka_unit_test_prestate(name, &the_test)
    const struct CMUnitTest tests[] = {
        TEST(test_kinds),
        TEST(test_every_job_once),
        TEST(test_submit_from_done),
        TEST(test_lost_answer_is_unknown),
        TEST(test_nobody_there_is_down),
        TEST(test_drain_in_flight),
        TEST(test_drain_idle),
        TEST(test_destroy_without_start),
        TEST(test_probe_tells_health),
        TEST(test_hook_refuses_nonsense),
        TEST(test_fetching_reports_of_strangers),
        TEST(test_check_and_create_agree),
        TEST(test_sink_keeps_and_reports),
    };

    setenv("HATIRLAT_TEST_SECRET", "gizli", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
