#include "base/json.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static int parse(struct str text, unsigned flags, struct json_doc **doc, struct json_place *place)
{
    return json_parse(text, flags, &json_default_limits, doc, place, NULL);
}

static struct json_doc *good(const char *text, unsigned flags)
{
    struct json_doc *doc;

    assert_int_equal(parse(str_of(text), flags, &doc, NULL), 0);
    return doc;
}

static void refuses_with_place(void **state)
{
    static const struct {
        struct str text;
        int code;
        enum json_problem problem;
        int line, column;
    } cases[] = {
        {STR(""), ERR_INVALID, JSON_ENDS_EARLY, 1, 1},
        {STR("  "), ERR_INVALID, JSON_ENDS_EARLY, 1, 3},
        {STR("[1,"), ERR_INVALID, JSON_ENDS_EARLY, 1, 4},
        {STR("{}x"), ERR_INVALID, JSON_TRAILING_BYTES, 1, 3},
        {STR("\xEF\xBB\xBF{}"), ERR_INVALID, JSON_BYTE_ORDER_MARK, 1, 1},
        {STR("[,1]"), ERR_INVALID, JSON_UNEXPECTED, 1, 2},
        {STR("{1:2}"), ERR_INVALID, JSON_WANTS_KEY, 1, 2},
        {STR("{\"a\",2}"), ERR_INVALID, JSON_WANTS_COLON, 1, 5},
        {STR("[1\n 2]"), ERR_INVALID, JSON_WANTS_COMMA, 2, 2},
        {STR("[nul]"), ERR_INVALID, JSON_BAD_LITERAL, 1, 2},
        {STR("[01]"), ERR_INVALID, JSON_BAD_NUMBER, 1, 2},
        {STR("-"), ERR_INVALID, JSON_BAD_NUMBER, 1, 1},
        {STR("[1.]"), ERR_INVALID, JSON_BAD_NUMBER, 1, 2},
        {STR("[1e+]"), ERR_INVALID, JSON_BAD_NUMBER, 1, 2},
        {STR("[\"\\x\"]"), ERR_INVALID, JSON_BAD_ESCAPE, 1, 3},
        {STR("[\"\\u12G4\"]"), ERR_INVALID, JSON_BAD_ESCAPE, 1, 3},
        {STR("[\"\xC3\"]"), ERR_INVALID, JSON_BAD_UTF8, 1, 3},
        {STR("[\"\xED\xA0\x80\"]"), ERR_INVALID, JSON_BAD_UTF8, 1, 3},
        {STR("[\"a\nb\"]"), ERR_INVALID, JSON_RAW_CONTROL, 1, 4},
        {STR("[\"a"), ERR_INVALID, JSON_OPEN_STRING, 1, 2},
        {STR("[1,]"), ERR_INVALID, JSON_UNEXPECTED, 1, 4},
        {STR("// x\n{}"), ERR_INVALID, JSON_UNEXPECTED, 1, 1},
        {STR("[\0]"), ERR_INVALID, JSON_UNEXPECTED, 1, 2},
        {STR("{\"a\":1,\"a\":2}"), ERR_UNSUPPORTED, JSON_DUPLICATE_KEY, 1, 8},
        {STR("{\"a\":1,\"\\u0061\":2}"), ERR_UNSUPPORTED, JSON_DUPLICATE_KEY, 1, 8},
        {STR("{\"\\/\":1,\"\\u002f\":2}"), ERR_UNSUPPORTED, JSON_DUPLICATE_KEY, 1, 9},
        {STR("{\"b\":{\"x\":1},\"a\":1,\n\"b\":2}"), ERR_UNSUPPORTED, JSON_DUPLICATE_KEY, 2, 1},
        {STR("[\"\\u0000\"]"), ERR_UNSUPPORTED, JSON_NUL, 1, 3},
        {STR("[\"\\ud834\"]"), ERR_UNSUPPORTED, JSON_LONE_SURROGATE, 1, 3},
        {STR("[\"\\udd1e\"]"), ERR_UNSUPPORTED, JSON_LONE_SURROGATE, 1, 3},
        {STR("[\"\\ud834\\ud834\\udd1e\"]"), ERR_UNSUPPORTED, JSON_LONE_SURROGATE, 1, 3},
        /* The grammar outranks policy, wherever it breaks. */
        {STR("{\"a\":1,\"a\":2"), ERR_INVALID, JSON_ENDS_EARLY, 1, 13},
        {STR("[\"\\u0000\",}"), ERR_INVALID, JSON_UNEXPECTED, 1, 11},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_doc *doc;
        struct json_place place = {0};
        struct err e;
        int rc = json_parse(cases[i].text, 0, &json_default_limits, &doc, &place, &e);

        if (rc != cases[i].code || place.problem != cases[i].problem ||
            place.line != cases[i].line || place.column != cases[i].column) {
            fail_msg("%s: %d %s at %d:%d", cases[i].text.ptr, rc, e.text, place.line, place.column);
        }
        assert_null(doc);
    }
}

