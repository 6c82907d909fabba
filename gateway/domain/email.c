#include "domain/email.h"
#include "base/utf8.h"
#include <idn2.h>

enum { DOMAIN_INPUT_MAX = 1024, LABEL_MAX = 63 };

static const struct {
    const char *name;
    const char *en;
    const char *tr;
} reasons[EMAIL_REASON_COUNT] = {
    [EMAIL_OK] = {"ok", "", ""},
    [EMAIL_EMPTY] = {"empty", "The e-mail address is empty.", "E-posta adresi boş."},
    [EMAIL_TOO_LONG] = {"too_long", "The e-mail address is longer than 254 characters.",
                        "E-posta adresi 254 karakterden uzun."},
    [EMAIL_NO_AT] = {"no_at", "The e-mail address has no @ sign.",
                     "E-posta adresinde @ işareti yok."},
    [EMAIL_MANY_AT] = {"many_at", "The e-mail address has more than one @ sign; give one address.",
                       "E-posta adresinde birden fazla @ var; tek adres yazın."},
    [EMAIL_CONTROL] = {"control", "The e-mail address holds a control character or broken text.",
                       "E-posta adresinde denetim karakteri veya bozuk metin var."},
    [EMAIL_NAMED] = {"named", "A name stands around the e-mail address; give the address alone.",
                     "E-posta adresinin yanında ad var; yalnız adresi yazın."},
    [EMAIL_LOCAL_EMPTY] = {"local_empty", "There is nothing before the @ sign.",
                           "@ işaretinden önce bir şey yok."},
    [EMAIL_LOCAL_LONG] = {"local_long", "The part before @ is longer than 64 characters.",
                          "@ işaretinden önceki bölüm 64 karakterden uzun."},
    [EMAIL_LOCAL_DOT] = {"local_dot",
                         "The part before @ begins or ends with a dot, or has two in a row.",
                         "@ işaretinden önceki bölüm noktayla başlıyor, bitiyor veya iki nokta "
                         "yan yana."},
    [EMAIL_LOCAL_QUOTED] = {"local_quoted", "Quoted e-mail addresses are not supported.",
                            "Tırnaklı e-posta adresleri desteklenmiyor."},
    [EMAIL_LOCAL_UNICODE] = {"local_unicode",
                             "The part before @ holds a letter that mail servers do not accept "
                             "(such as ç, ğ, ı, ö, ş, ü); it must be in plain Latin letters.",
                             "@ işaretinden önceki bölümde posta sunucularının kabul etmediği bir "
                             "harf var (ç, ğ, ı, ö, ş, ü gibi); yalın Latin harfleri gerekir."},
    [EMAIL_LOCAL_CHAR] = {"local_char", "The part before @ holds a character that is not allowed.",
                          "@ işaretinden önceki bölümde izin verilmeyen bir karakter var."},
    [EMAIL_DOMAIN_EMPTY] = {"domain_empty", "There is no domain after the @ sign.",
                            "@ işaretinden sonra alan adı yok."},
    [EMAIL_DOMAIN_LITERAL] = {"domain_literal", "An IP address is no domain for people's mail.",
                              "Alan adı yerine IP adresi kullanılamaz."},
    [EMAIL_DOMAIN_DOT] = {"domain_dot",
                          "The domain begins or ends with a dot, or has two in a row.",
                          "Alan adı noktayla başlıyor, bitiyor veya iki nokta yan yana."},
    [EMAIL_DOMAIN_LABEL] = {"domain_label",
                            "The domain may hold letters, digits and inner hyphens only, 63 "
                            "characters between dots.",
                            "Alan adında yalnız harf, rakam ve arada kısa çizgi olabilir; noktalar "
                            "arası en çok 63 karakter."},
    [EMAIL_DOMAIN_SINGLE] = {"domain_single", "The domain is incomplete (example: ornek.gov.tr).",
                             "Alan adı eksik (örnek: ornek.gov.tr)."},
    [EMAIL_DOMAIN_IDNA] = {"domain_idna", "The international domain name is not valid (IDNA).",
                           "Uluslararası alan adı geçersiz (IDNA)."},
};

static bool is_atext(char c)
{
    return ascii_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* Dots stand between characters only. */
static bool dots_are_inside(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.' && (i == 0 || i + 1 == s.len || s.ptr[i + 1] == '.')) {
            return false;
        }
    }
    return true;
}

static enum email_reason check_local(struct str local)
{
    if (local.len == 0) {
        return EMAIL_LOCAL_EMPTY;
    }
    if (local.ptr[0] == '"') {
        return EMAIL_LOCAL_QUOTED;
    }
    if (!is_ascii(local)) {
        return EMAIL_LOCAL_UNICODE;
    }
    for (size_t i = 0; i < local.len; i++) {
        if (!is_atext(local.ptr[i]) && local.ptr[i] != '.') {
            return EMAIL_LOCAL_CHAR;
        }
    }
    if (local.len > EMAIL_LOCAL_MAX) {
        return EMAIL_LOCAL_LONG;
    }
    return dots_are_inside(local) ? EMAIL_OK : EMAIL_LOCAL_DOT;
}

