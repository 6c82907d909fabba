#include "flow/operate.h"

#include "base/civil.h"
#include "config/conf.h"
#include "domain/calendar.h"
#include "domain/ids.h"
#include "flow/audit.h"
#include "flow/dispatch.h"
#include "flow/settings.h"

#include <stdio.h>
#include <stdlib.h>

struct operate_job {
    struct store_job job;
    struct gateway *gateway;
    int64_t id;
    int64_t now_ms;
    int64_t opens_ms; /* when something could go out next */
    char actor[AUDIT_ACTOR_MAX + 1];
    char name[IDS_TEXT_SIZE]; /* of the message, for the outside */
    bool resend;
    enum message_state state;
    enum channel channel;
    bool in_doubt; /* an earlier attempt may have arrived, and nobody knows */
    int attempts;
    int64_t deadline_ms;
    operate_done *done;
    void *ctx;
};

static int note_message(void *ctx, const struct message_row *row)
{
    struct operate_job *j = ctx;

    j->state = row->state;
    j->channel = row->channel;
    j->attempts = row->attempts;
    j->deadline_ms = row->deadline_ms;
    return 0;
}

static void note_attempt(void *ctx, const struct attempt_row *row)
{
    struct operate_job *j = ctx;

    j->in_doubt = j->in_doubt || row->outcome < 0 || row->outcome == OUTCOME_UNKNOWN;
}

/* The attempts tell, whatever became of the message since; a provider's word ends the doubt. */
static int look_for_doubt(struct operate_job *j, struct store *s, struct err *e)
{
    const struct timeline_sink sink = {.ctx = j, .attempt = note_attempt};

    if (j->state == MESSAGE_ACCEPTED || j->state == MESSAGE_DELIVERED ||
        j->state == MESSAGE_UNDELIVERED) {
        return 0;
    }
    return store_timeline(s, j->id, &sink, e);
}

static struct message_move move_of(const struct operate_job *j, enum message_state to,
                                   const char *reason)
{
    return (struct message_move){.id = j->id,
                                 .from = j->state,
                                 .to = to,
                                 .set = SET_REASON | SET_TRACE,
                                 .now_ms = j->now_ms,
                                 .reason = str_of(reason),
                                 .actor = str_of(j->actor)};
}

static int cancel_message(struct operate_job *j, struct store *s, struct err *e)
{
    struct message_move move = move_of(j, MESSAGE_CANCELLED, "operator");

    if (j->state == MESSAGE_SENDING || !message_may_move(j->state, MESSAGE_CANCELLED)) {
        return err_set(e, ERR_WRONG_STATE, "a message that is %s cannot be cancelled",
                       message_state_name(j->state));
    }
    return store_message_move(s, &move, e);
}

/*
 * Everything but a message that is on its way already. It gets a day from when it can go out, or
 * the time it had left when that is more. What was held and never tried is not sent again but let
 * go: plan and one SMS a day hold for it as for all others.
 */
static int resend_message(struct operate_job *j, struct store *s, struct err *e)
{
    struct message_move move = move_of(j, MESSAGE_QUEUED, "operator");

    if (j->state == MESSAGE_SENDING || j->state == MESSAGE_QUEUED || j->state == MESSAGE_PLANNED ||
        !message_may_move(j->state, MESSAGE_QUEUED)) {
        return err_set(e, ERR_WRONG_STATE, "a message that is %s cannot be sent again",
                       message_state_name(j->state));
    }
    move.set |= SET_DUE | SET_DEADLINE | SET_FLAGS | SET_LEASE;
    move.due_ms = j->now_ms;
    move.deadline_ms = j->opens_ms + DAY_MS;
    if (j->deadline_ms > move.deadline_ms) {
        move.deadline_ms = j->deadline_ms;
    }
    move.flags = j->state == MESSAGE_HELD && j->attempts == 0 ? 0 : MESSAGE_RESENT;
    move.flags |= j->in_doubt ? MESSAGE_POSSIBLE_DUPLICATE : 0;
    return store_message_move(s, &move, e);
}

static int note_in_audit(const struct operate_job *j, enum message_state was, struct store *s,
                         struct err *e)
{
    char detail[128];

    (void)snprintf(detail, sizeof detail, "{\"message\":\"%s\",\"was\":\"%s\"}", j->name,
                   message_state_name(was));
    return audit_add(s, j->actor, j->resend ? "message.resend" : "message.cancel", str_of(detail),
                     j->now_ms, e);
}

static int operate_work(struct store_job *job, struct store *s, struct err *e)
{
    struct operate_job *j = (struct operate_job *)job;
    int rc = store_message_get(s, j->id, note_message, j, e);

    rc = rc == 0 ? look_for_doubt(j, s, e) : rc;
    if (rc == 0) {
        rc = j->resend ? resend_message(j, s, e) : cancel_message(j, s, e);
    }
    rc = rc == 0 ? note_in_audit(j, j->state, s, e) : rc;
    if (rc == 0) {
        j->state = j->resend ? MESSAGE_QUEUED : MESSAGE_CANCELLED;
    }
    return rc;
}

static void operate_finished(struct store_job *job, int status, const struct err *e)
{
    struct operate_job *j = (struct operate_job *)job;

    if (status == 0 && j->resend && j->gateway->dispatch != NULL) {
        dispatch_kick(j->gateway->dispatch, j->channel);
    }
    j->done(j->ctx, status, j->state, j->in_doubt, e);
    free(j);
}

static int submit(struct gateway *g, int64_t message_id, const char *actor, bool resend,
                  operate_done *done, void *ctx, struct err *e)
{
    struct operate_job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the request");
    }
    j->gateway = g;
    j->id = message_id;
    j->now_ms = gateway_now(g);
    j->opens_ms = calendar_next_send(g->settings->calendar,
                                     g->settings->conf->has_window ? &g->settings->conf->window
                                                                   : &send_window_default,
                                     j->now_ms);
    j->resend = resend;
    j->done = done;
    j->ctx = ctx;
    (void)str_copy(j->actor, sizeof j->actor, str_of(actor));
    ids_message_format(g->ids, message_id, j->name);
    j->job.work = operate_work;
    j->job.done = operate_finished;
    store_thread_submit(g->writer, &j->job);
    return 0;
}

int operate_cancel(struct gateway *g, int64_t message_id, const char *actor, operate_done *done,
                   void *ctx, struct err *e)
{
    return submit(g, message_id, actor, false, done, ctx, e);
}

int operate_resend(struct gateway *g, int64_t message_id, const char *actor, operate_done *done,
                   void *ctx, struct err *e)
{
    return submit(g, message_id, actor, true, done, ctx, e);
}
