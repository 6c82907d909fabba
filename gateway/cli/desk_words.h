/* What the commands that ask the desk share: short texts from its answers. */
#pragma once

#include "base/json.h"
#include "cli/client.h"

enum { WORDS_SIZE = 256 };

/* A code of ours in the chosen language; an unknown one as it is. */
const char *words_code(const struct cli *cli, const char *code);
/* The text, padded to so many letters and one blank. */
void words_column(struct cli *cli, const char *text, size_t width);
/* A member's text, "" when there is none; valid until the answer is finished. */
const char *words_text(const struct json *v, const char *key);
/* A member's moment as people write it, "-" when there is none. */
const char *words_time(const struct cli *cli, const struct json *v, const char *key,
                       char out[WORDS_SIZE]);
/* "who, since, until, note" of a control, on one line. */
void words_control(struct cli *cli, const struct json *control);
/* Prints the warnings of an answer on err, loudly. */
void words_warnings(struct cli *cli, const struct json *root);
/* Asks, prints with --json, finishes: for operations whose answer is one line. */
int words_ask(struct cli *cli, const char *operation, const struct client_field *fields,
              const char *tr, const char *en);

/* Whether the word is typed again: --yes has it, or the person at the terminal. Says so if not. */
bool words_confirm(struct cli *cli, const char *word);

/* Options that most of them take; to be named in their tables. */
#define WORDS_OPTION_YES                                                                           \
    {                                                                                              \
        .name = "yes", .arg = "AD", .tr = "sormadan; ad yinelenir",                                \
        .en = "without asking; the name again"                                                     \
    }
#define WORDS_OPTION_NOTE                                                                          \
    {                                                                                              \
        .name = "note", .arg = "METİN", .tr = "neden", .en = "why"                                 \
    }
#define WORDS_OPTION_UNTIL                                                                         \
    {                                                                                              \
        .name = "until", .arg = "ZAMAN", .tr = "gün ya da an (2027-02-20, RFC 3339)",              \
        .en = "a day or an instant (2027-02-20, RFC 3339)"                                         \
    }
#define WORDS_OPTION_FOR                                                                           \
    {                                                                                              \
        .name = "for", .arg = "SÜRE", .tr = "ne kadar (30m, 2h, 3d)",                              \
        .en = "for how long (30m, 2h, 3d)"                                                         \
    }
