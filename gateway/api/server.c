/* The interface's life; from a complete request to its handler. */
#include "api/desk.h"
#include "api/events.h"
#include "api/problem.h"
#include "base/log.h"
#include "config/conf.h"
#include "flow/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PROBLEM_BYTES = 128 * 1024 };

#define RETRY_AFTER "5"

/* ---- answers ---- */

bool api_turkish(const struct http_request *req)
{
    struct str wish = http_header(req, "accept-language");

    return problem_turkish(wish.ptr == NULL ? STR("") : wish);
}

void api_answer(struct http_request *req, int status, struct buf *out)
{
    struct http_answer a = {.status = status, .content_type = "application/json", .stolen = out};

    http_reply(req, &a);
}

static void refuse_with(struct http_request *req, const struct problem *p, struct http_field extra)
{
    struct buf out;
    const struct problem_kind *kind = problem_find(p->code);
    struct http_answer a = {.status = kind == NULL ? 500 : kind->status,
                            .content_type = "application/problem+json",
                            .stolen = &out,
                            .fields = {{"Content-Language", p->turkish ? "tr" : "en"}, extra}};

    buf_init(&out, PROBLEM_BYTES);
    (void)problem_write(p, &out);
    http_reply(req, &a);
}

void api_refuse(struct http_request *req, const char *code, const struct faults *faults,
                const char *detail)
{
    const struct problem p = {.code = code,
                              .turkish = api_turkish(req),
                              .request_id = http_request_id(req),
                              .detail = detail,
                              .faults = faults};
    const struct problem_kind *kind = problem_find(code);
    struct http_field extra = {NULL, NULL};

    if (kind != NULL && kind->status == 503) {
        extra = (struct http_field){"Retry-After", RETRY_AFTER};
    }
    refuse_with(req, &p, extra);
}

void api_refuse_for(struct http_request *req, int err_code)
{
    const char *code = err_code == ERR_FULL        ? "storage_full"
                       : err_code == ERR_BUSY      ? "overloaded"
                       : err_code == ERR_NOMEM     ? "out_of_memory"
                       : err_code == ERR_NOT_FOUND ? "not_found"
                                                   : "storage_failed";

    api_refuse(req, code, NULL, NULL);
}

static void refuse_method(struct http_request *req, unsigned allowed)
{
    char names[80] = "";
    const struct problem p = {.code = "method_not_allowed",
                              .turkish = api_turkish(req),
                              .request_id = http_request_id(req)};

    for (unsigned m = 0; m < HTTP_METHOD_COUNT; m++) {
        if ((allowed & 1u << m) != 0) {
            size_t used = strlen(names);

            snprintf(names + used, sizeof names - used, "%s%s%s", used > 0 ? ", " : "",
                     http_method_name((enum http_method)m), m == HTTP_GET ? ", HEAD" : "");
        }
    }
    refuse_with(req, &p, (struct http_field){"Allow", names});
}

/* RFC 6750 §3. */
static void refuse_key(struct http_request *req, enum auth_verdict verdict, unsigned scope)
{
    char challenge[160];
    const struct problem p = {.code = verdict == AUTH_SCOPE ? "forbidden" : "unauthorized",
                              .turkish = api_turkish(req),
                              .request_id = http_request_id(req)};
    const char *name = auth_scope_name(scope);

    if (verdict == AUTH_SCOPE) {
        snprintf(challenge, sizeof challenge,
                 "Bearer realm=\"hatirlat\", error=\"insufficient_scope\", scope=\"%s\"",
                 name == NULL ? "" : name);
    } else {
        snprintf(challenge, sizeof challenge, "Bearer realm=\"hatirlat\"%s",
                 verdict == AUTH_WRONG ? ", error=\"invalid_token\"" : "");
    }
    refuse_with(req, &p, (struct http_field){"WWW-Authenticate", challenge});
}

/* ---- requests ---- */

/* Root and the service's own user hold the files anyway: on the socket they need no key. */
static bool is_own(int64_t uid)
{
    return uid == 0 || (uid > 0 && uid == (int64_t)geteuid());
}

static bool is_local(struct call *c)
{
    const int64_t uid = http_peer_uid(c->req);

    c->local = is_own(uid);
    if (c->local) {
        snprintf(c->user.name, sizeof c->user.name, "uid:%lld", (long long)uid);
        c->user.scopes = SCOPE_ADMIN;
        c->key = &c->user;
    }
    return c->local;
}

void api_actor(const struct call *c, char ret_actor[AUDIT_ACTOR_MAX + 1])
{
    (void)snprintf(ret_actor, AUDIT_ACTOR_MAX + 1, "%s%s", c->local ? "" : "key:", c->key->name);
}

