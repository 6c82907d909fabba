/* What campaigns do today, and the pause that the guard sets. */
#include "base/civil.h"
#include "base/json.h"
#include "base/log.h"
#include "domain/calendar.h"
#include "flow/audit.h"
#include "flow/dispatch_state.h"

#include <stdio.h>
#include <stdlib.h>

enum { MINUTE_MS = 60000 };

struct trip_job {
    struct store_job job;
    struct dispatch *dispatch;
    struct control pause;
    enum guard_verdict verdict;
    bool paused_already;
};

struct guard_rules guard_rules_of(const struct conf_campaign *c)
{
    return (struct guard_rules){.blast_factor = c->blast_factor,
                                .daily_limit = c->daily_limit,
                                .daily_budget = c->daily_budget,
                                .failure_percent = c->failure_limit};
}

struct guard_campaign *guard_find(struct dispatch *d, const char *campaign)
{
    for (size_t i = 0; i < d->control.campaign_count; i++) {
        if (strcmp(d->control.campaigns[i].name, campaign) == 0) {
            return &d->control.campaigns[i];
        }
    }
    return NULL;
}

/* ---- the window of failures ---- */

static struct guard_minute *minute_of(struct guard_campaign *g, int64_t now_ms)
{
    const int64_t minute = now_ms / MINUTE_MS;
    struct guard_minute *m = &g->window[minute % GUARD_WINDOW_MIN];

    if (m->minute != minute) {
        *m = (struct guard_minute){.minute = minute};
    }
    return m;
}

static void note_fate(struct guard_campaign *g, bool failed, int64_t now_ms)
{
    struct guard_minute *m = minute_of(g, now_ms);

    m->settled++;
    m->failed += failed;
}

static void sum_window(struct guard_campaign *g, int64_t now_ms)
{
    const int64_t oldest = now_ms / MINUTE_MS - GUARD_WINDOW_MIN;

    g->facts.settled = 0;
    g->facts.failed = 0;
    for (size_t i = 0; i < GUARD_WINDOW_MIN; i++) {
        if (g->window[i].minute > oldest) {
            g->facts.settled += g->window[i].settled;
            g->facts.failed += g->window[i].failed;
        }
    }
}

/* ---- stopping ---- */

static int trip_work(struct store_job *job, struct store *s, struct err *e)
{
    struct trip_job *j = (struct trip_job *)job;
    struct control found;
    struct audit_note note;
    int rc = control_get(s, j->pause.subject, j->pause.at_ms, &found, e);

    if (rc != ERR_NOT_FOUND) {
        j->paused_already = rc == 0; /* by a person: that one stays */
        return rc;
    }
    rc = control_put_quietly(s, &j->pause, e);
    if (rc != 0) {
        return rc;
    }
    audit_begin(&note);
    jsonw_put(&note.w, "subject", j->pause.subject);
    jsonw_put(&note.w, "reason", j->pause.value);
    jsonw_put(&note.w, "note", j->pause.note);
    jsonw_put_time(&note.w, "until", j->pause.until_ms);
    return audit_end(&note, s, CONTROL_GUARD, "campaign.pause", j->pause.at_ms, e);
}

static void trip_done(struct store_job *job, int status, const struct err *e)
{
    struct trip_job *j = (struct trip_job *)job;
    struct dispatch *d = j->dispatch;
    struct guard_campaign *g = guard_find(d, j->pause.subject + sizeof "campaign:" - 1);

    d->control.jobs--;
    if (status != 0) {
        log_error("guard_failed", LOG_S("error", e->text));
        if (g != NULL) {
            g->tripped = false; /* the next message trips it again */
        }
    }
    free(j);
    dispatch_controls_changed(d);
    dispatch_check_drained(d);
}

static void trip(struct dispatch *d, struct guard_campaign *g, const struct guard_rules *rules,
                 enum guard_verdict verdict, int64_t now_ms)
{
    const bool turkish = d->gateway->settings->conf->lang == CONF_TURKISH;
    struct trip_job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        return;
    }
    g->tripped = true;
    d->gateway->stats.guard_stops[verdict]++;
    j->dispatch = d;
    j->verdict = verdict;
    j->pause = (struct control){.verb = CONTROL_PAUSE, .at_ms = now_ms};
    (void)control_subject(j->pause.subject, "campaign", str_of(g->name));
    (void)snprintf(j->pause.value, sizeof j->pause.value, "%s", guard_verdict_name(verdict));
    (void)snprintf(j->pause.by, sizeof j->pause.by, "%s", CONTROL_GUARD);
    guard_sentence(verdict, rules, &g->facts, turkish, j->pause.note);
    if (guard_ends_with_day(verdict)) {
        j->pause.until_ms = istanbul_ms(istanbul_day(now_ms) + 1, 0);
    }
    log_error("campaign_stopped_by_guard", LOG_S("campaign", g->name),
              LOG_S("reason", j->pause.value), LOG_S("detail", j->pause.note),
              LOG_S("remedy", "look into it, then: hatirlat campaign resume NAME --note …"));
    j->job.work = trip_work;
    j->job.done = trip_done;
    d->control.jobs++;
    store_thread_submit(d->gateway->writer, &j->job);
}

static void turn_day(struct dispatch *d, int64_t now_ms)
{
    const int64_t day = istanbul_day(now_ms);

    if (d->control.day == day) {
        return;
    }
    d->control.day = day;
    for (size_t i = 0; i < d->control.campaign_count; i++) {
        d->control.campaigns[i].facts.sent = 0;
        d->control.campaigns[i].facts.kurus = 0;
    }
    dispatch_controls_changed(d); /* the usual day has moved on too */
}

