#include "providers/smtp/smtp_worker.h"

#include "base/crypto.h"
#include "providers/smtp/smtp_mail.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct smtp_pool {
    pthread_mutex_t mutex; /* guards what follows, and every task's phase */
    pthread_cond_t wake;
    struct list queue;
    size_t queued;
    size_t idle;
    size_t running; /* threads */
    size_t holders; /* threads and the loop */
    atomic_bool finish;
    atomic_bool cancel;

    struct smtp_plan plan;
    struct mailbox *mailbox;
    size_t batch;
    size_t count;
    struct smtp_thread {
        struct smtp_pool *pool;
        pthread_t id;
        struct smtp_task **tasks; /* room for a batch */
        bool left;
    } threads[];
};

void smtp_plan_finish(struct smtp_plan *plan)
{
    if (plan->password != NULL) {
        crypto_wipe(plan->password, strlen(plan->password));
    }
    free(plan->password);
    free(plan->server);
    free(plan->helo);
    free(plan->user);
    SSL_CTX_free(plan->tls); /* refers to host */
    free(plan->host);
    *plan = (struct smtp_plan){0};
}

void smtp_task_destroy(struct smtp_task *task)
{
    if (task != NULL) {
        free(task->to);
        free(task->from);
        free(task->mail);
        free(task);
    }
}

struct smtp_task *smtp_task_create(struct provider_job *job, const char *from)
{
    struct smtp_task *task = calloc(1, sizeof *task);

    if (task == NULL) {
        return NULL;
    }
    task->job = job;
    task->to = str_dup(str_of(job->to));
    task->from = str_dup(str_of(from));
    task->mail = str_dup((struct str){job->mail, job->mail_len});
    task->mail_len = job->mail_len;
    (void)str_copy(task->ref, sizeof task->ref, str_of(job->ref));
    task->eight_bit = smtp_mail_8bit((struct str){job->mail, job->mail_len});
    list_init(&task->node);
    list_init(&task->all);
    if (task->to == NULL || task->from == NULL || task->mail == NULL) {
        smtp_task_destroy(task);
        return NULL;
    }
    return task;
}

/* Lets go of the mutex; the last one frees. */
static void unlock_and_drop(struct smtp_pool *pool)
{
    bool last = --pool->holders == 0;

    pthread_mutex_unlock(&pool->mutex);
    if (last) {
        smtp_plan_finish(&pool->plan);
        pthread_cond_destroy(&pool->wake);
        pthread_mutex_destroy(&pool->mutex);
        free(pool);
    }
}

static bool advance(void *ctx, struct smtp_task *task, enum smtp_phase phase)
{
    struct smtp_pool *pool = ctx;
    bool going;

    pthread_mutex_lock(&pool->mutex);
    going = task->phase != SMTP_ABANDONED;
    if (going) {
        task->phase = phase;
    }
    pthread_mutex_unlock(&pool->mutex);
    return going;
}

/* With the mutex held. */
static void post(struct smtp_pool *pool, struct smtp_task *task, const struct outcome *outcome)
{
    if (task->phase == SMTP_ABANDONED) {
        smtp_task_destroy(task);
        return;
    }
    task->phase = SMTP_SETTLED;
    task->outcome = *outcome;
    mailbox_post(pool->mailbox, &task->node);
}

static void settle(void *ctx, struct smtp_task *task, const struct outcome *outcome)
{
    struct smtp_pool *pool = ctx;

    pthread_mutex_lock(&pool->mutex);
    post(pool, task, outcome);
    pthread_mutex_unlock(&pool->mutex);
}

/* With the mutex held: a fair share of the queue, so that idle threads get some too. */
static size_t take(struct smtp_pool *pool, struct smtp_task **tasks)
{
    size_t share = (pool->queued + pool->idle - 1) / pool->idle;
    size_t count = 0;

    while (count < share && count < pool->batch && !list_empty(&pool->queue)) {
        tasks[count++] = list_entry(list_pop_front(&pool->queue), struct smtp_task, node);
        pool->queued--;
    }
    return count;
}

static void work(struct smtp_pool *pool, struct smtp_task **tasks)
{
    struct smtp_batch batch = {.plan = &pool->plan,
                               .tasks = tasks,
                               .cancel = &pool->cancel,
                               .finish = &pool->finish,
                               .ctx = pool,
                               .advance = advance,
                               .settle = settle};

    pthread_mutex_lock(&pool->mutex);
    pool->idle++;
    while (!atomic_load(&pool->finish)) {
        if (list_empty(&pool->queue)) {
            pthread_cond_wait(&pool->wake, &pool->mutex);
            continue;
        }
        batch.count = take(pool, tasks);
        pool->idle--;
        pthread_mutex_unlock(&pool->mutex);
        smtp_session_run(&batch);
        pthread_mutex_lock(&pool->mutex);
        pool->idle++;
    }
    pool->idle--;
    pthread_mutex_unlock(&pool->mutex);
}

