#include "base/clock.h"
#include "simulate/parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { TICK_MS = 10, REQUEST_MS = 600000, BODY_MAX = 16 << 20, GRACE_MS = 200 };

int64_t sim_now(void)
{
    return clock_wall_ms(clock_system());
}

void sim_note(struct simulator *s, const struct simulator_event *event)
{
    s->history[s->event_count++ % SIM_HISTORY_MAX] = *event;
    if (s->options.happened != NULL) {
        s->options.happened(s->options.ctx, event);
    }
}

/* ---- requests ---- */

static const struct sim_endpoint *find_endpoint(const struct sim_model *m, const char *method,
                                                struct str path)
{
    for (size_t i = 0; i < m->endpoint_count; i++) {
        if (strcmp(m->endpoints[i].method, method) == 0 &&
            sim_path_fits(m->endpoints[i].path, path)) {
            return &m->endpoints[i];
        }
    }
    return NULL;
}

static void unknown_call(struct simulator *s, struct http_request *req)
{
    struct simulator_event event = {.at_ms = sim_now(), .kind = "unknown", .status = 404};
    struct http_answer a = {
        .status = 404, .content_type = "text/plain", .body = STR("no such call\n")};
    struct str path = http_path(req);

    (void)snprintf(event.path, sizeof(event.path), "%.*s", (int)(path.len > 100 ? 100 : path.len),
                   path.ptr);
    (void)snprintf(event.why, sizeof(event.why), "%s has no such call: %s %.*s", s->model->title,
                   http_method_name(http_method(req)), (int)(path.len > 80 ? 80 : path.len),
                   path.ptr);
    sim_note(s, &event);
    http_reply(req, &a);
}

static int read_request(struct sim_exchange *x, struct err *e)
{
    const struct sim_endpoint *p = x->endpoint;
    struct sim_raw_request raw = {.method = http_method_name(http_method(x->http)),
                                  .path = http_path(x->http),
                                  .pattern = p->path,
                                  .query = http_query(x->http),
                                  .content_type = http_header(x->http, "content-type"),
                                  .authorization = http_header(x->http, "authorization"),
                                  .body = http_body(x->http),
                                  .form = (enum sim_body)p->body,
                                  .charset = (enum sim_charset)p->charset};

    return sim_request_read(&raw, &x->doc, e);
}

static void refuse_unreadable(struct sim_exchange *x, const struct err *e)
{
    x->code = sim_code_on(x->sim->model, "malformed");
    (void)snprintf(x->why_text, sizeof(x->why_text), "%.150s", e->text);
    x->why = x->why_text;
}

/* Whether the vendor gets to see the request at all. */
static bool arrives(const struct sim_trouble *t)
{
    return t == NULL || t->accept ||
           (t->kind != TROUBLE_RESET && t->kind != TROUBLE_HTML && t->kind != TROUBLE_STATUS &&
            t->kind != TROUBLE_REDIRECT);
}

/* The code that the trouble orders, or null. */
static const char *ordered_code(const struct sim_exchange *x)
{
    const struct sim_trouble *t = x->trouble;

    if (t != NULL && t->kind == TROUBLE_CODE) {
        return t->arg;
    }
    return t != NULL && t->kind == TROUBLE_THROTTLE ? sim_code_on(x->sim->model, "throttled")
                                                    : NULL;
}

static void work(struct sim_exchange *x)
{
    static const enum sim_at ats[] = {SIM_AT_SEND, SIM_AT_REPORT, SIM_AT_DATA};
    struct err e = {0};

    x->trouble = sim_trouble_request(&x->sim->troubles, ats[x->endpoint->kind]);
    x->code = ordered_code(x);
    if (x->code != NULL || !arrives(x->trouble)) {
        return;
    }
    if (read_request(x, &e) != 0) {
        refuse_unreadable(x, &e);
        return;
    }
    switch (x->endpoint->kind) {
    case SIM_SEND:
        sim_do_send(x);
        break;
    case SIM_REPORT:
        sim_do_report(x);
        break;
    default:
        sim_do_data(x);
    }
}

static void on_request(void *ctx, struct http_request *req)
{
    struct simulator *s = ctx;
    struct str path = http_path(req);
    const struct sim_endpoint *endpoint;
    struct sim_exchange *x;

    if (str_starts(path, "/_sim/")) {
        sim_control(s, req);
        return;
    }
    s->requests++;
    endpoint = find_endpoint(s->model, http_method_name(http_method(req)), path);
    if (endpoint == NULL) {
        unknown_call(s, req);
        return;
    }
    x = calloc(1, sizeof(*x));
    if (x == NULL) {
        http_drop(req, STR(""), false);
        return;
    }
    *x = (struct sim_exchange){.sim = s, .http = req, .endpoint = endpoint, .number = s->requests};
    work(x);
    sim_answer(x);
}

