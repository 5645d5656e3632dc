/* SPDX-License-Identifier: MIT */
/*
 * Claim: the kernel heap never hands out overlapping memory, keeps what is
 * written, finds every wrong free and every overflow, and returns all frames.
 * Method: random blocks filled with their own pattern; each wrong use by hand.
 *
 * The heap's own source is included: its window of large blocks must lie where
 * this machine lets a program map pages.
 */
#include <string.h>

#include <mm/memmap.h>
#include <mm/pmm_state.h>

#include "check.h"
#include "fail.h"
#include "heap_window.h"
#include "random.h"

#define MIB (1ull << 20)

static uint64_t frames_at_start;

static void
start(uint64_t ram)
{
    const struct memmap_entry entry = { 0x100000, ram - 0x100000, 1 };
    const struct pmm_hold hold = { 0x100000, 0x110000, FRAME_KERNEL_IMAGE };

    fake_ram_create(ram);
    CHECK(pmm_start(&entry, 1, &hold, 1));
    heap_init();
    frames_at_start = pmm_count(FRAME_FREE);
}

static void
expect_empty(void)
{
    struct heap_stats stats;

    heap_get_stats(&stats);
    CHECK_EQ(stats.blocks, 0);
    CHECK_EQ(stats.used_bytes, 0);
    CHECK_EQ(stats.frames, 0);
    CHECK_EQ(window_mapped, 0);
    CHECK_EQ(pmm_count(FRAME_HEAP), 0);
    CHECK_EQ(pmm_count(FRAME_FREE), frames_at_start);
    CHECK_EQ(heap_check(), 0);
}

/* ---- random use ---------------------------------------------------------- */

#define BLOCKS 2000u

static struct block {
    uint8_t *memory;
    size_t bytes;
    uint8_t pattern;
} blocks[BLOCKS];

static size_t
random_size(void)
{
    switch (random_below(10)) {
    case 0:
        return random_below(20000);
    case 1:
        return 4080 + random_below(20);
    case 2:
        return random_below(20);
    default:
        return random_below(1500);
    }
}

static bool
is_intact(const struct block *b)
{
    for (size_t i = 0; i < b->bytes; i++) {
        if (b->memory[i] != b->pattern) {
            return false;
        }
    }
    return true;
}

static void
fill(struct block *b)
{
    size_t alignment = 16;

    b->bytes = random_size();
    b->pattern = (uint8_t)random_next();
    if (random_below(5) == 0) {
        alignment = 1ull << random_below(15);
        b->memory = kmalloc_aligned(b->bytes, alignment);
    } else {
        b->memory = kmalloc(b->bytes);
    }
    if (b->memory != NULL) {
        CHECK_EQ((uintptr_t)b->memory % alignment, 0);
        CHECK_EQ((uintptr_t)b->memory % 16, 0);
        memset(b->memory, b->pattern, b->bytes);
    }
}

static void
drop(struct block *b)
{
    CHECK(is_intact(b));
    kfree(b->memory);
    b->memory = NULL;
}

TEST(random_blocks_keep_their_content_and_all_frames_return)
{
    start(64 * MIB);
    for (int step = 0; step < 60000; step++) {
        struct block *b = &blocks[random_below(BLOCKS)];

        if (b->memory == NULL) {
            fill(b);
        } else {
            drop(b);
        }
        if (step % 2000 == 0) {
            CHECK_EQ(heap_check(), 0);
            CHECK_EQ(pmm_check(), 0);
        }
        if (step % 3000 == 0) {
            heap_trim();
            CHECK_EQ(heap_check(), 0);
        }
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        if (blocks[i].memory != NULL) {
            drop(&blocks[i]);
        }
    }
    expect_empty();
    CHECK_EQ(pmm_check(), 0);
}

TEST(memory_runs_out_without_damage)
{
    start(4 * MIB);
    for (int round = 0; round < 3; round++) {
        uint32_t failed = 0;

        for (uint32_t i = 0; i < BLOCKS; i++) {
            fill(&blocks[i]);
            failed += blocks[i].memory == NULL;
        }
        CHECK(failed > 0);
        CHECK_EQ(heap_check(), 0);
        for (uint32_t i = 0; i < BLOCKS; i++) {
            if (blocks[i].memory != NULL) {
                drop(&blocks[i]);
            }
        }
        expect_empty();
    }
}

