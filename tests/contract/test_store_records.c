/* The store port: records, and cases by their end, on every back end. */
#include "store/store_record.h"
#include "store_scene.h"

struct told {
    char text[512];
    struct store *s; /* not null: every record shown is removed */
    int stop_after;  /* 0: never */
};

static int see_record(void *ctx, const struct record_row *row)
{
    struct told *told = ctx;
    const size_t n = strlen(told->text);
    struct err e;

    (void)snprintf(told->text + n, sizeof told->text - n, "%.*s=%.*s ", (int)row->key.len,
                   row->key.ptr, (int)row->body.len, row->body.ptr);
    if (told->s != NULL) {
        assert_int_equal(store_record_remove(told->s, row->kind, row->key, &e), 0);
    }
    return told->stop_after > 0 && --told->stop_after == 0 ? ERR_TIMEOUT : 0;
}

static void put(struct scene *t, enum record_kind kind, const char *key, const char *body)
{
    const struct record_row row = {kind, str_of(key), str_of(body)};

    assert_int_equal(store_record_put(t->s, &row, &t->e), 0);
}

static void lists(struct scene *t, struct record_range range, const char *expected)
{
    struct told told = {.text = ""};

    assert_int_equal(store_record_list(t->s, &range, see_record, &told, &t->e), 0);
    assert_string_equal(told.text, expected);
}

