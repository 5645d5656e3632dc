/* SPDX-License-Identifier: MIT */
/* The slab core of lib/base over the PMM, and large blocks in a window of their
 * own. */
#include "heap.h"

#include <base/align.h>

#include <arch/cpu.h>
#include <klib/kassert.h>
#include <klib/log.h>
#include <klib/panic.h>

#include "frame.h"
#include "layout.h"
#include "pmm.h"
#include "vmm.h"

/* Pages of large blocks, and where in the window to look for the next. */
static uint64_t heap_large_pages;
static uint64_t heap_cursor = HEAP_BASE;

void
heap_init(void)
{
    slab_init(cpu_random());
    heap_large_pages = 0;
    heap_cursor = HEAP_BASE;
}

/* ---- what the slab core asks of its image ------------------------------ */

void *
slab_env_get_frame(struct slab *owner)
{
    return pmm_alloc_kind(FRAME_HEAP, frame_descriptor(owner));
}

void
slab_env_put_frame(void *frame)
{
    pmm_free_frame(frame);
}

void
slab_env_fail(const struct slab_fault *fault)
{
    if (fault->kind == SLAB_FAULT_FOREIGN) {
        panic("heap: block %p was %s, by %p", fault->block,
              slab_fault_text(fault->kind), fault->caller);
    }
    panic("heap: block %p (%llu bytes, allocated by %p) was %s, by %p",
          fault->block, (unsigned long long)fault->bytes, fault->allocated,
          slab_fault_text(fault->kind), fault->caller);
}

/* The descriptor of what @block points into; NULL if the heap does not own that
 * frame. Through the physmap a frame is found at once. Heap frames have no
 * flags, so kind and flags are compared as one byte. */
static ALWAYS_INLINE struct slab *
heap_lookup(const void *block)
{
    uint64_t index = frame_index(block);
    uint64_t word;

    if (UNLIKELY(index >= frame_limit)) {
        return NULL;
    }
    word = frame_table[index];
    return LIKELY((uint8_t)word == FRAME_HEAP) ? frame_descriptor_of(word)
                                               : NULL;
}

/* ---- large blocks ------------------------------------------------------ */

/*
 * The window is far larger than RAM, so places are not kept in a list: the
 * search goes on from where the last block ended, and the page tables say what
 * is free. A freed address thus stays unmapped for long, and a stray access to
 * it faults.
 *
 *      ... | unmapped | pages of the block      | unmapped | ...
 *          ^ cursor   ^ aligned                 ^ next cursor
 */

static bool
heap_is_mapped(uint64_t address)
{
    paddr_t ignored;

    return vmm_translate(vaddr(address), &ignored);
}

/* The last mapped page of [start, end), or 0. */
static uint64_t
heap_last_mapped(uint64_t start, uint64_t end)
{
    for (uint64_t page = end; page > start; page -= PAGE_BYTES) {
        if (heap_is_mapped(page - PAGE_BYTES)) {
            return page - PAGE_BYTES;
        }
    }
    return 0;
}

/* Find @bytes (whole pages) at a multiple of @alignment with an unmapped page
 * on either side, between @from and the end of the window. Returns 0 if there
 * is no place. Cost: O(pages mapped there + pages wanted). */
static uint64_t
heap_find_place(uint64_t from, uint64_t bytes, uint64_t alignment)
{
    for (;;) {
        uint64_t start = align_up(from + PAGE_BYTES, alignment);
        uint64_t mapped;

        if (start > HEAP_END - PAGE_BYTES
            || bytes > HEAP_END - PAGE_BYTES - start) {
            return 0;
        }
        mapped =
            heap_last_mapped(start - PAGE_BYTES, start + bytes + PAGE_BYTES);
        if (mapped == 0) {
            return start;
        }
        from = mapped + PAGE_BYTES;
    }
}

/* Unmap the first @pages pages at @start and free their frames. */
static void
heap_unmap(uint64_t start, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i++) {
        pmm_free_frame(vmm_unmap(vaddr(start + i * PAGE_BYTES)));
    }
    heap_large_pages -= pages;
}

/* Map @pages frames at @start for @large. Returns false, nothing mapped, if
 * memory is short. */
static bool
heap_map(uint64_t start, uint64_t pages, const struct slab *large)
{
    for (uint64_t i = 0; i < pages; i++) {
        void *frame = pmm_alloc_kind(FRAME_HEAP, frame_descriptor(large));
        enum status status = ST_ENOMEM;

        if (frame != NULL) {
            status = vmm_map(vaddr(start + i * PAGE_BYTES), frame,
                             PROT_READ | PROT_WRITE);
        }
        if (status != ST_OK) {
            if (frame != NULL) {
                pmm_free_frame(frame);
            }
            heap_unmap(start, i);
            return false;
        }
        heap_large_pages++;
    }
    return true;
}

