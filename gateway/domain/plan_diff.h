/*
 * What a new plan changes about the messages of a case: compares what is wished with what is there
 * and says what to add, move, stop or bring back. Only what was never attempted is touched. Pure.
 */
#pragma once

#include "domain/campaign.h"
#include "domain/channel.h"
#include "domain/message.h"

/* A message that exists. */
struct plan_row {
    int64_t id;
    int campaign; /* number in the list of campaigns, -1 when it is no more */
    int step;     /* mark and addressee: equal steps are the same reminder */
    enum channel channel;
    enum message_state state;
    int attempts;
    bool by_plan;    /* held: for a reason of the plan, not by a person or in doubt */
    bool paused;     /* held: while the login is blocked */
    bool may_return; /* message_may_revive() */
    int64_t planned_ms;
    int64_t deadline_ms;
};

/* A message that the plan speaks of; with a verdict other than PLAN_SEND it is not wanted. */
struct plan_wish {
    int campaign;
    int step;
    enum channel channel;
    bool to_institution; /* an escalation, which has a history of its own */
    enum plan_verdict verdict;
    bool immediate;
    bool ask;
    int64_t at_ms;
    int64_t deadline_ms;
};

enum plan_change_kind {
    CHANGE_ADD,    /* wish, no row */
    CHANGE_MOVE,   /* wish and row: another time or deadline */
    CHANGE_REVIVE, /* wish and row: it had been stopped */
    CHANGE_STOP    /* row: nobody wishes it any more */
};

struct plan_change {
    enum plan_change_kind kind;
    size_t wish; /* index; unused for CHANGE_STOP */
    size_t row;  /* index; unused for CHANGE_ADD */
};

/*
 * At most wish_count + row_count changes. A mark that is due at once is not made up for where
 * something of the same campaign, channel and addressee has gone out, or is about to, already.
 */
size_t plan_diff(const struct plan_wish *wishes, size_t wish_count, const struct plan_row *rows,
                 size_t row_count, int64_t now_ms, struct plan_change *ret);
