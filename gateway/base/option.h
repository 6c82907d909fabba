/*
 * Tables of named, typed settings: one table per section describes the keys, feeds the reader, the
 * JSON Schema and the manual, and says where the value lands in the section's struct.
 */
#pragma once

#include "base/fault.h"
#include "base/json.h"

enum option_type {
    OPTION_STRING,    /* char * (heap, freed by option_release) */
    OPTION_BOOL,      /* bool */
    OPTION_INT,       /* int64_t, min..max */
    OPTION_DURATION,  /* int64_t milliseconds, "30s", min..max */
    OPTION_ENUM,      /* int, index into names */
    OPTION_SECRET,    /* struct secret: {"file":…} | {"env":…} | {"credential":…} */
    OPTION_STRINGS,   /* struct option_strings */
    OPTION_INTS,      /* struct option_ints */
    OPTION_RATE,      /* struct option_rate: "240/m", "10/s" */
    OPTION_CLOCKTIME, /* int64_t minutes after midnight: "09:00" */
    OPTION_OBJECT,    /* nested table: option.table at the same struct base + offset */
    OPTION_RAW,       /* const struct json *: read by its owner, opaque here */
    OPTION_PATH,      /* char *: relative paths begin at the directory of the configuration */
    OPTION_SIZE,      /* int64_t bytes, "16KiB", "1MiB" or a number, min..max */
    OPTION_URL        /* char *: http:// or https:// with a host; min 1 asks for https */
};

/* A value that never appears in logs or printed configuration. Read when loaded, wiped when freed.
 */
struct secret {
    char *value;  /* null when not set */
    char *origin; /* "file /etc/…", "env NAME", "credential NAME" */
};

struct option_strings {
    char **items;
    size_t count;
};

struct option_ints {
    int64_t *items;
    size_t count;
};

/* count per period; 0 means no limit. */
struct option_rate {
    int64_t count;
    int64_t period_ms;
};

struct option {
    const char *key;
    enum option_type type;
    size_t offset;
    bool required;
    bool reloadable;      /* may change on SIGHUP; others ask for a restart */
    const char *fallback; /* default as JSON text, null for none */
    int64_t min;
    int64_t max; /* for INT, DURATION, SIZE, and lengths of STRING (characters) and lists; when both
                    are 0 there is no bound of its own */
    const char *const *names;   /* ENUM: null-terminated */
    const struct option *table; /* OBJECT: terminated by a null key */
    const char *tr;             /* one line for people */
    const char *en;
};

/*
 * Reads object by table into base. Every fault is added to faults with its pointer below
 * `pointer`; unknown keys get a suggestion, "$schema" is passed over. Fallbacks fill what is
 * absent. Zeroed base expected. Secrets are read here: from their file, the environment or
 * $CREDENTIALS_DIRECTORY. A null object counts as empty. Relative paths begin at dir (null: where
 * the process runs).
 */
void option_read_in(const char *dir, const struct option *table, const struct json *object,
                    const char *pointer, void *base, struct faults *faults);
void option_read(const struct option *table, const struct json *object, const char *pointer,
                 void *base, struct faults *faults);
/* Frees and wipes what option_read allocated; base is zeroed for the table's fields. */
void option_release(const struct option *table, void *base);
/*
 * Calls fn with the pointer (below `pointer`) of every setting that differs between two structs
 * read by the same table and is not reloadable. RAW settings are not compared.
 */
void option_fixed_changes(const struct option *table, const char *pointer, const void *a,
                          const void *b, void (*fn)(void *ctx, const char *pointer), void *ctx);
/* The entry of a dotted path, "retry.sms.base"; null when there is none. */
const struct option *option_find(const struct option *table, const char *path);
/*
 * Writes "type":"object", "properties", "required" and "additionalProperties" as members of the
 * object that is open in w: JSON Schema, draft 2020-12.
 */
void option_schema(const struct option *table, struct json_writer *w);
