/* What is kept long enough goes, class by class, and nothing else. */
#include "../contract/store_scene.h"
#include "base/civil.h"
#include "flow/audit.h"
#include "flow/retention.h"
#include "flow/suppress.h"
#include "store/store_purge.h"

static const int64_t NOW = 2000LL * DAY_MS;
static const unsigned char KEY[HASH_KEY_SIZE] = "0123456789abcde";

static const struct conf_retention RULES = {.content_ms = 30LL * DAY_MS,
                                            .delivery_ms = 730LL * DAY_MS,
                                            .cases_ms = 365LL * DAY_MS,
                                            .events_ms = 180LL * DAY_MS,
                                            .imports_ms = 90LL * DAY_MS,
                                            .reports_ms = DAY_MS,
                                            .audit_ms = 1095LL * DAY_MS};

static int64_t ago(int days)
{
    return NOW - days * (int64_t)DAY_MS;
}

static struct retention_walk run(struct scene *t, bool dry)
{
    struct retention_walk walk = {.rules = &RULES, .now_ms = NOW, .dry_run = dry};

    for (int bites = 0; !walk.finished; bites++) {
        assert_true(bites < 100);
        if (!dry) {
            begin(t);
        }
        if (retention_bite(t->s, &walk, &t->e) != 0) {
            fail_msg("%s", t->e.text);
        }
        if (!dry) {
            commit(t);
        }
    }
    return walk;
}

static int64_t new_case(struct scene *t, const char *name, int told_ago, int end_ago)
{
    const struct case_row row = {.certificate = str_of(name),
                                 .holder = str_of(name),
                                 .not_after_ms = ago(end_ago),
                                 .updated_ms = ago(told_ago),
                                 .facts = STR("{}")};
    int64_t id;

    assert_int_equal(store_case_put(t->s, &row, &id, &t->e), 0);
    return id;
}

static int64_t new_flagged(struct scene *t, int64_t case_id, enum message_state state,
                           unsigned flags, int created, int updated)
{
    static int steps;
    struct message_row row = message(case_id, ++steps, 5);
    int64_t id;

    row.state = state;
    row.flags = flags;
    row.created_ms = ago(created);
    row.updated_ms = ago(updated);
    row.facts = str_of(case_id == 0 ? "{\"name\":\"Ayşe\"}" : "");
    id = add_message(t, &row);

    const struct attempt_row attempt = {.message_id = id,
                                        .number = 1,
                                        .provider = STR("m"),
                                        .claimed_ms = ago(updated),
                                        .content = STR("Sayın Ayşe")};

    if (state != MESSAGE_PLANNED && state != MESSAGE_QUEUED) {
        open_attempt(t, &attempt);
    }
    return id;
}

static int64_t new_message(struct scene *t, int64_t case_id, enum message_state state, int created,
                           int updated)
{
    return new_flagged(t, case_id, state, 0, created, updated);
}

static void note_words(void *ctx, const struct attempt_row *row)
{
    *(size_t *)ctx += row->content.len;
}

static size_t words_of(struct scene *t, int64_t id)
{
    size_t n = 0;
    const struct timeline_sink sink = {.ctx = &n, .attempt = note_words};

    assert_int_equal(store_timeline(t->s, id, &sink, &t->e), 0);
    return n;
}

static void words_go_when_the_message_is_done(void **state)
{
    struct scene *t = *state;
    static const struct {
        enum message_state state;
        int updated;
        bool blank;
    } cases[] = {
        {MESSAGE_DELIVERED, 30, false}, {MESSAGE_DELIVERED, 31, true},
        {MESSAGE_ACCEPTED, 31, true},   {MESSAGE_FAILED, 31, true},
        {MESSAGE_HELD, 400, false},     {MESSAGE_UNKNOWN, 400, false},
        {MESSAGE_SENDING, 400, false},
    };
    enum { COUNT = sizeof cases / sizeof cases[0] };
    int64_t ids[COUNT];
    int64_t id;
    struct retention_walk walk;

    begin(t);
    id = new_case(t, "c-1", 1, -10);
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = new_message(t, id, cases[i].state, cases[i].updated + 1, cases[i].updated);
    }
    commit(t);
    assert_int_equal(run(t, true).counts[RETENTION_CONTENT], 3);
    walk = run(t, false);
    assert_int_equal(walk.counts[RETENTION_CONTENT], 3);
    assert_int_equal(walk.counts[RETENTION_DELIVERY], 0);
    for (size_t i = 0; i < COUNT; i++) {
        if ((words_of(t, ids[i]) == 0) != cases[i].blank) {
            fail_msg("case %zu", i);
        }
    }
    assert_int_equal(run(t, false).counts[RETENTION_CONTENT], 0);
}

