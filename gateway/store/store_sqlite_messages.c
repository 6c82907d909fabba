#include "store/store_sqlite.h"

#include <stdlib.h>

/* ---- adding ---- */

struct name_ids {
    int64_t campaign;
    int64_t template;
    int64_t provider;
};

static int intern(struct sq *s, const struct message_row *row, struct name_ids *ret, struct err *e)
{
    int rc = sq_name_id(s, row->campaign, &ret->campaign, e);

    if (rc == 0) {
        rc = sq_name_id(s, row->template, &ret->template, e);
    }
    return rc != 0 ? rc : sq_name_id(s, row->provider, &ret->provider, e);
}

static int insert(struct sq *s, const struct message_row *row, const struct name_ids *names,
                  int64_t id, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_MESSAGE_ADD, &stmt, e,
                     "iiiiiiiiiiiiiiinii"
                     "ztt",
                     id, row->case_id, row->event_seq, names->campaign, (int64_t)row->step,
                     (int64_t)row->channel, (int64_t)row->state, (int64_t)row->urgency,
                     names->template, row->created_ms, row->planned_ms, row->due_ms,
                     row->deadline_ms, (int64_t)row->attempts, (int64_t)row->flags, names->provider,
                     row->updated_ms, row->provider_ref, row->reason, row->facts);

    if (rc == 0 && store_has_lease(row->state, row->lease_ms)) {
        (void)sqlite3_bind_int64(stmt, 16, row->lease_ms);
    }
    if (rc == 0) {
        rc = sq_next(s, stmt, e);
        sq_done(s, SQ_MESSAGE_ADD, stmt);
    }
    return rc;
}

int sq_message_add(struct store *st, const struct message_row *row, int64_t *ret_id, struct err *e)
{
    struct sq *s = sq_of(st);
    struct name_ids names;
    int rc = intern(s, row, &names, e);

    if (rc == 0) {
        *ret_id = s->state.message_last + 1;
        rc = insert(s, row, &names, *ret_id, e);
    }
    if (rc == 0 && sqlite3_changes(s->db) == 0) {
        return err_set(e, ERR_EXISTS, "this reminder of case %lld is there already",
                       (long long)row->case_id);
    }
    if (rc == 0) {
        s->state.message_last = *ret_id;
        s->state.counts[row->channel][row->state]++;
    }
    return rc;
}

/* ---- reading ---- */

static int decode_names(struct sq *s, sqlite3_stmt *stmt, struct message_row *ret, struct err *e)
{
    int rc = sq_name_of(s, sqlite3_column_int64(stmt, 3), &ret->campaign, e);

    if (rc == 0) {
        rc = sq_name_of(s, sqlite3_column_int64(stmt, 8), &ret->template, e);
    }
    return rc != 0 ? rc : sq_name_of(s, sqlite3_column_int64(stmt, 16), &ret->provider, e);
}

int sq_message_decode(struct sq *s, sqlite3_stmt *stmt, struct message_row *ret, struct err *e)
{
    *ret = (struct message_row){.id = sqlite3_column_int64(stmt, 0),
                                .case_id = sqlite3_column_int64(stmt, 1),
                                .event_seq = sqlite3_column_int64(stmt, 2),
                                .step = sqlite3_column_int(stmt, 4),
                                .channel = (enum channel)sqlite3_column_int(stmt, 5),
                                .state = (enum message_state)sqlite3_column_int(stmt, 6),
                                .urgency = (enum message_urgency)sqlite3_column_int(stmt, 7),
                                .created_ms = sqlite3_column_int64(stmt, 9),
                                .planned_ms = sqlite3_column_int64(stmt, 10),
                                .due_ms = sqlite3_column_int64(stmt, 11),
                                .deadline_ms = sqlite3_column_int64(stmt, 12),
                                .attempts = sqlite3_column_int(stmt, 13),
                                .flags = (unsigned)sqlite3_column_int(stmt, 14),
                                .lease_ms = sqlite3_column_int64(stmt, 15),
                                .updated_ms = sqlite3_column_int64(stmt, 17),
                                .provider_ref = sq_str(stmt, 18),
                                .reason = sq_str(stmt, 19),
                                .facts = sq_str(stmt, 20)};
    if (ret->channel >= CHANNEL_COUNT || ret->state >= MESSAGE_STATE_COUNT ||
        ret->urgency >= URGENCY_COUNT) {
        return err_set(e, ERR_CORRUPT, "database %s: message %lld makes no sense", s->path,
                       (long long)ret->id);
    }
    return decode_names(s, stmt, ret, e);
}

