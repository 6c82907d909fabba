/* Cases without a fact: time passes, settings change. On the store in memory and on SQLite. */
#include "base/json.h"
#include "config/conf.h"
#include "domain/certificate.h"
#include "flow/replan.h"
#include "flow/settings.h"
#include "flow/story.h"
#include "providers/provider.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS_MAX = 400 };

static const int64_t now_ms = 1795327200000; /* Sunday 2026-11-22, 09:00 in Türkiye */

struct row {
    int64_t id;
    char campaign[STORE_NAME_MAX + 1];
    int step;
    enum channel channel;
    enum message_state state;
    int64_t planned_ms;
    char reason[40];
    char template[40];
};

struct scene {
    struct store *store;
    struct settings *settings;
    int64_t now_ms;
    int64_t seq;
    struct row rows[ROWS_MAX];
    size_t count;
    char path[64];
    struct err e;
};

#define USUAL "{\"name\":\"bitis\",\"marks\":[90,60,30,15,7,3,1]}"

static struct settings *settings_of(const char *campaigns)
{
    char text[4096];
    struct settings *settings = NULL;
    struct faults faults;
    struct err e = {0};

    (void)snprintf(
        text, sizeof text,
        "{\"office\":{\"province\":\"Örnekil\",\"phone\":\"0000 000 00 00\","
        "\"guide_url\":\"https://ornek.test/e-onay\",\"guide_short\":\"ornek.test/e-onay\","
        "\"link_hosts\":[\"ornek.test\"],\"privacy_url\":\"https://ornek.test/kvkk\","
        "\"stop_note\":\"bilgi@ornek.test adresine e-posta\"},"
        "\"mail\":{\"from\":\"hatirlatma@ornek.test\"},\"send_window\":{},"
        "\"holidays\":\"" HATIRLAT_SOURCE_DIR "/config/holidays-tr.json\","
        "\"templates\":\"" HATIRLAT_SOURCE_DIR "/config/templates\","
        "\"recipes\":\"" HATIRLAT_SOURCE_DIR "/config/recipes\","
        "\"providers\":{\"s\":{\"kind\":\"sink\"}},"
        "\"routes\":{\"sms\":[\"s\"],\"email\":[\"s\"]},\"campaigns\":[%s]}",
        campaigns);
    faults_init(&faults);
    if (settings_parse(str_of(text), "/nowhere/scene.jsonc", provider_types, &settings, &faults,
                       &e) != 0) {
        fail_msg("%s %s", faults.list[0].pointer, faults.list[0].en);
    }
    faults_finish(&faults);
    return settings;
}

static void use(struct scene *t, const char *campaigns)
{
    settings_drop(t->settings);
    t->settings = settings_of(campaigns);
}

static int open_scene(void **state, bool memory)
{
    struct scene *t = calloc(1, sizeof *t);

    if (memory) {
        assert_int_equal(store_memory_open(&t->store, &t->e), 0);
    } else {
        (void)snprintf(t->path, sizeof t->path, "/tmp/hatirlat-replan-%d.db", (int)getpid());
        assert_int_equal(store_sqlite_open(t->path, STORE_CREATE, &t->store, &t->e), 0);
    }
    t->now_ms = now_ms;
    use(t, USUAL);
    *state = t;
    return 0;
}

static int open_memory(void **state)
{
    return open_scene(state, true);
}

static int open_sqlite(void **state)
{
    return open_scene(state, false);
}

static int close_scene(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    struct scene *t = *state;
    char path[80];

    store_close(t->store);
    settings_drop(t->settings);
    for (size_t i = 0; i < 4 && t->path[0] != '\0'; i++) {
        (void)snprintf(path, sizeof path, "%s%s", t->path, ends[i]);
        (void)unlink(path);
    }
    free(t);
    return 0;
}

static void begin(struct scene *t)
{
    assert_int_equal(store_begin(t->store, &t->e), 0);
}

static void commit(struct scene *t)
{
    assert_int_equal(store_commit(t->store, &t->e), 0);
}

