#include "flow/retention.h"

#include "base/buf.h"
#include "base/json.h"
#include "domain/certificate.h"
#include "flow/audit.h"
#include "flow/suppress.h"
#include "store/store_purge.h"

#include <stdio.h>
#include <stdlib.h>

enum { DETAIL_MAX = 2048, IMPORT_ID = 12, STOP = ERR_TIMEOUT };

/* How far event bodies have been blanked: the log only grows, so nobody looks at its start again.
 */
#define EVENT_PLACE "retention_event"

static const struct {
    const char *name;
    const char *tr;
    const char *en;
} classes[RETENTION_CLASS_COUNT] = {
    [RETENTION_CONTENT] = {"content", "ileti metinleri", "words of messages"},
    [RETENTION_FACTS] = {"facts", "özetlerin ve tekil iletilerin içeriği",
                         "contents of digests and single messages"},
    [RETENTION_INBOX] = {"inbox", "deneme kutusundaki iletiler", "messages in the test inbox"},
    [RETENTION_DELIVERY] = {"delivery", "iletim kayıtları", "records of delivery"},
    [RETENTION_CASES] = {"cases", "kişi ve sertifikalar", "holders and certificates"},
    [RETENTION_EVENTS] = {"events", "gelen olayların içeriği", "what events said"},
    [RETENTION_IMPORTS] = {"imports", "liste aktarımı satırları", "rows of imports"},
    [RETENTION_REPORTS] = {"reports", "eşleşmeyen iletim raporları", "reports without a message"},
    [RETENTION_SUPPRESSION] = {"suppression", "süresi dolan durdurmalar", "expired suppressions"},
    [RETENTION_AUDIT] = {"audit", "denetim günlüğü", "the audit log"},
};

const char *retention_class_name(enum retention_class c)
{
    return c < RETENTION_CLASS_COUNT ? classes[c].name : "?";
}

const char *retention_class_sentence(enum retention_class c, bool turkish)
{
    if (c >= RETENTION_CLASS_COUNT) {
        return "?";
    }
    return turkish ? classes[c].tr : classes[c].en;
}

enum retention_class retention_class_parse(struct str s)
{
    enum retention_class c = RETENTION_CONTENT;

    while (c < RETENTION_CLASS_COUNT && !str_eqs(s, classes[c].name)) {
        c++;
    }
    return c;
}

/* ---- one bite of one class ---- */

struct bite {
    struct store *store;
    struct retention_walk *walk;
    struct err *err;
    int64_t before_ms; /* older than this is due */
    size_t seen;
    char import[IMPORT_ID + 1]; /* whose age is known, and whether it is due */
    bool import_due;
};

static void count(struct bite *b)
{
    b->walk->counts[b->walk->class]++;
}

/*
 * An accepted message whose report never came is as done as a delivered one, and a test whose fate
 * nobody learnt: nothing more is done about it.
 */
static bool is_done(const struct bite *b, const struct message_row *row)
{
    const bool test = row->state == MESSAGE_HELD && (row->flags & MESSAGE_TEST) != 0;

    return (message_is_final(row->state) || row->state == MESSAGE_ACCEPTED || test) &&
           row->updated_ms < b->before_ms;
}

static int blank_content(void *ctx, int64_t place, const struct message_row *row)
{
    struct bite *b = ctx;

    b->walk->place = place;
    b->seen++;
    if (!is_done(b, row)) {
        return 0;
    }
    count(b);
    return b->walk->dry_run ? 0 : store_message_blank(b->store, row->id, STR("{}"), b->err);
}

static int bite_content(struct bite *b)
{
    return store_content_scan(b->store, b->walk->place, b->before_ms, RETENTION_BITE, blank_content,
                              b, b->err);
}

static int blank_facts(void *ctx, const struct message_row *row)
{
    struct bite *b = ctx;

    b->walk->place = row->id;
    b->seen++;
    if (!is_done(b, row) || str_eqs(row->facts, "{}")) {
        return 0;
    }
    count(b);
    return b->walk->dry_run ? 0 : store_message_blank(b->store, row->id, STR("{}"), b->err);
}

