/* Destruction at the desk: what would go, and a run in bites. */
#include "flow/care_desk.h"
#include "flow/retention.h"

#include <stdlib.h>

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

int retention_desk_run(struct desk_call *call, struct err *e)
{
    struct retention_walk *walk = malloc(sizeof *walk);
    char record[RETENTION_KEY_SIZE] = "";
    int rc;

    if (walk == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a run");
    }
    rc = retention_step(call->store, &call->settings->conf->retention, call->now_ms, call->actor,
                        walk, record, e);
    rc = rc == 0 ? write_answer(call, "destroyed", record, walk) : rc;
    free(walk);
    return rc;
}
