/* SMPP 3.4 octets: units, receipts, statuses, and what becomes of a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "providers/smpp/smpp_message.h"
#include "providers/smpp/smpp_receipt.h"
#include "providers/smpp/smpp_state.h"

#include <stdio.h>
#include <stdlib.h>

/* Whole units as other implementations of SMPP write and read them. */
static const char submit_single[] = "00 00 00 8d 00 00 00 04 00 00 00 00 00 00 00 07  00 05 00 42 "
                                    "41 54 4d 41 4e 4d 45 4d 00 01 01 39"
                                    "30 35 33 32 31 32 33 34 35 36 37 00 40 00 00 00  00 01 00 00 "
                                    "00 57 03 24 01 01 53 6e 2e 20 09 69"
                                    "1b 67 64 65 6d 20 49 1b 53 49 4b 2c 20 65 2d 69  6d 7a 61 6e "
                                    "1b 69 7a 20 31 35 20 67 7e 6e 20 69"
                                    "1b 63 69 6e 64 65 20 73 6f 6e 61 20 65 72 65 63  65 6b 2e 20 "
                                    "42 61 1b 73 76 75 72 75 3a 20 42 1b"
                                    "49 4c 47 1b 49 20 1b 49 1b 53 4c 45 4d";
static const char submit_ucs2[] = "00 00 00 54 00 00 00 04 00 00 00 00 00 00 00 08  00 05 00 42 41 "
                                  "54 4d 41 4e 4d 45 4d 00 01 01 39"
                                  "30 35 33 32 31 32 33 34 35 36 37 00 00 00 00 00  00 01 00 08 00 "
                                  "1e 00 53 00 fc 00 72 00 65 00 20"
                                  "00 62 00 69 00 74 00 69 00 79 00 6f 00 72 00 3a  00 20 01 5f";
static const char locking_text[] = "53 6e 2e 20 09 69 0c 64 65 6d 20 49 1c 49 4b 2c 20 65 2d 69 6d "
                                   "7a 61 6e 07 7a 20 31 35 20 67 7e "
                                   "6e 20 69 60 69 6e 64 65 20 73 6f 6e 61 20 65 72 65 63 65 6b 2e "
                                   "20 42 61 1d 76 75 72 75 3a 20 42 "
                                   "40 4c 47 40 20 40 1c 4c 45 4d";

#define TEXT "Sn. Çiğdem IŞIK, e-imzanız 15 gün içinde sona erecek. Başvuru: BİLGİ İŞLEM"

static size_t unhex(const char *hex, unsigned char *out)
{
    size_t n = 0;
    unsigned v;

    for (; *hex != '\0'; hex++) {
        if (*hex != ' ' && sscanf(hex, "%2x", &v) == 1) {
            out[n++] = (unsigned char)v;
            hex++;
        }
    }
    return n;
}

static struct smpp_settings settings(void)
{
    return (struct smpp_settings){.service_type = (char *)(uintptr_t) "",
                                  .sender = (char *)(uintptr_t) "BATMANMEM",
                                  .source_ton = -1,
                                  .source_npi = -1,
                                  .dest_ton = 1,
                                  .dest_npi = 1};
}

/* Fills one unit of a text under these settings. */
struct filled {
    struct smpp_settings s;
    struct provider_job job;
    struct sms_part parts[SMS_SEGMENTS_MAX];
    struct smpp_message m;
    struct buf space;
    struct smpp_pdu pdu;
};

static void pack(struct filled *f, const char *text, enum sms_mode mode)
{
    struct err e = {0};

    f->job = (struct provider_job){
        .to = "+905321234567", .text = text, .mode = mode, .deadline_ms = INT64_MAX};
    f->m = (struct smpp_message){.settings = &f->s, .job = &f->job, .parts = f->parts};
    buf_init(&f->space, SMPP_PDU_MAX);
    if (smpp_message_pack(&f->s, &f->job, 0x1A7, f->parts, &f->m.count, &e) != 0) {
        fail_msg("%s", e.text);
    }
}

static void fill(struct filled *f, size_t unit)
{
    assert_int_equal(smpp_message_fill(&f->m, unit, 1795435200000, &f->space, &f->pdu), 0);
}

static void expect_octets(struct str got, const char *hex)
{
    unsigned char want[4096];
    size_t n = unhex(hex, want);

    assert_int_equal(got.len, n);
    assert_memory_equal(got.ptr, want, n);
}

/* ---- whole units ---- */

