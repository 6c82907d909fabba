/* The trial itself: a simulated vendor, a place for its reports and the provider, on one loop. */
#include "base/clock.h"
#include "cli/common.h"
#include "cli/recipe_try.h"
#include "cli/simulate.h"
#include "text/sms.h"

enum { REPORT_AFTER_MS = 50, LOOK_MS = 100, FOREVER_MS = 600000 };

/* ---- the provider's host ---- */

static void on_done(void *ctx, struct provider_job *job, const struct outcome *outcome)
{
    struct trying *t = ctx;

    (void)job;
    t->done = true;
    t->outcome = *outcome;
    t->until = (int64_t)uv_now(&t->loop) + t->wait_ms;
    t->over = t->over || t->wait_ms == 0 || outcome->class != OUTCOME_SENT;
    recipe_try_show_outcome(t);
}

static void on_report(void *ctx, const struct provider_report *list, size_t count)
{
    struct trying *t = ctx;

    for (size_t i = 0; i < count; i++) {
        recipe_try_show_report(t, &list[i]);
        t->over = t->over || list[i].state != REPORT_PENDING;
    }
}

static void on_health(void *ctx, enum provider_health health, const char *sentence)
{
    struct trying *t = ctx;

    if (health != PROVIDER_HEALTHY) {
        cli_note(t->cli, "%s", sentence);
    }
}

static void on_drained(void *ctx)
{
    ((struct trying *)ctx)->drained = true;
}

/* ---- the place for pushed reports ---- */

static struct str header_of(const void *request, const char *name)
{
    return http_header(request, name);
}

static void on_push(void *ctx, struct http_request *req)
{
    struct trying *t = ctx;
    struct provider_hook hook = {.method = str_of(http_method_name(http_method(req))),
                                 .query = http_query(req),
                                 .content_type = http_header(req, "content-type"),
                                 .body = http_body(req),
                                 .header = header_of,
                                 .request = req};
    struct http_answer answer = {.status = 200, .content_type = "text/plain", .body = STR("ok\n")};
    struct err e = {0};

    if (t->provider == NULL || http_sms_provider_type.parse_hook(t->provider, &hook, &e) != 0) {
        answer.status = 400;
        cli_note(t->cli, "%s: %s",
                 cli_tr(t->cli, "gelen rapor anlaşılmadı", "a pushed report made no sense"),
                 e.text);
    }
    http_reply(req, &answer);
}

static const char *on_problem(void *ctx, const struct http_problem *problem, struct buf *out)
{
    (void)ctx;
    (void)buf_addf(out, "{\"status\":%d}", problem->status);
    return NULL;
}

static int open_hook(struct trying *t, struct err *e)
{
    const struct httpd_handlers handlers = {.handle = on_push, .problem = on_problem};
    int port = 0;
    int code = httpd_create(&t->loop, &httpd_default_options, &handlers, t, &t->hook, e);

    code = code != 0 ? code : httpd_listen(t->hook, "127.0.0.1", 0, &port, e);
    (void)snprintf(t->report_url, sizeof t->report_url, "http://127.0.0.1:%d/reports", port);
    return code;
}

/* ---- beginning ---- */

/* Of a recipe's own: beside it, "x.sim.json" for "x.json"; else the shipped one of that name. */
static int find_description(struct trying *t, char out[PATH_MAX], struct err *e)
{
    size_t n = strlen(t->recipe);
    char beside[PATH_MAX];

    n -= n > 5 && strcmp(t->recipe + n - 5, ".json") == 0 ? 5 : 0;
    if (snprintf(beside, sizeof beside, "%.*s.sim.json", (int)n, t->recipe) < (int)sizeof beside &&
        access(beside, R_OK) == 0) {
        memcpy(out, beside, sizeof beside);
        return 0;
    }
    if (simulate_find(t->cli, t->vendor, out, PATH_MAX) == CLI_OK) {
        return 0;
    }
    cli_note(t->cli,
             cli_tr(t->cli, "kendi tanımınız %s dosyasında durabilir",
                    "a description of your own may stand in %s"),
             beside);
    return err_set(e, ERR_NOT_FOUND, "%s", ""); /* all is said */
}

static int open_simulator(struct trying *t, struct err *e)
{
    struct simulator_options o = {.loop = &t->loop,
                                  .curl = t->push_curl,
                                  .address = "127.0.0.1",
                                  .report_url = t->report_url,
                                  .report_after_ms = REPORT_AFTER_MS,
                                  .seed = 1};
    char description[PATH_MAX];
    const char *fault;
    struct fault why = {.line = 0};
    struct faults faults;
    int code;
    int rc = find_description(t, description, e);

    if (rc != 0) {
        return rc;
    }
    o.description = description;
    faults_init(&faults);
    code = simulator_start(&o, &t->simulator, &faults, e);
    if (faults.count > 0) {
        common_print_faults(t->cli, &faults);
    }
    faults_finish(&faults);
    for (size_t i = 0; code == 0 && (fault = cli_value_at(t->cli, "fault", i)) != NULL; i++) {
        code = simulator_fault(t->simulator, fault, &why);
        if (code != 0) {
            (void)err_set(e, code, "--fault %.60s: %s", fault, cli_tr(t->cli, why.tr, why.en));
        }
    }
    return code;
}

static int open_world(struct trying *t, struct err *e)
{
    int code = curlmux_create(&t->loop, &curlmux_default_limits, &t->curl, e);

    if (code != 0 || t->really) {
        return code;
    }
    code = curlmux_create(&t->loop, &curlmux_default_limits, &t->push_curl, e);
    code = code != 0 ? code : open_hook(t, e);
    return code != 0 ? code : open_simulator(t, e);
}

