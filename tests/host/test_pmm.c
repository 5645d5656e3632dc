/* SPDX-License-Identifier: MIT */
/*
 * Claim: the PMM hands out each free frame once, never one that is reserved,
 * and finds all of them again; every wrong free is refused by name.
 * Method: random calls against a model with one record per frame, the audit
 * pmm_check after every few steps, and special cases by hand.
 */
#include <string.h>

#include <mm/frame.h>
#include <mm/memmap.h>
#include <mm/pmm_state.h>

#include "check.h"
#include "random.h"

#define MIB          (1ull << 20)
#define PAGE         4096ull
#define KERNEL_START 0x100000ull
#define KERNEL_END   0x164321ull
#define MODULE_START 0x166000ull
#define MODULE_END   0x170010ull
#define INFO_START   0x9500ull
#define INFO_END     0x9800ull

/* A machine as QEMU's pc gives it, @bytes of RAM, all below 4 GiB. */
static void
start_machine(uint64_t bytes)
{
    const struct memmap_entry entries[] = {
        { 0, 0x9fc00, 1 },
        { 0x9fc00, 0x400, 2 },
        { 0xf0000, 0x10000, 2 },
        { 0x100000, bytes - 0x100000 - 0x20000, 1 },
        { bytes - 0x20000, 0x20000, 2 },
    };
    const struct pmm_hold holds[] = {
        { KERNEL_START, KERNEL_END, FRAME_KERNEL_IMAGE },
        { INFO_START, INFO_END, FRAME_RESERVED },
        { MODULE_START, MODULE_END, FRAME_MODULE },
        { 0, 0, FRAME_MODULE },
    };

    fake_ram_create(bytes);
    CHECK(pmm_start(entries, 5, holds, 4));
    CHECK_EQ(pmm_check(), 0);
}

static uint64_t
frame_of(const void *p)
{
    return (uint64_t)((const uint8_t *)p - fake_ram) / PAGE;
}

/* ---- start-up ----------------------------------------------------------- */

TEST(h111_start_up_frees_only_what_nobody_holds)
{
    uint64_t tables;

    start_machine(64 * MIB);
    tables = frame_of(frame_table);
    CHECK_EQ(tables, 0x171); /* the first gap: behind the module */
    CHECK_EQ(pmm_count(FRAME_MODULE), 0x171 - 0x166);
    CHECK_EQ(pmm_count_total(), (64 * MIB - 0x20000) / PAGE);
    for (uint64_t f = 0; f < frame_limit; f++) {
        enum frame_kind kind = frame_kind_of(frame_table[f]);
        bool usable = f != 0 && f != INFO_START / PAGE
                      && (f < 0x9f || f >= KERNEL_START / PAGE);

        if (f >= 0x100 && f < 0x165) {
            CHECK(kind == FRAME_KERNEL_IMAGE);
        } else if (f >= 0x166 && f < 0x171) {
            CHECK(kind == FRAME_MODULE);
        } else if (kind == FRAME_KERNEL_IMAGE) {
            CHECK(f >= tables && f < tables + 40);
        } else {
            CHECK_EQ(kind, usable ? FRAME_FREE : FRAME_RESERVED);
        }
    }
    CHECK_EQ(pmm_get_total_memory(), 64 * MIB);
    CHECK_EQ(pmm_get_used_memory() + pmm_get_free_memory(), 64 * MIB);
}

/* On a smaller machine single words weigh more: 0.141 with 16 MiB. */
TEST(from_64_mib_up_the_bitmap_takes_at_most_0_14_byte_a_frame)
{
    for (uint64_t frames = 16384; frames <= BLOCKS_MAX * 512; frames *= 4) {
        CHECK(blocks_bytes(frames) * 100 <= frames * 14);
    }
}

