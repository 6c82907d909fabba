/*
 * The bounds of a libesmtp connection. libesmtp offers no way to set socket options, to bound a
 * connect() or to end a session from outside; so the program exports its own socket(), connect()
 * and poll(), which libesmtp finds before the C library's. A thread that adopts a line has its
 * sockets made, connected and waited for under the line's rules; for all other threads these
 * functions are plain system calls.
 */
#pragma once

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum smtp_cut {
    SMTP_CUT_NONE,
    SMTP_CUT_TIMEOUT,   /* the step's deadline passed */
    SMTP_CUT_CANCELLED, /* somebody asked */
    SMTP_CUT_CLOSED,    /* the relay hung up before the message was whole */
    SMTP_CUT_GUARD      /* the dialogue broke a rule of smtp_wire.h */
};

/* Owned by its thread; only *cancel is shared. */
struct smtp_line {
    int fd;              /* the latest socket, -1 before the first */
    int64_t deadline_ms; /* monotonic; passed: the line is cut */
    int64_t connect_ms;  /* bound on one connect() */
    const atomic_bool *cancel;
    enum smtp_cut cut;
    int connect_errno; /* of the latest failed connect() */
};

/* From now on this thread's sockets obey line; null ends that. */
void smtp_line_adopt(struct smtp_line *line);
/* Nothing leaves or arrives any more; every wait ends at once. The first reason stays. */
void smtp_line_cut(struct smtp_line *line, enum smtp_cut why);
/* Sets the deadline to now + ms. */
void smtp_line_allow(struct smtp_line *line, int64_t ms);
/* True when the relay closed the connection and left nothing to read. */
bool smtp_line_hung_up(const struct smtp_line *line);
/* ERR_WRONG_STATE when the program was linked so that libesmtp cannot find these functions. */
int smtp_socket_check(struct err *e);
