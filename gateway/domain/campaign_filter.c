#include "domain/campaign_filter.h"

#include "domain/certificate.h"

#include <stdlib.h>
#include <string.h>

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void filter_sort(char **items, size_t count)
{
    if (count > 1) {
        qsort(items, count, sizeof *items, by_bytes);
    }
}

static bool has(const struct filter_names *names, const char *text)
{
    return names->count > 0 &&
           bsearch(&text, names->items, names->count, sizeof names->items[0], by_bytes) != NULL;
}

static bool passes(const struct filter_names *names, const char *text)
{
    return names->count == 0 || has(names, text);
}

static bool asks_nothing_else(const struct campaign_filter *f)
{
    return f->institutions.count == 0 && f->units.count == 0 && f->kinds.count == 0 &&
           f->langs.count == 0 && f->series == 0;
}

bool campaign_wants(const struct campaign_filter *f, const struct fact *known)
{
    const char *holder = known->holder.ref;

    if (has(&f->exclude, holder)) {
        return false;
    }
    if (f->include.count > 0 && (has(&f->include, holder) || asks_nothing_else(f))) {
        return has(&f->include, holder);
    }
    return passes(&f->institutions, known->institution.ref) &&
           passes(&f->units, known->holder.unit) && passes(&f->kinds, known->certificate.kind) &&
           passes(&f->langs, known->holder.lang) &&
           (f->series == 0 || (f->series & 1u << case_series_of(known->eonay)) != 0);
}