static void bounds_are_errors_of_their_own(void **state)
{
    static const struct json_limits tight = {40, 2, 3};
    static const struct {
        const char *text;
        int code;
        enum json_problem problem;
    } cases[] = {
        {"[[1]]", 0, JSON_OK},
        {"[[[1]]]", ERR_LIMIT, JSON_TOO_DEEP},
        {"[[[1]]", ERR_INVALID, JSON_ENDS_EARLY},
        {"{\"a\":1,\"b\":1,\"c\":1}", 0, JSON_OK},
        {"{\"a\":1,\"b\":1,\"c\":1,\"d\":1}", ERR_LIMIT, JSON_TOO_MANY_KEYS},
        {"[{\"a\":1,\"b\":1},{\"a\":1,\"b\":1}]", 0, JSON_OK},
        {"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,1", ERR_LIMIT, JSON_TOO_LONG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_place place = {0};
        struct json_doc *doc;

        assert_int_equal(json_parse(str_of(cases[i].text), 0, &tight, &doc, &place, NULL),
                         cases[i].code);
        assert_int_equal(place.problem, cases[i].problem);
        json_free(doc);
    }
}

static void very_deep_text_is_still_judged_by_its_grammar(void **state)
{
    enum { DEEP = 50000 };
    char *text = malloc(2 * DEEP);
    struct json_doc *doc;

    (void)state;
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    assert_int_equal(parse((struct str){text, (size_t)2 * DEEP}, 0, &doc, NULL), ERR_LIMIT);
    assert_int_equal(parse((struct str){text, (size_t)2 * DEEP - 1}, 0, &doc, NULL), ERR_INVALID);
    text[2 * DEEP - 3] = '}';
    assert_int_equal(parse((struct str){text, (size_t)2 * DEEP}, 0, &doc, NULL), ERR_INVALID);
    free(text);
}

static void accessors_read_what_is_there(void **state)
{
    struct json_doc *doc = good("{\"ad\":\"A\\u015f\\u0131k \\ud83d\\ude00\",\"n\":-42,\"f\":1.5,"
                                "\"t\":true,\"z\":null,\"l\":[10,[20],{\"a/b\":{\"m~n\":7}}]}",
                                0);
    const struct json *root = json_root(doc);
    int64_t n;

    (void)state;
    assert_true(str_eqs(json_str(json_get(root, "ad")), "A\xC5\x9F\xC4\xB1k \xF0\x9F\x98\x80"));
    assert_int_equal(json_i64(json_get(root, "n"), &n), 0);
    assert_int_equal(n, -42);
    assert_int_equal(json_i64(json_get(root, "f"), &n), ERR_INVALID);
    assert_int_equal(json_get_i64(root, "n", 5), -42);
    assert_int_equal(json_get_i64(root, "f", 5), 5);
    assert_int_equal(json_get_i64(NULL, "n", 5), 5);
    assert_true(json_double(json_get(root, "f"), 0) == 1.5);
    assert_true(json_bool(json_get(root, "t"), false));
    assert_true(json_bool(json_get(root, "z"), true));
    assert_int_equal(json_type(json_get(root, "z")), JSON_NULL);
    assert_null(json_get(root, "Ad"));
    assert_null(json_get(json_get(root, "l"), "0"));
    assert_int_equal(json_count(root), 6);
    assert_int_equal(json_count(json_get(root, "l")), 3);
    assert_string_equal(json_key(json_first(root)), "ad");
    assert_null(json_key(root));
    assert_int_equal(json_i64(json_at(root, "/l/1/0"), &n), 0);
    assert_int_equal(n, 20);
    assert_int_equal(json_i64(json_at(root, "/l/2/a~1b/m~0n"), &n), 0);
    assert_int_equal(n, 7);
    assert_ptr_equal(json_at(root, ""), root);
    assert_null(json_at(root, "/l/01"));
    assert_null(json_at(root, "/l/3"));
    assert_null(json_at(root, "/l/2/a~2b"));
    assert_null(json_at(root, "ad"));
    assert_int_equal(json_type(NULL), JSON_NULL);
    assert_null(json_first(NULL));
    assert_null(json_str(NULL).ptr);
    json_free(doc);
}

static void numbers_keep_their_digits(void **state)
{
    static const struct {
        const char *text;
        int code;
        int64_t value;
    } cases[] = {
        {"9007199254740992", 0, 9007199254740992},
        {"9007199254740993", ERR_INVALID, 0},
        {"-9007199254740992", 0, -9007199254740992},
        {"12345678901234567890123456", ERR_INVALID, 0},
        {"0.99999999999999999999999", ERR_INVALID, 0},
        {"1e3", 0, 1000},
        {"1E400", ERR_INVALID, 0},
        {"123456789012345", 0, 123456789012345},
        {"0.1", ERR_INVALID, 0},
        {"-0.00000000000000000000000000000000000000000000000000000000000000000000001", ERR_INVALID,
         0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_doc *doc = good(cases[i].text, 0);
        struct json_writer w;
        struct buf out;
        char scratch[40];
        int64_t n = 0;

        assert_int_equal(json_i64(json_root(doc), &n), cases[i].code);
        assert_int_equal(n, cases[i].value);
        assert_true(str_eqs(json_number_text(json_root(doc), scratch), cases[i].text));
        buf_init(&out, 100);
        jsonw_init(&w, &out);
        jsonw_value(&w, json_root(doc));
        assert_string_equal(buf_cstr(&out), cases[i].text);
        buf_finish(&out);
        json_free(doc);
    }
}

static void positions_survive_comments(void **state)
{
    const char *text =
        "// baş\n{\n  /* iki\n satır */ \"a\": [1, 22 ,],\n\t\"b\": {\"c\": 1e5,},\n}\n";
    struct json_doc *doc = good(text, JSON_COMMENTS | JSON_POSITIONS);
    const struct json *root = json_root(doc);
    struct json_place place = json_place_of(doc, json_at(root, "/a/1"));
    double number = json_double(json_at(root, "/b/c"), 0);

    (void)state;
    assert_int_equal(place.line, 4);
    assert_int_equal(place.column, 21);
    assert_memory_equal(text + place.offset, "22", 2);
    place = json_key_place_of(doc, json_at(root, "/b/c"));
    assert_int_equal(place.line, 5);
    assert_int_equal(place.column, 8);
    place = json_place_of(doc, json_at(root, "/b/c"));
    assert_int_equal(place.column, 13);
    assert_true(number == 1e5);
    assert_int_equal(json_count(json_get(root, "a")), 2);
    place = json_place_of(doc, root);
    assert_int_equal(place.line, 2);
    assert_int_equal(json_place_of(doc, NULL).line, 0);
    json_free(doc);
}

static void jsonc_is_not_anything_goes(void **state)
{
    static const struct {
        const char *text;
        enum json_problem problem;
    } cases[] = {
        {"[1,,2]", JSON_UNEXPECTED}, {"[,]", JSON_UNEXPECTED},
        {"{,}", JSON_WANTS_KEY},     {"[1 /* x ]", JSON_OPEN_COMMENT},
        {"[1] /x", JSON_UNEXPECTED}, {"[1] // \xFF\n", JSON_BAD_UTF8},
        {"'a'", JSON_UNEXPECTED},    {"{a:1}", JSON_WANTS_KEY},
        {"/", JSON_UNEXPECTED},      {"[1]/*/", JSON_OPEN_COMMENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_place place = {0};
        struct json_doc *doc;

        assert_int_equal(parse(str_of(cases[i].text), JSON_COMMENTS, &doc, &place), ERR_INVALID);
        assert_int_equal(place.problem, cases[i].problem);
    }
    json_free(good("[1]// son", JSON_COMMENTS));
    json_free(good("[\"// metin /* */\"]", JSON_COMMENTS));
}

static void writer_escapes_and_separates(void **state)
{
    struct json_writer w;
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "ad", "\"\\\n\t\x01\x7F ş/");
    jsonw_put(&w, "yok", NULL);
    jsonw_put_str(&w, "bozuk", STR("a\xC3z"));
    jsonw_put_i64(&w, "min", INT64_MIN);
    jsonw_put_bool(&w, "t", true);
    jsonw_put_time(&w, "at", 1000);
    jsonw_put_time(&w, "never", 0);
    jsonw_key(&w, "l");
    jsonw_array(&w);
    jsonw_i64(&w, 0);
    jsonw_double(&w, 0.1);
    jsonw_double(&w, 1.0 / 3);
    jsonw_double(&w, 1e300 * 1e300);
    jsonw_object(&w);
    jsonw_end_object(&w);
    jsonw_cstr(&w, NULL);
    jsonw_raw(&w, STR("[1]"));
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    assert_string_equal(buf_cstr(&out),
                        "{\"ad\":\"\\\"\\\\\\n\\t\\u0001\x7F ş/\",\"bozuk\":\"a\xEF\xBF\xBDz\","
                        "\"min\":-9223372036854775808,\"t\":true,\"at\":\"1970-01-01T00:00:01Z\","
                        "\"l\":[0,0.1,0.33333333333333331,null,{},null,[1]]}");
    buf_finish(&out);
}

static void writer_stops_at_its_depth(void **state)
{
    struct json_writer w;
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    jsonw_init(&w, &out);
    for (int i = 0; i < 32; i++) {
        jsonw_array(&w);
    }
    assert_int_equal(buf_failed(&out), 0);
    jsonw_array(&w);
    assert_int_equal(buf_failed(&out), ERR_LIMIT);
    buf_finish(&out);
}

static void copies_come_out_as_they_went_in(void **state)
{
    static const char *const texts[] = {
        "{\"a\":[1,2.5,-0.001,\"x\",true,false,null,{}],\"b\":{\"c\":[]}}",
        "[12345678901234567890,1e-7,0]",
        "\"ğüşıöçĞÜŞİÖÇ\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct json_doc *doc = good(texts[i], 0);
        struct json_writer w;
        struct buf out;

        buf_init(&out, 1000);
        jsonw_init(&w, &out);
        jsonw_value(&w, json_root(doc));
        assert_string_equal(buf_cstr(&out), texts[i]);
        buf_finish(&out);
        json_free(doc);
    }
}

static void indenting_changes_only_blanks(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    json_indent(STR("{\"a\":[1, {\"b,\\\"{\":[]}],\n\"c\" : { }, \"d\":\"}\"}"), &out);
    assert_string_equal(buf_cstr(&out),
                        "{\n  \"a\": [\n    1,\n    {\n      \"b,\\\"{\": []\n    }\n  ],\n"
                        "  \"c\": {},\n  \"d\": \"}\"\n}\n");
    buf_finish(&out);
}

static struct buf read_all(const char *path)
{
    struct buf b;
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    buf_init(&b, 1024 * 1024);
    while (!feof(f)) {
        char *at = buf_reserve(&b, 4096);

        assert_non_null(at);
        buf_commit(&b, fread(at, 1, 4096, f));
    }
    (void)fclose(f);
    return b;
}

/* JSONTestSuite: y_ must be JSON, n_ must not, i_ must only not crash. */
static void agrees_with_the_public_suite(void **state)
{
    const char *corpora = getenv("HATIRLAT_CORPORA");
    const struct dirent *entry;
    char dir[512];
    size_t yes = 0;
    size_t no = 0;
    DIR *d;

    (void)state;
    (void)snprintf(dir, sizeof dir, "%s/json-testsuite/test_parsing", corpora ? corpora : "");
    d = corpora == NULL ? NULL : opendir(dir);
    if (d == NULL) {
        print_message("JSONTestSuite not run: HATIRLAT_CORPORA does not lead to it\n");
        skip();
    }
    while ((entry = readdir(d)) != NULL) {
        char path[1024];
        struct json_doc *doc;
        struct buf text;
        int rc;

        if (strstr(entry->d_name, ".json") == NULL) {
            continue;
        }
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        text = read_all(path);
        rc = parse((struct str){text.data, text.len}, 0, &doc, NULL);
        yes += entry->d_name[0] == 'y';
        no += entry->d_name[0] == 'n';
        if ((entry->d_name[0] == 'y' && rc != 0 && rc != ERR_UNSUPPORTED && rc != ERR_LIMIT) ||
            (entry->d_name[0] == 'n' && rc != ERR_INVALID)) {
            fail_msg("%s: %d", entry->d_name, rc);
        }
        json_free(doc);
        buf_finish(&text);
    }
    (void)closedir(d);
    print_message("JSONTestSuite: %zu accepted, %zu refused\n", yes, no);
    assert_int_equal(yes, 95);
    assert_int_equal(no, 188);
}

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Prints a figure; asserts nothing, for machines differ. */
static void tells_its_speed(void **state)
{
    enum { ROUNDS = 20000 };
    static const char event[] =
        "{\"specversion\":\"1.0\",\"type\":\"tr.eimza.certificate.expiring.v1\","
        "\"source\":\"/il/ornek/envanter\",\"id\":\"0190a2c4-7d11-7f3a-9b60-4a1f6f0c2e55\","
        "\"time\":\"2026-11-22T09:00:00+03:00\",\"datacontenttype\":\"application/json\",\"data\":{"
        "\"certificate\":\"5A3F00C1\",\"subject\":\"p-1042\",\"name\":\"Ayşe Örnek\","
        "\"phone\":\"+905320000067\",\"email\":\"ayse@ornek.test\","
        "\"not_after\":\"2027-02-20T20:59:59Z\"}}";
    struct json_writer w;
    struct json_doc *doc;
    struct buf out;
    double start = seconds();
    double parsed;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(parse(STR(event), 0, &doc, NULL), 0);
        json_free(doc);
    }
    parsed = seconds();
    doc = good(event, 0);
    buf_init(&out, 4096);
    for (int i = 0; i < ROUNDS; i++) {
        buf_reset(&out);
        jsonw_init(&w, &out);
        jsonw_value(&w, json_root(doc));
    }
    print_message("%zu bytes: parse and free %.2f us, write %.2f us\n", sizeof event - 1,
                  (parsed - start) / ROUNDS * 1e6, (seconds() - parsed) / ROUNDS * 1e6);
    buf_finish(&out);
    json_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_place),
        cmocka_unit_test(bounds_are_errors_of_their_own),
        cmocka_unit_test(very_deep_text_is_still_judged_by_its_grammar),
        cmocka_unit_test(accessors_read_what_is_there),
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(positions_survive_comments),
        cmocka_unit_test(jsonc_is_not_anything_goes),
        cmocka_unit_test(writer_escapes_and_separates),
        cmocka_unit_test(writer_stops_at_its_depth),
        cmocka_unit_test(copies_come_out_as_they_went_in),
        cmocka_unit_test(indenting_changes_only_blanks),
        cmocka_unit_test(agrees_with_the_public_suite),
        cmocka_unit_test(tells_its_speed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
