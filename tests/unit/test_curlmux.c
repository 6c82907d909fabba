/* The mux against servers that misbehave: what it may send, where to, and what it must report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../peers/http_peer.h"
#include "loop/address.h"
#include "loop/curlmux.h"

#include <netdb.h>

struct seen {
    int calls;
    enum curlmux_phase phase;
    int status;
    size_t body_len;
    char body[256];
    char retry_after[64];
    char content_type[64];
    char error[256];
};

struct world {
    uv_loop_t loop;
    struct curlmux *mux;
    struct http_peer peer;
};

static void on_answer(void *ctx, const struct curlmux_answer *a)
{
    struct seen *s = ctx;

    s->calls++;
    s->phase = a->phase;
    s->status = a->status;
    s->body_len = a->body.len;
    snprintf(s->body, sizeof(s->body), "%.*s", (int)(a->body.len < 255 ? a->body.len : 255),
             a->body.len == 0 ? "" : a->body.ptr);
    snprintf(s->retry_after, sizeof(s->retry_after), "%s", a->retry_after);
    snprintf(s->content_type, sizeof(s->content_type), "%s", a->content_type);
    snprintf(s->error, sizeof(s->error), "%s", a->error);
}

static void world_start(struct world *w, bool (*serve)(void *, const struct peer_request *, int),
                        void *ctx)
{
    struct err e;

    assert_int_equal(uv_loop_init(&w->loop), 0);
    assert_int_equal(curlmux_create(&w->loop, &curlmux_default_limits, &w->mux, &e), 0);
    peer_start(&w->peer, serve, ctx);
}

static void world_stop(struct world *w)
{
    curlmux_destroy(w->mux);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    peer_stop(&w->peer);
}

static void url_of(struct world *w, const char *path, char *out, size_t cap)
{
    snprintf(out, cap, "http://127.0.0.1:%d%s", w->peer.port, path);
}

static void finish(struct world *w, struct seen *s)
{
    while (s->calls == 0 && uv_run(&w->loop, UV_RUN_ONCE) != 0) {
    }
    assert_int_equal(s->calls, 1);
}

/* One request from beginning to end. */
static struct seen ask_with(struct world *w, struct curlmux_request *r, const char *path)
{
    struct seen s = {0};
    struct err e = {0};
    char url[200];

    url_of(w, path, url, sizeof(url));
    r->url = url;
    assert_int_equal(curlmux_send(w->mux, r, on_answer, &s, &e), 0);
    assert_int_equal(s.calls, 0);
    finish(w, &s);
    return s;
}

static struct seen post(struct world *w, const char *path)
{
    struct curlmux_request r = {.method = "POST", .body = STR("kisi=Nesrin")};

    return ask_with(w, &r, path);
}

static struct seen get(struct world *w, const char *path)
{
    struct curlmux_request r = {.method = "GET"};

    return ask_with(w, &r, path);
}

static bool path_is(const struct peer_request *r, const char *path)
{
    const char *space = strchr(r->head, ' ');

    return space != NULL && strncmp(space + 1, path, strlen(path)) == 0;
}

static bool serve_basics(void *ctx, const struct peer_request *r, int fd)
{
    (void)ctx;
    if (path_is(r, "/echo")) {
        return peer_reply(fd, 200, "Content-Type: text/plain\r\nRetry-After: 7\r\n", r->body);
    }
    if (path_is(r, "/head")) {
        return peer_reply(fd, 200, "", r->head);
    }
    if (path_is(r, "/moved")) {
        return peer_reply(fd, 307, "Location: /echo\r\n", "");
    }
    return peer_reply(fd, 404, "", "");
}

static void test_answers(void **state)
{
    struct world w;
    struct seen s;

    (void)state;
    world_start(&w, serve_basics, NULL);
    s = post(&w, "/echo");
    assert_int_equal(s.phase, CURLMUX_ANSWERED);
    assert_int_equal(s.status, 200);
    assert_string_equal(s.body, "kisi=Nesrin");
    assert_string_equal(s.retry_after, "7");
    assert_string_equal(s.content_type, "text/plain");
    assert_string_equal(s.error, "");
    s = get(&w, "/nothing");
    assert_int_equal(s.status, 404);
    assert_string_equal(s.retry_after, "");
    assert_int_equal(w.peer.connections, 1); /* kept alive */
    world_stop(&w);
}

