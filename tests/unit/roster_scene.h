/*
 * The desk's imports without a service: a store in memory or a file, settings of a sample office,
 * a clock that stands still, and operations called by name.
 */
#pragma once

#include "base/civil.h"
#include "base/fault.h"
#include "base/log.h"
#include "domain/ids.h"
#include "flow/apply.h"
#include "flow/roster.h"
#include "providers/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define ROSTERS HATIRLAT_SOURCE_DIR "/tests/vectors/rosters"

enum { ROSTER_PARAMS = 8 };

struct roster_scene {
    struct store *store;
    struct settings *settings;
    struct ids *ids;
    struct hash *hash;
    unsigned char key[HASH_KEY_SIZE];
    int64_t now_ms;
    bool english;
    bool applies;      /* what was appended, behind each operation */
    struct buf out;    /* the last answer, as it came */
    struct buf report; /* and indented, or its faults */
    struct json_doc *doc;
    int status;
    unsigned effects;
};

struct roster_params {
    struct {
        char name[20];
        char value[400];
    } list[ROSTER_PARAMS];
    size_t count;
};

static inline void roster_param(struct roster_params *p, const char *name, const char *value)
{
    assert_true(p->count < ROSTER_PARAMS);
    assert_int_equal(str_copy(p->list[p->count].name, 20, str_of(name)), 0);
    assert_int_equal(str_copy(p->list[p->count++].value, 400, str_of(value)), 0);
}

static inline struct settings *roster_scene_settings(const char *intake)
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
        "\"database\":{\"path\":\"unused.db\"},%s"
        "\"templates\":\"" HATIRLAT_SOURCE_DIR "/config/templates\","
        "\"recipes\":\"" HATIRLAT_SOURCE_DIR "/config/recipes\","
        "\"providers\":{\"s\":{\"kind\":\"sink\"},\"m\":{\"kind\":\"sink\"}},"
        "\"routes\":{\"sms\":[\"s\"],\"email\":[\"m\"]},"
        "\"campaigns\":[{\"name\":\"bitis\",\"marks\":[90,60,30,15,7,3,1],"
        "\"channels\":[\"sms\",\"email\"]}]}",
        intake);
    faults_init(&faults);
    if (settings_parse(str_of(text), "/nowhere/scene.jsonc", provider_types, &settings, &faults,
                       &e) != 0) {
        for (size_t i = 0; i < faults.count; i++) {
            print_error("%s %s\n", faults.list[i].pointer, faults.list[i].en);
        }
        fail_msg("settings: %s", e.text);
    }
    faults_finish(&faults);
    return settings;
}

static inline void roster_scene_open(struct roster_scene *s, bool identity_hmac)
{
    struct err e = {0};

    memset(s, 0, sizeof *s);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_JSON);
    (void)setenv("ROSTER_TEST_KEY", "0123456789abcdef0123456789abcdef", 1);
    s->settings =
        roster_scene_settings(identity_hmac ? "\"intake\":{\"identity_numbers\":\"hmac\","
                                              "\"identity_key\":{\"env\":\"ROSTER_TEST_KEY\"}},"
                                            : "");
    assert_int_equal(store_memory_open(&s->store, &e), 0);
    memset(s->key, 7, sizeof s->key);
    s->ids = ids_create(s->key);
    s->hash = hash_create(s->key);
    s->now_ms = 1795327200000; /* 2026-11-22T06:00:00Z */
    s->applies = true;
    buf_init(&s->out, 1 << 26);
    buf_init(&s->report, 1 << 26);
}

static inline void roster_scene_close(struct roster_scene *s)
{
    json_free(s->doc);
    buf_finish(&s->out);
    buf_finish(&s->report);
    ids_destroy(s->ids);
    hash_destroy(s->hash);
    settings_drop(s->settings);
    store_close(s->store);
}

/* The file of this name and ending; false when there is none. */
static inline bool roster_scene_read(const char *name, const char *ending, struct buf *out)
{
    char path[512];
    char piece[4096];
    size_t n;
    FILE *f;

    (void)snprintf(path, sizeof path, ROSTERS "/%s%s", name, ending);
    f = fopen(path, "re");
    if (f == NULL) {
        return false;
    }
    buf_reset(out);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0) {
        (void)buf_add(out, piece, n);
    }
    (void)fclose(f);
    return buf_failed(out) == 0;
}

