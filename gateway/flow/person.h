/*
 * One person's data: everything held about a holder as one document, its erasure, and what keeps an
 * erased person away. Synchronous, over a store; writing functions belong into the caller's
 * transaction. Any thread that owns the store handle.
 *
 * An erased person leaves tombstones (RECORD_TOMBSTONE): keyed hashes of the holder's and the
 * certificates' references, from which nobody can be told without the installation's key and the
 * reference itself. Facts and roster rows that speak of them are refused and counted.
 */
#pragma once

#include "base/crypto.h"
#include "base/json.h"
#include "domain/fact.h"
#include "store/store_record.h"

struct ids;

enum {
    PERSON_TOMBSTONE_SIZE = 40, /* "h:" or "c:" and 32 hex digits; also the key of the record */
    PERSON_CASES_MAX = 64,
    PERSON_EXPORT_MAX = 32 << 20
};

/* ---- tombstones ---- */

struct person_tombstone {
    char id[PERSON_TOMBSTONE_SIZE];
    char of[PERSON_TOMBSTONE_SIZE]; /* the person's; the same as id for the holder itself */
    int64_t erased_ms;
    int64_t refused; /* facts and rows refused since */
    int64_t last_ms; /* when the last of them came, 0 for none */
    char actor[81];
};

/* Whether the holder or the certificate was erased; "" is nobody. One or two look-ups. */
int person_is_erased(struct store *s, const unsigned char key[HASH_KEY_SIZE], struct str holder,
                     struct str certificate, bool *ret_erased, struct err *e);
/* Counts something that was refused because of that. */
int person_count_refused(struct store *s, const unsigned char key[HASH_KEY_SIZE], struct str holder,
                         struct str certificate, int64_t now_ms, struct err *e);
/*
 * An event of the log that speaks of an erased person: it is counted, its body is blanked, and
 * ret_refused is true. A null key asks nothing.
 */
int person_refuse_event(struct store *s, const unsigned char *key, const struct event_row *row,
                        const struct fact *fact, int64_t now_ms, bool *ret_refused, struct err *e);
/* How many facts this process has refused so. Any thread. */
uint64_t person_refused_total(void);
/*
 * Takes the tombstones of a person away, found by the holder's or a certificate's reference: from
 * now on facts about them are taken again. ret gets the person's. ERR_NOT_FOUND.
 */
int person_readmit(struct store *s, const unsigned char key[HASH_KEY_SIZE], struct str ref,
                   struct person_tombstone *ret, struct err *e);

/* ---- one person ---- */

struct person_env {
    const unsigned char *key; /* of the installation, HASH_KEY_SIZE bytes */
    struct ids *ids;          /* names of messages for the outside; of this thread */
    int64_t now_ms;
    const char *actor;
};

/* What was found of a person, or removed. */
struct person_counts {
    int64_t cases;
    int64_t messages;
    int64_t own_messages; /* without a case, to the person's addresses */
    int64_t digest_rows;  /* lines in digests of institutions */
    int64_t events;
    int64_t inbox;
    int64_t import_rows;
    int64_t reports;
    int64_t suppressions; /* these stay: they keep the address from being written to */
};

/*
 * Appends one JSON document with everything held about the holder ref (or, when there is no such
 * holder, of the certificate ref): cases, messages with attempts and reports, events, suppressions,
 * rows of imports, tombstone. ERR_NOT_FOUND when there is nothing.
 */
int person_export(struct store *s, const struct person_env *env, struct str ref, struct buf *out,
                  struct err *e);
/* Counts what person_erase would remove. ERR_NOT_FOUND. */
int person_count(struct store *s, const struct person_env *env, struct str ref,
                 struct person_counts *ret, struct err *e);
/*
 * Removes all of that and leaves the tombstones. The log of events keeps their ids, without what
 * they said. ERR_NOT_FOUND; ERR_WRONG_STATE while a message to the person is on its way, with a
 * sentence; nothing is done then.
 */
int person_erase(struct store *s, const struct person_env *env, struct str ref,
                 struct person_counts *ret, struct err *e);
