/* One person's data at the desk. */
#include "flow/audit.h"
#include "flow/care_desk.h"
#include "flow/person_parts.h"

static struct person_env env_of(const struct desk_call *call)
{
    return (struct person_env){
        .key = call->key, .ids = call->ids, .now_ms = call->now_ms, .actor = call->actor};
}

/* The reference as facts keep it: an identity number may stand for its hash. */
static int read_ref(struct desk_call *call, struct buf *ret_ref, struct err *e)
{
    struct str given = desk_need(call, "ref", STORE_REF_MAX);
    int rc = desk_check(call, e);

    if (rc == 0) {
        rc = buf_add(ret_ref, given.ptr, given.len);
    }
    return rc == 0 ? settings_hide_identity(call->settings, ret_ref) : rc;
}

static int explain(struct desk_call *call, int rc, struct err *e)
{
    if (rc == ERR_NOT_FOUND) {
        return desk_refuse(call, rc, "no_such_person", e, "Bu kodla kayıtlı hiçbir şey yok.",
                           "Nothing is held about this reference.");
    }
    if (rc == ERR_WRONG_STATE) {
        return desk_refuse(call, rc, "message_on_its_way", e,
                           "Bu kişiye bir ileti yolda; sonucu gelince yeniden deneyin.",
                           "A message to this person is on its way; try again when it is settled.");
    }
    return rc;
}

static void write_counts(struct json_writer *w, const struct person_counts *n)
{
    jsonw_put_i64(w, "cases", n->cases);
    jsonw_put_i64(w, "messages", n->messages);
    jsonw_put_i64(w, "single_messages", n->own_messages);
    jsonw_put_i64(w, "digest_rows", n->digest_rows);
    jsonw_put_i64(w, "events", n->events);
    jsonw_put_i64(w, "inbox", n->inbox);
    jsonw_put_i64(w, "import_rows", n->import_rows);
    jsonw_put_i64(w, "reports", n->reports);
    jsonw_put_i64(w, "suppressions_kept", n->suppressions);
}

static void write_answer(struct desk_call *call, const char *result, const struct person_counts *n)
{
    struct json_writer w;

    jsonw_init(&w, call->out);
    jsonw_object(&w);
    jsonw_put(&w, "result", result);
    write_counts(&w, n);
    jsonw_end_object(&w);
}

int person_desk_count(struct desk_call *call, struct err *e)
{
    const struct person_env env = env_of(call);
    struct person_counts counts;
    struct buf ref;
    int rc;

    buf_init(&ref, STORE_REF_MAX);
    rc = read_ref(call, &ref, e);
    if (rc == 0) {
        rc = explain(call, person_count(call->store, &env, str_of(buf_cstr(&ref)), &counts, e), e);
    }
    buf_finish(&ref);
    if (rc == 0) {
        write_answer(call, "held", &counts);
    }
    return rc;
}

/* Whose data was told to whom; the reference itself would outlive an erasure. */
static int note_audit(struct desk_call *call, const char *action, struct str ref, struct err *e)
{
    char id[PERSON_TOMBSTONE_SIZE] = "";
    struct audit_note note;

    (void)person_tombstone_id(call->key, 'h', ref, id);
    audit_begin(&note);
    jsonw_put(&note.w, "person", id);
    return audit_end(&note, call->store, call->actor, action, call->now_ms, e);
}

int person_desk_export(struct desk_call *call, struct err *e)
{
    const struct person_env env = env_of(call);
    struct buf ref;
    int rc;

    buf_init(&ref, STORE_REF_MAX);
    rc = read_ref(call, &ref, e);
    if (rc == 0) {
        rc = person_export(call->store, &env, str_of(buf_cstr(&ref)), call->out, e);
        if (rc != 0) {
            buf_reset(call->out);
        }
        rc = explain(call, rc, e);
    }
    rc = rc == 0 ? note_audit(call, "person.export", str_of(buf_cstr(&ref)), e) : rc;
    buf_finish(&ref);
    return rc;
}

int person_desk_erase(struct desk_call *call, struct err *e)
{
    const struct person_env env = env_of(call);
    struct str confirm = desk_need(call, "confirm", STORE_REF_MAX);
    struct person_counts counts;
    struct buf ref;
    int rc;

    if (confirm.len > 0 && !str_eq(confirm, json_str(json_get(call->params, "ref")))) {
        (void)faults_add(call->faults, "/confirm", "not_confirmed",
                         "\"confirm\" silinecek kişinin kodu ile aynı olmalı",
                         "\"confirm\" has to repeat the reference of the person");
    }
    buf_init(&ref, STORE_REF_MAX);
    rc = read_ref(call, &ref, e);
    if (rc == 0) {
        rc = explain(call, person_erase(call->store, &env, str_of(buf_cstr(&ref)), &counts, e), e);
    }
    buf_finish(&ref);
    if (rc == 0) {
        write_answer(call, "erased", &counts);
    }
    return rc;
}

int person_desk_readmit(struct desk_call *call, struct err *e)
{
    struct person_tombstone stone;
    struct json_writer w;
    struct buf ref;
    int rc;

    buf_init(&ref, STORE_REF_MAX);
    rc = read_ref(call, &ref, e);
    if (rc == 0) {
        rc = person_readmit(call->store, call->key, str_of(buf_cstr(&ref)), &stone, e);
        if (rc == ERR_NOT_FOUND) {
            rc = desk_refuse(call, rc, "not_erased", e, "Bu kodla silinmiş bir kişi yok.",
                             "Nobody with this reference was erased.");
        }
    }
    rc = rc == 0 ? note_audit(call, "person.readmit", str_of(buf_cstr(&ref)), e) : rc;
    buf_finish(&ref);
    if (rc == 0) {
        jsonw_init(&w, call->out);
        jsonw_object(&w);
        jsonw_put(&w, "result", "readmitted");
        jsonw_put_time(&w, "erased_at", stone.erased_ms);
        jsonw_put_i64(&w, "refused_facts", stone.refused);
        jsonw_put_time(&w, "last_refused", stone.last_ms);
        jsonw_end_object(&w);
    }
    return rc;
}
