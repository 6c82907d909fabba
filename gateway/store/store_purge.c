/* Removing: the checks that every back end shares. */
#include "store/store_purge.h"

#include "store/store_ops.h"

#include <stdlib.h>

int store_event_blank(struct store *s, int64_t seq, struct err *e)
{
    int rc = store_check_write(s, e);

    return rc != 0 ? rc : s->ops->event_blank(s, seq, e);
}

/* What is on its way comes back with an outcome that needs its row. */
static int check_removable(struct err *e, const struct message_row *row)
{
    return row->state == MESSAGE_SENDING || row->state == MESSAGE_UNKNOWN
               ? err_set(e, ERR_WRONG_STATE, "message %lld is %s: it has to be settled first",
                         (long long)row->id, message_state_name(row->state))
               : 0;
}

struct doomed {
    struct err *e;
    int64_t *ids;
    size_t count;
    size_t cap;
};

static int note_doomed(void *ctx, const struct message_row *row)
{
    struct doomed *d = ctx;
    int rc = check_removable(d->e, row);

    if (rc == 0 && d->count == d->cap) {
        const size_t cap = d->cap == 0 ? 32 : d->cap * 2;
        int64_t *bigger = realloc(d->ids, cap * sizeof *bigger);

        if (bigger == NULL) {
            return err_set(d->e, ERR_NOMEM, "no memory for a list of messages");
        }
        d->ids = bigger;
        d->cap = cap;
    }
    if (rc == 0) {
        d->ids[d->count++] = row->id;
    }
    return rc;
}

int store_case_remove(struct store *s, int64_t id, struct err *e)
{
    struct doomed doomed = {.e = e};
    int rc = store_check_write(s, e);

    if (rc == 0) {
        rc = store_message_by_case(s, id, note_doomed, &doomed, e);
    }
    for (size_t i = 0; rc == 0 && i < doomed.count; i++) {
        rc = s->ops->message_remove(s, doomed.ids[i], e);
    }
    free(doomed.ids);
    return rc != 0 ? rc : s->ops->case_remove(s, id, e);
}

int store_message_remove(struct store *s, int64_t id, struct err *e)
{
    struct doomed doomed = {.e = e};
    int rc = store_check_write(s, e);

    if (rc == 0) {
        rc = store_message_get(s, id, note_doomed, &doomed, e);
    }
    free(doomed.ids);
    return rc != 0 ? rc : s->ops->message_remove(s, id, e);
}

int store_message_blank(struct store *s, int64_t id, struct str facts, struct err *e)
{
    int rc = store_check_write(s, e);

    if (rc == 0 && facts.len > STORE_BODY_MAX) {
        rc = err_set(e, ERR_LIMIT, "the facts of a message have %zu bytes, at most %d are kept",
                     facts.len, (int)STORE_BODY_MAX);
    }
    return rc != 0 ? rc : s->ops->message_blank(s, id, facts, e);
}

int store_inbox_remove(struct store *s, int64_t id, struct err *e)
{
    int rc = store_check_write(s, e);

    return rc != 0 ? rc : s->ops->inbox_remove(s, id, e);
}

static int check_limit(size_t limit, struct err *e)
{
    return limit > 0 && limit <= STORE_LIST_MAX
               ? 0
               : err_set(e, ERR_INVALID, "a list has 1 to %d rows", STORE_LIST_MAX);
}

int store_message_scan(struct store *s, int64_t after, bool own, size_t limit,
                       int (*fn)(void *ctx, const struct message_row *row), void *ctx,
                       struct err *e)
{
    int rc = check_limit(limit, e);

    return rc != 0 ? rc : s->ops->message_scan(s, after, own, limit, fn, ctx, e);
}

int store_content_scan(struct store *s, int64_t after, int64_t before_ms, size_t limit,
                       int (*fn)(void *ctx, int64_t place, const struct message_row *row),
                       void *ctx, struct err *e)
{
    int rc = check_limit(limit, e);

    return rc != 0 ? rc : s->ops->content_scan(s, after, before_ms, limit, fn, ctx, e);
}

int store_scrub(struct store *s, struct err *e)
{
    if (s->in_transaction) {
        return err_set(e, ERR_WRONG_STATE, "a transaction is open");
    }
    return s->read_only ? err_set(e, ERR_DENIED, "the store is open for reading only")
                        : s->ops->scrub(s, e);
}

void store_scrub_soon(struct store *s)
{
    s->scrubs_left = STORE_SCRUB_TRIES;
}

void store_scrub_after_commit(struct store *s)
{
    if (s->scrubs_left > 0) {
        s->scrubs_left = s->ops->scrub(s, NULL) == ERR_BUSY ? s->scrubs_left - 1 : 0;
    }
}
