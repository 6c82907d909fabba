/* Phone numbers, mail addresses and identity numbers against the vectors. */
#include "domain/email.h"
#include "domain/phone.h"
#include "domain/tckn.h"
#include "text/mask.h"

#include "vectors.h"
#include <stdlib.h>

static void phones(void **state)
{
    struct json_doc *doc = vectors_load("phone-vectors.json");
    const struct json *v = json_first(json_get(json_root(doc), "vectors"));
    struct buf masked;

    (void)state;
    buf_init(&masked, 64);
    for (; v != NULL; v = json_next(v)) {
        struct phone p;

        phone_parse(json_str(json_get(v, "input")), &p);
        if (!str_eqs(json_str(json_get(v, "reason")), phone_reason_name(p.reason))) {
            fail_msg("%s: %s", json_str(json_get(v, "input")).ptr, phone_reason_name(p.reason));
        }
        if (p.reason != PHONE_OK) {
            assert_string_equal(p.e164, "");
            continue;
        }
        assert_string_equal(p.e164, json_str(json_get(v, "e164")).ptr);
        assert_int_equal(p.known_prefix, json_bool(json_get(v, "prefix_known"), false));
        buf_reset(&masked);
        mask_phone(json_str(json_get(v, "input")), &masked);
        assert_string_equal(buf_cstr(&masked), json_str(json_get(v, "masked")).ptr);
    }
    buf_finish(&masked);
    json_free(doc);
}

