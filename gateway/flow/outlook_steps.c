/* The marks that an outlook counts apart, in the order in which they are met. */
#include "flow/outlook.h"

struct outlook_step *outlook_step_of(struct outlook *o, const struct outlook_item *item)
{
    struct outlook_step *step;

    for (size_t i = 0; i < o->step_count; i++) {
        step = &o->steps[i];
        if (step->step == item->step && step->channel == item->channel &&
            str_eqs(item->campaign, step->campaign)) {
            return step;
        }
    }
    if (o->step_count == OUTLOOK_STEPS_MAX) {
        return NULL;
    }
    step = &o->steps[o->step_count++];
    *step = (struct outlook_step){
        .step = item->step, .channel = item->channel, .first_ms = item->at_ms};
    (void)str_copy(step->campaign, sizeof step->campaign, item->campaign);
    return step;
}
