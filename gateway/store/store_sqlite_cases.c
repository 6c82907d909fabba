#include "store/store_sqlite.h"

#include <stdlib.h>

void sq_case_decode(sqlite3_stmt *stmt, int at, struct case_row *ret)
{
    *ret = (struct case_row){.id = sqlite3_column_int64(stmt, at),
                             .certificate = sq_str(stmt, at + 1),
                             .holder = sq_str(stmt, at + 2),
                             .state = sqlite3_column_int(stmt, at + 3),
                             .eonay = sqlite3_column_int(stmt, at + 4),
                             .not_after_ms = sqlite3_column_int64(stmt, at + 5),
                             .fact_ms = sqlite3_column_int64(stmt, at + 6),
                             .event_seq = sqlite3_column_int64(stmt, at + 7),
                             .updated_ms = sqlite3_column_int64(stmt, at + 8),
                             .facts = sq_str(stmt, at + 9)};
}

/* Calls fn with a case when it is there and column `at` has the value (any, when at < 0). */
static int visit(struct sq *s, int64_t id, int at, struct str value, store_case_fn *fn, void *ctx,
                 struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_CASE_GET, &stmt, e, "i", id);

    if (rc != 0) {
        return rc;
    }
    rc = sq_next(s, stmt, e);
    if (rc == 1 && sq_str(stmt, 1).len == 0) {
        rc = 0; /* removed */
    } else if (rc == 1 && (at < 0 || str_eq(sq_str(stmt, at), value))) {
        struct case_row row;

        sq_case_decode(stmt, 0, &row);
        rc = fn(ctx, &row);
        rc = rc < 0 ? rc : 1;
    } else if (rc == 1) {
        rc = 0;
    }
    sq_done(s, SQ_CASE_GET, stmt);
    return rc;
}

static int note_id(void *ctx, const struct case_row *row)
{
    *(int64_t *)ctx = row->id;
    return 0;
}

/* Visits the case of a certificate: 1 found, 0 not there. */
static int visit_certificate(struct sq *s, struct str certificate, store_case_fn *fn, void *ctx,
                             struct err *e)
{
    uint32_t rows[REF_DUPLICATES_MAX];
    size_t count;
    int rc = sq_ref_find(s, REF_CERTIFICATE, sq_text_tag(s, certificate), rows, REF_DUPLICATES_MAX,
                         &count, e);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = visit(s, rows[i], 1, certificate, fn, ctx, e);
    }
    return rc;
}

int sq_case_id(struct sq *s, struct str certificate, int64_t *ret_id, struct err *e)
{
    int rc;

    *ret_id = 0;
    rc = visit_certificate(s, certificate, note_id, ret_id, e);
    return rc < 0 ? rc : 0;
}

static int not_found(int rc, struct err *e)
{
    if (rc == 0) {
        return err_set(e, ERR_NOT_FOUND, "there is no such case");
    }
    return rc < 0 ? rc : 0;
}

int sq_case_by_certificate(struct store *st, struct str certificate, store_case_fn *fn, void *ctx,
                           struct err *e)
{
    return not_found(visit_certificate(sq_of(st), certificate, fn, ctx, e), e);
}

int sq_case_by_id(struct store *st, int64_t id, store_case_fn *fn, void *ctx, struct err *e)
{
    return not_found(visit(sq_of(st), id, -1, STR(""), fn, ctx, e), e);
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static int sorted_holder_rows(struct sq *s, struct str holder, uint32_t rows[STORE_HOLDER_CASES],
                              size_t *ret_count, struct err *e)
{
    int rc =
        sq_ref_find(s, REF_HOLDER, sq_text_tag(s, holder), rows, STORE_HOLDER_CASES, ret_count, e);

    if (rc == 0) {
        qsort(rows, *ret_count, sizeof rows[0], by_number);
    }
    return rc;
}

int sq_case_by_holder(struct store *st, struct str holder, store_case_fn *fn, void *ctx,
                      struct err *e)
{
    uint32_t rows[STORE_HOLDER_CASES];
    size_t count;
    int rc = sorted_holder_rows(sq_of(st), holder, rows, &count, e);

    for (size_t i = 0; rc >= 0 && i < count; i++) {
        rc = visit(sq_of(st), rows[i], 2, holder, fn, ctx, e);
    }
    return rc < 0 ? rc : 0;
}

int sq_case_ids(struct sq *s, struct str holder, int64_t *ret_ids, size_t *ret_count, struct err *e)
{
    uint32_t rows[STORE_HOLDER_CASES];
    size_t count;
    int rc = sorted_holder_rows(s, holder, rows, &count, e);

    *ret_count = 0;
    for (size_t i = 0; rc >= 0 && i < count; i++) {
        rc = visit(s, rows[i], 2, holder, note_id, &ret_ids[*ret_count], e);
        *ret_count += rc == 1 ? 1 : 0;
    }
    return rc < 0 ? rc : 0;
}

/* ---- listing: ids first, then the rows, so that the callback may change them ---- */

struct wanted {
    int state; /* -1: any */
    store_case_fn *fn;
    void *ctx;
};

static int show_wanted(void *ctx, const struct case_row *row)
{
    const struct wanted *w = ctx;

    return w->state < 0 || row->state == w->state ? w->fn(w->ctx, row) : 0;
}

/* Takes the ids of an open statement, and calls back with their rows. */
static int show_all(struct sq *s, enum sq_id id, sqlite3_stmt *stmt, struct wanted *wanted,
                    struct err *e)
{
    struct sq_ids ids = {0};
    int rc = sq_ids_collect(s, stmt, &ids, e);

    sq_done(s, id, stmt);
    for (size_t i = 0; rc >= 0 && i < ids.count; i++) {
        rc = visit(s, ids.list[i], -1, STR(""), show_wanted, wanted, e);
    }
    free(ids.list);
    return rc < 0 ? rc : 0;
}

int sq_case_by_end(struct store *st, const struct case_range *range, store_case_fn *fn, void *ctx,
                   struct err *e)
{
    struct sq *s = sq_of(st);
    struct wanted wanted = {range->state, fn, ctx};
    const int64_t after_ms = range->after_id == 0 ? INT64_MIN : range->after_ms;
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_CASE_BY_END, &stmt, e, "iiiiii", (int64_t)range->state, range->from_ms,
                     range->to_ms, after_ms, range->after_id, (int64_t)range->limit);

    return rc != 0 ? rc : show_all(s, SQ_CASE_BY_END, stmt, &wanted, e);
}

