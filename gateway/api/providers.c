/* Providers as the running service sees them: lists, one, its balance, a test message. */
#include "api/api_internal.h"
#include "domain/email.h"
#include "domain/phone.h"
#include "flow/control_provider.h"
#include "flow/dispatch.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MAX = 1 << 20, TEMPLATE_MAX = 40 };

/* The provider named in the path; answers 404 and returns -1 when there is none. */
static int provider_of(struct call *c)
{
    int index = c->api->g->dispatch == NULL ? -1 : provider_index(c->api->g, c->captures[0]);

    if (index < 0) {
        api_refuse(c->req, "not_found", NULL,
                   c->turkish ? "Böyle bir sağlayıcı yok." : "There is no such provider.");
    }
    return index;
}

void handle_provider_list(struct call *c)
{
    const struct gateway *g = c->api->g;
    struct json_writer w;
    struct buf out;

    buf_init(&out, ANSWER_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_key(&w, "items");
    jsonw_array(&w);
    for (size_t i = 0; g->dispatch != NULL && i < g->stats.providers_count; i++) {
        jsonw_object(&w);
        provider_write(g, (int)i, &w);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    api_answer(c->req, 200, &out);
}

void handle_provider_get(struct call *c)
{
    const int index = provider_of(c);
    struct json_writer w;
    struct buf out;

    if (index >= 0) {
        buf_init(&out, ANSWER_MAX);
        jsonw_init(&w, &out);
        jsonw_object(&w);
        provider_write(c->api->g, index, &w);
        jsonw_end_object(&w);
        api_answer(c->req, 200, &out);
    }
}

/* ---- answers that come later ---- */

struct asking {
    struct api *api;
    struct http_request *req;
    char provider[STORE_NAME_MAX + 1];
};

static struct asking *begin_asking(struct call *c)
{
    struct asking *a = calloc(1, sizeof *a);

    if (a == NULL) {
        api_refuse(c->req, "out_of_memory", NULL, NULL);
        return NULL;
    }
    a->api = c->api;
    a->req = c->req;
    (void)str_copy(a->provider, sizeof a->provider, c->captures[0]);
    api_hold(a->api);
    return a;
}

static void end_asking(struct asking *a)
{
    struct api *api = a->api;

    free(a);
    api_drop(api);
}

static void balance_told(void *ctx, const struct provider_balance *balance)
{
    struct asking *a = ctx;
    struct json_writer w;
    struct buf out;

    buf_init(&out, ANSWER_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "provider", a->provider);
    jsonw_put(&w, "amount", balance->amount);
    jsonw_put(&w, "unit", balance->unit);
    jsonw_put_bool(&w, "empty", balance->empty);
    jsonw_put(&w, "error", balance->error);
    jsonw_end_object(&w);
    api_answer(a->req, 200, &out);
    end_asking(a);
}

void handle_provider_balance(struct call *c)
{
    const int index = provider_of(c);
    struct asking *a = index < 0 ? NULL : begin_asking(c);
    struct err e = {0};
    int rc;

    if (a == NULL) {
        return;
    }
    rc = provider_ask_balance(c->api->g, index, balance_told, a, &e);
    if (rc != 0) {
        api_refuse(c->req, rc == ERR_BUSY ? "overloaded" : "refused", NULL,
                   c->turkish && rc == ERR_UNSUPPORTED ? "Bu sağlayıcı bakiyesini bildirmiyor."
                                                       : e.text);
        end_asking(a);
    }
}

static void test_queued(void *ctx, int status, int64_t message_id)
{
    struct asking *a = ctx;
    char id[IDS_TEXT_SIZE];
    struct json_writer w;
    struct buf out;

    if (status != 0) {
        api_refuse_for(a->req, status);
        end_asking(a);
        return;
    }
    ids_message_format(a->api->g->ids, message_id, id);
    buf_init(&out, ANSWER_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "message", id);
    jsonw_put(&w, "provider", a->provider);
    jsonw_end_object(&w);
    api_answer(a->req, 200, &out);
    end_asking(a);
}

/* A number in its normal form, or a mailbox. */
static bool read_to(struct str text, char *out, size_t size)
{
    struct phone phone;
    struct email email;

    if (text.len > 0 && memchr(text.ptr, '@', text.len) != NULL) {
        return email_parse(text, &email) == EMAIL_OK &&
               str_copy(out, size, str_of(email.address)) == 0;
    }
    return phone_parse(text, &phone) == PHONE_OK && str_copy(out, size, str_of(phone.e164)) == 0;
}

static void send_test(struct call *c, int index, const struct json *members)
{
    struct str template = json_str(json_get(members, "template"));
    struct asking *a;
    struct faults faults;
    struct err e = {0};
    enum lang lang;
    char to[EMAIL_MAX + 1] = "";
    char name[TEMPLATE_MAX + 1];
    char actor[AUDIT_ACTOR_MAX + 1];
    struct provider_test test = {.index = index, .to = to, .template = name, .actor = actor};

    faults_init(&faults);
    api_actor(c, actor);
    if (!read_to(json_str(json_get(members, "to")), to, sizeof to)) {
        (void)faults_add(&faults, "/to", "invalid_recipient",
                         "\"to\" cep telefonu ya da e-posta adresi olmalı",
                         "\"to\" has to be a mobile number or a mailbox");
    }
    if (str_copy(name, sizeof name, template.len == 0 ? STR("a30") : template) != 0 ||
        message_set_lang(c->api->g->settings->words, LANG_TR,
                         strchr(to, '@') != NULL ? CHANNEL_EMAIL : CHANNEL_SMS, str_of(name),
                         &lang) != 0) {
        (void)faults_add(&faults, "/template", "unknown_template",
                         "bu kanal için böyle bir şablon yok; adları: hatirlat template list",
                         "this channel has no such template; their names: hatirlat template list");
    }
    if (faults.errors > 0) {
        api_refuse(c->req, "validation_failed", &faults, NULL);
    } else if ((a = begin_asking(c)) != NULL &&
               provider_send_test(c->api->g, &test, test_queued, a, &e) != 0) {
        api_refuse(c->req, "refused", NULL, e.text);
        end_asking(a);
    }
    faults_finish(&faults);
}

void handle_provider_test(struct call *c)
{
    static const char *const known[] = {"to", "template", NULL};
    const int index = provider_of(c);
    struct json_doc *doc = index < 0 ? NULL : api_members(c, known);

    if (doc != NULL) {
        send_test(c, index, json_root(doc));
        json_free(doc);
    }
}
