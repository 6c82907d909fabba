/* The SMPP session against a message centre that is played by a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../peers/provider_world.h"
#include "../peers/smsc_peer.h"
#include "providers/smpp/smpp_state.h"

#include <signal.h>
#include <stdatomic.h>

enum { ANSWERS = 16, NO_ANSWER = -1, HANG_UP = -2, UNITS = 512 };

/* What the centre does, and what it saw. */
struct centre {
    int bind[4];         /* statuses of the first binds, then the last again */
    int submit[ANSWERS]; /* of the first submits, NO_ANSWER or HANG_UP; then 0 */
    bool deaf;           /* enquire_link is not answered */
    bool receipt_first;  /* a receipt in front of every answer */
    bool keep_answers;   /* submits are answered by the test, through fd */
    void (*on_submit)(struct centre *c, int fd, const struct smsc_unit *u);
    pthread_mutex_t lock;
    int fd;
    int binds;
    int submits;
    int unbinds;
    int enquires;
    int waiting; /* unanswered, and the most there were */
    int waiting_most;
    uint32_t last_sequence;
    struct smsc_unit units[UNITS]; /* the submits */
    struct smsc_unit other;        /* the last unit of another kind */
    atomic_int others;
};

struct test {
    struct provider_world w;
    struct http_peer peer;
    struct centre c;
    struct smpp_settings settings;
    struct json_doc *doc;
    void (*stored)(void *arg, int status);
    void *stored_arg[2048];
    atomic_int stored_count;
};

static void answer_submit(struct centre *c, int fd, const struct smsc_unit *u, int status)
{
    char id[16];

    snprintf(id, sizeof(id), "id%u", u->sequence);
    if (c->receipt_first) {
        char text[64];

        snprintf(text, sizeof(text), "id:%s stat:DELIVRD err:000", id);
        smsc_deliver(fd, 7000 + u->sequence, "905320000001", 4, text, NULL, 0);
    }
    smsc_answer(fd, u, (uint32_t)status, status == 0 ? id : NULL);
}

static void take_submit(struct centre *c, int fd, const struct smsc_unit *u)
{
    int n;
    int status;

    pthread_mutex_lock(&c->lock);
    n = c->submits++;
    c->units[n % UNITS] = *u;
    c->last_sequence = u->sequence;
    c->waiting++;
    c->waiting_most = c->waiting > c->waiting_most ? c->waiting : c->waiting_most;
    pthread_mutex_unlock(&c->lock);
    status = n < ANSWERS ? c->submit[n] : 0;
    if (c->on_submit != NULL) {
        c->on_submit(c, fd, u);
    } else if (status >= 0) {
        pthread_mutex_lock(&c->lock);
        c->waiting--;
        pthread_mutex_unlock(&c->lock);
        answer_submit(c, fd, u, status);
    } else if (status == HANG_UP) {
        shutdown(fd, SHUT_RDWR);
    }
}

static void talk(void *ctx, int fd)
{
    struct centre *c = ctx;
    struct smsc_unit *u = malloc(sizeof(*u));
    int n;

    while (smsc_read(fd, u)) {
        switch (u->command) {
        case 0x09:
            pthread_mutex_lock(&c->lock);
            c->fd = fd;
            n = c->binds++;
            c->other = *u;
            pthread_mutex_unlock(&c->lock);
            n = n < 4 ? n : 3;
            smsc_answer(fd, u, (uint32_t)c->bind[n], c->bind[n] == 0 ? "MERKEZ" : NULL);
            break;
        case 0x04:
            take_submit(c, fd, u);
            break;
        case 0x15:
            c->enquires++;
            if (!c->deaf) {
                smsc_answer(fd, u, 0, NULL);
            }
            break;
        case 0x06:
            c->unbinds++;
            smsc_answer(fd, u, 0, NULL);
            break;
        default:
            pthread_mutex_lock(&c->lock);
            c->other = *u;
            pthread_mutex_unlock(&c->lock);
            c->others++;
            break;
        }
    }
    free(u);
}

static void read_settings(struct test *t, const char *more)
{
    struct faults faults;
    char text[800];

    snprintf(text, sizeof(text),
             "{\"host\":\"127.0.0.1\",\"port\":%d,\"tls\":\"off\",\"system_id\":\"hatirlat\","
             "\"password\":{\"env\":\"HATIRLAT_TEST_SECRET\"},\"sender\":\"BATMANMEM\"%s%s}",
             t->peer.port, more[0] == '\0' ? "" : ",", more);
    memset(&t->settings, 0, sizeof(t->settings));
    faults_init(&faults);
    assert_int_equal(json_parse(str_of(text), 0, &json_default_limits, &t->doc, NULL, NULL), 0);
    option_read(smpp_options, json_root(t->doc), "", &t->settings, &faults);
    smpp_settings_check(&t->settings, "", &faults);
    if (faults.errors > 0) {
        fail_msg("%s: %s", faults.list[0].pointer, faults.list[0].en);
    }
    faults_finish(&faults);
}

