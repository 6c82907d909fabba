#include "simulate/xml.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 1 << 20 };

struct attribute {
    struct attribute *next;
    struct str name;
    struct buf value;
};

struct element {
    struct element *parent;
    struct element *next; /* sibling */
    struct element *first;
    struct element *last;
    struct attribute *attributes;
    struct str name;
    struct buf text;
    bool written;
};

struct reader {
    const char *at;
    const char *end;
    struct element *root;
    struct element *open;
    unsigned depth;
    unsigned nodes;
    struct err *e;
};

static int wrong(struct reader *r, const char *what)
{
    return err_set(r->e, ERR_INVALID, "not well-formed XML: %s", what);
}

static bool looking_at(const struct reader *r, const char *word)
{
    size_t n = strlen(word);

    return (size_t)(r->end - r->at) >= n && memcmp(r->at, word, n) == 0;
}

static void skip_blank(struct reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) != NULL && *r->at != '\0') {
        r->at++;
    }
}

/* Moves behind the next occurrence of mark; the bytes before it are returned in ret. */
static bool skip_to(struct reader *r, const char *mark, struct str *ret)
{
    size_t n = strlen(mark);
    const char *found = memmem(r->at, (size_t)(r->end - r->at), mark, n);

    if (found == NULL) {
        return false;
    }
    *ret = (struct str){r->at, (size_t)(found - r->at)};
    r->at = found + n;
    return true;
}

static bool name_byte(char c)
{
    return ascii_alnum(c) || c == '_' || c == '-' || c == '.' || c == ':';
}

static int read_name(struct reader *r, struct str *ret)
{
    const char *from = r->at;

    while (r->at < r->end && name_byte(*r->at)) {
        r->at++;
    }
    *ret = (struct str){from, (size_t)(r->at - from)};
    return ret->len > 0 && ret->len <= XML_NAME_MAX && !ascii_digit(*from)
               ? 0
               : wrong(r, "a name is missing or too long");
}

/* "&#105;", "&#x131;" without the & and ; */
static int add_reference(struct reader *r, struct str number, struct buf *out)
{
    bool hex = number.len > 1 && ascii_lower(number.ptr[1]) == 'x';
    uint32_t cp = 0;
    char bytes[4];
    size_t n;

    for (size_t i = hex ? 2 : 1; i < number.len; i++) {
        char c = ascii_lower(number.ptr[i]);
        bool is_hex = hex && c >= 'a' && c <= 'f';

        if ((!ascii_digit(c) && !is_hex) || cp > 0x10FFFF) {
            return wrong(r, "a character reference");
        }
        cp = cp * (hex ? 16 : 10) + (uint32_t)(is_hex ? c - 'a' + 10 : c - '0');
    }
    n = cp == 0 ? 0 : utf8_encode(cp, bytes);
    return n == 0 ? wrong(r, "a character reference") : buf_add(out, bytes, n);
}

static int add_entity(struct reader *r, struct str *rest, struct buf *out)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    const char *semicolon = memchr(rest->ptr, ';', rest->len);
    struct str name = {rest->ptr + 1, 0};

    if (semicolon == NULL) {
        return wrong(r, "& without ;");
    }
    name.len = (size_t)(semicolon - name.ptr);
    *rest = (struct str){semicolon + 1, rest->len - name.len - 2};
    if (name.len > 1 && name.ptr[0] == '#') {
        return add_reference(r, name, out);
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (str_eqs(name, known[i].name)) {
            return buf_addc(out, known[i].c);
        }
    }
    return wrong(r, "an unknown entity");
}

