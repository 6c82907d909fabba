/* Cases, messages, events and the inbox of one person. */
#include "base/log.h"
#include "domain/ids.h"
#include "flow/digest.h"
#include "flow/person_parts.h"
#include "store/store_purge.h"

#include <stdlib.h>

static struct json_writer *writer(struct person_work *p)
{
    return p->mode == PERSON_EXPORT ? &p->w : NULL;
}

static void open_list(struct person_work *p, const char *name)
{
    if (writer(p) != NULL) {
        jsonw_key(&p->w, name);
        jsonw_array(&p->w);
    }
}

static void close_list(struct person_work *p)
{
    if (writer(p) != NULL) {
        jsonw_end_array(&p->w);
    }
}

/* ---- cases ---- */

static int tell_case(void *ctx, const struct case_row *row)
{
    struct person_work *p = ctx;
    struct json_writer *w = writer(p);

    p->counts.cases++;
    if (w != NULL) {
        jsonw_object(w);
        jsonw_put_str(w, "certificate", row->certificate);
        jsonw_put_str(w, "holder", row->holder);
        jsonw_put(w, "state", case_state_name((enum case_state)row->state));
        jsonw_put(w, "eonay", eonay_name((enum eonay)row->eonay));
        jsonw_put_time(w, "not_after", row->not_after_ms);
        jsonw_put_time(w, "updated", row->updated_ms);
        jsonw_key(w, "kept");
        jsonw_raw(w, row->facts.len > 0 ? row->facts : STR("null"));
        jsonw_end_object(w);
    }
    return 0;
}

int person_cases(struct person_work *p)
{
    int rc = 0;

    open_list(p, "cases");
    for (size_t i = 0; i < p->known.case_count && rc == 0; i++) {
        rc = store_case_by_id(p->store, p->known.cases[i].id, tell_case, p, p->err);
        if (rc == 0 && p->mode == PERSON_ERASE) {
            rc = store_case_remove(p->store, p->known.cases[i].id, p->err);
        }
    }
    close_list(p);
    return rc;
}

/* ---- messages ---- */

static void tell_attempt(void *ctx, const struct attempt_row *row)
{
    struct json_writer *w = ctx;

    jsonw_object(w);
    jsonw_put(w, "kind", "attempt");
    jsonw_put_i64(w, "number", row->number);
    jsonw_put_str(w, "provider", row->provider);
    jsonw_put_time(w, "claimed", row->claimed_ms);
    jsonw_put_time(w, "settled", row->settled_ms);
    jsonw_put(w, "outcome",
              row->outcome < 0 ? "in_flight" : outcome_name((enum outcome_class)row->outcome));
    jsonw_put_str(w, "code", row->code);
    jsonw_put_str(w, "detail", row->detail);
    jsonw_put_str(w, "provider_ref", row->provider_ref);
    jsonw_put_str(w, "content", row->content);
    jsonw_end_object(w);
}

static void tell_report(void *ctx, const struct report_row *row)
{
    struct json_writer *w = ctx;

    jsonw_object(w);
    jsonw_put(w, "kind", "report");
    jsonw_put_time(w, "at", row->at_ms);
    jsonw_put_time(w, "received", row->received_ms);
    jsonw_put_i64(w, "state", row->state);
    jsonw_put_str(w, "code", row->code);
    jsonw_put_str(w, "detail", row->detail);
    jsonw_end_object(w);
}

static void tell_trace(void *ctx, const struct trace_row *row)
{
    struct json_writer *w = ctx;

    jsonw_object(w);
    jsonw_put(w, "kind", "change");
    jsonw_put_time(w, "at", row->at_ms);
    jsonw_put(w, "from", message_state_name((enum message_state)row->from));
    jsonw_put(w, "to", message_state_name((enum message_state)row->to));
    jsonw_put_str(w, "reason", row->reason);
    jsonw_put_str(w, "actor", row->actor);
    jsonw_end_object(w);
}

