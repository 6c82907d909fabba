#include "text/mail_encode.h"

#include "base/codec.h"
#include "base/utf8.h"

#include <endian.h>
#include <stdint.h>

/*
 * Room for what the end of a line may still need: a guarded first character (+2), an encoded last
 * blank (+2) and the sign of a soft break (+1) keep it within 76.
 */
enum { QUOTED_MAX = MAIL_LINE_MAX - 5, QUOTED_BREAK_MIN = 40, BASE64_BYTES = 57 };
enum { QUOTED_CHUNK = 256, QUOTED_ROOM = QUOTED_CHUNK * 4 + 512 };

static const char word_lead[] = "=?UTF-8?B?";
enum { WORD_FRAME = sizeof(word_lead) - 1 + 2 };

/* The longest run of whole characters of s within max bytes, at least one character. */
static size_t whole(struct str s, size_t max)
{
    if (s.len <= max)
        return s.len;
    size_t n = max;
    while (n > 0 && ((unsigned char)s.ptr[n] & 0xC0) == 0x80)
        n--;
    if (n > 0)
        return n;
    uint32_t cp;
    n = utf8_decode(s, &cp);
    return n == 0 ? 1 : n;
}

static size_t word_bytes(size_t column)
{
    size_t room = column >= MAIL_LINE_MAX ? 0 : MAIL_LINE_MAX - column;
    if (room > MAIL_WORD_MAX)
        room = MAIL_WORD_MAX;
    return room < WORD_FRAME + 8 ? 0 : (room - WORD_FRAME) / 4 * 3;
}

size_t mail_encode_words(struct str text, size_t column, struct buf *out)
{
    while (text.len > 0) {
        size_t room = word_bytes(column);
        if (room < 12) {
            (void)buf_adds(out, "\r\n ");
            column = 1;
            room = word_bytes(column);
        }
        size_t n = whole(text, room);
        (void)buf_adds(out, word_lead);
        (void)codec_base64(out, text.ptr, n);
        (void)buf_adds(out, "?=");
        column += WORD_FRAME + (n + 2) / 3 * 4;
        text = (struct str){text.ptr + n, text.len - n};
        if (text.len > 0) {
            (void)buf_adds(out, "\r\n ");
            column = 1;
        }
    }
    return column;
}

static uint64_t has_zero(uint64_t w)
{
    return (w - 0x0101010101010101u) & ~w & 0x8080808080808080u;
}

/* What is written for a byte, the first in the lowest bits, and how many of them in the highest. */
#define SELF(c)       ((uint32_t)(c) | 1u << 24)
#define ESCAPED(h, l) ('=' | (uint32_t)(h) << 8 | (uint32_t)(l) << 16 | 3u << 24)
#define FOUR(c)       SELF(c), SELF((c) + 1), SELF((c) + 2), SELF((c) + 3)
#define SELF_ROW(c)   FOUR(c), FOUR((c) + 4), FOUR((c) + 8), FOUR((c) + 12)
#define ESCAPED_ROW(h)                                                                             \
    ESCAPED(h, '0'), ESCAPED(h, '1'), ESCAPED(h, '2'), ESCAPED(h, '3'), ESCAPED(h, '4'),           \
        ESCAPED(h, '5'), ESCAPED(h, '6'), ESCAPED(h, '7'), ESCAPED(h, '8'), ESCAPED(h, '9'),       \
        ESCAPED(h, 'A'), ESCAPED(h, 'B'), ESCAPED(h, 'C'), ESCAPED(h, 'D'), ESCAPED(h, 'E'),       \
        ESCAPED(h, 'F')

static const uint32_t quoted_bytes[256] = {
    ESCAPED_ROW('0'), ESCAPED_ROW('1'), SELF_ROW(' '),     FOUR('0'),        FOUR('4'),
    FOUR('8'),        SELF('<'),        ESCAPED('3', 'D'), SELF('>'),        SELF('?'),
    SELF_ROW('@'),    SELF_ROW('P'),    SELF_ROW('`'),     FOUR('p'),        FOUR('t'),
    FOUR('x'),        SELF('|'),        SELF('}'),         SELF('~'),        ESCAPED('7', 'F'),
    ESCAPED_ROW('8'), ESCAPED_ROW('9'), ESCAPED_ROW('A'),  ESCAPED_ROW('B'), ESCAPED_ROW('C'),
    ESCAPED_ROW('D'), ESCAPED_ROW('E'), ESCAPED_ROW('F'),
};

/* How many of eight bytes stand before a line end. */
static size_t before_break(uint64_t w)
{
    uint64_t breaks = has_zero(w ^ 0x0A0A0A0A0A0A0A0Au) | has_zero(w ^ 0x0D0D0D0D0D0D0D0Du);
    return breaks == 0 ? sizeof(w) : (size_t)__builtin_ctzll(breaks) / 8;
}

/* Writes straight into out; a line may still be changed until it ends. */
struct quoted {
    char *line; /* where the present line starts */
    char *p;    /* where the next byte goes */
};

/*
 * Some mail software mishandles such beginnings of a line: their first character is written
 * encoded. Returns by how much the rest moved.
 */
static size_t guard(struct quoted *q)
{
    size_t n = (size_t)(q->p - q->line);
    bool dot = n > 0 && q->line[0] == '.';
    if (!dot && (n < 5 || memcmp(q->line, "From ", 5) != 0))
        return 0;
    memmove(q->line + 3, q->line + 1, n - 1);
    memcpy(q->line, dot ? "=2E" : "=46", 3);
    q->p += 2;
    return 2;
}

