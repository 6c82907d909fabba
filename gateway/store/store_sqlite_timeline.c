#include "store/store_sqlite.h"

#include <stdlib.h>

enum line_kind { LINE_ATTEMPT, LINE_REPORT, LINE_TRACE };

/* One row of the table `line`; see schema/0001.sql for what the columns mean per kind. */
struct line {
    int64_t prev;
    int64_t message_id;
    enum line_kind kind;
    int64_t at_ms;
    int64_t end_ms;
    int number;
    int outcome;
    int64_t provider;
    struct str code;
    struct str detail;
    struct str provider_ref;
    struct str content;
};

static int add_line(struct sq *s, const struct line *l, int64_t *ret_id, struct err *e)
{
    int rc;

    *ret_id = s->state.line_last + 1;
    rc = sq_run(s, SQ_LINE_ADD, e, "iiiiiiiiitttt", *ret_id, l->prev, l->message_id,
                (int64_t)l->kind, l->at_ms, l->end_ms, (int64_t)l->number, (int64_t)l->outcome,
                l->provider, l->code, l->detail, l->provider_ref, l->content);
    if (rc == 0) {
        s->state.line_last = *ret_id;
    }
    return rc;
}

static int read_tail(struct sq *s, int64_t message_id, int64_t *ret_tail, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_MESSAGE_TAIL, &stmt, e, "i", message_id);

    if (rc != 0) {
        return rc;
    }
    rc = sq_next(s, stmt, e);
    *ret_tail = rc == 1 ? sqlite3_column_int64(stmt, 0) : 0;
    sq_done(s, SQ_MESSAGE_TAIL, stmt);
    if (rc == 0) {
        return err_set(e, ERR_NOT_FOUND, "there is no message %lld", (long long)message_id);
    }
    return rc < 0 ? rc : 0;
}

static int append(struct sq *s, struct line *l, struct err *e)
{
    int64_t id;
    int rc = read_tail(s, l->message_id, &l->prev, e);

    if (rc == 0) {
        rc = add_line(s, l, &id, e);
    }
    return rc != 0 ? rc : sq_run(s, SQ_MESSAGE_SET_TAIL, e, "ii", l->message_id, id);
}

int sq_trace_add(struct sq *s, const struct message_move *move, int64_t prev, int64_t *ret_line,
                 struct err *e)
{
    const struct line l = {.prev = prev,
                           .message_id = move->id,
                           .kind = LINE_TRACE,
                           .at_ms = move->now_ms,
                           .number = (int)move->from,
                           .outcome = (int)move->to,
                           .code = (move->set & SET_REASON) != 0 ? move->reason : STR(""),
                           .detail = move->actor};

    return add_line(s, &l, ret_line, e);
}

int sq_attempt_add(struct sq *s, const struct attempt_row *row, int64_t prev, int64_t *ret_line,
                   struct err *e)
{
    struct line l = {.prev = prev,
                     .message_id = row->message_id,
                     .kind = LINE_ATTEMPT,
                     .at_ms = row->claimed_ms,
                     .end_ms = row->settled_ms,
                     .number = row->number,
                     .outcome = row->outcome,
                     .code = row->code,
                     .detail = row->detail,
                     .provider_ref = row->provider_ref,
                     .content = row->content};
    int rc = sq_name_id(s, row->provider, &l.provider, e);

    return rc != 0 ? rc : add_line(s, &l, ret_line, e);
}

int sq_report_add(struct store *st, const struct report_row *row, struct err *e)
{
    struct line l = {.message_id = row->message_id,
                     .kind = LINE_REPORT,
                     .at_ms = row->at_ms,
                     .end_ms = row->received_ms,
                     .number = row->state,
                     .code = row->code,
                     .detail = row->detail};

    return append(sq_of(st), &l, e);
}

/* ---- reading: from the newest line back ---- */

