#include "simulate/model.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MODEL_BYTES_MAX = 256 * 1024 };

#define IN_MODEL(member)    .offset = offsetof(struct sim_model, member)
#define IN_ENDPOINT(member) .offset = offsetof(struct sim_endpoint, member)
#define IN_RULE(member)     .offset = offsetof(struct sim_rule, member)
#define IN_PUSH(member)     .offset = offsetof(struct sim_push, member)

static const char *const number_names[] = {"905x", "5x", "+905x", NULL};
static const char *const kind_names[] = {"send", "report", "data", NULL};
static const char *const body_names[] = {"none", "json", "form", "xml", NULL};
static const char *const charset_names[] = {"utf-8", "iso-8859-9", NULL};
static const char *const push_names[] = {"json", "form", "query", "expand", NULL};

static const struct option model_table[] = {
    {.key = "$schema", .type = OPTION_RAW, IN_MODEL(schema)},
    {.key = "name", .type = OPTION_STRING, IN_MODEL(name), .required = true, .min = 1, .max = 40},
    {.key = "title", .type = OPTION_STRING, IN_MODEL(title), .required = true, .min = 1, .max = 60},
    {.key = "number_form",
     .type = OPTION_ENUM,
     IN_MODEL(number_form),
     .names = number_names,
     .fallback = "\"905x\""},
    {.key = "job_id", .type = OPTION_STRING, IN_MODEL(job_id), .fallback = "\"{number}\""},
    {.key = "message_id", .type = OPTION_STRING, IN_MODEL(message_id), .fallback = "\"{number}\""},
    {.key = "accepted", .type = OPTION_STRING, IN_MODEL(accepted), .fallback = "\"0\""},
    {.key = "per_part", .type = OPTION_BOOL, IN_MODEL(per_part), .fallback = "false"},
    {.key = "balance", .type = OPTION_STRING, IN_MODEL(balance), .fallback = "\"1500\""},
    {.key = "sample_user", .type = OPTION_STRING, IN_MODEL(sample_user), .fallback = "\"deneme\""},
    {.key = "codes", .type = OPTION_RAW, IN_MODEL(codes), .required = true},
    {.key = "on", .type = OPTION_RAW, IN_MODEL(on)},
    {.key = "refusal", .type = OPTION_RAW, IN_MODEL(refusal), .required = true},
    {.key = "states", .type = OPTION_RAW, IN_MODEL(states), .required = true},
    {.key = "state_start", .type = OPTION_STRING, IN_MODEL(state_start), .required = true},
    {.key = "state_good", .type = OPTION_STRING, IN_MODEL(state_good), .required = true},
    {.key = "state_repeated", .type = OPTION_STRING, IN_MODEL(state_repeated)},
    {.key = "state_path", .type = OPTION_STRINGS, IN_MODEL(state_path)},
    {.key = "endpoints", .type = OPTION_RAW, IN_MODEL(endpoint_list), .required = true},
    {.key = "push", .type = OPTION_RAW, IN_MODEL(push_raw)},
    {.key = NULL}};

static const struct option endpoint_table[] = {
    {.key = "kind", .type = OPTION_ENUM, IN_ENDPOINT(kind), .names = kind_names, .required = true},
    {.key = "method", .type = OPTION_STRING, IN_ENDPOINT(method), .fallback = "\"POST\""},
    {.key = "path",
     .type = OPTION_STRING,
     IN_ENDPOINT(path),
     .required = true,
     .min = 1,
     .max = 400},
    {.key = "body", .type = OPTION_ENUM, IN_ENDPOINT(body), .names = body_names},
    {.key = "charset", .type = OPTION_ENUM, IN_ENDPOINT(charset), .names = charset_names},
    {.key = "user", .type = OPTION_STRING, IN_ENDPOINT(user)},
    {.key = "password", .type = OPTION_STRING, IN_ENDPOINT(password)},
    {.key = "sender", .type = OPTION_STRING, IN_ENDPOINT(sender)},
    {.key = "ref", .type = OPTION_STRING, IN_ENDPOINT(ref)},
    {.key = "callback", .type = OPTION_STRING, IN_ENDPOINT(callback)},
    {.key = "messages", .type = OPTION_STRING, IN_ENDPOINT(messages)},
    {.key = "to", .type = OPTION_STRING, IN_ENDPOINT(to)},
    {.key = "text", .type = OPTION_STRING, IN_ENDPOINT(text)},
    {.key = "message_ref", .type = OPTION_STRING, IN_ENDPOINT(message_ref)},
    {.key = "job", .type = OPTION_STRING, IN_ENDPOINT(job)},
    {.key = "by_ref", .type = OPTION_STRING, IN_ENDPOINT(by_ref)},
    {.key = "only", .type = OPTION_STRING, IN_ENDPOINT(only)},
    {.key = "page", .type = OPTION_STRING, IN_ENDPOINT(page)},
    {.key = "page_from", .type = OPTION_INT, IN_ENDPOINT(page_from), .fallback = "0", .max = 1},
    {.key = "page_rows", .type = OPTION_INT, IN_ENDPOINT(page_rows), .fallback = "0", .max = 10000},
    {.key = "after", .type = OPTION_STRING, IN_ENDPOINT(after)},
    {.key = "empty", .type = OPTION_STRING, IN_ENDPOINT(empty)},
    {.key = "require", .type = OPTION_RAW, IN_ENDPOINT(require)},
    {.key = "reply", .type = OPTION_RAW, IN_ENDPOINT(reply), .required = true},
    {.key = "replies", .type = OPTION_RAW, IN_ENDPOINT(replies)},
    {.key = NULL}};

