/* The recipe engine against a vendor that is played by a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../peers/http_peer.h"
#include "../peers/provider_world.h"
#include "providers/http_sms.h"

/* What the vendor answers, and what it saw. */
struct vendor {
    const char *answer; /* body; null: close without an answer */
    int status;
    const char *headers;
    int pause_ms;
    const char *bad_number; /* refuses every batch that holds it with code 70 */
    bool raw;               /* answer is the whole response */
    bool drop_second;       /* the second request of a connection gets no answer */
    pthread_mutex_t lock;
    char last_head[4096];
    char last_body[65536];
    char log[65536];    /* every number accepted */
    const char *titles; /* of the account; null: not told */
    int looks;
    int sends;
    int polls;
    int connection;
};

struct test {
    struct provider_world w;
    struct http_peer peer;
    struct vendor vendor;
    struct http_sms_settings settings;
    char base_url[64];
    char password[32];
};

#define OK_BODY                                                                                    \
    "{\"code\":\"00\",\"jobid\":\"17377215342605050417149344\",\"description\":\"queued\"}"

static bool serve(void *ctx, const struct peer_request *r, int fd)
{
    struct vendor *v = ctx;
    bool poll = strstr(r->head, "/report ") != NULL || strstr(r->head, "/balance ") != NULL;
    bool refuse;
    bool drop;

    if (strstr(r->head, "/msgheader") != NULL || strstr(r->head, "/headers?") != NULL) {
        pthread_mutex_lock(&v->lock);
        v->looks++;
        pthread_mutex_unlock(&v->lock);
        return peer_reply(fd, v->titles == NULL ? 404 : 200, "",
                          v->titles == NULL ? "" : v->titles);
    }
    pthread_mutex_lock(&v->lock);
    snprintf(v->last_head, sizeof(v->last_head), "%s", r->head);
    snprintf(v->last_body, sizeof(v->last_body), "%s", r->body);
    v->sends += !poll;
    v->polls += poll;
    refuse = v->bad_number != NULL && !poll && strstr(r->body, v->bad_number) != NULL;
    if (!refuse && v->answer != NULL) {
        strncat(v->log, r->body, sizeof(v->log) - strlen(v->log) - 1);
    }
    drop = v->drop_second && r->connection == v->connection;
    v->connection = r->connection;
    pthread_mutex_unlock(&v->lock);
    usleep((useconds_t)v->pause_ms * 1000);
    if (refuse) {
        return peer_reply(fd, 406, "", "{\"code\":\"70\",\"jobid\":null}");
    }
    if (v->answer == NULL || drop) {
        return false;
    }
    if (v->raw) {
        peer_write(fd, v->answer, strlen(v->answer));
        return false;
    }
    return peer_reply(fd, v->status, v->headers, v->answer);
}

