#include "domain/calendar.h"
#include "domain/certificate_end.h"

enum {
    LIFE_DAYS = 1096,        /* certificates are issued for three years, leap day included */
    BLOCKED_AGAIN_DAYS = 14, /* before the blocked notice may be said again */
    EXPIRED_NOTICE_DAYS = 28 /* after which nobody is told any more that it is too late */
};

bool case_state_is_ended(enum case_state s)
{
    return s == CASE_RENEWED || s == CASE_REVOKED || s == CASE_SUSPENDED || s == CASE_DUTY_ENDED;
}

bool case_state_reminds(enum case_state s)
{
    return s == CASE_WATCHING;
}

void case_init(struct case_file *c)
{
    *c = (struct case_file){.state = CASE_WATCHING};
    fact_reset(&c->known);
}

/* ---- the state, from the times alone ---- */

/* A certificate issued after the duty had ended says that there is a duty again. */
static bool outlives(int64_t not_after_ms, int64_t duty_ended_ms)
{
    return not_after_ms != 0 && not_after_ms - (int64_t)LIFE_DAYS * DAY_MS > duty_ended_ms;
}

/* A renewal long before the end was that of the certificate before, when there was one. */
static bool renewed_before(const struct case_file *c)
{
    return c->extended &&
           case_end_is_fresh(c->known.not_after_ms, c->seen_ms[EVENT_CERTIFICATE_RENEWED]);
}

/* Facts from before the present end was told belong to the certificate before it. */
static bool counts(const struct case_file *c, enum event_type t)
{
    if (t == EVENT_DUTY_ENDED && c->seen_ms[t] <= c->end_since_ms &&
        outlives(c->known.not_after_ms, c->seen_ms[t])) {
        return false;
    }
    if (t == EVENT_CERTIFICATE_RENEWED && renewed_before(c)) {
        return false;
    }
    return c->seen_ms[t] != 0 && !(c->extended && c->seen_ms[t] <= c->end_since_ms);
}

static enum case_state ended_state(const struct case_file *c)
{
    static const struct {
        enum event_type type;
        enum case_state state;
    } finals[] = {
        {EVENT_CERTIFICATE_RENEWED, CASE_RENEWED},
        {EVENT_CERTIFICATE_REVOKED, CASE_REVOKED},
        {EVENT_CERTIFICATE_SUSPENDED, CASE_SUSPENDED},
        {EVENT_DUTY_ENDED, CASE_DUTY_ENDED},
    };
    enum case_state state = CASE_STATE_COUNT;
    int64_t newest = 0;

    for (size_t i = 0; i < sizeof finals / sizeof finals[0]; i++) {
        if (counts(c, finals[i].type) && c->seen_ms[finals[i].type] > newest) {
            newest = c->seen_ms[finals[i].type];
            state = finals[i].state;
        }
    }
    if (state == CASE_STATE_COUNT && c->other_end_ms > c->known.not_after_ms &&
        c->known.not_after_ms != 0) {
        state = CASE_RENEWED;
    }
    return state;
}

/* The steps of an application, the furthest first. */
static const struct {
    enum event_type type;
    enum case_state state;
} steps[] = {
    {EVENT_CARD_DELIVERED, CASE_DELIVERED},
    {EVENT_APPROVAL_GIVEN, CASE_APPROVED},
    {EVENT_LETTER_RECEIVED, CASE_LETTER},
    {EVENT_APPLICATION_SUBMITTED, CASE_APPLIED},
};

enum { STEPS = sizeof steps / sizeof steps[0] };

/* It brought the certificate at hand: a list may tell the new end before its card has arrived. */
static bool brought_this(const struct case_file *c, enum event_type step)
{
    return c->known.not_after_ms != 0 && case_end_is_fresh(c->known.not_after_ms, c->seen_ms[step]);
}

bool case_step_begins_anew(const struct case_file *c, enum event_type step, int64_t now_ms)
{
    bool over = false;

    if (case_end_is_fresh(c->known.not_after_ms, now_ms)) {
        return false;
    }
    for (size_t i = 0; i < STEPS; i++) {
        bool old = c->seen_ms[steps[i].type] != 0 && brought_this(c, steps[i].type);

        if (steps[i].type == step) {
            return over && old;
        }
        over = over || old;
    }
    return false;
}