static void prepare(struct test *t)
{
    memset(t, 0, sizeof(*t));
    pthread_mutex_init(&t->c.lock, NULL);
    peer_start(&t->peer, NULL, &t->c);
    t->peer.talk = talk;
    provider_world_init(&t->w, &smpp_provider_type);
}

static void start(struct test *t, const char *more)
{
    struct err e = {0};

    read_settings(t, more);
    if (smpp_provider_type.create(&t->w.host, &t->settings, &t->w.provider, &e) != 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(smpp_provider_type.start(t->w.provider, &e), 0);
}

static void finish(struct test *t)
{
    provider_world_finish(&t->w);
    assert_false(t->w.called_inside);
    assert_int_equal(t->w.drained, 1);
    for (size_t i = 0; i < t->w.submitted; i++) {
        assert_int_equal(t->w.jobs[i].done, 1);
    }
    peer_stop(&t->peer);
    option_release(smpp_options, &t->settings);
    json_free(t->doc);
    pthread_mutex_destroy(&t->c.lock);
}

#define UNTIL(condition) assert_true(WORLD_UNTIL(&t->w, condition, 20))

static struct outcome *outcome_of(struct test *t, size_t i)
{
    UNTIL(t->w.jobs[i].done > 0);
    return &t->w.jobs[i].outcome;
}

static void expect(struct test *t, size_t i, enum outcome_class class, const char *code)
{
    struct outcome *o = outcome_of(t, i);

    if (o->class != class || strcmp(o->code, code) != 0) {
        fail_msg("job %zu: %s %s: %s", i, outcome_name(o->class), o->code, o->detail);
    }
}

/* A text of three parts. */
static void submit_long(struct test *t)
{
    static char text[420];
    struct provider_job *job = world_job(&t->w, t->w.submitted);

    memset(text, 'a', sizeof(text) - 1);
    job->text = text;
    job->mode = SMS_GSM7;
    world_submit(&t->w, 1);
}

/* The place of a part in its message, from the header. */
static int place_of(const struct smsc_unit *u)
{
    const unsigned char *at = memmem(u->bytes, u->length, "\x05\x00\x03", 3);

    assert_non_null(at);
    return at[5];
}

static int begin(void **state)
{
    prepare(*state);
    return 0;
}

/* ---- binding ---- */

static void test_bind_and_send(void **state)
{
    struct test *t = *state;

    start(t, "\"system_type\":\"SMPP\"");
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_SENT, "0x00000000");
    assert_string_equal(t->w.jobs[0].outcome.provider_ref, "id2");
    assert_int_equal(t->w.health, PROVIDER_HEALTHY);
    /* system_id, password, system_type, version 3.4, no address of ours */
    assert_memory_equal(t->c.other.bytes + 16, "hatirlat\0gizli\0SMPP\0\x34\0\0\0", 24);
    assert_non_null(memmem(t->c.units[0].bytes, t->c.units[0].length, "905320000000", 13));
    finish(t);
    assert_int_equal(t->c.unbinds, 1);
}

static void test_refused_bind_is_the_account(void **state)
{
    struct test *t = *state;

    t->c.bind[0] = 0x0E;
    start(t, "");
    world_submit(&t->w, 2);
    expect(t, 0, OUTCOME_ACCOUNT, "bind 0x0000000E");
    expect(t, 1, OUTCOME_ACCOUNT, "bind 0x0000000E");
    assert_int_equal(t->w.health, PROVIDER_BROKEN);
    assert_non_null(strstr(t->w.health_text, "ESME_RINVPASWD"));
    assert_null(strstr(t->w.health_text, "gizli"));
    world_submit(&t->w, 1); /* at once: nothing is tried, nothing waits */
    expect(t, 2, OUTCOME_ACCOUNT, "bind 0x0000000E");
    assert_int_equal(t->c.binds, 1);
    assert_int_equal(t->c.submits, 0);
    finish(t);
}

static void test_busy_bind_heals(void **state)
{
    struct test *t = *state;

    t->c.bind[0] = 0x05; /* an earlier session of ours is not gone yet */
    start(t, "");
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_DOWN, "bind 0x00000005");
    UNTIL(t->w.health == PROVIDER_HEALTHY && t->w.health_calls > 1);
    world_submit(&t->w, 1);
    expect(t, 1, OUTCOME_SENT, "0x00000000");
    finish(t);
}

static void test_unanswered_bind(void **state)
{
    struct test *t = *state;

    t->peer.talk = NULL; /* waits for HTTP for ever */
    start(t, "\"timeouts\":{\"connect\":\"200ms\"}");
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_DOWN, "connect");
    assert_int_equal(t->w.health, PROVIDER_DEGRADED);
    finish(t);
}

static void test_unknown_name(void **state)
{
    struct test *t = *state;

    start(t, "");
    finish(t);
    prepare(t);
    read_settings(t, "\"timeouts\":{\"connect\":\"2s\"}");
    free(t->settings.host);
    t->settings.host = str_dup(STR("merkez.invalid"));
    assert_int_equal(smpp_provider_type.create(&t->w.host, &t->settings, &t->w.provider, NULL), 0);
    assert_int_equal(smpp_provider_type.start(t->w.provider, NULL), 0);
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_DOWN, "connect");
    finish(t);
}

