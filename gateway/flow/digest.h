/*
 * Digests: tables of persons for those who have to do something about them. K1 goes to every
 * institution once a week and tells whose certificate ends soon; K2 goes to institutions whose
 * letter is awaited; BI goes to the office's own unit on every working day. They are messages of
 * their own (no case) with the rows as they were when the digest was made.
 *
 * Persons drop out by rule: whoever has the new card, was renewed, revoked or suspended, or whose
 * duty has ended is in no digest. Rows hold name, end and state, nothing else.
 *
 * A digest is made at most once per (kind, institution, period): records (RECORD_DIGEST) are
 * written in the transaction that adds the messages. Periods: K1 the week that begins on the
 * configured day, made late within that week after a standstill and skipped after it; K2 the day,
 * for institutions whose turn it is; BI the day: a day that was missed is skipped, its numbers
 * would be stale.
 */
#pragma once

#include "base/json.h"
#include "config/conf.h"
#include "domain/certificate.h"
#include "flow/settings.h"

struct store;

enum digest_kind { DIGEST_K1, DIGEST_K2, DIGEST_BI, DIGEST_KIND_COUNT };

/* The campaign column of digests; the step is 0. */
#define DIGEST_CAMPAIGN "digest"

/* "k1", "k2", "bi": also the names of the templates. */
const char *digest_kind_name(enum digest_kind kind);
/* DIGEST_KIND_COUNT when unknown. */
enum digest_kind digest_kind_parse(struct str s);
bool digest_enabled(const struct conf *conf, enum digest_kind kind);

/* What decides when; from the settings. */
struct digest_clock {
    const struct calendar *calendar; /* may be null */
    const struct send_window *window;
    int weekday; /* of K1: 0 Monday … 6 Sunday */
    bool trial;  /* at any hour of any day, and the first week at once */
};

struct digest_clock digest_clock_of(const struct settings *s);
/*
 * Whether a digest of this kind is to be made now; last is the period of the last run, 0 for never.
 * ret_period is the first day of the period. Only while the window is open. Pure.
 */
bool digest_is_due(enum digest_kind kind, const struct digest_clock *clock, int64_t last,
                   int64_t now_ms, int64_t *ret_period);
/* The count-th working day after a day. Pure. */
int64_t digest_working_days_after(const struct calendar *calendar, int64_t day, int count);
/* Whether lists of persons may go to this mailbox: its domain is one of the configured. Pure. */
bool digest_mailbox_allowed(const struct option_strings *domains, struct str mailbox);

/* ---- the rows ---- */

/* One person in a digest. Strings live in one block that begins at group. */
struct digest_row {
    char *group;       /* reference of the institution, else its name; "" when it has none */
    char *institution; /* its name */
    char *address_form;
    char *mailbox;
    char *given_name;
    char *family_name;
    int64_t case_id;
    enum case_state state;
    enum eonay eonay;
    int64_t end_ms;
    int64_t since_ms; /* when the step that is awaited began, 0 when unknown */
    int64_t told_ms;  /* newest fact: whose mailbox counts */
    int unreached;    /* enum channel of a message that did not arrive, -1 for none */
};

struct digest_rows {
    struct digest_row *list;
    size_t count;
    size_t cap;
};

enum {
    DIGEST_ROWS_MAX = 100000, /* of all institutions together */
    DIGEST_EXPIRED_DAYS = 28, /* how long somebody is listed whose certificate has ended */
    DIGEST_URGENT_DAYS = 15,  /* C of the BI digest */
    DIGEST_LETTER_DAYS = 2,   /* working days after which a letter is asked for */
    DIGEST_AGAIN_DAYS = 7     /* and asked for again */
};

void digest_rows_finish(struct digest_rows *rows);
/*
 * Reads the rows of a kind from the store, K1 and K2 sorted by institution, end and name in the
 * order of the Turkish alphabet, BI by what is awaited first. since_ms: BI lists messages that
 * failed after it. Errors of the store, ERR_NOMEM, ERR_LIMIT.
 */
int digest_collect(struct store *s, enum digest_kind kind, const struct digest_clock *clock,
                   int64_t days, int64_t since_ms, int64_t now_ms, struct digest_rows *ret,
                   struct err *e);
/* "başvurmadı", … as K1 and BI say it. */
const char *digest_status(enum digest_kind kind, const struct digest_row *row, int64_t now_ms);

/* ---- making ---- */

struct digest_env {
    const struct settings *settings;
    const unsigned char *key; /* of the installation */
    int64_t now_ms;
};

struct digest_result {
    bool ran; /* a period was worked off, perhaps with nothing to say */
    int64_t period;
    int64_t messages;
    int64_t refused; /* institutions whose mailbox is no institution's */
    int64_t missing; /* institutions without any mailbox */
    int64_t persons;
};

/*
 * Makes what is due of a kind, in the caller's transaction. Store thread. Nothing happens when the
 * kind is not enabled or not due.
 */
int digest_run(struct store *s, const struct digest_env *env, enum digest_kind kind,
               struct digest_result *ret, struct err *e);
/* When a kind was last worked off, 0 for never. */
int digest_last_run(struct store *s, enum digest_kind kind, int64_t *ret_ms, int64_t *ret_period,
                    struct err *e);

/* One digest as it would be made. */
struct digest_draft {
    enum digest_kind kind;
    const struct digest_row *rows;
    size_t count;
    int summary[5]; /* BI: letters, awaited, urgent, blocked, undelivered */
    const char *mailbox;
};

/*
 * Calls fn with each digest of a kind as it would be made now, whether it is due or not; only that
 * of one institution (by reference) unless "". Writes nothing.
 */
int digest_preview(struct store *s, const struct digest_env *env, enum digest_kind kind,
                   struct str institution, int (*fn)(void *ctx, const struct digest_draft *draft),
                   void *ctx, struct err *e);
/* Appends the own facts of the message: {"fact":{…},"vars":{},"digest":{…}}. */
int digest_write(const struct digest_draft *draft, const struct digest_env *env, struct buf *out,
                 struct err *e);

/* ---- sending ---- */

/* One more than rows may be configured: the last says how many are left out. */
enum { DIGEST_RENDER_MAX = CONF_DIGEST_ROWS_MAX + 1 };

/*
 * Puts count, days, summary and rows of a digest's facts into ret; strings stay in the document.
 * Does nothing for null.
 */
void digest_read(const struct json *digest, struct render_row rows[DIGEST_RENDER_MAX],
                 struct render_facts *ret);
/* The facts without the rows of a case, in out; ret_count tells how many there were. ERR_INVALID.
 */
int digest_without_case(struct str facts, int64_t case_id, struct buf *out, size_t *ret_count);
