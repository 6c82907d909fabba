/* The command that answers `past_due: ask`. */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/desk_words.h"

#include <inttypes.h>

struct sums {
    int64_t messages;
    int64_t expired;
};

/* Request by request, until nothing waits any more. */
static int decide(struct cli *cli, const struct client_question *question, struct sums *ret)
{
    bool finished = false;
    int rc = CLI_OK;

    while (rc == CLI_OK && !finished) {
        struct client_answer answer;

        rc = client_ask(cli, question, &answer);
        if (rc == CLI_OK) {
            const struct json *root = json_root(answer.doc);

            ret->messages += json_get_i64(root, "messages", 0);
            ret->expired += json_get_i64(root, "expired", 0);
            finished = json_bool(json_get(root, "finished"), true);
            if (finished) {
                (void)client_print_json(cli, &answer);
            }
        }
        client_finish(&answer);
    }
    return rc;
}

static int run(int argc, char **argv, struct cli *cli)
{
    const bool send = cli_flag(cli, "send");
    const struct client_field fields[] = {
        {"name", argv[0]}, {"decision", send ? "send" : "skip"}, {NULL, NULL}};
    const struct client_question question = {.operation = "campaign.past_due", .fields = fields};
    struct sums sums = {0};
    int rc;

    (void)argc;
    if (send == cli_flag(cli, "skip")) {
        return cli_usage(
            cli, "%s", cli_tr(cli, "--send ya da --skip verilmeli", "--send or --skip is needed"));
    }
    rc = decide(cli, &question, &sums);
    if (rc == CLI_OK && !cli->json) {
        (void)fprintf(
            cli->out,
            send ? cli_tr(cli, "%" PRId64 " ileti gönderilecek", "%" PRId64 " messages will go")
                 : cli_tr(cli, "%" PRId64 " ileti gönderilmeyecek",
                          "%" PRId64 " messages will not go"),
            sums.messages - sums.expired);
        (void)fputs(".\n", cli->out);
    }
    return rc;
}

static const struct cli_option options[] = {
    {.name = "send", .tr = "bir kez gönderilsin", .en = "let them go once"},
    {.name = "skip", .tr = "gönderilmesin", .en = "do not send them"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat campaign past-due e-imza --send", NULL, NULL}, {NULL, NULL, NULL}};

const struct cli_command command_campaign_past_due = {
    .name = "campaign past-due",
    .tr = "Günü geçmiş olarak bekletilenlere karar verir",
    .en = "Decides about what is held as past due",
    .usage = "AD --send | --skip",
    .usage_en = "NAME --send | --skip",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run};
