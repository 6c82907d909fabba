/* One entry per command; each is defined in the file of its name. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_audit_show;
extern const struct cli_command command_audit_verify;
extern const struct cli_command command_campaign_cancel;
extern const struct cli_command command_campaign_list;
extern const struct cli_command command_campaign_past_due;
extern const struct cli_command command_campaign_pause;
extern const struct cli_command command_campaign_release;
extern const struct cli_command command_campaign_resume;
extern const struct cli_command command_campaign_show;
extern const struct cli_command command_controls;
extern const struct cli_command command_pause;
extern const struct cli_command command_cancel;
extern const struct cli_command command_resume;
extern const struct cli_command command_campaign_diff;
extern const struct cli_command command_provider_balance;
extern const struct cli_command command_provider_drain;
extern const struct cli_command command_provider_list;
extern const struct cli_command command_provider_pause;
extern const struct cli_command command_provider_pin;
extern const struct cli_command command_provider_resume;
extern const struct cli_command command_provider_show;
extern const struct cli_command command_provider_test;
extern const struct cli_command command_provider_unpin;
extern const struct cli_command command_check;
extern const struct cli_command command_config_schema;
extern const struct cli_command command_demo;
extern const struct cli_command command_digest_preview;
extern const struct cli_command command_explain;
extern const struct cli_command command_help;
extern const struct cli_command command_import;
extern const struct cli_command command_key_create;
extern const struct cli_command command_key_list;
extern const struct cli_command command_key_revoke;
extern const struct cli_command command_measure;
extern const struct cli_command command_person_erase;
extern const struct cli_command command_person_export;
extern const struct cli_command command_person_readmit;
extern const struct cli_command command_plan;
extern const struct cli_command command_recipe_check;
extern const struct cli_command command_recipe_try;
extern const struct cli_command command_retention_run;
extern const struct cli_command command_send;
extern const struct cli_command command_serve;
extern const struct cli_command command_simulate;
extern const struct cli_command command_suppression_add;
extern const struct cli_command command_suppression_list;
extern const struct cli_command command_suppression_remove;
extern const struct cli_command command_template_lint;
extern const struct cli_command command_template_list;
extern const struct cli_command command_template_names;
extern const struct cli_command command_template_render;
extern const struct cli_command command_version;
