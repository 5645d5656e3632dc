/* SPDX-License-Identifier: MIT */
/*
 * Claim: the region tree does what an array of pages does, only faster.
 * Method: random creates, destroys, protects and look-ups on a small range of
 * pages, each also carried out on an array with one entry per page; after each
 * step region_check() and a comparison of everything. Records are handed out by
 * a fake that counts them per binding and can be told to fail.
 */
#include <string.h>
#include <time.h>

#include <mm/region.h>

#include "check.h"

#define LOW      16u
#define HIGH     272u
#define BINDINGS 3u
#define STEPS    60000u

/* ---- records ------------------------------------------------------------ */

static char bindings[BINDINGS];
static uint64_t records_of[BINDINGS + 1];
static uint64_t allocs_until_failure;

static unsigned
binding_index(const void *binding)
{
    return binding == NULL ? BINDINGS
                           : (unsigned)((const char *)binding - bindings);
}

static struct region *
fake_alloc(struct region_tree *tree, void *binding)
{
    struct region *region;

    if (allocs_until_failure == 0) {
        return NULL;
    }
    allocs_until_failure--;
    records_of[binding_index(binding)]++;
    region = malloc(sizeof(*region));
    memset(region, 0xA5, sizeof(*region));
    return region;
}

static void
fake_free(struct region_tree *tree, struct region *region)
{
    records_of[binding_index(region->spec.binding)]--;
    free(region);
}

static const struct region_ops fake_ops = { fake_alloc, fake_free };

static uint64_t
records(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i <= BINDINGS; i++) {
        sum += records_of[i];
    }
    return sum;
}

/* ---- the model ---------------------------------------------------------- */

struct model_page {
    bool used;
    uint64_t pager_page;
    uint32_t prot;
    uint32_t max_prot;
    uint32_t kind;
    void *binding;
};

static struct model_page model[HIGH + 1];

static bool
model_is_free(uint64_t base, uint64_t pages)
{
    for (uint64_t p = base; p < base + pages; p++) {
        if (model[p].used) {
            return false;
        }
    }
    return true;
}

static bool
model_same(const struct model_page *a, const struct model_page *b)
{
    return a->used && b->used && a->pager_page + 1 == b->pager_page
           && a->prot == b->prot && a->max_prot == b->max_prot
           && a->kind == b->kind && a->binding == b->binding;
}

/* Regions there should be: merged wherever possible. */
static uint64_t
model_regions(void)
{
    uint64_t count = 0;

    for (uint64_t p = LOW; p < HIGH; p++) {
        count += model[p].used
                 && (p == LOW || !model_same(&model[p - 1], &model[p]));
    }
    return count;
}

static bool
model_hole(uint64_t low, uint64_t high, uint64_t pages, uint64_t *base)
{
    low = low < LOW ? LOW : low;
    high = high > HIGH ? HIGH : high;
    for (uint64_t p = low; pages > 0 && p + pages <= high; p++) {
        if (model_is_free(p, pages)) {
            *base = p;
            return true;
        }
    }
    return false;
}

static void
compare(struct region_tree *tree)
{
    unsigned wrong = 0;

    CHECK_EQ(region_check(tree), 0);
    CHECK_EQ(tree->count, model_regions());
    CHECK_EQ(records(), tree->count);
    for (uint64_t p = 0; p <= HIGH; p++) {
        const struct region *r = region_lookup(tree, p);
        const struct model_page *m = &model[p];

        wrong += (r != NULL) != m->used;
        if (r != NULL && m->used) {
            wrong += !region_covers(r, p);
            wrong += region_pager_page(r, p) != m->pager_page;
            wrong += r->spec.prot != m->prot || r->spec.max_prot != m->max_prot;
            wrong += r->spec.kind != m->kind;
            wrong += r->spec.binding != m->binding;
        }
    }
    CHECK_EQ(wrong, 0);
}

/* ---- random steps ------------------------------------------------------- */

static uint64_t rng;

static uint64_t
rnd(uint64_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng % n;
}

static const uint32_t prots[] = {
    PROT_NONE,
    PROT_READ,
    PROT_READ | PROT_WRITE,
    PROT_READ | PROT_EXEC,
};

static void
step_create(struct region_tree *tree)
{
    uint64_t base = LOW + rnd(HIGH - LOW);
    uint64_t room = HIGH - base;
    unsigned b = (unsigned)rnd(BINDINGS + 1);
    struct region_spec spec = {
        .base = base,
        .pages = 1 + rnd(room < 24 ? room : 24),
        /* Often contiguous with what may be there already. */
        .first_page = rnd(4) == 0 ? rnd(1000) : base + 1000,
        .prot = prots[rnd(4)],
        .kind = REGION_HEAP + (uint32_t)rnd(2),
        .binding = b == BINDINGS ? NULL : &bindings[b],
    };
    struct region *out = NULL;
    enum status status;

    spec.max_prot = spec.prot;
    if (spec.prot == PROT_READ && rnd(2) == 0) {
        spec.max_prot = PROT_READ | PROT_WRITE;
    }
    status = region_create(tree, &spec, &out);
    if (!model_is_free(spec.base, spec.pages)) {
        CHECK_EQ(status, ST_EEXIST);
        return;
    }
    if (status == ST_ENOMEM) {
        CHECK_EQ(allocs_until_failure, 0);
        return;
    }
    CHECK_EQ(status, ST_OK);
    CHECK(out != NULL && region_covers(out, spec.base)
          && region_covers(out, spec.base + spec.pages - 1));
    for (uint64_t i = 0; i < spec.pages; i++) {
        model[spec.base + i] = (struct model_page){
            true,          spec.first_page + i, spec.prot,
            spec.max_prot, spec.kind,           spec.binding,
        };
    }
}

