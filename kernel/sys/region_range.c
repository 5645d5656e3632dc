/* SPDX-License-Identifier: MIT */
/*
 * Destroying goes region by region: first its pages, in steps between which others
 * run, then the region, at once. A page that is faulted in behind the step's back
 * belongs to a region that still stands, and the last step looks again. A call
 * that is started again goes on with the regions that are left.
 *
 * Protecting first looks at all regions, a few a step, so that a refusal changes
 * nothing; then it changes a few a step, and their pages with them, in steps between
 * which interrupts come. Of few regions, all is one step. With many, what comes too
 * late to be refused leaves the range changed up to there: no memory for the cut at
 * its end, or another thread that changes the range meanwhile.
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

#define RANGE_STEP_PAGES   8u
#define RANGE_STEP_REGIONS 16u
#define RANGE_STEP_FAULTS  16u

/* In a thread's progress: the regions are known to allow it and being changed. */
#define RANGE_IS_CHANGING (1ull << 63)

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
        start = mmu_found_end(&found);
    }
}

/* The same for faults that ask for a right on a present page: a few of them. Returns
 * true if those were all. */
static bool
region_range_cancel_protection(struct process *process, uint64_t first,
                               uint64_t pages)
{
    unsigned cancelled = 0;

    list_for_each_safe(node, &process->protection_faults) {
        struct call *call = LIST_ENTRY(node, struct call, protection_link);

        if (call->page - first >= pages) {
            continue;
        }
        if (cancelled == RANGE_STEP_FAULTS) {
            return false;
        }
        fault_cancel(call);
        cancelled++;
    }
    return true;
}

/* Empty a part of [*@start, @end), which *@start then is behind: unmap what is
 * mapped, and before that cancel faults, whose leaves in transit must not go while
 * they point at them. Returns false if there is nothing more. */
static bool
region_range_clear_step(struct space *space, vaddr_t *start, vaddr_t end)
{
    struct mmu_found found;

    if (!vmm_next(space, *start, end, &found)) {
        return false;
    }
    *start = vmm_range_limit(space, found.address, end, RANGE_STEP_PAGES);
    region_range_cancel_faults(space, found.address, *start);
    (void)vmm_unmap_range(space, found.address, *start);
    return start->raw < end.raw;
}

/* Empty [@start, @end) in steps; on return nothing is mapped or in transit and
 * no interrupt was let in since the last look. */
static void
region_range_clear(struct space *space, vaddr_t start, vaddr_t end)
{
    while (region_range_clear_step(space, &start, end)) {
        sched_checkpoint();
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

/* Destroy what there is of the first region in pages [*@at, @end), which *@at then
 * is behind. Returns ST_ENOENT if there is none. */
static enum status
region_range_destroy_one(struct process *process, uint64_t *at, uint64_t end)
{
    uint64_t first = *at;
    struct region_tree *tree = &process->space.regions;
    const struct region *region = region_at_or_after(tree, first);

    if (region == NULL || region->spec.base >= end) {
        return ST_ENOENT;
    }
    first = region->spec.base > first ? region->spec.base : first;
    end = region_end(region) < end ? region_end(region) : end;
    *at = end;
    for (;;) {
        region_range_clear(&process->space, vaddr(first << PAGE_SHIFT),
                           vaddr(end << PAGE_SHIFT));
        if (region_range_cancel_protection(process, first, end - first)) {
            break;
        }
        sched_checkpoint();
    }
    return region_destroy(tree, first, end - first, region_range_free, tree);
}

int64_t
region_range_destroy(uint64_t base, uint64_t pages)
{
    struct thread *thread = thread_current();
    uint64_t at = base >> PAGE_SHIFT;
    uint64_t end = at + pages;
    enum status status;

    for (;;) {
        status = region_range_destroy_one(thread->process, &at, end);
        if (status != ST_OK || at == end) {
            break;
        }
        thread->progress++;
        sched_checkpoint();
    }
    if (status == ST_ENOENT && thread->progress != 0) {
        status = ST_OK;
    }
    thread->progress = 0;
    return sched_return(status);
}

/* One piece lost rights: its pages too. */
static void
region_range_shrink(void *context, struct region *region)
{
    struct space *space = context;
    vaddr_t start = vaddr(region->spec.base << PAGE_SHIFT);
    vaddr_t end = vaddr(region_end(region) << PAGE_SHIFT);

    if (region->spec.prot == PROT_NONE) {
        while (region_range_clear_step(space, &start, end)) {
            pmm_hook_pause();
        }
    } else {
        vmm_protect_range(space, start, end, region->spec.prot);
    }
    pmm_hook_pause(); /* finding nothing is long, too, where tables are empty */
}

/* Let others run; a call that is started again goes on with page @at. */
static void
region_range_pause(uint64_t progress)
{
    thread_current()->progress = progress;
    sched_checkpoint();
}

/* Look at [@at, @end), a few regions a step. */
static enum status
region_range_check(const struct region_tree *tree, uint64_t at, uint64_t end,
                   uint32_t prot)
{
    for (;;) {
        enum status status =
            region_check_protect(tree, &at, end, prot, RANGE_STEP_REGIONS);

        if (status != ST_OK || at == end) {
            return status;
        }
        region_range_pause(at);
    }
}

/* Change [@at, @end), a few regions a step. */
static enum status
region_range_change(struct space *space, uint64_t at, uint64_t end,
                    uint32_t prot)
{
    for (;;) {
        uint64_t start = at;
        enum status status = region_check_protect(&space->regions, &at, end,
                                                  prot, RANGE_STEP_REGIONS);

        if (status == ST_OK) {
            status = region_protect(&space->regions, start, at - start, prot,
                                    region_range_shrink, space);
        }
        if (status != ST_OK || at == end) {
            return status;
        }
        region_range_pause(at | RANGE_IS_CHANGING);
    }
}

int64_t
region_range_protect(uint64_t base, uint64_t pages, uint32_t prot)
{
    struct thread *thread = thread_current();
    struct space *space = &thread->process->space;
    uint64_t first = base >> PAGE_SHIFT;
    uint64_t at = thread->progress & ~RANGE_IS_CHANGING;
    enum status status = ST_OK;

    if ((thread->progress & RANGE_IS_CHANGING) == 0) {
        status = region_range_check(&space->regions, at == 0 ? first : at,
                                    first + pages, prot);
        at = first;
    }
    if (status == ST_OK) {
        status = region_range_change(space, at, first + pages, prot);
    }
    thread->progress = 0;
    return status;
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
