/* SPDX-License-Identifier: MIT */
/*
 * Claim: what the kernel half looks like, which pages there cannot be, who may write
 * to what others run or share, and that memory running out changes nothing.
 * Method: one machine for each, made to be as the claim wants it; test_vmm.c tries
 * what comes by chance.
 */
#include <string.h>

#include "vmm_machine.h"

TEST(kernel_half_is_as_drawn)
{
    static const struct {
        uint64_t address;
        uint32_t prot;
        unsigned level;
    } expected[] = {
        { KERNEL_IMAGE_BASE + 1 * MIB, PROT_READ | PROT_EXEC, 1 },
        { KERNEL_IMAGE_BASE + 1 * MIB + 0x8000, PROT_READ, 1 },
        { KERNEL_IMAGE_BASE + 1 * MIB + 0xC000, PROT_READ | PROT_WRITE, 1 },
        { KERNEL_IMAGE_BASE + 1 * MIB + 0x1F000, PROT_READ | PROT_WRITE, 1 },
        { PHYSMAP_BASE, PROT_READ | PROT_WRITE, 1 },
        { PHYSMAP_BASE + 1 * MIB, PROT_READ, 1 },
        { PHYSMAP_BASE + 1 * MIB + 0xB000, PROT_READ, 1 },
        { PHYSMAP_BASE + 1 * MIB + 0xC000, PROT_READ | PROT_WRITE, 1 },
        { PHYSMAP_BASE + 2 * MIB, PROT_READ | PROT_WRITE, 2 },
        { PHYSMAP_BASE + RAM_BYTES - 1, PROT_READ | PROT_WRITE, 2 },
    };
    static const uint64_t missing[] = {
        KERNEL_IMAGE_BASE,
        KERNEL_IMAGE_BASE + 1 * MIB + 0x20000,
        PHYSMAP_BASE + 0x9F000,
        PHYSMAP_BASE + 0xA0000,
        PHYSMAP_BASE + RAM_BYTES,
        KSTACK_BASE,
        HEAP_BASE,
        ~0ull,
        KERNEL_HALF_BASE,
    };
    unsigned level = 0;
    paddr_t pa;

    machine();
    CHECK_EQ(audit(), 0);
    CHECK_EQ(mmu_check(&vmm_kernel.tables, true), 0);
    for (unsigned i = 0; i < ARRAY_COUNT(expected); i++) {
        mmu_leaf_t leaf =
            mmu_lookup(&vmm_kernel.tables, vaddr(expected[i].address), &level);

        CHECK_EQ(mmu_leaf_prot(leaf), expected[i].prot);
        CHECK_EQ(level, expected[i].level);
        CHECK(vmm_translate(vaddr(expected[i].address), &pa));
        CHECK_EQ(pa.raw, expected[i].address >= KERNEL_IMAGE_BASE
                             ? expected[i].address - KERNEL_IMAGE_BASE
                             : expected[i].address - PHYSMAP_BASE);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(missing); i++) {
        CHECK(!vmm_translate(vaddr(missing[i]), &pa));
    }
    CHECK(!vmm_translate(vaddr(1 * MIB), &pa)); /* no identity */
}

TEST(a_gibibyte_page_only_where_all_of_it_is_ram)
{
    static struct memmap ram;
    unsigned level = 0;

    machine();
    fake_mmu.huge_pages = true;
    memmap_init(&ram);
    memmap_add(&ram, 0, 3ull << 30);
    memmap_add(&ram, 4ull << 30, (6ull << 30) - 4096);
    vmm_build_kernel_half(&ram, &image);
#define LEVEL_AT(gib)                                                    \
    (mmu_lookup(&vmm_kernel.tables, vaddr(PHYSMAP_BASE + ((gib) << 30)), \
                &level)                                                  \
             != 0                                                        \
         ? level                                                         \
         : 0)
    CHECK_EQ(LEVEL_AT(0ull), 1); /* the image is here */
    CHECK_EQ(LEVEL_AT(1ull), 3);
    CHECK_EQ(LEVEL_AT(2ull), 3);
    CHECK_EQ(LEVEL_AT(3ull), 0);
    CHECK_EQ(LEVEL_AT(4ull), 3);
    CHECK_EQ(LEVEL_AT(5ull), 2); /* a page short */
#undef LEVEL_AT
    CHECK_EQ(mmu_check(&vmm_kernel.tables, true), 0);
}

