/*
 * How a command reaches the desk (flow/desk.h): over the socket of the service on this machine; at
 * --url (or HATIRLAT_URL) with the key in the file that HATIRLAT_TOKEN_FILE names; or, when no
 * service runs here, on the store itself. The answer is the same document either way.
 */
#pragma once

#include "base/json.h"
#include "cli/cli.h"

/* A member of the request; a null value leaves it out. */
struct client_field {
    const char *name;
    const char *value;
};

struct client_question {
    const char *operation;             /* desk_operations[].name */
    const struct client_field *fields; /* ended by a null name; may be null */
    struct str file;                   /* for operations that take one */
    /* Where no service runs: how far applying what was appended has come. May be null. */
    void (*progress)(void *ctx, int64_t done, int64_t total);
    void *progress_ctx;
};

struct client_answer {
    struct buf body;
    struct json_doc *doc; /* of a JSON answer, else null */
    char content_type[80];
};

/*
 * Asks and waits. Faults are explained on err. Returns CLI_OK with the answer, else an enum
 * cli_exit: CLI_USAGE wrong members, CLI_NOT_FOUND, CLI_REFUSED, CLI_DENIED, CLI_TEMPORARY,
 * CLI_UNREACHABLE, CLI_CONFIG, CLI_FAILED. Free with client_finish() whatever it returns.
 */
int client_ask(struct cli *cli, const struct client_question *question, struct client_answer *ret);
/* The same with a file (null: none) read into question->file first; "-" is in. */
int client_ask_file(struct cli *cli, struct client_question *question, const char *path,
                    size_t bytes_max, struct client_answer *ret);
void client_finish(struct client_answer *answer); /* accepts a zeroed one */
/* With --json: prints the answer as it is, with a final line end, and returns true. */
bool client_print_json(struct cli *cli, const struct client_answer *answer);
