/* SPDX-License-Identifier: MIT */
/*
 * Claim: whatever sequence of allocations, frees and trims, with memory running
 * out anywhere: blocks never overlap and keep what is written into them, and
 * after the last free every frame is back.
 * Method: each block is filled with a byte of its own, checked when it goes; the
 * input decides sizes, alignments, order, and which mapping fails.
 */
#include <string.h>

#include <mm/pmm_state.h>

#include "fakes/fakes.h"
#include "fuzz.h"
#include "heap_window.h"

#define MIB    (1ull << 20)
#define RAM    (2 * MIB)
#define BLOCKS 64u
#define HOARD  512u /* more frames than there are */

enum operation {
    OP_ALLOC,
    OP_ALLOC_ALIGNED,
    OP_ALLOC_LARGE,
    OP_FREE,
    OP_POOL,
    OP_TRIM,
    OP_HOARD,
    OP_FAIL_MAP,
    OPERATIONS,
};

static struct block {
    uint8_t *memory;
    size_t bytes;
    uint8_t fill;
    bool pooled;
} blocks[BLOCKS];

static void *hoard[HOARD];
static uint32_t hoarded;
static struct pool pool;

#define POOL_OBJECT_BYTES 120u

static void
fuzz_start(void)
{
    const struct memmap_entry entry = { 0, RAM, MEMMAP_TYPE_USABLE };
    const struct pmm_hold hold = { 0, 0x8000, FRAME_KERNEL_IMAGE };

    fake_ram_create(RAM);
    CHECK(pmm_start(&entry, 1, &hold, 1));
    heap_init();
    pool_init(&pool, "fuzz", POOL_OBJECT_BYTES);
    map_fails_in = -1;
}

static void
fuzz_drop(struct block *b)
{
    for (size_t i = 0; i < b->bytes; i++) {
        CHECK(b->memory[i] == b->fill);
    }
    if (b->pooled) {
        pool_free(&pool, b->memory);
    } else {
        kfree(b->memory);
    }
    b->memory = NULL;
}

static void
fuzz_keep(struct block *b, void *memory, size_t bytes, size_t alignment)
{
    CHECK((uintptr_t)memory % alignment == 0);
    if (memory == NULL) {
        return;
    }
    b->memory = memory;
    b->bytes = bytes;
    b->fill = (uint8_t)(fuzz_bytes * 31 + 1);
    memset(memory, b->fill, bytes);
}

static void
fuzz_alloc(struct block *b, enum operation op)
{
    size_t bytes = fuzz_word() % (op == OP_ALLOC_LARGE ? 20000 : 4100);
    size_t alignment = 16;
    void *memory;

    if (b->memory != NULL) {
        fuzz_drop(b);
    }
    b->pooled = op == OP_POOL;
    if (op == OP_POOL) {
        bytes = POOL_OBJECT_BYTES;
        memory = pool_alloc(&pool);
    } else if (op == OP_ALLOC_ALIGNED) {
        alignment = 1ull << fuzz_byte() % 23;
        memory = kmalloc_aligned(bytes, alignment);
        CHECK(alignment <= 2 * MIB || memory == NULL);
    } else {
        memory = kmalloc(bytes);
    }
    fuzz_keep(b, memory, bytes, alignment);
}

/* Take up to @frames frames away, or give all back. */
static void
fuzz_hoard(uint32_t frames)
{
    if (frames == 0) {
        while (hoarded > 0) {
            pmm_free_frame(hoard[--hoarded]);
        }
    }
    for (; frames > 0; frames--) {
        void *frame = pmm_alloc_kind(FRAME_USER, 0);

        if (frame == NULL) {
            return;
        }
        hoard[hoarded++] = frame;
    }
}

static void
fuzz_step(void)
{
    enum operation op = fuzz_byte() % OPERATIONS;
    struct block *b;

    switch (op) {
    case OP_TRIM:
        heap_trim();
        break;
    case OP_HOARD:
        fuzz_hoard(fuzz_byte() * 2u);
        break;
    case OP_FAIL_MAP:
        map_fails_in = fuzz_byte() % 8 - 1;
        break;
    case OP_FREE:
        b = &blocks[fuzz_byte() % BLOCKS];
        if (b->memory != NULL) {
            fuzz_drop(b);
        }
        break;
    default:
        fuzz_alloc(&blocks[fuzz_byte() % BLOCKS], op);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint64_t frames;

    fuzz_begin(data, bytes);
    fuzz_start();
    frames = pmm_count(FRAME_FREE);
    for (uint32_t steps = 0; fuzz_bytes > 0 && steps < 4096; steps++) {
        fuzz_step();
        if (steps % 16 == 0) {
            CHECK_EQ(heap_check(), 0);
        }
    }
    CHECK_EQ(heap_check(), 0);
    CHECK_EQ(pmm_check(), 0);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        if (blocks[i].memory != NULL) {
            fuzz_drop(&blocks[i]);
        }
    }
    fuzz_hoard(0);
    heap_trim();
    CHECK_EQ(window_mapped, 0);
    CHECK_EQ(pmm_count(FRAME_HEAP), 0);
    CHECK_EQ(pmm_count(FRAME_FREE), frames);
    CHECK_EQ(pmm_check(), 0);
    return 0;
}
