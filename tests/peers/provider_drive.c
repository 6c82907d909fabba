/*
 * Drives one provider from a test: provider_drive KIND SETTINGS-JSON
 *
 * Standard input, one JSON value per line: an array of jobs is one submit(); {"op":"drain"} drains
 * at once; {"op":"fetch","list":[{"provider_ref","ref","to"}]}, {"op":"ask","id","ref","to"},
 * {"op":"probe"}, {"op":"balance"} and {"op":"hook","method","query","content_type","body",
 * "headers":{}} call the functions of these names. At the end of input it waits for all jobs and
 * drains. A job: {"id", "ref", "to", "from", "mail", "mail_file", "text", "mode"}. Standard output,
 * one JSON object per line: {"id", "outcome", "code", "detail", "wait_ms", "provider_ref"},
 * {"report": …}, {"health": …}, {"balance": …}, {"hook": …}, {"drained": true}. Recipes are looked
 * for in $HATIRLAT_RECIPES, reports are asked to $HATIRLAT_REPORT_URL.
 */
#include "base/json.h"
#include "loop/curlmux.h"
#include "providers/provider.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct drive {
    const struct provider_type *type;
    struct provider *provider;
    void *settings;
    struct provider_host host;
    uv_loop_t loop;
    uv_pipe_t input;
    struct buf text; /* input not yet cut into lines */
    size_t out;
    bool ended;
    bool draining;
    bool in_submit;
};

/* A job and its document, whose strings it borrows. */
struct driven {
    struct provider_job job;
    struct json_doc *doc;
    size_t *users; /* jobs that still use doc */
    char *mail;
};

static void die(const char *what, const struct err *e)
{
    (void)fprintf(stderr, "provider_drive: %s: %s\n", what, e->text);
    exit(70);
}

static void print(struct buf *line)
{
    (void)buf_addc(line, '\n');
    (void)fwrite(line->data, 1, line->len, stdout);
    (void)fflush(stdout);
    buf_finish(line);
}

static void drain(struct drive *d)
{
    if (!d->draining) {
        d->draining = true;
        d->type->drain(d->provider);
    }
}

static void on_done(void *ctx, struct provider_job *job, const struct outcome *o)
{
    struct drive *d = ctx;
    struct driven *driven = (struct driven *)job;
    struct json_writer w;
    struct buf line;

    if (d->in_submit) {
        abort(); /* the contract of provider.h, 2 */
    }
    buf_init(&line, 65536);
    jsonw_init(&w, &line);
    jsonw_object(&w);
    jsonw_put_i64(&w, "id", job->message_id);
    jsonw_put(&w, "outcome", outcome_name(o->class));
    jsonw_put(&w, "code", o->code);
    jsonw_put(&w, "detail", o->detail);
    jsonw_put(&w, "provider_ref", o->provider_ref);
    jsonw_put_i64(&w, "wait_ms", o->wait_ms);
    jsonw_end_object(&w);
    print(&line);
    if (--*driven->users == 0) {
        json_free(driven->doc);
        free(driven->users);
    }
    free(driven->mail);
    free(driven);
    if (--d->out == 0 && d->ended) {
        drain(d);
    }
}

static void on_report(void *ctx, const struct provider_report *list, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        struct json_writer w;
        struct buf line;

        buf_init(&line, 65536);
        jsonw_init(&w, &line);
        jsonw_object(&w);
        jsonw_put(&w, "report", list[i].ref != NULL ? list[i].ref : list[i].provider_ref);
        jsonw_put(&w, "ref", list[i].ref);
        jsonw_put(&w, "provider_ref", list[i].provider_ref);
        jsonw_put(&w, "to", list[i].to);
        jsonw_put_i64(&w, "state", (int64_t)list[i].state);
        jsonw_put(&w, "code", list[i].code);
        jsonw_put(&w, "detail", list[i].detail);
        jsonw_end_object(&w);
        print(&line);
    }
}

