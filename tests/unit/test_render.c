/* The message set of this office, rendered: the words agreed on, both parts of a mail, the table.
 */
#include "base/civil.h"
#include "base/err.h"
#include "base/json.h"
#include "text/outline.h"
#include "text/render.h"
#include "text/sms.h"
#include "text/turkish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct message_set *set;
static struct json_doc *words;

static int setup(void **state)
{
    (void)state;
    struct faults faults;
    faults_init(&faults);
    int rc = message_set_load(HATIRLAT_SOURCE_DIR "/config/templates", &set, &faults);
    for (size_t i = 0; i < faults.count; i++)
        (void)fprintf(stderr, "%s:%d:%d: %s\n", faults.list[i].file, faults.list[i].line,
                      faults.list[i].column, faults.list[i].en);
    faults_finish(&faults);
    struct buf text;
    buf_init(&text, 1 << 20);
    FILE *in = fopen(HATIRLAT_SOURCE_DIR "/tests/vectors/messages-tr.json", "re");
    if (rc != 0 || in == NULL)
        return -1;
    char *room = buf_reserve(&text, 300000);
    buf_commit(&text, fread(room, 1, 300000, in));
    (void)fclose(in);
    rc = json_parse((struct str){text.data, text.len}, 0, &json_default_limits, &words, NULL, NULL);
    buf_finish(&text);
    return rc;
}

static int teardown(void **state)
{
    (void)state;
    message_set_free(set);
    json_free(words);
    return 0;
}

/* Puts values in the place of {AD} and so on; the vectors' own notation. */
static void fill(struct str text, const char *const (*pairs)[2], struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        bool hit = false;
        for (size_t k = 0; !hit && pairs[k][0] != NULL; k++) {
            size_t n = strlen(pairs[k][0]);
            hit = text.len - i >= n && memcmp(text.ptr + i, pairs[k][0], n) == 0;
            if (hit) {
                (void)buf_adds(out, pairs[k][1]);
                i += n - 1;
            }
        }
        if (!hit)
            (void)buf_addc(out, text.ptr[i]);
    }
}

/* The file name of "SMS-A90" and "EP-A90". */
static void lower(struct str id, char out[16])
{
    size_t n = 0;
    for (; n < id.len && n < 15; n++)
        out[n] = ascii_lower(id.ptr[n]);
    out[n] = '\0';
}

static struct str after_dash(struct str id)
{
    const char *dash = memchr(id.ptr, '-', id.len);
    return (struct str){dash + 1, id.len - (size_t)(dash + 1 - id.ptr)};
}

static void every_sms_says_the_agreed_words(void **state)
{
    (void)state;
    struct render_values *v = render_values_create();
    struct buf out;
    struct err e = {0};
    buf_init(&out, RENDER_SMS_MAX);
    size_t count = 0;
    for (const struct json *m = json_first(json_get(json_root(words), "sms")); m != NULL;
         m = json_next(m)) {
        const struct json *values = json_get(m, "sample_values");
        char name[16];
        lower(after_dash(json_str(json_get(m, "id"))), name);
        render_values_sample(v, LANG_TR);
        if (json_get(values, "KALAN") != NULL)
            (void)render_values_override(v, STR("remaining"), json_str(json_get(values, "KALAN")));
        if (json_get(values, "N") != NULL)
            (void)render_values_override(v, STR("persons"), json_str(json_get(values, "N")));
        buf_reset(&out);
        assert_int_equal(render_sms(set, str_of(name), v, &out, &e), 0);
        struct str sample = json_str(json_get(m, "sample"));
        assert_int_equal(out.len, sample.len);
        assert_memory_equal(out.data, sample.ptr, sample.len);
        count++;
    }
    assert_int_equal(count, 18);
    buf_finish(&out);
    render_values_free(v);
}

