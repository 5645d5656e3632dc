/* SPDX-License-Identifier: MIT */
/* Creating, cutting, protecting and merging regions: see region.h. The tree
 * itself is in region_tree.c. */
#include "region.h"

#include <base/checked.h>

#include <klib/kassert.h>

#include "region_tree.h"

#define PROT_BITS ((uint32_t)(PROT_READ | PROT_WRITE | PROT_EXEC))

/* The processor has no page that can be written or executed but not read. */
static bool
region_prot_is_possible(uint32_t prot)
{
    return prot == PROT_NONE
           || ((prot & ~PROT_BITS) == 0 && (prot & PROT_READ) != 0
               && (prot & (PROT_WRITE | PROT_EXEC))
                      != (PROT_WRITE | PROT_EXEC));
}

static bool
region_range_is_valid(const struct region_tree *tree, uint64_t base,
                      uint64_t pages)
{
    return pages > 0
           && checked_range_inside(base, pages, tree->low, tree->high);
}

static bool
region_spec_is_valid(const struct region_tree *tree,
                     const struct region_spec *spec)
{
    uint64_t end;

    return region_range_is_valid(tree, spec->base, spec->pages)
           && checked_add(spec->first_page, spec->pages, &end)
           && spec->kind >= REGION_IMAGE && spec->kind <= REGION_DEVICE
           && region_prot_is_possible(spec->prot)
           && region_prot_is_possible(spec->max_prot)
           && (spec->prot & ~spec->max_prot) == 0
           && (spec->kind != REGION_GUARD || spec->max_prot == PROT_NONE);
}

/* Whether @upper continues @lower, so that the two can be one. */
static bool
region_continues(const struct region_spec *lower,
                 const struct region_spec *upper)
{
    return lower->base + lower->pages == upper->base
           && lower->first_page + lower->pages == upper->first_page
           && lower->binding == upper->binding && lower->kind == upper->kind
           && lower->prot == upper->prot && lower->max_prot == upper->max_prot;
}

/* Change the span of @region, which stays between its neighbours. */
static void
region_resize(struct region_tree *tree, struct region *region, uint64_t base,
              uint64_t pages)
{
    tree->pages += pages - region->spec.pages;
    region->spec.first_page += base - region->spec.base;
    region->spec.base = base;
    region->spec.pages = pages;
    region_tree_update(tree, region);
}

/* Let @lower grow over @upper, which continues it and goes. */
static void
region_absorb(struct region_tree *tree, struct region *lower,
              struct region *upper)
{
    uint64_t pages = lower->spec.pages + upper->spec.pages;

    region_tree_remove(tree, upper);
    region_resize(tree, lower, lower->spec.base, pages);
    region_free(tree, upper);
}

void
region_tree_init(struct region_tree *tree, const struct region_ops *ops,
                 uint64_t low, uint64_t high)
{
    KASSERT(low > 0 && low < high);
    *tree = (struct region_tree){
        .ops = ops,
        .low = low,
        .high = high,
        .next_id = 1,
    };
}

void
region_free(struct region_tree *tree, struct region *region)
{
    tree->ops->free(tree, region);
}

/* ---- create ------------------------------------------------------------ */

/* Let @lower or @upper, the neighbours of @spec (or NULL), grow over it.
 * Returns the one that did, or NULL if neither can. */
static struct region *
region_grow(struct region_tree *tree, const struct region_spec *spec,
            struct region *lower, struct region *upper)
{
    bool joins_upper = upper != NULL && region_continues(spec, &upper->spec);

    if (lower != NULL && region_continues(&lower->spec, spec)) {
        region_resize(tree, lower, lower->spec.base,
                      lower->spec.pages + spec->pages);
        if (joins_upper) {
            region_absorb(tree, lower, upper);
        }
        return lower;
    }
    if (joins_upper) {
        region_resize(tree, upper, spec->base, upper->spec.pages + spec->pages);
        return upper;
    }
    return NULL;
}

