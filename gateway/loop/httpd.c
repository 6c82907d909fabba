/* The server's life, and libmicrohttpd's place in the loop. */
#include "base/crypto.h"
#include "loop/httpd_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { PUMP_RUNS_MAX = 32, STUCK_PAUSE_MS = 5, TICK_MAX_MS = 500, TICK_MIN_MS = 10 };

const struct httpd_options httpd_default_options = {
    .header_bytes = 16384,
    .header_count = 100,
    .target_bytes = 4096,
    .body_bytes = 1 << 20,
    .connections = 1024,
    .connections_per_address = 64,
    .reserved_loopback = 8,
    .exempt_loopback = true,
    .headers_ms = 10000,
    .body_ms = 30000,
    .request_ms = 60000,
    .idle_ms = 60000,
};

static void free_server(struct httpd *s)
{
    if (s->spare_fd >= 0) {
        close(s->spare_fd);
    }
    free(s);
}

static void on_handle_closed(uv_handle_t *h)
{
    struct httpd *s = h->data;

    if (--s->closing == 0) {
        void (*closed)(void *ctx) = s->closed;
        void *ctx = s->closed_ctx;

        free_server(s);
        if (closed != NULL) {
            closed(ctx);
        }
    }
}

static void close_handles(struct httpd *s)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&s->poll, (uv_handle_t *)&s->prepare,
                              (uv_handle_t *)&s->tick, (uv_handle_t *)&s->again};

    s->closing = sizeof handles / sizeof handles[0];
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        handles[i]->data = s;
        uv_close(handles[i], on_handle_closed);
    }
}

static void finish_when_empty(struct httpd *s)
{
    if (s->stopping && !s->finishing && !s->pumping && s->connection_count == 0) {
        s->finishing = true;
        uv_poll_stop(&s->poll);
        MHD_stop_daemon(s->mhd);
        close_handles(s);
    }
}

/* False when the parser has nothing more to do until a socket or a reply wakes it. */
static bool run_once(struct httpd *s)
{
    MHD_UNSIGNED_LONG_LONG wait = 1;

    MHD_run(s->mhd);
    return MHD_get_timeout(s->mhd, &wait) == MHD_YES && wait == 0;
}

static void on_again(uv_timer_t *timer)
{
    httpd_pump(timer->data);
}

/*
 * Runs the parser until it is done, but not for ever: other users of the loop get their turn. When
 * it wants to run without telling us anything new (a chunk header longer than its buffer), it has
 * to wait a little, so that the deadline ends it and not a busy loop.
 */
void httpd_pump(struct httpd *s)
{
    bool more = true;
    uint64_t before = s->progress;

    if (s->pumping || s->finishing) {
        return;
    }
    s->pumping = true;
    for (int i = 0; more && i < PUMP_RUNS_MAX; i++) {
        s->resumed = false;
        more = run_once(s);
    }
    s->pumping = false;
    if (more) {
        uv_timer_start(&s->again, on_again, s->progress == before ? STUCK_PAUSE_MS : 0, 0);
    }
    finish_when_empty(s);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    httpd_pump(poll->data);
}

/* Before the loop may sleep: replies given since the last turn resume their connections. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct httpd *s = prepare->data;

    if (s->resumed) {
        httpd_pump(s);
    }
}

static struct MHD_Daemon *start_parser(struct httpd *s)
{
    size_t pool = s->options.header_bytes * 2 < 32768 ? 32768 : s->options.header_bytes * 2;
    /* Resuming happens on this thread only: the wake-up pipe would be two system calls for nothing.
     */
    unsigned flags = (unsigned)MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_TURBO |
                     ((unsigned)MHD_ALLOW_SUSPEND_RESUME & ~(unsigned)MHD_USE_ITC);

    return MHD_start_daemon(flags, 0, NULL, NULL, httpd_on_access, s, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)s->options.connections + 1,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool, MHD_OPTION_CONNECTION_TIMEOUT,
                            0u, MHD_OPTION_URI_LOG_CALLBACK, httpd_on_target, s,
                            MHD_OPTION_NOTIFY_COMPLETED, httpd_on_completed, s,
                            MHD_OPTION_NOTIFY_CONNECTION, httpd_on_connection, s, MHD_OPTION_END);
}

static int init_handles(struct httpd *s, int epoll_fd)
{
    int rc = uv_poll_init(s->loop, &s->poll, epoll_fd);

    if (rc != 0) {
        return rc;
    }
    uv_prepare_init(s->loop, &s->prepare);
    uv_timer_init(s->loop, &s->tick);
    uv_timer_init(s->loop, &s->again);
    s->poll.data = s->prepare.data = s->tick.data = s->again.data = s;
    uv_poll_start(&s->poll, UV_READABLE, on_readable);
    uv_prepare_start(&s->prepare, on_prepare);
    return 0;
}

static int start(struct httpd *s, struct err *e)
{
    const union MHD_DaemonInfo *info;
    int rc;

    s->mhd = start_parser(s);
    if (s->mhd == NULL) {
        return err_set(e, ERR_IO, "the HTTP parser does not start");
    }
    info = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    rc = info == NULL ? UV_EINVAL : init_handles(s, info->epoll_fd);
    if (rc != 0) {
        MHD_stop_daemon(s->mhd);
        return err_set(e, ERR_IO, "the HTTP parser does not fit into the loop: %s",
                       uv_strerror(rc));
    }
    return 0;
}

int httpd_create(uv_loop_t *loop, const struct httpd_options *options,
                 const struct httpd_handlers *handlers, void *ctx, struct httpd **ret,
                 struct err *e)
{
    struct httpd *s = calloc(1, sizeof *s);
    int rc;

    if (s == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the HTTP server");
    }
    s->loop = loop;
    s->options = *options;
    s->handlers = *handlers;
    s->ctx = ctx;
    list_init(&s->connections);
    crypto_random(&s->rng.state, sizeof s->rng.state);
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    rc = start(s, e);
    if (rc != 0) {
        free_server(s);
        return rc;
    }
    *ret = s;
    return 0;
}

void httpd_stop(struct httpd *s, int64_t grace_ms, void (*closed)(void *ctx), void *ctx)
{
    if (s->stopping) {
        return;
    }
    s->stopping = true;
    s->stop_deadline = (int64_t)uv_now(s->loop) + grace_ms;
    s->closed = closed;
    s->closed_ctx = ctx;
    httpd_close_listeners(s);
    httpd_cut_all(s, grace_ms <= 0);
    httpd_pump(s);
}

size_t httpd_connections(const struct httpd *s)
{
    return s->connection_count;
}