static int write_message(struct person_work *p, const struct message_row *row)
{
    struct json_writer *w = &p->w;
    const struct timeline_sink sink = {w, tell_attempt, tell_report, tell_trace};
    char id[IDS_TEXT_SIZE];
    int rc;

    ids_message_format(p->env->ids, row->id, id);
    jsonw_object(w);
    jsonw_put(w, "id", id);
    jsonw_put_str(w, "campaign", row->campaign);
    jsonw_put_i64(w, "step", row->step);
    jsonw_put(w, "channel", channel_name(row->channel));
    jsonw_put(w, "state", message_state_name(row->state));
    jsonw_put_str(w, "reason", row->reason);
    jsonw_put_str(w, "template", row->template);
    jsonw_put_time(w, "created", row->created_ms);
    jsonw_put_time(w, "planned", row->planned_ms);
    jsonw_put_time(w, "updated", row->updated_ms);
    if (row->facts.len > 0) {
        jsonw_key(w, "facts");
        jsonw_raw(w, row->facts);
    }
    jsonw_key(w, "timeline");
    jsonw_array(w);
    rc = store_timeline(p->store, row->id, &sink, p->err);
    jsonw_end_array(w);
    jsonw_end_object(w);
    return rc;
}

/* What is on its way needs its row until it is settled. */
static int check_settled(struct person_work *p, const struct message_row *row)
{
    bool under_way = row->state == MESSAGE_SENDING || row->state == MESSAGE_UNKNOWN;

    return under_way && p->mode == PERSON_ERASE
               ? err_set(p->err, ERR_WRONG_STATE,
                         "a message to this person is on its way: try again when it is settled")
               : 0;
}

static int take_message(void *ctx, const struct message_row *row)
{
    struct person_work *p = ctx;
    int rc = check_settled(p, row);

    rc = rc == 0 ? person_note_message(p, row->id) : rc;
    p->counts.messages++;
    return rc == 0 && writer(p) != NULL ? write_message(p, row) : rc;
}

/* Erased together with the cases. */
int person_messages(struct person_work *p)
{
    int rc = 0;

    open_list(p, "messages");
    for (size_t i = 0; i < p->known.case_count && rc == 0; i++) {
        rc = store_message_by_case(p->store, p->known.cases[i].id, take_message, p, p->err);
    }
    close_list(p);
    return rc;
}

/* ---- messages without a case ---- */

static bool is_addressed(const struct person_work *p, const struct json *fact)
{
    const struct json *holder = json_get(fact, "holder");
    const struct person_named named = {.holder = json_str(json_get(holder, "ref")),
                                       .phone = json_str(json_get(holder, "phone")),
                                       .email = json_str(json_get(holder, "email"))};

    return person_is_meant(&p->known, &named);
}

static size_t rows_in(const struct person_work *p, const struct json *digest)
{
    size_t count = 0;

    for (const struct json *v = json_first(json_get(digest, "rows")); v != NULL; v = json_next(v)) {
        int64_t id = 0;

        (void)json_i64(json_get(v, "case"), &id);
        count += id != 0 && person_is_case(&p->known, id) ? 1 : 0;
    }
    return count;
}

/* The digest stays for the others in it, without its words: they name everybody. */
static int strike_rows(struct person_work *p, const struct message_row *row)
{
    struct buf now;
    struct buf next;
    size_t count;
    int rc;

    buf_init(&now, STORE_BODY_MAX);
    buf_init(&next, STORE_BODY_MAX);
    rc = buf_add(&now, row->facts.ptr, row->facts.len);
    for (size_t i = 0; i < p->known.case_count && rc == 0; i++) {
        buf_reset(&next);
        rc = digest_without_case((struct str){now.data, now.len}, p->known.cases[i].id, &next,
                                 &count);
        buf_reset(&now);
        rc = rc == 0 ? buf_add(&now, next.data, next.len) : rc;
    }
    if (rc == 0) {
        rc = store_message_blank(p->store, row->id, (struct str){now.data, now.len}, p->err);
    }
    buf_finish(&now);
    buf_finish(&next);
    return rc;
}

static int take_digest(struct person_work *p, const struct message_row *row, size_t rows)
{
    int rc = check_settled(p, row);

    rc = rc == 0 ? person_note_message(p, row->id) : rc;
    p->counts.digest_rows += (int64_t)rows;
    return rc == 0 && p->mode == PERSON_ERASE ? strike_rows(p, row) : rc;
}

static int take_single(struct person_work *p, const struct message_row *row)
{
    int rc = check_settled(p, row);

    rc = rc == 0 ? person_note_message(p, row->id) : rc;
    p->counts.own_messages++;
    if (rc == 0 && writer(p) != NULL) {
        return write_message(p, row);
    }
    return rc == 0 && p->mode == PERSON_ERASE ? store_message_remove(p->store, row->id, p->err)
                                              : rc;
}

