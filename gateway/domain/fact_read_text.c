/* Single texts of a fact: length, characters, and what each kind asks for beyond that. */
#include "base/utf8.h"
#include "domain/email.h"
#include "domain/fact_read.h"
#include "domain/phone.h"
#include "domain/tckn.h"

#include <stdio.h>

enum { POINTER_KEY_MAX = 60, NAME_CHARACTERS_MAX = 100 };

/* Keys are told back to the sender and may be logged. */
static struct str without_identity(struct str key)
{
    size_t at;

    return tckn_find(key, &at) ? STR("***********") : key;
}

/* Appends "/key" with the escapes of RFC 6901, cut at a character when it is absurdly long. */
static void append_key(char *pointer, struct str key)
{
    size_t at = strlen(pointer);
    size_t used = 0;

    key = without_identity(key);
    pointer[at++] = '/';
    while (key.len > 0 && used < POINTER_KEY_MAX && at + 8 < FAULT_POINTER_MAX) {
        uint32_t cp;
        size_t n = utf8_decode(key, &cp);

        if (n == 0) {
            break;
        }
        if (cp == '~' || cp == '/') {
            pointer[at++] = '~';
            pointer[at++] = cp == '~' ? '0' : '1';
        } else if (cp >= ' ') {
            memcpy(pointer + at, key.ptr, n);
            at += n;
        }
        used += n;
        key = (struct str){key.ptr + n, key.len - n};
    }
    pointer[at] = '\0';
}

void reading_go(struct reading *r, const char *group, const char *key)
{
    r->place[0] = NULL;
    r->place[1] = group;
    r->place[2] = key;
}

void reading_go_data(struct reading *r, const char *group, const char *key)
{
    reading_go(r, group, key);
    r->place[0] = r->attributes ? "data" : NULL;
}

const char *reading_here(struct reading *r)
{
    const char *begin = r->origin->pointer == NULL ? "" : r->origin->pointer;

    (void)snprintf(r->pointer, sizeof r->pointer / 2, "%s", begin);
    for (size_t i = 0; i < sizeof r->place / sizeof r->place[0]; i++) {
        if (r->place[i] != NULL) {
            append_key(r->pointer, str_of(r->place[i]));
        }
    }
    return r->pointer;
}

const char *reading_at(struct reading *r, const char *group, const char *key)
{
    reading_go(r, group, key);
    return reading_here(r);
}

const char *reading_data_at(struct reading *r, const char *group, const char *key)
{
    reading_go_data(r, group, key);
    return reading_here(r);
}

void reading_unknown(struct reading *r, struct str key, const char *const *names, size_t count)
{
    const char *near = str_nearest(key, names, count);

    if (near != NULL) {
        (void)faults_add(r->faults, reading_here(r), "unknown_key",
                         "Bu alan tanınmıyor; \"%s\" mi demek istediniz?",
                         "This member is not known; did you mean \"%s\"?", near);
    } else {
        (void)faults_add(r->faults, reading_here(r), "unknown_key", "Bu alan tanınmıyor.",
                         "This member is not known.");
    }
}

bool reading_string(struct reading *r, const struct json *v, struct str *ret)
{
    if (json_type(v) == JSON_NULL) {
        return false;
    }
    if (json_type(v) != JSON_STRING) {
        (void)faults_add(r->faults, reading_here(r), "wrong_type",
                         "Burada tırnak içinde bir metin olmalı.", "This must be a string.");
        return false;
    }
    *ret = str_trim(json_str(v));
    return true;
}

/* The bounds every text has. */
static bool fits(struct reading *r, const struct reading_target *t, struct str s)
{
    bool name = t->kind == KIND_NAME;
    size_t limit = name ? NAME_CHARACTERS_MAX : t->size - 1;
    size_t length = s.len;

    if (!utf8_clean_line(s)) {
        (void)faults_add(r->faults, reading_here(r), "bad_text",
                         "Metin satır sonu veya denetim karakteri içeremez.",
                         "The text may not hold line ends or control characters.");
        return false;
    }
    if (name) {
        length = utf8_count(s);
    }
    if (length > limit) {
        (void)faults_add(r->faults, reading_here(r), "too_long",
                         "Bu alan en çok %zu uzunlukta olabilir; verilen %zu.",
                         "This member may be %zu long at most; it is %zu.", limit, length);
        return false;
    }
    return true;
}

