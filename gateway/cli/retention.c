/* hatirlat retention run: destroys what was kept long enough, or counts it. */
#include "cli/client.h"
#include "cli/commands.h"

static void print_classes(struct cli *cli, const struct json *root)
{
    for (const struct json *v = json_first(json_get(root, "classes")); v != NULL;
         v = json_next(v)) {
        struct str text = json_str(json_get(v, "text"));
        int64_t count = 0;

        (void)json_i64(json_get(v, "count"), &count);
        (void)fprintf(cli->out, "%8lld  %.*s\n", (long long)count, (int)text.len,
                      text.ptr == NULL ? "" : text.ptr);
    }
}

static void print_answer(struct cli *cli, const struct client_answer *answer, bool dry)
{
    struct str record = json_str(json_get(json_root(answer->doc), "record"));

    if (client_print_json(cli, answer)) {
        return;
    }
    print_classes(cli, json_root(answer->doc));
    if (dry) {
        cli_note(cli, "%s",
                 cli_tr(cli, "DENEME: hiçbir şey silinmedi", "DRY RUN: nothing was destroyed"));
    } else if (record.len > 0) {
        cli_note(cli, cli_tr(cli, "imha kaydı: %.*s", "record of destruction: %.*s"),
                 (int)record.len, record.ptr);
    }
}

/* Bite by bite: each request is a transaction of its own, and senders go in between. */
static int run_all(struct cli *cli)
{
    const struct client_question question = {.operation = "retention.run"};
    bool finished = false;
    int rc = CLI_OK;

    while (rc == CLI_OK && !finished) {
        struct client_answer answer;

        rc = client_ask(cli, &question, &answer);
        if (rc == CLI_OK) {
            finished = json_bool(json_get(json_root(answer.doc), "finished"), true);
            if (finished) {
                print_answer(cli, &answer, false);
            }
        }
        client_finish(&answer);
    }
    return rc;
}

static int run(int argc, char **argv, struct cli *cli)
{
    const struct client_question question = {.operation = "retention.preview"};
    struct client_answer answer;
    int rc;

    (void)argc;
    (void)argv;
    if (!cli_flag(cli, "dry-run")) {
        return run_all(cli);
    }
    rc = client_ask(cli, &question, &answer);
    if (rc == CLI_OK) {
        print_answer(cli, &answer, true);
    }
    client_finish(&answer);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "dry-run", .tr = "yalnız sayar", .en = "only counts"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat retention run --dry-run", "bu gece silineceklerin sayısı", "what would go tonight"},
    {"hatirlat retention run", "süresi dolanları şimdi siler", "destroys now what is due"},
    {NULL, NULL, NULL},
};

const struct cli_command command_retention_run = {
    .name = "retention run",
    .tr = "Saklama süresi dolanları siler ve imha kaydı tutar",
    .en = "Destroys what was kept long enough; a record stays",
    .usage = "[--dry-run]",
    .usage_en = "[--dry-run]",
    .options = options,
    .examples = examples,
    .run = run,
};