struct watched {
    char story[200];
};

static void on_watched(void *ctx, const struct curlmux_request *request,
                       const struct curlmux_answer *answer)
{
    struct watched *w = ctx;
    size_t n = strlen(w->story);

    if (request != NULL) {
        assert_null(answer);
        snprintf(w->story + n, sizeof(w->story) - n, "%s %.*s|", request->method,
                 (int)request->body.len, request->body.ptr);
    } else {
        snprintf(w->story + n, sizeof(w->story) - n, "%d %.*s|", answer->status,
                 (int)answer->body.len, answer->body.ptr);
    }
}

static void test_watched(void **state)
{
    struct watched seen = {""};
    struct world w;

    (void)state;
    world_start(&w, serve_basics, NULL);
    curlmux_watch(w.mux, on_watched, &seen);
    post(&w, "/echo");
    curlmux_watch(w.mux, NULL, NULL);
    post(&w, "/echo");
    assert_string_equal(seen.story, "POST kisi=Nesrin|200 kisi=Nesrin|");
    world_stop(&w);
}

static void test_what_is_sent(void **state)
{
    const char *headers[] = {"X-Bir: iki", "Content-Type: application/json"};
    struct curlmux_request r = {.method = "POST",
                                .headers = headers,
                                .header_count = 2,
                                .user = "okul",
                                .password = "gizli:parola",
                                .body = STR("{}")};
    struct world w;
    struct seen s;

    (void)state;
    world_start(&w, serve_basics, NULL);
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0); /* is none of ours */
    s = ask_with(&w, &r, "/head");
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_int_equal(s.phase, CURLMUX_ANSWERED);
    assert_non_null(strstr(s.body, "X-Bir: iki\r\n"));
    assert_non_null(strstr(s.body, "Authorization: Basic b2t1bDpnaXpsaTpwYXJvbGE=\r\n"));
    assert_non_null(strstr(s.body, "Content-Type: application/json\r\n"));
    assert_null(strcasestr(s.body, "accept-encoding"));
    assert_null(strcasestr(s.body, "expect:"));
    world_stop(&w);
}

/* The longest that is taken, with the colon between the two, and one byte more. */
static void test_long_credentials(void **state)
{
    static char password[16 * 1024];
    struct curlmux_request r = {.method = "GET", .user = "okul", .password = password};
    struct world w;
    struct seen s;
    struct err e = {0};

    (void)state;
    world_start(&w, serve_basics, NULL);
    memset(password, 'p', sizeof password - 5);
    s = ask_with(&w, &r, "/head");
    assert_non_null(strstr(s.body, "Authorization: Basic b2t1bDpwcHBw"));
    password[sizeof password - 5] = 'p';
    r.url = "http://127.0.0.1:1/";
    assert_int_equal(curlmux_send(w.mux, &r, NULL, NULL, &e), ERR_INVALID);
    assert_null(strstr(e.text, "ppp"));
    world_stop(&w);
}

/* One of many that differ in their body; the peer repeats what it was asked, or the body. */
static struct seen ask_kin(struct world *w, uint64_t kin, const char *path, const char *header,
                           const char *body)
{
    const char *headers[] = {header};
    struct curlmux_request r = {.method = "POST",
                                .headers = headers,
                                .header_count = 1,
                                .user = kin == 0 ? NULL : "okul",
                                .password = "gizli",
                                .body = {body, strlen(body)},
                                .kin = kin};

    return ask_with(w, &r, path);
}

