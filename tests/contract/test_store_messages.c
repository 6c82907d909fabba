/* The store port: messages, due times, leases, lists, counts and timelines, on every back end. */
#include "store_scene.h"

/* A copy that outlives the callback. */
struct kept {
    struct message_row row;
    char provider[64];
    char provider_ref[64];
    char reason[64];
    size_t count;
};

static int keep_message(void *ctx, const struct message_row *row)
{
    struct kept *k = ctx;

    k->row = *row;
    k->count++;
    (void)str_copy(k->provider, sizeof k->provider, row->provider);
    (void)str_copy(k->provider_ref, sizeof k->provider_ref, row->provider_ref);
    (void)str_copy(k->reason, sizeof k->reason, row->reason);
    assert_true(str_eqs(row->campaign, "yenileme"));
    assert_true(str_eqs(row->template, "e1"));
    assert_true(str_eqs(row->facts, "{}"));
    return 0;
}

static struct kept get(struct scene *t, int64_t id)
{
    struct kept k = {0};

    assert_int_equal(store_message_get(t->s, id, keep_message, &k, &t->e), 0);
    assert_int_equal(k.count, 1);
    return k;
}

static void message_added_once_per_step(void **state)
{
    struct scene *t = *state;
    struct message_row row = message(1, 30, 100);
    int64_t id;
    struct kept k;

    begin(t);
    assert_int_equal(add_message(t, &row), 1);
    assert_int_equal(store_message_add(t->s, &row, &id, &t->e), ERR_EXISTS);
    row.channel = CHANNEL_EMAIL;
    assert_int_equal(add_message(t, &row), 2);
    row.campaign = STR("other");
    assert_int_equal(add_message(t, &row), 3);
    row.case_id = 0;
    assert_int_equal(add_message(t, &row), 4);
    assert_int_equal(add_message(t, &row), 5);
    commit(t);
    reopen(t);
    k = get(t, 1);
    assert_int_equal(k.row.case_id, 1);
    assert_int_equal(k.row.event_seq, 4);
    assert_int_equal(k.row.step, 30);
    assert_int_equal(k.row.channel, CHANNEL_SMS);
    assert_int_equal(k.row.state, MESSAGE_PLANNED);
    assert_int_equal(k.row.urgency, URGENCY_CAMPAIGN);
    assert_int_equal(k.row.created_ms, 40);
    assert_int_equal(k.row.planned_ms, 20);
    assert_int_equal(k.row.due_ms, 100);
    assert_int_equal(k.row.deadline_ms, 900000);
    assert_string_equal(k.provider, "");
    assert_int_equal(store_message_get(t->s, 6, keep_message, &k, &t->e), ERR_NOT_FOUND);
}

static void door_checks_the_state(void **state)
{
    struct scene *t = *state;
    int64_t id;

    begin(t);
    id = add_simple(t, 1, 30, 100);
    assert_int_equal(move_simple(t, id, MESSAGE_QUEUED, MESSAGE_SENDING), ERR_WRONG_STATE);
    assert_int_equal(move_simple(t, id, MESSAGE_PLANNED, MESSAGE_DELIVERED), ERR_WRONG_STATE);
    assert_int_equal(move_simple(t, id + 1, MESSAGE_PLANNED, MESSAGE_SENDING), ERR_NOT_FOUND);
    assert_int_equal(move_simple(t, id, MESSAGE_PLANNED, MESSAGE_SENDING), 0);
    assert_int_equal(move_simple(t, id, MESSAGE_PLANNED, MESSAGE_SENDING), ERR_WRONG_STATE);
    commit(t);
    assert_int_equal(get(t, id).row.state, MESSAGE_SENDING);
}

static void expect_untouched(const struct kept *k)
{
    assert_int_equal(k->row.due_ms, 100);
    assert_int_equal(k->row.lease_ms, 0);
    assert_int_equal(k->row.deadline_ms, 900000);
    assert_int_equal(k->row.flags, 0);
    assert_int_equal(k->row.attempts, 0);
    assert_int_equal(k->row.updated_ms, 77);
    assert_string_equal(k->provider, "");
    assert_string_equal(k->provider_ref, "");
    assert_string_equal(k->reason, "");
}