/* Where a line without blanks is cut: not inside "=XX", nor between the bytes of a character. */
static char *between_characters(char *at)
{
    at -= at[-1] == '=' ? 1 : at[-2] == '=' ? 2 : 0;
    for (int i = 0; i < 3 && at[0] == '=' && strchr("89AB", at[1]) != NULL; i++)
        at -= 3;
    return at;
}

/* The line is longer than QUOTED_MAX: what is too much, from its last word on, goes to the next. */
static void soft_break(struct quoted *q)
{
    char *most = q->line + QUOTED_MAX;
    char *least = q->line + QUOTED_BREAK_MIN;
    char *blank = memrchr(least, ' ', (size_t)(most - least));
    char *at = blank == NULL ? between_characters(most) : blank + 1;
    at += guard(q);
    memmove(at + 3, at, (size_t)(q->p - at));
    memcpy(at, "=\r\n", 3);
    q->line = at + 3;
    q->p += 3;
}

/* A blank at the end of a line would get lost on the way. */
static void close_line(struct quoted *q)
{
    if (q->p > q->line && q->p[-1] == ' ') {
        memcpy(q->p - 1, "=20", 3);
        q->p += 2;
    }
    (void)guard(q);
}

static void end_line(struct quoted *q)
{
    close_line(q);
    memcpy(q->p, "\r\n", 2);
    q->p += 2;
    q->line = q->p;
}

static size_t line_end(struct str s)
{
    if (s.ptr[0] == '\n')
        return 1;
    if (s.ptr[0] != '\r')
        return 0;
    return s.len > 1 && s.ptr[1] == '\n' ? 2 : 1;
}

/* Writes four bytes, where fewer are meant the next ones cover the rest; returns the new end. */
static inline char *put_byte(char *p, unsigned char c)
{
    uint32_t bytes = htole32(quoted_bytes[c]);
    memcpy(p, &bytes, sizeof(bytes));
    return p + (quoted_bytes[c] >> 24);
}

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

static inline char *put_eight(char *p, uint64_t w)
{
#pragma GCC unroll 8
    for (size_t i = 0; i < sizeof(w); i++)
        p = put_byte(p, (unsigned char)(w >> 8 * i));
    return p;
}

static char *put_some(char *p, uint64_t w, size_t n)
{
    for (; n > 0; n--, w >>= 8)
        p = put_byte(p, (unsigned char)w);
    return p;
}

/*
 * Adds what stands before the end of a line of s or of the line under way, but for the last few
 * bytes of s; returns how much. In Turkish text a letter to be encoded comes every few bytes, and
 * no processor guesses where: so each byte goes the same way.
 */
static size_t add_run(struct quoted *q, struct str s)
{
    const char *limit = q->line + QUOTED_MAX;
    char *p = q->p;
    size_t done = 0;
    size_t n = sizeof(uint64_t);
    while (n == sizeof(uint64_t) && s.len - done >= n && p <= limit) {
        uint64_t w;
        memcpy(&w, s.ptr + done, sizeof(w));
        w = le64toh(w);
        n = before_break(w);
        done += n;
        p = n == sizeof(w) ? put_eight(p, w) : put_some(p, w, n);
    }
    q->p = p;
    return done;
}

/* Adds the first byte or line end of s, which is not empty, and returns its length. */
static size_t add_one(struct quoted *q, struct str s)
{
    if (!is_break(s.ptr[0])) {
        q->p = put_byte(q->p, (unsigned char)s.ptr[0]);
        return 1;
    }
    end_line(q);
    return line_end(s);
}

/*
 * Takes about QUOTED_CHUNK bytes of text at a time, so that the room for the worst case, every byte
 * encoded and every line short, stays small.
 */
int mail_encode_quoted(struct str text, struct buf *out)
{
    size_t pending = 0; /* bytes of the unfinished line at the end of out */
    while (text.len > 0) {
        char *room = buf_reserve(out, QUOTED_ROOM);
        if (room == NULL)
            break;
        struct quoted q = {room - pending, room};
        size_t done = 0;
        while (done < text.len && done < QUOTED_CHUNK) {
            done += add_run(&q, (struct str){text.ptr + done, text.len - done});
            if (q.p - q.line <= QUOTED_MAX && done < text.len)
                done += add_one(&q, (struct str){text.ptr + done, text.len - done});
            if (q.p - q.line > QUOTED_MAX)
                soft_break(&q);
        }
        if (done == text.len)
            close_line(&q);
        pending = (size_t)(q.p - q.line);
        buf_commit(out, (size_t)(q.p - room));
        text = (struct str){text.ptr + done, text.len - done};
    }
    return buf_failed(out);
}

int mail_encode_base64(struct str bytes, struct buf *out)
{
    for (size_t at = 0; at < bytes.len; at += BASE64_BYTES) {
        size_t n = bytes.len - at < BASE64_BYTES ? bytes.len - at : BASE64_BYTES;
        (void)codec_base64(out, bytes.ptr + at, n);
        (void)buf_adds(out, "\r\n");
    }
    return buf_failed(out);
}

int mail_encode_extended(struct str text, struct buf *out)
{
    (void)buf_adds(out, "UTF-8''");
    return codec_percent(out, text);
}
