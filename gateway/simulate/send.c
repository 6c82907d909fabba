/* A request to send: who asks, for whom, and what becomes of each message. */
#include "simulate/parts.h"

#include "text/sms.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_MAX = 10000, SPECIAL = 500 };

/* ---- looking into the request ---- */

/* "/body/x" in the request, "./x" or "." below the message. */
static const struct json *look(const struct sim_exchange *x, const struct json *message,
                               const char *pointer)
{
    if (pointer == NULL) {
        return NULL;
    }
    return pointer[0] == '.' ? json_at(message, pointer + 1) : json_at(json_root(x->doc), pointer);
}

static struct str look_text(const struct sim_exchange *x, const struct json *message,
                            const char *pointer)
{
    const struct json *v = look(x, message, pointer);

    return json_type(v) == JSON_ARRAY ? json_str(json_get(json_first(v), "#")) : json_str(v);
}

static void refuse(struct sim_exchange *x, const char *code, const char *why)
{
    if (x->code == NULL) {
        x->code = code;
        x->why = why;
    }
}

static void refuse_on(struct sim_exchange *x, const char *condition, const char *why)
{
    refuse(x, sim_code_on(x->sim->model, condition), why);
}

/* ---- what holds for every request ---- */

static bool rule_holds(const struct sim_rule *rule, const struct json *v)
{
    char digits[40];
    struct str s = json_str(v);

    if (json_type(v) == JSON_NUMBER) {
        s = json_number_text(v, digits);
    } else if (json_type(v) == JSON_BOOL) {
        s = json_bool(v, false) ? STR("true") : STR("false");
    }
    return s.ptr != NULL && regexec(&rule->regex, s.ptr, 0, NULL, 0) == 0;
}

static void check_rules(struct sim_exchange *x, const struct json *message)
{
    for (size_t i = 0; i < x->endpoint->rule_count; i++) {
        const struct sim_rule *rule = &x->endpoint->rules[i];

        if ((rule->at[0] == '.') == (message != NULL) &&
            !rule_holds(rule, look(x, message, rule->at))) {
            refuse(x, rule->code, rule->why);
        }
    }
}

static void check_account(struct sim_exchange *x)
{
    const struct sim_endpoint *p = x->endpoint;
    struct str user = look_text(x, NULL, p->user);
    struct str password = look_text(x, NULL, p->password);

    if ((p->user != NULL && user.len == 0) || (p->password != NULL && password.len == 0)) {
        refuse_on(x, "auth", "no credentials where they are expected");
    } else if (str_eqs(password, "yanlis") || str_eqs(user, "yanlis")) {
        refuse_on(x, "auth", "the credentials that are always wrong");
    }
    if (p->password != NULL) {
        (void)str_copy(x->sim->password, sizeof(x->sim->password), password);
    }
}

/* ---- messages ---- */

/* One message of a request while its recipients are read. */
struct reading {
    struct sim_exchange *x;
    const struct json *message;
    const struct json *refs; /* one per recipient, or one for all */
    size_t index;
};

struct nth {
    size_t wanted;
    size_t at;
    struct str found;
};

static void see_nth(void *ctx, struct str part)
{
    struct nth *n = ctx;

    if (n->at++ == n->wanted) {
        n->found = part;
    }
}

static char *nth_part(const struct json *v, size_t index)
{
    struct nth n = {.wanted = index};

    sim_each_part(v, see_nth, &n);
    return n.found.len == 0 ? NULL : str_dup(n.found);
}

static bool is_row_code(const struct simulator *s, const char *code)
{
    return json_bool(json_get(sim_code(s->model, code), "row"), false);
}

/* What a special number asks for. */
static void read_special(const struct simulator *s, const char *to, const char **ret_code,
                         const char **ret_state)
{
    int64_t n = 0;

    if (strlen(to) != 12 || str_i64((struct str){to + 2, 10}, &n) != 0 || n / 10000000 != SPECIAL) {
        return;
    }
    if (n / 100 % 100000 != 0) {
        *ret_code = sim_by_number(s->model->codes, n / 100 % 100000);
    }
    if (n % 100 != 0) {
        *ret_state = sim_by_number(s->model->states, n % 100);
    }
}

