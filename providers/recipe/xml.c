#include "providers/recipe/xml.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

enum { PATH_MAX_BYTES = 128, REFERENCE_MAX = 10 };

enum token_kind {
    TOKEN_END,
    TOKEN_BROKEN,
    TOKEN_SKIP, /* a comment or an instruction */
    TOKEN_TEXT,
    TOKEN_CDATA,
    TOKEN_OPEN,
    TOKEN_EMPTY, /* <a/> */
    TOKEN_CLOSE
};

struct token {
    enum token_kind kind;
    struct str name;
    struct str attributes;
    struct str text;
    const char *at; /* its first byte */
};

static struct str skip(struct str s, size_t n)
{
    return (struct str){s.ptr + n, s.len - n};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "<…close": its inside becomes the token's text. */
static void take_until(struct str *rest, size_t open, const char *close, enum token_kind kind,
                       struct token *t)
{
    size_t n = strlen(close);
    const char *end = memmem(rest->ptr + open, rest->len - open, close, n);

    if (end == NULL) {
        t->kind = TOKEN_BROKEN;
        return;
    }
    t->kind = kind;
    t->text = (struct str){rest->ptr + open, (size_t)(end - rest->ptr) - open};
    *rest = skip(*rest, (size_t)(end - rest->ptr) + n);
}

/* The ">" that ends a tag; null without one. Quotes hide it. */
static const char *tag_end(struct str s)
{
    char quote = '\0';

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            return s.ptr + i;
        } else if (c == '<') {
            return NULL;
        }
    }
    return NULL;
}

static struct str take_name(struct str s)
{
    size_t n = 0;

    while (n < s.len && !is_blank(s.ptr[n]) && strchr("/=<>\"'", s.ptr[n]) == NULL) {
        n++;
    }
    return (struct str){s.ptr, n};
}

/* What stands behind the namespace. */
static struct str local_name(struct str name)
{
    const char *colon = name.len == 0 ? NULL : memchr(name.ptr, ':', name.len);

    return colon == NULL ? name : skip(name, (size_t)(colon - name.ptr) + 1);
}

static void take_tag(struct str *rest, struct token *t)
{
    bool close = rest->len > 1 && rest->ptr[1] == '/';
    struct str inner = skip(*rest, close ? 2 : 1);
    const char *end = tag_end(inner);
    size_t used;

    if (end == NULL) {
        t->kind = TOKEN_BROKEN;
        return;
    }
    used = (size_t)(end - rest->ptr) + 1;
    inner.len = (size_t)(end - inner.ptr);
    t->kind = close ? TOKEN_CLOSE : TOKEN_OPEN;
    if (!close && inner.len > 0 && inner.ptr[inner.len - 1] == '/') {
        t->kind = TOKEN_EMPTY;
        inner.len--;
    }
    t->name = take_name(inner);
    t->attributes = skip(inner, t->name.len);
    if (t->name.len == 0 || (close && str_trim(t->attributes).len > 0)) {
        t->kind = TOKEN_BROKEN;
    }
    *rest = skip(*rest, used);
}

static void next_token(struct str *rest, struct token *t)
{
    const char *open;

    *t = (struct token){.kind = TOKEN_END, .at = rest->ptr};
    if (rest->len == 0) {
        return;
    }
    if (rest->ptr[0] != '<') {
        open = memchr(rest->ptr, '<', rest->len);
        t->kind = TOKEN_TEXT;
        t->text = (struct str){rest->ptr, open == NULL ? rest->len : (size_t)(open - rest->ptr)};
        *rest = skip(*rest, t->text.len);
    } else if (str_starts(*rest, "<!--")) {
        take_until(rest, 4, "-->", TOKEN_SKIP, t);
    } else if (str_starts(*rest, "<![CDATA[")) {
        take_until(rest, 9, "]]>", TOKEN_CDATA, t);
    } else if (str_starts(*rest, "<?")) {
        take_until(rest, 2, "?>", TOKEN_SKIP, t);
    } else if (str_starts(*rest, "<!")) {
        t->kind = TOKEN_BROKEN;
    } else {
        take_tag(rest, t);
    }
}

/* The walk over a text: what is open, and how much of the path that is. */
struct walk {
    const char *steps[XML_DEPTH_MAX];
    size_t step_lens[XML_DEPTH_MAX];
    size_t step_count;
    struct str open[XML_DEPTH_MAX];
    size_t depth;
    size_t matched;
    struct xml_element found;
};

static bool split_path(struct walk *w, const char *path)
{
    while (*path != '\0') {
        size_t n;

        path += *path == '/' ? 1 : 0;
        n = strcspn(path, "/");
        if (n == 0 || w->step_count == XML_DEPTH_MAX) {
            return false;
        }
        w->steps[w->step_count] = path;
        w->step_lens[w->step_count++] = n;
        path += n;
    }
    return w->step_count > 0;
}

