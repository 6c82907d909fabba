/* The running program's own state, shared by app.c and app_watch.c. */
#pragma once

#include "app.h"
#include "base/log.h"
#include "config/conf.h"
#include "flow/settings.h"
#include "loop/notify.h"

struct api;
struct curlmux;

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

/* Starts the second hand, the watchdog and the check of a large file. */
void app_watch_start(struct app *app);
