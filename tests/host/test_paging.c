/* SPDX-License-Identifier: MIT */
/*
 * Claim: the tree of page tables behaves as a map from pages to leaves, holds
 * exactly the tables that map needs, and hands back only empty ones.
 * Method: random changes at a few hundred pages chosen to share and not to share
 * tables at every level, each also made in an array; after each step mmu_check()
 * and a comparison by all three ways of looking: find, next, visit. Frames for
 * tables run out at random.
 */
#include <string.h>
#include <time.h>

#include <base/align.h>

#include <arch/mmu.h>

#include "check.h"

#define RAM_BYTES (16ull << 20)
#define STEPS     6000u

/* ---- frames for tables ---------------------------------------------------- */

static uint64_t frames_used;
static uint64_t frames_until_failure;
static bool frame_is_used[RAM_BYTES / PAGE_BYTES];

static void *
take_frame(void)
{
    for (uint64_t i = 0; i < RAM_BYTES / PAGE_BYTES; i++) {
        if (!frame_is_used[i]) {
            frame_is_used[i] = true;
            frames_used++;
            return fake_ram + i * PAGE_BYTES;
        }
    }
    abort();
}

static void
put_frame(void *frame)
{
    uint64_t i = (uint64_t)((uint8_t *)frame - fake_ram) / PAGE_BYTES;

    CHECK(frame_is_used[i]);
    frame_is_used[i] = false;
    frames_used--;
}

static enum status
alloc_tables(void *context, unsigned count, void **tables)
{
    if (frames_until_failure < count) {
        return ST_ENOMEM;
    }
    for (unsigned i = 0; i < count; i++) {
        tables[i] = take_frame();
    }
    return ST_OK;
}

static void
retire_table(void *context, void *table)
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < 512; i++) {
        wrong += ((uint64_t *)table)[i] != 0;
    }
    CHECK_EQ(wrong, 0);
    put_frame(table);
}

static const struct mmu_table_ops ops = { alloc_tables, retire_table };

static struct mmu_tables
new_tables(void)
{
    fake_ram_create(RAM_BYTES);
    memset(frame_is_used, 0, sizeof(frame_is_used));
    frames_used = 0;
    frames_until_failure = 1000;
    return (struct mmu_tables){ .last = MMU_LAST_NONE,
                                .root = physmap_paddr(take_frame()),
                                .ops = &ops };
}

/* ---- random steps against an array ---------------------------------------- */

static uint64_t rng;

static uint64_t
rnd(uint64_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng % n;
}

static const uint64_t index4[] = { 0, 1, 255 };
static const uint64_t index3[] = { 0, 7, 511 };
static const uint64_t index2[] = { 0, 1, 511 };
static const uint64_t index1[] = { 0, 1, 7, 8, 9, 255, 510, 511 };
#define PAGES (3u * 3u * 3u * 8u)

static uint64_t address_of[PAGES]; /* ascending */
static mmu_leaf_t model[PAGES];

static void
make_addresses(void)
{
    unsigned n = 0;

    for (unsigned a = 0; a < 3; a++) {
        for (unsigned b = 0; b < 3; b++) {
            for (unsigned c = 0; c < 3; c++) {
                for (unsigned d = 0; d < 8; d++) {
                    address_of[n++] = index4[a] << 39 | index3[b] << 30
                                      | index2[c] << 21 | index1[d] << 12;
                }
            }
        }
    }
}

/* Tables that the used pages of the model need, root aside. */
static uint64_t
model_tables(void)
{
    uint64_t count = 0;

    for (unsigned level = 1; level <= 3; level++) {
        uint64_t last = ~0ull;

        for (unsigned i = 0; i < PAGES; i++) {
            uint64_t table = address_of[i] >> (12 + 9 * level);

            if (model[i] != 0 && table != last) {
                last = table;
                count++;
            }
        }
    }
    return count;
}

struct visited {
    unsigned next;
    unsigned wrong;
    uint64_t tables;
    uint64_t from;
    uint64_t end;
};

static void
visit_leaf(void *context, const struct mmu_found *found)
{
    struct visited *v = context;

    while (v->next < PAGES
           && (model[v->next] == 0 || address_of[v->next] < v->from)) {
        v->next++;
    }
    v->wrong += v->next == PAGES || address_of[v->next] != found->address.raw
                || model[v->next] != *found->at.leaf || found->level != 1
                || address_of[v->next] >= v->end;
    v->next++;
}

static void
visit_table(void *context, paddr_t table, unsigned level, uint64_t entry,
            unsigned used)
{
    struct visited *v = context;

    v->tables++;
    v->wrong += used == 0 && level < 4;
    v->wrong += level < 4 && mmu_entry_count(entry) != used;
    v->wrong += !frame_is_used[table.raw / PAGE_BYTES];
}

