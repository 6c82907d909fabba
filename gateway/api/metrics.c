/* What the gateway counts, as metric families. */
#include "api/metrics.h"

#include "api/api_internal.h"
#include "base/log.h"
#include "config/conf.h"
#include "domain/calendar.h"
#include "flow/digest.h"
#include "flow/guard.h"
#include "flow/person.h"
#include "version.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { METRICS_MAX = 1 << 20 };

struct family {
    const char *name;
    enum metric_type type;
    const char *help;
    void (*emit)(const struct api *api, const char *name, struct buf *out);
};

static void build_info(const struct api *api, const char *name, struct buf *out)
{
    (void)api;
    metric_sample(out, name, LABELS({"version", HATIRLAT_VERSION}), 1);
}

static void messages_total(const struct api *api, const char *name, struct buf *out)
{
    const struct stats *s = &api->g->stats;

    for (enum channel c = CHANNEL_SMS; c < CHANNEL_COUNT; c++) {
        for (unsigned m = 0; m < MESSAGE_STATE_COUNT; m++) {
            if (s->settled[c][m] > 0) {
                metric_sample(out, name,
                              LABELS({"channel", channel_name(c)},
                                     {"outcome", message_state_name((enum message_state)m)}),
                              (double)s->settled[c][m]);
            }
        }
    }
}

static void queue_messages(const struct api *api, const char *name, struct buf *out)
{
    for (enum channel c = CHANNEL_SMS; c < CHANNEL_COUNT; c++) {
        for (unsigned m = 0; m < MESSAGE_STATE_COUNT; m++) {
            metric_sample(out, name,
                          LABELS({"channel", channel_name(c)},
                                 {"state", message_state_name((enum message_state)m)}),
                          (double)api->g->stats.messages[c][m]);
        }
    }
}

static void held_messages(const struct api *api, const char *name, struct buf *out)
{
    const struct stats *s = &api->g->stats;

    for (size_t i = 0; i < s->held_count; i++) {
        metric_sample(
            out, name,
            LABELS({"channel", channel_name(s->held[i].channel)}, {"reason", s->held[i].reason}),
            (double)s->held[i].count);
    }
}

static void guard_stops_total(const struct api *api, const char *name, struct buf *out)
{
    for (unsigned v = GUARD_BLAST; v < GUARD_VERDICT_COUNT; v++) {
        metric_sample(out, name, LABELS({"reason", guard_verdict_name((enum guard_verdict)v)}),
                      (double)api->g->stats.guard_stops[v]);
    }
}

static void failover_active(const struct api *api, const char *name, struct buf *out)
{
    for (enum channel c = CHANNEL_SMS; c < CHANNEL_COUNT; c++) {
        metric_sample(out, name, LABELS({"channel", channel_name(c)}), api->g->stats.failover[c]);
    }
}

static void channel_paused(const struct api *api, const char *name, struct buf *out)
{
    for (enum channel c = CHANNEL_SMS; c < CHANNEL_COUNT; c++) {
        metric_sample(out, name, LABELS({"channel", channel_name(c)}),
                      api->g->stats.channel_paused[c]);
    }
}

static void events_total(const struct api *api, const char *name, struct buf *out)
{
    for (unsigned i = 0; i < STATS_EVENT_RESULTS; i++) {
        metric_sample(out, name, LABELS({"result", stats_event_names[i]}),
                      (double)api->g->stats.events[i]);
    }
}

static void erased_events(const struct api *api, const char *name, struct buf *out)
{
    (void)api;
    metric_sample(out, name, NULL, (double)person_refused_total());
}

/* An enabled kind that never ran shows 0: no summary is an alarm. */
static void digest_runs(const struct api *api, const char *name, struct buf *out)
{
    for (enum digest_kind k = DIGEST_K1; k < DIGEST_KIND_COUNT; k++) {
        if (digest_enabled(api->g->settings->conf, k) || api->g->stats.digest_ms[k] != 0) {
            metric_sample(out, name, LABELS({"kind", digest_kind_name(k)}),
                          (double)api->g->stats.digest_ms[k] / 1000);
        }
    }
}

static void retention_run(const struct api *api, const char *name, struct buf *out)
{
    int64_t day = api->g->stats.retention_day;

    metric_sample(out, name, NULL, day == 0 ? 0 : (double)istanbul_ms(day, 0) / 1000);
}