static NOINLINE void *
heap_alloc_large(uint64_t bytes, uint64_t alignment, const void *site)
{
    struct slab *large;
    uint64_t pages;
    uint64_t start;

    if (bytes > HEAP_END - HEAP_BASE) {
        return NULL;
    }
    pages = align_up(slab_large_span(bytes), PAGE_BYTES) / PAGE_BYTES;
    if (pages > pmm_count(FRAME_FREE)) {
        return NULL;
    }
    if (heap_large_pages == 0) {
        heap_cursor = HEAP_BASE;
    }
    start = heap_find_place(heap_cursor, pages * PAGE_BYTES, alignment);
    if (start == 0) {
        start = heap_find_place(HEAP_BASE, pages * PAGE_BYTES, alignment);
    }
    if (start == 0) {
        return NULL;
    }
    large = slab_large_create(site);
    if (large == NULL) {
        return NULL;
    }
    if (!heap_map(start, pages, large)) {
        slab_large_cancel(large);
        return NULL;
    }
    heap_cursor = start + pages * PAGE_BYTES;
    slab_large_open(large, (void *)(uintptr_t)start, bytes);
    return (void *)(uintptr_t)start;
}

/* Free a large block; anything else is nobody's. */
static void
heap_free_large(void *block, const void *caller)
{
    uint64_t start = vaddr_of(block).raw;
    struct slab *large = NULL;
    uint64_t pages;
    paddr_t pa;

    if (start >= HEAP_BASE && start < HEAP_END
        && vmm_translate(vaddr(start), &pa)) {
        large = heap_lookup(physmap_at(pa));
    }
    if (large == NULL) {
        slab_bad_free(&slab_none, block, caller);
    }
    pages =
        align_up(slab_large_span(large->large_bytes), PAGE_BYTES) / PAGE_BYTES;
    slab_large_close(large, block, caller);
    heap_unmap(start, pages);
}

/* ---- kmalloc and kfree ------------------------------------------------- */

void *
kmalloc(size_t bytes)
{
    const void *site = __builtin_return_address(0);

    if (UNLIKELY(bytes > SLAB_MAX_BYTES)) {
        return heap_alloc_large(bytes, PAGE_BYTES, site);
    }
    return slab_malloc(bytes, site);
}

void *
kmalloc_aligned(size_t size, size_t alignment)
{
    const void *site = __builtin_return_address(0);
    struct slab_cache *cache;

    if (!is_power_of_two(alignment) || alignment > LARGE_PAGE_BYTES) {
        return NULL;
    }
    cache = slab_class_aligned(size, alignment);
    if (cache != NULL) {
        return slab_alloc(cache, size, site);
    }
    return heap_alloc_large(
        size, alignment > PAGE_BYTES ? alignment : PAGE_BYTES, site);
}

/* What is no block of a slab: NULL, a large block, or a mistake. Entered by a
 * jump, so that the return address is that of kfree's caller. */
static NOINLINE void
heap_free_slow(void *block)
{
    const void *caller = __builtin_return_address(0);
    struct slab *slab = heap_lookup(block);

    if (block == NULL) {
        return;
    }
    if (slab != NULL) {
        slab_bad_free(slab, block, caller);
    }
    heap_free_large(block, caller);
}

void
kfree(void *block)
{
    struct slab *slab = heap_lookup(block);

    if (UNLIKELY(slab == NULL || !slab_try_free(slab, block))) {
        heap_free_slow(block);
    }
}

void
heap_trim(void)
{
    slab_trim();
}

/* ---- pools ------------------------------------------------------------- */

void
pool_init(struct pool *pool, const char *name, size_t bytes)
{
    KASSERT(bytes <= SLAB_MAX_BYTES);
    slab_cache_init(&pool->cache, name, (uint32_t)bytes);
}

void *
pool_alloc(struct pool *pool)
{
    return slab_alloc(&pool->cache, pool->cache.object_bytes,
                      __builtin_return_address(0));
}

static COLD void
pool_refuse_free(struct pool *pool, void *object)
{
    const void *caller = __builtin_return_address(0);
    struct slab *slab = heap_lookup(object);

    if (slab == NULL || slab->cache != &pool->cache) {
        panic("heap: %p freed by %p into pool '%s', which it is not from",
              object, caller, pool->cache.name);
    }
    slab_bad_free(slab, object, caller);
}

void
pool_free(struct pool *pool, void *object)
{
    struct slab *slab = heap_lookup(object);

    if (UNLIKELY(slab == NULL || slab->cache != &pool->cache
                 || !slab_try_free(slab, object))) {
        pool_refuse_free(pool, object);
    }
}

/* ---- figures ----------------------------------------------------------- */

void
heap_get_stats(struct heap_stats *out)
{
    *out = (struct heap_stats){
        .allocated_bytes = slab_stats.allocated_bytes,
        .freed_bytes = slab_stats.freed_bytes,
        .used_bytes = slab_stats.allocated_bytes - slab_stats.freed_bytes,
        .blocks = slab_stats.blocks,
        .frames = slab_stats.frames + heap_large_pages,
    };
}

void
heap_print_stats(void)
{
    struct heap_stats stats;

    heap_get_stats(&stats);
    klog("=== Heap Statistics ===");
    klog("Allocated:  %llu bytes", (unsigned long long)stats.allocated_bytes);
    klog("Freed:      %llu bytes", (unsigned long long)stats.freed_bytes);
    klog("In use:     %llu bytes", (unsigned long long)stats.used_bytes);
}

uint64_t
heap_check(void)
{
    return slab_check();
}
