#include "base/codec.h"
#include "base/crypto.h"
#include "loop/address.h"
#include "providers/http_sms_parts.h"

#include <stdlib.h>
#include <unistd.h>

/* A secret of fewer bytes is found in too many words to be covered there. */
enum { SECRET_MIN = 4, SECRET_ENCODED_MAX = 4096, SENDER_MAX = 16, HOST_MAX = 255 };

#define FAULT(f, pointer, key, code, tr, en, ...)                                                  \
    faults_add((f), at_key((char[FAULT_POINTER_MAX]){0}, (pointer), (key)), (code), tr, en,        \
               __VA_ARGS__)

#define AT(member) .offset = offsetof(struct http_sms_settings, member)

const struct option http_sms_options[] = {
    {.key = "recipe",
     .type = OPTION_STRING,
     AT(recipe),
     .required = true,
     .min = 1,
     .max = 500,
     .tr = "Sağlayıcının tarifi: adı ya da dosyası",
     .en = "The vendor's recipe: its name or file"},
    {.key = "user",
     .type = OPTION_STRING,
     AT(user),
     .min = 1,
     .max = 200,
     .tr = "Kullanıcı adı",
     .en = "User name"},
    {.key = "password", .type = OPTION_SECRET, AT(password), .tr = "Parola", .en = "Password"},
    {.key = "sender",
     .type = OPTION_STRING,
     AT(sender),
     .min = 3,
     .max = SENDER_MAX,
     .tr = "Gönderici başlığı",
     .en = "Sender title"},
    {.key = "base_url",
     .type = OPTION_URL,
     AT(base_url),
     .tr = "Tarifteki adresin yerine",
     .en = "In place of the recipe's address"},
    {.key = "ca_file",
     .type = OPTION_PATH,
     AT(ca_file),
     .min = 1,
     .max = 1000,
     .tr = "Güvenilen kök sertifikalar (PEM); yoksa sistemdekiler",
     .en = "Trusted root certificates (PEM); the system's when absent"},
    {.key = "parameters",
     .type = OPTION_RAW,
     AT(parameters),
     .tr = "Tarifin parametrelerinin yerine konacak değerler",
     .en = "Values in place of the recipe's parameters"},
    {.key = "allow_private",
     .type = OPTION_BOOL,
     AT(allow_private),
     .fallback = "false",
     .tr = "Sağlayıcı kurum ağında olabilir",
     .en = "The vendor may be on a private network"},
    {.key = "report_secret",
     .type = OPTION_SECRET,
     AT(report_secret),
     .tr = "Gelen raporların taşıması gereken sır (A-Z a-z 0-9 _ -)",
     .en = "Secret that incoming reports must carry (A-Z a-z 0-9 _ -)"},
    {.key = "timeout",
     .type = OPTION_DURATION,
     AT(timeout_ms),
     .fallback = "\"30s\"",
     .min = 100,
     .max = 120000,
     .tr = "Bir isteğin en uzun süresi",
     .en = "Longest time of one request"},
    {.key = NULL}};

static const char *at_key(char *at, const char *pointer, const char *key)
{
    option_pointer(pointer, key, at);
    return at;
}

