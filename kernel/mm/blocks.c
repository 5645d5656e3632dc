/* SPDX-License-Identifier: MIT */
/* The slow paths of the frame bitmap: changing blocks, whole blocks, runs. */
#include "blocks.h"

#include <base/align.h>
#include <base/string.h>

#include <klib/kassert.h>

#include "pmm.h"

KASSERT_STATIC(BLOCKS_PARTIAL > 1 && BLOCKS_PARTIAL < 64);
KASSERT_STATIC(BLOCKS_FRAMES % 64 == 0);

/* What word points at while there is nothing to allocate (I3). */
static _Alignas(BLOCKS_ALIGN) uint64_t blocks_empty_word;
static uint16_t blocks_empty_count;

static uint64_t
blocks_count_for(uint64_t frames)
{
    return (frames + BLOCKS_FRAMES - 1) / BLOCKS_FRAMES;
}

uint64_t
blocks_bytes(uint64_t frames)
{
    uint64_t blocks = blocks_count_for(frames);

    uint64_t words =
        blocks * BLOCKS_WORDS + BLOCKS_SETS * bitmap_tree_words(blocks);

    return align_up(words * 8 + blocks * sizeof(uint16_t), BLOCKS_ALIGN);
}

static void
blocks_drop_current(struct blocks *blocks)
{
    blocks->current = BLOCKS_NONE;
    blocks->word = &blocks_empty_word;
    blocks->word_count = &blocks_empty_count;
}

void
blocks_init(struct blocks *blocks, void *storage, uint64_t frames)
{
    uint64_t count = blocks_count_for(frames);
    uint64_t *words = storage;

    KASSERT(count <= BLOCKS_MAX);
    KASSERT(is_aligned((uintptr_t)storage, BLOCKS_ALIGN));
    memset(storage, 0, blocks_bytes(frames));
    blocks->block_count = count;
    blocks->bits = words;
    words += count * BLOCKS_WORDS;
    for (int set = 0; set < BLOCKS_SETS; set++) {
        bitmap_tree_init(&blocks->set[set], words, count);
        words += bitmap_tree_words(count);
    }
    blocks->count = (void *)words;
    blocks_drop_current(blocks);
}

/* The set that a block with @count > 0 free frames belongs to. */
static enum blocks_set
blocks_set_for(uint64_t count)
{
    if (count == BLOCKS_FRAMES) {
        return BLOCKS_WHOLE;
    }
    return count < BLOCKS_PARTIAL ? BLOCKS_FEW : BLOCKS_PART;
}

/* Take @block, with its count of before, out of its set. */
static void
blocks_unsort(struct blocks *blocks, uint64_t block)
{
    uint64_t count = blocks->count[block];

    if (block != blocks->current && count != 0) {
        bitmap_tree_remove(&blocks->set[blocks_set_for(count)], block);
    }
}

/* Put @block, in no set, into the one for its count. */
static void
blocks_sort(struct blocks *blocks, uint64_t block)
{
    uint64_t count = blocks->count[block];

    if (block != blocks->current && count != 0) {
        bitmap_tree_add(&blocks->set[blocks_set_for(count)], block);
    }
}

void
blocks_resort(struct blocks *blocks, uint64_t block)
{
    uint64_t count = blocks->count[block];
    struct bitmap_tree *set = blocks->set;

    if (block == blocks->current) {
        return;
    }
    if (count == 1) {
        bitmap_tree_add(&set[BLOCKS_FEW], block);
    } else if (count == BLOCKS_PARTIAL) {
        bitmap_tree_remove(&set[BLOCKS_FEW], block);
        bitmap_tree_add(&set[BLOCKS_PART], block);
    } else {
        KASSERT(count == BLOCKS_FRAMES);
        bitmap_tree_remove(&set[BLOCKS_PART], block);
        bitmap_tree_add(&set[BLOCKS_WHOLE], block);
    }
}

/* The block to drain next, out of its set, or BLOCKS_NONE. */
static uint64_t
blocks_choose(struct blocks *blocks)
{
    struct bitmap_tree *set = blocks->set;
    uint64_t last = blocks->current;

    if (!bitmap_tree_is_empty(&set[BLOCKS_PART])) {
        return bitmap_tree_take_first(&set[BLOCKS_PART]);
    }
    if (!bitmap_tree_is_empty(&set[BLOCKS_FEW])) {
        return bitmap_tree_take_after(&set[BLOCKS_FEW],
                                      last == BLOCKS_NONE ? 0 : last);
    }
    return bitmap_tree_take_first(&set[BLOCKS_WHOLE]);
}

/* Make @next, in no set and not empty, the current block. */
static void
blocks_set_current(struct blocks *blocks, uint64_t next)
{
    blocks->current = next;
    blocks->word_count = &blocks->count[next];
    blocks->word = &blocks->bits[next * BLOCKS_WORDS];
}

