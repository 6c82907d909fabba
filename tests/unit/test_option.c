#include "base/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct inner {
    int64_t wait;
    char *word;
};

struct outer {
    char *name;
    bool on;
    int64_t n, wait, at, bytes;
    int mode;
    struct secret key;
    struct option_strings list;
    struct option_ints marks;
    struct option_rate pace;
    struct inner inner;
    const struct json *raw;
    char *path;
    char *url;
};

static const char *const modes[] = {"ask", "resend", "park", NULL};

static const struct option inner_table[] = {{.key = "wait",
                                             .type = OPTION_DURATION,
                                             .offset = offsetof(struct inner, wait),
                                             .fallback = "\"2s\"",
                                             .reloadable = true},
                                            {.key = "word",
                                             .type = OPTION_STRING,
                                             .offset = offsetof(struct inner, word),
                                             .required = true},
                                            {0}};

static const struct option table[] = {
    {.key = "name",
     .type = OPTION_STRING,
     .offset = offsetof(struct outer, name),
     .required = true,
     .min = 2,
     .max = 5},
    {.key = "on", .type = OPTION_BOOL, .offset = offsetof(struct outer, on), .fallback = "true"},
    {.key = "n",
     .type = OPTION_INT,
     .offset = offsetof(struct outer, n),
     .fallback = "7",
     .min = 1,
     .max = 10,
     .tr = "sayı",
     .en = "number"},
    {.key = "wait",
     .type = OPTION_DURATION,
     .offset = offsetof(struct outer, wait),
     .fallback = "\"30s\"",
     .min = 1000,
     .max = 3600000},
    {.key = "at",
     .type = OPTION_CLOCKTIME,
     .offset = offsetof(struct outer, at),
     .fallback = "\"09:30\""},
    {.key = "bytes",
     .type = OPTION_SIZE,
     .offset = offsetof(struct outer, bytes),
     .fallback = "\"1MiB\"",
     .min = 1024,
     .max = 1 << 30},
    {.key = "mode",
     .type = OPTION_ENUM,
     .offset = offsetof(struct outer, mode),
     .fallback = "\"resend\"",
     .names = modes},
    {.key = "key", .type = OPTION_SECRET, .offset = offsetof(struct outer, key)},
    {.key = "list", .type = OPTION_STRINGS, .offset = offsetof(struct outer, list), .max = 3},
    {.key = "marks",
     .type = OPTION_INTS,
     .offset = offsetof(struct outer, marks),
     .fallback = "[3,1]"},
    {.key = "pace", .type = OPTION_RATE, .offset = offsetof(struct outer, pace)},
    {.key = "inner",
     .type = OPTION_OBJECT,
     .offset = offsetof(struct outer, inner),
     .table = inner_table},
    {.key = "raw", .type = OPTION_RAW, .offset = offsetof(struct outer, raw)},
    {.key = "path", .type = OPTION_PATH, .offset = offsetof(struct outer, path)},
    {.key = "url", .type = OPTION_URL, .offset = offsetof(struct outer, url), .min = 1},
    {0}};

struct read {
    struct outer o;
    struct faults faults;
    struct json_doc *doc;
};

static void start(struct read *r, const char *text, const struct option_source *source)
{
    *r = (struct read){0};
    faults_init(&r->faults);
    assert_int_equal(json_parse(str_of(text), JSON_COMMENTS | JSON_POSITIONS, &json_default_limits,
                                &r->doc, NULL, NULL),
                     0);
    option_read_from(source, table, json_root(r->doc), "", &r->o, &r->faults);
}

static void stop(struct read *r)
{
    option_release(table, &r->o);
    faults_finish(&r->faults);
    json_free(r->doc);
}