/* As the operators take it: 3 to 11 of A-Z a-z 0-9 . * - and blank. */
static bool is_title(struct str s)
{
    if (s.len < 3 || s.len > 11 || !ascii_alnum(s.ptr[0]) || !ascii_alnum(s.ptr[s.len - 1])) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_alnum(s.ptr[i]) && strchr(" .*-", s.ptr[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* Some operators show a number instead of a title. */
static bool is_number(struct str s)
{
    size_t digits = 0;

    while (digits < s.len && ascii_digit(s.ptr[digits])) {
        digits++;
    }
    return digits == s.len && digits >= 3 && digits <= SENDER_MAX;
}

static bool secret_is_valid(const char *secret)
{
    for (const char *c = secret == NULL ? "" : secret; *c != '\0'; c++) {
        if (!ascii_alnum(*c) && *c != '_' && *c != '-') {
            return false;
        }
    }
    return true;
}

static bool is_http_elsewhere(const char *url)
{
    char name[HOST_MAX + 1];
    const char *host;
    size_t length;

    if (!str_starts(str_of(url), "http://")) {
        return false;
    }
    host = url + strlen("http://");
    length =
        host[0] == '[' && strchr(host, ']') != NULL ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    return str_copy(name, sizeof name, (struct str){host, length}) != 0 ||
           !address_is_loopback_host(name);
}

static void check_reach(const struct http_sms_settings *s, const char *pointer, struct faults *f)
{
    if (s->base_url != NULL && strpbrk(s->base_url, "?#") != NULL) {
        FAULT(f, pointer, "base_url", "SMS-006", "\"%s\": ? ve # yazılmaz; yolu tarif ekler.",
              "\"%s\": no ? and no #; the recipe adds the path", s->base_url);
    } else if (s->base_url != NULL && is_http_elsewhere(s->base_url)) {
        FAULT(f, pointer, "base_url", "SMS-006",
              "%s: şifresiz http yalnız bu makineye olur; https yazın.",
              "%s: plain http is for this machine only; write https", s->base_url);
    }
    if (s->ca_file != NULL && access(s->ca_file, F_OK) != 0) {
        fault_warning(f, FAULT(f, pointer, "ca_file", "SMS-007", "%s: böyle bir dosya yok.",
                               "%s: no such file", s->ca_file));
    }
}

void http_sms_check(const void *settings, const char *pointer, struct faults *faults)
{
    const struct http_sms_settings *s = settings;

    if (s->sender != NULL && !is_title(str_of(s->sender)) && !is_number(str_of(s->sender))) {
        FAULT(faults, pointer, "sender", "SMS-001",
              "\"%s\" gönderici başlığı olamaz: A-Z a-z 0-9 . * - ve boşluktan 3–11 karakter, başı "
              "ve sonu harf ya da rakam; ya da 16 rakama kadar bir numara",
              "\"%s\" is no sender title: 3 to 11 of A-Z a-z 0-9 . * - and blank, beginning and "
              "ending with a letter or digit; or a number of up to 16 digits",
              s->sender);
    }
    if (!secret_is_valid(s->report_secret.value)) {
        FAULT(faults, pointer, "report_secret", "SMS-002",
              "%s yalnız A-Z a-z 0-9 _ - içerebilir: başka karakterleri sağlayıcılar adreste "
              "değiştirir",
              "%s may hold A-Z a-z 0-9 _ and - only: vendors expand other characters in addresses",
              "report_secret");
    }
    check_reach(s, pointer, faults);
}

/* ---- what the recipe asks for ---- */

static void need(bool there, const struct recipe *r, const char *key, const char *pointer,
                 struct faults *f)
{
    if (!there) {
        FAULT(f, pointer, key, "SMS-003", "%s tarifi \"%s\" ayarını ister.",
              "recipe %s needs the setting \"%s\"", r->name, key);
    }
}

static void check_parameter(const struct recipe *r, const struct json *v, const char *pointer,
                            struct faults *f)
{
    char below[FAULT_POINTER_MAX];

    option_pointer(pointer, json_key(v), below);
    if (json_get(r->parameters, json_key(v)) == NULL) {
        (void)faults_add(f, below, "SMS-004", "%s tarifinin \"%s\" adında bir parametresi yok.",
                         "recipe %s has no parameter \"%s\"", r->name, json_key(v));
    } else if (json_type(v) != JSON_STRING) {
        (void)faults_add(f, below, "SMS-005",
                         "%s tarifinin \"%s\" parametresi metindir: tırnak içinde yazın.",
                         "the parameter \"%2$s\" of recipe %1$s is text: put it in quotes", r->name,
                         json_key(v));
    }
}

static void check_against(const struct http_sms_settings *s, const struct recipe *r,
                          const char *pointer, struct faults *f)
{
    const bool basic = r->send.auth == AUTH_BASIC;
    char below[FAULT_POINTER_MAX];

    need(s->user != NULL || !(basic || recipe_request_uses(&r->send, VALUE_USER)), r, "user",
         pointer, f);
    need(s->password.given || s->password.value != NULL ||
             !(basic || recipe_request_uses(&r->send, VALUE_PASSWORD)),
         r, "password", pointer, f);
    need(s->sender != NULL || !recipe_request_uses(&r->send, VALUE_SENDER), r, "sender", pointer,
         f);
    option_pointer(pointer, "parameters", below);
    if (s->parameters != NULL && json_type(s->parameters) != JSON_OBJECT) {
        (void)faults_add(f, below, "SMS-005", "nesne olmalı: { \"%s\": \"…\" }",
                         "has to be an object: { \"%s\": \"…\" }", "ad");
        return;
    }
    for (const struct json *v = json_first(s->parameters); v != NULL; v = json_next(v)) {
        check_parameter(r, v, below, f);
    }
}

int http_sms_read_recipe(const char *recipes, const struct http_sms_settings *settings,
                         const char *pointer, struct recipe **ret, struct faults *faults,
                         struct err *e)
{
    const size_t errors = faults->errors;
    struct buf path;
    int code;

    *ret = NULL;
    buf_init(&path, 4096);
    code = recipe_path(recipes, settings->recipe, &path, e);
    code = code != 0 ? code : recipe_load(buf_cstr(&path), ret, faults, e);
    if (code == 0) {
        check_against(settings, *ret, pointer, faults);
        code = faults->errors == errors ? 0 : err_set(e, ERR_INVALID, "the settings do not fit");
    }
    buf_finish(&path);
    return code;
}

void http_sms_forget_secrets(struct provider *p)
{
    for (size_t i = 0; i < SECRETS_MAX; i++) {
        if (p->encoded[i] != NULL) {
            crypto_wipe(p->encoded[i], strlen(p->encoded[i]));
            free(p->encoded[i]);
        }
    }
}

/* A form of a secret that is ours; buf is finished. */
static void remember_form(struct provider *p, struct buf *form)
{
    char *text = buf_steal(form, NULL);

    buf_finish(form);
    if (text != NULL) {
        p->encoded[p->secret_count] = text;
        p->secrets[p->secret_count++] = str_of(text);
    }
}

/* A secret in both forms in which a vendor could repeat it. */
static void remember_secret(struct provider *p, const char *secret)
{
    struct str plain = str_of(secret);
    struct buf encoded;

    if (plain.len < SECRET_MIN) {
        return;
    }
    p->secrets[p->secret_count++] = plain;
    buf_init(&encoded, SECRET_ENCODED_MAX);
    codec_percent(&encoded, plain);
    remember_form(p, &encoded);
}

/* What stands in the header Authorization (RFC 7617 §2): error pages like to show headers. */
static void remember_login(struct provider *p)
{
    struct buf plain;
    struct buf encoded;

    buf_init(&plain, SECRET_ENCODED_MAX);
    buf_init(&encoded, 2 * SECRET_ENCODED_MAX);
    buf_addf(&plain, "%s:%s", p->settings->user, p->settings->password.value);
    codec_base64(&encoded, plain.data, plain.len);
    remember_form(p, &encoded);
    crypto_finish_buf(&plain);
}

void http_sms_remember_secrets(struct provider *p)
{
    remember_secret(p, p->settings->password.value);
    remember_secret(p, p->settings->report_secret.value);
    if (p->recipe->send.auth == AUTH_BASIC) {
        remember_login(p);
    }
}
