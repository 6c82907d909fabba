/* The reminders of one case: the plan put against the messages there are. */
#include "base/buf.h"
#include "config/conf.h"
#include "flow/case_work.h"
#include "flow/control.h"

#include <stdlib.h>

enum { WISHES_PER_MARK = CHANNEL_COUNT + 1 };

bool series_wanted(const struct case_work *w, const struct apply_campaign *c)
{
    return c->who == NULL || campaign_wants(c->who, &w->file.known);
}

/* ---- what is wished ---- */

/* FNV-1a: where a person stands within a day's spread must never change. */
static uint64_t person_hash(const struct case_work *w)
{
    const char *text =
        w->file.known.holder.ref[0] != '\0' ? w->file.known.holder.ref : w->certificate;
    uint64_t hash = 14695981039346656037u;

    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    }
    return hash ^ hash >> 32;
}

static bool reachable(const struct fact *known, enum channel channel)
{
    return channel == CHANNEL_SMS ? known->holder.phone[0] != '\0' : known->holder.email[0] != '\0';
}

static void wish(struct series *s, const struct plan_step *step, const struct plan_wish *model)
{
    struct plan_wish *w = &s->wishes[s->wish_count++];

    *w = *model;
    w->verdict = step->verdict;
    w->immediate = step->immediate;
    w->ask = step->ask;
    w->at_ms = step->at_ms;
    w->deadline_ms = step->deadline_ms;
}

static void wish_step(const struct case_work *w, struct series *s, size_t campaign, size_t mark,
                      const struct plan_step *step)
{
    const struct apply_campaign *c = &w->env->campaigns[campaign];
    const struct fact *known = &w->file.known;
    const unsigned channels = c->marks != NULL ? c->marks[mark].channels : c->channels;
    struct plan_wish model = {.campaign = (int)campaign,
                              .step = campaign_step(step->mark, w->file.cycle, false)};

    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        model.channel = ch;
        if ((channels & 1u << ch) != 0 && reachable(known, ch)) {
            wish(s, step, &model);
        }
    }
    if (c->marks != NULL && c->marks[mark].escalation.len > 0 &&
        known->institution.email[0] != '\0') {
        model.channel = CHANNEL_EMAIL;
        model.to_institution = true;
        model.step = campaign_step(step->mark, w->file.cycle, true);
        wish(s, step, &model);
    }
}

static void wish_campaign(const struct case_work *w, struct series *s, size_t campaign)
{
    const struct apply_campaign *c = &w->env->campaigns[campaign];
    struct campaign_rules rules = c->rules;
    struct plan plan;

    rules.offset = campaign_offset(&rules, person_hash(w));
    campaign_plan(&rules, w->file.known.not_after_ms, w->env->now_ms, w->env->calendar, &plan);
    for (size_t i = 0; i < plan.count; i++) {
        wish_step(w, s, campaign, i, &plan.steps[i]);
    }
}

static int make_wishes(const struct case_work *w, struct series *s)
{
    size_t room = 0;

    for (size_t i = 0; i < w->env->campaign_count; i++) {
        room += w->env->campaigns[i].rules.mark_count * WISHES_PER_MARK;
    }
    s->wishes = malloc((room + 1) * sizeof *s->wishes);
    if (s->wishes == NULL) {
        return err_set(w->err, ERR_NOMEM, "no memory for a plan");
    }
    for (size_t i = 0; i < w->env->campaign_count && w->file.known.not_after_ms != 0; i++) {
        if (series_wanted(w, &w->env->campaigns[i])) {
            wish_campaign(w, s, i);
        }
    }
    return 0;
}

/* ---- what there is ---- */

struct collecting {
    const struct case_work *work;
    struct series *series;
};

