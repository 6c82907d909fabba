/*
 * What a provider or a disk does at the wrong moment must neither lose a message nor send it twice,
 * and must not make the dispatcher spin. A provider under the test's thumb stands in for all.
 */
#define provider_types puppet_types
#include "flow_scene.h"

#include "flow/dispatch_state.h"

enum { PUPPET_JOBS = 64 };

struct provider {
    const struct provider_host *host;
    bool draining;
    uv_idle_t gone;
};

/* What the puppets did and are to do; one per process is enough. */
static struct {
    struct provider_job *jobs[PUPPET_JOBS]; /* submitted, not yet answered */
    struct provider *owner[PUPPET_JOBS];
    char mail_from[PUPPET_JOBS][64];
    size_t count;
    size_t submitted;
    size_t asked;
    size_t polled;
    bool cannot_ask;
    int64_t poll_every_ms;
    bool automatic; /* answers in the next turn by itself */
    enum outcome_class answer;
} puppet;

static const struct option puppet_options[] = {{.key = NULL}};

static int puppet_create(const struct provider_host *host, const void *settings,
                         struct provider **ret, struct err *e)
{
    struct provider *p = calloc(1, sizeof *p);

    (void)settings;
    (void)e;
    p->host = host;
    *ret = p;
    return 0;
}

static int puppet_start(struct provider *p, struct err *e)
{
    (void)e;
    (void)uv_idle_init(p->host->loop, &p->gone);
    p->gone.data = p;
    return 0;
}

static void puppet_capabilities(const struct provider *p, struct provider_capabilities *ret)
{
    (void)p;
    *ret = (struct provider_capabilities){.batch_max = 10,
                                          .in_flight = 20,
                                          .reports = true,
                                          .polled = true,
                                          .cannot_ask = puppet.cannot_ask,
                                          .poll_every_ms = puppet.poll_every_ms};
}

static void take(struct provider *p, struct provider_job *job)
{
    assert_true(puppet.count < PUPPET_JOBS);
    puppet.owner[puppet.count] = p;
    puppet.jobs[puppet.count++] = job;
    if (job->mail_from != NULL) {
        assert_string_equal(job->mail_from, ""); /* nobody reads bounces here */
    }
}

/* Answers the oldest job. */
static void answer(enum outcome_class class)
{
    struct provider *p = puppet.owner[0];
    struct provider_job *job = puppet.jobs[0];
    struct outcome o;

    assert_true(puppet.count > 0);
    puppet.count--;
    memmove(puppet.jobs, puppet.jobs + 1, puppet.count * sizeof puppet.jobs[0]);
    memmove(puppet.owner, puppet.owner + 1, puppet.count * sizeof puppet.owner[0]);
    outcome_set(&o, class, "puppet", "as told");
    p->host->done(p->host->ctx, job, &o);
}

static void on_gone(uv_idle_t *idle)
{
    struct provider *p = idle->data;

    for (size_t i = 0; i < puppet.count; i++) {
        if (puppet.owner[i] == p) {
            return;
        }
    }
    (void)uv_idle_stop(idle);
    p->host->drained(p->host->ctx);
}

static void on_turn(uv_idle_t *idle)
{
    (void)uv_idle_stop(idle);
    while (puppet.count > 0) {
        answer(puppet.answer);
    }
    if (((struct provider *)idle->data)->draining) {
        (void)uv_idle_start(idle, on_gone);
    }
}

static void puppet_submit(struct provider *p, struct provider_job *const *jobs, size_t count)
{
    puppet.submitted += count;
    for (size_t i = 0; i < count; i++) {
        take(p, jobs[i]);
    }
    if (puppet.automatic) {
        (void)uv_idle_start(&p->gone, on_turn);
    }
}

static void puppet_ask(struct provider *p, struct provider_job *job)
{
    puppet.asked++;
    take(p, job);
    (void)uv_idle_start(&p->gone, on_turn);
}

static void puppet_fetch(struct provider *p, const struct provider_await *list, size_t count)
{
    (void)p;
    (void)list;
    puppet.polled += count;
}

