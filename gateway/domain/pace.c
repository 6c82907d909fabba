/* GCRA as in ITU-T I.371 annex A, in microseconds. */
#include "domain/pace.h"

/* The store's way round: an outcome is stored, the next message fetched and claimed. */
enum { HEADWAY_MS = 20 };

void pace_init(struct pace *p, int64_t count, int64_t period_ms, int64_t burst)
{
    *p = (struct pace){0};
    if (count > 0 && period_ms > 0) {
        p->step_us = period_ms * 1000 / count;
        p->step_us += p->step_us == 0 ? 1 : 0;
        p->slack_us = (burst > 1 ? burst - 1 : 0) * p->step_us;
    }
}

/* Microseconds until the next send conforms. */
static int64_t lack_us(const struct pace *p, int64_t now_ms)
{
    int64_t lack = p->next_us - p->slack_us - now_ms * 1000;

    return lack > 0 ? lack : 0;
}

int64_t pace_wait(const struct pace *p, int64_t now_ms)
{
    return (lack_us(p, now_ms) + 999) / 1000;
}

int64_t pace_take(struct pace *p, int64_t now_ms)
{
    int64_t now_us = now_ms * 1000;
    int64_t wait = pace_wait(p, now_ms);

    if (wait == 0 && p->step_us > 0) {
        p->next_us = (p->next_us > now_us ? p->next_us : now_us) + p->step_us;
    }
    return wait;
}

int64_t pace_room(const struct pace *p, int64_t now_ms)
{
    int64_t ahead = p->next_us - now_ms * 1000;

    if (lack_us(p, now_ms) > 0) {
        return 0;
    }
    if (p->step_us == 0) {
        return INT64_MAX;
    }
    return (p->slack_us - (ahead > 0 ? ahead : 0)) / p->step_us + 1;
}

void pace_pause(struct pace *p, int64_t until_ms)
{
    int64_t until_us = until_ms * 1000 + p->slack_us;

    if (p->next_us < until_us) {
        p->next_us = until_us;
    }
}

void headway_answered(struct headway *h, int64_t now_ms)
{
    int64_t elapsed = now_ms - h->since_ms;

    h->last_ms = now_ms;
    h->count++;
    if (elapsed >= HEADWAY_MS) {
        h->room = h->count * HEADWAY_MS / elapsed;
        h->count = 0;
        h->since_ms = now_ms;
    }
}

int64_t headway_room(const struct headway *h, int64_t now_ms)
{
    return now_ms - h->last_ms <= HEADWAY_MS ? h->room : 0;
}

bool headway_stocked(size_t in_flight, size_t own, size_t limit)
{
    return limit > own && in_flight > limit - (limit - own) / 4;
}
