/*
 * What the parts of the SQLite back end share. One handle, one thread at a time; only the reference
 * indexes are shared between the writing handle and the reading ones of the process.
 */
#pragma once

#include "store/ref_index.h"
#include "store/store_ops.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/types.h>

enum sq_id {
    SQ_BEGIN,
    SQ_COMMIT,
    SQ_ROLLBACK,
    SQ_SAVEPOINT,
    SQ_RELEASE,
    SQ_UNDO,
    SQ_COUNTER_ALL,
    SQ_COUNTER_PUT,
    SQ_LAST_ROWS,
    SQ_NAME_LOAD,
    SQ_NAME_ADD,
    SQ_CHUNK_LOAD,
    SQ_CHUNK_PUT,
    SQ_EXTRA_LOAD,
    SQ_EXTRA_PUT,
    SQ_EVENT_REFS,
    SQ_SUBJECT_REFS,
    SQ_EVENT_ADD,
    SQ_EVENT_FIND,
    SQ_EVENT_SCAN,
    SQ_EVENT_BLANK,
    SQ_CASE_ADD,
    SQ_CASE_REPLACE,
    SQ_CASE_GET,
    SQ_CASE_BLANK,
    SQ_CASE_BY_END,
    SQ_CASE_SCAN,
    SQ_MESSAGE_ADD,
    SQ_MESSAGE_GET,
    SQ_MESSAGE_FULL,
    SQ_MESSAGE_OF_CASE,
    SQ_MESSAGE_STATE,
    SQ_MESSAGE_MOVE,
    SQ_MESSAGE_TAIL,
    SQ_MESSAGE_SET_TAIL,
    SQ_MESSAGE_DUE,
    SQ_MESSAGE_BETWEEN,
    SQ_MESSAGE_NEXT,
    SQ_MESSAGE_LEASED,
    SQ_MESSAGE_BY_REF,
    SQ_MESSAGE_LIST,
    SQ_MESSAGE_ODD,
    SQ_MESSAGE_WAITING,
    SQ_COUNT_ALL,
    SQ_COUNT_HELD,
    SQ_MESSAGE_SCAN,
    SQ_MESSAGE_OWN,
    SQ_MESSAGE_FACTS,
    SQ_MESSAGE_REMOVE,
    SQ_LINE_ADD,
    SQ_LINE_GET,
    SQ_LINE_CLOSE,
    SQ_LINE_CONTENT,
    SQ_LINE_BLANK,
    SQ_LINE_REMOVE,
    SQ_KEY_ADD,
    SQ_KEY_REVOKE,
    SQ_KEY_LIST,
    SQ_INBOX_ADD,
    SQ_INBOX_LIST,
    SQ_INBOX_REMOVE,
    SQ_META_GET,
    SQ_META_PUT,
    SQ_RECORD_PUT,
    SQ_RECORD_GET,
    SQ_RECORD_REMOVE,
    SQ_RECORD_LIST,
    SQ_RECORD_BACK,
    SQ_COUNT
};

enum { SQ_BUSY_MS = 2000 };

/* The text of every statement, in store_sqlite_sql.c. */
extern const char *const sq_text[SQ_COUNT];

enum {
    COUNTER_APPLIED = 1,
    COUNTER_MESSAGE_FLOOR = 2,
    COUNTER_LINE_FLOOR = 3,
    COUNTER_MESSAGES = 64,
    COUNTER_STATES = 16
};

/* What is kept in memory beside the tables and goes back with a rollback. */
struct sq_state {
    int64_t event_last;
    int64_t case_last;
    int64_t message_last;
    int64_t line_last;
    int64_t message_floor; /* numbers up to here have been given, whether their rows are there */
    int64_t line_floor;    /* or were removed */
    int64_t applied;
    int64_t counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT];
};

/* The small set of campaign, template and provider names; id 0 is "". */
struct sq_names {
    struct str *list;
    size_t count;
    size_t cap;
};

enum ref_kind { REF_EVENT, REF_CERTIFICATE, REF_HOLDER, REF_KIND_COUNT };
enum { REF_CHUNK = 4096 };

/* Tags of the chunk that is being filled; unknown after an undo across its start. */
struct ref_tail {
    uint32_t tags[REF_CHUNK];
    uint32_t chunk;
    bool known;
};

