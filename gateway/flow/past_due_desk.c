/*
 * The decision that `past_due: ask` waits for: reminders whose day had passed when the fact came
 * are let go, or are not sent at all.
 */
#include "domain/message.h"
#include "flow/apply.h"
#include "flow/audit.h"
#include "flow/control_desk.h"

#include <stdio.h>

/* In one request; the rest is for the next one. */
enum { DECISIONS_MAX = 2000, PAGE = 200 };

struct deciding {
    struct desk_call *call;
    bool send;
    struct message_filter filter;
    size_t seen;  /* of this page */
    size_t moved; /* in all */
    size_t expired;
    struct err *err;
};

/* Its claim looks at case, hours, release and pace again. */
static int decide_one(void *ctx, const struct due_row *due)
{
    struct deciding *d = ctx;
    const struct message_row *row = &due->message;
    const int64_t now = d->call->now_ms;
    struct message_move move = {.id = row->id,
                                .from = row->state,
                                .to = d->send ? MESSAGE_PLANNED : MESSAGE_CANCELLED,
                                .set = SET_REASON | SET_TRACE,
                                .now_ms = now,
                                .reason = STR("operator"),
                                .actor = str_of(d->call->actor)};

    d->seen++;
    d->filter.before_id = row->id;
    if (!str_eqs(row->reason, APPLY_PAST_DUE) || d->moved == DECISIONS_MAX) {
        return 0;
    }
    if (d->send && row->deadline_ms != 0 && row->deadline_ms <= now) {
        move.to = MESSAGE_EXPIRED;
        move.reason = STR("deadline");
        d->expired++;
    } else if (d->send) {
        move.set |= SET_DUE;
        move.due_ms = row->planned_ms > now ? row->planned_ms : now;
        move.to = row->planned_ms > now ? MESSAGE_PLANNED : MESSAGE_QUEUED;
    }
    d->moved++;
    return store_message_move(d->call->store, &move, d->err);
}

static int decide_all(struct deciding *d)
{
    int rc = 0;

    do {
        d->seen = 0;
        rc = store_message_list(d->call->store, &d->filter, decide_one, d, d->err);
    } while (rc == 0 && d->seen == PAGE && d->moved < DECISIONS_MAX);
    return rc;
}

static int note_decision(const struct deciding *d, const char *campaign)
{
    char detail[200];

    (void)snprintf(detail, sizeof detail,
                   "{\"campaign\":\"%s\",\"decision\":\"%s\",\"messages\":%zu,\"expired\":%zu}",
                   campaign, d->send ? "send" : "skip", d->moved, d->expired);
    return audit_add(d->call->store, d->call->actor, "campaign.past_due", str_of(detail),
                     d->call->now_ms, d->err);
}

static void answer(const struct deciding *d)
{
    struct json_writer w;

    jsonw_init(&w, d->call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", d->send ? "send" : "skip");
    jsonw_put_i64(&w, "messages", (int64_t)d->moved);
    jsonw_put_i64(&w, "expired", (int64_t)d->expired);
    jsonw_put_bool(&w, "finished", d->moved < DECISIONS_MAX);
    jsonw_end_object(&w);
    d->call->effects |= DESK_WAKE;
}

int campaign_desk_past_due(struct desk_call *call, struct err *e)
{
    const struct str name = desk_need(call, "name", STORE_NAME_MAX);
    const struct str decision = desk_need(call, "decision", 8);
    const struct conf_campaign *c = control_campaign(call->settings->conf, name);
    struct deciding d = {.call = call,
                         .send = str_eqs(decision, "send"),
                         .filter = {.state = MESSAGE_HELD, .channel = -1, .limit = PAGE},
                         .err = e};
    int rc;

    if (decision.len > 0 && !d.send && !str_eqs(decision, "skip")) {
        (void)faults_add(call->faults, "/decision", "unknown_decision",
                         "\"decision\" send ya da skip olmalı",
                         "\"decision\" has to be send or skip");
    }
    rc = desk_check(call, e);
    if (rc != 0 || c == NULL) {
        return rc != 0 ? rc
                       : desk_refuse(call, ERR_NOT_FOUND, "unknown_campaign", e,
                                     "böyle bir dizi yok", "there is no such campaign");
    }
    d.filter.campaign = str_of(c->name);
    rc = decide_all(&d);
    if (rc == 0 && d.moved == 0) {
        return desk_refuse(call, ERR_WRONG_STATE, "nothing_past_due", e,
                           "bu dizide karar bekleyen ileti yok",
                           "no message of this campaign waits for a decision");
    }
    rc = rc == 0 ? note_decision(&d, c->name) : rc;
    if (rc == 0) {
        answer(&d);
    }
    return rc;
}
