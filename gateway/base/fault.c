#include "base/fault.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void faults_init(struct faults *f)
{
    *f = (struct faults){0};
}

void faults_finish(struct faults *f)
{
    free(f->list);
    *f = (struct faults){0};
}

static struct fault *next_entry(struct faults *f)
{
    if (f->count == FAULTS_MAX) {
        return NULL;
    }
    if ((f->count & (f->count + 1)) == 0) { /* full at 0, 1, 3, 7, 15, ... entries */
        struct fault *list = realloc(f->list, (f->count * 2 + 1) * sizeof *list);

        if (list == NULL) {
            return NULL;
        }
        f->list = list;
    }
    return &f->list[f->count++];
}

/* A long one is cut between characters. */
__attribute__((format(printf, 2, 0))) static void write_sentence(char out[FAULT_TEXT_MAX],
                                                                 const char *format, va_list ap)
{
    char text[FAULT_TEXT_MAX + 4];

    (void)vsnprintf(text, sizeof text, format, ap);
    utf8_copy(out, FAULT_TEXT_MAX, str_of(text));
}

struct fault *faults_add(struct faults *f, const char *pointer, const char *code, const char *tr,
                         const char *en, ...)
{
    struct fault *entry = next_entry(f);
    va_list ap;

    f->total++;
    f->errors++;
    if (entry == NULL) {
        return NULL;
    }
    *entry = (struct fault){.severity = FAULT_ERROR};
    (void)snprintf(entry->pointer, sizeof entry->pointer, "%s", pointer);
    (void)snprintf(entry->code, sizeof entry->code, "%s", code);
    va_start(ap, en);
    write_sentence(entry->tr, tr, ap);
    va_end(ap);
    va_start(ap, en);
    write_sentence(entry->en, en, ap);
    va_end(ap);
    return entry;
}

void fault_warning(struct faults *f, struct fault *entry)
{
    if (entry != NULL && entry->severity == FAULT_ERROR) {
        entry->severity = FAULT_WARNING;
        f->errors--;
    }
}

int fault_say(struct fault *why, int code, const char *tr, const char *en, ...)
{
    va_list ap;

    va_start(ap, en);
    write_sentence(why->tr, tr, ap);
    va_end(ap);
    va_start(ap, en);
    write_sentence(why->en, en, ap);
    va_end(ap);
    return code;
}
