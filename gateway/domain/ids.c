#include "domain/ids.h"

#include "base/codec.h"
#include "base/err.h"

#include <stdlib.h>

enum { MARK_DIGITS = 8, ROW_DIGITS_MAX = 13, ATTEMPT_MAX = 999999 };

struct ids {
    struct hash *hash;
};

struct ids *ids_create(const unsigned char key[HASH_KEY_SIZE])
{
    struct ids *ids = calloc(1, sizeof *ids);

    if (ids != NULL && (ids->hash = hash_create(key)) == NULL) {
        free(ids);
        ids = NULL;
    }
    return ids;
}

void ids_destroy(struct ids *ids)
{
    if (ids != NULL) {
        hash_destroy(ids->hash);
        free(ids);
    }
}

/* Forty bits of the keyed hash over "m/<row>/<attempt>"; the attempt is 0 for the message. */
static void mark_of(struct ids *ids, int64_t row, int attempt, char out[MARK_DIGITS + 1])
{
    char text[48] = "m/";
    char *end = str_put_u64(text + 2, (uint64_t)row);

    *end++ = '/';
    end = str_put_u64(end, (uint64_t)attempt);
    codec_base32(hash_of(ids->hash, (struct str){text, (size_t)(end - text)}), MARK_DIGITS, out);
}

/* "m_<row>-<mark>", the row in as few digits as it needs; returns the end. */
static char *put_name(struct ids *ids, int64_t row, int attempt, char out[IDS_TEXT_SIZE])
{
    size_t digits = 1;

    for (uint64_t rest = (uint64_t)row >> 5; rest != 0; rest >>= 5) {
        digits++;
    }
    out[0] = 'm';
    out[1] = '_';
    codec_base32((uint64_t)row, digits, out + 2);
    out[2 + digits] = '-';
    mark_of(ids, row, attempt, out + 3 + digits);
    return out + 3 + digits + MARK_DIGITS;
}

void ids_message_format(struct ids *ids, int64_t row, char out[IDS_TEXT_SIZE])
{
    (void)put_name(ids, row, 0, out);
}

/* The mark covers the attempt too, so that one attempt's name does not give away another's. */
void ids_attempt_format(struct ids *ids, int64_t row, int attempt, char out[IDS_TEXT_SIZE])
{
    char *end = put_name(ids, row, attempt, out);

    *end++ = '-';
    *str_put_u64(end, (uint64_t)attempt) = '\0';
}

/* "m_<row>-<mark>" in front of text; *ret_rest is what follows. One spelling per row. */
static int split(struct str text, int64_t *ret_row, struct str *ret_mark, struct str *ret_rest)
{
    const char *dash;
    size_t digits;
    uint64_t row;

    if (!str_starts(text, "m_")) {
        return ERR_INVALID;
    }
    text = (struct str){text.ptr + 2, text.len - 2};
    dash = memchr(text.ptr, '-', text.len);
    digits = dash == NULL ? 0 : (size_t)(dash - text.ptr);
    if (digits == 0 || text.len - digits - 1 < MARK_DIGITS || text.ptr[0] == '0' ||
        codec_base32_decode((struct str){text.ptr, digits}, &row) != 0 ||
        (digits == ROW_DIGITS_MAX && text.ptr[0] > '7') || row > INT64_MAX) {
        return ERR_INVALID;
    }
    *ret_row = (int64_t)row;
    *ret_mark = (struct str){dash + 1, MARK_DIGITS};
    *ret_rest = (struct str){dash + 1 + MARK_DIGITS, text.len - digits - 1 - MARK_DIGITS};
    return 0;
}

static int check(struct ids *ids, int64_t row, int attempt, struct str mark)
{
    char expected[MARK_DIGITS + 1];

    mark_of(ids, row, attempt, expected);
    return crypto_equal(expected, mark.ptr, MARK_DIGITS) ? 0 : ERR_INVALID;
}

int ids_message_parse(struct ids *ids, struct str text, int64_t *ret_row)
{
    struct str mark;
    struct str rest;
    int64_t row;

    if (split(text, &row, &mark, &rest) != 0 || rest.len != 0 || check(ids, row, 0, mark) != 0) {
        return ERR_INVALID;
    }
    *ret_row = row;
    return 0;
}

int ids_attempt_parse(struct ids *ids, struct str text, int64_t *ret_row, int *ret_attempt)
{
    struct str mark;
    struct str rest;
    int64_t row;
    int64_t attempt;

    if (split(text, &row, &mark, &rest) != 0 || rest.len < 2 || rest.ptr[0] != '-' ||
        rest.ptr[1] < '1' || rest.ptr[1] > '9' ||
        str_i64((struct str){rest.ptr + 1, rest.len - 1}, &attempt) != 0 || attempt > ATTEMPT_MAX ||
        check(ids, row, (int)attempt, mark) != 0) {
        return ERR_INVALID;
    }
    *ret_row = row;
    *ret_attempt = (int)attempt;
    return 0;
}
