/* What a back end of the store port offers; store.c checks arguments and transactions before. */
#pragma once

#include "store/store_record.h"

typedef int store_message_fn(void *ctx, const struct message_row *row);
typedef int store_case_fn(void *ctx, const struct case_row *row);
typedef int store_due_fn(void *ctx, const struct due_row *row);
typedef int store_count_fn(void *ctx, const struct campaign_count *row);
typedef int store_content_fn(void *ctx, int64_t place, const struct message_row *row);

struct store_ops {
    void (*close)(struct store *s);
    int (*check)(struct store *s, struct err *e);
    int (*file_check)(struct store *s, struct err *e);

    int (*begin)(struct store *s, struct err *e);
    int (*commit)(struct store *s, struct err *e);
    void (*rollback)(struct store *s);
    int (*savepoint)(struct store *s, struct err *e);
    int (*release)(struct store *s, struct err *e);
    void (*undo)(struct store *s);

    int (*event_append)(struct store *s, const struct event_row *row, int64_t *ret_seq,
                        unsigned char *ret_digest, struct err *e);
    int (*event_scan)(struct store *s, int64_t after, size_t limit,
                      int (*fn)(void *ctx, const struct event_row *row), void *ctx, struct err *e);
    int64_t (*event_last)(struct store *s);
    int64_t (*applied)(struct store *s);
    int (*set_applied)(struct store *s, int64_t seq, struct err *e);

    int (*case_put)(struct store *s, const struct case_row *row, int64_t *ret_id, struct err *e);
    int (*case_by_certificate)(struct store *s, struct str certificate, store_case_fn *fn,
                               void *ctx, struct err *e);
    int (*case_by_id)(struct store *s, int64_t id, store_case_fn *fn, void *ctx, struct err *e);
    int (*case_by_holder)(struct store *s, struct str holder, store_case_fn *fn, void *ctx,
                          struct err *e);

    int (*case_by_end)(struct store *s, const struct case_range *range, store_case_fn *fn,
                       void *ctx, struct err *e);
    int (*case_scan)(struct store *s, int64_t after, size_t limit, store_case_fn *fn, void *ctx,
                     struct err *e);

    int (*message_add)(struct store *s, const struct message_row *row, int64_t *ret_id,
                       struct err *e);
    int (*message_get)(struct store *s, int64_t id, store_message_fn *fn, void *ctx, struct err *e);
    int (*message_by_case)(struct store *s, int64_t case_id, store_message_fn *fn, void *ctx,
                           struct err *e);
    int (*message_move)(struct store *s, const struct message_move *move, struct err *e);
    int (*due)(struct store *s, enum channel channel, int64_t now_ms, size_t limit,
               store_due_fn *fn, void *ctx, struct err *e);
    int (*due_between)(struct store *s, const struct due_range *range, store_due_fn *fn, void *ctx,
                       struct err *e);
    int (*next_due)(struct store *s, enum channel channel, int64_t *ret_ms, struct err *e);
    int (*leased)(struct store *s, enum message_state state, int64_t until_ms, size_t limit,
                  store_due_fn *fn, void *ctx, struct err *e);

    int (*attempt_close)(struct store *s, const struct attempt_row *row, struct err *e);
    int (*report_add)(struct store *s, const struct report_row *row, struct err *e);
    int (*message_by_provider_ref)(struct store *s, struct str provider, struct str provider_ref,
                                   int64_t *ret_ids, size_t max, size_t *ret_count, struct err *e);
    int (*timeline)(struct store *s, int64_t message_id, const struct timeline_sink *sink,
                    struct err *e);

