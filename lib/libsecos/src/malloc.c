/* SPDX-License-Identifier: MIT */
/*
 * malloc, calloc, realloc, aligned_alloc, free.
 *
 *      <= 4,088 bytes   a slot of a slab (base/slab.h): size classes, a canary
 *                       behind the bytes asked for, descriptors out of reach
 *      more             whole pages (heap_chunk.h), canary behind the bytes,
 *                       and an untouchable page behind blocks above 0.5 MiB
 *
 * Out of memory, or a pager that says FAIL, makes malloc return NULL: pages are
 * filled before they are handed out, and what malloc itself needs for that is
 * in pages filled the same way.
 *
 * A block freed twice, freed by a wrong address or written beyond its end is
 * named on the console with the place that allocated it, and the program ends
 * by abort: going on would be worse.
 */
#include <stdbool.h>

#include <base/align.h>
#include <base/fmt.h>
#include <base/slab.h>
#include <base/string.h>

#include <libsecos/console.h>
#include <libsecos/errno.h>
#include <libsecos/process.h>
#include <libsecos/stdlib.h>

#include "heap_chunk.h"
#include "heap_pages.h"

#define MALLOC_CALLER __builtin_return_address(0)

/* How long to wait for another thread that is inside malloc. */
#define MALLOC_WAIT_NS 1000000u

static bool malloc_ready;
static bool malloc_busy;

/* ---- one thread at a time ----------------------------------------------- */

/* The other thread may have a lower priority: yielding could wait for ever. */
static COLD void
malloc_wait(void)
{
    (void)process_sleep_until(process_clock() + MALLOC_WAIT_NS);
}

static void
malloc_enter(void)
{
    while (UNLIKELY(__atomic_test_and_set(&malloc_busy, __ATOMIC_ACQUIRE))) {
        malloc_wait();
    }
    if (UNLIKELY(!malloc_ready)) {
        slab_init(process_started != NULL ? process_started->random[1] : 0);
        malloc_ready = true;
    }
}

/* Where the image begins (user.ld); the host tests have none. */
extern char _text_start[] __attribute__((weak));

static void
malloc_leave(void)
{
    __atomic_clear(&malloc_busy, __ATOMIC_RELEASE);
}

/* ---- what the slab core asks for ----------------------------------------- */

void *
slab_env_get_frame(struct slab *owner)
{
    return heap_chunk_alloc(1, PAGE_BYTES, owner);
}

void
slab_env_put_frame(void *frame)
{
    heap_chunk_free(frame, 1);
}

void
slab_env_fail(const struct slab_fault *fault)
{
    char bytes[24] = "";
    char whose[64] = "";
    char text[200];

    if (fault->bytes != 0) { /* of a freed block nobody knows */
        (void)fmt_snprintf(bytes, sizeof(bytes), "%lu bytes, ", fault->bytes);
    }
    if (fault->kind != SLAB_FAULT_FOREIGN) {
        (void)fmt_snprintf(whose, sizeof(whose), " (%sallocated at %p)", bytes,
                           fault->allocated);
    }
    (void)fmt_snprintf(
        text, sizeof(text),
        "*** heap: block %p%s %s, seen at %p *** (image at %p)\r\n",
        fault->block, whose, slab_fault_text(fault->kind), fault->caller,
        (const void *)_text_start);
    (void)console_write_all(HANDLE_SLOT_CONSOLE, text, strlen(text));
    malloc_leave();
    abort();
}

/* ---- blocks, with malloc_busy held --------------------------------------- */

static uint64_t
malloc_large_pages(uint64_t bytes)
{
    return align_up(slab_large_span(bytes), PAGE_BYTES) / PAGE_BYTES;
}

static void *
malloc_large(size_t bytes, size_t alignment, const void *site)
{
    struct slab *large;
    void *memory;

    if (bytes >= HEAP_PAGES_END || alignment >= HEAP_CHUNK_BYTES) {
        return NULL;
    }
    large = slab_large_create(site);
    if (large == NULL) {
        return NULL;
    }
    memory = heap_chunk_alloc(malloc_large_pages(bytes), alignment, large);
    if (memory == NULL) {
        slab_large_cancel(large);
        return NULL;
    }
    slab_large_open(large, memory, bytes);
    return memory;
}

