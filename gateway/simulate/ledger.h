/* What a simulated vendor has taken: every message, and how it fares. Loop thread. */
#pragma once

#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "domain/phone.h"

enum { LEDGER_MAX = 200000, LEDGER_ID_MAX = 80 };

struct sim_message {
    struct list due; /* waits for its end, or for a push */
    struct sim_message *next_same_job;
    uint64_t number; /* from 1, in the order of taking */
    uint64_t request;
    char id[LEDGER_ID_MAX];
    char job[LEDGER_ID_MAX];
    char to[20]; /* 905…, or the digits as they came */
    char *text;
    char *sender;
    char *ref;     /* of the message */
    char *job_ref; /* of its request */
    char *callback;
    const char *state; /* at the end; in the model */
    int64_t at_ms;
    int64_t end_ms; /* INT64_MAX: never */
    unsigned parts;
    unsigned reports; /* that went out, polled or pushed */
    bool answered;    /* the taker was told */
    bool twice;
    bool disorder;
    bool early;
    bool stranger;
};

struct ledger;

/* null without memory. */
struct ledger *ledger_create(void);
void ledger_free(struct ledger *l);
/*
 * Adds a copy of m with copies of its strings (each may be null). ERR_LIMIT when LEDGER_MAX
 * messages are kept, ERR_NOMEM.
 */
int ledger_add(struct ledger *l, const struct sim_message *m, struct sim_message **ret);
size_t ledger_count(const struct ledger *l);
struct sim_message *ledger_at(const struct ledger *l, size_t index);
/* The first message of a job id or, failing that, the message with this id; then next_same_job. */
struct sim_message *ledger_find(const struct ledger *l, struct str id);
/* The last one with this text to this number since `since`; null when there is none. */
struct sim_message *ledger_repeat(const struct ledger *l, const char *to, struct str text,
                                  int64_t since);
/* Forgets everything. */
void ledger_clear(struct ledger *l);