int sq_message_get(struct store *st, int64_t id, store_message_fn *fn, void *ctx, struct err *e)
{
    struct sq *s = sq_of(st);
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_MESSAGE_GET, &stmt, e, "i", id);

    if (rc != 0) {
        return rc;
    }
    rc = sq_next(s, stmt, e);
    if (rc == 1) {
        struct message_row row;

        rc = sq_message_decode(s, stmt, &row, e);
        rc = rc == 0 ? fn(ctx, &row) : rc;
    } else if (rc == 0) {
        rc = err_set(e, ERR_NOT_FOUND, "there is no message %lld", (long long)id);
    }
    sq_done(s, SQ_MESSAGE_GET, stmt);
    return rc < 0 ? rc : 0;
}

int sq_message_full(struct sq *s, int64_t id,
                    bool (*qualifies)(const void *, const struct due_row *), const void *rule,
                    store_due_fn *fn, void *ctx, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_MESSAGE_FULL, &stmt, e, "i", id);

    if (rc != 0) {
        return rc;
    }
    rc = sq_next(s, stmt, e);
    if (rc == 1) {
        struct due_row row;

        rc = sq_message_decode(s, stmt, &row.message, e);
        sq_case_decode(stmt, 21, &row.subject);
        if (rc == 0 && (qualifies == NULL || qualifies(rule, &row))) {
            rc = fn(ctx, &row);
        }
    }
    sq_done(s, SQ_MESSAGE_FULL, stmt);
    return rc < 0 ? rc : 0;
}

static int by_id(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

int sq_ids_of_case(struct sq *s, int64_t case_id, struct sq_ids *ids, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_MESSAGE_OF_CASE, &stmt, e, "i", case_id);

    if (rc == 0) {
        rc = sq_ids_collect(s, stmt, ids, e);
        sq_done(s, SQ_MESSAGE_OF_CASE, stmt);
    }
    if (rc == 0 && ids->count > 1) {
        qsort(ids->list, ids->count, sizeof ids->list[0], by_id);
    }
    return rc;
}

int sq_message_by_case(struct store *st, int64_t case_id, store_message_fn *fn, void *ctx,
                       struct err *e)
{
    struct sq_ids ids = {0};
    int rc = sq_ids_of_case(sq_of(st), case_id, &ids, e);

    for (size_t i = 0; rc == 0 && i < ids.count; i++) {
        rc = sq_message_get(st, ids.list[i], fn, ctx, e);
    }
    free(ids.list);
    return rc;
}

/* ---- moving ---- */

struct present {
    enum message_state state;
    enum channel channel;
    int64_t lease_ms;
    int64_t tail;
    int64_t due_ms;
};

