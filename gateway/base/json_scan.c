#include "base/json_scan.h"

#include "base/utf8.h"

#include <stdlib.h>

/*
 * One pass over the text with an explicit stack. What is wrong with the grammar ends it at once;
 * what policy refuses is remembered and the scan goes on, because only a text that is JSON to its
 * end may be called "refused" instead of "not JSON".
 */

enum { DIGITS_MAX = 15, KEYS_FIRST = 32 };

struct level {
    uint32_t keys; /* where this object's member names start in scanner.keys */
    uint32_t count;
};

struct key {
    uint32_t hash;
    uint32_t offset; /* behind the opening quote */
    uint32_t len;
    bool escaped;
};

struct scanner {
    struct json_scan *out;
    struct str text;
    size_t at;
    unsigned flags;
    const struct json_limits *limits;
    unsigned depth_max;
    size_t depth;
    uint32_t key_at; /* offset of the member name read last */
    bool has_key;
    enum json_problem policy;
    size_t policy_at;
    struct buf keys; /* struct key of every open object */
    struct buf deep; /* brackets below depth JSON_DEPTH_MAX */
    char open[JSON_DEPTH_MAX];
    struct level levels[JSON_DEPTH_MAX];
};

enum step { STEP_FAIL, STEP_VALUE, STEP_AFTER, STEP_END };

static enum step fail_at(struct scanner *s, enum json_problem problem, size_t at)
{
    s->out->problem = problem;
    s->out->problem_at = at;
    return STEP_FAIL;
}

static enum step fail(struct scanner *s, enum json_problem problem)
{
    return fail_at(s, s->at == s->text.len ? JSON_ENDS_EARLY : problem, s->at);
}

static void refuse(struct scanner *s, enum json_problem policy, size_t at)
{
    if (s->policy == JSON_OK) {
        s->policy = policy;
        s->policy_at = at;
    }
}

static char peek(const struct scanner *s)
{
    return s->at < s->text.len ? s->text.ptr[s->at] : '\0';
}

/* Replaces bytes in what cJSON will read; offsets stay as they are. */
static bool blank(struct scanner *s, size_t from, size_t to)
{
    if (s->out->copy == NULL) {
        s->out->copy = str_dup(s->text);
    }
    if (s->out->copy == NULL) {
        (void)fail_at(s, JSON_NO_MEMORY, from);
        return false;
    }
    memset(s->out->copy + from, ' ', to - from);
    return true;
}

static size_t comment_end(const struct str text, size_t at)
{
    const char *body = text.ptr + at + 2;
    size_t len = text.len - at - 2;
    const char *end;

    if (text.ptr[at + 1] == '/') {
        end = memchr(body, '\n', len);
        return end == NULL ? text.len : (size_t)(end - text.ptr);
    }
    end = memmem(body, len, "*/", 2);
    return end == NULL ? 0 : (size_t)(end - text.ptr) + 2;
}

static bool skip_comment(struct scanner *s)
{
    size_t start = s->at;
    size_t end;

    if (s->at + 1 >= s->text.len ||
        (s->text.ptr[s->at + 1] != '/' && s->text.ptr[s->at + 1] != '*')) {
        (void)fail(s, JSON_UNEXPECTED);
        return false;
    }
    end = comment_end(s->text, s->at);
    if (end == 0) {
        (void)fail_at(s, JSON_OPEN_COMMENT, start);
        return false;
    }
    if (!utf8_valid((struct str){s->text.ptr + start, end - start})) {
        (void)fail_at(s, JSON_BAD_UTF8, start);
        return false;
    }
    s->at = end;
    return blank(s, start, end);
}

static bool skip_space(struct scanner *s)
{
    for (;;) {
        char c = peek(s);

        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
            s->at++;
        } else if (c == '/' && (s->flags & JSON_COMMENTS) != 0) {
            if (!skip_comment(s)) {
                return false;
            }
        } else {
            return true;
        }
    }
}

static void open_level(struct scanner *s, char bracket)
{
    if (s->depth >= s->depth_max) {
        refuse(s, JSON_TOO_DEEP, s->at);
    }
    if (s->depth < JSON_DEPTH_MAX) {
        s->open[s->depth] = bracket;
        s->levels[s->depth] = (struct level){(uint32_t)(s->keys.len / sizeof(struct key)), 0};
    } else {
        (void)buf_addc(&s->deep, bracket);
    }
    s->depth++;
    s->at++;
}

static bool in_object(const struct scanner *s)
{
    if (s->depth == 0) {
        return false;
    }
    return (s->depth <= JSON_DEPTH_MAX ? s->open[s->depth - 1] : s->deep.data[s->deep.len - 1]) ==
           '{';
}

static enum step close_level(struct scanner *s)
{
    s->at++;
    if (s->depth > JSON_DEPTH_MAX) {
        buf_truncate(&s->deep, s->deep.len - 1);
    } else {
        buf_truncate(&s->keys, s->levels[s->depth - 1].keys * sizeof(struct key));
    }
    s->depth--;
    return STEP_AFTER;
}

