/* SPDX-License-Identifier: MIT */
/* Many pages of a space: the steps of long operations. */
#include <klib/kassert.h>

#include "vmm_internal.h"

/* Pages between two pauses of what may be long. */
#define RANGE_PAUSE_PAGES 16u

vaddr_t
vmm_table_end(vaddr_t at, vaddr_t end)
{
    uint64_t border = align_down(at.raw, LARGE_PAGE_BYTES) + LARGE_PAGE_BYTES;

    return border < end.raw ? vaddr(border) : end;
}

vaddr_t
vmm_range_limit(struct space *space, vaddr_t start, vaddr_t end,
                unsigned max_pages)
{
    struct mmu_found found;
    vaddr_t at = start;

    end = vmm_table_end(start, end);
    for (unsigned pages = 0; pages < max_pages;) {
        unsigned weight;

        if (!vmm_next(space, at, end, &found)) {
            return end;
        }
        weight = vmm_leaf_weight(&found);
        if (pages != 0 && pages + weight > max_pages) {
            break;
        }
        pages += weight;
        at = mmu_found_end(&found);
    }
    return at;
}

uint64_t
vmm_unmap_range(struct space *space, vaddr_t start, vaddr_t end)
{
    uint64_t before = space->resident;
    struct mmu_found found;
    struct tlb_batch batch;
    vaddr_t at = start;

    tlb_begin(&batch, space);
    while (vmm_next(space, at, end, &found)) {
        at = mmu_found_end(&found);
        vmm_drop_leaf(&batch, &found);
    }
    tlb_commit(&batch);
    return before - space->resident;
}

/* One step of vmm_protect_range. */
static void
vmm_protect_step(struct space *space, vaddr_t start, vaddr_t end, uint32_t prot)
{
    struct mmu_found found;
    struct tlb_batch batch;
    vaddr_t at = start;

    tlb_begin(&batch, space);
    while (vmm_next(space, at, end, &found)) {
        mmu_leaf_t *leaf = found.at.leaf;
        void *frame;

        at = mmu_found_end(&found);
        if (!mmu_leaf_is_present(*leaf) || mmu_leaf_prot(*leaf) == prot) {
            continue;
        }
        KASSERT((prot & ~mmu_leaf_prot(*leaf)) == 0);
        mmu_set_prot(leaf, prot);
        tlb_add_page(&batch, found.address);
        frame = physmap_at(mmu_leaf_frame(*leaf));
        if (frame_kind_of(*frame_word(frame)) == FRAME_USER) {
            frame_remove_flags(frame, VMM_MAPPED_FLAGS);
            frame_add_flags(frame, vmm_prot_flags(prot));
        }
    }
    tlb_commit(&batch);
}

void
vmm_protect_range(struct space *space, vaddr_t start, vaddr_t end,
                  uint32_t prot)
{
    struct mmu_found found;

    KASSERT((prot & PROT_READ) != 0);
    while (vmm_next(space, start, end, &found)) {
        start = vmm_range_limit(space, found.address, end, RANGE_PAUSE_PAGES);
        vmm_protect_step(space, found.address, start, prot);
        pmm_hook_pause();
    }
}

/* Pages of [@start, @end) that the leaf @found shows, one or many. */
static uint64_t
vmm_present_pages(const struct mmu_found *found, vaddr_t start, vaddr_t end)
{
    uint64_t low = found->address.raw;
    uint64_t high = mmu_found_end(found).raw;

    if (!mmu_leaf_is_present(*found->at.leaf)) {
        return 0;
    }
    low = low < start.raw ? start.raw : low;
    high = high < end.raw ? high : end.raw;
    return (high - low) / PAGE_BYTES;
}

uint64_t
vmm_count_resident(const struct space *space, vaddr_t start, vaddr_t end)
{
    struct mmu_found found;
    uint64_t count = 0;

    while (mmu_next(&space->tables, start, end, &found)) {
        vaddr_t limit = vmm_table_end(found.address, end);

        do {
            count += vmm_present_pages(&found, start, end);
            start = mmu_found_end(&found);
        } while (count % RANGE_PAUSE_PAGES != 0
                 && mmu_next(&space->tables, start, limit, &found));
        pmm_hook_pause();
    }
    return count;
}
