/* The HTTP server's bounds, each one byte or one connection to either side, and its deadlines. */
#include "httpd_scene.h"

enum { RAW_MAX = 1 << 16 };

#define HEAD  "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
#define CLOSE "Connection: close\r\n"

static void ask_arg(struct scene *s)
{
    ask(s, s->arg);
}

static void expect(struct scene *s, const char *raw, int status, const char *code)
{
    s->arg = raw;
    run_scene(s);
    if (status_of(s->out) != status || (code != NULL && strstr(s->out, code) == NULL)) {
        fail_msg("not %d %s but:\n%s", status, code == NULL ? "" : code, s->out);
    }
    if (code != NULL) {
        assert_non_null(strstr(s->out, "Content-Type: application/problem+json\r\n"));
    }
    free(s);
}

/* HEAD and one filler field, n bytes in all. */
static void head_of(char *raw, size_t n)
{
    size_t fill = n - strlen(HEAD) - strlen("X: \r\n\r\n");

    snprintf(raw, RAW_MAX, HEAD "X: %0*d\r\n\r\n", (int)fill, 0);
}

static void test_header_bytes(void **state)
{
    static const struct {
        size_t n;
        int status;
        const char *code;
    } table[] = {
        {1000, 200, NULL}, {1001, 431, "headers_too_large"}, {60000, 431, "headers_too_large"}};
    char *raw = malloc(RAW_MAX);

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct scene *s = scene_new(ask_arg);

        s->options.header_bytes = 1000;
        head_of(raw, table[i].n);
        expect(s, raw, table[i].status, table[i].code);
    }
    free(raw);
}

static void test_header_count(void **state)
{
    (void)state;
    for (int extra = 3; extra <= 4; extra++) {
        struct scene *s = scene_new(ask_arg);
        char raw[512] = HEAD;

        s->options.header_count = 5;
        for (int i = 0; i < extra; i++) {
            snprintf(raw + strlen(raw), sizeof raw - strlen(raw), "X-%d: y\r\n", i);
        }
        snprintf(raw + strlen(raw), sizeof raw - strlen(raw), "\r\n");
        expect(s, raw, extra == 3 ? 200 : 431, extra == 3 ? NULL : "headers_too_large");
    }
}

static void test_target_bytes(void **state)
{
    static const int lengths[] = {100, 101, 50000};
    char *raw = malloc(RAW_MAX);

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct scene *s = scene_new(ask_arg);

        s->options.target_bytes = 100;
        snprintf(raw, RAW_MAX, "GET /%0*d HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n", lengths[i] - 1, 0);
        expect(s, raw, i == 0 ? 200 : 414, i == 0 ? NULL : "target_too_long");
    }
    free(raw);
}

static void test_body_bytes(void **state)
{
    static const struct {
        const char *path;
        int n;
        const char *expect_field;
        int status;
    } table[] = {
        {"/", 1000, "", 200},     {"/", 1001, "", 413},
        {"/", 60000, "", 413},    {"/bulk", 5000, "", 200},
        {"/bulk", 5001, "", 413}, {"/", 1001, "Expect: 100-continue\r\n", 413},
    };
    char *raw = malloc(RAW_MAX);

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct scene *s = scene_new(ask_arg);

        s->options.body_bytes = 1000;
        snprintf(raw, RAW_MAX,
                 "POST %s HTTP/1.1\r\nHost: a\r\n" CLOSE "%sContent-Length: %d\r\n\r\n%0*d",
                 table[i].path, table[i].expect_field, table[i].n, table[i].n, 0);
        expect(s, raw, table[i].status, table[i].status == 200 ? NULL : "body_too_large");
    }
    free(raw);
}

static void test_chunked_body_bytes(void **state)
{
    (void)state;
    for (int last = 0; last <= 1; last++) {
        struct scene *s = scene_new(ask_arg);
        char raw[2048];

        s->options.body_bytes = 1000;
        snprintf(raw, sizeof raw,
                 "POST / HTTP/1.1\r\nHost: a\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n"
                 "3e7\r\n%0999d\r\n%d\r\n%.*s\r\n0\r\n\r\n",
                 0, 1 + last, 1 + last, "xy");
        expect(s, raw, last == 0 ? 200 : 413, last == 0 ? NULL : "body_too_large");
    }
}

