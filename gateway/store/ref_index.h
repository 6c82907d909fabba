/*
 * A hash table in memory from outside references (event ids, certificate numbers, holders) to row
 * numbers. References are random in effect, so an index on disk would dirty one page per row; this
 * one costs eight bytes per slot. A slot keeps 32 bits of a keyed hash and the row: several rows
 * may share a tag, so callers read the row to be sure. Insertions since ref_index_keep() can be
 * undone. Not thread-safe.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Rows kept under one tag; more are not found through the index. It bounds the probing. */
enum { REF_DUPLICATES_MAX = 1000 };

struct ref_slot {
    uint32_t tag;
    uint32_t row; /* 0: free */
};

struct ref_index {
    struct ref_slot *slots;
    size_t cap;
    size_t used;
    struct ref_slot *journal;
    size_t journal_len;
    size_t journal_cap;
};

/* Empty; allocates nothing. */
void ref_index_init(struct ref_index *ix);
void ref_index_finish(struct ref_index *ix);
/* Makes room for count rows in all, so that loading them does not grow the table step by step. */
int ref_index_reserve(struct ref_index *ix, size_t count);
/* Adds (tag, row), row > 0; adding a pair that is there already changes nothing. ERR_NOMEM. */
int ref_index_add(struct ref_index *ix, uint32_t tag, uint32_t row);
/*
 * Adds rows first_row, first_row + 1 … with these tags, tag 0 meaning none; not undone by
 * ref_index_undo(). ERR_NOMEM.
 */
int ref_index_load(struct ref_index *ix, const uint32_t *tags, size_t count, uint32_t first_row);
/* The rows under a tag in no order; returns how many were written to ret_rows, at most max. */
size_t ref_index_find(const struct ref_index *ix, uint32_t tag, uint32_t *ret_rows, size_t max);
/* A point to which ref_index_undo() can return while nothing was kept in between. */
size_t ref_index_mark(const struct ref_index *ix);
void ref_index_undo(struct ref_index *ix, size_t mark);
/* Everything added so far stays. */
void ref_index_keep(struct ref_index *ix);
