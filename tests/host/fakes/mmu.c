/* SPDX-License-Identifier: MIT */
/* The processor's side of <arch/mmu.h> for the host: it remembers what it was
 * asked to forget. */
#include <arch/mmu.h>

#include "fake_mmu.h"

struct fake_mmu fake_mmu;

void
mmu_flush_page(vaddr_t address)
{
    fake_mmu.flushed_pages++;
    fake_mmu.last_flushed = address.raw;
}

void
mmu_flush_user(void)
{
    fake_mmu.flushes++;
}

void
mmu_flush_all(void)
{
    fake_mmu.flushes++;
}

bool
mmu_is_loaded(paddr_t root)
{
    return fake_mmu.root == root.raw;
}

void
mmu_load_root(paddr_t root)
{
    fake_mmu.root = root.raw;
}

bool
mmu_has_huge_pages(void)
{
    return fake_mmu.huge_pages;
}
