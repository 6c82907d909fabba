/* How an answer leaves: as it should, late, in pieces, or not at all. */
#include "simulate/parts.h"

#include <stdio.h>
#include <stdlib.h>

static const char proxy_page[] =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n"
    "</html>\r\n";

static void exchange_free(struct sim_exchange *x)
{
    for (size_t i = 0; x->rows != NULL && x->endpoint->kind == SIM_SEND && i < x->count; i++) {
        free((char *)(uintptr_t)x->rows[i].to);
        free((char *)(uintptr_t)x->rows[i].ref);
        free(x->rows[i].part_id);
    }
    free(x->rows);
    json_free(x->doc);
    free(x);
}

/* The template of this answer: the refusal, the chosen shape, or the usual one. */
static const struct json *template_of(const struct sim_exchange *x)
{
    const struct json *own = json_get(sim_code(x->sim->model, x->code), "reply");

    if (x->code != NULL) {
        return own != NULL ? own : x->sim->model->refusal;
    }
    if (x->trouble != NULL && x->trouble->kind == TROUBLE_SHAPE &&
        json_get(x->endpoint->replies, x->trouble->arg) != NULL) {
        return json_get(x->endpoint->replies, x->trouble->arg);
    }
    return x->endpoint->reply;
}

static int status_of(const struct sim_exchange *x, const struct json *template)
{
    int64_t status = 200;

    if (json_i64(json_get(sim_code(x->sim->model, x->code), "http"), &status) != 0) {
        (void)json_i64(json_get(template, "http"), &status);
    }
    return (int)status;
}

static void type_of(const struct json *template, char out[64])
{
    struct str type = json_str(json_get(template, "type"));

    if (type.ptr == NULL || str_copy(out, 64, type) != 0) {
        (void)snprintf(out, 64, "%s",
                       json_get(template, "json") != NULL ? "application/json"
                                                          : "text/plain; charset=utf-8");
    }
}

static void hold(struct simulator *s, struct http_request *http, int64_t ms, int status,
                 const char *type, struct buf *body)
{
    struct sim_held *h = calloc(1, sizeof(*h));

    if (h == NULL) {
        http_drop(http, STR(""), false);
        buf_finish(body);
        return;
    }
    h->http = http;
    h->due = (int64_t)uv_now(s->options.loop) + ms;
    h->status = status;
    (void)snprintf(h->type, sizeof(h->type), "%s", type);
    h->body = *body;
    list_push_back(&s->held, &h->node);
}

void sim_release_held(struct simulator *s, int64_t now)
{
    list_each_safe(node, &s->held)
    {
        struct sim_held *h = list_entry(node, struct sim_held, node);
        struct http_answer a = {.status = h->status, .content_type = h->type, .stolen = &h->body};

        if (h->due <= now) {
            list_remove(&h->node);
            http_reply(h->http, &a);
            free(h);
        }
    }
}

void sim_drop_held(struct simulator *s)
{
    struct list *node;

    while ((node = list_pop_front(&s->held)) != NULL) {
        struct sim_held *h = list_entry(node, struct sim_held, node);

        http_drop(h->http, STR(""), false);
        buf_finish(&h->body);
        free(h);
    }
}

