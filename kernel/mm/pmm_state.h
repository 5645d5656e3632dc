/* SPDX-License-Identifier: MIT */
/* What the PMM's files share, and nobody else. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/system.h>

#include "blocks.h"
#include "memmap.h"
#include "pmm.h"

struct pmm_state {
    struct blocks blocks;
    uint64_t *word_table;        /* frame table at the current word        */
    char *word_memory;           /* the memory of that frame              */
    uint64_t count[FRAME_KINDS]; /* frames of each kind, [FRAME_FREE] = 0 */
    uint32_t pool_count;
    uint32_t pool_limit;
    uint64_t pool[PMM_POOL_FRAMES]; /* frame numbers */
    uint64_t ram_bytes;
    uint64_t high_limit; /* frame_limit once RAM above 4 GiB is released */
};

extern struct pmm_state pmm;

/* A stretch of RAM that is in use from the start. */
struct pmm_hold {
    uint64_t start; /* physical, any alignment */
    uint64_t end;
    enum frame_kind kind; /* RESERVED, KERNEL_IMAGE or MODULE */
};

/* Take over the RAM that @entries describe, less @holds, of which the first is
 * the kernel image: the tables go behind it. This is pmm_init once the boot
 * loader's form is peeled off, so that a host can call it.
 * Returns false if there is no room for the tables. */
MUST_CHECK bool pmm_start(const struct memmap_entry *entries, uint32_t count,
                          const struct pmm_hold *holds, uint32_t hold_count);

/* Frames of kind FREE: what no other kind has. Not counted one by one, which
 * saves a step in every alloc and free. */
uint64_t pmm_count_free(void);

/* Give the pool back to the bitmap. Returns whether it held anything. */
bool pmm_pool_drain(void);