/* False when the request was refused. */
static bool admit(struct call *c)
{
    const unsigned scope = c->route != NULL ? c->route->scope : c->operation->scope;
    enum auth_verdict verdict;

    if ((c->route != NULL && c->route->open) || is_local(c)) {
        return true;
    }
    verdict = auth_check(&c->api->keys, http_header(c->req, "authorization"), scope, &c->key);
    if (verdict != AUTH_OK) {
        c->api->counts.denied++;
        log_info("http_denied", LOG_S("peer", http_peer(c->req)),
                 LOG_S("route", c->route != NULL ? c->route->pattern : c->operation->path),
                 LOG_S("key", c->key == NULL ? "" : c->key->name));
        refuse_key(c->req, verdict, scope);
        return false;
    }
    return true;
}

static void serve(struct api *api, struct http_request *req)
{
    struct call c = {.api = api, .req = req, .turkish = api_turkish(req)};
    unsigned allowed;

    c.route = route_find(http_method(req), http_path(req), c.captures, &allowed);
    if (c.route == NULL) {
        c.operation = desk_route(http_method(req), http_path(req), c.captures, &allowed);
    }
    if (c.route == NULL && c.operation == NULL && allowed == 0) {
        api_refuse(req, "not_found", NULL, NULL);
    } else if (c.route == NULL && c.operation == NULL) {
        refuse_method(req, allowed);
    } else if (admit(&c)) {
        (c.route != NULL ? c.route->handle : handle_desk)(&c);
    }
}

struct early_request {
    struct list node;
    struct http_request *req;
};

/* Nobody can be admitted before the keys are read, which takes a moment after the start. */
static void on_request(void *ctx, struct http_request *req)
{
    struct api *api = ctx;
    struct early_request *early;

    if (api->keys_known) {
        serve(api, req);
        return;
    }
    early = calloc(1, sizeof *early);
    if (early == NULL) {
        api_refuse(req, "out_of_memory", NULL, NULL);
        return;
    }
    early->req = req;
    list_push_back(&api->early, &early->node);
    if (!api->loading) {
        api_reload(api);
    }
}

static void serve_early(struct api *api)
{
    struct list *node;

    while ((node = list_pop_front(&api->early)) != NULL) {
        struct early_request *early = list_entry(node, struct early_request, node);

        if (api->keys_known) {
            serve(api, early->req);
        } else {
            api_refuse(early->req, "unavailable", NULL, NULL);
        }
        free(early);
    }
}

/* An operation that takes a file. */
static const struct desk_operation *takes_file(const struct http_request *req)
{
    struct str captures[API_CAPTURES] = {{NULL, 0}};
    unsigned allowed = 0;
    const struct desk_operation *o =
        desk_route(http_method(req), http_path(req), captures, &allowed);

    return o != NULL && (o->flags & DESK_TAKES_FILE) != 0 ? o : NULL;
}

/* NDJSON and lists carry many facts: they have larger bounds, for those who may post at all. */
static size_t on_body_limit(void *ctx, const struct http_request *req)
{
    const struct api *api = ctx;
    const struct conf_limits *limits = &api->g->settings->conf->limits;
    const struct desk_operation *o = takes_file(req);
    bool bulk = o == NULL && str_eqs(http_path(req), "/v1/events") && event_is_bulk(req);
    unsigned scope = o != NULL ? o->scope : SCOPE_EVENTS_WRITE;

    if ((o == NULL && !bulk) ||
        (!is_own(http_peer_uid(req)) &&
         auth_check(&api->keys, http_header(req, "authorization"), scope, NULL) != AUTH_OK)) {
        return 0;
    }
    return (size_t)(o != NULL ? limits->import_bytes : limits->bulk_body_bytes);
}

static const char *on_problem(void *ctx, const struct http_problem *p, struct buf *out)
{
    const struct problem problem = {.code = p->code,
                                    .status = p->status,
                                    .turkish = problem_turkish(p->accept_language),
                                    .request_id = p->request_id};

    (void)ctx;
    (void)problem_write(&problem, out);
    return problem.turkish ? "tr" : "en";
}

static void on_answered(void *ctx, const struct http_request *req, int status, int64_t took_ms)
{
    struct api *api = ctx;

    (void)req;
    api->counts.requests[status / 100 <= 5 ? status / 100 : 5]++;
    stats_observe(&api->counts.seconds, (double)took_ms / 1000);
}

/* ---- keys ---- */

static int load_work(struct store_job *job, struct store *s, struct err *e)
{
    return auth_table_read(s, &((struct api_key_load *)job)->table, e);
}