/* FNV-1a */
static uint32_t hash_bytes(struct str bytes)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * 16777619u;
    }
    return hash;
}

static struct str raw_key(const struct scanner *s, const struct key *key)
{
    return (struct str){s->text.ptr + key->offset, key->len};
}

static bool same_unescaped(const struct scanner *s, const struct key *a, const struct key *b)
{
    struct buf first;
    struct buf second;
    bool same;

    buf_init(&first, s->text.len);
    buf_init(&second, s->text.len);
    json_unescape(raw_key(s, a), &first);
    json_unescape(raw_key(s, b), &second);
    same = first.len == second.len && memcmp(buf_cstr(&first), buf_cstr(&second), first.len) == 0;
    buf_finish(&first);
    buf_finish(&second);
    return same;
}

static bool same_key(const struct scanner *s, const struct key *a, const struct key *b)
{
    if (a->hash != b->hash) {
        return false;
    }
    return str_eq(raw_key(s, a), raw_key(s, b)) ||
           ((a->escaped || b->escaped) && same_unescaped(s, a, b));
}

static uint32_t hash_key(const struct scanner *s, const struct key *key)
{
    struct buf plain;
    uint32_t hash;

    if (!key->escaped) {
        return hash_bytes(raw_key(s, key));
    }
    buf_init(&plain, s->text.len);
    json_unescape(raw_key(s, key), &plain);
    hash = hash_bytes((struct str){buf_cstr(&plain), plain.len});
    buf_finish(&plain);
    return hash;
}

/* Remembers a member name of the innermost object and refuses it when it came before. */
static bool note_key(struct scanner *s, struct key key)
{
    struct level *level = &s->levels[s->depth - 1];
    const struct key *known = (const struct key *)(const void *)s->keys.data;

    if (++level->count > s->limits->keys) {
        refuse(s, JSON_TOO_MANY_KEYS, key.offset - 1);
        return true;
    }
    key.hash = hash_key(s, &key);
    for (size_t i = level->keys; i < s->keys.len / sizeof key; i++) {
        if (same_key(s, &known[i], &key)) {
            refuse(s, JSON_DUPLICATE_KEY, key.offset - 1);
        }
    }
    return buf_add(&s->keys, &key, sizeof key) == 0;
}

static bool scan_string(struct scanner *s, bool *ret_escaped)
{
    enum json_problem policy = s->policy;
    enum json_problem problem = JSON_OK;
    size_t policy_at = 0;
    size_t at = 0;
    size_t n = json_scan_string((struct str){s->text.ptr + s->at, s->text.len - s->at}, ret_escaped,
                                &policy, &policy_at, &problem, &at);

    if (n == 0) {
        (void)fail_at(s, problem, s->at + at);
        return false;
    }
    refuse(s, policy, s->at + policy_at);
    s->at += n;
    return true;
}

/* A member name and its colon, up to the value. */
static enum step scan_key(struct scanner *s)
{
    size_t start = s->at;
    bool escaped;

    if (peek(s) != '"') {
        return fail(s, JSON_WANTS_KEY);
    }
    if (!scan_string(s, &escaped)) {
        return STEP_FAIL;
    }
    if (s->policy == JSON_OK && !note_key(s, (struct key){.offset = (uint32_t)start + 1,
                                                          .len = (uint32_t)(s->at - start - 2),
                                                          .escaped = escaped})) {
        return fail_at(s, JSON_NO_MEMORY, start);
    }
    if (!skip_space(s)) {
        return STEP_FAIL;
    }
    if (peek(s) != ':') {
        return fail(s, JSON_WANTS_COLON);
    }
    s->at++;
    s->key_at = (uint32_t)start;
    s->has_key = true;
    return skip_space(s) ? STEP_VALUE : STEP_FAIL;
}

static size_t digits(const struct scanner *s, size_t at)
{
    size_t n = 0;

    while (at + n < s->text.len && ascii_digit(s->text.ptr[at + n])) {
        n++;
    }
    return n;
}

/* The length of a number (RFC 8259 §6), or 0. */
static size_t number_length(const struct scanner *s, bool *ret_exponent)
{
    const char *p = s->text.ptr;
    size_t at = s->at + (p[s->at] == '-');
    size_t n = digits(s, at);

    *ret_exponent = false;
    if (n == 0 || (n > 1 && p[at] == '0')) {
        return 0;
    }
    at += n;
    if (at < s->text.len && p[at] == '.') {
        n = digits(s, at + 1);
        if (n == 0) {
            return 0;
        }
        at += n + 1;
    }
    if (at < s->text.len && (p[at] == 'e' || p[at] == 'E')) {
        *ret_exponent = true;
        at += at + 1 < s->text.len && (p[at + 1] == '+' || p[at + 1] == '-') ? 2 : 1;
        n = digits(s, at);
        at += n;
    }
    return n == 0 ? 0 : at - s->at;
}

/* cJSON would cut long numbers, so it gets a zero and the text is put in later. */
static enum step scan_number(struct scanner *s)
{
    size_t start = s->at;
    bool exponent;
    size_t n = number_length(s, &exponent);
    struct json_digits kept = {s->out->values - 1, (uint32_t)start, (uint32_t)n};