static void *thread_main(void *arg)
{
    struct smtp_thread *self = arg;
    struct smtp_pool *pool = self->pool;

    work(pool, self->tasks);
    free(self->tasks);
    pthread_mutex_lock(&pool->mutex);
    pool->running--;
    self->left = true;
    unlock_and_drop(pool);
    return NULL;
}

/* Signals are the loop's; SIGPIPE must not kill us when a relay hangs up (libesmtp uses write()).
 */
static int start_thread(struct smtp_pool *pool, size_t i, struct err *e)
{
    struct smtp_thread *thread = &pool->threads[i];
    char name[32];
    sigset_t all;
    sigset_t old;
    int rc;

    thread->pool = pool;
    thread->tasks = calloc(pool->batch, sizeof(struct smtp_task *));
    if (thread->tasks == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for an SMTP thread");
    }
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&thread->id, NULL, thread_main, thread);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        free(thread->tasks);
        return err_errno(e, rc, "cannot start an SMTP thread");
    }
    (void)snprintf(name, sizeof name, "smtp-%u", (unsigned)(i + 1) % 1000);
    (void)pthread_setname_np(thread->id, name);
    return 0;
}

int smtp_pool_create(const struct smtp_plan *plan, size_t workers, size_t batch,
                     struct mailbox *mailbox, struct smtp_pool **ret_pool, struct err *e)
{
    struct smtp_pool *pool = calloc(1, sizeof *pool + workers * sizeof pool->threads[0]);
    struct smtp_plan own = *plan;
    int rc = 0;

    if (pool == NULL) {
        smtp_plan_finish(&own);
        return err_set(e, ERR_NOMEM, "no memory for the SMTP threads");
    }
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->wake, NULL);
    list_init(&pool->queue);
    pool->plan = own;
    pool->mailbox = mailbox;
    pool->batch = batch;
    pool->holders = 1;
    pthread_mutex_lock(&pool->mutex);
    while (rc == 0 && pool->count < workers) {
        rc = start_thread(pool, pool->count, e);
        if (rc == 0) {
            pool->count++;
            pool->running++;
            pool->holders++;
        }
    }
    pthread_mutex_unlock(&pool->mutex);
    if (rc != 0) {
        smtp_pool_finish(pool);
        smtp_pool_release(pool);
        return rc;
    }
    *ret_pool = pool;
    return 0;
}

void smtp_pool_push(struct smtp_pool *pool, struct list *tasks, size_t count)
{
    pthread_mutex_lock(&pool->mutex);
    list_splice_back(&pool->queue, tasks);
    pool->queued += count;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

void smtp_pool_finish(struct smtp_pool *pool)
{
    struct outcome outcome;
    struct list *node;

    outcome_set(&outcome, OUTCOME_UNTOUCHED, "", "the gateway is shutting down");
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->finish, true);
    while ((node = list_pop_front(&pool->queue)) != NULL) {
        post(pool, list_entry(node, struct smtp_task, node), &outcome);
    }
    pool->queued = 0;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

void smtp_pool_cancel(struct smtp_pool *pool)
{
    atomic_store(&pool->cancel, true);
}

size_t smtp_pool_running(struct smtp_pool *pool)
{
    size_t running;

    pthread_mutex_lock(&pool->mutex);
    running = pool->running;
    pthread_mutex_unlock(&pool->mutex);
    return running;
}

bool smtp_pool_abandon(struct smtp_pool *pool, struct smtp_task *task, struct outcome *ret_outcome)
{
    bool taken;

    pthread_mutex_lock(&pool->mutex);
    taken = task->phase != SMTP_SETTLED;
    if (taken && task->phase == SMTP_DOT) {
        outcome_set(ret_outcome, OUTCOME_UNKNOWN, "shutdown",
                    "the gateway shut down before the relay gave its verdict");
    } else if (taken) {
        outcome_set(ret_outcome, OUTCOME_UNTOUCHED, "", "the gateway is shutting down");
    }
    if (taken) {
        task->phase = SMTP_ABANDONED;
    }
    pthread_mutex_unlock(&pool->mutex);
    return taken;
}

void smtp_pool_release(struct smtp_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        bool left;

        pthread_mutex_lock(&pool->mutex);
        left = pool->threads[i].left || !atomic_load(&pool->cancel);
        pthread_mutex_unlock(&pool->mutex);
        if (left) {
            (void)pthread_join(pool->threads[i].id, NULL);
        } else {
            (void)pthread_detach(pool->threads[i].id);
        }
    }
    pthread_mutex_lock(&pool->mutex);
    unlock_and_drop(pool);
}
