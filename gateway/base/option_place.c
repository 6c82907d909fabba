#include "base/option.h"

#include <stdio.h>

/* Bytes of the token at offset: a whole string, number or word; one bracket. */
static int token_width(struct str text, size_t offset)
{
    size_t end = offset + 1;

    if (text.ptr[offset] == '"') {
        while (end < text.len && text.ptr[end] != '"') {
            end += text.ptr[end] == '\\' ? 2 : 1;
        }
        return (int)(end + 1 - offset);
    }
    if (text.ptr[offset] == '{' || text.ptr[offset] == '[') {
        return 1;
    }
    while (end < text.len && (ascii_alnum(text.ptr[end]) || strchr("+-.", text.ptr[end]) != NULL)) {
        end++;
    }
    return (int)(end - offset);
}

static void place_one(const struct json_doc *doc, struct str text, const char *file,
                      struct fault *f)
{
    char pointer[FAULT_POINTER_MAX];
    const struct json *v = json_at(json_root(doc), f->pointer);
    bool at_key = f->width == OPTION_AT_KEY || v == NULL;
    struct json_place place;

    memcpy(pointer, f->pointer, sizeof pointer);
    while (v == NULL) {
        char *slash = strrchr(pointer, '/');

        if (slash == NULL) {
            v = json_root(doc);
            break;
        }
        *slash = '\0';
        v = json_at(json_root(doc), pointer);
    }
    place = at_key ? json_key_place_of(doc, v) : json_place_of(doc, v);
    (void)snprintf(f->file, sizeof f->file, "%s", file);
    f->line = place.line;
    f->column = place.column;
    f->width = token_width(text, place.offset);
}

void option_place_faults(const struct json_doc *doc, struct str text, const char *file, size_t from,
                         struct faults *faults)
{
    for (size_t i = from; i < faults->count; i++) {
        if (faults->list[i].file[0] == '\0') {
            place_one(doc, text, file, &faults->list[i]);
        }
    }
}
