/* Taking an import back: cases as they were before, and the messages that go with them. */
#include "base/crash.h"
#include "flow/audit.h"
#include "flow/case_work.h"
#include "flow/roster_record.h"

#include <stdio.h>
#include <stdlib.h>

enum { MESSAGES_MAX = 256 };

#define UNDONE_REASON "import_undone"

struct undoing {
    const struct desk_call *call;
    struct roster_record record;
    struct roster_undone *ret;
    struct err *err;
    char actor[32];
    char after[STORE_RECORD_KEY_MAX]; /* the last key taken up */
    size_t steps;                     /* cases that were known before */
    size_t fresh;                     /* … and others */
    struct apply_env env;
    struct roster_case former;
    struct roster_case now;
    struct case_work work;
};

/* ---- messages ---- */

struct waiting {
    struct undoing *undoing;
    struct {
        int64_t id;
        enum message_state state;
    } list[MESSAGES_MAX];
    size_t count;
};

/*
 * What the import's own events have planned and nobody has sent yet; all that waits when there was
 * nothing before it: an import may have brought back messages of an earlier one.
 */
static int collect(void *ctx, const struct message_row *row)
{
    struct waiting *w = ctx;
    const struct roster_record *import = &w->undoing->record;
    bool waits =
        row->state == MESSAGE_PLANNED || row->state == MESSAGE_QUEUED || row->state == MESSAGE_HELD;

    bool ours = !w->undoing->former.known ||
                (row->event_seq >= import->first_seq && row->event_seq <= import->last_seq);

    if (waits && ours && w->count < MESSAGES_MAX) {
        w->list[w->count].id = row->id;
        w->list[w->count++].state = row->state;
    }
    return 0;
}

static int stop_ours(struct undoing *u)
{
    struct waiting *w = malloc(sizeof *w);
    int rc;

    if (w == NULL) {
        return err_set(u->err, ERR_NOMEM, "no memory to undo an import");
    }
    w->undoing = u;
    w->count = 0;
    rc = store_message_by_case(u->call->store, u->now.id, collect, w, u->err);
    for (size_t i = 0; i < w->count && rc == 0; i++) {
        const struct message_move move = {.id = w->list[i].id,
                                          .from = w->list[i].state,
                                          .to = MESSAGE_CANCELLED,
                                          .set = SET_REASON | SET_TRACE,
                                          .now_ms = u->call->now_ms,
                                          .reason = STR(UNDONE_REASON),
                                          .actor = str_of(u->actor)};

        u->ret->stopped++;
        rc = store_message_move(u->call->store, &move, u->err);
    }
    free(w);
    return rc;
}

/* Messages that had given way to the import's come back while there is time for them. */
static int plan_former(struct undoing *u)
{
    struct case_work *w = &u->work;
    struct series series;
    int rc;

    if (!u->former.known || !case_state_reminds(u->former.file.state)) {
        return 0;
    }
    *w =
        (struct case_work){.store = u->call->store, .env = &u->env, .err = u->err, .id = u->now.id};
    w->event_seq = u->former.event_seq;
    w->file = u->former.file;
    (void)str_copy(w->certificate, sizeof w->certificate, str_of(u->former.certificate));
    (void)str_copy(w->actor, sizeof w->actor, str_of(u->actor));
    rc = series_resume(w, UNDONE_REASON);
    rc = rc == 0 ? series_compare(w, &series) : rc;
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < series.change_count; i++) {
        u->ret->revived += series.changes[i].kind == CHANGE_REVIVE;
    }
    rc = series_execute(w, &series, UNDONE_REASON);
    series_finish(&series);
    return rc;
}

/* ---- cases ---- */

/* What an import brought is forgotten; the row stays, because messages may point to it. */
static int restore_case(struct undoing *u)
{
    const struct roster_case *c = &u->former;
    struct case_row row = {.id = u->now.id,
                           .certificate = str_of(c->certificate),
                           .holder = str_of(c->file.known.holder.ref),
                           .state = (int)c->file.state,
                           .eonay = (int)c->file.known.eonay,
                           .not_after_ms = c->file.known.not_after_ms,
                           .fact_ms = c->fact_ms,
                           .event_seq = c->event_seq,
                           .updated_ms = u->call->now_ms};
    struct buf facts;
    int64_t id;
    int rc;

    buf_init(&facts, STORE_BODY_MAX);
    rc = case_write(&c->file, &facts);
    row.facts = (struct str){facts.data, facts.len};
    if (rc == 0) {
        rc = store_case_put(u->call->store, &row, &id, u->err);
    }
    buf_finish(&facts);
    return rc;
}

static void list_refused(struct undoing *u)
{
    struct json_writer w;

    if (u->ret->refused++ > ROSTER_GONE_MAX) {
        return;
    }
    if (u->ret->list.len > 0) {
        (void)buf_addc(&u->ret->list, ',');
    }
    jsonw_init(&w, &u->ret->list);
    jsonw_object(&w);
    jsonw_put(&w, "certificate", u->now.certificate);
    jsonw_put(&w, "holder", u->now.file.known.holder.ref);
    jsonw_put(&w, "reason",
              u->call->turkish ? "Kayıt içe aktarmadan sonra değişti; olduğu gibi bırakıldı."
                               : "It has changed since the import and was left as it is.");
    jsonw_end_object(&w);
}

static int undo_case(struct undoing *u)
{
    struct store *s = u->call->store;
    int rc = roster_case_load(s, str_of(u->former.certificate), &u->now, u->err);
    bool touched =
        u->now.event_seq >= u->record.first_seq && u->now.event_seq <= u->record.last_seq;

    if (rc != 0 || u->now.id == 0 || u->now.event_seq == u->former.event_seq) {
        return rc; /* the import did not change this one */
    }
    if (!touched) {
        list_refused(u);
        return 0;
    }
    u->ret->restored++;
    rc = stop_ours(u);
    rc = rc == 0 ? restore_case(u) : rc;
    return rc == 0 ? plan_former(u) : rc;
}

