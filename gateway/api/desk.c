/* The operations of the desk over HTTP: a request becomes members, a job, and an answer. */
#include "api/desk.h"
#include "base/log.h"
#include "flow/control_provider.h"
#include "flow/desk.h"
#include "flow/dispatch.h"
#include "flow/intake.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIELDS_MAX = 64, DESK_PATH_MAX = 128 };

struct desk_job {
    struct store_job job;
    struct api *api;
    struct http_request *req;
    const struct desk_operation *operation;
    struct settings *settings; /* held */
    struct json_doc *params;
    struct desk_call call;
    struct faults faults;
    struct buf out;
    char actor[AUDIT_ACTOR_MAX + 1];
    int64_t last_event;
};

static void finish_job(struct desk_job *j)
{
    struct api *api = j->api;

    settings_drop(j->settings);
    json_free(j->params);
    faults_finish(&j->faults);
    buf_finish(&j->out);
    free(j);
    api_drop(api);
}

/* ---- members ---- */

static struct str cut(struct str *rest, char mark)
{
    const char *at = rest->len == 0 ? NULL : memchr(rest->ptr, mark, rest->len);
    struct str part = {rest->ptr, at == NULL ? rest->len : (size_t)(at - rest->ptr)};
    size_t used = part.len + (at == NULL ? 0 : 1);

    rest->ptr += used;
    rest->len -= used;
    return part;
}

/* Text of a path or query, decoded, as a JSON string. */
static int write_decoded(struct json_writer *w, struct str s)
{
    struct buf text;
    int rc;

    buf_init(&text, DESK_PARAMS_MAX);
    rc = http_form_decode(s, &text);
    if (rc == 0) {
        jsonw_str(w, (struct str){text.data == NULL ? "" : text.data, text.len});
    }
    buf_finish(&text);
    return rc;
}

static int write_captures(struct json_writer *w, const struct desk_operation *o,
                          const struct str *captures)
{
    struct str rest = str_of(o->path);
    int rc = 0;

    for (size_t i = 0; i < API_CAPTURES && rc == 0 && captures[i].ptr != NULL; i++) {
        char name[40] = "";

        (void)cut(&rest, '{');
        (void)str_copy(name, sizeof name, cut(&rest, '}'));
        jsonw_key(w, name);
        rc = write_decoded(w, captures[i]);
    }
    return rc;
}

static int write_query(struct json_writer *w, struct str query)
{
    int rc = 0;

    for (int n = 0; query.len > 0 && rc == 0; n++) {
        struct str value = cut(&query, '&');
        char name[40];

        if (n == FIELDS_MAX || str_copy(name, sizeof name, cut(&value, '=')) != 0) {
            return ERR_LIMIT;
        }
        if (name[0] != '\0') {
            jsonw_key(w, name);
            rc = write_decoded(w, value);
        }
    }
    return rc;
}

/* What is wrong with it, or null. */
static const char *write_body(struct json_writer *w, struct str body)
{
    struct json_doc *doc;
    const char *problem;

    if (str_trim(body).len == 0) {
        return NULL;
    }
    if (json_parse(body, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return "invalid_json";
    }
    problem = json_type(json_root(doc)) == JSON_OBJECT ? NULL : "not_an_object";
    for (const struct json *v = json_first(json_root(doc)); v != NULL; v = json_next(v)) {
        jsonw_key(w, json_key(v) == NULL ? "" : json_key(v));
        jsonw_value(w, v);
    }
    json_free(doc);
    return problem;
}

/* One object of what the path, the query and the body name; a member named twice is refused. */
static const char *read_members(struct desk_job *j, const struct call *c)
{
    const bool file = (j->operation->flags & DESK_TAKES_FILE) != 0;
    struct json_writer w;
    struct buf text;
    const char *problem = NULL;
    struct err e = {0};

    buf_init(&text, DESK_PARAMS_MAX);
    jsonw_init(&w, &text);
    jsonw_object(&w);
    if (write_captures(&w, j->operation, c->captures) != 0 ||
        write_query(&w, http_query(c->req)) != 0) {
        problem = "invalid_parameter";
    } else if (!file) {
        problem = write_body(&w, http_body(c->req));
    }
    jsonw_end_object(&w);
    if (problem == NULL &&
        (buf_failed(&text) != 0 || json_parse((struct str){text.data, text.len}, 0,
                                              &json_default_limits, &j->params, NULL, &e) != 0)) {
        problem = "invalid_parameter";
    }
    buf_finish(&text);
    return problem;
}

/* ---- the answer ---- */

static void refuse(struct desk_job *j, int status)
{
    const char *code = status == ERR_INVALID || status == ERR_UNSUPPORTED  ? "validation_failed"
                       : status == ERR_NOT_FOUND                           ? "not_found"
                       : status == ERR_WRONG_STATE || status == ERR_EXISTS ? "refused"
                       : status == ERR_DENIED                              ? "forbidden"
                       : status == ERR_LIMIT                               ? "body_too_large"
                                                                           : NULL;
    const struct fault *first = j->faults.count > 0 ? &j->faults.list[0] : NULL;
    const char *detail = first == NULL ? NULL : j->call.turkish ? first->tr : first->en;

    if (code == NULL) {
        api_refuse_for(j->req, status);
    } else {
        api_refuse(j->req, code, &j->faults, detail);
    }
}

static void follow(const struct desk_job *j)
{
    struct gateway *g = j->api->g;

    if ((j->call.effects & DESK_EVENTS) != 0 && g->intake != NULL) {
        intake_appended(g->intake, j->last_event);
    }
    if ((j->call.effects & DESK_CONTROLS) != 0 && g->dispatch != NULL) {
        dispatch_controls_changed(g->dispatch);
    }
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && g->dispatch != NULL; ch++) {
        if ((j->call.effects & DESK_WAKE) != 0) {
            dispatch_kick(g->dispatch, ch);
        }
    }
}

