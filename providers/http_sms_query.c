/* What the engine asks a vendor: delivery reports, paced and paged, and the balance. */
#include "providers/http_sms_parts.h"
#include "providers/recipe/report.h"

#include <stdio.h>
#include <stdlib.h>

enum { POLL_IDS_MAX = 2000, PAGES_MAX = 100, THROTTLED_MS = 60000 };

/* A report query: some ids, page by page. */
struct query {
    struct provider *provider;
    struct list ids;
    int64_t page;
};

static int64_t loop_ms(const struct provider *p)
{
    return (int64_t)uv_now(p->host->loop);
}

static void free_ids(struct list *ids)
{
    struct list *node;

    while ((node = list_pop_front(ids)) != NULL) {
        free(list_entry(node, struct poll_id, node));
    }
}

static void query_free(struct query *q)
{
    free_ids(&q->ids);
    free(q);
}

void http_sms_forget_polls(struct provider *p)
{
    free_ids(&p->poll_ids);
    p->poll_id_count = 0;
    if (p->next_page != NULL) {
        query_free(p->next_page);
        p->next_page = NULL;
    }
}

static void judge_query(struct provider *p, const struct recipe_answer *rules,
                        const struct curlmux_answer *a, const struct recipe_reply *reply,
                        struct outcome *ret)
{
    struct recipe_judgement j;

    if (a->phase != CURLMUX_ANSWERED) {
        outcome_set(ret, OUTCOME_DOWN, "no answer", "%s", a->error);
        return;
    }
    recipe_judge(rules, reply, clock_wall_ms(p->host->clock), &j);
    *ret = j.outcome;
}

static void on_poll_due(uv_timer_t *handle);

static void schedule_poll(struct provider *p)
{
    int64_t wait = p->poll_at - loop_ms(p);

    if (!p->polling && !p->draining && (p->next_page != NULL || !list_empty(&p->poll_ids))) {
        uv_timer_start(&p->poll, on_poll_due, (uint64_t)(wait > 0 ? wait : 0), 0);
    }
}

static void pause_polling(struct provider *p, int64_t ms)
{
    p->poll_at = loop_ms(p) + ms;
}

/* Sorts a query's answer; true when there is another page to ask for. */
static bool take_reports(struct provider *p, const struct curlmux_answer *a)
{
    const struct report_sink sink = {p->host->report, p->host->ctx};
    const struct recipe_poll *rules = &p->recipe->poll;
    struct recipe_reply reply;
    struct outcome o;
    size_t rows = 0;

    recipe_reply_init(&reply, a->status, a->body, a->retry_after);
    judge_query(p, &rules->answer, a, &reply, &o);
    if (o.class == OUTCOME_SENT) {
        rows = recipe_poll_rows(p->recipe, &reply, &sink);
    } else if (o.class == OUTCOME_THROTTLED) {
        pause_polling(p, o.wait_ms > THROTTLED_MS ? o.wait_ms : THROTTLED_MS);
    } else if (o.class == OUTCOME_ACCOUNT) {
        p->host->health(p->host->ctx, PROVIDER_BROKEN, o.detail);
    }
    recipe_reply_finish(&reply);
    return rules->page_size > 0 && rows >= (size_t)rules->page_size;
}

/* The next page is paced like any other query. */
static void on_poll_answer(void *ctx, const struct curlmux_answer *a)
{
    struct query *q = ctx;
    struct provider *p = q->provider;
    bool more = take_reports(p, a);

    p->queries--;
    p->polling = false;
    if (more && ++q->page < PAGES_MAX) {
        p->next_page = q;
    } else {
        query_free(q);
    }
    schedule_poll(p);
    http_sms_wake(p);
}

static struct query *take_query(struct provider *p)
{
    struct query *q = p->next_page;
    struct list *node;

    if (q != NULL) {
        p->next_page = NULL;
        return q;
    }
    q = calloc(1, sizeof(*q));
    if (q == NULL) {
        return NULL;
    }
    q->provider = p;
    list_init(&q->ids);
    for (int64_t i = 0; i < p->recipe->poll.ids && (node = list_pop_front(&p->poll_ids)) != NULL;
         i++) {
        list_push_back(&q->ids, node);
        p->poll_id_count--;
    }
    return q;
}

static int send_poll(struct query *q, struct err *e)
{
    const struct recipe_request *rr = &q->provider->recipe->poll.request;
    struct request_values v = {.provider = q->provider, .page = q->page};
    struct built_request b;
    int code = 0;

    built_init(&b);
    list_each(node, &q->ids)
    {
        v.id = list_entry(node, struct poll_id, node)->id;
        if (code == 0 && rr->item_stencil != NULL) {
            code = built_add_item(&b, rr, &v, e);
        }
    }
    code = code != 0 ? code : built_send(&b, rr, &v, on_poll_answer, q, e);
    built_finish(&b);
    return code;
}

