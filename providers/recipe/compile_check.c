/* The tables of a recipe, and what of it must fit together. */
#include "providers/recipe/report.h"

#include <stdio.h>

static const char *const mode_names[SMS_MODE_COUNT] = {"gsm7", "tr_single", "tr_locking", "tr_both",
                                                       "ucs2"};
static const char *const state_names[] = {"delivered", "undelivered", "expired", "pending"};

/* The recipe, where its faults go, and the place that is being looked at. */
struct compiling {
    const struct recipe *recipe;
    struct faults *faults;
    const char *pointer;
};

const char *recipe_mode_name(enum sms_mode mode)
{
    return mode_names[mode];
}

static bool state_word(struct str word, enum report_state *ret)
{
    for (size_t i = 0; i < sizeof(state_names) / sizeof(*state_names); i++) {
        if (str_eqs(word, state_names[i])) {
            *ret = (enum report_state)i;
            return true;
        }
    }
    return false;
}

static bool verdict_word(struct str word, struct recipe_verdict *ret)
{
    enum outcome_class class = outcome_parse(word);

    ret->split = str_eqs(word, "split");
    ret->balance = str_eqs(word, "balance");
    ret->absent = str_eqs(word, "absent");
    if (ret->split || ret->balance || ret->absent) {
        ret->class = ret->split ? OUTCOME_REJECTED : ret->balance ? OUTCOME_ACCOUNT : OUTCOME_RETRY;
        return true;
    }
    ret->class = class;
    return class == OUTCOME_REJECTED || class == OUTCOME_RETRY || class == OUTCOME_THROTTLED ||
           class == OUTCOME_ACCOUNT || class == OUTCOME_DUPLICATE || class == OUTCOME_UNKNOWN;
}

bool recipe_verdict_read(const struct json *v, struct recipe_verdict *ret)
{
    const struct json *wait = json_get(v, "wait");
    size_t known = 1;

    *ret = (struct recipe_verdict){0};
    if (json_type(v) == JSON_STRING) {
        return verdict_word(json_str(v), ret);
    }
    if (wait != NULL && str_duration_ms(json_str(wait), &ret->wait_ms) != 0) {
        return false;
    }
    ret->text = json_str(json_get(v, "text")).ptr;
    known += wait != NULL ? 1u : 0u;
    known += json_get(v, "text") != NULL ? 1u : 0u;
    return json_type(v) == JSON_OBJECT && json_count(v) == known &&
           verdict_word(json_str(json_get(v, "outcome")), ret);
}

/* Why a message failed: a word of the codes, of those that make sense after the fact. */
static bool cause_word(const struct json *v, struct recipe_state *ret)
{
    struct recipe_verdict verdict = {0};

    if (v == NULL) {
        return true;
    }
    if (!verdict_word(json_str(v), &verdict) || verdict.split || verdict.absent) {
        return false;
    }
    ret->cause = verdict.class;
    ret->balance = verdict.balance;
    return verdict.class == OUTCOME_REJECTED || verdict.class == OUTCOME_RETRY ||
           verdict.class == OUTCOME_DUPLICATE || verdict.class == OUTCOME_ACCOUNT;
}

bool recipe_state_read(const struct json *v, struct recipe_state *ret)
{
    const struct json *cause = json_get(v, "cause");
    const struct json *text = json_get(v, "text");

    *ret = (struct recipe_state){.state = REPORT_PENDING};
    if (json_type(v) == JSON_STRING) {
        return state_word(json_str(v), &ret->state);
    }
    ret->text = json_str(text).ptr;
    return json_type(v) == JSON_OBJECT &&
           json_count(v) == 1u + (cause != NULL ? 1u : 0u) + (text != NULL ? 1u : 0u) &&
           state_word(json_str(json_get(v, "state")), &ret->state) && cause_word(cause, ret);
}

static void below(const char *parent, const char *key, char out[FAULT_POINTER_MAX])
{
    option_pointer(parent, key, out);
}