static inline void roster_scene_apply(struct roster_scene *s)
{
    const struct apply_env env = settings_apply_env(s->settings, s->now_ms);
    struct err e = {0};

    while (store_applied(s->store) < store_event_last(s->store)) {
        assert_int_equal(store_begin(s->store, &e), 0);
        assert_int_equal(apply_backlog(s->store, &env, 500, &e), 0);
        assert_int_equal(store_commit(s->store, &e), 0);
    }
}

static inline struct json_doc *roster_scene_params(const struct roster_params *params)
{
    struct json_doc *doc = NULL;
    struct json_writer w;
    struct buf text;
    struct err e = {0};

    buf_init(&text, 65536);
    jsonw_init(&w, &text);
    jsonw_object(&w);
    for (size_t i = 0; params != NULL && i < params->count; i++) {
        jsonw_put(&w, params->list[i].name, params->list[i].value);
    }
    jsonw_end_object(&w);
    assert_int_equal(
        json_parse((struct str){text.data, text.len}, 0, &json_default_limits, &doc, NULL, &e), 0);
    buf_finish(&text);
    return doc;
}

/* Calls the operation as the service does; the result is in s->status, s->out and s->doc. */
static inline int roster_scene_call(struct roster_scene *s, const char *operation,
                                    const struct roster_params *params, struct str file,
                                    struct faults *faults)
{
    const struct desk_operation *o = desk_find(operation);
    struct json_limits limits = {1 << 26, 32, 4096};
    struct json_doc *doc = roster_scene_params(params);
    struct err e = {0};
    struct desk_call call = {.store = s->store,
                             .settings = s->settings,
                             .ids = s->ids,
                             .hash = s->hash,
                             .key = s->key,
                             .now_ms = s->now_ms,
                             .turkish = !s->english,
                             .actor = "test",
                             .params = json_root(doc),
                             .file = file,
                             .faults = faults,
                             .out = &s->out,
                             .content_type = "application/json"};
    bool writes;

    assert_non_null(o);
    writes = (o->flags & DESK_WRITES) != 0;
    json_free(s->doc);
    s->doc = NULL;
    buf_reset(&s->out);
    assert_true(!writes || store_begin(s->store, &e) == 0);
    s->status = o->run(&call, &e);
    s->effects = call.effects;
    if (writes && s->status == 0) {
        assert_int_equal(store_commit(s->store, &e), 0);
    } else if (writes) {
        store_rollback(s->store);
    }
    if (s->status == 0 && strcmp(call.content_type, "application/json") == 0) {
        assert_int_equal(
            json_parse((struct str){s->out.data, s->out.len}, 0, &limits, &s->doc, NULL, &e), 0);
    }
    json_free(doc);
    if (s->applies && writes) {
        roster_scene_apply(s);
    }
    return s->status;
}

static inline void roster_scene_faults(struct roster_scene *s, const struct faults *faults)
{
    struct json_writer w;

    buf_reset(&s->out);
    jsonw_init(&w, &s->out);
    jsonw_object(&w);
    jsonw_key(&w, "faults");
    jsonw_array(&w);
    for (size_t i = 0; i < faults->count; i++) {
        jsonw_object(&w);
        jsonw_put(&w, "pointer", faults->list[i].pointer);
        jsonw_put(&w, "code", faults->list[i].code);
        jsonw_put(&w, "detail", s->english ? faults->list[i].en : faults->list[i].tr);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
}

/* The same, as text for people to read: the answer, or what is wrong. */
static inline struct str roster_scene_report(struct roster_scene *s, const char *operation,
                                             const struct roster_params *params, struct str file)
{
    struct faults faults;

    faults_init(&faults);
    if (roster_scene_call(s, operation, params, file, &faults) != 0) {
        roster_scene_faults(s, &faults);
    }
    faults_finish(&faults);
    buf_reset(&s->report);
    json_indent((struct str){s->out.data, s->out.len}, &s->report);
    return (struct str){s->report.data, s->report.len};
}
