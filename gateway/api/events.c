/* POST /v1/events: one fact or a batch, answered when it is on stable storage. */
#include "api/events.h"

#include "config/conf.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MAX = 1 << 20, BATCH_ANSWER_MAX = 8 << 20, HEADERS_MAX = 64 };

enum media { MEDIA_UNKNOWN, MEDIA_JSON, MEDIA_STRUCTURED, MEDIA_BATCH, MEDIA_NDJSON };

/* A post between submit and done. */
struct post {
    struct api *api;
    struct http_request *req;
    bool list; /* came as an array: answered with a list */
    struct buf warnings;
};

/* ---- what kind of body it is ---- */

static const struct {
    const char *type;
    enum media media;
} medias[] = {
    {"application/json", MEDIA_JSON},
    {"application/cloudevents+json", MEDIA_STRUCTURED},
    {"application/cloudevents-batch+json", MEDIA_BATCH},
    {"application/x-ndjson", MEDIA_NDJSON},
};

/* Only UTF-8, whatever the spelling of the parameter. */
static bool charset_fits(struct str params)
{
    struct str rest = str_trim(params);
    static const char key[] = "charset=";

    if (rest.len == 0) {
        return true;
    }
    rest = str_trim((struct str){rest.ptr + 1, rest.len - 1}); /* the semicolon */
    if (rest.len < sizeof key - 1 ||
        !str_ieq((struct str){rest.ptr, sizeof key - 1}, str_of(key))) {
        return true; /* another parameter */
    }
    rest.ptr += sizeof key - 1;
    rest.len -= sizeof key - 1;
    return str_ieq(rest, STR("utf-8")) || str_ieq(rest, STR("\"utf-8\""));
}

static enum media media_of(const struct http_request *req)
{
    struct str type = http_header(req, "content-type");
    struct str coding = http_header(req, "content-encoding");
    const char *end = type.len == 0 ? NULL : memchr(type.ptr, ';', type.len);
    struct str name =
        str_trim((struct str){type.ptr, end == NULL ? type.len : (size_t)(end - type.ptr)});
    struct str params = {end, end == NULL ? 0 : type.len - (size_t)(end - type.ptr)};

    if ((coding.ptr != NULL && !str_ieq(coding, STR("identity"))) || !charset_fits(params)) {
        return MEDIA_UNKNOWN;
    }
    for (size_t i = 0; i < sizeof medias / sizeof medias[0]; i++) {
        if (str_ieq(name, str_of(medias[i].type))) {
            return medias[i].media;
        }
    }
    return MEDIA_UNKNOWN;
}

bool event_is_bulk(const struct http_request *req)
{
    return media_of(req) == MEDIA_NDJSON;
}

/* ---- shared with the bulk form ---- */

void event_default_source(const struct call *call, char out[EVENT_SOURCE_SIZE])
{
    snprintf(out, EVENT_SOURCE_SIZE, "urn:hatirlat:key:%s", call->key->name);
}

const char *event_result_name(enum intake_result r)
{
    static const char *const names[] = {"pending", "accepted", "duplicate", "conflict", "failed"};

    return names[r];
}

const char *event_failure_code(const struct intake_batch *batch)
{
    return batch->status == ERR_FULL    ? "storage_full"
           : batch->status == ERR_BUSY  ? "overloaded"
           : batch->status == ERR_NOMEM ? "out_of_memory"
                                        : "storage_failed";
}

void event_write_faults(struct json_writer *w, const struct faults *faults, bool turkish)
{
    char pointer[FAULT_POINTER_MAX + 1];

    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->list[i];

        snprintf(pointer, sizeof pointer, "#%s", f->pointer);
        jsonw_object(w);
        jsonw_put(w, "pointer", pointer);
        jsonw_put(w, "code", f->code);
        jsonw_put(w, "detail", turkish ? f->tr : f->en);
        jsonw_end_object(w);
    }
}

struct json_limits event_json_limits(const struct call *call)
{
    const struct conf_limits *l = &call->api->g->settings->conf->limits;

    return (struct json_limits){.bytes = SIZE_MAX / 2, /* the server bounds the body */
                                .depth = (unsigned)l->json_depth,
                                .keys = (unsigned)l->json_keys};
}

void event_json_detail(const struct json_place *place, bool turkish, char *out, size_t cap)
{
    snprintf(out, cap, turkish ? "Satır %d, sütun %d: %s." : "Line %d, column %d: %s.", place->line,
             place->column, json_problem_text(place->problem, turkish));
}

/* ---- the answer ---- */

