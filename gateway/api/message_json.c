#include "api/message_json.h"

#include "domain/certificate.h"
#include "flow/apply.h"
#include "providers/provider.h"
#include "text/mask.h"

#include <stdlib.h>

enum { RECIPIENT_MAX = 400, TIMELINE_MAX = 1000, TIMELINE_TEXTS_MAX = 4 << 20 };

static void mask_recipient(enum channel channel, struct str to, struct buf *out)
{
    if (to.len == 0) {
        return;
    }
    if (channel == CHANNEL_SMS) {
        (void)mask_phone(to, out);
    } else {
        (void)mask_email(to, out);
    }
}

/* Of the case's holder, or of the message's own facts when it has no case. */
static void find_recipient(const struct due_row *row, struct buf *out)
{
    enum channel channel = row->message.channel;
    struct case_file file;
    struct json_doc *doc;

    if (row->message.case_id != 0) {
        if (case_read(row->subject.facts, &file) == 0) {
            const char *to =
                channel == CHANNEL_SMS ? file.known.holder.phone : file.known.holder.email;

            mask_recipient(channel, str_of(to), out);
        }
        return;
    }
    if (json_parse(row->message.facts, 0, &json_default_limits, &doc, NULL, NULL) == 0) {
        mask_recipient(channel, json_str(json_get(json_root(doc), "to")), out);
        json_free(doc);
    }
}

static void put_recipient(struct json_writer *w, const struct due_row *row)
{
    struct buf masked;

    buf_init(&masked, RECIPIENT_MAX);
    find_recipient(row, &masked);
    if (masked.len > 0 && buf_failed(&masked) == 0) {
        jsonw_put(w, "recipient", masked.data);
    }
    buf_finish(&masked);
}

static void put_text(struct json_writer *w, const char *key, struct str value)
{
    if (value.len > 0) {
        jsonw_put_str(w, key, value);
    }
}

static void put_case(struct json_writer *w, const struct case_row *c, bool turkish)
{
    if (c->certificate.len == 0 || (unsigned)c->state >= CASE_STATE_COUNT) {
        return;
    }
    jsonw_put(w, "case_status", case_state_name((enum case_state)c->state));
    jsonw_put(w, "case_status_text", case_state_sentence((enum case_state)c->state, turkish));
    jsonw_put_time(w, "not_after", c->not_after_ms);
}

static void put_origin(struct json_writer *w, const struct due_row *row)
{
    const struct message_row *m = &row->message;

    put_text(w, "certificate", row->subject.certificate);
    put_text(w, "holder", row->subject.holder);
    put_text(w, "campaign", m->campaign);
    if (m->case_id != 0) {
        jsonw_put_i64(w, "mark", apply_mark_shown(m));
    }
    put_text(w, "template", m->template);
    put_recipient(w, row);
}

static void put_times(struct json_writer *w, const struct message_row *m)
{
    jsonw_put_time(w, "created_at", m->created_ms);
    jsonw_put_time(w, "planned_at", m->planned_ms);
    if (!message_is_final(m->state)) {
        jsonw_put_time(w, "due_at", m->due_ms);
    }
    jsonw_put_time(w, "deadline_at", m->deadline_ms);
    jsonw_put_time(w, "updated_at", m->updated_ms);
}

void message_json(struct json_writer *w, const struct due_row *row, struct ids *ids, bool turkish)
{
    static const char *const urgencies[URGENCY_COUNT] = {"urgent", "event", "campaign"};
    const struct message_row *m = &row->message;
    char id[IDS_TEXT_SIZE];

    ids_message_format(ids, m->id, id);
    jsonw_put(w, "id", id);
    jsonw_put(w, "status", message_state_name(m->state));
    jsonw_put(w, "status_text", message_state_sentence(m->state, turkish));
    jsonw_put(w, "channel", channel_name(m->channel));
    if ((unsigned)m->urgency < URGENCY_COUNT) {
        jsonw_put(w, "urgency", urgencies[m->urgency]);
    }
    put_origin(w, row);
    put_case(w, &row->subject, turkish);
    put_times(w, m);
    jsonw_put_i64(w, "attempts", m->attempts);
    put_text(w, "provider", m->provider);
    put_text(w, "provider_ref", m->provider_ref);
    put_text(w, "reason", m->reason);
    jsonw_put_bool(w, "possible_duplicate", (m->flags & MESSAGE_POSSIBLE_DUPLICATE) != 0);
    jsonw_put_bool(w, "resent", (m->flags & MESSAGE_RESENT) != 0);
}

/* ---- timeline ---- */

