#include "store/store_sqlite.h"

#include <stdlib.h>

enum { IDS_MAX = 1 << 20 };

static int grow(struct sq_ids *ids)
{
    const size_t cap = ids->cap == 0 ? 64 : ids->cap * 2;
    int64_t *bigger = cap > IDS_MAX ? NULL : realloc(ids->list, cap * sizeof *bigger);

    if (bigger == NULL) {
        return ERR_NOMEM;
    }
    ids->list = bigger;
    ids->cap = cap;
    return 0;
}

int sq_ids_add(struct sq_ids *ids, int64_t id, struct err *e)
{
    if (ids->count == ids->cap && grow(ids) != 0) {
        return err_set(e, ERR_NOMEM, "no memory for a list of messages");
    }
    ids->list[ids->count++] = id;
    return 0;
}

int sq_ids_collect(struct sq *s, sqlite3_stmt *stmt, struct sq_ids *ids, struct err *e)
{
    int rc;

    while ((rc = sq_next(s, stmt, e)) == 1) {
        rc = sq_ids_add(ids, sqlite3_column_int64(stmt, 0), e);
        if (rc != 0) {
            break;
        }
    }
    return rc;
}

/* ---- due and leased: ids first, then the rows, so that the callback may move them ---- */

struct rule {
    enum message_state lowest;
    enum message_state highest;
    int64_t due_ms;
    int64_t lease_ms;
};

static bool still(const void *ctx, const struct due_row *row)
{
    const struct rule *rule = ctx;

    return row->message.state >= rule->lowest && row->message.state <= rule->highest &&
           row->message.due_ms <= rule->due_ms && row->message.lease_ms <= rule->lease_ms;
}

static int show(struct sq *s, const struct sq_ids *ids, const struct rule *rule, store_due_fn *fn,
                void *ctx, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < ids->count; i++) {
        rc = sq_message_full(s, ids->list[i], rule == NULL ? NULL : still, rule, fn, ctx, e);
    }
    return rc;
}

int sq_due(struct store *st, enum channel channel, int64_t now_ms, size_t limit, store_due_fn *fn,
           void *ctx, struct err *e)
{
    const struct rule rule = {MESSAGE_PLANNED, MESSAGE_QUEUED, now_ms, INT64_MAX};
    struct sq *s = sq_of(st);
    struct sq_ids ids = {0};
    sqlite3_stmt *stmt;
    int rc = 0;

    for (int urgency = 0; rc == 0 && urgency < URGENCY_COUNT && ids.count < limit; urgency++) {
        rc = sq_open(s, SQ_MESSAGE_DUE, &stmt, e, "iiii", (int64_t)channel, (int64_t)urgency,
                     now_ms, (int64_t)(limit - ids.count));
        if (rc == 0) {
            rc = sq_ids_collect(s, stmt, &ids, e);
            sq_done(s, SQ_MESSAGE_DUE, stmt);
        }
    }
    if (rc == 0) {
        rc = show(s, &ids, &rule, fn, ctx, e);
    }
    free(ids.list);
    return rc;
}

int sq_due_between(struct store *st, const struct due_range *range, store_due_fn *fn, void *ctx,
                   struct err *e)
{
    const struct rule rule = {MESSAGE_PLANNED, MESSAGE_QUEUED, INT64_MAX, INT64_MAX};
    struct sq *s = sq_of(st);
    struct sq_ids ids = {0};
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_MESSAGE_BETWEEN, &stmt, e, "iiiiiii", (int64_t)range->channel,
                     (int64_t)range->urgency, range->from_ms, range->to_ms,
                     range->after_id == 0 ? INT64_MIN : range->after_ms, range->after_id,
                     (int64_t)range->limit);

    if (rc == 0) {
        rc = sq_ids_collect(s, stmt, &ids, e);
        sq_done(s, SQ_MESSAGE_BETWEEN, stmt);
    }
    if (rc == 0) {
        rc = show(s, &ids, &rule, fn, ctx, e);
    }
    free(ids.list);
    return rc < 0 ? rc : 0;
}

