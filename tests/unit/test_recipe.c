/* Recipes: their placeholders, expressions, verdicts, reports, faults, and the shipped ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "providers/recipe/judge.h"
#include "providers/recipe/report.h"
#include "providers/recipe/xml.h"

#include <stdio.h>
#include <stdlib.h>

static struct recipe *shipped(const char *name)
{
    struct recipe *r = NULL;
    struct faults faults;
    struct err e = {0};
    struct buf path;

    faults_init(&faults);
    buf_init(&path, 1000);
    assert_int_equal(recipe_path(HATIRLAT_SOURCE_DIR "/config/recipes", name, &path, &e), 0);
    if (recipe_load(buf_cstr(&path), &r, &faults, &e) != 0) {
        fail_msg("%s: %s; %s:%d:%d", name, e.text, faults.count > 0 ? faults.list[0].en : "",
                 faults.count > 0 ? faults.list[0].line : 0,
                 faults.count > 0 ? faults.list[0].column : 0);
    }
    assert_int_equal(faults.total, 0);
    faults_finish(&faults);
    buf_finish(&path);
    return r;
}

static void test_shipped(void **state)
{
    static const char *const names[] = {"netgsm",   "iletimerkezi", "verimor",       "mutlucell",
                                        "vatansms", "jetsms",       "jetsms-legacy", "twilio",
                                        "vonage",   "kannel"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct recipe *r = shipped(names[i]);

        assert_string_equal(r->name, names[i]);
        recipe_free(r);
    }
}

/* Placeholders. */

static struct str lookup(const void *ctx, enum recipe_value kind, const char *key)
{
    (void)ctx;
    return kind == VALUE_PARAM && strcmp(key, "a") == 0 ? STR("${text|raw}") : STR("");
}

struct expand_row {
    const char *stencil;
    const char *expected; /* null: an error */
    enum recipe_charset charset;
    bool incomplete;
};

static void test_expand(void **state)
{
    static const struct expand_row rows[] = {
        {"a", "a", CHARSET_UTF8, false},
        {"", "", CHARSET_UTF8, false},
        {"$ { } $x ${to|raw}$", "$ { } $x +905320000067$", CHARSET_UTF8, false},
        {"\"${text|json}\"", "\"A\\\"B\\\\<&>' ç\\u000a\"", CHARSET_UTF8, false},
        {"${text|xml}", "A&quot;B\\&lt;&amp;&gt;&apos; ç\n", CHARSET_UTF8, false},
        {"${text|form}", "A%22B%5C%3C%26%3E%27+%C3%A7%0A", CHARSET_UTF8, false},
        {"<${user|xml}>", "<€>", CHARSET_UTF8, false},
        {"${text|url}", "A%22B%5C%3C%26%3E%27%20%C3%A7%0A", CHARSET_UTF8, false},
        {"${text|url}", "A%22B%5C%3C%26%3E%27%20%E7%0A", CHARSET_LATIN5, false},
        {"${sender|form}", "%DEI%DDg", CHARSET_LATIN5, false},
        {"${to|form}", "%2B905320000067", CHARSET_UTF8, false},
        {"${to|header}", "+905320000067", CHARSET_UTF8, false},
        {"${text|header}", NULL, CHARSET_UTF8, false},
        {"${user|url}", NULL, CHARSET_LATIN5, false}, /* € is not in ISO-8859-9 */
        {"${param.a|raw}", "${text|raw}", CHARSET_UTF8, false},
        {"x${param.b|raw}", "x", CHARSET_UTF8, true},
        {"x${param.b|raw?}", "x", CHARSET_UTF8, false},
        {"${enc.c|raw}", "", CHARSET_UTF8, true},
    };
    struct stencil_values values = {.lookup = lookup};

    (void)state;
    values.named[VALUE_TEXT] = STR("A\"B\\<&>' ç\n");
    values.named[VALUE_TO] = STR("+905320000067");
    values.named[VALUE_SENDER] = STR("ŞIİg");
    values.named[VALUE_USER] = STR("€");
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct stencil *s = NULL;
        struct buf out;
        struct err e = {0};
        struct fault why = {0};
        bool complete = true;
        int code;

        buf_init(&out, 1000);
        values.charset = rows[i].charset;
        assert_int_equal(stencil_parse(str_of(rows[i].stencil), &s, &why), 0);
        code = stencil_expand(s, &values, &out, &complete, &e);
        if (rows[i].expected == NULL) {
            assert_int_not_equal(code, 0);
        } else {
            assert_int_equal(code, 0);
            assert_string_equal(buf_cstr(&out), rows[i].expected);
            assert_int_equal(complete, !rows[i].incomplete);
        }
        stencil_free(s);
        buf_finish(&out);
    }
}

static void test_xml_drops_what_it_forbids(void **state)
{
    struct stencil_values values = {0};
    struct stencil *s = NULL;
    struct fault why;
    struct buf out;
    struct err e;

    (void)state;
    buf_init(&out, 100);
    values.named[VALUE_TEXT] = STR("a\x01\x1b"
                                   "b\xEF\xBF\xBF"
                                   "c\xff"
                                   "d");
    assert_int_equal(stencil_parse(STR("${text|xml}"), &s, &why), 0);
    assert_int_equal(stencil_expand(s, &values, &out, NULL, &e), 0);
    assert_string_equal(buf_cstr(&out), "abcd");
    stencil_free(s);
    buf_finish(&out);
}

