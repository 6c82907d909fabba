/*
 * What an attempt came to. An outcome names the culprit, because the culprit decides what happens
 * next: domain/policy turns (message, outcome, now) into a state and a due time.
 */
#pragma once

#include "base/str.h"

enum outcome_class {
    OUTCOME_SENT,      /* the provider took it */
    OUTCOME_DUPLICATE, /* the provider says it has it already: as good as sent */
    OUTCOME_REJECTED,  /* this message or recipient will never work */
    OUTCOME_RETRY,     /* this message, later */
    OUTCOME_THROTTLED, /* too fast; costs no attempt */
    OUTCOME_DOWN,      /* the path is broken and nothing was sent; costs no attempt */
    OUTCOME_ACCOUNT,   /* credentials, credit, sender title: hold the provider, call a human */
    OUTCOME_UNKNOWN,   /* may have been sent */
    OUTCOME_UNTOUCHED, /* was never begun (a batch ended before it): back at no cost */
    OUTCOME_COUNT
};

struct outcome {
    enum outcome_class class;
    int64_t wait_ms;       /* how long the provider asked us to wait; 0 when it did not say */
    char code[32];         /* the provider's raw code: "550 5.1.1", "http 406/40"; outcome_is() */
    char detail[200];      /* its words, cleaned, without personal data */
    char provider_ref[64]; /* its id for the message, an opaque string */
};

const char *outcome_name(enum outcome_class c);
/* What it means, without a final stop. */
const char *outcome_sentence(enum outcome_class c, bool turkish);
/* OUTCOME_COUNT when unknown. */
enum outcome_class outcome_parse(struct str s);
/*
 * Whether the code begins with this word of ours, followed by the provider's own code:
 *   "balance"    ACCOUNT: no credit; it ends by itself when there is some
 *   "sender"     ACCOUNT: the sender title is not one of the account's
 *   "unmatched"  an answer that no rule of ours knows
 */
bool outcome_is(const struct outcome *o, const char *word);
/* Fills class, code and a formatted detail; the other fields become empty. */
void outcome_set(struct outcome *o, enum outcome_class class, const char *code, const char *fmt,
                 ...) __attribute__((format(printf, 4, 5)));
