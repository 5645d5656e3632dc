/* SPDX-License-Identifier: MIT */
/*
 * Claim: a 2 MiB page of ring 3 is made only of 512 pages that could be one, and
 * everything that is done to a part of it leaves the rest as it was.
 * Method: random operations on 2 MiB of pages against an array of frames and
 * rights, with an attempt to enlarge now and then, the audit and the quota after
 * each; and by hand, each thing that must keep pages small.
 */
#include <mm/vmm_inline.h>

#include "random.h"
#include "vmm_machine.h"

#define PAGES      512u
#define BASE       0x180000000000ull
#define READ_WRITE (PROT_READ | PROT_WRITE)

static struct space space;
static struct quota quota;

static vaddr_t
page_at(uint64_t i)
{
    return vaddr(BASE + i * PAGE_BYTES);
}

static void
start(void)
{
    machine();
    quota_init(&quota, &root_quota, 2000);
    CHECK_EQ(vmm_space_create_user(&space, &quota), ST_OK);
}

/* Fill [first, end) with pages of @prot. */
static void
fill(uint64_t first, uint64_t end, uint32_t prot)
{
    struct mmu_cursor at;

    CHECK_EQ(mmu_ensure(&space.tables, page_at(first), &at), ST_OK);
    CHECK_EQ(vmm_fill_zero(&space, page_at(first), at, end - first, prot),
             end - first);
}

/* Pages that could be one: from a 2 MiB frame, in order. */
static void
fill_large(uint32_t prot)
{
    struct mmu_cursor at;

    CHECK_EQ(mmu_ensure(&space.tables, page_at(0), &at), ST_OK);
    CHECK(pmm_open_large());
    fill(0, PAGES, prot);
}

static void
finish(void)
{
    while (!vmm_space_teardown_step(&space, 16)) {
    }
    CHECK_EQ(audit(), 0);
    vmm_space_destroy(&space);
    CHECK_EQ(quota.used, 0);
    CHECK_EQ(pmm_get_free_memory(), free_at_start);
}

static bool
is_large(void)
{
    unsigned level = MMU_LEVEL_PAGE;

    (void)mmu_lookup(&space.tables, page_at(0), &level);
    return level == MMU_LEVEL_LARGE;
}

/* Root, two tables on the way and the last one, wherever it stands. */
static void
expect_charge(uint64_t pages)
{
    CHECK_EQ(quota.used, pages + (pages == 0 ? 1 : 4));
    CHECK_EQ(space.resident, pages);
    CHECK_EQ(vmm_count_resident(&space, vaddr(USER_BASE), vaddr(USER_END)),
             pages);
    CHECK_EQ(mmu_check(&space.tables, false), 0);
}

TEST(a_large_page_is_audited_and_torn_down)
{
    paddr_t pa;
    paddr_t first;

    start();
    fill_large(READ_WRITE);
    CHECK(vmm_enlarge(&space, page_at(0)));
    CHECK(is_large());
    CHECK(!vmm_enlarge(&space, page_at(0)));
    CHECK_EQ(audit(), 0);
    expect_charge(PAGES);
    CHECK_EQ(vmm_count_resident(&space, page_at(3), page_at(10)), 7);
    CHECK(vmm_translate_in_space(&space, page_at(0), &first));
    CHECK_EQ(first.raw % LARGE_PAGE_BYTES, 0);
    CHECK(vmm_translate_in_space(&space, vaddr(BASE + 0x12345), &pa));
    CHECK_EQ(pa.raw, first.raw + 0x12345);
    CHECK_EQ(vmm_alloc_user_page_in_space(&space, page_at(7), NULL), ST_EEXIST);
    finish();
}

TEST(what_is_loaded_is_flushed)
{
    start();
    fill_large(PROT_READ);
    mmu_load_root(space.tables.root);
    fake_mmu.flushes = 0;
    CHECK(vmm_enlarge(&space, page_at(0)));
    CHECK_EQ(fake_mmu.flushes, 1);
    fake_mmu.flushed_pages = 0;
    CHECK_EQ(vmm_unmap_in_space(&space, page_at(9)), ST_OK);
    CHECK_EQ(fake_mmu.flushed_pages, 2); /* the split, and the page */
    finish();
}

