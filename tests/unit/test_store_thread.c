/* The store thread: one commit for many jobs, failures alone, an orderly end. */
#include "store/store_thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { JOBS = 600, FAILING = 300 };

struct scene {
    uv_loop_t loop;
    char dir[64];
    char path[96];
    struct store_thread *thread;
    struct err e;
    size_t done;
    bool closed;
};

struct append_job {
    struct store_job job;
    struct scene *t;
    char id[16];
    bool fails;  /* after it has written */
    bool stops;  /* its done() stops the thread */
    bool waits;  /* holds the thread up, so that the others gather */
    bool chains; /* its done() submits `next` */
    struct append_job *next;
    int64_t seq;
    int status;
    char error[64];
};

/* ---- scene ---- */

static void on_closed(void *ctx)
{
    ((struct scene *)ctx)->closed = true;
}

static void start(struct scene *t)
{
    struct store *s;

    *t = (struct scene){0};
    (void)snprintf(t->dir, sizeof t->dir, "/tmp/hatirlat-thread-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    (void)snprintf(t->path, sizeof t->path, "%s/q.db", t->dir);
    assert_int_equal(uv_loop_init(&t->loop), 0);
    assert_int_equal(store_sqlite_open(t->path, STORE_CREATE, &s, &t->e), 0);
    assert_int_equal(store_thread_start(&t->loop, s, STORE_THREAD_WRITER, &t->thread, &t->e), 0);
}

static void finish(struct scene *t)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};

    assert_int_equal(uv_loop_close(&t->loop), 0);
    for (size_t i = 0; i < 4; i++) {
        char path[128];

        (void)snprintf(path, sizeof path, "%s%s", t->path, suffixes[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(t->dir), 0);
}

static struct append_job *make_jobs(struct scene *t)
{
    struct append_job *jobs = calloc(JOBS, sizeof *jobs);

    assert_non_null(jobs);
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i].t = t;
        (void)snprintf(jobs[i].id, sizeof jobs[i].id, "e%zu", i);
    }
    return jobs;
}

static int64_t events_on_disk(struct scene *t)
{
    struct store *s;
    int64_t last;

    assert_int_equal(store_sqlite_open(t->path, 0, &s, &t->e), 0);
    last = store_event_last(s);
    store_close(s);
    return last;
}

/* ---- jobs ---- */

static int work(struct store_job *job, struct store *s, struct err *e)
{
    struct append_job *a = (struct append_job *)(void *)job;
    const struct event_row row = {.source = STR("test"), .id = str_of(a->id), .body = STR("{}")};
    unsigned char digest[SHA256_SIZE];
    int rc = store_event_append(s, &row, &a->seq, digest, e);

    if (a->waits) {
        (void)usleep(50000);
    }
    return rc == 0 && a->fails ? err_set(e, ERR_INVALID, "on purpose") : rc;
}

static void done(struct store_job *job, int status, const struct err *e)
{
    struct append_job *a = (struct append_job *)(void *)job;

    a->status = status;
    a->t->done++;
    (void)snprintf(a->error, sizeof a->error, "%.50s", status == 0 ? "" : e->text);
    if (a->chains) {
        store_thread_submit(a->t->thread, &a->next->job);
    }
    if (a->stops || a->t->done == JOBS) {
        store_thread_stop(a->t->thread, on_closed, a->t);
    }
}

static void submit(struct append_job *a)
{
    a->job.work = work;
    a->job.done = done;
    store_thread_submit(a->t->thread, &a->job);
}

/* ---- cases ---- */

