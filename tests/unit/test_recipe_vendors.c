/*
 * What every shipped recipe makes of its vendor's answers: tests/vectors/recipes/<name>.json lists
 * answers and reports as the vendors document them, and what they mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "providers/recipe/judge.h"
#include "providers/recipe/report.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const vendors[] = {"netgsm", "iletimerkezi",  "verimor", "mutlucell", "vatansms",
                                      "jetsms", "jetsms-legacy", "twilio",  "vonage",    "kannel"};

enum { VENDORS = sizeof(vendors) / sizeof(*vendors), SEEN_MAX = 64, VECTORS_BYTES = 1 << 20 };

/* Where a fault is reported: the vendor, the list, the row. */
struct place {
    const char *vendor;
    const char *list;
    size_t row;
};

struct vectors {
    struct recipe *recipe;
    struct json_doc *doc;
    const struct json *root;
};

static void open_vectors(struct vectors *v, const char *vendor)
{
    const struct json_limits limits = {VECTORS_BYTES, 16, 64};
    char *text = calloc(1, VECTORS_BYTES);
    struct faults faults;
    struct err e = {0};
    char path[512];
    size_t n;
    FILE *f;

    faults_init(&faults);
    snprintf(path, sizeof(path), HATIRLAT_SOURCE_DIR "/config/recipes/%s.json", vendor);
    if (recipe_load(path, &v->recipe, &faults, &e) != 0) {
        fail_msg("%s: %s", path, faults.count > 0 ? faults.list[0].en : e.text);
    }
    faults_finish(&faults);
    snprintf(path, sizeof(path), HATIRLAT_SOURCE_DIR "/tests/vectors/recipes/%s.json", vendor);
    f = fopen(path, "r");
    assert_non_null(f);
    n = fread(text, 1, VECTORS_BYTES - 1, f);
    fclose(f);
    if (json_parse((struct str){text, n}, 0, &limits, &v->doc, NULL, &e) != 0) {
        fail_msg("%s: %s", path, e.text);
    }
    v->root = json_root(v->doc);
    free(text);
}

static void close_vectors(struct vectors *v)
{
    json_free(v->doc);
    recipe_free(v->recipe);
}

static const char *text_of(const struct json *row, const char *key, const char *otherwise)
{
    const struct json *v = json_get(row, key);

    return v == NULL ? otherwise : json_str(v).ptr;
}

static int64_t number_of(const struct json *row, const char *key, int64_t otherwise)
{
    int64_t n = otherwise;

    json_i64(json_get(row, key), &n);
    return n;
}

/* Whether a member, when the row has it, says the same. */
static void same_text(const struct place *at, const struct json *row, const char *key,
                      const char *got)
{
    const char *expected =
        json_type(json_get(row, key)) == JSON_STRING ? text_of(row, key, NULL) : NULL;

    if (expected != NULL && strcmp(expected, got == NULL ? "" : got) != 0) {
        fail_msg("%s %s %zu: %s is \"%s\", not \"%s\"", at->vendor, at->list, at->row, key,
                 got == NULL ? "" : got, expected);
    }
}

static void same_number(const struct place *at, const struct json *row, const char *key,
                        int64_t got)
{
    int64_t expected = number_of(row, key, got);

    if (expected != got) {
        fail_msg("%s %s %zu: %s is %lld, not %lld", at->vendor, at->list, at->row, key,
                 (long long)got, (long long)expected);
    }
}

/* Answers. */

static void judge_row(const struct recipe_answer *rules, const struct json *row,
                      struct recipe_judgement *j)
{
    struct recipe_reply reply;

    recipe_reply_init(&reply, (int)number_of(row, "status", 0), json_str(json_get(row, "body")),
                      text_of(row, "retry_after", ""));
    recipe_judge(rules, &reply, 0, j);
    recipe_reply_finish(&reply);
}

/* The raw code stands behind the word of ours and the HTTP status. */
static void same_code(const struct place *at, const struct json *row, const struct outcome *o)
{
    const char *slash = strchr(o->code, '/');

    same_text(at, row, "code", slash == NULL ? "" : slash + 1);
}

