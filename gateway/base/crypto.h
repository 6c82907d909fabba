/* Random bytes, digests and keyed hashes; the only file of the gateway that sees libcrypto. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum { SHA256_SIZE = 32, HASH_KEY_SIZE = 16 };

/* Fills out with unpredictable bytes; ends the program if the kernel has none to give. */
void crypto_random(void *out, size_t n);
void crypto_sha256(struct str data, unsigned char out[SHA256_SIZE]);
void crypto_hmac_sha256(struct str key, struct str data, unsigned char out[SHA256_SIZE]);
enum crypto_digest { CRYPTO_SHA1, CRYPTO_SHA256 };
enum { CRYPTO_HMAC_MAX = 32 };
/* HMAC (RFC 2104) for what others have signed; returns its length. */
size_t crypto_hmac(enum crypto_digest digest, struct str key, struct str data,
                   unsigned char out[CRYPTO_HMAC_MAX]);
/* Compares n bytes in time that does not depend on their values. */
bool crypto_equal(const void *a, const void *b, size_t n);
/* Overwrites a secret so that no copy stays in memory. */
void crypto_wipe(void *p, size_t n);
/* The same for all that a buffer holds or held; it is empty then and keeps its room. */
void crypto_wipe_buf(struct buf *b);
void crypto_finish_buf(struct buf *b); /* wiped and freed */

/* SipHash-2-4 with a key set once: a hash that outsiders cannot aim collisions at. */
struct hash;
struct hash *hash_create(const unsigned char key[HASH_KEY_SIZE]);
/* One caller at a time: the object holds working state. */
uint64_t hash_of(struct hash *h, struct str data);
void hash_destroy(struct hash *h);
