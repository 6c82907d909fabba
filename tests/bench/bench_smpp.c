/*
 * A message centre that takes every submit_sm at once: answers SMPP 3.4 by the header alone and
 * counts. "GET /count" on a connection of its own tells how many there were. One thread, epoll.
 * Usage: bench_smpp PORT
 */
#include "base/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, READ_MAX = 65536, HEADER = 16, ID_SIZE = 24, SUBMIT = 0x04, BIND = 0x09 };

struct client {
    int fd;
    size_t in_len;
    size_t out_len;
    unsigned char in[READ_MAX];
    unsigned char out[2 * READ_MAX + 64]; /* the shortest unit is answered by twice as much */
};

static long taken;

static int listen_on(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 64) != 0) {
        perror("bench_smpp");
        exit(1);
    }
    return fd;
}

static uint32_t get_u32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_u32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (unsigned char)(v >> (24 - 8 * i));
    }
}

/* submit and bind are answered with a string, other requests with the header, answers not. */
static void answer(struct client *c, const unsigned char *unit)
{
    uint32_t command = get_u32(unit + 4);
    char text[ID_SIZE] = "MERKEZ";
    unsigned char *out = c->out + c->out_len;
    size_t n = HEADER;

    if ((command & 0x80000000u) != 0) {
        return;
    }
    if (command == SUBMIT) {
        (void)snprintf(text, sizeof text, "%lx", taken++);
    }
    if (command == SUBMIT || command == BIND) {
        memcpy(out + n, text, strlen(text) + 1);
        n += strlen(text) + 1;
    }
    put_u32(out, (uint32_t)n);
    put_u32(out + 4, command | 0x80000000u);
    put_u32(out + 8, 0);
    memcpy(out + 12, unit + 12, 4);
    c->out_len += n;
}

static void tell_count(struct client *c)
{
    c->out_len = (size_t)snprintf((char *)c->out, sizeof c->out,
                                  "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n%20ld", taken);
    c->in_len = 0;
}

static void take_units(struct client *c)
{
    size_t at = 0;
    uint32_t length;

    if (c->in_len >= 4 && memcmp(c->in, "GET ", 4) == 0) {
        tell_count(c);
        return;
    }
    while (c->in_len - at >= HEADER && (length = get_u32(c->in + at)) <= c->in_len - at &&
           length >= HEADER) {
        answer(c, c->in + at);
        at += length;
    }
    c->in_len -= at;
    memmove(c->in, c->in + at, c->in_len);
}

static void hang_up(struct client *c)
{
    (void)close(c->fd);
    free(c);
}

static void serve(struct client *c)
{
    ssize_t got = read(c->fd, c->in + c->in_len, sizeof c->in - c->in_len);

    if (got <= 0) {
        hang_up(c);
        return;
    }
    c->in_len += (size_t)got;
    c->out_len = 0;
    take_units(c);
    if (c->out_len > 0 && write(c->fd, c->out, c->out_len) != (ssize_t)c->out_len) {
        (void)shutdown(c->fd, SHUT_RDWR);
    }
}

static void let_in(int epoll, int listener)
{
    struct client *c = calloc(1, sizeof *c);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = c}};
    int yes = 1;

    if (c == NULL || (c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0) {
        free(c);
        return;
    }
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int64_t port = 0;
    int listener;

    if (argc != 2 || str_i64(str_of(argv[1]), &port) != 0) {
        (void)fprintf(stderr, "usage: bench_smpp PORT\n");
        return 64;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    listener = listen_on((int)port);
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL) {
                let_in(epoll, listener);
            } else {
                serve(events[i].data.ptr);
            }
        }
    }
}
