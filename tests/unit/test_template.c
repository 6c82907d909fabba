/* The Mustache language, rule by rule, and the checks on top of it. */
#include "base/err.h"
#include "text/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define T(n, s)                                                                                    \
    {                                                                                              \
        .name = STR(n), .kind = TEMPLATE_TEXT, .text = STR(s)                                      \
    }
#define F(n, f)                                                                                    \
    {                                                                                              \
        .name = STR(n), .kind = TEMPLATE_FLAG, .flag = (f)                                         \
    }
#define L(n, a)                                                                                    \
    {                                                                                              \
        .name = STR(n), .kind = TEMPLATE_LIST, .items = (a), .count = sizeof(a) / sizeof((a)[0])   \
    }
#define M(n, a)                                                                                    \
    {                                                                                              \
        .name = STR(n), .kind = TEMPLATE_MAP, .items = (a), .count = sizeof(a) / sizeof((a)[0])    \
    }

static const struct template_value words[] = {T("", "bir"), T("", "iki"), T("", "<üç>")};
static const struct template_value inner[] = {T("given", "Işıl"), T("family", "ÇİĞDEM")};
static const struct template_value deep_c[] = {T("c", "dip")};
static const struct template_value deep_b[] = {M("b", deep_c)};
static const struct template_value row1[] = {T("no", "1"), T("who", "Ali")};
static const struct template_value row2[] = {T("no", "2")};
static const struct template_value rows[] = {M("", row1), M("", row2)};
static const struct template_value pair1[] = {T("", "a"), T("", "b")};
static const struct template_value pair2[] = {T("", "c")};
static const struct template_value pairs[] = {L("", pair1), L("", pair2)};
static const struct template_value leaf[] = {T("n", "2"),
                                             {.name = STR("kids"), .kind = TEMPLATE_LIST}};
static const struct template_value kids[] = {M("", leaf), M("", leaf)};
static const struct template_value tree[] = {T("n", "1"), L("kids", kids)};
static const struct template_value members[] = {
    M("tree", tree),      T("name", "Ayşe"), T("who", "kimse"), T("mark", "& \" < > '"),
    T("tag", "{{name}}"), T("two", "x\ny"),  T("empty", ""),    T("indent", "<\n->"),
    F("yes", true),       F("no", false),    L("words", words), L("none", words),
    M("holder", inner),   M("a", deep_b),    L("rows", rows),   L("pairs", pairs),
};
static struct template_value root = M("", members);

struct partial {
    const char *name;
    const char *text;
};
static const struct partial partials[] = {
    {"greet", "Merhaba {{name}}"},
    {"loop", "{{#yes}}*{{>loop}}{{/yes}}"},
    {"box", "|\n{{{indent}}}\n|\n"},
    {"lines", "one\ntwo\n"},
    {"outer", "<\n  {{>lines}}\n>\n"},
    {"tagged", "{{#yes}}\n{{name}}\n{{/yes}}\n{{! c }}x\n{{#yes}}s{{/yes}} y\n"},
    {"tree", "{{n}}{{#kids}}[{{>tree}}]{{/kids}}"},
    {"none", ""},
};
enum { PARTIALS = sizeof(partials) / sizeof(partials[0]) };
static struct template *parsed[PARTIALS];

static const struct template *find_partial(void *ctx, struct str name)
{
    (void)ctx;
    for (size_t i = 0; i < PARTIALS; i++)
        if (str_eqs(name, partials[i].name))
            return parsed[i];
    return NULL;
}
static const struct template_partials found = {find_partial, NULL};

struct rule {
    const char *source;
    const char *expected;
};

