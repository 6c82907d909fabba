#include "cli/cli.h"

const struct cli_option cli_global_options[] = {
    {.name = "help", .letter = 'h', .tr = "bu yardım", .en = "this help"},
    {.name = "version", .letter = 'V', .tr = "sürüm", .en = "version"},
    {.name = "json", .tr = "çıktıyı JSON olarak ver", .en = "print JSON"},
    {.name = "lang", .arg = "tr|en", .tr = "dil", .en = "language"},
    {.name = "quiet", .letter = 'q', .tr = "yalnız hatalar", .en = "errors only"},
    {.name = "no-color", .tr = "renk kullanma", .en = "no colour"},
    {.name = "config", .letter = 'c', .arg = "FILE", .tr = "ayar dosyası", .en = "settings file"},
    {.name = "url", .arg = "URL", .tr = "başka makinedeki hizmet", .en = "a service elsewhere"},
    {.name = NULL},
};

struct walk {
    struct cli *cli;
    int argc;
    char **argv;
    int at;      /* the argument being read */
    char **rest; /* arguments that are not options */
    int rest_count;
};

static bool same(const char *name, struct str s)
{
    return str_eqs(s, name);
}

static const struct cli_option *in_table(const struct cli_option *table, struct str name,
                                         char letter)
{
    for (; table != NULL && table->name != NULL; table++) {
        if (letter != 0 ? table->letter == letter : same(table->name, name)) {
            return table;
        }
    }
    return NULL;
}

static const struct cli_option *find_option(const struct cli *cli, struct str name, char letter)
{
    const struct cli_option *o = NULL;

    if (cli->command != NULL) {
        o = in_table(cli->command->options, name, letter);
    }
    return o != NULL ? o : in_table(cli_global_options, name, letter);
}

static size_t collect_names(const struct cli_option *table, const char **names, size_t count,
                            size_t cap)
{
    for (; table != NULL && table->name != NULL && count < cap; table++) {
        names[count++] = table->name;
    }
    return count;
}

static int unknown_option(struct cli *cli, struct str name, char letter)
{
    const char *names[64];
    size_t count = collect_names(cli_global_options, names, 0, 64);
    const char *near;

    if (letter != 0) {
        return cli_usage(cli, cli_tr(cli, "bilinmeyen seçenek: -%c", "unknown option: -%c"),
                         letter);
    }
    if (cli->command != NULL) {
        count = collect_names(cli->command->options, names, count, 64);
    }
    near = str_nearest(name, names, count);
    if (near == NULL) {
        return cli_usage(cli, cli_tr(cli, "bilinmeyen seçenek: --%.*s", "unknown option: --%.*s"),
                         (int)name.len, name.ptr);
    }
    return cli_usage(cli,
                     cli_tr(cli, "bilinmeyen seçenek: --%.*s. Şunu mu demek istediniz: --%s",
                            "unknown option: --%.*s. Did you mean --%s"),
                     (int)name.len, name.ptr, near);
}

static int keep(struct cli *cli, const struct cli_option *o, const char *value)
{
    if (!o->repeated && o->arg != NULL && cli_flag(cli, o->name)) {
        return cli_usage(
            cli, cli_tr(cli, "--%s yalnız bir kez verilebilir", "--%s may be given once only"),
            o->name);
    }
    if (cli->value_count == CLI_VALUES_MAX) {
        return cli_usage(
            cli, cli_tr(cli, "en çok %d seçenek verilebilir", "at most %d options may be given"),
            CLI_VALUES_MAX);
    }
    cli->values[cli->value_count++] = (struct cli_value){.option = o, .value = value};
    return 0;
}

/* The value after '=' or in the next argument. */
static int keep_with_value(struct walk *w, const struct cli_option *o, const char *inline_value)
{
    if (o->arg == NULL) {
        return inline_value == NULL
                   ? keep(w->cli, o, NULL)
                   : cli_usage(w->cli, cli_tr(w->cli, "--%s değer almaz", "--%s takes no value"),
                               o->name);
    }
    if (inline_value == NULL) {
        if (w->at + 1 >= w->argc) {
            return cli_usage(w->cli,
                             cli_tr(w->cli, "--%s bir değer ister (%s)", "--%s needs a value (%s)"),
                             o->name, o->arg);
        }
        inline_value = w->argv[++w->at];
    }
    return keep(w->cli, o, inline_value);
}

