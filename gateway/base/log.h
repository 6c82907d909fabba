/*
 * Structured logs on stderr: one JSON object per line, or a human line on a terminal. Events are
 * named in English snake_case; values are typed fields. No personal data: mask before you log.
 * Any thread; a line is one write(2). When the reader is stuck lines are dropped and counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_JSON, LOG_FORMAT_HUMAN };

struct log_field {
    const char *key;
    const char *text; /* null for a number */
    int64_t number;
};

/* Sets the threshold and the form; AUTO is HUMAN on a terminal. Call before threads start. */
void log_setup(enum log_level threshold, enum log_format format);
/* Whether lines of this level are written: for those that are dear to make. */
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count);
/* Lines that could not be written since the start. */
uint64_t log_dropped(void);

static inline struct log_field log_text(const char *key, const char *value)
{
    return (struct log_field){key, value == NULL ? "" : value, 0};
}

#define LOG_S(key, value) log_text((key), (value))
#define LOG_I(key, value) ((struct log_field){(key), NULL, (int64_t)(value)})

#define LOG(level, event, ...)                                                                     \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__},                           \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#define log_error(event, ...)   LOG(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) LOG(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_info(event, ...)    LOG(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...)   LOG(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
