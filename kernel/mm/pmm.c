/* SPDX-License-Identifier: MIT */
/* Frames and their kinds: the bitmap of mm/blocks.h and the table of mm/frame.h
 * under one roof. Starting up stands in pmm_init.c and pmm_start.c, audit and
 * reports in pmm_report.c. */
#include "pmm.h"

#include <klib/kassert.h>
#include <klib/panic.h>

#include "frame.h"
#include "pmm_inline.h"
#include "pmm_state.h"

KASSERT_STATIC(PMM_LARGE_FRAMES == BLOCKS_FRAMES);

/* The pool takes a frame only while this many others are free, so that idle
 * work never causes the shortage that would undo it. */
#define POOL_LOW_WATER 256u

struct pmm_state pmm;

/* Kinds that pmm_free_frame takes back. Parts of the kernel image and modules
 * go through pmm_release_reserved. A bit set for every such kind, and none for
 * the same kind with FRAME_LARGE, which is the fifth bit of the index. */
#define KINDS_OWNED                                                \
    (1u << FRAME_PAGE_TABLE | 1u << FRAME_HEAP | 1u << FRAME_STACK \
     | 1u << FRAME_USER | 1u << FRAME_SHARED | 1u << FRAME_DMA)
#define KINDS_INDEX_MASK (FRAME_KIND_MASK | FRAME_LARGE)

/* ---- refusals ---------------------------------------------------------- */

static const char *
pmm_why_not(const void *frame)
{
    enum frame_kind kind;

    if (!frame_is_known(frame)) {
        return "is no frame";
    }
    if (!is_aligned(physmap_paddr(frame).raw, PAGE_BYTES)) {
        return "is not the start of a frame";
    }
    kind = frame_kind_of(*frame_word(frame));
    if (kind == FRAME_FREE) {
        return "is free already";
    }
    if ((KINDS_OWNED >> kind & 1) == 0) {
        return "was never handed out";
    }
    return "has another size";
}

/* Does not return, but does not say so: then the compiler jumps here instead of
 * calling, and the return address is that of the function's caller. */
static COLD void
pmm_refuse_free(const void *frame)
{
    panic("pmm: free of %p by %p: it %s", frame, __builtin_return_address(0),
          pmm_why_not(frame));
}

/* ---- single frames ----------------------------------------------------- */

/* The current word is another one. */
static ALWAYS_INLINE void
pmm_word_changed(void)
{
    uint64_t first = blocks_word_first(&pmm.blocks);

    pmm.word_table = &frame_table[first];
    pmm.word_memory = frame_at(first);
}

/* The current block is drained: take from another, in the end from the pool. */
static NOINLINE void *
pmm_alloc_next_block(enum frame_kind kind, uint64_t owner)
{
    if (!blocks_next_block(&pmm.blocks)) {
        return pmm.pool_count == 0 ? NULL : pmm_take_pooled(kind, owner);
    }
    pmm_word_changed();
    return pmm_take(kind, owner);
}

/* The current word is drained. Two functions, so that the common half has no
 * registers to save. */
static NOINLINE void *
pmm_alloc_next_word(enum frame_kind kind, uint64_t owner)
{
    if (!blocks_seek_word(&pmm.blocks)) {
        return pmm_alloc_next_block(kind, owner);
    }
    pmm_word_changed();
    return pmm_take(kind, owner);
}

void *
pmm_alloc_kind(enum frame_kind kind, uint64_t owner)
{
    if (UNLIKELY(!blocks_is_ready(&pmm.blocks))) {
        return pmm_alloc_next_word(kind, owner);
    }
    return pmm_take(kind, owner);
}

void *
pmm_alloc_frame(void)
{
    return pmm_alloc_kind(FRAME_HEAP, 0);
}

void *
pmm_alloc_zeroed(enum frame_kind kind, uint64_t owner)
{
    void *frame = pmm_try_zeroed(kind, owner);

    if (LIKELY(frame != NULL)) {
        return frame;
    }
    frame = pmm_alloc_next_word(kind, owner);
    return frame == NULL ? NULL : mmu_clear_frame(frame);
}

/* The number of the frame that begins at @frame. Rotating the low bits to the
 * top makes an unaligned address as large a number as one outside the physmap:
 * one comparison judges both. */
static ALWAYS_INLINE uint64_t
pmm_index(const void *frame)
{
    uint64_t address = physmap_paddr(frame).raw;

    return address >> PAGE_SHIFT | address << (64 - PAGE_SHIFT);
}

/* Whether a single frame with this word is somebody's. */
static ALWAYS_INLINE bool
pmm_is_owned(uint64_t word)
{
    return (KINDS_OWNED >> (word & KINDS_INDEX_MASK) & 1) != 0;
}

/* Put frame @index, which no kind counts any more, back into the bitmap. */
static ALWAYS_INLINE void
pmm_put(uint64_t index)
{
    frame_table[index] = FRAME_FREE;
    if (UNLIKELY(blocks_put(&pmm.blocks, index))) {
        blocks_resort(&pmm.blocks, index / BLOCKS_FRAMES);
    }
}