/* Every size there is, alone: content, canary and the way back. */
TEST(every_size_up_to_three_pages)
{
    start(16 * MIB);
    for (size_t bytes = 0; bytes <= 3 * PAGE_BYTES; bytes++) {
        uint8_t *p = kmalloc(bytes);

        CHECK(p != NULL);
        memset(p, 0xFF, bytes);
        kfree(p);
    }
    expect_empty();
}

/* Allocations fail at the 1st, 2nd, ... frame or mapping: each unwinds. */
TEST(h65_a_large_block_unwinds_at_every_step)
{
    start(16 * MIB);
    for (map_fails_in = 0; map_fails_in < 5;) {
        int step = map_fails_in;

        CHECK(kmalloc(5 * PAGE_BYTES - 100) == NULL);
        expect_empty();
        map_fails_in = step + 1;
    }
    map_fails_in = -1;
    CHECK(kmalloc(1ull << 40) == NULL);
    CHECK(kmalloc(SIZE_MAX) == NULL);
    CHECK(kmalloc(SIZE_MAX - 8) == NULL);
    CHECK(kmalloc(HEAP_END - HEAP_BASE) == NULL);
    expect_empty();
}

/* The same for frames: of the slab, of its descriptor, of each page. */
TEST(h65_every_block_unwinds_when_a_frame_is_not_to_be_had)
{
    static const size_t sizes[] = { 0, 100, 4088, 4089, 30000, 3 * MIB };

    start(16 * MIB);
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t frames = 0;
        void *p;

        for (;;) {
            fail_in = frames;
            p = kmalloc_aligned(sizes[i], i % 2 == 0 ? 16 : 2 * MIB);
            fail_in = FAIL_NEVER;
            if (p != NULL) {
                break;
            }
            expect_empty();
            frames += frames < 20 ? 1 : 37;
        }
        CHECK(frames >= 2);
        kfree(p);
        expect_empty();
    }
}

/* ---- wrong uses ---------------------------------------------------------- */

TEST(a_block_freed_twice_is_named)
{
    uint8_t *keep;
    uint8_t *p;

    start(16 * MIB);
    keep = kmalloc(50);
    p = kmalloc(50);
    kfree(p);
    CHECK_PANICS(kfree(p), "freed twice");
    CHECK(fake_panic_said("allocated by 0x"));
    kfree(keep);
    /* Its frame has gone back: nobody's, and nobody knows who had it. */
    CHECK_PANICS(kfree(p), "not allocated, or freed already");
    CHECK(!fake_panic_said("allocated by"));
    expect_empty();
}

TEST(an_address_inside_a_block_is_refused)
{
    uint8_t *p;
    uint8_t *large;

    start(16 * MIB);
    for (size_t bytes = 1; bytes < 4000; bytes += 61) {
        p = kmalloc(bytes);
        for (volatile size_t i = 1; i < 16 || i < bytes; i += 7) {
            CHECK_PANICS(kfree(p + i), "address inside it");
        }
        kfree(p);
    }
    large = kmalloc(10000);
    CHECK_PANICS(kfree(large + 16), "address inside it");
    CHECK_PANICS(kfree(large + PAGE_BYTES), "address inside it");
    CHECK_PANICS(kfree(large + 3 * PAGE_BYTES),
                 "not allocated, or freed already");
    kfree(large);
    CHECK_PANICS(kfree(large), "not allocated, or freed already");
    expect_empty();
}

TEST(a_foreign_address_is_refused)
{
    static char local[64];
    void *frame;
    void *p;

    start(16 * MIB);
    CHECK_PANICS(kfree(local), "not allocated, or freed already");
    CHECK_PANICS(kfree(fake_ram), "not allocated, or freed already");
    CHECK_PANICS(kfree((void *)HEAP_BASE), "not allocated, or freed already");
    CHECK_PANICS(kfree((void *)(HEAP_END + 64)),
                 "not allocated, or freed already");
    frame = pmm_alloc_frame();
    CHECK_PANICS(kfree(frame), "not allocated, or freed already");
    pmm_free_frame(frame);
    CHECK_PANICS(kfree(frame), "not allocated, or freed already");
    p = kmalloc(2000);
    /* The second slot was never handed out, nor is a descriptor a block. */
    CHECK_PANICS(kfree((char *)p + 2048), "not allocated, or freed already");
    CHECK_PANICS(kfree(slab_classes[24].current),
                 "not allocated, or freed already");
    CHECK_PANICS(kfree(heap_lookup(p)), "not allocated, or freed already");
    kfree(p);
    kfree(NULL);
    expect_empty();
}