static void test_submit_octets(void **state)
{
    static const struct {
        const char *text;
        enum sms_mode mode;
        uint32_t sequence;
        const char *octets;
    } rows[] = {
        {TEXT, SMS_TR_SINGLE, 7, submit_single},
        {"Süre bitiyor: ş", SMS_UCS2, 8, submit_ucs2},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct filled *f = calloc(1, sizeof(*f));
        struct buf out;

        f->s = settings();
        pack(f, rows[i].text, rows[i].mode);
        fill(f, 0);
        f->pdu.registered_delivery = 1;
        f->pdu.sequence = rows[i].sequence;
        buf_init(&out, SMPP_PDU_MAX);
        assert_int_equal(smpp_pdu_encode(&f->pdu, &out, NULL), 0);
        expect_octets((struct str){out.data, out.len}, rows[i].octets);
        buf_finish(&out);
        buf_finish(&f->space);
        free(f);
    }
}

static void test_submit_decoded(void **state)
{
    unsigned char bytes[512];
    size_t n = unhex(submit_single, bytes);
    size_t length = 0;
    struct smpp_pdu p;

    (void)state;
    assert_int_equal(smpp_pdu_frame(bytes, n, &length, NULL), 0);
    assert_int_equal(length, n);
    assert_int_equal(smpp_pdu_decode(bytes, n, &p, NULL), 0);
    assert_int_equal(p.command, SMPP_SUBMIT_SM);
    assert_int_equal(p.sequence, 7);
    assert_string_equal(p.source, "BATMANMEM");
    assert_int_equal(p.source_ton, 5);
    assert_string_equal(p.dest, "905321234567");
    assert_int_equal(p.esm_class, SMPP_ESM_UDHI);
    assert_int_equal(p.registered_delivery, 1);
    assert_int_equal(p.message.len, 87);
    assert_string_equal(smpp_command_name(p.command), "submit_sm");
    assert_string_equal(smpp_command_name(0x77), "?");
}

/* ---- modes, headers, concatenation ---- */

static void test_modes(void **state)
{
    static const struct {
        enum sms_mode mode;
        unsigned esm;
        unsigned coding;
        const char *head;
        const char *text; /* null: not compared */
    } rows[] = {
        {SMS_TR_SINGLE, 0x40, 0, "03 24 01 01", NULL},
        {SMS_TR_LOCKING, 0x40, 0, "03 25 01 01", locking_text},
        {SMS_TR_BOTH, 0x40, 0, "06 24 01 01 25 01 01", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct filled *f = calloc(1, sizeof(*f));
        unsigned char head[16];
        size_t n = unhex(rows[i].head, head);

        f->s = settings();
        pack(f, TEXT, rows[i].mode);
        assert_int_equal(f->m.count, 1);
        fill(f, 0);
        assert_int_equal(f->pdu.esm_class, rows[i].esm);
        assert_int_equal(f->pdu.data_coding, rows[i].coding);
        assert_memory_equal(f->pdu.message.ptr, head, n);
        if (rows[i].text != NULL) {
            expect_octets((struct str){f->pdu.message.ptr + n, f->pdu.message.len - n},
                          rows[i].text);
        }
        buf_finish(&f->space);
        free(f);
    }
}

static void test_plain_gsm7(void **state)
{
    struct filled *f = calloc(1, sizeof(*f));

    (void)state;
    f->s = settings();
    f->s.data_coding = 0xF0;
    f->s.esm_class = 3;
    pack(f, "Gün @", SMS_GSM7);
    fill(f, 0);
    assert_int_equal(f->pdu.esm_class, 3);
    assert_int_equal(f->pdu.data_coding, 0xF0);
    expect_octets(f->pdu.message, "47 7e 6e 20 00");
    f->s.septets = SMPP_SEPTETS_PACKED;
    fill(f, 0);
    expect_octets(f->pdu.message, "47 bf 1b 04 00"); /* TS 23.038 §6.1.2.1.1 */
    buf_finish(&f->space);
    free(f);
}

static void repeat(char *out, const char *word, size_t times)
{
    size_t n = strlen(word);

    for (size_t i = 0; i < times; i++) {
        memcpy(out + i * n, word, n + 1);
    }
}

static void test_parts(void **state)
{
    static const struct {
        int concatenation;
        enum sms_mode mode;
        size_t units;
        unsigned esm;
        const char *first; /* how the message of the last unit begins */
    } rows[] = {
        {SMPP_CONCAT_UDH, SMS_GSM7, 3, 0x40, "05 00 03 a7 03 03"},
        {SMPP_CONCAT_UDH, SMS_TR_SINGLE, 3, 0x40, "08 00 03 a7 03 03 24 01 01"},
        {SMPP_CONCAT_UDH, SMS_TR_LOCKING, 3, 0x40, "08 00 03 a7 03 03 25 01 01"},
        {SMPP_CONCAT_UDH, SMS_TR_BOTH, 3, 0x40, "0b 00 03 a7 03 03 24 01 01 25 01 01"},
        {SMPP_CONCAT_UDH, SMS_UCS2, 6, 0x40, "05 00 03 a7 06 06"},
        {SMPP_CONCAT_SAR, SMS_GSM7, 3, 0, "61"},
        {SMPP_CONCAT_SAR, SMS_TR_SINGLE, 3, 0x40, "03 24 01 01 61"},
        {SMPP_CONCAT_SAR, SMS_UCS2, 6, 0, "00 61"},
        {SMPP_CONCAT_PAYLOAD, SMS_GSM7, 1, 0, "61"},
        {SMPP_CONCAT_PAYLOAD, SMS_TR_LOCKING, 1, 0x40, "03 25 01 01 61"},
        {SMPP_CONCAT_PAYLOAD, SMS_UCS2, 1, 0, "00 61"},
    };
    char text[401];

    (void)state;
    repeat(text, "a", 400);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct filled *f = calloc(1, sizeof(*f));
        unsigned char first[16];
        size_t n = unhex(rows[i].first, first);
        struct str m;

        f->s = settings();
        f->s.concatenation = rows[i].concatenation;
        f->s.receipt_parts = SMPP_RECEIPT_LAST;
        pack(f, text, rows[i].mode);
        assert_int_equal(smpp_message_units(&f->m), rows[i].units);
        fill(f, 0);
        assert_int_equal(f->pdu.registered_delivery, rows[i].units == 1);
        fill(f, rows[i].units - 1);
        assert_int_equal(f->pdu.registered_delivery, 1);
        assert_int_equal(f->pdu.esm_class, rows[i].esm);
        m = rows[i].concatenation == SMPP_CONCAT_PAYLOAD ? f->pdu.payload : f->pdu.message;
        assert_memory_equal(m.ptr, first, n);
        assert_int_equal(smpp_pdu_has(&f->pdu, SMPP_TLV_SAR_TOTAL),
                         rows[i].concatenation == SMPP_CONCAT_SAR);
        if (rows[i].concatenation == SMPP_CONCAT_SAR) {
            assert_int_equal(f->pdu.sar_reference, 0xA7);
            assert_int_equal(f->pdu.sar_total, rows[i].units);
            assert_int_equal(f->pdu.sar_sequence, rows[i].units);
        } else if (rows[i].concatenation == SMPP_CONCAT_PAYLOAD) {
            size_t head = rows[i].mode == SMS_TR_LOCKING ? 4 : 0;

            assert_int_equal(m.len, head + (rows[i].mode == SMS_UCS2 ? 800 : 400));
            assert_int_equal(f->pdu.message.len, 0);
        }
        buf_finish(&f->space);
        free(f);
    }
}

