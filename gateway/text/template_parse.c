#include "text/template_program.h"

#include <stdlib.h>

enum { DELIMITER_MAX = 16, NAME_MAX_BYTES = 120, NAME_SHOWN = 60 };

struct parser {
    struct template *t;
    struct str src;
    size_t pos; /* everything before has become ops */
    struct str open;
    struct str close;
    uint32_t sections[TEMPLATE_DEPTH_MAX]; /* ops that wait for their end */
    size_t depth;
    size_t op_cap;
    size_t part_cap;
    struct faults *faults;
    int failed;
};

/* One tag as it stands in the source. */
struct tag {
    size_t start; /* of the opening delimiter */
    size_t end;   /* after the closing delimiter */
    char sigil;   /* '&' for raw values, 0 for plain ones */
    struct str name;
};

void template_place(const struct template *t, const char *at, int *ret_line, int *ret_column)
{
    const char *line = t->source;
    *ret_line = t->first_line;
    for (const char *p = t->source; p < at; p++)
        if (*p == '\n') {
            (*ret_line)++;
            line = p + 1;
        }
    *ret_column = (int)(at - line) + (line == t->source ? t->first_column : 1);
}

/* Gives a fault its place and makes the parse fail. */
static void mark(struct parser *p, struct fault *f, const char *at, size_t width)
{
    p->failed = ERR_INVALID;
    if (f == NULL)
        return;
    (void)str_copy(f->file, sizeof(f->file), str_of(p->t->file));
    template_place(p->t, at, &f->line, &f->column);
    f->width = (int)width;
}

/* How many bytes of s a sentence shows: whole characters, not too many. */
static int shown(struct str s)
{
    size_t n = s.len < NAME_SHOWN ? s.len : NAME_SHOWN;
    while (n > 0 && n < s.len && ((unsigned char)s.ptr[n] & 0xC0) == 0x80)
        n--;
    return (int)n;
}

static void *grow(void *array, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    size_t wider = *cap == 0 ? 16 : *cap * 2;
    void *bigger = realloc(array, wider * size);
    if (bigger != NULL)
        *cap = wider;
    return bigger;
}

static struct op *add_op(struct parser *p, enum op_kind kind, struct str text)
{
    struct op *ops = grow(p->t->ops, p->t->op_count, &p->op_cap, sizeof(*ops));
    if (ops == NULL) {
        p->failed = ERR_NOMEM;
        return NULL;
    }
    p->t->ops = ops;
    struct op *op = &ops[p->t->op_count++];
    *op = (struct op){.kind = kind, .text = text, .part = (uint32_t)p->t->part_count};
    return op;
}

static bool begins_line(const struct parser *p, size_t at)
{
    return at == 0 || p->src.ptr[at - 1] == '\n';
}

static void add_text(struct parser *p, size_t from, size_t to)
{
    if (from >= to)
        return;
    struct op *op = add_op(p, OP_TEXT, (struct str){p->src.ptr + from, to - from});
    if (op != NULL)
        op->line_start = begins_line(p, from);
}

static bool add_part(struct parser *p, struct str part)
{
    struct str *parts = grow(p->t->parts, p->t->part_count, &p->part_cap, sizeof(*parts));
    if (parts == NULL) {
        p->failed = ERR_NOMEM;
        return false;
    }
    p->t->parts = parts;
    parts[p->t->part_count++] = part;
    return true;
}