static void puppet_drain(struct provider *p)
{
    p->draining = true;
    (void)uv_idle_start(&p->gone, on_gone);
}

static void puppet_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void puppet_destroy(struct provider *p)
{
    if (p != NULL) {
        uv_close((uv_handle_t *)&p->gone, puppet_closed);
    }
}

static const struct provider_type puppet_type = {.kind = "puppet",
                                                 .channels =
                                                     1u << CHANNEL_SMS | 1u << CHANNEL_EMAIL,
                                                 .options = puppet_options,
                                                 .settings_size = 1,
                                                 .create = puppet_create,
                                                 .start = puppet_start,
                                                 .capabilities = puppet_capabilities,
                                                 .submit = puppet_submit,
                                                 .ask = puppet_ask,
                                                 .fetch_reports = puppet_fetch,
                                                 .drain = puppet_drain,
                                                 .destroy = puppet_destroy};

const struct provider_type *const puppet_types[] = {&puppet_type, NULL};

#define PUPPET       "{\"kind\":\"puppet\"}"
#define PUPPETS(sms) "{\"s\":" sms ",\"m\":" PUPPET "}"

static void begin(struct scene *s, const char *providers)
{
    memset(&puppet, 0, sizeof puppet);
    memset(s, 0, sizeof *s);
    scene_open(s, providers);
}

static void end(struct scene *s)
{
    puppet.automatic = true;
    while (puppet.count > 0) {
        answer(OUTCOME_SENT);
    }
    scene_close(s);
    scene_remove(s);
}

/* Runs the loop until the provider has so many jobs in hand. */
static void until_in_hand(struct scene *s, size_t count)
{
    for (int i = 0; i < 1000 && puppet.count != count; i++) {
        scene_wait(s, 5);
    }
    assert_int_equal(puppet.count, count);
}

static void post_many(struct scene *s, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        scene_post_one(s, "certificate.expiring", i, 1);
    }
}

/* ---- reload ---- */

/* Between the claim and the submit the old back end goes and takes its settings with it. */
static void test_a_reload_while_a_claim_is_with_the_store(void **state)
{
    static struct scene s;

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    scene_post_one(&s, "certificate.expiring", 1, 1);
    for (int i = 0; i < 200 && puppet.count < 2; i++) {
        (void)uv_run(&s.loop, UV_RUN_NOWAIT);
        scene_reload(&s, PUPPETS(PUPPET));
    }
    until_in_hand(&s, 2);
    answer(OUTCOME_SENT);
    answer(OUTCOME_SENT);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    end(&s);
}

/* ---- the queue ---- */

struct poke {
    struct store_job job;
    struct message_move move;
    bool done;
};

static int poke_work(struct store_job *job, struct store *s, struct err *e)
{
    return store_message_move(s, &((struct poke *)job)->move, e);
}

static void poke_done(struct store_job *job, int status, const struct err *e)
{
    if (status != 0) {
        fail_msg("%s", e->text);
    }
    ((struct poke *)job)->done = true;
}

static void move_row(struct scene *s, const struct message_move *move)
{
    struct poke p = {.job = {.work = poke_work, .done = poke_done}, .move = *move};

    store_thread_submit(s->gateway.writer, &p.job);
    while (!p.done) {
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    }
}

/* Makes a waiting message look like one that was tried before. */
static void set_due(struct scene *s, int64_t id, int attempts)
{
    struct message_move move = {.id = id,
                                .from = MESSAGE_QUEUED,
                                .to = MESSAGE_QUEUED,
                                .set = SET_DUE | SET_ATTEMPTS,
                                .now_ms = gateway_now(&s->gateway),
                                .due_ms = gateway_now(&s->gateway) - 3600000,
                                .attempts = attempts};

    move_row(s, &move);
}

/* A store that refuses to open attempts, as a full disk would. */
static int refuse_attempts(struct store *s, const struct message_move *move, struct err *e)
{
    return move->opens == NULL ? scene_real_move(s, move, e)
                               : err_set(e, ERR_FULL, "no room for the test");
}

static void kick(struct scene *s)
{
    dispatch_kick(s->gateway.dispatch, CHANNEL_SMS);
    dispatch_kick(s->gateway.dispatch, CHANNEL_EMAIL);
}

