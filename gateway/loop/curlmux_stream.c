#include "loop/curlmux_stream.h"

#include "base/utf8.h"
#include "loop/address.h"
#include "loop/curlmux_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    WAITING_MAX = 64 << 20,
    READ_BYTES = 16384,
    READ_ROUNDS = 16,
    OPENING_S = 3600,
    SLACK_MS = 1000
};

struct curlmux_stream {
    struct curlmux_work work; /* first */
    struct list node;
    struct curlmux *mux;
    CURL *easy;
    const struct curlmux_stream_events *events;
    void *ctx;
    uv_poll_t poll; /* once open */
    uv_idle_t kick; /* what is due without the socket */
    int handles;    /* of the loop, open */
    curl_socket_t fd;
    bool open;
    bool closed;
    bool told;   /* written has been reported */
    bool broken; /* a write failed */
    bool unread; /* there may be something to read that the socket does not show */
    int watched; /* for these events */
    bool ending;
    struct buf out;
    size_t sent; /* of out */
    char error[CURL_ERROR_SIZE];
};

/* ---- the end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct curlmux_stream *s = handle->data;

    curlmux_unref(s->mux);
    if (--s->handles == 0) {
        free(s);
    }
}

void curlmux_stream_close(struct curlmux_stream *s)
{
    if (s == NULL || s->closed) {
        return;
    }
    s->closed = true;
    list_remove(&s->node);
    if (s->open) {
        /* libcurl may keep the connection a while and would be polite to it: it is over now. */
        (void)shutdown(s->fd, SHUT_RDWR);
        uv_close((uv_handle_t *)&s->poll, on_handle_closed);
    }
    uv_close((uv_handle_t *)&s->kick, on_handle_closed);
    curl_multi_remove_handle(s->mux->multi, s->easy);
    curl_easy_cleanup(s->easy);
    buf_finish(&s->out);
}

void curlmux_streams_end(struct curlmux *mux)
{
    while (!list_empty(&mux->streams)) {
        struct curlmux_stream *s = list_entry(mux->streams.next, struct curlmux_stream, node);
        const struct curlmux_stream_events *events = s->events;
        void *ctx = s->ctx;
        bool open = s->open;

        curlmux_stream_close(s);
        if (open) {
            events->ended(ctx);
        } else {
            events->opened(ctx, CURLMUX_NO_MORE, "the gateway is stopping");
        }
    }
}

/* ---- bytes ---- */

static bool is_alive(const struct curlmux_stream *s)
{
    return !s->closed && !s->ending;
}

static void end(struct curlmux_stream *s)
{
    if (is_alive(s)) {
        s->ending = true;
        (void)uv_poll_stop(&s->poll);
        s->events->ended(s->ctx);
    }
}

static void on_kick(uv_idle_t *idle);

/* Told before anything that is read later: it may be about what was sent. */
static void tell_written(struct curlmux_stream *s)
{
    if (is_alive(s) && s->sent == s->out.len && !s->told) {
        s->told = true;
        s->events->written(s->ctx);
    }
}

/* Reads what is there; bounded, so that one relay cannot keep the loop. */
static void read_some(struct curlmux_stream *s)
{
    char bytes[READ_BYTES];

    for (int i = 0; i < READ_ROUNDS && is_alive(s); i++) {
        size_t n = 0;
        CURLcode code = curl_easy_recv(s->easy, bytes, sizeof bytes, &n);

        if (code == CURLE_AGAIN) {
            return;
        }
        if (code != CURLE_OK || n == 0) {
            end(s);
            return;
        }
        tell_written(s);
        if (is_alive(s)) {
            s->events->received(s->ctx, bytes, n);
        }
    }
    if (is_alive(s)) {
        s->unread = true; /* TLS may hold decrypted bytes */
        (void)uv_idle_start(&s->kick, on_kick);
    }
}

/* Hands over what the system takes; false when the connection is broken. */
static bool send_some(struct curlmux_stream *s)
{
    while (s->sent < s->out.len) {
        size_t n = 0;
        CURLcode code = curl_easy_send(s->easy, s->out.data + s->sent, s->out.len - s->sent, &n);

        if (code == CURLE_AGAIN) {
            break;
        }
        if (code != CURLE_OK) {
            return false;
        }
        s->sent += n;
    }
    return true;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct curlmux_stream *s)
{
    int events = UV_READABLE | (curlmux_stream_waiting(s) > 0 ? UV_WRITABLE : 0);

    if (is_alive(s) && events != s->watched) {
        s->watched = events;
        if (uv_poll_start(&s->poll, events, on_poll) != 0) {
            end(s);
        }
    }
}

