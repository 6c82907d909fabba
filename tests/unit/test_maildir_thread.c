/* The watch of a Maildir: files come once, go to cur/ when handled, come again when not. */
#include "loop/maildir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { HELD_MAX = 40, PATIENCE_MS = 10000 };

struct scene {
    uv_loop_t loop;
    struct maildir *maildir;
    char dir[64];
    size_t found;
    size_t last_len;
    bool refuse; /* the next one */
    bool hold;   /* answer nothing for now */
    struct maildir_file *held[HELD_MAX];
    size_t held_count;
    bool closed;
};

static void on_found(void *ctx, struct maildir_file *file)
{
    struct scene *s = ctx;
    bool handled = !s->refuse;

    s->found++;
    s->last_len = maildir_bytes(file).len;
    s->refuse = false;
    if (s->hold) {
        s->held[s->held_count++] = file;
    } else {
        maildir_done(file, handled);
    }
}

static void on_closed(void *ctx)
{
    ((struct scene *)ctx)->closed = true;
}

/* As mail systems do it: written in tmp/, whole in new/. */
static void put(struct scene *s, const char *name, size_t len)
{
    char path[200];
    char final[200];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/tmp/%s", s->dir, name);
    (void)snprintf(final, sizeof final, "%s/new/%s", s->dir, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    for (size_t i = 0; i < len; i++) {
        (void)fputc('x', f);
    }
    (void)fclose(f);
    assert_int_equal(rename(path, final), 0);
}

static bool is_in(struct scene *s, const char *folder, const char *name)
{
    char path[200];

    (void)snprintf(path, sizeof path, "%s/%s/%s", s->dir, folder, name);
    return access(path, F_OK) == 0;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* Runs the loop until the expression holds. */
#define UNTIL(s, condition)                                                                        \
    for (uint64_t until_end = uv_hrtime() + PATIENCE_MS * 1000000ull; !(condition);) {             \
        assert_true(uv_hrtime() < until_end);                                                      \
        (void)uv_run(&(s)->loop, UV_RUN_ONCE);                                                     \
    }

static uv_timer_t tick; /* so that waiting ends */

static void begin(struct scene *s)
{
    struct maildir_options options = {.period_ms = 30, .found = on_found, .ctx = s};
    struct err e = {0};

    memset(s, 0, sizeof *s);
    (void)snprintf(s->dir, sizeof s->dir, "/tmp/hatirlat-maildir-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    options.path = s->dir;
    assert_int_equal(uv_loop_init(&s->loop), 0);
    (void)uv_timer_init(&s->loop, &tick);
    (void)uv_timer_start(&tick, on_tick, 5, 5);
    if (maildir_watch(&s->loop, &options, &s->maildir, &e) != 0) {
        fail_msg("%s", e.text);
    }
}

static void finish(struct scene *s)
{
    char command[100];

    maildir_stop(s->maildir, on_closed, s);
    while (s->held_count > 0) {
        maildir_done(s->held[--s->held_count], false);
    }
    UNTIL(s, s->closed);
    uv_close((uv_handle_t *)&tick, NULL);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    (void)snprintf(command, sizeof command, "rm -r %s", s->dir);
    FILE *p = popen(command, "r");
    (void)pclose(p);
}

static void test_files_come_once_and_go(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    put(&s, "1.a", 10);
    put(&s, "2.b:2,", 20);
    UNTIL(&s, is_in(&s, "cur", "1.a:2,S") && is_in(&s, "cur", "2.b:2,"));
    assert_false(is_in(&s, "new", "1.a"));
    assert_int_equal(s.found, 2);
    finish(&s);
}

static void test_what_was_not_handled_comes_again(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    s.refuse = true;
    put(&s, "1.a", 10);
    UNTIL(&s, is_in(&s, "cur", "1.a:2,S"));
    assert_int_equal(s.found, 2);
    finish(&s);
}

static void test_what_is_no_mail_stays(void **state)
{
    char link[200];
    struct scene s;

    (void)state;
    begin(&s);
    (void)snprintf(link, sizeof link, "%s/new/link", s.dir);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    (void)snprintf(link, sizeof link, "%s/new/folder", s.dir);
    assert_int_equal(mkdir(link, 0700), 0);
    put(&s, ".hidden", 10);
    put(&s, "1.a", 0);
    UNTIL(&s, is_in(&s, "cur", "1.a:2,S"));
    assert_int_equal(s.found, 1);
    assert_true(is_in(&s, "new", "link") && is_in(&s, "new", "folder"));
    finish(&s);
}

/* So many more looks. */
static void looks(struct scene *s, int count)
{
    for (int i = 0; i < count; i++) {
        const size_t found = s->found;

        put(s, "look", 1);
        UNTIL(s, s->found > found && !is_in(s, "new", "look"));
    }
}

/* What is written to stderr from now on goes to a file; returns the real one. */
static int listen_to_log(const struct scene *s)
{
    const int real = dup(STDERR_FILENO);
    char path[200];
    int fd;

    (void)snprintf(path, sizeof path, "%s/log", s->dir);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(real >= 0 && fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    (void)close(fd);
    return real;
}

static void stop_listening(int real)
{
    (void)dup2(real, STDERR_FILENO);
    (void)close(real);
}

/* How often the log has told this event of this file. */
static size_t told(const struct scene *s, const char *event, const char *file)
{
    char line[1000];
    size_t count = 0;
    FILE *log;

    (void)snprintf(line, sizeof line, "%s/log", s->dir);
    log = fopen(line, "r");
    assert_non_null(log);
    while (fgets(line, sizeof line, log) != NULL) {
        count += strstr(line, event) != NULL && strstr(line, file) != NULL;
    }
    (void)fclose(log);
    return count;
}

static void make_link(const struct scene *s, const char *name)
{
    char path[200];

    (void)snprintf(path, sizeof path, "%s/new/%s", s->dir, name);
    assert_int_equal(symlink("/etc/passwd", path), 0);
}

static void test_a_trouble_is_told_once_while_it_lasts(void **state)
{
    char path[200];
    struct scene s;
    size_t first;
    int real;

    (void)state;
    begin(&s);
    real = listen_to_log(&s);
    make_link(&s, "one");
    make_link(&s, "two");
    (void)snprintf(path, sizeof path, "%s/cur/1.a:2,S", s.dir);
    assert_int_equal(mkdir(path, 0700), 0); /* where it would be moved to */
    put(&s, "1.a", 10);
    looks(&s, 4);
    first = told(&s, "returned_mail_unreadable", "one");
    (void)snprintf(path, sizeof path, "%s/new/one", s.dir);
    assert_int_equal(unlink(path), 0);
    looks(&s, 2);
    make_link(&s, "one");
    looks(&s, 3);
    stop_listening(real);
    assert_int_equal(first, 1);
    assert_int_equal(told(&s, "returned_mail_unreadable", "one"), 2); /* it had gone */
    assert_int_equal(told(&s, "returned_mail_unreadable", "two"), 1);
    assert_int_equal(told(&s, "returned_mail_not_moved", "1.a"), 1);
    finish(&s);
}

static void test_mail_comes_again_when_its_folder_does(void **state)
{
    char folder[200];
    char away[200];
    struct scene s;
    uint64_t later;
    int real;

    (void)state;
    begin(&s);
    real = listen_to_log(&s);
    (void)snprintf(folder, sizeof folder, "%s/new", s.dir);
    (void)snprintf(away, sizeof away, "%s/away", s.dir);
    assert_int_equal(rename(folder, away), 0);
    UNTIL(&s, told(&s, "maildir_unreadable", "new") > 0);
    later = uv_hrtime() + 150 * 1000000ull; /* some looks */
    UNTIL(&s, uv_hrtime() > later);
    assert_int_equal(rename(away, folder), 0);
    looks(&s, 2);
    stop_listening(real);
    assert_int_equal(told(&s, "maildir_unreadable", "new"), 1);
    finish(&s);
}

static void test_more_troubles_than_are_told_by_name(void **state)
{
    struct scene s;
    char name[16];
    int real;

    (void)state;
    begin(&s);
    real = listen_to_log(&s);
    for (int i = 0; i < MAILDIR_TROUBLES_MAX + 2; i++) {
        (void)snprintf(name, sizeof name, "link-%d", i);
        make_link(&s, name);
    }
    looks(&s, 4);
    stop_listening(real);
    assert_int_equal(told(&s, "returned_mail_unreadable", "link-"), MAILDIR_TROUBLES_MAX);
    assert_int_equal(told(&s, "maildir_more_troubles", s.dir), 1);
    finish(&s);
}

static void test_a_file_at_the_limit(void **state)
{
    static const size_t sizes[] = {MAILDIR_BYTES_MAX - 1, MAILDIR_BYTES_MAX, MAILDIR_BYTES_MAX + 1};
    struct scene s;

    (void)state;
    begin(&s);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        s.found = 0;
        put(&s, "1.a", sizes[i]);
        UNTIL(&s, s.found == 1);
        assert_int_equal(s.last_len,
                         sizes[i] < MAILDIR_BYTES_MAX ? sizes[i] : (size_t)MAILDIR_BYTES_MAX);
        UNTIL(&s, !is_in(&s, "new", "1.a"));
    }
    finish(&s);
}

/* No more than a round is in the hands of the loop. */
static void test_a_round_at_the_limit(void **state)
{
    struct scene s;
    char name[16];

    (void)state;
    begin(&s);
    s.hold = true;
    for (int i = 0; i <= MAILDIR_ROUND_MAX; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        put(&s, name, 1);
    }
    UNTIL(&s, s.held_count > 0);
    for (int i = 0; i < 20; i++) {
        (void)uv_run(&s.loop, UV_RUN_ONCE);
    }
    assert_in_range(s.held_count, 1, MAILDIR_ROUND_MAX);
    s.hold = false;
    while (s.held_count > 0) {
        maildir_done(s.held[--s.held_count], true);
    }
    UNTIL(&s, s.found == MAILDIR_ROUND_MAX + 1);
    finish(&s);
}

/* Stopped with files in the hands of the loop: they are answered first. */
static void test_stop_with_files_out(void **state)
{
    struct scene s;

    (void)state;
    begin(&s);
    s.hold = true;
    put(&s, "1.a", 10);
    UNTIL(&s, s.held_count == 1);
    finish(&s);
}

static void test_a_folder_that_cannot_be_used(void **state)
{
    struct maildir_options options = {.path = "/proc/yok", .period_ms = 30, .found = on_found};
    struct maildir *m = NULL;
    struct err e = {0};
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_not_equal(maildir_watch(&loop, &options, &m, &e), 0);
    assert_non_null(strstr(e.text, "/proc/yok"));
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_come_once_and_go),
        cmocka_unit_test(test_what_was_not_handled_comes_again),
        cmocka_unit_test(test_what_is_no_mail_stays),
        cmocka_unit_test(test_a_trouble_is_told_once_while_it_lasts),
        cmocka_unit_test(test_mail_comes_again_when_its_folder_does),
        cmocka_unit_test(test_more_troubles_than_are_told_by_name),
        cmocka_unit_test(test_a_file_at_the_limit),
        cmocka_unit_test(test_a_round_at_the_limit),
        cmocka_unit_test(test_stop_with_files_out),
        cmocka_unit_test(test_a_folder_that_cannot_be_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
