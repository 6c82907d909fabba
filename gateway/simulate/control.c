/* /_sim/…: what the tester asks and orders. No part of any vendor's interface. */
#include "simulate/parts.h"

#include <stdio.h>

enum { PAGE_MAX = 50000 };

static void answer_json(struct http_request *req, struct buf *body)
{
    struct http_answer a = {.status = 200, .content_type = "application/json", .stolen = body};

    http_reply(req, &a);
}

static void answer_text(struct http_request *req, int status, const char *text)
{
    struct http_answer a = {
        .status = status, .content_type = "text/plain; charset=utf-8", .body = str_of(text)};

    http_reply(req, &a);
}

static void write_message(const struct simulator *s, const struct sim_message *m,
                          struct json_writer *w)
{
    bool over = false;

    jsonw_object(w);
    jsonw_put_i64(w, "number", (int64_t)m->number);
    jsonw_put_i64(w, "request", (int64_t)m->request);
    jsonw_put(w, "id", m->id);
    jsonw_put(w, "job", m->job);
    jsonw_put(w, "to", m->to);
    jsonw_put(w, "text", m->text);
    jsonw_put(w, "sender", m->sender);
    jsonw_put(w, "ref", m->ref);
    jsonw_put(w, "job_ref", m->job_ref);
    jsonw_put(w, "callback", m->callback);
    jsonw_put_i64(w, "parts", m->parts);
    jsonw_put_time(w, "at", m->at_ms);
    jsonw_put(w, "state", sim_state_now(s, m, sim_now(), &over));
    jsonw_put(w, "end", m->end_ms == INT64_MAX ? "" : m->state);
    jsonw_put_bool(w, "over", over);
    jsonw_put_bool(w, "answered", m->answered);
    jsonw_put_i64(w, "reports", m->reports);
    jsonw_end_object(w);
}

static void messages(struct simulator *s, struct http_request *req)
{
    struct json_writer w;
    struct buf out;
    size_t count = ledger_count(s->ledger);

    buf_init(&out, SIM_ANSWER_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put_i64(&w, "count", (int64_t)count);
    jsonw_put_i64(&w, "requests", (int64_t)s->requests);
    jsonw_key(&w, "messages");
    jsonw_array(&w);
    for (size_t i = count > PAGE_MAX ? count - PAGE_MAX : 0; i < count; i++) {
        write_message(s, ledger_at(s->ledger, i), &w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    answer_json(req, &out);
}

static void requests(struct simulator *s, struct http_request *req)
{
    uint64_t from = s->event_count > SIM_HISTORY_MAX ? s->event_count - SIM_HISTORY_MAX : 0;
    struct json_writer w;
    struct buf out;

    buf_init(&out, SIM_ANSWER_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put_i64(&w, "count", (int64_t)s->event_count);
    jsonw_key(&w, "requests");
    jsonw_array(&w);
    for (uint64_t i = from; i < s->event_count; i++) {
        simulator_event_json(&s->history[i % SIM_HISTORY_MAX], &w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    answer_json(req, &out);
}

void simulator_event_json(const struct simulator_event *event, struct json_writer *w)
{
    jsonw_object(w);
    jsonw_put_time(w, "at", event->at_ms);
    jsonw_put(w, "kind", event->kind);
    jsonw_put(w, "path", event->path);
    jsonw_put_i64(w, "http", event->status);
    jsonw_put(w, "code", event->code);
    jsonw_put(w, "fault", event->fault);
    jsonw_put(w, "why", event->why);
    jsonw_put_i64(w, "taken", (int64_t)event->taken);
    jsonw_put_i64(w, "refused", (int64_t)event->refused);
    jsonw_end_object(w);
}

static void show_troubles(struct simulator *s, struct http_request *req)
{
    struct json_writer w;
    struct buf out;

    buf_init(&out, 65536);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_key(&w, "faults");
    sim_troubles_json(&s->troubles, &w);
    jsonw_end_object(&w);
    answer_json(req, &out);
}

/* The body replaces the list: one fault a line, "" for none. All or nothing. */
static void set_troubles(struct simulator *s, struct http_request *req)
{
    struct sim_troubles wanted = {.rng = s->troubles.rng};
    struct str rest = http_body(req);
    struct fault why = {.line = 0};
    char text[FAULT_TEXT_MAX + 80];

    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        struct str line = {rest.ptr, end == NULL ? rest.len : (size_t)(end - rest.ptr)};

        if (str_trim(line).len > 0 && sim_trouble_add(&wanted, s->model, line, &why) != 0) {
            (void)snprintf(text, sizeof(text), "%.*s: %s", (int)(line.len > 60 ? 60 : line.len),
                           line.ptr, why.en);
            answer_text(req, 400, text);
            return;
        }
        rest = end == NULL ? (struct str){NULL, 0} : (struct str){end + 1, rest.len - line.len - 1};
    }
    s->troubles = wanted;
    show_troubles(s, req);
}

void sim_control(struct simulator *s, struct http_request *req)
{
    struct str path = http_path(req);
    enum http_method method = http_method(req);

    if (str_eqs(path, "/_sim/messages") && method == HTTP_GET) {
        messages(s, req);
    } else if (str_eqs(path, "/_sim/messages") && method == HTTP_DELETE) {
        list_init(&s->due);
        ledger_clear(s->ledger);
        answer_text(req, 200, "");
    } else if (str_eqs(path, "/_sim/requests") && method == HTTP_GET) {
        requests(s, req);
    } else if (str_eqs(path, "/_sim/fault") && method == HTTP_GET) {
        show_troubles(s, req);
    } else if (str_eqs(path, "/_sim/fault") && method == HTTP_POST) {
        set_troubles(s, req);
    } else {
        answer_text(req, 404,
                    "GET /_sim/messages  DELETE /_sim/messages  GET /_sim/requests\n"
                    "GET /_sim/fault     POST /_sim/fault (one fault a line)\n");
    }
}
