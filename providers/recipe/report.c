#include "providers/recipe/report.h"

#include "base/civil.h"
#include "base/codec.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "providers/recipe/judge.h"

#include <stdio.h>

enum {
    FIELD_MAX = 128,
    AT_ONCE = 64,
    TURKIYE_MS = 3 * 3600 * 1000 /* UTC+3 the whole year since 2016 */
};

/* The texts of one report while it is handed on. */
struct row {
    char ref[FIELD_MAX];
    char id[FIELD_MAX];
    char to[16];
    char state[FIELD_MAX];
    char detail[FIELD_MAX];
    char at[FIELD_MAX];
};

/* Where a row's fields are looked up: a JSON value or parameters. */
struct row_source {
    const struct json *json;
    struct str parameters;
};

struct batch {
    const struct report_sink *sink;
    struct row rows[AT_ONCE];
    struct provider_report list[AT_ONCE];
    size_t count;
};

bool recipe_number_normalise(struct str s, char out[16])
{
    char digits[16];
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (ascii_digit(s.ptr[i])) {
            if (n == sizeof(digits)) {
                return false;
            }
            digits[n++] = s.ptr[i];
        } else if (strchr("+ ()-", s.ptr[i]) == NULL) {
            return false;
        }
    }
    if (n < 10 || digits[n - 10] != '5' || n > 14) {
        return false;
    }
    snprintf(out, 16, "+90%.10s", digits + n - 10);
    digits[n - 10] = '\0';
    return strcmp(digits, "") == 0 || strcmp(digits, "0") == 0 || strcmp(digits, "90") == 0 ||
           strcmp(digits, "0090") == 0;
}

/* Reads the digits that a run of the same letter asks for. */
static bool read_number(struct str *s, size_t digits, int *ret)
{
    if (s->len < digits) {
        return false;
    }
    *ret = 0;
    for (size_t i = 0; i < digits; i++) {
        if (!ascii_digit(s->ptr[i])) {
            return false;
        }
        *ret = *ret * 10 + (s->ptr[i] - '0');
    }
    *s = (struct str){s->ptr + digits, s->len - digits};
    return true;
}

static int *civil_field(struct civil *c, char letter)
{
    switch (letter) {
    case 'd':
        return &c->day;
    case 'M':
        return &c->month;
    case 'y':
        return &c->year;
    case 'H':
        return &c->hour;
    case 'm':
        return &c->minute;
    case 's':
        return &c->second;
    default:
        return NULL;
    }
}

static bool read_by_form(struct str s, const char *form, struct civil *c)
{
    while (*form != '\0') {
        size_t run = strspn(form, (char[]){*form, '\0'});
        int *field = civil_field(c, *form);

        if (field != NULL) {
            if (run > 4 || !read_number(&s, run, field)) {
                return false;
            }
            form += run;
            continue;
        }
        if (s.len == 0 || s.ptr[0] != *form) {
            return false;
        }
        s = (struct str){s.ptr + 1, s.len - 1};
        form++;
    }
    return s.len == 0 && c->year >= 2000 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= civil_month_length(c->year, c->month) && c->hour < 24 && c->minute < 60 &&
           c->second < 61;
}

int64_t recipe_time_read(struct str s, const struct option_strings *forms)
{
    int64_t ms;

    for (size_t i = 0; i < forms->count; i++) {
        struct civil c = {0};

        if (read_by_form(s, forms->items[i], &c)) {
            return civil_to_ms(&c) - TURKIYE_MS;
        }
    }
    return rfc3339_parse(s, &ms) == 0 ? ms : 0;
}

/* Decodes "+" and "%XX" into out; false when it does not fit or is broken. */
static bool decode_parameter(struct str s, char *out, size_t cap)
{
    struct buf decoded;
    struct buf plain;
    bool good;

    buf_init(&plain, 4096);
    buf_init(&decoded, cap);
    for (size_t i = 0; i < s.len; i++) {
        buf_addc(&plain, s.ptr[i] == '+' ? ' ' : s.ptr[i]);
    }
    good = buf_failed(&plain) == 0 &&
           codec_percent_decode(&decoded, (struct str){plain.data, plain.len}) == 0 &&
           str_copy(out, cap, (struct str){decoded.data, decoded.len}) == 0;
    buf_finish(&plain);
    buf_finish(&decoded);
    return good;
}

static bool find_parameter(struct str all, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);

    out[0] = '\0';
    while (all.len > 0) {
        const char *end = memchr(all.ptr, '&', all.len);
        struct str pair = {all.ptr, end == NULL ? all.len : (size_t)(end - all.ptr)};

        if (pair.len > n && memcmp(pair.ptr, name, n) == 0 && pair.ptr[n] == '=') {
            return decode_parameter((struct str){pair.ptr + n + 1, pair.len - n - 1}, out, cap);
        }
        all = end == NULL ? (struct str){NULL, 0} : (struct str){end + 1, all.len - pair.len - 1};
    }
    return false;
}

static bool find_field(const struct row_source *source, const char *name, char *out, size_t cap)
{
    out[0] = '\0';
    if (name == NULL) {
        return false;
    }
    if (source->json == NULL) {
        return find_parameter(source->parameters, name, out, cap) && out[0] != '\0';
    }
    return expr_json_text(
        name[0] == '/' ? json_at(source->json, name) : json_get(source->json, name), out, cap);
}

static bool is_clean(const struct row *row)
{
    return utf8_clean_line(str_of(row->ref)) && utf8_clean_line(str_of(row->id)) &&
           utf8_clean_line(str_of(row->state)) && utf8_clean_line(str_of(row->detail));
}

