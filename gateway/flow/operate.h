/*
 * What an operator does to single messages. Each call answers later on the loop thread, never from
 * inside: status 0 with the new state, ERR_NOT_FOUND, or ERR_WRONG_STATE with a sentence. What was
 * done is in the audit log.
 */
#pragma once

#include "flow/gateway.h"

/* in_doubt: an attempt of the message may have reached the person, and nobody knows. */
typedef void operate_done(void *ctx, int status, enum message_state state, bool in_doubt,
                          const struct err *e);

/* Stops a message that has not been sent. actor: "key:<name>" or "cli", kept in the trace. */
int operate_cancel(struct gateway *g, int64_t message_id, const char *actor, operate_done *done,
                   void *ctx, struct err *e);
/*
 * Queues a finished or held message again, due now; it is marked as resent by hand, and in doubt as
 * a possible duplicate.
 */
int operate_resend(struct gateway *g, int64_t message_id, const char *actor, operate_done *done,
                   void *ctx, struct err *e);
