#include "providers/recipe/parts.h"

#include <stdio.h>
#include <stdlib.h>

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

bool recipe_state_read(struct str word, enum report_state *ret)
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
    if (ret->split || ret->balance) {
        ret->class = ret->split ? OUTCOME_REJECTED : OUTCOME_ACCOUNT;
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

static void below(const char *parent, const char *key, char out[FAULT_POINTER_MAX])
{
    option_pointer(parent, key, out);
}

/* Stencils. */

static struct stencil *compile_stencil(struct faults *faults, const char *pointer, struct str text)
{
    struct stencil *s = NULL;
    struct err why = {0};

    if (stencil_parse(text, &s, &why) != 0) {
        (void)faults_add(faults, pointer, "RCP-002", "şablon hatalı: %s", "bad template: %s",
                         why.text);
    }
    return s;
}

static struct stencil *compile_member(struct faults *faults, const char *parent, const char *key,
                                      const char *text)
{
    char pointer[FAULT_POINTER_MAX];

    if (text == NULL) {
        return NULL;
    }
    below(parent, key, pointer);
    return compile_stencil(faults, pointer, str_of(text));
}

static void compile_pairs(struct faults *faults, const char *parent, const char *key,
                          struct recipe_pairs *pairs)
{
    char object[FAULT_POINTER_MAX];
    char pointer[FAULT_POINTER_MAX];

    below(parent, key, object);
    if (pairs->raw != NULL &&
        (json_type(pairs->raw) != JSON_OBJECT || json_count(pairs->raw) > RECIPE_PAIRS_MAX)) {
        (void)faults_add(faults, object, "RCP-003", "en çok %d metin içeren bir nesne olmalı",
                         "must be an object of at most %d texts", RECIPE_PAIRS_MAX);
        return;
    }
    for (const struct json *v = json_first(pairs->raw); v != NULL; v = json_next(v)) {
        struct recipe_pair *pair = &pairs->list[pairs->count];

        below(object, json_key(v), pointer);
        if (json_type(v) != JSON_STRING) {
            (void)faults_add(faults, pointer, "RCP-003", "metin olmalı", "must be a text");
            continue;
        }
        pair->name = json_key(v);
        pair->value = compile_stencil(faults, pointer, json_str(v));
        pairs->count += pair->value != NULL;
    }
}

static void compile_request(struct faults *faults, const char *pointer, struct recipe_request *r)
{
    r->url_stencil = compile_member(faults, pointer, "url", r->url);
    r->body_stencil = compile_member(faults, pointer, "body", r->body);
    r->item_stencil = compile_member(faults, pointer, "item", r->item);
    compile_pairs(faults, pointer, "query", &r->query);
    compile_pairs(faults, pointer, "headers", &r->headers);
    compile_pairs(faults, pointer, "form", &r->form);
    if (r->body != NULL && r->form.raw != NULL) {
        (void)faults_add(faults, pointer, "RCP-004", "body ile form birlikte olmaz",
                         "body and form exclude each other");
    }
    if (stencil_uses(r->body_stencil, VALUE_ITEMS) != (r->item != NULL)) {
        (void)faults_add(faults, pointer, "RCP-004", "item ile ${items|raw} birlikte olmalı",
                         "item and ${items|raw} need each other");
    }
}

/* Expressions. */

static struct expr *compile_expr(struct faults *faults, const char *pointer, const char *text)
{
    struct expr *x = NULL;
    struct err why = {0};

    if (text != NULL && expr_parse(str_of(text), &x, &why) != 0) {
        (void)faults_add(faults, pointer, "RCP-005", "ifade hatalı: %s", "bad expression: %s",
                         why.text);
    }
    return x;
}

static void compile_exprs(struct faults *faults, const char *parent, const char *key,
                          const struct option_strings *texts, struct expr **list)
{
    char array[FAULT_POINTER_MAX];
    char pointer[FAULT_POINTER_MAX];
    char index[8];

    below(parent, key, array);
    for (size_t i = 0; i < texts->count && i < RECIPE_EXPRS_MAX; i++) {
        snprintf(index, sizeof(index), "%zu", i);
        below(array, index, pointer);
        list[i] = compile_expr(faults, pointer, texts->items[i]);
    }
}

static void check_codes(struct faults *faults, const char *object, const struct json *codes)
{
    char pointer[FAULT_POINTER_MAX];
    struct recipe_verdict verdict;

    if (codes != NULL && json_type(codes) != JSON_OBJECT) {
        (void)faults_add(faults, object, "RCP-003", "nesne olmalı", "must be an object");
        return;
    }
    for (const struct json *v = json_first(codes); v != NULL; v = json_next(v)) {
        if (recipe_verdict_read(v, &verdict)) {
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

static void compile_answer(struct faults *faults, const char *pointer, struct recipe_answer *a)
{
    char part[FAULT_POINTER_MAX];
    char codes[FAULT_POINTER_MAX];

    compile_exprs(faults, pointer, "id", &a->id, a->id_exprs);
    below(pointer, "ok", part);
    compile_exprs(faults, part, "match", &a->ok_match, a->match_exprs);
    below(pointer, "error", part);
    compile_exprs(faults, part, "code", &a->code, a->code_exprs);
    below(part, "codes", codes);
    check_codes(faults, codes, a->codes);
    below(part, "text", codes);
    a->text_expr = compile_expr(faults, codes, a->text);
}

static void compile_call(struct faults *faults, const char *pointer, struct recipe_request *r,
                         struct recipe_answer *a)
{
    char part[FAULT_POINTER_MAX];

    below(pointer, "request", part);
    compile_request(faults, part, r);
    below(pointer, "answer", part);
    compile_answer(faults, part, a);
}

/* Tables, and what must fit together. */

static void check_states(struct faults *faults, const struct json *states)
{
    char pointer[FAULT_POINTER_MAX];
    enum report_state state;

    for (const struct json *v = json_first(states); v != NULL; v = json_next(v)) {
        if (json_type(states) == JSON_OBJECT && recipe_state_read(json_str(v), &state)) {
            continue;
        }
        below("/reports/states", json_type(states) == JSON_OBJECT ? json_key(v) : "0", pointer);
        (void)faults_add(faults, pointer, "RCP-007",
                         "durum delivered, undelivered, expired ya da pending olmalı",
                         "the state is delivered, undelivered, expired or pending");
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

static void check_together(struct recipe *r, struct faults *faults)
{
    struct compiling c = {r, faults, ""};

    check_request_keys(&c, "/send/request", &r->send);
    check_request_keys(&c, "/reports/poll/request", &r->poll.request);
    check_request_keys(&c, "/balance/request", &r->balance.request);
    if (r->batch > 1 && r->send.item == NULL) {
        (void)faults_add(faults, "/send/batch", "RCP-004",
                         "birden çok ileti için send/request/item gerekir",
                         "more than one message needs send/request/item");
    }
    if (r->has_poll && r->poll.ids > 1 && r->poll.request.item == NULL) {
        (void)faults_add(faults, "/reports/poll/ids", "RCP-004",
                         "birden çok kimlik için request/item gerekir",
                         "more than one id needs request/item");
    }
    if (r->has_poll && r->answer.id.count == 0) {
        (void)faults_add(faults, "/reports/poll", "RCP-004",
                         "sorulacak raporlar için send/answer/id gerekir",
                         "asking for reports needs send/answer/id");
    }
    if (r->has_hook && r->hook.row.state == NULL) {
        (void)faults_add(faults, "/reports/hook", "RCP-004", "row/state gerekir",
                         "row/state is needed");
    }
    if (r->has_poll && (r->poll.row.state == NULL || r->poll.row.id == NULL)) {
        (void)faults_add(faults, "/reports/poll", "RCP-004", "row/id ve row/state gerekir",
                         "row/id and row/state are needed");
    }
}

void recipe_compile(struct recipe *r, struct faults *faults)
{
    const struct json *root = json_root(r->doc);

    r->has_poll = json_at(root, "/reports/poll") != NULL;
    r->has_hook = json_at(root, "/reports/hook") != NULL;
    r->has_balance = json_get(root, "balance") != NULL;
    compile_call(faults, "/send", &r->send, &r->answer);
    compile_call(faults, "/reports/poll", &r->poll.request, &r->poll.answer);
    compile_call(faults, "/balance", &r->balance.request, &r->balance.answer);
    r->balance.amount_expr = compile_expr(faults, "/balance/amount", r->balance.amount);
    check_states(faults, r->states);
    check_encoding(faults, r->encoding);
    check_together(r, faults);
}

static void release_pairs(struct recipe_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        stencil_free(pairs->list[i].value);
    }
}

static void release_call(struct recipe_request *r, struct recipe_answer *a)
{
    stencil_free(r->url_stencil);
    stencil_free(r->body_stencil);
    stencil_free(r->item_stencil);
    release_pairs(&r->query);
    release_pairs(&r->headers);
    release_pairs(&r->form);
    for (size_t i = 0; i < RECIPE_EXPRS_MAX; i++) {
        expr_free(a->match_exprs[i]);
        expr_free(a->id_exprs[i]);
        expr_free(a->code_exprs[i]);
    }
    expr_free(a->text_expr);
}

void recipe_release_compiled(struct recipe *r)
{
    release_call(&r->send, &r->answer);
    release_call(&r->poll.request, &r->poll.answer);
    release_call(&r->balance.request, &r->balance.answer);
    expr_free(r->balance.amount_expr);
}
