#include "providers/http_sms.h"

#include "providers/http_sms_parts.h"
#include "providers/http_sms_split.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH_MAX = 100,
    AHEAD_MAX = 512 /* what the fastest path measured answers in the 20 ms of its headway */
};

int64_t http_sms_loop_ms(const struct provider *p)
{
    return (int64_t)uv_now(p->host->loop);
}

/* Before many are blamed for an answer that no rule knows, the one who causes it is looked for. */
static bool wants_split(const struct call *c, const struct recipe_judgement *j)
{
    bool last_try = false;

    list_each(node, &c->jobs)
    {
        last_try = last_try || list_entry(node, struct provider_job, node)->attempt >=
                                   c->provider->recipe->answer.tries;
    }
    return j->split || (j->unmatched && j->outcome.class == OUTCOME_RETRY && last_try);
}

/* Completes a call's jobs, or sends them again in halves. Frees the call. */
static void settle(struct call *c, struct recipe_judgement *j)
{
    struct provider *p = c->provider;
    struct list *node;

    if (c->count > 1 && wants_split(c, j)) {
        if (!p->draining && split_call(c)) {
            http_sms_wake(p);
            return;
        }
        /* Nobody can tell whom of them it meant. */
        j->outcome.class = OUTCOME_RETRY;
        j->unsure = false;
        j->unmatched = false;
    }
    if (c->group != NULL) {
        split_settle(c, j);
    } else {
        while ((node = list_pop_front(&c->jobs)) != NULL) {
            http_sms_complete(p, list_entry(node, struct provider_job, node), j);
        }
    }
    free(c);
}

static void return_job(struct provider *p, struct provider_job *job, const char *why)
{
    struct outcome o;

    outcome_set(&o, OUTCOME_UNTOUCHED, "untouched", "%s", why);
    p->host->done(p->host->ctx, job, &o);
}

static void return_jobs(struct provider *p, const char *why)
{
    struct list *node;

    while ((node = list_pop_front(&p->queue)) != NULL) {
        return_job(p, list_entry(node, struct provider_job, node), why);
    }
}

/* Trouble may be everybody's: whether and when the others still go is for the dispatcher to say. */
static bool is_trouble(enum outcome_class class)
{
    return class == OUTCOME_DOWN || class == OUTCOME_UNKNOWN || class == OUTCOME_ACCOUNT ||
           class == OUTCOME_THROTTLED;
}

static void on_answer(void *ctx, const struct curlmux_answer *answer)
{
    struct call *c = ctx;
    struct provider *p = c->provider;
    struct recipe_judgement j;
    bool trouble;

    p->in_flight--;
    http_sms_judge_answer(p, answer, &j);
    http_sms_note_answer(p, c, &j);
    trouble = is_trouble(j.outcome.class) && !j.split;
    settle(c, &j);
    if (trouble) {
        return_jobs(p, "the provider has trouble with others");
    }
    http_sms_wake(p);
}

/* Beginning. */

static int add_items(struct call *c, struct built_request *b, struct err *e)
{
    const struct recipe_request *rr = &c->provider->recipe->send;
    int code = 0;

    list_each(node, &c->jobs)
    {
        struct request_values v = {.provider = c->provider,
                                   .job = list_entry(node, struct provider_job, node)};

        if (code == 0 && rr->item_stencil != NULL) {
            code = built_add_item(b, rr, &v, e);
        }
    }
    return code;
}

static void begin_call(struct call *c)
{
    struct provider *p = c->provider;
    struct request_values v = {.provider = p,
                               .job = list_entry(c->jobs.next, struct provider_job, node)};
    struct recipe_judgement j;
    struct err why = {0};
    int code;

    code = add_items(c, &p->spare, &why);
    code = code != 0 ? code : built_send(&p->spare, &p->recipe->send, &v, on_answer, c, &why);
    built_reset(&p->spare);
    if (code == 0) {
        p->in_flight++;
        return;
    }
    http_sms_judge_failure(code, &why, &j);
    settle(c, &j);
}

