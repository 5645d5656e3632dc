/* SPDX-License-Identifier: MIT */
/*
 * Claim: the published interface of the memory core exists under its names, with
 * exactly the types that docs/abi.md prints, and does what the names say.
 * Method: take each address into a pointer of the written-out type, so that a
 * change of any type does not compile; then use the machine through the pointers.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mm/boot_info.h>
#include <mm/heap.h>
#include <mm/pmm.h>
#include <mm/pmm_state.h>
#include <mm/vmm.h>
#include <mm/vmm_internal.h>
#include <task/loader.h>
#include <task/process.h>

#include "check.h"

#define MIB (1ull << 20)

/* ---- the interface ------------------------------------------------------- */

static const struct {
    void (*pmm_init)(void *mboot_info);
    void *(*pmm_alloc_frame)(void);
    void (*pmm_free_frame)(void *frame);
    uint64_t (*pmm_get_total_memory)(void);
    uint64_t (*pmm_get_used_memory)(void);
    uint64_t (*pmm_get_free_memory)(void);
    void (*pmm_print_stats)(void);

    void (*heap_init)(void);
    void *(*kmalloc)(size_t bytes);
    void *(*kmalloc_aligned)(size_t size, size_t alignment);
    void (*kfree)(void *block);
    void (*heap_print_stats)(void);

    void (*vmm_init)(void);
    enum status (*vmm_map)(vaddr_t page, void *frame, uint32_t prot);
    void *(*vmm_unmap)(vaddr_t page);
    bool (*vmm_translate)(vaddr_t address, paddr_t *out);
    enum status (*vmm_alloc_page)(vaddr_t page, enum frame_kind kind,
                                  uint32_t prot, void **frame);
    enum status (*vmm_space_create_user)(struct space *space,
                                         struct quota *quota);
    enum status (*vmm_map_in_space)(struct space *space, vaddr_t page,
                                    void *frame, uint32_t prot);
    enum status (*vmm_unmap_in_space)(struct space *space, vaddr_t page);
    enum status (*vmm_alloc_page_in_space)(struct space *space, vaddr_t page,
                                           uint32_t prot, void **frame);
    enum status (*vmm_map_user_code_in_space)(struct space *space, vaddr_t page,
                                              void *frame);
    enum status (*vmm_alloc_user_page_in_space)(struct space *space,
                                                vaddr_t page, void **frame);
    enum status (*vmm_alloc_user_stack_in_space)(struct space *space,
                                                 vaddr_t top, uint64_t pages);
    bool (*vmm_translate_in_space)(const struct space *space, vaddr_t address,
                                   paddr_t *out);
    void (*vmm_harden_user_space)(const struct space *space);
} api = {
    pmm_init,
    pmm_alloc_frame,
    pmm_free_frame,
    pmm_get_total_memory,
    pmm_get_used_memory,
    pmm_get_free_memory,
    pmm_print_stats,
    heap_init,
    kmalloc,
    kmalloc_aligned,
    kfree,
    heap_print_stats,
    vmm_init,
    vmm_map,
    vmm_unmap,
    vmm_translate,
    vmm_alloc_page,
    vmm_space_create_user,
    vmm_map_in_space,
    vmm_unmap_in_space,
    vmm_alloc_page_in_space,
    vmm_map_user_code_in_space,
    vmm_alloc_user_page_in_space,
    vmm_alloc_user_stack_in_space,
    vmm_translate_in_space,
    vmm_harden_user_space,
};

/* Its room cannot be linked here without the whole of task/: the type alone. */
_Static_assert(_Generic(&elf_unload_process, void (*)(struct process *) : 1,
                        default : 0),
               "elf_unload_process");