static void the_words_of_a_test_in_doubt_go_too(void **state)
{
    struct scene *t = *state;
    int64_t young;
    int64_t old;

    begin(t);
    young = new_flagged(t, 0, MESSAGE_HELD, MESSAGE_TEST, 30, 30);
    old = new_flagged(t, 0, MESSAGE_HELD, MESSAGE_TEST, 31, 31);
    commit(t);
    (void)run(t, false);
    assert_int_not_equal(words_of(t, young), 0);
    assert_int_equal(words_of(t, old), 0);
}

static int note_facts(void *ctx, const struct message_row *row)
{
    strncat(ctx, row->facts.ptr, row->facts.len);
    strncat(ctx, "|", 2);
    return 0;
}

static void own_facts_and_the_inbox_go_with_the_words(void **state)
{
    struct scene *t = *state;
    struct inbox_row inbox = {.provider = STR("s"), .to = STR("x"), .content = STR("y")};
    char facts[200] = "";
    struct retention_walk walk;

    begin(t);
    (void)new_message(t, 0, MESSAGE_DELIVERED, 40, 31);
    (void)new_message(t, 0, MESSAGE_EXPIRED, 40, 29);
    (void)new_message(t, 0, MESSAGE_PLANNED, 40, 31);
    inbox.at_ms = ago(31);
    assert_int_equal(store_inbox_add(t->s, &inbox, &t->e), 0);
    inbox.at_ms = ago(29);
    assert_int_equal(store_inbox_add(t->s, &inbox, &t->e), 0);
    commit(t);
    walk = run(t, false);
    assert_int_equal(walk.counts[RETENTION_INBOX], 1);
    assert_int_equal(store_message_scan(t->s, 0, true, 10, note_facts, facts, &t->e), 0);
    assert_string_equal(facts, "{}|{\"name\":\"Ayşe\"}|{\"name\":\"Ayşe\"}|");
}

static int count_message(void *ctx, const struct message_row *row)
{
    (void)row;
    (*(int *)ctx)++;
    return 0;
}

static void deliveries_go_after_two_years(void **state)
{
    struct scene *t = *state;
    int left = 0;
    int64_t id;

    begin(t);
    id = new_case(t, "c-1", 1, -10);
    (void)new_message(t, id, MESSAGE_DELIVERED, 740, 731);
    (void)new_message(t, id, MESSAGE_DELIVERED, 740, 730);
    (void)new_message(t, id, MESSAGE_HELD, 740, 735);
    (void)new_message(t, id, MESSAGE_CANCELLED, 731, 731);
    (void)new_message(t, id, MESSAGE_CANCELLED, 729, 729);
    commit(t);
    assert_int_equal(run(t, true).counts[RETENTION_DELIVERY], 2);
    assert_int_equal(run(t, false).counts[RETENTION_DELIVERY], 2);
    assert_int_equal(store_message_scan(t->s, 0, false, 10, count_message, &left, &t->e), 0);
    assert_int_equal(left, 3);
}

static int note_case(void *ctx, const struct case_row *row)
{
    strncat(ctx, row->certificate.ptr, row->certificate.len);
    strncat(ctx, " ", 2);
    return 0;
}

static void cases_go_a_year_after_their_end(void **state)
{
    struct scene *t = *state;
    char left[200] = "";

    begin(t);
    (void)new_case(t, "old", 366, 366);
    (void)new_case(t, "told-again", 365, 400);
    (void)new_case(t, "ended-lately", 400, 365);
    (void)new_case(t, "valid", 400, -400);
    (void)new_message(t, new_case(t, "under-way", 400, 400), MESSAGE_SENDING, 400, 400);
    (void)new_message(t, new_case(t, "with-message", 400, 400), MESSAGE_DELIVERED, 400, 400);
    commit(t);
    assert_int_equal(run(t, false).counts[RETENTION_CASES], 2);
    assert_int_equal(store_case_scan(t->s, 0, 10, note_case, left, &t->e), 0);
    assert_string_equal(left, "told-again ended-lately valid under-way ");
}

static int note_body(void *ctx, const struct event_row *row)
{
    strncat(ctx, row->body.ptr, row->body.len);
    strncat(ctx, "|", 2);
    return 0;
}

static void append(struct scene *t, int id, int days)
{
    char text[16];
    struct event_row row = {
        .received_ms = ago(days), .source = STR("urn:t"), .body = STR("{\"x\":1}")};
    unsigned char digest[SHA256_SIZE];
    int64_t seq;

    (void)snprintf(text, sizeof text, "e%d", id);
    row.id = str_of(text);
    assert_int_equal(store_event_append(t->s, &row, &seq, digest, &t->e), 0);
}