static void
compare(const struct mmu_tables *tables)
{
    struct mmu_visitor visitor = { .table = visit_table, .leaf = visit_leaf };
    struct visited v = { .end = 1ull << 47 };
    struct mmu_cursor at;
    struct mmu_found found;
    vaddr_t next = vaddr(0);
    unsigned wrong = 0;

    CHECK_EQ(mmu_check(tables, false), 0);
    CHECK_EQ(tables->table_frames, model_tables());
    CHECK_EQ(frames_used, tables->table_frames + 1);
    for (unsigned i = 0; i < PAGES; i++) {
        mmu_leaf_t leaf = 0;

        if (mmu_find(tables, vaddr(address_of[i]), &at)) {
            leaf = *at.leaf;
        }
        wrong += leaf != model[i];
        if (model[i] != 0) {
            wrong += !mmu_next(tables, next, vaddr(1ull << 47), &found)
                     || found.address.raw != address_of[i]
                     || *found.at.leaf != model[i];
            next = vaddr(address_of[i] + PAGE_BYTES);
        }
    }
    wrong += mmu_next(tables, next, vaddr(1ull << 47), &found);
    CHECK_EQ(wrong, 0);
    visitor.context = &v;
    mmu_visit(tables, vaddr(0), vaddr(1ull << 47), &visitor);
    CHECK_EQ(v.wrong, 0);
    CHECK_EQ(v.tables, tables->table_frames + 1);
    v = (struct visited){ .from = address_of[rnd(PAGES)] + rnd(2) * PAGE_BYTES,
                          .end = address_of[rnd(PAGES)] + PAGE_BYTES };
    if (v.from < v.end) {
        mmu_visit(tables, vaddr(v.from), vaddr(v.end), &visitor);
        while (v.next < PAGES
               && (model[v.next] == 0 || address_of[v.next] < v.from)) {
            v.next++;
        }
        CHECK_EQ(v.wrong, 0);
        CHECK(v.next == PAGES || address_of[v.next] >= v.end);
    }
}

static const uint32_t prots[] = {
    PROT_READ,
    PROT_READ | PROT_WRITE,
    PROT_READ | PROT_EXEC,
};

static void
step(struct mmu_tables *tables)
{
    unsigned i = (unsigned)(rnd(3) == 0 ? rnd(24) : rnd(PAGES));
    vaddr_t address = vaddr(address_of[i]);
    uint32_t prot = prots[rnd(3)];
    paddr_t frame = paddr(rnd(1ull << 40) << 12);
    struct mmu_cursor at;
    enum status status;

    if (rnd(100) < 45) {
        mmu_leaf_t old = mmu_clear(tables, address);

        CHECK_EQ(old, model[i]);
        model[i] = 0;
        return;
    }
    frames_until_failure = rnd(4) == 0 ? rnd(4) : 1000;
    status = mmu_ensure(tables, address, &at);
    if (status != ST_OK) {
        CHECK_EQ(status, ST_ENOMEM);
        CHECK(frames_until_failure < 3);
        return;
    }
    CHECK_EQ(*at.leaf, model[i]);
    if (model[i] == 0 && rnd(5) == 0) {
        mmu_prune(tables, address); /* wanted for nothing */
    } else if (model[i] == 0 && rnd(2) == 0) {
        uint32_t slot = (uint32_t)rnd(1ull << 32);

        mmu_set_transit(at, slot);
        CHECK(mmu_leaf_is_transit(*at.leaf));
        CHECK(!mmu_leaf_is_present(*at.leaf));
        CHECK_EQ(mmu_leaf_slot(*at.leaf), slot);
        model[i] = *at.leaf;
    } else if (model[i] == 0) {
        mmu_set_frame(at, frame, prot);
        model[i] = *at.leaf;
    } else if (mmu_leaf_is_transit(model[i])) {
        mmu_transit_to_frame(at.leaf, frame, prot);
        model[i] = *at.leaf;
    }
    if (mmu_leaf_is_present(model[i])
        && mmu_leaf_frame(model[i]).raw == frame.raw) {
        CHECK_EQ(mmu_leaf_prot(*at.leaf), prot);
    }
}

/* What was found last is where a walk finds it, or is forgotten. */
static void
find_again(struct mmu_tables *tables)
{
    vaddr_t address = vaddr(address_of[rnd(PAGES)]);
    struct mmu_cursor walked;
    struct mmu_cursor again;

    if (!mmu_find(tables, address, &walked)) {
        CHECK(!mmu_find_again(tables, address.raw >> 12, &again));
        return;
    }
    CHECK(mmu_find_again(tables, address.raw >> 12, &again));
    CHECK(again.leaf == walked.leaf && again.parent == walked.parent);
}

