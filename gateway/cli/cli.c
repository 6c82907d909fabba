#include "cli/cli.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1000 };

const char *cli_tr(const struct cli *cli, const char *tr, const char *en)
{
    return cli->turkish ? tr : en;
}

static void __attribute__((format(printf, 2, 0)))
say(const struct cli *cli, const char *fmt, va_list args)
{
    char text[MESSAGE_MAX];

    vsnprintf(text, sizeof(text), fmt, args);
    fprintf(cli->err, "hatirlat: %s\n", text);
}

void cli_error(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(cli, fmt, args);
    va_end(args);
}

void cli_note(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    if (cli->quiet) {
        return;
    }
    va_start(args, fmt);
    say(cli, fmt, args);
    va_end(args);
}

int cli_usage(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(cli, fmt, args);
    va_end(args);
    fprintf(cli->err, cli_tr(cli, "Yardım: hatirlat %s%s-h\n", "Help: hatirlat %s%s-h\n"),
            cli->command == NULL ? "" : cli->command->name, cli->command == NULL ? "" : " ");
    return CLI_USAGE;
}

const char *cli_style(const struct cli *cli, const char *sgr)
{
    return cli->color ? sgr : "";
}

int cli_exit_of(int err_code)
{
    switch (err_code) {
    case ERR_NONE:
        return CLI_OK;
    case ERR_NOT_FOUND:
        return CLI_NOT_FOUND;
    case ERR_EXISTS:
    case ERR_WRONG_STATE:
        return CLI_REFUSED;
    case ERR_BUSY:
    case ERR_TIMEOUT:
    case ERR_FULL:
        return CLI_TEMPORARY;
    case ERR_DENIED:
        return CLI_DENIED;
    default:
        return CLI_FAILED;
    }
}

static int cannot_read(struct cli *cli, const char *path)
{
    int code = errno == ENOENT ? CLI_NOT_FOUND : errno == EACCES ? CLI_DENIED : CLI_FAILED;

    cli_error(cli, cli_tr(cli, "%s okunamadı: %s", "%s cannot be read: %s"), path, strerror(errno));
    return code;
}

static int read_stream(struct cli *cli, FILE *f, const char *path, struct buf *out)
{
    char chunk[8192];
    size_t n;

    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
        if (buf_add(out, chunk, n) != 0) {
            cli_error(cli,
                      cli_tr(cli, "%s çok büyük (en çok %zu bayt)",
                             "%s is too large (at most %zu bytes)"),
                      path, out->max);
            return CLI_FAILED;
        }
    }
    return ferror(f) ? cannot_read(cli, path) : CLI_OK;
}

int cli_read(struct cli *cli, const char *path, struct buf *out)
{
    FILE *f;
    int rc;

    if (strcmp(path, "-") == 0) {
        return read_stream(cli, cli->in, path, out);
    }
    f = fopen(path, "rbe");
    if (f == NULL) {
        return cannot_read(cli, path);
    }
    rc = read_stream(cli, f, path, out);
    fclose(f);
    return rc;
}

static size_t first_word(const char *name)
{
    return strcspn(name, " ");
}

static bool is_command(const struct cli_command *c, int argc, char **argv, int words)
{
    size_t first = first_word(c->name);
    bool two = c->name[first] != '\0';

    if (two != (words == 2) || argc < words || !str_eqs((struct str){c->name, first}, argv[0])) {
        return false;
    }
    return !two || strcmp(c->name + first + 1, argv[1]) == 0;
}

const struct cli_command *cli_find(const struct cli *cli, int argc, char **argv, int *ret_words)
{
    for (int words = 2; words >= 1; words--) {
        for (size_t i = 0; cli->commands[i] != NULL; i++) {
            if (is_command(cli->commands[i], argc, argv, words)) {
                *ret_words = words;
                return cli->commands[i];
            }
        }
    }
    return NULL;
}

const char *cli_nearest_command(const struct cli *cli, const char *word)
{
    const char *names[128];
    size_t count = 0;

    while (count < 128 && cli->commands[count] != NULL) {
        names[count] = cli->commands[count]->name;
        count++;
    }
    return str_nearest(str_of(word), names, count);
}

static int take_language(struct cli *cli, const char *value)
{
    if (strcmp(value, "tr") != 0 && strcmp(value, "en") != 0) {
        return cli_usage(cli, "%s",
                         cli_tr(cli, "--lang tr veya en olmalı", "--lang must be tr or en"));
    }
    cli->turkish = value[0] == 't';
    return 0;
}

