/* One row of a list becomes facts, or the reasons why it cannot. */
#pragma once

#include "domain/certificate.h"
#include "flow/roster_report.h"

/* What one row tells. */
struct roster_entry {
    size_t row;
    struct fact fact;                 /* certificate.expiring; source and id are left empty */
    bool person_made;                 /* the key of the person was made from name and address */
    char other_person[FACT_REF_SIZE]; /* the key it had when only the number was known; or "" */
    bool certificate_made;            /* the list does not name the certificate */
    bool has_also;                    /* the row tells another fact too … */
    enum event_type also;             /* … of this type: blocked, applied, duty ended … */
};

/* How rows are read; lives as long as the reading. */
struct roster_reading {
    struct roster_report *report; /* its columns say what the cells are */
    struct fact_origin origin;
    const unsigned char *key; /* of the installation, HASH_KEY_SIZE bytes */
    int64_t now_ms;
    struct faults faults; /* of the row at hand; roster_reading_finish frees it */
    struct buf scratch;
};

void roster_reading_init(struct roster_reading *r, struct roster_report *report,
                         const struct fact_origin *origin, const unsigned char *key);
void roster_reading_finish(struct roster_reading *r);

/* Certificates that a list does not name are called so, with the person's key behind. */
#define ROSTER_CERTIFICATE_PREFIX "list:"

/* 0, or ERR_INVALID after every reason has been put into the report. */
int roster_entry_read(struct roster_reading *r, const struct sheet_row *row,
                      struct roster_entry *ret);

/* Makes a fact of another type out of an entry's fact: certificate and holder stay. */
void roster_entry_also(const struct roster_entry *entry, struct fact *ret);
