/* Events as they come in: CloudEvents 1.0 structured and binary, and bare facts. */
#include "domain/fact_read.h"
#include "base/civil.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/utf8.h"

#include <stdio.h>

enum { ID_DIGEST_BYTES = 16, HEADER_VALUE_MAX = 1024 };

enum attribute {
    ATTRIBUTE_SPECVERSION,
    ATTRIBUTE_ID,
    ATTRIBUTE_SOURCE,
    ATTRIBUTE_TYPE,
    ATTRIBUTE_SUBJECT,
    ATTRIBUTE_TIME,
    ATTRIBUTE_CONTENTTYPE,
    ATTRIBUTE_SCHEMA, /* informs, nothing to check */
    ATTRIBUTE_COUNT
};

static const char *const attribute_names[ATTRIBUTE_COUNT] = {
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema",
};

static enum attribute find_attribute(struct str name)
{
    enum attribute a = ATTRIBUTE_SPECVERSION;

    while (a < ATTRIBUTE_COUNT && !str_eqs(name, attribute_names[a])) {
        a++;
    }
    return a;
}

static void take_specversion(struct reading *r, struct str s)
{
    if (!str_eqs(s, "1.0")) {
        (void)faults_add(r->faults, reading_at(r, "specversion", NULL), "specversion_unsupported",
                         "CloudEvents sürümü \"1.0\" olmalı.",
                         "The CloudEvents version must be \"1.0\".");
    }
}

static void take_type(struct reading *r, struct str s)
{
    enum event_type type = event_parse(s);
    const char *near;

    if (type < EVENT_TYPE_COUNT) {
        r->fact->type = type;
        r->has_type = true;
    } else if ((near = event_suggest(s)) != NULL) {
        (void)faults_add(r->faults, reading_at(r, "type", NULL), "unknown_type",
                         "Bu olay türü tanınmıyor; \"%s\" mi demek istediniz?",
                         "This type of event is not known; did you mean \"%s\"?", near);
    } else {
        (void)faults_add(r->faults, reading_at(r, "type", NULL), "unknown_type",
                         "Bu olay türü tanınmıyor.", "This type of event is not known.");
    }
}

static void take_time(struct reading *r, struct str s)
{
    if (rfc3339_parse(s, &r->fact->time_ms) != 0 || r->fact->time_ms <= 0) {
        r->fact->time_ms = 0;
        (void)faults_add(r->faults, reading_at(r, "time", NULL), "time_invalid",
                         "Olay zamanı RFC 3339 biçiminde olmalı: \"2026-11-22T06:00:00Z\".",
                         "The time must be RFC 3339: \"2026-11-22T06:00:00Z\".");
    }
}

static void take_content_type(struct reading *r, struct str s)
{
    const char *end = s.len == 0 ? NULL : memchr(s.ptr, ';', s.len);
    struct str media = str_trim((struct str){s.ptr, end == NULL ? s.len : (size_t)(end - s.ptr)});
    struct str tail = media.len < 5 ? media : (struct str){media.ptr + media.len - 5, 5};

    if (!str_ieq(media, STR("application/json")) && !str_ieq(tail, STR("+json"))) {
        (void)faults_add(r->faults, reading_at(r, "datacontenttype", NULL),
                         "datacontenttype_unsupported", "Veri JSON olmalı (application/json).",
                         "The data must be JSON (application/json).");
    }
}

static void take_reference(struct reading *r, const char *name, char *text, struct str s)
{
    const struct reading_target target = {KIND_REF, text, FACT_REF_SIZE};

    reading_go(r, name, NULL);
    reading_text(r, &target, s);
}

static void take_attribute(struct reading *r, enum attribute a, struct str s)
{
    switch (a) {
    case ATTRIBUTE_SPECVERSION:
        take_specversion(r, s);
        break;
    case ATTRIBUTE_ID:
        take_reference(r, "id", r->fact->id, s);
        break;
    case ATTRIBUTE_SOURCE:
        take_reference(r, "source", r->fact->source, s);
        break;
    case ATTRIBUTE_TYPE:
        take_type(r, s);
        break;
    case ATTRIBUTE_SUBJECT:
        take_reference(r, "subject", r->fact->subject, s);
        break;
    case ATTRIBUTE_TIME:
        take_time(r, s);
        break;
    case ATTRIBUTE_CONTENTTYPE:
        take_content_type(r, s);
        break;
    case ATTRIBUTE_SCHEMA:
    case ATTRIBUTE_COUNT:
        break;
    }
}

static bool extension_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!ascii_digit(name.ptr[i]) && (name.ptr[i] < 'a' || name.ptr[i] > 'z')) {
            return false;
        }
    }
    return name.len > 0;
}

