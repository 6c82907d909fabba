/*
 * A gateway without HTTP for tests of the flows: SQLite in a temporary directory, sink providers,
 * the real store thread, one loop. Steps run the loop until a condition holds.
 */
#pragma once

#include "base/civil.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "domain/certificate.h"
#include "domain/ids.h"
#include "flow/dispatch.h"
#include "flow/intake.h"
#include "flow/operate.h"
#include "flow/reports.h"
#include "flow/settings.h"
#include "loop/curlmux.h"
#include "providers/provider.h"
#include "store/store_ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SCENE_ROWS = 600, SCENE_PATIENCE_MS = 20000 };

struct scene_row {
    int64_t id;
    int step;
    enum channel channel;
    enum message_state state;
    int attempts;
    unsigned flags;
    int64_t due_ms;
    int64_t deadline_ms;
    char reason[64];
    char campaign[STORE_NAME_MAX + 1];
};

struct scene {
    uv_loop_t loop;
    struct gateway gateway;
    struct curlmux *curl;
    char dir[64];
    char path[96];
    int64_t wall_shift_ms; /* the gateway's clock runs ahead by this */
    struct clock clock;
    struct scene_row rows[SCENE_ROWS];
    size_t count;
    bool read;
    bool closed;
    struct intake_batch *batch; /* the last finished one */
};

/* Keeps the night and one SMS a day, which most tests have no time for. */
static bool scene_strict;

static int64_t scene_wall(void *ctx)
{
    return clock_wall_ms(clock_system()) + ((struct scene *)ctx)->wall_shift_ms;
}

static int64_t scene_mono(void *ctx)
{
    (void)ctx;
    return clock_mono_ms(clock_system());
}

/* ---- life ---- */

/* The campaigns of the settings that are read next. */
static const char *scene_campaigns =
    "[{\"name\":\"bitis\",\"marks\":[90,60,30,15,7,3,1],\"channels\":[\"sms\",\"email\"]}]";

/* And their routes. */
static const char *scene_routes = "{\"sms\":[\"s\"],\"email\":[\"m\"]}";

static struct settings *scene_settings(const char *providers)
{
    char text[4096];
    struct settings *settings = NULL;
    struct faults faults;
    struct err e = {0};

    (void)snprintf(
        text, sizeof text,
        "{\"office\":{\"province\":\"Örnekil\",\"phone\":\"0000 000 00 00\","
        "\"guide_url\":\"https://ornek.test/e-onay\",\"guide_short\":\"ornek.test/e-onay\","
        "\"link_hosts\":[\"ornek.test\"],\"privacy_url\":\"https://ornek.test/kvkk\","
        "\"stop_note\":\"bilgi@ornek.test adresine e-posta\"},"
        "\"mail\":{\"from\":\"hatirlatma@ornek.test\"},"
        "\"database\":{\"path\":\"unused.db\"},"
        "\"templates\":\"" HATIRLAT_SOURCE_DIR "/config/templates\","
        "\"recipes\":\"" HATIRLAT_SOURCE_DIR "/config/recipes\","
        "\"retry\":{\"sms\":{\"base\":\"1s\",\"cap\":\"1s\"}},"
        "\"providers\":%s,\"routes\":%s,"
        "\"trial\":%s,\"campaigns\":%s}",
        providers, scene_routes, scene_strict ? "false" : "true", scene_campaigns);
    faults_init(&faults);
    if (settings_parse(str_of(text), "/nowhere/scene.jsonc", provider_types, &settings, &faults,
                       &e) != 0) {
        for (size_t i = 0; i < faults.count; i++) {
            print_error("%s %s: %s\n", faults.list[i].pointer, faults.list[i].code,
                        faults.list[i].en);
        }
        fail_msg("settings: %s", e.text);
    }
    faults_finish(&faults);
    return settings;
}

