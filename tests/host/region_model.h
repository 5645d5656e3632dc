/* SPDX-License-Identifier: MIT */
/*
 * A region tree beside an array with one entry per page, and operations that are
 * carried out on both. Who includes this brings CHECK, CHECK_EQ and
 *     uint64_t rnd(uint64_t n)    the next decision, 0 <= it < n
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mm/region.h>

static uint64_t rnd(uint64_t n);

#define LOW      16u
#define HIGH     272u
#define BINDINGS 3u

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

static const uint32_t prots[] = {
    PROT_NONE,
    PROT_READ,
    PROT_READ | PROT_WRITE,
    PROT_READ | PROT_EXEC,
};

/* Turn @spec into what would join the region that ends below it with the one
 * above: the way back from a destroy in the middle. */
static void
fill_hole(struct region_spec *spec)
{
    uint64_t base = spec->base;
    uint64_t end;

    while (base > LOW && !model[base - 1].used) {
        base--;
    }
    for (end = base; end < HIGH && !model[end].used; end++) {
    }
    if (base == LOW || end == base) {
        return;
    }
    spec->base = base;
    spec->pages = end - base;
    spec->first_page = model[base - 1].pager_page + 1;
    spec->prot = model[base - 1].prot;
    spec->max_prot = model[base - 1].max_prot;
    spec->kind = model[base - 1].kind;
    spec->binding = model[base - 1].binding;
}

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
    if (rnd(4) == 0) {
        fill_hole(&spec);
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

/* One random operation on @tree and on the model, and the comparison. */
static void
model_step(struct region_tree *tree)
{
    uint64_t choice = rnd(100);

    allocs_until_failure = rnd(6) == 0 ? rnd(2) : 100;
    if (choice < 45) {
        step_create(tree);
    } else if (choice < 65) {
        step_destroy(tree);
    } else if (choice < 85) {
        step_protect(tree);
    } else {
        step_hole(tree);
    }
    compare(tree);
}

/* Destroy all there is. */
static void
model_finish(struct region_tree *tree)
{
    struct visited v = { .tree = tree };
    uint64_t regions = tree->count;

    allocs_until_failure = 100;
    CHECK_EQ(region_destroy(tree, LOW, HIGH - LOW, visit_piece, &v),
             regions == 0 ? ST_ENOENT : ST_OK);
    CHECK_EQ(tree->count, 0);
    CHECK_EQ(tree->pages, 0);
    CHECK_EQ(records(), 0);
}
