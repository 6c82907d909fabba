/*
 * The store port. Synchronous; one handle per thread; each call fully happens or returns an error
 * and changes nothing. Writes happen between store_begin and store_commit, and a committed
 * transaction is on stable storage when store_commit returns. Backed by SQLite; a memory twin runs
 * the same contract suite.
 *
 * Rows given to callbacks and their strings live until the callback returns; a callback may use the
 * store, also to write. A negative return of a callback ends the walk and is returned. Times are
 * UTC ms. A write outside of a transaction is ERR_WRONG_STATE. After ERR_FULL, ERR_IO, ERR_NOMEM or
 * ERR_CORRUPT of any call the transaction can only be rolled back; store_commit does so and
 * returns that error.
 */
#pragma once

#include "base/crypto.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/channel.h"
#include "domain/message.h"
#include "domain/outcome.h"

enum {
    STORE_REF_MAX = 128,    /* certificate, holder, event id, event source: bytes */
    STORE_NAME_MAX = 40,    /* campaign, template, provider names */
    STORE_BODY_MAX = 65536, /* event body, facts, attempt content */
    STORE_TEXT_MAX = 512,   /* reason, actor, code, detail, provider_ref, scopes, recipient */
    STORE_MAIL_MAX = 4 * 1024 * 1024, /* content of an inbox row */
    STORE_HOLDER_CASES = 1000,        /* cases of one holder that store_case_by_holder finds */
    STORE_DEPTH_MAX = 4,              /* savepoints inside one another */
    STORE_LIST_MAX = 500              /* rows of one page */
};

struct store;

/* ---- events: the durable log of what came in; everything else is derived from it in order ---- */

struct event_row {
    int64_t seq; /* 1, 2, 3 … without gaps; assigned by store_event_append */
    int64_t received_ms;
    int type; /* enum event_type */
    struct str source;
    struct str id;
    unsigned char digest[SHA256_SIZE]; /* of the canonical content: equal means the same fact */
    struct str body;                   /* canonical JSON of the fact */
};

/*
 * Appends. ERR_EXISTS when source+id is there already: ret_seq and ret_digest then tell of the
 * first one, and nothing is written.
 */
int store_event_append(struct store *s, const struct event_row *row, int64_t *ret_seq,
                       unsigned char ret_digest[SHA256_SIZE], struct err *e);
/* Events with seq > after in order, at most limit; a negative return of fn stops and is returned.
 */
int store_event_scan(struct store *s, int64_t after, size_t limit,
                     int (*fn)(void *ctx, const struct event_row *row), void *ctx, struct err *e);
/* The last appended seq, 0 for none. */
int64_t store_event_last(struct store *s);
/* How far events have been applied to cases and messages. */
int64_t store_applied(struct store *s);
int store_set_applied(struct store *s, int64_t seq, struct err *e);

/* ---- cases: one certificate of one holder ---- */

struct case_row {
    int64_t id;             /* assigned on insert */
    struct str certificate; /* reference given by the source, unique */
    struct str holder;      /* reference of the person, "" when unknown */
    int state;              /* enum case_state of domain/certificate.h */
    int eonay;              /* enum eonay */
    int64_t not_after_ms;   /* end of validity, 0 when unknown */
    int64_t fact_ms;        /* business time of the newest fact that changed the case */
    struct str facts;       /* JSON: holder, institution, certificate as last told */
    int64_t event_seq;      /* the event that last changed it */
    int64_t updated_ms;
};

/* Inserts when id is 0 (ret_id gets the new one), else replaces the row with that id. */
int store_case_put(struct store *s, const struct case_row *row, int64_t *ret_id, struct err *e);
/* ERR_NOT_FOUND when there is none; fn is called with the row otherwise. */
int store_case_by_certificate(struct store *s, struct str certificate,
                              int (*fn)(void *ctx, const struct case_row *row), void *ctx,
                              struct err *e);
int store_case_by_id(struct store *s, int64_t id, int (*fn)(void *ctx, const struct case_row *row),
                     void *ctx, struct err *e);
/* The cases of a holder, oldest first; at most STORE_HOLDER_CASES. "" has none. */
int store_case_by_holder(struct store *s, struct str holder,
                         int (*fn)(void *ctx, const struct case_row *row), void *ctx,
                         struct err *e);

