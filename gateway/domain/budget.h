/*
 * Retry budget of one provider: retries may not drown first attempts. A bucket pays for each retry
 * and fills with successes; besides, retries stay below a share of recent sends. When it is empty
 * retries wait, they do not fail.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct budget {
    int tokens;
    double sends;   /* recent attempts, halved every minute */
    double retries; /* recent retries among them */
    int64_t decayed_ms;
};

enum {
    BUDGET_TOKENS = 500,       /* full bucket */
    BUDGET_RETRY = 5,          /* price of a retry */
    BUDGET_TIMEOUT = 10,       /* price of a retry after a timeout */
    BUDGET_SUCCESS = 1,        /* given back by a success */
    BUDGET_SHARE_PERCENT = 10, /* of recent sends may be retries … */
    BUDGET_SHARE_MIN = 10      /* … once there are this many retries */
};

void budget_init(struct budget *b, int64_t now_ms);
/* Takes the price of one retry; false and nothing taken when it must wait. now_ms is monotonic. */
bool budget_take(struct budget *b, bool after_timeout, int64_t now_ms);
/* A first attempt was submitted. */
void budget_sent(struct budget *b, int64_t now_ms);
void budget_success(struct budget *b);
