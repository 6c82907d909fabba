#include "loop/maildir.h"

#include "base/list.h"
#include "base/log.h"
#include "loop/mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 1400, NAME_SIZE = 256 };

struct maildir_file {
    struct list node;
    struct maildir *maildir;
    char name[NAME_SIZE];
    char *bytes;
    size_t len;
    bool handled;
};

/* What has been told of a file, so that it is told once and not with every look. */
struct trouble {
    const char *event;
    char name[NAME_SIZE];
    bool met; /* since the last look that went through */
};

struct maildir {
    pthread_t thread;
    pthread_mutex_t mutex; /* guards stop, out and answered */
    pthread_cond_t wake;
    bool stop;
    size_t out; /* files in the hands of the loop */
    struct list answered;

    char path[1024];
    int64_t period_ms;
    struct mailbox *mailbox;
    struct list end; /* the thread's last post */

    /* the thread's */
    struct trouble troubles[MAILDIR_TROUBLES_MAX];
    size_t trouble_count;
    bool more_told;

    /* the loop's */
    void (*found)(void *ctx, struct maildir_file *file);
    void *ctx;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* ---- the thread ---- */

static void tell(struct maildir *m, const char *event, const char *name)
{
    struct trouble *t = m->troubles;

    while (t < m->troubles + m->trouble_count &&
           (strcmp(t->event, event) != 0 || strcmp(t->name, name) != 0)) {
        t++;
    }
    if (t == m->troubles + MAILDIR_TROUBLES_MAX) {
        if (!m->more_told) {
            log_warning("maildir_more_troubles", LOG_S("path", m->path));
        }
        m->more_told = true;
        return;
    }
    if (t == m->troubles + m->trouble_count) {
        m->trouble_count++;
        t->event = event;
        (void)str_copy(t->name, sizeof t->name, str_of(name));
        log_warning(event, LOG_S("path", m->path), LOG_S("file", name));
    }
    t->met = true;
}

/* A look has seen all there is: what it did not meet is over, and would be news again. */
static void forget_what_is_over(struct maildir *m)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->trouble_count; i++) {
        if (m->troubles[i].met) {
            m->troubles[kept] = m->troubles[i];
            m->troubles[kept++].met = false;
        }
    }
    m->trouble_count = kept;
    m->more_told = m->more_told && kept == MAILDIR_TROUBLES_MAX;
}

static void file_free(struct maildir_file *file)
{
    free(file->bytes);
    free(file);
}

static bool read_all(struct maildir_file *file, int fd)
{
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    file->bytes =
        malloc(st.st_size < MAILDIR_BYTES_MAX ? (size_t)st.st_size + 1 : (size_t)MAILDIR_BYTES_MAX);
    while (file->bytes != NULL && file->len < (size_t)st.st_size && file->len < MAILDIR_BYTES_MAX) {
        size_t room =
            (size_t)st.st_size < MAILDIR_BYTES_MAX ? (size_t)st.st_size : (size_t)MAILDIR_BYTES_MAX;

        n = read(fd, file->bytes + file->len, room - file->len);
        if (n < 0) {
            return false;
        }
        if (n == 0) {
            break;
        }
        file->len += (size_t)n;
    }
    return file->bytes != NULL;
}

static struct maildir_file *read_file(struct maildir *m, const char *name)
{
    struct maildir_file *file = calloc(1, sizeof *file);
    char path[PATH_SIZE];
    int fd;

    if (file == NULL || str_copy(file->name, sizeof file->name, str_of(name)) != 0) {
        free(file);
        return NULL;
    }
    (void)snprintf(path, sizeof path, "%s/new/%s", m->path, name);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || !read_all(file, fd)) {
        tell(m, "returned_mail_unreadable", name);
        file_free(file);
        file = NULL;
    } else {
        file->maildir = m;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return file;
}

/* Hands over up to a round of files. */
static void look(struct maildir *m)
{
    char path[PATH_SIZE];
    struct dirent *entry = NULL;
    size_t count = 0;
    DIR *dir;

    (void)snprintf(path, sizeof path, "%s/new", m->path);
    dir = opendir(path);
    if (dir == NULL) {
        tell(m, "maildir_unreadable", "new");
        return;
    }
    while (count < MAILDIR_ROUND_MAX && (entry = readdir(dir)) != NULL) {
        struct maildir_file *file = entry->d_name[0] == '.' ? NULL : read_file(m, entry->d_name);

        if (file != NULL) {
            count++;
            pthread_mutex_lock(&m->mutex);
            m->out++;
            pthread_mutex_unlock(&m->mutex);
            mailbox_post(m->mailbox, &file->node);
        }
    }
    (void)closedir(dir);
    if (entry == NULL) {
        forget_what_is_over(m);
    }
}

static void put_away(struct maildir *m, const struct maildir_file *file)
{
    char from[PATH_SIZE];
    char to[PATH_SIZE];

    (void)snprintf(from, sizeof from, "%s/new/%s", m->path, file->name);
    (void)snprintf(to, sizeof to, "%s/cur/%s%s", m->path, file->name,
                   strchr(file->name, ':') == NULL ? ":2,S" : "");
    if (rename(from, to) != 0 && errno != ENOENT) {
        tell(m, "returned_mail_not_moved", file->name);
    }
}

