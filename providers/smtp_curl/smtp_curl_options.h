/* The keys of a relay that smtp-curl speaks to; see smtp_curl.h for what they mean. */
#pragma once

#include "providers/smtp_curl/smtp_curl.h"

extern const struct option smtp_curl_options[];
