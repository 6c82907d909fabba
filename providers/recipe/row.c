/* The fields of a report: found, decoded, read. */
#include "providers/recipe/row.h"

#include "base/civil.h"
#include "base/codec.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

enum { TURKIYE_MS = 3 * 3600 * 1000 /* UTC+3 the whole year since 2016 */ };

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

/* Years of two digits are of this century. */
static bool is_time(struct civil *c)
{
    c->year += c->year > 0 && c->year < 100 ? 2000 : 0;
    return c->year >= 2000 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= civil_month_length(c->year, c->month) && c->hour < 24 && c->minute < 60 &&
           c->second < 61;
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
    return s.len == 0 && is_time(c);
}

int64_t recipe_time_read(struct str s, const struct option_strings *forms, int zone)
{
    int64_t ms;

    for (size_t i = 0; i < forms->count; i++) {
        struct civil c = {0};

        if (read_by_form(s, forms->items[i], &c)) {
            return civil_to_ms(&c) - (zone == ZONE_UTC ? 0 : TURKIYE_MS);
        }
    }
    return rfc3339_parse(s, &ms) == 0 ? ms : 0;
}

void recipe_time_write(int64_t ms, const char *form, struct buf *out)
{
    struct civil c;

    civil_from_ms(ms + TURKIYE_MS, &c);
    while (*form != '\0') {
        size_t run = strspn(form, (char[]){*form, '\0'});
        const int *field = civil_field(&c, *form);

        if (field == NULL) {
            buf_add(out, form, run);
        } else {
            buf_add_int(out, run == 2 && *form == 'y' ? *field % 100 : *field, (unsigned)run);
        }
        form += run;
    }
}

/* Parameters. */

int recipe_parameter_decode(struct str s, struct buf *out)
{
    while (s.len > 0) {
        const char *plus = memchr(s.ptr, '+', s.len);
        size_t n = plus == NULL ? s.len : (size_t)(plus - s.ptr);

        if (codec_percent_decode(out, (struct str){s.ptr, n}) != 0) {
            return ERR_INVALID;
        }
        if (plus != NULL) {
            buf_addc(out, ' ');
            n++;
        }
        s = (struct str){s.ptr + n, s.len - n};
    }
    return buf_failed(out);
}

static bool decode_parameter(struct str s, char *out, size_t cap)
{
    struct buf decoded;
    bool good;

    buf_init(&decoded, cap);
    good = recipe_parameter_decode(s, &decoded) == 0 &&
           (decoded.len == 0 || memchr(decoded.data, '\0', decoded.len) == NULL) &&
           str_copy(out, cap, (struct str){decoded.data, decoded.len}) == 0;
    buf_finish(&decoded);
    return good;
}

bool recipe_parameter(struct str all, const char *name, char *out, size_t cap)
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

/* Fields. */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The column with this number, from 1, between blanks. */
static bool column(struct str line, const char *number, char *out, size_t cap)
{
    int64_t wanted = 0;
    size_t i = 0;

    if (str_i64(str_of(number), &wanted) != 0) {
        return false;
    }
    while (wanted > 0) {
        size_t from;

        while (i < line.len && is_blank(line.ptr[i])) {
            i++;
        }
        from = i;
        while (i < line.len && !is_blank(line.ptr[i])) {
            i++;
        }
        if (from == i) {
            return false;
        }
        if (--wanted == 0) {
            return expr_take_text((struct str){line.ptr + from, i - from}, out, cap);
        }
    }
    return false;
}

bool row_field(const struct row_source *source, const char *name, char *out, size_t cap)
{
    out[0] = '\0';
    if (name == NULL) {
        return false;
    }
    switch (source->kind) {
    case ROW_JSON:
        if (expr_json_text(name[0] == '/' ? json_at(source->json, name)
                                          : json_get(source->json, name),
                           out, cap)) {
            return true;
        }
        return recipe_parameter(source->query, name, out, cap) && out[0] != '\0';
    case ROW_XML:
        return xml_field(&source->xml, name, out, cap);
    case ROW_LINE:
        return column(source->text, name, out, cap);
    case ROW_KV:
        return expr_kv_text(source->text, name, out, cap);
    case ROW_PARAMETERS:
        return (recipe_parameter(source->text, name, out, cap) ||
                recipe_parameter(source->query, name, out, cap)) &&
               out[0] != '\0';
    }
    return false;
}