static void record_is_put_found_and_removed(void **state)
{
    struct scene *t = *state;
    struct told told = {.text = ""};

    begin(t);
    put(t, RECORD_CONTROL, "all", "1");
    put(t, RECORD_CONTROL, "all", "2");
    put(t, RECORD_RELEASE, "all", "3");
    commit(t);
    reopen(t);
    assert_int_equal(store_record_get(t->s, RECORD_CONTROL, STR("all"), see_record, &told, &t->e),
                     0);
    assert_int_equal(store_record_get(t->s, RECORD_RELEASE, STR("all"), see_record, &told, &t->e),
                     0);
    assert_string_equal(told.text, "all=2 all=3 ");
    begin(t);
    assert_int_equal(store_record_remove(t->s, RECORD_CONTROL, STR("all"), &t->e), 0);
    assert_int_equal(store_record_remove(t->s, RECORD_CONTROL, STR("all"), &t->e), ERR_NOT_FOUND);
    commit(t);
    assert_int_equal(store_record_get(t->s, RECORD_CONTROL, STR("all"), NULL, NULL, &t->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_record_get(t->s, RECORD_RELEASE, STR("all"), NULL, NULL, &t->e), 0);
}

static void record_list_keeps_order_and_range(void **state)
{
    struct scene *t = *state;

    begin(t);
    put(t, RECORD_CONTROL, "channel:sms", "c");
    put(t, RECORD_CONTROL, "all", "a");
    put(t, RECORD_CONTROL, "campaign:ğ", "g");
    put(t, RECORD_CONTROL, "campaign:b", "b");
    put(t, RECORD_RELEASE, "x", "x");
    commit(t);
    lists(t, (struct record_range){RECORD_CONTROL, STR(""), STR(""), false, 9},
          "all=a campaign:b=b campaign:ğ=g channel:sms=c ");
    lists(t, (struct record_range){RECORD_CONTROL, STR(""), STR(""), true, 2},
          "channel:sms=c campaign:ğ=g ");
    lists(t, (struct record_range){RECORD_CONTROL, STR(""), STR("campaign:ğ"), true, 9},
          "campaign:b=b all=a ");
    lists(t, (struct record_range){RECORD_CONTROL, STR("campaign:"), STR(""), false, 9},
          "campaign:b=b campaign:ğ=g ");
    lists(t, (struct record_range){RECORD_CONTROL, STR("campaign:"), STR("campaign:b"), false, 9},
          "campaign:ğ=g ");
    lists(t, (struct record_range){RECORD_CONTROL, STR("campaign:"), STR(""), true, 9},
          "campaign:ğ=g campaign:b=b ");
    lists(t, (struct record_range){RECORD_CONTROL, STR("none"), STR(""), false, 9}, "");
}

static void record_list_may_be_changed_meanwhile(void **state)
{
    struct scene *t = *state;
    const struct record_range range = {RECORD_AUDIT, STR(""), STR(""), false, 9};
    struct told told = {.text = "", .s = t->s, .stop_after = 2};

    begin(t);
    put(t, RECORD_AUDIT, "1", "a");
    put(t, RECORD_AUDIT, "2", "b");
    put(t, RECORD_AUDIT, "3", "c");
    assert_int_equal(store_record_list(t->s, &range, see_record, &told, &t->e), ERR_TIMEOUT);
    commit(t);
    lists(t, range, "3=c ");
}

static void record_has_bounds(void **state)
{
    struct scene *t = *state;
    char *bytes = calloc(1, STORE_RECORD_BODY_MAX + 1);
    struct record_row row = {RECORD_IMPORT, {bytes, STORE_RECORD_KEY_MAX}, STR("x")};
    struct record_range range = {RECORD_IMPORT, STR(""), STR(""), false, 0};

    assert_non_null(bytes);
    memset(bytes, 'k', STORE_RECORD_BODY_MAX + 1);
    assert_int_equal(store_record_put(t->s, &row, &t->e), ERR_WRONG_STATE);
    begin(t);
    assert_int_equal(store_record_put(t->s, &row, &t->e), 0);
    row.key.len++;
    assert_int_equal(store_record_put(t->s, &row, &t->e), ERR_INVALID);
    row.key.len = 0;
    assert_int_equal(store_record_put(t->s, &row, &t->e), ERR_INVALID);
    row.key = STR("k");
    row.body = (struct str){bytes, STORE_RECORD_BODY_MAX};
    assert_int_equal(store_record_put(t->s, &row, &t->e), 0);
    row.body.len++;
    assert_int_equal(store_record_put(t->s, &row, &t->e), ERR_LIMIT);
    row.kind = RECORD_KIND_END;
    assert_int_equal(store_record_put(t->s, &row, &t->e), ERR_INVALID);
    commit(t);
    free(bytes);
    assert_int_equal(store_record_list(t->s, &range, see_record, NULL, &t->e), ERR_INVALID);
    range.limit = STORE_LIST_MAX + 1;
    assert_int_equal(store_record_list(t->s, &range, see_record, NULL, &t->e), ERR_INVALID);
}

/* ---- cases by their end ---- */

static void add_case(struct scene *t, const char *certificate, int state, int64_t end_ms)
{
    const struct case_row row = {.certificate = str_of(certificate),
                                 .state = state,
                                 .not_after_ms = end_ms,
                                 .facts = STR("{}")};
    int64_t id;

    assert_int_equal(store_case_put(t->s, &row, &id, &t->e), 0);
}

struct seen {
    char text[128];
    struct case_range range;
};

static int see_case(void *ctx, const struct case_row *row)
{
    struct seen *seen = ctx;
    const size_t n = strlen(seen->text);

    (void)snprintf(seen->text + n, sizeof seen->text - n, "%.*s ", (int)row->certificate.len,
                   row->certificate.ptr);
    seen->range.after_ms = row->not_after_ms;
    seen->range.after_id = row->id;
    return 0;
}

static void cases_come_by_their_end(void **state)
{
    struct scene *t = *state;
    struct seen seen = {.range = {.state = 0, .from_ms = 10, .to_ms = 30, .limit = 2}};

    begin(t);
    add_case(t, "late", 0, 31);
    add_case(t, "c30", 0, 30);
    add_case(t, "b20", 0, 20);
    add_case(t, "other", 1, 20);
    add_case(t, "b20-too", 0, 20);
    add_case(t, "a10", 0, 10);
    add_case(t, "early", 0, 9);
    commit(t);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_case_by_end(t->s, &seen.range, see_case, &seen, &t->e), 0);
        (void)strncat(seen.text, "| ", sizeof seen.text - strlen(seen.text) - 1);
    }
    assert_string_equal(seen.text, "a10 b20 | b20-too c30 | | ");
    seen.range.limit = STORE_LIST_MAX + 1;
    assert_int_equal(store_case_by_end(t->s, &seen.range, see_case, &seen, &t->e), ERR_INVALID);
}

