/*
 * What a due message is asked once more before it is claimed: is its plan still the plan, does its
 * case still allow it, are these its hours, has this person had an SMS today?
 */
#include "config/conf.h"
#include "flow/dispatch_state.h"
#include "flow/wording.h"

static bool is_notice(const struct attempt *a)
{
    return strcmp(a->campaign, APPLY_NOTICE_CAMPAIGN) == 0;
}

/* Reminders need an open case; a notice speaks of one state and of no other. */
bool claim_case_allows(const struct attempt *a)
{
    if (a->case_id == 0) {
        return true;
    }
    return is_notice(a) ? a->case_state == apply_notice_state(a->step)
                        : case_state_reminds(a->case_state);
}

static unsigned channels_of(const struct conf_campaign *c, int mark)
{
    for (size_t i = 0; i < c->rules.mark_count; i++) {
        if (c->rules.marks[i] == mark) {
            return c->marks[i].channels;
        }
    }
    return 0;
}

/* Settings may have changed since it was planned, and not every case is planned anew yet. */
bool claim_is_planned(const struct gateway *g, const struct attempt *a)
{
    const struct conf_campaign *c;

    if (a->case_id == 0 || is_notice(a) || a->campaign[0] == '\0' ||
        (a->flags & MESSAGE_RESENT) != 0) {
        return true;
    }
    c = wording_campaign(g->settings, str_of(a->campaign));
    if (c == NULL) {
        return false;
    }
    return campaign_step_escalates(a->step) ||
           (channels_of(c, campaign_step_mark(a->step)) & 1u << a->job.channel) != 0;
}

/* The night is kept whatever the settings say; of its own hours an urgent message knows nothing. */
static int64_t next_opening(const struct gateway *g, const struct attempt *a, int64_t from_ms)
{
    static const struct send_window day = {SEND_EARLIEST, SEND_LATEST, SEND_LATEST};
    const struct conf *conf = g->settings->conf;
    const struct conf_campaign *c = wording_campaign(g->settings, str_of(a->campaign));
    const bool has = c != NULL ? c->rules.has_window : conf->has_window;

    if (has && a->urgency != URGENCY_URGENT) {
        return calendar_next_send(g->settings->calendar,
                                  c != NULL ? &c->rules.window : &conf->window, from_ms);
    }
    return conf->trial ? from_ms : calendar_next_send(NULL, &day, from_ms);
}

bool claim_outside_hours(const struct gateway *g, const struct attempt *a, int64_t now_ms,
                         int64_t *ret_due_ms)
{
    if (a->case_id == 0) {
        return false;
    }
    *ret_due_ms = next_opening(g, a, now_ms);
    return *ret_due_ms > now_ms;
}

/* ---- one SMS a day ---- */

void claim_prepare_day(const struct gateway *g, struct attempt *a, int64_t now_ms)
{
    const bool counts =
        a->job.channel == CHANNEL_SMS && a->case_id != 0 && (a->flags & MESSAGE_RESENT) == 0;

    a->next_day_ms = counts ? next_opening(g, a, istanbul_ms(istanbul_day(now_ms) + 1, 0)) : 0;
}
