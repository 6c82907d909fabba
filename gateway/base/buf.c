#include "base/buf.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP_MIN = 256 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_finish(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = 0;
    if (b->data != NULL) {
        b->data[0] = '\0';
    }
}

static int grow(struct buf *b, size_t need)
{
    size_t cap = b->cap == 0 ? CAP_MIN : b->cap;
    char *data;

    while (cap < need + 1) {
        cap += cap / 2;
    }
    data = realloc(b->data, cap);
    if (data == NULL) {
        return b->failed = ERR_NOMEM;
    }
    b->data = data;
    b->cap = cap;
    return 0;
}

char *buf_reserve(struct buf *b, size_t n)
{
    if (b->failed != 0) {
        return NULL;
    }
    if (n > b->max - b->len) {
        b->failed = ERR_LIMIT;
        return NULL;
    }
    if (b->len + n + 1 > b->cap && grow(b, b->len + n) != 0) {
        return NULL;
    }
    return b->data + b->len;
}

void buf_commit(struct buf *b, size_t n)
{
    b->len += n;
    b->data[b->len] = '\0';
}

int buf_add(struct buf *b, const void *bytes, size_t n)
{
    char *at = buf_reserve(b, n);

    if (at == NULL) {
        return b->failed;
    }
    if (n > 0) {
        memcpy(at, bytes, n);
    }
    buf_commit(b, n);
    return 0;
}

int buf_adds(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

int buf_addc(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

int buf_add_int(struct buf *b, int64_t n, unsigned min_digits)
{
    char text[24];
    size_t at = sizeof text;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0 || (sizeof text - at < min_digits && at > 1));
    if (n < 0) {
        text[--at] = '-';
    }
    return buf_add(b, text + at, sizeof text - at);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_list again;
    int n;
    char *at;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    at = n < 0 ? NULL : buf_reserve(b, (size_t)n);
    if (at != NULL) {
        (void)vsnprintf(at, (size_t)n + 1, fmt, again);
        buf_commit(b, (size_t)n);
    }
    va_end(again);
    return b->failed;
}

void buf_truncate(struct buf *b, size_t len)
{
    if (len < b->len) {
        b->len = len;
        b->data[len] = '\0';
    }
}

char *buf_steal(struct buf *b, size_t *ret_len)
{
    char *data;

    if (b->failed != 0 || (b->data == NULL && buf_add(b, "", 0) != 0)) {
        return NULL;
    }
    data = b->data;
    if (ret_len != NULL) {
        *ret_len = b->len;
    }
    *b = (struct buf){.max = b->max};
    return data;
}

const char *buf_cstr(const struct buf *b)
{
    return b->data == NULL ? "" : b->data;
}
