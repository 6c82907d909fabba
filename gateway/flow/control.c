#include "flow/control.h"

#include "base/civil.h"
#include "base/json.h"

#include <stdlib.h>

static const char *const verbs[CONTROL_VERB_COUNT] = {"pause",  "drain", "pin",
                                                      "cancel", "lift",  "allow"};

const char *control_verb_name(enum control_verb v)
{
    return v < CONTROL_VERB_COUNT ? verbs[v] : "?";
}

int control_subject(char out[CONTROL_SUBJECT_MAX + 1], const char *kind, struct str name)
{
    const struct str before = str_of(kind);

    if (str_copy(out, CONTROL_SUBJECT_MAX, before) != 0) {
        return ERR_LIMIT;
    }
    out[before.len] = ':';
    return str_copy(out + before.len + 1, CONTROL_SUBJECT_MAX - before.len, name);
}

bool control_in_force(const struct control *c, int64_t now_ms)
{
    return c->until_ms == 0 || now_ms < c->until_ms;
}

void control_write(struct json_writer *w, const struct control *c)
{
    jsonw_object(w);
    jsonw_put(w, "subject", c->subject);
    jsonw_put(w, "verb", control_verb_name(c->verb));
    jsonw_put(w, "value", c->value[0] == '\0' ? NULL : c->value);
    jsonw_put(w, "by", c->by);
    jsonw_put(w, "note", c->note[0] == '\0' ? NULL : c->note);
    jsonw_put_time(w, "at", c->at_ms);
    jsonw_put_time(w, "until", c->until_ms);
    jsonw_end_object(w);
}

/* ---- records ---- */

int control_put_quietly(struct store *s, const struct control *c, struct err *e)
{
    struct json_writer w;
    struct buf body;
    int rc;

    buf_init(&body, STORE_RECORD_BODY_MAX);
    jsonw_init(&w, &body);
    control_write(&w, c);
    rc = store_record_put_buf(s, RECORD_CONTROL, str_of(c->subject), &body, c->subject, e);
    buf_finish(&body);
    return rc;
}

int control_put(struct store *s, const struct control *c, struct err *e)
{
    int rc = control_put_quietly(s, c, e);

    return rc == 0 ? controls_touch(s, e) : rc;
}

static int64_t time_of(const struct json *object, const char *name)
{
    int64_t ms = 0;

    return rfc3339_parse(json_str(json_get(object, name)), &ms) == 0 ? ms : 0;
}

static enum control_verb verb_of(struct str name)
{
    enum control_verb v = CONTROL_PAUSE;

    while (v < CONTROL_VERB_COUNT && !str_eqs(name, verbs[v])) {
        v++;
    }
    return v;
}

