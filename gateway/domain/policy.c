#include "domain/policy.h"

/*
 * URGENT_CAP: an urgent message never waits longer than a minute of its own accord. ASKS_MAX: a
 * provider that cannot tell after so many questions will not tell.
 */
enum { URGENT_CAP_MS = 60000, ASKS_MAX = 5, UNKNOWN_MAX = 1, ASK_FLOOR_MS = 1000 };

static const char *const doubt_names[DOUBT_COUNT] = {"ask", "resend", "park"};

const char *on_doubt_name(enum on_doubt d)
{
    return d < DOUBT_COUNT ? doubt_names[d] : "?";
}

enum on_doubt on_doubt_parse(struct str s)
{
    enum on_doubt d = DOUBT_ASK;

    while (d < DOUBT_COUNT && !str_eqs(s, doubt_names[d])) {
        d++;
    }
    return d;
}

/* What one decision is made from. */
struct deciding {
    const struct policy_message *m;
    const struct outcome *o;
    int64_t now_ms;
    struct rng *rng;
    struct decision *ret;
};

static int64_t backoff_wait(const struct deciding *d, int attempt)
{
    struct backoff rules = d->m->retry;

    if (d->m->urgency == URGENCY_URGENT && rules.cap_ms > URGENT_CAP_MS) {
        rules.cap_ms = URGENT_CAP_MS;
    }
    return backoff_full(&rules, attempt, d->rng);
}

static bool is_test(const struct deciding *d)
{
    return (d->m->flags & MESSAGE_TEST) != 0;
}

/*
 * Back into the queue, unless its time will have passed by then. A test tells what happened;
 * nothing is tried a second time for it.
 */
static void queue_again(const struct deciding *d, int64_t wait_ms, const char *reason)
{
    if (is_test(d)) {
        d->ret->state = MESSAGE_FAILED;
        d->ret->counts = true;
        d->ret->reason = outcome_name(d->o->class);
        return;
    }
    if (d->now_ms + wait_ms >= d->m->deadline_ms) {
        d->ret->state = MESSAGE_EXPIRED;
        d->ret->reason = "deadline";
        return;
    }
    d->ret->state = MESSAGE_QUEUED;
    d->ret->due_ms = d->now_ms + wait_ms;
    d->ret->reason = reason;
}

static void accept(const struct deciding *d, const char *reason)
{
    d->ret->state = MESSAGE_ACCEPTED;
    d->ret->reason = reason;
    d->ret->counts = true;
    d->ret->lease_ms = d->m->reports ? d->now_ms + d->m->report_wait_ms : INT64_MAX;
    d->ret->effects = EFFECT_SUCCESS;
}

/* The answer was about this message alone; the path works. */
static void reject(const struct deciding *d)
{
    d->ret->state = MESSAGE_FAILED;
    d->ret->reason = "rejected";
    d->ret->counts = true;
    d->ret->effects = EFFECT_SUCCESS;
}

static void retry(const struct deciding *d)
{
    int64_t wait = backoff_wait(d, d->m->attempts);

    if (d->o->wait_ms > 0) {
        int64_t floor = backoff_floor(d->o->wait_ms, d->rng);

        wait = wait > floor ? wait : floor;
    }
    d->ret->counts = true;
    d->ret->effects = EFFECT_SUCCESS | EFFECT_RETRY_COST;
    queue_again(d, wait, "retry");
}

static int64_t clamp_wait(int64_t wait_ms)
{
    if (wait_ms < WAIT_FLOOR_MS) {
        return WAIT_FLOOR_MS;
    }
    return wait_ms > WAIT_CEILING_MS ? WAIT_CEILING_MS : wait_ms;
}

static void throttle(const struct deciding *d)
{
    int64_t asked = d->o->wait_ms > 0 ? d->o->wait_ms : d->m->retry.base_ms;

    d->ret->effects = EFFECT_SUCCESS | EFFECT_THROTTLE;
    d->ret->throttle_until_ms = d->now_ms + clamp_wait(asked);
    queue_again(d, backoff_floor(asked, d->rng), "throttled");
}

static void down(const struct deciding *d)
{
    int64_t wait = backoff_wait(d, 1);

    wait = wait > d->o->wait_ms ? wait : clamp_wait(d->o->wait_ms);
    d->ret->effects = EFFECT_FAILURE;
    queue_again(d, d->m->other_way ? 0 : wait, MESSAGE_REASON_DOWN);
}

/* The wait only keeps it from spinning: a held provider takes nothing anyway. */
static void hold(const struct deciding *d)
{
    d->ret->effects = EFFECT_HOLD;
    queue_again(d, d->m->other_way ? 0 : WAIT_FLOOR_MS, MESSAGE_REASON_ACCOUNT);
}

