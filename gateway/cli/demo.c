/*
 * hatirlat demo: the main job, played on this machine with invented people and sink providers. The
 * facts go in over real HTTP; what became of each is read back from the store.
 */
#include "app.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/demo_clock.h"
#include "cli/demo_data.h"
#include "cli/demo_report.h"
#include "flow/dispatch.h"
#include "flow/settings.h"
#include "loop/curlmux.h"
#include "text/turkish.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POLL_MS = 50, BODY_MAX = 256 * 1024, SPEED_MAX = 20 * 86400, SPEED_ONCE = 3600 };

struct demo {
    struct cli *cli;
    struct app *app;
    struct gateway *gateway;
    struct demo_clock clock;
    char dir[PATH_MAX];
    char database[PATH_MAX + 16];
    char key[AUTH_TOKEN_SIZE];
    char url[APP_URL_SIZE + 16];
    struct curlmux *curl;
    int64_t from_ms; /* the midnight of the first day */
    struct demo_event events[DEMO_EVENTS_MAX];
    size_t event_count;
    size_t posted;
    size_t posting; /* behind them, in the request that is out */
    size_t refused;
    uv_timer_t poll;
    int64_t today;
    size_t told_events;
    uint64_t told_sms;
    uint64_t told_mail;
    bool once;
    bool reading; /* the end is being told */
    bool over;
    bool kept; /* every promise was */
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
    char holidays[PATH_MAX];
    char name[PATH_MAX + 16];
    struct faults faults;
    struct err e = {0};
    struct buf text;
    int rc = common_share(d->cli, "templates", templates, sizeof templates);