TEST(one_byte_beyond_the_end_is_found)
{
    start(16 * MIB);
    for (size_t bytes = 0; bytes < 9000; bytes += bytes < 300 ? 1 : 97) {
        uint8_t *p = kmalloc(bytes);

        for (volatile size_t beyond = 0; beyond < 8; beyond++) {
            p[bytes + beyond] ^= 0x40;
            CHECK_PANICS(kfree(p), "beyond its end");
            CHECK(fake_panic_said("allocated by 0x"));
            p[bytes + beyond] ^= 0x40;
        }
        kfree(p);
    }
    expect_empty();
}

/* An overflow as long as a frame does not reach what describes the slab. */
TEST(an_overflow_cannot_reach_descriptors)
{
    uint8_t *first;
    uint8_t *second;

    start(16 * MIB);
    first = kmalloc(100);
    second = kmalloc(100);
    memset(first, 0xEE, PAGE_BYTES - (uintptr_t)first % PAGE_BYTES);
    CHECK_PANICS(kfree(first), "beyond its end");
    CHECK_PANICS(kfree(second), "beyond its end");
    CHECK_EQ(heap_check(), 2);
}

/* ---- figures and pools --------------------------------------------------- */

TEST(statistics_count_the_bytes_asked_for)
{
    struct heap_stats stats;
    void *blocks5[5];

    start(16 * MIB);
    for (int i = 0; i < 5; i++) {
        blocks5[i] = kmalloc(1024);
    }
    kfree(blocks5[0]);
    kfree(blocks5[1]);
    heap_get_stats(&stats);
    CHECK_EQ(stats.allocated_bytes, 5120);
    CHECK_EQ(stats.freed_bytes, 2048);
    CHECK_EQ(stats.used_bytes, 3072);
    CHECK_EQ(stats.blocks, 3);
    fake_log_clear();
    heap_print_stats();
    CHECK(strcmp(fake_log(), "=== Heap Statistics ===\n"
                             "Allocated:  5120 bytes\n"
                             "Freed:      2048 bytes\n"
                             "In use:     3072 bytes\n")
          == 0);
    for (int i = 2; i < 5; i++) {
        kfree(blocks5[i]);
    }
    expect_empty();
}

TEST(a_pool_takes_back_only_its_own)
{
    static struct pool apples;
    static struct pool pears;
    void *apple;
    void *pear;
    void *plain;

    start(16 * MIB);
    pool_init(&apples, "apples", 200);
    pool_init(&pears, "pears", 4088);
    apple = pool_alloc(&apples);
    pear = pool_alloc(&pears);
    plain = kmalloc(200);
    memset(apple, 1, 200);
    memset(pear, 1, 4088);
    CHECK_PANICS(pool_free(&apples, pear), "'apples'");
    CHECK_PANICS(pool_free(&apples, plain), "'apples'");
    CHECK_PANICS(pool_free(&apples, NULL), "'apples'");
    CHECK_PANICS(pool_free(&apples, &apples), "'apples'");
    CHECK_PANICS(pool_free(&apples, fake_ram), "'apples'");
    ((char *)apple)[200] ^= 1;
    CHECK_PANICS(pool_free(&apples, apple), "beyond its end");
    ((char *)apple)[200] ^= 1;
    pool_free(&apples, apple);
    CHECK_PANICS(pool_free(&apples, apple), "freed twice");
    pool_free(&pears, pear);
    heap_trim();
    CHECK_EQ(pears.cache.current == &slab_none, true);
    kfree(plain);
    expect_empty();
}

