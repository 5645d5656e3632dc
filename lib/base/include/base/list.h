/* SPDX-License-Identifier: MIT */
/*
 * Doubly linked rings: a head and its members are the same type, an empty list
 * points at itself, and removal needs only the member.
 *
 *      head <-> a <-> b <-> c <-> head
 *
 * A node that is in no list points at itself after list_init or list_remove,
 * so list_is_empty(node) also answers "is this node in no list?".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <base/compiler.h>

struct list {
    struct list *next;
    struct list *prev;
};

static inline void
list_init(struct list *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool
list_is_empty(const struct list *head)
{
    return head->next == head;
}

/* Insert @node, which is in no list, before @place: at the tail of the list if
 * @place is its head. */
static inline void
list_add_before(struct list *place, struct list *node)
{
    struct list *prev = place->prev;

    node->next = place;
    node->prev = prev;
    prev->next = node;
    place->prev = node;
}

/* Whether more than @most nodes are in the list. Cost: 3 instructions for each
 * looked at. */
static inline bool
list_is_longer(const struct list *head, unsigned most)
{
    const struct list *node = head->next;

    while (node != head && most > 0) {
        node = node->next;
        most--;
    }
    return node != head;
}

static inline void
list_add_tail(struct list *head, struct list *node)
{
    list_add_before(head, node);
}

static inline void
list_add_head(struct list *head, struct list *node)
{
    list_add_before(head->next, node);
}

/* Take @node, which is in a list, out of it and leave it undefined: for paths on
 * which two more stores count. */
static inline void
list_unlink(struct list *node)
{
    struct list *next = node->next;
    struct list *prev = node->prev;

    prev->next = next;
    next->prev = prev;
}

/* Take the first node of @head, which is not empty, out of it and leave it
 * undefined. */
static inline void
list_unlink_first(struct list *head)
{
    struct list *next = head->next->next;

    head->next = next;
    next->prev = head;
}

/* Take @node out of whatever list it is in; harmless if it is in none. */
static inline void
list_remove(struct list *node)
{
    list_unlink(node);
    list_init(node);
}

/* The first member, or NULL. */
static inline struct list *
list_first(const struct list *head)
{
    return list_is_empty(head) ? NULL : head->next;
}

/* Move every member of @from to the tail of @to. */
static inline void
list_splice_tail(struct list *to, struct list *from)
{
    if (list_is_empty(from)) {
        return;
    }
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)

#define list_for_each(node, head) \
    for (struct list *node = (head)->next; node != (head); node = node->next)

/* The body may remove @node. */
#define list_for_each_safe(node, head)                                \
    for (struct list *node = (head)->next, *node##_next = node->next; \
         node != (head); node = node##_next, node##_next = node->next)
