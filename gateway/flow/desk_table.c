/* Every operation of the desk, with its route and who may use it. */
#include "flow/desk.h"
#include "flow/explain.h"
#include "flow/outlook.h"

/* clang-format off */
const struct desk_operation desk_operations[] = {
    {"plan", "GET", "/v1/plan", SCOPE_CAMPAIGNS_READ, 0, outlook_run, "what lies ahead: messages, segments, cost, exclusions"},
    {"plan.with", "POST", "/v1/plan", SCOPE_CAMPAIGNS_READ, DESK_TAKES_FILE, outlook_with_run, "the plan that another configuration would make"},
    {"explain", "GET", "/v1/explain", SCOPE_MESSAGES_READ, 0, explain_run, "why something was (not) sent"},
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