/* CloudEvents 1.0 §3: extensions are ignored here, but what is no attribute name is a mistake. */
static void check_extension(struct reading *r, const struct json *v)
{
    const char *key = json_key(v);

    reading_go(r, key, NULL);
    if (strcmp(key, "data_base64") == 0) {
        (void)faults_add(r->faults, reading_here(r), "data_base64_unsupported",
                         "Veri \"data\" altında JSON olarak verilmeli.",
                         "The data must be given as JSON in \"data\".");
    } else if (!extension_name(str_of(key))) {
        reading_unknown(r, str_of(key), attribute_names, ATTRIBUTE_COUNT);
    } else if (json_type(v) == JSON_OBJECT || json_type(v) == JSON_ARRAY) {
        (void)faults_add(r->faults, reading_here(r), "wrong_type",
                         "Bir uzantı metin, sayı ya da mantıksal değer olmalı.",
                         "An extension must be a string, a number or a boolean.");
    }
}

static bool take_json_attribute(struct reading *r, const struct json *v)
{
    enum attribute a = find_attribute(str_of(json_key(v)));
    struct str s;

    if (a == ATTRIBUTE_COUNT) {
        return false;
    }
    reading_go(r, json_key(v), NULL);
    if (reading_string(r, v, &s) && s.len > 0) {
        take_attribute(r, a, s);
    }
    return true;
}

static void read_structured(struct reading *r, const struct json *event)
{
    r->attributes = true;
    for (const struct json *v = json_first(event); v != NULL; v = json_next(v)) {
        if (strcmp(json_key(v), "data") == 0) {
            reading_data(r, v);
        } else if (!take_json_attribute(r, v)) {
            check_extension(r, v);
        }
    }
    if (json_get(event, "data") == NULL) {
        reading_data(r, NULL);
    }
}

static void read_bare(struct reading *r, const struct json *event)
{
    static const char *const names[] = {"type",        "id",     "source",      "subject", "time",
                                        "certificate", "holder", "institution", "eonay"};

    r->has_data = true;
    for (const struct json *v = json_first(event); v != NULL; v = json_next(v)) {
        enum attribute a = find_attribute(str_of(json_key(v)));

        if (a >= ATTRIBUTE_ID && a <= ATTRIBUTE_TIME) {
            (void)take_json_attribute(r, v);
        } else if (!reading_data_member(r, v)) {
            reading_go(r, json_key(v), NULL);
            reading_unknown(r, str_of(json_key(v)), names, sizeof names / sizeof names[0]);
        }
    }
}

static void require(struct reading *r, const char *name, bool given)
{
    if (!given) {
        (void)faults_add(r->faults, reading_at(r, name, NULL), "attribute_missing",
                         "\"%s\" gerekli.", "\"%s\" is required.", name);
    }
}

/* Content speaks for itself: the same bare fact twice is one event. */
static void derive_id(struct fact *f)
{
    unsigned char digest[SHA256_SIZE];
    struct buf text;

    buf_init(&text, FACT_CANONICAL_MAX);
    if (fact_canonical(f, &text) == 0) {
        fact_digest((struct str){text.data, text.len}, digest);
        buf_reset(&text);
        (void)buf_adds(&text, "sha256-");
        if (codec_hex(&text, digest, ID_DIGEST_BYTES) == 0) {
            (void)str_copy(f->id, sizeof f->id, (struct str){text.data, text.len});
        }
    }
    buf_finish(&text);
}

static int complete(struct reading *r)
{
    reading_complete(r);
    return r->faults->errors == r->errors ? 0 : ERR_INVALID;
}

static void begin(struct reading *r, struct fact *fact, const struct fact_origin *origin,
                  struct faults *faults)
{
    r->fact = fact;
    r->origin = origin;
    r->faults = faults;
    r->attributes = false;
    r->has_data = false;
    r->has_type = false;
    r->has_end = false;
    r->errors = faults->errors;
    r->holder_name[0] = '\0';
    fact_reset(fact);
}

static int finish_bare(struct reading *r, const struct json *event)
{
    struct fact *f = r->fact;

    require(r, "type", json_get(event, "type") != NULL);
    if (f->source[0] == '\0' && json_get(event, "source") == NULL && r->origin->source != NULL) {
        (void)str_copy(f->source, sizeof f->source, str_of(r->origin->source));
    }
    require(r, "source", f->source[0] != '\0' || json_get(event, "source") != NULL);
    if (complete(r) != 0) {
        return ERR_INVALID;
    }
    if (f->id[0] == '\0') {
        derive_id(f);
    }
    return f->id[0] == '\0' ? ERR_NOMEM : 0;
}

int fact_from_json(const struct json *event, enum fact_form form, const struct fact_origin *origin,
                   struct fact *ret, struct faults *faults)
{
    struct reading r;

    begin(&r, ret, origin, faults);
    if (json_type(event) != JSON_OBJECT) {
        (void)faults_add(faults, reading_at(&r, NULL, NULL), "not_an_event",
                         "Bir olay, JSON nesnesi ({…}) olmalı.", "An event is a JSON object.");
        return ERR_INVALID;
    }
    if (form == FACT_BARE || (form == FACT_ANY && json_get(event, "specversion") == NULL)) {
        read_bare(&r, event);
        return finish_bare(&r, event);
    }
    read_structured(&r, event);
    for (enum attribute a = ATTRIBUTE_SPECVERSION; a <= ATTRIBUTE_TYPE; a++) {
        require(&r, attribute_names[a], json_str(json_get(event, attribute_names[a])).len > 0);
    }
    return complete(&r);
}