/* address: instead of the vendor's, or null. */
static void start_at(struct test *t, const char *recipe, const char *address)
{
    struct err e = {0};

    memset(&t->vendor, 0, sizeof(t->vendor));
    t->vendor = (struct vendor){.answer = OK_BODY, .status = 200, .headers = ""};
    pthread_mutex_init(&t->vendor.lock, NULL);
    peer_start(&t->peer, serve, &t->vendor);
    provider_world_init(&t->w, &http_sms_provider_type);
    if (address != NULL) {
        snprintf(t->base_url, sizeof(t->base_url), "%s", address);
    } else {
        snprintf(t->base_url, sizeof(t->base_url), "http://127.0.0.1:%d", t->peer.port);
    }
    snprintf(t->password, sizeof(t->password), "Gizli&Parola\"1");
    t->settings = (struct http_sms_settings){.recipe = (char *)(uintptr_t)recipe,
                                             .user = (char *)(uintptr_t) "8505550000",
                                             .password = {.value = t->password},
                                             .sender = (char *)(uintptr_t) "BATMANMEM",
                                             .base_url = t->base_url,
                                             .timeout_ms = 1000};
    if (http_sms_provider_type.create(&t->w.host, &t->settings, &t->w.provider, &e) != 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(http_sms_provider_type.start(t->w.provider, &e), 0);
}

static void start(struct test *t, const char *recipe)
{
    start_at(t, recipe, NULL);
}

static void finish(struct test *t)
{
    provider_world_finish(&t->w);
    assert_false(t->w.called_inside);
    for (size_t i = 0; i < t->w.submitted; i++) {
        assert_int_equal(t->w.jobs[i].done, 1);
    }
    peer_stop(&t->peer);
    pthread_mutex_destroy(&t->vendor.lock);
}

static void submit_and_wait(struct test *t, size_t n)
{
    world_submit(&t->w, n);
    assert_int_equal(t->w.done, t->w.submitted - n);
    assert_true(WORLD_UNTIL(&t->w, t->w.done == t->w.submitted, 20));
}

static const struct outcome *outcome_of(struct test *t, size_t i)
{
    return &t->w.jobs[i].outcome;
}

static void test_batch(void **state)
{
    struct test *t = *state;

    start(t, "netgsm");
    submit_and_wait(t, 2);
    assert_int_equal(outcome_of(t, 0)->class, OUTCOME_SENT);
    assert_string_equal(outcome_of(t, 1)->provider_ref, "17377215342605050417149344");
    assert_int_equal(t->vendor.sends, 1);
    assert_non_null(strstr(t->vendor.last_head, "POST /sms/rest/v2/send HTTP/1.1"));
    assert_non_null(strstr(t->vendor.last_head, "Authorization: Basic "));
    assert_non_null(strstr(t->vendor.last_head, "Content-Type: application/json"));
    assert_string_equal(t->vendor.last_body,
                        "{\"msgheader\":\"BATMANMEM\",\"encoding\":\"TR\",\"iysfilter\":\"0\","
                        "\"appname\":\"hatirlat\",\"referansID\":\"m0-a1\",\"messages\":["
                        "{\"msg\":\"Sn. Çiğdem IŞIK, 0 gün kaldı.\",\"no\":\"5320000000\"},"
                        "{\"msg\":\"Sn. Çiğdem IŞIK, 1 gün kaldı.\",\"no\":\"5320000001\"}]}");
    finish(t);
}

/* Two messages to one number cannot share a request: their reports could not be told apart. */
static void test_same_number_apart(void **state)
{
    struct test *t = *state;

    start(t, "netgsm");
    world_job(&t->w, 0);
    world_job(&t->w, 1)->to = t->w.jobs[0].to;
    submit_and_wait(t, 2);
    assert_int_equal(t->vendor.sends, 2);
    finish(t);
}

struct answer_row {
    int status;
    const char *headers;
    const char *answer;
    bool raw;
    enum outcome_class class;
    int64_t wait_ms;
};

static char huge[400 * 1024];

static void test_answers(void **state)
{
    static const struct answer_row rows[] = {
        {200, "", NULL, false, OUTCOME_UNKNOWN, 0},
        {200, "", "{\"code\":\"00\",\"jobid\":\"1", false, OUTCOME_UNKNOWN, 0},
        {200, "", "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"code\":\"00\",\"jobid\":\"1\"}",
         true, OUTCOME_UNKNOWN, 0},
        {200, "", "HTTP/1.1 200 OK\r\nContent-Le", true, OUTCOME_UNKNOWN, 0},
        {200, "", "SSH-2.0-x\r\n", true, OUTCOME_UNKNOWN, 0},
        {200, "", huge, false, OUTCOME_UNKNOWN, 0},
        {502, "Content-Type: text/html\r\n", "<html>502</html>", false, OUTCOME_RETRY, 0},
        {429, "Retry-After: 3\r\n", "", false, OUTCOME_THROTTLED, 3000},
        {503, "Retry-After: 5\r\n", "", false, OUTCOME_THROTTLED, 5000},
        {307, "Location: http://127.0.0.1:1/\r\n", "", false, OUTCOME_UNKNOWN, 0},
        {401, "", "x", false, OUTCOME_ACCOUNT, 0},
        {406, "", "{\"code\":\"40\",\"jobid\":null}", false, OUTCOME_ACCOUNT, 0},
        {406, "", "{\"code\":\"70\",\"jobid\":null}", false, OUTCOME_REJECTED, 0},
    };
    struct test *t = *state;

    memset(huge, ' ', sizeof(huge) - 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        start(t, "netgsm");
        t->vendor.status = rows[i].status;
        t->vendor.headers = rows[i].headers;
        t->vendor.answer = rows[i].answer;
        t->vendor.raw = rows[i].raw;
        submit_and_wait(t, 1);
        if (outcome_of(t, 0)->class != rows[i].class) {
            fail_msg("row %zu: %s (%s)", i, outcome_name(outcome_of(t, 0)->class),
                     outcome_of(t, 0)->detail);
        }
        assert_int_equal(outcome_of(t, 0)->wait_ms, rows[i].wait_ms);
        assert_int_equal(t->vendor.sends, 1);
        assert_null(strstr(outcome_of(t, 0)->detail, "Gizli"));
        finish(t);
    }
}

static void test_silence_is_unknown(void **state)
{
    struct test *t = *state;

    start(t, "netgsm");
    t->settings.timeout_ms = 200;
    t->vendor.pause_ms = 600;
    submit_and_wait(t, 1);
    assert_int_equal(outcome_of(t, 0)->class, OUTCOME_UNKNOWN);
    finish(t);
}

static void test_nobody_there_is_down(void **state)
{
    struct test *t = *state;

    start_at(t, "netgsm", "http://127.0.0.1:1");
    submit_and_wait(t, 2);
    assert_int_equal(outcome_of(t, 0)->class, OUTCOME_DOWN);
    assert_int_equal(outcome_of(t, 1)->class, OUTCOME_DOWN);
    finish(t);
}

/* An address that must not be asked is a fault of the settings, not of the message. */
static void test_forbidden_address(void **state)
{
    struct test *t = *state;

    start(t, "kannel"); /* makes an address for every message */
    t->settings.base_url = (char *)(uintptr_t) "http://sms.ornek.test"; /* past the check */
    submit_and_wait(t, 1);
    assert_int_equal(outcome_of(t, 0)->class, OUTCOME_ACCOUNT);
    finish(t);
}

/* A kept connection that dies with the second message: unknown, and posted once. */
static void test_kept_connection_dies(void **state)
{
    struct test *t = *state;

    start(t, "vatansms");
    t->vendor.answer = "{\"status\":true,\"data\":{\"report_id\":7}}";
    t->vendor.drop_second = true;
    submit_and_wait(t, 1);
    submit_and_wait(t, 1);
    assert_int_equal(outcome_of(t, 0)->class, OUTCOME_SENT);
    assert_int_equal(outcome_of(t, 1)->class, OUTCOME_UNKNOWN);
    assert_int_equal(t->vendor.sends, 2);
    finish(t);
}

/* One bad number of twenty: nineteen are sent, each once. */
static void test_split(void **state)
{
    struct test *t = *state;

    start(t, "netgsm");
    t->vendor.bad_number = "5320000013";
    submit_and_wait(t, 20);
    for (size_t i = 0; i < 20; i++) {
        char number[16];
        char *at;

        assert_int_equal(outcome_of(t, i)->class, i == 13 ? OUTCOME_REJECTED : OUTCOME_SENT);
        snprintf(number, sizeof(number), "53200%05zu", i);
        at = strstr(t->vendor.log, number);
        assert_true((at != NULL) == (i != 13));
        assert_true(at == NULL || strstr(at + 1, number) == NULL);
    }
    finish(t);
}

/* Every number refused alone too: the request is wrong, and no message is thrown away. */
static void test_split_finds_own_fault(void **state)
{
    struct test *t = *state;

    start(t, "netgsm");
    t->vendor.bad_number = "53200";
    submit_and_wait(t, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(outcome_of(t, i)->class, OUTCOME_ACCOUNT);
    }
    finish(t);
}

static void test_deadline(void **state)
{
    struct test *t = *state;

    start(t, "netgsm");
    world_job(&t->w, 0)->deadline_ms = 1;
    submit_and_wait(t, 2);
    assert_int_equal(outcome_of(t, 0)->class, OUTCOME_UNTOUCHED);
    assert_int_equal(outcome_of(t, 1)->class, OUTCOME_SENT);
    finish(t);
}

/* Between the request and the deadline a second or two pass; nothing here depends on them. */
static void test_time_left(void **state)
{
    static const struct {
        const char *recipe;
        int64_t left_ms;
        const char *expected;
    } rows[] = {
        {"verimor", 30500, "\"valid_for\":\"00:01\""},
        {"verimor", (9 * 60 + 5) * 60000 + 30000, "\"valid_for\":\"09:05\""},
        {"verimor", 600 * 60000 + 30000, "\"valid_for\":\"10:00\""},
        {"verimor", 72 * 3600000LL, "\"valid_for\":\"48:00\""},
        {"twilio", 72 * 3600000LL, "&ValidityPeriod=36000&"},
        {"twilio", 30000, "&ValidityPeriod=60&"},
        {"vonage", 200 * 3600000LL, "&ttl=604800000&"},
        {"kannel", (47 * 60 + 59) * 60000LL + 30000, "&validity=2879&"},
    };
    struct test *t = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        start(t, rows[i].recipe);
        world_job(&t->w, 0)->deadline_ms = clock_wall_ms(t->w.host.clock) + rows[i].left_ms;
        submit_and_wait(t, 1);
        if (strstr(t->vendor.last_body, rows[i].expected) == NULL &&
            strstr(t->vendor.last_head, rows[i].expected) == NULL) {
            fail_msg("%s: %s\n%s", rows[i].expected, t->vendor.last_head, t->vendor.last_body);
        }
        finish(t);
    }
}

