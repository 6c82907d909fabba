/* An intrusive doubly linked list; the node lives inside its owner. Not thread-safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev;
    struct list *next;
};

#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#define list_each(node, head)                                                                      \
    for (struct list *node = (head)->next; node != (head); node = node->next)

/* Safe when the body removes the node. */
#define list_each_safe(node, head)                                                                 \
    for (struct list *node = (head)->next, *next_##node = node->next; node != (head);              \
         node = next_##node, next_##node = node->next)

static inline void list_init(struct list *head)
{
    head->prev = head;
    head->next = head;
}

static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_push_back(struct list *head, struct list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* The first node, removed; null when empty. */
static inline struct list *list_pop_front(struct list *head)
{
    struct list *node = head->next;

    if (node == head) {
        return NULL;
    }
    list_remove(node);
    return node;
}

/* Moves everything from one list to the end of another. */
static inline void list_splice_back(struct list *to, struct list *from)
{
    struct list *node;

    while ((node = list_pop_front(from)) != NULL) {
        list_push_back(to, node);
    }
}
