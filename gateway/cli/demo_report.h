/* Who got what in the demo: read from the store, told in words. Loop thread. */
#pragma once

#include "cli/cli.h"
#include "flow/gateway.h"

struct demo_report;

struct demo_report *demo_report_create(struct cli *cli, struct gateway *g);
void demo_report_free(struct demo_report *r); /* accepts null */
/* Reads the messages again. */
void demo_report_refresh(struct demo_report *r);
/* A refresh is under way. */
bool demo_report_busy(const struct demo_report *r);
/* Nothing was waiting to be sent, or in doubt, at the last refresh. */
bool demo_report_settled(const struct demo_report *r);
/* Prints what was not printed before. */
void demo_report_print(struct demo_report *r);
