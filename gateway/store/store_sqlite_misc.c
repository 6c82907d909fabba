#include "store/store_sqlite.h"

/* ---- keys for the API ---- */

int sq_key_add(struct store *st, const struct key_row *row, int64_t *ret_id, struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = sq_run(s, SQ_KEY_ADD, e, "ttbii", row->name, row->scopes, (const void *)row->digest,
                    (size_t)SHA256_SIZE, row->created_ms, row->revoked_ms);

    if (rc == 0 && sqlite3_changes(s->db) == 0) {
        return err_set(e, ERR_EXISTS, "there is a key \"%.*s\" in force", (int)row->name.len,
                       row->name.ptr);
    }
    if (rc == 0) {
        *ret_id = sqlite3_last_insert_rowid(s->db);
    }
    return rc;
}

int sq_key_revoke(struct store *st, struct str name, int64_t now_ms, struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = sq_run(s, SQ_KEY_REVOKE, e, "ti", name, now_ms);

    if (rc == 0 && sqlite3_changes(s->db) == 0) {
        return err_set(e, ERR_NOT_FOUND, "there is no key \"%.*s\" in force", (int)name.len,
                       name.ptr);
    }
    return rc;
}

static void decode_key(sqlite3_stmt *stmt, struct key_row *ret)
{
    const struct str digest = sq_str(stmt, 3);

    *ret = (struct key_row){.id = sqlite3_column_int64(stmt, 0),
                            .name = sq_str(stmt, 1),
                            .scopes = sq_str(stmt, 2),
                            .created_ms = sqlite3_column_int64(stmt, 4),
                            .revoked_ms = sqlite3_column_int64(stmt, 5)};
    memcpy(ret->digest, digest.ptr, digest.len < SHA256_SIZE ? digest.len : SHA256_SIZE);
}

int sq_key_list(struct store *st, int (*fn)(void *ctx, const struct key_row *row), void *ctx,
                struct err *e)
{
    struct sq *s = sq_of(st);
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_KEY_LIST, &stmt, e, "");

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        struct key_row row;

        decode_key(stmt, &row);
        rc = fn(ctx, &row);
        if (rc < 0) {
            break;
        }
    }
    sq_done(s, SQ_KEY_LIST, stmt);
    return rc;
}

/* ---- the sink's inbox ---- */

int sq_inbox_add(struct store *st, const struct inbox_row *row, struct err *e)
{
    struct sq *s = sq_of(st);
    int64_t provider;
    int rc = sq_name_id(s, row->provider, &provider, e);

    return rc != 0 ? rc
                   : sq_run(s, SQ_INBOX_ADD, e, "iititt", row->at_ms, provider, row->ref,
                            (int64_t)row->channel, row->to, row->content);
}

static int decode_inbox(struct sq *s, sqlite3_stmt *stmt, struct inbox_row *ret, struct err *e)
{
    *ret = (struct inbox_row){.id = sqlite3_column_int64(stmt, 0),
                              .at_ms = sqlite3_column_int64(stmt, 1),
                              .ref = sq_str(stmt, 3),
                              .channel = (enum channel)sqlite3_column_int(stmt, 4),
                              .to = sq_str(stmt, 5),
                              .content = sq_str(stmt, 6)};
    return sq_name_of(s, sqlite3_column_int64(stmt, 2), &ret->provider, e);
}

int sq_inbox_list(struct store *st, int64_t after, size_t limit,
                  int (*fn)(void *ctx, const struct inbox_row *row), void *ctx, struct err *e)
{
    struct sq *s = sq_of(st);
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_INBOX_LIST, &stmt, e, "ii", after, (int64_t)limit);

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        struct inbox_row row;

        rc = decode_inbox(s, stmt, &row, e);
        rc = rc == 0 ? fn(ctx, &row) : rc;
        if (rc < 0) {
            break;
        }
    }
    sq_done(s, SQ_INBOX_LIST, stmt);
    return rc;
}

/* ---- settings ---- */

int sq_meta_get(struct store *st, const char *name, void *ret_value, size_t *inout_size,
                struct err *e)
{
    struct sq *s = sq_of(st);
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_META_GET, &stmt, e, "t", str_of(name));

    if (rc != 0) {
        return rc;
    }
    rc = sq_next(s, stmt, e);
    if (rc == 1) {
        const struct str value = sq_str(stmt, 0);

        rc = value.len <= *inout_size ? 0 : err_set(e, ERR_LIMIT, "setting %s is too long", name);
        if (rc == 0 && value.len > 0) {
            memcpy(ret_value, value.ptr, value.len);
        }
        *inout_size = rc == 0 ? value.len : *inout_size;
    } else if (rc == 0) {
        rc = err_set(e, ERR_NOT_FOUND, "there is no setting %s", name);
    }
    sq_done(s, SQ_META_GET, stmt);
    return rc;
}

int sq_meta_put(struct store *st, const char *name, const void *value, size_t size, struct err *e)
{
    return sq_run(sq_of(st), SQ_META_PUT, e, "tb", str_of(name), value, size);
}
