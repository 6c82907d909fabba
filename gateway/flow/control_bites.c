/*
 * After a change of the controls the messages that wait follow it: those held are let go or stay,
 * those of what was cancelled are stopped. A few at a time, so that others get their turn with
 * the store.
 */
#include "base/log.h"
#include "flow/dispatch_state.h"

#include <stdlib.h>

enum { HELD_BITE = 200, CANCEL_SLICE = 2000 };

struct bite_job {
    struct store_job job;
    struct dispatch *dispatch;
    struct settings *settings; /* held */
    struct controls *picture;  /* held */
    struct store *store;
    struct err *err;
    int64_t now_ms;
    bool held_done;
    bool walking;      /* through the messages of a cancellation … */
    bool walked;       /* … and now at their end */
    int64_t before_id; /* held messages below this are left */
    size_t seen;
    size_t control;   /* cancellations: which of the picture … */
    int64_t after_id; /* … and how far */
    int64_t last_id;
    size_t stopped; /* by that one */
    size_t released;
    bool done;
};

/* ---- one message ---- */

static struct message_move move_of(const struct bite_job *j, const struct message_row *row,
                                   enum message_state to, const char *reason, const char *actor)
{
    return (struct message_move){.id = row->id,
                                 .from = row->state,
                                 .to = to,
                                 .set = SET_REASON | SET_TRACE,
                                 .now_ms = j->now_ms,
                                 .reason = str_of(reason),
                                 .actor = str_of(actor)};
}

/* Back to its day, or out now; its claim looks at case, hours and pace again. */
static int let_go(struct bite_job *j, const struct message_row *row)
{
    const bool paused = str_eqs(row->reason, CONTROL_REASON_PAUSED);
    struct message_move move =
        move_of(j, row, MESSAGE_PLANNED, paused ? "resumed" : "released", "controls");

    move.set |= SET_DUE;
    move.due_ms = row->planned_ms;
    if (row->deadline_ms != 0 && row->deadline_ms <= j->now_ms) {
        move.to = MESSAGE_EXPIRED;
        move.reason = STR("deadline");
    } else if (row->planned_ms <= j->now_ms) {
        move.to = MESSAGE_QUEUED;
        move.due_ms = j->now_ms;
    }
    j->released++;
    return store_message_move(j->store, &move, j->err);
}

static int stop(struct bite_job *j, const struct message_row *row)
{
    const struct message_move move =
        move_of(j, row, MESSAGE_CANCELLED, CONTROL_REASON_CANCELLED, "controls");

    return store_message_move(j->store, &move, j->err);
}

/* Still held, but for another reason now. */
static int rename_reason(struct bite_job *j, const struct message_row *row, const char *reason)
{
    const struct message_move move = {.id = row->id,
                                      .from = row->state,
                                      .to = row->state,
                                      .set = SET_REASON,
                                      .now_ms = j->now_ms,
                                      .reason = str_of(reason)};

    return str_eqs(row->reason, reason) ? 0 : store_message_move(j->store, &move, j->err);
}

static int look_at_held(void *ctx, const struct due_row *due)
{
    struct bite_job *j = ctx;
    const struct message_row *row = &due->message;
    enum control_gate gate;

    j->seen++;
    j->before_id = row->id;
    if (!str_eqs(row->reason, CONTROL_REASON_PAUSED) &&
        !str_eqs(row->reason, CONTROL_REASON_AWAITING)) {
        return 0; /* held by somebody or something else */
    }
    gate = controls_gate(j->picture, j->settings->conf, row->campaign, row->created_ms, j->now_ms);
    if (gate == GATE_OPEN) {
        return let_go(j, row);
    }
    if (gate == GATE_CANCELLED) {
        return stop(j, row);
    }
    return rename_reason(j, row, control_gate_reason(gate));
}

static int bite_held(struct bite_job *j)
{
    const struct message_filter filter = {
        .state = MESSAGE_HELD, .channel = -1, .before_id = j->before_id, .limit = HELD_BITE};
    int rc;

    j->seen = 0;
    rc = store_message_list(j->store, &filter, look_at_held, j, j->err);
    j->held_done = j->seen < HELD_BITE;
    return rc;
}

/* ---- cancellations ---- */

static bool to_be_stopped(const struct control *c)
{
    return c->verb == CONTROL_CANCEL && c->value[0] == '\0';
}

static int note_last(void *ctx, const struct due_row *row)
{
    *(int64_t *)ctx = row->message.id;
    return 0;
}

