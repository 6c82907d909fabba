/* What the files of the HTTP interface share; nobody else includes this. */
#pragma once

#include "api/api.h"
#include "api/auth.h"
#include "base/json.h"
#include "domain/ids.h"
#include "flow/audit.h"
#include "flow/settings.h"
#include "loop/httpd.h"

enum { API_CAPTURES = 2, API_ANSWER_MAX = 64 << 20 };

/* Counters of the interface itself. */
struct api_counts {
    uint64_t requests[6]; /* by hundreds of the status; 0 unused */
    struct stats_histogram seconds;
    uint64_t denied;
};

/* One reading of the keys. */
struct api_key_load {
    struct store_job job;
    struct api *api;
    struct auth_table table;
};

/* Keyed names and hashes; each thread has its own. */
struct api_names {
    struct ids *ids;
    struct hash *hash;
};

struct api {
    struct gateway *g;
    struct httpd *http;
    int port;
    struct auth_table keys;
    bool keys_known;
    struct list early; /* requests that came before the keys were read */
    struct api_key_load load;
    bool loading;
    bool load_again;
    struct api_names reader_names;
    struct api_names writer_names;
    char socket[108]; /* its path, "" for none */
    struct api_counts counts;
    size_t held; /* what still refers to us: the server and jobs that are out */
    void (*closed)(void *ctx);
    void *closed_ctx;
};

struct desk_operation;
struct route;

/* A request on its way through a handler; lives until the handler returns. */
struct call {
    struct api *api;
    struct http_request *req;
    const struct route *route;              /* or … */
    const struct desk_operation *operation; /* … an operation of the desk */
    const struct auth_key *key;             /* null on open routes */
    struct str captures[API_CAPTURES];
    struct auth_key user; /* what key points to then */
    bool local;           /* came over the socket of this machine, from its root or our own user */
    bool turkish;
};

struct route {
    enum http_method method;
    const char *pattern; /* "{x}" captures up to the next literal character, never a "/" */
    unsigned scope;      /* enum scope; 0: any key */
    bool open;           /* needs no key */
    void (*handle)(struct call *call);
    const char *purpose;
};

/* The one table of routes, ended by a null pattern. */
extern const struct route api_routes[];
/*
 * The route of a path; null when there is none, ret_allowed then has a bit per method that the
 * path would take. HEAD is served by GET.
 */
const struct route *route_find(enum http_method method, struct str path,
                               struct str captures[API_CAPTURES], unsigned *ret_allowed);

/* Whether a path has this pattern; captures are the texts of its "{x}", null ptr where none. */
bool route_match(const char *pattern, struct str path, struct str captures[API_CAPTURES]);

/* The thread that reads; a store in memory has one thread for everything. */
struct store_thread *api_reader(const struct api *api);

/* Jobs that outlive their handler keep the interface alive. */
void api_hold(struct api *api);
/* Who calls, as trace and audit log have it: "key:panel", on our own socket "uid:0". */
void api_actor(const struct call *c, char ret_actor[AUDIT_ACTOR_MAX + 1]);
void api_drop(struct api *api);
/* The row of the message named in the path; answers 404 and returns false otherwise. */
bool api_message_of(struct call *call, int64_t *ret_id);

/*
 * The body of a small request: an object (an empty body is one) with no members but the known ones,
 * whose list a null ends. Null when it was refused; else for json_free().
 */
struct json_doc *api_members(struct call *call, const char *const *known);

/* 200-style JSON answers; out is taken. */
void api_answer(struct http_request *req, int status, struct buf *out);
/* A problem of this kind; faults and detail may be null. */
void api_refuse(struct http_request *req, const char *code, const struct faults *faults,
                const char *detail);
/* The problem for what the store or intake said. */
void api_refuse_for(struct http_request *req, int err_code);
bool api_turkish(const struct http_request *req);

/* Handlers, one file each. */
void handle_events(struct call *call);
void handle_events_bulk(struct call *call);
void handle_message_list(struct call *call);
void handle_message_get(struct call *call);
void handle_message_cancel(struct call *call);
void handle_message_resend(struct call *call);
void handle_provider_list(struct call *call);
void handle_provider_get(struct call *call);
void handle_provider_balance(struct call *call);
void handle_provider_test(struct call *call);
void handle_key_list(struct call *call);
void handle_key_create(struct call *call);
void handle_key_revoke(struct call *call);
void handle_healthz(struct call *call);
void handle_readyz(struct call *call);
void handle_metrics(struct call *call);
void handle_report(struct call *call);
