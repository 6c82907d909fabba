#include "store/store_memory.h"

#include <stdlib.h>

static const struct message_row *message_at(const struct mem *m, size_t i)
{
    return mem_row(m, MEM_MESSAGES, i);
}

static int no_message(int64_t id, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "there is no message %lld", (long long)id);
}

bool mem_has_message(const struct mem *m, int64_t id)
{
    return id >= 1 && id <= (int64_t)mem_count(m, MEM_MESSAGES) &&
           message_at(m, (size_t)id - 1)->id != 0;
}

static bool same_reminder(const struct message_row *a, const struct message_row *b)
{
    return a->case_id == b->case_id && a->step == b->step && a->channel == b->channel &&
           str_eq(a->campaign, b->campaign);
}

int mem_message_add(struct store *s, const struct message_row *row, int64_t *ret_id, struct err *e)
{
    struct mem *m = mem_of(s);
    struct message_row copy = *row;

    for (size_t i = 0; row->case_id > 0 && i < mem_count(m, MEM_MESSAGES); i++) {
        if (same_reminder(message_at(m, i), row)) {
            return err_set(e, ERR_EXISTS, "this reminder of case %lld is there already",
                           (long long)row->case_id);
        }
    }
    copy.id = (int64_t)mem_count(m, MEM_MESSAGES) + 1;
    copy.lease_ms = store_has_lease(row->state, row->lease_ms) ? row->lease_ms : 0;
    *ret_id = copy.id;
    return mem_add(m, MEM_MESSAGES, &copy, e);
}

int mem_message_get(struct store *s, int64_t id, store_message_fn *fn, void *ctx, struct err *e)
{
    const struct message_row *row;
    int rc;

    if (!mem_has_message(mem_of(s), id)) {
        return no_message(id, e);
    }
    row = mem_hold(message_at(mem_of(s), (size_t)id - 1));
    rc = fn(ctx, row);
    mem_drop(row);
    return rc < 0 ? rc : 0;
}

int mem_message_by_case(struct store *s, int64_t case_id, store_message_fn *fn, void *ctx,
                        struct err *e)
{
    struct mem *m = mem_of(s);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < mem_count(m, MEM_MESSAGES); i++) {
        if (message_at(m, i)->id != 0 && message_at(m, i)->case_id == case_id) {
            rc = mem_message_get(s, (int64_t)i + 1, fn, ctx, e);
        }
    }
    return rc;
}

/* ---- moving ---- */

static void apply(const struct message_move *move, struct message_row *row)
{
    const unsigned set = move->set;

    row->lease_ms = store_lease_after(move, row->lease_ms);
    row->state = move->to;
    row->updated_ms = move->now_ms;
    row->flags |= (set & SET_FLAGS) != 0 ? move->flags : 0;
    row->due_ms = (set & SET_DUE) != 0 ? move->due_ms : row->due_ms;
    row->planned_ms = (set & SET_PLANNED) != 0 ? move->due_ms : row->planned_ms;
    row->deadline_ms = (set & SET_DEADLINE) != 0 ? move->deadline_ms : row->deadline_ms;
    row->attempts = (set & SET_ATTEMPTS) != 0 ? move->attempts : row->attempts;
    row->provider = (set & SET_PROVIDER) != 0 ? move->provider : row->provider;
    row->provider_ref = (set & SET_PROVIDER_REF) != 0 ? move->provider_ref : row->provider_ref;
    row->reason = (set & SET_REASON) != 0 ? move->reason : row->reason;
}

static int trace(struct mem *m, const struct message_move *move, struct err *e)
{
    const struct trace_row row = {.message_id = move->id,
                                  .at_ms = move->now_ms,
                                  .from = (int)move->from,
                                  .to = (int)move->to,
                                  .reason = (move->set & SET_REASON) != 0 ? move->reason : STR(""),
                                  .actor = move->actor};

    return mem_add(m, MEM_TRACES, &row, e);
}

