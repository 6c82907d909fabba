#include "store/store_sqlite.h"

#include <stdarg.h>

static int code_of(int rc)
{
    if (rc == SQLITE_IOERR_NOMEM) {
        return ERR_NOMEM;
    }
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_CONSTRAINT:
        return ERR_EXISTS;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return ERR_DENIED;
    default:
        return ERR_IO;
    }
}

int sq_spoil(struct sq *s, const struct err *e)
{
    if (s->base.in_transaction && s->failure.code == 0) {
        s->failure = *e;
    }
    return e->code;
}

int sq_error(struct sq *s, int rc, const char *what, struct err *e)
{
    const int code = code_of(rc);
    struct err own;

    (void)err_set(&own, code, "database %s: cannot %s: %s (%d)", s->path, what,
                  s->db == NULL ? "it is closed after a failure" : sqlite3_errmsg(s->db), rc);
    if (code == ERR_IO || code == ERR_CORRUPT) {
        s->reopen = !s->base.read_only;
    }
    if (e != NULL) {
        *e = own;
    }
    return sq_spoil(s, &own);
}

static int take(struct sq *s, enum sq_id id, sqlite3_stmt **ret, struct err *e)
{
    const bool again = s->stmts[id] != NULL && sqlite3_stmt_busy(s->stmts[id]) != 0;
    int rc;

    if (s->stmts[id] != NULL && !again) {
        *ret = s->stmts[id];
        return 0;
    }
    if (s->db == NULL) {
        return sq_error(s, SQLITE_IOERR, "use it", e);
    }
    rc = sqlite3_prepare_v3(s->db, sq_text[id], -1, again ? 0 : SQLITE_PREPARE_PERSISTENT, ret,
                            NULL);
    if (rc != SQLITE_OK) {
        return sq_error(s, rc, "prepare a statement", e);
    }
    if (!again) {
        s->stmts[id] = *ret;
    }
    return 0;
}

void sq_done(struct sq *s, enum sq_id id, sqlite3_stmt *stmt)
{
    if (stmt == s->stmts[id]) {
        (void)sqlite3_reset(stmt);
    } else {
        (void)sqlite3_finalize(stmt);
    }
}

static int bind_text(sqlite3_stmt *stmt, int at, struct str text)
{
    return sqlite3_bind_text(stmt, at, text.ptr == NULL ? "" : text.ptr, (int)text.len,
                             SQLITE_STATIC);
}

/* Bytes are bound without a copy: they live until the statement is done with. */
static int bind_one(sqlite3_stmt *stmt, int at, char kind, va_list *args)
{
    struct str text;
    const void *bytes;

    switch (kind) {
    case 'i':
        return sqlite3_bind_int64(stmt, at, va_arg(*args, int64_t));
    case 't':
        return bind_text(stmt, at, va_arg(*args, struct str));
    case 'z':
        text = va_arg(*args, struct str);
        return text.len == 0 ? sqlite3_bind_null(stmt, at) : bind_text(stmt, at, text);
    case 'b':
        bytes = va_arg(*args, const void *);
        return sqlite3_bind_blob64(stmt, at, bytes == NULL ? "" : bytes, va_arg(*args, size_t),
                                   SQLITE_STATIC);
    default:
        return sqlite3_bind_null(stmt, at);
    }
}

static int open_list(struct sq *s, enum sq_id id, sqlite3_stmt **ret, struct err *e,
                     const char *format, va_list *args)
{
    int rc = take(s, id, ret, e);

    if (rc != 0) {
        return rc;
    }
    for (int at = 1; rc == SQLITE_OK && format[at - 1] != '\0'; at++) {
        rc = bind_one(*ret, at, format[at - 1], args);
    }
    if (rc != SQLITE_OK) {
        sq_done(s, id, *ret);
        return sq_error(s, rc, "bind a value", e);
    }
    return 0;
}

int sq_open(struct sq *s, enum sq_id id, sqlite3_stmt **ret, struct err *e, const char *format, ...)
{
    va_list args;
    int rc;

    va_start(args, format);
    rc = open_list(s, id, ret, e, format, &args);
    va_end(args);
    return rc;
}

int sq_next(struct sq *s, sqlite3_stmt *stmt, struct err *e)
{
    const int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
        return rc == SQLITE_ROW ? 1 : 0;
    }
    return sq_error(s, rc, "run a statement", e);
}

int sq_run(struct sq *s, enum sq_id id, struct err *e, const char *format, ...)
{
    sqlite3_stmt *stmt;
    va_list args;
    int rc;

    va_start(args, format);
    rc = open_list(s, id, &stmt, e, format, &args);
    va_end(args);
    if (rc == 0) {
        rc = sq_next(s, stmt, e);
        sq_done(s, id, stmt);
    }
    return rc;
}

struct str sq_str(sqlite3_stmt *stmt, int column)
{
    const char *ptr = sqlite3_column_blob(stmt, column);
    const size_t len = (size_t)sqlite3_column_bytes(stmt, column);

    return (struct str){ptr == NULL ? "" : ptr, len};
}

void sq_finalize_all(struct sq *s)
{
    for (size_t i = 0; i < SQ_COUNT; i++) {
        (void)sqlite3_finalize(s->stmts[i]);
        s->stmts[i] = NULL;
    }
}
