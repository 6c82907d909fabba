/*
 * Removing and blanking: what retention and the erasure of a person need. Row numbers never come
 * again, so names that the outside has been told stay dead. Same rules as in store.h; the removing
 * functions need a transaction. On SQLite removed bytes are overwritten (secure_delete); copies in
 * the write-ahead log go with store_scrub().
 */
#pragma once

#include "store/store.h"

/* Makes the body of an event "": it is told again as what it was, but says nothing any more. */
int store_event_blank(struct store *s, int64_t seq, struct err *e);
/*
 * Removes a case and its messages with their attempts, reports and trace. ERR_NOT_FOUND;
 * ERR_WRONG_STATE and nothing done when one of the messages is sending or in doubt.
 */
int store_case_remove(struct store *s, int64_t id, struct err *e);
/* The same for one message. */
int store_message_remove(struct store *s, int64_t id, struct err *e);
/*
 * Removes the words of all attempts of a message and replaces its own facts (those of a message
 * with a case stay ""). ERR_NOT_FOUND.
 */
int store_message_blank(struct store *s, int64_t id, struct str facts, struct err *e);
int store_inbox_remove(struct store *s, int64_t id, struct err *e);

/* Messages by id, those > after; only messages without a case when own. limit 1..STORE_LIST_MAX. */
int store_message_scan(struct store *s, int64_t after, bool own, size_t limit,
                       int (*fn)(void *ctx, const struct message_row *row), void *ctx,
                       struct err *e);
/*
 * Attempts whose words are kept and that were claimed before before_ms, oldest first: fn gets the
 * place of the attempt (pass the last one as after to go on) and its message.
 */
int store_content_scan(struct store *s, int64_t after, int64_t before_ms, size_t limit,
                       int (*fn)(void *ctx, int64_t place, const struct message_row *row),
                       void *ctx, struct err *e);
/*
 * Moves everything from the write-ahead log into the database and empties it, so that no removed
 * byte is left. Outside of transactions. ERR_BUSY when a reader is in the way: try later.
 */
int store_scrub(struct store *s, struct err *e);
/* The same after the open transaction has been committed, tried again after the next ones when
 * somebody reads. */
void store_scrub_soon(struct store *s);