static void on_health(void *ctx, enum provider_health health, const char *sentence)
{
    static const char *const names[] = {"healthy", "degraded", "broken"};
    struct json_writer w;
    struct buf line;

    (void)ctx;
    buf_init(&line, 65536);
    jsonw_init(&w, &line);
    jsonw_object(&w);
    jsonw_put(&w, "health", names[health]);
    jsonw_put(&w, "sentence", sentence);
    jsonw_end_object(&w);
    print(&line);
}

static void on_balance(void *ctx, const struct provider_balance *balance)
{
    struct json_writer w;
    struct buf line;

    (void)ctx;
    buf_init(&line, 65536);
    jsonw_init(&w, &line);
    jsonw_object(&w);
    jsonw_put(&w, "balance", balance->amount == NULL ? "" : balance->amount);
    jsonw_put(&w, "unit", balance->unit);
    jsonw_put_bool(&w, "empty", balance->empty);
    jsonw_put(&w, "error", balance->error);
    jsonw_end_object(&w);
    print(&line);
}

static void on_drained(void *ctx)
{
    struct drive *d = ctx;

    d->type->destroy(d->provider);
    curlmux_destroy(d->host.curl);
    (void)printf("{\"drained\":true}\n");
    (void)fflush(stdout);
    if (!uv_is_closing((uv_handle_t *)&d->input)) {
        uv_close((uv_handle_t *)&d->input, NULL);
    }
}

static char *read_file(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "rb");
    struct buf b;
    size_t n;

    buf_init(&b, 64u << 20);
    while (f != NULL && (n = fread(buf_reserve(&b, 65536), 1, 65536, f)) > 0) {
        buf_commit(&b, n);
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return buf_steal(&b, ret_len);
}

static const char *member(const struct json *object, const char *key)
{
    return json_str(json_get(object, key)).ptr;
}

static struct provider_job *make_job(const struct json *v, struct json_doc *doc, size_t *users)
{
    struct driven *driven = calloc(1, sizeof *driven);
    struct provider_job *job = &driven->job;

    driven->doc = doc;
    driven->users = users;
    (void)json_i64(json_get(v, "id"), &job->message_id);
    job->attempt = 1;
    (void)snprintf(job->ref, sizeof job->ref, "ref-%lld", (long long)job->message_id);
    if (member(v, "ref") != NULL) {
        (void)snprintf(job->ref, sizeof job->ref, "%s", member(v, "ref"));
    }
    job->mode =
        member(v, "mode") == NULL ? SMS_TR_SINGLE : sms_mode_parse(json_str(json_get(v, "mode")));
    job->channel = json_get(v, "text") != NULL ? CHANNEL_SMS : CHANNEL_EMAIL;
    job->to = member(v, "to");
    job->text = member(v, "text");
    job->mail_from = member(v, "from");
    job->mail = member(v, "mail");
    job->mail_len = json_str(json_get(v, "mail")).len;
    job->deadline_ms = INT64_MAX;
    if (member(v, "mail_file") != NULL) {
        driven->mail = read_file(member(v, "mail_file"), &job->mail_len);
        job->mail = driven->mail;
    }
    return job;
}

static void submit(struct drive *d, const struct json *list, struct json_doc *doc)
{
    struct provider_job *jobs[1000];
    size_t *users = calloc(1, sizeof *users);
    size_t count = 0;

    for (const struct json *v = json_first(list); v != NULL && count < 1000; v = json_next(v)) {
        jobs[count++] = make_job(v, doc, users);
    }
    *users = count;
    d->out += count;
    d->in_submit = true;
    d->type->submit(d->provider, jobs, count);
    d->in_submit = false;
}

/* ---- the other functions of a provider ---- */

enum { LIST_MAX = 200 };

