/* SPDX-License-Identifier: MIT */
#include "tss.h"

#include <base/align.h>

#include <klib/kassert.h>

/* A stack of its own for a trap that may come at any instruction. */
struct tss_ist_stack {
    uint8_t guard[PAGE_BYTES];
    uint8_t room[TSS_IST_STACK_BYTES - 2 * sizeof(uint64_t)];
    struct cpu *cpu; /* TSS.ist points here: see the picture in tss.h */
    uint64_t padding;
};

KASSERT_STATIC(sizeof(struct tss_ist_stack) % PAGE_BYTES == 0);
KASSERT_STATIC(offsetof(struct tss_ist_stack, cpu) % 16 == 0);

static _Alignas(PAGE_BYTES) struct tss_ist_stack tss_ist_stacks[TSS_IST_COUNT];

const uint8_t *const boot_guard_pages[BOOT_GUARD_PAGES] = {
    boot_stack_guard,        tss_ist_stacks[0].guard, tss_ist_stacks[1].guard,
    tss_ist_stacks[2].guard, tss_ist_stacks[3].guard,
};

KASSERT_STATIC(BOOT_GUARD_PAGES == TSS_IST_COUNT + 1);

void
tss_init(void)
{
    for (unsigned i = 0; i < TSS_IST_COUNT; i++) {
        tss_ist_stacks[i].cpu = &cpu_boot;
        cpu_boot.tss.ist[i] = (uint64_t)(uintptr_t)&tss_ist_stacks[i].cpu;
    }
    cpu_boot.tss.rsp[0] = (uint64_t)(uintptr_t)boot_stack_top;
    /* Beyond the limit of the segment: no port is open to ring 3. A zeroed TSS
     * would have its bitmap at 0 and open most of them. */
    cpu_boot.tss.iomap_base = sizeof(struct tss);
}
