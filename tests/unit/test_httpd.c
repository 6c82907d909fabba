/* The HTTP server: answers now and later, pipelining, strict framing, problems, stop. */
#include "httpd_scene.h"

#define CLOSE "Connection: close\r\n"

static void ask_arg(struct scene *s)
{
    ask(s, s->arg);
}

static struct scene *asked(const char *raw)
{
    struct scene *s = scene_new(ask_arg);

    s->arg = raw;
    run_scene(s);
    return s;
}

static void test_answers_with_all_fields(void **state)
{
    struct scene *s =
        asked("GET /x%20y?a=b HTTP/1.1\r\nHost: a\r\n" CLOSE "X-Request-Id: deneme-1\r\n\r\n");

    (void)state;
    assert_int_equal(status_of(s->out), 200);
    assert_non_null(strstr(s->out, "GET /x%20y ?a=b #0"));
    assert_non_null(strstr(s->out, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(s->out, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(s->out, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_non_null(strstr(s->out, "\r\nX-Request-Id: deneme-1\r\n"));
    assert_int_equal(s->answered, 1);
    free(s);
}

static void test_strange_request_id_is_replaced(void **state)
{
    struct scene *s =
        asked("GET / HTTP/1.1\r\nHost: a\r\n" CLOSE "X-Request-Id: a \"b\"<script>\r\n\r\n");

    (void)state;
    assert_int_equal(status_of(s->out), 200);
    assert_null(strstr(s->out, "script"));
    assert_int_equal(strcspn(strstr(s->out, "X-Request-Id: ") + 14, "\r"), 25);
    free(s);
}

static void pipeline(struct scene *s)
{
    int fd = dial(s);

    say(fd, "GET /later?1 HTTP/1.1\r\nHost: a\r\n\r\n"
            "POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
            "GET /later?3 HTTP/1.1\r\nHost: a\r\n\r\n"
            "GET /four HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
    s->numbers[0] = hear(s, fd, NULL, 3000);
    close(fd);
}

static void test_pipelined_requests_keep_their_order(void **state)
{
    struct scene *s = scene_new(pipeline);
    const char *two, *four;

    (void)state;
    run_scene(s);
    assert_int_equal(s->numbers[0], 1);
    assert_int_equal(occurrences(s->out, "HTTP/1.1 200 OK"), 4);
    two = strstr(s->out, "POST /two ? #5 hello");
    two = two == NULL ? strstr(s->out, "POST /two ?") : two;
    four = strstr(s->out, "GET /four");
    assert_non_null(two);
    assert_non_null(four);
    assert_true(strstr(s->out, "later\n") < two && two < four);
    assert_int_equal(occurrences(s->out, "later\n"), 2);
    assert_int_equal(s->answered, 4);
    free(s);
}

struct framing {
    const char *what;
    const char *raw;
    int status;
    const char *code;
};

static const struct framing framings[] = {
    {"length and encoding",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n",
     400, "ambiguous_length"},
    {"two lengths",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400,
     "ambiguous_length"},
    {"two equal lengths",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400,
     "ambiguous_length"},
    {"length list", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na", 400,
     "malformed_request"},
    {"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", 400,
     "malformed_request"},
    {"hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na", 400,
     "malformed_request"},
    {"endless length",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\na", 413,
     "body_too_large"},
    {"foreign encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501,
     "transfer_encoding_not_supported"},
    {"encoding twice",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501,
     "transfer_encoding_not_supported"},
    {"encoding in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, "ambiguous_length"},
    {"folded line", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n", 400, "malformed_request"},
    {"bare LF after a field", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\nX-B: c\r\n\r\n", 400,
     "malformed_request"},
    {"bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400, "malformed_request"},
    {"bare CR", "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400, "malformed_request"},
    {"control character", "GET / HTTP/1.1\r\nHost: a\r\nX-A: \x01\r\n\r\n", 400,
     "malformed_request"},
    {"blank before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n", 400,
     "malformed_request"},
    {"no name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400, "malformed_request"},
    {"no colon", "GET / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n", 400, "malformed_request"},
    {"no host", "GET / HTTP/1.1\r\nX-A: b\r\n\r\n", 400, "host_required"},
    {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "host_required"},
    {"blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request"},
    {"raw bytes in the target", "GET /\xc3\xa7 HTTP/1.1\r\nHost: a\r\n\r\n", 400,
     "malformed_request"},
    {"relative target", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request"},
    {"unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method_not_implemented"},
    {"method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method_not_implemented"},
    {"connect", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request"},
    {"version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "http_version_not_supported"},
    {"version 0.9", "GET / HTTP/0.9\r\n\r\n", 505, "http_version_not_supported"},
    {"no version", "GET /\r\n\r\n", 400, "malformed_request"},
    {"bad chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n",
     400, "malformed_request"},
    {"chunk without end",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", 400,
     "malformed_request"},
    {"gibberish", "\x16\x03\x01\x02\r\n\r\n", 400, "malformed_request"},
    {"handler's own refusal", "GET /refuse HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n", 404, "not_found"},
    {"1.0 without host", "GET / HTTP/1.0\r\n\r\n", 200, NULL},
    {"1.1 with absolute target", "GET http://a/b HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n", 200, NULL},
    {"chunked body",
     "POST / HTTP/1.1\r\nHost: a\r\n" CLOSE
     "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
     200, NULL},
    {"empty field", "GET / HTTP/1.1\r\nHost: a\r\n" CLOSE "X-A:\r\nX-B: \r\n\r\n", 200, NULL},
};

static void check_framing(const struct framing *f, const struct scene *s)
{
    char code[80];

    if (status_of(s->out) != f->status) {
        fail_msg("%s: status %d, not %d\n%s", f->what, status_of(s->out), f->status, s->out);
    }
    if (occurrences(s->out, "HTTP/1.1 ") != 1 || occurrences(s->out, "Content-Length: ") != 1) {
        fail_msg("%s: not exactly one answer:\n%s", f->what, s->out);
    }
    if (f->code == NULL) {
        return;
    }
    snprintf(code, sizeof code, "\"code\":\"%s\"", f->code);
    if (strstr(s->out, "Content-Type: application/problem+json\r\n") == NULL ||
        strstr(s->out, "X-Request-Id: ") == NULL || strstr(s->out, code) == NULL ||
        strstr(s->out, "Content-Language: tr\r\n") == NULL || strstr(s->out, "<html") != NULL) {
        fail_msg("%s: not our problem:\n%s", f->what, s->out);
    }
}

static void test_framing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof framings / sizeof framings[0]; i++) {
        struct scene *s = asked(framings[i].raw);

        check_framing(&framings[i], s);
        free(s);
    }
}

static void leave_held(struct scene *s)
{
    int fd = dial(s);

    say(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    nap(50);
    close(fd);
    nap(200);
    /* Others are served meanwhile. */
    ask(s, "GET / HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
}

static void test_client_leaves_a_suspended_request(void **state)
{
    struct scene *s = scene_new(leave_held);

    (void)state;
    s->options.headers_ms = 160; /* the watch ticks every 20 ms */
    run_scene(s);
    assert_int_equal(s->aborted, 1);
    assert_int_equal(status_of(s->out), 200);
    free(s);
}

static void test_reply_after_the_server_has_gone(void **state)
{
    struct scene *s = scene_new(leave_held);

    (void)state;
    s->keep_held = true;
    s->grace_ms = 50;
    run_scene(s);
    assert_int_equal(s->aborted, 1);
    free(s);
}

static void ask_held(struct scene *s)
{
    int fd = dial(s), idle = dial(s);

    say(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    nap(100);
    s->numbers[0] = fd;
    s->numbers[1] = idle;
}

static void test_stop_lets_running_requests_finish(void **state)
{
    struct scene *s = scene_new(ask_held);

    (void)state;
    run_scene(s);
    assert_true(hear(s, s->numbers[0], NULL, 1000));
    assert_int_equal(status_of(s->out), 200);
    assert_non_null(strstr(s->out, "Connection: close\r\n"));
    assert_non_null(strstr(s->out, "held\n"));
    assert_true(hear(s, s->numbers[1], NULL, 1000)); /* closed without a word */
    assert_int_equal(dial(s), -1);
    close(s->numbers[0]);
    close(s->numbers[1]);
    free(s);
}

static void test_stop_cuts_after_the_grace(void **state)
{
    struct scene *s = scene_new(ask_held);
    int64_t began = now_ms();

    (void)state;
    s->keep_held = true;
    s->grace_ms = 100;
    s->options.headers_ms = 160;
    run_scene(s);
    assert_in_range(now_ms() - began, 150, 1500);
    assert_int_equal(s->aborted, 1);
    assert_true(hear(s, s->numbers[0], NULL, 1000));
    assert_int_equal(s->out_len, 0);
    close(s->numbers[0]);
    close(s->numbers[1]);
    free(s);
}

static void ask_for_half(struct scene *s)
{
    const char *const paths[] = {"/drop", "/reset"};

    for (int i = 0; i < 2; i++) {
        int fd = dial(s);
        char raw[64];
        char answer[256];
        ssize_t n;

        (void)snprintf(raw, sizeof raw, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i]);
        say(fd, raw);
        nap(100);
        n = recv(fd, answer, sizeof answer, 0);
        s->numbers[2 * i] = (int)n;
        s->numbers[2 * i + 1] = (int)recv(fd, answer, sizeof answer, 0);
        close(fd);
    }
    ask(s, "GET / HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
}

/* Half an answer, and then the end or an error. */
static void test_dropped_on_purpose(void **state)
{
    struct scene *s = scene_new(ask_for_half);

    (void)state;
    run_scene(s);
    assert_int_equal(s->numbers[0], 41);
    assert_int_equal(s->numbers[1], 0);
    assert_int_equal(s->numbers[2], 41);
    assert_int_equal(s->numbers[3], -1);
    assert_int_equal(status_of(s->out), 200);
    free(s);
}

static void test_dropped_later(void **state)
{
    struct scene *s = scene_new(ask_held);

    (void)state;
    s->drop_held = true;
    run_scene(s);
    assert_true(hear(s, s->numbers[0], NULL, 1000));
    assert_int_equal(s->out_len, 0);
    close(s->numbers[0]);
    close(s->numbers[1]);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_with_all_fields),
        cmocka_unit_test(test_strange_request_id_is_replaced),
        cmocka_unit_test(test_pipelined_requests_keep_their_order),
        cmocka_unit_test(test_framing),
        cmocka_unit_test(test_client_leaves_a_suspended_request),
        cmocka_unit_test(test_reply_after_the_server_has_gone),
        cmocka_unit_test(test_stop_lets_running_requests_finish),
        cmocka_unit_test(test_stop_cuts_after_the_grace),
        cmocka_unit_test(test_dropped_on_purpose),
        cmocka_unit_test(test_dropped_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
