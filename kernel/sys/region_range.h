/* SPDX-License-Identifier: MIT */
/* Changes to ranges of a space: the region tree, the page tables and open faults
 * together, a few pages at a time. */
#pragma once

#include <stdint.h>

#include <secos/region.h>

struct region;
struct space;

/* Destroy and shrink what regions the current process has in @pages pages from
 * @base, checked by the caller. Long ranges pause and go on (class C). */
int64_t region_range_destroy(uint64_t base, uint64_t pages);
int64_t region_range_protect(uint64_t base, uint64_t pages, uint32_t prot);

/* What reports show of a region. */
void region_range_describe(const struct space *space,
                           const struct region *region,
                           struct region_info *out);