static void events_backlog(const struct api *api, const char *name, struct buf *out)
{
    metric_sample(out, name, NULL, (double)api->g->stats.backlog);
}

static void oldest_due(const struct api *api, const char *name, struct buf *out)
{
    int64_t due = api->g->stats.oldest_due_ms;
    int64_t age = due == 0 ? 0 : gateway_now(api->g) - due;

    metric_sample(out, name, NULL, age < 0 ? 0 : (double)age / 1000);
}

static void delivery_seconds(const struct api *api, const char *name, struct buf *out)
{
    metric_histogram(out, name, NULL, &api->g->stats.delivery_seconds);
}

/* ---- per provider ---- */

#define each_provider(p, api)                                                                      \
    for (const struct stats_provider *p = (api)->g->stats.providers;                               \
         p < (api)->g->stats.providers + (api)->g->stats.providers_count; p++)

static void attempts_total(const struct api *api, const char *name, struct buf *out)
{
    each_provider(p, api)
    {
        for (unsigned o = 0; o < OUTCOME_COUNT; o++) {
            metric_sample(
                out, name,
                LABELS({"provider", p->name}, {"result", outcome_name((enum outcome_class)o)}),
                (double)p->attempts[o]);
        }
    }
}

static void dlr_total(const struct api *api, const char *name, struct buf *out)
{
    each_provider(p, api)
    {
        for (unsigned i = 0; i < STATS_REPORT_RESULTS; i++) {
            metric_sample(out, name,
                          LABELS({"provider", p->name}, {"result", stats_report_names[i]}),
                          (double)p->reports[i]);
        }
    }
}

static void request_seconds(const struct api *api, const char *name, struct buf *out)
{
    each_provider(p, api)
    {
        metric_histogram(out, name, LABELS({"provider", p->name}), &p->request_seconds);
    }
}

static void circuit_open(const struct api *api, const char *name, struct buf *out)
{
    each_provider(p, api)
    {
        metric_sample(out, name, LABELS({"provider", p->name}), p->circuit_open);
    }
}

static void provider_held(const struct api *api, const char *name, struct buf *out)
{
    each_provider(p, api)
    {
        metric_sample(out, name, LABELS({"provider", p->name}), p->held);
    }
}

static void provider_paused(const struct api *api, const char *name, struct buf *out)
{
    each_provider(p, api)
    {
        metric_sample(out, name, LABELS({"provider", p->name}), p->paused);
    }
}

static void provider_in_flight(const struct api *api, const char *name, struct buf *out)
{
    each_provider(p, api)
    {
        metric_sample(out, name, LABELS({"provider", p->name}), (double)p->in_flight);
    }
}

static void segments_total(const struct api *api, const char *name, struct buf *out)
{
    each_provider(p, api)
    {
        if (p->channel == CHANNEL_SMS) {
            metric_sample(out, name, LABELS({"provider", p->name}), (double)p->segments);
        }
    }
}

static void cost_total(const struct api *api, const char *name, struct buf *out)
{
    each_provider(p, api)
    {
        if (p->channel == CHANNEL_SMS) {
            metric_sample(out, name, LABELS({"provider", p->name}), (double)p->cost_kurus);
        }
    }
}

/* ---- the process and its house ---- */

static void http_requests(const struct api *api, const char *name, struct buf *out)
{
    static const char *const classes[] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};

    for (size_t i = 1; i < sizeof classes / sizeof classes[0]; i++) {
        metric_sample(out, name, LABELS({"status", classes[i]}), (double)api->counts.requests[i]);
    }
}

static void http_seconds(const struct api *api, const char *name, struct buf *out)
{
    metric_histogram(out, name, NULL, &api->counts.seconds);
}

static void http_connections(const struct api *api, const char *name, struct buf *out)
{
    metric_sample(out, name, NULL, (double)httpd_connections(api->http));
}

static void http_denied(const struct api *api, const char *name, struct buf *out)
{
    metric_sample(out, name, NULL, (double)api->counts.denied);
}

static void reload_ok(const struct api *api, const char *name, struct buf *out)
{
    metric_sample(out, name, NULL, api->g->stats.reload_ok);
}

static void reload_time(const struct api *api, const char *name, struct buf *out)
{
    metric_sample(out, name, NULL, (double)api->g->stats.reloaded_ms / 1000);
}

