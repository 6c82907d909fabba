/* Return addresses of single attempts: made, recognised, and not to be made up. */
#include "domain/return_path.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const unsigned char key[HASH_KEY_SIZE] = {1, 2, 3};
static const unsigned char other_key[HASH_KEY_SIZE] = {1, 2, 4};
static const char base[] = "iade@ornekil.example";

static void test_there_and_back(void **state)
{
    struct ids *ids = ids_create(key);
    char address[RETURN_PATH_SIZE];
    char ref[IDS_TEXT_SIZE];
    char found[IDS_TEXT_SIZE];

    (void)state;
    for (int64_t row = 1; row > 0 && row < INT64_MAX / 40; row *= 37) {
        ids_attempt_format(ids, row, 3, ref);
        assert_int_equal(return_path_format(base, ref, address), 0);
        assert_int_equal(return_path_parse(ids, base, str_of(address), found), RETURN_PATH_ATTEMPT);
        assert_string_equal(found, ref);
        for (char *c = address; *c != '\0'; c++) {
            *c = ascii_upper(*c);
        }
        assert_int_equal(return_path_parse(ids, base, str_of(address), found), RETURN_PATH_ATTEMPT);
        assert_string_equal(found, ref);
    }
    ids_destroy(ids);
}

static void test_foreign_ones(void **state)
{
    static const struct {
        const char *address;
        enum return_path is;
    } rows[] = {
        {"iade@ornekil.example", RETURN_PATH_OURS},
        {"IADE@Ornekil.Example", RETURN_PATH_OURS},
        {"iade@ornekil.example.com", RETURN_PATH_FOREIGN},
        {"iade+@ornekil.example", RETURN_PATH_FOREIGN},
        {"iade+x@ornekil.example", RETURN_PATH_FOREIGN},
        {"iade-m_1-aaaaaaaa-1@ornekil.example", RETURN_PATH_FOREIGN},
        {"iade+m_1-aaaaaaaa-1@ornekil.example", RETURN_PATH_FOREIGN},
        {"iade+m_1-aaaaaaaa-1@ornekil2.example", RETURN_PATH_FOREIGN},
        {"iadeler+m_1-aaaaaaaa-1@ornekil.example", RETURN_PATH_FOREIGN},
        {"iade", RETURN_PATH_FOREIGN},
        {"", RETURN_PATH_FOREIGN},
        {"iade+mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm@ornekil.example",
         RETURN_PATH_FOREIGN},
    };
    struct ids *ids = ids_create(key);
    char ref[IDS_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (return_path_parse(ids, base, str_of(rows[i].address), ref) != rows[i].is) {
            fail_msg("%s", rows[i].address);
        }
        assert_string_equal(ref, "");
    }
    ids_destroy(ids);
}

static void test_of_another_installation(void **state)
{
    struct ids *ids = ids_create(key);
    struct ids *others = ids_create(other_key);
    char address[RETURN_PATH_SIZE];
    char ref[IDS_TEXT_SIZE];

    (void)state;
    ids_attempt_format(others, 7, 1, ref);
    assert_int_equal(return_path_format(base, ref, address), 0);
    assert_int_equal(return_path_parse(ids, base, str_of(address), ref), RETURN_PATH_FOREIGN);
    ids_destroy(ids);
    ids_destroy(others);
}

/* The longest name of an attempt still fits into a local part behind the longest base. */
static void test_bounds(void **state)
{
    struct ids *ids = ids_create(key);
    char longest[100];
    char address[RETURN_PATH_SIZE];
    char ref[IDS_TEXT_SIZE];

    (void)state;
    ids_attempt_format(ids, INT64_MAX, 999999, ref);
    (void)snprintf(longest, sizeof longest, "%032d@ornek.test", 0);
    assert_int_equal(return_path_format(longest, ref, address), 0);
    assert_in_range(strcspn(address, "@"), 1, 64);
    (void)snprintf(longest, sizeof longest, "%033d@ornek.test", 0);
    assert_int_equal(return_path_format(longest, ref, address), ERR_LIMIT);
    ids_destroy(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_foreign_ones),
        cmocka_unit_test(test_of_another_installation),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
