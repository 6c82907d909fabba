/* Reading the members of a request; each wrong one is a fault of its own. */
#include "flow/desk.h"

#include "base/civil.h"
#include "base/utf8.h"
#include "domain/calendar.h"

#include <inttypes.h>
#include <stdio.h>

enum { TIME_TEXT_MAX = 40 };

struct pointer {
    char text[FAULT_POINTER_MAX];
};

static struct pointer pointer_to(const char *name)
{
    struct pointer p;

    (void)snprintf(p.text, sizeof p.text, "/%s", name);
    return p;
}

static void mark_read(struct desk_call *call, const char *name)
{
    unsigned place = 0;

    for (const struct json *v = json_first(call->params); v != NULL && place < DESK_MEMBERS_MAX;
         v = json_next(v), place++) {
        if (json_key(v) != NULL && strcmp(json_key(v), name) == 0) {
            call->read |= UINT64_C(1) << place;
        }
    }
}

/* Null for a member that is absent, null or empty. */
static const struct json *member(struct desk_call *call, const char *name)
{
    const struct json *v = json_get(call->params, name);
    const bool empty = json_type(v) == JSON_STRING && json_str(v).len == 0;

    mark_read(call, name);
    return json_type(v) == JSON_NULL || empty ? NULL : v;
}

struct str desk_lines(struct desk_call *call, const char *name, size_t max)
{
    const struct json *v = member(call, name);
    struct str text = json_str(v);

    if (v == NULL) {
        return STR("");
    }
    if (json_type(v) != JSON_STRING) {
        (void)faults_add(call->faults, pointer_to(name).text, "not_text", "\"%s\" metin olmalı",
                         "\"%s\" has to be a text", name);
        return STR("");
    }
    if (text.len > max) {
        (void)faults_add(call->faults, pointer_to(name).text, "too_long",
                         "\"%s\" en çok %zu bayt olabilir", "\"%s\" may have %zu bytes at most",
                         name, max);
        return STR("");
    }
    return text;
}

struct str desk_text(struct desk_call *call, const char *name, size_t max)
{
    struct str text = desk_lines(call, name, max);

    if (!utf8_clean_line(text)) {
        (void)faults_add(call->faults, pointer_to(name).text, "control_character",
                         "\"%s\" tek satır olmalı, denetim karakteri içermemeli",
                         "\"%s\" has to be one line without control characters", name);
        return STR("");
    }
    return text;
}

struct str desk_need(struct desk_call *call, const char *name, size_t max)
{
    if (member(call, name) == NULL) {
        (void)faults_add(call->faults, pointer_to(name).text, "missing", "\"%s\" verilmeli",
                         "\"%s\" is needed", name);
        return STR("");
    }
    return desk_text(call, name, max);
}

int64_t desk_number(struct desk_call *call, const char *name, int64_t min, int64_t max,
                    int64_t otherwise)
{
    const struct json *v = member(call, name);
    int64_t n = 0;
    int rc;

    if (v == NULL) {
        return otherwise;
    }
    rc = json_type(v) == JSON_STRING ? str_i64(json_str(v), &n) : json_i64(v, &n);
    if (rc != 0 || n < min || n > max) {
        (void)faults_add(call->faults, pointer_to(name).text, "not_in_range",
                         "\"%s\" %" PRId64 " ile %" PRId64 " arasında bir tam sayı olmalı",
                         "\"%s\" has to be a whole number from %" PRId64 " to %" PRId64, name, min,
                         max);
        return otherwise;
    }
    return n;
}

bool desk_bool(struct desk_call *call, const char *name, bool otherwise)
{
    const struct json *v = json_get(call->params, name);
    struct str text = json_str(v);

    mark_read(call, name);
    if (json_type(v) == JSON_NULL) {
        return otherwise;
    }
    if (json_type(v) == JSON_BOOL) {
        return json_bool(v, otherwise);
    }
    if (json_type(v) == JSON_STRING &&
        (text.len == 0 || str_eqs(text, "1") || str_eqs(text, "true"))) {
        return true;
    }
    if (json_type(v) != JSON_STRING || !(str_eqs(text, "0") || str_eqs(text, "false"))) {
        (void)faults_add(call->faults, pointer_to(name).text, "not_boolean",
                         "\"%s\" true ya da false olmalı", "\"%s\" has to be true or false", name);
        return otherwise;
    }
    return false;
}

/* A date stands for its first or its last moment in Türkiye. */
static int read_time(struct str text, bool end, int64_t *ret_ms)
{
    const bool date = text.len == sizeof "2027-02-20" - 1;
    int rc = istanbul_parse_end(text, ret_ms);

    if (rc == 0 && date && !end) {
        *ret_ms = istanbul_ms(istanbul_day(*ret_ms), 0);
    }
    return rc;
}

int64_t desk_time(struct desk_call *call, const char *name, bool end, int64_t otherwise)
{
    const size_t before = call->faults->total;
    struct str text = desk_text(call, name, TIME_TEXT_MAX);
    int64_t ms;

    if (text.len == 0 || call->faults->total != before) {
        return otherwise;
    }
    if (read_time(text, end, &ms) != 0) {
        (void)faults_add(
            call->faults, pointer_to(name).text, "not_a_time",
            "\"%s\" bir tarih (2027-02-20) ya da an (2027-02-20T09:00:00+03:00) olmalı",
            "\"%s\" has to be a date (2027-02-20) or an instant "
            "(2027-02-20T09:00:00+03:00)",
            name);
        return otherwise;
    }
    return ms;
}

int desk_check(struct desk_call *call, struct err *e)
{
    return call->faults->errors == 0 ? 0
                                     : err_set(e, ERR_INVALID, "%s",
                                               call->faults->count > 0 ? call->faults->list[0].en
                                                                       : "the request has faults");
}

int desk_check_all_read(struct desk_call *call, struct err *e)
{
    const size_t before = call->faults->total;
    unsigned place = 0;

    for (const struct json *v = json_first(call->params); v != NULL; v = json_next(v), place++) {
        const bool read = place < DESK_MEMBERS_MAX && (call->read & UINT64_C(1) << place) != 0;

        if (!read && json_type(v) != JSON_NULL) {
            const char *name = json_key(v) == NULL ? "" : json_key(v);

            (void)faults_add(call->faults, pointer_to(name).text, "unknown_member",
                             "\"%s\" burada kullanılmaz; hiçbir şey yapılmadı",
                             "\"%s\" is not used here; nothing was done", name);
        }
    }
    return call->faults->total == before ? 0 : desk_check(call, e);
}

int desk_refuse(struct desk_call *call, int code, const char *fault_code, struct err *e,
                const char *tr, const char *en)
{
    (void)faults_add(call->faults, "", fault_code, "%s%.0s", "%.0s%s", tr, en);
    return err_set(e, code, "%s", en);
}
