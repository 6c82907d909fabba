#include "flow/control_desk.h"

#include "base/civil.h"
#include "flow/audit.h"

#include <stdio.h>

enum { DURATION_TEXT_MAX = 20 };

/* ---- shared ---- */

static int64_t for_how_long(struct desk_call *call, struct str text)
{
    int64_t ms = 0;

    if (str_duration_ms(text, &ms) != 0 || ms < 1 || ms > CONTROL_FOR_MAX_DAYS * (int64_t)DAY_MS) {
        (void)faults_add(call->faults, "/for", "not_a_duration",
                         "\"for\" 2h, 30m, 3d gibi bir süre olmalı, en çok %dd",
                         "\"for\" has to be a duration such as 2h, 30m or 3d, at most %dd",
                         CONTROL_FOR_MAX_DAYS);
    }
    return call->now_ms + ms;
}

/* What came of an empty shell variable must not become a pause without an end. */
static void refuse_empty(struct desk_call *call, const char *name)
{
    const struct json *v = json_get(call->params, name);
    char pointer[FAULT_POINTER_MAX];

    if (json_type(v) == JSON_STRING && json_str(v).len == 0) {
        (void)snprintf(pointer, sizeof pointer, "/%s", name);
        (void)faults_add(call->faults, pointer, "empty", "\"%s\" boş; gerekmiyorsa hiç verilmez",
                         "\"%s\" is empty; leave it out when it is not needed", name);
    }
}

int64_t control_desk_end(struct desk_call *call, int64_t otherwise)
{
    struct str length = desk_text(call, "for", DURATION_TEXT_MAX);
    int64_t until = desk_time(call, "until", true, 0);

    refuse_empty(call, "for");
    refuse_empty(call, "until");
    if (length.len > 0 && until != 0) {
        (void)faults_add(call->faults, "/for", "two_ends",
                         "\"until\" ile \"for\" birlikte verilemez",
                         "\"until\" and \"for\" cannot be given together");
    }
    if (length.len > 0) {
        return for_how_long(call, length);
    }
    if (until != 0 && until <= call->now_ms) {
        (void)faults_add(call->faults, "/until", "in_the_past", "\"until\" geçmişte",
                         "\"until\" lies in the past");
    }
    return until != 0 ? until : otherwise;
}

struct control control_desk_read(struct desk_call *call, const char *subject,
                                 enum control_verb verb)
{
    struct control c = {.verb = verb, .at_ms = call->now_ms};

    (void)str_copy(c.subject, sizeof c.subject, str_of(subject));
    (void)str_copy(c.by, sizeof c.by, str_of(call->actor));
    (void)str_copy(c.note, sizeof c.note, desk_text(call, "note", CONTROL_NOTE_MAX));
    return c;
}

int control_desk_note(struct desk_call *call, const struct control *c, const char *action,
                      struct err *e)
{
    struct audit_note note;

    audit_begin(&note);
    jsonw_put(&note.w, "subject", c->subject);
    jsonw_put(&note.w, "value", c->value[0] == '\0' ? NULL : c->value);
    jsonw_put(&note.w, "note", c->note[0] == '\0' ? NULL : c->note);
    jsonw_put_time(&note.w, "until", c->until_ms);
    return audit_end(&note, call->store, call->actor, action, call->now_ms, e);
}

static void answer(struct desk_call *call, const struct control *c, const char *result)
{
    struct json_writer w;

    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", result);
    jsonw_key(&w, "control");
    control_write(&w, c);
    jsonw_end_object(&w);
    call->effects |= DESK_CONTROLS | DESK_WAKE;
}

int control_desk_fits(struct desk_call *call, struct err *e)
{
    int rc = controls_check(call->store, call->now_ms, e);

    return rc != ERR_LIMIT
               ? rc
               : desk_refuse(
                     call, ERR_WRONG_STATE, "too_many_in_force", e,
                     "yürürlükte çok fazla duraklatma ya da onay var; önce eskileri bitirin",
                     "too many pauses or releases are in force; end older ones first");
}

int control_desk_put(struct desk_call *call, const struct control *given, const char *action,
                     struct err *e)
{
    struct control c = *given;
    int rc;

    if (c.verb == CONTROL_PAUSE || c.verb == CONTROL_DRAIN) {
        c.until_ms = control_desk_end(call, 0);
    }
    rc = desk_check(call, e);
    rc = rc == 0 ? control_put(call->store, &c, e) : rc;
    rc = rc == 0 ? control_desk_fits(call, e) : rc;
    rc = rc == 0 ? control_desk_note(call, &c, action, e) : rc;
    if (rc == 0) {
        answer(call, &c, control_verb_name(c.verb));
    }
    return rc;
}

/* ---- everything, or a channel ---- */