static void move_sets_only_what_is_asked(void **state)
{
    struct scene *t = *state;
    struct message_move m = {.from = MESSAGE_PLANNED,
                             .to = MESSAGE_SENDING,
                             .now_ms = 77,
                             .due_ms = 1,
                             .lease_ms = 2,
                             .deadline_ms = 3,
                             .flags = MESSAGE_RESENT,
                             .attempts = 4,
                             .provider = STR("p"),
                             .provider_ref = STR("r"),
                             .reason = STR("why")};
    struct kept k;

    begin(t);
    m.id = add_simple(t, 1, 30, 100);
    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
    k = get(t, m.id);
    expect_untouched(&k);
    m.from = MESSAGE_SENDING;
    m.set = SET_DUE | SET_LEASE | SET_FLAGS | SET_PROVIDER | SET_PROVIDER_REF | SET_REASON |
            SET_DEADLINE | SET_ATTEMPTS;
    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
    m.set = SET_FLAGS;
    m.flags = MESSAGE_POSSIBLE_DUPLICATE;
    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
    commit(t);
    k = get(t, m.id);
    assert_int_equal(k.row.due_ms, 1);
    assert_int_equal(k.row.lease_ms, 2);
    assert_int_equal(k.row.deadline_ms, 3);
    assert_int_equal(k.row.flags, MESSAGE_RESENT | MESSAGE_POSSIBLE_DUPLICATE);
    assert_int_equal(k.row.attempts, 4);
    assert_string_equal(k.provider, "p");
    assert_string_equal(k.provider_ref, "r");
    assert_string_equal(k.reason, "why");
}

static void move_can_clear_provider_ref(void **state)
{
    struct scene *t = *state;
    struct message_move m = {.from = MESSAGE_PLANNED,
                             .to = MESSAGE_SENDING,
                             .set = SET_PROVIDER_REF,
                             .provider_ref = STR("r")};

    begin(t);
    m.id = add_simple(t, 1, 30, 100);
    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
    assert_string_equal(get(t, m.id).provider_ref, "r");
    m.from = MESSAGE_SENDING;
    m.provider_ref = STR("");
    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
    assert_string_equal(get(t, m.id).provider_ref, "");
    commit(t);
}

/* ---- due and leased ---- */

struct order {
    int64_t ids[64];
    size_t count;
    struct scene *t;
    bool claim;
};

static int see_due(void *ctx, const struct due_row *row)
{
    struct order *o = ctx;

    o->ids[o->count++] = row->message.id;
    if (row->message.case_id == 0) {
        assert_int_equal(row->subject.id, 0);
        assert_int_equal(row->subject.holder.len, 0);
    }
    return o->claim ? move_simple(o->t, row->message.id, row->message.state, MESSAGE_SENDING) : 0;
}

static struct order due(struct scene *t, int64_t now_ms, size_t limit, bool claim)
{
    struct order o = {.t = t, .claim = claim};

    assert_int_equal(store_due(t->s, CHANNEL_SMS, now_ms, limit, see_due, &o, &t->e), 0);
    return o;
}

static void expect_order(const struct order *o, const int64_t *ids, size_t count)
{
    assert_int_equal(o->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(o->ids[i], ids[i]);
    }
}

static void add_due_messages(struct scene *t)
{
    static const struct {
        enum message_urgency urgency;
        enum channel channel;
        enum message_state state;
        int64_t due_ms;
    } rows[] = {
        {URGENCY_CAMPAIGN, CHANNEL_SMS, MESSAGE_PLANNED, 300}, /* 1 */
        {URGENCY_CAMPAIGN, CHANNEL_SMS, MESSAGE_PLANNED, 200}, /* 2 */
        {URGENCY_URGENT, CHANNEL_SMS, MESSAGE_QUEUED, 250},    /* 3 */
        {URGENCY_URGENT, CHANNEL_SMS, MESSAGE_QUEUED, 9999},   /* 4: later */
        {URGENCY_URGENT, CHANNEL_EMAIL, MESSAGE_QUEUED, 10},   /* 5: other channel */
        {URGENCY_URGENT, CHANNEL_SMS, MESSAGE_HELD, 10},       /* 6: not waiting */
        {URGENCY_EVENT, CHANNEL_SMS, MESSAGE_PLANNED, 299},    /* 7 */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct message_row row = message(0, 1, rows[i].due_ms);

        row.urgency = rows[i].urgency;
        row.channel = rows[i].channel;
        row.state = rows[i].state;
        assert_int_equal(add_message(t, &row), (int64_t)i + 1);
    }
}

