/* SPDX-License-Identifier: MIT */
/* kernel/arch/addr.h for the host: the same types and names, but the physmap
 * is an arena (fakes/ram.c) and physical address 0 is its first byte. */
#pragma once

#include <stddef.h>
#include <stdint.h>

extern uint8_t *fake_ram;

typedef struct {
    uint64_t raw;
} paddr_t;

typedef struct {
    uint64_t raw;
} vaddr_t;

#define VMM_PHYSMAP_BASE ((uint64_t)(uintptr_t)fake_ram)

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
    return fake_ram + pa.raw;
}

static inline paddr_t
physmap_paddr(const void *p)
{
    return (paddr_t){ (uint64_t)((const uint8_t *)p - fake_ram) };
}