TEST(tree_behaves_as_a_map)
{
    struct mmu_tables tables = new_tables();

    memset(model, 0, sizeof(model));
    for (unsigned i = 0; i < STEPS; i++) {
        find_again(&tables);
        step(&tables);
        compare(&tables);
    }
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK_EQ(mmu_clear(&tables, vaddr(address_of[i])), model[i]);
    }
    CHECK_EQ(tables.table_frames, 0);
    CHECK_EQ(frames_used, 1);
}

/* ---- leaves ----------------------------------------------------------------- */

TEST(a_leaf_allows_what_it_was_made_for)
{
    for (unsigned i = 0; i < 3; i++) {
        mmu_leaf_t leaf = mmu_leaf_make(paddr(0xABC000), prots[i]);

        CHECK(mmu_leaf_is_user(leaf));
        CHECK_EQ(mmu_leaf_frame(leaf).raw, 0xABC000);
        for (uint32_t want = 1; want < 8; want++) {
            CHECK_EQ(mmu_leaf_allows(leaf, want), (want & ~prots[i]) == 0);
        }
        for (unsigned j = 0; j < 3; j++) {
            mmu_leaf_t changed = leaf;

            mmu_set_prot(&changed, prots[j]);
            CHECK_EQ(mmu_leaf_prot(changed), prots[j]);
            CHECK_EQ(mmu_leaf_frame(changed).raw, 0xABC000);
        }
    }
    CHECK(!mmu_leaf_allows(0, PROT_READ));
    CHECK(mmu_leaf_is_empty(0));
    CHECK(!mmu_leaf_is_transit(0));
}

TEST(a_leaf_in_transit_points_nowhere)
{
    struct mmu_tables tables = new_tables();
    struct mmu_cursor at;

    for (uint32_t slot = 0; slot < 3; slot++) {
        CHECK_EQ(mmu_ensure(&tables, vaddr(0x400000), &at), ST_OK);
        mmu_set_transit(at, slot);
        CHECK(!mmu_leaf_is_empty(*at.leaf)); /* slot 0 too */
        CHECK(!mmu_leaf_allows(*at.leaf, PROT_READ));
        CHECK_EQ(*at.leaf & 0xFFFFF001ull, 0);
        mmu_clear(&tables, vaddr(0x400000));
    }
}

/* ---- the kernel half --------------------------------------------------------- */

#define KERNEL 0xFFFF888000000000ull

TEST(large_leaves_are_found_and_not_cut)
{
    struct mmu_tables tables = new_tables();
    uint32_t rw = PROT_READ | PROT_WRITE;
    struct mmu_found found;
    struct mmu_cursor at;
    unsigned level = 0;

    CHECK_EQ(mmu_ensure_level(&tables, vaddr(KERNEL), 3, &at), ST_OK);
    mmu_set_kernel_frame(at, 3, paddr(0), rw);
    CHECK_EQ(mmu_ensure_level(&tables, vaddr(KERNEL + (1ull << 30)), 2, &at),
             ST_OK);
    mmu_set_kernel_frame(at, 2, paddr(1ull << 30), rw);
    CHECK_EQ(mmu_ensure(&tables, vaddr(KERNEL + (1ull << 30) + 0x200000), &at),
             ST_OK);
    mmu_set_kernel_frame(at, 1, paddr(0x5000), PROT_READ);
    CHECK_EQ(mmu_check(&tables, true), 0);

    CHECK_EQ(mmu_ensure(&tables, vaddr(KERNEL + 0x5000), &at), ST_EEXIST);
    CHECK(!mmu_find(&tables, vaddr(KERNEL + 0x5000), &at));
    CHECK_EQ(mmu_clear(&tables, vaddr(KERNEL + 0x5000)), 0);

    CHECK_EQ(mmu_leaf_physical(mmu_lookup(&tables, vaddr(KERNEL + 0x1234567),
                                          &level),
                               3, vaddr(KERNEL + 0x1234567))
                 .raw,
             0x1234567);
    CHECK_EQ(level, 3);
    CHECK(mmu_lookup(&tables, vaddr(KERNEL + (1ull << 30) + 5), &level) != 0);
    CHECK_EQ(level, 2);
    CHECK(mmu_next(&tables, vaddr(KERNEL + 0x5000), vaddr(0), &found));
    CHECK_EQ(found.address.raw, KERNEL);
    CHECK(mmu_next(&tables, vaddr(KERNEL + (1ull << 30) + 0x200000), vaddr(0),
                   &found));
    CHECK_EQ(found.level, 1);
    CHECK(!mmu_next(&tables, vaddr(KERNEL + (1ull << 30) + 0x201000), vaddr(0),
                    &found));
    CHECK_EQ(mmu_leaf_prot(*found.at.leaf), PROT_READ);
    CHECK(!mmu_leaf_is_user(*found.at.leaf));
}

