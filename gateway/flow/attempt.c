#include "base/crypto.h"
#include "flow/dispatch_state.h"

#include <stdlib.h>

/* About as many as are under way at a time when a fast path is fed. */
enum { SPARE_MAX = 512, BYTES_KEPT = 8192 };

/*
 * Attempts and their words are made by the store's thread and dropped by the loop's. Given back to
 * the allocator they would make the two wait for each other's lock at every message.
 */
struct attempt_pool {
    uv_mutex_t lock;
    struct list spare;
    size_t count;
};

struct attempt_pool *attempt_pool_create(void)
{
    struct attempt_pool *pool = calloc(1, sizeof *pool);

    if (pool == NULL || uv_mutex_init(&pool->lock) != 0) {
        free(pool);
        return NULL;
    }
    list_init(&pool->spare);
    return pool;
}

static void discard(struct attempt *a)
{
    buf_finish(&a->facts);
    buf_finish(&a->wire);
    buf_finish(&a->content);
    free(a);
}

void attempt_pool_free(struct attempt_pool *pool)
{
    struct list *node;

    if (pool == NULL) {
        return;
    }
    while ((node = list_pop_front(&pool->spare)) != NULL) {
        discard(list_entry(node, struct attempt, job.node));
    }
    uv_mutex_destroy(&pool->lock);
    free(pool);
}

/* The one that was given back last: it is the likeliest to be in the processor's cache. */
static struct attempt *take(struct attempt_pool *pool)
{
    struct list *node = NULL;

    uv_mutex_lock(&pool->lock);
    if (pool->count > 0) {
        node = pool->spare.prev;
        list_remove(node);
        pool->count--;
    }
    uv_mutex_unlock(&pool->lock);
    return node == NULL ? NULL : list_entry(node, struct attempt, job.node);
}

/* Whom it was about is not kept, also not behind a shorter text; nor is room that few need. */
static struct buf emptied(struct buf b)
{
    crypto_wipe_buf(&b);
    if (b.cap > BYTES_KEPT) {
        buf_finish(&b);
    }
    return b;
}

static void forget(struct attempt *a)
{
    struct buf facts = emptied(a->facts);
    struct buf wire = emptied(a->wire);
    struct buf content = emptied(a->content);

    crypto_wipe(a, sizeof *a);
    a->facts = facts;
    a->wire = wire;
    a->content = content;
    list_init(&a->job.node);
}

/* False when there are enough already. */
static bool keep(struct attempt_pool *pool, struct attempt *a)
{
    bool room;

    forget(a);
    uv_mutex_lock(&pool->lock);
    room = pool->count < SPARE_MAX;
    if (room) {
        list_push_back(&pool->spare, &a->job.node);
        pool->count++;
    }
    uv_mutex_unlock(&pool->lock);
    return room;
}

/* Empty but for the room that its bytes have. */
static struct attempt *blank(struct attempt_pool *pool)
{
    struct attempt *a = pool == NULL ? NULL : take(pool);

    if (a == NULL) {
        a = calloc(1, sizeof *a);
        if (a != NULL) {
            buf_init(&a->facts, STORE_BODY_MAX);
            buf_init(&a->wire, RENDER_MAIL_MAX * 2);
            buf_init(&a->content, STORE_BODY_MAX);
        }
    }
    return a;
}

struct attempt *attempt_create(struct attempt_pool *pool, const struct due_row *row)
{
    const struct message_row *m = &row->message;
    struct str facts = m->case_id != 0 ? row->subject.facts : m->facts;
    struct attempt *a = blank(pool);

    if (a == NULL || buf_add(&a->facts, facts.ptr, facts.len) != 0) {
        if (a != NULL) {
            discard(a);
        }
        return NULL;
    }
    list_init(&a->job.node);
    a->pool = pool;
    a->job.message_id = m->id;
    a->job.channel = m->channel;
    a->job.deadline_ms = m->deadline_ms;
    a->from = m->state;
    a->urgency = m->urgency;
    a->case_id = m->case_id;
    a->step = m->step;
    (void)str_copy(a->campaign, sizeof a->campaign, m->campaign);
    (void)str_copy(a->template, sizeof a->template, m->template);
    (void)str_copy(a->provider, sizeof a->provider, m->provider);
    a->path_failed =
        str_eqs(m->reason, MESSAGE_REASON_DOWN) || str_eqs(m->reason, MESSAGE_REASON_ACCOUNT);
    a->created_ms = m->created_ms;
    a->planned_ms = m->planned_ms;
    a->attempts = m->attempts;
    a->number = m->attempts + 1;
    a->flags = m->flags;
    a->case_state = (enum case_state)row->subject.state;
    a->case_seq = row->subject.event_seq;
    return a;
}

void attempt_free(struct attempt *a)
{
    if (a != NULL) {
        settings_drop(a->settings);
        if (a->pool == NULL || !keep(a->pool, a)) {
            discard(a);
        }
    }
}

static struct attempt **bucket(struct dispatch *d, uint64_t recipient)
{
    return &d->busy[recipient % BUSY_BUCKETS];
}

bool attempt_recipient_busy(struct dispatch *d, uint64_t recipient)
{
    const struct attempt *a = *bucket(d, recipient);

    while (a != NULL && a->recipient != recipient) {
        a = a->busy_next;
    }
    return a != NULL;
}

void attempt_occupy(struct dispatch *d, struct attempt *a)
{
    struct attempt **head = bucket(d, a->recipient);

    a->busy_next = *head;
    *head = a;
    d->attempts++;
}

void attempt_release(struct dispatch *d, struct attempt *a)
{
    struct attempt **link = bucket(d, a->recipient);

    while (*link != a) {
        link = &(*link)->busy_next;
    }
    *link = a->busy_next;
    d->attempts--;
}