static void loop_lag(const struct api *api, const char *name, struct buf *out)
{
    metric_sample(out, name, NULL, (double)api->g->stats.loop_lag_ms / 1000);
}

static void disk_low(const struct api *api, const char *name, struct buf *out)
{
    metric_sample(out, name, NULL, api->g->disk_low);
}

static void database_bytes(const struct api *api, const char *name, struct buf *out)
{
    const char *path = api->g->settings->conf->database;
    char wal[4096];
    struct stat st;
    double bytes = 0;

    if (path == NULL) {
        return;
    }
    snprintf(wal, sizeof wal, "%s-wal", path);
    bytes += stat(path, &st) == 0 ? (double)st.st_size : 0;
    bytes += stat(wal, &st) == 0 ? (double)st.st_size : 0;
    metric_sample(out, name, NULL, bytes);
}

static void log_lost(const struct api *api, const char *name, struct buf *out)
{
    (void)api;
    metric_sample(out, name, NULL, (double)log_dropped());
}

static void cpu_seconds(const struct api *api, const char *name, struct buf *out)
{
    struct rusage u;

    (void)api;
    if (getrusage(RUSAGE_SELF, &u) == 0) {
        metric_sample(out, name, NULL,
                      (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                          (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
    }
}

/* The n-th number of /proc/self/statm, in pages. */
static double statm(int n)
{
    FILE *f = fopen("/proc/self/statm", "re");
    char line[128] = "";
    char *at = line;
    double pages = 0;

    if (f == NULL) {
        return 0;
    }
    if (fgets(line, sizeof line, f) != NULL) {
        for (int i = 0; i <= n; i++) {
            pages = (double)strtoll(at, &at, 10);
        }
    }
    (void)fclose(f);
    return pages * (double)sysconf(_SC_PAGESIZE);
}

static void resident_bytes(const struct api *api, const char *name, struct buf *out)
{
    (void)api;
    metric_sample(out, name, NULL, statm(1));
}

static void virtual_bytes(const struct api *api, const char *name, struct buf *out)
{
    (void)api;
    metric_sample(out, name, NULL, statm(0));
}

static void open_fds(const struct api *api, const char *name, struct buf *out)
{
    DIR *dir = opendir("/proc/self/fd");
    double n = -3; /* ".", ".." and the directory itself */

    (void)api;
    if (dir != NULL) {
        while (readdir(dir) != NULL) {
            n++;
        }
        (void)closedir(dir);
        metric_sample(out, name, NULL, n);
    }
}

static void max_fds(const struct api *api, const char *name, struct buf *out)
{
    struct rlimit limit;

    (void)api;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        metric_sample(out, name, NULL, (double)limit.rlim_cur);
    }
}

static void start_time(const struct api *api, const char *name, struct buf *out)
{
    metric_sample(out, name, NULL, (double)api->g->stats.started_ms / 1000);
}

/* clang-format off */
static const struct family families[] = {
    {"hatirlat_build_info", METRIC_GAUGE, "Version of the running program.", build_info},
    {"hatirlat_messages_total", METRIC_COUNTER, "Attempts settled, by the state the message went to.", messages_total},
    {"hatirlat_attempts_total", METRIC_COUNTER, "Send attempts by provider and outcome.", attempts_total},
    {"hatirlat_queue_messages", METRIC_GAUGE, "Messages by channel and present state.", queue_messages},
    {"hatirlat_held_messages", METRIC_GAUGE, "Messages that wait for a person.", held_messages},
    {"hatirlat_guard_stops_total", METRIC_COUNTER, "Campaigns that the guard has stopped.", guard_stops_total},
    {"hatirlat_channel_paused", METRIC_GAUGE, "1 while a person keeps the whole channel from sending.", channel_paused},
    {"hatirlat_failover_active", METRIC_GAUGE, "1 while the channel goes another way than by its first provider, or no way at all.", failover_active},
    {"hatirlat_oldest_due_message_age_seconds", METRIC_GAUGE, "How long the oldest due message has been waiting.", oldest_due},
    {"hatirlat_delivery_duration_seconds", METRIC_HISTOGRAM, "Time from acceptance by a provider to its delivery report.", delivery_seconds},
    {"hatirlat_provider_request_duration_seconds", METRIC_HISTOGRAM, "Time from handing a message over to its outcome.", request_seconds},
    {"hatirlat_provider_circuit_open", METRIC_GAUGE, "1 while the breaker keeps messages away from the provider.", circuit_open},
    {"hatirlat_provider_held", METRIC_GAUGE, "1 while an account problem of the provider waits for a human.", provider_held},
    {"hatirlat_provider_paused", METRIC_GAUGE, "1 while a person has paused or drained the provider.", provider_paused},
    {"hatirlat_provider_in_flight_messages", METRIC_GAUGE, "Attempts in flight.", provider_in_flight},
    {"hatirlat_sms_segments_total", METRIC_COUNTER, "SMS parts handed over.", segments_total},
    {"hatirlat_sms_cost_kurus_total", METRIC_COUNTER, "Cost of SMS parts by the configured price.", cost_total},
    {"hatirlat_dlr_total", METRIC_COUNTER, "Delivery reports by what they were matched to.", dlr_total},
    {"hatirlat_events_total", METRIC_COUNTER, "Facts received, by what became of them.", events_total},
    {"hatirlat_erased_person_events_total", METRIC_COUNTER, "Facts refused because their person was erased.", erased_events},
    {"hatirlat_digest_last_run_timestamp_seconds", METRIC_GAUGE, "When a kind of digest was last worked off, 0 for never.", digest_runs},
    {"hatirlat_retention_last_run_timestamp_seconds", METRIC_GAUGE, "Day of the last nightly destruction, 0 for never.", retention_run},
    {"hatirlat_events_backlog", METRIC_GAUGE, "Facts accepted and not yet applied.", events_backlog},
    {"hatirlat_http_requests_total", METRIC_COUNTER, "Requests answered, by class of status.", http_requests},
    {"hatirlat_http_request_duration_seconds", METRIC_HISTOGRAM, "Time from request line to the end of the answer.", http_seconds},
    {"hatirlat_http_connections", METRIC_GAUGE, "Open HTTP connections.", http_connections},
    {"hatirlat_http_denied_total", METRIC_COUNTER, "Requests without a key that allows them.", http_denied},
    {"hatirlat_config_last_reload_successful", METRIC_GAUGE, "1 when the last reading of the configuration succeeded.", reload_ok},
    {"hatirlat_config_last_reload_timestamp_seconds", METRIC_GAUGE, "Time of the last successful reading of the configuration.", reload_time},
    {"hatirlat_loop_lag_seconds", METRIC_GAUGE, "Worst delay of the event loop in the last ten seconds.", loop_lag},
    {"hatirlat_disk_low", METRIC_GAUGE, "1 while free disk space is below the reserve and events are refused.", disk_low},
    {"hatirlat_database_size_bytes", METRIC_GAUGE, "Size of the database with its write-ahead log.", database_bytes},
    {"hatirlat_log_dropped_total", METRIC_COUNTER, "Log lines that could not be written.", log_lost},
    {"process_cpu_seconds_total", METRIC_COUNTER, "Total user and system CPU time spent in seconds.", cpu_seconds},
    {"process_resident_memory_bytes", METRIC_GAUGE, "Resident memory size in bytes.", resident_bytes},
    {"process_virtual_memory_bytes", METRIC_GAUGE, "Virtual memory size in bytes.", virtual_bytes},
    {"process_open_fds", METRIC_GAUGE, "Number of open file descriptors.", open_fds},
    {"process_max_fds", METRIC_GAUGE, "Maximum number of open file descriptors.", max_fds},
    {"process_start_time_seconds", METRIC_GAUGE, "Start time of the process since unix epoch in seconds.", start_time},
};
/* clang-format on */

int metrics_write(const struct api *api, struct buf *out)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        const struct family *f = &families[i];

        metric_head(out, f->name, f->type, f->help);
        f->emit(api, f->name, out);
    }
    return buf_failed(out);
}

void handle_metrics(struct call *call)
{
    struct buf out;
    struct http_answer a = {.status = 200, .content_type = METRICS_CONTENT_TYPE, .stolen = &out};

    buf_init(&out, METRICS_MAX);
    if (metrics_write(call->api, &out) != 0) {
        buf_finish(&out);
        api_refuse(call->req, "out_of_memory", NULL, NULL);
        return;
    }
    http_reply(call->req, &a);
}