int mem_message_move(struct store *s, const struct message_move *move, struct err *e)
{
    struct mem *m = mem_of(s);
    struct message_row row;
    int rc;

    if (!mem_has_message(m, move->id)) {
        return no_message(move->id, e);
    }
    row = *message_at(m, (size_t)move->id - 1);
    rc = store_move_check(move, row.state, row.due_ms, e);
    if (rc == 0 && move->closes != NULL) {
        rc = mem_attempt_close(s, move->closes, e);
    }
    if (rc == 0 && (move->set & SET_TRACE) != 0) {
        rc = trace(m, move, e);
    }
    if (rc == 0 && move->opens != NULL) {
        rc = mem_add(m, MEM_ATTEMPTS, move->opens, e);
    }
    if (rc == 0) {
        apply(move, &row);
        rc = mem_replace(m, MEM_MESSAGES, (size_t)move->id - 1, &row, e);
    }
    return rc;
}

/* ---- walks: picked rows are held, sorted, shown ---- */

struct picked {
    const struct message_row **rows;
    size_t count;
};

typedef bool pick_fn(const void *rule, const struct message_row *row);

static int pick(const struct mem *m, pick_fn *wanted, const void *rule, struct picked *ret,
                struct err *e)
{
    const size_t count = mem_count(m, MEM_MESSAGES);

    *ret = (struct picked){malloc((count + 1) * sizeof *ret->rows), 0};
    if (ret->rows == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a list of messages");
    }
    for (size_t i = 0; i < count; i++) {
        if (message_at(m, i)->id != 0 && wanted(rule, message_at(m, i))) {
            ret->rows[ret->count++] = mem_hold(message_at(m, i));
        }
    }
    return 0;
}

static void drop_picked(struct picked *p)
{
    for (size_t i = 0; i < p->count; i++) {
        mem_drop(p->rows[i]);
    }
    free(p->rows);
}

static int show(const struct mem *m, int64_t id, store_due_fn *fn, void *ctx)
{
    const struct message_row *message = mem_hold(message_at(m, (size_t)id - 1));
    const struct case_row *subject = NULL;
    struct due_row row = {.message = *message};
    int rc;

    if (mem_has_case(m, message->case_id)) {
        subject = mem_hold(mem_row(m, MEM_CASES, (size_t)message->case_id - 1));
        row.subject = *subject;
    }
    rc = fn(ctx, &row);
    mem_drop(message);
    if (subject != NULL) {
        mem_drop(subject);
    }
    return rc < 0 ? rc : 0;
}

/* A callback may have moved the rows behind it: each is looked at again. */
static int show_picked(const struct mem *m, const struct picked *p, pick_fn *wanted,
                       const void *rule, size_t limit, store_due_fn *fn, void *ctx)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < p->count && i < limit; i++) {
        const int64_t id = p->rows[i]->id;

        if (mem_has_message(m, id) && wanted(rule, message_at(m, (size_t)id - 1))) {
            rc = show(m, id, fn, ctx);
        }
    }
    return rc;
}

typedef int order_fn(const void *a, const void *b);

static int walk(struct mem *m, pick_fn *wanted, const void *rule, order_fn *order, size_t limit,
                store_due_fn *fn, void *ctx, struct err *e)
{
    struct picked picked;
    int rc = pick(m, wanted, rule, &picked, e);

    if (rc != 0) {
        return rc;
    }
    if (picked.count > 1) {
        qsort(picked.rows, picked.count, sizeof picked.rows[0], order);
    }
    rc = show_picked(m, &picked, wanted, rule, limit, fn, ctx);
    drop_picked(&picked);
    return rc;
}

static int compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_urgency(const void *a, const void *b)
{
    const struct message_row *x = *(const struct message_row *const *)a;
    const struct message_row *y = *(const struct message_row *const *)b;
    int order = compare(x->urgency, y->urgency);

    order = order != 0 ? order : compare(x->due_ms, y->due_ms);
    return order != 0 ? order : compare(x->id, y->id);
}

