/*
 * What lies ahead: the messages planned for a span of days, with segments and cost, and what will
 * not be sent and why. From the stored plan, or from the plan that other settings would make.
 */
#pragma once

#include "flow/desk.h"
#include "flow/wording.h"

enum {
    OUTLOOK_DAYS_MAX = 1200,
    OUTLOOK_STEPS_MAX = 1024,
    OUTLOOK_REASONS_MAX = 64,
    OUTLOOK_ITEMS_MAX = 20000, /* in a JSON answer; a CSV has all */
    OUTLOOK_CODE_MAX = 40
};

struct outlook_sum {
    int64_t sms;
    int64_t email;
    int64_t segments;
    int64_t kurus;
};

struct outlook_step {
    char campaign[STORE_NAME_MAX + 1];
    int step; /* without its cycle */
    enum channel channel;
    int64_t people;
    int64_t segments;
    int64_t kurus;
    int64_t multi;   /* messages of more than one segment */
    int64_t weekend; /* moved because of one */
    int64_t holiday;
    int64_t first_ms;
    int64_t last_ms;
};

struct outlook_reason {
    char code[OUTLOOK_CODE_MAX];
    const char *text; /* without a final stop; may be null */
    int64_t count;
};

/* One planned message, or one that is not to be; strings live during the call. */
struct outlook_item {
    int64_t id; /* 0: not stored */
    int64_t at_ms;
    struct str campaign;
    int step;
    enum channel channel;
    struct str holder;
    struct str certificate;
    int64_t segments;
    const char *code; /* null when it is to be sent */
    const char *text;
};

struct outlook_wish {
    const struct settings *settings; /* those that would be, or the present ones */
    bool what_if;                    /* the plan of settings instead of the stored one */
    struct str campaign;             /* "" for all */
    int64_t from_ms;
    int64_t to_ms;
    /* Called for every message and exclusion; may be null. Negative ends the walk. */
    int (*item)(void *ctx, const struct outlook_item *item);
    void *ctx;
};

/* Of the planned ones, how many a decision as it stands now would keep from going at their time. */
struct outlook_stopped {
    int64_t awaiting; /* no release covers them */
    int64_t paused;
    int64_t cancelled;
};

struct outlook {
    struct outlook_stopped stopped_by;
    int64_t late; /* of the planned ones, those that should have gone before the span */
    int64_t first_day;
    size_t day_count;
    struct outlook_sum days[OUTLOOK_DAYS_MAX];
    struct outlook_sum total;
    struct outlook_step steps[OUTLOOK_STEPS_MAX];
    size_t step_count;
    struct outlook_reason excluded[OUTLOOK_REASONS_MAX];
    size_t excluded_count;
};

/* Fills ret. The thread of call->store. */
int outlook_gather(struct desk_call *call, const struct outlook_wish *wish, struct outlook *ret,
                   struct err *e);

struct controls;
struct message_row;

/* outlook_steps.c: where a message is counted, null when there are too many. Pure. */
struct outlook_step *outlook_step_of(struct outlook *o, const struct outlook_item *item);

/* outlook_gate.c: counts a stored message at the gate that it would meet when it goes. Pure. */
void outlook_note_gate(struct outlook *o, const struct controls *picture, const struct conf *conf,
                       const struct message_row *m, int64_t at_ms);
/* The member "stopped_by". */
void outlook_write_gates(struct json_writer *w, const struct outlook *o);

/*
 * The desk's operations. Members: campaign, from, to (dates or instants), day, explain, format
 * (json, csv, ics). The second takes a whole configuration as its file and answers with the plan it
 * would make beside the present one.
 */
desk_run outlook_run;
desk_run outlook_with_run;
