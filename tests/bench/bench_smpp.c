/*
 * A message centre that takes every submit_sm at once: answers SMPP 3.4 by the header alone and
 * counts. "GET /count" on a connection of its own tells how many there were. One thread, epoll.
 * Usage: bench_smpp PORT
 */
#include "base/str.h"
#include "bench_server.h"

#include <stdio.h>

enum { READ_MAX = 65536, HEADER = 16, ID_SIZE = 24, SUBMIT = 0x04, BIND = 0x09 };

struct client {
    int fd;
    size_t in_len;
    size_t out_len;
    unsigned char in[READ_MAX];
    unsigned char out[2 * READ_MAX + 64]; /* the shortest unit is answered by twice as much */
};

static long taken;

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

int main(int argc, char **argv)
{
    const struct bench_server server = {.client_size = sizeof(struct client), .serve = serve};

    return bench_server_run(&server, argc, argv);
}
