/* What became of the demo's people: read from the store, told as a table. Loop thread. */
#pragma once

#include "cli/cli.h"
#include "cli/demo_data.h"
#include "flow/gateway.h"

struct demo_report;

/* now_ms of the beginning: the midnight from which the ninety days count. */
struct demo_report *demo_report_create(struct cli *cli, struct gateway *g, int64_t from_ms);
void demo_report_free(struct demo_report *r); /* accepts null */
/* From this moment on no reminder may go to the person. */
void demo_report_close(struct demo_report *r, int person, int64_t at_ms);
/* Reads everything; done comes later on the loop thread. */
void demo_report_read(struct demo_report *r, void (*done)(void *ctx), void *ctx);
/* Prints the table (JSON with --json). True when every promise was kept. */
bool demo_report_print(const struct demo_report *r);
