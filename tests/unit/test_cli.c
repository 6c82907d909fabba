/* The command line frame, the help of every command, and what measure prints for the vectors. */
#include "cli/commands.h"
#include "cli/measure.h"

#include "base/utf8.h"
#include "vectors.h"
#include <stdlib.h>

enum { SCREEN_LINES = 24, SCREEN_COLUMNS = 80, ARGS_MAX = 16 };

struct result {
    int rc;
    char *out;
    char *err;
};

static struct result run_on(const struct cli_command *const *commands, const char *input,
                            bool turkish, const char *const *args)
{
    struct result r = {0};
    char *argv[ARGS_MAX] = {(char *)(uintptr_t) "hatirlat"};
    size_t out_len;
    size_t err_len;
    int argc = 1;
    struct cli cli = {.program = "hatirlat", .commands = commands, .turkish = turkish};

    for (; args[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)(uintptr_t)args[argc - 1];
    }
    cli.in = fmemopen((void *)(uintptr_t)input, strlen(input), "rb");
    cli.out = open_memstream(&r.out, &out_len);
    cli.err = open_memstream(&r.err, &err_len);
    r.rc = cli_run(&cli, argc, argv);
    fclose(cli.in);
    fclose(cli.out);
    fclose(cli.err);
    return r;
}

