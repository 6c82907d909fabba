/* Today's words: who gets the message, which template, which text. Facts in, bytes out. */
#include "base/json.h"
#include "base/log.h"
#include "domain/calendar.h"
#include "domain/return_path.h"
#include "flow/digest.h"
#include "flow/dispatch_state.h"
#include "flow/wording.h"
#include "text/mail.h"

#include <stdio.h>
#include <stdlib.h>

enum { CALENDAR_MAX = 4096 };

struct composer {
    struct case_file file;
    struct render_values *values;
    struct render_mail parts;
    struct sms_measure measure;
    struct buf ics;
    struct render_row rows[DIGEST_RENDER_MAX];
};

/* What one message is composed from. */
struct composing {
    const struct settings *settings;
    const struct conf_provider *provider;
    int64_t now_ms;
    const struct gateway *gateway; /* for mails */
};

/* A message of its own carries {"fact":{…},"vars":{…}}, a digest also "digest". */
static int read_own(const struct attempt *a, struct fact *ret, struct json_doc **ret_doc)
{
    struct json_writer w;
    struct buf text;
    int rc = json_parse((struct str){a->facts.data, a->facts.len}, 0, &json_default_limits, ret_doc,
                        NULL, NULL);

    if (rc != 0) {
        return rc;
    }
    buf_init(&text, FACT_CANONICAL_MAX);
    jsonw_init(&w, &text);
    jsonw_value(&w, json_get(json_root(*ret_doc), "fact"));
    rc = fact_read_canonical((struct str){text.data, text.len}, ret);
    buf_finish(&text);
    return rc;
}

/* The holder and the certificate as last told. */
static int read_known(const struct attempt *a, struct case_file *ret)
{
    struct json_doc *doc = NULL;
    int rc;

    if (a->case_id != 0) {
        return case_read((struct str){a->facts.data, a->facts.len}, ret);
    }
    case_init(ret);
    rc = read_own(a, &ret->known, &doc);
    json_free(doc);
    return rc;
}

/* doc keeps the texts that values and rows borrow; null for a message with a case. */
static int read_document(const struct attempt *a, struct json_doc **ret_doc, struct err *e)
{
    struct fact *unused;
    int rc;

    *ret_doc = NULL;
    if (a->case_id != 0) {
        return 0;
    }
    unused = malloc(sizeof *unused);
    rc = unused == NULL ? ERR_NOMEM : read_own(a, unused, ret_doc);
    free(unused);
    return rc == 0 ? 0 : err_set(e, rc, "the message's own facts cannot be read");
}

static int override_values(const struct json_doc *doc, struct render_values *values, struct err *e)
{
    int rc = 0;

    for (const struct json *v = doc == NULL ? NULL : json_first(json_get(json_root(doc), "vars"));
         v != NULL && rc == 0; v = json_next(v)) {
        rc = render_values_override(values, str_of(json_key(v)), json_str(v));
        if (rc != 0) {
            rc = err_set(e, rc, "no template knows the name %s", json_key(v));
        }
    }
    return rc;
}

/* An escalation goes to the holder's institution. */
static bool to_institution(const struct attempt *a)
{
    return a->case_id != 0 && campaign_step_escalates(a->step) &&
           strcmp(a->campaign, APPLY_NOTICE_CAMPAIGN) != 0;
}

static const char *address_of(const struct attempt *a, const struct fact *known)
{
    if (a->job.channel == CHANNEL_SMS) {
        return known->holder.phone;
    }
    return to_institution(a) ? known->institution.email : known->holder.email;
}

static int take_address(struct attempt *a, const struct fact *known)
{
    const char *to = address_of(a, known);

    a->job.to = a->to;
    return to[0] == '\0' ? ERR_NOT_FOUND : str_copy(a->to, sizeof a->to, str_of(to));
}

int compose_recipient(struct attempt *a, const char **ret_reason)
{
    struct case_file *file;
    int rc;

    if (a->to[0] != '\0') {
        return 0;
    }
    file = calloc(1, sizeof *file);
    rc = file == NULL ? ERR_NOMEM : read_known(a, file);
    *ret_reason = "facts_unreadable";
    if (rc == 0) {
        *ret_reason = a->job.channel == CHANNEL_SMS ? "no_phone" : "no_email";
        rc = take_address(a, &file->known);
    }
    free(file);
    return rc;
}

/* A series message finds its template by the series of the day; others name theirs. */
static struct str template_of(const struct settings *s, const struct attempt *a,
                              const struct case_file *file)
{
    if (a->template[0] != '\0') {
        return str_of(a->template);
    }
    return wording_template(s, str_of(a->campaign), apply_step_mark(a->step),
                            case_series_of(file->known.eonay), a->job.channel);
}