static const struct rule plain_rules[] = {
    /* text and variables */
    {"", ""},
    {"Merhaba dünya.", "Merhaba dünya."},
    {"Sayın {{name}},", "Sayın Ayşe,"},
    {"{{ name }}|{{  name}}|{{name  }}", "Ayşe|Ayşe|Ayşe"},
    {"{{\nname\n}}", "Ayşe"},
    {"({{missing}})", "()"},
    {"({{empty}})", "()"},
    {"{{mark}}|{{{mark}}}|{{&mark}}", "& \" < > '|& \" < > '|& \" < > '"},
    {"{{{ name }}} {{& name }}", "Ayşe Ayşe"},
    {"a {b} {c", "a {b} {c"},
    {"{{{name}}}}", "Ayşe}"},
    /* values are never parsed again */
    {"{{tag}} {{{tag}}}", "{{name}} {{name}}"},
    /* flags, lists and maps are no text */
    {"({{yes}}{{words}}{{holder}})", "()"},
    /* dotted names */
    {"{{holder.given}} {{holder.family}}", "Işıl ÇİĞDEM"},
    {"{{a.b.c}}", "dip"},
    {"({{a.b.missing}}{{missing.b}}{{name.b}})", "()"},
    {"{{#a}}{{b.c}}{{/a}}", "dip"},
    {"{{#a.b}}{{c}}{{/a.b}}", "dip"},
    {"{{#rows}}{{who.x}}.{{/rows}}", ".."},
    /* sections */
    {"{{#yes}}evet{{/yes}}{{#no}}hayır{{/no}}{{#missing}}yok{{/missing}}", "evet"},
    {"{{#empty}}x{{/empty}}{{#name}}[{{.}}]{{/name}}", "[Ayşe]"},
    {"{{#holder}}{{given}} {{name}}{{/holder}}", "Işıl Ayşe"},
    {"{{#rows}}{{no}}:{{who}} {{/rows}}", "1:Ali 2:kimse "},
    {"{{#yes}}a{{#yes}}b{{/yes}}c{{/yes}}", "abc"},
    {"{{#yes}}a{{#no}}b{{/no}}c{{/yes}}", "ac"},
    {"{{# yes }}x{{/ yes }}", "x"},
    {"{{#words}}({{.}}){{/words}}", "(bir)(iki)(<üç>)"},
    {"{{#pairs}}({{#.}}{{.}}{{/.}}){{/pairs}}", "(ab)(c)"},
    {"{{#rows}}{{#rows}}{{no}}{{/rows}};{{/rows}}", "12;12;"},
    /* inverted sections */
    {"{{^yes}}x{{/yes}}{{^no}}y{{/no}}{{^missing}}z{{/missing}}{{^empty}}w{{/empty}}", "yzw"},
    {"{{^words}}x{{/words}}{{^holder}}y{{/holder}}", ""},
    /* comments */
    {"12{{! yorum }}34{{!\n çok\n satır }}5", "12345"},
    {"a {{! {{name} }} b", "a  b"},
    /* delimiters */
    {"{{=<% %>=}}(<%name%>) {{name}}", "(Ayşe) {{name}}"},
    {"{{=| |=}}|#yes||name||/yes| |={{ }}=| {{name}}", "Ayşe  Ayşe"},
    {"{{= @   @ =}}(@name@)", "(Ayşe)"},
    {"{{=<% %>=}}<%{mark}%> <%&mark%>", "& \" < > ' & \" < > '"},
    {"{{=<% %>=}}<%>greet%>", "Merhaba Ayşe"},
    /* partials */
    {"{{>greet}}!", "Merhaba Ayşe!"},
    {"{{> greet }}!", "Merhaba Ayşe!"},
    {"({{>missing}}{{>none}})", "()"},
    {"{{#tree}}{{>tree}}{{/tree}}", "1[2][2]"},
    /* whitespace stays around tags within a line */
    {" | {{#yes}}\t|\t{{/yes}} | \n", " | \t|\t | \n"},
    {" {{#yes}}YES{{/yes}}\n {{#yes}}GOOD{{/yes}}\n", " YES\n GOOD\n"},
    {"  {{name}}\n", "  Ayşe\n"},
    {"{{name}}\n{{name}}\n", "Ayşe\nAyşe\n"},
    /* tags alone on a line take it away */
    {"a\n{{#yes}}\nb\n{{/yes}}\nc\n", "a\nb\nc\n"},
    {"a\n  {{#yes}}  \nb\n\t{{/yes}}\t\nc\n", "a\nb\nc\n"},
    {"a\r\n{{#yes}}\r\nb\r\n{{/yes}}\r\nc", "a\r\nb\r\nc"},
    {"  {{#yes}}\nx\n  {{/yes}}", "x\n"},
    {"{{^no}}\nx\n{{/no}}\n", "x\n"},
    {"a\n{{! c }}\nb", "a\nb"},
    {"a\n  {{!\n çok\n }}\nb", "a\nb"},
    {"  {{! c }}\n", ""},
    {"  12 {{! 34 }}\n", "  12 \n"},
    {"a\n{{=<% %>=}}\nb", "a\nb"},
    {"  {{=@ @=}}\nb", "b"},
    {"{{! a }}{{! b }}\nc", "\nc"},
    {"{{#yes}}{{/yes}}\nc", "\nc"},
    {"x{{! a }}\n{{! b }}\ny", "x\ny"},
    {"{{! a\n }} {{! b }}\nc", " \nc"},
    /* a partial alone on its line is indented */
    {" {{>lines}}\n>", " one\n two\n>"},
    {"|\r\n{{>lines}}\r\n|", "|\r\none\ntwo\n|"},
    {"\\\n {{>box}}\n/\n", "\\\n |\n <\n->\n |\n/\n"},
    {"  {{>lines}}", "  one\n  two\n"},
    {" {{>outer}}\n", " <\n   one\n   two\n >\n"},
    {"  {{>tagged}}\n", "  Ayşe\n  x\n  s y\n"},
    {"  {{name}}  {{> greet}}\n", "  Ayşe  Merhaba Ayşe\n"},
    {"- {{>lines}}", "- one\ntwo\n"},
};