static bool holds_identity(struct reading *r, struct str s)
{
    size_t at;

    if (s.len < TCKN_DIGITS || !tckn_find(s, &at)) {
        return false;
    }
    (void)faults_add(r->faults, reading_here(r), "tckn_refused", "%s%.0s", "%.0s%s",
                     tckn_advice(true), tckn_advice(false));
    return true;
}

/* A reference that may hold an identity number, and then keeps its hash. */
static void take_reference(struct reading *r, const struct reading_target *t, struct str s)
{
    struct buf hidden;
    size_t at;

    if (r->origin->identity_key.len == 0 || !tckn_find(s, &at)) {
        if (fits(r, t, s) && !holds_identity(r, s)) {
            (void)str_copy(t->text, t->size, s);
        }
        return;
    }
    buf_init(&hidden, FACT_CANONICAL_MAX);
    if (tckn_hide(s, r->origin->identity_key, &hidden) == 0) {
        s = (struct str){hidden.data, hidden.len};
    }
    if (fits(r, t, s) && !holds_identity(r, s)) {
        (void)str_copy(t->text, t->size, s);
    }
    buf_finish(&hidden);
}

static void take_phone(struct reading *r, const struct reading_target *t, struct str s)
{
    struct phone phone;
    char code[32];
    char tr[FAULT_TEXT_MAX];
    char en[FAULT_TEXT_MAX];
    bool ok = phone_parse(s, &phone) == PHONE_OK;

    if (ok) {
        (void)str_copy(t->text, t->size, str_of(phone.e164));
    }
    if (ok && phone.known_prefix) {
        return;
    }
    (void)snprintf(code, sizeof code, "phone_%s",
                   ok ? "unknown_prefix" : phone_reason_name(phone.reason));
    phone_explain(&phone, true, tr, sizeof tr);
    phone_explain(&phone, false, en, sizeof en);
    struct fault *fault = faults_add(r->faults, reading_here(r), code, "%s%.0s", "%.0s%s", tr, en);

    if (ok) {
        fault_warning(r->faults, fault);
    }
}

static void take_email(struct reading *r, const struct reading_target *t, struct str s)
{
    struct email email;
    char code[32];

    if (holds_identity(r, s)) {
        return;
    }
    if (email_parse(s, &email) == EMAIL_OK) {
        (void)str_copy(t->text, t->size, str_of(email.address));
        return;
    }
    (void)snprintf(code, sizeof code, "email_%s", email_reason_name(email.reason));
    (void)faults_add(r->faults, reading_here(r), code, "%s%.0s", "%.0s%s",
                     email_reason_sentence(email.reason, true),
                     email_reason_sentence(email.reason, false));
}

static void take_lang(struct reading *r, const struct reading_target *t, struct str s)
{
    bool ok = s.len == 2 || (s.len == 5 && s.ptr[2] == '-');

    for (size_t i = 0; ok && i < s.len; i++) {
        ok = i == 2 || ascii_alpha(s.ptr[i]);
    }
    if (!ok) {
        (void)faults_add(r->faults, reading_here(r), "lang_invalid",
                         "Dil kodu \"tr\" ya da \"en\" gibi olmalı.",
                         "The language must look like \"tr\" or \"en\".");
        return;
    }
    t->text[0] = ascii_lower(s.ptr[0]);
    t->text[1] = ascii_lower(s.ptr[1]);
    t->text[2] = '\0';
}

void reading_text(struct reading *r, const struct reading_target *t, struct str s)
{
    if (s.len == 0) {
        return;
    }
    if (t->text[0] != '\0') {
        (void)faults_add(r->faults, reading_here(r), "given_twice",
                         "Bu bilgi iki ayrı alanda verilmiş.", "This is given in two members.");
    } else if (t->kind == KIND_PHONE) {
        take_phone(r, t, s);
    } else if (t->kind == KIND_REF) {
        take_reference(r, t, s);
    } else if (t->kind == KIND_EMAIL) {
        take_email(r, t, s);
    } else if (t->kind == KIND_LANG) {
        take_lang(r, t, s);
    } else if (fits(r, t, s) && !holds_identity(r, s)) {
        (void)str_copy(t->text, t->size, s);
    }
}
