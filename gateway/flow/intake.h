/*
 * Intake: checked facts become durable events, then cases and messages. A fact is first appended to
 * the event log; when the log has no backlog it is applied in the same transaction, otherwise the
 * applier catches up in order behind it. Either way "accepted" means: on stable storage.
 */
#pragma once

#include "base/buf.h"
#include "domain/fact.h"
#include "flow/gateway.h"

enum { INTAKE_PLANNED_MAX = 24, INTAKE_ITEMS_MAX = 20000 };

enum intake_result {
    INTAKE_PENDING,
    INTAKE_ACCEPTED,  /* new and durable */
    INTAKE_DUPLICATE, /* the same source, id and content was accepted before */
    INTAKE_CONFLICT,  /* the same source and id came before with other content */
    INTAKE_FAILED     /* not stored: see the batch's error */
};

struct intake_planned {
    int mark; /* days before the end */
    enum channel channel;
    int64_t at_ms;
    enum message_state state;
};

/* One fact of a batch, and what became of it. */
struct intake_item {
    enum event_type type;
    size_t body_at; /* canonical JSON inside the batch's bytes */
    size_t body_len;
    size_t source_len; /* source, id and subject follow the body */
    size_t id_len;
    size_t subject_len;
    unsigned char digest[SHA256_SIZE];

    enum intake_result result;
    int64_t seq;          /* of this event, or of the first one with the same identity */
    bool applied;         /* planned tells the truth; else it is still to be worked out */
    size_t planned_count; /* from here down only for batches of one */
    struct intake_planned *planned;
};

struct intake_batch {
    struct buf bytes;
    struct intake_item *items;
    size_t count;
    size_t room;
    int64_t received_ms;
    struct intake_planned planned[INTAKE_PLANNED_MAX]; /* of the only item */
    /* filled before done: */
    int status; /* 0, or why (part of) the batch was not stored: ERR_FULL, ERR_BUSY, ERR_IO … */
    struct err err;
    void (*done)(struct intake_batch *batch, void *ctx);
    void *ctx;
    size_t waiting; /* store jobs still out */
};

int intake_create(struct gateway *g, struct intake **ret, struct err *e);
void intake_destroy(struct intake *in);
/* Applies what an earlier run left behind; call once after the store threads run. */
void intake_start(struct intake *in);

/* Others have appended events to the log, up to this seq: they are applied too. */
void intake_appended(struct intake *in, int64_t last);

/* An empty batch for up to room facts (<= INTAKE_ITEMS_MAX); null without memory. */
struct intake_batch *intake_batch_create(size_t room);
void intake_batch_free(struct intake_batch *batch);
/* Copies the fact in canonical form. ERR_LIMIT when the batch is full. */
int intake_batch_add(struct intake_batch *batch, const struct fact *fact);
struct str intake_item_body(const struct intake_batch *batch, const struct intake_item *item);
struct str intake_item_source(const struct intake_batch *batch, const struct intake_item *item);
struct str intake_item_id(const struct intake_batch *batch, const struct intake_item *item);
struct str intake_item_subject(const struct intake_batch *batch, const struct intake_item *item);

/*
 * Stores the batch (one fact or more); done comes later on the loop thread, never from inside this
 * call, when every item has its result. The batch belongs to intake until then and to done
 * afterwards. ERR_BUSY (and no done) when too much is waiting or the gateway drains: answer 503
 * with Retry-After.
 */
int intake_submit(struct intake *in, struct intake_batch *batch,
                  void (*done)(struct intake_batch *batch, void *ctx), void *ctx, struct err *e);
