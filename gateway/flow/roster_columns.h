/* What the columns of a list mean: by their titles, in Turkish or English, or as somebody said. */
#pragma once

#include "flow/roster_sheet.h"

enum roster_field {
    ROSTER_NAME, /* given and family name together */
    ROSTER_GIVEN,
    ROSTER_FAMILY,
    ROSTER_PHONE,
    ROSTER_EMAIL,
    ROSTER_END, /* the certificate's last day */
    ROSTER_CERTIFICATE,
    ROSTER_KIND,
    ROSTER_PERSON,   /* the office's own key of the person */
    ROSTER_IDENTITY, /* a T.C. identity number */
    ROSTER_INSTITUTION,
    ROSTER_INSTITUTION_CODE,
    ROSTER_INSTITUTION_EMAIL,
    ROSTER_INSTITUTION_ADDRESS,
    ROSTER_UNIT,
    ROSTER_LANG,
    ROSTER_EONAY,
    ROSTER_BLOCKED,
    ROSTER_STATUS,
    ROSTER_IGNORED, /* not wanted, or not known */
    ROSTER_FIELD_COUNT
};

enum {
    ROSTER_TITLE_SIZE = 81,
    ROSTER_MAPS_MAX = SHEET_COLUMNS_MAX,
    ROSTER_HEADER_ROWS = 10 /* the titles stand in one of the first rows */
};

/* "phone", "end" …; "-" for ROSTER_IGNORED: the names of --map. */
const char *roster_field_name(enum roster_field f);

struct roster_columns {
    size_t count;
    size_t row; /* where the titles stand */
    char titles[SHEET_COLUMNS_MAX][ROSTER_TITLE_SIZE];
    enum roster_field fields[SHEET_COLUMNS_MAX];
    int at[ROSTER_FIELD_COUNT];   /* the column of a field, -1 for none */
    bool told[SHEET_COLUMNS_MAX]; /* somebody said so */
};

/* What somebody said: the column with this title is this field. */
struct roster_maps {
    struct str titles[ROSTER_MAPS_MAX];
    enum roster_field fields[ROSTER_MAPS_MAX];
    size_t count;
};

/*
 * Reads "Title=field" or "#3=field" and adds it; the text must live as long as maps. ERR_INVALID
 * with a fault (pointer "/map") for anything else.
 */
int roster_map_add(struct roster_maps *maps, struct str text, struct faults *faults);

/* Letters and digits in lower-case ASCII, ş as s: for titles and words of cells. */
void roster_fold(struct str s, char *out, size_t size);

/* Takes the cells for titles and gives the columns their fields; no judgement yet. */
void roster_columns_read(const struct sheet_row *row, const struct roster_maps *maps,
                         struct roster_columns *ret);
/* Whether these cells look like titles: the end of the certificate and another field are there. */
bool roster_columns_plausible(const struct roster_columns *c);
/*
 * Whether a list with these columns can be used. ERR_INVALID with faults (pointer "/columns") that
 * list the columns seen and the remedy.
 */
int roster_columns_check(const struct roster_columns *c, const struct roster_maps *maps,
                         bool identity_allowed, struct faults *faults);