/* Splits a dotted name; "." alone is the implicit iterator and has no parts. */
static bool add_name(struct parser *p, struct op *op)
{
    struct str rest = op->text;
    if (str_eqs(rest, "."))
        return true;
    for (;;) {
        const char *dot = memchr(rest.ptr, '.', rest.len);
        size_t len = dot == NULL ? rest.len : (size_t)(dot - rest.ptr);
        if (len == 0 || op->part_count == TEMPLATE_PARTS_MAX)
            return false;
        if (!add_part(p, (struct str){rest.ptr, len}))
            return true;
        op->part_count++;
        if (dot == NULL)
            return true;
        rest = (struct str){dot + 1, rest.len - len - 1};
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\n' || c == '\r';
}

static bool name_ok(struct str name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (is_space(name.ptr[i]) || name.ptr[i] == '{' || name.ptr[i] == '}' ||
            (unsigned char)name.ptr[i] < 0x20)
            return false;
    return true;
}

static size_t find(struct str s, size_t from, struct str needle)
{
    if (from > s.len)
        return SIZE_MAX;
    const char *hit = memmem(s.ptr + from, s.len - from, needle.ptr, needle.len);
    return hit == NULL ? SIZE_MAX : (size_t)(hit - s.ptr);
}

/* Finds the end of a tag; "}" or "=" belong to the closing mark of two kinds of tags. */
static bool find_close(struct parser *p, size_t from, char twin, struct tag *tag)
{
    char mark[DELIMITER_MAX + 1];
    size_t len = 0;
    if (twin != 0)
        mark[len++] = twin;
    memcpy(mark + len, p->close.ptr, p->close.len);
    len += p->close.len;
    size_t at = find(p->src, from, (struct str){mark, len});
    if (at == SIZE_MAX)
        return false;
    tag->end = at + len;
    tag->name = str_trim((struct str){p->src.ptr + from, at - from});
    return true;
}

static bool read_tag(struct parser *p, size_t start, struct tag *tag)
{
    size_t at = start + p->open.len;
    *tag = (struct tag){.start = start};
    while (at < p->src.len && is_space(p->src.ptr[at]))
        at++;
    char c = at < p->src.len ? p->src.ptr[at] : 0;
    if (c != 0 && strchr("#^/!>&={", c) != NULL) {
        tag->sigil = c == '{' ? '&' : c;
        at++;
    }
    if (find_close(p, at, c == '{' ? '}' : c == '=' ? '=' : 0, tag))
        return true;
    mark(p,
         faults_add(p->faults, "", "TPL-001", "etiket kapatılmamış: %.*s ile başlıyor",
                    "the tag is not closed: it begins with %.*s", shown(p->open), p->open.ptr),
         p->src.ptr + start, p->open.len);
    return false;
}

/* A tag alone on its line takes the whole line away. Returns the end of that line. */
static bool stands_alone(const struct parser *p, const struct tag *tag, size_t *ret_line,
                         size_t *ret_after)
{
    size_t line = tag->start;
    while (line > p->pos && is_blank(p->src.ptr[line - 1]))
        line--;
    size_t after = tag->end;
    while (after < p->src.len && is_blank(p->src.ptr[after]))
        after++;
    if (!begins_line(p, line))
        return false;
    if (after + 1 < p->src.len && p->src.ptr[after] == '\r' && p->src.ptr[after + 1] == '\n')
        after++;
    else if (after < p->src.len && p->src.ptr[after] != '\n')
        return false;
    *ret_line = line;
    *ret_after = after < p->src.len ? after + 1 : after;
    return true;
}

static void open_section(struct parser *p, const struct tag *tag)
{
    if (p->depth == TEMPLATE_DEPTH_MAX) {
        mark(p,
             faults_add(p->faults, "", "TPL-006", "bölümler çok derin iç içe: %.*s",
                        "sections nest too deeply: %.*s", shown(tag->name), tag->name.ptr),
             tag->name.ptr, tag->name.len);
        return;
    }
    p->sections[p->depth++] = (uint32_t)p->t->op_count - 1;
}

static void close_section(struct parser *p, const struct tag *tag)
{
    if (p->depth == 0) {
        mark(p,
             faults_add(p->faults, "", "TPL-003", "açılmamış bölüm kapatılıyor: %.*s",
                        "this section was not opened: %.*s", shown(tag->name), tag->name.ptr),
             tag->name.ptr, tag->name.len);
        return;
    }
    struct op *op = &p->t->ops[p->sections[p->depth - 1]];
    if (!str_eq(op->text, tag->name))
        mark(p,
             faults_add(p->faults, "", "TPL-003",
                        "kapatılan bölüm son açılan değil; beklenen: %.*s",
                        "this does not close the section opened last, which is %.*s",
                        shown(op->text), op->text.ptr),
             tag->name.ptr, tag->name.len);
    op->end = (uint32_t)p->t->op_count;
    p->depth--;
}

static struct str word(struct str s, size_t *at)
{
    while (*at < s.len && is_space(s.ptr[*at]))
        (*at)++;
    size_t from = *at;
    while (*at < s.len && !is_space(s.ptr[*at]))
        (*at)++;
    return (struct str){s.ptr + from, *at - from};
}

static void set_delimiters(struct parser *p, const struct tag *tag)
{
    size_t at = 0;
    struct str open = word(tag->name, &at);
    struct str close = word(tag->name, &at);
    struct str more = word(tag->name, &at);
    bool ok = open.len > 0 && close.len > 0 && more.len == 0 && open.len <= DELIMITER_MAX &&
              close.len <= DELIMITER_MAX && memchr(open.ptr, '=', open.len) == NULL &&
              memchr(close.ptr, '=', close.len) == NULL;
    if (!ok) {
        mark(p,
             faults_add(p->faults, "", "TPL-005", "ayraç tanımı anlaşılmadı: %.*s",
                        "the delimiters make no sense: %.*s", shown(tag->name), tag->name.ptr),
             p->src.ptr + tag->start, tag->end - tag->start);
        return;
    }
    p->open = open;
    p->close = close;
}

static bool tag_name_ok(struct parser *p, const struct tag *tag)
{
    if (tag->sigil == '!' || tag->sigil == '=' || name_ok(tag->name))
        return true;
    mark(p,
         faults_add(p->faults, "", "TPL-004", "etiketin adı geçersiz: \"%.*s\"",
                    "this is no name for a tag: \"%.*s\"", shown(tag->name), tag->name.ptr),
         p->src.ptr + tag->start, tag->end - tag->start);
    return false;
}

static enum op_kind tag_op(char sigil)
{
    switch (sigil) {
    case '#':
        return OP_SECTION;
    case '^':
        return OP_INVERTED;
    case '>':
        return OP_PARTIAL;
    case '&':
        return OP_RAW;
    default:
        return OP_VALUE;
    }
}

static void add_tag_op(struct parser *p, const struct tag *tag, bool alone, size_t line)
{
    struct op *op = add_op(p, tag_op(tag->sigil), tag->name);
    if (op == NULL)
        return;
    op->line_start = !alone && begins_line(p, tag->start);
    op->standalone = alone;
    if (alone)
        op->indent = (struct str){p->src.ptr + line, tag->start - line};
    if (op->kind == OP_PARTIAL)
        return;
    if (!add_name(p, op))
        mark(p,
             faults_add(p->faults, "", "TPL-004", "noktalı ad geçersiz: \"%.*s\"",
                        "this is no dotted name: \"%.*s\"", shown(tag->name), tag->name.ptr),
             tag->name.ptr, tag->name.len);
    if (op->kind == OP_SECTION || op->kind == OP_INVERTED)
        open_section(p, tag);
}

/* A tag that writes nothing but stands first on its line: the place of an indent. */
static void mark_line(struct parser *p, const struct tag *tag)
{
    if (!begins_line(p, tag->start))
        return;
    struct op *op = add_op(p, OP_TEXT, (struct str){p->src.ptr + tag->start, 0});
    if (op != NULL)
        op->line_start = true;
}

static void take_tag(struct parser *p, const struct tag *tag)
{
    size_t line = tag->start;
    size_t after = tag->end;
    bool alone = tag->sigil != 0 && tag->sigil != '&' && stands_alone(p, tag, &line, &after);
    bool silent = tag->sigil == '!' || tag->sigil == '=' || tag->sigil == '/';
    add_text(p, p->pos, alone ? line : tag->start);
    p->pos = after;
    if (!tag_name_ok(p, tag))
        return;
    if (silent && !alone)
        mark_line(p, tag);
    if (tag->sigil == '/')
        close_section(p, tag);
    else if (tag->sigil == '=')
        set_delimiters(p, tag);
    else if (!silent)
        add_tag_op(p, tag, alone, line);
}

static void parse_all(struct parser *p)
{
    struct tag tag;
    size_t at;
    while (p->failed != ERR_NOMEM && (at = find(p->src, p->pos, p->open)) != SIZE_MAX) {
        if (!read_tag(p, at, &tag))
            return;
        take_tag(p, &tag);
    }
    add_text(p, p->pos, p->src.len);
    while (p->depth > 0) {
        struct op *op = &p->t->ops[p->sections[--p->depth]];
        mark(p,
             faults_add(p->faults, "", "TPL-002", "bölüm kapatılmamış: %.*s",
                        "the section is not closed: %.*s", shown(op->text), op->text.ptr),
             op->text.ptr, op->text.len);
    }
}

static int too_large(const char *file, struct faults *faults)
{
    struct fault *f = faults_add(faults, "", "TPL-006", "şablon %d bayttan uzun",
                                 "longer than %d bytes", TEMPLATE_SOURCE_MAX);
    if (f != NULL)
        (void)str_copy(f->file, sizeof(f->file), str_of(file));
    return ERR_LIMIT;
}

int template_parse(struct str source, const struct template_origin *origin,
                   enum template_escape escape, struct template **ret, struct faults *faults)
{
    *ret = NULL;
    if (source.len > TEMPLATE_SOURCE_MAX)
        return too_large(origin->file, faults);
    struct template *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return ERR_NOMEM;
    t->source = str_dup(source);
    t->file = str_dup(str_of(origin->file));
    t->source_len = source.len;
    t->first_line = origin->line;
    t->first_column = origin->column;
    t->escape = escape;
    struct parser p = {.t = t,
                       .src = {t->source, source.len},
                       .open = STR("{{"),
                       .close = STR("}}"),
                       .faults = faults};
    if (t->source == NULL || t->file == NULL)
        p.failed = ERR_NOMEM;
    else
        parse_all(&p);
    if (p.failed != 0) {
        template_free(t);
        return p.failed;
    }
    *ret = t;
    return 0;
}

void template_free(struct template *t)
{
    if (t == NULL)
        return;
    free(t->ops);
    free(t->parts);
    free(t->source);
    free(t->file);
    free(t);
}
