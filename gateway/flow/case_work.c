#include "flow/case_work.h"

int case_work_load(void *ctx, const struct case_row *row)
{
    struct case_work *w = ctx;

    w->id = row->id;
    w->seq_before = row->event_seq;
    w->fact_ms_before = row->fact_ms;
    (void)str_copy(w->certificate, sizeof w->certificate, row->certificate);
    return case_read(row->facts, &w->file);
}

int case_work_store(struct case_work *w)
{
    struct case_row row = {.id = w->id,
                           .certificate = str_of(w->certificate),
                           .holder = str_of(w->file.known.holder.ref),
                           .state = (int)w->file.state,
                           .eonay = (int)w->file.known.eonay,
                           .not_after_ms = w->file.known.not_after_ms,
                           .fact_ms = w->fact_ms != 0 ? w->fact_ms : w->fact_ms_before,
                           .event_seq = w->event_seq != 0 ? w->event_seq : w->seq_before,
                           .updated_ms = w->env->now_ms};
    struct buf facts;
    int rc;

    buf_init(&facts, STORE_BODY_MAX);
    rc = case_write(&w->file, &facts);
    row.facts = (struct str){facts.data, facts.len};
    if (rc == 0) {
        rc = store_case_put(w->store, &row, &w->id, w->err);
    } else {
        rc = err_set(w->err, rc, "the case of event %lld does not fit", (long long)w->event_seq);
    }
    buf_finish(&facts);
    return rc;
}

static const char *plan_reason(const struct case_change *change)
{
    if ((change->actions & CASE_PLAN) == 0) {
        return APPLY_PLAN_CHANGED;
    }
    return (change->actions & CASE_RESUME) != 0 || change->reason[0] == '\0' ? "end_changed"
                                                                             : change->reason;
}

int case_work_follow(struct case_work *w, const struct case_change *change, bool again)
{
    bool plans = again || (change->actions & (CASE_PLAN | CASE_SERIES)) != 0;
    int rc = 0;

    if ((change->actions & CASE_STOP) != 0) {
        rc = store_message_stop_case(w->store, w->id, MESSAGE_CANCELLED, str_of(change->reason),
                                     str_of(w->actor), w->env->now_ms, NULL, w->err);
    }
    if (rc == 0 && (change->actions & CASE_PAUSE) != 0) {
        rc = series_pause(w);
    }
    if (rc == 0 && (change->actions & CASE_RESUME) != 0) {
        rc = series_resume(w, change->reason);
    }
    if (rc == 0 && plans && case_state_reminds(w->file.state)) {
        rc = series_plan(w, plan_reason(change));
    }
    return rc == 0 && change->notice != NOTICE_NONE ? notice_add(w, change->notice) : rc;
}
