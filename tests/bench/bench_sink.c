/*
 * A vendor that takes every SMS at once: a small HTTP/1.1 server that answers each request in the
 * words of the vendor whose path it came by, else of Kannel's sendsms, and counts. GET /count tells
 * how many there were, GET /last repeats the last request as it came. One thread, epoll.
 * Usage: bench_sink PORT
 */
#include "base/str.h"
#include "bench_server.h"

#include <stdio.h>

enum { REQUEST_MAX = 65536, ANSWER_MAX = 512 };

struct client {
    int fd;
    size_t len;
    char bytes[REQUEST_MAX + 1]; /* what is read is followed by a null byte */
};

static long taken;
static char last[REQUEST_MAX];
static size_t last_len;

/* What a vendor says when it has taken a message; a serial number makes its id unique. */
static const struct vendor {
    const char *path;
    const char *status;
    const char *type;
    const char *before;
    int digits;
    const char *after;
} vendors[] = {
    {"/sms/rest/v2/send", "200 OK", "application/json",
     "{\"code\":\"00\",\"jobid\":\"1737721534260505", 10, "\",\"description\":\"queued\"}"},
    {"/2010-04-01/", "201 Created", "application/json", "{\"sid\":\"SM", 32,
     "\",\"status\":\"queued\",\"error_code\":null,\"error_message\":null}"},
    {"/sndblkex", "200 OK", "text/plain", "$", 8, "#1.0"},
    {"", "202 Accepted", "text/plain", "0: Accepted for delivery, ", 1, ""},
};

static const struct vendor *vendor_of(const char *request)
{
    const char *path = strchr(request, '/');
    const struct vendor *v = vendors;

    while (strncmp(path == NULL ? "" : path, v->path, strlen(v->path)) != 0) {
        v++;
    }
    return v;
}

static void reply(const struct client *c, const char *status, const char *type, const char *body,
                  size_t body_len)
{
    static char text[ANSWER_MAX + REQUEST_MAX];
    int head =
        snprintf(text, ANSWER_MAX, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                 status, type, body_len);
    size_t len = (size_t)head + body_len;

    memcpy(text + head, body, body_len);
    if (write(c->fd, text, len) != (ssize_t)len) {
        (void)shutdown(c->fd, SHUT_RDWR);
    }
}

static void answer(const struct client *c, size_t used)
{
    const struct vendor *v;
    char body[ANSWER_MAX];

    if (strncmp(c->bytes, "GET /last", 9) == 0) {
        reply(c, "200 OK", "application/octet-stream", last, last_len);
        return;
    }
    if (strncmp(c->bytes, "GET /count", 10) == 0) {
        (void)snprintf(body, sizeof body, "%ld", taken);
        reply(c, "200 OK", "text/plain", body, strlen(body));
        return;
    }
    taken++;
    last_len = used;
    memcpy(last, c->bytes, used);
    v = vendor_of(c->bytes);
    (void)snprintf(body, sizeof body, "%s%0*ld%s", v->before, v->digits, taken, v->after);
    reply(c, v->status, v->type, body, strlen(body));
}

/* Length of the first whole request, 0 while some of it is missing. */
static size_t request_length(const struct client *c)
{
    const char *end = memmem(c->bytes, c->len, "\r\n\r\n", 4);
    const char *length;
    size_t head;
    size_t body = 0;

    if (end == NULL) {
        return 0;
    }
    head = (size_t)(end + 4 - c->bytes);
    length = memmem(c->bytes, head, "Content-Length:", 15);
    if (length != NULL) {
        body = strtoul(length + 15, NULL, 10);
    }
    return head + body <= c->len ? head + body : 0;
}

static void hang_up(struct client *c)
{
    (void)close(c->fd);
    free(c);
}

static void serve(struct client *c)
{
    ssize_t got = read(c->fd, c->bytes + c->len, REQUEST_MAX - c->len);
    size_t used;

    if (got <= 0) {
        hang_up(c);
        return;
    }
    c->len += (size_t)got;
    c->bytes[c->len] = '\0';
    while ((used = request_length(c)) > 0) {
        answer(c, used);
        c->len -= used;
        memmove(c->bytes, c->bytes + used, c->len);
    }
}

int main(int argc, char **argv)
{
    const struct bench_server server = {.client_size = sizeof(struct client), .serve = serve};

    return bench_server_run(&server, argc, argv);
}
