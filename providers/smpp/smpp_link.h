/*
 * The way to the centre: name, connection, TLS when asked for; then octets both ways. One owner,
 * loop thread, callbacks never from inside a call of the owner's.
 */
#pragma once

#include "providers/smpp/smpp.h"

struct smpp_link;

struct smpp_link_events {
    void (*up)(void *ctx);
    void (*bytes)(void *ctx, const void *bytes, size_t n);
    /* Once, and the last one; the owner still has to close. untrusted: TLS did not come about. */
    void (*down)(void *ctx, bool untrusted, const char *sentence);
};

/* Begins. settings and events live at least until smpp_link_close(). */
int smpp_link_open(uv_loop_t *loop, const struct smpp_settings *settings,
                   const struct smpp_link_events *events, void *ctx, struct smpp_link **ret,
                   struct err *e);
/*
 * Leaves an address that has not answered yet for the next one; nothing when there is none. When
 * none of the others can be tried either, down is called from inside.
 */
void smpp_link_hurry(struct smpp_link *link);
/* Hands octets over; from here on nobody knows whether they left. Only when up. */
int smpp_link_send(struct smpp_link *link, const void *bytes, size_t n, struct err *e);
/* Stops reading, or goes on. */
void smpp_link_hold(struct smpp_link *link, bool hold);
/* No callback comes any more. What was sent may still go out when it was handed to the system. */
void smpp_link_close(struct smpp_link *link);
