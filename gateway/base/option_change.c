#include "base/option_read.h"

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_strings(const struct option_strings *a, const struct option_strings *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++) {
        same = strcmp(a->items[i], b->items[i]) == 0;
    }
    return same;
}

static bool same_ints(const struct option_ints *a, const struct option_ints *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof *a->items) == 0);
}

static bool same_value(const struct option *o, const void *a, const void *b)
{
    const char *const *texts[] = {a, b};

    switch (o->type) {
    case OPTION_STRING:
    case OPTION_PATH:
    case OPTION_URL:
        return same_text(*texts[0], *texts[1]);
    case OPTION_SECRET:
        return true; /* rotated by SIGHUP: the place may change as well as the value */
    case OPTION_STRINGS:
        return same_strings(a, b);
    case OPTION_INTS:
        return same_ints(a, b);
    case OPTION_RAW:
        return true;
    default:
        return memcmp(a, b, option_field_size(o->type)) == 0;
    }
}

void option_fixed_changes(const struct option *table, const char *pointer, const void *a,
                          const void *b, void (*fn)(void *ctx, const char *pointer), void *ctx)
{
    char below[FAULT_POINTER_MAX];

    for (const struct option *o = table; o->key != NULL; o++) {
        const char *first = (const char *)a + o->offset;
        const char *second = (const char *)b + o->offset;

        option_pointer(pointer, o->key, below);
        if (o->type == OPTION_OBJECT) {
            option_fixed_changes(o->table, below, first, second, fn, ctx);
        } else if (!o->reloadable && !same_value(o, first, second)) {
            fn(ctx, below);
        }
    }
}
