/*
 * Releases: a person lets a campaign go. What a release covers depends on the campaign's `release`:
 * "each" covers the messages planned until it was given (and sent until its end), "standing" covers
 * everything sent in its period. Without one that covers it a message waits as held,
 * `awaiting_release`. Records (RECORD_RELEASE, key: campaign "/" 13 digits of its time) are never
 * changed: who let go what stays told.
 */
#pragma once

#include "config/conf.h"
#include "store/store_record.h"

enum {
    RELEASE_NAME_MAX = 80,       /* bytes of the releaser's name */
    RELEASE_REFERENCE_MAX = 120, /* of the e-signed release */
    RELEASE_NOTE_MAX = 400,
    RELEASE_EACH_DAYS = 92,     /* how long "each" lets its messages go unless told */
    RELEASE_STANDING_DAYS = 366 /* a standing release lasts so long at most */
};

struct release {
    char campaign[STORE_NAME_MAX + 1];
    enum conf_release mode;           /* EACH or STANDING */
    char by[RELEASE_NAME_MAX + 1];    /* the person */
    char actor[RELEASE_NAME_MAX + 1]; /* the key or account it came through */
    char reference[RELEASE_REFERENCE_MAX + 1];
    char note[RELEASE_NOTE_MAX + 1];
    int64_t at_ms;
    int64_t from_ms;
    int64_t until_ms;
};

/*
 * How often releases and controls have been changed: grows in the transaction of every change, so
 * whoever claims messages sees in its own transaction that its picture is old.
 */
int controls_version(struct store *s, int64_t *ret, struct err *e);
int controls_touch(struct store *s, struct err *e);

/* Adds a release; in a transaction. at_ms is moved on when that moment is taken. */
int release_put(struct store *s, struct release *r, struct err *e);
/* Whether it lets a message go that was planned at created_ms and would go now. Pure. */
bool release_covers(const struct release *r, int64_t created_ms, int64_t now_ms);
/* JSON of a release as an object. */
void release_write(struct json_writer *w, const struct release *r);

typedef int release_fn(void *ctx, const struct release *r);

/* Releases of a campaign ("" for all), newest first within each; at most limit, 0 for all. */
int release_list(struct store *s, struct str campaign, size_t limit, release_fn *fn, void *ctx,
                 struct err *e);