/*
 * Cases by the end of their certificate: those in this state whose end is in from_ms..to_ms (both
 * included), the earliest end first; begins behind (after_ms, after_id). Pass the last row's end
 * and id to go on.
 */
struct case_range {
    int state; /* enum case_state */
    int64_t from_ms;
    int64_t to_ms;
    int64_t after_ms; /* 0 and after_id 0: from the first */
    int64_t after_id;
    size_t limit; /* 1..STORE_LIST_MAX */
};

int store_case_by_end(struct store *s, const struct case_range *range,
                      int (*fn)(void *ctx, const struct case_row *row), void *ctx, struct err *e);
/* All cases with id > after, in the order of their ids; at most limit (1..STORE_LIST_MAX). */
int store_case_scan(struct store *s, int64_t after, size_t limit,
                    int (*fn)(void *ctx, const struct case_row *row), void *ctx, struct err *e);

/* ---- messages ---- */

struct message_row {
    int64_t id;          /* assigned on insert, grows with time */
    int64_t case_id;     /* 0 for a message of its own */
    int64_t event_seq;   /* the event that caused it, 0 for none */
    struct str campaign; /* "" for none */
    int step;            /* the mark in days, or a code of the campaign */
    enum channel channel;
    enum message_state state;
    enum message_urgency urgency;
    struct str template; /* name without channel suffix */
    int64_t created_ms;
    int64_t planned_ms;  /* when it is meant to go out; only a new plan changes it */
    int64_t due_ms;      /* when it may next be tried */
    int64_t deadline_ms; /* after this it expires */
    int attempts;
    unsigned flags;          /* enum message_flag */
    int64_t lease_ms;        /* while sending, unknown or awaiting a report, see below */
    struct str provider;     /* of the last attempt, "" for none */
    struct str provider_ref; /* its id, "" for none */
    struct str reason;       /* short code: why held, failed, cancelled … */
    struct str facts;        /* own JSON for messages without a case: {"to":…,"vars":{…}} */
    int64_t updated_ms;
};

/*
 * ERR_EXISTS when (case, campaign, step, channel) is there already; a message without a case
 * never conflicts.
 */
int store_message_add(struct store *s, const struct message_row *row, int64_t *ret_id,
                      struct err *e);
int store_message_get(struct store *s, int64_t id,
                      int (*fn)(void *ctx, const struct message_row *row), void *ctx,
                      struct err *e);
/* All messages of a case, oldest first. */
int store_message_by_case(struct store *s, int64_t case_id,
                          int (*fn)(void *ctx, const struct message_row *row), void *ctx,
                          struct err *e);

/* The one door for states. Fields with a "set" bit change together with the state. */
enum message_fields {
    SET_DUE = 1,
    SET_LEASE = 2,
    SET_FLAGS = 4, /* OR-ed in */
    SET_PROVIDER = 8,
    SET_PROVIDER_REF = 16,
    SET_REASON = 32,
    SET_DEADLINE = 64,
    SET_ATTEMPTS = 128,
    SET_TRACE = 256,   /* also writes a line into the message's trace: who, why */
    SET_PLANNED = 512, /* planned_ms gets due_ms: the plan has moved it */
    IF_DUE = 1024      /* only when its due_ms is not behind now_ms, else ERR_WRONG_STATE */
};

struct attempt_row;

struct message_move {
    int64_t id;
    enum message_state from; /* must be the present state, else ERR_WRONG_STATE */
    enum message_state to;   /* equal to from: only the fields change */
    unsigned set;            /* enum message_fields bits */
    int64_t now_ms;
    int64_t due_ms;
    int64_t lease_ms;
    int64_t deadline_ms;
    unsigned flags;
    int attempts;
    struct str provider;
    struct str provider_ref;
    struct str reason;
    struct str actor;                 /* for the trace: "event 42", "key:panel", "policy" */
    const struct attempt_row *opens;  /* of this message, begins with the move; or null */
    const struct attempt_row *closes; /* as store_attempt_close; or null */
};

/*
 * ERR_NOT_FOUND, ERR_WRONG_STATE (not in `from`, or the table forbids it), or 0. A move that is
 * refused changes nothing, its attempt neither.
 *
 * Leases: SENDING and UNKNOWN always have one (0 unless set, which is long ago), ACCEPTED only
 * while a report is awaited and UNDELIVERED while a better one would be heard (lease_ms > 0), other
 * states never. A change of state without SET_LEASE ends the old lease.
 */