bool case_application_is_next(const struct case_file *c, int64_t said_ms, int64_t now_ms)
{
    return case_end_is_fresh(c->known.not_after_ms, said_ms) &&
           !case_end_is_fresh(c->known.not_after_ms, now_ms);
}

/* Such a step is shown until the next application can be made, and then it is over. */
static enum case_state progress_state(const struct case_file *c, int64_t now_ms)
{
    const bool near = !case_end_is_fresh(c->known.not_after_ms, now_ms);

    for (size_t i = 0; i < STEPS; i++) {
        if (counts(c, steps[i].type) && !(near && brought_this(c, steps[i].type))) {
            return steps[i].state;
        }
    }
    return CASE_STATE_COUNT;
}

/* Who has applied was let in. */
bool case_login_is_blocked(const struct case_file *c)
{
    return c->seen_ms[EVENT_LOGIN_BLOCKED] > c->seen_ms[EVENT_LOGIN_UNBLOCKED] &&
           c->seen_ms[EVENT_LOGIN_BLOCKED] > c->seen_ms[EVENT_APPLICATION_SUBMITTED];
}

static enum case_state login_state(const struct case_file *c)
{
    return case_login_is_blocked(c) ? CASE_BLOCKED : CASE_WATCHING;
}

enum case_state case_state_at(const struct case_file *c, int64_t at_ms)
{
    enum case_state state = ended_state(c);

    if (state == CASE_STATE_COUNT) {
        state = progress_state(c, at_ms);
    }
    if (state != CASE_STATE_COUNT) {
        return state;
    }
    if (c->known.not_after_ms != 0 && istanbul_day(c->known.not_after_ms) < istanbul_day(at_ms)) {
        return CASE_EXPIRED;
    }
    return login_state(c);
}

/* ---- taking in a fact ---- */

static void tell_eonay(struct case_file *c, const struct fact *f)
{
    enum eonay eonay = f->type == EVENT_EONAY_ACTIVATED ? EONAY_ACTIVE : f->eonay;

    if (eonay != EONAY_UNKNOWN &&
        (c->known.eonay == EONAY_UNKNOWN || f->time_ms >= c->eonay_told_ms)) {
        c->known.eonay = eonay;
        c->eonay_told_ms = f->time_ms;
    }
}

static void see(struct case_file *c, enum event_type t, int64_t time_ms)
{
    if (time_ms > c->seen_ms[t]) {
        c->seen_ms[t] = time_ms;
    }
}

static void tell_details(struct case_file *c, const struct fact *f)
{
    bool newer = f->time_ms >= c->known.time_ms;

    fact_merge(&c->known, f, newer);
    if (newer) {
        c->known.time_ms = f->time_ms;
        c->known.type = f->type;
    }
}

static void take_self(struct case_file *c, const struct fact *f)
{
    bool renewed = f->type == EVENT_CERTIFICATE_RENEWED;

    tell_details(c, f);
    if (f->type == EVENT_CERTIFICATE_EXPIRING || (renewed && f->not_after_ms != 0)) {
        case_take_end(c, f);
    }
    if (!renewed || f->certificate.replaces[0] == '\0') {
        see(c, f->type, f->time_ms);
    }
}

/* Of two that end at the same moment one has to speak: the one whose reference is greater. */
static void see_other(struct case_file *c, const char *certificate, int64_t end_ms)
{
    int64_t rank = end_ms + (strcmp(certificate, c->known.certificate.ref) > 0 ? 1 : 0);

    if (end_ms != 0 && rank > c->other_end_ms) {
        c->other_end_ms = rank;
    }
}

/*
 * Replaced it has ended, however far its own end is: what took its place lives on for a whole life,
 * unless its end is told.
 */