/* Takes the answers of this round as they come; true when the watch ends. */
static bool gather(struct maildir *m)
{
    bool stop;

    pthread_mutex_lock(&m->mutex);
    while (m->out > 0 || !list_empty(&m->answered)) {
        struct list *node = list_pop_front(&m->answered);
        struct maildir_file *file;

        if (node == NULL) {
            pthread_cond_wait(&m->wake, &m->mutex);
            continue;
        }
        file = list_entry(node, struct maildir_file, node);
        pthread_mutex_unlock(&m->mutex);
        if (file->handled) {
            put_away(m, file);
        }
        file_free(file);
        pthread_mutex_lock(&m->mutex);
    }
    stop = m->stop;
    pthread_mutex_unlock(&m->mutex);
    return stop;
}

static void rest(struct maildir *m)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += m->period_ms / 1000;
    until.tv_nsec += m->period_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&m->mutex);
    while (!m->stop && pthread_cond_timedwait(&m->wake, &m->mutex, &until) == 0) {
    }
    pthread_mutex_unlock(&m->mutex);
}

static void *thread_main(void *arg)
{
    struct maildir *m = arg;

    while (!gather(m)) {
        look(m);
        if (gather(m)) {
            break;
        }
        rest(m);
    }
    mailbox_post(m->mailbox, &m->end);
    return NULL;
}

/* ---- the loop ---- */

static void finish(struct maildir *m)
{
    pthread_cond_destroy(&m->wake);
    pthread_mutex_destroy(&m->mutex);
    free(m);
}

static void on_mailbox_closed(void *ctx)
{
    struct maildir *m = ctx;
    void (*closed)(void *) = m->closed;
    void *closed_ctx = m->closed_ctx;

    finish(m);
    if (closed != NULL) {
        closed(closed_ctx);
    }
}

static void on_posted(void *ctx, struct list *nodes)
{
    struct maildir *m = ctx;
    struct list *node;

    while ((node = list_pop_front(nodes)) != NULL) {
        if (node == &m->end) {
            (void)pthread_join(m->thread, NULL);
            mailbox_close(m->mailbox, on_mailbox_closed);
            return;
        }
        m->found(m->ctx, list_entry(node, struct maildir_file, node));
    }
}

struct str maildir_bytes(const struct maildir_file *file)
{
    return (struct str){file->bytes, file->len};
}

void maildir_done(struct maildir_file *file, bool handled)
{
    struct maildir *m = file->maildir;

    file->handled = handled;
    pthread_mutex_lock(&m->mutex);
    m->out--;
    list_push_back(&m->answered, &file->node);
    pthread_cond_signal(&m->wake);
    pthread_mutex_unlock(&m->mutex);
}

static int make_directories(const char *path, struct err *e)
{
    static const char *const names[] = {"", "/tmp", "/new", "/cur"};
    char full[PATH_SIZE];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(full, sizeof full, "%s%s", path, names[i]);
        if (mkdir(full, 0700) != 0 && errno != EEXIST) {
            return err_errno(e, errno, "cannot make %s", full);
        }
        if (access(full, R_OK | W_OK | X_OK) != 0) {
            return err_errno(e, errno, "cannot use %s", full);
        }
    }
    return 0;
}

static int start_thread(struct maildir *m, struct err *e)
{
    pthread_condattr_t attr;
    sigset_t all;
    sigset_t old;
    int rc;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&m->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)pthread_mutex_init(&m->mutex, NULL);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&m->thread, NULL, thread_main, m);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        return err_errno(e, rc, "cannot start the thread of the Maildir");
    }
    (void)pthread_setname_np(m->thread, "maildir");
    return 0;
}

int maildir_watch(uv_loop_t *loop, const struct maildir_options *options, struct maildir **ret,
                  struct err *e)
{
    struct maildir *m = calloc(1, sizeof *m);
    int rc = 0;

    if (m == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the Maildir");
    }
    if (str_copy(m->path, sizeof m->path, str_of(options->path)) != 0) {
        rc = err_set(e, ERR_INVALID, "the path of the Maildir is too long");
    }
    rc = rc == 0 ? make_directories(m->path, e) : rc;
    if (rc == 0) {
        m->period_ms = options->period_ms;
        m->found = options->found;
        m->ctx = options->ctx;
        list_init(&m->answered);
        list_init(&m->end);
        rc = mailbox_create(loop, on_posted, m, &m->mailbox, e);
    }
    if (rc != 0) {
        free(m);
        return rc;
    }
    rc = start_thread(m, e);
    if (rc != 0) {
        mailbox_close(m->mailbox, on_mailbox_closed);
        return rc;
    }
    *ret = m;
    return 0;
}

void maildir_stop(struct maildir *m, void (*closed)(void *ctx), void *ctx)
{
    m->closed = closed;
    m->closed_ctx = ctx;
    pthread_mutex_lock(&m->mutex);
    m->stop = true;
    pthread_cond_signal(&m->wake);
    pthread_mutex_unlock(&m->mutex);
}
