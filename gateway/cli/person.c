/* hatirlat person export|erase|readmit: one person's data. */
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/confirm.h"

enum { QUESTION_MAX = 512, INDENTED = 16 /* no member is so short that blanks make it longer */ };

static int run_export(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"ref", argv[0]}, {NULL, NULL}};
    const struct client_question question = {.operation = "person.export", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    if (rc == CLI_OK && cli->json) {
        (void)client_print_json(cli, &answer);
    } else if (rc == CLI_OK) {
        struct buf text;

        buf_init(&text, INDENTED * answer.body.len + 65536);
        json_indent((struct str){answer.body.data, answer.body.len}, &text);
        if (buf_failed(&text) == 0) {
            (void)fputs(buf_cstr(&text), cli->out);
        } else { /* whole, if not pretty */
            (void)fwrite(answer.body.data, 1, answer.body.len, cli->out);
        }
        buf_finish(&text);
    }
    client_finish(&answer);
    return rc;
}

static long long count_of(const struct json *root, const char *name)
{
    return (long long)json_get_i64(root, name, 0);
}

/* What will happen, with numbers. */
static int ask_first(struct cli *cli, const char *ref)
{
    const struct client_field fields[] = {{"ref", ref}, {NULL, NULL}};
    const struct client_question question = {.operation = "person.count", .fields = fields};
    struct client_answer answer;
    char text[QUESTION_MAX];
    int rc = client_ask(cli, &question, &answer);

    if (rc == CLI_OK) {
        const struct json *root = json_root(answer.doc);

        (void)snprintf(text, sizeof text,
                       cli_tr(cli,
                              "%s silinecek: %lld sertifika, %lld ileti, %lld olayın içeriği, "
                              "özetlerde %lld satır, aktarımlarda %lld satır; geri alınamaz",
                              "%s will be erased: %lld certificates, %lld messages, what %lld "
                              "events said, %lld lines of digests, %lld rows of imports; this "
                              "cannot be undone"),
                       ref, count_of(root, "cases"),
                       count_of(root, "messages") + count_of(root, "single_messages"),
                       count_of(root, "events"), count_of(root, "digest_rows"),
                       count_of(root, "import_rows"));
        rc = cli_confirm(cli, ref, text);
    }
    client_finish(&answer);
    return rc;
}

static int run_erase(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"ref", argv[0]}, {"confirm", argv[0]}, {NULL, NULL}};
    const struct client_question question = {.operation = "person.erase", .fields = fields};
    struct client_answer answer;
    int rc = ask_first(cli, argv[0]);

    (void)argc;
    if (rc != CLI_OK) {
        return rc;
    }
    rc = client_ask(cli, &question, &answer);
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        (void)fprintf(cli->out, "%s\n",
                      cli_tr(cli,
                             "Silindi. Bu kişiyle ilgili yeni bildirimler geri çevrilir; yeniden "
                             "almak için: hatirlat person readmit",
                             "Erased. New facts about this person are refused; to take them "
                             "again: hatirlat person readmit"));
        cli_note(cli, "%s",
                 cli_tr(cli, "yedekler ve verinin aktarıldığı yerler ayrıca silinmelidir",
                        "backups, and whoever was given the data, have to follow"));
    }
    client_finish(&answer);
    return rc;
}

static int run_readmit(int argc, char **argv, struct cli *cli)
{
    const struct client_field fields[] = {{"ref", argv[0]}, {NULL, NULL}};
    const struct client_question question = {.operation = "person.readmit", .fields = fields};
    struct client_answer answer;
    int rc = client_ask(cli, &question, &answer);

    (void)argc;
    if (rc == CLI_OK && !client_print_json(cli, &answer)) {
        (void)fprintf(cli->out,
                      cli_tr(cli,
                             "Bu kişiyle ilgili bildirimler yeniden alınır; silindiğinden beri "
                             "geri çevrilen: %lld. Onlar geri gelmez, yeniden gönderilmelidir.\n",
                             "Facts about this person are taken again; refused since the erasure: "
                             "%lld. Those do not come back and have to be sent again.\n"),
                      count_of(json_root(answer.doc), "refused_facts"));
    }
    client_finish(&answer);
    return rc;
}

static const struct cli_option erase_options[] = {
    {.name = "yes",
     .arg = "KOD",
     .tr = "sormadan siler; aynı kod yinelenir",
     .en = "does not ask; repeats the reference"},
    {0},
};

static const struct cli_example export_examples[] = {
    {"hatirlat person export sicil-10233 > kisi.json", "kişiye verilecek döküm",
     "the document for the person"},
    {NULL, NULL, NULL},
};

static const struct cli_example erase_examples[] = {
    {"hatirlat person erase sicil-10233", "sorar, sonra siler", "asks, then erases"},
    {"hatirlat person erase sicil-10233 --yes=sicil-10233", "betiklerde", "in scripts"},
    {NULL, NULL, NULL},
};

static const struct cli_example readmit_examples[] = {
    {"hatirlat person readmit sicil-10233", "kişi yeniden izlenebilir", "the person may come back"},
    {NULL, NULL, NULL},
};

const struct cli_command command_person_export = {
    .name = "person export",
    .tr = "Bir kişi hakkında tutulan her şeyi JSON olarak yazar",
    .en = "Writes everything held about a person as JSON",
    .usage = "KOD",
    .usage_en = "REF",
    .examples = export_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_export,
};

const struct cli_command command_person_erase = {
    .name = "person erase",
    .tr = "Bir kişiyi siler ve kendiliğinden geri gelmesini önler",
    .en = "Erases a person; the next list does not bring them back",
    .usage = "[--yes=KOD] KOD",
    .usage_en = "[--yes=REF] REF",
    .options = erase_options,
    .examples = erase_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_erase,
};

const struct cli_command command_person_readmit = {
    .name = "person readmit",
    .tr = "Silinmiş bir kişinin yeniden alınmasına izin verir",
    .en = "Lets an erased person be taken again",
    .usage = "KOD",
    .usage_en = "REF",
    .examples = readmit_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_readmit,
};