static void take_replaced(struct case_file *c, const struct fact *f)
{
    bool told = case_end_is_fresh(f->not_after_ms, f->time_ms);

    see(c, EVENT_CERTIFICATE_RENEWED, f->time_ms);
    see_other(c, f->certificate.ref,
              told ? f->not_after_ms : f->time_ms + (int64_t)LIFE_DAYS * DAY_MS);
}

/* Another certificate of the same holder: what is personal holds here too, and the latest speaks.
 */
static void take_related(struct case_file *c, const struct fact *f)
{
    bool tells_end = f->type == EVENT_CERTIFICATE_EXPIRING || f->type == EVENT_CERTIFICATE_RENEWED;

    if (event_is_personal(f->type)) {
        see(c, f->type, f->time_ms);
    }
    if (tells_end) {
        see_other(c, f->certificate.ref, f->not_after_ms);
    }
}

/* ---- what follows ---- */

/* Nothing but time has passed over an application. */
static bool application_is_over(const struct case_file *before, const struct case_file *c)
{
    return before->state >= CASE_APPLIED && before->state <= CASE_DELIVERED &&
           before->cycle == c->cycle && before->known.not_after_ms == c->known.not_after_ms;
}

static const char *reason_of(const struct case_file *before, const struct case_file *c,
                             enum case_state s)
{
    static const char *const reasons[CASE_STATE_COUNT] = {
        [CASE_WATCHING] = "end_changed", [CASE_BLOCKED] = "blocked",
        [CASE_APPLIED] = "applied",      [CASE_LETTER] = "letter_received",
        [CASE_APPROVED] = "approved",    [CASE_DELIVERED] = "delivered",
        [CASE_RENEWED] = "renewed",      [CASE_REVOKED] = "revoked",
        [CASE_SUSPENDED] = "suspended",  [CASE_DUTY_ENDED] = "duty_ended",
        [CASE_EXPIRED] = "expired",
    };

    if (s == CASE_RENEWED && !counts(c, EVENT_CERTIFICATE_RENEWED)) {
        return "newer_certificate";
    }
    if (s == CASE_WATCHING && application_is_over(before, c)) {
        return "application_over";
    }
    return reasons[s];
}

/*
 * Said when it is told, and when it is told again after a while; as soon as there is an address
 * when there was none.
 */
static bool blocked_is_news(const struct case_file *before, const struct case_file *c,
                            int64_t now_ms)
{
    bool reachable = c->known.holder.phone[0] != '\0' || c->known.holder.email[0] != '\0';
    bool told = before->state != CASE_BLOCKED || c->blocked_said_ms == 0 ||
                c->seen_ms[EVENT_LOGIN_BLOCKED] > before->seen_ms[EVENT_LOGIN_BLOCKED];

    return reachable && told &&
           (c->blocked_said_ms == 0 ||
            now_ms - c->blocked_said_ms >= (int64_t)BLOCKED_AGAIN_DAYS * DAY_MS);
}

static bool expired_is_news(const struct case_file *c, int64_t now_ms)
{
    return now_ms - c->known.not_after_ms <= (int64_t)EXPIRED_NOTICE_DAYS * DAY_MS;
}

static enum case_notice notice_of(const struct case_file *before, const struct case_file *c,
                                  int64_t now_ms)
{
    if (c->state == CASE_BLOCKED) {
        return blocked_is_news(before, c, now_ms) ? NOTICE_BLOCKED : NOTICE_NONE;
    }
    if (before->state == c->state) {
        return NOTICE_NONE;
    }
    switch (c->state) {
    case CASE_APPLIED:
        return NOTICE_SUBMITTED;
    case CASE_DELIVERED: /* it tells to use the old card until this end */
        return brought_this(c, EVENT_CARD_DELIVERED) ? NOTICE_NONE : NOTICE_DELIVERED;
    case CASE_EXPIRED:
        return expired_is_news(c, now_ms) ? NOTICE_EXPIRED : NOTICE_NONE;
    default:
        return NOTICE_NONE;
    }
}