static void test_kin(void **state)
{
    static const char *const bodies[] = {"kisi=Nesrin", "", "kisi=Ufuk&il=06", "x"};
    struct world w;
    struct seen s;
    uint64_t echo;
    uint64_t head;

    (void)state;
    world_start(&w, serve_basics, NULL);
    echo = curlmux_kin_open(w.mux);
    head = curlmux_kin_open(w.mux);
    assert_true(echo != 0 && head != 0 && echo != head);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        s = ask_kin(&w, echo, "/echo", "X-Bir: 1", bodies[i]);
        assert_int_equal(s.phase, CURLMUX_ANSWERED);
        assert_string_equal(s.body, bodies[i]);
        assert_string_equal(s.retry_after, "7");
        s = ask_kin(&w, head, "/head", "X-Iki: 2", bodies[i]);
        assert_non_null(strstr(s.body, "POST /head "));
        assert_non_null(strstr(s.body, "X-Iki: 2\r\n"));
        assert_non_null(strstr(s.body, "Authorization: Basic"));
        assert_null(strstr(s.body, "X-Bir"));
        assert_string_equal(s.retry_after, "");
    }
    assert_int_equal(w.peer.connections, 1);
    world_stop(&w);
}

/* What a handle was told for its kin is for nobody else, and goes when the kin is closed. */
static void test_kin_keeps_to_itself(void **state)
{
    struct world w;
    struct seen s;
    uint64_t kin;

    (void)state;
    world_start(&w, serve_basics, NULL);
    kin = curlmux_kin_open(w.mux);
    s = ask_kin(&w, kin, "/head", "X-Bir: 1", "x");
    assert_non_null(strstr(s.body, "X-Bir: 1"));
    s = ask_kin(&w, 0, "/head", "X-Iki: 2", "x");
    assert_non_null(strstr(s.body, "X-Iki: 2"));
    assert_null(strstr(s.body, "X-Bir"));
    assert_null(strstr(s.body, "Authorization"));
    s = ask_kin(&w, kin, "/head", "X-Bir: 1", "x");
    assert_non_null(strstr(s.body, "X-Bir: 1"));
    curlmux_kin_close(w.mux, kin);
    s = ask_kin(&w, kin, "/head", "X-Uc: 3", "x");
    assert_non_null(strstr(s.body, "X-Uc: 3"));
    assert_null(strstr(s.body, "X-Bir"));
    world_stop(&w);
}

/* Closed while one of them is under way: it ends well, and its handle knows nothing afterwards. */
static void test_kin_closed_in_flight(void **state)
{
    const char *headers[] = {"X-Bir: 1"};
    struct curlmux_request r = {
        .method = "POST", .headers = headers, .header_count = 1, .body = STR("x")};
    struct world w;
    struct seen s = {0};
    struct err e;
    char url[100];

    (void)state;
    world_start(&w, serve_basics, NULL);
    url_of(&w, "/head", url, sizeof(url));
    r.url = url;
    r.kin = curlmux_kin_open(w.mux);
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), 0);
    curlmux_kin_close(w.mux, r.kin);
    finish(&w, &s);
    assert_non_null(strstr(s.body, "X-Bir: 1"));
    s = ask_kin(&w, r.kin, "/head", "X-Iki: 2", "x");
    assert_non_null(strstr(s.body, "X-Iki: 2"));
    world_stop(&w);
}

static void test_redirect_is_an_answer(void **state)
{
    struct world w;
    struct seen s;

    (void)state;
    world_start(&w, serve_basics, NULL);
    s = post(&w, "/moved");
    assert_int_equal(s.status, 307);
    assert_int_equal(peer_requests(&w.peer), 1);
    world_stop(&w);
}

/* The first request warms the connection; the second is read and then the connection closes. */
static bool serve_then_die(void *ctx, const struct peer_request *r, int fd)
{
    (void)ctx;
    return path_is(r, "/warm") && peer_reply(fd, 200, "", "ok");
}

static void check_no_repeat(struct seen (*ask)(struct world *, const char *))
{
    struct world w;
    struct seen s;

    world_start(&w, serve_then_die, NULL);
    s = ask(&w, "/warm");
    assert_int_equal(s.status, 200);
    s = ask(&w, "/dies");
    assert_int_equal(s.phase, CURLMUX_SENT);
    assert_int_equal(peer_requests(&w.peer), 2);
    world_stop(&w);
}

static void test_post_is_not_repeated(void **state)
{
    (void)state;
    check_no_repeat(post);
}

static void test_get_is_not_repeated(void **state)
{
    (void)state;
    check_no_repeat(get);
}

