/* hatirlat campaign list|show|release|pause|resume|cancel. */
#include "cli/commands.h"
#include "cli/desk_words.h"

#include <inttypes.h>
#include <string.h>

/* ---- looking ---- */

static int64_t waiting(const struct json *c)
{
    const struct json *m = json_get(c, "messages");

    return json_get_i64(m, "planned", 0) + json_get_i64(m, "queued", 0);
}

static int64_t gone(const struct json *c)
{
    const struct json *m = json_get(c, "messages");

    return json_get_i64(m, "accepted", 0) + json_get_i64(m, "delivered", 0) +
           json_get_i64(m, "undelivered", 0);
}

static void print_row(struct cli *cli, const struct json *c)
{
    const bool paused = json_bool(json_get(c, "paused"), false);

    words_column(cli, words_text(c, "name"), 24);
    words_column(cli, words_code(cli, words_text(c, "state")), 18);
    (void)fprintf(cli->out, "%9" PRId64 " %10" PRId64 " %10" PRId64 " %10" PRId64 "  %s\n",
                  waiting(c), json_get_i64(json_get(c, "messages"), "held", 0), gone(c),
                  json_get_i64(json_get(c, "today"), "sent", 0),
                  paused ? cli_tr(cli, "DURAKLATILDI", "PAUSED") : "");
}

static int run_list(int argc, char **argv, struct cli *cli)
{
    const struct client_question question = {.operation = "campaign.list"};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    (void)argv;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        (void)fprintf(cli->out, "%s\n",
                      cli_tr(cli,
                             "DİZİ                     DURUM                   BEKLEYEN   TUTULAN  "
                             "    GİDEN      BUGÜN",
                             "CAMPAIGN                 STATE                 WAITING       HELD  "
                             "     SENT      TODAY"));
        for (const struct json *c = json_first(json_get(json_root(answer.doc), "items")); c != NULL;
             c = json_next(c)) {
            print_row(cli, c);
        }
    }
    client_finish(&answer);
    return rc;
}

static void print_numbers(struct cli *cli, const char *tr, const char *en, const struct json *list)
{
    if (json_count(list) == 0) {
        return;
    }
    (void)fprintf(cli->out, "%s:", cli->turkish ? tr : en);
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        int64_t n = 0;

        (void)json_i64(v, &n);
        (void)fprintf(cli->out, "%s %s %" PRId64, v == json_first(list) ? "" : " ·",
                      words_code(cli, json_key(v)), n);
    }
    (void)fprintf(cli->out, "\n");
}

static void print_release(struct cli *cli, const struct json *r)
{
    const char *reference = words_text(r, "reference");
    char at[WORDS_SIZE];
    char until[WORDS_SIZE];

    (void)fprintf(cli->out,
                  cli_tr(cli, "  %s · %s · %s tarihine kadar%s%s\n", "  %s · %s · until %s%s%s\n"),
                  words_text(r, "by"), words_time(cli, r, "at", at),
                  words_time(cli, r, "until", until), reference[0] == '\0' ? "" : " · ", reference);
}

static void print_one(struct cli *cli, const struct json *c)
{
    (void)fprintf(cli->out, "%s%s%s – %s  [%s]\n", cli_style(cli, "1"), words_text(c, "name"),
                  cli_style(cli, "0"), words_text(c, "meaning"),
                  words_code(cli, words_text(c, "state")));
    if (json_get(c, "control") != NULL) {
        words_control(cli, json_get(c, "control"));
    }
    print_numbers(cli, "İletiler", "Messages", json_get(c, "messages"));
    print_numbers(cli, "Tutulanlar", "Held for", json_get(c, "held_for"));
    print_numbers(cli, "Bugün", "Today", json_get(c, "today"));
    if (json_count(json_get(c, "releases")) > 0) {
        (void)fprintf(cli->out, "%s:\n", cli_tr(cli, "Gönderim onayları", "Releases"));
    }
    for (const struct json *r = json_first(json_get(c, "releases")); r != NULL; r = json_next(r)) {
        print_release(cli, r);
    }
}

