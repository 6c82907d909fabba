#include "base/codec.h"

#include "base/err.h"

#include <openssl/evp.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base32_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

int codec_hex(struct buf *out, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    char *at = buf_reserve(out, 2 * n);

    if (at != NULL) {
        for (size_t i = 0; i < n; i++) {
            at[2 * i] = hex_digits[p[i] >> 4];
            at[2 * i + 1] = hex_digits[p[i] & 15];
        }
        buf_commit(out, 2 * n);
    }
    return buf_failed(out);
}

int codec_base64(struct buf *out, const void *bytes, size_t n)
{
    size_t size = (n + 2) / 3 * 4;
    char *at = buf_reserve(out, size);

    if (at != NULL) {
        (void)EVP_EncodeBlock((unsigned char *)at, bytes, (int)n);
        buf_commit(out, size);
    }
    return buf_failed(out);
}

/* RFC 3986 §2.3: letters, digits and "-._~", a bit for each byte. */
static bool unreserved(unsigned char c)
{
    static const uint64_t bits[4] = {0x03ff600000000000, 0x47fffffe87fffffe};

    return (bits[c >> 6] >> (c & 63) & 1) != 0;
}

static size_t percent_size(struct str s, int plus)
{
    size_t size = s.len;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        size += unreserved(c) || c == plus ? 0 : 2;
    }
    return size;
}

enum { NO_PLUS = -1 };

/* plus is the byte that a plus sign stands for, NO_PLUS when it stands for none. */
static int percent(struct buf *out, struct str s, int plus)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t size = percent_size(s, plus);
    char *at = buf_reserve(out, size);

    if (at == NULL) {
        return buf_failed(out);
    }
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (unreserved(c)) {
            *at++ = s.ptr[i];
        } else if (c == plus) {
            *at++ = '+';
        } else {
            *at++ = '%';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        }
    }
    buf_commit(out, size);
    return 0;
}

int codec_percent(struct buf *out, struct str s)
{
    return percent(out, s, NO_PLUS);
}

int codec_form(struct buf *out, struct str s)
{
    return percent(out, s, ' ');
}

static int hex_value(char c)
{
    c = ascii_lower(c);
    if (ascii_digit(c)) {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int codec_percent_decode(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c == '%') {
            int high = i + 2 < s.len ? hex_value(s.ptr[i + 1]) : -1;
            int low = i + 2 < s.len ? hex_value(s.ptr[i + 2]) : -1;

            if (high < 0 || low < 0) {
                return ERR_INVALID;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        (void)buf_addc(out, c);
    }
    return buf_failed(out);
}

void codec_base32(uint64_t value, size_t digits, char *out)
{
    out[digits] = '\0';
    while (digits-- > 0) {
        out[digits] = base32_digits[value & 31];
        value >>= 5;
    }
}

int codec_base32_decode(struct str s, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (s.len == 0 || s.len > 13) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < s.len; i++) {
        const char *at = memchr(base32_digits, s.ptr[i], sizeof base32_digits - 1);

        if (at == NULL) {
            return ERR_INVALID;
        }
        value = value << 5 | (uint64_t)(at - base32_digits);
    }
    *ret_value = value;
    return 0;
}
