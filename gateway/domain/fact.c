#include "domain/fact.h"

#include "domain/fact_table.h"

#define FIELD(key, kind, member)                                                                   \
    {                                                                                              \
        key, kind, offsetof(struct fact, member), sizeof(((struct fact *)0)->member)               \
    }

static const struct fact_field certificate_fields[] = {
    FIELD("ref", KIND_REF, certificate.ref),
    FIELD("kind", KIND_WORD, certificate.kind),
    FIELD("replaces", KIND_REF, certificate.replaces),
    {0},
};

static const struct fact_field holder_fields[] = {
    FIELD("ref", KIND_REF, holder.ref),
    FIELD("given_name", KIND_NAME, holder.given_name),
    FIELD("family_name", KIND_NAME, holder.family_name),
    FIELD("phone", KIND_PHONE, holder.phone),
    FIELD("email", KIND_EMAIL, holder.email),
    FIELD("lang", KIND_LANG, holder.lang),
    FIELD("unit", KIND_WORD, holder.unit),
    {0},
};

static const struct fact_field institution_fields[] = {
    FIELD("ref", KIND_REF, institution.ref),
    FIELD("name", KIND_NAME, institution.name),
    FIELD("address_form", KIND_NAME, institution.address_form),
    FIELD("email", KIND_EMAIL, institution.email),
    {0},
};

const struct fact_fields fact_groups[GROUP_COUNT] = {
    [GROUP_CERTIFICATE] = {"certificate", certificate_fields},
    [GROUP_HOLDER] = {"holder", holder_fields},
    [GROUP_INSTITUTION] = {"institution", institution_fields},
};

static const struct {
    const char *name;
    const char *turkish;
} eonay_words[EONAY_COUNT] = {
    [EONAY_UNKNOWN] = {"unknown", "bilinmiyor"},
    [EONAY_ABSENT] = {"absent", "yok"},
    [EONAY_ACTIVE] = {"active", "etkin"},
};

const char *eonay_name(enum eonay e)
{
    return e < EONAY_COUNT ? eonay_words[e].name : "?";
}

enum eonay eonay_parse(struct str s)
{
    enum eonay e = EONAY_UNKNOWN;

    while (e < EONAY_COUNT && !str_eqs(s, eonay_words[e].name) &&
           !str_eqs(s, eonay_words[e].turkish)) {
        e++;
    }
    return e;
}

/* Ends every text instead of zeroing four kilobytes. */
void fact_reset(struct fact *f)
{
    f->type = EVENT_CERTIFICATE_EXPIRING;
    f->eonay = EONAY_UNKNOWN;
    f->time_ms = 0;
    f->not_after_ms = 0;
    f->source[0] = '\0';
    f->id[0] = '\0';
    f->subject[0] = '\0';
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        for (const struct fact_field *field = fact_groups[g].list; field->key != NULL; field++) {
            fact_text(f, field)[0] = '\0';
        }
    }
}

static void merge_field(struct fact *known, const struct fact *news, const struct fact_field *field,
                        bool newer)
{
    const char *told = fact_text_of(news, field);
    char *text = fact_text(known, field);

    if (told[0] != '\0' && (newer || text[0] == '\0')) {
        (void)str_copy(text, field->size, str_of(told));
    }
}

void fact_merge(struct fact *known, const struct fact *news, bool newer)
{
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        for (const struct fact_field *field = fact_groups[g].list; field->key != NULL; field++) {
            merge_field(known, news, field, newer);
        }
    }
}

void fact_digest(struct str canonical, unsigned char ret_digest[SHA256_SIZE])
{
    crypto_sha256(canonical, ret_digest);
}
