#include "store/store_memory.h"

static const struct record_row *record_at(const struct mem *m, size_t i)
{
    return mem_row(m, MEM_RECORDS, i);
}

/* Number of the record, or how many there are. */
static size_t find(const struct mem *m, enum record_kind kind, struct str key)
{
    size_t i = 0;

    while (i < mem_count(m, MEM_RECORDS) &&
           (record_at(m, i)->kind != kind || !str_eq(record_at(m, i)->key, key))) {
        i++;
    }
    return i;
}

int mem_record_put(struct store *s, const struct record_row *row, struct err *e)
{
    struct mem *m = mem_of(s);
    const size_t i = find(m, row->kind, row->key);

    return i < mem_count(m, MEM_RECORDS) ? mem_replace(m, MEM_RECORDS, i, row, e)
                                         : mem_add(m, MEM_RECORDS, row, e);
}

static int show(const struct mem *m, size_t i, store_record_fn *fn, void *ctx)
{
    const struct record_row *row = mem_hold(record_at(m, i));
    int rc = fn == NULL ? 0 : fn(ctx, row);

    mem_drop(row);
    return rc < 0 ? rc : 0;
}

int mem_record_get(struct store *s, enum record_kind kind, struct str key, store_record_fn *fn,
                   void *ctx, struct err *e)
{
    const struct mem *m = mem_of(s);
    const size_t i = find(m, kind, key);

    return i < mem_count(m, MEM_RECORDS) ? show(m, i, fn, ctx)
                                         : err_set(e, ERR_NOT_FOUND, "there is no such record");
}

int mem_record_remove(struct store *s, enum record_kind kind, struct str key, struct err *e)
{
    struct mem *m = mem_of(s);
    const size_t i = find(m, kind, key);

    if (i == mem_count(m, MEM_RECORDS)) {
        return err_set(e, ERR_NOT_FOUND, "there is no such record");
    }
    mem_remove(m, MEM_RECORDS, i);
    return 0;
}

/* -1, 0, 1 in the order of bytes, a shorter key before its continuations. */
static int compare(struct str a, struct str b)
{
    const size_t n = a.len < b.len ? a.len : b.len;
    const int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static bool in_range(const struct record_range *range, const struct record_row *row,
                     struct str from)
{
    const int order = from.len == 0 ? 0 : compare(row->key, from);

    return row->kind == range->kind && row->key.len >= range->prefix.len &&
           (range->prefix.len == 0 ||
            memcmp(row->key.ptr, range->prefix.ptr, range->prefix.len) == 0) &&
           (from.len == 0 || (range->backwards ? order < 0 : order > 0));
}

/* The number of the next record behind `from`, or how many there are. */
static size_t next_in(const struct mem *m, const struct record_range *range, struct str from)
{
    size_t best = mem_count(m, MEM_RECORDS);

    for (size_t i = 0; i < mem_count(m, MEM_RECORDS); i++) {
        if (!in_range(range, record_at(m, i), from)) {
            continue;
        }
        if (best == mem_count(m, MEM_RECORDS) ||
            (compare(record_at(m, i)->key, record_at(m, best)->key) < 0) != range->backwards) {
            best = i;
        }
    }
    return best;
}

int mem_record_list(struct store *s, const struct record_range *range, store_record_fn *fn,
                    void *ctx, struct err *e)
{
    const struct mem *m = mem_of(s);
    char key[STORE_RECORD_KEY_MAX];
    struct str from = range->after;
    int rc = 0;

    (void)e;
    for (size_t n = 0; n < range->limit && rc >= 0; n++) {
        const size_t i = next_in(m, range, from);

        if (i == mem_count(m, MEM_RECORDS)) {
            break;
        }
        /* The callback may remove the row that holds the key. */
        from = (struct str){key, record_at(m, i)->key.len};
        memcpy(key, record_at(m, i)->key.ptr, from.len);
        rc = show(m, i, fn, ctx);
    }
    return rc < 0 ? rc : 0;
}
