#include "base/utf8.h"
#include "cli/commands.h"

enum { OPTION_COLUMN = 26, NAME_COLUMN = 20 };

static const char bold[] = "\033[1m";
static const char plain[] = "\033[0m";

/* Pads by characters, not bytes. */
static void pad(FILE *to, const char *text, size_t width)
{
    size_t used = utf8_count(str_of(text));

    fprintf(to, "%s%*s", text, used < width ? (int)(width - used) : 1, "");
}

static void heading(const struct cli *cli, FILE *to, const char *tr, const char *en)
{
    fprintf(to, "\n%s%s%s\n", cli_style(cli, bold), cli_tr(cli, tr, en), cli_style(cli, plain));
}

static void print_option(const struct cli *cli, const struct cli_option *o, FILE *to)
{
    char text[80];
    char letter[8] = "    ";

    if (o->letter != 0) {
        snprintf(letter, sizeof(letter), "-%c, ", o->letter);
    }
    snprintf(text, sizeof(text), "  %s--%s%s%s", letter, o->name, o->arg == NULL ? "" : " ",
             o->arg == NULL ? "" : o->arg);
    pad(to, text, OPTION_COLUMN);
    fprintf(to, "%s\n", cli_tr(cli, o->tr, o->en));
}

static void print_examples(const struct cli *cli, const struct cli_example *examples, FILE *to)
{
    if (examples == NULL || examples->line == NULL) {
        return;
    }
    heading(cli, to, "Örnekler", "Examples");
    for (; examples->line != NULL; examples++) {
        fprintf(to, "  %s\n", examples->line);
        if (examples->tr != NULL) {
            fprintf(to, "      %s\n", cli_tr(cli, examples->tr, examples->en));
        }
    }
}

static void print_common(const struct cli *cli, FILE *to)
{
    fprintf(to,
            cli_tr(cli, "\nGenel: %s\nÇıkış: %s\n       %s\n",
                   "\nGlobal: %s\nExit:   %s\n        %s\n"),
            cli_tr(cli, "--json --lang tr|en -q,--quiet --no-color -c,--config DOSYA -h",
                   "--json --lang tr|en -q,--quiet --no-color -c,--config FILE -h"),
            cli_tr(cli, "0 tamam, 1 başarısız, 2 kullanım, 3 kısmen, 4 bulunamadı, 5 reddedildi,",
                   "0 done, 1 failed, 2 usage, 3 partly, 4 not found, 5 refused,"),
            cli_tr(cli, "69 sunucuya ulaşılamadı, 75 geçici, 77 yetki yok, 78 ayar yanlış",
                   "69 server unreachable, 75 temporary, 77 denied, 78 bad settings"));
}

static void help_command(const struct cli *cli, const struct cli_command *c, FILE *to)
{
    const char *usage = cli_tr(cli, c->usage, c->usage_en != NULL ? c->usage_en : c->usage);

    fprintf(to, "%shatirlat %s%s – %s\n", cli_style(cli, bold), c->name, cli_style(cli, plain),
            cli_tr(cli, c->tr, c->en));
    fprintf(to, "%s hatirlat %s%s%s\n", cli_tr(cli, "Kullanım:", "Usage:"), c->name,
            usage == NULL ? "" : " ", usage == NULL ? "" : usage);
    print_examples(cli, c->examples, to);
    if (c->options != NULL && c->options->name != NULL) {
        heading(cli, to, "Seçenekler", "Options");
        for (const struct cli_option *o = c->options; o->name != NULL; o++) {
            print_option(cli, o, to);
        }
    }
    print_common(cli, to);
}

static void print_command(const struct cli *cli, const struct cli_command *c, FILE *to)
{
    fprintf(to, "  ");
    pad(to, c->name, NAME_COLUMN);
    fprintf(to, "%s\n", cli_tr(cli, c->tr, c->en));
}

size_t cli_help_group(const struct cli *cli, const char *group, FILE *to)
{
    size_t n = strlen(group);
    size_t count = 0;

    for (size_t i = 0; cli->commands[i] != NULL; i++) {
        const char *name = cli->commands[i]->name;

        if (n > 0 && strncmp(name, group, n) == 0 && name[n] == ' ') {
            if (count++ == 0) {
                fprintf(to,
                        cli_tr(cli, "“%s” şunlardan biriyle kullanılır:\n",
                               "\"%s\" is used with one of:\n"),
                        group);
            }
            print_command(cli, cli->commands[i], to);
        }
    }
    return count;
}

static void help_all(const struct cli *cli, FILE *to)
{
    fprintf(to, "%shatirlat%s – %s\n", cli_style(cli, bold), cli_style(cli, plain),
            cli_tr(cli, "e-imza bitişini SMS ve e-postayla hatırlatır",
                   "reminds people by SMS and e-mail that their e-signature expires"));
    fprintf(to, "%s\n",
            cli_tr(cli, "Kullanım: hatirlat [SEÇENEKLER] KOMUT [DEĞERLER]",
                   "Usage: hatirlat [OPTIONS] COMMAND [ARGUMENTS]"));
    heading(cli, to, "Komutlar", "Commands");
    for (size_t i = 0; cli->commands[i] != NULL; i++) {
        print_command(cli, cli->commands[i], to);
    }
    print_common(cli, to);
    fprintf(to, "%s\n",
            cli_tr(cli, "Bir komutun yardımı: hatirlat KOMUT -h",
                   "Help of a command: hatirlat COMMAND -h"));
}

void cli_help(const struct cli *cli, const struct cli_command *command, FILE *to)
{
    if (command == NULL) {
        help_all(cli, to);
    } else {
        help_command(cli, command, to);
    }
}

static int run_help(int argc, char **argv, struct cli *cli)
{
    const struct cli_command *command;
    int words = 1;

    if (argc == 0) {
        cli_help(cli, NULL, cli->out);
        return CLI_OK;
    }
    command = cli_find(cli, argc, argv, &words);
    if (command != NULL) {
        cli_help(cli, command, cli->out);
        return CLI_OK;
    }
    if (argc == 1 && cli_help_group(cli, argv[0], cli->out) > 0) {
        return CLI_OK;
    }
    return cli_usage(cli, cli_tr(cli, "böyle bir komut yok: %s%s%s", "there is no command %s%s%s"),
                     argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
}

static const struct cli_example help_examples[] = {
    {"hatirlat help measure", NULL, NULL},
    {"hatirlat measure -h", "aynısı", "the same"},
    {NULL, NULL, NULL},
};

const struct cli_command command_help = {
    .name = "help",
    .tr = "komutları ve bir komutun yardımını gösterir",
    .en = "shows the commands, or the help of one",
    .usage = "[KOMUT]",
    .usage_en = "[COMMAND]",
    .examples = help_examples,
    .max_args = 2,
    .run = run_help,
};
