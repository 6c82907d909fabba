#include "providers/smpp/smpp_message.h"

#include "base/civil.h"
#include "base/utf8.h"

#include <stdio.h>

enum {
    CONCAT_OCTETS = 5, /* 00 03 ref total place */
    CODING_UCS2 = 0x08,
    TON_UNKNOWN = 0,
    TON_INTERNATIONAL = 1,
    TON_NETWORK = 3,
    TON_ALPHANUMERIC = 5,
    INTERNATIONAL_DIGITS = 9, /* fewer make a short code */
    VALIDITY_MIN_MS = 60000
};

/* ---- a default alphabet that is not GSM-7 ---- */

static bool is_latin(const struct smpp_settings *s, const struct provider_job *job)
{
    return s->alphabet != SMPP_ALPHABET_GSM7 && job->mode == SMS_GSM7;
}

/* ISO-8859-1, which is ISO-8859-9 for all that the mode gsm7 can say. */
static int add_latin(struct str text, struct buf *out)
{
    while (text.len > 0) {
        uint32_t cp = 0;
        size_t n = utf8_decode(text, &cp);

        if (n == 0 || cp > 0xFF) {
            return ERR_UNSUPPORTED;
        }
        (void)buf_addc(out, (char)cp);
        text = (struct str){text.ptr + n, text.len - n};
    }
    return buf_failed(out);
}

static int check_latin(const struct provider_job *job, struct err *e)
{
    struct buf unused;
    int code;

    buf_init(&unused, SMS_TEXT_MAX);
    code = add_latin(str_of(job->text), &unused);
    buf_finish(&unused);
    return code == 0 ? 0 : err_set(e, code, "the centre's alphabet lacks a character of the text");
}

static void add_part_latin(const struct sms_part *part, struct buf *space)
{
    struct buf text;

    buf_init(&text, SMS_UNITS_MAX * 4);
    if (sms_unpack(part, &text, NULL, NULL) != 0 ||
        add_latin((struct str){text.data, text.len}, space) != 0) {
        space->failed = ERR_NOMEM; /* anything else was found when it was packed */
    }
    buf_finish(&text);
}

int smpp_message_pack(const struct smpp_settings *settings, const struct provider_job *job,
                      unsigned ref, struct sms_part *parts, size_t *ret_count, struct err *e)
{
    struct sms_options o = {.reserve = job->reserve};
    int code =
        sms_pack(str_of(job->text), job->mode, &o, ref, parts, SMS_SEGMENTS_MAX, ret_count, e);

    return code == 0 && is_latin(settings, job) ? check_latin(job, e) : code;
}

size_t smpp_message_units(const struct smpp_message *m)
{
    return m->settings->concatenation == SMPP_CONCAT_PAYLOAD ? 1 : m->count;
}

bool smpp_number(const char *e164, char out[21])
{
    struct str digits = str_of(e164);

    if (digits.len > 0 && digits.ptr[0] == '+') {
        digits = (struct str){digits.ptr + 1, digits.len - 1};
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (!ascii_digit(digits.ptr[i])) {
            return false;
        }
    }
    return digits.len > 0 && str_copy(out, 21, digits) == 0;
}

/* ---- addresses ---- */

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_digit(s.ptr[i])) {
            return false;
        }
    }
    return true;
}

static void put_source(const struct smpp_settings *s, struct smpp_pdu *p)
{
    struct str sender = str_of(s->sender);
    bool plus = sender.len > 0 && sender.ptr[0] == '+';
    struct str number = plus ? (struct str){sender.ptr + 1, sender.len - 1} : sender;
    bool international = all_digits(number) && (plus || number.len >= INTERNATIONAL_DIGITS);
    int ton = TON_ALPHANUMERIC;
    int npi = 0;

    if (international) {
        ton = TON_INTERNATIONAL;
        npi = 1;
    } else if (sender.len == 0) {
        ton = TON_UNKNOWN;
    } else if (all_digits(number)) {
        ton = TON_NETWORK;
    }
    p->source_ton = (uint8_t)(s->source_ton >= 0 ? s->source_ton : ton);
    p->source_npi = (uint8_t)(s->source_npi >= 0 ? s->source_npi : npi);
    (void)str_copy(p->source, sizeof(p->source), all_digits(number) ? number : sender);
}

static void put_dest(const struct smpp_message *m, struct smpp_pdu *p)
{
    p->dest_ton = (uint8_t)m->settings->dest_ton;
    p->dest_npi = (uint8_t)m->settings->dest_npi;
    (void)smpp_number(m->job->to, p->dest);
}

/* ---- how long the centre may try ---- */

static int64_t validity_of(const struct smpp_message *m, int64_t now_ms)
{
    int64_t wanted = m->settings->validity_ms;
    int64_t deadline = m->job->deadline_ms;

    if (wanted > 0 && deadline > 0 && deadline - now_ms < wanted) {
        wanted = deadline - now_ms;
        wanted = wanted < VALIDITY_MIN_MS ? VALIDITY_MIN_MS : wanted;
    }
    return wanted;
}

