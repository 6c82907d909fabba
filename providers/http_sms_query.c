/* What the engine asks about the account: the balance and the sender titles. */
#include "providers/http_sms_parts.h"
#include "providers/recipe/xml.h"

#include <stdio.h>

enum { AMOUNT_MAX = 40, TITLES_SHOWN = 5, LOOK_AGAIN_MS = 60000 };

/* Begins a request whose answer ends in done; false when it could not be made. */
static bool begin(struct provider *p, const struct recipe_request *rr, curlmux_callback *done)
{
    struct request_values v = {.provider = p};
    struct built_request b;
    struct err why = {0};
    int code;

    built_init(&b);
    code = built_send(&b, rr, &v, done, p, &why);
    built_finish(&b);
    p->queries += code == 0 ? 1u : 0u;
    return code == 0;
}

/* The balance. */

struct amount {
    char text[AMOUNT_MAX]; /* digits, at most one ".", perhaps "-" in front */
    char unit[AMOUNT_MAX];
    bool empty;
};

/* "1.986,50" or "1,986.50" as "1986.50"; false when it is no number. */
static bool read_amount(const char *raw, int decimal, char out[AMOUNT_MAX])
{
    char point = decimal == DECIMAL_COMMA ? ',' : '.';
    char group = decimal == DECIMAL_COMMA ? '.' : ',';
    size_t n = 0;
    bool digits = false;

    for (const char *c = raw; *c != '\0'; c++) {
        char kept = *c == point ? '.' : *c;

        if (*c == group) {
            continue;
        }
        if ((kept == '.' && (n > 0 && memchr(out, '.', n) != NULL)) ||
            (!ascii_digit(kept) && kept != '.' && (kept != '-' || c != raw)) ||
            n + 1 == AMOUNT_MAX) {
            return false;
        }
        digits = digits || ascii_digit(kept);
        out[n++] = kept;
    }
    out[n] = '\0';
    return digits;
}

/* "0", "0.00" and "-1.5" are nothing to send with. */
static bool is_empty(const char *amount)
{
    return amount[0] == '-' || strpbrk(amount, "123456789") == NULL;
}

static void find_unit(const struct recipe_balance *rules, size_t i,
                      const struct recipe_reply *reply, char out[AMOUNT_MAX])
{
    char text[EXPR_TEXT_MAX] = "";

    if (i < rules->unit.count && rules->unit_exprs[i] != NULL) {
        expr_extract(rules->unit_exprs[i], reply, text);
    } else if (i < rules->unit.count) {
        str_copy(text, sizeof(text), str_of(rules->unit.items[i]));
    }
    str_copy(out, AMOUNT_MAX, str_of(text));
}

/* The first amount above nothing, else the first; false when there is none. */
static bool find_amount(const struct recipe_balance *rules, const struct recipe_reply *reply,
                        struct amount *ret)
{
    bool found = false;

    for (size_t i = 0; i < RECIPE_EXPRS_MAX && rules->amount.list[i] != NULL; i++) {
        struct amount one;
        char raw[EXPR_TEXT_MAX];

        if (!expr_extract(rules->amount.list[i], reply, raw) ||
            !read_amount(raw, rules->decimal, one.text)) {
            continue;
        }
        one.empty = is_empty(one.text);
        if (!found || (ret->empty && !one.empty)) {
            find_unit(rules, i, reply, one.unit);
            *ret = one;
            found = true;
        }
    }
    return found;
}

/* What the vendor said: an amount, or why there is none. */
struct balance_answer {
    bool known;
    struct amount amount;
    enum provider_health health;
    char sentence[320];
};

static void read_balance(struct provider *p, const struct curlmux_answer *a,
                         struct balance_answer *ret)
{
    const struct recipe_balance *rules = &p->recipe->balance;
    struct recipe_reply reply;
    struct recipe_judgement j;
    const struct outcome *o = &j.outcome;