static inline void scene_open(struct scene *s, const char *providers)
{
    struct gateway *g = &s->gateway;
    struct store *store;
    struct err e = {0};

    if (s->dir[0] == '\0') {
        (void)snprintf(s->dir, sizeof s->dir, "/tmp/hatirlat-flow-XXXXXX");
        assert_non_null(mkdtemp(s->dir));
        (void)snprintf(s->path, sizeof s->path, "%s/t.db", s->dir);
    }
    if (s->wall_shift_ms == 0 && istanbul_minute(clock_wall_ms(clock_system())) < 10 * 60) {
        s->wall_shift_ms = 10 * 3600000LL; /* before nine the mark of the day is not due yet */
    }
    memset(g, 0, sizeof *g);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_JSON);
    assert_int_equal(uv_loop_init(&s->loop), 0);
    s->clock = (struct clock){.wall_ms = scene_wall, .mono_ms = scene_mono, .ctx = s};
    g->loop = &s->loop;
    g->clock = &s->clock;
    g->settings = scene_settings(providers);
    g->rng.state = 7;
    memset(g->key, 7, sizeof g->key);
    g->ids = ids_create(g->key);
    g->hash = hash_create(g->key);
    if (store_sqlite_open(s->path, STORE_CREATE, &store, &e) != 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(store_thread_start(&s->loop, store, STORE_THREAD_WRITER, &g->writer, &e), 0);
    assert_int_equal(curlmux_create(&s->loop, &curlmux_default_limits, &s->curl, &e), 0);
    assert_int_equal(intake_create(g, &g->intake, &e), 0);
    if (dispatch_create(g, s->curl, &g->dispatch, &e) != 0) {
        fail_msg("%s", e.text);
    }
    intake_start(g->intake);
    dispatch_start(g->dispatch);
    while (store_thread_pending(g->writer) > 0) {
        (void)uv_run(&s->loop, UV_RUN_ONCE); /* what an earlier run left behind */
    }
}

static inline void scene_reload(struct scene *s, const char *providers)
{
    struct settings *fresh = scene_settings(providers);

    settings_drop(s->gateway.settings);
    s->gateway.settings = fresh;
    dispatch_reloaded(s->gateway.dispatch);
}

static void scene_store_closed(void *ctx)
{
    ((struct scene *)ctx)->closed = true;
}

static void scene_drained(void *ctx)
{
    struct scene *s = ctx;

    dispatch_destroy(s->gateway.dispatch);
    s->gateway.dispatch = NULL;
    intake_destroy(s->gateway.intake);
    s->gateway.intake = NULL;
    curlmux_destroy(s->curl);
    store_thread_stop(s->gateway.writer, scene_store_closed, s);
}

static inline void scene_close(struct scene *s)
{
    s->closed = false;
    s->gateway.draining = true;
    dispatch_drain(s->gateway.dispatch, scene_drained, s);
    while (!s->closed) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    intake_batch_free(s->batch);
    s->batch = NULL;
    ids_destroy(s->gateway.ids);
    hash_destroy(s->gateway.hash);
    settings_drop(s->gateway.settings);
}

static inline void scene_remove(struct scene *s)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char path[128];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", s->path, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(s->dir);
}

/* ---- reading ---- */

struct scene_read {
    struct store_job job;
    struct scene *scene;
};

static int scene_collect(void *ctx, const struct due_row *row)
{
    struct scene *s = ctx;
    struct scene_row *r = &s->rows[s->count++];

    assert_true(s->count < SCENE_ROWS);
    *r = (struct scene_row){.id = row->message.id,
                            .step = row->message.step,
                            .channel = row->message.channel,
                            .state = row->message.state,
                            .attempts = row->message.attempts,
                            .flags = row->message.flags,
                            .due_ms = row->message.due_ms,
                            .deadline_ms = row->message.deadline_ms};
    (void)str_copy(r->reason, sizeof r->reason, row->message.reason);
    (void)str_copy(r->campaign, sizeof r->campaign, row->message.campaign);
    return 0;
}

static int scene_read_work(struct store_job *job, struct store *s, struct err *e)
{
    struct scene *scene = ((struct scene_read *)job)->scene;
    struct message_filter all = {.state = -1, .channel = -1, .limit = STORE_LIST_MAX};

    scene->count = 0;
    return store_message_list(s, &all, scene_collect, scene, e);
}

static void scene_read_done(struct store_job *job, int status, const struct err *e)
{
    (void)e;
    assert_int_equal(status, 0);
    ((struct scene_read *)job)->scene->read = true;
}

static inline void scene_refresh(struct scene *s)
{
    struct scene_read job = {.job = {.work = scene_read_work, .done = scene_read_done}, .scene = s};

    s->read = false;
    store_thread_submit(s->gateway.writer, &job.job);
    while (!s->read) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
}

static inline size_t scene_in_state(const struct scene *s, enum message_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++) {
        count += s->rows[i].state == state;
    }
    return count;
}

/* The reminder of a mark; notices have steps of their own. */
static inline struct scene_row *scene_find(struct scene *s, int mark, enum channel channel)
{
    for (size_t i = 0; i < s->count; i++) {
        if (apply_step_mark(s->rows[i].step) == mark && s->rows[i].channel == channel &&
            strcmp(s->rows[i].campaign, APPLY_NOTICE_CAMPAIGN) != 0) {
            return &s->rows[i];
        }
    }
    return NULL;
}

static void scene_idle(uv_timer_t *timer)
{
    (void)timer;
}

/* Runs the loop for a while. */
static inline void scene_wait(struct scene *s, uint64_t ms)
{
    uv_timer_t timer;

    (void)uv_timer_init(&s->loop, &timer);
    (void)uv_timer_start(&timer, scene_idle, ms, 0);
    while (uv_is_active((uv_handle_t *)&timer)) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&s->loop, UV_RUN_NOWAIT);
}

