#include "base/log.h"
#include "providers/smpp/smpp_message.h"
#include "providers/smpp/smpp_receipt.h"
#include "providers/smpp/smpp_state.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PART_TRIES = 5, /* refusals of parts that a message begun may bear */
    PAUSE_MAX_MS = 60000
};

enum unit_state { UNIT_WAITING, UNIT_FLYING, UNIT_ACCEPTED, UNIT_REFUSED };

/*
 * A message of which something was sent. Its first unit goes alone: a centre that refuses the
 * message does so before any part of it is on the way.
 */
struct smpp_task {
    struct list node; /* in p->tasks while it has something to send */
    struct provider_job *job;
    struct smpp_sent *sent; /* held; null without memory */
    size_t units;
    size_t accepted;
    size_t flying;
    int tries;
    bool over;              /* nothing more is sent */
    bool lost;              /* an answer did not come */
    struct outcome verdict; /* of the refusal, or how it was lost */
    char last_id[SMPP_ID_SIZE];
    uint8_t state[SMS_SEGMENTS_MAX];
    size_t count;
    struct sms_part parts[];
};

static struct smpp_message message_of(const struct provider *p, const struct smpp_task *t)
{
    return (struct smpp_message){
        .settings = p->settings, .job = t->job, .parts = t->parts, .count = t->count};
}

/* ---- ending ---- */

static void finish(struct provider *p, struct smpp_task *t, const struct outcome *outcome)
{
    struct provider_job *job = t->job;
    struct outcome o = *outcome; /* it may be the task's */

    list_remove(&t->node);
    smpp_sent_release(t->sent);
    free(t);
    p->active--;
    p->host->done(p->host->ctx, job, &o);
}

static void finish_sent(struct provider *p, struct smpp_task *t)
{
    struct outcome o;

    outcome_set(&o, OUTCOME_SENT, "0x00000000", "%zu of %zu units were accepted", t->accepted,
                t->units);
    (void)snprintf(o.provider_ref, sizeof(o.provider_ref), "%s", t->last_id);
    finish(p, t, &o);
}

/*
 * Parts were accepted and others were not. A refusal for good ends the message; whatever else would
 * send it again would send the accepted parts twice, so the message is in doubt.
 */
static void finish_partly(struct provider *p, struct smpp_task *t)
{
    struct outcome o = t->verdict;
    char why[120];

    (void)snprintf(why, sizeof(why), "%.*s", (int)sizeof(why) - 1, t->verdict.detail);
    outcome_set(&o, o.class == OUTCOME_REJECTED ? OUTCOME_REJECTED : OUTCOME_UNKNOWN,
                t->verdict.code, "%zu of %zu units were accepted, then: %s", t->accepted, t->units,
                why);
    finish(p, t, &o);
}

/* Ends the task when there is nothing left to send and nothing to wait for. */
static void step(struct provider *p, struct smpp_task *t)
{
    if (t->flying > 0) {
        return;
    }
    if (t->lost) {
        t->verdict.class = OUTCOME_UNKNOWN;
        finish(p, t, &t->verdict);
    } else if (t->accepted == t->units) {
        finish_sent(p, t);
    } else if (t->over && t->accepted > 0) {
        finish_partly(p, t);
    } else if (t->over) {
        finish(p, t, &t->verdict);
    }
}

static void end_with(struct smpp_task *t, enum outcome_class class, const char *code,
                     const char *why)
{
    t->over = true;
    list_remove(&t->node);
    outcome_set(&t->verdict, class, code, "%s", why);
}

/* ---- slots ---- */

static struct smpp_slot *slot_of(struct provider *p, uint32_t sequence)
{
    struct smpp_slot *s = &p->slots[sequence % SMPP_SLOTS];

    return sequence != 0 && s->sequence == sequence ? s : NULL;
}

static void free_slot(struct smpp_slot *s)
{
    list_remove(&s->node);
    smpp_sent_release(s->sent);
    s->sent = NULL;
    s->task = NULL;
    s->sequence = 0;
}

/* The next sequence number whose slot nobody waits for; late answers give way. */
static struct smpp_slot *take_slot(struct provider *p)
{
    struct smpp_slot *s;
    uint32_t sequence;

