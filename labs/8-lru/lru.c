/* SPDX-License-Identifier: MIT */
/* The solution of lab 8, in which these functions are taken away. */
#include "lru.h"

/* Fibonacci hashing: pages that follow each other fall into different buckets. */
static uint32_t
lru_bucket(uint64_t page)
{
    return (uint32_t)(page * 0x9E3779B97F4A7C15ull >> 59) % LRU_BUCKETS;
}

void
lru_init(struct lru *lru, uint32_t capacity)
{
    *lru = (struct lru){ .capacity = capacity,
                         .head = LRU_NONE,
                         .tail = LRU_NONE };
    for (uint32_t i = 0; i < LRU_BUCKETS; i++) {
        lru->bucket[i] = LRU_NONE;
    }
}

/* Where the chain names the entry of @page, or ends without it. */
static uint32_t *
lru_find(struct lru *lru, uint64_t page)
{
    uint32_t *link = &lru->bucket[lru_bucket(page)];

    while (*link != LRU_NONE && lru->entry[*link].page != page) {
        link = &lru->entry[*link].chain;
        lru->steps++;
    }
    return link;
}

/* Take entry @at out of the list. */
static void
lru_unlink(struct lru *lru, uint32_t at)
{
    uint32_t newer = lru->entry[at].newer;
    uint32_t older = lru->entry[at].older;

    *(newer == LRU_NONE ? &lru->head : &lru->entry[newer].older) = older;
    *(older == LRU_NONE ? &lru->tail : &lru->entry[older].newer) = newer;
}

/* Put entry @at before all others. */
static void
lru_push(struct lru *lru, uint32_t at)
{
    lru->entry[at].newer = LRU_NONE;
    lru->entry[at].older = lru->head;
    *(lru->head == LRU_NONE ? &lru->tail : &lru->entry[lru->head].newer) = at;
    lru->head = at;
}

bool
lru_use(struct lru *lru, uint64_t page, uint64_t *victim)
{
    uint32_t *link = lru_find(lru, page);
    uint32_t at = *link;
    bool full = lru->count == lru->capacity;

    if (at != LRU_NONE) {
        lru_unlink(lru, at);
        lru_push(lru, at);
        return false;
    }
    if (full) {
        at = lru->tail;
        *victim = lru->entry[at].page;
        *lru_find(lru, *victim) = lru->entry[at].chain;
        lru_unlink(lru, at);
    } else {
        at = lru->count++;
    }
    lru->entry[at].page = page;
    lru->entry[at].chain = lru->bucket[lru_bucket(page)];
    lru->bucket[lru_bucket(page)] = at;
    lru_push(lru, at);
    return full;
}

/* Move the last entry of the array to the free place @at. */
static void
lru_fill_gap(struct lru *lru, uint32_t at)
{
    uint32_t last = --lru->count;
    struct lru_entry *entry = &lru->entry[last];

    if (last == at) {
        return;
    }
    *lru_find(lru, entry->page) = at;
    lru->entry[at] = *entry;
    *(entry->newer == LRU_NONE ? &lru->head : &lru->entry[entry->newer].older) =
        at;
    *(entry->older == LRU_NONE ? &lru->tail : &lru->entry[entry->older].newer) =
        at;
}

bool
lru_forget(struct lru *lru, uint64_t page)
{
    uint32_t *link = lru_find(lru, page);
    uint32_t at = *link;

    if (at == LRU_NONE) {
        return false;
    }
    *link = lru->entry[at].chain;
    lru_unlink(lru, at);
    lru_fill_gap(lru, at);
    return true;
}