static void everything_lands_where_the_table_says(void **state)
{
    static const struct option_source source = {.dir = "/etc/ornek"};
    struct read r;

    (void)state;
    start(&r,
          "{\"name\":\"Işık\",\"on\":false,\"n\":10,\"wait\":\"5m\",\"at\":\"23:59\","
          "\"bytes\":\"16KiB\",\"mode\":\"park\",\"list\":[\"a\",\"b\"],\"marks\":[90,-1],"
          "\"pace\":\"240/m\",\"inner\":{\"wait\":\"4ms\",\"word\":\"x\"},\"raw\":[1],"
          "\"path\":\"t/a\",\"url\":\"https://ornek.gov.tr:444/a?b#c\"}",
          &source);
    assert_int_equal(r.faults.total, 0);
    assert_string_equal(r.o.name, "Işık");
    assert_false(r.o.on);
    assert_int_equal(r.o.n, 10);
    assert_int_equal(r.o.wait, 300000);
    assert_int_equal(r.o.at, 23 * 60 + 59);
    assert_int_equal(r.o.bytes, 16384);
    assert_int_equal(r.o.mode, 2);
    assert_int_equal(r.o.list.count, 2);
    assert_string_equal(r.o.list.items[1], "b");
    assert_int_equal(r.o.marks.count, 2);
    assert_int_equal(r.o.marks.items[1], -1);
    assert_int_equal(r.o.pace.count, 240);
    assert_int_equal(r.o.pace.period_ms, 60000);
    assert_int_equal(r.o.inner.wait, 4);
    assert_int_equal(json_type(r.o.raw), JSON_ARRAY);
    assert_string_equal(r.o.path, "/etc/ornek/t/a");
    assert_string_equal(r.o.url, "https://ornek.gov.tr:444/a?b#c");
    stop(&r);
    assert_null(r.o.name);
}

static void what_is_absent_falls_back(void **state)
{
    struct read r;

    (void)state;
    start(&r, "{\"name\":\"ad\"}", NULL);
    assert_int_equal(r.faults.total, 0);
    assert_true(r.o.on);
    assert_int_equal(r.o.n, 7);
    assert_int_equal(r.o.wait, 30000);
    assert_int_equal(r.o.at, 570);
    assert_int_equal(r.o.bytes, 1 << 20);
    assert_int_equal(r.o.mode, 1);
    assert_int_equal(r.o.marks.count, 2);
    assert_int_equal(r.o.inner.wait, 2000);
    assert_null(r.o.inner.word);
    assert_null(r.o.key.value);
    stop(&r);
}

