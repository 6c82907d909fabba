#include "text/mail_encode.h"

#include "base/codec.h"
#include "base/utf8.h"

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

/* Printable ASCII but "=" stands for itself. */
static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '=';
}

/* How many bytes at the start of s, at most max, stand for themselves. Eight at a time. */
static size_t plain_run(const char *s, size_t max)
{
    size_t n = 0;
    for (; n + 8 <= max; n += 8) {
        uint64_t w;
        memcpy(&w, s + n, 8);
        uint64_t odd = (w & 0x8080808080808080u) | ((w - 0x2020202020202020u) & ~w) |
                       has_zero(w ^ 0x3D3D3D3D3D3D3D3Du) | has_zero(w ^ 0x7F7F7F7F7F7F7F7Fu);
        if ((odd & 0x8080808080808080u) != 0)
            break;
    }
    while (n < max && is_plain(s[n]))
        n++;
    return n;
}

/* Writes straight into out; a line may still be changed until it ends. */
struct quoted {
    char *line; /* where the present line starts */
    char *p;    /* where the next byte goes */
};

/* Some mail software mishandles such beginnings: their first character is written encoded. */
static void guard(struct quoted *q)
{
    size_t n = (size_t)(q->p - q->line);
    bool dot = n > 0 && q->line[0] == '.';
    if (!dot && (n < 5 || memcmp(q->line, "From ", 5) != 0))
        return;
    memmove(q->line + 3, q->line + 1, n - 1);
    memcpy(q->line, dot ? "=2E" : "=46", 3);
    q->p += 2;
}

static void soft_break(struct quoted *q)
{
    char *at = q->p;
    char *least = q->line + QUOTED_BREAK_MIN;
    while (at > least && at[-1] != ' ')
        at--;
    if (at <= least)
        at = q->p;
    size_t tail = (size_t)(q->p - at);
    char kept[MAIL_LINE_MAX];
    memcpy(kept, at, tail);
    q->p = at;
    guard(q);
    memcpy(q->p, "=\r\n", 3);
    q->line = q->p + 3;
    memcpy(q->line, kept, tail);
    q->p = q->line + tail;
}

/* A blank at the end of a line would get lost on the way. */
static void end_line(struct quoted *q, const char *end)
{
    size_t n = strlen(end);
    if (q->p > q->line && q->p[-1] == ' ') {
        memcpy(q->p - 1, "=20", 3);
        q->p += 2;
    }
    guard(q);
    memcpy(q->p, end, n);
    q->p += n;
    q->line = q->p;
}

static void add_escaped(struct quoted *q, const char *s, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    if ((size_t)(q->p - q->line) + 3 * n > QUOTED_MAX)
        soft_break(q);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        q->p[0] = '=';
        q->p[1] = hex[c >> 4];
        q->p[2] = hex[c & 15];
        q->p += 3;
    }
}

/* Bytes of the character that starts with lead byte c; broken text goes byte by byte. */
static size_t char_len(struct str s)
{
    unsigned char c = (unsigned char)s.ptr[0];
    size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    return n <= s.len ? n : 1;
}

static size_t line_end(struct str s)
{
    if (s.ptr[0] == '\n')
        return 1;
    if (s.ptr[0] != '\r')
        return 0;
    return s.len > 1 && s.ptr[1] == '\n' ? 2 : 1;
}

/* Adds what stands at the start of s and returns its length. */
static size_t add_some(struct quoted *q, struct str s)
{
    size_t n = line_end(s);
    if (n > 0) {
        end_line(q, "\r\n");
        return n;
    }
    if (!is_plain(s.ptr[0])) {
        n = char_len(s);
        add_escaped(q, s.ptr, n);
        return n;
    }
    if (q->p - q->line >= QUOTED_MAX)
        soft_break(q);
    size_t room = QUOTED_MAX - (size_t)(q->p - q->line);
    n = plain_run(s.ptr, room < s.len ? room : s.len);
    memcpy(q->p, s.ptr, n);
    q->p += n;
    return n;
}

/*
 * Takes about QUOTED_CHUNK bytes of text at a time, so that the room for the worst case, every byte
 * encoded and every line short, stays small.
 */
int mail_encode_quoted(struct str text, struct buf *out)
{
    size_t pending = 0; /* bytes of the unfinished line at the end of out */
    while (text.len > 0) {
        struct str rest = text;
        char *room = buf_reserve(out, QUOTED_ROOM);
        if (room == NULL)
            break;
        struct quoted q = {room - pending, room};
        while (rest.len > 0 && text.len - rest.len < QUOTED_CHUNK) {
            size_t n = add_some(&q, rest);
            rest = (struct str){rest.ptr + n, rest.len - n};
        }
        if (rest.len == 0)
            end_line(&q, "");
        pending = (size_t)(q.p - q.line);
        buf_commit(out, (size_t)(q.p - room));
        text = rest;
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