static const struct rule html_rules[] = {
    {"{{mark}}", "&amp; &quot; &lt; &gt; '"},
    {"{{{mark}}} {{&mark}}", "& \" < > ' & \" < > '"},
    {"<b>{{#words}}{{.}},{{/words}}</b>", "<b>bir,iki,&lt;üç&gt;,</b>"},
    {"{{#words}}{{{.}}}{{/words}}", "biriki<üç>"},
};

static struct template *parse(const char *source, enum template_escape escape)
{
    struct template *t = NULL;
    struct faults faults;
    faults_init(&faults);
    int rc = template_parse(str_of(source), &(struct template_origin){"deneme.mail", 1, 1}, escape,
                            &t, &faults);
    if (rc != 0)
        fail_msg("%s: %s", source, faults.count > 0 ? faults.list[0].en : "?");
    faults_finish(&faults);
    return t;
}

static void check_rules(const struct rule *rules, size_t count, enum template_escape escape)
{
    for (size_t i = 0; i < count; i++) {
        struct template *t = parse(rules[i].source, escape);
        struct buf out;
        buf_init(&out, 65536);
        assert_int_equal(template_render(t, &root, &found, &out), 0);
        if (strcmp(buf_cstr(&out), rules[i].expected) != 0)
            fail_msg("\"%s\" gave \"%s\", not \"%s\"", rules[i].source, buf_cstr(&out),
                     rules[i].expected);
        buf_finish(&out);
        template_free(t);
    }
}

static void rules_of_plain_templates(void **state)
{
    (void)state;
    check_rules(plain_rules, sizeof(plain_rules) / sizeof(plain_rules[0]), TEMPLATE_PLAIN);
}

static void rules_of_html_templates(void **state)
{
    (void)state;
    check_rules(html_rules, sizeof(html_rules) / sizeof(html_rules[0]), TEMPLATE_HTML);
}

