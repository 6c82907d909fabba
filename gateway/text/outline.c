#include "text/outline.h"

#include "base/utf8.h"

enum { PREHEADER_CHARS = 90 };

enum line_kind { LINE_BLANK, LINE_TEXT, LINE_ITEM, LINE_ROW };

/* What is open while lines come in. */
struct outline {
    struct buf *out;
    enum line_kind open; /* LINE_BLANK: nothing */
    bool head_done;      /* of a table */
};

/* Bytes that need attention: the four of HTML and the colon of an address. */
static const unsigned char special[256] = {['&'] = 1, ['<'] = 1, ['>'] = 1, ['"'] = 1, [':'] = 2};

static void add_entity(struct buf *out, char c)
{
    (void)buf_adds(out, c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&quot;");
}

static void add_plain(struct buf *out, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (special[(unsigned char)s.ptr[i]] != 1)
            continue;
        (void)buf_add(out, s.ptr + from, i - from);
        add_entity(out, s.ptr[i]);
        from = i + 1;
    }
    (void)buf_add(out, s.ptr + from, s.len - from);
}

static bool ends_address(char c)
{
    return c == ' ' || c == '\t' || c == '<' || c == '>' || c == '"';
}

/* The address at the start of s, without the punctuation of the sentence around it. */
static struct str address_at(struct str s)
{
    size_t n = 0;
    while (n < s.len && !ends_address(s.ptr[n]))
        n++;
    while (n > 0 && strchr(".,;:!?)'", s.ptr[n - 1]) != NULL)
        n--;
    return (struct str){s.ptr, n};
}

static void add_link(struct buf *out, struct str address)
{
    (void)buf_adds(out, "<a href=\"");
    add_plain(out, address);
    (void)buf_adds(out, "\">");
    add_plain(out, address);
    (void)buf_adds(out, "</a>");
}

/* Escapes a line; addresses become links. */
static void add_inline(struct buf *out, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char kind = special[(unsigned char)s.ptr[i]];
        if (kind == 0)
            continue;
        if (kind == 1) {
            (void)buf_add(out, s.ptr + from, i - from);
            add_entity(out, s.ptr[i]);
            from = i + 1;
            continue;
        }
        if (i < from + 5 || s.len - i < 4 || memcmp(s.ptr + i - 5, "https://", 8) != 0)
            continue;
        struct str address = address_at((struct str){s.ptr + i - 5, s.len - i + 5});
        if (address.len <= 8)
            continue;
        (void)buf_add(out, s.ptr + from, i - 5 - from);
        add_link(out, address);
        from = i - 5 + address.len;
        i = from - 1;
    }
    (void)buf_add(out, s.ptr + from, s.len - from);
}

/* Length of "12. " at the start, 0 when there is none. */
static size_t item_mark(struct str line)
{
    size_t n = 0;
    while (n < line.len && n < 3 && ascii_digit(line.ptr[n]))
        n++;
    return n > 0 && n + 1 < line.len && line.ptr[n] == '.' && line.ptr[n + 1] == ' ' ? n + 2 : 0;
}

static enum line_kind kind_of(struct str line)
{
    if (line.len == 0)
        return LINE_BLANK;
    if (line.ptr[0] == '|' && line.len > 1 && line.ptr[line.len - 1] == '|')
        return LINE_ROW;
    return item_mark(line) > 0 ? LINE_ITEM : LINE_TEXT;
}

static void close_block(struct outline *o)
{
    static const char *const ends[] = {"", "</p>\n", "</ol>\n", "</tbody></table>\n"};
    (void)buf_adds(o->out, ends[o->open]);
    o->open = LINE_BLANK;
}

static void open_block(struct outline *o, enum line_kind kind, struct str line)
{
    o->open = kind;
    if (kind == LINE_TEXT)
        (void)buf_adds(o->out, "<p>");
    else if (kind == LINE_ROW)
        (void)buf_adds(o->out, "<table border=\"1\" cellpadding=\"6\" cellspacing=\"0\">");
    else if (str_starts(line, "1. "))
        (void)buf_adds(o->out, "<ol>\n");
    else
        (void)buf_addf(o->out, "<ol start=\"%.*s\">\n", (int)item_mark(line) - 2, line.ptr);
    o->head_done = false;
}

