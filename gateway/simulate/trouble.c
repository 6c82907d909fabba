#include "simulate/trouble.h"

#include "base/buf.h"
#include "base/number.h"

#include <stdio.h>

const char *const sim_trouble_names[] = {
    "code",           "throttle", "lost-reply",       "late",       "slow",         "reset",
    "html502",        "status",   "truncated",        "half",       "empty",        "huge",
    "shape",          "redirect", "accepted-silent",  "dup-report", "out-of-order", "early-report",
    "unknown-report", "state",    "duplicate-window", NULL};

static const char *const at_names[] = {"send", "report", "data", "any"};

/* How an argument is read, and what it is when absent. */
enum arg { ARG_NONE, ARG_WORD, ARG_NUMBER, ARG_DURATION };

static const struct {
    enum arg arg;
    bool required;
    int64_t otherwise;
} args[TROUBLE_KIND_COUNT] = {
    [TROUBLE_CODE] = {ARG_WORD, true, 0},          [TROUBLE_THROTTLE] = {ARG_NUMBER, false, 0},
    [TROUBLE_LATE] = {ARG_DURATION, false, 60000}, [TROUBLE_SLOW] = {ARG_DURATION, false, 1000},
    [TROUBLE_STATUS] = {ARG_NUMBER, true, 0},      [TROUBLE_HUGE] = {ARG_NUMBER, false, 4 << 20},
    [TROUBLE_SHAPE] = {ARG_WORD, true, 0},         [TROUBLE_REDIRECT] = {ARG_WORD, true, 0},
    [TROUBLE_STATE] = {ARG_WORD, true, 0},         [TROUBLE_WINDOW] = {ARG_DURATION, false, 600000},
};

enum { HUGE_MAX = 64 << 20, STATUS_MIN = 200, STATUS_MAX = 599, NAMES_SHOWN = 180 };

static int read_kind(struct str name, struct sim_trouble *t, struct fault *why)
{
    const char *near;

    for (size_t i = 0; i < TROUBLE_KIND_COUNT; i++) {
        if (str_eqs(name, sim_trouble_names[i])) {
            t->kind = (enum sim_trouble_kind)i;
            return 0;
        }
    }
    near = str_nearest(name, sim_trouble_names, TROUBLE_KIND_COUNT);
    return fault_say(why, ERR_INVALID, "böyle bir arıza yok%s%s%s", "there is no such fault%s%s%s",
                     near == NULL ? "" : " (", near == NULL ? "" : near, near == NULL ? "" : "?)");
}

static int read_arg(struct str arg, struct sim_trouble *t, struct fault *why)
{
    const char *name = sim_trouble_names[t->kind];

    t->number = args[t->kind].otherwise;
    if (arg.len == 0) {
        return args[t->kind].required ? fault_say(why, ERR_INVALID, "%1$s değer ister: %1$s:…",
                                                  "%1$s needs a value: %1$s:…", name)
                                      : 0;
    }
    if (args[t->kind].arg == ARG_NONE || str_copy(t->arg, sizeof(t->arg), arg) != 0) {
        return fault_say(why, ERR_INVALID, "%s böyle bir değer almaz", "%s takes no such value",
                         name);
    }
    if (args[t->kind].arg == ARG_DURATION && str_duration_ms(arg, &t->number) != 0) {
        return fault_say(why, ERR_INVALID, "süre yazın, örneğin 300ms ya da 5s",
                         "write a duration such as 300ms or 5s");
    }
    if (args[t->kind].arg == ARG_NUMBER &&
        (str_i64(arg, &t->number) != 0 || t->number < 0 || t->number > HUGE_MAX)) {
        return fault_say(why, ERR_INVALID, "en çok %d olan bir sayı yazın",
                         "write a number up to %d", HUGE_MAX);
    }
    if (t->kind == TROUBLE_STATUS && (t->number < STATUS_MIN || t->number > STATUS_MAX)) {
        return fault_say(why, ERR_INVALID, "%d ile %d arasında bir durum kodu yazın",
                         "write a status from %d to %d", STATUS_MIN, STATUS_MAX);
    }
    return 0;
}

