/*
 * Keeps an eye on the running program: numbers for /metrics, the disk, the database file, the
 * service manager's watchdog.
 */
#include "app_state.h"

#include <sys/statvfs.h>

enum { TICK_MS = 1000, LAG_WINDOW_TICKS = 10 };

static int tick_work(struct store_job *job, struct store *s, struct err *e)
{
    struct tick_job *t = (struct tick_job *)job;
    int rc = t->app->options.in_memory ? 0 : store_file_check(s, e);

    rc = rc == 0 ? store_message_counts(s, t->counts, e) : rc;
    t->next_due_ms = INT64_MAX;
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && rc == 0; ch++) {
        int64_t due;

        rc = store_next_due(s, ch, &due, e);
        t->next_due_ms = rc == 0 && due < t->next_due_ms ? due : t->next_due_ms;
    }
    return rc;
}

/* A damaged, replaced or deleted file: nothing more may be promised on it. */
static void stop_damaged(struct app *app, const struct err *e)
{
    log_error("database_damaged", LOG_S("error", e->text),
              LOG_S("remedy", "keep a copy of the database files, then restore a backup"));
    app->status = ERR_CORRUPT;
    *app->err = *e;
    app_stop(app);
}

static void tick_done(struct store_job *job, int status, const struct err *e)
{
    struct tick_job *t = (struct tick_job *)job;
    struct stats *stats = &t->app->gateway.stats;

    t->app->tick_out = false;
    if (status == ERR_CORRUPT) {
        stop_damaged(t->app, e);
        return;
    }
    if (status != 0) {
        log_error("store_unwell", LOG_S("error", e->text));
        return;
    }
    stats->store_progress_ms = clock_mono_ms(clock_system());
    memcpy(stats->messages, t->counts, sizeof t->counts);
    stats->oldest_due_ms = t->next_due_ms <= gateway_now(&t->app->gateway) ? t->next_due_ms : 0;
}

/* New events stop before the disk is full, so that outcomes can still be written. */
static void watch_disk(struct app *app)
{
    const struct conf *conf = app->gateway.settings->conf;
    struct statvfs vfs;
    bool low;

    if (app->options.in_memory || statvfs(conf->database, &vfs) != 0) {
        return;
    }
    low = (int64_t)(vfs.f_bavail * vfs.f_frsize) < conf->limits.disk_reserve_bytes;
    if (low != app->gateway.disk_low) {
        app->gateway.disk_low = low;
        if (low) {
            log_error("disk_low", LOG_I("reserve_bytes", conf->limits.disk_reserve_bytes));
        } else {
            log_info("disk_recovered", LOG_I("reserve_bytes", conf->limits.disk_reserve_bytes));
        }
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct app *app = timer->data;
    struct stats *stats = &app->gateway.stats;
    int64_t now = clock_mono_ms(clock_system());
    int64_t lag = app->tick_due_ms == 0 ? 0 : now - app->tick_due_ms;

    app->tick_due_ms = now + TICK_MS;
    if (lag > stats->loop_lag_ms || ++app->ticks % LAG_WINDOW_TICKS == 0) {
        stats->loop_lag_ms = lag;
    }
    watch_disk(app);
    if (!app->tick_out) {
        app->tick_out = true;
        app->tick_job.app = app;
        app->tick_job.job.work = tick_work;
        app->tick_job.job.done = tick_done;
        store_thread_submit(app->gateway.writer, &app->tick_job.job);
    }
}

/* Only a gateway whose loop and store both move pets the dog. */
static void on_watchdog(uv_timer_t *timer)
{
    const struct app *app = timer->data;
    int64_t quiet = clock_mono_ms(clock_system()) - app->gateway.stats.store_progress_ms;

    if (quiet < 10 * TICK_MS) {
        notify_send("WATCHDOG=1");
    }
}

static int check_work(struct store_job *job, struct store *s, struct err *e)
{
    (void)job;
    return store_check(s, e);
}

static void check_done(struct store_job *job, int status, const struct err *e)
{
    if (status == ERR_CORRUPT) {
        stop_damaged(((struct check_job *)job)->app, e);
    } else if (status != 0) {
        log_warning("database_not_checked", LOG_S("error", e->text));
    }
}

/* A large file is checked while we serve: reading it first would keep everybody waiting. */
static void check_in_background(struct app *app)
{
    if (app->gateway.reader != NULL) {
        app->check.app = app;
        app->check.job.work = check_work;
        app->check.job.done = check_done;
        store_thread_submit(app->gateway.reader, &app->check.job);
    }
}

void app_watch_start(struct app *app)
{
    int64_t watchdog = notify_watchdog_ms();

    app->gateway.stats.store_progress_ms = clock_mono_ms(clock_system());
    on_tick(&app->tick);
    (void)uv_timer_start(&app->tick, on_tick, TICK_MS, TICK_MS);
    if (watchdog > 0) {
        (void)uv_timer_start(&app->watchdog, on_watchdog, (uint64_t)watchdog, (uint64_t)watchdog);
    }
    check_in_background(app);
}