TEST(windows_take_and_give_back)
{
    uint32_t rw = PROT_READ | PROT_WRITE;
    vaddr_t stack = layout_kstack_base(3);
    struct space s;
    struct quota q;
    struct mmu_cursor at;
    void *frame = NULL;
    paddr_t pa;

    machine();
    quota_init(&q, &root_quota, 100);
    CHECK_EQ(vmm_space_create_user(&s, &q), ST_OK);
    CHECK_EQ(layout_kstack_top(3).raw, stack.raw + KSTACK_PAGES * PAGE_BYTES);
    CHECK_EQ(vmm_alloc_page(stack, FRAME_STACK, rw, &frame), ST_OK);
    CHECK_EQ(vmm_alloc_page(stack, FRAME_STACK, rw, &frame), ST_EEXIST);
    CHECK(vmm_translate(vaddr(stack.raw + 5), &pa));
    CHECK_EQ(pa.raw, physmap_paddr(frame).raw + 5);
    /* The space made before sees it; its guard page stays out. */
    CHECK(mmu_find(&s.tables, stack, &at) && mmu_leaf_is_present(*at.leaf));
    CHECK(!vmm_translate(vaddr(stack.raw - 1), &pa));
    CHECK_EQ(vmm_map(stack, frame, PROT_READ | PROT_EXEC), ST_EINVAL);
    CHECK_EQ(vmm_map(vaddr(PHYSMAP_BASE), frame, rw), ST_EINVAL);
    CHECK_EQ(vmm_map(vaddr(KERNEL_IMAGE_BASE), frame, rw), ST_EINVAL);
    CHECK_EQ(vmm_map(vaddr(0x400000), frame, rw), ST_EINVAL);
    CHECK_EQ(vmm_map(vaddr(KSTACK_END), frame, rw), ST_EINVAL);
    CHECK(vmm_unmap(vaddr(PHYSMAP_BASE)) == NULL);
    CHECK(vmm_unmap(layout_kstack_base(4)) == NULL);
    audit();
    vmm_free_page(stack);
    CHECK_EQ(fake_mmu.last_flushed, stack.raw);
    CHECK_PANICS(vmm_free_page(stack), "frame != NULL");
    CHECK(vmm_space_teardown_step(&s, 1));
    vmm_space_destroy(&s);
    heap_trim();
    CHECK_EQ(pmm_get_free_memory(), free_at_start);
    audit();
}

