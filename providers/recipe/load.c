#include "base/file.h"
#include "providers/recipe/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Adds what the parser said as a fault with a place. */
static int fault_json(struct faults *faults, const char *file, struct json_place place,
                      const struct err *why)
{
    struct fault *f =
        faults_add(faults, "", "RCP-001", "JSON okunamadı: %s", "not JSON: %s", why->text);

    if (f != NULL) {
        snprintf(f->file, sizeof(f->file), "%s", file);
        f->line = place.line;
        f->column = place.column;
    }
    return ERR_INVALID;
}

int recipe_parse(struct str text, const char *file, struct recipe **ret, struct faults *faults,
                 struct err *e)
{
    struct json_limits limits = {RECIPE_BYTES_MAX, 16, 512};
    size_t from = faults->count;
    size_t errors = faults->errors;
    struct json_place place = {0};
    struct recipe *r = calloc(1, sizeof(*r));
    struct err why = {0};

    if (r == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a recipe");
    }
    if (json_parse(text, JSON_COMMENTS | JSON_POSITIONS, &limits, &r->doc, &place, &why) != 0) {
        free(r);
        err_set(e, ERR_INVALID, "%s: %s", file, why.text);
        return fault_json(faults, file, place, &why);
    }
    option_read(recipe_table, json_root(r->doc), "", r, faults);
    recipe_compile(r, faults);
    option_place_faults(r->doc, text, file, from, faults);
    if (faults->errors > errors) {
        recipe_free(r);
        return err_set(e, ERR_INVALID, "%s has faults", file);
    }
    *ret = r;
    return 0;
}

void recipe_free(struct recipe *r)
{
    if (r == NULL) {
        return;
    }
    recipe_release_compiled(r);
    option_release(recipe_table, r);
    json_free(r->doc);
    free(r);
}

static int read_file(const char *path, struct buf *out, struct err *e)
{
    int fd = file_open(path, e);
    ssize_t got = 1;

    if (fd < 0) {
        return fd;
    }
    while (got > 0 && buf_failed(out) == 0) {
        char part[8192];

        got = read(fd, part, sizeof(part));
        if (got > 0) {
            buf_add(out, part, (size_t)got);
        }
    }
    if (got < 0) {
        err_errno(e, errno, "%s", path);
        close(fd);
        return ERR_IO;
    }
    close(fd);
    return buf_failed(out) == 0
               ? 0
               : err_set(e, buf_failed(out), "%s is larger than a recipe may be", path);
}

int recipe_load(const char *path, struct recipe **ret, struct faults *faults, struct err *e)
{
    struct buf text;
    int code;

    buf_init(&text, RECIPE_BYTES_MAX);
    code = read_file(path, &text, e);
    if (code == 0) {
        code = recipe_parse((struct str){text.data, text.len}, path, ret, faults, e);
    }
    buf_finish(&text);
    return code;
}

int recipe_check(const char *path, struct faults *faults, struct err *e)
{
    struct recipe *r = NULL;
    int code = recipe_load(path, &r, faults, e);

    recipe_free(r);
    return code;
}

int recipe_path(const char *directory, const char *name, struct buf *out, struct err *e)
{
    size_t n = strlen(name);

    if (strchr(name, '/') != NULL) {
        buf_adds(out, name);
        return buf_failed(out) == 0 ? 0 : err_set(e, ERR_LIMIT, "the recipe's path is too long");
    }
    for (size_t i = 0; i < n; i++) {
        if (!ascii_alnum(name[i]) && strchr("-_", name[i]) == NULL) {
            return err_set(e, ERR_INVALID, "\"%s\" is not the name of a recipe", name);
        }
    }
    if (n == 0 || directory == NULL) {
        return err_set(e, ERR_INVALID, "there is no directory of recipes to look in");
    }
    buf_addf(out, "%s/%s.json", directory, name);
    return buf_failed(out) == 0 ? 0 : err_set(e, ERR_LIMIT, "the recipe's path is too long");
}
