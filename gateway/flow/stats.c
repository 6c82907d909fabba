#include "flow/stats.h"

const char *const stats_event_names[STATS_EVENT_RESULTS] = {"accepted", "duplicate", "conflict",
                                                            "refused", "failed"};
const char *const stats_report_names[STATS_REPORT_RESULTS] = {"matched", "duplicate", "unknown",
                                                              "late", "refused"};
const double stats_bounds[STATS_BUCKETS - 1] = {0.005, 0.01, 0.05, 0.1,  0.5,  1,
                                                5,     30,   300,  3600, 86400};

void stats_observe(struct stats_histogram *h, double seconds)
{
    size_t i = 0;

    while (i < STATS_BUCKETS - 1 && seconds > stats_bounds[i]) {
        i++;
    }
    h->buckets[i]++;
    h->count++;
    h->sum += seconds;
}