static int read_present(struct sq *s, int64_t id, struct present *ret, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_MESSAGE_STATE, &stmt, e, "i", id);

    if (rc != 0) {
        return rc;
    }
    rc = sq_next(s, stmt, e);
    if (rc == 1) {
        ret->state = (enum message_state)sqlite3_column_int(stmt, 0);
        ret->channel = (enum channel)sqlite3_column_int(stmt, 1);
        ret->lease_ms = sqlite3_column_int64(stmt, 2);
        ret->tail = sqlite3_column_int64(stmt, 3);
        ret->due_ms = sqlite3_column_int64(stmt, 4);
        rc = 0;
        if (ret->state >= MESSAGE_STATE_COUNT || ret->channel >= CHANNEL_COUNT) {
            rc = err_set(e, ERR_CORRUPT, "database %s: message %lld makes no sense", s->path,
                         (long long)id);
        }
    } else if (rc == 0) {
        rc = err_set(e, ERR_NOT_FOUND, "there is no message %lld", (long long)id);
    }
    sq_done(s, SQ_MESSAGE_STATE, stmt);
    return rc;
}

static void bind_number(sqlite3_stmt *stmt, int at, bool set, int64_t value)
{
    (void)(set ? sqlite3_bind_int64(stmt, at, value) : sqlite3_bind_null(stmt, at));
}

static void bind_text(sqlite3_stmt *stmt, int at, bool set, struct str text)
{
    (void)(set ? sqlite3_bind_text(stmt, at, text.ptr == NULL ? "" : text.ptr, (int)text.len,
                                   SQLITE_STATIC)
               : sqlite3_bind_null(stmt, at));
}

/* A column bound to null keeps its value. */
static int update(struct sq *s, const struct message_move *m, const struct present *p,
                  int64_t provider, struct err *e)
{
    const int64_t lease = store_lease_after(m, p->lease_ms);
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_MESSAGE_MOVE, &stmt, e, "iiniii", m->id, (int64_t)m->to, p->tail,
                     m->now_ms, (int64_t)((m->set & SET_FLAGS) != 0 ? m->flags : 0));

    if (rc != 0) {
        return rc;
    }
    bind_number(stmt, 3, store_has_lease(m->to, lease), lease);
    bind_number(stmt, 7, (m->set & SET_DUE) != 0, m->due_ms);
    bind_number(stmt, 8, (m->set & SET_DEADLINE) != 0, m->deadline_ms);
    bind_number(stmt, 9, (m->set & SET_ATTEMPTS) != 0, m->attempts);
    bind_number(stmt, 10, (m->set & SET_PROVIDER) != 0, provider);
    bind_text(stmt, 11, (m->set & SET_PROVIDER_REF) != 0, m->provider_ref);
    bind_text(stmt, 12, (m->set & SET_REASON) != 0, m->reason);
    bind_number(stmt, 13, (m->set & SET_PLANNED) != 0, m->due_ms);
    rc = sq_next(s, stmt, e);
    sq_done(s, SQ_MESSAGE_MOVE, stmt);
    return rc;
}

/* What the move writes into the timeline, beginning behind the newest line. */
static int write_lines(struct sq *s, const struct message_move *move, int64_t *tail, struct err *e)
{
    int rc = 0;

    if (move->closes != NULL) {
        rc = sq_attempt_end(s, move->closes, *tail, e);
    }
    if (rc == 0 && (move->set & SET_TRACE) != 0) {
        rc = sq_trace_add(s, move, *tail, tail, e);
    }
    return rc != 0 || move->opens == NULL ? rc : sq_attempt_add(s, move->opens, *tail, tail, e);
}

int sq_message_move(struct store *st, const struct message_move *move, struct err *e)
{
    struct sq *s = sq_of(st);
    struct present present;
    int64_t provider = 0;
    int rc = read_present(s, move->id, &present, e);

    if (rc == 0) {
        rc = store_move_check(move, present.state, present.due_ms, e);
    }
    if (rc == 0 && (move->set & SET_PROVIDER) != 0) {
        rc = sq_name_id(s, move->provider, &provider, e);
    }
    if (rc == 0) {
        rc = write_lines(s, move, &present.tail, e);
    }
    if (rc == 0) {
        rc = update(s, move, &present, provider, e);
    }
    if (rc == 0) {
        s->state.counts[present.channel][move->from]--;
        s->state.counts[present.channel][move->to]++;
    }
    return rc;
}
