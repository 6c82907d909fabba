/*
 * How a recipe finds things in an answer:
 *   json:/pointer     the value there (RFC 6901); numbers keep all their digits. One step may be
 *                     "*": the first element of an array that has it or answers the question
 *   xml:/a/b/@c       an attribute or, without "@", the text of the first such element
 *   kv:name           the value in "name=value", separated by white space or "&"
 *   regex:^…(…)…      POSIX extended, on the trimmed body; group 1 when there is one, else all
 *   text              the trimmed body
 *   http              the status code
 * and asks about them: EXPR (is there, not empty), EXPR == "a" | "b", EXPR != "a".
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/json.h"

/* An answer while it is judged. doc is null when the body is not JSON. */
struct recipe_reply {
    int status;
    struct str body;
    const char *retry_after;
    const struct json_doc *doc;
    const struct str *secrets; /* never to be repeated in words for people */
    size_t secret_count;
};

enum { EXPR_TEXT_MAX = 256 };

struct expr;

/* ERR_INVALID with both sentences. Free with expr_free(). */
int expr_parse(struct str text, struct expr **ret, struct fault *why);
void expr_free(struct expr *x); /* accepts null */
/* Writes what was found, "" for nothing or for more than fits. True when something was. */
bool expr_extract(const struct expr *x, const struct recipe_reply *reply, char out[EXPR_TEXT_MAX]);
/* Whether the question is answered with yes; a null expression always is. */
bool expr_holds(const struct expr *x, const struct recipe_reply *reply);
/* A scalar JSON value as text; false for null, containers and what does not fit. */
bool expr_json_text(const struct json *v, char *out, size_t cap);
/* The value of "name=…" among pairs separated by white space or "&"; false when none or empty. */
bool expr_kv_text(struct str body, const char *name, char *out, size_t cap);
/* Copies what was found; false, and "" in out, when it is empty, holds a NUL or does not fit. */
bool expr_take_text(struct str s, char *out, size_t cap);
