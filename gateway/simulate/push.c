/* Reports that the vendor pushes. */
#include "simulate/parts.h"

#include "base/codec.h"
#include "base/crypto.h"

#include <stdio.h>
#include <stdlib.h>

enum { PUSH_BODY_MAX = 256 * 1024, PUSH_TRIES = 4, PUSH_AGAIN_MS = 1000, FIELDS_MAX = 24 };

/* One report on its way; tried again when nobody takes it. */
struct push {
    uv_timer_t timer;
    struct simulator *sim;
    struct buf url;
    struct buf body;
    char method[8];
    char type[48];
    char *signature;
    uint64_t number; /* of the message, and its id: it may be forgotten meanwhile */
    char id[LEDGER_ID_MAX];
    bool counted;
    int tries;
};

static void push_free(uv_handle_t *handle)
{
    struct push *p = handle->data;

    p->sim->pushes--;
    buf_finish(&p->url);
    buf_finish(&p->body);
    free(p->signature);
    free(p);
}

static void push_close(struct push *p)
{
    uv_close((uv_handle_t *)&p->timer, push_free);
}

static void on_again(uv_timer_t *timer);

/* What left counts as one report of its message, however often it is tried. */
static void count_report(struct push *p, const struct curlmux_answer *a)
{
    struct sim_message *m = ledger_at(p->sim->ledger, p->number - 1);

    if (a->phase != CURLMUX_NOT_SENT && !p->counted) {
        p->counted = true;
        if (m != NULL && strcmp(m->id, p->id) == 0) {
            m->reports++;
        }
    }
}

static void on_answer(void *ctx, const struct curlmux_answer *a)
{
    struct push *p = ctx;
    struct simulator_event event = {
        .at_ms = sim_now(), .kind = "push", .status = a->status, .taken = 1};
    bool fine = a->phase == CURLMUX_ANSWERED && a->status >= 200 && a->status < 300;

    count_report(p, a);
    (void)snprintf(event.why, sizeof(event.why), "%s", a->error);
    sim_note(p->sim, &event);
    if (fine || p->sim->stopping || ++p->tries == PUSH_TRIES) {
        push_close(p);
    } else {
        (void)uv_timer_start(&p->timer, on_again, PUSH_AGAIN_MS, 0);
    }
}

static void push_send(struct push *p)
{
    const char *headers[2];
    char signature[256];
    struct curlmux_request r = {.method = p->method,
                                .url = buf_cstr(&p->url),
                                .headers = headers,
                                .allow_private = true,
                                .total_ms = 10000};

    if (p->type[0] != '\0') {
        headers[r.header_count++] = p->type;
        r.body = (struct str){buf_cstr(&p->body), p->body.len};
    }
    if (p->signature != NULL) {
        (void)snprintf(signature, sizeof(signature), "X-Twilio-Signature: %s", p->signature);
        headers[r.header_count++] = signature;
    }
    if (p->sim->stopping || curlmux_send(p->sim->options.curl, &r, on_answer, p, NULL) != 0) {
        push_close(p);
    }
}

static void on_again(uv_timer_t *timer)
{
    push_send(timer->data);
}

/* ---- what is pushed ---- */

/* The index of the n-th name in byte order. */
static size_t in_order(const char *const *names, size_t count, size_t n)
{
    for (size_t i = 0; i < count; i++) {
        size_t smaller = 0;

        for (size_t k = 0; k < count; k++) {
            smaller += strcmp(names[k], names[i]) < 0;
        }
        if (smaller == n) {
            return i;
        }
    }
    return 0;
}

void sim_sign(const struct simulator *s, const char *url, const char *const *names,
              const struct buf *values, size_t count, char **ret)
{
    unsigned char mac[CRYPTO_HMAC_MAX];
    size_t mac_len;
    struct buf data;

    *ret = NULL;
    if (s->model->push.sign == NULL) {
        return;
    }
    buf_init(&data, PUSH_BODY_MAX);
    (void)buf_adds(&data, url);
    for (size_t n = 0; n < count; n++) {
        size_t i = in_order(names, count, n);

        (void)buf_adds(&data, names[i]);
        (void)buf_adds(&data, buf_cstr(&values[i]));
    }
    mac_len =
        crypto_hmac(CRYPTO_SHA1, str_of(s->password), (struct str){buf_cstr(&data), data.len}, mac);
    buf_reset(&data);
    (void)codec_base64(&data, mac, mac_len);
    *ret = buf_steal(&data, NULL);
    buf_finish(&data);
}

static void add_pair(struct buf *out, const char *name, struct str value, char first)
{
    (void)buf_addc(out, first);
    (void)codec_percent(out, str_of(name));
    (void)buf_addc(out, '=');
    (void)codec_percent(out, value);
}

/* Filled members of an object, for forms and queries. */
struct fields {
    const char *names[FIELDS_MAX];
    struct buf values[FIELDS_MAX];
    size_t count;
};

static void fill_fields(const struct json *body, const struct sim_scope *scope, struct fields *f)
{
    f->count = 0;
    for (const struct json *v = json_first(body); v != NULL && f->count < FIELDS_MAX;
         v = json_next(v)) {
        struct buf *value = &f->values[f->count];

        buf_init(value, SIM_VALUE_MAX);
        sim_fill_text(json_str(v), scope, value);
        f->names[f->count++] = json_key(v);
    }
}

static void finish_fields(struct fields *f)
{
    while (f->count > 0) {
        buf_finish(&f->values[--f->count]);
    }
}

