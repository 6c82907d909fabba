#include "store/store_sqlite.h"

#include <stdlib.h>

/* Ids first, then the rows, so that the callback may move them. */
int sq_message_waiting(struct store *st, struct str campaign, int64_t after, int64_t until,
                       store_message_fn *fn, void *ctx, struct err *e)
{
    struct sq *s = sq_of(st);
    struct sq_ids ids = {0};
    sqlite3_stmt *stmt;
    int64_t name;
    int rc = sq_name_find(s, campaign, &name, e);

    if (rc == 0) {
        rc = sq_open(s, SQ_MESSAGE_WAITING, &stmt, e, "iii", after, until, name);
    }
    if (rc == 0) {
        rc = sq_ids_collect(s, stmt, &ids, e);
        sq_done(s, SQ_MESSAGE_WAITING, stmt);
    }
    for (size_t i = 0; rc == 0 && i < ids.count; i++) {
        rc = sq_message_get(st, ids.list[i], fn, ctx, e);
    }
    free(ids.list);
    return rc;
}

int sq_campaign_counts(struct store *st, bool held_only, store_count_fn *fn, void *ctx,
                       struct err *e)
{
    struct sq *s = sq_of(st);
    const enum sq_id id = held_only ? SQ_COUNT_HELD : SQ_COUNT_ALL;
    sqlite3_stmt *stmt;
    int rc = sq_open(s, id, &stmt, e, "");

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        struct campaign_count row = {.channel = (enum channel)sqlite3_column_int(stmt, 1),
                                     .state = (enum message_state)sqlite3_column_int(stmt, 2),
                                     .reason = sq_str(stmt, 3),
                                     .count = sqlite3_column_int64(stmt, 4)};

        rc = sq_name_of(s, sqlite3_column_int64(stmt, 0), &row.campaign, e);
        rc = rc == 0 ? fn(ctx, &row) : rc;
        if (rc < 0) {
            break;
        }
    }
    sq_done(s, id, stmt);
    return rc;
}