/*
 * A fact about certificate n of a holder (0: none told), which ends in `days` days (0 too) and
 * takes the place of certificate `old` (0 too).
 */
static void tell_all(struct scene *t, enum event_type type, int n, int holder, int days, int old)
{
    struct apply_env env = settings_apply_env(t->settings, t->now_ms);
    struct event_row row = {.received_ms = t->now_ms, .type = type, .source = STR("urn:test")};
    struct fact f;
    struct buf body;
    char id[32];

    fact_reset(&f);
    f.type = type;
    f.time_ms = t->now_ms + t->seq;
    f.not_after_ms = days == 0 ? 0 : istanbul_ms(istanbul_day(t->now_ms) + days, 24 * 60) - 1000;
    (void)snprintf(f.certificate.ref, sizeof f.certificate.ref, "c-%d", n);
    if (old != 0) {
        (void)snprintf(f.certificate.replaces, sizeof f.certificate.replaces, "c-%d", old);
    }
    if (holder != 0) {
        (void)snprintf(f.holder.ref, sizeof f.holder.ref, "h-%d", holder);
    }
    (void)snprintf(f.holder.phone, sizeof f.holder.phone, "+90532000%04d", n);
    (void)snprintf(f.holder.email, sizeof f.holder.email, "kisi%d@ornek.test", n);
    (void)snprintf(f.institution.email, sizeof f.institution.email, "kurum@ornek.test");
    (void)snprintf(f.institution.ref, sizeof f.institution.ref, "k-%d", n % 2);
    buf_init(&body, FACT_CANONICAL_MAX);
    assert_int_equal(fact_canonical(&f, &body), 0);
    (void)snprintf(id, sizeof id, "e%lld", (long long)++t->seq);
    row.id = str_of(id);
    row.body = (struct str){body.data, body.len};
    fact_digest(row.body, row.digest);
    begin(t);
    assert_int_equal(store_event_append(t->store, &row, &row.seq, row.digest, &t->e), 0);
    if (apply_event(t->store, &row, &env, &t->e) != 0) {
        fail_msg("%s", t->e.text);
    }
    commit(t);
    buf_finish(&body);
}

static void tell_of(struct scene *t, enum event_type type, int n, int holder, int days)
{
    tell_all(t, type, n, holder, days, 0);
}

static void tell(struct scene *t, enum event_type type, int n, int days)
{
    tell_of(t, type, n, n, days);
}

static int keep(void *ctx, const struct due_row *row)
{
    struct scene *t = ctx;
    struct row *r = &t->rows[t->count++];

    *r = (struct row){.id = row->message.id,
                      .step = row->message.step,
                      .channel = row->message.channel,
                      .state = row->message.state,
                      .planned_ms = row->message.planned_ms};
    (void)str_copy(r->campaign, sizeof r->campaign, row->message.campaign);
    (void)str_copy(r->reason, sizeof r->reason, row->message.reason);
    (void)str_copy(r->template, sizeof r->template, row->message.template);
    return 0;
}

static size_t count(struct scene *t, const char *campaign, enum message_state state)
{
    const struct message_filter all = {.state = -1, .channel = -1, .limit = ROWS_MAX};
    size_t n = 0;

    t->count = 0;
    assert_int_equal(store_message_list(t->store, &all, keep, t, &t->e), 0);
    for (size_t i = 0; i < t->count; i++) {
        n += strcmp(t->rows[i].campaign, campaign) == 0 && t->rows[i].state == state;
    }
    return n;
}

static struct row find(struct scene *t, int step, enum channel channel)
{
    (void)count(t, "", MESSAGE_PLANNED);
    for (size_t i = 0; i < t->count; i++) {
        if (t->rows[i].step == step && t->rows[i].channel == channel &&
            strcmp(t->rows[i].campaign, APPLY_NOTICE_CAMPAIGN) != 0) {
            return t->rows[i];
        }
    }
    return (struct row){.id = 0};
}

