/* Attempts in doubt: what became of them is asked by our reference, as the recipe says. */
#include "providers/http_sms_parts.h"
#include "providers/recipe/report.h"

#include <stdlib.h>

enum { THROTTLES_MAX = 3, THROTTLED_MS = 60000 };

struct asking {
    struct list node;
    struct provider *provider;
    struct provider_job *job;
    int64_t not_before; /* loop time */
    int throttles;
    bool absent_once;
    bool found;
    char id[64];
};

static void answer(struct asking *a, enum outcome_class class, const char *code, const char *words)
{
    struct provider *p = a->provider;
    struct outcome o;

    outcome_set(&o, class, code, "%s", words);
    str_copy(o.provider_ref, sizeof(o.provider_ref), str_of(a->id));
    p->host->done(p->host->ctx, a->job, &o);
    free(a);
}

void http_sms_ask(struct provider *p, struct provider_job *job)
{
    struct asking *a = calloc(1, sizeof(*a));

    if (a == NULL) {
        list_push_back(&p->unasked, &job->node);
        http_sms_wake(p);
        return;
    }
    a->provider = p;
    a->job = job;
    list_push_back(&p->asks, &a->node);
    http_sms_schedule(p);
    http_sms_wake(p);
}

int64_t http_sms_next_ask(const struct provider *p)
{
    int64_t next = INT64_MAX;

    list_each(node, &p->asks)
    {
        const struct asking *a = list_entry(node, struct asking, node);

        next = a->not_before < next ? a->not_before : next;
    }
    return next;
}

void http_sms_give_up_asks(struct provider *p)
{
    struct list *node;
    struct outcome o;

    outcome_set(&o, OUTCOME_UNKNOWN, "not asked", "no memory for a question");
    while ((node = list_pop_front(&p->unasked)) != NULL) {
        p->host->done(p->host->ctx, list_entry(node, struct provider_job, node), &o);
    }
    if (p->recipe->has_ask && !p->draining) {
        return;
    }
    while ((node = list_pop_front(&p->asks)) != NULL) {
        answer(list_entry(node, struct asking, node), OUTCOME_UNKNOWN, "not asked",
               p->draining ? "the gateway is stopping" : "the vendor offers nothing to ask");
    }
}

/* Asks once more later. */
static void ask_again(struct asking *a, int64_t wait_ms)
{
    a->not_before = http_sms_loop_ms(a->provider) + wait_ms;
    list_push_back(&a->provider->asks, &a->node);
}

/* "Absent" is believed when it is heard twice: the vendor may index with a delay. */
static void settle_absent(struct asking *a)
{
    int64_t again = a->provider->recipe->recover.again_ms;

    if (a->absent_once || again == 0) {
        answer(a, OUTCOME_RETRY, "absent", "the vendor does not have it");
    } else {
        a->absent_once = true;
        ask_again(a, again);
    }
}

static void see_rows(void *ctx, const struct provider_report *list, size_t count)
{
    struct asking *a = ctx;
    bool by_ref = a->provider->recipe->recover.rows.row.ref != NULL;

    for (size_t i = 0; i < count && !a->found; i++) {
        const char *mine = by_ref ? a->job->ref : a->job->to;
        const char *theirs = by_ref ? list[i].ref : list[i].to;

        if (theirs != NULL && strcmp(mine, theirs) == 0) {
            a->found = true;
            if (list[i].provider_ref != NULL) {
                str_copy(a->id, sizeof(a->id), str_of(list[i].provider_ref));
            }
        }
    }
}

static void settle_rows(struct asking *a, const struct recipe_reply *reply)
{
    const struct recipe *r = a->provider->recipe;
    const struct report_sink sink = {see_rows, a};
    struct report_query q = {.rules = &r->recover.rows};

    recipe_report_rows(r, &q, reply, &sink);
    if (a->found) {
        answer(a, OUTCOME_SENT, "found", "the vendor has it");
    } else if (r->recover.empty_is_absent) {
        settle_absent(a);
    } else {
        answer(a, OUTCOME_UNKNOWN, "not found", "the vendor does not show it");
    }
}

static void settle_asking(struct asking *a, const struct recipe_reply *reply,
                          const struct recipe_judgement *j)
{
    int64_t wait = j->outcome.wait_ms > THROTTLED_MS ? j->outcome.wait_ms : THROTTLED_MS;

    if (j->outcome.class == OUTCOME_SENT) {
        settle_rows(a, reply);
    } else if (j->absent) {
        settle_absent(a);
    } else if (j->outcome.class == OUTCOME_THROTTLED && ++a->throttles <= THROTTLES_MAX) {
        http_sms_pause(a->provider, wait);
        ask_again(a, wait);
    } else if (j->outcome.class == OUTCOME_ACCOUNT) {
        answer(a, OUTCOME_ACCOUNT, j->outcome.code, j->outcome.detail);
    } else {
        answer(a, OUTCOME_UNKNOWN, j->outcome.code, j->outcome.detail);
    }
}

static void on_answer(void *ctx, const struct curlmux_answer *got)
{
    struct asking *a = ctx;
    struct provider *p = a->provider;
    struct recipe_reply reply;
    struct recipe_judgement j;

    p->queries--;
    p->polling = false;
    http_sms_judge_query(p, &p->recipe->recover.answer, got, &reply, &j);
    settle_asking(a, &reply, &j);
    recipe_reply_finish(&reply);
    http_sms_schedule(p);
    http_sms_wake(p);
}

/* The next one that is due, taken out. */
static struct asking *take(struct provider *p)
{
    int64_t now = http_sms_loop_ms(p);

    list_each(node, &p->asks)
    {
        struct asking *a = list_entry(node, struct asking, node);

        if (a->not_before <= now) {
            list_remove(&a->node);
            return a;
        }
    }
    return NULL;
}

bool http_sms_begin_ask(struct provider *p)
{
    const struct recipe_request *rr = &p->recipe->recover.request;
    struct asking *a = p->recipe->has_ask ? take(p) : NULL;
    struct request_values v = {.provider = p};
    struct built_request b;
    struct err why = {0};
    int code = 0;

    if (a == NULL) {
        return false;
    }
    v.job = a->job;
    v.page = p->recipe->poll.first_page;
    built_init(&b);
    code = rr->item_stencil == NULL ? 0 : built_add_item(&b, rr, &v, &why);
    code = code != 0 ? code : built_send(&b, rr, &v, on_answer, a, &why);
    built_finish(&b);
    if (code != 0) {
        answer(a, OUTCOME_UNKNOWN, "not asked", why.text);
        return true;
    }
    p->polling = true;
    p->queries++;
    return true;
}