TEST(impossible_pages_are_refused)
{
    static const uint64_t pages[] = {
        0,          0x1000,           USER_BASE - 4096, USER_END,
        1ull << 47, KERNEL_HALF_BASE, PHYSMAP_BASE,     KERNEL_IMAGE_BASE,
        ~0xFFFull,  0x400001,         1ull << 63,
    };
    static const uint32_t bad_prots[] = {
        PROT_NONE, PROT_WRITE, PROT_EXEC, 7, PROT_WRITE | PROT_EXEC, 8, 9,
    };
    struct quota q;
    struct space s;

    machine();
    quota_init(&q, &root_quota, 100);
    CHECK_EQ(vmm_space_create_user(&s, &q), ST_OK);
    for (unsigned i = 0; i < ARRAY_COUNT(pages); i++) {
        CHECK_EQ(vmm_alloc_user_page_in_space(&s, vaddr(pages[i]), NULL),
                 ST_EINVAL);
        CHECK_EQ(vmm_unmap_in_space(&s, vaddr(pages[i])), ST_ENOENT);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(bad_prots); i++) {
        CHECK_EQ(vmm_alloc_page_in_space(&s, vaddr(0x400000), bad_prots[i],
                                         NULL),
                 ST_EINVAL);
    }
    CHECK_EQ(q.used, 1);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&s, vaddr(USER_STACK_TOP), 0),
             ST_EINVAL);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&s, vaddr(USER_BASE), 1), ST_EINVAL);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&s, vaddr(0), 1), ST_EINVAL);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&s, vaddr(USER_STACK_TOP), ~0ull),
             ST_EINVAL);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&s, vaddr(USER_STACK_TOP), 200),
             ST_ENOMEM); /* over the quota: all of it undone */
    CHECK_EQ(q.used, 1);
    CHECK_EQ(vmm_alloc_user_stack_in_space(&s, vaddr(USER_STACK_TOP), 8),
             ST_OK);
    CHECK_EQ(vmm_alloc_user_stack_in_space(
                 &s, vaddr(USER_STACK_TOP + PAGE_BYTES), 1),
             ST_EEXIST); /* its guard would be a page of the other */
    CHECK_EQ(s.resident, 8);
    audit();
    while (!vmm_space_teardown_step(&s, 16)) {
    }
    vmm_space_destroy(&s);
    heap_trim();
    CHECK_EQ(pmm_get_free_memory(), free_at_start);
}

TEST(no_frame_is_writable_here_and_executable_there)
{
    uint32_t rw = PROT_READ | PROT_WRITE;
    struct space s[2];
    struct quota q;
    void *frame;

    machine();
    quota_init(&q, &root_quota, 100);
    CHECK_EQ(vmm_space_create_user(&s[0], &q), ST_OK);
    CHECK_EQ(vmm_space_create_user(&s[1], &q), ST_OK);
    frame = pmm_alloc_zeroed(FRAME_SHARED, frame_shared(1, 0, 0));
    CHECK_EQ(vmm_map_in_space(&s[0], vaddr(0x400000), frame, rw), ST_OK);
    CHECK_EQ(vmm_map_user_code_in_space(&s[1], vaddr(0x400000), frame),
             ST_EPERM);
    CHECK_EQ(vmm_map_user_code_in_space(&s[0], vaddr(0x401000), frame),
             ST_EPERM);
    CHECK_EQ(s[1].tables.table_frames, 0); /* tables for nothing: undone */
    CHECK_EQ(vmm_map_in_space(&s[1], vaddr(0x400000), frame, rw), ST_OK);
    CHECK_EQ(frame_count(*frame_word(frame)), 2);
    audit();
    CHECK_EQ(vmm_unmap_in_space(&s[0], vaddr(0x400000)), ST_OK);
    CHECK_EQ(frame_count(*frame_word(frame)), 1);
    CHECK_EQ(vmm_unmap_in_space(&s[1], vaddr(0x400000)), ST_OK);
    CHECK_EQ(frame_kind_of(*frame_word(frame)), FRAME_FREE);
    CHECK_EQ(vmm_unmap_in_space(&s[1], vaddr(0x400000)), ST_ENOENT);
    vmm_space_destroy(&s[0]);
    vmm_space_destroy(&s[1]);
    heap_trim();
    CHECK_EQ(pmm_get_free_memory(), free_at_start);
}

/* Leaf @at shows its frame with @prot. */
static void
check_leaf(const struct space *s, vaddr_t at, const void *frame, uint32_t prot)
{
    struct mmu_cursor found;

    CHECK(mmu_find(&s->tables, at, &found));
    CHECK(mmu_leaf_frame(*found.leaf).raw == physmap_paddr(frame).raw);
    CHECK_EQ(mmu_leaf_prot(*found.leaf), prot);
}

