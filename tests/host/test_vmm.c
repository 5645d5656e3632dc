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

/* What a leaf counts for in a step: more where many show its frame. */
static uint64_t
weight_of(const struct model_page *m)
{
    return m->state == EMPTY
               ? 0
               : 1
                     + (m->state == SHARED ? frame_count(*frame_word(m->frame))
                                                 / VMM_SIGHTS_PER_PAGE
                                           : 0);
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
        used += weight_of(&model[s][i]);
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

int
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0)
                             : (uint64_t)time(NULL);

    printf("seed %llu\n", (unsigned long long)seed);
    rng = seed * 0x9E3779B97F4A7C15ull + 1;
    RUN(spaces_behave_as_arrays_and_the_audit_agrees);
    fake_ram_destroy();
    return CHECK_REPORT();
}
