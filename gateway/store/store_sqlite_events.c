#include "store/store_sqlite.h"

/* Looks among the candidates of the index for the event itself: 1 found, 0 not there. */
static int find(struct sq *s, const struct event_row *row, uint32_t tag, int64_t *ret_seq,
                unsigned char *ret_digest, struct err *e)
{
    uint32_t rows[REF_DUPLICATES_MAX];
    size_t count;
    int rc = sq_ref_find(s, REF_EVENT, tag, rows, REF_DUPLICATES_MAX, &count, e);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        sqlite3_stmt *stmt;

        rc = sq_open(s, SQ_EVENT_FIND, &stmt, e, "itt", (int64_t)rows[i], row->id, row->source);
        if (rc != 0) {
            return rc;
        }
        rc = sq_next(s, stmt, e);
        if (rc == 1) {
            const struct str digest = sq_str(stmt, 0);

            *ret_seq = rows[i];
            memcpy(ret_digest, digest.ptr, digest.len < SHA256_SIZE ? digest.len : SHA256_SIZE);
        }
        sq_done(s, SQ_EVENT_FIND, stmt);
    }
    return rc;
}

int sq_event_append(struct store *st, const struct event_row *row, int64_t *ret_seq,
                    unsigned char *ret_digest, struct err *e)
{
    struct sq *s = sq_of(st);
    const uint32_t tag = sq_event_tag(s, row->source, row->id);
    int rc = find(s, row, tag, ret_seq, ret_digest, e);

    if (rc == 1) {
        return err_set(e, ERR_EXISTS, "this event was received before");
    }
    if (rc == 0) {
        *ret_seq = s->state.event_last + 1;
        memcpy(ret_digest, row->digest, SHA256_SIZE);
        rc =
            sq_run(s, SQ_EVENT_ADD, e, "iiittbt", *ret_seq, row->received_ms, (int64_t)row->type,
                   row->source, row->id, (const void *)row->digest, (size_t)SHA256_SIZE, row->body);
    }
    if (rc == 0) {
        s->state.event_last = *ret_seq;
        rc = sq_ref_append(s, REF_EVENT, tag, *ret_seq, e);
    }
    return rc;
}

static void decode(sqlite3_stmt *stmt, struct event_row *ret)
{
    const struct str digest = sq_str(stmt, 5);

    *ret = (struct event_row){.seq = sqlite3_column_int64(stmt, 0),
                              .received_ms = sqlite3_column_int64(stmt, 1),
                              .type = sqlite3_column_int(stmt, 2),
                              .source = sq_str(stmt, 3),
                              .id = sq_str(stmt, 4),
                              .body = sq_str(stmt, 6)};
    memcpy(ret->digest, digest.ptr, digest.len < SHA256_SIZE ? digest.len : SHA256_SIZE);
}

int sq_event_scan(struct store *st, int64_t after, size_t limit,
                  int (*fn)(void *ctx, const struct event_row *row), void *ctx, struct err *e)
{
    struct sq *s = sq_of(st);
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_EVENT_SCAN, &stmt, e, "ii", after, (int64_t)limit);

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        struct event_row row;

        decode(stmt, &row);
        rc = fn(ctx, &row);
        if (rc < 0) {
            break;
        }
    }
    sq_done(s, SQ_EVENT_SCAN, stmt);
    return rc;
}

/* A reading handle asks the file: the writer goes on meanwhile. */
static const struct sq_state *fresh(struct sq *s)
{
    if (s->base.read_only) {
        (void)sq_load_state(s, NULL);
    }
    return &s->state;
}

int64_t sq_event_last(struct store *st)
{
    return fresh(sq_of(st))->event_last;
}

int64_t sq_applied(struct store *st)
{
    return fresh(sq_of(st))->applied;
}

int sq_set_applied(struct store *st, int64_t seq, struct err *e)
{
    (void)e;
    sq_of(st)->state.applied = seq;
    return 0;
}
