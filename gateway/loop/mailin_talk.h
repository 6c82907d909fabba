/*
 * The receiving side of SMTP (RFC 5321) and LMTP (RFC 2033): commands in, replies out, messages in
 * between. For mail that comes back to us, so it takes mail for addresses its owner knows and for
 * nobody else, and never passes anything on. Pure, and bounded by construction.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum {
    MAILIN_LINE_MAX = 2048, /* a command with its parameters and line end */
    MAILIN_ADDRESS_SIZE = 256,
    MAILIN_RECIPIENTS_MAX = 10,
    MAILIN_MESSAGES_MAX = 100, /* in one session */
    MAILIN_COMMANDS_MAX = 1000,
    MAILIN_ERRORS_MAX = 10
};

enum mailin_step {
    MAILIN_MORE,    /* everything was read */
    MAILIN_MESSAGE, /* a message is complete and awaits mailin_talk_verdict(); the rest was not read
                     */
    MAILIN_CLOSE    /* the session ends once the replies are sent */
};

enum mailin_verdict { MAILIN_TAKEN, MAILIN_LATER, MAILIN_REFUSED };

enum mailin_dot { MAILIN_DOT_NONE, MAILIN_DOT_BEGUN, MAILIN_DOT_CR };

struct mailin_talk {
    const char *host;                                 /* our name */
    bool (*accepts)(void *ctx, struct str recipient); /* is it one of ours? */
    void *ctx;
    size_t message_max;

    /* The present message. */
    char recipients[MAILIN_RECIPIENTS_MAX][MAILIN_ADDRESS_SIZE];
    size_t recipient_count;
    struct buf message; /* as it came, the dots of the transport taken away */

    /* Private from here. */
    bool greeted;
    bool lmtp;
    bool in_mail;
    bool in_data;
    bool too_large;
    bool waiting;
    bool line_start;
    bool last_cr;
    enum mailin_dot dot;
    unsigned messages;
    unsigned commands;
    unsigned errors;
    size_t line_len;
    char line[MAILIN_LINE_MAX];
};

/* Starts a session and appends the greeting. host, accepts, ctx and message_max are the caller's.
 */
void mailin_talk_begin(struct mailin_talk *t, struct buf *out);
void mailin_talk_finish(struct mailin_talk *t);
/* Reads from the front of *bytes and appends replies. */
enum mailin_step mailin_talk_read(struct mailin_talk *t, struct str *bytes, struct buf *out);
/* After MAILIN_MESSAGE: replies for it, and forgets it. */
void mailin_talk_verdict(struct mailin_talk *t, enum mailin_verdict verdict, struct buf *out);
/* A command or a message is under way: its deadline runs on. Counts what was completed. */
unsigned mailin_talk_progress(const struct mailin_talk *t);
