/* The store port: walks over the messages of a campaign and their counts, on every back end. */
#include "store_scene.h"

struct seen {
    struct scene *scene;
    int64_t ids[16];
    size_t count;
    bool move;
};

static int see(void *ctx, const struct message_row *row)
{
    struct seen *seen = ctx;

    assert_true(seen->count < 16);
    seen->ids[seen->count++] = row->id;
    if (seen->move) {
        assert_int_equal(move_simple(seen->scene, row->id, row->state, MESSAGE_CANCELLED), 0);
    }
    return 0;
}

/* Six of one campaign in different states, one of another in between. */
static void fill(struct scene *t)
{
    struct message_row other = message(9, 30, 1);

    other.campaign = STR("other");
    begin(t);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(add_simple(t, i, 30, 1), i);
    }
    assert_int_equal(add_message(t, &other), 4);
    for (int i = 5; i <= 7; i++) {
        assert_int_equal(add_simple(t, i, 30, 1), i);
    }
    assert_int_equal(move_simple(t, 2, MESSAGE_PLANNED, MESSAGE_QUEUED), 0);
    assert_int_equal(move_simple(t, 3, MESSAGE_PLANNED, MESSAGE_CANCELLED), 0);
    assert_int_equal(move_simple(t, 5, MESSAGE_PLANNED, MESSAGE_SENDING), 0);
    commit(t);
}

static void hold(struct scene *t, int64_t id, const char *reason)
{
    const struct message_move m = {.id = id,
                                   .from = MESSAGE_PLANNED,
                                   .to = MESSAGE_HELD,
                                   .set = SET_REASON,
                                   .now_ms = 50,
                                   .reason = str_of(reason)};

    begin(t);
    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
    commit(t);
}

static void expect_waiting(struct scene *t, const char *campaign, int64_t after, int64_t until,
                           const int64_t *ids, size_t count)
{
    struct seen seen = {0};

    assert_int_equal(
        store_message_waiting(t->s, campaign == NULL ? (struct str){NULL, 0} : str_of(campaign),
                              after, until, see, &seen, &t->e),
        0);
    assert_int_equal(seen.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(seen.ids[i], ids[i]);
    }
}

static void waiting_messages_in_slices(void **state)
{
    struct scene *t = *state;

    fill(t);
    hold(t, 7, "paused");
    expect_waiting(t, "yenileme", 0, 100, (const int64_t[]){1, 2, 6, 7}, 4);
    expect_waiting(t, "yenileme", 1, 6, (const int64_t[]){2, 6}, 2);
    expect_waiting(t, "yenileme", 7, 100, NULL, 0);
    expect_waiting(t, "other", 0, 100, (const int64_t[]){4}, 1);
    expect_waiting(t, "unheard", 0, 100, NULL, 0);
    expect_waiting(t, NULL, 1, 6, (const int64_t[]){2, 4, 6}, 3);
}

static void a_walk_may_move_what_it_sees(void **state)
{
    struct scene *t = *state;
    struct seen seen = {.scene = t, .move = true};

    fill(t);
    begin(t);
    assert_int_equal(store_message_waiting(t->s, STR("yenileme"), 0, 100, see, &seen, &t->e), 0);
    commit(t);
    assert_int_equal(seen.count, 4);
    expect_waiting(t, "yenileme", 0, 100, NULL, 0);
    expect_waiting(t, "other", 0, 100, (const int64_t[]){4}, 1);
}

static int fail_at_second(void *ctx, const struct message_row *row)
{
    (void)row;
    return ++*(int *)ctx == 2 ? ERR_BUSY : 0;
}

static void a_walk_ends_when_told(void **state)
{
    struct scene *t = *state;
    int calls = 0;

    fill(t);
    assert_int_equal(
        store_message_waiting(t->s, STR("yenileme"), 0, 100, fail_at_second, &calls, &t->e),
        ERR_BUSY);
    assert_int_equal(calls, 2);
}

struct sums {
    int64_t planned;
    int64_t queued;
    int64_t held_paused;
    int64_t held_doubt;
    int64_t others;
    int64_t rows;
};

static int sum(void *ctx, const struct campaign_count *row)
{
    struct sums *sums = ctx;

    sums->rows++;
    assert_int_equal(row->channel, CHANNEL_SMS);
    if (!str_eqs(row->campaign, "yenileme")) {
        sums->others += row->count;
    } else if (row->state == MESSAGE_HELD) {
        *(str_eqs(row->reason, "paused") ? &sums->held_paused : &sums->held_doubt) += row->count;
    } else {
        assert_int_equal(row->reason.len, 0);
        sums->planned += row->state == MESSAGE_PLANNED ? row->count : 0;
        sums->queued += row->state == MESSAGE_QUEUED ? row->count : 0;
    }
    return 0;
}

static void counts_by_campaign_state_and_reason(void **state)
{
    struct scene *t = *state;
    struct sums all = {0};
    struct sums held = {0};

    fill(t);
    hold(t, 1, "paused");
    hold(t, 6, "paused");
    hold(t, 7, "doubt");
    assert_int_equal(store_campaign_counts(t->s, false, sum, &all, &t->e), 0);
    assert_int_equal(all.planned, 0);
    assert_int_equal(all.queued, 1);
    assert_int_equal(all.held_paused, 2);
    assert_int_equal(all.held_doubt, 1);
    assert_int_equal(all.others, 1);
    assert_int_equal(store_campaign_counts(t->s, true, sum, &held, &t->e), 0);
    assert_int_equal(held.rows, 2);
    assert_int_equal(held.held_paused, 2);
    assert_int_equal(held.held_doubt, 1);
    assert_int_equal(held.others, 0);
}

#define CASES(X)                                                                                   \
    X(waiting_messages_in_slices)                                                                  \
    X(a_walk_may_move_what_it_sees)                                                                \
    X(a_walk_ends_when_told)                                                                       \
    X(counts_by_campaign_state_and_reason)

int main(void)
{
    const struct CMUnitTest memory_cases[] = {CASES(MEMORY_CASE)};
    const struct CMUnitTest sqlite_cases[] = {CASES(SQLITE_CASE)};
    const int failed = cmocka_run_group_tests_name("memory", memory_cases, NULL, NULL);

    return failed + cmocka_run_group_tests_name("sqlite", sqlite_cases, NULL, NULL);
}
