/* SPDX-License-Identifier: MIT */
/*
 * The balanced tree under mm/region.h, for region.c alone: an AVL tree ordered
 * by base, in which every node also knows the span of its subtree and the widest
 * hole in it. That makes "the lowest hole of n pages above p" one walk down.
 *
 *                    [20,24)              tree_base 4, tree_end 60,
 *                   /       \             tree_hole 16 (24..40)
 *             [4,12)         [40,60)
 *                  \
 *                   [12,16)
 *
 * T1  ordered by base, and no two overlap;
 * T2  heights of two children differ by at most 1;
 * T3  tree_base, tree_end, tree_hole and height are what refresh computes.
 *
 * Parent pointers let every loop run without a stack and without recursion.
 * Source: Knuth, "The Art of Computer Programming" vol. 3, "Balanced Trees"
 * (§6.2.3).
 */
#pragma once

#include "region.h"

/* Put @region, its spec filled and overlapping nothing, into the tree. */
void region_tree_insert(struct region_tree *tree, struct region *region);

void region_tree_remove(struct region_tree *tree, struct region *region);

/* Say that base or pages of @node have changed, within its neighbours. */
void region_tree_update(struct region_tree *tree, struct region *node);

/* The region with the lowest address, or NULL. */
struct region *region_tree_first(const struct region_tree *tree);

/* Count violations of T2 and T3 at @region, and of its links. */
uint64_t region_tree_check_node(const struct region_tree *tree,
                                const struct region *region);
