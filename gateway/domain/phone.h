/*
 * Turkish mobile numbers in every form people type, to E.164 (+905XXXXXXXXX). Numbers are portable
 * and blocks change: an unknown 5xx prefix is a warning, never a refusal. Pure, any thread.
 */
#pragma once

#include "base/str.h"

enum phone_reason {
    PHONE_OK,
    PHONE_EMPTY,
    PHONE_BAD_CHAR,
    PHONE_TOO_SHORT,
    PHONE_TOO_LONG,
    PHONE_FOREIGN,
    PHONE_NOT_MOBILE,
    PHONE_PAGER,
    PHONE_REASON_COUNT
};

struct phone {
    enum phone_reason reason;
    char e164[16];     /* "" unless the reason is PHONE_OK */
    bool known_prefix; /* the block is in the numbering plan as we know it */
    unsigned digits;   /* national digits counted, for the sentence */
    bool short_444;    /* one of the nationwide 444 x xxx numbers */
};

/* Fills ret and returns its reason. */
enum phone_reason phone_parse(struct str s, struct phone *ret);
/* "ok", "empty", "bad_char", "too_short", "too_long", "foreign", "not_mobile", "pager". */
const char *phone_reason_name(enum phone_reason r);
/*
 * A sentence about a refused number, or the warning about an unknown prefix, without the number
 * itself; "" when all is well. Writes at most cap bytes with the NUL.
 */
void phone_explain(const struct phone *p, bool turkish, char *out, size_t cap);
