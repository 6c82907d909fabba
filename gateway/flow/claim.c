/*
 * Claiming. Each due message is looked at once more — is the case still open, is there time, is
 * somebody on the way to this person — gets its words and a place in a lane, and is claimed in one
 * transaction. Only then a provider sees it.
 */
#include "base/crash.h"
#include "base/log.h"
#include "flow/dispatch_state.h"
#include "flow/sms_days.h"
#include "flow/suppress.h"

#include <stdio.h>
#include <stdlib.h>

/* As the world waits: an accelerated clock runs through more of its own time meanwhile. */
enum { RECIPIENT_WAIT_MS = 2000, LEASE_MARGIN_MS = 15 * 60000, CLAIM_RETRY_MS = 1000 };

struct claim_job {
    struct store_job job;
    struct channel_state *channel;
    struct list attempts; /* to be sent, or only moved */
    int64_t now_ms;
    bool refused;     /* the lanes are full: there is no use in looking for more */
    int64_t controls; /* version of the picture that the decisions come from */
    bool outdated;    /* somebody has paused or released since: nothing was claimed */
    bool looked;      /* whether any address of the channel is suppressed: */
    bool any_suppressed;
};

/* ---- verdicts without sending ---- */

static void decide(struct attempt *a, enum message_state to, const char *reason, int64_t now_ms)
{
    a->has_move = true;
    a->move = (struct message_move){.id = a->job.message_id,
                                    .from = a->from,
                                    .to = to,
                                    .set = SET_REASON | SET_TRACE,
                                    .now_ms = now_ms,
                                    .reason = str_of(reason),
                                    .actor = STR("policy")};
}

/* The message stays where it is and is looked at again later; that leaves no trace. */
static void postpone(struct attempt *a, int64_t due_ms, int64_t now_ms)
{
    a->has_move = true;
    a->move = (struct message_move){.id = a->job.message_id,
                                    .from = a->from,
                                    .to = a->from,
                                    .set = SET_DUE,
                                    .now_ms = now_ms,
                                    .due_ms = due_ms};
}

/* It was on its way when the case changed, so the fact did not meet it among those that wait. */
static void decide_by_case(struct attempt *a, int64_t now_ms)
{
    a->by_case = true;
    if (a->case_state == CASE_BLOCKED && strcmp(a->campaign, APPLY_NOTICE_CAMPAIGN) != 0) {
        decide(a, MESSAGE_HELD, APPLY_PAUSED, now_ms);
    } else {
        decide(a, MESSAGE_CANCELLED, "case_ended", now_ms);
    }
}

/* A message that cannot be composed never can be, unless only memory was short. */
static void give_reason(struct attempt *a, int rc, enum message_state to, const char *reason,
                        int64_t now_ms)
{
    if (rc == ERR_NOMEM) {
        postpone(a, now_ms + CLAIM_RETRY_MS, now_ms);
    } else {
        decide(a, to, reason, now_ms);
    }
}

/* What a person or the guard has stopped waits where it can be seen, and lets others pass. */
static void stop_at(struct dispatch *d, struct attempt *a, enum control_gate gate, int64_t now_ms)
{
    control_note_held(d);
    decide(a, gate == GATE_CANCELLED ? MESSAGE_CANCELLED : MESSAGE_HELD, control_gate_reason(gate),
           now_ms);
}

/* The last questions, when everything else speaks for sending. */
static bool is_free(struct dispatch *d, struct attempt *a, int64_t now_ms)
{
    a->recipient = hash_of(d->gateway->hash, str_of(a->to));
    if (attempt_recipient_busy(d, a->recipient)) {
        postpone(a, now_ms + clock_span_ms(d->gateway->clock, RECIPIENT_WAIT_MS), now_ms);
        return false;
    }
    if (guard_stops(d, a, now_ms)) {
        stop_at(d, a, GATE_PAUSED, now_ms);
        return false;
    }
    claim_prepare_day(d->gateway, a, now_ms);
    return true;
}

/* True when the message may be sent now; else its move says what becomes of it. */
static bool may_be_sent(struct dispatch *d, struct attempt *a, int64_t now_ms)
{
    const enum control_gate gate = control_gate_of(d, a, now_ms);
    const char *reason = "";
    int64_t due;
    int rc;

    if (!claim_case_allows(a)) {
        decide_by_case(a, now_ms);
    } else if (!claim_is_planned(d->gateway, a)) {
        decide(a, MESSAGE_CANCELLED, APPLY_PLAN_CHANGED, now_ms);
    } else if (a->job.deadline_ms != 0 && a->job.deadline_ms <= now_ms) {
        decide(a, MESSAGE_EXPIRED, "deadline", now_ms);
    } else if (gate != GATE_OPEN) {
        stop_at(d, a, gate, now_ms);
    } else if (claim_outside_hours(d->gateway, a, now_ms, &due)) {
        postpone(a, due, now_ms);
    } else if ((rc = compose_recipient(a, &reason)) != 0) {
        give_reason(a, rc, MESSAGE_SUPPRESSED, reason, now_ms);
    } else {
        return is_free(d, a, now_ms);
    }
    return false;
}