static void test_poll(void **state)
{
    const struct provider_await list[] = {
        {.provider_ref = "111", .to = "+905320000000", .accepted_ms = 0},
        {.provider_ref = "111", .to = "+905320000001", .accepted_ms = 0},
        {.provider_ref = "222", .to = "+905320000000", .accepted_ms = 0},
        {.provider_ref = "333", .to = "+905320000000", .accepted_ms = INT64_MAX / 2},
        {.provider_ref = NULL},
    };
    struct test *t = *state;

    start(t, "netgsm");
    t->vendor.answer = "{\"code\":\"00\",\"jobs\":[{\"jobid\":\"111\",\"number\":\"905320000000\","
                       "\"status\":1,\"deliveredDate\":\"22.11.2026 14:30:12\"}]}";
    http_sms_provider_type.fetch_reports(t->w.provider, list, 5);
    assert_int_equal(t->w.reports, 0);
    assert_true(WORLD_UNTIL(&t->w, t->w.reports > 0, 5));
    assert_string_equal(t->vendor.last_body, "{\"jobids\":[\"111\",\"222\"],\"pagenumber\":0,"
                                             "\"pagesize\":100,\"appname\":\"hatirlat\"}");
    assert_string_equal(t->w.last_report_id, "111");
    assert_string_equal(t->w.last_report_to, "+905320000000");
    assert_int_equal(t->w.last_report.state, REPORT_DELIVERED);
    /* Ten a minute: the next query does not follow at once. */
    http_sms_provider_type.fetch_reports(t->w.provider, list, 5);
    assert_false(WORLD_UNTIL(&t->w, t->vendor.polls > 1, 1));
    finish(t);
}

