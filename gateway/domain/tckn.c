#include "domain/tckn.h"

#include "base/codec.h"
#include "base/crypto.h"

enum { KEY_DIGITS = 24 };

static const char *const names[TCKN_REASON_COUNT] = {
    [TCKN_OK] = "ok",
    [TCKN_EMPTY] = "empty",
    [TCKN_NON_DIGIT] = "non_digit",
    [TCKN_LENGTH] = "length",
    [TCKN_LEADING_ZERO] = "leading_zero",
    [TCKN_CHECK10] = "check10",
    [TCKN_CHECK11] = "check11",
};

static enum tckn_reason check_digits(const char *s)
{
    int odd = 0;
    int even = 0;

    for (int i = 0; i < 9; i++) {
        *(i % 2 == 0 ? &odd : &even) += s[i] - '0';
    }
    if ((7 * odd + 9 * even) % 10 != s[9] - '0') {
        return TCKN_CHECK10;
    }
    return (odd + even + s[9] - '0') % 10 == s[10] - '0' ? TCKN_OK : TCKN_CHECK11;
}

enum tckn_reason tckn_check(struct str s)
{
    if (s.len == 0) {
        return TCKN_EMPTY;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_digit(s.ptr[i])) {
            return TCKN_NON_DIGIT;
        }
    }
    if (s.len != TCKN_DIGITS) {
        return TCKN_LENGTH;
    }
    return s.ptr[0] == '0' ? TCKN_LEADING_ZERO : check_digits(s.ptr);
}

const char *tckn_reason_name(enum tckn_reason r)
{
    return names[r];
}

static bool in_key(char c)
{
    return ascii_digit(c) || c == '-' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/*
 * Whether the digits at [from, to) are a piece of a long hexadecimal key, such as a UUID: there
 * eleven digits that pass the check come up by chance, once in some thousand keys.
 */
static bool in_random_key(struct str text, size_t from, size_t to)
{
    size_t length = 0;
    size_t letters = 0;

    while (from > 0 && in_key(text.ptr[from - 1])) {
        from--;
    }
    while (to < text.len && in_key(text.ptr[to])) {
        to++;
    }
    for (size_t i = from; i < to; i++) {
        length += text.ptr[i] != '-';
        letters += text.ptr[i] != '-' && !ascii_digit(text.ptr[i]);
    }
    return length >= KEY_DIGITS && letters > 0;
}

bool tckn_find(struct str text, size_t *ret_pos)
{
    size_t run = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && ascii_digit(text.ptr[i])) {
            run++;
            continue;
        }
        if (run == TCKN_DIGITS && tckn_check((struct str){text.ptr + i - run, run}) == TCKN_OK &&
            !in_random_key(text, i - run, i)) {
            *ret_pos = i - run;
            return true;
        }
        run = 0;
    }
    return false;
}

int tckn_hide(struct str text, struct str key, struct buf *out)
{
    unsigned char digest[SHA256_SIZE];
    size_t at;

    while (tckn_find(text, &at)) {
        crypto_hmac_sha256(key, (struct str){text.ptr + at, TCKN_DIGITS}, digest);
        (void)buf_add(out, text.ptr, at);
        (void)buf_adds(out, "kn-");
        (void)codec_hex(out, digest, SHA256_SIZE / 2);
        at += TCKN_DIGITS;
        text = (struct str){text.ptr + at, text.len - at};
    }
    return buf_add(out, text.ptr, text.len);
}

const char *tckn_advice(bool turkish)
{
    return turkish
               ? "Bu alanda T.C. kimlik numarası var. Hatırlatma için kimlik numarası gerekmez; "
                 "kişiyi tanıtan başka bir anahtar (ör. iç kayıt numarası) gönderin."
               : "This field holds a T.C. identity number. Reminders do not need it; send "
                 "another key for the person, such as an internal record number.";
}