/* One turn: what waits is sent, then the relay is heard, also about why it left. */
static void turn(struct curlmux_stream *s)
{
    bool sound = send_some(s);

    tell_written(s);
    if (is_alive(s)) {
        s->unread = false;
        read_some(s);
    }
    if (!sound) {
        end(s);
    }
    watch(s);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct curlmux_stream *s = poll->data;

    (void)status;
    (void)events;
    if (is_alive(s)) {
        turn(s);
    }
}

/* After a write, and when the socket would not tell. */
static void on_kick(uv_idle_t *idle)
{
    struct curlmux_stream *s = idle->data;

    (void)uv_idle_stop(idle);
    if (is_alive(s) && (s->unread || s->broken)) {
        turn(s);
    } else {
        tell_written(s);
        watch(s);
    }
}

int curlmux_stream_write(struct curlmux_stream *s, const char *bytes, size_t len, struct err *e)
{
    if (!s->open || !is_alive(s) || s->sent < s->out.len) {
        return err_set(e, ERR_WRONG_STATE, "the conversation takes no bytes now");
    }
    buf_reset(&s->out);
    s->sent = 0;
    if (buf_add(&s->out, bytes, len) != 0) {
        return err_set(e, buf_failed(&s->out), "no room for %zu bytes", len);
    }
    s->told = false;
    s->broken = !send_some(s); /* at once; what came of it is told in the next round of the loop */
    (void)uv_idle_start(&s->kick, on_kick);
    return 0;
}

size_t curlmux_stream_waiting(const struct curlmux_stream *s)
{
    return s->out.len - s->sent;
}

bool curlmux_stream_connected(const struct curlmux_stream *s)
{
    curl_off_t us = 0;

    return s->open ||
           (curl_easy_getinfo(s->easy, CURLINFO_CONNECT_TIME_T, &us) == CURLE_OK && us > 0);
}

/* ---- opening ---- */

static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t len, void *ctx)
{
    struct curlmux_stream *s = ctx;

    (void)easy;
    if (type == CURLINFO_HEADER_OUT && !s->open) {
        s->events->spoke(s->ctx, bytes, len);
    }
    return 0;
}

void curlmux_stream_wait(struct curlmux_stream *s)
{
    curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT, (long)OPENING_S);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct curlmux_stream *s = ctx;

    curlmux_stream_wait(s);
    return s->events->heard(s->ctx, bytes, size * count) ? size * count : 0;
}

/* The relay's address comes from our own configuration: only what is no host at all is refused. */
static curl_socket_t on_socket_wanted(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct curlmux_stream *s = ctx;

    if (purpose != CURLSOCKTYPE_IPCXN ||
        address_classify(&to->addr, to->addrlen) == ADDRESS_FORBIDDEN) {
        return CURL_SOCKET_BAD;
    }
    return curlmux_socket(s->mux, to);
}

static enum curlmux_opening opening_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return CURLMUX_OPENED;
    case CURLE_COULDNT_RESOLVE_HOST:
        return CURLMUX_NO_NAME;
    case CURLE_COULDNT_CONNECT:
        return CURLMUX_NO_CONNECTION;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_USE_SSL_FAILED:
        return CURLMUX_NO_TLS;
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR:
        return CURLMUX_NO_LOGIN;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_WRITE_ERROR:
        return CURLMUX_NO_SENSE;
    default:
        return CURLMUX_NO_MORE;
    }
}

/* From here on the socket is watched by us, and libcurl only carries bytes through TLS. */
static bool take_over(struct curlmux_stream *s)
{
    s->fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &s->fd) != CURLE_OK ||
        s->fd == CURL_SOCKET_BAD || uv_poll_init_socket(s->mux->loop, &s->poll, s->fd) != 0) {
        return false;
    }
    s->poll.data = s;
    s->handles++;
    curlmux_ref(s->mux);
    s->open = true;
    s->told = true;
    return true;
}

static void on_finished(struct curlmux_work *work, CURLcode result)
{
    struct curlmux_stream *s = (struct curlmux_stream *)work;
    enum curlmux_opening how = opening_of(result);
    const char *error = s->error[0] != '\0' ? s->error : curl_easy_strerror(result);

    if (how == CURLMUX_OPENED && !take_over(s)) {
        how = CURLMUX_NO_MORE;
        error = "no memory for the connection";
    }
    s->events->opened(s->ctx, how, how == CURLMUX_OPENED ? "" : error);
    if (!s->closed && s->open) {
        /* The first read ties the connection to its handle: until then it counts as idle. */
        s->unread = true;
        (void)uv_idle_start(&s->kick, on_kick);
    }
}

