/* The mail server's sockets: deadlines that dripping does not move, answers that come late. */
#include "loop/mailin.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { STEP_MS = 200, PATIENCE_MS = 10000 };

struct scene {
    uv_loop_t loop;
    uv_timer_t tick;
    struct mailin *server;
    struct mailin_mail *mail; /* waits for its answer */
    size_t delivered;
    bool closed;
};

static bool accepts(void *ctx, struct str recipient)
{
    (void)ctx;
    return str_starts(recipient, "iade");
}

static void deliver(void *ctx, struct mailin_mail *mail)
{
    struct scene *s = ctx;

    s->delivered++;
    s->mail = mail;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void on_closed(void *ctx)
{
    ((struct scene *)ctx)->closed = true;
}

static void begin(struct scene *s)
{
    struct mailin_options options = {.host = "127.0.0.1",
                                     .name = "ornekil.example",
                                     .step_ms = STEP_MS,
                                     .accepts = accepts,
                                     .deliver = deliver,
                                     .ctx = s};
    struct err e = {0};

    memset(s, 0, sizeof *s);
    assert_int_equal(uv_loop_init(&s->loop), 0);
    (void)uv_timer_init(&s->loop, &s->tick);
    (void)uv_timer_start(&s->tick, on_tick, 5, 5);
    assert_int_equal(mailin_create(&s->loop, &options, &s->server, &e), 0);
}

static void finish(struct scene *s)
{
    mailin_stop(s->server, on_closed, s);
    if (s->mail != NULL) {
        mailin_answer(s->mail, MAILIN_LATER);
    }
    while (!s->closed) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&s->tick, NULL);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
}

static int connect_to(struct scene *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)mailin_port(s->server)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Runs the loop until the peer reads this word, or the end when word is null. */
static bool hears(struct scene *s, int fd, const char *word)
{
    uint64_t end = uv_hrtime() + PATIENCE_MS * 1000000ull;
    char text[4000] = "";
    size_t len = 0;

    while (uv_hrtime() < end) {
        ssize_t n = recv(fd, text + len, sizeof text - 1 - len, MSG_DONTWAIT);

        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            return word == NULL;
        }
        len += n > 0 ? (size_t)n : 0;
        text[len] = '\0';
        if (word != NULL && strstr(text, word) != NULL) {
            return true;
        }
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
    return false;
}

#define UPTO "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<iade@x>\r\nDATA\r\n"

/* A byte now and then buys no time: neither in a command nor in a message. */
static void test_dripping_ends(void **state)
{
    static const char *const before[] = {"", UPTO};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s;
        uint64_t started;
        int fd;

        begin(&s);
        fd = connect_to(&s);
        say(fd, before[i]);
        assert_true(hears(&s, fd, i == 0 ? "220 " : "354 "));
        started = uv_hrtime();
        for (;;) {
            char c;

            (void)send(fd, "x", 1, MSG_NOSIGNAL);
            for (int k = 0; k < 4; k++) {
                (void)uv_run(&s.loop, UV_RUN_ONCE);
            }
            if (recv(fd, &c, 1, MSG_DONTWAIT) == 0) {
                break;
            }
            assert_true(uv_hrtime() - started < PATIENCE_MS * 1000000ull);
        }
        assert_in_range((uv_hrtime() - started) / 1000000, STEP_MS / 2, STEP_MS * 10);
        assert_int_equal(s.delivered, 0);
        (void)close(fd);
        finish(&s);
    }
}

static void test_a_verdict_may_come_late(void **state)
{
    struct scene s;
    int fd;

    (void)state;
    begin(&s);
    fd = connect_to(&s);
    say(fd, UPTO "a\r\n.\r\nNOOP\r\n");
    assert_true(hears(&s, fd, "354 "));
    while (s.mail == NULL) {
        (void)uv_run(&s.loop, UV_RUN_ONCE);
    }
    assert_int_equal(mailin_recipient_count(s.mail), 1);
    assert_string_equal(mailin_recipient(s.mail, 0), "iade@x");
    assert_int_equal(mailin_bytes(s.mail).len, 3);
    for (int i = 0; i < 2 * STEP_MS / 5; i++) {
        (void)uv_run(&s.loop, UV_RUN_ONCE); /* longer than a step: it is our turn */
    }
    mailin_answer(s.mail, MAILIN_TAKEN);
    s.mail = NULL;
    assert_true(hears(&s, fd, "250 2.0.0 ok")); /* and what was said meanwhile is answered */
    (void)close(fd);
    finish(&s);
}

/* The peer left before the verdict: the mail lives until it is answered. */
static void test_a_peer_that_leaves(void **state)
{
    struct scene s;
    int fd;

    (void)state;
    begin(&s);
    fd = connect_to(&s);
    say(fd, UPTO "a\r\n.\r\n");
    while (s.mail == NULL) {
        (void)uv_run(&s.loop, UV_RUN_ONCE);
    }
    (void)close(fd);
    for (int i = 0; i < 10; i++) {
        (void)uv_run(&s.loop, UV_RUN_ONCE);
    }
    assert_int_equal(mailin_bytes(s.mail).len, 3);
    mailin_answer(s.mail, MAILIN_TAKEN);
    s.mail = NULL;
    finish(&s);
}

static void test_stop_while_a_verdict_is_awaited(void **state)
{
    struct scene s;
    int fd;

    (void)state;
    begin(&s);
    fd = connect_to(&s);
    say(fd, UPTO "a\r\n.\r\n");
    while (s.mail == NULL) {
        (void)uv_run(&s.loop, UV_RUN_ONCE);
    }
    finish(&s); /* answers after the stop */
    (void)close(fd);
}

static void test_an_address_in_use(void **state)
{
    struct mailin *second = NULL;
    struct mailin_options options = {.host = "127.0.0.1", .name = "x"};
    struct err e = {0};
    struct scene s;

    (void)state;
    begin(&s);
    options.port = mailin_port(s.server);
    assert_int_not_equal(mailin_create(&s.loop, &options, &second, &e), 0);
    assert_non_null(strstr(e.text, "127.0.0.1"));
    options.host = "yok";
    assert_int_equal(mailin_create(&s.loop, &options, &second, &e), ERR_INVALID);
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dripping_ends),
        cmocka_unit_test(test_a_verdict_may_come_late),
        cmocka_unit_test(test_a_peer_that_leaves),
        cmocka_unit_test(test_stop_while_a_verdict_is_awaited),
        cmocka_unit_test(test_an_address_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
