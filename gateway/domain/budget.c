#include "domain/budget.h"

enum { HALF_LIFE_MS = 60000 };

void budget_init(struct budget *b, int share_percent, int64_t now_ms)
{
    *b = (struct budget){.tokens = BUDGET_TOKENS, .share = share_percent, .decayed_ms = now_ms};
}

static void refill(struct budget *b, int tokens)
{
    b->tokens = b->tokens + tokens < BUDGET_TOKENS ? b->tokens + tokens : BUDGET_TOKENS;
}

/* What was sent counts half after a minute, a quarter after two. */
static void decay(struct budget *b, int64_t now_ms)
{
    while (now_ms - b->decayed_ms >= HALF_LIFE_MS) {
        b->sends /= 2;
        b->retries /= 2;
        b->decayed_ms += HALF_LIFE_MS;
        refill(b, BUDGET_SHARE_MIN * BUDGET_RETRY);
        if (b->sends < 0.5 && b->retries < 0.5 && b->tokens == BUDGET_TOKENS) {
            b->decayed_ms = now_ms;
        }
    }
}

bool budget_take(struct budget *b, bool after_timeout, int64_t now_ms)
{
    int price = after_timeout ? BUDGET_TIMEOUT : BUDGET_RETRY;

    decay(b, now_ms);
    if (b->tokens < price || (b->share < 100 && b->retries >= BUDGET_SHARE_MIN &&
                              b->retries * 100 >= (b->sends + b->retries) * b->share)) {
        return false;
    }
    b->tokens -= price;
    b->retries += 1;
    return true;
}

void budget_sent(struct budget *b, int64_t now_ms)
{
    decay(b, now_ms);
    b->sends += 1;
}

void budget_success(struct budget *b)
{
    refill(b, BUDGET_SUCCESS);
}

void budget_retry_success(struct budget *b)
{
    refill(b, BUDGET_RETRY);
    b->retries -= b->retries < 1 ? b->retries : 1;
    b->sends += 1;
}
