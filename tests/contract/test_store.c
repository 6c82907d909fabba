/* The store port: transactions, events, cases, keys, inbox and settings, on every back end. */
#include "store_scene.h"

/* ---- events ---- */

static int append_from(struct scene *t, const char *source, const char *id, unsigned char mark,
                       int64_t *ret_seq, unsigned char *ret_digest)
{
    struct event_row row = {.received_ms = 1000 + mark,
                            .type = 3,
                            .source = str_of(source),
                            .id = str_of(id),
                            .body = STR("{\"a\":\"çalışma\"}")};

    memset(row.digest, mark, sizeof row.digest);
    return store_event_append(t->s, &row, ret_seq, ret_digest, &t->e);
}

static int append(struct scene *t, const char *id, unsigned char mark)
{
    unsigned char digest[SHA256_SIZE];
    int64_t seq;

    return append_from(t, "urn:panel", id, mark, &seq, digest);
}

static void add_event(struct scene *t, const char *id, unsigned char mark, int64_t expected)
{
    unsigned char digest[SHA256_SIZE];
    int64_t seq;

    assert_int_equal(append_from(t, "urn:panel", id, mark, &seq, digest), 0);
    assert_int_equal(seq, expected);
}

static void expect_there(struct scene *t, const char *id, unsigned char mark, int64_t seq_expected)
{
    unsigned char digest[SHA256_SIZE];
    int64_t seq;

    assert_int_equal(append_from(t, "urn:panel", id, 99, &seq, digest), ERR_EXISTS);
    assert_int_equal(seq, seq_expected);
    assert_int_equal(digest[0], mark);
    assert_int_equal(digest[SHA256_SIZE - 1], mark);
}

static void event_appended_once(void **state)
{
    struct scene *t = *state;

    begin(t);
    add_event(t, "1", 1, 1);
    add_event(t, "2", 2, 2);
    expect_there(t, "1", 1, 1);
    commit(t);
    begin(t);
    expect_there(t, "2", 2, 2);
    add_event(t, "3", 3, 3);
    commit(t);
    reopen(t);
    assert_int_equal(store_event_last(t->s), 3);
    begin(t);
    expect_there(t, "3", 3, 3);
    commit(t);
}

static void event_is_known_by_source_and_id(void **state)
{
    struct scene *t = *state;
    unsigned char digest[SHA256_SIZE];
    int64_t seq;

    begin(t);
    add_event(t, "1", 1, 1);
    assert_int_equal(append_from(t, "urn:other", "1", 2, &seq, digest), 0);
    assert_int_equal(seq, 2);
    assert_int_equal(append_from(t, "urn:panel1", "", 2, &seq, digest), 0);
    assert_int_equal(append_from(t, "urn:panel", "", 2, &seq, digest), 0);
    commit(t);
}

static void event_refused_when_long(void **state)
{
    struct scene *t = *state;
    char id[STORE_REF_MAX + 2];

    memset(id, 'x', sizeof id);
    id[sizeof id - 1] = '\0';
    begin(t);
    assert_int_equal(append(t, id, 1), ERR_LIMIT);
    id[sizeof id - 2] = '\0';
    assert_int_equal(append(t, id, 1), 0);
    commit(t);
}

static void write_needs_transaction(void **state)
{
    struct scene *t = *state;

    assert_int_equal(append(t, "1", 1), ERR_WRONG_STATE);
    begin(t);
    assert_int_equal(store_begin(t->s, &t->e), ERR_WRONG_STATE);
    commit(t);
    assert_int_equal(store_commit(t->s, &t->e), ERR_WRONG_STATE);
    assert_int_equal(store_savepoint(t->s, &t->e), ERR_WRONG_STATE);
    assert_int_equal(store_release(t->s, &t->e), ERR_WRONG_STATE);
}

struct seen {
    int64_t seqs[64];
    size_t count;
    size_t stop_at;
};

static int see_event(void *ctx, const struct event_row *row)
{
    struct seen *seen = ctx;

    assert_true(str_eqs(row->source, "urn:panel"));
    assert_true(str_eqs(row->body, "{\"a\":\"çalışma\"}"));
    assert_int_equal(row->type, 3);
    assert_int_equal(row->received_ms, 1000 + row->digest[5]);
    seen->seqs[seen->count++] = row->seq;
    return seen->stop_at != 0 && seen->count == seen->stop_at ? ERR_LIMIT : 0;
}