static void every_fault_has_its_code_and_pointer(void **state)
{
    static const struct {
        const char *text;
        const char *code;
        const char *pointer;
        const char *in_tr;
        const char *in_en;
    } cases[] = {
        {"{}", "CFG-103", "/name", "\"name\" eksik", "\"name\" is missing"},
        {"[]", "CFG-101", "", "nesne", "an object"},
        {"{\"name\":\"ad\",\"nmae\":1}", "CFG-020", "/nmae", "\"name\" mi?",
         "did you mean \"name\"?"},
        {"{\"name\":\"ad\",\"çok/uzak~anahtar\":1}", "CFG-020", "/çok~1uzak~0anahtar",
         "bilinmeyen anahtar \"çok/uzak~anahtar\"", "unknown key"},
        {"{\"name\":1}", "CFG-101", "/name", "beklenen metin", "expected a string"},
        {"{\"name\":\"a\"}", "CFG-102", "/name", "uzunluk 2 – 5", "length must be 2 – 5"},
        {"{\"name\":\"ğüşıöç\"}", "CFG-102", "/name", "2 – 5", "2 – 5"},
        {"{\"name\":\"a\\nb\"}", "CFG-104", "/name", "satır sonu", "line break"},
        {"{\"name\":\"ad\",\"on\":\"true\"}", "CFG-101", "/on", "true veya false", "true or"},
        {"{\"name\":\"ad\",\"n\":0}", "CFG-102", "/n", "1 – 10", "1 – 10"},
        {"{\"name\":\"ad\",\"n\":1.5}", "CFG-101", "/n", "tam sayı", "whole number"},
        {"{\"name\":\"ad\",\"n\":\"1\"}", "CFG-101", "/n", "tam sayı", "whole number"},
        {"{\"name\":\"ad\",\"wait\":30}", "CFG-101", "/wait", "süre", "duration"},
        {"{\"name\":\"ad\",\"wait\":\"30\"}", "CFG-104", "/wait", "\"30\"", "\"30\""},
        {"{\"name\":\"ad\",\"wait\":\"2d\"}", "CFG-102", "/wait", "1s – 1h", "1s – 1h"},
        {"{\"name\":\"ad\",\"at\":\"8 pm\"}", "CFG-104", "/at", "\"8 pm\"; beklenen \"SS:DD\"",
         "expected \"HH:MM\""},
        {"{\"name\":\"ad\",\"at\":\"24:00\"}", "CFG-104", "/at", "24:00", "24:00"},
        {"{\"name\":\"ad\",\"bytes\":\"1MB\"}", "CFG-104", "/bytes", "boyut", "size"},
        {"{\"name\":\"ad\",\"bytes\":\"4GiB\"}", "CFG-102", "/bytes", "1KiB – 1GiB", "1KiB – 1GiB"},
        {"{\"name\":\"ad\",\"mode\":\"asks\"}", "CFG-105", "/mode", "ask, resend, park",
         "ask, resend, park"},
        {"{\"name\":\"ad\",\"list\":\"a\"}", "CFG-101", "/list", "metin listesi", "list of"},
        {"{\"name\":\"ad\",\"list\":[\"a\",2]}", "CFG-101", "/list/1", "metin", "a string"},
        {"{\"name\":\"ad\",\"list\":[\"a\",\"\"]}", "CFG-102", "/list/1", "boş", "empty"},
        {"{\"name\":\"ad\",\"list\":[\"a\",\"b\",\"c\",\"d\"]}", "CFG-102", "/list",
         "öğe sayısı 0 – 3", "number of items"},
        {"{\"name\":\"ad\",\"marks\":[1,\"2\"]}", "CFG-101", "/marks/1", "tam sayı", "whole"},
        {"{\"name\":\"ad\",\"pace\":\"0/s\"}", "CFG-104", "/pace", "hız", "rate"},
        {"{\"name\":\"ad\",\"pace\":\"10\"}", "CFG-104", "/pace", "hız", "rate"},
        {"{\"name\":\"ad\",\"pace\":\"10/week\"}", "CFG-104", "/pace", "hız", "rate"},
        {"{\"name\":\"ad\",\"inner\":{}}", "CFG-103", "/inner/word", "word", "word"},
        {"{\"name\":\"ad\",\"inner\":{\"word\":\"x\",\"wiat\":1}}", "CFG-020", "/inner/wiat",
         "\"wait\" mi?", "\"wait\"?"},
        {"{\"name\":\"ad\",\"path\":\"\"}", "CFG-102", "/path", "boş", "empty"},
        {"{\"name\":\"ad\",\"url\":\"http://ornek.test/\"}", "CFG-104", "/url", "https://",
         "https://"},
        {"{\"name\":\"ad\",\"url\":\"https://\"}", "CFG-104", "/url", "adres", "address"},
        {"{\"name\":\"ad\",\"url\":\"https://u:p@ornek.test/\"}", "CFG-104", "/url", "adres",
         "address"},
        {"{\"name\":\"ad\",\"key\":\"parola\"}", "SEC-001", "/key", "{\"file\": yol}",
         "{\"file\": path}"},
        {"{\"name\":\"ad\",\"key\":{\"file\":\"a\",\"env\":\"B\"}}", "SEC-001", "/key", "", ""},
        {"{\"name\":\"ad\",\"key\":{\"env\":\"HATIRLAT_YOK\"}}", "SEC-002", "/key", "HATIRLAT_YOK",
         ": HATIRLAT_YOK"},
        {"{\"name\":\"ad\",\"key\":{\"file\":\"/yok/yok\"}}", "SEC-002", "/key", "okunamıyor",
         "cannot be read"},
        {"{\"name\":\"ad\",\"key\":{\"credential\":\"../x\"}}", "CFG-104", "/key", "", ""},
        {"{\"name\":\"ad\",\"key\":{\"credential\":\"x\"}}", "SEC-005", "/key",
         "LoadCredential=", "LoadCredential="},
    };

    (void)state;
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct read r;
        const struct fault *f;

        start(&r, cases[i].text, NULL);
        f = r.faults.list;
        if (r.faults.total != 1 || r.faults.errors != 1 || strcmp(f->code, cases[i].code) != 0 ||
            strcmp(f->pointer, cases[i].pointer) != 0 || strstr(f->tr, cases[i].in_tr) == NULL ||
            strstr(f->en, cases[i].in_en) == NULL) {
            fail_msg("%s: %zu %s %s %s | %s", cases[i].text, r.faults.total,
                     f == NULL ? "" : f->code, f == NULL ? "" : f->pointer, f == NULL ? "" : f->tr,
                     f == NULL ? "" : f->en);
        }
        stop(&r);
    }
}

