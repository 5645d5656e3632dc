/* SPDX-License-Identifier: MIT */
/* What a page fault runs through of <mm/vmm.h>: its contract is there. */
#pragma once

#include "frame.h"
#include "pmm_inline.h"
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

/* A zeroed frame for @page of @space, charged to it, to be shown there with @prot;
 * NULL, nothing changed, where quota or frame are not at hand. Without a call in
 * it. Cost: 35 instructions with a pre-zeroed frame. */
static ALWAYS_INLINE void *
vmm_try_zeroed(struct space *space, vaddr_t page, uint32_t prot)
{
    void *frame;

    if (UNLIKELY(!quota_has(space->quota, 1))) {
        return NULL;
    }
    frame = pmm_try_zeroed(FRAME_USER, vmm_private_word(space, page, prot));
    if (LIKELY(frame != NULL)) {
        space->quota->used++;
        space->resident++;
    }
    return frame;
}

/* vmm_install_zero where quota and frame are at hand; false, nothing changed: ask
 * it. Cost: 45 instructions with a pre-zeroed frame. */
static ALWAYS_INLINE bool
vmm_try_install_zero(struct space *space, vaddr_t page, mmu_leaf_t *leaf,
                     uint32_t prot)
{
    void *frame = vmm_try_zeroed(space, page, prot);

    if (UNLIKELY(frame == NULL)) {
        return false;
    }
    mmu_transit_to_frame(leaf, physmap_paddr(frame), prot);
    return true;
}
