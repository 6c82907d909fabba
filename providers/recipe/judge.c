#include "providers/recipe/judge.h"

#include "base/civil.h"
#include "base/utf8.h"

#include <stdio.h>

enum {
    REPLY_BYTES_MAX = 256 * 1024,
    REPLY_DEPTH_MAX = 32,
    REPLY_KEYS_MAX = 256,
    WAIT_MIN_MS = 1000,
    WAIT_MAX_MS = 6 * 3600 * 1000,
    DIGITS_SHOWN_MAX = 6,
    CODE_SHOWN_MAX = 23 /* behind "http 406/" it fills outcome.code */
};

void recipe_reply_init(struct recipe_reply *reply, int status, struct str body,
                       const char *retry_after)
{
    const struct json_limits limits = {REPLY_BYTES_MAX, REPLY_DEPTH_MAX, REPLY_KEYS_MAX};
    struct json_doc *doc = NULL;

    if (json_parse(body, 0, &limits, &doc, NULL, NULL) != 0) {
        doc = NULL;
    }
    *reply = (struct recipe_reply){
        .status = status, .body = body, .retry_after = retry_after, .doc = doc};
}

void recipe_reply_finish(struct recipe_reply *reply)
{
    json_free((struct json_doc *)(uintptr_t)reply->doc);
    reply->doc = NULL;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate, the one form that may be sent). */
static bool read_http_date(const char *value, int64_t *ret_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil c = {0};
    char month[4];
    char zone[4];
    const char *found;

    if (sscanf(value, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]", &c.day, month, &c.year,
               &c.hour, &c.minute, &c.second, zone) != 7) {
        return false;
    }
    found = strstr(months, month);
    if (strlen(month) != 3 || found == NULL || (found - months) % 3 != 0 ||
        strcmp(zone, "GMT") != 0 || c.year < 1970 || c.day < 1 || c.day > 31 || c.hour < 0 ||
        c.hour > 23 || c.minute < 0 || c.minute > 59 || c.second < 0 || c.second > 60) {
        return false;
    }
    c.month = (int)((found - months) / 3) + 1;
    *ret_ms = civil_to_ms(&c);
    return true;
}

int64_t recipe_retry_after(const char *value, int64_t now_ms)
{
    int64_t wait = 0;
    int64_t at = 0;

    if (value == NULL || value[0] == '\0') {
        return 0;
    }
    if (value[strspn(value, "0123456789")] == '\0') {
        if (str_i64(str_of(value), &wait) != 0 || wait > WAIT_MAX_MS / 1000) {
            wait = WAIT_MAX_MS / 1000;
        }
        wait *= 1000;
    } else if (read_http_date(value, &at)) {
        wait = at - now_ms;
    } else {
        return 0;
    }
    wait = wait < WAIT_MIN_MS ? WAIT_MIN_MS : wait;
    return wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait;
}

void recipe_scrub(const struct str *secrets, size_t count, char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < count; i++) {
        char *at = text;

        while (secrets[i].len > 0 &&
               (at = memmem(at, n - (size_t)(at - text), secrets[i].ptr, secrets[i].len)) != NULL) {
            memset(at, '*', secrets[i].len);
            at += secrets[i].len;
        }
    }
}

/* One line, long runs of digits (numbers, ids) hidden, valid UTF-8 up to the end. */
static void clean_detail(const char *text, char *out, size_t cap)
{
    struct str rest = str_of(text);
    size_t used = 0;
    size_t digits = 0;

    while (rest.len > 0) {
        uint32_t cp = 0;
        size_t n = utf8_decode(rest, &cp);
        bool plain = n > 0 && cp >= 0x20 && (cp < 0x7F || cp > 0x9F);

        n = n == 0 ? 1 : n;
        digits = ascii_digit(rest.ptr[0]) ? digits + 1 : 0;
        if (used + n >= cap) {
            break;
        }
        if (digits <= DIGITS_SHOWN_MAX) {
            memcpy(out + used, plain ? rest.ptr : " ", plain ? n : 1);
            used += plain ? n : 1;
        } else if (digits == DIGITS_SHOWN_MAX + 1) {
            memset(out + used - DIGITS_SHOWN_MAX, '*', DIGITS_SHOWN_MAX);
        }
        rest = (struct str){rest.ptr + n, rest.len - n};
    }
    out[used] = '\0';
}