static int set_url(struct curlmux_stream *s, const struct curlmux_stream_request *r, struct err *e)
{
    bool v6 = strchr(r->host, ':') != NULL;
    char url[600];
    int n = snprintf(url, sizeof url, "%s://%s%s%s:%d/%s",
                     r->tls == CURLMUX_TLS_IMPLICIT ? "smtps" : "smtp", v6 ? "[" : "", r->host,
                     v6 ? "]" : "", r->port, r->helo == NULL ? "" : r->helo);

    if (n < 0 || (size_t)n >= sizeof url || !utf8_clean_line(str_of(url)) ||
        curl_easy_setopt(s->easy, CURLOPT_URL, url) != CURLE_OK) {
        return err_set(e, ERR_INVALID, "%.200s is no relay that can be reached", r->host);
    }
    return 0;
}

static bool set_login(CURL *c, const struct curlmux_stream_request *r)
{
    static const char *const options[] = {[CURLMUX_AUTH_PLAIN] = "AUTH=PLAIN",
                                          [CURLMUX_AUTH_LOGIN] = "AUTH=LOGIN",
                                          [CURLMUX_AUTH_XOAUTH2] = "AUTH=XOAUTH2"};
    bool bad = false;

    if (r->user == NULL) {
        return true;
    }
    bad |= curl_easy_setopt(c, CURLOPT_SASL_IR, 1L) != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_USERNAME, r->user) != CURLE_OK;
    bad |= curl_easy_setopt(
               c, r->auth == CURLMUX_AUTH_XOAUTH2 ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD,
               r->secret) != CURLE_OK;
    if (r->auth != CURLMUX_AUTH_ANY) {
        bad |= curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, options[r->auth]) != CURLE_OK;
    }
    return !bad;
}

static void set_callbacks(struct curlmux_stream *s)
{
    CURL *c = s->easy;

    curl_easy_setopt(c, CURLOPT_PRIVATE, &s->work);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->error);
    curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(c, CURLOPT_DEBUGDATA, s);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, s);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket_wanted);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, s);
}

static int set_options(struct curlmux_stream *s, const struct curlmux_stream_request *r,
                       struct err *e)
{
    CURL *c = s->easy;
    bool bad = !set_login(c, r);

    bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L) != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_NOPROXY, "*") != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_USE_SSL,
                            r->tls == CURLMUX_TLS_NONE ? (long)CURLUSESSL_NONE
                                                       : (long)CURLUSESSL_ALL) != CURLE_OK;
    bad |= curl_easy_setopt(c, CURLOPT_SSLVERSION,
                            r->tls_13 ? (long)CURL_SSLVERSION_TLSv1_3
                                      : (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK;
    if (r->ca_file != NULL) {
        bad |= curl_easy_setopt(c, CURLOPT_CAINFO, r->ca_file) != CURLE_OK;
    }
    curlmux_set_names(c);
    /* It comes after the owner's own limit, and is what libcurl shares out among addresses. */
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(r->connect_ms + SLACK_MS));
    curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)OPENING_S);
    set_callbacks(s);
    return bad ? err_set(e, ERR_NOMEM, "libcurl refused an option") : set_url(s, r, e);
}

int curlmux_stream_open(struct curlmux *mux, const struct curlmux_stream_request *request,
                        const struct curlmux_stream_events *events, void *ctx,
                        struct curlmux_stream **ret, struct err *e)
{
    struct curlmux_stream *s;
    int rc;

    if (mux->draining || mux->closing) {
        return err_set(e, ERR_LIMIT, "no more conversations are begun now");
    }
    s = calloc(1, sizeof *s);
    if (s == NULL || (s->easy = curl_easy_init()) == NULL) {
        free(s);
        return err_set(e, ERR_NOMEM, "no memory for a conversation");
    }
    s->mux = mux;
    s->events = events;
    s->ctx = ctx;
    s->work.finish = on_finished;
    buf_init(&s->out, WAITING_MAX);
    rc = set_options(s, request, e);
    if (rc == 0 && curl_multi_add_handle(mux->multi, s->easy) != CURLM_OK) {
        rc = err_set(e, ERR_NOMEM, "libcurl could not take the conversation");
    }
    if (rc != 0) {
        curl_easy_cleanup(s->easy);
        free(s);
        return rc;
    }
    (void)uv_idle_init(mux->loop, &s->kick);
    s->kick.data = s;
    s->handles = 1;
    curlmux_ref(mux);
    list_push_back(&mux->streams, &s->node);
    *ret = s;
    return 0;
}