static int on_former(void *ctx, const struct record_row *row)
{
    struct undoing *u = ctx;
    int rc = roster_record_read_former(row->body, &u->former);

    u->steps++;
    (void)str_copy(u->after, sizeof u->after, row->key);
    if (rc != 0) {
        return err_set(u->err, ERR_CORRUPT, "what undoing needs cannot be read back");
    }
    return undo_case(u);
}

/* The newest row first: what a person's second row found is older than what it left. */
static int undo_slice(struct undoing *u)
{
    char prefix[STORE_RECORD_KEY_MAX];
    struct record_range range = {.kind = RECORD_IMPORT_ROW, .backwards = true, .limit = 250};
    size_t before;
    int rc;

    (void)snprintf(prefix, sizeof prefix, "%s/case/", u->record.id);
    range.prefix = str_of(prefix);
    do {
        before = u->steps;
        range.after = str_of(u->after);
        rc = store_record_list(u->call->store, &range, on_former, u, u->err);
        u->ret->finished = u->steps - before < range.limit;
    } while (rc == 0 && !u->ret->finished && u->steps < ROSTER_UNDO_SLICE);
    return rc;
}

/* There was nothing before: the case becomes empty. */
static int undo_fresh(void *ctx, struct str certificate)
{
    struct undoing *u = ctx;

    u->former.known = false;
    u->former.event_seq = 0;
    u->former.fact_ms = 0;
    case_init(&u->former.file);
    u->fresh++;
    (void)str_copy(u->former.certificate, sizeof u->former.certificate, certificate);
    return undo_case(u);
}

static int fresh_slice(struct undoing *u)
{
    bool found = true;
    int rc = 0;

    while (rc == 0 && found && u->steps + u->fresh < ROSTER_UNDO_SLICE) {
        rc = roster_list_take_last(u->call->store, u->record.id, ROSTER_LIST_FRESH, undo_fresh, u,
                                   &found, u->err);
    }
    u->ret->finished = !found;
    return rc;
}

/* Retention may have taken what undoing needs. */
static int check_found(const struct undoing *u)
{
    if (u->steps + u->fresh > 0 || u->record.first_seq == 0 || u->record.state != ROSTER_IMPORTED) {
        return 0;
    }
    (void)faults_add(u->call->faults, "/id", "undo_too_late",
                     "Geri almak için gereken kayıtlar, saklama süreleri dolduğu için silinmiş.",
                     "What undoing needs was destroyed when its time was over.");
    return err_set(u->err, ERR_NOT_FOUND, "what undoing import %s needs is gone", u->record.id);
}

/* Steps that are done are not needed any more, and hold what was to be forgotten. */
static int forget_slice(struct undoing *u)
{
    char prefix[STORE_RECORD_KEY_MAX];
    int rc = 0;

    (void)snprintf(prefix, sizeof prefix, "%s/case/", u->record.id);
    for (size_t i = 0; i < u->steps && rc == 0; i++) {
        rc = roster_record_forget_last(u->call->store, prefix, u->err);
    }
    return rc;
}

static int may_undo(const struct undoing *u)
{
    int64_t applied = store_applied(u->call->store);

    if (u->record.state == ROSTER_UNDONE) {
        return err_set(u->err, ERR_WRONG_STATE, "import %s is undone already", u->record.id);
    }
    if (applied < u->record.last_seq) {
        return err_set(u->err, ERR_BUSY, "%lld events of the import wait to be applied",
                       (long long)(u->record.last_seq - applied));
    }
    return 0;
}

static int audit_undo(const struct undoing *u)
{
    char detail[200];

    (void)snprintf(
        detail, sizeof detail, "{\"import\":\"%s\",\"restored\":%zu,\"left\":%zu,\"finished\":%s}",
        u->record.id, u->ret->restored, u->ret->refused, u->ret->finished ? "true" : "false");
    return audit_add(u->call->store, u->call->actor, "import.undo", str_of(detail), u->call->now_ms,
                     u->err);
}

static int run(struct undoing *u)
{
    int rc = may_undo(u);

    rc = rc == 0 ? undo_slice(u) : rc;
    rc = rc == 0 && u->ret->finished ? fresh_slice(u) : rc;
    rc = rc == 0 ? check_found(u) : rc;
    rc = rc == 0 ? forget_slice(u) : rc;
    if (rc != 0) {
        return rc;
    }
    u->record.state = u->ret->finished ? ROSTER_UNDONE : ROSTER_UNDOING;
    u->record.undone_ms = u->call->now_ms;
    u->record.restored += (int64_t)u->ret->restored;
    u->record.refused += (int64_t)u->ret->refused;
    crash_point("after_undo");
    rc = roster_record_update(u->call->store, &u->record, u->err);
    return rc == 0 ? audit_undo(u) : rc;
}

int roster_undo(const struct desk_call *call, struct str id, struct roster_undone *ret,
                struct err *e)
{
    struct undoing *u = calloc(1, sizeof *u);
    int rc;

    if (u == NULL) {
        return err_set(e, ERR_NOMEM, "no memory to undo an import");
    }
    u->call = call;
    u->ret = ret;
    u->err = e;
    u->env = settings_apply_env(call->settings, call->now_ms);
    u->env.key = call->key;
    rc = roster_record_read(call->store, id, &u->record, e);
    (void)snprintf(u->actor, sizeof u->actor, "import %s", u->record.id);
    rc = rc == 0 ? run(u) : rc;
    free(u);
    return rc;
}