    if (n == 0) {
        return fail(s, JSON_BAD_NUMBER);
    }
    s->at += n;
    if (n <= DIGITS_MAX && !exponent) {
        return STEP_AFTER;
    }
    if (!blank(s, start, s->at)) {
        return STEP_FAIL;
    }
    s->out->copy[start] = '0';
    return buf_add(&s->out->digits, &kept, sizeof kept) == 0 ? STEP_AFTER
                                                             : fail_at(s, JSON_NO_MEMORY, start);
}

static enum step scan_literal(struct scanner *s)
{
    static const struct str words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    struct str rest = {s->text.ptr + s->at, s->text.len - s->at};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_starts(rest, words[i].ptr)) {
            s->at += words[i].len;
            return STEP_AFTER;
        }
    }
    return fail(s, rest.len > 0 && ascii_alpha(rest.ptr[0]) ? JSON_BAD_LITERAL : JSON_UNEXPECTED);
}

static bool note_value(struct scanner *s)
{
    struct json_mark mark = {(uint32_t)s->at, s->has_key ? s->key_at : (uint32_t)s->at};

    s->out->values++;
    s->has_key = false;
    return (s->flags & JSON_POSITIONS) == 0 || buf_add(&s->out->marks, &mark, sizeof mark) == 0;
}

/* Opens an array or object and closes it at once when it is empty. */
static enum step scan_open(struct scanner *s, char bracket)
{
    open_level(s, bracket);
    if (!skip_space(s)) {
        return STEP_FAIL;
    }
    if (peek(s) == (bracket == '{' ? '}' : ']')) {
        return close_level(s);
    }
    return bracket == '{' ? scan_key(s) : STEP_VALUE;
}

static enum step scan_value(struct scanner *s)
{
    char c = peek(s);
    bool escaped;

    if (!note_value(s)) {
        return fail_at(s, JSON_NO_MEMORY, s->at);
    }
    if (c == '{' || c == '[') {
        return scan_open(s, c);
    }
    if (c == '"') {
        return scan_string(s, &escaped) ? STEP_AFTER : STEP_FAIL;
    }
    return c == '-' || ascii_digit(c) ? scan_number(s) : scan_literal(s);
}

static enum step scan_after(struct scanner *s)
{
    char closer = in_object(s) ? '}' : ']';
    size_t comma = s->at;

    if (!skip_space(s)) {
        return STEP_FAIL;
    }
    if (s->depth == 0) {
        return s->at == s->text.len ? STEP_END : fail(s, JSON_TRAILING_BYTES);
    }
    if (peek(s) == closer) {
        return close_level(s);
    }
    if (peek(s) != ',') {
        return fail(s, JSON_WANTS_COMMA);
    }
    comma = s->at++;
    if (!skip_space(s)) {
        return STEP_FAIL;
    }
    if (peek(s) == closer && (s->flags & JSON_COMMENTS) != 0) {
        return blank(s, comma, comma + 1) ? close_level(s) : STEP_FAIL;
    }
    return closer == '}' ? scan_key(s) : STEP_VALUE;
}

static enum step scan_document(struct scanner *s)
{
    enum step step = STEP_VALUE;

    if (str_starts(s->text, "\xEF\xBB\xBF")) {
        return fail(s, JSON_BYTE_ORDER_MARK);
    }
    if (!skip_space(s)) {
        return STEP_FAIL;
    }
    while (step == STEP_VALUE || step == STEP_AFTER) {
        step = step == STEP_VALUE ? scan_value(s) : scan_after(s);
        if (buf_failed(&s->deep)) {
            return fail_at(s, JSON_NO_MEMORY, s->at);
        }
    }
    return step;
}

int json_scan(struct json_scan *scan, struct str text, unsigned flags,
              const struct json_limits *limits)
{
    struct scanner s;

    memset(&s, 0, offsetof(struct scanner, open));
    s.out = scan;
    s.text = text;
    s.flags = flags;
    s.limits = limits;
    s.depth_max = limits->depth < JSON_DEPTH_MAX ? limits->depth : JSON_DEPTH_MAX;
    *scan = (struct json_scan){0};
    if (text.len > limits->bytes || text.len >= UINT32_MAX) {
        (void)fail_at(&s, JSON_TOO_LONG, 0);
        return ERR_LIMIT;
    }
    buf_init(&scan->marks, SIZE_MAX / 2);
    buf_init(&scan->digits, SIZE_MAX / 2);
    buf_init(&s.keys, SIZE_MAX / 2);
    buf_init(&s.deep, text.len);
    (void)buf_reserve(&s.keys, KEYS_FIRST * sizeof(struct key));
    if (scan_document(&s) == STEP_END && s.policy != JSON_OK) {
        (void)fail_at(&s, s.policy, s.policy_at);
    }
    buf_finish(&s.keys);
    buf_finish(&s.deep);
    return json_problem_code(scan->problem);
}

void json_scan_finish(struct json_scan *scan)
{
    free(scan->copy);
    buf_finish(&scan->marks);
    buf_finish(&scan->digits);
}