/* Whether a job may share a request: its report must be told apart by its number. */
static bool fits(const struct call *c, const struct provider_job *job)
{
    const struct recipe *r = c->provider->recipe;

    if (c->count >= (size_t)r->batch) {
        return false;
    }
    list_each(node, &c->jobs)
    {
        const struct provider_job *other = list_entry(node, struct provider_job, node);

        if (strcmp(other->to, job->to) == 0 || (r->encoding != NULL && other->mode != job->mode) ||
            (r->same_text && strcmp(other->text, job->text) != 0)) {
            return false;
        }
    }
    return true;
}

/* The next request's worth of jobs; null when the queue is empty or there is no memory. */
static struct call *take_call(struct provider *p)
{
    int64_t now = clock_wall_ms(p->host->clock);
    struct call *c;

    if (!list_empty(&p->waiting)) {
        return list_entry(list_pop_front(&p->waiting), struct call, node);
    }
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }
    c->provider = p;
    list_init(&c->jobs);
    while (!list_empty(&p->queue)) {
        struct provider_job *job = list_entry(p->queue.next, struct provider_job, node);

        if (job->deadline_ms < now) {
            list_remove(&job->node);
            return_job(p, job, "its deadline passed while it waited here");
        } else if (fits(c, job)) {
            list_remove(&job->node);
            list_push_back(&c->jobs, &job->node);
            c->count++;
        } else {
            break;
        }
    }
    if (c->count == 0) {
        free(c);
        return NULL;
    }
    return c;
}

/* The vendor's own limit on requests; our pace for messages is the dispatcher's business. */
static bool may_send(struct provider *p)
{
    const struct option_rate *rate = &p->recipe->rate;
    int64_t now = http_sms_loop_ms(p);

    if (p->in_flight >= (size_t)p->recipe->in_flight ||
        (list_empty(&p->queue) && list_empty(&p->waiting))) {
        return false;
    }
    if (rate->count <= 0) {
        return true;
    }
    if (now < p->send_at) {
        return false;
    }
    p->send_at = now + rate->period_ms / rate->count;
    return true;
}

/* Nothing is sent under a title that the account does not have. */
static void refuse_queue(struct provider *p)
{
    struct list *node;
    struct outcome o;

    outcome_set(&o, OUTCOME_ACCOUNT, "sender",
                "the sender title \"%s\" is not one of the account's", p->settings->sender);
    while ((node = list_pop_front(&p->queue)) != NULL) {
        p->host->done(p->host->ctx, list_entry(node, struct provider_job, node), &o);
    }
}

static void send_due(struct provider *p)
{
    if (!list_empty(&p->queue) && http_sms_sender_holds(p)) {
        refuse_queue(p);
    }
    while (may_send(p)) {
        struct call *c = take_call(p);

        if (c == NULL) {
            break;
        }
        begin_call(c);
    }
}

static void on_now(uv_idle_t *handle);

static void on_pace(uv_timer_t *handle)
{
    http_sms_wake(handle->data);
}

void http_sms_wake(struct provider *p)
{
    uv_idle_start(&p->now, on_now);
}

/* What has not begun goes back at no cost; what is in flight is awaited. */
static void return_queue(struct provider *p)
{
    static const char why[] = "the gateway is stopping";
    struct recipe_judgement j = {0};
    struct list *node;

    return_jobs(p, why);
    outcome_set(&j.outcome, OUTCOME_UNTOUCHED, "untouched", "%s", why);
    while ((node = list_pop_front(&p->waiting)) != NULL) {
        settle(list_entry(node, struct call, node), &j);
    }
}

static void on_now(uv_idle_t *handle)
{
    struct provider *p = handle->data;

    uv_idle_stop(handle);
    http_sms_say(p);
    http_sms_give_up_asks(p);
    if (!p->draining) {
        http_sms_look_at_senders(p);
        send_due(p);
        if (p->send_at > http_sms_loop_ms(p) &&
            (!list_empty(&p->queue) || !list_empty(&p->waiting))) {
            uv_timer_start(&p->pace, on_pace, (uint64_t)(p->send_at - http_sms_loop_ms(p)), 0);
        }
        return;
    }
    return_queue(p);
    if (p->in_flight == 0 && p->queries == 0 && !p->drained) {
        p->drained = true;
        uv_timer_stop(&p->poll);
        uv_timer_stop(&p->pace);
        p->host->drained(p->host->ctx); /* may destroy p */
    }
}

