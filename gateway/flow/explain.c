#include "flow/explain.h"

#include "base/civil.h"
#include "domain/certificate.h"
#include "domain/ids.h"
#include "flow/apply.h"
#include "flow/story.h"
#include "text/mask.h"
#include "text/turkish.h"

#include <stdio.h>
#include <stdlib.h>

enum { CASES_MAX = 100, MESSAGES_MAX = 1000, SENTENCE_MAX = 1024 };

struct explaining {
    struct desk_call *call;
    struct err *err;
    struct json_writer w;
    struct case_file file;
    int64_t case_id;
    int64_t told_ms; /* when the case's first message was planned, or it was last told of */
    struct {
        char campaign[STORE_NAME_MAX + 1];
        int step;
        enum channel channel;
    } rows[MESSAGES_MAX];
    size_t row_count;
};

static const char *pick(const struct explaining *x, const char *tr, const char *en)
    __attribute__((format_arg(2))) __attribute__((format_arg(3)));

static const char *pick(const struct explaining *x, const char *tr, const char *en)
{
    return x->call->turkish ? tr : en;
}

/* ---- messages ---- */

static int show_message(void *ctx, const struct message_row *row)
{
    struct explaining *x = ctx;
    char id[IDS_TEXT_SIZE];

    if (x->row_count < MESSAGES_MAX) {
        (void)str_copy(x->rows[x->row_count].campaign, STORE_NAME_MAX + 1, row->campaign);
        x->rows[x->row_count].step = row->step;
        x->rows[x->row_count].channel = row->channel;
        x->row_count++;
    }
    if (x->told_ms == 0 || row->created_ms < x->told_ms) {
        x->told_ms = row->created_ms;
    }
    ids_message_format(x->call->ids, row->id, id);
    return story_write(x->call->store, row, id, x->call->turkish, &x->w, x->err);
}

/* ---- what was never planned ---- */

static bool has_row(const struct explaining *x, const char *campaign, int step, enum channel ch)
{
    for (size_t i = 0; i < x->row_count; i++) {
        if (x->rows[i].step == step && x->rows[i].channel == ch &&
            strcmp(x->rows[i].campaign, campaign) == 0) {
            return true;
        }
    }
    return false;
}

static void show_missing(struct explaining *x, const struct apply_campaign *c,
                         const struct plan_step *step, enum channel ch)
{
    const struct fact *known = &x->file.known;
    const bool reachable =
        ch == CHANNEL_SMS ? known->holder.phone[0] != '\0' : known->holder.email[0] != '\0';
    const enum case_state then =
        case_state_at(&x->file, step->at_ms > x->call->now_ms ? step->at_ms : x->call->now_ms);
    const char *verdict = plan_verdict_name(step->verdict);
    const char *text = plan_verdict_sentence(step->verdict, x->call->turkish);

    if (step->verdict == PLAN_SEND && !case_state_reminds(then)) {
        verdict = case_state_name(then);
        text = case_state_sentence(then, x->call->turkish);
    } else if (step->verdict == PLAN_SEND && !reachable) {
        verdict = ch == CHANNEL_SMS ? "no_phone" : "no_email";
        text = ch == CHANNEL_SMS
                   ? pick(x, "Kişinin cep telefonu yok.", "The holder has no mobile number.")
                   : pick(x, "Kişinin e-posta adresi yok.", "The holder has no e-mail address.");
    }
    jsonw_object(&x->w);
    jsonw_put(&x->w, "campaign", c->name);
    jsonw_put_i64(&x->w, "mark", step->mark);
    jsonw_put(&x->w, "channel", channel_name(ch));
    jsonw_put(&x->w, "verdict", verdict);
    jsonw_put(&x->w, "text", text);
    jsonw_end_object(&x->w);
}

static void show_unplanned_of(struct explaining *x, const struct apply_campaign *c)
{
    struct plan plan;

    campaign_plan(&c->rules, x->file.known.not_after_ms, x->told_ms, x->call->settings->calendar,
                  &plan);
    for (size_t i = 0; i < plan.count; i++) {
        for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
            if ((c->channels & 1u << ch) != 0 &&
                !has_row(x, c->name, apply_step(plan.steps[i].mark, x->file.cycle), ch)) {
                show_missing(x, c, &plan.steps[i], ch);
            }
        }
    }
}

static void show_unplanned(struct explaining *x)
{
    jsonw_key(&x->w, "not_planned");
    jsonw_array(&x->w);
    for (size_t i = 0; i < x->call->settings->campaign_count && x->file.known.not_after_ms != 0;
         i++) {
        show_unplanned_of(x, &x->call->settings->campaigns[i]);
    }
    jsonw_end_array(&x->w);
}

/* ---- a case ---- */

static void show_facts(struct explaining *x)
{
    jsonw_key(&x->w, "facts");
    jsonw_array(&x->w);
    for (enum event_type t = EVENT_CERTIFICATE_EXPIRING; t < EVENT_TYPE_COUNT; t++) {
        if (x->file.seen_ms[t] != 0) {
            jsonw_object(&x->w);
            jsonw_put_time(&x->w, "at", x->file.seen_ms[t]);
            jsonw_put(&x->w, "type", event_name(t));
            jsonw_put(&x->w, "text", event_sentence(t, x->call->turkish));
            jsonw_end_object(&x->w);
        }
    }
    jsonw_end_array(&x->w);
}

