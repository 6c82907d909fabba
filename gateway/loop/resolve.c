#include "loop/resolve.h"

#include "base/str.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOST_SIZE = 256, SERVICE_SIZE = 8, STACK_BYTES = 256 * 1024 };

/* Held by the loop until its handle is closed, and by the thread until it has its answer. */
struct resolve {
    uv_async_t async;
    pthread_mutex_t mutex;
    int holders;
    bool cancelled;
    resolve_fn *done;
    void *ctx;
    char host[HOST_SIZE];
    char service[SERVICE_SIZE];
    struct addrinfo *list;
    int code; /* of getaddrinfo() */
};

static void let_go(struct resolve *r)
{
    int holders;

    pthread_mutex_lock(&r->mutex);
    holders = --r->holders;
    pthread_mutex_unlock(&r->mutex);
    if (holders > 0) {
        return;
    }
    if (r->list != NULL) {
        freeaddrinfo(r->list);
    }
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

static void look_up(struct resolve *r, int flags)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};

    r->code = getaddrinfo(r->host, r->service, &hints, &r->list);
    if (r->code != 0) {
        r->list = NULL;
    }
}

static void *run(void *arg)
{
    struct resolve *r = arg;

    look_up(r, 0);
    pthread_mutex_lock(&r->mutex);
    if (!r->cancelled) {
        (void)uv_async_send(&r->async);
    }
    pthread_mutex_unlock(&r->mutex);
    let_go(r);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

static void on_answer(uv_async_t *async)
{
    struct resolve *r = async->data;
    struct addrinfo *list;

    pthread_mutex_lock(&r->mutex);
    list = r->list;
    r->list = NULL;
    r->cancelled = true;
    pthread_mutex_unlock(&r->mutex);
    uv_close((uv_handle_t *)async, on_closed);
    r->done(r->ctx, list, list == NULL ? gai_strerror(r->code) : NULL);
}

static int start_thread(struct resolve *r)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int code;

    if (pthread_attr_init(&attributes) != 0) {
        return ERR_NOMEM;
    }
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    code = pthread_create(&thread, &attributes, run, r);
    (void)pthread_attr_destroy(&attributes);
    return code == 0 ? 0 : ERR_NOMEM;
}

static struct resolve *create(uv_loop_t *loop, const char *host, int port)
{
    struct resolve *r = calloc(1, sizeof(*r));

    if (r == NULL || str_copy(r->host, sizeof(r->host), str_of(host)) != 0 ||
        pthread_mutex_init(&r->mutex, NULL) != 0) {
        free(r);
        return NULL;
    }
    (void)snprintf(r->service, sizeof(r->service), "%d", port);
    if (uv_async_init(loop, &r->async, on_answer) != 0) {
        pthread_mutex_destroy(&r->mutex);
        free(r);
        return NULL;
    }
    r->async.data = r;
    r->holders = 1;
    return r;
}

int resolve_start(uv_loop_t *loop, const char *host, int port, resolve_fn *done, void *ctx,
                  struct resolve **ret, struct err *e)
{
    struct resolve *r = create(loop, host, port);

    if (r == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to look up %s", host);
    }
    r->done = done;
    r->ctx = ctx;
    look_up(r, AI_NUMERICHOST);
    if (r->list != NULL) {
        (void)uv_async_send(&r->async);
        *ret = r;
        return 0;
    }
    r->holders = 2;
    if (start_thread(r) != 0) {
        r->holders = 1;
        uv_close((uv_handle_t *)&r->async, on_closed);
        return err_set(e, ERR_NOMEM, "no thread to look up %s", host);
    }
    *ret = r;
    return 0;
}

void resolve_cancel(struct resolve *r)
{
    pthread_mutex_lock(&r->mutex);
    r->cancelled = true;
    pthread_mutex_unlock(&r->mutex);
    uv_close((uv_handle_t *)&r->async, on_closed);
}
