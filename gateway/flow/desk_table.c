/* Every operation of the desk, with its route and who may use it. */
#include "flow/care_desk.h"
#include "flow/control_desk.h"
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
    {"campaign.list", "GET", "/v1/campaigns", SCOPE_CAMPAIGNS_READ, 0, campaign_desk_list, "campaigns, their states and numbers"},
    {"campaign.show", "GET", "/v1/campaigns/{name}", SCOPE_CAMPAIGNS_READ, 0, campaign_desk_show, "one campaign and its releases"},
    {"campaign.release", "POST", "/v1/campaigns/{name}:release", SCOPE_CAMPAIGNS_WRITE, DESK_WRITES, campaign_desk_release, "lets its messages go"},
    {"campaign.pause", "POST", "/v1/campaigns/{name}:pause", SCOPE_CAMPAIGNS_WRITE, DESK_WRITES, campaign_desk_pause, "its messages wait"},
    {"campaign.resume", "POST", "/v1/campaigns/{name}:resume", SCOPE_CAMPAIGNS_WRITE, DESK_WRITES, campaign_desk_resume, "ends a pause or a cancellation"},
    {"campaign.cancel", "POST", "/v1/campaigns/{name}:cancel", SCOPE_CAMPAIGNS_WRITE, DESK_WRITES, campaign_desk_cancel, "stops all that is not yet sent"},
    {"campaign.past_due", "POST", "/v1/campaigns/{name}:past-due", SCOPE_CAMPAIGNS_WRITE, DESK_WRITES, campaign_desk_past_due, "decides about what is held as past due"},
    {"control.list", "GET", "/v1/controls", SCOPE_CAMPAIGNS_READ, 0, control_desk_list, "what is paused, pinned or cancelled"},
    {"control.pause", "POST", "/v1/controls:pause", SCOPE_CAMPAIGNS_WRITE, DESK_WRITES, control_desk_pause, "everything or a channel stands still"},
    {"control.cancel", "POST", "/v1/controls:cancel", SCOPE_CAMPAIGNS_WRITE, DESK_WRITES, control_desk_cancel, "stops all of it that is not yet sent"},
    {"control.resume", "POST", "/v1/controls:resume", SCOPE_CAMPAIGNS_WRITE, DESK_WRITES, control_desk_resume, "everything or a channel goes on"},
    {"provider.list", "GET", "/v1/providers", SCOPE_CAMPAIGNS_READ, DESK_LIVE, NULL, "providers and their states"},
    {"provider.show", "GET", "/v1/providers/{name}", SCOPE_CAMPAIGNS_READ, DESK_LIVE, NULL, "one provider"},
    {"provider.test", "POST", "/v1/providers/{name}:test", SCOPE_ADMIN, DESK_LIVE, NULL, "one message through this provider"},
    {"provider.balance", "GET", "/v1/providers/{name}/balance", SCOPE_CAMPAIGNS_READ, DESK_LIVE, NULL, "what is left to send with"},
    {"key.create", "POST", "/v1/keys", SCOPE_ADMIN, DESK_LIVE, NULL, "make an access key"},
    {"key.revoke", "POST", "/v1/keys/{name}:revoke", SCOPE_ADMIN, DESK_LIVE, NULL, "end an access key"},
    {"message.show", "GET", "/v1/messages/{id}", SCOPE_MESSAGES_READ, DESK_LIVE, NULL, "one message and its timeline"},
    {"message.cancel", "POST", "/v1/messages/{id}:cancel", SCOPE_MESSAGES_WRITE, DESK_LIVE, NULL, "stop a message"},
    {"message.resend", "POST", "/v1/messages/{id}:resend", SCOPE_MESSAGES_WRITE, DESK_LIVE, NULL, "send it again"},
    {"provider.pause", "POST", "/v1/providers/{name}:pause", SCOPE_ADMIN, DESK_WRITES, provider_desk_pause, "the provider gets nothing"},
    {"provider.drain", "POST", "/v1/providers/{name}:drain", SCOPE_ADMIN, DESK_WRITES, provider_desk_drain, "it finishes what it has, then gets nothing"},
    {"provider.resume", "POST", "/v1/providers/{name}:resume", SCOPE_ADMIN, DESK_WRITES, provider_desk_resume, "ends a pause, lifts a hold"},
    {"provider.pin", "POST", "/v1/providers/{name}:pin", SCOPE_ADMIN, DESK_WRITES, provider_desk_pin, "its channel uses no other provider"},
    {"provider.unpin", "POST", "/v1/providers/{name}:unpin", SCOPE_ADMIN, DESK_WRITES, provider_desk_unpin, "its channel follows the route again"},
    {"audit.list", "GET", "/v1/audit", SCOPE_ADMIN, 0, audit_desk_list, "who did what, newest first"},
    {"audit.verify", "GET", "/v1/audit/verify", SCOPE_ADMIN, 0, audit_desk_verify, "whether the audit log is whole"},
    {"suppression.list", "GET", "/v1/suppressions", SCOPE_ADMIN, 0, suppress_desk_list, "addresses nothing goes to"},
    {"suppression.add", "POST", "/v1/suppressions", SCOPE_ADMIN, DESK_WRITES, suppress_desk_add, "nothing goes to an address any more"},
    {"suppression.remove", "POST", "/v1/suppressions:remove", SCOPE_ADMIN, DESK_WRITES, suppress_desk_remove, "an address may be written to again"},
    {"digest.preview", "GET", "/v1/digests", SCOPE_ADMIN, DESK_WRITES, digest_desk_preview, "digests as they would be sent now"},
    {"retention.preview", "GET", "/v1/retention", SCOPE_ADMIN, 0, retention_desk_preview, "what would be destroyed now"},
    {"retention.run", "POST", "/v1/retention:run", SCOPE_ADMIN, DESK_WRITES, retention_desk_run, "destroys a bite of what was kept long enough"},
    {"person.count", "GET", "/v1/person", SCOPE_ADMIN, 0, person_desk_count, "how much is held about a person"},
    {"person.export", "POST", "/v1/person:export", SCOPE_ADMIN, DESK_WRITES, person_desk_export, "everything held about a person"},
    {"person.erase", "POST", "/v1/person:erase", SCOPE_ADMIN, DESK_WRITES, person_desk_erase, "erases a person and keeps them away"},
    {"person.readmit", "POST", "/v1/person:readmit", SCOPE_ADMIN, DESK_WRITES, person_desk_readmit, "facts about an erased person are taken again"},
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
