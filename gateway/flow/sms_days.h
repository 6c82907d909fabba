/*
 * Who has had an SMS today, so that nobody gets a second one. Recipients are keyed hashes, random
 * in effect: as rows of their own each would dirty a page, so a transaction writes all of its
 * recipients as one record, records are in the order of time, and the day is looked up in memory,
 * sixteen bytes and some room for each. The memory is filled from the records when it is first
 * asked, on a new day, and after a transaction whose end was not seen.
 *
 * One claim at a time, inside the store's transaction; sms_days_kept() when it has committed.
 */
#pragma once

#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sms_days;

/* Null without memory. Asks the store for nothing yet. */
struct sms_days *sms_days_create(void);
void sms_days_free(struct sms_days *d); /* accepts null */

/* Begins a transaction that takes SMS_DAYS_TAKE_MAX at most; day is counted in Istanbul. */
enum { SMS_DAYS_TAKE_MAX = 1024 };
int sms_days_begin(struct sms_days *d, struct store *s, int64_t day, struct err *e);
/* Another message has the recipient's day. */
bool sms_days_taken(const struct sms_days *d, uint64_t recipient, int64_t message_id);
/* Gives the recipient's day to a message, unless one has it already. */
int sms_days_take(struct sms_days *d, uint64_t recipient, int64_t message_id, struct err *e);
/* Makes what was taken durable together with the rest of the transaction. */
int sms_days_store(struct sms_days *d, struct store *s, struct err *e);
/* The transaction has committed. */
void sms_days_kept(struct sms_days *d);

/* Forgets days before yesterday, at most SMS_DAYS_FORGET_MAX records. Inside a transaction. */
enum { SMS_DAYS_FORGET_MAX = 200 };
int sms_days_forget(struct store *s, int64_t today, struct err *e);