static int bite_facts(struct bite *b)
{
    return store_message_scan(b->store, b->walk->place, true, RETENTION_BITE, blank_facts, b,
                              b->err);
}

static int remove_inbox(void *ctx, const struct inbox_row *row)
{
    struct bite *b = ctx;

    b->walk->place = row->id;
    b->seen++;
    if (row->at_ms >= b->before_ms) {
        return 0;
    }
    count(b);
    return b->walk->dry_run ? 0 : store_inbox_remove(b->store, row->id, b->err);
}

static int bite_inbox(struct bite *b)
{
    return store_inbox_list(b->store, b->walk->place, RETENTION_BITE, remove_inbox, b, b->err);
}

static int remove_message(void *ctx, const struct message_row *row)
{
    struct bite *b = ctx;

    if (row->created_ms >= b->before_ms) {
        b->seen = 0; /* those behind it are younger still */
        return STOP;
    }
    b->walk->place = row->id;
    b->seen++;
    if (!is_done(b, row)) {
        return 0;
    }
    count(b);
    return b->walk->dry_run ? 0 : store_message_remove(b->store, row->id, b->err);
}

static int bite_delivery(struct bite *b)
{
    return store_message_scan(b->store, b->walk->place, false, RETENTION_BITE, remove_message, b,
                              b->err);
}

/* Whatever became of it: nothing has been told of this certificate for so long, and it has ended.
 */
static int remove_case(void *ctx, const struct case_row *row)
{
    struct bite *b = ctx;
    int rc;

    b->walk->place = row->id;
    b->seen++;
    if (row->updated_ms >= b->before_ms || row->not_after_ms >= b->before_ms) {
        return 0;
    }
    rc = b->walk->dry_run ? 0 : store_case_remove(b->store, row->id, b->err);
    if (rc == 0) {
        count(b);
    }
    return rc == ERR_WRONG_STATE ? 0 : rc; /* a message is under way: another night */
}

/* A case takes its messages with it, so the bite is smaller. */
static int bite_cases(struct bite *b)
{
    const size_t limit = RETENTION_BITE / 10;
    int rc = store_case_scan(b->store, b->walk->place, limit, remove_case, b, b->err);

    b->seen = b->seen == limit ? RETENTION_BITE : 0;
    return rc;
}

static int blank_event(void *ctx, const struct event_row *row)
{
    struct bite *b = ctx;

    if (row->received_ms >= b->before_ms || row->seq > store_applied(b->store)) {
        b->seen = 0;
        return STOP;
    }
    b->walk->place = row->seq;
    b->seen++;
    if (row->body.len == 0) {
        return 0;
    }
    count(b);
    return b->walk->dry_run ? 0 : store_event_blank(b->store, row->seq, b->err);
}

static int bite_events(struct bite *b)
{
    int64_t *place = &b->walk->place;
    size_t size = sizeof *place;
    int rc = 0;

    if (*place == 0) {
        rc = store_meta_get(b->store, EVENT_PLACE, place, &size, b->err);
        rc = rc == ERR_NOT_FOUND ? 0 : rc;
    }
    if (rc == 0) {
        rc = store_event_scan(b->store, *place, RETENTION_BITE, blank_event, b, b->err);
    }
    if ((rc == 0 || rc == STOP) && *place != 0 && !b->walk->dry_run) {
        int put = store_meta_put(b->store, EVENT_PLACE, place, sizeof *place, b->err);

        rc = put != 0 ? put : rc;
    }
    return rc;
}

/* ---- records ---- */

static int64_t member(const struct record_row *row, const char *name, int64_t otherwise)
{
    struct json_doc *doc;
    int64_t n = otherwise;

    if (json_parse(row->body, 0, &json_default_limits, &doc, NULL, NULL) == 0) {
        if (json_i64(json_get(json_root(doc), name), &n) != 0) {
            n = otherwise;
        }
        json_free(doc);
    }
    return n;
}

static int note_age(void *ctx, const struct record_row *row)
{
    struct bite *b = ctx;

    b->import_due = member(row, "at_ms", 0) < b->before_ms;
    return 0;
}

