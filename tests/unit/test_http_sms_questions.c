/* What the engine asks a vendor beside sending: balance, titles, reports, attempts in doubt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../peers/http_peer.h"
#include "../peers/provider_world.h"
#include "base/log.h"
#include "providers/http_sms.h"

enum { LINES_MAX = 64, LINE_MAX_BYTES = 1024 };

/* A recipe that a test wrote; of this process, for tests run side by side. */
static char quick_path[64];

/* One kind of request, known by a part of its head or body, and how it is answered. */
struct script {
    const char *part;
    int status;
    const char *answers[4]; /* one after the other; the last one stays */
    int asked;
};

struct test {
    struct provider_world w;
    struct http_peer peer;
    pthread_mutex_t lock;
    struct script *scripts;
    size_t script_count;
    char lines[LINES_MAX][LINE_MAX_BYTES]; /* request lines and bodies, as they came */
    size_t line_count;
    struct http_sms_settings settings;
    char base_url[64];
    char amount[48];
    char unit[48];
    char error[400];
    bool empty;
    int balances;
};

static bool serve(void *ctx, const struct peer_request *r, int fd)
{
    struct test *t = ctx;
    struct script *s = NULL;
    const char *answer = "";
    int status = 404;

    pthread_mutex_lock(&t->lock);
    if (t->line_count < LINES_MAX) {
        snprintf(t->lines[t->line_count++], LINE_MAX_BYTES, "%.*s %s", (int)strcspn(r->head, "\r"),
                 r->head, r->body);
    }
    for (size_t i = 0; s == NULL && i < t->script_count; i++) {
        if (strstr(r->head, t->scripts[i].part) != NULL ||
            strstr(r->body, t->scripts[i].part) != NULL) {
            s = &t->scripts[i];
        }
    }
    if (s != NULL) {
        int last = 0;

        while (last < 3 && s->answers[last + 1] != NULL) {
            last++;
        }
        answer = s->answers[s->asked < last ? s->asked : last];
        s->asked++;
        status = s->status;
    }
    pthread_mutex_unlock(&t->lock);
    if (answer != NULL && strncmp(answer, "404", 3) == 0) {
        status = 404;
    }
    return answer == NULL ? false : peer_reply(fd, status, "", answer);
}

static void on_balance(void *ctx, const struct provider_balance *b)
{
    struct provider_world *w = ctx;
    struct test *t = (struct test *)w; /* its first member */

    w->called_inside = w->called_inside || w->inside;
    t->balances++;
    t->empty = b->empty;
    snprintf(t->amount, sizeof(t->amount), "%s", b->amount == NULL ? "" : b->amount);
    snprintf(t->unit, sizeof(t->unit), "%s", b->unit);
    snprintf(t->error, sizeof(t->error), "%s", b->error == NULL ? "" : b->error);
    assert_true((b->amount == NULL) == (b->error != NULL));
}

static void start(struct test *t, const char *recipe, struct script *scripts, size_t count)
{
    struct err e = {0};

    memset(t, 0, sizeof(*t));
    pthread_mutex_init(&t->lock, NULL);
    t->scripts = scripts;
    t->script_count = count;
    peer_start(&t->peer, serve, t);
    provider_world_init(&t->w, &http_sms_provider_type);
    t->w.host.balance = on_balance;
    snprintf(t->base_url, sizeof(t->base_url), "http://127.0.0.1:%d", t->peer.port);
    t->settings =
        (struct http_sms_settings){.recipe = (char *)(uintptr_t)recipe,
                                   .user = (char *)(uintptr_t) "8505550000",
                                   .password = {.value = (char *)(uintptr_t) "Gizli&Parola1"},
                                   .sender = (char *)(uintptr_t) "BATMANMEM",
                                   .base_url = t->base_url,
                                   .timeout_ms = 2000};
    if (http_sms_provider_type.create(&t->w.host, &t->settings, &t->w.provider, &e) != 0) {
        fail_msg("%s: %s", recipe, e.text);
    }
    assert_int_equal(http_sms_provider_type.start(t->w.provider, &e), 0);
}

