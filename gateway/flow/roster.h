/*
 * Rosters: lists of the office whose rows become facts. An import compares every row with what is
 * known, appends facts about what is new or changed to the event log, and keeps what undoing it
 * takes; all in the caller's transaction, so that it happens as a whole or not at all. The applier
 * plans behind it as it does for every event.
 *
 * Records: RECORD_IMPORT, key "000000000012", is the import. Under RECORD_IMPORT_ROW stand
 *   "000000000012/case/000000345/0"  what the case of row 345 was before;
 *   "000000000012/fresh/00001"       the certificates that nobody knew before, one a line;
 *   "000000000012/list/00001"        the certificates of the list, one a line;
 *   "000000000012/error/0001"        the rows refused, JSON objects with commas between.
 */
#pragma once

#include "flow/desk.h"
#include "flow/roster_entry.h"

enum {
    ROSTER_ID_DIGITS = 12,
    ROSTER_SOURCE_MAX = 60,
    ROSTER_UNDO_SLICE = 2000, /* cases that one step of undoing takes back */
    ROSTER_BACKLOG_MAX = 2000 /* events that are applied in front of an import, at most */
};

/* Lists without a name of their own. */
#define ROSTER_SOURCE "liste"

enum roster_mode {
    ROSTER_ALL_OR_NOTHING, /* one bad row refuses the list */
    ROSTER_VALID_ROWS      /* bad rows are left out */
};

struct roster_request {
    struct str file;
    struct str source; /* which list this is: persons gone are looked for in the last one of it */
    struct roster_maps maps;
    enum roster_mode mode;
    bool dry_run;
};

/*
 * Imports, or looks at what an import would do. Fills the report (made by the caller) and ret_id,
 * "" for a dry run or when nothing was new. ERR_INVALID with faults: the list cannot be read, or
 * has bad rows and the mode is all-or-nothing. ERR_BUSY: too many events wait to be applied, so
 * what is known is out of date. Store thread.
 */
int roster_import(const struct desk_call *call, const struct roster_request *request,
                  struct roster_report *report, char ret_id[ROSTER_ID_DIGITS + 1], struct err *e);

/* What undoing has done so far. */
struct roster_undone {
    size_t restored; /* cases as they were before */
    size_t refused;  /* cases that have changed since */
    size_t stopped;  /* messages */
    size_t revived;  /* messages that had given way to the import's */
    bool finished;   /* false: call again */
    struct buf list; /* JSON objects of the refused ones of this step, with commas between */
};

/*
 * Takes an import back, ROSTER_UNDO_SLICE cases at a time: call again until finished. Cases that
 * have changed since stay as they are and are listed. ERR_NOT_FOUND; ERR_WRONG_STATE when it is
 * undone already; ERR_BUSY while its events wait to be applied.
 */
int roster_undo(const struct desk_call *call, struct str id, struct roster_undone *ret,
                struct err *e);

/* Operations of the desk. */
int roster_desk_import(struct desk_call *call, struct err *e);
int roster_desk_check(struct desk_call *call, struct err *e); /* a dry run, on a reading thread */
int roster_desk_list(struct desk_call *call, struct err *e);
int roster_desk_show(struct desk_call *call, struct err *e);
int roster_desk_errors(struct desk_call *call, struct err *e);
int roster_desk_undo(struct desk_call *call, struct err *e);
