/*
 * Threads hand things to the loop through a mailbox: any thread posts, the loop thread receives
 * everything posted so far in order. One uv_async_t and one mutex; a wake-up is never lost.
 */
#pragma once

#include "base/err.h"
#include "base/list.h"

#include <stdbool.h>
#include <uv.h>

struct mailbox;

/*
 * receive gets a list of the posted nodes, on the loop thread. Fails only without memory or file
 * descriptors. Call on the loop thread.
 */
int mailbox_create(uv_loop_t *loop, void (*receive)(void *ctx, struct list *nodes), void *ctx,
                   struct mailbox **ret, struct err *e);
/* Any thread. The node belongs to the mailbox until received. */
void mailbox_post(struct mailbox *m, struct list *node);
/* Loop thread, after the last post; what was posted is still received first. closed may be null. */
void mailbox_close(struct mailbox *m, void (*closed)(void *ctx));
/* Keeps (true, the start value) or stops keeping the loop alive. */
void mailbox_ref(struct mailbox *m, bool keep_alive);
