/* Dangerous verbs: a person has to repeat a name, a script gives it with --yes=NAME. */
#pragma once

#include "cli/cli.h"

/*
 * CLI_OK when --yes=name was given, or a person typed name after the question on err; else
 * CLI_REFUSED or CLI_USAGE with a sentence. The question says what will happen, without a final
 * line end.
 */
int cli_confirm(struct cli *cli, const char *name, const char *question);