/* Every line points to an older one, so a walk ends. */
static int decode(struct sq *s, sqlite3_stmt *stmt, int64_t id, int64_t message_id,
                  struct line *ret, struct err *e)
{
    *ret = (struct line){.prev = sqlite3_column_int64(stmt, 0),
                         .message_id = sqlite3_column_int64(stmt, 1),
                         .kind = (enum line_kind)sqlite3_column_int(stmt, 2),
                         .at_ms = sqlite3_column_int64(stmt, 3),
                         .end_ms = sqlite3_column_int64(stmt, 4),
                         .number = sqlite3_column_int(stmt, 5),
                         .outcome = sqlite3_column_int(stmt, 6),
                         .provider = sqlite3_column_int64(stmt, 7),
                         .code = sq_str(stmt, 8),
                         .detail = sq_str(stmt, 9),
                         .provider_ref = sq_str(stmt, 10),
                         .content = sq_str(stmt, 11)};
    if (ret->prev >= id || ret->prev < 0 || ret->message_id != message_id) {
        return err_set(e, ERR_CORRUPT, "database %s: the timeline of message %lld is damaged",
                       s->path, (long long)message_id);
    }
    return 0;
}

typedef int line_fn(void *ctx, int64_t id, const struct line *l);

/* Calls fn with one line; its answer is returned. */
static int visit(struct sq *s, int64_t id, int64_t message_id, line_fn *fn, void *ctx,
                 int64_t *ret_prev, struct err *e)
{
    struct line l = {0};
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_LINE_GET, &stmt, e, "i", id);

    if (rc != 0) {
        return rc;
    }
    rc = sq_next(s, stmt, e);
    if (rc == 1) {
        rc = decode(s, stmt, id, message_id, &l, e);
        rc = rc == 0 ? fn(ctx, id, &l) : rc;
    }
    sq_done(s, SQ_LINE_GET, stmt);
    *ret_prev = l.prev;
    return rc;
}

/* From the newest line, tail, to the oldest; fn returns 1 to stop. */
static int walk(struct sq *s, int64_t tail, int64_t message_id, line_fn *fn, void *ctx,
                struct err *e)
{
    int64_t id = tail;
    int rc = 0;

    while (rc == 0 && id != 0) {
        rc = visit(s, id, message_id, fn, ctx, &id, e);
    }
    return rc;
}

struct wanted {
    int number;
    int64_t id;
};

static int match_attempt(void *ctx, int64_t id, const struct line *l)
{
    struct wanted *w = ctx;

    if (l->kind != LINE_ATTEMPT || l->number != w->number) {
        return 0;
    }
    w->id = id;
    return 1;
}

/* Closes the attempt if this is its line. */
static int close_line(struct sq *s, int64_t id, const struct attempt_row *row, bool *ret_closed,
                      struct err *e)
{
    int rc = sq_run(s, SQ_LINE_CLOSE, e, "iiitttiii", id, row->settled_ms, (int64_t)row->outcome,
                    row->code, row->detail, row->provider_ref, row->message_id,
                    (int64_t)LINE_ATTEMPT, (int64_t)row->number);

    *ret_closed = rc == 0 && sqlite3_changes(s->db) > 0;
    return rc;
}

int sq_attempt_end(struct sq *s, const struct attempt_row *row, int64_t tail, struct err *e)
{
    struct wanted wanted = {.number = row->number};
    bool closed;
    int rc = close_line(s, tail, row, &closed, e);

    if (rc != 0 || closed) {
        return rc;
    }
    rc = walk(s, tail, row->message_id, match_attempt, &wanted, e);
    if (rc < 0) {
        return rc;
    }
    if (wanted.id == 0) {
        return err_set(e, ERR_NOT_FOUND, "message %lld has no attempt %d",
                       (long long)row->message_id, row->number);
    }
    return close_line(s, wanted.id, row, &closed, e);
}

int sq_attempt_close(struct store *st, const struct attempt_row *row, struct err *e)
{
    struct sq *s = sq_of(st);
    int64_t tail;
    int rc = read_tail(s, row->message_id, &tail, e);

    return rc != 0 ? rc : sq_attempt_end(s, row, tail, e);
}

