#include "flow/roster_record.h"

#include "flow/audit.h"

#include <stdio.h>

enum {
    CHUNK_BYTES = 60000,
    LIST_BYTES = 20000,
    CHUNKS_MAX = 9999,
    FORMER_BYTES_MAX = STORE_RECORD_BODY_MAX
};

static const char *const state_names[] = {"imported", "undoing", "undone"};

const char *roster_state_name(enum roster_state s)
{
    return state_names[s];
}

static int put(struct store *s, enum record_kind kind, const char *key, struct str body,
               struct err *e)
{
    const struct record_row row = {.kind = kind, .key = str_of(key), .body = body};

    return store_record_put(s, &row, e);
}

/* ---- the import ---- */

static int note_key(void *ctx, const struct record_row *row)
{
    return str_i64(row->key, ctx);
}

int roster_record_begin(const struct desk_call *call, const struct roster_request *request,
                        struct roster_record *ret, struct err *e)
{
    const struct record_range newest = {.kind = RECORD_IMPORT, .backwards = true, .limit = 1};
    int64_t number = 0;
    int rc = store_record_list(call->store, &newest, note_key, &number, e);

    if (rc != 0) {
        return rc;
    }
    (void)snprintf(ret->id, sizeof ret->id, "%012lld", (long long)number + 1);
    (void)str_copy(ret->source, sizeof ret->source,
                   request->source.len > 0 ? request->source : STR(ROSTER_SOURCE));
    (void)snprintf(ret->event_source, sizeof ret->event_source, "import:%s", ret->source);
    (void)str_copy(ret->actor, sizeof ret->actor, str_of(call->actor));
    ret->at_ms = call->now_ms;
    return 0;
}

static void write_state(struct json_writer *w, const struct roster_record *r)
{
    jsonw_put(w, "import", r->id);
    jsonw_put(w, "source", r->source);
    jsonw_put(w, "actor", r->actor);
    jsonw_put_i64(w, "at_ms", r->at_ms);
    jsonw_put(w, "state", state_names[r->state]);
    jsonw_put_i64(w, "first_seq", r->first_seq);
    jsonw_put_i64(w, "last_seq", r->last_seq);
    jsonw_put_i64(w, "undone_ms", r->undone_ms);
    jsonw_put_i64(w, "restored", r->restored);
    jsonw_put_i64(w, "refused", r->refused);
}

int roster_record_write(struct store *s, const struct roster_record *record,
                        const struct roster_report *report, struct err *e)
{
    struct json_writer w;
    struct buf body;
    int rc;

    buf_init(&body, STORE_RECORD_BODY_MAX);
    jsonw_init(&w, &body);
    jsonw_object(&w);
    write_state(&w, record);
    jsonw_key(&w, "report");
    jsonw_object(&w);
    roster_report_summary(report, &w);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    rc = store_record_put_buf(s, RECORD_IMPORT, str_of(record->id), &body, "the import", e);
    buf_finish(&body);
    return rc;
}

int roster_record_audit(const struct desk_call *call, const struct roster_record *record,
                        const struct roster_report *report, struct err *e)
{
    char detail[400];

    (void)snprintf(detail, sizeof detail,
                   "{\"import\":\"%s\",\"source\":\"%s\",\"new\":%zu,\"changed\":%zu,"
                   "\"unchanged\":%zu,\"refused\":%zu}",
                   record->id, record->source, report->fresh, report->changed, report->unchanged,
                   report->refused);
    return audit_add(call->store, call->actor, "import.create", str_of(detail), call->now_ms, e);
}

struct update {
    const struct roster_record *record;
    struct buf *body;
};

static int rewrite(void *ctx, const struct record_row *row)
{
    const struct update *u = ctx;
    struct json_doc *doc;
    struct json_writer w;
    struct err e;
    int rc = json_parse(row->body, 0, &json_default_limits, &doc, NULL, &e);

    if (rc != 0) {
        return ERR_CORRUPT;
    }
    jsonw_init(&w, u->body);
    jsonw_object(&w);
    write_state(&w, u->record);
    jsonw_key(&w, "report");
    jsonw_value(&w, json_get(json_root(doc), "report"));
    jsonw_end_object(&w);
    json_free(doc);
    return buf_failed(u->body);
}