static int read_control(struct str body, struct control *ret)
{
    struct json_doc *doc;
    const struct json *root;

    if (json_parse(body, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return ERR_CORRUPT;
    }
    root = json_root(doc);
    *ret = (struct control){.verb = verb_of(json_str(json_get(root, "verb"))),
                            .at_ms = time_of(root, "at"),
                            .until_ms = time_of(root, "until")};
    (void)str_copy(ret->subject, sizeof ret->subject, json_str(json_get(root, "subject")));
    (void)str_copy(ret->value, sizeof ret->value, json_str(json_get(root, "value")));
    (void)str_copy(ret->by, sizeof ret->by, json_str(json_get(root, "by")));
    (void)str_copy(ret->note, sizeof ret->note, json_str(json_get(root, "note")));
    json_free(doc);
    return ret->verb == CONTROL_VERB_COUNT ? ERR_CORRUPT : 0;
}

static int take_control(void *ctx, const struct record_row *row)
{
    return read_control(row->body, ctx);
}

int control_get(struct store *s, const char *subject, int64_t now_ms, struct control *ret,
                struct err *e)
{
    int rc = store_record_get(s, RECORD_CONTROL, str_of(subject), take_control, ret, e);

    if (rc == ERR_CORRUPT) {
        return err_set(e, rc, "the control of %s cannot be read", subject);
    }
    if (rc == 0 && !control_in_force(ret, now_ms)) {
        rc = err_set(e, ERR_NOT_FOUND, "the control of %s has ended", subject);
    }
    return rc;
}

int control_remove(struct store *s, const char *subject, struct err *e)
{
    int rc = store_record_remove(s, RECORD_CONTROL, str_of(subject), e);

    if (rc == ERR_NOT_FOUND) {
        return 0;
    }
    return rc == 0 ? controls_touch(s, e) : rc;
}

/* ---- what a cancellation stops ---- */

struct stopping {
    struct store *store;
    const struct control *cancel;
    const char *reason;
    int channel;
    int64_t now_ms;
    size_t *stopped;
    struct err *err;
};

struct str control_reach(const struct control *c, int *ret_channel)
{
    static const char campaign[] = "campaign:";
    const struct str subject = str_of(c->subject);

    *ret_channel = str_eqs(subject, "channel:sms")     ? CHANNEL_SMS
                   : str_eqs(subject, "channel:email") ? CHANNEL_EMAIL
                                                       : -1;
    return str_starts(subject, campaign) ? str_of(c->subject + sizeof campaign - 1)
                                         : (struct str){NULL, 0};
}

static int stop_one(void *ctx, const struct message_row *row)
{
    const struct stopping *x = ctx;
    const struct message_move move = {.id = row->id,
                                      .from = row->state,
                                      .to = MESSAGE_CANCELLED,
                                      .set = SET_REASON | SET_TRACE,
                                      .now_ms = x->now_ms,
                                      .reason = str_of(x->reason),
                                      .actor = str_of(x->cancel->by)};

    if (x->channel >= 0 && (int)row->channel != x->channel) {
        return 0;
    }
    ++*x->stopped;
    return store_message_move(x->store, &move, x->err);
}

int control_stop_waiting(struct store *s, const struct control *cancel, int64_t after,
                         int64_t until, int64_t now_ms, size_t *ret_stopped, struct err *e)
{
    struct stopping x = {
        .store = s, .cancel = cancel, .now_ms = now_ms, .stopped = ret_stopped, .err = e};
    const struct str campaign = control_reach(cancel, &x.channel);

    x.reason = campaign.ptr == NULL ? CONTROL_REASON_STOPPED : CONTROL_REASON_CANCELLED;
    return store_message_waiting(s, campaign, after, until, stop_one, &x, e);
}

int control_stop_rest(struct store *s, const struct control *cancel, int64_t now_ms, struct err *e)
{
    size_t stopped = 0;

    if (cancel->verb != CONTROL_CANCEL || cancel->value[0] != '\0') {
        return 0; /* nothing to stop, or all of it has been stopped */
    }
    return control_stop_waiting(s, cancel, 0, INT64_MAX, now_ms, &stopped, e);
}

/* ---- the picture ---- */

struct reading {
    struct controls *c;
    int64_t now_ms;
    struct err *err;
    bool full;
    char last[STORE_RECORD_KEY_MAX + 1];
    size_t rows;
};

static int collect_control(void *ctx, const struct record_row *row)
{
    struct reading *r = ctx;
    struct control found;

    r->rows++;
    (void)str_copy(r->last, sizeof r->last, row->key);
    if (read_control(row->body, &found) != 0) {
        return err_set(r->err, ERR_CORRUPT, "the control %.*s cannot be read", (int)row->key.len,
                       row->key.ptr);
    }
    if (!control_in_force(&found, r->now_ms)) {
        return 0;
    }
    if (r->c->count == CONTROLS_MAX) {
        return err_set(r->err, ERR_LIMIT, "more than %d controls are in force", CONTROLS_MAX);
    }
    r->c->list[r->c->count++] = found;
    return 0;
}

static int collect_controls(struct store *s, struct reading *r)
{
    int rc = 0;

    do {
        const struct record_range range = {
            .kind = RECORD_CONTROL, .after = str_of(r->last), .limit = STORE_LIST_MAX};

        r->rows = 0;
        rc = store_record_list(s, &range, collect_control, r, r->err);
    } while (rc == 0 && r->rows == STORE_LIST_MAX);
    return rc;
}

/*
 * Newer ones are seen first: one that covers no more from now on than they do is left out. So
 * renewing a standing release every day costs nothing.
 */
static bool is_outdone(const struct controls *c, const struct release *old, int64_t now_ms)
{
    const int64_t from_ms = old->from_ms < now_ms ? now_ms : old->from_ms;

    for (size_t i = 0; i < c->release_count; i++) {
        const struct release *r = &c->releases[i];

        if (strcmp(r->campaign, old->campaign) == 0 && r->mode == old->mode &&
            r->from_ms <= from_ms && r->until_ms >= old->until_ms) {
            return true;
        }
        if (strcmp(r->campaign, old->campaign) == 0 && r->mode == CONF_RELEASE_EACH &&
            old->mode == CONF_RELEASE_EACH && r->until_ms >= old->until_ms) {
            return true;
        }
    }
    return false;
}

static int collect_release(void *ctx, const struct release *release)
{
    struct reading *r = ctx;

    if (release->until_ms < r->now_ms || is_outdone(r->c, release, r->now_ms)) {
        return 0;
    }
    if (r->c->release_count == CONTROLS_RELEASES_MAX) {
        return err_set(r->err, ERR_LIMIT, "more than %d releases are in force",
                       CONTROLS_RELEASES_MAX);
    }
    r->c->releases[r->c->release_count++] = *release;
    return 0;
}

int controls_read(struct store *s, int64_t now_ms, struct controls **ret, struct err *e)
{
    struct reading r = {.now_ms = now_ms, .err = e};
    int rc;

    r.c = calloc(1, sizeof *r.c);
    if (r.c == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the controls");
    }
    r.c->holders = 1;
    rc = controls_version(s, &r.c->version, e);
    rc = rc == 0 ? collect_controls(s, &r) : rc;
    rc = rc == 0 ? release_list(s, STR(""), 0, collect_release, &r, e) : rc;
    if (rc != 0) {
        free(r.c);
        return rc;
    }
    *ret = r.c;
    return 0;
}

int controls_check(struct store *s, int64_t now_ms, struct err *e)
{
    struct controls *c = NULL;
    int rc = controls_read(s, now_ms, &c, e);

    controls_drop(c);
    return rc;
}

struct controls *controls_hold(struct controls *c)
{
    if (c != NULL) {
        c->holders++;
    }
    return c;
}

void controls_drop(struct controls *c)
{
    if (c != NULL && --c->holders == 0) {
        free(c);
    }
}

const struct control *controls_find(const struct controls *c, const char *subject, int64_t now_ms)
{
    for (size_t i = 0; c != NULL && i < c->count; i++) {
        if (strcmp(c->list[i].subject, subject) == 0 && control_in_force(&c->list[i], now_ms)) {
            return &c->list[i];
        }
    }
    return NULL;
}

const struct control *controls_channel(const struct controls *c, enum channel channel,
                                       int64_t now_ms)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    const struct control *found = controls_find(c, "all", now_ms);

    (void)control_subject(subject, "channel", str_of(channel_name(channel)));
    return found != NULL ? found : controls_find(c, subject, now_ms);
}

