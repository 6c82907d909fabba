#include "flow/apply.h"

#include "base/log.h"
#include "domain/certificate.h"
#include "flow/person.h"
#include "text/render.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOLDER_CASES_MAX = 64, STEP_CYCLE = 10000 };

/* A case while an event works on it. */
struct open_case {
    int64_t id; /* 0 while it is not stored yet */
    struct case_file file;
    char certificate[FACT_REF_SIZE];
};

struct work {
    struct store *store;
    const struct apply_env *env;
    struct err *err;
    const struct event_row *row;
    struct fact fact;
    char actor[32];
    struct open_case now; /* the case at hand */
};

int apply_step(int mark, int cycle)
{
    return cycle * STEP_CYCLE + mark;
}

int apply_step_mark(int step)
{
    return step % STEP_CYCLE;
}

static int load_case(void *ctx, const struct case_row *row)
{
    struct open_case *c = ctx;

    c->id = row->id;
    (void)str_copy(c->certificate, sizeof c->certificate, row->certificate);
    return case_read(row->facts, &c->file);
}

static int store_case(struct work *w)
{
    struct open_case *c = &w->now;
    struct case_row row = {.id = c->id,
                           .certificate = str_of(c->certificate),
                           .holder = str_of(c->file.known.holder.ref),
                           .state = (int)c->file.state,
                           .eonay = (int)c->file.known.eonay,
                           .not_after_ms = c->file.known.not_after_ms,
                           .fact_ms = w->fact.time_ms,
                           .event_seq = w->row->seq,
                           .updated_ms = w->env->now_ms};
    struct buf facts;
    int rc;

    buf_init(&facts, STORE_BODY_MAX);
    rc = case_write(&c->file, &facts);
    row.facts = (struct str){facts.data, facts.len};
    if (rc == 0) {
        rc = store_case_put(w->store, &row, &c->id, w->err);
    } else {
        rc = err_set(w->err, rc, "case of event %lld does not fit", (long long)w->row->seq);
    }
    buf_finish(&facts);
    return rc;
}

static struct message_row new_message(const struct work *w, const char *campaign, int step,
                                      enum channel channel)
{
    return (struct message_row){.case_id = w->now.id,
                                .event_seq = w->row->seq,
                                .campaign = str_of(campaign),
                                .step = step,
                                .channel = channel,
                                .created_ms = w->env->now_ms,
                                .updated_ms = w->env->now_ms};
}

/* A reminder exists once per (case, campaign, step, channel): planning again adds what is new. */
static int add_message(struct work *w, struct message_row *m, int64_t at_ms, int64_t deadline_ms)
{
    int64_t id;
    int rc;

    m->state = at_ms <= w->env->now_ms ? MESSAGE_QUEUED : MESSAGE_PLANNED;
    m->planned_ms = at_ms;
    m->due_ms = at_ms;
    m->deadline_ms = deadline_ms;
    rc = store_message_add(w->store, m, &id, w->err);
    return rc == ERR_EXISTS ? 0 : rc;
}

static bool reachable(const struct fact *known, enum channel channel)
{
    return channel == CHANNEL_SMS ? known->holder.phone[0] != '\0' : known->holder.email[0] != '\0';
}