struct visited {
    struct region_tree *tree;
    uint64_t next;
    uint64_t pages;
    uint64_t wrong;
    uint32_t prot;
    bool keep;
};

static void
visit_piece(void *context, struct region *piece)
{
    struct visited *v = context;

    v->wrong += piece->spec.base < v->next;
    v->next = region_end(piece);
    for (uint64_t p = piece->spec.base; p < region_end(piece); p++) {
        v->wrong += !model[p].used
                    || region_pager_page(piece, p) != model[p].pager_page
                    || model[p].binding != piece->spec.binding;
        if (v->keep) {
            v->wrong += piece->spec.prot != v->prot;
            v->wrong += model[p].prot == v->prot;
        }
    }
    v->pages += piece->spec.pages;
    if (!v->keep) {
        region_free(v->tree, piece);
    }
}

static void
step_destroy(struct region_tree *tree)
{
    uint64_t base = LOW + rnd(HIGH - LOW);
    uint64_t pages = 1 + rnd(rnd(8) == 0 ? HIGH - base : 12);
    struct visited v = { .tree = tree, .next = base };
    enum status status;
    uint64_t expected = 0;

    if (base + pages > HIGH) {
        pages = HIGH - base;
    }
    status = region_destroy(tree, base, pages, visit_piece, &v);
    if (status == ST_ENOMEM) {
        CHECK_EQ(v.pages, 0);
        CHECK_EQ(allocs_until_failure, 0);
        return;
    }
    for (uint64_t p = base; p < base + pages; p++) {
        expected += model[p].used;
        model[p] = (struct model_page){ .used = false };
    }
    CHECK_EQ(v.pages, expected);
    CHECK_EQ(v.wrong, 0);
    CHECK_EQ(status, expected == 0 ? ST_ENOENT : ST_OK);
}

static void
step_protect(struct region_tree *tree)
{
    uint64_t base = LOW + rnd(HIGH - LOW);
    uint64_t room = HIGH - base;
    uint64_t pages = 1 + rnd(room < 12 ? room : 12);
    uint32_t prot = prots[rnd(4)];
    struct visited v = { .tree = tree, .prot = prot, .keep = true };
    enum status expected = ST_OK;
    uint64_t changing = 0;
    enum status status;

    for (uint64_t p = base; p < base + pages && expected == ST_OK; p++) {
        if (!model[p].used) {
            expected = ST_ENOENT;
        } else if ((prot & ~model[p].prot) != 0) {
            expected = ST_EPERM;
        }
    }
    status = region_protect(tree, base, pages, prot, visit_piece, &v);
    if (expected == ST_OK && status == ST_ENOMEM) {
        CHECK_EQ(allocs_until_failure, 0);
        CHECK_EQ(v.pages, 0);
        return;
    }
    CHECK_EQ(status, expected);
    if (status != ST_OK) {
        CHECK_EQ(v.pages, 0);
        return;
    }
    for (uint64_t p = base; p < base + pages; p++) {
        changing += model[p].prot != prot;
        model[p].prot = prot;
    }
    CHECK_EQ(v.pages, changing);
    CHECK_EQ(v.wrong, 0);
}

static void
step_hole(struct region_tree *tree)
{
    uint64_t low = rnd(HIGH + 8);
    uint64_t high = rnd(HIGH + 8);
    uint64_t pages = rnd(20);
    uint64_t expected = 0;
    uint64_t got = 0;
    bool expect = model_hole(low, high, pages, &expected);

    CHECK_EQ(region_find_hole(tree, low, high, pages, &got), expect);
    CHECK_EQ(got, expected);
}

static uint64_t seed;

TEST(tree_behaves_as_an_array_of_pages)
{
    struct region_tree tree;
    struct visited v = { .tree = &tree };

    memset(model, 0, sizeof(model));
    region_tree_init(&tree, &fake_ops, LOW, HIGH);
    for (unsigned i = 0; i < STEPS; i++) {
        uint64_t choice = rnd(100);

        allocs_until_failure = rnd(6) == 0 ? rnd(2) : 100;
        if (choice < 45) {
            step_create(&tree);
        } else if (choice < 65) {
            step_destroy(&tree);
        } else if (choice < 85) {
            step_protect(&tree);
        } else {
            step_hole(&tree);
        }
        compare(&tree);
    }
    allocs_until_failure = 100;
    CHECK_EQ(region_destroy(&tree, LOW, HIGH - LOW, visit_piece, &v), ST_OK);
    CHECK_EQ(tree.count, 0);
    CHECK_EQ(tree.pages, 0);
    CHECK_EQ(records(), 0);
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
    seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
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
