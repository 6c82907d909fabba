#include "text/charset.h"

#include "base/err.h"
#include "base/utf8.h"

enum { LOOK_BYTES = 4096, HIGH = 0x80, ISO_HIGH = 0xA0 };

static const char *const names[CHARSET_COUNT] = {"utf-8", "utf-16le", "utf-16be", "windows-1254",
                                                 "iso-8859-9"};

/* Windows-1254, 80..9F; 0 where it has no character. */
static const uint16_t windows_low[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0,      0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0,      0x0178};

const char *charset_name(enum charset c)
{
    return c < CHARSET_COUNT ? names[c] : "?";
}

/* ---- telling them apart ---- */

static bool begins(struct str s, const char *bytes, size_t n)
{
    return s.len >= n && memcmp(s.ptr, bytes, n) == 0;
}

static bool by_mark(struct str file, struct charset_guess *ret)
{
    if (begins(file, "\xEF\xBB\xBF", 3)) {
        *ret = (struct charset_guess){CHARSET_UTF8, 3, SIZE_MAX};
    } else if (begins(file, "\xFF\xFE", 2)) {
        *ret = (struct charset_guess){CHARSET_UTF16LE, 2, SIZE_MAX};
    } else if (begins(file, "\xFE\xFF", 2)) {
        *ret = (struct charset_guess){CHARSET_UTF16BE, 2, SIZE_MAX};
    } else {
        return false;
    }
    return true;
}

/* Latin text in UTF-16 has a zero in nearly every second byte, always on the same side. */
static bool by_zeros(struct str file, struct charset_guess *ret)
{
    size_t look = file.len < LOOK_BYTES ? file.len & ~(size_t)1 : LOOK_BYTES;
    size_t zeros[2] = {0, 0};

    for (size_t i = 0; i < look; i++) {
        zeros[i % 2] += file.ptr[i] == '\0';
    }
    if (look < 4 || zeros[0] + zeros[1] < look / 4) {
        return false;
    }
    if (zeros[1] > zeros[0] * 4) {
        *ret = (struct charset_guess){CHARSET_UTF16LE, 0, SIZE_MAX};
    } else if (zeros[0] > zeros[1] * 4) {
        *ret = (struct charset_guess){CHARSET_UTF16BE, 0, SIZE_MAX};
    } else {
        return false;
    }
    return true;
}

struct tally {
    size_t letters;   /* characters of two bytes and more */
    size_t strangers; /* bytes that are none */
    size_t first;     /* of the strangers */
    bool windows;     /* bytes in 80..9F */
};

static void count(struct str s, struct tally *t)
{
    *t = (struct tally){.first = SIZE_MAX};
    for (size_t at = 0; at < s.len;) {
        unsigned char c = (unsigned char)s.ptr[at];
        uint32_t cp;
        size_t n = c < HIGH ? 1 : utf8_decode((struct str){s.ptr + at, s.len - at}, &cp);

        t->windows = t->windows || (c >= HIGH && c < ISO_HIGH);
        t->letters += n > 1;
        if (n == 0) {
            t->first = t->strangers++ == 0 ? at : t->first;
            n = 1;
        }
        at += n;
    }
}

void charset_detect(struct str file, struct charset_guess *ret)
{
    struct tally t;

    if (by_mark(file, ret)) {
        if (ret->charset == CHARSET_UTF8) {
            count((struct str){file.ptr + ret->mark, file.len - ret->mark}, &t);
            ret->broken_at = t.strangers > 0 ? t.first + ret->mark : SIZE_MAX;
        }
        return;
    }
    if (by_zeros(file, ret)) {
        return;
    }
    count(file, &t);
    if (t.strangers == 0 || t.letters > t.strangers) {
        *ret = (struct charset_guess){CHARSET_UTF8, 0, t.first};
    } else {
        *ret = (struct charset_guess){t.windows ? CHARSET_WINDOWS_1254 : CHARSET_ISO_8859_9, 0,
                                      SIZE_MAX};
    }
}

