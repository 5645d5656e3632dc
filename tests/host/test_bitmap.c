/* SPDX-License-Identifier: MIT */
/*
 * Claim: every operation of base/bitmap.h does what one loop over single bits
 * would do. Method: random ranges on a small bitmap and on an array of bool,
 * compared after each step; the tree against a sorted search.
 */
#include <string.h>

#include <base/bitmap.h>

#include "check.h"
#include "random.h"

#define BITS 300u

static uint64_t words[BITMAP_WORDS(BITS)];
static bool model[BITS];

static void
compare(uint64_t first, uint64_t end)
{
    uint64_t count = 0;
    uint64_t set = end;
    uint64_t clear = end;

    for (uint64_t i = 0; i < BITS; i++) {
        if (bitmap_test(words, i) != model[i]) {
            CHECK(!"a bit differs from the model");
            return;
        }
    }
    for (uint64_t i = first; i < end; i++) {
        count += model[i];
        set = model[i] && set == end ? i : set;
        clear = !model[i] && clear == end ? i : clear;
    }
    CHECK_EQ(bitmap_count_range(words, first, end), count);
    CHECK_EQ(bitmap_find_set(words, first, end), set);
    CHECK_EQ(bitmap_find_clear(words, first, end), clear);
}

static uint64_t
model_run(uint64_t first, uint64_t end, uint64_t length)
{
    uint64_t run = 0;

    for (uint64_t i = first; i < end; i++) {
        run = model[i] ? run + 1 : 0;
        if (run == length) {
            return i + 1 - length;
        }
    }
    return BITMAP_NONE;
}

TEST(ranges_agree_with_single_bits)
{
    for (int step = 0; step < 20000; step++) {
        uint64_t first = random_below(BITS + 1);
        uint64_t end = first + random_below(BITS + 1 - first);
        bool value = random_below(2) != 0;
        uint64_t length = 1 + random_below(100);

        if (value) {
            bitmap_set_range(words, first, end);
        } else {
            bitmap_clear_range(words, first, end);
        }
        for (uint64_t i = first; i < end; i++) {
            model[i] = value;
        }
        first = random_below(BITS + 1);
        end = first + random_below(BITS + 1 - first);
        compare(first, end);
        CHECK_EQ(bitmap_find_run(words, first, end, length),
                 model_run(first, end, length));
    }
}

TEST(weight_of_every_single_and_random_word)
{
    CHECK_EQ(bitmap_weight(0), 0);
    CHECK_EQ(bitmap_weight(UINT64_MAX), 64);
    for (int i = 0; i < 1000; i++) {
        uint64_t word = random_next();

        CHECK_EQ(bitmap_weight(word), __builtin_popcountll(word));
    }
}

static void
tree_agrees(uint64_t n)
{
    uint64_t *storage = calloc(bitmap_tree_words(n), sizeof(uint64_t));
    bool *member = calloc(n, sizeof(bool));
    struct bitmap_tree tree;

    bitmap_tree_init(&tree, storage, n);
    CHECK_EQ(bitmap_tree_first(&tree), BITMAP_NONE);
    for (int step = 0; step < 3000; step++) {
        uint64_t i = random_below(n);
        uint64_t first = 0;

        /* Grow, shrink: 1000 steps each way. */
        if ((step / 1000) % 2 == 0) {
            bitmap_tree_add(&tree, i);
            member[i] = true;
        } else {
            uint64_t least = bitmap_tree_first(&tree);

            if (step % 3 != 0) {
                CHECK_EQ(bitmap_tree_take_first(&tree), least);
                i = least == BITMAP_NONE ? i : least;
            }
            bitmap_tree_remove(&tree, i);
            member[i] = false;
        }
        while (first < n && !member[first]) {
            first++;
        }
        CHECK_EQ(bitmap_tree_first(&tree), first < n ? first : BITMAP_NONE);
        CHECK(bitmap_tree_has(&tree, i) == member[i]);
    }
    free(member);
    free(storage);
}

TEST(tree_finds_its_smallest_member)
{
    tree_agrees(1);
    tree_agrees(64);
    tree_agrees(65);
    tree_agrees(4097);
    tree_agrees(BITMAP_TREE_MAX);
}

/* The member that bitmap_tree_take_after promises. */
static uint64_t
next_member(const bool *member, uint64_t count, uint64_t n)
{
    uint64_t end = n / 4096 * 4096 + 4096;

    for (uint64_t i = n; i < end && i < count; i++) {
        if (member[i]) {
            return i;
        }
    }
    for (uint64_t i = 0; i < count; i++) {
        if (member[i]) {
            return i;
        }
    }
    return BITMAP_NONE;
}

static void
take_after_agrees(uint64_t n, uint64_t members)
{
    uint64_t *storage = calloc(bitmap_tree_words(n), sizeof(uint64_t));
    bool *member = calloc(n, sizeof(bool));
    struct bitmap_tree tree;

    bitmap_tree_init(&tree, storage, n);
    for (uint64_t i = 0; i < members; i++) {
        uint64_t one = random_below(n);

        bitmap_tree_add(&tree, one);
        member[one] = true;
    }
    for (uint64_t i = 0; i <= members; i++) {
        uint64_t from = random_below(n);
        uint64_t wanted = next_member(member, n, from);

        CHECK_EQ(bitmap_tree_take_after(&tree, from), wanted);
        if (wanted != BITMAP_NONE) {
            CHECK(!bitmap_tree_has(&tree, wanted));
            member[wanted] = false;
        }
        CHECK_EQ(bitmap_tree_first(&tree), next_member(member, n, 0));
    }
    CHECK(bitmap_tree_is_empty(&tree));
    free(member);
    free(storage);
}

TEST(tree_goes_round_from_any_number)
{
    take_after_agrees(1, 1);
    take_after_agrees(64, 20);
    take_after_agrees(65, 65);
    take_after_agrees(4096, 300);
    take_after_agrees(10000, 700);
}

int
main(int argc, char **argv)
{
    random_seed(argc, argv);
    RUN(ranges_agree_with_single_bits);
    RUN(weight_of_every_single_and_random_word);
    RUN(tree_finds_its_smallest_member);
    RUN(tree_goes_round_from_any_number);
    return CHECK_REPORT();
}
