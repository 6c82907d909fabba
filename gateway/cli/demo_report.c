#include "cli/demo_report.h"

#include "base/civil.h"
#include "base/json.h"
#include "domain/calendar.h"
#include "flow/apply.h"
#include "flow/settings.h"

#include <stdlib.h>

enum { STEPS_MAX = 64, JSON_MAX = 65536 };

struct group {
    int people;
    int reminders; /* handed over */
    int notices;
    int stopped; /* reminders that were no longer needed */
    int after;   /* reminders handed over when they were not needed any more: must be none */
};

struct demo_report {
    struct store_job job;
    struct cli *cli;
    struct gateway *gateway;
    int64_t from_ms;
    int64_t closed_ms[DEMO_PEOPLE];
    struct group groups[DEMO_FATES];
    int twice;   /* the same reminder handed over again: must be none */
    int outside; /* outside of the send window: must be none */
    bool failed;
    void (*done)(void *ctx);
    void *ctx;
    /* while reading */
    int person;
    const struct message_row *message;
    int sent; /* attempts of the message that a provider took */
};

struct demo_report *demo_report_create(struct cli *cli, struct gateway *g, int64_t from_ms)
{
    struct demo_report *r = calloc(1, sizeof *r);

    if (r == NULL) {
        return NULL;
    }
    r->cli = cli;
    r->gateway = g;
    r->from_ms = from_ms;
    for (int i = 0; i < DEMO_PEOPLE; i++) {
        r->closed_ms[i] = from_ms + (int64_t)(demo_person_end(i) + 1) * DAY_MS;
    }
    return r;
}

void demo_report_free(struct demo_report *r)
{
    free(r);
}

void demo_report_close(struct demo_report *r, int person, int64_t at_ms)
{
    r->closed_ms[person] = at_ms < r->closed_ms[person] ? at_ms : r->closed_ms[person];
}

/* ---- store thread ---- */

static bool is_notice(const struct message_row *m)
{
    return str_eqs(m->campaign, APPLY_NOTICE_CAMPAIGN);
}

/* What was claimed within the window may have been handed over a moment behind its end. */
static bool outside(const struct demo_report *r, int64_t at_ms)
{
    const struct settings *s = r->gateway->settings;

    return !calendar_open(s->calendar, &send_window_default, at_ms);
}

static void on_attempt(void *ctx, const struct attempt_row *row)
{
    struct demo_report *r = ctx;
    struct group *g = &r->groups[demo_fate_of(r->person)];

    if (row->outcome != OUTCOME_SENT) {
        return;
    }
    r->sent++;
    r->outside += outside(r, row->claimed_ms);
    if (is_notice(r->message)) {
        g->notices++;
    } else {
        g->reminders++;
        g->after += row->claimed_ms > r->closed_ms[r->person];
    }
}

static void skip_report(void *ctx, const struct report_row *row)
{
    (void)ctx;
    (void)row;
}

static void skip_trace(void *ctx, const struct trace_row *row)
{
    (void)ctx;
    (void)row;
}

struct reading {
    struct demo_report *report;
    struct store *store;
    struct err *err;
    int64_t case_id;
};

static int read_message(void *ctx, const struct message_row *row)
{
    struct reading *reading = ctx;
    struct demo_report *r = reading->report;
    const struct timeline_sink sink = {r, on_attempt, skip_report, skip_trace};
    int rc;

    r->message = row;
    r->sent = 0;
    rc = store_timeline(reading->store, row->id, &sink, reading->err);
    r->twice += r->sent > 1;
    if (row->state == MESSAGE_CANCELLED && !is_notice(row)) {
        r->groups[demo_fate_of(r->person)].stopped++;
    }
    return rc;
}

static int note_case(void *ctx, const struct case_row *row)
{
    struct reading *reading = ctx;

    reading->case_id = row->id;
    return 0;
}

static int read_work(struct store_job *job, struct store *s, struct err *e)
{
    struct demo_report *r = (struct demo_report *)job;
    struct reading reading = {r, s, e, 0};
    int rc = 0;

    for (r->person = 0; r->person < DEMO_PEOPLE && rc == 0; r->person++) {
        char ref[8];

        demo_person_ref(r->person, ref);
        r->groups[demo_fate_of(r->person)].people++;
        rc = store_case_by_certificate(s, str_of(ref), note_case, &reading, e);
        rc = rc == 0 ? store_message_by_case(s, reading.case_id, read_message, &reading, e) : rc;
    }
    return rc;
}

