/* SPDX-License-Identifier: MIT */
/*
 * Claim: the memory managers answer rightly at the edges that random use rarely
 * meets: the last number, the full count, the only block, the table of others.
 * Method: each edge by hand, in a machine of 32 MiB.
 */
#include <arch/x86_64/pte.h>

#include "fail.h"
#include "vmm_machine.h"

static struct space space;
static struct quota quota;

static void
make_space(void)
{
    quota_init(&quota, &root_quota, 3000);
    CHECK_EQ(vmm_space_create_user(&space, &quota), ST_OK);
}

static void
destroy_space(void)
{
    while (!vmm_space_teardown_step(&space, 16)) {
    }
    vmm_space_destroy(&space);
    quota_destroy(&quota);
    audit();
}

/* ---- memory map and start-up ---------------------------------------------------- */

TEST(an_empty_map_has_no_end_and_contains_nothing)
{
    static struct memmap map;

    memmap_init(&map);
    CHECK_EQ(memmap_end(&map), 0);
    CHECK(!memmap_contains(&map, 0, PAGE_BYTES));
    memmap_add(&map, 0x10000, 0x20000);
    CHECK(memmap_contains(&map, 0x10000, 0x20000));
    CHECK(!memmap_contains(&map, 0xF000, 0x11000));
    CHECK(!memmap_contains(&map, 0x1F000, 0x21000));
    CHECK(!memmap_contains(&map, 0x20000, 0x21000));
}

TEST(frame_kinds_have_names_and_others_have_none)
{
    for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
        CHECK(strlen(frame_kind_name((enum frame_kind)kind)) >= 3);
    }
    CHECK(strcmp(frame_kind_name((enum frame_kind)FRAME_KINDS), "?") == 0);
}

TEST(a_reserved_part_frame_is_never_released)
{
    uint64_t before = pmm_count(FRAME_FREE);

    pmm_release_reserved(paddr(0x1234), paddr(0x1FFF));
    pmm_release_reserved(paddr(0x2000), paddr(0x2000));
    CHECK_EQ(pmm_count(FRAME_FREE), before);
}

/* ---- frames --------------------------------------------------------------------- */

/* Take frames until @left are free; they form a list. */
static void *
take_all_but(uint64_t left)
{
    void *list = NULL;

    while (pmm_count(FRAME_FREE) > left) {
        void *frame = pmm_alloc_frame();

        *(void **)frame = list;
        list = frame;
    }
    return list;
}

static void
give_back(void *list)
{
    while (list != NULL) {
        void *next = *(void **)list;

        pmm_free_frame(list);
        list = next;
    }
}

TEST(a_whole_block_is_found_even_if_it_is_the_current_one)
{
    uint64_t whole = blocks_count_whole(&pmm.blocks);
    void *large[32];
    void *list;
    uint64_t n = 0;

    CHECK(whole > 2 && whole < 32);
    for (; n < whole - 1; n++) {
        large[n] = pmm_alloc_large();
        CHECK(large[n] != NULL);
    }
    /* Into the last whole block, and out again: it is current, and whole. */
    list = take_all_but(BLOCKS_FRAMES - 1);
    CHECK_EQ(blocks_count_whole(&pmm.blocks), 0);
    CHECK(pmm_alloc_large() == NULL);
    {
        void *first = list;

        list = *(void **)first;
        pmm_free_frame(first);
    }
    CHECK_EQ(blocks_count_whole(&pmm.blocks), 1);
    large[n] = pmm_alloc_large();
    CHECK(large[n] != NULL);
    CHECK(pmm_alloc_frame() == NULL);
    while (n + 1 > 0) {
        pmm_free_large(large[n]);
        if (n-- == 0) {
            break;
        }
    }
    give_back(list);
    CHECK_EQ(pmm_check(), 0);
}