/* Rows. */

static bool is_clean(const struct row *row)
{
    return utf8_clean_line(str_of(row->ref)) && utf8_clean_line(str_of(row->id)) &&
           utf8_clean_line(str_of(row->state)) && utf8_clean_line(str_of(row->detail));
}

/* Whether "only" rules the row out. */
static bool is_other(const struct recipe_row *fields, const struct row_source *source)
{
    char value[REPORT_FIELD_MAX];

    if (!row_field(source, fields->only, value, sizeof(value))) {
        return false;
    }
    for (size_t i = 0; i < fields->only_is.count; i++) {
        if (strcmp(value, fields->only_is.items[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* A state that the table does not know is pending: the awaiting side gives up in time. */
static void find_state(const struct recipe *r, const struct row *row, struct recipe_state *ret)
{
    char both[2 * REPORT_FIELD_MAX + 1];

    snprintf(both, sizeof(both), "%s/%s", row->state, row->detail);
    if (!recipe_state_read(json_get(r->states, both), ret)) {
        recipe_state_read(json_get(r->states, row->state), ret);
    }
}

static void fill_report(const struct recipe *r, const struct recipe_row *fields,
                        const struct row *row, struct provider_report *ret)
{
    struct recipe_state state;

    find_state(r, row, &state);
    *ret = (struct provider_report){
        .ref = row->ref[0] == '\0' ? NULL : row->ref,
        .provider_ref = row->id[0] == '\0' ? NULL : row->id,
        .to = row->to[0] == '\0' ? NULL : row->to,
        .state = state.state,
        .code = row->state,
        .detail = row->detail[0] == '\0' ? NULL : row->detail,
        .text = state.text,
        .cause = state.cause,
        .at_ms = recipe_time_read(str_of(row->at), &fields->at_formats, fields->zone)};
}

static bool read_row(const struct recipe_row *fields, const struct row_source *source,
                     struct row *row)
{
    char to[REPORT_FIELD_MAX];

    row_field(source, fields->ref, row->ref, REPORT_FIELD_MAX);
    row_field(source, fields->detail, row->detail, REPORT_FIELD_MAX);
    row_field(source, fields->at, row->at, REPORT_FIELD_MAX);
    if (!row_field(source, fields->id, row->id, REPORT_FIELD_MAX) && source->asked != NULL) {
        str_copy(row->id, REPORT_FIELD_MAX, str_of(source->asked));
    }
    if (!row_field(source, fields->to, to, sizeof(to)) ||
        !recipe_number_normalise(str_of(to), row->to)) {
        row->to[0] = '\0';
    }
    return row_field(source, fields->state, row->state, REPORT_FIELD_MAX) && is_clean(row) &&
           (row->ref[0] != '\0' || row->id[0] != '\0');
}

void row_batch_init(struct row_batch *b, const struct recipe *r, const struct recipe_row *fields,
                    const struct report_sink *sink)
{
    b->recipe = r;
    b->fields = fields;
    b->sink = sink;
    b->count = 0;
    b->seen = 0;
    b->understood = 0;
}

void row_batch_flush(struct row_batch *b)
{
    if (b->count > 0) {
        b->sink->see(b->sink->ctx, b->list, b->count);
        b->count = 0;
    }
}

void row_batch_take(struct row_batch *b, const struct row_source *source)
{
    b->seen++;
    if (is_other(b->fields, source)) {
        b->understood++;
        return;
    }
    if (!read_row(b->fields, source, &b->rows[b->count])) {
        return;
    }
    fill_report(b->recipe, b->fields, &b->rows[b->count], &b->list[b->count]);
    b->understood++;
    if (++b->count == ROWS_AT_ONCE) {
        row_batch_flush(b);
    }
}
