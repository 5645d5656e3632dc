/* SPDX-License-Identifier: MIT */
/*
 * Bits in arrays of 64-bit words, bit i in word i / 64 at position i % 64; and
 * a tree of such arrays that finds its first set bit in three steps.
 *
 * Who provides the words owns them. Nothing here allocates or checks bounds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>

#define BITMAP_WORD_BITS 64u
#define BITMAP_NONE      UINT64_MAX

/* Words that hold @bits bits. */
#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

/*@ // The words of the bits [first, end), and 64 more bits to count in.
    predicate bitmap_reads(uint64_t *words, integer first, integer end) =
        end <= UINT64_MAX - 64
        && \valid_read(words + (first / 64 .. (end + 63) / 64 - 1));
    predicate bitmap_writes(uint64_t *words, integer first, integer end) =
        end <= UINT64_MAX - 64
        && \valid(words + (first / 64 .. (end + 63) / 64 - 1)); */

/*@ requires \valid_read(words + bit / 64);
    assigns \nothing; */
static inline bool
bitmap_test(const uint64_t *words, uint64_t bit)
{
    return (words[bit / 64] >> (bit % 64) & 1) != 0;
}

/*@ requires \valid(words + bit / 64);
    assigns words[bit / 64]; */
static inline void
bitmap_set(uint64_t *words, uint64_t bit)
{
    words[bit / 64] |= 1ull << (bit % 64);
}

/*@ requires \valid(words + bit / 64);
    assigns words[bit / 64]; */
static inline void
bitmap_clear(uint64_t *words, uint64_t bit)
{
    words[bit / 64] &= ~(1ull << (bit % 64));
}

/* The position of the lowest set bit of @word, which is not 0. */
/*@ requires word != 0;
    assigns \nothing;
    ensures \result < 64; */
static inline uint64_t
bitmap_lowest(uint64_t word)
{
    return (uint64_t)(unsigned)__builtin_ctzll(word);
}

/* The number of set bits in @word. Written out: without the POPCNT instruction
 * the compiler would call a library that freestanding code does not have. */
/*@ assigns \nothing; */
static inline uint64_t
bitmap_weight(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555ull;
    word = (word & 0x3333333333333333ull) + (word >> 2 & 0x3333333333333333ull);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Full;
    return word * 0x0101010101010101ull >> 56;
}

/* Set or clear the bits [first, end). Cost: O(words). */
/*@ requires first <= end && bitmap_writes(words, first, end);
    assigns words[first / 64 .. (end + 63) / 64 - 1]; */
void bitmap_set_range(uint64_t *words, uint64_t first, uint64_t end);
/*@ requires first <= end && bitmap_writes(words, first, end);
    assigns words[first / 64 .. (end + 63) / 64 - 1]; */
void bitmap_clear_range(uint64_t *words, uint64_t first, uint64_t end);

/* The number of set bits in [first, end). Cost: O(words). */
/*@ requires first <= end && bitmap_reads(words, first, end);
    assigns \nothing; */
uint64_t bitmap_count_range(const uint64_t *words, uint64_t first,
                            uint64_t end);

/* The first bit >= @first and < @end that is set (clear), or @end. */
/*@ requires first <= end && bitmap_reads(words, first, end);
    assigns \nothing; */
uint64_t bitmap_find_set(const uint64_t *words, uint64_t first, uint64_t end);
/*@ requires first <= end && bitmap_reads(words, first, end);
    assigns \nothing; */
uint64_t bitmap_find_clear(const uint64_t *words, uint64_t first, uint64_t end);

/* The first bit of the lowest run of @length > 0 set bits in [first, end), or
 * BITMAP_NONE. Cost: O(words + runs). */
uint64_t bitmap_find_run(const uint64_t *words, uint64_t first, uint64_t end,
                         uint64_t length);

