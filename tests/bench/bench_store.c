/*
 * How fast the SQLite store is, and whether that depends on how much is stored. One JSON object per
 * line. Usage: bench_store DIRECTORY [ROWS]; the directory should be on the disk to be measured.
 */
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SMALL = 10000, FILL_BATCH = 5000, RUN_MS = 700, CLAIM_BATCH = 64 };

struct bench {
    struct store *s;
    struct err e;
    char path[512];
    uint64_t seed;
    int64_t stored;
    int64_t now_ms;
};

static double read_clock(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double now_s(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* A busy disk hides what the program itself costs: both are told. */
struct lap {
    double start;
    double cpu;
};

static struct lap lap_start(void)
{
    return (struct lap){now_s(), read_clock(CLOCK_PROCESS_CPUTIME_ID)};
}

static void lap_tell(const struct lap *lap, const char *name, int batch, int64_t stored,
                     int64_t done)
{
    const double took = now_s() - lap->start;
    const double cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) - lap->cpu;

    (void)printf("{\"name\":\"%s\",\"batch\":%d,\"stored\":%" PRId64
                 ",\"per_s\":%.0f,\"us\":%.1f,\"cpu_us\":%.1f}\n",
                 name, batch, stored, (double)done / took, took * 1e6 / (double)done,
                 cpu * 1e6 / (double)done);
    (void)fflush(stdout);
}

static void must(struct bench *b, int rc, const char *what)
{
    if (rc != 0) {
        (void)fprintf(stderr, "bench_store: %s: %s\n", what, b->e.text);
        exit(1);
    }
}

/* splitmix64: good enough for ids that look random to an index. */
static uint64_t next(struct bench *b)
{
    uint64_t z = b->seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void append_event(struct bench *b)
{
    static const char body[400] =
        "{\"type\":\"tr.eimza.certificate.expiring.v1\",\"holder\":{\"name\":\"Ayşe Yılmaz\"}}";
    unsigned char digest[SHA256_SIZE];
    struct event_row row = {.source = STR("urn:ornek:panel"), .body = {body, sizeof body}};
    char id[40];
    int64_t seq;

    (void)snprintf(id, sizeof id, "%016" PRIx64 "%016" PRIx64, next(b), next(b));
    row.id = str_of(id);
    must(b, store_event_append(b->s, &row, &seq, digest, &b->e), "append");
    b->stored++;
}

/* What an accepted fact becomes: an event, a case, and a planned message on each channel. */
static void accept_fact(struct bench *b)
{
    static const char facts[300] = "{\"holder\":{\"name\":\"Ayşe Yılmaz\"}}";
    char certificate[40];
    char holder[40];
    struct case_row row = {.facts = {facts, sizeof facts}};
    int64_t case_id;
    int64_t id;

    append_event(b);
    (void)snprintf(certificate, sizeof certificate, "c%016" PRIx64, next(b));
    (void)snprintf(holder, sizeof holder, "h%016" PRIx64, next(b));
    row.certificate = str_of(certificate);
    row.holder = str_of(holder);
    must(b, store_case_put(b->s, &row, &case_id, &b->e), "case");
    for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
        struct message_row m = {.case_id = case_id,
                                .campaign = STR("yenileme"),
                                .step = 30,
                                .channel = (enum channel)channel,
                                .state = MESSAGE_PLANNED,
                                .urgency = URGENCY_CAMPAIGN,
                                .template = STR("e1"),
                                .due_ms = (int64_t)(next(b) % 90) * 86400000,
                                .deadline_ms = 90LL * 86400000};

        must(b, store_message_add(b->s, &m, &id, &b->e), "message");
    }
}

static void append_batches(struct bench *b, int batch, void (*one)(struct bench *b),
                           const char *name)
{
    const int64_t before = b->stored;
    const struct lap lap = lap_start();

    do {
        must(b, store_begin(b->s, &b->e), "begin");
        for (int i = 0; i < batch; i++) {
            one(b);
        }
        must(b, store_commit(b->s, &b->e), "commit");
    } while ((now_s() - lap.start) * 1000 < RUN_MS);
    lap_tell(&lap, name, batch, before, b->stored - before);
}

/* The same with a savepoint for each, as the store thread does. */
static void append_part(struct bench *b)
{
    must(b, store_savepoint(b->s, &b->e), "savepoint");
    append_event(b);
    must(b, store_release(b->s, &b->e), "release");
}

static void fill(struct bench *b, int64_t rows)
{
    while (b->stored < rows) {
        must(b, store_begin(b->s, &b->e), "begin");
        for (int i = 0; i < FILL_BATCH && b->stored < rows; i++) {
            accept_fact(b);
        }
        must(b, store_commit(b->s, &b->e), "commit");
    }
}

/* ---- claim and settle ---- */

struct claimed {
    struct bench *b;
    int64_t ids[CLAIM_BATCH];
    size_t count;
};

static int claim_one(void *ctx, const struct due_row *row)
{
    struct claimed *c = ctx;
    const struct attempt_row a = {.message_id = row->message.id,
                                  .number = 1,
                                  .provider = STR("sms1"),
                                  .outcome = -1,
                                  .content = STR("Sayın Ayşe Yılmaz, e-imza sertifikanızın "
                                                 "süresi 30 gün sonra doluyor.")};
    const struct message_move m = {.id = row->message.id,
                                   .from = row->message.state,
                                   .to = MESSAGE_SENDING,
                                   .set = SET_LEASE | SET_ATTEMPTS | SET_PROVIDER,
                                   .lease_ms = 1,
                                   .attempts = 1,
                                   .provider = STR("sms1"),
                                   .opens = &a};

    c->ids[c->count++] = row->message.id;
    must(c->b, store_message_move(c->b->s, &m, &c->b->e), "claim");
    return 0;
}

static void settle_one(struct bench *b, int64_t id)
{
    char ref[32];
    struct message_move m = {.id = id,
                             .from = MESSAGE_SENDING,
                             .to = MESSAGE_ACCEPTED,
                             .set = SET_LEASE | SET_PROVIDER_REF,
                             .lease_ms = 2};
    struct attempt_row a = {.message_id = id, .number = 1, .code = STR("200")};

    (void)snprintf(ref, sizeof ref, "%016" PRIx64, next(b));
    m.provider_ref = str_of(ref);
    a.provider_ref = str_of(ref);
    m.closes = &a;
    must(b, store_message_move(b->s, &m, &b->e), "settle");
}

static void claim_and_settle(struct bench *b)
{
    const struct lap lap = lap_start();
    size_t messages = 0;

    do {
        struct claimed c = {.b = b};

        must(b, store_begin(b->s, &b->e), "begin");
        must(b, store_due(b->s, CHANNEL_SMS, INT64_MAX, CLAIM_BATCH, claim_one, &c, &b->e), "due");
        must(b, store_commit(b->s, &b->e), "commit");
        must(b, store_begin(b->s, &b->e), "begin");
        for (size_t i = 0; i < c.count; i++) {
            settle_one(b, c.ids[i]);
        }
        must(b, store_commit(b->s, &b->e), "commit");
        messages += c.count;
    } while ((now_s() - lap.start) * 1000 < RUN_MS);
    lap_tell(&lap, "claim_settle", CLAIM_BATCH, b->stored, (int64_t)messages);
}

static long rss_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    long size = 0;
    long resident = 0;

    if (f != NULL) {
        if (fscanf(f, "%ld %ld", &size, &resident) != 2) {
            resident = 0;
        }
        (void)fclose(f);
    }
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void measure(struct bench *b)
{
    static const int batches[] = {1, 16, 64, 256};

    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        append_batches(b, batches[i], append_event, "event");
    }
    append_batches(b, 64, append_part, "event_savepoint");
    append_batches(b, 64, accept_fact, "fact");
    claim_and_settle(b);
}

