/* What in a description would be empty for ever: names nobody fills, pointers that lead nowhere. */
#include "simulate/model.h"

#include <stdio.h>

/* All that fill.c knows. */
static const char *const names[] = {
    "balance", "code",    "count",   "detail",      "done_at", "error", "http",
    "id",      "job",     "job_ref", "message_ref", "now",     "parts", "refused",
    "sender",  "sent_at", "state",   "text",        "to",      "word",  NULL};

/* Pointers of an endpoint; those with below may also begin with "." and a message. */
static const struct {
    const char *key;
    size_t offset;
    bool below;
} pointers[] = {
    {"user", offsetof(struct sim_endpoint, user), false},
    {"password", offsetof(struct sim_endpoint, password), false},
    {"sender", offsetof(struct sim_endpoint, sender), false},
    {"ref", offsetof(struct sim_endpoint, ref), false},
    {"callback", offsetof(struct sim_endpoint, callback), false},
    {"messages", offsetof(struct sim_endpoint, messages), false},
    {"to", offsetof(struct sim_endpoint, to), true},
    {"text", offsetof(struct sim_endpoint, text), true},
    {"message_ref", offsetof(struct sim_endpoint, message_ref), true},
    {"job", offsetof(struct sim_endpoint, job), false},
    {"by_ref", offsetof(struct sim_endpoint, by_ref), false},
    {"only", offsetof(struct sim_endpoint, only), false},
    {"page", offsetof(struct sim_endpoint, page), false},
    {"after", offsetof(struct sim_endpoint, after), false},
};

static void check_name(struct str inside, const char *pointer, struct faults *faults)
{
    const char *bar = inside.len == 0 ? NULL : memchr(inside.ptr, '|', inside.len);
    struct str name = {inside.ptr, bar == NULL ? inside.len : (size_t)(bar - inside.ptr)};
    char quoted[OPTION_QUOTE_MAX + 4];
    const char *near;

    if (name.len > 0 && name.ptr[0] == '/') {
        return;
    }
    for (size_t i = 0; names[i] != NULL; i++) {
        if (str_eqs(name, names[i])) {
            return;
        }
    }
    near = str_nearest(name, names, sizeof(names) / sizeof(*names) - 1);
    option_quote(name, quoted);
    (void)faults_add(faults, pointer, "SIM-006", "\"%s\" adında bir değer yok%s%s%s",
                     "there is no value \"%s\"%s%s%s", quoted, near == NULL ? "" : " (",
                     near == NULL ? "" : near, near == NULL ? "" : "?)");
}

/* "${name}" anywhere, and "#{name}", "?{name}", "~{name}" as a whole string. */
static void check_text(struct str s, const char *pointer, struct faults *faults)
{
    if (s.len > 3 && memchr("#?~", s.ptr[0], 3) != NULL && s.ptr[1] == '{' &&
        s.ptr[s.len - 1] == '}') {
        check_name((struct str){s.ptr + 2, s.len - 3}, pointer, faults);
        return;
    }
    while (s.len > 0) {
        const char *at = memmem(s.ptr, s.len, "${", 2);
        const char *end = at == NULL ? NULL : memchr(at, '}', s.len - (size_t)(at - s.ptr));

        if (end == NULL) {
            return;
        }
        check_name((struct str){at + 2, (size_t)(end - at) - 2}, pointer, faults);
        s = (struct str){end + 1, s.len - (size_t)(end + 1 - s.ptr)};
    }
}

static void check_template(const struct json *v, const char *pointer, struct faults *faults)
{
    char below[FAULT_POINTER_MAX];
    int index = 0;

    if (json_type(v) == JSON_STRING) {
        check_text(json_str(v), pointer, faults);
        return;
    }
    for (const struct json *c = json_first(v); c != NULL; c = json_next(c)) {
        char number[16];

        (void)snprintf(number, sizeof(number), "%d", index++);
        option_pointer(pointer, json_type(v) == JSON_ARRAY ? number : json_key(c), below);
        check_template(c, below, faults);
    }
}

static bool leads_somewhere(const char *pointer, bool below)
{
    if (below && pointer[0] == '.') {
        return pointer[1] == '\0' || pointer[1] == '/';
    }
    return pointer[0] == '/';
}

static void check_pointer(const char *value, bool below, const char *place, struct faults *faults)
{
    char quoted[OPTION_QUOTE_MAX + 4];

    if (value != NULL && !leads_somewhere(value, below)) {
        option_quote(str_of(value), quoted);
        (void)faults_add(faults, place, "SIM-007", "\"%s\" yer göstermiyor: \"/\" ile başlamalı%s",
                         "\"%s\" points nowhere: it must begin with \"/\"%s", quoted,
                         below ? " (\"./\")" : "");
    }
}

static void check_endpoint(const struct sim_endpoint *p, const char *place, struct faults *faults)
{
    char below[FAULT_POINTER_MAX];
    char rule[FAULT_POINTER_MAX];

    for (size_t i = 0; i < sizeof(pointers) / sizeof(*pointers); i++) {
        const char *value;

        memcpy(&value, (const char *)p + pointers[i].offset, sizeof(value));
        option_pointer(place, pointers[i].key, below);
        check_pointer(value, pointers[i].below, below, faults);
    }
    for (size_t i = 0; i < p->rule_count; i++) {
        (void)snprintf(rule, sizeof(rule), "%.100s/require/%zu/at", place, i);
        check_pointer(p->rules[i].at, true, rule, faults);
    }
    option_pointer(place, "reply", below);
    check_template(p->reply, below, faults);
    option_pointer(place, "replies", below);
    check_template(p->replies, below, faults);
}

void sim_model_check(const struct sim_model *m, struct faults *faults)
{
    char place[FAULT_POINTER_MAX];
    char reply[FAULT_POINTER_MAX];

    for (size_t i = 0; i < m->endpoint_count; i++) {
        (void)snprintf(place, sizeof(place), "/endpoints/%zu", i);
        check_endpoint(&m->endpoints[i], place, faults);
    }
    for (const struct json *v = json_first(m->codes); v != NULL; v = json_next(v)) {
        option_pointer("/codes", json_key(v), place);
        option_pointer(place, "reply", reply);
        check_template(json_get(v, "reply"), reply, faults);
    }
    check_template(m->refusal, "/refusal", faults);
    check_template(m->push.body, "/push/body", faults);
}
