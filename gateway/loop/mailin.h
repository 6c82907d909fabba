/*
 * A small mail server on the loop (mailin_talk.h), with absolute deadlines: a step that is not
 * completed in time ends the session, however slowly bytes drip. Loop thread throughout.
 */
#pragma once

#include "base/err.h"
#include "loop/mailin_talk.h"

#include <uv.h>

struct mailin;
struct mailin_mail;

enum {
    MAILIN_SESSIONS_MAX = 16,
    MAILIN_MESSAGE_BYTES = 1 << 20,
    MAILIN_STEP_MS = 60000,     /* a command, or a whole message */
    MAILIN_SESSION_MS = 600000, /* everything */
    MAILIN_VERDICT_MS = 30000   /* what the owner has to decide */
};

struct mailin_options {
    const char *host; /* an address, no name */
    int port;         /* 0: any that is free */
    const char *name; /* what we call ourselves; lives as long as the server */
    int64_t step_ms;  /* 0: MAILIN_STEP_MS */
    bool (*accepts)(void *ctx, struct str recipient);
    /* A message came; to be answered once with mailin_answer(), also from inside. */
    void (*deliver)(void *ctx, struct mailin_mail *mail);
    void *ctx;
};

/* ERR_INVALID for an address that is none, ERR_EXISTS for one in use, ERR_DENIED, ERR_IO. */
int mailin_create(uv_loop_t *loop, const struct mailin_options *options, struct mailin **ret,
                  struct err *e);
int mailin_port(const struct mailin *m);
size_t mailin_recipient_count(const struct mailin_mail *mail);
const char *mailin_recipient(const struct mailin_mail *mail, size_t i);
struct str mailin_bytes(const struct mailin_mail *mail);
/* The mail is gone after this. */
void mailin_answer(struct mailin_mail *mail, enum mailin_verdict verdict);
/* Ends all sessions. closed (may be null) is called once, after the last mail was answered. */
void mailin_stop(struct mailin *m, void (*closed)(void *ctx), void *ctx);
