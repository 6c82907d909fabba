/*
 * Records: what the office keeps beside events, cases and messages, in small numbers and looked up
 * by key alone: releases, pauses, imports, suppressions, tombstones, the audit log … The owner of a
 * kind decides what key and body mean; to the store they are bytes. Same rules as in store.h.
 */
#pragma once

#include "base/buf.h"
#include "store/store.h"

enum { STORE_RECORD_KEY_MAX = 192, STORE_RECORD_BODY_MAX = 65536 };

/* Stored as small integers: never renumber. */
enum record_kind {
    RECORD_CONTROL = 1,     /* flow/control: what a person has paused, pinned or cancelled */
    RECORD_RELEASE = 2,     /* flow/release: who let a campaign go, and until when */
    RECORD_IMPORT = 3,      /* flow/roster: one import; key: 12 digits */
    RECORD_IMPORT_ROW = 4,  /* flow/roster: what undoing it needs; key: import "/" row */
    RECORD_SUPPRESSION = 5, /* flow/suppress: addresses nothing goes to */
    RECORD_TOMBSTONE = 6,   /* flow/person: keyed hashes of erased persons */
    RECORD_AUDIT = 7,       /* flow/audit: the hash-chained log; key: 12 digits */
    RECORD_DIGEST = 8,      /* flow/digest: summaries made, so that none is made twice */
    RECORD_DESTRUCTION = 9, /* flow/retention: what was destroyed, without personal data */
    RECORD_REPORT = 10,     /* flow/reports: delivery reports that match nothing yet */
    RECORD_DAY = 11,        /* flow/guard: what a campaign did on a day; key: campaign "/" day */
    RECORD_SMS_DAY = 13,    /* flow/sms_days: who had an SMS; key: day "/" 16 digits */
    RECORD_KIND_END
};

struct record_row {
    enum record_kind kind;
    struct str key;  /* 1..STORE_RECORD_KEY_MAX bytes */
    struct str body; /* at most STORE_RECORD_BODY_MAX bytes */
};

typedef int store_record_fn(void *ctx, const struct record_row *row);

/* Adds the record, or replaces the one of this kind and key. */
int store_record_put(struct store *s, const struct record_row *row, struct err *e);
/* The same with the body in a buffer; when that has failed, the error says that `what` does not
 * fit. */
int store_record_put_buf(struct store *s, enum record_kind kind, struct str key,
                         const struct buf *body, const char *what, struct err *e);
/* ERR_NOT_FOUND when there is none; fn may be null: then only its existence is told. */
int store_record_get(struct store *s, enum record_kind kind, struct str key, store_record_fn *fn,
                     void *ctx, struct err *e);
/* ERR_NOT_FOUND when there is none. */
int store_record_remove(struct store *s, enum record_kind kind, struct str key, struct err *e);

/* Which records, in the byte order of their keys. */
struct record_range {
    enum record_kind kind;
    struct str prefix; /* "" for all */
    struct str after;  /* only keys behind this one (before it when backwards); "" for the first */
    bool backwards;    /* greatest key first */
    size_t limit;      /* 1..STORE_LIST_MAX */
};

int store_record_list(struct store *s, const struct record_range *range, store_record_fn *fn,
                      void *ctx, struct err *e);
