#include "loop/mailbox.h"

#include <stdlib.h>

struct mailbox {
    uv_async_t async;
    uv_mutex_t mutex;
    struct list posted;
    void (*receive)(void *ctx, struct list *nodes);
    void (*closed)(void *ctx);
    void *ctx;
};

static void deliver(struct mailbox *m)
{
    struct list nodes;

    list_init(&nodes);
    uv_mutex_lock(&m->mutex);
    list_splice_back(&nodes, &m->posted);
    uv_mutex_unlock(&m->mutex);
    if (!list_empty(&nodes)) {
        m->receive(m->ctx, &nodes);
    }
}

static void on_wake(uv_async_t *async)
{
    deliver(async->data);
}

int mailbox_create(uv_loop_t *loop, void (*receive)(void *ctx, struct list *nodes), void *ctx,
                   struct mailbox **ret, struct err *e)
{
    struct mailbox *m = calloc(1, sizeof *m);

    if (m == NULL || uv_mutex_init(&m->mutex) != 0) {
        free(m);
        return err_set(e, ERR_NOMEM, "no memory for a mailbox");
    }
    if (uv_async_init(loop, &m->async, on_wake) != 0) {
        uv_mutex_destroy(&m->mutex);
        free(m);
        return err_set(e, ERR_IO, "cannot create a wake-up handle");
    }
    list_init(&m->posted);
    m->async.data = m;
    m->receive = receive;
    m->ctx = ctx;
    *ret = m;
    return 0;
}

void mailbox_post(struct mailbox *m, struct list *node)
{
    uv_mutex_lock(&m->mutex);
    list_push_back(&m->posted, node);
    (void)uv_async_send(&m->async);
    uv_mutex_unlock(&m->mutex);
}

static void on_closed(uv_handle_t *handle)
{
    struct mailbox *m = handle->data;

    if (m->closed != NULL) {
        m->closed(m->ctx);
    }
    uv_mutex_destroy(&m->mutex);
    free(m);
}

void mailbox_close(struct mailbox *m, void (*closed)(void *ctx))
{
    deliver(m);
    m->closed = closed;
    uv_close((uv_handle_t *)&m->async, on_closed);
}

void mailbox_ref(struct mailbox *m, bool keep_alive)
{
    if (keep_alive) {
        uv_ref((uv_handle_t *)&m->async);
    } else {
        uv_unref((uv_handle_t *)&m->async);
    }
}
