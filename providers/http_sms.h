/* SMS over a vendor's HTTP interface, described by a recipe. The engine knows no vendor. */
#pragma once

#include "providers/provider.h"
#include "providers/recipe.h"

struct http_sms_settings {
    char *recipe; /* name or path */
    char *user;
    struct secret password;
    char *sender;
    char *base_url; /* in place of the recipe's; null for its own */
    char *ca_file;
    const struct json *parameters;
    bool allow_private;
    struct secret report_secret;
    int64_t timeout_ms;
};

extern const struct provider_type http_sms_provider_type;

/*
 * The recipe that the settings name, in the folder recipes, and what it needs of them. Faults of
 * the recipe are placed in its file, those of the settings below pointer. ERR_INVALID when one is
 * an error; recipe_load() for the others. Any thread.
 */
int http_sms_read_recipe(const char *recipes, const struct http_sms_settings *settings,
                         const char *pointer, struct recipe **ret, struct faults *faults,
                         struct err *e);

extern const struct option http_sms_options[];
