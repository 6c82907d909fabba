/* hatirlat serve: the daemon. */
#include "app.h"
#include "base/log.h"
#include "cli/check.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "config/conf.h"
#include "flow/settings.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* Secrets must not end in a core file. */
static void protect_memory(void)
{
    struct rlimit none = {0, 0};

    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
}

/* What would end a start, told with its place; no restart mends it. */
static int check_providers(struct cli *cli, const struct conf *conf)
{
    struct faults faults;
    int rc;

    faults_init(&faults);
    (void)check_recipes(conf, &faults);
    if (faults.errors > 0) {
        common_print_faults(cli, &faults);
    }
    rc = faults.errors > 0 ? CLI_CONFIG : CLI_OK;
    faults_finish(&faults);
    return rc;
}

static int run(int argc, char **argv, struct cli *cli)
{
    struct app_options options = {.serve = true};
    struct err e = {0};
    int rc;

    (void)argc;
    (void)argv;
    rc = common_settings(cli, &options.settings);
    if (rc != CLI_OK) {
        return rc;
    }
    rc = check_providers(cli, options.settings->conf);
    if (rc != CLI_OK) {
        settings_drop(options.settings);
        return rc;
    }
    options.config = common_config_path(cli);
    log_setup((enum log_level)options.settings->conf->log.level,
              (enum log_format)options.settings->conf->log.format);
    protect_memory();
    rc = app_run(&options, &e);
    if (rc != 0) {
        return common_failed(cli, "başlatılamadı", "could not start", &e);
    }
    return CLI_OK;
}

static const struct cli_example examples[] = {
    {"hatirlat serve --config /etc/hatirlat/hatirlat.jsonc", "hizmeti başlatır",
     "starts the service"},
    {"kill -HUP $(pidof hatirlat)", "ayarları, şablonları ve parolaları yeniden okur",
     "reads settings, templates and secrets again"},
    {NULL, NULL, NULL},
};

const struct cli_command command_serve = {
    .name = "serve",
    .tr = "Olayları alır, hatırlatmaları gönderir (hizmet olarak çalışır)",
    .en = "Takes events and sends reminders (runs as the service)",
    .usage = "[--config DOSYA]",
    .usage_en = "[--config FILE]",
    .examples = examples,
    .run = run,
};
