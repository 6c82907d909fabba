/*
 * The case: one certificate of one holder, and what its facts mean together.
 *
 * A case file keeps the newest business time of every kind of fact, and the state is computed from
 * these times alone. So facts may come late, early, twice or in any order: the same set of facts
 * gives the same state, and what ended a case cannot be undone by an older or a repeated fact. Only
 * a certificate.expiring with an end at least 60 days later than the known one opens it again:
 * smaller moves are corrections of the same certificate.
 */
#pragma once

#include "domain/fact.h"

/*
 * So long before an end nobody can renew yet what ends then: what is told of a renewal or an
 * application by then is about the certificate at hand, or the one before it.
 */
enum { CASE_FRESH_DAYS = 180 };

/* Stored as small integers: never renumber. */
enum case_state {
    CASE_WATCHING = 0,   /* valid or in its window, nothing known to be done */
    CASE_BLOCKED = 1,    /* the portal refuses the holder's login */
    CASE_APPLIED = 2,    /* application made, the institution's letter awaited */
    CASE_LETTER = 3,     /* letter came, approval awaited */
    CASE_APPROVED = 4,   /* in production or with the courier */
    CASE_DELIVERED = 5,  /* the new card is there */
    CASE_RENEWED = 6,    /* ended: a newer certificate has taken its place */
    CASE_REVOKED = 7,    /* ended */
    CASE_SUSPENDED = 8,  /* ended */
    CASE_DUTY_ENDED = 9, /* ended: the holder needs none any more */
    CASE_EXPIRED = 10, /* its time has passed and nothing was done; an application may still come */
    CASE_STATE_COUNT
};

/* "watching", … */
const char *case_state_name(enum case_state s);
const char *case_state_sentence(enum case_state s, bool turkish);
/* CASE_STATE_COUNT when unknown. */
enum case_state case_state_parse(struct str s);
/* Nothing more is to be said to the holder: ended, by whatever fact. */
bool case_state_is_ended(enum case_state s);
/* The reminder series runs: only while watching. Checked when planning and again when sending. */
bool case_state_reminds(enum case_state s);

/* Texts for the holder by knowledge of e-Onay: A active, E absent, N unknown. */
enum case_series { SERIES_A, SERIES_E, SERIES_N };
enum case_series case_series_of(enum eonay e);
/* "A", "E", "N". */
const char *case_series_name(enum case_series s);

struct case_file {
    struct fact known; /* the details last told; type and time are of the newest fact */
    enum case_state state;
    int64_t seen_ms[EVENT_TYPE_COUNT]; /* newest business time of each kind of fact, 0 for never */
    int64_t end_told_ms;               /* newest fact that told the end */
    int64_t end_since_ms;              /* oldest fact that told of the present certificate */
    int64_t former_told_ms;            /* newest fact before that of the former's end, 0 unknown */
    int64_t renewal_told_ms;           /* oldest renewal that told the present end, 0 none */
    int64_t other_end_ms;              /* latest end among the holder's other certificates */
    int64_t eonay_told_ms;
    int64_t doubted_end_ms; /* a far later end that newer facts speak against, 0 none */
    int64_t doubted_told_ms;
    int64_t blocked_said_ms; /* when the holder was last told of the blocked login */
    int cycle;               /* certificates before this one under the same reference */
    bool extended;           /* an earlier certificate had this reference before */
};

/* How a fact concerns a case. */
enum case_role {
    CASE_SELF,     /* the fact names its certificate, or names only its holder */
    CASE_REPLACED, /* the fact's "replaces" names its certificate */
    CASE_RELATED   /* the fact names another certificate of the same holder */
};

/* One-time messages beside the series. */
enum case_notice {
    NOTICE_NONE,
    NOTICE_BLOCKED,   /* B: ask the Atama şubesi */
    NOTICE_SUBMITTED, /* S: now your institution has to write */
    NOTICE_DELIVERED, /* T: the new card and when it begins to work */
    NOTICE_EXPIRED    /* X: too late, how to begin anew */
};
/* "B", "S", "T", "X", or "" for none. */
const char *case_notice_name(enum case_notice n);

enum case_action {
    CASE_STOP = 1,   /* end every waiting message of the series, with the reason */
    CASE_PLAN = 2,   /* plan the series from the case as it is now (after CASE_STOP when both) */
    CASE_PAUSE = 4,  /* hold every waiting message of the series */
    CASE_RESUME = 8, /* let held messages go on */
    CASE_SERIES = 16 /* e-Onay became known: messages from now on come from another series */
};

struct case_change {
    enum case_state from;
    enum case_state to;
    unsigned actions; /* enum case_action bits */
    enum case_notice notice;
    const char *reason; /* stable code for messages and traces: "renewed", "applied", …; "" none */
    bool stored;        /* the case file differs from before: keep it */
};

/* An empty file: nothing told yet. */
void case_init(struct case_file *c);
/*
 * Puts a fact into the file and tells what follows from it. f->time_ms must be set (the time of
 * receipt when the source gave none). Pure.
 */
void case_apply(struct case_file *c, enum case_role role, const struct fact *f, int64_t now_ms,
                struct case_change *ret);
/*
 * What the mere passing of time does: the end has come; or it has come so near that an application
 * of long ago, which brought the certificate at hand, silences its reminders no more.
 */
void case_tick(struct case_file *c, int64_t now_ms, struct case_change *ret);
/*
 * Whether a step that is known of an application that is over, told again, is the next one's: an
 * earlier step than the furthest of then. The furthest itself may be a word that nobody took away.
 */
bool case_step_begins_anew(const struct case_file *c, enum event_type step, int64_t now_ms);
/*
 * Whether what is told of an application now is about another one than what was said then: that one
 * brought the certificate at hand, which nobody could renew yet.
 */
bool case_application_is_next(const struct case_file *c, int64_t said_ms, int64_t now_ms);
/* The state at a moment to come, when nothing more is told until then. */
enum case_state case_state_at(const struct case_file *c, int64_t at_ms);
bool case_login_is_blocked(const struct case_file *c);
/*
 * A new case takes over what is known about its holder from another case of theirs: e-Onay, a
 * blocked login, its end, the end of duty. Call for every other case of the holder, before
 * case_apply of the fact that begins the case and with known.certificate.ref set.
 */
void case_inherit(struct case_file *c, const struct case_file *other);

/*
 * Another case turns out to be of the same holder: what is known about the holder there holds here
 * too. Pure.
 */
void case_meet(struct case_file *c, const struct case_file *other, int64_t now_ms,
               struct case_change *ret);

/* The file as JSON for the store (case_row.facts) and back. ERR_CORRUPT for foreign bytes. */
int case_write(const struct case_file *c, struct buf *out);
int case_read(struct str text, struct case_file *ret);
