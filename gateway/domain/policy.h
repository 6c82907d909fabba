/*
 * What follows from an outcome: the message's next state and time, and what the provider learns
 * from it. One pure function over a table; nobody else decides.
 */
#pragma once

#include "domain/backoff.h"
#include "domain/message.h"
#include "domain/outcome.h"

/* How long a report is awaited before a message in doubt is sent again. */
enum { POLICY_REPORT_WINDOW_MS = 10 * 60000 };

/* What to do when nobody can say whether an attempt was sent. */
enum on_doubt {
    DOUBT_ASK,    /* ask the provider by our reference, or wait for its report when it reports by
                     itself;    resend when neither tells */
    DOUBT_RESEND, /* send again, flagged as a possible duplicate */
    DOUBT_PARK,   /* keep for a person to decide */
    DOUBT_COUNT
};

/* "ask", "resend", "park"; DOUBT_COUNT when unknown. */
const char *on_doubt_name(enum on_doubt d);
enum on_doubt on_doubt_parse(struct str s);

/* The message as claimed, and the rules of its provider. */
struct policy_message {
    int attempts; /* counted attempts including this one */
    int64_t created_ms;
    int64_t deadline_ms;
    enum message_urgency urgency;
    unsigned flags; /* enum message_flag */
    enum on_doubt on_doubt;
    bool can_ask;      /* the provider can be asked by reference */
    int asks;          /* how often it was asked about this attempt before */
    bool asked;        /* the outcome is the answer to such a question */
    bool other_way;    /* another provider of its route could take it now */
    bool reports;      /* an accepted message is followed by a report */
    bool told_unasked; /* those come by themselves and name our reference */
    bool waited;       /* for one of them, after the fate became unknown */
    int max_unknown;   /* how often it may be sent again in doubt; 0 for the default of 1 */
    int unknowns;      /* how often it was in doubt before */
    struct backoff retry;
    int64_t ask_after_ms;   /* the provider's own indexing delay before it can be asked */
    int64_t report_wait_ms; /* how long a report is awaited */
};

/* What the provider's keeper does with it. */
enum policy_effect {
    EFFECT_NONE = 0,
    EFFECT_SUCCESS = 1,    /* breaker: the path works */
    EFFECT_FAILURE = 2,    /* breaker: the path failed */
    EFFECT_HOLD = 4,       /* hold the provider until a human releases it */
    EFFECT_THROTTLE = 8,   /* nothing more before decision.throttle_until_ms */
    EFFECT_RETRY_COST = 16 /* takes from the retry budget */
};

struct decision {
    enum message_state state;
    int64_t due_ms;     /* QUEUED: when it may be tried again */
    int64_t lease_ms;   /* UNKNOWN: when to ask; ACCEPTED: when to stop waiting
                             for a report, INT64_MAX when none will come */
    const char *reason; /* stable code, "" for none */
    bool counts;        /* the attempt counts; else attempts goes back by one */
    unsigned flags;     /* enum message_flag bits to set */
    unsigned effects;   /* enum policy_effect bits */
    int64_t throttle_until_ms;
};

/* Pure; any thread. */
void policy_settle(const struct policy_message *m, const struct outcome *o, int64_t now_ms,
                   struct rng *rng, struct decision *ret);
/* An attempt whose lease ended without an outcome: after a crash, or lost on the way. */
void policy_lost(const struct policy_message *m, int64_t now_ms, struct rng *rng,
                 struct decision *ret);
