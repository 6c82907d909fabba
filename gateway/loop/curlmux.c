#include "loop/curlmux.h"

#include "loop/curlmux_internal.h"

#include <stdlib.h>

enum { SPARE_MAX = 64, NAME_S = 5 };

const struct curlmux_limits curlmux_default_limits = {
    .host_connections = 32, .connections = 256, .in_flight = 4096};

/* The life of a transfer. */

static void transfer_free(struct transfer *t)
{
    transfer_forget(t);
    curl_easy_cleanup(t->easy);
    free(t);
}

static struct transfer *transfer_create(struct curlmux *mux)
{
    struct transfer *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        return NULL;
    }
    t->easy = curl_easy_init();
    if (t->easy == NULL) {
        free(t);
        return NULL;
    }
    t->mux = mux;
    return t;
}

/* One that knows such requests, the one used last first; else the one that has waited longest. */
static struct transfer *transfer_spare(struct curlmux *mux, uint64_t kin)
{
    struct list *node = mux->spare.prev;

    while (node != &mux->spare && list_entry(node, struct transfer, node)->kin != kin) {
        node = node->prev;
    }
    return list_entry(node != &mux->spare ? node : mux->spare.next, struct transfer, node);
}

static struct transfer *transfer_take(struct curlmux *mux, uint64_t kin)
{
    struct transfer *t;

    if (mux->spare_count == 0) {
        return transfer_create(mux);
    }
    t = transfer_spare(mux, kin);
    list_remove(&t->node);
    mux->spare_count--;
    if (t->kin != kin) {
        transfer_forget(t);
    }
    return t;
}

/* The handle is kept for another request. */
static void transfer_give_back(struct transfer *t)
{
    struct curlmux *mux = t->mux;

    transfer_reset(t);
    if (mux->spare_count >= SPARE_MAX || mux->closing) {
        transfer_free(t);
        return;
    }
    list_push_back(&mux->spare, &t->node);
    mux->spare_count++;
}

static void transfer_finish(struct curlmux_work *work, CURLcode result)
{
    struct transfer *t = (struct transfer *)work;
    struct curlmux *mux = t->mux;
    struct curlmux_answer answer;

    curl_multi_remove_handle(mux->multi, t->easy);
    list_remove(&t->node);
    mux->active_count--;
    transfer_answer(t, result, &answer);
    if (mux->watcher != NULL) {
        mux->watcher(mux->watcher_ctx, NULL, &answer);
    }
    t->done(t->ctx, &answer);
    /* libcurl counts a handle's repetitions over all its transfers, and gives up at the sixth. */
    if (result != CURLE_OK || t->begun != 1) {
        t->kin = 0;
    }
    transfer_give_back(t);
}

/* Finishes what libcurl reports as done; new requests may begin meanwhile. */
static void finish_done(struct curlmux *mux)
{
    CURLMsg *message;
    int left;

    while (!mux->closing && (message = curl_multi_info_read(mux->multi, &left)) != NULL) {
        struct curlmux_work *work;
        char *private = NULL;
        CURLcode result = message->data.result;

        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        work = (struct curlmux_work *)(void *)private;
        work->finish(work, result);
    }
}

/* The loop and libcurl: sockets, one timer, and a kick for what is due at once. */

static void on_kick(uv_idle_t *handle);

void curlmux_kick(struct curlmux *mux)
{
    if (!mux->closing) {
        uv_idle_start(&mux->kick, on_kick);
    }
}

void curlmux_act(struct curlmux *mux, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(mux->multi, fd, events, &running);
    finish_done(mux);
    if (mux->draining && mux->active_count == 0) {
        curlmux_kick(mux);
    }
}

static void look(struct curlmux *mux)
{
    int running;

    mux->look = false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    curl_multi_socket_all(mux->multi, &running); /* nothing else looks at sockets not watched yet */
#pragma GCC diagnostic pop
    finish_done(mux);
}

static void on_kick(uv_idle_t *handle)
{
    struct curlmux *mux = handle->data;

    uv_idle_stop(handle);
    if (mux->look) {
        look(mux);
    }
    if (!mux->closing && mux->curl_due) {
        mux->curl_due = false;
        curlmux_act(mux, CURL_SOCKET_TIMEOUT, 0);
    }
    if (!mux->closing && mux->draining && mux->active_count == 0 && mux->drained != NULL) {
        void (*drained)(void *) = mux->drained;

        mux->drained = NULL;
        drained(mux->drained_ctx); /* may destroy mux */
    }
}

