/* The parts of the interface that need no server: routes, problems, keys, metrics text. */
#include "api/api_internal.h"
#include "api/metrics.h"
#include "api/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- routes ---- */

static void test_routes(void **state)
{
    static const struct {
        enum http_method method;
        const char *path;
        void (*handle)(struct call *call);
        const char *capture;
        unsigned allowed;
    } table[] = {
        {HTTP_GET, "/healthz", handle_healthz, NULL, 0},
        {HTTP_HEAD, "/healthz", handle_healthz, NULL, 0},
        {HTTP_GET, "/healthz/", NULL, NULL, 0},
        {HTTP_GET, "/healthzz", NULL, NULL, 0},
        {HTTP_GET, "/", NULL, NULL, 0},
        {HTTP_POST, "/v1/events", handle_events, NULL, 0},
        {HTTP_GET, "/v1/events", NULL, NULL, 1u << HTTP_POST},
        {HTTP_GET, "/v1/messages", handle_message_list, NULL, 0},
        {HTTP_GET, "/v1/messages/m_1-x", handle_message_get, "m_1-x", 0},
        {HTTP_GET, "/v1/messages/", NULL, NULL, 0},
        {HTTP_GET, "/v1/messages/a/b", NULL, NULL, 0},
        {HTTP_POST, "/v1/messages/m_1-x/cancel", handle_message_cancel, "m_1-x", 0},
        {HTTP_POST, "/v1/messages/m_1-x:cancel", handle_message_cancel, "m_1-x", 0},
        {HTTP_POST, "/v1/messages/m_1-x:resend", handle_message_resend, "m_1-x", 0},
        {HTTP_POST, "/v1/messages/m_1-x", NULL, NULL, 1u << HTTP_GET},
        {HTTP_DELETE, "/v1/messages/m_1-x/cancel", NULL, NULL, 1u << HTTP_POST},
        {HTTP_POST, "/reports/sms/geheim", handle_report, "sms", 0},
        {HTTP_GET, "/reports/sms/geheim", handle_report, "sms", 0},
        {HTTP_GET, "/reports/sms", NULL, NULL, 0},
        {HTTP_POST, "/v1/keys/panel:revoke", handle_key_revoke, "panel", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct str captures[API_CAPTURES] = {{NULL, 0}};
        unsigned allowed;
        const struct route *r =
            route_find(table[i].method, str_of(table[i].path), captures, &allowed);

        if ((r == NULL ? NULL : r->handle) != table[i].handle) {
            fail_msg("%s %s", http_method_name(table[i].method), table[i].path);
        }
        if (r == NULL) {
            assert_int_equal(allowed, table[i].allowed);
        } else if (table[i].capture != NULL) {
            assert_true(str_eqs(captures[0], table[i].capture));
        }
    }
}

static void test_only_health_and_hooks_are_open(void **state)
{
    (void)state;
    for (const struct route *r = api_routes; r->pattern != NULL; r++) {
        bool may =
            strcmp(r->pattern, "/healthz") == 0 || str_starts(str_of(r->pattern), "/reports");

        assert_int_equal(r->open, may);
        assert_true(r->open || r->scope != 0);
        assert_non_null(r->purpose);
    }
}

/* ---- problems ---- */

static void test_problem_kinds_are_whole(void **state)
{
    (void)state;
    for (const struct problem_kind *k = problem_kinds; k->code != NULL; k++) {
        assert_in_range(k->status, 400, 599);
        assert_ptr_equal(problem_find(k->code), k); /* no code twice */
        assert_true(strlen(k->title_tr) > 0 && strlen(k->title_en) > 0);
        assert_true(strlen(k->detail_tr) > 0 && strlen(k->detail_en) > 0);
    }
}

static struct json_doc *written(const struct problem *p)
{
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct buf out;

    buf_init(&out, 100000);
    assert_int_equal(problem_write(p, &out), 0);
    assert_int_equal(
        json_parse((struct str){out.data, out.len}, 0, &json_default_limits, &doc, NULL, &e), 0);
    buf_finish(&out);
    return doc;
}

static void expect_text(const struct json_doc *doc, const char *pointer, const char *text)
{
    struct str s = json_str(json_at(json_root(doc), pointer));

    if (!str_eqs(s, text)) {
        fail_msg("%s is \"%.*s\", not \"%s\"", pointer, (int)s.len, s.ptr == NULL ? "" : s.ptr,
                 text);
    }
}

static void test_problem_document(void **state)
{
    struct faults faults;
    struct problem p = {
        .code = "validation_failed", .turkish = true, .request_id = STR("r1"), .faults = &faults};
    struct json_doc *doc;
    int64_t status;

    (void)state;
    faults_init(&faults);
    faults_add(&faults, "/data/holder/phone", "phone_too_short", "Numara kısa.", "Too short.");
    faults_add(&faults, "", "no_events", "Boş.", "Empty.");
    doc = written(&p);
    assert_int_equal(json_i64(json_get(json_root(doc), "status"), &status), 0);
    assert_int_equal(status, 422);
    expect_text(doc, "/type", "urn:hatirlat:problem:validation_failed");
    expect_text(doc, "/title", "İstek doğrulanamadı");
    expect_text(doc, "/detail", "2 hata bulundu.");
    expect_text(doc, "/instance", "urn:request:r1");
    expect_text(doc, "/errors/0/pointer", "#/data/holder/phone");
    expect_text(doc, "/errors/0/code", "phone_too_short");
    expect_text(doc, "/errors/0/detail", "Numara kısa.");
    expect_text(doc, "/errors/1/pointer", "#");
    json_free(doc);
    p.turkish = false;
    doc = written(&p);
    expect_text(doc, "/title", "Validation failed");
    expect_text(doc, "/errors/0/detail", "Too short.");
    json_free(doc);
    faults_finish(&faults);
}

static void test_language_choice(void **state)
{
    static const struct {
        const char *field;
        bool turkish;
    } table[] = {
        {"", true},
        {"tr", true},
        {"en", false},
        {"en-GB", false},
        {"de", true},
        {"en, tr", true},
        {"tr;q=0.5, en", false},
        {"en;q=0.4,tr;q=0.5", true},
        {"EN;q=0.9, tr;q=0.8", false},
        {"eng", true},
        {"en;q=0", true},
        {",,;q=", true},
        {"*", true},
        {"en;q=0.001", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (problem_turkish(str_of(table[i].field)) != table[i].turkish) {
            fail_msg("\"%s\"", table[i].field);
        }
    }
}

/* ---- keys ---- */

static struct auth_key key_of(const char *name, const char *scopes, char token[AUTH_TOKEN_SIZE])
{
    struct key_row row;
    struct err e = {0};
    struct auth_key key = {0};

    assert_int_equal(auth_key_make(str_of(name), str_of(scopes), 1, &row, token, &e), 0);
    assert_int_equal(str_copy(key.name, sizeof key.name, row.name), 0);
    assert_int_equal(auth_scopes_parse(row.scopes, &key.scopes, &e), 0);
    memcpy(key.digest, row.digest, sizeof key.digest);
    return key;
}

/* '$' in the form stands for the token. */
static enum auth_verdict judge(const struct auth_table *t, const char *form, const char *token,
                               unsigned scope)
{
    int before = (int)strcspn(form, "$");
    char field[200];

    snprintf(field, sizeof field, "%.*s%s%s", before, form, token,
             form[before] == '$' ? form + before + 1 : "");
    return auth_check(t, str_of(field), scope, NULL);
}

static void test_keys(void **state)
{
    char reader[AUTH_TOKEN_SIZE], admin[AUTH_TOKEN_SIZE], other[AUTH_TOKEN_SIZE];
    struct auth_key keys[2] = {key_of("panel-1", "messages:read  metrics:read", reader),
                               key_of("yonetici", "admin", admin)};
    struct auth_table t = {keys, 2, 2};

    (void)state;
    (void)key_of("panel-1", "messages:read", other); /* the same name, another secret */
    assert_int_equal(strlen(reader), 3 + 7 + 1 + AUTH_SECRET_LEN);
    assert_int_equal(judge(&t, "Bearer $", reader, SCOPE_MESSAGES_READ), AUTH_OK);
    assert_int_equal(judge(&t, "bearer   $ ", reader, 0), AUTH_OK);
    assert_int_equal(judge(&t, "Bearer $", reader, SCOPE_EVENTS_WRITE), AUTH_SCOPE);
    assert_int_equal(judge(&t, "Bearer $", admin, SCOPE_EVENTS_WRITE), AUTH_OK);
    assert_int_equal(judge(&t, "Bearer $", other, SCOPE_MESSAGES_READ), AUTH_WRONG);
    assert_int_equal(judge(&t, "Bearer $x", reader, SCOPE_MESSAGES_READ), AUTH_WRONG);
    assert_int_equal(judge(&t, "Basic $", reader, SCOPE_MESSAGES_READ), AUTH_WRONG);
    assert_int_equal(judge(&t, "$", "", SCOPE_MESSAGES_READ), AUTH_MISSING);
    assert_int_equal(judge(&t, "Bearer ht_$", "", 0), AUTH_WRONG);
    assert_int_equal(judge(&t, "Bearer$", "", 0), AUTH_WRONG);
    reader[strlen(reader) - 2] ^= 1;
    assert_int_equal(judge(&t, "Bearer $", reader, SCOPE_MESSAGES_READ), AUTH_WRONG);
}

static void test_key_names_and_scopes(void **state)
{
    char token[AUTH_TOKEN_SIZE];
    struct key_row row;
    struct err e = {0};
    unsigned scopes;

    (void)state;
    assert_int_equal(auth_key_make(STR("A"), STR("admin"), 1, &row, token, &e), ERR_INVALID);
    assert_int_equal(auth_key_make(STR("a_b"), STR("admin"), 1, &row, token, &e), ERR_INVALID);
    assert_int_equal(auth_key_make(STR(""), STR("admin"), 1, &row, token, &e), ERR_INVALID);
    assert_int_equal(auth_key_make(STR("a"), STR(""), 1, &row, token, &e), ERR_INVALID);
    assert_int_equal(auth_key_make(STR("a"), STR("root"), 1, &row, token, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "root"));
    assert_int_equal(auth_scopes_parse(STR(" events:write admin "), &scopes, &e), 0);
    assert_int_equal(scopes, SCOPE_EVENTS_WRITE | SCOPE_ADMIN);
}

/* ---- metrics ---- */

static void test_metrics_text(void **state)
{
    struct stats_histogram h = {0};
    struct buf out;

    (void)state;
    stats_observe(&h, 0.004);
    stats_observe(&h, 0.2);
    stats_observe(&h, 1e9);
    buf_init(&out, 10000);
    metric_head(&out, "x_seconds", METRIC_HISTOGRAM, "Help.");
    metric_sample(&out, "x_total", LABELS({"a", "b\"\\\n"}, {"c", "d"}), 3);
    metric_sample(&out, "y", NULL, 0.25);
    metric_histogram(&out, "x_seconds", LABELS({"p", "q"}), &h);
    assert_non_null(strstr(out.data, "# HELP x_seconds Help.\n# TYPE x_seconds histogram\n"));
    assert_non_null(strstr(out.data, "x_total{a=\"b\\\"\\\\\\n\",c=\"d\"} 3\n"));
    assert_non_null(strstr(out.data, "\ny 0.25\n"));
    assert_non_null(strstr(out.data, "x_seconds_bucket{p=\"q\",le=\"0.005\"} 1\n"));
    assert_non_null(strstr(out.data, "x_seconds_bucket{p=\"q\",le=\"0.5\"} 2\n"));
    assert_non_null(strstr(out.data, "x_seconds_bucket{p=\"q\",le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(out.data, "x_seconds_count{p=\"q\"} 3\n"));
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_only_health_and_hooks_are_open),
        cmocka_unit_test(test_problem_kinds_are_whole),
        cmocka_unit_test(test_problem_document),
        cmocka_unit_test(test_language_choice),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_key_names_and_scopes),
        cmocka_unit_test(test_metrics_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
