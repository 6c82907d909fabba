#include "store/ref_index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { SLOTS_MIN = 1024, LOAD_AHEAD = 24, HUGE_FROM = 4 << 20 };

void ref_index_init(struct ref_index *ix)
{
    *ix = (struct ref_index){0};
}

void ref_index_finish(struct ref_index *ix)
{
    free(ix->slots);
    free(ix->journal);
    ref_index_init(ix);
}

/* Monotonic in the tag, so any table size works without the full hash. */
static size_t home_of(const struct ref_index *ix, uint32_t tag)
{
    return (size_t)(((uint64_t)tag * ix->cap) >> 32);
}

static size_t next_of(const struct ref_index *ix, size_t i)
{
    return i + 1 == ix->cap ? 0 : i + 1;
}

static void put(struct ref_index *ix, struct ref_slot slot)
{
    size_t i = home_of(ix, slot.tag);

    while (ix->slots[i].row != 0) {
        i = next_of(ix, i);
    }
    ix->slots[i] = slot;
}

/* A big table is touched all over: with small pages most of the time goes into finding them. */
static void hint_huge_pages(struct ref_slot *slots, size_t bytes)
{
    const uintptr_t page = 4096;
    const uintptr_t from = ((uintptr_t)slots + page - 1) / page * page;
    const uintptr_t to = ((uintptr_t)slots + bytes) / page * page;

    if (bytes >= HUGE_FROM && to > from) {
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
    }
}

static int resize(struct ref_index *ix, size_t cap)
{
    struct ref_slot *old = ix->slots;
    const size_t old_cap = ix->cap;
    struct ref_slot *slots = calloc(cap, sizeof *slots);

    if (slots == NULL) {
        return ERR_NOMEM;
    }
    hint_huge_pages(slots, cap * sizeof *slots);
    ix->slots = slots;
    ix->cap = cap;
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].row != 0) {
            put(ix, old[i]);
        }
    }
    free(old);
    return 0;
}

int ref_index_reserve(struct ref_index *ix, size_t count)
{
    const size_t cap = count + count / 3 + SLOTS_MIN;

    return count == 0 || cap <= ix->cap ? 0 : resize(ix, cap);
}

/* Load stays at or below 0.8; growing by a quarter keeps the table close to what it holds. */
static int make_room(struct ref_index *ix)
{
    if (ix->cap > 0 && (ix->used + 1) * 5 <= ix->cap * 4) {
        return 0;
    }
    return resize(ix, ix->cap == 0 ? SLOTS_MIN : ix->cap + ix->cap / 4);
}

static int journal_room(struct ref_index *ix)
{
    struct ref_slot *bigger;
    size_t cap;

    if (ix->journal_len < ix->journal_cap) {
        return 0;
    }
    cap = ix->journal_cap == 0 ? 256 : ix->journal_cap * 2;
    bigger = realloc(ix->journal, cap * sizeof *bigger);
    if (bigger == NULL) {
        return ERR_NOMEM;
    }
    ix->journal = bigger;
    ix->journal_cap = cap;
    return 0;
}

/* Whether the slot was added; there is room. */
static bool insert(struct ref_index *ix, struct ref_slot slot)
{
    size_t same = 0;
    size_t i;

    for (i = home_of(ix, slot.tag); ix->slots[i].row != 0; i = next_of(ix, i)) {
        if (ix->slots[i].tag == slot.tag &&
            (ix->slots[i].row == slot.row || ++same >= REF_DUPLICATES_MAX)) {
            return false;
        }
    }
    ix->slots[i] = slot;
    ix->used++;
    return true;
}

int ref_index_add(struct ref_index *ix, uint32_t tag, uint32_t row)
{
    const struct ref_slot slot = {tag, row};

    if (make_room(ix) != 0 || journal_room(ix) != 0) {
        return ERR_NOMEM;
    }
    if (insert(ix, slot)) {
        ix->journal[ix->journal_len++] = slot;
    }
    return 0;
}

/* Slots are far apart: asking for them ahead hides most of the wait for memory. */
int ref_index_load(struct ref_index *ix, const uint32_t *tags, size_t count, uint32_t first_row)
{
    for (size_t i = 0; i < count; i++) {
        if (tags[i] == 0) {
            continue;
        }
        if (make_room(ix) != 0) {
            return ERR_NOMEM;
        }
        if (i + LOAD_AHEAD < count) {
            __builtin_prefetch(&ix->slots[home_of(ix, tags[i + LOAD_AHEAD])], 1);
        }
        (void)insert(ix, (struct ref_slot){tags[i], first_row + (uint32_t)i});
    }
    return 0;
}

size_t ref_index_find(const struct ref_index *ix, uint32_t tag, uint32_t *ret_rows, size_t max)
{
    size_t n = 0;

    if (ix->cap == 0) {
        return 0;
    }
    for (size_t i = home_of(ix, tag); ix->slots[i].row != 0 && n < max; i = next_of(ix, i)) {
        if (ix->slots[i].tag == tag) {
            ret_rows[n++] = ix->slots[i].row;
        }
    }
    return n;
}

/* Whether the slot at i may move back into the hole: its home must not lie between the two. */
static bool may_fill(const struct ref_index *ix, size_t hole, size_t i)
{
    const size_t home = home_of(ix, ix->slots[i].tag);

    return hole <= i ? home <= hole || home > i : home <= hole && home > i;
}

static void remove_at(struct ref_index *ix, size_t hole)
{
    for (size_t i = next_of(ix, hole); ix->slots[i].row != 0; i = next_of(ix, i)) {
        if (may_fill(ix, hole, i)) {
            ix->slots[hole] = ix->slots[i];
            hole = i;
        }
    }
    ix->slots[hole] = (struct ref_slot){0};
    ix->used--;
}

size_t ref_index_mark(const struct ref_index *ix)
{
    return ix->journal_len;
}

void ref_index_undo(struct ref_index *ix, size_t mark)
{
    while (ix->journal_len > mark) {
        const struct ref_slot gone = ix->journal[--ix->journal_len];
        size_t i = home_of(ix, gone.tag);

        while (ix->slots[i].tag != gone.tag || ix->slots[i].row != gone.row) {
            i = next_of(ix, i);
        }
        remove_at(ix, i);
    }
}

void ref_index_keep(struct ref_index *ix)
{
    ix->journal_len = 0;
    if (ix->journal_cap > 65536) {
        free(ix->journal);
        ix->journal = NULL;
        ix->journal_cap = 0;
    }
}
