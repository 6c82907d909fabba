#include "providers/recipe/report.h"

#include "providers/recipe/row.h"

/* A query's rows on their way into the batch. */
struct taking {
    struct row_batch batch;
    struct report_query *query;
};

static void take(struct taking *t, const struct row_source *source)
{
    row_batch_take(&t->batch, source);
    row_field(source, t->query->after, t->query->ret_after, sizeof(t->query->ret_after));
}

/* The elements of an array, or the lone object that some vendors send instead. */
static void take_json(struct taking *t, const struct json *rows)
{
    bool list = json_type(rows) == JSON_ARRAY;
    struct row_source source = {.kind = ROW_JSON, .asked = t->query->asked};

    if (!list && json_type(rows) != JSON_OBJECT) {
        return;
    }
    for (const struct json *v = list ? json_first(rows) : rows; v != NULL;
         v = list ? json_next(v) : NULL) {
        source.json = v;
        take(t, &source);
    }
}

static void find_json(struct taking *t, const struct recipe_reply *reply)
{
    const struct option_strings *places = &t->query->rules->places;
    const struct json *root = reply->doc == NULL ? NULL : json_root(reply->doc);
    const struct json *rows = places->count == 0 ? root : NULL;

    for (size_t i = 0; rows == NULL && i < places->count; i++) {
        rows = json_at(root, places->items[i]);
    }
    take_json(t, rows);
}

static bool see_element(void *ctx, const struct xml_element *e)
{
    struct taking *t = ctx;
    struct row_source source = {.kind = ROW_XML, .xml = *e, .asked = t->query->asked};

    take(t, &source);
    return true;
}

static void find_xml(struct taking *t, const struct recipe_reply *reply)
{
    const struct option_strings *places = &t->query->rules->places;
    const struct xml_element all = {{NULL, 0}, reply->body};

    for (size_t i = 0; t->batch.seen == 0 && i < places->count; i++) {
        xml_each(reply->body, places->items[i], see_element, t);
    }
    if (places->count == 0) {
        see_element(t, &all);
    }
}

/* Lines end with a line feed or, at some vendors, with "<br>". */
static void find_lines(struct taking *t, const struct recipe_reply *reply)
{
    struct str rest = reply->body;

    while (rest.len > 0) {
        const char *feed = memchr(rest.ptr, '\n', rest.len);
        struct str line = {rest.ptr, feed == NULL ? rest.len : (size_t)(feed - rest.ptr)};
        const char *tag = line.len == 0 ? NULL : memmem(line.ptr, line.len, "<br>", 4);
        struct row_source source = {.kind = ROW_LINE, .asked = t->query->asked};
        size_t end = line.len < rest.len ? 1 : 0;

        if (tag != NULL) {
            line.len = (size_t)(tag - line.ptr);
            end = 4;
        }
        rest = (struct str){rest.ptr + line.len + end, rest.len - line.len - end};
        source.text = str_trim(line);
        if (source.text.len > 0) {
            take(t, &source);
        }
    }
}

size_t recipe_report_rows(const struct recipe *r, struct report_query *q,
                          const struct recipe_reply *reply, const struct report_sink *sink)
{
    struct row_source pairs = {.kind = ROW_KV, .text = reply->body, .asked = q->asked};
    struct taking t;

    t.query = q;
    q->ret_after[0] = '\0';
    row_batch_init(&t.batch, r, &q->rules->row, sink);
    switch ((enum recipe_rows_format)q->rules->format) {
    case ROWS_JSON:
        find_json(&t, reply);
        break;
    case ROWS_XML:
        find_xml(&t, reply);
        break;
    case ROWS_LINES:
        find_lines(&t, reply);
        break;
    case ROWS_KV:
        take(&t, &pairs);
        break;
    }
    row_batch_flush(&t.batch);
    return t.batch.seen;
}