TEST(pages_that_could_not_be_one_stay_small)
{
    void *frame;

    start();
    CHECK(!vmm_enlarge(&space, page_at(0))); /* nothing there */
    fill(1, 2, READ_WRITE);
    CHECK(!vmm_enlarge(&space, page_at(0))); /* the first missing */
    fill(0, 1, READ_WRITE);
    fill(2, PAGES, READ_WRITE);
    CHECK(!vmm_enlarge(&space, page_at(0))); /* frames out of order */
    (void)vmm_unmap_range(&space, page_at(0), page_at(PAGES));
    fill_large(READ_WRITE);
    vmm_protect_range(&space, page_at(5), page_at(6), PROT_READ);
    CHECK(!vmm_enlarge(&space, page_at(0))); /* other rights */
    (void)vmm_unmap_range(&space, page_at(0), page_at(PAGES));
    fill_large(READ_WRITE);
    CHECK_EQ(vmm_unmap_in_space(&space, page_at(511)), ST_OK);
    CHECK(!vmm_enlarge(&space, page_at(0))); /* the last missing */
    (void)vmm_unmap_range(&space, page_at(0), page_at(PAGES));
    shared_is_held = true;
    frame = pmm_alloc_kind(FRAME_SHARED, frame_shared(1, 0, 0));
    CHECK_EQ(vmm_map_in_space(&space, page_at(0), frame, PROT_READ), ST_OK);
    CHECK(!vmm_enlarge(&space, page_at(0))); /* somebody else's too */
    CHECK_EQ(vmm_unmap_in_space(&space, page_at(0)), ST_OK);
    shared_is_held = false;
    pmm_free_frame(frame);
    finish();
}

/* The leaves alone look right, and so does the frame table: both are asked. */
TEST(one_frame_of_another_owner_keeps_pages_small)
{
    struct mmu_cursor at;
    void *frame;
    paddr_t pa;

    start();
    fill_large(READ_WRITE);
    CHECK(vmm_translate_in_space(&space, page_at(77), &pa));
    frame = physmap_at(pa);
    pmm_set_kind(frame, FRAME_SHARED, frame_shared(1, 0, 1));
    CHECK(!vmm_enlarge(&space, page_at(0)));
    pmm_set_kind(frame, FRAME_USER, vmm_private_word(&space, page_at(77), 3));
    frame_add_flags(frame, FRAME_MAPPED_W);
    CHECK(mmu_find(&space.tables, page_at(77), &at));
    *at.leaf += PAGE_BYTES;
    CHECK(!vmm_enlarge(&space, page_at(0)));
    *at.leaf -= PAGE_BYTES;
    CHECK(vmm_enlarge(&space, page_at(0)));
    finish();
}

/* In order, but not from a multiple of 2 MiB. */
TEST(frames_off_by_one_stay_small)
{
    void *first;

    start();
    CHECK(pmm_open_large());
    first = pmm_alloc_kind(FRAME_USER, 0);
    fill(0, 511, READ_WRITE);
    CHECK(!vmm_enlarge(&space, page_at(0)));
    (void)vmm_unmap_range(&space, page_at(0), page_at(PAGES));
    pmm_free_frame(first);
    finish();
}

TEST(without_a_whole_block_nothing_is_opened)
{
    void *taken[32];
    unsigned count = 0;

    start();
    while ((taken[count] = pmm_alloc_large()) != NULL) {
        count++;
    }
    CHECK(!pmm_open_large());
    while (count > 0) {
        pmm_free_large(taken[--count]);
    }
    CHECK_EQ(pmm_check(), 0);
    finish();
}

TEST(what_is_not_large_is_not_split)
{
    void *table;

    start();
    fill_large(READ_WRITE);
    CHECK(vmm_enlarge(&space, page_at(0)));
    CHECK_EQ(vmm_unmap_in_space(&space, page_at(PAGES)), ST_ENOENT);
    CHECK_EQ(vmm_unmap_in_space(&space, vaddr(USER_BASE)), ST_ENOENT);
    CHECK(is_large());
    table = space.spare_tables;
    CHECK_EQ(vmm_unmap_in_space(&space, page_at(3)), ST_OK);
    CHECK(!mmu_split(&space.tables, page_at(4), table));
    finish();
}

/* Behind the last frame of RAM the frame table ends. */
TEST(the_last_frame_is_no_run)
{
    void *frame = NULL;
    void *last = NULL;

    start();
    fill(1, 2, PROT_READ); /* the tables are there */
    while (frame_index(last == NULL ? fake_ram : last) != frame_limit - 1) {
        frame = pmm_alloc_kind(FRAME_USER, 0);
        CHECK(frame != NULL);
        last = frame;
    }
    CHECK_EQ(vmm_map_in_space(&space, page_at(0), last, PROT_READ), ST_OK);
    CHECK(!vmm_enlarge(&space, page_at(0)));
}