static void desk_done(struct store_job *job, int status, const struct err *e)
{
    struct desk_job *j = (struct desk_job *)job;
    struct http_answer answer = {
        .status = 200, .content_type = j->call.content_type, .stolen = &j->out};

    if (status == 0) {
        follow(j);
        http_reply(j->req, &answer);
    } else {
        log_info("desk_refused", LOG_S("operation", j->operation->name), LOG_S("actor", j->actor),
                 LOG_S("error", e->text));
        refuse(j, status);
    }
    finish_job(j);
}

static int desk_work(struct store_job *job, struct store *s, struct err *e)
{
    struct desk_job *j = (struct desk_job *)job;
    int rc;

    j->call.store = s;
    rc = j->operation->run(&j->call, e);
    if (rc == 0 && (j->operation->flags & DESK_WRITES) != 0) {
        rc = desk_check_all_read(&j->call, e);
    }
    j->last_event = (j->call.effects & DESK_EVENTS) != 0 ? store_event_last(s) : 0;
    if (rc == 0 && buf_failed(&j->out) != 0) {
        rc = err_set(e, buf_failed(&j->out), "the answer does not fit");
    }
    return rc;
}

static bool names_held_provider(const struct gateway *g, const struct json *params)
{
    const int i = g->dispatch == NULL ? -1 : provider_index(g, json_str(json_get(params, "name")));

    return i >= 0 && g->stats.providers[i].held;
}

static void fill_call(struct desk_job *j, const struct call *c, const struct api_names *names)
{
    struct gateway *g = j->api->g;

    api_actor(c, j->actor);
    j->settings = settings_hold(g->settings);
    j->call = (struct desk_call){
        .settings = j->settings,
        .ids = names->ids,
        .hash = names->hash,
        .key = g->key,
        .now_ms = gateway_now(g),
        .turkish = c->turkish,
        .actor = j->actor,
        .params = json_root(j->params),
        .provider_held = names_held_provider(g, json_root(j->params)),
        .file = (j->operation->flags & DESK_TAKES_FILE) != 0 ? http_body(c->req) : STR(""),
        .faults = &j->faults,
        .out = &j->out,
        .content_type = "application/json"};
}

void handle_desk(struct call *c)
{
    struct desk_job *j = calloc(1, sizeof *j);
    const bool writes = (c->operation->flags & DESK_WRITES) != 0;
    struct gateway *g = c->api->g;
    const char *problem;

    if (j == NULL) {
        api_refuse(c->req, "out_of_memory", NULL, NULL);
        return;
    }
    j->api = c->api;
    j->req = c->req;
    j->operation = c->operation;
    faults_init(&j->faults);
    buf_init(&j->out, DESK_ANSWER_MAX);
    api_hold(j->api);
    problem = read_members(j, c);
    if (problem == NULL && writes && g->draining) {
        problem = "unavailable";
    }
    if (problem != NULL) {
        api_refuse(c->req, problem, NULL, NULL);
        finish_job(j);
        return;
    }
    fill_call(j, c, writes ? &c->api->writer_names : &c->api->reader_names);
    j->job.work = desk_work;
    j->job.done = desk_done;
    store_thread_submit(writes ? g->writer : api_reader(c->api), &j->job);
}

/* "…:verb" is also reached at "…/verb": not every client likes a colon in a path. */
static bool match_with_slash(const char *path, struct str given, struct str captures[API_CAPTURES])
{
    const char *colon = strrchr(path, ':');
    char other[DESK_PATH_MAX];

    if (colon == NULL || str_copy(other, sizeof other, str_of(path)) != 0) {
        return false;
    }
    other[colon - path] = '/';
    return route_match(other, given, captures);
}

const struct desk_operation *desk_route(enum http_method method, struct str path,
                                        struct str captures[API_CAPTURES], unsigned *ret_allowed)
{
    const enum http_method wanted = method == HTTP_HEAD ? HTTP_GET : method;

    for (const struct desk_operation *o = desk_operations; o->name != NULL; o++) {
        const enum http_method own = strcmp(o->method, "GET") == 0 ? HTTP_GET : HTTP_POST;

        if ((o->flags & DESK_LIVE) != 0 ||
            (!route_match(o->path, path, captures) && !match_with_slash(o->path, path, captures))) {
            continue;
        }
        if (own == wanted) {
            return o;
        }
        *ret_allowed |= 1u << own;
    }
    return NULL;
}