static int64_t expire(struct scene *t, size_t bite)
{
    const struct apply_env env = settings_apply_env(t->settings, t->now_ms);
    struct replan_expiry x = {.env = &env, .applications = true};
    bool done = false;

    while (!done) {
        begin(t);
        assert_int_equal(replan_expire(t->store, &x, bite, &done, &t->e), 0);
        commit(t);
    }
    return x.ended;
}

static struct replan_counts replan(struct scene *t, size_t bite, bool only_look)
{
    const struct apply_env env = settings_apply_env(t->settings, t->now_ms);
    struct replan_walk walk = {.env = &env, .only_look = only_look};
    bool done = false;

    while (!done) {
        begin(t);
        assert_int_equal(replan_bite(t->store, &walk, bite, &done, &t->e), 0);
        commit(t);
    }
    return walk.counts;
}

static void is(struct replan_counts n, int64_t added, int64_t moved, int64_t stopped,
               int64_t returned)
{
    assert_int_equal(n.added, added);
    assert_int_equal(n.moved, moved);
    assert_int_equal(n.stopped, stopped);
    assert_int_equal(n.returned, returned);
}

static void time_alone_ends_cases(void **state)
{
    struct scene *t = *state;

    for (int n = 1; n <= 5; n++) {
        tell(t, EVENT_CERTIFICATE_EXPIRING, n, 10);
    }
    tell(t, EVENT_LOGIN_BLOCKED, 2, 0);
    tell(t, EVENT_CERTIFICATE_EXPIRING, 6, 200);
    tell(t, EVENT_APPLICATION_SUBMITTED, 3, 0);
    assert_int_equal(expire(t, 2), 0);
    t->now_ms += 10LL * DAY_MS; /* the last day itself */
    assert_int_equal(expire(t, 2), 0);
    t->now_ms += DAY_MS;
    assert_int_equal(expire(t, 2), 4);
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), 14); /* of the sixth */
    /* X to four, beside B and S */
    assert_int_equal(count(t, APPLY_NOTICE_CAMPAIGN, MESSAGE_PLANNED) +
                         count(t, APPLY_NOTICE_CAMPAIGN, MESSAGE_QUEUED),
                     2 * 4 + 2);
    assert_int_equal(expire(t, 2), 0);
    t->now_ms += 400LL * DAY_MS; /* the program was off for a year: nobody is told any more */
    assert_int_equal(expire(t, 200), 1);
    assert_int_equal(count(t, APPLY_NOTICE_CAMPAIGN, MESSAGE_PLANNED) +
                         count(t, APPLY_NOTICE_CAMPAIGN, MESSAGE_QUEUED),
                     2 * 4 + 2);
}

static int keep_story(void *ctx, const struct due_row *row)
{
    struct scene *t = ctx;
    struct json_writer w;
    struct buf text;
    int rc;

    if (!str_eqs(row->message.campaign, APPLY_NOTICE_CAMPAIGN)) {
        return 0;
    }
    buf_init(&text, 4096);
    jsonw_init(&w, &text);
    rc = story_write(t->store, &row->message, "m_1", false, &w, &t->e);
    assert_int_equal(rc, 0);
    assert_non_null(strstr(buf_cstr(&text), "Notice B"));
    t->count++;
    buf_finish(&text);
    return 0;
}

static void what_is_said_again_keeps_its_name(void **state)
{
    const struct message_filter all = {.state = -1, .channel = -1, .limit = ROWS_MAX};
    struct scene *t = *state;

    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 100);
    tell(t, EVENT_LOGIN_BLOCKED, 1, 0);
    t->now_ms += 20LL * DAY_MS;
    tell(t, EVENT_LOGIN_BLOCKED, 1, 0);
    t->count = 0;
    assert_int_equal(store_message_list(t->store, &all, keep_story, t, &t->e), 0);
    assert_int_equal(t->count, 2 * 2);
}

