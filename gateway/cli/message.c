/* hatirlat message cancel|resend: one message is stopped, or sent again. */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/desk_words.h"

static int run_cancel(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"id", argv[0]}, {NULL, NULL}};

    (void)argc;
    return words_ask(cli, "message.cancel", fields, "İleti iptal edildi; bundan sonra gönderilmez.",
                     "The message is cancelled; from now on it is not sent.");
}

static int run_resend(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"id", argv[0]}, {NULL, NULL}};

    (void)argc;
    return words_ask(cli, "message.resend", fields,
                     "İleti yeniden sıraya alındı. Ne olduğu: hatirlat explain --message KOD",
                     "The message is queued again. What becomes of it: hatirlat explain "
                     "--message ID");
}

static const struct cli_example cancel_examples[] = {
    {"hatirlat message cancel m_2f-7k3m9q2x", "bekleyen ileti gönderilmez",
     "a message that waits is not sent"},
    {NULL, NULL, NULL},
};

static const struct cli_example resend_examples[] = {
    {"hatirlat message resend m_2f-7k3m9q2x", "ulaşmamış ya da bekletilen ileti yeniden gönderilir",
     "one that was held, or did not arrive, is sent again"},
    {NULL, NULL, NULL},
};

const struct cli_command command_message_cancel = {
    .name = "message cancel",
    .tr = "Gönderilmemiş bir iletiyi iptal eder",
    .en = "Cancels a message that was not sent",
    .usage = "KOD",
    .usage_en = "ID",
    .examples = cancel_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_cancel,
};

const struct cli_command command_message_resend = {
    .name = "message resend",
    .tr = "Bir iletiyi yeniden gönderir",
    .en = "Sends a message again",
    .usage = "KOD",
    .usage_en = "ID",
    .examples = resend_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_resend,
};
