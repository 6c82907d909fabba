/*
 * What people have stopped, pinned or let go, and what the guard has stopped. One record
 * (RECORD_CONTROL) per subject says who, when, until when and why; the automation reads them and
 * never changes what a person has set, it only lets it expire at the time the person gave.
 *
 * Subjects: "all", "channel:sms", "campaign:NAME", "provider:NAME" (pause, drain, lift),
 * "route:sms" (pin), "guard:NAME" (a person's word that holds against the guard for a day).
 */
#pragma once

#include "domain/channel.h"
#include "flow/release.h"

enum {
    CONTROL_SUBJECT_MAX = 60,
    CONTROL_ACTOR_MAX = 80,
    CONTROL_NOTE_MAX = 400,
    CONTROLS_MAX = 128,
    CONTROLS_RELEASES_MAX = 256
};

/* The actor of what the gateway stops by itself. */
#define CONTROL_GUARD "guard"

/* Why a message is held or cancelled. */
#define CONTROL_REASON_PAUSED    "paused"
#define CONTROL_REASON_AWAITING  "awaiting_release"
#define CONTROL_REASON_CANCELLED "campaign_cancelled"
#define CONTROL_REASON_STOPPED   "sending_cancelled" /* a channel, or everything */

/* Kept by name: never rename. */
enum control_verb {
    CONTROL_PAUSE,
    CONTROL_DRAIN,  /* a provider: finish what is in flight, then stand still */
    CONTROL_PIN,    /* a route: this provider and no other */
    CONTROL_CANCEL, /* nothing of the subject that waits is sent any more */
    CONTROL_LIFT,   /* a provider: holds that began before end */
    CONTROL_ALLOW,  /* the guard leaves the campaign alone */
    CONTROL_VERB_COUNT
};

struct control {
    char subject[CONTROL_SUBJECT_MAX + 1];
    enum control_verb verb;
    char value[STORE_NAME_MAX + 1]; /* PIN: the provider; CANCEL: "done" when all is stopped */
    char by[CONTROL_ACTOR_MAX + 1];
    char note[CONTROL_NOTE_MAX + 1];
    int64_t at_ms;
    int64_t until_ms; /* 0: until somebody ends it */
};

/* "pause", "drain", "pin", "cancel", "lift", "allow". */
const char *control_verb_name(enum control_verb v);
/* "campaign:" and the like in front of a name. ERR_LIMIT when it is too long. */
int control_subject(char out[CONTROL_SUBJECT_MAX + 1], const char *kind, struct str name);
bool control_in_force(const struct control *c, int64_t now_ms);
/* JSON of a control as an object. */
void control_write(struct json_writer *w, const struct control *c);

/* ---- records; synchronous, in the caller's transaction when they write ---- */

int control_put(struct store *s, const struct control *c, struct err *e);
/* Without making anybody's picture old: for the dispatcher, which knows already. */
int control_put_quietly(struct store *s, const struct control *c, struct err *e);
/* The one in force; ERR_NOT_FOUND when there is none. */
int control_get(struct store *s, const char *subject, int64_t now_ms, struct control *ret,
                struct err *e);
/* 0 also when there is none. */
int control_remove(struct store *s, const char *subject, struct err *e);

/* The campaign that a control is about, ptr null for all; *ret_channel is -1 for both channels. */
struct str control_reach(const struct control *c, int *ret_channel);
/*
 * Stops what a cancellation finds waiting with after < id <= until, in the caller's transaction;
 * adds how many to *ret_stopped.
 */
int control_stop_waiting(struct store *s, const struct control *cancel, int64_t after,
                         int64_t until, int64_t now_ms, size_t *ret_stopped, struct err *e);
/*
 * Stops all that a cancellation still finds waiting. The dispatcher does that in bites; this is for
 * one that ends before the dispatcher was there, or was done. 0 for any other control.
 */
int control_stop_rest(struct store *s, const struct control *cancel, int64_t now_ms, struct err *e);

/* ---- the picture of all that is in force, for whoever claims messages ---- */

/* Never changed once read; counted by the loop thread, read by any thread that holds it. */
struct controls {
    int holders;
    int64_t version; /* see controls_version() */
    struct control list[CONTROLS_MAX];
    size_t count;
    struct release releases[CONTROLS_RELEASES_MAX]; /* not yet ended */
    size_t release_count;
};

/* Reads what is in force; the caller is the first holder. */
int controls_read(struct store *s, int64_t now_ms, struct controls **ret, struct err *e);
/*
 * ERR_LIMIT when more is in force than a picture holds. Without one nothing is sent, so whoever
 * writes asks before the commit.
 */
int controls_check(struct store *s, int64_t now_ms, struct err *e);
struct controls *controls_hold(struct controls *c);
void controls_drop(struct controls *c); /* accepts null */
/* In force, or null; also for a null picture. */
const struct control *controls_find(const struct controls *c, const char *subject, int64_t now_ms);
/* What stands still as a whole: "all" or the channel; null when it runs. */
const struct control *controls_channel(const struct controls *c, enum channel channel,
                                       int64_t now_ms);
/* When something begins or ends next; INT64_MAX for never. */
int64_t controls_next_ms(const struct controls *c, int64_t now_ms);

enum control_gate { GATE_OPEN, GATE_PAUSED, GATE_AWAITING, GATE_CANCELLED };

/* Whether a message of a campaign, planned at created_ms, may go now. "" and notices need no
 * release. */
enum control_gate controls_gate(const struct controls *c, const struct conf *conf,
                                struct str campaign, int64_t created_ms, int64_t now_ms);
/* The reason that a message gets at a closed gate; "" for an open one. */
const char *control_gate_reason(enum control_gate gate);
/* The campaign's settings, or null. */
const struct conf_campaign *control_campaign(const struct conf *conf, struct str name);