    do {
        sequence = smpp_session_next(p);
        s = &p->slots[sequence % SMPP_SLOTS];
    } while (s->task != NULL);
    if (s->sequence != 0) {
        free_slot(s);
    }
    s->sequence = sequence;
    return s;
}

/* ---- sending ---- */

static void send_unit(struct provider *p, struct smpp_task *t, size_t unit, int64_t now)
{
    struct smpp_message m = message_of(p, t);
    struct smpp_slot *s;
    struct smpp_pdu pdu;

    if (smpp_message_fill(&m, unit, clock_wall_ms(p->host->clock), &p->space, &pdu) != 0) {
        end_with(t, OUTCOME_DOWN, "memory", "no memory to send this message");
        step(p, t);
        return;
    }
    s = take_slot(p);
    pdu.sequence = s->sequence;
    s->task = t;
    s->unit = unit;
    s->sent_ms = now;
    s->sent = t->sent;
    if (s->sent != NULL) {
        s->sent->holders++;
    }
    list_push_back(&p->flying, &s->node);
    p->in_flight++;
    t->flying++;
    t->state[unit] = UNIT_FLYING;
    (void)smpp_session_put(p, &pdu);
}

static size_t waiting_unit(const struct smpp_task *t)
{
    size_t i = 0;

    while (i < t->units && t->state[i] != UNIT_WAITING) {
        i++;
    }
    return i;
}

static void send_next(struct provider *p, struct smpp_task *t, int64_t now)
{
    size_t unit = waiting_unit(t);

    if (unit == t->units) {
        list_remove(&t->node);
        return;
    }
    send_unit(p, t, unit, now);
}

/* ---- beginning ---- */

static void refuse_job(struct provider *p, struct provider_job *job, enum outcome_class class,
                       const char *code, const char *why)
{
    struct outcome o;

    outcome_set(&o, class, code, "%s", why);
    p->host->done(p->host->ctx, job, &o);
}

/* Messages to one number must not share a reference while their parts are on the way. */
static unsigned next_ref(struct provider *p, const char *to)
{
    uint32_t h = 2166136261u;

    for (; *to != '\0'; to++) {
        h = (h ^ (unsigned char)*to) * 16777619u;
    }
    return ++p->refs[h % SMPP_REFS];
}

static struct smpp_task *make_task(struct provider *p, struct provider_job *job, size_t count)
{
    struct smpp_task *t = calloc(1, sizeof(*t) + count * sizeof(t->parts[0]));
    bool last = p->settings->receipt_parts == SMPP_RECEIPT_LAST;
    struct smpp_message m;

    if (t == NULL) {
        return NULL;
    }
    list_init(&t->node);
    t->job = job;
    t->count = count;
    memcpy(t->parts, p->parts, count * sizeof(t->parts[0]));
    m = message_of(p, t);
    t->units = smpp_message_units(&m);
    t->sent = smpp_sent_create(job->ref, last ? 1 : t->units);
    p->active++;
    return t;
}

static void begin_job(struct provider *p, struct provider_job *job, int64_t now)
{
    struct smpp_task *t;
    char number[21];
    struct err e = {0};
    size_t count;

    if (job->deadline_ms > 0 && job->deadline_ms < clock_wall_ms(p->host->clock)) {
        refuse_job(p, job, OUTCOME_UNTOUCHED, "untouched", "its deadline passed while it waited");
        return;
    }
    if (job->channel != CHANNEL_SMS || job->text == NULL || !smpp_number(job->to, number)) {
        refuse_job(p, job, OUTCOME_REJECTED, "local", "not an SMS to a phone number");
        return;
    }
    if (smpp_message_pack(p->settings, job, next_ref(p, job->to), p->parts, &count, &e) != 0) {
        refuse_job(p, job, OUTCOME_REJECTED, "local", e.text);
        return;
    }
    t = make_task(p, job, count);
    if (t == NULL) {
        refuse_job(p, job, OUTCOME_DOWN, "memory", "no memory to send this message");
        return;
    }
    send_unit(p, t, 0, now);
}