static void test_stopped_while_a_name_is_looked_up(void **state)
{
    struct test *t = *state;

    read_settings(t, "");
    free(t->settings.host);
    t->settings.host = str_dup(STR("merkez.invalid"));
    assert_int_equal(smpp_provider_type.create(&t->w.host, &t->settings, &t->w.provider, NULL), 0);
    assert_int_equal(smpp_provider_type.start(t->w.provider, NULL), 0);
    uv_run(&t->w.loop, UV_RUN_NOWAIT);
    finish(t);
}

/* ---- the window ---- */

static void hold_answers(struct centre *c, int fd, const struct smsc_unit *u)
{
    usleep(500);
    pthread_mutex_lock(&c->lock);
    c->waiting--;
    pthread_mutex_unlock(&c->lock);
    answer_submit(c, fd, u, 0);
}

static void keep_silent(struct centre *c, int fd, const struct smsc_unit *u)
{
    (void)c;
    (void)fd;
    (void)u;
}

static void test_window(void **state)
{
    struct test *t = *state;

    t->c.on_submit = keep_silent;
    start(t, "\"window\":4,\"timeouts\":{\"drain\":\"100ms\"}");
    world_submit(&t->w, 20);
    UNTIL(t->c.submits == 4);
    WORLD_UNTIL(&t->w, false, 0.2);
    assert_int_equal(t->c.submits, 4);
    finish(t); /* the answers did not come: four are in doubt, sixteen untouched */
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(t->w.jobs[i].outcome.class, i < 4 ? OUTCOME_UNKNOWN : OUTCOME_UNTOUCHED);
    }
}

static void test_many(void **state)
{
    struct test *t = *state;

    t->c.on_submit = hold_answers;
    start(t, "\"window\":10");
    for (size_t n = 0; n < 300; n += 30) {
        world_submit(&t->w, 30);
    }
    UNTIL(t->w.done == 300);
    for (size_t i = 0; i < 300; i++) {
        expect(t, i, OUTCOME_SENT, "0x00000000");
    }
    assert_in_range(t->c.waiting_most, 1, 10);
    assert_int_equal(t->c.submits, 300);
    finish(t);
}

/* ---- refusals ---- */

static void test_refusals(void **state)
{
    static const struct {
        int status;
        int attempt;
        enum outcome_class class;
        const char *code;
    } rows[] = {
        {0x0B, 1, OUTCOME_REJECTED, "0x0000000B"},  {0x08, 1, OUTCOME_RETRY, "0x00000008"},
        {0x08, 9, OUTCOME_RETRY, "0x00000008"},     {0x0A, 1, OUTCOME_ACCOUNT, "0x0000000A"},
        {0x401, 1, OUTCOME_REJECTED, "0x00000401"}, {0x402, 1, OUTCOME_RETRY, "0x00000402"},
        {0x402, 2, OUTCOME_RETRY, "0x00000402"},    {0, 1, OUTCOME_SENT, "0x00000000"},
        {0x402, 3, OUTCOME_REJECTED, "0x00000402"}, {0x402, 3, OUTCOME_REJECTED, "0x00000402"},
        {0x0B, 1, OUTCOME_REJECTED, "0x0000000B"},  {0x402, 3, OUTCOME_REJECTED, "0x00000402"},
    };
    struct test *t = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        t->c.submit[i] = rows[i].status;
    }
    start(t, "\"statuses\":[\"0x401=rejected\"],\"throttle_wait\":\"100ms\"");
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        world_job(&t->w, i)->attempt = rows[i].attempt;
        world_submit(&t->w, 1);
        expect(t, i, rows[i].class, rows[i].code);
    }
    finish(t);
}

/* Nobody's message is thrown away when the centre says the same strange thing to all. */
static void test_a_strange_status_for_all_is_the_account(void **state)
{
    struct test *t = *state;

    for (size_t i = 0; i < 8; i++) {
        t->c.submit[i] = 0x402;
    }
    start(t, "\"throttle_wait\":\"100ms\"");
    for (size_t i = 0; i < 8; i++) {
        world_job(&t->w, i)->attempt = 3;
        world_submit(&t->w, 1);
        expect(t, i, i < 2 ? OUTCOME_REJECTED : OUTCOME_ACCOUNT, "0x00000402");
    }
    finish(t);
}

/* It is given up in the end: the account is held for each of its tries, and others wait. */
static void test_a_message_alone_with_a_strange_status_holds_up_nobody_for_ever(void **state)
{
    static const struct {
        int attempt;
        enum outcome_class class;
    } rows[] = {{1, OUTCOME_RETRY},   {2, OUTCOME_RETRY},   {3, OUTCOME_ACCOUNT},
                {3, OUTCOME_ACCOUNT}, {3, OUTCOME_ACCOUNT}, {3, OUTCOME_REJECTED}};
    struct test *t = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        t->c.submit[i] = 0x402;
    }
    start(t, "\"throttle_wait\":\"100ms\"");
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        world_job(&t->w, i)->attempt = rows[i].attempt;
        t->w.jobs[i].job.message_id = 1;
        world_submit(&t->w, 1);
        expect(t, i, rows[i].class, "0x00000402");
    }
    finish(t);
}

