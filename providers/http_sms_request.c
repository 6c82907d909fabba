#include "base/crypto.h"
#include "base/log.h"
#include "providers/http_sms_parts.h"
#include "providers/recipe/report.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    URL_BYTES_MAX = 8 * 1024,
    BODY_BYTES_MAX = 1024 * 1024,
    HEADER_BYTES_MAX = 1024,
    PAIR_BYTES_MAX = 64 * 1024,
    TIME_BYTES_MAX = 80,
    MINUTE_MS = 60000,
    DAY_MS = 86400000,
    BYTES_KEPT = 8 * 1024 /* by a spare request; few bodies are longer */
};

static void head_init(struct built_head *h)
{
    *h = (struct built_head){0};
    buf_init(&h->url, URL_BYTES_MAX);
    buf_init(&h->shown, URL_BYTES_MAX);
}

/* It may hold credentials. */
static void head_finish(struct built_head *h)
{
    crypto_finish_buf(&h->url);
    buf_finish(&h->shown);
    for (size_t i = 0; i < h->header_count; i++) {
        crypto_wipe(h->headers[i], strlen(h->headers[i]));
        free(h->headers[i]);
    }
    h->header_count = 0;
}

void built_init(struct built_request *b)
{
    head_init(&b->head);
    buf_init(&b->body, BODY_BYTES_MAX);
    buf_init(&b->items, BODY_BYTES_MAX);
}

static void empty(struct buf *b)
{
    crypto_wipe_buf(b);
    if (b->cap > BYTES_KEPT) {
        buf_finish(b);
    }
}

void built_reset(struct built_request *b)
{
    head_finish(&b->head);
    empty(&b->body);
    empty(&b->items);
}

void built_finish(struct built_request *b)
{
    built_reset(b);
    buf_finish(&b->body);
    buf_finish(&b->items);
}

static struct str lookup(const void *ctx, enum recipe_value kind, const char *key)
{
    const struct request_values *v = ctx;
    const struct recipe *r = v->provider->recipe;
    const struct json *found;

    if (kind == VALUE_PARAM) {
        found = json_get(v->provider->settings->parameters, key);
        return json_str(found != NULL ? found : json_get(r->parameters, key));
    }
    found = v->job == NULL ? NULL : json_get(r->encoding, recipe_mode_name(v->job->mode));
    found = json_get(found, key);
    return json_str(found != NULL ? found : json_get(json_get(r->encoding, "otherwise"), key));
}

static struct str number_in_form(const char *e164, int form)
{
    static const size_t skip[] = {[NUMBER_5X] = 3, [NUMBER_905X] = 1, [NUMBER_PLUS905X] = 0};
    size_t n = strlen(e164);

    return n > skip[form] ? (struct str){e164 + skip[form], n - skip[form]} : STR("");
}

/* Numbers and times written as text; they live as long as the values. */
struct value_texts {
    char page[24];
    char validity[24];
    char validity_s[24];
    char validity_ms[24];
    char validity_clock[24];
    char now[TIME_BYTES_MAX];
    char since[TIME_BYTES_MAX];
    char deadline[TIME_BYTES_MAX];
};

static void write_time(int64_t ms, const char *form, char out[TIME_BYTES_MAX])
{
    struct buf text;

    buf_init(&text, TIME_BYTES_MAX);
    recipe_time_write(ms, form, &text);
    str_copy(out, TIME_BYTES_MAX, str_of(buf_cstr(&text)));
    buf_finish(&text);
}

static void write_number(char *out, int64_t n)
{
    *str_put_u64(out, (uint64_t)n) = '\0';
}

/* "hh:mm" */
static void write_clock(char *out, int64_t minutes)
{
    if (minutes < 600) {
        *out++ = '0';
    }
    out = str_put_u64(out, (uint64_t)minutes / 60);
    *out++ = ':';
    if (minutes % 60 < 10) {
        *out++ = '0';
    }
    write_number(out, minutes % 60);
}

/* How long the vendor may try: until the deadline, within what its interface takes. */
static void fill_validity(const struct recipe *r, int64_t now_ms, const struct provider_job *job,
                          struct value_texts *texts, struct stencil_values *out)
{
    int64_t left = job->deadline_ms - now_ms;

