/* What the engine asks about messages: one question at a time, paced; reports page by page. */
#include "base/log.h"
#include "base/utf8.h"
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
    char after[REPORT_FIELD_MAX];
};

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

/*
 * The recipe's words for the answer's code: those for sending, when the code means the same there;
 * else null.
 */
static const char *words_elsewhere(const struct provider *p, const struct recipe_answer *rules,
                                   const struct recipe_reply *reply, const struct outcome *o)
{
    char code[EXPR_TEXT_MAX];
    struct recipe_verdict verdict;

    for (size_t i = 0; i < RECIPE_EXPRS_MAX && rules->code.list[i] != NULL; i++) {
        if (expr_extract(rules->code.list[i], reply, code) &&
            recipe_verdict_read(json_get(p->recipe->answer.codes, code), &verdict) &&
            verdict.class == o->class && verdict.text != NULL) {
            return verdict.text;
        }
    }
    return NULL;
}

/* What class of answer it was. */
static const char *words_of_class(const struct outcome *o, int status)
{
    switch (o->class) {
    case OUTCOME_ACCOUNT:
        return "the vendor refuses the account";
    case OUTCOME_THROTTLED:
        return "the vendor asks to slow down";
    case OUTCOME_REJECTED:
        return "the vendor refuses the question";
    default:
        return status >= 500 ? "an error of the vendor's server"
                             : "an answer that the recipe does not know";
    }
}

void http_sms_judge_query(struct provider *p, const struct recipe_answer *rules,
                          const struct curlmux_answer *a, struct recipe_reply *reply,
                          struct recipe_judgement *ret)
{
    bool answered = a->phase == CURLMUX_ANSWERED;
    struct outcome *o = &ret->outcome;
    const char *words;

    recipe_reply_init(reply, a->status, answered ? a->body : STR(""), a->retry_after);
    reply->secrets = p->secrets;
    reply->secret_count = p->secret_count;
    if (!answered) {
        *ret = (struct recipe_judgement){0};
        outcome_set(o, OUTCOME_DOWN, "no answer", "%s", a->error);
        return;
    }
    recipe_judge(rules, reply, clock_wall_ms(p->host->clock), ret);
    if (str_trim(str_of(o->detail)).len == 0) {
        words = words_elsewhere(p, rules, reply, o);
        words = words == NULL ? words_of_class(o, a->status) : words;
        utf8_copy(o->detail, sizeof(o->detail), str_of(words));
    }
}

void http_sms_say_account(struct provider *p, const struct outcome *o)
{
    char sentence[320];

    snprintf(sentence, sizeof(sentence), "%s: %s", o->code, o->detail);
    p->host->health(p->host->ctx, PROVIDER_BROKEN, sentence);
}

static void on_poll_due(uv_timer_t *handle);

void http_sms_schedule(struct provider *p)
{
    int64_t now = http_sms_loop_ms(p);
    int64_t next = p->next_page != NULL || !list_empty(&p->poll_ids) ? now : http_sms_next_ask(p);

    if (p->polling || p->draining || next == INT64_MAX) {
        return;
    }
    next = next < p->poll_at ? p->poll_at : next;
    uv_timer_start(&p->poll, on_poll_due, (uint64_t)(next > now ? next - now : 0), 0);
}

void http_sms_pause(struct provider *p, int64_t ms)
{
    p->poll_at = http_sms_loop_ms(p) + ms;
}

/* Hands the rows on, and looks for failures that concern the account. */
static void see_rows(void *ctx, const struct provider_report *list, size_t count)
{
    struct provider *p = ctx;

    p->host->report(p->host->ctx, list, count);
    for (size_t i = 0; i < count; i++) {
        if (list[i].cause == OUTCOME_ACCOUNT) {
            p->host->health(p->host->ctx, PROVIDER_DEGRADED,
                            list[i].text != NULL ? list[i].text : list[i].code);
            return;
        }
    }
}

