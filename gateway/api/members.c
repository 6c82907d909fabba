/* The members of a small request: an object, and nothing in it that nobody would read. */
#include "api/api_internal.h"

#include <stdio.h>

static bool is_known(const char *const *known, const char *name)
{
    while (*known != NULL && strcmp(*known, name) != 0) {
        known++;
    }
    return *known != NULL;
}

static void check_members(const struct json *root, const char *const *known, struct faults *faults)
{
    for (const struct json *v = json_first(root); v != NULL; v = json_next(v)) {
        char pointer[FAULT_POINTER_MAX];

        if (!is_known(known, json_key(v))) {
            (void)snprintf(pointer, sizeof pointer, "/%s", json_key(v));
            (void)faults_add(faults, pointer, "unknown_member",
                             "\"%s\" burada kullanılmaz; hiçbir şey yapılmadı",
                             "\"%s\" is not used here; nothing was done", json_key(v));
        }
    }
}

struct json_doc *api_members(struct call *call, const char *const *known)
{
    const struct str body = http_body(call->req);
    const bool empty = str_trim(body).len == 0;
    struct json_doc *doc = NULL;
    struct faults faults;
    struct err e = {0};

    if (json_parse(empty ? STR("{}") : body, 0, &json_default_limits, &doc, NULL, &e) != 0) {
        api_refuse(call->req, "invalid_json", NULL, NULL);
        return NULL;
    }
    if (json_type(json_root(doc)) != JSON_OBJECT) {
        api_refuse(call->req, "not_an_object", NULL, NULL);
        json_free(doc);
        return NULL;
    }
    faults_init(&faults);
    check_members(json_root(doc), known, &faults);
    if (faults.errors > 0) {
        api_refuse(call->req, "validation_failed", &faults, NULL);
        json_free(doc);
        doc = NULL;
    }
    faults_finish(&faults);
    return doc;
}