struct line_id {
    int64_t id;
    enum line_kind kind;
};

struct line_ids {
    struct line_id *list;
    size_t count;
    size_t cap;
};

static int note_line(void *ctx, int64_t id, const struct line *l)
{
    struct line_ids *ids = ctx;

    if (ids->count == ids->cap) {
        const size_t cap = ids->cap == 0 ? 16 : ids->cap * 2;
        struct line_id *bigger = realloc(ids->list, cap * sizeof *bigger);

        if (bigger == NULL) {
            return ERR_NOMEM;
        }
        ids->list = bigger;
        ids->cap = cap;
    }
    ids->list[ids->count++] = (struct line_id){id, l->kind};
    return 0;
}

struct telling {
    struct sq *s;
    const struct timeline_sink *sink;
    struct err *e;
};

static int tell_attempt(const struct telling *t, const struct line *l)
{
    struct attempt_row row = {.message_id = l->message_id,
                              .number = l->number,
                              .claimed_ms = l->at_ms,
                              .settled_ms = l->end_ms,
                              .outcome = l->outcome,
                              .code = l->code,
                              .detail = l->detail,
                              .provider_ref = l->provider_ref,
                              .content = l->content};
    int rc = sq_name_of(t->s, l->provider, &row.provider, t->e);

    if (rc == 0) {
        t->sink->attempt(t->sink->ctx, &row);
    }
    return rc;
}

static int tell(void *ctx, int64_t id, const struct line *l)
{
    const struct telling *t = ctx;

    (void)id;
    if (l->kind == LINE_ATTEMPT && t->sink->attempt != NULL) {
        return tell_attempt(t, l);
    }
    if (l->kind == LINE_REPORT && t->sink->report != NULL) {
        const struct report_row row = {l->message_id, l->at_ms, l->end_ms,
                                       l->number,     l->code,  l->detail};

        t->sink->report(t->sink->ctx, &row);
    }
    if (l->kind == LINE_TRACE && t->sink->trace != NULL) {
        const struct trace_row row = {l->message_id, l->at_ms, l->number,
                                      l->outcome,    l->code,  l->detail};

        t->sink->trace(t->sink->ctx, &row);
    }
    return 0;
}

int sq_timeline(struct store *st, int64_t message_id, const struct timeline_sink *sink,
                struct err *e)
{
    struct telling telling = {sq_of(st), sink, e};
    struct line_ids ids = {0};
    int64_t prev;
    int rc = read_tail(telling.s, message_id, &prev, e);

    rc = rc == 0 ? walk(telling.s, prev, message_id, note_line, &ids, e) : rc;
    if (rc == ERR_NOMEM && e != NULL) {
        rc = err_set(e, ERR_NOMEM, "no memory for a timeline");
    }
    for (enum line_kind kind = LINE_ATTEMPT; rc == 0 && kind <= LINE_TRACE; kind++) {
        for (size_t i = ids.count; rc == 0 && i-- > 0;) {
            if (ids.list[i].kind == kind) {
                rc = visit(telling.s, ids.list[i].id, message_id, tell, &telling, &prev, e);
            }
        }
    }
    free(ids.list);
    return rc;
}

/* ---- reports find their message ---- */

int sq_message_by_provider_ref(struct store *st, struct str provider, struct str provider_ref,
                               int64_t *ret_ids, size_t max, size_t *ret_count, struct err *e)
{
    struct sq *s = sq_of(st);
    sqlite3_stmt *stmt;
    int64_t id;
    int rc = sq_name_find(s, provider, &id, e);

    if (rc != 0 || id < 0) {
        return rc;
    }
    rc = sq_open(s, SQ_MESSAGE_BY_REF, &stmt, e, "tii", provider_ref, id, (int64_t)max);
    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        ret_ids[(*ret_count)++] = sqlite3_column_int64(stmt, 0);
    }
    sq_done(s, SQ_MESSAGE_BY_REF, stmt);
    return rc;
}