static void each_sms_is_one_segment_with_the_longest_values(void **state)
{
    (void)state;
    static const char *const names[] = {"a90", "a60", "a30", "a15", "a7", "a3", "a1", "e1", "e2",
                                        "e3",  "n1",  "n2",  "x",   "b",  "s",  "t",  "k1", "k2"};
    struct sms_options options = {.reserve = SMS_RESERVE_TR};
    struct sms_measure *measure = malloc(sizeof(*measure));
    struct render_values *v = render_values_create();
    struct buf out;
    struct err e = {0};
    buf_init(&out, RENDER_SMS_MAX);
    for (int lang = 0; lang < LANG_COUNT; lang++)
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            if (!message_set_has(set, (enum lang)lang, CHANNEL_SMS, str_of(names[i])))
                continue;
            render_values_longest(v, (enum lang)lang);
            buf_reset(&out);
            assert_int_equal(render_sms(set, str_of(names[i]), v, &out, &e), 0);
            assert_int_equal(
                sms_measure((struct str){out.data, out.len}, SMS_TR_SINGLE, &options, measure, &e),
                0);
            if (!measure->encodable || measure->segments != 1)
                fail_msg("%s %s: %u segments: %s", lang_name((enum lang)lang), names[i],
                         measure->segments, buf_cstr(&out));
        }
    free(measure);
    buf_finish(&out);
    render_values_free(v);
}

static const char *const sample_pairs[][2] = {
    {"{AD}", "Işıl"},
    {"{SOYAD}", "ÇİĞDEM"},
    {"{BITIS}", "12.02.2027"},
    {"{BITIS_UZUN}", "12 Şubat 2027 Cuma"},
    {"{KALAN}", "30 gün sonra"},
    {"{N} kişi", "4 kişi"},
    {"{N} personel", "4 personel"},
    {"{N}", "30"},
    {"{G}", "30"},
    {"{PORTAL}", "portal.kamusm.gov.tr/bp/meb.go"},
    {"{PORTAL_URL}", "https://portal.kamusm.gov.tr/bp/meb.go"},
    {"{KILAVUZ_URL}", "https://kilavuz.example/e-onay"},
    {"{SUBE_TEL}", "0312 000 00 67"},
    {"{IL}", "Örnekil"},
    {"{KURUM_HITAP}", "Örnek Ortaokulu Müdürlüğüne"},
    {"{BILDIRIM_YOLU}", "bilgi@ornek.test adresine e-posta"},
    {"{AYDINLATMA_URL}", "https://ornek.test/aydinlatma"},
    {"{TARIH}", "13.01.2027"},
    {"{A}", "2"},
    {"{B}", "3"},
    {"{C}", "4"},
    {"{D}", "1"},
    {"{E}", "0"},
    {"{TABLO: Ad SOYAD | Bitiş tarihi | Kalan gün | Durum (başvurdu / başvurmadı / e-Onay yok / "
     "talep yazısı bekleniyor)}",
     "| Ad SOYAD | Bitiş tarihi | Kalan gün | Durum |\n"
     "| Işıl ÇİĞDEM | 12.02.2027 | 30 | talep yazısı bekleniyor |\n"
     "| İlker ISIRGAN | 17.02.2027 | 35 | başvurmadı |"},
    {"{TABLO: Ad SOYAD | Başvuru tarihi | e-imza bitiş tarihi}",
     "| Ad SOYAD | Başvuru tarihi | e-imza bitiş tarihi |\n"
     "| Işıl ÇİĞDEM | 05.01.2027 | 12.02.2027 |\n"
     "| İlker ISIRGAN |  | 17.02.2027 |"},
    {"{TABLO: Kurum | Ad SOYAD | Bitiş | Bekleyen adım | Bekleme (gün)}",
     "| Kurum | Ad SOYAD | Bitiş | Bekleyen adım | Bekleme (gün) |\n"
     "| Örnek Ortaokulu | Işıl ÇİĞDEM | 12.02.2027 | talep yazısı bekleniyor | 8 |\n"
     "| Deneme Lisesi | İlker ISIRGAN | 17.02.2027 | başvurmadı | 0 |"},
    {NULL, NULL},
};

static void expect_mail(const struct json *m, const struct render_mail *mail)
{
    struct buf want;
    buf_init(&want, RENDER_MAIL_MAX);
    fill(json_str(json_get(m, "subject")), sample_pairs, &want);
    assert_string_equal(buf_cstr(&mail->subject), buf_cstr(&want));
    buf_reset(&want);
    fill(json_str(json_get(m, "body")), sample_pairs, &want);
    for (const struct json *b = json_first(json_get(m, "blocks")); b != NULL; b = json_next(b)) {
        char key[32];
        (void)str_copy(key, sizeof(key), json_str(b));
        (void)buf_adds(&want, "\n\n");
        fill(json_str(json_get(json_get(json_root(words), "email_blocks"), key)), sample_pairs,
             &want);
    }
    (void)buf_adds(&want, "\n");
    assert_string_equal(buf_cstr(&mail->body), buf_cstr(&want));
    assert_non_null(strstr(buf_cstr(&mail->text), buf_cstr(&want)));
    buf_finish(&want);
}

