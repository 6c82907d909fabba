/*
 * What the files of dispatch share: the attempt on its way from the store through a lane and back,
 * and the dispatcher's own state. Internal; loop thread only, except where a store job says so.
 */
#pragma once

#include "domain/certificate.h"
#include "domain/ids.h"
#include "domain/policy.h"
#include "flow/control_live.h"
#include "flow/dispatch.h"
#include "flow/lane.h"
#include "flow/settings.h"

enum {
    FETCH_MAX = 512,
    BUSY_BUCKETS = 1024,
    SWEEP_MAX = 256,
    ASK_AFTER_MS = 60000,  /* before a provider is asked what became of an attempt */
    POLL_AFTER_MS = 60000, /* before the first report is fetched */
    ATTEMPT_TO_MAX = 256,
    ATTEMPT_HEADER_ID_MAX = 320
};

/*
 * A message from the moment it is due until its outcome is stored. job.node is its only link: it
 * is on one list at a time.
 */
struct attempt {
    struct provider_job job;
    struct attempt_pool *pool; /* where it goes back to; null: nowhere */
    struct lane *lane;
    struct attempt *busy_next; /* others whose recipient hashes alike */
    uint64_t recipient;

    /* from the store */
    enum message_state from;
    enum message_urgency urgency;
    int64_t case_id;
    int step;
    char campaign[STORE_NAME_MAX + 1];
    char template[STORE_NAME_MAX + 1];
    char provider[STORE_NAME_MAX + 1]; /* of this attempt, or of the last one when a lease ended */
    int64_t created_ms;
    int64_t planned_ms;
    int attempts;      /* counted before this one */
    bool early_report; /* something was reported about this answer before it was stored */
    bool path_failed;  /* the last provider could not be reached, or had trouble of its own */
    int number;        /* of this attempt */
    unsigned flags;
    enum case_state case_state;
    int64_t case_seq; /* the event that last changed the case when it was read */
    int asks;         /* how often the provider was asked about the attempt before */
    struct buf facts; /* JSON of the case or of the message itself */

    /* rendered */
    const struct conf_provider *composed_for; /* the words are there already, as it takes them */
    struct settings *settings; /* held: the job borrows strings from them, a reload may not wait */
    char to[ATTEMPT_TO_MAX];
    int64_t next_day_ms; /* when it may go if this person has had an SMS today; 0: does not count */
    char header_id[ATTEMPT_HEADER_ID_MAX];
    char return_path[ATTEMPT_TO_MAX]; /* the sender on the envelope */
    struct buf wire;                  /* SMS text, or the whole mail */
    struct buf content; /* kept with the attempt: SMS text, or subject and plain text */
    unsigned segments;

    /* the verdict without or after sending */
    struct message_move move;
    bool has_move; /* move is to be stored instead of sending */
    bool by_case;  /* so it was decided by the case as it was read */
    bool claimed;
    bool asking; /* not sent again: the provider is asked what became of it */
    int64_t claimed_ms;
    int64_t submitted_mono_ms;
    struct outcome outcome;
    int64_t settled_ms;

    /* what it adds to its campaign's day, and what it takes back when it is settled */
    int64_t day; /* 0 when the campaign is not counted */
    bool counted;
    int64_t kurus;
    struct guard_day refund;
};

struct channel_state {
    struct dispatch *dispatch;
    enum channel channel;
    uv_timer_t timer;    /* when the next message is due or a lane opens again */
    bool fetching;       /* a fetch or the claim that follows it is with the store */
    bool again;          /* kicked meanwhile */
    struct list offered; /* test messages that go past the queue */
};

struct dispatch {
    struct gateway *gateway;
    struct lane lanes[LANES_MAX];
    size_t lane_count;
    size_t route[CHANNEL_COUNT][ROUTE_MAX]; /* lane numbers in the order of the configuration */
    size_t route_count[CHANNEL_COUNT];
    struct channel_state channels[CHANNEL_COUNT];
    struct attempt *busy[BUSY_BUCKETS]; /* recipients with a message under way */
    size_t attempts;                    /* alive anywhere */
    struct attempt_pool *pool;

    struct list settle_list; /* answered, waiting to be stored */
    size_t settle_count;
    uv_timer_t settle_timer;
    bool settling;
    struct list keep_list; /* for the sink's inbox */
    bool keeping;

    struct composer *composer;
    struct composer *ahead;    /* the store thread's */
    struct sms_days *sms_days; /* of the claim that is with the store */
    struct curlmux *curl;
    uv_timer_t sweep_timer;
    int sweeping;   /* sweep jobs with the store */
    bool lost_left; /* an earlier run left more in flight than one sweep took */

    struct control_live control;

