/* What records hold of one person: rows of imports, lone reports, suppressions. */
#include "base/buf.h"
#include "flow/person_parts.h"
#include "flow/suppress.h"

#include <stdio.h>

static void open_list(struct person_work *p, const char *name)
{
    if (p->mode == PERSON_EXPORT) {
        jsonw_key(&p->w, name);
        jsonw_array(&p->w);
    }
}

static void close_list(struct person_work *p)
{
    if (p->mode == PERSON_EXPORT) {
        jsonw_end_array(&p->w);
    }
}

/* ---- a body without the person ---- */

static bool names_person(const struct person_known *k, const struct json *v)
{
    struct str text = json_str(v);

    return person_is_ref(k, text) || person_is_address(k, text);
}

static bool is_persons_object(const struct person_known *k, const struct json *v)
{
    for (const struct json *m = json_first(v); m != NULL; m = json_next(m)) {
        if (names_person(k, m) || (json_type(m) == JSON_OBJECT && is_persons_object(k, m))) {
            return true;
        }
    }
    return false;
}

/* Copies a value; objects of a list that name the person are left out, single texts blanked. */
static void copy_without(const struct person_known *k, const struct json *v, struct json_writer *w)
{
    bool object = json_type(v) == JSON_OBJECT;

    if (!object && json_type(v) != JSON_ARRAY) {
        if (names_person(k, v)) {
            jsonw_null(w);
        } else {
            jsonw_value(w, v);
        }
        return;
    }
    object ? jsonw_object(w) : jsonw_array(w);
    for (const struct json *m = json_first(v); m != NULL; m = json_next(m)) {
        if (object) {
            jsonw_key(w, json_key(m));
        } else if (json_type(m) == JSON_OBJECT && is_persons_object(k, m)) {
            continue;
        }
        copy_without(k, m, w);
    }
    object ? jsonw_end_object(w) : jsonw_end_array(w);
}

static int rewrite_json(const struct person_known *k, struct str body, struct buf *out)
{
    struct json_doc *doc;
    struct json_writer w;

    if (json_parse(body, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return ERR_INVALID;
    }
    jsonw_init(&w, out);
    copy_without(k, json_root(doc), &w);
    json_free(doc);
    return buf_failed(out);
}

/* Lists of certificates are lines. */
static int rewrite_lines(const struct person_known *k, struct str body, struct buf *out)
{
    while (body.len > 0) {
        const char *end = memchr(body.ptr, '\n', body.len);
        size_t n = end == NULL ? body.len : (size_t)(end - body.ptr);

        if (!person_is_ref(k, (struct str){body.ptr, n})) {
            (void)buf_add(out, body.ptr, end == NULL ? n : n + 1);
        }
        n += end == NULL ? 0 : 1;
        body = (struct str){body.ptr + n, body.len - n};
    }
    return buf_failed(out);
}

/* ---- imports ---- */

static bool key_has(struct str key, const char *part)
{
    return memmem(key.ptr, key.len, part, strlen(part)) != NULL;
}

static int rewrite(struct person_work *p, const struct record_row *row)
{
    struct record_row next = *row;
    struct buf body;
    int rc;

    buf_init(&body, STORE_RECORD_BODY_MAX);
    rc = key_has(row->key, "/list/") || key_has(row->key, "/fresh/")
             ? rewrite_lines(&p->known, row->body, &body)
             : rewrite_json(&p->known, row->body, &body);
    next.body = (struct str){body.data == NULL ? "" : body.data, body.len};
    if (rc == 0) {
        rc = store_record_put(p->store, &next, p->err);
    } else {
        /* Whatever it is, it names the person. */
        rc = store_record_remove(p->store, row->kind, row->key, p->err);
    }
    buf_finish(&body);
    return rc;
}

static int take_import(void *ctx, const struct record_row *row)
{
    struct person_work *p = ctx;

    (void)str_copy(p->last_key, sizeof p->last_key, row->key);
    p->seen++;
    if (!person_is_named(&p->known, row->body)) {
        return 0;
    }
    p->counts.import_rows++;
    if (p->mode == PERSON_EXPORT && key_has(row->key, "/case/")) {
        jsonw_object(&p->w);
        jsonw_put_str(&p->w, "row", row->key);
        jsonw_key(&p->w, "before");
        jsonw_raw(&p->w, row->body);
        jsonw_end_object(&p->w);
    }
    if (p->mode != PERSON_ERASE) {
        return 0;
    }
    return row->kind == RECORD_IMPORT || key_has(row->key, "/list/") || key_has(row->key, "/fresh/")
               ? rewrite(p, row)
               : store_record_remove(p->store, row->kind, row->key, p->err);
}

static int take_report(void *ctx, const struct record_row *row)
{
    struct person_work *p = ctx;

    (void)str_copy(p->last_key, sizeof p->last_key, row->key);
    p->seen++;
    if (!person_is_named(&p->known, row->body)) {
        return 0;
    }
    p->counts.reports++;
    if (p->mode == PERSON_EXPORT) {
        jsonw_raw(&p->w, row->body);
    }
    return p->mode == PERSON_ERASE ? store_record_remove(p->store, row->kind, row->key, p->err) : 0;
}

static int walk(struct person_work *p, enum record_kind kind, store_record_fn *fn)
{
    int rc = 0;

    p->last_key[0] = '\0';
    do {
        struct record_range range = {
            .kind = kind, .prefix = STR(""), .after = str_of(p->last_key), .limit = STORE_LIST_MAX};
        char after[STORE_RECORD_KEY_MAX + 1];

        memcpy(after, p->last_key, sizeof after); /* the walk writes into last_key */
        range.after = str_of(after);
        p->seen = 0;
        rc = store_record_list(p->store, &range, fn, p, p->err);
    } while (rc == 0 && p->seen == STORE_LIST_MAX);
    return rc;
}

int person_imports(struct person_work *p)
{
    int rc;

    open_list(p, "import_rows");
    rc = walk(p, RECORD_IMPORT_ROW, take_import);
    rc = rc == 0 ? walk(p, RECORD_IMPORT, take_import) : rc;
    close_list(p);
    return rc;
}

int person_reports(struct person_work *p)
{
    int rc;

    open_list(p, "reports_without_message");
    rc = walk(p, RECORD_REPORT, take_report);
    close_list(p);
    return rc;
}

/* ---- suppressions: they stay, or the next import would write to the address again ---- */

int person_suppressions(struct person_work *p)
{
    int rc = 0;

    open_list(p, "suppressions");
    for (size_t i = 0; i < p->known.address_count && rc == 0; i++) {
        struct suppress_entry entry;
        bool found;

        rc = suppress_check(p->store, p->env->key, p->known.addresses[i].channel,
                            str_of(p->known.addresses[i].text), p->env->now_ms, &entry, &found,
                            p->err);
        if (rc != 0 || !found) {
            continue;
        }
        p->counts.suppressions++;
        if (p->mode == PERSON_EXPORT) {
            jsonw_object(&p->w);
            jsonw_put(&p->w, "id", entry.id);
            jsonw_put(&p->w, "address", p->known.addresses[i].text);
            jsonw_put(&p->w, "reason", suppress_reason_name(entry.reason));
            jsonw_put_time(&p->w, "since", entry.since_ms);
            jsonw_put_time(&p->w, "expires", entry.expires_ms);
            jsonw_put(&p->w, "note", entry.note);
            jsonw_end_object(&p->w);
        }
    }
    close_list(p);
    return rc;
}