int roster_record_update(struct store *s, const struct roster_record *record, struct err *e)
{
    struct buf body;
    struct update u = {record, &body};
    int rc;

    buf_init(&body, STORE_RECORD_BODY_MAX);
    rc = store_record_get(s, RECORD_IMPORT, str_of(record->id), rewrite, &u, e);
    if (rc == 0) {
        rc = put(s, RECORD_IMPORT, record->id, (struct str){body.data, body.len}, e);
    }
    buf_finish(&body);
    return rc;
}

static int read_record(void *ctx, const struct record_row *row)
{
    struct roster_record *r = ctx;
    struct json_doc *doc;
    const struct json *v;
    struct err e;

    if (json_parse(row->body, 0, &json_default_limits, &doc, NULL, &e) != 0) {
        return ERR_CORRUPT;
    }
    v = json_root(doc);
    *r = (struct roster_record){.at_ms = json_get_i64(v, "at_ms", 0),
                                .first_seq = json_get_i64(v, "first_seq", 0),
                                .last_seq = json_get_i64(v, "last_seq", 0),
                                .undone_ms = json_get_i64(v, "undone_ms", 0),
                                .restored = json_get_i64(v, "restored", 0),
                                .refused = json_get_i64(v, "refused", 0)};
    (void)str_copy(r->id, sizeof r->id, row->key);
    (void)str_copy(r->source, sizeof r->source, json_str(json_get(v, "source")));
    (void)str_copy(r->actor, sizeof r->actor, json_str(json_get(v, "actor")));
    (void)snprintf(r->event_source, sizeof r->event_source, "import:%s", r->source);
    while (r->state < ROSTER_UNDONE &&
           !str_eqs(json_str(json_get(v, "state")), state_names[r->state])) {
        r->state++;
    }
    json_free(doc);
    return 0;
}

int roster_record_read(struct store *s, struct str id, struct roster_record *ret, struct err *e)
{
    if (id.len != ROSTER_ID_DIGITS) {
        return err_set(e, ERR_NOT_FOUND, "there is no such import");
    }
    return store_record_get(s, RECORD_IMPORT, id, read_record, ret, e);
}

struct search {
    const char *source;
    char *id;
    char key[ROSTER_ID_DIGITS + 1]; /* as far as the search has come */
    size_t count;
    bool found;
};

static int match_source(void *ctx, const struct record_row *row)
{
    struct search *search = ctx;
    struct roster_record r;
    int rc;

    search->count++;
    (void)str_copy(search->key, sizeof search->key, row->key);
    if (search->found) {
        return 0;
    }
    rc = read_record(&r, row);
    if (rc == 0 && r.state == ROSTER_IMPORTED && strcmp(r.source, search->source) == 0) {
        search->found = true;
        (void)str_copy(search->id, ROSTER_ID_DIGITS + 1, row->key);
    }
    return rc;
}

int roster_record_last(struct store *s, const char *source, char ret_id[ROSTER_ID_DIGITS + 1],
                       struct err *e)
{
    struct search search = {.source = source, .id = ret_id};
    int rc = 0;

    do {
        const struct record_range range = {
            .kind = RECORD_IMPORT, .after = str_of(search.key), .backwards = true, .limit = 50};

        search.count = 0;
        rc = store_record_list(s, &range, match_source, &search, e);
    } while (rc == 0 && !search.found && search.count > 0);
    return rc != 0 || search.found ? rc : err_set(e, ERR_NOT_FOUND, "no import of this source");
}

/* ---- what undoing needs ---- */

