#include "domain/budget.h"

enum { HALF_LIFE_MS = 60000 };

void budget_init(struct budget *b, int64_t now_ms)
{
    *b = (struct budget){.tokens = BUDGET_TOKENS, .decayed_ms = now_ms};
}

/* What was sent counts half after a minute, a quarter after two. */
static void decay(struct budget *b, int64_t now_ms)
{
    while (now_ms - b->decayed_ms >= HALF_LIFE_MS) {
        b->sends /= 2;
        b->retries /= 2;
        b->decayed_ms += HALF_LIFE_MS;
        if (b->sends < 0.5 && b->retries < 0.5) {
            b->decayed_ms = now_ms;
        }
    }
}

bool budget_take(struct budget *b, bool after_timeout, int64_t now_ms)
{
    int price = after_timeout ? BUDGET_TIMEOUT : BUDGET_RETRY;

    decay(b, now_ms);
    if (b->tokens < price || (b->retries >= BUDGET_SHARE_MIN &&
                              b->retries * 100 >= (b->sends + b->retries) * BUDGET_SHARE_PERCENT)) {
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
    if (b->tokens < BUDGET_TOKENS) {
        b->tokens += BUDGET_SUCCESS;
    }
}