static void test_balance(void **state)
{
    static const struct {
        int status;
        const char *answer;
        enum provider_health health;
    } rows[] = {
        {200, "{\"code\":\"00\",\"balance\":\"2,7\"}", PROVIDER_HEALTHY},
        {200, "{\"code\":\"00\",\"balance\":\"0,00\"}", PROVIDER_DEGRADED},
        {200, "{\"code\":\"00\",\"balance\":\"-1,5\"}", PROVIDER_DEGRADED},
        {200, "{\"code\":\"00\",\"balance\":0}", PROVIDER_DEGRADED},
        {406, "{\"code\":\"30\"}", PROVIDER_BROKEN},
        {500, "", PROVIDER_DEGRADED},
        {200, NULL, PROVIDER_BROKEN},
    };
    struct test *t = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        start(t, "netgsm");
        t->vendor.status = rows[i].status;
        t->vendor.answer = rows[i].answer;
        http_sms_provider_type.probe(t->w.provider);
        assert_int_equal(t->w.health_calls, 0);
        assert_true(WORLD_UNTIL(&t->w, t->w.health_calls > 0, 5));
        assert_int_equal(t->w.health, rows[i].health);
        assert_null(strstr(t->w.health_text, "Gizli"));
        assert_string_equal(
            t->vendor.last_body,
            "{\"usercode\":\"8505550000\",\"password\":\"Gizli&Parola\\\"1\",\"stip\":2}");
        assert_null(strstr(t->vendor.last_head, "Authorization"));
        finish(t);
    }
}

