/* From an answer to what it means; pure. */
#pragma once

#include "providers/recipe/parts.h"

struct recipe_judgement {
    struct outcome outcome;
    bool split;     /* refused as a whole; one recipient of many may be the culprit */
    bool unsure;    /* or the request itself: if all are refused alone too, it was */
    bool absent;    /* in recover: there is no such message */
    bool unmatched; /* no rule knows the answer */
};

/* Looks at a body, which must outlive the reply. Free with recipe_reply_finish(). */
void recipe_reply_init(struct recipe_reply *reply, int status, struct str body,
                       const char *retry_after);
void recipe_reply_finish(struct recipe_reply *reply);
/*
 * The meaning of a complete answer, in this order: the success rule, the table of codes, the HTTP
 * status, the recipe's default. The last is marked "unmatched", no credit "balance" (outcome_is()).
 * A success without the id that it must have is UNKNOWN.
 */
void recipe_judge(const struct recipe_answer *a, const struct recipe_reply *reply, int64_t now_ms,
                  struct recipe_judgement *ret);
/*
 * Retry-After (RFC 9110 §10.2.3), seconds or a date, as milliseconds from now within 1 s and 6 h;
 * 0 when it is absent or makes no sense.
 */
int64_t recipe_retry_after(const char *value, int64_t now_ms);
/* Covers every occurrence of a secret with "*". */
void recipe_scrub(const struct str *secrets, size_t count, char *text);
