/* SPDX-License-Identifier: MIT */
/*
 * Claim: whatever sequence of single frames, zeroed ones, 2 MiB frames, runs and
 * pool refills: each frame has one owner, a pooled frame is zero, and a request
 * fails only when nothing that would do is left.
 * Method: one record per frame beside the PMM; its audit after every few steps.
 */
#include <stdbool.h>
#include <string.h>

#include <mm/frame.h>
#include <mm/pmm_state.h>

#include "fakes/fakes.h"
#include "fuzz.h"

#define MIB     (1ull << 20)
#define RAM     (6 * MIB)
#define FRAMES  (RAM / 4096)
#define HOLDERS 256u

enum operation {
    OP_FRAME,
    OP_ZEROED,
    OP_LARGE,
    OP_RUN,
    OP_FREE,
    OP_REFILL,
    OP_LIMIT,
    OP_MANY,
    OPERATIONS,
};

/* Who holds what: @frames from @memory on. */
static struct holder {
    uint8_t *memory;
    uint32_t frames;
    bool large;
} holders[HOLDERS];

static bool held[FRAMES]; /* by some holder */
static uint64_t held_count;
static uint64_t free_at_start;

static void
fuzz_start(void)
{
    const struct memmap_entry entry = { 0, RAM, MEMMAP_TYPE_USABLE };
    const struct pmm_hold hold = { 0, 0x8000, FRAME_KERNEL_IMAGE };

    fake_ram_create(RAM);
    CHECK(pmm_start(&entry, 1, &hold, 1));
    pmm_pool_set_limit(PMM_POOL_FRAMES);
    memset(held, 0, sizeof(held));
    memset(holders, 0, sizeof(holders));
    held_count = 0;
    free_at_start = pmm_count(FRAME_FREE);
}

static void
fuzz_keep(struct holder *h, void *memory, uint32_t frames)
{
    uint64_t first = frame_index(memory);

    CHECK(first + frames <= FRAMES);
    for (uint64_t f = first; f < first + frames; f++) {
        CHECK(!held[f]);
        held[f] = true;
    }
    held_count += frames;
    h->memory = memory;
    h->frames = frames;
    h->large = false;
    memset(memory, 0xA5, frames); /* so that its zeroing can be seen */
}

static void
fuzz_drop(struct holder *h)
{
    uint64_t first = frame_index(h->memory);

    if (h->large) {
        pmm_free_large(h->memory);
    } else if (h->frames == 1) {
        pmm_free_frame(h->memory);
    } else {
        pmm_free_run(h->memory, h->frames);
    }
    memset(held + first, 0, h->frames);
    held_count -= h->frames;
    memset(h, 0, sizeof(*h));
}

/* The longest run of frames that nobody holds: what a run may ask for. */
static uint32_t
fuzz_longest_run(void)
{
    uint32_t best = 0;
    uint32_t now = 0;

    for (uint64_t f = 0; f < FRAMES; f++) {
        bool usable = frame_kind_of(frame_table[f]) == FRAME_FREE && !held[f];

        now = usable ? now + 1 : 0;
        best = now > best ? now : best;
    }
    return best;
}

static void
fuzz_alloc(struct holder *h, enum operation op)
{
    uint32_t frames = op == OP_RUN ? 1u + fuzz_word() % 700 : 1;
    bool possible = held_count < free_at_start;
    uint8_t *memory;

    if (op == OP_RUN) {
        possible = fuzz_longest_run() >= frames;
        memory = pmm_alloc_run(frames);
    } else if (op == OP_ZEROED) {
        memory = pmm_alloc_zeroed(FRAME_USER, frame_private(1, 2));
        for (int i = 0; memory != NULL && i < 4096; i++) {
            CHECK(memory[i] == 0);
        }
    } else {
        memory = pmm_alloc_kind(FRAME_HEAP, 0);
    }
    CHECK((memory != NULL) == possible);
    if (memory != NULL) {
        fuzz_keep(h, memory, frames);
    }
}

static void
fuzz_large(struct holder *h)
{
    void *memory = pmm_alloc_large();

    if (memory == NULL) {
        CHECK_EQ(blocks_count_whole(&pmm.blocks), 0);
        CHECK_EQ(pmm_count_pooled(), 0);
        return;
    }
    CHECK(physmap_paddr(memory).raw % (2 * MIB) == 0);
    fuzz_keep(h, memory, PMM_LARGE_FRAMES);
    h->large = true;
}

static void
fuzz_step(void)
{
    enum operation op = fuzz_byte() % OPERATIONS;
    struct holder *h = &holders[fuzz_byte() % HOLDERS];

    switch (op) {
    case OP_REFILL:
        for (int i = fuzz_byte() % 80; i > 0; i--) {
            (void)pmm_pool_refill_one();
        }
        return;
    case OP_LIMIT:
        pmm_pool_set_limit(fuzz_byte());
        return;
    case OP_MANY:
        for (uint32_t i = 0; i < HOLDERS; i++) {
            if (holders[i].memory == NULL) {
                fuzz_alloc(&holders[i], OP_FRAME);
            }
        }
        return;
    default:
        break;
    }
    if (h->memory != NULL) {
        fuzz_drop(h);
    }
    if (op == OP_LARGE) {
        fuzz_large(h);
    } else if (op != OP_FREE) {
        fuzz_alloc(h, op);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_begin(data, bytes);
    fuzz_start();
    for (uint32_t steps = 0; fuzz_bytes > 0 && steps < 4096; steps++) {
        fuzz_step();
        CHECK_EQ(pmm_count(FRAME_FREE), free_at_start - held_count);
        if (steps % 16 == 0) {
            CHECK_EQ(pmm_check(), 0);
        }
    }
    CHECK_EQ(pmm_check(), 0);
    for (uint32_t i = 0; i < HOLDERS; i++) {
        if (holders[i].memory != NULL) {
            fuzz_drop(&holders[i]);
        }
    }
    CHECK_EQ(pmm_count(FRAME_FREE), free_at_start);
    CHECK_EQ(pmm_check(), 0);
    return 0;
}
