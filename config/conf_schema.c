#include "config/conf_tables.h"

#include <string.h>

enum { SCHEMA_MAX = 256 * 1024 };

static void write_kinds(struct json_writer *w, const struct provider_type *const *types)
{
    jsonw_key(w, "kind");
    jsonw_object(w);
    jsonw_key(w, "enum");
    jsonw_array(w);
    for (size_t i = 0; types[i] != NULL; i++) {
        jsonw_cstr(w, types[i]->kind);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
}

/* {"if":{"properties":{"kind":{"const":…}}},"then":{"properties":{…},"required":[…]}} */
static void write_kind(struct json_writer *w, const struct provider_type *type)
{
    jsonw_object(w);
    jsonw_key(w, "if");
    jsonw_object(w);
    jsonw_key(w, "properties");
    jsonw_object(w);
    jsonw_key(w, "kind");
    jsonw_object(w);
    jsonw_put(w, "const", type->kind);
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_key(w, "then");
    jsonw_object(w);
    jsonw_key(w, "properties");
    jsonw_object(w);
    for (const struct option *o = type->options; o != NULL && o->key != NULL; o++) {
        option_schema_property(o, w);
    }
    jsonw_end_object(w);
    option_schema_required(type->options, w);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void write_provider(struct json_writer *w, const struct provider_type *const *types)
{
    jsonw_object(w);
    jsonw_put(w, "type", "object");
    jsonw_key(w, "properties");
    jsonw_object(w);
    write_kinds(w, types);
    for (const struct option *o = conf_provider_table; o->key != NULL; o++) {
        if (strcmp(o->key, "kind") != 0) {
            option_schema_property(o, w);
        }
    }
    jsonw_end_object(w);
    option_schema_required(conf_provider_table, w);
    jsonw_key(w, "allOf");
    jsonw_array(w);
    for (size_t i = 0; types[i] != NULL; i++) {
        write_kind(w, types[i]);
    }
    jsonw_end_array(w);
    jsonw_put_bool(w, "unevaluatedProperties", false);
    jsonw_end_object(w);
}

static void write_providers(struct json_writer *w, const struct option *o,
                            const struct provider_type *const *types)
{
    jsonw_key(w, o->key);
    jsonw_object(w);
    jsonw_put(w, "title", o->en);
    jsonw_put(w, "description", o->tr);
    jsonw_put(w, "type", "object");
    jsonw_put_i64(w, "minProperties", 1);
    jsonw_put_i64(w, "maxProperties", CONF_PROVIDERS_MAX);
    jsonw_key(w, "propertyNames");
    jsonw_raw(w, STR("{\"pattern\":\"^[a-z0-9][a-z0-9_-]{0,38}$\"}"));
    jsonw_key(w, "additionalProperties");
    write_provider(w, types);
    jsonw_end_object(w);
}

/* "marks" is the one list of numbers or objects. */
static void write_marks(struct json_writer *w, const struct option *o)
{
    jsonw_key(w, o->key);
    jsonw_object(w);
    jsonw_put(w, "title", o->en);
    jsonw_put(w, "description", o->tr);
    jsonw_put(w, "type", "array");
    jsonw_put_i64(w, "minItems", 1);
    jsonw_put_i64(w, "maxItems", CAMPAIGN_MARKS_MAX);
    jsonw_key(w, "items");
    jsonw_object(w);
    jsonw_key(w, "oneOf");
    jsonw_array(w);
    jsonw_raw(w, STR("{\"type\":\"integer\",\"minimum\":0,\"maximum\":1095}"));
    jsonw_object(w);
    option_schema(conf_mark_table, w);
    jsonw_end_object(w);
    jsonw_end_array(w);
    jsonw_end_object(w);
    jsonw_key(w, "default");
    jsonw_raw(w, STR("[90,60,30,15,7,3,1]"));
    jsonw_end_object(w);
}

static void write_campaign(struct json_writer *w)
{
    jsonw_put(w, "type", "object");
    jsonw_key(w, "properties");
    jsonw_object(w);
    for (const struct option *o = conf_campaign_table; o->key != NULL; o++) {
        if (strcmp(o->key, "marks") == 0) {
            write_marks(w, o);
        } else {
            option_schema_property(o, w);
        }
    }
    jsonw_end_object(w);
    option_schema_required(conf_campaign_table, w);
    jsonw_put_bool(w, "additionalProperties", false);
}

static void write_campaigns(struct json_writer *w, const struct option *o)
{
    jsonw_key(w, o->key);
    jsonw_object(w);
    jsonw_put(w, "title", o->en);
    jsonw_put(w, "description", o->tr);
    jsonw_put(w, "type", "array");
    jsonw_put_i64(w, "maxItems", CONF_CAMPAIGNS_MAX);
    jsonw_key(w, "items");
    jsonw_object(w);
    write_campaign(w);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void write_root(struct json_writer *w, const struct provider_type *const *types)
{
    jsonw_object(w);
    jsonw_put(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    jsonw_put(w, "title", "hatirlat.jsonc");
    jsonw_put(w, "type", "object");
    jsonw_key(w, "properties");
    jsonw_object(w);
    for (const struct option *o = conf_root_table; o->key != NULL; o++) {
        if (strcmp(o->key, "providers") == 0) {
            write_providers(w, o, types);
        } else if (strcmp(o->key, "campaigns") == 0) {
            write_campaigns(w, o);
        } else {
            option_schema_property(o, w);
        }
    }
    jsonw_end_object(w);
    option_schema_required(conf_root_table, w);
    jsonw_put_bool(w, "additionalProperties", false);
    jsonw_end_object(w);
}

void conf_schema(const struct provider_type *const *types, struct buf *out)
{
    struct json_writer w;
    struct buf compact;

    buf_init(&compact, SCHEMA_MAX);
    jsonw_init(&w, &compact);
    write_root(&w, types);
    if (buf_failed(&compact)) {
        out->failed = buf_failed(&compact);
    } else {
        json_indent((struct str){compact.data, compact.len}, out);
    }
    buf_finish(&compact);
}
