/*
 * NDJSON: many facts, one per line, each with a result line of its own. Reading is done in slices,
 * so that a large body does not keep the loop from everybody else.
 */
#include "api/events.h"
#include "config/conf.h"

#include <stdio.h>
#include <stdlib.h>

enum { SLICE_LINES = 200, RESULTS_MAX = 32 << 20, FAULTS_TEXT_MAX = 16 << 20 };

/* What one line came to: an item of the batch, or faults told in `texts`. */
struct bulk_line {
    uint32_t number;
    int32_t item; /* -1: refused */
    uint32_t text_at;
    uint32_t text_len;
};

struct bulk {
    struct api *api;
    struct http_request *req;
    bool turkish;
    char source[EVENT_SOURCE_SIZE];
    struct json_limits limits;
    int64_t now_ms;
    struct str rest; /* of the body: the request is ours until the reply */
    uint32_t number; /* of the last line read */
    struct intake_batch *batch;
    struct bulk_line *lines;
    size_t count;
    struct buf texts;
    uv_timer_t next_slice;
};

static void on_bulk_closed(uv_handle_t *h)
{
    struct bulk *b = h->data;
    struct api *api = b->api;

    buf_finish(&b->texts);
    free(b->lines);
    free(b);
    api_drop(api);
}

static void finish(struct bulk *b)
{
    intake_batch_free(b->batch);
    uv_close((uv_handle_t *)&b->next_slice, on_bulk_closed);
}

/* ---- lines ---- */

static void refuse_line(struct bulk *b, const struct faults *faults)
{
    struct bulk_line *line = &b->lines[b->count++];
    struct json_writer w;
    size_t at = b->texts.len;

    jsonw_init(&w, &b->texts);
    jsonw_array(&w);
    event_write_faults(&w, faults, b->turkish);
    jsonw_end_array(&w);
    *line = (struct bulk_line){b->number, -1, (uint32_t)at, (uint32_t)(b->texts.len - at)};
    b->api->g->stats.events[STATS_EVENT_REFUSED]++;
}

static void accept_line(struct bulk *b, const struct json *root)
{
    const struct fact_origin origin =
        settings_fact_origin(b->api->g->settings, b->now_ms, b->source);
    struct faults faults;
    struct fact fact;

    faults_init(&faults);
    if (fact_from_json(root, FACT_ANY, &origin, &fact, &faults) == 0 && faults.errors == 0 &&
        intake_batch_add(b->batch, &fact) != 0) {
        faults_add(&faults, "", "event_too_large", "Olay çok büyük.", "The event is too large.");
    }
    if (faults.errors > 0) {
        refuse_line(b, &faults);
    } else {
        b->lines[b->count++] = (struct bulk_line){b->number, (int32_t)(b->batch->count - 1), 0, 0};
    }
    faults_finish(&faults);
}

/* A line that is no JSON, told like any other fault. */
static void refuse_text(struct bulk *b, const struct json_place *place)
{
    struct faults faults;
    char detail[FAULT_TEXT_MAX];

    event_json_detail(place, b->turkish, detail, sizeof detail);
    faults_init(&faults);
    faults_add(&faults, "", "invalid_json", "%s", "%s", detail);
    refuse_line(b, &faults);
    faults_finish(&faults);
}

static void read_line(struct bulk *b, struct str line)
{
    struct json_place place = {0};
    struct json_doc *doc;

    if (str_trim(line).len == 0) {
        return;
    }
    if (json_parse(line, 0, &b->limits, &doc, &place, NULL) != 0) {
        refuse_text(b, &place);
        return;
    }
    accept_line(b, json_root(doc));
    json_free(doc);
}

static struct str next_line(struct bulk *b)
{
    const char *end = memchr(b->rest.ptr, '\n', b->rest.len);
    struct str line = {b->rest.ptr, end == NULL ? b->rest.len : (size_t)(end - b->rest.ptr)};
    size_t used = line.len + (end == NULL ? 0 : 1);