static void finish(struct test *t)
{
    provider_world_finish(&t->w);
    assert_false(t->w.called_inside);
    peer_stop(&t->peer);
    pthread_mutex_destroy(&t->lock);
}

/* Balance. */

static void test_balances(void **state)
{
    static const struct {
        const char *recipe;
        const char *part;
        int status;
        const char *answer;
        const char *amount;
        const char *unit;
        bool empty;
    } rows[] = {
        {"netgsm", "/balance", 200, "{\"code\":\"00\",\"balance\":\"2,7\"}", "2.7", "TL", false},
        {"netgsm", "/balance", 200, "{\"code\":\"00\",\"balance\":\"1.234,50\"}", "1234.50", "TL",
         false},
        {"netgsm", "/balance", 200, "{\"code\":\"00\",\"balance\":\"0,00\"}", "0.00", "TL", true},
        {"netgsm", "/balance", 200, "{\"code\":\"00\",\"balance\":\"-1,5\"}", "-1.5", "TL", true},
        {"netgsm", "/balance", 200, "{\"code\":\"00\",\"balance\":\"çok\"}", "", "", false},
        {"netgsm", "/balance", 200, "{\"code\":\"00\"}", "", "", false},
        {"netgsm", "/balance", 406, "{\"code\":\"30\"}", "", "", false},
        {"netgsm", "/balance", 200, NULL, "", "", false},
        {"iletimerkezi", "/get-balance/json", 200,
         "{\"response\":{\"status\":{\"code\":\"200\"},\"balance\":{\"amount\":\"0\",\"sms\":"
         "\"18343\"}}}",
         "18343", "SMS", false},
        {"iletimerkezi", "/get-balance/json", 200,
         "{\"response\":{\"status\":{\"code\":200},\"balance\":{\"amount\":\"12.50\",\"sms\":"
         "\"0\"}}}",
         "12.50", "TL", false},
        {"iletimerkezi", "/get-balance/json", 200,
         "{\"response\":{\"status\":{\"code\":200},\"balance\":{\"amount\":\"0\",\"sms\":\"0\"}}}",
         "0", "SMS", true},
        {"verimor", "/v2/balance", 200, "123", "123", "SMS", false},
        {"verimor", "/v2/balance", 200, "{\"balance\":1500,\"bonus\":0}", "1500", "SMS", false},
        {"verimor", "/v2/balance", 200, "{\"balance\":0,\"bonus\":7}", "7", "SMS", false},
        {"verimor", "/v2/balance", 401, "Geçersiz kullanıcı adı/şifre", "", "", false},
        {"mutlucell", "/gtcrdtex", 200, "$1986.0", "1986.0", "SMS", false},
        {"mutlucell", "/gtcrdtex", 200, "23", "", "", false},
        {"twilio", "/Balance.json", 200,
         "{\"account_sid\":\"AC\",\"balance\":\"12.34\",\"currency\":\"USD\"}", "12.34", "USD",
         false},
        {"vonage", "/account/get-balance", 200, "{\"value\":10.28,\"autoReload\":false}", "10.28",
         "EUR", false},
        {"kannel", "/x", 200, "", "", "", false},
    };
    static struct test t;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script s = {rows[i].part, rows[i].status, {rows[i].answer}, 0};

        start(&t, rows[i].recipe, &s, 1);
        t.w.inside = true;
        http_sms_provider_type.balance(t.w.provider);
        t.w.inside = false;
        assert_true(WORLD_UNTIL(&t.w, t.balances > 0, 5));
        if (strcmp(t.amount, rows[i].amount) != 0 || strcmp(t.unit, rows[i].unit) != 0 ||
            t.empty != rows[i].empty || (t.error[0] == '\0') != (rows[i].amount[0] != '\0')) {
            fail_msg("row %zu: \"%s\" \"%s\" %d: %s", i, t.amount, t.unit, (int)t.empty, t.error);
        }
        assert_null(strstr(t.error, "Gizli"));
        finish(&t);
        assert_int_equal(t.balances, 1);
    }
}

