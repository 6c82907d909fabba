/* Composed mails: headers, encodings, refusals, the calendar. */
#include "base/err.h"
#include "text/mail.h"
#include "text/mail_encode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct mail sample(void)
{
    return (struct mail){
        .from = {STR("Örnekil Bilgi İşlem"), STR("bildirim@ornek.test")},
        .reply_to = {STR(""), STR("bilgi@ornek.test")},
        .to = {STR("Isil Cigdem"), STR("isil.cigdem@okul.example")},
        .subject = STR("E-imzanızın süresi 12 Şubat 2027 Cuma günü doluyor"),
        .text = STR("Sayın Işıl ÇİĞDEM,\n\nSüre doluyor.\n"),
        .html = STR("<p>Sayın Işıl ÇİĞDEM,</p>\n"),
        .message_id = STR("m1.90@ornek.test"),
        .references = STR("case-7@ornek.test"),
        .date_ms = 1802401200000,
    };
}

static void a_whole_mail(void **state)
{
    (void)state;
    static const char expected[] =
        "From: =?UTF-8?B?w5ZybmVraWwgQmlsZ2kgxLDFn2xlbQ==?= <bildirim@ornek.test>\r\n"
        "Reply-To: bilgi@ornek.test\r\n"
        "To: Isil Cigdem <isil.cigdem@okul.example>\r\n"
        "Subject: =?UTF-8?B?RS1pbXphbsSxesSxbiBzw7xyZXNpIDEyIMWedWJhdCAyMDI3IEN1?=\r\n"
        " =?UTF-8?B?bWEgZ8O8bsO8IGRvbHV5b3I=?=\r\n"
        "Date: Fri, 12 Feb 2027 06:00:00 +0300\r\n"
        "Message-ID: <m1.90@ornek.test>\r\n"
        "References: <case-7@ornek.test>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative;\r\n boundary=\"=_ha%s\"\r\n"
        "\r\n--=_ha%s\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        "Say=C4=B1n I=C5=9F=C4=B1l =C3=87=C4=B0=C4=9EDEM,\r\n\r\nS=C3=BCre doluyor.\r\n"
        "\r\n--=_ha%s\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        "<p>Say=C4=B1n I=C5=9F=C4=B1l =C3=87=C4=B0=C4=9EDEM,</p>\r\n"
        "\r\n--=_ha%s--\r\n";
    struct mail m = sample();
    struct buf out, want;
    struct err e = {0};
    buf_init(&out, MAIL_SIZE_MAX);
    buf_init(&want, MAIL_SIZE_MAX);
    assert_int_equal(mail_compose(&m, &out, &e), 0);
    const char *b = strstr(buf_cstr(&out), "=_ha");
    assert_non_null(b);
    char hash[17] = {0};
    memcpy(hash, b + 4, 16);
    (void)buf_addf(&want, expected, hash, hash, hash, hash);
    assert_string_equal(buf_cstr(&out), buf_cstr(&want));
    buf_finish(&out);
    buf_finish(&want);
}

struct name_case {
    const char *name;
    const char *line;
};

static const struct name_case name_cases[] = {
    {"", "To: a@b.example\r\n"},
    {"Ali", "To: Ali <a@b.example>\r\n"},
    {"Ali (okul), Dr.", "To: \"Ali (okul), Dr.\" <a@b.example>\r\n"},
    {"Ali \"Bey\"", "To: =?UTF-8?B?QWxpICJCZXki?= <a@b.example>\r\n"},
    {"=?UTF-8?B?QWxp?=", "To: =?UTF-8?B?PT9VVEYtOD9CP1FXeHA/PQ==?= <a@b.example>\r\n"},
    {" Ali", "To: =?UTF-8?B?IEFsaQ==?= <a@b.example>\r\n"},
    {"Şule", "To: =?UTF-8?B?xZ51bGU=?= <a@b.example>\r\n"},
};

static void names_are_encoded_only_where_needed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(name_cases) / sizeof(name_cases[0]); i++) {
        struct mail m = sample();
        struct buf out;
        struct err e = {0};
        m.to = (struct mail_address){str_of(name_cases[i].name), STR("a@b.example")};
        buf_init(&out, MAIL_SIZE_MAX);
        assert_int_equal(mail_compose(&m, &out, &e), 0);
        if (strstr(buf_cstr(&out), name_cases[i].line) == NULL)
            fail_msg("no \"%s\" in %s", name_cases[i].line, buf_cstr(&out));
        buf_finish(&out);
    }
}

struct quoted_case {
    const char *text;
    const char *quoted;
};

static const struct quoted_case quoted_cases[] = {
    {"", ""},
    {"a", "a"},
    {"a\nb\r\nc\rd\n", "a\r\nb\r\nc\r\nd\r\n"},
    {"a=b", "a=3Db"},
    {"a \nb\t\n", "a=20\r\nb=09\r\n"},
    {"a ", "a=20"},
    {".\n.a\nFrom x\nFrom\n", "=2E\r\n=2Ea\r\n=46rom x\r\nFrom\r\n"},
    {"ığ🙂", "=C4=B1=C4=9F=F0=9F=99=82"},
    {"\x01\x7F", "=01=7F"},
    /* 71 columns at most, broken after a blank where one is near */
    {"123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789",
     "123456789 123456789 123456789 123456789 123456789 123456789 123456789 =\r\n123456789"},
    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=\r\nxxxxxxx"},
};