static void on_poll_due(uv_timer_t *handle)
{
    struct provider *p = handle->data;
    const struct option_rate *rate = &p->recipe->poll.rate;
    struct query *q = p->draining ? NULL : take_query(p);
    struct err why = {0};

    if (q == NULL) {
        return;
    }
    pause_polling(p, rate->count > 0 ? rate->period_ms / rate->count : 0);
    if (send_poll(q, &why) != 0) {
        query_free(q); /* whoever waits for these reports asks again */
        schedule_poll(p);
        return;
    }
    p->polling = true;
    p->queries++;
}

static bool is_waiting(const struct provider *p, const char *id)
{
    list_each(node, &p->poll_ids)
    {
        if (strcmp(list_entry(node, struct poll_id, node)->id, id) == 0) {
            return true;
        }
    }
    return false;
}

void http_sms_fetch_reports(struct provider *p, const struct provider_await *list, size_t count)
{
    int64_t now = clock_wall_ms(p->host->clock);

    for (size_t i = 0; p->recipe->has_poll && i < count; i++) {
        struct poll_id *id;

        if (list[i].provider_ref == NULL || list[i].provider_ref[0] == '\0' ||
            list[i].accepted_ms + p->recipe->poll.first_after_ms > now ||
            p->poll_id_count >= POLL_IDS_MAX || is_waiting(p, list[i].provider_ref)) {
            continue;
        }
        id = calloc(1, sizeof(*id));
        if (id == NULL || str_copy(id->id, sizeof(id->id), str_of(list[i].provider_ref)) != 0) {
            free(id);
            continue;
        }
        list_push_back(&p->poll_ids, &id->node);
        p->poll_id_count++;
    }
    schedule_poll(p);
}

int http_sms_parse_hook(struct provider *p, const struct provider_hook *hook, struct err *e)
{
    const struct report_sink sink = {p->host->report, p->host->ctx};

    return recipe_hook_rows(p->recipe, hook, str_of(p->settings->report_secret.value), &sink, e);
}

/* The balance. */

/* "0", "0,00" and "-1,5" are nothing to send with. */
static bool is_credit(const char *amount)
{
    return amount[0] != '-' && strpbrk(amount, "123456789") != NULL;
}

static void say_balance(struct provider *p, const struct curlmux_answer *a)
{
    const struct recipe_balance *rules = &p->recipe->balance;
    enum provider_health health = PROVIDER_DEGRADED;
    char amount[EXPR_TEXT_MAX];
    char sentence[320];
    struct recipe_reply reply;
    struct outcome o;

    recipe_reply_init(&reply, a->status, a->body, a->retry_after);
    judge_query(p, &rules->answer, a, &reply, &o);
    if (o.class == OUTCOME_SENT && expr_extract(rules->amount_expr, &reply, amount)) {
        health = is_credit(amount) ? PROVIDER_HEALTHY : PROVIDER_DEGRADED;
        snprintf(sentence, sizeof(sentence), "credit: %.40s", amount);
    } else {
        health = o.class == OUTCOME_ACCOUNT || o.class == OUTCOME_DOWN ? PROVIDER_BROKEN : health;
        snprintf(sentence, sizeof(sentence), "%s: %s", o.code, o.detail);
    }
    recipe_reply_finish(&reply);
    p->host->health(p->host->ctx, health, sentence);
}

static void on_balance(void *ctx, const struct curlmux_answer *a)
{
    struct provider *p = ctx;

    p->queries--;
    say_balance(p, a);
    http_sms_wake(p);
}

void http_sms_probe(struct provider *p)
{
    struct request_values v = {.provider = p};
    struct built_request b;
    struct err why = {0};
    int code = ERR_UNSUPPORTED;

    if (p->recipe->has_balance) {
        built_init(&b);
        code = built_send(&b, &p->recipe->balance.request, &v, on_balance, p, &why);
        built_finish(&b);
    }
    if (code == 0) {
        p->queries++;
        return;
    }
    p->health_due = true;
    http_sms_wake(p);
}

void http_sms_say_health(struct provider *p)
{
    if (!p->health_due) {
        return;
    }
    p->health_due = false;
    if (p->recipe->has_balance) {
        p->host->health(p->host->ctx, PROVIDER_DEGRADED, "the balance could not be asked for");
    } else {
        p->host->health(p->host->ctx, PROVIDER_HEALTHY, "the recipe offers nothing to check");
    }
}