static int add_text(struct reader *r, struct str s, struct buf *out)
{
    while (s.len > 0) {
        const char *amp = memchr(s.ptr, '&', s.len);
        size_t plain = amp == NULL ? s.len : (size_t)(amp - s.ptr);
        int code = buf_add(out, s.ptr, plain);

        s = (struct str){s.ptr + plain, s.len - plain};
        code = code != 0 || s.len == 0 ? code : add_entity(r, &s, out);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

static int read_attribute(struct reader *r, struct element *owner)
{
    struct attribute *a;
    struct str raw;
    struct str name;
    char quote[2] = "";

    if (read_name(r, &name) != 0) {
        return ERR_INVALID;
    }
    skip_blank(r);
    if (!looking_at(r, "=")) {
        return wrong(r, "an attribute without =");
    }
    r->at++;
    skip_blank(r);
    if (!looking_at(r, "\"") && !looking_at(r, "'")) {
        return wrong(r, "an attribute without quotes");
    }
    quote[0] = *r->at++;
    if (!skip_to(r, quote, &raw) || memchr(raw.ptr, '<', raw.len) != NULL) {
        return wrong(r, "an attribute does not end");
    }
    for (a = owner->attributes; a != NULL; a = a->next) {
        if (str_eq(a->name, name)) {
            return wrong(r, "an attribute twice");
        }
    }
    a = calloc(1, sizeof(*a));
    if (a == NULL || ++r->nodes > XML_NODES_MAX) {
        free(a);
        return err_set(r->e, ERR_LIMIT, "too many attributes");
    }
    a->name = name;
    buf_init(&a->value, TEXT_MAX);
    a->next = owner->attributes;
    owner->attributes = a;
    return add_text(r, raw, &a->value);
}

static struct element *add_element(struct reader *r, struct str name)
{
    struct element *x = calloc(1, sizeof(*x));

    if (x == NULL) {
        return NULL;
    }
    x->name = name;
    x->parent = r->open;
    buf_init(&x->text, TEXT_MAX);
    if (r->open == NULL) {
        r->root = x;
    } else if (r->open->last == NULL) {
        r->open->first = x;
        r->open->last = x;
    } else {
        r->open->last->next = x;
        r->open->last = x;
    }
    return x;
}

static int read_start(struct reader *r)
{
    struct element *x;
    struct str name;
    int code;

    r->at++;
    if (r->open == NULL && r->root != NULL) {
        return wrong(r, "a second root");
    }
    if (r->depth == XML_DEPTH_MAX || ++r->nodes > XML_NODES_MAX) {
        return err_set(r->e, ERR_LIMIT, "too deep or too many elements");
    }
    code = read_name(r, &name);
    x = code == 0 ? add_element(r, name) : NULL;
    if (x == NULL) {
        return code != 0 ? code : err_set(r->e, ERR_NOMEM, "no memory for XML");
    }
    for (;;) {
        skip_blank(r);
        if (looking_at(r, "/>")) {
            r->at += 2;
            return 0;
        }
        if (looking_at(r, ">")) {
            r->at++;
            r->open = x;
            r->depth++;
            return 0;
        }
        code = read_attribute(r, x);
        if (code != 0) {
            return code;
        }
    }
}

static int read_end(struct reader *r)
{
    struct str name;

    r->at += 2;
    if (read_name(r, &name) != 0) {
        return ERR_INVALID;
    }
    skip_blank(r);
    if (!looking_at(r, ">") || r->open == NULL || !str_eq(name, r->open->name)) {
        return wrong(r, "an end tag that closes nothing");
    }
    r->at++;
    r->depth--;
    r->open = r->open->parent;
    return 0;
}

static int read_markup(struct reader *r)
{
    struct str skipped;

    if (looking_at(r, "<![CDATA[")) {
        r->at += 9;
        if (r->open == NULL || !skip_to(r, "]]>", &skipped)) {
            return wrong(r, "CDATA");
        }
        return buf_add(&r->open->text, skipped.ptr, skipped.len);
    }
    if (looking_at(r, "<!--")) {
        return skip_to(r, "-->", &skipped) ? 0 : wrong(r, "a comment does not end");
    }
    if (looking_at(r, "<?")) {
        return skip_to(r, "?>", &skipped) ? 0 : wrong(r, "a declaration does not end");
    }
    if (looking_at(r, "<!")) {
        return wrong(r, "a document type");
    }
    return looking_at(r, "</") ? read_end(r) : read_start(r);
}

static int read_text(struct reader *r)
{
    const char *next = memchr(r->at, '<', (size_t)(r->end - r->at));
    struct str s = {r->at, (size_t)((next == NULL ? r->end : next) - r->at)};

    r->at += s.len;
    if (r->open != NULL) {
        return add_text(r, s, &r->open->text);
    }
    return str_trim(s).len == 0 ? 0 : wrong(r, "text outside the root");
}

static int read_document(struct reader *r)
{
    int code = 0;

    while (code == 0 && r->at < r->end) {
        code = *r->at == '<' ? read_markup(r) : read_text(r);
    }
    if (code == 0 && (r->root == NULL || r->open != NULL)) {
        return wrong(r, "it ends early");
    }
    return code;
}

static void element_free(struct element *x)
{
    while (x != NULL) {
        struct element *next = x->next;
        struct attribute *a;

        element_free(x->first);
        while ((a = x->attributes) != NULL) {
            x->attributes = a->next;
            buf_finish(&a->value);
            free(a);
        }
        buf_finish(&x->text);
        free(x);
        x = next;
    }
}

static void write_name(struct json_writer *w, const char *prefix, struct str name)
{
    char key[XML_NAME_MAX + 2];

    (void)snprintf(key, sizeof(key), "%s%.*s", prefix, (int)name.len, name.ptr);
    jsonw_key(w, key);
}

static void write_element(struct json_writer *w, struct element *x)
{
    jsonw_object(w);
    for (const struct attribute *a = x->attributes; a != NULL; a = a->next) {
        write_name(w, "@", a->name);
        jsonw_str(w, (struct str){a->value.data, a->value.len});
    }
    jsonw_put_str(w, "#", str_trim((struct str){x->text.data, x->text.len}));
    for (struct element *child = x->first; child != NULL; child = child->next) {
        if (child->written) {
            continue;
        }
        write_name(w, "", child->name);
        jsonw_array(w);
        for (struct element *same = child; same != NULL; same = same->next) {
            if (str_eq(same->name, child->name)) {
                same->written = true;
                write_element(w, same);
            }
        }
        jsonw_end_array(w);
    }
    jsonw_end_object(w);
}

int xml_to_json(struct str text, struct json_writer *w, struct err *e)
{
    struct reader r = {.at = text.ptr, .end = text.ptr + text.len, .e = e};
    int code = text.len == 0 || !utf8_valid(text) || memchr(text.ptr, 0, text.len) != NULL
                   ? wrong(&r, "not UTF-8, or nothing")
                   : read_document(&r);

    if (code == 0) {
        jsonw_object(w);
        write_name(w, "", r.root->name);
        write_element(w, r.root);
        jsonw_end_object(w);
    } else if (code != ERR_INVALID) {
        code = err_set(e, code, "the XML is too large");
    }
    element_free(r.root);
    return code;
}