static void read_subject(struct desk_call *call, char out[CONTROL_SUBJECT_MAX + 1])
{
    struct str subject = desk_need(call, "subject", CONTROL_SUBJECT_MAX);

    (void)str_copy(out, CONTROL_SUBJECT_MAX + 1, subject);
    if (subject.len > 0 && !str_eqs(subject, "all") && !str_eqs(subject, "channel:sms") &&
        !str_eqs(subject, "channel:email")) {
        (void)faults_add(call->faults, "/subject", "unknown_subject",
                         "\"subject\" all, channel:sms ya da channel:email olmalı",
                         "\"subject\" has to be all, channel:sms or channel:email");
    }
}

int control_desk_list(struct desk_call *call, struct err *e)
{
    struct controls *c = NULL;
    struct json_writer w;
    int rc = desk_check(call, e);

    rc = rc == 0 ? controls_read(call->store, call->now_ms, &c, e) : rc;
    if (rc != 0) {
        return rc;
    }
    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_key(&w, "items");
    jsonw_array(&w);
    for (size_t i = 0; i < c->count; i++) {
        if (c->list[i].verb != CONTROL_LIFT) {
            control_write(&w, &c->list[i]);
        }
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    controls_drop(c);
    return 0;
}

/* Before another word takes the place of a cancellation, that one is carried out. */
static int finish_cancellation(struct desk_call *call, const char *subject, struct err *e)
{
    struct control was;
    int rc = desk_check(call, e);

    rc = rc == 0 ? control_get(call->store, subject, call->now_ms, &was, e) : rc;
    rc = rc == 0 ? control_stop_rest(call->store, &was, call->now_ms, e) : rc;
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int control_desk_pause(struct desk_call *call, struct err *e)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control c;
    int rc;

    read_subject(call, subject);
    c = control_desk_read(call, subject, CONTROL_PAUSE);
    rc = finish_cancellation(call, subject, e);
    return rc == 0 ? control_desk_put(call, &c, "control.pause", e) : rc;
}

int control_desk_cancel(struct desk_call *call, struct err *e)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control c;

    read_subject(call, subject);
    if (!str_eqs(desk_text(call, "confirm", CONTROL_SUBJECT_MAX), subject)) {
        (void)faults_add(call->faults, "/confirm", "not_confirmed",
                         "iptal için \"confirm\" ile \"subject\" aynı olmalı",
                         "to cancel, \"confirm\" has to be the same as \"subject\"");
    }
    c = control_desk_read(call, subject, CONTROL_CANCEL);
    return control_desk_put(call, &c, "control.cancel", e);
}

int control_desk_resume(struct desk_call *call, struct err *e)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control was;
    struct control c;
    int rc;

    read_subject(call, subject);
    c = control_desk_read(call, subject, CONTROL_PAUSE);
    rc = desk_check(call, e);
    rc = rc == 0 ? control_get(call->store, subject, call->now_ms, &was, e) : rc;
    if (rc == ERR_NOT_FOUND) {
        return desk_refuse(call, ERR_WRONG_STATE, "not_paused", e, "duraklatılmış değil",
                           "it is not paused");
    }
    rc = rc == 0 ? control_stop_rest(call->store, &was, call->now_ms, e) : rc;
    rc = rc == 0 ? control_remove(call->store, subject, e) : rc;
    rc = rc == 0 ? control_desk_note(call, &c, "control.resume", e) : rc;
    if (rc == 0) {
        answer(call, &was, "resume");
    }
    return rc;
}

/* ---- providers ---- */

static const struct conf_provider *read_provider(struct desk_call *call, struct err *e)
{
    struct str name = desk_need(call, "name", STORE_NAME_MAX);
    const struct conf_provider *p = conf_provider_find(call->settings->conf, name);

    if (p == NULL && desk_check(call, e) == 0) {
        (void)desk_refuse(call, ERR_NOT_FOUND, "unknown_provider", e, "böyle bir sağlayıcı yok",
                          "there is no such provider");
    }
    return p;
}

static int order_provider(struct desk_call *call, enum control_verb verb, const char *action,
                          struct err *e)
{
    const struct conf_provider *p = read_provider(call, e);
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control c;

    if (p == NULL) {
        return e->code;
    }
    (void)control_subject(subject, "provider", str_of(p->name));
    c = control_desk_read(call, subject, verb);
    return control_desk_put(call, &c, action, e);
}

int provider_desk_pause(struct desk_call *call, struct err *e)
{
    return order_provider(call, CONTROL_PAUSE, "provider.pause", e);
}

int provider_desk_drain(struct desk_call *call, struct err *e)
{
    return order_provider(call, CONTROL_DRAIN, "provider.drain", e);
}

