#include "domain/campaign.h"

enum { FIRST_MINUTE = 9 * 60, MARK_MAX = 1095 };

const struct campaign_rules campaign_default = {
    .marks = {90, 60, 30, 15, 7, 3, 1},
    .mark_count = 7,
};

static const struct {
    const char *name;
    const char *tr;
    const char *en;
} verdicts[] = {
    [PLAN_SEND] = {"send", "Gönderilecek.", "Will be sent."},
    [PLAN_CLASH] = {"clash", "Daha yakın bir hatırlatma aynı güne düşüyor.",
                    "A nearer reminder falls on the same day."},
    [PLAN_MISSED] = {"missed", "Bildirim geldiğinde günü geçmişti.",
                     "Its day had passed when the fact came."},
    [PLAN_LATE] = {"late", "Bitişten önce gönderilecek zaman kalmıyor.",
                   "No time is left before the end."},
};

const char *plan_verdict_name(enum plan_verdict v)
{
    return verdicts[v].name;
}

const char *plan_verdict_sentence(enum plan_verdict v, bool turkish)
{
    return turkish ? verdicts[v].tr : verdicts[v].en;
}

const char *plan_shift_name(enum plan_shift s)
{
    static const char *const names[] = {"", "weekend", "holiday"};

    return names[s];
}

bool campaign_check_marks(const int *marks, size_t count)
{
    if (count == 0 || count > CAMPAIGN_MARKS_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (marks[i] < 0 || marks[i] > MARK_MAX || (i > 0 && marks[i] >= marks[i - 1])) {
            return false;
        }
    }
    return true;
}

int64_t campaign_opens(int64_t not_after_ms)
{
    struct civil c;
    int length;

    civil_from_days(istanbul_day(not_after_ms), &c);
    c.month -= CAMPAIGN_WINDOW_MONTHS;
    if (c.month < 1) {
        c.month += 12;
        c.year--;
    }
    length = civil_month_length(c.year, c.month);
    return civil_days(c.year, c.month, c.day < length ? c.day : length);
}

/* What planning one certificate needs at every step. */
struct planning {
    const struct campaign_rules *rules;
    const struct calendar *calendar;
    int64_t end_ms;
    int64_t now_ms;
    struct plan *plan;
};

static void lay_step(const struct planning *p, struct plan_step *step, int mark)
{
    int open = p->rules->has_window ? p->rules->window.open : FIRST_MINUTE;
    int64_t target = istanbul_day(p->end_ms) - mark;

    if (target < p->plan->opens) {
        target = p->plan->opens;
    }
    *step = (struct plan_step){.mark = mark, .target = target};
    step->day = calendar_working_day(p->calendar, target, mark > CAMPAIGN_BACKWARD_MARK ? 1 : -1);
    if (step->day != target) {
        step->shift =
            calendar_day(p->calendar, target) == DAY_HOLIDAY ? SHIFT_HOLIDAY : SHIFT_WEEKEND;
    }
    step->at_ms = istanbul_ms(step->day, open < SEND_EARLIEST ? SEND_EARLIEST : open);
}

/*
 * From the smallest mark up: a larger one that falls on the same day, or behind it because one
 * moved forward and the other back, gives way.
 */
static void settle_clashes(const struct planning *p)
{
    int64_t taken = INT64_MAX;

    for (size_t i = p->plan->count; i-- > 0;) {
        struct plan_step *step = &p->plan->steps[i];

        if (step->at_ms >= p->end_ms) {
            step->verdict = PLAN_LATE;
        } else if (step->day >= taken) {
            step->verdict = PLAN_CLASH;
        } else {
            taken = step->day;
        }
    }
}

/* The first step behind i that is sent, or null. */
static const struct plan_step *following(const struct plan *plan, size_t i)
{
    while (++i < plan->count) {
        if (plan->steps[i].verdict == PLAN_SEND) {
            return &plan->steps[i];
        }
    }
    return NULL;
}

/* The one mark whose time has come before the fact did: now, or when the window opens. */
static void catch_up(const struct planning *p, size_t i)
{
    struct plan_step *step = &p->plan->steps[i];
    const struct plan_step *next = following(p->plan, i);

    step->immediate = true;
    step->at_ms = p->rules->has_window
                      ? calendar_next_send(p->calendar, &p->rules->window, p->now_ms)
                      : p->now_ms;
    step->day = istanbul_day(step->at_ms);
    if (step->at_ms >= p->end_ms) {
        step->verdict = PLAN_LATE;
    } else if (next != NULL && step->day >= next->day) {
        step->verdict = PLAN_CLASH;
    }
}

static void settle_past(const struct planning *p)
{
    bool spoken = false;

    for (size_t i = p->plan->count; i-- > 0;) {
        struct plan_step *step = &p->plan->steps[i];

        if (step->verdict != PLAN_SEND || step->at_ms > p->now_ms) {
            continue;
        }
        if (spoken) {
            step->verdict = PLAN_MISSED;
        } else {
            catch_up(p, i);
            spoken = true;
        }
    }
}

static void settle_deadlines(const struct planning *p)
{
    int64_t deadline = p->end_ms;

    for (size_t i = p->plan->count; i-- > 0;) {
        struct plan_step *step = &p->plan->steps[i];

        step->days_left = istanbul_days_left(step->at_ms, p->end_ms);
        step->deadline_ms = deadline;
        if (step->verdict == PLAN_SEND) {
            deadline = step->at_ms;
            p->plan->send_count++;
        }
    }
}

void campaign_plan(const struct campaign_rules *rules, int64_t not_after_ms, int64_t now_ms,
                   const struct calendar *calendar, struct plan *ret)
{
    struct planning p = {rules, calendar, not_after_ms, now_ms, ret};

    *ret = (struct plan){.count = rules->mark_count, .opens = campaign_opens(not_after_ms)};
    for (size_t i = 0; i < ret->count; i++) {
        lay_step(&p, &ret->steps[i], rules->marks[i]);
    }
    settle_clashes(&p);
    settle_past(&p);
    settle_deadlines(&p);
}