static void test_bad_placeholders(void **state)
{
    static const char *const rows[] = {"${text}",      "${text|}",    "${text|upper}", "${|raw}",
                                       "${txet|json}", "${text|json", "${param.|raw}", "${"};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct stencil *s = NULL;
        struct fault why = {0};

        assert_int_equal(stencil_parse(str_of(rows[i]), &s, &why), ERR_INVALID);
        assert_true(why.tr[0] != '\0' && why.en[0] != '\0');
    }
}

/* Expressions. */

struct expr_row {
    const char *expr;
    const char *body;
    const char *found; /* null: nothing */
    bool holds;
};

static void test_expressions(void **state)
{
    static const struct expr_row rows[] = {
        {"json:/code", "{\"code\":\"00\"}", "00", true},
        {"json:/code == \"00\"", "{\"code\":\"00\"}", "00", true},
        {"json:/code == \"00\" | \"0\"", "{\"code\":0}", "0", true},
        {"json:/code != \"00\"", "{\"code\":\"40\"}", "40", true},
        {"json:/code != \"00\"", "{}", NULL, false},
        {"json:/code == \"00\"", "{\"code\":null}", NULL, false},
        {"json:/a/0/b", "{\"a\":[{\"b\":17377215342605050417149344}]}",
         "17377215342605050417149344", true},
        {"json:/a", "{\"a\":true}", "true", true},
        {"json:/a", "{\"a\":\"\"}", NULL, false},
        {"json:/a", "{\"a\":{}}", NULL, false},
        {"json:/a", "not json", NULL, false},
        {"regex:^\\$([0-9]+)#", "$1234567#1.0", "1234567", true},
        {"regex:^[0-9]+$", " 23\r\n", "23", true},
        {"regex:^[0-9]+$", "ok 23", NULL, false},
        {"text == \"OK\"", " OK\n", "OK", true},
        {"text", "", NULL, false},
        {"http == \"406\"", "", "406", true},
        {"text", "a", "a", true},
        {"json:/m/*/s", "{\"m\":[{},{\"s\":4},{\"s\":0}]}", "4", true},
        {"json:/m/*/s == \"0\"", "{\"m\":[{\"s\":4},{\"s\":0}]}", "0", true},
        {"json:/m/*/s == \"0\"", "{\"m\":[{\"s\":4},{\"s\":5}]}", "4", false},
        {"json:/m/*/s", "{\"m\":[]}", NULL, false},
        {"json:/m/*/s", "{\"m\":{\"s\":1}}", NULL, false},
        {"json:/*", "[7]", "7", true},
        {"kv:Status == \"0\"", "Status=0 MessageIDs=756464245", "0", true},
        {"kv:MessageIDs", "Status=0 MessageIDs=756464245", "756464245", true},
        {"kv:IDs", "Status=0 MessageIDs=756464245", NULL, false},
        {"kv:b", "a=1&b=2", "2", true},
        {"kv:b", "a=1&b=", NULL, false},
        {"kv:b", "xb=1 b", NULL, false},
        {"xml:/a/b", "<?xml version=\"1.0\"?><a><c>x</c><b> 1 &amp; 2 </b><b>3</b></a>", "1 & 2",
         true},
        {"xml:/a/b/@n == \"5\"", "<a><b m='1' n = '5'/></a>", "5", true},
        {"xml:/a/b", "<x:a><!-- <b>0</b> --><y:b><![CDATA[<ok>]]></y:b></x:a>", "<ok>", true},
        {"xml:/a/b", "<a><c><b>deep</b></c></a>", NULL, false},
        {"xml:/a/b", "<a><b>&#350;&#x131;</b></a>", "Şı", true},
        {"xml:/a/b", "<a><b>&unknown;</b></a>", NULL, false},
        {"xml:/a/b", "<a><b>&#0;</b></a>", NULL, false},
        {"xml:/a/b", "<!DOCTYPE a [<!ENTITY b 'x'>]><a><b>y</b></a>", NULL, false},
        {"xml:/a/b", "<a><c></b></c><b>y</b></a>", NULL, false},
        {"xml:/a/b", "{\"a\":1}", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct recipe_reply reply;
        struct expr *x = NULL;
        struct fault why = {0};
        char found[EXPR_TEXT_MAX];

        recipe_reply_init(&reply, 406, str_of(rows[i].body), "");
        assert_int_equal(expr_parse(str_of(rows[i].expr), &x, &why), 0);
        assert_int_equal(expr_extract(x, &reply, found), rows[i].found != NULL);
        assert_string_equal(found, rows[i].found == NULL ? "" : rows[i].found);
        assert_int_equal(expr_holds(x, &reply), rows[i].holds);
        expr_free(x);
        recipe_reply_finish(&reply);
    }
}

static void test_bad_expressions(void **state)
{
    static const char *const rows[] = {"",
                                       "json",
                                       "json:code",
                                       "regex:[0-9]+",
                                       "regex:^(",
                                       "xml:/",
                                       "xml:a/b",
                                       "xml:/a//b",
                                       "xml:/a/@",
                                       "kv:",
                                       "kv:a b",
                                       "json:/a/*/b/*/c",
                                       "json:/a/*b",
                                       "json:/a == ",
                                       "json:/a == b",
                                       "json:/a == \"b\" \"c\"",
                                       "text == ",
                                       "json:/a == \"unclosed"};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct expr *x = NULL;
        struct fault why = {0};

        if (expr_parse(str_of(rows[i]), &x, &why) == 0) {
            fail_msg("\"%s\" was accepted", rows[i]);
        }
        assert_true(why.tr[0] != '\0' && why.en[0] != '\0');
    }
}