/* The record says that the walk is over, unless somebody has changed it meanwhile. */
static int note_done(struct bite_job *j)
{
    const struct control *c = &j->picture->list[j->control];
    struct control now;
    int rc = control_get(j->store, c->subject, j->now_ms, &now, j->err);

    if (rc == 0 && now.verb == CONTROL_CANCEL && now.at_ms == c->at_ms) {
        (void)str_copy(now.value, sizeof now.value, STR("done"));
        rc = control_put_quietly(j->store, &now, j->err);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int begin_walk(struct bite_job *j)
{
    const struct message_filter newest = {.state = -1, .channel = -1, .limit = 1};

    j->walking = true;
    j->after_id = 0;
    j->last_id = 0;
    j->stopped = 0;
    return store_message_list(j->store, &newest, note_last, &j->last_id, j->err);
}

/* Somebody may have ended the cancellation since the picture was taken: what is planned after that
 * is none of ours. */
static int still_cancelled(struct bite_job *j, bool *ret)
{
    const struct control *c = &j->picture->list[j->control];
    struct control now;
    int rc = control_get(j->store, c->subject, j->now_ms, &now, j->err);

    *ret = rc == 0 && now.verb == CONTROL_CANCEL && now.at_ms == c->at_ms;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int bite_cancelled(struct bite_job *j)
{
    const int64_t until = j->after_id + CANCEL_SLICE;
    bool still;
    int rc = still_cancelled(j, &still);

    if (rc != 0 || !still) {
        j->walked = rc == 0;
        return rc;
    }
    rc = j->walking ? 0 : begin_walk(j);
    if (rc == 0) {
        rc = control_stop_waiting(j->store, &j->picture->list[j->control], j->after_id, until,
                                  j->now_ms, &j->stopped, j->err);
        j->after_id = until;
    }
    j->walked = j->after_id >= j->last_id;
    return rc == 0 && j->walked ? note_done(j) : rc;
}

/* ---- the walk over all ---- */

static bool next_cancelled(struct bite_job *j)
{
    while (j->control < j->picture->count && !to_be_stopped(&j->picture->list[j->control])) {
        j->control++;
    }
    return j->control < j->picture->count;
}

static int bite_work(struct store_job *job, struct store *s, struct err *e)
{
    struct bite_job *j = (struct bite_job *)job;

    j->store = s;
    j->err = e;
    if (!j->held_done) {
        return bite_held(j);
    }
    if (next_cancelled(j)) {
        return bite_cancelled(j);
    }
    j->done = true;
    return 0;
}

static void finish(struct bite_job *j)
{
    struct dispatch *d = j->dispatch;
    const bool kick = j->released > 0;

    settings_drop(j->settings);
    controls_drop(j->picture);
    free(j);
    d->control.biting = false;
    if (d->control.bite_again) {
        d->control.bite_again = false;
        control_bite(d);
    }
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && kick; ch++) {
        dispatch_kick(d, ch);
    }
    control_count_held(d);
    dispatch_check_drained(d);
}

/* A walk has come to its end: say so, and go on with the next cancellation. */
static void end_walk(struct bite_job *j)
{
    const struct control *c = &j->picture->list[j->control];

    log_info("cancelled", LOG_S("subject", c->subject), LOG_I("messages", j->stopped),
             LOG_S("by", c->by));
    j->walking = false;
    j->walked = false;
    j->control++;
}

static void bite_done(struct store_job *job, int status, const struct err *e)
{
    struct bite_job *j = (struct bite_job *)job;
    struct dispatch *d = j->dispatch;

    if (status != 0) {
        log_error("controls_not_followed", LOG_S("error", e->text),
                  LOG_S("remedy", "tried again with the next change or start"));
    }
    if (status == 0 && j->walked) {
        end_walk(j);
    }
    if (status != 0 || j->done || d->draining || d->control.bite_again) {
        finish(j);
        return;
    }
    j->now_ms = gateway_now(d->gateway);
    store_thread_submit(d->gateway->writer, &j->job);
}

void control_bite(struct dispatch *d)
{
    struct bite_job *j;

    if (d->control.biting) {
        d->control.bite_again = true;
        return;
    }
    j = d->draining ? NULL : calloc(1, sizeof *j);
    if (j == NULL) {
        return;
    }
    j->dispatch = d;
    j->settings = settings_hold(d->gateway->settings);
    j->picture = controls_hold(d->control.picture);
    j->now_ms = gateway_now(d->gateway);
    j->job.work = bite_work;
    j->job.done = bite_done;
    d->control.biting = true;
    store_thread_submit(d->gateway->writer, &j->job);
}

/* ---- counting ---- */

struct count_job {
    struct store_job job;
    struct dispatch *dispatch;
    struct stats_held held[STATS_HELD_MAX];
    size_t count;
};

/* Reasons are codes of ours; what does not fit goes with the last. */
static int add_held(void *ctx, const struct campaign_count *row)
{
    struct count_job *j = ctx;
    size_t i = 0;

    while (i < j->count &&
           (j->held[i].channel != row->channel || !str_eqs(row->reason, j->held[i].reason))) {
        i++;
    }
    if (i == STATS_HELD_MAX) {
        i--;
    } else if (i == j->count) {
        j->held[i] = (struct stats_held){.channel = row->channel};
        if (str_copy(j->held[i].reason, sizeof j->held[i].reason, row->reason) != 0) {
            (void)str_copy(j->held[i].reason, sizeof j->held[i].reason, STR("other"));
        }
        j->count++;
    }
    j->held[i].count += row->count;
    return 0;
}

static int count_work(struct store_job *job, struct store *s, struct err *e)
{
    return store_campaign_counts(s, true, add_held, job, e);
}

static void count_done(struct store_job *job, int status, const struct err *e)
{
    struct count_job *j = (struct count_job *)job;
    struct dispatch *d = j->dispatch;
    struct stats *stats = &d->gateway->stats;

    d->control.counting = false;
    if (status == 0) {
        memcpy(stats->held, j->held, sizeof j->held);
        stats->held_count = j->count;
    } else {
        log_error("held_not_counted", LOG_S("error", e->text));
    }
    free(j);
    dispatch_check_drained(d);
}

void control_count_held(struct dispatch *d)
{
    struct gateway *g = d->gateway;
    struct count_job *j = d->draining || d->control.counting ? NULL : calloc(1, sizeof *j);

    if (j == NULL) {
        return;
    }
    j->dispatch = d;
    j->job.work = count_work;
    j->job.done = count_done;
    d->control.counting = true;
    store_thread_submit(g->reader != NULL ? g->reader : g->writer, &j->job);
}
