/* SPDX-License-Identifier: MIT */
/* Chunks: runs of pages, filled before they are handed out. */
#include "heap_chunk.h"

#include <stdbool.h>
#include <stddef.h>

#include <base/align.h>
#include <base/list.h>

#include "heap_pages.h"

#define CHUNK_PAGES     (HEAP_CHUNK_BYTES / PAGE_BYTES)
#define CHUNK_MAP_WORDS (CHUNK_PAGES / 64)
#define CHUNK_MAGIC     0x6B6E756863u

/* How many places to try where regions of others are in the way. */
#define CHUNK_PLACES 64

/* An empty chunk with at most this many filled pages is kept (C4). */
#define CHUNK_KEEP_PAGES 16

struct heap_chunk {
    uint64_t magic;
    struct list link; /* C3 */
    uint64_t pages;   /* of its region */
    bool whole;       /* has one block and belongs to it alone */
    uint64_t used;    /* pages handed out, the header not counted */
    uint64_t filled_pages;
    uint64_t free[CHUNK_MAP_WORDS];   /* C1 */
    uint64_t filled[CHUNK_MAP_WORDS]; /* C1 */
    struct slab *owner[CHUNK_PAGES];  /* C2 */
};

_Static_assert(sizeof(struct heap_chunk) <= PAGE_BYTES, "the header's page");

static struct list heap_chunks = { &heap_chunks, &heap_chunks };
static uint64_t heap_chunk_next; /* 0 = none so far */
static uint64_t heap_chunk_total;
static uint64_t heap_chunk_filled_pages;

/* ---- bit maps ---------------------------------------------------------- */

static bool
map_has(const uint64_t *map, uint64_t page)
{
    return (map[page / 64] >> page % 64 & 1) != 0;
}

static void
map_set(uint64_t *map, uint64_t page)
{
    map[page / 64] |= 1ull << page % 64;
}

static void
map_clear(uint64_t *map, uint64_t page)
{
    map[page / 64] &= ~(1ull << page % 64);
}

/* ---- chunks ------------------------------------------------------------ */

static struct heap_chunk *
heap_chunk_of(const void *address)
{
    uint64_t base = align_down((uint64_t)(uintptr_t)address, HEAP_CHUNK_BYTES);

    return (struct heap_chunk *)(uintptr_t)base;
}

static uint64_t
heap_chunk_page_of(const void *address)
{
    return (uint64_t)(uintptr_t)address % HEAP_CHUNK_BYTES / PAGE_BYTES;
}

/* Find a place for @pages pages and reserve it; 0 if there is none. */
static uint64_t
heap_chunk_reserve(uint64_t pages)
{
    uint64_t bytes = align_up(pages * PAGE_BYTES, HEAP_CHUNK_BYTES);

    for (int i = 0; i < CHUNK_PLACES; i++) {
        uint64_t base = heap_chunk_next == 0 ? heap_pages_first()
                                             : heap_chunk_next;
        bool taken = false;

        if (bytes > HEAP_PAGES_END - base) {
            base = HEAP_PAGES_BASE;
        }
        heap_chunk_next = base + bytes;
        if (heap_pages_reserve(base, pages, &taken)) {
            return base;
        }
        if (!taken) {
            break;
        }
    }
    return 0;
}

/* Write the header of the chunk at @base, whose first page is filled. */
static struct heap_chunk *
heap_chunk_open(uint64_t base, uint64_t pages)
{
    struct heap_chunk *chunk = (void *)(uintptr_t)base;

    *chunk = (struct heap_chunk){ .magic = CHUNK_MAGIC, .pages = pages };
    list_init(&chunk->link);
    for (uint64_t i = 0; i < CHUNK_PAGES; i++) {
        chunk->owner[i] = &slab_none;
    }
    heap_chunk_total++;
    return chunk;
}

static void
heap_chunk_destroy(struct heap_chunk *chunk)
{
    list_remove(&chunk->link);
    heap_chunk_total--;
    heap_chunk_filled_pages -= chunk->filled_pages;
    heap_pages_release((uint64_t)(uintptr_t)chunk, chunk->pages);
}

/* A new chunk to cut runs from, in the list; NULL if there is none. */
static struct heap_chunk *
heap_chunk_create(void)
{
    uint64_t base = heap_chunk_reserve(CHUNK_PAGES);
    struct heap_chunk *chunk;

    if (base == 0) {
        return NULL;
    }
    if (!heap_pages_fill(base, 1)) {
        heap_pages_release(base, CHUNK_PAGES);
        return NULL;
    }
    chunk = heap_chunk_open(base, CHUNK_PAGES);
    for (uint64_t i = 1; i < CHUNK_PAGES; i++) {
        map_set(chunk->free, i);
    }
    map_set(chunk->filled, 0);
    chunk->filled_pages = 1;
    heap_chunk_filled_pages++;
    list_add_head(&heap_chunks, &chunk->link);
    return chunk;
}

/* Whether [@first, @first + @pages) is free. */
static bool
heap_chunk_is_free(const struct heap_chunk *chunk, uint64_t first,
                   uint64_t pages)
{
    for (uint64_t i = first; i < first + pages; i++) {
        if (!map_has(chunk->free, i)) {
            return false;
        }
    }
    return true;
}

/* The first free run of @pages pages at a multiple of @step, or 0. */
static uint64_t
heap_chunk_find(const struct heap_chunk *chunk, uint64_t pages, uint64_t step)
{
    for (uint64_t i = step; i + pages <= CHUNK_PAGES; i += step) {
        if (heap_chunk_is_free(chunk, i, pages)) {
            return i;
        }
    }
    return 0;
}

