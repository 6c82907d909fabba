/*
 * What is told about an import: counts, notes (gathered by kind), and the rows that were refused,
 * each with column, masked value, reason and remedy. One language, the caller's.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "domain/certificate.h"
#include "flow/roster_columns.h"

enum {
    ROSTER_PROBLEMS_MAX = 5000, /* listed; all are counted */
    ROSTER_NOTES_MAX = 64,
    ROSTER_GONE_MAX = 200 /* listed; all are counted */
};

/* Something worth knowing that stopped nothing; told once with how often it was seen. */
struct roster_note {
    char code[32];
    int column; /* -1 for the list as a whole */
    size_t count;
    size_t first; /* row */
    char text[FAULT_TEXT_MAX];
};

struct roster_report {
    bool turkish;
    struct sheet_about about;
    struct roster_columns columns;
    size_t rows; /* below the titles, blank ones left out */
    size_t fresh;
    size_t changed;
    size_t unchanged;
    size_t refused;  /* rows */
    size_t repeated; /* rows that say what another row has said */
    int64_t gained;  /* messages */
    int64_t lost;
    int64_t moved;
    size_t gone; /* persons of the former list of this source */
    size_t gone_listed;
    struct buf gone_list; /* JSON objects with commas between */
    size_t problems;
    size_t problems_listed;
    struct buf problem_list; /* likewise */
    struct roster_note notes[ROSTER_NOTES_MAX];
    size_t note_count;
};

void roster_report_init(struct roster_report *r, bool turkish);
void roster_report_finish(struct roster_report *r);

/* A fault of one cell, or of the row when column is -1; the value is masked here. */
struct roster_fault {
    size_t row;
    int column;
    struct str value;
    const char *code;
    const char *tr; /* the reason */
    const char *en;
};

/* Lists the fault with the remedy of its code. The row is counted by the caller. */
void roster_refuse(struct roster_report *r, const struct roster_fault *fault);
void roster_note(struct roster_report *r, const struct roster_fault *fault);

/* Counts a person whose certificate stood in the former list and does not in this one. */
void roster_report_gone(struct roster_report *r, const char *certificate,
                        const struct case_file *file);

/* One fault (pointer "/rows/3") for each of the listed errors, as far as they fit. */
void roster_report_faults(const struct roster_report *r, struct faults *faults);

/* The report's members into an open JSON object: file, columns, counts, plan, notes … */
void roster_report_summary(const struct roster_report *r, struct json_writer *w);
/* … and with those that may be long: gone, errors. */
void roster_report_json(const struct roster_report *r, struct json_writer *w);
/*
 * The errors of a report (its JSON array) as CSV: UTF-8 with a mark, semicolons, titles in the
 * language; cells that a spreadsheet would take for a formula get an apostrophe.
 */
int roster_errors_csv(const struct json *errors, bool turkish, struct buf *out);
