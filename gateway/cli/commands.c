#include "cli/commands.h"

const struct cli_command *const cli_commands[] = {
    &command_measure,
    &command_version,
    &command_help,
    NULL,
};