    left = left < r->validity_min_ms ? r->validity_min_ms : left;
    left = left > r->validity_max_ms ? r->validity_max_ms : left;
    left = left < MINUTE_MS ? MINUTE_MS : left;
    write_number(texts->validity, left / MINUTE_MS);
    write_number(texts->validity_s, left / 1000);
    write_number(texts->validity_ms, left);
    write_clock(texts->validity_clock, left / MINUTE_MS);
    if (r->writes_times) {
        write_time(now_ms + left, r->time_format, texts->deadline);
        out->named[VALUE_DEADLINE] = str_of(texts->deadline);
    }
    out->named[VALUE_VALIDITY] = str_of(texts->validity);
    out->named[VALUE_VALIDITY_S] = str_of(texts->validity_s);
    out->named[VALUE_VALIDITY_MS] = str_of(texts->validity_ms);
    out->named[VALUE_VALIDITY_CLOCK] = str_of(texts->validity_clock);
}

static void fill_job(const struct provider *p, const struct provider_job *job,
                     struct stencil_values *out)
{
    out->named[VALUE_TEXT] = str_of(job->text);
    out->named[VALUE_TO] = number_in_form(job->to, p->recipe->number_form);
    out->named[VALUE_REF] = str_of(job->ref);
}

static void fill(const struct request_values *v, const struct recipe_request *rr,
                 const struct built_request *b, struct value_texts *texts,
                 struct stencil_values *out)
{
    const struct provider *p = v->provider;
    int64_t now_ms = clock_wall_ms(p->host->clock);

    *out = (struct stencil_values){
        .lookup = lookup, .ctx = v, .charset = (enum recipe_charset)rr->charset};
    out->named[VALUE_SENDER] = str_of(p->settings->sender);
    out->named[VALUE_USER] = str_of(p->settings->user);
    out->named[VALUE_PASSWORD] = str_of(p->settings->password.value);
    if (b != NULL) {
        out->named[VALUE_ITEMS] = (struct str){b->items.data, b->items.len};
    }
    out->named[VALUE_REPORT_URL] = str_of(p->host->report_url);
    out->named[VALUE_REPORT_SECRET] = str_of(p->settings->report_secret.value);
    out->named[VALUE_ID] = str_of(v->id);
    out->named[VALUE_AFTER] = str_of(v->after);
    if (p->recipe->writes_times) {
        write_time(now_ms, p->recipe->time_format, texts->now);
        write_time(now_ms - DAY_MS, p->recipe->time_format, texts->since);
        out->named[VALUE_NOW] = str_of(texts->now);
        out->named[VALUE_SINCE] = str_of(texts->since);
    }
    if (rr->paged) {
        snprintf(texts->page, sizeof(texts->page), "%lld", (long long)v->page);
        out->named[VALUE_PAGE] = str_of(texts->page);
    }
    if (v->job != NULL) {
        fill_job(p, v->job, out);
    }
    if (v->job != NULL && p->recipe->writes_validity) {
        fill_validity(p->recipe, now_ms, v->job, texts, out);
    }
}

int built_add_item(struct built_request *b, const struct recipe_request *rr,
                   const struct request_values *v, struct err *e)
{
    struct value_texts texts;
    struct stencil_values values;

    if (b->items.len > 0) {
        buf_adds(&b->items, rr->join);
    }
    fill(v, rr, b, &texts, &values);
    values.named[VALUE_ITEMS] = (struct str){NULL, 0};
    return stencil_expand(rr->item_stencil, &values, &b->items, NULL, e);
}

/* "name=value&…"; a pair with an empty placeholder is left out. */
static int add_pairs(const struct recipe_pairs *pairs, const struct stencil_values *values,
                     bool as_form, char before, struct buf *out, struct err *e)
{
    struct buf value;
    int code = 0;

    buf_init(&value, PAIR_BYTES_MAX);
    for (size_t i = 0; code == 0 && i < pairs->count; i++) {
        bool complete = false;

        buf_reset(&value);
        code = stencil_expand(pairs->list[i].value, values, &value, &complete, e);
        if (code != 0 || !complete) {
            continue;
        }
        if (before != '\0') {
            buf_addc(out, before);
        }
        before = '&';
        buf_adds(out, pairs->list[i].name);
        buf_addc(out, '=');
        code =
            recipe_percent(values->charset, as_form, (struct str){value.data, value.len}, out, e);
    }
    crypto_finish_buf(&value);
    return code;
}

