#include "flow/upkeep.h"

#include "base/log.h"
#include "domain/calendar.h"
#include "flow/digest.h"
#include "flow/dispatch.h"
#include "flow/retention.h"

#include <stdlib.h>

enum { EVERY_MS = 20000, PAUSE_MS = 100, LOADED_MS = 1000, SOONEST_MS = 10, LOADED_JOBS = 8 };

/* The day of the last night's work, so that it is done once, and made up for after a standstill. */
#define NIGHT "retention_day"

enum step {
    STEP_DIGEST, /* one for each kind */
    STEP_NIGHT,  /* is it time to destroy? */
    STEP_BITE
};

struct upkeep {
    struct gateway *gateway;
    uv_timer_t timer;
    bool closed; /* the timer's handle */
    bool gone;

    struct store_job job;
    bool busy;
    bool again; /* settings have changed on the way */
    enum step step;
    struct settings *settings; /* held while busy */
    int64_t now_ms;
    enum digest_kind kind;
    struct digest_result digest;
    int64_t last_run_ms;
    int64_t night; /* day of the last destruction */
    struct retention_walk walk;
    char record[RETENTION_KEY_SIZE];
};

static void submit(struct upkeep *u);

static struct upkeep *upkeep_of(struct store_job *job)
{
    return (struct upkeep *)(void *)((char *)job - offsetof(struct upkeep, job));
}

static void free_when_over(struct upkeep *u)
{
    if (u->closed && !u->busy) {
        settings_drop(u->settings);
        free(u);
    }
}

/* ---- on the writer ---- */

static int digest_work(struct upkeep *u, struct store *s, struct err *e)
{
    const struct digest_env env = {u->settings, u->gateway->key, u->now_ms};
    int64_t period;
    int rc = digest_run(s, &env, u->kind, &u->digest, e);

    return rc == 0 ? digest_last_run(s, u->kind, &u->last_run_ms, &period, e) : rc;
}

static int night_work(struct upkeep *u, struct store *s, struct err *e)
{
    size_t size = sizeof u->night;
    int rc = store_meta_get(s, NIGHT, &u->night, &size, e);

    if (rc == ERR_NOT_FOUND) {
        u->night = 0;
        rc = 0;
    }
    return rc;
}

static int bite_work(struct upkeep *u, struct store *s, struct err *e)
{
    int rc = retention_step(s, &u->settings->conf->retention, u->now_ms, "nightly", &u->walk,
                            u->record, e);
    const int64_t today = istanbul_day(u->walk.now_ms);

    /* The day of its beginning: after an old run that was cut off, tonight's is still to come. */
    if (rc == 0 && u->walk.finished) {
        rc = store_meta_put(s, NIGHT, &today, sizeof today, e);
    }
    return rc;
}

static int upkeep_work(struct store_job *job, struct store *s, struct err *e)
{
    struct upkeep *u = upkeep_of(job);

    switch (u->step) {
    case STEP_DIGEST:
        return digest_work(u, s, e);
    case STEP_NIGHT:
        return night_work(u, s, e);
    default:
        return bite_work(u, s, e);
    }
}

/* ---- on the loop ---- */

static void rest(struct upkeep *u)
{
    settings_drop(u->settings);
    u->settings = NULL;
    u->step = STEP_DIGEST;
    u->kind = DIGEST_K1;
}

static void take_digest(struct upkeep *u)
{
    u->gateway->stats.digest_ms[u->kind] = u->last_run_ms;
    if (u->digest.messages > 0 && u->gateway->dispatch != NULL) {
        dispatch_kick(u->gateway->dispatch, CHANNEL_EMAIL);
    }
}

static bool night_is_due(const struct upkeep *u)
{
    return istanbul_day(u->now_ms) > u->night &&
           istanbul_minute(u->now_ms) >= u->settings->conf->retention.at_minute;
}