TEST(the_pool_gives_its_frames_before_a_large_request_fails)
{
    uint64_t pooled = 0;
    void *list;

    while (pmm_pool_refill_one()) {
        pooled++;
    }
    CHECK_EQ(pooled, PMM_POOL_FRAMES);
    /* Every block has lost a frame to somebody: not even the pool helps. */
    list = take_all_but(PMM_POOL_FRAMES);
    CHECK(pmm_alloc_large() == NULL);
    CHECK_EQ(pmm_count_pooled(), 0);
    CHECK(pmm_alloc_run(PMM_POOL_FRAMES + 1) == NULL);
    give_back(list);
    /* Nothing helps a run longer than RAM, with a pool or without. */
    CHECK(pmm_pool_refill_one());
    CHECK(pmm_alloc_run(RAM_BYTES / PAGE_BYTES) == NULL);
    CHECK_EQ(pmm_count_pooled(), 0);
    CHECK(pmm_alloc_run(RAM_BYTES / PAGE_BYTES) == NULL);
    CHECK_EQ(pmm_check(), 0);
}

TEST(a_2_mib_frame_given_back_wrongly_is_refused)
{
    char *large = pmm_alloc_large();
    void *frame = pmm_alloc_frame();

    CHECK_PANICS(pmm_free_frame(large), "has another size");
    CHECK_PANICS(pmm_free_large(large + PAGE_BYTES), "is free already");
    CHECK_PANICS(pmm_free_large(frame), "has another size");
    CHECK_PANICS(pmm_free_large(fake_ram + RAM_BYTES), "is no frame");
    CHECK_PANICS(pmm_free_large(large + 8), "not the start of a frame");
    pmm_free_frame(frame);
    pmm_free_large(large);
    CHECK_PANICS(pmm_free_large(large), "is free already");
    CHECK_EQ(pmm_check(), 0);
}

/* ---- page tables ------------------------------------------------------------------ */

TEST(a_slot_is_pinned_or_refused)
{
    struct mmu_tables *tables = &space.tables;

    make_space();
    fail_in = 0;
    CHECK_EQ(mmu_pin_slot(tables, vaddr(USER_MAP_BASE)), ST_ENOMEM);
    fail_in = FAIL_NEVER;
    CHECK_EQ(tables->table_frames, 0);
    destroy_space();
}

static void
count_leaf(void *context, const struct mmu_found *found)
{
    *(unsigned *)context += 1;
}

static void
count_table(void *context, paddr_t table, unsigned level, uint64_t entry,
            unsigned used)
{
    *(unsigned *)context += 1;
}

TEST(a_visitor_may_want_leaves_or_tables_alone)
{
    unsigned count = 0;
    struct mmu_visitor leaves = { .leaf = count_leaf, .context = &count };
    struct mmu_visitor tables = { .table = count_table, .context = &count };

    make_space();
    CHECK_EQ(vmm_alloc_user_page_in_space(&space, vaddr(USER_MAP_BASE), NULL),
             ST_OK);
    mmu_visit(&space.tables, vaddr(0), vaddr(USER_HALF_END), &leaves);
    CHECK_EQ(count, 1);
    mmu_visit(&space.tables, vaddr(0), vaddr(USER_HALF_END), &tables);
    CHECK_EQ(count, 1 + 4);
    destroy_space();
}

TEST(pruning_stops_at_a_larger_page)
{
    uint64_t tables = vmm_kernel.tables.table_frames;
    paddr_t pa;

    mmu_prune(&vmm_kernel.tables, vaddr(PHYSMAP_BASE + 4 * MIB));
    CHECK_EQ(vmm_kernel.tables.table_frames, tables);
    CHECK(vmm_translate(vaddr(PHYSMAP_BASE + 4 * MIB), &pa));
}

