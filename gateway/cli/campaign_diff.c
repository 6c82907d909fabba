/* hatirlat campaign diff: what changed settings would change, before they are in force. */
#include "base/json.h"
#include "cli/client.h"
#include "cli/commands.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static long long number(const struct json *v, const char *name)
{
    return (long long)json_get_i64(v, name, 0);
}

static void print_campaigns(struct cli *cli, const struct json *list)
{
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        struct str name = json_str(json_get(v, "name"));

        (void)fprintf(cli->out,
                      cli_tr(cli,
                             "  %.*s: %lld yeni, %lld başka zamanda, %lld durur, "
                             "%lld geri gelir\n",
                             "  %.*s: %lld new, %lld at another time, %lld stopped, "
                             "%lld come back\n"),
                      name.len > 0 ? (int)name.len : 1, name.len > 0 ? name.ptr : "–",
                      number(v, "added"), number(v, "moved"), number(v, "stopped"),
                      number(v, "returned"));
    }
}

static void print_days(struct cli *cli, const struct json *list)
{
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        struct str date = json_str(json_get(v, "date"));

        (void)fprintf(cli->out, "  %.*s  −%lld  +%lld\n", (int)date.len, date.ptr,
                      number(v, "goes"), number(v, "comes"));
    }
}

static void print_span(struct cli *cli, const struct json *root, const char *name, int days)
{
    const struct json *v = json_get(root, name);

    (void)fprintf(cli->out,
                  cli_tr(cli, "Önümüzdeki %d gün: %lld ileti gider, %lld ileti gelir\n",
                         "The next %d days: %lld messages go, %lld come\n"),
                  days, number(v, "goes"), number(v, "comes"));
}

static void print(struct cli *cli, const struct json *root)
{
    long long changes = number(root, "added") + number(root, "moved") + number(root, "stopped") +
                        number(root, "returned");

    if (changes == 0) {
        (void)fprintf(cli->out,
                      cli_tr(cli, "Plan değişmez (%lld sertifika).\n",
                             "The plan does not change (%lld certificates).\n"),
                      number(root, "cases"));
        return;
    }
    (void)fprintf(cli->out,
                  cli_tr(cli, "%lld sertifikanın planında değişecekler (gönderilmişler kalır):\n",
                         "What changes in the plan of %lld certificates (what was sent stays):\n"),
                  number(root, "cases"));
    print_campaigns(cli, json_get(root, "campaigns"));
    print_span(cli, root, "next_7", 7);
    print_span(cli, root, "next_30", 30);
    print_days(cli, json_get(root, "days"));
}

static int run(int argc, char **argv, struct cli *cli)
{
    const char *with = cli_value(cli, "with");
    const struct client_field fields[] = {{"days", cli_value(cli, "days")}, {NULL, NULL}};
    struct client_question question = {
        .operation = with == NULL ? "campaign.diff" : "campaign.diff.with", .fields = fields};
    struct client_answer answer;
    int rc = client_ask_file(cli, &question, with, FILE_BYTES_MAX, &answer);

    (void)argc;
    (void)argv;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        print(cli, json_root(answer.doc));
    }
    client_finish(&answer);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "with",
     .arg = "DOSYA",
     .tr = "bu dosyadaki dizilerle; yoksa ayar dosyasıyla",
     .en = "with the campaigns of this file; else the settings"},
    {.name = "days", .arg = "N", .tr = "gün gün gösterilecek süre (30)", .en = "days shown (30)"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat campaign diff", "ayar dosyasını düzenledikten sonra, SIGHUP'tan önce",
     "after editing the settings, before SIGHUP"},
    {"hatirlat campaign diff --with yeni.jsonc --days 90", NULL, NULL},
    {NULL, NULL, NULL},
};

const struct cli_command command_campaign_diff = {
    .name = "campaign diff",
    .tr = "Değişen dizilerin planda neyi değiştireceği",
    .en = "What changed campaigns would change in the plan",
    .usage = "[--with DOSYA] [--days N]",
    .usage_en = "[--with FILE] [--days N]",
    .options = options,
    .examples = examples,
    .run = run,
};