static void show_sentence(struct explaining *x, struct str certificate)
{
    const int64_t end = x->file.known.not_after_ms;
    struct buf text;

    buf_init(&text, SENTENCE_MAX);
    (void)buf_addf(&text, pick(x, "Sertifika %.*s", "Certificate %.*s"), (int)certificate.len,
                   certificate.ptr);
    if (end != 0) {
        (void)buf_adds(&text, pick(x, ", bitiş ", ", ends "));
        (void)date_short(istanbul_day(end), x->call->turkish, &text);
    }
    (void)buf_addf(&text, ". %s", case_state_sentence(x->file.state, x->call->turkish));
    jsonw_put_str(&x->w, "text", (struct str){text.data, text.len});
    buf_finish(&text);
}

static void show_head(struct explaining *x, const struct case_row *row)
{
    static const char *const eonay[EONAY_COUNT] = {"unknown", "absent", "active"};
    struct buf name;

    buf_init(&name, SENTENCE_MAX);
    jsonw_put_str(&x->w, "certificate", row->certificate);
    jsonw_put_str(&x->w, "holder", row->holder);
    if (mask_name(str_of(x->file.known.holder.given_name), &name) == 0 && name.len > 0) {
        (void)buf_addc(&name, ' ');
        (void)mask_name(str_of(x->file.known.holder.family_name), &name);
        jsonw_put_str(&x->w, "name", (struct str){name.data, name.len});
    }
    buf_finish(&name);
    jsonw_put_time(&x->w, "not_after", x->file.known.not_after_ms);
    jsonw_put(&x->w, "state", case_state_name(x->file.state));
    jsonw_put(&x->w, "state_text", case_state_sentence(x->file.state, x->call->turkish));
    jsonw_put(&x->w, "eonay", eonay[x->file.known.eonay]);
    show_sentence(x, row->certificate);
}

static int show_case(void *ctx, const struct case_row *row)
{
    struct explaining *x = ctx;
    int rc = case_read(row->facts, &x->file);

    if (rc != 0) {
        return err_set(x->err, rc, "case %lld cannot be read", (long long)row->id);
    }
    x->row_count = 0;
    x->told_ms = 0;
    jsonw_object(&x->w);
    show_head(x, row);
    show_facts(x);
    jsonw_key(&x->w, "messages");
    jsonw_array(&x->w);
    rc = store_message_by_case(x->call->store, row->id, show_message, x, x->err);
    jsonw_end_array(&x->w);
    if (rc == 0) {
        x->told_ms = x->told_ms != 0 ? x->told_ms : row->updated_ms;
        show_unplanned(x);
    }
    jsonw_end_object(&x->w);
    return rc;
}

/* ---- whom the question is about ---- */

static int note_case(void *ctx, const struct message_row *row)
{
    struct explaining *x = ctx;

    x->case_id = row->case_id;
    return 0;
}

static int explain_message(struct explaining *x, struct str name)
{
    int64_t id;
    int rc = ids_message_parse(x->call->ids, name, &id);

    rc = rc == 0 ? store_message_get(x->call->store, id, note_case, x, x->err) : ERR_NOT_FOUND;
    if (rc != 0) {
        return desk_refuse(x->call, ERR_NOT_FOUND, "no_such_message", x->err, "böyle bir ileti yok",
                           "there is no such message");
    }
    if (x->case_id != 0) {
        return store_case_by_id(x->call->store, x->case_id, show_case, x, x->err);
    }
    jsonw_end_array(&x->w);
    jsonw_key(&x->w, "messages");
    jsonw_array(&x->w);
    return store_message_get(x->call->store, id, show_message, x, x->err);
}

struct shown {
    struct explaining *x;
    size_t count;
};

static int show_one(void *ctx, const struct case_row *row)
{
    struct shown *shown = ctx;

    return shown->count++ < CASES_MAX ? show_case(shown->x, row) : 0;
}

static int explain_person(struct explaining *x, struct str holder, struct str certificate)
{
    struct shown shown = {.x = x};
    int rc;

    if (certificate.len > 0) {
        rc = store_case_by_certificate(x->call->store, certificate, show_one, &shown, x->err);
    } else {
        rc = store_case_by_holder(x->call->store, holder, show_one, &shown, x->err);
    }
    if (rc == ERR_NOT_FOUND || (rc == 0 && shown.count == 0)) {
        return desk_refuse(x->call, ERR_NOT_FOUND, "no_such_person", x->err,
                           "bu kodla bilinen bir kişi ya da sertifika yok",
                           "no person or certificate is known by this reference");
    }
    return rc;
}

int explain_run(struct desk_call *call, struct err *e)
{
    struct str holder = desk_text(call, "holder", STORE_REF_MAX);
    struct str certificate = desk_text(call, "certificate", STORE_REF_MAX);
    struct str message = desk_text(call, "message", IDS_TEXT_SIZE);
    struct explaining *x;
    int rc = desk_check(call, e);

    if (rc != 0) {
        return rc;
    }
    if ((holder.len > 0) + (certificate.len > 0) + (message.len > 0) != 1) {
        return desk_refuse(call, ERR_INVALID, "one_of", e,
                           "holder, certificate ve message üyelerinden yalnız biri verilmeli",
                           "exactly one of holder, certificate and message is needed");
    }
    x = calloc(1, sizeof *x);
    if (x == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for an explanation");
    }
    x->call = call;
    x->err = e;
    jsonw_init(&x->w, call->out);
    jsonw_object(&x->w);
    jsonw_key(&x->w, "cases");
    jsonw_array(&x->w);
    rc = message.len > 0 ? explain_message(x, message) : explain_person(x, holder, certificate);
    jsonw_end_array(&x->w);
    jsonw_end_object(&x->w);
    free(x);
    return rc;
}