TEST(windows_of_the_kernel_end_where_the_layout_says)
{
    static const uint64_t outside[] = {
        KSTACK_BASE - PAGE_BYTES,
        KSTACK_END,
        HEAP_BASE - PAGE_BYTES,
        HEAP_END,
        0x1000,
        HEAP_BASE + 8,
    };
    void *frame = pmm_alloc_frame();

    for (unsigned i = 0; i < 6; i++) {
        vaddr_t page = vaddr(outside[i]);

        CHECK_EQ(vmm_map(page, frame, PROT_READ), ST_EINVAL);
        CHECK(vmm_unmap(page) == NULL);
    }
    CHECK_EQ(vmm_map(vaddr(HEAP_BASE), frame, 0), ST_EINVAL);
    CHECK_EQ(vmm_map(vaddr(HEAP_BASE), frame, PROT_WRITE), ST_EINVAL);
    CHECK_EQ(vmm_map(vaddr(HEAP_BASE), frame, PROT_READ | PROT_EXEC),
             ST_EINVAL);
    CHECK_EQ(vmm_map(vaddr(HEAP_END - PAGE_BYTES), frame, PROT_READ), ST_OK);
    CHECK(vmm_unmap(vaddr(HEAP_END - PAGE_BYTES)) == frame);
    CHECK(vmm_unmap(vaddr(HEAP_END - PAGE_BYTES)) == NULL);
    pmm_free_frame(frame);
}

/* ---- spaces -------------------------------------------------------------------------- */

TEST(user_stacks_must_fit_the_user_half)
{
    make_space();
    CHECK_EQ(vmm_alloc_user_stack_in_space(&space, vaddr(USER_END + 4096), 1),
             ST_EINVAL);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&space, vaddr(USER_BASE - 4096), 1),
             ST_EINVAL);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&space, vaddr(USER_END - 8), 1),
             ST_EINVAL);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&space, vaddr(USER_END), 0),
             ST_EINVAL);
    /* The guard page would lie below the user half. */
    CHECK_EQ(vmm_alloc_user_stack_in_space(&space, vaddr(USER_BASE + 4 * 4096),
                                           4),
             ST_EINVAL);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&space, vaddr(USER_BASE + 4 * 4096),
                                           3),
             ST_OK);
    destroy_space();
}

TEST(addresses_outside_the_user_half_translate_to_nothing)
{
    paddr_t pa = { 77 };

    make_space();
    CHECK(!vmm_translate_in_space(&space, vaddr(0), &pa));
    CHECK(!vmm_translate_in_space(&space, vaddr(USER_BASE - 1), &pa));
    CHECK(!vmm_translate_in_space(&space, vaddr(USER_END), &pa));
    CHECK(!vmm_translate_in_space(&space, vaddr(PHYSMAP_BASE), &pa));
    CHECK(!vmm_translate(vaddr(USER_IMAGE_BASE), &pa));
    CHECK_EQ(pa.raw, 77);
    destroy_space();
}

TEST(a_shared_frame_is_mapped_as_often_as_its_count_can_tell)
{
    void *frame =
        pmm_alloc_zeroed(FRAME_SHARED, frame_shared(1, 0, FRAME_COUNT_MAX - 1));

    make_space();
    CHECK_EQ(vmm_map_in_space(&space, vaddr(USER_MAP_BASE), frame, PROT_READ),
             ST_OK);
    CHECK_EQ(vmm_map_in_space(&space, vaddr(USER_MAP_BASE + 4096), frame,
                              PROT_READ),
             ST_EAGAIN);
    CHECK_EQ(space.resident, 1);
    *frame_word(frame) -= (FRAME_COUNT_MAX - 1) * FRAME_COUNT_ONE;
    destroy_space(); /* the last leaf takes the frame along */
    CHECK_EQ(frame_kind_of(*frame_word(frame)), FRAME_FREE);
}

TEST(a_shared_frame_that_is_held_outlives_its_last_leaf)
{
    void *frame = pmm_alloc_zeroed(FRAME_SHARED, frame_shared(1, 0, 0));

    make_space();
    shared_is_held = true;
    CHECK_EQ(vmm_map_in_space(&space, vaddr(USER_MAP_BASE), frame, PROT_READ),
             ST_OK);
    CHECK_EQ(vmm_unmap_in_space(&space, vaddr(USER_MAP_BASE)), ST_OK);
    CHECK_EQ(frame_kind_of(*frame_word(frame)), FRAME_SHARED);
    shared_is_held = false;
    pmm_free_frame(frame);
    destroy_space();
}

