/* SPDX-License-Identifier: MIT */
/*
 * The kernel heap: memory for what is not a whole frame.
 *
 * Up to 4,088 bytes a block is a slot of a slab (base/slab.h); above, a run of
 * pages in the window HEAP_BASE..HEAP_END with an unmapped page behind it. Free
 * twice, free of what was never allocated, free of an address inside a block
 * and a write behind its end each end in a panic that names where the block was
 * allocated. Blocks are aligned to 16 bytes and not zeroed.
 *
 * Context: everywhere after heap_init, interrupts off. Nothing blocks.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>
#include <base/slab.h>

/* Make the heap ready. Call after pmm_init; blocks above 4,088 bytes need
 * vmm_init as well. */
void heap_init(void);

/* Allocate @bytes; 0 gives a block of its own too.
 * Returns NULL if there is no memory. Cost: O(1) up to 4,088 bytes. */
void *kmalloc(size_t bytes);

/* As kmalloc, at a multiple of @alignment, a power of two up to 2 MiB.
 * Returns NULL also for any other alignment. */
void *kmalloc_aligned(size_t size, size_t alignment);

/* Free a block; NULL does nothing. */
void kfree(void *block);

/* Give back the frames of slabs that are kept although empty (one per size
 * class at most), so that frame counts before and after can be compared. */
void heap_trim(void);

struct heap_stats {
    uint64_t allocated_bytes; /* asked for since start, pools included */
    uint64_t freed_bytes;
    uint64_t used_bytes; /* the difference                        */
    uint64_t blocks;     /* live blocks                           */
    uint64_t frames;     /* frames of kind FRAME_HEAP             */
};

void heap_get_stats(struct heap_stats *out);

/* Write the block "=== Heap Statistics ===" to the log. */
void heap_print_stats(void);

/* Check every slab, descriptor and canary. Returns the number of
 * contradictions. Cost: O(blocks). */
uint64_t heap_check(void);

/* ---- pools: kernel objects of one size --------------------------------- */

/* A private size class. The frames of an empty pool go back to the PMM. */
struct pool {
    struct slab_cache cache;
};

/* Prepare a pool of objects of @bytes <= 4,088; @name, for reports, must stay
 * valid. Allocates nothing. */
void pool_init(struct pool *pool, const char *name, size_t bytes);

/* Returns an object, aligned to 16 bytes and not zeroed, or NULL. */
void *pool_alloc(struct pool *pool);

/* Free an object of this pool; anything else panics. */
void pool_free(struct pool *pool, void *object);
