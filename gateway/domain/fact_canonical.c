/*
 * The canonical form. Written and read by hand, because it is read again for every message: texts
 * were checked at the border, so only the quote and the backslash need an escape.
 */
#include "base/err.h"
#include "domain/fact_table.h"

static char *put_raw(char *at, const char *text)
{
    size_t n = strlen(text);

    memcpy(at, text, n);
    return at + n;
}

static char *put_text(char *at, const char *text)
{
    *at++ = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *at++ = '\\';
        }
        *at++ = *text;
    }
    *at++ = '"';
    return at;
}

static char *put_key(char *at, const char *key)
{
    *at++ = '"';
    at = put_raw(at, key);
    *at++ = '"';
    *at++ = ':';
    return at;
}

/* Every member leaves a comma behind it; the end of the object overwrites the last one. */
static char *put_member(char *at, const char *key, const char *text)
{
    if (text[0] == '\0') {
        return at;
    }
    at = put_text(put_key(at, key), text);
    *at++ = ',';
    return at;
}

static char *put_time(char *at, const char *key, int64_t ms)
{
    char digits[20];
    size_t n = 0;

    if (ms <= 0) {
        return at;
    }
    at = put_key(at, key);
    for (; ms != 0; ms /= 10) {
        digits[n++] = (char)('0' + ms % 10);
    }
    while (n > 0) {
        *at++ = digits[--n];
    }
    *at++ = ',';
    return at;
}

static char *put_group(char *at, const struct fact *f, enum fact_group group)
{
    char *begin = at;
    char *body;

    at = put_key(at, fact_groups[group].key);
    *at++ = '{';
    body = at;
    for (const struct fact_field *field = fact_groups[group].list; field->key != NULL; field++) {
        at = put_member(at, field->key, fact_text_of(f, field));
    }
    if (group == GROUP_CERTIFICATE) {
        at = put_time(at, "not_after", f->not_after_ms);
    }
    if (at == body) {
        return begin;
    }
    at[-1] = '}';
    *at++ = ',';
    return at;
}

int fact_canonical(const struct fact *f, struct buf *out)
{
    char text[FACT_CANONICAL_MAX];
    char *at = text;

    *at++ = '{';
    at = put_member(at, "type", event_name(f->type));
    at = put_time(at, "time", f->time_ms);
    at = put_member(at, "subject", f->subject);
    for (enum fact_group group = GROUP_CERTIFICATE; group < GROUP_COUNT; group++) {
        at = put_group(at, f, group);
    }
    if (f->eonay != EONAY_UNKNOWN) {
        at = put_member(at, "eonay", eonay_name(f->eonay));
    }
    at[-1] = '}';
    return buf_add(out, text, (size_t)(at - text));
}

struct cursor {
    const char *at;
    const char *end;
};

static bool take(struct cursor *c, char expected)
{
    if (c->at < c->end && *c->at == expected) {
        c->at++;
        return true;
    }
    return false;
}

/* Steps over ,"key": and stays where it is when another member stands there. */
static bool take_key(struct cursor *c, const char *key)
{
    struct cursor back = *c;
    size_t n = strlen(key);

    (void)take(c, ',');
    if (take(c, '"') && (size_t)(c->end - c->at) > n && memcmp(c->at, key, n) == 0) {
        c->at += n;
        if (take(c, '"') && take(c, ':')) {
            return true;
        }
    }
    *c = back;
    return false;
}

static int take_text(struct cursor *c, char *dst, size_t size)
{
    size_t n = 0;

    if (!take(c, '"')) {
        return ERR_CORRUPT;
    }
    while (c->at < c->end && *c->at != '"') {
        if (*c->at == '\\' && ++c->at == c->end) {
            return ERR_CORRUPT;
        }
        if (n + 1 >= size || *c->at == '\0') {
            return ERR_CORRUPT;
        }
        dst[n++] = *c->at++;
    }
    dst[n] = '\0';
    return take(c, '"') ? 0 : ERR_CORRUPT;
}

static int take_member(struct cursor *c, const char *key, char *dst, size_t size)
{
    return take_key(c, key) ? take_text(c, dst, size) : 0;
}

static int take_time(struct cursor *c, const char *key, int64_t *ret_ms)
{
    const char *begin;

    if (!take_key(c, key)) {
        return 0;
    }
    begin = c->at;
    while (c->at < c->end && ascii_digit(*c->at)) {
        c->at++;
    }
    return str_i64((struct str){begin, (size_t)(c->at - begin)}, ret_ms) == 0 ? 0 : ERR_CORRUPT;
}

static int take_group(struct cursor *c, struct fact *f, enum fact_group group)
{
    int rc = 0;

    if (!take_key(c, fact_groups[group].key)) {
        return 0;
    }
    if (!take(c, '{')) {
        return ERR_CORRUPT;
    }
    for (const struct fact_field *field = fact_groups[group].list; field->key != NULL && rc == 0;
         field++) {
        rc = take_member(c, field->key, fact_text(f, field), field->size);
    }
    if (rc == 0 && group == GROUP_CERTIFICATE) {
        rc = take_time(c, "not_after", &f->not_after_ms);
    }
    return rc == 0 && take(c, '}') ? 0 : ERR_CORRUPT;
}

static int take_type(struct cursor *c, struct fact *f)
{
    char name[FACT_WORD_SIZE] = "";

    if (take_member(c, "type", name, sizeof name) != 0) {
        return ERR_CORRUPT;
    }
    f->type = event_parse(str_of(name));
    return f->type < EVENT_TYPE_COUNT ? 0 : ERR_CORRUPT;
}

static int take_eonay(struct cursor *c, struct fact *f)
{
    char word[FACT_WORD_SIZE] = "unknown";

    if (take_member(c, "eonay", word, sizeof word) != 0) {
        return ERR_CORRUPT;
    }
    f->eonay = eonay_parse(str_of(word));
    return f->eonay < EONAY_COUNT ? 0 : ERR_CORRUPT;
}

int fact_read_canonical(struct str text, struct fact *ret)
{
    struct cursor c = {text.ptr, text.ptr + text.len};

    fact_reset(ret);
    if (!take(&c, '{') || take_type(&c, ret) != 0 || take_time(&c, "time", &ret->time_ms) != 0 ||
        take_member(&c, "subject", ret->subject, sizeof ret->subject) != 0) {
        return ERR_CORRUPT;
    }
    for (enum fact_group group = GROUP_CERTIFICATE; group < GROUP_COUNT; group++) {
        if (take_group(&c, ret, group) != 0) {
            return ERR_CORRUPT;
        }
    }
    return take_eonay(&c, ret) == 0 && take(&c, '}') && c.at == c.end ? 0 : ERR_CORRUPT;
}
