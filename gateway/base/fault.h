/*
 * Faults of outside data: every one found is listed with its place, a stable code and a sentence in
 * both languages. The HTTP answers and the configuration check print from the same list.
 */
#pragma once

#include "base/str.h"

enum { FAULT_POINTER_MAX = 160, FAULT_TEXT_MAX = 240, FAULTS_MAX = 100 };

enum fault_severity { FAULT_ERROR, FAULT_WARNING };

struct fault {
    char pointer[FAULT_POINTER_MAX]; /* RFC 6901, "" for the whole document */
    char file[FAULT_POINTER_MAX];    /* "" when the document has no name */
    int line;                        /* 1-based, 0 when unknown */
    int column;                      /* 1-based, in bytes */
    int width;                       /* bytes to underline, 0 for one */
    enum fault_severity severity;
    char code[32];
    char tr[FAULT_TEXT_MAX];
    char en[FAULT_TEXT_MAX];
};

/* Keeps the first FAULTS_MAX faults and counts all of them. */
struct faults {
    struct fault *list;
    size_t count;
    size_t total;
    size_t errors;
};

void faults_init(struct faults *f);
void faults_finish(struct faults *f);

/*
 * Adds an error; both sentences take the same arguments in the same order. Returns the entry so
 * that the caller may set its place or lower its severity with fault_warning(); null when the list
 * is full (it is still counted).
 */
struct fault *faults_add(struct faults *f, const char *pointer, const char *code, const char *tr,
                         const char *en, ...) __attribute__((format(printf, 4, 6)))
__attribute__((format(printf, 5, 6)));
void fault_warning(struct faults *f, struct fault *entry);

/*
 * Only the two sentences, for a caller who knows the place and adds them there; likewise both take
 * the same arguments. Returns code.
 */
int fault_say(struct fault *why, int code, const char *tr, const char *en, ...)
    __attribute__((format(printf, 3, 5))) __attribute__((format(printf, 4, 5)));
