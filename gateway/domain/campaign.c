#include "domain/campaign.h"

/* Without a window reminders go out in the hours of an ordinary one. */
enum { FIRST_MINUTE = 9 * 60, LAST_MINUTE = 17 * 60 };

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
    [PLAN_SKIPPED] = {"skipped", "Bildirim geldiğinde günü geçmişti; bu dizi sonradan göndermez.",
                      "Its day had passed when the fact came; this campaign does not make up for "
                      "it."},
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
        if (marks[i] < 0 || marks[i] > CAMPAIGN_MARK_DAYS_MAX ||
            (i > 0 && marks[i] >= marks[i - 1])) {
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

enum { STEP_CYCLE = 10000, STEP_ESCALATION = 5000 };

int campaign_step(int mark, int cycle, bool escalation)
{
    return cycle * STEP_CYCLE + (escalation ? STEP_ESCALATION : 0) + mark;
}

int campaign_step_mark(int step)
{
    return step % STEP_ESCALATION;
}

int campaign_step_cycle(int step)
{
    return step / STEP_CYCLE;
}

bool campaign_step_escalates(int step)
{
    return step % STEP_CYCLE >= STEP_ESCALATION;
}

int campaign_offset(const struct campaign_rules *rules, uint64_t person)
{
    return rules->spread > 0 ? (int)(person % (uint64_t)rules->spread) : 0;
}

/* What planning one certificate needs at every step. */
struct planning {
    const struct campaign_rules *rules;
    const struct calendar *calendar;
    int64_t end_ms;
    int64_t now_ms;
    struct plan *plan;
};

/*
 * The person's minute of a day: never behind its closing, so that a half day's messages still go
 * out on it.
 */
static int minute_of(const struct planning *p, int64_t day)
{
    static const struct send_window usual = {FIRST_MINUTE, LAST_MINUTE, 12 * 60 + 30};
    const struct send_window *w = p->rules->has_window ? &p->rules->window : &usual;
    int room = calendar_closes(p->calendar, w, day) - calendar_opens(w);

    return calendar_opens(w) + (room > 0 ? p->rules->offset % room : 0);
}

static void lay_step(const struct planning *p, struct plan_step *step, int mark)
{
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
    step->at_ms = istanbul_ms(step->day, minute_of(p, step->day));
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

/* Now, or the person's minute of the day on which the window opens next. */
static int64_t next_time(const struct planning *p)
{
    int64_t at_ms;

    if (!p->rules->has_window) {
        return p->now_ms;
    }
    at_ms = calendar_next_send(p->calendar, &p->rules->window, p->now_ms);
    return at_ms == p->now_ms ? at_ms
                              : istanbul_ms(istanbul_day(at_ms), minute_of(p, istanbul_day(at_ms)));
}

/* The one mark whose time has come before the fact did: now, or when the window opens. */
static void catch_up(const struct planning *p, size_t i)
{
    struct plan_step *step = &p->plan->steps[i];
    const struct plan_step *next = following(p->plan, i);
    bool past = step->day < istanbul_day(p->now_ms);

    if (past && p->rules->past_due == PAST_DUE_SKIP) {
        step->verdict = PLAN_SKIPPED;
        return;
    }
    step->immediate = true;
    step->ask = past && p->rules->past_due == PAST_DUE_ASK;
    step->at_ms = next_time(p);
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