enum status
region_create(struct region_tree *tree, const struct region_spec *spec,
              struct region **out)
{
    struct region *upper;
    struct region *lower;
    struct region *region;

    if (!region_spec_is_valid(tree, spec)) {
        return ST_EINVAL;
    }
    /* Of those below, only one that ends right at base can matter. */
    upper = region_at_or_after(tree, spec->base - 1);
    lower = NULL;
    if (upper != NULL && region_end(upper) == spec->base) {
        lower = upper;
        upper = region_next(lower);
    }
    if (upper != NULL && upper->spec.base < spec->base + spec->pages) {
        return ST_EEXIST;
    }
    region = region_grow(tree, spec, lower, upper);
    if (region == NULL) {
        region = tree->ops->alloc(tree, spec->binding);
        if (region == NULL) {
            return ST_ENOMEM;
        }
        region->spec = *spec;
        region->id = tree->next_id++;
        list_init(&region->link);
        region_tree_insert(tree, region);
    }
    *out = region;
    return ST_OK;
}

/* ---- cutting ----------------------------------------------------------- */

/* Records for the upper parts of the regions that a range cuts. */
struct region_cuts {
    struct region *at_base;
    struct region *at_end;
};

/* The region that has pages on both sides of @page, or NULL. */
static struct region *
region_across(struct region_tree *tree, uint64_t page)
{
    struct region *region = region_lookup_slow(tree, page);

    return region != NULL && region->spec.base < page ? region : NULL;
}

/* Get the records for cutting at @base and @end; regions whose protection is
 * @same_prot already need no cut. Returns ST_ENOMEM, nothing kept. */
static enum status
region_prepare_cuts(struct region_tree *tree, uint64_t base, uint64_t end,
                    uint32_t same_prot, struct region_cuts *cuts)
{
    struct region *low = region_across(tree, base);
    struct region *high = region_across(tree, end);

    *cuts = (struct region_cuts){ NULL, NULL };
    if (low != NULL && low->spec.prot != same_prot) {
        cuts->at_base = tree->ops->alloc(tree, low->spec.binding);
        if (cuts->at_base == NULL) {
            return ST_ENOMEM;
        }
    }
    if (high != NULL && high->spec.prot != same_prot) {
        cuts->at_end = tree->ops->alloc(tree, high->spec.binding);
        if (cuts->at_end == NULL) {
            goto undo_at_base;
        }
    }
    return ST_OK;

undo_at_base:
    if (cuts->at_base != NULL) {
        cuts->at_base->spec = low->spec;
        region_free(tree, cuts->at_base);
    }
    return ST_ENOMEM;
}

/* Cut the region across @page there; @record becomes its upper part. */
static void
region_split(struct region_tree *tree, uint64_t page, struct region *record)
{
    struct region *region = region_across(tree, page);
    uint64_t lower_pages;

    KASSERT(region != NULL);
    lower_pages = page - region->spec.base;
    record->spec = region->spec;
    record->spec.base += lower_pages;
    record->spec.first_page += lower_pages;
    record->spec.pages -= lower_pages;
    record->id = tree->next_id++;
    list_init(&record->link);
    region_resize(tree, region, region->spec.base, lower_pages);
    region_tree_insert(tree, record);
}

static void
region_apply_cuts(struct region_tree *tree, uint64_t base, uint64_t end,
                  const struct region_cuts *cuts)
{
    if (cuts->at_base != NULL) {
        region_split(tree, base, cuts->at_base);
    }
    if (cuts->at_end != NULL) {
        region_split(tree, end, cuts->at_end);
    }
}

/* ---- destroy ----------------------------------------------------------- */

