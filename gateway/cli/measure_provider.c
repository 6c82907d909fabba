#include "cli/common.h"
#include "cli/measure.h"
#include "config/conf.h"

static void print_faults(struct cli *cli, const struct faults *faults, const struct err *e)
{
    if (faults->count == 0) {
        cli_error(cli, "%s", e->text);
    } else {
        common_print_faults(cli, faults);
    }
}

static int load(struct cli *cli, struct conf **ret)
{
    const char *path = common_config_path(cli);
    struct faults faults;
    struct err e = {0};
    int rc;

    faults_init(&faults);
    rc = conf_load_to_check(path, provider_types, ret, &faults, &e);
    if (rc != 0) {
        print_faults(cli, &faults, &e);
    }
    faults_finish(&faults);
    return rc == 0 ? CLI_OK : CLI_CONFIG;
}

int measure_as_provider(struct cli *cli, const char *name, struct measure_settings *s)
{
    const struct conf_provider *p;
    struct conf *conf = NULL;
    int rc = load(cli, &conf);

    if (rc != CLI_OK) {
        return rc;
    }
    p = conf_provider_find(conf, str_of(name));
    if (p != NULL) {
        s->mode = p->mode;
        s->ascii = p->ascii;
        s->tidy = true;
        s->sms.reserve = (unsigned)p->reserve_chars;
        s->price_kurus = p->price_kurus > 0 ? p->price_kurus : -1;
    } else {
        cli_error(cli,
                  cli_tr(cli, "ayar dosyasında böyle bir sağlayıcı yok: %s",
                         "the settings name no provider %s"),
                  name);
        rc = CLI_NOT_FOUND;
    }
    conf_free(conf);
    return rc;
}
