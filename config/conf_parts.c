/* Providers and routes: what needs more than a table. */
#include "config/conf_tables.h"

#include <stdio.h>
#include <stdlib.h>

bool conf_name_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!ascii_digit(c) && !(c >= 'a' && c <= 'z') && (i == 0 || (c != '-' && c != '_'))) {
            return false;
        }
    }
    return name.len > 0 && name.len < PROVIDER_NAME_MAX;
}

struct fault *conf_bad_name(struct conf_reading *r, const char *pointer)
{
    return faults_add(r->faults, pointer, "CFG-201",
                      "ad uygun değil; küçük harf, rakam, - ve _ ile en çok %d karakter",
                      "unfit name; small letters, digits, - and _, at most %d characters",
                      PROVIDER_NAME_MAX - 1);
}

static void bad_key(struct conf_reading *r, const char *pointer)
{
    struct fault *f = conf_bad_name(r, pointer);

    if (f != NULL) {
        f->width = OPTION_AT_KEY;
    }
}

static const struct provider_type *find_type(const struct conf_reading *r, struct str kind)
{
    for (size_t i = 0; r->types[i] != NULL; i++) {
        if (str_eqs(kind, r->types[i]->kind)) {
            return r->types[i];
        }
    }
    return NULL;
}

static void unknown_kind(struct conf_reading *r, const char *kind, const char *pointer)
{
    char quoted[OPTION_QUOTE_MAX + 4];
    struct buf list;

    buf_init(&list, FAULT_TEXT_MAX / 2);
    for (size_t i = 0; r->types[i] != NULL; i++) {
        (void)buf_addf(&list, "%s%s", i > 0 ? ", " : "", r->types[i]->kind);
    }
    option_quote(str_of(kind), quoted);
    (void)faults_add(r->faults, pointer, "CFG-202", "bilinmeyen sağlayıcı türü \"%s\"; beklenen %s",
                     "unknown kind of provider \"%s\"; expected %s", quoted, buf_cstr(&list));
    buf_finish(&list);
}

static void take_common(struct conf_provider *p, struct conf_raw_provider *raw)
{
    static const enum sms_mode modes[] = {[CONF_SMS_GSM7] = SMS_GSM7,
                                          [CONF_SMS_TR_SINGLE] = SMS_TR_SINGLE,
                                          [CONF_SMS_TR_LOCKING] = SMS_TR_LOCKING,
                                          [CONF_SMS_UCS2] = SMS_UCS2,
                                          [CONF_SMS_ASCII] = SMS_GSM7};

    p->kind = raw->kind;
    raw->kind = NULL;
    p->pace = raw->pace;
    p->domain_pace = raw->domain_pace;
    p->in_flight = raw->in_flight;
    p->on_doubt = raw->on_doubt;
    p->sms_mode = raw->sms_mode;
    p->mode = modes[raw->sms_mode];
    p->ascii = raw->sms_mode == CONF_SMS_ASCII;
    p->reserve_chars = raw->reserve_chars;
    p->price_kurus = raw->price_kurus;
    p->retry_share = raw->retry_share;
    p->breaker = breaker_default;
    p->breaker.failures = (int)raw->breaker.failures;
    p->breaker.open_ms = raw->breaker.open_ms;
    p->breaker.open_cap_ms = raw->breaker.cap_ms;
}

/* The keys of its kind, none that neither table knows, and what only the kind itself can judge. */
static bool read_settings(struct conf_reading *r, struct conf_provider *p, const struct json *v,
                          const char *pointer)
{
    const struct option *tables[] = {conf_provider_table, p->type->options};

    p->settings = calloc(1, p->type->settings_size > 0 ? p->type->settings_size : 1);
    if (p->settings == NULL) {
        return false;
    }
    if (json_type(v) == JSON_OBJECT && p->type->options != NULL) {
        option_read_known(&r->source, p->type->options, v, pointer, p->settings, r->faults);
    }
    option_check_keys(tables, p->type->options == NULL ? 1 : 2, v, pointer, r->faults);
    if (p->type->check != NULL) {
        p->type->check(p->settings, pointer, r->faults);
    }
    return true;
}

