#include "app.h"

#include "api/api.h"
#include "base/log.h"
#include "config/conf.h"
#include "domain/ids.h"
#include "flow/dispatch.h"
#include "flow/intake.h"
#include "flow/settings.h"
#include "loop/curlmux.h"
#include "loop/notify.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { TICK_MS = 1000, LAG_WINDOW_TICKS = 10, CHECK_INLINE_BYTES = 16 * 1024 * 1024 };

enum app_signal { SIGNAL_TERM, SIGNAL_INT, SIGNAL_HUP, SIGNAL_COUNT };

/* Reads numbers for /metrics once a second; keeps the writer's sign of life fresh. */
struct tick_job {
    struct store_job job;
    struct app *app;
    int64_t counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT];
    int64_t next_due_ms;
};

struct check_job {
    struct store_job job;
    struct app *app;
};

struct app {
    struct app_options options;
    struct gateway gateway;
    uv_loop_t loop;
    struct api *api;
    struct curlmux *curl;
    uv_signal_t signals[SIGNAL_COUNT];
    uv_timer_t tick;
    uv_timer_t deadline;
    uv_timer_t watchdog;
    struct tick_job tick_job;
    bool tick_out;
    int ticks;
    int64_t tick_due_ms;
    struct check_job check;
    char url[APP_URL_SIZE];
    bool started;
    bool stopping;
    int status; /* why it ended: 0 or an err_code */
    struct err *err;
};

/* ---- stopping: the start sequence backwards ---- */

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void on_store_closed(void *ctx)
{
    struct app *app = ctx;

    app->gateway.writer = NULL;
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        close_handle((uv_handle_t *)&app->signals[i]);
    }
    close_handle((uv_handle_t *)&app->deadline);
}

static void on_reader_closed(void *ctx)
{
    struct app *app = ctx;

    app->gateway.reader = NULL;
    if (app->gateway.writer != NULL) {
        store_thread_stop(app->gateway.writer, on_store_closed, app);
    } else {
        on_store_closed(app);
    }
}

static void stop_stores(struct app *app)
{
    if (app->gateway.reader != NULL) {
        store_thread_stop(app->gateway.reader, on_reader_closed, app);
    } else {
        on_reader_closed(app);
    }
}

static void on_drained(void *ctx)
{
    struct app *app = ctx;

    dispatch_destroy(app->gateway.dispatch);
    app->gateway.dispatch = NULL;
    intake_destroy(app->gateway.intake);
    app->gateway.intake = NULL;
    curlmux_destroy(app->curl);
    app->curl = NULL;
    stop_stores(app);
}

static void stop_dispatch(void *ctx)
{
    struct app *app = ctx;

    app->api = NULL;
    if (app->gateway.dispatch != NULL) {
        dispatch_drain(app->gateway.dispatch, on_drained, app);
    } else {
        on_drained(app);
    }
}

static void on_deadline(uv_timer_t *timer)
{
    const struct app *app = timer->data;

    log_error("shutdown_deadline",
              LOG_I("in_flight",
                    app->gateway.dispatch == NULL ? 0 : dispatch_in_flight(app->gateway.dispatch)));
    /* What is still out there is in `sending` and will be in doubt at the next start. */
    _exit(0);
}

void app_stop(struct app *app)
{
    int64_t grace = app->gateway.settings->conf->shutdown_timeout_ms;

    if (app->stopping) {
        return;
    }
    app->stopping = true;
    app->gateway.draining = true;
    notify_send("STOPPING=1");
    log_info("stopping", LOG_I("grace_ms", grace));
    if (app->started && app->options.stopping != NULL) {
        app->options.stopping(app->options.ctx);
    }
    close_handle((uv_handle_t *)&app->tick);
    close_handle((uv_handle_t *)&app->watchdog);
    (void)uv_timer_start(&app->deadline, on_deadline, (uint64_t)grace, 0);
    if (app->api != NULL) {
        api_stop(app->api, grace / 2, stop_dispatch, app);
    } else {
        stop_dispatch(app);
    }
}