/* ---- turning into UTF-8 ---- */

static int put(struct buf *out, uint32_t cp)
{
    char bytes[4];

    return buf_add(out, bytes, utf8_encode(cp, bytes));
}

static uint32_t turkish_letter(unsigned char c)
{
    switch (c) {
    case 0xD0:
        return 0x11E; /* Ğ */
    case 0xDD:
        return 0x130; /* İ */
    case 0xDE:
        return 0x15E; /* Ş */
    case 0xF0:
        return 0x11F; /* ğ */
    case 0xFD:
        return 0x131; /* ı */
    case 0xFE:
        return 0x15F; /* ş */
    default:
        return c;
    }
}

static int decode_bytes(bool windows, struct str in, struct buf *out, size_t *ret_used)
{
    for (size_t i = 0; i < in.len; i++) {
        unsigned char c = (unsigned char)in.ptr[i];
        uint32_t cp =
            windows && c >= HIGH && c < ISO_HIGH ? windows_low[c - HIGH] : turkish_letter(c);

        *ret_used = i;
        if (cp == 0 && c != 0) {
            return ERR_INVALID;
        }
        if (c < HIGH ? buf_addc(out, (char)c) != 0 : put(out, cp) != 0) {
            return buf_failed(out);
        }
    }
    *ret_used = in.len;
    return 0;
}

static uint32_t unit_at(struct str in, size_t at, bool big)
{
    uint32_t a = (unsigned char)in.ptr[at];
    uint32_t b = (unsigned char)in.ptr[at + 1];

    return big ? a << 8 | b : b << 8 | a;
}

static bool is_half(uint32_t unit, uint32_t first)
{
    return unit >= first && unit < first + 0x400;
}

/* RFC 2781 §2.2. */
static int decode_utf16(bool big, struct str in, bool last, struct buf *out, size_t *ret_used)
{
    size_t at = 0;

    while (at + 2 <= in.len) {
        uint32_t cp = unit_at(in, at, big);
        size_t n = 2;

        *ret_used = at;
        if (is_half(cp, 0xD800)) {
            if (at + 4 > in.len) {
                break;
            }
            uint32_t low = unit_at(in, at + 2, big);

            cp = is_half(low, 0xDC00) ? 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00) : 0xDC00;
            n = 4;
        }
        if (is_half(cp, 0xDC00)) {
            return ERR_INVALID;
        }
        if (put(out, cp) != 0) {
            return buf_failed(out);
        }
        at += n;
    }
    *ret_used = at;
    return last && at < in.len ? ERR_INVALID : 0;
}

static int decode_utf8(struct str in, bool last, struct buf *out, size_t *ret_used)
{
    size_t whole = in.len;
    size_t back = 0;

    /* At most three bytes at the end may be the beginning of a character. */
    while (!last && back < 3 && back < in.len) {
        unsigned char c = (unsigned char)in.ptr[in.len - 1 - back];

        back++;
        if (c >= 0xC0) {
            uint32_t cp;

            if (utf8_decode((struct str){in.ptr + in.len - back, back}, &cp) == 0) {
                whole = in.len - back;
            }
            break;
        }
        if (c < HIGH) {
            break;
        }
    }
    *ret_used = whole;
    return buf_add(out, in.ptr, whole);
}

int charset_decode(enum charset c, struct str in, bool last, struct buf *out, size_t *ret_used)
{
    *ret_used = 0;
    switch (c) {
    case CHARSET_UTF8:
        return decode_utf8(in, last, out, ret_used);
    case CHARSET_UTF16LE:
    case CHARSET_UTF16BE:
        return decode_utf16(c == CHARSET_UTF16BE, in, last, out, ret_used);
    default:
        return decode_bytes(c == CHARSET_WINDOWS_1254, in, out, ret_used);
    }
}