static void remove_files(const struct bench *b)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < 4; i++) {
        char path[600];

        (void)snprintf(path, sizeof path, "%s%s", b->path, suffixes[i]);
        (void)unlink(path);
    }
}

static void reopen(struct bench *b)
{
    double start;

    store_close(b->s);
    start = now_s();
    must(b, store_sqlite_open(b->path, 0, &b->s, &b->e), "open");
    (void)printf("{\"name\":\"open\",\"stored\":%" PRId64 ",\"ms\":%.1f,\"rss_kib\":%ld}\n",
                 b->stored, (now_s() - start) * 1000, rss_kib());
}

int main(int argc, char **argv)
{
    struct bench b = {.seed = 42};
    int64_t rows = 1000000;

    if (argc < 2 || (argc > 2 && str_i64(str_of(argv[2]), &rows) != 0)) {
        (void)fprintf(stderr, "usage: bench_store DIRECTORY [ROWS]\n");
        return 64;
    }
    (void)snprintf(b.path, sizeof b.path, "%s/bench-store.db", argv[1]);
    remove_files(&b);
    must(&b, store_sqlite_open(b.path, STORE_CREATE, &b.s, &b.e), "open");
    fill(&b, SMALL);
    measure(&b);
    fill(&b, rows);
    reopen(&b);
    measure(&b);
    (void)printf("{\"name\":\"rss\",\"stored\":%" PRId64 ",\"rss_kib\":%ld}\n", b.stored,
                 rss_kib());
    store_close(b.s);
    remove_files(&b);
    return 0;
}
