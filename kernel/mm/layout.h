/* SPDX-License-Identifier: MIT */
/*
 * The virtual address space of SecOS, as a drawing and as constants. Every
 * address that is a decision stands here; the user half's stand in
 * <secos/bootinfo.h>, since programs see them, and the physmap's name for the
 * world, VMM_PHYSMAP_BASE, beside its two helpers in <arch/addr.h>.
 *
 *   FFFFFFFF FFFFFFFF +--------------------------+ slot 511
 *                     | (nothing)                |
 *   FFFFFFFF C0000000 +--------------------------+ KERNEL_IMAGE_END
 *                     | kernel image             | physical + KERNEL_IMAGE_BASE
 *                     |  .text    R-X            | 4 KiB pages, so that each
 *                     |  .rodata  R--            | section has its own rights;
 *                     |  .data .bss RW-          | the rest of the GiB unmapped
 *   FFFFFFFF 80000000 +--------------------------+ KERNEL_IMAGE_BASE
 *                     | (nothing)                |
 *   FFFFFF80 00000000 +--------------------------+ HEAP_END
 *                     | heap window              | blocks above a page, RW-,
 *                     |                          | an unmapped guard behind each
 *   FFFFFF40 00000000 +--------------------------+ HEAP_BASE    slot 510
 *                     | (nothing)                |
 *   FFFFFF00 30000000 +--------------------------+ KSTACK_END
 *                     | kernel stacks            | KSTACK_SLOTS of these:
 *                     |                          |    +-----------------+ top
 *                     |                          |    | 2 pages RW-     |
 *                     |                          |    +-----------------+
 *                     |                          |    | guard, unmapped |
 *                     |                          |    +-----------------+
 *   FFFFFF00 00000000 +--------------------------+ KSTACK_BASE
 *                     | (nothing)                |
 *   FFFF8900 00000000 +--------------------------+ PHYSMAP_END
 *                     | physmap                  | all RAM, nothing else, RW-;
 *                     |                          | R-- over .text and .rodata
 *   FFFF8880 00000000 +--------------------------+ VMM_PHYSMAP_BASE  slot 273
 *                     | (nothing)                |
 *   FFFF8000 00000000 +--------------------------+ KERNEL_HALF_BASE  slot 256
 *                     | not canonical            | the processor refuses these
 *   00008000 00000000 +--------------------------+
 *                     | (never mapped)           | the last user page: a syscall
 *   00007FFF FFFFF000 +--------------------------+ USER_END     there would
 *                     | (nothing)                |   return to 2^47
 *   00007FFF FFFF0000 +--------------------------+ USER_STACK_TOP
 *                     | first stack, RW-         | grows down over a guard page
 *                     |            :             |
 *                     | regions without a place  | found by region_find_hole
 *   00001000 00000000 +--------------------------+ USER_MAP_BASE
 *                     |            :             |
 *                     | program                  |
 *   00000000 00400000 +--------------------------+ USER_IMAGE_BASE
 *                     |            :             |
 *   00000000 00010000 +--------------------------+ USER_BASE
 *                     | (never mapped)           | where NULL points
 *   00000000 00000000 +--------------------------+ slot 0
 *
 * A slot is one entry of a top-level table (PML4): 512 GiB. Slots 0-255 belong
 * to the space, 256-511 are the same in every space and have no U bit. Those
 * that SecOS will ever use (physmap, 510, 511) are filled by vmm_init, so that
 * a new space copies three entries and never has to hear of later changes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/bootinfo.h>

#include <base/align.h>

#include <arch/addr.h>

/* End of the half that spaces own, and first address of the kernel's. */
#define USER_HALF_END    0x0000800000000000ull
#define KERNEL_HALF_BASE 0xFFFF800000000000ull

/* Where page tables place the physmap. In the kernel this is VMM_PHYSMAP_BASE; in
 * a host test, physmap_at reaches an arena of the host instead. */
#define PHYSMAP_BASE 0xFFFF888000000000ull

/* One slot: RAM above this physical address is not used (MEMMAP_LIMIT). */
#define PHYSMAP_BYTES 0x0000008000000000ull
#define PHYSMAP_END   (PHYSMAP_BASE + PHYSMAP_BYTES)

/* Where the kernel is linked: its physical address plus KERNEL_IMAGE_BASE. */
#define KERNEL_IMAGE_BASE 0xFFFFFFFF80000000ull
#define KERNEL_IMAGE_END  0xFFFFFFFFC0000000ull

/* One stack per thread, one slot per stack. Two pages: the deepest chain of
 * frames is bounded by -Wstack-usage and measured by tests/tools. */
#define KSTACK_BASE        0xFFFFFF0000000000ull
#define KSTACK_PAGES       2ull
#define KSTACK_GUARD_PAGES 1ull
#define KSTACK_SLOT_BYTES  ((KSTACK_PAGES + KSTACK_GUARD_PAGES) * PAGE_BYTES)
#define KSTACK_SLOTS       65536ull
#define KSTACK_END         (KSTACK_BASE + KSTACK_SLOTS * KSTACK_SLOT_BYTES)

/* Kernel heap blocks too large for a slab. */
#define HEAP_BASE 0xFFFFFF4000000000ull
#define HEAP_END  0xFFFFFF8000000000ull

_Static_assert(KSTACK_END == 0xFFFFFF0030000000ull, "as drawn");
_Static_assert(HEAP_BASE >= KSTACK_END, "windows do not overlap");
_Static_assert(USER_END == USER_HALF_END - PAGE_BYTES, "as drawn");

/* Lowest mapped page of kernel stack @slot; the guard page is below it. */
static inline vaddr_t
layout_kstack_base(uint64_t slot)
{
    return vaddr(KSTACK_BASE + slot * KSTACK_SLOT_BYTES
                 + KSTACK_GUARD_PAGES * PAGE_BYTES);
}

/* End of kernel stack @slot: what rsp0 is set to. */
static inline vaddr_t
layout_kstack_top(uint64_t slot)
{
    return vaddr(KSTACK_BASE + (slot + 1) * KSTACK_SLOT_BYTES);
}

/* Whether a user page may begin at @address. */
static inline bool
layout_is_user_page(vaddr_t address)
{
    return is_aligned(address.raw, PAGE_BYTES) && address.raw >= USER_BASE
           && address.raw < USER_END;
}
