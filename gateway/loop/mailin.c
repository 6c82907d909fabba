#include "loop/mailin.h"

#include "base/list.h"

#include <stdlib.h>

enum { READ_BYTES = 8192, REPLY_MAX = 65536, BACKLOG = 64 };

struct mailin {
    uv_loop_t *loop;
    struct mailin_options options;
    uv_tcp_t listener;
    struct list sessions;
    size_t count;   /* sessions that are alive in memory */
    size_t handles; /* of the listener */
    bool stopping;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* A message in the hands of the owner. */
struct mailin_mail {
    struct session *session;
};

struct session {
    struct list node;
    struct mailin *server;
    uv_tcp_t tcp;
    uv_timer_t timer;
    int handles; /* open ones */
    struct mailin_talk talk;
    struct mailin_mail mail;
    bool delivering;
    bool closing;
    bool ending; /* once the replies are sent */
    unsigned progress;
    uint64_t end_ms; /* of the session, by the loop's clock */
    char read[READ_BYTES];
    size_t unread; /* bytes in read that wait for the verdict */
    size_t unread_at;
    struct buf out;
    uv_write_t write;
    bool writing;
    struct buf wire; /* being written */
};

static void take_bytes(struct session *s, struct str bytes);

/* ---- the end ---- */

static void server_done(struct mailin *m)
{
    if (m->handles > 0 || m->count > 0) {
        return;
    }
    if (m->closed != NULL) {
        m->closed(m->closed_ctx);
    }
    free(m);
}

static void session_free_if_idle(struct session *s)
{
    struct mailin *m = s->server;

    if (s->handles > 0 || s->delivering) {
        return;
    }
    mailin_talk_finish(&s->talk);
    buf_finish(&s->out);
    buf_finish(&s->wire);
    free(s);
    m->count--;
    if (m->stopping) {
        server_done(m);
    }
}

static void on_session_closed(uv_handle_t *handle)
{
    struct session *s = handle->data;

    s->handles--;
    session_free_if_idle(s);
}

static void session_close(struct session *s)
{
    if (s->closing) {
        return;
    }
    s->closing = true;
    list_remove(&s->node);
    uv_close((uv_handle_t *)&s->tcp, on_session_closed);
    uv_close((uv_handle_t *)&s->timer, on_session_closed);
}

static void on_timeout(uv_timer_t *timer)
{
    session_close(timer->data);
}

/* Only a completed step buys time, and none beyond the end of the session. */
static void allow(struct session *s, int64_t ms)
{
    uint64_t now = uv_now(s->server->loop);
    uint64_t left = s->end_ms > now ? s->end_ms - now : 0;

    (void)uv_timer_start(&s->timer, on_timeout, (uint64_t)ms < left ? (uint64_t)ms : left, 0);
}

/* ---- writing ---- */

static void flush(struct session *s);

static void on_wrote(uv_write_t *write, int status)
{
    struct session *s = write->data;

    s->writing = false;
    buf_reset(&s->wire);
    if (status != 0 || (s->ending && s->out.len == 0)) {
        session_close(s);
    } else {
        flush(s);
    }
}

static void flush(struct session *s)
{
    struct buf swap = s->wire;
    uv_buf_t piece;

    if (s->writing || s->closing || s->out.len == 0) {
        return;
    }
    if (buf_failed(&s->out) != 0) {
        session_close(s); /* it asks more than it reads */
        return;
    }
    s->wire = s->out;
    s->out = swap;
    piece = uv_buf_init(s->wire.data, (unsigned)s->wire.len);
    s->write.data = s;
    s->writing = true;
    if (uv_write(&s->write, (uv_stream_t *)&s->tcp, &piece, 1, on_wrote) != 0) {
        s->writing = false;
        session_close(s);
    }
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct session *s = handle->data;

    (void)suggested;
    *buf = uv_buf_init(s->read, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct session *s = stream->data;

    if (n < 0) {
        session_close(s);
    } else if (n > 0 && !s->ending) {
        take_bytes(s, (struct str){buf->base, (size_t)n});
    }
}

static void hand_over(struct session *s)
{
    struct mailin *m = s->server;

    (void)uv_read_stop((uv_stream_t *)&s->tcp);
    s->delivering = true;
    allow(s, MAILIN_VERDICT_MS);
    m->options.deliver(m->options.ctx, &s->mail);
}

static void take_bytes(struct session *s, struct str bytes)
{
    enum mailin_step step = mailin_talk_read(&s->talk, &bytes, &s->out);
    unsigned progress = mailin_talk_progress(&s->talk);

    if (progress != s->progress) {
        s->progress = progress;
        allow(s, s->server->options.step_ms);
    }
    s->ending = s->ending || step == MAILIN_CLOSE;
    flush(s);
    if (s->closing || step != MAILIN_MESSAGE) {
        return;
    }
    s->unread_at = (size_t)(bytes.ptr - s->read);
    s->unread = bytes.len;
    hand_over(s);
}

void mailin_answer(struct mailin_mail *mail, enum mailin_verdict verdict)
{
    struct session *s = mail->session;
    struct str rest = {s->read + s->unread_at, s->unread};

    s->delivering = false;
    if (s->closing) {
        session_free_if_idle(s);
        return;
    }
    mailin_talk_verdict(&s->talk, verdict, &s->out);
    allow(s, s->server->options.step_ms);
    (void)uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    take_bytes(s, rest);
}

size_t mailin_recipient_count(const struct mailin_mail *mail)
{
    return mail->session->talk.recipient_count;
}

const char *mailin_recipient(const struct mailin_mail *mail, size_t i)
{
    return mail->session->talk.recipients[i];
}

struct str mailin_bytes(const struct mailin_mail *mail)
{
    const struct buf *message = &mail->session->talk.message;

    return (struct str){buf_cstr(message), message->len};
}

/* ---- coming in ---- */

static void begin(struct session *s)
{
    struct mailin *m = s->server;

    s->talk = (struct mailin_talk){.host = m->options.name,
                                   .accepts = m->options.accepts,
                                   .ctx = m->options.ctx,
                                   .message_max = MAILIN_MESSAGE_BYTES};
    mailin_talk_begin(&s->talk, &s->out);
    if (m->count > MAILIN_SESSIONS_MAX || m->stopping) {
        buf_reset(&s->out);
        (void)buf_adds(&s->out, "421 4.3.2 too many sessions\r\n");
        s->ending = true;
    }
    s->end_ms = uv_now(m->loop) + MAILIN_SESSION_MS;
    allow(s, m->options.step_ms);
    (void)uv_tcp_nodelay(&s->tcp, 1);
    (void)uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    flush(s);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct mailin *m = listener->data;
    struct session *s = status == 0 ? calloc(1, sizeof *s) : NULL;

    if (s == NULL) {
        return; /* without memory the peer waits in the queue and tries again */
    }
    s->server = m;
    s->mail.session = s;
    buf_init(&s->out, REPLY_MAX);
    buf_init(&s->wire, REPLY_MAX);
    (void)uv_tcp_init(m->loop, &s->tcp);
    (void)uv_timer_init(m->loop, &s->timer);
    s->tcp.data = s;
    s->timer.data = s;
    s->handles = 2;
    m->count++;
    list_push_back(&m->sessions, &s->node);
    if (uv_accept(listener, (uv_stream_t *)&s->tcp) != 0) {
        session_close(s);
        return;
    }
    begin(s);
}

static int bind_to(struct mailin *m, struct err *e)
{
    const struct mailin_options *o = &m->options;
    struct sockaddr_storage address;
    int rc;

    if (uv_ip4_addr(o->host, o->port, (struct sockaddr_in *)(void *)&address) != 0 &&
        uv_ip6_addr(o->host, o->port, (struct sockaddr_in6 *)(void *)&address) != 0) {
        return err_set(e, ERR_INVALID, "%s is no address to listen on", o->host);
    }
    rc = uv_tcp_bind(&m->listener, (const struct sockaddr *)(const void *)&address, 0);
    rc = rc != 0 ? rc : uv_listen((uv_stream_t *)&m->listener, BACKLOG, on_connection);
    if (rc != 0) {
        return err_errno(e, -rc, "cannot listen on %s port %d", o->host, o->port);
    }
    return 0;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct mailin *m = handle->data;

    m->handles--;
    server_done(m);
}

int mailin_create(uv_loop_t *loop, const struct mailin_options *options, struct mailin **ret,
                  struct err *e)
{
    struct mailin *m = calloc(1, sizeof *m);
    int rc;

    if (m == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the mail server");
    }
    m->loop = loop;
    m->options = *options;
    m->options.step_ms = options->step_ms > 0 ? options->step_ms : MAILIN_STEP_MS;
    list_init(&m->sessions);
    (void)uv_tcp_init(loop, &m->listener);
    m->listener.data = m;
    m->handles = 1;
    rc = bind_to(m, e);
    if (rc != 0) {
        mailin_stop(m, NULL, NULL);
        return rc;
    }
    *ret = m;
    return 0;
}

int mailin_port(const struct mailin *m)
{
    struct sockaddr_storage address;
    int len = sizeof address;

    if (uv_tcp_getsockname(&m->listener, (struct sockaddr *)(void *)&address, &len) != 0) {
        return 0;
    }
    return ntohs(address.ss_family == AF_INET6
                     ? ((struct sockaddr_in6 *)(void *)&address)->sin6_port
                     : ((struct sockaddr_in *)(void *)&address)->sin_port);
}

void mailin_stop(struct mailin *m, void (*closed)(void *ctx), void *ctx)
{
    m->stopping = true;
    m->closed = closed;
    m->closed_ctx = ctx;
    while (!list_empty(&m->sessions)) {
        session_close(list_entry(m->sessions.next, struct session, node));
    }
    uv_close((uv_handle_t *)&m->listener, on_listener_closed);
}