#define HEAD_OF_RECIPE                                                                             \
    "{\"name\":\"x\",\"title\":\"X\",\"base_url\":\"https://"                                      \
    "sms.ornek.test\",\"number_form\":\"5x\","

struct seen {
    struct {
        char ref[64];
        char id[64];
        char to[32];
        char code[32];
        enum report_state state;
        int64_t at_ms;
    } list[8];
    size_t count;
};

static void see(void *ctx, const struct provider_report *list, size_t count)
{
    struct seen *s = ctx;

    for (size_t i = 0; i < count && s->count < 8; i++, s->count++) {
        snprintf(s->list[s->count].ref, 64, "%s", list[i].ref == NULL ? "" : list[i].ref);
        snprintf(s->list[s->count].id, 64, "%s",
                 list[i].provider_ref == NULL ? "" : list[i].provider_ref);
        snprintf(s->list[s->count].to, 32, "%s", list[i].to == NULL ? "" : list[i].to);
        snprintf(s->list[s->count].code, 32, "%s", list[i].code);
        s->list[s->count].state = list[i].state;
        s->list[s->count].at_ms = list[i].at_ms;
    }
}

/* Elements nest to a bound, and no further. */
static void test_xml_depth(void **state)
{
    char found[16];
    struct buf text;

    (void)state;
    for (int deep = XML_DEPTH_MAX; deep <= XML_DEPTH_MAX + 1; deep++) {
        buf_init(&text, 1000);
        buf_adds(&text, "<a><b>1</b>");
        for (int i = 1; i < deep; i++) {
            buf_adds(&text, "<c>");
        }
        for (int i = 1; i < deep; i++) {
            buf_adds(&text, "</c>");
        }
        buf_adds(&text, "<d>2</d></a>");
        assert_int_equal(xml_find((struct str){text.data, text.len}, "/a/d", found, 16),
                         deep == XML_DEPTH_MAX);
        assert_true(xml_find((struct str){text.data, text.len}, "/a/b", found, 16));
        buf_finish(&text);
    }
    assert_true(xml_find(STR("<a>123456789012345</a>"), "/a", found, 16));
    assert_false(xml_find(STR("<a>1234567890123456</a>"), "/a", found, 16));
}

/* Requests that are alike share what libcurl was told, so nothing there may be one message's. */
static void test_alike(void **state)
{
    static const struct {
        const char *where;
        bool alike;
    } rows[] = {
        {"\"url\":\"/a\",\"body\":\"${text|json}${to|raw}${ref|raw}\"", true},
        {"\"url\":\"/${user|url}/${param.x|url}\",\"query\":{\"p\":\"${password|raw}\"}", true},
        {"\"url\":\"/a\",\"headers\":{\"X-Sender\":\"${sender|header}\"}", true},
        {"\"url\":\"/a\",\"form\":{\"t\":\"${text|raw}\",\"v\":\"${validity|raw}\"}", true},
        {"\"url\":\"/a/${to|url}\"", false},
        {"\"url\":\"/a?v=${validity_s|url}\"", false},
        {"\"url\":\"/a\",\"query\":{\"t\":\"${text|raw}\"}", false},
        {"\"url\":\"/a\",\"query\":{\"c\":\"${enc.x|raw}\"}", false},
        {"\"url\":\"/a\",\"query\":{\"n\":\"${now|raw}\"}", false},
        {"\"url\":\"/a\",\"headers\":{\"X-Ref\":\"${ref|header}\"}", false},
        {"\"url\":\"/a\",\"headers\":{\"X-Until\":\"${deadline|header}\"}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct recipe *r = NULL;
        struct faults faults;
        char text[1000];

        snprintf(text, sizeof(text),
                 HEAD_OF_RECIPE "\"parameters\":{\"x\":\"1\"},\"encoding\":{\"otherwise\":"
                                "{\"x\":\"1\"}},\"send\":{\"request\":{%s}}}",
                 rows[i].where);
        faults_init(&faults);
        if (recipe_parse(str_of(text), "x.json", &r, &faults, NULL) != 0) {
            fail_msg("row %zu: %s", i, faults.count > 0 ? faults.list[0].en : "");
        }
        if (r->send.alike != rows[i].alike) {
            fail_msg("row %zu", i);
        }
        recipe_free(r);
        faults_finish(&faults);
    }
}

/* Rows of XML, with fields of every kind. */
static void test_xml_rows(void **state)
{
    static const char text[] = HEAD_OF_RECIPE
        "\"send\":{\"request\":{\"url\":\"/a\"},\"answer\":{\"id\":[\"xml:/r/id\"]}},"
        "\"reports\":{\"states\":{\"ok\":\"delivered\"},\"poll\":{\"request\":{\"url\":\"/b\"},"
        "\"format\":\"xml\",\"rows\":[\"/report/none\",\"/report/row\"],\"row\":{\"id\":\"@id\","
        "\"to\":\"who/no\",\"state\":\"who/@state\",\"detail\":\".\"}}}}";
    static const char body[] =
        "<report><row id=\"1\">x<who state='ok'><no>5320000067</no></who></row>"
        "<row id='2'><who state='new'/></row><row/></report>";
    struct recipe *r = NULL;
    struct faults faults;
    struct recipe_reply reply;
    struct seen seen = {0};
    const struct report_sink sink = {see, &seen};

    (void)state;
    faults_init(&faults);
    assert_int_equal(recipe_parse(str_of(text), "x.json", &r, &faults, NULL), 0);
    struct report_query q = {.rules = &r->poll.rows};
    recipe_reply_init(&reply, 200, str_of(body), "");
    assert_int_equal(recipe_report_rows(r, &q, &reply, &sink), 3);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.list[0].id, "1");
    assert_string_equal(seen.list[0].to, "+905320000067");
    assert_int_equal(seen.list[0].state, REPORT_DELIVERED);
    assert_string_equal(seen.list[1].id, "2");
    assert_int_equal(seen.list[1].state, REPORT_PENDING);
    recipe_reply_finish(&reply);
    recipe_free(r);
    faults_finish(&faults);
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        const char *form;
        int zone;
        int64_t ms;
    } rows[] = {
        {"22.11.2026 14:30:12", "dd.MM.yyyy HH:mm:ss", ZONE_TURKIYE, 1795347012000},
        {"2026-11-22 11:30:12", "yyyy-MM-dd HH:mm:ss", ZONE_UTC, 1795347012000},
        {"2611221430", "yyMMddHHmm", ZONE_TURKIYE, 1795347000000},
        {"2026-11-22T11:30:12Z", "dd.MM.yyyy", ZONE_TURKIYE, 1795347012000},
        {"29.02.2027 00:00:00", "dd.MM.yyyy HH:mm:ss", ZONE_TURKIYE, 0},
        {"22.11.2026 24:00:00", "dd.MM.yyyy HH:mm:ss", ZONE_TURKIYE, 0},
        {"22.11.2026 14:30:12 ", "dd.MM.yyyy HH:mm:ss", ZONE_TURKIYE, 0},
        {"", "dd.MM.yyyy", ZONE_TURKIYE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *form = (char *)(uintptr_t)rows[i].form;
        const struct option_strings forms = {&form, 1};
        struct buf out;

        assert_int_equal(recipe_time_read(str_of(rows[i].text), &forms, rows[i].zone), rows[i].ms);
        if (rows[i].ms > 0 && rows[i].zone == ZONE_TURKIYE && i != 3) {
            buf_init(&out, 100);
            recipe_time_write(rows[i].ms, form, &out);
            assert_string_equal(buf_cstr(&out), rows[i].text);
            buf_finish(&out);
        }
    }
}