static void quoted_printable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(quoted_cases) / sizeof(quoted_cases[0]); i++) {
        struct buf out;
        buf_init(&out, 4096);
        assert_int_equal(mail_encode_quoted(str_of(quoted_cases[i].text), &out), 0);
        assert_string_equal(buf_cstr(&out), quoted_cases[i].quoted);
        buf_finish(&out);
    }
}

/* Every length and every place of a letter: no word above 75, no line above 76. */
static void encoded_words_stay_short(void **state)
{
    (void)state;
    char text[400];
    for (size_t pad = 0; pad < 60; pad++) {
        memset(text, 'a', pad);
        size_t len = pad;
        while (len + 4 < 300) {
            memcpy(text + len, len % 3 == 0 ? "ğ" : "🙂", len % 3 == 0 ? 2 : 4);
            len += len % 3 == 0 ? 2 : 4;
        }
        struct buf out;
        buf_init(&out, 4096);
        (void)mail_encode_words((struct str){text, len}, pad % 80, &out);
        size_t column = pad % 80;
        for (const char *p = buf_cstr(&out); *p != '\0'; p++) {
            column = *p == '\n' ? 0 : column + 1;
            assert_true(*p == '\r' || column <= MAIL_LINE_MAX);
        }
        buf_finish(&out);
    }
}

static void refused(struct mail m, const char *what)
{
    struct buf out;
    struct err e = {0};
    buf_init(&out, MAIL_SIZE_MAX);
    if (mail_compose(&m, &out, &e) != ERR_INVALID)
        fail_msg("%s was accepted", what);
    assert_int_equal(out.len, 0);
    assert_true(e.text[0] != '\0');
    buf_finish(&out);
}

static void nothing_may_end_a_header_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "a\nBcc: x@y.example", "a\rb", "a\x01", "\x7F", "\xC2\x85", "\xFF"};
    static const char *const bad_address[] = {
        "",      "a",           "a@",          "@b",    "a b@c", "a@b>",
        "a@b@c", "a@b\r\nX: y", "ş@b.example", "<a@b>", "a,b@c"};
    struct mail m;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        m = sample(), m.subject = str_of(bad[i]), refused(m, "subject");
        m = sample(), m.from.name = str_of(bad[i]), refused(m, "from name");
        m = sample(), m.to.name = str_of(bad[i]), refused(m, "to name");
        m = sample(), m.reply_to.name = str_of(bad[i]), refused(m, "reply name");
        m = sample(), m.ics_name = str_of(bad[i]), refused(m, "file name");
        m = sample(), m.message_id = str_of(bad[i]), refused(m, "message id");
        m = sample(), m.references = str_of(bad[i]), refused(m, "references");
    }
    for (size_t i = 0; i < sizeof(bad_address) / sizeof(bad_address[0]); i++) {
        m = sample(), m.from.addr = str_of(bad_address[i]), refused(m, "from");
        m = sample(), m.to.addr = str_of(bad_address[i]), refused(m, "to");
    }
    m = sample(), m.subject = (struct str){"a\0b", 3}, refused(m, "NUL in the subject");
    m = sample(), m.text = (struct str){"a\0b", 3}, refused(m, "NUL in the text");
    m = sample(), m.html = STR("\xC3"), refused(m, "broken HTML");
}

static void bounds_are_errors(void **state)
{
    (void)state;
    struct mail m = sample();
    struct buf out;
    struct err e = {0};
    buf_init(&out, 500);
    assert_int_equal(mail_compose(&m, &out, &e), ERR_LIMIT);
    buf_finish(&out);
}

static void a_calendar_is_attached(void **state)
{
    (void)state;
    struct buf ics, out;
    struct err e = {0};
    buf_init(&ics, 4096);
    buf_init(&out, MAIL_SIZE_MAX);
    assert_int_equal(mail_calendar(STR("case-7@ornek.test"), 0, 20861,
                                   STR("E-imza; bitiş, son gün"),
                                   STR("satır 1\nÇok uzun bir açıklama: çığ öğün şükür ığdır "
                                       "üzüm çöl ğğğğğğğğğğğğ son"),
                                   &ics),
                     0);
    assert_non_null(strstr(buf_cstr(&ics), "UID:case-7@ornek.test\r\nDTSTAMP:19700101T000000Z\r\n"
                                           "DTSTART;VALUE=DATE:20270212\r\n"
                                           "DTEND;VALUE=DATE:20270213\r\n"
                                           "SUMMARY:E-imza\\; bitiş\\, son gün\r\n"));
    assert_non_null(strstr(buf_cstr(&ics), "\r\nDESCRIPTION:satır 1\\nÇok"));
    size_t column = 0;
    for (size_t i = 0; i < ics.len; i++) {
        column = ics.data[i] == '\n' ? 0 : column + 1;
        assert_true(column <= 76);
    }
    struct mail m = sample();
    m.ics = (struct str){ics.data, ics.len};
    m.ics_name = STR("bitiş tarihi.ics");
    assert_int_equal(mail_compose(&m, &out, &e), 0);
    assert_non_null(strstr(buf_cstr(&out), "Content-Type: multipart/mixed;"));
    assert_non_null(strstr(buf_cstr(&out), "filename*=UTF-8''biti%C5%9F%20tarihi.ics\r\n"));
    buf_finish(&ics);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_mail),
        cmocka_unit_test(names_are_encoded_only_where_needed),
        cmocka_unit_test(quoted_printable),
        cmocka_unit_test(encoded_words_stay_short),
        cmocka_unit_test(nothing_may_end_a_header_line),
        cmocka_unit_test(bounds_are_errors),
        cmocka_unit_test(a_calendar_is_attached),
    };
    return cmocka_run_group_tests_name("mail", tests, NULL, NULL);
}
