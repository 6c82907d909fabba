#include "cli/common.h"

#include "base/fault.h"
#include "config/conf.h"
#include "flow/settings.h"
#include "providers/provider.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { FAULTS_TEXT_MAX = 1024 * 1024 };

const char *common_config_path(const struct cli *cli)
{
    return cli->config != NULL ? cli->config : CLI_CONFIG_PATH;
}

void common_print_faults(struct cli *cli, const struct faults *faults)
{
    struct buf text;

    buf_init(&text, FAULTS_TEXT_MAX);
    conf_print_faults(faults, cli->turkish, &text);
    (void)fputs(buf_cstr(&text), cli->err);
    buf_finish(&text);
}

void common_print_checked(struct cli *cli, const char *path, const struct faults *faults,
                          const char *good_tr, const char *good_en)
{
    struct buf text;

    buf_init(&text, FAULTS_TEXT_MAX);
    if (cli->json) {
        conf_print_faults_json(faults, &text);
        (void)buf_addc(&text, '\n');
    } else {
        conf_print_faults(faults, cli->turkish, &text);
        if (faults->errors == 0 && !cli->quiet) {
            (void)buf_addf(&text, "%s: %s\n", path, cli_tr(cli, good_tr, good_en));
        }
    }
    (void)fputs(buf_cstr(&text), cli->out);
    buf_finish(&text);
}

int common_settings(struct cli *cli, struct settings **ret)
{
    const char *path = common_config_path(cli);
    struct faults faults;
    struct err e = {0};
    int rc;

    faults_init(&faults);
    rc = settings_load(path, provider_types, ret, &faults, &e);
    if (faults.count > 0 && !cli->warned) {
        common_print_faults(cli, &faults);
        cli->warned = rc == 0;
    }
    if (rc != 0 && faults.errors == 0) {
        cli_error(cli, "%s: %s",
                  cli_tr(cli, "yapılandırma okunamadı", "cannot read the configuration"), e.text);
    }
    faults_finish(&faults);
    return rc == 0 ? CLI_OK : CLI_CONFIG;
}

int common_failed(struct cli *cli, const char *tr, const char *en, const struct err *e)
{
    cli_error(cli, "%s: %s", cli_tr(cli, tr, en), e->text);
    return cli_exit_of(e->code);
}

static bool usable(char *out, size_t size, const char *dir, const char *name)
{
    int n = snprintf(out, size, "%s/%s", dir, name);

    return n > 0 && (size_t)n < size && access(out, R_OK) == 0;
}

/* A build below the sources (build/<preset>/hatirlat) uses the sources' config folder. */
static bool beside_program(char *out, size_t size, const char *name)
{
    char self[PATH_MAX];
    char dir[PATH_MAX + 32];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    if (n <= 0) {
        return false;
    }
    self[n] = '\0';
    slash = strrchr(self, '/');
    *slash = '\0';
    (void)snprintf(dir, sizeof dir, "%s/../../config", self);
    return usable(out, size, dir, name);
}

int common_share(struct cli *cli, const char *name, char *out, size_t size)
{
    const char *wanted = getenv("HATIRLAT_SHARE");

    if ((wanted != NULL && usable(out, size, wanted, name)) || beside_program(out, size, name) ||
        usable(out, size, "/etc/hatirlat", name) ||
        usable(out, size, "/usr/share/hatirlat", name) ||
        usable(out, size, "/usr/local/share/hatirlat", name)) {
        return CLI_OK;
    }
    cli_error(cli, "%s: %s", cli_tr(cli, "kurulum dosyası bulunamadı", "installed file not found"),
              name);
    return CLI_NOT_FOUND;
}