/* The language must be known before the first complaint. */
static void look_for_language(struct cli *cli, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *value = NULL;

        if (str_starts(str_of(argv[i]), "--lang=")) {
            value = argv[i] + 7;
        } else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc) {
            value = argv[i + 1];
        }
        if (value != NULL && (strcmp(value, "tr") == 0 || strcmp(value, "en") == 0)) {
            cli->turkish = value[0] == 't';
        }
    }
}

static int apply_globals(struct cli *cli)
{
    const char *lang = cli_value(cli, "lang");

    cli->json = cli->json || cli_flag(cli, "json");
    cli->quiet = cli->quiet || cli_flag(cli, "quiet");
    cli->color = cli->color && !cli_flag(cli, "no-color");
    cli->config = cli_value(cli, "config");
    return lang == NULL ? 0 : take_language(cli, lang);
}

static int run_command(struct cli *cli, char **rest, int count)
{
    const struct cli_command *c = cli->command;

    if (count < c->min_args) {
        return cli_usage(cli, cli_tr(cli, "%s: eksik değer", "%s: an argument is missing"),
                         c->name);
    }
    if (c->max_args >= 0 && count > c->max_args) {
        return cli_usage(cli, cli_tr(cli, "%s: fazla değer: %s", "%s: too many arguments: %s"),
                         c->name, rest[c->max_args]);
    }
    return c->run(count, rest, cli);
}

static int dispatch(struct cli *cli, char **rest, int count)
{
    char version_word[] = "version";
    int words = 0;
    int rc = apply_globals(cli);

    if (rc != 0) {
        return rc;
    }
    if (cli_flag(cli, "help")) {
        cli_help(cli, cli->command, cli->out);
        return CLI_OK;
    }
    if (cli->command == NULL && cli_flag(cli, "version")) {
        char *name = version_word;

        cli->command = cli_find(cli, 1, &name, &words);
    }
    if (cli->command == NULL) {
        cli_help(cli, NULL, cli->err);
        return CLI_USAGE;
    }
    return run_command(cli, rest, count);
}

/* Whoever closes a pipe early has read enough. */
static bool reader_has_left(FILE *out)
{
    struct pollfd p = {.fd = fileno(out), .events = POLLOUT};

    return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)) != 0;
}

/*
 * What was printed may sit in a buffer, so a full disk may show only when it is flushed; what did
 * not fit into the buffer failed earlier, and only the mark on the stream tells.
 */
static int flushed(struct cli *cli, int rc)
{
    const bool now = fflush(cli->out) != 0;
    const char *why = now ? strerror(errno) : cli_tr(cli, "disk dolu mu?", "is the disk full?");

    if ((!now && !ferror(cli->out)) || reader_has_left(cli->out)) {
        return rc;
    }
    cli_error(cli, cli_tr(cli, "çıktı yazılamadı: %s", "the output cannot be written: %s"), why);
    return rc == CLI_OK ? CLI_FAILED : rc;
}

int cli_run(struct cli *cli, int argc, char **argv)
{
    char **rest = calloc((size_t)argc + 1, sizeof(*rest));
    int count = 0;
    int rc;

    if (rest == NULL) {
        return CLI_FAILED;
    }
    look_for_language(cli, argc, argv);
    rc = cli_parse(cli, argc, argv, rest, &count);
    if (rc == 0) {
        rc = dispatch(cli, rest, count);
    }
    free(rest);
    return flushed(cli, rc < 0 ? CLI_OK : rc);
}

/* Turkish unless the environment names another language (C and POSIX name none). */
static bool speaks_turkish(void)
{
    static const char *const names[] = {"HATIRLAT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        struct str s = str_of(value);

        if (s.len == 0) {
            continue;
        }
        if (str_eqs(s, "C") || str_eqs(s, "POSIX") || str_starts(s, "C.")) {
            return true;
        }
        return str_starts(s, "tr");
    }
    return true;
}

static bool wants_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

int cli_main(int argc, char **argv, const struct cli_command *const *commands)
{
    struct cli cli = {
        .program = "hatirlat",
        .commands = commands,
        .in = stdin,
        .out = stdout,
        .err = stderr,
        .turkish = speaks_turkish(),
        .color = wants_color(),
    };

    return cli_run(&cli, argc, argv);
}
