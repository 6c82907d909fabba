#include "store/store_sqlite.h"

#include "base/crash.h"

#include "schema_0001.h"
#include "schema_0002.h"
#include "schema_0003.h"

#include <stdio.h>

/* "HTLR": tells our files from those of other programs. */
enum { APPLICATION_ID = 0x48544c52 };

/* Step n leads from user_version n to n + 1. Never change one that was released. */
static const char *const steps[] = {schema_0001, schema_0002, schema_0003};
enum { SCHEMA_VERSION = sizeof steps / sizeof steps[0] };

static int check_owner(struct sq *s, int64_t version, struct err *e)
{
    int64_t tables = 0;
    int64_t id = 0;
    int rc = sq_value(s, "PRAGMA application_id", &id, e);

    if (rc == 0) {
        rc = sq_value(s, "SELECT count(*) FROM sqlite_schema", &tables, e);
    }
    if (rc == 0 && id != APPLICATION_ID && (version != 0 || tables != 0)) {
        rc = err_set(e, ERR_UNSUPPORTED, "%s is a database of another program", s->path);
    }
    return rc;
}

static int run_step(struct sq *s, int64_t version, struct err *e)
{
    char tail[96];
    int rc = sq_exec(s, "BEGIN IMMEDIATE", e);

    (void)snprintf(tail, sizeof tail, "PRAGMA application_id = %d; PRAGMA user_version = %lld",
                   APPLICATION_ID, (long long)version + 1);
    if (rc == 0) {
        rc = sq_exec(s, steps[version], e);
    }
    if (rc == 0) {
        rc = sq_exec(s, tail, e);
    }
    crash_point("during_migrate");
    if (rc == 0) {
        rc = sq_exec(s, "COMMIT", e);
    }
    if (rc != 0) {
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
        return err_prefix(e, "schema step %lld", (long long)version + 1);
    }
    return 0;
}

int sq_migrate(struct sq *s, struct err *e)
{
    int64_t version = 0;
    int rc = sq_value(s, "PRAGMA user_version", &version, e);

    if (rc == 0) {
        rc = check_owner(s, version, e);
    }
    if (rc == 0 && (version > SCHEMA_VERSION || version < 0)) {
        rc = err_set(e, ERR_UNSUPPORTED,
                     "database %s has schema %lld, this program knows up to %d: it was written by "
                     "a newer version",
                     s->path, (long long)version, SCHEMA_VERSION);
    }
    if (rc == 0 && s->base.read_only && version < SCHEMA_VERSION) {
        rc = err_set(e, ERR_UNSUPPORTED,
                     "database %s has schema %lld and must be opened for writing once", s->path,
                     (long long)version);
    }
    for (; rc == 0 && version < SCHEMA_VERSION; version++) {
        rc = run_step(s, version, e);
    }
    return rc;
}