static void test_throttling_pauses_and_doubles(void **state)
{
    struct test *t = *state;
    uint64_t began;

    t->c.submit[0] = 0x58;
    t->c.submit[1] = 0x14;
    start(t, "\"throttle_wait\":\"200ms\"");
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_THROTTLED, "0x00000058");
    assert_in_range(t->w.jobs[0].outcome.wait_ms, 1, 200);
    began = uv_hrtime();
    world_submit(&t->w, 1);
    expect(t, 1, OUTCOME_THROTTLED, "0x00000014");
    assert_true(uv_hrtime() - began >= 150 * 1000000ull);
    assert_in_range(t->w.jobs[1].outcome.wait_ms, 201, 400);
    world_submit(&t->w, 1);
    expect(t, 2, OUTCOME_SENT, "0x00000000");
    assert_true(uv_hrtime() - began >= 500 * 1000000ull);
    finish(t);
}

static void test_not_an_sms(void **state)
{
    struct test *t = *state;

    start(t, "");
    world_job(&t->w, 0)->to = "+90 532";
    world_job(&t->w, 1)->text = "Ğ";
    world_job(&t->w, 1)->mode = SMS_GSM7;
    world_job(&t->w, 2)->deadline_ms = 1;
    world_submit(&t->w, 3);
    expect(t, 0, OUTCOME_REJECTED, "local");
    expect(t, 1, OUTCOME_REJECTED, "local");
    expect(t, 2, OUTCOME_UNTOUCHED, "untouched");
    assert_int_equal(t->c.submits, 0);
    finish(t);
}

/* ---- messages of several parts ---- */

static void test_parts_after_the_first(void **state)
{
    struct test *t = *state;

    start(t, "");
    submit_long(t);
    expect(t, 0, OUTCOME_SENT, "0x00000000");
    assert_string_equal(t->w.jobs[0].outcome.provider_ref, "id4");
    assert_int_equal(t->c.submits, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(place_of(&t->c.units[i]), i + 1);
    }
    finish(t);
}

static void test_first_part_refused(void **state)
{
    struct test *t = *state;

    t->c.submit[0] = 0x58;
    start(t, "");
    submit_long(t);
    expect(t, 0, OUTCOME_THROTTLED, "0x00000058");
    assert_int_equal(t->c.submits, 1);
    finish(t);
}

/* Only the refused part is sent again. */
static void test_later_part_throttled(void **state)
{
    struct test *t = *state;
    int seen[4] = {0};

    t->c.submit[1] = 0x58;
    t->c.submit[3] = 0x08;
    start(t, "\"throttle_wait\":\"100ms\"");
    submit_long(t);
    expect(t, 0, OUTCOME_SENT, "0x00000000");
    for (int i = 0; i < t->c.submits; i++) {
        if (i != 1 && i != 3) {
            seen[place_of(&t->c.units[i])]++;
        }
    }
    assert_int_equal(seen[1], 1);
    assert_int_equal(seen[2], 1);
    assert_int_equal(seen[3], 1);
    finish(t);
}

static void test_later_part_refused_for_good(void **state)
{
    struct test *t = *state;

    t->c.submit[1] = 0x45;
    start(t, "");
    submit_long(t);
    expect(t, 0, OUTCOME_REJECTED, "0x00000045");
    assert_non_null(strstr(t->w.jobs[0].outcome.detail, "of 3 units were accepted"));
    finish(t);
}

static void test_later_part_refused_too_often(void **state)
{
    struct test *t = *state;

    for (int i = 1; i < ANSWERS; i++) {
        t->c.submit[i] = 0x08;
    }
    start(t, "\"throttle_wait\":\"100ms\"");
    submit_long(t);
    expect(t, 0, OUTCOME_UNKNOWN, "0x00000008");
    assert_int_equal(place_of(&t->c.units[0]), 1);
    for (int i = 1; i < t->c.submits; i++) {
        assert_int_not_equal(place_of(&t->c.units[i]), 1);
    }
    finish(t);
}

/* ---- answers that do not come ---- */

static void test_lost_link_is_doubt(void **state)
{
    struct test *t = *state;

    t->c.submit[0] = NO_ANSWER;
    t->c.submit[1] = HANG_UP;
    start(t, "\"window\":2");
    world_submit(&t->w, 3);
    expect(t, 0, OUTCOME_UNKNOWN, "lost");
    expect(t, 1, OUTCOME_UNKNOWN, "lost");
    expect(t, 2, OUTCOME_SENT, "0x00000000"); /* was not begun: goes out on the next link */
    assert_int_equal(t->c.binds, 2);
    assert_int_equal(t->c.submits, 3);
    finish(t);
}

static void test_lost_link_between_parts(void **state)
{
    struct test *t = *state;

    t->c.submit[1] = HANG_UP;
    start(t, "");
    submit_long(t);
    expect(t, 0, OUTCOME_UNKNOWN, "lost");
    finish(t);
}

