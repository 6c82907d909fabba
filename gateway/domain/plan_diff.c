#include "domain/plan_diff.h"

static bool same(const struct plan_wish *w, const struct plan_row *r)
{
    return w->campaign == r->campaign && w->step == r->step && w->channel == r->channel;
}

static const struct plan_row *row_of(const struct plan_wish *w, const struct plan_row *rows,
                                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same(w, &rows[i])) {
            return &rows[i];
        }
    }
    return NULL;
}

static const struct plan_wish *wish_of(const struct plan_row *r, const struct plan_wish *wishes,
                                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same(&wishes[i], r)) {
            return &wishes[i];
        }
    }
    return NULL;
}

/* It waits for its time or for the plan: nothing has been tried, and no person has spoken. */
static bool waits(const struct plan_row *r)
{
    return r->attempts == 0 && (r->state == MESSAGE_PLANNED || r->state == MESSAGE_QUEUED ||
                                (r->state == MESSAGE_HELD && r->by_plan));
}

static bool same_audience(const struct plan_wish *w, const struct plan_row *r)
{
    return w->campaign == r->campaign && w->channel == r->channel &&
           w->to_institution == campaign_step_escalates(r->step);
}

/* What is compared. */
struct comparing {
    const struct plan_wish *wishes;
    size_t wish_count;
    const struct plan_row *rows;
    size_t row_count;
    int64_t now_ms;
};

/* A nearer mark that waits has become due now, so this one has nothing to add. */
static bool spoken_for(const struct comparing *c, const struct plan_row *r)
{
    for (size_t i = 0; i < c->wish_count; i++) {
        const struct plan_wish *w = &c->wishes[i];
        const struct plan_row *nearer = row_of(w, c->rows, c->row_count);

        if (w->verdict == PLAN_SEND && w->immediate && same_audience(w, r) && nearer != NULL &&
            waits(nearer) && campaign_step_mark(w->step) < campaign_step_mark(r->step)) {
            return true;
        }
    }
    return false;
}

/* What its own deadline will end is left to it; else the plan has no place for the row. */
static bool unwanted(const struct comparing *c, const struct plan_row *r)
{
    const struct plan_wish *w = wish_of(r, c->wishes, c->wish_count);

    if (!waits(r) || (w != NULL && w->verdict == PLAN_SEND)) {
        return false;
    }
    return w == NULL || r->planned_ms > c->now_ms || spoken_for(c, r);
}

/* It was due, but its mark has a later day now: it is not about to go out. */
static bool put_off(const struct comparing *c, const struct plan_row *r)
{
    const struct plan_wish *w = wish_of(r, c->wishes, c->wish_count);

    return waits(r) && w != NULL && w->verdict == PLAN_SEND && !w->immediate &&
           w->at_ms > c->now_ms;
}

/* Whether something of the kind has gone out, or is about to. */
static bool has_history(const struct comparing *c, const struct plan_wish *w)
{
    for (size_t i = 0; i < c->row_count; i++) {
        const struct plan_row *r = &c->rows[i];

        if (same_audience(w, r) && !same(w, r) && !r->may_return && r->planned_ms <= c->now_ms &&
            !unwanted(c, r) && !put_off(c, r)) {
            return true;
        }
    }
    return false;
}

/* A mark that is due at once has no time of its own: what waits for its turn stays where it is. */
static bool moves(const struct plan_wish *w, const struct plan_row *r, int64_t now_ms)
{
    if (w->immediate) {
        return r->planned_ms > w->at_ms && r->planned_ms > now_ms;
    }
    return r->planned_ms != w->at_ms || r->deadline_ms != w->deadline_ms;
}

/* True when the wish changes something. */
static bool grant(const struct comparing *c, const struct plan_wish *w, struct plan_change *ret)
{
    const struct plan_row *r = row_of(w, c->rows, c->row_count);

    if (w->verdict != PLAN_SEND) {
        return false;
    }
    if (r != NULL && waits(r)) {
        *ret = (struct plan_change){.kind = CHANGE_MOVE, .row = (size_t)(r - c->rows)};
        return moves(w, r, c->now_ms);
    }
    if (r != NULL && !r->may_return) {
        return false;
    }
    *ret = (struct plan_change){.kind = r == NULL ? CHANGE_ADD : CHANGE_REVIVE,
                                .row = r == NULL ? 0 : (size_t)(r - c->rows)};
    return !w->immediate || !has_history(c, w);
}

size_t plan_diff(const struct plan_wish *wishes, size_t wish_count, const struct plan_row *rows,
                 size_t row_count, int64_t now_ms, struct plan_change *ret)
{
    const struct comparing c = {wishes, wish_count, rows, row_count, now_ms};
    size_t count = 0;

    for (size_t i = 0; i < wish_count; i++) {
        if (grant(&c, &wishes[i], &ret[count])) {
            ret[count++].wish = i;
        }
    }
    for (size_t i = 0; i < row_count; i++) {
        if (unwanted(&c, &rows[i])) {
            ret[count++] = (struct plan_change){.kind = CHANGE_STOP, .row = i};
        }
    }
    return count;
}
