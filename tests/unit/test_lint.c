/* The checker of templates: ours are clean, and each rule is broken once. */
#include "text/lint.h"
#include "text/lint_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void our_templates_are_clean(void **state)
{
    (void)state;
    struct message_set *set;
    struct faults faults;
    faults_init(&faults);
    assert_int_equal(message_set_load(HATIRLAT_SOURCE_DIR "/config/templates", &set, &faults), 0);
    lint_message_set(set, &lint_default_rules, NULL, &faults);
    for (size_t i = 0; i < faults.count; i++)
        print_error("%s:%d:%d %s\n", faults.list[i].file, faults.list[i].line,
                    faults.list[i].column, faults.list[i].en);
    assert_int_equal(faults.total, 0);
    message_set_free(set);
    faults_finish(&faults);
}

struct broken {
    const char *file;
    const char *text;
    const char *code; /* null: clean */
    int line;
    int column;
};

#define LONG_TEXT                                                                                  \
    "uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun "        \
    "uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun uzun"

static const struct broken broken_files[] = {
    {"x.sms", "Bilgi: {{portal}}\n", NULL, 0, 0},
    {"x.sms", "Bilgi: www.meb.gov.tr/a 12.02.2027 bilgi@kamusm.gov.tr e-Onay\n", NULL, 0, 0},
    {"x.sms", "Bilgi: {{guide}} veya alt.meb.gov.tr\n", NULL, 0, 0},
    {"x.sms", "Bilgi: kotu.com/a\n", "TPL-020", 1, 8},
    {"x.sms", "Bilgi: https://kamusm.gov.tr.kotu.com\n", "TPL-020", 1, 16},
    {"x.sms", "Bilgi: http://xmeb.gov.tr\n", "TPL-020", 1, 15},
    {"x.sms", "Bilgi: bit.ly/abc\n", "TPL-021", 1, 8},
    {"x.sms", "Bir sıkıntı olursa\n", "TPL-022", 1, 5},
    {"x.sms", "ŞİKÂYET için\n", "TPL-022", 1, 1},
    {"x.sms", "No: 10000000146\n", "TPL-023", 1, 5},
    {"x.sms", "No: 10000000147\n", NULL, 0, 0},
    {"x.sms", "Sayın {{holder.family_name}}\n", "TPL-024", 1, 10},
    {"x.sms", "Sayın {{#holder.given_name}}x{{/holder.given_name}}\n", "TPL-024", 1, 11},
    {"x.sms", "Ödeme 3 ₺ – “tamam”\n", NULL, 0, 0},
    {"x.sms", "Ödeme 漢\n", "TPL-025", 1, 1},
    {"x.sms", LONG_TEXT "\n", "TPL-026", 1, 1},
    {"x.sms", "{{! parça: 2 }}" LONG_TEXT "\n", NULL, 0, 0},
    {"x.mail", "Konu: kısa\n\ngövde: https://kotu.com/x\n", "TPL-020", 3, 17},
    {"x.mail", "Konu: kısa\n\nNo: 10000000146\n", "TPL-023", 3, 5},
    {"x.mail", "Konu: kısa\n\n1. ilk adım\n2. ikinci adım, oda 9\n", NULL, 0, 0},
    {"x.mail",
     "Konu: 123456789 123456789 123456789 123456789 123456789 123456789 1234567\n\ngövde\n",
     "TPL-028", 1, 1},
    {"x.mail",
     "Konu: ğğğğğğğğğ 123456789 123456789 123456789 123456789 123456789 123456\n\ngövde\n", NULL, 0,
     0},
};

static void put(const char *dir, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/tr/%s", dir, name);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    (void)fputs(text, out);
    (void)fclose(out);
}

static void wipe(const char *dir, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/tr/%s", dir, name);
    (void)unlink(path);
}

static void check_broken(const char *dir, const struct broken *b)
{
    struct message_set *set;
    struct faults faults;
    faults_init(&faults);
    put(dir, b->file, b->text);
    if (message_set_load(dir, &set, &faults) != 0)
        fail_msg("%s: %s", b->text, faults.count > 0 ? faults.list[0].en : "?");
    lint_message_set(set, &lint_default_rules, NULL, &faults);
    wipe(dir, b->file);
    if (faults.total != (b->code == NULL ? 0u : 1u))
        fail_msg("%s: %zu faults: %s", b->text, faults.total,
                 faults.count > 0 ? faults.list[0].en : "");
    if (b->code != NULL) {
        assert_string_equal(faults.list[0].code, b->code);
        assert_true(faults.list[0].tr[0] != '\0');
        if (faults.list[0].line != b->line || faults.list[0].column != b->column)
            fail_msg("%s: told of %d:%d", b->text, faults.list[0].line, faults.list[0].column);
    }
    message_set_free(set);
    faults_finish(&faults);
}

static void each_rule_finds_its_fault(void **state)
{
    (void)state;
    char dir[] = "/tmp/hatirlat-lint-XXXXXX";
    char path[128];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/tr", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    put(dir, "_layout.text", "{{{layout.body}}}");
    put(dir, "_layout.html", "<p>{{layout.subject}}</p>{{{layout.body}}}");
    for (size_t i = 0; i < sizeof(broken_files) / sizeof(broken_files[0]); i++)
        check_broken(dir, &broken_files[i]);
    put(dir, "_layout.html", "<div><p>{{{layout.body}}}</div>");
    struct broken html = {"x.mail", "Konu: k\n\ng\n", "TPL-029", 1, 1};
    check_broken(dir, &html);
    put(dir, "_layout.html", "<p>{{layout.subject}}</p>");
    check_broken(dir, &(struct broken){"x.mail", "Konu: k\n\nOda 7\n", "TPL-030", 3, 5});
    put(dir, "_layout.html", "<p>Kapı 9</p>{{{layout.body}}}");
    check_broken(dir, &(struct broken){"x.mail", "Konu: k\n\ng\n", "TPL-030", 1, 1});
    put(dir, "_layout.html", "<p><a href=\"https://bit.ly/x\">a</a></p>{{{layout.body}}}");
    check_broken(dir, &(struct broken){"x.mail", "Konu: k\n\ng\n", "TPL-021", 1, 1});
    wipe(dir, "_layout.text");
    wipe(dir, "_layout.html");
    (void)rmdir(path);
    (void)rmdir(dir);
}

struct pair {
    const char *text;
    const char *answer;
};

static void elements_are_counted(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        {"", NULL},
        {"a < b", "<"},
        {"<!doctype html><p>a<br>b</p>", NULL},
        {"<p title=\"a>b\">x</p>", NULL},
        {"<p>", "p"},
        {"</p>", "p"},
        {"<p><b></p></b>", "p"},
        {"<OL><LI>x</li></ol>", NULL},
        {"<p", "<"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got = lint_unbalanced(str_of(cases[i].text));
        if (cases[i].answer == NULL)
            assert_null(got);
        else
            assert_string_equal(got, cases[i].answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_templates_are_clean),
        cmocka_unit_test(each_rule_finds_its_fault),
        cmocka_unit_test(elements_are_counted),
    };
    return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