static void phone_cases(void **state)
{
    static const struct {
        const char *in;
        enum phone_reason reason;
        const char *said; /* part of the Turkish sentence */
    } cases[] = {
        {"05120000006", PHONE_PAGER, "çağrı cihazı"},
        {"444 5 576", PHONE_TOO_SHORT, "444"},
        {"4445576", PHONE_TOO_SHORT, "444"},
        {"0532 000 00 6", PHONE_TOO_SHORT, "9 hane var"},
        {"+90 0262 648 18 18", PHONE_NOT_MOBILE, "5 ile"},
        {"9005320000067", PHONE_OK, ""},
        {"90 532 000 00 67", PHONE_OK, ""},
        {"0090 0532 000 00 67", PHONE_OK, ""},
        {"\u202A0532 000 00 67\u202C", PHONE_OK, ""},
        {"00 90 532 000 00 67", PHONE_OK, ""},
        {"05990000007", PHONE_OK, "599"},
        {"+", PHONE_BAD_CHAR, "karakter"},
        {"0532+0000067", PHONE_BAD_CHAR, "karakter"},
        {"0532000006\xFF", PHONE_BAD_CHAR, "karakter"},
        {"5,32E+09", PHONE_BAD_CHAR, "karakter"},
        {"00532 000 00 67", PHONE_FOREIGN, "90"},
        {"00000000000000000000000000000000000000005320000067", PHONE_FOREIGN, "90"},
        {"55555555555555555555555555555555555555555555555555", PHONE_TOO_LONG, "50 hane"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct phone p;
        char text[200];
        char english[200];

        assert_int_equal(phone_parse(str_of(cases[i].in), &p), cases[i].reason);
        phone_explain(&p, true, text, sizeof(text));
        phone_explain(&p, false, english, sizeof(english));
        assert_non_null(strstr(text, cases[i].said));
        assert_int_equal(text[0] == '\0', cases[i].said[0] == '\0');
        assert_int_equal(text[0] == '\0', english[0] == '\0');
    }
}

static void identity_numbers(void **state)
{
    struct json_doc *doc = vectors_load("tckn-vectors.json");
    const struct json *v = json_first(json_get(json_root(doc), "vectors"));
    struct buf masked;
    size_t at = 0;

    (void)state;
    for (; v != NULL; v = json_next(v)) {
        enum tckn_reason r = tckn_check(json_str(json_get(v, "input")));

        assert_string_equal(tckn_reason_name(r), json_str(json_get(v, "reason")).ptr);
        assert_int_equal(r == TCKN_OK, json_bool(json_get(v, "valid"), false));
    }
    buf_init(&masked, 64);
    for (v = json_first(json_get(json_root(doc), "mask_examples")); v != NULL; v = json_next(v)) {
        buf_reset(&masked);
        mask_tckn(json_str(json_get(v, "input")), &masked);
        assert_string_equal(buf_cstr(&masked), json_str(json_get(v, "masked")).ptr);
    }
    assert_true(tckn_find(STR("no: 12345678950."), &at));
    assert_int_equal(at, 4);
    assert_true(tckn_find(STR("12345678951 a12345678950"), &at));
    assert_int_equal(at, 13);
    assert_false(tckn_find(STR("112345678950 12345678951"), &at));
    /* Chance within a random key, but not beside one. */
    assert_false(tckn_find(STR("0d1f6c1e-7a55-4c1b-9f0e-a12345678950"), &at));
    assert_false(tckn_find(STR("c12345678950de00112233445566778899"), &at));
    assert_true(tckn_find(STR("12345678950-20261122-0001"), &at));
    assert_true(tckn_find(STR("0d1f6c1e-7a55-4c1b-9f0e-0a1b2c3d4e5f 12345678950"), &at));
    buf_finish(&masked);
    json_free(doc);
}

static void mails(void **state)
{
    static const struct {
        const char *in;
        enum email_reason reason;
        const char *address;
    } cases[] = {
        {"sukran.isik@ornek.test", EMAIL_OK, "sukran.isik@ornek.test"},
        {"A.b+c_d-1@ORNEK.Test", EMAIL_OK, "A.b+c_d-1@ornek.test"},
        {"a@örnek.test", EMAIL_OK, "a@xn--rnek-4qa.test"},
        {"a@IĞDIR.test", EMAIL_OK, "a@xn--idir-0wa.test"},
        {"a@ornek。test", EMAIL_OK, "a@ornek.test"},
        {"a@xn--rnek-4qa.test", EMAIL_OK, "a@xn--rnek-4qa.test"},
        {"a@xn--\x7F.test", EMAIL_CONTROL, ""},
        {"a@xn--zzzz99999999.test", EMAIL_DOMAIN_IDNA, ""},
        {"", EMAIL_EMPTY, ""},
        {"ayse", EMAIL_NO_AT, ""},
        {"a@b@ornek.test", EMAIL_MANY_AT, ""},
        {"a@ornek.test\r\nBcc: b@ornek.test", EMAIL_CONTROL, ""},
        {"a@ornek.test\n", EMAIL_CONTROL, ""},
        {"a\xFF@ornek.test", EMAIL_CONTROL, ""},
        {"\"Çiğdem, Işıl\" <isil@ornek.test>", EMAIL_NAMED, ""},
        {"<isil@ornek.test>", EMAIL_NAMED, ""},
        {"isil>@ornek.test", EMAIL_LOCAL_CHAR, ""},
        {"@ornek.test", EMAIL_LOCAL_EMPTY, ""},
        {".a@ornek.test", EMAIL_LOCAL_DOT, ""},
        {"a.@ornek.test", EMAIL_LOCAL_DOT, ""},
        {"a..b@ornek.test", EMAIL_LOCAL_DOT, ""},
        {"\"a b\"@ornek.test", EMAIL_LOCAL_QUOTED, ""},
        {"şükran@ornek.test", EMAIL_LOCAL_UNICODE, ""},
        {"a b@ornek.test", EMAIL_LOCAL_CHAR, ""},
        {" a@ornek.test", EMAIL_LOCAL_CHAR, ""},
        {"a(x)@ornek.test", EMAIL_LOCAL_CHAR, ""},
        {"Ayşe <a@ornek.test>", EMAIL_NAMED, ""},
        {"a,b@ornek.test", EMAIL_LOCAL_CHAR, ""},
        {"a@", EMAIL_DOMAIN_EMPTY, ""},
        {"a@[127.0.0.1]", EMAIL_DOMAIN_LITERAL, ""},
        {"a@127.0.0.1", EMAIL_DOMAIN_LITERAL, ""},
        {"a@.ornek.test", EMAIL_DOMAIN_DOT, ""},
        {"a@ornek.test.", EMAIL_DOMAIN_DOT, ""},
        {"a@ornek..test", EMAIL_DOMAIN_DOT, ""},
        {"a@ornek.test.\xC2\xAD", EMAIL_DOMAIN_DOT, ""}, /* a soft hyphen */
        {"a@ornek.\xC2\xAD.test", EMAIL_DOMAIN_DOT, ""},
        {"a@-ornek.test", EMAIL_DOMAIN_LABEL, ""},
        {"a@ornek-.test", EMAIL_DOMAIN_LABEL, ""},
        {"a@or_nek.test", EMAIL_DOMAIN_LABEL, ""},
        {"a@ornek.test ", EMAIL_DOMAIN_LABEL, ""},
        {"a@localhost", EMAIL_DOMAIN_SINGLE, ""},
        {"a@ör nek.test", EMAIL_DOMAIN_IDNA, ""},
        {"a@ö/x.test", EMAIL_DOMAIN_IDNA, ""},
        {"a@ö_x.test", EMAIL_DOMAIN_LABEL, ""},
        {"a@ör＠nek.test", EMAIL_DOMAIN_IDNA, ""},
        {"a@"
         "0123456789012345678901234567890123456789012345678901234567890123.test",
         EMAIL_DOMAIN_LABEL, ""},
        {"0123456789012345678901234567890123456789012345678901234567890123@ornek.test", EMAIL_OK,
         "0123456789012345678901234567890123456789012345678901234567890123@ornek.test"},
        {"01234567890123456789012345678901234567890123456789012345678901234@ornek.test",
         EMAIL_LOCAL_LONG, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct email m;

        if (email_parse(str_of(cases[i].in), &m) != cases[i].reason) {
            fail_msg("%s: %s", cases[i].in, email_reason_name(m.reason));
        }
        assert_string_equal(m.address, cases[i].address);
        assert_int_equal(email_reason_sentence(m.reason, true)[0] == '\0', m.reason == EMAIL_OK);
        assert_int_equal(email_reason_sentence(m.reason, false)[0] == '\0', m.reason == EMAIL_OK);
    }
    assert_int_equal(email_parse((struct str){"a\0@ornek.test", 13}, &(struct email){0}),
                     EMAIL_CONTROL);
}

static void longest_mail(void **state)
{
    char text[300];
    struct email m;
    size_t n = (size_t)snprintf(text, sizeof(text), "%s", "a@");

    (void)state;
    for (int i = 0; i < 3; i++) {
        memset(text + n, 'a' + i, 62);
        text[n + 62] = '.';
        n += 63;
    }
    memset(text + n, 'x', 63);
    assert_int_equal(email_parse((struct str){text, 254}, &m), EMAIL_OK);
    assert_int_equal(strlen(m.address), 254);
    memmove(text + 1, text, 254);
    assert_int_equal(email_parse((struct str){text, 255}, &m), EMAIL_TOO_LONG);
}

/* Decodes the few entities and pictures of control bytes that the corpus uses. */
static void decode_entities(struct str s, struct buf *out)
{
    static const struct {
        const char *name;
        char c;
    } names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}};

    for (size_t at = 0; at < s.len;) {
        struct str rest = {s.ptr + at, s.len - at};
        size_t used = 0;

        for (size_t i = 0; i < 4 && used == 0; i++) {
            if (str_starts(rest, names[i].name)) {
                buf_addc(out, names[i].c);
                used = strlen(names[i].name);
            }
        }
        if (used == 0 && str_starts(rest, "&#x24")) {
            char digits[3] = {s.ptr[at + 5], s.ptr[at + 6], '\0'};

            buf_addc(out, (char)strtoul(digits, NULL, 16));
            used = 8;
        }
        if (used == 0) {
            buf_addc(out, s.ptr[at]);
            used = 1;
        }
        at += used;
    }
}

