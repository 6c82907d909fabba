/* hatirlat pause|cancel|resume all|sms|email, hatirlat controls. */
#include "cli/commands.h"
#include "cli/desk_words.h"

/* The words of the command line and what the desk calls them; null after an explanation. */
static const char *subject_of(struct cli *cli, const char *word)
{
    struct str s = str_of(word);

    if (str_eqs(s, "all") || str_eqs(s, "channel:sms") || str_eqs(s, "channel:email")) {
        return word;
    }
    if (str_eqs(s, "sms") || str_eqs(s, "email")) {
        return str_eqs(s, "sms") ? "channel:sms" : "channel:email";
    }
    (void)cli_usage(cli,
                    cli_tr(cli, "\"%s\" değil; all, sms ya da email olmalı",
                           "not \"%s\"; it has to be all, sms or email"),
                    word);
    return NULL;
}

static int run_pause(int argc, char **argv, struct cli *cli)
{
    const char *subject = subject_of(cli, argv[0]);
    const struct client_field fields[] = {{"subject", subject},
                                          {"until", cli_value(cli, "until")},
                                          {"for", cli_value(cli, "for")},
                                          {"note", cli_value(cli, "note")},
                                          {NULL, NULL}};

    (void)argc;
    if (subject == NULL) {
        return CLI_USAGE;
    }
    return words_ask(cli, "control.pause", fields, "Duraklatıldı; yeni ileti gitmeyecek.",
                     "Paused; nothing new is sent.");
}

static int run_cancel(int argc, char **argv, struct cli *cli)
{
    const char *subject = subject_of(cli, argv[0]);
    const struct client_field fields[] = {
        {"subject", subject}, {"confirm", subject}, {"note", cli_value(cli, "note")}, {NULL, NULL}};

    (void)argc;
    if (subject == NULL) {
        return CLI_USAGE;
    }
    cli_note(cli, "%s",
             cli_tr(cli, "Bekleyen bütün iletiler durdurulacak, geri gelmeyecek.",
                    "All messages that wait will be stopped for good."));
    if (!words_confirm(cli, argv[0])) {
        return CLI_REFUSED;
    }
    return words_ask(cli, "control.cancel", fields,
                     "İptal edildi; bekleyen iletiler durduruluyor. Yenileri \"hatirlat resume\" "
                     "denene dek bekler.",
                     "Cancelled; what waits is being stopped. New messages wait for \"hatirlat "
                     "resume\".");
}

static int run_resume(int argc, char **argv, struct cli *cli)
{
    const char *subject = subject_of(cli, argv[0]);
    const struct client_field fields[] = {
        {"subject", subject}, {"note", cli_value(cli, "note")}, {NULL, NULL}};

    (void)argc;
    if (subject == NULL) {
        return CLI_USAGE;
    }
    return words_ask(cli, "control.resume", fields, "Sürüyor.", "Goes on.");
}

static int run_list(int argc, char **argv, struct cli *cli)
{
    const struct client_question question = {.operation = "control.list"};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    (void)argv;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        const struct json *items = json_get(json_root(answer.doc), "items");

        if (json_count(items) == 0) {
            cli_note(cli, "%s",
                     cli_tr(cli, "Duraklatılan ya da sabitlenen bir şey yok.",
                            "Nothing is paused or pinned."));
        }
        for (const struct json *c = json_first(items); c != NULL; c = json_next(c)) {
            words_control(cli, c);
        }
    }
    client_finish(&answer);
    return rc;
}

static const struct cli_option pause_options[] = {
    WORDS_OPTION_UNTIL, WORDS_OPTION_FOR, WORDS_OPTION_NOTE, {0}};
static const struct cli_option cancel_options[] = {WORDS_OPTION_YES, WORDS_OPTION_NOTE, {0}};
static const struct cli_option resume_options[] = {WORDS_OPTION_NOTE, {0}};
static const struct cli_example pause_examples[] = {
    {"hatirlat pause all --note 'yanlış liste'", "hiçbir şey gitmez", "nothing is sent"},
    {"hatirlat pause sms --for 2h", NULL, NULL},
    {NULL, NULL, NULL},
};
static const struct cli_example cancel_examples[] = {
    {"hatirlat cancel all --note 'yanlış liste'", "all yazdırıp onaylatır",
     "asks for the word all"},
    {"hatirlat cancel sms --yes sms", "betiklerde", "in scripts"},
    {NULL, NULL, NULL},
};
static const struct cli_example resume_examples[] = {{"hatirlat resume all", NULL, NULL},
                                                     {NULL, NULL, NULL}};
static const struct cli_example list_examples[] = {{"hatirlat controls", NULL, NULL},
                                                   {NULL, NULL, NULL}};

const struct cli_command command_pause = {.name = "pause",
                                          .tr = "Her şeyi ya da bir kanalı duraklatır",
                                          .en = "Pauses everything or a channel",
                                          .usage = "all|sms|email [SEÇENEKLER]",
                                          .usage_en = "all|sms|email [OPTIONS]",
                                          .options = pause_options,
                                          .examples = pause_examples,
                                          .min_args = 1,
                                          .max_args = 1,
                                          .run = run_pause};

const struct cli_command command_cancel = {
    .name = "cancel",
    .tr = "Bekleyen her şeyi ya da bir kanalın bekleyenlerini durdurur",
    .en = "Stops all that waits, or all that waits for a channel",
    .usage = "all|sms|email [--yes AD] [--note METİN]",
    .usage_en = "all|sms|email [--yes NAME] [--note TEXT]",
    .options = cancel_options,
    .examples = cancel_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_cancel};

const struct cli_command command_resume = {.name = "resume",
                                           .tr = "Duraklatmayı ya da iptali kaldırır",
                                           .en = "Ends such a pause or cancellation",
                                           .usage = "all|sms|email [--note METİN]",
                                           .usage_en = "all|sms|email [--note TEXT]",
                                           .options = resume_options,
                                           .examples = resume_examples,
                                           .min_args = 1,
                                           .max_args = 1,
                                           .run = run_resume};

const struct cli_command command_controls = {.name = "controls",
                                             .tr = "Duraklatılan, sabitlenen, iptal edilenler",
                                             .en = "What is paused, pinned or cancelled",
                                             .usage = "",
                                             .usage_en = "",
                                             .examples = list_examples,
                                             .run = run_list};
