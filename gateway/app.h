/*
 * The program wired together: the only place that knows the concrete store, providers and server.
 * Runs until a signal ends it (or its owner calls app_stop).
 */
#pragma once

#include "flow/gateway.h"

enum { APP_URL_SIZE = 128 };

struct app;

struct app_options {
    struct settings *settings; /* taken over */
    const char *config;        /* read again on SIGHUP; null: no reload */
    const struct clock *clock; /* null: the machine's */
    bool in_memory;            /* nothing is kept: for one message */
    bool serve;                /* listen for HTTP */
    /* Everything runs; url is "" without HTTP. Loop thread. */
    void (*ready)(void *ctx, struct app *app, struct gateway *g, const char *url);
    /* The orderly end begins: close what was opened in ready. May be null. Loop thread. */
    void (*stopping)(void *ctx);
    void *ctx;
};

/*
 * Starts, runs and stops. Returns 0 after an orderly end, else the error that prevented the start
 * (ERR_BUSY when another process has the database).
 */
int app_run(const struct app_options *options, struct err *e);
/* Begins the orderly end: accept nothing new, finish what is in flight, close. Loop thread. */
void app_stop(struct app *app);