static int64_t sooner(int64_t best, int64_t at_ms, int64_t now_ms)
{
    return at_ms > now_ms && at_ms < best ? at_ms : best;
}

int64_t controls_next_ms(const struct controls *c, int64_t now_ms)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; c != NULL && i < c->count; i++) {
        next = sooner(next, c->list[i].until_ms, now_ms);
    }
    for (size_t i = 0; c != NULL && i < c->release_count; i++) {
        next = sooner(next, c->releases[i].from_ms, now_ms);
    }
    return next;
}

/* ---- the gate ---- */

const struct conf_campaign *control_campaign(const struct conf *conf, struct str name)
{
    for (size_t i = 0; i < conf->campaign_count; i++) {
        if (str_eqs(name, conf->campaigns[i].name)) {
            return &conf->campaigns[i];
        }
    }
    return NULL;
}

static bool released(const struct controls *c, const struct conf_campaign *campaign,
                     int64_t created_ms, int64_t now_ms)
{
    if (campaign == NULL || campaign->release == CONF_RELEASE_NONE) {
        return true;
    }
    for (size_t i = 0; c != NULL && i < c->release_count; i++) {
        if (strcmp(c->releases[i].campaign, campaign->name) == 0 &&
            release_covers(&c->releases[i], created_ms, now_ms)) {
            return true;
        }
    }
    return false;
}

enum control_gate controls_gate(const struct controls *c, const struct conf *conf,
                                struct str campaign, int64_t created_ms, int64_t now_ms)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    const struct control *found;

    if (campaign.len == 0) {
        return GATE_OPEN;
    }
    (void)control_subject(subject, "campaign", campaign);
    found = controls_find(c, subject, now_ms);
    if (found != NULL) {
        return found->verb == CONTROL_CANCEL ? GATE_CANCELLED : GATE_PAUSED;
    }
    return released(c, control_campaign(conf, campaign), created_ms, now_ms) ? GATE_OPEN
                                                                             : GATE_AWAITING;
}

const char *control_gate_reason(enum control_gate gate)
{
    static const char *const reasons[] = {"", CONTROL_REASON_PAUSED, CONTROL_REASON_AWAITING,
                                          CONTROL_REASON_CANCELLED};

    return reasons[gate];
}