static int run_show(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"name", argv[0]}, {NULL, NULL}};
    const struct client_question question = {.operation = "campaign.show", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        print_one(cli, json_root(answer.doc));
    }
    if (rc == CLI_OK) {
        words_warnings(cli, json_root(answer.doc));
    }
    client_finish(&answer);
    return rc;
}

/* ---- deciding ---- */

static int run_release(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"name", argv[0]},
                                          {"by", cli_value(cli, "by")},
                                          {"reference", cli_value(cli, "reference")},
                                          {"from", cli_value(cli, "from")},
                                          {"until", cli_value(cli, "until")},
                                          {"for", cli_value(cli, "for")},
                                          {"note", cli_value(cli, "note")},
                                          {NULL, NULL}};

    (void)argc;
    if (cli_value(cli, "by") == NULL) {
        return cli_usage(cli, "%s",
                         cli_tr(cli, "onayı verenin adı gerekli: --by AD",
                                "the name of who releases is needed: --by NAME"));
    }
    return words_ask(cli, "campaign.release", fields, "Gönderim onayı kaydedildi.",
                     "The release is recorded.");
}

static int run_pause(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"name", argv[0]},
                                          {"until", cli_value(cli, "until")},
                                          {"for", cli_value(cli, "for")},
                                          {"note", cli_value(cli, "note")},
                                          {NULL, NULL}};

    (void)argc;
    return words_ask(cli, "campaign.pause", fields, "Duraklatıldı.", "Paused.");
}

static int run_resume(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {
        {"name", argv[0]}, {"note", cli_value(cli, "note")}, {NULL, NULL}};

    (void)argc;
    return words_ask(cli, "campaign.resume", fields, "Sürüyor.", "Goes on.");
}