struct timeline_entry {
    int64_t at_ms;
    size_t index; /* keeps the given order of equal times */
    size_t text_at;
    size_t text_len;
};

void timeline_init(struct timeline *t)
{
    *t = (struct timeline){0};
    buf_init(&t->texts, TIMELINE_TEXTS_MAX);
}

void timeline_finish(struct timeline *t)
{
    free(t->entries);
    buf_finish(&t->texts);
}

/* Null when there is no room: then t->texts is failed. */
static struct timeline_entry *new_entry(struct timeline *t, int64_t at_ms)
{
    struct timeline_entry *e;

    if (t->count == t->room) {
        size_t room = t->room == 0 ? 16 : t->room * 2;
        struct timeline_entry *grown =
            room > TIMELINE_MAX * 2 ? NULL : realloc(t->entries, room * sizeof *grown);

        if (grown == NULL) {
            t->texts.failed = ERR_LIMIT;
            return NULL;
        }
        t->entries = grown;
        t->room = room;
    }
    e = &t->entries[t->count];
    *e = (struct timeline_entry){at_ms, t->count, t->texts.len, 0};
    t->count++;
    return e;
}

static struct timeline_entry *open_entry(struct timeline *t, struct json_writer *w, int64_t at_ms,
                                         const char *kind)
{
    struct timeline_entry *e = new_entry(t, at_ms);

    if (e != NULL) {
        jsonw_init(w, &t->texts);
        jsonw_object(w);
        jsonw_put_time(w, "at", at_ms);
        jsonw_put(w, "kind", kind);
    }
    return e;
}

static void close_entry(struct timeline *t, struct json_writer *w, struct timeline_entry *e)
{
    jsonw_end_object(w);
    e->text_len = t->texts.len - e->text_at;
}

static void on_attempt(void *ctx, const struct attempt_row *row)
{
    struct timeline *t = ctx;
    struct json_writer w;
    struct timeline_entry *e = open_entry(t, &w, row->claimed_ms, "attempt");

    if (e == NULL) {
        return;
    }
    jsonw_put_i64(&w, "number", row->number);
    put_text(&w, "provider", row->provider);
    jsonw_put(&w, "outcome",
              row->outcome < 0 ? "in_flight" : outcome_name((enum outcome_class)row->outcome));
    jsonw_put_time(&w, "settled_at", row->settled_ms);
    put_text(&w, "code", row->code);
    put_text(&w, "detail", row->detail);
    put_text(&w, "provider_ref", row->provider_ref);
    put_text(&w, "content", row->content);
    close_entry(t, &w, e);
}

static void on_report(void *ctx, const struct report_row *row)
{
    static const char *const states[] = {"delivered", "undelivered", "expired", "pending"};
    struct timeline *t = ctx;
    struct json_writer w;
    struct timeline_entry *e =
        open_entry(t, &w, row->at_ms != 0 ? row->at_ms : row->received_ms, "report");

    if (e == NULL) {
        return;
    }
    if (row->state >= REPORT_DELIVERED && row->state <= REPORT_PENDING) {
        jsonw_put(&w, "state", states[row->state]);
    }
    jsonw_put_time(&w, "received_at", row->received_ms);
    put_text(&w, "code", row->code);
    put_text(&w, "detail", row->detail);
    close_entry(t, &w, e);
}

static void on_trace(void *ctx, const struct trace_row *row)
{
    struct timeline *t = ctx;
    struct json_writer w;
    struct timeline_entry *e = open_entry(t, &w, row->at_ms, "status");

    if (e == NULL) {
        return;
    }
    jsonw_put(&w, "from", message_state_name((enum message_state)row->from));
    jsonw_put(&w, "to", message_state_name((enum message_state)row->to));
    put_text(&w, "reason", row->reason);
    put_text(&w, "actor", row->actor);
    close_entry(t, &w, e);
}

struct timeline_sink timeline_sink(struct timeline *t)
{
    return (struct timeline_sink){
        .ctx = t, .attempt = on_attempt, .report = on_report, .trace = on_trace};
}

static int by_time(const void *a, const void *b)
{
    const struct timeline_entry *x = a, *y = b;

    if (x->at_ms != y->at_ms) {
        return x->at_ms < y->at_ms ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

int timeline_write(struct timeline *t, struct json_writer *w)
{
    if (t->count > 0) {
        qsort(t->entries, t->count, sizeof t->entries[0], by_time);
    }
    jsonw_array(w);
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_entry *e = &t->entries[i];

        jsonw_raw(w, (struct str){t->texts.data + e->text_at, e->text_len});
    }
    jsonw_end_array(w);
    return buf_failed(&t->texts);
}