static bool read_provider(struct conf_reading *r, struct conf_provider *p, const struct json *v)
{
    struct conf_raw_provider raw = {0};
    char pointer[FAULT_POINTER_MAX];
    char below[FAULT_POINTER_MAX];

    option_pointer("/providers", json_key(v), pointer);
    p->name = str_dup(str_of(json_key(v)));
    if (!conf_name_valid(str_of(json_key(v)))) {
        bad_key(r, pointer);
    }
    option_read_known(&r->source, conf_provider_table, v, pointer, &raw, r->faults);
    take_common(p, &raw);
    option_release(conf_provider_table, &raw);
    if (p->name == NULL || p->kind == NULL) {
        return p->name != NULL;
    }
    if (p->breaker.open_ms > p->breaker.open_cap_ms) {
        option_pointer(pointer, "breaker", below);
        (void)faults_add(r->faults, below, "CFG-212", "\"open\" \"cap\" değerinden büyük olamaz",
                         "\"open\" must not be above \"cap\"");
    }
    p->type = find_type(r, str_of(p->kind));
    if (p->type == NULL) {
        option_pointer(pointer, "kind", below);
        unknown_kind(r, p->kind, below);
        return true;
    }
    return read_settings(r, p, v, pointer);
}

bool conf_read_providers(struct conf_reading *r)
{
    const struct json *all = r->draft->providers;
    struct conf *c = &r->draft->conf;

    if (all == NULL) {
        return true;
    }
    if (json_type(all) != JSON_OBJECT || json_count(all) < 1 ||
        json_count(all) > CONF_PROVIDERS_MAX) {
        (void)faults_add(r->faults, "/providers", "CFG-101",
                         "yanlış tür; beklenen 1 – %d sağlayıcılı nesne: { \"ad\": { … } }",
                         "wrong type; expected an object of 1 – %d providers: { \"name\": { … } }",
                         CONF_PROVIDERS_MAX);
        return true;
    }
    c->providers = calloc(json_count(all), sizeof *c->providers);
    if (c->providers == NULL) {
        return false;
    }
    for (const struct json *v = json_first(all); v != NULL; v = json_next(v)) {
        if (!read_provider(r, &c->providers[c->provider_count++], v)) {
            return false;
        }
    }
    return true;
}

void conf_release_providers(struct conf *conf)
{
    for (size_t i = 0; i < conf->provider_count; i++) {
        struct conf_provider *p = &conf->providers[i];

        if (p->settings != NULL && p->type->options != NULL) {
            option_release(p->type->options, p->settings);
        }
        free(p->settings);
        free(p->name);
        free(p->kind);
    }
    free(conf->providers);
}

static void unknown_provider(struct conf_reading *r, const char *name, const char *pointer)
{
    char quoted[OPTION_QUOTE_MAX + 4];
    const char *names[CONF_PROVIDERS_MAX];
    const struct conf *c = &r->draft->conf;
    const char *nearest;

    for (size_t i = 0; i < c->provider_count; i++) {
        names[i] = c->providers[i].name;
    }
    nearest = str_nearest(str_of(name), names, c->provider_count);
    option_quote(str_of(name), quoted);
    if (nearest != NULL) {
        (void)faults_add(r->faults, pointer, "CFG-203",
                         "böyle bir sağlayıcı yok: \"%s\" – \"%s\" mi?",
                         "no such provider: \"%s\" – did you mean \"%s\"?", quoted, nearest);
    } else {
        (void)faults_add(r->faults, pointer, "CFG-203", "böyle bir sağlayıcı yok: \"%s\"",
                         "no such provider: \"%s\"", quoted);
    }
}

/* "netgsm:70" is a name and its weight. False, with a fault, for a weight that is none. */
static bool split_weight(struct conf_reading *r, const char *text, const char *pointer,
                         struct str *ret_name, int *ret_weight)
{
    const char *colon = strchr(text, ':');
    char quoted[OPTION_QUOTE_MAX + 4];
    int64_t weight = 0;

