/* One entry per command; each is defined in the file of its name. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_check;
extern const struct cli_command command_config_schema;
extern const struct cli_command command_help;
extern const struct cli_command command_measure;
extern const struct cli_command command_version;
