#include "domain/phone.h"
#include "base/utf8.h"
#include <stdio.h>

enum { NATIONAL_DIGITS = 10, DIGITS_MAX = 32 };

static const char *const names[PHONE_REASON_COUNT] = {
    [PHONE_OK] = "ok",
    [PHONE_EMPTY] = "empty",
    [PHONE_BAD_CHAR] = "bad_char",
    [PHONE_TOO_SHORT] = "too_short",
    [PHONE_TOO_LONG] = "too_long",
    [PHONE_FOREIGN] = "foreign",
    [PHONE_NOT_MOBILE] = "not_mobile",
    [PHONE_PAGER] = "pager",
};

/* Blanks, dashes, brackets and invisible marks that people and spreadsheets put in numbers. */
static bool is_filler(uint32_t cp)
{
    static const uint32_t fillers[] = {
        ' ',    '\t',   '-',    '.',    '(',    ')',    '/',    0xA0,   0x2007, 0x2009, 0x202F,
        0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x200B, 0x200E, 0x200F, 0x202A, 0x202C, 0xFEFF};

    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
        if (fillers[i] == cp) {
            return true;
        }
    }
    return false;
}

struct digits {
    char text[DIGITS_MAX];
    size_t count; /* may exceed what text keeps */
    bool plus;
};

static enum phone_reason collect(struct str s, struct digits *d)
{
    uint32_t cp = 0;

    for (size_t at = 0, n; at < s.len; at += n) {
        n = utf8_decode((struct str){s.ptr + at, s.len - at}, &cp);
        if (n == 0) {
            return PHONE_BAD_CHAR;
        }
        if (is_filler(cp)) {
            continue;
        }
        if (cp == '+' && d->count == 0 && !d->plus) {
            d->plus = true;
        } else if (cp >= '0' && cp <= '9') {
            if (d->count < DIGITS_MAX) {
                d->text[d->count] = (char)cp;
            }
            d->count++;
        } else {
            return PHONE_BAD_CHAR;
        }
    }
    return d->count == 0 ? (d->plus ? PHONE_BAD_CHAR : PHONE_EMPTY) : PHONE_OK;
}

static bool starts(const struct digits *d, const char *prefix)
{
    size_t n = strlen(prefix);

    return d->count >= n && memcmp(d->text, prefix, n) == 0;
}

static void drop(struct digits *d, size_t n)
{
    size_t kept = d->count < DIGITS_MAX ? d->count : DIGITS_MAX;

    memmove(d->text, d->text + n, kept - n);
    d->count -= n;
}

/* Takes the country code and the trunk zero away. */
static enum phone_reason to_national(struct digits *d)
{
    if (d->plus) {
        if (!starts(d, "90")) {
            return PHONE_FOREIGN;
        }
        drop(d, 2);
    } else if (starts(d, "0090")) {
        drop(d, 4);
    } else if (starts(d, "00")) {
        return PHONE_FOREIGN;
    } else if ((d->count == 12 && starts(d, "90")) || (d->count == 13 && starts(d, "900"))) {
        drop(d, 2);
    }
    if (starts(d, "0")) {
        drop(d, 1);
    }
    return PHONE_OK;
}

/* BTK's allocation list; 55x as in common use. */
static bool known_prefix(const char *national)
{
    static const char *const known[] = {"501", "505", "506", "507", "510", "516", "550",
                                        "551", "552", "553", "554", "555", "559", "561"};

    if (national[1] == '3' || national[1] == '4') {
        return true;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (memcmp(national, known[i], 3) == 0) {
            return true;
        }
    }
    return false;
}

static enum phone_reason judge(const struct digits *d)
{
    if (d->count != NATIONAL_DIGITS) {
        return d->count < NATIONAL_DIGITS ? PHONE_TOO_SHORT : PHONE_TOO_LONG;
    }
    if (d->text[0] != '5') {
        return PHONE_NOT_MOBILE;
    }
    return starts(d, "512") ? PHONE_PAGER : PHONE_OK;
}

enum phone_reason phone_parse(struct str s, struct phone *ret)
{
    struct digits d = {0};
    enum phone_reason r = collect(s, &d);

    memset(ret, 0, sizeof(*ret));
    r = r == PHONE_OK ? to_national(&d) : r;
    r = r == PHONE_OK ? judge(&d) : r;
    ret->reason = r;
    ret->digits = (unsigned)d.count;
    ret->short_444 = r == PHONE_TOO_SHORT && d.count == 7 && starts(&d, "444");
    if (r == PHONE_OK) {
        snprintf(ret->e164, sizeof(ret->e164), "+90%.10s", d.text);
        ret->known_prefix = known_prefix(d.text);
    }
    return r;
}

const char *phone_reason_name(enum phone_reason r)
{
    return names[r];
}

static const char *const sentences[PHONE_REASON_COUNT][2] = {
    [PHONE_OK] = {"", ""},
    [PHONE_EMPTY] = {"The phone number is empty.", "Telefon numarası boş."},
    [PHONE_BAD_CHAR] = {"The number holds a character that does not belong in a phone number; "
                        "write one number, in digits.",
                        "Numarada telefon numarasında bulunmayan bir karakter var; tek numara, "
                        "rakamla yazın."},
    [PHONE_FOREIGN] = {"The number is not a Turkish one (country code 90).",
                       "Numara Türkiye numarası değil (ülke kodu 90)."},
    [PHONE_NOT_MOBILE] = {"The number is not a mobile number: those begin with 5.",
                          "Numara cep telefonu değil: cep numaraları 5 ile başlar."},
    [PHONE_PAGER] = {"512 numbers are pagers; they take no SMS.",
                     "512'li numaralar çağrı cihazıdır, SMS almaz."},
};

static void explain_length(const struct phone *p, bool turkish, char *out, size_t cap)
{
    if (p->short_444) {
        snprintf(out, cap, "%s",
                 turkish ? "444'lü numaralara SMS gönderilemez; cep telefonu numarası yazın."
                         : "444 numbers take no SMS; give a mobile number.");
        return;
    }
    if (turkish) {
        snprintf(out, cap, "Numara 10 haneli olmalı; %u hane var.", p->digits);
    } else {
        snprintf(out, cap, "The number must have 10 digits; it has %u.", p->digits);
    }
}

void phone_explain(const struct phone *p, bool turkish, char *out, size_t cap)
{
    if (p->reason == PHONE_TOO_SHORT || p->reason == PHONE_TOO_LONG) {
        explain_length(p, turkish, out, cap);
    } else if (p->reason == PHONE_OK && !p->known_prefix) {
        snprintf(out, cap,
                 turkish ? "%.3s ile başlayan cep numarası bilinmiyor; yine de denenecek."
                         : "No mobile numbers are known to begin with %.3s; it will be "
                           "tried all the same.",
                 p->e164 + 3);
    } else {
        snprintf(out, cap, "%s", sentences[p->reason][turkish]);
    }
}