    *ret_name = str_of(text);
    *ret_weight = 0;
    if (colon == NULL) {
        return true;
    }
    ret_name->len = (size_t)(colon - text);
    if (str_i64(str_of(colon + 1), &weight) != 0 || weight < 1 || weight > CONF_WEIGHT_MAX) {
        option_quote(str_of(text), quoted);
        (void)faults_add(r->faults, pointer, "CFG-206",
                         "pay 1 ile %2$d arasında olmalı: \"%1$s\"; örnek \"netgsm:70\"",
                         "a share is 1 to %2$d: \"%1$s\"; for instance \"netgsm:70\"", quoted,
                         CONF_WEIGHT_MAX);
        return false;
    }
    *ret_weight = (int)weight;
    return true;
}

static void add_route(struct conf_reading *r, struct conf_route *route, enum channel channel,
                      const char *text, const char *pointer)
{
    const struct conf_provider *p;
    char name[OPTION_QUOTE_MAX * 2];
    struct str part;
    int weight;

    if (!split_weight(r, text, pointer, &part, &weight)) {
        return;
    }
    (void)str_copy(name, sizeof name, part);
    p = conf_provider_find(&r->draft->conf, part);

    if (p == NULL) {
        unknown_provider(r, name, pointer);
        return;
    }
    if (p->type != NULL && (p->type->channels & 1u << channel) == 0) {
        (void)faults_add(r->faults, pointer, "CFG-204", "\"%1$s\" bu kanalı taşımaz: %2$s%3$.0s",
                         "\"%1$s\" does not carry this channel: %2$.0s%3$s", name,
                         channel_label(channel, true), channel_label(channel, false));
        return;
    }
    for (size_t i = 0; i < route->count; i++) {
        if (route->list[i] == p) {
            (void)faults_add(r->faults, pointer, "CFG-205", "\"%s\" iki kez yazılmış",
                             "\"%s\" is given twice", name);
            return;
        }
    }
    if (route->count > 0 && (weight > 0) != (route->weights[0] > 0)) {
        (void)faults_add(r->faults, pointer, "CFG-207",
                         "ya hepsinin payı yazılır ya hiçbirinin: \"%s\"",
                         "either all have a share or none has: \"%s\"", text);
        return;
    }
    if (route->count < ROUTE_MAX) {
        route->weights[route->count] = weight;
        route->list[route->count++] = p;
    }
}

void conf_take_route(struct conf_reading *r, enum channel channel,
                     const struct option_strings *names, const char *pointer,
                     struct conf_route *ret)
{
    char below[FAULT_POINTER_MAX];
    char index[24];

    for (size_t i = 0; i < names->count; i++) {
        (void)snprintf(index, sizeof index, "%zu", i);
        option_pointer(pointer, index, below);
        add_route(r, ret, channel, names->items[i], below);
    }
}

void conf_read_routes(struct conf_reading *r)
{
    char pointer[FAULT_POINTER_MAX];

    for (int c = 0; c < CHANNEL_COUNT; c++) {
        option_pointer("/routes", channel_name((enum channel)c), pointer);
        conf_take_route(r, (enum channel)c, &r->draft->routes[c], pointer,
                        &r->draft->conf.routes[c]);
    }
}

static void bad_window(struct conf_reading *r, const char *pointer, const char *tr, const char *en)
{
    (void)faults_add(r->faults, pointer, "CFG-211", "%s%.0s", "%.0s%s", tr, en);
}

void conf_take_window(struct conf_reading *r, const struct conf_raw_window *raw,
                      const struct json *section, const char *pointer, struct send_window *ret)
{
    bool half_given = json_get(section, "half_day_end") != NULL;
    int64_t half = !half_given && raw->half_close > raw->close ? raw->close : raw->half_close;

    *ret = (struct send_window){(int)raw->open, (int)raw->close, (int)half};
    if (section == NULL || conf_is_faulty(r, pointer)) {
        return;
    }
    if (raw->open < SEND_EARLIEST || raw->close > SEND_LATEST) {
        bad_window(r, pointer, "gece gönderilmez; 08:00 – 20:00 içinde olmalı",
                   "nothing is sent at night; must lie within 08:00 – 20:00");
    }
    if (raw->open >= raw->close || (half_given && (half <= raw->open || half > raw->close))) {
        bad_window(r, pointer, "saatler sırasız; start < half_day_end ≤ end olmalı",
                   "the times are out of order; start < half_day_end ≤ end");
    }
}
