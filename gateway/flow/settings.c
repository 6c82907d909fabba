#include "flow/settings.h"

#include "base/log.h"
#include "config/conf.h"
#include "domain/tckn.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOLIDAYS_BYTES_MAX = 1024 * 1024 };

static void settings_free(struct settings *s)
{
    if (s != NULL) {
        message_set_free(s->words);
        calendar_destroy(s->calendar);
        conf_free(s->conf);
        free(s);
    }
}

static int read_file(const char *path, struct buf *out, struct err *e)
{
    FILE *f = fopen(path, "re");
    char chunk[4096];
    size_t n;

    if (f == NULL) {
        return err_set(e, ERR_NOT_FOUND, "cannot open %s", path);
    }
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        (void)buf_add(out, chunk, n);
    }
    (void)fclose(f);
    return buf_failed(out) == 0 ? 0 : err_set(e, buf_failed(out), "%s is too large", path);
}

static int load_calendar(struct settings *s, struct faults *faults, struct err *e)
{
    struct buf text;
    int rc;

    if (s->conf->holidays == NULL) {
        return 0;
    }
    buf_init(&text, HOLIDAYS_BYTES_MAX);
    rc = read_file(s->conf->holidays, &text, e);
    if (rc == 0) {
        rc = calendar_load((struct str){text.data, text.len}, s->conf->holidays, &s->calendar,
                           faults);
    } else {
        (void)faults_add(faults, "/holidays", "CFG-110", "tatil dosyası okunamadı: %s",
                         "the holiday file cannot be read: %s", e->text);
    }
    buf_finish(&text);
    return rc;
}

static void fill_office(struct settings *s)
{
    const struct conf_office *o = &s->conf->office;

    s->office = (struct render_office){
        .name = str_of(o->name),
        .unit = str_of(o->unit),
        .province = str_of(o->province),
        .phone = str_of(o->phone),
        .portal = str_of(o->portal),
        .portal_url = str_of(o->portal_url),
        .guide = str_of(o->guide_short) /* empty: the renderer makes one that fits */,
        .guide_url = str_of(o->guide_url),
        .privacy_url = str_of(o->privacy_url),
        .stop_note = str_of(o->stop_note)};
}

static void fill_campaigns(struct settings *s)
{
    for (size_t i = 0; i < s->conf->campaign_count && i < SETTINGS_CAMPAIGNS_MAX; i++) {
        const struct conf_campaign *c = &s->conf->campaigns[i];

        s->campaigns[s->campaign_count++] =
            (struct apply_campaign){.name = c->name,
                                    .rules = c->rules,
                                    .channels = c->channels,
                                    .urgency = (enum message_urgency)c->urgency,
                                    .marks = c->marks,
                                    .who = &c->who};
    }
}

/* ---- the templates that campaigns name ---- */

struct naming {
    const struct conf *conf;
    const struct message_set *words;
    struct faults *faults;
    char pointer[FAULT_POINTER_MAX];
};

static void missing_words(struct naming *n, struct str name, enum channel channel)
{
    const struct conf *conf = n->conf;
    const struct json *at = json_at(json_root(conf->doc), n->pointer);
    struct fault *f =
        faults_add(n->faults, n->pointer, "CFG-217", "%1$s için \"%3$.*2$s\" adlı şablon yok",
                   "there is no template \"%3$.*2$s\" for %1$s", channel_name(channel),
                   (int)name.len, name.ptr);

    if (f != NULL && at != NULL) {
        struct json_place place = json_place_of(conf->doc, at);

        (void)snprintf(f->file, sizeof f->file, "%s", conf->path);
        f->line = place.line;
        f->column = place.column;
    }
}

static void check_name(struct naming *n, struct str name, enum channel channel)
{
    enum lang lang;

    if (name.len > 0 && message_set_lang(n->words, LANG_TR, channel, name, &lang) != 0) {
        missing_words(n, name, channel);
    }
}

static void check_words(struct naming *n, const struct str *names, unsigned channels)
{
    for (enum channel c = CHANNEL_SMS; c < CHANNEL_COUNT; c++) {
        if ((channels & 1u << c) != 0) {
            check_name(n, names[c], c);
        }
    }
}

void settings_check_words(const struct conf *conf, const struct message_set *words,
                          struct faults *faults)
{
    struct naming n = {.conf = conf, .words = words, .faults = faults};