TEST(kmalloc_aligned_refuses_what_is_no_power_of_two)
{
    static const size_t bad[] = { 0, 3, 24, 1ull << 63, 4ull << 20 };
    void *p;

    start(64 * MIB);
    for (int i = 0; i < 5; i++) {
        CHECK(kmalloc_aligned(10, bad[i]) == NULL);
    }
    for (size_t alignment = 1; alignment <= 2 * MIB; alignment *= 2) {
        for (size_t bytes = 0; bytes < 10000; bytes += 777) {
            p = kmalloc_aligned(bytes, alignment);
            CHECK(p != NULL && (uintptr_t)p % alignment == 0);
            memset(p, 0xFF, bytes);
            kfree(p);
        }
    }
    expect_empty();
}

TEST(large_blocks_have_an_unmapped_page_on_either_side)
{
    uint8_t *held[40] = { 0 };
    paddr_t pa;

    start(64 * MIB);
    for (int step = 0; step < 4000; step++) {
        uint32_t i = (uint32_t)random_below(40);
        size_t bytes = 4089 + random_below(30000);
        uint64_t pages = (bytes + 8 + PAGE_BYTES - 1) / PAGE_BYTES;

        if (held[i] != NULL) {
            kfree(held[i]);
            held[i] = NULL;
            continue;
        }
        held[i] = kmalloc(bytes);
        CHECK(held[i] != NULL);
        CHECK(!vmm_translate(vaddr((uint64_t)held[i] - 1), &pa));
        CHECK(vmm_translate(vaddr((uint64_t)held[i] + pages * PAGE_BYTES - 1),
                            &pa));
        CHECK(
            !vmm_translate(vaddr((uint64_t)held[i] + pages * PAGE_BYTES), &pa));
        if (step == 2000) {
            heap_cursor = HEAP_END - 9 * PAGE_BYTES; /* wrap around */
        }
    }
    for (int i = 0; i < 40; i++) {
        kfree(held[i]);
    }
    expect_empty();
}

TEST(a_place_is_looked_for_behind_what_is_mapped)
{
    uint8_t *first;
    uint8_t *second;
    uint8_t *third;

    start(16 * MIB);
    first = kmalloc(20000);
    second = kmalloc(20000);
    heap_cursor = HEAP_BASE; /* as if the window had been used up */
    third = kmalloc(20000);
    CHECK(third > second && second > first);
    kfree(first);
    kfree(second);
    heap_cursor = HEAP_BASE; /* before the third is room enough now */
    second = kmalloc(20000);
    CHECK(second < third);
    heap_cursor = HEAP_END - PAGE_BYTES;
    first = kmalloc(20000); /* no room behind the cursor */
    CHECK(first != NULL && first != second && first != third);
    kfree(first);
    kfree(second);
    kfree(third);
    expect_empty();
}

/* The counter of frees in a slab must survive more pairs than it has bits. */
TEST(a_hundred_thousand_tight_pairs_keep_the_frame)
{
    void *keep;
    uint64_t frames;

    start(16 * MIB);
    keep = kmalloc(64);
    frames = pmm_count(FRAME_HEAP);
    for (int i = 0; i < 100000; i++) {
        kfree(kmalloc(64));
    }
    CHECK_EQ(pmm_count(FRAME_HEAP), frames);
    CHECK_EQ(heap_check(), 0);
    kfree(keep);
    expect_empty();
}

int
main(int argc, char **argv)
{
    random_seed(argc, argv);
    RUN(random_blocks_keep_their_content_and_all_frames_return);
    RUN(memory_runs_out_without_damage);
    RUN(every_size_up_to_three_pages);
    RUN(h65_a_large_block_unwinds_at_every_step);
    RUN(h65_every_block_unwinds_when_a_frame_is_not_to_be_had);
    RUN(a_block_freed_twice_is_named);
    RUN(an_address_inside_a_block_is_refused);
    RUN(a_foreign_address_is_refused);
    RUN(one_byte_beyond_the_end_is_found);
    RUN(an_overflow_cannot_reach_descriptors);
    RUN(statistics_count_the_bytes_asked_for);
    RUN(a_pool_takes_back_only_its_own);
    RUN(kmalloc_aligned_refuses_what_is_no_power_of_two);
    RUN(large_blocks_have_an_unmapped_page_on_either_side);
    RUN(a_place_is_looked_for_behind_what_is_mapped);
    RUN(a_hundred_thousand_tight_pairs_keep_the_frame);
    return CHECK_REPORT();
}
