/* hatirlat provider list|show|test|balance|pause|resume|drain|pin|unpin. */
#include "cli/commands.h"
#include "cli/desk_words.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 200, POLLS_MAX = 300 };

/* ---- looking ---- */

static void print_state(struct cli *cli, const struct json *p)
{
    char again[WORDS_SIZE];

    words_column(cli, words_text(p, "name"), 20);
    words_column(cli, words_text(p, "kind"), 10);
    words_column(cli, words_code(cli, words_text(p, "state")), 12);
    (void)fprintf(cli->out, "%6" PRId64 "  %s", json_get_i64(p, "in_flight", 0),
                  words_text(p, "held_for"));
    if (json_get(p, "tries_again") != NULL) {
        (void)fprintf(cli->out, " → %s", words_time(cli, p, "tries_again", again));
    }
    for (const struct json *v = json_first(json_get(p, "pinned")); v != NULL; v = json_next(v)) {
        (void)fprintf(cli->out, " %s:%s", cli_tr(cli, "sabit", "pinned"), json_str(v).ptr);
    }
    (void)fprintf(cli->out, "\n");
    if (json_get(p, "control") != NULL) {
        words_control(cli, json_get(p, "control"));
    }
}

static int run_list(int argc, char **argv, struct cli *cli)
{
    const struct client_question question = {.operation = "provider.list"};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    (void)argv;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        (void)fprintf(cli->out, "%s\n",
                      cli_tr(cli, "SAĞLAYICI            TÜR        DURUM         YOLDA",
                             "PROVIDER             KIND       STATE        FLIGHT"));
        for (const struct json *p = json_first(json_get(json_root(answer.doc), "items")); p != NULL;
             p = json_next(p)) {
            print_state(cli, p);
        }
    }
    client_finish(&answer);
    return rc;
}

static int run_show(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"name", argv[0]}, {NULL, NULL}};
    const struct client_question question = {.operation = "provider.show", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        const struct json *attempts = json_get(json_root(answer.doc), "attempts");

        print_state(cli, json_root(answer.doc));
        for (const struct json *v = json_first(attempts); v != NULL; v = json_next(v)) {
            int64_t n = 0;

            (void)json_i64(v, &n);
            (void)fprintf(cli->out, "  ");
            words_column(cli, words_code(cli, json_key(v)), 20);
            (void)fprintf(cli->out, "%" PRId64 "\n", n);
        }
    }
    client_finish(&answer);
    return rc;
}

static int run_balance(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"name", argv[0]}, {NULL, NULL}};
    const struct client_question question = {.operation = "provider.balance", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);
    const struct json *root = json_root(answer.doc);
    const bool failed = rc == CLI_OK && words_text(root, "error")[0] != '\0';

    (void)argc;
    if (rc == CLI_OK && !client_print_json(cli, &answer) && !failed) {
        (void)fprintf(cli->out, "%s %s\n", words_text(root, "amount"), words_text(root, "unit"));
    }
    if (failed) {
        cli_error(cli, "%s: %s", cli_tr(cli, "bakiye öğrenilemedi", "the balance is not known"),
                  words_text(root, "error"));
        rc = CLI_FAILED;
    }
    client_finish(&answer);
    return rc;
}

/* ---- a test message ---- */

static int exit_of_state(const char *status)
{
    if (strcmp(status, "accepted") == 0 || strcmp(status, "delivered") == 0) {
        return CLI_OK;
    }
    return strcmp(status, "queued") == 0 || strcmp(status, "sending") == 0 ? CLI_TEMPORARY
                                                                           : CLI_FAILED;
}

static void print_outcome(struct cli *cli, const struct json *message)
{
    (void)fprintf(cli->out, "%s  %s\n", words_text(message, "id"),
                  words_text(message, "status_text"));
    for (const struct json *v = json_first(json_get(message, "timeline")); v != NULL;
         v = json_next(v)) {
        if (json_get(v, "outcome") != NULL) {
            (void)fprintf(cli->out, "  %s  %s  %s\n", words_text(v, "outcome"),
                          words_text(v, "code"), words_text(v, "detail"));
        }
    }
    if (words_text(message, "reason")[0] != '\0') {
        (void)fprintf(cli->out, "  [%s]\n", words_text(message, "reason"));
    }
}