/* §7.1.1: "YYMMDDhhmmsstnnp", from now ("R") or in UTC ("000+"). */
static void put_validity(const struct smpp_message *m, int64_t now_ms, struct smpp_pdu *p)
{
    bool absolute = m->settings->validity_form == SMPP_VALIDITY_ABSOLUTE;
    int64_t ms = validity_of(m, now_ms);
    struct civil c = {0};
    char text[100];

    if (ms == 0) {
        return;
    }
    civil_from_ms(absolute ? now_ms + ms : ms, &c);
    (void)snprintf(text, sizeof(text), "%02d%02d%02d%02d%02d%02d000%c", absolute ? c.year % 100 : 0,
                   absolute ? c.month : 0, absolute ? c.day : c.day - 1, c.hour, c.minute, c.second,
                   absolute ? '+' : 'R');
    (void)str_copy(p->validity, sizeof(p->validity), str_of(text));
}

static uint8_t receipts_for(const struct smpp_message *m, size_t index)
{
    static const uint8_t wanted[] = {
        [SMPP_RECEIPTS_FINAL] = 1, [SMPP_RECEIPTS_FAILURE] = 2, [SMPP_RECEIPTS_NONE] = 0};
    const struct smpp_settings *s = m->settings;

    if (s->receipt_parts == SMPP_RECEIPT_LAST && index + 1 < smpp_message_units(m)) {
        return 0;
    }
    return (uint8_t)(wanted[s->receipts] |
                     (s->intermediate && s->receipts != SMPP_RECEIPTS_NONE ? 0x10 : 0));
}

/* ---- the text ---- */

/* The header without the concatenation element, which is its first. */
static void add_plain_header(const struct sms_part *part, bool concat, struct buf *space)
{
    unsigned skip = concat ? CONCAT_OCTETS : 0;
    unsigned length = part->header_len <= skip ? 0 : part->header_len - skip;

    if (length > 1) {
        (void)buf_addc(space, (char)(length - 1));
        (void)buf_add(space, part->ud + 1 + skip, length - 1);
    }
}

static void add_units(const struct smpp_message *m, const struct sms_part *part, struct buf *space)
{
    if (is_latin(m->settings, m->job)) {
        add_part_latin(part, space);
    } else {
        (void)buf_add(space, part->text, part->units);
    }
}

static void add_text(const struct smpp_message *m, size_t index, struct buf *space)
{
    const struct sms_part *part = &m->parts[index];

    if (m->settings->septets == SMPP_SEPTETS_PACKED) {
        (void)buf_add(space, part->ud, part->len);
        return;
    }
    if (m->settings->concatenation == SMPP_CONCAT_UDH) {
        (void)buf_add(space, part->ud, part->header_len);
    } else {
        add_plain_header(part, m->count > 1, space);
    }
    add_units(m, part, space);
}

static void put_sar(const struct smpp_message *m, size_t index, struct smpp_pdu *p)
{
    if (m->settings->concatenation != SMPP_CONCAT_SAR || m->count < 2) {
        return;
    }
    /* The reference is where sms_pack() wrote it. */
    p->sar_reference = m->parts[index].ud[3];
    p->sar_total = (uint8_t)m->count;
    p->sar_sequence = (uint8_t)(index + 1);
    p->present |=
        1u << SMPP_TLV_SAR_REFERENCE | 1u << SMPP_TLV_SAR_TOTAL | 1u << SMPP_TLV_SAR_SEQUENCE;
}

static int put_text(const struct smpp_message *m, size_t index, struct buf *space,
                    struct smpp_pdu *p)
{
    bool payload = m->settings->concatenation == SMPP_CONCAT_PAYLOAD && m->count > 1;
    const struct sms_part *part = &m->parts[index];
    unsigned header = part->header_len;

    buf_reset(space);
    add_text(m, index, space);
    for (size_t i = 1; payload && i < m->count; i++) {
        add_units(m, &m->parts[i], space);
    }
    if (m->settings->concatenation != SMPP_CONCAT_UDH && m->count > 1) {
        header -= CONCAT_OCTETS;
    }
    if (header > 1) {
        p->esm_class |= SMPP_ESM_UDHI;
    }
    if (payload) {
        p->payload = (struct str){space->data, space->len};
        p->present |= 1u << SMPP_TLV_PAYLOAD;
    } else {
        p->message = (struct str){space->data, space->len};
    }
    p->data_coding = part->dcs == CODING_UCS2 ? CODING_UCS2 : (uint8_t)m->settings->data_coding;
    return buf_failed(space);
}

int smpp_message_fill(const struct smpp_message *m, size_t index, int64_t now_ms, struct buf *space,
                      struct smpp_pdu *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->command = SMPP_SUBMIT_SM;
    (void)str_copy(ret->service_type, sizeof(ret->service_type), str_of(m->settings->service_type));
    put_source(m->settings, ret);
    put_dest(m, ret);
    ret->esm_class = (uint8_t)m->settings->esm_class;
    put_validity(m, now_ms, ret);
    ret->registered_delivery = receipts_for(m, index);
    put_sar(m, index, ret);
    return put_text(m, index, space, ret);
}
