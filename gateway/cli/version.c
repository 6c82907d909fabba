#include "version.h"
#include "base/json.h"
#include "cli/commands.h"

static const struct {
    const char *name;
    const char *version;
} libraries[] = HATIRLAT_BUILT_WITH;

enum { LIBRARIES = sizeof(libraries) / sizeof(libraries[0]) };

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZERS "address,undefined"
#elif defined(__SANITIZE_THREAD__)
#define SANITIZERS "thread"
#else
#define SANITIZERS "none"
#endif

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void print_json(struct cli *cli)
{
    struct json_writer w;
    struct buf out;

    buf_init(&out, 4096);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "version", HATIRLAT_VERSION);
    jsonw_put(&w, "compiler", COMPILER);
    jsonw_put(&w, "sanitizers", SANITIZERS);
    jsonw_key(&w, "libraries");
    jsonw_object(&w);
    for (size_t i = 0; i < LIBRARIES; i++) {
        jsonw_put(&w, libraries[i].name, libraries[i].version);
    }
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    fprintf(cli->out, "%s\n", buf_cstr(&out));
    buf_finish(&out);
}

static int run_version(int argc, char **argv, struct cli *cli)
{
    (void)argc;
    (void)argv;
    if (cli->json) {
        print_json(cli);
        return CLI_OK;
    }
    fprintf(cli->out, "hatirlat %s\n%s %s (%s %s)\n%s", HATIRLAT_VERSION,
            cli_tr(cli, "derleyici ", "compiler "), COMPILER, cli_tr(cli, "denetçi", "sanitizers"),
            SANITIZERS, cli_tr(cli, "kitaplık  ", "libraries"));
    for (size_t i = 0; i < LIBRARIES; i++) {
        fprintf(cli->out, " %s %s%s", libraries[i].name, libraries[i].version,
                i + 1 < LIBRARIES ? "," : "\n");
    }
    return CLI_OK;
}

static const struct cli_example examples[] = {
    {"hatirlat version --json", NULL, NULL},
    {NULL, NULL, NULL},
};

const struct cli_command command_version = {
    .name = "version",
    .tr = "sürümü, derleyiciyi ve kitaplıkları gösterir",
    .en = "shows version, compiler and libraries",
    .examples = examples,
    .run = run_version,
};