/* Shared by the handles of one file in this process. */
struct sq_refs {
    struct sq_refs *next;
    pthread_rwlock_t lock;
    unsigned users;
    dev_t dev;
    ino_t ino;
    struct ref_index index[REF_KIND_COUNT];
    struct ref_tail tail[REF_KIND_COUNT];
    int64_t rows[REF_KIND_COUNT]; /* how far the index has seen the rows */
    int64_t extra;                /* how far it has seen ref_extra */
};

struct sq_mark {
    struct sq_state state;
    size_t names;
    size_t journal[REF_KIND_COUNT];
};

struct sq {
    struct store base;
    sqlite3 *db; /* null when reopening failed */
    sqlite3_stmt *stmts[SQ_COUNT];
    char *path;
    int lock_fd;
    struct err failure; /* what spoilt this transaction; code 0 for nothing */
    bool reopen;        /* nothing read through this connection can be trusted any more */
    bool refs_own;
    dev_t dev;
    ino_t ino;
    ino_t wal_ino;
    unsigned char hash_key[HASH_KEY_SIZE];
    struct hash *hash;
    struct sq_refs *refs;
    struct sq_names names;
    struct sq_state state;
    struct sq_mark marks[STORE_DEPTH_MAX + 1];
};

static inline struct sq *sq_of(struct store *s)
{
    return (struct sq *)(void *)s;
}

/* ---- statements: store_sqlite_stmt.c ---- */

/* Remembers that the open transaction cannot be committed; returns the code of e. */
int sq_spoil(struct sq *s, const struct err *e);
/* Maps the last error of the connection, spoils an open transaction, returns the code. */
int sq_error(struct sq *s, int rc, const char *what, struct err *e);
/*
 * A statement ready to step, values bound by format: i int64_t, t struct str, z struct str with
 * null for "", b pointer and size_t, n null. Give it back with sq_done(). One that is being walked
 * already is prepared a second time, so callbacks may call anything.
 */
int sq_open(struct sq *s, enum sq_id id, sqlite3_stmt **ret, struct err *e, const char *format,
            ...);
/* 1 with a row, 0 at the end, negative on error. */
int sq_next(struct sq *s, sqlite3_stmt *stmt, struct err *e);
void sq_done(struct sq *s, enum sq_id id, sqlite3_stmt *stmt);
/* Runs a statement that gives no rows. */
int sq_run(struct sq *s, enum sq_id id, struct err *e, const char *format, ...);
/* A text or blob column; valid until the statement moves on. */
struct str sq_str(sqlite3_stmt *stmt, int column);
void sq_finalize_all(struct sq *s);

/* ---- names: store_sqlite_names.c ---- */

/* The id of a name, added when new; needs a transaction then. */
int sq_name_id(struct sq *s, struct str name, int64_t *ret_id, struct err *e);
/* The id of a known name, -1 for one that was never used. */
int sq_name_find(struct sq *s, struct str name, int64_t *ret_id, struct err *e);
/* The name of an id; ERR_CORRUPT when there is none. */
int sq_name_of(struct sq *s, int64_t id, struct str *ret_name, struct err *e);
int sq_names_load(struct sq *s, struct err *e);
void sq_names_cut(struct sq *s, size_t count);
void sq_names_finish(struct sq *s);

/* ---- reference indexes: store_sqlite_refs.c ---- */

/* Joins the handles of the same file, or makes an index of one's own. */
int sq_refs_attach(struct sq *s, struct err *e);
void sq_refs_detach(struct sq *s);
/* Takes in rows that the index has not seen. */
int sq_refs_catch_up(struct sq *s, struct err *e);
uint32_t sq_event_tag(struct sq *s, struct str source, struct str id);
uint32_t sq_text_tag(struct sq *s, struct str text);
/* The row is the next one of its table; writes a chunk when one is full. */
int sq_ref_append(struct sq *s, enum ref_kind kind, uint32_t tag, int64_t row, struct err *e);
/* A row that exists gets a further tag. */
int sq_ref_also(struct sq *s, enum ref_kind kind, uint32_t tag, int64_t row, struct err *e);
/* Candidates, to be verified by reading the row; at most max. Negative on error. */
int sq_ref_find(struct sq *s, enum ref_kind kind, uint32_t tag, uint32_t *ret_rows, size_t max,
                size_t *ret_count, struct err *e);