/* Fill those pages of the run that are not. */
static bool
heap_chunk_fill(struct heap_chunk *chunk, uint64_t first, uint64_t pages)
{
    uint64_t base = (uint64_t)(uintptr_t)chunk;
    uint64_t end = first + pages;

    for (uint64_t i = first; i < end; i++) {
        uint64_t run = 0;

        while (i + run < end && !map_has(chunk->filled, i + run)) {
            run++;
        }
        if (run == 0) {
            continue;
        }
        if (!heap_pages_fill(base + i * PAGE_BYTES, run)) {
            return false;
        }
        for (uint64_t end_of_run = i + run; i < end_of_run; i++) {
            map_set(chunk->filled, i);
            chunk->filled_pages++;
            heap_chunk_filled_pages++;
        }
    }
    return true;
}

/* Take the run out of the chunk. */
static void *
heap_chunk_take(struct heap_chunk *chunk, uint64_t first, uint64_t pages,
                struct slab *owner)
{
    for (uint64_t i = first; i < first + pages; i++) {
        map_clear(chunk->free, i);
    }
    chunk->owner[first] = owner;
    chunk->used += pages;
    if (chunk->used == CHUNK_PAGES - 1) {
        list_remove(&chunk->link);
    }
    return (char *)chunk + first * PAGE_BYTES;
}

/* C4, after a page of @chunk was freed. */
static void
heap_chunk_emptied(struct heap_chunk *chunk)
{
    bool only = heap_chunk_total == 1;

    if (!only || chunk->filled_pages > CHUNK_KEEP_PAGES) {
        heap_chunk_destroy(chunk);
    }
}

/* A run inside a chunk, old or new. */
static void *
heap_chunk_alloc_small(uint64_t pages, uint64_t step, struct slab *owner)
{
    struct heap_chunk *chunk = NULL;
    uint64_t first = 0;

    list_for_each(node, &heap_chunks) {
        chunk = LIST_ENTRY(node, struct heap_chunk, link);
        first = heap_chunk_find(chunk, pages, step);
        if (first != 0) {
            break;
        }
    }
    if (first == 0) {
        chunk = heap_chunk_create();
        if (chunk == NULL) {
            return NULL;
        }
        first = heap_chunk_find(chunk, pages, step);
    }
    if (!heap_chunk_fill(chunk, first, pages)) {
        if (chunk->used == 0) {
            heap_chunk_emptied(chunk);
        }
        return NULL;
    }
    return heap_chunk_take(chunk, first, pages, owner);
}

/* A chunk with one block, which begins at page @step, and a guard. */
static void *
heap_chunk_alloc_whole(uint64_t pages, uint64_t step, struct slab *owner)
{
    uint64_t total = step + pages + 1;
    uint64_t base = heap_chunk_reserve(total);
    struct heap_chunk *chunk;

    if (base == 0) {
        return NULL;
    }
    if (!heap_pages_guard(base + (total - 1) * PAGE_BYTES)
        || !heap_pages_fill(base, 1)
        || !heap_pages_fill(base + step * PAGE_BYTES, pages)) {
        heap_pages_release(base, total);
        return NULL;
    }
    chunk = heap_chunk_open(base, total);
    chunk->whole = true;
    chunk->owner[step] = owner;
    chunk->used = pages;
    chunk->filled_pages = pages + 1;
    heap_chunk_filled_pages += pages + 1;
    return (char *)chunk + step * PAGE_BYTES;
}

/* ---- what malloc calls -------------------------------------------------- */

void *
heap_chunk_alloc(uint64_t pages, uint64_t alignment, struct slab *owner)
{
    uint64_t step = alignment > PAGE_BYTES ? alignment / PAGE_BYTES : 1;

    if (pages > (HEAP_PAGES_END - HEAP_PAGES_BASE) / PAGE_BYTES / 2) {
        return NULL;
    }
    if (step + pages <= CHUNK_PAGES / 2) {
        return heap_chunk_alloc_small(pages, step, owner);
    }
    return heap_chunk_alloc_whole(pages, step, owner);
}

void
heap_chunk_free(void *memory, uint64_t pages)
{
    struct heap_chunk *chunk = heap_chunk_of(memory);
    uint64_t first = heap_chunk_page_of(memory);

    if (chunk->whole) {
        heap_chunk_destroy(chunk);
        return;
    }
    if (chunk->used == CHUNK_PAGES - 1) {
        list_add_head(&heap_chunks, &chunk->link);
    }
    for (uint64_t i = first; i < first + pages; i++) {
        map_set(chunk->free, i);
    }
    chunk->owner[first] = &slab_none;
    chunk->used -= pages;
    if (chunk->used == 0) {
        heap_chunk_emptied(chunk);
    }
}

struct slab *
heap_chunk_owner(const void *address)
{
    uint64_t at = (uint64_t)(uintptr_t)address;
    const struct heap_chunk *chunk = heap_chunk_of(address);

    if (UNLIKELY(at < HEAP_PAGES_BASE || at >= HEAP_PAGES_END
                 || chunk->magic != CHUNK_MAGIC)) {
        return &slab_none;
    }
    return chunk->owner[heap_chunk_page_of(address)];
}

void
heap_chunk_trim(void)
{
    struct list *node = list_first(&heap_chunks);
    struct heap_chunk *chunk;

    if (node == NULL) {
        return;
    }
    chunk = LIST_ENTRY(node, struct heap_chunk, link);
    if (chunk->used == 0) {
        heap_chunk_destroy(chunk);
    }
}

uint64_t
heap_chunk_held_bytes(void)
{
    return heap_chunk_filled_pages * PAGE_BYTES;
}

uint64_t
heap_chunk_count(void)
{
    return heap_chunk_total;
}
