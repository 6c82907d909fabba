/* hatirlat explain: the story of a person or a message, in sentences. */
#include "base/civil.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "text/turkish.h"

static const char *text_of(const struct json *v, const char *key, char *out, size_t size)
{
    (void)str_copy(out, size, json_str(json_get(v, key)));
    return out;
}

static void print_line(struct cli *cli, const struct json *line)
{
    int64_t at_ms;
    struct buf when;
    struct str text = json_str(json_get(line, "text"));

    buf_init(&when, 64);
    if (rfc3339_parse(json_str(json_get(line, "at")), &at_ms) == 0) {
        (void)date_time(at_ms, cli->turkish, &when);
    }
    (void)fprintf(cli->out, "      %-18s %.*s\n", buf_cstr(&when), (int)text.len,
                  text.ptr == NULL ? "" : text.ptr);
    buf_finish(&when);
}

static void print_message(struct cli *cli, const struct json *message)
{
    char text[1024];
    char id[64];

    (void)fprintf(cli->out, "  - %s  %s%s%s\n", text_of(message, "text", text, sizeof text),
                  cli_style(cli, "2"), text_of(message, "id", id, sizeof id), cli_style(cli, "0"));
    for (const struct json *l = json_first(json_get(message, "story")); l != NULL;
         l = json_next(l)) {
        print_line(cli, l);
    }
}

static void print_unplanned(struct cli *cli, const struct json *list)
{
    char campaign[64];
    char channel[16];
    char text[256];

    if (json_count(list) > 0) {
        (void)fprintf(cli->out, "  %s\n", cli_tr(cli, "Gönderilmeyecekler:", "Not to be sent:"));
    }
    for (const struct json *v = json_first(list); v != NULL; v = json_next(v)) {
        int64_t mark = 0;

        (void)json_i64(json_get(v, "mark"), &mark);
        (void)fprintf(
            cli->out, cli_tr(cli, "  - %s, %lld gün, %s: %s\n", "  - %s, %lld days, %s: %s\n"),
            text_of(v, "campaign", campaign, sizeof campaign), (long long)mark,
            text_of(v, "channel", channel, sizeof channel), text_of(v, "text", text, sizeof text));
    }
}

static void print_case(struct cli *cli, const struct json *c)
{
    char text[1024];

    (void)fprintf(cli->out, "%s%s%s\n", cli_style(cli, "1"), text_of(c, "text", text, sizeof text),
                  cli_style(cli, "0"));
    for (const struct json *f = json_first(json_get(c, "facts")); f != NULL; f = json_next(f)) {
        print_line(cli, f);
    }
    for (const struct json *m = json_first(json_get(c, "messages")); m != NULL; m = json_next(m)) {
        print_message(cli, m);
    }
    print_unplanned(cli, json_get(c, "not_planned"));
}

static int given(const char *value)
{
    return value != NULL && value[0] != '\0';
}

static int run(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"holder", cli_value(cli, "holder")},
                                          {"certificate", cli_value(cli, "certificate")},
                                          {"message", cli_value(cli, "message")},
                                          {NULL, NULL}};
    const struct client_question question = {.operation = "explain", .fields = fields};
    struct client_answer answer;
    const struct json *root;
    int rc;

    (void)argc;
    (void)argv;
    if (given(fields[0].value) + given(fields[1].value) + given(fields[2].value) != 1) {
        return cli_usage(cli, "%s",
                         cli_tr(cli, "--holder, --certificate, --message: yalnız biri verilmeli",
                                "exactly one of --holder, --certificate and --message is needed"));
    }
    rc = client_ask(cli, &question, &answer);
    root = json_root(answer.doc);
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        for (const struct json *c = json_first(json_get(root, "cases")); c != NULL;
             c = json_next(c)) {
            print_case(cli, c);
        }
        for (const struct json *m = json_first(json_get(root, "messages")); m != NULL;
             m = json_next(m)) {
            print_message(cli, m);
        }
    }
    client_finish(&answer);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "holder", .arg = "KOD", .tr = "kişinin kodu", .en = "reference of the person"},
    {.name = "certificate",
     .arg = "KOD",
     .tr = "sertifikanın kodu",
     .en = "reference of the certificate"},
    {.name = "message", .arg = "NO", .tr = "iletinin numarası (m_…)", .en = "a message's id (m_…)"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat explain --holder sicil-10233", "kişiye ne gönderildi, ne gönderilecek, neden",
     "what was and will be sent to the person, and why"},
    {"hatirlat explain --message m_2f-7k3m9q2x", "bir iletinin bütün öyküsü",
     "the whole story of a message"},
    {NULL, NULL, NULL},
};

const struct cli_command command_explain = {
    .name = "explain",
    .tr = "Bir kişiye ya da iletiye ne olduğunu, nedenleriyle anlatır",
    .en = "Tells what became of a person's messages, and why",
    .usage = "--holder KOD | --certificate KOD | --message NO",
    .usage_en = "--holder REF | --certificate REF | --message ID",
    .options = options,
    .examples = examples,
    .run = run,
};
