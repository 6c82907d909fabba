#include "base/str.h"

#include "base/err.h"

#include <stdlib.h>

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eqs(struct str a, const char *b)
{
    return str_eq(a, str_of(b));
}

bool str_ieq(struct str a, struct str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool str_starts(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.len >= n && memcmp(s.ptr, prefix, n) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

int str_copy(char *dst, size_t cap, struct str s)
{
    if (s.len + 1 > cap) {
        if (cap > 0) {
            dst[0] = '\0';
        }
        return ERR_LIMIT;
    }
    if (s.len > 0) {
        memcpy(dst, s.ptr, s.len);
    }
    dst[s.len] = '\0';
    return 0;
}

char *str_dup(struct str s)
{
    char *copy = malloc(s.len + 1);

    if (copy != NULL) {
        (void)str_copy(copy, s.len + 1, s);
    }
    return copy;
}

int str_i64(struct str s, int64_t *ret_value)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    int64_t value = 0;
    size_t i = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0;

    if (i == s.len) {
        return ERR_INVALID;
    }
    for (; i < s.len; i++) {
        if (!ascii_digit(s.ptr[i])) {
            return ERR_INVALID;
        }
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, s.ptr[i] - '0', &value)) {
            return ERR_LIMIT;
        }
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, value, &value)) {
        return ERR_LIMIT;
    }
    *ret_value = value;
    return 0;
}

int str_duration_ms(struct str s, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t digits = 0;
    int64_t value;
    int rc;

    while (digits < s.len && ascii_digit(s.ptr[digits])) {
        digits++;
    }
    rc = str_i64((struct str){s.ptr, digits}, &value);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (str_eqs((struct str){s.ptr + digits, s.len - digits}, units[i].unit)) {
            return __builtin_mul_overflow(value, units[i].ms, ret_ms) ? ERR_LIMIT : 0;
        }
    }
    return ERR_INVALID;
}

enum { NEAREST_MAX = 64 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Levenshtein distance of two short strings. */
static size_t edit_distance(struct str a, struct str b)
{
    size_t row[NEAREST_MAX + 1];

    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            size_t same = ascii_lower(a.ptr[i - 1]) == ascii_lower(b.ptr[j - 1]) ? 0 : 1;

            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + same);
            diagonal = above;
        }
    }
    return row[b.len];
}

const char *str_nearest(struct str s, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t best_distance = s.len / 3 + 2;

    if (s.len > NEAREST_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        struct str name = str_of(names[i]);
        size_t distance = name.len > NEAREST_MAX ? NEAREST_MAX : edit_distance(s, name);

        if (distance < best_distance) {
            best_distance = distance;
            best = names[i];
        }
    }
    return best;
}

char *str_put_u64(char *at, uint64_t n)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (count > 0) {
        *at++ = digits[--count];
    }
    return at;
}