/* The repetition would find another idle connection and need no new one. */
static void test_not_repeated_on_another_connection(void **state)
{
    struct curlmux_request r = {.method = "POST", .body = STR("x")};
    struct world w;
    struct seen warm[2] = {{0}};
    struct seen s;
    struct err e;
    char url[100];

    (void)state;
    world_start(&w, serve_then_die, NULL);
    url_of(&w, "/warm", url, sizeof(url));
    r.url = url;
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &warm[0], &e), 0);
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &warm[1], &e), 0);
    finish(&w, &warm[0]);
    while (warm[1].calls == 0) {
        uv_run(&w.loop, UV_RUN_ONCE);
    }
    assert_int_equal(w.peer.connections, 2);
    s = post(&w, "/dies");
    assert_int_equal(s.phase, CURLMUX_SENT);
    s = get(&w, "/dies");
    assert_int_equal(s.phase, CURLMUX_SENT);
    assert_int_equal(peer_requests(&w.peer), 4);
    world_stop(&w);
}

static bool serve_badly(void *ctx, const struct peer_request *r, int fd)
{
    static const char part[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"co";
    static const char bomb[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    (void)ctx;
    if (path_is(r, "/silent")) {
        usleep(1500000);
        return false;
    }
    if (path_is(r, "/half")) {
        peer_write(fd, part, sizeof(part) - 1);
        return false;
    }
    if (path_is(r, "/garbage")) {
        peer_write(fd, "220 posta.ornek.test ESMTP\r\n", 28);
        return false;
    }
    if (path_is(r, "/large")) {
        char chunk[4096 + 8];

        memcpy(chunk, "1000\r\n", 6);
        memset(chunk + 6, 'a', 4096);
        memcpy(chunk + 6 + 4096, "\r\n", 2);
        peer_write(fd, bomb, sizeof(bomb) - 1);
        for (int i = 0; i < 200; i++) {
            peer_write(fd, chunk, sizeof(chunk));
        }
        return false;
    }
    if (path_is(r, "/headers")) {
        peer_write(fd, "HTTP/1.1 200 OK\r\n", 17);
        for (int i = 0; i < 20000; i++) {
            peer_write(fd, "X-Dolgu: aaaaaaaaaaaaaaaa\r\n", 27);
        }
        return false;
    }
    return false;
}

static void test_doubt(void **state)
{
    static const char *const paths[] = {"/half", "/garbage", "/close", "/large", "/headers"};
    struct world w;

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        struct seen s;

        world_start(&w, serve_badly, NULL);
        s = post(&w, paths[i]);
        assert_int_equal(s.phase, CURLMUX_SENT);
        assert_true(s.error[0] != '\0');
        assert_true(s.body_len <= 256 * 1024);
        assert_int_equal(peer_requests(&w.peer), 1);
        world_stop(&w);
    }
}

/* The last transfer of all times out: nothing else wakes the loop. */
static void test_last_timeout(void **state)
{
    struct curlmux_request r = {.method = "POST", .body = STR("x"), .total_ms = 200};
    struct world w;
    uint64_t from;
    struct seen s;

    (void)state;
    world_start(&w, serve_badly, NULL);
    from = uv_hrtime();
    s = ask_with(&w, &r, "/silent");
    assert_int_equal(s.phase, CURLMUX_SENT);
    assert_true(uv_hrtime() - from < 1000000000u);
    world_stop(&w);
}

/* The peer's door is shut; opened again because the peer is stopped through it. */
static void close_door(struct world *w)
{
    shutdown(w->peer.listener, SHUT_RDWR);
    pthread_join(w->peer.thread, NULL);
    close(w->peer.listener);
}

static void open_door(struct world *w)
{
    w->peer.listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_create(&w->peer.thread, NULL, peer_run, &w->peer);
}

static void test_refused_connection(void **state)
{
    struct world w;
    struct seen s;

    (void)state;
    world_start(&w, serve_badly, NULL);
    close_door(&w);
    s = post(&w, "/");
    assert_int_equal(s.phase, CURLMUX_NOT_SENT);
    assert_int_equal(s.status, 0);
    open_door(&w);
    world_stop(&w);
}

static bool serve_and_hang_up(void *ctx, const struct peer_request *r, int fd)
{
    (void)ctx;
    (void)peer_reply(fd, 200, "Connection: close\r\n", r->body);
    return false;
}

/* A handle that has sent before tells of its new request alone. */
static void test_kin_refused_connection(void **state)
{
    struct world w;
    struct seen s;
    uint64_t kin;

    (void)state;
    world_start(&w, serve_and_hang_up, NULL);
    kin = curlmux_kin_open(w.mux);
    s = ask_kin(&w, kin, "/", "X-Bir: 1", "x");
    assert_int_equal(s.phase, CURLMUX_ANSWERED);
    close_door(&w);
    s = ask_kin(&w, kin, "/", "X-Bir: 1", "x");
    assert_int_equal(s.phase, CURLMUX_NOT_SENT);
    assert_int_equal(s.status, 0);
    assert_string_equal(s.body, "");
    open_door(&w);
    world_stop(&w);
}

static bool serve_once_then_die(void *ctx, const struct peer_request *r, int fd)
{
    int *count = ctx;

    return ++*count == 1 && peer_reply(fd, 200, "", r->body);
}

static void test_kin_is_not_repeated(void **state)
{
    struct world w;
    struct seen s;
    uint64_t kin;
    int count = 0;

    (void)state;
    world_start(&w, serve_once_then_die, &count);
    kin = curlmux_kin_open(w.mux);
    for (int i = 1; i <= 7; i++) {
        count = 0;
        s = ask_kin(&w, kin, "/", "X-Bir: 1", "x");
        assert_int_equal(s.phase, CURLMUX_ANSWERED);
        s = ask_kin(&w, kin, "/", "X-Bir: 1", "y");
        assert_int_equal(s.phase, CURLMUX_SENT);
        assert_string_equal(s.error, "the connection died before an answer came");
        assert_int_equal(peer_requests(&w.peer), 2 * i);
    }
    world_stop(&w);
}

/* The end of the mux comes before libcurl has begun with the second. */
static void test_kin_ended_before_it_began(void **state)
{
    const char *headers[] = {"X-Bir: 1"};
    struct curlmux_request r = {
        .method = "POST", .headers = headers, .header_count = 1, .body = STR("x")};
    struct world w;
    struct seen s = {0};
    struct err e;
    char url[100];

    (void)state;
    world_start(&w, serve_basics, NULL);
    r.kin = curlmux_kin_open(w.mux);
    assert_int_equal(ask_with(&w, &r, "/head").status, 200);
    url_of(&w, "/head", url, sizeof(url));
    r.url = url;
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), 0);
    world_stop(&w);
    assert_int_equal(s.calls, 1);
    assert_int_equal(s.phase, CURLMUX_NOT_SENT);
    assert_int_equal(s.status, 0);
}