TEST(there_are_numbers_for_so_many_spaces_and_no_more)
{
    static struct space many[VMM_SPACES];
    struct quota all;
    uint32_t made = 0;

    quota_init(&all, NULL, VMM_SPACES + 100);
    while (vmm_space_create_user(&many[made], &all) == ST_OK) {
        made++;
    }
    CHECK_EQ(made, VMM_SPACES - 1); /* number 0 is the kernel's */
    CHECK_EQ(vmm_space_create_user(&many[made], &all), ST_EAGAIN);
    CHECK_EQ(all.used, made);
    while (made > 0) {
        vmm_space_destroy(&many[--made]);
    }
    CHECK_EQ(all.used, 0);
    audit();
}

TEST(cancelling_what_is_not_in_transit_changes_nothing)
{
    make_space();
    vmm_cancel_transit(&space, vaddr(USER_MAP_BASE));
    CHECK_EQ(vmm_alloc_user_page_in_space(&space, vaddr(USER_MAP_BASE), NULL),
             ST_OK);
    vmm_cancel_transit(&space, vaddr(USER_MAP_BASE));
    vmm_cancel_transit(&space, vaddr(USER_MAP_BASE + 4096));
    CHECK_EQ(space.resident, 1);
    destroy_space();
}

TEST(a_frame_over_the_quota_is_not_installed)
{
    void *frame = pmm_alloc_kind(FRAME_USER, 0);
    struct mmu_cursor at;

    make_space();
    CHECK_EQ(mmu_ensure(&space.tables, vaddr(USER_MAP_BASE), &at), ST_OK);
    mmu_set_transit(at, 3);
    quota.limit = quota.used;
    quota.held = quota.used;
    CHECK_EQ(vmm_install_frame(&space, vaddr(USER_MAP_BASE), at.leaf, frame,
                               PROT_READ),
             ST_ENOMEM);
    CHECK(mmu_leaf_is_transit(*at.leaf));
    pmm_free_frame(frame);
    vmm_cancel_transit(&space, vaddr(USER_MAP_BASE));
    root_quota.used = quota.held;
    destroy_space();
}

TEST(a_space_that_is_loaded_is_left_before_it_goes)
{
    make_space();
    mmu_load_root(space.tables.root);
    vmm_space_destroy(&space);
    quota_destroy(&quota);
    CHECK_EQ(fake_mmu.root, vmm_kernel_root().raw);
}

TEST(kernel_pages_in_great_number_are_flushed_at_once)
{
    struct tlb_batch batch;
    uint64_t flushes = fake_mmu.flushes;

    tlb_begin(&batch, &vmm_kernel);
    for (uint64_t i = 0; i <= TLB_FLUSH_PAGES; i++) {
        tlb_add_page(&batch, vaddr(HEAP_BASE + i * PAGE_BYTES));
    }
    tlb_commit(&batch);
    CHECK_EQ(fake_mmu.flushes, flushes + 1);
    /* A table alone, and no page. */
    tlb_begin(&batch, &vmm_kernel);
    tlb_add_frame(&batch, pmm_alloc_frame(), false);
    tlb_commit(&batch);
    CHECK_EQ(fake_mmu.flushes, flushes + 2);
}

TEST(the_root_quota_can_be_destroyed)
{
    struct quota root;

    quota_init(&root, NULL, 100);
    quota_destroy(&root);
    CHECK_EQ(root.limit, 0);
}

static void
drop_region(void *tree, struct region *region)
{
    region_free(tree, region);
}

TEST(an_impossible_protection_is_refused)
{
    struct region_spec spec = {
        .base = 0x400,
        .pages = 4,
        .prot = PROT_READ,
        .max_prot = PROT_READ,
        .kind = REGION_HEAP,
    };
    struct region *region;

    make_space();
    spec.kind = REGION_GUARD; /* which nobody may touch */
    CHECK_EQ(region_create(&space.regions, &spec, &region), ST_EINVAL);
    spec.kind = REGION_HEAP;
    CHECK_EQ(region_create(&space.regions, &spec, &region), ST_OK);
    CHECK_EQ(region_protect(&space.regions, 0x400, 1, 0x80, NULL, NULL),
             ST_EINVAL);
    CHECK_EQ(region_protect(&space.regions, 0x400, 1, PROT_WRITE | PROT_EXEC,
                            NULL, NULL),
             ST_EINVAL);
    CHECK_EQ(region_destroy(&space.regions, 0x400, 4, drop_region,
                            &space.regions),
             ST_OK);
    destroy_space();
}

