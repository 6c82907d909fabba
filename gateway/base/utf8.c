#include "base/utf8.h"

#include <endian.h>

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

/* What one word of eight bytes says of the next: is its first byte the end of a character? */
struct word_check {
    bool good;
    uint64_t open; /* 1 when the last byte begins a character */
};

/*
 * Whether eight bytes hold nothing but ASCII and characters of two bytes (C2..DF, 80..BF), as
 * Turkish text does; open tells of the word before.
 */
static struct word_check check_word(uint64_t w, uint64_t open)
{
    const uint64_t high = 0x8080808080808080u;
    uint64_t lead = w & w << 1 & high;
    uint64_t tail = w & ~(w << 1) & high;
    uint64_t long_lead = lead & w << 2;
    uint64_t fit_lead = (w & 0x1E1E1E1E1E1E1E1Eu) + 0x7E7E7E7E7E7E7E7Eu;

    return (struct word_check){
        .good = ((tail ^ (lead << 8 | open << 7)) | long_lead | (lead & ~fit_lead)) == 0,
        .open = lead >> 63};
}

/* How many bytes at the start of p are such characters, whole words only; ends between two. */
static size_t plain_run(const unsigned char *p, size_t len)
{
    uint64_t open = 0;
    size_t n = 0;

    for (; n + sizeof(uint64_t) <= len; n += sizeof(uint64_t)) {
        struct word_check c;
        uint64_t w;

        memcpy(&w, p + n, sizeof w);
        c = check_word(le64toh(w), open);
        if (!c.good) {
            break;
        }
        open = c.open;
    }
    return n - open;
}

/* Length of the character at the start of p (not the end), 0 when there is none. */
static size_t char_length(const unsigned char *p, size_t len)
{
    uint32_t cp;

    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        return len >= 2 && is_tail(p[1]) ? 2 : 0;
    }
    return decode_multi(p, len, &cp);
}

bool utf8_valid(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    const unsigned char *end = p + s.len;

    while (p < end) {
        size_t n;

        p += plain_run(p, (size_t)(end - p));
        if (p == end) {
            break;
        }
        n = char_length(p, (size_t)(end - p));
        if (n == 0) {
            return false;
        }
        p += n;
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

void utf8_copy(char *dst, size_t cap, struct str s)
{
    if (s.len >= cap) {
        s.len = cap - 1;
        while (s.len > 0 && is_tail((unsigned char)s.ptr[s.len])) {
            s.len--;
        }
    }
    (void)str_copy(dst, cap, s);
}

static bool is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
}

void utf8_copy_clean(char *dst, size_t cap, struct str s)
{
    size_t at = 0;
    uint32_t cp = 0;

    while (s.len > 0) {
        size_t n = utf8_decode(s, &cp);
        bool good = n > 0 && !is_control(cp);
        struct str c = good ? (struct str){s.ptr, n} : STR("?");

        if (at + c.len >= cap) {
            break;
        }
        memcpy(dst + at, c.ptr, c.len);
        at += c.len;
        n = n == 0 ? 1 : n;
        s = (struct str){s.ptr + n, s.len - n};
    }
    dst[at] = '\0';
}

bool utf8_clean_line(struct str s)
{
    uint32_t cp;

    while (s.len > 0) {
        size_t n = utf8_decode(s, &cp);

        if (n == 0 || is_control(cp)) {
            return false;
        }
        s.ptr += n;
        s.len -= n;
    }
    return true;
}
