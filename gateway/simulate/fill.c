#include "base/civil.h"
#include "simulate/parts.h"

#include <stdio.h>

enum { TURKIYE_MS = 3 * 3600 * 1000 };

static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* One run of equal letters of a date pattern; false when it is none. */
static bool add_date_part(char letter, size_t n, const struct civil *c, struct buf *out)
{
    switch (letter) {
    case 'y':
        return buf_add_int(out, n == 2 ? c->year % 100 : c->year, n == 2 ? 2 : 4) == 0;
    case 'M':
        return n == 3 ? buf_adds(out, months[c->month - 1]) == 0
                      : buf_add_int(out, c->month, 2) == 0;
    case 'd':
        return buf_add_int(out, c->day, 2) == 0;
    case 'H':
        return buf_add_int(out, c->hour, 2) == 0;
    case 'm':
        return buf_add_int(out, c->minute, 2) == 0;
    case 's':
        return buf_add_int(out, c->second, 2) == 0;
    case 'E':
        return buf_adds(out, days[civil_weekday(civil_days(c->year, c->month, c->day))]) == 0;
    default:
        return false;
    }
}

/* "dd.MM.yyyy HH:mm:ss" in Türkiye's time; a pattern that begins with "Z" is in UTC. */
static void add_time(int64_t ms, const char *pattern, struct buf *out)
{
    bool utc = pattern[0] == 'Z';
    struct civil c;

    civil_from_ms(ms + (utc ? 0 : TURKIYE_MS), &c);
    for (const char *p = pattern + (utc ? 1 : 0); *p != '\0';) {
        size_t n = strspn(p, (char[2]){*p, '\0'});

        if (!ascii_alpha(*p) || !add_date_part(*p, n, &c, out)) {
            (void)buf_add(out, p, n);
        }
        p += n;
    }
}

static void add_number(const struct sim_scope *s, const char *number, const char *form,
                       struct buf *out)
{
    int wanted = s->sim->model->number_form;

    if (number == NULL) {
        return;
    }
    if (strcmp(form, "5x") == 0) {
        wanted = SIM_NUMBER_5X;
    } else if (form[0] != '\0') {
        wanted = form[0] == '+' ? SIM_NUMBER_PLUS905X : SIM_NUMBER_905X;
    }
    if (wanted == SIM_NUMBER_PLUS905X) {
        (void)buf_addc(out, '+');
    }
    (void)buf_adds(out, wanted == SIM_NUMBER_5X && strlen(number) > 10 ? number + 2 : number);
}

static const char *text_of(const struct json *entry, const char *key)
{
    const char *text = json_str(json_get(entry, key)).ptr;

    return text == NULL ? "" : text;
}

/*
 * The words of a row by their name; null for what it lacks. False when name is none of them. The
 * names of this file are also in check.c.
 */
static bool row_word(const struct sim_scope *s, const char *name, const char **ret)
{
    const struct sim_row *r = s->row;
    const struct sim_message *m = r->message;
    const struct json *state = sim_state(s->sim->model, r->state);
    const char *word = text_of(state, "word");
    const struct {
        const char *name;
        const char *value;
    } words[] = {
        {"id", r->id},
        {"message_ref", r->ref},
        {"state", r->state},
        {"word", word[0] != '\0' ? word : r->state},
        {"detail", text_of(state, "detail")},
        {"text", m == NULL ? NULL : m->text},
        {"job_ref", m == NULL ? NULL : m->job_ref},
        {"sender", m == NULL ? NULL : m->sender},
        {"code", r->code == NULL ? s->sim->model->accepted : r->code},
        {"refused", r->code},
        {"error", text_of(sim_code(s->sim->model, r->code), "text")},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcmp(name, words[i].name) == 0) {
            *ret = words[i].value == NULL ? "" : words[i].value;
            return true;
        }
    }
    return false;
}

