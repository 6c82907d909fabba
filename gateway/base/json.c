#include "base/json_scan.h"
#include "base/number.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * struct json is a cJSON item. A number whose text is kept has it in valuestring, which cJSON
 * frees with the item.
 */

static const double exact_max = 9007199254740992.0; /* 2^53 */

const struct json_limits json_default_limits = {1024 * 1024, 32, 256};

struct place {
    const cJSON *item;
    struct json_mark mark;
};

struct json_doc {
    cJSON *root;
    struct place *places; /* by address of the item; null without JSON_POSITIONS */
    size_t place_count;
    struct buf lines; /* uint32_t: where each line starts */
};

static const cJSON *item_of(const struct json *v)
{
    return (const cJSON *)(const void *)v;
}

static const struct json *value_of(const cJSON *item)
{
    return (const struct json *)(const void *)item;
}

/* The item after this one in document order; path holds its ancestors. */
static cJSON *next_in_order(cJSON *item, cJSON **path, unsigned *depth)
{
    if (item->child != NULL) {
        path[(*depth)++] = item;
        return item->child;
    }
    while (item->next == NULL && *depth > 0) {
        item = path[--*depth];
    }
    return *depth > 0 ? item->next : NULL;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t first = (uintptr_t)((const struct place *)a)->item;
    uintptr_t second = (uintptr_t)((const struct place *)b)->item;

    return (first > second) - (first < second);
}

static bool keep_digits(cJSON *item, struct str text)
{
    item->valuestring = cJSON_malloc(text.len + 1);
    if (item->valuestring == NULL) {
        return false;
    }
    (void)str_copy(item->valuestring, text.len + 1, text);
    item->valuedouble = number_parse(item->valuestring);
    return true;
}

/* Gives every item what the scanner knows about it. */
static bool attach(struct json_doc *doc, const struct json_scan *scan, struct str text)
{
    const struct json_digits *digits = (const void *)scan->digits.data;
    const struct json_digits *end = digits + scan->digits.len / sizeof *digits;
    const struct json_mark *marks = (const void *)scan->marks.data;
    cJSON *path[JSON_DEPTH_MAX];
    unsigned depth = 0;
    uint32_t index = 0;

    for (cJSON *item = doc->root; item != NULL; item = next_in_order(item, path, &depth)) {
        if (digits < end && digits->index == index) {
            if (!keep_digits(item, (struct str){text.ptr + digits->offset, digits->len})) {
                return false;
            }
            digits++;
        }
        if (doc->places != NULL) {
            doc->places[index] = (struct place){item, marks[index]};
        }
        index++;
    }
    if (doc->places != NULL) {
        qsort(doc->places, index, sizeof *doc->places, by_address);
    }
    doc->place_count = index;
    return true;
}

static bool find_lines(struct json_doc *doc, struct str text)
{
    uint32_t start = 0;

    (void)buf_add(&doc->lines, &start, sizeof start);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            start = (uint32_t)i + 1;
            (void)buf_add(&doc->lines, &start, sizeof start);
        }
    }
    return !buf_failed(&doc->lines);
}

static bool build(struct json_doc *doc, const struct json_scan *scan, struct str text,
                  unsigned flags)
{
    const char *source = scan->copy != NULL ? scan->copy : text.ptr;

    buf_init(&doc->lines, SIZE_MAX / 2);
    doc->root = cJSON_ParseWithLength(source, text.len);
    if (doc->root == NULL) {
        return false;
    }
    if ((flags & JSON_POSITIONS) != 0) {
        doc->places = calloc(scan->values, sizeof *doc->places);
        if (doc->places == NULL || !find_lines(doc, text)) {
            return false;
        }
    }
    return (doc->places == NULL && scan->digits.len == 0) || attach(doc, scan, text);
}

static struct json_place place_at(struct str text, size_t offset, enum json_problem problem)
{
    struct json_place place = {offset, 1, 1, problem};

    for (size_t i = 0; i < offset; i++) {
        place.column++;
        if (text.ptr[i] == '\n') {
            place.line++;
            place.column = 1;
        }
    }
    return place;
}

static int parse_failed(const struct json_scan *scan, struct str text, struct json_place *ret_place,
                        struct err *e)
{
    if (ret_place != NULL) {
        *ret_place = place_at(text, scan->problem_at, scan->problem);
    }
    return err_set(e, json_problem_code(scan->problem), "%s",
                   json_problem_text(scan->problem, false));
}

int json_parse(struct str text, unsigned flags, const struct json_limits *limits,
               struct json_doc **ret_doc, struct json_place *ret_place, struct err *e)
{
    struct json_scan scan;
    struct json_doc *doc = NULL;
    int rc = json_scan(&scan, text, flags, limits);

    *ret_doc = NULL;
    if (rc == 0) {
        doc = calloc(1, sizeof *doc);
        if (doc == NULL || !build(doc, &scan, text, flags)) {
            json_free(doc);
            scan.problem = JSON_NO_MEMORY;
            rc = ERR_NOMEM;
        }
    }
    if (rc != 0) {
        (void)parse_failed(&scan, text, ret_place, e);
    } else {
        *ret_doc = doc;
    }
    json_scan_finish(&scan);
    return rc;
}

void json_free(struct json_doc *doc)
{
    if (doc != NULL) {
        cJSON_Delete(doc->root);
        free(doc->places);
        buf_finish(&doc->lines);
        free(doc);
    }
}

const struct json *json_root(const struct json_doc *doc)
{
    return doc == NULL ? NULL : value_of(doc->root);
}