static void finish(struct result *r)
{
    free(r->out);
    free(r->err);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What a command was called with, for the frame's own tests. */
static char seen[512];

static int run_probe(int argc, char **argv, struct cli *cli)
{
    int64_t n;
    int rc = cli_int(cli, "count", 1, 9, 5, &n);
    size_t used;

    if (rc != 0) {
        return rc;
    }
    used = (size_t)snprintf(seen, sizeof(seen), "%s%s%s n=%lld", cli->json ? "json " : "",
                            cli->quiet ? "quiet " : "", cli->turkish ? "tr" : "en", (long long)n);
    for (size_t i = 0; cli_value_at(cli, "tag", i) != NULL; i++) {
        used += (size_t)snprintf(seen + used, sizeof(seen) - used, " tag=%s",
                                 cli_value_at(cli, "tag", i));
    }
    if (cli_flag(cli, "force")) {
        used += (size_t)snprintf(seen + used, sizeof(seen) - used, " force");
    }
    for (int i = 0; i < argc; i++) {
        used += (size_t)snprintf(seen + used, sizeof(seen) - used, " [%s]", argv[i]);
    }
    return CLI_OK;
}

static const struct cli_option probe_options[] = {
    {.name = "count", .letter = 'n', .arg = "N", .tr = "sayı", .en = "number"},
    {.name = "tag", .letter = 't', .arg = "T", .repeated = true, .tr = "etiket", .en = "tag"},
    {.name = "force", .letter = 'f', .tr = "zorla", .en = "force"},
    {.name = NULL},
};

static const struct cli_command probe = {.name = "probe",
                                         .tr = "dener",
                                         .en = "probes",
                                         .options = probe_options,
                                         .max_args = 2,
                                         .run = run_probe};
static const struct cli_command two_words = {.name = "recipe check",
                                             .tr = "bakar",
                                             .en = "checks",
                                             .min_args = 1,
                                             .max_args = 1,
                                             .run = run_probe};
static const struct cli_command *const probes[] = {&probe, &two_words, &command_help, NULL};

static void arguments(void **state)
{
    static const struct {
        const char *args[8];
        int rc;
        const char *seen; /* or, when refused, part of the complaint */
    } cases[] = {
        {{"probe"}, CLI_OK, "tr n=5"},
        {{"--lang", "en", "probe", "a"}, CLI_OK, "en n=5 [a]"},
        {{"probe", "--lang=en", "--json", "-q", "-n3"}, CLI_OK, "json quiet en n=3"},
        {{"probe", "-fn", "3", "-t", "x", "--tag=y", "b"}, CLI_OK, "tr n=3 tag=x tag=y force [b]"},
        {{"probe", "--", "--json", "-"}, CLI_OK, "tr n=5 [--json] [-]"},
        {{"--json", "recipe", "check", "f"}, CLI_OK, "json tr n=5 [f]"},
        {{"probe", "a", "b", "c"}, CLI_USAGE, "fazla değer: c"},
        {{"recipe", "check"}, CLI_USAGE, "eksik değer"},
        {{"recipe"}, CLI_USAGE, "recipe check"},
        {{"prob"}, CLI_USAGE, "Şunu mu demek istediniz: probe"},
        {{"zzzzzzzz"}, CLI_USAGE, "bilinmeyen komut: zzzzzzzz"},
        {{"probe", "--cuont", "3"}, CLI_USAGE, "--count"},
        {{"--lang", "en", "probe", "--cuont"}, CLI_USAGE, "Did you mean --count"},
        {{"probe", "-x"}, CLI_USAGE, "-x"},
        {{"probe", "--count"}, CLI_USAGE, "bir değer ister"},
        {{"probe", "--force=1"}, CLI_USAGE, "değer almaz"},
        {{"probe", "-n1", "-n2"}, CLI_USAGE, "yalnız bir kez"},
        {{"probe", "-n0"}, CLI_USAGE, "1 ile 9"},
        {{"probe", "-n", "x"}, CLI_USAGE, "tam sayı"},
        {{"probe", "--lang", "de"}, CLI_USAGE, "tr veya en olmalı"},
        {{NULL}, CLI_USAGE, "Komutlar"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct result r = run_on(probes, "x", true, cases[i].args);

        assert_int_equal(r.rc, cases[i].rc);
        if (r.rc == CLI_OK) {
            assert_string_equal(seen, cases[i].seen);
            assert_string_equal(r.err, "");
        } else {
            if (strstr(r.err, cases[i].seen) == NULL) {
                fail_msg("%s", r.err);
            }
            assert_string_equal(r.out, "");
        }
        finish(&r);
    }
}

static void fits_screen(const char *text)
{
    size_t lines = 0;

    for (const char *end; *text != '\0'; text = end + 1, lines++) {
        end = strchr(text, '\n');
        assert_non_null(end);
        if (utf8_count((struct str){text, (size_t)(end - text)}) > SCREEN_COLUMNS) {
            fail_msg("wider than a screen: %s", text);
        }
    }
    assert_in_range(lines, 3, SCREEN_LINES);
}

/* Every command explains itself on one screen, in both languages, examples before options. */
static void every_help(void **state)
{
    (void)state;
    for (size_t i = 0; cli_commands[i] != NULL; i++) {
        for (int turkish = 0; turkish < 2; turkish++) {
            char first[32] = "";
            const char *second = strchr(cli_commands[i]->name, ' ');
            struct result r;
            const char *examples;
            const char *options;

            snprintf(first, sizeof(first), "%.*s", (int)strcspn(cli_commands[i]->name, " "),
                     cli_commands[i]->name);
            r = second == NULL ? run_on(cli_commands, "x", turkish, ARGS(first, "-h"))
                               : run_on(cli_commands, "x", turkish, ARGS(first, second + 1, "-h"));
            assert_int_equal(r.rc, CLI_OK);
            assert_string_equal(r.err, "");
            fits_screen(r.out);
            assert_non_null(strstr(r.out, turkish ? cli_commands[i]->tr : cli_commands[i]->en));
            examples = strstr(r.out, turkish ? "\nÖrnekler" : "\nExamples");
            options = strstr(r.out, turkish ? "\nSeçenekler" : "\nOptions");
            assert_non_null(examples);
            assert_true(options == NULL || examples < options);
            finish(&r);
        }
    }
}

static void general_help(void **state)
{
    struct result r = run_on(cli_commands, "x", true, ARGS("-h"));
    struct result h = run_on(cli_commands, "x", true, ARGS("help"));

    (void)state;
    assert_int_equal(r.rc, CLI_OK);
    assert_string_equal(r.out, h.out);
    for (size_t i = 0; cli_commands[i] != NULL; i++) {
        assert_non_null(strstr(r.out, cli_commands[i]->name));
    }
    finish(&r);
    finish(&h);
    r = run_on(probes, "x", true, ARGS("recipe", "-h"));
    assert_int_equal(r.rc, CLI_OK);
    assert_non_null(strstr(r.out, "recipe check"));
    finish(&r);
    r = run_on(probes, "x", true, ARGS("help", "nothing"));
    assert_int_equal(r.rc, CLI_USAGE);
    finish(&r);
}

static const struct json *at(const struct json_doc *doc, const char *pointer)
{
    const struct json *v = json_at(json_root(doc), pointer);

    assert_non_null(v);
    return v;
}

static struct json_doc *parsed(const char *text, size_t len)
{
    struct json_doc *doc = NULL;

    assert_int_equal(json_parse((struct str){text, len}, 0, &json_default_limits, &doc, NULL, NULL),
                     0);
    return doc;
}

/* Members of the vector that the answer repeats under the same name. */
static void same_numbers(const struct json *expected, const struct json *got)
{
    for (const struct json *v = json_first(expected); v != NULL; v = json_next(v)) {
        const struct json *mine = json_get(got, json_key(v));
        int64_t a = 0;
        int64_t b = 0;

        assert_non_null(mine);
        assert_int_equal(json_type(v), json_type(mine));
        if (json_type(v) == JSON_NUMBER) {
            json_i64(v, &a);
            json_i64(mine, &b);
            assert_int_equal(a, b);
        } else if (json_type(v) == JSON_STRING) {
            assert_true(str_eq(json_str(v), json_str(mine)));
        } else if (json_type(v) == JSON_ARRAY) {
            assert_int_equal(json_count(v), json_count(mine));
        } else {
            assert_int_equal(json_bool(v, false), json_bool(mine, false));
        }
    }
}

/* One line in, one line out, the same numbers as the vectors in every mode. */
static void measure_lines(void **state)
{
    struct json_doc *doc = vectors_load("gsm7-vectors.json");
    const struct json *v = json_first(at(doc, "/vectors"));
    struct json_writer w;
    struct buf input;
    struct result r;
    char *line;

    (void)state;
    buf_init(&input, 1 << 20);
    for (; v != NULL; v = json_next(v)) {
        jsonw_init(&w, &input);
        jsonw_str(&w, json_str(json_get(v, "text")));
        buf_addc(&input, '\n');
    }
    r = run_on(cli_commands, buf_cstr(&input), true, ARGS("measure", "--ndjson"));
    assert_int_equal(r.rc, CLI_OK);
    line = r.out;
    for (v = json_first(at(doc, "/vectors")); v != NULL; v = json_next(v)) {
        char *end = strchr(line, '\n');
        struct json_doc *answer;

        assert_non_null(end);
        answer = parsed(line, (size_t)(end - line));
        assert_true(
            str_eq(json_str(at(answer, "/mode")), json_str(json_get(v, "cheapest_lossless"))));
        for (const struct json *m = json_first(json_get(v, "expect")); m != NULL;
             m = json_next(m)) {
            same_numbers(m, json_get(at(answer, "/modes"), json_key(m)));
        }
        json_free(answer);
        line = end + 1;
    }
    assert_string_equal(line, "");
    finish(&r);
    buf_finish(&input);
    json_free(doc);
}

static void broken_lines(void **state)
{
    struct result r =
        run_on(cli_commands, "\"a\"\n[1]\n\n\"\\ud800\"\n\"b\"", true, ARGS("measure", "--ndjson"));
    size_t lines = 0;

    (void)state;
    assert_int_equal(r.rc, CLI_PARTLY);
    for (const char *p = r.out; (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
    }
    assert_int_equal(lines, 5);
    finish(&r);
}

static void measure_for_people(void **state)
{
    static const struct {
        const char *input;
        const char *args[6];
        int rc;
        const char *said;
    } cases[] = {
        {"Sayın Şükran Işık, sertifikanız 30 gün sonra doluyor…\n",
         {"measure", "-r5", "-p21"},
         CLI_OK,
         "“…” U+2026, sütun 53"},
        {"Sayın Şükran Işık, sertifikanız 30 gün sonra doluyor…\n",
         {"measure", "-r5", "-p21"},
         CLI_OK,
         "53 + 5 (işletmeci kodu) / 70 birim → 1 parça      0,21 TL"},
        {"Sayın Şükran Işık, sertifikanız 30 gün sonra doluyor…\n",
         {"measure", "-r5"},
         CLI_OK,
         "“…” yerine “...” → Türkçe 7 bit (tek kaydırma), 60 septet, 1 parça, 90 septet yer kalır"},
        {"x", {"measure", "ş", "--mode", "gsm7"}, CLI_REFUSED, "kodlanamaz: “ş” U+015F"},
        {"x", {"measure", "Millî", "şikâyet", "--ascii"}, CLI_OK, "13 / 160 septet → 1 parça"},
        {"x", {"measure", "ş", "--mode", "tr-locking"}, CLI_OK, "kilitli kaydırma"},
        {"x", {"--lang=en", "measure", "ş"}, CLI_OK, "2 / 155 septets → 1 segment\n"},
        {"x",
         {"measure", "-c" HATIRLAT_SOURCE_DIR "/config/hatirlat.jsonc", "--provider", "sms-deneme",
          "ş…"},
         CLI_OK,
         "5 + 5 (işletmeci kodu) / 155 septet → 1 parça      0,20 TL"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct result r = run_on(cli_commands, cases[i].input, true, cases[i].args);

        assert_int_equal(r.rc, cases[i].rc);
        if (strstr(r.out, cases[i].said) == NULL) {
            fail_msg("%s", r.out);
        }
        finish(&r);
    }
}

static void refusals(void **state)
{
    static const struct {
        const char *args[6];
        int rc;
    } cases[] = {
        {{"measure", "--mode", "gsm8", "a"}, CLI_USAGE},
        {{"measure", "--reserve", "61", "a"}, CLI_USAGE},
        {{"measure", "--file", "/nonexistent/x"}, CLI_NOT_FOUND},
        {{"measure", "--ndjson", "--file", "/nonexistent/x"}, CLI_NOT_FOUND},
        {{"measure", "--ndjson", "a"}, CLI_USAGE},
        {{"measure", "-c/nonexistent/x", "--provider", "p", "a"}, CLI_CONFIG},
        {{"measure", "\xC3\x28"}, CLI_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct result r = run_on(cli_commands, "x", true, cases[i].args);

        assert_int_equal(r.rc, cases[i].rc);
        assert_string_equal(r.out, "");
        assert_string_not_equal(r.err, "");
        finish(&r);
    }
}

static void version(void **state)
{
    struct result r = run_on(cli_commands, "x", true, ARGS("version", "--json"));
    struct json_doc *doc = parsed(r.out, strlen(r.out) - 1);

    (void)state;
    assert_int_equal(r.rc, CLI_OK);
    assert_true(json_str(at(doc, "/version")).len > 0);
    for (const struct json *v = json_first(at(doc, "/libraries")); v != NULL; v = json_next(v)) {
        assert_true(json_str(v).len > 0);
    }
    json_free(doc);
    finish(&r);
    r = run_on(cli_commands, "x", true, ARGS("--version"));
    assert_int_equal(r.rc, CLI_OK);
    assert_int_equal(strncmp(r.out, "hatirlat ", 9), 0);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments),    cmocka_unit_test(every_help),
        cmocka_unit_test(general_help), cmocka_unit_test(measure_lines),
        cmocka_unit_test(broken_lines), cmocka_unit_test(measure_for_people),
        cmocka_unit_test(refusals),     cmocka_unit_test(version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