/*
 * A set of numbers below BITMAP_TREE_MAX with O(1) "smallest member".
 *
 *      top    one word: bit j = word j of mid is not zero
 *      mid    bit i = word i of low is not zero
 *      low    bit n = n is a member
 */
#define BITMAP_TREE_MAX (64ull * 64 * 64)

struct bitmap_tree {
    uint64_t top;
    uint64_t *mid;
    uint64_t *low;
};

/* Words a tree of numbers below @n needs. */
static inline uint64_t
bitmap_tree_words(uint64_t n)
{
    return BITMAP_WORDS(n) + BITMAP_WORDS(BITMAP_WORDS(n));
}

/* Make an empty tree of numbers below @n in @words, which are all zero. */
static inline void
bitmap_tree_init(struct bitmap_tree *tree, uint64_t *words, uint64_t n)
{
    tree->top = 0;
    tree->low = words;
    tree->mid = words + BITMAP_WORDS(n);
}

static inline void
bitmap_tree_add(struct bitmap_tree *tree, uint64_t n)
{
    uint64_t old = tree->low[n / 64];

    tree->low[n / 64] = old | 1ull << (n % 64);
    if (old == 0) {
        bitmap_set(tree->mid, n / 64);
        tree->top |= 1ull << (n / 4096);
    }
}

static inline void
bitmap_tree_remove(struct bitmap_tree *tree, uint64_t n)
{
    bitmap_clear(tree->low, n);
    if (tree->low[n / 64] == 0) {
        bitmap_clear(tree->mid, n / 64);
        if (tree->mid[n / 4096] == 0) {
            tree->top &= ~(1ull << (n / 4096));
        }
    }
}

static inline bool
bitmap_tree_has(const struct bitmap_tree *tree, uint64_t n)
{
    return bitmap_test(tree->low, n);
}

static inline bool
bitmap_tree_is_empty(const struct bitmap_tree *tree)
{
    return tree->top == 0;
}

/* Remove the smallest member. Returns it, or BITMAP_NONE. */
static inline uint64_t
bitmap_tree_take_first(struct bitmap_tree *tree)
{
    uint64_t mid;
    uint64_t low;
    uint64_t first;

    if (tree->top == 0) {
        return BITMAP_NONE;
    }
    mid = bitmap_lowest(tree->top);
    low = mid * 64 + bitmap_lowest(tree->mid[mid]);
    first = low * 64 + bitmap_lowest(tree->low[low]);
    tree->low[low] &= tree->low[low] - 1;
    if (tree->low[low] == 0) {
        tree->mid[mid] &= tree->mid[mid] - 1;
        if (tree->mid[mid] == 0) {
            tree->top &= tree->top - 1;
        }
    }
    return first;
}

/* Remove the smallest member >= @n among the same 4,096 numbers, else the
 * smallest of all: who always calls with the last result goes round and round.
 * Returns it, or BITMAP_NONE. */
static inline uint64_t
bitmap_tree_take_after(struct bitmap_tree *tree, uint64_t n)
{
    uint64_t low = n / 64;
    uint64_t members = tree->low[low] & UINT64_MAX << (n % 64);

    if (members == 0) {
        uint64_t words = tree->mid[low / 64] & ~(UINT64_MAX >> (63 - low % 64));

        if (words == 0) {
            return bitmap_tree_take_first(tree);
        }
        low = low / 64 * 64 + bitmap_lowest(words);
        members = tree->low[low];
    }
    n = low * 64 + bitmap_lowest(members);
    bitmap_tree_remove(tree, n);
    return n;
}

/* The smallest member, or BITMAP_NONE. */
static inline uint64_t
bitmap_tree_first(const struct bitmap_tree *tree)
{
    uint64_t mid;
    uint64_t low;

    if (tree->top == 0) {
        return BITMAP_NONE;
    }
    mid = bitmap_lowest(tree->top);
    low = mid * 64 + bitmap_lowest(tree->mid[mid]);
    return low * 64 + bitmap_lowest(tree->low[low]);
}
