#include "text/mime_read.h"

enum { PARAMETERS_MAX = 16 };

bool mime_line(struct str *text, struct str *ret_line)
{
    const char *end;
    size_t n;

    if (text->len == 0) {
        return false;
    }
    end = memchr(text->ptr, '\n', text->len);
    n = end == NULL ? text->len : (size_t)(end - text->ptr);
    *ret_line = (struct str){text->ptr, n};
    if (n > 0 && text->ptr[n - 1] == '\r') {
        ret_line->len--;
    }
    n += end != NULL;
    text->ptr += n;
    text->len -= n;
    return true;
}

void mime_split(struct str mail, struct mime_entity *ret)
{
    struct str rest = mail;
    struct str line;

    ret->head = mail;
    ret->body = (struct str){mail.ptr + mail.len, 0};
    while (mime_line(&rest, &line)) {
        if (line.len == 0) {
            ret->head.len = (size_t)(line.ptr - mail.ptr);
            ret->body = rest;
            return;
        }
    }
}

/* ---- fields ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The value on the field's first line, if this is one of that name. */
static bool begins_field(struct str line, struct str name, struct str *ret_value)
{
    size_t n = name.len;

    if (line.len <= n || !str_ieq((struct str){line.ptr, n}, name)) {
        return false;
    }
    while (n < line.len && is_blank(line.ptr[n])) {
        n++;
    }
    if (n == line.len || line.ptr[n] != ':') {
        return false;
    }
    *ret_value = (struct str){line.ptr + n + 1, line.len - n - 1};
    return true;
}

static size_t append_clean(struct str s, char *out, size_t at, size_t cap)
{
    for (size_t i = 0; i < s.len && at + 1 < cap; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c < ' ' || c == 0x7f) {
            c = ' ';
        }
        if (c != ' ' || at > 0) {
            out[at++] = (char)c;
        }
    }
    return at;
}

bool mime_field(struct str head, const char *name, size_t n, char *out, size_t cap)
{
    struct str value;
    struct str line;
    bool found = false;
    size_t at = 0;

    while (mime_line(&head, &line)) {
        if (found && line.len > 0 && is_blank(line.ptr[0])) {
            at = append_clean(line, out, at, cap);
        } else if (found) {
            break;
        } else if (begins_field(line, str_of(name), &value) && n-- == 0) {
            found = true;
            at = append_clean(value, out, at, cap);
        }
    }
    while (at > 0 && out[at - 1] == ' ') {
        at--;
    }
    out[at] = '\0';
    return found;
}

/* ---- Content-Type ---- */

static void lower_copy(struct str s, char *out, size_t cap)
{
    size_t n = s.len < cap ? s.len : cap - 1;

    for (size_t i = 0; i < n; i++) {
        out[i] = ascii_lower(s.ptr[i]);
    }
    out[n] = '\0';
}

/* A token or quoted string in front of *s. */
static void take_value(struct str *s, char *out, size_t cap)
{
    bool quoted = s->len > 0 && s->ptr[0] == '"';
    size_t i = quoted;
    size_t at = 0;

    for (; i < s->len; i++) {
        char c = s->ptr[i];

        if (quoted ? c == '"' : c == ';' || is_blank(c)) {
            break;
        }
        if (quoted && c == '\\' && i + 1 < s->len) {
            c = s->ptr[++i];
        }
        if (at + 1 < cap) {
            out[at++] = c;
        }
    }
    out[at] = '\0';
    *s = (struct str){s->ptr + i, s->len - i};
}

static void take_parameter(struct str name, const char *value, struct mime_type *ret)
{
    if (str_ieq(name, STR("boundary"))) {
        (void)str_copy(ret->boundary, sizeof ret->boundary, str_of(value));
    } else if (str_ieq(name, STR("report-type"))) {
        lower_copy(str_of(value), ret->report_type, sizeof ret->report_type);
    }
}

