/* SPDX-License-Identifier: MIT */
/*
 * Claim: whatever is mapped, unmapped, shared, copied, taken, protected or torn
 * down, in whatever order and with memory running out anywhere: frames show in
 * the right place, every frame is paid for once, and the audit finds nothing.
 * Method: random operations on a few spaces over the real PMM and heap in a fake
 * machine, each also made in an array; after each step vmm_audit() and the
 * quotas are compared with what the array says there must be.
 */
#include <string.h>
#include <time.h>

#include "vmm_machine.h"

#define SPACES  3u
#define PAGES   48u
#define OBJECTS 4u
#define STEPS   15000u

/* ---- the model ----------------------------------------------------------------- */

enum state {
    EMPTY,
    TRANSIT,
    PRIVATE,
    SHARED
};

struct model_page {
    enum state state;
    uint32_t prot;
    void *frame;
};

static struct space space[SPACES];
static struct quota quota[SPACES];
static struct model_page model[SPACES][PAGES];
static void *object[OBJECTS]; /* frames of a memory object, held once by it */

static uint64_t rng;

static uint64_t
rnd(uint64_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng % n;
}

/* Three clusters: a program's, a far one, the stack's end. */
static vaddr_t
address_of(unsigned page)
{
    static const uint64_t base[] = { USER_IMAGE_BASE, USER_MAP_BASE - 8 * 4096,
                                     USER_END - 16 * 4096 };

    return vaddr(base[page / 16] + page % 16 * PAGE_BYTES);
}

static const uint32_t prots[] = {
    PROT_READ,
    PROT_READ | PROT_WRITE,
    PROT_READ | PROT_EXEC,
};

static void
make_space(unsigned s)
{
    quota_init(&quota[s], &root_quota, 20 + rnd(40));
    CHECK_EQ(vmm_space_create_user(&space[s], &quota[s]), ST_OK);
    memset(model[s], 0, sizeof(model[s]));
}

static void
drop_region(void *context, struct region *piece)
{
    region_free(context, piece);
}

static void
destroy_space(unsigned s)
{
    struct region_tree *tree = &space[s].regions;
    unsigned steps = 0;

    if (rnd(2) == 0) {
        mmu_load_root(space[s].tables.root); /* it was running just now */
    }
    while (!vmm_space_teardown_step(&space[s], 4)) {
        CHECK(++steps < 1000);
    }
    CHECK(!vmm_space_is_loaded(&space[s]));
    if (tree->count != 0) {
        CHECK_EQ(region_destroy(tree, tree->low, tree->high - tree->low,
                                drop_region, tree),
                 ST_OK);
    }
    vmm_space_destroy(&space[s]);
    CHECK_EQ(quota[s].used, 0);
    quota_destroy(&quota[s]);
    memset(model[s], 0, sizeof(model[s]));
}

/* ---- comparison ------------------------------------------------------------------ */