/* Retries whose budget is gone stand first in the queue: new messages go past them. */
static void test_retries_without_budget_do_not_block_new_messages(void **state)
{
    static struct scene s;
    struct lane *lane;

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    lane = back_end_lane(s.gateway.dispatch, STR("s"));
    lane->held = true; /* nothing goes while the scene is set */
    lane->hold_probe_ms = INT64_MAX;
    post_many(&s, 1, 40);
    scene_refresh(&s);
    for (size_t i = 0; i < s.count; i++) {
        if (s.rows[i].channel == CHANNEL_SMS && i >= 10) {
            set_due(&s, s.rows[i].id, 1); /* the oldest are due first */
        }
    }
    lane->held = false;
    lane->budget.tokens = 0;
    puppet.automatic = true;
    puppet.answer = OUTCOME_SENT;
    kick(&s);
    scene_wait(&s, 300);
    scene_refresh(&s);
    for (size_t i = 0; i < s.count; i++) {
        if (s.rows[i].channel == CHANNEL_SMS && s.rows[i].attempts == 0) {
            assert_int_equal(s.rows[i].state, MESSAGE_ACCEPTED);
        }
    }
    end(&s);
}

/* Waiting for room costs nothing: the store is not asked over and over. */
static void test_a_busy_provider_does_not_make_the_store_spin(void **state)
{
    static struct scene s;
    uint64_t rounds;

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    back_end_lane(s.gateway.dispatch, STR("s"))->breaker.limit = 1; /* recovering slowly */
    post_many(&s, 1, 5);
    scene_wait(&s, 100);
    rounds = store_thread_rounds(s.gateway.writer);
    scene_wait(&s, 500);
    assert_in_range(store_thread_rounds(s.gateway.writer) - rounds, 0, 20);
    end(&s);
}

/* A claim that the disk refuses is tried again after a while, neither at once nor never. */
static void test_a_refused_claim_is_tried_again(void **state)
{
    static struct scene s;
    uint64_t rounds;

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    back_end_lane(s.gateway.dispatch, STR("s"))->held = true;
    back_end_lane(s.gateway.dispatch, STR("s"))->hold_probe_ms = INT64_MAX;
    post_many(&s, 1, 1);
    until_in_hand(&s, 1); /* the mail */
    back_end_lane(s.gateway.dispatch, STR("s"))->held = false;
    scene_move_by(&s, refuse_attempts);
    kick(&s);
    scene_wait(&s, 100);
    rounds = store_thread_rounds(s.gateway.writer);
    scene_wait(&s, 500);
    assert_in_range(store_thread_rounds(s.gateway.writer) - rounds, 0, 20);
    scene_move_by(&s, NULL);
    until_in_hand(&s, 2);
    end(&s);
}

/* ---- a held provider ---- */

static void test_a_probe_that_meets_a_dead_path_is_not_followed_by_the_next(void **state)
{
    static struct scene s;
    struct lane *lane;

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    lane = back_end_lane(s.gateway.dispatch, STR("s"));
    lane->held = true;
    lane->hold_probe_ms = INT64_MAX;
    post_many(&s, 1, 5);
    until_in_hand(&s, 5); /* mails */
    lane->hold_probe_ms = 0;
    kick(&s);
    until_in_hand(&s, 6);
    while (puppet.count > 1) {
        answer(OUTCOME_SENT);
    }
    answer(OUTCOME_UNKNOWN);
    scene_wait(&s, 200);
    assert_int_equal(puppet.count, 0); /* one in doubt is enough */
    assert_true(lane->held);
    end(&s);
}

