#include "flow/roster_gone.h"

#include "flow/roster_record.h"

#include <stdlib.h>

struct looking {
    struct store *store;
    struct hash *hash;
    const struct roster_seen *seen;
    struct roster_report *report;
    struct err *err;
    struct roster_case found;
};

/* As find_case of roster.c: a list without numbers meant the holder's latest certificate. */
static int load(struct looking *l, struct str certificate)
{
    const size_t n = sizeof ROSTER_CERTIFICATE_PREFIX - 1;
    int rc = roster_case_load(l->store, certificate, &l->found, l->err);

    if (rc == 0 && !l->found.known && str_starts(certificate, ROSTER_CERTIFICATE_PREFIX)) {
        const struct str person = {certificate.ptr + n, certificate.len - n};

        rc = roster_case_of_person(l->store, person, &l->found, l->err);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int look_for(void *ctx, struct str certificate)
{
    struct looking *l = ctx;
    const struct case_file *file = &l->found.file;
    int rc;

    if (roster_seen_has(l->seen, hash_of(l->hash, certificate))) {
        return 0;
    }
    rc = load(l, certificate);
    /* Ended by now: nothing to wonder about. */
    if (rc == 0 && l->found.known &&
        (case_state_reminds(file->state) || file->state == CASE_BLOCKED)) {
        roster_report_gone(l->report, l->found.certificate, file);
    }
    return rc;
}

int roster_gone_find(struct store *s, struct hash *hash, const struct roster_seen *seen,
                     const char *source, struct roster_report *report, struct err *e)
{
    char former[ROSTER_ID_DIGITS + 1];
    int rc = roster_record_last(s, source, former, e);
    struct looking *l;

    if (rc != 0) {
        return rc == ERR_NOT_FOUND ? 0 : rc;
    }
    l = calloc(1, sizeof *l);
    if (l == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the former list");
    }
    l->store = s;
    l->hash = hash;
    l->seen = seen;
    l->report = report;
    l->err = e;
    rc = roster_list_walk(s, former, ROSTER_LIST_MEMBERS, look_for, l, e);
    free(l);
    return rc;
}