static void failing_job_is_undone_alone(void **state)
{
    struct scene t;
    struct append_job *jobs;

    (void)state;
    start(&t);
    jobs = make_jobs(&t);
    jobs[0].waits = true;
    jobs[FAILING].fails = true;
    memcpy(jobs[FAILING + 1].id, "e7", 3); /* known already */
    for (size_t i = 0; i < JOBS; i++) {
        submit(&jobs[i]);
    }
    assert_int_equal(store_thread_pending(t.thread), JOBS);
    assert_int_equal(uv_run(&t.loop, UV_RUN_DEFAULT), 0);
    assert_true(t.closed);
    assert_int_equal(t.done, JOBS);
    for (size_t i = 0; i < JOBS; i++) {
        if (i == FAILING) {
            assert_int_equal(jobs[i].status, ERR_INVALID);
            assert_string_equal(jobs[i].error, "on purpose");
        } else if (i == FAILING + 1) {
            assert_int_equal(jobs[i].status, ERR_EXISTS);
            assert_int_equal(jobs[i].seq, 8);
        } else {
            assert_int_equal(jobs[i].status, 0);
            assert_int_equal(jobs[i].seq, (int64_t)i + (i < FAILING ? 1 : -1));
        }
    }
    assert_int_equal(events_on_disk(&t), JOBS - 2);
    finish(&t);
    free(jobs);
}

static void lone_failing_job_leaves_nothing(void **state)
{
    struct scene t;
    struct append_job *jobs;

    (void)state;
    start(&t);
    jobs = make_jobs(&t);
    jobs[0].fails = true;
    jobs[0].chains = true;
    jobs[0].next = &jobs[1];
    jobs[1].stops = true;
    jobs[1].job.work = work;
    jobs[1].job.done = done;
    submit(&jobs[0]);
    assert_int_equal(uv_run(&t.loop, UV_RUN_DEFAULT), 0);
    assert_true(t.closed);
    assert_int_equal(jobs[0].status, ERR_INVALID);
    assert_int_equal(jobs[1].status, 0);
    assert_int_equal(jobs[1].seq, 1);
    assert_int_equal(events_on_disk(&t), 1);
    finish(&t);
    free(jobs);
}

static void stop_finishes_what_waits(void **state)
{
    struct scene t;
    struct append_job *jobs;

    (void)state;
    start(&t);
    jobs = make_jobs(&t);
    jobs[0].waits = true;
    for (size_t i = 0; i < JOBS - 1; i++) { /* one short, so that done() does not stop again */
        submit(&jobs[i]);
    }
    store_thread_stop(t.thread, on_closed, &t);
    assert_int_equal(uv_run(&t.loop, UV_RUN_DEFAULT), 0);
    assert_true(t.closed);
    assert_int_equal(t.done, JOBS - 1);
    assert_int_equal(events_on_disk(&t), JOBS - 1);
    finish(&t);
    free(jobs);
}

static void late_job_is_told(void **state)
{
    struct scene t;
    struct append_job *jobs;

    (void)state;
    start(&t);
    jobs = make_jobs(&t);
    store_thread_stop(t.thread, on_closed, &t);
    (void)usleep(50000);
    submit(&jobs[0]);
    assert_int_equal(uv_run(&t.loop, UV_RUN_DEFAULT), 0);
    assert_true(t.closed);
    assert_int_equal(t.done, 1);
    assert_int_equal(jobs[0].status, ERR_WRONG_STATE);
    assert_int_equal(events_on_disk(&t), 0);
    finish(&t);
    free(jobs);
}

static void round_of_waiting_jobs_is_shared(void **state)
{
    struct scene t;
    struct append_job *jobs;
    uint64_t rounds;

    (void)state;
    start(&t);
    jobs = make_jobs(&t);
    assert_int_equal(store_thread_rounds(t.thread), 0);
    jobs[0].waits = true;
    submit(&jobs[0]);
    (void)usleep(20000);
    for (size_t i = 1; i < 200; i++) {
        submit(&jobs[i]);
    }
    while (t.done < 200) {
        (void)uv_run(&t.loop, UV_RUN_ONCE);
    }
    rounds = store_thread_rounds(t.thread);
    assert_true(rounds >= 2 && rounds <= 3); /* the first may have begun with some of the others */
    store_thread_stop(t.thread, on_closed, &t);
    assert_int_equal(uv_run(&t.loop, UV_RUN_DEFAULT), 0);
    finish(&t);
    free(jobs);
}

/* A store whose commits fail tells everybody in the round and goes on with the next. */
static int spoil(struct store_job *job, struct store *s, struct err *e)
{
    (void)job;
    store_rollback(s);
    return err_set(e, ERR_INVALID, "the transaction is gone");
}