static bool label_ok(struct str label)
{
    if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' ||
        label.ptr[label.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.len; i++) {
        if (!ascii_alnum(label.ptr[i]) && label.ptr[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool all_digits(struct str label)
{
    for (size_t i = 0; i < label.len; i++) {
        if (!ascii_digit(label.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* An ASCII domain: RFC 1123 labels, two at least, the last not a number. */
static enum email_reason check_labels(struct str domain)
{
    size_t labels = 0;
    struct str label = {NULL, 0};

    for (size_t at = 0; at < domain.len; at += label.len + 1, labels++) {
        const char *dot = memchr(domain.ptr + at, '.', domain.len - at);
        size_t end = dot == NULL ? domain.len : (size_t)(dot - domain.ptr);

        label = (struct str){domain.ptr + at, end - at};
        if (!label_ok(label)) {
            return EMAIL_DOMAIN_LABEL;
        }
    }
    if (all_digits(label)) {
        return labels > 1 ? EMAIL_DOMAIN_LITERAL : EMAIL_DOMAIN_SINGLE;
    }
    return labels > 1 ? EMAIL_OK : EMAIL_DOMAIN_SINGLE;
}

/*
 * Non-transitional IDNA 2008 after the mapping of UTS 46; also checks given A-labels. Not with
 * IDN2_USE_STD3_ASCII_RULES: that takes offending characters out without a word.
 */
static enum email_reason to_ascii(struct str domain, char *out, size_t cap)
{
    char input[DOMAIN_INPUT_MAX];
    uint8_t *result = NULL;
    enum email_reason r = EMAIL_OK;

    if (str_copy(input, sizeof(input), domain) != 0) {
        return EMAIL_TOO_LONG;
    }
    if (idn2_lookup_u8((const uint8_t *)input, &result, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) !=
        IDN2_OK) {
        return EMAIL_DOMAIN_IDNA;
    }
    if (str_copy(out, cap, str_of((const char *)result)) != 0) {
        r = EMAIL_TOO_LONG;
    }
    idn2_free(result);
    return r;
}

static bool has_a_label(struct str domain)
{
    for (size_t i = 0; i + 4 <= domain.len; i++) {
        if (str_ieq((struct str){domain.ptr + i, 4}, STR("xn--")) &&
            (i == 0 || domain.ptr[i - 1] == '.')) {
            return true;
        }
    }
    return false;
}

static enum email_reason check_domain(struct str domain, char *out, size_t cap)
{
    enum email_reason r;

    if (domain.len == 0) {
        return EMAIL_DOMAIN_EMPTY;
    }
    if (domain.ptr[0] == '[') {
        return EMAIL_DOMAIN_LITERAL;
    }
    if (!dots_are_inside(domain)) {
        return EMAIL_DOMAIN_DOT;
    }
    if (!is_ascii(domain) || has_a_label(domain)) {
        r = to_ascii(domain, out, cap);
        if (r == EMAIL_OK && !dots_are_inside(str_of(out))) {
            r = EMAIL_DOMAIN_DOT; /* letters that stand for nothing (a soft hyphen) are gone */
        }
        return r == EMAIL_OK ? check_labels(str_of(out)) : r;
    }
    r = check_labels(domain);
    if (r == EMAIL_OK && str_copy(out, cap, domain) != 0) {
        r = EMAIL_TOO_LONG;
    }
    return r;
}

static enum email_reason split(struct str s, struct str *local, struct str *domain)
{
    const char *at;

    if (s.len == 0) {
        return EMAIL_EMPTY;
    }
    if (!utf8_clean_line(s)) {
        return EMAIL_CONTROL;
    }
    if (s.ptr[s.len - 1] == '>' && memchr(s.ptr, '<', s.len) != NULL) {
        return EMAIL_NAMED;
    }
    at = memchr(s.ptr, '@', s.len);
    if (at == NULL) {
        return EMAIL_NO_AT;
    }
    *local = (struct str){s.ptr, (size_t)(at - s.ptr)};
    *domain = (struct str){at + 1, s.len - local->len - 1};
    if (s.ptr[0] != '"' && memchr(domain->ptr, '@', domain->len) != NULL) {
        return EMAIL_MANY_AT;
    }
    return EMAIL_OK;
}

static enum email_reason parse(struct str s, struct email *ret)
{
    char domain[EMAIL_MAX + 1] = "";
    struct str left = {NULL, 0};
    struct str right = {NULL, 0};
    enum email_reason r = split(s, &left, &right);

    r = r == EMAIL_OK ? check_local(left) : r;
    r = r == EMAIL_OK ? check_domain(right, domain, sizeof(domain)) : r;
    if (r != EMAIL_OK) {
        return r;
    }
    if (left.len + 1 + strlen(domain) > EMAIL_MAX) {
        return EMAIL_TOO_LONG;
    }
    memcpy(ret->address, left.ptr, left.len);
    ret->at = left.len;
    ret->address[ret->at] = '@';
    for (size_t i = 0; domain[i] != '\0'; i++) {
        ret->address[ret->at + 1 + i] = ascii_lower(domain[i]);
    }
    return EMAIL_OK;
}

enum email_reason email_parse(struct str s, struct email *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->reason = parse(s, ret);
    return ret->reason;
}

const char *email_reason_name(enum email_reason r)
{
    return reasons[r].name;
}

const char *email_reason_sentence(enum email_reason r, bool turkish)
{
    return turkish ? reasons[r].tr : reasons[r].en;
}
