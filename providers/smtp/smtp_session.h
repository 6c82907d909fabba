/*
 * One libesmtp session: a connection that carries a batch of messages. The only file that knows
 * libesmtp. Blocks; runs on a worker thread.
 */
#pragma once

#include "providers/smtp/smtp.h"

#include <openssl/ssl.h>
#include <stdatomic.h>

/* What a session needs of the settings; copied, because a stuck thread may outlive them. */
struct smtp_plan {
    char *server; /* "host:port" */
    char *host;
    char *helo; /* null: this machine's name */
    char *user; /* null: no login */
    char *password;
    SSL_CTX *tls; /* null: no STARTTLS */
    struct smtp_timeouts timeouts;
};

/*
 * How far a message got. A worker moves it forward, the loop may put it to ABANDONED in between;
 * then the worker never sends the dot.
 */
enum smtp_phase { SMTP_FRESH, SMTP_SENDING, SMTP_DOT, SMTP_SETTLED, SMTP_ABANDONED };

/* One message on its way. */
struct smtp_task {
    struct list node; /* in the queue, then in the mailbox */
    struct list all;  /* the loop's list of what is out */
    struct provider_job *job;
    enum smtp_phase phase;
    bool eight_bit;
    char ref[PROVIDER_REF_MAX]; /* of the attempt: ENVID (RFC 3461) */
    char *to;
    char *from;
    char *mail;
    size_t mail_len;
    struct outcome outcome;
};

/* What a session is given and where it reports; the functions are called on its thread. */
struct smtp_batch {
    const struct smtp_plan *plan;
    struct smtp_task **tasks;
    size_t count;
    const atomic_bool *cancel; /* end now */
    const atomic_bool *finish; /* begin no further message */
    void *ctx;
    /* False when the task was abandoned meanwhile: nothing more of it may leave. */
    bool (*advance)(void *ctx, struct smtp_task *task, enum smtp_phase phase);
    /* Exactly once per task, as soon as its fate is known; the task is gone afterwards. */
    void (*settle)(void *ctx, struct smtp_task *task, const struct outcome *outcome);
};

void smtp_session_run(struct smtp_batch *batch);