/* Else the holder of a card that came after the list would not be reminded in three years. */
static void an_old_application_lets_reminders_begin(void **state)
{
    struct scene *t = *state;

    for (int n = 1; n <= 3; n++) {
        tell(t, EVENT_CERTIFICATE_EXPIRING, n, 1000);
        tell(t, n == 1 ? EVENT_CARD_DELIVERED : EVENT_APPLICATION_SUBMITTED, n, 0);
    }
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), 0);
    t->now_ms += 820LL * DAY_MS; /* the end is at the close of the thousandth day */
    assert_int_equal(expire(t, 2), 0);
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), 0);
    t->now_ms += DAY_MS;
    tell(t, EVENT_APPLICATION_SUBMITTED, 3, 0);
    assert_int_equal(expire(t, 2), 0);
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), 2 * 14);
    t->now_ms += 180LL * DAY_MS;
    assert_int_equal(expire(t, 2), 2);
}

static size_t notices(struct scene *t)
{
    return count(t, APPLY_NOTICE_CAMPAIGN, MESSAGE_PLANNED) +
           count(t, APPLY_NOTICE_CAMPAIGN, MESSAGE_QUEUED);
}

/* What waits of them goes out. */
static void send_notices(struct scene *t)
{
    struct message_move move = {
        .now_ms = t->now_ms, .to = MESSAGE_SENDING, .set = SET_ATTEMPTS, .attempts = 1};
    struct message_row row = {0};

    (void)notices(t);
    begin(t);
    for (size_t i = 0; i < t->count; i++) {
        move.id = t->rows[i].id;
        move.from = t->rows[i].state;
        if (strcmp(t->rows[i].campaign, APPLY_NOTICE_CAMPAIGN) == 0 &&
            (move.from == MESSAGE_PLANNED || move.from == MESSAGE_QUEUED)) {
            row.campaign = str_of(t->rows[i].campaign);
            row.step = t->rows[i].step;
            assert_in_range(apply_mark_shown(&row), NOTICE_BLOCKED, NOTICE_EXPIRED);
            assert_int_equal(store_message_move(t->store, &move, &t->e), 0);
        }
    }
    commit(t);
}

/* A list told the new end before its card came; that notice is kept when the next renewal comes. */
static void every_application_has_its_notice(void **state)
{
    struct scene *t = *state;

    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 1000);
    tell(t, EVENT_APPLICATION_SUBMITTED, 1, 0);
    assert_int_equal(notices(t), 2);
    send_notices(t);
    t->now_ms += 10LL * DAY_MS;
    tell(t, EVENT_APPLICATION_SUBMITTED, 1, 0);
    assert_int_equal(notices(t), 0);

    t->now_ms += 860LL * DAY_MS;
    assert_int_equal(expire(t, 200), 0);
    tell(t, EVENT_APPLICATION_SUBMITTED, 1, 0);
    assert_int_equal(notices(t), 2);
    send_notices(t);
    tell(t, EVENT_CARD_DELIVERED, 1, 0);
    assert_int_equal(notices(t), 2); /* T */
    send_notices(t);
    t->now_ms += 10LL * DAY_MS;
    tell(t, EVENT_APPLICATION_SUBMITTED, 1, 0);
    tell(t, EVENT_CARD_DELIVERED, 1, 0);
    assert_int_equal(notices(t), 0);
}

/* Its case ended in between by mistake: it is the same application still, and said once. */
static void an_application_has_one_notice(void **state)
{
    struct scene *t = *state;

    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 100);
    tell(t, EVENT_APPLICATION_SUBMITTED, 1, 0);
    assert_int_equal(notices(t), 2);
    tell_of(t, EVENT_CERTIFICATE_EXPIRING, 2, 1, 110); /* another one of the holder speaks */
    assert_int_equal(notices(t), 0);
    t->now_ms += DAY_MS;
    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 120);
    assert_int_equal(notices(t), 2); /* brought back */
    assert_int_equal(count(t, APPLY_NOTICE_CAMPAIGN, MESSAGE_CANCELLED), 0);
    send_notices(t);
    tell_of(t, EVENT_CERTIFICATE_EXPIRING, 2, 1, 130);
    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 140);
    assert_int_equal(notices(t), 0);
}