static void check_repeat(struct sim_exchange *x, struct sim_row *row, struct str text,
                         const char **state)
{
    struct simulator *s = x->sim;
    const struct sim_trouble *t = sim_trouble_message(&s->troubles, TROUBLE_WINDOW);

    if (t == NULL || ledger_repeat(s->ledger, row->to, text, sim_now() - t->number) == NULL) {
        return;
    }
    if (s->model->state_repeated != NULL) {
        *state = s->model->state_repeated;
    } else if (sim_code_on(s->model, "repeated") != NULL) {
        row->code = sim_code_on(s->model, "repeated");
    }
}

static void see_recipient(void *ctx, struct str part)
{
    struct reading *r = ctx;
    struct sim_exchange *x = r->x;
    const char *state = NULL;
    struct sim_row *row;
    char to[20];

    if (x->count == ROWS_MAX) {
        refuse_on(x, "malformed", "too many messages");
        return;
    }
    row = &x->rows[x->count++];
    *row = (struct sim_row){.to = sim_number(part, to) ? str_dup(str_of(to)) : NULL,
                            .ref = nth_part(r->refs, r->index)};
    r->index++;
    if (row->to == NULL) {
        row->code = sim_code_on(x->sim->model, "number");
    } else {
        read_special(x->sim, row->to, &row->code, &state);
        check_repeat(x, row, look_text(x, r->message, x->endpoint->text), &state);
    }
    row->state = state;
}

static void read_message(struct sim_exchange *x, const struct json *message)
{
    struct reading r = {.x = x, .message = message};
    size_t before = x->count;

    r.refs = look(x, message, x->endpoint->message_ref);
    check_rules(x, message);
    sim_each_part(look(x, message, x->endpoint->to), see_recipient, &r);
    if (x->count == before) {
        refuse_on(x, "missing", "a message without recipient");
    }
    if (x->endpoint->text != NULL && look_text(x, message, x->endpoint->text).len == 0) {
        refuse_on(x, "missing", "a message without text");
    }
}

static void each_message(struct sim_exchange *x,
                         void (*see)(struct sim_exchange *x, const struct json *message))
{
    const struct json *list = look(x, NULL, x->endpoint->messages);

    if (x->endpoint->messages == NULL) {
        see(x, json_get(json_root(x->doc), "body"));
    } else if (json_type(list) == JSON_ARRAY) {
        for (const struct json *m = json_first(list); m != NULL; m = json_next(m)) {
            see(x, m);
        }
    } else if (json_type(list) == JSON_OBJECT) {
        see(x, list);
    }
}

/* A code that concerns the whole request refuses all of it. */
static void refuse_whole(struct sim_exchange *x)
{
    for (size_t i = 0; i < x->count; i++) {
        const char *code = x->rows[i].code;

        if (code != NULL && !is_row_code(x->sim, code)) {
            refuse(x, code, "");
        }
    }
}

/* ---- taking ---- */

static void apply_troubles(struct simulator *s, struct sim_message *m)
{
    const struct sim_trouble *t;

    m->twice = sim_trouble_message(&s->troubles, TROUBLE_TWICE) != NULL;
    m->disorder = sim_trouble_message(&s->troubles, TROUBLE_DISORDER) != NULL;
    m->early = sim_trouble_message(&s->troubles, TROUBLE_EARLY) != NULL;
    m->stranger = sim_trouble_message(&s->troubles, TROUBLE_STRANGER) != NULL;
    if (sim_trouble_message(&s->troubles, TROUBLE_SILENT) != NULL) {
        m->end_ms = INT64_MAX;
    }
    t = sim_trouble_message(&s->troubles, TROUBLE_STATE);
    if (t != NULL) {
        m->state = json_key(sim_state(s->model, t->arg));
    }
}

static unsigned parts_of(struct str text)
{
    struct sms_measure measure;
    enum sms_mode mode;

    return sms_choose(text, SMS_ALLOW_7BIT | SMS_ALLOW_UCS2, NULL, &mode, &measure, NULL) == 0
               ? measure.segments
               : 1;
}

/* Strings that live as long as the call. */
struct borrowed {
    char *text;
    char *sender;
    char *job_ref;
    char *callback;
};

static char *dup_text(struct str s)
{
    return s.ptr == NULL ? NULL : str_dup(s);
}

