/*
 * T.C. identity numbers: recognised so that they can be refused or hidden, never needed. Eleven
 * ASCII digits with two check digits. Pure, any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum { TCKN_DIGITS = 11 };

enum tckn_reason {
    TCKN_OK,
    TCKN_EMPTY,
    TCKN_NON_DIGIT,
    TCKN_LENGTH,
    TCKN_LEADING_ZERO,
    TCKN_CHECK10,
    TCKN_CHECK11,
    TCKN_REASON_COUNT
};

/* Judges the whole of s; reasons are tested in the order of the enum. */
enum tckn_reason tckn_check(struct str s);
/* "ok", "empty", "non_digit", "length", "leading_zero", "check10", "check11". */
const char *tckn_reason_name(enum tckn_reason r);
/*
 * Finds a valid number standing free of other digits inside text; stores where it begins. Chance
 * finds inside a random key (24 hexadecimal digits and more, a UUID) do not count.
 */
bool tckn_find(struct str text, size_t *ret_pos);
/*
 * Appends text with every valid number in it replaced by "kn-" and 32 hexadecimal digits: the first
 * half of its HMAC-SHA-256 under key. Equal numbers give equal texts, and without the key nothing
 * leads back. Returns buf_failed(out).
 */
int tckn_hide(struct str text, struct str key, struct buf *out);
/* What to tell a sender who puts one into a field. */
const char *tckn_advice(bool turkish);
