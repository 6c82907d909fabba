/*
 * Names to addresses without blocking the loop: getaddrinfo() runs in a thread of its own, because
 * it may take as long as the name servers like. An address literal needs no thread.
 */
#pragma once

#include "base/err.h"

#include <netdb.h>
#include <uv.h>

struct resolve;

/*
 * list is the callee's and freed with freeaddrinfo(); null when there is no address, then error is
 * the sentence. Called once on the loop thread, never from inside resolve_start(), and not at all
 * after resolve_cancel().
 */
typedef void resolve_fn(void *ctx, struct addrinfo *list, const char *error);

/* Looks up stream addresses. Fails without memory or a thread. Loop thread. */
int resolve_start(uv_loop_t *loop, const char *host, int port, resolve_fn *done, void *ctx,
                  struct resolve **ret, struct err *e);
/* Forgets the question; its thread ends by itself when the name servers have answered. */
void resolve_cancel(struct resolve *r);