static bool first_found(const struct recipe_exprs *exprs, const struct recipe_reply *reply,
                        char out[EXPR_TEXT_MAX])
{
    for (size_t i = 0; i < RECIPE_EXPRS_MAX && exprs->list[i] != NULL; i++) {
        if (expr_extract(exprs->list[i], reply, out)) {
            return true;
        }
    }
    return false;
}

static bool is_success(const struct recipe_answer *a, const struct recipe_reply *reply)
{
    bool listed = false;
    bool any = a->ok_any.list[0] == NULL;

    for (size_t i = 0; i < a->ok_http.count; i++) {
        listed = listed || a->ok_http.items[i] == reply->status;
    }
    for (size_t i = 0; listed && i < RECIPE_EXPRS_MAX && a->ok_match.list[i] != NULL; i++) {
        listed = expr_holds(a->ok_match.list[i], reply);
    }
    for (size_t i = 0; listed && !any && i < RECIPE_EXPRS_MAX && a->ok_any.list[i] != NULL; i++) {
        any = expr_holds(a->ok_any.list[i], reply);
    }
    return listed && any;
}

/* The id, when it is one that can be kept. */
static bool find_id(const struct recipe_answer *a, const struct recipe_reply *reply,
                    char out[EXPR_TEXT_MAX])
{
    struct outcome *unused = NULL;

    return first_found(&a->id, reply, out) && utf8_clean_line(str_of(out)) &&
           strlen(out) < sizeof(unused->provider_ref);
}

static void judge_success(const struct recipe_answer *a, const struct recipe_reply *reply,
                          struct outcome *o)
{
    char id[EXPR_TEXT_MAX];
    bool found = a->id.texts.count > 0 && find_id(a, reply, id);

    if (a->id.texts.count > 0 && a->id_needed && !found) {
        outcome_set(o, OUTCOME_UNKNOWN, "no id", "the vendor took it, but named no id");
        return;
    }
    outcome_set(o, OUTCOME_SENT, "ok", "accepted");
    if (found) {
        str_copy(o->provider_ref, sizeof(o->provider_ref), str_of(id));
    }
}

/* A code for people; one that is cut says so. cap is the room, at least that of the sign. */
static void show_code(const char *code, char *out, size_t cap)
{
    static const char sign[] = "…";
    char clean[EXPR_TEXT_MAX];

    clean_detail(code, clean, sizeof(clean));
    if (strlen(clean) < cap) {
        str_copy(out, cap, str_of(clean));
        return;
    }
    utf8_copy(out, cap - sizeof(sign) + 1, str_of(clean));
    snprintf(out + strlen(out), sizeof(sign), "%s", sign);
}

/* Puts a word of ours in front of the vendor's code. */
static void mark(struct outcome *o, const char *word, const char *detail)
{
    char code[sizeof(o->code)];
    size_t n;

    memcpy(code, o->code, sizeof(code));
    n = (size_t)snprintf(o->code, sizeof(o->code), "%s ", word);
    show_code(code, o->code + n, sizeof(o->code) - n);
    if (o->detail[0] == '\0') {
        snprintf(o->detail, sizeof(o->detail), "%s", detail);
    }
}

/* By the code the vendor gave; false when its table does not know it. */
static bool judge_code(const struct recipe_answer *a, const struct recipe_reply *reply,
                       const char *code, int64_t now_ms, struct recipe_judgement *j)
{
    struct recipe_verdict verdict;
    char id[EXPR_TEXT_MAX];
    int64_t asked = recipe_retry_after(reply->retry_after, now_ms);

    if (!recipe_verdict_read(json_get(a->codes, code), &verdict)) {
        return false;
    }
    j->split = verdict.split || verdict.class == OUTCOME_REJECTED;
    j->unsure = verdict.split;
    j->absent = verdict.absent;
    j->outcome.class = verdict.class;
    if (verdict.class == OUTCOME_RETRY && !verdict.absent && reply->status == 503 && asked > 0) {
        j->outcome.class = OUTCOME_THROTTLED; /* it named a time: that costs no attempt */
    }
    if (j->outcome.class == OUTCOME_THROTTLED || j->outcome.class == OUTCOME_RETRY) {
        j->outcome.wait_ms = asked > 0 ? asked : verdict.wait_ms;
    }
    if (verdict.text != NULL) {
        clean_detail(verdict.text, j->outcome.detail, sizeof(j->outcome.detail));
    }
    if (verdict.balance) {
        mark(&j->outcome, "balance", "no credit");
    }
    if (verdict.class == OUTCOME_DUPLICATE && find_id(a, reply, id)) {
        str_copy(j->outcome.provider_ref, sizeof(j->outcome.provider_ref), str_of(id));
    }
    return true;
}