static void tell_night(const struct upkeep *u)
{
    const int64_t *n = u->walk.counts;

    log_info("destroyed", LOG_S("record", u->record), LOG_I("contents", n[RETENTION_CONTENT]),
             LOG_I("deliveries", n[RETENTION_DELIVERY]), LOG_I("cases", n[RETENTION_CASES]),
             LOG_I("events", n[RETENTION_EVENTS]), LOG_I("import_rows", n[RETENTION_IMPORTS]));
}

/* True when there is something to do next. */
static bool next_step(struct upkeep *u)
{
    switch (u->step) {
    case STEP_DIGEST:
        take_digest(u);
        u->kind++;
        if (u->kind == DIGEST_KIND_COUNT) {
            u->step = STEP_NIGHT;
        }
        return true;
    case STEP_NIGHT:
        u->gateway->stats.retention_day = u->night;
        u->step = STEP_BITE;
        return night_is_due(u);
    default:
        if (u->walk.finished) {
            u->gateway->stats.retention_day = istanbul_day(u->walk.now_ms);
            tell_night(u);
        }
        return !u->walk.finished;
    }
}

static void on_pause_over(uv_timer_t *timer)
{
    struct upkeep *u = timer->data;
    bool loaded =
        u->gateway->stats.backlog > 0 || store_thread_pending(u->gateway->writer) > LOADED_JOBS;

    if (u->gone || u->gateway->draining) {
        return;
    }
    if (loaded) {
        (void)uv_timer_start(timer, on_pause_over, LOADED_MS, 0);
    } else {
        submit(u);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct upkeep *u = timer->data;

    if (!u->busy && !u->gateway->draining) {
        u->settings = settings_hold(u->gateway->settings);
        u->now_ms = gateway_now(u->gateway);
        submit(u);
    }
}

static void wait_for_next(struct upkeep *u)
{
    const int64_t wait = u->again ? 0 : clock_wait_ms(u->gateway->clock, EVERY_MS);

    u->again = false;
    (void)uv_timer_start(&u->timer, on_timer, wait < SOONEST_MS ? SOONEST_MS : (uint64_t)wait, 0);
}

static void upkeep_done(struct store_job *job, int status, const struct err *e)
{
    struct upkeep *u = upkeep_of(job);

    u->busy = false;
    if (status != 0) {
        log_error("upkeep_failed", LOG_S("error", e->text)); /* again at the next look */
    }
    if (u->gone) {
        free_when_over(u);
    } else if (status != 0 || !next_step(u)) {
        rest(u);
        wait_for_next(u);
    } else if (u->step == STEP_BITE) {
        (void)uv_timer_start(&u->timer, on_pause_over, PAUSE_MS, 0);
    } else {
        submit(u);
    }
}

static void submit(struct upkeep *u)
{
    u->busy = true;
    u->job.work = upkeep_work;
    u->job.done = upkeep_done;
    store_thread_submit(u->gateway->writer, &u->job);
}

struct upkeep *upkeep_create(struct gateway *g)
{
    struct upkeep *u = calloc(1, sizeof *u);

    if (u != NULL) {
        u->gateway = g;
        (void)uv_timer_init(g->loop, &u->timer);
        u->timer.data = u;
    }
    return u;
}

void upkeep_start(struct upkeep *u)
{
    (void)uv_timer_start(&u->timer, on_timer, 0, 0);
}

void upkeep_reloaded(struct upkeep *u)
{
    if (u != NULL && u->settings == NULL) {
        (void)uv_timer_start(&u->timer, on_timer, 0, 0);
    } else if (u != NULL) {
        u->again = true; /* it is at work by the old ones */
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct upkeep *u = handle->data;

    u->closed = true;
    free_when_over(u);
}

void upkeep_destroy(struct upkeep *u)
{
    if (u != NULL && !u->gone) {
        u->gone = true;
        uv_close((uv_handle_t *)&u->timer, on_closed);
    }
}
