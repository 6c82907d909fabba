/* hatirlat audit show|verify. */
#include "cli/commands.h"
#include "cli/desk_words.h"

#include <inttypes.h>

static void print_entry(struct cli *cli, const struct json *entry)
{
    struct json_writer w;
    struct buf detail;
    char at[WORDS_SIZE];

    buf_init(&detail, 8192);
    jsonw_init(&w, &detail);
    if (json_get(entry, "detail") != NULL) {
        jsonw_value(&w, json_get(entry, "detail"));
    }
    (void)fprintf(cli->out, "%6" PRId64 "  %-18s %-18s %-20s %s\n", json_get_i64(entry, "seq", 0),
                  words_time(cli, entry, "at", at), words_text(entry, "actor"),
                  words_text(entry, "action"), buf_cstr(&detail));
    buf_finish(&detail);
}

static int run_show(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {
        {"limit", cli_value(cli, "limit")}, {"before", cli_value(cli, "before")}, {NULL, NULL}};
    const struct client_question question = {.operation = "audit.list", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    (void)argv;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        for (const struct json *v = json_first(json_get(json_root(answer.doc), "items")); v != NULL;
             v = json_next(v)) {
            print_entry(cli, v);
        }
    }
    client_finish(&answer);
    return rc;
}

static int run_verify(int argc, char **argv, struct cli *cli)
{
    const struct client_question question = {.operation = "audit.verify"};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);
    const struct json *root = json_root(answer.doc);
    bool whole = false;

    (void)argc;
    (void)argv;
    if (rc == CLI_OK) {
        whole = json_bool(json_get(root, "whole"), false);
    }
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        (void)fprintf(cli->out,
                      cli_tr(cli, "%s  %" PRId64 " kayıt sağlam, son özet %.16s…\n",
                             "%s  %" PRId64 " entries are good, last digest %.16s…\n"),
                      words_text(root, "detail"), json_get_i64(root, "checked", 0),
                      words_text(root, "head"));
    }
    if (rc == CLI_OK && !whole) {
        cli_error(cli,
                  cli_tr(cli, "zincir %" PRId64 ". kayıtta kopuk",
                         "the chain is broken at entry %" PRId64),
                  json_get_i64(root, "broken_at", 0));
        rc = CLI_FAILED;
    }
    client_finish(&answer);
    return rc;
}

static const struct cli_option show_options[] = {
    {.name = "limit", .arg = "SAYI", .tr = "en çok kaç kayıt", .en = "how many entries at most"},
    {.name = "before", .arg = "NO", .tr = "bu kayıttan öncekiler", .en = "those before this entry"},
    {0},
};
static const struct cli_example show_examples[] = {
    {"hatirlat audit show --limit 20", "son yirmi işlem", "the last twenty"}, {NULL, NULL, NULL}};
static const struct cli_example verify_examples[] = {
    {"hatirlat audit verify", "kayıtlara dokunulmuş mu", "has anybody touched the log"},
    {NULL, NULL, NULL}};

const struct cli_command command_audit_show = {
    .name = "audit show",
    .tr = "Kim ne yaptı: onay, duraklatma, içe aktarma, silme",
    .en = "Who did what: releases, pauses, imports, erasures",
    .usage = "[--limit SAYI] [--before NO]",
    .usage_en = "[--limit N] [--before NO]",
    .options = show_options,
    .examples = show_examples,
    .run = run_show};

const struct cli_command command_audit_verify = {.name = "audit verify",
                                                 .tr = "İşlem kaydının zincirini denetler",
                                                 .en = "Checks the chain of the audit log",
                                                 .usage = "",
                                                 .usage_en = "",
                                                 .examples = verify_examples,
                                                 .run = run_verify};
