/* Turkish letters, names, dates, suffixes, order and masks against the vectors. */
#include "text/lint_words.h"
#include "text/mail_encode.h"
#include "text/mask.h"
#include "text/nfc.h"
#include "text/sms.h"
#include "text/turkish.h"

#include "base/civil.h"
#include "base/utf8.h"
#include "vectors.h"
#include <stdlib.h>

static struct json_doc *vectors;
static struct buf out;

static int load(void **state)
{
    (void)state;
    vectors = vectors_load("tr-text-vectors.json");
    buf_init(&out, 4096);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_free(vectors);
    buf_finish(&out);
    return 0;
}

static const struct json *first(const char *section)
{
    return json_first(json_get(json_root(vectors), section));
}

static struct str member(const struct json *v, const char *key)
{
    return json_str(json_get(v, key));
}

/* The buffer holds exactly this; it is empty afterwards. */
static void holds(const char *expected)
{
    assert_string_equal(buf_cstr(&out), expected);
    assert_int_equal(buf_failed(&out), 0);
    buf_reset(&out);
}

static void letters(void **state)
{
    (void)state;
    for (const struct json *v = first("case"); v != NULL; v = json_next(v)) {
        tr_lower(member(v, "in"), &out);
        holds(member(v, "lower").ptr);
        tr_upper(member(v, "in"), &out);
        holds(member(v, "upper").ptr);
        tr_title(member(v, "in"), &out);
        holds(member(v, "title").ptr);
    }
    tr_upper(STR("âîû jqxw é ÿ š ž ő ĸ ß ж 1"), &out);
    holds("ÂÎÛ JQXW É Ÿ Š Ž Ő ĸ ß ж 1");
    tr_lower(STR("ÂÎÛ JQXW É Ÿ Š Ž Ő Ж"), &out);
    holds("âîû jqxw é ÿ š ž ő Ж");
    tr_lower(STR("A\xFFI"), &out);
    holds("a\xFFı");
}

static void letters_come_back(void **state)
{
    (void)state;
    for (uint32_t cp = 1; cp < 0x3000; cp++) {
        uint32_t up = tr_upper_char(cp);
        uint32_t low = tr_lower_char(cp);

        assert_true(up == cp || tr_lower_char(up) == cp);
        assert_true(low == cp || tr_upper_char(low) == cp);
    }
}

static void names(void **state)
{
    static const struct {
        const char *given, *family, *full;
    } cases[] = {
        {"ayşe nur", "öztürk-ışık", "Ayşe Nur ÖZTÜRK-IŞIK"},
        {"  İSMET   CAN ", " kaya ", "İsmet Can KAYA"},
        {"Jean-Luc", "McDonald", "Jean-Luc McDonald"},
        {"DiCaprio", "Yılmaz", "DiCaprio YILMAZ"},
        {"", "ÇELİK", "ÇELİK"},
        {"işıl", "", "İşıl"},
        {"m. ali", "d'souza", "M. Ali D'SOUZA"},
        {"Ömer", "de la Cruz", "Ömer DE LA CRUZ"},
    };

    (void)state;
    for (const struct json *v = first("salutation"); v != NULL; v = json_next(v)) {
        buf_adds(&out, "Sayın ");
        tr_full_name(member(v, "given"), member(v, "family"), &out);
        buf_addc(&out, ',');
        holds(member(v, "full").ptr);
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tr_full_name(str_of(cases[i].given), str_of(cases[i].family), &out);
        holds(cases[i].full);
    }
}

