/* The ways from a command to the desk; for client.c alone. */
#pragma once

#include "cli/client.h"
#include "flow/desk.h"

enum { CLIENT_URL_MAX = 8192 };

struct client_exchange {
    const struct desk_operation *operation;
    const struct client_question *question;
    const char *socket; /* path of the unix socket, or null */
    const char *base;   /* "http://localhost", or the service's address */
    const char *token;  /* access key, or null */
    int64_t timeout_ms;
};

/*
 * One HTTP request. CLI_OK with *ret_status and the body; CLI_UNREACHABLE when nobody answers there
 * (silent: the caller may know another way), CLI_FAILED after explaining on err.
 */
int client_http(struct cli *cli, const struct client_exchange *x, long *ret_status,
                struct client_answer *ret);
/* Runs the operation on the database of the settings; explains faults on err. A cli_exit. */
int client_local(struct cli *cli, const struct settings *settings, const struct client_exchange *x,
                 struct client_answer *ret);
/*
 * Reads the body into the document of the answer. What a terminal would obey (escape sequences in a
 * title, a note of former times) is a question mark there; the body stays as it came.
 */
int client_parse(struct client_answer *answer, struct err *e);
/* Members as one JSON object. */
void client_write_members(const struct client_question *question, struct buf *out);