TEST(a_pinned_slot_stays_when_it_is_empty)
{
    struct mmu_tables kernel = new_tables();
    struct mmu_tables space = { .last = MMU_LAST_NONE,
                                .root = physmap_paddr(take_frame()),
                                .ops = &ops };
    struct mmu_cursor at;
    paddr_t out;

    CHECK_EQ(mmu_pin_slot(&kernel, vaddr(KERNEL)), ST_OK);
    mmu_share_slot(&space, &kernel, vaddr(KERNEL));
    CHECK_EQ(kernel.table_frames, 1);
    CHECK_EQ(mmu_ensure(&kernel, vaddr(KERNEL), &at), ST_OK);
    mmu_set_kernel_frame(at, 1, paddr(0x7000), PROT_READ);
    CHECK_EQ(kernel.table_frames, 3);
    CHECK_EQ(mmu_check(&kernel, true), 0);

    /* The space sees it, though it was shared before. */
    CHECK(mmu_find(&space, vaddr(KERNEL), &at));
    out = mmu_leaf_frame(*at.leaf);
    CHECK_EQ(out.raw, 0x7000);
    CHECK_EQ(mmu_slot(&space, vaddr(KERNEL)), mmu_slot(&kernel, vaddr(KERNEL)));
    CHECK(!mmu_entry_is_user(mmu_slot(&space, vaddr(KERNEL))));

    CHECK(mmu_clear(&kernel, vaddr(KERNEL)) != 0);
    CHECK_EQ(kernel.table_frames, 1);
    CHECK_EQ(mmu_check(&kernel, true), 0);
    mmu_prune(&kernel, vaddr(KERNEL));
    CHECK_EQ(kernel.table_frames, 1);
}

TEST(the_last_page_of_all_can_be_walked)
{
    struct mmu_tables tables = new_tables();
    vaddr_t last = vaddr(~0ull - 0xFFF);
    struct mmu_found found;
    struct mmu_cursor at;

    CHECK_EQ(mmu_ensure(&tables, last, &at), ST_OK);
    mmu_set_kernel_frame(at, 1, paddr(0x9000), PROT_READ);
    CHECK(mmu_next(&tables, vaddr(KERNEL), vaddr(0), &found));
    CHECK_EQ(found.address.raw, last.raw);
    CHECK_EQ(mmu_check(&tables, true), 0);
    mmu_clear(&tables, last);
    CHECK(!mmu_next(&tables, vaddr(KERNEL), vaddr(0), &found));
    CHECK_EQ(tables.table_frames, 0);
}

TEST(corruption_is_noticed)
{
    struct mmu_tables tables = new_tables();
    struct mmu_cursor at;

    CHECK_EQ(mmu_ensure(&tables, vaddr(0x400000), &at), ST_OK);
    mmu_set_frame(at, paddr(0x1000), PROT_READ);
    CHECK_EQ(mmu_check(&tables, false), 0);
    at.leaf[1] = *at.leaf; /* uncounted */
    CHECK(mmu_check(&tables, false) != 0);
    at.leaf[1] = 0;
    *at.leaf |= 2; /* readable becomes writable: fine; and executable: not */
    CHECK_EQ(mmu_check(&tables, false), 0);
    *at.leaf &= ~(1ull << 63);
    CHECK(mmu_check(&tables, false) != 0);
    *at.leaf = 8; /* no state we know */
    CHECK(mmu_check(&tables, false) != 0);
    *at.leaf = 0; /* still counted */
    CHECK(mmu_check(&tables, false) != 0);
}

int
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0)
                             : (uint64_t)time(NULL);

    printf("seed %llu\n", (unsigned long long)seed);
    rng = seed * 0x9E3779B97F4A7C15ull + 1;
    make_addresses();
    RUN(tree_behaves_as_a_map);
    RUN(a_leaf_allows_what_it_was_made_for);
    RUN(a_leaf_in_transit_points_nowhere);
    RUN(large_leaves_are_found_and_not_cut);
    RUN(a_pinned_slot_stays_when_it_is_empty);
    RUN(the_last_page_of_all_can_be_walked);
    RUN(corruption_is_noticed);
    fake_ram_destroy();
    return CHECK_REPORT();
}
