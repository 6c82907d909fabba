/*
 * Plain counters of the flows, kept on the loop thread and shown by /metrics. Only bounded labels:
 * no number, address, name or reference of a person gets in here.
 */
#pragma once

#include "base/str.h"
#include "domain/channel.h"
#include "domain/message.h"
#include "domain/outcome.h"

enum { STATS_PROVIDERS_MAX = 16, STATS_BUCKETS = 12 };

enum stats_event {
    STATS_EVENT_ACCEPTED,
    STATS_EVENT_DUPLICATE,
    STATS_EVENT_CONFLICT,
    STATS_EVENT_REFUSED,
    STATS_EVENT_FAILED,
    STATS_EVENT_RESULTS
};

extern const char *const stats_event_names[STATS_EVENT_RESULTS];

/* Upper bounds in seconds of every duration histogram here; the last bucket is +Inf. */
extern const double stats_bounds[STATS_BUCKETS - 1];

struct stats_histogram {
    uint64_t buckets[STATS_BUCKETS]; /* not cumulative */
    uint64_t count;
    double sum;
};

void stats_observe(struct stats_histogram *h, double seconds);

enum stats_report {
    STATS_REPORT_MATCHED,
    STATS_REPORT_DUPLICATE,
    STATS_REPORT_UNKNOWN,
    STATS_REPORT_LATE,
    STATS_REPORT_REFUSED, /* a push that was not believed, or makes no sense */
    STATS_REPORT_RESULTS
};

extern const char *const stats_report_names[STATS_REPORT_RESULTS];

struct stats_provider {
    char name[41];
    enum channel channel;
    uint64_t attempts[OUTCOME_COUNT];
    uint64_t segments;   /* SMS parts handed over */
    uint64_t cost_kurus; /* by the configured price */
    uint64_t reports[STATS_REPORT_RESULTS];
    int64_t in_flight;
    bool circuit_open;
    bool held; /* an account problem waits for a human */
    char held_reason[240];
    bool paused;         /* by a person: nothing is given to it */
    bool draining;       /* likewise, and something is still in flight */
    char paused_by[200]; /* who, until when and why */
    struct stats_histogram request_seconds;
};

enum { STATS_HELD_MAX = 48, STATS_GUARD_VERDICTS = 5 };

/* Held messages of a channel by the reason they are held for. */
struct stats_held {
    enum channel channel;
    char reason[40];
    int64_t count;
};

struct stats {
    int64_t started_ms;
    uint64_t events[STATS_EVENT_RESULTS];
    int64_t backlog;                                      /* events accepted, not yet applied */
    uint64_t settled[CHANNEL_COUNT][MESSAGE_STATE_COUNT]; /* moves out of sending */
    int64_t messages[CHANNEL_COUNT][MESSAGE_STATE_COUNT]; /* present numbers, refreshed */
    struct stats_held held[STATS_HELD_MAX];
    size_t held_count;
    bool failover[CHANNEL_COUNT]; /* messages go another way than by the first provider */
    char failover_to[CHANNEL_COUNT][41];
    char pinned[CHANNEL_COUNT][41]; /* the provider that a person wants, "" for none */
    bool channel_paused[CHANNEL_COUNT];
    uint64_t guard_stops[STATS_GUARD_VERDICTS]; /* by enum guard_verdict */
    int64_t oldest_due_ms;                      /* 0 when nothing is due */
    struct stats_histogram delivery_seconds;    /* accepted until delivered */
    size_t providers_count;
    struct stats_provider providers[STATS_PROVIDERS_MAX];
    int64_t digest_ms[3];  /* when each kind of digest was last worked off, 0 for never */
    int64_t retention_day; /* of the last nightly destruction, 0 for never */
    int64_t reloaded_ms;
    bool reload_ok;
    int64_t loop_lag_ms;       /* worst in the last ten seconds */
    int64_t store_progress_ms; /* monotonic time of the writer's last sign of life */
};
