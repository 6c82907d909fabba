/* Records: the checks that every back end shares. */
#include "store/store_ops.h"

static int check_key(enum record_kind kind, struct str key, struct err *e)
{
    if ((int)kind < RECORD_CONTROL || kind >= RECORD_KIND_END || key.len == 0 ||
        key.len > STORE_RECORD_KEY_MAX) {
        return err_set(e, ERR_INVALID, "a record of kind %d has a key of %zu bytes, 1 to %d fit",
                       (int)kind, key.len, (int)STORE_RECORD_KEY_MAX);
    }
    return 0;
}

int store_record_put(struct store *s, const struct record_row *row, struct err *e)
{
    int rc = store_check_write(s, e);

    if (rc == 0) {
        rc = check_key(row->kind, row->key, e);
    }
    if (rc == 0 && row->body.len > STORE_RECORD_BODY_MAX) {
        rc = err_set(e, ERR_LIMIT, "the body of a record has %zu bytes, at most %d are kept",
                     row->body.len, (int)STORE_RECORD_BODY_MAX);
    }
    return rc != 0 ? rc : s->ops->record_put(s, row, e);
}

int store_record_put_buf(struct store *s, enum record_kind kind, struct str key,
                         const struct buf *body, const char *what, struct err *e)
{
    const struct record_row row = {kind, key, {body->data, body->len}};

    return buf_failed(body) != 0 ? err_set(e, buf_failed(body), "%s does not fit", what)
                                 : store_record_put(s, &row, e);
}

int store_record_get(struct store *s, enum record_kind kind, struct str key, store_record_fn *fn,
                     void *ctx, struct err *e)
{
    int rc = check_key(kind, key, e);

    return rc != 0 ? rc : s->ops->record_get(s, kind, key, fn, ctx, e);
}

int store_record_remove(struct store *s, enum record_kind kind, struct str key, struct err *e)
{
    int rc = store_check_write(s, e);

    rc = rc == 0 ? check_key(kind, key, e) : rc;
    return rc != 0 ? rc : s->ops->record_remove(s, kind, key, e);
}

int store_record_list(struct store *s, const struct record_range *range, store_record_fn *fn,
                      void *ctx, struct err *e)
{
    if (range->limit == 0 || range->limit > STORE_LIST_MAX) {
        return err_set(e, ERR_INVALID, "a list of records has 1 to %d rows", STORE_LIST_MAX);
    }
    return s->ops->record_list(s, range, fn, ctx, e);
}
