/* SPDX-License-Identifier: MIT */
/*
 * Which page has not been used for longest? The policy of a pager that may keep
 * at most so many pages in memory and must give one away for each that comes.
 * Pure: it touches no page, it only remembers their numbers.
 *
 *      head (used last)                         tail (goes next)
 *        |                                        |
 *      [ 7 ] <--> [ 3 ] <--> [ 9 ] <--> ... <--> [ 4 ]
 *        ^          ^
 *        +----------+--- bucket[hash of the page's number], chained
 *
 * I1  the list and the buckets hold the same pages, each once, and `count` of
 *     them; count <= capacity
 * I2  the list is in order of the last use
 *
 * Cost: every function constant on average: no walk over the list.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LRU_CAPACITY_MAX 64u
#define LRU_BUCKETS      32u
#define LRU_NONE         UINT32_MAX

struct lru_entry {
    uint64_t page;
    uint32_t newer; /* indices of entries, LRU_NONE at the ends */
    uint32_t older;
    uint32_t chain; /* the next in its bucket                   */
};

struct lru {
    uint32_t capacity;
    uint32_t count;
    uint32_t head;
    uint32_t tail;
    uint32_t bucket[LRU_BUCKETS];
    struct lru_entry entry[LRU_CAPACITY_MAX];
    uint64_t steps; /* entries looked at, so that a checker sees the cost */
};

/* An empty policy for @capacity pages, 1 to LRU_CAPACITY_MAX. */
void lru_init(struct lru *lru, uint32_t capacity);

/* @page is used now. If it is not known and all places are taken, the one that
 * was not used for longest gives way: returns true, and *@victim is its number.
 * Else returns false. */
bool lru_use(struct lru *lru, uint64_t page, uint64_t *victim);

/* Forget @page: its region is gone. Returns whether it was known. */
bool lru_forget(struct lru *lru, uint64_t page);
