/* Which certificates a list has told of so far: keyed hashes, so memory is small and bounded. */
#pragma once

#include "base/crypto.h"

struct roster_seen_entry {
    uint64_t hash;    /* of the reference; 0 for an empty place */
    uint32_t content; /* of what the row says */
    uint32_t row;
};

struct roster_seen {
    struct roster_seen_entry *table;
    size_t room; /* a power of two */
    size_t count;
};

void roster_seen_finish(struct roster_seen *s);
/*
 * Finds the certificate, or adds it with this content and row. *ret_added tells which; *ret is
 * valid until the next call. ERR_NOMEM.
 */
int roster_seen_put(struct roster_seen *s, uint64_t hash, uint32_t content, size_t row,
                    struct roster_seen_entry **ret, bool *ret_added);
bool roster_seen_has(const struct roster_seen *s, uint64_t hash);
