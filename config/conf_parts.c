/* Providers, routes and campaigns: what needs more than a table. */
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

bool conf_sender_valid(struct str sender)
{
    if (sender.len < 3 || sender.len > 11 || !ascii_alnum(sender.ptr[0]) ||
        !ascii_alnum(sender.ptr[sender.len - 1])) {
        return false;
    }
    for (size_t i = 0; i < sender.len; i++) {
        if (!ascii_alnum(sender.ptr[i]) && strchr(" .*-", sender.ptr[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static struct fault *bad_name(struct conf_reading *r, const char *pointer)
{
    return faults_add(r->faults, pointer, "CFG-201",
                      "ad uygun değil; küçük harf, rakam, - ve _ ile en çok %d karakter",
                      "unfit name; small letters, digits, - and _, at most %d characters",
                      PROVIDER_NAME_MAX - 1);
}

static void bad_key(struct conf_reading *r, const char *pointer)
{
    struct fault *f = bad_name(r, pointer);

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

/* The keys of its kind, and none that neither table knows. */
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
    return true;
}

/* Some operators show a number instead of a title. */
static bool is_number(struct str s)
{
    size_t digits = 0;

    while (digits < s.len && ascii_digit(s.ptr[digits])) {
        digits++;
    }
    return digits == s.len && digits >= 3 && digits <= 16;
}

static void check_sender(struct conf_reading *r, const struct conf_provider *p,
                         const struct json *v, const char *pointer)
{
    const struct json *sender = json_get(v, "sender");
    char below[FAULT_POINTER_MAX];

    if ((p->type->channels & 1u << CHANNEL_SMS) != 0 && json_type(sender) == JSON_STRING &&
        !conf_sender_valid(json_str(sender)) && !is_number(json_str(sender))) {
        option_pointer(pointer, "sender", below);
        (void)faults_add(r->faults, below, "CFG-214",
                         "gönderici başlığı uygun değil; 3 – 11 karakter: A-Z a-z 0-9 boşluk . * -",
                         "unfit sender title; 3 – 11 characters: A-Z a-z 0-9 blank . * -");
    }
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
    check_sender(r, p, v, pointer);
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

static void add_route(struct conf_reading *r, enum channel channel, const char *name,
                      const char *pointer)
{
    struct conf_route *route = &r->draft->conf.routes[channel];
    const struct conf_provider *p = conf_provider_find(&r->draft->conf, str_of(name));

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
    if (route->count < ROUTE_MAX) {
        route->list[route->count++] = p;
    }
}

void conf_read_routes(struct conf_reading *r)
{
    char pointer[FAULT_POINTER_MAX];

    for (int c = 0; c < CHANNEL_COUNT; c++) {
        const struct option_strings *names = &r->draft->routes[c];

        for (size_t i = 0; i < names->count; i++) {
            (void)snprintf(pointer, sizeof pointer, "/routes/%s/%zu", channel_name((enum channel)c),
                           i);
            add_route(r, (enum channel)c, names->items[i], pointer);
        }
    }
}

static void take_marks(struct conf_reading *r, struct conf_campaign *c,
                       const struct option_ints *marks, const char *pointer)
{
    bool good = marks->count > 0 && marks->count <= CAMPAIGN_MARKS_MAX;
    char below[FAULT_POINTER_MAX];

    for (size_t i = 0; good && i < marks->count; i++) {
        good = marks->items[i] >= 0 && marks->items[i] <= 1095 &&
               (i == 0 || marks->items[i] < marks->items[i - 1]);
        c->rules.marks[i] = (int)marks->items[i];
    }
    c->rules.mark_count = good ? marks->count : 0;
    if (!good && marks->count > 0) {
        option_pointer(pointer, "marks", below);
        (void)faults_add(r->faults, below, "CFG-207",
                         "günler azalan sırada ve 0 – 1095 arasında olmalı, örnek [90, 30, 7]",
                         "days must be descending and within 0 – 1095, such as [90, 30, 7]");
    }
}

static void take_channel(struct conf_reading *r, struct conf_campaign *c, const char *name,
                         const char *pointer)
{
    enum channel channel = channel_parse(str_of(name));
    char quoted[OPTION_QUOTE_MAX + 4];

    option_quote(str_of(name), quoted);
    if (channel == CHANNEL_COUNT) {
        (void)faults_add(r->faults, pointer, "CFG-208",
                         "bilinmeyen kanal \"%s\"; beklenen sms, email",
                         "unknown channel \"%s\"; expected sms, email", quoted);
    } else if (r->draft->routes[channel].count == 0 && !conf_is_faulty(r, "/routes")) {
        (void)faults_add(r->faults, pointer, "CFG-209", "bu kanalın sağlayıcısı yok; routes.%s boş",
                         "no provider for this channel; routes.%s is empty", name);
    } else {
        c->channels |= 1u << channel;
    }
}

/* The channels given; else all that have a provider. */
static void take_channels(struct conf_reading *r, struct conf_campaign *c,
                          const struct conf_raw_campaign *raw, const char *pointer)
{
    char list[FAULT_POINTER_MAX];
    char below[FAULT_POINTER_MAX];
    char index[24];

    option_pointer(pointer, "channels", list);
    for (size_t i = 0; i < raw->channels.count; i++) {
        (void)snprintf(index, sizeof index, "%zu", i);
        option_pointer(list, index, below);
        take_channel(r, c, raw->channels.items[i], below);
    }
    for (int i = 0; i < CHANNEL_COUNT && raw->channels.count == 0; i++) {
        c->channels |= r->draft->routes[i].count > 0 ? 1u << i : 0;
    }
    if (c->channels == 0 && !conf_is_faulty(r, list) && !conf_is_faulty(r, "/routes")) {
        (void)faults_add(r->faults, pointer, "CFG-209",
                         "hiçbir kanalın sağlayıcısı yok; routes boş",
                         "no channel has a provider; routes is empty");
    }
}

static void take_templates(struct conf_reading *r, const struct json *templates,
                           const char *pointer)
{
    char below[FAULT_POINTER_MAX];
    char name[FAULT_POINTER_MAX];
    bool good = templates == NULL || json_type(templates) == JSON_OBJECT;

    option_pointer(pointer, "templates", below);
    if (!good) {
        (void)faults_add(r->faults, below, "CFG-101", "yanlış tür; beklenen nesne: { … }",
                         "wrong type; expected an object: { … }");
    }
    for (const struct json *v = good ? json_first(templates) : NULL; v != NULL; v = json_next(v)) {
        if (!conf_name_valid(json_str(v))) {
            option_pointer(below, json_key(v), name);
            (void)bad_name(r, name);
        }
    }
}

static bool same_name_before(const struct conf *c, const char *name)
{
    for (size_t i = 0; i + 1 < c->campaign_count; i++) {
        if (c->campaigns[i].name != NULL && strcmp(c->campaigns[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_campaign_name(struct conf_reading *r, const char *name, const char *pointer)
{
    char below[FAULT_POINTER_MAX];

    if (name == NULL) {
        return;
    }
    option_pointer(pointer, "name", below);
    if (!conf_name_valid(str_of(name))) {
        (void)bad_name(r, below);
    } else if (same_name_before(&r->draft->conf, name)) {
        (void)faults_add(r->faults, below, "CFG-206", "bu adla başka dizi var: \"%s\"",
                         "another series has this name: \"%s\"", name);
    }
}

static void read_campaign(struct conf_reading *r, struct conf_campaign *c, const struct json *v,
                          const char *pointer)
{
    struct conf_raw_campaign raw = {0};

    option_read_from(&r->source, conf_campaign_table, v, pointer, &raw, r->faults);
    check_campaign_name(r, raw.name, pointer);
    c->name = raw.name;
    raw.name = NULL;
    c->urgency = raw.urgency;
    c->templates = raw.templates;
    c->rules.has_window = r->draft->conf.has_window;
    c->rules.window = r->draft->conf.window;
    take_marks(r, c, &raw.marks, pointer);
    take_channels(r, c, &raw, pointer);
    take_templates(r, raw.templates, pointer);
    option_release(conf_campaign_table, &raw);
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
        read_campaign(r, &c->campaigns[c->campaign_count - 1], v, pointer);
    }
    return true;
}

void conf_release_campaigns(struct conf *conf)
{
    for (size_t i = 0; i < conf->campaign_count; i++) {
        free(conf->campaigns[i].name);
    }
    free(conf->campaigns);
}