/* An answer whose Content-Length promises more than comes. */
static void cut_short(struct http_request *http, int status, const char *type,
                      const struct buf *body)
{
    struct buf raw;

    buf_init(&raw, 1 << 20);
    (void)buf_addf(&raw, "HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                   status, type, body->len + 100);
    (void)buf_add(&raw, body->data, body->len / 2);
    http_drop(http, (struct str){buf_cstr(&raw), raw.len}, false);
    buf_finish(&raw);
}

static void fill_up(struct buf *body, int64_t bytes)
{
    size_t missing = (int64_t)body->len < bytes ? (size_t)bytes - body->len : 0;
    char *blanks = buf_reserve(body, missing);

    if (blanks != NULL) {
        memset(blanks, ' ', missing);
        buf_commit(body, missing);
    }
}

static void reply(struct http_request *http, int status, const char *type, struct buf *body,
                  const char *field, const char *value)
{
    struct http_answer a = {.status = status, .content_type = type, .stolen = body};

    if (field != NULL) {
        a.fields[0] = (struct http_field){field, value};
    }
    http_reply(http, &a);
}

static void reply_plain(struct http_request *http, int status, const char *type, const char *text,
                        const char *field, const char *value)
{
    struct http_answer a = {.status = status, .content_type = type, .body = str_of(text)};

    if (field != NULL) {
        a.fields[0] = (struct http_field){field, value};
    }
    http_reply(http, &a);
}

/* The status that leaves: 0 for none. */
static int spoiled_status(const struct sim_trouble *t, int status)
{
    switch (t == NULL ? TROUBLE_KIND_COUNT : t->kind) {
    case TROUBLE_LOST:
    case TROUBLE_RESET:
        return 0;
    case TROUBLE_HTML:
        return 502;
    case TROUBLE_STATUS:
        return (int)t->number;
    case TROUBLE_REDIRECT:
        return 307;
    default:
        return status;
    }
}

/* What never gets as far as an answer of the vendor's. False: the answer follows. */
static bool instead(struct sim_exchange *x, int status)
{
    switch (x->trouble->kind) {
    case TROUBLE_LOST:
    case TROUBLE_RESET:
        http_drop(x->http, STR(""), x->trouble->kind == TROUBLE_RESET);
        return true;
    case TROUBLE_HTML:
        reply_plain(x->http, status, "text/html", proxy_page, NULL, NULL);
        return true;
    case TROUBLE_REDIRECT:
        reply_plain(x->http, status, NULL, "", "Location", x->trouble->arg);
        return true;
    case TROUBLE_STATUS:
    case TROUBLE_EMPTY:
        reply_plain(x->http, status, NULL, "", NULL, NULL);
        return true;
    default:
        return false;
    }
}

/* The vendor's answer, perhaps spoiled. body is taken. */
static void deliver(struct sim_exchange *x, int status, const char *type, struct buf *body)
{
    const struct sim_trouble *t = x->trouble;
    char seconds[24];

    switch (t == NULL ? TROUBLE_KIND_COUNT : t->kind) {
    case TROUBLE_LATE:
    case TROUBLE_SLOW:
        hold(x->sim, x->http, t->number, status, type, body);
        return;
    case TROUBLE_TRUNCATED:
        cut_short(x->http, status, type, body);
        buf_finish(body);
        return;
    case TROUBLE_CUT_JSON:
        buf_truncate(body, body->len / 2);
        break;
    case TROUBLE_HUGE:
        fill_up(body, t->number);
        break;
    case TROUBLE_THROTTLE:
        if (t->number > 0) {
            (void)snprintf(seconds, sizeof(seconds), "%lld", (long long)t->number);
            reply(x->http, status, type, body, "Retry-After", seconds);
            return;
        }
        break;
    default:
        break;
    }
    reply(x->http, status, type, body, NULL, NULL);
}

static void note(const struct sim_exchange *x, int status)
{
    static const char *const kinds[] = {"send", "report", "data"};
    struct simulator_event event = {.at_ms = sim_now(),
                                    .kind = kinds[x->endpoint->kind],
                                    .status = status,
                                    .taken = x->taken,
                                    .refused = x->refused};
    struct str path = http_path(x->http);

    (void)snprintf(event.path, sizeof(event.path), "%.*s", (int)(path.len > 100 ? 100 : path.len),
                   path.ptr);
    (void)snprintf(event.code, sizeof(event.code), "%s", x->code == NULL ? "" : x->code);
    (void)snprintf(event.fault, sizeof(event.fault), "%s",
                   x->trouble == NULL ? "" : sim_trouble_names[x->trouble->kind]);
    (void)snprintf(event.why, sizeof(event.why), "%s", x->why == NULL ? "" : x->why);
    sim_note(x->sim, &event);
}

/* Whoever asked was told that these were taken. */
static void mark_answered(struct sim_exchange *x)
{
    enum sim_trouble_kind kind = x->trouble == NULL ? TROUBLE_KIND_COUNT : x->trouble->kind;
    bool told = kind != TROUBLE_LOST && kind != TROUBLE_RESET && kind != TROUBLE_HTML &&
                kind != TROUBLE_STATUS && kind != TROUBLE_TRUNCATED && kind != TROUBLE_CUT_JSON &&
                kind != TROUBLE_EMPTY && kind != TROUBLE_LATE;

    for (size_t i = 0; i < x->count && x->endpoint->kind == SIM_SEND; i++) {
        if (x->rows[i].message != NULL) {
            ((struct sim_message *)(uintptr_t)x->rows[i].message)->answered = told;
        }
    }
}

static void push_early(struct sim_exchange *x)
{
    for (size_t i = 0; i < x->count && x->endpoint->kind == SIM_SEND; i++) {
        struct sim_message *m = (struct sim_message *)(uintptr_t)x->rows[i].message;

        if (m != NULL && m->early) {
            sim_push_message(x->sim, m);
        }
    }
}

void sim_answer(struct sim_exchange *x)
{
    const struct json *template = template_of(x);
    struct sim_scope scope = {.sim = x->sim,
                              .request = x->doc == NULL ? NULL : json_root(x->doc),
                              .code = x->code,
                              .job = x->job,
                              .rows = x->rows,
                              .count = x->count};
    int status = spoiled_status(x->trouble, status_of(x, template));
    struct buf body;
    char type[64];

    mark_answered(x);
    push_early(x);
    type_of(template, type);
    buf_init(&body, SIM_ANSWER_MAX);
    sim_fill(template, &scope, &body);
    note(x, status);
    if (x->trouble != NULL && instead(x, status)) {
        buf_finish(&body);
    } else {
        deliver(x, status, type, &body);
    }
    exchange_free(x);
}
