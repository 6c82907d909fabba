/* The engine's insides, shared by http_sms*.c. */
#pragma once

#include "loop/curlmux.h"
#include "providers/http_sms.h"
#include "providers/recipe/judge.h"
#include "providers/recipe/parts.h"

/* A report query's subject. */
struct poll_id {
    struct list node;
    char id[64];
};

struct split_group;
struct query;

/* One request and the jobs it carries. */
struct call {
    struct list node;
    struct provider *provider;
    struct list jobs;
    size_t count;
    struct split_group *group; /* when it is part of a refused batch; else null */
};

struct provider {
    const struct provider_host *host;
    const struct http_sms_settings *settings;
    struct recipe *recipe;
    uv_idle_t now;   /* runs while there is something to begin */
    uv_timer_t poll; /* armed for the next report query */
    uv_timer_t pace; /* armed for the next request the vendor allows */
    int64_t send_at; /* loop time of that */
    int open_handles;
    struct list queue;   /* jobs */
    struct list waiting; /* calls: parts of split batches */
    size_t in_flight;    /* requests that carry jobs */
    size_t queries;      /* requests that ask */
    struct list poll_ids;
    size_t poll_id_count;
    int64_t poll_at;         /* loop time of the next report query */
    struct query *next_page; /* of a report query; null when there is none */
    bool polling;
    bool health_due;
    bool draining;
    bool drained;
};

/* http_sms_request.c: a request made from a recipe. */

struct request_values {
    const struct provider *provider;
    const struct provider_job *job; /* null in queries */
    const char *id;                 /* of a report query */
    int64_t page;
};

struct built_request {
    struct buf url;
    struct buf body;
    struct buf items;
    char *headers[RECIPE_PAIRS_MAX + 1];
    size_t header_count;
};

void built_init(struct built_request *b);
void built_finish(struct built_request *b);
/* Appends one item to the list for ${items}. ERR_INVALID when a value may not stand there. */
int built_add_item(struct built_request *b, const struct recipe_request *rr,
                   const struct request_values *v, struct err *e);
/* Builds the rest and sends it; done is called as curlmux_send() promises. */
int built_send(struct built_request *b, const struct recipe_request *rr,
               const struct request_values *v, curlmux_callback *done, void *ctx, struct err *e);

/* http_sms_options.c: what the table cannot check. */

void http_sms_check(const void *settings, const char *pointer, struct faults *faults);
/* The same, and what the recipe asks for. */
int http_sms_check_settings(const struct provider *p, struct err *e);

/* http_sms_query.c: reports and balance. */

void http_sms_fetch_reports(struct provider *p, const struct provider_await *list, size_t count);
int http_sms_parse_hook(struct provider *p, const struct provider_hook *hook, struct err *e);
void http_sms_probe(struct provider *p);
/* Calls health() for a recipe that has nothing to ask. */
void http_sms_say_health(struct provider *p);
void http_sms_forget_polls(struct provider *p);

/* http_sms.c */

/* Sees to what is due: called by the idle handle, and started by whoever makes something due. */
void http_sms_wake(struct provider *p);