static void cases_come_by_their_number(void **state)
{
    struct scene *t = *state;
    struct seen seen = {.text = ""};

    begin(t);
    add_case(t, "a", 0, 3);
    add_case(t, "b", 4, 2);
    add_case(t, "c", 0, 1);
    commit(t);
    assert_int_equal(store_case_scan(t->s, 0, 2, see_case, &seen, &t->e), 0);
    assert_int_equal(store_case_scan(t->s, 2, 2, see_case, &seen, &t->e), 0);
    assert_int_equal(store_case_scan(t->s, 3, 2, see_case, &seen, &t->e), 0);
    assert_string_equal(seen.text, "a b c ");
    assert_int_equal(store_case_scan(t->s, 0, 0, see_case, &seen, &t->e), ERR_INVALID);
}

/* ---- messages by their time ---- */

struct due_seen {
    char text[128];
    struct due_range range;
};

static int see_due(void *ctx, const struct due_row *row)
{
    struct due_seen *seen = ctx;
    const size_t n = strlen(seen->text);

    (void)snprintf(seen->text + n, sizeof seen->text - n, "%lld ", (long long)row->message.id);
    seen->range.after_ms = row->message.due_ms;
    seen->range.after_id = row->message.id;
    return 0;
}

static void messages_come_by_their_time(void **state)
{
    struct scene *t = *state;
    static const int64_t due[] = {30, 10, 20, 20, 9, 31};
    struct due_seen seen = {.range = {.channel = CHANNEL_SMS,
                                      .urgency = URGENCY_CAMPAIGN,
                                      .from_ms = 10,
                                      .to_ms = 30,
                                      .limit = 2}};

    begin(t);
    for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
        struct message_row row = message(put_case(t, 0,
                                                  i == 0   ? "a"
                                                  : i == 1 ? "b"
                                                  : i == 2 ? "c"
                                                  : i == 3 ? "d"
                                                  : i == 4 ? "e"
                                                           : "f",
                                                  "p"),
                                         30, due[i]);
        int64_t id;

        row.urgency = URGENCY_CAMPAIGN;
        row.state = MESSAGE_PLANNED;
        assert_int_equal(store_message_add(t->s, &row, &id, &t->e), 0);
    }
    commit(t);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_due_between(t->s, &seen.range, see_due, &seen, &t->e), 0);
        (void)strncat(seen.text, "| ", sizeof seen.text - strlen(seen.text) - 1);
    }
    assert_string_equal(seen.text, "2 3 | 4 1 | | ");
    seen.range.limit = 0;
    assert_int_equal(store_due_between(t->s, &seen.range, see_due, &seen, &t->e), ERR_INVALID);
}

#define CASES(X)                                                                                   \
    X(record_is_put_found_and_removed)                                                             \
    X(record_list_keeps_order_and_range)                                                           \
    X(record_list_may_be_changed_meanwhile)                                                        \
    X(record_has_bounds)                                                                           \
    X(cases_come_by_their_end)                                                                     \
    X(cases_come_by_their_number)                                                                  \
    X(messages_come_by_their_time)

int main(void)
{
    const struct CMUnitTest memory_cases[] = {CASES(MEMORY_CASE)};
    const struct CMUnitTest sqlite_cases[] = {CASES(SQLITE_CASE)};
    const int failed = cmocka_run_group_tests_name("memory", memory_cases, NULL, NULL);

    return failed + cmocka_run_group_tests_name("sqlite", sqlite_cases, NULL, NULL);
}