    b->rest.ptr += used;
    b->rest.len -= used;
    b->number++;
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* ---- the answer ---- */

static void write_line(const struct bulk *b, const struct bulk_line *line, struct buf *out)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_put_i64(&w, "line", line->number);
    if (line->item >= 0) {
        const struct intake_item *item = &b->batch->items[line->item];

        jsonw_put_str(&w, "event", intake_item_id(b->batch, item));
        jsonw_put(&w, "result", event_result_name(item->result));
    } else {
        jsonw_put(&w, "result", "invalid");
        jsonw_key(&w, "errors");
        jsonw_raw(&w, (struct str){b->texts.data + line->text_at, line->text_len});
    }
    jsonw_end_object(&w);
    buf_addc(out, '\n');
}

static void answer(struct bulk *b)
{
    struct buf out;
    struct http_answer a = {.status = 200, .content_type = "application/x-ndjson", .stolen = &out};

    buf_init(&out, RESULTS_MAX);
    for (size_t i = 0; i < b->count; i++) {
        write_line(b, &b->lines[i], &out);
    }
    for (size_t i = 0; i < b->batch->count; i++) {
        if (b->batch->items[i].result == INTAKE_ACCEPTED) {
            a.status = 202;
            break;
        }
    }
    http_reply(b->req, &a);
}

static bool all_failed(const struct intake_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->items[i].result != INTAKE_FAILED) {
            return false;
        }
    }
    return batch->count > 0;
}

static void on_stored(struct intake_batch *batch, void *ctx)
{
    struct bulk *b = ctx;

    if (all_failed(batch)) {
        api_refuse(b->req, event_failure_code(batch), NULL, NULL);
    } else {
        answer(b);
    }
    finish(b);
}

static void submit(struct bulk *b)
{
    struct err e = {0};
    int rc;

    if (buf_failed(&b->texts)) {
        api_refuse(b->req, "out_of_memory", NULL, NULL);
        finish(b);
        return;
    }
    if (b->batch->count == 0) {
        answer(b);
        finish(b);
        return;
    }
    rc = intake_submit(b->api->g->intake, b->batch, on_stored, b, &e);
    if (rc != 0) {
        api_refuse_for(b->req, rc);
        finish(b);
    }
}

/* ---- slices ---- */

static void read_slice(uv_timer_t *timer)
{
    struct bulk *b = timer->data;

    for (int i = 0; i < SLICE_LINES && b->rest.len > 0; i++) {
        read_line(b, next_line(b));
    }
    if (b->rest.len > 0) {
        uv_timer_start(&b->next_slice, read_slice, 0, 0);
    } else {
        submit(b);
    }
}

static size_t count_lines(struct str body)
{
    size_t n = 0;

    while (body.len > 0) {
        const char *end = memchr(body.ptr, '\n', body.len);
        size_t used = end == NULL ? body.len : (size_t)(end + 1 - body.ptr);

        n += str_trim((struct str){body.ptr, used}).len > 0;
        body.ptr += used;
        body.len -= used;
    }
    return n;
}

static struct bulk *create(struct call *call, size_t lines)
{
    struct bulk *b = calloc(1, sizeof *b);

    if (b == NULL) {
        return NULL;
    }
    b->lines = calloc(lines, sizeof *b->lines);
    b->batch = intake_batch_create(lines);
    if (b->lines == NULL || b->batch == NULL) {
        intake_batch_free(b->batch);
        free(b->lines);
        free(b);
        return NULL;
    }
    b->api = call->api;
    b->req = call->req;
    b->turkish = call->turkish;
    b->limits = event_json_limits(call);
    b->now_ms = gateway_now(call->api->g);
    b->rest = http_body(call->req);
    event_default_source(call, b->source);
    buf_init(&b->texts, FAULTS_TEXT_MAX);
    uv_timer_init(call->api->g->loop, &b->next_slice);
    b->next_slice.data = b;
    api_hold(b->api);
    return b;
}

void handle_events_bulk(struct call *call)
{
    size_t lines = count_lines(http_body(call->req));
    struct bulk *b;

    if (lines == 0) {
        api_refuse(call->req, "invalid_json", NULL, NULL);
        return;
    }
    if (lines > (size_t)call->api->g->settings->conf->limits.bulk_lines ||
        lines > INTAKE_ITEMS_MAX) {
        api_refuse(call->req, "too_many_events", NULL, NULL);
        return;
    }
    b = create(call, lines);
    if (b == NULL) {
        api_refuse(call->req, "out_of_memory", NULL, NULL);
        return;
    }
    read_slice(&b->next_slice);
}
