/* What only the SQLite store has: files, a lock, schemas, readers, and disks that fail. */
#include "store/store_record.h"
#include "store_scene.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int append(struct scene *t, const char *id)
{
    const struct event_row row = {.source = STR("s"), .id = str_of(id), .body = STR("{}")};
    unsigned char digest[SHA256_SIZE];
    int64_t seq;

    return store_event_append(t->s, &row, &seq, digest, &t->e);
}

static void append_range(struct scene *t, int from, int to, int expected)
{
    char id[16];

    for (int i = from; i <= to; i++) {
        (void)snprintf(id, sizeof id, "e%d", i);
        assert_int_equal(append(t, id), expected);
    }
}

static int ignore_case(void *ctx, const struct case_row *row)
{
    (void)ctx;
    (void)row;
    return 0;
}

static int find_case(struct store *s, const char *certificate)
{
    return store_case_by_certificate(s, str_of(certificate), ignore_case, NULL, NULL);
}

/* ---- files ---- */

static void second_writer_is_refused(void **state)
{
    struct scene *t = *state;
    struct store *other = NULL;
    char pid[32];

    assert_int_equal(store_sqlite_open(t->path, 0, &other, &t->e), ERR_BUSY);
    (void)snprintf(pid, sizeof pid, "pid %ld", (long)getpid());
    assert_non_null(strstr(t->e.text, pid));
    begin(t);
    assert_int_equal(append(t, "still mine"), 0);
    commit(t);
    reopen(t); /* the lock ends with the handle */
}

