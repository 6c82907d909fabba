/* The foundations: buffers, strings, UTF-8, dates, codecs, errors, fault lists, digests. */
#include "base/buf.h"
#include "base/civil.h"
#include "base/codec.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/list.h"
#include "base/utf8.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_buf_keeps_its_bound(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 5);
    assert_string_equal(buf_cstr(&b), "");
    assert_int_equal(buf_adds(&b, "12345"), 0);
    assert_int_equal(buf_addc(&b, '6'), ERR_LIMIT);
    assert_int_equal(buf_adds(&b, ""), ERR_LIMIT); /* the failure sticks */
    assert_string_equal(buf_cstr(&b), "12345");
    assert_null(buf_steal(&b, NULL));
    buf_reset(&b);
    assert_int_equal(buf_addf(&b, "%d-%s", 42, "x"), 0);
    assert_string_equal(buf_cstr(&b), "42-x");
    buf_truncate(&b, 2);
    assert_int_equal(b.len, 2);
    buf_finish(&b);
}

static void test_buf_steal_hands_over(void **state)
{
    struct buf b;
    size_t len = 9;
    char *text;

    (void)state;
    buf_init(&b, 1000);
    text = buf_steal(&b, &len);
    assert_string_equal(text, "");
    assert_int_equal(len, 0);
    free(text);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(buf_adds(&b, "0123456789"), 0);
    }
    assert_int_equal(b.len, 1000);
    buf_finish(&b);
}

static void test_str_numbers(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t value;
    } cases[] = {{"0", 0, 0},
                 {"-17", 0, -17},
                 {"+5", 0, 5},
                 {"9223372036854775807", 0, INT64_MAX},
                 {"-9223372036854775808", 0, INT64_MIN},
                 {"9223372036854775808", ERR_LIMIT, 0},
                 {"", ERR_INVALID, 0},
                 {"-", ERR_INVALID, 0},
                 {"12a", ERR_INVALID, 0},
                 {" 1", ERR_INVALID, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value = 0;

        assert_int_equal(str_i64(str_of(cases[i].text), &value), cases[i].rc);
        assert_int_equal(value, cases[i].value);
    }
}

static void test_str_durations(void **state)
{
    int64_t ms = 0;

    (void)state;
    assert_int_equal(str_duration_ms(STR("250ms"), &ms), 0);
    assert_int_equal(ms, 250);
    assert_int_equal(str_duration_ms(STR("90d"), &ms), 0);
    assert_int_equal(ms, 90LL * DAY_MS);
    assert_int_equal(str_duration_ms(STR("90"), &ms), ERR_INVALID);
    assert_int_equal(str_duration_ms(STR("m"), &ms), ERR_INVALID);
    assert_int_equal(str_duration_ms(STR("-1s"), &ms), ERR_INVALID);
    assert_int_equal(str_duration_ms(STR("9223372036854775807d"), &ms), ERR_LIMIT);
}

static void test_str_nearest(void **state)
{
    static const char *const names[] = {"retries", "timeout", "providers"};

    (void)state;
    assert_string_equal(str_nearest(STR("retrys"), names, COUNT(names)), "retries");
    assert_string_equal(str_nearest(STR("TIMEOUT"), names, COUNT(names)), "timeout");
    assert_null(str_nearest(STR("xyz"), names, COUNT(names)));
}

