/*
 * The HTTP interface: routes, keys, problems, metrics and health over the flows. Loop thread only.
 */
#pragma once

#include "flow/gateway.h"

struct api;

/*
 * Starts the server with the limits and on the address of g->settings->conf, and begins to read the
 * keys. The store threads must run; without g->reader the writer reads too. ERR_IO when the address
 * cannot be had, ERR_NOMEM.
 */
int api_create(struct gateway *g, struct api **ret, struct err *e);
/* The port it listens on. */
int api_port(const struct api *api);
/* Reads the keys again: after a change behind our back (SIGHUP). */
void api_reload(struct api *api);
/*
 * Accepts nothing new, lets running requests finish until grace_ms have passed, then calls closed
 * (may be null) from the loop; api is gone. The store threads must still run until then.
 */
void api_stop(struct api *api, int64_t grace_ms, void (*closed)(void *ctx), void *ctx);