static void
compare_space(unsigned s)
{
    uint64_t private = 0;
    uint64_t present = 0;
    unsigned wrong = 0;

    for (unsigned p = 0; p < PAGES; p++) {
        const struct model_page *m = &model[s][p];
        struct mmu_cursor at;
        mmu_leaf_t leaf = 0;
        paddr_t pa;

        if (mmu_find(&space[s].tables, address_of(p), &at)) {
            leaf = *at.leaf;
        }
        wrong += mmu_leaf_is_present(leaf) != (m->state >= PRIVATE);
        wrong += mmu_leaf_is_transit(leaf) != (m->state == TRANSIT);
        wrong += vmm_translate_in_space(&space[s], address_of(p), &pa)
                 != (m->state >= PRIVATE);
        if (m->state >= PRIVATE) {
            wrong += physmap_at(pa) != m->frame;
            wrong += mmu_leaf_prot(leaf) != m->prot;
            present++;
        }
        private += m->state == PRIVATE;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(space[s].resident, present);
    CHECK_EQ(mmu_check(&space[s].tables, false), 0);
    CHECK_EQ(quota[s].used, 1 + space[s].tables.table_frames + private
                                + (space[s].region_records + 24) / 25);
}

static void
compare(void)
{
    uint64_t executable = 0;

    for (unsigned s = 0; s < SPACES; s++) {
        compare_space(s);
        for (unsigned p = 0; p < PAGES; p++) {
            executable += model[s][p].state >= PRIVATE
                          && (model[s][p].prot & PROT_EXEC) != 0;
        }
    }
    for (unsigned i = 0; i < OBJECTS; i++) {
        unsigned shown = 0;

        for (unsigned s = 0; s < SPACES; s++) {
            for (unsigned p = 0; p < PAGES; p++) {
                shown += model[s][p].state == SHARED
                         && model[s][p].frame == object[i];
            }
        }
        CHECK_EQ(frame_count(*frame_word(object[i])), shown);
    }
    CHECK_EQ(audit(), executable);
}

/* ---- steps ------------------------------------------------------------------------- */

static bool
is_full_of(const void *frame, int byte)
{
    const uint8_t *bytes = frame;

    return bytes[0] == byte && memcmp(bytes, bytes + 1, PAGE_BYTES - 1) == 0;
}

/* What a fault, a loader or a pager may put at an empty page. */
static void
step_fill(unsigned s, unsigned p)
{
    struct model_page *m = &model[s][p];
    uint32_t prot = prots[rnd(3)];
    struct mmu_cursor at;
    void *frame = NULL;
    enum status status;

    switch (rnd(4)) {
    case 0:
        status =
            vmm_alloc_page_in_space(&space[s], address_of(p), prot, &frame);
        break;
    case 1:
        status = mmu_ensure(&space[s].tables, address_of(p), &at);
        if (status == ST_OK && *at.leaf == 0) {
            mmu_set_transit(at, (uint32_t)rnd(100));
            *m = (struct model_page){ .state = TRANSIT };
        }
        return;
    case 2:
        frame = pmm_alloc_kind(FRAME_USER, 0);
        status = vmm_map_in_space(&space[s], address_of(p), frame, prot);
        if (status != ST_OK) {
            pmm_free_frame(frame);
        }
        break;
    default:
        frame = object[rnd(OBJECTS)];
        prot = rnd(8) == 0 ? prot : PROT_READ;
        status = vmm_map_in_space(&space[s], address_of(p), frame, prot);
        if (status == ST_OK) {
            *m = (struct model_page){ SHARED, prot, frame };
            return;
        }
    }
    if (m->state != EMPTY) {
        CHECK_EQ(status, ST_EEXIST);
    } else if (status == ST_OK) {
        *m = (struct model_page){ PRIVATE, prot, frame };
    } else {
        CHECK(status == ST_ENOMEM || status == ST_EPERM);
    }
}

/* How a page in transit ends. */
static void
step_arrive(unsigned s, unsigned p)
{
    struct model_page *m = &model[s][p];
    uint32_t prot = prots[rnd(3)];
    struct mmu_cursor at;
    enum status status;
    void *frame;

    if (m->state != TRANSIT) {
        return;
    }
    CHECK(mmu_find(&space[s].tables, address_of(p), &at));
    switch (rnd(3)) {
    case 0:
        vmm_cancel_transit(&space[s], address_of(p));
        *m = (struct model_page){ .state = EMPTY };
        return;
    case 1:
        status = vmm_install_zero(&space[s], address_of(p), at.leaf, prot);
        if (status == ST_OK) {
            frame = physmap_at(mmu_leaf_frame(*at.leaf));
            CHECK(is_full_of(frame, 0));
            memset(frame, 0x5A, PAGE_BYTES);
            *m = (struct model_page){ PRIVATE, prot, frame };
        }
        break;
    default:
        frame = object[rnd(OBJECTS)];
        status = vmm_install_frame(&space[s], address_of(p), at.leaf, frame,
                                   PROT_READ);
        if (status == ST_OK) {
            *m = (struct model_page){ SHARED, PROT_READ, frame };
        }
    }
    if (status != ST_OK) {
        CHECK(status == ST_ENOMEM || status == ST_EPERM);
        CHECK(mmu_leaf_is_transit(*at.leaf));
    }
}

static void
step_copy(unsigned s, unsigned p)
{
    struct model_page *m = &model[s][p];
    struct mmu_cursor at;
    enum status status;

    if (m->state < PRIVATE || (m->prot & PROT_EXEC) != 0) {
        return;
    }
    CHECK(mmu_find(&space[s].tables, address_of(p), &at));
    status = vmm_install_copy(&space[s], address_of(p), at.leaf,
                              PROT_READ | PROT_WRITE);
    if (status == ST_OK) {
        void *frame = physmap_at(mmu_leaf_frame(*at.leaf));

        CHECK_EQ(frame == m->frame, m->state == PRIVATE);
        CHECK(memcmp(frame, m->frame, PAGE_BYTES) == 0);
        *m = (struct model_page){ PRIVATE, PROT_READ | PROT_WRITE, frame };
    } else {
        CHECK_EQ(status, ST_ENOMEM);
        CHECK_EQ(m->state, SHARED);
    }
}

static void
step_leave(unsigned s, unsigned p)
{
    struct model_page *m = &model[s][p];
    uint64_t flushed;
    void *frame;

    if (rnd(2) == 0) {
        mmu_load_root(rnd(2) == 0 ? space[s].tables.root : vmm_kernel_root());
    }
    flushed = fake_mmu.flushed_pages + fake_mmu.flushes;
    if (rnd(3) == 0) {
        frame = vmm_take_frame(&space[s], address_of(p));
        CHECK_EQ(frame != NULL, m->state == PRIVATE);
        if (frame == NULL) {
            return;
        }
        CHECK(frame == m->frame);
        pmm_free_frame(frame);
    } else {
        CHECK_EQ(vmm_unmap_in_space(&space[s], address_of(p)),
                 m->state == EMPTY ? ST_ENOENT : ST_OK);
    }
    if (m->state >= PRIVATE && vmm_space_is_loaded(&space[s])) {
        CHECK(fake_mmu.flushed_pages + fake_mmu.flushes > flushed);
    }
    *m = (struct model_page){ .state = EMPTY };
}

static void
step_range(unsigned s, unsigned p)
{
    unsigned end = p + 1 + (unsigned)rnd(16 - p % 16);
    vaddr_t first = address_of(p);
    vaddr_t last = vaddr(address_of(end - 1).raw + PAGE_BYTES);
    uint64_t present = 0;
    uint64_t used = 0;

    for (unsigned i = p; i < end; i++) {
        present += model[s][i].state >= PRIVATE;
        used += model[s][i].state != EMPTY;
    }
    CHECK_EQ(vmm_count_resident(&space[s], first, last), present);
    if (rnd(2) == 0) {
        vaddr_t limit = vmm_range_limit(&space[s], first, last, 3);

        CHECK(limit.raw <= last.raw);
        CHECK(limit.raw > first.raw);
        CHECK(used >= 3 || limit.raw == last.raw
              || limit.raw % LARGE_PAGE_BYTES == 0);
        CHECK((limit.raw - 1) / LARGE_PAGE_BYTES
              == first.raw / LARGE_PAGE_BYTES);
        CHECK_EQ(vmm_unmap_range(&space[s], first, last), present);
        for (unsigned i = p; i < end; i++) {
            model[s][i] = (struct model_page){ .state = EMPTY };
        }
        return;
    }
    vmm_protect_range(&space[s], first, last, PROT_READ);
    for (unsigned i = p; i < end; i++) {
        if (model[s][i].state >= PRIVATE) {
            model[s][i].prot = PROT_READ;
        }
    }
}

static void
step_region(unsigned s, unsigned p)
{
    uint64_t page = address_of(p).raw >> PAGE_SHIFT;
    struct region_spec spec = {
        .base = page,
        .pages = 1 + rnd(16 - p % 16),
        .first_page = rnd(1000),
        .prot = PROT_READ,
        .max_prot = PROT_READ,
        .kind = REGION_ANONYMOUS,
    };
    struct region *out;

    /* Only records and their charge matter here; test_region does the rest. */
    if (rnd(2) == 0) {
        (void)!region_create(&space[s].regions, &spec, &out);
    } else {
        (void)!region_destroy(&space[s].regions, page, 1, drop_region,
                              &space[s].regions);
    }
}

TEST(spaces_behave_as_arrays_and_the_audit_agrees)
{
    machine();
    shared_is_held = true;
    for (unsigned i = 0; i < OBJECTS; i++) {
        object[i] = pmm_alloc_zeroed(FRAME_SHARED, frame_shared(7, i, 0));
        memset(object[i], 0x30 + (int)i, PAGE_BYTES);
    }
    for (unsigned s = 0; s < SPACES; s++) {
        make_space(s);
    }
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned s = (unsigned)rnd(SPACES);
        unsigned p = (unsigned)rnd(PAGES);
        uint64_t choice = rnd(100);

        if (choice < 50) {
            step_fill(s, p);
        } else if (choice < 68) {
            step_arrive(s, p);
        } else if (choice < 76) {
            step_copy(s, p);
        } else if (choice < 86) {
            step_leave(s, p);
        } else if (choice < 92) {
            step_range(s, p);
        } else if (choice < 98) {
            step_region(s, p);
        } else if (choice < 99 && rnd(4) == 0) {
            destroy_space(s);
            make_space(s);
        } else if (rnd(2) == 0) {
            pmm_pool_refill_one();
        }
        if (i % 8 == 0) {
            compare();
        }
    }
    for (unsigned s = 0; s < SPACES; s++) {
        destroy_space(s);
    }
    for (unsigned i = 0; i < OBJECTS; i++) {
        CHECK(is_full_of(object[i], 0x30 + (int)i));
        CHECK_EQ(frame_count(*frame_word(object[i])), 0);
        pmm_free_frame(object[i]);
    }
    shared_is_held = false;
    heap_trim();
    CHECK_EQ(pmm_get_free_memory(), free_at_start);
    CHECK_EQ(audit(), 0);
}

/* ---- single claims -------------------------------------------------------------------- */

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
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0)
                             : (uint64_t)time(NULL);

    printf("seed %llu\n", (unsigned long long)seed);
    rng = seed * 0x9E3779B97F4A7C15ull + 1;
    /* First, since the pool of region records belongs to its machine's heap. */
    RUN(spaces_behave_as_arrays_and_the_audit_agrees);
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
