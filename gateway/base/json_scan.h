/* The strict scanner in front of cJSON; private to base/json*.c. */
#pragma once

#include "base/json.h"

/* Byte offsets of a value and of its member name (the value's own when it has none). */
struct json_mark {
    uint32_t value;
    uint32_t key;
};

/* A number whose text is kept; index counts values in document order. */
struct json_digits {
    uint32_t index;
    uint32_t offset;
    uint32_t len;
};

/* What the scanner found out besides "this is good". Release with json_scan_finish(). */
struct json_scan {
    char *copy;        /* what cJSON shall read instead of the text, or null */
    struct buf marks;  /* struct json_mark per value, with JSON_POSITIONS */
    struct buf digits; /* struct json_digits */
    uint32_t values;
    enum json_problem problem;
    size_t problem_at;
};

/* Returns 0 or the code of scan->problem (see json_parse). */
int json_scan(struct json_scan *scan, struct str text, unsigned flags,
              const struct json_limits *limits);
void json_scan_finish(struct json_scan *scan);
int json_problem_code(enum json_problem problem);

/*
 * Walks a string from its opening quote. Returns its length with both quotes, or 0 and the problem
 * with its place. ret_escaped tells of backslashes. *policy becomes JSON_NUL or
 * JSON_LONE_SURROGATE, at *policy_at, when it was JSON_OK.
 */
size_t json_scan_string(struct str s, bool *ret_escaped, enum json_problem *policy,
                        size_t *policy_at, enum json_problem *ret_problem, size_t *ret_at);
/* The characters of a scanned string without its quotes. */
void json_unescape(struct str raw, struct buf *out);
