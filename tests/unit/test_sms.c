/* The SMS encoder against the vectors, and properties that must hold for any text. */
#include "base/utf8.h"
#include "text/sms.h"
#include "text/sms_alphabet.h"
#include "vectors.h"
#include <stdlib.h>

static struct json_doc *vectors;

static int load(void **state)
{
    (void)state;
    vectors = vectors_load("gsm7-vectors.json");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_free(vectors);
    return 0;
}

static int64_t number(const struct json *v, const char *key)
{
    int64_t n = -1;

    assert_int_equal(json_i64(json_get(v, key), &n), 0);
    return n;
}

static void check_fill(const struct json *expect, const struct sms_measure *m)
{
    const struct json *fill = json_first(json_get(expect, "per_segment"));

    for (unsigned i = 0; i < m->segments; i++, fill = json_next(fill)) {
        int64_t n = -1;

        assert_int_equal(json_i64(fill, &n), 0);
        assert_int_equal(m->fill[i], n);
    }
    assert_null(fill);
}

static void check_measure(const struct json *expect, const char *id, struct str text,
                          enum sms_mode mode)
{
    struct sms_measure m;
    bool encodable = json_bool(json_get(expect, "encodable"), true);

    assert_int_equal(sms_measure(text, mode, NULL, &m, NULL), 0);
    if (m.encodable != encodable) {
        fail_msg("%s: encodable in %s is wrong", id, sms_mode_name(mode));
    }
    if (!encodable) {
        char cp[16];

        snprintf(cp, sizeof(cp), "U+%04X", (unsigned)m.culprit.cp);
        assert_true(str_eqs(json_str(json_get(expect, "first_bad")), cp));
        return;
    }
    assert_int_equal(m.units, number(expect, mode == SMS_UCS2 ? "units" : "septets"));
    assert_int_equal(m.segments, number(expect, "segments"));
    assert_int_equal(sms_capacity(mode, false, false), number(expect, "cap_single"));
    assert_int_equal(sms_capacity(mode, true, false), number(expect, "cap_multi"));
    check_fill(expect, &m);
}

static void measures(void **state)
{
    const struct json *v = json_first(json_get(json_root(vectors), "vectors"));
    size_t count = 0;

    (void)state;
    for (; v != NULL; v = json_next(v), count++) {
        struct str text = json_str(json_get(v, "text"));
        struct sms_measure m;
        enum sms_mode best;

        for (enum sms_mode mode = 0; mode < SMS_MODE_COUNT; mode++) {
            check_measure(json_get(json_get(v, "expect"), sms_mode_name(mode)),
                          json_str(json_get(v, "id")).ptr, text, mode);
        }
        assert_int_equal(sms_choose(text, SMS_ALLOW_7BIT | SMS_ALLOW_UCS2, NULL, &best, &m, NULL),
                         0);
        assert_true(str_eqs(json_str(json_get(v, "cheapest_lossless")), sms_mode_name(best)));
        assert_int_equal(m.chars, number(v, "chars"));
    }
    assert_true(count >= 60);
}

static void folding(void **state)
{
    const struct json *v = json_first(json_get(json_root(vectors), "vectors"));
    struct buf once;
    struct buf twice;

    (void)state;
    buf_init(&once, SMS_TEXT_MAX);
    buf_init(&twice, SMS_TEXT_MAX);
    for (; v != NULL; v = json_next(v)) {
        const struct json *expect = json_get(v, "translit");

        buf_reset(&once);
        buf_reset(&twice);
        assert_int_equal(sms_tidy(json_str(json_get(v, "text")), SMS_TIDY_ASCII, &once, NULL), 0);
        assert_string_equal(buf_cstr(&once), json_str(json_get(expect, "text")).ptr);
        check_measure(expect, json_str(json_get(v, "id")).ptr, (struct str){once.data, once.len},
                      SMS_GSM7);
        assert_int_equal(sms_tidy((struct str){once.data, once.len}, SMS_TIDY_ASCII, &twice, NULL),
                         0);
        assert_string_equal(buf_cstr(&once), buf_cstr(&twice));
    }
    buf_finish(&once);
    buf_finish(&twice);
}

static void hex(const struct sms_part *part, char out[2 * SMS_OCTETS_MAX + 1])
{
    for (unsigned i = 0; i < part->len; i++) {
        snprintf(out + (size_t)2 * i, 3, "%02X", part->ud[i]);
    }
    out[2 * part->len] = '\0';
}