static void test_str_copy_and_trim(void **state)
{
    char dst[4];

    (void)state;
    assert_int_equal(str_copy(dst, sizeof dst, STR("abc")), 0);
    assert_string_equal(dst, "abc");
    assert_int_equal(str_copy(dst, sizeof dst, STR("abcd")), ERR_LIMIT);
    assert_string_equal(dst, "");
    assert_true(str_eqs(str_trim(STR(" \r\n x y\t ")), "x y"));
    assert_true(str_ieq(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_ieq(STR("I"), STR("\xC4\xB1")));
}

static void test_utf8_is_strict(void **state)
{
    static const struct {
        const char *bytes;
        bool valid;
    } cases[] = {{"Şükran Işık", true},
                 {"\xF0\x9F\x99\x82", true},
                 {"\xC0\x80", false},         /* overlong */
                 {"\xE0\x80\xAF", false},     /* overlong */
                 {"\xED\xA0\x80", false},     /* surrogate */
                 {"\xF4\x90\x80\x80", false}, /* above U+10FFFF */
                 {"\xC5", false},             /* cut */
                 {"\x80", false},
                 {"\xFF", false}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(utf8_valid(str_of(cases[i].bytes)), cases[i].valid);
    }
    assert_int_equal(utf8_count(STR("Işık")), 4);
    assert_true(utf8_clean_line(STR("Işık")));
    assert_false(utf8_clean_line(STR("a\nb")));
    assert_false(utf8_clean_line(STR("a\xC2\x85")));
    assert_false(utf8_clean_line((struct str){"a\0b", 3}));
}

static void test_utf8_is_cut_between_characters(void **state)
{
    static const struct {
        const char *text;
        const char *cut; /* to seven bytes */
    } cases[] = {{"", ""},
                 {"Işık", "Işık"},
                 {"IşıkIş", "IşıkI"},
                 {"abcdefş", "abcdef"},
                 {"abcde€", "abcde"},
                 {"abcd\xF0\x9F\x99\x82", "abcd"},
                 {"abc\xF0\x9F\x99\x82", "abc\xF0\x9F\x99\x82"}};
    char dst[8];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        utf8_copy(dst, sizeof dst, str_of(cases[i].text));
        assert_string_equal(dst, cases[i].cut);
    }
    utf8_copy(dst, sizeof dst, str_of(NULL));
    assert_string_equal(dst, "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        utf8_copy_clean(dst, sizeof dst, str_of(cases[i].text));
        assert_string_equal(dst, cases[i].cut);
    }
    utf8_copy_clean(dst, sizeof dst, (struct str){"\xC5\0\n\x7f\xC2\x80\xC5\x9F\xC5", 9});
    assert_string_equal(dst, "?????\xC5\x9F");
}

static void test_utf8_round_trip(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x110000; cp += 7) {
        char bytes[4];
        uint32_t back = 0;
        size_t n = utf8_encode(cp, bytes);

        if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
            assert_int_equal(n, 0);
        } else {
            assert_int_equal(utf8_decode((struct str){bytes, n}, &back), n);
            assert_int_equal(back, cp);
        }
    }
}

static void test_rfc3339(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t ms;
    } cases[] = {{"1970-01-01T00:00:00Z", 0, 0},
                 {"2027-02-20T20:59:59Z", 0, 1803157199000},
                 {"2027-02-20T23:59:59+03:00", 0, 1803157199000},
                 {"2027-02-20T20:59:59.1239Z", 0, 1803157199123},
                 {"2027-02-20t20:59:60z", 0, 1803157199000},
                 {"2028-02-29T00:00:00Z", 0, 1835395200000},
                 {"2027-02-29T00:00:00Z", ERR_INVALID, 0},
                 {"2100-02-29T00:00:00Z", ERR_INVALID, 0},
                 {"2027-13-01T00:00:00Z", ERR_INVALID, 0},
                 {"2027-02-20T24:00:00Z", ERR_INVALID, 0},
                 {"2027-02-20 20:59:59Z", ERR_INVALID, 0},
                 {"2027-02-20T20:59:59", ERR_INVALID, 0},
                 {"2027-02-20T20:59:59.Z", ERR_INVALID, 0},
                 {"2027-02-20T20:59:59Z ", ERR_INVALID, 0},
                 {"", ERR_INVALID, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = 0;

        assert_int_equal(rfc3339_parse(str_of(cases[i].text), &ms), cases[i].rc);
        assert_int_equal(ms, cases[i].ms);
    }
}

static void test_civil_round_trip(void **state)
{
    char text[32];

    (void)state;
    for (int64_t days = -1000; days < 150000; days += 13) {
        struct civil c;

        civil_from_days(days, &c);
        assert_int_equal(civil_days(c.year, c.month, c.day), days);
    }
    assert_int_equal(civil_weekday(civil_days(2026, 11, 22)), 0); /* a Sunday */
    assert_int_equal(civil_weekday(-1), 3);                       /* Wednesday, 1969-12-31 */
    rfc3339_format(1803157199123, text);
    assert_string_equal(text, "2027-02-20T20:59:59.123Z");
    rfc3339_format(1803157199000, text);
    assert_string_equal(text, "2027-02-20T20:59:59Z");
}