/* No sentence about the account ends behind its code. */
static void test_why_there_is_no_balance(void **state)
{
    static const struct {
        const char *recipe;
        const char *part;
        int status;
        const char *answer;
        const char *error;
    } rows[] = {
        {"netgsm", "/balance", 406, "{\"code\":\"30\"}",
         "http 406/30: Kullanıcı adı ya da parola yanlış, API izni yok ya da IP adresi izinli "
         "değil"},
        {"netgsm", "/balance", 406, "{\"code\":\"60\"}", "balance http 406/60: no credit"},
        {"netgsm", "/balance", 406, "{\"code\":\"70\"}",
         "http 406/70: the vendor refuses the account"}, /* a word of sending that means another */
        {"netgsm", "/balance", 502, "", "http 502: an error of the vendor's server"},
        {"netgsm", "/balance", 429, "", "http 429: the vendor asks to slow down"},
        {"netgsm", "/balance", 302, "", "http 302: an answer that the recipe does not know"},
        {"verimor", "/v2/balance", 401, " ",
         "http 401: Kullanıcı adı ya da parola yanlış, ya da bu makinenin IP adresi panelde izinli "
         "değil"},
        {"verimor", "/v2/balance", 401, "Parola", "http 401: Parola"},
    };
    static struct test t;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script s = {rows[i].part, rows[i].status, {rows[i].answer}, 0};

        start(&t, rows[i].recipe, &s, 1);
        http_sms_provider_type.balance(t.w.provider);
        assert_true(WORLD_UNTIL(&t.w, t.balances > 0, 5));
        assert_string_equal(t.error, rows[i].error);
        finish(&t);
    }
}

static void test_titles_of_a_refused_account(void **state)
{
    static struct test t;
    struct script s = {"/msgheader", 406, {"{\"code\":\"30\"}"}, 0};

    (void)state;
    start(&t, "netgsm", &s, 1);
    assert_true(WORLD_UNTIL(&t.w, t.w.health_calls > 0, 5));
    assert_int_equal(t.w.health, PROVIDER_BROKEN);
    assert_non_null(strstr(t.w.health_text, "http 406/30: Kullanıcı adı ya da parola yanlış"));
    finish(&t);
}

/* Sender titles. */

static void test_senders(void **state)
{
    static const struct {
        const char *recipe;
        const char *part;
        const char *answer;
        bool missing;
        bool held;
    } rows[] = {
        {"netgsm", "/msgheader", "{\"code\":\"00\",\"msgheaders\":[\"BATMANMEM\",\"X\"]}", false,
         false},
        {"netgsm", "/msgheader", "{\"code\":\"00\",\"msgheader\":[\"BATMANMEM\"]}", false, false},
        {"netgsm", "/msgheader", "{\"code\":\"00\",\"msgheaders\":[\"batmanmem\",\"X Y\"]}", true,
         true},
        {"netgsm", "/msgheader", "{\"code\":\"00\",\"msgheaders\":[]}", false, false},
        {"netgsm", "/msgheader", "{\"code\":\"00\",\"titles\":[\"X\"]}", false, false},
        {"netgsm", "/msgheader", "<html>", false, false},
        {"verimor", "/v2/headers", "[\"BATMANMEM\"]", false, false},
        {"verimor", "/v2/headers", "[{\"header\":\"BATMANMEM\"}]", false, false},
        {"verimor", "/v2/headers", "[{\"header\":\"BASKA\"},\"DIGER\"]", true, true},
        {"iletimerkezi", "/get-sender",
         "{\"response\":{\"status\":{\"code\":200},\"senders\":{\"sender\":[\"BASKA\"]}}}", true,
         true},
        {"mutlucell", "/gtorgex", "BASKA\tBATMANMEM", false, false},
        {"mutlucell", "/gtorgex", "BASKA\tDIGER\r\n", true, false},
        {"mutlucell", "/gtorgex", "23", false, false},
        {"jetsms", "/api/reportoriginator",
         "{\"originators\":[{\"channel\":\"1\",\"messagetitle\":\"BATMANMEM\"}]}", false, false},
    };
    static struct test t;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script s[] = {{rows[i].part, 200, {rows[i].answer}, 0}, {"POST", 401, {"x"}, 0}};

        start(&t, rows[i].recipe, s, 2);
        assert_true(WORLD_UNTIL(&t.w, s[0].asked > 0, 5));
        WORLD_UNTIL(&t.w, t.w.health_calls > 0, rows[i].missing ? 5 : 0);
        (void)WORLD_UNTIL(&t.w, false, 0.05);
        if ((strstr(t.w.health_text, "BATMANMEM") != NULL) != rows[i].missing) {
            fail_msg("row %zu: %s", i, t.w.health_text);
        }
        world_submit(&t.w, 1);
        assert_true(WORLD_UNTIL(&t.w, t.w.done == 1, 5));
        assert_int_equal(t.w.jobs[0].outcome.class, OUTCOME_ACCOUNT);
        if (outcome_is(&t.w.jobs[0].outcome, "sender") != rows[i].held) {
            fail_msg("row %zu: %s", i, t.w.jobs[0].outcome.code);
        }
        finish(&t);
    }
}

