/*
 * Any bytes as XML, searched by the path in the first line. What is found is text that ends within
 * its bounds, and an element that was seen lies within the input.
 */
#include "providers/recipe/xml.h"

#include <stdint.h>

enum { FOUND_MAX = 64, PATH_BYTES = 64 };

static void must(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static bool see(void *ctx, const struct xml_element *e)
{
    const struct str *all = ctx;
    char found[FOUND_MAX];

    must(e->content.ptr >= all->ptr && e->content.ptr + e->content.len <= all->ptr + all->len);
    must(e->attributes.len == 0 || (e->attributes.ptr >= all->ptr &&
                                    e->attributes.ptr + e->attributes.len <= all->ptr + all->len));
    must(xml_field(e, ".", found, sizeof(found)) == (found[0] != '\0'));
    must(xml_field(e, "@a", found, sizeof(found)) == (found[0] != '\0'));
    must(xml_field(e, "b/@a", found, sizeof(found)) == (found[0] != '\0'));
    must(strlen(found) < FOUND_MAX);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    const char *line = size == 0 ? NULL : memchr(text.ptr, '\n', text.len);
    char path[PATH_BYTES];
    char found[FOUND_MAX];

    if (line == NULL ||
        str_copy(path, sizeof(path), (struct str){text.ptr, (size_t)(line - text.ptr)}) != 0 ||
        memchr(path, '\0', (size_t)(line - text.ptr)) != NULL) {
        return 0;
    }
    text = (struct str){line + 1, text.len - (size_t)(line - text.ptr) - 1};
    xml_each(text, path, see, &text);
    must(xml_find(text, path, found, sizeof(found)) == (found[0] != '\0'));
    return 0;
}
