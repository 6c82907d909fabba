/* A host for one back end under test: it records what the back end says. */
#pragma once

#include "loop/curlmux.h"
#include "providers/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORLD_JOBS = 4608 };

struct world_job {
    struct provider_job job;
    char to[24];
    char text[200];
    int done;
    struct outcome outcome;
};

struct provider_world {
    uv_loop_t loop;
    struct curlmux *mux;
    struct provider_host host;
    const struct provider_type *type;
    struct provider *provider;
    struct world_job jobs[WORLD_JOBS];
    size_t submitted;
    size_t done;
    size_t kept;
    size_t reports;
    struct provider_report last_report; /* strings are gone */
    char last_report_ref[64];
    char last_report_id[64];
    char last_report_to[24];
    int health_calls;
    enum provider_health health;
    char health_text[400];
    int drained;
    bool inside; /* a call into the back end is running */
    bool called_inside;
    size_t again; /* so many more jobs are submitted from inside done() */
    bool done_after_drained;
};

static inline void world_submit(struct provider_world *w, size_t n);

static inline void world_done(void *ctx, struct provider_job *job, const struct outcome *o)
{
    struct provider_world *w = ctx;
    struct world_job *j = job->owner;

    w->called_inside = w->called_inside || w->inside;
    j->done++;
    j->outcome = *o;
    w->done++;
    w->done_after_drained = w->done_after_drained || w->drained > 0;
    if (w->again > 0) {
        w->again--;
        world_submit(w, 1);
    }
}

static inline void world_report(void *ctx, const struct provider_report *list, size_t count)
{
    struct provider_world *w = ctx;
    const struct provider_report *last = &list[count - 1];

    w->reports += count;
    w->last_report = *last;
    snprintf(w->last_report_ref, 64, "%s", last->ref == NULL ? "" : last->ref);
    snprintf(w->last_report_id, 64, "%s", last->provider_ref == NULL ? "" : last->provider_ref);
    snprintf(w->last_report_to, 24, "%s", last->to == NULL ? "" : last->to);
}

static inline void world_health(void *ctx, enum provider_health health, const char *sentence)
{
    struct provider_world *w = ctx;

    w->health_calls++;
    w->health = health;
    snprintf(w->health_text, sizeof(w->health_text), "%s", sentence);
}

static inline void world_drained(void *ctx)
{
    struct provider_world *w = ctx;

    w->called_inside = w->called_inside || w->inside;
    w->drained++;
}

static inline void world_keep(void *ctx, const struct provider_job *job)
{
    (void)job;
    ((struct provider_world *)ctx)->kept++;
}

/* Everything but the back end itself. */
static inline void provider_world_init(struct provider_world *w, const struct provider_type *type)
{
    struct err e;

    memset(w, 0, sizeof(*w));
    if (uv_loop_init(&w->loop) != 0 ||
        curlmux_create(&w->loop, &curlmux_default_limits, &w->mux, &e) != 0) {
        abort();
    }
    w->type = type;
    w->host = (struct provider_host){.ctx = w,
                                     .done = world_done,
                                     .report = world_report,
                                     .health = world_health,
                                     .drained = world_drained,
                                     .keep = world_keep,
                                     .loop = &w->loop,
                                     .curl = w->mux,
                                     .clock = clock_system(),
                                     .name = "deneme",
                                     .recipes = HATIRLAT_SOURCE_DIR "/config/recipes",
                                     .report_url = "http://127.0.0.1:1/hook"};
}

static inline struct provider_job *world_job(struct provider_world *w, size_t i)
{
    struct world_job *j = &w->jobs[i];

    if (j->job.owner == NULL) {
        snprintf(j->to, sizeof(j->to), "+9053200%05zu", i);
        snprintf(j->text, sizeof(j->text), "Sn. Çiğdem IŞIK, %zu gün kaldı.", i);
        snprintf(j->job.ref, sizeof(j->job.ref), "m%zu-a1", i);
        j->job.message_id = (int64_t)i + 1;
        j->job.attempt = 1;
        j->job.channel = (w->type->channels & 1u << CHANNEL_SMS) != 0 ? CHANNEL_SMS : CHANNEL_EMAIL;
        if (j->job.channel == CHANNEL_EMAIL) {
            snprintf(j->to, sizeof(j->to), "k%zu@ornek.test", i);
        }
        j->job.to = j->to;
        j->job.text = j->text;
        j->job.mode = SMS_TR_SINGLE;
        j->job.mail = "From: a@ornek.test\r\nSubject: x\r\n\r\nMerhaba\r\n";
        j->job.mail_len = strlen(j->job.mail);
        j->job.mail_from = "hatirlat@ornek.test";
        j->job.message_id_header = "m1@ornek.test";
        j->job.deadline_ms = INT64_MAX;
        j->job.owner = j;
    }
    return &j->job;
}

/* Submits the next n jobs in one call. */
static inline void world_submit(struct provider_world *w, size_t n)
{
    struct provider_job **list = calloc(n, sizeof(struct provider_job *));
    bool outer = w->inside;

    for (size_t i = 0; i < n; i++) {
        list[i] = world_job(w, w->submitted + i);
    }
    w->submitted += n;
    w->inside = true;
    w->type->submit(w->provider, list, n);
    w->inside = outer;
    free(list);
}

/* Runs the loop until the condition holds or time is up; true when it holds. */
#define WORLD_UNTIL(w, condition, seconds)                                                         \
    ({                                                                                             \
        uint64_t world_end = uv_hrtime() + (uint64_t)((seconds)*1e9);                              \
        while (!(condition) && uv_hrtime() < world_end) {                                          \
            uv_run(&(w)->loop, UV_RUN_NOWAIT);                                                     \
            usleep(200);                                                                           \
        }                                                                                          \
        (condition);                                                                               \
    })

/* Drains, destroys, closes. */
static inline void provider_world_finish(struct provider_world *w)
{
    if (w->provider != NULL) {
        w->inside = true;
        w->type->drain(w->provider);
        w->inside = false;
        if (!WORLD_UNTIL(w, w->drained > 0, 10)) {
            abort();
        }
        w->type->destroy(w->provider);
    }
    curlmux_destroy(w->mux);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&w->loop) != 0) {
        abort();
    }
}