/* Also lifts a hold for account trouble: that a person says so is the remedy. */
int provider_desk_resume(struct desk_call *call, struct err *e)
{
    const struct conf_provider *p = read_provider(call, e);
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control was;
    int rc;

    if (p == NULL) {
        return e->code;
    }
    (void)control_subject(subject, "provider", str_of(p->name));
    rc = control_get(call->store, subject, call->now_ms, &was, e);
    if (rc != 0 && rc != ERR_NOT_FOUND) {
        return rc;
    }
    if ((rc == ERR_NOT_FOUND || was.verb == CONTROL_LIFT) && !call->provider_held) {
        return desk_refuse(call, ERR_WRONG_STATE, "not_paused", e,
                           "sağlayıcı ne duraklatılmış ne de hesap beklemesinde",
                           "the provider is neither paused nor held for account trouble");
    }
    return order_provider(call, CONTROL_LIFT, "provider.resume", e);
}

/* The channels that a pin is about: the one named, else those where the provider has a route. */
static unsigned read_channels(struct desk_call *call, const struct conf_provider *p)
{
    struct str name = desk_text(call, "channel", 10);
    unsigned channels = 0;

    refuse_empty(call, "channel");
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        const bool meant = name.len > 0 ? str_eqs(name, channel_name(ch))
                                        : conf_route_has(&call->settings->conf->routes[ch], p);

        channels |= meant ? p->type->channels & 1u << ch : 0;
    }
    if (name.len > 0 && channels == 0) {
        (void)faults_add(call->faults, "/channel", "wrong_channel",
                         "sağlayıcı bu kanalda göndermiyor",
                         "the provider does not serve this channel");
    } else if (channels == 0) {
        (void)faults_add(call->faults, "/channel", "missing",
                         "sağlayıcı hiçbir kanalın yolunda değil; \"channel\" verilmeli",
                         "no route has the provider; \"channel\" is needed");
    }
    return channels;
}

static int pin_channels(struct desk_call *call, const struct conf_provider *p, unsigned channels,
                        struct json_writer *w, struct err *e)
{
    int rc = desk_check(call, e);

    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && rc == 0; ch++) {
        char subject[CONTROL_SUBJECT_MAX + 1];
        struct control c;

        if ((channels & 1u << ch) == 0) {
            continue;
        }
        (void)control_subject(subject, "route", str_of(channel_name(ch)));
        c = control_desk_read(call, subject, CONTROL_PIN);
        c.until_ms = control_desk_end(call, 0);
        (void)str_copy(c.value, sizeof c.value, str_of(p->name));
        rc = control_put(call->store, &c, e);
        rc = rc == 0 ? control_desk_note(call, &c, "provider.pin", e) : rc;
        control_write(w, &c);
    }
    return rc;
}

int provider_desk_pin(struct desk_call *call, struct err *e)
{
    const struct conf_provider *p = read_provider(call, e);
    struct json_writer w;
    int rc;

    if (p == NULL) {
        return e->code;
    }
    (void)control_desk_end(call, 0);
    (void)desk_text(call, "note", CONTROL_NOTE_MAX);
    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", "pin");
    jsonw_key(&w, "controls");
    jsonw_array(&w);
    rc = pin_channels(call, p, read_channels(call, p), &w, e);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    call->effects |= DESK_CONTROLS | DESK_WAKE;
    return rc;
}

/* Ends the pin of one channel, if it is this provider's. */
static int unpin_channel(struct desk_call *call, const struct conf_provider *p, enum channel ch,
                         struct json_writer *w, size_t *ended, struct err *e)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control was;
    struct control word;
    int rc;

    (void)control_subject(subject, "route", str_of(channel_name(ch)));
    word = control_desk_read(call, subject, CONTROL_PIN);
    rc = desk_check(call, e);
    rc = rc == 0 ? control_get(call->store, subject, call->now_ms, &was, e) : rc;
    if (rc == ERR_NOT_FOUND || (rc == 0 && strcmp(was.value, p->name) != 0)) {
        return 0;
    }
    (void)str_copy(word.value, sizeof word.value, str_of(p->name));
    rc = rc == 0 ? control_remove(call->store, subject, e) : rc;
    rc = rc == 0 ? control_desk_note(call, &word, "provider.unpin", e) : rc;
    if (rc == 0) {
        control_write(w, &was);
        *ended += 1;
    }
    return rc;
}

int provider_desk_unpin(struct desk_call *call, struct err *e)
{
    const struct conf_provider *p = read_provider(call, e);
    struct json_writer w;
    size_t ended = 0;
    int rc = p == NULL ? e->code : 0;

    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", "unpin");
    jsonw_key(&w, "controls");
    jsonw_array(&w);
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && rc == 0; ch++) {
        rc = unpin_channel(call, p, ch, &w, &ended, e);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    if (rc == 0 && ended == 0) {
        return desk_refuse(call, ERR_WRONG_STATE, "not_pinned", e, "sağlayıcı sabitlenmiş değil",
                           "the provider is not pinned");
    }
    call->effects |= DESK_CONTROLS | DESK_WAKE;
    return rc;
}