    int (*message_list)(struct store *s, const struct message_filter *filter, store_due_fn *fn,
                        void *ctx, struct err *e);
    int (*message_counts)(struct store *s, int64_t ret_counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT],
                          struct err *e);

    int (*message_waiting)(struct store *s, struct str campaign, int64_t after, int64_t until,
                           store_message_fn *fn, void *ctx, struct err *e);
    int (*campaign_counts)(struct store *s, bool held_only, store_count_fn *fn, void *ctx,
                           struct err *e);

    int (*key_add)(struct store *s, const struct key_row *row, int64_t *ret_id, struct err *e);
    int (*key_revoke)(struct store *s, struct str name, int64_t now_ms, struct err *e);
    int (*key_list)(struct store *s, int (*fn)(void *ctx, const struct key_row *row), void *ctx,
                    struct err *e);

    int (*inbox_add)(struct store *s, const struct inbox_row *row, struct err *e);
    int (*inbox_list)(struct store *s, int64_t after, size_t limit,
                      int (*fn)(void *ctx, const struct inbox_row *row), void *ctx, struct err *e);

    int (*meta_get)(struct store *s, const char *name, void *ret_value, size_t *inout_size,
                    struct err *e);
    int (*meta_put)(struct store *s, const char *name, const void *value, size_t size,
                    struct err *e);

    int (*event_blank)(struct store *s, int64_t seq, struct err *e);
    int (*case_remove)(struct store *s, int64_t id, struct err *e);
    int (*message_remove)(struct store *s, int64_t id, struct err *e);
    int (*message_blank)(struct store *s, int64_t id, struct str facts, struct err *e);
    int (*inbox_remove)(struct store *s, int64_t id, struct err *e);
    int (*message_scan)(struct store *s, int64_t after, bool own, size_t limit,
                        store_message_fn *fn, void *ctx, struct err *e);
    int (*content_scan)(struct store *s, int64_t after, int64_t before_ms, size_t limit,
                        store_content_fn *fn, void *ctx, struct err *e);
    int (*scrub)(struct store *s, struct err *e);

    int (*record_put)(struct store *s, const struct record_row *row, struct err *e);
    int (*record_get)(struct store *s, enum record_kind kind, struct str key, store_record_fn *fn,
                      void *ctx, struct err *e);
    int (*record_remove)(struct store *s, enum record_kind kind, struct str key, struct err *e);
    int (*record_list)(struct store *s, const struct record_range *range, store_record_fn *fn,
                       void *ctx, struct err *e);
};

/* The first member of every back end's handle. */
struct store {
    const struct store_ops *ops;
    bool read_only;
    bool in_transaction;
    size_t depth;         /* open savepoints */
    unsigned scrubs_left; /* how often store_scrub is still to be tried */
};

enum { STORE_SCRUB_TRIES = 20 };
/* What store_scrub_soon asked for. */
void store_scrub_after_commit(struct store *s);

/* Whether a message in this state can have a lease: the partial indexes hold only these. */
static inline bool store_has_lease(enum message_state state, int64_t lease_ms)
{
    return state == MESSAGE_SENDING || state == MESSAGE_UNKNOWN ||
           ((state == MESSAGE_ACCEPTED || state == MESSAGE_UNDELIVERED) && lease_ms > 0);
}

/* The lease after a move, 0 where there is none; tells the same to every back end. */
static inline int64_t store_lease_after(const struct message_move *move, int64_t lease_ms)
{
    const int64_t kept = move->from == move->to ? lease_ms : 0;
    const int64_t lease = (move->set & SET_LEASE) != 0 ? move->lease_ms : kept;

    return store_has_lease(move->to, lease) ? lease : 0;
}

/* ERR_DENIED or ERR_WRONG_STATE with a sentence unless the store may be written to now. */
int store_check_write(const struct store *s, struct err *e);
/*
 * ERR_WRONG_STATE with a sentence unless a message in `state` and due at `due_ms` may make this
 * move.
 */
int store_move_check(const struct message_move *move, enum message_state state, int64_t due_ms,
                     struct err *e);
/* Whether a row passes everything in the filter but holder and certificate. */
bool store_filter_passes(const struct message_filter *filter, const struct message_row *row);
