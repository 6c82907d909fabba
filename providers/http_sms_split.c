#include "providers/http_sms_split.h"

#include <stdlib.h>

/* A refused job that waits for the verdict on the others of its batch. */
struct held {
    struct provider_job *job;
    struct outcome outcome;
};

struct split_group {
    size_t open;   /* calls not judged yet */
    bool believed; /* a part was judged on its own merits: the request as such is right */
    bool cut_off;  /* a part was not judged at all */
    size_t count;
    size_t cap;
    struct held held[];
};

static struct split_group *group_create(size_t jobs)
{
    struct split_group *g = calloc(1, sizeof(*g) + jobs * sizeof(struct held));

    if (g != NULL) {
        g->cap = jobs;
        g->open = 1;
    }
    return g;
}

bool split_call(struct call *c)
{
    struct call *half = calloc(1, sizeof(*half));
    struct list *node;

    if (half != NULL && c->group == NULL) {
        c->group = group_create(c->count);
    }
    if (half == NULL || c->group == NULL) {
        free(half);
        return false;
    }
    half->provider = c->provider;
    half->group = c->group;
    half->group->open++;
    list_init(&half->jobs);
    while (half->count < c->count - half->count && (node = list_pop_front(&c->jobs)) != NULL) {
        list_push_back(&half->jobs, node);
        half->count++;
        c->count--;
    }
    list_push_back(&c->provider->waiting, &half->node);
    list_push_back(&c->provider->waiting, &c->node);
    return true;
}

static void group_end(struct provider *p, struct split_group *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct held *h = &g->held[i];

        if (!g->believed && g->cut_off) {
            h->outcome.class = OUTCOME_RETRY;
        } else if (!g->believed) {
            h->outcome.class = OUTCOME_ACCOUNT;
        }
        p->host->done(p->host->ctx, h->job, &h->outcome);
    }
    free(g);
}

void split_settle(struct call *c, const struct recipe_judgement *j)
{
    struct split_group *g = c->group;
    struct provider *p = c->provider;
    struct list *node;

    if (j->outcome.class == OUTCOME_SENT || j->outcome.class == OUTCOME_DUPLICATE ||
        (j->outcome.class == OUTCOME_REJECTED && !j->unsure)) {
        g->believed = true;
    } else if (!j->unsure) {
        g->cut_off = true;
    }
    while ((node = list_pop_front(&c->jobs)) != NULL) {
        struct provider_job *job = list_entry(node, struct provider_job, node);

        if (j->unsure && g->count < g->cap) {
            g->held[g->count++] = (struct held){job, j->outcome};
        } else {
            http_sms_complete(p, job, j);
        }
    }
    if (--g->open == 0) {
        group_end(p, g);
    }
}
