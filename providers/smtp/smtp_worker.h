/*
 * The threads that send and the queue in front of them. All functions are the loop thread's. The
 * pool is counted: a thread stuck in name resolution may outlive the provider, and then frees what
 * is left.
 */
#pragma once

#include "loop/mailbox.h"
#include "providers/smtp/smtp_session.h"

struct smtp_pool;

/*
 * Starts the threads; each posts settled tasks to mailbox. plan's fields belong to the pool from
 * here on, also on failure. ret_pool is released with smtp_pool_release().
 */
int smtp_pool_create(const struct smtp_plan *plan, size_t workers, size_t batch,
                     struct mailbox *mailbox, struct smtp_pool **ret_pool, struct err *e);
/* Takes the list's tasks (by node); each is the pool's until it comes through the mailbox. */
void smtp_pool_push(struct smtp_pool *pool, struct list *tasks, size_t count);
/* No further message begins; what waits in the queue is posted UNTOUCHED; idle threads leave. */
void smtp_pool_finish(struct smtp_pool *pool);
/* Ends the sessions that still run. */
void smtp_pool_cancel(struct smtp_pool *pool);
/* Threads that have not left yet. */
size_t smtp_pool_running(struct smtp_pool *pool);
/*
 * Takes a task away from a thread that does not come back: false when it is settled and on its way
 * through the mailbox; else ret_outcome says what became of it, and its dot will never be sent.
 */
bool smtp_pool_abandon(struct smtp_pool *pool, struct smtp_task *task, struct outcome *ret_outcome);
/* Nothing is posted after this. Joins threads that left, lets go of the others. */
void smtp_pool_release(struct smtp_pool *pool);

/* A copy of the job's message; null without memory. Free with smtp_task_destroy(). */
struct smtp_task *smtp_task_create(struct provider_job *job, const char *from);
void smtp_task_destroy(struct smtp_task *task);
void smtp_plan_finish(struct smtp_plan *plan);