static struct render_facts facts_of(const struct composing *x, const struct fact *known)
{
    return (struct render_facts){.office = &x->settings->office,
                                 .now_ms = x->now_ms,
                                 .given_name = str_of(known->holder.given_name),
                                 .family_name = str_of(known->holder.family_name),
                                 .end_ms = known->not_after_ms,
                                 .institution_name = str_of(known->institution.name),
                                 .institution_address_form =
                                     str_of(known->institution.address_form)};
}

static int compose_sms(const struct composing *x, struct attempt *a, struct str name,
                       struct composer *c, struct err *e)
{
    int rc = wording_sms(x->settings, x->provider, name, c->values, &a->content, &a->wire,
                         &a->job.mode, &c->measure, e);

    if (rc == 0) {
        a->segments = c->measure.segments;
        a->job.text = a->wire.data;
        a->job.reserve = (unsigned)x->provider->reserve_chars;
        buf_reset(&a->content);
        rc = buf_add(&a->content, a->wire.data, a->wire.len);
    }
    return rc;
}

static void address_mail(const struct gateway *g, const struct attempt *a, struct str display,
                         struct mail *ret)
{
    const struct conf *conf = g->settings->conf;

    *ret = (struct mail){.from = {str_of(conf->mail.from_name), str_of(conf->mail.from)},
                         .reply_to = {{NULL, 0}, str_of(conf->mail.reply_to)},
                         .to = {display, str_of(a->to)},
                         .message_id = str_of(a->header_id),
                         .date_ms = gateway_now(g)};
}

/* "<message>@<domain of the sender>": the same at every attempt, different for every message. */
static int name_mail(const struct gateway *g, struct attempt *a)
{
    const char *from = g->settings->conf->mail.from;
    const char *at = from == NULL ? NULL : strchr(from, '@');
    char id[IDS_TEXT_SIZE];

    if (at == NULL) {
        return ERR_INVALID; /* mail.from is asked for where there is a route only */
    }
    ids_message_format(g->ids, a->job.message_id, id);
    return snprintf(a->header_id, sizeof a->header_id, "%s%s", id, at) >= (int)sizeof a->header_id
               ? ERR_LIMIT
               : 0;
}

/*
 * What cannot be delivered comes back to the attempt it is about, when somebody reads it. Where
 * nobody does, the provider's own sender stands: a relay may take no other.
 */
static int name_return_path(const struct gateway *g, struct attempt *a)
{
    const struct conf_bounces *bounces = &g->settings->conf->mail.bounces;

    if (g->bounces == NULL || !bounces->verp) {
        return str_copy(a->return_path, sizeof a->return_path, str_of(bounces->address));
    }
    return return_path_format(bounces->address, a->job.ref, a->return_path);
}

/* All mails about one case form a thread, whose root never was a mail of its own. */
static void thread_of(const struct attempt *a, char *out, size_t size)
{
    (void)snprintf(out, size, "case-%lld%s", (long long)a->case_id, strchr(a->header_id, '@'));
}

/* The end date as a file for the reader's calendar; a later mail about the case replaces it. */
static int add_calendar(const struct gateway *g, const struct attempt *a, struct composer *c,
                        enum lang lang, struct mail *mail)
{
    int64_t end_ms = c->file.known.not_after_ms;
    int64_t now_ms = gateway_now(g);

    buf_reset(&c->ics);
    if (!g->settings->conf->mail.calendar || a->case_id == 0 || to_institution(a) ||
        end_ms <= now_ms || strcmp(a->campaign, APPLY_NOTICE_CAMPAIGN) == 0) {
        return 0;
    }
    (void)mail_calendar(mail->references, now_ms, istanbul_day(end_ms),
                        lang == LANG_TR ? STR("E-imzanın son geçerlilik günü")
                                        : STR("Last day of the e-signature"),
                        render_values_get(c->values, NAME_PORTAL_URL), &c->ics);
    mail->ics = (struct str){c->ics.data, c->ics.len};
    return buf_failed(&c->ics);
}

static int compose_mail(const struct gateway *g, struct attempt *a, struct str name, enum lang lang,
                        struct composer *c, struct err *e)
{
    struct render_mail *parts = &c->parts;
    struct mail mail;
    char thread[ATTEMPT_HEADER_ID_MAX + 32];
    int rc = render_mail(g->settings->words, name, c->values, parts, e);

