/* SPDX-License-Identifier: MIT */
/*
 * Runs of pages for malloc, and the way back from an address to its block.
 *
 * The heap grows by chunks of 1 MiB at multiples of 1 MiB. The first page of a
 * chunk is its header, so whoever has an address finds the header by clearing
 * 20 bits, and there who owns the page:
 *
 *      chunk    +--------+------+------+------+-----    ------+
 *               | header | slab | slab | large block ...      | 256 pages
 *               +--------+------+------+------+-----    ------+
 *                owner[]   1      2      3
 *
 * A block too large for a chunk gets one of its own, of as many MiB as it
 * needs, with a page behind the block that nobody may touch.
 *
 * Pages are filled by the pager before they are handed out, one system call for
 * a run: that is where a shortage shows, as an answer and not as an end.
 *
 * Invariants
 *  C1  free and filled have bit i for page i. A page that is not free is
 *      filled; a free one may be, and is then handed out without a call.
 *  C2  owner[i] is the descriptor of the block on page i, on its first page
 *      only if it is large; &slab_none for pages of nobody.
 *  C3  Every chunk with a free page is in the list, the newest first.
 *  C4  A chunk without a used page is given back, but for the last one while
 *      few of its pages are filled: malloc and free in a loop stay cheap.
 *
 * Context: as lib/base's slab: one thread at a time (malloc.c sees to it).
 */
#pragma once

#include <stdint.h>

#include <base/slab.h>

/* Allocate @pages pages on a multiple of @alignment bytes, a power of two below
 * HEAP_CHUNK_BYTES, for @owner. Returns NULL if they are not to be had. */
void *heap_chunk_alloc(uint64_t pages, uint64_t alignment, struct slab *owner);

/* Free what heap_chunk_alloc returned. */
void heap_chunk_free(void *memory, uint64_t pages);

/* The descriptor of the block that @address lies on the first page of (a large
 * block) or in (a slab); &slab_none for what is not the heap's. */
struct slab *heap_chunk_owner(const void *address);

/* Give back the chunk that C4 keeps, if it is empty. */
void heap_chunk_trim(void);

/* Bytes of filled pages, and chunks. */
uint64_t heap_chunk_held_bytes(void);
uint64_t heap_chunk_count(void);

#define HEAP_CHUNK_BYTES 0x100000ull