    *ret = (struct balance_answer){.health = PROVIDER_DEGRADED};
    http_sms_judge_query(p, &rules->answer, a, &reply, &j);
    if (o->class == OUTCOME_SENT) {
        ret->known = find_amount(rules, &reply, &ret->amount);
    }
    if (ret->known) {
        ret->health = ret->amount.empty ? PROVIDER_DEGRADED : PROVIDER_HEALTHY;
        snprintf(ret->sentence, sizeof(ret->sentence), "credit: %s %s", ret->amount.text,
                 ret->amount.unit);
    } else if (o->class == OUTCOME_SENT) {
        snprintf(ret->sentence, sizeof(ret->sentence), "the answer holds no amount");
    } else {
        ret->health = o->class == OUTCOME_ACCOUNT || o->class == OUTCOME_DOWN ? PROVIDER_BROKEN
                                                                              : PROVIDER_DEGRADED;
        snprintf(ret->sentence, sizeof(ret->sentence), "%s: %s", o->code, o->detail);
    }
    recipe_reply_finish(&reply);
}

static void on_probe(void *ctx, const struct curlmux_answer *a)
{
    struct provider *p = ctx;
    struct balance_answer got;

    p->queries--;
    read_balance(p, a, &got);
    p->host->health(p->host->ctx, got.health, got.sentence);
    http_sms_wake(p);
}

static void say_balance(struct provider *p, const struct balance_answer *got)
{
    const struct provider_balance balance = {.amount = got->known ? got->amount.text : NULL,
                                             .unit = got->known ? got->amount.unit : "",
                                             .empty = got->known && got->amount.empty,
                                             .error = got->known ? NULL : got->sentence};

    if (p->host->balance != NULL) {
        p->host->balance(p->host->ctx, &balance);
    }
}

static void on_balance(void *ctx, const struct curlmux_answer *a)
{
    struct provider *p = ctx;
    struct balance_answer got;

    p->queries--;
    read_balance(p, a, &got);
    say_balance(p, &got);
    http_sms_wake(p);
}

void http_sms_probe(struct provider *p)
{
    if (!p->recipe->has_balance || !begin(p, &p->recipe->balance.request, on_probe)) {
        p->health_due = true;
        http_sms_wake(p);
    }
}

void http_sms_balance(struct provider *p)
{
    if (!p->recipe->has_balance || !begin(p, &p->recipe->balance.request, on_balance)) {
        p->balance_due = true;
        http_sms_wake(p);
    }
}

void http_sms_say(struct provider *p)
{
    struct balance_answer got = {.known = false};
    bool offered = p->recipe->has_balance;

    if (p->health_due) {
        p->health_due = false;
        p->host->health(p->host->ctx, offered ? PROVIDER_DEGRADED : PROVIDER_HEALTHY,
                        offered ? "the balance could not be asked for"
                                : "the recipe offers nothing to check");
    }
    if (p->balance_due) {
        p->balance_due = false;
        snprintf(got.sentence, sizeof(got.sentence), "%s",
                 offered ? "the balance could not be asked for"
                         : "the recipe names no way to ask for the balance");
        say_balance(p, &got);
    }
}

/* The sender titles. */

struct titles {
    const struct recipe_senders *rules;
    const char *wanted;
    size_t count;
    bool listed;
    struct buf shown; /* the first few, for people */
};

static void see_title(struct titles *t, struct str title)
{
    title = str_trim(title);
    if (title.len == 0) {
        return;
    }
    t->listed = t->listed || str_eqs(title, t->wanted);
    if (t->count++ < TITLES_SHOWN) {
        buf_addf(&t->shown, "%s%.*s", t->count > 1 ? ", " : "", (int)title.len, title.ptr);
    }
}