/* Attempts in doubt. */

/* A recipe of its own so that a test need not wait a minute between two questions. */
static const char *quick_recipe(const char *again)
{
    FILE *f;

    snprintf(quick_path, sizeof(quick_path), "/tmp/hatirlat-test-quick-%d.json", (int)getpid());
    f = fopen(quick_path, "w");
    assert_non_null(f);
    fprintf(
        f,
        "{\"name\":\"quick\",\"title\":\"Q\",\"base_url\":\"https://sms.ornek.test\","
        "\"number_form\":\"905x\",\"redact\":[\"hesap\"],"
        "\"send\":{\"request\":{\"url\":\"/"
        "send\",\"auth\":\"basic\",\"query\":{\"pass\":\"${password|raw}\","
        "\"hesap\":\"42\",\"n\":\"7\"},\"body\":\"${text|raw}\"},\"answer\":{\"id\":"
        "[\"json:/id\"],\"error\":{\"code\":[\"json:/code\"],\"text\":\"json:/words\","
        "\"codes\":{\"1\":\"rejected\"}}}},"
        "\"reports\":{\"states\":{\"1\":\"delivered\"},\"poll\":{\"request\":{\"url\":\"/poll\","
        "\"body\":\"${id|raw} ${page|raw} ${after|raw?}\"},\"rows\":[\"/rows\"],\"row\":{"
        "\"state\":\"/s\",\"to\":\"/to\"},\"first_after\":\"0s\",\"every\":\"10m\","
        "\"rate\":\"100/s\",\"page_size\":2,\"first_page\":1,\"after\":\"/n\"}},"
        "\"recover\":{\"request\":{\"url\":\"/ask\",\"body\":\"${ref|raw}\"},\"answer\":{"
        "\"error\":{\"code\":[\"http\"],\"codes\":{\"404\":\"absent\",\"403\":\"account\"}}},"
        "\"row\":{\"ref\":\"/ref\",\"id\":\"/id\",\"state\":\"/s\"},\"again\":\"%s\"}}",
        again);
    fclose(f);
    return quick_path;
}

static void test_ask(void **state)
{
    static const struct {
        int status;
        const char *answers[4];
        enum outcome_class class;
        const char *ref;
        int asked;
    } rows[] = {
        {200, {"[{\"ref\":\"m0-a1\",\"id\":77,\"s\":1}]"}, OUTCOME_SENT, "77", 1},
        {200, {"[{\"ref\":\"m9-a1\",\"id\":76,\"s\":1}]"}, OUTCOME_UNKNOWN, "", 1},
        {200, {"[]"}, OUTCOME_UNKNOWN, "", 1},
        {200, {"not json"}, OUTCOME_UNKNOWN, "", 1},
        {404, {"x"}, OUTCOME_RETRY, "", 2},
        {200, {"404", "[{\"ref\":\"m0-a1\",\"id\":77,\"s\":1}]"}, OUTCOME_SENT, "77", 2},
        {403, {"x"}, OUTCOME_ACCOUNT, "", 1},
        {500, {"x"}, OUTCOME_UNKNOWN, "", 1},
        {200, {NULL}, OUTCOME_UNKNOWN, "", 1},
    };
    static struct test t;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct script s = {"/ask", rows[i].status, {NULL}, 0};
        struct provider_capabilities caps;

        memcpy(s.answers, rows[i].answers, sizeof(s.answers));
        start(&t, quick_recipe("50ms"), &s, 1);
        http_sms_provider_type.capabilities(t.w.provider, &caps);
        assert_false(caps.cannot_ask);
        t.w.inside = true;
        http_sms_provider_type.ask(t.w.provider, world_job(&t.w, 0));
        t.w.inside = false;
        assert_true(WORLD_UNTIL(&t.w, t.w.done == 1, 5));
        if (t.w.jobs[0].outcome.class != rows[i].class || s.asked != rows[i].asked) {
            fail_msg("row %zu: %s %s, asked %d", i, outcome_name(t.w.jobs[0].outcome.class),
                     t.w.jobs[0].outcome.code, s.asked);
        }
        assert_string_equal(t.w.jobs[0].outcome.provider_ref, rows[i].ref);
        finish(&t);
    }
}

