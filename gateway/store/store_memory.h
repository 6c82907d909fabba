/*
 * The in-memory twin of the store: plain arrays of rows that are never changed, only replaced, so
 * that a snapshot is a copy of the arrays. For tests; searches are linear.
 */
#pragma once

#include "store/store_ops.h"

enum mem_table_id {
    MEM_EVENTS,
    MEM_CASES,
    MEM_MESSAGES,
    MEM_ATTEMPTS,
    MEM_REPORTS,
    MEM_TRACES,
    MEM_KEYS,
    MEM_INBOX,
    MEM_META,
    MEM_RECORDS,
    MEM_TABLE_COUNT
};

struct meta_row {
    struct str name;
    struct str value;
};

/* In front of every row, which follows it: snapshots and walks share rows. */
union mem_box {
    size_t refs;
    max_align_t align;
};

/* Rows are of the port's types. */
struct mem_table {
    union mem_box **rows;
    size_t count;
    size_t cap;
};

struct mem_state {
    struct mem_table tables[MEM_TABLE_COUNT];
    int64_t applied;
};

struct mem {
    struct store base;
    struct mem_state now;
    struct mem_state marks[STORE_DEPTH_MAX + 1];
};

static inline struct mem *mem_of(struct store *s)
{
    return (struct mem *)(void *)s;
}

/* The row with number i (from 0), of the table's type. */
const void *mem_row(const struct mem *m, enum mem_table_id id, size_t i);
size_t mem_count(const struct mem *m, enum mem_table_id id);
/* Keeps a row alive while a callback looks at it; returns it. */
const void *mem_hold(const void *row);
void mem_drop(const void *row);
/* A copy of the row goes to the end, or in the place of row i. ERR_NOMEM. */
int mem_add(struct mem *m, enum mem_table_id id, const void *row, struct err *e);
int mem_replace(struct mem *m, enum mem_table_id id, size_t i, const void *row, struct err *e);

/* Those behind it move up. */
void mem_remove(struct mem *m, enum mem_table_id id, size_t i);

int mem_record_put(struct store *s, const struct record_row *row, struct err *e);
int mem_record_get(struct store *s, enum record_kind kind, struct str key, store_record_fn *fn,
                   void *ctx, struct err *e);
int mem_record_remove(struct store *s, enum record_kind kind, struct str key, struct err *e);
int mem_record_list(struct store *s, const struct record_range *range, store_record_fn *fn,
                    void *ctx, struct err *e);

int mem_case_put(struct store *s, const struct case_row *row, int64_t *ret_id, struct err *e);
int mem_case_by_id(struct store *s, int64_t id, store_case_fn *fn, void *ctx, struct err *e);
int mem_case_by_certificate(struct store *s, struct str certificate, store_case_fn *fn, void *ctx,
                            struct err *e);
int mem_case_by_holder(struct store *s, struct str holder, store_case_fn *fn, void *ctx,
                       struct err *e);
int mem_case_by_end(struct store *s, const struct case_range *range, store_case_fn *fn, void *ctx,
                    struct err *e);
int mem_case_scan(struct store *s, int64_t after, size_t limit, store_case_fn *fn, void *ctx,
                  struct err *e);

int mem_message_add(struct store *s, const struct message_row *row, int64_t *ret_id, struct err *e);
int mem_message_get(struct store *s, int64_t id, store_message_fn *fn, void *ctx, struct err *e);
int mem_message_by_case(struct store *s, int64_t case_id, store_message_fn *fn, void *ctx,
                        struct err *e);
int mem_message_move(struct store *s, const struct message_move *move, struct err *e);
int mem_due(struct store *s, enum channel channel, int64_t now_ms, size_t limit, store_due_fn *fn,
            void *ctx, struct err *e);
int mem_due_between(struct store *s, const struct due_range *range, store_due_fn *fn, void *ctx,
                    struct err *e);
int mem_next_due(struct store *s, enum channel channel, int64_t *ret_ms, struct err *e);
int mem_leased(struct store *s, enum message_state state, int64_t until_ms, size_t limit,
               store_due_fn *fn, void *ctx, struct err *e);
int mem_message_list(struct store *s, const struct message_filter *filter, store_due_fn *fn,
                     void *ctx, struct err *e);
int mem_message_counts(struct store *s, int64_t ret_counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT],
                       struct err *e);
int mem_message_waiting(struct store *s, struct str campaign, int64_t after, int64_t until,
                        store_message_fn *fn, void *ctx, struct err *e);
int mem_campaign_counts(struct store *s, bool held_only, store_count_fn *fn, void *ctx,
                        struct err *e);
int mem_attempt_close(struct store *s, const struct attempt_row *row, struct err *e);
int mem_report_add(struct store *s, const struct report_row *row, struct err *e);
int mem_message_by_provider_ref(struct store *s, struct str provider, struct str provider_ref,
                                int64_t *ret_ids, size_t max, size_t *ret_count, struct err *e);
int mem_timeline(struct store *s, int64_t message_id, const struct timeline_sink *sink,
                 struct err *e);

/* Is the row there, and not removed? */
bool mem_has_case(const struct mem *m, int64_t id);
bool mem_has_message(const struct mem *m, int64_t id);
int mem_event_blank(struct store *s, int64_t seq, struct err *e);
int mem_case_remove(struct store *s, int64_t id, struct err *e);
int mem_message_remove(struct store *s, int64_t id, struct err *e);
int mem_message_blank(struct store *s, int64_t id, struct str facts, struct err *e);
int mem_inbox_remove(struct store *s, int64_t id, struct err *e);
int mem_message_scan(struct store *s, int64_t after, bool own, size_t limit, store_message_fn *fn,
                     void *ctx, struct err *e);
int mem_content_scan(struct store *s, int64_t after, int64_t before_ms, size_t limit,
                     store_content_fn *fn, void *ctx, struct err *e);
int mem_scrub(struct store *s, struct err *e);
