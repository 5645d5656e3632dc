/* SPDX-License-Identifier: MIT */
/* The frame table itself, and the names of kinds. */
#include "frame.h"

#include <klib/kassert.h>

KASSERT_STATIC(FRAME_KINDS <= FRAME_KIND_MASK + 1);
KASSERT_STATIC(FRAME_SPACE_SHIFT + FRAME_SPACE_BITS <= 64);
KASSERT_STATIC(FRAME_OBJECT_SHIFT + 20 == 64);

uint64_t *frame_table SECTION(".ro_after_init");
uint64_t frame_limit SECTION(".ro_after_init");

const char *
frame_kind_name(enum frame_kind kind)
{
    static const char *const names[FRAME_KINDS] = {
        [FRAME_RESERVED] = "reserved",
        [FRAME_FREE] = "free",
        [FRAME_KERNEL_IMAGE] = "kernel image",
        [FRAME_PAGE_TABLE] = "page table",
        [FRAME_HEAP] = "kernel heap",
        [FRAME_STACK] = "kernel stack",
        [FRAME_USER] = "user",
        [FRAME_SHARED] = "shared",
        [FRAME_MODULE] = "module",
        [FRAME_DMA] = "dma",
    };

    return (unsigned)kind < FRAME_KINDS ? names[kind] : "?";
}
