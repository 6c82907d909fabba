/* A question about messages taken earlier. */
#include "simulate/parts.h"

#include <stdlib.h>

enum { REPORT_ROWS_MAX = 20000 };

const char *sim_state_now(const struct simulator *s, const struct sim_message *m, int64_t now,
                          bool *ret_over)
{
    const struct option_strings *path = &s->model->state_path;

    *ret_over =
        now >= m->end_ms && json_bool(json_get(sim_state(s->model, m->state), "final"), true);
    if (now >= m->end_ms) {
        return m->state;
    }
    return path->count > 0 ? path->items[path->count - 1] : s->model->state_start;
}

/* The messages asked for, before they become rows. */
struct asking {
    struct sim_exchange *x;
    bool by_ref;
    int64_t now;
    const struct json *only;
    bool asked; /* at least one id was given */
    bool disorder;
    bool stranger;
};

struct match {
    const char *to;
    bool found;
};

static void see_number(void *ctx, struct str part)
{
    struct match *m = ctx;
    char to[20];

    m->found = m->found || (sim_number(part, to) && strcmp(to, m->to) == 0);
}

static bool wanted(const struct asking *a, const struct sim_message *m)
{
    struct match match = {.to = m->to};

    if (a->only == NULL || json_type(a->only) == JSON_NULL) {
        return true;
    }
    sim_each_part(a->only, see_number, &match);
    return match.found;
}

static void add_row(struct asking *a, struct sim_message *m)
{
    struct sim_exchange *x = a->x;
    struct sim_row *row = &x->rows[x->count];

    if (x->count + 1 >= REPORT_ROWS_MAX || !wanted(a, m)) {
        return;
    }
    *row = (struct sim_row){.message = m, .to = m->to, .ref = m->ref, .id = m->id, .job = m->job};
    row->state = sim_state_now(x->sim, m, a->now, &row->over);
    m->reports += row->over;
    a->disorder = a->disorder || m->disorder;
    a->stranger = a->stranger || m->stranger;
    x->count++;
    if (m->twice) {
        x->rows[x->count++] = *row;
    }
}

static void see_id(void *ctx, struct str id)
{
    struct asking *a = ctx;

    a->asked = true;
    for (struct sim_message *m = ledger_find(a->x->sim->ledger, id); m != NULL;
         m = m->next_same_job) {
        if (str_eqs(id, m->job) || str_eqs(id, m->id)) {
            add_row(a, m);
        }
    }
}

static void see_ref(void *ctx, struct str ref)
{
    struct asking *a = ctx;
    const struct ledger *l = a->x->sim->ledger;

    a->asked = true;
    for (size_t i = 0; i < ledger_count(l); i++) {
        struct sim_message *m = ledger_at(l, i);

        if ((m->job_ref != NULL && str_eqs(ref, m->job_ref)) ||
            (m->ref != NULL && str_eqs(ref, m->ref)) || str_eqs(ref, m->id)) {
            add_row(a, m);
        }
    }
}

static const struct json *at(const struct sim_exchange *x, const char *pointer)
{
    return pointer == NULL ? NULL : json_at(json_root(x->doc), pointer);
}

static int64_t number_at(const struct sim_exchange *x, const char *pointer, int64_t otherwise)
{
    const struct json *v = at(x, pointer);
    int64_t n = otherwise;

    if (json_type(v) == JSON_STRING) {
        (void)str_i64(json_str(v), &n);
    } else if (json_type(v) == JSON_NUMBER) {
        (void)json_i64(v, &n);
    }
    return n;
}

/* Rows behind the last id that the asker has seen. */
static void skip_seen(struct sim_exchange *x)
{
    struct str last = json_str(at(x, x->endpoint->after));

    for (size_t i = 0; last.len > 0 && i < x->count; i++) {
        if (x->rows[i].id != NULL && str_eqs(last, x->rows[i].id)) {
            x->count -= i + 1;
            memmove(x->rows, x->rows + i + 1, x->count * sizeof(*x->rows));
            return;
        }
    }
}

static void cut_page(struct sim_exchange *x)
{
    const struct sim_endpoint *p = x->endpoint;
    int64_t page = number_at(x, p->page, p->page_from) - p->page_from;
    size_t from;

    skip_seen(x);
    if (p->page_rows == 0) {
        return;
    }
    from = page < 0 || page > REPORT_ROWS_MAX ? x->count : (size_t)(page * p->page_rows);
    from = from > x->count ? x->count : from;
    x->count -= from;
    memmove(x->rows, x->rows + from, x->count * sizeof(*x->rows));
    x->count = x->count > (size_t)p->page_rows ? (size_t)p->page_rows : x->count;
}

static void reverse(struct sim_exchange *x)
{
    for (size_t i = 0; i < x->count / 2; i++) {
        struct sim_row other = x->rows[i];

        x->rows[i] = x->rows[x->count - 1 - i];
        x->rows[x->count - 1 - i] = other;
    }
}

static void add_stranger(struct sim_exchange *x)
{
    char id[LEDGER_ID_MAX];
    struct sim_row *row = &x->rows[x->count];

    if (x->count == 0 || x->count + 1 >= REPORT_ROWS_MAX) {
        return;
    }
    sim_make_id(x->sim, x->sim->model->message_id, id);
    *row = (struct sim_row){.to = "905320009999", .state = x->sim->model->state_good, .over = true};
    (void)str_copy(x->stranger, sizeof(x->stranger), str_of(id));
    row->id = x->stranger;
    row->job = x->stranger;
    x->count++;
}

void sim_do_report(struct sim_exchange *x)
{
    struct asking a = {.x = x, .now = sim_now(), .only = at(x, x->endpoint->only)};

    x->rows = calloc(REPORT_ROWS_MAX, sizeof(*x->rows));
    if (x->rows == NULL) {
        return;
    }
    sim_each_part(at(x, x->endpoint->job), see_id, &a);
    if (!a.asked) {
        sim_each_part(at(x, x->endpoint->by_ref), see_ref, &a);
    }
    if (x->count == 0 && x->endpoint->empty != NULL) {
        x->code = x->endpoint->empty;
        return;
    }
    cut_page(x);
    if (a.stranger) {
        add_stranger(x);
    }
    if (a.disorder) {
        reverse(x);
    }
}
