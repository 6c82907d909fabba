#include "flow/campaign_view.h"

#include "domain/calendar.h"
#include "flow/guard.h"

#include <stdlib.h>

static const struct {
    const char *name;
    const char *tr;
    const char *en;
} states[CAMPAIGN_STATE_COUNT] = {
    [CAMPAIGN_DRAFT] = {"draft", "Henüz planlanmış ileti yok.", "No message is planned yet."},
    [CAMPAIGN_AWAITING] = {"awaiting_release", "İletiler gönderim onayı bekliyor.",
                           "Messages wait for a release."},
    [CAMPAIGN_RELEASED] = {"released", "İletiler gönderim gününü bekliyor.",
                           "Messages wait for their day."},
    [CAMPAIGN_SENDING] = {"sending", "Gönderim sürüyor.", "Being sent."},
    [CAMPAIGN_DONE] = {"done", "Bekleyen ileti kalmadı.", "Nothing waits any more."},
    [CAMPAIGN_CANCELLED] = {"cancelled", "İptal edildi.", "Cancelled."},
};

const char *campaign_state_name(enum campaign_state s)
{
    return s < CAMPAIGN_STATE_COUNT ? states[s].name : "?";
}

const char *campaign_state_sentence(enum campaign_state s, bool turkish)
{
    if (s >= CAMPAIGN_STATE_COUNT) {
        return "?";
    }
    return turkish ? states[s].tr : states[s].en;
}

static int64_t held_for(const struct campaign_view *v, const char *reason)
{
    for (size_t i = 0; i < v->reasons; i++) {
        if (strcmp(v->held[i].reason, reason) == 0) {
            return v->held[i].count;
        }
    }
    return 0;
}

enum campaign_state campaign_state_of(const struct campaign_view *v)
{
    const bool needed = v->conf != NULL && v->conf->release != CONF_RELEASE_NONE;
    const int64_t waiting =
        v->counts[MESSAGE_PLANNED] + v->counts[MESSAGE_QUEUED] + v->counts[MESSAGE_HELD];
    const int64_t going = v->counts[MESSAGE_SENDING] + v->counts[MESSAGE_UNKNOWN];
    int64_t all = 0;

    for (size_t i = 0; i < MESSAGE_STATE_COUNT; i++) {
        all += v->counts[i];
    }
    if (v->has_control && v->control.verb == CONTROL_CANCEL) {
        return CAMPAIGN_CANCELLED;
    }
    if (all == 0) {
        return CAMPAIGN_DRAFT;
    }
    if (needed && waiting > 0 && (!v->covered || held_for(v, CONTROL_REASON_AWAITING) > 0)) {
        return CAMPAIGN_AWAITING;
    }
    if (waiting + going == 0) {
        return CAMPAIGN_DONE;
    }
    return all > waiting || v->counts[MESSAGE_QUEUED] > 0 ? CAMPAIGN_SENDING : CAMPAIGN_RELEASED;
}

/* ---- reading ---- */

const struct campaign_view *campaign_view_find(const struct campaign_views *v, const char *name)
{
    for (size_t i = 0; i < v->count; i++) {
        if (strcmp(v->list[i].name, name) == 0) {
            return &v->list[i];
        }
    }
    return NULL;
}

static void add_reason(struct campaign_view *v, struct str reason, int64_t count)
{
    size_t i = 0;

    while (i < v->reasons && !str_eqs(reason, v->held[i].reason)) {
        i++;
    }
    if (i == CAMPAIGN_REASONS_MAX) {
        i--; /* the sum stays right */
    } else if (i == v->reasons) {
        (void)str_copy(v->held[i].reason, sizeof v->held[i].reason, reason);
        v->reasons++;
    }
    v->held[i].count += count;
}

static int take_count(void *ctx, const struct campaign_count *row)
{
    struct campaign_views *views = ctx;

    for (size_t i = 0; i < views->count; i++) {
        struct campaign_view *v = &views->list[i];

        if (str_eqs(row->campaign, v->name)) {
            v->counts[row->state] += row->count;
            if (row->state == MESSAGE_HELD) {
                add_reason(v, row->reason, row->count);
            }
        }
    }
    return 0;
}

static void take_controls(struct campaign_view *v, const struct controls *c, int64_t now_ms)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    const struct control *found;

    (void)control_subject(subject, "campaign", str_of(v->name));
    found = controls_find(c, subject, now_ms);
    v->has_control = found != NULL;
    if (found != NULL) {
        v->control = *found;
    }
    for (size_t i = 0; i < c->release_count; i++) {
        const struct release *r = &c->releases[i];

        v->covered = v->covered || (strcmp(r->campaign, v->name) == 0 && now_ms >= r->from_ms &&
                                    now_ms <= r->until_ms);
    }
}

