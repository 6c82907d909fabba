/*
 * A growing byte buffer with a hard upper bound set where it is created. The first failed append
 * (bound or memory) sticks: later appends do nothing and buf_failed() tells; so callers check once.
 * data is always NUL-terminated after the first append. Not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;
    int failed; /* 0, ERR_LIMIT or ERR_NOMEM */
};

/* Prepares an empty buffer that never holds more than max bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Frees the bytes; the buffer is empty and usable again with the same bound. */
void buf_finish(struct buf *b);
/* Forgets content and failure, keeps the allocation. */
void buf_reset(struct buf *b);
int buf_add(struct buf *b, const void *bytes, size_t n);
int buf_adds(struct buf *b, const char *text);
int buf_addc(struct buf *b, char c);
/* Appends n in decimal, with leading zeros up to min_digits (at most 20). */
int buf_add_int(struct buf *b, int64_t n, unsigned min_digits);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Makes room for n more bytes and returns where they start, or null; pair with buf_commit. */
char *buf_reserve(struct buf *b, size_t n);
/* Declares that n bytes were written where buf_reserve said. */
void buf_commit(struct buf *b, size_t n);
/* Cuts the content to len bytes; longer values are ignored. */
void buf_truncate(struct buf *b, size_t len);
/* Hands the bytes (NUL-terminated, free() them) to the caller; null when failed. */
char *buf_steal(struct buf *b, size_t *ret_len);
/* The content as a C string, never null. */
const char *buf_cstr(const struct buf *b);

static inline int buf_failed(const struct buf *b)
{
    return b->failed;
}