void smpp_window_pump(struct provider *p, int64_t now)
{
    while (p->phase == SMPP_BOUND && now >= p->pause_end_ms &&
           p->in_flight < (size_t)p->settings->window) {
        if (!list_empty(&p->tasks)) {
            send_next(p, list_entry(p->tasks.next, struct smpp_task, node), now);
        } else if (!list_empty(&p->jobs)) {
            begin_job(p, list_entry(list_pop_front(&p->jobs), struct provider_job, node), now);
        } else {
            break;
        }
    }
}

/* ---- answers ---- */

static void pause_for(struct provider *p, bool throttled)
{
    int64_t now = smpp_now(p);
    int64_t wait = p->settings->throttle_ms;

    if (now < p->pause_end_ms) {
        return; /* the answers of one window are one complaint */
    }
    p->throttles = throttled ? p->throttles + 1 : p->throttles;
    for (int i = 1; throttled && i < p->throttles && wait < PAUSE_MAX_MS; i++) {
        wait *= 2;
    }
    p->pause_end_ms = now + (wait < PAUSE_MAX_MS ? wait : PAUSE_MAX_MS);
}

static enum outcome_class class_of(struct provider *p, const struct smpp_task *t, uint32_t status)
{
    if (smpp_status_is_unknown(status, p->rules, p->rule_count)) {
        return smpp_blame_class(&p->blame, t->job);
    }
    smpp_blame_clear(&p->blame);
    return smpp_submit_class(status, p->rules, p->rule_count);
}

/* A part of a message begun may be tried again by itself; a message not begun goes back. */
static bool try_again(const struct smpp_task *t, enum outcome_class class)
{
    bool passing = class == OUTCOME_THROTTLED || class == OUTCOME_RETRY;

    return passing && t->accepted > 0 && !t->over && t->tries < PART_TRIES;
}

static void refuse_unit(struct provider *p, struct smpp_task *t, size_t unit, uint32_t status)
{
    enum outcome_class class = class_of(p, t, status);
    char code[32];

    if (class == OUTCOME_THROTTLED || class == OUTCOME_RETRY) {
        pause_for(p, class == OUTCOME_THROTTLED);
    }
    if (try_again(t, class)) {
        t->tries++;
        t->state[unit] = UNIT_WAITING;
        list_remove(&t->node);
        list_push_back(&p->tasks, &t->node);
        return;
    }
    t->state[unit] = UNIT_REFUSED;
    if (!t->over) {
        (void)snprintf(code, sizeof(code), "0x%08X", (unsigned)status);
        end_with(t, class, code, smpp_status_name(status));
        t->verdict.wait_ms = class == OUTCOME_THROTTLED ? p->pause_end_ms - smpp_now(p) : 0;
    }
}

static void note_id(struct provider *p, const struct smpp_pdu *pdu, struct smpp_sent *sent,
                    char ret[SMPP_ID_SIZE])
{
    (void)snprintf(ret, SMPP_ID_SIZE, "%.*s", SMPP_ID_SIZE - 1, pdu->message_id);
    smpp_id_normalise((enum smpp_id_form)p->settings->id_form, SMPP_ID_IN_ANSWER, ret);
    if (ret[0] != '\0' && sent != NULL) {
        smpp_ids_add(p->ids, ret, sent);
        smpp_report_early(p, ret);
    }
}

static void accept_unit(struct provider *p, struct smpp_task *t, size_t unit,
                        const struct smpp_pdu *pdu)
{
    bool with_receipt = p->settings->receipt_parts == SMPP_RECEIPT_ALL || unit + 1 == t->units;
    char id[SMPP_ID_SIZE];

    note_id(p, pdu, with_receipt ? t->sent : NULL, id);
    if (unit + 1 == t->units) {
        memcpy(t->last_id, id, sizeof(id));
    }
    p->throttles = 0;
    smpp_blame_clear(&p->blame);
    t->state[unit] = UNIT_ACCEPTED;
    t->accepted++;
    if (t->accepted < t->units && !t->over && waiting_unit(t) < t->units) {
        list_remove(&t->node);
        list_push_back(&p->tasks, &t->node);
    }
}

