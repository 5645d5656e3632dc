/* SPDX-License-Identifier: MIT */
/* Flush first, then free: see tlb.h. */
#include "tlb.h"

#include <klib/kassert.h>

#include "pmm.h"
#include "quota.h"
#include "vmm_internal.h"

void
tlb_begin(struct tlb_batch *batch, struct space *space)
{
    KASSERT(space->batch == NULL);
    batch->space = space;
    batch->pages = 0;
    batch->frames = 0;
    batch->uncharge = 0;
    space->batch = batch;
}

void
tlb_add_page(struct tlb_batch *batch, vaddr_t page)
{
    if (batch->pages < TLB_FLUSH_PAGES) {
        batch->page[batch->pages] = page;
    }
    batch->pages++;
}

/* Kernel pages may be cached whatever is loaded; pages of a space that is not
 * loaded cannot be, since loading CR3 dropped them. */
static void
tlb_flush(const struct tlb_batch *batch)
{
    bool is_kernel = batch->space == &vmm_kernel;

    if (!is_kernel && !mmu_is_loaded(batch->space->tables.root)) {
        return;
    }
    if (batch->pages > 0 && batch->pages <= TLB_FLUSH_PAGES) {
        for (uint32_t i = 0; i < batch->pages; i++) {
            mmu_flush_page(batch->page[i]);
        }
    } else if (is_kernel) {
        mmu_flush_all();
    } else {
        mmu_flush_user();
    }
}

static void
tlb_flush_and_free(struct tlb_batch *batch)
{
    if (batch->pages == 0 && batch->frames == 0) {
        return;
    }
    tlb_flush(batch);
    for (uint32_t i = 0; i < batch->frames; i++) {
        pmm_free_frame(batch->frame[i]);
    }
    if (batch->uncharge != 0) {
        quota_uncharge(batch->space->quota, batch->uncharge);
    }
    batch->pages = 0;
    batch->frames = 0;
    batch->uncharge = 0;
}

void
tlb_add_frame(struct tlb_batch *batch, void *frame, bool charged)
{
    /* What is freed here early was unlinked before this call: it is covered
     * by this flush. */
    if (UNLIKELY(batch->frames == TLB_BATCH_FRAMES)) {
        tlb_flush_and_free(batch);
    }
    batch->frame[batch->frames++] = frame;
    batch->uncharge += charged;
}

void
tlb_commit(struct tlb_batch *batch)
{
    tlb_flush_and_free(batch);
    batch->space->batch = NULL;
}