    rc = rc == 0 ? name_mail(g, a) : rc;
    rc = rc == 0 ? name_return_path(g, a) : rc;
    if (rc == 0) {
        address_mail(g, a,
                     render_values_get(c->values, to_institution(a) ? NAME_INSTITUTION_NAME
                                                                    : NAME_HOLDER_FULL_NAME),
                     &mail);
        mail.subject = (struct str){parts->subject.data, parts->subject.len};
        mail.text = (struct str){parts->text.data, parts->text.len};
        mail.html = (struct str){parts->html.data, parts->html.len};
        if (a->case_id != 0) {
            thread_of(a, thread, sizeof thread);
            mail.references = str_of(thread);
        }
        rc = add_calendar(g, a, c, lang, &mail);
    }
    if (rc == 0) {
        rc = mail_compose(&mail, &a->wire, e);
        (void)buf_add(&a->content, parts->subject.data, parts->subject.len);
        (void)buf_adds(&a->content, "\n\n");
        (void)buf_add(&a->content, parts->text.data, parts->text.len);
    }
    a->job.mail = a->wire.data;
    a->job.mail_len = a->wire.len;
    a->job.mail_from = a->return_path;
    a->job.message_id_header = a->header_id;
    return rc == 0 ? buf_failed(&a->content) : rc;
}

static int compose_with(const struct composing *x, struct attempt *a, struct composer *c,
                        struct err *e)
{
    const struct str name = template_of(x->settings, a, &c->file);
    struct render_facts facts = facts_of(x, &c->file.known);
    struct json_doc *doc = NULL;
    enum lang lang;
    int rc;

    if (name.len == 0) {
        return err_set(e, ERR_NOT_FOUND, "no template for mark %d", apply_step_mark(a->step));
    }
    rc = message_set_lang(x->settings->words,
                          to_institution(a) ? LANG_TR
                                            : lang_parse(str_of(c->file.known.holder.lang)),
                          a->job.channel, name, &lang);
    if (rc != 0) {
        return err_set(e, rc, "there is no template %.*s for %s", (int)name.len, name.ptr,
                       channel_name(a->job.channel));
    }
    rc = read_document(a, &doc, e);
    if (rc == 0) {
        digest_read(doc == NULL ? NULL : json_get(json_root(doc), "digest"), c->rows, &facts);
        rc = render_values_set(c->values, lang, &facts);
        rc = rc == 0 ? 0 : err_set(e, rc, "values of template %.*s", (int)name.len, name.ptr);
    }
    rc = rc == 0 ? override_values(doc, c->values, e) : rc;
    if (rc == 0) {
        rc = a->job.channel == CHANNEL_SMS ? compose_sms(x, a, name, c, e)
                                           : compose_mail(x->gateway, a, name, lang, c, e);
    }
    json_free(doc);
    return rc;
}

struct composer *composer_create(void)
{
    struct composer *c = calloc(1, sizeof *c);

    if (c == NULL || (c->values = render_values_create()) == NULL) {
        free(c);
        return NULL;
    }
    render_mail_init(&c->parts);
    buf_init(&c->ics, CALENDAR_MAX);
    return c;
}

void composer_free(struct composer *c)
{
    if (c != NULL) {
        render_values_free(c->values);
        render_mail_finish(&c->parts);
        buf_finish(&c->ics);
        free(c);
    }
}

int compose_content(struct dispatch *d, struct attempt *a, const char **ret_reason)
{
    const struct gateway *g = d->gateway;
    const struct composing x = {g->settings, a->lane->conf, gateway_now(g), g};
    char id[IDS_TEXT_SIZE];
    struct err e = {0};
    int rc;

    if (a->composed_for == a->lane->conf) {
        return 0;
    }
    buf_reset(&a->wire);
    buf_reset(&a->content);
    rc = read_known(a, &d->composer->file);
    if (rc == 0) {
        rc = compose_with(&x, a, d->composer, &e);
    }
    if (rc != 0) {
        *ret_reason = rc == ERR_UNSUPPORTED ? "not_encodable" : "not_renderable";
        ids_message_format(g->ids, a->job.message_id, id);
        log_error("message_not_rendered", LOG_S("message", id),
                  LOG_S("channel", channel_name(a->job.channel)), LOG_S("error", e.text));
    }
    return rc;
}

void compose_ahead(struct composer *c, const struct settings *s,
                   const struct conf_provider *provider, int64_t now_ms, struct attempt *a)
{
    const struct composing x = {s, provider, now_ms, NULL};
    struct err unused;

    if (provider == NULL || a->job.channel != CHANNEL_SMS || a->case_id == 0 ||
        read_known(a, &c->file) != 0 || take_address(a, &c->file.known) != 0) {
        return;
    }
    if (compose_with(&x, a, c, &unused) == 0) {
        a->composed_for = provider;
    }
}