/* Runs until count messages are in the state. */
static inline void scene_until(struct scene *s, enum message_state state, size_t count)
{
    int64_t end = clock_mono_ms(clock_system()) + SCENE_PATIENCE_MS;

    scene_refresh(s);
    while (scene_in_state(s, state) != count) {
        if (clock_mono_ms(clock_system()) > end) {
            for (size_t i = 0; i < s->count; i++) {
                print_error("mark %d %s: %s [%s]\n", s->rows[i].step,
                            channel_name(s->rows[i].channel), message_state_name(s->rows[i].state),
                            s->rows[i].reason);
            }
            fail_msg("waited for %zu messages in state %s, there are %zu", count,
                     message_state_name(state), scene_in_state(s, state));
        }
        scene_wait(s, 10);
        scene_refresh(s);
    }
}

/* ---- posting ---- */

static void scene_posted(struct intake_batch *batch, void *ctx)
{
    ((struct scene *)ctx)->batch = batch;
}

/* Posts bare facts, one JSON object each; leaves the finished batch in s->batch. */
static inline void scene_post(struct scene *s, const char *const *facts, size_t count)
{
    struct intake_batch *batch = intake_batch_create(count);
    struct fact_origin origin = {.now_ms = gateway_now(&s->gateway), .source = "urn:test"};
    struct err e = {0};

    intake_batch_free(s->batch);
    s->batch = NULL;
    for (size_t i = 0; i < count; i++) {
        struct json_doc *doc;
        struct faults faults;
        struct fact fact;

        faults_init(&faults);
        assert_int_equal(json_parse(str_of(facts[i]), 0, &json_default_limits, &doc, NULL, &e), 0);
        if (fact_from_json(json_root(doc), FACT_BARE, &origin, &fact, &faults) != 0) {
            fail_msg("%s: %s", faults.list[0].pointer, faults.list[0].en);
        }
        assert_int_equal(intake_batch_add(batch, &fact), 0);
        faults_finish(&faults);
        json_free(doc);
    }
    assert_int_equal(intake_submit(s->gateway.intake, batch, scene_posted, s, &e), 0);
    while (s->batch == NULL) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
    assert_int_equal(s->batch->status, 0);
}

/* A fact about a certificate of person n that ends in `days` days. */
static inline void scene_fact(struct scene *s, char *out, size_t size, const char *type, int n,
                              int days)
{
    char end[32];

    rfc3339_format(gateway_now(&s->gateway) + (int64_t)days * DAY_MS, end);
    (void)snprintf(out, size,
                   "{\"type\":\"%s\",\"id\":\"%s-%d-%d\",\"certificate\":{\"ref\":\"c-%d\","
                   "\"not_after\":\"%s\"},\"holder\":{\"ref\":\"h-%d\",\"name\":\"Işıl Öztürk\","
                   "\"phone\":\"+9053200%05d\",\"email\":\"kisi%d@ornek.test\"},"
                   "\"eonay\":\"active\"}",
                   type, type, n, days, n, end, n, n, n);
}

static inline void scene_post_one(struct scene *s, const char *type, int n, int days)
{
    char text[768];
    const char *list[] = {text};

    scene_fact(s, text, sizeof text, type, n, days);
    scene_post(s, list, 1);
}

/* ---- what stands between the flows and the store ---- */

typedef int scene_move_fn(struct store *s, const struct message_move *move, struct err *e);

/* What moves messages really, for a function that stands in its place. */
static scene_move_fn *scene_real_move;

struct scene_stand_in {
    struct store_job job;
    scene_move_fn *fn;
    bool done;
};

static int scene_stand_in_work(struct store_job *job, struct store *s, struct err *e)
{
    static const struct store_ops *real;
    static struct store_ops ops;
    struct scene_stand_in *in = (struct scene_stand_in *)job;

    (void)e;
    real = scene_real_move == NULL ? s->ops : real;
    scene_real_move = real->message_move;
    ops = *real;
    ops.message_move = in->fn;
    s->ops = in->fn != NULL ? &ops : real;
    return 0;
}

static void scene_stand_in_done(struct store_job *job, int status, const struct err *e)
{
    (void)e;
    assert_int_equal(status, 0);
    ((struct scene_stand_in *)job)->done = true;
}

/* Messages are moved by fn from now on, on the store's thread; null ends that. */
static inline void scene_move_by(struct scene *s, scene_move_fn *fn)
{
    struct scene_stand_in in = {
        {.work = scene_stand_in_work, .done = scene_stand_in_done}, fn, false};

    store_thread_submit(s->gateway.writer, &in.job);
    while (!in.done) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
}
