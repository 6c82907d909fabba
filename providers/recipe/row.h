/* One row of reports, wherever it stands. Only for the reading of reports. */
#pragma once

#include "providers/recipe/report.h"
#include "providers/recipe/xml.h"

enum row_kind { ROW_JSON, ROW_XML, ROW_LINE, ROW_KV, ROW_PARAMETERS };

/* Where a row's fields are looked up. */
struct row_source {
    enum row_kind kind;
    const struct json *json;
    struct xml_element xml;
    struct str text;   /* a line, pairs or parameters */
    struct str query;  /* of a pushed report: what its body lacks */
    const char *asked; /* the id of rows without one; may be null */
};

enum { ROWS_AT_ONCE = 64 };

/* The texts of one report while it is handed on. */
struct row {
    char ref[REPORT_FIELD_MAX];
    char id[REPORT_FIELD_MAX];
    char to[16];
    char state[REPORT_FIELD_MAX];
    char detail[REPORT_FIELD_MAX];
    char at[REPORT_FIELD_MAX];
};

struct row_batch {
    const struct recipe *recipe;
    const struct recipe_row *fields;
    const struct report_sink *sink;
    struct row rows[ROWS_AT_ONCE];
    struct provider_report list[ROWS_AT_ONCE];
    size_t count;
    size_t seen;
    size_t understood; /* also those that are no reports by "only" */
};

void row_batch_init(struct row_batch *b, const struct recipe *r, const struct recipe_row *fields,
                    const struct report_sink *sink);
/* Reads one row and hands the batch on when it is full. */
void row_batch_take(struct row_batch *b, const struct row_source *source);
void row_batch_flush(struct row_batch *b);
/* A field of a row; false and "" when it is not there. name may be null. */
bool row_field(const struct row_source *source, const char *name, char *out, size_t cap);
