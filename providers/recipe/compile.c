#include "providers/recipe/parts.h"

#include <stdio.h>
#include <stdlib.h>

static void below(const char *parent, const char *key, char out[FAULT_POINTER_MAX])
{
    option_pointer(parent, key, out);
}

/* Stencils. */

static struct stencil *compile_stencil(struct faults *faults, const char *pointer, struct str text)
{
    struct stencil *s = NULL;
    struct fault why = {0};

    if (stencil_parse(text, &s, &why) != 0) {
        (void)faults_add(faults, pointer, "RCP-002", "şablon hatalı: %1$s%2$.0s",
                         "bad template: %1$.0s%2$s", why.tr, why.en);
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

static bool pairs_use(const struct recipe_pairs *pairs, enum recipe_value value)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (stencil_uses(pairs->list[i].value, value)) {
            return true;
        }
    }
    return false;
}

bool recipe_request_uses(const struct recipe_request *rr, enum recipe_value value)
{
    return stencil_uses(rr->url_stencil, value) || stencil_uses(rr->body_stencil, value) ||
           stencil_uses(rr->item_stencil, value) || pairs_use(&rr->query, value) ||
           pairs_use(&rr->form, value) || pairs_use(&rr->headers, value);
}

/* Nothing outside the body is more than the account's. */
static bool is_alike(const struct recipe_request *r)
{
    static const bool of_account[VALUE_ENC + 1] = {
        [VALUE_SENDER] = true,     [VALUE_USER] = true,          [VALUE_PASSWORD] = true,
        [VALUE_REPORT_URL] = true, [VALUE_REPORT_SECRET] = true,
    };

    for (enum recipe_value v = VALUE_TEXT; v <= VALUE_ENC; v++) {
        if (!of_account[v] && (stencil_uses(r->url_stencil, v) || pairs_use(&r->query, v) ||
                               pairs_use(&r->headers, v))) {
            return false;
        }
    }
    return true;
}

