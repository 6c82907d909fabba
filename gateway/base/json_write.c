#include "base/json.h"

#include "base/civil.h"
#include "base/number.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WRITER_DEPTH_MAX = 32 };

void jsonw_init(struct json_writer *w, struct buf *out)
{
    *w = (struct json_writer){.out = out};
}

/* The comma that is due before a value or a member name. */
static void separate(struct json_writer *w)
{
    uint64_t bit = UINT64_C(1) << w->depth;

    if (w->after_key) {
        w->after_key = false;
    } else if ((w->has_items & bit) != 0) {
        (void)buf_addc(w->out, ',');
    } else {
        w->has_items |= bit;
    }
}

static void open_container(struct json_writer *w, char bracket)
{
    separate(w);
    if (w->depth >= WRITER_DEPTH_MAX) {
        w->out->failed = ERR_LIMIT;
        return;
    }
    (void)buf_addc(w->out, bracket);
    w->depth++;
    w->has_items &= ~(UINT64_C(1) << w->depth);
}

static void close_container(struct json_writer *w, char bracket)
{
    if (w->depth > 0) {
        w->depth--;
    }
    (void)buf_addc(w->out, bracket);
}

void jsonw_object(struct json_writer *w)
{
    open_container(w, '{');
}

void jsonw_end_object(struct json_writer *w)
{
    close_container(w, '}');
}

void jsonw_array(struct json_writer *w)
{
    open_container(w, '[');
}

void jsonw_end_array(struct json_writer *w)
{
    close_container(w, ']');
}

static size_t plain_run(struct str s)
{
    size_t n = 0;

    while (n < s.len) {
        unsigned char c = (unsigned char)s.ptr[n];

        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
            break;
        }
        n++;
    }
    return n;
}

/* One character that is not plain; bytes that are not UTF-8 become U+FFFD. Returns its length. */
static size_t add_special(struct buf *out, struct str s)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    const char *found = memchr(named, s.ptr[0], sizeof named - 1);
    uint32_t cp;
    size_t n;

    if (found != NULL) {
        char escape[2] = {'\\', names[found - named]};

        (void)buf_add(out, escape, sizeof escape);
        return 1;
    }
    if ((unsigned char)s.ptr[0] < 0x20) {
        (void)buf_addf(out, "\\u%04x", (unsigned)s.ptr[0]);
        return 1;
    }
    n = utf8_decode(s, &cp);
    (void)(n == 0 ? buf_adds(out, "\xEF\xBF\xBD") : buf_add(out, s.ptr, n));
    return n == 0 ? 1 : n;
}

static void add_quoted(struct buf *out, struct str s)
{
    (void)buf_addc(out, '"');
    while (s.len > 0) {
        size_t n = plain_run(s);

        if (n > 0) {
            (void)buf_add(out, s.ptr, n);
        } else {
            n = add_special(out, s);
        }
        s.ptr += n;
        s.len -= n;
    }
    (void)buf_addc(out, '"');
}

void jsonw_key(struct json_writer *w, const char *key)
{
    separate(w);
    add_quoted(w->out, str_of(key));
    (void)buf_addc(w->out, ':');
    w->after_key = true;
}

void jsonw_str(struct json_writer *w, struct str s)
{
    separate(w);
    add_quoted(w->out, s);
}

void jsonw_raw(struct json_writer *w, struct str json)
{
    separate(w);
    (void)buf_add(w->out, json.ptr, json.len);
}

void jsonw_null(struct json_writer *w)
{
    jsonw_raw(w, STR("null"));
}

void jsonw_cstr(struct json_writer *w, const char *s)
{
    if (s == NULL) {
        jsonw_null(w);
    } else {
        jsonw_str(w, str_of(s));
    }
}

void jsonw_bool(struct json_writer *w, bool b)
{
    jsonw_raw(w, b ? STR("true") : STR("false"));
}

void jsonw_i64(struct json_writer *w, int64_t n)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0) {
        *--at = '-';
    }
    jsonw_raw(w, (struct str){at, (size_t)(digits + sizeof digits - at)});
}

