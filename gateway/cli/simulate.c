/* hatirlat simulate: a vendor on this machine, until Ctrl-C. */
#include "cli/simulate.h"

#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "config/conf.h"
#include "loop/curlmux.h"
#include "simulate/simulate.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct simulating {
    struct cli *cli;
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct curlmux *curl;
    struct simulator *simulator;
    char address[64];
    char description[PATH_MAX];
    int port;
};

static int read_listen(struct simulating *s, const char *listen)
{
    struct str text = str_of(listen);
    const char *colon = listen == NULL ? NULL : strrchr(listen, ':');
    int64_t port = 0;

    (void)snprintf(s->address, sizeof s->address, "127.0.0.1");
    if (listen == NULL) {
        return CLI_OK;
    }
    if (colon == NULL ||
        str_i64((struct str){colon + 1, text.len - (size_t)(colon + 1 - listen)}, &port) != 0 ||
        port < 0 || port > 65535) {
        return cli_usage(s->cli, "--listen %s: %s", listen,
                         cli_tr(s->cli, "adres:kapı yazın, örneğin 127.0.0.1:8081",
                                "write address:port, for instance 127.0.0.1:8081"));
    }
    text.len = (size_t)(colon - listen);
    if (text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']') {
        text = (struct str){text.ptr + 1, text.len - 2};
    }
    s->port = (int)port;
    if (text.len > 0 && str_copy(s->address, sizeof s->address, text) != 0) {
        return cli_usage(s->cli, "--listen %s", listen);
    }
    return CLI_OK;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_json_file(const char *name)
{
    size_t len = strlen(name);

    return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

static int is_description(const struct dirent *entry)
{
    return is_json_file(entry->d_name);
}

/* "netgsm verimor …": the descriptions of a directory. */
static void add_vendors(const char *dir, struct buf *out)
{
    struct dirent **list = NULL;
    int count = scandir(dir, &list, is_description, by_name);

    for (int i = 0; i < count; i++) {
        (void)buf_addf(out, " %.*s", (int)strlen(list[i]->d_name) - 5, list[i]->d_name);
        free(list[i]);
    }
    free(list);
}

int simulate_find(struct cli *cli, const char *vendor, char *out, size_t size)
{
    char dir[PATH_MAX];
    struct buf names;
    int rc;

    if (strchr(vendor, '/') != NULL || is_json_file(vendor)) {
        return snprintf(out, size, "%s", vendor) < (int)size ? CLI_OK : CLI_NOT_FOUND;
    }
    rc = common_share(cli, "simulators", dir, sizeof dir);
    if (rc != CLI_OK) {
        return rc;
    }
    if (snprintf(out, size, "%s/%.100s.json", dir, vendor) < (int)size && access(out, R_OK) == 0) {
        return CLI_OK;
    }
    buf_init(&names, 4096);
    add_vendors(dir, &names);
    cli_error(cli,
              cli_tr(cli, "%s adında bir benzetim yok. Olanlar:%s",
                     "there is no simulation of %s. There are:%s"),
              vendor, buf_cstr(&names));
    buf_finish(&names);
    return CLI_NOT_FOUND;
}

/* One line per request. */
static void on_event(void *ctx, const struct simulator_event *event)
{
    const struct simulating *s = ctx;
    struct json_writer w;
    struct buf line;

    buf_init(&line, 4096);
    if (s->cli->json) {
        jsonw_init(&w, &line);
        simulator_event_json(event, &w);
    } else if (!s->cli->quiet) {
        (void)buf_addf(&line, "%-7s %3d", event->kind, event->status);
        (void)buf_addf(&line, "%s%s", event->code[0] != '\0' ? "  " : "", event->code);
        if (event->taken > 0 || event->refused > 0) {
            (void)buf_addf(&line, "  %s %zu", cli_tr(s->cli, "alındı", "taken"), event->taken);
        }
        if (event->refused > 0) {
            (void)buf_addf(&line, "  %s %zu", cli_tr(s->cli, "geri çevrildi", "refused"),
                           event->refused);
        }
        if (event->fault[0] != '\0') {
            (void)buf_addf(&line, "  [%s]", event->fault);
        }
        (void)buf_addf(&line, "%s%s", event->why[0] != '\0' ? "  " : "", event->why);
    }
    if (line.len > 0) {
        (void)fprintf(s->cli->out, "%s\n", buf_cstr(&line));
        (void)fflush(s->cli->out);
    }
    buf_finish(&line);
}

static void on_stopped(void *ctx)
{
    struct simulating *s = ctx;

    curlmux_destroy(s->curl);
    for (size_t i = 0; i < 2; i++) {
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    }
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct simulating *s = signal->data;

    if (number != 0) {
        cli_note(s->cli, cli_tr(s->cli, "%zu ileti alındı", "%zu messages were taken"),
                 simulator_taken(s->simulator));
    }
    (void)uv_signal_stop(&s->signals[0]);
    (void)uv_signal_stop(&s->signals[1]);
    simulator_stop(s->simulator, on_stopped, s);
}

static void watch_signals(struct simulating *s)
{
    const int numbers[] = {SIGINT, SIGTERM};

    for (size_t i = 0; i < 2; i++) {
        (void)uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        (void)uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
}

static int add_faults(struct simulating *s)
{
    const char *spec;
    struct fault why = {.line = 0};

    for (size_t i = 0; (spec = cli_value_at(s->cli, "fault", i)) != NULL; i++) {
        if (simulator_fault(s->simulator, spec, &why) != 0) {
            return cli_usage(s->cli, "--fault %s: %s", spec, cli_tr(s->cli, why.tr, why.en));
        }
    }
    return CLI_OK;
}

static void greet(const struct simulating *s)
{
    struct cli *cli = s->cli;
    const char *url = simulator_url(s->simulator);

    if (cli->json) {
        (void)fprintf(cli->out, "{\"url\":\"%s\"}\n", url);
    } else {
        (void)fprintf(cli->out, "%s: %s\n", simulator_title(s->simulator), url);
        (void)fprintf(cli->err, "%s %s/_sim/messages\n%s\n",
                      cli_tr(cli, "Alınan iletiler:", "Messages taken:"), url,
                      cli_tr(cli, "Bitirmek için Ctrl-C. Hiçbir ileti dışarı çıkmaz.",
                             "Ctrl-C to end. No message leaves this machine."));
    }
    (void)fflush(cli->out);
}

static int start(struct simulating *s, int64_t seed, int64_t report_ms)
{
    struct simulator_options o = {.loop = &s->loop,
                                  .curl = s->curl,
                                  .description = s->description,
                                  .address = s->address,
                                  .port = s->port,
                                  .report_url = cli_value(s->cli, "report-url"),
                                  .report_after_ms = report_ms,
                                  .seed = (uint64_t)seed,
                                  .happened = on_event,
                                  .ctx = s};
    struct faults faults;
    struct err e = {0};
    int code;
    int rc;

    faults_init(&faults);
    code = simulator_start(&o, &s->simulator, &faults, &e);
    if (code != 0 && faults.errors > 0) {
        common_print_faults(s->cli, &faults);
    }
    rc = code == 0 ? CLI_OK
                   : common_failed(s->cli, "benzetici başlatılamadı",
                                   "the simulator could not start", &e);
    rc = faults.errors > 0 ? CLI_CONFIG : rc;
    faults_finish(&faults);
    return rc;
}

static int read_duration(struct cli *cli, const char *name, int64_t *ms)
{
    const char *text = cli_value(cli, name);

    if (text == NULL || str_duration_ms(str_of(text), ms) == 0) {
        return CLI_OK;
    }
    return cli_usage(cli, "--%s %s: %s", name, text,
                     cli_tr(cli, "süre yazın, örneğin 300ms ya da 5s",
                            "write a duration, for instance 300ms or 5s"));
}

static int check_report_url(struct cli *cli)
{
    const char *url = cli_value(cli, "report-url");
    struct err e = {0};

    if (url == NULL || curlmux_check_url(url, &e) == 0) {
        return CLI_OK;
    }
    return cli_usage(cli, "--report-url %s: %s", url,
                     cli_tr(cli,
                            "https:// ile, bu makinedeyse http:// ile başlayan tam adres yazın",
                            "write a full address with https://, or http:// on this machine"));
}

static int simulate(struct simulating *s, int64_t seed, int64_t report_ms)
{
    struct err e = {0};
    int rc;

    (void)uv_loop_init(&s->loop);
    if (curlmux_create(&s->loop, &curlmux_default_limits, &s->curl, &e) != 0) {
        return common_failed(s->cli, "benzetici başlatılamadı", "the simulator could not start",
                             &e);
    }
    rc = start(s, seed, report_ms);
    if (rc == CLI_OK) {
        rc = add_faults(s);
        watch_signals(s);
        if (rc == CLI_OK) {
            greet(s);
        } else {
            on_signal(&s->signals[0], 0);
        }
    } else {
        curlmux_destroy(s->curl);
    }
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&s->loop);
    return rc;
}

static int run(int argc, char **argv, struct cli *cli)
{
    struct simulating *s = calloc(1, sizeof *s);
    int64_t report_ms = 1000;
    int64_t seed = 1;
    int rc;

    (void)argc;
    if (s == NULL) {
        return CLI_FAILED;
    }
    s->cli = cli;
    log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_AUTO);
    rc = read_listen(s, cli_value(cli, "listen"));
    rc = rc == CLI_OK ? cli_int(cli, "seed", 0, INT64_MAX, 1, &seed) : rc;
    rc = rc == CLI_OK ? read_duration(cli, "report-after", &report_ms) : rc;
    rc = rc == CLI_OK ? check_report_url(cli) : rc;
    rc = rc == CLI_OK ? simulate_find(cli, argv[0], s->description, sizeof s->description) : rc;
    rc = rc == CLI_OK ? simulate(s, seed, report_ms) : rc;
    free(s);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "listen",
     .arg = "ADRES:KAPI",
     .tr = "dinlenecek yer (127.0.0.1 ve boş bir kapı)",
     .en = "where to listen (a free port of 127.0.0.1)"},
    {.name = "fault",
     .repeated = true,
     .arg = "ARIZA",
     .tr = "code:NN lost-reply late throttle reset html502 …",
     .en = "code:NN lost-reply late throttle reset html502 …"},
    {.name = "report-url",
     .arg = "ADRES",
     .tr = "adres vermeyen iletilerin raporları buraya gider",
     .en = "reports of messages that name no address go here"},
    {.name = "report-after",
     .arg = "SÜRE",
     .tr = "alınmadan son duruma kadar geçen süre (1s)",
     .en = "from taking a message to its final state (1s)"},
    {.name = "seed",
     .arg = "N",
     .tr = "rastlantının tohumu: aynısı aynı kimlikleri verir (1)",
     .en = "seed of chance: the same seed gives the same ids (1)"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat simulate netgsm", "bir adres yazar, Ctrl-C'ye kadar dinler",
     "prints an address, listens until Ctrl-C"},
    {"hatirlat simulate verimor --fault throttle,n=3", "ilk üç istek hız sınırına takılır",
     "the first three requests are too fast"},
    {"hatirlat simulate twilio --fault lost-reply,p=0.1 --fault dup-report",
     "onda birinin yanıtı yolda kaybolur, raporlar iki kez gelir",
     "one answer in ten is lost, reports come twice"},
    {NULL, NULL, NULL},
};

const struct cli_command command_simulate = {
    .name = "simulate",
    .tr = "bir SMS sağlayıcısını bu makinede canlandırır",
    .en = "plays an SMS vendor on this machine",
    .usage = "SAĞLAYICI [--listen ADRES:KAPI] [--fault ARIZA]…",
    .usage_en = "VENDOR [--listen ADDRESS:PORT] [--fault FAULT]…",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
