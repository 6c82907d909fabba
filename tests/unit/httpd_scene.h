/*
 * A server on loopback in the test's loop and one client in a thread. The client only collects;
 * the test asserts after run_scene() has returned.
 */
#pragma once

#include "base/err.h"
#include "loop/httpd.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUT_MAX = 1 << 17, HELD_MAX = 8, BIG_BODY = 8 << 20 };

struct scene {
    struct httpd_options options;
    void (*client)(struct scene *s);
    const void *arg;
    int64_t grace_ms;
    bool keep_held; /* reply to held requests only after the server has gone */
    bool drop_held; /* end them without a word instead */
    /* filled */
    int port;
    char out[OUT_MAX];
    size_t out_len;
    int numbers[8];
    int handled;
    int answered;
    int aborted;
    int closed;
    /* server side */
    uv_loop_t loop;
    struct httpd *server;
    uv_async_t done;
    struct http_request *held[HELD_MAX];
    size_t held_count;
};

struct later {
    uv_timer_t timer;
    struct http_request *req;
};

static inline void scene_answer(struct http_request *req, const char *text)
{
    struct http_answer a = {.status = 200, .content_type = "text/plain", .body = str_of(text)};

    http_reply(req, &a);
}

static inline void later_gone(uv_handle_t *h)
{
    free(h->data);
}

static inline void later_fires(uv_timer_t *timer)
{
    struct later *l = timer->data;

    scene_answer(l->req, "later\n");
    uv_close((uv_handle_t *)timer, later_gone);
}

static inline void scene_aborted(void *ctx, struct http_request *req)
{
    struct scene *s = ctx;

    (void)req;
    s->aborted++;
}

static inline void answer_later(struct scene *s, struct http_request *req)
{
    struct later *l = calloc(1, sizeof *l);

    l->req = req;
    l->timer.data = l;
    uv_timer_init(&s->loop, &l->timer);
    uv_timer_start(&l->timer, later_fires, 40, 0);
}

static inline void answer_echo(struct http_request *req)
{
    struct buf b;
    struct str body = http_body(req);
    struct http_answer a = {.status = 200, .content_type = "text/plain", .stolen = &b};

    buf_init(&b, 1 << 20);
    buf_addf(&b, "%s %.*s ?%.*s #%zu %.*s\n", http_method_name(http_method(req)),
             (int)http_path(req).len, http_path(req).ptr, (int)http_query(req).len,
             http_query(req).ptr, body.len, body.len > 64 ? 64 : (int)body.len, body.ptr);
    http_reply(req, &a);
}

static inline void answer_big(struct http_request *req)
{
    struct buf b;
    struct http_answer a = {.status = 200, .content_type = "text/plain", .stolen = &b};

    buf_init(&b, BIG_BODY + 1);
    memset(buf_reserve(&b, BIG_BODY), 'x', BIG_BODY);
    buf_commit(&b, BIG_BODY);
    http_reply(req, &a);
}

static inline void scene_handle(void *ctx, struct http_request *req)
{
    struct scene *s = ctx;
    struct str path = http_path(req);

    s->handled++;
    if (str_eqs(path, "/later")) {
        answer_later(s, req);
    } else if (str_eqs(path, "/hold")) {
        http_request_on_abort(req, scene_aborted, s);
        s->held[s->held_count++] = req;
    } else if (str_eqs(path, "/big")) {
        answer_big(req);
    } else if (str_eqs(path, "/drop") || str_eqs(path, "/reset")) {
        http_drop(req, STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nyar"),
                  str_eqs(path, "/reset"));
    } else if (str_eqs(path, "/refuse")) {
        http_refuse(req, 404, "not_found");
    } else {
        answer_echo(req);
    }
}

static inline size_t scene_limit(void *ctx, const struct http_request *req)
{
    (void)ctx;
    return str_eqs(http_path(req), "/bulk") ? 5000 : 0;
}

