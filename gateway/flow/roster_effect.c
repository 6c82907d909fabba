#include "flow/roster_effect.h"

#include "flow/case_work.h"

#include <stdlib.h>

/* ---- cases ---- */

static int note_case(void *ctx, const struct case_row *row)
{
    struct roster_case *c = ctx;
    int rc = case_read(row->facts, &c->file);

    c->id = row->id;
    c->event_seq = row->event_seq;
    c->fact_ms = row->fact_ms;
    c->known = c->file.known.not_after_ms != 0;
    return rc == 0 ? str_copy(c->certificate, sizeof c->certificate, row->certificate) : rc;
}

int roster_case_load(struct store *s, struct str certificate, struct roster_case *ret,
                     struct err *e)
{
    int rc = store_case_by_certificate(s, certificate, note_case, ret, e);

    if (rc != ERR_NOT_FOUND) {
        return rc;
    }
    ret->known = false;
    ret->id = 0;
    ret->event_seq = 0;
    ret->fact_ms = 0;
    case_init(&ret->file);
    return str_copy(ret->certificate, sizeof ret->certificate, certificate);
}

struct latest {
    int64_t id;
    int64_t end_ms;
};

static int note_latest(void *ctx, const struct case_row *row)
{
    struct latest *latest = ctx;

    if (row->not_after_ms > latest->end_ms) {
        *latest = (struct latest){row->id, row->not_after_ms};
    }
    return 0;
}

int roster_case_of_person(struct store *s, struct str holder, struct roster_case *ret,
                          struct err *e)
{
    struct latest latest = {0, 0};
    int rc = store_case_by_holder(s, holder, note_latest, &latest, e);

    if (rc == 0 && latest.id == 0) {
        return ERR_NOT_FOUND;
    }
    return rc == 0 ? store_case_by_id(s, latest.id, note_case, ret, e) : rc;
}

static int add_other(void *ctx, const struct case_row *row)
{
    struct roster_cases *cases = ctx;

    if (cases->count == ROSTER_CASES_MAX || row->id == cases->list[0].id) {
        return 0;
    }
    return note_case(&cases->list[cases->count++], row);
}

int roster_cases_load(struct store *s, const struct fact *fact, struct roster_cases *ret,
                      struct err *e)
{
    int rc = roster_case_load(s, str_of(fact->certificate.ref), &ret->list[0], e);

    ret->count = 1;
    if (rc == 0 && fact->holder.ref[0] != '\0') {
        rc = store_case_by_holder(s, str_of(fact->holder.ref), add_other, ret, e);
    }
    return rc;
}

/* ---- differences ---- */

static int same_words(const struct fact *a, const struct fact *b)
{
    struct buf left;
    struct buf right;
    int same;

    buf_init(&left, FACT_CANONICAL_MAX);
    buf_init(&right, FACT_CANONICAL_MAX);
    same = fact_canonical(a, &left) == 0 && fact_canonical(b, &right) == 0 &&
           str_eq((struct str){left.data, left.len}, (struct str){right.data, right.len});
    buf_finish(&left);
    buf_finish(&right);
    return same;
}

bool roster_differs(const struct roster_case *known, const struct fact *fact)
{
    const struct case_file *c = &known->file;
    struct fact merged = c->known;

    if (!known->known || istanbul_day(c->known.not_after_ms) != istanbul_day(fact->not_after_ms) ||
        (fact->eonay != EONAY_UNKNOWN && fact->eonay != c->known.eonay)) {
        return true;
    }
    fact_merge(&merged, fact, true);
    return !same_words(&c->known, &merged);
}

bool roster_also_is_news(const struct roster_case *known, enum event_type type, int64_t now_ms)
{
    const struct case_file *c = &known->file;

    if (type == EVENT_LOGIN_BLOCKED) {
        return !case_login_is_blocked(c);
    }
    if (type == EVENT_LOGIN_UNBLOCKED) {
        return case_login_is_blocked(c);
    }
    return c->seen_ms[type] == 0 || (c->extended && c->seen_ms[type] <= c->end_since_ms) ||
           case_step_begins_anew(c, type, now_ms);
}

