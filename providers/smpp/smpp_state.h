/* What the files of the SMPP back end share. Loop thread. */
#pragma once

#include "domain/backoff.h"
#include "providers/smpp/smpp.h"
#include "providers/smpp/smpp_ids.h"
#include "providers/smpp/smpp_link.h"
#include "providers/smpp/smpp_pdu.h"
#include "providers/smpp/smpp_receipt.h"
#include "providers/smpp/smpp_status.h"

enum {
    SMPP_RULES_MAX = 64,
    SMPP_WINDOW_MAX = 1000,
    SMPP_SLOTS = 4096, /* power of two; more than the window, for late answers */
    SMPP_REFS = 1024,
    SMPP_ACKS_MAX = 1000, /* receipts waiting to be stored; no more are read then */
    SMPP_EARLY = 64
};

enum smpp_phase {
    SMPP_WAITING, /* until reconnect_ms */
    SMPP_CONNECTING,
    SMPP_BINDING,
    SMPP_BOUND,
    SMPP_UNBINDING,
    SMPP_STOPPED /* nothing is connected and nothing will be */
};

/* A submit_sm without an answer; or one given up, whose late answer still tells an id. */
struct smpp_slot {
    struct list node;
    uint32_t sequence; /* 0: free */
    struct smpp_task *task;
    struct smpp_sent *sent; /* held */
    size_t unit;
    int64_t sent_ms;
};

/* A receipt for an id nobody knows (yet): some centres bring it before their answer. */
struct smpp_early {
    struct smpp_receipt receipt; /* id "": free */
    char to[16];
};

/* Refusals in a row whose status is in no table. */
struct smpp_blame {
    int64_t message_id; /* whose the last one was */
    bool many;          /* they were of several messages */
    int run;
};

struct provider {
    const struct provider_host *host;
    const struct smpp_settings *settings;
    struct smpp_status_rule rules[SMPP_RULES_MAX];
    size_t rule_count;
    uv_idle_t now;
    uv_timer_t timer;
    int open_handles;
    struct rng rng;

    enum smpp_phase phase;
    struct smpp_link *link;
    unsigned session; /* counts links: an answer belongs to the link its question came on */
    struct buf input;
    struct buf out; /* encoded, not yet handed to the link */
    struct buf space;
    uint32_t sequence;
    uint32_t bind_sequence;
    uint32_t enquire_sequence; /* 0: none is unanswered */
    uint32_t unbind_sequence;
    int64_t phase_end_ms;   /* when patience with this phase ends */
    int64_t hurry_ms;       /* CONNECTING: when the next address gets its turn */
    int64_t enquire_end_ms; /* and with the enquire_link */
    int64_t heard_ms;
    int64_t bound_ms;
    int64_t attempted_ms; /* the last connection was begun */
    int64_t reconnect_ms;
    int failures;           /* connections in a row */
    bool failing;           /* the last one failed: messages do not wait for the next */
    struct outcome verdict; /* and this is what they are told */
    enum provider_health health;
    bool health_told;
    bool probing;

    struct list jobs;  /* not begun */
    struct list tasks; /* begun, with parts to send */
    struct list flying;
    struct smpp_slot slots[SMPP_SLOTS];
    size_t in_flight;
    size_t active; /* tasks */
    int64_t pause_end_ms;
    int throttles;
    struct smpp_blame blame;
    uint16_t refs[SMPP_REFS]; /* last concatenation reference, by recipient */
    struct sms_part parts[SMS_SEGMENTS_MAX];

    struct smpp_ids *ids;
    struct smpp_early early[SMPP_EARLY];
    size_t early_at; /* the oldest, to be written next */
    size_t acks;
    bool draining;
    bool drained;
    int64_t drain_end_ms;
};

static inline int64_t smpp_now(const struct provider *p)
{
    return (int64_t)uv_now(p->host->loop);
}

/* smpp.c: lets the next turn of the loop look at everything. */
void smpp_wake(struct provider *p);

/* smpp_session.c: the link and what is said on it. */

void smpp_session_connect(struct provider *p);
/* Looks at the clocks: connects, asks, gives up. */
void smpp_session_turn(struct provider *p, int64_t now);
/* The next moment smpp_session_turn() has something to do; INT64_MAX for none. */
int64_t smpp_session_due(const struct provider *p);
/* Ends the link; what was unanswered is in doubt. */
void smpp_session_drop(struct provider *p, const char *why);
void smpp_session_unbind(struct provider *p);
void smpp_session_enquire(struct provider *p);
/* Encodes a unit into p->out. False when the link had to be dropped. */
bool smpp_session_put(struct provider *p, const struct smpp_pdu *pdu);
void smpp_session_flush(struct provider *p);
/* An answer with nothing but its status. */
void smpp_session_answer(struct provider *p, uint32_t command, uint32_t sequence, uint32_t status);
uint32_t smpp_session_next(struct provider *p);
void smpp_session_health(struct provider *p, enum provider_health health, const char *sentence);

/* smpp_window.c: messages on their way. */

/* Sends what the window has room for. */
void smpp_window_pump(struct provider *p, int64_t now);
void smpp_window_answer(struct provider *p, const struct smpp_pdu *pdu);
/* Answers that are overdue will not come. */
void smpp_window_expire(struct provider *p, int64_t now);
int64_t smpp_window_due(const struct provider *p);
/* The link has gone. */
void smpp_window_lost(struct provider *p, const char *why);
/* No link will be there soon: what was not begun is told p->verdict. */
void smpp_window_fail(struct provider *p);
/* Gives back what was not begun. */
void smpp_window_return(struct provider *p);
/* Ends what was begun: in doubt. */
void smpp_window_abandon(struct provider *p, const char *why);

/* smpp_report.c: deliver_sm. */

void smpp_report_take(struct provider *p, const struct smpp_pdu *pdu);
/* An id has become known: reports what was told of it before. */
void smpp_report_early(struct provider *p, const char *id);

/* smpp_blame.c: statuses in no table. */

/* An answer was understood. */
void smpp_blame_clear(struct smpp_blame *b);
/*
 * One was not: RETRY twice; then REJECTED when others were understood meanwhile, else ACCOUNT, so
 * that nobody's message is thrown away for what ails the centre. A message that is alone with such
 * answers does not hold up the others for ever.
 */
enum outcome_class smpp_blame_class(struct smpp_blame *b, const struct provider_job *job);