/* The table of functions. */

static void on_closed(uv_handle_t *handle)
{
    struct provider *p = handle->data;

    if (--p->open_handles == 0) {
        http_sms_forget_polls(p);
        http_sms_forget_secrets(p);
        built_finish(&p->spare);
        recipe_free(p->recipe);
        free(p);
    }
}

static int read_recipe(struct provider *p, struct err *e)
{
    struct faults faults;
    int code;

    faults_init(&faults);
    code = http_sms_read_recipe(p->host->recipes, p->settings, "", &p->recipe, &faults, e);
    if (faults.errors > 0) {
        code = provider_first_error(&faults, e);
    }
    faults_finish(&faults);
    return code;
}

static int http_sms_create(const struct provider_host *host, const void *settings,
                           struct provider **ret, struct err *e)
{
    struct provider *p = calloc(1, sizeof(*p));
    int code;

    if (p == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a provider");
    }
    p->host = host;
    p->settings = settings;
    code = provider_refuse(http_sms_check, settings, e);
    code = code != 0 ? code : read_recipe(p, e);
    if (code != 0) {
        recipe_free(p->recipe);
        free(p);
        return code;
    }
    built_init(&p->spare);
    list_init(&p->queue);
    list_init(&p->waiting);
    list_init(&p->poll_ids);
    list_init(&p->asks);
    list_init(&p->unasked);
    http_sms_remember_secrets(p);
    uv_idle_init(host->loop, &p->now);
    uv_timer_init(host->loop, &p->poll);
    uv_timer_init(host->loop, &p->pace);
    p->now.data = p;
    p->poll.data = p;
    p->pace.data = p;
    p->open_handles = 3;
    *ret = p;
    return 0;
}

static int http_sms_start(struct provider *p, struct err *e)
{
    if (p->host->curl == NULL) {
        return err_set(e, ERR_WRONG_STATE, "there is nothing to send HTTP requests with");
    }
    http_sms_build_head(p);
    if (p->recipe->has_senders && p->settings->sender != NULL) {
        p->senders_due = true;
        http_sms_wake(p);
    }
    return 0;
}

static void http_sms_capabilities(const struct provider *p, struct provider_capabilities *ret)
{
    size_t batch = (size_t)p->recipe->batch;

    *ret = (struct provider_capabilities){.batch_max = batch < BATCH_MAX ? batch : BATCH_MAX,
                                          .in_flight = batch * (size_t)p->recipe->in_flight,
                                          .ahead = AHEAD_MAX,
                                          .reports = p->recipe->has_poll || p->recipe->has_hook,
                                          .polled = p->recipe->has_poll,
                                          .cannot_ask = !p->recipe->has_ask,
                                          .no_balance = !p->recipe->has_balance,
                                          .poll_after_ms = p->recipe->poll.first_after_ms,
                                          .poll_every_ms = p->recipe->poll.every_ms,
                                          .repeat_ms = p->recipe->recover.repeat_ms};
}

static void http_sms_submit(struct provider *p, struct provider_job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list_push_back(&p->queue, &jobs[i]->node);
    }
    http_sms_wake(p);
}

static void http_sms_drain(struct provider *p)
{
    p->draining = true;
    http_sms_wake(p);
}

static void http_sms_destroy(struct provider *p)
{
    if (p == NULL) {
        return;
    }
    http_sms_forget_head(p);
    uv_close((uv_handle_t *)&p->now, on_closed);
    uv_close((uv_handle_t *)&p->poll, on_closed);
    uv_close((uv_handle_t *)&p->pace, on_closed);
}

const struct provider_type http_sms_provider_type = {
    .kind = "http-sms",
    .channels = 1u << CHANNEL_SMS,
    .options = http_sms_options,
    .check = http_sms_check,
    .settings_size = sizeof(struct http_sms_settings),
    .create = http_sms_create,
    .start = http_sms_start,
    .capabilities = http_sms_capabilities,
    .submit = http_sms_submit,
    .ask = http_sms_ask,
    .fetch_reports = http_sms_fetch_reports,
    .parse_hook = http_sms_parse_hook,
    .probe = http_sms_probe,
    .balance = http_sms_balance,
    .drain = http_sms_drain,
    .destroy = http_sms_destroy,
};
