/* SPDX-License-Identifier: MIT */
/* kmalloc from one array, so that copying the array copies every kernel object. A
 * freed block is filled with a pattern that is no address and no list link. */
#include <string.h>

#include <base/align.h>

#include <klib/panic.h>
#include <mm/heap.h>

#include "machine.h"

#define HEAP_UNIT    64u
#define HEAP_SIZES   64u /* blocks of up to 64 units */
#define BLOCK_USED   0x75736564u
#define BLOCK_FREE   0x66726565u
#define POISON_FRESH 0x5A
#define POISON_FREED 0xA5

struct block {
    uint32_t state;
    uint32_t units;
    struct block *next;
} __attribute__((aligned(16)));

uint8_t heap_arena[HEAP_ARENA_BYTES] __attribute__((aligned(64)));
static size_t heap_used;
static uint64_t heap_count;
static struct block *heap_free[HEAP_SIZES + 1];

void *
kmalloc(size_t bytes)
{
    uint32_t units =
        (uint32_t)((bytes + sizeof(struct block) + HEAP_UNIT - 1) / HEAP_UNIT);
    struct block *block;

    if (units > HEAP_SIZES) {
        panic("machine: a block of %zu bytes", bytes);
    }
    block = heap_free[units];
    if (block != NULL) {
        heap_free[units] = block->next;
    } else {
        if (heap_used + units * HEAP_UNIT > HEAP_ARENA_BYTES) {
            panic("machine: the arena is full");
        }
        block = (struct block *)(void *)(heap_arena + heap_used);
        heap_used += units * HEAP_UNIT;
    }
    block->state = BLOCK_USED;
    block->units = units;
    memset(block + 1, POISON_FRESH, units * HEAP_UNIT - sizeof(*block));
    heap_count++;
    return block + 1;
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
    struct block *block = (struct block *)memory - 1;

    if (memory == NULL) {
        return;
    }
    if (block->state != BLOCK_USED) {
        panic("machine: a block was freed twice");
    }
    memset(memory, POISON_FREED, block->units * HEAP_UNIT - sizeof(*block));
    block->state = BLOCK_FREE;
    block->next = heap_free[block->units];
    heap_free[block->units] = block;
    heap_count--;
}

uint64_t
heap_blocks(void)
{
    return heap_count;
}

size_t
heap_arena_used(void)
{
    return heap_used;
}