void sq_refs_mark(struct sq *s, size_t marks[REF_KIND_COUNT]);
void sq_refs_undo(struct sq *s, const size_t marks[REF_KIND_COUNT]);
void sq_refs_keep(struct sq *s);

/* ---- opening: store_sqlite_open.c, store_sqlite_migrate.c ---- */

int sq_connect(struct sq *s, struct err *e);
void sq_disconnect(struct sq *s);
/* Reads counters and last row numbers. */
int sq_load_state(struct sq *s, struct err *e);
/* Brings the schema up to date; ERR_UNSUPPORTED for a newer one. */
int sq_migrate(struct sq *s, struct err *e);
/* Runs a text of statements without results. */
int sq_exec(struct sq *s, const char *sql, struct err *e);
/* One integer from a query. */
int sq_value(struct sq *s, const char *sql, int64_t *ret_value, struct err *e);
int sq_lock(struct sq *s, struct err *e);
int sq_check(struct store *st, struct err *e);
int sq_file_check(struct store *st, struct err *e);
void sq_close(struct store *st);

/* ---- the operations, by file ---- */

int sq_begin(struct store *st, struct err *e);
int sq_commit(struct store *st, struct err *e);
void sq_rollback(struct store *st);
int sq_savepoint(struct store *st, struct err *e);
int sq_release(struct store *st, struct err *e);
void sq_undo(struct store *st);

int sq_event_append(struct store *st, const struct event_row *row, int64_t *ret_seq,
                    unsigned char *ret_digest, struct err *e);
int sq_event_scan(struct store *st, int64_t after, size_t limit,
                  int (*fn)(void *ctx, const struct event_row *row), void *ctx, struct err *e);
int64_t sq_event_last(struct store *st);
int64_t sq_applied(struct store *st);
int sq_set_applied(struct store *st, int64_t seq, struct err *e);

int sq_case_put(struct store *st, const struct case_row *row, int64_t *ret_id, struct err *e);
int sq_case_by_certificate(struct store *st, struct str certificate, store_case_fn *fn, void *ctx,
                           struct err *e);
int sq_case_by_id(struct store *st, int64_t id, store_case_fn *fn, void *ctx, struct err *e);
int sq_case_by_holder(struct store *st, struct str holder, store_case_fn *fn, void *ctx,
                      struct err *e);
int sq_case_by_end(struct store *st, const struct case_range *range, store_case_fn *fn, void *ctx,
                   struct err *e);
int sq_case_scan(struct store *st, int64_t after, size_t limit, store_case_fn *fn, void *ctx,
                 struct err *e);
/* Verified case ids of a holder, oldest first. */
int sq_case_ids(struct sq *s, struct str holder, int64_t *ret_ids, size_t *ret_count,
                struct err *e);
int sq_case_id(struct sq *s, struct str certificate, int64_t *ret_id, struct err *e);
/* Fills a case from ten columns beginning at `at`. */
void sq_case_decode(sqlite3_stmt *stmt, int at, struct case_row *ret);

int sq_message_add(struct store *st, const struct message_row *row, int64_t *ret_id, struct err *e);
int sq_message_get(struct store *st, int64_t id, store_message_fn *fn, void *ctx, struct err *e);
int sq_message_by_case(struct store *st, int64_t case_id, store_message_fn *fn, void *ctx,
                       struct err *e);
int sq_message_move(struct store *st, const struct message_move *move, struct err *e);
/* Fills a message from the columns of SQ_MESSAGE_GET. */
int sq_message_decode(struct sq *s, sqlite3_stmt *stmt, struct message_row *ret, struct err *e);
/* Calls fn with a message and its case; 0 without a call when it is gone or does not qualify. */
int sq_message_full(struct sq *s, int64_t id,
                    bool (*qualifies)(const void *, const struct due_row *), const void *rule,
                    store_due_fn *fn, void *ctx, struct err *e);

/* A growing list of message ids; free list. */
struct sq_ids {
    int64_t *list;
    size_t count;
    size_t cap;
};

