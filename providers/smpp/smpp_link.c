#include "providers/smpp/smpp_link.h"

#include "loop/resolve.h"
#include "providers/smpp/smpp_tls.h"

#include <stdlib.h>

enum {
    READ_SIZE = 65536,
    PLAIN_MAX = 4 * READ_SIZE,
    WIRE_MAX = 4 * 1024 * 1024,
    KEEPALIVE_SECONDS = 60
};

/* Outlives the link until libuv has closed it. */
struct wire {
    uv_tcp_t tcp;
    uv_connect_t connect;
    struct smpp_link *link; /* null when the link has gone */
    char bytes[READ_SIZE];
};

struct writing {
    uv_write_t request;
    struct wire *wire;
    char bytes[];
};

struct smpp_link {
    uv_loop_t *loop;
    const struct smpp_settings *settings;
    const struct smpp_link_events *events;
    void *ctx;
    struct resolve *resolve;
    struct addrinfo *addresses;
    const struct addrinfo *next; /* to be tried */
    struct wire *wire;
    struct smpp_tls *tls;
    struct buf plain;
    struct buf out;
    bool connected;
    bool up;
    bool held;
};

static void connect_next(struct smpp_link *link, const char *why);

/* The last thing a function does with the link: the owner frees it. */
static void give_up(struct smpp_link *link, bool untrusted, const char *sentence)
{
    link->events->down(link->ctx, untrusted, sentence);
}

static void on_wire_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void drop_wire(struct smpp_link *link)
{
    if (link->wire != NULL) {
        link->wire->link = NULL;
        uv_close((uv_handle_t *)&link->wire->tcp, on_wire_closed);
        link->wire = NULL;
    }
}

/* ---- writing ---- */

static void on_written(uv_write_t *request, int status)
{
    struct writing *w = request->data;
    struct smpp_link *link = w->wire->link;

    free(w);
    if (status < 0 && link != NULL) {
        give_up(link, false, uv_strerror(status));
    }
}

static int write_out(struct smpp_link *link, const char *bytes, size_t n, struct err *e)
{
    uv_stream_t *stream = (uv_stream_t *)&link->wire->tcp;
    struct writing *w;
    uv_buf_t b;
    int code;

    if (n == 0) {
        return 0;
    }
    if (uv_stream_get_write_queue_size(stream) + n > WIRE_MAX) {
        return err_set(e, ERR_LIMIT, "the centre does not read what it is sent");
    }
    w = malloc(sizeof(*w) + n);
    if (w == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to send");
    }
    w->request.data = w;
    w->wire = link->wire;
    memcpy(w->bytes, bytes, n);
    b = uv_buf_init(w->bytes, (unsigned)n);
    code = uv_write(&w->request, stream, &b, 1, on_written);
    if (code != 0) {
        free(w);
        return err_set(e, ERR_IO, "%s", uv_strerror(code));
    }
    return 0;
}

static int flush_tls(struct smpp_link *link, struct err *e)
{
    int code;

    buf_reset(&link->out);
    if (smpp_tls_flush(link->tls, &link->out) != 0) {
        return err_set(e, buf_failed(&link->out), "no room to send");
    }
    code = write_out(link, link->out.data, link->out.len, e);
    return code;
}

int smpp_link_send(struct smpp_link *link, const void *bytes, size_t n, struct err *e)
{
    int code;

    if (link->tls == NULL) {
        return write_out(link, bytes, n, e);
    }
    code = smpp_tls_send(link->tls, bytes, n, e);
    return code != 0 ? code : flush_tls(link, e);
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct wire *w = handle->data;

    (void)suggested;
    *ret = uv_buf_init(w->bytes, READ_SIZE);
}

/* Tells the owner that the link is up; false when that ended it. */
static bool come_up(struct smpp_link *link)
{
    struct wire *w = link->wire;

    link->up = true;
    link->events->up(link->ctx);
    return w->link != NULL;
}