TEST(ram_above_4_gib_waits_for_the_physmap)
{
    const struct memmap_entry entries[] = {
        { 0x100000, 0xbff00000, 1 },
        { 1ull << 32, 2ull << 30, 1 },
    };
    const struct pmm_hold holds[] = { { KERNEL_START, KERNEL_END,
                                        FRAME_KERNEL_IMAGE } };
    uint64_t early;

    fake_ram_create(6ull << 30);
    CHECK(pmm_start(entries, 2, holds, 1));
    CHECK_EQ(pmm_count_total(), (1ull << 32) / PAGE);
    early = pmm_count(FRAME_FREE);
    CHECK(early < (3ull << 30) / PAGE);
    pmm_release_high();
    CHECK_EQ(pmm_count(FRAME_FREE), early + (2ull << 30) / PAGE);
    CHECK_EQ(pmm_count_total(), (6ull << 30) / PAGE);
    CHECK_EQ(pmm_check(), 0);
    pmm_release_high();
    CHECK_EQ(pmm_check(), 0);
    CHECK_EQ(pmm_get_total_memory(), 5ull << 30);
}

TEST(a_machine_too_small_is_refused)
{
    const struct memmap_entry entry = { 0, KERNEL_END, 1 };
    const struct pmm_hold hold = { KERNEL_START, KERNEL_END,
                                   FRAME_KERNEL_IMAGE };

    fake_ram_create(2 * MIB);
    CHECK(!pmm_start(&entry, 1, &hold, 1));
    CHECK(!pmm_start(&entry, 0, &hold, 1));
}

TEST(released_frames_become_free_once)
{
    uint64_t free_frames;

    start_machine(16 * MIB);
    free_frames = pmm_count(FRAME_FREE);
    pmm_release_reserved(paddr(MODULE_START), paddr(MODULE_END));
    /* The last frame of the module is a part frame and stays. */
    CHECK_EQ(pmm_count(FRAME_FREE), free_frames + 10);
    CHECK_EQ(pmm_count(FRAME_MODULE), 1);
    CHECK_EQ(pmm_check(), 0);
    CHECK_PANICS(pmm_release_reserved(paddr(MODULE_START), paddr(MODULE_END)),
                 "assertion");
    CHECK_PANICS(pmm_release_reserved(paddr(0xf0000), paddr(0xf1000)),
                 "assertion");
}

/* ---- wrong frees -------------------------------------------------------- */

TEST(wrong_frees_are_refused_by_name)
{
    uint8_t *frame;
    uint8_t *large;
    int local;

    start_machine(16 * MIB);
    frame = pmm_alloc_frame();
    large = pmm_alloc_large();
    CHECK(frame != NULL && large != NULL);
    CHECK_PANICS(pmm_free_frame(frame + 1), "not the start of a frame");
    CHECK_PANICS(pmm_free_frame(&local), "no frame");
    CHECK_PANICS(pmm_free_frame(NULL), "no frame");
    CHECK_PANICS(pmm_free_frame(fake_ram + 16 * MIB), "no frame");
    CHECK_PANICS(pmm_free_frame(fake_ram + KERNEL_START), "never handed out");
    CHECK_PANICS(pmm_free_frame(fake_ram + MODULE_START), "never handed out");
    CHECK_PANICS(pmm_free_frame(fake_ram), "never handed out");
    CHECK_PANICS(pmm_free_frame(large), "another size");
    CHECK_PANICS(pmm_free_frame(large + PAGE), "is free already");
    CHECK_PANICS(pmm_free_large(frame), "another size");
    CHECK_PANICS(pmm_free_large(large + PAGE), "is free already");
    pmm_free_frame(frame);
    CHECK_PANICS(pmm_free_frame(frame), "is free already");
    pmm_free_large(large);
    CHECK_PANICS(pmm_free_large(large), "is free already");
    CHECK_EQ(pmm_check(), 0);
}

/* ---- the pool ----------------------------------------------------------- */