/* ---- effects ---- */

static int count_waiting(void *ctx, const struct message_row *row)
{
    *(int64_t *)ctx +=
        row->state == MESSAGE_PLANNED || row->state == MESSAGE_QUEUED || row->state == MESSAGE_HELD;
    return 0;
}

static int64_t notices(const struct apply_env *env, const struct fact *known)
{
    const unsigned channels = env->campaign_count > 0 ? env->campaigns[0].channels : 0;

    return ((channels & 1u << CHANNEL_SMS) != 0 && known->holder.phone[0] != '\0') +
           ((channels & 1u << CHANNEL_EMAIL) != 0 && known->holder.email[0] != '\0');
}

static int count_series(struct case_work *w, struct roster_effect *inout)
{
    struct series series;
    int rc = series_compare(w, &series);

    for (size_t i = 0; i < series.change_count && rc == 0; i++) {
        const struct plan_change *c = &series.changes[i];
        bool adds = c->kind == CHANGE_ADD || c->kind == CHANGE_REVIVE;

        inout->gained += adds;
        inout->lost += c->kind == CHANGE_STOP;
        inout->moved += c->kind == CHANGE_MOVE;
    }
    series_finish(&series);
    return rc;
}

/* What the facts ask for, one after the other. */
struct asked {
    bool plans;
    bool stops;
};

static struct asked put_facts(struct case_work *w, enum case_role role,
                              const struct fact *const *facts, size_t count,
                              struct roster_effect *inout)
{
    struct asked asked = {false, false};

    for (size_t i = 0; i < count; i++) {
        const struct fact *f = facts[i];
        enum case_role as = f->certificate.ref[0] == '\0' ? CASE_SELF : role;
        struct case_change change;

        case_apply(&w->file, as, f, w->env->now_ms, &change);
        asked.stops |= (change.actions & CASE_STOP) != 0;
        asked.plans |= (change.actions & CASE_PLAN) != 0 ||
                       (f->type == EVENT_CERTIFICATE_EXPIRING && change.stored && as == CASE_SELF);
        inout->gained += change.notice == NOTICE_NONE ? 0 : notices(w->env, &w->file.known);
    }
    asked.plans = asked.plans && case_state_reminds(w->file.state);
    return asked;
}

static int one_case(struct case_work *w, enum case_role role, const struct fact *const *facts,
                    size_t count, struct roster_effect *inout)
{
    int cycle = w->file.cycle;
    struct asked asked = put_facts(w, role, facts, count, inout);
    int64_t waiting = 0;
    int rc = 0;

    /* What is stopped and planned again in the same cycle is compared as a whole. */
    if (asked.stops && w->id != 0 && (!asked.plans || cycle != w->file.cycle)) {
        rc = store_message_by_case(w->store, w->id, count_waiting, &waiting, w->err);
        inout->lost += waiting;
    }
    return rc == 0 && asked.plans ? count_series(w, inout) : rc;
}

int roster_effect(struct store *s, const struct apply_env *env, const struct roster_cases *cases,
                  const struct fact *const *facts, size_t count, struct roster_effect *inout,
                  struct err *e)
{
    struct case_work *w = malloc(sizeof *w);
    int rc = 0;

    if (w == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to look at a case");
    }
    for (size_t i = 1; i < cases->count; i++) {
        if (!cases->list[0].known) {
            case_inherit(&cases->list[0].file, &cases->list[i].file);
        }
    }
    for (size_t i = 0; i < cases->count && rc == 0; i++) {
        *w = (struct case_work){.store = s, .env = env, .err = e, .id = cases->list[i].id};
        w->file = cases->list[i].file;
        (void)str_copy(w->certificate, sizeof w->certificate, str_of(cases->list[i].certificate));
        rc = one_case(w, i == 0 ? CASE_SELF : CASE_RELATED, facts, count, inout);
    }
    free(w);
    return rc;
}
