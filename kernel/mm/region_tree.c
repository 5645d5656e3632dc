/* SPDX-License-Identifier: MIT */
/* The AVL tree of a space's regions: see region_tree.h. */
#include "region_tree.h"

enum side {
    LEFT = 0,
    RIGHT = 1
};

static uint32_t
region_tree_height(const struct region *node)
{
    return node == NULL ? 0 : node->height;
}

static uint64_t
region_tree_wider(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Compute what a node knows of its subtree from its children. */
static void
region_tree_refresh(struct region *node)
{
    const struct region *left = node->child[LEFT];
    const struct region *right = node->child[RIGHT];
    uint64_t hole = 0;

    node->height = 1
                   + (region_tree_height(left) > region_tree_height(right)
                          ? region_tree_height(left)
                          : region_tree_height(right));
    node->tree_base = node->spec.base;
    node->tree_end = region_end(node);
    if (left != NULL) {
        node->tree_base = left->tree_base;
        hole = region_tree_wider(left->tree_hole,
                                 node->spec.base - left->tree_end);
    }
    if (right != NULL) {
        node->tree_end = right->tree_end;
        hole = region_tree_wider(hole, right->tree_hole);
        hole = region_tree_wider(hole, right->tree_base - region_end(node));
    }
    node->tree_hole = hole;
}

/* Let @parent (or the root) point at @to where it pointed at @from. */
static void
region_tree_replace(struct region_tree *tree, struct region *parent,
                    const struct region *from, struct region *to)
{
    if (parent == NULL) {
        tree->root = to;
    } else {
        parent->child[parent->child[RIGHT] == from] = to;
    }
    if (to != NULL) {
        to->parent = parent;
    }
}

static void
region_tree_set_child(struct region *node, enum side side, struct region *child)
{
    node->child[side] = child;
    if (child != NULL) {
        child->parent = node;
    }
}

/* Move @node down to @side and its other child up into its place:
 *
 *          node              up
 *         /    \            /  \
 *        a      up   -->  node  c      (side = LEFT)
 *              /  \       /  \
 *             b    c     a    b
 */
static struct region *
region_tree_rotate(struct region_tree *tree, struct region *node,
                   enum side side)
{
    struct region *up = node->child[!side];

    region_tree_replace(tree, node->parent, node, up);
    region_tree_set_child(node, !side, up->child[side]);
    region_tree_set_child(up, side, node);
    region_tree_refresh(node);
    region_tree_refresh(up);
    return up;
}

/* Restore T2 at @node if its child on @heavy is two levels higher than the
 * other. Returns the top of what was @node's subtree. */
static struct region *
region_tree_balance(struct region_tree *tree, struct region *node,
                    enum side heavy)
{
    struct region *child = node->child[heavy];

    if (region_tree_height(child->child[!heavy])
        > region_tree_height(child->child[heavy])) {
        region_tree_rotate(tree, child, heavy);
    }
    return region_tree_rotate(tree, node, !heavy);
}

/* Restore T2 and T3 from @node up to the root. */
void
region_tree_update(struct region_tree *tree, struct region *node)
{
    while (node != NULL) {
        uint32_t left = region_tree_height(node->child[LEFT]);
        uint32_t right = region_tree_height(node->child[RIGHT]);

        if (left > right + 1) {
            node = region_tree_balance(tree, node, LEFT);
        } else if (right > left + 1) {
            node = region_tree_balance(tree, node, RIGHT);
        } else {
            region_tree_refresh(node);
        }
        node = node->parent;
    }
}

void
region_tree_insert(struct region_tree *tree, struct region *region)
{
    struct region *parent = NULL;
    struct region **link = &tree->root;

    while (*link != NULL) {
        parent = *link;
        link = &parent->child[region->spec.base > parent->spec.base];
    }
    *link = region;
    region->parent = parent;
    region->child[LEFT] = NULL;
    region->child[RIGHT] = NULL;
    tree->count++;
    tree->pages += region->spec.pages;
    region_tree_update(tree, region);
}

void
region_tree_remove(struct region_tree *tree, struct region *region)
{
    struct region *retrace_from = region->parent;

    if (region->child[LEFT] == NULL || region->child[RIGHT] == NULL) {
        region_tree_replace(tree, region->parent, region,
                            region->child[region->child[LEFT] == NULL]);
    } else {
        /* The next one upwards has no left child: it can leave its place
         * and take @region's. */
        struct region *heir = region->child[RIGHT];

        while (heir->child[LEFT] != NULL) {
            heir = heir->child[LEFT];
        }
        retrace_from = heir;
        if (heir->parent != region) {
            retrace_from = heir->parent;
            region_tree_set_child(heir->parent, LEFT, heir->child[RIGHT]);
            region_tree_set_child(heir, RIGHT, region->child[RIGHT]);
        }
        region_tree_set_child(heir, LEFT, region->child[LEFT]);
        region_tree_replace(tree, region->parent, region, heir);
    }
    if (tree->last == region) {
        tree->last = NULL;
    }
    tree->count--;
    tree->pages -= region->spec.pages;
    region_tree_update(tree, retrace_from);
}

/* ---- walking ----------------------------------------------------------- */

struct region *
region_tree_first(const struct region_tree *tree)
{
    return region_at_or_after(tree, 0);
}

static struct region *
region_tree_step(const struct region *region, enum side side)
{
    struct region *node = region->child[side];

    if (node != NULL) {
        while (node->child[!side] != NULL) {
            node = node->child[!side];
        }
        return node;
    }
    node = region->parent;
    while (node != NULL && node->child[side] == region) {
        region = node;
        node = node->parent;
    }
    return node;
}

struct region *
region_next(const struct region *region)
{
    return region_tree_step(region, RIGHT);
}

struct region *
region_at_or_after(const struct region_tree *tree, uint64_t page)
{
    struct region *node = tree->root;
    struct region *best = NULL;

    while (node != NULL) {
        if (region_end(node) > page) {
            best = node;
            node = node->child[LEFT];
        } else {
            node = node->child[RIGHT];
        }
    }
    return best;
}

struct region *
region_lookup_slow(struct region_tree *tree, uint64_t page)
{
    struct region *node = tree->root;

    while (node != NULL && !region_covers(node, page)) {
        node = node->child[page > node->spec.base];
    }
    if (node != NULL) {
        tree->last = node;
    }
    return node;
}

/* ---- holes ------------------------------------------------------------- */

/* The start of the lowest hole of @pages in @node's subtree, which has one:
 * tree_hole >= @pages. */
static uint64_t
region_tree_hole_within(const struct region *node, uint64_t pages)
{
    for (;;) {
        const struct region *left = node->child[LEFT];
        const struct region *right = node->child[RIGHT];

        if (left != NULL && left->tree_hole >= pages) {
            node = left;
        } else if (left != NULL && node->spec.base - left->tree_end >= pages) {
            return left->tree_end;
        } else if (right->tree_base - region_end(node) >= pages) {
            return region_end(node);
        } else {
            node = right;
        }
    }
}

/* The start of the lowest hole of @pages above @region: one between two
 * regions, or what follows the last. */
static uint64_t
region_tree_hole_above(const struct region_tree *tree,
                       const struct region *region, uint64_t pages)
{
    while (region != NULL) {
        const struct region *right = region->child[RIGHT];
        const struct region *top = region;

        if (right != NULL && right->tree_base - region_end(region) >= pages) {
            return region_end(region);
        }
        if (right != NULL && right->tree_hole >= pages) {
            return region_tree_hole_within(right, pages);
        }
        /* Nothing in this subtree: up to the first node it lies left of. */
        region = top->parent;
        while (region != NULL && region->child[RIGHT] == top) {
            top = region;
            region = region->parent;
        }
        if (region != NULL && region->spec.base - top->tree_end >= pages) {
            return top->tree_end;
        }
    }
    return tree->root->tree_end;
}

bool
region_find_hole(const struct region_tree *tree, uint64_t low, uint64_t high,
                 uint64_t pages, uint64_t *base)
{
    const struct region *above;
    uint64_t start;

    low = low < tree->low ? tree->low : low;
    high = high > tree->high ? tree->high : high;
    if (pages == 0 || low >= high || high - low < pages) {
        return false;
    }
    above = region_at_or_after(tree, low);
    start = low;
    if (above != NULL
        && (above->spec.base < low || above->spec.base - low < pages)) {
        start = region_tree_hole_above(tree, above, pages);
    }
    if (start > high || high - start < pages) {
        return false;
    }
    *base = start;
    return true;
}

/* ---- checking ---------------------------------------------------------- */

uint64_t
region_tree_check_node(const struct region_tree *tree,
                       const struct region *region)
{
    struct region fresh = *region;
    uint32_t left = region_tree_height(region->child[LEFT]);
    uint32_t right = region_tree_height(region->child[RIGHT]);
    uint64_t errors = 0;

    region_tree_refresh(&fresh);
    errors += left > right + 1 || right > left + 1;
    errors += fresh.height != region->height;
    errors += fresh.tree_base != region->tree_base;
    errors += fresh.tree_end != region->tree_end;
    errors += fresh.tree_hole != region->tree_hole;
    errors += region->parent == NULL && tree->root != region;
    for (unsigned side = 0; side < 2; side++) {
        const struct region *child = region->child[side];

        errors += child != NULL && child->parent != region;
    }
    return errors;
}