static void fetch(struct drive *d, const struct json *list)
{
    struct provider_await awaited[LIST_MAX];
    size_t count = 0;

    for (const struct json *v = json_first(list); v != NULL && count < LIST_MAX; v = json_next(v)) {
        awaited[count++] = (struct provider_await){.provider_ref = member(v, "provider_ref"),
                                                   .ref = member(v, "ref"),
                                                   .to = member(v, "to")};
    }
    if (d->type->fetch_reports != NULL) {
        d->type->fetch_reports(d->provider, awaited, count);
    }
}

static struct str hook_header(const void *request, const char *name)
{
    for (const struct json *v = json_first(request); v != NULL; v = json_next(v)) {
        if (str_ieq(str_of(json_key(v)), str_of(name))) {
            return json_str(v);
        }
    }
    return (struct str){NULL, 0};
}

static struct str text_or_empty(const struct json *v, const char *key)
{
    struct str s = json_str(json_get(v, key));

    return s.ptr == NULL ? STR("") : s;
}

static void hook(struct drive *d, const struct json *op)
{
    struct provider_hook h = {.method = text_or_empty(op, "method"),
                              .query = text_or_empty(op, "query"),
                              .content_type = text_or_empty(op, "content_type"),
                              .body = text_or_empty(op, "body"),
                              .header = hook_header,
                              .request = json_get(op, "headers")};
    struct err e = {0};
    int code =
        d->type->parse_hook == NULL ? ERR_UNSUPPORTED : d->type->parse_hook(d->provider, &h, &e);
    struct json_writer w;
    struct buf line;

    buf_init(&line, 4096);
    jsonw_init(&w, &line);
    jsonw_object(&w);
    jsonw_put_i64(&w, "hook", code);
    jsonw_put(&w, "error", e.text);
    jsonw_end_object(&w);
    print(&line);
}

/* Asked through done(), so it counts as a job. The document stays until then. */
static bool ask(struct drive *d, const struct json *op, struct json_doc *doc)
{
    size_t *users;

    if (d->type->ask == NULL) {
        (void)printf("{\"ask\":\"not offered\"}\n");
        (void)fflush(stdout);
        return false;
    }
    users = calloc(1, sizeof *users);
    *users = 1;
    d->out++;
    d->in_submit = true;
    d->type->ask(d->provider, make_job(op, doc, users));
    d->in_submit = false;
    return true;
}

/* True when the document is still needed. */
static bool on_op(struct drive *d, const struct json *op, struct json_doc *doc)
{
    struct str name = json_str(json_get(op, "op"));

    if (str_eqs(name, "drain")) {
        drain(d);
    } else if (str_eqs(name, "fetch")) {
        fetch(d, json_get(op, "list"));
    } else if (str_eqs(name, "hook")) {
        hook(d, op);
    } else if (str_eqs(name, "ask")) {
        return ask(d, op, doc);
    } else if (str_eqs(name, "probe") && d->type->probe != NULL) {
        d->type->probe(d->provider);
    } else if (str_eqs(name, "balance") && d->type->balance != NULL) {
        d->type->balance(d->provider);
    } else if (str_eqs(name, "balance")) {
        on_balance(d, &(struct provider_balance){.error = "not offered"});
    }
    return false;
}

static void on_line(struct drive *d, struct str line)
{
    struct json_limits limits = {.bytes = 16u << 20, .depth = 8, .keys = 64};
    struct json_doc *doc;
    struct err e;

    if (json_parse(line, 0, &limits, &doc, NULL, &e) != 0) {
        die("input", &e);
    }
    if (json_type(json_root(doc)) == JSON_ARRAY && json_count(json_root(doc)) > 0) {
        submit(d, json_root(doc), doc); /* the jobs free the document */
        return;
    }
    if (!on_op(d, json_root(doc), doc)) {
        json_free(doc);
    }
}

