/* What is kept of an import (flow/roster.h says where). All of it is JSON or plain lines. */
#pragma once

#include "flow/roster.h"
#include "flow/roster_effect.h"

enum roster_state { ROSTER_IMPORTED, ROSTER_UNDOING, ROSTER_UNDONE };

struct roster_record {
    char id[ROSTER_ID_DIGITS + 1];
    char source[ROSTER_SOURCE_MAX + 1];
    char event_source[ROSTER_SOURCE_MAX + 16]; /* of its events: "import:<source>" */
    char actor[DESK_ACTOR_MAX];
    int64_t at_ms;
    enum roster_state state;
    int64_t first_seq; /* of its events, 0 for none */
    int64_t last_seq;
    int64_t undone_ms;
    int64_t restored; /* by undoing, so far */
    int64_t refused;
};

/* "imported", "undoing", "undone". */
const char *roster_state_name(enum roster_state s);

/* Gives the import its number and fills what is known at its beginning. */
int roster_record_begin(const struct desk_call *call, const struct roster_request *request,
                        struct roster_record *ret, struct err *e);
/* Keeps the import with its report; the report is kept once. */
int roster_record_write(struct store *s, const struct roster_record *record,
                        const struct roster_report *report, struct err *e);
/* Says in the audit log that it was made. */
int roster_record_audit(const struct desk_call *call, const struct roster_record *record,
                        const struct roster_report *report, struct err *e);
/* Keeps the changed state of an import that is there already. */
int roster_record_update(struct store *s, const struct roster_record *record, struct err *e);
/* ERR_NOT_FOUND. */
int roster_record_read(struct store *s, struct str id, struct roster_record *ret, struct err *e);
/* The newest import of this source that was not undone; ERR_NOT_FOUND. */
int roster_record_last(struct store *s, const char *source, char ret_id[ROSTER_ID_DIGITS + 1],
                       struct err *e);

/* ---- what undoing needs ---- */

/* Keeps a case as it was before row `row` of the import touched it. */
int roster_record_former(struct store *s, const char *id, size_t row, size_t index,
                         const struct roster_case *c, struct err *e);
/* Reads one back. ERR_CORRUPT. */
int roster_record_read_former(struct str body, struct roster_case *ret);

/* Removes the record with the greatest key under this prefix; none is no error. */
int roster_record_forget_last(struct store *s, const char *prefix, struct err *e);

/* ---- errors ---- */

int roster_record_errors(struct store *s, const char *id, const struct buf *objects, struct err *e);
/* Appends them all to out, with commas between. */
int roster_record_read_errors(struct store *s, const char *id, struct buf *out, struct err *e);

/* ---- the certificates of a list ---- */

#define ROSTER_LIST_MEMBERS "list"
/* Those that were not known before the import. */
#define ROSTER_LIST_FRESH "fresh"

struct roster_list {
    struct store *store;
    const char *id;
    const char *name;
    struct buf lines;
    unsigned count; /* of records written */
};

void roster_list_begin(struct roster_list *l, struct store *s, const char *id, const char *name);
int roster_list_add(struct roster_list *l, const char *certificate, struct err *e);
/* Writes what is left. */
int roster_list_end(struct roster_list *l, struct err *e);
void roster_list_finish(struct roster_list *l);

typedef int roster_list_fn(void *ctx, struct str certificate);

int roster_list_walk(struct store *s, const char *id, const char *name, roster_list_fn *fn,
                     void *ctx, struct err *e);
/* Walks the last record of the list and removes it; *ret_found is false when there is none. */
int roster_list_take_last(struct store *s, const char *id, const char *name, roster_list_fn *fn,
                          void *ctx, bool *ret_found, struct err *e);