static int by_lease(const void *a, const void *b)
{
    const struct message_row *x = *(const struct message_row *const *)a;
    const struct message_row *y = *(const struct message_row *const *)b;
    const int order = compare(x->lease_ms, y->lease_ms);

    return order != 0 ? order : compare(x->id, y->id);
}

static int newest_first(const void *a, const void *b)
{
    return compare((*(const struct message_row *const *)b)->id,
                   (*(const struct message_row *const *)a)->id);
}

struct due_rule {
    enum channel channel;
    int64_t now_ms;
};

static bool is_due(const void *ctx, const struct message_row *row)
{
    const struct due_rule *rule = ctx;

    return row->channel == rule->channel && row->state <= MESSAGE_QUEUED &&
           row->due_ms <= rule->now_ms;
}

int mem_due(struct store *s, enum channel channel, int64_t now_ms, size_t limit, store_due_fn *fn,
            void *ctx, struct err *e)
{
    const struct due_rule rule = {channel, now_ms};

    return walk(mem_of(s), is_due, &rule, by_urgency, limit, fn, ctx, e);
}

static bool is_between(const void *ctx, const struct message_row *row)
{
    const struct due_range *range = ctx;
    const bool behind = range->after_id == 0 || row->due_ms > range->after_ms ||
                        (row->due_ms == range->after_ms && row->id > range->after_id);

    return row->channel == range->channel && row->urgency == range->urgency &&
           row->state <= MESSAGE_QUEUED && row->due_ms >= range->from_ms &&
           row->due_ms <= range->to_ms && behind;
}

int mem_due_between(struct store *s, const struct due_range *range, store_due_fn *fn, void *ctx,
                    struct err *e)
{
    return walk(mem_of(s), is_between, range, by_urgency, range->limit, fn, ctx, e);
}

int mem_next_due(struct store *s, enum channel channel, int64_t *ret_ms, struct err *e)
{
    const struct due_rule rule = {channel, INT64_MAX};
    struct mem *m = mem_of(s);

    (void)e;
    *ret_ms = INT64_MAX;
    for (size_t i = 0; i < mem_count(m, MEM_MESSAGES); i++) {
        const struct message_row *row = message_at(m, i);

        if (is_due(&rule, row) && row->due_ms < *ret_ms) {
            *ret_ms = row->due_ms;
        }
    }
    return 0;
}

struct lease_rule {
    enum message_state state;
    int64_t until_ms;
};

static bool is_leased(const void *ctx, const struct message_row *row)
{
    const struct lease_rule *rule = ctx;

    return row->state == rule->state && store_has_lease(row->state, row->lease_ms) &&
           row->lease_ms <= rule->until_ms;
}

int mem_leased(struct store *s, enum message_state state, int64_t until_ms, size_t limit,
               store_due_fn *fn, void *ctx, struct err *e)
{
    const struct lease_rule rule = {state, until_ms};

    return walk(mem_of(s), is_leased, &rule, by_lease, limit, fn, ctx, e);
}

/* ---- pages and counts ---- */

struct list_rule {
    const struct mem *m;
    const struct message_filter *filter;
};

static bool is_listed(const void *ctx, const struct message_row *row)
{
    const struct list_rule *rule = ctx;
    const struct message_filter *f = rule->filter;
    const struct case_row *subject = NULL;

    if (row->case_id >= 1 && row->case_id <= (int64_t)mem_count(rule->m, MEM_CASES)) {
        subject = mem_row(rule->m, MEM_CASES, (size_t)row->case_id - 1);
    }
    if (f->holder.len > 0 && (subject == NULL || !str_eq(subject->holder, f->holder))) {
        return false;
    }
    if (f->certificate.len > 0 &&
        (subject == NULL || !str_eq(subject->certificate, f->certificate))) {
        return false;
    }
    return store_filter_passes(f, row);
}