static void check_codes(struct faults *faults, const char *object, const struct json *codes,
                        bool with_absent)
{
    char pointer[FAULT_POINTER_MAX];
    struct recipe_verdict verdict;

    if (codes != NULL && json_type(codes) != JSON_OBJECT) {
        (void)faults_add(faults, object, "RCP-003", "nesne olmalı", "must be an object");
        return;
    }
    for (const struct json *v = json_first(codes); v != NULL; v = json_next(v)) {
        if (recipe_verdict_read(v, &verdict) && (with_absent || !verdict.absent)) {
            continue;
        }
        below(object, json_key(v), pointer);
        (void)faults_add(faults, pointer, "RCP-006",
                         "sonuç şunlardan biri olmalı: rejected, retry, throttled, account, "
                         "balance, duplicate, split, unknown; ya da {outcome, wait, text}",
                         "the outcome is one of rejected, retry, throttled, account, balance, "
                         "duplicate, split, unknown; or {outcome, wait, text}");
    }
}

static void check_states(struct faults *faults, const struct json *states)
{
    char pointer[FAULT_POINTER_MAX];
    struct recipe_state state;

    for (const struct json *v = json_first(states); v != NULL; v = json_next(v)) {
        if (json_type(states) == JSON_OBJECT && recipe_state_read(v, &state)) {
            continue;
        }
        below("/reports/states", json_type(states) == JSON_OBJECT ? json_key(v) : "0", pointer);
        (void)faults_add(
            faults, pointer, "RCP-007",
            "durum delivered, undelivered, expired ya da pending olmalı; ya da {state, "
            "text, cause}",
            "the state is delivered, undelivered, expired or pending; or {state, text, "
            "cause}");
    }
}

static void check_encoding(struct faults *faults, const struct json *encoding)
{
    char pointer[FAULT_POINTER_MAX];

    for (const struct json *v = json_first(encoding); v != NULL; v = json_next(v)) {
        bool known = json_key(v) != NULL && strcmp(json_key(v), "otherwise") == 0;

        for (size_t i = 0; !known && json_key(v) != NULL && i < SMS_MODE_COUNT; i++) {
            known = strcmp(json_key(v), mode_names[i]) == 0;
        }
        if (known && json_type(v) == JSON_OBJECT) {
            continue;
        }
        below("/encoding", json_key(v) == NULL ? "0" : json_key(v), pointer);
        (void)faults_add(faults, pointer, "RCP-008",
                         "gsm7, tr_single, tr_locking, tr_both, ucs2 ya da otherwise adlı bir "
                         "nesne olmalı",
                         "must be an object named gsm7, tr_single, tr_locking, tr_both, ucs2 or "
                         "otherwise");
    }
}

static void see_param(void *ctx, const char *key)
{
    struct compiling *c = ctx;

    if (json_type(json_get(c->recipe->parameters, key)) != JSON_STRING) {
        (void)faults_add(c->faults, c->pointer, "RCP-009",
                         "\"%s\" parametresinin parameters içinde bir metin değeri yok",
                         "parameter \"%s\" has no text among the parameters", key);
    }
}

static void see_enc(void *ctx, const char *key)
{
    struct compiling *c = ctx;
    const struct json *other = json_get(c->recipe->encoding, "otherwise");

    for (size_t i = 0; i < SMS_MODE_COUNT; i++) {
        const struct json *mode = json_get(c->recipe->encoding, mode_names[i]);

        if (json_type(json_get(mode, key)) == JSON_STRING ||
            json_type(json_get(other, key)) == JSON_STRING) {
            continue;
        }
        (void)faults_add(c->faults, c->pointer, "RCP-009",
                         "encoding içinde %s için \"%s\" metni yok",
                         "encoding has no text for %s \"%s\"", mode_names[i], key);
        return;
    }
}

static void check_keys(struct compiling *c, const struct stencil *s)
{
    stencil_each_key(s, VALUE_PARAM, see_param, c);
    stencil_each_key(s, VALUE_ENC, see_enc, c);
}

static void check_request_keys(struct compiling *c, const char *pointer,
                               const struct recipe_request *r)
{
    c->pointer = pointer;
    check_keys(c, r->url_stencil);
    check_keys(c, r->body_stencil);
    check_keys(c, r->item_stencil);
    for (size_t i = 0; i < r->query.count; i++) {
        check_keys(c, r->query.list[i].value);
    }
    for (size_t i = 0; i < r->headers.count; i++) {
        check_keys(c, r->headers.list[i].value);
    }
    for (size_t i = 0; i < r->form.count; i++) {
        check_keys(c, r->form.list[i].value);
    }
}