int roster_record_former(struct store *s, const char *id, size_t row, size_t index,
                         const struct roster_case *c, struct err *e)
{
    char key[STORE_RECORD_KEY_MAX];
    struct json_writer w;
    struct buf body;
    struct buf file;
    int rc;

    (void)snprintf(key, sizeof key, "%s/case/%09zu/%zu", id, row, index);
    buf_init(&body, FORMER_BYTES_MAX);
    buf_init(&file, FORMER_BYTES_MAX);
    jsonw_init(&w, &body);
    jsonw_object(&w);
    jsonw_put(&w, "certificate", c->certificate);
    jsonw_put_i64(&w, "fact_ms", c->fact_ms);
    jsonw_put_i64(&w, "event_seq", c->event_seq);
    (void)case_write(&c->file, &file);
    jsonw_key(&w, "file");
    jsonw_raw(&w, (struct str){file.data, file.len});
    jsonw_end_object(&w);
    rc = buf_failed(&body) == 0 && buf_failed(&file) == 0
             ? put(s, RECORD_IMPORT_ROW, key, (struct str){body.data, body.len}, e)
             : err_set(e, ERR_LIMIT, "the case of row %zu does not fit", row);
    buf_finish(&body);
    buf_finish(&file);
    return rc;
}

/* The file's bytes as they were written: the last member of the body. */
static struct str file_of(struct str body)
{
    static const char mark[] = ",\"file\":";
    const size_t n = sizeof mark - 1;

    for (size_t i = 0; i + n < body.len; i++) {
        if (memcmp(body.ptr + i, mark, n) == 0) {
            return (struct str){body.ptr + i + n, body.len - i - n - 1};
        }
    }
    return STR("");
}

int roster_record_read_former(struct str body, struct roster_case *ret)
{
    struct json_doc *doc;
    const struct json *v;
    struct err e;
    int rc = json_parse(body, 0, &json_default_limits, &doc, NULL, &e);

    if (rc != 0) {
        return ERR_CORRUPT;
    }
    v = json_root(doc);
    ret->event_seq = json_get_i64(v, "event_seq", 0);
    ret->fact_ms = json_get_i64(v, "fact_ms", 0);
    rc = str_copy(ret->certificate, sizeof ret->certificate, json_str(json_get(v, "certificate")));
    rc = rc == 0 ? case_read(file_of(body), &ret->file) : rc;
    ret->known = ret->file.known.not_after_ms != 0;
    json_free(doc);
    return rc;
}

static int copy_key(void *ctx, const struct record_row *row)
{
    return str_copy(ctx, STORE_RECORD_KEY_MAX + 1, row->key);
}

int roster_record_forget_last(struct store *s, const char *prefix, struct err *e)
{
    const struct record_range last = {
        .kind = RECORD_IMPORT_ROW, .prefix = str_of(prefix), .backwards = true, .limit = 1};
    char key[STORE_RECORD_KEY_MAX + 1] = "";
    int rc = store_record_list(s, &last, copy_key, key, e);

    return rc != 0 || key[0] == '\0' ? rc
                                     : store_record_remove(s, RECORD_IMPORT_ROW, str_of(key), e);
}

/* ---- errors ---- */

int roster_record_errors(struct store *s, const char *id, const struct buf *objects, struct err *e)
{
    struct str rest = {objects->data, objects->len};
    char key[STORE_RECORD_KEY_MAX];
    int rc = 0;

    for (unsigned i = 1; rest.len > 0 && rc == 0; i++) {
        size_t n = rest.len;

        if (n > CHUNK_BYTES) {
            n = CHUNK_BYTES;
            while (n > 8 && memcmp(rest.ptr + n - 1, "},{\"row\":", 9) != 0) {
                n--; /* between two objects: texts have no bare quotes in JSON */
            }
        }
        (void)snprintf(key, sizeof key, "%s/error/%04u", id, i);
        rc = put(s, RECORD_IMPORT_ROW, key, (struct str){rest.ptr, n}, e);
        n += n < rest.len; /* the comma */
        rest = (struct str){rest.ptr + n, rest.len - n};
    }
    return rc;
}

static int add_errors(void *ctx, const struct record_row *row)
{
    struct buf *out = ctx;

    if (out->len > 0 && out->data[out->len - 1] != '[') {
        (void)buf_addc(out, ',');
    }
    return buf_add(out, row->body.ptr, row->body.len);
}