/* The shortest of two forms that reads back the same; JSON has no infinity and no NaN. */
void jsonw_double(struct json_writer *w, double n)
{
    char text[NUMBER_TEXT_MAX];

    if (!isfinite(n)) {
        jsonw_null(w);
        return;
    }
    (void)number_print(n, 15, text);
    if (number_parse(text) != n) {
        (void)number_print(n, 17, text);
    }
    jsonw_raw(w, str_of(text));
}

static void write_children(struct json_writer *w, const struct json *container)
{
    for (const struct json *v = json_first(container); v != NULL; v = json_next(v)) {
        if (json_key(v) != NULL) {
            jsonw_key(w, json_key(v));
        }
        jsonw_value(w, v);
    }
}

/* Recursion ends at the writer's depth: a failed buffer stops it. */
void jsonw_value(struct json_writer *w, const struct json *v)
{
    char scratch[40];

    switch (json_type(v)) {
    case JSON_NULL:
        jsonw_null(w);
        return;
    case JSON_BOOL:
        jsonw_bool(w, json_bool(v, false));
        return;
    case JSON_NUMBER:
        jsonw_raw(w, json_number_text(v, scratch));
        return;
    case JSON_STRING:
        jsonw_str(w, json_str(v));
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    open_container(w, json_type(v) == JSON_ARRAY ? '[' : '{');
    if (!buf_failed(w->out)) {
        write_children(w, v);
    }
    close_container(w, json_type(v) == JSON_ARRAY ? ']' : '}');
}

void jsonw_put(struct json_writer *w, const char *key, const char *value)
{
    if (value != NULL) {
        jsonw_put_str(w, key, str_of(value));
    }
}

void jsonw_put_str(struct json_writer *w, const char *key, struct str value)
{
    if (value.ptr != NULL) {
        jsonw_key(w, key);
        jsonw_str(w, value);
    }
}

void jsonw_put_i64(struct json_writer *w, const char *key, int64_t value)
{
    jsonw_key(w, key);
    jsonw_i64(w, value);
}

void jsonw_put_bool(struct json_writer *w, const char *key, bool value)
{
    jsonw_key(w, key);
    jsonw_bool(w, value);
}

void jsonw_put_time(struct json_writer *w, const char *key, int64_t ms)
{
    char text[32];

    if (ms != 0) {
        rfc3339_format(ms, text);
        jsonw_put(w, key, text);
    }
}

static void new_line(struct buf *out, unsigned depth)
{
    (void)buf_addf(out, "\n%*s", (int)(2 * depth), "");
}

static size_t quoted_length(struct str s)
{
    size_t n = 1;

    while (n < s.len && s.ptr[n] != '"') {
        n += s.ptr[n] == '\\' ? 2 : 1;
    }
    return n < s.len ? n + 1 : s.len;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static char next_mark(struct str json, size_t i)
{
    while (++i < json.len && is_space(json.ptr[i])) {
    }
    return i < json.len ? json.ptr[i] : '\0';
}

/* One byte outside of strings. */
static void indent_mark(struct buf *out, char c, char next, unsigned *depth)
{
    bool closes = c == '}' || c == ']';
    bool empty = next == '}' || next == ']';

    if (closes && *depth > 0) {
        --*depth;
        if (buf_cstr(out)[out->len - 1] != '{' && buf_cstr(out)[out->len - 1] != '[') {
            new_line(out, *depth);
        }
    }
    (void)buf_addc(out, c);
    if (c == '{' || c == '[') {
        ++*depth;
    }
    if (c == ',' || ((c == '{' || c == '[') && !empty)) {
        new_line(out, *depth);
    } else if (c == ':') {
        (void)buf_addc(out, ' ');
    }
}

void json_indent(struct str json, struct buf *out)
{
    unsigned depth = 0;

    for (size_t i = 0; i < json.len && !buf_failed(out); i++) {
        if (json.ptr[i] == '"') {
            size_t n = quoted_length((struct str){json.ptr + i, json.len - i});

            (void)buf_add(out, json.ptr + i, n);
            i += n - 1;
        } else if (!is_space(json.ptr[i])) {
            indent_mark(out, json.ptr[i], next_mark(json, i), &depth);
        }
    }
    (void)buf_addc(out, '\n');
}
