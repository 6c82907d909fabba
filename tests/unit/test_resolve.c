/* Names are looked up beside the loop, and a forgotten question harms nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loop/address.h"
#include "loop/resolve.h"

#include <stdlib.h>
#include <string.h>

enum { QUESTIONS = 8 };

struct answer {
    uv_loop_t loop;
    int calls;
    bool failed;
    enum address_class class;
    int port;
};

static void on_answer(void *ctx, struct addrinfo *list, const char *error)
{
    struct answer *a = ctx;

    a->calls++;
    a->failed = list == NULL;
    assert_int_equal(error == NULL, list != NULL);
    if (list != NULL) {
        a->class = address_classify(list->ai_addr, list->ai_addrlen);
        a->port = ntohs(((struct sockaddr_in *)(void *)list->ai_addr)->sin_port);
        freeaddrinfo(list);
    }
}

static void open_loop(struct answer *a)
{
    memset(a, 0, sizeof *a);
    assert_int_equal(uv_loop_init(&a->loop), 0);
}

static void ask(struct answer *a, const char *host)
{
    struct resolve *r = NULL;
    struct err e;

    open_loop(a);
    assert_int_equal(resolve_start(&a->loop, host, 2775, on_answer, a, &r, &e), 0);
    assert_int_equal(a->calls, 0); /* never from inside */
    uv_run(&a->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&a->loop), 0);
    assert_int_equal(a->calls, 1);
}

static void test_answers(void **state)
{
    static const struct {
        const char *host;
        bool found;
        enum address_class class;
    } rows[] = {
        {"127.0.0.1", true, ADDRESS_LOOPBACK},
        {"::1", true, ADDRESS_LOOPBACK},
        {"10.1.2.3", true, ADDRESS_PRIVATE},
        {"localhost", true, ADDRESS_LOOPBACK},
        {"merkez.invalid", false, 0},
        {"", false, 0},
        {"300.1.1.1", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer a;

        ask(&a, rows[i].host);
        if (rows[i].host[0] == '\0') {
            continue; /* some systems take it for this machine */
        }
        assert_int_equal(a.failed, !rows[i].found);
        if (rows[i].found) {
            assert_int_equal(a.class, rows[i].class);
            assert_int_equal(a.port, 2775);
        }
    }
}

static void test_forgotten(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "merkez.invalid", "a.invalid"};
    struct answer a;

    (void)state;
    open_loop(&a);
    for (int i = 0; i < QUESTIONS; i++) {
        struct resolve *r = NULL;

        assert_int_equal(resolve_start(&a.loop, hosts[i % 4], 1, on_answer, &a, &r, NULL), 0);
        if (i >= 4) {
            uv_sleep(5); /* the thread may have its answer, the loop has not looked yet */
        }
        resolve_cancel(r);
    }
    uv_run(&a.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&a.loop), 0);
    assert_int_equal(a.calls, 0);
    uv_sleep(50); /* for the threads, which end by themselves */
}

static void test_too_long(void **state)
{
    struct resolve *r = NULL;
    char host[300];
    struct answer a;
    struct err e;

    (void)state;
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    open_loop(&a);
    assert_int_not_equal(resolve_start(&a.loop, host, 1, on_answer, &a, &r, &e), 0);
    assert_true(e.text[0] != '\0');
    uv_run(&a.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&a.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
