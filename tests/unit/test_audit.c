/* The audit log: links, what breaks them, and forgetting the oldest entries. */
#include "flow/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { ENTRIES = 6, MANY = 1100 };

static const int64_t t0 = 1800000000000;

static struct store *open_log(int entries)
{
    struct store *s = NULL;
    struct err e = {0};
    char detail[64];

    assert_int_equal(store_memory_open(&s, &e), 0);
    assert_int_equal(store_begin(s, &e), 0);
    for (int i = 1; i <= entries; i++) {
        (void)snprintf(detail, sizeof detail, "{\"campaign\":\"bitis\",\"n\":%d}", i);
        assert_int_equal(audit_add(s, "key:panel", "campaign.pause",
                                   i % 2 == 0 ? str_of(detail) : STR(""), t0 + i * 1000LL, &e),
                         0);
    }
    assert_int_equal(store_commit(s, &e), 0);
    return s;
}

static void expect(struct store *s, enum audit_fault fault, int64_t seq, int64_t checked)
{
    struct audit_verdict v;
    struct err e = {0};

    assert_int_equal(audit_verify(s, &v, &e), 0);
    assert_string_equal(audit_fault_name(v.fault), audit_fault_name(fault));
    assert_int_equal(v.checked, checked);
    if (fault != AUDIT_WHOLE) {
        assert_int_equal(v.seq, seq);
    }
}

static void a_whole_chain(void **state)
{
    static const int counts[] = {0, 1, ENTRIES, STORE_LIST_MAX, STORE_LIST_MAX + 1, MANY};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct store *s = open_log(counts[i]);

        expect(s, AUDIT_WHOLE, 0, counts[i]);
        store_close(s);
    }
}

/* ---- what somebody may do to the file ---- */

struct copy {
    char body[512];
};

static int keep(void *ctx, const struct record_row *row)
{
    return str_copy(((struct copy *)ctx)->body, sizeof((struct copy *)ctx)->body, row->body);
}

static void get(struct store *s, const char *key, struct copy *ret)
{
    assert_int_equal(store_record_get(s, RECORD_AUDIT, str_of(key), keep, ret, NULL), 0);
}

static void put(struct store *s, const char *key, const char *body)
{
    const struct record_row row = {RECORD_AUDIT, str_of(key), str_of(body)};

    assert_int_equal(store_record_put(s, &row, NULL), 0);
}

static void change_actor(struct store *s)
{
    struct copy c;

    get(s, "000000000003", &c);
    memcpy(strstr(c.body, "panel"), "lenap", 5);
    put(s, "000000000003", c.body);
}

static void change_hash(struct store *s)
{
    struct copy c;
    char *digit;

    get(s, "000000000004", &c);
    digit = strstr(c.body, "\"hash\":\"") + 8;
    *digit = *digit == '0' ? '1' : '0';
    put(s, "000000000004", c.body);
}

static void swap_two(struct store *s)
{
    struct copy a;
    struct copy b;

    get(s, "000000000002", &a);
    get(s, "000000000003", &b);
    put(s, "000000000002", b.body);
    put(s, "000000000003", a.body);
}

static void remove_inner(struct store *s)
{
    assert_int_equal(store_record_remove(s, RECORD_AUDIT, STR("000000000004"), NULL), 0);
}

static void remove_first(struct store *s)
{
    assert_int_equal(store_record_remove(s, RECORD_AUDIT, STR("000000000001"), NULL), 0);
}

static void remove_last(struct store *s)
{
    assert_int_equal(store_record_remove(s, RECORD_AUDIT, STR("000000000006"), NULL), 0);
}

static void spoil(struct store *s)
{
    put(s, "000000000005", "{\"seq\":5}");
}

/* Another chain's entry, good in itself. */
static void put_in_foreign(struct store *s)
{
    struct store *other = open_log(1);
    struct copy c;

    get(other, "000000000001", &c);
    memcpy(strstr(c.body, "000000"), "111111", 6); /* the prev of nobody */
    store_close(other);
    put(s, "000000000001", c.body);
}

static void append_unknown(struct store *s)
{
    struct copy c;

    get(s, "000000000006", &c);
    put(s, "000000000007", c.body);
}