static enum outcome_class otherwise_class(int otherwise)
{
    static const enum outcome_class classes[] = {OUTCOME_RETRY, OUTCOME_UNKNOWN, OUTCOME_REJECTED};

    return classes[otherwise];
}

static void judge_status(const struct recipe_answer *a, const struct recipe_reply *reply,
                         bool has_code, int64_t now_ms, struct recipe_judgement *j)
{
    struct outcome *o = &j->outcome;
    int64_t asked = recipe_retry_after(reply->retry_after, now_ms);

    switch (reply->status) {
    case 401:
    case 403:
        o->class = OUTCOME_ACCOUNT;
        return;
    case 429:
        o->class = OUTCOME_THROTTLED;
        o->wait_ms = asked;
        return;
    case 503:
        o->class = asked > 0 ? OUTCOME_THROTTLED : OUTCOME_RETRY;
        o->wait_ms = asked;
        return;
    default:
        break;
    }
    if (reply->status >= 500) {
        o->class = otherwise_class(a->http_5xx);
    } else if (reply->status < 400 && !has_code) {
        o->class = OUTCOME_UNKNOWN; /* taken, redirected or nonsense: nobody can tell */
    } else {
        o->class = otherwise_class(a->otherwise);
        j->unmatched = true;
        mark(o, "unmatched", "the answer matches no rule of the recipe");
    }
}

static void name_code(const struct recipe_reply *reply, const char *code, struct outcome *o)
{
    char scrubbed[EXPR_TEXT_MAX];
    char clean[CODE_SHOWN_MAX];

    str_copy(scrubbed, sizeof(scrubbed), str_of(code));
    recipe_scrub(reply->secrets, reply->secret_count, scrubbed);
    show_code(scrubbed, clean, sizeof(clean));
    snprintf(o->code, sizeof(o->code), clean[0] == '\0' ? "http %d" : "http %d/%s", reply->status,
             clean);
}

/*
 * By the first code that the table knows; else *ret_code is the first code of all, "" when there is
 * none beside the status.
 */
static bool judge_codes(const struct recipe_answer *a, const struct recipe_reply *reply,
                        int64_t now_ms, char ret_code[EXPR_TEXT_MAX], struct recipe_judgement *j)
{
    char code[EXPR_TEXT_MAX];
    char status[16];

    snprintf(status, sizeof(status), "%d", reply->status);
    ret_code[0] = '\0';
    for (size_t i = 0; i < RECIPE_EXPRS_MAX && a->code.list[i] != NULL; i++) {
        if (!expr_extract(a->code.list[i], reply, code) || !expr_holds(a->code.list[i], reply)) {
            continue;
        }
        if (ret_code[0] == '\0' && strcmp(code, status) != 0) {
            memcpy(ret_code, code, sizeof(code));
        }
        name_code(reply, strcmp(code, status) == 0 ? "" : code, &j->outcome);
        if (judge_code(a, reply, code, now_ms, j)) {
            return true;
        }
    }
    name_code(reply, ret_code, &j->outcome);
    return false;
}

void recipe_judge(const struct recipe_answer *a, const struct recipe_reply *reply, int64_t now_ms,
                  struct recipe_judgement *ret)
{
    char code[EXPR_TEXT_MAX];
    char text[EXPR_TEXT_MAX];

    *ret = (struct recipe_judgement){0};
    if (is_success(a, reply)) {
        judge_success(a, reply, &ret->outcome);
        name_code(reply, "", &ret->outcome);
        return;
    }
    if (expr_extract(a->text_expr, reply, text)) {
        recipe_scrub(reply->secrets, reply->secret_count, text);
        clean_detail(text, ret->outcome.detail, sizeof(ret->outcome.detail));
    }
    if (!judge_codes(a, reply, now_ms, code, ret)) {
        judge_status(a, reply, code[0] != '\0', now_ms, ret);
    }
}
