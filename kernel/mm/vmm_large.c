/* SPDX-License-Identifier: MIT */
/*
 * 2 MiB pages of ring 3. Only the leaf is large: frame table, quota and
 * resident know the 512 pages one by one, before and after.
 *
 *      level 2   | ... | table | ...        | ... | 2 MiB leaf | ...
 *                          |        enlarge            |
 *      level 1   | 512 leaves  |   ------>   space->spare_tables, for the
 *                   | | | |        <------         way back
 *      frames     2 MiB in a row    split
 *
 * The table stays charged and waits with the space, so that a split needs no
 * memory and cannot fail. One table waits for each large leaf. Who changes or
 * takes away single pages splits first (vmm_find, vmm_next); who only looks may
 * meet large leaves.
 */
#include <klib/kassert.h>

#include "vmm_inline.h"
#include "vmm_internal.h"

/* Whether the frame table gives the 512 frames from @first on, which a leaf of
 * ours shows, to pages in order that nobody else sees: then word follows word. */
static bool
vmm_is_private_run(paddr_t first)
{
    const uint64_t *word = frame_word_of(first);
    uint64_t wanted = *word;

    if (frame_kind_of(wanted) != FRAME_USER
        || frame_index_of(first) + PMM_LARGE_FRAMES > frame_limit) {
        return false;
    }
    for (unsigned i = 0; i < PMM_LARGE_FRAMES; i++) {
        if (word[i] != wanted) {
            return false;
        }
        wanted += VMM_PRIVATE_NEXT_PAGE;
    }
    return true;
}

bool
vmm_enlarge(struct space *space, vaddr_t page)
{
    struct mmu_cursor at;
    void **table;

    KASSERT(is_aligned(page.raw, LARGE_PAGE_BYTES));
    if (!mmu_find(&space->tables, page, &at) || !mmu_leaf_is_present(*at.leaf)
        || !vmm_is_private_run(mmu_leaf_frame(*at.leaf))) {
        return false;
    }
    table = mmu_enlarge(&space->tables, page);
    if (table == NULL) {
        return false;
    }
    /* Before the table is written to: the processor may know the way there. */
    if (mmu_is_loaded(space->tables.root)) {
        mmu_flush_user();
    }
    *table = space->spare_tables;
    space->spare_tables = table;
    return true;
}

/* Make 4 KiB leaves of the 2 MiB leaf that covers @page, if one does. */
static void
vmm_split(struct space *space, vaddr_t page)
{
    void **table = space->spare_tables;
    void *next;

    if (table == NULL) {
        return;
    }
    next = *table;
    if (!mmu_split(&space->tables, page, table)) {
        return;
    }
    space->spare_tables = next;
    if (mmu_is_loaded(space->tables.root)) {
        mmu_flush_page(page);
    }
}

bool
vmm_find(struct space *space, vaddr_t page, struct mmu_cursor *out)
{
    if (LIKELY(mmu_find(&space->tables, page, out))) {
        return true;
    }
    vmm_split(space, page);
    return mmu_find(&space->tables, page, out);
}

bool
vmm_next_split(struct space *space, vaddr_t from, vaddr_t end,
               struct mmu_found *out)
{
    vmm_split(space, out->address);
    return mmu_next(&space->tables, from, end, out);
}
