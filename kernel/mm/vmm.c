/* SPDX-License-Identifier: MIT */
/* The kernel half after start-up: its windows, and what is sealed. */
#include "vmm.h"

#include <arch/stacks.h>
#include <klib/kassert.h>
#include <klib/panic.h>

#include "memmap.h"
#include "vmm_internal.h"

/* The linker's (kernel.ld). */
extern const uint8_t _kernel_start[];
extern const uint8_t _boot_end[];
extern const uint8_t _text_start[];
extern const uint8_t _text_end[];
extern const uint8_t _rodata_end[];
extern const uint8_t _data_start[];
extern const uint8_t _ro_after_init_start[];
extern const uint8_t _ro_after_init_end[];
extern const uint8_t _data_end[];

/* ---- start-up ---------------------------------------------------------- */

void
vmm_init(void)
{
    const struct vmm_image image = {
        .text_start = vaddr_of(_text_start),
        .text_end = vaddr_of(_text_end),
        .rodata_end = vaddr_of(_rodata_end),
        .data_start = vaddr_of(_data_start),
        .ro_after_init_end = vaddr_of(_ro_after_init_end),
        .data_end = vaddr_of(_data_end),
    };

    KASSERT(VMM_PHYSMAP_BASE == PHYSMAP_BASE);
    vmm_build_kernel_half(pmm_ram(), &image);
    for (unsigned i = 0; i < BOOT_GUARD_PAGES; i++) {
        mmu_clear(&vmm_kernel.tables, vaddr_of(boot_guard_pages[i]));
    }
    mmu_load_root(vmm_kernel.tables.root);
    pmm_release_high();
}

void
vmm_release_boot_identity(void)
{
    pmm_release_reserved(vmm_image_paddr(vaddr_of(_kernel_start)),
                         vmm_image_paddr(vaddr_of(_boot_end)));
}

/* Take W from the leaf that maps the kernel address @page. */
static void
vmm_make_read_only(vaddr_t page)
{
    struct mmu_cursor at;

    if (!mmu_find(&vmm_kernel.tables, page, &at)
        || !mmu_leaf_is_present(*at.leaf)) {
        panic("vmm: %p is to be sealed, but has no page of its own",
              (void *)(uintptr_t)page.raw);
    }
    mmu_set_prot(at.leaf, PROT_READ);
    mmu_flush_page(page);
}

void
vmm_seal(void)
{
    for (const uint8_t *p = _ro_after_init_start; p < _ro_after_init_end;
         p += PAGE_BYTES) {
        vaddr_t page = vaddr_of(p);

        vmm_make_read_only(page);
        vmm_make_read_only(vaddr(PHYSMAP_BASE + vmm_image_paddr(page).raw));
    }
}

/* ---- windows ----------------------------------------------------------- */

paddr_t
vmm_kernel_root(void)
{
    return vmm_kernel.tables.root;
}

static bool
vmm_is_window_page(vaddr_t page)
{
    return is_aligned(page.raw, PAGE_BYTES)
           && ((page.raw >= KSTACK_BASE && page.raw < KSTACK_END)
               || (page.raw >= HEAP_BASE && page.raw < HEAP_END));
}

enum status
vmm_map(vaddr_t page, void *frame, uint32_t prot)
{
    struct mmu_cursor at;
    enum status status;

    if (!vmm_is_window_page(page) || (prot & PROT_READ) == 0
        || (prot & PROT_EXEC) != 0) {
        return ST_EINVAL;
    }
    status = mmu_ensure(&vmm_kernel.tables, page, &at);
    if (status != ST_OK) {
        return status;
    }
    if (!mmu_leaf_is_empty(*at.leaf)) {
        return ST_EEXIST;
    }
    mmu_set_kernel_frame(at, MMU_LEVEL_PAGE, physmap_paddr(frame), prot);
    return ST_OK;
}

void *
vmm_unmap(vaddr_t page)
{
    struct tlb_batch batch;
    mmu_leaf_t leaf;

    if (!vmm_is_window_page(page)) {
        return NULL;
    }
    tlb_begin(&batch, &vmm_kernel);
    tlb_add_page(&batch, page);
    leaf = mmu_clear(&vmm_kernel.tables, page);
    tlb_commit(&batch);
    return leaf == 0 ? NULL : physmap_at(mmu_leaf_frame(leaf));
}

bool
vmm_translate(vaddr_t address, paddr_t *out)
{
    unsigned level;
    mmu_leaf_t leaf;

    if (address.raw < KERNEL_HALF_BASE) {
        return false;
    }
    leaf = mmu_lookup(&vmm_kernel.tables, address, &level);
    if (!mmu_leaf_is_present(leaf)) {
        return false;
    }
    *out = mmu_leaf_physical(leaf, level, address);
    return true;
}

enum status
vmm_alloc_page(vaddr_t page, enum frame_kind kind, uint32_t prot, void **frame)
{
    void *fresh = pmm_alloc_zeroed(kind, 0);
    enum status status;

    if (fresh == NULL) {
        return ST_ENOMEM;
    }
    status = vmm_map(page, fresh, prot);
    if (status != ST_OK) {
        pmm_free_frame(fresh);
        return status;
    }
    if (frame != NULL) {
        *frame = fresh;
    }
    return ST_OK;
}

void
vmm_free_page(vaddr_t page)
{
    void *frame = vmm_unmap(page);

    KASSERT(frame != NULL);
    pmm_free_frame(frame);
}