static void due_urgent_first_then_oldest(void **state)
{
    struct scene *t = *state;
    struct order o;
    int64_t next;

    begin(t);
    assert_int_equal(store_next_due(t->s, CHANNEL_SMS, &next, &t->e), 0);
    assert_true(next == INT64_MAX);
    add_due_messages(t);
    commit(t);
    o = due(t, 300, 10, false);
    expect_order(&o, (int64_t[]){3, 7, 2, 1}, 4);
    o = due(t, 299, 2, false);
    expect_order(&o, (int64_t[]){3, 7}, 2);
    assert_int_equal(store_next_due(t->s, CHANNEL_SMS, &next, &t->e), 0);
    assert_int_equal(next, 200);
    begin(t);
    o = due(t, 300, 3, true); /* the callback claims */
    expect_order(&o, (int64_t[]){3, 7, 2}, 3);
    commit(t);
    o = due(t, 300, 10, false);
    expect_order(&o, (int64_t[]){1}, 1);
}

static int cancel_rest(void *ctx, const struct due_row *row)
{
    struct order *o = ctx;

    o->ids[o->count++] = row->message.id;
    return store_message_stop_case(o->t->s, row->message.case_id, MESSAGE_CANCELLED, STR("x"),
                                   STR("test"), 1, NULL, &o->t->e);
}

static void due_sees_what_its_callback_changed(void **state)
{
    struct scene *t = *state;
    struct order o = {.t = t};

    begin(t);
    (void)add_simple(t, 1, 30, 1);
    (void)add_simple(t, 1, 15, 2);
    assert_int_equal(store_due(t->s, CHANNEL_SMS, 10, 10, cancel_rest, &o, &t->e), 0);
    assert_int_equal(o.count, 1);
    commit(t);
}

static struct order leased(struct scene *t, enum message_state state, int64_t until)
{
    struct order o = {.t = t};

    assert_int_equal(store_leased(t->s, state, until, 10, see_due, &o, &t->e), 0);
    return o;
}

static void move_lease(struct scene *t, int64_t id, enum message_state from, enum message_state to,
                       int64_t lease_ms)
{
    const struct message_move m = {
        .id = id, .from = from, .to = to, .set = SET_LEASE, .lease_ms = lease_ms};

    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
}

static void lease_lasts_as_long_as_the_state(void **state)
{
    struct scene *t = *state;
    struct order o;

    begin(t);
    for (int i = 1; i <= 4; i++) {
        move_lease(t, add_simple(t, 1, i, 1), MESSAGE_PLANNED, MESSAGE_SENDING, 1000 - i);
    }
    commit(t);
    reopen(t);
    o = leased(t, MESSAGE_SENDING, 998);
    expect_order(&o, (int64_t[]){4, 3, 2}, 3);
    begin(t);
    move_lease(t, 1, MESSAGE_SENDING, MESSAGE_ACCEPTED, 500); /* a report is awaited */
    move_lease(t, 2, MESSAGE_SENDING, MESSAGE_ACCEPTED, 0);   /* none is */
    assert_int_equal(move_simple(t, 3, MESSAGE_SENDING, MESSAGE_UNKNOWN), 0);
    assert_int_equal(move_simple(t, 4, MESSAGE_SENDING, MESSAGE_ACCEPTED), 0);
    commit(t);
    o = leased(t, MESSAGE_ACCEPTED, INT64_MAX);
    expect_order(&o, (int64_t[]){1}, 1);
    assert_int_equal(leased(t, MESSAGE_ACCEPTED, 499).count, 0);
    o = leased(t, MESSAGE_UNKNOWN, 0);
    expect_order(&o, (int64_t[]){3}, 1);
    assert_int_equal(leased(t, MESSAGE_SENDING, INT64_MAX).count, 0);
    begin(t);
    assert_int_equal(move_simple(t, 1, MESSAGE_ACCEPTED, MESSAGE_DELIVERED), 0);
    move_lease(t, 4, MESSAGE_ACCEPTED, MESSAGE_UNDELIVERED, 600); /* a better report is heard */
    commit(t);
    assert_int_equal(leased(t, MESSAGE_ACCEPTED, INT64_MAX).count, 0);
    assert_int_equal(get(t, 1).row.lease_ms, 0);
    assert_int_equal(get(t, 4).row.lease_ms, 600);
}

