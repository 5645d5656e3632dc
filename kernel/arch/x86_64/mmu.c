/* SPDX-License-Identifier: MIT */
/* The part of <arch/mmu.h> that touches the processor: CR3 and the TLB.
 *
 * Kernel leaves carry G, but it has no effect while CR4.PGE is clear; every
 * function here is right in either state. PCIDs are not used: what is cached of
 * the user half belongs to the tables in CR3. */
#include <arch/cpu.h>
#include <arch/mmu.h>

#include "regs.h"

/* INVLPG also drops every paging-structure cache entry, so it is enough where a
 * table has been unlinked. Intel SDM vol. 3A, "Operations that Invalidate TLBs
 * and Paging-Structure Caches" (§4.10.4.1). */
void
mmu_flush_page(vaddr_t address)
{
    cpu_this()->mmu_work += CPU_WORK_FLUSH;
    __asm__ volatile("invlpg (%0)" ::"r"(address.raw) : "memory");
}

void
mmu_flush_user(void)
{
    cpu_this()->mmu_work += CPU_WORK_FLUSH;
    regs_write_cr3(regs_read_cr3());
}

void
mmu_flush_all(void)
{
    uint64_t cr4 = regs_read_cr4();

    if ((cr4 & CR4_PGE) == 0) {
        mmu_flush_user();
        return;
    }
    cpu_this()->mmu_work += CPU_WORK_FLUSH;
    regs_write_cr4(cr4 & ~CR4_PGE);
    regs_write_cr4(cr4);
}

bool
mmu_is_loaded(paddr_t root)
{
    return cpu_this()->cr3 == root.raw;
}

void
mmu_load_root(paddr_t root)
{
    struct cpu *cpu = cpu_this();

    if (cpu->cr3 == root.raw) {
        return;
    }
    cpu->cr3 = root.raw;
    cpu->mmu_work++;
    regs_write_cr3(root.raw);
}

bool
mmu_has_huge_pages(void)
{
    return cpu_features.pages_1g;
}
