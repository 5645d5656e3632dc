/* SPDX-License-Identifier: MIT */
/* What the vmm_*.c files share, and nobody else. */
#pragma once

#include "vmm.h"
#include "vmm_inline.h"

/* The kernel half and its tables, as space 0. It has no regions and no quota;
 * the user half of its root stays empty for ever. */
extern struct space vmm_kernel;

/* The three root slots that are filled in every space: physmap, windows, image.
 * An address in each. */
#define VMM_SHARED_SLOTS 3u
extern const uint64_t vmm_shared_slots[VMM_SHARED_SLOTS];

/* Where the sections of the kernel image are; from the linker script, or from a
 * test. */
struct vmm_image {
    vaddr_t text_start; /* .text and then .rodata, never writable */
    vaddr_t text_end;
    vaddr_t rodata_end;
    vaddr_t data_start; /* .ro_after_init first */
    vaddr_t ro_after_init_end;
    vaddr_t data_end;
};

/* Make the kernel half in vmm_kernel for RAM as @ram says. Panics if memory is
 * short. Context: boot; does not load it. */
struct memmap;
void vmm_build_kernel_half(const struct memmap *ram,
                           const struct vmm_image *image);

/* What vmm_build_kernel_half was given; for the audit and vmm_seal. */
extern struct vmm_image vmm_image;

/* Where in RAM a kernel image address is. */
static inline paddr_t
vmm_image_paddr(vaddr_t address)
{
    return paddr(address.raw - KERNEL_IMAGE_BASE);
}

#define VMM_MAPPED_FLAGS (FRAME_MAPPED_W | FRAME_MAPPED_X)

/* The living space with the lowest number above @id, or NULL. */
struct space *vmm_next_space(uint32_t id);

/* Leaves that show a frame which cost as much as one page more: the record of one
 * leaf is looked for among those of all. */
#define VMM_SIGHTS_PER_PAGE 16u

/* What the leaf @found counts for in a step that may drop it, in pages. */
static inline unsigned
vmm_leaf_weight(const struct mmu_found *found)
{
    uint64_t word;

    if (!mmu_leaf_is_present(*found->at.leaf)) {
        return 1;
    }
    word = *frame_word_of(mmu_leaf_frame(*found->at.leaf));
    return frame_kind_of(word) != FRAME_SHARED
               ? 1
               : 1 + frame_count(word) / VMM_SIGHTS_PER_PAGE;
}

/* Empty the leaf @at of @batch's space, whatever it is, and let go of its
 * frame. */
void vmm_drop_leaf(struct tlb_batch *batch, const struct mmu_found *at);