/* Retry-After. */

static void test_retry_after(void **state)
{
    static const struct {
        const char *value;
        int64_t wait_ms;
    } rows[] = {
        {"", 0},
        {"7", 7000},
        {"0", 1000},
        {"999999", 6 * 3600 * 1000},
        {"99999999999999999999999", 6 * 3600 * 1000},
        {"-5", 0},
        {"soon", 0},
        {"7 seconds", 0},
        {"7;8", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 60000},
        {"Sun, 06 Nov 1994 08:00:00 GMT", 1000},
        {"Mon, 06 Nov 2034 08:00:00 GMT", 6 * 3600 * 1000},
        {"Sun, 06 Nov 1994 08:49:37 EST", 0},
        {"Sun, 99 Foo 1994 08:49:37 GMT", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        /* now: Sun, 06 Nov 1994 08:48:37 GMT */
        assert_int_equal(recipe_retry_after(rows[i].value, 784111717000), rows[i].wait_ms);
    }
    assert_int_equal(recipe_retry_after(NULL, 0), 0);
}

/* Verdicts. */

struct verdict_row {
    int status;
    const char *body;
    const char *retry_after;
    enum outcome_class class;
    const char *code;
    int64_t wait_ms;
    bool split;
};

static void check_verdicts(const char *name, const struct verdict_row *rows, size_t count)
{
    struct recipe *r = shipped(name);

    for (size_t i = 0; i < count; i++) {
        struct recipe_reply reply;
        struct recipe_judgement j;

        recipe_reply_init(&reply, rows[i].status, str_of(rows[i].body), rows[i].retry_after);
        recipe_judge(&r->answer, &reply, 0, &j);
        recipe_reply_finish(&reply);
        if (j.outcome.class != rows[i].class || strcmp(j.outcome.code, rows[i].code) != 0 ||
            j.outcome.wait_ms != rows[i].wait_ms || j.split != rows[i].split) {
            fail_msg("%s, row %zu (%d %s): %s \"%s\" %lld %d", name, i, rows[i].status,
                     rows[i].body, outcome_name(j.outcome.class), j.outcome.code,
                     (long long)j.outcome.wait_ms, (int)j.split);
        }
    }
    recipe_free(r);
}

#define JOB  "\"jobid\":\"17377215342605050417149344\""
#define HTML "<html><body>502 Bad Gateway</body></html>"

static void test_netgsm_verdicts(void **state)
{
    static const struct verdict_row rows[] = {
        {200, "{\"code\":\"00\"," JOB ",\"description\":\"queued\"}", "", OUTCOME_SENT, "http 200",
         0, false},
        {200, "{\"code\":0," JOB "}", "", OUTCOME_SENT, "http 200", 0, false},
        {200, "{\"code\":\"00\",\"jobId\":\"1\"}", "", OUTCOME_SENT, "http 200", 0, false},
        {200, "{\"code\":\"01\"," JOB "}", "", OUTCOME_SENT, "http 200", 0, false},
        {200, "{\"code\":\"02\"," JOB "}", "", OUTCOME_SENT, "http 200", 0, false},
        {200, "{\"code\":\"00\",\"jobid\":null}", "", OUTCOME_UNKNOWN, "http 200", 0, false},
        {200, "{\"code\":\"01\"}", "", OUTCOME_UNKNOWN, "http 200", 0, false},
        {406, "{\"code\":\"20\",\"jobid\":null}", "", OUTCOME_REJECTED, "http 406/20", 0, true},
        {406, "{\"code\":\"30\"}", "", OUTCOME_ACCOUNT, "http 406/30", 0, false},
        {406, "{\"code\":30}", "", OUTCOME_ACCOUNT, "http 406/30", 0, false},
        {406, "{\"code\":\"40\"}", "", OUTCOME_ACCOUNT, "http 406/40", 0, false},
        {200, "{\"code\":\"40\"}", "", OUTCOME_ACCOUNT, "http 200/40", 0, false},
        {406, "{\"code\":\"41\"}", "", OUTCOME_ACCOUNT, "http 406/41", 0, false},
        {406, "{\"code\":\"50\"}", "", OUTCOME_ACCOUNT, "http 406/50", 0, false},
        {406, "{\"code\":\"51\"}", "", OUTCOME_ACCOUNT, "http 406/51", 0, false},
        {406, "{\"code\":\"60\"}", "", OUTCOME_ACCOUNT, "balance http 406/60", 0, false},
        {406, "{\"code\":\"70\"}", "", OUTCOME_REJECTED, "http 406/70", 0, true},
        {406, "{\"code\":\"80\"}", "", OUTCOME_THROTTLED, "http 406/80", 60000, false},
        {406, "{\"code\":\"80\"}", "5", OUTCOME_THROTTLED, "http 406/80", 5000, false},
        {406, "{\"code\":\"85\"}", "", OUTCOME_THROTTLED, "http 406/85", 60000, false},
        {406, "{\"code\":\"100\"}", "", OUTCOME_RETRY, "http 406/100", 0, false},
        {500, "{\"code\":\"101\"}", "", OUTCOME_RETRY, "http 500/101", 0, false},
        {406, "{\"code\":\"5000\"}", "", OUTCOME_RETRY, "unmatched http 406/5000", 0, false},
        {406, "", "", OUTCOME_RETRY, "unmatched http 406", 0, false},
        {200, "", "", OUTCOME_UNKNOWN, "http 200", 0, false},
        {200, "{\"code\":\"00\",\"jobi", "", OUTCOME_UNKNOWN, "http 200", 0, false},
        {200, HTML, "", OUTCOME_UNKNOWN, "http 200", 0, false},
        {302, "", "", OUTCOME_UNKNOWN, "http 302", 0, false},
        {401, HTML, "", OUTCOME_ACCOUNT, "http 401", 0, false},
        {403, "", "", OUTCOME_ACCOUNT, "http 403", 0, false},
        {429, "", "7", OUTCOME_THROTTLED, "http 429", 7000, false},
        {429, "", "", OUTCOME_THROTTLED, "http 429", 0, false},
        {502, HTML, "", OUTCOME_RETRY, "http 502", 0, false},
        {503, HTML, "30", OUTCOME_THROTTLED, "http 503", 30000, false},
        {503, HTML, "", OUTCOME_RETRY, "http 503", 0, false},
    };

    (void)state;
    check_verdicts("netgsm", rows, sizeof(rows) / sizeof(*rows));
}

static void test_kannel_verdicts(void **state)
{
    static const struct verdict_row rows[] = {
        {202, "0: Accepted for delivery", "", OUTCOME_SENT, "http 202", 0, false},
        {202, "3: Queued for later delivery\n", "", OUTCOME_SENT, "http 202", 0, false},
        {202, "text with 0: Accepted", "", OUTCOME_UNKNOWN, "http 202", 0, false},
        {202, "", "", OUTCOME_UNKNOWN, "http 202", 0, false},
        {403, "Authorization failed for sendsms", "", OUTCOME_ACCOUNT, "http 403", 0, false},
        {404, "Unknown request.", "", OUTCOME_ACCOUNT, "http 404", 0, false},
        {503, "Temporal failure, try again later.", "", OUTCOME_RETRY, "http 503", 0, false},
        {500, "x", "", OUTCOME_UNKNOWN, "http 500", 0, false},
        {502, HTML, "", OUTCOME_UNKNOWN, "http 502", 0, false},
    };

    (void)state;
    check_verdicts("kannel", rows, sizeof(rows) / sizeof(*rows));
}

/* A code that is cut says so, between characters, and stays within outcome.code. */
static void test_long_codes(void **state)
{
    static const struct verdict_row verimor[] = {
        {400, "INSUFFICIENT_CREDITS", "", OUTCOME_ACCOUNT, "balance http 400/INSUFFICIEN…", 0,
         false},
        {400, "MISSING_CONSENT_DATE", "", OUTCOME_ACCOUNT, "http 400/MISSING_CONSENT_DATE", 0,
         false},
        {400, "INVALID_IYS_RECIPIENT_TYPE", "", OUTCOME_ACCOUNT, "http 400/INVALID_IYS_RECIPIE…", 0,
         false},
    };
    static const struct verdict_row netgsm[] = {
        {406, "{\"code\":\"ABCDEFGHIJKL\"}", "", OUTCOME_RETRY, "unmatched http 406/ABCDEFGHIJKL",
         0, false},
        {406, "{\"code\":\"ABCDEFGHIJKLM\"}", "", OUTCOME_RETRY, "unmatched http 406/ABCDEFGHI…", 0,
         false},
        {406, "{\"code\":\"ABCDEFGHşşş\"}", "", OUTCOME_RETRY, "unmatched http 406/ABCDEFGH…", 0,
         false},
    };

    (void)state;
    check_verdicts("verimor", verimor, sizeof(verimor) / sizeof(*verimor));
    check_verdicts("netgsm", netgsm, sizeof(netgsm) / sizeof(*netgsm));
}

static void test_jobid_keeps_its_digits(void **state)
{
    struct recipe *r = shipped("netgsm");
    struct recipe_judgement j;
    struct recipe_reply reply;

    (void)state;
    recipe_reply_init(&reply, 200, STR("{\"code\":\"00\",\"jobid\":17377215342605050417149344}"),
                      "");
    recipe_judge(&r->answer, &reply, 0, &j);
    assert_string_equal(j.outcome.provider_ref, "17377215342605050417149344");
    recipe_reply_finish(&reply);
    recipe_free(r);
}

/* What the vendor says may hold a number; it is not kept. */
static void test_detail_is_clean(void **state)
{
    struct recipe *r = shipped("netgsm");
    struct recipe_judgement j;
    struct recipe_reply reply;

    (void)state;
    recipe_reply_init(
        &reply, 406,
        STR("{\"code\":\"999\",\"description\":\"hata 905320000067\\nnumara 12345 çok\"}"), "");
    recipe_judge(&r->answer, &reply, 0, &j);
    assert_string_equal(j.outcome.detail, "hata ****** numara 12345 çok");
    recipe_reply_finish(&reply);
    recipe_free(r);
}

/* Reports. */

static void test_poll_rows(void **state)
{
    static const char body[] =
        "{\"code\":\"00\",\"jobs\":["
        "{" JOB
        ",\"number\":\"905320000067\",\"status\":1,\"deliveredDate\":\"22.11.2026 14:30:12\"},"
        "{" JOB ",\"number\":\"5330000068\",\"status\":\"0\",\"deliveredDate\":null},"
        "{" JOB ",\"number\":\"x\",\"status\":99},"
        "{\"number\":\"5330000068\",\"status\":1},"
        "7]}";
    struct recipe *r = shipped("netgsm");
    struct report_query q = {.rules = &r->poll.rows};
    struct seen seen = {0};
    const struct report_sink sink = {see, &seen};
    struct recipe_reply reply;

    (void)state;
    recipe_reply_init(&reply, 200, str_of(body), "");
    assert_int_equal(recipe_report_rows(r, &q, &reply, &sink), 5);
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.list[0].id, "17377215342605050417149344");
    assert_string_equal(seen.list[0].to, "+905320000067");
    assert_int_equal(seen.list[0].state, REPORT_DELIVERED);
    assert_int_equal(seen.list[0].at_ms, 1795347012000); /* 2026-11-22T11:30:12Z */
    assert_string_equal(seen.list[1].to, "+905330000068");
    assert_int_equal(seen.list[1].state, REPORT_PENDING);
    assert_int_equal(seen.list[1].at_ms, 0);
    assert_string_equal(seen.list[2].to, "");
    assert_int_equal(seen.list[2].state, REPORT_PENDING);
    recipe_reply_finish(&reply);
    recipe_reply_init(&reply, 200, STR("{\"job\":{" JOB ",\"status\":2}}"), "");
    assert_int_equal(recipe_report_rows(r, &q, &reply, &sink), 1);
    assert_int_equal(seen.list[3].state, REPORT_EXPIRED);
    recipe_reply_finish(&reply);
    recipe_free(r);
}

