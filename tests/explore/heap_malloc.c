/* SPDX-License-Identifier: MIT */
/* kmalloc from malloc: AddressSanitizer sees every object of the kernel. */
#include <stdlib.h>

#include <mm/heap.h>

#include "machine.h"

static uint64_t heap_count;

void *
kmalloc(size_t bytes)
{
    heap_count++;
    return malloc(bytes);
}

void *
kmalloc_aligned(size_t size, size_t alignment)
{
    (void)alignment;
    return kmalloc(size);
}

void
kfree(void *memory)
{
    if (memory != NULL) {
        heap_count--;
        free(memory);
    }
}

uint64_t
heap_blocks(void)
{
    return heap_count;
}
