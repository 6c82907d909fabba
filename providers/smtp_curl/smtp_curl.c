#include "providers/smtp_curl/smtp_curl.h"

#include "providers/smtp/smtp_mail.h"
#include "providers/smtp_curl/smtp_curl_options.h"
#include "providers/smtp_curl/smtp_curl_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { AHEAD = 100, BATCH_MAX = 100, PATIENCE_MS = 1000 };

static int64_t mono_ms(void)
{
    return clock_mono_ms(clock_system());
}

static size_t lane_count(const struct provider *p)
{
    return (size_t)p->settings->relay.workers;
}

/* ---- completing ---- */

void smtp_curl_settle(struct provider *p, struct provider_job *job, const struct outcome *outcome)
{
    enum provider_health health;

    if (smtp_health_of(outcome, &health) && health != p->health) {
        p->health = health;
        p->host.health(p->host.ctx, health,
                       health == PROVIDER_HEALTHY ? "the relay works" : outcome->detail);
    }
    p->host.done(p->host.ctx, job, outcome);
}

static void settle_queue(struct provider *p, const struct outcome *outcome)
{
    struct list jobs;
    struct list *node;

    list_init(&jobs);
    list_splice_back(&jobs, &p->queue);
    while ((node = list_pop_front(&jobs)) != NULL) {
        smtp_curl_settle(p, list_entry(node, struct provider_job, node), outcome);
    }
}

static void settle_queue_untouched(struct provider *p)
{
    struct outcome outcome;

    outcome_set(&outcome, OUTCOME_UNTOUCHED, "", "the gateway is shutting down");
    settle_queue(p, &outcome);
}

/* ---- handing jobs to lanes ---- */

static void on_kick(uv_idle_t *kick);
static void finish_if_idle(struct provider *p);

static void wake(struct provider *p)
{
    if (!uv_is_closing((uv_handle_t *)&p->kick)) {
        (void)uv_idle_start(&p->kick, on_kick);
    }
}

static struct lane *find_lane(struct provider *p, enum lane_step step)
{
    for (size_t i = 0; i < lane_count(p); i++) {
        if (p->lanes[i].step == step) {
            return &p->lanes[i];
        }
    }
    return NULL;
}

static size_t count_lanes(struct provider *p, enum lane_step step)
{
    size_t count = 0;

    for (size_t i = 0; i < lane_count(p); i++) {
        count += p->lanes[i].step == step;
    }
    return count;
}

static const char *fault_of(const struct provider *p, const struct provider_job *job)
{
    bool own = job->mail_from != NULL && job->mail_from[0] != '\0';

    return smtp_job_fault(job, own ? job->mail_from : p->settings->relay.envelope_from, true);
}

/* What cannot go to any relay leaves the queue first. */
static void settle_faulty(struct provider *p)
{
    struct outcome outcome;

    list_each_safe(node, &p->queue)
    {
        struct provider_job *job = list_entry(node, struct provider_job, node);
        const char *fault = fault_of(p, job);

        if (fault != NULL) {
            list_remove(node);
            outcome_set(&outcome, OUTCOME_REJECTED, "local", "%s", fault);
            smtp_curl_settle(p, job, &outcome);
        }
    }
}

static void send_queued(struct provider *p)
{
    struct lane *lane;

    while (!list_empty(&p->queue) && (lane = find_lane(p, LANE_READY)) != NULL) {
        lane_send(lane, list_entry(list_pop_front(&p->queue), struct provider_job, node));
    }
}

static bool others_work(struct provider *p)
{
    return count_lanes(p, LANE_CLOSED) + count_lanes(p, LANE_LEAVING) < lane_count(p);
}

static void open_lanes(struct provider *p)
{
    struct outcome outcome;
    struct err e = {0};
    size_t waiting = 0;

    list_each(node, &p->queue) waiting += node != NULL;
    while (count_lanes(p, LANE_OPENING) < waiting) {
        struct lane *lane = find_lane(p, LANE_CLOSED);

        if (lane == NULL || (others_work(p) && mono_ms() < p->patient_until_ms)) {
            return;
        }
        if (lane_open(lane, &e) != 0) {
            outcome_set(&outcome, e.code == ERR_DENIED ? OUTCOME_ACCOUNT : OUTCOME_DOWN,
                        e.code == ERR_DENIED ? "token" : "memory", "%s", e.text);
            smtp_curl_lane_failed(p, &outcome);
            return;
        }
    }
}

static void on_kick(uv_idle_t *kick)
{
    struct provider *p = kick->data;

    (void)uv_idle_stop(kick);
    if (p->draining) {
        settle_queue_untouched(p);
        finish_if_idle(p);
        return;
    }
    settle_faulty(p);
    send_queued(p);
    open_lanes(p);
}