/* TLS to a server that speaks none: nothing of the request leaves. */
static void test_failed_handshake(void **state)
{
    struct curlmux_request r = {.method = "POST", .body = STR("x")};
    struct world w;
    struct seen s = {0};
    struct err e;
    char url[100];

    (void)state;
    world_start(&w, serve_badly, NULL);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", w.peer.port);
    r.url = url;
    r.connect_ms = 300;
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), 0);
    finish(&w, &s);
    assert_int_equal(s.phase, CURLMUX_NOT_SENT);
    assert_int_equal(peer_requests(&w.peer), 0);
    world_stop(&w);
}

static void test_must_not_be_made(void **state)
{
    static const char *const bad_header[] = {"X: a\r\nY: b"};
    static const struct curlmux_request rows[] = {
        {.method = "GET", .url = "http://sms.ornek.test/"},
        {.method = "GET", .url = "http://10.0.0.1/"},
        {.method = "GET", .url = "file:///etc/passwd"},
        {.method = "GET", .url = "ftp://127.0.0.1/"},
        {.method = "GET", .url = "gopher://127.0.0.1/"},
        {.method = "GET", .url = "https://u:p@sms.ornek.test/"},
        {.method = "GET", .url = "https://sms.ornek.test/\r\nX: y"},
        {.method = "GET", .url = ""},
        {.method = "GET", .url = "sms"},
        {.method = "GET",
         .url = "https://sms.ornek.test/",
         .headers = bad_header,
         .header_count = 1},
    };
    struct world w;

    (void)state;
    world_start(&w, serve_basics, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct seen s = {0};
        struct err e = {0};

        assert_int_equal(curlmux_send(w.mux, &rows[i], on_answer, &s, &e), ERR_INVALID);
        uv_run(&w.loop, UV_RUN_NOWAIT);
        assert_int_equal(s.calls, 0);
        assert_true(e.text[0] != '\0');
    }
    world_stop(&w);
}

