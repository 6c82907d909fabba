#include "store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHECK_AT_OPEN_MAX = 16 << 20 /* bytes; bigger files are checked in the background */
};

static const char hash_key_name[] = "ref_key";

static const char writer_settings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192;"
    "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
    "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = OFF;"
    "PRAGMA secure_delete = ON;";
static const char reader_settings[] =
    "PRAGMA cache_size = -2048; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
    "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;";

static const struct store_ops sqlite_ops = {
    .close = sq_close,
    .check = sq_check,
    .file_check = sq_file_check,
    .begin = sq_begin,
    .commit = sq_commit,
    .rollback = sq_rollback,
    .savepoint = sq_savepoint,
    .release = sq_release,
    .undo = sq_undo,
    .event_append = sq_event_append,
    .event_scan = sq_event_scan,
    .event_last = sq_event_last,
    .applied = sq_applied,
    .set_applied = sq_set_applied,
    .case_put = sq_case_put,
    .case_by_certificate = sq_case_by_certificate,
    .case_by_id = sq_case_by_id,
    .case_by_holder = sq_case_by_holder,
    .case_by_end = sq_case_by_end,
    .case_scan = sq_case_scan,
    .message_add = sq_message_add,
    .message_get = sq_message_get,
    .message_by_case = sq_message_by_case,
    .message_move = sq_message_move,
    .due = sq_due,
    .due_between = sq_due_between,
    .next_due = sq_next_due,
    .leased = sq_leased,
    .attempt_close = sq_attempt_close,
    .report_add = sq_report_add,
    .message_by_provider_ref = sq_message_by_provider_ref,
    .timeline = sq_timeline,
    .message_list = sq_message_list,
    .message_counts = sq_message_counts,
    .message_waiting = sq_message_waiting,
    .campaign_counts = sq_campaign_counts,
    .key_add = sq_key_add,
    .key_revoke = sq_key_revoke,
    .key_list = sq_key_list,
    .inbox_add = sq_inbox_add,
    .inbox_list = sq_inbox_list,
    .meta_get = sq_meta_get,
    .meta_put = sq_meta_put,
    .event_blank = sq_event_blank,
    .case_remove = sq_case_remove,
    .message_remove = sq_message_remove,
    .message_blank = sq_message_blank,
    .inbox_remove = sq_inbox_remove,
    .message_scan = sq_message_scan,
    .content_scan = sq_content_scan,
    .scrub = sq_scrub,
    .record_put = sq_record_put,
    .record_get = sq_record_get,
    .record_remove = sq_record_remove,
    .record_list = sq_record_list,
};

int sq_exec(struct sq *s, const char *sql, struct err *e)
{
    const int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : sq_error(s, rc, "set it up", e);
}

int sq_value(struct sq *s, const char *sql, int64_t *ret_value, struct err *e)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
        *ret_value = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    }
    (void)sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : sq_error(s, rc, "read it", e);
}

/* ---- the lock: one process, one writing handle ---- */

static int64_t holder_of(int fd)
{
    char text[24];
    const ssize_t n = pread(fd, text, sizeof text, 0);
    int64_t pid = 0;

    (void)str_i64(str_trim((struct str){text, n > 0 ? (size_t)n : 0}), &pid);
    return pid;
}

/* The pid is there for people; the lock itself ends with the process, however it ends. */
static int write_pid(int fd, const char *path, struct err *e)
{
    char text[24];
    const int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
        return err_errno(e, errno, "%s", path);
    }
    return 0;
}

int sq_lock(struct sq *s, struct err *e)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[4096];

    if (snprintf(path, sizeof path, "%s.lock", s->path) >= (int)sizeof path) {
        return err_set(e, ERR_LIMIT, "the path of the database is too long");
    }
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0) {
        return err_errno(e, errno, "%s", path);
    }
    if (fcntl(s->lock_fd, F_OFD_SETLK, &lock) == 0) {
        return write_pid(s->lock_fd, path, e);
    }
    if (errno != EAGAIN && errno != EACCES) {
        return err_errno(e, errno, "%s", path);
    }
    return err_set(e, ERR_BUSY, "database %s is in use by the process with pid %lld", s->path,
                   (long long)holder_of(s->lock_fd));
}

/* ---- the connection ---- */

static int sync_directory(const char *path)
{
    char dir[4096];
    const char *slash = strrchr(path, '/');
    const struct str name = slash == NULL ? STR(".") : (struct str){path, (size_t)(slash - path)};
    int fd;
    int rc;

    if (str_copy(dir, sizeof dir, name.len == 0 ? STR("/") : name) != 0) {
        return 0;
    }
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    rc = fsync(fd);
    (void)close(fd);
    return rc;
}

