/*
 * What the words of one message cost: filling and rendering an SMS, choosing its encoding,
 * composing a mail. Processor time, the median of several rounds; one JSON object per line. Usage:
 * bench_text [TEMPLATES]
 */
#include "text/mail.h"
#include "text/render.h"
#include "text/sms.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 9, LOOPS = 20000, FIGURES = 6 };

struct bench {
    struct message_set *set;
    struct render_facts facts[2]; /* by turns, so that nothing is the same twice in a row */
    struct render_values *values;
    struct render_mail parts;
    struct buf sms;
    struct buf tidy;
    struct buf wire;
    struct err e;
    size_t turn;
};

static void must(const struct bench *b, int rc)
{
    if (rc != 0) {
        (void)fprintf(stderr, "bench_text: %s\n", b->e.text);
        exit(1);
    }
}

static double cpu_us(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void fill(struct bench *b)
{
    must(b, render_values_set(b->values, LANG_TR, &b->facts[b->turn++ % 2]));
}

static void render(struct bench *b)
{
    fill(b);
    buf_reset(&b->sms);
    must(b, render_sms(b->set, STR("a30"), b->values, &b->sms, &b->e));
}

/* As dispatch does it, for a provider that takes Turkish in 7 bit. */
static void encode(struct bench *b)
{
    static const char text[] =
        "E-imzanızın süresi 30 gün sonra (12.02.2027) doluyor. Onay ve kurye süresi için bu hafta "
        "başvurmanızı öneririz: portal.kamusm.gov.tr/bp/meb.go İğdeci";
    struct sms_options options = {.reserve = SMS_RESERVE_TR};
    struct sms_measure measure;
    enum sms_mode mode;

    buf_reset(&b->tidy);
    must(b, sms_tidy((struct str){text, sizeof text - 1}, 0, &b->tidy, &b->e));
    must(b, sms_choose((struct str){b->tidy.data, b->tidy.len}, SMS_ALLOW_7BIT, &options, &mode,
                       &measure, &b->e));
}

static void compose(struct bench *b)
{
    struct mail mail = {.from = {STR("Örnekil İl Millî Eğitim Müdürlüğü"), STR("a@ornek.test")},
                        .reply_to = {{NULL, 0}, STR("bilgi@ornek.test")},
                        .to = {STR("Işıl ÇİĞDEM"), STR("isil.cigdem@ornek.test")},
                        .subject = {b->parts.subject.data, b->parts.subject.len},
                        .text = {b->parts.text.data, b->parts.text.len},
                        .html = {b->parts.html.data, b->parts.html.len},
                        .message_id = STR("msg_0123456789abcdef@ornek.test"),
                        .references = STR("case-67@ornek.test"),
                        .date_ms = b->facts[0].now_ms};

    buf_reset(&b->wire);
    must(b, mail_compose(&mail, &b->wire, &b->e));
}

static void render_parts(struct bench *b)
{
    must(b, render_mail(b->set, STR("a30"), b->values, &b->parts, &b->e));
}

static double once(struct bench *b, void (*work)(struct bench *b))
{
    double start = cpu_us();

    for (int i = 0; i < LOOPS; i++) {
        work(b);
    }
    return (cpu_us() - start) / LOOPS;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void tell(const char *figure, double values[ROUNDS], double goal)
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    (void)printf("{\"figure\":\"%s\",\"value\":%.2f,\"unit\":\"us\",", figure, values[ROUNDS / 2]);
    if (goal > 0) {
        (void)printf("\"goal\":%.0f,\"ok\":%s,", goal,
                     values[ROUNDS / 2] <= goal ? "true" : "false");
    } else {
        (void)printf("\"goal\":null,\"ok\":null,");
    }
    (void)printf("\"spread\":[%.2f,%.2f],\"n\":%d}\n", values[0], values[ROUNDS - 1], ROUNDS);
}

static void run(struct bench *b)
{
    static const struct {
        const char *figure;
        void (*work)(struct bench *b);
        bool summed;
    } table[FIGURES - 1] = {{"text_render_sms_us", render, true},
                            {"text_encode_us", encode, true},
                            {"text_mail_us", compose, true},
                            {"text_render_mail_us", render_parts, false},
                            {"text_values_us", fill, false}};
    double took[FIGURES][ROUNDS] = {{0}};

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < FIGURES - 1; i++) {
            took[i][round] = once(b, table[i].work);
            took[FIGURES - 1][round] += table[i].summed ? took[i][round] : 0;
        }
    }
    for (int i = 0; i < FIGURES - 1; i++) {
        tell(table[i].figure, took[i], 0);
    }
    tell("text_all_three_us", took[FIGURES - 1], 10);
}

static void prepare(struct bench *b, const char *templates)
{
    struct faults faults;

    faults_init(&faults);
    must(b, message_set_load(templates, &b->set, &faults));
    faults_finish(&faults);
    b->facts[0] = render_sample_facts(LANG_TR);
    b->facts[1] = b->facts[0];
    b->facts[1].given_name = STR("Şükran Su");
    b->facts[1].family_name = STR("Işık");
    b->facts[1].end_ms += 86400000;
    b->values = render_values_create();
    render_mail_init(&b->parts);
    buf_init(&b->sms, RENDER_SMS_MAX);
    buf_init(&b->tidy, RENDER_SMS_MAX);
    buf_init(&b->wire, 2 * RENDER_MAIL_MAX);
    fill(b);
    render_parts(b);
}

int main(int argc, char **argv)
{
    struct bench b = {.e = {0}};

    prepare(&b, argc > 1 ? argv[1] : HATIRLAT_SOURCE_DIR "/config/templates");
    run(&b);
    message_set_free(b.set);
    render_values_free(b.values);
    render_mail_finish(&b.parts);
    buf_finish(&b.sms);
    buf_finish(&b.tidy);
    buf_finish(&b.wire);
    return 0;
}
