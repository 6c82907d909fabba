#include "store/store_memory.h"

#include <stdlib.h>

#define AT(type, field) offsetof(struct type, field)

static const struct {
    size_t size;
    size_t texts[6]; /* where the row has a struct str */
    size_t count;
} layouts[MEM_TABLE_COUNT] = {
    [MEM_EVENTS] = {sizeof(struct event_row),
                    {AT(event_row, source), AT(event_row, id), AT(event_row, body)},
                    3},
    [MEM_CASES] = {sizeof(struct case_row),
                   {AT(case_row, certificate), AT(case_row, holder), AT(case_row, facts)},
                   3},
    [MEM_MESSAGES] = {sizeof(struct message_row),
                      {AT(message_row, campaign), AT(message_row, template),
                       AT(message_row, provider), AT(message_row, provider_ref),
                       AT(message_row, reason), AT(message_row, facts)},
                      6},
    [MEM_ATTEMPTS] = {sizeof(struct attempt_row),
                      {AT(attempt_row, provider), AT(attempt_row, code), AT(attempt_row, detail),
                       AT(attempt_row, provider_ref), AT(attempt_row, content)},
                      5},
    [MEM_REPORTS] = {sizeof(struct report_row), {AT(report_row, code), AT(report_row, detail)}, 2},
    [MEM_TRACES] = {sizeof(struct trace_row), {AT(trace_row, reason), AT(trace_row, actor)}, 2},
    [MEM_KEYS] = {sizeof(struct key_row), {AT(key_row, name), AT(key_row, scopes)}, 2},
    [MEM_INBOX] = {sizeof(struct inbox_row),
                   {AT(inbox_row, provider), AT(inbox_row, ref), AT(inbox_row, to),
                    AT(inbox_row, content)},
                   4},
    [MEM_META] = {sizeof(struct meta_row), {AT(meta_row, name), AT(meta_row, value)}, 2},
    [MEM_RECORDS] = {sizeof(struct record_row), {AT(record_row, key), AT(record_row, body)}, 2},
};

static union mem_box *box_of(const void *row)
{
    return (union mem_box *)(uintptr_t)row - 1;
}

static struct str *text_of(void *row, enum mem_table_id id, size_t i)
{
    return (struct str *)(void *)((char *)row + layouts[id].texts[i]);
}

/* One block holds the row and its strings. */
static union mem_box *clone(enum mem_table_id id, const void *row)
{
    const size_t size = layouts[id].size;
    size_t total = sizeof(union mem_box) + size;
    union mem_box *box;
    char *at;

    for (size_t i = 0; i < layouts[id].count; i++) {
        total += text_of((void *)(uintptr_t)row, id, i)->len;
    }
    box = malloc(total);
    if (box == NULL) {
        return NULL;
    }
    box->refs = 1;
    memcpy(box + 1, row, size);
    at = (char *)(box + 1) + size;
    for (size_t i = 0; i < layouts[id].count; i++) {
        struct str *text = text_of(box + 1, id, i);

        if (text->len > 0) {
            memcpy(at, text->ptr, text->len);
        }
        text->ptr = at;
        at += text->len;
    }
    return box;
}

const void *mem_hold(const void *row)
{
    box_of(row)->refs++;
    return row;
}

void mem_drop(const void *row)
{
    union mem_box *box = box_of(row);

    if (--box->refs == 0) {
        free(box);
    }
}

const void *mem_row(const struct mem *m, enum mem_table_id id, size_t i)
{
    return m->now.tables[id].rows[i] + 1;
}

size_t mem_count(const struct mem *m, enum mem_table_id id)
{
    return m->now.tables[id].count;
}

int mem_add(struct mem *m, enum mem_table_id id, const void *row, struct err *e)
{
    struct mem_table *t = &m->now.tables[id];
    union mem_box *copy;

    if (t->count == t->cap) {
        const size_t cap = t->cap == 0 ? 16 : t->cap * 2;
        union mem_box **bigger = realloc(t->rows, cap * sizeof *bigger);

        if (bigger == NULL) {
            return err_set(e, ERR_NOMEM, "no memory for a row");
        }
        t->rows = bigger;
        t->cap = cap;
    }
    copy = clone(id, row);
    if (copy == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a row");
    }
    t->rows[t->count++] = copy;
    return 0;
}

int mem_replace(struct mem *m, enum mem_table_id id, size_t i, const void *row, struct err *e)
{
    union mem_box *copy = clone(id, row);

    if (copy == NULL) {
        return err_set(e, ERR_NOMEM, "no memory for a row");
    }
    mem_drop(m->now.tables[id].rows[i] + 1);
    m->now.tables[id].rows[i] = copy;
    return 0;
}

void mem_remove(struct mem *m, enum mem_table_id id, size_t i)
{
    struct mem_table *t = &m->now.tables[id];

    mem_drop(t->rows[i] + 1);
    t->count--;
    memmove(&t->rows[i], &t->rows[i + 1], (t->count - i) * sizeof t->rows[0]);
}
