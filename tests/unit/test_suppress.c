/* The suppression list over both back ends, and the rule that fills it. */
#include "../contract/store_scene.h"
#include "base/buf.h"
#include "config/conf.h"
#include "flow/suppress.h"

static const unsigned char KEY[HASH_KEY_SIZE] = "0123456789abcde";

enum { T0 = 1000000 };

static void add(struct scene *t, enum channel channel, const char *address,
                enum suppress_reason reason, int64_t expires_ms, char *ret_id)
{
    const struct suppress_new entry = {.channel = channel,
                                       .address = str_of(address),
                                       .reason = reason,
                                       .now_ms = T0,
                                       .expires_ms = expires_ms,
                                       .actor = "key:panel",
                                       .note = "not"};

    if (suppress_add(t->s, KEY, &entry, ret_id, &t->e) != 0) {
        fail_msg("%s", t->e.text);
    }
}

static bool check(struct scene *t, enum channel channel, const char *address, int64_t now_ms,
                  struct suppress_entry *ret)
{
    bool found;

    assert_int_equal(
        suppress_check(t->s, KEY, channel, str_of(address), now_ms, ret, &found, &t->e), 0);
    return found;
}

static void an_address_is_found_however_it_is_written(void **state)
{
    static const struct {
        enum channel channel;
        const char *added;
        const char *asked;
        bool found;
    } cases[] = {
        {CHANNEL_SMS, "+905320000067", "+905320000067", true},
        {CHANNEL_SMS, "0532 000 00 67", "+905320000067", true},
        {CHANNEL_SMS, "+905320000067", "+905320000068", false},
        {CHANNEL_EMAIL, "Kisi@Ornek.TEST", "kisi@ornek.test", true},
        {CHANNEL_EMAIL, "IRMAK@ornek.test", "irmak@ornek.test", true},
        {CHANNEL_EMAIL, "kisi@ornek.test", "kisi2@ornek.test", false},
        {CHANNEL_EMAIL, "kisi@ornek.test", "", false},
        {CHANNEL_EMAIL, "kisi@ornek.test", "+905320000067", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene *t;
        struct suppress_entry entry;

        (void)teardown(state);
        (void)setup_memory(state);
        t = *state;
        begin(t);
        add(t, cases[i].channel, cases[i].added, SUPPRESS_MANUAL, 0, NULL);
        commit(t);
        assert_int_equal(check(t, cases[i].channel, cases[i].asked, T0, &entry), cases[i].found);
    }
}

static int no_clear_text(void *ctx, const struct record_row *row)
{
    (*(int *)ctx)++;
    assert_null(memmem(row->key.ptr, row->key.len, "5320000067", 10));
    assert_null(memmem(row->body.ptr, row->body.len, "5320000067", 10));
    assert_null(memmem(row->body.ptr, row->body.len, "kisi@", 5));
    return 0;
}

static void nothing_is_kept_in_clear(void **state)
{
    struct scene *t = *state;
    const struct record_range range = {RECORD_SUPPRESSION, STR(""), STR(""), false, 9};
    struct suppress_entry entry;
    int seen = 0;

    begin(t);
    add(t, CHANNEL_SMS, "+905320000067", SUPPRESS_NOT_IN_USE, 0, NULL);
    add(t, CHANNEL_EMAIL, "kisi@ornek.test", SUPPRESS_BOUNCE, 0, NULL);
    commit(t);
    assert_int_equal(store_record_list(t->s, &range, no_clear_text, &seen, &t->e), 0);
    assert_int_equal(seen, 2);
    assert_true(check(t, CHANNEL_SMS, "+905320000067", T0, &entry));
    assert_string_equal(entry.shown, "+90 5** *** ** 67");
    assert_string_equal(entry.actor, "key:panel");
    assert_int_equal(entry.since_ms, T0);
    assert_true(check(t, CHANNEL_EMAIL, "kisi@ornek.test", T0, &entry));
    assert_string_equal(entry.shown, "k***@ornek.test");
}

static void an_entry_ends_at_its_moment(void **state)
{
    struct scene *t = *state;
    struct suppress_entry entry;
    char id[SUPPRESS_ID_SIZE];
    size_t count;

    begin(t);
    add(t, CHANNEL_SMS, "+905320000067", SUPPRESS_MANUAL, T0 + 10, id);
    add(t, CHANNEL_SMS, "+905320000068", SUPPRESS_MANUAL, 0, NULL);
    assert_true(check(t, CHANNEL_SMS, "+905320000067", T0 + 9, &entry));
    assert_false(check(t, CHANNEL_SMS, "+905320000067", T0 + 10, &entry));
    assert_int_equal(suppress_expire(t->s, T0 + 9, 10, &count, &t->e), 0);
    assert_int_equal(count, 0);
    assert_int_equal(suppress_expire(t->s, T0 + 10, 10, &count, &t->e), 0);
    assert_int_equal(count, 1);
    commit(t);
    assert_int_equal(suppress_get(t->s, str_of(id), &entry, &t->e), ERR_NOT_FOUND);
    assert_true(check(t, CHANNEL_SMS, "+905320000068", T0 + 10, &entry));
}

static void what_was_stopped_is_counted_and_told(void **state)
{
    struct scene *t = *state;
    struct suppress_entry entry;
    char id[SUPPRESS_ID_SIZE];

    begin(t);
    add(t, CHANNEL_EMAIL, "kisi@ornek.test", SUPPRESS_BOUNCE, 0, id);
    for (int i = 1; i <= 3; i++) {
        assert_true(check(t, CHANNEL_EMAIL, "kisi@ornek.test", T0 + i, &entry));
        assert_int_equal(suppress_count(t->s, &entry, T0 + i, &t->e), 0);
    }
    assert_int_equal(suppress_remove(t->s, str_of(id), &entry, &t->e), 0);
    commit(t);
    assert_int_equal(entry.stopped, 3);
    assert_int_equal(entry.last_ms, T0 + 3);
    assert_false(check(t, CHANNEL_EMAIL, "kisi@ornek.test", T0, &entry));
    begin(t);
    assert_int_equal(suppress_remove(t->s, str_of(id), &entry, &t->e), ERR_NOT_FOUND);
    commit(t);
}

static void a_machine_does_not_overrule_a_person(void **state)
{
    struct scene *t = *state;
    struct suppress_entry entry;

    begin(t);
    add(t, CHANNEL_SMS, "+905320000067", SUPPRESS_REQUEST, 0, NULL);
    add(t, CHANNEL_SMS, "+905320000067", SUPPRESS_NOT_IN_USE, T0 + 5, NULL);
    commit(t);
    assert_true(check(t, CHANNEL_SMS, "+905320000067", T0 + 6, &entry));
    assert_int_equal(entry.reason, SUPPRESS_REQUEST);
    begin(t);
    add(t, CHANNEL_SMS, "+905320000067", SUPPRESS_MANUAL, T0 + 5, NULL);
    commit(t);
    assert_false(check(t, CHANNEL_SMS, "+905320000067", T0 + 6, &entry));
}

static void no_address_no_entry(void **state)
{
    static const char *const bad[] = {"", "x", "0312 000 00 67", "kisi@ornek.test"};
    struct scene *t = *state;

    begin(t);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct suppress_new entry = {.channel = CHANNEL_SMS, .address = str_of(bad[i])};

        assert_int_equal(suppress_add(t->s, KEY, &entry, NULL, &t->e), ERR_INVALID);
    }
    commit(t);
}

