/* SPDX-License-Identifier: MIT */
/*
 * Numbers that are given out and come back: from 1 on, and 0 is none.
 *
 *      1 ... fresh - 1 | fresh ... 4,095
 *      in use, or in   | never used
 *      `returned`      |
 *
 * A number that was never used comes before one that was: so numbers do not come
 * again soon, and a table that is indexed by them is touched no further than need be.
 *
 * Context: interrupts off. Nothing blocks. Cost: constant.
 */
#pragma once

#include <stdint.h>

#include <base/bitmap.h>

#include <klib/kassert.h>

#define NUMBERS_MOST 4096u

_Static_assert(BITMAP_WORDS(NUMBERS_MOST) == BITMAP_WORD_BITS,
               "one word tells which words have a number");

struct numbers {
    uint32_t fresh;
    uint32_t left; /* how many are not in use */
    struct bitmap_tree returned;
    uint64_t words[BITMAP_WORDS(NUMBERS_MOST) + 1];
};

/* What the variable @name is initialised with. */
#define NUMBERS_INIT(name)                                   \
    {                                                        \
        .fresh = 1, .left = NUMBERS_MOST - 1, .returned = {  \
            .low = (name).words,                             \
            .mid = (name).words + BITMAP_WORDS(NUMBERS_MOST) \
        }                                                    \
    }

/* Take a number; there is one left. Of those that came back the smallest from
 * @after on, else the smallest. */
static inline uint32_t
numbers_take(struct numbers *numbers, uint32_t after)
{
    uint64_t number;

    KASSERT(numbers->left > 0);
    numbers->left--;
    if (numbers->fresh < NUMBERS_MOST) {
        return numbers->fresh++;
    }
    number = bitmap_tree_take_after(&numbers->returned, after);
    KASSERT(number != BITMAP_NONE); /* they are counted */
    return (uint32_t)number;
}

/* Give @number back. */
static inline void
numbers_put(struct numbers *numbers, uint32_t number)
{
    bitmap_tree_add(&numbers->returned, number);
    numbers->left++;
}