static bool step_fits(const struct walk *w, struct str name)
{
    return w->matched == w->depth && w->matched < w->step_count &&
           str_eq(local_name(name), (struct str){w->steps[w->matched], w->step_lens[w->matched]});
}

/* Whether the element that just opened is one that is looked for. */
static bool walk_open(struct walk *w, const struct token *t, const char *content)
{
    if (step_fits(w, t->name)) {
        w->matched++;
        if (w->matched == w->step_count && w->depth + 1 == w->step_count) {
            w->found = (struct xml_element){t->attributes, {content, 0}};
            return true;
        }
    }
    return false;
}

static bool walk_close(struct walk *w, const struct token *t, bool *ret_found)
{
    if (w->depth == 0 || !str_eq(w->open[w->depth - 1], t->name)) {
        return false;
    }
    *ret_found = w->depth == w->step_count && w->matched == w->step_count;
    w->found.content.len = *ret_found ? (size_t)(t->at - w->found.content.ptr) : 0;
    w->matched -= w->matched == w->depth ? 1u : 0u;
    w->depth--;
    return true;
}

/* One token; *ret_found when an element of the path is complete. False for a fault. */
static bool walk_token(struct walk *w, const struct token *t, const char *after, bool *ret_found)
{
    switch (t->kind) {
    case TOKEN_OPEN:
        if (w->depth == XML_DEPTH_MAX) {
            return false;
        }
        walk_open(w, t, after);
        w->open[w->depth++] = t->name;
        return true;
    case TOKEN_EMPTY:
        *ret_found = walk_open(w, t, after);
        w->matched -= w->matched > w->depth ? 1u : 0u;
        return true;
    case TOKEN_CLOSE:
        return walk_close(w, t, ret_found);
    case TOKEN_TEXT:
    case TOKEN_CDATA:
    case TOKEN_SKIP:
        return true;
    case TOKEN_END:
    case TOKEN_BROKEN:
        break;
    }
    return false;
}

int xml_each(struct str text, const char *path, bool (*see)(void *ctx, const struct xml_element *e),
             void *ctx)
{
    struct walk w = {0};
    struct token t;

    if (!split_path(&w, path)) {
        return ERR_INVALID;
    }
    for (next_token(&text, &t); t.kind != TOKEN_END; next_token(&text, &t)) {
        bool found = false;

        if (!walk_token(&w, &t, text.ptr, &found)) {
            return ERR_INVALID;
        }
        if (found && !see(ctx, &w.found)) {
            return 0;
        }
    }
    return w.depth == 0 ? 0 : ERR_INVALID;
}

/* Text. */

static const struct {
    const char *name;
    char c;
} entities[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};

/* The value of a digit, or base when it is none. */
static uint32_t digit_of(char c, uint32_t base)
{
    uint32_t value = base;

    c = ascii_lower(c);
    if (ascii_digit(c)) {
        value = (uint32_t)(c - '0');
    } else if (c >= 'a' && c <= 'f') {
        value = (uint32_t)(c - 'a') + 10;
    }
    return value < base ? value : base;
}

/* "#233;" or "#xE9;", without the "&". Returns the bytes used, 0 when it is none. */
static size_t numeric_reference(struct str s, uint32_t *ret)
{
    uint32_t base = s.len > 1 && s.ptr[1] == 'x' ? 16 : 10;
    size_t from = base == 16 ? 2 : 1;
    size_t i = from;
    uint32_t cp = 0;

    while (i < s.len && i < REFERENCE_MAX && digit_of(s.ptr[i], base) < base) {
        cp = cp * base + digit_of(s.ptr[i++], base);
    }
    if (i == from || i >= s.len || s.ptr[i] != ';' || cp == 0 || cp > 0x10FFFF ||
        (cp >= 0xD800 && cp <= 0xDFFF)) {
        return 0;
    }
    *ret = cp;
    return i + 1;
}

/* Text with its references resolved; one that is unknown fails the buffer. */
static void add_text(struct str s, struct buf *out)
{
    while (s.len > 0) {
        const char *amp = memchr(s.ptr, '&', s.len);
        size_t plain = amp == NULL ? s.len : (size_t)(amp - s.ptr);
        uint32_t cp = 0;
        size_t used = 0;
        char bytes[4];

        buf_add(out, s.ptr, plain);
        s = skip(s, plain);
        if (s.len == 0) {
            return;
        }
        s = skip(s, 1);
        for (size_t i = 0; used == 0 && i < sizeof(entities) / sizeof(*entities); i++) {
            if (str_starts(s, entities[i].name)) {
                used = strlen(entities[i].name);
                cp = (unsigned char)entities[i].c;
            }
        }
        if (used == 0 && s.len > 0 && s.ptr[0] == '#') {
            used = numeric_reference(s, &cp);
        }
        if (used == 0) {
            out->failed = ERR_INVALID;
            return;
        }
        buf_add(out, bytes, utf8_encode(cp, bytes));
        s = skip(s, used);
    }
}