static void take(struct sim_exchange *x, struct sim_row *row, const struct borrowed *b)
{
    struct simulator *s = x->sim;
    struct sim_message *kept = NULL;
    struct sim_message m = {.request = x->number,
                            .text = b->text,
                            .sender = b->sender,
                            .ref = (char *)(uintptr_t)row->ref,
                            .job_ref = b->job_ref,
                            .callback = b->callback,
                            .state = row->state == NULL ? s->model->state_good : row->state,
                            .at_ms = sim_now()};

    m.end_ms = m.at_ms + s->report_after_ms;
    m.parts = b->text == NULL ? 1 : parts_of(str_of(b->text));
    (void)snprintf(m.to, sizeof(m.to), "%s", row->to);
    (void)snprintf(m.job, sizeof(m.job), "%s", x->job);
    sim_make_id(s, s->model->message_id, m.id);
    apply_troubles(s, &m);
    if (ledger_add(s->ledger, &m, &kept) != 0) {
        row->code = sim_code_on(s->model, "malformed");
        return;
    }
    row->message = kept;
    row->id = kept->id;
    row->job = kept->job;
    x->taken++;
    sim_await_end(s, kept);
}

static void take_message(struct sim_exchange *x, const struct json *message, size_t *at)
{
    const struct sim_endpoint *p = x->endpoint;
    struct borrowed b = {.text = dup_text(look_text(x, message, p->text)),
                         .sender = dup_text(look_text(x, NULL, p->sender)),
                         .job_ref = dup_text(look_text(x, NULL, p->ref)),
                         .callback = dup_text(look_text(x, NULL, p->callback))};
    struct nth n = {.wanted = SIZE_MAX};

    sim_each_part(look(x, message, p->to), see_nth, &n); /* counts */
    for (size_t i = 0; i < n.at && *at < x->count; i++, (*at)++) {
        if (x->rows[*at].code == NULL && x->rows[*at].to != NULL) {
            take(x, &x->rows[*at], &b);
        } else {
            x->refused++;
        }
    }
    free(b.text);
    free(b.sender);
    free(b.job_ref);
    free(b.callback);
}

static void take_all(struct sim_exchange *x)
{
    const struct json *list = look(x, NULL, x->endpoint->messages);
    size_t at = 0;

    sim_make_id(x->sim, x->sim->model->job_id, x->job);
    if (x->endpoint->messages != NULL && json_type(list) == JSON_ARRAY) {
        for (const struct json *m = json_first(list); m != NULL; m = json_next(m)) {
            take_message(x, m, &at);
        }
    } else {
        take_message(x, list != NULL ? list : json_get(json_root(x->doc), "body"), &at);
    }
}

/* A row more for every further part; its report is the message's. */
static void add_parts(struct sim_exchange *x)
{
    size_t messages = x->count;

    for (size_t i = 0; i < messages; i++) {
        const struct sim_row *first = &x->rows[i];
        unsigned parts = first->message == NULL ? 1 : first->message->parts;

        for (unsigned n = 1; n < parts && x->count < ROWS_MAX; n++) {
            struct sim_row *row = &x->rows[x->count++];
            char id[LEDGER_ID_MAX];

            sim_make_id(x->sim, x->sim->model->message_id, id);
            *row = *first;
            row->to = str_dup(str_of(first->to));
            row->ref = first->ref == NULL ? NULL : str_dup(str_of(first->ref));
            row->part_id = str_dup(str_of(id));
            row->id = row->part_id;
        }
    }
}

void sim_do_data(struct sim_exchange *x)
{
    check_account(x);
    check_rules(x, NULL);
}

void sim_do_send(struct sim_exchange *x)
{
    x->rows = calloc(ROWS_MAX, sizeof(*x->rows));
    if (x->rows == NULL) {
        refuse_on(x, "malformed", "no memory");
        return;
    }
    check_account(x);
    check_rules(x, NULL);
    each_message(x, read_message);
    if (x->count == 0) {
        refuse_on(x, "missing", "no message");
    }
    refuse_whole(x);
    if (x->code == NULL) {
        take_all(x);
        if (x->sim->model->per_part) {
            add_parts(x);
        }
    } else {
        x->refused = x->count;
    }
}