static void check_batches(const struct recipe *r, struct faults *faults)
{
    bool shared = stencil_uses(r->send.body_stencil, VALUE_TEXT);

    if (r->batch > 1 && r->send.item == NULL) {
        (void)faults_add(faults, "/send/batch", "RCP-004",
                         "birden çok ileti için send/request/item gerekir",
                         "more than one message needs send/request/item");
    }
    if (r->batch > 1 && shared && !r->same_text) {
        (void)faults_add(faults, "/send/batch", "RCP-004",
                         "gövdedeki ${text} yalnız same_text ile birden çok ileti taşır",
                         "${text} in the body carries more than one message with same_text only");
    }
    if (r->has_poll && r->poll.ids > 1 && r->poll.request.item == NULL) {
        (void)faults_add(faults, "/reports/poll/ids", "RCP-004",
                         "birden çok kimlik için request/item gerekir",
                         "more than one id needs request/item");
    }
}

/* A row must say of which message it speaks: an id of its own, or the only one asked for. */
static void check_reports(const struct recipe *r, struct faults *faults)
{
    const struct recipe_row *row = &r->poll.rows.row;

    if (r->has_poll && r->answer.id.texts.count == 0) {
        (void)faults_add(faults, "/reports/poll", "RCP-004",
                         "sorulacak raporlar için send/answer/id gerekir",
                         "asking for reports needs send/answer/id");
    }
    if (r->has_poll && (row->state == NULL || (row->id == NULL && r->poll.ids > 1))) {
        (void)faults_add(faults, "/reports/poll", "RCP-004",
                         "row/state gerekir; ids birden çoksa row/id de",
                         "row/state is needed, and row/id when ids is more than one");
    }
    if (r->has_hook && r->hook.row.state == NULL) {
        (void)faults_add(faults, "/reports/hook", "RCP-004", "row/state gerekir",
                         "row/state is needed");
    }
    if (r->hook.has_signature && r->hook.signature.content != NULL &&
        !recipe_signature_valid(r->hook.signature.content)) {
        (void)faults_add(faults, "/reports/hook/signature/content", "RCP-011",
                         "yalnız ${url} ${query} ${body} ${form} ${header.<Ad>} olabilir",
                         "there are only ${url} ${query} ${body} ${form} ${header.<Name>}");
    }
    for (size_t i = 0; i < r->hook.signature.keys.count; i++) {
        if (strcmp(r->hook.signature.keys.items[i], "report_secret") != 0 &&
            strcmp(r->hook.signature.keys.items[i], "password") != 0) {
            (void)faults_add(faults, "/reports/hook/signature/key", "RCP-011",
                             "anahtar report_secret ya da password olmalı",
                             "the key is report_secret or password");
        }
    }
}

static void check_recover(const struct recipe *r, struct faults *faults)
{
    const struct recipe_row *row = &r->recover.rows.row;

    if (r->has_ask && row->ref == NULL && row->to == NULL) {
        (void)faults_add(faults, "/recover", "RCP-004", "row/ref ya da row/to gerekir",
                         "row/ref or row/to is needed");
    }
}

static void check_all_codes(const struct recipe *r, struct faults *faults)
{
    check_codes(faults, "/send/answer/error/codes", r->answer.codes, false);
    check_codes(faults, "/reports/poll/answer/error/codes", r->poll.answer.codes, false);
    check_codes(faults, "/balance/answer/error/codes", r->balance.answer.codes, false);
    check_codes(faults, "/senders/answer/error/codes", r->senders.answer.codes, false);
    check_codes(faults, "/recover/answer/error/codes", r->recover.answer.codes, true);
}

void recipe_check_together(struct recipe *r, struct faults *faults)
{
    struct compiling c = {r, faults, ""};

    check_all_codes(r, faults);
    check_states(faults, r->states);
    check_encoding(faults, r->encoding);
    check_request_keys(&c, "/send/request", &r->send);
    check_request_keys(&c, "/reports/poll/request", &r->poll.request);
    check_request_keys(&c, "/balance/request", &r->balance.request);
    check_request_keys(&c, "/senders/request", &r->senders.request);
    check_request_keys(&c, "/recover/request", &r->recover.request);
    check_batches(r, faults);
    check_reports(r, faults);
    check_recover(r, faults);
}