    bool draining;
    bool back_ends_draining;
    size_t back_ends; /* created and not yet destroyed */
    void (*drained)(void *ctx);
    void *drained_ctx;
    int handles; /* open uv handles */
};

/* attempt.c: memory and the recipients under way */
/* Any thread; null without memory. The pool may be null, and outlives what comes from it. */
struct attempt *attempt_create(struct attempt_pool *pool, const struct due_row *row);
void attempt_free(struct attempt *a);              /* loop thread; accepts null */
struct attempt_pool *attempt_pool_create(void);    /* null without memory */
void attempt_pool_free(struct attempt_pool *pool); /* accepts null */
bool attempt_recipient_busy(struct dispatch *d, uint64_t recipient);
void attempt_occupy(struct dispatch *d, struct attempt *a);
void attempt_release(struct dispatch *d, struct attempt *a);

/* compose.c: today's words for a message. 0, or the reason code in ret_reason when it cannot go. */
int compose_recipient(struct attempt *a, const char **ret_reason);
int compose_content(struct dispatch *d, struct attempt *a, const char **ret_reason);
/*
 * The address and the words of an SMS, for the provider that will probably take it, by the store's
 * thread while it reads the message. What cannot be composed is left to the functions above, which
 * say why. The settings are held by the caller.
 */
void compose_ahead(struct composer *c, const struct settings *s,
                   const struct conf_provider *provider, int64_t now_ms, struct attempt *a);
/* What composing needs room for, kept from one message to the next. Null without memory. */
struct composer *composer_create(void);
void composer_free(struct composer *c); /* accepts null */

/* settle.c */
/* Host functions of a back end: ctx is its struct back_end. */
void settle_outcome(void *ctx, struct provider_job *job, const struct outcome *outcome);
void settle_keep(void *ctx, const struct provider_job *job);
bool settle_idle(const struct dispatch *d);
/* Stores what an attempt came to without a provider's word: after a crash, or in doubt. */
void settle_lost(struct dispatch *d, struct attempt *a);

/* sweep.c: attempts whose lease ended: after a crash, in doubt, or waiting for a report */
void sweep_start(struct dispatch *d);
bool sweep_idle(const struct dispatch *d);

/* back_end.c: the running providers behind the lanes */
int back_ends_create(struct dispatch *d, struct curlmux *curl, struct err *e);
void back_ends_reload(struct dispatch *d);
void back_ends_drain(struct dispatch *d);
/* The lane of a configured provider, or null. */
struct lane *back_end_lane(struct dispatch *d, struct str provider);

/* lane_route.c: which lanes may take a message */
struct lane_route {
    struct lane *lanes[ROUTE_MAX]; /* in the order in which they are asked */
    size_t count;
    bool own; /* not the one order that all messages of the channel share */
};

void lane_route_of(struct dispatch *d, const struct attempt *a, struct lane_route *ret);
/* Another lane than the attempt's could take the message now. */
bool lane_route_other(struct dispatch *d, const struct attempt *a);
/*
 * Takes a place in the first lane that can have the message; one whose path failed it before is
 * asked last. Null with a refusal otherwise.
 */
struct lane *lane_route_pick(struct dispatch *d, const struct attempt *a, struct lane_refusal *ret);
/* Campaigns of the channel have routes of their own, or providers share it. */
bool lane_routes_differ(const struct dispatch *d, enum channel channel);
/* What all lanes of the channel could take together, at most want, and when to ask again. */
size_t lane_routes_room(struct dispatch *d, enum channel channel, size_t want,
                        int64_t *ret_wait_ms);

/* claim.c: due messages become attempts that are durable before a provider sees them */
void claim_candidates(struct channel_state *c, struct list *candidates);

/* claim_rules.c: what a due message is asked once more */
bool claim_case_allows(const struct attempt *a);
/* Whether the settings of today still plan it. */
bool claim_is_planned(const struct gateway *g, const struct attempt *a);
/* True when it has to wait for its hours, until ret_due_ms. */
bool claim_outside_hours(const struct gateway *g, const struct attempt *a, int64_t now_ms,
                         int64_t *ret_due_ms);
/* One SMS a day for a person, over all campaigns and notices: sets next_day_ms. */
void claim_prepare_day(const struct gateway *g, struct attempt *a, int64_t now_ms);

/* dispatch.c */
/* A message that is durable and is to be claimed at once, whatever its lane's state. */
void dispatch_offer(struct dispatch *d, struct attempt *a);
/* look: there may be more that can be sent now. */
void dispatch_claimed(struct channel_state *c, struct list *attempts, bool look);
void dispatch_wait(struct channel_state *c, int64_t wait_ms);
void dispatch_check_drained(struct dispatch *d);