static void test_kannel(void **state)
{
    static const char *const expected[] = {
        "GET /cgi-bin/sendsms?username=8505550000&password=Gizli%26Parola%221&from=BATMANMEM"
        "&to=905320000000&coding=2&charset=UTF-8"
        "&text=Sn.%20%C3%87i%C4%9Fdem%20I%C5%9EIK%2C%200%20g%C3%BCn%20kald%C4%B1."
        "&validity=2880&dlr-mask=31"
        "&dlr-url=http%3A%2F%2F127.0.0.1%3A1%2Fhook%3Fref%3Dm0-a1%26state%3D%25d%26detail%3D%25A"
        "%26key%3Ds3cret HTTP/1.1",
        "&to=905320000001&coding=0&charset=UTF-8"};
    struct test *t = *state;

    start(t, "kannel");
    t->settings.report_secret.value = (char *)(uintptr_t) "s3cret";
    t->vendor.status = 202;
    t->vendor.answer = "0: Accepted for delivery";
    submit_and_wait(t, 1);
    assert_int_equal(outcome_of(t, 0)->class, OUTCOME_SENT);
    assert_string_equal(outcome_of(t, 0)->provider_ref, "");
    assert_memory_equal(t->vendor.last_head, expected[0], strlen(expected[0]));
    world_job(&t->w, 1)->mode = SMS_GSM7;
    t->w.host.report_url = "";
    submit_and_wait(t, 1);
    assert_non_null(strstr(t->vendor.last_head, expected[1]));
    assert_null(strstr(t->vendor.last_head, "dlr-url"));
    finish(t);
}

static void test_kannel_hook(void **state)
{
    const struct provider_hook good = {.query = STR("ref=m0-a1&state=1&detail=ACK%2F&key=")};
    const struct provider_hook bad = {.query = STR("state=1")};
    struct test *t = *state;
    struct err e;

    start(t, "kannel");
    assert_int_equal(http_sms_provider_type.parse_hook(t->w.provider, &good, &e), 0);
    assert_int_equal(t->w.reports, 1);
    assert_string_equal(t->w.last_report_ref, "m0-a1");
    assert_int_equal(http_sms_provider_type.parse_hook(t->w.provider, &bad, &e), ERR_INVALID);
    http_sms_provider_type.probe(t->w.provider);
    assert_int_equal(t->w.health_calls, 0);
    assert_true(WORLD_UNTIL(&t->w, t->w.health_calls > 0, 5));
    assert_int_equal(t->w.health, PROVIDER_HEALTHY);
    finish(t);
}

/* What waits when the gateway stops goes back; what is in flight is awaited. */
/* What waits when the vendor has trouble has not been tried: it goes back and costs nothing. */
static void test_trouble_returns_what_waits(void **state)
{
    struct test *t = *state;
    struct provider_capabilities caps;
    size_t untouched = 0;
    size_t down = 0;

    start_at(t, "kannel", "http://127.0.0.1:1");
    http_sms_provider_type.capabilities(t->w.provider, &caps);
    assert_true(caps.ahead > 0);
    submit_and_wait(t, 40);
    for (size_t i = 0; i < 40; i++) {
        untouched += outcome_of(t, i)->class == OUTCOME_UNTOUCHED;
        down += outcome_of(t, i)->class == OUTCOME_DOWN;
    }
    assert_int_equal(down, 16);
    assert_int_equal(untouched, 24);
    finish(t);
}

