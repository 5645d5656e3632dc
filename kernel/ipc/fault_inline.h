/* SPDX-License-Identifier: MIT */
/* The first half of the commonest fault, inline in the trap's path. What it means
 * is told in fault.h; fault.c has every other case. */
#pragma once

#include <secos/fault.h>
#include <secos/ipc.h>

#include <arch/mmu.h>
#include <mm/region.h>
#include <mm/vmm.h>
#include <task/process.h>

#include "binding.h"
#include "fault.h"

/* Make the thread's call a fault: ask the pager of @region for @page. */
static ALWAYS_INLINE struct call *
fault_open(struct thread *thread, const struct region *region, uint64_t page,
           uint32_t access)
{
    const struct binding *binding = region->spec.binding;
    struct call *call = thread->call;
    uint64_t run = region_end(region) - page;

    call->is_fault = true;
    call->access = access;
    call->badge = BADGE_KERNEL | binding->badge;
    call->endpoint = binding->endpoint;
    call->space = &thread->process->space;
    call->page = page;
    call->pager_page = region_pager_page(region, page);
    call->run = run < FAULT_RUN_MAX ? run : FAULT_RUN_MAX;
    return call;
}

/* The commonest case of fault_begin alone: @page is in the region found last, its
 * table exists, its leaf is empty and a server pages it. Returns the call opened
 * for it, or NULL with nothing changed: then fault_begin decides.
 * Cost: about 60 instructions. */
static ALWAYS_INLINE struct call *
fault_begin_direct(struct thread *thread, uint64_t page, uint32_t access)
{
    struct space *space = &thread->process->space;
    const struct region *region = space->regions.last;
    struct mmu_cursor at;
    struct call *call;

    if (UNLIKELY(region == NULL || !region_covers(region, page)
                 || (access & ~region->spec.prot) != 0
                 || !mmu_find(&space->tables, vaddr(page << PAGE_SHIFT), &at)
                 || !mmu_leaf_is_empty(*at.leaf)
                 || binding_of_region(region) == NULL
                 || fault_placement != FAULT_BY_SERVER)) {
        return NULL;
    }
    call = fault_open(thread, region, page, access);
    mmu_set_transit(at, call->slot);
    call->leaf = at.leaf;
    return call;
}