static void test_late_answer_still_names_the_message(void **state)
{
    struct test *t = *state;
    char text[64];

    t->c.submit[0] = NO_ANSWER;
    start(t, "\"timeouts\":{\"response\":\"100ms\"}");
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_UNKNOWN, "timeout");
    smsc_answer(t->c.fd, &t->c.units[0], 0, "gec");
    snprintf(text, sizeof(text), "id:gec stat:DELIVRD");
    smsc_deliver(t->c.fd, 1, "905320000000", 4, text, NULL, 0);
    UNTIL(t->w.reports == 1);
    assert_string_equal(t->w.last_report_ref, "m0-a1");
    assert_int_equal(t->w.last_report.state, REPORT_DELIVERED);
    finish(t);
}

static void test_silent_centre_is_left(void **state)
{
    struct test *t = *state;

    t->c.deaf = true;
    t->c.submit[0] = NO_ANSWER;
    start(t, "\"timeouts\":{\"idle\":\"100ms\",\"enquire\":\"100ms\"}");
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_UNKNOWN, "lost");
    assert_non_null(strstr(t->w.jobs[0].outcome.detail, "enquire_link"));
    finish(t);
}

static void test_probe_asks(void **state)
{
    struct test *t = *state;
    int calls;

    start(t, "");
    UNTIL(t->w.health_calls == 1);
    calls = t->w.health_calls;
    smpp_provider_type.probe(t->w.provider);
    UNTIL(t->w.health_calls > calls);
    assert_int_equal(t->c.enquires, 1);
    assert_int_equal(t->w.health, PROVIDER_HEALTHY);
    finish(t);
}

static void test_centre_that_ends_every_session(void **state)
{
    struct test *t = *state;

    for (int i = 0; i < ANSWERS; i++) {
        t->c.submit[i] = HANG_UP;
    }
    start(t, "\"window\":1,\"reconnect_max\":\"1s\"");
    world_submit(&t->w, 6);
    UNTIL(t->w.done == 6);
    expect(t, 0, OUTCOME_UNKNOWN, "lost");
    expect(t, 5, OUTCOME_DOWN, "lost"); /* in the end nobody waits for such a one */
    finish(t);
}

/* ---- odd units ---- */

static void test_bad_length_ends_the_link(void **state)
{
    static const unsigned char lengths[][4] = {
        {0, 0, 0, 0}, {0, 0, 0, 3}, {0xFF, 0xFF, 0xFF, 0xFF}, {0, 1, 0, 1}};
    struct test *t = *state;

    t->c.submit[0] = NO_ANSWER;
    start(t, "\"reconnect_max\":\"1s\"");
    world_submit(&t->w, 1);
    UNTIL(t->c.submits == 1);
    for (int i = 0; i < 2; i++) {
        int binds = t->c.binds;
        unsigned char head[16] = {0};

        memcpy(head, lengths[i], 4);
        peer_write(t->c.fd, (const char *)head, sizeof(head));
        UNTIL(t->c.binds > binds);
        memcpy(head, lengths[i + 2], 4);
        binds = t->c.binds;
        peer_write(t->c.fd, (const char *)head, 5); /* known before the rest is there */
        UNTIL(t->c.binds > binds);
    }
    expect(t, 0, OUTCOME_UNKNOWN, "lost");
    world_submit(&t->w, 1);
    expect(t, 1, OUTCOME_SENT, "0x00000000");
    finish(t);
}

static void test_requests_of_the_centre(void **state)
{
    static const struct {
        uint32_t command;
        const char *body;
        size_t body_len;
        uint32_t answer; /* 0: none */
        uint32_t status;
    } rows[] = {
        {0x15, NULL, 0, 0x80000015, 0},                          /* enquire_link */
        {0x99, "x", 1, 0x80000000, 0x03},                        /* unknown: generic_nack */
        {0x04, NULL, 0, 0x80000004, 0x02},                       /* nothing to decode */
        {0x103, "\0\1\1x\0\1\1y\0\0\0\0", 12, 0x80000103, 0x66}, /* data_sm */
        {0x05, "x", 1, 0x80000005, 0x02},                        /* deliver_sm cut off */
        {0x102, NULL, 0, 0, 0},                                  /* alert_notification */
        {0x80000004, "x", 2, 0, 0},                              /* answers nobody asked for */
        {0x80000099, NULL, 0, 0, 0},
    };
    struct test *t = *state;
    int expected = 0;

    start(t, "");
    UNTIL(t->c.binds == 1);
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        smsc_send(t->c.fd, rows[i].command, 0, 500 + i, rows[i].body, rows[i].body_len);
        if (rows[i].answer == 0) {
            continue;
        }
        expected++;
        UNTIL(t->c.others == expected);
        assert_int_equal(t->c.other.command, rows[i].answer);
        assert_int_equal(t->c.other.status, rows[i].status);
        assert_int_equal(t->c.other.sequence, 500 + i);
    }
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_SENT, "0x00000000");
    assert_int_equal(t->c.binds, 1);
    assert_int_equal(t->c.others, expected);
    finish(t);
}

