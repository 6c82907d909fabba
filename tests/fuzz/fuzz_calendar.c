/* Any bytes as a holiday file: a calendar or faults; and no calendar makes a plan break its word.
 */
#include "domain/campaign.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLANS = 8 };

static const int64_t now_ms = 1795327200000;

static void check_plan(const struct calendar *calendar, int64_t end_ms)
{
    struct campaign_rules rules = campaign_default;
    struct plan plan;
    int64_t last_day = INT64_MIN;

    rules.has_window = true;
    rules.window = send_window_default;
    campaign_plan(&rules, end_ms, now_ms, calendar, &plan);
    for (size_t i = 0; i < plan.count; i++) {
        const struct plan_step *s = &plan.steps[i];

        if (s->verdict != PLAN_SEND) {
            continue;
        }
        if (s->at_ms < now_ms || s->at_ms >= end_ms || s->day <= last_day) {
            abort();
        }
        last_day = s->day;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct calendar *calendar;
    struct faults faults;
    int rc;

    faults_init(&faults);
    rc = calendar_load((struct str){(const char *)data, size}, "tatil.json", &calendar, &faults);
    if ((rc == 0) != (faults.errors == 0) || (rc == 0) != (calendar != NULL)) {
        abort();
    }
    for (int i = 0; i < PLANS && rc == 0; i++) {
        check_plan(calendar, now_ms + (int64_t)i * 13 * DAY_MS);
    }
    calendar_destroy(calendar);
    faults_finish(&faults);
    return 0;
}
