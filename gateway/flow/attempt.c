#include "flow/dispatch_state.h"

#include <stdlib.h>

struct attempt *attempt_create(const struct due_row *row)
{
    const struct message_row *m = &row->message;
    struct str facts = m->case_id != 0 ? row->subject.facts : m->facts;
    struct attempt *a = calloc(1, sizeof *a);

    if (a == NULL || (a->facts = str_dup(facts)) == NULL) {
        free(a);
        return NULL;
    }
    list_init(&a->job.node);
    a->facts_len = facts.len;
    a->job.message_id = m->id;
    a->job.channel = m->channel;
    a->job.deadline_ms = m->deadline_ms;
    a->from = m->state;
    a->urgency = m->urgency;
    a->case_id = m->case_id;
    a->step = m->step;
    (void)str_copy(a->campaign, sizeof a->campaign, m->campaign);
    (void)str_copy(a->template, sizeof a->template, m->template);
    (void)str_copy(a->provider, sizeof a->provider, m->provider);
    a->path_failed =
        str_eqs(m->reason, MESSAGE_REASON_DOWN) || str_eqs(m->reason, MESSAGE_REASON_ACCOUNT);
    a->created_ms = m->created_ms;
    a->planned_ms = m->planned_ms;
    a->attempts = m->attempts;
    a->number = m->attempts + 1;
    a->flags = m->flags;
    a->case_state = (enum case_state)row->subject.state;
    a->case_seq = row->subject.event_seq;
    buf_init(&a->wire, RENDER_MAIL_MAX * 2);
    buf_init(&a->content, STORE_BODY_MAX);
    return a;
}

void attempt_free(struct attempt *a)
{
    if (a != NULL) {
        settings_drop(a->settings);
        buf_finish(&a->wire);
        buf_finish(&a->content);
        free(a->facts);
        free(a);
    }
}

static struct attempt **bucket(struct dispatch *d, uint64_t recipient)
{
    return &d->busy[recipient % BUSY_BUCKETS];
}

bool attempt_recipient_busy(struct dispatch *d, uint64_t recipient)
{
    const struct attempt *a = *bucket(d, recipient);

    while (a != NULL && a->recipient != recipient) {
        a = a->busy_next;
    }
    return a != NULL;
}

void attempt_occupy(struct dispatch *d, struct attempt *a)
{
    struct attempt **head = bucket(d, a->recipient);

    a->busy_next = *head;
    *head = a;
    d->attempts++;
}

void attempt_release(struct dispatch *d, struct attempt *a)
{
    struct attempt **link = bucket(d, a->recipient);

    while (*link != a) {
        link = &(*link)->busy_next;
    }
    *link = a->busy_next;
    d->attempts--;
}
