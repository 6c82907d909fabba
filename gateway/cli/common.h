/* What several commands need: the configuration, its faults in words, our files, a failure's exit.
 */
#pragma once

#include "cli/cli.h"

struct faults;
struct settings;

/* --config, or the usual place. */
const char *common_config_path(const struct cli *cli);
/* Loads the settings; faults are printed. A cli_exit; CLI_CONFIG when the configuration is wrong.
 */
int common_settings(struct cli *cli, struct settings **ret);
/* Prints the faults of a configuration on err. */
void common_print_faults(struct cli *cli, const struct faults *faults);
/*
 * The answer of a command that checks a file, on out: its faults in words or, with --json, as a
 * document; a sentence about the good file without any.
 */
void common_print_checked(struct cli *cli, const char *path, const struct faults *faults,
                          const char *good_tr, const char *good_en);
/* "hatirlat: <lead>: <sentence>" and the exit status that fits the error. */
int common_failed(struct cli *cli, const char *tr, const char *en, const struct err *e);
/*
 * Finds our data ("templates", "recipes", "holidays-tr.json") beside the program's build, below
 * /etc/hatirlat or /usr/share/hatirlat; $HATIRLAT_SHARE wins. CLI_NOT_FOUND with a sentence when it
 * is nowhere.
 */
int common_share(struct cli *cli, const char *name, char *out, size_t size);
