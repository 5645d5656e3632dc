/* SPDX-License-Identifier: MIT */
/* What memory_object.c, the life of an object, and memory_pages.c, its pages,
 * share, and nobody else. */
#pragma once

#include <base/list.h>

#include <arch/addr.h>

#include "memory_object.h"

#define CHUNK_PAGES 64u

struct memory_page {
    void *frame; /* physmap; NULL = not there */
    struct list mappings;
};

struct memory_chunk {
    struct memory_page pages[CHUNK_PAGES];
};

struct memory_mapping {
    struct list link;
    struct space *space;
    vaddr_t page;
};

/* The object that the shared frame with this word is of. */
struct memory_object *memory_object_of(uint64_t word);

/* Take @page from at most *@most of those who see it, and count them there.
 * Returns whether nobody does any more. */
bool memory_pages_hide(struct memory_page *page, unsigned *most);

/* The frame of @page, which nobody sees, leaves @memory. Returns it. */
void *memory_pages_detach(struct memory_object *memory,
                          struct memory_page *page);