/* ---- a place in a lane ---- */

/* A test goes through its own provider, or nowhere. */
static struct lane *test_lane(struct dispatch *d, struct attempt *a, int64_t now_ms)
{
    struct lane *lane = back_end_lane(d, str_of(a->provider));

    if (lane == NULL || lane->back_end == NULL) {
        decide(a, MESSAGE_FAILED, "provider_gone", now_ms);
        return NULL;
    }
    lane_take_test(lane);
    return lane;
}

static void name_attempt(const struct gateway *g, struct attempt *a)
{
    a->job.attempt = a->number;
    ids_attempt_format(g->ids, a->job.message_id, a->number, a->job.ref);
}

static void prepare(struct channel_state *c, struct attempt *a, struct lane *lane, int64_t now_ms)
{
    struct gateway *g = c->dispatch->gateway;
    const char *reason = "";
    int rc;

    a->lane = lane;
    a->settings = settings_hold(g->settings);
    (void)str_copy(a->provider, sizeof a->provider, str_of(lane->conf->name));
    name_attempt(g, a);
    rc = compose_content(c->dispatch, a, &reason);
    if (rc != 0) {
        lane_give_back(lane, clock_mono_ms(g->clock));
        a->lane = NULL;
        give_reason(a, rc, MESSAGE_FAILED, reason, now_ms);
        return;
    }
    a->claimed_ms = now_ms;
    a->move = (struct message_move){.id = a->job.message_id,
                                    .from = a->from,
                                    .to = MESSAGE_SENDING,
                                    .set = SET_LEASE | SET_PROVIDER | SET_ATTEMPTS | IF_DUE,
                                    .now_ms = now_ms,
                                    .lease_ms = now_ms + clock_span_ms(g->clock, LEASE_MARGIN_MS),
                                    .attempts = a->number,
                                    .provider = str_of(a->provider)};
    guard_count(c->dispatch, a);
    attempt_occupy(c->dispatch, a);
}

/* ---- the transaction ---- */

static int note_seq(void *ctx, const struct case_row *row)
{
    *(int64_t *)ctx = row->event_seq;
    return 0;
}

/* A fact that came after the message was fetched has moved its case on: look again. */
static bool outdated(struct store *s, const struct attempt *a)
{
    struct err unused;
    int64_t seq = 0;

    return a->by_case && store_case_by_id(s, a->case_id, note_seq, &seq, &unused) == 0 &&
           seq != a->case_seq;
}

/* Asked last of all and in the same transaction: an address that was put on the list a moment ago
 * gets nothing any more. */
static int ask_suppression(struct claim_job *j, struct store *s, struct attempt *a, struct err *e)
{
    const unsigned char *key = j->channel->dispatch->gateway->key;
    struct suppress_entry entry = {0};
    int64_t now = a->move.now_ms;
    bool found = false;
    int rc = 0;

    if (!j->looked) {
        rc = suppress_any(s, j->channel->channel, &j->any_suppressed, e);
        j->looked = rc == 0;
    }
    if (rc == 0 && j->any_suppressed && !a->has_move) {
        rc = suppress_check(s, key, a->job.channel, str_of(a->to), now, &entry, &found, e);
    }
    if (rc == 0 && found) {
        decide(a, MESSAGE_SUPPRESSED, suppress_message_reason(entry.reason), now);
        rc = suppress_count(s, &entry, now, e);
    }
    return rc;
}

static bool takes_day(const struct attempt *a)
{
    return !a->has_move && a->next_day_ms != 0;
}

/* The later message of the day waits for the next one; the trace says why. */
static void ask_day(const struct claim_job *j, struct attempt *a)
{
    const struct sms_days *days = j->channel->dispatch->sms_days;

    if (takes_day(a) && sms_days_taken(days, a->recipient, a->job.message_id)) {
        postpone(a, a->next_day_ms, j->now_ms);
        a->move.set |= SET_REASON | SET_TRACE;
        a->move.reason = STR("one_sms_a_day");
        a->move.actor = STR("policy");
    }
}

/* Moves the message, together with its attempt when it is to be sent. */
static int claim_move(struct store *s, struct attempt *a, struct err *e)
{
    const struct attempt_row row = {.message_id = a->job.message_id,
                                    .number = a->number,
                                    .provider = a->move.provider,
                                    .claimed_ms = a->claimed_ms,
                                    .outcome = -1,
                                    .content = {a->content.data, a->content.len}};
    struct message_move move = a->move;
    int rc;

    move.opens = a->has_move ? NULL : &row;
    rc = store_message_move(s, &move, e);
    if (rc == 0 && !a->has_move) {
        a->claimed = true;
        a->from = MESSAGE_SENDING;
    }
    return rc;
}

static int claim_one(struct claim_job *j, struct store *s, struct attempt *a, struct err *e)
{
    struct sms_days *days = j->channel->dispatch->sms_days;
    int rc = outdated(s, a) ? ERR_WRONG_STATE : ask_suppression(j, s, a, e);

    if (rc == 0) {
        ask_day(j, a);
        rc = claim_move(s, a, e);
    }
    return rc != 0 || !takes_day(a) ? rc : sms_days_take(days, a->recipient, a->job.message_id, e);
}