static void a_wrong_end_that_passed_can_be_corrected(void **state)
{
    struct scene *t = *state;

    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 20);
    t->now_ms += 21LL * DAY_MS;
    assert_int_equal(expire(t, 200), 1);
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), 0);
    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 25);
    assert_int_equal(find(t, 15, CHANNEL_SMS).state, MESSAGE_PLANNED);
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), 2 * 5); /* 30 is due, 15, 7, 3, 1 */
}

static void marks_come_and_go(void **state)
{
    struct scene *t = *state;
    struct row before;

    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 200);
    tell(t, EVENT_CERTIFICATE_EXPIRING, 2, 200);
    is(replan(t, 200, false), 0, 0, 0, 0);
    use(t, "{\"name\":\"bitis\",\"marks\":[90,60,30,7,1]}");
    before = find(t, 60, CHANNEL_SMS);
    is(replan(t, 1, true), 0, 8, 8, 0); /* 30 and 7 have to last longer; 15 and 3 go */
    assert_int_equal(find(t, 15, CHANNEL_SMS).state, MESSAGE_PLANNED);
    is(replan(t, 1, false), 0, 8, 8, 0);
    assert_int_equal(find(t, 15, CHANNEL_SMS).state, MESSAGE_CANCELLED);
    assert_string_equal(find(t, 15, CHANNEL_SMS).reason, APPLY_PLAN_CHANGED);
    assert_int_equal(find(t, 60, CHANNEL_SMS).planned_ms, before.planned_ms);
    is(replan(t, 1, false), 0, 0, 0, 0);
    use(t, USUAL);
    is(replan(t, 200, false), 0, 8, 0, 8);
    assert_int_equal(find(t, 15, CHANNEL_SMS).state, MESSAGE_PLANNED);
}

static void what_was_sent_or_stopped_by_a_person_stays(void **state)
{
    struct scene *t = *state;
    struct message_move move = {.now_ms = now_ms, .set = SET_REASON, .from = MESSAGE_PLANNED};

    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 200);
    begin(t);
    move.id = find(t, 30, CHANNEL_SMS).id;
    move.to = MESSAGE_SENDING;
    move.set |= SET_ATTEMPTS;
    move.attempts = 1;
    assert_int_equal(store_message_move(t->store, &move, &t->e), 0);
    move.id = find(t, 15, CHANNEL_SMS).id;
    move.to = MESSAGE_CANCELLED;
    move.set = SET_REASON;
    move.reason = STR("operator");
    assert_int_equal(store_message_move(t->store, &move, &t->e), 0);
    commit(t);
    use(t, "{\"name\":\"bitis\",\"marks\":[90,60]}");
    is(replan(t, 200, false), 0, 2, 8, 0);
    assert_int_equal(find(t, 30, CHANNEL_SMS).state, MESSAGE_SENDING);
    use(t, USUAL);
    is(replan(t, 200, false), 0, 2, 0, 8);
    assert_int_equal(find(t, 15, CHANNEL_SMS).state, MESSAGE_CANCELLED);
}

static void campaigns_stand_side_by_side(void **state)
{
    struct scene *t = *state;

    for (int n = 1; n <= 4; n++) {
        tell(t, EVENT_CERTIFICATE_EXPIRING, n, 200);
    }
    use(t, USUAL ",{\"name\":\"kurum\",\"marks\":[30,{\"days\":7,\"channels\":[\"email\"],"
                 "\"escalate\":true}],\"channels\":[\"sms\"],\"who\":{\"institutions\":[\"k-1\"],"
                 "\"exclude\":[\"h-3\"]}}");
    is(replan(t, 200, false), 3, 0, 0, 0); /* of h-1 alone: 30 SMS, 7 mail, 7 to the office */
    assert_int_equal(count(t, "kurum", MESSAGE_PLANNED), 3);
    for (size_t i = 0; i < t->count; i++) {
        assert_string_equal(t->rows[i].template,
                            campaign_step_escalates(t->rows[i].step) ? "kurum" : "");
    }
    use(t, USUAL);
    is(replan(t, 200, false), 0, 0, 3, 0);
    use(t, "{\"name\":\"bitis\",\"marks\":[90,60,30,15,7,3,1],\"who\":{\"series\":[\"A\"]}}");
    is(replan(t, 200, false), 0, 0, 4 * 14, 0);
    tell(t, EVENT_EONAY_ACTIVATED, 1, 0);
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), 14);
}

