/* Lists in the order of an index: the checks that every back end shares. */
#include "store/store_ops.h"

int store_case_by_end(struct store *s, const struct case_range *range, store_case_fn *fn, void *ctx,
                      struct err *e)
{
    if (range->limit == 0 || range->limit > STORE_LIST_MAX) {
        return err_set(e, ERR_INVALID, "a list of cases has 1 to %d rows", STORE_LIST_MAX);
    }
    return s->ops->case_by_end(s, range, fn, ctx, e);
}

int store_case_scan(struct store *s, int64_t after, size_t limit, store_case_fn *fn, void *ctx,
                    struct err *e)
{
    if (limit == 0 || limit > STORE_LIST_MAX) {
        return err_set(e, ERR_INVALID, "a list of cases has 1 to %d rows", STORE_LIST_MAX);
    }
    return s->ops->case_scan(s, after, limit, fn, ctx, e);
}

int store_due_between(struct store *s, const struct due_range *range, store_due_fn *fn, void *ctx,
                      struct err *e)
{
    if (range->limit == 0 || range->limit > STORE_LIST_MAX) {
        return err_set(e, ERR_INVALID, "a list of messages has 1 to %d rows", STORE_LIST_MAX);
    }
    return s->ops->due_between(s, range, fn, ctx, e);
}
