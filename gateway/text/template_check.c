#include "text/template_program.h"

enum { CHECK_VISITS_MAX = 10000, NAME_BYTES = 256 };

struct check {
    const struct template_name *names;
    size_t count;
    const struct template_partials *partials;
    struct faults *faults;
    struct str scope[TEMPLATE_DEPTH_MAX]; /* full names of the enclosing sections */
    char full[TEMPLATE_DEPTH_MAX][NAME_BYTES];
    size_t depth;
    const struct template *stack[TEMPLATE_PARTIAL_MAX + 1];
    size_t nested;
    unsigned visits;
    void (*use)(void *ctx, const struct template_use *use);
    void *ctx;
};

static bool in_table(const struct check *c, struct str name)
{
    for (size_t i = 0; i < c->count; i++) {
        struct str known = str_of(c->names[i].name);
        if (str_eq(known, name))
            return true;
        if (known.len > name.len && memcmp(known.ptr, name.ptr, name.len) == 0 &&
            known.ptr[name.len] == '.')
            return true; /* a map: "holder" for "holder.email" */
    }
    return false;
}

/* Writes the full name into out when the name is known here: by itself or inside a section. */
static bool resolve(const struct check *c, struct str name, char out[NAME_BYTES])
{
    if (str_eqs(name, "."))
        return c->depth > 0 && str_copy(out, NAME_BYTES, c->scope[c->depth - 1]) == 0;
    for (size_t i = c->depth; i > 0; i--) {
        struct str outer = c->scope[i - 1];
        if (outer.len + name.len + 2 > NAME_BYTES)
            continue;
        memcpy(out, outer.ptr, outer.len);
        out[outer.len] = '.';
        memcpy(out + outer.len + 1, name.ptr, name.len);
        out[outer.len + 1 + name.len] = '\0';
        if (in_table(c, str_of(out)))
            return true;
    }
    return str_copy(out, NAME_BYTES, name) == 0 && in_table(c, name);
}

static void place(const struct template *t, const struct op *op, struct fault *f)
{
    (void)str_copy(f->file, sizeof(f->file), str_of(t->file));
    template_place(t, op->text.ptr, &f->line, &f->column);
    f->width = (int)op->text.len;
}

/* The same place may be reached through many templates: it is told once. */
static void settle(struct check *c, const struct template *t, const struct op *op, struct fault *f)
{
    if (f == NULL)
        return;
    place(t, op, f);
    for (size_t i = 0; i + 1 < c->faults->count; i++) {
        const struct fault *old = &c->faults->list[i];
        if (old->line == f->line && old->column == f->column && strcmp(old->file, f->file) == 0 &&
            strcmp(old->code, f->code) == 0) {
            c->faults->count--;
            c->faults->total--;
            c->faults->errors--;
            return;
        }
    }
}

static void unknown_name(struct check *c, const struct template *t, const struct op *op)
{
    const char *list[128];
    size_t n = c->count < 128 ? c->count : 128;
    for (size_t i = 0; i < n; i++)
        list[i] = c->names[i].name;
    const char *near = str_nearest(op->text, list, n);
    int len = (int)op->text.len;
    struct fault *f =
        near == NULL
            ? faults_add(c->faults, "", "TPL-007", "değişken tanımsız: {{%.*s}}",
                         "unknown name {{%.*s}}", len, op->text.ptr)
            : faults_add(c->faults, "", "TPL-007", "değişken tanımsız: {{%.*s}} – \"%s\" mi?",
                         "unknown name {{%.*s}}; did you mean \"%s\"?", len, op->text.ptr, near);
    settle(c, t, op, f);
}

static void unknown_partial(struct check *c, const struct template *t, const struct op *op)
{
    int len = (int)op->text.len;
    settle(c, t, op,
           faults_add(c->faults, "", "TPL-008", "parça bulunamadı: {{> %.*s}}",
                      "no such partial: {{> %.*s}}", len, op->text.ptr));
}

static void report_use(struct check *c, const struct template *t, const struct op *op)
{
    struct template_use use = {.name = op->text,
                               .file = t->file,
                               .section = op->kind == OP_SECTION || op->kind == OP_INVERTED};
    template_place(t, op->text.ptr, &use.line, &use.column);
    c->use(c->ctx, &use);
}

static void visit_ops(struct check *c, const struct template *t, size_t from, size_t to);

static void visit_partial(struct check *c, const struct template *t, const struct op *op)
{
    const struct template *partial =
        c->partials == NULL ? NULL : c->partials->find(c->partials->ctx, op->text);
    if (partial == NULL) {
        if (c->faults != NULL)
            unknown_partial(c, t, op);
        return;
    }
    for (size_t i = 0; i < c->nested; i++)
        if (c->stack[i] == partial)
            return;
    if (c->nested > TEMPLATE_PARTIAL_MAX)
        return;
    c->stack[c->nested++] = partial;
    visit_ops(c, partial, 0, partial->op_count);
    c->nested--;
}

static void visit_section(struct check *c, const struct template *t, size_t at, bool known)
{
    const struct op *op = &t->ops[at];
    bool deeper = op->kind == OP_SECTION && known && c->depth < TEMPLATE_DEPTH_MAX;
    if (deeper) {
        c->scope[c->depth] = str_of(c->full[c->depth]);
        c->depth++;
    }
    visit_ops(c, t, at + 1, op->end);
    if (deeper)
        c->depth--;
}

static void visit_name(struct check *c, const struct template *t, size_t at)
{
    const struct op *op = &t->ops[at];
    char scratch[NAME_BYTES];
    bool room = c->depth < TEMPLATE_DEPTH_MAX;
    bool known = resolve(c, op->text, room ? c->full[c->depth] : scratch);
    if (c->faults != NULL && !known)
        unknown_name(c, t, op);
    if (c->use != NULL)
        report_use(c, t, op);
    if (op->kind == OP_SECTION || op->kind == OP_INVERTED)
        visit_section(c, t, at, known);
}

static void visit_ops(struct check *c, const struct template *t, size_t from, size_t to)
{
    for (size_t i = from; i < to && c->visits < CHECK_VISITS_MAX;) {
        const struct op *op = &t->ops[i];
        bool block = op->kind == OP_SECTION || op->kind == OP_INVERTED;
        c->visits++;
        if (op->kind == OP_PARTIAL)
            visit_partial(c, t, op);
        else if (op->kind != OP_TEXT)
            visit_name(c, t, i);
        i = block ? op->end : i + 1;
    }
}

void template_check(const struct template *t, const struct template_name *names, size_t count,
                    const struct template_partials *partials, struct faults *faults)
{
    struct check c = {.names = names,
                      .count = count,
                      .partials = partials,
                      .faults = faults,
                      .stack = {t},
                      .nested = 1};
    visit_ops(&c, t, 0, t->op_count);
}

void template_uses(const struct template *t, const struct template_partials *partials,
                   void (*fn)(void *ctx, const struct template_use *use), void *ctx)
{
    struct check c = {.partials = partials, .stack = {t}, .nested = 1, .use = fn, .ctx = ctx};
    visit_ops(&c, t, 0, t->op_count);
}