static void a_wrong_secret_is_never_repeated(void **state)
{
    struct read r;

    (void)state;
    start(&r, "{\"name\":\"ad\",\"key\":\"cokgizli\"}", NULL);
    assert_null(strstr(r.faults.list[0].tr, "cokgizli"));
    assert_null(strstr(r.faults.list[0].en, "cokgizli"));
    stop(&r);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static void secrets_come_from_guarded_files(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *value;
        const char *code; /* "" for none */
        size_t errors;
    } cases[] = {
        {"gizli\n", 0600, "gizli", "", 0},        {"gizli\r\n", 0400, "gizli", "", 0},
        {" gizli ", 0600, " gizli ", "", 0},      {"gizli", 0640, "gizli", "SEC-003", 0},
        {"gizli", 0644, NULL, "SEC-003", 1},      {"gizli", 0602, NULL, "SEC-003", 1},
        {"", 0600, NULL, "SEC-004", 1},           {"\n", 0600, NULL, "SEC-004", 1},
        {"bir\niki\n", 0600, NULL, "SEC-004", 1},
    };
    char dir[] = "/tmp/hatirlat-test-XXXXXX";
    char path[64];

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/anahtar", dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct option_source source = {.dir = dir};
        struct read r;

        write_file(path, cases[i].text, cases[i].mode);
        start(&r, "{\"name\":\"ad\",\"key\":{\"file\":\"anahtar\"}}", &source);
        assert_int_equal(r.faults.errors, cases[i].errors);
        assert_int_equal(r.faults.total, cases[i].code[0] != '\0');
        if (r.faults.total > 0) {
            assert_string_equal(r.faults.list[0].code, cases[i].code);
        }
        if (strcmp(cases[i].code, "SEC-003") == 0) {
            assert_string_equal(r.faults.list[0].file, path);
        }
        if (cases[i].value == NULL) {
            assert_null(r.o.key.value);
        } else {
            assert_string_equal(r.o.key.value, cases[i].value);
            assert_string_equal(r.o.key.origin, "file anahtar");
        }
        stop(&r);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(dir), 0);
}

static void secrets_come_from_the_service_and_the_environment(void **state)
{
    struct option_source looking = {.check_only = true};
    char dir[] = "/tmp/hatirlat-test-XXXXXX";
    char path[64];
    struct read r;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/parola", dir);
    write_file(path, "p1\n", 0644);
    (void)setenv("CREDENTIALS_DIRECTORY", dir, 1);
    (void)setenv("HATIRLAT_DENEME", "p2", 1);
    start(&r, "{\"name\":\"ad\",\"key\":{\"credential\":\"parola\"}}", NULL);
    assert_int_equal(r.faults.total, 0);
    assert_string_equal(r.o.key.value, "p1");
    stop(&r);
    start(&r, "{\"name\":\"ad\",\"key\":{\"env\":\"HATIRLAT_DENEME\"}}", NULL);
    assert_string_equal(r.o.key.value, "p2");
    stop(&r);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    start(&r, "{\"name\":\"ad\",\"key\":{\"credential\":\"parola\"}}", &looking);
    assert_int_equal(r.faults.total, 1);
    assert_int_equal(r.faults.errors, 0);
    stop(&r);
    (void)unlink(path);
    (void)rmdir(dir);
}

