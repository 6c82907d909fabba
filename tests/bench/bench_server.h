/*
 * The peer of a measurement: a TCP server on loopback, one thread, epoll. The file that includes it
 * has a `struct client` that begins with its `int fd` and says what to do when bytes have come.
 */
#pragma once

#include "base/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct client;

struct bench_server {
    size_t client_size;
    /* Reads and answers; closes the descriptor and frees the client when the peer has gone. */
    void (*serve)(struct client *c);
};

static inline int bench_listen(const char *program, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1024) != 0) {
        perror(program);
        exit(1);
    }
    return fd;
}

static inline void bench_let_in(const struct bench_server *s, int epoll, int listener)
{
    int *client = calloc(1, s->client_size); /* its first member is the descriptor */
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = client}};
    int yes = 1;

    if (client == NULL || (*client = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0) {
        free(client);
        return;
    }
    (void)setsockopt(*client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, *client, &event);
}

/*
 * A vendor is another machine: it does not take the processor from its sender at every request.
 * Waking, a process of this policy waits until one is free; whoever sends has the gain of it.
 */
static inline void bench_yield_to_senders(void)
{
    const struct sched_param none = {0};

    if (sched_setscheduler(0, SCHED_BATCH, &none) != 0) {
        perror("bench: SCHED_BATCH");
        exit(1);
    }
}

/* Serves on the port that is the only argument; returns only when that is none. */
static inline int bench_server_run(const struct bench_server *s, int argc, char **argv)
{
    struct epoll_event events[64];
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int64_t port = 0;
    int listener;

    if (argc != 2 || str_i64(str_of(argv[1]), &port) != 0) {
        (void)fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 64;
    }
    bench_yield_to_senders();
    (void)signal(SIGPIPE, SIG_IGN);
    listener = bench_listen(argv[0], (int)port);
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, sizeof events / sizeof events[0], -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL) {
                bench_let_in(s, epoll, listener);
            } else {
                s->serve(events[i].data.ptr);
            }
        }
    }
}