static void check_packed(const struct json *v, const struct json *u)
{
    const struct json *c = json_get(u, "concat");
    struct sms_concat concat = {0};
    struct sms_concat back;
    struct sms_part part;
    struct buf text;
    char octets[2 * SMS_OCTETS_MAX + 1];

    if (json_type(c) == JSON_OBJECT) {
        concat.ref = (unsigned)number(c, "ref");
        concat.total = (unsigned)number(c, "total");
        concat.seq = (unsigned)number(c, "seq");
        concat.wide = number(c, "ref_bits") == 16;
    }
    assert_int_equal(sms_pack_part(json_str(json_get(v, "text")),
                                   sms_mode_parse(json_str(json_get(u, "mode"))),
                                   concat.total > 0 ? &concat : NULL, &part, NULL),
                     0);
    hex(&part, octets);
    assert_string_equal(octets, json_str(json_get(u, "ud_hex")).ptr);
    assert_int_equal(part.udl, number(u, "udl"));
    assert_int_equal(part.header_len > 0, json_bool(json_get(u, "udhi"), false));
    buf_init(&text, 4096);
    assert_int_equal(sms_unpack(&part, &text, &back, NULL), 0);
    assert_true(str_eq((struct str){text.data, text.len}, json_str(json_get(v, "text"))));
    assert_memory_equal(&back, &concat, sizeof(back));
    buf_finish(&text);
}

static void packing(void **state)
{
    const struct json *v = json_first(json_get(json_root(vectors), "vectors"));
    size_t count = 0;

    (void)state;
    for (; v != NULL; v = json_next(v)) {
        const struct json *u = json_first(json_get(v, "user_data"));

        for (; u != NULL; u = json_next(u), count++) {
            check_packed(v, u);
        }
    }
    assert_true(count >= 15);
}

static const uint32_t letters[] = {'a', ' ',   '@',    '[',     0x20AC, 0xE7,  0x11F, 0x131, 0x130,
                                   'Z', 0x15F, 0x15E,  0xE8,    0x11E,  '\f',  0xD6,  '1',   0xA1,
                                   '{', 0xE9,  0x2026, 0x1F44D, 0x436,  0x302, 'i',   '\n',  '?'};

