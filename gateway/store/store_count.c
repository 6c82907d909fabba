/* Walks over the messages of whole campaigns. */
#include "store/store_ops.h"

int store_message_waiting(struct store *s, struct str campaign, int64_t after, int64_t until,
                          int (*fn)(void *ctx, const struct message_row *row), void *ctx,
                          struct err *e)
{
    return s->ops->message_waiting(s, campaign, after, until, fn, ctx, e);
}

int store_campaign_counts(struct store *s, bool held_only,
                          int (*fn)(void *ctx, const struct campaign_count *row), void *ctx,
                          struct err *e)
{
    return s->ops->campaign_counts(s, held_only, fn, ctx, e);
}