static void cut_lines(struct drive *d)
{
    size_t from = 0;
    char *end;

    while (from < d->text.len &&
           (end = memchr(d->text.data + from, '\n', d->text.len - from)) != NULL) {
        size_t len = (size_t)(end - d->text.data) - from;

        on_line(d, (struct str){d->text.data + from, len});
        from += len + 1;
    }
    if (from > 0) {
        memmove(d->text.data, d->text.data + from, d->text.len - from);
        buf_truncate(&d->text, d->text.len - from);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    static char bytes[65536];

    (void)handle;
    (void)suggested;
    *ret = uv_buf_init(bytes, sizeof bytes);
}

static void on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct drive *d = stream->data;

    if (n > 0) {
        (void)buf_add(&d->text, bytes->base, (size_t)n);
        cut_lines(d);
        return;
    }
    if (n < 0) {
        d->ended = true;
        uv_close((uv_handle_t *)stream, NULL);
        if (d->out == 0) {
            drain(d);
        }
    }
}

/* Exit codes: 78 for settings that are wrong, 70 when the provider does not start. */
static void *read_settings(const struct provider_type *type, const char *text)
{
    void *settings = calloc(1, type->settings_size);
    struct json_doc *doc;
    struct faults faults;
    struct err e;

    if (json_parse(str_of(text), 0, &json_default_limits, &doc, NULL, &e) != 0) {
        die("settings", &e);
    }
    faults_init(&faults);
    option_read(type->options, json_root(doc), "", settings, &faults);
    if (faults.errors == 0 && type->check != NULL) {
        type->check(settings, "", &faults);
    }
    for (size_t i = 0; i < faults.count; i++) {
        const struct fault *f = &faults.list[i];

        (void)fprintf(stderr, "%s %s %s: %s\n", f->severity == FAULT_ERROR ? "error" : "warning",
                      f->pointer, f->code, f->en);
    }
    if (faults.errors > 0) {
        exit(78);
    }
    faults_finish(&faults);
    json_free(doc);
    return settings;
}

int main(int argc, char **argv)
{
    struct drive d = {.type = argc == 3 ? provider_type_find(str_of(argv[1])) : NULL};
    struct err e;

    if (d.type == NULL) {
        (void)fprintf(stderr, "usage: provider_drive KIND SETTINGS-JSON\n");
        return 64;
    }
    if (getenv("HATIRLAT_KEEP_SIGPIPE") == NULL) {
        (void)signal(SIGPIPE, SIG_IGN);
    }
    buf_init(&d.text, 64u << 20);
    d.settings = read_settings(d.type, argv[2]);
    (void)uv_loop_init(&d.loop);
    d.host = (struct provider_host){.ctx = &d,
                                    .done = on_done,
                                    .report = on_report,
                                    .health = on_health,
                                    .balance = on_balance,
                                    .drained = on_drained,
                                    .loop = &d.loop,
                                    .clock = clock_system(),
                                    .name = "test",
                                    .recipes = getenv("HATIRLAT_RECIPES"),
                                    .report_url = getenv("HATIRLAT_REPORT_URL")};
    d.host.report_url = d.host.report_url == NULL ? "" : d.host.report_url;
    if (curlmux_create(&d.loop, &curlmux_default_limits, &d.host.curl, &e) != 0) {
        die("curl", &e);
    }
    if (d.type->create(&d.host, d.settings, &d.provider, &e) != 0) {
        die("create", &e);
    }
    if (d.type->start(d.provider, &e) != 0) {
        d.type->destroy(d.provider);
        die("start", &e);
    }
    (void)uv_pipe_init(&d.loop, &d.input, 0);
    (void)uv_pipe_open(&d.input, 0);
    d.input.data = &d;
    (void)uv_read_start((uv_stream_t *)&d.input, on_alloc, on_input);
    (void)uv_run(&d.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&d.loop);
    option_release(d.type->options, d.settings);
    free(d.settings);
    buf_finish(&d.text);
    return 0;
}