void mime_type_of(struct str head, struct mime_type *ret)
{
    char text[1000];
    char value[200];
    struct str rest;
    size_t n;

    *ret = (struct mime_type){.name = "text/plain"};
    if (!mime_field(head, "Content-Type", 0, text, sizeof text)) {
        return;
    }
    n = strcspn(text, ";");
    lower_copy(str_trim((struct str){text, n}), ret->name, sizeof ret->name);
    rest = str_of(text + n);
    for (int i = 0; i < PARAMETERS_MAX && rest.len > 0; i++) {
        const char *equals;
        struct str name;

        rest = str_trim((struct str){rest.ptr + 1, rest.len - 1}); /* behind a semicolon */
        equals = memchr(rest.ptr, '=', rest.len);
        if (equals == NULL) {
            return;
        }
        name = str_trim((struct str){rest.ptr, (size_t)(equals - rest.ptr)});
        rest = str_trim((struct str){equals + 1, rest.len - (size_t)(equals + 1 - rest.ptr)});
        take_value(&rest, value, sizeof value);
        take_parameter(name, value, ret);
        while (rest.len > 0 && rest.ptr[0] != ';') {
            rest = (struct str){rest.ptr + 1, rest.len - 1};
        }
    }
}

/* ---- parts ---- */

enum delimiter { NO_DELIMITER, DELIMITER, LAST_DELIMITER };

static enum delimiter delimiter_of(struct str line, const char *boundary)
{
    size_t n = strlen(boundary);

    if (line.len < n + 2 || line.ptr[0] != '-' || line.ptr[1] != '-' ||
        memcmp(line.ptr + 2, boundary, n) != 0) {
        return NO_DELIMITER;
    }
    line = str_trim((struct str){line.ptr + 2 + n, line.len - 2 - n});
    return line.len == 0 ? DELIMITER : str_eqs(line, "--") ? LAST_DELIMITER : NO_DELIMITER;
}

bool mime_next_part(struct str body, const char *boundary, size_t *at, struct str *ret_part)
{
    struct str rest = {body.ptr + *at, body.len - *at};
    const char *begin = NULL;
    struct str line;

    if (boundary[0] == '\0') {
        return false;
    }
    while (mime_line(&rest, &line)) {
        enum delimiter d = delimiter_of(line, boundary);

        if (d != NO_DELIMITER && begin != NULL) {
            *at = (size_t)(line.ptr - body.ptr);
            *ret_part = (struct str){begin, (size_t)(line.ptr - begin)};
            return true;
        }
        if (d == LAST_DELIMITER) {
            break;
        }
        if (d == DELIMITER) {
            begin = rest.ptr;
        }
    }
    *at = body.len;
    if (begin == NULL) {
        return false;
    }
    *ret_part = (struct str){begin, (size_t)(body.ptr + body.len - begin)}; /* cut off */
    return true;
}

/* ---- encodings ---- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, ascii_lower(c));

    return c == '\0' || at == NULL ? -1 : (int)(at - digits);
}

static void decode_quoted(struct str s, struct buf *out)
{
    struct str line;

    while (mime_line(&s, &line)) {
        bool soft = false;

        while (line.len > 0 && is_blank(line.ptr[line.len - 1])) {
            line.len--;
        }
        for (size_t i = 0; i < line.len; i++) {
            bool escape = line.ptr[i] == '=' && i + 2 < line.len &&
                          hex_digit(line.ptr[i + 1]) >= 0 && hex_digit(line.ptr[i + 2]) >= 0;

            if (escape) {
                (void)buf_addc(
                    out, (char)(hex_digit(line.ptr[i + 1]) * 16 + hex_digit(line.ptr[i + 2])));
                i += 2;
            } else if (line.ptr[i] == '=' && i + 1 == line.len) {
                soft = true;
            } else {
                (void)buf_addc(out, line.ptr[i]);
            }
        }
        if (!soft) {
            (void)buf_addc(out, '\n');
        }
    }
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static void decode_base64(struct str s, struct buf *out)
{
    unsigned bits = 0;
    unsigned held = 0;

    for (size_t i = 0; i < s.len && s.ptr[i] != '='; i++) {
        int digit = base64_digit(s.ptr[i]);

        if (digit < 0) {
            continue;
        }
        bits = (bits << 6 | (unsigned)digit) & 0xffffffu;
        held += 6;
        if (held >= 8) {
            held -= 8;
            (void)buf_addc(out, (char)(unsigned char)(bits >> held & 0xffu));
        }
    }
}

void mime_decode(struct str head, struct str body, struct buf *out)
{
    char encoding[40];

    (void)mime_field(head, "Content-Transfer-Encoding", 0, encoding, sizeof encoding);
    if (str_ieq(str_of(encoding), STR("base64"))) {
        decode_base64(body, out);
    } else if (str_ieq(str_of(encoding), STR("quoted-printable"))) {
        decode_quoted(body, out);
    } else {
        if (body.len > out->max - out->len) {
            body.len = out->max - out->len;
        }
        (void)buf_add(out, body.ptr, body.len);
    }
}