static void *
malloc_any(size_t bytes, size_t alignment, const void *site)
{
    struct slab_cache *cache;

    if (LIKELY(alignment <= SLAB_ALIGN && bytes <= SLAB_MAX_BYTES)) {
        return slab_malloc(bytes, site);
    }
    cache = slab_class_aligned(bytes, alignment);
    if (cache != NULL) {
        return slab_alloc(cache, bytes, site);
    }
    return malloc_large(bytes, alignment, site);
}

static bool
malloc_is_large(const struct slab *slab)
{
    return slab->cache == NULL && slab != &slab_none;
}

static void
malloc_free(void *block, const void *caller)
{
    struct slab *slab = heap_chunk_owner(block);
    uint64_t pages;

    if (LIKELY(!malloc_is_large(slab))) {
        slab_free(slab, block, caller);
        return;
    }
    pages = malloc_large_pages(slab->large_bytes);
    slab_large_close(slab, block, caller);
    heap_chunk_free(block, pages);
}

static uint64_t
malloc_bytes_of(const void *block, const void *caller)
{
    struct slab *slab = heap_chunk_owner(block);

    if (malloc_is_large(slab)) {
        return slab->large_bytes;
    }
    return slab_block_bytes(slab, block, caller);
}

/* ---- the C functions ------------------------------------------------------ */

static void *
malloc_locked(size_t bytes, size_t alignment, const void *site)
{
    void *block;

    malloc_enter();
    block = malloc_any(bytes, alignment, site);
    malloc_leave();
    if (block == NULL) {
        errno = ENOMEM;
    }
    return block;
}

void *
malloc(size_t bytes)
{
    return malloc_locked(bytes, SLAB_ALIGN, MALLOC_CALLER);
}

void *
calloc(size_t count, size_t bytes)
{
    size_t total;
    void *block;

    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    block = malloc_locked(total, SLAB_ALIGN, MALLOC_CALLER);
    if (block != NULL) {
        memset(block, 0, total);
    }
    return block;
}

void *
aligned_alloc(size_t alignment, size_t bytes)
{
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return malloc_locked(bytes, alignment, MALLOC_CALLER);
}

void
free(void *block)
{
    if (block == NULL) {
        return;
    }
    malloc_enter();
    malloc_free(block, MALLOC_CALLER);
    malloc_leave();
}

/* Always a new block: the canary stands right behind the bytes asked for, so
 * that a block of another length is another block. */
static void *
malloc_resize(void *block, size_t bytes, const void *site)
{
    void *copy;
    uint64_t old;

    malloc_enter();
    old = malloc_bytes_of(block, site);
    copy = malloc_any(bytes, SLAB_ALIGN, site);
    if (copy != NULL) {
        memcpy(copy, block, old < bytes ? old : bytes);
        malloc_free(block, site);
    }
    malloc_leave();
    if (copy == NULL) {
        errno = ENOMEM;
    }
    return copy;
}

void *
realloc(void *block, size_t bytes)
{
    if (block == NULL) {
        return malloc_locked(bytes, SLAB_ALIGN, MALLOC_CALLER);
    }
    return malloc_resize(block, bytes, MALLOC_CALLER);
}

void *
reallocarray(void *block, size_t count, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    if (block == NULL) {
        return malloc_locked(total, SLAB_ALIGN, MALLOC_CALLER);
    }
    return malloc_resize(block, total, MALLOC_CALLER);
}

size_t
malloc_usable_size(void *block)
{
    uint64_t bytes = 0;

    if (block != NULL) {
        malloc_enter();
        bytes = malloc_bytes_of(block, MALLOC_CALLER);
        malloc_leave();
    }
    return bytes;
}

int
malloc_trim(size_t keep)
{
    uint64_t held;
    int released;

    (void)keep;
    malloc_enter();
    held = heap_chunk_held_bytes();
    slab_trim();
    heap_chunk_trim();
    released = heap_chunk_held_bytes() < held;
    malloc_leave();
    return released;
}

void
malloc_get_stats(struct malloc_stats *stats)
{
    malloc_enter();
    *stats = (struct malloc_stats){
        .allocated_bytes = slab_stats.allocated_bytes,
        .freed_bytes = slab_stats.freed_bytes,
        .used_bytes = slab_stats.allocated_bytes - slab_stats.freed_bytes,
        .held_bytes = heap_chunk_held_bytes(),
        .regions = heap_chunk_count(),
    };
    malloc_leave();
}