static void compile_request(struct faults *faults, const char *pointer, struct recipe_request *r)
{
    r->url_stencil = compile_member(faults, pointer, "url", r->url);
    r->body_stencil = compile_member(faults, pointer, "body", r->body);
    r->item_stencil = compile_member(faults, pointer, "item", r->item);
    compile_pairs(faults, pointer, "query", &r->query);
    compile_pairs(faults, pointer, "headers", &r->headers);
    compile_pairs(faults, pointer, "form", &r->form);
    r->alike = is_alike(r);
    r->paged = recipe_request_uses(r, VALUE_PAGE);
    if (r->body != NULL && r->form.raw != NULL) {
        (void)faults_add(faults, pointer, "RCP-004", "body ile form birlikte olmaz",
                         "body and form exclude each other");
    }
    for (size_t i = 0; r->auth != AUTH_NONE && i < r->headers.count; i++) {
        if (strcasecmp(r->headers.list[i].name, "Authorization") == 0) {
            (void)faults_add(faults, pointer, "RCP-004",
                             "auth ile Authorization başlığı birlikte olmaz",
                             "auth and an Authorization header exclude each other");
        }
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
    struct fault why = {0};

    if (text != NULL && expr_parse(str_of(text), &x, &why) != 0) {
        (void)faults_add(faults, pointer, "RCP-005", "ifade hatalı: %1$s%2$.0s",
                         "bad expression: %1$.0s%2$s", why.tr, why.en);
    }
    return x;
}

static void compile_exprs(struct faults *faults, const char *parent, const char *key,
                          struct recipe_exprs *exprs)
{
    char array[FAULT_POINTER_MAX];
    char pointer[FAULT_POINTER_MAX];
    char index[8];

    below(parent, key, array);
    for (size_t i = 0; i < exprs->texts.count && i < RECIPE_EXPRS_MAX; i++) {
        snprintf(index, sizeof(index), "%zu", i);
        below(array, index, pointer);
        exprs->list[i] = compile_expr(faults, pointer, exprs->texts.items[i]);
    }
}

static void compile_answer(struct faults *faults, const char *pointer, struct recipe_answer *a)
{
    char part[FAULT_POINTER_MAX];
    char text[FAULT_POINTER_MAX];

    compile_exprs(faults, pointer, "id", &a->id);
    below(pointer, "ok", part);
    compile_exprs(faults, part, "match", &a->ok_match);
    compile_exprs(faults, part, "any", &a->ok_any);
    below(pointer, "error", part);
    compile_exprs(faults, part, "code", &a->code);
    below(part, "text", text);
    a->text_expr = compile_expr(faults, text, a->text);
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

/* A unit is an expression when it looks like one, else it stands for itself. */
static void compile_units(struct faults *faults, struct recipe_balance *b)
{
    static const char *const sources[] = {"json:", "xml:", "kv:", "regex:"};

    for (size_t i = 0; i < b->unit.count && i < RECIPE_EXPRS_MAX; i++) {
        bool is_expr = false;

        for (size_t j = 0; j < sizeof(sources) / sizeof(*sources); j++) {
            is_expr = is_expr || str_starts(str_of(b->unit.items[i]), sources[j]);
        }
        if (is_expr) {
            b->unit_exprs[i] = compile_expr(faults, "/balance/unit", b->unit.items[i]);
        }
    }
}

/* Whether a request about messages has any of these placeholders. */
static bool writes_any(const struct recipe *r, const enum recipe_value *values, size_t count)
{
    bool uses = false;

    for (size_t i = 0; i < count; i++) {
        uses = uses || recipe_request_uses(&r->send, values[i]) ||
               recipe_request_uses(&r->poll.request, values[i]) ||
               recipe_request_uses(&r->recover.request, values[i]);
    }
    return uses;
}

static void find_clocks(struct recipe *r)
{
    static const enum recipe_value times[] = {VALUE_NOW, VALUE_SINCE, VALUE_DEADLINE};
    static const enum recipe_value validity[] = {
        VALUE_VALIDITY, VALUE_VALIDITY_S, VALUE_VALIDITY_MS, VALUE_VALIDITY_CLOCK, VALUE_DEADLINE};

    r->writes_times = writes_any(r, times, sizeof times / sizeof *times);
    r->writes_validity = writes_any(r, validity, sizeof validity / sizeof *validity);
}

void recipe_compile(struct recipe *r, struct faults *faults)
{
    const struct json *root = json_root(r->doc);

    r->has_poll = json_at(root, "/reports/poll") != NULL;
    r->has_hook = json_at(root, "/reports/hook") != NULL;
    r->hook.has_signature = json_at(root, "/reports/hook/signature") != NULL;
    r->has_balance = json_get(root, "balance") != NULL;
    r->has_senders = json_get(root, "senders") != NULL;
    r->has_ask = json_at(root, "/recover/request") != NULL;
    compile_call(faults, "/send", &r->send, &r->answer);
    compile_call(faults, "/reports/poll", &r->poll.request, &r->poll.answer);
    compile_call(faults, "/balance", &r->balance.request, &r->balance.answer);
    compile_call(faults, "/senders", &r->senders.request, &r->senders.answer);
    compile_call(faults, "/recover", &r->recover.request, &r->recover.answer);
    compile_exprs(faults, "/balance", "amount", &r->balance.amount);
    compile_units(faults, &r->balance);
    find_clocks(r);
    recipe_check_together(r, faults);
    recipe_check_rows(r, faults);
}

static void release_pairs(struct recipe_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        stencil_free(pairs->list[i].value);
    }
}

static void release_exprs(struct recipe_exprs *exprs)
{
    for (size_t i = 0; i < RECIPE_EXPRS_MAX; i++) {
        expr_free(exprs->list[i]);
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
    release_exprs(&a->ok_match);
    release_exprs(&a->ok_any);
    release_exprs(&a->id);
    release_exprs(&a->code);
    expr_free(a->text_expr);
}

void recipe_release_compiled(struct recipe *r)
{
    release_call(&r->send, &r->answer);
    release_call(&r->poll.request, &r->poll.answer);
    release_call(&r->balance.request, &r->balance.answer);
    release_call(&r->senders.request, &r->senders.answer);
    release_call(&r->recover.request, &r->recover.answer);
    release_exprs(&r->balance.amount);
    for (size_t i = 0; i < RECIPE_EXPRS_MAX; i++) {
        expr_free(r->balance.unit_exprs[i]);
    }
}
