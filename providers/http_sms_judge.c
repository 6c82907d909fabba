/* What an answer, or the lack of one, means for the messages of its request. */
#include "base/log.h"
#include "providers/http_sms_parts.h"

#include <limits.h>

enum { RETRY_LOCAL_MS = 1000, HOLDS_FOR_ONE = 3 };

void http_sms_judge_answer(struct provider *p, const struct curlmux_answer *a,
                           struct recipe_judgement *ret)
{
    struct recipe_reply reply;

    *ret = (struct recipe_judgement){0};
    switch (a->phase) {
    case CURLMUX_NOT_SENT:
        outcome_set(&ret->outcome, OUTCOME_DOWN, "no connection", "%s", a->error);
        return;
    case CURLMUX_SENT:
        outcome_set(&ret->outcome, OUTCOME_UNKNOWN, "no answer", "%s", a->error);
        return;
    case CURLMUX_ANSWERED:
        break;
    }
    recipe_reply_init(&reply, a->status, a->body, a->retry_after);
    reply.secrets = p->secrets;
    reply.secret_count = p->secret_count;
    recipe_judge(&p->recipe->answer, &reply, clock_wall_ms(p->host->clock), ret);
    recipe_reply_finish(&reply);
}

void http_sms_judge_failure(int code, const struct err *why, struct recipe_judgement *ret)
{
    enum outcome_class class = code == ERR_INVALID  ? OUTCOME_REJECTED
                               : code == ERR_DENIED ? OUTCOME_ACCOUNT
                                                    : OUTCOME_UNTOUCHED;

    *ret = (struct recipe_judgement){0};
    outcome_set(&ret->outcome, class, "not made", "%s", why->text);
    ret->outcome.wait_ms = class == OUTCOME_UNTOUCHED ? RETRY_LOCAL_MS : 0;
    ret->split = class == OUTCOME_REJECTED;
}

void http_sms_note_answer(struct provider *p, const struct call *c,
                          const struct recipe_judgement *j)
{
    int64_t id = list_entry(c->jobs.next, struct provider_job, node)->message_id;

    if (!j->unmatched) {
        p->unmatched_run = 0;
        p->unmatched_many = false;
        return;
    }
    p->unmatched_many =
        p->unmatched_many || c->count > 1 || (p->unmatched_run > 0 && p->unmatched_id != id);
    p->unmatched_id = id;
    p->unmatched_run += p->unmatched_run < INT_MAX ? 1 : 0;
    if (strcmp(p->unmatched_logged, j->outcome.code) != 0) {
        str_copy(p->unmatched_logged, sizeof(p->unmatched_logged), str_of(j->outcome.code));
        log_warning("http_sms_unmatched", LOG_S("provider", p->host->name),
                    LOG_S("recipe", p->recipe->name), LOG_S("code", j->outcome.code),
                    LOG_S("detail", j->outcome.detail));
    }
}

/*
 * An answer that no rule knows is retried a bounded number of times. Then the message is to blame
 * when others went through meanwhile; else nobody's message is thrown away, and a human is called.
 * A message that nobody else has such answers beside does not hold up the others for ever.
 */
static bool is_to_blame(const struct provider *p, const struct provider_job *job)
{
    int64_t tries = p->recipe->answer.tries;

    return p->unmatched_run < tries || (!p->unmatched_many && p->unmatched_id == job->message_id &&
                                        p->unmatched_run >= tries + HOLDS_FOR_ONE);
}

void http_sms_complete(struct provider *p, struct provider_job *job,
                       const struct recipe_judgement *j)
{
    struct outcome o = j->outcome;

    if (j->unmatched && o.class == OUTCOME_RETRY && job->attempt >= p->recipe->answer.tries) {
        o.class = is_to_blame(p, job) ? OUTCOME_REJECTED : OUTCOME_ACCOUNT;
    }
    p->host->done(p->host->ctx, job, &o);
}
