/*
 * Plays facts and time through the rules for tests/e2e/test_model.py: the cases, the plan and what
 * a due message is asked before it is claimed, on the store in memory and with the clock of the
 * script. Nothing is rendered and nobody is sent anything.
 *
 * usage: rules_drive SETTINGS < script
 *   S MS            a new world at this time      T MS          time goes on until then
 *   E ID JSON       a bare fact comes in          Q             the world ends
 * answers: "sent MS CERTIFICATE CAMPAIGN MARK CHANNEL TEMPLATE" per message, "end" per world.
 */
#include "base/list.h"
#include "domain/certificate.h"
#include "flow/dispatch_state.h"
#include "flow/replan.h"
#include "flow/sms_days.h"
#include "flow/wording.h"
#include "providers/provider.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINE_MAX_BYTES = 4096 };

struct world {
    struct store *store;
    struct sms_days *sms_days;
    struct gateway gateway;
    struct clock clock;
    int64_t now_ms;
    struct err e;
};

static int64_t wall(void *ctx)
{
    return ((const struct world *)ctx)->now_ms;
}

static void check(const struct world *w, int rc, const char *what)
{
    if (rc != 0) {
        (void)fprintf(stderr, "rules_drive: %s: %s (%d)\n", what, w->e.text, rc);
        exit(1);
    }
}

static void begin(struct world *w)
{
    check(w, store_begin(w->store, &w->e), "begin");
}

static void commit(struct world *w)
{
    check(w, store_commit(w->store, &w->e), "commit");
}

/* ---- a fact ---- */

static int append(struct world *w, const char *id, const struct fact *f)
{
    struct apply_env env = settings_apply_env(w->gateway.settings, w->now_ms);
    struct event_row row = {.received_ms = w->now_ms,
                            .type = (int)f->type,
                            .source = STR("urn:model"),
                            .id = str_of(id)};
    unsigned char digest[SHA256_SIZE];
    struct buf body;
    int rc;

    buf_init(&body, FACT_CANONICAL_MAX);
    check(w, fact_canonical(f, &body), "canonical form");
    row.body = (struct str){body.data, body.len};
    fact_digest(row.body, row.digest);
    rc = store_event_append(w->store, &row, &row.seq, digest, &w->e);
    rc = rc == 0 ? apply_event(w->store, &row, &env, &w->e) : rc;
    buf_finish(&body);
    return rc == ERR_EXISTS ? 0 : rc;
}

static void fact_came(struct world *w, const char *id, const char *text)
{
    struct fact_origin origin = {.now_ms = w->now_ms, .source = "urn:model", .pointer = ""};
    struct json_doc *doc = NULL;
    struct faults faults;
    struct fact f;

    faults_init(&faults);
    check(w, json_parse(str_of(text), 0, &json_default_limits, &doc, NULL, &w->e), text);
    if (fact_from_json(json_root(doc), FACT_BARE, &origin, &f, &faults) != 0) {
        (void)fprintf(stderr, "rules_drive: %s %s: %s\n", faults.list[0].pointer, faults.list[0].en,
                      text);
        exit(1);
    }
    begin(w);
    check(w, append(w, id, &f), "event");
    commit(w);
    json_free(doc);
    faults_finish(&faults);
}

/* ---- time ---- */

static void expire(struct world *w)
{
    const struct apply_env env = settings_apply_env(w->gateway.settings, w->now_ms);
    struct replan_expiry x = {.env = &env, .applications = true};
    bool done = false;

    while (!done) {
        begin(w);
        check(w, replan_expire(w->store, &x, REPLAN_BITE, &done, &w->e), "expiry");
        commit(w);
    }
}

static int collect(void *ctx, const struct due_row *row)
{
    struct attempt *a = attempt_create(NULL, row);

    if (a == NULL) {
        return ERR_NOMEM;
    }
    list_push_back(ctx, &a->job.node);
    return 0;
}

static void move(struct world *w, const struct attempt *a, enum message_state to,
                 const char *reason, int64_t due_ms)
{
    const struct message_move m = {.id = a->job.message_id,
                                   .from = a->from,
                                   .to = to,
                                   .set = SET_REASON | IF_DUE |
                                          (due_ms != 0 ? (unsigned)SET_DUE : 0) |
                                          (to == MESSAGE_SENDING ? (unsigned)SET_ATTEMPTS : 0),
                                   .now_ms = w->now_ms,
                                   .due_ms = due_ms,
                                   .attempts = a->number,
                                   .reason = str_of(reason)};
    const struct message_move accepted = {.id = a->job.message_id,
                                          .from = MESSAGE_SENDING,
                                          .to = MESSAGE_ACCEPTED,
                                          .now_ms = w->now_ms};

    check(w, store_message_move(w->store, &m, &w->e), "move");
    if (to == MESSAGE_SENDING) {
        check(w, store_message_move(w->store, &accepted, &w->e), "move");
    }
}

static void print_sent(const struct world *w, const struct attempt *a)
{
    struct case_file file;
    struct str template = str_of(a->template);

    check(w, case_read((struct str){a->facts.data, a->facts.len}, &file), "case");
    if (template.len == 0) {
        template =
            wording_template(w->gateway.settings, str_of(a->campaign), campaign_step_mark(a->step),
                             case_series_of(file.known.eonay), a->job.channel);
    }
    (void)printf("sent %lld %s %s %d %s %.*s\n", (long long)w->now_ms,
                 file.known.certificate.ref[0] == '\0' ? "-" : file.known.certificate.ref,
                 a->campaign, campaign_step_mark(a->step), channel_name(a->job.channel),
                 (int)template.len, template.ptr);
}