/* The words are made before the provider is drawn; one that writes otherwise gets its own. */
static void test_another_provider_gets_its_own_words(void **state)
{
    static struct scene s;
    const char *routes = scene_routes;
    struct lane *first;

    (void)state;
    scene_routes = "{\"sms\":[\"first\",\"s\"],\"email\":[\"m\"]}";
    begin(&s, "{\"first\":" PUPPET
              ",\"s\":{\"kind\":\"puppet\",\"sms_mode\":\"ascii\"},\"m\":" PUPPET "}");
    scene_routes = routes;
    first = back_end_lane(s.gateway.dispatch, STR("first"));
    post_many(&s, 1, 1);
    until_in_hand(&s, 2);
    while (puppet.count > 0) {
        if (puppet.jobs[0]->channel == CHANNEL_SMS) {
            assert_ptr_equal(puppet.owner[0], first->back_end->provider);
            assert_non_null(strstr(puppet.jobs[0]->text, "ş"));
            answer(OUTCOME_DOWN);
        } else {
            answer(OUTCOME_SENT);
        }
    }
    until_in_hand(&s, 1);
    assert_string_equal(puppet.owner[0]->host->name, "s");
    for (const char *at = puppet.jobs[0]->text; *at != '\0'; at++) {
        assert_true((unsigned char)*at < 0x80);
    }
    end(&s);
}

/* ---- doubt ---- */

static struct scene_row *sms_row(struct scene *s)
{
    scene_refresh(s);
    return scene_find(s, 1, CHANNEL_SMS);
}

static void test_parked_doubt_is_not_released_by_an_unblocked_login(void **state)
{
    static struct scene s;
    const char *blocked[] = {"{\"type\":\"login.blocked\",\"id\":\"b1\",\"holder\":{\"ref\":"
                             "\"h-1\"}}"};
    const char *unblocked[] = {"{\"type\":\"login.unblocked\",\"id\":\"u1\",\"holder\":{"
                               "\"ref\":\"h-1\"}}"};

    (void)state;
    begin(&s, PUPPETS("{\"kind\":\"puppet\",\"on_doubt\":\"park\"}"));
    scene_post_one(&s, "certificate.expiring", 1, 1);
    until_in_hand(&s, 2);
    answer(OUTCOME_UNKNOWN);
    answer(OUTCOME_UNKNOWN);
    scene_until(&s, MESSAGE_HELD, 1);
    scene_post(&s, blocked, 1);
    scene_wait(&s, 50);
    scene_post(&s, unblocked, 1);
    scene_wait(&s, 200);
    assert_int_equal(sms_row(&s)->state, MESSAGE_HELD);
    assert_string_equal(sms_row(&s)->reason, "in_doubt");
    end(&s);
}

/* A provider that never knows is asked a few times, ever more rarely; then the message moves on. */
static void test_questions_come_to_an_end(void **state)
{
    static struct scene s;

    (void)state;
    begin(&s, PUPPETS("{\"kind\":\"puppet\",\"on_doubt\":\"ask\"}"));
    post_many(&s, 1, 1);
    until_in_hand(&s, 2);
    answer(OUTCOME_SENT);
    answer(OUTCOME_UNKNOWN);
    scene_until(&s, MESSAGE_UNKNOWN, 1);
    puppet.answer = OUTCOME_UNKNOWN;
    for (int i = 0; i < 12 && scene_in_state(&s, MESSAGE_UNKNOWN) > 0; i++) {
        s.wall_shift_ms += 35 * 60000; /* longer than the longest pause */
        scene_wait(&s, 2500);
        scene_refresh(&s);
    }
    assert_int_equal(scene_in_state(&s, MESSAGE_UNKNOWN), 0);
    assert_int_equal(puppet.asked, 5);
    end(&s);
}

/* A type that could be asked, with settings that offer nothing: nobody waits for an answer. */
static void test_who_cannot_be_asked_is_not(void **state)
{
    static struct scene s;

    (void)state;
    begin(&s, PUPPETS("{\"kind\":\"puppet\",\"on_doubt\":\"ask\"}"));
    puppet.cannot_ask = true;
    scene_reload(&s, PUPPETS(PUPPET)); /* the capabilities are read when a provider is made */
    post_many(&s, 1, 1);
    until_in_hand(&s, 2);
    answer(OUTCOME_UNKNOWN);
    answer(OUTCOME_UNKNOWN);
    for (int i = 0; i < 200 && scene_in_state(&s, MESSAGE_QUEUED) + puppet.count < 2; i++) {
        scene_wait(&s, 5);
        scene_refresh(&s);
    }
    assert_int_equal(scene_in_state(&s, MESSAGE_UNKNOWN), 0);
    assert_int_equal(puppet.asked, 0);
    end(&s);
}

