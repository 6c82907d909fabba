/* The reference index against a plain list: whatever is added or undone, both know the same. */
#include "store/ref_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static bool has(const struct ref_index *ix, uint32_t tag, uint32_t row)
{
    uint32_t rows[REF_DUPLICATES_MAX];
    const size_t n = ref_index_find(ix, tag, rows, REF_DUPLICATES_MAX);

    for (size_t i = 0; i < n; i++) {
        if (rows[i] == row) {
            return true;
        }
    }
    return false;
}

/* Multiplying by an odd number visits every tag, near ones and far ones. */
static uint32_t tag_of(uint32_t row, uint32_t spread)
{
    return row * 2654435761u % spread;
}

static void expect_exactly(const struct ref_index *ix, uint32_t count, uint32_t more,
                           uint32_t spread)
{
    assert_int_equal(ix->used, count);
    for (uint32_t row = 1; row <= count; row++) {
        assert_true(has(ix, tag_of(row, spread), row));
    }
    for (uint32_t row = count + 1; row <= more; row++) {
        assert_false(has(ix, tag_of(row, spread), row));
    }
}

static void add_rows(struct ref_index *ix, uint32_t from, uint32_t to, uint32_t spread)
{
    for (uint32_t row = from; row <= to; row++) {
        assert_int_equal(ref_index_add(ix, tag_of(row, spread), row), 0);
    }
}

static void adds_and_undoes(void **state)
{
    /* Tags over the whole range, over few homes at the start, and many of the same. */
    static const uint32_t spreads[] = {UINT32_MAX, 1u << 24, 5000, 97};

    (void)state;
    for (size_t i = 0; i < sizeof spreads / sizeof spreads[0]; i++) {
        struct ref_index ix;
        size_t mark;

        ref_index_init(&ix);
        expect_exactly(&ix, 0, 3, spreads[i]);
        add_rows(&ix, 1, 700, spreads[i]);
        ref_index_keep(&ix);
        mark = ref_index_mark(&ix);
        add_rows(&ix, 701, 3000, spreads[i]); /* grows on the way */
        ref_index_undo(&ix, mark);
        expect_exactly(&ix, 700, 3000, spreads[i]);
        add_rows(&ix, 701, 900, spreads[i]);
        mark = ref_index_mark(&ix);
        add_rows(&ix, 901, 950, spreads[i]);
        ref_index_undo(&ix, mark);
        expect_exactly(&ix, 900, 950, spreads[i]);
        ref_index_finish(&ix);
    }
}

static void wraps_around_the_end(void **state)
{
    struct ref_index ix;

    (void)state;
    ref_index_init(&ix);
    for (uint32_t row = 1; row <= 200; row++) {
        assert_int_equal(ref_index_add(&ix, UINT32_MAX - row % 3, row), 0);
    }
    ref_index_undo(&ix, 100);
    for (uint32_t row = 1; row <= 200; row++) {
        assert_int_equal(has(&ix, UINT32_MAX - row % 3, row), row <= 100);
    }
    ref_index_finish(&ix);
}

static void same_pair_once_and_same_tag_bounded(void **state)
{
    struct ref_index ix;

    (void)state;
    ref_index_init(&ix);
    for (uint32_t row = 1; row <= REF_DUPLICATES_MAX + 50; row++) {
        assert_int_equal(ref_index_add(&ix, 7, row), 0);
        assert_int_equal(ref_index_add(&ix, 7, row), 0);
    }
    assert_int_equal(ix.used, REF_DUPLICATES_MAX);
    assert_true(has(&ix, 7, REF_DUPLICATES_MAX));
    assert_false(has(&ix, 7, REF_DUPLICATES_MAX + 1));
    ref_index_undo(&ix, 0);
    assert_int_equal(ix.used, 0);
    ref_index_finish(&ix);
}

static void loads_in_bulk(void **state)
{
    enum { COUNT = 5000 };
    static uint32_t tags[COUNT];
    struct ref_index ix;

    (void)state;
    ref_index_init(&ix);
    for (uint32_t i = 0; i < COUNT; i++) {
        tags[i] = i == 17 ? 0 : tag_of(i + 1, UINT32_MAX);
    }
    assert_int_equal(ref_index_load(&ix, tags, COUNT, 1), 0);
    assert_int_equal(ix.used, COUNT - 1);
    ref_index_undo(&ix, 0);
    for (uint32_t row = 1; row <= COUNT; row++) {
        assert_int_equal(has(&ix, tag_of(row, UINT32_MAX), row), row != 18);
    }
    ref_index_finish(&ix);
}

static void reserve_avoids_growing(void **state)
{
    struct ref_index ix;
    size_t cap;

    (void)state;
    ref_index_init(&ix);
    assert_int_equal(ref_index_reserve(&ix, 10000), 0);
    cap = ix.cap;
    add_rows(&ix, 1, 10000, UINT32_MAX);
    assert_int_equal(ix.cap, cap);
    expect_exactly(&ix, 10000, 10010, UINT32_MAX);
    ref_index_finish(&ix);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(adds_and_undoes),
        cmocka_unit_test(wraps_around_the_end),
        cmocka_unit_test(same_pair_once_and_same_tag_bounded),
        cmocka_unit_test(loads_in_bulk),
        cmocka_unit_test(reserve_avoids_growing),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