static int take_day(struct world *w, const struct attempt *a, bool *ret_taken)
{
    int rc = sms_days_begin(w->sms_days, w->store, istanbul_day(w->now_ms), &w->e);

    if (rc == 0 && a->next_day_ms != 0) {
        *ret_taken = sms_days_taken(w->sms_days, a->recipient, a->job.message_id);
        rc = sms_days_take(w->sms_days, a->recipient, a->job.message_id, &w->e);
    }
    rc = rc == 0 ? sms_days_store(w->sms_days, w->store, &w->e) : rc;
    sms_days_kept(w->sms_days);
    return rc;
}

/* As flow/claim.c asks, with one lane that always has room. */
static void claim(struct world *w, struct attempt *a)
{
    const struct gateway *g = &w->gateway;
    const char *reason = "";
    int64_t due = 0;
    bool taken = false;

    if (!claim_case_allows(a)) {
        move(w, a, MESSAGE_CANCELLED, "case_ended", 0);
    } else if (!claim_is_planned(g, a)) {
        move(w, a, MESSAGE_CANCELLED, APPLY_PLAN_CHANGED, 0);
    } else if (a->job.deadline_ms <= w->now_ms) {
        move(w, a, MESSAGE_EXPIRED, "deadline", 0);
    } else if (claim_outside_hours(g, a, w->now_ms, &due)) {
        move(w, a, a->from, "", due);
    } else if (compose_recipient(a, &reason) != 0) {
        move(w, a, MESSAGE_SUPPRESSED, reason, 0);
    } else {
        a->recipient = hash_of(g->hash, str_of(a->to));
        claim_prepare_day(g, a, w->now_ms);
        check(w, take_day(w, a, &taken), "day");
        if (taken) {
            move(w, a, a->from, "one_sms_a_day", a->next_day_ms);
        } else {
            print_sent(w, a);
            move(w, a, MESSAGE_SENDING, "", 0);
        }
    }
}

static void send_due(struct world *w, enum channel channel)
{
    struct list *node;
    struct list due;

    do {
        list_init(&due);
        begin(w);
        check(w, store_due(w->store, channel, w->now_ms, 1, collect, &due, &w->e), "due");
        node = list_pop_front(&due);
        if (node != NULL) {
            struct attempt *a = list_entry(node, struct attempt, job.node);

            claim(w, a);
            attempt_free(a);
        }
        commit(w);
    } while (node != NULL);
}

static int64_t next_stop(struct world *w, int64_t until_ms)
{
    int64_t next = istanbul_ms(istanbul_day(w->now_ms) + 1, 0);

    for (enum channel c = CHANNEL_SMS; c < CHANNEL_COUNT; c++) {
        int64_t due;

        check(w, store_next_due(w->store, c, &due, &w->e), "next due");
        next = due < next ? due : next;
    }
    return next < until_ms ? next : until_ms;
}

static void work(struct world *w)
{
    for (enum channel c = CHANNEL_SMS; c < CHANNEL_COUNT; c++) {
        send_due(w, c);
    }
}

static void advance(struct world *w, int64_t until_ms)
{
    while (w->now_ms < until_ms) {
        int64_t day = istanbul_day(w->now_ms);

        w->now_ms = next_stop(w, until_ms);
        if (istanbul_day(w->now_ms) != day) {
            expire(w);
        }
        work(w);
    }
}

/* ---- the script ---- */

static void obey(struct world *w, char *line)
{
    char *rest = line + 2;
    char *json;

    switch (line[0]) {
    case 'S':
        check(w, store_memory_open(&w->store, &w->e), "store");
        w->sms_days = sms_days_create();
        check(w, w->sms_days == NULL ? ERR_NOMEM : 0, "memory of a day");
        w->now_ms = strtoll(rest, NULL, 10);
        break;
    case 'T':
        advance(w, strtoll(rest, NULL, 10));
        break;
    case 'E':
        json = strchr(rest, ' ');
        *json = '\0';
        fact_came(w, rest, json + 1);
        work(w);
        break;
    default:
        sms_days_free(w->sms_days);
        store_close(w->store);
        w->store = NULL;
        (void)printf("end\n");
        break;
    }
}

int main(int argc, char **argv)
{
    static struct world w;
    static char line[LINE_MAX_BYTES];
    struct faults faults;

    faults_init(&faults);
    check(&w, argc == 2 ? 0 : ERR_INVALID, "usage: rules_drive SETTINGS");
    check(&w, settings_load(argv[1], provider_types, &w.gateway.settings, &faults, &w.e),
          faults.count > 0 ? faults.list[0].en : argv[1]);
    w.clock = (struct clock){.wall_ms = wall, .ctx = &w};
    w.gateway.clock = &w.clock;
    w.gateway.hash = hash_create(w.gateway.key);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        obey(&w, line);
    }
    hash_destroy(w.gateway.hash);
    settings_drop(w.gateway.settings);
    faults_finish(&faults);
    return 0;
}
