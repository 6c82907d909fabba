#include "store/store_sqlite.h"

#include <stdlib.h>

/* Ids first, then the rows, so that the callback may move them. */
int sq_message_waiting(struct store *st, struct str campaign, int64_t after, int64_t until,
                       store_message_fn *fn, void *ctx, struct err *e)
{
    struct sq *s = sq_of(st);
    struct sq_ids ids = {0};
    sqlite3_stmt *stmt;
    const int64_t all = campaign.ptr == NULL;
    int64_t name = 0;
    int rc = all ? 0 : sq_name_find(s, campaign, &name, e);

    if (rc == 0) {
        rc = sq_open(s, SQ_MESSAGE_WAITING, &stmt, e, "iiii", after, until, name, all);
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

/* ---- counts ---- */

typedef int64_t campaign_tally[CHANNEL_COUNT][MESSAGE_STATE_COUNT];

/* Counted here, row by row: grouping in SQL would sort the whole table first. */
static int tally_rows(struct sq *s, campaign_tally *tallies, size_t names, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_COUNT_ALL, &stmt, e, "");

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        const int64_t name = sqlite3_column_int64(stmt, 0);
        const int channel = sqlite3_column_int(stmt, 1);
        const int state = sqlite3_column_int(stmt, 2);

        if (name >= 0 && (size_t)name < names && channel >= 0 && channel < CHANNEL_COUNT &&
            state >= 0 && state < MESSAGE_STATE_COUNT) {
            tallies[name][channel][state]++;
        }
    }
    sq_done(s, SQ_COUNT_ALL, stmt);
    return rc;
}

static int show_tally(struct sq *s, int64_t name, const campaign_tally *tally, store_count_fn *fn,
                      void *ctx, struct err *e)
{
    int rc = 0;

    for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
        for (int state = 0; rc >= 0 && state < MESSAGE_STATE_COUNT; state++) {
            struct campaign_count row = {.channel = (enum channel)channel,
                                         .state = (enum message_state)state,
                                         .reason = STR(""),
                                         .count = (*tally)[channel][state]};

            if (row.count > 0 && state != MESSAGE_HELD) {
                rc = sq_name_of(s, name, &row.campaign, e);
                rc = rc == 0 ? fn(ctx, &row) : rc;
            }
        }
    }
    return rc < 0 ? rc : 0;
}

/* Whatever is held is counted by its reason, through the index of the rarer states. */
static int count_held(struct sq *s, store_count_fn *fn, void *ctx, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_COUNT_HELD, &stmt, e, "");

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        struct campaign_count row = {.channel = (enum channel)sqlite3_column_int(stmt, 1),
                                     .state = MESSAGE_HELD,
                                     .reason = sq_str(stmt, 3),
                                     .count = sqlite3_column_int64(stmt, 4)};

        rc = sq_name_of(s, sqlite3_column_int64(stmt, 0), &row.campaign, e);
        rc = rc == 0 ? fn(ctx, &row) : rc;
        if (rc < 0) {
            break;
        }
    }
    sq_done(s, SQ_COUNT_HELD, stmt);
    return rc;
}

/* A name that the writer adds during the count is counted the next time. */
static int count_others(struct sq *s, store_count_fn *fn, void *ctx, struct err *e)
{
    campaign_tally *tallies;
    size_t names;
    int rc = s->base.read_only ? sq_names_load(s, e) : 0;

    if (rc != 0) {
        return rc;
    }
    names = s->names.count + 1;
    tallies = calloc(names, sizeof *tallies);
    rc = tallies == NULL ? err_set(e, ERR_NOMEM, "no memory to count messages")
                         : tally_rows(s, tallies, names, e);

    for (size_t i = 0; i < names && rc == 0; i++) {
        rc = show_tally(s, (int64_t)i, (const campaign_tally *)&tallies[i], fn, ctx, e);
    }
    free(tallies);
    return rc;
}

int sq_campaign_counts(struct store *st, bool held_only, store_count_fn *fn, void *ctx,
                       struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = held_only ? 0 : count_others(s, fn, ctx, e);

    return rc == 0 ? count_held(s, fn, ctx, e) : rc;
}
