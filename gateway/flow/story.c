#include "flow/story.h"

#include "domain/certificate.h"
#include "domain/outcome.h"
#include "domain/reason.h"
#include "flow/apply.h"
#include "providers/provider.h"
#include "text/turkish.h"

#include <stdlib.h>

enum { LINES_MAX = 400, LINE_BYTES = 1024, TEXTS_MAX = LINES_MAX * LINE_BYTES };

struct line {
    int64_t at_ms;
    size_t index; /* keeps the given order of equal times */
    size_t text_at;
    size_t text_len;
};

struct story {
    bool turkish;
    bool repeated; /* it was sent again in doubt */
    bool in_doubt; /* an attempt so far may have arrived, and nobody knows */
    struct buf texts;
    struct line lines[LINES_MAX];
    size_t count;
};

static const char *pick(const struct story *s, const char *tr, const char *en)
    __attribute__((format_arg(2))) __attribute__((format_arg(3)));

static const char *pick(const struct story *s, const char *tr, const char *en)
{
    return s->turkish ? tr : en;
}

/* The text that is written after this belongs to the line; null when there is no more room. */
static struct line *begin_line(struct story *s, int64_t at_ms)
{
    struct line *line = s->count < LINES_MAX ? &s->lines[s->count] : NULL;

    if (line != NULL) {
        *line = (struct line){at_ms, s->count, s->texts.len, 0};
        s->count++;
    }
    return line;
}

static void end_line(struct story *s, struct line *line)
{
    line->text_len = s->texts.len - line->text_at;
}

/* Codes of ours in words, others as they are. */
static void add_reason(struct story *s, struct str code)
{
    const char *words = reason_sentence(code, s->turkish);

    if (words != NULL) {
        (void)buf_addf(&s->texts, ": %s", words);
    } else if (code.len > 0) {
        (void)buf_addf(&s->texts, ": %.*s", (int)code.len, code.ptr);
    }
}

static void add_vendor_words(struct story *s, struct str code, struct str detail)
{
    if (code.len > 0) {
        (void)buf_addf(&s->texts, " [%.*s]", (int)code.len, code.ptr);
    }
    if (detail.len > 0) {
        (void)buf_addf(&s->texts, " %.*s", (int)detail.len, detail.ptr);
    }
}

/* Whether this attempt may have brought the person a second copy. */
static bool is_second_copy(struct story *s, const struct attempt_row *row)
{
    const bool unknown = row->outcome < 0 || row->outcome == OUTCOME_UNKNOWN;
    const bool second = s->repeated && s->in_doubt && (unknown || row->outcome == OUTCOME_SENT);

    s->in_doubt = s->in_doubt || unknown;
    return second;
}

static void on_attempt(void *ctx, const struct attempt_row *row)
{
    struct story *s = ctx;
    struct line *line = begin_line(s, row->claimed_ms);

    if (line == NULL) {
        return;
    }
    (void)buf_addf(
        &s->texts, pick(s, "%d. deneme, %.*s%s: ", "attempt %d, %.*s%s: "), row->number,
        (int)row->provider.len, row->provider.ptr,
        is_second_copy(s, row) ? pick(s, " (yinelenmiş olabilir)", " (possibly a duplicate)") : "");
    (void)buf_adds(&s->texts, row->outcome < 0
                                  ? pick(s, "sağlayıcının yanıtı bekleniyor",
                                         "the provider's answer is awaited")
                                  : outcome_sentence((enum outcome_class)row->outcome, s->turkish));
    add_vendor_words(s, row->code, row->detail);
    end_line(s, line);
}

static void on_report(void *ctx, const struct report_row *row)
{
    static const char *const words[][2] = {
        [REPORT_DELIVERED] = {"alıcıya ulaştı", "it reached the recipient"},
        [REPORT_UNDELIVERED] = {"alıcıya ulaştırılamadı", "it could not be delivered"},
        [REPORT_EXPIRED] = {"süresi içinde ulaştırılamadı", "its time ended before it arrived"},
        [REPORT_PENDING] = {"henüz yolda", "still on its way"},
    };
    struct story *s = ctx;
    struct line *line = begin_line(s, row->at_ms != 0 ? row->at_ms : row->received_ms);

    if (line == NULL) {
        return;
    }
    (void)buf_addf(&s->texts, "%s: %s", pick(s, "sağlayıcının raporu", "report of the provider"),
                   row->state >= REPORT_DELIVERED && row->state <= REPORT_PENDING
                       ? words[row->state][s->turkish ? 0 : 1]
                       : "?");
    add_vendor_words(s, row->code, row->detail);
    end_line(s, line);
}

