/*
 * A conversation with a mail relay on the loop. libcurl finds the name, connects, encrypts, greets
 * and logs in (RFC 5321, 3207, 4954, 8314); what follows is the caller's. Its own SMTP transfers
 * are no use here: they wait for the relay's verdict and for the answer to QUIT inside one call,
 * and a transfer taken back in the middle of a message still gets its final dot.
 *
 * Once it is connected there is no limit of time in here: the owner closes what takes too long.
 * Loop thread throughout.
 */
#pragma once

#include "loop/curlmux.h"

struct curlmux_stream;

enum curlmux_tls { CURLMUX_TLS_NONE, CURLMUX_TLS_START, CURLMUX_TLS_IMPLICIT };
enum curlmux_auth {
    CURLMUX_AUTH_ANY,
    CURLMUX_AUTH_PLAIN,
    CURLMUX_AUTH_LOGIN,
    CURLMUX_AUTH_XOAUTH2
};

/* Everything is copied. */
struct curlmux_stream_request {
    const char *host; /* a name, or an address of either family without brackets */
    int port;
    enum curlmux_tls tls; /* START: the conversation ends where STARTTLS is not offered */
    bool tls_13;          /* nothing older */
    const char *helo;     /* null: this machine's name */
    const char *ca_file;  /* null: the system's */
    const char *user;     /* null: no login */
    const char *secret;   /* password, or the token of XOAUTH2 */
    enum curlmux_auth auth;
    int64_t connect_ms; /* of which the first of several addresses has half */
};

/* How the opening ended. */
enum curlmux_opening {
    CURLMUX_OPENED,
    CURLMUX_NO_NAME,
    CURLMUX_NO_CONNECTION,
    CURLMUX_NO_TLS,
    CURLMUX_NO_LOGIN, /* refused, or no way in common */
    CURLMUX_NO_SENSE, /* the relay does not keep to the protocol */
    CURLMUX_NO_MORE   /* it ended the conversation, or something else went wrong */
};

/*
 * spoke and heard tell what is said while opening, which holds the login: never to be logged, and
 * nothing may be done to the stream from inside; false from heard ends the opening with NO_SENSE.
 * After opened(), which comes once and never from inside curlmux_stream_open(): received with what
 * the relay says, written when everything was handed to the system, ended when no more will come.
 * The owner may close the stream from inside these three and opened, and must close it at last.
 */
struct curlmux_stream_events {
    void (*spoke)(void *ctx, const char *bytes, size_t len);
    bool (*heard)(void *ctx, const char *bytes, size_t len);
    void (*opened)(void *ctx, enum curlmux_opening how, const char *error);
    void (*received)(void *ctx, char *bytes, size_t len);
    void (*written)(void *ctx);
    void (*ended)(void *ctx);
};

/* events must outlive the stream. ERR_INVALID, ERR_LIMIT when the mux is draining, ERR_NOMEM. */
int curlmux_stream_open(struct curlmux *mux, const struct curlmux_stream_request *request,
                        const struct curlmux_stream_events *events, void *ctx,
                        struct curlmux_stream **ret, struct err *e);
/* The connection stands, and what follows may take its time. */
void curlmux_stream_wait(struct curlmux_stream *s);
/*
 * Sends bytes, once those before have been handed over: TLS allows nothing else. They are copied,
 * and nothing is reported from inside. ERR_WRONG_STATE, ERR_LIMIT beyond 64 MiB, ERR_NOMEM.
 */
int curlmux_stream_write(struct curlmux_stream *stream, const char *bytes, size_t len,
                         struct err *e);
/* Bytes that were not handed to the system yet. */
size_t curlmux_stream_waiting(const struct curlmux_stream *stream);
/* While opening: whether the relay has been reached at all. */
bool curlmux_stream_connected(const struct curlmux_stream *stream);
/* Nothing leaves and nothing is reported any more. Accepts null. */
void curlmux_stream_close(struct curlmux_stream *stream);
