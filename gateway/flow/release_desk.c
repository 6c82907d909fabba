/* Campaigns at the desk: how they stand, who lets them go, and how they are stopped. */
#include "base/civil.h"
#include "domain/calendar.h"
#include "flow/audit.h"
#include "flow/campaign_view.h"
#include "flow/control_desk.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAYS = 86400000 };

static const struct conf_campaign *read_campaign(struct desk_call *call, struct err *e)
{
    struct str name = desk_need(call, "name", STORE_NAME_MAX);
    const struct conf_campaign *c = control_campaign(call->settings->conf, name);

    if (c == NULL && desk_check(call, e) == 0) {
        (void)desk_refuse(call, ERR_NOT_FOUND, "unknown_campaign", e, "böyle bir dizi yok",
                          "there is no such campaign");
    }
    return c;
}

static void subject_of(const struct conf_campaign *c, const char *kind,
                       char out[CONTROL_SUBJECT_MAX + 1])
{
    (void)control_subject(out, kind, str_of(c->name));
}

/* ---- looking ---- */

int campaign_desk_list(struct desk_call *call, struct err *e)
{
    struct campaign_views *views = NULL;
    struct json_writer w;
    int rc = desk_check(call, e);

    rc = rc == 0 ? campaign_views_read(call, &views, e) : rc;
    if (rc != 0) {
        return rc;
    }
    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_key(&w, "items");
    jsonw_array(&w);
    for (size_t i = 0; i < views->count; i++) {
        jsonw_object(&w);
        campaign_view_write(&w, &views->list[i], call->turkish);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    campaign_views_free(views);
    return 0;
}

static int write_release(void *ctx, const struct release *r)
{
    release_write(ctx, r);
    return 0;
}

static int write_one(struct desk_call *call, struct json_writer *w, const struct conf_campaign *c,
                     struct err *e)
{
    struct campaign_views *views = NULL;
    int rc = campaign_views_read(call, &views, e);
    const struct campaign_view *v = rc == 0 ? campaign_view_find(views, c->name) : NULL;

    if (v != NULL) {
        campaign_view_write(w, v, call->turkish);
    }
    campaign_views_free(views);
    return rc;
}

int campaign_desk_show(struct desk_call *call, struct err *e)
{
    const struct conf_campaign *c = read_campaign(call, e);
    struct json_writer w;
    int rc = c == NULL ? e->code : 0;

    if (rc != 0) {
        return rc;
    }
    jsonw_init(&w, call->out);
    jsonw_object(&w);
    rc = write_one(call, &w, c, e);
    jsonw_key(&w, "releases");
    jsonw_array(&w);
    rc = rc == 0 ? release_list(call->store, str_of(c->name), 20, write_release, &w, e) : rc;
    jsonw_end_array(&w);
    rc = rc == 0 && c->release != CONF_RELEASE_NONE
             ? approver_warn(call, &w, call->now_ms + RELEASE_EACH_DAYS * (int64_t)DAYS, e)
             : rc;
    jsonw_end_object(&w);
    return rc;
}

/* ---- letting go ---- */

static void check_period(struct desk_call *call, const struct release *r)
{
    if (r->until_ms == 0) {
        (void)faults_add(call->faults, "/until", "missing",
                         "süreli onay için \"until\" ya da \"for\" verilmeli",
                         "a standing release needs \"until\" or \"for\"");
    } else if (r->until_ms - r->from_ms > RELEASE_STANDING_DAYS * (int64_t)DAYS) {
        (void)faults_add(call->faults, "/until", "too_long", "onay en çok %d gün sürebilir",
                         "a release lasts %d days at most", RELEASE_STANDING_DAYS);
    } else if (r->from_ms >= r->until_ms) {
        (void)faults_add(call->faults, "/from", "out_of_order", "\"from\" \"until\"dan önce olmalı",
                         "\"from\" has to lie before \"until\"");
    }
}

static void read_release(struct desk_call *call, const struct conf_campaign *c, struct release *r)
{
    const bool standing = c->release == CONF_RELEASE_STANDING;

    *r = (struct release){.mode = (enum conf_release)c->release, .at_ms = call->now_ms};
    (void)str_copy(r->campaign, sizeof r->campaign, str_of(c->name));
    (void)str_copy(r->by, sizeof r->by, desk_need(call, "by", RELEASE_NAME_MAX));
    (void)str_copy(r->actor, sizeof r->actor, str_of(call->actor));
    (void)str_copy(r->reference, sizeof r->reference,
                   desk_text(call, "reference", RELEASE_REFERENCE_MAX));
    (void)str_copy(r->note, sizeof r->note, desk_text(call, "note", RELEASE_NOTE_MAX));
    r->from_ms = standing ? desk_time(call, "from", false, call->now_ms) : call->now_ms;
    r->until_ms =
        control_desk_end(call, standing ? 0 : call->now_ms + RELEASE_EACH_DAYS * (int64_t)DAYS);
    check_period(call, r);
}

static int note_release(struct desk_call *call, const struct release *r, struct err *e)
{
    struct json_writer w;
    struct buf detail;
    int rc;

    buf_init(&detail, AUDIT_DETAIL_MAX);
    jsonw_init(&w, &detail);
    release_write(&w, r);
    rc = audit_add(call->store, call->actor, "campaign.release",
                   (struct str){detail.data, detail.len}, call->now_ms, e);
    buf_finish(&detail);
    return rc;
}

static int refuse_release(struct desk_call *call, const struct conf_campaign *c, struct err *e)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control found;

    if (c->release == CONF_RELEASE_NONE) {
        return desk_refuse(call, ERR_WRONG_STATE, "no_release_needed", e,
                           "bu dizi onay beklemez (release: none)",
                           "this campaign needs no release (release: none)");
    }
    subject_of(c, "campaign", subject);
    if (control_get(call->store, subject, call->now_ms, &found, e) == 0 &&
        found.verb == CONTROL_CANCEL) {
        return desk_refuse(call, ERR_WRONG_STATE, "cancelled", e, "dizi iptal edilmiş",
                           "the campaign is cancelled");
    }
    return 0;
}

