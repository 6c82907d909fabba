/*
 * Access keys: "ht_<name>_<secret>", the secret 32 random bytes shown once and kept as SHA-256.
 * The table in memory is read from the store and replaced as a whole. Loop thread.
 */
#pragma once

#include "base/err.h"
#include "flow/scope.h"
#include "store/store.h"

enum {
    AUTH_NAME_MAX = 32,
    AUTH_SECRET_LEN = 43, /* base64url of 32 bytes */
    AUTH_TOKEN_SIZE = 3 + AUTH_NAME_MAX + 1 + AUTH_SECRET_LEN + 1,
    AUTH_KEYS_MAX = 1000
};

struct auth_key {
    char name[AUTH_NAME_MAX + 1];
    unsigned scopes; /* enum scope bits */
    unsigned char digest[SHA256_SIZE];
};

/* The keys in force. */
struct auth_table {
    struct auth_key *keys;
    size_t count;
    size_t room;
};

/* "events:write"; null for anything but a single scope. */
const char *auth_scope_name(unsigned scope);
/* Space-separated names to bits; ERR_INVALID names the unknown one. */
int auth_scopes_parse(struct str text, unsigned *ret_scopes, struct err *e);
/* 1..32 of a-z, 0-9 and "-". */
bool auth_name_valid(struct str name);

/*
 * Makes a key: fills row (its strings borrow name and scopes, its digest belongs to the new secret)
 * and the token to show once. ERR_INVALID for a bad name or scope. Any thread.
 */
int auth_key_make(struct str name, struct str scopes, int64_t now_ms, struct key_row *ret_row,
                  char ret_token[AUTH_TOKEN_SIZE], struct err *e);

/* Reads the keys in force into an empty table. The thread of s. */
int auth_table_read(struct store *s, struct auth_table *ret, struct err *e);
void auth_table_finish(struct auth_table *t);
/* One key more, unless it is revoked or of scopes we do not know; ERR_LIMIT when there are too
 * many. */
int auth_table_put(struct auth_table *t, const struct key_row *row);
void auth_table_remove(struct auth_table *t, const char *name);

enum auth_verdict { AUTH_OK, AUTH_MISSING, AUTH_WRONG, AUTH_SCOPE };

/*
 * Judges the value of an Authorization field against the needed scope (0: any key). ret_key may be
 * null; it points into t. Takes the same time for every wrong secret of one length.
 */
enum auth_verdict auth_check(const struct auth_table *t, struct str authorization, unsigned scope,
                             const struct auth_key **ret_key);
