/* SPDX-License-Identifier: MIT */
/* Copy-on-write views. */
#include "memory_view.h"

#include <secos/region.h>

#include <mm/frame.h>
#include <mm/region.h>
#include <mm/tlb.h>
#include <mm/vmm.h>
#include <task/process.h>

#include "binding.h"
#include "detach.h"
#include "memory_object.h"

/* The child's region over the same pages, for the same pager. */
static enum status
memory_view_add_region(struct process *child, const struct region *region,
                       vaddr_t start, vaddr_t end)
{
    struct binding *binding = binding_of_region(region);
    struct region_spec spec = region->spec;
    struct region *ignored;
    enum status status;

    spec.base = start.raw >> PAGE_SHIFT;
    spec.pages = (end.raw - start.raw) >> PAGE_SHIFT;
    spec.first_page = region_pager_page(region, spec.base);
    if (spec.kind == REGION_GUARD) {
        return region_create(&child->space.regions, &spec, &ignored);
    }
    if (binding == NULL) {
        return ST_EINVAL;
    }
    status = detach_bind(child, binding, &binding);
    if (status == ST_OK) {
        spec.binding = binding;
        status = region_create(&child->space.regions, &spec, &ignored);
        object_put(&binding->object);
    }
    return status;
}

static enum status
memory_view_page(struct memory_object *views, struct process *parent,
                 struct process *child, const struct mmu_found *found)
{
    mmu_leaf_t *leaf = found->at.leaf;
    void *frame;

    if (!mmu_leaf_is_present(*leaf)) {
        return ST_OK; /* asked for, and not there yet */
    }
    frame = physmap_at(mmu_leaf_frame(*leaf));
    if (frame_kind_of(*frame_word(frame)) == FRAME_USER) {
        memory_object_adopt(views, &parent->space, found->address, leaf);
    }
    return memory_object_show(&child->space, found->address, frame,
                              mmu_leaf_prot(*leaf));
}

/* Not in line with its caller: two arrays are too much for one stack frame. */
static NOINLINE enum status
memory_view_pages(struct memory_object *views, struct process *parent,
                  struct process *child, const struct mmu_found *found,
                  unsigned count)
{
    enum status status = ST_OK;
    struct tlb_batch batch;

    tlb_begin(&batch, &parent->space);
    for (unsigned i = 0; i < count && status == ST_OK; i++) {
        status = memory_view_page(views, parent, child, &found[i]);
    }
    tlb_commit(&batch);
    return status;
}

enum status
/* NOLINTNEXTLINE(readability-function-size): both sides, what and where */
memory_view_show(struct memory_object *views, struct process *parent,
                 struct process *child, const struct region *region,
                 vaddr_t start, vaddr_t *end)
{
    struct mmu_found found[MEMORY_VIEW_STEP];
    enum status status;
    vaddr_t at = start;
    unsigned count = 0;

    /* Nothing may lie between; but beyond the first page's table it could be far. */
    while (count < MEMORY_VIEW_STEP
           && vmm_next(&parent->space, at, *end, &found[count])) {
        at = mmu_found_end(&found[count]);
        *end = vmm_table_end(found[count].address, *end);
        count++;
    }
    if (count == MEMORY_VIEW_STEP) {
        *end = at;
    }
    status = memory_view_add_region(child, region, start, *end);
    return status == ST_OK
               ? memory_view_pages(views, parent, child, found, count)
               : status;
}

/* The page at the leaf @found may be written to again, if it is the parent's
 * alone. */
static void
memory_view_give_back(struct process *parent, const struct mmu_found *found)
{
    const struct region *region =
        region_lookup(&parent->space.regions, found->address.raw >> PAGE_SHIFT);
    uint64_t word;

    if (!mmu_leaf_is_present(*found->at.leaf) || region == NULL) {
        return;
    }
    word = *frame_word_of(mmu_leaf_frame(*found->at.leaf));
    if (frame_kind_of(word) == FRAME_SHARED && memory_object_is_view(word)
        && frame_count(word) == 1
        && vmm_install_copy(&parent->space, found->address, found->at.leaf,
                            region->spec.prot)
               != ST_OK) {
        return; /* another's object pays: a write will ask again */
    }
}

void
memory_view_undo(struct process *parent, struct process *child, vaddr_t start,
                 vaddr_t end)
{
    struct mmu_found found;

    if (!child->ending) {
        (void)vmm_unmap_range(&child->space, start, end);
    }
    while (vmm_next(&parent->space, start, end, &found)) {
        start = mmu_found_end(&found);
        memory_view_give_back(parent, &found);
    }
}
