#include "base/codec.h"
#include "base/crypto.h"
#include "providers/http_sms_parts.h"

#include <stdlib.h>

/* A secret of fewer bytes is found in too many words to be covered there. */
enum { SECRET_MIN = 4, SECRET_ENCODED_MAX = 4096 };

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
     .max = 16,
     .tr = "Gönderici başlığı",
     .en = "Sender title"},
    {.key = "base_url",
     .type = OPTION_STRING,
     AT(base_url),
     .min = 8,
     .max = 500,
     .tr = "Tarifteki adresin yerine",
     .en = "In place of the recipe's address"},
    {.key = "ca_file",
     .type = OPTION_STRING,
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

/* As the operators take it: 3 to 11 of A-Z a-z 0-9 . * - and blank. */
static bool sender_is_valid(struct str s)
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

static bool secret_is_valid(const char *secret)
{
    for (const char *c = secret == NULL ? "" : secret; *c != '\0'; c++) {
        if (!ascii_alnum(*c) && *c != '_' && *c != '-') {
            return false;
        }
    }
    return true;
}

void http_sms_check(const void *settings, const char *pointer, struct faults *faults)
{
    const struct http_sms_settings *s = settings;
    char below[FAULT_POINTER_MAX];

    if (s->sender != NULL && !sender_is_valid(str_of(s->sender))) {
        option_pointer(pointer, "sender", below);
        (void)faults_add(faults, below, "SMS-001",
                         "\"%s\" gönderici başlığı olamaz: A-Z a-z 0-9 . * - ve boşluktan 3–11 "
                         "karakter, başı ve sonu harf ya da rakam",
                         "\"%s\" is no sender title: 3 to 11 of A-Z a-z 0-9 . * - and blank, "
                         "beginning and ending with a letter or digit",
                         s->sender);
    }
    if (!secret_is_valid(s->report_secret.value)) {
        option_pointer(pointer, "report_secret", below);
        (void)faults_add(faults, below, "SMS-002",
                         "report_secret yalnız A-Z a-z 0-9 _ - içerebilir: başka karakterleri "
                         "sağlayıcılar adreste değiştirir",
                         "report_secret may hold A-Z a-z 0-9 _ and - only: vendors expand other "
                         "characters in addresses");
    }
}

/* What needs no recipe, as create() refuses it. */
static int check_plain(const struct http_sms_settings *s, struct err *e)
{
    struct faults faults;
    int code = 0;

    faults_init(&faults);
    http_sms_check(s, "", &faults);
    if (faults.count > 0) {
        code = err_set(e, ERR_INVALID, "%s", faults.list[0].en);
    }
    faults_finish(&faults);
    return code;
}

static int check_parameters(const struct provider *p, struct err *e)
{
    const struct recipe *r = p->recipe;

    for (const struct json *v = json_first(p->settings->parameters); v != NULL; v = json_next(v)) {
        if (json_type(v) != JSON_STRING || json_key(v) == NULL ||
            json_get(r->parameters, json_key(v)) == NULL) {
            return err_set(e, ERR_INVALID, "recipe %s has no text parameter \"%s\"", r->name,
                           json_key(v) == NULL ? "" : json_key(v));
        }
    }
    return 0;
}

int http_sms_check_settings(const struct provider *p, struct err *e)
{
    const struct http_sms_settings *s = p->settings;
    const struct recipe *r = p->recipe;
    bool basic = r->send.auth == AUTH_BASIC;

    if (s->user == NULL && (basic || recipe_request_uses(&r->send, VALUE_USER))) {
        return err_set(e, ERR_INVALID, "recipe %s needs the setting \"user\"", r->name);
    }
    if (s->password.value == NULL && (basic || recipe_request_uses(&r->send, VALUE_PASSWORD))) {
        return err_set(e, ERR_INVALID, "recipe %s needs the setting \"password\"", r->name);
    }
    if (s->sender == NULL && recipe_request_uses(&r->send, VALUE_SENDER)) {
        return err_set(e, ERR_INVALID, "recipe %s needs the setting \"sender\"", r->name);
    }
    return check_parameters(p, e) != 0 ? ERR_INVALID : check_plain(s, e);
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
