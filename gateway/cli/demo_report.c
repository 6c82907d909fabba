#include "cli/demo_report.h"

#include "cli/demo_data.h"
#include "domain/certificate.h"
#include "text/mask.h"
#include "text/sms.h"

#include <stdlib.h>

enum { ROWS_MAX = 200, TEXT_MAX = 2048, WHO_MAX = 160, NOTE_MAX = 160 };

struct row {
    int64_t id;
    enum channel channel;
    enum message_state state;
    bool told;
    char who[WHO_MAX];
    char to[64];
    char note[NOTE_MAX];
    char text[TEXT_MAX];
};

/* A person of the demo about whom no message exists, and why. */
struct silent {
    bool silent;
    bool told;
    enum case_state state;
};

struct demo_report {
    struct store_job job;
    struct cli *cli;
    struct gateway *gateway;
    bool busy;
    bool settled;
    struct row rows[ROWS_MAX];
    size_t count;
    struct silent silent[DEMO_PEOPLE_MAX];
};

struct demo_report *demo_report_create(struct cli *cli, struct gateway *g)
{
    struct demo_report *r = calloc(1, sizeof *r);

    if (r != NULL) {
        r->cli = cli;
        r->gateway = g;
    }
    return r;
}

void demo_report_free(struct demo_report *r)
{
    free(r);
}

/* ---- store thread ---- */

static struct row *row_of(struct demo_report *r, int64_t id)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->rows[i].id == id) {
            return &r->rows[i];
        }
    }
    if (r->count == ROWS_MAX) {
        return NULL;
    }
    r->rows[r->count].id = id;
    return &r->rows[r->count++];
}

static void describe(struct row *row, const struct case_row *subject, struct str reason)
{
    struct case_file *file = malloc(sizeof *file);
    struct buf to;

    buf_init(&to, sizeof row->to - 1);
    if (file != NULL && case_read(subject->facts, file) == 0) {
        (void)snprintf(row->who, sizeof row->who, "%.70s %.70s", file->known.holder.given_name,
                       file->known.holder.family_name);
        (void)(row->channel == CHANNEL_SMS ? mask_phone(str_of(file->known.holder.phone), &to)
                                           : mask_email(str_of(file->known.holder.email), &to));
        (void)snprintf(row->to, sizeof row->to, "%s", buf_cstr(&to));
    }
    buf_finish(&to);
    (void)snprintf(row->note, sizeof row->note, "%.*s", (int)reason.len, reason.ptr);
    free(file);
}

static int collect(void *ctx, const struct due_row *due)
{
    struct demo_report *r = ctx;
    const struct message_row *m = &due->message;
    struct row *row = row_of(r, m->id);

    if (m->state == MESSAGE_QUEUED || m->state == MESSAGE_SENDING || m->state == MESSAGE_UNKNOWN ||
        (m->state == MESSAGE_ACCEPTED && m->channel == CHANNEL_SMS)) {
        r->settled = false;
    }
    if (row != NULL) {
        row->channel = m->channel;
        row->state = m->state;
        describe(row, &due->subject, m->reason);
    }
    return 0;
}

static void take_content(void *ctx, const struct attempt_row *attempt)
{
    struct row *row = ctx;
    struct str text = attempt->content;

    if (text.len >= sizeof row->text) {
        text.len = sizeof row->text - 1;
    }
    (void)str_copy(row->text, sizeof row->text, text);
}

static void skip_report(void *ctx, const struct report_row *report)
{
    (void)ctx;
    (void)report;
}

static void skip_trace(void *ctx, const struct trace_row *trace)
{
    (void)ctx;
    (void)trace;
}

struct case_id {
    int64_t id;
    enum case_state state;
    size_t messages;
};

static int note_case(void *ctx, const struct case_row *row)
{
    *(struct case_id *)ctx = (struct case_id){row->id, (enum case_state)row->state, 0};
    return 0;
}

static int count_message(void *ctx, const struct message_row *row)
{
    (void)row;
    ((struct case_id *)ctx)->messages++;
    return 0;
}

static int find_silent(struct demo_report *r, struct store *s, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; i < demo_person_count() && rc == 0; i++) {
        struct case_id found = {0};

        rc = store_case_by_certificate(s, str_of(demo_person_ref(i)), note_case, &found, e);
        if (rc == ERR_NOT_FOUND) {
            rc = 0;
            continue;
        }
        rc = rc == 0 ? store_message_by_case(s, found.id, count_message, &found, e) : rc;
        r->silent[i].silent = rc == 0 && found.messages == 0;
        r->silent[i].state = found.state;
    }
    return rc;
}

