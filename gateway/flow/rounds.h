/*
 * The rounds of a running service over its cases: every minute those whose last day is over, and
 * all of them when the settings plan differently from before. Loop thread; the work is done by the
 * writer in bites.
 */
#pragma once

#include "flow/gateway.h"

struct rounds;

/* Null without memory. */
struct rounds *rounds_create(struct gateway *g);
/* Looks at once, then every minute. */
void rounds_start(struct rounds *r);
/* New settings are in g->settings. Accepts null. */
void rounds_reloaded(struct rounds *r);
/* Begins nothing new; it is gone when what is under way has ended. Accepts null. */
void rounds_destroy(struct rounds *r);
