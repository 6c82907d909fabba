/* Where the descriptions of simulated vendors are. */
#pragma once

#include "cli/cli.h"

/*
 * The description of a vendor: its name, or a path, with a slash in it or ".json" at its end. A
 * cli_exit, explained on err.
 */
int simulate_find(struct cli *cli, const char *vendor, char *out, size_t size);