static void event_scan_in_order(void **state)
{
    struct scene *t = *state;
    struct seen seen = {0};
    char id[8];

    begin(t);
    for (int i = 1; i <= 20; i++) {
        (void)snprintf(id, sizeof id, "e%d", i);
        add_event(t, id, (unsigned char)i, i);
    }
    assert_int_equal(store_set_applied(t->s, 11, &t->e), 0);
    commit(t);
    reopen(t);
    assert_int_equal(store_applied(t->s), 11);
    assert_int_equal(store_event_scan(t->s, 11, 5, see_event, &seen, &t->e), 0);
    assert_int_equal(seen.count, 5);
    assert_int_equal(seen.seqs[0], 12);
    assert_int_equal(seen.seqs[4], 16);
    seen = (struct seen){.stop_at = 2};
    assert_int_equal(store_event_scan(t->s, 0, 100, see_event, &seen, &t->e), ERR_LIMIT);
    assert_int_equal(seen.count, 2);
}

static void rollback_forgets(void **state)
{
    struct scene *t = *state;

    begin(t);
    add_event(t, "1", 1, 1);
    commit(t);
    begin(t);
    add_event(t, "2", 2, 2);
    assert_int_equal(store_set_applied(t->s, 2, &t->e), 0);
    store_rollback(t->s);
    assert_int_equal(store_event_last(t->s), 1);
    assert_int_equal(store_applied(t->s), 0);
    begin(t);
    add_event(t, "2", 5, 2);
    expect_there(t, "2", 5, 2);
    commit(t);
}

static void undo_forgets_a_part(void **state)
{
    struct scene *t = *state;

    begin(t);
    add_event(t, "1", 1, 1);
    assert_int_equal(store_savepoint(t->s, &t->e), 0);
    add_event(t, "2", 2, 2);
    assert_int_equal(store_savepoint(t->s, &t->e), 0);
    add_event(t, "3", 3, 3);
    assert_int_equal(store_release(t->s, &t->e), 0);
    store_undo(t->s);
    assert_int_equal(store_event_last(t->s), 1);
    assert_int_equal(store_savepoint(t->s, &t->e), 0);
    add_event(t, "3", 4, 2);
    assert_int_equal(store_release(t->s, &t->e), 0);
    commit(t);
    begin(t);
    expect_there(t, "1", 1, 1);
    expect_there(t, "3", 4, 2);
    add_event(t, "2", 6, 3);
    commit(t);
}

static void savepoints_have_a_depth(void **state)
{
    struct scene *t = *state;

    begin(t);
    for (int i = 0; i < STORE_DEPTH_MAX; i++) {
        assert_int_equal(store_savepoint(t->s, &t->e), 0);
    }
    assert_int_equal(store_savepoint(t->s, &t->e), ERR_LIMIT);
    commit(t); /* open savepoints end with the transaction */
    begin(t);
    assert_int_equal(store_release(t->s, &t->e), ERR_WRONG_STATE);
    commit(t);
}

/* ---- cases ---- */

struct seen_case {
    int64_t ids[16];
    size_t count;
};

static int see_case(void *ctx, const struct case_row *row)
{
    struct seen_case *seen = ctx;

    assert_int_equal(row->state, 2);
    assert_int_equal(row->eonay, 1);
    assert_int_equal(row->not_after_ms, 5000);
    assert_int_equal(row->fact_ms, 4000);
    assert_int_equal(row->event_seq, 17);
    assert_int_equal(row->updated_ms, 6000);
    assert_true(str_eqs(row->facts, "{\"name\":\"Ayşe\"}"));
    seen->ids[seen->count++] = row->id;
    return 0;
}

static int64_t case_of(struct scene *t, const char *certificate)
{
    struct seen_case seen = {0};
    const int rc = store_case_by_certificate(t->s, str_of(certificate), see_case, &seen, &t->e);

    if (rc != 0) {
        assert_int_equal(rc, ERR_NOT_FOUND);
        return 0;
    }
    assert_int_equal(seen.count, 1);
    return seen.ids[0];
}

static struct seen_case cases_of(struct scene *t, const char *holder)
{
    struct seen_case seen = {0};

    assert_int_equal(store_case_by_holder(t->s, str_of(holder), see_case, &seen, &t->e), 0);
    return seen;
}

