/* Messages as JSON. Recipients are masked; the rendered text is told only in the timeline. */
#pragma once

#include "base/json.h"
#include "domain/ids.h"
#include "store/store.h"

/* The members of a message into an open object. */
void message_json(struct json_writer *w, const struct due_row *row, struct ids *ids, bool turkish);

/* Collects what happened to a message and writes it in the order of time. */
struct timeline {
    struct timeline_entry *entries;
    size_t count;
    size_t room;
    struct buf texts;
};

void timeline_init(struct timeline *t);
void timeline_finish(struct timeline *t);
/* For store_timeline(). */
struct timeline_sink timeline_sink(struct timeline *t);
/* An array. ERR_NOMEM when something could not be kept. */
int timeline_write(struct timeline *t, struct json_writer *w);