static void load_done(struct store_job *job, int status, const struct err *e)
{
    struct api *api = ((struct api_key_load *)job)->api;

    api->loading = false;
    if (status != 0) {
        log_error("keys_not_read", LOG_S("error", e->text));
    } else if (api->load_again && api->keys_known) {
        auth_table_finish(&api->load.table); /* older than a change that already holds */
    } else {
        auth_table_finish(&api->keys);
        api->keys = api->load.table;
        api->keys_known = true;
    }
    if (api->load_again) {
        api_reload(api);
    }
    serve_early(api);
    api_drop(api);
}

struct store_thread *api_reader(const struct api *api)
{
    return api->g->reader != NULL ? api->g->reader : api->g->writer;
}

void api_reload(struct api *api)
{
    api->load_again = api->loading;
    if (api->loading) {
        return;
    }
    api->loading = true;
    api_hold(api);
    api->load.api = api;
    api->load.job.work = load_work;
    api->load.job.done = load_done;
    store_thread_submit(api_reader(api), &api->load.job);
}

/* ---- life ---- */

void api_hold(struct api *api)
{
    api->held++;
}

static void finish_names(struct api_names *names)
{
    ids_destroy(names->ids);
    hash_destroy(names->hash);
}

static bool make_names(struct api_names *names, const unsigned char *key)
{
    names->ids = ids_create(key);
    names->hash = hash_create(key);
    return names->ids != NULL && names->hash != NULL;
}

static void free_api(struct api *api)
{
    if (api->socket[0] != '\0') {
        (void)unlink(api->socket);
    }
    auth_table_finish(&api->keys);
    finish_names(&api->reader_names);
    finish_names(&api->writer_names);
    free(api);
}

void api_drop(struct api *api)
{
    if (--api->held == 0) {
        void (*closed)(void *ctx) = api->closed;
        void *ctx = api->closed_ctx;

        free_api(api);
        if (closed != NULL) {
            closed(ctx);
        }
    }
}

static struct httpd_options options_of(const struct conf_limits *l)
{
    struct httpd_options o = httpd_default_options;

    o.header_bytes = (size_t)l->header_bytes;
    o.body_bytes = (size_t)l->body_bytes;
    o.connections = (size_t)l->connections;
    o.connections_per_address = (size_t)l->connections_per_address;
    o.headers_ms = l->header_timeout_ms;
    o.body_ms = l->body_timeout_ms;
    o.request_ms = l->request_timeout_ms;
    return o;
}

static void on_closed(void *ctx)
{
    api_drop(ctx);
}

/* Without it everything works but the commands on this machine, so it is no reason to stop. */
static void listen_locally(struct api *api)
{
    const char *path = api->g->settings->conf->listen.socket_path;
    struct err e = {0};

    if (path == NULL) {
        return;
    }
    if (httpd_listen_unix(api->http, path, &e) != 0) {
        log_warning("no_local_socket", LOG_S("error", e.text),
                    LOG_S("remedy", "set listen.socket to a short path in a directory of ours"));
        return;
    }
    (void)str_copy(api->socket, sizeof api->socket, str_of(path));
}

static int start(struct api *api, struct err *e)
{
    static const struct httpd_handlers handlers = {on_request, on_body_limit, on_problem,
                                                   on_answered};
    const struct conf *conf = api->g->settings->conf;
    const struct httpd_options options = options_of(&conf->limits);
    const char *host =
        strcmp(conf->listen.host, "localhost") == 0 ? "127.0.0.1" : conf->listen.host;
    int rc = httpd_create(api->g->loop, &options, &handlers, api, &api->http, e);

    if (rc != 0) {
        return rc;
    }
    rc = httpd_listen(api->http, host, conf->listen.port, &api->port, e);
    if (rc != 0) {
        httpd_stop(api->http, 0, on_closed, api);
        return rc;
    }
    listen_locally(api);
    return 0;
}

int api_create(struct gateway *g, struct api **ret, struct err *e)
{
    struct api *api = calloc(1, sizeof *api);
    int rc;

    if (api == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the HTTP interface");
    }
    api->g = g;
    api->held = 1;
    list_init(&api->early);
    if (!make_names(&api->reader_names, g->key) || !make_names(&api->writer_names, g->key)) {
        free_api(api);
        return err_set(e, ERR_NOMEM, "no memory for the HTTP interface");
    }
    rc = start(api, e);
    if (rc != 0) {
        if (api->http == NULL) {
            free_api(api); /* else its server is still closing and frees it */
        }
        return rc;
    }
    api_reload(api);
    *ret = api;
    return 0;
}

int api_port(const struct api *api)
{
    return api->port;
}

void api_stop(struct api *api, int64_t grace_ms, void (*closed)(void *ctx), void *ctx)
{
    api->closed = closed;
    api->closed_ctx = ctx;
    httpd_stop(api->http, grace_ms, on_closed, api);
}