/* Names that only a row has. False when name is none of them. */
static bool add_row_value(const struct sim_scope *s, const char *name, const char *form,
                          struct buf *out)
{
    const struct sim_row *r = s->row;
    const struct sim_message *m = r->message;
    const char *word;

    if (row_word(s, name, &word)) {
        (void)buf_adds(out, word);
    } else if (strcmp(name, "to") == 0) {
        add_number(s, r->to, form, out);
    } else if (strcmp(name, "sent_at") == 0) {
        add_time(m == NULL ? sim_now() : m->at_ms, form, out);
    } else if (strcmp(name, "done_at") == 0) {
        if (r->over) {
            add_time(m == NULL ? sim_now() : m->end_ms, form, out);
        }
    } else if (strcmp(name, "parts") == 0) {
        (void)buf_add_int(out, m == NULL ? 1 : m->parts, 1);
    } else {
        return false;
    }
    return true;
}

static void add_request_value(const struct sim_scope *s, const char *name, const char *form,
                              struct buf *out)
{
    const struct json *code = sim_code(s->sim->model, s->code);

    if (strcmp(name, "code") == 0) {
        (void)buf_adds(out, s->code == NULL ? s->sim->model->accepted : s->code);
    } else if (strcmp(name, "error") == 0) {
        (void)buf_adds(out, text_of(code, "text"));
    } else if (strcmp(name, "now") == 0) {
        add_time(sim_now(), form, out);
    } else if (strcmp(name, "count") == 0) {
        (void)buf_add_int(out, (int64_t)s->count, 1);
    } else if (strcmp(name, "balance") == 0) {
        (void)buf_adds(out, s->sim->model->balance);
    } else if (strcmp(name, "http") == 0) {
        int64_t status = 0;

        (void)json_i64(json_get(code, "http"), &status);
        (void)buf_add_int(out, status, 1);
    }
}

static void add_pointer(const struct sim_scope *s, const char *pointer, struct buf *out)
{
    const struct json *v = json_at(s->request, pointer);
    char digits[40];

    if (json_type(v) == JSON_STRING) {
        (void)buf_add(out, json_str(v).ptr, json_str(v).len);
    } else if (json_type(v) == JSON_NUMBER) {
        struct str n = json_number_text(v, digits);

        (void)buf_add(out, n.ptr, n.len);
    }
}

static void add_value(struct str inside, const struct sim_scope *s, struct buf *out)
{
    char name[128];
    char *form;

    if (str_copy(name, sizeof(name), inside) != 0) {
        return;
    }
    form = strchr(name, '|');
    if (form != NULL) {
        *form++ = '\0';
    }
    form = form == NULL ? name + strlen(name) : form;
    if (name[0] == '/') {
        add_pointer(s, name, out);
    } else if (strcmp(name, "job") == 0) {
        (void)buf_adds(out, s->row != NULL && s->row->job != NULL ? s->row->job : s->job);
    } else if (s->row == NULL || !add_row_value(s, name, form, out)) {
        add_request_value(s, name, form, out);
    }
}

void sim_fill_text(struct str text, const struct sim_scope *s, struct buf *out)
{
    while (text.len > 0) {
        const char *at = memmem(text.ptr, text.len, "${", 2);
        size_t plain = at == NULL ? text.len : (size_t)(at - text.ptr);
        const char *end = at == NULL ? NULL : memchr(at, '}', text.len - plain);

        (void)buf_add(out, text.ptr, end == NULL ? text.len : plain);
        if (end == NULL) {
            return;
        }
        add_value((struct str){at + 2, (size_t)(end - at) - 2}, s, out);
        text = (struct str){end + 1, text.len - (size_t)(end + 1 - text.ptr)};
    }
}

/* "#{…}" and "?{…}" as the whole of a string. */
static bool is_whole(struct str s, char mark)
{
    return s.len > 3 && s.ptr[0] == mark && s.ptr[1] == '{' && s.ptr[s.len - 1] == '}';
}