static inline const char *scene_problem(void *ctx, const struct http_problem *p, struct buf *out)
{
    (void)ctx;
    buf_addf(out, "{\"status\":%d,\"code\":\"%s\",\"lang\":\"%.*s\"}", p->status, p->code,
             (int)p->accept_language.len, p->accept_language.ptr);
    return "tr";
}

static inline void scene_answered(void *ctx, const struct http_request *req, int status,
                                  int64_t took_ms)
{
    struct scene *s = ctx;

    (void)req;
    (void)took_ms;
    s->answered += status > 0;
}

static inline void scene_closed(void *ctx)
{
    struct scene *s = ctx;

    s->closed++;
    s->server = NULL;
}

static inline void release_held(struct scene *s)
{
    for (size_t i = 0; i < s->held_count; i++) {
        if (s->drop_held) {
            http_drop(s->held[i], STR(""), false);
        } else {
            scene_answer(s->held[i], "held\n");
        }
    }
    s->held_count = 0;
}

static inline void on_client_done(uv_async_t *async)
{
    struct scene *s = async->data;

    if (!s->keep_held) {
        release_held(s);
    }
    httpd_stop(s->server, s->grace_ms, scene_closed, s);
    uv_close((uv_handle_t *)async, NULL);
}

static inline void *client_thread(void *arg)
{
    struct scene *s = arg;

    s->client(s);
    uv_async_send(&s->done);
    return NULL;
}

/* Runs until the client has finished and the server is gone. */
static inline void run_scene(struct scene *s)
{
    static const struct httpd_handlers handlers = {scene_handle, scene_limit, scene_problem,
                                                   scene_answered};
    struct err e = {0};
    pthread_t thread;

    uv_loop_init(&s->loop);
    assert_int_equal(httpd_create(&s->loop, &s->options, &handlers, s, &s->server, &e), 0);
    assert_int_equal(httpd_listen(s->server, "127.0.0.1", 0, &s->port, &e), 0);
    uv_async_init(&s->loop, &s->done, on_client_done);
    s->done.data = s;
    assert_int_equal(pthread_create(&thread, NULL, client_thread, s), 0);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    pthread_join(thread, NULL);
    release_held(s);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    assert_int_equal(s->closed, 1);
}

static inline struct scene *scene_new(void (*client)(struct scene *s))
{
    struct scene *s = calloc(1, sizeof *s);

    s->options = httpd_default_options;
    s->client = client;
    s->grace_ms = 2000;
    return s;
}

/* ---- the client's side ---- */

static inline int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void nap(int ms)
{
    poll(NULL, 0, ms);
}

static inline int dial(const struct scene *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline bool say(int fd, const char *text)
{
    size_t n = strlen(text);

    return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Appends what comes to s->out until `until` was seen, the peer closed, or ms passed. */
static inline bool hear(struct scene *s, int fd, const char *until, int ms)
{
    int64_t end = now_ms() + ms;
    size_t from = s->out_len;

    while (now_ms() < end) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (poll(&p, 1, (int)(end - now_ms())) <= 0) {
            break;
        }
        n = recv(fd, s->out + s->out_len, OUT_MAX - 1 - s->out_len, 0);
        if (n <= 0) {
            return true; /* closed */
        }
        s->out_len += (size_t)n;
        s->out[s->out_len] = '\0';
        if (until != NULL && strstr(s->out + from, until) != NULL) {
            return true;
        }
    }
    return false;
}

/* One request on a connection of its own; the whole answer lands in s->out. */
static inline void ask(struct scene *s, const char *raw)
{
    int fd = dial(s);

    say(fd, raw);
    hear(s, fd, NULL, 3000);
    close(fd);
}

static inline int status_of(const char *out)
{
    return strncmp(out, "HTTP/1.1 ", 9) == 0 ? (int)strtol(out + 9, NULL, 10) : 0;
}

static inline int occurrences(const char *hay, const char *needle)
{
    int n = 0;

    for (const char *at = hay; (at = strstr(at, needle)) != NULL; at += strlen(needle)) {
        n++;
    }
    return n;
}
