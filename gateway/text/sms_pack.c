#include "base/utf8.h"
#include "text/sms_alphabet.h"

static uint8_t *put_language(uint8_t *p, uint8_t element)
{
    *p++ = element;
    *p++ = 1;
    *p++ = SMS_LANGUAGE_TURKISH;
    return p;
}

static uint8_t *put_concat(uint8_t *p, const struct sms_concat *c)
{
    *p++ = c->wide ? SMS_IE_CONCAT16 : SMS_IE_CONCAT8;
    *p++ = c->wide ? 4 : 3;
    if (c->wide) {
        *p++ = (uint8_t)(c->ref >> 8);
    }
    *p++ = (uint8_t)c->ref;
    *p++ = (uint8_t)c->total;
    *p++ = (uint8_t)c->seq;
    return p;
}

/* TS 23.040 §9.2.3.24: length octet, then the elements. */
static void put_header(struct sms_part *part, enum sms_mode mode, const struct sms_concat *c)
{
    uint8_t *p = part->ud + 1;

    if (c != NULL) {
        p = put_concat(p, c);
    }
    if (mode == SMS_TR_SINGLE || mode == SMS_TR_BOTH) {
        p = put_language(p, SMS_IE_SINGLE);
    }
    if (mode == SMS_TR_LOCKING || mode == SMS_TR_BOTH) {
        p = put_language(p, SMS_IE_LOCKING);
    }
    if (p == part->ud + 1) {
        return;
    }
    part->header_len = (uint8_t)(p - part->ud);
    part->ud[0] = (uint8_t)(part->header_len - 1);
}

/* Septets follow each other from the lowest bit up and begin on a septet boundary (§9.2.3.16). */
static void pack_septets(struct sms_part *part)
{
    unsigned first = (part->header_len * 8u + 6) / 7;
    unsigned total = first + part->units;

    for (unsigned i = 0; i < part->units; i++) {
        unsigned bit = (first + i) * 7;
        unsigned value = (unsigned)part->text[i] << bit % 8;

        part->ud[bit / 8] |= (uint8_t)value;
        if (value > 0xFF) {
            part->ud[bit / 8 + 1] |= (uint8_t)(value >> 8);
        }
    }
    part->udl = (uint8_t)total;
    part->len = (uint8_t)((total * 7 + 7) / 8);
}

static void pack_octets(struct sms_part *part)
{
    memcpy(part->ud + part->header_len, part->text, part->units);
    part->len = (uint8_t)(part->header_len + part->units);
    part->udl = part->len;
    part->dcs = 0x08;
}

static void put_units(struct sms_part *part, enum sms_mode mode, const uint16_t *units, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (mode == SMS_UCS2) {
            part->text[part->units++] = (uint8_t)(units[i] >> 8);
        }
        part->text[part->units++] = (uint8_t)units[i];
    }
}

int sms_pack_part(struct str text, enum sms_mode mode, const struct sms_concat *concat,
                  struct sms_part *ret, struct err *e)
{
    unsigned room = sms_capacity(mode, concat != NULL, concat != NULL && concat->wide);
    unsigned used = 0;
    uint32_t cp = 0;

    memset(ret, 0, sizeof(*ret));
    for (size_t at = 0, len; at < text.len; at += len) {
        uint16_t units[2];
        unsigned n;

        len = utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
        n = len == 0 ? 0 : sms_encode_char(mode, cp, units);
        if (n == 0) {
            return err_set(e, ERR_UNSUPPORTED, "byte %zu: not a character of SMS mode %s", at,
                           sms_mode_name(mode));
        }
        used += n;
        if (used > room) {
            return err_set(e, ERR_LIMIT, "the text does not fit in one segment of %u", room);
        }
        put_units(ret, mode, units, n);
    }
    put_header(ret, mode, concat);
    if (mode == SMS_UCS2) {
        pack_octets(ret);
    } else {
        pack_septets(ret);
    }
    return 0;
}

/* The byte offset of the character at position, counted on from (*chars, at). */
static size_t byte_of(struct str text, size_t at, uint32_t *chars, uint32_t position)
{
    uint32_t cp;

    for (; *chars < position; (*chars)++) {
        at += utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
    }
    return at;
}

static int pack_all(struct str text, enum sms_mode mode, const struct sms_measure *m,
                    struct sms_concat *concat, struct sms_part *parts, struct err *e)
{
    uint32_t chars = 0;
    size_t from = 0;

    for (unsigned i = 0; i < m->segments; i++) {
        size_t to = byte_of(text, from, &chars, i + 1 < m->segments ? m->start[i + 1] : m->chars);
        int rc;

        concat->seq = i + 1;
        rc = sms_pack_part((struct str){text.ptr + from, to - from}, mode,
                           m->segments > 1 ? concat : NULL, &parts[i], e);
        if (rc != 0) {
            return rc;
        }
        from = to;
    }
    return 0;
}

int sms_pack(struct str text, enum sms_mode mode, const struct sms_options *o, unsigned ref,
             struct sms_part *parts, size_t cap, size_t *ret_count, struct err *e)
{
    struct sms_concat concat = {.wide = o != NULL && o->wide_ref};
    struct sms_measure m;
    int rc = sms_measure(text, mode, o, &m, e);

    if (rc != 0) {
        return rc;
    }
    if (!m.encodable) {
        return err_set(e, ERR_UNSUPPORTED, "character U+%04X at position %zu is not in SMS mode %s",
                       (unsigned)m.culprit.cp, m.culprit.position + 1, sms_mode_name(mode));
    }
    if (m.segments > SMS_SEGMENTS_MAX || m.segments > cap) {
        return err_set(e, ERR_LIMIT, "the text needs %u segments", m.segments);
    }
    concat.ref = ref & (concat.wide ? 0xFFFFu : 0xFFu);
    concat.total = m.segments;
    *ret_count = m.segments;
    return pack_all(text, mode, &m, &concat, parts, e);
}