/* The last part has room for what the operator appends. */
static void test_reserve(void **state)
{
    char text[161];
    struct sms_part *parts = calloc(SMS_SEGMENTS_MAX, sizeof(*parts));
    struct provider_job job = {.text = text, .mode = SMS_GSM7, .reserve = 5};
    struct smpp_settings s = settings();
    size_t count = 0;

    (void)state;
    repeat(text, "a", 155);
    assert_int_equal(smpp_message_pack(&s, &job, 1, parts, &count, NULL), 0);
    assert_int_equal(count, 1);
    repeat(text, "a", 156);
    assert_int_equal(smpp_message_pack(&s, &job, 1, parts, &count, NULL), 0);
    assert_int_equal(count, 2);
    job.text = "Ğ";
    assert_int_equal(smpp_message_pack(&s, &job, 1, parts, &count, NULL), ERR_UNSUPPORTED);
    free(parts);
}

/* A centre whose own alphabet is not GSM-7. */
static void test_alphabets(void **state)
{
    static const struct {
        int alphabet;
        enum sms_mode mode;
        const char *text;
        const char *octets; /* null: refused */
    } rows[] = {
        {SMPP_ALPHABET_GSM7, SMS_GSM7, "@ÖÇ", "00 5c 09"},
        {SMPP_ALPHABET_LATIN1, SMS_GSM7, "@ÖÇ[", "40 d6 c7 5b"},
        {SMPP_ALPHABET_LATIN1, SMS_GSM7, "€", NULL},
        {SMPP_ALPHABET_LATIN1, SMS_GSM7, "Δ", NULL},
        {SMPP_ALPHABET_LATIN1, SMS_TR_LOCKING, "ş", "03 25 01 01 1d"},
        {SMPP_ALPHABET_LATIN1, SMS_UCS2, "ş", "01 5f"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct filled *f = calloc(1, sizeof(*f));
        struct provider_job job = {.text = rows[i].text, .mode = rows[i].mode};
        size_t count;

        f->s = settings();
        f->s.alphabet = rows[i].alphabet;
        if (rows[i].octets == NULL) {
            assert_int_equal(smpp_message_pack(&f->s, &job, 1, f->parts, &count, NULL),
                             ERR_UNSUPPORTED);
        } else {
            pack(f, rows[i].text, rows[i].mode);
            fill(f, 0);
            expect_octets(f->pdu.message, rows[i].octets);
        }
        buf_finish(&f->space);
        free(f);
    }
}

/* The same text in parts: the header stays, one octet a character behind it. */
static void test_alphabet_in_parts(void **state)
{
    struct filled *f = calloc(1, sizeof(*f));
    char text[401];
    size_t total = 0;

    (void)state;
    repeat(text, "ö", 200);
    f->s = settings();
    f->s.alphabet = SMPP_ALPHABET_LATIN1;
    pack(f, text, SMS_GSM7);
    assert_int_equal(f->m.count, 2);
    for (size_t unit = 0; unit < 2; unit++) {
        fill(f, unit);
        assert_int_equal(f->pdu.message.ptr[0], 5);
        assert_int_equal((unsigned char)f->pdu.message.ptr[6], 0xF6);
        total += f->pdu.message.len - 6;
    }
    assert_int_equal(total, 200);
    buf_finish(&f->space);
    free(f);
}

static void test_addresses(void **state)
{
    static const struct {
        const char *sender;
        int ton, npi;
        const char *wire;
    } rows[] = {
        {"BATMANMEM", 5, 0, "BATMANMEM"},
        {"+903120000000", 1, 1, "903120000000"},
        {"903120000000", 1, 1, "903120000000"},
        {"1234", 3, 0, "1234"},
    };
    static const struct {
        const char *to;
        const char *wire; /* null: refused */
    } numbers[] = {
        {"+905320000067", "905320000067"},
        {"905320000067", "905320000067"},
        {"+", NULL},
        {"", NULL},
        {"+90532 00", NULL},
        {"12345678901234567890", "12345678901234567890"},
        {"123456789012345678901", NULL},
    };
    struct filled *f = calloc(1, sizeof(*f));

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        f->s = settings();
        f->s.sender = (char *)(uintptr_t)rows[i].sender;
        pack(f, "a", SMS_GSM7);
        fill(f, 0);
        assert_int_equal(f->pdu.source_ton, rows[i].ton);
        assert_int_equal(f->pdu.source_npi, rows[i].npi);
        assert_string_equal(f->pdu.source, rows[i].wire);
        f->s.source_ton = 0;
        f->s.source_npi = 9;
        fill(f, 0);
        assert_int_equal(f->pdu.source_ton, 0);
        assert_int_equal(f->pdu.source_npi, 9);
        buf_finish(&f->space);
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        char out[21];

        assert_int_equal(smpp_number(numbers[i].to, out), numbers[i].wire != NULL);
        if (numbers[i].wire != NULL) {
            assert_string_equal(out, numbers[i].wire);
        }
    }
    free(f);
}

