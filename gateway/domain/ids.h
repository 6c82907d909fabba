/*
 * Names of messages for the outside: "m_<row>-<keyed hash>", not guessable and without an index of
 * their own; and "<that>-<attempt>" for the provider. Lower-case letters, digits, "_" and "-" only:
 * safe in URLs, headers and the left side of a Message-ID.
 */
#pragma once

#include "base/crypto.h"

enum { IDS_TEXT_SIZE = 40 };

struct ids; /* the key of one installation; one caller at a time, as struct hash */

/* Null without memory. The key is copied. */
struct ids *ids_create(const unsigned char key[HASH_KEY_SIZE]);
void ids_destroy(struct ids *ids); /* accepts null */

/* row is positive. */
void ids_message_format(struct ids *ids, int64_t row, char out[IDS_TEXT_SIZE]);
/* ERR_INVALID when it was not made with this key. */
int ids_message_parse(struct ids *ids, struct str text, int64_t *ret_row);
/* attempt is 1..999999. */
void ids_attempt_format(struct ids *ids, int64_t row, int attempt, char out[IDS_TEXT_SIZE]);
/* ERR_INVALID when it was not made with this key. */
int ids_attempt_parse(struct ids *ids, struct str text, int64_t *ret_row, int *ret_attempt);