TEST(a_lent_page_is_copied_once_and_then_given_back)
{
    uint32_t rw = PROT_READ | PROT_WRITE;
    vaddr_t page = vaddr(0x600000);
    struct mmu_cursor at[2];
    struct tlb_batch batch;
    struct space s[2];
    struct quota q;
    void *frame;

    machine();
    quota_init(&q, &root_quota, 9);
    CHECK_EQ(vmm_space_create_user(&s[0], &q), ST_OK);
    CHECK_EQ(vmm_space_create_user(&s[1], &q), ST_OK);
    CHECK_EQ(vmm_alloc_user_page_in_space(&s[0], page, &frame), ST_OK);
    memset(frame, 0x5A, PAGE_BYTES);
    CHECK(mmu_find(&s[0].tables, page, &at[0]));
    mmu_load_root(s[0].tables.root);
    fake_mmu.flushed_pages = 0;
    tlb_begin(&batch, &s[0]);
    vmm_lend_frame(&s[0], page, at[0].leaf, frame_shared(9, 0, 1));
    quota_uncharge(&q, 1); /* the object's from here on */
    CHECK_EQ(vmm_map_in_space(&s[1], page, frame, PROT_READ), ST_OK);
    tlb_commit(&batch);
    CHECK_EQ(fake_mmu.flushed_pages, 1);
    check_leaf(&s[0], page, frame, PROT_READ);
    check_leaf(&s[1], page, frame, PROT_READ);
    CHECK_EQ(frame_count(*frame_word(frame)), 2);
    audit();
    /* No frame left in the quota: nothing changes. */
    CHECK_EQ(q.used, 8);
    CHECK_EQ(quota_charge(&q, 1), ST_OK);
    CHECK(mmu_find(&s[1].tables, page, &at[1]));
    CHECK_EQ(vmm_install_copy(&s[1], page, at[1].leaf, rw), ST_ENOMEM);
    check_leaf(&s[1], page, frame, PROT_READ);
    quota_uncharge(&q, 1);
    CHECK_EQ(vmm_install_copy(&s[1], page, at[1].leaf, rw), ST_OK);
    CHECK_EQ(frame_count(*frame_word(frame)), 1);
    CHECK(mmu_leaf_frame(*at[1].leaf).raw != physmap_paddr(frame).raw);
    CHECK(is_full_of(physmap_at(mmu_leaf_frame(*at[1].leaf)), 0x5A));
    CHECK_EQ(mmu_leaf_prot(*at[1].leaf), rw);
    check_leaf(&s[0], page, frame, PROT_READ);
    audit();
    /* The last one writes where it is, if it can pay. */
    CHECK_EQ(vmm_install_copy(&s[0], page, at[0].leaf, rw), ST_ENOMEM);
    check_leaf(&s[0], page, frame, PROT_READ);
    CHECK_EQ(vmm_unmap_in_space(&s[1], page), ST_OK);
    CHECK_EQ(vmm_install_copy(&s[0], page, at[0].leaf, rw), ST_OK);
    check_leaf(&s[0], page, frame, rw);
    CHECK_EQ(frame_kind_of(*frame_word(frame)), FRAME_USER);
    CHECK(is_full_of(frame, 0x5A));
    audit();
    CHECK_EQ(vmm_unmap_in_space(&s[0], page), ST_OK);
    mmu_load_root(vmm_kernel_root());
    vmm_space_destroy(&s[0]);
    vmm_space_destroy(&s[1]);
    CHECK_EQ(q.used, 0);
    heap_trim();
    CHECK_EQ(pmm_get_free_memory(), free_at_start);
}

