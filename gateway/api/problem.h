/*
 * Error answers: RFC 9457 problem documents, titles and details in Turkish or English. One table
 * of kinds; `code` and `type` are stable, texts are not.
 */
#pragma once

#include "base/buf.h"
#include "base/fault.h"

#define PROBLEM_TYPE_PREFIX "urn:hatirlat:problem:"

struct problem_kind {
    const char *code;
    int status;
    const char *title_tr;
    const char *title_en;
    const char *detail_tr;
    const char *detail_en;
};

/* All kinds, ended by a null code: for the documentation and the tests. */
extern const struct problem_kind problem_kinds[];
/* Null when there is none. */
const struct problem_kind *problem_find(const char *code);

struct problem {
    const char *code;
    int status; /* 0: the kind's */
    bool turkish;
    struct str request_id;
    const char *detail;          /* null: the kind's */
    const struct faults *faults; /* null for none */
};

/* Writes the document. Unknown codes get a general title. Returns buf_failed(out). */
int problem_write(const struct problem *p, struct buf *out);
/* Which of the two languages an Accept-Language field prefers; Turkish unless it says English. */
bool problem_turkish(struct str accept_language);
