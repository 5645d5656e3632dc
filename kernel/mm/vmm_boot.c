/* SPDX-License-Identifier: MIT */
/*
 * Building the kernel half: what every space will share.
 *
 *   physmap    each range of RAM in the largest pages that fit inside it:
 *
 *        0   640K  1M   image  2M                        1G              end
 *        |4K...|   |4K..........|2M  2M  2M  2M  2M  2M ..|1G ... 1G |2M |4K|
 *
 *              4 KiB where a range does not fill 2 MiB, and over the part of
 *              the image that is (or becomes) read-only, so that its alias can
 *              be; 1 GiB only where the whole GiB is RAM without the image.
 *   image      .text R-X, .rodata R--, .data and .bss RW-, in 4 KiB pages
 *   windows    an empty level-3 table, pinned: later mappings appear below it,
 *              in all spaces at once
 *
 * The tables come from the PMM while boot/'s are loaded: they lie below 4 GiB,
 * where boot/'s physmap reaches.
 */
#include <klib/panic.h>

#include "memmap.h"
#include "vmm_internal.h"

struct space vmm_kernel;
struct vmm_image vmm_image;

const uint64_t vmm_shared_slots[VMM_SHARED_SLOTS] = {
    PHYSMAP_BASE,
    KSTACK_BASE,
    KERNEL_IMAGE_BASE,
};

/* ---- where the kernel's tables come from -------------------------------- */

static enum status
vmm_kernel_alloc(void *context, unsigned count, void **tables)
{
    (void)context;
    for (unsigned i = 0; i < count; i++) {
        tables[i] = pmm_alloc_zeroed(FRAME_PAGE_TABLE, frame_private(0, 0));
        if (tables[i] == NULL) {
            while (i-- > 0) {
                pmm_free_frame(tables[i]);
            }
            return ST_ENOMEM;
        }
    }
    return ST_OK;
}

static void
vmm_kernel_retire(void *context, void *table)
{
    struct tlb_batch *batch = vmm_kernel.batch;

    (void)context;
    if (batch == NULL) {
        mmu_flush_all();
        pmm_free_frame(table);
    } else {
        tlb_add_frame(batch, table, false);
    }
}

static const struct mmu_table_ops vmm_kernel_table_ops = {
    .alloc = vmm_kernel_alloc,
    .retire = vmm_kernel_retire,
};

/* ---- mapping ------------------------------------------------------------ */

static void
vmm_boot_map(vaddr_t address, paddr_t frame, unsigned level, uint32_t prot)
{
    struct mmu_cursor at;

    if (mmu_ensure_level(&vmm_kernel.tables, address, level, &at) != ST_OK) {
        panic("vmm: no memory for the kernel's page tables");
    }
    mmu_set_kernel_frame(at, level, frame, prot);
}

/* Whether [start, start + bytes) and [low, high) share an address. */
static bool
vmm_boot_overlap(uint64_t start, uint64_t bytes, uint64_t low, uint64_t high)
{
    return start < high && low < start + bytes;
}

/* The largest page for RAM at @start with @left bytes of its range to go, given
 * where the image is and which part of it needs small pages. */
static unsigned
vmm_boot_level(uint64_t start, uint64_t left)
{
    uint64_t text = vmm_image_paddr(vmm_image.text_start).raw;
    uint64_t sealed = vmm_image_paddr(vmm_image.ro_after_init_end).raw;
    uint64_t image_end = vmm_image_paddr(vmm_image.data_end).raw;

    if (mmu_has_huge_pages() && is_aligned(start, HUGE_PAGE_BYTES)
        && left >= HUGE_PAGE_BYTES
        && !vmm_boot_overlap(start, HUGE_PAGE_BYTES, text, image_end)) {
        return MMU_LEVEL_HUGE;
    }
    if (is_aligned(start, LARGE_PAGE_BYTES) && left >= LARGE_PAGE_BYTES
        && !vmm_boot_overlap(start, LARGE_PAGE_BYTES, text, sealed)) {
        return MMU_LEVEL_LARGE;
    }
    return MMU_LEVEL_PAGE;
}

static void
vmm_boot_map_ram(uint64_t start, uint64_t end)
{
    static const uint64_t bytes[] = { 0, PAGE_BYTES, LARGE_PAGE_BYTES,
                                      HUGE_PAGE_BYTES };
    uint64_t text = vmm_image_paddr(vmm_image.text_start).raw;
    uint64_t rodata_end = vmm_image_paddr(vmm_image.rodata_end).raw;

    while (start < end) {
        unsigned level = vmm_boot_level(start, end - start);
        bool is_text = start >= text && start < rodata_end;

        vmm_boot_map(vaddr(PHYSMAP_BASE + start), paddr(start), level,
                     is_text ? PROT_READ : PROT_READ | PROT_WRITE);
        start += bytes[level];
    }
}

static void
vmm_boot_map_image(vaddr_t start, vaddr_t end, uint32_t prot)
{
    for (uint64_t a = start.raw; a < end.raw; a += PAGE_BYTES) {
        vmm_boot_map(vaddr(a), vmm_image_paddr(vaddr(a)), MMU_LEVEL_PAGE, prot);
    }
}

void
vmm_build_kernel_half(const struct memmap *ram, const struct vmm_image *image)
{
    void *root = pmm_alloc_zeroed(FRAME_PAGE_TABLE, frame_private(0, 0));

    if (root == NULL) {
        panic("vmm: no memory for the kernel's page tables");
    }
    vmm_image = *image;
    vmm_kernel = (struct space){
        .tables = {
            .last = MMU_LAST_NONE,
            .root = physmap_paddr(root),
            .ops = &vmm_kernel_table_ops,
        },
    };
    for (unsigned i = 0; i < VMM_SHARED_SLOTS; i++) {
        if (mmu_pin_slot(&vmm_kernel.tables, vaddr(vmm_shared_slots[i]))
            != ST_OK) {
            panic("vmm: no memory for the kernel's page tables");
        }
    }
    for (uint32_t i = 0; i < ram->count; i++) {
        vmm_boot_map_ram(ram->ranges[i].start, ram->ranges[i].end);
    }
    vmm_boot_map_image(image->text_start, image->text_end,
                       PROT_READ | PROT_EXEC);
    vmm_boot_map_image(image->text_end, image->rodata_end, PROT_READ);
    vmm_boot_map_image(image->data_start, image->data_end,
                       PROT_READ | PROT_WRITE);
}
