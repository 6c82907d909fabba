#include "config/conf.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

/* Longer lines are not shown: nobody would find the caret. */
enum { LINE_MAX_SHOWN = 200 };

struct printer {
    const struct faults *faults;
    struct buf *out;
    bool turkish;
    char file[FAULT_POINTER_MAX];
    struct buf text; /* of file */
};

static void load_text(struct printer *p, const char *file)
{
    FILE *f;

    if (strcmp(p->file, file) == 0) {
        return;
    }
    (void)snprintf(p->file, sizeof p->file, "%s", file);
    buf_reset(&p->text);
    f = fopen(file, "re");
    if (f == NULL) {
        return;
    }
    for (size_t n = 1; n > 0;) {
        char *at = buf_reserve(&p->text, 65536);

        n = at == NULL ? 0 : fread(at, 1, 65536, f);
        if (n > 0) {
            buf_commit(&p->text, n);
        }
    }
    (void)fclose(f);
}

static struct str line_of(const struct buf *text, int number)
{
    const char *at = buf_cstr(text);
    const char *end;

    while (--number > 0 && at != NULL) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    if (at == NULL || *at == '\0') {
        return (struct str){NULL, 0};
    }
    end = strchr(at, '\n');
    return (struct str){at, end == NULL ? strlen(at) : (size_t)(end - at)};
}

/*
 * How many bytes of the fault's line may be shown: nothing where a secret was written in the open,
 * and only up to an unknown key, whose value may be one too.
 */
static size_t showable(const struct printer *p, const struct fault *f, size_t len)
{
    for (size_t i = 0; i < p->faults->count; i++) {
        const struct fault *other = &p->faults->list[i];
        size_t end = (size_t)(other->column + other->width - 1);

        if (other->line != f->line || strcmp(other->file, f->file) != 0) {
            continue;
        }
        if (strcmp(other->code, "SEC-001") == 0) {
            return 0;
        }
        if (strcmp(other->code, "CFG-020") == 0 && end < len) {
            len = end;
        }
    }
    return len;
}

/* Blanks as wide as the text before the caret; tabs stay tabs. */
static void indent_like(struct buf *out, struct str before)
{
    for (size_t i = 0; i < before.len; i++) {
        if (before.ptr[i] == '\t') {
            (void)buf_addc(out, '\t');
        } else if (((unsigned char)before.ptr[i] & 0xC0) != 0x80) {
            (void)buf_addc(out, ' ');
        }
    }
}

static void print_line(struct printer *p, const struct fault *f, struct str line, const char *hint)
{
    size_t start = (size_t)f->column - 1;
    size_t width = f->width > 0 ? (size_t)f->width : 1;
    size_t carets;

    if (start + width > line.len) {
        width = start < line.len ? line.len - start : 0;
    }
    carets = utf8_count((struct str){line.ptr + start, width});
    (void)buf_addf(p->out, "%5d | ", f->line);
    (void)buf_add(p->out, line.ptr, line.len);
    (void)buf_adds(p->out, "\n      | ");
    indent_like(p->out, (struct str){line.ptr, start});
    for (size_t i = 0; i < carets || i == 0; i++) {
        (void)buf_addc(p->out, '^');
    }
    (void)buf_addf(p->out, "%s%s\n", hint[0] != '\0' ? " " : "", hint);
}

static bool is_printable(struct str line)
{
    uint32_t cp;

    while (line.len > 0) {
        size_t n = utf8_decode(line, &cp);

        if (n == 0 || (cp < 0x20 && cp != '\t') || (cp >= 0x7F && cp < 0xA0)) {
            return false;
        }
        line.ptr += n;
        line.len -= n;
    }
    return true;
}

/* The line of the fault as far as it is good to show; empty when it is not. */
static struct str shown_line(struct printer *p, const struct fault *f)
{
    struct str none = {NULL, 0};
    struct str line;

    if (f->file[0] == '\0' || f->line < 1 || f->column < 1) {
        return none;
    }
    load_text(p, f->file);
    line = line_of(&p->text, f->line);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    if (line.len > LINE_MAX_SHOWN) {
        return none;
    }
    line.len = showable(p, f, line.len);
    return (size_t)f->column - 1 > line.len || !is_printable(line) ? none : line;
}