static void stop_case_stops_the_open_ones(void **state)
{
    struct scene *t = *state;
    size_t count = 0;

    begin(t);
    (void)put_case(t, 0, "c", "h");
    (void)add_simple(t, 1, 30, 1);
    (void)add_simple(t, 1, 15, 1);
    (void)add_simple(t, 2, 15, 1);
    (void)add_simple(t, 1, 7, 1);
    assert_int_equal(move_simple(t, 1, MESSAGE_PLANNED, MESSAGE_SENDING), 0);
    assert_int_equal(move_simple(t, 4, MESSAGE_PLANNED, MESSAGE_HELD), 0);
    assert_int_equal(store_message_stop_case(t->s, 1, MESSAGE_SUPPRESSED, STR("renewed"),
                                             STR("event 4"), 99, &count, &t->e),
                     ERR_WRONG_STATE); /* held may not */
    assert_int_equal(get(t, 2).row.state, MESSAGE_PLANNED);
    assert_int_equal(store_message_stop_case(t->s, 1, MESSAGE_CANCELLED, STR("renewed"),
                                             STR("event 4"), 99, &count, &t->e),
                     0);
    commit(t);
    assert_int_equal(count, 2);
    assert_int_equal(get(t, 1).row.state, MESSAGE_SENDING);
    assert_int_equal(get(t, 2).row.state, MESSAGE_CANCELLED);
    assert_string_equal(get(t, 2).reason, "renewed");
    assert_int_equal(get(t, 3).row.state, MESSAGE_PLANNED);
    assert_int_equal(get(t, 4).row.state, MESSAGE_CANCELLED);
    assert_int_equal(due(t, 100, 10, false).count, 1);
}

/* A new plan moves a message between the look at it and its claim: the claim must miss it. */
static void a_moved_plan_is_not_claimed(void **state)
{
    struct scene *t = *state;
    struct message_move plan = {.id = 1,
                                .from = MESSAGE_PLANNED,
                                .to = MESSAGE_PLANNED,
                                .set = SET_DUE | SET_PLANNED,
                                .now_ms = 50,
                                .due_ms = 700};
    struct message_move claim = {.id = 1,
                                 .from = MESSAGE_PLANNED,
                                 .to = MESSAGE_SENDING,
                                 .set = IF_DUE | SET_LEASE,
                                 .now_ms = 699,
                                 .lease_ms = 900};

    begin(t);
    (void)add_simple(t, 1, 30, 1);
    assert_int_equal(store_message_move(t->s, &plan, &t->e), 0);
    assert_int_equal(store_message_move(t->s, &claim, &t->e), ERR_WRONG_STATE);
    commit(t);
    assert_int_equal(get(t, 1).row.planned_ms, 700);
    assert_int_equal(get(t, 1).row.due_ms, 700);
    begin(t);
    claim.now_ms = 700;
    assert_int_equal(store_message_move(t->s, &claim, &t->e), 0);
    commit(t);
    assert_int_equal(get(t, 1).row.state, MESSAGE_SENDING);
    assert_int_equal(get(t, 1).row.planned_ms, 700);
}

static int note_message(void *ctx, const struct message_row *row)
{
    struct order *o = ctx;

    o->ids[o->count++] = row->id;
    return 0;
}

static void messages_of_a_case_oldest_first(void **state)
{
    struct scene *t = *state;
    struct order o = {0};

    begin(t);
    (void)add_simple(t, 1, 90, 1);
    (void)add_simple(t, 2, 90, 1);
    (void)add_simple(t, 1, 7, 1); /* not in the order of steps */
    (void)add_simple(t, 1, 30, 1);
    (void)add_simple(t, 0, 30, 1);
    commit(t);
    assert_int_equal(store_message_by_case(t->s, 1, note_message, &o, &t->e), 0);
    expect_order(&o, (int64_t[]){1, 3, 4}, 3);
    o.count = 0;
    assert_int_equal(store_message_by_case(t->s, 0, note_message, &o, &t->e), 0);
    assert_int_equal(o.count, 0);
}

/* ---- counts and lists ---- */

static void counts_follow_the_rows(void **state)
{
    struct scene *t = *state;
    int64_t counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT];

    begin(t);
    add_due_messages(t);
    assert_int_equal(move_simple(t, 1, MESSAGE_PLANNED, MESSAGE_SENDING), 0);
    commit(t);
    begin(t);
    assert_int_equal(store_savepoint(t->s, &t->e), 0);
    assert_int_equal(move_simple(t, 2, MESSAGE_PLANNED, MESSAGE_SENDING), 0);
    store_undo(t->s);
    commit(t);
    begin(t);
    assert_int_equal(move_simple(t, 2, MESSAGE_PLANNED, MESSAGE_SENDING), 0);
    store_rollback(t->s);
    reopen(t);
    assert_int_equal(store_message_counts(t->s, counts, &t->e), 0);
    assert_int_equal(counts[CHANNEL_SMS][MESSAGE_PLANNED], 2);
    assert_int_equal(counts[CHANNEL_SMS][MESSAGE_QUEUED], 2);
    assert_int_equal(counts[CHANNEL_SMS][MESSAGE_SENDING], 1);
    assert_int_equal(counts[CHANNEL_SMS][MESSAGE_HELD], 1);
    assert_int_equal(counts[CHANNEL_EMAIL][MESSAGE_QUEUED], 1);
    assert_int_equal(counts[CHANNEL_EMAIL][MESSAGE_PLANNED], 0);
}

