/*
 * The store thread: jobs from the loop run one after the other against a store handle that only
 * this thread touches. All jobs waiting when a round begins (up to 256) share one transaction; a
 * lone job commits at once. done() comes on the loop thread after the commit, so whoever answers
 * from done() answers about durable facts. A job whose work fails is undone alone; when the commit
 * itself fails, every job of the round gets that error, also those that had failed alone: what they
 * saw may have been undone with the others.
 */
#pragma once

#include "base/list.h"
#include "store/store.h"

#include <uv.h>

struct store_thread;

struct store_job {
    struct list node;
    /* Store thread, inside the transaction. Touches only the job and the store. */
    int (*work)(struct store_job *job, struct store *s, struct err *e);
    /* Loop thread; status is 0 or what work or the commit returned, with e filled. */
    void (*done)(struct store_job *job, int status, const struct err *e);
    int status; /* the thread's, until done */
    struct err err;
};

enum store_thread_kind { STORE_THREAD_WRITER, STORE_THREAD_READER };

/* Takes the store over; READER runs jobs without transactions. Loop thread. */
int store_thread_start(uv_loop_t *loop, struct store *s, enum store_thread_kind kind,
                       struct store_thread **ret, struct err *e);
/*
 * Loop thread. The job belongs to the thread until done. After store_thread_stop() it may come too
 * late, and is then done with ERR_WRONG_STATE.
 */
void store_thread_submit(struct store_thread *t, struct store_job *job);
/* Jobs submitted and not yet done. Loop thread. */
size_t store_thread_pending(const struct store_thread *t);
/* Rounds finished since the start; grows while the thread makes progress. Any thread. */
uint64_t store_thread_rounds(const struct store_thread *t);
/*
 * Finishes the waiting jobs, closes the store, joins the thread, then calls closed on the loop
 * thread; t is gone after that. Loop thread.
 */
void store_thread_stop(struct store_thread *t, void (*closed)(void *ctx), void *ctx);
