/* SPDX-License-Identifier: MIT */
/* A machine of 32 MiB for tests of the VMM: the real PMM, heap and kernel half,
 * over a fake processor. */
#pragma once

#include <string.h>

#include <mm/heap.h>
#include <mm/memmap.h>
#include <mm/pmm_state.h>
#include <mm/vmm_internal.h>

#include "check.h"
#include "fakes/fake_mmu.h"

#define MIB         (1ull << 20)
#define RAM_BYTES   (32 * MIB)
#define MODULE_BASE (8 * MIB) /* of a boot module of two pages */

/* ---- what the linker and boot/ supply ----------------------------------- */

const uint8_t _kernel_start[1], _boot_end[1], _text_start[1], _text_end[1],
    _rodata_end[1], _data_start[1], _ro_after_init_start[1],
    _ro_after_init_end[1], _data_end[1], _boot_tables_start[1],
    _boot_tables_end[1];
const uint8_t *const boot_guard_pages[5];

uint64_t
cpu_random(void)
{
    return 0x1122334455667788ull;
}

/* Whether a shared frame is somebody's without a leaf; else its own hold is one
 * of the count, and the last leaf takes it all. */
static bool shared_is_held;

bool
vmm_hook_shared_unmapped(struct space *space, vaddr_t page, void *frame)
{
    return shared_is_held;
}

/* One that is held is not given to its last leaf, either. */
enum status
vmm_hook_shared_claim(struct space *space, vaddr_t page, void *frame)
{
    return shared_is_held ? ST_EBUSY : quota_charge(space->quota, 1);
}

/* ---- the machine -------------------------------------------------------- */

static struct quota root_quota;
static uint64_t free_at_start;

static const struct vmm_image image = {
    .text_start = { KERNEL_IMAGE_BASE + 1 * MIB },
    .text_end = { KERNEL_IMAGE_BASE + 1 * MIB + 0x8000 },
    .rodata_end = { KERNEL_IMAGE_BASE + 1 * MIB + 0xC000 },
    .data_start = { KERNEL_IMAGE_BASE + 1 * MIB + 0xC000 },
    .ro_after_init_end = { KERNEL_IMAGE_BASE + 1 * MIB + 0xD000 },
    .data_end = { KERNEL_IMAGE_BASE + 1 * MIB + 0x20000 },
};

static void
machine(void)
{
    static const struct memmap_entry entries[] = {
        { 0, 0x9FC00, 1 },
        { 1 * MIB, RAM_BYTES - 1 * MIB, 1 },
    };
    static const struct pmm_hold holds[] = {
        { 1 * MIB, 1 * MIB + 0x20000, FRAME_KERNEL_IMAGE },
        { MODULE_BASE, MODULE_BASE + 2 * PAGE_BYTES, FRAME_MODULE },
    };

    fake_ram_create(RAM_BYTES);
    memset(&fake_mmu, 0, sizeof(fake_mmu));
    CHECK(pmm_start(entries, 2, holds, 2));
    vmm_build_kernel_half(pmm_ram(), &image);
    mmu_load_root(vmm_kernel_root());
    heap_init();
    quota_init(&root_quota, NULL, 4000);
    free_at_start = pmm_get_free_memory();
}

/* Every rule holds; returns wx_d. */
static uint64_t
audit(void)
{
    struct audit_info info;

    vmm_audit(&info);
    CHECK_EQ(info.conservation, 0);
    CHECK_EQ(info.wx_a, 0);
    CHECK_EQ(info.wx_b, 0);
    CHECK_EQ(info.wx_c, 0);
    CHECK_EQ(info.user_in_kernel_half, 0);
    CHECK_EQ(info.wrong_owner, 0);
    return info.wx_d;
}

/* Whether each byte of the page at @frame is @byte. */
static inline bool
is_full_of(const void *frame, int byte)
{
    const uint8_t *bytes = frame;

    return bytes[0] == byte && memcmp(bytes, bytes + 1, PAGE_BYTES - 1) == 0;
}
