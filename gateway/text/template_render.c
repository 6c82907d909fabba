#include "text/template_program.h"

enum { OP_BUDGET = 1000000 }; /* a bound on time: tags met while rendering once */

/* What an indented partial writes at the start of its lines: outer first. */
struct indent {
    struct str own;
    const struct indent *outer;
};

struct render {
    const struct template_partials *partials;
    struct buf *out;
    const struct template_value *scope[TEMPLATE_DEPTH_MAX];
    unsigned depth;
    unsigned partial_depth;
    unsigned budget;
};

static int render_ops(struct render *r, const struct template *t, size_t from, size_t to,
                      const struct indent *indent);

static const struct template_value *member(const struct template_value *map, struct str name)
{
    if (map->kind != TEMPLATE_MAP)
        return NULL;
    const struct template_value *v = map->items;
    for (const struct template_value *end = v + map->count; v < end; v++)
        if (v->name.len == name.len && memcmp(v->name.ptr, name.ptr, name.len) == 0)
            return v;
    return NULL;
}

/* The first part is looked up from the innermost scope outwards, the others in what it names. */
static const struct template_value *lookup(const struct render *r, const struct template *t,
                                           const struct op *op)
{
    if (op->part_count == 0)
        return r->scope[r->depth - 1];
    const struct str *part = &t->parts[op->part];
    const struct template_value *v = NULL;
    for (unsigned i = r->depth; v == NULL && i > 0; i--)
        v = member(r->scope[i - 1], part[0]);
    for (uint32_t i = 1; v != NULL && i < op->part_count; i++)
        v = member(v, part[i]);
    return v;
}

static bool truthy(const struct template_value *v)
{
    if (v == NULL)
        return false;
    switch (v->kind) {
    case TEMPLATE_TEXT:
        return v->text.len > 0;
    case TEMPLATE_FLAG:
        return v->flag;
    case TEMPLATE_LIST:
        return v->count > 0;
    default:
        return true;
    }
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

static int add_escaped(struct buf *out, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        const char *as = entity(s.ptr[i]);
        if (as == NULL)
            continue;
        (void)buf_add(out, s.ptr + from, i - from);
        (void)buf_adds(out, as);
        from = i + 1;
    }
    return buf_add(out, s.ptr + from, s.len - from);
}

static int write_indent(struct buf *out, const struct indent *indent)
{
    if (indent == NULL)
        return 0;
    (void)write_indent(out, indent->outer);
    return buf_add(out, indent->own.ptr, indent->own.len);
}

static int write_text(struct buf *out, struct str text, const struct indent *indent)
{
    if (indent == NULL)
        return buf_add(out, text.ptr, text.len);
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.ptr) + 1;
        (void)buf_add(out, text.ptr, len);
        text = (struct str){text.ptr + len, text.len - len};
        if (text.len > 0)
            (void)write_indent(out, indent);
    }
    return buf_failed(out);
}

static int write_value(struct render *r, const struct template *t, const struct op *op)
{
    const struct template_value *v = lookup(r, t, op);
    if (v == NULL || v->kind != TEMPLATE_TEXT || v->text.len == 0)
        return 0;
    if (op->kind == OP_VALUE && t->escape == TEMPLATE_HTML)
        return add_escaped(r->out, v->text);
    return buf_add(r->out, v->text.ptr, v->text.len);
}

static int render_in(struct render *r, const struct template *t, size_t at,
                     const struct template_value *scope, const struct indent *indent)
{
    if (r->depth == TEMPLATE_DEPTH_MAX)
        return ERR_LIMIT;
    r->scope[r->depth++] = scope;
    int rc = render_ops(r, t, at + 1, t->ops[at].end, indent);
    r->depth--;
    return rc;
}

static int render_section(struct render *r, const struct template *t, size_t at,
                          const struct indent *indent)
{
    const struct template_value *v = lookup(r, t, &t->ops[at]);
    if (!truthy(v))
        return 0;
    if (v->kind != TEMPLATE_LIST)
        return render_in(r, t, at, v, indent);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < v->count; i++)
        rc = render_in(r, t, at, &v->items[i], indent);
    return rc;
}

static int render_partial(struct render *r, const struct op *op, const struct indent *outer)
{
    const struct template *t =
        r->partials == NULL ? NULL : r->partials->find(r->partials->ctx, op->text);
    if (t == NULL)
        return 0;
    if (r->partial_depth == TEMPLATE_PARTIAL_MAX)
        return ERR_LIMIT;
    struct indent own = {op->indent, outer};
    const struct indent *indent = !op->standalone ? NULL : op->indent.len == 0 ? outer : &own;
    r->partial_depth++;
    int rc = render_ops(r, t, 0, t->op_count, indent);
    r->partial_depth--;
    return rc;
}

static int render_op(struct render *r, const struct template *t, size_t at,
                     const struct indent *indent)
{
    const struct op *op = &t->ops[at];
    if (indent != NULL && op->line_start)
        (void)write_indent(r->out, indent);
    switch (op->kind) {
    case OP_TEXT:
        return write_text(r->out, op->text, indent);
    case OP_SECTION:
        return render_section(r, t, at, indent);
    case OP_INVERTED:
        return truthy(lookup(r, t, op)) ? 0 : render_ops(r, t, at + 1, op->end, indent);
    case OP_PARTIAL:
        return render_partial(r, op, indent);
    default:
        return write_value(r, t, op);
    }
}

static int render_ops(struct render *r, const struct template *t, size_t from, size_t to,
                      const struct indent *indent)
{
    for (size_t i = from; i < to;) {
        if (r->budget-- == 0)
            return ERR_LIMIT;
        int rc = render_op(r, t, i, indent);
        if (rc != 0)
            return rc;
        bool block = t->ops[i].kind == OP_SECTION || t->ops[i].kind == OP_INVERTED;
        i = block ? t->ops[i].end : i + 1;
    }
    return 0;
}

int template_render(const struct template *t, const struct template_value *root,
                    const struct template_partials *partials, struct buf *out)
{
    struct render r;
    r.partials = partials;
    r.out = out;
    r.scope[0] = root;
    r.depth = 1;
    r.partial_depth = 0;
    r.budget = OP_BUDGET;
    int rc = render_ops(&r, t, 0, t->op_count, NULL);
    return rc != 0 ? rc : buf_failed(out);
}