/* A small generator of its own: the same texts on every run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static struct str random_text(uint32_t *seed, char *room, size_t letters_used)
{
    size_t chars = next_random(seed) % 600;
    size_t len = 0;

    for (size_t i = 0; i < chars; i++) {
        len += utf8_encode(letters[next_random(seed) % letters_used], room + len);
    }
    return (struct str){room, len};
}

static void check_round_trip(struct str text, enum sms_mode mode, const struct sms_options *o)
{
    static struct sms_part parts[SMS_SEGMENTS_MAX];
    struct sms_measure m;
    struct buf back;
    size_t count = 0;
    unsigned sum = 0;

    assert_int_equal(sms_measure(text, mode, o, &m, NULL), 0);
    if (!m.encodable) {
        assert_int_equal(sms_pack(text, mode, o, 7, parts, SMS_SEGMENTS_MAX, &count, NULL),
                         ERR_UNSUPPORTED);
        return;
    }
    assert_int_equal(sms_pack(text, mode, o, 7, parts, SMS_SEGMENTS_MAX, &count, NULL), 0);
    assert_int_equal(count, m.segments);
    buf_init(&back, 8192);
    for (size_t i = 0; i < count; i++) {
        struct sms_concat concat;

        assert_true(m.fill[i] <= m.capacity);
        assert_int_equal(m.capacity, sms_capacity(mode, count > 1, o->wide_ref));
        sum += m.fill[i];
        assert_int_equal(sms_unpack(&parts[i], &back, &concat, NULL), 0);
        assert_int_equal(concat.seq, count > 1 ? i + 1 : 0);
    }
    assert_int_equal(sum, m.units + o->reserve);
    assert_true(str_eq((struct str){back.data, back.len}, text));
    buf_finish(&back);
}

static void round_trips(void **state)
{
    static char room[4096];
    uint32_t seed = 1;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct sms_options o = {.reserve = i % 3 == 0 ? SMS_RESERVE_TR : 0, .wide_ref = i % 2 == 1};
        size_t used = i % 4 == 0 ? sizeof(letters) / sizeof(letters[0]) : i % 4 == 1 ? 18 : 12;
        struct str text = random_text(&seed, room, used);

        for (enum sms_mode mode = 0; mode < SMS_MODE_COUNT; mode++) {
            check_round_trip(text, mode, &o);
        }
    }
}

static void tidy_is_idempotent(void **state)
{
    static char room[4096];
    struct buf once;
    struct buf twice;
    uint32_t seed = 9;

    (void)state;
    buf_init(&once, SMS_TEXT_MAX);
    buf_init(&twice, SMS_TEXT_MAX);
    for (int i = 0; i < 2000; i++) {
        struct str text = random_text(&seed, room, sizeof(letters) / sizeof(letters[0]));

        buf_reset(&once);
        buf_reset(&twice);
        assert_int_equal(sms_tidy(text, (unsigned)i % 2, &once, NULL), 0);
        assert_int_equal(sms_tidy((struct str){once.data, once.len}, (unsigned)i % 2, &twice, NULL),
                         0);
        assert_true(str_eq((struct str){once.data, once.len}, (struct str){twice.data, twice.len}));
    }
    buf_finish(&once);
    buf_finish(&twice);
}

static void tidy_cases(void **state)
{
    static const struct {
        const char *in;
        unsigned flags;
        const char *out;
    } cases[] = {
        {"Millî Eğitim’in “şikâyet”i – 5\u00A0₺…", 0, "Milli Eğitim'in \"şikayet\"i - 5 TL..."},
        {"Millî Eğitim’in “şikâyet”i", SMS_TIDY_ASCII, "Milli Egitim'in \"sikayet\"i"},
        {"di\u0307yarbakir", 0, "diyarbakir"},
        {"c\u0327\u200Bg\u0306 I\u0307", 0, "çğ İ"},
        {"a\u200B\u0302", 0, "a"},
        {"\u00E2\u030F", 0, "\u0201"},
        {"Noël Š. ≠ è", SMS_TIDY_ASCII, "Noel S. ≠ è"},
        {"Noël", 0, "Noël"},
        {"\u1FFD", 0, "'"},
        {"👍", 0, "👍"},
        {"a?b", SMS_TIDY_ASCII, "a?b"},
    };
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_reset(&out);
        assert_int_equal(sms_tidy(str_of(cases[i].in), cases[i].flags, &out, NULL), 0);
        assert_string_equal(buf_cstr(&out), cases[i].out);
    }
    assert_int_equal(sms_tidy(STR("\xC3"), 0, &out, NULL), ERR_INVALID);
    buf_finish(&out);
}

static struct str repeated(char *room, const char *unit, size_t times)
{
    size_t n = strlen(unit);

    for (size_t i = 0; i < times; i++) {
        memcpy(room + i * n, unit, n);
    }
    return (struct str){room, n * times};
}

static void reserve_and_limits(void **state)
{
    static char room[SMS_TEXT_MAX];
    struct sms_options o = {.reserve = SMS_RESERVE_TR};
    struct sms_measure m;
    enum sms_mode mode;

    (void)state;
    assert_int_equal(sms_measure(repeated(room, "a", 155), SMS_GSM7, &o, &m, NULL), 0);
    assert_int_equal(m.segments, 1);
    assert_int_equal(m.fill[0], 160);
    assert_int_equal(sms_measure(repeated(room, "a", 156), SMS_GSM7, &o, &m, NULL), 0);
    assert_int_equal(m.segments, 2);
    assert_int_equal(m.start[1], 153);
    assert_int_equal(sms_choose(repeated(room, "ş", 73), SMS_ALLOW_7BIT, &o, &mode, &m, NULL), 0);
    assert_int_equal(mode, SMS_TR_SINGLE);
    assert_int_equal(sms_choose(repeated(room, "ş", 76), SMS_ALLOW_7BIT, &o, &mode, &m, NULL), 0);
    assert_int_equal(mode, SMS_TR_LOCKING);
    assert_int_equal(
        sms_choose(repeated(room, "a", 255 * 153), SMS_ALLOW_7BIT, NULL, &mode, &m, NULL), 0);
    assert_int_equal(
        sms_choose(repeated(room, "a", 255 * 153 + 1), SMS_ALLOW_7BIT, NULL, &mode, &m, NULL),
        ERR_LIMIT);
    assert_int_equal(m.segments, 256);
    o.reserve = 61;
    assert_int_equal(sms_measure(STR("a"), SMS_GSM7, &o, &m, NULL), ERR_INVALID);
    assert_int_equal(sms_measure(STR("a\xFF"), SMS_UCS2, NULL, &m, NULL), ERR_INVALID);
}

static void culprits(void **state)
{
    struct sms_measure m;
    enum sms_mode mode;
    struct err e;

    (void)state;
    assert_int_equal(sms_choose(STR("süre ş…"), SMS_ALLOW_7BIT, NULL, &mode, &m, &e),
                     ERR_UNSUPPORTED);
    assert_int_equal(m.culprit.cp, 0x2026);
    assert_int_equal(m.culprit.position, 6);
    assert_int_equal(m.culprit.byte, 8);
    assert_string_equal(m.culprit.cheaper, "...");
    assert_non_null(strstr(e.text, "U+2026"));
    assert_int_equal(sms_measure(STR("ab[ş"), SMS_TR_SINGLE, NULL, &m, NULL), 0);
    assert_int_equal(m.culprit.cp, '[');
    assert_string_equal(m.culprit.cheaper, "(");
    assert_int_equal(sms_measure(STR("a€\x1B"), SMS_GSM7, NULL, &m, NULL), 0);
    assert_false(m.encodable);
    assert_int_equal(m.culprit.cp, 0x1B);
}

static void bills(void **state)
{
    static char room[4096];
    struct sms_bill b;

    (void)state;
    sms_bill(repeated(room, "ş", 155), SMS_TR_SINGLE, SMS_RULE_TR_ONE, 0, &b);
    assert_int_equal(b.segments, 1);
    assert_int_equal(b.limit, 155);
    sms_bill(repeated(room, "ş", 156), SMS_TR_SINGLE, SMS_RULE_TR_ONE, 0, &b);
    assert_int_equal(b.segments, 2);
    sms_bill(repeated(room, "ş", 78), SMS_TR_SINGLE, SMS_RULE_TR_DOUBLE, 0, &b);
    assert_int_equal(b.units, 156);
    assert_int_equal(b.segments, 2);
    sms_bill(repeated(room, "ş", 78), SMS_TR_LOCKING, SMS_RULE_PHYSICAL, 0, &b);
    assert_int_equal(b.segments, 1);
    sms_bill(repeated(room, "a", 160), SMS_GSM7, SMS_RULE_TR_ONE, 5, &b);
    assert_int_equal(b.segments, 2);
    sms_bill(STR("a€"), SMS_GSM7, SMS_RULE_TR_ONE, 0, &b);
    assert_int_equal(b.units, 3);
    sms_bill(STR("â"), SMS_TR_SINGLE, SMS_RULE_TR_DOUBLE, 0, &b);
    assert_int_equal(b.limit, 70);
    for (unsigned parts = 1, limits[] = {155, 298, 447, 596, 745, 894, 1043}; parts <= 7; parts++) {
        sms_bill(repeated(room, "ş", limits[parts - 1]), SMS_TR_SINGLE, SMS_RULE_TR_ONE, 0, &b);
        assert_int_equal(b.segments, parts);
    }
}

static void tables(void **state)
{
    const struct json *table = json_get(json_root(vectors), "tables");
    const struct json *entry = json_first(json_get(table, "turkish_locking"));

    (void)state;
    for (unsigned code = 0; code < 128; code++, entry = json_next(entry)) {
        uint32_t cp = sms_decode_septet(SMS_TR_LOCKING, (uint8_t)code, false);

        if (code != SMS_ESCAPE) {
            assert_int_equal(strtoul(json_str(entry).ptr + 2, NULL, 16), cp);
        }
    }
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        for (enum sms_mode mode = 0; mode < SMS_MODE_COUNT; mode++) {
            uint16_t u[2];
            unsigned n = sms_encode_char(mode, cp, u);

            assert_int_equal(n, sms_class_cost[mode][sms_class_of(cp)]);
            if (n > 0 && mode != SMS_UCS2) {
                assert_int_equal(sms_decode_septet(mode, (uint8_t)u[n - 1], n == 2), cp);
            }
        }
        cp = cp == 0x3FFF ? 0x10FF00 : cp;
    }
}

static void broken_user_data(void **state)
{
    static const struct {
        uint8_t udl, header_len, dcs, len;
        uint8_t ud[8];
    } cases[] = {
        {1, 0, 0, 1, {0x1B}},                               /* escape at the end */
        {9, 0, 0, 2, {0}},                                  /* cut off */
        {6, 4, 0, 6, {0x02, 0x25, 0x01, 0x01}},             /* length octet lies */
        {6, 4, 0, 6, {0x03, 0x25, 0x05, 0x01}},             /* element too long */
        {6, 4, 0, 6, {0x03, 0x25, 0x01, 0x02}},             /* another language */
        {6, 6, 0, 6, {0x05, 0x00, 0x03, 0x01, 0x02, 0x03}}, /* third of two */
        {3, 0, 8, 3, {0, 0x41, 0}},                         /* odd octets */
        {2, 0, 8, 2, {0xD8, 0x00}},                         /* lone surrogate */
    };
    struct buf out;

    (void)state;
    buf_init(&out, 1024);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sms_part part = {.udl = cases[i].udl,
                                .header_len = cases[i].header_len,
                                .dcs = cases[i].dcs,
                                .len = cases[i].len};

        memcpy(part.ud, cases[i].ud, sizeof(cases[i].ud));
        assert_int_equal(sms_unpack(&part, &out, NULL, NULL), ERR_INVALID);
    }
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures),
        cmocka_unit_test(folding),
        cmocka_unit_test(packing),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(tidy_cases),
        cmocka_unit_test(tidy_is_idempotent),
        cmocka_unit_test(culprits),
        cmocka_unit_test(reserve_and_limits),
        cmocka_unit_test(bills),
        cmocka_unit_test(tables),
        cmocka_unit_test(broken_user_data),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
