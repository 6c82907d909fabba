#include "flow/rounds.h"

#include "base/log.h"
#include "flow/dispatch.h"
#include "flow/replan.h"
#include "flow/settings.h"
#include "flow/sms_days.h"

#include <stdlib.h>

enum { EVERY_MS = 60000, SOONEST_MS = 100 /* with an accelerated clock */ };

enum stage {
    STAGE_EXPIRE, /* cases that time changes: their last day is over, or their application */
    STAGE_ASK,    /* do today's settings plan as those of the last walk? */
    STAGE_WALK    /* they do not: all cases */
};

struct rounds {
    struct gateway *gateway;
    uv_timer_t timer;
    bool closed; /* the timer's handle */
    bool gone;

    struct store_job job;
    bool busy;
    bool replan; /* the settings have to be compared again */
    enum stage stage;
    struct settings *settings; /* held while busy */
    struct apply_env env;
    int64_t walk_from_ms;
    struct replan_walk walk;
    unsigned char fingerprint[SHA256_SIZE];
    struct replan_expiry expiry;
    int64_t applications_day; /* when those of long ago were looked at last */
    bool finished;            /* the stage is done */
    bool differs;
};

static void begin(struct rounds *r);

static void free_when_over(struct rounds *r)
{
    if (r->closed && !r->busy) {
        free(r);
    }
}

/* ---- on the writer ---- */

static int ask(struct rounds *r, struct store *s, struct err *e)
{
    unsigned char known[SHA256_SIZE];
    int rc = replan_known(s, known, e);

    r->differs = rc == ERR_NOT_FOUND || memcmp(known, r->fingerprint, sizeof known) != 0;
    r->finished = true;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int walk(struct rounds *r, struct store *s, struct err *e)
{
    int rc = replan_bite(s, &r->walk, REPLAN_BITE, &r->finished, e);

    return rc == 0 && r->finished ? replan_remember(s, r->fingerprint, e) : rc;
}

static int round_work(struct store_job *job, struct store *s, struct err *e)
{
    struct rounds *r = (struct rounds *)(void *)((char *)job - offsetof(struct rounds, job));
    int rc;

    switch (r->stage) {
    case STAGE_ASK:
        return ask(r, s, e);
    case STAGE_WALK:
        return walk(r, s, e);
    default:
        rc = replan_expire(s, &r->expiry, REPLAN_BITE, &r->finished, e);
        return rc == 0 && r->finished ? sms_days_forget(s, istanbul_day(r->env.now_ms), e) : rc;
    }
}

/* ---- on the loop ---- */

static void end(struct rounds *r)
{
    settings_drop(r->settings);
    r->settings = NULL;
    r->busy = false;
    if (r->gone) {
        free_when_over(r);
    } else if (r->replan) {
        begin(r); /* the settings have changed on the way */
    }
}

static void report(const struct rounds *r)
{
    const struct replan_counts *n = &r->walk.counts;

    log_info("replanned", LOG_I("cases", n->cases), LOG_I("added", n->added),
             LOG_I("moved", n->moved), LOG_I("stopped", n->stopped), LOG_I("returned", n->returned),
             LOG_I("took_ms", gateway_now(r->gateway) - r->walk_from_ms));
}

/* False when nothing is left to do. */
static bool next_stage(struct rounds *r)
{
    if (!r->finished) {
        return !r->replan || r->stage != STAGE_WALK; /* a walk by old settings is given up */
    }
    switch (r->stage) {
    case STAGE_EXPIRE:
        if (r->expiry.ended > 0) {
            log_info("cases_expired", LOG_I("cases", r->expiry.ended));
        }
        if (r->expiry.begun > 0) {
            log_info("cases_begun", LOG_I("cases", r->expiry.begun));
        }
        r->applications_day = istanbul_day(r->env.now_ms);
        r->stage = STAGE_ASK;
        return true;
    case STAGE_ASK:
        r->stage = STAGE_WALK;
        r->walk_from_ms = gateway_now(r->gateway);
        r->walk = (struct replan_walk){.env = &r->env};
        return r->differs;
    default:
        report(r);
        return false;
    }
}

static void round_done(struct store_job *job, int status, const struct err *e)
{
    struct rounds *r = (struct rounds *)(void *)((char *)job - offsetof(struct rounds, job));

    if (status != 0) {
        log_error("rounds_failed", LOG_S("error", e->text)); /* again in a minute */
        r->replan = r->replan && !r->gone;
        settings_drop(r->settings);
        r->settings = NULL;
        r->busy = false;
        free_when_over(r);
        return;
    }
    if (r->gateway->dispatch != NULL) {
        for (enum channel c = CHANNEL_SMS; c < CHANNEL_COUNT; c++) {
            dispatch_kick(r->gateway->dispatch, c);
        }
    }
    if (!r->gone && next_stage(r)) {
        if (r->stage == STAGE_WALK) {
            r->env.now_ms =
                gateway_now(r->gateway); /* facts come during a walk and plan by theirs */
        }
        store_thread_submit(r->gateway->writer, &r->job);
    } else {
        end(r);
    }
}

static void begin(struct rounds *r)
{
    r->settings = settings_hold(r->gateway->settings);
    r->env = settings_apply_env(r->settings, gateway_now(r->gateway));
    r->replan = false;
    r->stage = STAGE_EXPIRE;
    r->expiry = (struct replan_expiry){
        .env = &r->env, .applications = r->applications_day != istanbul_day(r->env.now_ms)};
    r->busy = replan_fingerprint(r->settings, r->fingerprint) == 0;
    if (!r->busy) {
        log_error("rounds_failed", LOG_S("error", "no memory to compare the settings"));
        settings_drop(r->settings);
        return;
    }
    r->job.work = round_work;
    r->job.done = round_done;
    store_thread_submit(r->gateway->writer, &r->job);
}

static void on_minute(uv_timer_t *timer)
{
    struct rounds *r = timer->data;

    if (!r->busy && !r->gateway->draining) {
        begin(r);
    }
}

struct rounds *rounds_create(struct gateway *g)
{
    struct rounds *r = calloc(1, sizeof *r);

    if (r != NULL) {
        r->gateway = g;
        (void)uv_timer_init(g->loop, &r->timer);
        r->timer.data = r;
    }
    return r;
}

void rounds_start(struct rounds *r)
{
    const int64_t wait = clock_wait_ms(r->gateway->clock, EVERY_MS);
    const uint64_t every = wait < SOONEST_MS ? SOONEST_MS : (uint64_t)wait;

    (void)uv_timer_start(&r->timer, on_minute, 0, every);
}

void rounds_reloaded(struct rounds *r)
{
    if (r == NULL) {
        return;
    }
    if (r->busy) {
        r->replan = true;
    } else if (!r->gateway->draining) {
        begin(r);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct rounds *r = handle->data;

    r->closed = true;
    free_when_over(r);
}

void rounds_destroy(struct rounds *r)
{
    if (r != NULL && !r->gone) {
        r->gone = true;
        r->replan = false;
        uv_close((uv_handle_t *)&r->timer, on_closed);
    }
}