/* The members of a process that are published. */
#define HAS_MEMBER(member, type)                                        \
    _Static_assert(_Generic(&((struct process *)0)->member, type * : 1, \
                            default : 0),                               \
                   "struct process: " #member)

HAS_MEMBER(space, struct space);
HAS_MEMBER(entry, uint64_t);
HAS_MEMBER(stack_top, uint64_t);
HAS_MEMBER(kstack_top, uint64_t);
HAS_MEMBER(regs, struct trap_frame *);
HAS_MEMBER(manifest, struct manifest);

_Static_assert(VMM_PHYSMAP_BASE == PHYSMAP_BASE
                   || PHYSMAP_BASE == 0xFFFF888000000000ull,
               "the physmap's place is published");

/* ---- what the linker and boot/ supply ------------------------------------ */

const uint8_t _kernel_start[1], _kernel_end[1], _boot_end[1], _text_start[1],
    _text_end[1], _rodata_end[1], _data_start[1], _ro_after_init_start[1],
    _ro_after_init_end[1], _data_end[1], _boot_tables_start[1],
    _boot_tables_end[1];
const uint8_t *const boot_guard_pages[5];

uint64_t
cpu_random(void)
{
    return 0x1122334455667788ull;
}

/* ---- use ------------------------------------------------------------------ */

static struct quota quota;

static void
machine(void)
{
    static const struct memmap_entry entries[] = { { 0, 32 * MIB, 1 } };
    static const struct pmm_hold holds[] = {
        { 1 * MIB, 1 * MIB + 0x20000, FRAME_KERNEL_IMAGE },
    };
    static const struct vmm_image image = {
        .text_start = { KERNEL_IMAGE_BASE + 1 * MIB },
        .text_end = { KERNEL_IMAGE_BASE + 1 * MIB + 0x8000 },
        .rodata_end = { KERNEL_IMAGE_BASE + 1 * MIB + 0xC000 },
        .data_start = { KERNEL_IMAGE_BASE + 1 * MIB + 0xC000 },
        .ro_after_init_end = { KERNEL_IMAGE_BASE + 1 * MIB + 0xD000 },
        .data_end = { KERNEL_IMAGE_BASE + 1 * MIB + 0x20000 },
    };

    fake_ram_create(32 * MIB);
    CHECK(pmm_start(entries, 1, holds, 1));
    vmm_build_kernel_half(pmm_ram(), &image);
    api.heap_init();
    quota_init(&quota, NULL, 1000);
}

TEST(nothing_is_missing)
{
    void *pointers[sizeof(api) / sizeof(void *)];

    memcpy(pointers, &api, sizeof(api));
    for (size_t i = 0; i < sizeof(api) / sizeof(void *); i++) {
        CHECK(pointers[i] != NULL);
    }
}

TEST(frames_come_and_go)
{
    uint64_t before = api.pmm_get_free_memory();
    uint8_t *frame = api.pmm_alloc_frame();

    CHECK(frame != NULL);
    memset(frame, 0x5A, 4096); /* usable at once */
    CHECK_EQ(api.pmm_get_free_memory(), before - 4096);
    CHECK_EQ(api.pmm_get_used_memory() + api.pmm_get_free_memory(),
             api.pmm_get_total_memory());
    api.pmm_free_frame(frame);
    CHECK_EQ(api.pmm_get_free_memory(), before);
}

TEST(blocks_come_and_go)
{
    uint64_t before = api.pmm_get_free_memory();
    void *small = api.kmalloc(100);
    void *aligned = api.kmalloc_aligned(100, 512);

    CHECK(small != NULL && aligned != NULL);
    CHECK_EQ((uintptr_t)aligned % 512, 0);
    api.kfree(small);
    api.kfree(aligned);
    CHECK_EQ(api.pmm_get_free_memory(), before);
}

TEST(pages_come_and_go)
{
    const vaddr_t text = vaddr(0x400000);
    const vaddr_t data = vaddr(0x500000);
    uint64_t before = api.pmm_get_free_memory();
    struct space space;
    paddr_t at;

    CHECK_EQ(api.vmm_space_create_user(&space, &quota), ST_OK);
    api.vmm_harden_user_space(&space);
    CHECK_EQ(api.vmm_alloc_user_page_in_space(&space, data, NULL), ST_OK);
    CHECK_EQ(api.vmm_map_user_code_in_space(&space, text,
                                            pmm_alloc_zeroed(FRAME_USER, 0)),
             ST_OK);
    CHECK_EQ(api.vmm_alloc_user_stack_in_space(&space, vaddr(0x700000), 2),
             ST_OK);
    CHECK(api.vmm_translate_in_space(&space, vaddr(data.raw + 5), &at));
    CHECK_EQ(at.raw & 0xFFF, 5);
    CHECK_EQ(api.vmm_unmap_in_space(&space, data), ST_OK);
    CHECK(!api.vmm_translate_in_space(&space, data, &at));
    CHECK_EQ(api.vmm_unmap_in_space(&space, data), ST_ENOENT);
    while (!vmm_space_teardown_step(&space, 16)) {
    }
    vmm_space_destroy(&space);
    CHECK_EQ(api.pmm_get_free_memory(), before);
}

TEST(kernel_pages_come_and_go)
{
    uint64_t before = api.pmm_get_free_memory();
    vaddr_t page = vaddr(HEAP_BASE + MIB);
    paddr_t at;
    void *frame;

    CHECK_EQ(api.vmm_alloc_page(page, FRAME_STACK, PROT_READ | PROT_WRITE,
                                &frame),
             ST_OK);
    CHECK(api.vmm_translate(page, &at));
    CHECK(physmap_at(at) == frame);
    CHECK(api.vmm_unmap(page) == frame);
    CHECK_EQ(api.vmm_map(page, frame, PROT_READ), ST_OK);
    CHECK_EQ(api.vmm_map(page, frame, PROT_READ), ST_EEXIST);
    CHECK(api.vmm_unmap(page) == frame);
    api.pmm_free_frame(frame);
    CHECK_EQ(api.pmm_get_free_memory(), before);
}

TEST(reports_have_their_form)
{
    fake_log_clear();
    api.heap_print_stats();
    CHECK(strstr(fake_log(), "=== Heap Statistics ===\nAllocated:  ") != NULL);
    api.pmm_print_stats();
    CHECK(strstr(fake_log(), "total") != NULL);
}

int
main(void)
{
    RUN(nothing_is_missing);
    machine();
    RUN(frames_come_and_go);
    RUN(blocks_come_and_go);
    RUN(pages_come_and_go);
    RUN(kernel_pages_come_and_go);
    RUN(reports_have_their_form);
    fake_ram_destroy();
    return CHECK_REPORT();
}
