#include "store/store_memory.h"

static const struct message_row *message_at(const struct mem *m, size_t i)
{
    return mem_row(m, MEM_MESSAGES, i);
}

static bool waits(const struct message_row *row)
{
    return row->state == MESSAGE_PLANNED || row->state == MESSAGE_QUEUED ||
           row->state == MESSAGE_HELD;
}

int mem_message_waiting(struct store *s, struct str campaign, int64_t after, int64_t until,
                        store_message_fn *fn, void *ctx, struct err *e)
{
    struct mem *m = mem_of(s);
    const size_t count = mem_count(m, MEM_MESSAGES);
    int rc = 0;

    (void)e;
    for (size_t i = 0; rc >= 0 && i < count && i < mem_count(m, MEM_MESSAGES); i++) {
        const struct message_row *row = mem_hold(message_at(m, i));

        if (row->id > after && row->id <= until && waits(row) &&
            (campaign.ptr == NULL || str_eq(row->campaign, campaign))) {
            rc = fn(ctx, row);
        }
        mem_drop(row);
    }
    return rc < 0 ? rc : 0;
}

static struct str reason_of(const struct message_row *row)
{
    return row->state == MESSAGE_HELD ? row->reason : STR("");
}

static bool counts_with(const struct message_row *a, const struct message_row *b)
{
    return b->id != 0 && a->channel == b->channel && a->state == b->state &&
           str_eq(a->campaign, b->campaign) && str_eq(reason_of(a), reason_of(b));
}

/* How many are like row i; 0 when an earlier row has been counted for them. */
static int64_t count_like(const struct mem *m, size_t i)
{
    int64_t count = 0;

    for (size_t j = 0; j < mem_count(m, MEM_MESSAGES); j++) {
        bool like = counts_with(message_at(m, i), message_at(m, j));

        if (like && j < i) {
            return 0;
        }
        count += like;
    }
    return count;
}

int mem_campaign_counts(struct store *s, bool held_only, store_count_fn *fn, void *ctx,
                        struct err *e)
{
    struct mem *m = mem_of(s);
    int rc = 0;

    (void)e;
    for (size_t i = 0; rc >= 0 && i < mem_count(m, MEM_MESSAGES); i++) {
        const struct message_row *row = mem_hold(message_at(m, i));
        const struct campaign_count found = {row->campaign, row->channel, row->state,
                                             reason_of(row), count_like(m, i)};

        if (found.count > 0 && (!held_only || row->state == MESSAGE_HELD)) {
            rc = fn(ctx, &found);
        }
        mem_drop(row);
    }
    return rc < 0 ? rc : 0;
}
