#include "base/option_read.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAMES_MAX = 128 };

void option_pointer(const char *parent, const char *key, char out[FAULT_POINTER_MAX])
{
    size_t n = (size_t)snprintf(out, FAULT_POINTER_MAX, "%s/", parent);

    for (; *key != '\0' && n + 3 < FAULT_POINTER_MAX; key++) {
        if (*key == '~' || *key == '/') {
            out[n++] = '~';
            out[n++] = *key == '~' ? '0' : '1';
        } else {
            out[n++] = *key;
        }
        out[n] = '\0';
    }
}

static const struct option *entry_of(const struct option *table, struct str key)
{
    for (; table->key != NULL; table++) {
        if (str_eqs(key, table->key)) {
            return table;
        }
    }
    return NULL;
}

static bool is_known(const struct option *const *tables, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (entry_of(tables[i], str_of(key)) != NULL) {
            return true;
        }
    }
    return false;
}

static void unknown_key(const struct option *const *tables, size_t count, const char *key,
                        const char *pointer, struct faults *faults)
{
    const char *names[NAMES_MAX];
    char quoted[OPTION_QUOTE_MAX + 4];
    const char *nearest;
    struct fault *f;
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        for (const struct option *o = tables[i]; o->key != NULL && n < NAMES_MAX; o++) {
            names[n++] = o->key;
        }
    }
    option_quote(str_of(key), quoted);
    nearest = str_nearest(str_of(key), names, n);
    if (nearest != NULL) {
        f = faults_add(faults, pointer, "CFG-020", "bilinmeyen anahtar \"%s\" – \"%s\" mi?",
                       "unknown key \"%s\" – did you mean \"%s\"?", quoted, nearest);
    } else {
        f = faults_add(faults, pointer, "CFG-020", "bilinmeyen anahtar \"%s\"",
                       "unknown key \"%s\"", quoted);
    }
    if (f != NULL) {
        f->width = OPTION_AT_KEY;
    }
}

void option_check_keys(const struct option *const *tables, size_t count, const struct json *object,
                       const char *pointer, struct faults *faults)
{
    char below[FAULT_POINTER_MAX];

    if (json_type(object) != JSON_OBJECT) {
        return;
    }
    for (const struct json *v = json_first(object); v != NULL; v = json_next(v)) {
        if (!is_known(tables, count, json_key(v))) {
            option_pointer(pointer, json_key(v), below);
            unknown_key(tables, count, json_key(v), below, faults);
        }
    }
}

/* Fallbacks are JSON texts of ours; RAW has none because nothing would own the value. */
static void read_fallback(struct reading *r, const struct option *o, const char *pointer,
                          void *field)
{
    struct json_doc *doc;

    if (o->fallback != NULL &&
        json_parse(str_of(o->fallback), 0, &json_default_limits, &doc, NULL, NULL) == 0) {
        option_read_value(r, o, json_root(doc), pointer, field);
        json_free(doc);
    }
}

static void read_missing(struct reading *r, const struct option *o, const struct json *object,
                         const char *pointer, void *field)
{
    if (o->required && object != NULL) {
        (void)faults_add(r->faults, pointer, "CFG-103", "\"%s\" eksik", "\"%s\" is missing",
                         o->key);
    }
    if (o->type == OPTION_OBJECT) {
        option_read_known(r->source, o->table, NULL, pointer, field, r->faults);
    } else {
        read_fallback(r, o, pointer, field);
    }
}

static void read_present(struct reading *r, const struct option *o, const struct json *v,
                         const char *pointer, void *field)
{
    if (o->type == OPTION_RAW) {
        memcpy(field, &v, sizeof v);
    } else if (o->type == OPTION_OBJECT) {
        option_read_from(r->source, o->table, v, pointer, field, r->faults);
    } else {
        option_read_value(r, o, v, pointer, field);
    }
}

void option_read_known(const struct option_source *source, const struct option *table,
                       const struct json *object, const char *pointer, void *base,
                       struct faults *faults)
{
    static const struct option_source nowhere;
    struct reading r = {source != NULL ? source : &nowhere, faults};
    char below[FAULT_POINTER_MAX];

    if (object != NULL && json_type(object) != JSON_OBJECT) {
        (void)faults_add(faults, pointer, "CFG-101", "yanlış tür; beklenen nesne: { … }",
                         "wrong type; expected an object: { … }");
        object = NULL;
    }
    for (const struct option *o = table; o->key != NULL; o++) {
        const struct json *v = json_get(object, o->key);
        void *field = (char *)base + o->offset;

        option_pointer(pointer, o->key, below);
        if (v == NULL) {
            read_missing(&r, o, object, below, field);
        } else {
            read_present(&r, o, v, below, field);
        }
    }
}

void option_read_from(const struct option_source *source, const struct option *table,
                      const struct json *object, const char *pointer, void *base,
                      struct faults *faults)
{
    option_read_known(source, table, object, pointer, base, faults);
    option_check_keys(&table, 1, object, pointer, faults);
}

void option_read(const struct option *table, const struct json *object, const char *pointer,
                 void *base, struct faults *faults)
{
    option_read_from(NULL, table, object, pointer, base, faults);
}

static void wipe(char *s)
{
    if (s != NULL) {
        explicit_bzero(s, strlen(s));
    }
    free(s);
}

static void release_secret(struct secret *s)
{
    wipe(s->value);
    free(s->origin);
    *s = (struct secret){0};
}

static void release_strings(struct option_strings *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct option_strings){0};
}

static void release_one(const struct option *o, void *field)
{
    struct option_ints *ints = field;
    char **text = field;

    switch (o->type) {
    case OPTION_STRING:
    case OPTION_PATH:
    case OPTION_URL:
        free(*text);
        *text = NULL;
        break;
    case OPTION_SECRET:
        release_secret(field);
        break;
    case OPTION_STRINGS:
        release_strings(field);
        break;
    case OPTION_INTS:
        free(ints->items);
        *ints = (struct option_ints){0};
        break;
    case OPTION_OBJECT:
        option_release(o->table, field);
        break;
    default:
        memset(field, 0, option_field_size(o->type));
        break;
    }
}

void option_release(const struct option *table, void *base)
{
    for (const struct option *o = table; o->key != NULL; o++) {
        release_one(o, (char *)base + o->offset);
    }
}

const struct option *option_find(const struct option *table, const char *path)
{
    for (;;) {
        size_t n = strcspn(path, ".");
        const struct option *o = entry_of(table, (struct str){path, n});

        if (o == NULL || path[n] == '\0') {
            return o;
        }
        if (o->type != OPTION_OBJECT) {
            return NULL;
        }
        table = o->table;
        path += n + 1;
    }
}
