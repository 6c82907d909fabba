/* From an answer to a report query, or a pushed report, to provider_report rows; pure. */
#pragma once

#include "providers/recipe/parts.h"

struct report_sink {
    void (*see)(void *ctx, const struct provider_report *list, size_t count);
    void *ctx;
};

/*
 * Hands on every row that can be understood. Returns the number of rows there were, understood or
 * not; 0 when there is no array.
 */
size_t recipe_poll_rows(const struct recipe *r, const struct recipe_reply *reply,
                        const struct report_sink *sink);
/*
 * Reads what was pushed. secret is compared in constant time when the recipe carries one and secret
 * is not empty. ERR_DENIED, or ERR_INVALID when it makes no sense.
 */
int recipe_hook_rows(const struct recipe *r, const struct provider_hook *hook, struct str secret,
                     const struct report_sink *sink, struct err *e);
/* "+905…" from any of the forms vendors return; false when it is none of them. */
bool recipe_number_normalise(struct str s, char out[16]);
/* By a form such as dd.MM.yyyy HH:mm:ss, Türkiye's time, or RFC 3339; 0 when it fits none. */
int64_t recipe_time_read(struct str s, const struct option_strings *forms);
