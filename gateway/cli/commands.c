#include "cli/commands.h"

const struct cli_command *const cli_commands[] = {
    &command_measure,
    &command_check,
    &command_config_schema,
    &command_version,
    &command_help,
    NULL,
};