static void faults_find_their_places(void **state)
{
    static const char text[] = "{ // ilk\n  \"name\": \"ad\",\n  \"inner\": {\"wait\": \"x\"},\n"
                               "  \"nn\" : 1,\n  \"list\": [\"a\", 12]\n}\n";
    static const struct {
        const char *pointer;
        int line, column, width;
    } cases[] = {
        {"/inner/wait", 3, 21, 3},
        {"/inner/word", 3, 3, 7},
        {"/list/1", 5, 17, 2},
        {"/nn", 4, 3, 4},
    };
    struct read r;

    (void)state;
    start(&r, text, NULL);
    option_place_faults(r.doc, str_of(text), "dosya.jsonc", 0, &r.faults);
    assert_int_equal(r.faults.total, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct fault *f = &r.faults.list[i];
        size_t k = 0;

        while (k < 4 && strcmp(cases[k].pointer, f->pointer) != 0) {
            k++;
        }
        assert_true(k < 4);
        assert_string_equal(f->file, "dosya.jsonc");
        assert_int_equal(f->line, cases[k].line);
        assert_int_equal(f->column, cases[k].column);
        assert_int_equal(f->width, cases[k].width);
    }
    stop(&r);
}

static void collect(void *ctx, const char *pointer)
{
    (void)buf_addf(ctx, "%s ", pointer);
}

static void changes_that_need_a_restart_are_named(void **state)
{
    struct read a;
    struct read b;
    struct buf out;

    (void)state;
    start(&a,
          "{\"name\":\"ad\",\"n\":1,\"list\":[\"a\"],\"inner\":{\"word\":\"x\",\"wait\":\"1s\"}}",
          NULL);
    start(&b,
          "{\"name\":\"ad\",\"n\":2,\"list\":[\"b\"],\"inner\":{\"word\":\"y\",\"wait\":\"2s\"}}",
          NULL);
    buf_init(&out, 1000);
    option_fixed_changes(table, "/p", &a.o, &b.o, collect, &out);
    assert_string_equal(buf_cstr(&out), "/p/n /p/list /p/inner/word ");
    buf_reset(&out);
    option_fixed_changes(table, "/p", &a.o, &a.o, collect, &out);
    assert_string_equal(buf_cstr(&out), "");
    buf_finish(&out);
    stop(&a);
    stop(&b);
}

static void entries_are_found_by_path(void **state)
{
    (void)state;
    assert_ptr_equal(option_find(table, "n"), &table[2]);
    assert_ptr_equal(option_find(table, "inner.word"), &inner_table[1]);
    assert_null(option_find(table, "inner.x"));
    assert_null(option_find(table, "n.x"));
    assert_null(option_find(table, ""));
}

static void the_schema_says_what_the_table_says(void **state)
{
    struct json_writer w;
    struct json_doc *doc;
    const struct json *root;
    struct buf out;
    int64_t n;

    (void)state;
    buf_init(&out, 100000);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    option_schema(table, &w);
    jsonw_end_object(&w);
    assert_int_equal(
        json_parse((struct str){out.data, out.len}, 0, &json_default_limits, &doc, NULL, NULL), 0);
    root = json_root(doc);
    assert_int_equal(json_count(json_get(root, "properties")), 15);
    assert_true(str_eqs(json_str(json_at(root, "/required/0")), "name"));
    assert_int_equal(json_i64(json_at(root, "/properties/n/maximum"), &n), 0);
    assert_int_equal(n, 10);
    assert_int_equal(json_i64(json_at(root, "/properties/n/default"), &n), 0);
    assert_int_equal(n, 7);
    assert_true(str_eqs(json_str(json_at(root, "/properties/mode/enum/2")), "park"));
    assert_true(str_eqs(json_str(json_at(root, "/properties/inner/required/0")), "word"));
    assert_true(str_eqs(json_str(json_at(root, "/properties/marks/items/type")), "integer"));
    assert_false(json_bool(json_get(root, "additionalProperties"), true));
    json_free(doc);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_lands_where_the_table_says),
        cmocka_unit_test(what_is_absent_falls_back),
        cmocka_unit_test(every_fault_has_its_code_and_pointer),
        cmocka_unit_test(a_wrong_secret_is_never_repeated),
        cmocka_unit_test(secrets_come_from_guarded_files),
        cmocka_unit_test(secrets_come_from_the_service_and_the_environment),
        cmocka_unit_test(faults_find_their_places),
        cmocka_unit_test(changes_that_need_a_restart_are_named),
        cmocka_unit_test(entries_are_found_by_path),
        cmocka_unit_test(the_schema_says_what_the_table_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
