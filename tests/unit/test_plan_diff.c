/* What a new plan changes: a table of what is wished, what is there, and what follows. */
#include "base/str.h"
#include "domain/plan_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { NOW = 1000, MANY = 4 };

#define WISH(mark, at)                                                                             \
    {                                                                                              \
        .step = (mark), .verdict = PLAN_SEND, .at_ms = (at), .deadline_ms = (at) + 100             \
    }
#define DUE(mark)                                                                                  \
    {                                                                                              \
        .step = (mark), .verdict = PLAN_SEND, .at_ms = NOW, .deadline_ms = NOW + 100,              \
        .immediate = true                                                                          \
    }
#define ROW(number, mark, in, at)                                                                  \
    {                                                                                              \
        .id = (number), .step = (mark), .state = (in), .planned_ms = (at),                         \
        .deadline_ms = (at) + 100                                                                  \
    }
#define GONE(number, mark, at)                                                                     \
    {                                                                                              \
        .id = (number), .step = (mark), .state = MESSAGE_CANCELLED, .planned_ms = (at),            \
        .may_return = true                                                                         \
    }

static const struct {
    const char *what;
    struct plan_wish wishes[MANY];
    struct plan_row rows[MANY];
    const char *changes;
} table[] = {
    {"nothing was there", {WISH(30, 2000), WISH(7, 3000)}, {{0}}, "add 30, add 7"},
    {"all is as planned", {WISH(30, 2000)}, {ROW(1, 30, MESSAGE_PLANNED, 2000)}, ""},
    {"another day", {WISH(30, 2500)}, {ROW(1, 30, MESSAGE_PLANNED, 2000)}, "move 1"},
    {"another deadline",
     {WISH(30, 2000)},
     {{.id = 1, .step = 30, .state = MESSAGE_PLANNED, .planned_ms = 2000, .deadline_ms = 5}},
     "move 1"},
    {"its mark is gone", {WISH(7, 3000)}, {ROW(1, 30, MESSAGE_PLANNED, 2000)}, "add 7, stop 1"},
    {"its mark is gone, it was due", {{0}}, {ROW(1, 30, MESSAGE_QUEUED, 500)}, "stop 1"},
    {"its mark is gone, it was tried",
     {{0}},
     {{.id = 1, .step = 30, .state = MESSAGE_QUEUED, .attempts = 1}},
     ""},
    {"its campaign is gone", {{0}}, {{.id = 1, .campaign = -1, .step = 30}}, "stop 1"},
    {"it is sent", {WISH(30, 2000)}, {ROW(1, 30, MESSAGE_ACCEPTED, 500)}, ""},
    {"it is on its way", {{0}}, {ROW(1, 30, MESSAGE_SENDING, 500)}, ""},
    {"a nearer mark came onto its day",
     {{.step = 30, .verdict = PLAN_CLASH}, WISH(7, 2000)},
     {ROW(1, 30, MESSAGE_PLANNED, 2000), ROW(2, 7, MESSAGE_PLANNED, 2000)},
     "stop 1"},
    {"missed, but still in the queue: its deadline ends it",
     {{.step = 30, .verdict = PLAN_MISSED}},
     {ROW(1, 30, MESSAGE_QUEUED, 500)},
     ""},
    {"due and in the queue", {DUE(30)}, {ROW(1, 30, MESSAGE_QUEUED, 500)}, ""},
    {"due now, was later", {DUE(30)}, {ROW(1, 30, MESSAGE_PLANNED, 2000)}, "move 1"},
    {"due, nothing was ever planned", {DUE(30)}, {{0}}, "add 30"},
    {"due, a larger one went out", {DUE(20)}, {ROW(1, 30, MESSAGE_ACCEPTED, 500)}, ""},
    {"due, a larger one is in the queue",
     {DUE(20), {.step = 30, .verdict = PLAN_MISSED}},
     {ROW(1, 30, MESSAGE_QUEUED, 500)},
     ""},
    {"due, was later, and a larger one is in the queue",
     {DUE(20), {.step = 30, .verdict = PLAN_MISSED}},
     {ROW(1, 30, MESSAGE_QUEUED, 500), ROW(2, 20, MESSAGE_PLANNED, 2000)},
     "move 2, stop 1"},
    {"due in the place of one that is gone",
     {DUE(20)},
     {ROW(1, 30, MESSAGE_QUEUED, 500)},
     "add 20, stop 1"},
    {"due, a smaller one was in the queue and is put off",
     {DUE(30), WISH(7, 2000)},
     {GONE(1, 30, 300), ROW(2, 7, MESSAGE_QUEUED, 500)},
     "revive 1, move 2"},
    {"due, a smaller one lies ahead",
     {DUE(30), WISH(7, 2000)},
     {ROW(1, 7, MESSAGE_PLANNED, 2000)},
     "add 30"},
    {"due, another channel went out",
     {DUE(30)},
     {{.id = 1, .step = 60, .channel = CHANNEL_EMAIL, .state = MESSAGE_ACCEPTED}},
     "add 30"},
    {"due, the institution was told",
     {DUE(30)},
     {{.id = 1, .step = 5060, .state = MESSAGE_ACCEPTED}},
     "add 30"},
    {"the mark came back", {WISH(30, 2000)}, {GONE(1, 30, 2000)}, "revive 1"},
    {"the mark came back when due", {DUE(30)}, {GONE(1, 30, 500)}, "revive 1"},
    {"the mark came back too late",
     {DUE(15), {.step = 30, .verdict = PLAN_MISSED}},
     {GONE(1, 30, 400), ROW(2, 15, MESSAGE_ACCEPTED, 500)},
     ""},
    {"a person stopped it",
     {WISH(30, 2000)},
     {{.id = 1, .step = 30, .state = MESSAGE_CANCELLED, .planned_ms = 2000}},
     ""},
    {"held by the plan, moved",
     {WISH(30, 2500)},
     {{.id = 1, .step = 30, .state = MESSAGE_HELD, .by_plan = true, .planned_ms = 2000}},
     "move 1"},
    {"held by the plan, unwanted",
     {{0}},
     {{.id = 1, .step = 30, .state = MESSAGE_HELD, .by_plan = true, .planned_ms = 500}},
     "stop 1"},
    {"held by a person",
     {WISH(30, 2500)},
     {{.id = 1, .step = 30, .state = MESSAGE_HELD, .planned_ms = 2000}},
     ""},
};

