/*
 * What happens to one case and its messages when a fact came, time went by or the plan changed.
 * Shared by apply.c and replan.c; internal. Store thread, inside the caller's transaction.
 */
#pragma once

#include "domain/certificate.h"
#include "domain/plan_diff.h"
#include "flow/apply.h"

struct case_work {
    struct store *store;
    const struct apply_env *env;
    struct err *err;
    int64_t event_seq; /* the event that caused it, 0 for none */
    int64_t fact_ms;   /* business time of the fact; 0: that of the case stays */
    char actor[32];    /* for traces */

    /* the case at hand */
    int64_t id; /* 0 while it is not stored yet */
    struct case_file file;
    char certificate[FACT_REF_SIZE];
    int64_t seq_before; /* as stored: kept when event_seq is 0 */
    int64_t fact_ms_before;
};

/* Takes a stored case to hand; ctx is the work. A store_case_* callback. */
int case_work_load(void *ctx, const struct case_row *row);
int case_work_store(struct case_work *w);
/*
 * Does what the change asks for: stops, holds and resumes messages, plans, tells notices. again:
 * details were told anew, so the plan has to be looked at whatever the change says.
 */
int case_work_follow(struct case_work *w, const struct case_change *change, bool again);

/* ---- series.c: the reminders of the case at hand ---- */

/* What a plan would change; free with series_finish(). */
struct series {
    struct plan_wish *wishes;
    size_t wish_count;
    struct plan_row *rows;
    size_t row_count;
    size_t row_cap;
    struct plan_change *changes;
    size_t change_count;
};

/* Compares the plan of today's settings with the messages there are; changes nothing. */
int series_compare(struct case_work *w, struct series *ret);
/* Carries it out; reason is for the traces of what moves or stops. */
int series_execute(struct case_work *w, const struct series *s, const char *reason);
void series_finish(struct series *s);
/* Both in one. */
int series_plan(struct case_work *w, const char *reason);
int series_pause(struct case_work *w);
int series_resume(struct case_work *w, const char *reason);
/* Whether the campaign is for the holder at hand. */
bool series_wanted(const struct case_work *w, const struct apply_campaign *c);

/* ---- notice.c: what is said once beside the series ---- */

int notice_add(struct case_work *w, enum case_notice notice);
/*
 * The login is open again: a notice of the block that has not gone out must not any more, and the
 * next one need not wait for two weeks. Call before the case is stored.
 */
int notice_withdraw_blocked(struct case_work *w, const char *reason);