static struct str field_value(const struct fields *f, size_t i)
{
    return (struct str){buf_cstr(&f->values[i]), f->values[i].len};
}

static void write_fields(const struct fields *f, char first, struct buf *out)
{
    for (size_t i = 0; i < f->count; i++) {
        if (i == 0 && first == '\0') {
            (void)codec_percent(out, str_of(f->names[i]));
            (void)buf_addc(out, '=');
            (void)codec_percent(out, field_value(f, i));
        } else {
            add_pair(out, f->names[i], field_value(f, i), i == 0 ? first : '&');
        }
    }
}

/* Every %d, %A … of the address becomes its value, percent-encoded; "%%" a percent sign. */
static void expand_url(const char *url, const struct fields *f, struct buf *out)
{
    for (const char *p = url; *p != '\0'; p++) {
        size_t i = 0;

        while (*p == '%' && i < f->count && f->names[i][0] != p[1]) {
            i++;
        }
        if (*p == '%' && p[1] == '%') {
            (void)buf_addc(out, *p++);
        } else if (*p == '%' && i < f->count) {
            (void)codec_percent(out, field_value(f, i));
            p++;
        } else {
            (void)buf_addc(out, *p);
        }
    }
}

static void make_body(struct push *p, const char *url, struct sim_scope *scope)
{
    const struct sim_push *rules = &p->sim->model->push;
    struct json_writer w;
    struct fields f = {.count = 0};

    if (rules->form == SIM_PUSH_JSON) {
        (void)snprintf(p->type, sizeof(p->type), "Content-Type: application/json");
        jsonw_init(&w, &p->body);
        sim_fill_json(rules->body, scope, &w);
        (void)buf_adds(&p->url, url);
        return;
    }
    scope->row = &scope->rows[0];
    fill_fields(rules->body, scope, &f);
    if (rules->form == SIM_PUSH_EXPAND) {
        expand_url(url, &f, &p->url);
    } else {
        (void)buf_adds(&p->url, url);
    }
    if (rules->form == SIM_PUSH_QUERY) {
        write_fields(&f, strchr(url, '?') != NULL ? '&' : '?', &p->url);
    } else if (rules->form == SIM_PUSH_FORM) {
        (void)snprintf(p->type, sizeof(p->type), "Content-Type: application/x-www-form-urlencoded");
        write_fields(&f, '\0', &p->body);
    }
    sim_sign(p->sim, buf_cstr(&p->url), f.names, f.values, f.count, &p->signature);
    finish_fields(&f);
}

static void push_row(struct simulator *s, const char *url, struct sim_row *row)
{
    struct sim_scope scope = {.sim = s, .rows = row, .count = 1};
    struct push *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        return;
    }
    p->sim = s;
    p->timer.data = p;
    (void)uv_timer_init(s->options.loop, &p->timer);
    buf_init(&p->url, 8192);
    buf_init(&p->body, PUSH_BODY_MAX);
    (void)snprintf(p->method, sizeof(p->method), "%s", s->model->push.method);
    p->number = row->message->number;
    (void)snprintf(p->id, sizeof(p->id), "%s", row->id);
    s->pushes++;
    make_body(p, url, &scope);
    push_send(p);
}

static void push_state(struct simulator *s, struct sim_message *m, const char *state, bool over)
{
    const char *url =
        m->callback != NULL && m->callback[0] != '\0' ? m->callback : s->options.report_url;
    struct sim_row row = {.message = m,
                          .to = m->to,
                          .ref = m->ref,
                          .state = state,
                          .id = m->id,
                          .job = m->job,
                          .over = over};

    if (url == NULL || url[0] == '\0' || s->options.curl == NULL) {
        return;
    }
    push_row(s, url, &row);
    if (m->twice) {
        push_row(s, url, &row);
    }
}

static void push_stranger(struct simulator *s, const struct sim_message *like)
{
    struct sim_message m = *like;

    sim_make_id(s, s->model->message_id, m.id);
    sim_make_id(s, s->model->job_id, m.job);
    (void)snprintf(m.to, sizeof(m.to), "905320009999");
    m.ref = (char[]){"yabanci"};
    m.job_ref = m.ref;
    m.callback = s->model->push.form == SIM_PUSH_EXPAND ? NULL : m.callback;
    m.twice = false;
    push_state(s, &m, s->model->state_good, true);
}

void sim_push_message(struct simulator *s, struct sim_message *m)
{
    const struct option_strings *path = &s->model->state_path;

    if (!s->model->has_push || s->stopping) {
        return;
    }
    if (m->disorder) {
        push_state(s, m, m->state, true);
    }
    for (size_t i = 0; i < path->count; i++) {
        push_state(s, m, path->items[i], false);
    }
    if (!m->disorder) {
        push_state(s, m, m->state, true);
    }
    if (m->stranger) {
        push_stranger(s, m);
    }
}

void sim_await_end(struct simulator *s, struct sim_message *m)
{
    if (m->end_ms != INT64_MAX && s->model->has_push && !m->early) {
        list_push_back(&s->due, &m->due);
    }
}

/* All wait equally long, so the first in line is due first. */
void sim_push_due(struct simulator *s, int64_t now)
{
    while (!list_empty(&s->due)) {
        struct sim_message *m = list_entry(s->due.next, struct sim_message, due);

        if (m->end_ms > now) {
            return;
        }
        list_remove(&m->due);
        sim_push_message(s, m);
    }
}