int sq_case_scan(struct store *st, int64_t after, size_t limit, store_case_fn *fn, void *ctx,
                 struct err *e)
{
    struct sq *s = sq_of(st);
    struct wanted wanted = {-1, fn, ctx};
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_CASE_SCAN, &stmt, e, "ii", after, (int64_t)limit);

    return rc != 0 ? rc : show_all(s, SQ_CASE_SCAN, stmt, &wanted, e);
}

/* ---- putting ---- */

static int write_case(struct sq *s, enum sq_id id, int64_t row_id, const struct case_row *row,
                      struct err *e)
{
    return sq_run(s, id, e, "ittiiiiiit", row_id, row->certificate, row->holder,
                  (int64_t)row->state, (int64_t)row->eonay, row->not_after_ms, row->fact_ms,
                  row->event_seq, row->updated_ms, row->facts);
}

static int insert(struct sq *s, const struct case_row *row, int64_t *ret_id, struct err *e)
{
    int64_t there;
    int rc = sq_case_id(s, row->certificate, &there, e);

    if (rc == 0 && there != 0) {
        rc = err_set(e, ERR_EXISTS, "this certificate has the case %lld", (long long)there);
    }
    if (rc == 0) {
        *ret_id = s->state.case_last + 1;
        rc = write_case(s, SQ_CASE_ADD, *ret_id, row, e);
    }
    if (rc == 0) {
        s->state.case_last = *ret_id;
        rc = sq_ref_append(s, REF_CERTIFICATE, sq_text_tag(s, row->certificate), *ret_id, e);
    }
    if (rc == 0) {
        rc = sq_ref_append(s, REF_HOLDER, sq_text_tag(s, row->holder), *ret_id, e);
    }
    return rc;
}

struct before {
    const struct case_row *after;
    bool same_certificate;
    bool same_holder;
};

static int compare(void *ctx, const struct case_row *row)
{
    struct before *b = ctx;

    b->same_certificate = str_eq(row->certificate, b->after->certificate);
    b->same_holder = str_eq(row->holder, b->after->holder);
    return 0;
}

static int check_rename(struct sq *s, const struct case_row *row, struct err *e)
{
    int64_t there;
    int rc = sq_case_id(s, row->certificate, &there, e);

    if (rc == 0 && there != 0) {
        rc = err_set(e, ERR_EXISTS, "this certificate has the case %lld", (long long)there);
    }
    return rc;
}

static int replace(struct sq *s, const struct case_row *row, struct err *e)
{
    struct before before = {.after = row};
    int rc = sq_case_by_id(&s->base, row->id, compare, &before, e);

    if (rc == 0 && !before.same_certificate) {
        rc = check_rename(s, row, e);
    }
    if (rc == 0) {
        rc = write_case(s, SQ_CASE_REPLACE, row->id, row, e);
    }
    if (rc == 0 && !before.same_certificate) {
        rc = sq_ref_also(s, REF_CERTIFICATE, sq_text_tag(s, row->certificate), row->id, e);
    }
    if (rc == 0 && !before.same_holder) {
        rc = sq_ref_also(s, REF_HOLDER, sq_text_tag(s, row->holder), row->id, e);
    }
    return rc;
}

int sq_case_put(struct store *st, const struct case_row *row, int64_t *ret_id, struct err *e)
{
    if (row->id == 0) {
        return insert(sq_of(st), row, ret_id, e);
    }
    *ret_id = row->id;
    return replace(sq_of(st), row, e);
}