static int read_at(struct str word, struct sim_trouble *t, struct fault *why)
{
    for (size_t i = 0; i < sizeof(at_names) / sizeof(*at_names); i++) {
        if (str_eqs(word, at_names[i])) {
            t->on = (enum sim_at)i;
            return 0;
        }
    }
    return fault_say(why, ERR_INVALID, "on= send, report, data ya da any olur",
                     "on= is send, report, data or any");
}

static int read_modifier(struct str m, struct sim_trouble *t, struct fault *why)
{
    char number[32];

    if (str_eqs(m, "accept")) {
        t->accept = true;
        return 0;
    }
    if (str_starts(m, "on=")) {
        return read_at((struct str){m.ptr + 3, m.len - 3}, t, why);
    }
    if (str_starts(m, "n=") && str_i64((struct str){m.ptr + 2, m.len - 2}, &t->left) == 0 &&
        t->left >= 0) {
        return 0;
    }
    if (str_starts(m, "after=") && str_i64((struct str){m.ptr + 6, m.len - 6}, &t->after) == 0 &&
        t->after >= 0) {
        return 0;
    }
    if (str_starts(m, "p=") &&
        str_copy(number, sizeof(number), (struct str){m.ptr + 2, m.len - 2}) == 0) {
        t->p = number_parse(number);
        if (t->p > 0 && t->p <= 1) {
            return 0;
        }
    }
    return fault_say(
        why, ERR_INVALID,
        "\"%.*s\": arızanın ardına p=0.2, n=3, after=10, on=send|report|data|any ya da accept "
        "gelir",
        "\"%.*s\": after a fault come p=0.2, n=3, after=10, on=send|report|data|any or accept",
        (int)(m.len > 40 ? 40 : m.len), m.ptr);
}

/* Up to mark, and what follows it. */
static struct str before(struct str *s, char mark)
{
    const char *at = s->len == 0 ? NULL : memchr(s->ptr, mark, s->len);
    struct str first = {s->ptr, at == NULL ? s->len : (size_t)(at - s->ptr)};

    *s = at == NULL ? (struct str){s->ptr + s->len, 0}
                    : (struct str){at + 1, s->len - first.len - 1};
    return first;
}

/* "20 30 40", the names of a table; " …" when there are too many. */
static void add_names(const struct json *table, struct buf *out)
{
    for (const struct json *v = json_first(table); v != NULL; v = json_next(v)) {
        if (out->len + strlen(json_key(v)) > NAMES_SHOWN) {
            (void)buf_adds(out, " …");
            return;
        }
        (void)buf_addf(out, "%s%s", out->len > 0 ? " " : "", json_key(v));
    }
}

static int unknown_word(const struct sim_trouble *t, const struct buf *names, struct fault *why)
{
    const char *name = sim_trouble_names[t->kind];

    return names->len == 0 ? fault_say(why, ERR_INVALID, "burada başka bir %s yok",
                                       "there is no other %s here", name)
                           : fault_say(why, ERR_INVALID, "böyle bir %s yok; olanlar: %s",
                                       "there is no such %s; there are: %s", name, buf_cstr(names));
}

static int check_word(const struct sim_trouble *t, const struct json *table, struct fault *why)
{
    struct buf names;
    int code = 0;

    if (json_get(table, t->arg) == NULL) {
        buf_init(&names, 1024);
        add_names(table, &names);
        code = unknown_word(t, &names, why);
        buf_finish(&names);
    }
    return code;
}

/* A shape belongs to one kind of call: the one at which the trouble strikes must know it. */
static int check_shape(const struct sim_trouble *t, const struct sim_model *model,
                       struct fault *why)
{
    struct buf names;
    bool known = false;
    int code;

    buf_init(&names, 1024);
    for (size_t i = 0; i < model->endpoint_count; i++) {
        const struct sim_endpoint *p = &model->endpoints[i];

        if (t->on == SIM_AT_ANY || (int)t->on == p->kind) {
            known = known || json_get(p->replies, t->arg) != NULL;
            add_names(p->replies, &names);
        }
    }
    code = known ? 0 : unknown_word(t, &names, why);
    buf_finish(&names);
    return code;
}

