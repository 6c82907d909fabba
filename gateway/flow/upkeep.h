/*
 * What a running service does for the office beside sending: digests when they are due, and at
 * night the destruction of what was kept long enough. The work is done by the writer in bites;
 * between two bites senders come first. Loop thread.
 */
#pragma once

#include "flow/gateway.h"

struct upkeep;

/* Null without memory. */
struct upkeep *upkeep_create(struct gateway *g);
/* Looks at once, then every twenty seconds. */
void upkeep_start(struct upkeep *u);
/* New settings are in g->settings: looks at once when idle. Accepts null. */
void upkeep_reloaded(struct upkeep *u);
/* Begins nothing new; it is gone when what is under way has ended. Accepts null. */
void upkeep_destroy(struct upkeep *u);