/* A quoted string loses its quotes and backslashes; anything else stays as it is. */
static void unquote(struct str s, struct buf *out)
{
    if (s.len < 2 || s.ptr[0] != '"' || s.ptr[s.len - 1] != '"') {
        (void)buf_add(out, s.ptr, s.len);
        return;
    }
    for (size_t i = 1; i + 1 < s.len; i++) {
        if (s.ptr[i] == '\\' && i + 2 < s.len) {
            i++;
        }
        (void)buf_addc(out, s.ptr[i]);
    }
}

/* HTTP protocol binding §3.1.3.2: quotes, one round of percent-decoding, then strict UTF-8. */
static bool decode_header(struct str value, struct buf *out)
{
    struct buf plain;
    bool ok;

    buf_init(&plain, HEADER_VALUE_MAX);
    buf_reset(out);
    unquote(str_trim(value), &plain);
    ok = buf_failed(&plain) == 0 &&
         codec_percent_decode(out, (struct str){plain.data, plain.len}) == 0 &&
         utf8_valid((struct str){out->data, out->len});
    buf_finish(&plain);
    return ok;
}

static void lower_name(struct str name, char out[FACT_WORD_SIZE])
{
    size_t n = name.len < FACT_WORD_SIZE ? name.len : FACT_WORD_SIZE - 1;

    for (size_t i = 0; i < n; i++) {
        out[i] = ascii_lower(name.ptr[i]);
    }
    out[n] = '\0';
}

/* Returns the attribute's bit when it is one of the known ones. */
static unsigned take_header(struct reading *r, struct str name, struct str value, unsigned seen,
                            struct buf *scratch)
{
    char key[FACT_WORD_SIZE];
    enum attribute a;

    lower_name(name, key);
    a = find_attribute(str_of(key));
    if (a == ATTRIBUTE_COUNT || a == ATTRIBUTE_SCHEMA) {
        return 0;
    }
    if (a == ATTRIBUTE_CONTENTTYPE || (seen & 1u << a) != 0) {
        (void)faults_add(r->faults, reading_at(r, key, NULL), "attribute_refused",
                         "Bu başlık burada bulunamaz ya da iki kez verilmiş.",
                         "This header may not stand here, or stands here twice.");
    } else if (!decode_header(value, scratch)) {
        (void)faults_add(r->faults, reading_at(r, key, NULL), "attribute_encoding",
                         "Başlık değeri doğru kodlanmamış (yüzde kodlaması, UTF-8).",
                         "The header is not properly encoded (percent-encoding, UTF-8).");
    } else if (scratch->len > 0) {
        take_attribute(r, a, (struct str){scratch->data, scratch->len});
    }
    return 1u << a;
}

int fact_from_binary(const struct fact_header *headers, size_t count, const struct json *data,
                     const struct fact_origin *origin, struct fact *ret, struct faults *faults)
{
    struct reading r;
    struct buf scratch;
    unsigned seen = 0;

    begin(&r, ret, origin, faults);
    r.attributes = true;
    buf_init(&scratch, HEADER_VALUE_MAX);
    for (size_t i = 0; i < count; i++) {
        struct str name = headers[i].name;

        if (name.len > 3 && str_ieq((struct str){name.ptr, 3}, STR("ce-"))) {
            name = (struct str){name.ptr + 3, name.len - 3};
            seen |= take_header(&r, name, headers[i].value, seen, &scratch);
        }
    }
    buf_finish(&scratch);
    for (enum attribute a = ATTRIBUTE_SPECVERSION; a <= ATTRIBUTE_TYPE; a++) {
        require(&r, attribute_names[a], (seen & 1u << a) != 0);
    }
    reading_data(&r, data);
    return complete(&r);
}

static const struct fact_field *field_of(const char *group, const char *key)
{
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        for (const struct fact_field *f = fact_groups[g].list; f->key != NULL; f++) {
            if (strcmp(fact_groups[g].key, group) == 0 && strcmp(f->key, key) == 0) {
                return f;
            }
        }
    }
    return NULL;
}

int fact_put(struct fact *f, const char *group, const char *key, struct str s,
             const struct fact_origin *origin, struct faults *faults)
{
    struct reading r = {.fact = f, .origin = origin, .faults = faults, .errors = faults->errors};
    const struct fact_field *field = field_of(group, key);

    if (field == NULL) {
        return ERR_INVALID;
    }
    const struct reading_target target = {field->kind, fact_text(f, field), field->size};

    reading_go(&r, group, key);
    reading_text(&r, &target, s);
    return faults->errors == r.errors ? 0 : ERR_INVALID;
}
