/*
 * A small HTTP/1.1 server on the loop: libmicrohttpd parses, this module bounds, times and answers.
 * It knows nothing of the gateway: one handler gets every complete request and answers at once or
 * later. Everything here runs on the loop thread.
 *
 * RFC 9110 and 9112. Framing is strict: whatever two readers could understand differently is
 * refused. Every error, the parser's own too, leaves as application/problem+json (RFC 9457) whose
 * body the owner's problem callback writes.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <uv.h>

struct httpd;
struct http_request;

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_METHOD_COUNT
};

/* "GET" …; "?" out of range. */
const char *http_method_name(enum http_method m);

/* Exact bounds. Deadlines are absolute: activity does not move them. */
struct httpd_options {
    size_t header_bytes;            /* request line and fields; more is 431 */
    size_t header_count;            /* fields; more is 431 */
    size_t target_bytes;            /* path and query; more is 414 */
    size_t body_bytes;              /* unless body_limit() says otherwise; more is 413 */
    size_t connections;             /* open at once; more get 503 */
    size_t connections_per_address; /* IPv4 address or IPv6 /64; more get 503; 0 for no limit */
    size_t reserved_loopback;       /* of `connections`, kept for loopback: health checks */
    bool exempt_loopback;           /* loopback has no limit per address: a proxy sits there */
    int64_t headers_ms;             /* from the accept, or the request line, to the empty line */
    int64_t body_ms;                /* from there to the body's end */
    int64_t request_ms;             /* whole request with its reply */
    int64_t idle_ms;                /* from a reply to the next request line */
};

/* 16 KiB, 100 fields, 4 KiB, 1 MiB; 1024 connections, 64 per address, 8 reserved; 10/30/60/60 s. */
extern const struct httpd_options httpd_default_options;

/* What an error answer is made of. Strings live until the callback returns. */
struct http_problem {
    int status;
    const char *code; /* stable word, for instance "body_too_large" */
    struct str request_id;
    struct str accept_language; /* "" when unknown */
};

struct httpd_handlers {
    /*
     * A request is complete. The handler owns it until it calls http_reply() or http_refuse(),
     * exactly once, now or later, also when the client has gone.
     */
    void (*handle)(void *ctx, struct http_request *req);
    /* At header time: the body limit of this request, 0 for the default. May be null. */
    size_t (*body_limit)(void *ctx, const struct http_request *req);
    /* Writes the JSON of an error; returns its language ("tr") or null. Must not be null. */
    const char *(*problem)(void *ctx, const struct http_problem *problem, struct buf *out);
    /* An answer is complete: for counters. May be null. */
    void (*answered)(void *ctx, const struct http_request *req, int status, int64_t took_ms);
};

/* Makes a server without listeners. handlers is copied. ERR_NOMEM, ERR_IO. */
int httpd_create(uv_loop_t *loop, const struct httpd_options *options,
                 const struct httpd_handlers *handlers, void *ctx, struct httpd **ret,
                 struct err *e);
/*
 * Listens on a numeric address ("127.0.0.1", "::1") and port (0: any, told in ret_port, which may
 * be null). May be called again for further addresses. ERR_INVALID, ERR_IO, ERR_LIMIT.
 */
int httpd_listen(struct httpd *s, const char *address, int port, int *ret_port, struct err *e);
/*
 * Listens on a unix socket that only its owner (and root) can open; one that an earlier run left is
 * replaced. ERR_INVALID for a path longer than the system takes, ERR_IO.
 */
int httpd_listen_unix(struct httpd *s, const char *path, struct err *e);
/* The same for a socket that listens already, from socket activation; it is closed by the server.
 */
int httpd_listen_fd(struct httpd *s, int fd, struct err *e);
/*
 * Stops accepting, closes idle connections, lets running requests finish until grace_ms have
 * passed, then cuts them; closed (may be null) comes once, from the loop, and s is gone.
 */
void httpd_stop(struct httpd *s, int64_t grace_ms, void (*closed)(void *ctx), void *ctx);
/* Connections open now. */
size_t httpd_connections(const struct httpd *s);

/* ---- the request: valid from handle() to the reply ---- */

enum http_method http_method(const struct http_request *req);
/* As sent, percent-encoded, beginning with "/". */
struct str http_path(const struct http_request *req);
/* As sent, without "?"; "" when there is none. */
struct str http_query(const struct http_request *req);
/* The decoded value of a query parameter into out; ERR_NOT_FOUND, ERR_INVALID, ERR_LIMIT. */
int http_query_param(const struct http_request *req, const char *name, struct buf *out);
/* One name or value of application/x-www-form-urlencoded; ERR_INVALID, ERR_LIMIT. */
int http_form_decode(struct str s, struct buf *out);
/* The first field of this name, trimmed; ptr is null when there is none. */
struct str http_header(const struct http_request *req, const char *name);
/* The fields one by one, from 0; false when there are no more. */
bool http_header_at(const struct http_request *req, size_t index, struct str *ret_name,
                    struct str *ret_value);
/* "" for no body. NUL-terminated. */
struct str http_body(const struct http_request *req);
/* The peer's address without port, "" when unknown. */
const char *http_peer(const struct http_request *req);
bool http_peer_is_loopback(const struct http_request *req);
/* The user at the other end of a unix socket (SO_PEERCRED), -1 for other connections. */
int64_t http_peer_uid(const struct http_request *req);
/* The client's X-Request-Id when it is sane, else one of ours. */
struct str http_request_id(const struct http_request *req);
/*
 * Called at most once when the client is gone before the reply; the request stays the handler's.
 * A half-closed connection counts as gone here, though the reply is still written.
 */
void http_request_on_abort(struct http_request *req,
                           void (*aborted)(void *ctx, struct http_request *req), void *ctx);

struct http_field {
    const char *name;
    const char *value;
};

enum { HTTP_FIELDS_MAX = 8 };

/* An answer. The body is `stolen` (its bytes are taken, also on failure) or a copy of `body`. */
struct http_answer {
    int status;
    const char *content_type; /* null for no body */
    struct str body;
    struct buf *stolen;
    struct http_field fields[HTTP_FIELDS_MAX]; /* the first null name ends them */
};

/*
 * Answers and gives the request up. Errors with a body of their own use content_type
 * application/problem+json. Every answer carries Cache-Control: no-store,
 * X-Content-Type-Options: nosniff and X-Request-Id.
 */
void http_reply(struct http_request *req, const struct http_answer *answer);
/* Answers with the problem document for this status and code, and gives the request up. */
void http_refuse(struct http_request *req, int status, const char *code);
/*
 * For servers that misbehave on purpose: writes raw to the connection as it is (may be empty, what
 * does not fit the socket's buffer is lost), ends it, with a TCP reset if asked, and gives the
 * request up.
 */
void http_drop(struct http_request *req, struct str raw, bool reset);
