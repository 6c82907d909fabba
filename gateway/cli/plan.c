/* hatirlat plan: what will be sent, what will not, and what it costs, before anything goes out. */
#include "base/civil.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/plan_print.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static const char *form_of(const struct cli *cli)
{
    if (cli_flag(cli, "csv")) {
        return "csv";
    }
    return cli_flag(cli, "ics") ? "ics" : NULL;
}

static int run(int argc, char **argv, struct cli *cli)
{
    const char *with = cli_value(cli, "with");
    const struct client_field fields[] = {{"campaign", cli_value(cli, "campaign")},
                                          {"from", cli_value(cli, "from")},
                                          {"to", cli_value(cli, "to")},
                                          {"day", cli_value(cli, "day")},
                                          {"format", with == NULL ? form_of(cli) : NULL},
                                          {"explain", cli_flag(cli, "explain") ? "true" : NULL},
                                          {NULL, NULL}};
    struct client_question question = {.operation = with == NULL ? "plan" : "plan.with",
                                       .fields = fields};
    struct client_answer answer;
    int rc = client_ask_file(cli, &question, with, FILE_BYTES_MAX, &answer);

    (void)argc;
    (void)argv;
    if (rc == CLI_OK && answer.doc == NULL) {
        (void)fwrite(answer.body.data, 1, answer.body.len, cli->out); /* a table or a calendar */
    } else if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        plan_print(cli, json_root(answer.doc));
    }
    client_finish(&answer);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "campaign", .arg = "AD", .tr = "yalnız bu kampanya", .en = "this campaign only"},
    {.name = "day", .arg = "GÜN", .tr = "yalnız bu gün (2027-02-20)", .en = "this day only"},
    {.name = "from",
     .arg = "GÜN",
     .tr = "bu günden (yoksa bugünden)",
     .en = "from this day (today)"},
    {.name = "to", .arg = "GÜN", .tr = "bu güne (yoksa 30 gün)", .en = "to this day (30 days)"},
    {.name = "calendar", .tr = "ay takvimi olarak", .en = "as a month calendar"},
    {.name = "cost", .tr = "parça ve tutarla", .en = "with segments and cost"},
    {.name = "explain",
     .tr = "tek tek, gönderilmeyecekler nedenleriyle",
     .en = "one by one, with the reasons of what is not sent"},
    {.name = "with",
     .arg = "DOSYA",
     .tr = "bu ayar dosyası olsaydı ne değişirdi",
     .en = "what this settings file would change"},
    {.name = "csv", .tr = "tablo olarak (CSV)", .en = "as a table (CSV)"},
    {.name = "ics", .tr = "takvim dosyası olarak (iCalendar)", .en = "as a calendar file"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat plan --calendar", NULL, NULL},
    {"hatirlat plan --day 2027-02-20 --cost --explain", NULL, NULL},
    {"hatirlat plan --with yeni.jsonc", "ayarları değiştirmeden önce",
     "before settings are changed"},
    {NULL, NULL, NULL},
};

const struct cli_command command_plan = {
    .name = "plan",
    .tr = "Nelerin ne zaman, kaça gideceğini gösterir; hiçbir şey göndermez",
    .en = "Shows what will be sent when and at what cost; sends nothing",
    .usage = "[SEÇENEKLER]",
    .usage_en = "[OPTIONS]",
    .options = options,
    .examples = examples,
    .run = run,
};