    for (size_t i = 0; i < conf->campaign_count; i++) {
        const struct conf_campaign *c = &conf->campaigns[i];

        (void)snprintf(n.pointer, sizeof n.pointer, "/campaigns/%zu/templates", i);
        check_words(&n, c->templates, c->channels);
        for (size_t k = 0; k < c->rules.mark_count; k++) {
            (void)snprintf(n.pointer, sizeof n.pointer, "/campaigns/%zu/marks/%zu", i, k);
            check_words(&n, c->marks[k].templates, c->marks[k].channels);
            check_name(&n, c->marks[k].escalation, CHANNEL_EMAIL);
        }
    }
}

/* Takes conf over; what it refers to is read too. */
static int complete(struct conf *conf, struct settings **ret, struct faults *faults, struct err *e)
{
    struct settings *s = calloc(1, sizeof *s);
    int calendar;
    int words;

    if (s == NULL) {
        conf_free(conf);
        return err_set(e, ERR_NOMEM, "no memory for the settings");
    }
    s->conf = conf;
    calendar = load_calendar(s, faults, e);
    words = message_set_load(conf->templates, &s->words, faults);
    if (words == 0) {
        settings_check_words(conf, s->words, faults);
    }
    if (calendar != 0 || words != 0 || faults->errors > 0) {
        settings_free(s);
        return err_set(e, ERR_INVALID, "the configuration has %zu errors", faults->errors);
    }
    fill_office(s);
    fill_campaigns(s);
    s->holders = 1;
    *ret = s;
    return 0;
}

int settings_load(const char *path, const struct provider_type *const *types, struct settings **ret,
                  struct faults *faults, struct err *e)
{
    struct conf *conf;
    int rc = conf_load(path, types, &conf, faults, e);

    return rc == 0 ? complete(conf, ret, faults, e) : rc;
}

int settings_parse(struct str text, const char *name, const struct provider_type *const *types,
                   struct settings **ret, struct faults *faults, struct err *e)
{
    struct conf *conf;
    int rc = conf_parse(text, name, types, &conf, faults, e);

    return rc == 0 ? complete(conf, ret, faults, e) : rc;
}

struct settings *settings_hold(struct settings *s)
{
    s->holders++;
    return s;
}

void settings_drop(struct settings *s)
{
    if (s != NULL && --s->holders == 0) {
        settings_free(s);
    }
}

struct apply_env settings_apply_env(const struct settings *s, int64_t now_ms)
{
    return (struct apply_env){.campaigns = s->campaigns,
                              .campaign_count = s->campaign_count,
                              .calendar = s->calendar,
                              .approver_ref = s->conf->office.approver.holder_ref,
                              .approver_email = s->conf->office.approver.email,
                              .now_ms = now_ms};
}

/* Empty: identity numbers are refused. */
static struct str identity_key(const struct settings *s)
{
    const struct conf_intake *in = &s->conf->intake;
    bool hide = in->identity_numbers == CONF_IDENTITY_HMAC && in->identity_key.value != NULL;

    return hide ? str_of(in->identity_key.value) : STR("");
}

struct fact_origin settings_fact_origin(const struct settings *s, int64_t now_ms,
                                        const char *source)
{
    return (struct fact_origin){
        .now_ms = now_ms, .source = source, .pointer = "", .identity_key = identity_key(s)};
}

int settings_hide_identity(const struct settings *s, struct buf *reference)
{
    struct str key = identity_key(s);
    struct buf hidden;
    int rc;

    if (key.len == 0 || reference->len == 0) {
        return 0;
    }
    buf_init(&hidden, reference->max);
    rc = tckn_hide((struct str){reference->data, reference->len}, key, &hidden);
    if (rc == 0) {
        buf_reset(reference);
        rc = buf_add(reference, hidden.data, hidden.len);
    }
    buf_finish(&hidden);
    return rc;
}

int settings_installation_key(struct store *s, unsigned char ret_key[HASH_KEY_SIZE], struct err *e)
{
    size_t size = HASH_KEY_SIZE;
    int rc = store_meta_get(s, "installation_key", ret_key, &size, e);

    if (rc != ERR_NOT_FOUND) {
        return rc;
    }
    crypto_random(ret_key, HASH_KEY_SIZE);
    rc = store_begin(s, e);
    rc = rc == 0 ? store_meta_put(s, "installation_key", ret_key, HASH_KEY_SIZE, e) : rc;
    return rc == 0 ? store_commit(s, e) : rc;
}