static void fill_string(struct str t, const struct sim_scope *s, struct json_writer *w)
{
    struct json_doc *doc = NULL;
    struct buf value;
    struct str filled;

    buf_init(&value, SIM_VALUE_MAX);
    if (is_whole(t, '#') || is_whole(t, '?') || is_whole(t, '~')) {
        add_value((struct str){t.ptr + 2, t.len - 3}, s, &value);
    } else {
        sim_fill_text(t, s, &value);
    }
    filled = (struct str){buf_cstr(&value), value.len};
    if (is_whole(t, '#')) {
        bool is_json = json_parse(filled, 0, &json_default_limits, &doc, NULL, NULL) == 0;

        jsonw_raw(w, is_json ? filled : STR("null"));
        json_free(doc);
    } else if (is_whole(t, '?') && filled.len == 0) {
        jsonw_null(w);
    } else {
        jsonw_str(w, filled);
    }
    buf_finish(&value);
}

static void fill_rows(const struct json *t, struct sim_scope *s, struct json_writer *w)
{
    jsonw_array(w);
    for (s->index = 0; s->index < s->count; s->index++) {
        s->row = &s->rows[s->index];
        sim_fill_json(t, s, w);
    }
    s->row = NULL;
    jsonw_end_array(w);
}

static bool is_empty(struct str t, const struct sim_scope *s)
{
    struct buf value;
    bool empty;

    buf_init(&value, SIM_VALUE_MAX);
    add_value((struct str){t.ptr + 2, t.len - 3}, s, &value);
    empty = value.len == 0;
    buf_finish(&value);
    return empty;
}

static void fill_members(const struct json *t, struct sim_scope *s, struct json_writer *w)
{
    jsonw_object(w);
    for (const struct json *v = json_first(t); v != NULL; v = json_next(v)) {
        if (is_whole(json_str(v), '~') && is_empty(json_str(v), s)) {
            continue;
        }
        jsonw_key(w, json_key(v));
        sim_fill_json(v, s, w);
    }
    jsonw_end_object(w);
}

void sim_fill_json(const struct json *t, struct sim_scope *s, struct json_writer *w)
{
    if (json_type(t) == JSON_STRING) {
        fill_string(json_str(t), s, w);
    } else if (json_get(t, "$rows") != NULL) {
        fill_rows(json_get(t, "$rows"), s, w);
    } else if (json_get(t, "$first") != NULL) {
        s->row = s->count > 0 ? &s->rows[0] : NULL;
        sim_fill_json(json_get(t, "$first"), s, w);
        s->row = NULL;
    } else if (json_type(t) == JSON_OBJECT) {
        fill_members(t, s, w);
    } else if (json_type(t) == JSON_ARRAY) {
        jsonw_array(w);
        for (const struct json *v = json_first(t); v != NULL; v = json_next(v)) {
            sim_fill_json(v, s, w);
        }
        jsonw_end_array(w);
    } else {
        jsonw_value(w, t);
    }
}

static void fill_lines(const struct json *reply, struct sim_scope *s, struct buf *out)
{
    struct str row = json_str(json_get(reply, "row"));
    struct str join = json_str(json_get(reply, "join"));

    for (size_t i = 0; row.ptr != NULL && i < s->count; i++) {
        if (i > 0) {
            (void)buf_add(out, join.ptr == NULL ? "\n" : join.ptr, join.ptr == NULL ? 1 : join.len);
        }
        s->row = &s->rows[i];
        sim_fill_text(row, s, out);
    }
    s->row = NULL;
}

void sim_fill(const struct json *reply, struct sim_scope *s, struct buf *out)
{
    const struct json *tree = json_get(reply, "json");
    struct json_writer w;

    if (tree != NULL) {
        jsonw_init(&w, out);
        sim_fill_json(tree, s, &w);
        return;
    }
    sim_fill_text(json_str(json_get(reply, "text")), s, out);
    fill_lines(reply, s, out);
}