static void test_validity(void **state)
{
    static const struct {
        int64_t validity;
        int form;
        int64_t left; /* until the deadline; 0: there is none */
        const char *wire;
    } rows[] = {
        {0, SMPP_VALIDITY_RELATIVE, 3600000, ""},
        {86400000, SMPP_VALIDITY_RELATIVE, 0, "000001000000000R"},
        {86400000, SMPP_VALIDITY_RELATIVE, 7261000, "000000020101000R"},
        {86400000, SMPP_VALIDITY_RELATIVE, 5, "000000000100000R"},
        {7 * 86400000LL, SMPP_VALIDITY_RELATIVE, INT64_MAX / 2, "000007000000000R"},
        {86400000, SMPP_VALIDITY_ABSOLUTE, 0, "261124120000000+"},
    };
    struct filled *f = calloc(1, sizeof(*f));

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        f->s = settings();
        f->s.validity_ms = rows[i].validity;
        f->s.validity_form = rows[i].form;
        pack(f, "a", SMS_GSM7);
        f->job.deadline_ms = rows[i].left == 0 ? 0 : 1795435200000 + rows[i].left;
        fill(f, 0); /* at 2026-11-23T12:00:00Z */
        assert_string_equal(f->pdu.validity, rows[i].wire);
        buf_finish(&f->space);
    }
    free(f);
}

/* ---- what may come ---- */

