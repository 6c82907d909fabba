/* Destruction at the desk: what would go, and a run in bites. */
#include "domain/calendar.h"
#include "flow/care_desk.h"
#include "flow/retention.h"
#include "store/store_purge.h"

#include <stdio.h>
#include <stdlib.h>

/* The run that is under way, between two requests; one at a time. */
#define OPEN_RUN "open"

static void write_classes(struct json_writer *w, const struct retention_walk *walk, bool turkish)
{
    jsonw_key(w, "classes");
    jsonw_array(w);
    for (enum retention_class c = RETENTION_CONTENT; c < RETENTION_CLASS_COUNT; c++) {
        jsonw_object(w);
        jsonw_put(w, "class", retention_class_name(c));
        jsonw_put(w, "text", retention_class_sentence(c, turkish));
        jsonw_put_i64(w, "count", walk->counts[c]);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static int write_answer(struct desk_call *call, const char *result, const char *record,
                        const struct retention_walk *walk)
{
    struct json_writer w;

    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", result);
    jsonw_put_bool(&w, "finished", walk->finished);
    jsonw_put(&w, "record", record[0] == '\0' ? NULL : record);
    write_classes(&w, walk, call->turkish);
    jsonw_end_object(&w);
    return 0;
}

int retention_desk_preview(struct desk_call *call, struct err *e)
{
    struct retention_walk *walk = calloc(1, sizeof *walk);
    int rc = 0;

    if (walk == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to look at what is kept");
    }
    walk->rules = &call->settings->conf->retention;
    walk->now_ms = call->now_ms;
    walk->dry_run = true;
    while (rc == 0 && !walk->finished) {
        rc = retention_bite(call->store, walk, e);
    }
    rc = rc == 0 ? write_answer(call, "would_destroy", "", walk) : rc;
    free(walk);
    return rc;
}

/* ---- a run over several requests ---- */

static int save(struct desk_call *call, const struct retention_walk *walk, struct err *e)
{
    struct record_row row = {.kind = RECORD_DESTRUCTION, .key = STR(OPEN_RUN)};
    struct json_writer w;
    struct buf body;
    int rc;

    buf_init(&body, 2 * STORE_RECORD_KEY_MAX + 2048);
    jsonw_init(&w, &body);
    jsonw_object(&w);
    jsonw_put_i64(&w, "began", walk->now_ms);
    jsonw_put(&w, "class", retention_class_name(walk->class));
    jsonw_put_i64(&w, "place", walk->place);
    jsonw_put(&w, "key", walk->key);
    jsonw_key(&w, "counts");
    jsonw_array(&w);
    for (enum retention_class c = RETENTION_CONTENT; c < RETENTION_CLASS_COUNT; c++) {
        jsonw_i64(&w, walk->counts[c]);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    row.body = (struct str){body.data, body.len};
    rc = buf_failed(&body) != 0 ? err_set(e, buf_failed(&body), "a run does not fit")
                                : store_record_put(call->store, &row, e);
    buf_finish(&body);
    return rc;
}

static int read_run(void *ctx, const struct record_row *row)
{
    struct retention_walk *walk = ctx;
    struct json_doc *doc;
    const struct json *n;

    if (json_parse(row->body, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return ERR_CORRUPT;
    }
    (void)json_i64(json_get(json_root(doc), "began"), &walk->now_ms);
    walk->class = retention_class_parse(json_str(json_get(json_root(doc), "class")));
    (void)json_i64(json_get(json_root(doc), "place"), &walk->place);
    (void)str_copy(walk->key, sizeof walk->key, json_str(json_get(json_root(doc), "key")));
    n = json_first(json_get(json_root(doc), "counts"));
    for (size_t i = 0; i < RETENTION_CLASS_COUNT && n != NULL; i++) {
        (void)json_i64(n, &walk->counts[i]);
        n = json_next(n);
    }
    json_free(doc);
    return walk->class < RETENTION_CLASS_COUNT ? 0 : ERR_CORRUPT;
}

/* The run goes on where the last request left it, also one that nobody has finished. */
static int load(struct desk_call *call, struct retention_walk *walk, struct err *e)
{
    int rc;

    *walk =
        (struct retention_walk){.rules = &call->settings->conf->retention, .now_ms = call->now_ms};
    rc = store_record_get(call->store, RECORD_DESTRUCTION, STR(OPEN_RUN), read_run, walk, e);
    if (rc == 0) {
        rc = store_record_remove(call->store, RECORD_DESTRUCTION, STR(OPEN_RUN), e);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int retention_desk_run(struct desk_call *call, struct err *e)
{
    struct retention_walk *walk = malloc(sizeof *walk);
    char record[RETENTION_KEY_SIZE] = "";
    int rc = walk == NULL ? err_set(e, ERR_NOMEM, "no memory for a run") : load(call, walk, e);

    rc = rc == 0 ? retention_bite(call->store, walk, e) : rc;
    if (rc == 0) {
        rc = walk->finished ? retention_end(call->store, walk, call->actor, record, e)
                            : save(call, walk, e);
    }
    rc = rc == 0 ? write_answer(call, "destroyed", record, walk) : rc;
    free(walk);
    return rc;
}