static const struct option rule_table[] = {
    {.key = "at", .type = OPTION_STRING, IN_RULE(at), .required = true, .min = 1, .max = 400},
    {.key = "match", .type = OPTION_STRING, IN_RULE(match), .required = true, .min = 1, .max = 400},
    {.key = "code", .type = OPTION_STRING, IN_RULE(code), .required = true, .min = 1, .max = 400},
    {.key = "why", .type = OPTION_STRING, IN_RULE(why), .fallback = "\"\""},
    {.key = NULL}};

static const struct option push_table[] = {
    {.key = "form", .type = OPTION_ENUM, IN_PUSH(form), .names = push_names, .required = true},
    {.key = "method", .type = OPTION_STRING, IN_PUSH(method), .fallback = "\"POST\""},
    {.key = "sign", .type = OPTION_STRING, IN_PUSH(sign)},
    {.key = "body", .type = OPTION_RAW, IN_PUSH(body), .required = true},
    {.key = NULL}};

const struct json *sim_code(const struct sim_model *m, const char *code)
{
    return code == NULL ? NULL : json_get(m->codes, code);
}

const struct json *sim_state(const struct sim_model *m, const char *state)
{
    return state == NULL ? NULL : json_get(m->states, state);
}

const char *sim_code_on(const struct sim_model *m, const char *condition)
{
    return json_str(json_get(m->on, condition)).ptr;
}

const char *sim_by_number(const struct json *table, int64_t n)
{
    for (const struct json *v = json_first(table); v != NULL; v = json_next(v)) {
        int64_t number = -1;

        if (json_i64(json_get(v, "number"), &number) != 0 &&
            str_i64(str_of(json_key(v)), &number) != 0) {
            continue;
        }
        if (number == n) {
            return json_key(v);
        }
    }
    return NULL;
}

/* Checks. */

static void unknown_name(struct faults *faults, const char *pointer, const char *name)
{
    (void)faults_add(faults, pointer, "SIM-001", "\"%s\" tabloda yok", "\"%s\" is not in the table",
                     name);
}

static void check_state(const struct sim_model *m, const char *key, const char *state,
                        struct faults *faults)
{
    char pointer[FAULT_POINTER_MAX];

    if (state != NULL && sim_state(m, state) == NULL) {
        option_pointer("", key, pointer);
        unknown_name(faults, pointer, state);
    }
}

/* Without these the simulator would take what it should refuse. */
static void check_conditions(const struct sim_model *m, struct faults *faults)
{
    static const char *const needed[] = {"auth", "malformed", "missing", "number", "throttled"};

    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
        if (sim_code_on(m, needed[i]) == NULL) {
            (void)faults_add(faults, "/on", "SIM-004", "\"%s\" durumunun kodu yok",
                             "there is no code for \"%s\"", needed[i]);
        }
    }
}

static void check_names(const struct sim_model *m, struct faults *faults)
{
    char pointer[FAULT_POINTER_MAX];

    check_conditions(m, faults);
    check_state(m, "state_start", m->state_start, faults);
    check_state(m, "state_good", m->state_good, faults);
    check_state(m, "state_repeated", m->state_repeated, faults);
    for (size_t i = 0; i < m->state_path.count; i++) {
        check_state(m, "state_path", m->state_path.items[i], faults);
    }
    for (const struct json *v = json_first(m->on); v != NULL; v = json_next(v)) {
        if (sim_code(m, json_str(v).ptr) == NULL) {
            option_pointer("/on", json_key(v), pointer);
            unknown_name(faults, pointer, json_str(v).ptr == NULL ? "" : json_str(v).ptr);
        }
    }
    for (size_t i = 0; i < m->endpoint_count; i++) {
        const struct sim_endpoint *p = &m->endpoints[i];

        if (p->empty != NULL && sim_code(m, p->empty) == NULL) {
            unknown_name(faults, "/endpoints", p->empty);
        }
    }
}

