/*
 * What happens to cases without a fact: their time passes, and the settings they were planned by
 * change. In bites, so that the store stays free for others between them. Store thread, inside the
 * caller's transaction, except where it says otherwise.
 */
#pragma once

#include "flow/apply.h"

enum { REPLAN_BITE = 200 };

struct replan_counts {
    int64_t cases; /* looked at */
    int64_t added;
    int64_t moved;
    int64_t stopped;
    int64_t returned; /* stopped before by another plan, and wanted again */
};

struct replan_expiry {
    const struct apply_env *env;
    bool applications; /* those of long ago too: once a day is enough */
    size_t state;      /* zero all of these to begin */
    int64_t after_ms;
    int64_t after_id;
    int64_t ended; /* out: cases */
    int64_t begun; /* out: cases whose reminders begin */
};

/*
 * Ends the next watching and blocked cases whose last day is over, at most limit: their series stop
 * and the holders are told once. With `applications` also lets cases go on whose application is
 * over (case_tick()). ret_done: there are no more.
 */
int replan_expire(struct store *s, struct replan_expiry *expiry, size_t limit, bool *ret_done,
                  struct err *e);

/* One change, before it is carried out. day is of the time before or after, whichever there is. */
struct replan_seen {
    int kind;             /* enum plan_change_kind */
    const char *campaign; /* "" when it is no longer in the settings */
    enum channel channel;
    int64_t from_ms; /* 0 for what is added or comes back */
    int64_t to_ms;   /* 0 for what stops */
};

struct replan_walk {
    const struct apply_env *env;
    int64_t after;  /* in and out: the last case looked at; 0 from the first */
    bool only_look; /* change nothing; a reading handle will do */
    struct replan_counts counts;
    void (*seen)(void *ctx, const struct replan_seen *change); /* may be null */
    void *ctx;
};

/* Plans the next watching cases anew, at most limit. ret_done: there are no more. */
int replan_bite(struct store *s, struct replan_walk *walk, size_t limit, bool *ret_done,
                struct err *e);

/*
 * The desk's operation: what other campaigns would change in the plan. The body is a list of
 * campaigns, or a configuration whose campaigns and hours are taken; without one, the file of the
 * running configuration is read again. Member: days (1..366). See desk.h.
 */
struct desk_call;
int replan_diff_run(struct desk_call *call, struct err *e);

/*
 * Tells settings apart that plan differently: campaigns, hours, holidays, channels that have a
 * provider. Any thread.
 */
int replan_fingerprint(const struct settings *settings, unsigned char ret[SHA256_SIZE]);
/* The one of the last finished walk over all cases; ERR_NOT_FOUND when there was none. */
int replan_known(struct store *s, unsigned char ret[SHA256_SIZE], struct err *e);
int replan_remember(struct store *s, const unsigned char fingerprint[SHA256_SIZE], struct err *e);
