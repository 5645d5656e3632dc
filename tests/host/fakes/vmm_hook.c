/* SPDX-License-Identifier: MIT */
/* mm/ without the memory objects of ipc/ above it: no frame is anybody else's. */
#include <mm/vmm.h>

#include "fakes.h"

bool
vmm_hook_shared_unmapped(struct space *space, vaddr_t page, void *frame)
{
    (void)space;
    (void)page;
    (void)frame;
    return false;
}

enum status
vmm_hook_shared_claim(struct space *space, vaddr_t page, void *frame)
{
    (void)page;
    (void)frame;
    (void)space;
    return ST_EBUSY;
}
