/* hatirlat suppression list|add|remove: addresses nothing goes to. */
#include "base/civil.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "text/turkish.h"

static void print_day(struct cli *cli, const struct json *v, const char *otherwise)
{
    struct buf day;
    int64_t ms;

    buf_init(&day, 32);
    if (rfc3339_parse(json_str(v), &ms) == 0) {
        (void)date_short(istanbul_days(ms), cli->turkish, &day);
    } else {
        (void)buf_adds(&day, otherwise);
    }
    (void)fprintf(cli->out, "  %-12s", buf_cstr(&day));
    buf_finish(&day);
}

static void print_text(struct cli *cli, const struct json *v, const char *key, int width)
{
    struct str text = json_str(json_get(v, key));

    (void)fprintf(cli->out, "%-*.*s", width, (int)text.len, text.ptr == NULL ? "" : text.ptr);
}

static void print_entry(struct cli *cli, const struct json *v)
{
    int64_t stopped = 0;

    (void)json_i64(json_get(v, "stopped_messages"), &stopped);
    print_text(cli, v, "address", 32);
    print_day(cli, json_get(v, "since"), "");
    print_day(cli, json_get(v, "expires"), "-");
    (void)fprintf(cli->out, "  %6lld  ", (long long)stopped);
    print_text(cli, v, "text", 0);
    (void)fprintf(cli->out, "  %s", cli_style(cli, "2"));
    print_text(cli, v, "id", 0);
    (void)fprintf(cli->out, "%s\n", cli_style(cli, "0"));
}

static int run_list(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {
        {"after", cli_value(cli, "after")}, {"limit", cli_value(cli, "limit")}, {NULL, NULL}};
    const struct client_question question = {.operation = "suppression.list", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    (void)argv;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        const struct json *list = json_get(json_root(answer.doc), "suppressions");

        (void)fprintf(cli->out, "%-32s  %-12s  %-12s  %6s\n", cli_tr(cli, "ADRES", "ADDRESS"),
                      cli_tr(cli, "BAŞLANGIÇ", "SINCE"), cli_tr(cli, "BİTİŞ", "EXPIRES"),
                      cli_tr(cli, "İLETİ", "STOPPED"));
        for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
            print_entry(cli, v);
        }
    }
    client_finish(&answer);
    return rc;
}

static int run_add(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"address", argv[0]},
                                          {"channel", cli_value(cli, "channel")},
                                          {"reason", cli_value(cli, "reason")},
                                          {"days", cli_value(cli, "days")},
                                          {"note", cli_value(cli, "note")},
                                          {NULL, NULL}};
    const struct client_question question = {.operation = "suppression.add", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        print_entry(cli, json_get(json_root(answer.doc), "suppression"));
    }
    client_finish(&answer);
    return rc;
}

/* An id begins with its channel and a colon, which no address does. */
static bool is_id(const char *text)
{
    return str_starts(str_of(text), "sms:") || str_starts(str_of(text), "email:");
}

static void print_removed(struct cli *cli, const struct json *entry)
{
    int64_t stopped = 0;

    (void)json_i64(json_get(entry, "stopped_messages"), &stopped);
    (void)fprintf(cli->out,
                  cli_tr(cli,
                         "Kaldırıldı. Bu arada durdurulan ileti: %lld. Onlar gönderilmez; "
                         "gerekiyorsa yeniden gönderin.\n",
                         "Removed. Messages stopped meanwhile: %lld. They are not sent; send them "
                         "again where needed.\n"),
                  (long long)stopped);
}

static int run_remove(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{is_id(argv[0]) ? "id" : "address", argv[0]},
                                          {"channel", cli_value(cli, "channel")},
                                          {NULL, NULL}};
    const struct client_question question = {.operation = "suppression.remove", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        print_removed(cli, json_get(json_root(answer.doc), "suppression"));
    }
    client_finish(&answer);
    return rc;
}

static const struct cli_option list_options[] = {
    {.name = "after", .arg = "KOD", .tr = "bundan sonrakiler", .en = "those behind this id"},
    {.name = "limit", .arg = "SAYI", .tr = "en çok (100)", .en = "at most (100)"},
    {0},
};

static const struct cli_option add_options[] = {
    {.name = "channel",
     .arg = "KANAL",
     .tr = "sms ya da email; adresten anlaşılır",
     .en = "sms or email; the address tells"},
    {.name = "reason",
     .arg = "NEDEN",
     .tr = "manual, request, not_in_use, bounce, complaint",
     .en = "manual, request, not_in_use, bounce, complaint"},
    {.name = "days",
     .arg = "GÜN",
     .tr = "süre; yoksa kaldırılana dek",
     .en = "how long; else until removed"},
    {.name = "note", .arg = "METİN", .tr = "açıklama", .en = "a note"},
    {0},
};

static const struct cli_option remove_options[] = {
    {.name = "channel",
     .arg = "KANAL",
     .tr = "sms ya da email; adresten anlaşılır",
     .en = "sms or email; the address tells"},
    {0},
};

static const struct cli_example list_examples[] = {
    {"hatirlat suppression list", "gönderim durdurulan adresler, gizlenmiş",
     "the addresses nothing goes to, masked"},
    {NULL, NULL, NULL},
};

static const struct cli_example add_examples[] = {
    {"hatirlat suppression add 05320000067 --reason request --note \"dilekçe 2026/14\"",
     "kişi ileti istemiyor", "the person does not want messages"},
    {"hatirlat suppression add eski@ornek.test --days 90", "üç ay boyunca gönderilmez",
     "nothing for three months"},
    {NULL, NULL, NULL},
};

static const struct cli_example remove_examples[] = {
    {"hatirlat suppression remove 05320000067", "yeniden gönderilebilir",
     "it may be written to again"},
    {NULL, NULL, NULL},
};

const struct cli_command command_suppression_list = {
    .name = "suppression list",
    .tr = "Gönderim yapılmayan adresleri listeler",
    .en = "Lists the addresses nothing goes to",
    .usage = "[SEÇENEKLER]",
    .usage_en = "[OPTIONS]",
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
};

const struct cli_command command_suppression_add = {
    .name = "suppression add",
    .tr = "Bir adrese gönderimi durdurur",
    .en = "Stops sending to an address",
    .usage = "[SEÇENEKLER] ADRES",
    .usage_en = "[OPTIONS] ADDRESS",
    .options = add_options,
    .examples = add_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_add,
};

const struct cli_command command_suppression_remove = {
    .name = "suppression remove",
    .tr = "Bir adresi listeden çıkarır",
    .en = "Takes an address off the list",
    .usage = "[SEÇENEKLER] ADRES|KOD",
    .usage_en = "[OPTIONS] ADDRESS|ID",
    .options = remove_options,
    .examples = remove_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_remove,
};
