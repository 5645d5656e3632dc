/* SPDX-License-Identifier: MIT */
/* The pages of a space: frames come, are shown, and go. */
#include <base/string.h>

#include <klib/kassert.h>

#include "vmm_internal.h"

/* ---- frames come and go --------------------------------------------------- */

/* Whether @prot is one that a user page can have: rule (a). */
static bool
vmm_is_page_prot(uint32_t prot)
{
    return prot == PROT_READ || prot == (PROT_READ | PROT_WRITE)
           || prot == (PROT_READ | PROT_EXEC);
}

/* Give @frame to @page of @space, as vmm_map_in_space promises: rule (b). */
static enum status
vmm_claim_frame(struct space *space, vaddr_t page, void *frame, uint32_t prot)
{
    uint64_t *word = frame_word(frame);
    uint64_t flags = vmm_prot_flags(prot);
    enum status status;

    if (frame_is_counted(*word)) {
        if (((*word | flags) & VMM_MAPPED_FLAGS) == VMM_MAPPED_FLAGS
            || (frame_kind_of(*word) == FRAME_MODULE
                && (prot & PROT_WRITE) != 0)) {
            return ST_EPERM;
        }
        if (frame_count(*word) == FRAME_COUNT_MAX) {
            return ST_EAGAIN;
        }
        *word = (*word | flags) + FRAME_COUNT_ONE;
        return ST_OK;
    }
    KASSERT(*word == (uint64_t)FRAME_USER); /* nowhere mapped */
    status = quota_charge(space->quota, 1);
    if (status == ST_OK) {
        *word |= frame_private(space->id, page.raw >> PAGE_SHIFT) | flags;
    }
    return status;
}

/* The leaf that showed @frame at @page is gone: free the frame, after the flush,
 * if it was the last one. Flags of a shared frame stay as long as the frame is
 * anybody's, so rule (b) errs on the safe side; a module's is never freed. */
static void
vmm_release_frame(struct tlb_batch *batch, vaddr_t page, void *frame)
{
    uint64_t *word = frame_word(frame);
    struct space *space = batch->space;

    if (frame_kind_of(*word) == FRAME_SHARED) {
        *word -= FRAME_COUNT_ONE;
        if (!vmm_hook_shared_unmapped(space, page, frame)
            && frame_count(*word) == 0) {
            tlb_add_frame(batch, frame, false);
        }
        return;
    }
    if (frame_kind_of(*word) == FRAME_MODULE) {
        *word -= FRAME_COUNT_ONE;
        return;
    }
    KASSERT(frame_kind_of(*word) == FRAME_USER);
    KASSERT(frame_space(*word) == space->id
            && frame_page(*word) == page.raw >> PAGE_SHIFT);
    tlb_add_frame(batch, frame, true);
}

void
vmm_drop_leaf(struct tlb_batch *batch, const struct mmu_found *at)
{
    struct space *space = batch->space;
    mmu_leaf_t leaf;

    tlb_add_page(batch, at->address);
    leaf = mmu_clear_at(&space->tables, at->address, at->at);
    if (mmu_leaf_is_present(leaf)) {
        space->resident--;
        vmm_release_frame(batch, at->address, physmap_at(mmu_leaf_frame(leaf)));
    }
}

/* A zeroed frame for @page of @space, charged to it; NULL if there is none. */
static void *
vmm_fresh_frame(struct space *space, vaddr_t page, uint32_t prot)
{
    void *frame;

    if (quota_charge(space->quota, 1) != ST_OK) {
        return NULL;
    }
    frame = pmm_alloc_zeroed(FRAME_USER, vmm_private_word(space, page, prot));
    if (frame == NULL) {
        quota_uncharge(space->quota, 1);
    }
    return frame;
}

/* Find the empty leaf for a new page, making tables where they are missing. */
static enum status
vmm_empty_leaf(struct space *space, vaddr_t page, uint32_t prot,
               struct mmu_cursor *out)
{
    enum status status;

    if (!layout_is_user_page(page) || !vmm_is_page_prot(prot)) {
        return ST_EINVAL;
    }
    status = mmu_ensure(&space->tables, page, out);
    if (status == ST_OK && !mmu_leaf_is_empty(*out->leaf)) {
        status = ST_EEXIST;
    }
    return status;
}

/* ---- pages ----------------------------------------------------------------- */

enum status
vmm_map_in_space(struct space *space, vaddr_t page, void *frame, uint32_t prot)
{
    struct mmu_cursor at;
    enum status status = vmm_empty_leaf(space, page, prot, &at);

    if (status != ST_OK) {
        return status;
    }
    status = vmm_claim_frame(space, page, frame, prot);
    if (status != ST_OK) {
        mmu_prune(&space->tables, page);
        return status;
    }
    mmu_set_frame(at, physmap_paddr(frame), prot);
    space->resident++;
    return ST_OK;
}

