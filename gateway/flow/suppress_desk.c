/* The suppression list at the desk. */
#include "base/civil.h"
#include "flow/audit.h"
#include "flow/care_desk.h"
#include "flow/suppress.h"

enum { ADDRESS_MAX = 254, DAYS_MAX = 3650 };

static void write_entry(struct json_writer *w, const struct suppress_entry *entry,
                        const struct desk_call *call)
{
    jsonw_object(w);
    jsonw_put(w, "id", entry->id);
    jsonw_put(w, "channel", channel_name(entry->channel));
    jsonw_put(w, "address", entry->shown);
    jsonw_put(w, "reason", suppress_reason_name(entry->reason));
    jsonw_put(w, "text", suppress_reason_sentence(entry->reason, call->turkish));
    jsonw_put_time(w, "since", entry->since_ms);
    jsonw_put_time(w, "expires", entry->expires_ms);
    jsonw_put_bool(w, "in_force", entry->expires_ms == 0 || entry->expires_ms > call->now_ms);
    jsonw_put_i64(w, "stopped_messages", entry->stopped);
    jsonw_put_time(w, "last_stopped", entry->last_ms);
    jsonw_put(w, "actor", entry->actor);
    jsonw_put(w, "note", entry->note);
    jsonw_end_object(w);
}

struct listing {
    struct json_writer w;
    const struct desk_call *call;
    size_t count;
    char last[SUPPRESS_ID_SIZE];
};

static int tell_entry(void *ctx, const struct suppress_entry *entry)
{
    struct listing *l = ctx;

    write_entry(&l->w, entry, l->call);
    (void)str_copy(l->last, sizeof l->last, str_of(entry->id));
    l->count++;
    return 0;
}

int suppress_desk_list(struct desk_call *call, struct err *e)
{
    struct str after = desk_text(call, "after", SUPPRESS_ID_SIZE - 1);
    size_t limit = (size_t)desk_number(call, "limit", 1, STORE_LIST_MAX, 100);
    struct listing l = {.call = call};
    int rc = desk_check(call, e);

    if (rc != 0) {
        return rc;
    }
    jsonw_init(&l.w, call->out);
    jsonw_object(&l.w);
    jsonw_key(&l.w, "suppressions");
    jsonw_array(&l.w);
    rc = suppress_list(call->store, after, limit, tell_entry, &l, e);
    jsonw_end_array(&l.w);
    if (l.count == limit) {
        jsonw_put(&l.w, "next", l.last);
    }
    jsonw_end_object(&l.w);
    return rc;
}

static void write_answer(struct desk_call *call, const char *result,
                         const struct suppress_entry *entry)
{
    struct json_writer w;

    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", result);
    jsonw_key(&w, "suppression");
    write_entry(&w, entry, call);
    jsonw_end_object(&w);
}

/* Without the address: the log outlives it. */
static int note_audit(const struct desk_call *call, const char *action,
                      const struct suppress_entry *entry, struct err *e)
{
    struct audit_note note;

    audit_begin(&note);
    jsonw_put(&note.w, "id", entry->id);
    jsonw_put(&note.w, "reason", suppress_reason_name(entry->reason));
    jsonw_put_i64(&note.w, "stopped_messages", entry->stopped);
    return audit_end(&note, call->store, call->actor, action, call->now_ms, e);
}

/* A number or a mail address says itself which channel it is of. */
static enum channel channel_of(struct desk_call *call, struct str address)
{
    struct str name = desk_text(call, "channel", 16);
    enum channel channel;

    if (name.len == 0) {
        return address.len > 0 && memchr(address.ptr, '@', address.len) != NULL ? CHANNEL_EMAIL
                                                                                : CHANNEL_SMS;
    }
    channel = channel_parse(name);
    if (channel == CHANNEL_COUNT) {
        (void)faults_add(call->faults, "/channel", "unknown_channel",
                         "kanal \"sms\" ya da \"email\" olmalı", "the channel is sms or email");
    }
    return channel;
}

static enum suppress_reason read_reason(struct desk_call *call)
{
    struct str name = desk_text(call, "reason", 40);
    enum suppress_reason reason = name.len == 0 ? SUPPRESS_MANUAL : suppress_reason_parse(name);

    if (reason == SUPPRESS_REASON_COUNT) {
        (void)faults_add(call->faults, "/reason", "unknown_reason",
                         "neden: manual, request, not_in_use, bounce ya da complaint",
                         "the reason is manual, request, not_in_use, bounce or complaint");
    }
    return reason;
}

int suppress_desk_add(struct desk_call *call, struct err *e)
{
    struct str address = desk_need(call, "address", ADDRESS_MAX);
    struct str note = desk_text(call, "note", SUPPRESS_NOTE_SIZE - 1);
    int64_t days = desk_number(call, "days", 1, DAYS_MAX, 0);
    char note_text[SUPPRESS_NOTE_SIZE];
    char id[SUPPRESS_ID_SIZE];
    struct suppress_entry entry;
    struct suppress_new fresh = {.channel = channel_of(call, address),
                                 .address = address,
                                 .reason = read_reason(call),
                                 .now_ms = call->now_ms,
                                 .expires_ms = days == 0 ? 0 : call->now_ms + days * DAY_MS,
                                 .actor = call->actor,
                                 .note = note_text};
    int rc = desk_check(call, e);

    if (rc != 0) {
        return rc;
    }
    (void)str_copy(note_text, sizeof note_text, note);
    rc = suppress_add(call->store, call->key, &fresh, id, e);
    if (rc == ERR_INVALID) {
        (void)faults_add(call->faults, "/address", "not_an_address",
                         "Bu bir cep telefonu numarası ya da e-posta adresi değil.",
                         "This is neither a mobile number nor a mail address.");
        return rc;
    }
    rc = rc == 0 ? suppress_get(call->store, str_of(id), &entry, e) : rc;
    rc = rc == 0 ? note_audit(call, "suppression.add", &entry, e) : rc;
    if (rc == 0) {
        write_answer(call, "added", &entry);
    }
    return rc;
}

int suppress_desk_remove(struct desk_call *call, struct err *e)
{
    struct str given = desk_text(call, "id", SUPPRESS_ID_SIZE - 1);
    struct str address = desk_text(call, "address", ADDRESS_MAX);
    char id[SUPPRESS_ID_SIZE] = "";
    struct suppress_entry entry;
    int rc;

    (void)str_copy(id, sizeof id, given);
    if (given.len == 0 && suppress_id(call->key, channel_of(call, address), address, id) != 0) {
        (void)faults_add(call->faults, "/address", "missing",
                         "\"id\" ya da bir adres (\"address\") verilmeli",
                         "an \"id\" or an \"address\" is needed");
    }
    rc = desk_check(call, e);
    rc = rc == 0 ? suppress_remove(call->store, str_of(id), &entry, e) : rc;
    if (rc == ERR_NOT_FOUND) {
        return desk_refuse(call, rc, "no_such_suppression", e, "Listede böyle bir adres yok.",
                           "There is no such address on the list.");
    }
    rc = rc == 0 ? note_audit(call, "suppression.remove", &entry, e) : rc;
    if (rc == 0) {
        write_answer(call, "removed", &entry);
    }
    return rc;
}
