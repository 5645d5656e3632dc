/* SPDX-License-Identifier: MIT */
/* What the PMM tells of itself: figures, and the audit of its invariants. */
#include <base/align.h>

#include <klib/log.h>

#include "frame.h"
#include "pmm_state.h"

uint64_t
pmm_get_total_memory(void)
{
    return pmm.ram_bytes;
}

uint64_t
pmm_get_free_memory(void)
{
    return pmm_count_free() * PAGE_BYTES;
}

uint64_t
pmm_get_used_memory(void)
{
    return pmm_get_total_memory() - pmm_get_free_memory();
}

uint64_t
pmm_count_free(void)
{
    uint64_t free_frames = frame_limit;

    for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
        free_frames -= pmm.count[kind];
    }
    return free_frames;
}

uint64_t
pmm_count(enum frame_kind kind)
{
    return kind == FRAME_FREE ? pmm_count_free() : pmm.count[kind];
}

uint64_t
pmm_count_total(void)
{
    return frame_limit;
}

uint64_t
pmm_count_pooled(void)
{
    return pmm.pool_count;
}

void
pmm_print_stats(void)
{
    klog("=== Frames ===");
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
        klog("%-13s %8llu", frame_kind_name((enum frame_kind)kind),
             (unsigned long long)pmm_count((enum frame_kind)kind));
    }
    klog("%-13s %8llu", "(zeroed)", (unsigned long long)pmm.pool_count);
    klog("%-13s %8llu", "total", (unsigned long long)frame_limit);
}

/* ---- audit ------------------------------------------------------------- */

/* Contradictions are counted all, told only these many. */
#define CHECK_LINES 8u
/* Frames between two pauses of a check: 30 instructions each at most. */
#define CHECK_PAUSE_FRAMES 256u

static uint64_t
pmm_check_fail(uint64_t bad, uint64_t index, const char *fact)
{
    if (bad < CHECK_LINES) {
        klog("pmm: frame %#llx: %s", (unsigned long long)index, fact);
    }
    return bad + 1;
}

/* Every word against its bit; *kinds gets the frames of each kind. Of a 2 MiB
 * frame only the first word counts, for all 512. */
static uint64_t
pmm_check_words(uint64_t *kinds)
{
    uint64_t bad = 0;

    for (uint64_t i = 0; i < frame_limit; i++) {
        uint64_t word = frame_table[i];
        bool is_bitmap_free = (word & (FRAME_KIND_MASK | FRAME_POOLED))
                              == FRAME_FREE;

        if (i % CHECK_PAUSE_FRAMES == 0) {
            pmm_hook_pause();
        }
        if ((word & FRAME_KIND_MASK) >= FRAME_KINDS) {
            bad = pmm_check_fail(bad, i, "unknown kind");
            continue;
        }
        if ((word & FRAME_LARGE) != 0) {
            kinds[frame_kind_of(word)] += PMM_LARGE_FRAMES;
            i += PMM_LARGE_FRAMES - 1;
            continue;
        }
        kinds[frame_kind_of(word)]++;
        if (is_bitmap_free != blocks_is_free(&pmm.blocks, i)) {
            bad = pmm_check_fail(bad, i, "bitmap and frame table disagree");
        }
    }
    return bad;
}

static uint64_t
pmm_check_pool(void)
{
    uint64_t bad = pmm.pool_count > PMM_POOL_FRAMES;

    for (uint32_t i = 0; i < pmm.pool_count; i++) {
        uint64_t index = pmm.pool[i];

        if (index >= frame_limit
            || frame_table[index] != (FRAME_POOLED | FRAME_FREE)) {
            bad = pmm_check_fail(bad, index, "in the pool but not free");
        }
    }
    return bad;
}

uint64_t
pmm_check(void)
{
    uint64_t kinds[FRAME_KINDS] = { 0 };
    uint64_t bitmap_free = 0;
    uint64_t sum = 0;
    uint64_t bad = pmm_check_words(kinds) + pmm_check_pool();

    bad += blocks_check(&pmm.blocks, &bitmap_free);
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
        sum += kinds[kind];
        if (kinds[kind] != pmm_count((enum frame_kind)kind)) {
            bad = pmm_check_fail(bad, kind, "wrong count of this kind");
        }
    }
    /* The conservation law. */
    bad += sum != frame_limit;
    bad += bitmap_free + pmm.pool_count != pmm_count_free();
    bad += pmm.count[FRAME_FREE] != 0;
    return bad;
}