static void case_found_by_certificate_and_holder(void **state)
{
    struct scene *t = *state;
    struct seen_case seen;
    int64_t a;
    int64_t b;

    begin(t);
    a = put_case(t, 0, "sertifika-1", "kişi-1");
    b = put_case(t, 0, "sertifika-2", "kişi-1");
    (void)put_case(t, 0, "sertifika-3", "");
    commit(t);
    reopen(t);
    assert_int_equal(case_of(t, "sertifika-1"), a);
    assert_int_equal(case_of(t, "sertifika-2"), b);
    assert_int_equal(case_of(t, "sertifika-4"), 0);
    seen = cases_of(t, "kişi-1");
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.ids[0], a);
    assert_int_equal(seen.ids[1], b);
    assert_int_equal(cases_of(t, "").count, 0);
    assert_int_equal(store_case_by_id(t->s, b, see_case, &seen, &t->e), 0);
    assert_int_equal(store_case_by_id(t->s, 77, see_case, &seen, &t->e), ERR_NOT_FOUND);
}

static void case_certificate_is_unique(void **state)
{
    struct scene *t = *state;
    struct case_row row = {.certificate = STR("c"), .holder = STR("h")};
    int64_t id;

    begin(t);
    assert_int_equal(put_case(t, 0, "c", "h"), 1);
    assert_int_equal(store_case_put(t->s, &row, &id, &t->e), ERR_EXISTS);
    row.id = put_case(t, 0, "d", "h");
    assert_int_equal(store_case_put(t->s, &row, &id, &t->e), ERR_EXISTS);
    row.id = 9;
    row.certificate = STR("e");
    assert_int_equal(store_case_put(t->s, &row, &id, &t->e), ERR_NOT_FOUND);
    commit(t);
}

static void case_changes_holder(void **state)
{
    struct scene *t = *state;

    begin(t);
    (void)put_case(t, 0, "c1", "eski");
    commit(t);
    begin(t);
    assert_int_equal(put_case(t, 1, "c1", "yeni"), 1);
    store_rollback(t->s);
    assert_int_equal(cases_of(t, "eski").count, 1);
    assert_int_equal(cases_of(t, "yeni").count, 0);
    begin(t);
    (void)put_case(t, 1, "c1", "yeni");
    commit(t);
    reopen(t);
    assert_int_equal(cases_of(t, "eski").count, 0);
    assert_int_equal(cases_of(t, "yeni").count, 1);
    begin(t);
    (void)put_case(t, 1, "c1", "eski");
    commit(t);
    assert_int_equal(cases_of(t, "eski").count, 1);
    assert_int_equal(cases_of(t, "yeni").count, 0);
}

static void case_changes_certificate(void **state)
{
    struct scene *t = *state;

    begin(t);
    (void)put_case(t, 0, "c1", "h");
    (void)put_case(t, 1, "c2", "h");
    commit(t);
    reopen(t);
    assert_int_equal(case_of(t, "c1"), 0);
    assert_int_equal(case_of(t, "c2"), 1);
}

static void case_undo(void **state)
{
    struct scene *t = *state;

    begin(t);
    assert_int_equal(store_savepoint(t->s, &t->e), 0);
    (void)put_case(t, 0, "c1", "h");
    store_undo(t->s);
    assert_int_equal(case_of(t, "c1"), 0);
    assert_int_equal(cases_of(t, "h").count, 0);
    assert_int_equal(put_case(t, 0, "c2", "h"), 1);
    commit(t);
    assert_int_equal(case_of(t, "c2"), 1);
}

/* ---- keys, inbox, settings ---- */

struct told {
    char text[512];
};

static int see_key(void *ctx, const struct key_row *row)
{
    struct told *told = ctx;
    const size_t n = strlen(told->text);

    (void)snprintf(told->text + n, sizeof told->text - n, "%lld %.*s %.*s %d %lld %lld|",
                   (long long)row->id, (int)row->name.len, row->name.ptr, (int)row->scopes.len,
                   row->scopes.ptr, row->digest[31], (long long)row->created_ms,
                   (long long)row->revoked_ms);
    return 0;
}

static void key_in_force_once(void **state)
{
    struct scene *t = *state;
    struct key_row row = {.name = STR("panel"), .scopes = STR("events"), .created_ms = 1};
    struct told told = {""};
    int64_t id;

    memset(row.digest, 7, sizeof row.digest);
    begin(t);
    assert_int_equal(store_key_add(t->s, &row, &id, &t->e), 0);
    assert_int_equal(id, 1);
    assert_int_equal(store_key_add(t->s, &row, &id, &t->e), ERR_EXISTS);
    assert_int_equal(store_key_revoke(t->s, STR("panel"), 5, &t->e), 0);
    assert_int_equal(store_key_revoke(t->s, STR("panel"), 6, &t->e), ERR_NOT_FOUND);
    assert_int_equal(store_key_add(t->s, &row, &id, &t->e), 0);
    assert_int_equal(id, 2);
    commit(t);
    reopen(t);
    assert_int_equal(store_key_list(t->s, see_key, &told, &t->e), 0);
    assert_string_equal(told.text, "1 panel events 7 1 5|2 panel events 7 1 0|");
}