static void events_are_blanked_once_applied(void **state)
{
    struct scene *t = *state;
    char bodies[200] = "";

    begin(t);
    append(t, 1, 200);
    append(t, 2, 181);
    append(t, 3, 181);
    append(t, 4, 180);
    assert_int_equal(store_set_applied(t->s, 2, &t->e), 0);
    commit(t);
    assert_int_equal(run(t, true).counts[RETENTION_EVENTS], 2);
    assert_int_equal(run(t, false).counts[RETENTION_EVENTS], 2);
    assert_int_equal(store_event_scan(t->s, 0, 10, note_body, bodies, &t->e), 0);
    assert_string_equal(bodies, "||{\"x\":1}|{\"x\":1}|");
    begin(t);
    assert_int_equal(store_set_applied(t->s, 4, &t->e), 0);
    commit(t);
    assert_int_equal(run(t, false).counts[RETENTION_EVENTS], 1);
    assert_int_equal(run(t, false).counts[RETENTION_EVENTS], 0);
}

static void put(struct scene *t, enum record_kind kind, const char *key, const char *name, int days)
{
    char body[64];
    struct record_row row = {kind, str_of(key), {body, 0}};

    row.body.len = (size_t)snprintf(body, sizeof body, "{\"%s\":%lld}", name, (long long)ago(days));
    assert_int_equal(store_record_put(t->s, &row, &t->e), 0);
}

static int note_key(void *ctx, const struct record_row *row)
{
    strncat(ctx, row->key.ptr, row->key.len);
    strncat(ctx, " ", 2);
    return 0;
}

static void keys_are(struct scene *t, enum record_kind kind, const char *expected)
{
    const struct record_range range = {kind, STR(""), STR(""), false, 100};
    char keys[400] = "";

    assert_int_equal(store_record_list(t->s, &range, note_key, keys, &t->e), 0);
    assert_string_equal(keys, expected);
}

static void rows_of_old_imports_and_lone_reports_go(void **state)
{
    struct scene *t = *state;

    begin(t);
    put(t, RECORD_IMPORT, "000000000001", "at_ms", 91);
    put(t, RECORD_IMPORT, "000000000002", "at_ms", 90);
    put(t, RECORD_IMPORT_ROW, "000000000001/case/1", "x", 0);
    put(t, RECORD_IMPORT_ROW, "000000000001/case/2", "x", 0);
    put(t, RECORD_IMPORT_ROW, "000000000002/case/1", "x", 0);
    put(t, RECORD_IMPORT_ROW, "000000000003/case/1", "x", 0);
    put(t, RECORD_REPORT, "r1", "received_ms", 2);
    put(t, RECORD_REPORT, "r2", "received_ms", 0);
    commit(t);
    assert_int_equal(run(t, true).counts[RETENTION_IMPORTS], 3);
    assert_int_equal(run(t, false).counts[RETENTION_IMPORTS], 3);
    keys_are(t, RECORD_IMPORT_ROW, "000000000002/case/1 ");
    keys_are(t, RECORD_IMPORT, "000000000001 000000000002 ");
    keys_are(t, RECORD_REPORT, "r2 ");
}

static void many_rows_go_in_many_bites(void **state)
{
    struct scene *t = *state;
    struct retention_walk walk = {.rules = &RULES, .now_ms = NOW};
    int bites = 0;

    begin(t);
    for (int i = 0; i < 2 * RETENTION_BITE + 1; i++) {
        append(t, i, 300);
    }
    assert_int_equal(store_set_applied(t->s, 2 * RETENTION_BITE + 1, &t->e), 0);
    commit(t);
    while (!walk.finished) {
        int64_t before = walk.counts[RETENTION_EVENTS];

        begin(t);
        assert_int_equal(retention_bite(t->s, &walk, &t->e), 0);
        commit(t);
        assert_true(walk.counts[RETENTION_EVENTS] - before <= RETENTION_BITE);
        bites += walk.counts[RETENTION_EVENTS] > before ? 1 : 0;
    }
    assert_int_equal(bites, 3);
    assert_int_equal(walk.counts[RETENTION_EVENTS], 2 * RETENTION_BITE + 1);
}

static int note_body_of(void *ctx, const struct record_row *row)
{
    strncat(ctx, row->body.ptr, row->body.len);
    return 0;
}

static int note_action(void *ctx, const struct audit_entry *entry)
{
    strncat(ctx, entry->action.ptr, entry->action.len);
    return 0;
}