int store_message_move(struct store *s, const struct message_move *move, struct err *e);

/*
 * Moves every message of a case that is planned, queued or held to `to` and traces it; those that
 * are in `to` already stay as they are. ERR_WRONG_STATE and nothing moved when the table forbids
 * one of the moves. ret_count may be null.
 */
int store_message_stop_case(struct store *s, int64_t case_id, enum message_state to,
                            struct str reason, struct str actor, int64_t now_ms, size_t *ret_count,
                            struct err *e);

/* A due message with the facts of its case (case fields are empty for a message of its own). */
struct due_row {
    struct message_row message;
    struct case_row subject;
};

/*
 * Messages of a channel that are planned or queued with due_ms <= now, urgent first, then oldest
 * due first; at most limit.
 */
int store_due(struct store *s, enum channel channel, int64_t now_ms, size_t limit,
              int (*fn)(void *ctx, const struct due_row *row), void *ctx, struct err *e);
/*
 * Planned and queued messages of a channel and urgency whose due_ms is in from_ms..to_ms (both
 * included), earliest first; begins behind (after_ms, after_id), which are the last row's due_ms
 * and id.
 */
struct due_range {
    enum channel channel;
    enum message_urgency urgency;
    int64_t from_ms;
    int64_t to_ms;
    int64_t after_ms; /* with after_id 0: from the first */
    int64_t after_id;
    size_t limit; /* 1..STORE_LIST_MAX */
};

int store_due_between(struct store *s, const struct due_range *range,
                      int (*fn)(void *ctx, const struct due_row *row), void *ctx, struct err *e);
/* The earliest due_ms among planned and queued messages of a channel; INT64_MAX for none. */
int store_next_due(struct store *s, enum channel channel, int64_t *ret_ms, struct err *e);
/* Messages in SENDING, UNKNOWN or ACCEPTED with a lease and lease_ms <= until, oldest lease first.
 */
int store_leased(struct store *s, enum message_state state, int64_t until_ms, size_t limit,
                 int (*fn)(void *ctx, const struct due_row *row), void *ctx, struct err *e);

/* ---- attempts, reports, trace: the timeline of a message ---- */

struct attempt_row {
    int64_t message_id;
    int number; /* 1, 2 … */
    struct str provider;
    int64_t claimed_ms;
    int64_t settled_ms; /* 0 while in flight */
    int outcome;        /* enum outcome_class, -1 while in flight */
    struct str code;
    struct str detail;
    struct str provider_ref;
    struct str content; /* what was rendered: SMS text, or subject + blank line + plain text */
};

/*
 * Sets settled_ms, outcome, code, detail and provider_ref of (message_id, number), for a message
 * that stays where it is. Attempts begin with a move (see struct message_move) and mostly end so.
 */
int store_attempt_close(struct store *s, const struct attempt_row *row, struct err *e);

struct report_row {
    int64_t message_id;
    int64_t at_ms; /* when the provider says it happened */
    int64_t received_ms;
    int state; /* enum report_state of providers/provider.h */
    struct str code;
    struct str detail;
};

int store_report_add(struct store *s, const struct report_row *row, struct err *e);

/*
 * The messages with this (provider, provider_ref) that have a lease (see store_message_move): a
 * report is awaited, or a better one, or the fate is unknown. Later reports find nothing, which
 * keeps the index small whatever was sent. Several when the provider gives one id to a batch: the
 * caller looks at the recipient. Oldest first, at most max.
 */
int store_message_by_provider_ref(struct store *s, struct str provider, struct str provider_ref,
                                  int64_t *ret_ids, size_t max, size_t *ret_count, struct err *e);

struct trace_row {
    int64_t message_id;
    int64_t at_ms;
    int from; /* enum message_state */
    int to;
    struct str reason;
    struct str actor;
};

struct timeline_sink {
    void *ctx;
    void (*attempt)(void *ctx, const struct attempt_row *row);
    void (*report)(void *ctx, const struct report_row *row);
    void (*trace)(void *ctx, const struct trace_row *row);
};

/* Attempts, then reports, then trace lines of a message, each oldest first. */
int store_timeline(struct store *s, int64_t message_id, const struct timeline_sink *sink,
                   struct err *e);

/* ---- lists for people ---- */

