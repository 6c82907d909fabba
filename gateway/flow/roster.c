#include "flow/roster.h"

#include "base/crash.h"
#include "flow/person.h"
#include "flow/roster_effect.h"
#include "flow/roster_gone.h"
#include "flow/roster_record.h"
#include "flow/roster_seen.h"

#include <stdio.h>
#include <stdlib.h>

/* An import at work. */
struct import {
    const struct desk_call *call;
    const struct roster_request *request;
    struct roster_report *report;
    struct err *err;
    struct apply_env env;
    struct roster_reading reading;
    struct roster_seen seen;
    struct roster_cases cases;
    struct roster_entry entry;
    struct fact also;            /* the further fact of the row at hand */
    const struct fact *facts[2]; /* all of them */
    size_t fact_count;
    struct roster_effect effect;
    struct roster_record record; /* of this import */
    struct roster_list fresh;    /* certificates nobody knew before */
    struct roster_list members;  /* the certificates of the list, as it is being written */
    struct buf canonical;
    bool has_titles;
    bool has_erased; /* anybody at all was erased */
};

/* ---- titles ---- */

static size_t known_columns(const struct roster_columns *c)
{
    size_t known = 0;

    for (size_t i = 0; i < c->count; i++) {
        known += c->fields[i] != ROSTER_IGNORED;
    }
    return known;
}

/* Lists begin with a heading now and then: the titles are the first row that looks like some. */
static int take_titles(struct import *in, const struct sheet_row *row)
{
    struct roster_columns *columns = &in->report->columns;
    struct roster_columns *here = malloc(sizeof *here);

    if (here == NULL) {
        return err_set(in->err, ERR_NOMEM, "no memory for the columns");
    }
    roster_columns_read(row, &in->request->maps, here);
    if (columns->count == 0 || known_columns(here) > known_columns(columns)) {
        *columns = *here;
    }
    in->has_titles = roster_columns_plausible(here) || row->number >= ROSTER_HEADER_ROWS;
    free(here);
    return 0;
}

static int check_titles(struct import *in)
{
    bool identity = in->reading.origin.identity_key.len > 0;
    int rc =
        roster_columns_check(&in->report->columns, &in->request->maps, identity, in->call->faults);

    return rc == 0 ? 0 : err_set(in->err, rc, "the columns of the list are not usable");
}

/* ---- one row ---- */

static int64_t content_of(struct import *in, uint64_t *ret_hash)
{
    struct hash *hash = in->call->hash;
    const struct roster_entry *entry = &in->entry;

    buf_reset(&in->canonical);
    (void)fact_canonical(&entry->fact, &in->canonical);
    (void)buf_addc(&in->canonical, entry->has_also ? (char)('a' + (int)entry->also) : '-');
    *ret_hash = hash_of(hash, str_of(entry->fact.certificate.ref));
    return (int64_t)(hash_of(hash, (struct str){in->canonical.data, in->canonical.len}) >> 33);
}

/* Also of refused rows: whoever stands in the list has not gone from it. */
static int note_present(struct import *in, struct roster_seen_entry **ret, bool *ret_added)
{
    uint64_t hash;
    uint32_t content;
    int rc;

    content = (uint32_t)content_of(in, &hash);
    rc = roster_seen_put(&in->seen, hash, content, in->entry.row, ret, ret_added);
    if (rc != 0) {
        return err_set(in->err, rc, "no memory for the list");
    }
    if ((*ret)->content == content) {
        return 0;
    }
    return *ret_added ? 0 : ERR_EXISTS;
}

static void refuse_twice(struct import *in, const struct roster_seen_entry *first)
{
    char tr[FAULT_TEXT_MAX];
    char en[FAULT_TEXT_MAX];
    struct roster_fault fault = {.row = in->entry.row,
                                 .column = -1,
                                 .value = STR(""),
                                 .code = "person_twice",
                                 .tr = tr,
                                 .en = en};

    (void)snprintf(tr, sizeof tr, "Aynı kişi ya da sertifika %u. satırda başka bilgilerle var.",
                   first->row);
    (void)snprintf(en, sizeof en, "Row %u tells something else of the same person or certificate.",
                   first->row);
    roster_refuse(in->report, &fault);
}