/* It was given up: all that is left to learn is what to call it when its receipt comes. */
static void take_late(struct provider *p, struct smpp_slot *s, const struct smpp_pdu *pdu)
{
    char id[SMPP_ID_SIZE];

    log_warning("smpp_late_answer", LOG_S("provider", p->host->name), LOG_I("status", pdu->status));
    if (pdu->status == SMPP_ESME_ROK && pdu->command != SMPP_GENERIC_NACK) {
        note_id(p, pdu, s->sent, id);
    }
    free_slot(s);
}

void smpp_window_answer(struct provider *p, const struct smpp_pdu *pdu)
{
    struct smpp_slot *s = slot_of(p, pdu->sequence);
    struct smpp_task *t;
    size_t unit;

    if (s == NULL) {
        log_debug("smpp_answer_unasked", LOG_S("provider", p->host->name));
        return;
    }
    t = s->task;
    unit = s->unit;
    if (t == NULL) {
        take_late(p, s, pdu);
        return;
    }
    free_slot(s);
    p->in_flight--;
    t->flying--;
    if (pdu->status == SMPP_ESME_ROK && pdu->command != SMPP_GENERIC_NACK) {
        accept_unit(p, t, unit, pdu);
    } else {
        refuse_unit(p, t, unit, pdu->status);
    }
    step(p, t);
}

/* ---- answers that do not come ---- */

static void lose(struct provider *p, struct smpp_slot *s, const char *code, const char *why)
{
    struct smpp_task *t = s->task;

    s->task = NULL;
    list_remove(&s->node);
    p->in_flight--;
    t->flying--;
    t->lost = true;
    end_with(t, OUTCOME_UNKNOWN, code, why);
    step(p, t);
}

int64_t smpp_window_due(const struct provider *p)
{
    int64_t due = INT64_MAX;

    if (!list_empty(&p->flying)) {
        due = list_entry(p->flying.next, struct smpp_slot, node)->sent_ms +
              p->settings->timeouts.response;
    }
    if (p->pause_end_ms > smpp_now(p) && p->pause_end_ms < due) {
        due = p->pause_end_ms;
    }
    return due;
}

void smpp_window_expire(struct provider *p, int64_t now)
{
    while (!list_empty(&p->flying)) {
        struct smpp_slot *s = list_entry(p->flying.next, struct smpp_slot, node);

        if (s->sent_ms + p->settings->timeouts.response > now) {
            return;
        }
        lose(p, s, "timeout", "the centre did not answer in time");
    }
}

void smpp_window_lost(struct provider *p, const char *why)
{
    char sentence[180];

    (void)snprintf(sentence, sizeof(sentence), "the link ended before the answer: %s", why);
    while (!list_empty(&p->flying)) {
        lose(p, list_entry(p->flying.next, struct smpp_slot, node), "lost", sentence);
    }
    for (size_t i = 0; i < SMPP_SLOTS; i++) {
        free_slot(&p->slots[i]); /* sequence numbers of another session mean nothing */
    }
}

void smpp_window_abandon(struct provider *p, const char *why)
{
    while (!list_empty(&p->flying)) {
        lose(p, list_entry(p->flying.next, struct smpp_slot, node), "timeout", why);
    }
    while (!list_empty(&p->tasks)) {
        struct smpp_task *t = list_entry(p->tasks.next, struct smpp_task, node);

        end_with(t, OUTCOME_DOWN, "partly", why);
        step(p, t);
    }
}

void smpp_window_return(struct provider *p)
{
    struct list *node;

    while ((node = list_pop_front(&p->jobs)) != NULL) {
        refuse_job(p, list_entry(node, struct provider_job, node), OUTCOME_UNTOUCHED, "untouched",
                   "the gateway is stopping");
    }
}

void smpp_window_fail(struct provider *p)
{
    struct outcome o = p->verdict;
    struct list jobs;
    struct list *node;

    list_init(&jobs); /* done() may bring new ones, which wait for the next turn */
    list_splice_back(&jobs, &p->jobs);
    o.wait_ms = p->reconnect_ms > smpp_now(p) ? p->reconnect_ms - smpp_now(p) : 0;
    while ((node = list_pop_front(&jobs)) != NULL) {
        p->host->done(p->host->ctx, list_entry(node, struct provider_job, node), &o);
    }
    smpp_window_abandon(p, p->verdict.detail);
}