enum status
vmm_alloc_page_in_space(struct space *space, vaddr_t page, uint32_t prot,
                        void **frame)
{
    struct mmu_cursor at;
    enum status status = vmm_empty_leaf(space, page, prot, &at);
    void *fresh;

    if (status != ST_OK) {
        return status;
    }
    fresh = vmm_fresh_frame(space, page, prot);
    if (fresh == NULL) {
        mmu_prune(&space->tables, page);
        return ST_ENOMEM;
    }
    mmu_set_frame(at, physmap_paddr(fresh), prot);
    space->resident++;
    if (frame != NULL) {
        *frame = fresh;
    }
    return ST_OK;
}

enum status
vmm_unmap_in_space(struct space *space, vaddr_t page)
{
    struct mmu_found found = { .address = page, .level = MMU_LEVEL_PAGE };
    struct tlb_batch batch;

    if (!layout_is_user_page(page) || !vmm_find(space, page, &found.at)
        || mmu_leaf_is_empty(*found.at.leaf)) {
        return ST_ENOENT;
    }
    tlb_begin(&batch, space);
    vmm_drop_leaf(&batch, &found);
    tlb_commit(&batch);
    return ST_OK;
}

enum status
vmm_map_user_code_in_space(struct space *space, vaddr_t page, void *frame)
{
    return vmm_map_in_space(space, page, frame, PROT_READ | PROT_EXEC);
}

enum status
vmm_alloc_user_page_in_space(struct space *space, vaddr_t page, void **frame)
{
    return vmm_alloc_page_in_space(space, page, PROT_READ | PROT_WRITE, frame);
}

enum status
vmm_alloc_user_stack_in_space(struct space *space, vaddr_t top, uint64_t pages)
{
    paddr_t ignored;
    enum status status;
    uint64_t guard;
    uint64_t done;

    if (!is_aligned(top.raw, PAGE_BYTES) || top.raw > USER_END
        || top.raw < USER_BASE || pages == 0
        || pages >= (top.raw - USER_BASE) / PAGE_BYTES) {
        return ST_EINVAL;
    }
    guard = top.raw - (pages + 1) * PAGE_BYTES;
    if (vmm_translate_in_space(space, vaddr(guard), &ignored)) {
        return ST_EEXIST;
    }
    for (done = 0; done < pages; done++) {
        status = vmm_alloc_user_page_in_space(
            space, vaddr(top.raw - (done + 1) * PAGE_BYTES), NULL);
        if (status != ST_OK) {
            goto undo_pages;
        }
    }
    return ST_OK;

undo_pages:
    vmm_unmap_range(space, vaddr(top.raw - done * PAGE_BYTES), top);
    return status;
}

bool
vmm_translate_in_space(const struct space *space, vaddr_t address, paddr_t *out)
{
    unsigned level = MMU_LEVEL_PAGE;
    mmu_leaf_t leaf = 0;

    if (address.raw >= USER_BASE && address.raw < USER_END) {
        leaf = mmu_lookup(&space->tables, address, &level);
    }
    if (!mmu_leaf_allows(leaf, PROT_READ)) {
        return false;
    }
    *out = mmu_leaf_physical(leaf, level, address);
    return true;
}

/* ---- the fault path ---------------------------------------------------------- */

enum status
vmm_install_zero(struct space *space, vaddr_t page, mmu_leaf_t *leaf,
                 uint32_t prot)
{
    void *frame;

    if (vmm_try_install_zero(space, page, leaf, prot)) {
        return ST_OK;
    }
    frame = vmm_fresh_frame(space, page, prot);
    if (frame == NULL) {
        return ST_ENOMEM;
    }
    mmu_transit_to_frame(leaf, physmap_paddr(frame), prot);
    space->resident++;
    return ST_OK;
}

uint64_t
vmm_fill_zero(struct space *space, vaddr_t page, struct mmu_cursor at,
              uint64_t pages, uint32_t prot)
{
    uint64_t owner = vmm_private_word(space, page, prot);
    uint64_t charged = quota_charge_some(space->quota, pages);
    uint64_t done;

    for (done = 0; done < charged; done++) {
        void *frame = pmm_try_zeroed(FRAME_USER, owner);

        if (UNLIKELY(frame == NULL)) {
            frame = pmm_alloc_zeroed(FRAME_USER, owner);
        }
        if (UNLIKELY(frame == NULL)) {
            quota_uncharge(space->quota, charged - done);
            break;
        }
        mmu_set_frame(at, physmap_paddr(frame), prot);
        owner += VMM_PRIVATE_NEXT_PAGE;
        at.leaf++;
    }
    space->resident += done;
    return done;
}

