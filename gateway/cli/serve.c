/* hatirlat serve: the daemon. */
#include "app.h"
#include "base/log.h"
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
