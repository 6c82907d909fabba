/*
 * The suppression list: addresses nothing goes to. An address is found by the keyed hash of its
 * normal form (E.164, or the mail address in lower case); the list itself shows it masked only.
 * Entries end by their expiry or by hand. Synchronous, over a store; writing functions belong into
 * the caller's transaction. Any thread that owns the store handle.
 */
#pragma once

#include "base/crypto.h"
#include "domain/outcome.h"
#include "store/store_record.h"

struct conf_suppression;

enum {
    SUPPRESS_ID_SIZE = 48, /* "sms:" or "email:" and 32 hex digits; also the key of the record */
    SUPPRESS_SHOWN_SIZE = 264,
    SUPPRESS_ACTOR_SIZE = 81,
    SUPPRESS_NOTE_SIZE = 401
};

/* Kept by name: never rename. */
enum suppress_reason {
    SUPPRESS_MANUAL,     /* the office says so */
    SUPPRESS_REQUEST,    /* the person asked for it */
    SUPPRESS_NOT_IN_USE, /* the operator says that nobody has this number */
    SUPPRESS_BOUNCE,     /* the mail system says that there is no such mailbox */
    SUPPRESS_COMPLAINT,  /* the recipient called it unwanted */
    SUPPRESS_REASON_COUNT
};

/* "manual", … */
const char *suppress_reason_name(enum suppress_reason r);
const char *suppress_reason_sentence(enum suppress_reason r, bool turkish);
/* SUPPRESS_REASON_COUNT when unknown. */
enum suppress_reason suppress_reason_parse(struct str s);
/* The reason that a suppressed message gets: "suppressed_bounce", … */
const char *suppress_message_reason(enum suppress_reason r);

struct suppress_entry {
    char id[SUPPRESS_ID_SIZE];
    enum channel channel;
    char shown[SUPPRESS_SHOWN_SIZE]; /* masked */
    enum suppress_reason reason;
    int64_t since_ms;
    int64_t expires_ms; /* 0: until it is removed by hand */
    int64_t stopped;    /* messages that were not sent because of it */
    int64_t last_ms;    /* when the last of them was due, 0 for none */
    char actor[SUPPRESS_ACTOR_SIZE];
    char note[SUPPRESS_NOTE_SIZE];
};

/* What is to be added. Texts that are too long are cut. */
struct suppress_new {
    enum channel channel;
    struct str address;
    enum suppress_reason reason;
    int64_t now_ms;
    int64_t expires_ms; /* 0 for never */
    const char *actor;  /* "key:panel", "report", "bounce" */
    const char *note;   /* may be null */
};

/* The id of an address. ERR_INVALID when it is none. Pure. */
int suppress_id(const unsigned char key[HASH_KEY_SIZE], enum channel channel, struct str address,
                char ret_id[SUPPRESS_ID_SIZE]);
/*
 * Adds an entry. One that is there already keeps its count; the new reason, expiry and note take
 * the place of the old ones, but what was told by hand is not replaced by what a machine found.
 * ret_id may be null. ERR_INVALID for a bad address.
 */
int suppress_add(struct store *s, const unsigned char key[HASH_KEY_SIZE],
                 const struct suppress_new *entry, char ret_id[SUPPRESS_ID_SIZE], struct err *e);
/*
 * Removes an entry and tells what it was. Nothing is sent because of that: messages it has stopped
 * stay as they are. ERR_NOT_FOUND.
 */
int suppress_remove(struct store *s, struct str id, struct suppress_entry *ret, struct err *e);
/* Whether any address of the channel has an entry: most often none has. */
int suppress_any(struct store *s, enum channel channel, bool *ret_any, struct err *e);
/* The entry in force for an address, ret_found false for none. One look-up in the store. */
int suppress_check(struct store *s, const unsigned char key[HASH_KEY_SIZE], enum channel channel,
                   struct str address, int64_t now_ms, struct suppress_entry *ret, bool *ret_found,
                   struct err *e);
/* Counts a message that the entry has stopped. */
int suppress_count(struct store *s, const struct suppress_entry *entry, int64_t now_ms,
                   struct err *e);
/* By id, also when it has expired. ERR_NOT_FOUND. */
int suppress_get(struct store *s, struct str id, struct suppress_entry *ret, struct err *e);
/* Entries behind the id `after` ("" from the first), expired ones included; at most limit. */
int suppress_list(struct store *s, struct str after, size_t limit,
                  int (*fn)(void *ctx, const struct suppress_entry *entry), void *ctx,
                  struct err *e);
/* Removes up to limit entries that expired before now; ret_count may be null. */
int suppress_expire(struct store *s, int64_t now_ms, size_t limit, size_t *ret_count,
                    struct err *e);

/*
 * Whether a provider's final word on a message means that the address itself is no good: the
 * configured codes are compared with the code as a whole and with its last word behind a blank or
 * slash; "provider:code" holds for one provider. Pure.
 */
bool suppress_rule_fits(const struct conf_suppression *rule, const char *provider,
                        const char *code);
/* The reason that goes with it. */
enum suppress_reason suppress_reason_of(enum channel channel);

/* A provider's final word: a refusal, or a report of a message that did not arrive. */
struct suppress_found {
    enum channel channel;
    struct str address;
    const char *provider;
    const char *code;
    int64_t now_ms;
};

/* Adds an entry for as long as the rule says when the code is one of the rule; else nothing. */
int suppress_on_code(struct store *s, const unsigned char key[HASH_KEY_SIZE],
                     const struct conf_suppression *rule, const struct suppress_found *found,
                     struct err *e);
