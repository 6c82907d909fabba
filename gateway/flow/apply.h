/*
 * Applying: an event of the log becomes changes of cases and messages, in the order of the log, on
 * the store thread and inside the caller's transaction. What it does depends on the event, the
 * stored cases and the settings alone.
 */
#pragma once

#include "domain/campaign.h"
#include "domain/certificate.h"
#include "store/store.h"

struct settings;
struct conf_mark;
struct campaign_filter;

/* A campaign as the planner wants it. */
struct apply_campaign {
    const char *name;
    struct campaign_rules rules;
    unsigned channels; /* bit per enum channel */
    enum message_urgency urgency;
    const struct conf_mark *marks;     /* one per rules.marks; null: all on all channels */
    const struct campaign_filter *who; /* null: everybody */
};

struct apply_env {
    const struct apply_campaign *campaigns;
    size_t campaign_count;
    const struct calendar *calendar; /* may be null */
    const char *approver_ref;        /* who releases campaigns is reminded before others; … */
    const char *approver_email;      /* … found by either, both may be null */
    const unsigned char *key;        /* of the installation: finds erased persons; null: nobody */
    int64_t now_ms;
};

/* The campaign column of one-time notices (B, S, T, X). */
#define APPLY_NOTICE_CAMPAIGN "notice"

/* Why a message is held while the login of its holder is blocked. */
#define APPLY_PAUSED "blocked"
/* Why a message is held whose day had passed when the fact came, and a person is to decide. */
#define APPLY_PAST_DUE "past_due"
/* Why a message is cancelled, or moved, that the settings of today do not plan so. */
#define APPLY_PLAN_CHANGED "plan_changed"

/* A mark (or notice) of the case's n-th certificate as a message's step, and back. */
int apply_step(int mark, int cycle);
int apply_step_mark(int step);
/* The notice that has this step, however often it was said before; and the state it speaks of. */
enum case_notice apply_step_notice(int step);
enum case_state apply_notice_state(int step);
/* The mark, or notice, that people are shown. */
int apply_mark_shown(const struct message_row *m);

/* Applies one event; 0 or the store's error. */
int apply_event(struct store *s, const struct event_row *row, const struct apply_env *env,
                struct err *e);
/* Applies up to limit events behind store_applied() and moves it. */
int apply_backlog(struct store *s, const struct apply_env *env, size_t limit, struct err *e);
