#include "cli/check.h"

#include "cli/commands.h"
#include "cli/common.h"

enum { REPORT_MAX = 1024 * 1024 };

static int run_check(int argc, char **argv, struct cli *cli)
{
    const char *path = argc > 0 ? argv[0] : common_config_path(cli);
    struct conf *conf = NULL;
    struct faults faults;
    struct err e = {0};
    int rc;

    faults_init(&faults);
    rc = conf_load_to_check(path, provider_types, &conf, &faults, &e);
    if (rc != 0 && faults.total == 0) {
        cli_error(cli, "%s", e.text);
    } else {
        for (size_t i = 0; rc == 0 && check_parts[i] != NULL; i++) {
            (void)check_parts[i](conf, &faults);
        }
        common_print_checked(cli, path, &faults, "ayarlar geçerli", "the settings are good");
    }
    rc = rc == 0 && faults.errors == 0 ? CLI_OK : CLI_CONFIG;
    conf_free(conf);
    faults_finish(&faults);
    return rc;
}

static int run_schema(int argc, char **argv, struct cli *cli)
{
    struct buf text;
    int rc;

    (void)argc;
    (void)argv;
    buf_init(&text, REPORT_MAX);
    conf_schema(provider_types, &text);
    rc = buf_failed(&text) != 0 || fputs(buf_cstr(&text), cli->out) < 0 ? CLI_FAILED : CLI_OK;
    buf_finish(&text);
    return rc;
}

static const struct cli_example check_examples[] = {
    {"hatirlat check", "kurulu ayar dosyası", "the installed settings"},
    {"hatirlat check deneme.jsonc", "başka bir dosya", "another file"},
    {"hatirlat check --json", "düzenleyici ve betikler için", "for editors and scripts"},
    {NULL, NULL, NULL},
};

const struct cli_command command_check = {
    .name = "check",
    .tr = "ayarları, tatil günlerini ve şablonları denetler",
    .en = "checks settings, holidays and templates",
    .usage = "[DOSYA]",
    .usage_en = "[FILE]",
    .examples = check_examples,
    .max_args = 1,
    .run = run_check,
};

static const struct cli_example schema_examples[] = {
    {"hatirlat config schema > hatirlat.schema.json", NULL, NULL},
    {NULL, NULL, NULL},
};

const struct cli_command command_config_schema = {
    .name = "config schema",
    .tr = "ayar dosyasının JSON Schema'sını yazar",
    .en = "prints the JSON Schema of the settings file",
    .examples = schema_examples,
    .run = run_schema,
};
