#include "base/buf.h"
#include "store/store_sqlite.h"

int sq_record_put(struct store *st, const struct record_row *row, struct err *e)
{
    return sq_run(sq_of(st), SQ_RECORD_PUT, e, "itt", (int64_t)row->kind, row->key, row->body);
}

int sq_record_remove(struct store *st, enum record_kind kind, struct str key, struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = sq_run(s, SQ_RECORD_REMOVE, e, "it", (int64_t)kind, key);

    if (rc == 0 && sqlite3_changes(s->db) == 0) {
        rc = err_set(e, ERR_NOT_FOUND, "there is no such record");
    }
    return rc;
}

/* 1 found, 0 not there. */
static int visit(struct sq *s, enum record_kind kind, struct str key, store_record_fn *fn,
                 void *ctx, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_RECORD_GET, &stmt, e, "it", (int64_t)kind, key);

    if (rc != 0) {
        return rc;
    }
    rc = sq_next(s, stmt, e);
    if (rc == 1 && fn != NULL) {
        const struct record_row row = {kind, key, sq_str(stmt, 0)};

        rc = fn(ctx, &row);
        rc = rc < 0 ? rc : 1;
    }
    sq_done(s, SQ_RECORD_GET, stmt);
    return rc;
}

int sq_record_get(struct store *st, enum record_kind kind, struct str key, store_record_fn *fn,
                  void *ctx, struct err *e)
{
    int rc = visit(sq_of(st), kind, key, fn, ctx, e);

    if (rc == 0) {
        return err_set(e, ERR_NOT_FOUND, "there is no such record");
    }
    return rc < 0 ? rc : 0;
}

/* Keys first, each as a length and its bytes, so that the callback may write records. */
static int collect_keys(struct sq *s, const struct record_range *range, struct buf *keys,
                        struct err *e)
{
    const enum sq_id id = range->backwards ? SQ_RECORD_BACK : SQ_RECORD_LIST;
    sqlite3_stmt *stmt;
    int rc = sq_open(s, id, &stmt, e, "ittii", (int64_t)range->kind, range->after, range->prefix,
                     (int64_t)range->prefix.len, (int64_t)range->limit);

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        const struct str key = sq_str(stmt, 0);

        (void)buf_addc(keys, (char)(unsigned char)key.len);
        (void)buf_add(keys, key.ptr, key.len);
    }
    sq_done(s, id, stmt);
    if (rc == 0 && buf_failed(keys) != 0) {
        rc = err_set(e, buf_failed(keys), "no memory for a list of records");
    }
    return rc;
}

int sq_record_list(struct store *st, const struct record_range *range, store_record_fn *fn,
                   void *ctx, struct err *e)
{
    struct buf keys;
    size_t at = 0;
    int rc;

    _Static_assert(STORE_RECORD_KEY_MAX < 256, "the length of a key is one byte");
    buf_init(&keys, (size_t)STORE_LIST_MAX * (STORE_RECORD_KEY_MAX + 1));
    rc = collect_keys(sq_of(st), range, &keys, e);
    while (rc >= 0 && at < keys.len) {
        const struct str key = {keys.data + at + 1, (unsigned char)keys.data[at]};

        rc = visit(sq_of(st), range->kind, key, fn, ctx, e);
        at += 1 + key.len;
    }
    buf_finish(&keys);
    return rc < 0 ? rc : 0;
}