int campaign_desk_release(struct desk_call *call, struct err *e)
{
    const struct conf_campaign *c = read_campaign(call, e);
    struct json_writer w;
    struct release r;
    int rc = c == NULL ? e->code : refuse_release(call, c, e);

    if (rc != 0) {
        return rc;
    }
    read_release(call, c, &r);
    rc = desk_check(call, e);
    rc = rc == 0 ? release_put(call->store, &r, e) : rc;
    rc = rc == 0 ? control_desk_fits(call, e) : rc;
    rc = rc == 0 ? note_release(call, &r, e) : rc;
    if (rc != 0) {
        return rc;
    }
    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", "release");
    jsonw_key(&w, "release");
    release_write(&w, &r);
    rc = approver_warn(call, &w, r.until_ms, e);
    jsonw_end_object(&w);
    call->effects |= DESK_CONTROLS | DESK_WAKE;
    return rc;
}

/* ---- stopping ---- */

int campaign_desk_pause(struct desk_call *call, struct err *e)
{
    const struct conf_campaign *c = read_campaign(call, e);
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control found;
    struct control pause;

    if (c == NULL) {
        return e->code;
    }
    subject_of(c, "campaign", subject);
    if (control_get(call->store, subject, call->now_ms, &found, e) == 0 &&
        found.verb == CONTROL_CANCEL) {
        return desk_refuse(call, ERR_WRONG_STATE, "cancelled", e, "dizi zaten iptal edilmiş",
                           "the campaign is cancelled already");
    }
    pause = control_desk_read(call, subject, CONTROL_PAUSE);
    return control_desk_put(call, &pause, "campaign.pause", e);
}

/* A person's word against the guard holds for the rest of the day, and says why. */
static int overrule_guard(struct desk_call *call, const struct conf_campaign *c,
                          const struct control *was, const struct control *word, struct err *e)
{
    struct control allow = *word;

    if (strcmp(was->by, CONTROL_GUARD) != 0) {
        return 0;
    }
    if (word->note[0] == '\0') {
        (void)faults_add(call->faults, "/note", "missing",
                         "koruma durdurmuş: sürdürmek için bir not gerekli",
                         "the guard stopped it: resuming needs a note");
        return desk_check(call, e);
    }
    subject_of(c, "guard", allow.subject);
    allow.verb = CONTROL_ALLOW;
    allow.until_ms = istanbul_ms(istanbul_day(call->now_ms) + 1, 0);
    return control_put(call->store, &allow, e);
}

int campaign_desk_resume(struct desk_call *call, struct err *e)
{
    const struct conf_campaign *c = read_campaign(call, e);
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control was;
    struct control word;
    struct json_writer w;
    int rc;

    if (c == NULL) {
        return e->code;
    }
    subject_of(c, "campaign", subject);
    word = control_desk_read(call, subject, CONTROL_PAUSE);
    rc = desk_check(call, e);
    rc = rc == 0 ? control_get(call->store, subject, call->now_ms, &was, e) : rc;
    if (rc == ERR_NOT_FOUND) {
        return desk_refuse(call, ERR_WRONG_STATE, "not_paused", e, "dizi duraklatılmış değil",
                           "the campaign is not paused");
    }
    rc = rc == 0 ? overrule_guard(call, c, &was, &word, e) : rc;
    rc = rc == 0 ? control_stop_rest(call->store, &was, call->now_ms, e) : rc;
    rc = rc == 0 ? control_remove(call->store, subject, e) : rc;
    rc = rc == 0 ? control_desk_note(call, &word, "campaign.resume", e) : rc;
    if (rc == 0) {
        jsonw_init(&w, call->out);
        jsonw_object(&w);
        jsonw_put(&w, "result", "resume");
        jsonw_key(&w, "was");
        control_write(&w, &was);
        jsonw_end_object(&w);
        call->effects |= DESK_CONTROLS | DESK_WAKE;
    }
    return rc;
}

int campaign_desk_cancel(struct desk_call *call, struct err *e)
{
    const struct conf_campaign *c = read_campaign(call, e);
    char subject[CONTROL_SUBJECT_MAX + 1];
    struct control cancel;

    if (c == NULL) {
        return e->code;
    }
    if (!str_eqs(desk_text(call, "confirm", STORE_NAME_MAX), c->name)) {
        (void)faults_add(call->faults, "/confirm", "not_confirmed",
                         "iptal için \"confirm\" dizinin adı (%s) olmalı",
                         "to cancel, \"confirm\" has to be the campaign's name (%s)", c->name);
    }
    subject_of(c, "campaign", subject);
    cancel = control_desk_read(call, subject, CONTROL_CANCEL);
    cancel.until_ms = 0; /* what was stopped does not come back by itself */
    return control_desk_put(call, &cancel, "campaign.cancel", e);
}