/* A centre gone mad: whatever it says, every message is completed once. */
static void babble(struct centre *c, int fd, const struct smsc_unit *u)
{
    static const uint32_t commands[] = {0x04, 0x05, 0x06, 0x09, 0x15, 0x102, 0x103, 0x00, 0x77};
    struct rng rng = {.state = u->sequence * 77u + (uint32_t)c->binds};

    for (int i = 0; i < 20; i++) {
        uint32_t command = commands[rng_below(&rng, 9)] | (uint32_t)rng_below(&rng, 2) << 31;
        uint32_t sequence = u->sequence + (uint32_t)rng_below(&rng, 5) - 2;
        unsigned char body[64];

        for (size_t k = 0; k < sizeof(body); k++) {
            body[k] = (unsigned char)(rng_below(&rng, 3) == 0 ? 0 : rng_next(&rng));
        }
        smsc_send(fd, command, (uint32_t)rng_below(&rng, 3) * 0x58, sequence, body,
                  rng_below(&rng, sizeof(body)));
    }
}

static void test_babble(void **state)
{
    struct test *t = *state;

    t->c.on_submit = babble;
    start(t, "\"reconnect_max\":\"1s\",\"throttle_wait\":\"100ms\","
             "\"timeouts\":{\"response\":\"300ms\",\"drain\":\"500ms\"}");
    for (int i = 0; i < 20; i++) {
        submit_long(t);
        world_submit(&t->w, 3);
        WORLD_UNTIL(&t->w, false, 0.02);
    }
    WORLD_UNTIL(&t->w, t->w.done == t->w.submitted, 3);
    assert_in_range(t->c.submits, 1, 20 * 4 * 8);
    finish(t);
}

static void nack(struct centre *c, int fd, const struct smsc_unit *u)
{
    (void)c;
    smsc_send(fd, 0x80000000, c->submits == 1 ? 0x03 : 0, u->sequence, NULL, 0);
}

static void test_generic_nack(void **state)
{
    struct test *t = *state;

    t->c.on_submit = nack;
    start(t, "");
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_ACCOUNT, "0x00000003");
    world_submit(&t->w, 1); /* a nack that says "no error" is none the less no acceptance */
    expect(t, 1, OUTCOME_RETRY, "0x00000000");
    smsc_send(t->c.fd, 0x80000000, 0x02, 0, NULL, 0);
    UNTIL(t->c.binds == 2);
    finish(t);
}

static void test_unbind_by_the_centre(void **state)
{
    struct test *t = *state;

    t->c.submit[0] = NO_ANSWER;
    start(t, "");
    world_submit(&t->w, 1);
    UNTIL(t->c.submits == 1);
    smsc_send(t->c.fd, 0x06, 0, 77, NULL, 0);
    expect(t, 0, OUTCOME_UNKNOWN, "lost");
    UNTIL(t->c.binds == 2);
    world_submit(&t->w, 1);
    expect(t, 1, OUTCOME_SENT, "0x00000000");
    assert_int_equal(t->c.other.command, 0x09);
    finish(t);
}

/* ---- receipts ---- */

static void test_receipt_before_the_answer(void **state)
{
    struct test *t = *state;

    t->c.receipt_first = true;
    start(t, "");
    world_submit(&t->w, 1);
    expect(t, 0, OUTCOME_SENT, "0x00000000");
    assert_int_equal(t->w.reports, 2); /* by its id, and again when that was known */
    assert_string_equal(t->w.last_report_ref, "m0-a1");
    assert_string_equal(t->w.last_report_id, "id2");
    assert_string_equal(t->w.last_report_to, "+905320000001");
    assert_int_equal(t->w.last_report.state, REPORT_DELIVERED);
    submit_long(t); /* its receipts come part by part, each before its answer */
    expect(t, 1, OUTCOME_SENT, "0x00000000");
    assert_int_equal(t->w.reports, 8);
    assert_string_equal(t->w.last_report_ref, "m1-a1");
    assert_int_equal(t->w.last_report.state, REPORT_DELIVERED);
    finish(t);
}

static void test_receipts_of_all_parts(void **state)
{
    static const char tlvs[] = "\x00\x1e\x00\x04id4\x00\x04\x27\x00\x01\x02";
    struct test *t = *state;

    start(t, "");
    submit_long(t);
    expect(t, 0, OUTCOME_SENT, "0x00000000");
    smsc_deliver(t->c.fd, 1, "905320000000", 4, "id:id2 stat:DELIVRD", NULL, 0);
    smsc_deliver(t->c.fd, 2, "905320000000", 4, "id:id2 stat:DELIVRD", NULL, 0); /* again */
    smsc_deliver(t->c.fd, 3, "905320000000", 4, "", tlvs, sizeof(tlvs) - 1);
    UNTIL(t->w.reports == 3 && t->c.others == 3);
    assert_int_equal(t->w.last_report.state, REPORT_PENDING);
    smsc_deliver(t->c.fd, 4, "905320000000", 4, "id:id3 stat:DELIVRD", NULL, 0);
    UNTIL(t->w.reports == 4);
    assert_int_equal(t->w.last_report.state, REPORT_DELIVERED);
    assert_string_equal(t->w.last_report_ref, "m0-a1");
    smsc_deliver(t->c.fd, 5, "905320000000", 4, "id:yabanci stat:UNDELIV", NULL, 0);
    UNTIL(t->w.reports == 5);
    assert_string_equal(t->w.last_report_ref, "");
    assert_int_equal(t->w.last_report.state, REPORT_UNDELIVERED);
    UNTIL(t->c.others == 5);
    assert_int_equal(t->c.other.command, 0x80000005);
    assert_int_equal(t->c.other.status, 0);
    finish(t);
}