static bool finish_text(struct buf *b, char *out, size_t cap)
{
    struct str text = str_trim((struct str){b->data, b->len});
    bool good = buf_failed(b) == 0 && text.len > 0 && memchr(text.ptr, '\0', text.len) == NULL &&
                str_copy(out, cap, text) == 0;

    buf_finish(b);
    return good;
}

/* The text directly inside, not that of elements in it. */
static bool own_text(struct str content, char *out, size_t cap)
{
    struct buf text;
    struct token t;
    size_t depth = 0;

    buf_init(&text, cap);
    for (next_token(&content, &t); t.kind != TOKEN_END && t.kind != TOKEN_BROKEN;
         next_token(&content, &t)) {
        depth += t.kind == TOKEN_OPEN ? 1u : 0u;
        depth -= t.kind == TOKEN_CLOSE && depth > 0 ? 1u : 0u;
        if (depth == 0 && t.kind == TOKEN_TEXT) {
            add_text(t.text, &text);
        } else if (depth == 0 && t.kind == TOKEN_CDATA) {
            buf_add(&text, t.text.ptr, t.text.len);
        }
    }
    return finish_text(&text, out, cap);
}

static bool attribute(struct str all, struct str wanted, char *out, size_t cap)
{
    for (all = str_trim(all); all.len > 0; all = str_trim(all)) {
        struct str name = take_name(all);
        struct str rest = str_trim(skip(all, name.len));
        const char *close;
        struct str value;

        if (name.len == 0 || rest.len < 3 || rest.ptr[0] != '=') {
            return false;
        }
        rest = str_trim(skip(rest, 1));
        if (rest.len < 2 || (rest.ptr[0] != '"' && rest.ptr[0] != '\'')) {
            return false;
        }
        close = memchr(rest.ptr + 1, rest.ptr[0], rest.len - 1);
        if (close == NULL) {
            return false;
        }
        value = (struct str){rest.ptr + 1, (size_t)(close - rest.ptr) - 1};
        if (str_eq(local_name(name), wanted)) {
            struct buf text;

            buf_init(&text, cap);
            add_text(value, &text);
            return finish_text(&text, out, cap);
        }
        all = skip(rest, value.len + 2);
    }
    return false;
}

static bool take_first(void *ctx, const struct xml_element *e)
{
    *(struct xml_element *)ctx = *e;
    return false;
}

/* path without its "/@attribute", which goes to *ret_attribute. */
static bool cut_attribute(const char *path, char steps[PATH_MAX_BYTES], const char **ret_attribute)
{
    const char *at = strchr(path, '@');
    size_t n = at == NULL ? strlen(path) : (size_t)(at - path);

    *ret_attribute = at == NULL ? NULL : at + 1;
    n -= n > 0 && path[n - 1] == '/' ? 1u : 0u;
    return str_copy(steps, PATH_MAX_BYTES, (struct str){path, n}) == 0;
}

bool xml_field(const struct xml_element *e, const char *field, char *out, size_t cap)
{
    struct xml_element found = *e;
    char steps[PATH_MAX_BYTES];
    const char *name;

    out[0] = '\0';
    if (!cut_attribute(field, steps, &name)) {
        return false;
    }
    if (steps[0] != '\0' && strcmp(steps, ".") != 0) {
        found = (struct xml_element){{NULL, 0}, {NULL, 0}};
        xml_each(e->content, steps, take_first, &found);
        if (found.content.ptr == NULL) {
            return false;
        }
    }
    return name == NULL ? own_text(found.content, out, cap)
                        : attribute(found.attributes, str_of(name), out, cap);
}

bool xml_find(struct str text, const char *path, char *out, size_t cap)
{
    struct xml_element all = {{NULL, 0}, text};

    return xml_field(&all, path, out, cap);
}

bool xml_path_valid(const char *path)
{
    struct walk w = {0};
    char steps[PATH_MAX_BYTES];
    const char *name;

    return cut_attribute(path, steps, &name) && (name == NULL || *name != '\0') &&
           path[strlen(path) - 1] != '/' &&
           (strcmp(steps, ".") == 0 || (steps[0] == '\0' && name != NULL) || split_path(&w, steps));
}