static void expect_list(struct scene *t, const struct message_filter *f, const int64_t *ids,
                        size_t count)
{
    struct order o = {.t = t};

    assert_int_equal(store_message_list(t->s, f, see_due, &o, &t->e), 0);
    expect_order(&o, ids, count);
}

static const struct message_filter everything = {.state = -1, .channel = -1, .limit = 10};

static void list_pages_by_key(void **state)
{
    struct scene *t = *state;
    struct message_filter f = everything;
    struct order o = {0};

    begin(t);
    add_due_messages(t);
    commit(t);
    f.limit = 3;
    expect_list(t, &f, (int64_t[]){7, 6, 5}, 3);
    f.before_id = 5;
    expect_list(t, &f, (int64_t[]){4, 3, 2}, 3);
    f.before_id = 2;
    expect_list(t, &f, (int64_t[]){1}, 1);
    f.limit = 0;
    assert_int_equal(store_message_list(t->s, &f, see_due, &o, &t->e), ERR_LIMIT);
    f.limit = STORE_LIST_MAX + 1;
    assert_int_equal(store_message_list(t->s, &f, see_due, &o, &t->e), ERR_LIMIT);
}

static void list_filters(void **state)
{
    struct scene *t = *state;
    struct message_filter f[9];
    static const struct {
        int64_t ids[3];
        size_t count;
    } expected[9] = {{{2}, 1}, {{3, 1}, 2}, {{1}, 1},       {{3, 2}, 2}, {{1}, 1},
                     {{2}, 1}, {{0}, 0},    {{3, 2, 1}, 3}, {{0}, 0}};

    begin(t);
    (void)put_case(t, 0, "c1", "h1");
    (void)put_case(t, 0, "c2", "h1");
    (void)add_simple(t, 1, 30, 1);
    (void)add_simple(t, 2, 30, 1);
    (void)add_simple(t, 1, 7, 1);
    assert_int_equal(move_simple(t, 2, MESSAGE_PLANNED, MESSAGE_CANCELLED), 0);
    commit(t);
    for (size_t i = 0; i < 9; i++) {
        f[i] = everything;
    }
    f[0].state = MESSAGE_CANCELLED;
    f[1].state = MESSAGE_PLANNED;
    f[2].state = MESSAGE_PLANNED;
    f[2].since_ms = 18;
    f[3].holder = STR("h1");
    f[3].limit = 2;
    f[4] = f[3];
    f[4].before_id = 2;
    f[5].certificate = STR("c2");
    f[6].certificate = STR("c2");
    f[6].holder = STR("h2");
    f[7].campaign = STR("yenileme");
    f[8].campaign = STR("başka");
    for (size_t i = 0; i < 9; i++) {
        expect_list(t, &f[i], expected[i].ids, expected[i].count);
    }
}

#define CASES(X)                                                                                   \
    X(message_added_once_per_step)                                                                 \
    X(door_checks_the_state)                                                                       \
    X(move_sets_only_what_is_asked)                                                                \
    X(move_can_clear_provider_ref)                                                                 \
    X(due_urgent_first_then_oldest)                                                                \
    X(due_sees_what_its_callback_changed)                                                          \
    X(lease_lasts_as_long_as_the_state)                                                            \
    X(stop_case_stops_the_open_ones)                                                               \
    X(a_moved_plan_is_not_claimed)                                                                 \
    X(messages_of_a_case_oldest_first)                                                             \
    X(counts_follow_the_rows)                                                                      \
    X(list_pages_by_key)                                                                           \
    X(list_filters)

int main(void)
{
    const struct CMUnitTest memory_cases[] = {CASES(MEMORY_CASE)};
    const struct CMUnitTest sqlite_cases[] = {CASES(SQLITE_CASE)};
    const int failed = cmocka_run_group_tests_name("memory", memory_cases, NULL, NULL);

    return failed + cmocka_run_group_tests_name("sqlite", sqlite_cases, NULL, NULL);
}