/* The resolver of this program: names of the tests mean what the tests want. */

static bool resolver_stalls;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    const char *address = strcmp(node, "localhost") == 0 ? "127.0.0.1" : node;
    bool six;
    struct addrinfo *ai;
    char text[64];

    if (resolver_stalls) {
        sleep(2);
        return EAI_AGAIN;
    }
    if (strncmp(node, "resolves-to-", 12) == 0) {
        snprintf(text, sizeof(text), "%s", node + 12);
        *strstr(text, ".ornek") = '\0';
        for (char *c = text; *c != '\0'; c++) {
            *c = *c == '-' ? ':' : *c;
        }
        address = text;
    }
    six = strchr(address, ':') != NULL;
    if (hints != NULL && hints->ai_family != AF_UNSPEC &&
        hints->ai_family != (six ? AF_INET6 : AF_INET)) {
        return EAI_NONAME;
    }
    ai = calloc(1, sizeof(*ai) + sizeof(struct sockaddr_in6));
    ai->ai_family = six ? AF_INET6 : AF_INET;
    ai->ai_socktype = SOCK_STREAM;
    ai->ai_addr = (struct sockaddr *)(void *)(ai + 1);
    ai->ai_addrlen = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    ai->ai_addr->sa_family = (sa_family_t)ai->ai_family;
    if (six) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)ai->ai_addr;

        in6->sin6_port = htons((uint16_t)strtoul(service == NULL ? "0" : service, NULL, 10));
        inet_pton(AF_INET6, address, &in6->sin6_addr);
    } else {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)ai->ai_addr;

        in->sin_port = htons((uint16_t)strtoul(service == NULL ? "0" : service, NULL, 10));
        inet_pton(AF_INET, address, &in->sin_addr);
    }
    *ret = ai;
    return 0;
}

void freeaddrinfo(struct addrinfo *ai)
{
    free(ai);
}

struct address_row {
    const char *address;
    enum address_class class;
};

static const struct address_row addresses[] = {
    {"8.8.8.8", ADDRESS_PUBLIC},
    {"172.15.255.255", ADDRESS_PUBLIC},
    {"172.32.0.1", ADDRESS_PUBLIC},
    {"100.63.255.255", ADDRESS_PUBLIC},
    {"100.128.0.1", ADDRESS_PUBLIC},
    {"198.20.0.1", ADDRESS_PUBLIC},
    {"223.255.255.255", ADDRESS_PUBLIC},
    {"2a01:4f8::1", ADDRESS_PUBLIC},
    {"2001:200::1", ADDRESS_PUBLIC},
    {"::ffff:8.8.8.8", ADDRESS_PUBLIC},
    {"10.1.2.3", ADDRESS_PRIVATE},
    {"172.16.0.1", ADDRESS_PRIVATE},
    {"172.31.255.255", ADDRESS_PRIVATE},
    {"192.168.1.1", ADDRESS_PRIVATE},
    {"100.64.0.1", ADDRESS_PRIVATE},
    {"100.127.255.255", ADDRESS_PRIVATE},
    {"fd00::1", ADDRESS_PRIVATE},
    {"fc00::1", ADDRESS_PRIVATE},
    {"::ffff:10.0.0.1", ADDRESS_PRIVATE},
    {"127.0.0.1", ADDRESS_LOOPBACK},
    {"127.255.255.254", ADDRESS_LOOPBACK},
    {"::1", ADDRESS_LOOPBACK},
    {"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
    {"0.0.0.0", ADDRESS_FORBIDDEN},
    {"0.1.2.3", ADDRESS_FORBIDDEN},
    {"169.254.169.254", ADDRESS_FORBIDDEN},
    {"::ffff:169.254.169.254", ADDRESS_FORBIDDEN},
    {"192.0.0.8", ADDRESS_FORBIDDEN},
    {"192.0.2.1", ADDRESS_FORBIDDEN},
    {"198.18.0.1", ADDRESS_FORBIDDEN},
    {"198.19.255.255", ADDRESS_FORBIDDEN},
    {"198.51.100.1", ADDRESS_FORBIDDEN},
    {"203.0.113.1", ADDRESS_FORBIDDEN},
    {"224.0.0.1", ADDRESS_FORBIDDEN},
    {"240.0.0.1", ADDRESS_FORBIDDEN},
    {"255.255.255.255", ADDRESS_FORBIDDEN},
    {"::", ADDRESS_FORBIDDEN},
    {"::127.0.0.1", ADDRESS_FORBIDDEN},
    {"64:ff9b::7f00:1", ADDRESS_FORBIDDEN},
    {"64:ff9b::808:808", ADDRESS_FORBIDDEN},
    {"64:ff9b:1::1", ADDRESS_FORBIDDEN},
    {"100::1", ADDRESS_FORBIDDEN},
    {"2001::1", ADDRESS_FORBIDDEN},
    {"2001:db8::1", ADDRESS_FORBIDDEN},
    {"2002:7f00:1::", ADDRESS_FORBIDDEN},
    {"fe80::1", ADDRESS_FORBIDDEN},
    {"fec0::1", ADDRESS_FORBIDDEN},
    {"ff02::1", ADDRESS_FORBIDDEN},
};

static void test_address_classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        enum address_class class = ADDRESS_FORBIDDEN;

        assert_true(address_of_literal(addresses[i].address, &class));
        if (class != addresses[i].class) {
            fail_msg("%s is class %d", addresses[i].address, (int)class);
        }
    }
    assert_true(address_is_loopback_host("localhost"));
    assert_true(address_is_loopback_host("[::1]"));
    assert_false(address_is_loopback_host("localhost.ornek.test"));
    assert_false(address_is_loopback_host("10.0.0.1"));
}

