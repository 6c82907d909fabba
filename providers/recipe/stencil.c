#include "providers/recipe/stencil.h"

#include "base/codec.h"
#include "base/crypto.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECES_MAX = 128, KEY_MAX = 40, VALUE_BYTES_MAX = 64 * 1024 };

struct piece {
    enum recipe_value value;
    enum recipe_escape escape;
    bool may_be_empty;
    char *text; /* of a literal */
    size_t len;
    char key[KEY_MAX]; /* of enc. and param. */
};

struct stencil {
    struct piece pieces[PIECES_MAX];
    size_t count;
};

static const char *const value_names[VALUE_NAMED_COUNT] = {
    [VALUE_TEXT] = "text",
    [VALUE_TO] = "to",
    [VALUE_SENDER] = "sender",
    [VALUE_USER] = "user",
    [VALUE_PASSWORD] = "password",
    [VALUE_REF] = "ref",
    [VALUE_ITEMS] = "items",
    [VALUE_ID] = "id",
    [VALUE_PAGE] = "page",
    [VALUE_AFTER] = "after",
    [VALUE_VALIDITY] = "validity",
    [VALUE_VALIDITY_S] = "validity_s",
    [VALUE_VALIDITY_MS] = "validity_ms",
    [VALUE_VALIDITY_CLOCK] = "validity_clock",
    [VALUE_NOW] = "now",
    [VALUE_SINCE] = "since",
    [VALUE_DEADLINE] = "deadline",
    [VALUE_REPORT_URL] = "report_url",
    [VALUE_REPORT_SECRET] = "report_secret",
};

static const char *const escape_names[ESCAPE_COUNT] = {"raw",  "json", "xml",
                                                       "form", "url",  "header"};

/* Parsing. */

static int read_value(struct str name, struct piece *piece, struct fault *why)
{
    const char *near;

    for (size_t i = 0; i < VALUE_NAMED_COUNT; i++) {
        if (str_eqs(name, value_names[i])) {
            piece->value = (enum recipe_value)i;
            return 0;
        }
    }
    if (str_starts(name, "enc.") || str_starts(name, "param.")) {
        size_t skip = name.ptr[0] == 'e' ? 4 : 6;

        piece->value = name.ptr[0] == 'e' ? VALUE_ENC : VALUE_PARAM;
        if (name.len > skip &&
            str_copy(piece->key, KEY_MAX, (struct str){name.ptr + skip, name.len - skip}) == 0) {
            return 0;
        }
    }
    near = str_nearest(name, value_names, VALUE_NAMED_COUNT);
    if (near == NULL) {
        return fault_say(why, ERR_INVALID, "\"%.*s\" adında bir yer tutucu yok",
                         "there is no placeholder \"%.*s\"", (int)name.len, name.ptr);
    }
    return fault_say(
        why, ERR_INVALID, "\"%.*s\" adında bir yer tutucu yok; \"%s\" mi demek istediniz?",
        "there is no placeholder \"%.*s\"; did you mean \"%s\"?", (int)name.len, name.ptr, near);
}

static int read_escape(struct str name, struct piece *piece, struct fault *why)
{
    if (name.len > 0 && name.ptr[name.len - 1] == '?') {
        piece->may_be_empty = true;
        name.len--;
    }
    for (size_t i = 0; i < ESCAPE_COUNT; i++) {
        if (str_eqs(name, escape_names[i])) {
            piece->escape = (enum recipe_escape)i;
            return 0;
        }
    }
    return fault_say(
        why, ERR_INVALID,
        "yer tutucuda kaçış belirtilmeli: ${ad|raw}; raw yerine json, xml, form, url, header",
        "a placeholder needs an escape: ${name|raw}, json, xml, form, url or header");
}

static int add_piece(struct stencil *t, const struct piece *piece, struct fault *why)
{
    if (t->count == PIECES_MAX) {
        return fault_say(why, ERR_LIMIT, "%d yer tutucudan fazla", "more than %d placeholders",
                         PIECES_MAX);
    }
    t->pieces[t->count++] = *piece;
    return 0;
}

