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
    bool given;   /* the settings name one, whether or not it could be read */
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

/* Where settings are read. */
struct option_source {
    const char *dir; /* where relative paths begin; null: where the process runs */
    /* Only looking: a secret that exists inside the running service alone is a warning. */
    bool check_only;
};

/*
 * Reads object by table into base. Every fault is added to faults with its pointer below
 * `pointer`; unknown keys get a suggestion. Fallbacks fill what is absent. Zeroed base expected. A
 * null object counts as empty and misses nothing. Secrets are read here: from their file, the
 * environment or $CREDENTIALS_DIRECTORY. source may be null. Codes: CFG-020 unknown key, CFG-101
 * wrong type, CFG-102 out of range, CFG-103 missing, CFG-104 malformed, CFG-105 not one of the
 * choices, SEC-001 plain text secret, SEC-002 unreadable, SEC-003 readable by others, SEC-004
 * unusable content, SEC-005 outside the service.
 */
void option_read_from(const struct option_source *source, const struct option *table,
                      const struct json *object, const char *pointer, void *base,
                      struct faults *faults);
void option_read(const struct option *table, const struct json *object, const char *pointer,
                 void *base, struct faults *faults);
/* The two halves of option_read_from(), for an object that several tables share. */
void option_read_known(const struct option_source *source, const struct option *table,
                       const struct json *object, const char *pointer, void *base,
                       struct faults *faults);
void option_check_keys(const struct option *const *tables, size_t count, const struct json *object,
                       const char *pointer, struct faults *faults);
/* The start of a wrong value, cut between characters and without controls, fit to be repeated. */
enum { OPTION_QUOTE_MAX = 48 };
void option_quote(struct str s, char out[OPTION_QUOTE_MAX + 4]);
/* Writes the pointer of a member, escaped (RFC 6901), into out. */
void option_pointer(const char *parent, const char *key, char out[FAULT_POINTER_MAX]);
/* The width of a fault, before it is placed, that is about a member name and not its value. */
enum { OPTION_AT_KEY = -1 };
/*
 * Gives every fault from index `from` on that has no file yet its file, line, column and width: of
 * the value its pointer leads to, of the member name with OPTION_AT_KEY (unknown keys have it),
 * else of the nearest thing around it. doc was parsed from text with JSON_POSITIONS.
 */
void option_place_faults(const struct json_doc *doc, struct str text, const char *file, size_t from,
                         struct faults *faults);
/* Frees and wipes what option_read allocated; base is zeroed for the table's fields. */
void option_release(const struct option *table, void *base);
/*
 * Calls fn with the pointer (below `pointer`) of every setting that differs between two structs
 * read by the same table and is not reloadable. Secrets always are; RAW settings are not compared.
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
/* Parts of it, for an object that several tables share: one entry as a member, and "required". */
void option_schema_property(const struct option *o, struct json_writer *w);
void option_schema_required(const struct option *table, struct json_writer *w);
