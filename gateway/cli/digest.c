/* hatirlat digest preview: the summaries as they would be sent now. */
#include "cli/client.h"
#include "cli/commands.h"

static const char *verdict_text(struct cli *cli, struct str verdict)
{
    if (str_eqs(verdict, "no_mailbox")) {
        return cli_tr(cli, "GÖNDERİLMEZ: kurumun e-postası yok", "NOT SENT: no mailbox is known");
    }
    if (str_eqs(verdict, "private_mailbox")) {
        return cli_tr(cli, "GÖNDERİLMEZ: kurum e-postası değil (digests.domains)",
                      "NOT SENT: no mailbox of an institution (digests.domains)");
    }
    return "";
}

static void print_str(struct cli *cli, struct str s)
{
    (void)fwrite(s.ptr == NULL ? "" : s.ptr, 1, s.len, cli->out);
}

static void print_digest(struct cli *cli, const struct json *v)
{
    const char *verdict = verdict_text(cli, json_str(json_get(v, "verdict")));

    (void)fprintf(cli->out, "%s%s ", cli_style(cli, "1"), cli_tr(cli, "Kime:", "To:"));
    print_str(cli, json_str(json_get(v, "to")));
    (void)fprintf(cli->out, "\n%s ", cli_tr(cli, "Konu:", "Subject:"));
    print_str(cli, json_str(json_get(v, "subject")));
    (void)fprintf(cli->out, "%s\n%s%s\n", cli_style(cli, "0"), verdict,
                  verdict[0] == '\0' ? "" : "\n");
    print_str(cli, json_str(json_get(v, "text")));
    (void)fputs("\n----------------------------------------\n", cli->out);
}

static int run(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"kind", cli_value(cli, "kind")},
                                          {"institution", cli_value(cli, "institution")},
                                          {NULL, NULL}};
    const struct client_question question = {.operation = "digest.preview", .fields = fields};
    struct client_answer answer;
    int rc;

    (void)argc;
    (void)argv;
    if (cli_value(cli, "kind") == NULL) {
        return cli_usage(
            cli, "%s",
            cli_tr(cli, "--kind gerekli: k1, k2 ya da bi", "--kind is needed: k1, k2 or bi"));
    }
    rc = client_ask(cli, &question, &answer);
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        const struct json *root = json_root(answer.doc);
        int64_t count = 0;

        for (const struct json *v = json_first(json_get(root, "digests")); v != NULL;
             v = json_next(v)) {
            print_digest(cli, v);
        }
        (void)json_i64(json_get(root, "count"), &count);
        cli_note(cli,
                 cli_tr(cli, "%lld özet; hiçbiri gönderilmedi%s", "%lld digests; none was sent%s"),
                 (long long)count,
                 json_bool(json_get(root, "enabled"), false)
                     ? ""
                     : cli_tr(cli, "; bu tür ayarlarda kapalı (digests.kinds)",
                              "; the settings do not have this kind (digests.kinds)"));
    }
    client_finish(&answer);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "kind",
     .arg = "TÜR",
     .tr = "k1 kurumlara, k2 yazısı beklenenler, bi birime",
     .en = "k1 to institutions, k2 letters awaited, bi to the unit"},
    {.name = "institution", .arg = "KOD", .tr = "yalnız bu kurum", .en = "this institution alone"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat digest preview --kind k1 --institution 123456", "bir okulun haftalık özeti",
     "the weekly digest of one school"},
    {"hatirlat digest preview --kind bi", "birimin günlük özeti", "the daily digest of the unit"},
    {NULL, NULL, NULL},
};

const struct cli_command command_digest_preview = {
    .name = "digest preview",
    .tr = "Özetleri şimdi gidecekleri gibi gösterir",
    .en = "Shows digests as they would be sent now",
    .usage = "--kind TÜR [--institution KOD]",
    .usage_en = "--kind KIND [--institution REF]",
    .options = options,
    .examples = examples,
    .run = run,
};