/* "Absent" is heard twice, a minute apart, before anybody sends again. */
static void test_absent_twice(void **state)
{
    struct script s = {"/v2/status", 404, {"Bu idye sahip kampanya bulunamadı"}, 0};
    static struct test t;

    (void)state;
    start(&t, "verimor", &s, 1);
    http_sms_provider_type.ask(t.w.provider, world_job(&t.w, 0));
    assert_true(WORLD_UNTIL(&t.w, s.asked == 1, 5));
    assert_false(WORLD_UNTIL(&t.w, t.w.done > 0 || s.asked > 1, 1));
    assert_true(strstr(t.lines[0], "custom_id=m0-a1") != NULL ||
                strstr(t.lines[1], "custom_id=m0-a1") != NULL);
    /* A stop does not wait for the second question. */
    finish(&t);
    assert_int_equal(t.w.done, 1);
    assert_int_equal(t.w.jobs[0].outcome.class, OUTCOME_UNKNOWN);
}

static void test_cannot_ask(void **state)
{
    static const char *const recipes[] = {"kannel", "netgsm", "twilio"};
    static struct test t;

    (void)state;
    for (size_t i = 0; i < sizeof(recipes) / sizeof(*recipes); i++) {
        struct provider_capabilities caps;

        start(&t, recipes[i], NULL, 0);
        http_sms_provider_type.capabilities(t.w.provider, &caps);
        assert_true(caps.cannot_ask);
        assert_int_equal(caps.repeat_ms, strcmp(recipes[i], "netgsm") == 0 ? 50 * 60000 : 0);
        t.w.inside = true;
        http_sms_provider_type.ask(t.w.provider, world_job(&t.w, 0));
        t.w.inside = false;
        assert_true(WORLD_UNTIL(&t.w, t.w.done == 1, 5));
        assert_int_equal(t.w.jobs[0].outcome.class, OUTCOME_UNKNOWN);
        finish(&t);
    }
}

/* Reports. */

/* Full pages are followed, by number and by what the last row said; nobody is asked again soon. */
static void test_pages(void **state)
{
    const struct provider_await list[] = {{.provider_ref = "j1", .to = "+905320000000"}};
    struct script s = {"/poll",
                       200,
                       {"{\"rows\":[{\"s\":1,\"to\":\"5320000000\",\"n\":10},{\"s\":1,\"to\":"
                        "\"5320000001\",\"n\":11}]}",
                        "{\"rows\":[{\"s\":1,\"to\":\"5320000002\",\"n\":12}]}"},
                       0};
    static struct test t;

    (void)state;
    start(&t, quick_recipe("0s"), &s, 1);
    http_sms_provider_type.fetch_reports(t.w.provider, list, 1);
    assert_true(WORLD_UNTIL(&t.w, t.w.reports == 3, 5));
    assert_string_equal(t.w.last_report_id, "j1");
    assert_string_equal(t.w.last_report_to, "+905320000002");
    assert_non_null(strstr(t.lines[0], " j1 1 "));
    assert_non_null(strstr(t.lines[1], " j1 2 11"));
    http_sms_provider_type.fetch_reports(t.w.provider, list, 1);
    assert_false(WORLD_UNTIL(&t.w, s.asked > 2, 1));
    finish(&t);
}

/* An answer that matches nothing. */

