/* The store port: attempts, reports and traces of a message, on every back end. */
#include "store_scene.h"

struct told {
    char text[1024];
};

static void tell_attempt(void *ctx, const struct attempt_row *r)
{
    struct told *told = ctx;
    const size_t n = strlen(told->text);

    (void)snprintf(told->text + n, sizeof told->text - n, "A%d %.*s %lld-%lld %d %.*s %.*s %.*s|",
                   r->number, (int)r->provider.len, r->provider.ptr, (long long)r->claimed_ms,
                   (long long)r->settled_ms, r->outcome, (int)r->code.len, r->code.ptr,
                   (int)r->provider_ref.len, r->provider_ref.ptr, (int)r->content.len,
                   r->content.ptr);
}

static void tell_report(void *ctx, const struct report_row *r)
{
    struct told *told = ctx;
    const size_t n = strlen(told->text);

    (void)snprintf(told->text + n, sizeof told->text - n, "R%d %lld %lld %.*s %.*s|", r->state,
                   (long long)r->at_ms, (long long)r->received_ms, (int)r->code.len, r->code.ptr,
                   (int)r->detail.len, r->detail.ptr);
}

static void tell_trace(void *ctx, const struct trace_row *r)
{
    struct told *told = ctx;
    const size_t n = strlen(told->text);

    (void)snprintf(told->text + n, sizeof told->text - n, "T%d>%d %lld %.*s %.*s|", r->from, r->to,
                   (long long)r->at_ms, (int)r->reason.len, r->reason.ptr, (int)r->actor.len,
                   r->actor.ptr);
}

static void expect_timeline(struct scene *t, int64_t id, const char *expected)
{
    struct told told = {""};
    const struct timeline_sink sink = {&told, tell_attempt, tell_report, tell_trace};

    assert_int_equal(store_timeline(t->s, id, &sink, &t->e), 0);
    assert_string_equal(told.text, expected);
}

static void begin_attempt(struct scene *t, int64_t id, int number)
{
    const struct attempt_row row = {.message_id = id,
                                    .number = number,
                                    .provider = STR("sms1"),
                                    .claimed_ms = 5,
                                    .outcome = -1,
                                    .content = STR("metin")};

    open_attempt(t, &row);
}

static void write_timeline(struct scene *t)
{
    const struct attempt_row closed = {.message_id = 1,
                                       .number = 1,
                                       .settled_ms = 6,
                                       .outcome = OUTCOME_RETRY,
                                       .code = STR("busy"),
                                       .provider_ref = STR("x1")};
    const struct report_row report = {.message_id = 1,
                                      .at_ms = 7,
                                      .received_ms = 8,
                                      .state = 2,
                                      .code = STR("ok"),
                                      .detail = STR("yes")};
    const struct message_move m = {.id = 1,
                                   .from = MESSAGE_PLANNED,
                                   .to = MESSAGE_SENDING,
                                   .set = SET_TRACE | SET_REASON,
                                   .now_ms = 9,
                                   .reason = STR("due"),
                                   .actor = STR("policy")};

    begin_attempt(t, 1, 1);
    begin_attempt(t, 2, 1);
    assert_int_equal(store_report_add(t->s, &report, &t->e), 0);
    begin_attempt(t, 1, 2);
    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
    assert_int_equal(store_attempt_close(t->s, &closed, &t->e), 0);
}

static void timeline_tells_everything(void **state)
{
    struct scene *t = *state;
    const struct timeline_sink nobody = {0};

    begin(t);
    (void)add_simple(t, 1, 30, 1);
    (void)add_simple(t, 1, 15, 1);
    write_timeline(t);
    commit(t);
    reopen(t);
    expect_timeline(t, 1,
                    "A1 sms1 5-6 3 busy x1 metin|A2 sms1 5-0 -1   metin|R2 7 8 ok yes|"
                    "T0>2 9 due policy|");
    expect_timeline(t, 2, "A1 sms1 5-0 -1   metin|");
    assert_int_equal(store_timeline(t->s, 1, &nobody, &t->e), 0);
}

static void timeline_of_nothing(void **state)
{
    struct scene *t = *state;
    const struct attempt_row attempt = {.message_id = 1, .number = 9};
    const struct report_row report = {.message_id = 9};
    const struct timeline_sink nobody = {0};

    begin(t);
    (void)add_simple(t, 1, 30, 1);
    assert_int_equal(store_attempt_close(t->s, &attempt, &t->e), ERR_NOT_FOUND);
    assert_int_equal(store_report_add(t->s, &report, &t->e), ERR_NOT_FOUND);
    commit(t);
    expect_timeline(t, 1, "");
    assert_int_equal(store_timeline(t->s, 9, &nobody, &t->e), ERR_NOT_FOUND);
}

static void timeline_is_undone_with_the_rest(void **state)
{
    struct scene *t = *state;

    begin(t);
    (void)add_simple(t, 1, 30, 1);
    begin_attempt(t, 1, 1);
    assert_int_equal(store_savepoint(t->s, &t->e), 0);
    begin_attempt(t, 1, 2);
    store_undo(t->s);
    begin_attempt(t, 1, 3);
    commit(t);
    begin(t);
    begin_attempt(t, 1, 4);
    store_rollback(t->s);
    expect_timeline(t, 1, "A1 sms1 5-0 -1   metin|A3 sms1 5-0 -1   metin|");
}