static void test_undelivered_part_decides(void **state)
{
    struct test *t = *state;

    start(t, "");
    submit_long(t);
    expect(t, 0, OUTCOME_SENT, "0x00000000");
    smsc_deliver(t->c.fd, 1, "905320000000", 4, "id:id3 stat:UNDELIV err:045", NULL, 0);
    UNTIL(t->w.reports == 1);
    assert_int_equal(t->w.last_report.state, REPORT_UNDELIVERED);
    assert_string_equal(t->w.last_report_ref, "m0-a1");
    finish(t);
}

static void test_ids_in_two_forms(void **state)
{
    struct test *t = *state;

    t->c.on_submit = keep_silent;
    start(t, "\"id_form\":\"hex_decimal\"");
    world_submit(&t->w, 1);
    UNTIL(t->c.submits == 1);
    smsc_answer(t->c.fd, &t->c.units[0], 0, "0A1B");
    expect(t, 0, OUTCOME_SENT, "0x00000000");
    assert_string_equal(t->w.jobs[0].outcome.provider_ref, "2587");
    smsc_deliver(t->c.fd, 1, "905320000000", 4, "id:0000002587 stat:DELIVRD", NULL, 0);
    UNTIL(t->w.reports == 1);
    assert_string_equal(t->w.last_report_ref, "m0-a1");
    finish(t);
}

static void test_a_message_from_somebody(void **state)
{
    struct test *t = *state;

    start(t, "");
    UNTIL(t->c.binds == 1);
    smsc_deliver(t->c.fd, 9, "905320000067", 0, "Merhaba", NULL, 0);
    UNTIL(t->c.others == 1);
    assert_int_equal(t->c.other.command, 0x80000005);
    assert_int_equal(t->c.other.status, 0);
    assert_int_equal(t->w.reports, 0);
    finish(t);
}

static void report_then(void *ctx, const struct provider_report *list, size_t count,
                        void (*stored)(void *arg, int status), void *arg)
{
    struct provider_world *w = ctx;
    struct test *t = (struct test *)w;

    world_report(ctx, list, count);
    t->stored = stored;
    t->stored_arg[t->stored_count++] = arg;
}

/* Nothing is confirmed before it is kept, and what could not be kept is asked for again. */
static void test_receipts_are_confirmed_when_stored(void **state)
{
    struct test *t = *state;

    t->w.host.report_then = report_then;
    start(t, "");
    UNTIL(t->c.binds == 1);
    smsc_deliver(t->c.fd, 1, "905320000000", 4, "id:a stat:DELIVRD", NULL, 0);
    smsc_deliver(t->c.fd, 2, "905320000000", 4, "id:b stat:DELIVRD", NULL, 0);
    UNTIL(t->stored_count == 2);
    WORLD_UNTIL(&t->w, false, 0.1);
    assert_int_equal(t->c.others, 0);
    t->stored(t->stored_arg[1], ERR_FULL);
    UNTIL(t->c.others == 1);
    assert_int_equal(t->c.other.sequence, 2);
    assert_int_equal(t->c.other.status, 0x64);
    t->stored(t->stored_arg[0], 0);
    UNTIL(t->c.others == 2);
    assert_int_equal(t->c.other.sequence, 1);
    assert_int_equal(t->c.other.status, 0);
    finish(t);
}

/* A flood waits outside, and stopping waits for what is being stored. */
static void test_flood_of_receipts(void **state)
{
    struct test *t = *state;
    int let_in;

    t->w.host.report_then = report_then;
    start(t, "");
    UNTIL(t->c.binds == 1);
    for (uint32_t i = 0; i < 2000; i++) {
        smsc_deliver(t->c.fd, i + 1, "905320000000", 4, "id:a stat:DELIVRD err:000", NULL, 0);
    }
    UNTIL(t->stored_count >= SMPP_ACKS_MAX);
    WORLD_UNTIL(&t->w, false, 0.3);
    let_in = t->stored_count;
    assert_in_range(let_in, SMPP_ACKS_MAX, 1900);
    for (int i = 0; i < let_in; i++) {
        t->stored(t->stored_arg[i], 0);
    }
    UNTIL(t->stored_count == 2000);
    smpp_provider_type.drain(t->w.provider);
    WORLD_UNTIL(&t->w, false, 0.1);
    assert_int_equal(t->w.drained, 0);
    for (int i = let_in; i < 2000; i++) {
        t->stored(t->stored_arg[i], 0);
    }
    finish(t);
    assert_int_equal(t->c.others, 2000);
}