TEST(the_frames_of_a_module_are_shown_to_anybody_and_written_by_nobody)
{
    struct space s[2];
    struct quota q;
    void *frame;

    machine();
    frame = physmap_at(paddr(MODULE_BASE + PAGE_BYTES));
    quota_init(&q, &root_quota, 100);
    CHECK_EQ(vmm_space_create_user(&s[0], &q), ST_OK);
    CHECK_EQ(vmm_space_create_user(&s[1], &q), ST_OK);
    CHECK_EQ(vmm_map_in_space(&s[0], vaddr(0x400000), frame,
                              PROT_READ | PROT_WRITE),
             ST_EPERM);
    CHECK_EQ(s[0].tables.table_frames, 0);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(vmm_map_user_code_in_space(&s[i], vaddr(0x400000), frame),
                 ST_OK);
        CHECK_EQ(vmm_map_in_space(&s[i], vaddr(0x500000), frame, PROT_READ),
                 ST_OK);
        CHECK_EQ(frame_count(*frame_word(frame)), 2 + 2 * i);
        CHECK_EQ(audit(), 1 + i);
    }
    /* Nobody has paid but for tables. */
    CHECK_EQ(q.used, 2 + s[0].tables.table_frames + s[1].tables.table_frames);
    for (unsigned i = 0; i < 2; i++) {
        vmm_unmap_range(&s[i], vaddr(USER_BASE), vaddr(USER_END));
        vmm_space_destroy(&s[i]);
    }
    CHECK_EQ(frame_kind_of(*frame_word(frame)), FRAME_MODULE);
    CHECK_EQ(frame_count(*frame_word(frame)), 0);
    CHECK_EQ(q.used, 0);
    CHECK_EQ(audit(), 0);
    heap_trim();
    CHECK_EQ(pmm_get_free_memory(), free_at_start);
}

TEST(the_audit_notices)
{
    struct audit_info info;
    struct mmu_cursor at;
    struct quota q;
    struct space s;
    void *frame;

    machine();
    quota_init(&q, &root_quota, 100);
    CHECK_EQ(vmm_space_create_user(&s, &q), ST_OK);
    CHECK_EQ(vmm_alloc_user_page_in_space(&s, vaddr(0x400000), &frame), ST_OK);
    CHECK(mmu_find(&s.tables, vaddr(0x400000), &at));

#define NOTICED(field, spoil, restore) \
    spoil;                             \
    vmm_audit(&info);                  \
    CHECK(info.field != 0);            \
    restore;                           \
    audit()
    NOTICED(wx_a, *at.leaf ^= 1ull << 63, *at.leaf ^= 1ull << 63);
    NOTICED(wx_b, *frame_word(frame) |= FRAME_MAPPED_X,
            *frame_word(frame) &= ~FRAME_MAPPED_X);
    NOTICED(wx_b, *frame_word(frame) &= ~FRAME_MAPPED_W,
            *frame_word(frame) |= FRAME_MAPPED_W);
    NOTICED(wrong_owner, *frame_word(frame) += 1 << 8,
            *frame_word(frame) -= 1 << 8);
    NOTICED(wrong_owner, s.resident++, s.resident--);
    NOTICED(wrong_owner, *at.parent += 1ull << 52, *at.parent -= 1ull << 52);
    NOTICED(wrong_owner, at.leaf[1] = *at.leaf, at.leaf[1] = 0);
    NOTICED(user_in_kernel_half,
            ((uint64_t *)physmap_at(s.tables.root))[300] = 7,
            ((uint64_t *)physmap_at(s.tables.root))[300] = 0);
    CHECK(mmu_find(&vmm_kernel.tables, image.text_start, &at));
    NOTICED(wx_c, *at.leaf |= 2, *at.leaf &= ~2ull);
    NOTICED(user_in_kernel_half, *at.leaf |= 4, *at.leaf &= ~4ull);
    CHECK(mmu_find(&vmm_kernel.tables, vaddr(PHYSMAP_BASE + 1 * MIB), &at));
    NOTICED(wx_c, *at.leaf |= 2, *at.leaf &= ~2ull);
    NOTICED(wx_a, *at.leaf &= ~(1ull << 63), *at.leaf |= 1ull << 63);
#undef NOTICED
    while (!vmm_space_teardown_step(&s, 16)) {
    }
    vmm_space_destroy(&s);
}

