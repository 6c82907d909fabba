/*
 * Years in minutes: the whole gateway without HTTP, on a clock that stands still while there is
 * something to do and then jumps to the next moment at which there will be. For years.py.
 *
 *   years CONFIG SCHEDULE LEDGER FIRST_DAY DAYS
 *
 * SCHEDULE has a bare fact per line, in the order of "day" (0 is FIRST_DAY, 2027-01-04): facts of a
 * day come in at 06:00. LEDGER gets a line per message: certificate, campaign, step, channel,
 * state, reason, and the days (from FIRST_DAY) and minutes on which a provider took it.
 */
#include "app.h"
#include "base/civil.h"
#include "base/json.h"
#include "base/log.h"
#include "domain/calendar.h"
#include "domain/fact.h"
#include "flow/dispatch.h"
#include "flow/intake.h"
#include "flow/settings.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    POST_MINUTE = 6 * 60,
    BATCH = 5000,
    SPEED = 600,
    LEDGER_PAGE = 500,
    LINE_SIZE = 4096,
    ROUND_DAYS = 14
};

enum stage {
    STAGE_POST,  /* facts of the day */
    STAGE_APPLY, /* they become messages */
    STAGE_SEND,  /* until nothing is due today any more */
    STAGE_ROUND, /* the rounds have seen the day */
    STAGE_WRITE, /* the ledger */
    STAGE_OVER
};

struct years {
    struct clock clock;
    int64_t now_ms;
    int64_t first_day;
    int64_t days;
    int64_t day;
    enum stage stage;
    FILE *schedule;
    FILE *ledger;
    char line[LINE_SIZE]; /* of the schedule, read ahead */
    int64_t line_day;
    bool ended;
    struct app *app;
    struct gateway *gateway;
    uv_idle_t turn;
    uv_timer_t pause;
    bool waiting; /* for a batch or a job */
    bool looked;  /* the rounds have, today */
    struct store_job job;
    int64_t next_due_ms;
    int64_t last_id;
    size_t written;
    bool failed;
};

static int64_t wall(void *ctx)
{
    return ((const struct years *)ctx)->now_ms;
}

static int64_t mono(void *ctx)
{
    (void)ctx;
    return clock_mono_ms(clock_system());
}

static void fail(struct years *y, const char *what)
{
    (void)fprintf(stderr, "years: day %lld: %s\n", (long long)y->day, what);
    y->failed = true;
    y->stage = STAGE_OVER;
    app_stop(y->app);
}

/* ---- posting ---- */

static void read_ahead(struct years *y)
{
    y->ended = fgets(y->line, sizeof y->line, y->schedule) == NULL;
    /* Every line begins with its day: {"day": 12, … */
    y->line_day = y->ended ? 0 : strtoll(y->line + strcspn(y->line, "0123456789"), NULL, 10);
}

static void on_posted(struct intake_batch *batch, void *ctx)
{
    struct years *y = ctx;

    y->waiting = false;
    if (batch->status != 0) {
        fail(y, batch->err.text);
    }
    intake_batch_free(batch);
}

/* False when the line is of a later day. */
static bool take_line(struct years *y, struct intake_batch *batch)
{
    const struct fact_origin origin =
        settings_fact_origin(y->gateway->settings, y->now_ms, "urn:ornek:yillar");
    struct faults faults;
    struct json_doc *doc;
    struct fact fact;
    bool mine = y->line_day <= y->day;

    if (!mine) {
        return false;
    }
    if (json_parse(str_trim(str_of(y->line)), 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        fail(y, y->line);
        return false;
    }
    faults_init(&faults);
    if (fact_from_json(json_get(json_root(doc), "fact"), FACT_BARE, &origin, &fact, &faults) != 0 ||
        intake_batch_add(batch, &fact) != 0) {
        fail(y, faults.count > 0 ? faults.list[0].en : "a fact does not fit");
        mine = false;
    }
    faults_finish(&faults);
    json_free(doc);
    return mine;
}

static void post(struct years *y)
{
    struct intake_batch *batch = intake_batch_create(BATCH);
    struct err e = {0};

    while (!y->ended && batch->count < BATCH && take_line(y, batch)) {
        read_ahead(y);
    }
    if (batch->count == 0) {
        intake_batch_free(batch);
        y->stage = y->stage == STAGE_POST ? STAGE_APPLY : y->stage;
        return;
    }
    y->waiting = true;
    if (intake_submit(y->gateway->intake, batch, on_posted, y, &e) != 0) {
        fail(y, e.text);
    }
}

/* ---- sending ---- */

static int due_work(struct store_job *job, struct store *s, struct err *e)
{
    struct years *y = (struct years *)((char *)job - offsetof(struct years, job));
    int rc = 0;

    y->next_due_ms = INT64_MAX;
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT && rc == 0; ch++) {
        int64_t due;

        rc = store_next_due(s, ch, &due, e);
        y->next_due_ms = rc == 0 && due < y->next_due_ms ? due : y->next_due_ms;
    }
    return rc;
}