static void check_answer(const struct place *at, const struct recipe_answer *rules,
                         const struct json *row)
{
    const char *word = text_of(row, "word", NULL);
    struct recipe_judgement j;

    judge_row(rules, row, &j);
    if (strcmp(outcome_name(j.outcome.class), text_of(row, "outcome", "")) != 0) {
        fail_msg("%s %s %zu: %d %s: %s (%s: %s)", at->vendor, at->list, at->row,
                 (int)number_of(row, "status", 0), text_of(row, "body", ""),
                 outcome_name(j.outcome.class), j.outcome.code, j.outcome.detail);
    }
    same_code(at, row, &j.outcome);
    same_text(at, row, "ref", j.outcome.provider_ref);
    same_number(at, row, "wait_ms", j.outcome.wait_ms);
    if (outcome_is(&j.outcome, "balance") != (word != NULL && strcmp(word, "balance") == 0) ||
        j.unmatched != (word != NULL && strcmp(word, "unmatched") == 0) ||
        outcome_is(&j.outcome, "unmatched") != j.unmatched ||
        j.split != json_bool(json_get(row, "split"), false) ||
        j.unsure != json_bool(json_get(row, "unsure"), false)) {
        fail_msg("%s %s %zu: %s: \"%s\" split %d unsure %d", at->vendor, at->list, at->row,
                 text_of(row, "body", ""), j.outcome.code, (int)j.split, (int)j.unsure);
    }
}

static void check_answers(struct vectors *v, const char *vendor, const char *list,
                          const struct recipe_answer *rules)
{
    struct place at = {vendor, list, 0};

    for (const struct json *row = json_first(json_get(v->root, list)); row != NULL;
         row = json_next(row)) {
        check_answer(&at, rules, row);
        at.row++;
    }
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < VENDORS; i++) {
        struct vectors v;

        open_vectors(&v, vendors[i]);
        assert_true(json_count(json_get(v.root, "send")) > 15);
        check_answers(&v, vendors[i], "send", &v.recipe->answer);
        check_answers(&v, vendors[i], "poll_answers", &v.recipe->poll.answer);
        close_vectors(&v);
    }
}

/* Every code of a table is met by a vector, so a new line cannot go untested. */
static void test_every_code_is_met(void **state)
{
    (void)state;
    for (size_t i = 0; i < VENDORS; i++) {
        struct vectors v;

        open_vectors(&v, vendors[i]);
        for (const struct json *c = json_first(v.recipe->answer.codes); c != NULL;
             c = json_next(c)) {
            bool met = false;

            for (const struct json *row = json_first(json_get(v.root, "send")); row != NULL && !met;
                 row = json_next(row)) {
                char status[8];

                snprintf(status, sizeof(status), "%d", (int)number_of(row, "status", 0));
                met = strstr(text_of(row, "body", ""), json_key(c)) != NULL ||
                      strcmp(status, json_key(c)) == 0;
            }
            if (!met) {
                fail_msg("%s: no vector for code %s", vendors[i], json_key(c));
            }
        }
        close_vectors(&v);
    }
}

/* Reports. */

struct seen {
    const struct place *at;
    const struct json *expected;
    size_t count;
};

static void see(void *ctx, const struct provider_report *list, size_t count)
{
    static const char *const states[] = {"delivered", "undelivered", "expired", "pending"};
    struct seen *s = ctx;

    for (size_t i = 0; i < count; i++) {
        const struct json *row = s->expected;
        const struct provider_report *r = &list[i];

        s->count++;
        if (row == NULL) {
            continue;
        }
        same_text(s->at, row, "state", states[r->state]);
        same_text(s->at, row, "id", r->provider_ref);
        same_text(s->at, row, "ref", r->ref);
        same_text(s->at, row, "to", r->to);
        same_text(s->at, row, "code", r->code);
        same_text(s->at, row, "detail", r->detail);
        same_text(s->at, row, "cause", outcome_name(r->cause));
        same_number(s->at, row, "at_ms", r->at_ms);
        s->expected = json_next(row);
    }
}

static void check_count(const struct place *at, const struct json *row, const struct seen *seen)
{
    if (seen->count != json_count(json_get(row, "rows"))) {
        fail_msg("%s %s %zu: %zu reports", at->vendor, at->list, at->row, seen->count);
    }
}

static void check_poll(const struct place *at, const struct recipe *r, const struct json *row)
{
    struct seen seen = {at, json_first(json_get(row, "rows")), 0};
    const struct report_sink sink = {see, &seen};
    struct report_query q = {
        .rules = &r->poll.rows, .asked = text_of(row, "asked", NULL), .after = r->poll.after};
    struct recipe_reply reply;

    recipe_reply_init(&reply, 200, json_str(json_get(row, "body")), "");
    assert_true(recipe_report_rows(r, &q, &reply, &sink) >= seen.count);
    recipe_reply_finish(&reply);
    check_count(at, row, &seen);
    same_text(at, row, "after", q.ret_after);
}

