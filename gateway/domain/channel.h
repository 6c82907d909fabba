/* The ways to reach a person. One table: names in the API, the database and both languages. */
#pragma once

#include "base/str.h"

enum channel { CHANNEL_SMS, CHANNEL_EMAIL, CHANNEL_COUNT };

/* "sms", "email". */
const char *channel_name(enum channel c);
/* "SMS", "e-posta". */
const char *channel_label(enum channel c, bool turkish);
/* CHANNEL_COUNT when unknown. */
enum channel channel_parse(struct str s);