/* Each way to need memory, with 0, 1, 2 ... frames left in the machine. */
TEST(running_out_of_frames_changes_nothing)
{
    vaddr_t page = vaddr(USER_MAP_BASE);
    struct space s;
    struct quota q;

    for (uint64_t left = 0; left < 6; left++) {
        enum status status = ST_OK;
        struct mmu_cursor at;
        void *taken = NULL;
        void *frame;
        void *own;

        machine();
        pmm_pool_set_limit(0);
        quota_init(&q, &root_quota, 100);
        own = pmm_alloc_kind(FRAME_USER, 0);
        while (pmm_get_free_memory() > left * PAGE_BYTES) {
            frame = pmm_alloc_frame();
            *(void **)frame = taken;
            taken = frame;
        }
        if (left == 0) {
            CHECK_EQ(vmm_space_create_user(&s, &q), ST_ENOMEM);
            CHECK_EQ(q.used, 0);
            continue;
        }
        CHECK_EQ(vmm_space_create_user(&s, &q), ST_OK);
        status = vmm_alloc_user_page_in_space(&s, page, NULL);
        CHECK_EQ(status, left < 5 ? ST_ENOMEM : ST_OK);
        if (status == ST_OK) {
            CHECK_EQ(vmm_unmap_in_space(&s, page), ST_OK);
        }
        CHECK_EQ(q.used, 1);
        status = vmm_map_in_space(&s, page, own, PROT_READ);
        CHECK_EQ(status, left < 4 ? ST_ENOMEM : ST_OK);
        if (status == ST_OK) {
            CHECK_EQ(vmm_unmap_in_space(&s, page), ST_OK);
        }
        CHECK_EQ(q.used, 1);
        if (mmu_ensure(&s.tables, page, &at) == ST_OK) {
            mmu_set_transit(at, 9);
            while (pmm_get_free_memory() != 0) {
                pmm_alloc_frame();
            }
            CHECK_EQ(vmm_install_zero(&s, page, at.leaf, PROT_READ), ST_ENOMEM);
            CHECK(mmu_leaf_is_transit(*at.leaf));
            CHECK_EQ(q.used, 4);
            vmm_cancel_transit(&s, page);
        }
        CHECK_EQ(q.used, 1);
        CHECK_EQ(s.tables.table_frames, 0);
        audit();
        vmm_space_destroy(&s);
    }
}

TEST(numbers_of_spaces_are_reused_and_run_out)
{
    static struct space s[VMM_SPACES];
    struct quota q;
    uint32_t id;

    machine();
    quota_init(&q, &root_quota, 4000);
    CHECK_EQ(vmm_space_create_user(&s[0], &q), ST_OK);
    id = s[0].id;
    CHECK(vmm_space_by_id(id) == &s[0]);
    vmm_space_destroy(&s[0]);
    CHECK(vmm_space_by_id(id) == NULL);
    CHECK(vmm_space_by_id(0) == NULL);
    CHECK(vmm_space_by_id(VMM_SPACES) == NULL);
    CHECK_EQ(vmm_space_create_user(&s[0], &q), ST_OK);
    CHECK_EQ(s[0].id, id);
    for (unsigned i = 1; i < VMM_SPACES - 1; i++) {
        enum status status = vmm_space_create_user(&s[i], &q);

        if (status != ST_OK) {
            CHECK(status == ST_ENOMEM); /* 4,000 frames of quota */
            CHECK_EQ(i, 4000);
            for (unsigned j = 0; j < i; j++) {
                CHECK(vmm_space_by_id(s[j].id) == &s[j]);
                vmm_space_destroy(&s[j]);
            }
            break;
        }
    }
    CHECK_EQ(q.used, 0);
    heap_trim();
    CHECK_EQ(pmm_get_free_memory(), free_at_start);
}

int
main(void)
{
    RUN(kernel_half_is_as_drawn);
    RUN(a_gibibyte_page_only_where_all_of_it_is_ram);
    RUN(windows_take_and_give_back);
    RUN(impossible_pages_are_refused);
    RUN(no_frame_is_writable_here_and_executable_there);
    RUN(a_lent_page_is_copied_once_and_then_given_back);
    RUN(the_frames_of_a_module_are_shown_to_anybody_and_written_by_nobody);
    RUN(the_audit_notices);
    RUN(running_out_of_frames_changes_nothing);
    RUN(numbers_of_spaces_are_reused_and_run_out);
    fake_ram_destroy();
    return CHECK_REPORT();
}
