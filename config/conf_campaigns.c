/* Campaigns: who, when, on which channels, in which words. */
#include "config/conf_tables.h"

#include "domain/certificate.h"

#include <stdio.h>
#include <stdlib.h>

#define ESCALATION_TEMPLATE "kurum"

/* A campaign while it is read. */
struct draft {
    struct conf_reading *r;
    struct conf_campaign *c;
    const char *pointer;
};

static bool has_route(const struct draft *d, enum channel channel)
{
    return d->r->draft->routes[channel].count > 0 || d->c->raw->routes[channel].count > 0;
}

static unsigned take_channel(const struct draft *d, const char *name, const char *pointer)
{
    enum channel channel = channel_parse(str_of(name));
    char quoted[OPTION_QUOTE_MAX + 4];

    option_quote(str_of(name), quoted);
    if (channel == CHANNEL_COUNT) {
        (void)faults_add(d->r->faults, pointer, "CFG-208",
                         "bilinmeyen kanal \"%s\"; beklenen sms, email",
                         "unknown channel \"%s\"; expected sms, email", quoted);
        return 0;
    }
    if (!has_route(d, channel) && !conf_is_faulty(d->r, "/routes")) {
        (void)faults_add(d->r->faults, pointer, "CFG-209",
                         "bu kanalın sağlayıcısı yok; routes.%s boş",
                         "no provider for this channel; routes.%s is empty", name);
        return 0;
    }
    return 1u << channel;
}

/* The channels of a list below pointer. */
static unsigned take_list(const struct draft *d, const struct option_strings *names,
                          const char *pointer)
{
    char below[FAULT_POINTER_MAX];
    char index[24];
    unsigned channels = 0;

    for (size_t i = 0; i < names->count; i++) {
        (void)snprintf(index, sizeof index, "%zu", i);
        option_pointer(pointer, index, below);
        channels |= take_channel(d, names->items[i], below);
    }
    return channels;
}

/* The channels given; else all that have a provider. */
static void take_channels(const struct draft *d)
{
    struct conf_campaign *c = d->c;
    char list[FAULT_POINTER_MAX];

    option_pointer(d->pointer, "channels", list);
    c->channels = take_list(d, &c->raw->channels, list);
    for (int i = 0; i < CHANNEL_COUNT && c->raw->channels.count == 0; i++) {
        c->channels |= has_route(d, (enum channel)i) ? 1u << i : 0;
    }
    if (c->channels == 0 && !conf_is_faulty(d->r, list) && !conf_is_faulty(d->r, "/routes")) {
        (void)faults_add(d->r->faults, d->pointer, "CFG-209",
                         "hiçbir kanalın sağlayıcısı yok; routes boş",
                         "no channel has a provider; routes is empty");
    }
}

/* ---- templates ---- */

static struct str take_name(const struct draft *d, const struct json *v, const char *pointer)
{
    if (!conf_name_valid(json_str(v))) {
        (void)conf_bad_name(d->r, pointer);
        return STR("");
    }
    return json_str(v);
}

static void wrong_words(const struct draft *d, const char *pointer)
{
    (void)faults_add(d->r->faults, pointer, "CFG-101",
                     "yanlış tür; beklenen ad ya da {\"sms\": ad, \"email\": ad}",
                     "wrong type; expected a name or {\"sms\": name, \"email\": name}");
}

/* One name for all channels, or one per channel. */
static void take_words(const struct draft *d, const struct json *v, const char *pointer,
                       struct str ret[CHANNEL_COUNT])
{
    char below[FAULT_POINTER_MAX];

    if (v == NULL) {
        return;
    }
    if (json_type(v) == JSON_STRING) {
        ret[CHANNEL_SMS] = take_name(d, v, pointer);
        ret[CHANNEL_EMAIL] = ret[CHANNEL_SMS];
        return;
    }
    if (json_type(v) != JSON_OBJECT) {
        wrong_words(d, pointer);
        return;
    }
    for (const struct json *m = json_first(v); m != NULL; m = json_next(m)) {
        enum channel channel = channel_parse(str_of(json_key(m)));

        option_pointer(pointer, json_key(m), below);
        if (channel == CHANNEL_COUNT) {
            wrong_words(d, below);
        } else {
            ret[channel] = take_name(d, m, below);
        }
    }
}

/* ---- marks ---- */

static struct str take_escalation(const struct draft *d, const struct json *v, const char *pointer)
{
    struct str name = STR("");

    if (v != NULL && json_type(v) == JSON_BOOL) {
        name = json_bool(v, false) ? STR(ESCALATION_TEMPLATE) : STR("");
    } else if (v != NULL) {
        name = take_name(d, v, pointer);
    }
    if (name.len > 0 && !has_route(d, CHANNEL_EMAIL) && !conf_is_faulty(d->r, "/routes")) {
        (void)faults_add(d->r->faults, pointer, "CFG-209",
                         "bu kanalın sağlayıcısı yok; routes.%s boş",
                         "no provider for this channel; routes.%s is empty", "email");
    }
    return name;
}

