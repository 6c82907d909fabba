/* A digest's own facts as JSON, and back when it is sent. */
#include "domain/calendar.h"
#include "flow/digest.h"
#include "store/store.h"
#include "text/turkish.h"

#include <stdio.h>
#include <stdlib.h>

/* Room that is kept for what follows the last row. */
enum { FACTS_MARGIN = 2048, MORE_SIZE = 64 };

static int waiting_days(const struct digest_row *row, int64_t now_ms)
{
    return row->since_ms == 0 ? -1 : (int)(istanbul_day(now_ms) - istanbul_day(row->since_ms));
}

static int write_row(struct json_writer *w, enum digest_kind kind, const struct digest_row *row,
                     int64_t now_ms)
{
    struct buf name;
    int rc;

    buf_init(&name, 2 * FACT_NAME_SIZE + 1);
    rc = tr_full_name(str_of(row->given_name), str_of(row->family_name), &name);
    jsonw_object(w);
    jsonw_put(w, "institution", row->institution);
    jsonw_put(w, "name", buf_cstr(&name));
    jsonw_put_i64(w, "end", row->end_ms);
    jsonw_put_i64(w, "applied", row->state == CASE_APPLIED ? row->since_ms : 0);
    jsonw_put(w, "status", digest_status(kind, row, now_ms));
    jsonw_put_i64(w, "waiting", waiting_days(row, now_ms));
    jsonw_put_i64(w, "case", row->case_id);
    jsonw_end_object(w);
    buf_finish(&name);
    return rc;
}

static void write_more(struct json_writer *w, size_t count)
{
    char text[MORE_SIZE];

    (void)snprintf(text, sizeof text, "…ve %zu kişi daha", count);
    jsonw_object(w);
    jsonw_put(w, "name", text);
    jsonw_end_object(w);
}

static int write_rows(struct json_writer *w, const struct digest_draft *d,
                      const struct digest_env *env, const struct buf *out)
{
    const size_t most = (size_t)env->settings->conf->digests.rows;
    size_t shown = 0;
    int rc = 0;

    jsonw_key(w, "rows");
    jsonw_array(w);
    while (rc == 0 && shown < d->count && shown < most && out->len + FACTS_MARGIN < out->max) {
        rc = write_row(w, d->kind, &d->rows[shown++], env->now_ms);
    }
    if (shown < d->count) {
        write_more(w, d->count - shown);
    }
    jsonw_end_array(w);
    return rc;
}

/* Who it is for: the institution, and its mailbox where a person's would be. */
static int write_fact(struct json_writer *w, const struct digest_draft *d)
{
    struct fact *fact = malloc(sizeof *fact);
    struct buf text;
    int rc;

    if (fact == NULL) {
        return ERR_NOMEM;
    }
    fact_reset(fact);
    (void)str_copy(fact->holder.email, sizeof fact->holder.email, str_of(d->mailbox));
    if (d->kind != DIGEST_BI && d->count > 0) {
        (void)str_copy(fact->institution.name, sizeof fact->institution.name,
                       str_of(d->rows->institution));
        (void)str_copy(fact->institution.address_form, sizeof fact->institution.address_form,
                       str_of(d->rows->address_form[0] != '\0' ? d->rows->address_form
                                                               : d->rows->institution));
    }
    buf_init(&text, FACT_CANONICAL_MAX);
    rc = fact_canonical(fact, &text);
    jsonw_key(w, "fact");
    jsonw_raw(w, (struct str){text.data, text.len});
    buf_finish(&text);
    free(fact);
    return rc;
}

int digest_write(const struct digest_draft *draft, const struct digest_env *env, struct buf *out,
                 struct err *e)
{
    struct json_writer w;
    int rc;

    jsonw_init(&w, out);
    jsonw_object(&w);
    rc = write_fact(&w, draft);
    jsonw_key(&w, "vars");
    jsonw_object(&w);
    jsonw_end_object(&w);
    jsonw_key(&w, "digest");
    jsonw_object(&w);
    jsonw_put(&w, "kind", digest_kind_name(draft->kind));
    jsonw_put_i64(&w, "count", (int64_t)draft->count);
    jsonw_put_i64(&w, "days", env->settings->conf->digests.days);
    jsonw_key(&w, "summary");
    jsonw_array(&w);
    for (size_t i = 0; i < sizeof draft->summary / sizeof draft->summary[0]; i++) {
        jsonw_i64(&w, draft->summary[i]);
    }
    jsonw_end_array(&w);
    rc = rc == 0 ? write_rows(&w, draft, env, out) : rc;
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    rc = rc == 0 ? buf_failed(out) : rc;
    return rc == 0 ? 0 : err_set(e, rc, "a digest does not fit");
}

/* ---- back ---- */

void digest_read(const struct json *digest, struct render_row rows[DIGEST_RENDER_MAX],
                 struct render_facts *ret)
{
    const struct json *n = json_first(json_get(digest, "summary"));
    int64_t value;

    if (digest == NULL) {
        return;
    }
    ret->count = (int)json_get_i64(digest, "count", 0);
    ret->window_days = (int)json_get_i64(digest, "days", 0);
    for (size_t i = 0; n != NULL && i < sizeof ret->summary / sizeof ret->summary[0]; i++) {
        ret->summary[i] = json_i64(n, &value) == 0 ? (int)value : 0;
        n = json_next(n);
    }
    ret->rows = rows;
    ret->row_count = 0;
    for (const struct json *v = json_first(json_get(digest, "rows"));
         v != NULL && ret->row_count < DIGEST_RENDER_MAX; v = json_next(v)) {
        rows[ret->row_count++] =
            (struct render_row){.institution = json_str(json_get(v, "institution")),
                                .name = json_str(json_get(v, "name")),
                                .end_ms = json_get_i64(v, "end", 0),
                                .applied_ms = json_get_i64(v, "applied", 0),
                                .status = json_str(json_get(v, "status")),
                                .waiting_days = (int)json_get_i64(v, "waiting", -1)};
    }
}

static void copy_rows(struct json_writer *w, const struct json *rows, int64_t case_id,
                      size_t *ret_count)
{
    jsonw_array(w);
    for (const struct json *v = json_first(rows); v != NULL; v = json_next(v)) {
        if (json_get_i64(v, "case", 0) == case_id) {
            (*ret_count)++;
        } else {
            jsonw_value(w, v);
        }
    }
    jsonw_end_array(w);
}

static void copy_digest(struct json_writer *w, const struct json *digest, int64_t case_id,
                        size_t *ret_count)
{
    jsonw_object(w);
    for (const struct json *v = json_first(digest); v != NULL; v = json_next(v)) {
        jsonw_key(w, json_key(v));
        if (strcmp(json_key(v), "rows") == 0) {
            copy_rows(w, v, case_id, ret_count);
        } else {
            jsonw_value(w, v);
        }
    }
    jsonw_end_object(w);
}

int digest_without_case(struct str facts, int64_t case_id, struct buf *out, size_t *ret_count)
{
    struct json_doc *doc;
    struct json_writer w;

    *ret_count = 0;
    if (json_parse(facts, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return ERR_INVALID;
    }
    jsonw_init(&w, out);
    jsonw_object(&w);
    for (const struct json *v = json_first(json_root(doc)); v != NULL; v = json_next(v)) {
        jsonw_key(&w, json_key(v));
        if (strcmp(json_key(v), "digest") == 0) {
            copy_digest(&w, v, case_id, ret_count);
        } else {
            jsonw_value(&w, v);
        }
    }
    jsonw_end_object(&w);
    json_free(doc);
    return buf_failed(out);
}