static int open_provider(struct trying *t, struct err *e)
{
    int code;

    t->host = (struct provider_host){.ctx = t,
                                     .done = on_done,
                                     .report = on_report,
                                     .health = on_health,
                                     .drained = on_drained,
                                     .loop = &t->loop,
                                     .curl = t->curl,
                                     .clock = clock_system(),
                                     .name = "deneme",
                                     .report_url = t->report_url};
    code = http_sms_provider_type.create(&t->host, &t->settings, &t->provider, e);
    return code != 0 ? code : http_sms_provider_type.start(t->provider, e);
}

static void submit(struct trying *t)
{
    struct provider_job *jobs[] = {&t->job};
    struct sms_measure measure;
    struct err e;

    t->job = (struct provider_job){.message_id = 1,
                                   .attempt = 1,
                                   .ref = "deneme-1",
                                   .channel = CHANNEL_SMS,
                                   .to = t->to,
                                   .text = t->text,
                                   .deadline_ms = clock_wall_ms(clock_system()) + FOREVER_MS};
    if (sms_choose(str_of(t->text), SMS_ALLOW_7BIT | SMS_ALLOW_UCS2, NULL, &t->job.mode, &measure,
                   &e) != 0) {
        t->job.mode = SMS_UCS2;
    }
    http_sms_provider_type.submit(t->provider, jobs, 1);
}

/* ---- waiting ---- */

static void ask_for_report(struct trying *t)
{
    /* Accepted long ago: whoever tries does not wait until the vendor wishes to be asked. */
    const struct provider_await await = {
        .provider_ref = t->outcome.provider_ref, .ref = t->job.ref, .to = t->to};
    struct provider_capabilities can;

    http_sms_provider_type.capabilities(t->provider, &can);
    if (can.polled && http_sms_provider_type.fetch_reports != NULL) {
        http_sms_provider_type.fetch_reports(t->provider, &await, 1);
    }
    t->over = t->over || !can.reports;
}

static void close_world(struct trying *t)
{
    uv_close((uv_handle_t *)&t->timer, NULL);
    http_sms_provider_type.destroy(t->provider);
    t->provider = NULL;
    curlmux_destroy(t->curl);
    if (t->simulator != NULL) {
        simulator_stop(t->simulator, NULL, NULL);
    }
    curlmux_destroy(t->push_curl);
    if (t->hook != NULL) {
        httpd_stop(t->hook, 100, NULL, NULL);
    }
}

/* Sees to what comes next: the report, the end. */
static void on_look(uv_timer_t *timer)
{
    struct trying *t = timer->data;

    if (t->drained) {
        close_world(t);
        return;
    }
    if (!t->submitted && curlmux_in_flight(t->curl) == 0) {
        t->submitted = true; /* what a provider asks at its start is answered */
        submit(t);
    }
    if (!t->done) {
        return;
    }
    if (!t->over && (int64_t)uv_now(&t->loop) >= t->until) {
        cli_note(t->cli, "%s",
                 cli_tr(t->cli, "rapor gelmedi; --wait daha uzun bekletir",
                        "no report came; --wait waits longer"));
        t->over = true;
    }
    if (t->over) {
        t->done = false;
        http_sms_provider_type.drain(t->provider);
    } else {
        ask_for_report(t);
    }
}

static int exit_of(const struct trying *t)
{
    switch (t->outcome.class) {
    case OUTCOME_SENT:
    case OUTCOME_DUPLICATE:
        return t->reports == 0 || t->report == REPORT_DELIVERED || t->report == REPORT_PENDING
                   ? CLI_OK
                   : CLI_FAILED;
    case OUTCOME_REJECTED:
    case OUTCOME_ACCOUNT:
        return CLI_REFUSED;
    case OUTCOME_RETRY:
    case OUTCOME_THROTTLED:
        return CLI_TEMPORARY;
    case OUTCOME_DOWN:
        return CLI_UNREACHABLE;
    default:
        return CLI_FAILED;
    }
}

static int begin(struct trying *t)
{
    struct err e = {0};
    const char *url = NULL;
    const char *user = NULL;
    int code = open_world(t, &e);
    int rc;

    if (code != 0) {
        return e.text[0] == '\0'
                   ? cli_exit_of(code)
                   : common_failed(t->cli, "deneme başlatılamadı", "the trial could not start", &e);
    }
    if (t->simulator != NULL) {
        url = simulator_url(t->simulator);
        user = simulator_sample_user(t->simulator);
    }
    rc = recipe_try_settings(t, url, user);
    if (rc != CLI_OK) {
        return rc;
    }
    curlmux_watch(t->curl, recipe_try_see, t);
    if (open_provider(t, &e) != 0) {
        (void)common_failed(t->cli, "tarif kullanılamıyor", "the recipe cannot be used", &e);
        return CLI_CONFIG;
    }
    return CLI_OK;
}

int recipe_try_run(struct trying *t)
{
    int rc;

    (void)uv_loop_init(&t->loop);
    (void)uv_timer_init(&t->loop, &t->timer);
    t->timer.data = t;
    buf_init(&t->seen, 1024 * 1024);
    jsonw_init(&t->seen_writer, &t->seen);
    jsonw_array(&t->seen_writer);
    rc = begin(t);
    if (rc == CLI_OK) {
        (void)uv_timer_start(&t->timer, on_look, LOOK_MS, LOOK_MS);
    } else {
        close_world(t);
    }
    (void)uv_run(&t->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&t->loop);
    if (rc == CLI_OK && t->cli->json) {
        recipe_try_show_all(t);
    }
    return rc == CLI_OK ? exit_of(t) : rc;
}
