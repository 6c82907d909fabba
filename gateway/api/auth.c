#include "api/auth.h"

#include "base/codec.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    unsigned scope;
} scope_names[] = {
    {"events:write", SCOPE_EVENTS_WRITE},     {"messages:read", SCOPE_MESSAGES_READ},
    {"messages:write", SCOPE_MESSAGES_WRITE}, {"metrics:read", SCOPE_METRICS_READ},
    {"campaigns:read", SCOPE_CAMPAIGNS_READ}, {"campaigns:write", SCOPE_CAMPAIGNS_WRITE},
    {"roster:write", SCOPE_ROSTER_WRITE},     {"admin", SCOPE_ADMIN},
};

enum { SCOPE_COUNT = sizeof scope_names / sizeof scope_names[0] };

const char *auth_scope_name(unsigned scope)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if (scope_names[i].scope == scope) {
            return scope_names[i].name;
        }
    }
    return NULL;
}

static unsigned scope_of(struct str name)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if (str_eqs(name, scope_names[i].name)) {
            return scope_names[i].scope;
        }
    }
    return 0;
}

int auth_scopes_parse(struct str text, unsigned *ret_scopes, struct err *e)
{
    unsigned scopes = 0;

    text = str_trim(text);
    while (text.len > 0) {
        const char *blank = memchr(text.ptr, ' ', text.len);
        struct str word = {text.ptr, blank == NULL ? text.len : (size_t)(blank - text.ptr)};
        unsigned scope = scope_of(word);

        if (scope == 0) {
            return err_set(e, ERR_INVALID, "unknown scope \"%.*s\"", (int)word.len, word.ptr);
        }
        scopes |= scope;
        text = str_trim((struct str){text.ptr + word.len, text.len - word.len});
    }
    *ret_scopes = scopes;
    return scopes == 0 ? err_set(e, ERR_INVALID, "a key needs at least one scope") : 0;
}

bool auth_name_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!ascii_digit(c) && !(c >= 'a' && c <= 'z') && c != '-') {
            return false;
        }
    }
    return name.len > 0 && name.len <= AUTH_NAME_MAX;
}