static void every_mail_says_the_agreed_words(void **state)
{
    (void)state;
    struct render_values *v = render_values_create();
    struct render_mail mail;
    struct err e = {0};
    size_t count = 0;
    render_mail_init(&mail);
    for (const struct json *m = json_first(json_get(json_root(words), "email")); m != NULL;
         m = json_next(m)) {
        char name[16];
        lower(after_dash(json_str(json_get(m, "id"))), name);
        render_values_sample(v, LANG_TR);
        if (render_mail(set, str_of(name), v, &mail, &e) != 0)
            fail_msg("%s: %s", name, e.text);
        expect_mail(m, &mail);
        count++;
    }
    assert_int_equal(count, 18);
    render_mail_finish(&mail);
    render_values_free(v);
}

static void the_html_part_holds_the_same_facts(void **state)
{
    (void)state;
    struct render_values *v = render_values_create();
    struct render_mail mail;
    struct err e = {0};
    render_mail_init(&mail);
    render_values_sample(v, LANG_TR);
    (void)render_values_override(v, STR("holder.given_name"), STR("<b>Ali & \"Veli\""));
    assert_int_equal(render_mail(set, STR("a30"), v, &mail, &e), 0);
    static const char *const facts[] = {
        "<html lang=\"tr\">",
        "<title>E-imzanızın süresi 30 gün sonra doluyor</title>",
        "<p>Sayın &lt;b&gt;Ali &amp; &quot;Veli&quot; ÇİĞDEM,</p>",
        "<strong>12 Şubat 2027 Cuma</strong> (30 gün sonra)",
        ">E-imzanızın süresi 12 Şubat 2027 Cuma günü dolacaktır; bu tarihe 30 gün kalmıştır.</div>",
        "<ol>\n<li><a href=\"https://portal.kamusm.gov.tr/bp/meb.go\">"
        "https://portal.kamusm.gov.tr/bp/meb.go</a> adresini açınız.",
        "Örnekil İl Millî Eğitim Müdürlüğü<br>\nBilgi İşlem Şube Müdürlüğü</p>",
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        if (strstr(buf_cstr(&mail.html), facts[i]) == NULL)
            fail_msg("no %s in %s", facts[i], buf_cstr(&mail.html));
    assert_memory_equal(mail.text.data, "Bitiş tarihi: 12 Şubat 2027 Cuma (30 gün sonra)\n\nSayın",
                        sizeof("Bitiş tarihi: 12 Şubat 2027 Cuma (30 gün sonra)\n\nSayın") - 1);
    render_mail_finish(&mail);
    render_values_free(v);
}

struct pair {
    const char *text;
    const char *html;
};

static const struct pair outlines[] = {
    {"", ""},
    {"a\nb\n\nc", "<p>a<br>\nb</p>\n<p>c</p>\n"},
    {"<a href=\"x\">&", "<p>&lt;a href=&quot;x&quot;&gt;&amp;</p>\n"},
    {"x:\n1. a\n2. b\nc", "<p>x:</p>\n<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n<p>c</p>\n"},
    {"3. a", "<ol start=\"3\">\n<li>a</li>\n</ol>\n"},
    {"12.02.2027", "<p>12.02.2027</p>\n"},
    {"bkz. https://a.example/b?c=1&d, son", "<p>bkz. <a href=\"https://a.example/b?c=1&amp;d\">"
                                            "https://a.example/b?c=1&amp;d</a>, son</p>\n"},
    {"(https://a.example).", "<p>(<a href=\"https://a.example\">https://a.example</a>).</p>\n"},
    {"https://", "<p>https://</p>\n"},
    {"http://a.example javascript:x", "<p>http://a.example javascript:x</p>\n"},
    {"https://a.example https://b.example",
     "<p><a href=\"https://a.example\">https://a.example</a> "
     "<a href=\"https://b.example\">https://b.example</a></p>\n"},
    {"| A | B |\n| 1 | x<y |", "<table border=\"1\" cellpadding=\"6\" cellspacing=\"0\">"
                               "<thead><tr><th scope=\"col\" align=\"left\">A</th>"
                               "<th scope=\"col\" align=\"left\">B</th></tr></thead><tbody>\n"
                               "<tr><td align=\"right\">1</td><td>x&lt;y</td></tr>\n"
                               "</tbody></table>\n"},
};

static void text_becomes_html(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(outlines) / sizeof(outlines[0]); i++) {
        struct buf out;
        buf_init(&out, 4096);
        assert_int_equal(outline_html(str_of(outlines[i].text), &out), 0);
        assert_string_equal(buf_cstr(&out), outlines[i].html);
        buf_finish(&out);
    }
}

