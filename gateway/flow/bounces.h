/*
 * Mail that comes back: it is read from a Maildir or taken by SMTP and LMTP, understood as a
 * delivery report and becomes one of the message it is about. Loop thread only.
 */
#pragma once

#include "flow/gateway.h"

struct bounces;

/* Begins to read as the settings say; *ret is null when they say nothing. */
int bounces_create(struct gateway *g, struct bounces **ret, struct err *e);
/* The port of the mail server, 0 without one. */
int bounces_port(const struct bounces *b);
/* Takes nothing new; closed is called once, when everything read is stored. Accepts null. */
void bounces_stop(struct bounces *b, void (*closed)(void *ctx), void *ctx);
