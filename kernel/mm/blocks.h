/* SPDX-License-Identifier: MIT */
/*
 * A set of free frames with O(1) allocation: the PMM's bitmap. Pure: numbers
 * only, no frame is touched and no kind is known here.
 *
 * A bitmap alone must be searched, a free list cannot give 512 frames in a row.
 * So: a bitmap, and above it the number of free frames of each 2 MiB block, and
 * above those the blocks sorted into sets by how full they are:
 *
 *      sets     partial        few          whole
 *               16-511         1-15         512        free frames in the block
 *                 |             |            /
 *      count    [ 300 ][  0 ][ 12 ][ 512 ][ 512 ] ...  u16 per block
 *               /            \
 *      bits    0010.0110...   ...                      8 words per block
 *                  ^ word
 *
 * Allocation drains one block, the current one, word by word from the lowest
 * bit: usually one word is read and written. A new current block comes from
 * partial, else few, else whole. Whole blocks are broken last, for they are
 * what 2 MiB requests need; nearly full ones wait until they hold 16 free
 * frames, so that the search for a block pays for 16 allocations even when
 * single frames come and go at random. What that costs is at most 15 frames in
 * 512, idle while others are broken. When few are all there is, they are taken
 * in turn rather than from the lowest: each then gathers frames until its turn
 * comes.
 *
 * Invariants
 *  I1  count[b] is the number of set bits of block b, which are its free
 *      frames; but while b is taken whole, count[b] is 0 and its bits stay set:
 *      16 stores less, and nobody looks at the bits of a block without free
 *      frames.
 *  I2  A block is in the set that its count names, in no other; with count 0,
 *      or as the current block, in none.
 *  I3  word points into the current block, or at a word that is 0 for ever.
 *
 * Cost: alloc and free about 10 instructions each, plus a search of at most
 * 8 words when a word is drained and of 3 in a set when a block is. Measured by
 * `make bench`, with the frame table's part: 49 for a pair in order, 65 to 81
 * for random churn (pmm_seq, pmm_churn50 to 99).
 * Space: 1 bit a frame, and 2 bytes, 3 bits and a little a block: 0.130 bytes a
 * frame.
 *
 * Source: the reserved block and the counts per 2 MiB follow Wrenger et al.,
 * "LLFree: Scalable and Optionally-Persistent Page-Frame Allocation", USENIX
 * ATC 2023; the sets replace its tree search, since here one CPU allocates.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/bitmap.h>
#include <base/compiler.h>

#define BLOCKS_FRAMES 512u /* frames in a block */
#define BLOCKS_WORDS  (BLOCKS_FRAMES / BITMAP_WORD_BITS)
#define BLOCKS_MAX    BITMAP_TREE_MAX
#define BLOCKS_NONE   BITMAP_NONE

/* Blocks with fewer free frames than this are "few". */
#define BLOCKS_PARTIAL 16u

/* In the order in which a new current block is looked for. */
enum blocks_set {
    BLOCKS_PART,
    BLOCKS_FEW,
    BLOCKS_WHOLE,
    BLOCKS_SETS,
};

struct blocks {
    uint64_t *word;       /* where the next frame comes from */
    uint16_t *word_count; /* count of its block              */
    uint64_t *bits;
    uint16_t *count;
    uint64_t block_count;
    uint64_t current; /* block, or BLOCKS_NONE */
    struct bitmap_tree set[BLOCKS_SETS];
};

/* Alignment of storage: what a block's words take. */
#define BLOCKS_ALIGN (BLOCKS_WORDS * 8u)

/* Bytes of storage for frames [0, @frames), a multiple of BLOCKS_ALIGN. */
uint64_t blocks_bytes(uint64_t frames);

/* Begin with no free frame below @frames. @storage has blocks_bytes(@frames)
 * bytes, aligned to BLOCKS_ALIGN, and stays in use. */
void blocks_init(struct blocks *blocks, void *storage, uint64_t frames);

/* Make frames [first, end), none of them free, free. Cost: O(frames / 64). */
void blocks_add(struct blocks *blocks, uint64_t first, uint64_t end);

/* Make frames [first, end), all of them free, not free. Cost: as blocks_add. */
void blocks_remove(struct blocks *blocks, uint64_t first, uint64_t end);

/* Take the current block if it is whole, which no set shows. Returns its first
 * frame, or BLOCKS_NONE. */
uint64_t blocks_take_whole_current(struct blocks *blocks);

