/* Digests as they would be sent now, to be looked at. */
#include "flow/audit.h"
#include "flow/care_desk.h"
#include "flow/digest.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_MAX = 200 };

struct viewer {
    struct desk_call *call;
    const struct digest_env *env;
    struct json_writer w;
    struct render_values *values;
    struct render_mail mail;
    struct render_row *rows;
    size_t shown;
    struct err *err;
};

/* The words are made from the stored form: what is seen is what would be sent. */
static int render(struct viewer *v, const struct digest_draft *d, struct str facts)
{
    const struct digest_row *first = d->count > 0 ? d->rows : NULL;
    const bool named = first != NULL && d->kind != DIGEST_BI;
    struct render_facts all = {.office = &v->call->settings->office, .now_ms = v->call->now_ms};
    struct json_doc *doc;
    int rc = json_parse(facts, 0, &json_default_limits, &doc, NULL, v->err);

    if (rc != 0) {
        return rc;
    }
    if (named) {
        all.institution_name = str_of(first->institution);
        all.institution_address_form =
            str_of(first->address_form[0] != '\0' ? first->address_form : first->institution);
    }
    digest_read(json_get(json_root(doc), "digest"), v->rows, &all);
    rc = render_values_set(v->values, LANG_TR, &all);
    rc = rc == 0 ? render_mail(v->call->settings->words, str_of(digest_kind_name(d->kind)),
                               v->values, &v->mail, v->err)
                 : rc;
    json_free(doc);
    return rc;
}

static const char *verdict(const struct viewer *v, const struct digest_draft *d)
{
    if (d->mailbox[0] == '\0') {
        return "no_mailbox";
    }
    return d->kind == DIGEST_BI || digest_mailbox_allowed(&v->call->settings->conf->digests.domains,
                                                          str_of(d->mailbox))
               ? "send"
               : "private_mailbox";
}

static int show(void *ctx, const struct digest_draft *d)
{
    struct viewer *v = ctx;
    struct buf facts;
    int rc;

    if (v->shown++ >= SHOWN_MAX) {
        return 0;
    }
    buf_init(&facts, STORE_BODY_MAX);
    rc = digest_write(d, v->env, &facts, v->err);
    rc = rc == 0 ? render(v, d, (struct str){facts.data, facts.len}) : rc;
    buf_finish(&facts);
    if (rc != 0) {
        return rc;
    }
    jsonw_object(&v->w);
    jsonw_put(&v->w, "institution", d->kind == DIGEST_BI || d->count == 0 ? "" : d->rows->group);
    jsonw_put(&v->w, "to", d->mailbox);
    jsonw_put(&v->w, "verdict", verdict(v, d));
    jsonw_put_i64(&v->w, "persons", (int64_t)d->count);
    jsonw_put_str(&v->w, "subject", (struct str){v->mail.subject.data, v->mail.subject.len});
    jsonw_put_str(&v->w, "text", (struct str){v->mail.text.data, v->mail.text.len});
    jsonw_end_object(&v->w);
    return 0;
}

static int view(struct viewer *v, enum digest_kind kind, struct str institution)
{
    int64_t when;
    int64_t period;
    int rc = digest_last_run(v->call->store, kind, &when, &period, v->err);

    if (rc != 0) {
        return rc;
    }
    jsonw_init(&v->w, v->call->out);
    jsonw_object(&v->w);
    jsonw_put(&v->w, "kind", digest_kind_name(kind));
    jsonw_put_bool(&v->w, "enabled", digest_enabled(v->call->settings->conf, kind));
    jsonw_put_time(&v->w, "last_run", when);
    jsonw_key(&v->w, "digests");
    jsonw_array(&v->w);
    rc = digest_preview(v->call->store, v->env, kind, institution, show, v, v->err);
    jsonw_end_array(&v->w);
    jsonw_put_i64(&v->w, "count", (int64_t)v->shown);
    jsonw_end_object(&v->w);
    return rc;
}

/* The lists name persons: who looked at them stays known. */
static int note_audit(const struct desk_call *call, enum digest_kind kind, struct err *e)
{
    char detail[32];
    int n = snprintf(detail, sizeof detail, "{\"kind\":\"%s\"}", digest_kind_name(kind));

    return audit_add(call->store, call->actor, "digest.preview", (struct str){detail, (size_t)n},
                     call->now_ms, e);
}

int digest_desk_preview(struct desk_call *call, struct err *e)
{
    const struct digest_env env = {call->settings, call->key, call->now_ms};
    struct str name = desk_need(call, "kind", 8);
    struct str institution = desk_text(call, "institution", STORE_REF_MAX);
    enum digest_kind kind = digest_kind_parse(name);
    struct viewer v = {.call = call, .env = &env, .err = e};
    int rc;

    if (name.len > 0 && kind == DIGEST_KIND_COUNT) {
        (void)faults_add(call->faults, "/kind", "unknown_kind", "özet türü k1, k2 ya da bi",
                         "the kind of a digest is k1, k2 or bi");
    }
    rc = desk_check(call, e);
    if (rc != 0) {
        return rc;
    }
    v.values = render_values_create();
    v.rows = calloc(DIGEST_RENDER_MAX, sizeof *v.rows);
    render_mail_init(&v.mail);
    rc = v.values == NULL || v.rows == NULL ? err_set(e, ERR_NOMEM, "no memory for a digest")
                                            : view(&v, kind, institution);
    rc = rc == 0 ? note_audit(call, kind, e) : rc;
    render_mail_finish(&v.mail);
    render_values_free(v.values);
    free(v.rows);
    return rc;
}
