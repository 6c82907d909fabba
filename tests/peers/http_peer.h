/*
 * A small HTTP/1.1 server in threads of the test program: it reads whole requests and leaves the
 * answer, or the misbehaviour, to a function of the test. One thread per connection.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEER_CONNECTIONS_MAX = 256, PEER_REQUEST_MAX = 512 * 1024 };

struct peer_request {
    int connection; /* 1.. */
    int number;     /* 1.. over all connections */
    char *head;     /* request line and headers */
    char *body;     /* NUL-terminated */
    size_t body_len;
};

struct http_peer {
    /* Answers on fd; false closes the connection. */
    bool (*serve)(void *ctx, const struct peer_request *request, int fd);
    /* In place of HTTP: talks on fd until the end of the connection. May be null. */
    void (*talk)(void *ctx, int fd);
    void *ctx;
    int listener;
    int port;
    pthread_t thread;
    pthread_mutex_t lock;
    int fds[PEER_CONNECTIONS_MAX];
    pthread_t threads[PEER_CONNECTIONS_MAX];
    int connections;
    int requests;
    bool stopping;
};

struct peer_connection {
    struct http_peer *peer;
    int fd;
    int number;
};

static inline void peer_write(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t put = send(fd, bytes, n, MSG_NOSIGNAL);

        if (put <= 0) {
            return;
        }
        bytes += put;
        n -= (size_t)put;
    }
}

/* headers: "" or whole lines with CRLF. */
static inline bool peer_reply(int fd, int status, const char *headers, const char *body)
{
    char head[1024];
    int n = snprintf(head, sizeof(head), "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n%s\r\n", status,
                     strlen(body), headers);

    peer_write(fd, head, (size_t)n);
    peer_write(fd, body, strlen(body));
    return true;
}

static inline size_t peer_content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");

    return at == NULL ? 0 : (size_t)strtoull(at + 17, NULL, 10);
}

static inline bool peer_read_request(int fd, char *space, struct peer_request *r)
{
    size_t have = 0;
    char *end = NULL;

    while (end == NULL || have < (size_t)(end + 4 - space) + r->body_len) {
        ssize_t got = have + 1 < PEER_REQUEST_MAX
                          ? recv(fd, space + have, PEER_REQUEST_MAX - 1 - have, 0)
                          : 0;

        if (got <= 0) {
            return false;
        }
        have += (size_t)got;
        space[have] = '\0';
        if (end == NULL && (end = strstr(space, "\r\n\r\n")) != NULL) {
            end[2] = '\0';
            r->head = space;
            r->body = end + 4;
            r->body_len = peer_content_length(space);
        }
    }
    return true;
}

static inline void *peer_connection_run(void *arg)
{
    struct peer_connection *c = arg;
    char *space = malloc(PEER_REQUEST_MAX);
    struct peer_request r = {.connection = c->number};
    bool open = c->peer->talk == NULL;

    if (!open) {
        c->peer->talk(c->peer->ctx, c->fd);
    }
    while (open && peer_read_request(c->fd, space, &r)) {
        pthread_mutex_lock(&c->peer->lock);
        r.number = ++c->peer->requests;
        pthread_mutex_unlock(&c->peer->lock);
        open = c->peer->serve(c->peer->ctx, &r, c->fd);
        r.body_len = 0;
    }
    shutdown(c->fd, SHUT_RDWR);
    free(space);
    free(c);
    return NULL;
}

static inline void *peer_run(void *arg)
{
    struct http_peer *p = arg;

    for (;;) {
        int fd = accept(p->listener, NULL, NULL);
        struct peer_connection *c;

        if (fd < 0 || p->connections == PEER_CONNECTIONS_MAX) {
            return NULL;
        }
        c = malloc(sizeof(*c));
        pthread_mutex_lock(&p->lock);
        *c = (struct peer_connection){p, fd, p->connections + 1};
        p->fds[p->connections] = fd;
        pthread_create(&p->threads[p->connections++], NULL, peer_connection_run, c);
        pthread_mutex_unlock(&p->lock);
    }
}

static inline void peer_start(struct http_peer *p,
                              bool (*serve)(void *, const struct peer_request *, int), void *ctx)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(sa);
    int one = 1;

    memset(p, 0, sizeof(*p));
    p->serve = serve;
    p->ctx = ctx;
    pthread_mutex_init(&p->lock, NULL);
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(p->listener, (struct sockaddr *)&sa, len) != 0 || listen(p->listener, 128) != 0) {
        abort();
    }
    getsockname(p->listener, (struct sockaddr *)&sa, &len);
    p->port = ntohs(sa.sin_port);
    pthread_create(&p->thread, NULL, peer_run, p);
}

static inline int peer_requests(struct http_peer *p)
{
    int n;

    pthread_mutex_lock(&p->lock);
    n = p->requests;
    pthread_mutex_unlock(&p->lock);
    return n;
}

static inline void peer_stop(struct http_peer *p)
{
    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listener);
    for (int i = 0; i < p->connections; i++) {
        shutdown(p->fds[i], SHUT_RDWR);
        pthread_join(p->threads[i], NULL);
        close(p->fds[i]);
    }
    pthread_mutex_destroy(&p->lock);
}
