#include "store/store_memory.h"

#include <stdlib.h>

/* ---- transactions: snapshots of everything ---- */

static void state_finish(struct mem_state *state)
{
    for (size_t id = 0; id < MEM_TABLE_COUNT; id++) {
        for (size_t i = 0; i < state->tables[id].count; i++) {
            mem_drop(state->tables[id].rows[i] + 1);
        }
        free(state->tables[id].rows);
    }
    *state = (struct mem_state){0};
}

static int state_copy(const struct mem_state *from, struct mem_state *ret, struct err *e)
{
    *ret = (struct mem_state){.applied = from->applied};
    for (size_t id = 0; id < MEM_TABLE_COUNT; id++) {
        const struct mem_table *t = &from->tables[id];
        union mem_box **rows = malloc((t->count + 1) * sizeof *rows);

        if (rows == NULL) {
            state_finish(ret);
            return err_set(e, ERR_NOMEM, "no memory for a snapshot");
        }
        for (size_t i = 0; i < t->count; i++) {
            rows[i] = t->rows[i];
            (void)mem_hold(rows[i] + 1);
        }
        ret->tables[id] = (struct mem_table){rows, t->count, t->count + 1};
    }
    return 0;
}

static int begin(struct store *s, struct err *e)
{
    return state_copy(&mem_of(s)->now, &mem_of(s)->marks[0], e);
}

static int commit(struct store *s, struct err *e)
{
    (void)e;
    for (size_t i = 0; i <= s->depth; i++) {
        state_finish(&mem_of(s)->marks[i]);
    }
    return 0;
}

static void back_to(struct store *s, size_t depth)
{
    struct mem *m = mem_of(s);

    state_finish(&m->now);
    m->now = m->marks[depth];
    m->marks[depth] = (struct mem_state){0};
}

static void rollback(struct store *s)
{
    for (size_t i = s->depth; i > 0; i--) {
        state_finish(&mem_of(s)->marks[i]);
    }
    back_to(s, 0);
}

static int savepoint(struct store *s, struct err *e)
{
    return state_copy(&mem_of(s)->now, &mem_of(s)->marks[s->depth], e);
}

static int release(struct store *s, struct err *e)
{
    (void)e;
    state_finish(&mem_of(s)->marks[s->depth]);
    return 0;
}

static void undo(struct store *s)
{
    back_to(s, s->depth);
}

static void close_store(struct store *s)
{
    state_finish(&mem_of(s)->now);
    free(mem_of(s));
}

static int check(struct store *s, struct err *e)
{
    (void)s;
    (void)e;
    return 0;
}

/* ---- events ---- */

static int event_append(struct store *s, const struct event_row *row, int64_t *ret_seq,
                        unsigned char *ret_digest, struct err *e)
{
    struct mem *m = mem_of(s);
    struct event_row copy = *row;

    for (size_t i = 0; i < mem_count(m, MEM_EVENTS); i++) {
        const struct event_row *there = mem_row(m, MEM_EVENTS, i);

        if (str_eq(there->id, row->id) && str_eq(there->source, row->source)) {
            *ret_seq = there->seq;
            memcpy(ret_digest, there->digest, SHA256_SIZE);
            return err_set(e, ERR_EXISTS, "this event was received before");
        }
    }
    copy.seq = (int64_t)mem_count(m, MEM_EVENTS) + 1;
    *ret_seq = copy.seq;
    memcpy(ret_digest, row->digest, SHA256_SIZE);
    return mem_add(m, MEM_EVENTS, &copy, e);
}

static int event_scan(struct store *s, int64_t after, size_t limit,
                      int (*fn)(void *ctx, const struct event_row *row), void *ctx, struct err *e)
{
    struct mem *m = mem_of(s);
    int rc = 0;

    (void)e;
    for (size_t i = after < 0 ? 0 : (size_t)after;
         rc >= 0 && limit > 0 && i < mem_count(m, MEM_EVENTS); i++, limit--) {
        const struct event_row *row = mem_hold(mem_row(m, MEM_EVENTS, i));

        rc = fn(ctx, row);
        mem_drop(row);
    }
    return rc < 0 ? rc : 0;
}

static int64_t event_last(struct store *s)
{
    return (int64_t)mem_count(mem_of(s), MEM_EVENTS);
}

static int64_t applied(struct store *s)
{
    return mem_of(s)->now.applied;
}

static int set_applied(struct store *s, int64_t seq, struct err *e)
{
    (void)e;
    mem_of(s)->now.applied = seq;
    return 0;
}

/* ---- keys ---- */

/* Number of the key in force with this name, or how many keys there are. */
static size_t find_key(const struct mem *m, struct str name)
{
    size_t i = 0;

    for (; i < mem_count(m, MEM_KEYS); i++) {
        const struct key_row *row = mem_row(m, MEM_KEYS, i);

        if (row->revoked_ms == 0 && str_eq(row->name, name)) {
            break;
        }
    }
    return i;
}

static int key_add(struct store *s, const struct key_row *row, int64_t *ret_id, struct err *e)
{
    struct mem *m = mem_of(s);
    const size_t count = mem_count(m, MEM_KEYS);
    struct key_row copy = *row;

    if (row->revoked_ms == 0 && find_key(m, row->name) < count) {
        return err_set(e, ERR_EXISTS, "there is a key \"%.*s\" in force", (int)row->name.len,
                       row->name.ptr);
    }
    copy.id = (int64_t)count + 1;
    *ret_id = copy.id;
    return mem_add(m, MEM_KEYS, &copy, e);
}

