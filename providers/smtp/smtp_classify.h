/*
 * From what a relay said (or did not say) to an outcome. Pure; any thread.
 */
#pragma once

#include "domain/outcome.h"
#include "providers/smtp/smtp_wire.h"

struct smtp_ending {
    enum smtp_verb verb;            /* what the reply answers */
    const struct smtp_reply *reply; /* null or code 0: no reply came */
    bool dot_sent;                  /* the final dot may have left */
    bool served;                    /* the session has settled other messages before */
    const char *why;                /* without a reply: a sentence (English) */
    const char *why_code;           /* and a word: "timeout", "closed", … */
};

void smtp_classify(const struct smtp_ending *ending, struct outcome *ret_outcome);