static int add_literal(struct stencil *t, struct str text, struct fault *why)
{
    struct piece piece = {.value = VALUE_LITERAL, .len = text.len};
    int code;

    if (text.len == 0) {
        return 0;
    }
    piece.text = str_dup(text);
    if (piece.text == NULL) {
        return fault_say(why, ERR_NOMEM, "bellek yetmedi", "no memory for a stencil");
    }
    code = add_piece(t, &piece, why);
    if (code != 0) {
        free(piece.text);
    }
    return code;
}

/* inner is what stands between "${" and "}". */
static int add_placeholder(struct stencil *t, struct str inner, struct fault *why)
{
    const char *bar = inner.len == 0 ? NULL : memchr(inner.ptr, '|', inner.len);
    struct str name = {inner.ptr, bar == NULL ? inner.len : (size_t)(bar - inner.ptr)};
    struct str escape = {bar == NULL ? NULL : bar + 1, bar == NULL ? 0 : inner.len - name.len - 1};
    struct piece piece = {0};
    int code = read_value(name, &piece, why);

    code = code != 0 ? code : read_escape(escape, &piece, why);
    return code != 0 ? code : add_piece(t, &piece, why);
}

static int parse_all(struct stencil *t, struct str rest, struct fault *why)
{
    while (rest.len > 0) {
        const char *open = memmem(rest.ptr, rest.len, "${", 2);
        struct str before = {rest.ptr, open == NULL ? rest.len : (size_t)(open - rest.ptr)};
        const char *close;
        int code = add_literal(t, before, why);

        if (code != 0 || open == NULL) {
            return code;
        }
        rest = (struct str){open + 2, rest.len - before.len - 2};
        close = rest.len == 0 ? NULL : memchr(rest.ptr, '}', rest.len);
        if (close == NULL) {
            return fault_say(why, ERR_INVALID, "\"${\" ile başlayan yer tutucu kapatılmamış",
                             "a placeholder \"${\" is not closed");
        }
        code = add_placeholder(t, (struct str){rest.ptr, (size_t)(close - rest.ptr)}, why);
        if (code != 0) {
            return code;
        }
        rest = (struct str){close + 1, rest.len - (size_t)(close - rest.ptr) - 1};
    }
    return 0;
}

int stencil_parse(struct str text, struct stencil **ret, struct fault *why)
{
    struct stencil *t = calloc(1, sizeof(*t));
    int code;

    if (t == NULL) {
        return fault_say(why, ERR_NOMEM, "bellek yetmedi", "no memory for a stencil");
    }
    code = parse_all(t, text, why);
    if (code != 0) {
        stencil_free(t);
        return code;
    }
    *ret = t;
    return 0;
}

void stencil_free(struct stencil *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->count; i++) {
        free(t->pieces[i].text);
    }
    free(t);
}

bool stencil_uses(const struct stencil *t, enum recipe_value value)
{
    for (size_t i = 0; t != NULL && i < t->count; i++) {
        if (t->pieces[i].value == value) {
            return true;
        }
    }
    return false;
}

void stencil_each_key(const struct stencil *t, enum recipe_value kind,
                      void (*see)(void *ctx, const char *key), void *ctx)
{
    for (size_t i = 0; t != NULL && i < t->count; i++) {
        if (t->pieces[i].value == kind) {
            see(ctx, t->pieces[i].key);
        }
    }
}

/* Expanding. */

static void escape_json(struct str s, struct buf *out)
{
    size_t plain = 0; /* where the run that needs no escape begins */

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        buf_add(out, s.ptr + plain, i - plain);
        plain = i + 1;
        if (c < 0x20) {
            buf_addf(out, "\\u%04x", c);
        } else {
            buf_addc(out, '\\');
            buf_addc(out, (char)c);
        }
    }
    buf_add(out, s.ptr + plain, s.len - plain);
}

