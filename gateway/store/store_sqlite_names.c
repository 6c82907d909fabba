#include "store/store_sqlite.h"

#include <stdlib.h>

enum { NAMES_MAX = 4096 };

static int push(struct sq *s, struct str name, struct err *e)
{
    struct sq_names *n = &s->names;
    char *copy;

    if (n->count == NAMES_MAX) {
        return err_set(e, ERR_LIMIT, "more than %d campaign, template and provider names",
                       NAMES_MAX);
    }
    if (n->count == n->cap) {
        const size_t cap = n->cap == 0 ? 16 : n->cap * 2;
        struct str *bigger = realloc(n->list, cap * sizeof *bigger);

        if (bigger == NULL) {
            return err_set(e, ERR_NOMEM, "no memory for names");
        }
        n->list = bigger;
        n->cap = cap;
    }
    copy = str_dup(name);
    if (copy == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for names");
    }
    n->list[n->count++] = (struct str){copy, name.len};
    return 0;
}

void sq_names_cut(struct sq *s, size_t count)
{
    while (s->names.count > count) {
        free((void *)(uintptr_t)s->names.list[--s->names.count].ptr);
    }
}

void sq_names_finish(struct sq *s)
{
    sq_names_cut(s, 0);
    free(s->names.list);
    s->names = (struct sq_names){0};
}

int sq_names_load(struct sq *s, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_NAME_LOAD, &stmt, e, "i", (int64_t)s->names.count);

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        if (sqlite3_column_int64(stmt, 0) != (int64_t)s->names.count + 1) {
            rc = err_set(e, ERR_CORRUPT, "database %s: a name is missing", s->path);
            break;
        }
        rc = push(s, sq_str(stmt, 1), e);
        if (rc != 0) {
            break;
        }
    }
    sq_done(s, SQ_NAME_LOAD, stmt);
    return rc;
}

static int64_t known(const struct sq *s, struct str name)
{
    for (size_t i = 0; i < s->names.count; i++) {
        if (str_eq(s->names.list[i], name)) {
            return (int64_t)i + 1;
        }
    }
    return -1;
}

int sq_name_find(struct sq *s, struct str name, int64_t *ret_id, struct err *e)
{
    int rc = 0;

    *ret_id = name.len == 0 ? 0 : known(s, name);
    if (*ret_id < 0 && s->base.read_only) { /* the writer may have added it */
        rc = sq_names_load(s, e);
        *ret_id = known(s, name);
    }
    return rc;
}

int sq_name_id(struct sq *s, struct str name, int64_t *ret_id, struct err *e)
{
    struct err own;
    int rc = sq_name_find(s, name, ret_id, e);

    if (rc != 0 || *ret_id >= 0) {
        return rc;
    }
    *ret_id = (int64_t)s->names.count + 1;
    rc = push(s, name, &own);
    if (rc != 0) {
        if (e != NULL) {
            *e = own;
        }
        return rc == ERR_NOMEM ? sq_spoil(s, &own) : rc;
    }
    return sq_run(s, SQ_NAME_ADD, e, "it", *ret_id, name);
}

int sq_name_of(struct sq *s, int64_t id, struct str *ret_name, struct err *e)
{
    if (id > (int64_t)s->names.count) {
        int rc = sq_names_load(s, e);

        if (rc != 0) {
            return rc;
        }
    }
    if (id < 0 || id > (int64_t)s->names.count) {
        return err_set(e, ERR_CORRUPT, "database %s: there is no name %lld", s->path,
                       (long long)id);
    }
    *ret_name = id == 0 ? STR("") : s->names.list[id - 1];
    return 0;
}