static void past_due_is_as_the_campaign_says(void **state)
{
    static const struct {
        const char *policy;
        enum message_state state;
    } list[] = {{"send", MESSAGE_PLANNED}, {"skip", MESSAGE_STATE_COUNT}, {"ask", MESSAGE_HELD}};
    struct scene *t = *state;

    for (int i = 0; i < 3; i++) {
        char text[200];
        struct row row;

        (void)snprintf(text, sizeof text,
                       "{\"name\":\"dizi%d\",\"marks\":[60,30,7],\"past_due\":\"%s\"}", i,
                       list[i].policy);
        use(t, text);
        tell(t, EVENT_CERTIFICATE_EXPIRING, i, 20);
        row = find(t, 30, CHANNEL_SMS);
        if (list[i].state == MESSAGE_STATE_COUNT) {
            assert_int_equal(count(t, "dizi1", MESSAGE_PLANNED), 2); /* 7 */
            continue;
        }
        assert_int_equal(row.state, list[i].state);
        assert_string_equal(row.reason, list[i].state == MESSAGE_HELD ? APPLY_PAST_DUE : "");
    }
}

static int count_ended(void *ctx, const struct case_row *row)
{
    *(size_t *)ctx += row->state == CASE_DUTY_ENDED;
    return 0;
}

/* More than any list in the program was once long. */
static void every_certificate_of_a_holder_hears_of_the_duty(void **state)
{
    struct scene *t = *state;
    size_t ended = 0;

    for (int n = 1; n <= 100; n++) {
        tell_of(t, EVENT_CERTIFICATE_EXPIRING, n, 7, 100 + n);
    }
    tell_of(t, EVENT_DUTY_ENDED, 100, 7, 0);
    assert_int_equal(store_case_by_holder(t->store, STR("h-7"), count_ended, &ended, &t->e), 0);
    assert_int_equal(ended, 100);
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), 0);
}

static int keep_file(void *ctx, const struct case_row *row)
{
    return case_read(row->facts, ctx);
}

/* Whose a certificate is may be known from the one that takes its place alone. */
static void what_is_replaced_knows_the_holder_of_what_replaces_it(void **state)
{
    struct scene *t = *state;

    for (int known = 0; known < 2; known++) {
        int n = 10 * known;
        struct case_file file;
        char old[16];

        tell_of(t, EVENT_LOGIN_BLOCKED, n + 1, 7 + known, 0);
        tell_of(t, EVENT_CERTIFICATE_EXPIRING, n + 2, 7 + known, 1000);
        if (known == 1) {
            tell_of(t, EVENT_CERTIFICATE_EXPIRING, n + 3, 0, 100);
        }
        tell_all(t, EVENT_CERTIFICATE_RENEWED, n + 2, 0, 1000, n + 3);
        (void)snprintf(old, sizeof old, "c-%d", n + 3);
        assert_int_equal(store_case_by_certificate(t->store, str_of(old), keep_file, &file, &t->e),
                         0);
        assert_int_equal(file.state, CASE_RENEWED);
        assert_string_equal(file.known.holder.ref, known == 0 ? "h-7" : "h-8");
        assert_int_not_equal(file.seen_ms[EVENT_LOGIN_BLOCKED], 0);
    }
}

