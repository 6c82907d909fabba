/*
 * Fills a gateway's database as COUNT accepted facts would: an event with a random id, a case and a
 * planned message each, none of them due. Usage: bench_fill DATABASE COUNT
 */
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 5000 };

struct fill {
    struct store *s;
    struct err e;
    uint64_t seed;
    int64_t now_ms;
};

static void must(struct fill *f, int rc)
{
    if (rc != 0) {
        (void)fprintf(stderr, "bench_fill: %s\n", f->e.text);
        exit(1);
    }
}

/* splitmix64: good enough for ids that look random to an index. */
static uint64_t next(struct fill *f)
{
    uint64_t z = f->seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void random_name(struct fill *f, char kind, char ret[40])
{
    (void)snprintf(ret, 40, "%c%016" PRIx64 "%016" PRIx64, kind, next(f), next(f));
}

static int64_t add_case(struct fill *f, int64_t seq)
{
    static const char facts[300] = "{\"holder\":{\"name\":\"Ayşe Yılmaz\"}}";
    struct case_row row = {.facts = {facts, sizeof facts}, .event_seq = seq};
    char certificate[40];
    char holder[40];
    int64_t id;

    random_name(f, 'c', certificate);
    random_name(f, 'h', holder);
    row.certificate = str_of(certificate);
    row.holder = str_of(holder);
    must(f, store_case_put(f->s, &row, &id, &f->e));
    return id;
}

static void add_fact(struct fill *f)
{
    static const char body[400] = "{\"type\":\"tr.eimza.certificate.expiring.v1\"}";
    struct event_row event = {.source = STR("urn:ornek:panel"), .body = {body, sizeof body}};
    struct message_row m = {.campaign = STR("yenileme"),
                            .step = 30,
                            .channel = CHANNEL_SMS,
                            .state = MESSAGE_PLANNED,
                            .urgency = URGENCY_CAMPAIGN,
                            .created_ms = f->now_ms};
    unsigned char digest[SHA256_SIZE];
    char name[40];
    int64_t id;

    random_name(f, 'e', name);
    event.id = str_of(name);
    event.received_ms = f->now_ms;
    must(f, store_event_append(f->s, &event, &m.event_seq, digest, &f->e));
    m.case_id = add_case(f, m.event_seq);
    m.due_ms = f->now_ms + 86400000LL * (1 + (int64_t)(next(f) % 200));
    m.planned_ms = m.due_ms;
    m.deadline_ms = m.due_ms + 30 * 86400000LL;
    must(f, store_message_add(f->s, &m, &id, &f->e));
    must(f, store_set_applied(f->s, m.event_seq, &f->e));
}

int main(int argc, char **argv)
{
    struct fill f = {.seed = 42, .now_ms = (int64_t)time(NULL) * 1000};
    int64_t count = 0;

    if (argc != 3 || str_i64(str_of(argv[2]), &count) != 0) {
        (void)fprintf(stderr, "usage: bench_fill DATABASE COUNT\n");
        return 64;
    }
    must(&f, store_sqlite_open(argv[1], STORE_CREATE, &f.s, &f.e));
    for (int64_t done = 0; done < count;) {
        must(&f, store_begin(f.s, &f.e));
        for (int i = 0; i < BATCH && done < count; i++, done++) {
            add_fact(&f);
        }
        must(&f, store_commit(f.s, &f.e));
    }
    store_close(f.s);
    return 0;
}