/* Take the lowest @frames > 0 free frames in a row. Returns the first, or
 * BLOCKS_NONE. Cost: O(all frames / 64). */
uint64_t blocks_take_run(struct blocks *blocks, uint64_t frames);

/* Blocks with all frames free. Cost: O(blocks); for reports and tests. */
uint64_t blocks_count_whole(const struct blocks *blocks);

/* Recount everything; add the number of free frames to *free_frames.
 * Returns the number of contradictions. Cost: O(frames / 64). */
uint64_t blocks_check(const struct blocks *blocks, uint64_t *free_frames);

/* Make another block current and point word at its first frames; the one that
 * was has none left. Returns false if no frame is free. */
MUST_CHECK bool blocks_next_block(struct blocks *blocks);

/* Make the lowest whole block current, so that the next frames are its, in
 * order. Returns false, nothing changed, if no set has one. */
MUST_CHECK bool blocks_open_whole(struct blocks *blocks);

/* @block has just got a free frame and belongs into another set, unless it is
 * current. */
void blocks_resort(struct blocks *blocks, uint64_t block);

/* Whether @frame, not part of a block taken whole, is free. */
static inline bool
blocks_is_free(const struct blocks *blocks, uint64_t frame)
{
    return bitmap_test(blocks->bits, frame);
}

/* Whether blocks_take_bit may be called; else blocks_seek_word comes first. */
static ALWAYS_INLINE bool
blocks_is_ready(const struct blocks *blocks)
{
    return *blocks->word != 0;
}

/* Point word, which is 0, at the next word of its block that is not, round and
 * round. Returns false if the block has none: then it is time for
 * blocks_next_block. */
static ALWAYS_INLINE MUST_CHECK bool
blocks_seek_word(struct blocks *blocks)
{
    uintptr_t word = (uintptr_t)blocks->word;
    uintptr_t first = word & ~(uintptr_t)(BLOCKS_ALIGN - 1);

    if (UNLIKELY(*blocks->word_count == 0)) {
        return false;
    }
    do {
        word = first | ((word + sizeof(uint64_t)) & (BLOCKS_ALIGN - 1));
    } while (*(uint64_t *)word == 0);
    blocks->word = (uint64_t *)word;
    return true;
}

/* The frame that bit 0 of the current word means. */
static ALWAYS_INLINE uint64_t
blocks_word_first(const struct blocks *blocks)
{
    return (uint64_t)(blocks->word - blocks->bits) * BITMAP_WORD_BITS;
}

/* Take a free frame: number blocks_word_first plus the result, below 64. */
static ALWAYS_INLINE uint64_t
blocks_take_bit(struct blocks *blocks)
{
    uint64_t word = *blocks->word;

    *blocks->word = word & (word - 1);
    --*blocks->word_count;
    return bitmap_lowest(word);
}

/* Counts, modulo 64, at which a set begins: 1, 16 and 512. */
#define BLOCKS_EDGES (1ull << 1 | 1ull << BLOCKS_PARTIAL | 1ull << 0)

/* Make @frame, which is not free, free. Returns true if the caller must call
 * blocks_resort(frame / BLOCKS_FRAMES): its block belongs into another set. */
static ALWAYS_INLINE MUST_CHECK bool
blocks_put(struct blocks *blocks, uint64_t frame)
{
    uint16_t count;

    bitmap_set(blocks->bits, frame);
    count = ++blocks->count[frame / BLOCKS_FRAMES];
    return (BLOCKS_EDGES >> (count % 64) & 1) != 0
           && (count <= BLOCKS_PARTIAL || count == BLOCKS_FRAMES);
}

/* Take a whole block, the lowest in its set. Returns its first frame, or
 * BLOCKS_NONE. */
static ALWAYS_INLINE uint64_t
blocks_take_whole(struct blocks *blocks)
{
    uint64_t block = bitmap_tree_take_first(&blocks->set[BLOCKS_WHOLE]);

    if (UNLIKELY(block == BLOCKS_NONE)) {
        return blocks_take_whole_current(blocks);
    }
    blocks->count[block] = 0;
    return block * BLOCKS_FRAMES;
}

/* Give back the block at @first, taken whole. */
static ALWAYS_INLINE void
blocks_put_whole(struct blocks *blocks, uint64_t first)
{
    uint64_t block = first / BLOCKS_FRAMES;

    blocks->count[block] = BLOCKS_FRAMES;
    if (LIKELY(block != blocks->current)) {
        bitmap_tree_add(&blocks->set[BLOCKS_WHOLE], block);
    }
}