/* ---- reports ---- */

/* A vendor that wants to be asked rarely is asked once, and not again before its time. */
static void test_reports_are_asked_for_no_more_often_than_wished(void **state)
{
    static struct scene s;

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    puppet.poll_every_ms = 15 * 60000;
    scene_reload(&s, PUPPETS(PUPPET));
    post_many(&s, 1, 1);
    until_in_hand(&s, 2);
    answer(OUTCOME_SENT);
    answer(OUTCOME_SENT);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    s.wall_shift_ms += 2 * 60000;
    scene_wait(&s, 2500);
    assert_int_equal(puppet.polled, 2);
    s.wall_shift_ms += 10 * 60000;
    scene_wait(&s, 2500);
    assert_int_equal(puppet.polled, 2);
    s.wall_shift_ms += 6 * 60000;
    scene_wait(&s, 2500);
    assert_int_equal(puppet.polled, 4);
    end(&s);
}

static void test_reports_are_asked_for_within_minutes(void **state)
{
    static struct scene s;

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    post_many(&s, 1, 1);
    until_in_hand(&s, 2);
    answer(OUTCOME_SENT);
    answer(OUTCOME_SENT);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    s.wall_shift_ms += 2 * 60000;
    scene_wait(&s, 2500);
    assert_int_equal(puppet.polled, 2);
    end(&s);
}

static void report(struct scene *s, int64_t id, int attempt, enum report_state state)
{
    char ref[PROVIDER_REF_MAX];
    struct provider_report r = {.ref = ref, .state = state, .code = "x"};

    ids_attempt_format(s->gateway.ids, id, attempt, ref);
    reports_take(&s->gateway, 0, &r, 1);
    scene_wait(s, 50);
}

static void on_operated(void *ctx, int status, enum message_state to, bool in_doubt,
                        const struct err *e)
{
    (void)to;
    if (ctx != NULL) {
        *(bool *)ctx = in_doubt;
    }
    if (status != 0) {
        fail_msg("%s", e->text);
    }
}

/* What is told of an earlier attempt says nothing about the one that an operator asked for. */
static void test_an_old_report_does_not_end_a_resent_message(void **state)
{
    static struct scene s;
    struct err e;
    int64_t id;

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    post_many(&s, 1, 1);
    until_in_hand(&s, 2);
    answer(OUTCOME_SENT);
    answer(OUTCOME_SENT);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    id = sms_row(&s)->id;
    report(&s, id, 1, REPORT_DELIVERED);
    assert_int_equal(sms_row(&s)->state, MESSAGE_DELIVERED);
    assert_int_equal(operate_resend(&s.gateway, id, "key:test", on_operated, NULL, &e), 0);
    report(&s, id, 1, REPORT_DELIVERED); /* told twice */
    kick(&s);
    until_in_hand(&s, 1);
    report(&s, id, 1, REPORT_UNDELIVERED); /* and now otherwise */
    assert_int_equal(sms_row(&s)->state, MESSAGE_SENDING);
    answer(OUTCOME_SENT);
    scene_until(&s, MESSAGE_ACCEPTED, 2);
    end(&s);
}

static bool operate(struct scene *s, operate_done *done, bool resend)
{
    const int64_t id = sms_row(s)->id;
    bool in_doubt = false;
    struct err e;

    assert_int_equal((resend ? operate_resend : operate_cancel)(&s->gateway, id, "key:test", done,
                                                                &in_doubt, &e),
                     0);
    scene_wait(s, 50);
    return in_doubt;
}

