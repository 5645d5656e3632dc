/* SPDX-License-Identifier: MIT */
/* What the parts of the guest `growth` share: see growth.c. */
#pragma once

#include <stdint.h>

#include <libsecos/syscall.h>

#define GROWTH_BATCHES 15
#define GROWTH_BASE    0x0000180000000000ull

extern uint64_t growth_samples[GROWTH_BATCHES];

static inline uint64_t
growth_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static inline void
growth_touch(uint64_t address)
{
    *(volatile uint8_t *)(uintptr_t)address = 1;
}

/* End with one line unless @status is one of success. Returns it as a handle. */
handle_t growth_need(const char *what, int64_t status);

/* Print the median of growth_samples as what @name costs beside @n others. */
void growth_print(const char *name, uint64_t n);

/* A region of @pages pages at @base, with @prot, bound to @binding or to the boot
 * pager. */
void growth_make_region(uint64_t base, uint64_t pages, uint32_t prot,
                        handle_t binding);

/* Spawn @name with the words @args, NUL behind each (@bytes in all), and a
 * copy of @give, if it is one. Returns a handle to it. */
handle_t growth_spawn(const char *name, const char *args, uint32_t bytes,
                      handle_t give, uint32_t flags);
void growth_end(handle_t child);

/* growth/faults.c: the figures of waiting faults, up to @most of them. */
void growth_faults(uint64_t most);
/* The parts of `growth pager` and of `growth wait COUNT`, which it spawns. */
int growth_be_pager(void);
int growth_be_waiters(uint64_t count);