static void write_planned(struct json_writer *w, const struct intake_item *item)
{
    jsonw_key(w, "planned");
    if (!item->applied) {
        jsonw_null(w);
        return;
    }
    jsonw_array(w);
    for (size_t i = 0; i < item->planned_count; i++) {
        const struct intake_planned *p = &item->planned[i];

        jsonw_object(w);
        jsonw_put_i64(w, "mark", p->mark);
        jsonw_put(w, "channel", channel_name(p->channel));
        jsonw_put_time(w, "at", p->at_ms);
        jsonw_put(w, "status", message_state_name(p->state));
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_item(struct json_writer *w, const struct intake_batch *batch,
                       const struct intake_item *item)
{
    struct str subject = intake_item_subject(batch, item);

    jsonw_put_str(w, "event", intake_item_id(batch, item));
    jsonw_put(w, "result", event_result_name(item->result));
    jsonw_put(w, "type", event_name(item->type));
    if (subject.len > 0) {
        jsonw_put_str(w, "subject", subject);
    }
}

static void answer_one(struct post *p, const struct intake_batch *batch)
{
    const struct intake_item *item = &batch->items[0];
    struct json_writer w;
    struct buf out;

    if (item->result == INTAKE_CONFLICT) {
        api_refuse(p->req, "event_conflict", NULL, NULL);
        return;
    }
    buf_init(&out, ANSWER_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    write_item(&w, batch, item);
    write_planned(&w, item);
    if (p->warnings.len > 0) {
        jsonw_key(&w, "warnings");
        jsonw_raw(&w, (struct str){p->warnings.data, p->warnings.len});
    }
    jsonw_end_object(&w);
    api_answer(p->req, item->result == INTAKE_ACCEPTED ? 202 : 200, &out);
}

static void count_results(const struct intake_batch *batch, size_t counts[INTAKE_FAILED + 1])
{
    memset(counts, 0, (INTAKE_FAILED + 1) * sizeof counts[0]);
    for (size_t i = 0; i < batch->count; i++) {
        counts[batch->items[i].result]++;
    }
}

static void answer_list(struct post *p, const struct intake_batch *batch)
{
    size_t counts[INTAKE_FAILED + 1];
    struct json_writer w;
    struct buf out;

    count_results(batch, counts);
    buf_init(&out, BATCH_ANSWER_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    for (enum intake_result r = INTAKE_ACCEPTED; r <= INTAKE_FAILED; r++) {
        jsonw_put_i64(&w, event_result_name(r), (int64_t)counts[r]);
    }
    jsonw_key(&w, "items");
    jsonw_array(&w);
    for (size_t i = 0; i < batch->count; i++) {
        jsonw_object(&w);
        write_item(&w, batch, &batch->items[i]);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    api_answer(p->req, counts[INTAKE_ACCEPTED] > 0 ? 202 : 200, &out);
}

static void free_post(struct post *p)
{
    struct api *api = p->api;

    buf_finish(&p->warnings);
    free(p);
    api_drop(api);
}

static void on_stored(struct intake_batch *batch, void *ctx)
{
    struct post *p = ctx;
    size_t counts[INTAKE_FAILED + 1];

    count_results(batch, counts);
    if (counts[INTAKE_FAILED] == batch->count && batch->count > 0) {
        api_refuse(p->req, event_failure_code(batch), NULL, NULL);
    } else if (p->list && counts[INTAKE_CONFLICT] == batch->count && batch->count > 0) {
        api_refuse(p->req, "event_conflict", NULL, NULL);
    } else if (p->list) {
        answer_list(p, batch);
    } else {
        answer_one(p, batch);
    }
    intake_batch_free(batch);
    free_post(p);
}

/* ---- from the body to a batch ---- */

static size_t cloud_headers(const struct http_request *req, struct fact_header *out)
{
    struct str name, value;
    size_t n = 0;

    for (size_t i = 0; n < HEADERS_MAX && http_header_at(req, i, &name, &value); i++) {
        if (name.len > 3 && str_ieq((struct str){name.ptr, 3}, STR("ce-"))) {
            out[n++] = (struct fact_header){name, value};
        }
    }
    return n;
}

struct reading {
    struct call *call;
    enum media media;
    struct fact_origin origin;
    char source[EVENT_SOURCE_SIZE];
    struct intake_batch *batch;
    struct faults faults;
};

static void add_fact(struct reading *r, int rc, const struct fact *fact)
{
    if (rc == 0 && r->faults.errors == 0 && intake_batch_add(r->batch, fact) != 0) {
        faults_add(&r->faults, r->origin.pointer, "event_too_large", "Olay çok büyük.",
                   "The event is too large.");
    }
}

static void read_list(struct reading *r, const struct json *root)
{
    enum fact_form form = r->media == MEDIA_BATCH ? FACT_STRUCTURED : FACT_ANY;
    struct fact fact;
    char pointer[32];
    size_t index = 0;

    for (const struct json *v = json_first(root); v != NULL; v = json_next(v)) {
        snprintf(pointer, sizeof pointer, "/%zu", index++);
        r->origin.pointer = pointer;
        add_fact(r, fact_from_json(v, form, &r->origin, &fact, &r->faults), &fact);
    }
    r->origin.pointer = "";
}

static void read_one(struct reading *r, const struct json *root)
{
    struct fact_header headers[HEADERS_MAX];
    size_t n = r->media == MEDIA_JSON ? cloud_headers(r->call->req, headers) : 0;
    struct fact fact;
    int rc;

    if (n > 0) {
        rc = fact_from_binary(headers, n, root, &r->origin, &fact, &r->faults);
    } else {
        rc = fact_from_json(root, r->media == MEDIA_STRUCTURED ? FACT_STRUCTURED : FACT_ANY,
                            &r->origin, &fact, &r->faults);
    }
    add_fact(r, rc, &fact);
}

/* True when the document is a list of events. */
static bool is_list(const struct reading *r, const struct json *root)
{
    return r->media != MEDIA_STRUCTURED && json_type(root) == JSON_ARRAY;
}

static void read_document(struct reading *r, const struct json *root)
{
    if (r->media == MEDIA_BATCH && json_type(root) != JSON_ARRAY) {
        faults_add(&r->faults, "", "not_an_array", "Toplu gönderim bir JSON dizisi olmalıdır.",
                   "A batch has to be a JSON array.");
    } else if (r->media == MEDIA_JSON && json_type(root) == JSON_ARRAY && json_count(root) == 0) {
        faults_add(&r->faults, "", "no_events", "Dizide hiç olay yok.", "The array is empty.");
    } else if (is_list(r, root)) {
        read_list(r, root);
    } else {
        read_one(r, root);
    }
}

static void keep_warnings(struct post *p, const struct faults *faults, bool turkish)
{
    struct json_writer w;

    buf_init(&p->warnings, ANSWER_MAX / 2);
    if (faults->total > 0) {
        jsonw_init(&w, &p->warnings);
        jsonw_array(&w);
        event_write_faults(&w, faults, turkish);
        jsonw_end_array(&w);
    }
}

/* The batch is taken over, or freed with an answer. */
static void submit(struct reading *r, bool list)
{
    struct post *p = calloc(1, sizeof *p);
    struct api *api = r->call->api;
    struct err e = {0};
    int rc;

    if (p == NULL) {
        intake_batch_free(r->batch);
        api_refuse(r->call->req, "out_of_memory", NULL, NULL);
        return;
    }
    *p = (struct post){.api = api, .req = r->call->req, .list = list};
    keep_warnings(p, &r->faults, r->call->turkish);
    api_hold(api);
    if (r->batch->count == 0) {
        on_stored(r->batch, p);
        return;
    }
    rc = intake_submit(api->g->intake, r->batch, on_stored, p, &e);
    if (rc != 0) {
        intake_batch_free(r->batch);
        api_refuse_for(p->req, rc);
        free_post(p);
    }
}

static void post_document(struct reading *r, const struct json *root)
{
    const struct conf_limits *limits = &r->call->api->g->settings->conf->limits;
    struct stats *stats = &r->call->api->g->stats;
    bool list = is_list(r, root);
    size_t count = list ? json_count(root) : 1;

    if (count > (size_t)limits->batch_events) {
        stats->events[STATS_EVENT_REFUSED] += count;
        api_refuse(r->call->req, "too_many_events", NULL, NULL);
        return;
    }
    r->batch = intake_batch_create(count);
    if (r->batch == NULL) {
        api_refuse(r->call->req, "out_of_memory", NULL, NULL);
        return;
    }
    read_document(r, root);
    if (r->faults.errors > 0) {
        stats->events[STATS_EVENT_REFUSED] += count;
        intake_batch_free(r->batch);
        api_refuse(r->call->req, "validation_failed", &r->faults, NULL);
        return;
    }
    submit(r, list);
}

static void post_json(struct call *call, enum media media)
{
    struct reading r = {.call = call, .media = media};
    const struct json_limits limits = event_json_limits(call);
    struct json_place place = {0};
    struct json_doc *doc;
    char detail[480];
    int rc = json_parse(http_body(call->req), 0, &limits, &doc, &place, NULL);

    if (rc != 0) {
        call->api->g->stats.events[STATS_EVENT_REFUSED]++;
        event_json_detail(&place, call->turkish, detail, sizeof detail);
        /* What is JSON but not taken here (\u0000, a name twice) is a matter of content. */
        api_refuse(call->req, rc == ERR_INVALID ? "invalid_json" : "validation_failed", NULL,
                   detail);
        return;
    }
    event_default_source(call, r.source);
    r.origin = settings_fact_origin(call->api->g->settings, gateway_now(call->api->g), r.source);
    faults_init(&r.faults);
    post_document(&r, json_root(doc));
    faults_finish(&r.faults);
    json_free(doc);
}

void handle_events(struct call *call)
{
    enum media media = media_of(call->req);

    if (media == MEDIA_UNKNOWN) {
        api_refuse(call->req, "unsupported_media_type", NULL, NULL);
    } else if (media == MEDIA_NDJSON) {
        handle_events_bulk(call);
    } else {
        post_json(call, media);
    }
}
