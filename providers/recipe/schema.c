#include "providers/recipe/parts.h"

void recipe_schema(struct buf *out)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    jsonw_put(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    jsonw_put(&w, "title", "Hatırlat: an SMS vendor's recipe");
    option_schema(recipe_table, &w);
    jsonw_end_object(&w);
    buf_addc(out, '\n');
}
