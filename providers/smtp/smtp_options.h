/* The keys of a configured relay; see smtp.h for what they mean. */
#pragma once

#include "providers/smtp/smtp.h"

extern const struct option smtp_options[];
/* "localhost" or 127.0.0.0/8. */
bool smtp_is_loopback(const char *host);
