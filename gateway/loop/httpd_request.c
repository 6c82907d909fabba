/* One request on its way in: request line, fields, body, hand-over. */
#include "loop/httpd_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>

struct http_connection *httpd_connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

void http_request_free(struct http_request *r)
{
    if (r->response != NULL) {
        MHD_destroy_response(r->response);
    }
    buf_finish(&r->body);
    free(r->target);
    free(r->head);
    free(r->pairs);
    free(r);
}

void http_request_detach(struct http_request *r)
{
    void (*aborted)(void *ctx, struct http_request *req) = r->aborted;

    if (r->conn != NULL) {
        r->conn->req = NULL;
    }
    r->conn = NULL;
    r->server = NULL;
    if (!r->handed) {
        http_request_free(r);
    } else if (aborted != NULL) {
        r->aborted = NULL;
        aborted(r->abort_ctx, r);
    }
}

static void read_peer(struct http_request *r, const struct sockaddr_storage *peer)
{
    const void *address = NULL;

    r->uid = httpd_uid_of(r->conn->fd, peer);
    r->loopback = httpd_is_loopback(peer);
    if (peer->ss_family == AF_INET) {
        address = &((const struct sockaddr_in *)(const void *)peer)->sin_addr;
    } else if (peer->ss_family == AF_INET6) {
        address = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    }
    if (address == NULL || inet_ntop(peer->ss_family, address, r->peer, sizeof r->peer) == NULL) {
        r->peer[0] = '\0';
    }
}

static void start_clock(struct http_request *r)
{
    const struct httpd_options *o = &r->server->options;

    r->began = (int64_t)uv_now(r->server->loop);
    r->request_deadline = r->began + o->request_ms;
    r->conn->phase = PHASE_HEAD;
    if (r->conn->deadline > r->began + o->headers_ms || r->conn->begun) {
        r->conn->deadline = r->began + o->headers_ms;
    }
    r->conn->begun = true;
}

/* The request line was read: the request begins to exist. */
void *httpd_on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
    struct http_connection *c = httpd_connection_of(mhd);
    struct http_request *r = calloc(1, sizeof *r);

    ((struct httpd *)cls)->progress++;
    if (r == NULL || c == NULL) {
        free(r);
        return NULL;
    }
    r->target = strdup(target);
    if (r->target == NULL) {
        free(r);
        return NULL;
    }
    r->server = c->server;
    r->conn = c;
    r->target_len = strlen(target);
    c->req = r;
    read_peer(r, &c->peer);
    start_clock(r);
    return r;
}

static bool has_body(const struct http_request *r)
{
    struct str length = http_header(r, "content-length");

    return http_header(r, "transfer-encoding").ptr != NULL ||
           (length.ptr != NULL && !str_eqs(length, "0"));
}

static enum MHD_Result refuse_now(struct http_request *r)
{
    r->stage = STAGE_DONE;
    if (!http_prepare_problem(r, r->refuse_status, r->refuse_code)) {
        return MHD_NO;
    }
    return http_queue(r);
}

/*
 * A body that is too long is read on for a moment, so that the client sees the answer instead of a
 * reset connection; one that waits for "100 Continue" is answered before it sends any.
 */
static bool waits_for_body(const struct http_request *r)
{
    return r->refuse_status == 413 && has_body(r) && http_header(r, "expect").ptr == NULL;
}

static enum MHD_Result begin(struct http_request *r, const char *method, const char *version)
{
    struct httpd *s = r->server;
    int64_t now = (int64_t)uv_now(s->loop);

    r->stage = STAGE_BODY;
    if (!http_request_read_head(r, method, version)) {
        return MHD_NO;
    }
    r->conn->phase = PHASE_BODY;
    r->conn->deadline = now + s->options.body_ms;
    if (r->conn->deadline > r->request_deadline) {
        r->conn->deadline = r->request_deadline;
    }
    if (r->refuse_status != 0 && !waits_for_body(r)) {
        return refuse_now(r);
    }
    buf_init(&r->body, r->body_limit);
    return MHD_YES;
}

static void begin_swallowing(struct http_request *r)
{
    int64_t end = (int64_t)uv_now(r->server->loop) + HTTPD_SWALLOW_MS;

    if (r->swallowed == 0 && r->conn->deadline > end) {
        r->conn->deadline = end;
    }
}

/* False when even the patience for a refused body is over. */
static bool swallow(struct http_request *r, size_t n)
{
    begin_swallowing(r);
    buf_finish(&r->body);
    r->swallowed += n;
    if (r->swallowed <= HTTPD_SWALLOW_BYTES) {
        return true;
    }
    httpd_send_raw_problem(r->server, r->conn->fd, r->refuse_status, r->refuse_code);
    r->conn->cut = true;
    return false;
}

static enum MHD_Result take_body(struct http_request *r, const char *data, size_t *n)
{
    if (r->refuse_status == 0 && buf_add(&r->body, data, *n) != 0) {
        r->refuse_status = buf_failed(&r->body) == ERR_LIMIT ? 413 : 503;
        r->refuse_code = r->refuse_status == 413 ? "body_too_large" : "out_of_memory";
    }
    if (r->refuse_status != 0 && !swallow(r, *n)) {
        return MHD_NO;
    }
    *n = 0;
    return MHD_YES;
}

static int64_t handling_deadline(const struct http_request *r)
{
    int64_t grace = r->server->options.request_ms / 4;

    return r->request_deadline - (grace < HTTPD_GRACE_MAX_MS ? grace : HTTPD_GRACE_MAX_MS);
}

static enum MHD_Result hand_over(struct http_request *r)
{
    struct httpd *s = r->server;

    r->stage = STAGE_HANDLING;
    r->handed = true;
    r->in_handler = true;
    s->handlers.handle(s->ctx, r);
    r->in_handler = false;
    if (!r->handed) {
        return http_queue(r);
    }
    r->conn->phase = PHASE_HANDLING;
    r->conn->deadline = handling_deadline(r);
    MHD_suspend_connection(r->conn->mhd);
    return MHD_YES;
}

enum MHD_Result httpd_on_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *data_size, void **request_ctx)
{
    struct http_request *r = *request_ctx;

    (void)mhd;
    (void)url;
    ((struct httpd *)cls)->progress++;
    if (r == NULL || r->conn == NULL || r->conn->cut) {
        return MHD_NO;
    }
    switch (r->stage) {
    case STAGE_LINE:
        return begin(r, method, version);
    case STAGE_BODY:
        if (*data_size > 0) {
            return take_body(r, data, data_size);
        }
        return r->refuse_status != 0 ? refuse_now(r) : hand_over(r);
    case STAGE_HANDLING:
        return http_queue(r);
    case STAGE_DONE:
        break;
    }
    *data_size = 0;
    return MHD_YES;
}

void httpd_on_completed(void *cls, struct MHD_Connection *mhd, void **request_ctx,
                        enum MHD_RequestTerminationCode code)
{
    struct httpd *s = cls;
    struct http_request *r = *request_ctx;

    (void)mhd;
    s->progress++;
    *request_ctx = NULL;
    if (r == NULL) {
        return;
    }
    if (r->conn != NULL) {
        struct http_connection *c = r->conn;
        int64_t now = (int64_t)uv_now(s->loop);

        if (s->handlers.answered != NULL && r->status != 0 &&
            code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
            s->handlers.answered(s->ctx, r, r->status, now - r->began);
        }
        c->phase = PHASE_HEAD;
        c->deadline = now + s->options.idle_ms;
    }
    http_request_detach(r);
}