static int append_fact(struct import *in, const struct fact *fact, size_t index)
{
    struct event_row row = {.received_ms = in->call->now_ms,
                            .type = (int)fact->type,
                            .source = str_of(in->record.event_source)};
    unsigned char first[SHA256_SIZE];
    char id[FACT_REF_SIZE];
    int64_t seq;
    int rc;

    (void)snprintf(id, sizeof id, "%s/%zu%s", in->record.id, in->entry.row, index == 0 ? "" : "/2");
    row.id = str_of(id);
    buf_reset(&in->canonical);
    rc = fact_canonical(fact, &in->canonical);
    if (rc != 0) {
        return err_set(in->err, rc, "row %zu does not fit", in->entry.row);
    }
    row.body = (struct str){in->canonical.data, in->canonical.len};
    fact_digest(row.body, row.digest);
    rc = store_event_append(in->call->store, &row, &seq, first, in->err);
    if (rc == 0) {
        in->record.first_seq = in->record.first_seq == 0 ? seq : in->record.first_seq;
        in->record.last_seq = seq;
    }
    return rc;
}

static int write_row(struct import *in)
{
    int rc = 0;

    for (size_t i = 0; i < in->cases.count && rc == 0; i++) {
        const struct roster_case *c = &in->cases.list[i];

        rc = c->event_seq == 0 ? roster_list_add(&in->fresh, c->certificate, in->err)
                               : roster_record_former(in->call->store, in->record.id, in->entry.row,
                                                      i, c, in->err);
    }
    for (size_t i = 0; i < in->fact_count && rc == 0; i++) {
        rc = append_fact(in, in->facts[i], i);
    }
    crash_point("in_import");
    return rc;
}

/* What is known more exactly than a list tells it stays as it is. */
static void keep_known(struct import *in)
{
    struct fact *fact = &in->entry.fact;
    const struct fact *known = &in->cases.list[0].file.known;

    if (in->entry.person_made && known->holder.ref[0] != '\0') {
        (void)str_copy(fact->holder.ref, sizeof fact->holder.ref, str_of(known->holder.ref));
    }
    if (istanbul_day(known->not_after_ms) == istanbul_day(fact->not_after_ms)) {
        fact->not_after_ms = known->not_after_ms;
    }
}

static void collect_facts(struct import *in, bool news)
{
    const struct roster_case *own = &in->cases.list[0];

    in->fact_count = 0;
    if (news) {
        in->facts[in->fact_count++] = &in->entry.fact;
    }
    if (in->entry.has_also && roster_also_is_news(own, in->entry.also, in->call->now_ms)) {
        roster_entry_also(&in->entry, &in->also);
        in->facts[in->fact_count++] = &in->also;
    }
}

/* A list without certificate numbers means the certificate that others have told of already. */
static int find_case(struct import *in, struct roster_case *ret)
{
    struct fact *f = &in->entry.fact;
    struct store *s = in->call->store;
    struct roster_seen_entry *seen;
    bool added;
    int rc = roster_case_load(s, str_of(f->certificate.ref), ret, in->err);

    if (rc != 0 || ret->known || !in->entry.certificate_made) {
        return rc;
    }
    rc = roster_case_of_person(s, str_of(f->holder.ref), ret, in->err);
    if (rc == ERR_NOT_FOUND && in->entry.other_person[0] != '\0') {
        rc = roster_case_of_person(s, str_of(in->entry.other_person), ret, in->err);
    }
    if (rc != 0) {
        return rc == ERR_NOT_FOUND ? roster_case_load(s, str_of(f->certificate.ref), ret, in->err)
                                   : rc;
    }
    (void)str_copy(f->certificate.ref, sizeof f->certificate.ref, str_of(ret->certificate));
    rc = roster_seen_put(&in->seen, hash_of(in->call->hash, str_of(ret->certificate)), 0,
                         in->entry.row, &seen, &added);
    if (rc == 0 && !added) {
        refuse_twice(in, seen);
        return ERR_EXISTS;
    }
    return rc == 0 ? 0 : err_set(in->err, rc, "no memory for the list");
}

static int compare_row(struct import *in)
{
    struct roster_report *report = in->report;
    struct roster_case *own = &in->cases.list[0];
    struct store *s = in->call->store;
    bool fresh;
    int rc = find_case(in, own);

    if (rc != 0) {
        report->refused += rc == ERR_EXISTS;
        return rc == ERR_EXISTS ? 0 : rc;
    }
    in->cases.count = 1;
    fresh = !own->known;
    if (!fresh) {
        keep_known(in);
    }
    collect_facts(in, fresh || roster_differs(own, &in->entry.fact));
    if (in->fact_count == 0) {
        report->unchanged++;
        return 0;
    }
    *(fresh ? &report->fresh : &report->changed) += 1;
    rc = roster_cases_load(s, &in->entry.fact, &in->cases, in->err);
    if (rc == 0) {
        rc =
            roster_effect(s, &in->env, &in->cases, in->facts, in->fact_count, &in->effect, in->err);
    }
    return rc == 0 && !in->request->dry_run ? write_row(in) : rc;
}

