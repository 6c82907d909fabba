#include "providers/smtp/smtp.h"

#include "base/log.h"
#include "loop/mailbox.h"
#include "providers/smtp/smtp_mail.h"
#include "providers/smtp/smtp_options.h"
#include "providers/smtp/smtp_socket.h"
#include "providers/smtp/smtp_tls.h"
#include "providers/smtp/smtp_worker.h"

#include <stdio.h>
#include <stdlib.h>

enum { DRAIN_TICK_MS = 20, STUCK_MS = 1000 };

struct provider {
    struct provider_host host;
    const struct smtp_settings *settings;
    struct smtp_pool *pool;
    struct mailbox *mailbox;
    struct list out;     /* every task that was submitted and not completed */
    struct list starved; /* jobs there was no memory to copy */
    struct list knock;   /* posted to complete them */
    enum provider_health health;
    bool draining;
    bool cancelled;
    int64_t drain_ms; /* monotonic: when patience ends */
    uv_timer_t timer; /* from drain() on */
};

/* ---- completing ---- */

static void set_health(struct provider *p, enum provider_health health, const char *sentence)
{
    if (p->health != health) {
        p->health = health;
        p->host.health(p->host.ctx, health, sentence);
    }
}

static void judge_health(struct provider *p, const struct outcome *o)
{
    enum provider_health health;

    if (smtp_health_of(o, &health)) {
        set_health(p, health, health == PROVIDER_HEALTHY ? "the relay works" : o->detail);
    }
}

static void complete(struct provider *p, struct smtp_task *task, const struct outcome *outcome)
{
    list_remove(&task->all);
    judge_health(p, outcome);
    p->host.done(p->host.ctx, task->job, outcome);
}

static void complete_starved(struct provider *p)
{
    struct outcome outcome;
    struct list *node;

    outcome_set(&outcome, OUTCOME_DOWN, "memory", "no memory to send this message");
    while ((node = list_pop_front(&p->starved)) != NULL) {
        p->host.done(p->host.ctx, list_entry(node, struct provider_job, node), &outcome);
    }
}

static void on_settled(void *ctx, struct list *nodes)
{
    struct provider *p = ctx;
    struct list *node;

    while ((node = list_pop_front(nodes)) != NULL) {
        struct smtp_task *task = list_entry(node, struct smtp_task, node);

        if (node == &p->knock) {
            complete_starved(p);
            continue;
        }
        complete(p, task, &task->outcome);
        smtp_task_destroy(task);
    }
}

/* ---- starting ---- */

static int plan_init(struct smtp_plan *plan, const struct smtp_settings *s, struct err *e)
{
    size_t size = strlen(s->host) + sizeof ":65535";

    *plan = (struct smtp_plan){.timeouts = s->timeouts};
    plan->host = str_dup(str_of(s->host));
    plan->server = malloc(size);
    if (plan->host == NULL || plan->server == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the relay's settings");
    }
    (void)snprintf(plan->server, size, "%s:%d", s->host, (int)s->port);
    if (s->helo != NULL && (plan->helo = str_dup(str_of(s->helo))) == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the relay's settings");
    }
    if (s->user != NULL) {
        plan->user = str_dup(str_of(s->user));
        plan->password = str_dup(str_of(s->password.value));
        if (plan->user == NULL || plan->password == NULL) {
            return err_set(e, ERR_NOMEM, "no memory for the relay's settings");
        }
    }
    return s->tls == SMTP_TLS_NONE ? 0 : smtp_tls_create(s, plan->host, &plan->tls, e);
}

static void check(const void *settings, const char *pointer, struct faults *faults)
{
    smtp_settings_check(settings, pointer, faults);
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
    list_init(&p->out);
    list_init(&p->starved);
    list_init(&p->knock);
    *ret = p;
    return 0;
}

static int start(struct provider *p, struct err *e)
{
    struct smtp_plan plan;
    int rc = smtp_socket_check(e);

    if (rc != 0) {
        return rc;
    }
    rc = plan_init(&plan, p->settings, e);
    if (rc == 0) {
        rc = mailbox_create(p->host.loop, on_settled, p, &p->mailbox, e);
    }
    if (rc != 0) {
        smtp_plan_finish(&plan);
        return rc;
    }
    rc = smtp_pool_create(&plan, (size_t)p->settings->workers, (size_t)p->settings->batch,
                          p->mailbox, &p->pool, e);
    if (rc != 0) {
        mailbox_close(p->mailbox, NULL);
    }
    return rc;
}