/* ---- signals ---- */

static void log_faults(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->list[i];

        log_warning("config_fault", LOG_S("file", f->file), LOG_I("line", f->line),
                    LOG_I("column", f->column), LOG_S("code", f->code), LOG_S("detail", f->en));
    }
}

/* All or nothing: with any fault the old settings stay in force. */
static void reload(struct app *app)
{
    struct gateway *g = &app->gateway;
    struct settings *fresh = NULL;
    struct faults faults;
    struct err e = {0};
    int rc;

    faults_init(&faults);
    rc = settings_load(app->options.config, provider_types, &fresh, &faults, &e);
    if (rc == 0) {
        rc = conf_reload_allowed(g->settings->conf, fresh->conf, &faults) ? 0 : ERR_INVALID;
    }
    log_faults(&faults);
    faults_finish(&faults);
    g->stats.reload_ok = rc == 0;
    if (rc != 0) {
        settings_drop(fresh);
        log_error("reload_refused", LOG_S("error", e.text),
                  LOG_S("remedy", "the old settings stay in force; run: hatirlat check"));
        return;
    }
    g->stats.reloaded_ms = gateway_now(g);
    settings_drop(g->settings);
    g->settings = fresh;
    dispatch_reloaded(g->dispatch);
    if (app->api != NULL) {
        api_reload(app->api);
    }
    log_info("reloaded", LOG_S("config", app->options.config));
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct app *app = handle->data;

    if (signum == SIGHUP) {
        if (app->options.config != NULL && !app->stopping) {
            reload(app);
        }
        return;
    }
    if (app->stopping) {
        log_warning("stopped_at_once", LOG_I("signal", signum));
        _exit(128 + signum);
    }
    app_stop(app);
}

/* ---- the second hand ---- */

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

/* ---- starting ---- */

static int open_stores(struct app *app, struct err *e)
{
    struct gateway *g = &app->gateway;
    const char *path = g->settings->conf->database;
    struct store *store;
    int rc = app->options.in_memory ? store_memory_open(&store, e)
                                    : store_sqlite_open(path, STORE_CREATE, &store, e);
    size_t size = sizeof g->key;

    if (rc != 0) {
        return rc;
    }
    rc = store_meta_get(store, "installation_key", g->key, &size, e);
    if (rc == ERR_NOT_FOUND) {
        crypto_random(g->key, sizeof g->key);
        rc = store_begin(store, e);
        rc = rc == 0 ? store_meta_put(store, "installation_key", g->key, sizeof g->key, e) : rc;
        rc = rc == 0 ? store_commit(store, e) : rc;
    }
    if (rc != 0) {
        store_close(store);
        return rc;
    }
    rc = store_thread_start(g->loop, store, STORE_THREAD_WRITER, &g->writer, e);
    if (rc == 0 && !app->options.in_memory) {
        rc = store_sqlite_open(path, STORE_READ_ONLY, &store, e);
        rc = rc == 0 ? store_thread_start(g->loop, store, STORE_THREAD_READER, &g->reader, e) : rc;
    }
    return rc;
}

static int check_work(struct store_job *job, struct store *s, struct err *e)
{
    (void)job;
    return store_check(s, e);
}