static bool is_number(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_digit(s.ptr[i]))
            return false;
    return s.len > 0;
}

static void add_cell(struct outline *o, struct str cell)
{
    if (!o->head_done)
        (void)buf_adds(o->out, "<th scope=\"col\" align=\"left\">");
    else
        (void)buf_adds(o->out, is_number(cell) ? "<td align=\"right\">" : "<td>");
    add_inline(o->out, cell);
    (void)buf_adds(o->out, o->head_done ? "</td>" : "</th>");
}

static void add_row(struct outline *o, struct str line)
{
    struct str rest = {line.ptr + 1, line.len - 1};
    (void)buf_adds(o->out, o->head_done ? "<tr>" : "<thead><tr>");
    while (rest.len > 0) {
        const char *bar = memchr(rest.ptr, '|', rest.len);
        size_t n = bar == NULL ? rest.len : (size_t)(bar - rest.ptr);
        add_cell(o, str_trim((struct str){rest.ptr, n}));
        n = n < rest.len ? n + 1 : n;
        rest = (struct str){rest.ptr + n, rest.len - n};
    }
    (void)buf_adds(o->out, o->head_done ? "</tr>\n" : "</tr></thead><tbody>\n");
    o->head_done = true;
}

static void add_line(struct outline *o, struct str line)
{
    enum line_kind kind = kind_of(line);
    bool goes_on = kind == o->open && kind != LINE_BLANK;
    if (!goes_on) {
        close_block(o);
        if (kind == LINE_BLANK)
            return;
        open_block(o, kind, line);
    }
    if (kind == LINE_ROW) {
        add_row(o, line);
        return;
    }
    size_t mark = kind == LINE_ITEM ? item_mark(line) : 0;
    (void)buf_adds(o->out, kind == LINE_ITEM ? "<li>" : goes_on ? "<br>\n" : "");
    add_inline(o->out, (struct str){line.ptr + mark, line.len - mark});
    (void)buf_adds(o->out, kind == LINE_ITEM ? "</li>\n" : "");
}

/* Takes the first line off text, without its end and trailing blanks. */
static struct str next_line(struct str *text)
{
    const char *end = memchr(text->ptr, '\n', text->len);
    size_t n = end == NULL ? text->len : (size_t)(end - text->ptr);
    struct str line = {text->ptr, n};
    n = end == NULL ? n : n + 1;
    *text = (struct str){text->ptr + n, text->len - n};
    while (line.len > 0 && strchr(" \t\r", line.ptr[line.len - 1]) != NULL)
        line.len--;
    return line;
}

int outline_html(struct str text, struct buf *out)
{
    struct outline o = {.out = out};
    while (text.len > 0)
        add_line(&o, next_line(&text));
    close_block(&o);
    return buf_failed(out);
}

/* The length of the first sentence of a line, 0 when it has none. */
static size_t sentence(struct str line)
{
    for (size_t i = 0; i < line.len; i++) {
        bool stop = line.ptr[i] == '.' || line.ptr[i] == '?' || line.ptr[i] == ':';
        if (stop && i > 1 && (i + 1 == line.len || line.ptr[i + 1] == ' '))
            return line.ptr[i] == ':' && i + 1 < line.len ? i : i + 1;
    }
    return 0;
}

/* At most max characters, cut after a word. */
static size_t cut(struct str s, size_t max)
{
    if (utf8_count(s) <= max)
        return s.len;
    size_t at = 0;
    for (size_t chars = 0; chars < max; chars++) {
        uint32_t cp;
        size_t n = utf8_decode((struct str){s.ptr + at, s.len - at}, &cp);
        at += n == 0 ? 1 : n;
    }
    while (at > 0 && s.ptr[at] != ' ')
        at--;
    return at;
}

int outline_preheader(struct str text, struct buf *out)
{
    while (text.len > 0) {
        struct str line = next_line(&text);
        struct str first = {line.ptr, sentence(line)};
        if (first.len == 0)
            continue;
        size_t n = cut(first, PREHEADER_CHARS - 1);
        (void)buf_add(out, first.ptr, n);
        if (n < first.len)
            (void)buf_adds(out, "…");
        break;
    }
    return buf_failed(out);
}