bool
blocks_next_block(struct blocks *blocks)
{
    uint64_t next = blocks_choose(blocks);

    if (next == BLOCKS_NONE) {
        blocks_drop_current(blocks);
        return false;
    }
    blocks_set_current(blocks, next);
    return blocks_is_ready(blocks) || blocks_seek_word(blocks);
}

bool
blocks_open_whole(struct blocks *blocks)
{
    uint64_t next = bitmap_tree_take_first(&blocks->set[BLOCKS_WHOLE]);
    uint64_t old = blocks->current;

    if (next == BLOCKS_NONE) {
        return false;
    }
    blocks->current = BLOCKS_NONE;
    if (old != BLOCKS_NONE) {
        blocks_sort(blocks, old);
    }
    blocks_set_current(blocks, next);
    return true;
}

/* Set (or clear) the bits [first, end) and correct counts and sets. */
static void
blocks_change(struct blocks *blocks, uint64_t first, uint64_t end, bool free)
{
    while (first < end) {
        uint64_t block = first / BLOCKS_FRAMES;
        uint64_t block_end = (block + 1) * BLOCKS_FRAMES;
        uint64_t stop = end < block_end ? end : block_end;

        blocks_unsort(blocks, block);
        if (free) {
            bitmap_set_range(blocks->bits, first, stop);
            blocks->count[block] =
                (uint16_t)(blocks->count[block] + (stop - first));
        } else {
            bitmap_clear_range(blocks->bits, first, stop);
            blocks->count[block] =
                (uint16_t)(blocks->count[block] - (stop - first));
        }
        blocks_sort(blocks, block);
        first = stop;
    }
}

void
blocks_add(struct blocks *blocks, uint64_t first, uint64_t end)
{
    blocks_change(blocks, first, end, true);
}

void
blocks_remove(struct blocks *blocks, uint64_t first, uint64_t end)
{
    blocks_change(blocks, first, end, false);
}

uint64_t
blocks_take_whole_current(struct blocks *blocks)
{
    uint64_t block = blocks->current;

    if (*blocks->word_count != BLOCKS_FRAMES) {
        return BLOCKS_NONE;
    }
    blocks_drop_current(blocks);
    blocks->count[block] = 0;
    return block * BLOCKS_FRAMES;
}

/* The lowest run of @frames free frames. Not bitmap_find_run: the bits of a
 * block with count 0 may be those of one taken whole (I1). */
static uint64_t
blocks_find_run(const struct blocks *blocks, uint64_t frames)
{
    uint64_t start = 0;
    uint64_t end = 0; /* [start, end): the run that reaches this block */

    for (uint64_t block = 0; block < blocks->block_count; block++) {
        uint64_t at = block * BLOCKS_FRAMES;
        uint64_t stop = at + BLOCKS_FRAMES;

        if (blocks->count[block] == 0) {
            continue;
        }
        while (at < stop) {
            at = bitmap_find_set(blocks->bits, at, stop);
            start = at == end ? start : at;
            at = bitmap_find_clear(blocks->bits, at, stop);
            end = at;
            if (end - start >= frames) {
                return start;
            }
        }
    }
    return BLOCKS_NONE;
}

uint64_t
blocks_take_run(struct blocks *blocks, uint64_t frames)
{
    uint64_t first = blocks_find_run(blocks, frames);

    if (first != BLOCKS_NONE) {
        blocks_remove(blocks, first, first + frames);
    }
    return first;
}

uint64_t
blocks_count_whole(const struct blocks *blocks)
{
    uint64_t whole = 0;

    for (uint64_t i = 0; i < blocks->block_count; i++) {
        whole += blocks->count[i] == BLOCKS_FRAMES;
    }
    return whole;
}

/* Contradictions in the sets about @block (I2). */
static uint64_t
blocks_check_sets(const struct blocks *blocks, uint64_t block)
{
    uint64_t count = blocks->count[block];
    bool sorted = count != 0 && block != blocks->current;
    uint64_t bad = 0;

    for (int set = 0; set < BLOCKS_SETS; set++) {
        bool wanted = sorted && blocks_set_for(count) == (enum blocks_set)set;

        bad += bitmap_tree_has(&blocks->set[set], block) != wanted;
        /* The summary must lead to every member. */
        bad += wanted
               && (!bitmap_test(blocks->set[set].mid, block / 64)
                   || (blocks->set[set].top >> (block / 4096) & 1) == 0);
    }
    return bad;
}

uint64_t
blocks_check(const struct blocks *blocks, uint64_t *free_frames)
{
    uint64_t bad = 0;

    for (uint64_t i = 0; i < blocks->block_count; i++) {
        uint64_t first = i * BLOCKS_FRAMES;
        uint64_t weight =
            bitmap_count_range(blocks->bits, first, first + BLOCKS_FRAMES);

        bad += weight != blocks->count[i]
               && !(weight == BLOCKS_FRAMES && blocks->count[i] == 0);
        bad += blocks_check_sets(blocks, i);
        pmm_hook_pause();
        *free_frames += blocks->count[i];
    }
    bad += blocks_empty_word != 0 || blocks_empty_count != 0;
    return bad;
}