static const char *on_problem(void *ctx, const struct http_problem *problem, struct buf *out)
{
    (void)ctx;
    (void)buf_addf(out, "{\"status\":%d,\"code\":\"%s\"}", problem->status, problem->code);
    return NULL;
}

/* ---- life ---- */

static void on_tick(uv_timer_t *timer)
{
    struct simulator *s = timer->data;

    sim_release_held(s, (int64_t)uv_now(s->options.loop));
    sim_push_due(s, sim_now());
}

static void simulator_free(struct simulator *s)
{
    sim_drop_held(s);
    ledger_free(s->ledger);
    sim_model_free(s->model);
    free((char *)(uintptr_t)s->options.report_url);
    free(s);
}

static int listen_on(struct simulator *s, struct err *e)
{
    const struct httpd_handlers handlers = {.handle = on_request, .problem = on_problem};
    struct httpd_options options = httpd_default_options;
    int port = 0;
    int code;

    options.body_bytes = BODY_MAX;
    options.target_bytes = 32768;
    options.header_bytes = 65536;
    options.request_ms = REQUEST_MS;
    options.exempt_loopback = true;
    code = httpd_create(s->options.loop, &options, &handlers, s, &s->server, e);
    if (code != 0) {
        return code;
    }
    code = httpd_listen(s->server, s->options.address, s->options.port, &port, e);
    if (code != 0) {
        httpd_stop(s->server, 0, NULL, NULL);
        return code;
    }
    (void)snprintf(s->url, sizeof(s->url),
                   strchr(s->options.address, ':') != NULL ? "http://[%s]:%d" : "http://%s:%d",
                   s->options.address, port);
    return 0;
}

int simulator_start(const struct simulator_options *options, struct simulator **ret,
                    struct faults *faults, struct err *e)
{
    struct simulator *s = calloc(1, sizeof(*s));
    int code;

    if (s == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a simulator");
    }
    s->options = *options;
    s->options.report_url =
        options->report_url == NULL ? NULL : str_dup(str_of(options->report_url));
    s->report_after_ms = options->report_after_ms;
    s->rng.state = options->seed;
    s->troubles.rng.state = options->seed ^ 0x5eedu;
    list_init(&s->held);
    list_init(&s->due);
    s->ledger = ledger_create();
    code = s->ledger == NULL ? err_set(e, ERR_NOMEM, "no memory for a ledger")
                             : sim_model_load(options->description, &s->model, faults, e);
    code = code != 0 ? code : listen_on(s, e);
    if (code != 0) {
        simulator_free(s);
        return code;
    }
    (void)uv_timer_init(options->loop, &s->tick);
    s->tick.data = s;
    (void)uv_timer_start(&s->tick, on_tick, TICK_MS, TICK_MS);
    *ret = s;
    return 0;
}

const char *simulator_url(const struct simulator *s)
{
    return s->url;
}

const char *simulator_title(const struct simulator *s)
{
    return s->model->title;
}

const char *simulator_sample_user(const struct simulator *s)
{
    return s->model->sample_user;
}

int simulator_fault(struct simulator *s, const char *spec, struct fault *why)
{
    return sim_trouble_add(&s->troubles, s->model, str_of(spec), why);
}

size_t simulator_taken(const struct simulator *s)
{
    return ledger_count(s->ledger);
}

static void on_tick_closed(uv_handle_t *handle)
{
    struct simulator *s = handle->data;
    void (*closed)(void *ctx) = s->closed;
    void *ctx = s->closed_ctx;

    simulator_free(s);
    if (closed != NULL) {
        closed(ctx);
    }
}

/* Pushes in flight still point here. */
static void on_wait(uv_timer_t *timer)
{
    struct simulator *s = timer->data;

    if (s->pushes == 0) {
        uv_close((uv_handle_t *)timer, on_tick_closed);
    }
}

static void on_server_closed(void *ctx)
{
    struct simulator *s = ctx;

    (void)uv_timer_start(&s->tick, on_wait, 0, TICK_MS);
}

void simulator_stop(struct simulator *s, void (*closed)(void *ctx), void *ctx)
{
    s->closed = closed;
    s->closed_ctx = ctx;
    s->stopping = true;
    uv_timer_stop(&s->tick);
    sim_drop_held(s);
    httpd_stop(s->server, GRACE_MS, on_server_closed, s);
}