static bool read_row(const struct recipe *r, const struct recipe_row *fields,
                     const struct row_source *source, struct row *row, struct provider_report *ret)
{
    char to[FIELD_MAX];
    enum report_state state = REPORT_PENDING;

    find_field(source, fields->ref, row->ref, FIELD_MAX);
    find_field(source, fields->id, row->id, FIELD_MAX);
    find_field(source, fields->detail, row->detail, FIELD_MAX);
    find_field(source, fields->at, row->at, FIELD_MAX);
    if (!find_field(source, fields->to, to, sizeof(to)) ||
        !recipe_number_normalise(str_of(to), row->to)) {
        row->to[0] = '\0';
    }
    if (!find_field(source, fields->state, row->state, FIELD_MAX) || !is_clean(row) ||
        (row->ref[0] == '\0' && row->id[0] == '\0')) {
        return false;
    }
    /* A state that the table does not know is pending: the awaiting side gives up in time. */
    recipe_state_read(json_str(json_get(r->states, row->state)), &state);
    *ret =
        (struct provider_report){.ref = row->ref[0] == '\0' ? NULL : row->ref,
                                 .provider_ref = row->id[0] == '\0' ? NULL : row->id,
                                 .to = row->to[0] == '\0' ? NULL : row->to,
                                 .state = state,
                                 .code = row->state,
                                 .detail = row->detail[0] == '\0' ? NULL : row->detail,
                                 .at_ms = recipe_time_read(str_of(row->at), &fields->at_formats)};
    return true;
}

static void flush(struct batch *b)
{
    if (b->count > 0) {
        b->sink->see(b->sink->ctx, b->list, b->count);
        b->count = 0;
    }
}

/* Reads one row into the batch; false when it could not be understood. */
static bool take_row(const struct recipe *r, const struct recipe_row *fields,
                     const struct row_source *source, struct batch *b)
{
    if (!read_row(r, fields, source, &b->rows[b->count], &b->list[b->count])) {
        return false;
    }
    if (++b->count == AT_ONCE) {
        flush(b);
    }
    return true;
}

/* Rows of an array, or of the lone object that some vendors send instead. */
static size_t take_rows(const struct recipe *r, const struct recipe_row *fields,
                        const struct json *rows, const struct report_sink *sink,
                        size_t *ret_understood)
{
    struct batch b = {.sink = sink};
    bool list = json_type(rows) == JSON_ARRAY;
    size_t seen = 0;

    *ret_understood = 0;
    for (const struct json *v = list ? json_first(rows) : rows; v != NULL;
         v = list ? json_next(v) : NULL) {
        struct row_source source = {.json = v};

        seen++;
        *ret_understood += take_row(r, fields, &source, &b) ? 1u : 0u;
    }
    flush(&b);
    return seen;
}

size_t recipe_poll_rows(const struct recipe *r, const struct recipe_reply *reply,
                        const struct report_sink *sink)
{
    const struct option_strings *places = &r->poll.rows;
    const struct json *root = reply->doc == NULL ? NULL : json_root(reply->doc);
    const struct json *rows = places->count == 0 ? root : NULL;
    size_t understood;

    for (size_t i = 0; rows == NULL && i < places->count; i++) {
        rows = json_at(root, places->items[i]);
    }
    return json_type(rows) == JSON_ARRAY || json_type(rows) == JSON_OBJECT
               ? take_rows(r, &r->poll.row, rows, sink, &understood)
               : 0;
}

static bool secret_is_right(const struct recipe_hook *rules, struct str query, struct str secret)
{
    char given[FIELD_MAX];
    unsigned char a[SHA256_SIZE];
    unsigned char b[SHA256_SIZE];

    if (rules->secret == NULL || secret.len == 0) {
        return true;
    }
    find_parameter(query, rules->secret, given, sizeof(given));
    crypto_sha256(str_of(given), a);
    crypto_sha256(secret, b);
    return crypto_equal(a, b, sizeof(a));
}

static bool hook_parameters(const struct recipe *r, struct str parameters,
                            const struct report_sink *sink)
{
    struct batch b = {.sink = sink};
    struct row_source source = {.parameters = parameters};
    bool understood = take_row(r, &r->hook.row, &source, &b);

    flush(&b);
    return understood;
}

static bool hook_json(const struct recipe *r, struct str body, const struct report_sink *sink)
{
    struct recipe_reply reply;
    size_t understood = 0;

    recipe_reply_init(&reply, 200, body, NULL);
    if (reply.doc != NULL) {
        take_rows(r, &r->hook.row,
                  json_at(json_root(reply.doc), r->hook.rows == NULL ? "" : r->hook.rows), sink,
                  &understood);
    }
    recipe_reply_finish(&reply);
    return understood > 0;
}

int recipe_hook_rows(const struct recipe *r, const struct provider_hook *hook, struct str secret,
                     const struct report_sink *sink, struct err *e)
{
    bool understood;

    if (!r->has_hook) {
        return err_set(e, ERR_UNSUPPORTED, "this vendor's reports are not pushed");
    }
    if (!secret_is_right(&r->hook, hook->query, secret)) {
        return err_set(e, ERR_DENIED, "the report does not carry the secret");
    }
    if (r->hook.format == HOOK_JSON) {
        understood = hook_json(r, hook->body, sink);
    } else {
        understood =
            hook_parameters(r, r->hook.format == HOOK_QUERY ? hook->query : hook->body, sink);
    }
    return understood ? 0 : err_set(e, ERR_INVALID, "the report cannot be understood");
}
