#include "store/store_sqlite.h"

#include <stdlib.h>

enum { SCRUB_BUSY_MS = 50 };

int sq_event_blank(struct store *st, int64_t seq, struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = sq_run(s, SQ_EVENT_BLANK, e, "i", seq);

    if (rc == 0 && sqlite3_changes(s->db) == 0) {
        rc = err_set(e, ERR_NOT_FOUND, "there is no event %lld", (long long)seq);
    }
    return rc;
}

/*
 * The row stays without a word in it: the reference index counts on rows without gaps, and the
 * number of an erased person must not become somebody else's.
 */
int sq_case_remove(struct store *st, int64_t id, struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = sq_run(s, SQ_CASE_BLANK, e, "i", id);

    if (rc == 0 && sqlite3_changes(s->db) == 0) {
        rc = err_set(e, ERR_NOT_FOUND, "there is no such case");
    }
    return rc;
}

static int note_place(void *ctx, const struct message_row *row)
{
    struct message_row *present = ctx;

    present->channel = row->channel;
    present->state = row->state;
    return 0;
}

int sq_message_remove(struct store *st, int64_t id, struct err *e)
{
    struct sq *s = sq_of(st);
    struct message_row row;
    int rc = sq_message_get(st, id, note_place, &row, e);

    if (rc == 0) {
        rc = sq_run(s, SQ_LINE_REMOVE, e, "i", id);
    }
    if (rc == 0) {
        rc = sq_run(s, SQ_MESSAGE_REMOVE, e, "i", id);
    }
    if (rc == 0) {
        s->state.counts[row.channel][row.state]--;
        s->state.message_floor = s->state.message_last;
        s->state.line_floor = s->state.line_last;
    }
    return rc;
}

int sq_message_blank(struct store *st, int64_t id, struct str facts, struct err *e)
{
    struct sq *s = sq_of(st);
    struct message_row row;
    int rc = sq_message_get(st, id, note_place, &row, e);

    if (rc == 0) {
        rc = sq_run(s, SQ_LINE_BLANK, e, "i", id);
    }
    return rc != 0 ? rc : sq_run(s, SQ_MESSAGE_FACTS, e, "it", id, facts);
}

int sq_inbox_remove(struct store *st, int64_t id, struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = sq_run(s, SQ_INBOX_REMOVE, e, "i", id);

    if (rc == 0 && sqlite3_changes(s->db) == 0) {
        rc = err_set(e, ERR_NOT_FOUND, "there is no such row in the inbox");
    }
    return rc;
}

/* Ids first, so that the callback may remove what it is shown. */
int sq_message_scan(struct store *st, int64_t after, bool own, size_t limit, store_message_fn *fn,
                    void *ctx, struct err *e)
{
    const enum sq_id id = own ? SQ_MESSAGE_OWN : SQ_MESSAGE_SCAN;
    struct sq *s = sq_of(st);
    struct sq_ids ids = {0};
    sqlite3_stmt *stmt;
    int rc = sq_open(s, id, &stmt, e, "ii", after, (int64_t)limit);

    if (rc == 0) {
        rc = sq_ids_collect(s, stmt, &ids, e);
        sq_done(s, id, stmt);
    }
    for (size_t i = 0; rc == 0 && i < ids.count; i++) {
        rc = sq_message_get(st, ids.list[i], fn, ctx, e);
        rc = rc == ERR_NOT_FOUND ? 0 : rc;
    }
    free(ids.list);
    return rc;
}

struct placed {
    int64_t place;
    int (*fn)(void *ctx, int64_t place, const struct message_row *row);
    void *ctx;
};

static int show_placed(void *ctx, const struct message_row *row)
{
    const struct placed *p = ctx;

    return p->fn(p->ctx, p->place, row);
}

/* Pairs of a line and its message, one after the other. */
static int collect_pairs(struct sq *s, sqlite3_stmt *stmt, struct sq_ids *pairs, struct err *e)
{
    int rc;

    while ((rc = sq_next(s, stmt, e)) == 1) {
        rc = sq_ids_add(pairs, sqlite3_column_int64(stmt, 0), e);
        rc = rc == 0 ? sq_ids_add(pairs, sqlite3_column_int64(stmt, 1), e) : rc;
        if (rc != 0) {
            break;
        }
    }
    return rc;
}

int sq_content_scan(struct store *st, int64_t after, int64_t before_ms, size_t limit,
                    store_content_fn *fn, void *ctx, struct err *e)
{
    struct sq *s = sq_of(st);
    struct sq_ids pairs = {0};
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_LINE_CONTENT, &stmt, e, "iii", after, before_ms, (int64_t)limit);

    if (rc == 0) {
        rc = collect_pairs(s, stmt, &pairs, e);
        sq_done(s, SQ_LINE_CONTENT, stmt);
    }
    for (size_t i = 0; rc == 0 && i < pairs.count; i += 2) {
        struct placed placed = {pairs.list[i], fn, ctx};

        rc = sq_message_get(st, pairs.list[i + 1], show_placed, &placed, e);
        rc = rc == ERR_NOT_FOUND ? 0 : rc;
    }
    free(pairs.list);
    return rc;
}

int sq_scrub(struct store *st, struct err *e)
{
    struct sq *s = sq_of(st);
    const int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
        return err_set(e, ERR_BUSY, "somebody is reading the database: its log stays for now");
    }
    return rc == SQLITE_OK ? 0 : sq_error(s, rc, "empty its log", e);
}
