#include "base/json_scan.h"

#include "base/utf8.h"

/* 1: plain ASCII inside a string, 0: needs a closer look. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static int hex_value(char c)
{
    if (ascii_digit(c)) {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The unit of "\uXXXX" at the start of s, or -1. */
static int32_t hex_unit(struct str s)
{
    int32_t unit = 0;

    if (s.len < 6 || s.ptr[0] != '\\' || s.ptr[1] != 'u') {
        return -1;
    }
    for (size_t i = 2; i < 6; i++) {
        int digit = hex_value(s.ptr[i]);

        if (digit < 0) {
            return -1;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

static struct str skip(struct str s, size_t n)
{
    return (struct str){s.ptr + n, s.len - n};
}

static bool is_high(int32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/*
 * Reads the escape at the start of s. Returns its length (12 for a surrogate pair) or 0, and the
 * code point: a surrogate when it stands alone.
 */
static size_t read_escape(struct str s, uint32_t *ret_cp)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    int32_t unit = hex_unit(s);
    int32_t low;

    if (unit >= 0) {
        low = is_high(unit) ? hex_unit(skip(s, 6)) : -1;
        *ret_cp = is_low(low)
                      ? 0x10000u + (((uint32_t)unit & 0x3FF) << 10 | ((uint32_t)low & 0x3FF))
                      : (uint32_t)unit;
        return is_low(low) ? 12 : 6;
    }
    for (size_t i = 0; s.len > 1 && names[i] != '\0'; i++) {
        if (s.ptr[1] == names[i]) {
            *ret_cp = (unsigned char)values[i];
            return 2;
        }
    }
    return 0;
}

/* The length of one character or escape that is not plain, or 0 and the problem. */
static size_t scan_special(struct str s, enum json_problem *ret_policy,
                           enum json_problem *ret_problem)
{
    uint32_t cp = 0;
    size_t n;

    if (s.ptr[0] == '\\') {
        n = read_escape(s, &cp);
        *ret_problem = n == 0 ? JSON_BAD_ESCAPE : JSON_OK;
        if (n > 0 && cp == 0) {
            *ret_policy = JSON_NUL;
        } else if (n > 0 && cp >= 0xD800 && cp <= 0xDFFF) {
            *ret_policy = JSON_LONE_SURROGATE;
        }
        return n;
    }
    n = utf8_decode(s, &cp);
    if (n < 2) {
        *ret_problem = n == 0 ? JSON_BAD_UTF8 : JSON_RAW_CONTROL;
        return 0;
    }
    return n;
}

size_t json_scan_string(struct str s, bool *ret_escaped, enum json_problem *policy,
                        size_t *policy_at, enum json_problem *ret_problem, size_t *ret_at)
{
    size_t i = 1;

    *ret_escaped = false;
    for (;;) {
        enum json_problem doubt = JSON_OK;
        size_t n;

        while (i < s.len && is_plain((unsigned char)s.ptr[i])) {
            i++;
        }
        if (i == s.len) {
            *ret_problem = JSON_OPEN_STRING;
            *ret_at = 0;
            return 0;
        }
        if (s.ptr[i] == '"') {
            return i + 1;
        }
        *ret_escaped |= s.ptr[i] == '\\';
        n = scan_special(skip(s, i), &doubt, ret_problem);
        if (n == 0) {
            *ret_at = i;
            return 0;
        }
        if (doubt != JSON_OK && *policy == JSON_OK) {
            *policy = doubt;
            *policy_at = i;
        }
        i += n;
    }
}

void json_unescape(struct str raw, struct buf *out)
{
    while (raw.len > 0) {
        uint32_t cp = 0;
        char utf8[4];
        size_t n;

        if (raw.ptr[0] != '\\') {
            (void)buf_addc(out, raw.ptr[0]);
            raw = skip(raw, 1);
            continue;
        }
        n = read_escape(raw, &cp);
        (void)buf_add(out, utf8, utf8_encode(cp, utf8));
        raw = skip(raw, n > 0 ? n : 1);
    }
}
