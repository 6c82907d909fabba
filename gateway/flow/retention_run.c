/*
 * A run of destruction, step by step. What it has destroyed so far is written down with every step:
 * a night that is cut off is in the record of the one that goes on with it.
 */
#include "flow/retention.h"

/* The run that is under way; one at a time, whoever goes on with it. */
#define OPEN_RUN "open"

static int save(struct store *s, const struct retention_walk *walk, struct err *e)
{
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
    rc = store_record_put_buf(s, RECORD_DESTRUCTION, STR(OPEN_RUN), &body, "a run", e);
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

/* The run goes on where the last step left it, also one that nobody has finished. */
static int load(struct store *s, struct retention_walk *walk, struct err *e)
{
    int rc = store_record_get(s, RECORD_DESTRUCTION, STR(OPEN_RUN), read_run, walk, e);

    if (rc == 0) {
        rc = store_record_remove(s, RECORD_DESTRUCTION, STR(OPEN_RUN), e);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int retention_step(struct store *s, const struct conf_retention *rules, int64_t now_ms,
                   const char *actor, struct retention_walk *ret_walk,
                   char ret_key[RETENTION_KEY_SIZE], struct err *e)
{
    int rc;

    *ret_walk = (struct retention_walk){.rules = rules, .now_ms = now_ms};
    ret_key[0] = '\0';
    rc = load(s, ret_walk, e);
    rc = rc == 0 ? retention_bite(s, ret_walk, e) : rc;
    if (rc == 0) {
        rc = ret_walk->finished ? retention_end(s, ret_walk, actor, ret_key, e)
                                : save(s, ret_walk, e);
    }
    return rc;
}
