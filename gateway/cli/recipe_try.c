#include "cli/recipe_try.h"

#include "base/log.h"
#include "cli/commands.h"

#include <stdlib.h>
#include <unistd.h>

/* A real SMS costs money and reaches a person. */
static int confirm(struct trying *t)
{
    struct cli *cli = t->cli;
    char line[16] = "";

    if (!t->really || cli_flag(cli, "yes")) {
        return CLI_OK;
    }
    if (!isatty(fileno(cli->in))) {
        cli_error(cli, "%s",
                  cli_tr(cli, "gerçek bir SMS gönderilecek; sorulmadan gitsin diye --yes gerekir",
                         "a real SMS would be sent; to go unasked it needs --yes"));
        return CLI_REFUSED;
    }
    (void)fprintf(cli->err,
                  cli_tr(cli, "%s numarasına gerçek bir SMS gönderilecek. Gönderilsin mi? [e/H] ",
                         "A real SMS will go to %s. Send it? [y/N] "),
                  t->to);
    (void)fflush(cli->err);
    if (fgets(line, sizeof line, cli->in) == NULL || strchr("eEyY", line[0]) == NULL ||
        line[0] == '\0') {
        return CLI_REFUSED;
    }
    return CLI_OK;
}

static int run(int argc, char **argv, struct cli *cli)
{
    struct trying *t = calloc(1, sizeof *t);
    int rc;

    (void)argc;
    if (t == NULL) {
        return CLI_FAILED;
    }
    t->cli = cli;
    log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_AUTO);
    rc = recipe_try_prepare(t, argv[0]);
    rc = rc == CLI_OK ? confirm(t) : rc;
    rc = rc == CLI_OK ? recipe_try_run(t) : rc;
    recipe_try_finish(t);
    free(t);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "to", .arg = "NO", .tr = "alıcı (uydurma bir numara)", .en = "recipient (invented)"},
    {.name = "text", .arg = "METİN", .tr = "gönderilecek metin", .en = "text to send"},
    {.name = "set",
     .repeated = true,
     .arg = "AD=DEĞER",
     .tr = "sağlayıcı ayarı: user sender base_url …",
     .en = "provider setting: user sender base_url …"},
    {.name = "set-file",
     .repeated = true,
     .arg = "AD=DOSYA",
     .tr = "dosyadan okunacak sır: password",
     .en = "secret read from a file: password"},
    {.name = "fault",
     .repeated = true,
     .arg = "ARIZA",
     .tr = "benzeticinin arızası, simulate'teki gibi",
     .en = "fault of the simulator, as in simulate"},
    {.name = "wait",
     .arg = "SÜRE",
     .tr = "rapor en çok bu kadar beklenir (5s)",
     .en = "waits so long for the report (5s)"},
    {.name = "really",
     .tr = "benzetici yerine sağlayıcıya gönderir",
     .en = "sends to the vendor, not the simulator"},
    {.name = "yes", .tr = "--really sormadan gönderir", .en = "--really does not ask"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat recipe try netgsm", "benzeticiye bir ileti", "one message to the simulator"},
    {"hatirlat recipe try ./bizim.json --fault code:30", "bir ret nasıl okunuyor",
     "how a refusal is read"},
    {"hatirlat recipe try netgsm --really --to 05320000067 --set-file password=p",
     "gerçek sağlayıcıya, sorarak", "to the real vendor, after asking"},
    {NULL, NULL, NULL},
};

const struct cli_command command_recipe_try = {
    .name = "recipe try",
    .tr = "bir tarifle tek ileti gönderir, geçen her şeyi gösterir",
    .en = "sends one message by a recipe and shows all that passes",
    .usage = "DOSYA|AD [SEÇENEKLER]",
    .usage_en = "FILE|NAME [OPTIONS]",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