static void ask_later(const struct deciding *d, int asks)
{
    int64_t wait = d->m->ask_after_ms < ASK_FLOOR_MS ? ASK_FLOOR_MS : d->m->ask_after_ms;

    d->ret->state = MESSAGE_UNKNOWN;
    d->ret->lease_ms = d->now_ms + wait * (1LL << (asks < ASKS_MAX ? asks : ASKS_MAX));
    d->ret->reason = MESSAGE_REASON_IN_DOUBT;
}

/* It cannot be asked, but if it has the message it will tell what became of it. */
static void await_word(const struct deciding *d)
{
    d->ret->state = MESSAGE_UNKNOWN;
    d->ret->lease_ms = d->now_ms + POLICY_REPORT_WINDOW_MS;
    d->ret->reason = MESSAGE_REASON_IN_DOUBT;
}

static void park(const struct deciding *d)
{
    d->ret->state = MESSAGE_HELD;
    d->ret->reason = MESSAGE_REASON_IN_DOUBT;
}

/* Sending again risks a second copy, so it happens a bounded number of times and is flagged. */
static void resend(const struct deciding *d)
{
    int limit = d->m->max_unknown > 0 ? d->m->max_unknown : UNKNOWN_MAX;

    if (d->m->unknowns >= limit || is_test(d)) {
        park(d);
        return;
    }
    queue_again(d, backoff_wait(d, d->m->attempts), MESSAGE_REASON_IN_DOUBT);
    if (d->ret->state == MESSAGE_QUEUED) {
        d->ret->flags = MESSAGE_POSSIBLE_DUPLICATE;
        d->ret->effects |= EFFECT_RETRY_COST;
    } else {
        d->ret->reason = "deadline_in_doubt";
    }
}

/* asks: how often the provider was asked already. */
static void doubt(const struct deciding *d, int asks)
{
    d->ret->counts = true;
    if (d->m->on_doubt == DOUBT_PARK) {
        park(d);
    } else if (d->m->on_doubt == DOUBT_ASK && d->m->can_ask && asks < ASKS_MAX) {
        ask_later(d, asks);
    } else if (d->m->on_doubt == DOUBT_ASK && d->m->told_unasked && !d->m->waited) {
        await_word(d);
    } else {
        resend(d);
    }
}

/* A question that got no answer says nothing about the message: it stays in doubt. */
static void settle_answer(const struct deciding *d)
{
    switch (d->o->class) {
    case OUTCOME_SENT:
    case OUTCOME_DUPLICATE:
        accept(d, "found");
        break;
    case OUTCOME_REJECTED:
        reject(d);
        break;
    case OUTCOME_RETRY:
        retry(d);
        d->ret->effects = EFFECT_SUCCESS;
        break;
    case OUTCOME_ACCOUNT:
        doubt(d, d->m->asks + 1);
        d->ret->effects |= EFFECT_HOLD;
        break;
    default:
        doubt(d, d->m->asks + 1);
        break;
    }
}

static void settle_attempt(const struct deciding *d)
{
    switch (d->o->class) {
    case OUTCOME_SENT:
        accept(d, "");
        break;
    case OUTCOME_DUPLICATE:
        accept(d, MESSAGE_REASON_PROVIDER_HAS_IT);
        break;
    case OUTCOME_REJECTED:
        reject(d);
        break;
    case OUTCOME_RETRY:
        retry(d);
        break;
    case OUTCOME_THROTTLED:
        throttle(d);
        break;
    case OUTCOME_DOWN:
        down(d);
        break;
    case OUTCOME_ACCOUNT:
        hold(d);
        break;
    case OUTCOME_UNTOUCHED:
        queue_again(d, 0, "");
        break;
    case OUTCOME_UNKNOWN:
    case OUTCOME_COUNT:
        doubt(d, 0);
        d->ret->effects |= EFFECT_FAILURE;
        break;
    }
}

void policy_settle(const struct policy_message *m, const struct outcome *o, int64_t now_ms,
                   struct rng *rng, struct decision *ret)
{
    struct deciding d = {m, o, now_ms, rng, ret};

    *ret = (struct decision){.reason = ""};
    if (m->asked) {
        settle_answer(&d);
    } else {
        settle_attempt(&d);
    }
}

/* A crash of ours says nothing about the provider. */
void policy_lost(const struct policy_message *m, int64_t now_ms, struct rng *rng,
                 struct decision *ret)
{
    static const struct outcome lost = {.class = OUTCOME_UNKNOWN};
    struct deciding d = {m, &lost, now_ms, rng, ret};

    *ret = (struct decision){.reason = ""};
    doubt(&d, 0);
}
