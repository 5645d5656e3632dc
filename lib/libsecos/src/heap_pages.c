/* SPDX-License-Identifier: MIT */
/* Pages for malloc, from regions. */
#include "heap_pages.h"

#include <stddef.h>

#include <base/align.h>

#include <libsecos/process.h>
#include <libsecos/region.h>

_Static_assert(HEAP_PAGES_BASE > USER_MAP_BASE && HEAP_PAGES_END < USER_END,
               "above what the kernel chooses first, in the user's half");

uint64_t
heap_pages_first(void)
{
    return process_started != NULL ? process_started->heap_base
                                   : HEAP_PAGES_BASE;
}

bool
heap_pages_reserve(uint64_t base, uint64_t pages, bool *taken)
{
    struct region_request request = {
        .base = base,
        .pages = pages,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_HEAP,
        .first_page = base >> PAGE_SHIFT,
    };
    int64_t result = region_create(&request);

    *taken = result == ST_EEXIST;
    return result > 0;
}

bool
heap_pages_fill(uint64_t base, uint64_t pages)
{
    /* The call may stop early; it says how far it came. */
    while (pages > 0) {
        int64_t filled = region_populate(base, pages, PROT_WRITE);

        if (filled <= 0) {
            return false;
        }
        base += (uint64_t)filled * PAGE_BYTES;
        pages -= (uint64_t)filled;
    }
    return true;
}

bool
heap_pages_guard(uint64_t address)
{
    return region_protect(address, 1, PROT_NONE) >= 0;
}

void
heap_pages_release(uint64_t base, uint64_t pages)
{
    /* The range is ours and a region: the kernel has no reason to refuse. */
    (void)region_destroy(base, pages);
}
