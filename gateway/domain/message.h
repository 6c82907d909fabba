/*
 * The states of a message and the one table of allowed moves. Stored as small integers: never
 * renumber. Nobody assigns a state: the store moves it through message_may_move().
 */
#pragma once

#include "base/str.h"

/* Why a message is back in the queue: its last provider failed, and not because of it. */
#define MESSAGE_REASON_DOWN    "provider_down"
#define MESSAGE_REASON_ACCOUNT "provider_account"
/* Nobody knows whether it was sent. */
#define MESSAGE_REASON_IN_DOUBT "in_doubt"
/* The provider has had the message before. */
#define MESSAGE_REASON_PROVIDER_HAS_IT "provider_has_it"

enum message_state {
    MESSAGE_PLANNED = 0,     /* due in the future */
    MESSAGE_QUEUED = 1,      /* due, waiting for a provider */
    MESSAGE_SENDING = 2,     /* claimed: an attempt is in flight */
    MESSAGE_ACCEPTED = 3,    /* the provider took it; a report may follow */
    MESSAGE_DELIVERED = 4,   /* final */
    MESSAGE_UNDELIVERED = 5, /* final: the provider could not deliver */
    MESSAGE_HELD = 6,        /* waits for a person or a release */
    MESSAGE_UNKNOWN = 7,     /* may have been sent; the doubt policy decides */
    MESSAGE_FAILED = 8,      /* final: refused for good, or it cannot be sent at all */
    MESSAGE_EXPIRED = 9,     /* final: the deadline passed before it could be sent */
    MESSAGE_CANCELLED = 10,  /* final: the case ended or an operator said so */
    MESSAGE_SUPPRESSED = 11, /* final: policy forbids it */
    MESSAGE_STATE_COUNT
};

const char *message_state_name(enum message_state s);
/* A sentence for people. */
const char *message_state_sentence(enum message_state s, bool turkish);
/* MESSAGE_STATE_COUNT when unknown. */
enum message_state message_state_parse(struct str s);
bool message_may_move(enum message_state from, enum message_state to);
/* No further move is expected by itself (ACCEPTED is not final: a report may come). */
bool message_is_final(enum message_state s);

/*
 * Whether a new plan may bring a message back that was cancelled or expired: only when no attempt
 * was ever made and it ended for a reason that may pass (its case, its time, the plan, an import
 * that was undone), never when a person or a rule about the person said so.
 */
bool message_may_revive(enum message_state s, int attempts, struct str reason);

enum message_urgency { URGENCY_URGENT = 0, URGENCY_EVENT = 1, URGENCY_CAMPAIGN = 2, URGENCY_COUNT };

enum message_flag {
    MESSAGE_POSSIBLE_DUPLICATE = 1, /* an earlier attempt may have reached the person */
    MESSAGE_RESENT = 2,             /* an operator asked for it again */
    MESSAGE_TEST = 4                /* through its provider alone, whatever holds that, and once */
};