static int claim_all(struct claim_job *j, struct store *s, struct err *e)
{
    list_each(node, &j->attempts)
    {
        struct attempt *a = list_entry(node, struct attempt, job.node);
        int rc = claim_one(j, s, a, e);

        /* Else it was cancelled since it was fetched. */
        if (rc != 0 && rc != ERR_WRONG_STATE && rc != ERR_NOT_FOUND) {
            return rc;
        }
    }
    return 0;
}

/* An e-mail takes nobody's day, so only the channel of SMS asks for the memory of it. */
static int claim_in_day(struct claim_job *j, struct store *s, struct err *e)
{
    struct sms_days *days = j->channel->dispatch->sms_days;
    int rc;

    if (j->channel->channel != CHANNEL_SMS) {
        return claim_all(j, s, e);
    }
    rc = sms_days_begin(days, s, istanbul_day(j->now_ms), e);
    rc = rc == 0 ? claim_all(j, s, e) : rc;
    return rc == 0 ? sms_days_store(days, s, e) : rc;
}

static int claim_work(struct store_job *job, struct store *s, struct err *e)
{
    struct claim_job *j = (struct claim_job *)job;
    int64_t version;
    int rc;

    if (controls_version(s, &version, e) != 0) {
        return e->code;
    }
    j->outdated = version != j->controls;
    if (j->outdated) {
        return 0;
    }
    rc = claim_in_day(j, s, e);
    crash_point("before_claim_commit");
    return rc == 0 ? guard_store_claimed(s, &j->attempts, e) : rc;
}

static void claim_done(struct store_job *job, int status, const struct err *e)
{
    struct claim_job *j = (struct claim_job *)job;
    struct channel_state *c = j->channel;
    struct dispatch *d = c->dispatch;
    struct list claimed;
    struct list *node;

    if (status != 0) {
        log_error("claim_failed", LOG_S("error", e->text));
    } else if (c->channel == CHANNEL_SMS && !j->outdated) {
        sms_days_kept(d->sms_days);
    }
    list_init(&claimed);
    while ((node = list_pop_front(&j->attempts)) != NULL) {
        struct attempt *a = list_entry(node, struct attempt, job.node);

        if (status == 0 && a->claimed) {
            list_push_back(&claimed, node);
            continue;
        }
        if (a->lane != NULL) {
            lane_give_back(a->lane, clock_mono_ms(d->gateway->clock));
            guard_uncount(d, a);
            attempt_release(d, a);
        }
        attempt_free(a);
    }
    if (!list_empty(&claimed)) {
        crash_point("after_claim_commit");
    }
    if (status != 0) {
        dispatch_wait(c, CLAIM_RETRY_MS);
    } else if (j->outdated) {
        dispatch_controls_changed(d);
    }
    dispatch_claimed(c, &claimed, status == 0 && !j->refused);
    free(j);
}

static void give_up(struct channel_state *c, struct list *candidates)
{
    struct list *node;

    while ((node = list_pop_front(candidates)) != NULL) {
        attempt_free(list_entry(node, struct attempt, job.node));
    }
    dispatch_wait(c, CLAIM_RETRY_MS);
    dispatch_claimed(c, candidates, false);
}

/* False when the lanes are full and the message stays due as it is. */
static bool place(struct channel_state *c, struct attempt *a, int64_t now_ms)
{
    struct lane_refusal refusal;
    struct lane *lane;

    if (!may_be_sent(c->dispatch, a, now_ms)) {
        return true;
    }
    if ((a->flags & MESSAGE_TEST) != 0) {
        lane = test_lane(c->dispatch, a, now_ms);
        if (lane != NULL) {
            prepare(c, a, lane, now_ms);
        }
        return true;
    }
    lane = lane_route_pick(c->dispatch, a, &refusal);
    if (lane != NULL) {
        prepare(c, a, lane, now_ms);
    } else if (refusal.message) {
        postpone(a, now_ms + clock_span_ms(c->dispatch->gateway->clock, refusal.wait_ms), now_ms);
    } else {
        dispatch_wait(c, refusal.wait_ms);
        return false;
    }
    return true;
}

void claim_candidates(struct channel_state *c, struct list *candidates)
{
    struct claim_job *j = calloc(1, sizeof *j);
    int64_t now = gateway_now(c->dispatch->gateway);
    struct list *node;

    if (j == NULL) {
        give_up(c, candidates);
        return;
    }
    list_init(&j->attempts);
    while ((node = list_pop_front(candidates)) != NULL) {
        struct attempt *a = list_entry(node, struct attempt, job.node);

        if (place(c, a, now)) {
            list_push_back(&j->attempts, node);
        } else {
            attempt_free(a);
            j->refused = true;
        }
    }
    j->channel = c;
    j->now_ms = now;
    j->controls = c->dispatch->control.picture == NULL ? 0 : c->dispatch->control.picture->version;
    j->job.work = claim_work;
    j->job.done = claim_done;
    store_thread_submit(c->dispatch->gateway->writer, &j->job);
}
