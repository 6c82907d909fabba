/* /healthz: the process answers. /readyz: it also gets on with its work. */
#include "api/api_internal.h"

#include <stdio.h>

enum { LAG_MAX_MS = 2000, STORE_SILENCE_MAX_MS = 15000, ANSWER_MAX = 64 * 1024 };

enum verdict { READY, DEGRADED, NOT_READY };

static const char *const verdict_names[] = {"ok", "warn", "fail"};

struct report {
    struct json_writer w;
    enum verdict worst;
};

static void check(struct report *r, const char *name, enum verdict v, const char *detail)
{
    jsonw_object(&r->w);
    jsonw_put(&r->w, "name", name);
    jsonw_put(&r->w, "status", verdict_names[v]);
    jsonw_put(&r->w, "detail", detail);
    jsonw_end_object(&r->w);
    r->worst = v > r->worst ? v : r->worst;
}

static void check_loop(struct report *r, const struct gateway *g)
{
    char text[64];

    snprintf(text, sizeof text, "lag %lld ms", (long long)g->stats.loop_lag_ms);
    check(r, "loop", g->stats.loop_lag_ms > LAG_MAX_MS ? NOT_READY : READY, text);
}

static void check_store(struct report *r, const struct gateway *g)
{
    int64_t silent = clock_mono_ms(g->clock) - g->stats.store_progress_ms;
    char text[64];

    snprintf(text, sizeof text, "last progress %lld ms ago", (long long)silent);
    check(r, "store", silent > STORE_SILENCE_MAX_MS ? NOT_READY : READY, text);
    check(r, "disk", g->disk_low ? NOT_READY : READY,
          g->disk_low ? "free space is below the reserve" : NULL);
}

/* A provider on hold does not stop the intake: events stay welcome and wait. */
static void check_providers(struct report *r, const struct gateway *g)
{
    char name[64];

    for (size_t i = 0; i < g->stats.providers_count; i++) {
        const struct stats_provider *p = &g->stats.providers[i];

        snprintf(name, sizeof name, "provider:%s", p->name);
        if (p->paused) {
            check(r, name, DEGRADED, p->paused_by);
        } else if (p->held) {
            check(r, name, DEGRADED, p->held_reason);
        } else {
            check(r, name, p->circuit_open ? DEGRADED : READY,
                  p->circuit_open ? "the breaker is open" : NULL);
        }
    }
}

/* What a person has stopped, and what goes another way, stays in sight. */
static void check_channels(struct report *r, const struct gateway *g)
{
    char name[64];
    char text[96];

    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        const struct stats *s = &g->stats;

        snprintf(name, sizeof name, "channel:%s", channel_name(ch));
        if (s->channel_paused[ch]) {
            check(r, name, DEGRADED, "paused by a person");
        } else if (s->failover[ch]) {
            snprintf(text, sizeof text, "failover: %s%s",
                     s->failover_to[ch][0] == '\0' ? "no provider can take messages" : "goes by ",
                     s->failover_to[ch]);
            check(r, name, DEGRADED, text);
        } else if (s->pinned[ch][0] != '\0') {
            snprintf(text, sizeof text, "pinned to %s", s->pinned[ch]);
            check(r, name, DEGRADED, text);
        }
    }
}

void handle_readyz(struct call *call)
{
    static const char *const names[] = {"ready", "degraded", "not_ready"};
    const struct gateway *g = call->api->g;
    struct report r = {.worst = READY};
    struct buf out;

    buf_init(&out, ANSWER_MAX);
    jsonw_init(&r.w, &out);
    jsonw_object(&r.w);
    jsonw_key(&r.w, "checks");
    jsonw_array(&r.w);
    check_loop(&r, g);
    check_store(&r, g);
    check_providers(&r, g);
    check_channels(&r, g);
    if (g->draining) {
        check(&r, "shutdown", NOT_READY, "the gateway is shutting down");
    }
    jsonw_end_array(&r.w);
    jsonw_put(&r.w, "status", names[r.worst]);
    jsonw_end_object(&r.w);
    api_answer(call->req, r.worst == NOT_READY ? 503 : 200, &out);
}

void handle_healthz(struct call *call)
{
    struct http_answer a = {
        .status = 200, .content_type = "application/json", .body = STR("{\"status\":\"ok\"}")};

    http_reply(call->req, &a);
}
