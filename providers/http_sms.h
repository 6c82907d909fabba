/* SMS over a vendor's HTTP interface, described by a recipe. The engine knows no vendor. */
#pragma once

#include "providers/provider.h"

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

extern const struct option http_sms_options[];
