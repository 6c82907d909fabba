/*
 * Dispatch: due messages are claimed, rendered from today's facts, handed to a provider and settled
 * by what came back. One lane per configured provider with its pace, breaker, hold and in-flight
 * room; one message in flight per recipient; urgent before campaign. Loop thread only.
 */
#pragma once

#include "flow/gateway.h"
#include "providers/provider.h"

/* Creates and starts every configured provider. */
int dispatch_create(struct gateway *g, struct curlmux *curl, struct dispatch **ret, struct err *e);
/* Puts what was in flight at the last end in doubt, then begins to send. */
void dispatch_start(struct dispatch *d);
/* There may be something new to send on this channel. Cheap; call freely. */
void dispatch_kick(struct dispatch *d, enum channel channel);
/* Claims nothing new, lets providers finish, then calls drained once. */
void dispatch_drain(struct dispatch *d, void (*drained)(void *ctx), void *ctx);
/* After drained: destroys the providers. Accepts null. */
void dispatch_destroy(struct dispatch *d);
/* New settings are in g->settings: lanes take over pace and limits, account holds are lifted. */
void dispatch_reloaded(struct dispatch *d);
/*
 * Pauses, pins or releases have changed: reads them again. Nothing is claimed until that is done,
 * so what was committed before this call holds for every message claimed after it. Cheap.
 */
void dispatch_controls_changed(struct dispatch *d);
/* Attempts in flight over all lanes. */
size_t dispatch_in_flight(const struct dispatch *d);
