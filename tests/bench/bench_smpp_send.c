/*
 * The SMPP back end alone: sends COUNT messages of one part through a window of 100 to the centre
 * on PORT and prints submits per second. Usage: bench_smpp_send PORT COUNT
 */
#include "providers/provider.h"

#include <stdio.h>
#include <stdlib.h>

enum { WINDOW = 100 };

struct send {
    const struct provider_type *type;
    struct provider *provider;
    struct provider_host host;
    uv_loop_t loop;
    struct provider_job jobs[2 * WINDOW];
    int64_t left; /* to be submitted */
    int64_t open; /* submitted, without an outcome */
    int64_t failed;
    bool draining;
};

static void submit(struct send *s, struct provider_job *job)
{
    s->left--;
    s->open++;
    snprintf(job->ref, sizeof job->ref, "m%lld-1", (long long)++job->message_id);
    s->type->submit(s->provider, &job, 1);
}

static void on_done(void *ctx, struct provider_job *job, const struct outcome *o)
{
    struct send *s = ctx;

    s->open--;
    s->failed += o->class != OUTCOME_SENT;
    if (s->left > 0) {
        submit(s, job);
    } else if (s->open == 0 && !s->draining) {
        s->draining = true;
        s->type->drain(s->provider);
    }
}

static void on_report(void *ctx, const struct provider_report *list, size_t count)
{
    (void)ctx;
    (void)list;
    (void)count;
}

static void on_health(void *ctx, enum provider_health health, const char *sentence)
{
    (void)ctx;
    (void)health;
    (void)sentence;
}

static void on_drained(void *ctx)
{
    struct send *s = ctx;

    s->type->destroy(s->provider);
}

static void *read_settings(const struct provider_type *type, int port)
{
    void *settings = calloc(1, type->settings_size);
    struct json_doc *doc = NULL;
    struct faults faults;
    char text[300];

    snprintf(text, sizeof text,
             "{\"host\":\"127.0.0.1\",\"port\":%d,\"tls\":\"off\",\"system_id\":\"bench\","
             "\"password\":{\"env\":\"SMPP_PASSWORD\"},\"sender\":\"BENCH\",\"window\":%d}",
             port, WINDOW);
    faults_init(&faults);
    if (settings == NULL ||
        json_parse(str_of(text), 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        exit(70);
    }
    option_read(type->options, json_root(doc), "", settings, &faults);
    if (faults.errors > 0) {
        fprintf(stderr, "bench_smpp_send: %s\n", faults.list[0].en);
        exit(70);
    }
    json_free(doc);
    return settings;
}

static void run(struct send *s, int port, int64_t count)
{
    struct err e;

    s->type = provider_type_find(STR("smpp"));
    uv_loop_init(&s->loop);
    s->host = (struct provider_host){.ctx = s,
                                     .done = on_done,
                                     .report = on_report,
                                     .health = on_health,
                                     .drained = on_drained,
                                     .loop = &s->loop,
                                     .clock = clock_system(),
                                     .name = "bench",
                                     .report_url = ""};
    if (s->type->create(&s->host, read_settings(s->type, port), &s->provider, &e) != 0 ||
        s->type->start(s->provider, &e) != 0) {
        fprintf(stderr, "bench_smpp_send: %s\n", e.text);
        exit(70);
    }
    s->left = count;
    for (size_t i = 0; i < 2 * WINDOW && s->left > 0; i++) {
        s->jobs[i] = (struct provider_job){
            .attempt = 1,
            .channel = CHANNEL_SMS,
            .to = "+905320000067",
            .deadline_ms = INT64_MAX,
            .mode = SMS_TR_SINGLE,
            .text = "E-imzanızın süresi 12 gün sonra (04.12.2026) doluyor. Başvuru: ornek.test"};
        submit(s, &s->jobs[i]);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
    struct send *s = calloc(1, sizeof *s);
    int64_t port = 0;
    int64_t count = 0;
    uint64_t start = uv_hrtime();

    if (s == NULL || argc != 3 || str_i64(str_of(argv[1]), &port) != 0 ||
        str_i64(str_of(argv[2]), &count) != 0 || count < 1) {
        fprintf(stderr, "usage: bench_smpp_send PORT COUNT\n");
        return 64;
    }
    run(s, (int)port, count);
    if (s->failed > 0) {
        fprintf(stderr, "bench_smpp_send: %lld were not taken\n", (long long)s->failed);
        return 1;
    }
    printf("%.0f\n", (double)count / ((double)(uv_hrtime() - start) / 1e9));
    return 0;
}