TEST(pooled_frames_are_free_zero_and_last_to_go)
{
    uint64_t free_frames;
    uint64_t count = 0;
    uint8_t *p;

    start_machine(16 * MIB);
    memset(fake_ram + 4 * MIB, 0xAA, 8 * MIB);
    free_frames = pmm_count(FRAME_FREE);
    while (pmm_pool_refill_one()) {
        count++;
    }
    CHECK_EQ(count, PMM_POOL_FRAMES);
    CHECK_EQ(pmm_count_pooled(), PMM_POOL_FRAMES);
    CHECK_EQ(pmm_count(FRAME_FREE), free_frames);
    CHECK_EQ(pmm_check(), 0);
    CHECK_PANICS(pmm_free_frame(frame_at(pmm.pool[0])), "is free already");
    p = pmm_alloc_zeroed(FRAME_USER, frame_private(7, 42));
    CHECK_EQ(pmm_count_pooled(), PMM_POOL_FRAMES - 1);
    CHECK(p[0] == 0 && memcmp(p, p + 1, PAGE - 1) == 0);
    CHECK_EQ(frame_kind_of(*frame_word(p)), FRAME_USER);
    CHECK_EQ(frame_space(*frame_word(p)), 7);
    CHECK_EQ(frame_page(*frame_word(p)), 42);
    pmm_free_frame(p);
    for (count = 0; pmm_alloc_kind(FRAME_STACK, 0) != NULL; count++) {
    }
    CHECK_EQ(count, free_frames);
    CHECK_EQ(pmm_count(FRAME_STACK), free_frames);
    CHECK_EQ(pmm_count(FRAME_FREE), 0);
    CHECK(pmm_alloc_zeroed(FRAME_USER, 0) == NULL);
    CHECK(pmm_alloc_large() == NULL);
    CHECK(pmm_alloc_run(1) == NULL);
    CHECK(!pmm_pool_refill_one());
    CHECK_EQ(pmm_check(), 0);
}

TEST(the_pool_gives_way_to_large_requests)
{
    start_machine(16 * MIB);
    pmm_pool_set_limit(10);
    while (pmm_pool_refill_one()) {
    }
    CHECK_EQ(pmm_count_pooled(), 10);
    /* Only the pool's block is not whole: 6 whole ones are left. */
    for (int i = 0; i < 6; i++) {
        CHECK(pmm_alloc_large() != NULL);
    }
    CHECK_EQ(pmm_count_pooled(), 10);
    CHECK(pmm_alloc_large() == NULL);
    CHECK_EQ(pmm_count_pooled(), 0);
    CHECK_EQ(pmm_check(), 0);
    while (pmm_pool_refill_one()) {
    }
    pmm_pool_set_limit(3);
    CHECK_EQ(pmm_count_pooled(), 3);
    CHECK_EQ(pmm_check(), 0);
}

TEST(zeroed_frames_are_zero_without_a_pool_too)
{
    uint8_t *p;

    start_machine(16 * MIB);
    p = pmm_alloc_frame();
    memset(p, 0xFF, PAGE);
    pmm_free_frame(p);
    p = pmm_alloc_zeroed(FRAME_PAGE_TABLE, 0);
    CHECK(p[0] == 0 && memcmp(p, p + 1, PAGE - 1) == 0);
}

/* ---- property test ------------------------------------------------------ */

#define MODEL_FRAMES 16384u

static uint8_t model[MODEL_FRAMES]; /* kind; 0 = not ours */
static uint64_t live[MODEL_FRAMES];
static uint32_t live_count;

static const enum frame_kind kinds[] = { FRAME_HEAP, FRAME_USER, FRAME_STACK,
                                         FRAME_PAGE_TABLE, FRAME_SHARED };

static void
model_take(const void *p, uint64_t frames, enum frame_kind kind)
{
    uint64_t first = frame_of(p);

    CHECK(first + frames <= MODEL_FRAMES);
    for (uint64_t i = first; i < first + frames; i++) {
        if (model[i] != FRAME_FREE) {
            CHECK(!"a frame was handed out that is not free");
        }
        model[i] = (uint8_t)kind;
    }
}