static int refresh_work(struct store_job *job, struct store *s, struct err *e)
{
    struct demo_report *r = (struct demo_report *)job;
    struct message_filter all = {.state = -1, .channel = -1, .limit = ROWS_MAX};
    int rc;

    r->settled = true;
    rc = store_message_list(s, &all, collect, r, e);
    for (size_t i = 0; i < r->count && rc == 0; i++) {
        struct timeline_sink sink = {&r->rows[i], take_content, skip_report, skip_trace};

        rc = r->rows[i].told ? 0 : store_timeline(s, r->rows[i].id, &sink, e);
    }
    return rc == 0 ? find_silent(r, s, e) : rc;
}

static void refresh_done(struct store_job *job, int status, const struct err *e)
{
    struct demo_report *r = (struct demo_report *)job;

    r->busy = false;
    if (status != 0) {
        cli_error(r->cli, "%s", e->text);
    }
}

/* ---- loop thread ---- */

void demo_report_refresh(struct demo_report *r)
{
    r->busy = true;
    r->job.work = refresh_work;
    r->job.done = refresh_done;
    store_thread_submit(r->gateway->reader, &r->job);
}

bool demo_report_busy(const struct demo_report *r)
{
    return r->busy;
}

bool demo_report_settled(const struct demo_report *r)
{
    return r->settled;
}

static unsigned segments_of(const char *text)
{
    struct sms_options options = {.reserve = SMS_RESERVE_TR};
    struct sms_measure *measure = malloc(sizeof *measure);
    enum sms_mode mode;
    unsigned segments = 0;

    if (measure != NULL && sms_choose(str_of(text), SMS_ALLOW_7BIT | SMS_ALLOW_UCS2, &options,
                                      &mode, measure, NULL) == 0) {
        segments = measure->segments;
    }
    free(measure);
    return segments;
}

/* The SMS whole; of a mail the subject and how much follows. */
static void print_text(const struct demo_report *r, const struct row *row)
{
    struct cli *cli = r->cli;
    int subject = (int)strcspn(row->text, "\n");

    if (row->text[0] == '\0') {
        return;
    }
    if (row->channel == CHANNEL_SMS) {
        (void)fprintf(cli->out, "      %s  (%u %s)\n", row->text, segments_of(row->text),
                      cli_tr(cli, "parça", "segments"));
    } else {
        (void)fprintf(cli->out, "      %s: %.*s\n", cli_tr(cli, "Konu", "Subject"), subject,
                      row->text);
    }
}

/* What was stopped is told once for a person, with its number. */
static void print_stopped(struct demo_report *r, struct row *first)
{
    struct cli *cli = r->cli;
    size_t count = 0;

    for (size_t i = 0; i < r->count; i++) {
        struct row *row = &r->rows[i];

        if (row->state == MESSAGE_CANCELLED && strcmp(row->who, first->who) == 0) {
            row->told = true;
            count++;
        }
    }
    (void)fprintf(cli->out, "– %s  %zu %s [%s]\n", first->who, count,
                  cli_tr(cli, "hatırlatma durduruldu", "reminders stopped"), first->note);
}

static void print_row(const struct demo_report *r, const struct row *row)
{
    struct cli *cli = r->cli;
    bool sent = row->state == MESSAGE_DELIVERED || row->state == MESSAGE_ACCEPTED;

    (void)fprintf(cli->out, "%s %s  %s  %s\n      %s%s%s%s\n", sent ? "✔" : "–", row->who,
                  channel_label(row->channel, cli->turkish), row->to,
                  message_state_sentence(row->state, cli->turkish),
                  row->note[0] != '\0' ? " [" : "", row->note, row->note[0] != '\0' ? "]" : "");
    print_text(r, row);
}

static void print_silent(struct demo_report *r)
{
    struct cli *cli = r->cli;

    for (size_t i = 0; i < demo_person_count(); i++) {
        struct silent *s = &r->silent[i];

        if (s->silent && !s->told) {
            s->told = true;
            (void)fprintf(cli->out, "– %s  %s %s\n", demo_person_name(i),
                          cli_tr(cli, "hatırlatma yok:", "no reminders:"),
                          case_state_sentence(s->state, cli->turkish));
        }
    }
}

void demo_report_print(struct demo_report *r)
{
    size_t planned = 0;
    size_t told = 0;

    print_silent(r);

    for (size_t i = r->count; i-- > 0;) {
        struct row *row = &r->rows[i];

        if (row->state == MESSAGE_PLANNED) {
            planned++;
        } else if (!row->told &&
                   (message_is_final(row->state) ||
                    (row->state == MESSAGE_ACCEPTED && row->channel == CHANNEL_EMAIL))) {
            row->told = true;
            told++;
            if (row->state == MESSAGE_CANCELLED) {
                print_stopped(r, row);
            } else {
                print_row(r, row);
            }
        }
    }
    if (told > 0) {
        (void)fprintf(r->cli->out, "\n%s: %zu\n",
                      cli_tr(r->cli, "Sonraki günler için planlanan hatırlatma",
                             "Reminders planned for later days"),
                      planned);
        (void)fflush(r->cli->out);
    }
}
