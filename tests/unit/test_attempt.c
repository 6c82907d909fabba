/* Attempts are used again: what one person's left is not there for the next one's. */
#include "flow/dispatch_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LARGE = 9000 }; /* more room than is kept */

static struct attempt *attempt_with(struct attempt_pool *pool, const char *facts)
{
    struct due_row row = {0};
    struct attempt *a;

    row.message.facts = str_of(facts);
    row.message.campaign = STR("e-imza");
    row.message.id = 7;
    row.message.attempts = 3;
    a = attempt_create(pool, &row);
    assert_non_null(a);
    return a;
}

/* Nothing but zeros, also behind the text. */
static void assert_empty_room(const struct buf *b, size_t from)
{
    for (size_t i = from; i < b->cap; i++) {
        assert_int_equal(b->data[i], '\0');
    }
}

static void test_nothing_is_left_of_the_one_before(void **state)
{
    struct attempt_pool *pool = attempt_pool_create();
    struct attempt *first =
        attempt_with(pool, "{\"given_name\":\"Çiğdem\",\"phone\":\"+905320000000\"}");
    struct attempt *second;

    (void)state;
    assert_int_equal(buf_adds(&first->wire, "Sayın Çiğdem"), 0);
    assert_int_equal(buf_adds(&first->content, "Sayın Çiğdem, e-imzanızın süresi doluyor"), 0);
    first->recipient = 5;
    first->job.text = buf_cstr(&first->wire);
    attempt_free(first);

    second = attempt_with(pool, "{}");
    assert_ptr_equal(second, first);
    assert_string_equal(buf_cstr(&second->facts), "{}");
    assert_empty_room(&second->facts, 2);
    assert_int_equal(second->wire.len, 0);
    assert_empty_room(&second->wire, 0);
    assert_empty_room(&second->content, 0);
    assert_true(second->wire.cap > 0); /* the room is what is used again */
    assert_int_equal(second->recipient, 0);
    assert_null(second->job.text);
    assert_int_equal(second->number, 4);
    attempt_free(second);
    attempt_pool_free(pool);
}

static void test_large_room_is_not_kept(void **state)
{
    struct attempt_pool *pool = attempt_pool_create();
    struct attempt *a = attempt_with(pool, "{}");
    char text[LARGE];

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(buf_add(&a->content, text, sizeof text), 0);
    attempt_free(a);
    a = attempt_with(pool, "{}");
    assert_int_equal(a->content.cap, 0);
    attempt_free(a);
    attempt_pool_free(pool);
}

static void test_without_a_pool(void **state)
{
    (void)state;
    attempt_free(attempt_with(NULL, "{}"));
    attempt_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_left_of_the_one_before),
        cmocka_unit_test(test_large_room_is_not_kept),
        cmocka_unit_test(test_without_a_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