static void print_place(struct printer *p, const struct fault *f)
{
    if (f->file[0] == '\0') {
        return;
    }
    (void)buf_addf(p->out, "%s:", f->file);
    if (f->line > 0) {
        (void)buf_addf(p->out, "%d:%d:", f->line, f->column);
    }
    (void)buf_addc(p->out, ' ');
}

static void print_fault(struct printer *p, const struct fault *f)
{
    static const char *const words[2][2] = {{"error", "warning"}, {"hata", "uyarı"}};
    const char *text = p->turkish ? f->tr : f->en;
    struct str line = shown_line(p, f);
    const char *hint = line.len > 0 ? strstr(text, "; ") : NULL;

    print_place(p, f);
    (void)buf_addf(p->out, "%s %s: %.*s\n", words[p->turkish][f->severity == FAULT_WARNING],
                   f->code, hint == NULL ? FAULT_TEXT_MAX : (int)(hint - text), text);
    if (line.len > 0) {
        print_line(p, f, line, hint == NULL ? "" : hint + 2);
    }
}

static int in_order(const void *a, const void *b)
{
    const struct fault *first = *(const struct fault *const *)a;
    const struct fault *second = *(const struct fault *const *)b;
    int by_file = strcmp(first->file, second->file);

    if (by_file != 0) {
        return by_file;
    }
    if (first->line != second->line) {
        return first->line < second->line ? -1 : 1;
    }
    return first->column != second->column ? (first->column < second->column ? -1 : 1)
                                           : (first < second ? -1 : first > second);
}

static void print_counts(struct printer *p)
{
    size_t warnings = p->faults->total - p->faults->errors;

    if (p->faults->total > p->faults->count) {
        (void)buf_addf(p->out, p->turkish ? "… ve %zu tane daha\n" : "… and %zu more\n",
                       p->faults->total - p->faults->count);
    }
    if (p->faults->total > 0) {
        (void)buf_addf(p->out,
                       p->turkish ? "%zu hata, %zu uyarı.\n" : "errors: %zu, warnings: %zu.\n",
                       p->faults->errors, warnings);
    }
}

void conf_print_faults(const struct faults *faults, bool turkish, struct buf *out)
{
    struct printer p = {.faults = faults, .out = out, .turkish = turkish};
    const struct fault *sorted[FAULTS_MAX] = {NULL};

    buf_init(&p.text, 4 * CONF_BYTES_MAX);
    for (size_t i = 0; i < faults->count; i++) {
        sorted[i] = &faults->list[i];
    }
    qsort(sorted, faults->count, sizeof sorted[0], in_order);
    for (size_t i = 0; i < faults->count; i++) {
        print_fault(&p, sorted[i]);
    }
    print_counts(&p);
    buf_finish(&p.text);
}

static void write_fault(struct json_writer *w, const struct fault *f)
{
    jsonw_object(w);
    jsonw_put(w, "severity", f->severity == FAULT_WARNING ? "warning" : "error");
    jsonw_put(w, "code", f->code);
    jsonw_put(w, "file", f->file[0] != '\0' ? f->file : NULL);
    if (f->line > 0) {
        jsonw_put_i64(w, "line", f->line);
        jsonw_put_i64(w, "column", f->column);
        jsonw_put_i64(w, "width", f->width);
    }
    jsonw_put(w, "pointer", f->pointer);
    jsonw_put(w, "tr", f->tr);
    jsonw_put(w, "en", f->en);
    jsonw_end_object(w);
}

void conf_print_faults_json(const struct faults *faults, struct buf *out)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_put_i64(&w, "errors", (int64_t)faults->errors);
    jsonw_put_i64(&w, "warnings", (int64_t)(faults->total - faults->errors));
    jsonw_key(&w, "faults");
    jsonw_array(&w);
    for (size_t i = 0; i < faults->count; i++) {
        write_fault(&w, &faults->list[i]);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
}