int mem_message_list(struct store *s, const struct message_filter *filter, store_due_fn *fn,
                     void *ctx, struct err *e)
{
    const struct list_rule rule = {mem_of(s), filter};

    return walk(mem_of(s), is_listed, &rule, newest_first, filter->limit, fn, ctx, e);
}

int mem_message_counts(struct store *s, int64_t ret_counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT],
                       struct err *e)
{
    struct mem *m = mem_of(s);

    (void)e;
    memset(ret_counts, 0, sizeof(int64_t[CHANNEL_COUNT][MESSAGE_STATE_COUNT]));
    for (size_t i = 0; i < mem_count(m, MEM_MESSAGES); i++) {
        ret_counts[message_at(m, i)->channel][message_at(m, i)->state] +=
            message_at(m, i)->id != 0 ? 1 : 0;
    }
    return 0;
}

/* ---- timeline ---- */

int mem_report_add(struct store *s, const struct report_row *row, struct err *e)
{
    return mem_has_message(mem_of(s), row->message_id) ? mem_add(mem_of(s), MEM_REPORTS, row, e)
                                                       : no_message(row->message_id, e);
}

int mem_attempt_close(struct store *s, const struct attempt_row *row, struct err *e)
{
    struct mem *m = mem_of(s);

    if (!mem_has_message(m, row->message_id)) {
        return no_message(row->message_id, e);
    }
    for (size_t i = mem_count(m, MEM_ATTEMPTS); i-- > 0;) {
        struct attempt_row copy = *(const struct attempt_row *)mem_row(m, MEM_ATTEMPTS, i);

        if (copy.message_id == row->message_id && copy.number == row->number) {
            copy.settled_ms = row->settled_ms;
            copy.outcome = row->outcome;
            copy.code = row->code;
            copy.detail = row->detail;
            copy.provider_ref = row->provider_ref;
            return mem_replace(m, MEM_ATTEMPTS, i, &copy, e);
        }
    }
    return err_set(e, ERR_NOT_FOUND, "message %lld has no attempt %d", (long long)row->message_id,
                   row->number);
}

int mem_message_by_provider_ref(struct store *s, struct str provider, struct str provider_ref,
                                int64_t *ret_ids, size_t max, size_t *ret_count, struct err *e)
{
    struct mem *m = mem_of(s);

    (void)e;
    for (size_t i = 0; i < mem_count(m, MEM_MESSAGES) && *ret_count < max; i++) {
        const struct message_row *row = message_at(m, i);

        if (store_has_lease(row->state, row->lease_ms) && str_eq(row->provider, provider) &&
            str_eq(row->provider_ref, provider_ref)) {
            ret_ids[(*ret_count)++] = row->id;
        }
    }
    return 0;
}

int mem_timeline(struct store *s, int64_t message_id, const struct timeline_sink *sink,
                 struct err *e)
{
    struct mem *m = mem_of(s);

    if (!mem_has_message(m, message_id)) {
        return no_message(message_id, e);
    }
    for (size_t i = 0; sink->attempt != NULL && i < mem_count(m, MEM_ATTEMPTS); i++) {
        const struct attempt_row *row = mem_row(m, MEM_ATTEMPTS, i);

        if (row->message_id == message_id) {
            sink->attempt(sink->ctx, row);
        }
    }
    for (size_t i = 0; sink->report != NULL && i < mem_count(m, MEM_REPORTS); i++) {
        const struct report_row *row = mem_row(m, MEM_REPORTS, i);

        if (row->message_id == message_id) {
            sink->report(sink->ctx, row);
        }
    }
    for (size_t i = 0; sink->trace != NULL && i < mem_count(m, MEM_TRACES); i++) {
        const struct trace_row *row = mem_row(m, MEM_TRACES, i);

        if (row->message_id == message_id) {
            sink->trace(sink->ctx, row);
        }
    }
    return 0;
}