static void test_codecs(void **state)
{
    struct buf b;
    char digits[14];
    uint64_t value = 0;

    (void)state;
    buf_init(&b, 100);
    assert_int_equal(codec_hex(&b, "\x00\xff", 2), 0);
    assert_string_equal(buf_cstr(&b), "00ff");
    buf_reset(&b);
    assert_int_equal(codec_base64(&b, "kullanici:parola", 16), 0);
    assert_string_equal(buf_cstr(&b), "a3VsbGFuaWNpOnBhcm9sYQ==");
    buf_reset(&b);
    assert_int_equal(codec_percent(&b, STR("a b+ş&")), 0);
    assert_string_equal(buf_cstr(&b), "a%20b%2B%C5%9F%26");
    buf_reset(&b);
    assert_int_equal(codec_form(&b, STR(" a b+ş&")), 0);
    assert_string_equal(buf_cstr(&b), "+a+b%2B%C5%9F%26");
    buf_reset(&b);
    assert_int_equal(codec_percent_decode(&b, STR("a%20b%2B%c5%9F")), 0);
    assert_string_equal(buf_cstr(&b), "a b+ş");
    assert_int_equal(codec_percent_decode(&b, STR("%")), ERR_INVALID);
    assert_int_equal(codec_percent_decode(&b, STR("%4")), ERR_INVALID);
    assert_int_equal(codec_percent_decode(&b, STR("%zz")), ERR_INVALID);
    codec_base32(0xFEDCBA9876543210u, 13, digits);
    assert_int_equal(codec_base32_decode(str_of(digits), &value), 0);
    assert_true(value == 0xFEDCBA9876543210u);
    assert_int_equal(codec_base32_decode(STR("u"), &value), ERR_INVALID); /* not in the alphabet */
    buf_finish(&b);
}

/* RFC 3986 §2.3 says which bytes stand for themselves; a form's blank is the one exception. */
static void test_every_byte_percent_encoded(void **state)
{
    static const char themselves[] = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "abcdefghijklmnopqrstuvwxyz";
    struct buf b;

    (void)state;
    buf_init(&b, 3);
    for (int c = 0; c < 256; c++) {
        const char byte = (char)c;
        char expected[4] = {byte, '\0'};

        if (c == 0 || strchr(themselves, byte) == NULL) {
            assert_true(snprintf(expected, sizeof expected, "%%%02X", (unsigned)c) == 3);
        }
        assert_int_equal(codec_percent(&b, (struct str){&byte, 1}), 0);
        assert_string_equal(buf_cstr(&b), expected);
        buf_reset(&b);
        assert_int_equal(codec_form(&b, (struct str){&byte, 1}), 0);
        assert_string_equal(buf_cstr(&b), c == ' ' ? "+" : expected);
        buf_reset(&b);
    }
    assert_int_equal(codec_percent(&b, STR("abc")), 0); /* just fits */
    buf_reset(&b);
    assert_int_equal(codec_percent(&b, STR("a ")), ERR_LIMIT);
    buf_finish(&b);
}

static void test_errors_say_where(void **state)
{
    struct err e = {0};

    (void)state;
    assert_int_equal(err_errno(&e, ENOSPC, "writing %s", "q.db"), ERR_FULL);
    assert_int_equal(err_prefix(&e, "start"), ERR_FULL);
    assert_string_equal(e.text, "start: writing q.db: No space left on device");
    assert_int_equal(err_set(NULL, ERR_BUSY, "nobody listens"), ERR_BUSY);
}

static void test_faults_are_counted_beyond_the_list(void **state)
{
    struct faults f;

    (void)state;
    faults_init(&f);
    for (int i = 0; i < FAULTS_MAX + 5; i++) {
        (void)faults_add(&f, "/a", "CFG-020", "bilinmeyen %d", "unknown %d", i);
    }
    assert_int_equal(f.count, FAULTS_MAX);
    assert_int_equal(f.total, FAULTS_MAX + 5);
    assert_string_equal(f.list[7].tr, "bilinmeyen 7");
    assert_string_equal(f.list[7].en, "unknown 7");
    fault_warning(&f, &f.list[0]);
    assert_int_equal(f.errors, FAULTS_MAX + 4);
    faults_finish(&f);
}

