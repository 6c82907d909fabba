/*
 * Retry budget of one provider: retries may not drown first attempts. A bucket pays for each retry
 * and fills with successes; besides, retries stay below a share of recent sends. A retry that
 * succeeds is no burden: it gets its price back and counts as a send, so that a backlog of retries
 * drains as fast as a healthy provider takes it. When the budget is used up retries wait, they do
 * not fail; a few every minute are always allowed, for nothing else may be left to succeed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct budget {
    int tokens;
    int share;      /* percent of recent sends that may be retries */
    double sends;   /* recent attempts, halved every minute */
    double retries; /* recent retries among them */
    int64_t decayed_ms;
};

enum {
    BUDGET_TOKENS = 500,  /* full bucket */
    BUDGET_RETRY = 5,     /* price of a retry */
    BUDGET_TIMEOUT = 10,  /* price of a retry after a timeout */
    BUDGET_SUCCESS = 1,   /* given back by a success */
    BUDGET_SHARE_MIN = 10 /* the share holds once there are this many retries */
};

/* share_percent: 1..100 */
void budget_init(struct budget *b, int share_percent, int64_t now_ms);
/* Takes the price of one retry; false and nothing taken when it must wait. now_ms is monotonic. */
bool budget_take(struct budget *b, bool after_timeout, int64_t now_ms);
/* A first attempt was submitted. */
void budget_sent(struct budget *b, int64_t now_ms);
void budget_success(struct budget *b);
/* A retry that was paid for has been sent. */
void budget_retry_success(struct budget *b);
