#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

static size_t decode_multi(const unsigned char *p, size_t len, uint32_t *ret_cp)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    uint32_t cp = p[0] & (0xFFu >> (n + 1));

    if (p[0] < 0xC2 || p[0] > 0xF4 || len < n) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if (!is_tail(p[i])) {
            return 0;
        }
        cp = cp << 6 | (p[i] & 0x3Fu);
    }
    if (cp < smallest[n] || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
        return 0;
    }
    *ret_cp = cp;
    return n;
}

size_t utf8_decode(struct str s, uint32_t *ret_cp)
{
    const unsigned char *p = (const unsigned char *)s.ptr;

    if (s.len == 0) {
        return 0;
    }
    if (p[0] < 0x80) {
        *ret_cp = p[0];
        return 1;
    }
    return decode_multi(p, s.len, ret_cp);
}

size_t utf8_encode(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
        return 0;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

/* Bytes of ASCII at the start of s, eight at a time. */
static size_t ascii_run(struct str s)
{
    size_t n = 0;
    uint64_t w;

    while (s.len - n >= sizeof w) {
        memcpy(&w, s.ptr + n, sizeof w);
        if ((w & 0x8080808080808080u) != 0) {
            break;
        }
        n += sizeof w;
    }
    while (n < s.len && (unsigned char)s.ptr[n] < 0x80) {
        n++;
    }
    return n;
}

bool utf8_valid(struct str s)
{
    uint32_t cp;

    while (s.len > 0) {
        size_t n = ascii_run(s);

        if (n == 0) {
            n = decode_multi((const unsigned char *)s.ptr, s.len, &cp);
        }
        if (n == 0) {
            return false;
        }
        s.ptr += n;
        s.len -= n;
    }
    return true;
}

size_t utf8_count(struct str s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.len; i++) {
        count += !is_tail((unsigned char)s.ptr[i]);
    }
    return count;
}

bool utf8_clean_line(struct str s)
{
    uint32_t cp;

    while (s.len > 0) {
        size_t n = utf8_decode(s, &cp);

        if (n == 0 || cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) {
            return false;
        }
        s.ptr += n;
        s.len -= n;
    }
    return true;
}
