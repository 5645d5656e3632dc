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

/* The commonest fault alone: @page is in the region found last, which has a
 * binding and allows the access, its table exists and its leaf is empty. Returns
 * the region and the leaf; NULL: fault_begin decides. Cost: 42 instructions. */
static ALWAYS_INLINE const struct region *
fault_find_direct(const struct space *space, uint64_t page, uint32_t access,
                  struct mmu_cursor *at)
{
    const struct region *region = space->regions.last;

    if (UNLIKELY(region == NULL || !region_covers(region, page)
                 || (access & ~region->spec.prot) != 0
                 || !mmu_find(&space->tables, vaddr(page << PAGE_SHIFT), at)
                 || !mmu_leaf_is_empty(*at->leaf)
                 || binding_of_region(region) == NULL)) {
        return NULL;
    }
    return region;
}

/* Open a call for the commonest fault. Returns NULL, with nothing changed, for
 * any other. Cost: about 70 instructions. */
static ALWAYS_INLINE struct call *
fault_begin_direct(struct thread *thread, uint64_t page, uint32_t access)
{
    struct mmu_cursor at;
    const struct region *region =
        fault_find_direct(&thread->process->space, page, access, &at);
    struct call *call;

    if (UNLIKELY(region == NULL)) {
        return NULL;
    }
    call = fault_open(thread, region, page, access);
    mmu_set_transit(at, call->slot);
    call->leaf = at.leaf;
    return call;
}

/* pager=kernel: answer the commonest fault with a zeroed page, and ask nobody.
 * Returns whether that was done. */
static ALWAYS_INLINE bool
fault_answer_direct(struct process *process, uint64_t page, uint32_t access)
{
    struct space *space = &process->space;
    vaddr_t address = vaddr(page << PAGE_SHIFT);
    struct mmu_cursor at;
    const struct region *region = fault_find_direct(space, page, access, &at);

    if (UNLIKELY(region == NULL)) {
        return false;
    }
    mmu_set_transit(at, 0);
    if (UNLIKELY(vmm_install_zero(space, address, at.leaf, region->spec.prot)
                 != ST_OK)) {
        vmm_cancel_transit(space, address);
        return false;
    }
    process->faults++;
    return true;
}
