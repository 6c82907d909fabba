/*
 * The command line frame. A command is a table entry: its options are declared, parsed and
 * documented from there; run() gets what is left. Data goes to out, everything else to err.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include <stdarg.h>
#include <stdio.h>

/* The exit status is part of the interface: scripts and the service unit rely on it. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_PARTLY = 3,
    CLI_NOT_FOUND = 4,
    CLI_REFUSED = 5,
    CLI_UNREACHABLE = 69,
    CLI_TEMPORARY = 75,
    CLI_DENIED = 77,
    CLI_CONFIG = 78
};

enum { CLI_VALUES_MAX = 256 };

/* Where the settings are when nobody says otherwise. */
#define CLI_CONFIG_PATH "/etc/hatirlat/hatirlat.jsonc"

/* One option; a table ends with a null name. */
struct cli_option {
    const char *name; /* long name without dashes */
    char letter;      /* short form, 0 for none */
    bool repeated;    /* may be given several times */
    const char *arg;  /* name of the value in the usage, null for a flag */
    const char *tr;
    const char *en;
};

struct cli_example {
    const char *line; /* as typed, without the prompt */
    const char *tr;   /* what it shows; may be null */
    const char *en;
};

struct cli;

struct cli_command {
    const char *name; /* "measure" or two words, "recipe check" */
    const char *tr;   /* purpose, one line */
    const char *en;
    const char *usage; /* after the name: "[SEÇENEKLER] [METİN…]" */
    const char *usage_en;
    const struct cli_option *options;   /* null for none */
    const struct cli_example *examples; /* ends with a null line */
    int min_args;
    int max_args; /* -1: any number */
    /* argv holds the arguments that are not options, argc of them. Returns an enum cli_exit. */
    int (*run)(int argc, char **argv, struct cli *cli);
};

struct cli_value {
    const struct cli_option *option;
    const char *value; /* null for a flag */
};

struct cli {
    const char *program;
    const struct cli_command *const *commands; /* ends with null */
    const struct cli_command *command;
    FILE *in;
    FILE *out;
    FILE *err;
    bool turkish;
    bool json;
    bool quiet;
    bool color;
    bool warned;        /* of what the configuration has that is not wrong, once */
    const char *config; /* --config, or null */
    struct cli_value values[CLI_VALUES_MAX];
    size_t value_count;
};

/* The options every command takes; ends with a null name. */
extern const struct cli_option cli_global_options[];

/* All commands of the program, in the order of the help; ends with null. */
extern const struct cli_command *const cli_commands[];

/* Runs the command of argv with the standard streams. Returns the exit status; does not exit. */
int cli_main(int argc, char **argv, const struct cli_command *const *commands);
/* The same with streams, colour and environment prepared by the caller in cli (for tests). */
int cli_run(struct cli *cli, int argc, char **argv);

/* Was the option given? By long name, global options included. */
bool cli_flag(const struct cli *cli, const char *name);
/* The (first) value given, or null. */
const char *cli_value(const struct cli *cli, const char *name);
/* The index-th value of a repeated option, or null. */
const char *cli_value_at(const struct cli *cli, const char *name, size_t index);
/*
 * A whole number within min..max, or otherwise when not given. A wrong one is explained on err and
 * CLI_USAGE returned.
 */
int cli_int(struct cli *cli, const char *name, int64_t min, int64_t max, int64_t otherwise,
            int64_t *ret_value);

/* The sentence in the chosen language; as a format, both are checked by the compiler. */
const char *cli_tr(const struct cli *cli, const char *tr, const char *en)
    __attribute__((format_arg(2))) __attribute__((format_arg(3)));
/* Prints "hatirlat: sentence" to err; a note is silent under --quiet. */
void cli_error(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_note(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* As cli_error, with a pointer to -h; returns CLI_USAGE. */
int cli_usage(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Escape sequence for a style when colour is on, else "". */
const char *cli_style(const struct cli *cli, const char *sgr);
/* The exit status that fits an err_code. */
int cli_exit_of(int err_code);
/* Reads a file, "-" for in, into out (its bound holds). Explains on err; a cli_exit. */
int cli_read(struct cli *cli, const char *path, struct buf *out);
/* Help of one command, or the list of all when command is null. */
void cli_help(const struct cli *cli, const struct cli_command *command, FILE *to);
/* The commands whose name begins with the word group; returns how many there are. */
size_t cli_help_group(const struct cli *cli, const char *group, FILE *to);
/* The command of these words, and how many of them (1 or 2) its name took; null when unknown. */
const struct cli_command *cli_find(const struct cli *cli, int argc, char **argv, int *ret_words);
/* "did you mean" for a command or a group; null when nothing is near. */
const char *cli_nearest_command(const struct cli *cli, const char *word);

/*
 * The declarative parser: reads argv from 1, fills cli->command and cli->values and compacts what
 * is left into rest (argc entries of room). 0, CLI_USAGE after explaining on err, or -1 when the
 * help of a group was asked for and given.
 */
int cli_parse(struct cli *cli, int argc, char **argv, char **rest, int *ret_count);
