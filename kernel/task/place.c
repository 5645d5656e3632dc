/* SPDX-License-Identifier: MIT */
/* Chooses where a new process finds its image. */
#include "place.h"

#include <secos/bootinfo.h>

_Static_assert(USER_IMAGE_BASE + ELF_MOVABLE_SPAN_MAX + 2 * HUGE_PAGE_BYTES
                   <= USER_MAP_BASE,
               "every movable image fits, however it is aligned");

struct place
place_fixed(const struct elf_plan *plan)
{
    struct place place = { .image = plan->first_page };

    if (plan->movable) {
        /* Moved by a multiple of what its segments are aligned to. */
        place.image = align_up(USER_IMAGE_BASE, plan->align)
                      + (plan->first_page & (plan->align - 1));
    }
    return place;
}