static int refused_row(struct import *in)
{
    struct roster_seen_entry *seen;
    bool added;
    int rc = 0;

    in->report->refused++;
    if (in->entry.fact.certificate.ref[0] != '\0') {
        rc = note_present(in, &seen, &added);
    }
    return rc == ERR_NOMEM ? rc : 0;
}

/* Whoever asked to be erased must not come back with the next list. */
static int refuse_erased(struct import *in, bool *ret_erased)
{
    const struct fact *f = &in->entry.fact;
    struct str holder = str_of(f->holder.ref);
    struct str certificate = str_of(f->certificate.ref);
    const struct roster_fault fault = {.row = in->entry.row,
                                       .column = -1,
                                       .value = STR(""),
                                       .code = "person_erased",
                                       .tr = "Bu kişinin verileri isteği üzerine silinmiş.",
                                       .en = "The data of this person were erased on request."};
    int rc =
        person_is_erased(in->call->store, in->call->key, holder, certificate, ret_erased, in->err);

    if (rc != 0 || !*ret_erased) {
        return rc;
    }
    roster_refuse(in->report, &fault);
    in->report->refused++;
    return in->request->dry_run ? 0
                                : person_count_refused(in->call->store, in->call->key, holder,
                                                       certificate, in->call->now_ms, in->err);
}

static int take_row(struct import *in, const struct sheet_row *row)
{
    struct roster_seen_entry *seen;
    bool erased = false;
    bool added;
    int rc;

    in->report->rows++;
    if (roster_entry_read(&in->reading, row, &in->entry) != 0) {
        return refused_row(in);
    }
    rc = note_present(in, &seen, &added);
    if (rc == ERR_EXISTS) {
        refuse_twice(in, seen);
        in->report->refused++;
        return 0;
    }
    if (rc == 0 && !added) {
        in->report->repeated++;
        return 0;
    }
    if (rc == 0) {
        rc = refuse_erased(in, &erased);
    }
    if (rc != 0 || erased) {
        return rc;
    }
    if (!in->request->dry_run) {
        rc = roster_list_add(&in->members, in->entry.fact.certificate.ref, in->err);
    }
    return rc == 0 ? compare_row(in) : rc;
}

static int on_row(void *ctx, const struct sheet_row *row)
{
    struct import *in = ctx;
    int rc;

    if (in->has_titles) {
        return take_row(in, row);
    }
    rc = take_titles(in, row);
    return rc == 0 && in->has_titles ? check_titles(in) : rc;
}

/* ---- the list ---- */

static int read_list(struct import *in)
{
    int rc =
        sheet_read(in->request->file, on_row, in, &in->report->about, in->call->faults, in->err);

    if (rc == 0 && !in->has_titles) {
        rc = check_titles(in);
    }
    if (rc == 0 && in->report->rows == 0) {
        (void)faults_add(in->call->faults, "/file", "no_rows", "Listede başlıktan başka satır yok.",
                         "The list holds nothing but titles.");
        rc = err_set(in->err, ERR_INVALID, "the list holds nothing but titles");
    }
    if (rc == 0 && !in->request->dry_run && in->request->mode == ROSTER_ALL_OR_NOTHING &&
        in->report->refused > 0) {
        roster_report_faults(in->report, in->call->faults);
        rc = err_set(in->err, ERR_INVALID, "%zu rows of the list are wrong", in->report->refused);
    }
    in->report->gained = in->effect.gained;
    in->report->lost = in->effect.lost;
    in->report->moved = in->effect.moved;
    return rc;
}

/* ---- life ---- */

