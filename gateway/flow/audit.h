/*
 * The audit log: who did what at the desk – imports, releases, pauses, reveals, erasures. Every
 * entry carries the digest of the one before it, so that an entry changed, removed or put in later
 * is found. Entries hold references of what was done to, never numbers, addresses or names of
 * persons: the caller sees to that.
 *
 * An entry is kept as one line of JSON in a record (RECORD_AUDIT, key: its number in 12 digits):
 *   {"seq":7,"at":"…","actor":"key:panel","action":"campaign.pause","detail":{…},"prev":"…",
 *    "hash":"…"}
 * hash is SHA-256, in hex, of these very bytes without the last member (`,"hash":"…"`); prev is the
 * hash of the entry before, 64 zeros for the first. The head (number and hash of the newest entry)
 * is kept apart from the records: entries cut off the end are missed too.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "store/store_record.h"

enum { AUDIT_ACTOR_MAX = 80, AUDIT_ACTION_MAX = 40, AUDIT_DETAIL_MAX = 4096, AUDIT_HASH_HEX = 64 };

struct audit_entry {
    int64_t seq; /* 1, 2, 3 … without gaps */
    int64_t at_ms;
    struct str actor;
    struct str action;
    struct str body; /* the whole entry, as kept */
};

/*
 * Adds an entry; inside the transaction of what it speaks of, so that both happen or neither.
 * actor: "key:panel", "uid:1000", "guard". action: the name of the operation. detail: a JSON
 * object, "" for none. ERR_INVALID when detail is no object, ERR_LIMIT when something is too long,
 * or the store's error. Store thread.
 */
int audit_add(struct store *s, const char *actor, const char *action, struct str detail,
              int64_t now_ms, struct err *e);

/* An entry whose detail is written member by member, with w, between begin and end. */
struct audit_note {
    struct buf detail;
    struct json_writer w;
};

void audit_begin(struct audit_note *n);
/* As audit_add, ERR_LIMIT included; the note is done with. */
int audit_end(struct audit_note *n, struct store *s, const char *actor, const char *action,
              int64_t now_ms, struct err *e);

typedef int audit_fn(void *ctx, const struct audit_entry *entry);

/*
 * Entries newest first, those before `before` (0: from the newest), at most limit
 * (1..STORE_LIST_MAX). A negative return of fn ends the walk and is returned.
 */
int audit_list(struct store *s, int64_t before, size_t limit, audit_fn *fn, void *ctx,
               struct err *e);

enum audit_fault {
    AUDIT_WHOLE,
    AUDIT_ALTERED,    /* the entry's digest is not that of its bytes */
    AUDIT_UNLINKED,   /* its prev is not the hash of the entry before */
    AUDIT_MISSING,    /* an entry between two others is not there */
    AUDIT_CUT_OFF,    /* entries at the end are not there */
    AUDIT_UNREADABLE, /* no entry at all */
    AUDIT_FAULT_COUNT
};

struct audit_verdict {
    enum audit_fault fault;
    int64_t seq;     /* of the first broken link */
    int64_t checked; /* entries found good before it */
    int64_t first;   /* the oldest entry that is kept, 0 for none */
    int64_t last;    /* the newest there should be */
    char head[AUDIT_HASH_HEX + 1];
};

/* "whole", "altered", "unlinked", "missing", "cut_off", "unreadable". */
const char *audit_fault_name(enum audit_fault f);
/* What that means, as a sentence. */
const char *audit_fault_sentence(enum audit_fault f, bool turkish);

/* Walks the whole log. 0 with a verdict, also when the log is broken; else the store's error. */
int audit_verify(struct store *s, struct audit_verdict *ret, struct err *e);

/*
 * Removes up to limit of the oldest entries that are older than before_ms, and remembers where the
 * chain goes on. ret_count may be null. In a transaction; store thread.
 */
int audit_forget(struct store *s, int64_t before_ms, size_t limit, size_t *ret_count,
                 struct err *e);