/* ---- settings ---- */

static void test_settings(void **state)
{
    static const struct {
        const char *more;
        const char *pointer; /* null: fine */
    } rows[] = {
        {"\"sender\":\"12345678901\"", NULL},
        {"\"sender\":\"+123456789012345\"", NULL},
        {"\"sender\":\"1234567890123456\"", NULL},
        {"\"sender\":\"12345678901234567\"", "/sender"},
        {"\"sender\":\"HARFLERLE11\"", NULL},
        {"\"sender\":\"HARFLERLE_12\"", "/sender"},
        {"\"sender\":\"ŞUBE\"", "/sender"},
        {"\"sender\":\"A\",\"septets\":\"packed\"", NULL},
        {"\"sender\":\"A\",\"septets\":\"packed\",\"concatenation\":\"payload\"", "/concatenation"},
        {"\"sender\":\"A\",\"statuses\":[\"1=retry\",\"x\"]", "/statuses"},
        {"\"sender\":\"A\",\"window\":1001", "/window"},
        {"\"sender\":\"A\",\"host\":\"10.0.0.1\",\"tls\":\"off\"", NULL}, /* a warning */
    };
    struct test *t = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct smpp_settings s = {0};
        struct faults faults;
        struct json_doc *doc;
        char text[400];

        snprintf(text, sizeof(text), "{%s%s,\"system_id\":\"u\",\"password\":{\"env\":\"%s\"}}",
                 strstr(rows[i].more, "host") == NULL ? "\"host\":\"m.test\"," : "", rows[i].more,
                 "HATIRLAT_TEST_SECRET");
        assert_int_equal(json_parse(str_of(text), 0, &json_default_limits, &doc, NULL, NULL), 0);
        faults_init(&faults);
        option_read(smpp_options, json_root(doc), "", &s, &faults);
        smpp_settings_check(&s, "", &faults);
        if ((faults.errors == 0) != (rows[i].pointer == NULL)) {
            fail_msg("%s: %zu faults", rows[i].more, faults.errors);
        }
        if (rows[i].pointer != NULL) {
            assert_string_equal(faults.list[0].pointer, rows[i].pointer);
        }
        assert_int_equal(faults.count > faults.errors, i + 1 == sizeof(rows) / sizeof(*rows));
        faults_finish(&faults);
        option_release(smpp_options, &s);
        json_free(doc);
    }
    start(t, "");
    finish(t);
}

static void test_long_password_is_refused(void **state)
{
    struct test *t = *state;
    struct smpp_settings s = {.host = (char *)(uintptr_t) "m.test",
                              .sender = (char *)(uintptr_t) "A",
                              .system_id = (char *)(uintptr_t) "u",
                              .password = {.value = (char *)(uintptr_t) "dokuzhane"}};
    struct err e;

    assert_int_equal(smpp_provider_type.create(&t->w.host, &s, &t->w.provider, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "at most 8"));
    assert_null(strstr(e.text, "dokuzhane"));
    start(t, "");
    finish(t);
}

static struct test the_test;

int main(void)
{
#define TEST(name)                                                                                 \
    {                                                                                              \
#name, name, begin, NULL, &the_test                                                        \
    }
    const struct CMUnitTest tests[] = {
        TEST(test_bind_and_send),
        TEST(test_refused_bind_is_the_account),
        TEST(test_busy_bind_heals),
        TEST(test_unanswered_bind),
        TEST(test_unknown_name),
        TEST(test_stopped_while_a_name_is_looked_up),
        TEST(test_window),
        TEST(test_many),
        TEST(test_refusals),
        TEST(test_a_strange_status_for_all_is_the_account),
        TEST(test_a_message_alone_with_a_strange_status_holds_up_nobody_for_ever),
        TEST(test_throttling_pauses_and_doubles),
        TEST(test_not_an_sms),
        TEST(test_parts_after_the_first),
        TEST(test_first_part_refused),
        TEST(test_later_part_throttled),
        TEST(test_later_part_refused_for_good),
        TEST(test_later_part_refused_too_often),
        TEST(test_lost_link_is_doubt),
        TEST(test_lost_link_between_parts),
        TEST(test_late_answer_still_names_the_message),
        TEST(test_silent_centre_is_left),
        TEST(test_probe_asks),
        TEST(test_centre_that_ends_every_session),
        TEST(test_bad_length_ends_the_link),
        TEST(test_requests_of_the_centre),
        TEST(test_babble),
        TEST(test_generic_nack),
        TEST(test_unbind_by_the_centre),
        TEST(test_receipt_before_the_answer),
        TEST(test_receipts_of_all_parts),
        TEST(test_undelivered_part_decides),
        TEST(test_ids_in_two_forms),
        TEST(test_a_message_from_somebody),
        TEST(test_receipts_are_confirmed_when_stored),
        TEST(test_flood_of_receipts),
        TEST(test_settings),
        TEST(test_long_password_is_refused),
    };

    (void)signal(SIGPIPE, SIG_IGN); /* as the program does */
    setenv("HATIRLAT_TEST_SECRET", "gizli", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