void smtp_curl_again(struct provider *p, struct provider_job *job)
{
    list_push_back(p->queue.next, &job->node); /* in front of all */
    wake(p);
}

/* While other connections work the queue is theirs; else nobody is left to take it. */
void smtp_curl_lane_failed(struct provider *p, const struct outcome *outcome)
{
    if (others_work(p)) {
        p->patient_until_ms = mono_ms() + PATIENCE_MS;
    } else if (p->draining) {
        settle_queue_untouched(p);
    } else {
        settle_queue(p, outcome);
    }
}

static void submit(struct provider *p, struct provider_job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list_push_back(&p->queue, &jobs[i]->node);
    }
    wake(p);
}

/* ---- starting ---- */

static void check(const void *settings, const char *pointer, struct faults *faults)
{
    smtp_curl_check(settings, pointer, faults);
}

static int create(const struct provider_host *host, const void *settings, struct provider **ret,
                  struct err *e)
{
    struct provider *p;
    int rc = provider_refuse(check, settings, e);

    if (rc != 0) {
        return rc;
    }
    p = calloc(1, sizeof *p);
    if (p == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for provider %s", host->name);
    }
    p->host = *host;
    p->settings = settings;
    list_init(&p->queue);
    *ret = p;
    return 0;
}

static int start(struct provider *p, struct err *e)
{
    const char *ca = p->settings->relay.ca_file;

    if (ca != NULL && access(ca, R_OK) != 0) {
        return err_set(e, ERR_IO, "cannot read certificates from %s", ca);
    }
    (void)uv_idle_init(p->host.loop, &p->kick);
    (void)uv_timer_init(p->host.loop, &p->drain_timer);
    p->kick.data = p;
    p->drain_timer.data = p;
    for (size_t i = 0; i < lane_count(p); i++) {
        lane_init(&p->lanes[i], p);
    }
    p->handles = lane_count(p) + 2;
    return 0;
}

static void capabilities(const struct provider *p, struct provider_capabilities *ret)
{
    size_t in_flight = lane_count(p) * AHEAD;

    *ret = (struct provider_capabilities){
        .batch_max = in_flight < BATCH_MAX ? in_flight : BATCH_MAX,
        .in_flight = in_flight,
    };
}

/* ---- stopping ---- */

static void on_closed(uv_handle_t *handle)
{
    struct provider *p = handle->data;

    if (--p->handles == 0) {
        p->host.drained(p->host.ctx);
    }
}

static void on_lane_closed(uv_handle_t *handle)
{
    struct lane *lane = handle->data;

    buf_finish(&lane->text);
    handle->data = lane->p;
    on_closed(handle);
}

/* Once no lane is at work every handle goes; the last one tells the dispatcher. */
static void finish_if_idle(struct provider *p)
{
    if (count_lanes(p, LANE_CLOSED) < lane_count(p) || !list_empty(&p->queue) ||
        uv_is_closing((uv_handle_t *)&p->kick)) {
        return;
    }
    uv_close((uv_handle_t *)&p->kick, on_closed);
    uv_close((uv_handle_t *)&p->drain_timer, on_closed);
    for (size_t i = 0; i < lane_count(p); i++) {
        uv_close((uv_handle_t *)&p->lanes[i].timer, on_lane_closed);
    }
}

void smtp_curl_lane_changed(struct provider *p)
{
    if (!p->draining) {
        wake(p);
        return;
    }
    for (size_t i = 0; i < lane_count(p); i++) {
        if (p->lanes[i].step == LANE_READY) {
            lane_leave(&p->lanes[i]);
        }
    }
    finish_if_idle(p);
}

static void on_drain_timer(uv_timer_t *timer)
{
    struct provider *p = timer->data;
    bool late = mono_ms() >= p->patient_until_ms;

    settle_queue_untouched(p);
    for (size_t i = 0; i < lane_count(p); i++) {
        struct lane *lane = &p->lanes[i];

        if (late || lane->step == LANE_OPENING) {
            lane_cancel(lane);
        }
    }
    smtp_curl_lane_changed(p);
}

static void drain(struct provider *p)
{
    if (p->draining) {
        return;
    }
    p->draining = true;
    p->patient_until_ms = mono_ms() + p->settings->relay.timeouts.drain;
    (void)uv_timer_start(&p->drain_timer, on_drain_timer, 0,
                         (uint64_t)p->settings->relay.timeouts.drain);
}

static void destroy(struct provider *p)
{
    free(p);
}

const struct provider_type smtp_curl_provider_type = {
    .kind = "smtp-curl",
    .channels = 1u << CHANNEL_EMAIL,
    .options = smtp_curl_options,
    .check = check,
    .settings_size = sizeof(struct smtp_curl_settings),
    .create = create,
    .start = start,
    .capabilities = capabilities,
    .submit = submit,
    .drain = drain,
    .destroy = destroy,
};
