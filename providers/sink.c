#include "providers/sink.h"

#include "providers/sink_plan.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH_MAX = 100,
    IN_FLIGHT_MAX = 4096,
    TICKS_MAX = 4096,
    REPORTS_WAITING_MAX = 1 << 20, /* the oldest come early when there are more */
    REPORTS_AT_ONCE = 64,
    TO_SIZE = 256
};

/* So many jobs at the head of the queue are answered at this loop time. */
struct tick {
    int64_t due_ms;
    size_t jobs;
};

/* A report that waits for its time. */
struct pending {
    struct list node;
    int64_t due_ms;
    bool repeated;
    char ref[PROVIDER_REF_MAX];
    char provider_ref[PROVIDER_REF_MAX + 8];
    char to[TO_SIZE];
};

struct provider {
    const struct provider_host *host;
    const struct sink_settings *settings;
    struct sink_plan plan;
    uv_idle_t now;    /* runs while something is due */
    uv_timer_t later; /* armed for what is due first */
    int open_handles;
    struct list jobs; /* first in, first out: the delay is the same for all */
    struct tick ticks[TICKS_MAX];
    size_t first_tick;
    size_t tick_count;
    struct list reports; /* ordered by due_ms */
    size_t report_count;
    bool draining;
};

static const char *const report_names[] = {"none", "delivered", "undelivered", NULL};

#define SINK_FIELD(name) offsetof(struct sink_settings, name)

static const struct option sink_options[] = {
    {.key = "delay",
     .type = OPTION_DURATION,
     .offset = SINK_FIELD(delay_ms),
     .fallback = "\"0ms\"",
     .max = DAY_MS,
     .tr = "Her yanıttan önce beklenecek süre",
     .en = "How long to wait before every answer"},
    {.key = "fail",
     .type = OPTION_STRINGS,
     .offset = SINK_FIELD(fail),
     .fallback = "[]",
     .max = SINK_RULES_MAX,
     .tr = "Yapay hatalar: \"retry:5%\", \"throttled:1%:30s\", \"down\"",
     .en = "Failures to play: \"retry:5%\", \"throttled:1%:30s\", \"down\""},
    {.key = "report",
     .type = OPTION_ENUM,
     .offset = SINK_FIELD(report),
     .fallback = "\"none\"",
     .names = report_names,
     .tr = "Kabulden sonra gelecek iletim raporu",
     .en = "The delivery report that follows an acceptance"},
    {.key = "report_delay",
     .type = OPTION_DURATION,
     .offset = SINK_FIELD(report_delay_ms),
     .fallback = "\"0ms\"",
     .max = DAY_MS,
     .tr = "Raporun gecikmesi",
     .en = "How late the report comes"},
    {.key = "report_twice",
     .type = OPTION_BOOL,
     .offset = SINK_FIELD(report_twice),
     .fallback = "false",
     .tr = "Rapor iki kez gelsin",
     .en = "Send every report twice"},
    {.key = "inbox",
     .type = OPTION_BOOL,
     .offset = SINK_FIELD(inbox),
     .fallback = "true",
     .tr = "Alınan iletiler deneme kutusunda saklansın",
     .en = "Keep what was taken in the inbox"},
    {.key = "seed",
     .type = OPTION_INT,
     .offset = SINK_FIELD(seed),
     .fallback = "1",
     .max = INT32_MAX,
     .tr = "Yapay hataların tohumu",
     .en = "Seed of the failures"},
    {.key = NULL}};

static int64_t loop_ms(const struct provider *p)
{
    return (int64_t)uv_now(p->host->loop);
}

static void remember_report(struct provider *p, const struct provider_job *job,
                            const char *provider_ref)
{
    struct pending *r;

    if (p->settings->report == SINK_REPORT_NONE) {
        return;
    }
    r = calloc(1, sizeof(*r));
    if (r == NULL) {
        return; /* the vendor that never reports: the dispatcher knows that one */
    }
    r->due_ms = loop_ms(p) + p->settings->report_delay_ms;
    snprintf(r->ref, sizeof(r->ref), "%s", job->ref);
    (void)str_copy(r->provider_ref, sizeof(r->provider_ref), str_of(provider_ref));
    snprintf(r->to, sizeof(r->to), "%s", job->to);
    list_push_back(&p->reports, &r->node);
    p->report_count++;
}

static void keep(const struct provider *p, const struct provider_job *job)
{
    if (p->settings->inbox && p->host->keep != NULL) {
        p->host->keep(p->host->ctx, job);
    }
}

