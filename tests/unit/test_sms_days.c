/* Who has had an SMS today, over both back ends. */
#include "flow/sms_days.h"

#include "../contract/store_scene.h"
#include "store/store_record.h"

enum { DAY = 20779, MESSAGE = 41, OTHER = 42 };

static const uint64_t AYSE = 0x8000000000000001;
static const uint64_t KERIM = 0x0000000000000001;

static struct sms_days *create(void)
{
    struct sms_days *d = sms_days_create();

    assert_non_null(d);
    return d;
}

static void open_day(struct scene *t, struct sms_days *d, int64_t day)
{
    begin(t);
    if (sms_days_begin(d, t->s, day, &t->e) != 0) {
        fail_msg("%s", t->e.text);
    }
}

static bool taken(struct scene *t, struct sms_days *d, uint64_t recipient, int64_t message_id)
{
    const bool ret = sms_days_taken(d, recipient, message_id);

    assert_int_equal(sms_days_take(d, recipient, message_id, &t->e), 0);
    return ret;
}

static void keep(struct scene *t, struct sms_days *d)
{
    assert_int_equal(sms_days_store(d, t->s, &t->e), 0);
    commit(t);
    sms_days_kept(d);
}

/* One transaction with one recipient. */
static bool take_alone(struct scene *t, struct sms_days *d, int64_t day, uint64_t recipient,
                       int64_t message_id)
{
    bool ret;

    open_day(t, d, day);
    ret = taken(t, d, recipient, message_id);
    keep(t, d);
    return ret;
}

static int count_one(void *ctx, const struct record_row *row)
{
    (void)row;
    ++*(size_t *)ctx;
    return 0;
}

static size_t records(struct scene *t)
{
    const struct record_range all = {.kind = RECORD_SMS_DAY, .limit = STORE_LIST_MAX};
    size_t count = 0;

    assert_int_equal(store_record_list(t->s, &all, count_one, &count, &t->e), 0);
    return count;
}

static void the_first_message_has_the_day(void **state)
{
    struct scene *t = *state;
    struct sms_days *d = create();

    open_day(t, d, DAY);
    assert_false(taken(t, d, AYSE, MESSAGE));
    assert_true(taken(t, d, AYSE, OTHER));
    assert_false(taken(t, d, KERIM, OTHER));
    keep(t, d);
    assert_int_equal(records(t), 1);
    assert_true(take_alone(t, d, DAY, AYSE, OTHER));
    assert_false(take_alone(t, d, DAY, AYSE, MESSAGE)); /* tried again */
    assert_false(take_alone(t, d, DAY + 1, AYSE, OTHER));
    assert_true(take_alone(t, d, DAY, AYSE, OTHER)); /* the clock was put back */
    assert_int_equal(records(t), 2);                 /* nothing taken, nothing written */
    sms_days_free(d);
}

static void another_process_knows_it_too(void **state)
{
    struct scene *t = *state;
    struct sms_days *d = create();

    assert_false(take_alone(t, d, DAY, AYSE, MESSAGE));
    sms_days_free(d);
    reopen(t);
    d = create();
    assert_true(take_alone(t, d, DAY, AYSE, OTHER));
    assert_false(take_alone(t, d, DAY, KERIM, OTHER)); /* its record stands beside the first */
    sms_days_free(d);
    d = create();
    assert_true(take_alone(t, d, DAY, AYSE, OTHER));
    assert_true(take_alone(t, d, DAY, KERIM, MESSAGE));
    sms_days_free(d);
}

static void what_was_rolled_back_was_not_taken(void **state)
{
    struct scene *t = *state;
    struct sms_days *d = create();

    assert_false(take_alone(t, d, DAY, KERIM, MESSAGE));
    open_day(t, d, DAY);
    assert_false(taken(t, d, AYSE, MESSAGE));
    store_rollback(t->s);
    assert_false(take_alone(t, d, DAY, AYSE, OTHER));
    assert_true(take_alone(t, d, DAY, AYSE, MESSAGE));
    assert_true(take_alone(t, d, DAY, KERIM, OTHER));
    sms_days_free(d);
}