/* The numbers first: what is stopped does not come back. */
static int show_stake(struct cli *cli, const char *name)
{
    const struct client_field fields[] = {{"name", name}, {NULL, NULL}};
    const struct client_question question = {.operation = "campaign.show", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    if (rc == CLI_OK) {
        const struct json *c = json_root(answer.doc);
        const int64_t held = json_get_i64(json_get(c, "messages"), "held", 0);

        (void)fprintf(cli->err,
                      cli_tr(cli, "%s: gitmemiş %" PRId64 " ileti durdurulacak, geri gelmeyecek.\n",
                             "%s: %" PRId64 " messages not yet sent will be stopped for good.\n"),
                      name, waiting(c) + held);
    }
    client_finish(&answer);
    return rc;
}

static int run_cancel(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {
        {"name", argv[0]}, {"confirm", argv[0]}, {"note", cli_value(cli, "note")}, {NULL, NULL}};
    int rc = show_stake(cli, argv[0]);

    (void)argc;
    if (rc != CLI_OK) {
        return rc;
    }
    if (!words_confirm(cli, argv[0])) {
        return CLI_REFUSED;
    }
    return words_ask(cli, "campaign.cancel", fields, "İptal edildi; iletiler durduruluyor.",
                     "Cancelled; its messages are being stopped.");
}

/* ---- the commands ---- */

static const struct cli_option release_options[] = {
    {.name = "by", .arg = "AD", .tr = "onayı veren kişi", .en = "the person who releases"},
    {.name = "reference",
     .arg = "SAYI",
     .tr = "e-imzalı onayın sayısı",
     .en = "number of the e-signed release"},
    {.name = "from", .arg = "GÜN", .tr = "süreli onayın başı", .en = "when a standing one begins"},
    WORDS_OPTION_UNTIL,
    WORDS_OPTION_FOR,
    WORDS_OPTION_NOTE,
    {0},
};
static const struct cli_option pause_options[] = {
    WORDS_OPTION_UNTIL, WORDS_OPTION_FOR, WORDS_OPTION_NOTE, {0}};
static const struct cli_option resume_options[] = {WORDS_OPTION_NOTE, {0}};
static const struct cli_option cancel_options[] = {WORDS_OPTION_YES, WORDS_OPTION_NOTE, {0}};

static const struct cli_example list_examples[] = {
    {"hatirlat campaign list", "bütün diziler, durumları, sayıları",
     "all campaigns, their states and numbers"},
    {NULL, NULL, NULL},
};
static const struct cli_example show_examples[] = {{"hatirlat campaign show e-imza", NULL, NULL},
                                                   {NULL, NULL, NULL}};
static const struct cli_example release_examples[] = {
    {"hatirlat campaign release e-imza --by 'İrem Çağlar' --reference 2027/114",
     "bugüne kadar planlananlar gider", "what is planned until now may go"},
    {"hatirlat campaign release e-imza --by 'İrem Çağlar' --for 90d", "süreli onay",
     "a standing release"},
    {NULL, NULL, NULL},
};
static const struct cli_example pause_examples[] = {
    {"hatirlat campaign pause e-imza --for 2h --note 'liste denetleniyor'", NULL, NULL},
    {NULL, NULL, NULL},
};
static const struct cli_example resume_examples[] = {
    {"hatirlat campaign resume e-imza --note 'liste doğruymuş'", NULL, NULL}, {NULL, NULL, NULL}};
static const struct cli_example cancel_examples[] = {
    {"hatirlat campaign cancel deneme --yes deneme", "betiklerde", "in scripts"},
    {NULL, NULL, NULL},
};

const struct cli_command command_campaign_list = {.name = "campaign list",
                                                  .tr = "Hatırlatma dizilerinin durumu",
                                                  .en = "How the campaigns stand",
                                                  .usage = "",
                                                  .usage_en = "",
                                                  .examples = list_examples,
                                                  .run = run_list};

const struct cli_command command_campaign_show = {.name = "campaign show",
                                                  .tr = "Bir dizinin durumu, sayıları, onayları",
                                                  .en = "State, numbers and releases of one",
                                                  .usage = "AD",
                                                  .usage_en = "NAME",
                                                  .examples = show_examples,
                                                  .min_args = 1,
                                                  .max_args = 1,
                                                  .run = run_show};

const struct cli_command command_campaign_release = {.name = "campaign release",
                                                     .tr = "Gönderim onayı verir",
                                                     .en = "Lets a campaign's messages go",
                                                     .usage = "AD --by KİM [SEÇENEKLER]",
                                                     .usage_en = "NAME --by WHO [OPTIONS]",
                                                     .options = release_options,
                                                     .examples = release_examples,
                                                     .min_args = 1,
                                                     .max_args = 1,
                                                     .run = run_release};

const struct cli_command command_campaign_pause = {
    .name = "campaign pause",
    .tr = "Bir dizinin iletilerini bekletir",
    .en = "Lets a campaign's messages wait",
    .usage = "AD [--until ZAMAN | --for SÜRE] [--note METİN]",
    .usage_en = "NAME [--until TIME | --for TIME] [--note TEXT]",
    .options = pause_options,
    .examples = pause_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_pause};

const struct cli_command command_campaign_resume = {.name = "campaign resume",
                                                    .tr =
                                                        "Duraklatmayı (korumanınkini de) kaldırır",
                                                    .en = "Ends a pause, also the guard's",
                                                    .usage = "AD [--note METİN]",
                                                    .usage_en = "NAME [--note TEXT]",
                                                    .options = resume_options,
                                                    .examples = resume_examples,
                                                    .min_args = 1,
                                                    .max_args = 1,
                                                    .run = run_resume};

const struct cli_command command_campaign_cancel = {
    .name = "campaign cancel",
    .tr = "Gitmemiş bütün iletilerini durdurur",
    .en = "Stops all of its messages that are not yet sent",
    .usage = "AD [--yes AD] [--note METİN]",
    .usage_en = "NAME [--yes NAME] [--note TEXT]",
    .options = cancel_options,
    .examples = cancel_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_cancel};
