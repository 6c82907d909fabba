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

static bool value_names(const struct person_known *k, const struct json *v)
{
    bool found = names_person(k, v);

    for (const struct json *m = json_first(v); m != NULL && !found; m = json_next(m)) {
        found = value_names(k, m);
    }
    return found;
}

/* Whether a body names the person as a whole value, and not only as a part of another. */
static bool body_names(const struct person_known *k, struct str body)
{
    struct json_doc *doc;
    struct buf list;
    bool found = true; /* what cannot be read, but holds the reference, is taken for theirs */

    buf_init(&list, STORE_RECORD_BODY_MAX + 2);
    (void)buf_addf(&list, "[%.*s]", (int)body.len, body.ptr); /* errors are written side by side */
    if (json_parse(str_of(buf_cstr(&list)), 0, &json_default_limits, &doc, NULL, NULL) == 0) {
        found = value_names(k, json_root(doc));
        json_free(doc);
    }
    buf_finish(&list);
    return found;
}

/* The row that undoing needs: the case as it was. */
static bool is_persons_case(const struct person_known *k, struct str body)
{
    struct json_doc *doc;
    struct person_named named;
    const struct json *holder;
    bool found;

    if (json_parse(body, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return true;
    }
    holder = json_get(json_get(json_get(json_root(doc), "file"), "fact"), "holder");
    named = (struct person_named){.holder = json_str(json_get(holder, "ref")),
                                  .certificate = json_str(json_get(json_root(doc), "certificate")),
                                  .phone = json_str(json_get(holder, "phone")),
                                  .email = json_str(json_get(holder, "email"))};
    found = person_is_meant(k, &named);
    json_free(doc);
    return found;
}

/* Lists of certificates are lines. */
static bool lines_name(const struct person_known *k, struct str body)
{
    bool found = false;

    while (body.len > 0 && !found) {
        const char *end = memchr(body.ptr, '\n', body.len);
        size_t n = end == NULL ? body.len : (size_t)(end - body.ptr);

        found = person_is_ref(k, (struct str){body.ptr, n});
        n += end == NULL ? 0 : 1;
        body = (struct str){body.ptr + n, body.len - n};
    }
    return found;
}

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

static bool is_list(const struct record_row *row)
{
    return key_has(row->key, "/list/") || key_has(row->key, "/fresh/");
}

static bool is_persons_row(const struct person_known *k, const struct record_row *row)
{
    if (!person_is_named(k, row->body)) {
        return false; /* most are nobody's, and that is cheap to see */
    }
    if (is_list(row)) {
        return lines_name(k, row->body);
    }
    return key_has(row->key, "/case/") ? is_persons_case(k, row->body) : body_names(k, row->body);
}

static int rewrite(struct person_work *p, const struct record_row *row)
{
    struct record_row next = *row;
    struct buf body;
    int rc;

    buf_init(&body, STORE_RECORD_BODY_MAX);
    rc = is_list(row) ? rewrite_lines(&p->known, row->body, &body)
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
    if (!is_persons_row(&p->known, row)) {
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
    return row->kind == RECORD_IMPORT || is_list(row)
               ? rewrite(p, row)
               : store_record_remove(p->store, row->kind, row->key, p->err);
}

static int take_report(void *ctx, const struct record_row *row)
{
    struct person_work *p = ctx;

    (void)str_copy(p->last_key, sizeof p->last_key, row->key);
    p->seen++;
    if (!person_has_address_in(&p->known, row->body) && !is_persons_row(&p->known, row)) {
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