/* Looks until the message has left the queue. */
static int follow_message(struct cli *cli, const char *id)
{
    const struct client_field fields[] = {{"id", id}, {NULL, NULL}};
    const struct client_question question = {.operation = "message.show", .fields = fields};
    const struct timespec pause = {0, POLL_MS * 1000000L};
    int rc = CLI_TEMPORARY;

    for (int i = 0; i < POLLS_MAX && rc == CLI_TEMPORARY; i++) {
        struct client_answer answer;

        (void)nanosleep(&pause, NULL);
        rc = client_ask(cli, &question, &answer);
        if (rc == CLI_OK) {
            rc = exit_of_state(words_text(json_root(answer.doc), "status"));
            if ((rc != CLI_TEMPORARY || i == POLLS_MAX - 1) && !client_print_json(cli, &answer)) {
                print_outcome(cli, json_root(answer.doc));
            }
        }
        client_finish(&answer);
    }
    return rc;
}

static int run_test(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"name", argv[0]},
                                          {"to", cli_value(cli, "to")},
                                          {"template", cli_value(cli, "template")},
                                          {NULL, NULL}};
    const struct client_question question = {.operation = "provider.test", .fields = fields};
    struct client_answer answer;
    char id[WORDS_SIZE] = "";
    int rc;

    (void)argc;
    if (cli_value(cli, "to") == NULL) {
        return cli_usage(cli, "%s", cli_tr(cli, "--to gerekli", "--to is needed"));
    }
    rc = client_ask(cli, &question, &answer);
    if (rc == CLI_OK) {
        (void)str_copy(id, sizeof id, str_of(words_text(json_root(answer.doc), "message")));
    }
    client_finish(&answer);
    return rc == CLI_OK ? follow_message(cli, id) : rc;
}

/* ---- deciding ---- */

static int order(struct cli *cli, const char *operation, const char *name, const char *tr,
                 const char *en)
{
    const struct client_field fields[] = {{"name", name},
                                          {"channel", cli_value(cli, "channel")},
                                          {"until", cli_value(cli, "until")},
                                          {"for", cli_value(cli, "for")},
                                          {"note", cli_value(cli, "note")},
                                          {NULL, NULL}};

    return words_ask(cli, operation, fields, tr, en);
}

static int run_pause(int argc, char **argv, struct cli *cli)
{
    (void)argc;
    return order(cli, "provider.pause", argv[0], "Duraklatıldı.", "Paused.");
}

static int run_drain(int argc, char **argv, struct cli *cli)
{
    (void)argc;
    return order(cli, "provider.drain", argv[0], "Yoldakiler bitince duracak.",
                 "Stops when what is in flight has finished.");
}

static int run_resume(int argc, char **argv, struct cli *cli)
{
    (void)argc;
    return order(cli, "provider.resume", argv[0], "Sürüyor.", "Goes on.");
}

static int run_pin(int argc, char **argv, struct cli *cli)
{
    (void)argc;
    return order(cli, "provider.pin", argv[0], "Kanal yalnız bu sağlayıcıyı kullanacak.",
                 "The channel uses this provider alone.");
}

static int run_unpin(int argc, char **argv, struct cli *cli)
{
    (void)argc;
    return order(cli, "provider.unpin", argv[0], "Kanal yine sırasını izliyor.",
                 "The channel follows its route again.");
}

/* ---- the commands ---- */

static const struct cli_option order_options[] = {
    WORDS_OPTION_UNTIL, WORDS_OPTION_FOR, WORDS_OPTION_NOTE, {0}};
static const struct cli_option pin_options[] = {
    {.name = "channel", .arg = "KANAL", .tr = "sms ya da email", .en = "sms or email"},
    WORDS_OPTION_UNTIL,
    WORDS_OPTION_FOR,
    WORDS_OPTION_NOTE,
    {0},
};
static const struct cli_option note_options[] = {WORDS_OPTION_NOTE, {0}};
static const struct cli_option test_options[] = {
    {.name = "to",
     .arg = "ALICI",
     .tr = "cep telefonu ya da e-posta adresi",
     .en = "mobile number or mailbox"},
    {.name = "template", .arg = "AD", .tr = "şablon (a30)", .en = "template (a30)"},
    {0},
};