/* The client sends on and on: the answer comes all the same, then the end. */
static void pour(struct scene *s)
{
    static const char chunk[] = "1000\r\n";
    char *block = malloc(4098);
    int fd = dial(s);

    memset(block, 'x', 4096);
    memcpy(block + 4096, "\r\n", 2);
    say(fd, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    s->numbers[0] = 0;
    while (s->numbers[0] < 10000 && say(fd, chunk) && send(fd, block, 4098, MSG_NOSIGNAL) == 4098) {
        s->numbers[0]++;
    }
    s->numbers[1] = hear(s, fd, NULL, 3000);
    free(block);
    close(fd);
}

static void test_endless_body_is_cut(void **state)
{
    struct scene *s = scene_new(pour);

    (void)state;
    run_scene(s);
    assert_true(s->numbers[0] < 10000);
    assert_int_equal(s->numbers[1], 1);
    assert_int_equal(status_of(s->out), 413);
    assert_int_equal(s->handled, 0);
    free(s);
}

static void lie_about_length(struct scene *s)
{
    int fd = dial(s);

    say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    usleep(200000); /* accepted by now; an end that comes before that is met by the body deadline */
    shutdown(fd, SHUT_WR);
    s->numbers[0] = hear(s, fd, NULL, 2000);
    close(fd);
    ask(s, "POST / HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
}

static void test_a_body_shorter_than_told_is_never_handled(void **state)
{
    struct scene *s = scene_new(lie_about_length);

    (void)state;
    run_scene(s);
    assert_int_equal(s->numbers[0], 1);
    assert_int_equal(s->handled, 1); /* the second request, with no body at all */
    assert_non_null(strstr(s->out, "POST / ? #0"));
    free(s);
}

static void crowd(struct scene *s)
{
    int fds[5];

    for (int i = 0; i < 4; i++) {
        fds[i] = dial(s);
        say(fds[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        s->out_len = 0;
        hear(s, fds[i], "\"}", i == 3 ? 1000 : 200);
        s->numbers[i] = status_of(s->out);
    }
    close(fds[0]);
    nap(50);
    fds[4] = dial(s); /* a place is free again */
    say(fds[4], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    s->out_len = 0;
    hear(s, fds[4], "\n", 200);
    s->numbers[4] = status_of(s->out);
    for (int i = 1; i < 5; i++) {
        close(fds[i]);
    }
}

static void check_crowd(struct scene *s)
{
    static const int expected[] = {200, 200, 200, 503, 200};

    run_scene(s);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(s->numbers[i], expected[i]);
    }
    free(s);
}

static void test_connections(void **state)
{
    struct scene *total = scene_new(crowd), *each = scene_new(crowd);

    (void)state;
    total->options.connections = 3;
    check_crowd(total);
    each->options.connections_per_address = 3;
    each->options.exempt_loopback = false;
    check_crowd(each);
}

/* One byte at a time; says when the server hung up, in ms. */
static int trickle(struct scene *s, int fd, const char *text)
{
    int64_t began = now_ms();

    for (size_t i = 0; now_ms() - began < 3000; i++) {
        char c = text[i % strlen(text)];

        if (send(fd, &c, 1, MSG_NOSIGNAL) != 1 || hear(s, fd, NULL, 20)) {
            return (int)(now_ms() - began);
        }
    }
    return 0;
}

static void trickle_head(struct scene *s)
{
    int fd = dial(s);

    s->numbers[0] = trickle(s, fd, s->arg);
    close(fd);
}

static void trickle_body(struct scene *s)
{
    int fd = dial(s);

    say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    s->numbers[0] = trickle(s, fd, "x");
    close(fd);
}

static struct scene *hurried(void (*client)(struct scene *s))
{
    struct scene *s = scene_new(client);

    s->options.headers_ms = 300;
    s->options.body_ms = 400;
    s->options.idle_ms = 500;
    s->options.request_ms = 700;
    return s;
}

static void expect_cut(struct scene *s, int least, int most, int status)
{
    run_scene(s);
    if (s->numbers[0] < least || s->numbers[0] > most || status_of(s->out) != status) {
        fail_msg("cut after %d ms, not %d..%d, with:\n%s", s->numbers[0], least, most, s->out);
    }
    assert_int_equal(s->handled, 0);
    free(s);
}

static void test_tricklers_are_cut(void **state)
{
    struct scene *line = hurried(trickle_head), *field = hurried(trickle_head);

    (void)state;
    line->arg =
        "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    expect_cut(line, 250, 900, 408);
    field->arg = "GET / HTTP/1.1\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    expect_cut(field, 250, 1500, 408);
    expect_cut(hurried(trickle_body), 350, 1000, 408);
}

/* A chunk header that never ends fills the parser's buffer: a deadline case, not a busy loop. */
static void endless_extension(struct scene *s)
{
    int fd = dial(s);
    int64_t began = now_ms();
    clock_t cpu = clock();
    char *fill = malloc(40000);

    memset(fill, 'a', 39999);
    fill[39999] = '\0';
    say(fd, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;");
    say(fd, fill);
    hear(s, fd, NULL, 3000);
    s->numbers[0] = (int)(now_ms() - began);
    s->numbers[1] = (int)((clock() - cpu) * 1000 / CLOCKS_PER_SEC);
    free(fill);
    close(fd);
}

static void test_endless_chunk_extension(void **state)
{
    struct scene *s = hurried(endless_extension);

    (void)state;
    run_scene(s);
    assert_in_range(s->numbers[0], 0, 1000);
    assert_in_range(s->numbers[1], 0, 200);
    free(s);
}

/* Forty tricklers, and a healthy client between them. */
static void besieged(struct scene *s)
{
    int fds[40];
    int64_t began = now_ms();

    for (int i = 0; i < 40; i++) {
        fds[i] = dial(s);
        say(fds[i], "POST / HTTP/1.1\r\nHost: a\r\nX-A: ");
    }
    for (int round = 0; round < 25; round++) {
        for (int i = 0; i < 40; i++) {
            (void)!send(fds[i], "a", 1, MSG_NOSIGNAL);
        }
        nap(20);
    }
    ask(s, HEAD "\r\n");
    s->numbers[0] = status_of(s->out);
    s->numbers[1] = (int)(now_ms() - began);
    for (int i = 0; i < 40; i++) {
        close(fds[i]);
    }
}

static void test_others_are_served_in_a_siege(void **state)
{
    struct scene *s = hurried(besieged);

    (void)state;
    s->options.connections = 40;
    run_scene(s);
    assert_int_equal(s->numbers[0], 200);
    assert_int_equal(s->handled, 1);
    free(s);
}

static void stay_idle(struct scene *s)
{
    int fd = dial(s);
    int64_t began = now_ms();

    say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    s->numbers[1] = hear(s, fd, NULL, 3000);
    s->numbers[0] = (int)(now_ms() - began);
    close(fd);
}

static void test_idle_connection_is_closed_without_a_word(void **state)
{
    struct scene *s = hurried(stay_idle);

    (void)state;
    run_scene(s);
    assert_int_equal(s->numbers[1], 1);
    assert_in_range(s->numbers[0], 450, 1200);
    assert_int_equal(occurrences(s->out, "HTTP/1.1"), 1);
    free(s);
}

static void wait_for_handler(struct scene *s)
{
    int64_t began = now_ms();

    ask(s, "GET /hold HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
    s->numbers[0] = (int)(now_ms() - began);
}

static void test_a_late_handler_is_answered_for(void **state)
{
    struct scene *s = hurried(wait_for_handler);

    (void)state;
    run_scene(s);
    assert_int_equal(status_of(s->out), 503);
    assert_non_null(strstr(s->out, "\"code\":\"timeout\""));
    assert_in_range(s->numbers[0], 450, 1000);
    assert_int_equal(s->aborted, 1);
    free(s);
}

/* Reads nothing of a large answer. */
static void read_slowly(struct scene *s)
{
    int fd = dial(s);
    int64_t began = now_ms();
    char bytes[512];

    say(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    while (now_ms() - began < 3000 && recv(fd, bytes, sizeof bytes, 0) > 0) {
        s->numbers[1]++;
        nap(now_ms() - began < 1200 ? 10 : 0);
    }
    s->numbers[0] = (int)(now_ms() - began);
    close(fd);
}

static void test_a_slow_reader_is_cut(void **state)
{
    struct scene *s = hurried(read_slowly);

    (void)state;
    run_scene(s);
    assert_true(s->numbers[1] < BIG_BODY / 512);
    assert_int_equal(s->answered, 0);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_bytes),
        cmocka_unit_test(test_header_count),
        cmocka_unit_test(test_target_bytes),
        cmocka_unit_test(test_body_bytes),
        cmocka_unit_test(test_chunked_body_bytes),
        cmocka_unit_test(test_endless_body_is_cut),
        cmocka_unit_test(test_a_body_shorter_than_told_is_never_handled),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_tricklers_are_cut),
        cmocka_unit_test(test_endless_chunk_extension),
        cmocka_unit_test(test_others_are_served_in_a_siege),
        cmocka_unit_test(test_idle_connection_is_closed_without_a_word),
        cmocka_unit_test(test_a_late_handler_is_answered_for),
        cmocka_unit_test(test_a_slow_reader_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