static void on_trace(void *ctx, const struct trace_row *row)
{
    struct story *s = ctx;
    struct line *line = begin_line(s, row->at_ms);

    if (line == NULL) {
        return;
    }
    (void)buf_adds(&s->texts, message_state_sentence((enum message_state)row->to, s->turkish));
    if (s->texts.len > 0 && s->texts.data[s->texts.len - 1] == '.') {
        s->texts.len--;
    }
    add_reason(s, row->reason);
    (void)buf_addf(&s->texts, " (%.*s)", (int)row->actor.len, row->actor.ptr);
    end_line(s, line);
}

static int by_time(const void *a, const void *b)
{
    const struct line *x = a;
    const struct line *y = b;

    if (x->at_ms != y->at_ms) {
        return x->at_ms < y->at_ms ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

static void write_lines(struct story *s, struct json_writer *w)
{
    qsort(s->lines, s->count, sizeof s->lines[0], by_time);
    jsonw_key(w, "story");
    jsonw_array(w);
    for (size_t i = 0; i < s->count; i++) {
        const struct line *line = &s->lines[i];

        jsonw_object(w);
        jsonw_put_time(w, "at", line->at_ms);
        jsonw_put_str(w, "text", (struct str){s->texts.data + line->text_at, line->text_len});
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

/* ---- the head: what it is, and how it stands ---- */

static void name_message(const struct story *s, const struct message_row *row, struct buf *out)
{
    const char *channel = row->channel == CHANNEL_SMS ? "SMS" : pick(s, "e-posta", "e-mail");

    if (row->case_id == 0) {
        (void)buf_addf(out, pick(s, "Tekil %s", "Single %s"), channel);
    } else if (str_eqs(row->campaign, APPLY_NOTICE_CAMPAIGN)) {
        (void)buf_addf(out, pick(s, "%s bildirimi, %s", "Notice %s, %s"),
                       case_notice_name(apply_step_notice(row->step)), channel);
    } else {
        (void)buf_addf(out, pick(s, "%d gün hatırlatması, %s", "Reminder at %d days, %s"),
                       apply_step_mark(row->step), channel);
    }
}

/* When it goes, when it is still to go; else its state with the reason. */
static void write_sentence(const struct story *s, const struct message_row *row,
                           struct json_writer *w)
{
    const char *reason = reason_sentence(row->reason, s->turkish);
    struct buf text;

    buf_init(&text, LINE_BYTES);
    name_message(s, row, &text);
    (void)buf_adds(&text, ": ");
    if (row->state == MESSAGE_PLANNED || row->state == MESSAGE_QUEUED) {
        (void)date_time(row->due_ms, s->turkish, &text);
        (void)buf_adds(&text, pick(s, " için planlandı.", " is its time."));
    } else {
        (void)buf_adds(&text, message_state_sentence(row->state, s->turkish));
    }
    if (reason != NULL) {
        (void)buf_addf(&text, " %s: %s.", pick(s, "Neden", "Why"), reason);
    }
    jsonw_put_str(w, "text", (struct str){text.data, text.len});
    buf_finish(&text);
}

static void write_head(const struct story *s, const struct message_row *row, const char *id,
                       struct json_writer *w)
{
    jsonw_put(w, "id", id);
    jsonw_put_str(w, "campaign", row->campaign);
    if (row->case_id != 0) {
        jsonw_put_i64(w, "mark", apply_mark_shown(row));
    }
    jsonw_put(w, "channel", channel_name(row->channel));
    jsonw_put(w, "status", message_state_name(row->state));
    jsonw_put(w, "status_text", message_state_sentence(row->state, s->turkish));
    if (row->reason.len > 0) {
        jsonw_put_str(w, "reason", row->reason);
        jsonw_put(w, "reason_text", reason_sentence(row->reason, s->turkish));
    }
    jsonw_put_bool(w, "possible_duplicate", s->repeated);
    jsonw_put_time(w, "at", message_is_final(row->state) ? row->updated_ms : row->due_ms);
    write_sentence(s, row, w);
}

int story_write(struct store *store, const struct message_row *row, const char *id, bool turkish,
                struct json_writer *w, struct err *e)
{
    struct story *s = calloc(1, sizeof *s);
    struct timeline_sink sink = {
        .ctx = s, .attempt = on_attempt, .report = on_report, .trace = on_trace};
    int rc;

    if (s == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for the story of a message");
    }
    s->turkish = turkish;
    s->repeated = (row->flags & MESSAGE_POSSIBLE_DUPLICATE) != 0;
    buf_init(&s->texts, TEXTS_MAX);
    rc = store_timeline(store, row->id, &sink, e);
    if (rc == 0 && buf_failed(&s->texts) != 0) {
        rc = err_set(e, buf_failed(&s->texts), "the story of a message is too long");
    }
    if (rc == 0) {
        jsonw_object(w);
        write_head(s, row, id, w);
        write_lines(s, w);
        jsonw_end_object(w);
    }
    buf_finish(&s->texts);
    free(s);
    return rc;
}
