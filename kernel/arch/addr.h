/* SPDX-License-Identifier: MIT */
/* Addresses that the compiler will not let us mix up, and the physmap between
 * them. Only arch/ and these helpers touch .raw. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t raw;
} paddr_t;

typedef struct {
    uint64_t raw;
} vaddr_t;

/* All RAM, at a fixed offset, supervisor only, never executable. */
#define VMM_PHYSMAP_BASE 0xFFFF888000000000ull

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

/* Where the kernel reads and writes physical address @pa, which must be RAM. */
static inline void *
physmap_at(paddr_t pa)
{
    return (void *)(uintptr_t)(VMM_PHYSMAP_BASE + pa.raw);
}

/* The physical address behind a pointer into the physmap. */
static inline paddr_t
physmap_paddr(const void *p)
{
    return (paddr_t){ (uint64_t)(uintptr_t)p - VMM_PHYSMAP_BASE };
}