static void the_examples_of_the_table_are_the_sample(void **state)
{
    (void)state;
    struct render_values *v = render_values_create();
    render_values_sample(v, LANG_TR);
    for (int i = 0; i < MESSAGE_NAME_COUNT; i++) {
        bool in_row = i >= NAME_ROWS_INSTITUTION && i <= NAME_ROWS_WAITING;
        struct str got = render_values_get(v, (enum text_name)i);
        assert_int_equal(text_name_find(str_of(text_names[i].name)), i);
        assert_true(text_names[i].tr[0] != '\0' && text_names[i].en[0] != '\0');
        if (!in_row && !str_eqs(got, text_names[i].example))
            fail_msg("%s is \"%.*s\", not \"%s\"", text_names[i].name, (int)got.len, got.ptr,
                     text_names[i].example);
    }
    assert_int_equal(text_name_find(STR("rows.nam")), TEXT_NAME_COUNT);
    render_values_free(v);
}

struct day_case {
    int left;
    const char *tr;
    const char *en;
};

static void remaining_days_are_those_of_the_day_of_sending(void **state)
{
    (void)state;
    static const struct day_case cases[] = {
        {0, "bugün", NULL}, {1, "yarın", NULL}, {7, "7 gün sonra", NULL}, {-1, "dün doldu", NULL}};
    static const struct render_office office = {.guide_url = {"https://a.example/k", 19}};
    struct render_values *v = render_values_create();
    int64_t end = istanbul_day_start(20861 + 1) - 1;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int hour = 0; hour < 24; hour += 23) {
            struct render_facts facts = {.office = &office, .end_ms = end};
            facts.now_ms = istanbul_day_start(20861 - cases[i].left) + hour * (int64_t)3600000 + 1;
            assert_int_equal(render_values_set(v, LANG_TR, &facts), 0);
            assert_true(str_eqs(render_values_get(v, NAME_REMAINING), cases[i].tr));
            assert_true(str_eqs(render_values_get(v, NAME_CERTIFICATE_END_SHORT), "12.02.2027"));
            assert_true(str_eqs(render_values_get(v, NAME_GUIDE), "a.example/k"));
        }
    render_values_free(v);
}

struct mark_case {
    enum case_series series;
    int mark;
    enum channel channel;
    const char *name;
};

