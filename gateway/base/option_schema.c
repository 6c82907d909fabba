#include "base/option_read.h"

static void write_bounds(struct json_writer *w, const struct option *o, const char *low,
                         const char *high)
{
    if (o->min != 0 || o->max != 0) {
        jsonw_put_i64(w, low, o->min);
        if (o->max != INT64_MAX) {
            jsonw_put_i64(w, high, o->max);
        }
    }
}

static void write_string(struct json_writer *w, const char *pattern)
{
    jsonw_put(w, "type", "string");
    jsonw_put(w, "pattern", pattern);
}

static void write_list(struct json_writer *w, const struct option *o, const char *item)
{
    jsonw_put(w, "type", "array");
    write_bounds(w, o, "minItems", "maxItems");
    jsonw_key(w, "items");
    jsonw_object(w);
    jsonw_put(w, "type", item);
    jsonw_end_object(w);
}

static void write_secret(struct json_writer *w)
{
    static const char *const forms[] = {"file", "env", "credential"};

    jsonw_put(w, "type", "object");
    jsonw_key(w, "properties");
    jsonw_object(w);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        jsonw_key(w, forms[i]);
        jsonw_raw(w, STR("{\"type\":\"string\",\"minLength\":1}"));
    }
    jsonw_end_object(w);
    jsonw_put_i64(w, "minProperties", 1);
    jsonw_put_i64(w, "maxProperties", 1);
    jsonw_put_bool(w, "additionalProperties", false);
}

static void write_names(struct json_writer *w, const struct option *o)
{
    jsonw_key(w, "enum");
    jsonw_array(w);
    for (size_t i = 0; o->names[i] != NULL; i++) {
        jsonw_cstr(w, o->names[i]);
    }
    jsonw_end_array(w);
}

static void write_type(struct json_writer *w, const struct option *o)
{
    switch (o->type) {
    case OPTION_STRING:
        jsonw_put(w, "type", "string");
        write_bounds(w, o, "minLength", "maxLength");
        break;
    case OPTION_BOOL:
        jsonw_put(w, "type", "boolean");
        break;
    case OPTION_INT:
        jsonw_put(w, "type", "integer");
        write_bounds(w, o, "minimum", "maximum");
        break;
    case OPTION_DURATION:
        write_string(w, "^[0-9]+(ms|s|m|h|d)$");
        break;
    case OPTION_ENUM:
        write_names(w, o);
        break;
    case OPTION_SECRET:
        write_secret(w);
        break;
    case OPTION_STRINGS:
        write_list(w, o, "string");
        break;
    case OPTION_INTS:
        write_list(w, o, "integer");
        break;
    case OPTION_RATE:
        write_string(w, "^[0-9]+/[0-9]*(ms|s|m|h|d)$");
        break;
    case OPTION_CLOCKTIME:
        write_string(w, "^([01][0-9]|2[0-3]):[0-5][0-9]$");
        break;
    case OPTION_OBJECT:
        option_schema(o->table, w);
        break;
    case OPTION_RAW:
        break;
    case OPTION_PATH:
        write_string(w, "^.+$");
        break;
    case OPTION_SIZE:
        jsonw_key(w, "type");
        jsonw_raw(w, STR("[\"string\",\"integer\"]"));
        jsonw_put(w, "pattern", "^[0-9]+(B|KiB|MiB|GiB)$");
        break;
    case OPTION_URL:
        write_string(w, o->min == 1 ? "^https://" : "^https?://");
        break;
    }
}

void option_schema_required(const struct option *table, struct json_writer *w)
{
    bool any = false;

    for (const struct option *o = table; o != NULL && o->key != NULL; o++) {
        any |= o->required;
    }
    if (!any) {
        return;
    }
    jsonw_key(w, "required");
    jsonw_array(w);
    for (const struct option *o = table; o->key != NULL; o++) {
        if (o->required) {
            jsonw_cstr(w, o->key);
        }
    }
    jsonw_end_array(w);
}

void option_schema_property(const struct option *o, struct json_writer *w)
{
    jsonw_key(w, o->key);
    jsonw_object(w);
    jsonw_put(w, "title", o->en);
    jsonw_put(w, "description", o->tr);
    write_type(w, o);
    if (o->fallback != NULL) {
        jsonw_key(w, "default");
        jsonw_raw(w, str_of(o->fallback));
    }
    jsonw_end_object(w);
}

void option_schema(const struct option *table, struct json_writer *w)
{
    jsonw_put(w, "type", "object");
    jsonw_key(w, "properties");
    jsonw_object(w);
    for (const struct option *o = table; o->key != NULL; o++) {
        option_schema_property(o, w);
    }
    jsonw_end_object(w);
    option_schema_required(table, w);
    jsonw_put_bool(w, "additionalProperties", false);
}