enum json_type json_type(const struct json *v)
{
    switch (v == NULL ? cJSON_NULL : item_of(v)->type & 0xFF) {
    case cJSON_True:
    case cJSON_False:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const struct json *json_first(const struct json *container)
{
    return container == NULL ? NULL : value_of(item_of(container)->child);
}

const struct json *json_next(const struct json *value)
{
    return value == NULL ? NULL : value_of(item_of(value)->next);
}

const char *json_key(const struct json *value)
{
    return value == NULL ? NULL : item_of(value)->string;
}

static const struct json *member(const struct json *object, struct str key)
{
    if (json_type(object) != JSON_OBJECT) {
        return NULL;
    }
    for (const struct json *v = json_first(object); v != NULL; v = json_next(v)) {
        if (str_eqs(key, json_key(v))) {
            return v;
        }
    }
    return NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
    return member(object, str_of(key));
}

size_t json_count(const struct json *container)
{
    size_t n = 0;

    for (const struct json *v = json_first(container); v != NULL; v = json_next(v)) {
        n++;
    }
    return n;
}

struct str json_str(const struct json *v)
{
    return json_type(v) == JSON_STRING ? str_of(item_of(v)->valuestring) : (struct str){NULL, 0};
}

bool json_bool(const struct json *v, bool otherwise)
{
    return json_type(v) == JSON_BOOL ? cJSON_IsTrue(item_of(v)) : otherwise;
}

static bool is_exact(double n)
{
    return n >= -exact_max && n <= exact_max && n == (double)(int64_t)n;
}

int json_i64(const struct json *v, int64_t *ret_value)
{
    const cJSON *item = item_of(v);
    int64_t value;

    if (json_type(v) != JSON_NUMBER || !is_exact(item->valuedouble)) {
        return ERR_INVALID;
    }
    value = (int64_t)item->valuedouble;
    /* The double may have been rounded into range. */
    if (item->valuestring != NULL && strpbrk(item->valuestring, "eE") == NULL &&
        (str_i64(str_of(item->valuestring), &value) != 0 || !is_exact((double)value) ||
         value > (int64_t)exact_max || value < -(int64_t)exact_max)) {
        return ERR_INVALID;
    }
    *ret_value = value;
    return 0;
}

int64_t json_get_i64(const struct json *object, const char *key, int64_t otherwise)
{
    int64_t n;

    return json_i64(json_get(object, key), &n) == 0 ? n : otherwise;
}

double json_double(const struct json *v, double otherwise)
{
    return json_type(v) == JSON_NUMBER ? item_of(v)->valuedouble : otherwise;
}

struct str json_number_text(const struct json *v, char scratch[40])
{
    int64_t whole;
    int n;

    if (json_type(v) != JSON_NUMBER) {
        return (struct str){NULL, 0};
    }
    if (item_of(v)->valuestring != NULL) {
        return str_of(item_of(v)->valuestring);
    }
    n = json_i64(v, &whole) == 0 ? snprintf(scratch, 40, "%lld", (long long)whole)
                                 : number_print(item_of(v)->valuedouble, 15, scratch);
    return (struct str){scratch, (size_t)n};
}

/* Decodes one reference token (RFC 6901 §4); false when it holds a lone "~". */
static bool pointer_token(struct str raw, struct buf *out)
{
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];

        if (c == '~') {
            char code = i + 1 < raw.len ? raw.ptr[i + 1] : '\0';

            if (code != '0' && code != '1') {
                return false;
            }
            c = code == '0' ? '~' : '/';
            i++;
        }
        (void)buf_addc(out, c);
    }
    return !buf_failed(out);
}

static const struct json *element(const struct json *array, struct str index)
{
    const struct json *v = json_first(array);
    int64_t n;

    if (index.len == 0 || !ascii_digit(index.ptr[0]) || (index.len > 1 && index.ptr[0] == '0') ||
        str_i64(index, &n) != 0) {
        return NULL;
    }
    while (v != NULL && n-- > 0) {
        v = json_next(v);
    }
    return v;
}

static const struct json *step_down(const struct json *v, struct str raw)
{
    struct buf token;

    buf_init(&token, raw.len);
    if (!pointer_token(raw, &token)) {
        v = NULL;
    } else if (json_type(v) == JSON_ARRAY) {
        v = element(v, (struct str){buf_cstr(&token), token.len});
    } else {
        v = member(v, (struct str){buf_cstr(&token), token.len});
    }
    buf_finish(&token);
    return v;
}

const struct json *json_at(const struct json *v, const char *pointer)
{
    while (v != NULL && *pointer != '\0') {
        size_t n;

        if (*pointer != '/') {
            return NULL;
        }
        pointer++;
        n = strcspn(pointer, "/");
        v = step_down(v, (struct str){pointer, n});
        pointer += n;
    }
    return v;
}

static struct json_place resolve(const struct json_doc *doc, uint32_t offset)
{
    const uint32_t *starts = (const void *)doc->lines.data;
    size_t low = 0;
    size_t high = doc->lines.len / sizeof *starts;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (starts[middle] <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (struct json_place){offset, (int)low + 1, (int)(offset - starts[low]) + 1, JSON_OK};
}

static const struct place *find_place(const struct json_doc *doc, const struct json *v)
{
    struct place wanted = {.item = item_of(v)};

    return doc->places == NULL || v == NULL
               ? NULL
               : bsearch(&wanted, doc->places, doc->place_count, sizeof *doc->places, by_address);
}

struct json_place json_place_of(const struct json_doc *doc, const struct json *v)
{
    const struct place *place = find_place(doc, v);
    struct json_place nowhere = {0};

    return place == NULL ? nowhere : resolve(doc, place->mark.value);
}

struct json_place json_key_place_of(const struct json_doc *doc, const struct json *v)
{
    const struct place *place = find_place(doc, v);
    struct json_place nowhere = {0};

    return place == NULL ? nowhere : resolve(doc, place->mark.key);
}
