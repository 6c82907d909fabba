/* The sockets of libcurl on the loop. */
#include "loop/curlmux_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct watch {
    uv_poll_t poll;
    curl_socket_t fd;
    struct curlmux *mux;
    int armed; /* events that the loop looks for */
    bool kept; /* until the socket is closed, not only while libcurl asks for it */
    bool idle; /* libcurl does not ask */
};

static void disarm(struct watch *w)
{
    uv_poll_stop(&w->poll);
    w->armed = 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;

    if (w->idle) {
        disarm(w); /* the other side has closed: libcurl finds out before it uses it again */
        return;
    }
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    curlmux_act(w->mux, w->fd, flags);
}

static struct watch *watch_of(const struct curlmux *mux, curl_socket_t fd)
{
    return (size_t)fd < mux->watch_size ? mux->watches[fd] : NULL;
}

static bool watch_room(struct curlmux *mux, curl_socket_t fd)
{
    size_t size = (size_t)fd + 64;
    struct watch **watches;

    if ((size_t)fd < mux->watch_size) {
        return true;
    }
    watches = realloc(mux->watches, size * sizeof(struct watch *));
    if (watches == NULL) {
        return false;
    }
    for (size_t i = mux->watch_size; i < size; i++) {
        watches[i] = NULL;
    }
    mux->watches = watches;
    mux->watch_size = size;
    return true;
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;

    curlmux_unref(w->mux);
    free(w);
}

static struct watch *watch_create(struct curlmux *mux, curl_socket_t fd)
{
    struct watch *w = watch_room(mux, fd) ? calloc(1, sizeof(*w)) : NULL;

    if (w == NULL || uv_poll_init_socket(mux->loop, &w->poll, fd) != 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    w->fd = fd;
    w->mux = mux;
    mux->watches[fd] = w;
    curlmux_ref(mux);
    return w;
}

static void watch_end(struct watch *w)
{
    w->mux->watches[w->fd] = NULL;
    uv_poll_stop(&w->poll);
    uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

/*
 * libcurl 7.88 closes a socket that did not connect without a word, and believes in its number
 * until it has looked again: to a second socket of that number nobody would listen.
 */
curl_socket_t curlmux_socket(struct curlmux *mux, const struct curl_sockaddr *to)
{
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);

    while (fd >= 0 && watch_of(mux, fd) != NULL) {
        int next = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);

        (void)close(fd);
        fd = next;
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

void curlmux_keep_watch(struct curlmux *mux, curl_socket_t fd)
{
    struct watch *w = watch_create(mux, fd);

    if (w != NULL) {
        w->kept = true;
        w->idle = true;
    }
}

int curlmux_close_socket(void *ctx, curl_socket_t fd)
{
    struct curlmux *mux = ctx;
    struct watch *w = watch_of(mux, fd);

    if (w != NULL) {
        watch_end(w);
    }
    return close(fd);
}

/* Its socket was closed without a word: it never came so far that an answer was waited for. */
static bool is_orphan(const struct watch *w)
{
    return w->armed != UV_READABLE && fcntl(w->fd, F_GETFD) < 0;
}

/*
 * Its transfer has other addresses to try, but libcurl 7.88 waits for the deadline of the whole
 * before it does so, unless it is told to look at everything.
 */
static void note_orphan(struct curlmux *mux)
{
    mux->look = true;
    curlmux_kick(mux);
}

/* An idle connection stays armed for its end, and keeps no loop running. */
static void let_go(struct watch *w)
{
    bool orphan = is_orphan(w);

    if (orphan) {
        note_orphan(w->mux);
    }
    if (!w->kept || orphan) {
        watch_end(w);
        return;
    }
    w->idle = true;
    uv_unref((uv_handle_t *)&w->poll);
    if (w->armed != UV_READABLE) {
        disarm(w);
    }
}

static void arm(struct watch *w, int events)
{
    if (w->idle) {
        w->idle = false;
        uv_ref((uv_handle_t *)&w->poll);
    }
    if (w->armed != events) {
        w->armed = events;
        uv_poll_start(&w->poll, events, on_poll);
    }
}

/* Without memory for a watch the transfer stands still until its deadline ends it. */
int curlmux_on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
    struct curlmux *mux = ctx;
    struct watch *w = assigned != NULL ? assigned : watch_of(mux, fd);
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w != NULL) {
            let_go(w);
            curl_multi_assign(mux->multi, fd, NULL);
        }
        return 0;
    }
    w = w != NULL ? w : watch_create(mux, fd);
    events |= what != CURL_POLL_OUT ? UV_READABLE : 0;
    events |= what != CURL_POLL_IN ? UV_WRITABLE : 0;
    if (w != NULL) {
        curl_multi_assign(mux->multi, fd, w);
        arm(w, events);
    }
    return 0;
}

void curlmux_watches_end(struct curlmux *mux)
{
    for (size_t i = 0; i < mux->watch_size; i++) {
        if (mux->watches[i] != NULL) {
            watch_end(mux->watches[i]);
        }
    }
    free(mux->watches);
    mux->watches = NULL;
    mux->watch_size = 0;
}