static void breaks_are_found(void **state)
{
    static const struct {
        void (*harm)(struct store *s);
        enum audit_fault fault;
        int64_t seq;
    } cases[] = {
        {change_actor, AUDIT_ALTERED, 3},   {change_hash, AUDIT_ALTERED, 4},
        {swap_two, AUDIT_ALTERED, 2},       {remove_inner, AUDIT_MISSING, 4},
        {remove_first, AUDIT_MISSING, 1},   {remove_last, AUDIT_CUT_OFF, 6},
        {spoil, AUDIT_UNREADABLE, 5},       {put_in_foreign, AUDIT_ALTERED, 1},
        {append_unknown, AUDIT_ALTERED, 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store *s = open_log(ENTRIES);

        assert_int_equal(store_begin(s, NULL), 0);
        cases[i].harm(s);
        assert_int_equal(store_commit(s, NULL), 0);
        expect(s, cases[i].fault, cases[i].seq, cases[i].seq - 1);
        store_close(s);
    }
}

/* An entry whose own digest is right, but which follows another one. */
static void a_rewritten_entry_breaks_the_next(void **state)
{
    struct store *s = open_log(3);
    struct store *other = open_log(1);
    struct err e = {0};
    struct copy c;

    (void)state;
    assert_int_equal(store_begin(other, &e), 0);
    assert_int_equal(audit_add(other, "key:evil", "campaign.pause", STR(""), t0, &e), 0);
    assert_int_equal(store_commit(other, &e), 0);
    get(other, "000000000002", &c);
    store_close(other);
    assert_int_equal(store_begin(s, &e), 0);
    put(s, "000000000002", c.body);
    assert_int_equal(store_commit(s, &e), 0);
    expect(s, AUDIT_UNLINKED, 3, 2);
    store_close(s);
}

static int note_seq(void *ctx, const struct audit_entry *entry)
{
    int64_t *seqs = ctx;

    seqs[++seqs[0]] = entry->seq;
    assert_true(str_eqs(entry->actor, "key:panel"));
    assert_true(str_eqs(entry->action, "campaign.pause"));
    assert_int_equal(entry->at_ms, t0 + entry->seq * 1000);
    return 0;
}

static void lists_newest_first(void **state)
{
    struct store *s = open_log(ENTRIES);
    int64_t seqs[8] = {0};

    (void)state;
    assert_int_equal(audit_list(s, 0, 3, note_seq, seqs, NULL), 0);
    assert_int_equal(seqs[0], 3);
    assert_int_equal(seqs[1], 6);
    assert_int_equal(seqs[3], 4);
    seqs[0] = 0;
    assert_int_equal(audit_list(s, 4, 10, note_seq, seqs, NULL), 0);
    assert_int_equal(seqs[0], 3);
    assert_int_equal(seqs[1], 3);
    store_close(s);
}

static void old_entries_are_forgotten(void **state)
{
    struct store *s = open_log(ENTRIES);
    struct err e = {0};
    size_t count = 0;

    (void)state;
    assert_int_equal(store_begin(s, &e), 0);
    assert_int_equal(audit_forget(s, t0 + 4000, 2, &count, &e), 0);
    assert_int_equal(count, 2);
    assert_int_equal(audit_forget(s, t0 + 4000, 10, &count, &e), 0);
    assert_int_equal(count, 1);
    assert_int_equal(audit_forget(s, t0 + 4000, 10, &count, &e), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_commit(s, &e), 0);
    expect(s, AUDIT_WHOLE, 0, 3);
    assert_int_equal(store_begin(s, &e), 0);
    remove_inner(s);
    assert_int_equal(store_commit(s, &e), 0);
    expect(s, AUDIT_MISSING, 4, 0);
    store_close(s);
}

static void refuses_what_it_cannot_keep(void **state)
{
    struct store *s = open_log(0);
    static char big[AUDIT_DETAIL_MAX + 16];
    static char actor[AUDIT_ACTOR_MAX + 2];
    struct err e = {0};

    (void)state;
    memset(big, 'x', sizeof big - 1);
    memcpy(big, "{\"a\":\"", 6);
    memset(actor, 'a', sizeof actor - 1);
    assert_int_equal(store_begin(s, &e), 0);
    memcpy(big + AUDIT_DETAIL_MAX - 2, "\"}", 3);
    assert_int_equal(audit_add(s, "a", "b", str_of(big), t0, &e), 0);
    memcpy(big + AUDIT_DETAIL_MAX - 2, "xx\"}", 5);
    assert_int_equal(audit_add(s, "a", "b", str_of(big), t0, &e), ERR_LIMIT);
    assert_int_equal(audit_add(s, "a", "b", STR("[1]"), t0, &e), ERR_INVALID);
    assert_int_equal(audit_add(s, "a", "b", STR("{"), t0, &e), ERR_INVALID);
    assert_int_equal(audit_add(s, actor, "b", STR(""), t0, &e), ERR_LIMIT);
    actor[AUDIT_ACTOR_MAX] = '\0';
    assert_int_equal(audit_add(s, actor, "b", STR(""), t0, &e), 0);
    assert_int_equal(store_commit(s, &e), 0);
    expect(s, AUDIT_WHOLE, 0, 2);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_chain),
        cmocka_unit_test(breaks_are_found),
        cmocka_unit_test(a_rewritten_entry_breaks_the_next),
        cmocka_unit_test(lists_newest_first),
        cmocka_unit_test(old_entries_are_forgotten),
        cmocka_unit_test(refuses_what_it_cannot_keep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