int sq_ids_add(struct sq_ids *ids, int64_t id, struct err *e);
/* Adds the first column of every row. */
int sq_ids_collect(struct sq *s, sqlite3_stmt *stmt, struct sq_ids *ids, struct err *e);
/* Adds the messages of a case, oldest first. */
int sq_ids_of_case(struct sq *s, int64_t case_id, struct sq_ids *ids, struct err *e);

int sq_due(struct store *st, enum channel channel, int64_t now_ms, size_t limit, store_due_fn *fn,
           void *ctx, struct err *e);
int sq_due_between(struct store *st, const struct due_range *range, store_due_fn *fn, void *ctx,
                   struct err *e);
int sq_next_due(struct store *st, enum channel channel, int64_t *ret_ms, struct err *e);
int sq_leased(struct store *st, enum message_state state, int64_t until_ms, size_t limit,
              store_due_fn *fn, void *ctx, struct err *e);
int sq_message_list(struct store *st, const struct message_filter *filter, store_due_fn *fn,
                    void *ctx, struct err *e);
int sq_message_counts(struct store *st, int64_t ret_counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT],
                      struct err *e);
int sq_message_waiting(struct store *st, struct str campaign, int64_t after, int64_t until,
                       store_message_fn *fn, void *ctx, struct err *e);
int sq_campaign_counts(struct store *st, bool held_only, store_count_fn *fn, void *ctx,
                       struct err *e);

/* Adds a line for an attempt that begins; prev is the message's newest line. */
int sq_attempt_add(struct sq *s, const struct attempt_row *row, int64_t prev, int64_t *ret_line,
                   struct err *e);
/* As store_attempt_close, for a message whose newest line is known: mostly that of the attempt. */
int sq_attempt_end(struct sq *s, const struct attempt_row *row, int64_t tail, struct err *e);
int sq_attempt_close(struct store *st, const struct attempt_row *row, struct err *e);
int sq_report_add(struct store *st, const struct report_row *row, struct err *e);
/* Adds the trace line of a move after the line `prev`; ret_line is the new tail. */
int sq_trace_add(struct sq *s, const struct message_move *move, int64_t prev, int64_t *ret_line,
                 struct err *e);
int sq_message_by_provider_ref(struct store *st, struct str provider, struct str provider_ref,
                               int64_t *ret_ids, size_t max, size_t *ret_count, struct err *e);
int sq_timeline(struct store *st, int64_t message_id, const struct timeline_sink *sink,
                struct err *e);

int sq_event_blank(struct store *st, int64_t seq, struct err *e);
int sq_case_remove(struct store *st, int64_t id, struct err *e);
int sq_message_remove(struct store *st, int64_t id, struct err *e);
int sq_message_blank(struct store *st, int64_t id, struct str facts, struct err *e);
int sq_inbox_remove(struct store *st, int64_t id, struct err *e);
int sq_message_scan(struct store *st, int64_t after, bool own, size_t limit, store_message_fn *fn,
                    void *ctx, struct err *e);
int sq_content_scan(struct store *st, int64_t after, int64_t before_ms, size_t limit,
                    store_content_fn *fn, void *ctx, struct err *e);
int sq_scrub(struct store *st, struct err *e);

int sq_key_add(struct store *st, const struct key_row *row, int64_t *ret_id, struct err *e);
int sq_key_revoke(struct store *st, struct str name, int64_t now_ms, struct err *e);
int sq_key_list(struct store *st, int (*fn)(void *ctx, const struct key_row *row), void *ctx,
                struct err *e);
int sq_inbox_add(struct store *st, const struct inbox_row *row, struct err *e);
int sq_inbox_list(struct store *st, int64_t after, size_t limit,
                  int (*fn)(void *ctx, const struct inbox_row *row), void *ctx, struct err *e);
int sq_meta_get(struct store *st, const char *name, void *ret_value, size_t *inout_size,
                struct err *e);
int sq_meta_put(struct store *st, const char *name, const void *value, size_t size, struct err *e);

int sq_record_put(struct store *st, const struct record_row *row, struct err *e);
int sq_record_get(struct store *st, enum record_kind kind, struct str key, store_record_fn *fn,
                  void *ctx, struct err *e);
int sq_record_remove(struct store *st, enum record_kind kind, struct str key, struct err *e);
int sq_record_list(struct store *st, const struct record_range *range, store_record_fn *fn,
                   void *ctx, struct err *e);
