/* Imports for people; for import.c alone. */
#pragma once

#include "base/json.h"
#include "cli/cli.h"

enum { IMPORT_NUMBER_SIZE = 32 };

/* "12 345". */
const char *import_number(int64_t n, char out[IMPORT_NUMBER_SIZE]);
/* The document of "import.check" and "import.create" (flow/roster_desk.c). */
void import_print_report(struct cli *cli, const struct json *root);
/* The document of "import.list". */
void import_print_list(struct cli *cli, const struct json *root);
/* One step of "import.undo": who was left as they are. */
void import_print_left(struct cli *cli, const struct json *root);

/*
 * How far a long job is, on err: a bar on a terminal once it has lasted a second, else a line every
 * ten seconds. Nothing under --quiet.
 */
struct import_progress {
    struct cli *cli;
    bool terminal;
    int64_t began_ms;
    int64_t shown_ms; /* 0: nothing shown yet */
    int64_t bad;
};

void import_progress_begin(struct import_progress *p, struct cli *cli, bool terminal,
                           int64_t now_ms);
void import_progress_show(struct import_progress *p, int64_t done, int64_t total, int64_t now_ms);
/* Removes the bar. */
void import_progress_end(struct import_progress *p);