static int key_revoke(struct store *s, struct str name, int64_t now_ms, struct err *e)
{
    struct mem *m = mem_of(s);
    const size_t i = find_key(m, name);
    struct key_row copy;

    if (i == mem_count(m, MEM_KEYS)) {
        return err_set(e, ERR_NOT_FOUND, "there is no key \"%.*s\" in force", (int)name.len,
                       name.ptr);
    }
    copy = *(const struct key_row *)mem_row(m, MEM_KEYS, i);
    copy.revoked_ms = now_ms;
    return mem_replace(m, MEM_KEYS, i, &copy, e);
}

static int key_list(struct store *s, int (*fn)(void *ctx, const struct key_row *row), void *ctx,
                    struct err *e)
{
    struct mem *m = mem_of(s);
    int rc = 0;

    (void)e;
    for (size_t i = 0; rc >= 0 && i < mem_count(m, MEM_KEYS); i++) {
        const struct key_row *row = mem_hold(mem_row(m, MEM_KEYS, i));

        rc = fn(ctx, row);
        mem_drop(row);
    }
    return rc < 0 ? rc : 0;
}

/* ---- inbox and settings ---- */

static int64_t inbox_last(const struct mem *m)
{
    const size_t count = mem_count(m, MEM_INBOX);

    return count == 0 ? 0 : ((const struct inbox_row *)mem_row(m, MEM_INBOX, count - 1))->id;
}

static int inbox_add(struct store *s, const struct inbox_row *row, struct err *e)
{
    struct inbox_row copy = *row;

    copy.id = inbox_last(mem_of(s)) + 1;
    return mem_add(mem_of(s), MEM_INBOX, &copy, e);
}

static int inbox_list(struct store *s, int64_t after, size_t limit,
                      int (*fn)(void *ctx, const struct inbox_row *row), void *ctx, struct err *e)
{
    struct mem *m = mem_of(s);
    int rc = 0;

    (void)e;
    for (size_t i = 0; rc >= 0 && limit > 0 && i < mem_count(m, MEM_INBOX);) {
        const struct inbox_row *row = mem_hold(mem_row(m, MEM_INBOX, i));

        if (row->id > after) {
            rc = fn(ctx, row);
            limit--;
        }
        /* Removed meanwhile: the next one has its place now. */
        i += i < mem_count(m, MEM_INBOX) && mem_row(m, MEM_INBOX, i) == row;
        mem_drop(row);
    }
    return rc < 0 ? rc : 0;
}

static size_t find_meta(const struct mem *m, const char *name)
{
    size_t i = 0;

    while (i < mem_count(m, MEM_META) &&
           !str_eqs(((const struct meta_row *)mem_row(m, MEM_META, i))->name, name)) {
        i++;
    }
    return i;
}

static int meta_get(struct store *s, const char *name, void *ret_value, size_t *inout_size,
                    struct err *e)
{
    struct mem *m = mem_of(s);
    const size_t i = find_meta(m, name);
    const struct meta_row *row;

    if (i == mem_count(m, MEM_META)) {
        return err_set(e, ERR_NOT_FOUND, "there is no setting %s", name);
    }
    row = mem_row(m, MEM_META, i);
    if (row->value.len > *inout_size) {
        return err_set(e, ERR_LIMIT, "setting %s is too long", name);
    }
    memcpy(ret_value, row->value.ptr, row->value.len);
    *inout_size = row->value.len;
    return 0;
}

static int meta_put(struct store *s, const char *name, const void *value, size_t size,
                    struct err *e)
{
    struct mem *m = mem_of(s);
    const struct meta_row row = {str_of(name), {value, size}};
    const size_t i = find_meta(m, name);

    return i < mem_count(m, MEM_META) ? mem_replace(m, MEM_META, i, &row, e)
                                      : mem_add(m, MEM_META, &row, e);
}

/* ---- life ---- */

static const struct store_ops memory_ops = {
    .close = close_store,
    .check = check,
    .file_check = check,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .savepoint = savepoint,
    .release = release,
    .undo = undo,
    .event_append = event_append,
    .event_scan = event_scan,
    .event_last = event_last,
    .applied = applied,
    .set_applied = set_applied,
    .case_put = mem_case_put,
    .case_by_certificate = mem_case_by_certificate,
    .case_by_id = mem_case_by_id,
    .case_by_holder = mem_case_by_holder,
    .case_by_end = mem_case_by_end,
    .case_scan = mem_case_scan,
    .message_add = mem_message_add,
    .message_get = mem_message_get,
    .message_by_case = mem_message_by_case,
    .message_move = mem_message_move,
    .due = mem_due,
    .due_between = mem_due_between,
    .next_due = mem_next_due,
    .leased = mem_leased,
    .attempt_close = mem_attempt_close,
    .report_add = mem_report_add,
    .message_by_provider_ref = mem_message_by_provider_ref,
    .timeline = mem_timeline,
    .message_list = mem_message_list,
    .message_counts = mem_message_counts,
    .message_waiting = mem_message_waiting,
    .campaign_counts = mem_campaign_counts,
    .key_add = key_add,
    .key_revoke = key_revoke,
    .key_list = key_list,
    .inbox_add = inbox_add,
    .inbox_list = inbox_list,
    .meta_get = meta_get,
    .meta_put = meta_put,
    .event_blank = mem_event_blank,
    .case_remove = mem_case_remove,
    .message_remove = mem_message_remove,
    .message_blank = mem_message_blank,
    .inbox_remove = mem_inbox_remove,
    .message_scan = mem_message_scan,
    .content_scan = mem_content_scan,
    .scrub = mem_scrub,
    .record_put = mem_record_put,
    .record_get = mem_record_get,
    .record_remove = mem_record_remove,
    .record_list = mem_record_list,
};

int store_memory_open(struct store **ret, struct err *e)
{
    struct store *s = calloc(1, sizeof(struct mem));

    if (s == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a store");
    }
    s->ops = &memory_ops;
    *ret = s;
    return 0;
}