/* ---- start-up again: these end the machine --------------------------------------------- */

TEST(without_memory_for_its_tables_the_kernel_half_is_a_panic)
{
    static uint64_t step; /* static: they outlive the longjmp */
    static bool built;

    for (; !built; step++) {
        fake_ram_create(RAM_BYTES);
        CHECK(pmm_start(&(struct memmap_entry){ 0, RAM_BYTES, 1 }, 1,
                        &(struct pmm_hold){ MIB, 2 * MIB, FRAME_KERNEL_IMAGE },
                        1));
        fail_in = step;
        if (setjmp(*fake_panic_arm()) == 0) {
            vmm_build_kernel_half(pmm_ram(), &image);
            fake_panic_disarm();
            built = fail_in != FAIL_NEVER;
        } else {
            CHECK(fake_panic_said("vmm: "));
        }
        fail_in = FAIL_NEVER;
    }
    CHECK(step > 5);
}

TEST(what_is_held_beyond_ram_is_nobodys)
{
    const struct memmap_entry entries[] = {
        { 0, 24 * MIB, 1 },
        { 5ull << 30, 8 * MIB, 1 }, /* waits for the physmap */
    };
    const struct pmm_hold holds[] = {
        { MIB, 2 * MIB, FRAME_KERNEL_IMAGE },
        { 6ull << 30, (6ull << 30) + MIB, FRAME_MODULE },
    };
    uint64_t low;

    fake_ram_create(32 * MIB); /* the tables alone are touched */
    CHECK(pmm_start(entries, 2, holds, 2));
    CHECK_EQ(pmm_count(FRAME_MODULE), 0);
    low = pmm_count(FRAME_FREE);
    pmm_release_high();
    CHECK_EQ(pmm_count(FRAME_FREE), low + 8 * MIB / PAGE_BYTES);
    CHECK_EQ(pmm_check(), 0);
}

int
main(void)
{
    machine();
    RUN(an_empty_map_has_no_end_and_contains_nothing);
    RUN(frame_kinds_have_names_and_others_have_none);
    RUN(a_reserved_part_frame_is_never_released);
    RUN(a_whole_block_is_found_even_if_it_is_the_current_one);
    RUN(the_pool_gives_its_frames_before_a_large_request_fails);
    RUN(a_2_mib_frame_given_back_wrongly_is_refused);
    RUN(a_slot_is_pinned_or_refused);
    RUN(a_visitor_may_want_leaves_or_tables_alone);
    RUN(pruning_stops_at_a_larger_page);
    RUN(windows_of_the_kernel_end_where_the_layout_says);
    RUN(user_stacks_must_fit_the_user_half);
    RUN(addresses_outside_the_user_half_translate_to_nothing);
    RUN(a_shared_frame_is_mapped_as_often_as_its_count_can_tell);
    RUN(a_shared_frame_that_is_held_outlives_its_last_leaf);
    RUN(there_are_numbers_for_so_many_spaces_and_no_more);
    RUN(cancelling_what_is_not_in_transit_changes_nothing);
    RUN(a_frame_over_the_quota_is_not_installed);
    RUN(a_space_that_is_loaded_is_left_before_it_goes);
    RUN(kernel_pages_in_great_number_are_flushed_at_once);
    RUN(the_root_quota_can_be_destroyed);
    RUN(an_impossible_protection_is_refused);
    RUN(without_memory_for_its_tables_the_kernel_half_is_a_panic);
    RUN(what_is_held_beyond_ram_is_nobodys);
    return CHECK_REPORT();
}
