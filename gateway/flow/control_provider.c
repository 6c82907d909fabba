#include "flow/control_provider.h"

#include "base/civil.h"
#include "base/log.h"
#include "domain/fact.h"
#include "flow/audit.h"
#include "flow/dispatch_state.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLE_DAYS = 30 };

int provider_index(const struct gateway *g, struct str name)
{
    for (size_t i = 0; i < g->dispatch->lane_count; i++) {
        if (str_eqs(name, g->dispatch->lanes[i].conf->name)) {
            return (int)i;
        }
    }
    return -1;
}

/* ---- how it stands ---- */

static const char *state_of(struct lane *lane, int64_t mono_ms, int64_t *ret_wait_ms)
{
    static const char *const names[] = {[ROUTE_READY] = "ready",
                                        [ROUTE_BUSY] = "busy",
                                        [ROUTE_BROKEN] = "broken",
                                        [ROUTE_HELD] = "held"};
    const enum route_state state = lane_state(lane, mono_ms, ret_wait_ms);

    if (lane->order == LANE_PAUSED) {
        return "paused";
    }
    if (lane->order == LANE_DRAINING) {
        return lane->in_flight > 0 ? "draining" : "drained";
    }
    return lane->held ? "held" : names[state];
}

static void write_channels(struct json_writer *w, const struct lane *lane)
{
    const struct dispatch *d = lane->dispatch;

    jsonw_key(w, "channels");
    jsonw_array(w);
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        if ((lane->conf->type->channels & 1u << ch) != 0) {
            jsonw_cstr(w, channel_name(ch));
        }
    }
    jsonw_end_array(w);
    jsonw_key(w, "pinned");
    jsonw_array(w);
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        if (d->control.pin[ch] == lane) {
            jsonw_cstr(w, channel_name(ch));
        }
    }
    jsonw_end_array(w);
}

static void write_control(struct json_writer *w, const struct lane *lane, int64_t now_ms)
{
    char subject[CONTROL_SUBJECT_MAX + 1];
    const struct control *c;

    (void)control_subject(subject, "provider", str_of(lane->conf->name));
    c = controls_find(lane->dispatch->control.picture, subject, now_ms);
    if (c != NULL && c->verb != CONTROL_LIFT) {
        jsonw_key(w, "control");
        control_write(w, c);
    }
}

static void write_attempts(struct json_writer *w, const struct stats_provider *p)
{
    jsonw_key(w, "attempts");
    jsonw_object(w);
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) {
        if (p->attempts[o] > 0) {
            jsonw_put_i64(w, outcome_name((enum outcome_class)o), (int64_t)p->attempts[o]);
        }
    }
    jsonw_end_object(w);
}

void provider_write(const struct gateway *g, int index, struct json_writer *w)
{
    struct lane *lane = &g->dispatch->lanes[index];
    const struct stats_provider *stats = &g->stats.providers[index];
    const int64_t now = gateway_now(g);
    int64_t wait;
    const char *state = state_of(lane, clock_mono_ms(g->clock), &wait);

    jsonw_put(w, "name", lane->conf->name);
    jsonw_put(w, "kind", lane->conf->kind);
    jsonw_put(w, "state", state);
    if (lane->held) {
        jsonw_put(w, "held_for", stats->held_reason);
        jsonw_put_time(w, "held_since", lane->held_ms);
    }
    if (wait > 0 && wait != INT64_MAX && strcmp(state, "busy") != 0) {
        jsonw_put_time(w, "tries_again", now + clock_span_ms(g->clock, wait));
    }
    jsonw_put(w, "circuit", breaker_state_name(lane->breaker.state));
    jsonw_put_i64(w, "in_flight", (int64_t)lane->in_flight);
    write_channels(w, lane);
    write_control(w, lane, now);
    write_attempts(w, stats);
    jsonw_put_bool(w, "tells_balance", lane->conf->type->balance != NULL && !lane->caps.no_balance);
}

/* ---- balance ---- */

int provider_ask_balance(struct gateway *g, int index,
                         void (*done)(void *ctx, const struct provider_balance *balance), void *ctx,
                         struct err *e)
{
    struct lane *lane = &g->dispatch->lanes[index];

    if (lane->conf->type->balance == NULL || lane->caps.no_balance || lane->back_end == NULL) {
        return err_set(e, ERR_UNSUPPORTED, "provider %s does not tell its balance",
                       lane->conf->name);
    }
    if (lane->balance_waits == LANE_BALANCE_MAX) {
        return err_set(e, ERR_BUSY, "the balance of %s is being asked already", lane->conf->name);
    }
    lane->balance[lane->balance_waits++] = (struct lane_balance){done, ctx};
    if (lane->balance_waits == 1) {
        lane->conf->type->balance(lane->back_end->provider);
    }
    return 0;
}

void lane_balance_told(struct lane *lane, const struct provider_balance *balance)
{
    struct lane_balance waits[LANE_BALANCE_MAX];
    const size_t count = lane->balance_waits;

    memcpy(waits, lane->balance, sizeof waits);
    lane->balance_waits = 0;
    for (size_t i = 0; i < count; i++) {
        waits[i].done(waits[i].ctx, balance);
    }
}

/* ---- a test message ---- */

