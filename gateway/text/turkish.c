#include "text/turkish.h"
#include "base/utf8.h"

enum { DOTTED_CAPITAL = 0x130, DOTLESS_SMALL = 0x131 };

/* Latin Extended-A pairs stand side by side; in two stretches the capital is the odd one. */
static bool odd_capitals(uint32_t cp)
{
    return (cp >= 0x139 && cp <= 0x148) || (cp >= 0x179 && cp <= 0x17E);
}

static bool even_capitals(uint32_t cp)
{
    return (cp >= 0x100 && cp <= 0x12F) || (cp >= 0x132 && cp <= 0x137) ||
           (cp >= 0x14A && cp <= 0x177);
}

uint32_t tr_lower_char(uint32_t cp)
{
    if (cp < 0x80) {
        return cp == 'I' ? DOTLESS_SMALL : (unsigned char)ascii_lower((char)cp);
    }
    if (cp == DOTTED_CAPITAL) {
        return 'i';
    }
    if (cp >= 0xC0 && cp <= 0xDE && cp != 0xD7) {
        return cp + 32;
    }
    if (cp == 0x178) {
        return 0xFF;
    }
    if ((even_capitals(cp) && cp % 2 == 0) || (odd_capitals(cp) && cp % 2 == 1)) {
        return cp + 1;
    }
    return cp;
}

uint32_t tr_upper_char(uint32_t cp)
{
    if (cp < 0x80) {
        return cp == 'i' ? DOTTED_CAPITAL : (unsigned char)ascii_upper((char)cp);
    }
    if (cp == DOTLESS_SMALL) {
        return 'I';
    }
    if (cp >= 0xE0 && cp <= 0xFE && cp != 0xF7) {
        return cp - 32;
    }
    if (cp == 0xFF) {
        return 0x178;
    }
    if ((even_capitals(cp) && cp % 2 == 1) || (odd_capitals(cp) && cp % 2 == 0)) {
        return cp - 1;
    }
    return cp;
}

/* Walks s; invalid bytes are passed through as they are. */
static size_t next_char(struct str s, size_t at, uint32_t *ret_cp)
{
    size_t n = utf8_decode((struct str){s.ptr + at, s.len - at}, ret_cp);

    if (n == 0) {
        *ret_cp = 0xFFFD;
        return 1;
    }
    return n;
}

static void add_mapped(struct buf *out, struct str raw, uint32_t from, uint32_t to)
{
    char bytes[4];

    if (from == to) {
        buf_add(out, raw.ptr, raw.len);
    } else {
        buf_add(out, bytes, utf8_encode(to, bytes));
    }
}

static int map_all(struct str s, uint32_t (*map)(uint32_t), struct buf *out)
{
    uint32_t cp;

    for (size_t at = 0, n; at < s.len; at += n) {
        n = next_char(s, at, &cp);
        add_mapped(out, (struct str){s.ptr + at, n}, cp, map(cp));
    }
    return buf_failed(out);
}

int tr_lower(struct str s, struct buf *out)
{
    return map_all(s, tr_lower_char, out);
}

int tr_upper(struct str s, struct buf *out)
{
    return map_all(s, tr_upper_char, out);
}

static bool is_space(uint32_t cp)
{
    return cp == ' ' || cp == '\t' || cp == '\n' || cp == '\r' || cp == 0xA0;
}

static bool divides(uint32_t cp)
{
    return is_space(cp) || cp == '-' || cp == '/' || cp == '(' || cp == '.' || cp == 0x2010;
}

int tr_title(struct str s, struct buf *out)
{
    bool first = true;
    uint32_t cp;

    for (size_t at = 0, n; at < s.len; at += n) {
        n = next_char(s, at, &cp);
        add_mapped(out, (struct str){s.ptr + at, n}, cp,
                   first ? tr_upper_char(cp) : tr_lower_char(cp));
        first = divides(cp);
    }
    return buf_failed(out);
}

/* Has the word capitals and small letters in another way than "Ayşe"? */
static bool mixes_cases(struct str word)
{
    bool small_seen = false;
    bool capital_inside = false;
    bool first = true;
    uint32_t cp;

    for (size_t at = 0; at < word.len; first = false) {
        at += next_char(word, at, &cp);
        small_seen = small_seen || tr_upper_char(cp) != cp;
        capital_inside = capital_inside || (!first && tr_lower_char(cp) != cp);
    }
    return small_seen && capital_inside;
}

/* The next run of characters without a divider, or the single divider at the start of s. */
static struct str next_piece(struct str s)
{
    uint32_t cp;
    size_t at = 0;

    while (at < s.len) {
        size_t n = next_char(s, at, &cp);

        if (divides(cp)) {
            return (struct str){s.ptr, at == 0 ? n : at};
        }
        at += n;
    }
    return s;
}

static int add_name(struct str s, int (*shape)(struct str, struct buf *), struct buf *out)
{
    size_t start = out->len;
    bool blank_due = false;
    uint32_t cp;

    while (s.len > 0) {
        struct str piece = next_piece(s);

        next_char(piece, 0, &cp);
        if (is_space(cp)) {
            blank_due = out->len > start;
        } else {
            if (blank_due) {
                buf_addc(out, ' ');
            }
            blank_due = false;
            if (mixes_cases(piece)) {
                buf_add(out, piece.ptr, piece.len);
            } else {
                shape(piece, out);
            }
        }
        s.ptr += piece.len;
        s.len -= piece.len;
    }
    return buf_failed(out);
}

int tr_given_name(struct str s, struct buf *out)
{
    return add_name(s, tr_title, out);
}

int tr_family_name(struct str s, struct buf *out)
{
    return add_name(s, tr_upper, out);
}

int tr_full_name(struct str given, struct str family, struct buf *out)
{
    size_t start = out->len;

    tr_given_name(given, out);
    if (out->len > start && str_trim(family).len > 0) {
        buf_addc(out, ' ');
    }
    return tr_family_name(family, out);
}
