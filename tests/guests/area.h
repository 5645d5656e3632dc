/* SPDX-License-Identifier: MIT */
/* A region that is made and given up in one line, for guests that need many. */
#pragma once

#include <stdint.h>

#include <libsecos/region.h>

/* Make a region of @pages pages to read and write.
 * @source  what it shows or who pages it: an object, a binding, or HANDLE_NONE
 * @base    where; 0 = anywhere
 * Returns its address; 0 = it could not be made. */
static inline uint64_t
area_at(handle_t source, uint64_t base, uint64_t pages)
{
    struct region_request request = {
        .binding = source,
        .base = base,
        .pages = pages,
        .prot = PROT_READ | PROT_WRITE,
        .kind = REGION_ANONYMOUS,
    };
    int64_t got = region_create(&request);

    return got < 0 ? 0 : (uint64_t)got;
}