/* Whether a pair's value may be logged. */
static bool is_secret(const struct recipe *r, const struct recipe_pair *pair)
{
    static const enum recipe_value values[] = {
        VALUE_PASSWORD, VALUE_REPORT_SECRET, VALUE_USER, VALUE_TEXT, VALUE_TO, VALUE_REPORT_URL};
    bool secret = false;

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        secret = secret || stencil_uses(pair->value, values[i]);
    }
    for (size_t i = 0; i < r->redact.count; i++) {
        secret = secret || strcmp(r->redact.items[i], pair->name) == 0;
    }
    return secret;
}

/* The address as it may be logged: what is secret or personal became "***". */
static void show_url(struct built_head *h, const struct recipe_request *rr,
                     const struct stencil_values *values, const struct provider *p)
{
    struct stencil_values shown = *values;
    char before = '?';

    for (size_t i = 0; i < VALUE_NAMED_COUNT; i++) {
        if (i != VALUE_ID && i != VALUE_REF && i != VALUE_PAGE) {
            shown.named[i] = STR("***");
        }
    }
    if (stencil_expand(rr->url_stencil, &shown, &h->shown, NULL, NULL) != 0) {
        return;
    }
    for (size_t i = 0; i < rr->query.count; i++) {
        const struct recipe_pair *pair = &rr->query.list[i];

        buf_addf(&h->shown, "%c%s=", before, pair->name);
        before = '&';
        if (is_secret(p->recipe, pair)) {
            buf_adds(&h->shown, "***");
        } else {
            stencil_expand(pair->value, values, &h->shown, NULL, NULL);
        }
    }
}

static int build_url(struct built_head *h, const struct recipe_request *rr,
                     const struct stencil_values *values, const struct provider *p, struct err *e)
{
    const char *base = p->settings->base_url != NULL ? p->settings->base_url : p->recipe->base_url;
    size_t n = strlen(base);
    int code;

    if (rr->url[0] == '/') {
        buf_add(&h->url, base, n > 0 && base[n - 1] == '/' ? n - 1 : n);
    }
    code = stencil_expand(rr->url_stencil, values, &h->url, NULL, e);
    if (code == 0) {
        bool has_query = h->url.len > 0 && memchr(h->url.data, '?', h->url.len) != NULL;

        code = add_pairs(&rr->query, values, false, has_query ? '&' : '?', &h->url, e);
    }
    if (code == 0 && log_enabled(LOG_LEVEL_DEBUG)) {
        show_url(h, rr, values, p);
    }
    return code;
}

static int build_body(struct built_request *b, const struct recipe_request *rr,
                      const struct stencil_values *values, struct err *e)
{
    struct buf text;
    int code;

    if (rr->form.count > 0) {
        return add_pairs(&rr->form, values, true, '\0', &b->body, e);
    }
    if (rr->body_stencil == NULL) {
        return 0;
    }
    if (rr->charset == CHARSET_UTF8) {
        return stencil_expand(rr->body_stencil, values, &b->body, NULL, e);
    }
    buf_init(&text, BODY_BYTES_MAX);
    code = stencil_expand(rr->body_stencil, values, &text, NULL, e);
    if (code == 0) {
        code = charset_convert((enum recipe_charset)rr->charset, (struct str){text.data, text.len},
                               &b->body);
        if (code != 0) {
            err_set(e, code, "the text has a character that ISO-8859-9 lacks");
        }
    }
    crypto_finish_buf(&text);
    return code;
}

