#include "app_state.h"

#include "api/api.h"
#include "base/log.h"
#include "config/conf.h"
#include "domain/ids.h"
#include "flow/bounces.h"
#include "flow/dispatch.h"
#include "flow/intake.h"
#include "flow/rounds.h"
#include "flow/settings.h"
#include "flow/upkeep.h"
#include "loop/curlmux.h"
#include "loop/notify.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
    rounds_destroy(app->gateway.rounds);
    app->gateway.rounds = NULL;
    upkeep_destroy(app->gateway.upkeep);
    app->gateway.upkeep = NULL;
    intake_destroy(app->gateway.intake);
    app->gateway.intake = NULL;
    curlmux_destroy(app->curl);
    app->curl = NULL;
    stop_stores(app);
}

static void stop_dispatch(void *ctx)
{
    struct app *app = ctx;

    app->gateway.bounces = NULL;
    if (app->gateway.dispatch != NULL) {
        dispatch_drain(app->gateway.dispatch, on_drained, app);
    } else {
        on_drained(app);
    }
}

static void stop_bounces(void *ctx)
{
    struct app *app = ctx;

    app->api = NULL;
    bounces_stop(app->gateway.bounces, stop_dispatch, app);
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
        api_stop(app->api, grace / 2, stop_bounces, app);
    } else {
        stop_bounces(app);
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
    const char *remedy = "the old settings stay in force; run: hatirlat check";
    int rc;

    faults_init(&faults);
    rc = settings_load(app->options.config, provider_types, &fresh, &faults, &e);
    if (rc == 0 && !conf_reload_allowed(g->settings->conf, fresh->conf, &faults)) {
        rc = err_set(&e, ERR_INVALID, "some of the changes need a restart");
        remedy = "the old settings stay in force; restart the service to take the new ones";
    }
    log_faults(&faults);
    faults_finish(&faults);
    g->stats.reload_ok = rc == 0;
    if (rc != 0) {
        settings_drop(fresh);
        log_error("reload_refused", LOG_S("error", e.text), LOG_S("remedy", remedy));
        return;
    }
    g->stats.reloaded_ms = gateway_now(g);
    settings_drop(g->settings);
    g->settings = fresh;
    dispatch_reloaded(g->dispatch);
    rounds_reloaded(g->rounds);
    upkeep_reloaded(g->upkeep);
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

/* ---- starting ---- */

static int open_stores(struct app *app, struct err *e)
{
    struct gateway *g = &app->gateway;
    const char *path = g->settings->conf->database;
    struct store *store;
    int rc = app->options.in_memory ? store_memory_open(&store, e)
                                    : store_sqlite_open(path, STORE_CREATE, &store, e);

    if (rc != 0) {
        return rc;
    }
    rc = settings_installation_key(store, g->key, e);
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
    if (rc == 0 && (g->rounds = rounds_create(g)) == NULL) {
        rc = err_set(e, ERR_NOMEM, "no memory for the rounds");
    }
    if (rc == 0 && (g->upkeep = upkeep_create(g)) == NULL) {
        rc = err_set(e, ERR_NOMEM, "no memory for the upkeep");
    }
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
    rc = rc == 0 && app->options.serve ? bounces_create(g, &g->bounces, e) : rc;
    rc = rc == 0 ? start_api(app, e) : rc;
    if (rc != 0) {
        return rc;
    }
    app->started = true;
    intake_start(g->intake);
    dispatch_start(g->dispatch);
    rounds_start(g->rounds);
    upkeep_start(g->upkeep);
    app_watch_start(app);
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