static void test_frame(void **state)
{
    static const struct {
        const char *octets;
        int code;
        size_t length;
    } rows[] = {
        {"", 0, 0},
        {"00 00 00", 0, 0},
        {"00 00 00 10", 0, 16},
        {"00 01 00 00", 0, 65536},
        {"00 01 00 01", ERR_INVALID, 0},
        {"00 00 00 00", ERR_INVALID, 0},
        {"00 00 00 03", ERR_INVALID, 0},
        {"00 00 00 0f", ERR_INVALID, 0},
        {"ff ff ff ff", ERR_INVALID, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        unsigned char bytes[8];
        size_t n = unhex(rows[i].octets, bytes);
        size_t length = 99;

        assert_int_equal(smpp_pdu_frame(bytes, n, &length, NULL), rows[i].code);
        assert_int_equal(length, rows[i].length);
    }
}

#define HEADER(length, command) "00 00 00 " length " " command " 00 00 00 00 00 00 00 09 "

static void test_decode_bounds(void **state)
{
    static const struct {
        const char *octets;
        int code;
    } rows[] = {
        {HEADER("10", "00 00 00 15"), 0},
        {HEADER("10", "80 00 00 04"), 0},           /* a body may be missing */
        {HEADER("10", "00 00 00 09"), ERR_INVALID}, /* not of a request */
        {HEADER("10", "00 00 00 99"), ERR_UNSUPPORTED},
        {HEADER("11", "00 00 00 15"), ERR_INVALID}, /* longer than it is */
        {HEADER("12", "80 00 00 04") "41 00", 0},
        {HEADER("12", "80 00 00 04") "41 42", ERR_INVALID},      /* no NUL */
        {HEADER("17", "80 00 00 04") "41 00 04 27 00 01 02", 0}, /* message_state */
        {HEADER("15", "80 00 00 04") "41 00 04 27 00", ERR_INVALID},
        {HEADER("16", "80 00 00 04") "41 00 04 27 00 01", ERR_INVALID},
        {HEADER("18", "80 00 00 04") "41 00 04 27 00 02 02 02", 0}, /* skipped: not one octet */
        {HEADER("16", "80 00 00 04") "41 00 14 01 00 00", 0},       /* skipped: unknown */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        unsigned char bytes[64];
        size_t n = unhex(rows[i].octets, bytes);
        struct err e = {0};
        struct smpp_pdu p;

        if (smpp_pdu_decode(bytes, n, &p, &e) != rows[i].code) {
            fail_msg("row %zu: %s", i, e.text);
        }
        assert_int_equal(rows[i].code == ERR_INVALID && bytes[3] != n ? 9 : p.sequence, 9);
        assert_int_equal(smpp_pdu_has(&p, SMPP_TLV_MESSAGE_STATE), i == 7);
    }
}

/* The longest strings and messages that fit, and one octet more. */
static void test_string_bounds(void **state)
{
    struct smpp_pdu p = {.command = SMPP_SUBMIT_SM | SMPP_RESPONSE, .sequence = 1};
    char text[255];
    struct smpp_pdu back;
    struct buf out;

    (void)state;
    buf_init(&out, SMPP_PDU_MAX + 100);
    memset(p.message_id, 'x', 64);
    assert_int_equal(smpp_pdu_encode(&p, &out, NULL), 0);
    assert_int_equal(smpp_pdu_decode(out.data, out.len, &back, NULL), 0);
    assert_string_equal(back.message_id, p.message_id);
    out.data[3]++;
    (void)buf_addc(&out, '\0');
    out.data[16 + 64] = 'x'; /* 65 characters */
    assert_int_equal(smpp_pdu_decode(out.data, out.len, &back, NULL), ERR_INVALID);

    memset(text, 'y', sizeof(text));
    p = (struct smpp_pdu){.command = SMPP_SUBMIT_SM, .message = {text, 254}};
    buf_reset(&out);
    assert_int_equal(smpp_pdu_encode(&p, &out, NULL), 0);
    assert_int_equal(smpp_pdu_decode(out.data, out.len, &back, NULL), 0);
    assert_int_equal(back.message.len, 254);
    p.message.len = 255;
    buf_reset(&out);
    assert_int_equal(smpp_pdu_encode(&p, &out, NULL), ERR_LIMIT);
    assert_int_equal(out.len, 0);
    buf_finish(&out);
}

static void test_payload_bounds(void **state)
{
    char *text = calloc(1, 70000);
    struct smpp_pdu p = {.command = SMPP_SUBMIT_SM,
                         .present = 1u << SMPP_TLV_PAYLOAD,
                         .payload = {text, SMPP_PDU_MAX - SMPP_HEADER - 17 - 4}};
    struct buf out;

    (void)state;
    buf_init(&out, 200000);
    assert_int_equal(smpp_pdu_encode(&p, &out, NULL), 0);
    assert_int_equal(out.len, SMPP_PDU_MAX);
    p.payload.len++;
    assert_int_equal(smpp_pdu_encode(&p, &out, NULL), ERR_LIMIT);
    p.payload.len = 65536;
    assert_int_equal(smpp_pdu_encode(&p, &out, NULL), ERR_LIMIT);
    assert_int_equal(out.len, SMPP_PDU_MAX);
    p.command = 0x77;
    assert_int_equal(smpp_pdu_encode(&p, &out, NULL), ERR_UNSUPPORTED);
    buf_finish(&out);
    free(text);
}

/* Every optional parameter there and back. */
static void test_parameters(void **state)
{
    static const char octets[] = HEADER(
        "62",
        "00 00 00 05") "00 00 00 00 00 00 00 04 00 00 00 00 00 00 00 00 00 "
                       "00 19 00 01 07 00 1d 00 03 68 69 00 00 1e 00 03 61 62 00 02 04 00 02 12 34 "
                       "02 0c 00 02 00 a7 02 0d 00 01 01 02 0e 00 01 03 02 0f 00 01 02 02 10 00 01 "
                       "34 "
                       "04 23 00 03 03 00 2d 04 24 00 02 ff 00 04 25 00 01 01 04 26 00 01 01 04 27 "
                       "00 01 02";
    unsigned char bytes[256];
    size_t n = unhex(octets, bytes);
    struct smpp_pdu p;
    struct buf out;

    (void)state;
    bytes[3] = (unsigned char)n;
    assert_int_equal(smpp_pdu_decode(bytes, n, &p, NULL), 0);
    assert_int_equal(p.present, (1u << SMPP_TLV_COUNT) - 1);
    assert_string_equal(p.receipted_id, "ab");
    assert_int_equal(p.user_reference, 0x1234);
    assert_int_equal(p.network_error.len, 3);
    assert_int_equal(p.message_state, 2);
    buf_init(&out, SMPP_PDU_MAX);
    assert_int_equal(smpp_pdu_encode(&p, &out, NULL), 0);
    assert_int_equal(out.len, n);
    assert_memory_equal(out.data, bytes, n);
    buf_finish(&out);
}

/* ---- receipts ---- */

static void test_receipts_as_text(void **state)
{
    static const struct {
        unsigned esm;
        const char *text;
        const char *id; /* null: no receipt */
        enum report_state state;
        const char *code;
        const char *detail;
    } rows[] = {
        {4,
         "id:8a1f sub:001 dlvrd:001 submit date:2611241030 done date:2611241031 stat:DELIVRD "
         "err:000 text:Sn. Ornek",
         "8a1f", REPORT_DELIVERED, "DELIVRD", "err 000, done 2611241031"},
        {4, "ID:77 STAT:undeliv ERR:045", "77", REPORT_UNDELIVERED, "UNDELIV", "err 045"},
        {4, "stat:EXPIRED id: 12 done date:261124103159", "12", REPORT_EXPIRED, "EXPIRED",
         "done 261124103159"},
        {4, "id:1 stat:REJECTD", "1", REPORT_UNDELIVERED, "REJECTD", ""},
        {4, "id:1 stat:DELETED", "1", REPORT_UNDELIVERED, "DELETED", ""},
        {4, "id:1 stat:ACCEPTD", "1", REPORT_PENDING, "ACCEPTD", ""},
        {4, "id:1 stat:UNKNOWN", "1", REPORT_PENDING, "UNKNOWN", ""},
        {4, "id:1 stat:ENROUTE", "1", REPORT_PENDING, "ENROUTE", ""},
        {4, "id:1 stat:FAILED", "1", REPORT_UNDELIVERED, "SKIPPED", ""},
        {4, "id:1 stat:Delivered", "1", REPORT_DELIVERED, "DELIVRD", ""},
        {4, "id:1 stat:TUHAF", "1", REPORT_PENDING, "TUHAF", ""},
        {4, "id:1 sub:001", "1", REPORT_PENDING, "", ""},
        {4, "id:1 err: stat:DELIVRD", "1", REPORT_DELIVERED, "DELIVRD", ""},
        {4, "id:1 stat:DELIVRD text:id:2 stat:EXPIRED", "1", REPORT_DELIVERED, "DELIVRD", ""},
        {4, "valid:9 id:1 stat:DELIVRD", "1", REPORT_DELIVERED, "DELIVRD", ""},
        {0, "id:1 stat:DELIVRD", "1", REPORT_DELIVERED, "DELIVRD", ""}, /* not marked */
        {0x20, "id:1 stat:UNDELIV", "1", REPORT_PENDING, "UNDELIV", ""},
        {0, "id:1 size merhaba", NULL, REPORT_PENDING, "", ""},
        {4, "stat:DELIVRD", NULL, REPORT_PENDING, "", ""},
        {4, "", NULL, REPORT_PENDING, "", ""},
        {4, "id:\x01\x02 stat:DELIVRD", NULL, REPORT_PENDING, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct smpp_pdu p = {.command = SMPP_DELIVER_SM,
                             .esm_class = (uint8_t)rows[i].esm,
                             .message = str_of(rows[i].text)};
        struct smpp_receipt r;

        if (smpp_receipt_read(&p, &r) != (rows[i].id != NULL)) {
            fail_msg("row %zu", i);
        }
        if (rows[i].id != NULL) {
            assert_string_equal(r.id, rows[i].id);
            assert_string_equal(r.code, rows[i].code);
            assert_string_equal(r.detail, rows[i].detail);
            assert_int_equal(r.state, rows[i].state);
        }
    }
}

static void test_receipts_as_parameters(void **state)
{
    static const enum report_state states[] = {
        REPORT_PENDING,     REPORT_PENDING,     REPORT_DELIVERED, REPORT_EXPIRED,
        REPORT_UNDELIVERED, REPORT_UNDELIVERED, REPORT_PENDING,   REPORT_PENDING,
        REPORT_UNDELIVERED, REPORT_UNDELIVERED};
    struct smpp_receipt r;

    (void)state;
    for (uint8_t v = 0; v < 10; v++) {
        struct smpp_pdu p = {.command = SMPP_DELIVER_SM,
                             .esm_class = 4,
                             .message = STR("id:old stat:EXPIRED"),
                             .present = 1u << SMPP_TLV_RECEIPTED_ID | 1u << SMPP_TLV_MESSAGE_STATE |
                                        1u << SMPP_TLV_NETWORK_ERROR,
                             .receipted_id = "0af9",
                             .network_error = {"\x03\x01\x02", 3},
                             .message_state = v};

        assert_true(smpp_receipt_read(&p, &r));
        assert_string_equal(r.id, "0af9");
        assert_int_equal(r.state, states[v]);
        assert_string_equal(r.detail, "network error 3/258");
    }
}

static void test_receipt_in_ucs2_payload(void **state)
{
    static const char wide[] = "\0i\0d\0:\0"
                               "5\0 \0s\0t\0a\0t\0:\0D\0E\0L\0I\0V\0R\0D";
    struct smpp_pdu p = {.command = SMPP_DELIVER_SM,
                         .data_coding = 8,
                         .present = 1u << SMPP_TLV_PAYLOAD,
                         .payload = {wide, sizeof(wide) - 1}};
    struct smpp_receipt r;

    (void)state;
    assert_true(smpp_receipt_read(&p, &r));
    assert_string_equal(r.id, "5");
    assert_int_equal(r.state, REPORT_DELIVERED);
}

static void test_id_forms(void **state)
{
    static const struct {
        enum smpp_id_form form;
        const char *answer;
        const char *receipt;
        const char *both;
    } rows[] = {
        {SMPP_ID_SAME, "0aF9", "0aF9", "0aF9"},
        {SMPP_ID_SAME, " 0aF9 \xff\r", "0aF9", "0aF9"},
        {SMPP_ID_HEX_DECIMAL, "0A1B", "2587", "2587"},
        {SMPP_ID_HEX_DECIMAL, "a1b", "0000002587", "2587"},
        {SMPP_ID_HEX_DECIMAL, "0", "000", "0"},
        {SMPP_ID_DECIMAL_HEX, "0018446744073709551615", "FFFFFFFFFFFFFFFF", "18446744073709551615"},
        {SMPP_ID_DECIMAL_HEX, "340282366920938463463374607431768211455",
         "ffffffffffffffffffffffffffffffff", "340282366920938463463374607431768211455"},
        {SMPP_ID_HEX_DECIMAL, "msg-77", "msg-77", "msg-77"}, /* no number: left alone */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char id[64];

        snprintf(id, sizeof(id), "%s", rows[i].answer);
        smpp_id_normalise(rows[i].form, SMPP_ID_IN_ANSWER, id);
        assert_string_equal(id, rows[i].both);
        snprintf(id, sizeof(id), "%s", rows[i].receipt);
        smpp_id_normalise(rows[i].form, SMPP_ID_IN_RECEIPT, id);
        assert_string_equal(id, rows[i].both);
    }
}

static void test_ids_are_remembered(void **state)
{
    struct smpp_ids *ids = smpp_ids_create();
    struct smpp_sent *two = smpp_sent_create("m1-a1", 2);
    struct smpp_sent *other = smpp_sent_create("m2-a1", 1);
    char id[32];

    (void)state;
    smpp_ids_add(ids, "a", two);
    smpp_ids_add(ids, "b", two);
    assert_string_equal(smpp_ids_find(ids, "a")->ref, "m1-a1");
    assert_null(smpp_ids_find(ids, "c"));
    assert_false(smpp_ids_delivered(ids, "a"));
    assert_false(smpp_ids_delivered(ids, "a")); /* said twice */
    assert_true(smpp_ids_delivered(ids, "b"));
    assert_true(smpp_ids_delivered(ids, "unknown"));
    smpp_ids_add(ids, "a", other); /* counted anew by the centre */
    assert_string_equal(smpp_ids_find(ids, "a")->ref, "m2-a1");
    for (int i = 0; i < SMPP_IDS_MAX - 1; i++) {
        snprintf(id, sizeof(id), "x%d", i);
        smpp_ids_add(ids, id, other);
    }
    assert_non_null(smpp_ids_find(ids, "a"));
    assert_null(smpp_ids_find(ids, "b")); /* the oldest have gone */
    assert_non_null(smpp_ids_find(ids, "x0"));
    smpp_sent_release(two);
    smpp_sent_release(other);
    smpp_ids_destroy(ids);
    smpp_ids_destroy(NULL);
}

/* ---- statuses ---- */

static void test_statuses(void **state)
{
    static const struct {
        uint32_t status;
        enum outcome_class submit;
        enum outcome_class bind;
        const char *name;
    } rows[] = {
        {0x58, OUTCOME_THROTTLED, OUTCOME_DOWN, "ESME_RTHROTTLED"},
        {0x14, OUTCOME_THROTTLED, OUTCOME_DOWN, "ESME_RMSGQFUL"},
        {0x08, OUTCOME_RETRY, OUTCOME_DOWN, "ESME_RSYSERR"},
        {0xFF, OUTCOME_RETRY, OUTCOME_DOWN, "ESME_RUNKNOWNERR"},
        {0x0B, OUTCOME_REJECTED, OUTCOME_ACCOUNT, "ESME_RINVDSTADR"},
        {0x45, OUTCOME_REJECTED, OUTCOME_ACCOUNT, "ESME_RSUBMITFAIL"},
        {0x0A, OUTCOME_ACCOUNT, OUTCOME_ACCOUNT, "ESME_RINVSRCADR"},
        {0x0E, OUTCOME_ACCOUNT, OUTCOME_ACCOUNT, "ESME_RINVPASWD"},
        {0x05, OUTCOME_ACCOUNT, OUTCOME_DOWN, "ESME_RALYBND"},
        {0x401, OUTCOME_REJECTED, OUTCOME_ACCOUNT, "vendor"},
        {0x402, OUTCOME_RETRY, OUTCOME_ACCOUNT, "vendor"},
        {0xABCD, OUTCOME_RETRY, OUTCOME_ACCOUNT, "reserved"},
    };
    const struct smpp_status_rule rules[] = {{0x401, OUTCOME_REJECTED}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(smpp_submit_class(rows[i].status, rules, 1), rows[i].submit);
        assert_int_equal(smpp_bind_class(rows[i].status), rows[i].bind);
        assert_string_equal(smpp_status_name(rows[i].status), rows[i].name);
    }
    assert_false(smpp_status_is_unknown(0x58, rules, 1));
    assert_false(smpp_status_is_unknown(0x401, rules, 1));
    assert_true(smpp_status_is_unknown(0x402, rules, 1));
    for (uint32_t s = 1; s < 0x10000; s++) {
        assert_int_not_equal(smpp_submit_class(s, NULL, 0), OUTCOME_SENT);
        assert_int_not_equal(smpp_submit_class(s, NULL, 0), OUTCOME_DUPLICATE);
    }
}

static void test_status_rules(void **state)
{
    static const struct {
        const char *line;
        uint32_t status; /* 0: refused */
        enum outcome_class class;
    } rows[] = {
        {"0x0401=rejected", 0x401, OUTCOME_REJECTED},
        {"1026=retry", 0x402, OUTCOME_RETRY},
        {"0X58=account", 0x58, OUTCOME_ACCOUNT},
        {"1=down", 1, OUTCOME_DOWN},
        {"0x403=throttled", 0x403, OUTCOME_THROTTLED},
        {"0xFFFFFFFF=retry", 0xFFFFFFFF, OUTCOME_RETRY},
        {"0x401=sent", 0, 0},
        {"0x401=unknown", 0, 0},
        {"0x401", 0, 0},
        {"=retry", 0, 0},
        {"0x=retry", 0, 0},
        {"12a=retry", 0, 0},
        {"0=retry", 0, 0},
        {"4294967296=retry", 0, 0},
        {"", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct smpp_status_rule rule;
        int code = smpp_status_rule_parse(str_of(rows[i].line), &rule);

        if ((code == 0) != (rows[i].status != 0)) {
            fail_msg("%s: %d", rows[i].line, code);
        }
        if (code == 0) {
            assert_int_equal(rule.status, rows[i].status);
            assert_int_equal(rule.class, rows[i].class);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_submit_octets),
        cmocka_unit_test(test_submit_decoded),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_plain_gsm7),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_alphabets),
        cmocka_unit_test(test_alphabet_in_parts),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_decode_bounds),
        cmocka_unit_test(test_string_bounds),
        cmocka_unit_test(test_payload_bounds),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_receipts_as_text),
        cmocka_unit_test(test_receipts_as_parameters),
        cmocka_unit_test(test_receipt_in_ucs2_payload),
        cmocka_unit_test(test_id_forms),
        cmocka_unit_test(test_ids_are_remembered),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_status_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
