#include "base/log.h"

#include "base/buf.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <stdatomic.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, VALUE_MAX_BYTES = 512 };

static enum log_level log_threshold = LOG_LEVEL_INFO;
static enum log_format log_form = LOG_FORMAT_JSON;
static atomic_uint_fast64_t dropped_lines;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_setup(enum log_level threshold, enum log_format format)
{
    log_threshold = threshold;
    log_form = format;
    if (format == LOG_FORMAT_AUTO) {
        log_form = isatty(STDERR_FILENO) ? LOG_FORMAT_HUMAN : LOG_FORMAT_JSON;
    }
}

uint64_t log_dropped(void)
{
    return atomic_load(&dropped_lines);
}

/* Control bytes become \u00XX and broken UTF-8 becomes '?': a value cannot forge a line. */
static void add_escaped(struct buf *b, struct str s)
{
    uint32_t cp;

    if (s.len > VALUE_MAX_BYTES) {
        s.len = VALUE_MAX_BYTES;
    }
    while (s.len > 0) {
        size_t n = utf8_decode(s, &cp);

        if (n == 0) {
            (void)buf_addc(b, '?');
            n = 1;
        } else if (cp < 0x20 || cp == 0x7F) {
            (void)buf_addf(b, "\\u%04x", (unsigned)cp);
        } else {
            if (cp == '"' || cp == '\\') {
                (void)buf_addc(b, '\\');
            }
            (void)buf_add(b, s.ptr, n);
        }
        s.ptr += n;
        s.len -= n;
    }
}

static void add_json(struct buf *b, const char *when, enum log_level level, const char *event,
                     const struct log_field *fields, size_t count)
{
    (void)buf_addf(b, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", when,
                   level_names[level], event);
    for (size_t i = 0; i < count; i++) {
        (void)buf_addf(b, ",\"%s\":", fields[i].key);
        if (fields[i].text == NULL) {
            (void)buf_addf(b, "%lld", (long long)fields[i].number);
        } else {
            (void)buf_addc(b, '"');
            add_escaped(b, str_of(fields[i].text));
            (void)buf_addc(b, '"');
        }
    }
    (void)buf_adds(b, "}\n");
}

static void add_human(struct buf *b, const char *when, enum log_level level, const char *event,
                      const struct log_field *fields, size_t count)
{
    (void)buf_addf(b, "%.19s %-7s %s", when, level_names[level], event);
    for (size_t i = 0; i < count; i++) {
        (void)buf_addf(b, " %s=", fields[i].key);
        if (fields[i].text == NULL) {
            (void)buf_addf(b, "%lld", (long long)fields[i].number);
        } else {
            add_escaped(b, str_of(fields[i].text));
        }
    }
    (void)buf_addc(b, '\n');
}

bool log_enabled(enum log_level level)
{
    return level <= log_threshold;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    struct buf b;
    char when[32];

    if (level > log_threshold) {
        return;
    }
    buf_init(&b, LINE_MAX_BYTES);
    rfc3339_format(clock_wall_ms(clock_system()), when);
    if (log_form == LOG_FORMAT_HUMAN) {
        add_human(&b, when, level, event, fields, count);
    } else {
        add_json(&b, when, level, event, fields, count);
    }
    if (buf_failed(&b) || write(STDERR_FILENO, b.data, b.len) != (ssize_t)b.len) {
        atomic_fetch_add(&dropped_lines, 1);
    }
    buf_finish(&b);
}
