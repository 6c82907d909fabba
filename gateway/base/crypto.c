#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

void crypto_random(void *out, size_t n)
{
    unsigned char *p = out;

    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);

        if (got <= 0) {
            abort();
        }
        p += got;
        n -= (size_t)got;
    }
}

void crypto_sha256(struct str data, unsigned char out[SHA256_SIZE])
{
    (void)SHA256((const unsigned char *)data.ptr, data.len, out);
}

/*
 * HMAC() looks up its algorithms by name at every call, which costs more than short texts do. A
 * context that knows them and has no key yet is made once; each call works on a copy.
 */
static EVP_MAC_CTX *hmac_sha256;
static pthread_once_t hmac_sha256_once = PTHREAD_ONCE_INIT;

static void make_hmac_sha256(void)
{
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    hmac_sha256 = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    if (hmac_sha256 != NULL && !EVP_MAC_CTX_set_params(hmac_sha256, params)) {
        EVP_MAC_CTX_free(hmac_sha256);
        hmac_sha256 = NULL;
    }
    EVP_MAC_free(mac);
}

void crypto_hmac_sha256(struct str key, struct str data, unsigned char out[SHA256_SIZE])
{
    EVP_MAC_CTX *ctx;
    size_t n;

    (void)pthread_once(&hmac_sha256_once, make_hmac_sha256);
    ctx = hmac_sha256 == NULL ? NULL : EVP_MAC_CTX_dup(hmac_sha256);
    if (ctx == NULL || !EVP_MAC_init(ctx, (const unsigned char *)key.ptr, key.len, NULL) ||
        !EVP_MAC_update(ctx, (const unsigned char *)data.ptr, data.len) ||
        !EVP_MAC_final(ctx, out, &n, SHA256_SIZE)) {
        (void)crypto_hmac(CRYPTO_SHA256, key, data, out);
    }
    EVP_MAC_CTX_free(ctx);
}

size_t crypto_hmac(enum crypto_digest digest, struct str key, struct str data,
                   unsigned char out[CRYPTO_HMAC_MAX])
{
    unsigned int n = 0;

    (void)HMAC(digest == CRYPTO_SHA1 ? EVP_sha1() : EVP_sha256(), key.ptr, (int)key.len,
               (const unsigned char *)data.ptr, data.len, out, &n);
    return n;
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

void crypto_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}

void crypto_wipe_buf(struct buf *b)
{
    if (b->data != NULL) {
        crypto_wipe(b->data, b->cap);
    }
    buf_reset(b);
}

void crypto_finish_buf(struct buf *b)
{
    crypto_wipe_buf(b);
    buf_finish(b);
}

struct hash {
    EVP_MAC_CTX *ctx;
};

struct hash *hash_create(const unsigned char key[HASH_KEY_SIZE])
{
    struct hash *h = calloc(1, sizeof *h);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    unsigned int size = sizeof(uint64_t);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &size),
                           OSSL_PARAM_construct_end()};

    if (h != NULL && mac != NULL) {
        h->ctx = EVP_MAC_CTX_new(mac);
    }
    EVP_MAC_free(mac);
    if (h == NULL || h->ctx == NULL || !EVP_MAC_init(h->ctx, key, HASH_KEY_SIZE, params)) {
        hash_destroy(h);
        return NULL;
    }
    return h;
}

uint64_t hash_of(struct hash *h, struct str data)
{
    unsigned char out[sizeof(uint64_t)];
    size_t n = 0;
    uint64_t value = 0;

    if (!EVP_MAC_init(h->ctx, NULL, 0, NULL) ||
        !EVP_MAC_update(h->ctx, (const unsigned char *)data.ptr, data.len) ||
        !EVP_MAC_final(h->ctx, out, &n, sizeof out)) {
        abort();
    }
    for (size_t i = sizeof out; i-- > 0;) {
        value = value << 8 | out[i];
    }
    return value;
}

void hash_destroy(struct hash *h)
{
    if (h != NULL) {
        EVP_MAC_CTX_free(h->ctx);
        free(h);
    }
}