static void capabilities(const struct provider *p, struct provider_capabilities *ret)
{
    *ret = (struct provider_capabilities){
        .batch_max = (size_t)p->settings->batch,
        .in_flight = (size_t)(p->settings->batch * p->settings->workers),
    };
}

/* ---- submitting ---- */

static void starve(struct provider *p, struct provider_job *job)
{
    bool knocked = !list_empty(&p->starved);

    list_push_back(&p->starved, &job->node);
    if (!knocked) {
        mailbox_post(p->mailbox, &p->knock);
    }
}

/* True when a task for the job was put into ready; else it is completed through the mailbox. */
static bool prepare(struct provider *p, struct provider_job *job, struct list *ready)
{
    bool own = job->mail_from != NULL && job->mail_from[0] != '\0';
    const char *from = own ? job->mail_from : p->settings->envelope_from;
    const char *fault = smtp_job_fault(job, from, false);
    struct smtp_task *task = smtp_task_create(job, from);

    if (task == NULL) {
        starve(p, job);
        return false;
    }
    list_push_back(&p->out, &task->all);
    if (p->draining) {
        outcome_set(&task->outcome, OUTCOME_UNTOUCHED, "", "the gateway is shutting down");
    } else if (fault != NULL) {
        outcome_set(&task->outcome, OUTCOME_REJECTED, "local", "%s", fault);
    } else {
        list_push_back(ready, &task->node);
        return true;
    }
    task->phase = SMTP_SETTLED;
    mailbox_post(p->mailbox, &task->node);
    return false;
}

static void submit(struct provider *p, struct provider_job *const *jobs, size_t count)
{
    struct list ready;
    size_t tasks = 0;

    list_init(&ready);
    for (size_t i = 0; i < count; i++) {
        tasks += prepare(p, jobs[i], &ready);
    }
    if (tasks > 0) {
        smtp_pool_push(p->pool, &ready, tasks);
    }
}

/* ---- stopping ---- */

static void on_mailbox_closed(void *ctx)
{
    struct provider *p = ctx;

    p->host.drained(p->host.ctx);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct provider *p = handle->data;

    smtp_pool_release(p->pool);
    p->pool = NULL;
    mailbox_close(p->mailbox, on_mailbox_closed);
}

/* Threads that do not come back keep their own copies; the jobs return to the dispatcher. */
static void abandon_rest(struct provider *p)
{
    struct outcome outcome;
    size_t count = 0;

    list_each_safe(node, &p->out)
    {
        struct smtp_task *task = list_entry(node, struct smtp_task, all);

        if (smtp_pool_abandon(p->pool, task, &outcome)) {
            list_remove(&task->all);
            p->host.done(p->host.ctx, task->job, &outcome);
            count++;
        }
    }
    log_warning("smtp_threads_abandoned", LOG_S("provider", p->host.name),
                LOG_I("messages", count));
}

static void on_drain_tick(uv_timer_t *timer)
{
    struct provider *p = timer->data;
    int64_t now = clock_mono_ms(clock_system());
    bool stuck = p->cancelled && now >= p->drain_ms + STUCK_MS;

    if (!p->cancelled && now >= p->drain_ms) {
        p->cancelled = true;
        smtp_pool_cancel(p->pool);
    }
    if (smtp_pool_running(p->pool) > 0 && !stuck) {
        return;
    }
    if (stuck) {
        abandon_rest(p);
    }
    (void)uv_timer_stop(timer);
    uv_close((uv_handle_t *)timer, on_timer_closed);
}

static void drain(struct provider *p)
{
    if (p->draining) {
        return;
    }
    p->draining = true;
    p->drain_ms = clock_mono_ms(clock_system()) + p->settings->timeouts.drain;
    (void)uv_timer_init(p->host.loop, &p->timer);
    p->timer.data = p;
    smtp_pool_finish(p->pool);
    (void)uv_timer_start(&p->timer, on_drain_tick, 0, DRAIN_TICK_MS);
}

static void destroy(struct provider *p)
{
    free(p);
}

const struct provider_type smtp_provider_type = {
    .kind = "smtp",
    .channels = 1u << CHANNEL_EMAIL,
    .options = smtp_options,
    .check = check,
    .settings_size = sizeof(struct smtp_settings),
    .create = create,
    .start = start,
    .capabilities = capabilities,
    .submit = submit,
    .drain = drain,
    .destroy = destroy,
};