static void submit_attempt(struct test *t, int attempt)
{
    size_t i = t->w.submitted;

    world_job(&t->w, i)->attempt = attempt;
    world_submit(&t->w, 1);
    assert_true(WORLD_UNTIL(&t->w, t->w.done == i + 1, 5));
}

static void test_unmatched(void **state)
{
    struct script s[] = {{" 0 gün", 400, {"{\"code\":99}"}, 0},
                         {" 1 gün", 400, {"{\"code\":99}"}, 0},
                         {" 2 gün", 400, {"{\"code\":99}"}, 0},
                         {" 3 gün", 400, {"{\"code\":1}"}, 0},
                         {" 4 gün", 400, {"{\"code\":99}"}, 0}};
    static struct test t;

    (void)state;
    start(&t, quick_recipe("0s"), s, 5);
    submit_attempt(&t, 1);
    submit_attempt(&t, 2);
    assert_int_equal(t.w.jobs[1].outcome.class, OUTCOME_RETRY);
    assert_true(outcome_is(&t.w.jobs[1].outcome, "unmatched"));
    /* Three in a row, and nobody got through: it is not the message. */
    submit_attempt(&t, 3);
    assert_int_equal(t.w.jobs[2].outcome.class, OUTCOME_ACCOUNT);
    assert_true(outcome_is(&t.w.jobs[2].outcome, "unmatched"));
    /* An answer that is understood: now a third attempt blames the message. */
    submit_attempt(&t, 1);
    assert_int_equal(t.w.jobs[3].outcome.class, OUTCOME_REJECTED);
    submit_attempt(&t, 3);
    assert_int_equal(t.w.jobs[4].outcome.class, OUTCOME_REJECTED);
    assert_true(outcome_is(&t.w.jobs[4].outcome, "unmatched"));
    finish(&t);
}

/* One message alone, again and again: the vendor is held a few times, then the message goes. */
static void test_unmatched_alone(void **state)
{
    static const enum outcome_class expected[] = {OUTCOME_RETRY,   OUTCOME_RETRY,
                                                  OUTCOME_ACCOUNT, OUTCOME_ACCOUNT,
                                                  OUTCOME_ACCOUNT, OUTCOME_REJECTED};
    struct script s = {"/send", 400, {"{\"code\":99}"}, 0};
    static struct test t;

    (void)state;
    start(&t, quick_recipe("0s"), &s, 1);
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        world_job(&t.w, i)->message_id = 1;
        submit_attempt(&t, i < 3 ? (int)i + 1 : 3);
        assert_int_equal(t.w.jobs[i].outcome.class, expected[i]);
    }
    finish(&t);
}

/* A batch is split at the last try, so that only the one who causes it is blamed. */
static void test_unmatched_batch(void **state)
{
    struct script s[] = {{"5320000002", 400, {"{\"code\":\"4711\"}"}, 0},
                         {"/send ", 200, {"{\"code\":\"00\",\"jobid\":\"7\"}"}, 0}};
    static struct test t;

    (void)state;
    start(&t, "netgsm", s, 2);
    for (size_t i = 0; i < 8; i++) {
        world_job(&t.w, i)->attempt = i < 4 ? 2 : 3;
    }
    world_submit(&t.w, 4);
    assert_true(WORLD_UNTIL(&t.w, t.w.done == 4, 5));
    assert_int_equal(t.w.jobs[1].outcome.class, OUTCOME_RETRY);
    assert_int_equal(s[0].asked, 1);
    s[0].part = "5320000005";
    world_submit(&t.w, 4);
    assert_true(WORLD_UNTIL(&t.w, t.w.done == 8, 10));
    for (size_t i = 4; i < 8; i++) {
        assert_int_equal(t.w.jobs[i].outcome.class, i == 5 ? OUTCOME_REJECTED : OUTCOME_SENT);
    }
    finish(&t);
}

/* Secrets. */

