/* SPDX-License-Identifier: MIT */
#include "gdt.h"

#include <stdint.h>

#include <base/compiler.h>

#include <klib/kassert.h>

#include "regs.h"
#include "tss.h"

/*
 * Access bytes. The "accessed" bit (lowest) is set in advance, because the
 * processor would otherwise write it at the first load, into a table that is
 * read-only by then.
 * Source: Intel SDM vol. 3A, "Segment Descriptors" (§3.4.5).
 */
#define GDT_ACCESS_KERNEL_CODE 0x9Bull
#define GDT_ACCESS_KERNEL_DATA 0x93ull
#define GDT_ACCESS_USER_DATA   0xF3ull
#define GDT_ACCESS_USER_CODE   0xFBull
#define GDT_ACCESS_TSS         0x89ull /* available; LTR makes it busy */

#define GDT_FLAGS_CODE 0xAull /* 4 KiB granularity, 64-bit code */
#define GDT_FLAGS_DATA 0xCull /* 4 KiB granularity, 32-bit      */

/* Base 0, limit 4 GiB: 64-bit mode ignores both. */
#define GDT_FLAT(access, flags) \
    (0x000F00000000FFFFull | (access) << 40 | (flags) << 52)

/* Null, four flat segments, and the TSS, whose descriptor fills two entries. */
static SECTION(".ro_after_init") uint64_t gdt_table[7] = {
    0,
    GDT_FLAT(GDT_ACCESS_KERNEL_CODE, GDT_FLAGS_CODE),
    GDT_FLAT(GDT_ACCESS_KERNEL_DATA, GDT_FLAGS_DATA),
    GDT_FLAT(GDT_ACCESS_USER_DATA, GDT_FLAGS_DATA),
    GDT_FLAT(GDT_ACCESS_USER_CODE, GDT_FLAGS_CODE),
};

KASSERT_STATIC(SELECTOR_TSS / 8 + 2 == ARRAY_COUNT(gdt_table));
KASSERT_STATIC(SELECTOR_SYSRET_BASE + 8 == SELECTOR_USER_DATA);
KASSERT_STATIC(SELECTOR_SYSRET_BASE + 16 == SELECTOR_USER_CODE);
KASSERT_STATIC(SELECTOR_KERNEL_CODE + 8 == SELECTOR_KERNEL_DATA);

static void
gdt_set_tss(const struct tss *tss)
{
    uint64_t base = (uint64_t)(uintptr_t)tss;
    uint64_t limit = sizeof(*tss) - 1;

    gdt_table[SELECTOR_TSS / 8] = limit | (base & 0xFFFFFF) << 16
                                  | GDT_ACCESS_TSS << 40
                                  | (base >> 24 & 0xFF) << 56;
    gdt_table[SELECTOR_TSS / 8 + 1] = base >> 32;
}

void
gdt_init(void)
{
    gdt_set_tss(&cpu_boot.tss);
    regs_load_gdt(gdt_table, sizeof(gdt_table) - 1);
    /* CS can only be loaded by a far return. The local table is taken away: what
     * reset or firmware left there would answer ring 3's selectors. */
    __asm__ volatile("push %0\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %1, %%ds\n\t"
                     "mov %1, %%es\n\t"
                     "mov %1, %%ss\n\t"
                     "mov %2, %%fs\n\t"
                     "mov %2, %%gs\n\t"
                     "lldt %w2\n\t"
                     "ltr %w3" ::"i"(SELECTOR_KERNEL_CODE),
                     "r"(SELECTOR_KERNEL_DATA), "r"(0), "r"(SELECTOR_TSS)
                     : "rax", "memory");
}
