/* SPDX-License-Identifier: MIT */
/* What a page fault runs through of <mm/vmm.h>: its contract is there. */
#pragma once

#include "frame.h"
#include "pmm.h"
#include "vmm.h"

/* Frame flags that a user leaf with @prot sets. Both are powers of two, so these
 * are two shifts and nothing to branch on. */
static inline uint64_t
vmm_prot_flags(uint32_t prot)
{
    return (prot & PROT_WRITE) * (FRAME_MAPPED_W / PROT_WRITE)
           | (prot & PROT_EXEC) * (FRAME_MAPPED_X / PROT_EXEC);
}

/* The frame word, but for its kind, of a frame that @page of @space alone shows
 * with @prot; and what the word of the next page has more. */
static inline uint64_t
vmm_private_word(const struct space *space, vaddr_t page, uint32_t prot)
{
    return frame_private(space->id, page.raw >> PAGE_SHIFT)
           | vmm_prot_flags(prot);
}
#define VMM_PRIVATE_NEXT_PAGE (1ull << FRAME_OWNER_SHIFT)

/* A zeroed frame for @page of @space, charged to it; NULL if there is none. */
static ALWAYS_INLINE void *
vmm_fresh_frame(struct space *space, vaddr_t page, uint32_t prot)
{
    void *frame;

    if (UNLIKELY(quota_charge(space->quota, 1) != ST_OK)) {
        return NULL;
    }
    frame = pmm_alloc_zeroed(FRAME_USER, vmm_private_word(space, page, prot));
    if (UNLIKELY(frame == NULL)) {
        quota_uncharge(space->quota, 1);
    }
    return frame;
}

/* vmm_install_zero, for the two places that count. */
static ALWAYS_INLINE enum status
vmm_install_zero_inline(struct space *space, vaddr_t page, mmu_leaf_t *leaf,
                        uint32_t prot)
{
    void *frame = vmm_fresh_frame(space, page, prot);

    if (UNLIKELY(frame == NULL)) {
        return ST_ENOMEM;
    }
    mmu_transit_to_frame(leaf, physmap_paddr(frame), prot);
    space->resident++;
    return ST_OK;
}
