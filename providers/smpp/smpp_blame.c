/* Whose fault a status is that nobody has explained: the message's, or something all share. */
#include "providers/smpp/smpp_state.h"

#include <limits.h>

enum {
    TRIES = 2, /* before somebody is blamed */
    RUN = 3,   /* answers in a row that nobody understands */
    HOLDS_FOR_ONE = 3
};

void smpp_blame_clear(struct smpp_blame *b)
{
    *b = (struct smpp_blame){0};
}

enum outcome_class smpp_blame_class(struct smpp_blame *b, const struct provider_job *job)
{
    b->many = b->many || (b->run > 0 && b->message_id != job->message_id);
    b->message_id = job->message_id;
    b->run += b->run < INT_MAX ? 1 : 0;
    if (job->attempt <= TRIES) {
        return OUTCOME_RETRY;
    }
    if (b->run < RUN || (!b->many && b->run >= RUN + HOLDS_FOR_ONE)) {
        return OUTCOME_REJECTED;
    }
    return OUTCOME_ACCOUNT;
}