/* Asked for by a person, a second copy is one all the same; also after a cancellation. */
static void test_what_is_resent_in_doubt_is_flagged(void **state)
{
    static struct scene s;

    (void)state;
    begin(&s, PUPPETS("{\"kind\":\"puppet\",\"on_doubt\":\"ask\"}"));
    post_many(&s, 1, 1);
    until_in_hand(&s, 2);
    answer(OUTCOME_REJECTED);
    answer(OUTCOME_REJECTED);
    scene_until(&s, MESSAGE_FAILED, 2);
    assert_false(operate(&s, on_operated, true)); /* surely not sent */
    assert_int_equal(sms_row(&s)->flags, MESSAGE_RESENT);
    kick(&s);
    until_in_hand(&s, 1);
    answer(OUTCOME_UNKNOWN);
    scene_until(&s, MESSAGE_UNKNOWN, 1);
    puppet.answer = OUTCOME_DOWN; /* the question, which nobody answers */
    s.wall_shift_ms += 2 * 60000;
    scene_wait(&s, 2500);
    assert_int_equal(puppet.asked, 1);
    assert_int_equal(sms_row(&s)->state, MESSAGE_UNKNOWN);
    assert_true(operate(&s, on_operated, false));
    assert_int_equal(sms_row(&s)->state, MESSAGE_CANCELLED);
    assert_int_equal(sms_row(&s)->flags & MESSAGE_POSSIBLE_DUPLICATE, 0); /* it went once */
    assert_true(operate(&s, on_operated, true));
    assert_int_equal(sms_row(&s)->flags, MESSAGE_RESENT | MESSAGE_POSSIBLE_DUPLICATE);
    end(&s);
}

/* A message that an operator sends again days later has its day, whatever its age. */
static void test_a_resent_message_may_be_retried(void **state)
{
    static struct scene s;
    struct err e;
    int64_t id;

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    post_many(&s, 1, 1);
    until_in_hand(&s, 2);
    answer(OUTCOME_REJECTED);
    answer(OUTCOME_REJECTED);
    scene_until(&s, MESSAGE_FAILED, 2);
    id = sms_row(&s)->id;
    s.wall_shift_ms += 10LL * DAY_MS;
    assert_int_equal(operate_resend(&s.gateway, id, "key:test", on_operated, NULL, &e), 0);
    scene_wait(&s, 50);
    kick(&s);
    until_in_hand(&s, 1);
    answer(OUTCOME_RETRY);
    scene_wait(&s, 100);
    assert_int_equal(sms_row(&s)->state, MESSAGE_QUEUED);
    end(&s);
}

/* ---- a login that is blocked while a message is on its way ---- */

static void test_a_message_that_comes_back_into_a_blocked_case_waits(void **state)
{
    static struct scene s;
    const char *blocked[] = {"{\"type\":\"login.blocked\",\"id\":\"b1\",\"holder\":{\"ref\":"
                             "\"h-1\"}}"};

    (void)state;
    begin(&s, PUPPETS(PUPPET));
    scene_post_one(&s, "certificate.expiring", 1, 1);
    until_in_hand(&s, 2);
    scene_post(&s, blocked, 1);
    answer(OUTCOME_RETRY);
    answer(OUTCOME_RETRY);
    scene_wait(&s, 1500);
    assert_int_equal(sms_row(&s)->state, MESSAGE_HELD);
    assert_string_equal(sms_row(&s)->reason, "blocked");
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reload_while_a_claim_is_with_the_store),
        cmocka_unit_test(test_retries_without_budget_do_not_block_new_messages),
        cmocka_unit_test(test_a_busy_provider_does_not_make_the_store_spin),
        cmocka_unit_test(test_a_refused_claim_is_tried_again),
        cmocka_unit_test(test_a_probe_that_meets_a_dead_path_is_not_followed_by_the_next),
        cmocka_unit_test(test_parked_doubt_is_not_released_by_an_unblocked_login),
        cmocka_unit_test(test_questions_come_to_an_end),
        cmocka_unit_test(test_another_provider_gets_its_own_words),
        cmocka_unit_test(test_who_cannot_be_asked_is_not),
        cmocka_unit_test(test_what_is_resent_in_doubt_is_flagged),
        cmocka_unit_test(test_reports_are_asked_for_no_more_often_than_wished),
        cmocka_unit_test(test_reports_are_asked_for_within_minutes),
        cmocka_unit_test(test_an_old_report_does_not_end_a_resent_message),
        cmocka_unit_test(test_a_resent_message_may_be_retried),
        cmocka_unit_test(test_a_message_that_comes_back_into_a_blocked_case_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