/* Rows stand together by import: its age is looked up once for all of them. */
static int learn_import(struct bite *b, struct str key)
{
    struct str id = {key.ptr, key.len < IMPORT_ID ? key.len : IMPORT_ID};
    int rc;

    if (str_eqs(id, b->import)) {
        return 0;
    }
    (void)str_copy(b->import, sizeof b->import, id);
    b->import_due = true; /* rows without an import */
    rc = store_record_get(b->store, RECORD_IMPORT, id, note_age, b, b->err);
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

static bool record_is_due(struct bite *b, const struct record_row *row)
{
    switch (b->walk->class) {
    case RETENTION_IMPORTS:
        return b->import_due;
    case RETENTION_REPORTS:
        return member(row, "received_ms", 0) < b->before_ms;
    default:
        return member(row, "at_ms", 0) < b->before_ms;
    }
}

static int remove_record(void *ctx, const struct record_row *row)
{
    struct bite *b = ctx;
    int rc = b->walk->class == RETENTION_IMPORTS ? learn_import(b, row->key) : 0;

    (void)str_copy(b->walk->key, sizeof b->walk->key, row->key);
    b->seen++;
    if (rc != 0 || !record_is_due(b, row)) {
        return rc;
    }
    count(b);
    return b->walk->dry_run ? 0 : store_record_remove(b->store, row->kind, row->key, b->err);
}

static int bite_records(struct bite *b, enum record_kind kind)
{
    const struct record_range range = {
        .kind = kind, .prefix = STR(""), .after = str_of(b->walk->key), .limit = RETENTION_BITE};

    return store_record_list(b->store, &range, remove_record, b, b->err);
}

static int count_expired(void *ctx, const struct suppress_entry *entry)
{
    struct bite *b = ctx;

    (void)str_copy(b->walk->key, sizeof b->walk->key, str_of(entry->id));
    b->seen++;
    if (entry->expires_ms != 0 && entry->expires_ms <= b->walk->now_ms) {
        count(b);
    }
    return 0;
}

static int bite_suppression(struct bite *b)
{
    size_t removed = 0;
    int rc;

    if (b->walk->dry_run) {
        return suppress_list(b->store, str_of(b->walk->key), RETENTION_BITE, count_expired, b,
                             b->err);
    }
    rc = suppress_expire(b->store, b->walk->now_ms, RETENTION_BITE, &removed, b->err);
    b->walk->counts[RETENTION_SUPPRESSION] += (int64_t)removed;
    b->seen = removed;
    return rc;
}

static int count_audit(void *ctx, const struct record_row *row)
{
    struct bite *b = ctx;
    struct json_doc *doc;
    int64_t at = INT64_MAX;

    (void)str_copy(b->walk->key, sizeof b->walk->key, row->key);
    b->seen++;
    if (json_parse(row->body, 0, &json_default_limits, &doc, NULL, NULL) == 0) {
        (void)rfc3339_parse(json_str(json_get(json_root(doc), "at")), &at);
        json_free(doc);
    }
    if (at < b->before_ms) {
        count(b);
    }
    return 0;
}

static int bite_audit(struct bite *b)
{
    const struct record_range range = {.kind = RECORD_AUDIT,
                                       .prefix = STR(""),
                                       .after = str_of(b->walk->key),
                                       .limit = RETENTION_BITE};
    size_t removed = 0;
    int rc;

    if (b->walk->dry_run) {
        return store_record_list(b->store, &range, count_audit, b, b->err);
    }
    rc = audit_forget(b->store, b->before_ms, RETENTION_BITE, &removed, b->err);
    b->walk->counts[RETENTION_AUDIT] += (int64_t)removed;
    b->seen = removed;
    return rc;
}

/* ---- the walk ---- */

static int64_t kept_for(const struct conf_retention *r, enum retention_class c)
{
    const int64_t periods[RETENTION_CLASS_COUNT] = {
        [RETENTION_CONTENT] = r->content_ms, [RETENTION_FACTS] = r->content_ms,
        [RETENTION_INBOX] = r->content_ms,   [RETENTION_DELIVERY] = r->delivery_ms,
        [RETENTION_CASES] = r->cases_ms,     [RETENTION_EVENTS] = r->events_ms,
        [RETENTION_IMPORTS] = r->imports_ms, [RETENTION_REPORTS] = r->reports_ms,
        [RETENTION_AUDIT] = r->audit_ms,
    };

    return periods[c];
}

static int bite_class(struct bite *b)
{
    switch (b->walk->class) {
    case RETENTION_CONTENT:
        return bite_content(b);
    case RETENTION_FACTS:
        return bite_facts(b);
    case RETENTION_INBOX:
        return bite_inbox(b);
    case RETENTION_DELIVERY:
        return bite_delivery(b);
    case RETENTION_CASES:
        return bite_cases(b);
    case RETENTION_EVENTS:
        return bite_events(b);
    case RETENTION_IMPORTS:
        return bite_records(b, RECORD_IMPORT_ROW);
    case RETENTION_REPORTS:
        return bite_records(b, RECORD_REPORT);
    case RETENTION_SUPPRESSION:
        return bite_suppression(b);
    default:
        return bite_audit(b);
    }
}

static void next_class(struct retention_walk *w)
{
    w->class ++;
    w->place = 0;
    w->key[0] = '\0';
    w->finished = w->class == RETENTION_CLASS_COUNT;
}

int retention_bite(struct store *s, struct retention_walk *walk, struct err *e)
{
    struct bite b = {.store = s, .walk = walk, .err = e};
    int rc;

    if (walk->finished) {
        return 0;
    }
    b.before_ms = walk->now_ms - kept_for(walk->rules, walk->class);
    rc = bite_class(&b);
    if (rc == STOP) {
        rc = 0;
    }
    if (rc == 0 && b.seen < RETENTION_BITE) {
        next_class(walk);
    }
    return rc;
}

static void write_counts(struct json_writer *w, const struct retention_walk *walk)
{
    jsonw_key(w, "destroyed");
    jsonw_object(w);
    for (enum retention_class c = RETENTION_CONTENT; c < RETENTION_CLASS_COUNT; c++) {
        jsonw_put_i64(w, classes[c].name, walk->counts[c]);
    }
    jsonw_end_object(w);
    jsonw_key(w, "kept_days");
    jsonw_object(w);
    for (enum retention_class c = RETENTION_CONTENT; c < RETENTION_CLASS_COUNT; c++) {
        if (c != RETENTION_SUPPRESSION) {
            jsonw_put_i64(w, classes[c].name, kept_for(walk->rules, c) / DAY_MS);
        }
    }
    jsonw_end_object(w);
}

static bool destroyed_nothing(const struct retention_walk *walk)
{
    int64_t total = 0;

    for (enum retention_class c = RETENTION_CONTENT; c < RETENTION_CLASS_COUNT; c++) {
        total += walk->counts[c];
    }
    return total == 0 || walk->dry_run;
}

int retention_end(struct store *s, const struct retention_walk *walk, const char *actor,
                  char ret_key[RETENTION_KEY_SIZE], struct err *e)
{
    struct json_writer w;
    struct buf body;
    int rc;

    ret_key[0] = '\0';
    if (destroyed_nothing(walk)) {
        return 0;
    }
    (void)snprintf(ret_key, RETENTION_KEY_SIZE, "%015lld", (long long)walk->now_ms);
    buf_init(&body, DETAIL_MAX);
    jsonw_init(&w, &body);
    jsonw_object(&w);
    jsonw_put_i64(&w, "at_ms", walk->now_ms);
    jsonw_put(&w, "record", ret_key);
    jsonw_put(&w, "actor", actor);
    write_counts(&w, walk);
    jsonw_end_object(&w);
    rc = store_record_put_buf(s, RECORD_DESTRUCTION, str_of(ret_key), &body, "the record", e);
    if (rc == 0) {
        rc = audit_add(s, actor, "retention.run", (struct str){body.data, body.len}, walk->now_ms,
                       e);
    }
    buf_finish(&body);
    store_scrub_soon(s);
    return rc;
}
