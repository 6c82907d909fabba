/* "hatirlat check" and "hatirlat config schema" from the outside. */
#include "cli/check.h"
#include "cli/commands.h"
#include "providers/http_sms.h"
#include "providers/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define EXAMPLE HATIRLAT_SOURCE_DIR "/config/hatirlat.jsonc"
#define VECTORS HATIRLAT_SOURCE_DIR "/tests/vectors/config"

struct result {
    int rc;
    char *out;
    char *err;
};

static struct result run(bool turkish, int argc, const char *const *args)
{
    static const struct cli_command *const commands[] = {&command_check, &command_config_schema,
                                                         NULL};
    struct cli cli = {.program = "hatirlat", .commands = commands, .turkish = turkish};
    char *argv[8] = {(char *)(uintptr_t) "hatirlat"};
    struct result r = {0};
    size_t out_len;
    size_t err_len;

    for (int i = 0; i < argc; i++) {
        argv[i + 1] = (char *)(uintptr_t)args[i];
    }
    cli.in = stdin;
    cli.out = open_memstream(&r.out, &out_len);
    cli.err = open_memstream(&r.err, &err_len);
    r.rc = cli_run(&cli, argc + 1, argv);
    (void)fclose(cli.out);
    (void)fclose(cli.err);
    return r;
}

#define RUN(turkish, ...)                                                                          \
    run((turkish), (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)),            \
        (const char *const[]){__VA_ARGS__})

static void finish(struct result *r)
{
    free(r->out);
    free(r->err);
}

static void the_example_passes(void **state)
{
    struct result r = RUN(true, "check", "--config", EXAMPLE);

    (void)state;
    if (r.rc != CLI_OK) {
        fail_msg("%s%s", r.out, r.err);
    }
    assert_non_null(strstr(r.out, "ayarlar geçerli"));
    finish(&r);
}

static void faults_end_with_78(void **state)
{
    struct result r = RUN(true, "check", VECTORS "/saglayici-tur.jsonc");

    (void)state;
    assert_int_equal(r.rc, CLI_CONFIG);
    assert_non_null(strstr(r.out, VECTORS "/saglayici-tur.jsonc:6:24: hata CFG-202: "));
    assert_null(strstr(r.out, "geçerli"));
    finish(&r);
    r = RUN(false, "check", "--json", VECTORS "/saglayici-tur.jsonc");
    assert_int_equal(r.rc, CLI_CONFIG);
    assert_int_equal(strncmp(r.out, "{\"errors\":", 10), 0);
    finish(&r);
}

static void wrong_use_ends_with_2_and_a_missing_file_with_78(void **state)
{
    struct result r = RUN(false, "check", "a", "b");

    (void)state;
    assert_int_equal(r.rc, CLI_USAGE);
    finish(&r);
    r = RUN(false, "check", "/yok/yok.jsonc");
    assert_int_equal(r.rc, CLI_CONFIG);
    assert_non_null(strstr(r.err, "/yok/yok.jsonc"));
    finish(&r);
}

static void the_schema_is_one_json_document(void **state)
{
    struct json_doc *doc;
    struct result r = RUN(false, "config", "schema");

    (void)state;
    assert_int_equal(r.rc, CLI_OK);
    assert_int_equal(json_parse(str_of(r.out), 0, &json_default_limits, &doc, NULL, NULL), 0);
    assert_non_null(json_at(json_root(doc), "/properties/office/properties/province"));
    assert_non_null(json_at(json_root(doc), "/properties/providers/additionalProperties/allOf/0"));
    json_free(doc);
    finish(&r);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

static size_t count_code(const struct faults *faults, const char *code)
{
    size_t n = 0;

    for (size_t i = 0; i < faults->count; i++) {
        n += strcmp(faults->list[i].code, code) == 0;
    }
    return n;
}

static void holidays_are_checked(void **state)
{
    static const struct {
        const char *text; /* null: no file is named */
        const char *code;
        size_t errors_at_least;
    } cases[] = {
        {NULL, "CFG-303", 0},
        {"{\"days\":[{\"date\":\"2020-01-01\",\"name\":\"Yılbaşı\",\"portion\":\"full\"}]}",
         "CFG-302", 0},
        {"{\"days\":[{\"date\":\"2020-13-01\"}]}", "", 1},
        {"{", "", 1},
    };
    char path[] = "/tmp/hatirlat-test-XXXXXX";

    (void)state;
    (void)close(mkstemp(path));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conf conf = {.holidays = cases[i].text == NULL ? NULL : path};
        struct faults faults;

        faults_init(&faults);
        write_file(path, cases[i].text == NULL ? "" : cases[i].text);
        (void)check_holidays(&conf, &faults);
        assert_true(faults.errors >= cases[i].errors_at_least);
        assert_true(faults.total > 0);
        if (cases[i].code[0] != '\0') {
            assert_int_equal(count_code(&faults, cases[i].code), 1);
            assert_int_equal(faults.errors, 0);
        }
        faults_finish(&faults);
    }
    (void)unlink(path);
}

static void templates_are_checked(void **state)
{
    char dir[] = "/tmp/hatirlat-test-XXXXXX";
    char lang[64];
    char path[80];
    struct conf conf = {.templates = dir};
    struct faults faults;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(lang, sizeof lang, "%s/tr", dir);
    (void)snprintf(path, sizeof path, "%s/a.sms", lang);
    assert_int_equal(mkdir(lang, 0700), 0);
    write_file(path, "{{#acik}} kapanmamış\n");
    faults_init(&faults);
    assert_int_not_equal(check_templates(&conf, &faults), 0);
    assert_true(faults.errors > 0);
    assert_non_null(strstr(faults.list[0].file, "a.sms"));
    faults_finish(&faults);
    (void)unlink(path);
    (void)rmdir(lang);
    (void)rmdir(dir);
}

static void recipes_are_checked(void **state)
{
    char dir[] = "/tmp/hatirlat-test-XXXXXX";
    char path[64];
    struct http_sms_settings broken = {.recipe = (char *)(uintptr_t) "bozuk"};
    struct http_sms_settings missing = {.recipe = (char *)(uintptr_t) "yok"};
    struct conf_provider providers[] = {
        {.name = (char *)(uintptr_t) "a", .type = &http_sms_provider_type, .settings = &broken},
        {.name = (char *)(uintptr_t) "b", .type = &http_sms_provider_type, .settings = &missing},
        {.name = (char *)(uintptr_t) "c", .type = &sink_provider_type},
    };
    struct conf conf = {.recipes = dir, .providers = providers, .provider_count = 3};
    struct faults faults;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/bozuk.json", dir);
    write_file(path, "{ \"name\": }");
    faults_init(&faults);
    (void)check_recipes(&conf, &faults);
    assert_true(faults.errors >= 2);
    assert_non_null(strstr(faults.list[0].file, "bozuk.json"));
    assert_string_equal(faults.list[faults.count - 1].pointer, "/providers/b/recipe");
    faults_finish(&faults);
    (void)unlink(path);
    (void)rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_passes),
        cmocka_unit_test(faults_end_with_78),
        cmocka_unit_test(wrong_use_ends_with_2_and_a_missing_file_with_78),
        cmocka_unit_test(the_schema_is_one_json_document),
        cmocka_unit_test(holidays_are_checked),
        cmocka_unit_test(templates_are_checked),
        cmocka_unit_test(recipes_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