static void see_json(struct titles *t, const struct recipe_reply *reply)
{
    const struct json *root = reply->doc == NULL ? NULL : json_root(reply->doc);
    const struct json *list = t->rules->places.count == 0 ? root : NULL;

    for (size_t i = 0; list == NULL && i < t->rules->places.count; i++) {
        list = json_at(root, t->rules->places.items[i]);
    }
    for (const struct json *v = json_type(list) == JSON_ARRAY ? json_first(list) : NULL; v != NULL;
         v = json_next(v)) {
        see_title(t, json_str(t->rules->item == NULL || json_type(v) == JSON_STRING
                                  ? v
                                  : json_at(v, t->rules->item)));
    }
}

static bool see_element(void *ctx, const struct xml_element *e)
{
    struct titles *t = ctx;
    char title[EXPR_TEXT_MAX];

    if (xml_field(e, t->rules->item == NULL ? "." : t->rules->item, title, sizeof(title))) {
        see_title(t, str_of(title));
    }
    return true;
}

static void see_lines(struct titles *t, struct str body)
{
    while (body.len > 0) {
        size_t n = 0;

        while (n < body.len && memchr("\t\r\n", body.ptr[n], 3) == NULL) {
            n++;
        }
        see_title(t, (struct str){body.ptr, n});
        n += n < body.len ? 1 : 0;
        body = (struct str){body.ptr + n, body.len - n};
    }
}

static void see_titles(struct titles *t, const struct recipe_reply *reply)
{
    switch ((enum recipe_rows_format)t->rules->format) {
    case ROWS_JSON:
        see_json(t, reply);
        break;
    case ROWS_XML:
        for (size_t i = 0; t->count == 0 && i < t->rules->places.count; i++) {
            xml_each(reply->body, t->rules->places.items[i], see_element, t);
        }
        break;
    case ROWS_LINES:
    case ROWS_KV:
        see_lines(t, reply->body);
        break;
    }
}

/* A list that cannot be read says nothing; only one without the title does. */
static void judge_titles(struct provider *p, struct titles *t)
{
    const struct recipe_senders *rules = t->rules;
    char sentence[400];

    if (t->listed || t->count == 0) {
        p->sender = t->listed ? SENDER_LISTED : SENDER_NOT_KNOWN;
        return;
    }
    p->sender = SENDER_MISSING;
    snprintf(sentence, sizeof(sentence),
             "the sender title \"%s\" is not one of the account's: %.250s%s", t->wanted,
             buf_cstr(&t->shown), t->count > TITLES_SHOWN ? ", …" : "");
    p->host->health(p->host->ctx,
                    rules->missing == MISSING_HOLD ? PROVIDER_BROKEN : PROVIDER_DEGRADED, sentence);
}

static void on_senders(void *ctx, const struct curlmux_answer *a)
{
    struct provider *p = ctx;
    struct titles t = {.rules = &p->recipe->senders, .wanted = p->settings->sender};
    struct recipe_reply reply;
    struct recipe_judgement j;

    p->queries--;
    buf_init(&t.shown, 1024);
    http_sms_judge_query(p, &p->recipe->senders.answer, a, &reply, &j);
    if (j.outcome.class == OUTCOME_SENT) {
        see_titles(&t, &reply);
        judge_titles(p, &t);
    } else if (j.outcome.class == OUTCOME_ACCOUNT) {
        http_sms_say_account(p, &j.outcome);
    }
    recipe_reply_finish(&reply);
    buf_finish(&t.shown);
    http_sms_wake(p);
}

void http_sms_look_at_senders(struct provider *p)
{
    if (p->senders_due) {
        p->senders_due = false;
        p->sender_at = http_sms_loop_ms(p);
        begin(p, &p->recipe->senders.request, on_senders);
    }
}

bool http_sms_sender_holds(struct provider *p)
{
    bool holds = p->sender == SENDER_MISSING && p->recipe->senders.missing == MISSING_HOLD;

    if (holds && http_sms_loop_ms(p) - p->sender_at >= LOOK_AGAIN_MS) {
        p->senders_due = true; /* whoever tries the next one may find the title there */
        http_sms_wake(p);
    }
    return holds;
}
