/* SPDX-License-Identifier: MIT */
/*
 * Regions: which pages of a space exist, with which protection, and who pages
 * them. Pure: no page table, no allocator, no lock; the list is also what a
 * restarted pager is served from.
 *
 * Pages are numbers here (address >> PAGE_SHIFT); ranges are half open. A page
 * has two numbers: its place in the space, and the number its pager knows:
 *
 *      pager's number = region->first_page + (page - region->base)
 *
 * Splitting and merging never change the second one. The regions of a space are
 * the nodes of one balanced tree (region_tree.h), ordered by base:
 *
 * I1  regions do not overlap, are not empty, and lie inside [low, high) of
 *     their tree;
 * I2  no two neighbours could be one region: same binding, kind and protection
 *     with contiguous places and pager's numbers are merged at once;
 * I3  prot is within max_prot, and neither is writable and executable.
 *
 * Every function that can run out of memory asks for all its records first and
 * then cannot fail: a refusal leaves the tree as it was.
 *
 * Context: any; the caller has the space to itself (one CPU, interrupts off).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <secos/region.h>
#include <secos/status.h>
#include <secos/types.h>

#include <base/compiler.h>
#include <base/list.h>

struct region;
struct region_tree;

/* What a region is, apart from its place in the tree. */
struct region_spec {
    uint64_t base;       /* first page; never 0 in a tree               */
    uint64_t pages;      /* > 0                                         */
    uint64_t first_page; /* the pager's number of page @base            */
    uint32_t prot;       /* enum prot bits, now                         */
    uint32_t max_prot;   /* prot at its creation                        */
    uint32_t kind;       /* enum region_kind                            */
    void *binding;       /* who pages it; opaque here, NULL = nobody    */
};

struct region {
    struct region_spec spec;
    uint64_t id; /* unique in its space; a split gives the upper part a new one */
    struct list link; /* the owner's, for a record that has left the tree */

    /* region_tree.c's: */
    struct region *parent;
    struct region *child[2];
    uint64_t tree_base; /* of the whole subtree: its first page,         */
    uint64_t tree_end;  /* the end of its last region,                   */
    uint64_t tree_hole; /* and its widest hole between two regions       */
    uint32_t height;
};

/* Where records come from. */
struct region_ops {
    /* A record that will refer to @binding, contents undefined, or NULL. Here
     * the owner charges for it and takes a reference to @binding. */
    struct region *(*alloc)(struct region_tree *tree, void *binding);
    /* Undo alloc; @region->spec.binding is still there. */
    void (*free)(struct region_tree *tree, struct region *region);
};

struct region_tree {
    struct region *root;
    struct region *last; /* the last one that region_lookup found */
    const struct region_ops *ops;
    uint64_t low; /* pages outside [low, high) never belong to a region */
    uint64_t high;
    uint64_t count;
    uint64_t pages; /* Σ spec.pages */
    uint64_t next_id;
};

/* Told of one region that an operation on a range has reached. Must not call
 * anything that changes the tree. */
typedef void (*region_visit_fn)(void *context, struct region *region);

static inline uint64_t
region_end(const struct region *region)
{
    return region->spec.base + region->spec.pages;
}

static inline bool
region_covers(const struct region *region, uint64_t page)
{
    return page - region->spec.base < region->spec.pages;
}

/* The number that the pager of @region knows @page by. */
static inline uint64_t
region_pager_page(const struct region *region, uint64_t page)
{
    return region->spec.first_page + (page - region->spec.base);
}

/* Make @tree an empty one for pages in [@low, @high). @ops must outlive it. */
void region_tree_init(struct region_tree *tree, const struct region_ops *ops,
                      uint64_t low, uint64_t high);

/*
 * Make the region @spec, merging it with its neighbours where I2 says so.
 * @out the region that now covers @spec: a new one or a neighbour that grew.
 * Returns ST_EINVAL for an empty or wrapping range, one outside the tree's, an
 *                   unknown kind or a protection that I3 forbids,
 *         ST_EEXIST if it overlaps a region,
 *         ST_ENOMEM if there is no record to be had.
 * Cost: O(log regions).
 */
MUST_CHECK enum status region_create(struct region_tree *tree,
                                     const struct region_spec *spec,
                                     struct region **out);

/*
 * Take every region, or part of one, in [@base, @base + @pages) out of the
 * tree; regions that reach beyond are cut. @visit gets each piece, in order of
 * address and after all of them have left the tree, and owns it: it gives the
 * record back with region_free, at once or later.
 * Returns ST_EINVAL for an empty or wrapping range, ST_ENOENT if there is no
 *         region in it, ST_ENOMEM if a cut finds no record.
 * Cost: O((1 + pieces) log regions).
 */
MUST_CHECK enum status region_destroy(struct region_tree *tree, uint64_t base,
                                      uint64_t pages, region_visit_fn visit,
                                      void *context);

/* Give back the record of a @region that region_destroy handed out. */
void region_free(struct region_tree *tree, struct region *region);

/*
 * Whether regions cover [*@at, @end) without a hole and all have @prot: looks at
 * @most of them, and moves *@at behind those, to @end at most.
 * Returns ST_EINVAL for unknown bits, ST_ENOENT for a hole, ST_EPERM if some page
 *         would gain a right; *@at then stays.
 * Cost: O(log regions + @most).
 */
MUST_CHECK enum status region_check_protect(const struct region_tree *tree,
                                            uint64_t *at, uint64_t end,
                                            uint32_t prot, unsigned most);

/*
 * Reduce the protection of [@base, @base + @pages), which regions must cover
 * without a hole, to @prot. @visit (may be NULL) sees each piece that changes,
 * with its new protection, before pieces are merged; the tree keeps it.
 * Returns ST_EINVAL for an empty or wrapping range or unknown bits, ST_ENOENT
 *         for a hole in it, ST_EPERM if some page would gain a right,
 *         ST_ENOMEM if a cut finds no record.
 * Cost: O((1 + pieces) log regions).
 */
MUST_CHECK enum status region_protect(struct region_tree *tree, uint64_t base,
                                      uint64_t pages, uint32_t prot,
                                      region_visit_fn visit, void *context);

/* The lowest place at or above @low for @pages pages below @high that touches
 * no region; both bounds are also held to those of the tree.
 * Returns false if there is none. Cost: O(log regions). */
MUST_CHECK bool region_find_hole(const struct region_tree *tree, uint64_t low,
                                 uint64_t high, uint64_t pages, uint64_t *base);

/* The region with the lowest address whose end is above @page, or NULL: where
 * a walk over a range begins. */
struct region *region_at_or_after(const struct region_tree *tree,
                                  uint64_t page);

/* The next region upwards, or NULL. */
struct region *region_next(const struct region *region);

/* Find what region_lookup's cache did not have. */
struct region *region_lookup_slow(struct region_tree *tree, uint64_t page);

/* The region that covers @page, or NULL. Cost: 4 instructions if it is the one
 * found last, else O(log regions). */
static inline struct region *
region_lookup(struct region_tree *tree, uint64_t page)
{
    struct region *last = tree->last;

    if (LIKELY(last != NULL && region_covers(last, page))) {
        return last;
    }
    return region_lookup_slow(tree, page);
}

/* Count violations of I1-I3 and of the tree's own invariants. Cost: O(n). */
MUST_CHECK uint64_t region_check(const struct region_tree *tree);