static int take_long(struct walk *w, const char *arg)
{
    const char *equals = strchr(arg, '=');
    struct str name = {arg, equals == NULL ? strlen(arg) : (size_t)(equals - arg)};
    const struct cli_option *o = find_option(w->cli, name, 0);

    if (o == NULL) {
        return unknown_option(w->cli, name, 0);
    }
    return keep_with_value(w, o, equals == NULL ? NULL : equals + 1);
}

/* "-qf FILE", "-fFILE". */
static int take_short(struct walk *w, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        const struct cli_option *o = find_option(w->cli, (struct str){NULL, 0}, *letters);
        int rc;

        if (o == NULL) {
            return unknown_option(w->cli, (struct str){NULL, 0}, *letters);
        }
        if (o->arg != NULL) {
            return keep_with_value(w, o, letters[1] == '\0' ? NULL : letters + 1);
        }
        rc = keep(w->cli, o, NULL);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int unknown_command(struct cli *cli, const char *word)
{
    const char *near = cli_nearest_command(cli, word);

    if (cli_help_group(cli, word, cli->err) > 0) {
        return CLI_USAGE;
    }
    if (near == NULL) {
        return cli_usage(cli, cli_tr(cli, "bilinmeyen komut: %s", "unknown command: %s"), word);
    }
    return cli_usage(cli,
                     cli_tr(cli, "bilinmeyen komut: %s. Şunu mu demek istediniz: %s",
                            "unknown command: %s. Did you mean %s"),
                     word, near);
}

static bool asks_for_help(const struct walk *w)
{
    for (int i = 1; i < w->argc; i++) {
        if (strcmp(w->argv[i], "-h") == 0 || strcmp(w->argv[i], "--help") == 0) {
            return true;
        }
    }
    return false;
}

/* The first word that is not an option names the command, perhaps with the one after it. */
static int take_word(struct walk *w)
{
    int words = 1;

    if (w->cli->command == NULL) {
        w->cli->command = cli_find(w->cli, w->argc - w->at, w->argv + w->at, &words);
        if (w->cli->command == NULL) {
            if (asks_for_help(w) && cli_help_group(w->cli, w->argv[w->at], w->cli->out) > 0) {
                return -1;
            }
            return unknown_command(w->cli, w->argv[w->at]);
        }
        w->at += words - 1;
        return 0;
    }
    w->rest[w->rest_count++] = w->argv[w->at];
    return 0;
}

int cli_parse(struct cli *cli, int argc, char **argv, char **rest, int *ret_count)
{
    struct walk w = {.cli = cli, .argc = argc, .argv = argv, .rest = rest};
    bool options = true;
    int rc = 0;

    for (w.at = 1; w.at < argc && rc == 0; w.at++) {
        const char *arg = argv[w.at];

        if (options && strcmp(arg, "--") == 0) {
            options = false;
        } else if (options && str_starts(str_of(arg), "--")) {
            rc = take_long(&w, arg + 2);
        } else if (options && arg[0] == '-' && arg[1] != '\0') {
            rc = take_short(&w, arg + 1);
        } else {
            rc = take_word(&w);
        }
    }
    *ret_count = w.rest_count;
    return rc;
}

static const struct cli_value *find_value(const struct cli *cli, const char *name, size_t index)
{
    for (size_t i = 0; i < cli->value_count; i++) {
        if (strcmp(cli->values[i].option->name, name) == 0 && index-- == 0) {
            return &cli->values[i];
        }
    }
    return NULL;
}

bool cli_flag(const struct cli *cli, const char *name)
{
    return find_value(cli, name, 0) != NULL;
}

const char *cli_value_at(const struct cli *cli, const char *name, size_t index)
{
    const struct cli_value *v = find_value(cli, name, index);

    return v == NULL ? NULL : v->value;
}

const char *cli_value(const struct cli *cli, const char *name)
{
    return cli_value_at(cli, name, 0);
}

int cli_int(struct cli *cli, const char *name, int64_t min, int64_t max, int64_t otherwise,
            int64_t *ret_value)
{
    const char *text = cli_value(cli, name);

    *ret_value = otherwise;
    if (text == NULL) {
        return 0;
    }
    if (str_i64(str_of(text), ret_value) != 0 || *ret_value < min || *ret_value > max) {
        return cli_usage(cli,
                         cli_tr(cli, "--%s %lld ile %lld arasında bir tam sayı olmalı",
                                "--%s must be a whole number from %lld to %lld"),
                         name, (long long)min, (long long)max);
    }
    return 0;
}