static bool allowed(const struct dispatch *d, const char *campaign, int64_t now_ms)
{
    char subject[CONTROL_SUBJECT_MAX + 1];

    return control_subject(subject, "guard", str_of(campaign)) == 0 &&
           controls_find(d->control.picture, subject, now_ms) != NULL;
}

bool guard_stops(struct dispatch *d, const struct attempt *a, int64_t now_ms)
{
    struct guard_campaign *g = guard_find(d, a->campaign);
    const struct conf_campaign *conf;
    struct guard_rules rules;
    enum guard_verdict verdict;

    if (g == NULL || g->tripped) {
        return g != NULL;
    }
    turn_day(d, now_ms);
    conf = control_campaign(d->gateway->settings->conf, str_of(a->campaign));
    if (conf == NULL || a->attempts > 0 || allowed(d, a->campaign, now_ms)) {
        return false;
    }
    rules = guard_rules_of(conf);
    sum_window(g, now_ms);
    verdict = guard_judge(&rules, &g->facts);
    if (verdict != GUARD_GO) {
        trip(d, g, &rules, verdict, now_ms);
    }
    return verdict != GUARD_GO;
}

/* ---- counting ---- */

void guard_count(struct dispatch *d, struct attempt *a)
{
    struct guard_campaign *g = guard_find(d, a->campaign);

    if (g != NULL) {
        a->counted = a->attempts == 0;
        a->kurus =
            a->job.channel == CHANNEL_SMS ? (int64_t)a->segments * a->lane->conf->price_kurus : 0;
        a->day = istanbul_day(a->claimed_ms);
        g->facts.sent += a->counted;
        g->facts.kurus += a->kurus;
    }
}

void guard_uncount(struct dispatch *d, struct attempt *a)
{
    struct guard_campaign *g = guard_find(d, a->campaign);

    if (g != NULL && a->day == d->control.day) {
        g->facts.sent -= a->counted;
        g->facts.kurus -= a->kurus;
    }
    a->counted = false;
    a->kurus = 0;
}

static bool may_have_been_billed(enum outcome_class class)
{
    return class == OUTCOME_SENT || class == OUTCOME_DUPLICATE || class == OUTCOME_UNKNOWN;
}

void guard_settled(struct dispatch *d, struct attempt *a)
{
    const bool untried = a->move.to == MESSAGE_QUEUED && a->move.attempts == 0;
    const bool failed = a->move.to == MESSAGE_FAILED || a->move.to == MESSAGE_UNDELIVERED;
    struct guard_campaign *g = guard_find(d, a->campaign);

    if (g == NULL || a->day == 0) {
        return;
    }
    a->refund = (struct guard_day){.day = a->day,
                                   .sent = untried && a->counted ? -1 : 0,
                                   .kurus = may_have_been_billed(a->outcome.class) ? 0 : -a->kurus,
                                   .failed = failed};
    if (a->day == d->control.day) {
        g->facts.sent += a->refund.sent;
        g->facts.kurus += a->refund.kurus;
    }
    /* Where a report follows, only that says whether it arrived. */
    if (a->move.to != MESSAGE_QUEUED && a->move.to != MESSAGE_UNKNOWN && a->move.lease_ms <= 0) {
        note_fate(g, failed, a->settled_ms);
    }
}

void guard_reported(struct dispatch *d, const char *campaign, bool failed, int64_t now_ms)
{
    struct guard_campaign *g = guard_find(d, campaign);

    if (g != NULL) {
        note_fate(g, failed, now_ms);
    }
}

/* ---- storing: one record per campaign and day, whatever the number of messages ---- */

struct tally {
    const char *campaign;
    struct guard_day day;
};

static void add_tally(struct tally *list, size_t *count, const char *campaign,
                      const struct guard_day *delta)
{
    size_t i = 0;

    while (i < *count &&
           (list[i].day.day != delta->day || strcmp(list[i].campaign, campaign) != 0)) {
        i++;
    }
    if (i == 2 * SETTINGS_CAMPAIGNS_MAX) {
        return; /* two days of every campaign there can be */
    }
    if (i == *count) {
        list[(*count)++] = (struct tally){campaign, {.day = delta->day}};
    }
    list[i].day.sent += delta->sent;
    list[i].day.kurus += delta->kurus;
    list[i].day.failed += delta->failed;
}

static int store_tallies(struct store *s, const struct tally *list, size_t count, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = guard_day_add(s, list[i].campaign, &list[i].day, e);
    }
    return rc;
}

int guard_store_claimed(struct store *s, const struct list *attempts, struct err *e)
{
    struct tally list[2 * SETTINGS_CAMPAIGNS_MAX];
    size_t count = 0;

    list_each(node, attempts)
    {
        const struct attempt *a = list_entry(node, struct attempt, job.node);
        const struct guard_day delta = {.day = a->day, .sent = a->counted, .kurus = a->kurus};

        if (a->claimed && (delta.sent != 0 || delta.kurus != 0)) {
            add_tally(list, &count, a->campaign, &delta);
        }
    }
    return store_tallies(s, list, count, e);
}

int guard_store_settled(struct store *s, const struct list *attempts, struct err *e)
{
    struct tally list[2 * SETTINGS_CAMPAIGNS_MAX];
    size_t count = 0;

    list_each(node, attempts)
    {
        const struct attempt *a = list_entry(node, struct attempt, job.node);

        if (a->refund.sent != 0 || a->refund.kurus != 0 || a->refund.failed != 0) {
            add_tally(list, &count, a->campaign, &a->refund);
        }
    }
    return store_tallies(s, list, count, e);
}