static int number_of(const struct apply_env *env, struct str name)
{
    for (size_t i = 0; i < env->campaign_count; i++) {
        if (str_eqs(name, env->campaigns[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

static bool held_by_plan(struct str reason)
{
    return str_eqs(reason, APPLY_PAUSED) || str_eqs(reason, APPLY_PAST_DUE) ||
           str_eqs(reason, CONTROL_REASON_PAUSED) || str_eqs(reason, CONTROL_REASON_AWAITING);
}

static int collect(void *ctx, const struct message_row *row)
{
    const struct collecting *c = ctx;
    struct series *s = c->series;

    if (row->campaign.len == 0 || str_eqs(row->campaign, APPLY_NOTICE_CAMPAIGN) ||
        campaign_step_cycle(row->step) != c->work->file.cycle) {
        return 0;
    }
    if (s->row_count == s->row_cap) {
        size_t cap = s->row_cap == 0 ? 32 : s->row_cap * 2;
        struct plan_row *rows = realloc(s->rows, cap * sizeof *rows);

        if (rows == NULL) {
            return err_set(c->work->err, ERR_NOMEM, "no memory for the messages of a case");
        }
        s->rows = rows;
        s->row_cap = cap;
    }
    s->rows[s->row_count++] =
        (struct plan_row){.id = row->id,
                          .campaign = number_of(c->work->env, row->campaign),
                          .step = row->step,
                          .channel = row->channel,
                          .state = row->state,
                          .attempts = row->attempts,
                          .by_plan = held_by_plan(row->reason),
                          .paused = str_eqs(row->reason, APPLY_PAUSED),
                          .may_return = message_may_revive(row->state, row->attempts, row->reason),
                          .planned_ms = row->planned_ms,
                          .deadline_ms = row->deadline_ms};
    return 0;
}

static int read_rows(struct case_work *w, struct series *ret)
{
    struct collecting c = {w, ret};

    return store_message_by_case(w->store, w->id, collect, &c, w->err);
}

int series_compare(struct case_work *w, struct series *ret)
{
    int rc;

    *ret = (struct series){.wishes = NULL};
    rc = make_wishes(w, ret);
    rc = rc == 0 ? read_rows(w, ret) : rc;
    if (rc != 0) {
        return rc;
    }
    ret->changes = malloc((ret->wish_count + ret->row_count + 1) * sizeof *ret->changes);
    if (ret->changes == NULL) {
        return err_set(w->err, ERR_NOMEM, "no memory for a plan");
    }
    ret->change_count = plan_diff(ret->wishes, ret->wish_count, ret->rows, ret->row_count,
                                  w->env->now_ms, ret->changes);
    return 0;
}

void series_finish(struct series *s)
{
    free(s->wishes);
    free(s->rows);
    free(s->changes);
}

/* ---- carrying it out ---- */

static enum message_state state_at(const struct case_work *w, const struct plan_wish *wish)
{
    if (wish->ask) {
        return MESSAGE_HELD;
    }
    return wish->at_ms <= w->env->now_ms ? MESSAGE_QUEUED : MESSAGE_PLANNED;
}

static struct str template_of(const struct apply_campaign *c, const struct plan_wish *wish)
{
    int mark = campaign_step_mark(wish->step);

    for (size_t i = 0; wish->to_institution && i < c->rules.mark_count; i++) {
        if (c->marks[i].days == mark) {
            return c->marks[i].escalation;
        }
    }
    return STR(""); /* found when it is sent, by the series of that day */
}

/* When the certificate of the one who releases ends, nobody else can be reminded: they go first. */
static enum message_urgency urgency_of(const struct case_work *w, const struct apply_campaign *c)
{
    const struct apply_env *env = w->env;
    const struct fact *known = &w->file.known;
    const bool approver =
        (env->approver_ref != NULL && strcmp(env->approver_ref, known->holder.ref) == 0) ||
        (env->approver_email != NULL && known->holder.email[0] != '\0' &&
         str_ieq(str_of(env->approver_email), str_of(known->holder.email)));

    return approver && c->urgency > URGENCY_EVENT ? URGENCY_EVENT : c->urgency;
}

/* A reminder exists once per (case, campaign, step, channel). */
static int add(struct case_work *w, const struct plan_wish *wish)
{
    const struct apply_campaign *c = &w->env->campaigns[wish->campaign];
    const struct message_row row = {.case_id = w->id,
                                    .event_seq = w->event_seq,
                                    .campaign = str_of(c->name),
                                    .step = wish->step,
                                    .channel = wish->channel,
                                    .state = state_at(w, wish),
                                    .urgency = urgency_of(w, c),
                                    .template = template_of(c, wish),
                                    .created_ms = w->env->now_ms,
                                    .planned_ms = wish->at_ms,
                                    .due_ms = wish->at_ms,
                                    .deadline_ms = wish->deadline_ms,
                                    .reason = wish->ask ? STR(APPLY_PAST_DUE) : STR(""),
                                    .updated_ms = w->env->now_ms};
    int64_t id;
    int rc = store_message_add(w->store, &row, &id, w->err);

    return rc == ERR_EXISTS ? 0 : rc;
}

static struct message_move traced_move(const struct case_work *w, const struct plan_row *row,
                                       enum message_state to, const char *reason)
{
    return (struct message_move){.id = row->id,
                                 .from = row->state,
                                 .to = to,
                                 .set = SET_REASON | SET_TRACE,
                                 .now_ms = w->env->now_ms,
                                 .reason = str_of(reason),
                                 .actor = str_of(w->actor)};
}

/* What is held stays held, at its new time. */
static int place(struct case_work *w, const struct plan_row *row, const struct plan_wish *wish,
                 const char *reason)
{
    struct message_move move = traced_move(w, row, state_at(w, wish), reason);

    if (row->state == MESSAGE_HELD) {
        move.to = MESSAGE_HELD;
        move.set &= ~(unsigned)SET_REASON;
    } else if (wish->ask) {
        move.reason = STR(APPLY_PAST_DUE);
    }
    move.set |= SET_DUE | SET_PLANNED | SET_DEADLINE;
    move.due_ms = wish->at_ms;
    move.deadline_ms = wish->deadline_ms;
    return store_message_move(w->store, &move, w->err);
}

static int stop(struct case_work *w, const struct plan_row *row, const char *reason)
{
    struct message_move move = traced_move(w, row, MESSAGE_CANCELLED, reason);

    return store_message_move(w->store, &move, w->err);
}

int series_execute(struct case_work *w, const struct series *s, const char *reason)
{
    int rc = 0;

    for (size_t i = 0; i < s->change_count && rc == 0; i++) {
        const struct plan_change *c = &s->changes[i];

        switch (c->kind) {
        case CHANGE_ADD:
            rc = add(w, &s->wishes[c->wish]);
            break;
        case CHANGE_MOVE:
        case CHANGE_REVIVE:
            rc = place(w, &s->rows[c->row], &s->wishes[c->wish], reason);
            break;
        case CHANGE_STOP:
            rc = stop(w, &s->rows[c->row], reason);
            break;
        }
    }
    return rc;
}

int series_plan(struct case_work *w, const char *reason)
{
    struct series s;
    int rc = series_compare(w, &s);

    rc = rc == 0 ? series_execute(w, &s, reason) : rc;
    series_finish(&s);
    return rc;
}

/* ---- pause and resume ---- */

int series_pause(struct case_work *w)
{
    struct series s = {.wishes = NULL};
    int rc = read_rows(w, &s);

    for (size_t i = 0; i < s.row_count && rc == 0; i++) {
        const struct plan_row *row = &s.rows[i];

        if (row->state == MESSAGE_PLANNED || row->state == MESSAGE_QUEUED) {
            struct message_move move = traced_move(w, row, MESSAGE_HELD, APPLY_PAUSED);

            rc = store_message_move(w->store, &move, w->err);
        }
    }
    series_finish(&s);
    return rc;
}

static int resume(struct case_work *w, const struct plan_row *row, const char *reason)
{
    int64_t now = w->env->now_ms;
    struct message_move move = traced_move(w, row, MESSAGE_PLANNED, reason);

    move.due_ms = row->planned_ms;
    move.set |= SET_DUE;
    if (row->deadline_ms <= now) {
        move.to = MESSAGE_EXPIRED;
        move.reason = STR("deadline");
    } else if (row->planned_ms <= now) {
        move.to = MESSAGE_QUEUED;
        move.due_ms = now;
    }
    return store_message_move(w->store, &move, w->err);
}

int series_resume(struct case_work *w, const char *reason)
{
    struct series s = {.wishes = NULL};
    int rc = read_rows(w, &s);

    for (size_t i = 0; i < s.row_count && rc == 0; i++) {
        if (s.rows[i].state == MESSAGE_HELD && s.rows[i].paused) {
            rc = resume(w, &s.rows[i], reason);
        }
    }
    series_finish(&s);
    return rc;
}