/* Comparing with cases that are behind the log would find news where there is none. */
static int catch_up(struct import *in)
{
    struct store *s = in->call->store;
    int64_t behind = store_event_last(s) - store_applied(s);
    const struct roster_fault waiting = {
        .column = -1,
        .value = STR(""),
        .code = "events_waiting",
        .tr = "Son gelen olaylar daha işlenmedi; sayılar biraz değişebilir.",
        .en = "The latest events are not worked on yet; the numbers may change a little."};
    int rc = 0;

    if (behind > ROSTER_BACKLOG_MAX) {
        (void)faults_add(in->call->faults, "/file", "events_waiting",
                         "Önceki %lld olay daha işleniyor; biraz sonra yeniden deneyiniz.",
                         "%lld earlier events are still being worked on; try again in a moment.",
                         (long long)behind);
        return err_set(in->err, ERR_BUSY, "%lld events wait to be applied", (long long)behind);
    }
    if (in->request->dry_run) {
        if (behind > 0) {
            roster_note(in->report, &waiting);
        }
        return 0;
    }
    while (rc == 0 && store_applied(s) < store_event_last(s)) {
        rc = apply_backlog(s, &in->env, ROSTER_BACKLOG_MAX, in->err);
    }
    return rc;
}

static int finish_import(struct import *in)
{
    struct store *s = in->call->store;
    int rc = roster_list_end(&in->members, in->err);

    rc = rc == 0 ? roster_list_end(&in->fresh, in->err) : rc;

    if (rc == 0 && in->report->problems_listed > 0) {
        rc = roster_record_errors(s, in->record.id, &in->report->problem_list, in->err);
    }
    if (rc == 0) {
        in->record.state = ROSTER_IMPORTED;
        rc = roster_record_write(s, &in->record, in->report, in->err);
    }
    rc = rc == 0 ? roster_record_audit(in->call, &in->record, in->report, in->err) : rc;
    crash_point("after_import");
    return rc;
}

static int see_one(void *ctx, const struct record_row *row)
{
    (void)row;
    *(bool *)ctx = true;
    return 0;
}

/* Most offices have erased nobody: then no row need be looked up. */
static int look_for_erased(struct import *in)
{
    const struct record_range any = {.kind = RECORD_TOMBSTONE, .limit = 1};

    return store_record_list(in->call->store, &any, see_one, &in->has_erased, in->err);
}

static int run(struct import *in)
{
    bool writes = !in->request->dry_run;
    int rc = catch_up(in);

    rc = rc == 0 ? look_for_erased(in) : rc;

    if (rc == 0 && writes) {
        rc = roster_record_begin(in->call, in->request, &in->record, in->err);
        roster_list_begin(&in->members, in->call->store, in->record.id, ROSTER_LIST_MEMBERS);
        roster_list_begin(&in->fresh, in->call->store, in->record.id, ROSTER_LIST_FRESH);
    }
    rc = rc == 0 ? read_list(in) : rc;
    if (rc == 0) {
        rc = roster_gone_find(in->call->store, in->call->hash, &in->seen, in->record.source,
                              in->report, in->err);
    }
    return rc == 0 && writes ? finish_import(in) : rc;
}

static int prepare(struct import *in)
{
    const struct desk_call *call = in->call;
    struct fact_origin origin = settings_fact_origin(call->settings, call->now_ms, NULL);

    origin.pointer = "";
    in->env = settings_apply_env(call->settings, call->now_ms);
    in->env.key = call->key;
    in->cases.list = calloc(ROSTER_CASES_MAX, sizeof *in->cases.list);
    roster_reading_init(&in->reading, in->report, &origin, call->key);
    buf_init(&in->canonical, FACT_CANONICAL_MAX + 1);
    (void)str_copy(in->record.source, sizeof in->record.source,
                   in->request->source.len > 0 ? in->request->source : STR(ROSTER_SOURCE));
    return in->cases.list == NULL ? err_set(in->err, ERR_NOMEM, "no memory for an import") : 0;
}

int roster_import(const struct desk_call *call, const struct roster_request *request,
                  struct roster_report *report, char ret_id[ROSTER_ID_DIGITS + 1], struct err *e)
{
    struct import *in = calloc(1, sizeof *in);
    int rc;

    ret_id[0] = '\0';
    if (in == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for an import");
    }
    in->call = call;
    in->request = request;
    in->report = report;
    in->err = e;
    rc = prepare(in);
    rc = rc == 0 ? run(in) : rc;
    if (rc == 0 && !request->dry_run) {
        (void)str_copy(ret_id, ROSTER_ID_DIGITS + 1, str_of(in->record.id));
    }
    roster_reading_finish(&in->reading);
    roster_seen_finish(&in->seen);
    roster_list_finish(&in->members);
    roster_list_finish(&in->fresh);
    buf_finish(&in->canonical);
    free(in->cases.list);
    free(in);
    return rc;
}