static void marks_have_their_templates(void **state)
{
    (void)state;
    static const struct mark_case cases[] = {
        {SERIES_A, 90, CHANNEL_SMS, "a90"}, {SERIES_A, 1, CHANNEL_EMAIL, "a1"},
        {SERIES_A, 45, CHANNEL_SMS, "a30"}, {SERIES_A, 120, CHANNEL_SMS, "a90"},
        {SERIES_A, 0, CHANNEL_SMS, "a1"},   {SERIES_A, -1, CHANNEL_SMS, "x"},
        {SERIES_E, 90, CHANNEL_SMS, "e1"},  {SERIES_E, 30, CHANNEL_EMAIL, "e1"},
        {SERIES_E, 15, CHANNEL_SMS, "e2"},  {SERIES_E, 7, CHANNEL_SMS, "e2"},
        {SERIES_E, 3, CHANNEL_SMS, "e3"},   {SERIES_E, 1, CHANNEL_SMS, "e3"},
        {SERIES_N, 60, CHANNEL_SMS, "n1"},  {SERIES_N, 15, CHANNEL_SMS, "n2"},
        {SERIES_N, 1, CHANNEL_SMS, "n2"},   {SERIES_N, 90, CHANNEL_EMAIL, "n"},
        {SERIES_N, 1, CHANNEL_EMAIL, "n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = render_template_for(cases[i].series, cases[i].mark, cases[i].channel);
        assert_string_equal(name, cases[i].name);
        for (int lang = 0; lang < LANG_COUNT; lang++)
            assert_true(message_set_has(set, (enum lang)lang, cases[i].channel, str_of(name)));
    }
}

static void a_missing_template_is_told(void **state)
{
    (void)state;
    struct render_values *v = render_values_create();
    struct buf out;
    struct err e = {0};
    enum lang lang;
    buf_init(&out, RENDER_SMS_MAX);
    render_values_sample(v, LANG_EN);
    assert_int_equal(render_sms(set, STR("k1"), v, &out, &e), ERR_NOT_FOUND);
    assert_int_equal(message_set_lang(set, LANG_EN, CHANNEL_SMS, STR("k1"), &lang), 0);
    assert_int_equal(lang, LANG_TR);
    assert_int_equal(message_set_lang(set, LANG_EN, CHANNEL_SMS, STR("a90"), &lang), 0);
    assert_int_equal(lang, LANG_EN);
    assert_int_equal(message_set_lang(set, LANG_TR, CHANNEL_SMS, STR("_adimlar"), &lang),
                     ERR_NOT_FOUND);
    assert_int_equal(lang_parse(STR("en-GB")), LANG_EN);
    assert_int_equal(lang_parse(STR("eng")), LANG_TR);
    assert_int_equal(lang_parse(STR("")), LANG_TR);
    buf_finish(&out);
    render_values_free(v);
}

struct bad_file {
    const char *name;
    const char *text;
};

static const struct bad_file bad_files[] = {
    {"a.sms", "{{remainig}}\n"},
    {"b.mail", "Konu: {{x\nKonuk: y\n\n{{> yok}}\n"},
    {"c.mail", "Konu: {{office.name}}\n\n{{> parca}}{{layout.body}}\n"},
    {"d.mail", "\ngövde\n"},
    {"_parca.mail", "satır\n{{holder.nam}}\n"},
    {"not.txt", "{{ burası okunmaz"},
};
enum { BAD_FILES = sizeof(bad_files) / sizeof(bad_files[0]) };

/* Every expected fault as "file:line:column code". */
static const char *const bad_places[] = {
    "a.sms:1:3 TPL-007",  "b.mail:1:7 TPL-001",       "b.mail:2:1 TPL-011",
    "b.mail:4:5 TPL-008", "c.mail:3:14 TPL-007",      "_parca.mail:2:3 TPL-007",
    "d.mail:1:1 TPL-011", "_layout.text:0:0 TPL-014", "_layout.html:0:0 TPL-014",
};

static void list_places(const struct faults *faults, struct buf *out)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->list[i];
        const char *file = strrchr(f->file, '/');
        (void)buf_addf(out, "%s:%d:%d %s\n", file == NULL ? f->file : file + 1, f->line, f->column,
                       f->code);
    }
}

static void all_faults_of_all_files_are_told(void **state)
{
    (void)state;
    char dir[] = "/tmp/hatirlat-render-XXXXXX";
    char path[128];
    struct message_set *none;
    struct faults faults;
    struct buf places;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/tr", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    for (int i = 0; i < BAD_FILES; i++) {
        (void)snprintf(path, sizeof(path), "%s/tr/%s", dir, bad_files[i].name);
        FILE *out = fopen(path, "we");
        assert_non_null(out);
        (void)fputs(bad_files[i].text, out);
        (void)fclose(out);
    }
    faults_init(&faults);
    buf_init(&places, 8192);
    assert_int_equal(message_set_load(dir, &none, &faults), ERR_INVALID);
    assert_null(none);
    list_places(&faults, &places);
    for (size_t i = 0; i < sizeof(bad_places) / sizeof(bad_places[0]); i++)
        if (strstr(buf_cstr(&places), bad_places[i]) == NULL)
            fail_msg("no %s in\n%s", bad_places[i], buf_cstr(&places));
    if (faults.total != sizeof(bad_places) / sizeof(bad_places[0]))
        fail_msg("%zu faults:\n%s", faults.total, buf_cstr(&places));
    faults_finish(&faults);
    buf_finish(&places);
    for (int i = 0; i < BAD_FILES; i++) {
        (void)snprintf(path, sizeof(path), "%s/tr/%s", dir, bad_files[i].name);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof(path), "%s/tr", dir);
    (void)rmdir(path);
    (void)rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sms_says_the_agreed_words),
        cmocka_unit_test(each_sms_is_one_segment_with_the_longest_values),
        cmocka_unit_test(every_mail_says_the_agreed_words),
        cmocka_unit_test(the_html_part_holds_the_same_facts),
        cmocka_unit_test(text_becomes_html),
        cmocka_unit_test(the_examples_of_the_table_are_the_sample),
        cmocka_unit_test(remaining_days_are_those_of_the_day_of_sending),
        cmocka_unit_test(marks_have_their_templates),
        cmocka_unit_test(a_missing_template_is_told),
        cmocka_unit_test(all_faults_of_all_files_are_told),
    };
    return cmocka_run_group_tests_name("render", tests, setup, teardown);
}