int roster_record_read_errors(struct store *s, const char *id, struct buf *out, struct err *e)
{
    char prefix[STORE_RECORD_KEY_MAX];
    struct record_range all = {.kind = RECORD_IMPORT_ROW, .limit = STORE_LIST_MAX};

    (void)snprintf(prefix, sizeof prefix, "%s/error/", id);
    all.prefix = str_of(prefix);
    return store_record_list(s, &all, add_errors, out, e);
}

/* ---- the certificates of a list ---- */

void roster_list_begin(struct roster_list *l, struct store *s, const char *id, const char *name)
{
    *l = (struct roster_list){.store = s, .id = id, .name = name};
    buf_init(&l->lines, STORE_RECORD_BODY_MAX);
}

static int flush(struct roster_list *l, struct err *e)
{
    char key[STORE_RECORD_KEY_MAX];
    int rc;

    (void)snprintf(key, sizeof key, "%s/%s/%05u", l->id, l->name, ++l->count);
    rc = put(l->store, RECORD_IMPORT_ROW, key, (struct str){l->lines.data, l->lines.len}, e);
    buf_reset(&l->lines);
    return rc;
}

int roster_list_add(struct roster_list *l, const char *certificate, struct err *e)
{
    (void)buf_adds(&l->lines, certificate);
    (void)buf_addc(&l->lines, '\n');
    if (buf_failed(&l->lines) != 0) {
        return err_set(e, buf_failed(&l->lines), "no memory for the list");
    }
    return l->lines.len > LIST_BYTES ? flush(l, e) : 0;
}

int roster_list_end(struct roster_list *l, struct err *e)
{
    return l->lines.len > 0 ? flush(l, e) : 0;
}

void roster_list_finish(struct roster_list *l)
{
    buf_finish(&l->lines);
}

struct walk {
    roster_list_fn *fn;
    void *ctx;
    char key[STORE_RECORD_KEY_MAX + 1]; /* of the last record seen */
    size_t records;
};

static int walk_lines(void *ctx, const struct record_row *row)
{
    struct walk *walk = ctx;
    struct str rest = row->body;
    int rc = str_copy(walk->key, sizeof walk->key, row->key);

    walk->records++;
    while (rest.len > 0 && rc == 0) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t n = end == NULL ? rest.len : (size_t)(end - rest.ptr);

        rc = walk->fn(walk->ctx, (struct str){rest.ptr, n});
        n += n < rest.len;
        rest = (struct str){rest.ptr + n, rest.len - n};
    }
    return rc;
}

int roster_list_walk(struct store *s, const char *id, const char *name, roster_list_fn *fn,
                     void *ctx, struct err *e)
{
    struct record_range range = {.kind = RECORD_IMPORT_ROW, .limit = STORE_LIST_MAX};
    struct walk walk = {.fn = fn, .ctx = ctx};
    char prefix[STORE_RECORD_KEY_MAX];
    char after[STORE_RECORD_KEY_MAX + 1];
    size_t before;
    int rc;

    (void)snprintf(prefix, sizeof prefix, "%s/%s/", id, name);
    range.prefix = str_of(prefix);
    do {
        memcpy(after, walk.key, sizeof after); /* the walk writes into the key */
        range.after = str_of(after);
        before = walk.records;
        rc = store_record_list(s, &range, walk_lines, &walk, e);
    } while (rc == 0 && walk.records - before == STORE_LIST_MAX);
    return rc;
}

int roster_list_take_last(struct store *s, const char *id, const char *name, roster_list_fn *fn,
                          void *ctx, bool *ret_found, struct err *e)
{
    struct record_range range = {.kind = RECORD_IMPORT_ROW, .backwards = true, .limit = 1};
    struct walk walk = {.fn = fn, .ctx = ctx};
    char prefix[STORE_RECORD_KEY_MAX];
    int rc;

    (void)snprintf(prefix, sizeof prefix, "%s/%s/", id, name);
    range.prefix = str_of(prefix);
    rc = store_record_list(s, &range, walk_lines, &walk, e);
    *ret_found = walk.records > 0;
    return rc == 0 && *ret_found ? store_record_remove(s, RECORD_IMPORT_ROW, str_of(walk.key), e)
                                 : rc;
}
