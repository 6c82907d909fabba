#include "cli/commands.h"

/* In the order of the help. */
const struct cli_command *const cli_commands[] = {
    &command_serve,
    &command_demo,
    &command_check,
    &command_send,
    &command_plan,
    &command_explain,
    &command_campaign_diff,
    &command_measure,
    &command_template_list,
    &command_template_names,
    &command_template_render,
    &command_template_lint,
    &command_key_create,
    &command_key_list,
    &command_key_revoke,
    &command_recipe_check,
    &command_recipe_try,
    &command_simulate,
    &command_config_schema,
    &command_version,
    &command_help,
    NULL,
};
