/* SPDX-License-Identifier: MIT */
/*
 * The order in both: first the pages, in steps between which others run, then
 * the regions, at once. A page that is faulted in behind the step's back belongs
 * to a region that still stands, and the last step looks again.
 */
#include "region_range.h"

#include <base/align.h>
#include <base/string.h>

#include <ipc/binding.h>
#include <ipc/detach.h>
#include <ipc/endpoint.h>
#include <ipc/fault.h>
#include <mm/vmm.h>
#include <task/process.h>
#include <task/sched.h>

#define RANGE_STEP_PAGES 16u

/* Close the faults that are open in [@start, @end): their waiters try again and
 * find what the range is then. */
static void
region_range_cancel_faults(struct space *space, vaddr_t start, vaddr_t end)
{
    struct mmu_found found;

    while (mmu_next(&space->tables, start, end, &found)) {
        if (mmu_leaf_is_transit(*found.at.leaf)) {
            fault_cancel(call_at(mmu_leaf_slot(*found.at.leaf)));
        }
        start = vaddr(found.address.raw + PAGE_BYTES);
    }
}

/* The same for faults that ask for a right on a present page. */
static void
region_range_cancel_protection(struct process *process, uint64_t base,
                               uint64_t pages)
{
    list_for_each_safe(node, &process->protection_faults) {
        struct call *call = LIST_ENTRY(node, struct call, protection_link);

        if (call->page - (base >> PAGE_SHIFT) < pages) {
            fault_cancel(call);
        }
    }
}

/* Empty [@start, @end) in steps; on return nothing is mapped or in transit and
 * no interrupt was let in since the last look. */
static void
region_range_clear(struct space *space, vaddr_t start, vaddr_t end)
{
    struct mmu_found found;

    while (mmu_next(&space->tables, start, end, &found)) {
        start = vmm_range_limit(space, found.address, end, RANGE_STEP_PAGES);
        region_range_cancel_faults(space, found.address, start);
        (void)vmm_unmap_range(space, found.address, start);
        if (start.raw < end.raw) {
            sched_checkpoint();
        }
    }
}

static void
region_range_free(void *context, struct region *region)
{
    const struct binding *binding = binding_of_region(region);

    if (UNLIKELY(binding != NULL && binding->tells)) {
        detach_region(region);
    } else {
        region_free(context, region);
    }
}

int64_t
region_range_destroy(uint64_t base, uint64_t pages)
{
    struct space *space = &process_current()->space;
    vaddr_t start = vaddr(base);
    vaddr_t end = vaddr(base + pages * PAGE_BYTES);
    struct region *first =
        region_at_or_after(&space->regions, base >> PAGE_SHIFT);

    if (first == NULL || first->spec.base >= end.raw >> PAGE_SHIFT) {
        return ST_ENOENT;
    }
    region_range_clear(space, start, end);
    region_range_cancel_protection(process_current(), base, pages);
    return sched_return(region_destroy(&space->regions, base >> PAGE_SHIFT,
                                       pages, region_range_free,
                                       &space->regions));
}

/* One piece lost rights: its pages too. */
static void
region_range_shrink(void *context, struct region *region)
{
    struct space *space = context;
    vaddr_t start = vaddr(region->spec.base << PAGE_SHIFT);
    vaddr_t end = vaddr(region_end(region) << PAGE_SHIFT);

    if (region->spec.prot == PROT_NONE) {
        /* A leaf in transit must not go while its fault still points at it. */
        region_range_cancel_faults(space, start, end);
        (void)vmm_unmap_range(space, start, end);
    } else {
        vmm_protect_range(space, start, end, region->spec.prot);
    }
}

int64_t
region_range_protect(uint64_t base, uint64_t pages, uint32_t prot)
{
    struct space *space = &process_current()->space;

    return region_protect(&space->regions, base >> PAGE_SHIFT, pages, prot,
                          region_range_shrink, space);
}

void
region_range_describe(const struct space *space, const struct region *region,
                      struct region_info *out)
{
    const struct binding *binding = binding_of_region(region);

    memset(out, 0, sizeof(*out));
    out->id = region->id;
    out->base = region->spec.base << PAGE_SHIFT;
    out->pages = region->spec.pages;
    out->first_page = region->spec.first_page;
    out->resident = vmm_count_resident(
        space, vaddr(out->base), vaddr(out->base + out->pages * PAGE_BYTES));
    out->prot = region->spec.prot;
    out->max_prot = region->spec.max_prot;
    out->kind = region->spec.kind;
    if (binding == NULL) {
        out->source = region->spec.binding == NULL ? REGION_BY_NOBODY
                                                   : REGION_BY_OBJECT;
        return;
    }
    out->rank = binding->endpoint->rank;
    out->badge = binding->badge;
    out->source = REGION_BY_PAGER;
    if (fault_placement == FAULT_BY_KERNEL) {
        out->source = REGION_BY_KERNEL;
    } else if (process_of_space(space->id)->pages_itself
               && process_of_space(space->id)->pager == binding) {
        out->source = REGION_BY_SELF;
    }
    if (binding->endpoint->attached != NULL) {
        out->pager = binding->endpoint->attached->id;
    }
}