/* Said here because SQLite calls both "unable to open database file". */
static int check_file(const struct sq *s, unsigned flags, struct err *e)
{
    struct stat st;

    if (stat(s->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return err_set(e, ERR_INVALID, "database %s is not a file", s->path);
    }
    if (access(s->path, (flags & STORE_READ_ONLY) != 0 ? R_OK : R_OK | W_OK) != 0) {
        return err_errno(e, errno, "database %s", s->path);
    }
    return 0;
}

/*
 * The file is made before SQLite sees it so that nobody else may read it. Closing a descriptor of
 * an SQLite file drops its locks in the whole process, so this touches only a file that is new.
 */
static int create_file(const struct sq *s, unsigned flags, struct err *e)
{
    int fd;

    if (access(s->path, F_OK) == 0) {
        return check_file(s, flags, e);
    }
    if ((flags & STORE_CREATE) == 0) {
        return err_set(e, ERR_NOT_FOUND, "database %s does not exist", s->path);
    }
    fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_errno(e, errno, "cannot create the database %s", s->path);
    }
    (void)close(fd);
    return sync_directory(s->path) == 0 ? 0 : err_errno(e, errno, "%s", s->path);
}

static int note_file(struct sq *s, struct err *e)
{
    struct stat st;

    if (stat(s->path, &st) != 0) {
        return err_errno(e, errno, "%s", s->path);
    }
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    s->wal_ino = 0;
    return 0;
}

/*
 * Every handle belongs to one thread, so SQLite needs no locks of its own around them, and nobody
 * reads its statistics of memory, which would take a lock for every allocation.
 */