static void a_run_leaves_a_record_without_a_person(void **state)
{
    struct scene *t = *state;
    const struct record_range all = {RECORD_DESTRUCTION, STR(""), STR(""), false, 10};
    struct retention_walk walk;
    char key[RETENTION_KEY_SIZE];
    char body[2048] = "";
    char action[64] = "";

    begin(t);
    (void)new_case(t, "gizli-kisi", 400, 400);
    commit(t);
    walk = run(t, false);
    begin(t);
    assert_int_equal(retention_end(t->s, &walk, "nightly", key, &t->e), 0);
    commit(t);
    assert_int_equal(store_record_list(t->s, &all, note_body_of, body, &t->e), 0);
    assert_null(strstr(body, "gizli"));
    assert_non_null(strstr(body, "\"cases\":1"));
    assert_non_null(strstr(body, "\"actor\":\"nightly\""));
    assert_non_null(strstr(body, "\"cases\":365"));
    assert_int_equal(audit_list(t->s, 0, 10, note_action, action, &t->e), 0);
    assert_string_equal(action, "retention.run");
    walk = run(t, false);
    begin(t);
    assert_int_equal(retention_end(t->s, &walk, "nightly", key, &t->e), 0);
    commit(t);
    assert_string_equal(key, "");
}

/* Steps of a run that gets somewhere: up to its end, or to the first event that is destroyed. */
static struct retention_walk steps(struct scene *t, int64_t now_ms, const char *actor,
                                   bool to_an_event)
{
    struct retention_walk walk = {0};
    char key[RETENTION_KEY_SIZE];

    for (int i = 0; i < 2 * RETENTION_CLASS_COUNT && !walk.finished; i++) {
        begin(t);
        assert_int_equal(retention_step(t->s, &RULES, now_ms, actor, &walk, key, &t->e), 0);
        commit(t);
        if (to_an_event && walk.counts[RETENTION_EVENTS] > 0) {
            break;
        }
    }
    return walk;
}

/* Cut off after a bite, gone on with by somebody else: the record tells of all that was destroyed.
 */
static void a_run_that_is_cut_off_is_in_the_record_of_the_next(void **state)
{
    struct scene *t = *state;
    const struct record_range all = {RECORD_DESTRUCTION, STR(""), STR(""), false, 10};
    struct retention_walk walk;
    char body[2048] = "";

    begin(t);
    for (int i = 0; i < RETENTION_BITE + 1; i++) {
        append(t, i, 300);
    }
    assert_int_equal(store_set_applied(t->s, RETENTION_BITE + 1, &t->e), 0);
    commit(t);
    walk = steps(t, NOW, "nightly", true);
    assert_int_equal(walk.counts[RETENTION_EVENTS], RETENTION_BITE);
    assert_false(walk.finished);
    walk = steps(t, NOW + DAY_MS, "uid:0", false);
    assert_true(walk.finished);
    assert_true(walk.now_ms == NOW);
    assert_int_equal(store_record_list(t->s, &all, note_body_of, body, &t->e), 0);
    assert_non_null(strstr(body, "\"events\":501"));
    assert_null(strstr(body, "began")); /* nothing is left open */
}

static void expired_suppressions_and_old_audit_entries_go(void **state)
{
    struct scene *t = *state;
    struct suppress_new entry = {
        .channel = CHANNEL_SMS, .address = STR("+905320000067"), .expires_ms = NOW, .actor = "x"};
    struct audit_verdict verdict;

    begin(t);
    assert_int_equal(suppress_add(t->s, KEY, &entry, NULL, &t->e), 0);
    entry.address = STR("+905320000068");
    entry.expires_ms = NOW + 1;
    assert_int_equal(suppress_add(t->s, KEY, &entry, NULL, &t->e), 0);
    assert_int_equal(audit_add(t->s, "x", "old", STR(""), ago(1096), &t->e), 0);
    assert_int_equal(audit_add(t->s, "x", "new", STR(""), ago(1094), &t->e), 0);
    commit(t);
    assert_int_equal(run(t, true).counts[RETENTION_SUPPRESSION], 1);
    assert_int_equal(run(t, true).counts[RETENTION_AUDIT], 1);
    assert_int_equal(run(t, false).counts[RETENTION_SUPPRESSION], 1);
    assert_int_equal(audit_verify(t->s, &verdict, &t->e), 0);
    assert_int_equal(verdict.fault, AUDIT_WHOLE);
    assert_int_equal(verdict.first, 2);
}

#define EVERYWHERE(X)                                                                              \
    X(words_go_when_the_message_is_done)                                                           \
    X(the_words_of_a_test_in_doubt_go_too)                                                         \
    X(own_facts_and_the_inbox_go_with_the_words)                                                   \
    X(deliveries_go_after_two_years)                                                               \
    X(cases_go_a_year_after_their_end)                                                             \
    X(events_are_blanked_once_applied)                                                             \
    X(rows_of_old_imports_and_lone_reports_go)                                                     \
    X(many_rows_go_in_many_bites)                                                                  \
    X(a_run_leaves_a_record_without_a_person)                                                      \
    X(a_run_that_is_cut_off_is_in_the_record_of_the_next)                                          \
    X(expired_suppressions_and_old_audit_entries_go)

int main(void)
{
    const struct CMUnitTest tests[] = {EVERYWHERE(SQLITE_CASE) EVERYWHERE(MEMORY_CASE)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
