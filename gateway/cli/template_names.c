/* "hatirlat template names": what a template may say, from the one table of names. */
#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "text/names.h"

enum { NAME_COLUMN = 30, EXAMPLE_COLUMN = 36, OUTPUT_MAX = 256 * 1024 };

static void pad(FILE *to, const char *text, size_t column)
{
    size_t width = utf8_count(str_of(text));

    fprintf(to, "%s%*s", text, width + 2 < column ? (int)(column - width) : 2, "");
}

static void print_name(struct cli *cli, const struct text_name_info *info)
{
    char tag[64];

    snprintf(tag, sizeof tag, "{{%s}}", info->name);
    pad(cli->out, tag, NAME_COLUMN);
    pad(cli->out, info->example, EXAMPLE_COLUMN);
    fprintf(cli->out, "%s%s\n", cli->turkish ? info->tr : info->en,
            info->personal ? cli_tr(cli, " (SMS'te kullanılmaz)", " (not in an SMS)") : "");
}

static void put_name(struct json_writer *w, const struct text_name_info *info)
{
    jsonw_object(w);
    jsonw_put(w, "name", info->name);
    jsonw_put(w, "example", info->example);
    jsonw_put_bool(w, "personal", info->personal);
    jsonw_put_bool(w, "list", info->kind == TEMPLATE_LIST);
    jsonw_put(w, "tr", info->tr);
    jsonw_put(w, "en", info->en);
    jsonw_end_object(w);
}

static int run_names(int argc, char **argv, struct cli *cli)
{
    struct json_writer w;
    struct buf out;

    (void)argc;
    (void)argv;
    buf_init(&out, OUTPUT_MAX);
    jsonw_init(&w, &out);
    jsonw_array(&w);
    for (int i = 0; i < MESSAGE_NAME_COUNT; i++) {
        if (cli->json) {
            put_name(&w, &text_names[i]);
        } else {
            print_name(cli, &text_names[i]);
        }
    }
    jsonw_end_array(&w);
    if (cli->json) {
        fprintf(cli->out, "%s\n", buf_cstr(&out));
    }
    buf_finish(&out);
    return CLI_OK;
}

static const struct cli_example examples[] = {
    {"hatirlat template names", NULL, NULL}, {"hatirlat template names --json", NULL, NULL}, {0}};

const struct cli_command command_template_names = {
    .name = "template names",
    .tr = "şablonların kullanabileceği adlar, örnekleriyle",
    .en = "the names templates may use, with examples",
    .examples = examples,
    .run = run_names,
};