struct broken {
    const char *source;
    const char *code;
    int line;
    int column;
};

static const struct broken broken_sources[] = {
    {"x\n {{name", "TPL-001", 2, 2},
    {"{{{name}}", "TPL-001", 1, 1},
    {"{{=<% %>}}", "TPL-001", 1, 1},
    {"a {{#yes}} b", "TPL-002", 1, 6},
    {"{{#yes}}{{^no}}", "TPL-002", 1, 12},
    {"{{/yes}}", "TPL-003", 1, 4},
    {"{{#yes}}\n{{/no}}", "TPL-003", 2, 4},
    {"{{}}", "TPL-004", 1, 1},
    {"{{a b}}", "TPL-004", 1, 1},
    {"{{a..b}}", "TPL-004", 1, 3},
    {"{{.a}}", "TPL-004", 1, 3},
    {"{{a.b.c.d.e.f.g.h.i}}", "TPL-004", 1, 3},
    {"{{#}}", "TPL-004", 1, 1},
    {"{{= =}}", "TPL-005", 1, 1},
    {"{{=a=}}", "TPL-005", 1, 1},
    {"{{=a b c=}}", "TPL-005", 1, 1},
};

static void faults_of_syntax_have_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken_sources) / sizeof(broken_sources[0]); i++) {
        const struct broken *b = &broken_sources[i];
        struct template *t = NULL;
        struct faults faults;
        faults_init(&faults);
        int rc = template_parse(str_of(b->source), &(struct template_origin){"a.sms", 1, 1},
                                TEMPLATE_PLAIN, &t, &faults);
        if (rc != ERR_INVALID || t != NULL || faults.count == 0)
            fail_msg("%s was accepted", b->source);
        assert_string_equal(faults.list[0].code, b->code);
        assert_string_equal(faults.list[0].file, "a.sms");
        if (faults.list[0].line != b->line || faults.list[0].column != b->column)
            fail_msg("%s: told of %d:%d", b->source, faults.list[0].line, faults.list[0].column);
        faults_finish(&faults);
    }
}

static int parse_code(const char *source, size_t len)
{
    struct template *t = NULL;
    struct faults faults;
    faults_init(&faults);
    int rc = template_parse((struct str){source, len}, &(struct template_origin){"", 1, 1},
                            TEMPLATE_PLAIN, &t, &faults);
    template_free(t);
    faults_finish(&faults);
    return rc;
}

static void limits_hold(void **state)
{
    (void)state;
    char *large = malloc(TEMPLATE_SOURCE_MAX + 1);
    assert_non_null(large);
    memset(large, 'x', TEMPLATE_SOURCE_MAX + 1);
    assert_int_equal(parse_code(large, TEMPLATE_SOURCE_MAX), 0);
    assert_int_equal(parse_code(large, TEMPLATE_SOURCE_MAX + 1), ERR_LIMIT);
    free(large);

    struct buf nest;
    buf_init(&nest, 4096);
    for (int i = 0; i < TEMPLATE_DEPTH_MAX; i++)
        (void)buf_adds(&nest, "{{^q}}");
    for (int i = 0; i < TEMPLATE_DEPTH_MAX; i++)
        (void)buf_adds(&nest, "{{/q}}");
    assert_int_equal(parse_code(nest.data, nest.len), 0);
    buf_reset(&nest);
    for (int i = 0; i <= TEMPLATE_DEPTH_MAX; i++)
        (void)buf_adds(&nest, "{{^q}}");
    assert_int_equal(parse_code(nest.data, nest.len), ERR_INVALID);
    buf_finish(&nest);
}

static int render_code(const char *source, size_t max)
{
    struct template *t = parse(source, TEMPLATE_PLAIN);
    struct buf out;
    buf_init(&out, max);
    int rc = template_render(t, &root, &found, &out);
    buf_finish(&out);
    template_free(t);
    return rc;
}

