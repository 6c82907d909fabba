/*
 * Byte strings and ASCII helpers for protocols. Nothing here depends on the process locale; Turkish
 * text has its own functions in text/turkish.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes, not NUL-terminated in general. ptr may be null when len is 0. */
struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

static inline struct str str_of(const char *cstr)
{
    return (struct str){cstr, cstr == NULL ? 0 : strlen(cstr)};
}

bool str_eq(struct str a, struct str b);
bool str_eqs(struct str a, const char *b);
/* Equal when ASCII letters are compared without case. */
bool str_ieq(struct str a, struct str b);
bool str_starts(struct str s, const char *prefix);
/* Without leading and trailing spaces, tabs, CR and LF. */
struct str str_trim(struct str s);
/* Copies into dst (cap bytes with the NUL); ERR_LIMIT when it does not fit, dst is then "". */
int str_copy(char *dst, size_t cap, struct str s);
/* Heap copy, NUL-terminated, to be freed; null without memory. */
char *str_dup(struct str s);
/* Decimal with optional sign, the whole string; ERR_INVALID or ERR_LIMIT otherwise. */
int str_i64(struct str s, int64_t *ret_value);
/* Writes n in decimal, 20 digits at most and no NUL; returns the end. For what is made often. */
char *str_put_u64(char *at, uint64_t n);
/* Duration "250ms", "30s", "15m", "4h", "90d" in milliseconds; the unit is required. */
int str_duration_ms(struct str s, int64_t *ret_ms);
/* The known name nearest to s by edit distance, or null when none is near enough to suggest. */
const char *str_nearest(struct str s, const char *const *names, size_t count);

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline char ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static inline bool ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_alnum(char c)
{
    return ascii_digit(c) || ascii_alpha(c);
}