/* The series begins, begins anew, moves, or goes on. */
static unsigned watching_actions(const struct case_file *before, const struct case_file *after)
{
    bool moved =
        istanbul_day(after->known.not_after_ms) != istanbul_day(before->known.not_after_ms);

    if (after->cycle != before->cycle) {
        return CASE_STOP | CASE_PLAN;
    }
    if (before->state == CASE_BLOCKED) {
        return CASE_RESUME | CASE_PLAN;
    }
    return before->state != CASE_WATCHING || moved ? CASE_PLAN : 0;
}

static unsigned actions_of(const struct case_file *before, const struct case_file *after)
{
    if (after->state == CASE_WATCHING) {
        return watching_actions(before, after);
    }
    if (after->state != CASE_BLOCKED) {
        return before->state == after->state ? 0 : CASE_STOP;
    }
    if (after->cycle != before->cycle && before->known.not_after_ms != 0) {
        return CASE_STOP;
    }
    return before->state == CASE_WATCHING ? CASE_PAUSE : 0;
}

/* Compares what was known with what is known, and says what follows. */
static void conclude(const struct case_file *before, struct case_file *c, int64_t now_ms,
                     struct case_change *ret)
{
    c->state = case_state_at(c, now_ms);
    *ret = (struct case_change){.from = before->state, .to = c->state, .reason = ""};
    ret->actions = actions_of(before, c);
    ret->notice = notice_of(before, c, now_ms);
    if (ret->notice == NOTICE_BLOCKED) {
        c->blocked_said_ms = now_ms;
    }
    if (c->known.eonay != before->known.eonay) {
        ret->actions |= CASE_SERIES;
    }
    if ((ret->actions & CASE_RESUME) != 0) {
        ret->reason = "unblocked";
    } else if ((ret->actions & (CASE_STOP | CASE_PAUSE)) != 0 || ret->from != ret->to) {
        ret->reason = reason_of(before, c, c->state);
    }
}

void case_apply(struct case_file *c, enum case_role role, const struct fact *f, int64_t now_ms,
                struct case_change *ret)
{
    struct case_file before;

    memcpy(&before, c, sizeof before); /* whole, because it is compared whole below */
    if (role == CASE_REPLACED) {
        take_replaced(c, f);
    } else if (role == CASE_RELATED) {
        take_related(c, f);
    } else {
        take_self(c, f);
    }
    if (role != CASE_REPLACED) {
        tell_eonay(c, f); /* the holder's, whichever certificate it was told with */
    }
    conclude(&before, c, now_ms, ret);
    ret->stored = memcmp(&before, c, sizeof before) != 0;
}

void case_tick(struct case_file *c, int64_t now_ms, struct case_change *ret)
{
    struct case_file before = *c;

    conclude(&before, c, now_ms, ret);
    ret->stored = before.state != c->state;
}

/* Whether the end of a duty concerns this certificate is asked whenever the state is (counts()). */
void case_inherit(struct case_file *c, const struct case_file *other)
{
    see(c, EVENT_LOGIN_BLOCKED, other->seen_ms[EVENT_LOGIN_BLOCKED]);
    see(c, EVENT_LOGIN_UNBLOCKED, other->seen_ms[EVENT_LOGIN_UNBLOCKED]);
    see(c, EVENT_EONAY_ACTIVATED, other->seen_ms[EVENT_EONAY_ACTIVATED]);
    see(c, EVENT_DUTY_ENDED, other->seen_ms[EVENT_DUTY_ENDED]);
    if (other->known.eonay != EONAY_UNKNOWN && other->eonay_told_ms >= c->eonay_told_ms) {
        c->known.eonay = other->known.eonay;
        c->eonay_told_ms = other->eonay_told_ms;
    }
    if (other->blocked_said_ms > c->blocked_said_ms) {
        c->blocked_said_ms = other->blocked_said_ms;
    }
    see_other(c, other->known.certificate.ref, other->known.not_after_ms);
    c->state = login_state(c);
}

void case_meet(struct case_file *c, const struct case_file *other, int64_t now_ms,
               struct case_change *ret)
{
    struct case_file before;

    memcpy(&before, c, sizeof before);
    case_inherit(c, other);
    conclude(&before, c, now_ms, ret);
    ret->stored = memcmp(&before, c, sizeof before) != 0;
}