static void check_done(struct store_job *job, int status, const struct err *e)
{
    if (status != 0) {
        stop_damaged(((struct check_job *)job)->app, e);
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

static int start_flows(struct app *app, struct err *e)
{
    struct gateway *g = &app->gateway;
    uint64_t seed;
    int rc;

    crypto_random(&seed, sizeof seed);
    g->rng.state = seed;
    g->ids = ids_create(g->key);
    g->hash = hash_create(g->key);
    if (g->ids == NULL || g->hash == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for keys");
    }
    rc = curlmux_create(g->loop, &curlmux_default_limits, &app->curl, e);
    rc = rc == 0 ? intake_create(g, &g->intake, e) : rc;
    rc = rc == 0 ? dispatch_create(g, app->curl, &g->dispatch, e) : rc;
    return rc;
}

static int start_api(struct app *app, struct err *e)
{
    const struct conf_listen *listen = &app->gateway.settings->conf->listen;
    int rc;

    if (!app->options.serve) {
        return 0;
    }
    rc = api_create(&app->gateway, &app->api, e);
    if (rc == 0) {
        (void)snprintf(app->url, sizeof app->url,
                       strchr(listen->host, ':') != NULL ? "http://[%s]:%d" : "http://%s:%d",
                       listen->host, api_port(app->api));
    }
    return rc;
}

static void start_timers(struct app *app)
{
    int64_t watchdog = notify_watchdog_ms();

    app->gateway.stats.store_progress_ms = clock_mono_ms(clock_system());
    on_tick(&app->tick);
    (void)uv_timer_start(&app->tick, on_tick, TICK_MS, TICK_MS);
    if (watchdog > 0) {
        (void)uv_timer_start(&app->watchdog, on_watchdog, (uint64_t)watchdog, (uint64_t)watchdog);
    }
}

static void init_handles(struct app *app)
{
    static const int numbers[SIGNAL_COUNT] = {SIGTERM, SIGINT, SIGHUP};

    (void)uv_timer_init(&app->loop, &app->tick);
    (void)uv_timer_init(&app->loop, &app->deadline);
    (void)uv_timer_init(&app->loop, &app->watchdog);
    app->tick.data = app;
    app->deadline.data = app;
    app->watchdog.data = app;
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        (void)uv_signal_init(&app->loop, &app->signals[i]);
        app->signals[i].data = app;
        (void)uv_signal_start(&app->signals[i], on_signal, numbers[i]);
    }
}

static int start(struct app *app, struct err *e)
{
    struct gateway *g = &app->gateway;
    int rc;

    g->stats.started_ms = gateway_now(g);
    g->stats.reload_ok = true;
    g->stats.reloaded_ms = g->stats.started_ms;
    rc = open_stores(app, e);
    rc = rc == 0 ? start_flows(app, e) : rc;
    rc = rc == 0 ? start_api(app, e) : rc;
    if (rc != 0) {
        return rc;
    }
    app->started = true;
    intake_start(g->intake);
    dispatch_start(g->dispatch);
    start_timers(app);
    check_in_background(app);
    notify_send("READY=1");
    log_info("ready", LOG_S("url", app->url),
             LOG_I("took_ms", gateway_now(g) - g->stats.started_ms));
    if (app->options.ready != NULL) {
        app->options.ready(app->options.ctx, app, g, app->url);
    }
    return 0;
}

static void finish(struct app *app)
{
    ids_destroy(app->gateway.ids);
    hash_destroy(app->gateway.hash);
    settings_drop(app->gateway.settings);
    crypto_wipe(app->gateway.key, sizeof app->gateway.key);
    (void)uv_loop_close(&app->loop);
    free(app);
}

int app_run(const struct app_options *options, struct err *e)
{
    struct app *app = calloc(1, sizeof *app);
    int rc;

    if (app == NULL || uv_loop_init(&app->loop) != 0) {
        free(app);
        return err_set(e, ERR_NOMEM, "no memory to start");
    }
    app->options = *options;
    app->err = e;
    app->gateway.loop = &app->loop;
    app->gateway.settings = options->settings;
    app->gateway.clock = options->clock != NULL ? options->clock : clock_system();
    init_handles(app);
    rc = start(app, e);
    if (rc != 0) {
        app->status = rc;
        app_stop(app);
    }
    (void)uv_run(&app->loop, UV_RUN_DEFAULT);
    rc = app->status;
    finish(app);
    return rc;
}