static void test_hook(void **state)
{
    static const struct {
        const char *query;
        int code;
        enum report_state state;
    } rows[] = {
        {"ref=m1-a1&state=1&detail=ACK%2F&key=Gizli_1", 0, REPORT_DELIVERED},
        {"key=Gizli_1&state=16&ref=m1-a1", 0, REPORT_UNDELIVERED},
        {"ref=m1-a1&state=8&key=Gizli_1", 0, REPORT_PENDING},
        {"ref=m1-a1&state=1&key=Gizli_2", ERR_DENIED, REPORT_PENDING},
        {"ref=m1-a1&state=1", ERR_DENIED, REPORT_PENDING},
        {"ref=&state=1&key=Gizli_1", ERR_INVALID, REPORT_PENDING},
        {"ref=m1-a1&key=Gizli_1", ERR_INVALID, REPORT_PENDING},
        {"ref=a%0Ab&state=1&key=Gizli_1", ERR_INVALID, REPORT_PENDING},
        {"ref=a%zzb&state=1&key=Gizli_1", ERR_INVALID, REPORT_PENDING},
        {"", ERR_DENIED, REPORT_PENDING},
    };
    struct recipe *r = shipped("kannel");

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct provider_hook hook = {.query = str_of(rows[i].query)};
        struct seen seen = {0};
        const struct report_sink sink = {see, &seen};
        const struct hook_secrets secrets = {.report_secret = STR("Gizli_1")};
        struct err e;

        assert_int_equal(recipe_hook_rows(r, &hook, &secrets, &sink, &e), rows[i].code);
        assert_int_equal(seen.count, rows[i].code == 0 ? 1 : 0);
        if (rows[i].code == 0) {
            assert_string_equal(seen.list[0].ref, "m1-a1");
            assert_int_equal(seen.list[0].state, rows[i].state);
        }
    }
    recipe_free(r);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {{"5320000067", "+905320000067"},
                {"905320000067", "+905320000067"},
                {"+905320000067", "+905320000067"},
                {"05320000067", "+905320000067"},
                {"0532 000 00 67", "+905320000067"},
                {"00905320000067", "+905320000067"},
                {"4320000067", ""},
                {"15320000067", ""},
                {"532000006", ""},
                {"", ""},
                {"5320000067x", ""},
                {"12345678905320000067", ""}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char out[16] = "";

        assert_int_equal(recipe_number_normalise(str_of(rows[i].in), out), rows[i].out[0] != '\0');
        if (rows[i].out[0] != '\0') {
            assert_string_equal(out, rows[i].out);
        }
    }
}

