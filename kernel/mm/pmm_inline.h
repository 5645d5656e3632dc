/* SPDX-License-Identifier: MIT */
/* The part of <mm/pmm.h> that a page fault runs through. */
#pragma once

#include <arch/mmu.h>

#include "frame.h"
#include "pmm.h"
#include "pmm_state.h"

/* A kernel that watches its memory (tests/check) hears of frames through the
 * functions that hand them out; here there is none, so it is told. */
#ifdef PMM_WATCHED
void pmm_watch_taken(void *frame);
#else
static ALWAYS_INLINE void
pmm_watch_taken(UNUSED void *frame)
{
}
#endif

/* Take a frame from the current word, which has one. */
static ALWAYS_INLINE void *
pmm_take(enum frame_kind kind, uint64_t owner)
{
    uint64_t bit = blocks_take_bit(&pmm.blocks);

    pmm.word_table[bit] = owner | (uint64_t)kind;
    pmm.count[kind]++;
    return pmm.word_memory + (bit << PAGE_SHIFT);
}

/* Take a frame out of the pool, which is not empty. */
static ALWAYS_INLINE void *
pmm_take_pooled(enum frame_kind kind, uint64_t owner)
{
    uint64_t index = pmm.pool[--pmm.pool_count];

    frame_table[index] = owner | (uint64_t)kind;
    pmm.count[kind]++;
    return frame_at(index);
}

/* pmm_alloc_zeroed where that needs no search; NULL: ask it. Without a call in it,
 * so that its users have no registers to save. Cost: 15 instructions from the
 * pool, else 25 besides zeroing. */
static ALWAYS_INLINE void *
pmm_try_zeroed(enum frame_kind kind, uint64_t owner)
{
    void *frame;

    if (LIKELY(pmm.pool_count != 0)) {
        frame = pmm_take_pooled(kind, owner);
    } else if (LIKELY(blocks_is_ready(&pmm.blocks))) {
        frame = mmu_clear_frame(pmm_take(kind, owner));
    } else {
        return NULL;
    }
    if (frame == NULL) {
        UNREACHABLE(); /* so that no caller's test of it costs anything */
    }
    pmm_watch_taken(frame);
    return frame;
}
