#include "store/store_thread.h"

#include "loop/mailbox.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { ROUND_MAX = 256 };

struct store_thread {
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t wake;
    struct list queue; /* under mutex */
    bool stopping;     /* under mutex */
    enum store_thread_kind kind;
    struct store *store; /* the thread's */
    struct mailbox *mailbox;
    struct list end; /* posted as the last thing */
    size_t pending;  /* loop thread */
    _Atomic uint64_t rounds;
    void (*closed)(void *ctx);
    void *ctx;
};

static struct store_job *job_of(struct list *node)
{
    return list_entry(node, struct store_job, node);
}

/* ---- the thread ---- */

/* Waits for work; the list stays empty when it is time to end. */
static void take(struct store_thread *t, struct list *ret_jobs)
{
    uv_mutex_lock(&t->mutex);
    while (list_empty(&t->queue) && !t->stopping) {
        uv_cond_wait(&t->wake, &t->mutex);
    }
    for (size_t n = 0; n < ROUND_MAX; n++) {
        struct list *node = list_pop_front(&t->queue);

        if (node == NULL) {
            break;
        }
        list_push_back(ret_jobs, node);
    }
    uv_mutex_unlock(&t->mutex);
}

static void work(struct store_thread *t, struct store_job *job)
{
    job->err.code = 0;
    job->err.text[0] = '\0';
    job->status = job->work(job, t->store, &job->err);
}

/* Reading shares nothing: each is answered at once, whatever long one follows it. */
static void run_reader(struct store_thread *t, struct list *jobs)
{
    struct list *node;

    while ((node = list_pop_front(jobs)) != NULL) {
        work(t, job_of(node));
        mailbox_post(t->mailbox, node);
    }
}

/* One job among several: what it wrote can be taken back alone. */
static void run_part(struct store_thread *t, struct store_job *job)
{
    job->status = store_savepoint(t->store, &job->err);
    if (job->status != 0) {
        return;
    }
    work(t, job);
    if (job->status == 0) {
        job->status = store_release(t->store, &job->err);
    } else {
        store_undo(t->store);
    }
}

static int run_all(struct store_thread *t, struct list *jobs, struct err *e)
{
    const bool alone = jobs->next->next == jobs;
    int rc = store_begin(t->store, e);

    if (rc != 0) {
        return rc;
    }
    if (!alone) {
        list_each(node, jobs)
        {
            run_part(t, job_of(node));
        }
        return store_commit(t->store, e);
    }
    work(t, job_of(jobs->next));
    if (job_of(jobs->next)->status == 0) {
        return store_commit(t->store, e);
    }
    store_rollback(t->store);
    return 0;
}

static void run_writer(struct store_thread *t, struct list *jobs)
{
    struct err e;
    const int rc = run_all(t, jobs, &e);

    if (rc == 0) {
        return;
    }
    list_each(node, jobs)
    {
        job_of(node)->status = rc;
        job_of(node)->err = e;
    }
}

static void run(void *arg)
{
    struct store_thread *t = arg;
    struct list *node;
    struct list jobs;

    list_init(&jobs);
    for (take(t, &jobs); !list_empty(&jobs); take(t, &jobs)) {
        if (t->kind == STORE_THREAD_WRITER) {
            run_writer(t, &jobs);
        } else {
            run_reader(t, &jobs);
        }
        atomic_fetch_add(&t->rounds, 1);
        while ((node = list_pop_front(&jobs)) != NULL) {
            mailbox_post(t->mailbox, node);
        }
    }
    store_close(t->store);
    mailbox_post(t->mailbox, &t->end);
}

/* ---- the loop ---- */

static void finish(struct store_thread *t, struct store_job *job)
{
    t->pending--;
    job->done(job, job->status, &job->err);
}

/* Jobs that were submitted while the thread was ending. */
static void refuse_late(struct store_thread *t)
{
    struct list *node;

    while ((node = list_pop_front(&t->queue)) != NULL) {
        struct store_job *job = job_of(node);

        job->status = err_set(&job->err, ERR_WRONG_STATE, "the store is closed");
        finish(t, job);
    }
}

static void on_closed(void *ctx)
{
    struct store_thread *t = ctx;
    void (*closed)(void *ctx) = t->closed;
    void *closed_ctx = t->ctx;

    refuse_late(t);
    uv_cond_destroy(&t->wake);
    uv_mutex_destroy(&t->mutex);
    free(t);
    if (closed != NULL) {
        closed(closed_ctx);
    }
}

static void receive(void *ctx, struct list *nodes)
{
    struct store_thread *t = ctx;
    struct list *node;

    while ((node = list_pop_front(nodes)) != NULL) {
        if (node == &t->end) {
            (void)uv_thread_join(&t->thread);
            mailbox_close(t->mailbox, on_closed);
            return;
        }
        finish(t, job_of(node));
    }
}

static int start(uv_loop_t *loop, struct store_thread *t, struct err *e)
{
    int rc = mailbox_create(loop, receive, t, &t->mailbox, e);

    if (rc != 0) {
        return rc;
    }
    if (uv_mutex_init(&t->mutex) != 0) {
        mailbox_close(t->mailbox, NULL);
        return err_set(e, ERR_NOMEM, "cannot create a mutex");
    }
    if (uv_cond_init(&t->wake) != 0) {
        uv_mutex_destroy(&t->mutex);
        mailbox_close(t->mailbox, NULL);
        return err_set(e, ERR_NOMEM, "cannot create a condition");
    }
    if (uv_thread_create(&t->thread, run, t) != 0) {
        uv_cond_destroy(&t->wake);
        uv_mutex_destroy(&t->mutex);
        mailbox_close(t->mailbox, NULL);
        return err_set(e, ERR_NOMEM, "cannot start the store thread");
    }
    return 0;
}

int store_thread_start(uv_loop_t *loop, struct store *s, enum store_thread_kind kind,
                       struct store_thread **ret, struct err *e)
{
    struct store_thread *t = calloc(1, sizeof *t);
    int rc;

    if (t == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the store thread");
    }
    list_init(&t->queue);
    list_init(&t->end);
    t->kind = kind;
    t->store = s;
    rc = start(loop, t, e);
    if (rc != 0) {
        free(t);
        return rc;
    }
    *ret = t;
    return 0;
}

void store_thread_submit(struct store_thread *t, struct store_job *job)
{
    t->pending++;
    uv_mutex_lock(&t->mutex);
    list_push_back(&t->queue, &job->node);
    uv_cond_signal(&t->wake);
    uv_mutex_unlock(&t->mutex);
}

size_t store_thread_pending(const struct store_thread *t)
{
    return t->pending;
}

uint64_t store_thread_rounds(const struct store_thread *t)
{
    return atomic_load(&t->rounds);
}

void store_thread_stop(struct store_thread *t, void (*closed)(void *ctx), void *ctx)
{
    t->closed = closed;
    t->ctx = ctx;
    uv_mutex_lock(&t->mutex);
    t->stopping = true;
    uv_cond_signal(&t->wake);
    uv_mutex_unlock(&t->mutex);
}
