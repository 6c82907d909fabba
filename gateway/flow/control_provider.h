/*
 * Providers as they are at this moment, and what an operator asks of one: a test message through
 * exactly this provider, and its balance. Loop thread only.
 */
#pragma once

#include "base/json.h"
#include "flow/gateway.h"
#include "providers/provider.h"

enum { PROVIDER_TEST_MS = 120000 }; /* a test message that has not gone by then expires */

/* Index of a provider by name, -1 when there is none. */
int provider_index(const struct gateway *g, struct str name);
/* Its members, into an open object. */
void provider_write(const struct gateway *g, int index, struct json_writer *w);

/*
 * Asks what is left to send with. done comes once, never from inside; the text of balance lives
 * until it returns. ERR_UNSUPPORTED when the provider cannot tell, ERR_BUSY when too many ask.
 */
int provider_ask_balance(struct gateway *g, int index,
                         void (*done)(void *ctx, const struct provider_balance *balance), void *ctx,
                         struct err *e);

struct provider_test {
    int index;
    const char *to;       /* "+905…" or a mailbox, checked */
    const char *template; /* its words, for an invented person */
    const char *actor;
};

/*
 * Queues one message that goes through this provider alone, also when it is paused, held or broken,
 * and is tried once. done comes once with the message's id.
 */
int provider_send_test(struct gateway *g, const struct provider_test *test,
                       void (*done)(void *ctx, int status, int64_t message_id), void *ctx,
                       struct err *e);