int sq_next_due(struct store *st, enum channel channel, int64_t *ret_ms, struct err *e)
{
    struct sq *s = sq_of(st);

    *ret_ms = INT64_MAX;
    for (int urgency = 0; urgency < URGENCY_COUNT; urgency++) {
        sqlite3_stmt *stmt;
        int rc = sq_open(s, SQ_MESSAGE_NEXT, &stmt, e, "ii", (int64_t)channel, (int64_t)urgency);

        if (rc != 0) {
            return rc;
        }
        rc = sq_next(s, stmt, e);
        if (rc == 1 && sqlite3_column_int64(stmt, 0) < *ret_ms) {
            *ret_ms = sqlite3_column_int64(stmt, 0);
        }
        sq_done(s, SQ_MESSAGE_NEXT, stmt);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

int sq_leased(struct store *st, enum message_state state, int64_t until_ms, size_t limit,
              store_due_fn *fn, void *ctx, struct err *e)
{
    const struct rule rule = {state, state, INT64_MAX, until_ms};
    struct sq *s = sq_of(st);
    struct sq_ids ids = {0};
    sqlite3_stmt *stmt;
    int rc =
        sq_open(s, SQ_MESSAGE_LEASED, &stmt, e, "iii", (int64_t)state, until_ms, (int64_t)limit);

    if (rc == 0) {
        rc = sq_ids_collect(s, stmt, &ids, e);
        sq_done(s, SQ_MESSAGE_LEASED, stmt);
    }
    if (rc == 0) {
        rc = show(s, &ids, &rule, fn, ctx, e);
    }
    free(ids.list);
    return rc;
}

/* ---- pages for people ---- */

static int64_t before_of(const struct message_filter *f)
{
    return f->before_id > 0 ? f->before_id : INT64_MAX;
}

/* Walks back from the newest; the states that are rare have an index of their own. */
static int collect_all(struct sq *s, const struct message_filter *f, struct sq_ids *ids,
                       struct err *e)
{
    const enum sq_id id = f->state > MESSAGE_DELIVERED ? SQ_MESSAGE_ODD : SQ_MESSAGE_LIST;
    int64_t campaign = -1;
    sqlite3_stmt *stmt;
    int rc = 0;

    if (f->campaign.len > 0) {
        rc = sq_name_find(s, f->campaign, &campaign, e);
        if (rc != 0 || campaign < 0) {
            return rc;
        }
    }
    rc = sq_open(s, id, &stmt, e, "iiiiiii", before_of(f), (int64_t)0, (int64_t)f->state,
                 (int64_t)f->channel, campaign, f->since_ms, (int64_t)f->limit);
    if (rc == 0) {
        rc = sq_ids_collect(s, stmt, ids, e);
        sq_done(s, id, stmt);
    }
    return rc;
}

/* The cases the filter names; *ret_count is 0 when there are none. */
static int named_cases(struct sq *s, const struct message_filter *f, int64_t *cases,
                       size_t *ret_count, struct err *e)
{
    int rc;

    if (f->certificate.len == 0) {
        return sq_case_ids(s, f->holder, cases, ret_count, e);
    }
    *ret_count = 0;
    rc = sq_case_id(s, f->certificate, &cases[0], e);
    if (rc == 0 && cases[0] != 0) {
        *ret_count = 1;
    }
    return rc;
}

static int newest_first(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;

    return x > y ? -1 : x < y;
}

static int collect_named(struct sq *s, const struct message_filter *f, struct sq_ids *ids,
                         struct err *e)
{
    int64_t cases[STORE_HOLDER_CASES];
    size_t count;
    int rc = named_cases(s, f, cases, &count, e);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = sq_ids_of_case(s, cases[i], ids, e);
    }
    if (rc == 0 && ids->count > 1) {
        qsort(ids->list, ids->count, sizeof ids->list[0], newest_first);
    }
    return rc;
}

struct page {
    const struct message_filter *filter;
    store_due_fn *fn;
    void *ctx;
    size_t shown;
};

static bool on_page(const void *ctx, const struct due_row *row)
{
    const struct message_filter *f = ctx;

    return store_filter_passes(f, &row->message) &&
           (f->holder.len == 0 || str_eq(f->holder, row->subject.holder));
}

static int show_one(void *ctx, const struct due_row *row)
{
    struct page *page = ctx;

    page->shown++;
    return page->fn(page->ctx, row);
}

int sq_message_list(struct store *st, const struct message_filter *filter, store_due_fn *fn,
                    void *ctx, struct err *e)
{
    const bool named = filter->holder.len > 0 || filter->certificate.len > 0;
    struct page page = {filter, fn, ctx, 0};
    struct sq *s = sq_of(st);
    struct sq_ids ids = {0};
    int rc = named ? collect_named(s, filter, &ids, e) : collect_all(s, filter, &ids, e);

    for (size_t i = 0; rc == 0 && i < ids.count && page.shown < filter->limit; i++) {
        rc = sq_message_full(s, ids.list[i], on_page, filter, show_one, &page, e);
    }
    free(ids.list);
    return rc;
}

int sq_message_counts(struct store *st, int64_t ret_counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT],
                      struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = st->read_only ? sq_load_state(s, e) : 0;

    memcpy(ret_counts, s->state.counts, sizeof s->state.counts);
    return rc;
}