static void file_is_private(void **state)
{
    struct scene *t = *state;
    struct stat st;

    assert_int_equal(stat(t->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void missing_file_is_not_made(void **state)
{
    struct scene *t = *state;
    struct store *other = NULL;
    char path[128];

    (void)snprintf(path, sizeof path, "%s.none", t->path);
    assert_int_equal(store_sqlite_open(path, STORE_READ_ONLY, &other, &t->e), ERR_NOT_FOUND);
    assert_int_equal(store_sqlite_open(path, 0, &other, &t->e), ERR_NOT_FOUND);
    assert_int_equal(access(path, F_OK), -1);
    unlink_suffix(t, ".none.lock");
}

/* Overwrites bytes of the closed file. */
static void patch(const struct scene *t, off_t at, const void *bytes, size_t n)
{
    const int fd = open(t->path, O_RDWR);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, at), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

static void close_store(struct scene *t)
{
    store_close(t->s);
    t->s = NULL;
}

static void newer_schema_is_refused(void **state)
{
    struct scene *t = *state;
    static const unsigned char version[4] = {0, 0, 0, 99};
    static const unsigned char present[4] = {0, 0, 0, 3};

    close_store(t);
    patch(t, 60, version, sizeof version); /* user_version in the file header */
    assert_int_equal(store_sqlite_open(t->path, 0, &t->s, &t->e), ERR_UNSUPPORTED);
    assert_non_null(strstr(t->e.text, "schema 99"));
    patch(t, 60, present, sizeof present);
    assert_int_equal(store_sqlite_open(t->path, 0, &t->s, &t->e), 0);
}

/* A file of the first schema is brought up to date, with what it holds. */
static void older_schema_is_migrated(void **state)
{
    struct scene *t = *state;
    sqlite3 *db;

    begin(t);
    (void)put_case(t, 0, "nes/1", "p1");
    commit(t);
    close_store(t);
    assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DROP TABLE record; DROP INDEX subject_end; "
                                  "DROP INDEX line_content; DROP INDEX message_own; "
                                  "PRAGMA user_version = 1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(store_sqlite_open(t->path, STORE_READ_ONLY, &t->s, &t->e), ERR_UNSUPPORTED);
    assert_int_equal(store_sqlite_open(t->path, 0, &t->s, &t->e), 0);
    begin(t);
    assert_int_equal(
        store_record_put(t->s, &(struct record_row){RECORD_AUDIT, STR("1"), STR("x")}, &t->e), 0);
    commit(t);
    assert_int_equal(store_record_get(t->s, RECORD_AUDIT, STR("1"), NULL, NULL, &t->e), 0);
}

static int compare_body(void *ctx, const struct record_row *row)
{
    assert_true(str_eqs(row->body, ctx));
    return 0;
}

/* Of a day that began under the second schema nobody's SMS is forgotten. */
static void days_of_the_second_schema_are_kept(void **state)
{
    static char ayse[] = "00000000000000aa:41 ";
    static char kerim[] = "8000000000000000:42 ";
    static char tomorrow[] = "00000000000000aa:43 ";
    struct scene *t = *state;
    sqlite3 *db;

    close_store(t);
    assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "INSERT INTO record VALUES (12, '20779/00000000000000aa', '41'), "
                                  "(12, '20779/8000000000000000', '42'), "
                                  "(12, '20780/00000000000000aa', '43'); "
                                  "PRAGMA user_version = 2",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(store_sqlite_open(t->path, 0, &t->s, &t->e), 0);
    assert_int_equal(store_record_get(t->s, RECORD_SMS_DAY, STR("20779/0000000000000001"),
                                      compare_body, ayse, &t->e),
                     0);
    assert_int_equal(store_record_get(t->s, RECORD_SMS_DAY, STR("20779/0000000000000002"),
                                      compare_body, kerim, &t->e),
                     0);
    assert_int_equal(store_record_get(t->s, RECORD_SMS_DAY, STR("20780/0000000000000001"),
                                      compare_body, tomorrow, &t->e),
                     0);
}

static void other_programs_file_is_refused(void **state)
{
    struct scene *t = *state;
    static const unsigned char id[4] = {1, 2, 3, 4};

    close_store(t);
    patch(t, 68, id, sizeof id); /* application_id */
    assert_int_equal(store_sqlite_open(t->path, 0, &t->s, &t->e), ERR_UNSUPPORTED);
    assert_non_null(strstr(t->e.text, "another program"));
}

static void damage_is_found_at_the_start(void **state)
{
    struct scene *t = *state;
    char junk[4096];
    struct stat st;

    begin(t);
    append_range(t, 1, 2000, 0);
    commit(t);
    close_store(t);
    assert_int_equal(stat(t->path, &st), 0);
    memset(junk, 0x5a, sizeof junk);
    patch(t, st.st_size / 2 / 4096 * 4096, junk, sizeof junk);
    assert_int_equal(store_sqlite_open(t->path, 0, &t->s, &t->e), ERR_CORRUPT);
    patch(t, 0, junk, sizeof junk);
    assert_int_equal(store_sqlite_open(t->path, 0, &t->s, &t->e), ERR_CORRUPT);
}

static void replaced_file_is_noticed(void **state)
{
    struct scene *t = *state;
    char other[128];

    begin(t);
    assert_int_equal(append(t, "1"), 0);
    commit(t);
    assert_int_equal(store_file_check(t->s, &t->e), 0);
    (void)snprintf(other, sizeof other, "%s-wal", t->path);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(store_file_check(t->s, &t->e), ERR_CORRUPT);
    (void)snprintf(other, sizeof other, "%s.old", t->path);
    assert_int_equal(rename(t->path, other), 0);
    assert_int_equal(store_file_check(t->s, &t->e), ERR_CORRUPT);
    unlink_suffix(t, ".old");
}

/* ---- the index across chunks and rollbacks ---- */

static void index_survives_chunks(void **state)
{
    struct scene *t = *state;

    begin(t);
    append_range(t, 1, 4090, 0);
    commit(t);
    begin(t); /* over the end of a chunk and back */
    append_range(t, 4091, 4200, 0);
    store_rollback(t->s);
    begin(t);
    append_range(t, 1000, 1003, ERR_EXISTS);
    append_range(t, 5001, 5020, 0);
    assert_int_equal(store_savepoint(t->s, &t->e), 0);
    append_range(t, 6000, 14000, 0);
    store_undo(t->s);
    append_range(t, 5021, 9200, 0);
    commit(t);
    reopen(t);
    assert_int_equal(store_event_last(t->s), 4090 + 4200);
    begin(t);
    append_range(t, 1, 4090, ERR_EXISTS);
    append_range(t, 5001, 9200, ERR_EXISTS);
    append_range(t, 4091, 4092, 0);
    append_range(t, 9201, 9202, 0);
    commit(t);
}

/* ---- readers ---- */

static void reader_sees_what_is_committed(void **state)
{
    struct scene *t = *state;
    int64_t counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT];
    struct store *reader = NULL;

    assert_int_equal(store_sqlite_open(t->path, STORE_READ_ONLY, &reader, &t->e), 0);
    assert_int_equal(store_begin(reader, &t->e), ERR_DENIED);
    begin(t);
    (void)put_case(t, 0, "c1", "h1");
    (void)add_simple(t, 1, 30, 1);
    assert_int_equal(find_case(reader, "c1"), ERR_NOT_FOUND);
    commit(t);
    assert_int_equal(find_case(reader, "c1"), 0);
    assert_int_equal(store_message_counts(reader, counts, &t->e), 0);
    assert_int_equal(counts[CHANNEL_SMS][MESSAGE_PLANNED], 1);
    assert_int_equal(store_check(reader, &t->e), 0);
    store_close(reader);
}

static void a_folder_is_no_database(void **state)
{
    struct scene *t = *state;
    struct store *store = NULL;
    char folder[4096];

    (void)snprintf(folder, sizeof folder, "%s.d", t->path);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(store_sqlite_open(folder, STORE_READ_ONLY, &store, &t->e), ERR_INVALID);
    assert_non_null(strstr(t->e.text, "is not a file"));
    assert_int_equal(rmdir(folder), 0);
}

/* As of another process: it has no part in the writer's index. */
static void reader_without_a_writer_has_its_own_index(void **state)
{
    struct scene *t = *state;
    struct store *reader = NULL;

    begin(t);
    (void)put_case(t, 0, "c1", "h1");
    commit(t);
    close_store(t);
    assert_int_equal(store_sqlite_open(t->path, STORE_READ_ONLY, &reader, &t->e), 0);
    assert_int_equal(find_case(reader, "c1"), 0);
    assert_int_equal(store_sqlite_open(t->path, 0, &t->s, &t->e), 0);
    begin(t);
    (void)put_case(t, 0, "c2", "h1");
    (void)put_case(t, 1, "c3", "h1");
    commit(t);
    assert_int_equal(find_case(reader, "c2"), 0);
    assert_int_equal(find_case(reader, "c3"), 0);
    assert_int_equal(find_case(reader, "c1"), ERR_NOT_FOUND);
    store_close(reader);
}

/* ---- disks that fail ---- */

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void failed_write_leaves_the_old_state(void **state)
{
    struct scene *t = *state;
    struct stat wal;
    char path[128];
    int rc;

    (void)signal(SIGXFSZ, SIG_IGN);
    begin(t);
    append_range(t, 1, 100, 0);
    commit(t);
    (void)snprintf(path, sizeof path, "%s-wal", t->path);
    assert_int_equal(stat(path, &wal), 0);
    begin(t);
    append_range(t, 101, 300, 0);
    limit_file_size((rlim_t)wal.st_size + 100);
    rc = store_commit(t->s, &t->e);
    assert_int_equal(rc, ERR_IO);
    assert_int_equal(store_event_last(t->s), 100);
    limit_file_size(4096);
    rc = store_begin(t->s, &t->e); /* opens anew, which may do or not */
    if (rc == 0) {
        (void)append(t, "x");
        rc = store_commit(t->s, &t->e);
    }
    assert_int_equal(rc, ERR_IO);
    limit_file_size(RLIM_INFINITY);
    begin(t);
    append_range(t, 1, 100, ERR_EXISTS);
    append_range(t, 101, 110, 0);
    commit(t);
    reopen(t);
    assert_int_equal(store_event_last(t->s), 110);
}

int main(void)
{
#define X(name) cmocka_unit_test_setup_teardown(name, setup_sqlite, teardown)
    const struct CMUnitTest cases[] = {
        X(second_writer_is_refused),       X(file_is_private),
        X(missing_file_is_not_made),       X(newer_schema_is_refused),
        X(older_schema_is_migrated),       X(days_of_the_second_schema_are_kept),
        X(other_programs_file_is_refused), X(damage_is_found_at_the_start),
        X(replaced_file_is_noticed),       X(index_survives_chunks),
        X(reader_sees_what_is_committed),  X(reader_without_a_writer_has_its_own_index),
        X(a_folder_is_no_database),        X(failed_write_leaves_the_old_state),
    };
#undef X

    return cmocka_run_group_tests(cases, NULL, NULL);
}