    rc = rc == CLI_OK ? common_share(d->cli, "recipes", recipes, sizeof recipes) : rc;
    rc = rc == CLI_OK ? common_share(d->cli, "holidays-tr.json", holidays, sizeof holidays) : rc;
    if (rc != CLI_OK) {
        return rc;
    }
    buf_init(&text, 16384);
    demo_config(&text, d->database, templates, recipes, holidays, port);
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

/* ---- posting what happens, when its time has come ---- */

static int64_t time_of(const struct demo *d, const struct demo_event *event)
{
    return d->from_ms + (int64_t)event->day * DAY_MS + (int64_t)event->minute * 60000;
}

/* The events have been accepted: who has acted must not be reminded any more. */
static void note_accepted(struct demo *d)
{
    const int64_t now = gateway_now(d->gateway);

    for (size_t i = d->posted; i < d->posted + d->posting; i++) {
        if (d->events[i].closes) {
            demo_report_close(d->report, d->events[i].person, now);
        }
    }
}

static void on_answer(void *ctx, const struct curlmux_answer *answer)
{
    struct demo *d = ctx;

    if (answer->phase == CURLMUX_ANSWERED && answer->status == 202) {
        note_accepted(d);
    } else {
        d->refused += d->posting;
        cli_error(d->cli, "%s %d %.*s %s", cli_tr(d->cli, "olay kabul edilmedi:", "event refused:"),
                  answer->status, (int)answer->body.len, answer->body.ptr, answer->error);
    }
    d->posted += d->posting;
    d->posting = 0;
}

static void post_due(struct demo *d)
{
    const int64_t now = gateway_now(d->gateway);
    char authorization[AUTH_TOKEN_SIZE + 32];
    const char *headers[2] = {authorization, "Content-Type: application/cloudevents-batch+json"};
    struct curlmux_request request = {.method = "POST",
                                      .url = d->url,
                                      .headers = headers,
                                      .header_count = 2,
                                      .allow_private = true};
    struct err e = {0};
    struct buf body;

    while (d->posted + d->posting < d->event_count &&
           time_of(d, &d->events[d->posted + d->posting]) <= now) {
        d->posting++;
    }
    if (d->posting == 0) {
        return;
    }
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", d->key);
    buf_init(&body, BODY_MAX);
    demo_body(&body, &d->events[d->posted], d->posting, d->from_ms);
    request.body = (struct str){body.data, body.len};
    if (curlmux_send(d->curl, &request, on_answer, d, &e) != 0) {
        cli_error(d->cli, "%s", e.text);
        d->refused++;
        app_stop(d->app);
    }
    buf_finish(&body);
}

/* ---- watching the days pass ---- */

static void tell_address(const struct demo *d)
{
    struct cli *cli = d->cli;

    (void)fprintf(cli->out, "\n%s  %s\n", cli_tr(cli, "Olay adresi:", "Post events to:"), d->url);
    (void)fprintf(cli->out, "%s\n\n", cli_tr(cli, "Deneyin (yapıştırın):", "Try it (paste this):"));
    demo_curl_line(cli->out, d->url, d->key, gateway_now(d->gateway));
    (void)fprintf(cli->out, "\n%s\n\n",
                  cli_tr(cli,
                         "Çıkmak için Ctrl-C. Hiçbir ileti bu makineden dışarı çıkmaz; veriler "
                         "çıkışta silinir.",
                         "Ctrl-C to leave. No message leaves this machine; the data is deleted "
                         "at the end."));
    (void)fflush(cli->out);
}

/* Handed over so far: what a provider took, whatever became of it. */
static uint64_t handed_over(const struct demo *d, enum channel channel)
{
    return d->gateway->stats.settled[channel][MESSAGE_ACCEPTED] +
           d->gateway->stats.settled[channel][MESSAGE_DELIVERED];
}

/* Who did what since the last line, but for the end dates that begin everything. */
static void tell_events(struct demo *d)
{
    struct buf name;

    for (; d->told_events < d->posted; d->told_events++) {
        const struct demo_event *event = &d->events[d->told_events];

        if (event->type != EVENT_CERTIFICATE_EXPIRING) {
            buf_init(&name, 256);
            demo_person_name(event->person, &name);
            (void)fprintf(d->cli->out, "      %s: %s\n", buf_cstr(&name),
                          event_sentence(event->type, d->cli->turkish));
            buf_finish(&name);
        }
    }
}

static void tell_day(struct demo *d, int64_t day)
{
    const uint64_t sms = handed_over(d, CHANNEL_SMS);
    const uint64_t mail = handed_over(d, CHANNEL_EMAIL);
    struct buf date;

    if (d->cli->json ||
        (sms == d->told_sms && mail == d->told_mail && d->told_events == d->posted)) {
        return;
    }
    buf_init(&date, 256);
    (void)date_long(day, d->cli->turkish, &date);
    (void)fprintf(d->cli->out, "%s  SMS %llu  %s %llu\n", buf_cstr(&date),
                  (unsigned long long)(sms - d->told_sms), cli_tr(d->cli, "e-posta", "e-mail"),
                  (unsigned long long)(mail - d->told_mail));
    buf_finish(&date);
    tell_events(d);
    (void)fflush(d->cli->out);
    d->told_sms = sms;
    d->told_mail = mail;
}

static void on_report(void *ctx)
{
    struct demo *d = ctx;

    d->kept = demo_report_print(d->report);
    d->over = true;
    if (d->once || !d->kept) {
        app_stop(d->app);
        return;
    }
    /* What is posted now is to go out now. */
    demo_clock_slow_down(&d->clock,
                         calendar_next_send(d->gateway->settings->calendar, &send_window_default,
                                            gateway_now(d->gateway)));
    tell_address(d);
}

static bool nothing_on_its_way(const struct demo *d)
{
    return d->posting == 0 && d->gateway->stats.backlog == 0 &&
           dispatch_in_flight(d->gateway->dispatch) == 0;
}

static void on_poll(uv_timer_t *timer)
{
    struct demo *d = timer->data;
    const int64_t today = istanbul_day(gateway_now(d->gateway));

    if (d->posting == 0) {
        post_due(d);
    }
    if (today != d->today || d->over) {
        tell_day(d, d->today);
        d->today = today;
    }
    if (!d->reading && d->posted == d->event_count &&
        today > istanbul_day(d->from_ms) + DEMO_DAYS && nothing_on_its_way(d)) {
        d->reading = true;
        demo_report_read(d->report, on_report, d);
    }
}

static void tell_beginning(const struct demo *d)
{
    struct cli *cli = d->cli;

    if (cli->json) {
        return;
    }
    (void)fprintf(cli->out, "Hatırlat – %s\n",
                  cli_tr(cli, "deneme: uydurma kişiler, hiçbir ileti dışarı çıkmaz",
                         "demo: invented people, no message leaves this machine"));
    (void)fprintf(cli->out,
                  cli_tr(cli, "%d kişi, %d gün; bir saniye %.3g gün.\n\n",
                         "%d people, %d days; a second is %.3g days.\n\n"),
                  DEMO_PEOPLE, DEMO_DAYS, (double)d->clock.clock.speed * 1000 / DAY_MS);
    (void)fflush(cli->out);
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
    d->report = demo_report_create(d->cli, g, d->from_ms);
    if (d->report == NULL || curlmux_create(g->loop, &curlmux_default_limits, &d->curl, &e) != 0) {
        app_stop(app);
        return;
    }
    tell_beginning(d);
    d->today = istanbul_day(gateway_now(g));
    (void)uv_timer_start(&d->poll, on_poll, 0, POLL_MS);
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
    struct app_options options = {.clock = &d->clock.clock,
                                  .serve = true,
                                  .ready = on_ready,
                                  .stopping = on_stopping,
                                  .ctx = d};
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
    return d->refused == 0 && (d->kept || !d->over) ? CLI_OK : CLI_FAILED;
}

/* The first day: today, or the one asked for. A cli_exit. */
static int set_time(struct demo *d, int64_t speed)
{
    const char *from = cli_value(d->cli, "from");
    int64_t at_ms = clock_wall_ms(clock_system());

    if (from != NULL && istanbul_parse_end(str_of(from), &at_ms) != 0) {
        return cli_usage(d->cli,
                         cli_tr(d->cli, "tarih böyle yazılır: 2027-01-04; verilen: %s",
                                "a date is written like 2027-01-04, not %s"),
                         from);
    }
    if (d->once && speed < SPEED_ONCE) {
        return cli_usage(d->cli,
                         cli_tr(d->cli, "--once için --speed en az %d olmalı",
                                "with --once the speed has to be at least %d"),
                         SPEED_ONCE);
    }
    d->from_ms = istanbul_ms(istanbul_day(at_ms), 0);
    demo_clock_start(&d->clock, d->from_ms + 7LL * 3600000, speed);
    return CLI_OK;
}

static int run(int argc, char **argv, struct cli *cli)
{
    struct demo *d = calloc(1, sizeof *d);
    int64_t port;
    int64_t speed;
    int rc = cli_int(cli, "port", 0, 65535, 8080, &port);

    (void)argc;
    (void)argv;
    rc = rc == CLI_OK ? cli_int(cli, "speed", 1, SPEED_MAX, 86400, &speed) : rc;
    if (d == NULL || rc != CLI_OK) {
        free(d);
        return rc != CLI_OK ? rc : CLI_FAILED;
    }
    d->cli = cli;
    d->once = cli_flag(cli, "once");
    d->event_count = demo_events(d->events);
    rc = set_time(d, speed);
    if (rc != CLI_OK) {
        free(d);
        return rc;
    }
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
    {.name = "once", .tr = "doksan gün bitince kapanır", .en = "ends with the ninety days"},
    {.name = "speed",
     .arg = "N",
     .tr = "saat kaç kat hızlı (86400: saniyede bir gün)",
     .en = "speed of the clock (86400: a day a second)"},
    {.name = "from", .arg = "GÜN", .tr = "ilk gün (bugün)", .en = "the first day (today)"},
    {.name = "port",
     .arg = "N",
     .tr = "dinlenecek kapı (8080; doluysa başka biri)",
     .en = "port to listen on (8080; another one when taken)"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat demo", "kırk kişinin doksan günü, bir buçuk dakikada",
     "ninety days of forty people, in a minute and a half"},
    {"hatirlat demo --once --speed 864000", "on saniyede, sonra kapanır",
     "in ten seconds, then ends"},
    {"hatirlat demo --once --json --from 2027-01-04", NULL, NULL},
    {NULL, NULL, NULL},
};

const struct cli_command command_demo = {
    .name = "demo",
    .tr = "Ana işi örnek kişilerle, hesap gerektirmeden gösterir",
    .en = "Shows the main job with sample people, no account needed",
    .usage = "[--once] [--speed N] [--from GÜN] [--port N]",
    .usage_en = "[--once] [--speed N] [--from DAY] [--port N]",
    .options = options,
    .examples = examples,
    .run = run};