static void read_rule(struct sim_model *m, struct sim_endpoint *p, const struct json *v,
                      const char *pointer, struct faults *faults)
{
    struct sim_rule *rule = &p->rules[p->rule_count++];
    size_t before = faults->errors;

    option_read(rule_table, v, pointer, rule, faults);
    if (faults->errors > before) {
        return;
    }
    if (sim_code(m, rule->code) == NULL) {
        unknown_name(faults, pointer, rule->code);
    }
    rule->compiled = regcomp(&rule->regex, rule->match, REG_EXTENDED | REG_NOSUB) == 0;
    if (!rule->compiled) {
        (void)faults_add(faults, pointer, "SIM-002", "\"%s\" düzenli ifade değil",
                         "\"%s\" is no regular expression", rule->match);
    }
}

static void read_endpoint(struct sim_model *m, const struct json *v, const char *pointer,
                          struct faults *faults)
{
    struct sim_endpoint *p = &m->endpoints[m->endpoint_count++];

    option_read(endpoint_table, v, pointer, p, faults);
    for (const struct json *r = json_first(p->require); r != NULL; r = json_next(r)) {
        if (p->rule_count < SIM_RULES_MAX) {
            read_rule(m, p, r, pointer, faults);
        }
    }
}

static void read_parts(struct sim_model *m, struct faults *faults)
{
    char pointer[FAULT_POINTER_MAX];
    int index = 0;

    for (const struct json *v = json_first(m->endpoint_list); v != NULL; v = json_next(v)) {
        (void)snprintf(pointer, sizeof(pointer), "/endpoints/%d", index++);
        if (m->endpoint_count == SIM_ENDPOINTS_MAX) {
            (void)faults_add(faults, pointer, "SIM-003", "en çok %d uç tanımlanabilir",
                             "at most %d endpoints", SIM_ENDPOINTS_MAX);
            return;
        }
        read_endpoint(m, v, pointer, faults);
    }
    if (m->push_raw != NULL) {
        m->has_push = true;
        option_read(push_table, m->push_raw, "/push", &m->push, faults);
    }
    if (faults->errors == 0) {
        check_names(m, faults);
        sim_model_check(m, faults);
    }
}

static int read_file(const char *path, struct buf *text, struct err *e)
{
    int fd = file_open(path, e);
    ssize_t n = 1;
    int code = 0;

    if (fd < 0) {
        return fd;
    }
    while (n > 0 && buf_failed(text) == 0) {
        char *room = buf_reserve(text, 4096);

        n = room == NULL ? 0 : read(fd, room, 4096);
        buf_commit(text, n > 0 ? (size_t)n : 0);
    }
    if (n < 0) {
        code = err_errno(e, errno, "%s", path);
    } else if (buf_failed(text) != 0) {
        code = err_set(e, buf_failed(text), "%s is too large", path);
    }
    (void)close(fd);
    return code;
}

/* What the parser said, as a fault with its place. */
static int fault_json(struct faults *faults, const char *path, struct json_place place,
                      struct err *e)
{
    struct fault *f =
        faults_add(faults, "", "SIM-005", "JSON okunamadı: %1$s%2$.0s", "not JSON: %1$.0s%2$s",
                   json_problem_text(place.problem, true), json_problem_text(place.problem, false));

    if (f != NULL) {
        (void)snprintf(f->file, sizeof(f->file), "%s", path);
        f->line = place.line;
        f->column = place.column;
    }
    return err_set(e, ERR_INVALID, "%s is no JSON", path);
}

static int parse(struct str text, const char *path, struct sim_model *m, struct faults *faults,
                 struct err *e)
{
    struct json_place place = {0};
    int code =
        json_parse(text, JSON_COMMENTS | JSON_POSITIONS, &json_default_limits, &m->doc, &place, e);

    if (code != 0) {
        return code == ERR_NOMEM ? code : fault_json(faults, path, place, e);
    }
    option_read(model_table, json_root(m->doc), "", m, faults);
    read_parts(m, faults);
    option_place_faults(m->doc, text, path, 0, faults);
    return faults->errors == 0 ? 0 : err_set(e, ERR_INVALID, "%s is no good description", path);
}

int sim_model_load(const char *path, struct sim_model **ret, struct faults *faults, struct err *e)
{
    struct sim_model *m = calloc(1, sizeof(*m));
    struct buf text;
    int code;

    if (m == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a simulator");
    }
    buf_init(&text, MODEL_BYTES_MAX);
    code = read_file(path, &text, e);
    code = code != 0 ? code : parse((struct str){text.data, text.len}, path, m, faults, e);
    buf_finish(&text);
    if (code != 0) {
        sim_model_free(m);
        return code;
    }
    *ret = m;
    return 0;
}

void sim_model_free(struct sim_model *m)
{
    if (m == NULL) {
        return;
    }
    for (size_t i = 0; i < m->endpoint_count; i++) {
        struct sim_endpoint *p = &m->endpoints[i];

        for (size_t k = 0; k < p->rule_count; k++) {
            if (p->rules[k].compiled) {
                regfree(&p->rules[k].regex);
            }
            option_release(rule_table, &p->rules[k]);
        }
        option_release(endpoint_table, p);
    }
    option_release(push_table, &m->push);
    option_release(model_table, m);
    json_free(m->doc);
    free(m);
}
