/*
 * Any bytes as a template: parsing, checking and rendering end without a fault of memory, in
 * bounded time and output. The template includes itself as a partial.
 */
#include "text/template.h"

#include <stdint.h>

static const struct template_value items[] = {
    {.name = {"a", 1}, .kind = TEMPLATE_TEXT, .text = {"<1>\n{{b}}", 9}},
    {.name = {"f", 1}, .kind = TEMPLATE_FLAG, .flag = true},
};
static const struct template_value list[] = {
    {.kind = TEMPLATE_MAP, .items = items, .count = 2},
    {.kind = TEMPLATE_TEXT, .text = {"x", 1}},
};
static const struct template_value members[] = {
    {.name = {"l", 1}, .kind = TEMPLATE_LIST, .items = list, .count = 2},
    {.name = {"m", 1}, .kind = TEMPLATE_MAP, .items = items, .count = 2},
    {.name = {"a", 1}, .kind = TEMPLATE_TEXT, .text = {"değer", 6}},
};
static const struct template_value root = {.kind = TEMPLATE_MAP, .items = members, .count = 3};
static const struct template_name names[] = {{"a", TEMPLATE_TEXT}, {"m.a", TEMPLATE_TEXT}};

static const struct template *self(void *ctx, struct str name)
{
    return name.len == 1 ? ctx : NULL;
}

static void count(void *ctx, const struct template_use *use)
{
    *(size_t *)ctx += use->name.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct template *t;
    struct faults faults;
    struct buf out;
    size_t seen = 0;
    enum template_escape escape = size % 2 == 0 ? TEMPLATE_PLAIN : TEMPLATE_HTML;
    faults_init(&faults);
    buf_init(&out, 4096);
    if (template_parse((struct str){(const char *)data, size}, &(struct template_origin){"f", 1, 1},
                       escape, &t, &faults) == 0) {
        struct template_partials partials = {self, t};
        (void)template_render(t, &root, &partials, &out);
        template_check(t, names, 2, &partials, &faults);
        template_uses(t, &partials, count, &seen);
        template_free(t);
    }
    buf_finish(&out);
    faults_finish(&faults);
    return 0;
}