static void test_drain(void **state)
{
    struct test *t = *state;
    size_t untouched = 0;
    size_t sent = 0;

    start(t, "kannel");
    t->vendor.status = 202;
    t->vendor.answer = "0: Accepted for delivery";
    t->vendor.pause_ms = 200;
    world_submit(&t->w, 40);
    WORLD_UNTIL(&t->w, t->vendor.sends >= 16, 5);
    finish(t);
    for (size_t i = 0; i < 40; i++) {
        untouched += outcome_of(t, i)->class == OUTCOME_UNTOUCHED;
        sent += outcome_of(t, i)->class == OUTCOME_SENT;
    }
    assert_int_equal(sent, 16);
    assert_int_equal(untouched, 24);
}

static void test_settings(void **state)
{
    static const struct {
        const char *recipe;
        const char *user;
        const char *password;
        const char *sender;
        const char *secret;
        const char *parameters;
        int code;
    } rows[] = {
        {"netgsm", "u", "p", "BATMANMEM", NULL, NULL, 0},
        {"netgsm", NULL, "p", "BATMANMEM", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", NULL, "BATMANMEM", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", NULL, NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", "BATMAN MEM1", NULL, NULL, 0},
        {"netgsm", "u", "p", "BATMAN MEM 1", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", " BATMAN", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", "ÇINAR", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", "AB", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", "ABC-", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", "a.b*c-d", NULL, NULL, 0},
        {"netgsm", "u", "p", "A_B", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", "AB\nC", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", "9085055500000000", NULL, NULL, 0},
        {"netgsm", "u", "p", "90850555000000001", NULL, NULL, ERR_INVALID},
        {"netgsm", "u", "p", "BATMANMEM", NULL, "{\"encoding\":\"UTF-8\"}", 0},
        {"netgsm", "u", "p", "BATMANMEM", NULL, "{\"encodnig\":\"UTF-8\"}", ERR_INVALID},
        {"netgsm", "u", "p", "BATMANMEM", NULL, "{\"encoding\":1}", ERR_INVALID},
        {"netgsm", "u", "p", "BATMANMEM", NULL, "[1]", ERR_INVALID},
        {"kannel", "u", "p", "BATMANMEM", "a%41", NULL, ERR_INVALID},
        {"yok", "u", "p", "BATMANMEM", NULL, NULL, ERR_NOT_FOUND},
        {"../netgsm", "u", "p", "BATMANMEM", NULL, NULL, ERR_NOT_FOUND},
    };
    struct test *t = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct http_sms_settings s = {
            .recipe = (char *)(uintptr_t)rows[i].recipe,
            .user = (char *)(uintptr_t)rows[i].user,
            .password = {.value = (char *)(uintptr_t)rows[i].password},
            .sender = (char *)(uintptr_t)rows[i].sender,
            .report_secret = {.value = (char *)(uintptr_t)rows[i].secret}};
        struct json_doc *doc = NULL;
        struct err e = {0};
        int code;

        provider_world_init(&t->w, &http_sms_provider_type);
        if (rows[i].parameters != NULL) {
            assert_int_equal(
                json_parse(str_of(rows[i].parameters), 0, &json_default_limits, &doc, NULL, &e), 0);
            s.parameters = json_root(doc);
        }
        code = http_sms_provider_type.create(&t->w.host, &s, &t->w.provider, &e);
        if (code != rows[i].code) {
            fail_msg("row %zu: %d %s", i, code, e.text);
        }
        provider_world_finish(&t->w);
        json_free(doc);
    }
}

static struct test the_test;

int main(void)
{
#define TEST(name) cmocka_unit_test_prestate(name, &the_test)
    const struct CMUnitTest tests[] = {
        TEST(test_batch),
        TEST(test_same_number_apart),
        TEST(test_answers),
        TEST(test_silence_is_unknown),
        TEST(test_nobody_there_is_down),
        TEST(test_forbidden_address),
        TEST(test_kept_connection_dies),
        TEST(test_split),
        TEST(test_split_finds_own_fault),
        TEST(test_deadline),
        TEST(test_time_left),
        TEST(test_poll),
        TEST(test_balance),
        TEST(test_kannel),
        TEST(test_kannel_hook),
        TEST(test_trouble_returns_what_waits),
        TEST(test_drain),
        TEST(test_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
