#include "store/store_sqlite.h"

/*
 * After a failed sync the kernel may have dropped the pages it could not write, so the connection
 * is not asked again: it is closed, and a new one reads what is really there.
 */
static int reopen(struct sq *s, struct err *e)
{
    int rc;

    sq_disconnect(s);
    sq_names_cut(s, 0);
    rc = sq_connect(s, e);
    if (rc == 0) {
        rc = sq_names_load(s, e);
    }
    if (rc == 0) {
        rc = sq_refs_catch_up(s, e);
    }
    if (rc == 0) {
        s->reopen = false;
    }
    return rc;
}

static void mark(struct sq *s, size_t depth)
{
    s->marks[depth].state = s->state;
    s->marks[depth].names = s->names.count;
    sq_refs_mark(s, s->marks[depth].journal);
}

static void back_to(struct sq *s, size_t depth)
{
    s->state = s->marks[depth].state;
    sq_names_cut(s, s->marks[depth].names);
    sq_refs_undo(s, s->marks[depth].journal);
}

int sq_begin(struct store *st, struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = s->reopen ? reopen(s, e) : 0;

    if (rc == 0) {
        s->failure.code = 0;
        rc = sq_run(s, SQ_BEGIN, e, "");
    }
    if (rc == 0) {
        mark(s, 0);
    }
    return rc;
}

static int put_counter(struct sq *s, int64_t id, int64_t now, int64_t before, struct err *e)
{
    return now == before ? 0 : sq_run(s, SQ_COUNTER_PUT, e, "ii", id, now);
}

/* Only what this transaction changed. */
static int put_counters(struct sq *s, struct err *e)
{
    const struct sq_state *before = &s->marks[0].state;
    int rc = put_counter(s, COUNTER_APPLIED, s->state.applied, before->applied, e);

    if (rc == 0) {
        rc =
            put_counter(s, COUNTER_MESSAGE_FLOOR, s->state.message_floor, before->message_floor, e);
    }
    if (rc == 0) {
        rc = put_counter(s, COUNTER_LINE_FLOOR, s->state.line_floor, before->line_floor, e);
    }
    for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
        for (int state = 0; rc == 0 && state < MESSAGE_STATE_COUNT; state++) {
            rc = put_counter(s, COUNTER_MESSAGES + COUNTER_STATES * channel + state,
                             s->state.counts[channel][state], before->counts[channel][state], e);
        }
    }
    return rc;
}

static int commit(struct sq *s, struct err *e)
{
    int rc;

    if (s->failure.code != 0) {
        if (e != NULL) {
            *e = s->failure;
        }
        return s->failure.code;
    }
    rc = put_counters(s, e);
    return rc != 0 ? rc : sq_run(s, SQ_COMMIT, e, "");
}

int sq_commit(struct store *st, struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = commit(s, e);

    if (rc != 0) {
        sq_rollback(st);
        return rc;
    }
    sq_refs_keep(s);
    return 0;
}

void sq_rollback(struct store *st)
{
    struct sq *s = sq_of(st);

    if (s->db != NULL && sqlite3_get_autocommit(s->db) == 0 &&
        sq_run(s, SQ_ROLLBACK, NULL, "") != 0) {
        s->reopen = true;
    }
    back_to(s, 0);
    sq_refs_keep(s);
    s->failure.code = 0;
}

int sq_savepoint(struct store *st, struct err *e)
{
    struct sq *s = sq_of(st);
    int rc = sq_run(s, SQ_SAVEPOINT, e, "");

    if (rc == 0) {
        mark(s, st->depth);
    }
    return rc;
}

int sq_release(struct store *st, struct err *e)
{
    return sq_run(sq_of(st), SQ_RELEASE, e, "");
}

/* When SQLite fails here the whole transaction is spoilt, which sq_error notes. */
void sq_undo(struct store *st)
{
    struct sq *s = sq_of(st);

    if (sq_run(s, SQ_UNDO, NULL, "") == 0) {
        (void)sq_run(s, SQ_RELEASE, NULL, "");
    }
    back_to(s, st->depth);
}