static void failed_commit_reaches_every_job(void **state)
{
    struct scene t;
    struct append_job *jobs;

    (void)state;
    start(&t);
    jobs = make_jobs(&t);
    jobs[0].waits = true;
    submit(&jobs[0]);
    (void)usleep(20000);
    submit(&jobs[1]);
    jobs[2].job.work = spoil;
    jobs[2].job.done = done;
    store_thread_submit(t.thread, &jobs[2].job);
    submit(&jobs[3]);
    while (t.done < 4) {
        (void)uv_run(&t.loop, UV_RUN_ONCE);
    }
    assert_int_equal(jobs[0].status, 0);
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(jobs[i].status, ERR_WRONG_STATE);
    }
    submit(&jobs[4]);
    jobs[4].stops = true;
    assert_int_equal(uv_run(&t.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(jobs[4].status, 0);
    assert_int_equal(jobs[4].seq, 2);
    assert_int_equal(events_on_disk(&t), 2);
    finish(&t);
    free(jobs);
}

/* ---- a reader beside the writer ---- */

struct case_job {
    struct store_job job;
    struct scene *t;
    struct case_job *look; /* what the writer's done() submits to the reader */
    char certificate[16];
    int status;
};

static struct store_thread *reader;

static int see_nothing(void *ctx, const struct case_row *row)
{
    (void)ctx;
    (void)row;
    return 0;
}

static int put_work(struct store_job *job, struct store *s, struct err *e)
{
    const struct case_job *c = (struct case_job *)(void *)job;
    const struct case_row row = {.certificate = str_of(c->certificate), .holder = STR("h")};
    int64_t id;

    return store_case_put(s, &row, &id, e);
}

static int look_work(struct store_job *job, struct store *s, struct err *e)
{
    const struct case_job *c = (struct case_job *)(void *)job;

    return store_case_by_certificate(s, str_of(c->certificate), see_nothing, NULL, e);
}

static void look_done(struct store_job *job, int status, const struct err *e)
{
    struct case_job *c = (struct case_job *)(void *)job;

    (void)e;
    c->status = status;
    if (++c->t->done == JOBS) {
        store_thread_stop(reader, NULL, NULL);
        store_thread_stop(c->t->thread, on_closed, c->t);
    }
}

static void put_done(struct store_job *job, int status, const struct err *e)
{
    struct case_job *c = (struct case_job *)(void *)job;

    (void)e;
    c->status = status;
    store_thread_submit(reader, &c->look->job);
}

static void reader_finds_what_the_writer_committed(void **state)
{
    struct case_job *jobs = calloc(JOBS, 2 * sizeof *jobs);
    struct store *s;
    struct scene t;

    (void)state;
    assert_non_null(jobs);
    start(&t);
    assert_int_equal(store_sqlite_open(t.path, STORE_READ_ONLY, &s, &t.e), 0);
    assert_int_equal(store_thread_start(&t.loop, s, STORE_THREAD_READER, &reader, &t.e), 0);
    for (size_t i = 0; i < JOBS; i++) {
        struct case_job *put = &jobs[2 * i];
        struct case_job *look = &jobs[2 * i + 1];

        put->t = look->t = &t;
        put->look = look;
        put->job.work = put_work;
        put->job.done = put_done;
        look->job.work = look_work;
        look->job.done = look_done;
        (void)snprintf(put->certificate, sizeof put->certificate, "c%zu", i);
        (void)snprintf(look->certificate, sizeof look->certificate, "c%zu", i);
        store_thread_submit(t.thread, &put->job);
    }
    assert_int_equal(uv_run(&t.loop, UV_RUN_DEFAULT), 0);
    assert_true(t.closed);
    for (size_t i = 0; i < 2 * (size_t)JOBS; i++) {
        assert_int_equal(jobs[i].status, 0);
    }
    finish(&t);
    free(jobs);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(failing_job_is_undone_alone),
        cmocka_unit_test(lone_failing_job_leaves_nothing),
        cmocka_unit_test(stop_finishes_what_waits),
        cmocka_unit_test(late_job_is_told),
        cmocka_unit_test(round_of_waiting_jobs_is_shared),
        cmocka_unit_test(failed_commit_reaches_every_job),
        cmocka_unit_test(reader_finds_what_the_writer_committed),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