static void answer(struct provider *p, struct provider_job *job)
{
    const struct sink_rule *rule = sink_plan_fate(&p->plan, job->message_id, job->attempt);
    struct outcome o;

    if (rule != NULL) {
        outcome_set(&o, rule->class, "sink", "the sink was told to fail");
        o.wait_ms = rule->wait_ms;
        if (rule->class == OUTCOME_UNKNOWN) {
            keep(p, job); /* taken, and the answer was lost: the worst that unknown can mean */
        }
    } else {
        outcome_set(&o, OUTCOME_SENT, "ok", "kept in the inbox");
        snprintf(o.provider_ref, sizeof(o.provider_ref), "sink-%s", job->ref);
        keep(p, job);
        remember_report(p, job, o.provider_ref);
    }
    p->host->done(p->host->ctx, job, &o);
}

/* Answers what was due when it was called; answers may bring new submissions, which wait. */
static void answer_due(struct provider *p)
{
    int64_t now = loop_ms(p);
    struct list *node;
    size_t due = 0;

    while (p->tick_count > 0 && p->ticks[p->first_tick].due_ms <= now) {
        due += p->ticks[p->first_tick].jobs;
        p->first_tick = (p->first_tick + 1) % TICKS_MAX;
        p->tick_count--;
    }
    while (due-- > 0 && (node = list_pop_front(&p->jobs)) != NULL) {
        answer(p, list_entry(node, struct provider_job, node));
    }
}

static bool report_is_due(const struct provider *p, int64_t now)
{
    const struct pending *r;

    if (list_empty(&p->reports)) {
        return false;
    }
    r = list_entry(p->reports.next, struct pending, node);
    return r->due_ms <= now || p->draining || p->report_count > REPORTS_WAITING_MAX;
}

/* Fills list from the pending reports due, which move to sent. */
static size_t take_reports(struct provider *p, struct provider_report *list, struct list *sent)
{
    int64_t now = loop_ms(p);
    size_t n = 0;

    while (n < REPORTS_AT_ONCE && report_is_due(p, now)) {
        struct pending *r = list_entry(list_pop_front(&p->reports), struct pending, node);

        list_push_back(sent, &r->node);
        p->report_count--;
        list[n++] = (struct provider_report){.ref = r->ref,
                                             .provider_ref = r->provider_ref,
                                             .to = r->to,
                                             .state = p->settings->report == SINK_REPORT_DELIVERED
                                                          ? REPORT_DELIVERED
                                                          : REPORT_UNDELIVERED,
                                             .code = report_names[p->settings->report],
                                             .at_ms = clock_wall_ms(p->host->clock)};
    }
    return n;
}

/* Frees reports that were sent, or puts them in line for their second time. */
static void finish_reports(struct provider *p, struct list *sent)
{
    struct list *node;

    while ((node = list_pop_front(sent)) != NULL) {
        struct pending *r = list_entry(node, struct pending, node);

        if (!p->settings->report_twice || r->repeated) {
            free(r);
            continue;
        }
        r->repeated = true;
        r->due_ms = loop_ms(p) + p->settings->report_delay_ms;
        list_push_back(&p->reports, &r->node);
        p->report_count++;
    }
}

static void report_due(struct provider *p)
{
    struct provider_report list[REPORTS_AT_ONCE];
    struct list sent;
    size_t n;

    list_init(&sent);
    n = take_reports(p, list, &sent);
    if (n > 0) {
        p->host->report(p->host->ctx, list, n);
    }
    finish_reports(p, &sent);
}

static void on_now(uv_idle_t *handle);

static void on_later(uv_timer_t *handle)
{
    struct provider *p = handle->data;

    uv_idle_start(&p->now, on_now);
}

/* Runs at once when something is due, else sleeps until then. */
static void schedule(struct provider *p)
{
    int64_t due = INT64_MAX;
    int64_t now = loop_ms(p);

    if (p->tick_count > 0) {
        due = p->ticks[p->first_tick].due_ms;
    }
    if (!list_empty(&p->reports)) {
        int64_t report = list_entry(p->reports.next, struct pending, node)->due_ms;

        due = report < due ? report : due;
    }
    if (due <= now || report_is_due(p, now) || (p->draining && p->tick_count == 0)) {
        uv_idle_start(&p->now, on_now);
        return;
    }
    uv_idle_stop(&p->now);
    if (due != INT64_MAX) {
        uv_timer_start(&p->later, on_later, (uint64_t)(due - now), 0);
    }
}

static bool finish_drain(struct provider *p)
{
    if (!p->draining || p->tick_count > 0 || !list_empty(&p->reports)) {
        return false;
    }
    uv_idle_stop(&p->now);
    uv_timer_stop(&p->later);
    p->host->drained(p->host->ctx); /* may destroy p */
    return true;
}