static void on_timer(uv_timer_t *handle)
{
    curlmux_act(handle->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl wants to be called after so many milliseconds; never from inside this call. */
static int on_timer_wanted(CURLM *multi, long ms, void *ctx)
{
    struct curlmux *mux = ctx;

    (void)multi;
    if (mux->closing) {
        return 0;
    }
    mux->curl_due = ms == 0;
    if (ms > 0) {
        uv_timer_start(&mux->timer, on_timer, (uint64_t)ms, 0);
        return 0;
    }
    uv_timer_stop(&mux->timer);
    if (ms == 0) {
        curlmux_kick(mux);
    }
    return 0;
}

void curlmux_ref(struct curlmux *mux)
{
    mux->open_handles++;
}

void curlmux_unref(struct curlmux *mux)
{
    if (--mux->open_handles == 0) {
        free(mux);
    }
}

int curlmux_send(struct curlmux *mux, const struct curlmux_request *request, curlmux_callback *done,
                 void *ctx, struct err *e)
{
    struct transfer *t;
    int code;

    if (mux->draining || mux->closing || mux->active_count >= mux->limits.in_flight) {
        return err_set(e, ERR_LIMIT, "no more requests are taken now");
    }
    t = transfer_take(mux, request->kin);
    if (t == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a request");
    }
    code = transfer_prepare(t, request, e);
    if (code == 0 && curl_multi_add_handle(mux->multi, t->easy) != CURLM_OK) {
        code = err_set(e, ERR_NOMEM, "libcurl could not take the request");
    }
    if (code != 0) {
        transfer_give_back(t);
        return code;
    }
    t->work.finish = transfer_finish;
    t->done = done;
    t->ctx = ctx;
    list_push_back(&mux->active, &t->node);
    mux->active_count++;
    if (mux->watcher != NULL) {
        mux->watcher(mux->watcher_ctx, request, NULL);
    }
    return 0;
}

uint64_t curlmux_kin_open(struct curlmux *mux)
{
    return ++mux->last_kin;
}

void curlmux_kin_close(struct curlmux *mux, uint64_t kin)
{
    list_each(node, &mux->active)
    {
        struct transfer *t = list_entry(node, struct transfer, node);

        t->kin = t->kin == kin ? 0 : t->kin; /* forgotten when it is done */
    }
    list_each(node, &mux->spare)
    {
        struct transfer *t = list_entry(node, struct transfer, node);

        if (t->kin == kin) {
            transfer_forget(t);
        }
    }
}

void curlmux_watch(struct curlmux *mux, curlmux_watcher *watcher, void *ctx)
{
    mux->watcher = watcher;
    mux->watcher_ctx = ctx;
}

size_t curlmux_in_flight(const struct curlmux *mux)
{
    return mux->active_count;
}

void curlmux_drain(struct curlmux *mux, void (*drained)(void *ctx), void *ctx)
{
    mux->draining = true;
    mux->drained = drained;
    mux->drained_ctx = ctx;
    curlmux_kick(mux);
}

/*
 * The system's resolver tells no TTL. libcurl keeps an answer for a minute, also one that led
 * nowhere: a vendor that has moved would stay lost for as long. Only new connections need names.
 */
void curlmux_set_names(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without this the loop would wait for a name server that does not answer. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, (long)NAME_S);
}

static int set_multi(struct curlmux *mux)
{
    CURLM *m = mux->multi;
    bool bad = false;

    bad |= curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, curlmux_on_socket) != CURLM_OK;
    bad |= curl_multi_setopt(m, CURLMOPT_SOCKETDATA, mux) != CURLM_OK;
    bad |= curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer_wanted) != CURLM_OK;
    bad |= curl_multi_setopt(m, CURLMOPT_TIMERDATA, mux) != CURLM_OK;
    bad |= curl_multi_setopt(m, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) != CURLM_OK;
    curl_multi_setopt(m, CURLMOPT_MAX_HOST_CONNECTIONS, (long)mux->limits.host_connections);
    curl_multi_setopt(m, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)mux->limits.connections);
    curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)mux->limits.connections);
    return bad ? ERR_NOMEM : 0;
}

int curlmux_create(uv_loop_t *loop, const struct curlmux_limits *limits, struct curlmux **ret_mux,
                   struct err *e)
{
    struct curlmux *mux = calloc(1, sizeof(*mux));

    if (mux == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(mux);
        return err_set(e, ERR_NOMEM, "libcurl could not be started");
    }
    mux->loop = loop;
    mux->limits = *limits;
    mux->multi = curl_multi_init();
    if (mux->multi == NULL || set_multi(mux) != 0) {
        curl_multi_cleanup(mux->multi);
        free(mux);
        return err_set(e, ERR_NOMEM, "libcurl could not be set up");
    }
    list_init(&mux->active);
    list_init(&mux->spare);
    list_init(&mux->streams);
    uv_timer_init(loop, &mux->timer);
    uv_idle_init(loop, &mux->kick);
    mux->timer.data = mux;
    mux->kick.data = mux;
    mux->open_handles = 2;
    *ret_mux = mux;
    return 0;
}

static void on_own_closed(uv_handle_t *handle)
{
    curlmux_unref(handle->data);
}

void curlmux_destroy(struct curlmux *mux)
{
    struct list *node;

    if (mux == NULL || mux->closing) {
        return;
    }
    mux->closing = true;
    while (!list_empty(&mux->active)) {
        struct transfer *t = list_entry(mux->active.next, struct transfer, node);

        t->cut = "the gateway is stopping";
        transfer_finish(&t->work, CURLE_ABORTED_BY_CALLBACK);
    }
    curlmux_streams_end(mux);
    while ((node = list_pop_front(&mux->spare)) != NULL) {
        transfer_free(list_entry(node, struct transfer, node));
    }
    curl_multi_cleanup(mux->multi);
    curl_global_cleanup();
    curlmux_watches_end(mux);
    uv_close((uv_handle_t *)&mux->timer, on_own_closed);
    uv_close((uv_handle_t *)&mux->kick, on_own_closed);
}