/* Faults of a recipe, each at its place. */

#define HEAD                                                                                       \
    "{\"name\":\"x\",\"title\":\"X\",\"base_url\":\"https://"                                      \
    "sms.ornek.test\",\n\"number_form\":\"5x\",\n"

#define POLL(rules)                                                                                \
    HEAD "\"send\":{\"request\":{\"url\":\"/a\"},\"answer\":{\"id\":[\"text\"]}},\n"               \
         "\"reports\":{\"states\":{},\"poll\":{\"request\":{\"url\":\"/b\"}," rules "}}}"

static void test_faults(void **state)
{
    static const struct {
        const char *text;
        const char *pointer;
        int line;
    } rows[] = {
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\",\n\"body\":\"${txt|json}\"}}}",
         "/send/request/body", 4},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\",\"query\":{\"a\":\n1}}}}",
         "/send/request/query/a", 4},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\",\"headers\":[]}}}", "/send/request/headers",
         3},
        {HEAD "\"send\":{\"request\":{\"url\":\"/"
              "a\"},\"answer\":{\"ok\":{\"match\":[\"text\",\n\"code\"]}}}}",
         "/send/answer/ok/match/1", 4},
        {HEAD "\"send\":{\"request\":{\"url\":\"/"
              "a\"},\"answer\":{\"error\":{\"codes\":{\"1\":\n\"bad\"}}}}}",
         "/send/answer/error/codes/1", 4},
        {HEAD "\"send\":{\"request\":{\"url\":\"/"
              "a\"},\"answer\":{\"error\":{\"codes\":{\"1\":{\"outcome\":\"retry\",\"wiat\":\"1s\"}"
              "}}}}}",
         "/send/answer/error/codes/1", 3},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\"},\n\"batch\":5}}", "/send/batch", 4},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\",\"item\":\"x\"}}}", "/send/request", 3},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\",\"auth\":\"basic\",\n\"headers\":"
              "{\"authorization\":\"Bearer ${password|header}\"}}}}",
         "/send/request", 3},
        {HEAD "\"send\":{\"request\":{\"url\":\"/${param.yok|url}\"}}}", "/send/request", 3},
        {HEAD "\"send\":{\"request\":{\"url\":\"/${enc.yok|url}\"}}}", "/send/request", 3},
        {HEAD "\"encoding\":{\"gsm8\":{}},\"send\":{\"request\":{\"url\":\"/a\"}}}",
         "/encoding/gsm8", 3},
        {HEAD
         "\"send\":{\"request\":{\"url\":\"/a\"}},\n\"reports\":{\"states\":{\"1\":\"gone\"}}}",
         "/reports/states/1", 4},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\"}},\n\"sned\":1}", "/sned", 4},
        {HEAD "\"limits\":{}}", "/send", 1},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\",\"body\":\"${text|raw}${items|raw}\",\"item\":"
              "\"${to|raw}\"},\n\"batch\":5}}",
         "/send/batch", 4},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\"},\"answer\":{\"error\":{\"codes\":{\"1\":\n"
              "\"absent\"}}}}}",
         "/send/answer/error/codes/1", 4},
        {HEAD
         "\"send\":{\"request\":{\"url\":\"/a\"}},\n\"recover\":{\"request\":{\"url\":\"/b\"}}}",
         "/recover", 4},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\"}},\"reports\":{\"states\":{\"1\":\n{\"state\":"
              "\"undelivered\",\"cause\":\"throttled\"}}}}",
         "/reports/states/1", 4},
        {HEAD
         "\"send\":{\"request\":{\"url\":\"/a\"}},\"reports\":{\"states\":{},\"hook\":{\"format\":"
         "\"json\",\"row\":{\"state\":\"s\"},\"signature\":{\"header\":\"X\",\n\"content\":"
         "\"${bdoy}\"}}}}",
         "/reports/hook/signature/content", 4},
        {"{", "", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct recipe *r = NULL;
        struct faults faults;
        struct err e = {0};

        faults_init(&faults);
        assert_int_equal(recipe_parse(str_of(rows[i].text), "x.json", &r, &faults, &e),
                         ERR_INVALID);
        assert_true(faults.count >= 1);
        if (strcmp(faults.list[0].pointer, rows[i].pointer) != 0 ||
            faults.list[0].line != rows[i].line) {
            fail_msg("row %zu: %s:%d %s", i, faults.list[0].pointer, faults.list[0].line,
                     faults.list[0].en);
        }
        assert_string_equal(faults.list[0].file, "x.json");
        faults_finish(&faults);
    }
}