static void kick(struct years *y)
{
    for (enum channel ch = CHANNEL_SMS; ch < CHANNEL_COUNT; ch++) {
        dispatch_kick(y->gateway->dispatch, ch);
    }
}

static void due_done(struct store_job *job, int status, const struct err *e)
{
    struct years *y = (struct years *)((char *)job - offsetof(struct years, job));

    y->waiting = false;
    if (status != 0) {
        fail(y, e->text);
    } else if (y->next_due_ms < istanbul_ms(y->first_day + y->day + 1, 0)) {
        y->now_ms = y->next_due_ms > y->now_ms ? y->next_due_ms : y->now_ms;
        kick(y);
    } else {
        y->stage = STAGE_ROUND;
    }
}

static void submit(struct years *y, int (*work)(struct store_job *, struct store *, struct err *),
                   void (*done)(struct store_job *, int, const struct err *))
{
    y->waiting = true;
    y->job = (struct store_job){.work = work, .done = done};
    store_thread_submit(y->gateway->writer, &y->job);
}

/* ---- the ledger ---- */

struct taken {
    char text[256];
    size_t len;
    int64_t first_day;
};

static void on_attempt(void *ctx, const struct attempt_row *row)
{
    struct taken *t = ctx;

    if (row->outcome == OUTCOME_SENT && t->len < sizeof t->text - 32) {
        t->len += (size_t)snprintf(t->text + t->len, sizeof t->text - t->len, "%s%lld.%d",
                                   t->len > 0 ? " " : "",
                                   (long long)(istanbul_day(row->claimed_ms) - t->first_day),
                                   istanbul_minute(row->claimed_ms));
    }
}

static void on_report(void *ctx, const struct report_row *row)
{
    (void)ctx;
    (void)row;
}

static void on_trace(void *ctx, const struct trace_row *row)
{
    (void)ctx;
    (void)row;
}

struct page {
    struct years *years;
    struct store *store;
    struct err *err;
    size_t rows;
};

static int write_row(void *ctx, const struct due_row *row)
{
    struct page *p = ctx;
    struct years *y = p->years;
    const struct message_row *m = &row->message;
    struct taken taken = {.first_day = y->first_day};
    const struct timeline_sink sink = {&taken, on_attempt, on_report, on_trace};
    int rc = store_timeline(p->store, m->id, &sink, p->err);

    p->rows++;
    y->written++;
    y->last_id = m->id;
    (void)fprintf(y->ledger, "%.*s;%.*s;%d;%s;%s;%.*s;%s\n", (int)row->subject.certificate.len,
                  row->subject.certificate.ptr, (int)m->campaign.len, m->campaign.ptr, m->step,
                  channel_name(m->channel), message_state_name(m->state), (int)m->reason.len,
                  m->reason.ptr, taken.text);
    return rc;
}

static int ledger_work(struct store_job *job, struct store *s, struct err *e)
{
    struct years *y = (struct years *)((char *)job - offsetof(struct years, job));
    struct page page = {y, s, e, LEDGER_PAGE};
    int rc = 0;

    while (rc == 0 && page.rows == LEDGER_PAGE) {
        struct message_filter filter = {
            .state = -1, .channel = -1, .before_id = y->last_id, .limit = LEDGER_PAGE};

        page.rows = 0;
        rc = store_message_list(s, &filter, write_row, &page, e);
    }
    return rc;
}

static void ledger_done(struct store_job *job, int status, const struct err *e)
{
    struct years *y = (struct years *)((char *)job - offsetof(struct years, job));

    y->waiting = false;
    if (status != 0) {
        fail(y, e->text);
        return;
    }
    y->stage = STAGE_OVER;
    app_stop(y->app);
}

/* ---- day by day ---- */

static void begin_day(struct years *y)
{
    y->now_ms = istanbul_ms(y->first_day + y->day, POST_MINUTE);
    y->stage = STAGE_POST;
    y->looked = false;
}

