/*
 * A list of persons as a file of rows and cells: encoding, separator, quotes, line ends. Rows come
 * one at a time, so memory does not grow with the file; what they mean is not known here.
 */
#pragma once

#include "base/err.h"
#include "base/fault.h"
#include "text/charset.h"

enum {
    SHEET_COLUMNS_MAX = 64,
    SHEET_CELL_MAX = 2000,   /* bytes of one cell, as UTF-8 */
    SHEET_ROWS_MAX = 250000, /* the header and blank ones included */
    SHEET_QUOTED_MAX = 65536 /* what may stand between two quotes before reading gives up */
};

struct sheet_row {
    size_t number; /* 1, 2, 3 … as a spreadsheet counts: blank rows count, line ends in cells do not
                    */
    size_t count;    /* cells, at least 1 */
    size_t extra;    /* cells beyond SHEET_COLUMNS_MAX, left out */
    size_t too_long; /* 1 + the column whose cell is longer than SHEET_CELL_MAX; 0 for none */
    struct str cells[SHEET_COLUMNS_MAX]; /* tidy: see sheet_read */
};

struct sheet_about {
    enum charset charset;
    char separator; /* ';', ',' or tab */
};

/* A negative return ends the reading and is returned. The row lives until the callback returns. */
typedef int sheet_row_fn(void *ctx, const struct sheet_row *row);

/*
 * Reads the whole file. Cells are composed (NFC), without blanks around them; line ends, tabs,
 * no-break and other odd blanks inside are single blanks, invisible characters are gone. A blank
 * row is not told, nor is a first line "sep=;".
 *
 * 0; ERR_INVALID with one fault (pointer "/file") that says what is wrong with the file as a whole
 * and what to do; ERR_NOMEM; or what fn returned. Rows before the fault have been told already.
 */
int sheet_read(struct str file, sheet_row_fn *fn, void *ctx, struct sheet_about *ret,
               struct faults *faults, struct err *e);
