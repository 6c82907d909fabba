/*
 * The controls at work inside the dispatcher: the picture of what is paused, pinned and released,
 * the bites in which messages are let go or stopped after a change, and what each campaign did
 * today, for the guard. Internal to dispatch; loop thread only.
 */
#pragma once

#include "flow/control.h"
#include "flow/guard.h"
#include "flow/settings.h"

struct attempt;
struct dispatch;
struct lane;

struct guard_minute {
    int64_t minute; /* since 1970 */
    int64_t settled;
    int64_t failed;
};

/* What a campaign did today, and whether the guard has just stopped it. */
struct guard_campaign {
    char name[STORE_NAME_MAX + 1];
    struct guard_facts facts;
    struct guard_minute window[GUARD_WINDOW_MIN];
    bool tripped; /* its pause is on the way to the store */
};

struct control_live {
    struct controls *picture; /* null until it has been read once: nothing is claimed before */
    bool stale;               /* something has changed: nothing is claimed until it is read again */
    bool reading;
    bool biting;
    bool bite_again;        /* the picture changed under the bites */
    size_t jobs;            /* guard jobs with the store */
    uv_timer_t timer;       /* when something begins or ends, or is tried again */
    uv_timer_t count_timer; /* held messages are counted */
    bool counting;
    struct lane *pin[CHANNEL_COUNT];
    unsigned told; /* bit per campaign: its waiting for a release was logged */
    int64_t day;   /* of the facts below */
    struct guard_campaign campaigns[SETTINGS_CAMPAIGNS_MAX];
    size_t campaign_count;
};

/* ---- control_live.c ---- */

void control_init(struct dispatch *d);
/* Reads the controls, then opens the gates. */
void control_start(struct dispatch *d);
/* No job of ours is with the store. */
bool control_idle(const struct dispatch *d);
/* Ends the timers; the handles are closed by dispatch_destroy(). */
void control_stop(struct dispatch *d);
void control_finish(struct dispatch *d);
/* May messages of the channel be fetched at all? When not, the timer or a change asks again. */
bool control_open(struct dispatch *d, enum channel channel);
/* The lanes of a channel in their order: the pinned one alone, else the route. */
size_t control_route(const struct dispatch *d, enum channel channel, size_t ret[]);
/* The gate of a message that is about to be claimed; tells once that a campaign waits. */
enum control_gate control_gate_of(struct dispatch *d, const struct attempt *a, int64_t now_ms);
/* A message has just been held: the counts are taken again soon. */
void control_note_held(struct dispatch *d);
/* Whether a channel goes another way than its first provider; tells a change. */
void control_watch_failover(struct dispatch *d, enum channel channel);

/* ---- control_bites.c ---- */

/* Lets go and stops what the picture says, some messages at a time. */
void control_bite(struct dispatch *d);
/* Counts what is held, by reason, for /metrics. */
void control_count_held(struct dispatch *d);

/* ---- guard_live.c ---- */

/* The guard's rules of a campaign. */
struct guard_rules guard_rules_of(const struct conf_campaign *c);
struct guard_campaign *guard_find(struct dispatch *d, const char *campaign);
/* Whether the guard stops the message's campaign now; then its pause is being stored. */
bool guard_stops(struct dispatch *d, const struct attempt *a, int64_t now_ms);
/* A message got its words and its lane: it counts, unless it is given back. */
void guard_count(struct dispatch *d, struct attempt *a);
void guard_uncount(struct dispatch *d, struct attempt *a);
/* Its outcome is decided: what it did not cost after all, and whether it failed. */
void guard_settled(struct dispatch *d, struct attempt *a);
/* The last word about an accepted message has come. */
void guard_reported(struct dispatch *d, const char *campaign, bool failed, int64_t now_ms);
/* What the attempts of a list add to their campaigns' day; store thread. */
int guard_store_claimed(struct store *s, const struct list *attempts, struct err *e);
int guard_store_settled(struct store *s, const struct list *attempts, struct err *e);
