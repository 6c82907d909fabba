/* The operations of the desk over HTTP; for the interface alone. */
#pragma once

#include "api/api_internal.h"

/*
 * The operation of a path; null when there is none, ret_allowed then gets a bit more per method
 * that the path would take. HEAD is served by GET.
 */
const struct desk_operation *desk_route(enum http_method method, struct str path,
                                        struct str captures[API_CAPTURES], unsigned *ret_allowed);
/* Runs call->operation on a store thread and answers. */
void handle_desk(struct call *call);
