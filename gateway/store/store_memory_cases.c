#include "store/store_memory.h"

static int show_case(const struct mem *m, size_t i, store_case_fn *fn, void *ctx)
{
    const struct case_row *row = mem_hold(mem_row(m, MEM_CASES, i));
    int rc = fn(ctx, row);

    mem_drop(row);
    return rc < 0 ? rc : 0;
}

bool mem_has_case(const struct mem *m, int64_t id)
{
    return id >= 1 && id <= (int64_t)mem_count(m, MEM_CASES) &&
           ((const struct case_row *)mem_row(m, MEM_CASES, (size_t)id - 1))->certificate.len > 0;
}

/* Number of the case with this certificate, or how many cases there are. */
static size_t find_certificate(const struct mem *m, struct str certificate)
{
    size_t i = 0;

    while (i < mem_count(m, MEM_CASES) &&
           !str_eq(((const struct case_row *)mem_row(m, MEM_CASES, i))->certificate, certificate)) {
        i++;
    }
    return i;
}

int mem_case_put(struct store *s, const struct case_row *row, int64_t *ret_id, struct err *e)
{
    struct mem *m = mem_of(s);
    const size_t count = mem_count(m, MEM_CASES);
    const size_t there = find_certificate(m, row->certificate);
    struct case_row copy = *row;

    if (row->id != 0 && !mem_has_case(m, row->id)) {
        return err_set(e, ERR_NOT_FOUND, "there is no such case");
    }
    if (there < count && (int64_t)there + 1 != row->id) {
        return err_set(e, ERR_EXISTS, "this certificate has the case %zu", there + 1);
    }
    copy.id = row->id != 0 ? row->id : (int64_t)count + 1;
    *ret_id = copy.id;
    return row->id != 0 ? mem_replace(m, MEM_CASES, (size_t)row->id - 1, &copy, e)
                        : mem_add(m, MEM_CASES, &copy, e);
}

int mem_case_by_id(struct store *s, int64_t id, store_case_fn *fn, void *ctx, struct err *e)
{
    struct mem *m = mem_of(s);

    if (!mem_has_case(m, id)) {
        return err_set(e, ERR_NOT_FOUND, "there is no such case");
    }
    return show_case(m, (size_t)id - 1, fn, ctx);
}

int mem_case_by_certificate(struct store *s, struct str certificate, store_case_fn *fn, void *ctx,
                            struct err *e)
{
    return mem_case_by_id(s, (int64_t)find_certificate(mem_of(s), certificate) + 1, fn, ctx, e);
}

int mem_case_by_holder(struct store *s, struct str holder, store_case_fn *fn, void *ctx,
                       struct err *e)
{
    struct mem *m = mem_of(s);
    int rc = 0;

    (void)e;
    for (size_t i = 0; rc == 0 && i < mem_count(m, MEM_CASES); i++) {
        if (str_eq(((const struct case_row *)mem_row(m, MEM_CASES, i))->holder, holder)) {
            rc = show_case(m, i, fn, ctx);
        }
    }
    return rc;
}

/* Is row behind the place where the range goes on? */
static bool behind(const struct case_range *range, int64_t end_ms, int64_t id)
{
    return range->after_id == 0 || end_ms > range->after_ms ||
           (end_ms == range->after_ms && id > range->after_id);
}

/* Number of the first case of the range, or how many there are. */
static size_t first_by_end(const struct mem *m, const struct case_range *range)
{
    const struct case_row *best = NULL;
    size_t found = mem_count(m, MEM_CASES);

    for (size_t i = 0; i < mem_count(m, MEM_CASES); i++) {
        const struct case_row *row = mem_row(m, MEM_CASES, i);

        if (row->state == range->state && row->not_after_ms >= range->from_ms &&
            row->not_after_ms <= range->to_ms && behind(range, row->not_after_ms, row->id) &&
            (best == NULL || row->not_after_ms < best->not_after_ms)) {
            best = row;
            found = i;
        }
    }
    return found;
}

int mem_case_by_end(struct store *s, const struct case_range *range, store_case_fn *fn, void *ctx,
                    struct err *e)
{
    struct mem *m = mem_of(s);
    struct case_range rest = *range;
    int rc = 0;

    (void)e;
    for (; rc == 0 && rest.limit > 0; rest.limit--) {
        const size_t i = first_by_end(m, &rest);
        const struct case_row *row;

        if (i == mem_count(m, MEM_CASES)) {
            break;
        }
        row = mem_row(m, MEM_CASES, i);
        rest.after_ms = row->not_after_ms;
        rest.after_id = row->id;
        rc = show_case(m, i, fn, ctx);
    }
    return rc;
}

int mem_case_scan(struct store *s, int64_t after, size_t limit, store_case_fn *fn, void *ctx,
                  struct err *e)
{
    struct mem *m = mem_of(s);
    int rc = 0;

    (void)e;
    for (size_t i = (size_t)after; rc == 0 && limit > 0 && i < mem_count(m, MEM_CASES); i++) {
        if (mem_has_case(m, (int64_t)i + 1)) {
            rc = show_case(m, i, fn, ctx);
            limit--;
        }
    }
    return rc;
}
