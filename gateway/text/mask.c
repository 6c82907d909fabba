#include "text/mask.h"
#include "base/utf8.h"
#include "domain/phone.h"
#include "domain/tckn.h"

static int stars(struct buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_addc(out, '*');
    }
    return buf_failed(out);
}

/* The first character and an asterisk for each that follows; a lone one is hidden as well. */
static void mask_word(struct str word, struct buf *out)
{
    uint32_t cp;
    size_t n = utf8_decode(word, &cp);
    size_t chars = utf8_valid(word) ? utf8_count(word) : word.len;

    if (chars > 1 && n > 0) {
        buf_add(out, word.ptr, n);
        chars--;
    }
    stars(out, chars);
}

int mask_name(struct str s, struct buf *out)
{
    size_t at = 0;

    while (at < s.len) {
        size_t end = at;

        while (end < s.len && s.ptr[end] != ' ') {
            end++;
        }
        mask_word((struct str){s.ptr + at, end - at}, out);
        if (end < s.len) {
            buf_addc(out, ' ');
        }
        at = end + 1;
    }
    return buf_failed(out);
}

static int mask_other_number(struct str s, struct buf *out)
{
    char last[2] = {0};
    size_t digits = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (ascii_digit(s.ptr[i])) {
            last[0] = last[1];
            last[1] = s.ptr[i];
            digits++;
        }
    }
    buf_adds(out, "***");
    return digits >= 7 ? buf_add(out, last, 2) : buf_failed(out);
}

int mask_phone(struct str s, struct buf *out)
{
    struct phone p;

    if (phone_parse(s, &p) != PHONE_OK) {
        return mask_other_number(s, out);
    }
    return buf_addf(out, "+90 5** *** ** %s", p.e164 + 11);
}

int mask_email(struct str s, struct buf *out)
{
    const char *at = s.len == 0 ? NULL : memrchr(s.ptr, '@', s.len);
    uint32_t cp;
    size_t n = utf8_decode(s, &cp);

    if (at == NULL) {
        return buf_adds(out, "***");
    }
    if (n > 0 && at != s.ptr) {
        buf_add(out, s.ptr, n);
    }
    buf_adds(out, "***");
    return buf_add(out, at, s.len - (size_t)(at - s.ptr));
}

int mask_tckn(struct str s, struct buf *out)
{
    bool whole = s.len == TCKN_DIGITS;

    for (size_t i = 0; i < s.len && whole; i++) {
        whole = ascii_digit(s.ptr[i]);
    }
    if (!whole) {
        return stars(out, TCKN_DIGITS);
    }
    buf_add(out, s.ptr, 2);
    stars(out, TCKN_DIGITS - 4);
    return buf_add(out, s.ptr + TCKN_DIGITS - 2, 2);
}

/* Bytes that may stand inside an address or a number. */
static bool in_token(char c)
{
    return ascii_alnum(c) || (unsigned char)c >= 0x80 || (c != '\0' && strchr("@._+-%", c) != NULL);
}

static bool in_number(char c)
{
    return ascii_digit(c) || c == ' ' || c == '-' || c == '(' || c == ')' || c == '.';
}

/* Length of a mobile number at the start of s, 0 when there is none. */
static size_t number_length(struct str s)
{
    struct phone p;
    size_t digits = 0;
    size_t end = 0;
    size_t best = 0;

    if (s.ptr[0] == '+') {
        end = 1;
    }
    for (; end < s.len && in_number(s.ptr[end]) && end < 32; end++) {
        if (!ascii_digit(s.ptr[end])) {
            continue;
        }
        digits++;
        if (digits >= 10 && (end + 1 == s.len || !ascii_digit(s.ptr[end + 1])) &&
            phone_parse((struct str){s.ptr, end + 1}, &p) == PHONE_OK) {
            best = end + 1;
        }
    }
    return best;
}

static size_t token_length(struct str s)
{
    size_t n = 0;

    while (n < s.len && in_token(s.ptr[n])) {
        n++;
    }
    return n;
}

static size_t digit_run(struct str s)
{
    size_t n = 0;

    while (n < s.len && ascii_digit(s.ptr[n])) {
        n++;
    }
    return n;
}

/* Masks a number that begins at s and returns how many bytes it took, or 0. */
static size_t mask_number_here(struct str s, struct buf *out)
{
    size_t run = digit_run(s);
    size_t n;

    if (run == TCKN_DIGITS && tckn_check((struct str){s.ptr, run}) == TCKN_OK) {
        mask_tckn((struct str){s.ptr, run}, out);
        return run;
    }
    n = run > 0 || s.ptr[0] == '+' ? number_length(s) : 0;
    if (n > 0) {
        mask_phone((struct str){s.ptr, n}, out);
    }
    return n;
}

/* Masks the local part of an address; its domain is read on like any text. */
static size_t mask_address_here(struct str s, struct buf *out)
{
    size_t n = token_length(s);
    const char *at = n < 3 ? NULL : memrchr(s.ptr, '@', n);

    if (at == NULL) {
        return 0;
    }
    n = (size_t)(at - s.ptr) + 1;
    mask_email((struct str){s.ptr, n}, out);
    return n;
}

int mask_text(struct str s, struct buf *out)
{
    char before = ' ';

    for (size_t at = 0, n; at < s.len; at += n) {
        struct str rest = {s.ptr + at, s.len - at};

        n = in_token(before) ? 0 : mask_address_here(rest, out);
        if (n == 0 && !ascii_digit(before)) {
            n = mask_number_here(rest, out);
        }
        if (n == 0) {
            n = 1;
            buf_addc(out, rest.ptr[0]);
        }
        before = s.ptr[at + n - 1];
    }
    return buf_failed(out);
}