static size_t wish_count(const struct plan_wish *list)
{
    size_t n = 0;

    while (n < MANY && list[n].step != 0) {
        n++;
    }
    return n;
}

static size_t row_count(const struct plan_row *list)
{
    size_t n = 0;

    while (n < MANY && list[n].id != 0) {
        n++;
    }
    return n;
}

static void spell(const struct plan_change *list, size_t count, size_t at, char out[200])
{
    static const char *const names[] = {"add", "move", "revive", "stop"};
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int number = list[i].kind == CHANGE_ADD ? table[at].wishes[list[i].wish].step
                                                : (int)table[at].rows[list[i].row].id;

        used += (size_t)snprintf(out + used, 200 - used, "%s%s %d", i > 0 ? ", " : "",
                                 names[list[i].kind], number);
    }
}

static void every_row_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct plan_change list[2 * MANY];
        char text[200];
        size_t count = plan_diff(table[i].wishes, wish_count(table[i].wishes), table[i].rows,
                                 row_count(table[i].rows), NOW, list);

        spell(list, count, i, text);
        if (strcmp(text, table[i].changes) != 0) {
            fail_msg("%s: \"%s\" instead of \"%s\"", table[i].what, text, table[i].changes);
        }
    }
}

static void steps_go_both_ways(void **state)
{
    static const int marks[] = {0, 1, 90, CAMPAIGN_MARK_DAYS_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        for (int k = 0; k < 6; k++) {
            int step = campaign_step(marks[i], k / 2, k % 2 == 1);

            assert_int_equal(campaign_step_mark(step), marks[i]);
            assert_int_equal(campaign_step_cycle(step), k / 2);
            assert_int_equal(campaign_step_escalates(step), k % 2 == 1);
        }
    }
}

static void only_what_may_pass_comes_back(void **state)
{
    static const struct {
        enum message_state in;
        int attempts;
        const char *reason;
        bool comes;
    } list[] = {
        {MESSAGE_CANCELLED, 0, "plan_changed", true},
        {MESSAGE_CANCELLED, 0, "import_undone", true},
        {MESSAGE_CANCELLED, 0, "renewed", true},
        {MESSAGE_EXPIRED, 0, "deadline", true},
        {MESSAGE_CANCELLED, 1, "plan_changed", false},
        {MESSAGE_CANCELLED, 0, "operator", false},
        {MESSAGE_CANCELLED, 0, "", false},
        {MESSAGE_PLANNED, 0, "plan_changed", false},
        {MESSAGE_SUPPRESSED, 0, "plan_changed", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        assert_int_equal(message_may_revive(list[i].in, list[i].attempts, str_of(list[i].reason)),
                         list[i].comes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table),
        cmocka_unit_test(steps_go_both_ways),
        cmocka_unit_test(only_what_may_pass_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
