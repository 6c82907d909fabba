/* The plan for people; for plan.c alone. */
#pragma once

#include "base/json.h"
#include "cli/cli.h"

/* The document of the operations "plan" and "plan.with" (flow/outlook.h). */
void plan_print(struct cli *cli, const struct json *root);
