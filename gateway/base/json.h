/*
 * JSON (RFC 8259), read strictly and written plainly; the only module that sees cJSON.
 *
 * The reader first scans the bytes itself, because cJSON 1.7.15 lets broken JSON pass: UTF-8 and
 * escapes must be valid, \u0000, lone surrogates, duplicate keys (also when they are spelled with
 * different escapes), leading zeros, trailing bytes and
 * a byte order mark are refused, and the bounds below hold. Numbers of more than 15 characters keep
 * their text, so ids above 2^53 survive.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct json; /* one value; owned by its document */
struct json_doc;

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

enum {
    JSON_COMMENTS = 1, /* JSONC: line and block comments, trailing commas */
    JSON_POSITIONS = 2 /* remember line and column of every value */
};

struct json_limits {
    size_t bytes;
    unsigned depth; /* nested arrays and objects; a lone scalar has depth 0 */
    unsigned keys;  /* per object */
};

/* 1 MiB, depth 32, 256 keys. */
extern const struct json_limits json_default_limits;

/* The deepest nesting that a limit can allow. */
enum { JSON_DEPTH_MAX = 256 };

/* What reading stumbled over. */
enum json_problem {
    JSON_OK,
    JSON_ENDS_EARLY,
    JSON_TRAILING_BYTES,
    JSON_BYTE_ORDER_MARK,
    JSON_UNEXPECTED,
    JSON_WANTS_KEY,
    JSON_WANTS_COLON,
    JSON_WANTS_COMMA,
    JSON_BAD_LITERAL,
    JSON_BAD_NUMBER,
    JSON_BAD_ESCAPE,
    JSON_BAD_UTF8,
    JSON_RAW_CONTROL,
    JSON_OPEN_STRING,
    JSON_OPEN_COMMENT,
    JSON_DUPLICATE_KEY,
    JSON_NUL,
    JSON_LONE_SURROGATE,
    JSON_TOO_DEEP,
    JSON_TOO_MANY_KEYS,
    JSON_TOO_LONG,
    JSON_NO_MEMORY,
    JSON_PROBLEM_COUNT
};

/* Where reading stopped. line and column count from 1, column in bytes. */
struct json_place {
    size_t offset;
    int line;
    int column;
    enum json_problem problem; /* JSON_OK for the place of a value */
};

/* The problem as a sentence without a final stop. */
const char *json_problem_text(enum json_problem problem, bool turkish);

/*
 * Parses the whole of text. On failure fills e (English sentence) and, when ret_place is given, the
 * place, and returns
 *   ERR_INVALID      this is not JSON (RFC 8259), whatever else is wrong with it;
 *   ERR_UNSUPPORTED  it is JSON, but holds what is refused here: a member name given twice, \u0000,
 *                    half a surrogate pair;
 *   ERR_LIMIT        it is JSON, but crosses a bound: nesting, members of one object, bytes (the
 *                    bytes are counted first; nothing is read then);
 *   ERR_NOMEM.
 * An HTTP handler has bounded the bytes before, so 400 goes with the first and 422 with the next
 * two. text is not kept. Any thread. Free with json_free().
 */
int json_parse(struct str text, unsigned flags, const struct json_limits *limits,
               struct json_doc **ret_doc, struct json_place *ret_place, struct err *e);
void json_free(struct json_doc *doc);
const struct json *json_root(const struct json_doc *doc); /* null for null */

/* All accessors accept a null value and then answer as for JSON null. */
enum json_type json_type(const struct json *v);
/* Member by exact name, or null. */
const struct json *json_get(const struct json *object, const char *key);
/* Children of an array or object in document order: first child, then the next sibling. */
const struct json *json_first(const struct json *container);
const struct json *json_next(const struct json *value);
/* The member name of a child of an object; null otherwise. */
const char *json_key(const struct json *value);
size_t json_count(const struct json *container);
/* The text of a string (never holds a NUL); {null, 0} for other types. */
struct str json_str(const struct json *v);
bool json_bool(const struct json *v, bool otherwise);
/* A whole number within +-2^53; ERR_INVALID for other types, fractions or larger values. */
int json_i64(const struct json *v, int64_t *ret_value);
/* A member of an object as by json_i64; otherwise when it is not there or no such number. */
int64_t json_get_i64(const struct json *object, const char *key, int64_t otherwise);
double json_double(const struct json *v, double otherwise);
/* The digits of a number as they were written; scratch holds them when they had to be formatted. */
struct str json_number_text(const struct json *v, char scratch[40]);
/* RFC 6901 lookup, "" for the value itself; null when there is none. */
const struct json *json_at(const struct json *v, const char *pointer);
/* Line and column of a value when parsed with JSON_POSITIONS: of its first byte. */
struct json_place json_place_of(const struct json_doc *doc, const struct json *v);
/* Line and column of the member name of an object's child. */
struct json_place json_key_place_of(const struct json_doc *doc, const struct json *v);

/*
 * The writer appends to a buffer; commas and escaping are its business. Failures stick in the
 * buffer (buf_failed). Depth is bounded to 32.
 */
struct json_writer {
    struct buf *out;
    unsigned depth;
    uint64_t has_items; /* bit per depth: a comma is due */
    bool after_key;
};

void jsonw_init(struct json_writer *w, struct buf *out);
void jsonw_object(struct json_writer *w);
void jsonw_end_object(struct json_writer *w);
void jsonw_array(struct json_writer *w);
void jsonw_end_array(struct json_writer *w);
void jsonw_key(struct json_writer *w, const char *key);
void jsonw_str(struct json_writer *w, struct str s);
void jsonw_cstr(struct json_writer *w, const char *s); /* null pointer writes null */
void jsonw_i64(struct json_writer *w, int64_t n);
void jsonw_double(struct json_writer *w, double n);
void jsonw_bool(struct json_writer *w, bool b);
void jsonw_null(struct json_writer *w);
/* Copies a parsed value. */
void jsonw_value(struct json_writer *w, const struct json *v);
/* Bytes that are JSON already. */
void jsonw_raw(struct json_writer *w, struct str json);
/* key and value in one call; the string form leaves the member out when the pointer is null. */
void jsonw_put(struct json_writer *w, const char *key, const char *value);
void jsonw_put_str(struct json_writer *w, const char *key, struct str value);
void jsonw_put_i64(struct json_writer *w, const char *key, int64_t value);
void jsonw_put_bool(struct json_writer *w, const char *key, bool value);
/* Milliseconds since 1970 as RFC 3339; leaves the member out when 0. */
void jsonw_put_time(struct json_writer *w, const char *key, int64_t ms);
/* Appends good JSON to out with two blanks per level and a final line end, for people to read. */
void json_indent(struct str json, struct buf *out);