static void test_polls(void **state)
{
    (void)state;
    for (size_t i = 0; i < VENDORS; i++) {
        struct place at = {vendors[i], "poll", 0};
        struct vectors v;

        open_vectors(&v, vendors[i]);
        assert_int_equal(json_get(v.root, "poll") != NULL, v.recipe->has_poll);
        for (const struct json *row = json_first(json_get(v.root, "poll")); row != NULL;
             row = json_next(row)) {
            check_poll(&at, v.recipe, row);
            at.row++;
        }
        close_vectors(&v);
    }
}

static void check_hook(const struct place *at, const struct recipe *r, const struct json *row)
{
    struct seen seen = {at, json_first(json_get(row, "rows")), 0};
    const struct report_sink sink = {see, &seen};
    const struct hook_secrets secrets = {.password = {NULL, 0}};
    const struct provider_hook hook = {.query = str_of(text_of(row, "query", "")),
                                       .body = str_of(text_of(row, "body", ""))};
    struct err e = {0};
    int code = recipe_hook_rows(r, &hook, &secrets, &sink, &e);

    if ((code != 0) != json_bool(json_get(row, "error"), false)) {
        fail_msg("%s %s %zu: %d %s", at->vendor, at->list, at->row, code, e.text);
    }
    check_count(at, row, &seen);
}

static void test_hooks(void **state)
{
    (void)state;
    for (size_t i = 0; i < VENDORS; i++) {
        struct place at = {vendors[i], "hook", 0};
        struct vectors v;

        open_vectors(&v, vendors[i]);
        assert_int_equal(json_get(v.root, "hook") != NULL,
                         v.recipe->has_hook && !v.recipe->hook.has_signature);
        for (const struct json *row = json_first(json_get(v.root, "hook")); row != NULL;
             row = json_next(row)) {
            check_hook(&at, v.recipe, row);
            at.row++;
        }
        close_vectors(&v);
    }
}

/* Attempts in doubt: of m1-a1 to +905320000067. */

struct found {
    bool by_ref;
    bool found;
    char id[64];
};

static void look_for(void *ctx, const struct provider_report *list, size_t count)
{
    struct found *f = ctx;

    for (size_t i = 0; i < count; i++) {
        const char *theirs = f->by_ref ? list[i].ref : list[i].to;

        if (theirs != NULL && strcmp(theirs, f->by_ref ? "m1-a1" : "+905320000067") == 0) {
            f->found = true;
            snprintf(f->id, sizeof(f->id), "%s",
                     list[i].provider_ref == NULL ? "" : list[i].provider_ref);
        }
    }
}

static void check_recover(const struct place *at, const struct recipe *r, const struct json *row)
{
    struct found f = {.by_ref = r->recover.rows.row.ref != NULL};
    const struct report_sink sink = {look_for, &f};
    struct report_query q = {.rules = &r->recover.rows};
    struct recipe_judgement j;
    struct recipe_reply reply;

    judge_row(&r->recover.answer, row, &j);
    if (j.outcome.class == OUTCOME_SENT) {
        recipe_reply_init(&reply, 200, json_str(json_get(row, "body")), "");
        recipe_report_rows(r, &q, &reply, &sink);
        recipe_reply_finish(&reply);
    }
    same_text(at, row, "outcome", outcome_name(j.outcome.class));
    same_text(at, row, "found", f.id);
    if (f.found != (json_type(json_get(row, "found")) == JSON_STRING) ||
        j.absent != json_bool(json_get(row, "absent"), false)) {
        fail_msg("%s %s %zu: found %d absent %d", at->vendor, at->list, at->row, (int)f.found,
                 (int)j.absent);
    }
}

static void test_recover(void **state)
{
    (void)state;
    for (size_t i = 0; i < VENDORS; i++) {
        struct place at = {vendors[i], "recover", 0};
        struct vectors v;

        open_vectors(&v, vendors[i]);
        assert_int_equal(json_get(v.root, "recover") != NULL, v.recipe->has_ask);
        for (const struct json *row = json_first(json_get(v.root, "recover")); row != NULL;
             row = json_next(row)) {
            check_recover(&at, v.recipe, row);
            at.row++;
        }
        close_vectors(&v);
    }
}

