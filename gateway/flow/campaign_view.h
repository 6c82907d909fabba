/* How campaigns stand: worked out from messages, releases and controls whenever somebody looks. */
#pragma once

#include "flow/control.h"
#include "flow/desk.h"
#include "flow/guard.h"

enum { CAMPAIGN_REASONS_MAX = 16 };

enum campaign_state {
    CAMPAIGN_DRAFT,     /* no message is planned */
    CAMPAIGN_AWAITING,  /* messages wait for a release */
    CAMPAIGN_RELEASED,  /* messages wait for their day */
    CAMPAIGN_SENDING,   /* some have gone, some will */
    CAMPAIGN_DONE,      /* nothing waits any more */
    CAMPAIGN_CANCELLED, /* a person stopped it for good */
    CAMPAIGN_STATE_COUNT
};

/* "draft", "awaiting_release", "released", "sending", "done", "cancelled". */
const char *campaign_state_name(enum campaign_state s);
const char *campaign_state_sentence(enum campaign_state s, bool turkish);

struct campaign_reason {
    char reason[64];
    int64_t count;
};

struct campaign_view {
    char name[STORE_NAME_MAX + 1];
    const struct conf_campaign *conf;
    int64_t counts[MESSAGE_STATE_COUNT];
    struct campaign_reason held[CAMPAIGN_REASONS_MAX];
    size_t reasons;
    bool covered; /* a release is in force */
    bool has_control;
    struct control control; /* pause or cancellation */
    struct guard_day today;
    struct guard_facts facts;
    enum campaign_state state;
};

struct campaign_views {
    struct campaign_view *list;
    size_t count;
};

/* What the numbers mean; pure. */
enum campaign_state campaign_state_of(const struct campaign_view *v);

/* All configured campaigns. Free with campaign_views_free(). */
int campaign_views_read(struct desk_call *call, struct campaign_views **ret, struct err *e);
void campaign_views_free(struct campaign_views *v); /* accepts null */
const struct campaign_view *campaign_view_find(const struct campaign_views *v, const char *name);
/* Its members, into an open object. */
void campaign_view_write(struct json_writer *w, const struct campaign_view *v, bool turkish);

/*
 * When the latest known certificate of the one who releases ends, 0 when none is known. By mailbox
 * alone it is looked for among those that end between now and until.
 */
int approver_end(struct store *store, const struct conf_approver *a, int64_t now_ms,
                 int64_t until_ms, int64_t *ret_end, struct err *e);

/*
 * Adds "warnings" to an open object when the certificate of the one who releases ends before
 * until_ms, or has ended: nobody else can be warned then. Store thread.
 */
int approver_warn(struct desk_call *call, struct json_writer *w, int64_t until_ms, struct err *e);