static void take_tls(struct smpp_link *link, const char *bytes, size_t n)
{
    struct wire *w = link->wire;
    struct err e = {0};
    int code;

    buf_reset(&link->plain);
    code = smpp_tls_receive(link->tls, bytes, n, &link->plain, &e);
    if (code == 0) {
        code = flush_tls(link, &e);
    } else {
        (void)flush_tls(link, NULL); /* the alert that says why */
    }
    if (code == 0 && !link->up && smpp_tls_ready(link->tls) && !come_up(link)) {
        return;
    }
    if (link->up && link->plain.len > 0) {
        link->events->bytes(link->ctx, link->plain.data, link->plain.len);
    }
    if (code != 0 && w->link != NULL) {
        give_up(link, !link->up && code == ERR_DENIED, e.text);
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct wire *w = stream->data;

    if (w->link == NULL || n == 0) {
        return;
    }
    if (n < 0) {
        give_up(w->link, false,
                n == UV_EOF ? "the centre closed the connection" : uv_strerror((int)n));
    } else if (w->link->tls != NULL) {
        take_tls(w->link, b->base, (size_t)n);
    } else {
        w->link->events->bytes(w->link->ctx, b->base, (size_t)n);
    }
}

static void read_on(struct smpp_link *link)
{
    (void)uv_read_start((uv_stream_t *)&link->wire->tcp, on_alloc, on_read);
}

void smpp_link_hold(struct smpp_link *link, bool hold)
{
    if (link->wire == NULL || !link->up || link->held == hold) {
        return;
    }
    link->held = hold;
    if (hold) {
        (void)uv_read_stop((uv_stream_t *)&link->wire->tcp);
    } else {
        read_on(link);
    }
}

/* ---- connecting ---- */

static void begin_tls(struct smpp_link *link)
{
    struct err e = {0};

    if (smpp_tls_create(link->settings, &link->tls, &e) != 0) {
        give_up(link, true, e.text);
        return;
    }
    read_on(link);
    take_tls(link, NULL, 0);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct wire *w = request->data;
    struct smpp_link *link = w->link;

    if (link == NULL) {
        return;
    }
    if (status < 0) {
        drop_wire(link);
        connect_next(link, uv_strerror(status));
        return;
    }
    link->connected = true;
    (void)uv_tcp_nodelay(&w->tcp, 1);
    (void)uv_tcp_keepalive(&w->tcp, 1, KEEPALIVE_SECONDS);
    if (link->settings->tls == SMPP_TLS_REQUIRE) {
        begin_tls(link);
    } else if (come_up(link)) {
        read_on(link);
    }
}

static int connect_to(struct smpp_link *link, const struct sockaddr *address)
{
    struct wire *w = calloc(1, sizeof(*w));
    int code;

    if (w == NULL) {
        return UV_ENOMEM;
    }
    w->tcp.data = w;
    w->connect.data = w;
    code = uv_tcp_init(link->loop, &w->tcp);
    if (code != 0) {
        free(w);
        return code;
    }
    w->link = link;
    link->wire = w;
    code = uv_tcp_connect(&w->connect, &w->tcp, address, on_connected);
    if (code != 0) {
        drop_wire(link);
    }
    return code;
}

/* The addresses of a name, one after the other. */
static void connect_next(struct smpp_link *link, const char *why)
{
    while (link->next != NULL) {
        const struct addrinfo *a = link->next;
        int code;

        link->next = a->ai_next;
        code = connect_to(link, a->ai_addr);
        if (code == 0) {
            return;
        }
        why = uv_strerror(code);
    }
    give_up(link, false, why);
}

void smpp_link_hurry(struct smpp_link *link)
{
    if (link->wire != NULL && !link->connected && link->next != NULL) {
        drop_wire(link);
        connect_next(link, uv_strerror(UV_ETIMEDOUT));
    }
}

static void on_resolved(void *ctx, struct addrinfo *list, const char *error)
{
    struct smpp_link *link = ctx;

    link->resolve = NULL;
    link->addresses = list;
    link->next = list;
    connect_next(link, error == NULL ? "the name has no address" : error);
}

int smpp_link_open(uv_loop_t *loop, const struct smpp_settings *settings,
                   const struct smpp_link_events *events, void *ctx, struct smpp_link **ret,
                   struct err *e)
{
    struct smpp_link *link = calloc(1, sizeof(*link));
    int code;

    if (link == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a connection");
    }
    link->loop = loop;
    link->settings = settings;
    link->events = events;
    link->ctx = ctx;
    buf_init(&link->plain, PLAIN_MAX);
    buf_init(&link->out, WIRE_MAX);
    code = resolve_start(loop, settings->host, (int)settings->port, on_resolved, link,
                         &link->resolve, e);
    if (code != 0) {
        free(link);
        return code;
    }
    *ret = link;
    return 0;
}

void smpp_link_close(struct smpp_link *link)
{
    if (link == NULL) {
        return;
    }
    if (link->resolve != NULL) {
        resolve_cancel(link->resolve);
    }
    drop_wire(link);
    if (link->addresses != NULL) {
        freeaddrinfo(link->addresses);
    }
    smpp_tls_destroy(link->tls);
    buf_finish(&link->plain);
    buf_finish(&link->out);
    free(link);
}
