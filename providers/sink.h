/*
 * The sink takes SMS and e-mail and sends them nowhere: they appear in the inbox. It can be told to
 * be slow, to fail, to lose the answer and to report late or twice. Each attempt's fate depends on
 * the seed, the message and the attempt alone, so that a run can be repeated whatever its order.
 */
#pragma once

#include "base/civil.h"
#include "providers/provider.h"

struct sink_settings {
    int64_t delay_ms;
    struct option_strings fail; /* "class[:percent%][:wait]", in turn: "retry:5%", "down" */
    int report;                 /* enum sink_report */
    int64_t report_delay_ms;
    bool report_twice;
    bool inbox;
    int64_t seed;
};

enum sink_report { SINK_REPORT_NONE, SINK_REPORT_DELIVERED, SINK_REPORT_UNDELIVERED };

extern const struct provider_type sink_provider_type;