static void endless_partials_and_output_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(render_code("{{>loop}}", 65536), ERR_LIMIT);
    assert_int_equal(render_code("0123456789", 10), 0);
    assert_int_equal(render_code("0123456789", 9), ERR_LIMIT);
    assert_int_equal(render_code("{{name}}{{name}}", 9), ERR_LIMIT);
}

static const struct template_name known[] = {
    {"holder.given_name", TEMPLATE_TEXT}, {"holder.family_name", TEMPLATE_TEXT},
    {"remaining", TEMPLATE_TEXT},         {"rows", TEMPLATE_LIST},
    {"rows.name", TEMPLATE_TEXT},
};

static void check_source(const char *source, struct faults *faults)
{
    struct template *t = parse(source, TEMPLATE_PLAIN);
    faults_init(faults);
    template_check(t, known, sizeof(known) / sizeof(known[0]), &found, faults);
    template_free(t);
}

static void known_names_pass(void **state)
{
    (void)state;
    struct faults faults;
    check_source("{{holder.given_name}} {{#holder}}{{family_name}}{{/holder}} {{remaining}}"
                 "{{#rows}}{{name}} {{rows.name}} {{remaining}} {{#name}}{{.}}{{/name}}{{/rows}}"
                 "{{^rows}}-{{/rows}}{{>lines}}",
                 &faults);
    if (faults.total != 0)
        fail_msg("%s", faults.list[0].en);
    faults_finish(&faults);
}

static void unknown_names_are_faults_with_a_suggestion(void **state)
{
    (void)state;
    struct faults faults;
    check_source(
        "a\nb {{remainig}} {{name}}\n{{#rows}}{{nam}}{{/rows}}{{>grete}}{{>greet}}{{>greet}}",
        &faults);
    assert_int_equal(faults.errors, 5);
    assert_int_equal(faults.list[0].line, 2);
    assert_int_equal(faults.list[0].column, 5);
    assert_int_equal(faults.list[0].width, 8);
    assert_string_equal(faults.list[0].code, "TPL-007");
    assert_non_null(strstr(faults.list[0].tr, "\"remaining\" mi?"));
    assert_int_equal(faults.list[1].column, 18);
    assert_int_equal(faults.list[2].line, 3);
    assert_string_equal(faults.list[3].code, "TPL-008");
    assert_string_equal(faults.list[4].code, "TPL-007"); /* {{name}} of the partial, told once */
    assert_int_equal(faults.list[4].column, 11);
    faults_finish(&faults);
}

static void count_use(void *ctx, const struct template_use *use)
{
    struct buf *b = ctx;
    (void)buf_addf(b, "%.*s@%d:%d%s ", (int)use->name.len, use->name.ptr, use->line, use->column,
                   use->section ? "#" : "");
}

static void uses_are_listed_through_partials(void **state)
{
    (void)state;
    struct template *t = parse("{{a}}\n{{#yes}}{{>greet}}{{/yes}}", TEMPLATE_PLAIN);
    struct buf b;
    buf_init(&b, 1000);
    template_uses(t, &found, count_use, &b);
    assert_string_equal(buf_cstr(&b), "a@1:3 yes@2:4# name@1:11 ");
    buf_finish(&b);
    template_free(t);
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < PARTIALS; i++)
        parsed[i] = parse(partials[i].text, TEMPLATE_PLAIN);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < PARTIALS; i++)
        template_free(parsed[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_of_plain_templates),
        cmocka_unit_test(rules_of_html_templates),
        cmocka_unit_test(faults_of_syntax_have_places),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(endless_partials_and_output_are_bounded),
        cmocka_unit_test(known_names_pass),
        cmocka_unit_test(unknown_names_are_faults_with_a_suggestion),
        cmocka_unit_test(uses_are_listed_through_partials),
    };
    return cmocka_run_group_tests_name("template", tests, setup, teardown);
}
