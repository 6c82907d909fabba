/* hatirlat recipe try: one message through a recipe, with everything that passes shown. */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "cli/cli.h"
#include "loop/curlmux.h"
#include "loop/httpd.h"
#include "providers/http_sms.h"
#include "simulate/simulate.h"

#include <limits.h>

enum { TRY_SECRETS_MAX = 16 };

struct trying {
    struct cli *cli;
    /* what is wanted */
    char recipe[PATH_MAX];
    char vendor[64];
    char base_path[128]; /* of the recipe's base_url */
    char to[24];
    char text[1024];
    bool really;
    int64_t wait_ms; /* for the report */
    struct buf settings_text;
    struct json_doc *settings_doc;
    struct http_sms_settings settings;
    /* forms of what must not be shown */
    struct buf hidden[TRY_SECRETS_MAX];
    size_t hidden_count;
    /* at work */
    uv_loop_t loop;
    uv_timer_t timer;
    struct curlmux *curl;      /* the provider's, watched */
    struct curlmux *push_curl; /* the simulator's */
    struct simulator *simulator;
    struct httpd *hook;
    char report_url[96];
    struct provider_host host;
    struct provider *provider;
    struct provider_job job;
    int64_t until; /* loop time */
    bool submitted;
    bool done;
    bool over; /* the last report is here, or none comes */
    bool drained;
    /* what came of it */
    struct outcome outcome;
    int reports;
    enum report_state report;
    char report_code[64];
    char report_detail[200];
    struct buf seen; /* JSON array of requests and answers */
    struct json_writer seen_writer;
    int rc;
};

/* A recipe's file: a path, or the name of an installed one. A cli_exit, explained on err. */
int recipe_find(struct cli *cli, const char *wanted, char *out, size_t size);

/* recipe_try_settings.c: what is wanted, from the command line. A cli_exit. */
int recipe_try_prepare(struct trying *t, const char *wanted);
/* Reads the provider's settings; url is the simulator's, user its sample; null with --really. */
int recipe_try_settings(struct trying *t, const char *url, const char *user);
void recipe_try_finish(struct trying *t);

/* recipe_try_run.c: sends it and waits. A cli_exit. */
int recipe_try_run(struct trying *t);

/* recipe_try_show.c */

/* The watcher of the provider's mux: shows what passes, without secrets. */
void recipe_try_see(void *ctx, const struct curlmux_request *request,
                    const struct curlmux_answer *answer);
void recipe_try_show_outcome(struct trying *t);
void recipe_try_show_report(struct trying *t, const struct provider_report *report);
/* With --json: the whole as one document. */
void recipe_try_show_all(struct trying *t);
/* Notes every form in which a secret may appear. */
void recipe_try_hide(struct trying *t, const char *secret);
