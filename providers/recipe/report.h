/* From an answer to a report query, or a pushed report, to provider_report rows; pure. */
#pragma once

#include "providers/recipe/parts.h"

enum { REPORT_FIELD_MAX = 128 };

struct report_sink {
    void (*see)(void *ctx, const struct provider_report *list, size_t count);
    void *ctx;
};

/* What was asked, and what the rows are read by. */
struct report_query {
    const struct recipe_rows *rules;
    const char *asked;                /* the only id asked for, or null: of rows without one */
    const char *after;                /* the field kept in ret_after; null for none */
    char ret_after[REPORT_FIELD_MAX]; /* of the last row; "" when it has none */
};

/*
 * Hands on every row that can be understood. Returns the number of rows there were, understood or
 * not; 0 when there are none.
 */
size_t recipe_report_rows(const struct recipe *r, struct report_query *q,
                          const struct recipe_reply *reply, const struct report_sink *sink);

/* What a pushed report is checked against. */
struct hook_secrets {
    struct str report_url;    /* where it is expected, without its query */
    struct str report_secret; /* empty: not asked for */
    struct str password;
};

/*
 * Reads what was pushed. The secret is compared in constant time when the recipe carries one and it
 * is set; so is the signature, whose absence is a refusal. ERR_DENIED, or ERR_INVALID when it makes
 * no sense.
 */
int recipe_hook_rows(const struct recipe *r, const struct provider_hook *hook,
                     const struct hook_secrets *secrets, const struct report_sink *sink,
                     struct err *e);
/* Whether a signature's content holds only placeholders there are. */
bool recipe_signature_valid(const char *content);
/* Whether the pushed report carries the right signature. */
bool recipe_signature_holds(const struct recipe_signature *rules, const struct provider_hook *hook,
                            const struct hook_secrets *secrets);

/* Decodes a parameter of a query or form into out; false when it is not there or broken. */
bool recipe_parameter(struct str all, const char *name, char *out, size_t cap);
/* Decodes "+" and "%XX"; appends to out. ERR_INVALID for a broken escape. */
int recipe_parameter_decode(struct str s, struct buf *out);
/* "+905…" from any of the forms vendors return; false when it is none of them. */
bool recipe_number_normalise(struct str s, char out[16]);
/* By a form such as dd.MM.yyyy HH:mm:ss in the zone, or RFC 3339; 0 when it fits none. */
int64_t recipe_time_read(struct str s, const struct option_strings *forms, int zone);
/* The other way round, in Türkiye's time; appends to out. */
void recipe_time_write(int64_t ms, const char *form, struct buf *out);
