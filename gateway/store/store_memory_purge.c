#include "store/store_memory.h"

/* ---- rows that stay without a word in them, as on disk ---- */

int mem_event_blank(struct store *s, int64_t seq, struct err *e)
{
    struct mem *m = mem_of(s);
    struct event_row row;

    if (seq < 1 || seq > (int64_t)mem_count(m, MEM_EVENTS)) {
        return err_set(e, ERR_NOT_FOUND, "there is no event %lld", (long long)seq);
    }
    row = *(const struct event_row *)mem_row(m, MEM_EVENTS, (size_t)seq - 1);
    row.body = STR("");
    return mem_replace(m, MEM_EVENTS, (size_t)seq - 1, &row, e);
}

int mem_case_remove(struct store *s, int64_t id, struct err *e)
{
    const struct case_row blank = {.id = id, .state = -1};

    if (!mem_has_case(mem_of(s), id)) {
        return err_set(e, ERR_NOT_FOUND, "there is no such case");
    }
    return mem_replace(mem_of(s), MEM_CASES, (size_t)id - 1, &blank, e);
}

/* ---- messages ---- */

static void remove_lines(struct mem *m, enum mem_table_id id, int64_t message_id,
                         int64_t (*of)(const void *row))
{
    for (size_t i = mem_count(m, id); i-- > 0;) {
        if (of(mem_row(m, id, i)) == message_id) {
            mem_remove(m, id, i);
        }
    }
}

static int64_t of_attempt(const void *row)
{
    return ((const struct attempt_row *)row)->message_id;
}

static int64_t of_report(const void *row)
{
    return ((const struct report_row *)row)->message_id;
}

static int64_t of_trace(const void *row)
{
    return ((const struct trace_row *)row)->message_id;
}

int mem_message_remove(struct store *s, int64_t id, struct err *e)
{
    const struct message_row blank = {.state = MESSAGE_CANCELLED};
    struct mem *m = mem_of(s);

    if (!mem_has_message(m, id)) {
        return err_set(e, ERR_NOT_FOUND, "there is no message %lld", (long long)id);
    }
    remove_lines(m, MEM_ATTEMPTS, id, of_attempt);
    remove_lines(m, MEM_REPORTS, id, of_report);
    remove_lines(m, MEM_TRACES, id, of_trace);
    return mem_replace(m, MEM_MESSAGES, (size_t)id - 1, &blank, e);
}

int mem_message_blank(struct store *s, int64_t id, struct str facts, struct err *e)
{
    struct mem *m = mem_of(s);
    struct message_row row;
    int rc = 0;

    if (!mem_has_message(m, id)) {
        return err_set(e, ERR_NOT_FOUND, "there is no message %lld", (long long)id);
    }
    for (size_t i = 0; rc == 0 && i < mem_count(m, MEM_ATTEMPTS); i++) {
        struct attempt_row attempt = *(const struct attempt_row *)mem_row(m, MEM_ATTEMPTS, i);

        if (attempt.message_id == id) {
            attempt.content = STR("");
            rc = mem_replace(m, MEM_ATTEMPTS, i, &attempt, e);
        }
    }
    row = *(const struct message_row *)mem_row(m, MEM_MESSAGES, (size_t)id - 1);
    if (rc == 0 && row.case_id == 0) {
        row.facts = facts;
        rc = mem_replace(m, MEM_MESSAGES, (size_t)id - 1, &row, e);
    }
    return rc;
}

int mem_inbox_remove(struct store *s, int64_t id, struct err *e)
{
    struct mem *m = mem_of(s);

    for (size_t i = 0; i < mem_count(m, MEM_INBOX); i++) {
        if (((const struct inbox_row *)mem_row(m, MEM_INBOX, i))->id == id) {
            mem_remove(m, MEM_INBOX, i);
            return 0;
        }
    }
    return err_set(e, ERR_NOT_FOUND, "there is no such row in the inbox");
}

int mem_message_scan(struct store *s, int64_t after, bool own, size_t limit, store_message_fn *fn,
                     void *ctx, struct err *e)
{
    struct mem *m = mem_of(s);
    int rc = 0;

    for (int64_t id = after + 1; rc == 0 && limit > 0 && id <= (int64_t)mem_count(m, MEM_MESSAGES);
         id++) {
        const struct message_row *row = mem_row(m, MEM_MESSAGES, (size_t)id - 1);

        if (row->id != 0 && (!own || row->case_id == 0)) {
            rc = mem_message_get(s, id, fn, ctx, e);
            limit--;
        }
    }
    return rc;
}

struct placed {
    int64_t place;
    store_content_fn *fn;
    void *ctx;
};

static int show_placed(void *ctx, const struct message_row *row)
{
    const struct placed *p = ctx;

    return p->fn(p->ctx, p->place, row);
}

/* The place of an attempt is its number in the table; none is removed during a walk that goes on
 * by places, because retention blanks them. */
int mem_content_scan(struct store *s, int64_t after, int64_t before_ms, size_t limit,
                     store_content_fn *fn, void *ctx, struct err *e)
{
    struct mem *m = mem_of(s);
    int rc = 0;

    for (int64_t i = after; rc == 0 && limit > 0 && i < (int64_t)mem_count(m, MEM_ATTEMPTS); i++) {
        const struct attempt_row *row = mem_row(m, MEM_ATTEMPTS, (size_t)i);
        struct placed placed = {i + 1, fn, ctx};

        if (row->content.len > 0 && row->claimed_ms < before_ms) {
            rc = mem_message_get(s, row->message_id, show_placed, &placed, e);
            limit--;
        }
    }
    return rc;
}

int mem_scrub(struct store *s, struct err *e)
{
    (void)s;
    (void)e;
    return 0;
}