static void configure_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int sq_connect(struct sq *s, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const bool read_only = s->base.read_only;
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                      (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int rc;

    (void)pthread_once(&once, configure_library);
    rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK) {
        rc = sq_error(s, rc, "open it", e);
        sq_disconnect(s);
        return rc;
    }
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_busy_timeout(s->db, SQ_BUSY_MS);
    if (read_only) {
        (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    rc = sq_exec(s, read_only ? reader_settings : writer_settings, e);
    if (rc == 0) {
        rc = note_file(s, e);
    }
    return rc;
}

void sq_disconnect(struct sq *s)
{
    sq_finalize_all(s);
    (void)sqlite3_close_v2(s->db);
    s->db = NULL;
}

static int load_counters(struct sq *s, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc = sq_open(s, SQ_COUNTER_ALL, &stmt, e, "");

    if (rc != 0) {
        return rc;
    }
    while ((rc = sq_next(s, stmt, e)) == 1) {
        const int64_t id = sqlite3_column_int64(stmt, 0);
        const int64_t channel = (id - COUNTER_MESSAGES) / COUNTER_STATES;
        const int64_t state = (id - COUNTER_MESSAGES) % COUNTER_STATES;

        if (id == COUNTER_APPLIED) {
            s->state.applied = sqlite3_column_int64(stmt, 1);
        } else if (id == COUNTER_MESSAGE_FLOOR) {
            s->state.message_floor = sqlite3_column_int64(stmt, 1);
        } else if (id == COUNTER_LINE_FLOOR) {
            s->state.line_floor = sqlite3_column_int64(stmt, 1);
        } else if (id >= COUNTER_MESSAGES && channel < CHANNEL_COUNT &&
                   state < MESSAGE_STATE_COUNT) {
            s->state.counts[channel][state] = sqlite3_column_int64(stmt, 1);
        }
    }
    sq_done(s, SQ_COUNTER_ALL, stmt);
    return rc;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int sq_load_state(struct sq *s, struct err *e)
{
    sqlite3_stmt *stmt;
    int rc;

    s->state = (struct sq_state){0};
    rc = load_counters(s, e);
    if (rc == 0) {
        rc = sq_open(s, SQ_LAST_ROWS, &stmt, e, "");
    }
    if (rc != 0) {
        return rc;
    }
    rc = sq_next(s, stmt, e);
    if (rc == 1) {
        s->state.event_last = sqlite3_column_int64(stmt, 0);
        s->state.case_last = sqlite3_column_int64(stmt, 1);
        s->state.message_last = later(sqlite3_column_int64(stmt, 2), s->state.message_floor);
        s->state.line_last = later(sqlite3_column_int64(stmt, 3), s->state.line_floor);
    }
    sq_done(s, SQ_LAST_ROWS, stmt);
    return rc < 0 ? rc : 0;
}

/* ---- opening ---- */

static int check_small(struct sq *s, struct err *e)
{
    struct stat st;

    if (s->base.read_only || stat(s->path, &st) != 0 || st.st_size > CHECK_AT_OPEN_MAX) {
        return 0;
    }
    return sq_check(&s->base, e);
}

/* The key of the reference tags is drawn once and kept: outsiders cannot aim collisions. */
static int load_hash_key(struct sq *s, struct err *e)
{
    size_t size = sizeof s->hash_key;
    int rc = store_meta_get(&s->base, hash_key_name, s->hash_key, &size, e);

    if (rc == ERR_NOT_FOUND && !s->base.read_only) {
        crypto_random(s->hash_key, sizeof s->hash_key);
        rc = sq_run(s, SQ_META_PUT, e, "tb", str_of(hash_key_name), (const void *)s->hash_key,
                    sizeof s->hash_key);
    } else if (rc == 0 && size != sizeof s->hash_key) {
        rc = err_set(e, ERR_CORRUPT, "database %s: the key of its reference index is damaged",
                     s->path);
    }
    if (rc == 0) {
        s->hash = hash_create(s->hash_key);
        rc = s->hash != NULL ? 0 : err_set(e, ERR_NOMEM, "no memory for a hash");
    }
    return rc;
}

static int open_all(struct sq *s, unsigned flags, struct err *e)
{
    int rc = s->base.read_only ? 0 : sq_lock(s, e);

    if (rc == 0) {
        rc = create_file(s, s->base.read_only ? 0 : flags, e);
    }
    if (rc == 0) {
        rc = sq_connect(s, e);
    }
    if (rc == 0) {
        rc = sq_migrate(s, e);
    }
    if (rc == 0) {
        rc = check_small(s, e);
    }
    if (rc == 0) {
        rc = load_hash_key(s, e);
    }
    if (rc == 0) {
        rc = sq_names_load(s, e);
    }
    return rc != 0 ? rc : sq_refs_attach(s, e);
}

int store_sqlite_open(const char *path, unsigned flags, struct store **ret, struct err *e)
{
    struct sq *s = calloc(1, sizeof *s);
    int rc;

    if (s == NULL || (s->path = str_dup(str_of(path))) == NULL) {
        free(s);
        return err_set(e, ERR_NOMEM, "no memory for the database");
    }
    s->base.ops = &sqlite_ops;
    s->base.read_only = (flags & STORE_READ_ONLY) != 0;
    s->lock_fd = -1;
    rc = open_all(s, flags, e);
    if (rc != 0) {
        sq_close(&s->base);
        return rc;
    }
    *ret = &s->base;
    return 0;
}

void sq_close(struct store *st)
{
    struct sq *s = sq_of(st);

    if (s->db != NULL && !st->read_only) {
        (void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    sq_refs_detach(s);
    sq_disconnect(s);
    sq_names_finish(s);
    hash_destroy(s->hash);
    crypto_wipe(s->hash_key, sizeof s->hash_key);
    if (s->lock_fd >= 0) {
        (void)close(s->lock_fd);
    }
    free(s->path);
    free(s);
}

/* ---- checks ---- */

int sq_check(struct store *st, struct err *e)
{
    struct sq *s = sq_of(st);
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &stmt, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
    }
    if (rc != SQLITE_ROW) {
        rc = sq_error(s, rc, "check it", e);
    } else if (!str_eqs(sq_str(stmt, 0), "ok")) {
        const struct str found = sq_str(stmt, 0);

        rc = err_set(e, ERR_CORRUPT, "database %s is damaged: %.*s", s->path,
                     (int)(found.len < 200 ? found.len : 200), found.ptr);
    } else {
        rc = 0;
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int gone(const struct sq *s, const char *suffix, struct err *e)
{
    return err_set(e, ERR_CORRUPT,
                   "%s%s was replaced or deleted while the database is in use; stop now and "
                   "restore the files",
                   s->path, suffix);
}

int sq_file_check(struct store *st, struct err *e)
{
    struct sq *s = sq_of(st);
    char wal[4096];
    struct stat info;

    if (stat(s->path, &info) != 0 || info.st_ino != s->ino || info.st_dev != s->dev) {
        return gone(s, "", e);
    }
    (void)snprintf(wal, sizeof wal, "%s-wal", s->path);
    if (stat(wal, &info) != 0) {
        return s->wal_ino == 0 ? 0 : gone(s, "-wal", e);
    }
    if (s->wal_ino != 0 && s->wal_ino != info.st_ino) {
        return gone(s, "-wal", e);
    }
    s->wal_ino = info.st_ino;
    return 0;
}