static void on_now(uv_idle_t *handle)
{
    struct provider *p = handle->data;

    answer_due(p);
    report_due(p);
    if (!finish_drain(p)) {
        schedule(p);
    }
}

/* Every handle holds the object; the last to close frees it. */
static void on_closed(uv_handle_t *handle)
{
    struct provider *p = handle->data;
    struct list *node;

    if (--p->open_handles > 0) {
        return;
    }
    while ((node = list_pop_front(&p->reports)) != NULL) {
        free(list_entry(node, struct pending, node));
    }
    free(p);
}

static void sink_check(const void *settings, const char *pointer, struct faults *faults)
{
    const struct sink_settings *s = settings;
    char below[FAULT_POINTER_MAX];
    struct sink_plan plan;
    struct err why = {0};

    if (sink_plan_read(&s->fail, (uint64_t)s->seed, &plan, &why) != 0) {
        option_pointer(pointer, "fail", below);
        (void)faults_add(faults, below, "SNK-001", "yapay hata anlaşılamadı: %s",
                         "bad failure rule: %s", why.text);
    }
}

static int sink_create(const struct provider_host *host, const void *settings,
                       struct provider **ret, struct err *e)
{
    const struct sink_settings *s = settings;
    struct provider *p = calloc(1, sizeof(*p));
    int code;

    if (p == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the sink");
    }
    code = sink_plan_read(&s->fail, (uint64_t)s->seed, &p->plan, e);
    if (code != 0) {
        free(p);
        return code;
    }
    p->host = host;
    p->settings = s;
    list_init(&p->jobs);
    list_init(&p->reports);
    uv_idle_init(host->loop, &p->now);
    uv_timer_init(host->loop, &p->later);
    p->now.data = p;
    p->later.data = p;
    p->open_handles = 2;
    *ret = p;
    return 0;
}

static int sink_start(struct provider *p, struct err *e)
{
    (void)e;
    p->host->health(p->host->ctx, PROVIDER_HEALTHY, "the sink is open");
    return 0;
}

static void sink_capabilities(const struct provider *p, struct provider_capabilities *ret)
{
    *ret = (struct provider_capabilities){.batch_max = BATCH_MAX,
                                          .in_flight = IN_FLIGHT_MAX,
                                          .reports = p->settings->report != SINK_REPORT_NONE};
}

/* A full ring lets the newest tick take the surplus: those are answered a little early. */
static void add_tick(struct provider *p, size_t jobs)
{
    int64_t due = loop_ms(p) + p->settings->delay_ms;
    struct tick *last = &p->ticks[(p->first_tick + p->tick_count + TICKS_MAX - 1) % TICKS_MAX];

    if (p->tick_count > 0 && (last->due_ms == due || p->tick_count == TICKS_MAX)) {
        last->jobs += jobs;
        return;
    }
    p->ticks[(p->first_tick + p->tick_count) % TICKS_MAX] = (struct tick){due, jobs};
    p->tick_count++;
}

static void sink_submit(struct provider *p, struct provider_job *const *jobs, size_t count)
{
    if (count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        list_push_back(&p->jobs, &jobs[i]->node);
    }
    add_tick(p, count);
    schedule(p);
}

static void sink_probe(struct provider *p)
{
    const struct sink_rule *rule = p->plan.count == 0 ? NULL : &p->plan.rules[0];
    bool broken = rule != NULL && rule->share == SINK_SHARE_ALL &&
                  (rule->class == OUTCOME_DOWN || rule->class == OUTCOME_ACCOUNT);

    p->host->health(p->host->ctx, broken ? PROVIDER_BROKEN : PROVIDER_HEALTHY,
                    broken ? "the sink was told to fail" : "the sink is open");
}

static void sink_drain(struct provider *p)
{
    p->draining = true;
    schedule(p);
}

static void sink_destroy(struct provider *p)
{
    if (p == NULL) {
        return;
    }
    uv_close((uv_handle_t *)&p->now, on_closed);
    uv_close((uv_handle_t *)&p->later, on_closed);
}

const struct provider_type sink_provider_type = {
    .kind = "sink",
    .channels = 1u << CHANNEL_SMS | 1u << CHANNEL_EMAIL,
    .options = sink_options,
    .check = sink_check,
    .settings_size = sizeof(struct sink_settings),
    .create = sink_create,
    .start = sink_start,
    .capabilities = sink_capabilities,
    .submit = sink_submit,
    .probe = sink_probe,
    .drain = sink_drain,
    .destroy = sink_destroy,
};