static void numbers(void **state)
{
    static const char *const keys[TR_CASE_COUNT] = {"loc", "abl", "dat", "acc", "gen"};
    static const struct {
        int64_t n;
        const char *words, *dative;
    } more[] = {
        {1, "bir", "1'e"},
        {9, "dokuz", "9'a"},
        {10, "on", "10'a"},
        {40, "kırk", "40'a"},
        {1001, "bin bir", "1001'e"},
        {1000000, "bir milyon", "1000000'a"},
        {2000000000, "iki milyar", "2000000000'a"},
        {101000, "yüz bir bin", "101000'e"},
        {-3, "eksi üç", "-3'e"},
        {INT64_MIN,
         "eksi dokuz kentilyon iki yüz yirmi üç katrilyon üç yüz yetmiş iki trilyon otuz altı "
         "milyar sekiz yüz elli dört milyon yedi yüz yetmiş beş bin sekiz yüz sekiz",
         "-9223372036854775808'e"},
    };

    (void)state;
    for (const struct json *v = first("numbers"); v != NULL; v = json_next(v)) {
        int64_t n = 0;

        json_i64(json_get(v, "n"), &n);
        tr_number_words(n, &out);
        holds(member(v, "words").ptr);
        for (enum tr_case c = 0; c < TR_CASE_COUNT; c++) {
            tr_number_suffixed(n, c, &out);
            holds(member(v, keys[c]).ptr);
        }
    }
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        tr_number_words(more[i].n, &out);
        holds(more[i].words);
        tr_number_suffixed(more[i].n, TR_DATIVE, &out);
        holds(more[i].dative);
    }
    tr_time_suffixed(13, 0, TR_ABLATIVE, &out);
    holds("13.00'ten");
    tr_time_suffixed(9, 30, TR_LOCATIVE, &out);
    holds("09.30'da");
}