static int plan_campaign(struct work *w, const struct apply_campaign *c)
{
    const struct case_file *file = &w->now.file;
    struct plan plan;

    campaign_plan(&c->rules, file->known.not_after_ms, w->env->now_ms, w->env->calendar, &plan);
    for (size_t i = 0; i < plan.count; i++) {
        const struct plan_step *step = &plan.steps[i];

        for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && step->verdict == PLAN_SEND;
             ch++) {
            struct message_row m = new_message(w, c->name, apply_step(step->mark, file->cycle), ch);
            int rc = 0;

            m.urgency = c->urgency;
            if ((c->channels & 1u << ch) != 0 && reachable(&file->known, ch)) {
                rc = add_message(w, &m, step->at_ms, step->deadline_ms);
            }
            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

static int plan_series(struct work *w)
{
    int rc = 0;

    if (w->now.file.known.not_after_ms == 0) {
        return 0;
    }
    for (size_t i = 0; i < w->env->campaign_count && rc == 0; i++) {
        rc = plan_campaign(w, &w->env->campaigns[i]);
    }
    return rc;
}

/* Notices go out at the next opening of the first campaign's window and keep for a week. */
static int add_notice(struct work *w, enum case_notice notice)
{
    const struct apply_campaign *c = w->env->campaign_count > 0 ? &w->env->campaigns[0] : NULL;
    int64_t at = w->env->now_ms;
    int rc = 0;

    if (c == NULL) {
        return 0;
    }
    if (c->rules.has_window) {
        at = calendar_next_send(w->env->calendar, &c->rules.window, at);
    }
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && rc == 0; ch++) {
        struct message_row m =
            new_message(w, APPLY_NOTICE_CAMPAIGN, apply_step((int)notice, w->now.file.cycle), ch);

        m.urgency = URGENCY_EVENT;
        m.template = str_of(render_template_of_notice(notice));
        if ((c->channels & 1u << ch) != 0 && reachable(&w->now.file.known, ch)) {
            rc = add_message(w, &m, at, at + 7LL * DAY_MS);
        }
    }
    return rc;
}

/* ---- pause and resume ---- */

struct waiting {
    int64_t ids[CAMPAIGN_MARKS_MAX * CHANNEL_COUNT * 4];
    enum message_state states[CAMPAIGN_MARKS_MAX * CHANNEL_COUNT * 4];
    int64_t planned[CAMPAIGN_MARKS_MAX * CHANNEL_COUNT * 4];
    int64_t deadlines[CAMPAIGN_MARKS_MAX * CHANNEL_COUNT * 4];
    size_t count;
};

static int collect_waiting(void *ctx, const struct message_row *row)
{
    struct waiting *list = ctx;

    if (row->state != MESSAGE_PLANNED && row->state != MESSAGE_QUEUED &&
        row->state != MESSAGE_HELD) {
        return 0;
    }
    if (row->state == MESSAGE_HELD && !str_eqs(row->reason, APPLY_PAUSED)) {
        return 0; /* in doubt: a person decides */
    }
    if (str_eqs(row->campaign, APPLY_NOTICE_CAMPAIGN) ||
        list->count == sizeof list->ids / sizeof list->ids[0]) {
        return 0;
    }
    list->ids[list->count] = row->id;
    list->states[list->count] = row->state;
    list->planned[list->count] = row->planned_ms;
    list->deadlines[list->count] = row->deadline_ms;
    list->count++;
    return 0;
}

static struct message_move traced_move(const struct work *w, const struct waiting *list, size_t i,
                                       enum message_state to, const char *reason)
{
    return (struct message_move){.id = list->ids[i],
                                 .from = list->states[i],
                                 .to = to,
                                 .set = SET_REASON | SET_TRACE,
                                 .now_ms = w->env->now_ms,
                                 .reason = str_of(reason),
                                 .actor = str_of(w->actor)};
}

static int pause_series(struct work *w)
{
    struct waiting list = {.count = 0};
    int rc = store_message_by_case(w->store, w->now.id, collect_waiting, &list, w->err);

    for (size_t i = 0; i < list.count && rc == 0; i++) {
        struct message_move move = traced_move(w, &list, i, MESSAGE_HELD, APPLY_PAUSED);

        if (list.states[i] != MESSAGE_HELD) {
            rc = store_message_move(w->store, &move, w->err);
        }
    }
    return rc;
}

static int resume_series(struct work *w, const char *reason)
{
    struct waiting list = {.count = 0};
    int64_t now = w->env->now_ms;
    int rc = store_message_by_case(w->store, w->now.id, collect_waiting, &list, w->err);

    for (size_t i = 0; i < list.count && rc == 0; i++) {
        struct message_move move = traced_move(w, &list, i, MESSAGE_PLANNED, reason);

        move.due_ms = list.planned[i];
        move.set |= SET_DUE;
        if (list.deadlines[i] <= now) {
            move.to = MESSAGE_EXPIRED;
        } else if (list.planned[i] <= now) {
            move.to = MESSAGE_QUEUED;
            move.due_ms = now;
        }
        if (list.states[i] == MESSAGE_HELD) {
            rc = store_message_move(w->store, &move, w->err);
        }
    }
    return rc;
}

/* ---- one fact on one case ---- */

static int follow(struct work *w, const struct case_change *change)
{
    bool retold = w->fact.type == EVENT_CERTIFICATE_EXPIRING && change->stored;
    int rc = 0;

    if ((change->actions & CASE_STOP) != 0) {
        rc = store_message_stop_case(w->store, w->now.id, MESSAGE_CANCELLED, str_of(change->reason),
                                     str_of(w->actor), w->env->now_ms, NULL, w->err);
    }
    if (rc == 0 && (change->actions & CASE_PAUSE) != 0) {
        rc = pause_series(w);
    }
    if (rc == 0 && (change->actions & CASE_RESUME) != 0) {
        rc = resume_series(w, change->reason);
    }
    if (rc == 0 && case_state_reminds(w->now.file.state) &&
        ((change->actions & CASE_PLAN) != 0 || retold)) {
        rc = plan_series(w);
    }
    if (rc == 0 && change->notice != NOTICE_NONE) {
        rc = add_notice(w, change->notice);
    }
    return rc;
}

static int apply_to_case(struct work *w, enum case_role role)
{
    struct case_change change;
    int rc = 0;

    case_apply(&w->now.file, role, &w->fact, w->env->now_ms, &change);
    if (change.stored || w->now.id == 0) {
        rc = store_case(w);
    }
    return rc == 0 ? follow(w, &change) : rc;
}

struct siblings {
    int64_t ids[HOLDER_CASES_MAX];
    size_t count;
};

static int collect_sibling(void *ctx, const struct case_row *row)
{
    struct siblings *list = ctx;

    if (list->count < HOLDER_CASES_MAX) {
        list->ids[list->count++] = row->id;
    }
    return 0;
}

static int find_siblings(struct work *w, const char *holder, struct siblings *ret)
{
    ret->count = 0;
    if (holder[0] == '\0') {
        return 0;
    }
    return store_case_by_holder(w->store, str_of(holder), collect_sibling, ret, w->err);
}

/* What is known of the holder from other certificates holds for a new one too. */
static int begin_case(struct work *w, const char *certificate)
{
    struct siblings others;
    int rc = find_siblings(w, w->fact.holder.ref, &others);

    w->now.id = 0;
    case_init(&w->now.file);
    (void)str_copy(w->now.certificate, sizeof w->now.certificate, str_of(certificate));
    for (size_t i = 0; i < others.count && rc == 0; i++) {
        struct open_case other;

        rc = store_case_by_id(w->store, others.ids[i], load_case, &other, w->err);
        if (rc == 0) {
            case_inherit(&w->now.file, &other.file, w->fact.not_after_ms);
        }
    }
    return rc;
}

static int open_certificate(struct work *w, const char *certificate)
{
    int rc = store_case_by_certificate(w->store, str_of(certificate), load_case, &w->now, w->err);

    return rc == ERR_NOT_FOUND ? begin_case(w, certificate) : rc;
}

static int apply_to_siblings(struct work *w, enum case_role role, const char *holder)
{
    struct siblings others;
    int rc = find_siblings(w, holder, &others);

    for (size_t i = 0; i < others.count && rc == 0; i++) {
        rc = store_case_by_id(w->store, others.ids[i], load_case, &w->now, w->err);
        if (rc != 0 || strcmp(w->now.certificate, w->fact.certificate.ref) == 0 ||
            strcmp(w->now.certificate, w->fact.certificate.replaces) == 0) {
            continue;
        }
        rc = apply_to_case(w, role);
    }
    return rc;
}

/*
 * A fact about a person may come before any of their certificates is known. It is kept in a case
 * without an end, from which a later certificate of theirs inherits (begin_case).
 */
static int remember_person(struct work *w, const char *holder)
{
    char name[FACT_REF_SIZE];
    struct siblings others;
    int rc = find_siblings(w, holder, &others);

    if (rc != 0 || others.count > 0 || holder[0] == '\0' ||
        snprintf(name, sizeof name, "person:%s", holder) >= (int)sizeof name) {
        return rc;
    }
    rc = open_certificate(w, name);
    return rc == 0 ? apply_to_case(w, CASE_SELF) : rc;
}

static int apply_fact(struct work *w)
{
    const char *certificate = w->fact.certificate.ref;
    const char *replaces = w->fact.certificate.replaces;
    char holder[FACT_REF_SIZE];
    int rc = 0;

    (void)str_copy(holder, sizeof holder, str_of(w->fact.holder.ref));
    if (certificate[0] != '\0') {
        rc = open_certificate(w, certificate);
        rc = rc == 0 ? apply_to_case(w, CASE_SELF) : rc;
        if (rc == 0 && holder[0] == '\0') {
            (void)str_copy(holder, sizeof holder, str_of(w->now.file.known.holder.ref));
        }
    }
    if (rc == 0 && replaces[0] != '\0') {
        rc = open_certificate(w, replaces);
        rc = rc == 0 ? apply_to_case(w, CASE_REPLACED) : rc;
    }
    if (rc == 0) {
        rc = apply_to_siblings(w, certificate[0] == '\0' ? CASE_SELF : CASE_RELATED, holder);
    }
    return rc == 0 && certificate[0] == '\0' ? remember_person(w, holder) : rc;
}

int apply_event(struct store *s, const struct event_row *row, const struct apply_env *env,
                struct err *e)
{
    struct work *w;
    bool refused;
    int rc;

    if (row->body.len == 0) {
        return 0; /* what it said has been erased */
    }
    w = calloc(1, sizeof *w);
    if (w == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to apply an event");
    }
    w->store = s;
    w->env = env;
    w->err = e;
    w->row = row;
    (void)snprintf(w->actor, sizeof w->actor, "event %lld", (long long)row->seq);
    rc = fact_read_canonical(row->body, &w->fact);
    if (rc != 0) {
        rc = err_set(e, ERR_CORRUPT, "event %lld cannot be read back", (long long)row->seq);
    } else {
        if (w->fact.time_ms == 0) {
            w->fact.time_ms = row->received_ms;
        }
        rc = person_refuse_event(s, env->key, row, &w->fact, env->now_ms, &refused, e);
        rc = rc == 0 && !refused ? apply_fact(w) : rc;
    }
    free(w);
    return rc;
}

/* ---- the backlog ---- */

struct backlog {
    struct store *store;
    const struct apply_env *env;
    struct err *err;
    int64_t applied;
};

static int apply_scanned(void *ctx, const struct event_row *row)
{
    struct backlog *b = ctx;
    int rc = apply_event(b->store, row, b->env, b->err);

    if (rc == ERR_CORRUPT) {
        /* One unreadable event must not stop those behind it; it stays in the log. */
        log_error("event_unreadable", LOG_I("event", row->seq), LOG_S("error", b->err->text));
        rc = 0;
    }
    if (rc == 0) {
        b->applied = row->seq;
    }
    return rc;
}

int apply_backlog(struct store *s, const struct apply_env *env, size_t limit, struct err *e)
{
    int64_t before = store_applied(s);
    struct backlog b = {.store = s, .env = env, .err = e, .applied = before};
    int rc = store_event_scan(s, before, limit, apply_scanned, &b, e);

    if (rc == 0 && b.applied != before) {
        rc = store_set_applied(s, b.applied, e);
    }
    return rc;
}