/* Ends attempt number of message 1 with a move from where it is to where it may go. */
static int end_attempt(struct scene *t, int number, enum message_state from, enum message_state to)
{
    const struct attempt_row closed = {.message_id = 1,
                                       .number = number,
                                       .settled_ms = 6,
                                       .outcome = OUTCOME_SENT,
                                       .code = STR("ok"),
                                       .provider_ref = STR("x1")};
    const struct message_move m = {.id = 1,
                                   .from = from,
                                   .to = to,
                                   .set = SET_TRACE,
                                   .now_ms = 7,
                                   .actor = STR("test"),
                                   .closes = &closed};

    return store_message_move(t->s, &m, &t->e);
}

static void an_attempt_ends_with_its_move_or_not_at_all(void **state)
{
    struct scene *t = *state;
    const char *open = "A1 sms1 5-0 -1   metin|";

    begin(t);
    (void)add_simple(t, 1, 30, 1);
    begin_attempt(t, 1, 1);
    assert_int_equal(end_attempt(t, 1, MESSAGE_SENDING, MESSAGE_ACCEPTED), ERR_WRONG_STATE);
    expect_timeline(t, 1, open);
    assert_int_equal(end_attempt(t, 2, MESSAGE_PLANNED, MESSAGE_SENDING), ERR_NOT_FOUND);
    expect_timeline(t, 1, open);
    assert_int_equal(end_attempt(t, 1, MESSAGE_PLANNED, MESSAGE_SENDING), 0);
    commit(t);
    reopen(t);
    expect_timeline(t, 1, "A1 sms1 5-6 0 ok x1 metin|T0>2 7  test|");
}

/* A report can come before the answer is stored. */
static void an_attempt_ends_behind_newer_lines(void **state)
{
    struct scene *t = *state;
    const struct report_row early = {.message_id = 1, .at_ms = 5, .received_ms = 5, .state = 1};

    begin(t);
    (void)add_simple(t, 1, 30, 1);
    begin_attempt(t, 1, 1);
    begin_attempt(t, 1, 2);
    assert_int_equal(store_report_add(t->s, &early, &t->e), 0);
    assert_int_equal(end_attempt(t, 1, MESSAGE_PLANNED, MESSAGE_SENDING), 0);
    commit(t);
    expect_timeline(t, 1,
                    "A1 sms1 5-6 0 ok x1 metin|A2 sms1 5-0 -1   metin|R1 5 5  |T0>2 7  test|");
}

/* ---- reports ---- */

static void accept_with_ref(struct scene *t, int64_t id, const char *ref, int64_t lease_ms)
{
    const struct message_move m = {.id = id,
                                   .from = MESSAGE_SENDING,
                                   .to = MESSAGE_ACCEPTED,
                                   .set = SET_PROVIDER | SET_PROVIDER_REF | SET_LEASE,
                                   .lease_ms = lease_ms,
                                   .provider = STR("sms1"),
                                   .provider_ref = str_of(ref)};

    assert_int_equal(move_simple(t, id, MESSAGE_PLANNED, MESSAGE_SENDING), 0);
    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
}

static size_t by_ref(struct scene *t, const char *provider, const char *ref, int64_t ids[2])
{
    size_t count = 99;

    assert_int_equal(
        store_message_by_provider_ref(t->s, str_of(provider), str_of(ref), ids, 2, &count, &t->e),
        0);
    return count;
}

static void report_finds_its_message(void **state)
{
    struct scene *t = *state;
    int64_t ids[2];

    begin(t);
    for (int i = 1; i <= 5; i++) {
        (void)add_simple(t, 1, i, 1);
    }
    accept_with_ref(t, 1, "batch", 100);
    accept_with_ref(t, 2, "batch", 100);
    accept_with_ref(t, 3, "other", 100);
    accept_with_ref(t, 4, "silent", 0);
    accept_with_ref(t, 5, "batch", 100);
    commit(t);
    reopen(t);
    assert_int_equal(by_ref(t, "sms1", "batch", ids), 2); /* of three: no more room */
    assert_int_equal(ids[0], 1);
    assert_int_equal(ids[1], 2);
    assert_int_equal(by_ref(t, "sms1", "other", ids), 1);
    assert_int_equal(ids[0], 3);
    assert_int_equal(by_ref(t, "sms2", "other", ids), 0);
    assert_int_equal(by_ref(t, "e1", "other", ids), 0); /* a name, but not this provider's */
    assert_int_equal(by_ref(t, "sms1", "silent", ids), 0);
    assert_int_equal(by_ref(t, "sms1", "", ids), 0);
    begin(t);
    assert_int_equal(move_simple(t, 3, MESSAGE_ACCEPTED, MESSAGE_DELIVERED), 0);
    commit(t);
    assert_int_equal(by_ref(t, "sms1", "other", ids), 0);
}

#define CASES(X)                                                                                   \
    X(timeline_tells_everything)                                                                   \
    X(timeline_of_nothing)                                                                         \
    X(timeline_is_undone_with_the_rest)                                                            \
    X(an_attempt_ends_with_its_move_or_not_at_all)                                                 \
    X(an_attempt_ends_behind_newer_lines)                                                          \
    X(report_finds_its_message)

int main(void)
{
    const struct CMUnitTest memory_cases[] = {CASES(MEMORY_CASE)};
    const struct CMUnitTest sqlite_cases[] = {CASES(SQLITE_CASE)};
    const int failed = cmocka_run_group_tests_name("memory", memory_cases, NULL, NULL);

    return failed + cmocka_run_group_tests_name("sqlite", sqlite_cases, NULL, NULL);
}
