/* SPDX-License-Identifier: MIT */
/* Where malloc's pages come from: regions of kind HEAP at addresses that malloc
 * chooses. On a host the tests supply these functions instead. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <secos/bootinfo.h>

/* Where the heap lies: far above the place from which region_create looks for
 * holes, and far below the stack. */
#define HEAP_PAGES_BASE USER_HEAP_BASE
#define HEAP_PAGES_END  USER_HEAP_END

/* Where in it to begin: what the kernel chose for this process. */
uint64_t heap_pages_first(void);

/* Make [@base, @base + @pages) ours, empty. Returns false where something else
 * is there, or the kernel refuses; *@taken says which of the two. */
bool heap_pages_reserve(uint64_t base, uint64_t pages, bool *taken);

/* Have the pager fill the pages, all or some of them. Returns false if one of
 * them is not to be had; the others stay filled. */
bool heap_pages_fill(uint64_t base, uint64_t pages);

/* Make the page at @address one that nobody may touch, until it is released. */
bool heap_pages_guard(uint64_t address);

/* Give everything in [@base, @base + @pages) back. */
void heap_pages_release(uint64_t base, uint64_t pages);