/* https://www.w3.org/TR/xml/#charsets; surrogates cannot occur in valid UTF-8. */
static bool xml_allows(uint32_t cp)
{
    return cp >= 0x20 ? cp != 0xFFFE && cp != 0xFFFF : cp == '\t' || cp == '\n' || cp == '\r';
}

static const char *xml_entity(uint32_t cp)
{
    switch (cp) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    default:
        return NULL;
    }
}

static void escape_xml(struct str s, struct buf *out)
{
    size_t plain = 0; /* where the run that needs no escape begins */
    size_t i = 0;

    while (i < s.len) {
        uint32_t cp = 0;
        size_t n = utf8_decode((struct str){s.ptr + i, s.len - i}, &cp);
        const char *entity = n == 0 ? NULL : xml_entity(cp);

        if (n > 0 && entity == NULL && xml_allows(cp)) {
            i += n;
            continue;
        }
        buf_add(out, s.ptr + plain, i - plain);
        buf_adds(out, entity == NULL ? "" : entity);
        i += n == 0 ? 1 : n;
        plain = i;
    }
    buf_add(out, s.ptr + plain, s.len - plain);
}

/* https://url.spec.whatwg.org/#application/x-www-form-urlencoded; "+" and "%20" mean a blank. */
static void percent(bool as_form, struct str bytes, struct buf *out)
{
    if (as_form) {
        codec_form(out, bytes);
    } else {
        codec_percent(out, bytes);
    }
}

int recipe_percent(enum recipe_charset charset, bool as_form, struct str s, struct buf *out,
                   struct err *e)
{
    struct buf bytes;
    int code;

    if (charset == CHARSET_UTF8) {
        percent(as_form, s, out);
        return 0;
    }
    buf_init(&bytes, VALUE_BYTES_MAX);
    code = charset_convert(charset, s, &bytes);
    if (code == 0) {
        percent(as_form, (struct str){bytes.data, bytes.len}, out);
    }
    crypto_finish_buf(&bytes);
    return code == 0 ? 0 : err_set(e, code, "the text has a character that ISO-8859-9 lacks");
}

static int escape_into(enum recipe_escape escape, enum recipe_charset charset, struct str s,
                       struct buf *out, struct err *e)
{
    switch (escape) {
    case ESCAPE_JSON:
        escape_json(s, out);
        return 0;
    case ESCAPE_XML:
        escape_xml(s, out);
        return 0;
    case ESCAPE_FORM:
    case ESCAPE_URL:
        return recipe_percent(charset, escape == ESCAPE_FORM, s, out, e);
    case ESCAPE_HEADER:
        if (!utf8_clean_line(s)) {
            return err_set(e, ERR_INVALID, "a value holds bytes that may not stand in a header");
        }
        break;
    case ESCAPE_RAW:
    case ESCAPE_COUNT:
        break;
    }
    return buf_add(out, s.ptr, s.len);
}

static struct str value_of(const struct piece *p, const struct stencil_values *v)
{
    if (p->value < VALUE_NAMED_COUNT) {
        return v->named[p->value];
    }
    if (p->value == VALUE_LITERAL) {
        return (struct str){p->text, p->len};
    }
    return v->lookup == NULL ? (struct str){NULL, 0} : v->lookup(v->ctx, p->value, p->key);
}

int stencil_expand(const struct stencil *t, const struct stencil_values *v, struct buf *out,
                   bool *ret_complete, struct err *e)
{
    bool complete = true;

    for (size_t i = 0; i < t->count; i++) {
        const struct piece *p = &t->pieces[i];
        struct str value = value_of(p, v);
        int code = value.len == 0 ? 0 : escape_into(p->escape, v->charset, value, out, e);

        if (code != 0) {
            return code;
        }
        complete = complete && (value.len > 0 || p->may_be_empty);
    }
    if (ret_complete != NULL) {
        *ret_complete = complete;
    }
    return buf_failed(out) == 0 ? 0 : err_set(e, buf_failed(out), "the request is too large");
}