enum status
vmm_install_frame(struct space *space, vaddr_t page, mmu_leaf_t *leaf,
                  void *frame, uint32_t prot)
{
    enum status status = vmm_claim_frame(space, page, frame, prot);

    if (status != ST_OK) {
        return status;
    }
    mmu_transit_to_frame(leaf, physmap_paddr(frame), prot);
    space->resident++;
    return ST_OK;
}

void
vmm_cancel_transit(struct space *space, vaddr_t page)
{
    struct mmu_cursor at;

    if (mmu_find_again(&space->tables, page.raw >> PAGE_SHIFT, &at)
        && mmu_leaf_is_transit(*at.leaf)) {
        mmu_clear_at(&space->tables, page, at);
    }
}

/* A private copy of @old for @page of @space, charged to it; NULL if there is
 * none. */
static void *
vmm_copy_frame(struct space *space, vaddr_t page, const void *old,
               uint32_t prot)
{
    void *copy;

    if (quota_charge(space->quota, 1) != ST_OK) {
        return NULL;
    }
    copy = pmm_alloc_kind(FRAME_USER,
                          frame_private(space->id, page.raw >> PAGE_SHIFT)
                              | vmm_prot_flags(prot));
    if (copy == NULL) {
        quota_uncharge(space->quota, 1);
        return NULL;
    }
    memcpy(copy, old, PAGE_BYTES);
    return copy;
}

/* Whether @page may be written to where it is. ST_OK: the frame is the space's
 * alone. ST_EBUSY: others see it or can ask for it. ST_ENOMEM. */
static enum status
vmm_claim_in_place(struct space *space, vaddr_t page, void *frame)
{
    uint64_t word = *frame_word(frame);

    if (frame_kind_of(word) == FRAME_USER) {
        return ST_OK;
    }
    if (frame_kind_of(word) != FRAME_SHARED || frame_count(word) != 1) {
        return ST_EBUSY;
    }
    return vmm_hook_shared_claim(space, page, frame);
}

enum status
vmm_install_copy(struct space *space, vaddr_t page, mmu_leaf_t *leaf,
                 uint32_t prot)
{
    void *old = physmap_at(mmu_leaf_frame(*leaf));
    struct tlb_batch batch;
    enum status status;

    KASSERT(mmu_leaf_is_present(*leaf) && vmm_is_page_prot(prot));
    tlb_begin(&batch, space);
    tlb_add_page(&batch, page);
    status = vmm_claim_in_place(space, page, old);
    if (status == ST_OK) {
        pmm_set_kind(old, FRAME_USER,
                     frame_private(space->id, page.raw >> PAGE_SHIFT)
                         | vmm_prot_flags(prot));
        mmu_set_prot(leaf, prot);
    } else if (status == ST_EBUSY) {
        void *copy = vmm_copy_frame(space, page, old, prot);

        status = copy == NULL ? ST_ENOMEM : ST_OK;
        if (copy != NULL) {
            *leaf = mmu_leaf_make(physmap_paddr(copy), prot);
            vmm_release_frame(&batch, page, old);
        }
    }
    tlb_commit(&batch);
    return status;
}

void
vmm_lend_frame(struct space *space, vaddr_t page, mmu_leaf_t *leaf,
               uint64_t owner)
{
    uint32_t prot = mmu_leaf_prot(*leaf) & ~(uint32_t)PROT_WRITE;

    pmm_set_kind(physmap_at(mmu_leaf_frame(*leaf)), FRAME_SHARED,
                 owner | vmm_prot_flags(prot));
    mmu_set_prot(leaf, prot);
    tlb_add_page(space->batch, page);
}

void *
vmm_take_frame(struct space *space, vaddr_t page)
{
    struct tlb_batch batch;
    struct mmu_cursor at;
    void *frame;

    if (!vmm_find(space, page, &at) || !mmu_leaf_is_present(*at.leaf)) {
        return NULL;
    }
    frame = physmap_at(mmu_leaf_frame(*at.leaf));
    if (frame_kind_of(*frame_word(frame)) != FRAME_USER) {
        return NULL;
    }
    tlb_begin(&batch, space);
    tlb_add_page(&batch, page);
    mmu_clear_at(&space->tables, page, at);
    tlb_commit(&batch);
    frame_set_owner(frame, 0);
    quota_uncharge(space->quota, 1);
    space->resident--;
    return frame;
}