/* Sorts a query's answer; true when there is another page to ask for. */
static bool take_reports(struct query *query, const struct curlmux_answer *a)
{
    struct provider *p = query->provider;
    const struct report_sink sink = {see_rows, p};
    const struct recipe_poll *rules = &p->recipe->poll;
    struct report_query q = {.rules = &rules->rows, .after = rules->after};
    struct recipe_reply reply;
    struct recipe_judgement j;
    size_t rows = 0;

    if (rules->ids == 1) {
        q.asked = list_entry(query->ids.next, struct poll_id, node)->id;
    }
    http_sms_judge_query(p, &rules->answer, a, &reply, &j);
    if (j.outcome.class == OUTCOME_SENT) {
        rows = recipe_report_rows(p->recipe, &q, &reply, &sink);
    } else if (j.outcome.class == OUTCOME_THROTTLED) {
        http_sms_pause(p, j.outcome.wait_ms > THROTTLED_MS ? j.outcome.wait_ms : THROTTLED_MS);
    } else if (j.outcome.class == OUTCOME_ACCOUNT) {
        http_sms_say_account(p, &j.outcome);
    }
    recipe_reply_finish(&reply);
    memcpy(query->after, q.ret_after, sizeof(query->after));
    return rules->page_size > 0 && rows >= (size_t)rules->page_size &&
           (rules->after == NULL || query->after[0] != '\0');
}

/* The next page is paced like any other query. */
static void on_poll_answer(void *ctx, const struct curlmux_answer *a)
{
    struct query *q = ctx;
    struct provider *p = q->provider;
    bool more = take_reports(q, a);

    p->queries--;
    p->polling = false;
    if (more && ++q->page < PAGES_MAX + p->recipe->poll.first_page) {
        p->next_page = q;
    } else {
        query_free(q);
    }
    http_sms_schedule(p);
    http_sms_wake(p);
}

static struct query *take_query(struct provider *p)
{
    struct query *q = p->next_page;
    struct list *node;

    if (q != NULL || list_empty(&p->poll_ids)) {
        p->next_page = NULL;
        return q;
    }
    q = calloc(1, sizeof(*q));
    if (q == NULL) {
        return NULL;
    }
    q->provider = p;
    q->page = p->recipe->poll.first_page;
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
    struct request_values v = {.provider = q->provider, .page = q->page, .after = q->after};
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

/* An attempt in doubt goes first: somebody may get a second copy meanwhile. */
static void on_poll_due(uv_timer_t *handle)
{
    struct provider *p = handle->data;
    const struct option_rate *rate = &p->recipe->poll.rate;
    struct query *q;
    struct err why = {0};

    if (p->draining) {
        return;
    }
    http_sms_pause(p, rate->count > 0 ? rate->period_ms / rate->count : 0);
    if (http_sms_begin_ask(p) || (q = take_query(p)) == NULL) {
        http_sms_schedule(p);
        return;
    }
    if (send_poll(q, &why) != 0) {
        log_warning("http_sms_poll_not_made", LOG_S("provider", p->host->name),
                    LOG_S("error", why.text));
        query_free(q); /* whoever waits for these reports asks again */
        http_sms_schedule(p);
        return;
    }
    p->polling = true;
    p->queries++;
}

/* FNV-1a; the table is only a guard, so a rare collision asks a little later. */
static uint64_t hash_id(const char *id)
{
    uint64_t h = 0xcbf29ce484222325u;

    while (*id != '\0') {
        h = (h ^ (unsigned char)*id++) * 0x100000001b3u;
    }
    return h == 0 ? 1 : h;
}

/* Whether the id may be asked for now; then it is noted as asked. */
static bool may_ask(struct provider *p, const char *id)
{
    uint64_t h = hash_id(id);
    struct asked *slot = &p->asked[h % ASKED_MAX];
    int64_t now = http_sms_loop_ms(p);

    if (slot->id == h && now - slot->at < p->recipe->poll.every_ms) {
        return false;
    }
    *slot = (struct asked){h, now};
    return true;
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
            p->poll_id_count >= POLL_IDS_MAX || is_waiting(p, list[i].provider_ref) ||
            !may_ask(p, list[i].provider_ref)) {
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
    http_sms_schedule(p);
}

int http_sms_parse_hook(struct provider *p, const struct provider_hook *hook, struct err *e)
{
    const struct report_sink sink = {see_rows, p};
    const struct hook_secrets secrets = {str_of(p->host->report_url),
                                         str_of(p->settings->report_secret.value),
                                         str_of(p->settings->password.value)};

    return recipe_hook_rows(p->recipe, hook, &secrets, &sink, e);
}