/* Days on which nothing comes in, nothing is due and no round looks are passed over. */
static int64_t following_day(const struct years *y)
{
    const int64_t due =
        y->next_due_ms == INT64_MAX ? INT64_MAX : istanbul_day(y->next_due_ms) - y->first_day;
    int64_t day = (y->day / ROUND_DAYS + 1) * ROUND_DAYS;

    day = due < day ? due : day;
    day = !y->ended && y->line_day < day ? y->line_day : day;
    return day > y->day ? day : y->day + 1;
}

static void next_day(struct years *y)
{
    y->day = following_day(y);
    if (y->day >= y->days) {
        y->stage = STAGE_WRITE;
        submit(y, ledger_work, ledger_done);
        return;
    }
    begin_day(y);
}

static void on_pause(uv_timer_t *timer)
{
    struct years *y = timer->data;

    y->waiting = false;
    y->looked = true;
    y->stage = STAGE_SEND; /* what the rounds have made */
}

/* The rounds come by the world's clock; once a fortnight is enough to see what has expired. */
static void let_rounds_pass(struct years *y)
{
    if (y->day % ROUND_DAYS == 0 && !y->looked) {
        y->waiting = true;
        (void)uv_timer_start(&y->pause, on_pause, 150, 0);
    } else {
        next_day(y);
    }
}

static bool idle(const struct years *y)
{
    return y->gateway->stats.backlog == 0 && dispatch_in_flight(y->gateway->dispatch) == 0 &&
           store_thread_pending(y->gateway->writer) == 0;
}

static void on_turn(uv_idle_t *handle)
{
    struct years *y = handle->data;

    if (y->waiting || y->stage == STAGE_OVER) {
        return;
    }
    if (y->stage == STAGE_POST) {
        post(y);
    } else if (y->stage == STAGE_APPLY && idle(y)) {
        y->stage = STAGE_SEND;
    } else if (y->stage == STAGE_SEND && idle(y)) {
        submit(y, due_work, due_done);
    } else if (y->stage == STAGE_ROUND) {
        let_rounds_pass(y);
    }
}

static void on_ready(void *ctx, struct app *app, struct gateway *g, const char *url)
{
    struct years *y = ctx;

    (void)url;
    y->app = app;
    y->gateway = g;
    (void)uv_idle_init(g->loop, &y->turn);
    (void)uv_timer_init(g->loop, &y->pause);
    y->turn.data = y;
    y->pause.data = y;
    read_ahead(y);
    begin_day(y);
    (void)uv_idle_start(&y->turn, on_turn);
}

static void on_stopping(void *ctx)
{
    struct years *y = ctx;

    uv_close((uv_handle_t *)&y->turn, NULL);
    uv_close((uv_handle_t *)&y->pause, NULL);
}

static int play(struct years *y, const char *config)
{
    struct app_options options = {
        .clock = &y->clock, .ready = on_ready, .stopping = on_stopping, .ctx = y};
    struct faults faults;
    struct err e = {0};
    int rc;

    faults_init(&faults);
    rc = settings_load(config, provider_types, &options.settings, &faults, &e);
    rc = rc == 0 ? app_run(&options, &e) : rc;
    for (size_t i = 0; i < faults.count; i++) {
        (void)fprintf(stderr, "%s: %s\n", faults.list[i].pointer, faults.list[i].en);
    }
    faults_finish(&faults);
    if (rc != 0) {
        (void)fprintf(stderr, "years: %s\n", e.text);
    }
    return rc == 0 && !y->failed ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct years *y = calloc(1, sizeof *y);
    int64_t first_ms;
    int rc = 2;

    if (y == NULL || argc != 6 || istanbul_parse_end(str_of(argv[4]), &first_ms) != 0 ||
        str_i64(str_of(argv[5]), &y->days) != 0) {
        (void)fprintf(stderr, "years CONFIG SCHEDULE LEDGER FIRST_DAY DAYS\n");
        free(y);
        return rc;
    }
    log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_JSON);
    y->first_day = istanbul_day(first_ms);
    y->clock = (struct clock){wall, mono, y, SPEED};
    y->now_ms = istanbul_ms(y->first_day, POST_MINUTE);
    y->schedule = fopen(argv[2], "re");
    y->ledger = fopen(argv[3], "we");
    if (y->schedule != NULL && y->ledger != NULL) {
        rc = play(y, argv[1]);
    }
    if (y->schedule != NULL) {
        (void)fclose(y->schedule);
    }
    rc = y->ledger != NULL && fclose(y->ledger) == 0 ? rc : 1;
    free(y);
    return rc;
}
