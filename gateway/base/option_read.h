/* Readers of single values; private to base/option*.c. */
#pragma once

#include "base/option.h"

struct reading {
    const struct option_source *source;
    struct faults *faults;
};

/* Reads v, not null, of any type but OBJECT and RAW into field. */
void option_read_value(struct reading *r, const struct option *o, const struct json *v,
                       const char *pointer, void *field);
void option_read_secret(struct reading *r, const struct json *v, const char *pointer,
                        struct secret *ret);
/* Relative to the source's directory; heap copy. */
char *option_resolve(const struct reading *r, struct str path);
/* What a type is called, and an example as JSON text. */
const char *option_type_word(enum option_type type, bool turkish);
/* Bytes of a field of a plain type, 0 for those that own memory. */
size_t option_field_size(enum option_type type);
