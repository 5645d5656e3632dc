/* SPDX-License-Identifier: MIT */
/* kernel/arch/addr.h for measuring on the host: the physmap lies at a constant
 * address, as in the kernel, so that the compiler makes the same code of it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t raw;
} paddr_t;

typedef struct {
    uint64_t raw;
} vaddr_t;

#define VMM_PHYSMAP_BASE 0x0000100000000000ull

static inline paddr_t
paddr(uint64_t raw)
{
    return (paddr_t){ raw };
}

static inline vaddr_t
vaddr(uint64_t raw)
{
    return (vaddr_t){ raw };
}

static inline vaddr_t
vaddr_of(const void *p)
{
    return (vaddr_t){ (uint64_t)(uintptr_t)p };
}

static inline void *
physmap_at(paddr_t pa)
{
    return (void *)(uintptr_t)(VMM_PHYSMAP_BASE + pa.raw);
}

static inline paddr_t
physmap_paddr(const void *p)
{
    return (paddr_t){ (uint64_t)(uintptr_t)p - VMM_PHYSMAP_BASE };
}
