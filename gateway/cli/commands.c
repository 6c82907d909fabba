#include "cli/commands.h"

const struct cli_command *const cli_commands[] = {
    &command_measure,
    &command_check,
    &command_config_schema,
    &command_version,
    &command_help,
    NULL,
    &command_serve,      &command_demo,    &command_send,    &command_key_create, &command_key_list,
    &command_key_revoke, &command_measure, &command_version, &command_help,       NULL,
};