/* Whether it can strike as it is written. */
static int check(const struct sim_trouble *t, const struct sim_model *model, struct fault *why)
{
    bool refuses = t->kind == TROUBLE_CODE || t->kind == TROUBLE_THROTTLE;
    bool of_message = t->kind >= TROUBLE_FIRST_OF_MESSAGE;

    if (t->accept && refuses) {
        return fault_say(
            why, ERR_INVALID,
            "%s isteği geri çevirir; accept yalnız reset, html502, status ve redirect ile olur",
            "%s refuses the request; accept goes with reset, html502, status and redirect",
            sim_trouble_names[t->kind]);
    }
    if (of_message && (t->on == SIM_AT_REPORT || t->on == SIM_AT_DATA)) {
        return fault_say(
            why, ERR_INVALID, "%s gönderilen iletiyle ilgilidir; on= yazmayın",
            "%s concerns messages as they are sent; leave out on=", sim_trouble_names[t->kind]);
    }
    if (model == NULL) {
        return 0;
    }
    switch (t->kind) {
    case TROUBLE_CODE:
        return check_word(t, model->codes, why);
    case TROUBLE_STATE:
        return check_word(t, model->states, why);
    case TROUBLE_SHAPE:
        return check_shape(t, model, why);
    default:
        return 0;
    }
}

int sim_trouble_add(struct sim_troubles *list, const struct sim_model *model, struct str spec,
                    struct fault *why)
{
    struct sim_trouble t = {.p = 1, .left = -1};
    struct str rest = str_trim(spec);
    struct str head = before(&rest, ',');
    struct str name = before(&head, ':');
    int code;

    if (list->count == TROUBLES_MAX) {
        return fault_say(why, ERR_LIMIT, "aynı anda en çok %d arıza", "at most %d faults at once",
                         TROUBLES_MAX);
    }
    code = read_kind(name, &t, why);
    code = code != 0 ? code : read_arg(head, &t, why);
    while (code == 0 && rest.len > 0) {
        code = read_modifier(before(&rest, ','), &t, why);
    }
    code = code != 0 ? code : check(&t, model, why);
    if (code == 0) {
        list->list[list->count++] = t;
    }
    return code;
}

static bool strikes(struct sim_troubles *list, struct sim_trouble *t)
{
    const uint64_t whole = 1u << 30;

    if (t->left == 0) {
        return false;
    }
    if (t->after > 0) {
        t->after--;
        return false;
    }
    if (t->p < 1 && (double)rng_below(&list->rng, whole) >= t->p * (double)whole) {
        return false;
    }
    t->left -= t->left > 0;
    t->hits++;
    return true;
}

const struct sim_trouble *sim_trouble_request(struct sim_troubles *t, enum sim_at at)
{
    for (size_t i = 0; i < t->count; i++) {
        struct sim_trouble *one = &t->list[i];

        if (one->kind < TROUBLE_FIRST_OF_MESSAGE && (one->on == at || one->on == SIM_AT_ANY) &&
            strikes(t, one)) {
            return one;
        }
    }
    return NULL;
}

const struct sim_trouble *sim_trouble_message(struct sim_troubles *t, enum sim_trouble_kind kind)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->list[i].kind == kind && strikes(t, &t->list[i])) {
            return &t->list[i];
        }
    }
    return NULL;
}

void sim_troubles_json(const struct sim_troubles *t, struct json_writer *w)
{
    jsonw_array(w);
    for (size_t i = 0; i < t->count; i++) {
        const struct sim_trouble *one = &t->list[i];

        jsonw_object(w);
        jsonw_put(w, "fault", sim_trouble_names[one->kind]);
        jsonw_put(w, "value", one->arg);
        jsonw_key(w, "p");
        jsonw_double(w, one->p);
        jsonw_put_i64(w, "left", one->left);
        jsonw_put_i64(w, "hits", (int64_t)one->hits);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}