static void read_done(struct store_job *job, int status, const struct err *e)
{
    struct demo_report *r = (struct demo_report *)job;

    r->failed = status != 0;
    if (r->failed) {
        cli_error(r->cli, "%s", e->text);
    }
    r->done(r->ctx);
}

void demo_report_read(struct demo_report *r, void (*done)(void *ctx), void *ctx)
{
    memset(r->groups, 0, sizeof r->groups);
    r->twice = 0;
    r->outside = 0;
    r->done = done;
    r->ctx = ctx;
    r->job.work = read_work;
    r->job.done = read_done;
    store_thread_submit(r->gateway->reader, &r->job);
}

/* ---- the table ---- */

static void add_group(struct group *sum, const struct group *g)
{
    sum->people += g->people;
    sum->reminders += g->reminders;
    sum->notices += g->notices;
    sum->stopped += g->stopped;
    sum->after += g->after;
}

static void write_group(struct json_writer *w, const struct group *g)
{
    jsonw_put_i64(w, "people", g->people);
    jsonw_put_i64(w, "reminders", g->reminders);
    jsonw_put_i64(w, "notices", g->notices);
    jsonw_put_i64(w, "stopped", g->stopped);
    jsonw_put_i64(w, "after", g->after);
    jsonw_end_object(w);
}

static void print_json(const struct demo_report *r, const struct group *sum)
{
    struct json_writer w;
    struct buf out;

    buf_init(&out, JSON_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put_i64(&w, "days", DEMO_DAYS);
    jsonw_key(&w, "groups");
    jsonw_array(&w);
    for (int fate = 0; fate < DEMO_FATES; fate++) {
        jsonw_object(&w);
        jsonw_put(&w, "fate", demo_fate_label((enum demo_fate)fate, false));
        write_group(&w, &r->groups[fate]);
    }
    jsonw_end_array(&w);
    jsonw_key(&w, "total");
    jsonw_object(&w);
    write_group(&w, sum);
    jsonw_put_i64(&w, "twice", r->twice);
    jsonw_put_i64(&w, "outside_window", r->outside);
    jsonw_end_object(&w);
    (void)fprintf(r->cli->out, "%s\n", buf_cstr(&out));
    buf_finish(&out);
}

/* Columns are counted in characters, which printf does not. */
static void print_padded(FILE *out, const char *text, int width)
{
    int chars = 0;

    for (const char *at = text; *at != '\0'; at++) {
        chars += ((unsigned char)*at & 0xC0) != 0x80;
    }
    (void)fprintf(out, "%s%*s", text, width > chars ? width - chars : 0, "");
}

static void print_line(const struct demo_report *r, const char *name, const struct group *g)
{
    print_padded(r->cli->out, name, 34);
    (void)fprintf(r->cli->out, "%6d %12d %10d %12d %12d\n", g->people, g->reminders, g->notices,
                  g->stopped, g->after);
}

static void print_table(const struct demo_report *r, const struct group *sum)
{
    struct cli *cli = r->cli;

    (void)fputc('\n', cli->out);
    print_padded(cli->out, cli_tr(cli, "KİŞİLER", "PEOPLE WHO"), 34);
    (void)fprintf(cli->out, "%s\n",
                  cli_tr(cli, "  KİŞİ   HATIRLATMA   BİLDİRİM   DURDURULAN   SONRASINDA",
                         " COUNT    REMINDERS    NOTICES      STOPPED   AFTERWARDS"));
    for (int fate = 0; fate < DEMO_FATES; fate++) {
        print_line(r, demo_fate_label((enum demo_fate)fate, cli->turkish), &r->groups[fate]);
    }
    print_line(r, cli_tr(cli, "toplam", "in all"), sum);
    (void)fprintf(cli->out, "\n%s: %d   %s: %d   %s: %d\n",
                  cli_tr(cli, "Gerek kalmadıktan sonra giden", "Sent when not needed any more"),
                  sum->after, cli_tr(cli, "iki kez giden", "sent twice"), r->twice,
                  cli_tr(cli, "gönderim saatleri dışında giden", "sent outside of the window"),
                  r->outside);
}

bool demo_report_print(const struct demo_report *r)
{
    struct group sum = {0};

    for (int fate = 0; fate < DEMO_FATES; fate++) {
        add_group(&sum, &r->groups[fate]);
    }
    if (r->cli->json) {
        print_json(r, &sum);
    } else {
        print_table(r, &sum);
    }
    (void)fflush(r->cli->out);
    return !r->failed && sum.after == 0 && r->twice == 0 && r->outside == 0;
}