/* Test vectors: FIPS 180-2 "abc", RFC 4231 case 2, SipHash reference key 00..0f and data 00..0e. */
static void test_digests(void **state)
{
    unsigned char digest[SHA256_SIZE];
    unsigned char key[HASH_KEY_SIZE];
    unsigned char data[15];
    struct buf b;
    struct hash *h;

    (void)state;
    buf_init(&b, 100);
    crypto_sha256(STR("abc"), digest);
    (void)codec_hex(&b, digest, 4);
    assert_string_equal(buf_cstr(&b), "ba7816bf");
    buf_reset(&b);
    crypto_hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), digest);
    (void)codec_hex(&b, digest, 4);
    assert_string_equal(buf_cstr(&b), "5bdcc146");
    buf_finish(&b);
    for (unsigned i = 0; i < sizeof key; i++) {
        key[i] = (unsigned char)i;
    }
    for (unsigned i = 0; i < sizeof data; i++) {
        data[i] = (unsigned char)i;
    }
    h = hash_create(key);
    assert_non_null(h);
    for (int again = 0; again < 2; again++) {
        assert_true(hash_of(h, (struct str){(const char *)data, sizeof data}) ==
                    0xA129CA6149BE45E5u);
    }
    hash_destroy(h);
}

struct item {
    int value;
    struct list node;
};

static void test_list(void **state)
{
    struct list head;
    struct list other;
    struct item items[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
    int sum = 0;

    (void)state;
    list_init(&head);
    list_init(&other);
    assert_null(list_pop_front(&head));
    for (size_t i = 0; i < COUNT(items); i++) {
        list_push_back(&head, &items[i].node);
    }
    list_remove(&items[1].node);
    list_splice_back(&other, &head);
    assert_true(list_empty(&head));
    list_each_safe(node, &other)
    {
        sum = sum * 10 + list_entry(node, struct item, node)->value;
        list_remove(node);
    }
    assert_int_equal(sum, 13);
    assert_true(list_empty(&other));
}

static bool valid_by_characters(struct str s)
{
    uint32_t cp;

    while (s.len > 0) {
        size_t n = utf8_decode(s, &cp);

        if (n == 0) {
            return false;
        }
        s = (struct str){s.ptr + n, s.len - n};
    }
    return true;
}

/* Whole words at a time must find what single characters find: mostly Turkish text, one byte off.
 */
static void test_utf8_by_words_and_by_characters(void **state)
{
    static const char *const pieces[] = {"a", "ş", "ı",          "çğ", " ", "yazı",
                                         "“", "…", "\U0001F600", "Ö",  "ü", "x="};
    uint32_t seed = 3;
    size_t wrong = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        size_t len = 0;

        while (len < 40) {
            const char *piece = pieces[((seed = seed * 1664525u + 1013904223u) >> 16) % 12];

            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        len -= seed >> 24 & 15;
        if (i % 3 != 0) {
            text[(seed >> 8) % len] = (char)(seed >> 20);
        }
        struct str s = {text, len};
        bool valid = valid_by_characters(s);

        wrong += !valid;
        assert_int_equal(utf8_valid(s), valid);
    }
    assert_in_range(wrong, 50000, 190000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_by_words_and_by_characters),
        cmocka_unit_test(test_buf_keeps_its_bound),
        cmocka_unit_test(test_buf_steal_hands_over),
        cmocka_unit_test(test_str_numbers),
        cmocka_unit_test(test_str_durations),
        cmocka_unit_test(test_str_nearest),
        cmocka_unit_test(test_str_copy_and_trim),
        cmocka_unit_test(test_utf8_is_strict),
        cmocka_unit_test(test_utf8_is_cut_between_characters),
        cmocka_unit_test(test_utf8_round_trip),
        cmocka_unit_test(test_rfc3339),
        cmocka_unit_test(test_civil_round_trip),
        cmocka_unit_test(test_codecs),
        cmocka_unit_test(test_every_byte_percent_encoded),
        cmocka_unit_test(test_errors_say_where),
        cmocka_unit_test(test_faults_are_counted_beyond_the_list),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
