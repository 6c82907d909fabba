/*
 * Retention: what has been kept long enough is destroyed, class by class, in small bites. Each bite
 * is one transaction of the caller's; a run is a walk over all classes, and ends with a record of
 * destruction (RECORD_DESTRUCTION: when, by whom, how many of each class, by which rules – nothing
 * of a person) and an entry in the audit log. Synchronous, over a store.
 */
#pragma once

#include "config/conf.h"
#include "store/store_record.h"

/* Kept by name: never rename. In the order of the walk. */
enum retention_class {
    RETENTION_CONTENT,     /* the words of messages */
    RETENTION_FACTS,       /* what messages of their own (digests, single ones) are made of */
    RETENTION_INBOX,       /* what the sink keeps */
    RETENTION_DELIVERY,    /* messages with their attempts and reports */
    RETENTION_CASES,       /* holders and certificates, with what is left of their messages */
    RETENTION_EVENTS,      /* what events said; that they came stays */
    RETENTION_IMPORTS,     /* rows of roster imports */
    RETENTION_REPORTS,     /* reports that match nothing */
    RETENTION_SUPPRESSION, /* entries that have expired */
    RETENTION_AUDIT,       /* the audit log; records of destruction stay */
    RETENTION_CLASS_COUNT
};

enum { RETENTION_BITE = 500, RETENTION_KEY_SIZE = 24 };

/* "content", … */
const char *retention_class_name(enum retention_class c);
const char *retention_class_sentence(enum retention_class c, bool turkish);
/* RETENTION_CLASS_COUNT when unknown. */
enum retention_class retention_class_parse(struct str s);

/* Where a run is. Zeroed but for rules, now_ms and dry_run at its beginning. */
struct retention_walk {
    const struct conf_retention *rules;
    int64_t now_ms;
    bool dry_run; /* only count */
    enum retention_class class;
    int64_t place;                         /* within the class: the last row looked at */
    char key[STORE_RECORD_KEY_MAX + 1];    /* the same for records */
    int64_t counts[RETENTION_CLASS_COUNT]; /* destroyed, or what would be */
    bool finished;
};

/*
 * Looks at up to RETENTION_BITE rows and destroys what is due among them; in a transaction unless
 * dry_run. Messages under way and all that belongs to them stay.
 */
int retention_bite(struct store *s, struct retention_walk *walk, struct err *e);
/*
 * Writes the record of destruction and the audit entry of a finished run, when anything was
 * destroyed, and has the files scrubbed. ret_key ("" for nothing) names the record. In a
 * transaction.
 */
int retention_end(struct store *s, const struct retention_walk *walk, const char *actor,
                  char ret_key[RETENTION_KEY_SIZE], struct err *e);
/*
 * One bite of the run that is under way, or the first one of a new run, and its end when nothing is
 * left. Where it stands is kept in the store: a crash, another caller or another day go on with it,
 * and the record tells of all. ret_walk->now_ms is when the run began. In a transaction.
 */
int retention_step(struct store *s, const struct conf_retention *rules, int64_t now_ms,
                   const char *actor, struct retention_walk *ret_walk,
                   char ret_key[RETENTION_KEY_SIZE], struct err *e);
