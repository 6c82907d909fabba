#include "domain/breaker.h"

#include <stddef.h>

enum { UNBOUNDED_AT = 64 };

const struct breaker_rules breaker_default = {
    .failures = 5,
    .open_ms = 10000,
    .open_cap_ms = 600000,
    .slow_start = 2,
    .probe_max_ms = 180000,
};

void breaker_init(struct breaker *b, const struct breaker_rules *rules)
{
    *b = (struct breaker){.rules = rules};
}

static void open_up(struct breaker *b, int64_t now_ms, uint64_t random)
{
    int64_t pause = b->rules->open_ms;

    for (int i = 0; i < b->trips && pause < b->rules->open_cap_ms; i++) {
        pause *= 2;
    }
    if (pause > b->rules->open_cap_ms) {
        pause = b->rules->open_cap_ms;
    }
    b->state = BREAKER_OPEN;
    b->trips++;
    b->failures = 0;
    b->until_ms = now_ms + pause + (int64_t)(random % (uint64_t)(pause / 4 + 1));
}

static int allow_closed(const struct breaker *b, int in_flight, int want)
{
    int room = b->limit - in_flight;

    if (b->limit == 0 || room > want) {
        return want;
    }
    return room > 0 ? room : 0;
}

int breaker_allow(struct breaker *b, int64_t now_ms, int in_flight, int want)
{
    if (want <= 0) {
        return 0;
    }
    if (b->state == BREAKER_CLOSED) {
        return allow_closed(b, in_flight, want);
    }
    if (now_ms < b->until_ms) {
        return 0;
    }
    b->state = BREAKER_HALF_OPEN;
    b->until_ms = now_ms + b->rules->probe_max_ms;
    return 1;
}

void breaker_unused(struct breaker *b, int64_t now_ms)
{
    if (b->state == BREAKER_HALF_OPEN) {
        b->until_ms = now_ms;
    }
}

/* Right after recovery little is sent at once; each success doubles it until it needs no bound. */
void breaker_success(struct breaker *b)
{
    b->failures = 0;
    if (b->state != BREAKER_CLOSED) {
        b->state = BREAKER_CLOSED;
        b->limit = b->rules->slow_start;
    } else if (b->limit > 0) {
        b->limit *= 2;
        if (b->limit >= UNBOUNDED_AT) {
            b->limit = 0;
            b->trips = 0;
        }
    }
}

/* Outcomes of what was in flight when it opened say nothing new. */
void breaker_failure(struct breaker *b, int64_t now_ms, uint64_t random)
{
    if (b->state == BREAKER_OPEN) {
        return;
    }
    b->failures++;
    if (b->state == BREAKER_HALF_OPEN || b->limit > 0 || b->failures >= b->rules->failures) {
        open_up(b, now_ms, random);
    }
}

int64_t breaker_wait(const struct breaker *b, int64_t now_ms)
{
    return b->state == BREAKER_CLOSED || now_ms >= b->until_ms ? 0 : b->until_ms - now_ms;
}

const char *breaker_state_name(enum breaker_state s)
{
    static const char *const names[] = {"closed", "open", "half-open"};

    return names[s];
}