static int note_id(void *ctx, const struct suppress_entry *entry)
{
    struct buf *all = ctx;

    return buf_addf(all, "%.7s ", entry->id);
}

static void the_list_goes_on_behind_an_entry(void **state)
{
    struct scene *t = *state;
    char first[SUPPRESS_ID_SIZE];
    struct buf all;

    buf_init(&all, 200);
    begin(t);
    add(t, CHANNEL_SMS, "+905320000067", SUPPRESS_MANUAL, 0, NULL);
    add(t, CHANNEL_EMAIL, "kisi@ornek.test", SUPPRESS_MANUAL, 0, first);
    commit(t);
    assert_int_equal(suppress_list(t->s, STR(""), 10, note_id, &all, &t->e), 0);
    assert_memory_equal(buf_cstr(&all), "email:", 6);
    assert_memory_equal(buf_cstr(&all) + 8, "sms:", 4);
    buf_reset(&all);
    assert_int_equal(suppress_list(t->s, str_of(first), 10, note_id, &all, &t->e), 0);
    assert_memory_equal(buf_cstr(&all), "sms:", 4);
    assert_int_equal(strlen(buf_cstr(&all)), 8);
    buf_finish(&all);
}

static void the_rule_knows_its_codes(void **state)
{
    static char mailbox[] = "5.1.1";
    static char number[] = "netgsm:52";
    static char *codes[] = {mailbox, number};
    static const struct conf_suppression rule = {{codes, 2}, 0};
    static const struct {
        const char *provider;
        const char *code;
        bool fits;
    } cases[] = {
        {"m", "550 5.1.1", true},
        {"m", "5.1.1", true},
        {"m", "550 5.1.10", false},
        {"m", "550 5.7.1", false},
        {"m", "", false},
        {"netgsm", "http 406/52", true},
        {"netgsm", "http 406/152", false},
        {"other", "http 406/52", false},
        {"m", "15.1.1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(suppress_rule_fits(&rule, cases[i].provider, cases[i].code),
                         cases[i].fits);
    }
}

static void reasons_have_names_and_sentences(void **state)
{
    (void)state;
    for (enum suppress_reason r = SUPPRESS_MANUAL; r < SUPPRESS_REASON_COUNT; r++) {
        assert_int_equal(suppress_reason_parse(str_of(suppress_reason_name(r))), r);
        assert_true(strlen(suppress_reason_sentence(r, true)) > 10);
        assert_true(strlen(suppress_reason_sentence(r, false)) > 10);
        assert_memory_equal(suppress_message_reason(r), "suppressed_", 11);
    }
    assert_int_equal(suppress_reason_parse(STR("none")), SUPPRESS_REASON_COUNT);
}

#define ON_BOTH(name) SQLITE_CASE(name) MEMORY_CASE(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMORY_CASE(an_address_is_found_however_it_is_written) ON_BOTH(nothing_is_kept_in_clear)
            ON_BOTH(an_entry_ends_at_its_moment) ON_BOTH(what_was_stopped_is_counted_and_told)
                ON_BOTH(a_machine_does_not_overrule_a_person) ON_BOTH(no_address_no_entry)
                    ON_BOTH(the_list_goes_on_behind_an_entry)
                        cmocka_unit_test(the_rule_knows_its_codes),
        cmocka_unit_test(reasons_have_names_and_sentences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