/* What only finds nothing is a warning: the recipe sends all the same. */
static void test_places_where_nothing_is_found(void **state)
{
    static const struct {
        const char *text;
        const char *pointer; /* null: nothing to say */
        int line;
    } rows[] = {
        {POLL("\"rows\":[\"/a\",\n\"b\"],\"row\":{\"id\":\"i\",\"state\":\"s\"}"),
         "/reports/poll/rows/1", 5},
        {POLL("\"rows\":[\"/b\",\"/a\"],\"row\":{\"id\":\"/i\",\"state\":\"s\"}"), NULL, 0},
        {POLL("\"format\":\"xml\",\"rows\":[\n\"/a/@b\"],\"row\":{\"id\":\"i\",\"state\":\"s\"}"),
         "/reports/poll/rows/0", 5},
        {POLL("\"format\":\"xml\",\"rows\":[\n\"/.\"],\"row\":{\"id\":\"i\",\"state\":\"s\"}"),
         "/reports/poll/rows/0", 5},
        {POLL("\"format\":\"xml\",\"rows\":[\"a/b\"],\"row\":{\"id\":\"/i\",\"state\":\".\"}"),
         NULL, 0},
        {POLL("\"format\":\"xml\",\"row\":{\"id\":\"@i\",\n\"state\":\"s/\"}"),
         "/reports/poll/row/state", 5},
        {POLL("\"format\":\"lines\",\"row\":{\"to\":\"1\",\n\"state\":\"0\"}"),
         "/reports/poll/row/state", 5},
        {POLL("\"format\":\"kv\",\"rows\":[\n\"/a\"],\"row\":{\"state\":\"s\"}"),
         "/reports/poll/rows/0", 5},
        {HEAD
         "\"send\":{\"request\":{\"url\":\"/a\"}},\"reports\":{\"states\":{},\"hook\":{\"format\":"
         "\"form\",\n\"rows\":\"/a\",\"row\":{\"state\":\"s\"}}}}",
         "/reports/hook/rows", 4},
        {HEAD "\"send\":{\"request\":{\"url\":\"/a\"}},\"senders\":{\"request\":{\"url\":\"/s\"},"
              "\n\"item\":\"title\"}}",
         "/senders/item", 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct recipe *r = NULL;
        struct faults faults;

        faults_init(&faults);
        if (recipe_parse(str_of(rows[i].text), "x.json", &r, &faults, NULL) != 0) {
            fail_msg("row %zu: %s: %s", i, faults.list[0].pointer, faults.list[0].en);
        }
        if (faults.count != (rows[i].pointer != NULL) || faults.errors != 0 ||
            (faults.count > 0 && (strcmp(faults.list[0].pointer, rows[i].pointer) != 0 ||
                                  faults.list[0].line != rows[i].line))) {
            fail_msg("row %zu: %zu faults, %s:%d", i, faults.count,
                     faults.count > 0 ? faults.list[0].pointer : "",
                     faults.count > 0 ? faults.list[0].line : 0);
        }
        recipe_free(r);
        faults_finish(&faults);
    }
}

static void test_paths(void **state)
{
    static const struct {
        const char *name;
        const char *path;
    } rows[] = {{"netgsm", "d/netgsm.json"},
                {"./a.json", "./a.json"},
                {"/etc/x.json", "/etc/x.json"},
                {"", NULL},
                {"a b", NULL},
                {"..", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct buf out;
        struct err e;

        buf_init(&out, 100);
        assert_int_equal(recipe_path("d", rows[i].name, &out, &e),
                         rows[i].path == NULL ? ERR_INVALID : 0);
        if (rows[i].path != NULL) {
            assert_string_equal(buf_cstr(&out), rows[i].path);
        }
        buf_finish(&out);
    }
}

/* The example that people begin with is a good recipe. */
static void test_documented_example(void **state)
{
    char *page = calloc(1, 1 << 16);
    FILE *f = fopen(HATIRLAT_SOURCE_DIR "/docs/recipes.md", "r");
    struct recipe *r = NULL;
    struct faults faults;
    char *example;
    char *end;

    (void)state;
    assert_non_null(f);
    assert_true(fread(page, 1, (1 << 16) - 1, f) > 0);
    fclose(f);
    example = strstr(page, "```jsonc\n{");
    assert_non_null(example);
    example += 9;
    end = strstr(example, "\n```");
    assert_non_null(end);
    faults_init(&faults);
    if (recipe_parse((struct str){example, (size_t)(end - example)}, "recipes.md", &r, &faults,
                     NULL) != 0) {
        fail_msg("%s: %s", faults.list[0].pointer, faults.list[0].en);
    }
    faults_finish(&faults);
    recipe_free(r);
    free(page);
}

/* The shipped schema is what the table says. To write it anew: HATIRLAT_WRITE=1. */
static void test_schema(void **state)
{
    static const char path[] = HATIRLAT_SOURCE_DIR "/config/recipes/recipe.schema.json";
    struct buf schema;
    char *file = calloc(1, 1 << 20);
    FILE *f;

    (void)state;
    buf_init(&schema, 1 << 20);
    recipe_schema(&schema);
    assert_int_equal(buf_failed(&schema), 0);
    if (getenv("HATIRLAT_WRITE") != NULL) {
        f = fopen(path, "w");
        assert_non_null(f);
        fputs(buf_cstr(&schema), f);
        fclose(f);
    }
    f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(file, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    assert_string_equal(file, buf_cstr(&schema));
    free(file);
    buf_finish(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_expand),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_xml_drops_what_it_forbids),
        cmocka_unit_test(test_bad_placeholders),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_bad_expressions),
        cmocka_unit_test(test_xml_depth),
        cmocka_unit_test(test_xml_rows),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_netgsm_verdicts),
        cmocka_unit_test(test_kannel_verdicts),
        cmocka_unit_test(test_long_codes),
        cmocka_unit_test(test_jobid_keeps_its_digits),
        cmocka_unit_test(test_detail_is_clean),
        cmocka_unit_test(test_poll_rows),
        cmocka_unit_test(test_hook),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_places_where_nothing_is_found),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_documented_example),
        cmocka_unit_test(test_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