static int take_own(void *ctx, const struct message_row *row)
{
    struct person_work *p = ctx;
    struct json_doc *doc = NULL;
    size_t rows;
    int rc = 0;

    p->last = row->id;
    p->seen++;
    if (json_parse(row->facts, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return 0;
    }
    rows = rows_in(p, json_get(json_root(doc), "digest"));
    if (rows > 0) {
        rc = take_digest(p, row, rows);
    } else if (is_addressed(p, json_get(json_root(doc), "fact"))) {
        rc = take_single(p, row);
    }
    json_free(doc);
    return rc;
}

int person_own_messages(struct person_work *p)
{
    int rc = 0;

    p->last = 0;
    open_list(p, "single_messages");
    do {
        p->seen = 0;
        rc = store_message_scan(p->store, p->last, true, STORE_LIST_MAX, take_own, p, p->err);
    } while (rc == 0 && p->seen == STORE_LIST_MAX);
    close_list(p);
    return rc;
}

/* ---- events ---- */

static void write_event(struct person_work *p, const struct event_row *row)
{
    struct json_writer *w = &p->w;

    jsonw_object(w);
    jsonw_put_i64(w, "seq", row->seq);
    jsonw_put_time(w, "received", row->received_ms);
    jsonw_put(w, "type", event_name((enum event_type)row->type));
    jsonw_put_str(w, "source", row->source);
    jsonw_put_str(w, "id", row->id);
    jsonw_key(w, "fact");
    jsonw_raw(w, row->body);
    jsonw_end_object(w);
}

static bool speaks_of(const struct person_work *p, const struct fact *fact)
{
    const struct person_known *k = &p->known;
    const struct person_named named = {.holder = str_of(fact->holder.ref),
                                       .certificate = str_of(fact->certificate.ref),
                                       .phone = str_of(fact->holder.phone),
                                       .email = str_of(fact->holder.email)};

    return person_is_meant(k, &named) || person_is_ref(k, str_of(fact->certificate.replaces)) ||
           person_is_ref(k, str_of(fact->subject));
}

static int take_event(void *ctx, const struct event_row *row)
{
    struct person_work *p = ctx;

    p->last = row->seq;
    p->seen++;
    /* Reading every event would be slow: most do not name the person at all. */
    if (row->body.len == 0 || !person_is_named(&p->known, row->body) ||
        fact_read_canonical(row->body, p->fact) != 0 || !speaks_of(p, p->fact)) {
        return 0;
    }
    p->counts.events++;
    if (writer(p) != NULL) {
        write_event(p, row);
    }
    return p->mode == PERSON_ERASE ? store_event_blank(p->store, row->seq, p->err) : 0;
}

int person_events(struct person_work *p)
{
    int rc = 0;

    p->last = 0;
    open_list(p, "events");
    do {
        p->seen = 0;
        rc = store_event_scan(p->store, p->last, STORE_LIST_MAX, take_event, p, p->err);
    } while (rc == 0 && p->seen == STORE_LIST_MAX);
    close_list(p);
    return rc;
}

/* ---- the sink's inbox ---- */

static int take_inbox(void *ctx, const struct inbox_row *row)
{
    struct person_work *p = ctx;
    int64_t message = 0;
    int attempt;

    p->last = row->id;
    p->seen++;
    if (ids_attempt_parse(p->env->ids, row->ref, &message, &attempt) != 0) {
        message = 0;
    }
    if (message != 0 ? !person_is_message(&p->known, message)
                     : !person_is_address(&p->known, row->to)) {
        return 0;
    }
    p->counts.inbox++;
    if (writer(p) != NULL && person_is_address(&p->known, row->to)) {
        jsonw_object(&p->w);
        jsonw_put_time(&p->w, "at", row->at_ms);
        jsonw_put(&p->w, "channel", channel_name(row->channel));
        jsonw_put_str(&p->w, "to", row->to);
        jsonw_put_str(&p->w, "content", row->content);
        jsonw_end_object(&p->w);
    }
    return p->mode == PERSON_ERASE ? store_inbox_remove(p->store, row->id, p->err) : 0;
}

int person_inbox(struct person_work *p)
{
    int rc = 0;

    p->last = 0;
    open_list(p, "inbox");
    do {
        p->seen = 0;
        rc = store_inbox_list(p->store, p->last, STORE_LIST_MAX, take_inbox, p, p->err);
    } while (rc == 0 && p->seen == STORE_LIST_MAX);
    close_list(p);
    return rc;
}
