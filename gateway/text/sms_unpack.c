#include "base/utf8.h"
#include "text/sms_alphabet.h"

struct header {
    bool single;
    bool locking;
    struct sms_concat concat;
};

static int bad(struct err *e, const char *what)
{
    return err_set(e, ERR_INVALID, "SMS user data: %s", what);
}

static int read_language(const uint8_t *value, unsigned len, bool *ret)
{
    *ret = len == 1 && value[0] == SMS_LANGUAGE_TURKISH;
    return *ret ? 0 : ERR_INVALID;
}

static int read_concat(const uint8_t *value, unsigned len, bool wide, struct sms_concat *ret)
{
    if (len != (wide ? 4u : 3u)) {
        return ERR_INVALID;
    }
    ret->wide = wide;
    ret->ref = wide ? (unsigned)value[0] << 8 | value[1] : value[0];
    ret->total = value[len - 2];
    ret->seq = value[len - 1];
    return ret->seq == 0 || ret->seq > ret->total ? ERR_INVALID : 0;
}

static int read_element(uint8_t id, const uint8_t *value, unsigned len, struct header *h)
{
    switch (id) {
    case SMS_IE_CONCAT8:
    case SMS_IE_CONCAT16:
        return read_concat(value, len, id == SMS_IE_CONCAT16, &h->concat);
    case SMS_IE_SINGLE:
        return read_language(value, len, &h->single);
    case SMS_IE_LOCKING:
        return read_language(value, len, &h->locking);
    default:
        return 0; /* §9.2.3.24: unknown elements are skipped */
    }
}

static int read_header(const struct sms_part *part, struct header *h, struct err *e)
{
    unsigned at = 1;

    if (part->header_len == 0) {
        return 0;
    }
    if (part->header_len > part->len || part->ud[0] + 1u != part->header_len) {
        return bad(e, "the header length is wrong");
    }
    while (at < part->header_len) {
        unsigned len;

        if (at + 2 > part->header_len || at + 2u + part->ud[at + 1] > part->header_len) {
            return bad(e, "a header element is cut off");
        }
        len = part->ud[at + 1];
        if (read_element(part->ud[at], part->ud + at + 2, len, h) != 0) {
            return bad(e, "a header element makes no sense");
        }
        at += 2 + len;
    }
    return 0;
}

static void add_char(struct buf *out, uint32_t cp)
{
    char bytes[4];
    size_t n = utf8_encode(cp, bytes);

    buf_add(out, bytes, n);
}

static int unpack_octets(const struct sms_part *part, struct buf *out, struct err *e)
{
    const uint8_t *p = part->ud + part->header_len;
    unsigned left = part->len - part->header_len;

    while (left >= 2) {
        uint32_t cp = (uint32_t)(p[0] << 8 | p[1]);
        unsigned used = 2;

        if (cp >= 0xD800 && cp <= 0xDBFF && left >= 4) {
            uint32_t low = (uint32_t)(p[2] << 8 | p[3]);

            if (low >= 0xDC00 && low <= 0xDFFF) {
                cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
                used = 4;
            }
        }
        if (cp >= 0xD800 && cp <= 0xDFFF) {
            return bad(e, "a lone surrogate");
        }
        add_char(out, cp);
        p += used;
        left -= used;
    }
    return left == 0 ? 0 : bad(e, "an odd number of octets");
}

static uint8_t septet_at(const struct sms_part *part, unsigned index)
{
    unsigned bit = index * 7;
    unsigned value = part->ud[bit / 8];

    if (bit / 8 + 1 < SMS_OCTETS_MAX) {
        value |= (unsigned)part->ud[bit / 8 + 1] << 8;
    }
    return (uint8_t)(value >> bit % 8 & 0x7F);
}

static int unpack_septets(const struct sms_part *part, enum sms_mode mode, struct buf *out,
                          struct err *e)
{
    bool escaped = false;

    for (unsigned i = (part->header_len * 8u + 6) / 7; i < part->udl; i++) {
        uint8_t septet = septet_at(part, i);
        uint32_t cp;

        if (septet == SMS_ESCAPE && !escaped) {
            escaped = true;
            continue;
        }
        cp = sms_decode_septet(mode, septet, escaped);
        if (cp == 0) {
            return bad(e, "an escape to nothing");
        }
        add_char(out, cp);
        escaped = false;
    }
    return escaped ? bad(e, "an escape at the end") : 0;
}

static enum sms_mode mode_of(const struct header *h)
{
    if (h->single && h->locking) {
        return SMS_TR_BOTH;
    }
    if (h->locking) {
        return SMS_TR_LOCKING;
    }
    return h->single ? SMS_TR_SINGLE : SMS_GSM7;
}

int sms_unpack(const struct sms_part *part, struct buf *out, struct sms_concat *ret_concat,
               struct err *e)
{
    struct header h = {0};
    int rc = part->len > SMS_OCTETS_MAX ? bad(e, "too many octets") : read_header(part, &h, e);

    if (rc != 0) {
        return rc;
    }
    if (part->dcs == 0x08) {
        rc = unpack_octets(part, out, e);
    } else if (part->udl * 7u > part->len * 8u) {
        rc = bad(e, "fewer octets than the length says");
    } else {
        rc = unpack_septets(part, mode_of(&h), out, e);
    }
    if (ret_concat != NULL) {
        *ret_concat = h.concat;
    }
    return rc != 0 ? rc : buf_failed(out);
}
