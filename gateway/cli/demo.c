/*
 * hatirlat demo: the main job, played on this machine with invented people and sink providers. The
 * facts go in over real HTTP; what became of each is read back from the store.
 */
#include "app.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/demo_data.h"
#include "cli/demo_report.h"
#include "flow/dispatch.h"
#include "flow/settings.h"
#include "loop/curlmux.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POLL_MS = 150, PATIENCE_POLLS = 200 };

struct demo {
    struct cli *cli;
    struct app *app;
    struct gateway *gateway;
    char dir[PATH_MAX];
    char database[PATH_MAX + 16];
    char key[AUTH_TOKEN_SIZE];
    char url[APP_URL_SIZE + 16];
    struct curlmux *curl;
    size_t posted;
    size_t refused;
    uv_timer_t poll;
    int polls;
    bool once;
    bool calm; /* nothing was on its way when the report was last read */
    bool told; /* the address and the curl line have been printed */
    struct demo_report *report;
};

/* ---- the temporary directory ---- */

static int make_dir(struct demo *d)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(d->dir, sizeof d->dir, "%s/hatirlat-demo-XXXXXX",
                   tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
    if (mkdtemp(d->dir) == NULL) {
        cli_error(d->cli, "%s: %s",
                  cli_tr(d->cli, "geçici dizin açılamadı", "cannot make a temporary directory"),
                  d->dir);
        return CLI_FAILED;
    }
    (void)snprintf(d->database, sizeof d->database, "%s/demo.db", d->dir);
    return CLI_OK;
}

static void remove_dir(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    (void)rmdir(path);
}

/* ---- settings and key ---- */

static int make_settings(struct demo *d, int port, struct settings **ret)
{
    char templates[PATH_MAX];
    char recipes[PATH_MAX];
    char name[PATH_MAX + 16];
    struct faults faults;
    struct err e = {0};
    struct buf text;
    int rc = common_share(d->cli, "templates", templates, sizeof templates);

    rc = rc == CLI_OK ? common_share(d->cli, "recipes", recipes, sizeof recipes) : rc;
    if (rc != CLI_OK) {
        return rc;
    }
    buf_init(&text, 16384);
    demo_config(&text, d->database, templates, recipes, port);
    (void)snprintf(name, sizeof name, "%s/demo.jsonc", d->dir);
    faults_init(&faults);
    rc = settings_parse((struct str){text.data, text.len}, name, provider_types, ret, &faults, &e);
    if (rc != 0) {
        common_print_faults(d->cli, &faults);
        cli_error(d->cli, "%s", e.text);
    }
    faults_finish(&faults);
    buf_finish(&text);
    return rc == 0 ? CLI_OK : CLI_FAILED;
}

static int make_key(struct demo *d)
{
    struct key_row row;
    struct store *store;
    struct err e = {0};
    int64_t id;
    int rc = store_sqlite_open(d->database, STORE_CREATE, &store, &e);

    if (rc == 0) {
        rc = auth_key_make(STR("demo"),
                           STR("events:write messages:read messages:write metrics:read"),
                           clock_wall_ms(clock_system()), &row, d->key, &e);
        rc = rc == 0 ? store_begin(store, &e) : rc;
        rc = rc == 0 ? store_key_add(store, &row, &id, &e) : rc;
        rc = rc == 0 ? store_commit(store, &e) : rc;
        store_close(store);
    }
    return rc == 0 ? CLI_OK : common_failed(d->cli, "deneme anahtarı", "demo key", &e);
}

/* ---- posting ---- */

static void post_next(struct demo *d);

static void on_answer(void *ctx, const struct curlmux_answer *answer)
{
    struct demo *d = ctx;

    if (answer->phase != CURLMUX_ANSWERED || answer->status != 202) {
        d->refused++;
        cli_error(d->cli, "%s %d %.*s %s", cli_tr(d->cli, "olay kabul edilmedi:", "event refused:"),
                  answer->status, (int)answer->body.len, answer->body.ptr, answer->error);
    }
    d->posted++;
    post_next(d);
}

static void start_polling(struct demo *d);

static void post_next(struct demo *d)
{
    char authorization[AUTH_TOKEN_SIZE + 32];
    const char *headers[2] = {authorization, demo_content_type(d->posted)};
    struct curlmux_request request = {.method = "POST",
                                      .url = d->url,
                                      .headers = headers,
                                      .header_count = 2,
                                      .allow_private = true};
    struct err e = {0};
    struct buf body;

    if (d->posted == demo_post_count()) {
        start_polling(d);
        return;
    }
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", d->key);
    buf_init(&body, 65536);
    demo_body(&body, d->posted, gateway_now(d->gateway));
    request.body = (struct str){body.data, body.len};
    if (curlmux_send(d->curl, &request, on_answer, d, &e) != 0) {
        cli_error(d->cli, "%s", e.text);
        d->refused++;
        app_stop(d->app);
    }
    buf_finish(&body);
}

/* ---- watching ---- */

static void tell_address(struct demo *d)
{
    struct cli *cli = d->cli;

    (void)fprintf(cli->out, "\n%s  %s\n", cli_tr(cli, "Olay adresi:", "Post events to:"), d->url);
    (void)fprintf(cli->out, "%s\n\n", cli_tr(cli, "Deneyin (yapıştırın):", "Try it (paste this):"));
    demo_curl_line(cli->out, d->url, d->key, gateway_now(d->gateway));
    (void)fprintf(cli->out, "\n%s\n",
                  cli_tr(cli,
                         "Çıkmak için Ctrl-C. Hiçbir ileti bu makineden dışarı çıkmaz; veriler "
                         "çıkışta silinir.",
                         "Ctrl-C to leave. No message leaves this machine; the data is deleted "
                         "at the end."));
    (void)fflush(cli->out);
}

