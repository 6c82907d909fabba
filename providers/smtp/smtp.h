/*
 * E-mail through a relay: SMTP submission (RFC 5321, RFC 6409) with libesmtp. Worker threads hold
 * one session per batch; outcomes come back one by one as the relay answers.
 *
 * The threads block SIGPIPE for themselves. The program must export its symbols (-rdynamic),
 * because libesmtp has to find the socket(), connect() and poll() of smtp_socket.c; start() checks
 * it.
 */
#pragma once

#include "providers/provider.h"

enum smtp_tls { SMTP_TLS_REQUIRE, SMTP_TLS_NONE };
enum smtp_tls_max { SMTP_TLS_MAX_12, SMTP_TLS_MAX_13 };

/* Milliseconds. connect bounds one address; the others bound a step, however slowly bytes drip. */
struct smtp_timeouts {
    int64_t connect;
    int64_t greeting; /* until the relay's 220 */
    int64_t envelope; /* a command and its answer, the TLS handshake, AUTH */
    int64_t data;     /* until the answer to DATA */
    int64_t transfer; /* the whole message */
    int64_t final;    /* from the last byte to the relay's verdict */
    int64_t drain;    /* what drain() leaves to the messages in flight */
};

/* Filled from smtp_provider_type.options. */
struct smtp_settings {
    char *host;
    int64_t port;
    int tls;       /* enum smtp_tls */
    int tls_max;   /* enum smtp_tls_max */
    char *ca_file; /* null: the system's */
    char *user;    /* null: no authentication */
    struct secret password;
    char *envelope_from; /* for messages that bring no sender of their own */
    char *helo;          /* null: this machine's name */
    int64_t workers;
    int64_t batch; /* messages per session */
    struct smtp_timeouts timeouts;
};

extern const struct provider_type smtp_provider_type;

/*
 * What a table of keys cannot say: refuses implicit TLS, address literals, half a login and logins
 * in the clear; warns about unencrypted relays. pointer is where the settings stand. Any thread.
 */
void smtp_settings_check(const struct smtp_settings *settings, const char *pointer,
                         struct faults *faults);