static int add_header(struct built_head *h, const char *name, struct str value, struct err *e)
{
    struct buf line;

    buf_init(&line, HEADER_BYTES_MAX);
    buf_addf(&line, "%s: ", name);
    buf_add(&line, value.ptr, value.len);
    h->headers[h->header_count] = buf_steal(&line, NULL);
    if (h->headers[h->header_count] == NULL) {
        return err_set(e, ERR_LIMIT, "a request header is too long");
    }
    h->header_count++;
    return 0;
}

static int build_headers(struct built_head *h, const struct recipe_request *rr,
                         const struct stencil_values *values, struct err *e)
{
    struct buf value;
    int code = 0;

    if (rr->content_type != NULL) {
        code = add_header(h, "Content-Type", str_of(rr->content_type), e);
    }
    buf_init(&value, HEADER_BYTES_MAX);
    for (size_t i = 0; code == 0 && i < rr->headers.count; i++) {
        bool complete = false;

        buf_reset(&value);
        code = stencil_expand(rr->headers.list[i].value, values, &value, &complete, e);
        if (code == 0 && complete) {
            code = add_header(h, rr->headers.list[i].name, (struct str){value.data, value.len}, e);
        }
    }
    crypto_finish_buf(&value);
    return code;
}

static int build_head(struct built_head *h, const struct recipe_request *rr,
                      const struct stencil_values *values, const struct provider *p, struct err *e)
{
    int code = build_url(h, rr, values, p, e);

    code = code != 0 ? code : build_headers(h, rr, values, e);
    return code != 0 || buf_failed(&h->url) == 0
               ? code
               : err_set(e, ERR_LIMIT, "the request's address is too long");
}

void http_sms_build_head(struct provider *p)
{
    const struct recipe_request *rr = &p->recipe->send;
    const struct request_values v = {.provider = p};
    struct value_texts texts;
    struct stencil_values values;
    struct err unused;

    head_init(&p->head);
    if (!rr->alike) {
        return;
    }
    fill(&v, rr, NULL, &texts, &values);
    if (build_head(&p->head, rr, &values, p, &unused) == 0) {
        p->kin = curlmux_kin_open(p->host->curl);
    }
}

void http_sms_forget_head(struct provider *p)
{
    if (p->kin != 0) {
        curlmux_kin_close(p->host->curl, p->kin);
        p->kin = 0;
    }
    head_finish(&p->head);
}

static int build(struct built_request *b, const struct recipe_request *rr,
                 const struct request_values *v, bool with_head, struct err *e)
{
    struct value_texts texts;
    struct stencil_values values;
    int code;

    fill(v, rr, b, &texts, &values);
    code = with_head ? build_head(&b->head, rr, &values, v->provider, e) : 0;
    code = code != 0 ? code : build_body(b, rr, &values, e);
    if (code == 0 && buf_failed(&b->body) != 0) {
        code = err_set(e, ERR_LIMIT, "the request is too large");
    }
    return code;
}

int built_send(struct built_request *b, const struct recipe_request *rr,
               const struct request_values *v, curlmux_callback *done, void *ctx, struct err *e)
{
    const struct provider *p = v->provider;
    const struct http_sms_settings *s = p->settings;
    const uint64_t kin = rr == &p->recipe->send ? p->kin : 0;
    const struct built_head *head = kin != 0 ? &p->head : &b->head;
    struct curlmux_request request = {.method = rr->method,
                                      .ca_file = s->ca_file,
                                      .total_ms = s->timeout_ms,
                                      .allow_private = s->allow_private,
                                      .kin = kin};
    int code = build(b, rr, v, kin == 0, e);

    if (code != 0) {
        return code;
    }
    request.url = buf_cstr(&head->url);
    request.headers = (const char *const *)head->headers;
    request.header_count = head->header_count;
    if (rr->form.count > 0 || rr->body_stencil != NULL) {
        request.body = (struct str){buf_cstr(&b->body), b->body.len};
    }
    if (rr->auth == AUTH_BASIC) {
        request.user = s->user;
        request.password = s->password.value;
    }
    log_debug("http_sms_request", LOG_S("provider", p->host->name), LOG_S("method", rr->method),
              LOG_S("url", buf_cstr(&head->shown)));
    code = curlmux_send(p->host->curl, &request, done, ctx, e);
    return code == ERR_INVALID ? ERR_DENIED : code;
}