static int take_days(struct desk_call *call, struct campaign_view *v, struct err *e)
{
    const int64_t day = istanbul_day(call->now_ms);
    int rc = guard_day_get(call->store, v->name, day, &v->today, e);

    rc = rc == 0 ? guard_usual(call->store, v->name, day, &v->facts.usual, &v->facts.days, e) : rc;
    v->facts.sent = v->today.sent;
    v->facts.kurus = v->today.kurus;
    return rc;
}

static int fill(struct desk_call *call, struct campaign_views *views, struct err *e)
{
    struct controls *controls = NULL;
    int rc = controls_read(call->store, call->now_ms, &controls, e);

    rc = rc == 0 ? store_campaign_counts(call->store, false, take_count, views, e) : rc;
    for (size_t i = 0; i < views->count && rc == 0; i++) {
        take_controls(&views->list[i], controls, call->now_ms);
        rc = take_days(call, &views->list[i], e);
        views->list[i].state = campaign_state_of(&views->list[i]);
    }
    controls_drop(controls);
    return rc;
}

int campaign_views_read(struct desk_call *call, struct campaign_views **ret, struct err *e)
{
    const struct conf *conf = call->settings->conf;
    struct campaign_views *views = calloc(1, sizeof *views);
    int rc;

    if (views == NULL ||
        (views->list = calloc(conf->campaign_count + 1, sizeof *views->list)) == NULL) {
        free(views);
        return err_set(e, ERR_NOMEM, "no memory for the campaigns");
    }
    views->count = conf->campaign_count;
    for (size_t i = 0; i < views->count; i++) {
        views->list[i].conf = &conf->campaigns[i];
        (void)str_copy(views->list[i].name, sizeof views->list[i].name,
                       str_of(conf->campaigns[i].name));
    }
    rc = fill(call, views, e);
    if (rc != 0) {
        campaign_views_free(views);
        views = NULL;
    }
    *ret = views;
    return rc;
}

void campaign_views_free(struct campaign_views *v)
{
    if (v != NULL) {
        free(v->list);
        free(v);
    }
}

/* ---- writing ---- */

static void write_counts(struct json_writer *w, const struct campaign_view *v)
{
    jsonw_key(w, "messages");
    jsonw_object(w);
    for (unsigned s = 0; s < MESSAGE_STATE_COUNT; s++) {
        if (v->counts[s] > 0) {
            jsonw_put_i64(w, message_state_name((enum message_state)s), v->counts[s]);
        }
    }
    jsonw_end_object(w);
    jsonw_key(w, "held_for");
    jsonw_object(w);
    for (size_t i = 0; i < v->reasons; i++) {
        jsonw_put_i64(w, v->held[i].reason[0] == '\0' ? "unknown" : v->held[i].reason,
                      v->held[i].count);
    }
    jsonw_end_object(w);
}

static void write_limit(struct json_writer *w, const char *name, int64_t value)
{
    if (value > 0 && value < INT64_MAX) {
        jsonw_put_i64(w, name, value);
    }
}

static void write_today(struct json_writer *w, const struct campaign_view *v)
{
    const struct guard_rules rules = {.blast_factor = v->conf->blast_factor};

    jsonw_key(w, "today");
    jsonw_object(w);
    jsonw_put_i64(w, "sent", v->today.sent);
    jsonw_put_i64(w, "kurus", v->today.kurus);
    jsonw_put_i64(w, "failed", v->today.failed);
    if (v->facts.days > 0) {
        jsonw_put_i64(w, "usual", v->facts.usual);
    }
    write_limit(w, "blast_at", guard_blast_at(&rules, &v->facts));
    write_limit(w, "daily_limit", v->conf->daily_limit);
    write_limit(w, "daily_budget", v->conf->daily_budget);
    jsonw_end_object(w);
}

void campaign_view_write(struct json_writer *w, const struct campaign_view *v, bool turkish)
{
    static const char *const modes[] = {"none", "each", "standing"};

    jsonw_put(w, "name", v->name);
    jsonw_put(w, "category", v->conf->category);
    jsonw_put(w, "state", campaign_state_name(v->state));
    jsonw_put(w, "meaning", campaign_state_sentence(v->state, turkish));
    jsonw_put(w, "release", modes[v->conf->release]);
    jsonw_put_bool(w, "paused", v->has_control && v->control.verb == CONTROL_PAUSE);
    if (v->has_control) {
        jsonw_key(w, "control");
        control_write(w, &v->control);
    }
    write_counts(w, v);
    write_today(w, v);
}