#define EXAMPLE(list, line, tr_text, en_text)                                                      \
    static const struct cli_example list[] = {{line, tr_text, en_text}, {NULL, NULL, NULL}}

EXAMPLE(list_examples, "hatirlat provider list", "durumları, yoldaki iletileri",
        "their states and what is in flight");
EXAMPLE(show_examples, "hatirlat provider show netgsm", NULL, NULL);
EXAMPLE(test_examples, "hatirlat provider test netgsm --to 05320000067",
        "tek bir ileti, yalnız bu sağlayıcıdan", "one message, through this provider alone");
EXAMPLE(balance_examples, "hatirlat provider balance netgsm", NULL, NULL);
EXAMPLE(pause_examples, "hatirlat provider pause netgsm --for 2h --note 'bakım var'", NULL, NULL);
EXAMPLE(drain_examples, "hatirlat provider drain netgsm", NULL, NULL);
EXAMPLE(resume_examples, "hatirlat provider resume netgsm --note 'bakiye yüklendi'",
        "hesap beklemesini de kaldırır", "also lifts a hold for account trouble");
EXAMPLE(pin_examples, "hatirlat provider pin yedek --for 1d --note 'asıl hat bakımda'", NULL, NULL);
EXAMPLE(unpin_examples, "hatirlat provider unpin yedek", NULL, NULL);

#define COMMAND(id, words, tr_text, en_text, args, args_en, table, list, function)                 \
    const struct cli_command command_provider_##id = {.name = "provider " words,                   \
                                                      .tr = tr_text,                               \
                                                      .en = en_text,                               \
                                                      .usage = args,                               \
                                                      .usage_en = args_en,                         \
                                                      .options = table,                            \
                                                      .examples = list,                            \
                                                      .min_args = 1,                               \
                                                      .max_args = 1,                               \
                                                      .run = function}

const struct cli_command command_provider_list = {.name = "provider list",
                                                  .tr = "Sağlayıcıların durumu",
                                                  .en = "How the providers stand",
                                                  .usage = "",
                                                  .usage_en = "",
                                                  .examples = list_examples,
                                                  .run = run_list};
COMMAND(show, "show", "Bir sağlayıcının durumu ve sayıları", "State and numbers of one", "AD",
        "NAME", NULL, show_examples, run_show);
COMMAND(test, "test", "Yalnız bu sağlayıcıdan bir deneme iletisi", "A test message through it",
        "AD --to ALICI", "NAME --to RECIPIENT", test_options, test_examples, run_test);
COMMAND(balance, "balance", "Kalan bakiye", "What is left to send with", "AD", "NAME", NULL,
        balance_examples, run_balance);
COMMAND(pause, "pause", "Sağlayıcıya ileti verilmez", "Nothing is given to it", "AD [SEÇENEKLER]",
        "NAME [OPTIONS]", order_options, pause_examples, run_pause);
COMMAND(drain, "drain", "Yoldakiler biter, sonra durur", "Finishes what it has, then stops",
        "AD [SEÇENEKLER]", "NAME [OPTIONS]", order_options, drain_examples, run_drain);
COMMAND(resume, "resume", "Duraklatmayı ve hesap beklemesini kaldırır",
        "Ends a pause, lifts an account hold", "AD [--note METİN]", "NAME [--note TEXT]",
        note_options, resume_examples, run_resume);
COMMAND(pin, "pin", "Kanal yalnız bu sağlayıcıyı kullanır", "Its channel uses no other",
        "AD [SEÇENEKLER]", "NAME [OPTIONS]", pin_options, pin_examples, run_pin);
COMMAND(unpin, "unpin", "Sabitlemeyi kaldırır", "Ends a pin", "AD", "NAME", note_options,
        unpin_examples, run_unpin);
