/* Every operation of the desk, with its route and who may use it. */
#include "flow/desk.h"
#include "flow/explain.h"
#include "flow/outlook.h"
#include "flow/replan.h"
#include "flow/roster.h"

/* clang-format off */
const struct desk_operation desk_operations[] = {
    {"plan", "GET", "/v1/plan", SCOPE_CAMPAIGNS_READ, 0, outlook_run, "what lies ahead: messages, segments, cost, exclusions"},
    {"plan.with", "POST", "/v1/plan", SCOPE_CAMPAIGNS_READ, DESK_TAKES_FILE, outlook_with_run, "the plan that another configuration would make"},
    {"explain", "GET", "/v1/explain", SCOPE_MESSAGES_READ, 0, explain_run, "why something was (not) sent"},
    {"import.create", "POST", "/v1/imports", SCOPE_ROSTER_WRITE, DESK_WRITES | DESK_TAKES_FILE, roster_desk_import, "a list of persons becomes facts"},
    {"import.check", "POST", "/v1/imports:check", SCOPE_ROSTER_WRITE, DESK_TAKES_FILE, roster_desk_check, "what importing a list would do"},
    {"import.list", "GET", "/v1/imports", SCOPE_CAMPAIGNS_READ, 0, roster_desk_list, "imports, newest first"},
    {"import.show", "GET", "/v1/imports/{id}", SCOPE_CAMPAIGNS_READ, 0, roster_desk_show, "one import and its report"},
    {"import.errors", "GET", "/v1/imports/{id}/errors.csv", SCOPE_CAMPAIGNS_READ, 0, roster_desk_errors, "the rows it refused, as CSV"},
    {"import.undo", "POST", "/v1/imports/{id}:undo", SCOPE_ROSTER_WRITE, DESK_WRITES, roster_desk_undo, "takes an import back, a slice at a time"},
    {"campaign.diff", "GET", "/v1/campaigns:diff", SCOPE_CAMPAIGNS_READ, 0, replan_diff_run, "what the settings file as it is now would change in the plan"},
    {"campaign.diff.with", "POST", "/v1/campaigns:diff", SCOPE_CAMPAIGNS_READ, DESK_TAKES_FILE, replan_diff_run, "what other campaigns would change in the plan"},
    {NULL, NULL, NULL, 0, 0, NULL, NULL},
};
/* clang-format on */

const struct desk_operation *desk_find(const char *name)
{
    for (const struct desk_operation *o = desk_operations; o->name != NULL; o++) {
        if (strcmp(o->name, name) == 0) {
            return o;
        }
    }
    return NULL;
}