void
pmm_free_frame(void *frame)
{
    uint64_t index = pmm_index(frame);
    uint64_t word;

    if (UNLIKELY(index >= frame_limit)) {
        pmm_refuse_free(frame);
        return;
    }
    word = frame_table[index];
    if (UNLIKELY(!pmm_is_owned(word))) {
        pmm_refuse_free(frame);
        return;
    }
    pmm.count[word & KINDS_INDEX_MASK]--;
    pmm_put(index);
}

void
pmm_set_kind(void *frame, enum frame_kind kind, uint64_t owner)
{
    uint64_t index = pmm_index(frame);

    KASSERT(index < frame_limit && pmm_is_owned(frame_table[index]));
    KASSERT(pmm_is_owned(kind));
    pmm.count[frame_kind_of(frame_table[index])]--;
    pmm.count[kind]++;
    frame_table[index] = owner | (uint64_t)kind;
}

/* ---- many frames ------------------------------------------------------- */

/* Book the block at @first, just taken whole. */
static ALWAYS_INLINE void *
pmm_book_large(uint64_t first)
{
    frame_table[first] = FRAME_LARGE | FRAME_DMA;
    pmm.count[FRAME_DMA] += PMM_LARGE_FRAMES;
    return frame_at(first);
}

/* No block is whole: perhaps with the pool's frames one is. */
static NOINLINE void *
pmm_alloc_large_slow(void)
{
    uint64_t first;

    if (!pmm_pool_drain()) {
        return NULL;
    }
    first = blocks_take_whole(&pmm.blocks);
    return first == BLOCKS_NONE ? NULL : pmm_book_large(first);
}

void *
pmm_alloc_large(void)
{
    uint64_t first = blocks_take_whole(&pmm.blocks);

    if (UNLIKELY(first == BLOCKS_NONE)) {
        return pmm_alloc_large_slow();
    }
    return pmm_book_large(first);
}

void
pmm_free_large(void *frame)
{
    uint64_t index = pmm_index(frame);

    if (UNLIKELY(index >= frame_limit
                 || frame_table[index] != (FRAME_LARGE | FRAME_DMA))) {
        pmm_refuse_free(frame);
        return;
    }
    frame_table[index] = FRAME_FREE;
    pmm.count[FRAME_DMA] -= PMM_LARGE_FRAMES;
    blocks_put_whole(&pmm.blocks, index);
}

bool
pmm_open_large(void)
{
    if (!blocks_open_whole(&pmm.blocks)) {
        return false;
    }
    pmm_word_changed();
    (void)pmm_pool_drain();
    return true;
}

void *
pmm_alloc_run(uint64_t frames)
{
    uint64_t first;

    KASSERT(frames > 0);
    first = blocks_take_run(&pmm.blocks, frames);
    if (first == BLOCKS_NONE && pmm_pool_drain()) {
        first = blocks_take_run(&pmm.blocks, frames);
    }
    if (first == BLOCKS_NONE) {
        return NULL;
    }
    for (uint64_t i = 0; i < frames; i++) {
        frame_table[first + i] = FRAME_DMA;
    }
    pmm.count[FRAME_DMA] += frames;
    return frame_at(first);
}

void
pmm_free_run(void *first, uint64_t frames)
{
    for (uint64_t i = 0; i < frames; i++) {
        pmm_free_frame((char *)first + i * PAGE_BYTES);
    }
}

/* ---- pre-zeroed pool --------------------------------------------------- */

bool
pmm_pool_refill_one(void)
{
    uint64_t index;

    if (pmm.pool_count >= pmm.pool_limit
        || pmm_count_free() - pmm.pool_count <= POOL_LOW_WATER) {
        return false;
    }
    if (!blocks_is_ready(&pmm.blocks)) {
        if (!blocks_seek_word(&pmm.blocks) && !blocks_next_block(&pmm.blocks)) {
            return false;
        }
        pmm_word_changed();
    }
    index = blocks_word_first(&pmm.blocks) + blocks_take_bit(&pmm.blocks);
    (void)mmu_clear_frame(frame_at(index));
    frame_table[index] = FRAME_POOLED | FRAME_FREE;
    pmm.pool[pmm.pool_count++] = index;
    return true;
}

/* Move one pooled frame back into the bitmap. */
static void
pmm_pool_drop_one(void)
{
    pmm_put(pmm.pool[--pmm.pool_count]);
}

/* Empty the pool. Returns whether it held anything. */
bool
pmm_pool_drain(void)
{
    bool any = pmm.pool_count != 0;

    while (pmm.pool_count != 0) {
        pmm_pool_drop_one();
    }
    return any;
}

void
pmm_pool_set_limit(uint32_t frames)
{
    pmm.pool_limit = frames < PMM_POOL_FRAMES ? frames : PMM_POOL_FRAMES;
    while (pmm.pool_count > pmm.pool_limit) {
        pmm_pool_drop_one();
    }
}