/* A vendor that repeats the password, plainly, encoded and as a header, in words and codes. */
static void test_secrets_are_not_repeated(void **state)
{
    static const char *const answers[] = {
        "{\"code\":1,\"words\":\"wrong password Gizli&Parola1 (Gizli%26Parola1)\"}",
        "{\"code\":\"Gizli&Parola1\",\"words\":\"Gizli&Parola1Gizli&Parola1\"}",
        "{\"code\":1,\"words\":\"Authorization: Basic ODUwNTU1MDAwMDpHaXpsaSZQYXJvbGEx\"}",
    };
    static struct test t;

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct script s = {"/send", 400, {answers[i]}, 0};

        start(&t, quick_recipe("0s"), &s, 1);
        submit_attempt(&t, 1);
        assert_null(strstr(t.w.jobs[0].outcome.detail, "Gizli"));
        assert_null(strstr(t.w.jobs[0].outcome.code, "Gizli"));
        assert_null(strstr(t.w.jobs[0].outcome.detail, "ODUwNTU1MDAw"));
        assert_non_null(strstr(t.lines[0], "pass=Gizli%26Parola1"));
        finish(&t);
    }
}

/* Everything the engine logs, while it sends, asks and is refused. */
static void test_log_holds_no_secret(void **state)
{
    struct script s[] = {{"/ask", 200, {"[]"}, 0}, {"/send", 418, {"Gizli&Parola1"}, 0}};
    static struct test t;
    static char log[32768];
    int out[2];
    int keep = dup(2);
    ssize_t n;

    (void)state;
    assert_int_equal(pipe(out), 0);
    log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);
    dup2(out[1], 2);
    start(&t, quick_recipe("0s"), s, 2);
    submit_attempt(&t, 1);
    http_sms_provider_type.ask(t.w.provider, world_job(&t.w, 1));
    WORLD_UNTIL(&t.w, t.w.done == 2, 5);
    finish(&t);
    dup2(keep, 2);
    close(keep);
    close(out[1]);
    n = read(out[0], log, sizeof(log) - 1);
    close(out[0]);
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
    assert_true(n > 0);
    log[n] = '\0';
    assert_non_null(strstr(log, "pass=***&hesap=***&n=7"));
    assert_non_null(strstr(log, "http_sms_unmatched"));
    assert_null(strstr(log, "Gizli"));
    assert_null(strstr(log, "9053200"));
    assert_null(strstr(log, "em IŞIK"));
}

/* Words of a Turkish form in its own charset. */
static void test_latin5_form(void **state)
{
    struct script s = {"/SMS-Web/HttpSmsSend", 200, {"Status=0 MessageIDs=756464245"}, 0};
    static struct test t;

    (void)state;
    start(&t, "jetsms-legacy", &s, 1);
    submit_attempt(&t, 1);
    assert_int_equal(t.w.jobs[0].outcome.class, OUTCOME_SENT);
    assert_string_equal(t.w.jobs[0].outcome.provider_ref, "756464245");
    assert_non_null(strstr(t.lines[0], "Messages=Sn.+%C7i%F0dem+I%DEIK%2C+0+g%FCn+kald%FD."));
    snprintf(t.w.jobs[1].text, sizeof(t.w.jobs[1].text), "5 €");
    world_job(&t.w, 1);
    snprintf(t.w.jobs[1].text, sizeof(t.w.jobs[1].text), "5 €");
    submit_attempt(&t, 1);
    assert_int_equal(t.w.jobs[1].outcome.class, OUTCOME_REJECTED);
    finish(&t);
}

static int remove_quick_recipe(void **state)
{
    (void)state;
    if (quick_path[0] != '\0') {
        unlink(quick_path);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balances),
        cmocka_unit_test(test_why_there_is_no_balance),
        cmocka_unit_test(test_titles_of_a_refused_account),
        cmocka_unit_test(test_senders),
        cmocka_unit_test(test_ask),
        cmocka_unit_test(test_absent_twice),
        cmocka_unit_test(test_cannot_ask),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_unmatched),
        cmocka_unit_test(test_unmatched_alone),
        cmocka_unit_test(test_unmatched_batch),
        cmocka_unit_test(test_secrets_are_not_repeated),
        cmocka_unit_test(test_log_holds_no_secret),
        cmocka_unit_test(test_latin5_form),
    };

    return cmocka_run_group_tests(tests, NULL, remove_quick_recipe);
}