static void
model_give(uint64_t first, uint64_t frames)
{
    for (uint64_t i = first; i < first + frames; i++) {
        model[i] = FRAME_FREE;
    }
}

static uint64_t
model_free(void)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < MODEL_FRAMES; i++) {
        count += model[i] == FRAME_FREE;
    }
    return count;
}

static void
alloc_single(void)
{
    enum frame_kind kind = kinds[random_below(5)];
    void *p = random_below(4) == 0 ? pmm_alloc_zeroed(kind, 0)
                                   : pmm_alloc_kind(kind, 0);

    if (p == NULL) {
        CHECK_EQ(model_free(), 0);
        return;
    }
    model_take(p, 1, kind);
    memset(p, 0x5A, 64);
    live[live_count++] = frame_of(p);
}

static void
free_single(void)
{
    uint32_t i = (uint32_t)random_below(live_count);

    model_give(live[i], 1);
    pmm_free_frame(frame_at(live[i]));
    live[i] = live[--live_count];
}

static bool
model_has_run(uint64_t frames)
{
    uint64_t run = 0;

    for (uint32_t i = 0; i < MODEL_FRAMES; i++) {
        run = model[i] == FRAME_FREE ? run + 1 : 0;
        if (run == frames) {
            return true;
        }
    }
    return false;
}

static void
alloc_and_free_run(void)
{
    uint64_t frames = 1 + random_below(random_below(4) == 0 ? 1500 : 20);
    void *p = pmm_alloc_run(frames);

    if (p == NULL) {
        CHECK(!model_has_run(frames));
        return;
    }
    model_take(p, frames, FRAME_DMA);
    CHECK_EQ(pmm_count(FRAME_DMA) % 512, frames % 512);
    model_give(frame_of(p), frames);
    pmm_free_run(p, frames);
}

static void
large_blocks(void)
{
    void *held[8];
    int count = 0;

    while (count < 8 && (held[count] = pmm_alloc_large()) != NULL) {
        CHECK_EQ(frame_of(held[count]) % 512, 0);
        model_take(held[count], 512, FRAME_DMA);
        count++;
    }
    if (random_below(3) == 0) {
        CHECK_EQ(pmm_check(), 0);
    }
    while (count > 0) {
        count--;
        model_give(frame_of(held[count]), 512);
        pmm_free_large(held[count]);
    }
}

TEST(random_calls_agree_with_one_record_per_frame)
{
    start_machine(64 * MIB);
    for (uint64_t i = 0; i < frame_limit; i++) {
        model[i] = (uint8_t)frame_kind_of(frame_table[i]);
    }
    for (int step = 0; step < 200000; step++) {
        /* Drift between empty and full, so that every fill is met. */
        uint64_t wish = (step / 20000) % 2 == 0 ? 70 : 30;
        uint64_t dice = random_below(1000);

        if (dice == 0) {
            large_blocks();
        } else if (dice == 1) {
            alloc_and_free_run();
        } else if (dice < 20) {
            (void)pmm_pool_refill_one();
        } else if (live_count == 0 || dice % 100 < wish) {
            alloc_single();
        } else {
            free_single();
        }
        if (step % 1000 == 0) {
            CHECK_EQ(pmm_check(), 0);
            CHECK_EQ(pmm_count(FRAME_FREE), model_free());
        }
    }
    while (live_count > 0) {
        free_single();
    }
    pmm_pool_set_limit(0);
    CHECK_EQ(pmm_count(FRAME_FREE), model_free());
    CHECK_EQ(pmm_check(), 0);
    CHECK_EQ(pmm_count(FRAME_USER), 0);
}

