/*
 * SMTP threads stuck where nothing can end them, in name resolution: drain() gives their jobs back
 * in time, and a thread that wakes up later touches nothing that is gone and sends nothing.
 */
#include "providers/smtp/smtp.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { JOBS = 5 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int waiting;
static atomic_int resolved;

/* libesmtp finds this one. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    static struct sockaddr_in address;
    static struct addrinfo info = {.ai_family = AF_INET,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_addr = (struct sockaddr *)&address,
                                   .ai_addrlen = sizeof address};

    (void)node;
    (void)service;
    (void)hints;
    atomic_fetch_add(&waiting, 1);
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    *ret = &info;
    atomic_fetch_add(&resolved, 1);
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    (void)list;
}

struct run {
    struct provider *provider;
    size_t done;
    bool drained;
    enum outcome_class classes[JOBS];
    struct provider_job *jobs[JOBS];
};

static void on_done(void *ctx, struct provider_job *job, const struct outcome *outcome)
{
    struct run *r = ctx;

    r->classes[job->message_id] = outcome->class;
    r->done++;
    r->jobs[job->message_id] = NULL;
    memset((char *)(uintptr_t)job->mail, 0, job->mail_len);
    free((char *)(uintptr_t)job->mail);
    free(job);
}

static void on_health(void *ctx, enum provider_health health, const char *sentence)
{
    (void)ctx;
    (void)health;
    (void)sentence;
}

static void on_drained(void *ctx)
{
    struct run *r = ctx;

    smtp_provider_type.destroy(r->provider);
    r->drained = true;
}

static void make_jobs(struct run *r)
{
    for (int i = 0; i < JOBS; i++) {
        struct provider_job *job = calloc(1, sizeof *job);

        job->message_id = i;
        job->channel = CHANNEL_EMAIL;
        job->to = "kisi@ornek.test";
        job->mail = str_dup(STR("From: a@ornek.test\r\n\r\nb\r\n"));
        job->mail_len = strlen(job->mail);
        r->jobs[i] = job;
    }
}

static void wait_for(atomic_int *counter, int value)
{
    for (int i = 0; i < 500 && atomic_load(counter) < value; i++) {
        (void)usleep(10000);
    }
    assert_int_equal(atomic_load(counter), value);
}

static void test_stuck_in_name_resolution(void **state)
{
    struct run r = {0};
    struct err e;
    uv_loop_t loop;
    struct smtp_settings settings = {.host = (char *)(uintptr_t) "relay.ornek.test",
                                     .port = 25,
                                     .tls = SMTP_TLS_NONE,
                                     .envelope_from = (char *)(uintptr_t) "g@ornek.test",
                                     .workers = 2,
                                     .batch = 2,
                                     .timeouts = {1000, 1000, 1000, 1000, 1000, 1000, 100}};
    struct provider_host host = {.ctx = &r,
                                 .done = on_done,
                                 .health = on_health,
                                 .drained = on_drained,
                                 .loop = &loop,
                                 .name = "relay"};

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    pthread_mutex_lock(&gate);
    assert_int_equal(smtp_provider_type.create(&host, &settings, &r.provider, &e), 0);
    assert_int_equal(smtp_provider_type.start(r.provider, &e), 0);
    make_jobs(&r);
    smtp_provider_type.submit(r.provider, r.jobs, JOBS);
    assert_int_equal(r.done, 0);
    wait_for(&waiting, 2);
    smtp_provider_type.drain(r.provider);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(r.drained);
    assert_int_equal(r.done, JOBS);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(r.classes[i], OUTCOME_UNTOUCHED);
    }
    assert_int_equal(uv_loop_close(&loop), 0);
    memset(&settings, 0xdd, sizeof settings);
    pthread_mutex_unlock(&gate); /* the threads come back to a world that is gone */
    wait_for(&resolved, 2);
    (void)usleep(300000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_stuck_in_name_resolution)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
