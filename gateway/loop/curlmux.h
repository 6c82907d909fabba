/*
 * Many HTTP requests at once on the loop: libcurl's multi interface, seen by curlmux*.c alone.
 *
 * A request is sent at most once, whatever happens: libcurl by itself repeats a request when a
 * kept-alive connection dies without an answer, which would be a second SMS. Redirects are not
 * followed, proxies from the environment are ignored, TLS is verified, plain http goes to loopback
 * only, and the resolved address must be public unless the URL or the request says otherwise.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <uv.h>

struct curlmux;

struct curlmux_limits {
    unsigned host_connections;
    unsigned connections;
    unsigned in_flight; /* requests; further ones are refused with ERR_LIMIT */
};

/* 32 connections per host, 256 in all, 4096 requests. */
extern const struct curlmux_limits curlmux_default_limits;

/* Everything is copied; nothing needs to outlive the call. */
struct curlmux_request {
    const char *method;
    const char *url;            /* without credentials */
    const char *const *headers; /* "Name: value" each, no control bytes */
    size_t header_count;
    const char *user; /* Basic authentication when not null */
    const char *password;
    struct str body; /* sent when ptr is not null, even if empty */
    const char *ca_file;
    int64_t connect_ms; /* name, TCP and TLS; 0 for 5 s */
    int64_t total_ms;   /* 0 for 30 s */
    size_t answer_max;  /* bytes of body; 0 for 256 KiB */
    bool allow_private; /* private, carrier-NAT and loopback addresses are fine */
    uint64_t kin;       /* see curlmux_kin_open(); 0 for a request that stands alone */
};

enum curlmux_phase {
    CURLMUX_NOT_SENT, /* no byte of the request has left */
    CURLMUX_SENT,     /* bytes may have left, and no complete answer came */
    CURLMUX_ANSWERED  /* the answer is complete */
};

/* Valid during the callback. */
struct curlmux_answer {
    enum curlmux_phase phase;
    int status; /* 0 when none was read */
    struct str body;
    const char *content_type; /* "" when absent, like retry_after */
    const char *retry_after;
    const char *error; /* a sentence without URL and secrets; "" when answered */
};

typedef void curlmux_callback(void *ctx, const struct curlmux_answer *answer);

/* Loop thread, as everything here. The loop must outlive the handles: see curlmux_destroy(). */
int curlmux_create(uv_loop_t *loop, const struct curlmux_limits *limits, struct curlmux **ret_mux,
                   struct err *e);
/*
 * Begins a request. done is called exactly once, never from inside this call, and may send again.
 * ERR_INVALID for a request that must not be made (then done is never called), ERR_LIMIT when too
 * many are in flight or the mux is draining, ERR_NOMEM.
 */
int curlmux_send(struct curlmux *mux, const struct curlmux_request *request, curlmux_callback *done,
                 void *ctx, struct err *e);
/* Whether a request to this address may be made; ERR_INVALID with a sentence, ERR_NOMEM. */
int curlmux_check_url(const char *url, struct err *e);
/*
 * A number for requests that differ in their body alone, and say nothing of a person elsewhere: a
 * handle of libcurl that was told the rest once is told the body only. Before the number is closed
 * nothing of the rest may change; what the handles were told goes with it. Not to be closed from
 * inside a callback.
 */
uint64_t curlmux_kin_open(struct curlmux *mux);
void curlmux_kin_close(struct curlmux *mux, uint64_t kin);
/* What a mux is seen doing: a request on its way (answer null), or its answer (request null). */
typedef void curlmux_watcher(void *ctx, const struct curlmux_request *request,
                             const struct curlmux_answer *answer);
/*
 * Lets watcher (null: nobody) see every request that is begun and every answer before its callback
 * does. Both hold secrets: for trials by hand, never for logs.
 */
void curlmux_watch(struct curlmux *mux, curlmux_watcher *watcher, void *ctx);
size_t curlmux_in_flight(const struct curlmux *mux);
/* Accepts no more requests and calls drained, never from inside, once all are done. */
void curlmux_drain(struct curlmux *mux, void (*drained)(void *ctx), void *ctx);
/*
 * Ends what is in flight (their callbacks run from inside, with NOT_SENT or SENT) and closes; the
 * memory goes when the loop has run its closing callbacks. Accepts null.
 */
void curlmux_destroy(struct curlmux *mux);
