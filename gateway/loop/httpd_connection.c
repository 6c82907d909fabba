/* Connections and their absolute deadlines. */
#include "loop/httpd_head.h"
#include "loop/httpd_internal.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { TICK_MAX_MS = 500, TICK_MIN_MS = 10 };

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t tick_ms(const struct httpd_options *o)
{
    int64_t least = min64(min64(o->headers_ms, o->body_ms), min64(o->request_ms, o->idle_ms)) / 8;

    return least < TICK_MIN_MS ? TICK_MIN_MS : min64(least, TICK_MAX_MS);
}

static void connection_started(struct httpd *s, struct MHD_Connection *mhd, void **socket_ctx)
{
    struct http_connection *c = calloc(1, sizeof *c);

    if (c == NULL) {
        shutdown(s->accepting_fd, SHUT_RDWR); /* requests on it find no connection and end */
        return;
    }
    c->server = s;
    c->mhd = mhd;
    c->fd = s->accepting_fd;
    c->peer = s->accepting_peer;
    c->phase = PHASE_HEAD;
    c->deadline = (int64_t)uv_now(s->loop) + s->options.headers_ms;
    *socket_ctx = c;
    list_push_back(&s->connections, &c->node);
    if (s->connection_count++ == 0) {
        uint64_t period = (uint64_t)tick_ms(&s->options);

        uv_timer_start(&s->tick, httpd_on_tick, period, period);
    }
}

/* Bytes that never became a request line: libmicrohttpd hangs up silently, we say why first. */
static bool spoke_gibberish(const struct http_connection *c)
{
    return !c->begun && !c->cut && http_heard_anything(c->fd);
}

static void connection_closed(struct httpd *s, struct http_connection *c)
{
    if (c->req != NULL) {
        http_request_detach(c->req);
    }
    if (spoke_gibberish(c)) {
        httpd_send_raw_problem(s, c->fd, 400, "malformed_request");
    }
    list_remove(&c->node);
    free(c);
    if (--s->connection_count == 0) {
        uv_timer_stop(&s->tick);
    }
}

void httpd_on_connection(void *cls, struct MHD_Connection *mhd, void **socket_ctx,
                         enum MHD_ConnectionNotificationCode what)
{
    struct httpd *s = cls;

    s->progress++;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_started(s, mhd, socket_ctx);
    } else if (*socket_ctx != NULL) {
        connection_closed(s, *socket_ctx);
        *socket_ctx = NULL;
    }
}

void httpd_cut(struct http_connection *c)
{
    if (c->cut) {
        return;
    }
    c->cut = true;
    shutdown(c->fd, SHUT_RDWR);
    /* A connection whose input buffer is full is not watched: its inactivity must end it. */
    MHD_set_connection_option(c->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 1u);
    if (c->phase == PHASE_HANDLING) {
        c->phase = PHASE_REPLY;
        c->server->resumed = true;
        MHD_resume_connection(c->mhd);
    }
}

void httpd_cut_all(struct httpd *s, bool running_too)
{
    list_each(node, &s->connections)
    {
        struct http_connection *c = list_entry(node, struct http_connection, node);

        if (running_too || c->phase == PHASE_HEAD) {
            httpd_cut(c);
        }
    }
}

/* Tells the handler, once, that nobody waits for its reply any more. */
static void tell_abort(struct http_request *r)
{
    void (*aborted)(void *ctx, struct http_request *req) = r->aborted;

    r->aborted = NULL;
    if (aborted != NULL) {
        aborted(r->abort_ctx, r);
    }
}

/* The parser does not watch a suspended connection: look ourselves whether the client left. */
static void look_for_client(struct http_connection *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLRDHUP};

    if (c->req != NULL && c->req->handed && c->req->aborted != NULL && poll(&p, 1, 0) > 0 &&
        (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
        tell_abort(c->req);
    }
}

static void handler_is_late(struct http_connection *c)
{
    struct http_request *r = c->req;

    tell_abort(r);
    if (c->phase != PHASE_HANDLING) {
        return; /* it replied at last */
    }
    if (http_prepare_problem(r, 503, "timeout")) {
        c->phase = PHASE_REPLY;
        c->deadline = r->request_deadline;
        c->server->resumed = true;
        MHD_resume_connection(c->mhd);
    } else {
        httpd_cut(c);
    }
}

/* The client was too slow to ask. Between requests there is nobody to tell. */
static void client_is_late(struct http_connection *c)
{
    if (c->phase == PHASE_BODY && c->req != NULL && c->req->refuse_status != 0) {
        httpd_send_raw_problem(c->server, c->fd, c->req->refuse_status, c->req->refuse_code);
    } else if (c->phase == PHASE_BODY || (c->phase == PHASE_HEAD && c->req != NULL) ||
               spoke_gibberish(c)) {
        httpd_send_raw_problem(c->server, c->fd, 408, "request_timeout");
    }
    httpd_cut(c);
}

static void check_deadline(struct http_connection *c, int64_t now)
{
    if (c->cut) {
        return;
    }
    if (now < c->deadline) {
        if (c->phase == PHASE_HANDLING) {
            look_for_client(c);
        }
    } else if (c->phase == PHASE_HANDLING) {
        handler_is_late(c);
    } else if (c->phase == PHASE_REPLY) {
        httpd_cut(c);
    } else {
        client_is_late(c);
    }
}

void httpd_on_tick(uv_timer_t *timer)
{
    struct httpd *s = timer->data;
    int64_t now = (int64_t)uv_now(s->loop);

    list_each(node, &s->connections)
    {
        check_deadline(list_entry(node, struct http_connection, node), now);
    }
    if (s->stopping && now >= s->stop_deadline) {
        httpd_cut_all(s, true);
    }
    httpd_pump(s);
}