static void suffixes(void **state)
{
    static const struct {
        const char *word;
        const char *forms[TR_CASE_COUNT];
    } cases[] = {
        {"Ayşe", {"Ayşe'de", "Ayşe'den", "Ayşe'ye", "Ayşe'yi", "Ayşe'nin"}},
        {"Ahmet", {"Ahmet'te", "Ahmet'ten", "Ahmet'e", "Ahmet'i", "Ahmet'in"}},
        {"Işıl", {"Işıl'da", "Işıl'dan", "Işıl'a", "Işıl'ı", "Işıl'ın"}},
        {"Ufuk", {"Ufuk'ta", "Ufuk'tan", "Ufuk'a", "Ufuk'u", "Ufuk'un"}},
        {"Gül", {"Gül'de", "Gül'den", "Gül'e", "Gül'ü", "Gül'ün"}},
        {"Banu", {"Banu'da", "Banu'dan", "Banu'ya", "Banu'yu", "Banu'nun"}},
        {"Kemal", {"Kemal'de", "Kemal'den", "Kemal'e", "Kemal'i", "Kemal'in"}},
        {"Celâl", {"Celâl'de", "Celâl'den", "Celâl'e", "Celâl'i", "Celâl'in"}},
        {"Işıl ÇİĞDEM",
         {"Işıl ÇİĞDEM'de", "Işıl ÇİĞDEM'den", "Işıl ÇİĞDEM'e", "Işıl ÇİĞDEM'i", "Işıl ÇİĞDEM'in"}},
        {"MEBBİS", {"MEBBİS'te", "MEBBİS'ten", "MEBBİS'e", "MEBBİS'i", "MEBBİS'in"}},
        {"DYS", {"DYS'de", "DYS'den", "DYS'ye", "DYS'yi", "DYS'nin"}},
        {"ABD", {"ABD'de", "ABD'den", "ABD'ye", "ABD'yi", "ABD'nin"}},
        {"TÜBİTAK", {"TÜBİTAK'ta", "TÜBİTAK'tan", "TÜBİTAK'a", "TÜBİTAK'ı", "TÜBİTAK'ın"}},
        {"KILIÇ", {"KILIÇ'ta", "KILIÇ'tan", "KILIÇ'a", "KILIÇ'ı", "KILIÇ'ın"}},
        {"Oda 12", {"Oda 12'de", "Oda 12'den", "Oda 12'ye", "Oda 12'yi", "Oda 12'nin"}},
        {"MERT", {"MERT'te", "MERT'ten", "MERT'e", "MERT'i", "MERT'in"}},
        {"?", {"?", "?", "?", "?", "?"}},
        {"", {"", "", "", "", ""}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (enum tr_case c = 0; c < TR_CASE_COUNT; c++) {
            tr_name_suffixed(str_of(cases[i].word), c, &out);
            holds(cases[i].forms[c]);
        }
    }
    tr_word_suffixed(STR("okul"), TR_DATIVE, &out);
    holds("okula");
}

static void dates(void **state)
{
    (void)state;
    for (const struct json *v = first("dates"); v != NULL; v = json_next(v)) {
        int64_t days = 0;

        assert_int_equal(civil_parse_date(member(v, "iso"), &days), 0);
        date_long(days, true, &out);
        holds(member(v, "long").ptr);
        date_short(days, true, &out);
        holds(member(v, "short").ptr);
    }
    date_long(civil_days(2027, 2, 12), false, &out);
    holds("Friday 12 February 2027");
    date_short(civil_days(2027, 2, 5), false, &out);
    holds("5 Feb 2027");
    for (const struct json *v = first("relative"); v != NULL; v = json_next(v)) {
        int64_t left = 0;

        json_i64(json_get(v, "days_left"), &left);
        date_relative(left, true, &out);
        holds(member(v, "text").ptr);
    }
    date_relative(7, false, &out);
    holds("in 7 days");
    date_relative(-2, false, &out);
    holds("expired 2 days ago");
}

static void istanbul(void **state)
{
    int64_t ms = 0;

    (void)state;
    assert_int_equal(rfc3339_parse(STR("2027-02-11T21:30:00Z"), &ms), 0);
    assert_int_equal(istanbul_days(ms), civil_days(2027, 2, 12));
    assert_int_equal(rfc3339_parse(STR("2027-02-11T20:59:59Z"), &ms), 0);
    assert_int_equal(istanbul_days(ms), civil_days(2027, 2, 11));
    assert_int_equal(istanbul_days(-ISTANBUL_OFFSET_MS - 1), -1);
    assert_int_equal(istanbul_days(istanbul_day_start(20000)), 20000);
    assert_int_equal(istanbul_days(istanbul_day_start(20000) - 1), 19999);
}

static int by_collation(const void *a, const void *b)
{
    const struct str *x = a;
    const struct str *y = b;

    return tr_collate(*x, *y);
}

static void order(void **state)
{
    static const char *const rows[][2] = {{"Ali Can", "Alican"}, {"a", "A1"},  {"kar", "kâr"},
                                          {"kâr", "kas"},        {"9", "a"},   {"Işık", "İnci"},
                                          {"pq", "pr"},          {"İ", "j"},   {"", "a"},
                                          {"şa", "ta"},          {"zeki", "ж"}};
    const struct json *lists = first("collation");
    const struct json *v = json_first(json_get(lists, "unsorted"));
    struct str items[64];
    size_t n = 0;

    (void)state;
    for (; v != NULL; v = json_next(v)) {
        items[n++] = json_str(v);
    }
    qsort(items, n, sizeof(items[0]), by_collation);
    v = json_first(json_get(lists, "sorted"));
    for (size_t i = 0; i < n; i++, v = json_next(v)) {
        assert_true(str_eq(items[i], json_str(v)));
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(tr_collate(str_of(rows[i][0]), str_of(rows[i][1])) < 0);
        assert_true(tr_collate(str_of(rows[i][1]), str_of(rows[i][0])) > 0);
    }
    assert_int_equal(tr_collate(STR("Işıl"), STR("Işıl")), 0);
    assert_int_not_equal(tr_collate(STR("işıl"), STR("İşıl")), 0);
}

static void normal_forms(void **state)
{
    (void)state;
    for (const struct json *v = first("normalisation"); v != NULL; v = json_next(v)) {
        assert_int_equal(nfc(member(v, "nfd"), &out), 0);
        assert_int_equal(utf8_count((struct str){out.data, out.len}), utf8_count(member(v, "nfc")));
        holds(member(v, "nfc").ptr);
        assert_true(nfc_equal(member(v, "nfd"), member(v, "nfc")));
    }
    assert_false(nfc_equal(STR("ı"), STR("i")));
    assert_int_equal(nfc(STR("\xC3"), &out), ERR_INVALID);
    buf_reset(&out);
}

static void masks(void **state)
{
    static const struct {
        int (*mask)(struct str, struct buf *);
        const char *in, *out;
    } cases[] = {
        {mask_phone, "+905320000067", "+90 5** *** ** 67"},
        {mask_phone, "0532 000 00 67", "+90 5** *** ** 67"},
        {mask_phone, "+4915100000012", "***12"},
        {mask_phone, "112", "***"},
        {mask_phone, "", "***"},
        {mask_email, "@ornek.example", "***@ornek.example"},
        {mask_email, "şule@ornek.example", "ş***@ornek.example"},
        {mask_email, "not an address", "***"},
        {mask_name, "A. Ş", "A* *"},
        {mask_name, "", ""},
        {mask_tckn, "12345678950", "12*******50"},
        {mask_tckn, "12345", "***********"},
        {mask_text, "TC12345678950, tel 0532 000 00 67 ve ayse@ornek.example.",
         "TC12*******50, tel +90 5** *** ** 67 ve a***@ornek.example."},
        {mask_text, "iş 2026-11-22, no 12345678951 ve 123456789500",
         "iş 2026-11-22, no 12345678951 ve 123456789500"},
        {mask_text, "to=<veli@ornek.example> rc=550", "to=<v***@ornek.example> rc=550"},
        {mask_text, "0@12345678950", "0***@12*******50"},
        {mask_text, "905320000067", "+90 5** *** ** 67"},
        {mask_text, "+90 (532) 000 00 67;", "+90 5** *** ** 67;"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cases[i].mask(str_of(cases[i].in), &out);
        holds(cases[i].out);
    }
    for (const struct json *v = first("masking"); v != NULL; v = json_next(v)) {
        bool address = strchr(member(v, "in").ptr, '@') != NULL;

        (address ? mask_email : mask_name)(member(v, "in"), &out);
        holds(member(v, "out").ptr);
    }
}

/* The letters one by one, in the order of the alphabet, small and capital. */
static void the_alphabet_is_in_order(void **state)
{
    struct str rest = json_str(json_get(json_root(vectors), "alphabet"));
    struct str before = {NULL, 0};
    size_t count = 0;

    (void)state;
    while (rest.len > 0) {
        uint32_t cp;
        size_t n = utf8_decode(rest, &cp);
        struct str letter = {rest.ptr, n};

        assert_true(before.ptr == NULL || tr_collate(before, letter) < 0);
        assert_int_equal(tr_lower_char(tr_upper_char(cp)), cp);
        before = letter;
        count++;
        n += rest.len > n ? 1 : 0; /* the blank */
        rest = (struct str){rest.ptr + n, rest.len - n};
    }
    assert_int_equal(count, 29);
}

static void common_errors_are_not_made(void **state)
{
    size_t count = 0;

    (void)state;
    for (const struct json *v = first("common_errors"); v != NULL; v = json_next(v), count++) {
        static const char *const bad[] = {"bad_upper", "bad_upper_ascii_only", "bad_lower"};

        for (int i = 0; i < 3; i++) {
            struct str wrong = member(v, bad[i]);

            buf_reset(&out);
            (i < 2 ? tr_upper : tr_lower)(member(v, "in"), &out);
            assert_false(wrong.len > 0 && str_eq(wrong, (struct str){out.data, out.len}));
        }
    }
    buf_reset(&out);
    assert_true(count >= 3);
}

/* Words that turn coarse are known, and are what folding really makes of them. */
static void coarse_words(void **state)
{
    (void)state;
    for (const struct json *v = first("ascii_words_to_avoid"); v != NULL; v = json_next(v)) {
        assert_true(lint_is_coarse(member(v, "word")));
        assert_int_equal(sms_tidy(member(v, "word"), SMS_TIDY_ASCII, &out, NULL), 0);
        holds(member(v, "ascii").ptr);
    }
    assert_false(lint_is_coarse(STR("süresi")));
}

static void subjects(void **state)
{
    (void)state;
    for (const struct json *v = first("mail_subject"); v != NULL; v = json_next(v)) {
        (void)mail_encode_words(member(v, "subject"), 0, &out);
        holds(member(v, "encoded").ptr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters),
        cmocka_unit_test(letters_come_back),
        cmocka_unit_test(names),
        cmocka_unit_test(numbers),
        cmocka_unit_test(suffixes),
        cmocka_unit_test(dates),
        cmocka_unit_test(istanbul),
        cmocka_unit_test(order),
        cmocka_unit_test(normal_forms),
        cmocka_unit_test(masks),
        cmocka_unit_test(the_alphabet_is_in_order),
        cmocka_unit_test(common_errors_are_not_made),
        cmocka_unit_test(coarse_words),
        cmocka_unit_test(subjects),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