/* Every recipe says what it leaves open, or has nothing to. */
static void test_uncertain(void **state)
{
    (void)state;
    for (size_t i = 0; i < VENDORS; i++) {
        struct vectors v;

        open_vectors(&v, vendors[i]);
        assert_true(v.recipe->uncertain.count > 0 || strcmp(vendors[i], "kannel") == 0);
        close_vectors(&v);
    }
}

/* Signatures. */

struct signed_hook {
    struct provider_hook hook;
    const char *signature;
};

static struct str header(const void *request, const char *name)
{
    const struct signed_hook *h = request;

    return strcmp(name, "X-Twilio-Signature") == 0 ? str_of(h->signature) : STR("");
}

/*
 * The example of the vendor's own page on webhook security: key 12345, and the signature that it
 * prints. The one below was made with Python's hmac module.
 */
static void test_signature(void **state)
{
    static const struct {
        const char *url;
        const char *query;
        const char *body;
        const char *key;
        const char *signature;
        bool right;
    } rows[] = {
        {"https://mycompany.com/myapp.php", "foo=1&bar=2",
         "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid="
         "CA1234567890ABCDE",
         "12345", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", true},
        /* the order of the body does not matter, every byte of it does */
        {"https://mycompany.com/myapp.php", "foo=1&bar=2",
         "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&From=%2B14158675309&Digits=1234&To="
         "%2B18005551212",
         "12345", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", true},
        {"https://mycompany.com/myapp.php", "foo=1&bar=2",
         "Digits=1235&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid="
         "CA1234567890ABCDE",
         "12345", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
        {"https://mycompany.com/myapp.php", "foo=1&bar=3",
         "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid="
         "CA1234567890ABCDE",
         "12345", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
        {"https://mycompany.com/myapp.php", "foo=1&bar=2",
         "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid="
         "CA1234567890ABCDE",
         "12346", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
        {"https://mycompany.com/myapp.php", "foo=1&bar=2", "Digits=1234", "12345", "", false},
        {"https://mycompany.com/myapp.php", "foo=1&bar=2", "Digits=1234", "", "x", false},
        {"https://mycompany.com/myapp.php", "foo=1&bar=2", "Digits=%zz", "12345", "x", false},
    };
    struct vectors v;

    (void)state;
    open_vectors(&v, "twilio");
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct signed_hook h = {.signature = rows[i].signature};
        const struct hook_secrets secrets = {.report_url = str_of(rows[i].url),
                                             .password = str_of(rows[i].key)};

        h.hook = (struct provider_hook){.query = str_of(rows[i].query),
                                        .body = str_of(rows[i].body),
                                        .header = header,
                                        .request = &h};
        if (recipe_signature_holds(&v.recipe->hook.signature, &h.hook, &secrets) != rows[i].right) {
            fail_msg("row %zu", i);
        }
    }
    close_vectors(&v);
}

/* A signed report is read, one without the right signature is refused before it is looked at. */
static void test_signed_reports(void **state)
{
    static const char body[] = "MessageSid=SM1&MessageStatus=delivered&To=%2B905320000067";
    struct signed_hook h = {.signature = "SIGNATURE"};
    const struct hook_secrets secrets = {.report_url = STR("https://ornek.test/reports/t/s"),
                                         .password = STR("jeton")};
    struct seen seen = {NULL, NULL, 0};
    const struct report_sink sink = {see, &seen};
    struct vectors v;
    struct err e;

    (void)state;
    open_vectors(&v, "twilio");
    h.hook = (struct provider_hook){
        .query = STR("ref=m1-a1"), .body = STR(body), .header = header, .request = &h};
    assert_int_equal(recipe_hook_rows(v.recipe, &h.hook, &secrets, &sink, &e), ERR_DENIED);
    h.signature = "+oh/7hH5SvWCA+sG189bAWyZajg=";
    assert_int_equal(recipe_hook_rows(v.recipe, &h.hook, &secrets, &sink, &e), 0);
    assert_int_equal(seen.count, 1);
    h.hook.header = NULL;
    assert_int_equal(recipe_hook_rows(v.recipe, &h.hook, &secrets, &sink, &e), ERR_DENIED);
    close_vectors(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),   cmocka_unit_test(test_every_code_is_met),
        cmocka_unit_test(test_polls),     cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_recover),   cmocka_unit_test(test_uncertain),
        cmocka_unit_test(test_signature), cmocka_unit_test(test_signed_reports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