/* More recipients than the memory begins with, and more records than a page of a list. */
static void a_long_day_is_read_to_its_end(void **state)
{
    enum { TRANSACTIONS = STORE_LIST_MAX + 1, IN_EACH = 3 };
    struct scene *t = *state;
    struct sms_days *d = create();

    for (int64_t i = 0; i < TRANSACTIONS; i++) {
        open_day(t, d, DAY);
        for (int64_t j = 1; j <= IN_EACH; j++) {
            assert_false(taken(t, d, (uint64_t)(i * IN_EACH + j) << 40, i * IN_EACH + j));
        }
        keep(t, d);
    }
    sms_days_free(d);
    d = create();
    open_day(t, d, DAY);
    for (int64_t i = 1; i <= TRANSACTIONS * IN_EACH; i++) {
        assert_true(taken(t, d, (uint64_t)i << 40, i + 1));
    }
    keep(t, d);
    sms_days_free(d);
}

static void one_transaction_takes_as_many_as_it_may(void **state)
{
    struct scene *t = *state;
    struct sms_days *d = create();

    open_day(t, d, DAY);
    for (int64_t i = 0; i < SMS_DAYS_TAKE_MAX; i++) {
        assert_false(taken(t, d, (uint64_t)i, INT64_MAX - i));
    }
    keep(t, d);
    sms_days_free(d);
    d = create();
    assert_true(take_alone(t, d, DAY, SMS_DAYS_TAKE_MAX - 1, MESSAGE));
    sms_days_free(d);
}

static void days_gone_by_are_forgotten_in_bites(void **state)
{
    struct scene *t = *state;
    struct sms_days *d = create();

    for (int64_t i = 0; i <= SMS_DAYS_FORGET_MAX; i++) {
        assert_false(take_alone(t, d, DAY - 2, (uint64_t)i, MESSAGE));
    }
    assert_false(take_alone(t, d, DAY - 1, AYSE, MESSAGE));
    assert_false(take_alone(t, d, DAY, AYSE, MESSAGE));
    for (size_t left = 3; left > 1; left--) {
        begin(t);
        assert_int_equal(sms_days_forget(t->s, DAY, &t->e), 0);
        commit(t);
        assert_int_equal(records(t), left);
    }
    sms_days_free(d);
    d = create();
    assert_true(take_alone(t, d, DAY - 1, AYSE, OTHER));
    assert_false(take_alone(t, d, DAY - 2, KERIM, OTHER));
    sms_days_free(d);
}

static void a_damaged_record_is_said_to_be_one(void **state)
{
    static const char *const bodies[] = {"8000000000000001:41",  "8000000000000001 41 ",
                                         "800000000000000:41 ",  "800000000000000g:41 ",
                                         "8000000000000001:0 ",  "8000000000000001: ",
                                         "8000000000000001:x4 ", " "};
    struct scene *t = *state;

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const struct record_row row = {RECORD_SMS_DAY, STR("20779/0000000000000000"),
                                       str_of(bodies[i])};
        struct sms_days *d = create();

        begin(t);
        assert_int_equal(store_record_put(t->s, &row, &t->e), 0);
        assert_int_equal(sms_days_begin(d, t->s, DAY, &t->e), ERR_CORRUPT);
        assert_non_null(strstr(t->e.text, "20779/0000000000000000"));
        store_rollback(t->s);
        sms_days_free(d);
    }
}

#define ON_BOTH(name) SQLITE_CASE(name) MEMORY_CASE(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(the_first_message_has_the_day) ON_BOTH(another_process_knows_it_too)
            ON_BOTH(what_was_rolled_back_was_not_taken) ON_BOTH(a_long_day_is_read_to_its_end)
                ON_BOTH(one_transaction_takes_as_many_as_it_may)
                    ON_BOTH(days_gone_by_are_forgotten_in_bites)
                        ON_BOTH(a_damaged_record_is_said_to_be_one)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