static void take_mark_object(const struct draft *d, const struct json *v, const char *pointer,
                             struct conf_mark *ret)
{
    struct conf_raw_mark raw = {0};
    char below[FAULT_POINTER_MAX];

    option_read_from(&d->r->source, conf_mark_table, v, pointer, &raw, d->r->faults);
    ret->days = (int)raw.days;
    option_pointer(pointer, "channels", below);
    if (raw.channels.count > 0) {
        ret->channels = take_list(d, &raw.channels, below);
    }
    option_pointer(pointer, "template", below);
    take_words(d, raw.template, below, ret->templates);
    option_pointer(pointer, "escalate", below);
    ret->escalation = take_escalation(d, raw.escalate, below);
    option_release(conf_mark_table, &raw);
}

/* False when it is no mark at all. */
static bool take_mark(const struct draft *d, const struct json *v, const char *pointer,
                      struct conf_mark *ret)
{
    int64_t days;

    *ret = (struct conf_mark){.channels = d->c->channels};
    if (json_type(v) == JSON_OBJECT) {
        take_mark_object(d, v, pointer, ret);
        return true;
    }
    if (json_type(v) != JSON_NUMBER) {
        (void)faults_add(d->r->faults, pointer, "CFG-101",
                         "yanlış tür; beklenen gün sayısı ya da nesne: { \"days\": 30 }",
                         "wrong type; expected days or an object: { \"days\": 30 }");
        return false;
    }
    if (json_i64(v, &days) != 0 || days < 0 || days > CAMPAIGN_MARK_DAYS_MAX) {
        return false;
    }
    ret->days = (int)days;
    return true;
}

static void wrong_marks(const struct draft *d, const char *pointer)
{
    (void)faults_add(d->r->faults, pointer, "CFG-207",
                     "günler azalan sırada ve 0 – 1095 arasında olmalı, örnek [90, 30, 7]",
                     "days must be descending and within 0 – 1095, such as [90, 30, 7]");
}

static void read_marks(const struct draft *d, const struct json *list, const char *pointer)
{
    struct conf_campaign *c = d->c;
    size_t count = json_count(list);
    bool good = json_type(list) == JSON_ARRAY && count > 0 && count <= CAMPAIGN_MARKS_MAX;
    char below[FAULT_POINTER_MAX];
    char index[24];
    size_t n = 0;

    for (const struct json *v = good ? json_first(list) : NULL; v != NULL; v = json_next(v), n++) {
        (void)snprintf(index, sizeof index, "%zu", n);
        option_pointer(pointer, index, below);
        good = take_mark(d, v, below, &c->marks[n]) &&
               (n == 0 || c->marks[n].days < c->marks[n - 1].days) && good;
        c->rules.marks[n] = c->marks[n].days;
    }
    c->rules.mark_count = good ? count : 0;
    if (!good && !conf_is_faulty(d->r, pointer)) {
        wrong_marks(d, pointer);
    }
}

static void take_marks(const struct draft *d)
{
    struct conf_campaign *c = d->c;
    char pointer[FAULT_POINTER_MAX];

    option_pointer(d->pointer, "marks", pointer);
    if (c->raw->marks != NULL) {
        read_marks(d, c->raw->marks, pointer);
        return;
    }
    memcpy(c->rules.marks, campaign_default.marks, sizeof c->rules.marks);
    c->rules.mark_count = campaign_default.mark_count;
    for (size_t i = 0; i < c->rules.mark_count; i++) {
        c->marks[i] = (struct conf_mark){.days = c->rules.marks[i], .channels = c->channels};
    }
}

/* ---- who ---- */

static struct filter_names sorted(struct option_strings *list)
{
    filter_sort(list->items, list->count);
    return (struct filter_names){list->items, list->count};
}

static unsigned series_of(const struct draft *d, const struct option_strings *names)
{
    unsigned series = 0;
    char pointer[FAULT_POINTER_MAX];

    for (size_t i = 0; i < names->count; i++) {
        enum case_series s = SERIES_A;

        while (s <= SERIES_N && strcmp(case_series_name(s), names->items[i]) != 0) {
            s++;
        }
        if (s <= SERIES_N) {
            series |= 1u << s;
            continue;
        }
        option_pointer(d->pointer, "who", pointer);
        (void)faults_add(d->r->faults, pointer, "CFG-105", "\"series\" yalnız A, E, N olabilir",
                         "\"series\" can only be A, E, N");
    }
    return series;
}

static void take_who(const struct draft *d)
{
    struct conf_raw_who *raw = &d->c->raw->who;

    d->c->who = (struct campaign_filter){.institutions = sorted(&raw->institutions),
                                         .units = sorted(&raw->units),
                                         .kinds = sorted(&raw->kinds),
                                         .langs = sorted(&raw->langs),
                                         .include = sorted(&raw->include),
                                         .exclude = sorted(&raw->exclude),
                                         .series = series_of(d, &raw->series)};
}

/* ---- the whole ---- */

