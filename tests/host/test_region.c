/* SPDX-License-Identifier: MIT */
/*
 * Claim: the region tree does what an array of pages does, only faster.
 * Method: random creates, destroys, protects and look-ups on a small range of
 * pages, each also carried out on an array with one entry per page; after each
 * step region_check() and a comparison of everything. Records are handed out by
 * a fake that counts them per binding and can be told to fail.
 */
#include <time.h>

#include "check.h"
#include "region_model.h"

#define STEPS 60000u

static uint64_t rng;

static uint64_t
rnd(uint64_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng % n;
}

TEST(tree_behaves_as_an_array_of_pages)
{
    struct region_tree tree;

    memset(model, 0, sizeof(model));
    region_tree_init(&tree, &fake_ops, LOW, HIGH);
    for (unsigned i = 0; i < STEPS; i++) {
        model_step(&tree);
    }
    model_finish(&tree);
}

/* ---- single claims ------------------------------------------------------ */

#define TOP (0x00007FFFFFFFF000ull >> 12)

static struct region_spec
plain(uint64_t base, uint64_t pages)
{
    return (struct region_spec){
        .base = base,
        .pages = pages,
        .first_page = base,
        .prot = PROT_READ | PROT_WRITE,
        .max_prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
        .binding = &bindings[0],
    };
}

static void
forget(void *context, struct region *piece)
{
    region_free(context, piece);
}

TEST(impossible_specs_are_refused)
{
    struct region_tree tree;
    struct region_spec s;
    struct region *out;

    allocs_until_failure = 100;
    region_tree_init(&tree, &fake_ops, LOW, TOP);
#define REFUSED(field, value) \
    s = plain(100, 10);       \
    s.field = (value);        \
    CHECK_EQ(region_create(&tree, &s, &out), ST_EINVAL)
    REFUSED(pages, 0);
    REFUSED(pages, ~0ull);
    REFUSED(pages, 1ull << 63);
    REFUSED(pages, TOP - 99);
    REFUSED(base, 0);
    REFUSED(base, LOW - 1);
    REFUSED(base, TOP - 9);
    REFUSED(base, ~0ull - 4);
    REFUSED(base, ~0ull);
    REFUSED(first_page, ~0ull - 5);
    REFUSED(kind, 0);
    REFUSED(kind, REGION_DEVICE + 1);
    REFUSED(prot, PROT_WRITE);
    REFUSED(prot, PROT_EXEC | PROT_READ);
    REFUSED(prot, 8);
    REFUSED(max_prot, PROT_READ);
    REFUSED(max_prot, PROT_READ | PROT_WRITE | PROT_EXEC);
    REFUSED(kind, REGION_GUARD);
#undef REFUSED
    CHECK_EQ(tree.count, 0);
    CHECK_EQ(region_destroy(&tree, 100, 0, forget, &tree), ST_EINVAL);
    CHECK_EQ(region_destroy(&tree, 100, ~0ull - 50, forget, &tree), ST_EINVAL);
    CHECK_EQ(region_protect(&tree, ~0ull, 2, PROT_READ, NULL, NULL), ST_EINVAL);
    CHECK_EQ(records(), 0);
}

TEST(a_region_may_fill_the_whole_range)
{
    struct region_tree tree;
    struct region_spec s = plain(LOW, TOP - LOW);
    struct region *out;
    uint64_t hole;

    region_tree_init(&tree, &fake_ops, LOW, TOP);
    CHECK_EQ(region_create(&tree, &s, &out), ST_OK);
    CHECK(!region_find_hole(&tree, 0, ~0ull, 1, &hole));
    CHECK_EQ(region_destroy(&tree, TOP - 1, 1, forget, &tree), ST_OK);
    CHECK(region_find_hole(&tree, 0, ~0ull, 1, &hole));
    CHECK_EQ(hole, TOP - 1);
    CHECK_EQ(region_destroy(&tree, LOW, TOP - LOW, forget, &tree), ST_OK);
    CHECK_EQ(region_check(&tree), 0);
    CHECK_EQ(records(), 0);
}

TEST(growing_needs_no_record_and_keeps_the_id)
{
    struct region_tree tree;
    struct region_spec s = plain(100, 10);
    struct region *first;
    struct region *out;

    region_tree_init(&tree, &fake_ops, LOW, TOP);
    allocs_until_failure = 1;
    CHECK_EQ(region_create(&tree, &s, &first), ST_OK);
    s = plain(110, 10);
    CHECK_EQ(region_create(&tree, &s, &out), ST_OK);
    CHECK(out == first);
    s = plain(90, 10);
    CHECK_EQ(region_create(&tree, &s, &out), ST_OK);
    CHECK(out == first);
    CHECK_EQ(first->spec.base, 90);
    CHECK_EQ(first->spec.first_page, 90);
    CHECK_EQ(first->spec.pages, 30);
    allocs_until_failure = 2;
    CHECK_EQ(region_destroy(&tree, 90, 30, forget, &tree), ST_OK);
}

TEST(protection_never_comes_back)
{
    struct region_tree tree;
    struct region_spec s = plain(100, 10);
    struct region *out;

    allocs_until_failure = 100;
    region_tree_init(&tree, &fake_ops, LOW, TOP);
    CHECK_EQ(region_create(&tree, &s, &out), ST_OK);
    CHECK_EQ(region_protect(&tree, 103, 2, PROT_READ, NULL, NULL), ST_OK);
    CHECK_EQ(tree.count, 3);
    CHECK_EQ(region_protect(&tree, 103, 2, PROT_READ | PROT_WRITE, NULL, NULL),
             ST_EPERM);
    CHECK_EQ(region_protect(&tree, 103, 2, PROT_READ | PROT_EXEC, NULL, NULL),
             ST_EPERM);
    CHECK_EQ(region_protect(&tree, 100, 10, PROT_READ, NULL, NULL), ST_OK);
    CHECK_EQ(tree.count, 1);
    CHECK_EQ(region_protect(&tree, 95, 10, PROT_READ, NULL, NULL), ST_ENOENT);
    CHECK_EQ(region_destroy(&tree, 100, 10, forget, &tree), ST_OK);
}

TEST(cost_stays_logarithmic_with_100000_regions)
{
    struct region_tree tree;
    struct region *out;
    uint64_t hole;

    allocs_until_failure = ~0ull;
    region_tree_init(&tree, &fake_ops, LOW, TOP);
    for (uint64_t i = 0; i < 100000; i++) {
        struct region_spec s = plain(LOW + 2 * i, 1);

        CHECK_EQ(region_create(&tree, &s, &out), ST_OK);
    }
    CHECK(tree.root->height <= 24); /* 1.44 log2(100000) */
    for (uint64_t i = 0; i < 1000; i++) {
        CHECK(region_find_hole(&tree, LOW, TOP, 2, &hole));
        CHECK_EQ(hole, LOW + 2 * 100000 - 1);
    }
    CHECK_EQ(region_check(&tree), 0);
    CHECK_EQ(region_destroy(&tree, LOW, 200000, forget, &tree), ST_OK);
    CHECK_EQ(records(), 0);
}

int
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0)
                             : (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    rng = seed * 0x9E3779B97F4A7C15ull + 1;
    RUN(tree_behaves_as_an_array_of_pages);
    RUN(impossible_specs_are_refused);
    RUN(a_region_may_fill_the_whole_range);
    RUN(growing_needs_no_record_and_keeps_the_id);
    RUN(protection_never_comes_back);
    RUN(cost_stays_logarithmic_with_100000_regions);
    return CHECK_REPORT();
}