/* A name that resolves to an address that is not public is never connected to. */
static void test_rebinding(void **state)
{
    struct world w;

    (void)state;
    world_start(&w, serve_basics, NULL);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        struct curlmux_request r = {.method = "GET", .connect_ms = 500};
        struct seen s = {0};
        struct err e;
        char name[64];
        char url[160];

        if (addresses[i].class == ADDRESS_PUBLIC) {
            continue;
        }
        snprintf(name, sizeof(name), "%s", addresses[i].address);
        for (char *c = name; *c != '\0'; c++) {
            *c = *c == ':' ? '-' : *c;
        }
        snprintf(url, sizeof(url), "https://resolves-to-%s.ornek.test:%d/", name, w.peer.port);
        r.url = url;
        assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), 0);
        finish(&w, &s);
        assert_int_equal(s.phase, CURLMUX_NOT_SENT);
        assert_string_equal(s.error, "the host has an address that must not be connected to");
    }
    assert_int_equal(w.peer.connections, 0);
    world_stop(&w);
}

/* Even "private is fine" does not open link-local and the rest; plain http stays on loopback. */
static void test_private_allowed(void **state)
{
    struct curlmux_request r = {.method = "GET", .connect_ms = 300, .allow_private = true};
    struct world w;
    struct seen s = {0};
    struct err e;
    char url[160];

    (void)state;
    world_start(&w, serve_basics, NULL);
    r.url = "https://resolves-to-169.254.169.254.ornek.test/";
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), 0);
    finish(&w, &s);
    assert_string_equal(s.error, "the host has an address that must not be connected to");
    s = (struct seen){0};
    snprintf(url, sizeof(url), "https://resolves-to-127.0.0.1.ornek.test:%d/", w.peer.port);
    r.url = url;
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), 0);
    finish(&w, &s);
    assert_int_equal(s.phase, CURLMUX_NOT_SENT);
    assert_int_equal(w.peer.connections, 1); /* it was connected to; TLS failed */
    world_stop(&w);
}