TEST(the_audit_sees_a_spoiled_spare_table)
{
    struct audit_info info;
    uint64_t *word;
    uint64_t old;
    void *spare;

    start();
    fill_large(READ_WRITE);
    CHECK(vmm_enlarge(&space, page_at(0)));
    spare = space.spare_tables;
    word = frame_word(spare);
    old = *word;
    *word = old + frame_private(1, 0);
    vmm_audit(&info);
    CHECK(info.wrong_owner != 0);
    *word = FRAME_HEAP;
    vmm_audit(&info);
    CHECK(info.wrong_owner != 0);
    *word = old;
    space.spare_tables = NULL;
    vmm_audit(&info);
    CHECK(info.wrong_owner != 0);
    space.spare_tables = spare;
    CHECK_EQ(audit(), 0);
    finish();
}

TEST(a_whole_block_opens_where_none_is_current)
{
    void *large[32];
    unsigned count = 0;

    start();
    pmm_pool_set_limit(0);
    while (count < 32 && (large[count] = pmm_alloc_large()) != NULL) {
        count++;
    }
    while (pmm_alloc_frame() != NULL) {
    }
    pmm_free_large(large[--count]);
    CHECK(pmm_open_large());
    CHECK(pmm_alloc_frame() == large[count]);
    CHECK_EQ(pmm_check(), 0);
}

/* Take the page away (0), or leave it READ (1). */
static void
change(uint64_t first, uint64_t end, unsigned what, uint32_t *prot)
{
    if (what == 0) {
        (void)vmm_unmap_range(&space, page_at(first), page_at(end));
    } else {
        vmm_protect_range(&space, page_at(first), page_at(end), PROT_READ);
    }
    for (uint64_t i = first; i < end; i++) {
        prot[i] = what == 0 || prot[i] == 0 ? 0 : PROT_READ;
    }
}

TEST(parts_change_and_the_rest_stays)
{
    static uint32_t prot[PAGES];
    uint64_t base;
    paddr_t pa;

    for (unsigned round = 0; round < 20; round++) {
        start();
        fill_large(READ_WRITE);
        CHECK(vmm_translate_in_space(&space, page_at(0), &pa));
        base = pa.raw;
        for (unsigned i = 0; i < PAGES; i++) {
            prot[i] = READ_WRITE;
        }
        for (unsigned step = 0; step < 12; step++) {
            uint64_t first = random_below(PAGES);
            uint64_t end = first + 1 + random_below(PAGES - first);
            uint64_t present = 0;

            if (step == 0 || random_below(3) == 0) {
                (void)vmm_enlarge(&space, page_at(0));
                CHECK(step != 0 || is_large());
            }
            end = random_below(2) == 0 ? first + 1 : end;
            change(first, end, random_below(4) == 0 ? 0 : 1, prot);
            for (unsigned i = 0; i < PAGES; i++) {
                mmu_leaf_t leaf;
                unsigned level;
                bool is_there = vmm_translate_in_space(&space, page_at(i), &pa);

                CHECK_EQ(is_there, prot[i] != 0);
                if (!is_there) {
                    continue;
                }
                present++;
                leaf = mmu_lookup(&space.tables, page_at(i), &level);
                CHECK_EQ(mmu_leaf_prot(leaf), prot[i]);
                CHECK_EQ(pa.raw, base + i * PAGE_BYTES);
            }
            CHECK_EQ(audit(), 0);
            expect_charge(present);
        }
        finish();
    }
}

/* Rights that all pages lost together do not keep them from being one. */
TEST(a_page_that_was_split_can_be_large_again)
{
    void *frame;

    start();
    fill_large(READ_WRITE);
    CHECK(vmm_enlarge(&space, page_at(0)));
    vmm_protect_range(&space, page_at(0), page_at(PAGES), PROT_READ);
    CHECK(!is_large());
    CHECK(vmm_enlarge(&space, page_at(0)));
    CHECK_EQ(audit(), 0);
    frame = vmm_take_frame(&space, page_at(1));
    CHECK(frame != NULL);
    CHECK(!is_large());
    expect_charge(PAGES - 1);
    pmm_free_frame(frame);
    finish();
}

int
main(int argc, char **argv)
{
    random_seed(argc, argv);
    RUN(a_large_page_is_audited_and_torn_down);
    RUN(what_is_loaded_is_flushed);
    RUN(pages_that_could_not_be_one_stay_small);
    RUN(one_frame_of_another_owner_keeps_pages_small);
    RUN(frames_off_by_one_stay_small);
    RUN(without_a_whole_block_nothing_is_opened);
    RUN(what_is_not_large_is_not_split);
    RUN(the_last_frame_is_no_run);
    RUN(the_audit_sees_a_spoiled_spare_table);
    RUN(a_whole_block_opens_where_none_is_current);
    RUN(parts_change_and_the_rest_stays);
    RUN(a_page_that_was_split_can_be_large_again);
    return CHECK_REPORT();
}