struct test_job {
    struct store_job job;
    struct gateway *gateway;
    char provider[STORE_NAME_MAX + 1];
    char template[STORE_NAME_MAX + 1];
    char actor[AUDIT_ACTOR_MAX + 1];
    enum channel channel;
    int64_t now_ms;
    int64_t id;
    struct buf facts;
    struct attempt *attempt;
    void (*done)(void *ctx, int status, int64_t message_id);
    void *ctx;
};

/* An invented person, so that no real one's name gets into a test. */
static int write_facts(struct test_job *j, const char *to)
{
    struct fact *fact = calloc(1, sizeof *fact);
    const bool sms = j->channel == CHANNEL_SMS;
    struct json_writer w;
    struct buf canonical;

    if (fact == NULL) {
        return ERR_NOMEM;
    }
    fact_reset(fact);
    fact->not_after_ms = j->now_ms + SAMPLE_DAYS * (int64_t)DAY_MS;
    (void)str_copy(fact->holder.given_name, sizeof fact->holder.given_name, STR("Deneme"));
    (void)str_copy(fact->holder.family_name, sizeof fact->holder.family_name, STR("Kişi"));
    (void)str_copy(sms ? fact->holder.phone : fact->holder.email,
                   sms ? sizeof fact->holder.phone : sizeof fact->holder.email, str_of(to));
    buf_init(&canonical, FACT_CANONICAL_MAX);
    (void)fact_canonical(fact, &canonical);
    free(fact);
    jsonw_init(&w, &j->facts);
    jsonw_object(&w);
    jsonw_key(&w, "fact");
    jsonw_raw(&w, (struct str){canonical.data, canonical.len});
    jsonw_key(&w, "vars");
    jsonw_object(&w);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    buf_finish(&canonical);
    return buf_failed(&j->facts);
}

static int take_row(void *ctx, const struct message_row *row)
{
    struct test_job *j = ctx;
    const struct due_row due = {.message = *row};

    j->attempt = attempt_create(NULL, &due);
    return j->attempt == NULL ? ERR_NOMEM : 0;
}

static int note_test(const struct test_job *j, struct store *s, struct err *e)
{
    char detail[160];

    (void)snprintf(detail, sizeof detail, "{\"provider\":\"%s\",\"channel\":\"%s\"}", j->provider,
                   channel_name(j->channel));
    return audit_add(s, j->actor, "provider.test", str_of(detail), j->now_ms, e);
}

static int test_work(struct store_job *job, struct store *s, struct err *e)
{
    struct test_job *j = (struct test_job *)job;
    const struct message_row row = {.channel = j->channel,
                                    .state = MESSAGE_QUEUED,
                                    .urgency = URGENCY_URGENT,
                                    .template = str_of(j->template),
                                    .created_ms = j->now_ms,
                                    .planned_ms = j->now_ms,
                                    .due_ms = j->now_ms,
                                    .deadline_ms = j->now_ms + PROVIDER_TEST_MS,
                                    .flags = MESSAGE_TEST,
                                    .provider = str_of(j->provider),
                                    .facts = {j->facts.data, j->facts.len},
                                    .updated_ms = j->now_ms};
    int rc = store_message_add(s, &row, &j->id, e);

    rc = rc == 0 ? note_test(j, s, e) : rc;
    return rc == 0 ? store_message_get(s, j->id, take_row, j, e) : rc;
}

static void test_done(struct store_job *job, int status, const struct err *e)
{
    struct test_job *j = (struct test_job *)job;

    if (status != 0) {
        log_error("provider_test_failed", LOG_S("provider", j->provider), LOG_S("error", e->text));
        attempt_free(j->attempt);
    } else if (j->gateway->dispatch == NULL || j->gateway->draining) {
        attempt_free(j->attempt); /* it stays queued, and is tried or expires after the start */
    } else {
        dispatch_offer(j->gateway->dispatch, j->attempt);
    }
    j->done(j->ctx, status, j->id);
    buf_finish(&j->facts);
    free(j);
}

int provider_send_test(struct gateway *g, const struct provider_test *test,
                       void (*done)(void *ctx, int status, int64_t message_id), void *ctx,
                       struct err *e)
{
    const struct lane *lane = &g->dispatch->lanes[test->index];
    struct test_job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a test");
    }
    j->gateway = g;
    j->channel = strchr(test->to, '@') != NULL ? CHANNEL_EMAIL : CHANNEL_SMS;
    j->now_ms = gateway_now(g);
    j->done = done;
    j->ctx = ctx;
    (void)str_copy(j->provider, sizeof j->provider, str_of(lane->conf->name));
    (void)str_copy(j->template, sizeof j->template, str_of(test->template));
    (void)str_copy(j->actor, sizeof j->actor, str_of(test->actor));
    buf_init(&j->facts, STORE_BODY_MAX);
    if ((lane->conf->type->channels & 1u << j->channel) == 0 || write_facts(j, test->to) != 0) {
        buf_finish(&j->facts);
        free(j);
        return err_set(e, ERR_UNSUPPORTED, "provider %s does not serve this channel",
                       lane->conf->name);
    }
    j->job.work = test_work;
    j->job.done = test_done;
    store_thread_submit(g->writer, &j->job);
    return 0;
}