/* A name server that does not answer ends one request and stops nothing else. */
static void test_stalled_resolver(void **state)
{
    struct curlmux_request r = {
        .method = "GET", .url = "https://yavas.ornek.test/", .connect_ms = 200};
    struct world w;
    struct seen s = {0};
    struct err e;
    uint64_t from;

    (void)state;
    world_start(&w, serve_basics, NULL);
    resolver_stalls = true;
    from = uv_hrtime();
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), 0);
    finish(&w, &s);
    assert_int_equal(s.phase, CURLMUX_NOT_SENT);
    assert_true(uv_hrtime() - from < 1000000000u);
    world_stop(&w);
    sleep(2); /* the resolver's thread ends by itself */
    resolver_stalls = false;
}

static void on_drained(void *ctx)
{
    ++*(int *)ctx;
}

static void test_drain(void **state)
{
    struct curlmux_request r = {.method = "POST", .body = STR("x"), .total_ms = 200};
    struct world w;
    struct seen s = {0};
    struct err e;
    char url[100];
    int drained = 0;

    (void)state;
    world_start(&w, serve_badly, NULL);
    url_of(&w, "/silent", url, sizeof(url));
    r.url = url;
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), 0);
    curlmux_drain(w.mux, on_drained, &drained);
    assert_int_equal(drained, 0);
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), ERR_LIMIT);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(s.calls, 1);
    assert_int_equal(drained, 1);
    world_stop(&w);
}

static void test_destroy_in_flight(void **state)
{
    struct curlmux_request r = {.method = "POST", .body = STR("x")};
    struct world w;
    struct seen s = {0};
    struct err e;
    char url[100];

    (void)state;
    world_start(&w, serve_badly, NULL);
    url_of(&w, "/silent", url, sizeof(url));
    r.url = url;
    assert_int_equal(curlmux_send(w.mux, &r, on_answer, &s, &e), 0);
    while (peer_requests(&w.peer) == 0) {
        uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    world_stop(&w);
    assert_int_equal(s.calls, 1);
    assert_int_equal(s.phase, CURLMUX_SENT);
}

/* Answers that bring new requests, more than the connections allowed. */
struct relay {
    struct world *w;
    struct curlmux_request r;
    int left;
    int answered;
};

static void on_relay(void *ctx, const struct curlmux_answer *a)
{
    struct relay *relay = ctx;
    struct err e;

    assert_int_equal(a->phase, CURLMUX_ANSWERED);
    relay->answered++;
    if (relay->left > 0) {
        relay->left--;
        assert_int_equal(curlmux_send(relay->w->mux, &relay->r, on_relay, relay, &e), 0);
    }
}

static void test_many(void **state)
{
    struct world w;
    struct relay relay = {.w = &w, .r = {.method = "POST", .body = STR("x")}, .left = 1900};
    struct err e;
    char url[100];

    (void)state;
    world_start(&w, serve_basics, NULL);
    url_of(&w, "/echo", url, sizeof(url));
    relay.r.url = url;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(curlmux_send(w.mux, &relay.r, on_relay, &relay, &e), 0);
    }
    while (curlmux_in_flight(w.mux) > 0) {
        uv_run(&w.loop, UV_RUN_ONCE);
    }
    assert_int_equal(relay.answered, 2000);
    assert_int_equal(peer_requests(&w.peer), 2000);
    assert_true(w.peer.connections <= 32);
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_watched),
        cmocka_unit_test(test_what_is_sent),
        cmocka_unit_test(test_long_credentials),
        cmocka_unit_test(test_kin),
        cmocka_unit_test(test_kin_keeps_to_itself),
        cmocka_unit_test(test_kin_closed_in_flight),
        cmocka_unit_test(test_kin_refused_connection),
        cmocka_unit_test(test_kin_is_not_repeated),
        cmocka_unit_test(test_kin_ended_before_it_began),
        cmocka_unit_test(test_redirect_is_an_answer),
        cmocka_unit_test(test_post_is_not_repeated),
        cmocka_unit_test(test_get_is_not_repeated),
        cmocka_unit_test(test_not_repeated_on_another_connection),
        cmocka_unit_test(test_doubt),
        cmocka_unit_test(test_last_timeout),
        cmocka_unit_test(test_refused_connection),
        cmocka_unit_test(test_failed_handshake),
        cmocka_unit_test(test_must_not_be_made),
        cmocka_unit_test(test_address_classes),
        cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_private_allowed),
        cmocka_unit_test(test_stalled_resolver),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_destroy_in_flight),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