static void make_secret(char out[AUTH_SECRET_LEN + 1])
{
    unsigned char random[32];
    struct buf b;

    crypto_random(random, sizeof random);
    buf_init(&b, 64);
    codec_base64(&b, random, sizeof random);
    for (size_t i = 0; i < AUTH_SECRET_LEN && i < b.len; i++) {
        char c = b.data[i];

        out[i] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    out[AUTH_SECRET_LEN] = '\0';
    crypto_wipe(random, sizeof random);
    if (b.data != NULL) {
        crypto_wipe(b.data, b.len);
    }
    buf_finish(&b);
}

int auth_key_make(struct str name, struct str scopes, int64_t now_ms, struct key_row *ret_row,
                  char ret_token[AUTH_TOKEN_SIZE], struct err *e)
{
    char secret[AUTH_SECRET_LEN + 1];
    unsigned bits;
    int rc = auth_scopes_parse(scopes, &bits, e);

    if (rc != 0) {
        return rc;
    }
    if (!auth_name_valid(name)) {
        return err_set(e, ERR_INVALID, "a key's name is 1 to %d of a-z, 0-9 and \"-\"",
                       AUTH_NAME_MAX);
    }
    make_secret(secret);
    *ret_row = (struct key_row){.name = name, .scopes = scopes, .created_ms = now_ms};
    crypto_sha256(str_of(secret), ret_row->digest);
    snprintf(ret_token, AUTH_TOKEN_SIZE, "ht_%.*s_%s", (int)name.len, name.ptr, secret);
    crypto_wipe(secret, sizeof secret);
    return 0;
}

static bool grow(struct auth_table *t)
{
    size_t room = t->room == 0 ? 16 : t->room * 2;
    struct auth_key *grown =
        room > 2 * AUTH_KEYS_MAX ? NULL : realloc(t->keys, room * sizeof *grown);

    if (grown != NULL) {
        t->keys = grown;
        t->room = room;
    }
    return grown != NULL;
}

int auth_table_put(struct auth_table *t, const struct key_row *row)
{
    struct auth_key key = {0};

    if (row->revoked_ms != 0 || str_copy(key.name, sizeof key.name, row->name) != 0 ||
        auth_scopes_parse(row->scopes, &key.scopes, NULL) != 0) {
        return 0; /* over, or written by a newer version: not for us to honour */
    }
    if (t->count == t->room && !grow(t)) {
        return ERR_LIMIT;
    }
    memcpy(key.digest, row->digest, sizeof key.digest);
    t->keys[t->count++] = key;
    return 0;
}

void auth_table_remove(struct auth_table *t, const char *name)
{
    for (size_t i = t->count; i-- > 0;) {
        if (strcmp(t->keys[i].name, name) == 0) {
            t->keys[i] = t->keys[--t->count];
        }
    }
}

static int read_key(void *ctx, const struct key_row *row)
{
    return auth_table_put(ctx, row);
}

int auth_table_read(struct store *s, struct auth_table *ret, struct err *e)
{
    int rc;

    *ret = (struct auth_table){NULL, 0, 0};
    rc = store_key_list(s, read_key, ret, e);
    if (rc != 0) {
        auth_table_finish(ret);
    }
    return rc;
}

void auth_table_finish(struct auth_table *t)
{
    free(t->keys);
    *t = (struct auth_table){NULL, 0, 0};
}

/* The token of "Bearer <token>" (RFC 6750 §2.1). */
static struct str bearer(struct str authorization)
{
    static const size_t prefix = 7;

    if (authorization.len <= prefix ||
        !str_ieq((struct str){authorization.ptr, prefix}, STR("Bearer "))) {
        return (struct str){NULL, 0};
    }
    return str_trim((struct str){authorization.ptr + prefix, authorization.len - prefix});
}

static bool split_token(struct str token, struct str *ret_name, struct str *ret_secret)
{
    const char *mark;

    if (!str_starts(token, "ht_")) {
        return false;
    }
    token.ptr += 3;
    token.len -= 3;
    mark = token.len == 0 ? NULL : memchr(token.ptr, '_', token.len);
    if (mark == NULL) {
        return false;
    }
    *ret_name = (struct str){token.ptr, (size_t)(mark - token.ptr)};
    *ret_secret = (struct str){mark + 1, token.len - ret_name->len - 1};
    return ret_secret->len == AUTH_SECRET_LEN;
}

static const struct auth_key *find(const struct auth_table *t, struct str name)
{
    for (size_t i = 0; i < t->count; i++) {
        if (str_eqs(name, t->keys[i].name)) {
            return &t->keys[i];
        }
    }
    return NULL;
}

enum auth_verdict auth_check(const struct auth_table *t, struct str authorization, unsigned scope,
                             const struct auth_key **ret_key)
{
    static const unsigned char nobody[SHA256_SIZE];
    unsigned char digest[SHA256_SIZE];
    struct str token = bearer(authorization), name, secret;
    const struct auth_key *key;
    bool right;

    if (ret_key != NULL) {
        *ret_key = NULL;
    }
    if (authorization.len == 0) {
        return AUTH_MISSING;
    }
    if (!split_token(token, &name, &secret)) {
        return AUTH_WRONG;
    }
    key = find(t, name);
    crypto_sha256(secret, digest);
    right = crypto_equal(digest, key == NULL ? nobody : key->digest, sizeof digest);
    if (key == NULL || !right) {
        return AUTH_WRONG;
    }
    if (ret_key != NULL) {
        *ret_key = key;
    }
    return (key->scopes & (scope | SCOPE_ADMIN)) != 0 || scope == 0 ? AUTH_OK : AUTH_SCOPE;
}
