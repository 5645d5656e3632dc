/* SPDX-License-Identifier: MIT */
/* From a list of RAM and of what is in use to a running PMM. */
#include <base/align.h>
#include <base/string.h>

#include <klib/kassert.h>

#include "frame.h"
#include "pmm_state.h"

/* Until vmm_init, the physmap ends here. */
#define PMM_EARLY_FRAMES (0x100000000ull / PAGE_BYTES)

/* All RAM, and RAM that nobody held when we started. */
static struct memmap pmm_all;
static struct memmap pmm_free;

const struct memmap *
pmm_ram(void)
{
    return &pmm_all;
}

/* The frame table comes first, the bitmap behind it. */
static uint64_t
pmm_words_bytes(uint64_t frames)
{
    return align_up(frames * sizeof(uint64_t), BLOCKS_ALIGN);
}

static uint64_t
pmm_table_bytes(uint64_t frames)
{
    return pmm_words_bytes(frames) + blocks_bytes(frames);
}

static void
pmm_fill_words(uint64_t first, uint64_t end, enum frame_kind kind)
{
    fill_words(&frame_table[first], (uint64_t)kind, end - first);
    if (kind != FRAME_FREE) {
        pmm.count[kind] += end - first;
    }
}

/* Write the words [first, end), each for the first time: FREE for what is in
 * pmm_free, whose frames go to the bitmap, else RESERVED. */
static void
pmm_describe(uint64_t first, uint64_t end)
{
    for (uint32_t i = 0; i < pmm_free.count && first < end; i++) {
        uint64_t low = pmm_free.ranges[i].start / PAGE_BYTES;
        uint64_t high = pmm_free.ranges[i].end / PAGE_BYTES;

        low = low < first ? first : low;
        high = high > end ? end : high;
        if (low >= high) {
            continue;
        }
        pmm_fill_words(first, low, FRAME_RESERVED);
        pmm_fill_words(low, high, FRAME_FREE);
        blocks_add(&pmm.blocks, low, high);
        first = high;
    }
    pmm_fill_words(first, end, FRAME_RESERVED);
}

/* Give the frames that [start, end) touches, RESERVED until now, to @kind. */
static void
pmm_hold_frames(uint64_t start, uint64_t end, enum frame_kind kind)
{
    uint64_t last = start < end ? (end - 1) / PAGE_BYTES + 1 : 0;

    for (uint64_t i = start / PAGE_BYTES; i < last && i < frame_limit; i++) {
        enum frame_kind old = frame_kind_of(frame_table[i]);

        KASSERT(old != FRAME_FREE);
        pmm.count[old]--;
        pmm.count[kind]++;
        frame_table[i] = (uint64_t)kind;
    }
}

bool
pmm_start(const struct memmap_entry *entries, uint32_t count,
          const struct pmm_hold *holds, uint32_t hold_count)
{
    struct memmap_place place;
    uint64_t early;

    memmap_build(&pmm_all, entries, count);
    pmm_free = pmm_all;
    /* Frame 0 holds the firmware's vectors, and a stray NULL would find it. */
    memmap_remove(&pmm_free, 0, PAGE_BYTES);
    for (uint32_t i = 0; i < hold_count; i++) {
        memmap_remove(&pmm_free, holds[i].start, holds[i].end);
    }
    if (!memmap_place_tables(&pmm_free, holds[0].end,
                             PMM_EARLY_FRAMES * PAGE_BYTES, pmm_table_bytes,
                             &place)) {
        return false;
    }
    memmap_remove(&pmm_free, place.start, place.start + place.bytes);

    memset(&pmm, 0, sizeof(pmm));
    pmm.ram_bytes = memmap_ram_bytes(&pmm_all, entries, count);
    pmm.pool_limit = PMM_POOL_FRAMES;
    pmm.high_limit = place.frames;
    early = place.frames < PMM_EARLY_FRAMES ? place.frames : PMM_EARLY_FRAMES;
    frame_table = physmap_at(paddr(place.start));
    frame_limit = early;
    blocks_init(&pmm.blocks,
                (char *)frame_table + pmm_words_bytes(place.frames),
                place.frames);
    pmm_describe(0, early);
    for (uint32_t i = 0; i < hold_count; i++) {
        pmm_hold_frames(holds[i].start, holds[i].end, holds[i].kind);
    }
    pmm_hold_frames(holds[0].start, holds[0].end, holds[0].kind);
    pmm_hold_frames(place.start, place.start + place.bytes, FRAME_KERNEL_IMAGE);
    return true;
}

void
pmm_release_high(void)
{
    if (frame_limit < pmm.high_limit) {
        uint64_t first = frame_limit;

        frame_limit = pmm.high_limit;
        pmm_describe(first, frame_limit);
    }
}

void
pmm_release_reserved(paddr_t start, paddr_t end)
{
    uint64_t first = align_up(start.raw, PAGE_BYTES) / PAGE_BYTES;
    uint64_t last = end.raw / PAGE_BYTES;

    if (first >= last) {
        return;
    }
    KASSERT(last <= frame_limit && first != 0);
    KASSERT(memmap_contains(&pmm_all, first * PAGE_BYTES, last * PAGE_BYTES));
    for (uint64_t i = first; i < last; i++) {
        enum frame_kind kind = frame_kind_of(frame_table[i]);

        KASSERT(kind == FRAME_RESERVED || kind == FRAME_KERNEL_IMAGE
                || kind == FRAME_MODULE);
        pmm.count[kind]--;
        frame_table[i] = FRAME_FREE;
    }
    blocks_add(&pmm.blocks, first, last);
}