TEST(whole_blocks_come_back_after_churn)
{
    uint64_t whole;

    start_machine(64 * MIB);
    whole = blocks_count_whole(&pmm.blocks);
    live_count = 0;
    for (;;) {
        void *p = pmm_alloc_frame();

        if (p == NULL) {
            break;
        }
        live[live_count++] = frame_of(p);
    }
    CHECK_EQ(blocks_count_whole(&pmm.blocks), 0);
    while (live_count > 0) {
        uint32_t i = (uint32_t)random_below(live_count);

        pmm_free_frame(frame_at(live[i]));
        live[i] = live[--live_count];
    }
    CHECK_EQ(blocks_count_whole(&pmm.blocks), whole);
    CHECK_EQ(pmm_check(), 0);
}

/* ---- the audit sees what it is for -------------------------------------- */

TEST(the_audit_finds_planted_contradictions)
{
    uint64_t index;

    start_machine(16 * MIB);
    index = frame_of(pmm_alloc_frame());
    frame_table[index] = FRAME_FREE; /* a frame without an owner */
    CHECK(pmm_check() != 0);
    frame_table[index] = FRAME_HEAP;
    CHECK_EQ(pmm_check(), 0);
    bitmap_set(pmm.blocks.bits, index); /* owned and free */
    CHECK(pmm_check() != 0);
    bitmap_clear(pmm.blocks.bits, index);
    pmm.count[FRAME_USER]++;
    CHECK(pmm_check() != 0);
    pmm.count[FRAME_USER]--;
    pmm.blocks.count[3]--;
    CHECK(pmm_check() != 0);
    pmm.blocks.count[3]++;
    bitmap_tree_remove(&pmm.blocks.set[BLOCKS_WHOLE], 3);
    CHECK(pmm_check() != 0);
    bitmap_tree_add(&pmm.blocks.set[BLOCKS_WHOLE], 3);
    CHECK_EQ(pmm_check(), 0);
    CHECK(strstr(fake_log(), "bitmap and frame table disagree") != NULL);
}

TEST(kinds_change_and_stay_counted)
{
    void *p;

    start_machine(16 * MIB);
    p = pmm_alloc_kind(FRAME_USER, frame_private(3, 9));
    frame_add_flags(p, FRAME_MAPPED_W);
    pmm_set_kind(p, FRAME_SHARED, frame_shared(5, 6, 1));
    CHECK_EQ(pmm_count(FRAME_USER), 0);
    CHECK_EQ(pmm_count(FRAME_SHARED), 1);
    CHECK_EQ(*frame_word(p) & FRAME_FLAGS_MASK, 0);
    CHECK_EQ(frame_object(*frame_word(p)), 5);
    CHECK_EQ(frame_object_page(*frame_word(p)), 6);
    CHECK_EQ(frame_count(*frame_word(p)), 1);
    CHECK_PANICS(pmm_set_kind(p, FRAME_FREE, 0), "assertion");
    pmm_free_frame(p);
    CHECK_PANICS(pmm_set_kind(p, FRAME_USER, 0), "assertion");
    CHECK_EQ(pmm_check(), 0);
    pmm_print_stats();
}

int
main(int argc, char **argv)
{
    random_seed(argc, argv);
    RUN(h111_start_up_frees_only_what_nobody_holds);
    RUN(from_64_mib_up_the_bitmap_takes_at_most_0_14_byte_a_frame);
    RUN(ram_above_4_gib_waits_for_the_physmap);
    RUN(a_machine_too_small_is_refused);
    RUN(released_frames_become_free_once);
    RUN(wrong_frees_are_refused_by_name);
    RUN(pooled_frames_are_free_zero_and_last_to_go);
    RUN(the_pool_gives_way_to_large_requests);
    RUN(zeroed_frames_are_zero_without_a_pool_too);
    RUN(random_calls_agree_with_one_record_per_frame);
    RUN(whole_blocks_come_back_after_churn);
    RUN(the_audit_finds_planted_contradictions);
    RUN(kinds_change_and_stay_counted);
    return CHECK_REPORT();
}