static int see_inbox(void *ctx, const struct inbox_row *row)
{
    struct told *told = ctx;
    const size_t n = strlen(told->text);

    (void)snprintf(told->text + n, sizeof told->text - n, "%lld %lld %.*s %.*s %d %.*s %.*s|",
                   (long long)row->id, (long long)row->at_ms, (int)row->provider.len,
                   row->provider.ptr, (int)row->ref.len, row->ref.ptr, (int)row->channel,
                   (int)row->to.len, row->to.ptr, (int)row->content.len, row->content.ptr);
    return 0;
}

static void inbox_keeps_order(void **state)
{
    struct scene *t = *state;
    struct inbox_row row = {.at_ms = 3,
                            .provider = STR("sink"),
                            .ref = STR("m1-1"),
                            .channel = CHANNEL_SMS,
                            .to = STR("+905320000067"),
                            .content = STR("iyi günler")};
    struct told told = {""};

    begin(t); /* also the name of the provider is forgotten, and learnt again */
    assert_int_equal(store_inbox_add(t->s, &row, &t->e), 0);
    store_rollback(t->s);
    begin(t);
    assert_int_equal(store_inbox_add(t->s, &row, &t->e), 0);
    row.channel = CHANNEL_EMAIL;
    row.to = STR("ayse@ornek.test");
    assert_int_equal(store_inbox_add(t->s, &row, &t->e), 0);
    commit(t);
    reopen(t);
    assert_int_equal(store_inbox_list(t->s, 0, 1, see_inbox, &told, &t->e), 0);
    assert_string_equal(told.text, "1 3 sink m1-1 0 +905320000067 iyi günler|");
    told.text[0] = '\0';
    assert_int_equal(store_inbox_list(t->s, 1, 9, see_inbox, &told, &t->e), 0);
    assert_string_equal(told.text, "2 3 sink m1-1 1 ayse@ornek.test iyi günler|");
}

static void meta_keeps_bytes(void **state)
{
    struct scene *t = *state;
    unsigned char value[STORE_META_MAX + 1];
    size_t size = sizeof value;

    memset(value, 'a', sizeof value);
    assert_int_equal(store_meta_get(t->s, "cursor", value, &size, &t->e), ERR_NOT_FOUND);
    begin(t);
    assert_int_equal(store_meta_put(t->s, "cursor", "x\0y", 3, &t->e), 0);
    assert_int_equal(store_meta_put(t->s, "cursor", "x\0z", 3, &t->e), 0);
    assert_int_equal(store_meta_put(t->s, "long", value, sizeof value, &t->e), ERR_LIMIT);
    assert_int_equal(store_meta_put(t->s, "empty", NULL, 0, &t->e), 0);
    commit(t);
    reopen(t);
    assert_int_equal(store_meta_get(t->s, "cursor", value, &size, &t->e), 0);
    assert_int_equal(size, 3);
    assert_memory_equal(value, "x\0z", 3);
    size = 2;
    assert_int_equal(store_meta_get(t->s, "cursor", value, &size, &t->e), ERR_LIMIT);
    size = sizeof value;
    assert_int_equal(store_meta_get(t->s, "empty", value, &size, &t->e), 0);
    assert_int_equal(size, 0);
}

#define CASES(X)                                                                                   \
    X(event_appended_once)                                                                         \
    X(event_is_known_by_source_and_id)                                                             \
    X(event_refused_when_long)                                                                     \
    X(write_needs_transaction)                                                                     \
    X(event_scan_in_order)                                                                         \
    X(rollback_forgets)                                                                            \
    X(undo_forgets_a_part)                                                                         \
    X(savepoints_have_a_depth)                                                                     \
    X(case_found_by_certificate_and_holder)                                                        \
    X(case_certificate_is_unique)                                                                  \
    X(case_changes_holder)                                                                         \
    X(case_changes_certificate)                                                                    \
    X(case_undo)                                                                                   \
    X(key_in_force_once)                                                                           \
    X(inbox_keeps_order)                                                                           \
    X(meta_keeps_bytes)

int main(void)
{
    const struct CMUnitTest memory_cases[] = {CASES(MEMORY_CASE)};
    const struct CMUnitTest sqlite_cases[] = {CASES(SQLITE_CASE)};
    const int failed = cmocka_run_group_tests_name("memory", memory_cases, NULL, NULL);

    return failed + cmocka_run_group_tests_name("sqlite", sqlite_cases, NULL, NULL);
}
