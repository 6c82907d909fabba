/* A fresh store for each case, of either back end, and the rows most cases need. */
#pragma once

#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
    struct store *s;
    char dir[64];
    char path[96];
    bool memory;
    struct err e;
};

static inline void make_scene(struct scene *t, bool memory)
{
    *t = (struct scene){.memory = memory};
    (void)snprintf(t->dir, sizeof t->dir, "/tmp/hatirlat-store-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    (void)snprintf(t->path, sizeof t->path, "%s/q.db", t->dir);
    assert_int_equal(memory ? store_memory_open(&t->s, &t->e)
                            : store_sqlite_open(t->path, STORE_CREATE, &t->s, &t->e),
                     0);
}

static inline void unlink_suffix(const struct scene *t, const char *suffix)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s%s", t->path, suffix);
    (void)unlink(path);
}

static inline int setup_sqlite(void **state)
{
    struct scene *t = malloc(sizeof *t);

    make_scene(t, false);
    *state = t;
    return 0;
}

static inline int setup_memory(void **state)
{
    struct scene *t = malloc(sizeof *t);

    make_scene(t, true);
    *state = t;
    return 0;
}

static inline int teardown(void **state)
{
    struct scene *t = *state;

    store_close(t->s);
    unlink_suffix(t, "");
    unlink_suffix(t, "-wal");
    unlink_suffix(t, "-shm");
    unlink_suffix(t, ".lock");
    assert_int_equal(rmdir(t->dir), 0);
    free(t);
    return 0;
}

#define SQLITE_CASE(name) cmocka_unit_test_setup_teardown(name, setup_sqlite, teardown),
#define MEMORY_CASE(name) cmocka_unit_test_setup_teardown(name, setup_memory, teardown),

static inline void begin(struct scene *t)
{
    assert_int_equal(store_begin(t->s, &t->e), 0);
}

static inline void commit(struct scene *t)
{
    assert_int_equal(store_commit(t->s, &t->e), 0);
}

static inline int note_present(void *ctx, const struct message_row *row)
{
    struct message_move *move = ctx;

    move->from = row->state;
    move->to = row->state;
    move->now_ms = row->updated_ms;
    return 0;
}

/* An attempt of a message that stays as it is. */
static inline void open_attempt(struct scene *t, const struct attempt_row *row)
{
    struct message_move move = {.id = row->message_id, .opens = row};

    assert_int_equal(store_message_get(t->s, row->message_id, note_present, &move, &t->e), 0);
    assert_int_equal(store_message_move(t->s, &move, &t->e), 0);
}

/* What was committed must be there afterwards; the memory twin has nothing to come back from. */
static inline void reopen(struct scene *t)
{
    if (!t->memory) {
        store_close(t->s);
        assert_int_equal(store_sqlite_open(t->path, 0, &t->s, &t->e), 0);
    }
}

static inline int64_t put_case(struct scene *t, int64_t id, const char *certificate,
                               const char *holder)
{
    const struct case_row row = {.id = id,
                                 .certificate = str_of(certificate),
                                 .holder = str_of(holder),
                                 .state = 2,
                                 .eonay = 1,
                                 .not_after_ms = 5000,
                                 .fact_ms = 4000,
                                 .facts = STR("{\"name\":\"Ayşe\"}"),
                                 .event_seq = 17,
                                 .updated_ms = 6000};
    int64_t ret = 0;

    assert_int_equal(store_case_put(t->s, &row, &ret, &t->e), 0);
    return ret;
}

static inline struct message_row message(int64_t case_id, int step, int64_t due_ms)
{
    return (struct message_row){.case_id = case_id,
                                .event_seq = 4,
                                .campaign = STR("yenileme"),
                                .step = step,
                                .channel = CHANNEL_SMS,
                                .state = MESSAGE_PLANNED,
                                .urgency = URGENCY_CAMPAIGN,
                                .template = STR("e1"),
                                .created_ms = 10 + step,
                                .planned_ms = 20,
                                .due_ms = due_ms,
                                .deadline_ms = 900000,
                                .reason = STR(""),
                                .facts = STR("{}"),
                                .updated_ms = 10};
}

static inline int64_t add_message(struct scene *t, const struct message_row *row)
{
    int64_t id = 0;

    assert_int_equal(store_message_add(t->s, row, &id, &t->e), 0);
    return id;
}

static inline int64_t add_simple(struct scene *t, int64_t case_id, int step, int64_t due_ms)
{
    const struct message_row row = message(case_id, step, due_ms);

    return add_message(t, &row);
}

static inline int move_simple(struct scene *t, int64_t id, enum message_state from,
                              enum message_state to)
{
    const struct message_move m = {
        .id = id, .from = from, .to = to, .now_ms = 50, .actor = STR("test")};

    return store_message_move(t->s, &m, &t->e);
}