enum status
region_destroy(struct region_tree *tree, uint64_t base, uint64_t pages,
               region_visit_fn visit, void *context)
{
    uint64_t end = base + pages;
    struct region_cuts cuts;
    struct region *region;
    struct list gone;
    enum status status;

    if (!region_range_is_valid(tree, base, pages)) {
        return ST_EINVAL;
    }
    region = region_at_or_after(tree, base);
    if (region == NULL || region->spec.base >= end) {
        return ST_ENOENT;
    }
    status = region_prepare_cuts(tree, base, end, ~PROT_BITS, &cuts);
    if (status != ST_OK) {
        return status;
    }
    region_apply_cuts(tree, base, end, &cuts);

    list_init(&gone);
    region = region_at_or_after(tree, base);
    while (region != NULL && region->spec.base < end) {
        struct region *next = region_next(region);

        region_tree_remove(tree, region);
        list_add_tail(&gone, &region->link);
        region = next;
    }
    list_for_each_safe(node, &gone) {
        list_remove(node);
        visit(context, LIST_ENTRY(node, struct region, link));
    }
    return ST_OK;
}

/* ---- protect ----------------------------------------------------------- */

enum status
region_check_protect(const struct region_tree *tree, uint64_t *at, uint64_t end,
                     uint32_t prot, unsigned most)
{
    const struct region *region = region_at_or_after(tree, *at);
    uint64_t base = *at;

    if (!region_prot_is_possible(prot)) {
        return ST_EINVAL;
    }
    for (; most > 0 && base < end; most--) {
        if (region == NULL || region->spec.base > base) {
            return ST_ENOENT;
        }
        if ((prot & ~region->spec.prot) != 0) {
            return ST_EPERM;
        }
        base = region_end(region);
        region = region_next(region);
    }
    *at = base < end ? base : end;
    return ST_OK;
}

/* Merge what has become mergeable between the regions around [@base, @end). */
static void
region_merge_around(struct region_tree *tree, uint64_t base, uint64_t end)
{
    struct region *region = region_at_or_after(tree, base - 1);
    struct region *next = region_next(region);

    while (next != NULL && next->spec.base <= end) {
        if (region_continues(&region->spec, &next->spec)) {
            region_absorb(tree, region, next);
        } else {
            region = next;
        }
        next = region_next(region);
    }
}

enum status
region_protect(struct region_tree *tree, uint64_t base, uint64_t pages,
               uint32_t prot, region_visit_fn visit, void *context)
{
    uint64_t end = base + pages;
    uint64_t at = base;
    struct region_cuts cuts;
    struct region *region;
    enum status status;

    if (!region_range_is_valid(tree, base, pages)) {
        return ST_EINVAL;
    }
    status = region_check_protect(tree, &at, end, prot, UINT32_MAX);
    if (status != ST_OK) {
        return status;
    }
    status = region_prepare_cuts(tree, base, end, prot, &cuts);
    if (status != ST_OK) {
        return status;
    }
    region_apply_cuts(tree, base, end, &cuts);

    region = region_at_or_after(tree, base);
    while (region != NULL && region->spec.base < end) {
        if (region->spec.prot != prot) {
            region->spec.prot = prot;
            if (visit != NULL) {
                visit(context, region);
            }
        }
        region = region_next(region);
    }
    region_merge_around(tree, base, end);
    return ST_OK;
}

/* ---- checking ---------------------------------------------------------- */

uint64_t
region_check(const struct region_tree *tree)
{
    const struct region *previous = NULL;
    uint64_t errors = 0;
    uint64_t count = 0;
    uint64_t pages = 0;
    bool last_is_here = tree->last == NULL;

    for (const struct region *r = region_tree_first(tree);
         r != NULL && count <= tree->count; r = region_next(r)) {
        errors += region_tree_check_node(tree, r);
        errors += !region_spec_is_valid(tree, &r->spec);
        errors += r->id == 0 || r->id >= tree->next_id;
        if (previous != NULL) {
            errors += region_end(previous) > r->spec.base;
            errors += region_continues(&previous->spec, &r->spec);
        }
        last_is_here = last_is_here || tree->last == r;
        count++;
        pages += r->spec.pages;
        previous = r;
    }
    errors += count != tree->count;
    errors += pages != tree->pages;
    errors += !last_is_here;
    return errors;
}