/* A list and a renewal, whichever comes first: the new certificate is to be spoken of. */
static void a_renewed_certificate_is_planned_whichever_tells_first(void **state)
{
    struct scene *t = *state;
    size_t planned;
    struct row before;

    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 1000);
    planned = count(t, "bitis", MESSAGE_PLANNED);
    before = find(t, apply_step(30, 0), CHANNEL_SMS);
    assert_int_not_equal(planned, 0);
    assert_int_not_equal(before.id, 0);
    tell(t, EVENT_CERTIFICATE_RENEWED, 1, 1000);
    tell(t, EVENT_CERTIFICATE_RENEWED, 1, 0);
    tell(t, EVENT_CERTIFICATE_EXPIRING, 1, 1000);
    is(replan(t, 10, false), 0, 0, 0, 0);
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), planned);
    assert_int_equal(find(t, apply_step(30, 0), CHANNEL_SMS).planned_ms, before.planned_ms);
    assert_int_equal(find(t, apply_step(30, 0), CHANNEL_SMS).id, before.id);
    /* of another one the renewal is told first */
    tell(t, EVENT_CERTIFICATE_RENEWED, 2, 1000);
    tell(t, EVENT_CERTIFICATE_EXPIRING, 2, 1000);
    tell(t, EVENT_CERTIFICATE_RENEWED, 2, 0);
    assert_int_equal(count(t, "bitis", MESSAGE_PLANNED), 2 * planned);
    assert_int_equal(count(t, "bitis", MESSAGE_CANCELLED), 0);
}

static void the_day_is_spread_by_person(void **state)
{
    struct scene *t = *state;
    int64_t at[3];

    use(t, "{\"name\":\"bitis\",\"marks\":[30],\"spread\":\"60m\"}");
    for (int n = 0; n < 3; n++) {
        int minute;

        tell(t, EVENT_CERTIFICATE_EXPIRING, 100 + n, 200);
        at[n] = find(t, 30, CHANNEL_SMS).planned_ms; /* the newest */
        minute = istanbul_minute(at[n]);
        assert_true(minute >= 9 * 60 && minute < 10 * 60);
    }
    assert_true(at[0] != at[1] || at[1] != at[2]);
    is(replan(t, 200, false), 0, 0, 0, 0);
}

static void settings_are_told_apart(void **state)
{
    struct scene *t = *state;
    unsigned char a[SHA256_SIZE];
    unsigned char b[SHA256_SIZE];

    assert_int_equal(replan_known(t->store, a, &t->e), ERR_NOT_FOUND);
    assert_int_equal(replan_fingerprint(t->settings, a), 0);
    use(t, USUAL);
    assert_int_equal(replan_fingerprint(t->settings, b), 0);
    assert_memory_equal(a, b, sizeof a);
    use(t, "{\"name\":\"bitis\",\"marks\":[90,60,30,15,7,3]}");
    assert_int_equal(replan_fingerprint(t->settings, b), 0);
    assert_memory_not_equal(a, b, sizeof a);
    begin(t);
    assert_int_equal(replan_remember(t->store, b, &t->e), 0);
    commit(t);
    assert_int_equal(replan_known(t->store, a, &t->e), 0);
    assert_memory_equal(a, b, sizeof a);
}

#define BOTH(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, open_memory, close_scene),                               \
        cmocka_unit_test_setup_teardown(name, open_sqlite, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(time_alone_ends_cases),
        BOTH(what_is_said_again_keeps_its_name),
        BOTH(an_old_application_lets_reminders_begin),
        BOTH(every_application_has_its_notice),
        BOTH(an_application_has_one_notice),
        BOTH(a_wrong_end_that_passed_can_be_corrected),
        BOTH(marks_come_and_go),
        BOTH(what_was_sent_or_stopped_by_a_person_stays),
        BOTH(campaigns_stand_side_by_side),
        BOTH(past_due_is_as_the_campaign_says),
        BOTH(every_certificate_of_a_holder_hears_of_the_duty),
        BOTH(what_is_replaced_knows_the_holder_of_what_replaces_it),
        BOTH(a_renewed_certificate_is_planned_whichever_tells_first),
        BOTH(the_day_is_spread_by_person),
        BOTH(settings_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