static bool same_name_before(const struct conf *c, const char *name)
{
    for (size_t i = 0; i + 1 < c->campaign_count; i++) {
        if (c->campaigns[i].name != NULL && strcmp(c->campaigns[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_name(const struct draft *d)
{
    const char *name = d->c->raw->name;
    char below[FAULT_POINTER_MAX];

    if (name == NULL) {
        return;
    }
    option_pointer(d->pointer, "name", below);
    if (!conf_name_valid(str_of(name))) {
        (void)conf_bad_name(d->r, below);
    } else if (same_name_before(&d->r->draft->conf, name)) {
        (void)faults_add(d->r->faults, below, "CFG-206", "bu adla başka dizi var: \"%s\"",
                         "another series has this name: \"%s\"", name);
    } else if (strcmp(name, CONF_NOTICE_CAMPAIGN) == 0) {
        (void)faults_add(d->r->faults, below, "CFG-206",
                         "\"%s\" tek seferlik bildirimlerin adıdır; başka ad seçin",
                         "\"%s\" is the name of the one-time notices; choose another", name);
    }
}

static void take_hours(const struct draft *d, const struct json *v)
{
    struct conf_campaign *c = d->c;
    const struct json *section = json_get(v, "send_window");
    char below[FAULT_POINTER_MAX];

    c->rules.has_window = d->r->draft->conf.has_window;
    c->rules.window = d->r->draft->conf.window;
    if (section != NULL) {
        option_pointer(d->pointer, "send_window", below);
        c->rules.has_window = true;
        conf_take_window(d->r, &c->raw->window, section, below, &c->rules.window);
    }
    c->rules.spread = (int)(c->raw->spread_ms / 60000);
}

static void take_routes(const struct draft *d)
{
    char section[FAULT_POINTER_MAX];
    char below[FAULT_POINTER_MAX];

    option_pointer(d->pointer, "routes", section);
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        option_pointer(section, channel_name((enum channel)i), below);
        conf_take_route(d->r, (enum channel)i, &d->c->raw->routes[i], below, &d->c->routes[i]);
    }
    if (d->c->routes[CHANNEL_EMAIL].count > 0) {
        option_pointer(section, channel_name(CHANNEL_EMAIL), below);
        conf_need_sender(d->r, below);
    }
}

static bool read_campaign(struct conf_reading *r, struct conf_campaign *c, const struct json *v,
                          const char *pointer)
{
    const struct draft d = {r, c, pointer};
    char below[FAULT_POINTER_MAX];

    c->raw = calloc(1, sizeof *c->raw);
    if (c->raw == NULL) {
        return false;
    }
    option_read_from(&r->source, conf_campaign_table, v, pointer, c->raw, r->faults);
    check_name(&d);
    c->name = c->raw->name;
    c->category = c->raw->category;
    c->urgency = c->raw->urgency;
    c->release = c->raw->release;
    c->daily_limit = (int)c->raw->daily_limit;
    c->blast_factor = (int)c->raw->blast_factor;
    c->daily_budget = c->raw->daily_budget;
    c->failure_limit = (int)c->raw->failure_limit;
    c->rules.past_due = (enum campaign_past_due)c->raw->past_due;
    take_hours(&d, v);
    take_channels(&d);
    take_marks(&d);
    take_who(&d);
    take_routes(&d);
    option_pointer(pointer, "templates", below);
    take_words(&d, c->raw->templates, below, c->templates);
    return true;
}

bool conf_read_campaigns(struct conf_reading *r)
{
    const struct json *all = r->draft->campaigns;
    struct conf *c = &r->draft->conf;
    char pointer[FAULT_POINTER_MAX];

    if (all == NULL) {
        fault_warning(r->faults, faults_add(r->faults, "/campaigns", "CFG-301",
                                            "dizi tanımlı değil; hatırlatma planlanmaz",
                                            "no campaign is defined; no reminder will be planned"));
        return true;
    }
    if (json_type(all) != JSON_ARRAY || json_count(all) > CONF_CAMPAIGNS_MAX) {
        (void)faults_add(r->faults, "/campaigns", "CFG-101",
                         "yanlış tür; beklenen en çok %d öğeli liste: [{ … }]",
                         "wrong type; expected a list of at most %d: [{ … }]", CONF_CAMPAIGNS_MAX);
        return true;
    }
    c->campaigns = calloc(json_count(all) + 1, sizeof *c->campaigns);
    if (c->campaigns == NULL) {
        return false;
    }
    for (const struct json *v = json_first(all); v != NULL; v = json_next(v)) {
        (void)snprintf(pointer, sizeof pointer, "/campaigns/%zu", c->campaign_count);
        c->campaign_count++;
        if (!read_campaign(r, &c->campaigns[c->campaign_count - 1], v, pointer)) {
            return false;
        }
    }
    return true;
}

void conf_release_campaigns(struct conf *conf)
{
    for (size_t i = 0; i < conf->campaign_count; i++) {
        struct conf_raw_campaign *raw = conf->campaigns[i].raw;

        if (raw != NULL) {
            option_release(conf_campaign_table, raw);
            free(raw);
        }
    }
    free(conf->campaigns);
}
