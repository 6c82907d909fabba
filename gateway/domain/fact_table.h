/* The texts of a fact, group by group, in canonical order. Inner header of fact*.c. */
#pragma once

#include "domain/fact.h"

enum fact_group { GROUP_CERTIFICATE, GROUP_HOLDER, GROUP_INSTITUTION, GROUP_COUNT };

enum fact_kind { KIND_REF, KIND_NAME, KIND_WORD, KIND_PHONE, KIND_EMAIL, KIND_LANG };

struct fact_field {
    const char *key;
    enum fact_kind kind;
    size_t offset;
    size_t size;
};

struct fact_fields {
    const char *key;
    const struct fact_field *list; /* ended by a null key */
};

extern const struct fact_fields fact_groups[GROUP_COUNT];

static inline char *fact_text(struct fact *f, const struct fact_field *field)
{
    return (char *)f + field->offset;
}

static inline const char *fact_text_of(const struct fact *f, const struct fact_field *field)
{
    return (const char *)f + field->offset;
}