static bool between(const char *from, const char *open, const char *close, struct str *ret)
{
    const char *a = strstr(from, open);
    const char *b = a == NULL ? NULL : strstr(a, close);

    if (b == NULL) {
        return false;
    }
    a += strlen(open);
    *ret = (struct str){a, (size_t)(b - a)};
    return true;
}

static size_t judge_corpus(char *text)
{
    size_t count = 0;
    struct buf address;

    buf_init(&address, 8192);
    for (char *test = strstr(text, "<test "); test != NULL; count++) {
        char *next = strstr(test + 1, "<test ");
        struct str raw = {NULL, 0};
        struct str category = {NULL, 0};
        struct email m;

        if (next != NULL) {
            next[-1] = '\0';
        }
        buf_reset(&address);
        if (between(test, "<address>", "</address>", &raw)) {
            decode_entities(raw, &address);
        }
        assert_true(between(test, "<category>", "</category>", &category));
        if (email_parse((struct str){address.data, address.len}, &m) == EMAIL_OK &&
            str_eqs(category, "ISEMAIL_ERR")) {
            fail_msg("accepted: %s", buf_cstr(&address));
        }
        test = next;
    }
    buf_finish(&address);
    return count;
}

static void corpus(void **state)
{
    const char *dir = getenv("HATIRLAT_CORPORA");
    static char text[1 << 18];
    char path[512];
    FILE *f;

    (void)state;
    snprintf(path, sizeof(path), "%s/isemail/test/tests.xml", dir == NULL ? "" : dir);
    f = dir == NULL ? NULL : fopen(path, "rb");
    if (f == NULL) {
        print_message("HATIRLAT_CORPORA holds no isemail/test/tests.xml: skipped\n");
        skip();
    }
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    assert_true(judge_corpus(text) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phones),           cmocka_unit_test(phone_cases),
        cmocka_unit_test(identity_numbers), cmocka_unit_test(mails),
        cmocka_unit_test(longest_mail),     cmocka_unit_test(corpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
