/* A batch of facts on its way to the log: canonical bytes and what became of each. */
#include "flow/intake.h"

#include <stdlib.h>

struct intake_batch *intake_batch_create(size_t room)
{
    struct intake_batch *batch = calloc(1, sizeof *batch);

    if (batch == NULL || room > INTAKE_ITEMS_MAX) {
        free(batch);
        return NULL;
    }
    batch->items = calloc(room, sizeof *batch->items);
    if (batch->items == NULL && room > 0) {
        free(batch);
        return NULL;
    }
    batch->room = room;
    buf_init(&batch->bytes, room * (FACT_CANONICAL_MAX + 3 * FACT_REF_SIZE));
    return batch;
}

void intake_batch_free(struct intake_batch *batch)
{
    if (batch != NULL) {
        buf_finish(&batch->bytes);
        free(batch->items);
        free(batch);
    }
}

int intake_batch_add(struct intake_batch *batch, const struct fact *fact)
{
    const char *subject = fact->certificate.ref[0] != '\0' ? fact->certificate.ref : fact->subject;
    struct intake_item *item;

    if (batch->count == batch->room) {
        return ERR_LIMIT;
    }
    item = &batch->items[batch->count];
    *item = (struct intake_item){.type = fact->type,
                                 .body_at = batch->bytes.len,
                                 .source_len = strlen(fact->source),
                                 .id_len = strlen(fact->id),
                                 .subject_len = strlen(subject)};
    if (fact_canonical(fact, &batch->bytes) != 0) {
        return buf_failed(&batch->bytes);
    }
    item->body_len = batch->bytes.len - item->body_at;
    fact_digest((struct str){batch->bytes.data + item->body_at, item->body_len}, item->digest);
    (void)buf_adds(&batch->bytes, fact->source);
    (void)buf_adds(&batch->bytes, fact->id);
    (void)buf_adds(&batch->bytes, subject);
    if (buf_failed(&batch->bytes) == 0) {
        batch->count++;
    }
    return buf_failed(&batch->bytes);
}

static struct str slice(const struct intake_batch *batch, size_t at, size_t len)
{
    return (struct str){batch->bytes.data + at, len};
}

struct str intake_item_body(const struct intake_batch *batch, const struct intake_item *item)
{
    return slice(batch, item->body_at, item->body_len);
}

struct str intake_item_source(const struct intake_batch *batch, const struct intake_item *item)
{
    return slice(batch, item->body_at + item->body_len, item->source_len);
}

struct str intake_item_id(const struct intake_batch *batch, const struct intake_item *item)
{
    return slice(batch, item->body_at + item->body_len + item->source_len, item->id_len);
}

struct str intake_item_subject(const struct intake_batch *batch, const struct intake_item *item)
{
    return slice(batch, item->body_at + item->body_len + item->source_len + item->id_len,
                 item->subject_len);
}
