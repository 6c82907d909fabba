/* Notices: what is said once beside the series. */
#include "flow/case_work.h"
#include "text/render.h"

enum { NOTICE_KEEPS_DAYS = 7, NOTICE_REPEAT = 100, NOTICE_REPEATS_MAX = 40 };

enum case_notice apply_step_notice(int step)
{
    return (enum case_notice)(apply_step_mark(step) % NOTICE_REPEAT);
}

int apply_mark_shown(const struct message_row *m)
{
    return str_eqs(m->campaign, APPLY_NOTICE_CAMPAIGN) ? (int)apply_step_notice(m->step)
                                                       : apply_step_mark(m->step);
}

enum case_state apply_notice_state(int step)
{
    switch (apply_step_notice(step)) {
    case NOTICE_BLOCKED:
        return CASE_BLOCKED;
    case NOTICE_SUBMITTED:
        return CASE_APPLIED;
    case NOTICE_DELIVERED:
        return CASE_DELIVERED;
    default:
        return CASE_EXPIRED;
    }
}

static bool reachable(const struct fact *known, enum channel channel)
{
    return channel == CHANNEL_SMS ? known->holder.phone[0] != '\0' : known->holder.email[0] != '\0';
}

/* Its hours and channels hold for the notices too; nobody is told who is in no campaign. */
static const struct apply_campaign *campaign_of(const struct case_work *w)
{
    for (size_t i = 0; i < w->env->campaign_count; i++) {
        if (series_wanted(w, &w->env->campaigns[i])) {
            return &w->env->campaigns[i];
        }
    }
    return NULL;
}

/* The notice that there is already. */
struct returning {
    struct case_work *work;
    const struct message_row *wanted;
};

/*
 * Brings it back when it was stopped before anything was tried; ERR_EXISTS when it was about
 * another application.
 */
static int bring_back(void *ctx, const struct message_row *row)
{
    const struct returning *r = ctx;
    const struct message_row *m = r->wanted;
    const struct message_move move = {.id = row->id,
                                      .from = row->state,
                                      .to = m->state,
                                      .set = SET_DUE | SET_PLANNED | SET_DEADLINE | SET_REASON |
                                             SET_TRACE,
                                      .now_ms = m->created_ms,
                                      .due_ms = m->due_ms,
                                      .deadline_ms = m->deadline_ms,
                                      .actor = str_of(r->work->actor)};

    if (!str_eqs(row->campaign, APPLY_NOTICE_CAMPAIGN) || row->step != m->step ||
        row->channel != m->channel) {
        return 0;
    }
    if (case_application_is_next(&r->work->file, row->created_ms, m->created_ms)) {
        return ERR_EXISTS;
    }
    return message_may_revive(row->state, row->attempts, row->reason)
               ? store_message_move(r->work->store, &move, r->work->err)
               : 0;
}

/* A blocked login may be said again about a certificate, all else once about an application. */
static int add(struct case_work *w, enum case_notice notice, struct message_row *row)
{
    struct returning r = {w, row};
    int rc = ERR_EXISTS;
    int64_t id;

    for (int i = 0; i < NOTICE_REPEATS_MAX && rc == ERR_EXISTS; i++) {
        row->step = apply_step((int)notice + i * NOTICE_REPEAT, w->file.cycle);
        rc = store_message_add(w->store, row, &id, w->err);
        if (rc == ERR_EXISTS && notice != NOTICE_BLOCKED) {
            rc = store_message_by_case(w->store, w->id, bring_back, &r, w->err);
        }
    }
    return rc == ERR_EXISTS ? 0 : rc;
}

int notice_add(struct case_work *w, enum case_notice notice)
{
    const struct apply_campaign *c = campaign_of(w);
    int64_t now = w->env->now_ms;
    int64_t at = now;
    int rc = 0;

    if (c == NULL) {
        return 0;
    }
    if (c->rules.has_window) {
        at = calendar_next_send(w->env->calendar, &c->rules.window, now);
    }
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && rc == 0; ch++) {
        struct message_row row = {.case_id = w->id,
                                  .event_seq = w->event_seq,
                                  .campaign = STR(APPLY_NOTICE_CAMPAIGN),
                                  .channel = ch,
                                  .state = at <= now ? MESSAGE_QUEUED : MESSAGE_PLANNED,
                                  .urgency = URGENCY_EVENT,
                                  .template = str_of(render_template_of_notice(notice)),
                                  .created_ms = now,
                                  .planned_ms = at,
                                  .due_ms = at,
                                  .deadline_ms = at + (int64_t)NOTICE_KEEPS_DAYS * DAY_MS,
                                  .updated_ms = now};

        if ((c->channels & 1u << ch) != 0 && reachable(&w->file.known, ch)) {
            rc = add(w, notice, &row);
        }
    }
    return rc;
}

/* ---- withdrawing ---- */

struct withdrawing {
    struct case_work *work;
    const char *reason;
    size_t withdrawn;
    bool said;
};

static int withdraw(void *ctx, const struct message_row *row)
{
    struct withdrawing *d = ctx;
    const struct message_move move = {.id = row->id,
                                      .from = row->state,
                                      .to = MESSAGE_CANCELLED,
                                      .set = SET_REASON | SET_TRACE,
                                      .now_ms = d->work->env->now_ms,
                                      .reason = str_of(d->reason),
                                      .actor = str_of(d->work->actor)};

    if (!str_eqs(row->campaign, APPLY_NOTICE_CAMPAIGN) ||
        apply_step_notice(row->step) != NOTICE_BLOCKED) {
        return 0;
    }
    if (row->attempts == 0 && (row->state == MESSAGE_PLANNED || row->state == MESSAGE_QUEUED)) {
        d->withdrawn++;
        return store_message_move(d->work->store, &move, d->work->err);
    }
    d->said |= row->created_ms >= d->work->file.blocked_said_ms;
    return 0;
}

int notice_withdraw_blocked(struct case_work *w, const char *reason)
{
    struct withdrawing d = {.work = w, .reason = reason};
    int rc = store_message_by_case(w->store, w->id, withdraw, &d, w->err);

    if (rc == 0 && d.withdrawn > 0 && !d.said) {
        w->file.blocked_said_ms = 0;
    }
    return rc;
}