static bool nothing_on_its_way(const struct demo *d)
{
    return d->gateway->stats.backlog == 0 && dispatch_in_flight(d->gateway->dispatch) == 0;
}

/* What was read before the facts were applied says nothing, however settled it looks. */
static bool quiet(const struct demo *d)
{
    return d->calm && demo_report_settled(d->report);
}

static void on_poll(uv_timer_t *timer)
{
    struct demo *d = timer->data;

    if (demo_report_busy(d->report)) {
        return;
    }
    if (d->polls++ > 0 && !d->told && (quiet(d) || d->polls > PATIENCE_POLLS)) {
        d->told = true;
        demo_report_print(d->report);
        if (d->once) {
            app_stop(d->app);
            return;
        }
        tell_address(d);
    } else if (d->told) {
        demo_report_print(d->report);
    }
    d->calm = nothing_on_its_way(d);
    demo_report_refresh(d->report);
}

static void start_polling(struct demo *d)
{
    if (d->refused > 0 && d->once) {
        app_stop(d->app);
        return;
    }
    (void)uv_timer_start(&d->poll, on_poll, 0, POLL_MS);
}

static void on_ready(void *ctx, struct app *app, struct gateway *g, const char *url)
{
    struct demo *d = ctx;
    struct err e = {0};

    d->app = app;
    d->gateway = g;
    (void)snprintf(d->url, sizeof d->url, "%s/v1/events", url);
    (void)uv_timer_init(g->loop, &d->poll);
    d->poll.data = d;
    d->report = demo_report_create(d->cli, g);
    if (d->report == NULL || curlmux_create(g->loop, &curlmux_default_limits, &d->curl, &e) != 0) {
        app_stop(app);
        return;
    }
    (void)fprintf(d->cli->out, "Hatırlat – %s\n\n",
                  cli_tr(d->cli, "deneme: uydurma kişiler, hiçbir ileti dışarı çıkmaz",
                         "demo: invented people, no message leaves this machine"));
    post_next(d);
}

/* The demo's own handles go before the stores, while the gateway drains. */
static void on_stopping(void *ctx)
{
    struct demo *d = ctx;

    if (d->poll.data != NULL && !uv_is_closing((uv_handle_t *)&d->poll)) {
        uv_close((uv_handle_t *)&d->poll, NULL);
    }
    curlmux_destroy(d->curl);
    d->curl = NULL;
}

/* The usual port may be taken on a developer's machine; then any other will do. */
static bool port_is_free(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    bool is_free = fd >= 0;

    if (is_free) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        is_free = bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
        (void)close(fd);
    }
    return is_free;
}

static int pick_port(const struct demo *d, int64_t wanted)
{
    if (d->once || (cli_value(d->cli, "port") == NULL && !port_is_free((int)wanted))) {
        return 0;
    }
    return (int)wanted;
}

static int play(struct demo *d, int port)
{
    struct app_options options = {
        .serve = true, .ready = on_ready, .stopping = on_stopping, .ctx = d};
    struct err e = {0};
    int rc = make_settings(d, port, &options.settings);

    rc = rc == CLI_OK ? make_key(d) : rc;
    if (rc != CLI_OK) {
        return rc;
    }
    rc = app_run(&options, &e);
    demo_report_free(d->report);
    if (rc != 0) {
        return common_failed(d->cli, "deneme başlatılamadı", "the demo could not start", &e);
    }
    return d->refused == 0 ? CLI_OK : CLI_FAILED;
}

static int run(int argc, char **argv, struct cli *cli)
{
    struct demo *d = calloc(1, sizeof *d);
    int64_t port;
    int rc = cli_int(cli, "port", 0, 65535, 8080, &port);

    (void)argc;
    (void)argv;
    if (d == NULL || rc != CLI_OK) {
        free(d);
        return rc != CLI_OK ? rc : CLI_FAILED;
    }
    d->cli = cli;
    d->once = cli_flag(cli, "once");
    log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_AUTO);
    rc = make_dir(d);
    if (rc == CLI_OK) {
        rc = play(d, pick_port(d, port));
        remove_dir(d->dir);
    }
    free(d);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "once", .tr = "ilk turdan sonra biter", .en = "ends after the first round"},
    {.name = "port",
     .arg = "N",
     .tr = "dinlenecek kapı (8080; doluysa başka biri)",
     .en = "port to listen on (8080; another one when taken)"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat demo", "örnek kişilerle dener, Ctrl-C'ye kadar açık kalır",
     "plays with sample people, stays up until Ctrl-C"},
    {"hatirlat demo --once", "ilk turdan sonra biter", "ends after the first round"},
    {NULL, NULL, NULL},
};

const struct cli_command command_demo = {
    .name = "demo",
    .tr = "Ana işi örnek kişilerle, hesap gerektirmeden gösterir",
    .en = "Shows the main job with sample people, no account needed",
    .usage = "[--once] [--port N]",
    .usage_en = "[--once] [--port N]",
    .options = options,
    .examples = examples,
    .run = run};