struct message_filter {
    int state;              /* -1 for all */
    int channel;            /* -1 for all */
    struct str campaign;    /* "" for all */
    struct str holder;      /* "" for all */
    struct str certificate; /* "" for all */
    int64_t since_ms;       /* created_ms >= since, 0 for all */
    int64_t before_id;      /* keyset: ids below this, newest first; 0 from the newest */
    size_t limit;           /* 1..STORE_LIST_MAX */
};

int store_message_list(struct store *s, const struct message_filter *filter,
                       int (*fn)(void *ctx, const struct due_row *row), void *ctx, struct err *e);
/* Messages per (channel, state), kept as counters, never by counting rows. */
int store_message_counts(struct store *s, int64_t ret_counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT],
                         struct err *e);

/*
 * Messages of a campaign (of all when its ptr is null) that have not been sent (planned, queued,
 * held) with after < id <= until, in the order of their ids: a slice of the whole table, so that a
 * walk over all of it can be done in bites.
 */
int store_message_waiting(struct store *s, struct str campaign, int64_t after, int64_t until,
                          int (*fn)(void *ctx, const struct message_row *row), void *ctx,
                          struct err *e);

/* How many messages of a campaign are in a state for a reason. */
struct campaign_count {
    struct str campaign;
    enum channel channel;
    enum message_state state;
    struct str reason; /* of held ones; "" for other states */
    int64_t count;
};

/*
 * Counts by reading every message, or with held_only those that are held: for a person who looks
 * at campaigns, not for every second.
 */
int store_campaign_counts(struct store *s, bool held_only,
                          int (*fn)(void *ctx, const struct campaign_count *row), void *ctx,
                          struct err *e);

/* ---- keys for the API ---- */

struct key_row {
    int64_t id;
    struct str name;                   /* unique among keys in force */
    struct str scopes;                 /* space-separated */
    unsigned char digest[SHA256_SIZE]; /* of the secret part */
    int64_t created_ms;
    int64_t revoked_ms; /* 0 while in force */
};

int store_key_add(struct store *s, const struct key_row *row, int64_t *ret_id, struct err *e);
int store_key_revoke(struct store *s, struct str name, int64_t now_ms, struct err *e);
int store_key_list(struct store *s, int (*fn)(void *ctx, const struct key_row *row), void *ctx,
                   struct err *e);

/* ---- the sink's inbox ---- */

struct inbox_row {
    int64_t id;
    int64_t at_ms;
    struct str provider;
    struct str ref; /* our attempt reference */
    enum channel channel;
    struct str to;
    struct str content; /* SMS text or the raw mail */
};

int store_inbox_add(struct store *s, const struct inbox_row *row, struct err *e);
/* Rows with id > after, oldest first. */
int store_inbox_list(struct store *s, int64_t after, size_t limit,
                     int (*fn)(void *ctx, const struct inbox_row *row), void *ctx, struct err *e);

/* ---- small settings kept with the data ---- */

enum { STORE_META_MAX = 256 };

/* Value bytes by name; ERR_NOT_FOUND. */
int store_meta_get(struct store *s, const char *name, void *ret_value, size_t *inout_size,
                   struct err *e);
int store_meta_put(struct store *s, const char *name, const void *value, size_t size,
                   struct err *e);

/* ---- life ---- */

enum { STORE_READ_ONLY = 1, STORE_CREATE = 2 };

/*
 * Opens the SQLite store: takes the instance lock (ERR_BUSY names the pid of the holder), migrates,
 * refuses newer schemas (ERR_UNSUPPORTED) and damaged files (ERR_CORRUPT). A read-only handle takes
 * no lock, never checkpoints, and needs a writable one to have been opened before.
 */
int store_sqlite_open(const char *path, unsigned flags, struct store **ret, struct err *e);
/* Empty and gone when closed. */
int store_memory_open(struct store **ret, struct err *e);
void store_close(struct store *s); /* accepts null */
/* Thorough check of the file (quick_check), on a read-only handle; ERR_CORRUPT with a sentence. */
int store_check(struct store *s, struct err *e);
/* Whether the files opened are still those at the path; ERR_CORRUPT when replaced or deleted. */
int store_file_check(struct store *s, struct err *e);

int store_begin(struct store *s, struct err *e);
/* On failure everything since store_begin is undone. */
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);
/* A nested part of the transaction that can be undone alone; up to STORE_DEPTH_MAX deep. */
int store_savepoint(struct store *s, struct err *e);
int store_release(struct store *s, struct err *e);
void store_undo(struct store *s); /* back to the savepoint and end it */
